/* nwc_wind_forecast: increments that move by whole cells, weights and errors by their formulas. */
#include "support/support.h"

enum { NL = 2, NY = 24, NX = 40, FLAT = NY * NX, CELLS = NL * FLAT, LEADS = 5 };

static const nwc_grid grid = {.projection = "+proj=tmerc +lat_0=32 +lon_0=120 +k=1 +ellps=WGS84 +units=m",
                              .ny = NY,
                              .nx = NX,
                              .x_first = -20e3,
                              .y_first = -12e3,
                              .dx = 1000.0,
                              .dy = 1000.0};
static const double leads[LEADS] = {0.0, 300.0, 600.0, 1800.0, 3600.0};

struct made {
    float u[CELLS], v[CELLS], error[CELLS], background[2][(1 + LEADS) * CELLS], motion[2][FLAT];
    float out[4][LEADS * CELLS];
    nwc_field fields[3], model[2], flow[2], made[4];
    nwc_wind_forecast_input input;
    nwc_wind_forecast_out output;
};

static nwc_field field_of(float *cells, int32_t ndim, int64_t times)
{
    nwc_field field = {.data = cells, .ndim = ndim, .missing = NAN, .units = "m s-1", .grid = &grid};
    const int64_t dim[4] = {times, NL, NY, NX}, stride[4] = {CELLS, FLAT, NX, 1};
    for (int d = 0; d < ndim; d++) field.dim[d] = dim[4 - ndim + d], field.stride[d] = stride[4 - ndim + d];
    return field;
}

/* A background that grows with time and differs from level to level; a bump of 6 m/s that moves east by a cell in 100 s. */
static void make(struct made *made)
{
    for (int t = 0; t <= LEADS; t++)
        for (int c = 0; c < CELLS; c++) {
            const double lead = t ? leads[t - 1] : 0.0;
            made->background[0][t * CELLS + c] = (float)(5.0 + c / FLAT + lead / 1000.0 + 0.01 * (c % NX));
            made->background[1][t * CELLS + c] = (float)(-2.0 - lead / 2000.0);
        }
    for (int c = 0; c < CELLS; c++) {
        const double x = c % NX - 12, y = c / NX % NY - 12, bump = exp(-(x * x + y * y) / 18.0);
        made->u[c] = made->background[0][c] + (float)(6.0 * bump);
        made->v[c] = made->background[1][c] - (float)(3.0 * bump);
        made->error[c] = 1.0F;
    }
    for (int c = 0; c < FLAT; c++) made->motion[0][c] = 10.0F, made->motion[1][c] = 0.0F;
    made->fields[0] = field_of(made->u, 3, 1), made->fields[1] = field_of(made->v, 3, 1);
    made->fields[2] = field_of(made->error, 3, 1);
    for (int k = 0; k < 2; k++) {
        made->model[k] = field_of(made->background[k], 4, 1 + LEADS);
        made->flow[k] = field_of(made->motion[k], 2, 1);
    }
    for (int k = 0; k < 4; k++) made->made[k] = field_of(made->out[k], 4, LEADS);
    made->input = (nwc_wind_forecast_input){&made->fields[0], &made->fields[1], &made->fields[2], &made->model[0],
                                            &made->model[1],  &made->flow[0],   &made->flow[1]};
    made->output = (nwc_wind_forecast_out){&made->made[0], &made->made[1], &made->made[2], &made->made[3]};
}

static nwc_wind_forecast_options chosen(double decay_s, double handover_s)
{
    nwc_wind_forecast_options options;
    nwc_wind_forecast_options_init(&options);
    options.decay_s = decay_s, options.handover_s = handover_s, options.background_error_m_s = 3.0;
    return options;
}

static void it_begins_with_the_analysis_and_ends_with_the_model(void **state)
{
    (void)state;
    static struct made made;
    const nwc_wind_forecast_options options = chosen(1500.0, 3600.0);
    make(&made);
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    assert_memory_equal(made.out[0], made.u, sizeof made.u);
    assert_memory_equal(made.out[1], made.v, sizeof made.v);
    assert_memory_equal(made.out[0] + 4 * CELLS, made.background[0] + 5 * CELLS, sizeof made.u);
    assert_memory_equal(made.out[1] + 4 * CELLS, made.background[1] + 5 * CELLS, sizeof made.v);
    for (int c = 0; c < CELLS; c++) {
        assert_near(made.out[3][c], 1.0, 0.0);
        assert_near(made.out[3][4 * CELLS + c], 0.0, 0.0);
        assert_near(made.out[2][c], 1.0, 1e-6);
        assert_near(made.out[2][4 * CELLS + c], 3.0, 1e-6);
    }
}

