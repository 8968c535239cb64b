/* forecast: the ensemble Kalman filter, against pairs solved by hand, its limits, and rain that is known. */
#include "support/forecast_run.h"

#include "forecast/carry.h"

#include <nowcast/forecast_kalman.h>

/* ---- one correction ---- */

enum { NY = 9, NX = 70, CELLS = NY * NX, MOST = 6 };

struct step {
    float analysis[MOST * CELLS]; /* first: it is what is compared */
    float nowcast[MOST * CELLS], model[MOST * CELLS];
    int32_t n_nowcast, n_model;
    double gain;
    nwc_kalman_options options;
};

static nwc_field members_of(float *data, int64_t n)
{
    return (nwc_field){.data = data, .ndim = 3, .dim = {n, NY, NX}, .stride = {CELLS, NX, 1}, .missing = NAN};
}

static nwc_status correct(nwc_ctx *ctx, void *user)
{
    struct step *const s = user;
    const nwc_field nowcast = members_of(s->nowcast, s->n_nowcast), model = members_of(s->model, s->n_model);
    nwc_field analysis = members_of(s->analysis, s->n_nowcast);
    return nwc_forecast_kalman(ctx, &nowcast, &model, &s->options, &s->gain, &analysis);
}

static struct step *step_of(int32_t n_nowcast, int32_t n_model)
{
    struct step *const s = calloc(1, sizeof *s);
    nwc_kalman_options_init(&s->options);
    s->n_nowcast = n_nowcast, s->n_model = n_model;
    for (int i = 0; i < MOST * CELLS; i++) {
        s->nowcast[i] = 4.0F * noise((uint32_t)i);
        s->model[i] = 2.0F + 3.0F * noise((uint32_t)(7 * i + 3));
    }
    return s;
}

/* Two members each that differ along one field from a mean that both have: one component, and all can be written down. */
static void one_component_is_solved_by_hand(void **state)
{
    (void)state;
    struct step *const s = step_of(2, 2);
    const double far[] = {1.5, 0.5}; /* of nowcast and model */
    for (int inflated = 0; inflated < 2; inflated++) {
        s->options.nowcast_inflation = inflated ? 2.0 : 1.0, s->options.model_inflation = inflated ? 3.0 : 1.0;
        s->options.model_error = inflated ? 0.7 : 0.0;
        double size = 0.0;
        for (int i = 0; i < CELLS; i++) {
            const double along = sin(0.3 * i), mean = 0.01 * i;
            size += along * along;
            for (int k = 0; k < 2; k++) {
                s->nowcast[k * CELLS + i] = (float)(mean + (k ? -far[0] : far[0]) * along);
                s->model[k * CELLS + i] = (float)(mean + (k ? -far[1] : far[1]) * along);
            }
        }
        assert_ok(correct(NULL, s));
        const double further = s->options.model_error * s->options.model_error * CELLS;
        const double p = 2.0 * far[0] * far[0] * size, r = 2.0 * far[1] * far[1] * size + further;
        const double pn = s->options.nowcast_inflation * p, g = pn / (pn + s->options.model_inflation * r);
        assert_near(s->gain, g, 1e-6);
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < CELLS; i++)
                assert_near((double)s->analysis[k * CELLS + i],
                            0.01 * i + (k ? -1.0 : 1.0) * (far[0] + g * (far[1] - far[0])) * sin(0.3 * i), 1e-5);
    }
    free(s);
}

