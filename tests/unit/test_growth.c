/* forecast: models of growth, against means and sums worked out cell by cell, text that is none, and hard input. */
#include "support/forecast_run.h"

#define HEAD "nowcast growth 1\nmodel test\nbase mean\n"

static const char nothing[] =
    HEAD "input rain_8 0.3 0.2\ninput lead 1 1\nlayer 2\nunit 0.5 1 1\nunit 1 -1 2\nlayer 1\nunit 0 0 0\n";
static const char something[] =
    HEAD "# a remark\ninput base 0.4 0.2 # and another\ninput trend_8 0 0.5\n\ninput wet_32 0.5 0.25\ninput amount_1 "
         "0.5 0.3\n"
         "input lead 1 0.5\nlayer 3\nunit 0.1 0.5 1 -0.25 0.5 -0.5\nunit 0 -1 0.25 0.5 1 0.5\n"
         "unit -0.2 0.3 0.3 0.3 -0.6 0.1\nlayer 2\nunit 0.1 0.5 -0.5 0.25\nunit 0.2 -0.3 0.4 0.6\nlayer 1\nunit 0.02 "
         "0.3 -0.25\n";

static nwc_growth_model *model_of(const char *text)
{
    nwc_growth_model *model;
    assert_ok(nwc_growth_model_read(NULL, text, (int64_t)strlen(text), &model));
    return model;
}

static int32_t input_of(const char *name)
{
    for (int32_t k = 0; k < NWC_GROWTH_INPUTS; k++)
        if (strcmp(nwc_growth_input_name(k), name) == 0) return k;
    fail_msg("no input %s", name);
    return -1;
}

struct run {
    struct forecast_run of;
    const char *model;
};

/* The expected rain, corrected in its own cells. */
static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    static const int32_t mean = NWC_CASCADE_MEAN;
    struct run *const run = user;
    struct forecast_fields f = forecast_fields_of(&run->of);
    nwc_growth_model *model = NULL;
    nwc_status status = nwc_growth_model_read(ctx, run->model, (int64_t)strlen(run->model), &model);
    if (status == NWC_OK)
        status = nwc_forecast_cascade(ctx, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v, run->of.leads_s,
                                      run->of.n_leads, &mean, 1, NULL, &f.forecast);
    if (status == NWC_OK)
        status = nwc_forecast_growth(ctx, model, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v,
                                     run->of.leads_s, run->of.n_leads, &f.forecast, NULL, &f.forecast);
    nwc_growth_model_destroy(model);
    return status;
}

/* Inputs (input, lead, y, x) and amounts behind them, of the forecast that run has. */
static float *inputs_of(const struct forecast_run *run)
{
    struct forecast_fields f = forecast_fields_of(run);
    const int64_t n = run->n_leads * run->n;
    float *const made = cells((NWC_GROWTH_INPUTS + 1) * n);
    nwc_field fields[NWC_GROWTH_INPUTS + 1];
    for (int32_t k = 0; k <= NWC_GROWTH_INPUTS; k++) {
        fields[k] = f.forecast;
        fields[k].data = made + k * n;
    }
    assert_ok(nwc_forecast_growth_inputs(NULL, f.frames, run->times_ns, run->n_frames, &f.u, &f.v, run->leads_s,
                                         run->n_leads, &f.forecast, NULL, fields, &fields[NWC_GROWTH_INPUTS]));
    return made;
}

/* The mean of values around cell c of a grid of 1 km, by a Gaussian cut off at three deviations. */
static double around(const float *values, int64_t ny, int64_t nx, int64_t c, double deviation)
{
    double sum = 0.0, weights = 0.0;
    for (int64_t k = 0; k < ny * nx; k++) {
        const double y = (double)(k / nx - c / nx), x = (double)(k % nx - c % nx);
        if (fabs(y) > 3.0 * deviation || fabs(x) > 3.0 * deviation || isnan(values[k])) continue;
        const double weight = exp(-0.5 * (y * y + x * x) / (deviation * deviation));
        weights += weight, sum += weight * (double)values[k];
    }
    return sum / weights;
}