static void increments_move_and_lose_weight(void **state)
{
    (void)state;
    static struct made made;
    const nwc_wind_forecast_options options = chosen(1500.0, 7200.0);
    make(&made);
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    for (int n = 0; n < 4; n++) {
        const int cells = (int)lround(leads[n] / 100.0);
        const double r = exp(-leads[n] / 1500.0), end = exp(-7200.0 / 1500.0), w = (r - end) / (1.0 - end);
        for (int c = 0; c < CELLS; c++) {
            if (c % NX < cells + 1) continue; /* what comes in from the west is not known */
            const double expected =
                made.background[0][(n + 1) * CELLS + c] + w * (made.u[c - cells] - made.background[0][c - cells]);
            assert_near(made.out[0][n * CELLS + c], expected, 2e-3);
            assert_near(made.out[3][n * CELLS + c], w, 1e-6);
            assert_near(made.out[2][n * CELLS + c], sqrt(w * w * 10.0 - 2.0 * w * r * 9.0 + 9.0), 1e-3);
        }
    }
}

static void errors_never_fall_with_lead(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_forecast_options options = chosen(1500.0, 7200.0);
    make(&made);
    options.growth_m_s = 1.0;
    for (int c = 0; c < CELLS; c++) made.error[c] = c % NX < 20 ? 0.5F : c % NX < 30 ? 4.0F : NAN;
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    for (int n = 1; n < LEADS; n++)
        for (int c = 0; c < CELLS; c++) assert_true(made.out[2][n * CELLS + c] >= made.out[2][(n - 1) * CELLS + c]);
    assert_near(made.out[2][35], 1.5, 1e-6); /* not told */
    assert_near(made.out[2][25], 4.0, 1e-6);
    assert_true(made.out[2][4 * CELLS + 5] > 2.5F);
}

static void the_error_of_the_model_is_found_from_increments(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_forecast_options options = chosen(1500.0, 3600.0);
    make(&made);
    options.background_error_m_s = NAN;
    double sum[NL] = {0.0};
    for (int c = 0; c < CELLS; c++) {
        const double du = made.u[c] - made.background[0][c], dv = made.v[c] - made.background[1][c];
        made.error[c] = c < FLAT ? 0.5F : 1.5F;
        sum[c / FLAT] += (0.5 * (du * du + dv * dv) + made.error[c] * made.error[c]) / FLAT;
    }
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    for (int k = 0; k < NL; k++) assert_near(made.out[2][4 * CELLS + k * FLAT + 30], sqrt(sum[k]), 1e-4);
}

static void without_a_model_increments_are_to_the_mean(void **state)
{
    (void)state;
    static struct made made;
    make(&made);
    made.input.background_u = made.input.background_v = NULL;
    made.input.motion_u = made.input.motion_v = NULL;
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, NULL, &made.output));
    for (int k = 0; k < NL; k++) {
        double mean = 0.0;
        for (int c = 0; c < FLAT; c++) mean += (double)made.u[k * FLAT + c] / FLAT;
        for (int n = 0; n < LEADS; n++) {
            const int c = k * FLAT + 12 * NX + 12; /* it stays where it is, and the decay is 5400 s */
            assert_near(made.out[0][n * CELLS + c], mean + exp(-leads[n] / 5400.0) * (made.u[c] - mean), 1e-4);
        }
    }
}

static void what_comes_in_is_more_and_more_the_background(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_forecast_options options = chosen(1e6, INFINITY);
    make(&made);
    options.fade_m = 5000.0;
    for (int c = 0; c < CELLS; c++) made.u[c] = made.background[0][c] + 4.0F, made.v[c] = made.background[1][c];
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    float before = 5.0F;
    for (int i = 17; i >= 0; i--) { /* after 1800 s the increments have gone 18 cells to the east */
        const int c = 3 * CELLS + 12 * NX + i;
        const float left = made.out[0][c] - made.background[0][4 * CELLS + 12 * NX + i];
        assert_near(left, 4.0 * exp(-1800.0 / 1e6) * exp(-(18.0 - i) / 5.0), 0.45);
        assert_true(left < before && made.out[2][c] > 1.0F && made.out[2][c] <= 3.0001F);
        before = left;
    }
}