static void a_model_without_error_is_taken_and_one_that_errs_without_end_is_not(void **state)
{
    (void)state;
    struct step *const s = step_of(MOST, 1);
    assert_ok(correct(NULL, s));
    assert_near(s->gain, 1.0, 1e-9);
    for (int m = 0; m < MOST; m++)
        for (int i = 0; i < CELLS; i++) assert_near((double)s->analysis[m * CELLS + i], (double)s->model[i], 1e-5);
    s->options.model_error = 1e9;
    assert_ok(correct(NULL, s));
    for (int i = 0; i < MOST * CELLS; i++) assert_near((double)s->analysis[i], (double)s->nowcast[i], 1e-5);
    s->options.model_error = 0.0, s->n_model = 4, s->options.model_inflation = 1e18;
    assert_ok(correct(NULL, s));
    for (int i = 0; i < MOST * CELLS; i++) assert_near((double)s->analysis[i], (double)s->nowcast[i], 1e-5);
    s->options.model_inflation = 1.0, s->options.nowcast_inflation = 1e18;
    assert_ok(correct(NULL, s)); /* components hold all there is */
    for (int i = 0; i < MOST * CELLS; i++)
        assert_near((double)s->analysis[i], (double)s->model[i / CELLS % 4 * CELLS + i % CELLS], 1e-4);
    free(s);
}

static void members_that_are_alike_and_cells_that_one_does_not_know_stay(void **state)
{
    (void)state;
    struct step *const s = step_of(3, 4);
    for (int i = 0; i < 3 * CELLS; i++) s->nowcast[i] = 1.0F + 0.01F * (float)(i % CELLS);
    assert_ok(correct(NULL, s));
    assert_memory_equal(s->analysis, s->nowcast, 3 * CELLS * sizeof(float));
    free(s);
    struct step *const t = step_of(3, 2), *const less = step_of(3, 2);
    t->nowcast[2 * CELLS + 5] = t->model[17] = NAN;
    t->model[CELLS + 18] = INFINITY;
    assert_ok(correct(NULL, t));
    for (int m = 0; m < 3; m++) {
        for (int i = 0; i < CELLS; i++) {
            const float was = t->nowcast[m * CELLS + i], is = t->analysis[m * CELLS + i];
            assert_true(i == 5 || i == 17 || i == 18 ? isnan(was) ? isnan(is) : is == was : is != was);
        }
    }
    for (int i = 0; i < MOST * CELLS; i++) less->model[i] = NAN;
    assert_ok(correct(NULL, less));
    assert_near(less->gain, 0.0, 0.0);
    assert_memory_equal(less->analysis, less->nowcast, 3 * CELLS * sizeof(float));
    free(t), free(less);
}

static void components_are_left_out_beyond_what_they_are_to_hold(void **state)
{
    (void)state;
    struct step *const s = step_of(2, 2);
    for (int i = 0; i < CELLS;
         i++) { /* much along the first half, little along the second, and neither with the other */
        const float much = i < CELLS / 2 ? 10.0F : 0.1F;
        s->nowcast[i] = much, s->nowcast[CELLS + i] = -much;
        s->model[i] = i < CELLS / 2 ? 5.0F : -0.2F, s->model[CELLS + i] = -s->model[i];
    }
    s->options.explained = 0.9;
    assert_ok(correct(NULL, s));
    const double g = 1.0 / (1.0 + 0.25);
    assert_near((double)s->analysis[0], 10.0 + g * (5.0 - 10.0), 1e-3);
    assert_near((double)s->analysis[CELLS - 1], 0.1, 1e-3);
    s->options.explained = 1.0;
    assert_ok(correct(NULL, s));
    assert_near((double)s->analysis[CELLS - 1], 0.1 + 1.0 / (1.0 + 4.0) * (-0.2 - 0.1), 1e-3);
    free(s);
}