/* Rain that stands still and changes, and is not known in a corner: nothing is carried. */
static void inputs_are_means_of_the_surroundings_and_their_changes(void **state)
{
    (void)state;
    enum { NY = 70, NX = 90 };
    static const char *const rain[] = {"rain_2", "rain_8", "rain_32"};
    static const double deviation[] = {2.0, 8.0, 32.0};
    struct forecast_run run = forecast_run_of(NY, NX, 4, 0, 0.0f);
    float *const wet = cells(run.n);
    for (int64_t f = 0; f < 4; f++)
        for (int64_t i = 0; i < run.n; i++) {
            const double y = (double)(i / NX) - 30.0, x = (double)(i % NX) - 50.0;
            const double value = (4.0 + 3.0 * (double)f) * exp(-(y * y + x * x) / 300.0);
            run.frames[f * run.n + i] = i / NX < 12 && i % NX < 15 ? NAN : value < 0.05 ? 0.0f : (float)value;
        }
    const float *const newest = run.frames + 3 * run.n, *const before = run.frames + 2 * run.n;
    for (int64_t i = 0; i < run.n; i++) wet[i] = isnan(newest[i]) ? NAN : newest[i] >= 0.1f ? 1.0f : 0.0f;
    for (int64_t i = 0; i < 3 * run.n; i++) run.forecast[i] = 0.5f * newest[i % run.n];
    float *const made = inputs_of(&run), *const amount = made + NWC_GROWTH_INPUTS * 3 * run.n;
    const int64_t lead = run.n; /* the second */
    assert_true(isnan(amount[lead + 5 * NX + 5]));
    assert_true(isnan(made[input_of("now") * 3 * run.n + lead + 5 * NX + 5]));
    for (int64_t c = 11 * NX + 20; c < run.n; c += 7 * NX + 5) {
        const double of = 0.5 * (double)newest[c] + around(newest, NY, NX, c, 8.0) + 0.1;
        const float *const at = made + lead + c;
        assert_near(amount[lead + c], of, 0.03 * of); /* blocks widen a window by a hundredth */
        const double own = (double)amount[lead + c];
        assert_near(at[input_of("base") * 3 * run.n], 0.5 * (double)newest[c] / own, 1e-5);
        assert_near(at[input_of("now") * 3 * run.n], fmin((double)newest[c] / own, 3.0), 1e-5);
        assert_near(at[input_of("amount_10") * 3 * run.n], own / (own + 10.0), 1e-5);
        assert_near(at[input_of("lead") * 3 * run.n], 1200.0 / 3600.0, 1e-6);
        for (int s = 0; s < 3; s++) {
            const float *const first = at + input_of(rain[s]) * 3 * run.n;
            const double here = around(newest, NY, NX, c, deviation[s]);
            const double grown = here - around(before, NY, NX, c, deviation[s]);
            const double trend = here - around(run.frames, NY, NX, c, deviation[s]);
            assert_near(first[0], fmin(here / own, 3.0), 0.03);
            assert_near(first[3 * run.n], fmin(3.0 * grown / own, 3.0), 0.04); /* of five minutes, told for 15 */
            assert_near(first[6 * run.n], fmin(trend / own, 3.0), 0.04);
            assert_near(first[9 * run.n], around(wet, NY, NX, c, deviation[s]), 0.03);
        }
    }
    free(made), free(wet);
    forecast_run_free(&run);
}

static double rectified(double x)
{
    return x > 0.0 ? x : 0.0;
}

static double scaled(double x, double mean, double scale)
{
    return fmin(fmax((x - mean) / scale, -4.0), 4.0);
}