static void what_is_not_known_is_the_background(void **state)
{
    (void)state;
    static struct made made;
    const nwc_wind_forecast_options options = chosen(1500.0, 7200.0);
    make(&made);
    for (int c = 0; c < CELLS; c++) made.u[c] = made.v[c] = NAN;
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    for (int n = 0; n < LEADS; n++)
        for (int c = 0; c < CELLS; c++) {
            assert_near(made.out[0][n * CELLS + c], made.background[0][(n + 1) * CELLS + c], 0.0);
            assert_near(made.out[2][n * CELLS + c], 3.0, 1e-6);
        }
    /* The model lacks the upper level, which then has its own mean; and of neither nothing is known. */
    make(&made);
    for (int t = 0; t <= LEADS; t++)
        for (int c = FLAT; c < CELLS; c++) made.background[0][t * CELLS + c] = NAN;
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, &options, &made.output));
    for (int c = 0; c < CELLS; c++) assert_false(isnan(made.out[0][3 * CELLS + c]));
    made.input.background_u = made.input.background_v = NULL;
    for (int c = 0; c < FLAT; c++) made.u[c] = NAN;
    assert_ok(nwc_wind_forecast(NULL, &made.input, leads, LEADS, NULL, &made.output));
    for (int n = 0; n < LEADS; n++)
        for (int c = 0; c < FLAT; c++)
            assert_true(isnan(made.out[0][n * CELLS + c]) && isnan(made.out[2][n * CELLS + c]) &&
                        isnan(made.out[3][n * CELLS + c]));
    assert_false(isnan(made.out[0][FLAT]));
    for (int c = 0; c < FLAT; c++) made.motion[0][c] = NAN;
    assert_fails(NWC_ERR_NODATA, "", nwc_wind_forecast(NULL, &made.input, leads, LEADS, NULL, &made.output));
}

static void fewer_leads_and_no_errors_give_the_same_wind(void **state)
{
    (void)state;
    static struct made all, some;
    const nwc_wind_forecast_options options = chosen(1500.0, 7200.0);
    make(&all), make(&some);
    assert_ok(nwc_wind_forecast(NULL, &all.input, leads, LEADS, &options, &all.output));
    for (int k = 0; k < 2; k++) { /* of the background, times 0 and that of the last lead */
        memmove(some.background[k] + CELLS, some.background[k] + LEADS * CELLS, sizeof all.u);
        some.model[k].dim[0] = 2, some.made[k].dim[0] = 1;
    }
    some.output.error = some.output.share = NULL;
    assert_ok(nwc_wind_forecast(NULL, &some.input, leads + 4, 1, &options, &some.output));
    assert_memory_equal(some.out[0], all.out[0] + 4 * CELLS, sizeof all.u);
    assert_memory_equal(some.out[1], all.out[1] + 4 * CELLS, sizeof all.v);
}

static void single_cells_and_rows_are_forecast(void **state)
{
    (void)state;
    for (int64_t nx = 1; nx <= 5; nx += 4) {
        nwc_grid small = grid;
        small.ny = 1, small.nx = nx;
        float u[5] = {1, 2, 3, 4, 5}, v[5] = {0}, calm[5] = {0}, made[2][10];
        nwc_field fields[2], out[2], motion = field_2d(calm, 1, nx, "m s-1", &small);
        for (int k = 0; k < 2; k++) {
            fields[k] = (nwc_field){k ? v : u, 3, {1, 1, nx}, {nx, nx, 1}, NAN, "m s-1", &small};
            out[k] = (nwc_field){made[k], 4, {2, 1, 1, nx}, {nx, nx, nx, 1}, NAN, "m s-1", &small};
        }
        const nwc_wind_forecast_input input = {.u = &fields[0],
                                               .v = &fields[1],
                                               .motion_u = &motion,
                                               .motion_v = &motion};
        const nwc_wind_forecast_out output = {.u = &out[0], .v = &out[1]};
        assert_ok(nwc_wind_forecast(NULL, &input, leads, 2, NULL, &output));
        assert_near(made[0][nx - 1], u[nx - 1], 0.0);
        assert_false(isnan(made[0][nx]));
    }
}

static nwc_status everything(nwc_ctx *ctx, void *user)
{
    struct made *const made = user;
    const nwc_wind_forecast_options options = chosen(1500.0, 7200.0);
    return nwc_wind_forecast(ctx, &made->input, leads, LEADS, &options, &made->output);
}