static void corrections_refuse_by_name_and_keep_their_bits(void **state)
{
    (void)state;
    struct step *const s = step_of(MOST, 5), *const other = step_of(MOST, 5);
    check_threads_change_no_bit(correct, s, other, sizeof s->analysis);
    assert_int_equal(check_every_allocation_failure(correct, s), 10);
    nwc_field nowcast = members_of(s->nowcast, 3), model = members_of(s->model, 2), wide = members_of(s->model, 2);
    /* other strides, and over the nowcast itself */
    float *const turned = cells(3 * CELLS);
    nwc_field north = nowcast;
    north.data = turned + CELLS - NX, north.stride[1] = -NX;
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < CELLS; i++) turned[m * CELLS + (NY - 1 - i / NX) * NX + i % NX] = s->nowcast[m * CELLS + i];
    nwc_field analysis = members_of(s->analysis, 3);
    assert_ok(nwc_forecast_kalman(NULL, &nowcast, &model, NULL, NULL, &analysis));
    assert_ok(nwc_forecast_kalman(NULL, &north, &model, NULL, NULL, &north));
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < CELLS; i++)
            assert_true(turned[m * CELLS + (NY - 1 - i / NX) * NX + i % NX] == s->analysis[m * CELLS + i]);
    free(turned);
    wide.dim[2]--;
    assert_fails(NWC_ERR_ARG, "model: ", nwc_forecast_kalman(NULL, &nowcast, &wide, NULL, NULL, &analysis));
    assert_fails(NWC_ERR_ARG, "analysis: ", nwc_forecast_kalman(NULL, &nowcast, &model, NULL, NULL, &wide));
    assert_fails(NWC_ERR_ARG, "analysis: 3 members", nwc_forecast_kalman(NULL, &nowcast, &model, NULL, NULL, &model));
    nowcast.dim[0] = 1;
    assert_fails(NWC_ERR_ARG, "nowcast: 2 to", nwc_forecast_kalman(NULL, &nowcast, &model, NULL, NULL, &analysis));
    nowcast.dim[0] = 3, nowcast.units = "dBZ", model.units = "mm h-1";
    assert_fails(NWC_ERR_ARG, "model: units", nwc_forecast_kalman(NULL, &nowcast, &model, NULL, NULL, &analysis));
    s->options.explained = 0.0;
    assert_fails(NWC_ERR_ARG, "explained", correct(NULL, s));
    s->options.explained = 1.0, s->options.nowcast_inflation = 0.0;
    assert_fails(NWC_ERR_ARG, "nowcast_inflation", correct(NULL, s));
    s->options.nowcast_inflation = 1.0, s->options.model_inflation = (double)NAN;
    assert_fails(NWC_ERR_ARG, "model_inflation", correct(NULL, s));
    s->options.model_inflation = 1.0, s->options.model_error = -1.0;
    assert_fails(NWC_ERR_ARG, "model_error", correct(NULL, s));
    nwc_kalman_options_init(NULL);
    free(s), free(other);
}

/* ---- displacements turned around ---- */

static void what_is_carried_back_is_where_it_was(void **state)
{
    (void)state;
    enum { SIDE = 120 };
    nwc_ctx *const ctx = context_with_threads(1);
    const nwc_grid grid = rain_grid(SIDE, SIDE);
    float *const u = cells(SIDE * SIDE), *const v = cells(SIDE * SIDE), *const rain = cells(SIDE * SIDE);
    float *const there = cells(SIDE * SIDE), *const again = cells(SIDE * SIDE), *const back = cells(2 * SIDE * SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) { /* a turn about the middle, a radian in 5000 s */
        u[i] = -0.2F * (float)(i / SIDE - SIDE / 2), v[i] = 0.2F * (float)(i % SIDE - SIDE / 2);
        rain[i] = showers(i / SIDE, i % SIDE);
    }
    const nwc_field east = field_2d(u, SIDE, SIDE, "m s-1", &grid), north = field_2d(v, SIDE, SIDE, "m s-1", &grid);
    nwc_extrapolate_options options;
    nwc_extrapolate_options_init(&options);
    options.travel = 0.0;
    nwc__carrier carrier;
    assert_ok(nwc__carrier_create(ctx, &east, &north, &options, &carrier));
    const float *dx, *dy;
    assert_ok(nwc__carrier_at(ctx, &carrier, 5000.0, 0, &dx, &dy));
    float *const back_y = back + carrier.trajectories.ny * carrier.trajectories.nx;
    nwc__carry_back(&carrier, dx, dy, back, back_y);
    struct nwc__source source = {.cells = rain, .ny = SIDE, .nx = SIDE, .stride = SIDE};
    nwc_field to = {.data = there, .ndim = 3, .dim = {1, SIDE, SIDE}, .stride = {0, SIDE, 1}, .missing = NAN};
    assert_ok(nwc__carry_by(ctx, &carrier, dx, dy, 5000.0, &source, 1, 0, &to));
    source.cells = there, to.data = again;
    assert_ok(nwc__carry_by(ctx, &carrier, back, back_y, 5000.0, &source, 1, 0, &to));
    double worst = 0.0, moved = 0.0;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++) {
            if (hypot(j - SIDE / 2, i - SIDE / 2) > 50.0) continue; /* what stays within the grid */
            const float *const cell = rain + j * SIDE + i;
            worst = fmax(worst, fabs((double)(again[j * SIDE + i] - *cell)));
            moved = fmax(moved, fabs((double)(there[j * SIDE + i] - *cell)));
        }
    assert_true(worst < 0.1 * moved);
    nwc__carrier_destroy(ctx, &carrier);
    nwc_ctx_destroy(ctx);
    free(u), free(v), free(rain), free(there), free(again), free(back);
}