/* The model called something, written out. */
static double change_of(const float *at, int64_t stride)
{
    const double x[5] = {scaled((double)at[input_of("base") * stride], 0.4, 0.2),
                         scaled((double)at[input_of("trend_8") * stride], 0.0, 0.5),
                         scaled((double)at[input_of("wet_32") * stride], 0.5, 0.25),
                         scaled((double)at[input_of("amount_1") * stride], 0.5, 0.3),
                         scaled((double)at[input_of("lead") * stride], 1.0, 0.5)};
    const double a[3] = {rectified(0.1 + 0.5 * x[0] + x[1] - 0.25 * x[2] + 0.5 * x[3] - 0.5 * x[4]),
                         rectified(-x[0] + 0.25 * x[1] + 0.5 * x[2] + x[3] + 0.5 * x[4]),
                         rectified(-0.2 + 0.3 * x[0] + 0.3 * x[1] + 0.3 * x[2] - 0.6 * x[3] + 0.1 * x[4])};
    const double b[2] = {rectified(0.1 + 0.5 * a[0] - 0.5 * a[1] + 0.25 * a[2]),
                         rectified(0.2 - 0.3 * a[0] + 0.4 * a[1] + 0.6 * a[2])};
    return fmin(fmax(0.02 + 0.3 * b[0] - 0.25 * b[1], -1.0), 2.0);
}

static void units_are_rectified_sums_of_what_is_below(void **state)
{
    (void)state;
    struct run run = {.of = moving_showers(70, 110, 4, 0), .model = nothing};
    int64_t more = 0, less = 0;
    assert_ok(run_call(NULL, &run));
    const int64_t n = 3 * run.of.n;
    float *const base = cells(n), *const made = inputs_of(&run.of), *const amount = made + NWC_GROWTH_INPUTS * n;
    memcpy(base, run.of.forecast, (size_t)n * sizeof *base);
    run.model = something;
    assert_ok(run_call(NULL, &run));
    for (int64_t i = 0; i < n; i++) {
        if (isnan(base[i])) {
            assert_true(isnan(run.of.forecast[i]));
            continue;
        }
        const double expected = (double)base[i] + change_of(made + i, n) * (double)amount[i];
        assert_near(run.of.forecast[i], expected > 0.0 ? expected : 0.0, 1e-4 + 1e-5 * expected);
        more += run.of.forecast[i] > base[i], less += run.of.forecast[i] < base[i];
    }
    assert_true(more > 1000 && less > 1000);
    free(made), free(base);
    forecast_run_free(&run.of);
}

static void weights_of_zero_leave_the_forecast_bit_by_bit(void **state)
{
    (void)state;
    static const int32_t mean = NWC_CASCADE_MEAN;
    struct run run = {.of = moving_showers(60, 130, 4, 0), .model = nothing};
    add_speckle(&run.of);
    for (int64_t j = 20; j < 30; j++) run.of.frames[3 * run.of.n + j * 130 + 40] = NAN;
    assert_ok(run_call(NULL, &run));
    float *const base = cells(3 * run.of.n);
    struct forecast_fields f = forecast_fields_of(&run.of);
    f.forecast.data = base;
    assert_ok(nwc_forecast_cascade(NULL, f.frames, run.of.times_ns, run.of.n_frames, &f.u, &f.v, run.of.leads_s,
                                   run.of.n_leads, &mean, 1, NULL, &f.forecast));
    for (int64_t i = 0; i < 3 * run.of.n; i++)
        assert_true(isnan(base[i]) ? isnan(run.of.forecast[i]) : base[i] == run.of.forecast[i]);
    free(base);
    forecast_run_free(&run.of);
}

/* A change that is far too large is limited, either way, and none is made where it does not rain. */
static void changes_are_limited_and_make_no_rain_of_nothing(void **state)
{
    (void)state;
    static const char *const models[] = {HEAD "input lead 0 1\nlayer 1\nunit 1e6 1\n",
                                         HEAD "input lead 0 1\nlayer 1\nunit -1e6 1\n"};
    for (int m = 0; m < 2; m++) {
        struct run run = {.of = forecast_run_of(40, 400, 2, 0, 0.0f), .model = models[m]};
        for (int64_t i = 0; i < 2 * run.of.n; i++) run.of.frames[i] = i % 400 < 100 ? 2.0f : 0.0f;
        struct forecast_run still = run.of;
        still.forecast = cells(3 * still.n);
        struct run unchanged = {.of = still, .model = nothing};
        assert_ok(run_call(NULL, &run));
        assert_ok(run_call(NULL, &unchanged));
        for (int64_t i = 0; i < run.of.n; i++) {
            const float was = still.forecast[i], is = run.of.forecast[i];
            if (i % 400 > 210) assert_true(is == was); /* block edges reach a little beyond 96 km */
            if (i % 400 < 60) assert_near(is, m == 0 ? (double)was + 2.0 * ((double)was + 2.0 + 0.1) : 0.0, 0.01);
        }
        free(still.forecast);
        forecast_run_free(&run.of);
    }
}