static void forecasts_are_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    static struct made one, other;
    make(&one), make(&other);
    for (int c = 0; c < CELLS; c++)
        if (c * 7 % 13 == 0) one.u[c] = other.u[c] = NAN;
    assert_ok(everything(NULL, &one));
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(everything(ctx, &other));
        assert_memory_equal(one.out, other.out, sizeof one.out);
        nwc_ctx_destroy(ctx);
    }
}

/* Two lead times, so that it does not take long. */
static nwc_status without_errors(nwc_ctx *ctx, void *user)
{
    struct made *const made = user;
    made->output.error = made->output.share = NULL;
    made->input.background_u = made->input.background_v = NULL;
    made->made[0].dim[0] = made->made[1].dim[0] = 2;
    return nwc_wind_forecast(ctx, &made->input, leads, 2, NULL, &made->output);
}

static void memory_that_runs_out_is_answered(void **state)
{
    (void)state;
    static struct made made;
    make(&made);
    assert_true(check_every_allocation_failure(without_errors, &made) >= 12);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct made made;
    const double back[2] = {600.0, 300.0};
    make(&made);
    const nwc_wind_forecast_input *const in = &made.input;
    assert_fails(NWC_ERR_ARG, "input: an analysis", nwc_wind_forecast(NULL, NULL, leads, LEADS, NULL, &made.output));
    assert_fails(NWC_ERR_ARG, "increasing lead times", nwc_wind_forecast(NULL, in, back, 2, NULL, &made.output));
    assert_fails(NWC_ERR_ARG, "at least one lead", nwc_wind_forecast(NULL, in, NULL, 1, NULL, &made.output));
    assert_fails(NWC_ERR_ARG, "out: what", nwc_wind_forecast(NULL, in, leads, LEADS, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "background_u: 5 times", nwc_wind_forecast(NULL, in, leads, 4, NULL, &made.output));
    static const struct {
        size_t offset;
        double value;
        const char *text;
    } bad[] = {{offsetof(nwc_wind_forecast_options, decay_s), 0.0, "decay_s"},
               {offsetof(nwc_wind_forecast_options, decay_s), (double)INFINITY, "decay_s: a finite"},
               {offsetof(nwc_wind_forecast_options, handover_s), -1.0, "handover_s"},
               {offsetof(nwc_wind_forecast_options, analysis_error_m_s), 0.0, "analysis_error_m_s"},
               {offsetof(nwc_wind_forecast_options, background_error_m_s), -1.0, "background_error_m_s"},
               {offsetof(nwc_wind_forecast_options, growth_m_s), -1.0, "growth_m_s"},
               {offsetof(nwc_wind_forecast_options, fade_m), 0.0, "fade_m"}};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        nwc_wind_forecast_options options;
        nwc_wind_forecast_options_init(&options);
        memcpy((char *)&options + bad[n].offset, &bad[n].value, sizeof bad[n].value);
        assert_fails(NWC_ERR_ARG, bad[n].text, nwc_wind_forecast(NULL, in, leads, LEADS, &options, &made.output));
    }
    made.input.motion_v = NULL;
    assert_fails(NWC_ERR_ARG, "u and v, or neither", nwc_wind_forecast(NULL, in, leads, LEADS, NULL, &made.output));
    made.input.motion_v = &made.flow[1], made.flow[1].dim[1] = 3;
    assert_fails(NWC_ERR_ARG, "motion_v: the 24 x 40", nwc_wind_forecast(NULL, in, leads, LEADS, NULL, &made.output));
    made.fields[2].dim[0] = 1;
    assert_fails(NWC_ERR_ARG, "error: the 2 levels", nwc_wind_forecast(NULL, in, leads, LEADS, NULL, &made.output));
    made.fields[1].units = NULL;
    assert_fails(NWC_ERR_ARG, "v: units", nwc_wind_forecast(NULL, in, leads, LEADS, NULL, &made.output));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_the_analysis_and_ends_with_the_model),
        cmocka_unit_test(increments_move_and_lose_weight),
        cmocka_unit_test(errors_never_fall_with_lead),
        cmocka_unit_test(the_error_of_the_model_is_found_from_increments),
        cmocka_unit_test(without_a_model_increments_are_to_the_mean),
        cmocka_unit_test(what_comes_in_is_more_and_more_the_background),
        cmocka_unit_test(what_is_not_known_is_the_background),
        cmocka_unit_test(fewer_leads_and_no_errors_give_the_same_wind),
        cmocka_unit_test(single_cells_and_rows_are_forecast),
        cmocka_unit_test(forecasts_are_the_same_bits_on_any_threads),
        cmocka_unit_test(memory_that_runs_out_is_answered),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