/* ---- the cycle ---- */

enum { RUN_NY = 60, RUN_NX = 120, MODELS = 4, MEMBERS = 12 };

struct cycle {
    struct forecast_run run; /* first, as callers of forecasts have it */
    float *now, *model;
    int32_t n_models;
    double gains[RUN_LEADS];
    nwc_enkf_options options;
};

static nwc_status filter(nwc_ctx *ctx, void *user)
{
    struct cycle *const c = user;
    const struct forecast_run *const r = &c->run;
    struct forecast_fields f = forecast_fields_of(r);
    nwc_field now = {
        .data = c->now, .ndim = 3, .dim = {c->n_models, r->ny, r->nx}, .stride = {r->n, r->nx, 1}, .missing = NAN};
    nwc_field model = {.data = c->model,
                       .ndim = 4,
                       .dim = {c->n_models, r->n_leads, r->ny, r->nx},
                       .stride = {RUN_LEADS * r->n, r->n, r->nx, 1},
                       .missing = NAN};
    return nwc_forecast_enkf(ctx, f.frames, r->times_ns, r->n_frames, &f.u, &f.v, r->leads_s, r->n_leads, &now, &model,
                             &c->options, NULL, c->gains, &f.forecast);
}

/* Rain that moves, times radar, and what a model says whose members are `aside` and more rows away, times gain. */
static struct cycle cycle_of(float radar, float gain, int aside, int32_t n_models, int32_t n_members)
{
    struct cycle c = {.run = moving_showers(RUN_NY, RUN_NX, 3, n_members), .n_models = n_models};
    const struct forecast_run *const r = &c.run;
    nwc_enkf_options_init(&c.options);
    c.now = cells(MODELS * r->n), c.model = cells(MODELS * RUN_LEADS * r->n);
    for (int64_t i = 0; i < 3 * r->n; i++) r->frames[i] *= radar;
    for (int m = 0; m < n_models; m++)
        for (int lead = -1; lead < RUN_LEADS; lead++) {
            const double moved = 6.0 + (lead < 0 ? 0.0 : 0.01 * r->leads_s[lead]);
            float *const to = lead < 0 ? c.now + m * r->n : c.model + (m * RUN_LEADS + lead) * r->n;
            for (int64_t i = 0; i < r->n; i++)
                to[i] = gain * showers((double)(i / r->nx + aside * (m + 1)), (double)(i % r->nx) + 60.0 - moved);
        }
    return c;
}

static void cycle_free(struct cycle *c)
{
    free(c->now), free(c->model), forecast_run_free(&c->run);
}