static void hard_input_has_an_answer(void **state)
{
    (void)state;
    struct run run = {.model = nothing};
    check_small_rain(run_call, &run.of, 4, 0.02, 0.1); /* of 5.5: the cascade takes a thousandth */
    check_unknown_rain(run_call, &run.of, 4, 0);
    check_unknown_rain(run_call, &run.of, 2, 0);
    run.model = something;
    check_rain_in_one_frame(run_call, &run.of, 4, 200.0);
}

static void threads_levels_allocations_and_leads_change_no_bit(void **state)
{
    (void)state;
    struct run run = {.of = moving_showers(70, 110, 4, 0), .model = something};
    add_speckle(&run.of);
    assert_true(check_every_allocation_failure(run_call, &run) > 20);
    check_threads_and_leads(run_call, &run.of, 1);
    forecast_run_free(&run.of);
}

static void text_that_is_no_model_is_refused(void **state)
{
    (void)state;
#define LEAD HEAD "input lead 0 1\n"
    static const struct {
        const char *text, *error;
    } wrong[] = {
        {"", "line 1: nowcast growth 1"},
        {"nowcast growth 2\n", "line 1: nowcast growth 1"},
        {"nowcast growth 1\n\n", "line 3: model and its name"},
        {"nowcast growth 1\nmodel a b\n", "line 2: model and its name"},
        {"nowcast growth 1\nmodel aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
         "line 2: model"},
        {"nowcast growth 1\nmodel a\n", "line 3: base and the name"},
        {HEAD, "line 4: an input"},
        {HEAD "layer 1\n", "line 4: an input"},
        {HEAD "input snow 0 1\n", "line 4: the name of an input"},
        {HEAD "input\n", "line 4: the name of an input"},
        {LEAD "input lead 0 1\n", "line 5: each input once"},
        {HEAD "input lead 0\n", "line 4: input, its name, a number and a scale"},
        {HEAD "input lead 0 0\n", "line 4: input, its name, a number and a scale above 0"},
        {HEAD "input lead nan 1\n", "line 4: input"},
        {HEAD "input lead 0 1e-60\n", "line 4: input"},
        {LEAD, "line 5: a layer"},
        {LEAD "layer 0\n", "line 5: layer and a number of units, 1 to 64,"},
        {LEAD "layer 65\n", "line 5: layer and a number"},
        {LEAD "layer 4000000000\n", "line 5: layer and a number"},
        {LEAD "layer 1e300\n", "line 5: layer and a number"},
        {LEAD "layer 1.5\n", "line 5: layer and a number"},
        {LEAD "layer 1\n", "line 6: as many units"},
        {LEAD "layer 2\nunit 0 1\n", "line 7: as many units as the layer has"},
        {LEAD "layer 1\nunit 0\n", "line 6: a bias and 1 weights expected, number 1 is none"},
        {LEAD "layer 1\nunit 0 nan\n", "line 6: a bias and 1 weights expected, number 1 is none"},
        {LEAD "layer 1\nunit 0 1e99\n", "line 6: a bias and 1 weights expected, number 1 is none"},
        {LEAD "layer 1\nunit -2e6 1\n", "line 6: a bias and 1 weights expected, number 0 is none"},
        {LEAD "layer 1\nunit 0 1 2\n", "line 6: a bias and 1 weights expected, more given"},
        {LEAD "layer 2\nunit 0 1\nunit 0 1\n", "a last layer of one unit"},
        {LEAD "layer 1\nunit 0 1\nthink\n", "line 7: a layer or the end"},
        {LEAD "layer 1\nunit 0 1\nlayer 1\nunit 0 1\nlayer 1\nunit 0 1\nlayer 1\nunit 0 1\nlayer 1\nunit 0 1\n",
         "line 13: at most 4 layers"},
    };
    nwc_growth_model *model;
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        assert_fails(NWC_ERR_FORMAT, wrong[w].error,
                     nwc_growth_model_read(NULL, wrong[w].text, (int64_t)strlen(wrong[w].text), &model));
        assert_null(model);
    }
    for (int64_t cut = 0; cut < (int64_t)strlen(something) - 12; cut++) /* the last line goes */
        assert_int_equal(nwc_growth_model_read(NULL, something, cut, &model), NWC_ERR_FORMAT);
    assert_fails(NWC_ERR_ARG, "text", nwc_growth_model_read(NULL, NULL, 0, &model));
    assert_fails(NWC_ERR_ARG, "model", nwc_growth_model_read(NULL, something, 0, NULL));
    assert_fails(NWC_ERR_ARG, "size", nwc_growth_model_read(NULL, something, -1, &model));
    assert_null(nwc_growth_input_name(NWC_GROWTH_INPUTS));
    nwc_growth_model *const good = model_of(something);
    assert_string_equal(nwc_growth_model_name(good), "test");
    assert_string_equal(nwc_growth_model_base(good), "mean");
    nwc_growth_model_destroy(good);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = {.of = moving_showers(20, 30, 3, 0), .model = nothing};
    struct forecast_fields f = forecast_fields_of(&run.of);
    nwc_growth_model *const model = model_of(nothing);
    const struct forecast_run *const of = &run.of;
    nwc_field base = f.forecast;