static const float *lead_of(const struct cycle *c, int member, int lead)
{
    return c->run.forecast + (member * RUN_LEADS + lead) * c->run.n;
}

static double mean_of(const struct cycle *c, const float *field)
{
    double sum = 0.0;
    int64_t known = 0;
    for (int64_t i = 0; i < c->run.n; i++)
        if (!isnan(field[i])) sum += (double)field[i], known++;
    return sum / (double)known;
}

/* Of the mean of members with what a model says at a lead time. */
static double error_of(const struct cycle *c, int lead, const float *truth)
{
    double sum = 0.0;
    for (int64_t i = 0; i < c->run.n; i++) {
        double mean = 0.0;
        for (int m = 0; m < c->run.n_members; m++) mean += (double)lead_of(c, m, lead)[i] / c->run.n_members;
        sum += fabs(mean - (double)truth[i]);
    }
    return sum / (double)c->run.n;
}

static void a_model_that_is_right_now_is_taken_and_one_that_is_not_is_less(void **state)
{
    (void)state;
    struct cycle right = cycle_of(1.0F, 1.0F, 0, 1, MEMBERS), wrong = cycle_of(1.0F, 1.0F, 20, MODELS, MEMBERS);
    assert_ok(filter(NULL, &right));
    assert_ok(filter(NULL, &wrong));
    assert_near(right.gains[0], 1.0, 1e-6); /* it has neither spread nor error */
    const int64_t n = right.run.n;
    for (int lead = 0; lead < RUN_LEADS; lead++) {
        const float *const truth = right.model + lead * n;
        assert_true(wrong.gains[lead] > 0.0 && wrong.gains[lead] < 0.5);
        assert_true(error_of(&right, lead, truth) < 0.1 * mean_of(&right, truth));
        assert_true(error_of(&wrong, lead, truth) > error_of(&right, lead, truth));
        /* and nearer to the frame that is carried than to what the model says */
        assert_true(error_of(&wrong, lead, truth) < error_of(&wrong, lead, wrong.model + lead * n));
    }
    const double before = wrong.gains[0];
    wrong.options.memory_s = 0.0;
    assert_ok(filter(NULL, &wrong));
    const double often = wrong.gains[0];
    wrong.options.model_error = 0.0;
    assert_ok(filter(NULL, &wrong));
    assert_true(often > before && wrong.gains[0] > often);
    cycle_free(&right), cycle_free(&wrong);
}

static void rain_in_one_source_alone_or_in_none_is_ordinary(void **state)
{
    (void)state;
    struct cycle none = cycle_of(0.0F, 0.0F, 2, MODELS, MEMBERS), radar = cycle_of(1.0F, 0.0F, 2, MODELS, MEMBERS);
    struct cycle model = cycle_of(0.0F, 1.0F, 2, MODELS, MEMBERS);
    assert_ok(filter(NULL, &none));
    assert_ok(filter(NULL, &radar));
    assert_ok(filter(NULL, &model));
    for (int64_t i = 0; i < MEMBERS * RUN_LEADS * none.run.n; i++) {
        assert_true(none.run.forecast[i] == 0.0F);
        assert_true(isfinite(radar.run.forecast[i]) && radar.run.forecast[i] >= 0.0F);
        assert_true(isfinite(model.run.forecast[i]) && model.run.forecast[i] >= 0.0F);
    }
    const double there = mean_of(&radar, radar.run.frames + 2 * radar.run.n);
    assert_true(mean_of(&radar, lead_of(&radar, 0, 0)) > 0.7 * there);
    assert_true(mean_of(&radar, lead_of(&radar, 0, 2)) < mean_of(&radar, lead_of(&radar, 0, 0)));
    const double modelled = mean_of(&model, model.model);
    assert_true(mean_of(&model, lead_of(&model, 0, 0)) < 0.3 * modelled);
    assert_true(mean_of(&model, lead_of(&model, 0, 2)) > mean_of(&model, lead_of(&model, 0, 0)));
    cycle_free(&none), cycle_free(&radar), cycle_free(&model);
}

static void a_model_that_is_late_or_has_lost_a_member_leaves_what_is_known(void **state)
{
    (void)state;
    struct cycle late = cycle_of(1.0F, 1.0F, 2, 2, 2), some = cycle_of(1.0F, 1.0F, 2, 2, 2);
    struct cycle one = cycle_of(1.0F, 1.0F, 2, 1, 2);
    const int64_t n = late.run.n;
    for (int64_t i = 0; i < 2 * RUN_LEADS * n; i++) late.model[i] = i % 2 ? INFINITY : NAN;
    for (int64_t i = 0; i < 2 * n; i++) late.now[i] = NAN;
    for (int64_t i = RUN_LEADS * n; i < 2 * RUN_LEADS * n; i++) some.model[i] = NAN;
    for (int64_t i = n; i < 2 * n; i++) some.now[i] = NAN;
    assert_ok(filter(NULL, &late));
    assert_ok(filter(NULL, &some));
    assert_ok(filter(NULL, &one));
    for (int lead = 0; lead < RUN_LEADS; lead++) {
        assert_near(late.gains[lead], 0.0, 0.0);
        assert_true(some.gains[lead] == one.gains[lead] && one.gains[lead] > 0.0);
    }
    assert_near(mean_of(&late, lead_of(&late, 0, 0)) / mean_of(&late, late.run.frames + 2 * n), 1.0, 0.2);
    assert_memory_equal(lead_of(&some, 0, 0), lead_of(&one, 0, 0), (size_t)(RUN_LEADS * n) * sizeof(float));
    cycle_free(&late), cycle_free(&some), cycle_free(&one);
}

static void cells_are_known_where_one_source_is(void **state)
{
    (void)state;
    struct cycle c = cycle_of(1.0F, 1.0F, 2, MODELS, 2);
    const int64_t n = c.run.n;
    for (int64_t i = 0; i < 3 * n; i++)
        if (i % n / RUN_NX < 20) c.run.frames[i] = NAN;
    for (int64_t i = 0; i < MODELS * RUN_LEADS * n; i++)
        if (i % RUN_NX >= 90) c.model[i] = NAN;
    assert_ok(filter(NULL, &c));
    for (int lead = 0; lead < RUN_LEADS; lead++)
        for (int64_t i = 0; i < n; i++)
            assert_int_equal(isnan(lead_of(&c, 1, lead)[i]), i / RUN_NX < 20 && i % RUN_NX >= 90);
    cycle_free(&c);
}

static void members_may_be_one_or_unlike_the_models_in_number_and_are_the_same(void **state)
{
    (void)state;
    struct cycle one = cycle_of(1.0F, 1.0F, 2, MODELS, 1), three = cycle_of(1.0F, 1.0F, 2, MODELS, 3);
    struct cycle dozen = cycle_of(1.0F, 1.0F, 2, 3, MEMBERS);
    assert_ok(filter(NULL, &one));
    assert_ok(filter(NULL, &three));
    assert_ok(filter(NULL, &dozen));
    assert_memory_equal(lead_of(&one, 0, 0), lead_of(&three, 0, 0), (size_t)(RUN_LEADS * one.run.n) * sizeof(float));
    for (int m = 1; m < MEMBERS; m++)
        assert_false(same_bits(lead_of(&dozen, 0, 1), lead_of(&dozen, m, 1), dozen.run.n));
    cycle_free(&one), cycle_free(&three), cycle_free(&dozen);
}