#define GROW(model, base)                                                                                              \
    nwc_forecast_growth(NULL, model, f.frames, of->times_ns, of->n_frames, &f.u, &f.v, of->leads_s, of->n_leads, base, \
                        NULL, &f.forecast)
    assert_fails(NWC_ERR_ARG, "model: ", GROW(NULL, &base));
    assert_fails(NWC_ERR_ARG, "base", GROW(model, NULL));
    base.dim[0] = 2;
    assert_fails(NWC_ERR_ARG, "base: 3 lead times expected, 2 given", GROW(model, &base));
    base.dim[0] = 3, base.dim[2] = 29;
    assert_fails(NWC_ERR_ARG, "base", GROW(model, &base));
    run.of.forecast[2 * 30 + 4] = -1.0f;
    assert_fails(NWC_ERR_ARG, "base: values of 0 or more expected, -1 at cell (2, 4) given", GROW(model, &f.forecast));
    run.of.frames[7] = -2.0f;
    assert_fails(NWC_ERR_ARG, "frames: values of 0 or more expected, -2", GROW(model, &f.forecast));
    run.of.frames[7] = 0.0f, run.of.n_frames = 1;
    assert_fails(NWC_ERR_NODATA, "frames", GROW(model, &f.forecast));
    assert_fails(NWC_ERR_ARG, "amount",
                 nwc_forecast_growth_inputs(NULL, f.frames, of->times_ns, 3, &f.u, &f.v, of->leads_s, 3, &f.forecast,
                                            NULL, &f.forecast, NULL));
    nwc_growth_model_destroy(model);
    forecast_run_free(&run.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_are_means_of_the_surroundings_and_their_changes),
        cmocka_unit_test(units_are_rectified_sums_of_what_is_below),
        cmocka_unit_test(weights_of_zero_leave_the_forecast_bit_by_bit),
        cmocka_unit_test(changes_are_limited_and_make_no_rain_of_nothing),
        cmocka_unit_test(hard_input_has_an_answer),
        cmocka_unit_test(threads_levels_allocations_and_leads_change_no_bit),
        cmocka_unit_test(text_that_is_no_model_is_refused),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