static void small_grids_are_as_any_other(void **state)
{
    (void)state;
    static const int64_t sides[][2] = {{1, 1}, {1, 40}, {40, 1}};
    for (int k = 0; k < 3; k++) {
        struct cycle c = {.run = forecast_run_of(sides[k][0], sides[k][1], 2, 2, 0.0F), .n_models = 2};
        nwc_enkf_options_init(&c.options);
        c.now = cells(2 * c.run.n), c.model = cells(2 * RUN_LEADS * c.run.n);
        for (int64_t i = 0; i < 2 * c.run.n; i++) c.run.frames[i] = c.now[i] = 3.0F;
        for (int64_t i = 0; i < 2 * RUN_LEADS * c.run.n; i++) c.model[i] = 3.0F;
        assert_ok(filter(NULL, &c));
        for (int64_t i = 0; i < 2 * RUN_LEADS * c.run.n; i++)
            assert_near((double)c.run.forecast[i], 3.0, 0.03); /* as ranks are right to 1/128 */
        cycle_free(&c);
    }
}

struct bits {
    float forecast[3 * RUN_LEADS * 30 * 40]; /* first: it is what is compared */
};

static nwc_status filter_into(nwc_ctx *ctx, void *user)
{
    struct bits *const bits = user;
    struct cycle c = cycle_of(1.0F, 1.0F, 2, 2, 3);
    c.run.ny = 30, c.run.nx = 40, c.run.n = 30 * 40; /* of the same memory */
    c.run.grid = rain_grid(30, 40);
    const nwc_status status = filter(ctx, &c);
    memcpy(bits->forecast, c.run.forecast, sizeof bits->forecast);
    cycle_free(&c);
    return status;
}

static void threads_change_no_bit_and_memory_may_run_out(void **state)
{
    (void)state;
    struct bits *const one = calloc(1, sizeof *one), *const many = calloc(1, sizeof *many);
    check_threads_change_no_bit(filter_into, one, many, sizeof *one);
    assert_true(check_every_allocation_failure(filter_into, many) > 40);
    free(one), free(many);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct cycle c = cycle_of(1.0F, 1.0F, 2, MODELS, 2);
    c.options.levels = 2;
    assert_fails(NWC_ERR_ARG, "levels: 3 to 16", filter(NULL, &c));
    c.options.levels = 6, c.options.memory_s = -1.0;
    assert_fails(NWC_ERR_ARG, "memory_s", filter(NULL, &c));
    c.options.memory_s = 0.0, c.options.feather_m = -1.0;
    assert_fails(NWC_ERR_ARG, "feather_m", filter(NULL, &c));
    c.options.feather_m = 0.0, c.options.explained = 2.0;
    assert_fails(NWC_ERR_ARG, "explained", filter(NULL, &c));
    c.options.explained = 1.0, c.run.leads_s[1] = 0.0;
    assert_fails(NWC_ERR_ARG, "leads_s", filter(NULL, &c));
    c.run.leads_s[1] = 1200.0, c.n_models = 0;
    assert_fails(NWC_ERR_ARG, "model_now", filter(NULL, &c));
    nwc_enkf_options_init(NULL);
    cycle_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_component_is_solved_by_hand),
        cmocka_unit_test(a_model_without_error_is_taken_and_one_that_errs_without_end_is_not),
        cmocka_unit_test(members_that_are_alike_and_cells_that_one_does_not_know_stay),
        cmocka_unit_test(components_are_left_out_beyond_what_they_are_to_hold),
        cmocka_unit_test(corrections_refuse_by_name_and_keep_their_bits),
        cmocka_unit_test(what_is_carried_back_is_where_it_was),
        cmocka_unit_test(a_model_that_is_right_now_is_taken_and_one_that_is_not_is_less),
        cmocka_unit_test(rain_in_one_source_alone_or_in_none_is_ordinary),
        cmocka_unit_test(a_model_that_is_late_or_has_lost_a_member_leaves_what_is_known),
        cmocka_unit_test(cells_are_known_where_one_source_is),
        cmocka_unit_test(members_may_be_one_or_unlike_the_models_in_number_and_are_the_same),
        cmocka_unit_test(small_grids_are_as_any_other),
        cmocka_unit_test(threads_change_no_bit_and_memory_may_run_out),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
