/* forecast: blending with a model, against least squares solved by hand, ranks counted, and sources that are alike or dry. */
#include "support/made_rain.h"

#include "forecast/blend_weights.h"
#include "forecast/wavelengths.h"

/* ---- merging ---- */

enum { MY = 13, MX = 21, M_CELLS = MY * MX };

static float first[M_CELLS], second[M_CELLS], merged[M_CELLS];

static void fill_pair(void)
{
    for (int i = 0; i < M_CELLS; i++) {
        first[i] = noise((uint32_t)i) < 0.4F ? 0.0F : floorf(8.0F * noise((uint32_t)(3 * i + 1)));
        second[i] = noise((uint32_t)(5 * i)) < 0.3F ? 0.0F : floorf(20.0F * noise((uint32_t)(7 * i + 2)));
    }
    first[5] = second[6] = first[7] = second[7] = NAN;
}

static void linear_merging_is_a_mean_and_one_alone_stands_for_both(void **state)
{
    (void)state;
    fill_pair();
    const nwc_field a = field_2d(first, MY, MX, "mm h-1", NULL), b = field_2d(second, MY, MX, "mm h-1", NULL);
    nwc_field out = field_2d(merged, MY, MX, NULL, NULL);
    for (int step = 0; step <= 4; step++) {
        const double w = 0.25 * step;
        assert_ok(nwc_forecast_merge(NULL, &a, &b, w, NWC_MERGE_LINEAR, &out));
        for (int i = 0; i < M_CELLS; i++)
            if (!isnan(first[i]) && !isnan(second[i]))
                assert_near((double)merged[i], w * (double)first[i] + (1.0 - w) * (double)second[i], 1e-6);
        assert_true(merged[5] == second[5] && merged[6] == first[6] && isnan(merged[7]));
    }
}

static void salient_merging_ranks_differences_of_both_over_their_greatest(void **state)
{
    (void)state;
    fill_pair();
    const nwc_field a = field_2d(first, MY, MX, NULL, NULL), b = field_2d(second, MY, MX, NULL, NULL);
    nwc_field out = field_2d(merged, MY, MX, NULL, NULL);
    const double w = 0.3;
    assert_ok(nwc_forecast_merge(NULL, &a, &b, w, NWC_MERGE_SALIENT, &out));
    float most[2] = {0.0F, 0.0F};
    for (int i = 0; i < M_CELLS; i++) most[0] = fmaxf(most[0], first[i]), most[1] = fmaxf(most[1], second[i]);
    for (int i = 0; i < M_CELLS; i++) {
        if (isnan(first[i]) || isnan(second[i])) continue;
        int below = 0, all = 0; /* different values */
        const float own = first[i] / most[0] - second[i] / most[1];
        for (int k = 0; k < M_CELLS; k++) {
            const float other = first[k] / most[0] - second[k] / most[1];
            bool seen = isnan(other);
            for (int n = 0; n < k && !seen; n++) seen = first[n] / most[0] - second[n] / most[1] == other;
            all += !seen, below += !seen && other <= own;
        }
        const double s = (double)below / all;
        const double a_part = w * s / (w * s + (1.0 - w) * (1.0 - s));
        const double b_part = hypot(w, s) / (hypot(w, s) + hypot(1.0 - w, 1.0 - s));
        const double weight = 0.5 * (a_part + b_part);
        assert_near((double)merged[i], weight * (double)first[i] + (1.0 - weight) * (double)second[i], 1e-5);
    }
    for (int end = 0; end <= 1; end++) {
        assert_ok(nwc_forecast_merge(NULL, &a, &b, end, NWC_MERGE_SALIENT, &out));
        for (int i = 8; i < M_CELLS; i++) assert_true(merged[i] == (end ? first[i] : second[i]));
    }
    for (int i = 0; i < M_CELLS; i++) first[i] = second[i] = 0.0F;
    assert_ok(nwc_forecast_merge(NULL, &a, &b, 0.5, NWC_MERGE_SALIENT, &out));
    for (int i = 0; i < M_CELLS; i++) assert_true(merged[i] == 0.0F);
}

static nwc_status merge_once(nwc_ctx *ctx, void *user)
{
    const nwc_field a = field_2d(first, MY, MX, NULL, NULL), b = field_2d(second, MY, MX, NULL, NULL);
    nwc_field out = field_2d(user, MY, MX, NULL, NULL);
    return nwc_forecast_merge(ctx, &a, &b, 0.4, NWC_MERGE_SALIENT, &out);
}

static void merging_refuses_by_name_and_keeps_its_bits(void **state)
{
    (void)state;
    fill_pair();
    static float other[M_CELLS];
    check_threads_change_no_bit(merge_once, merged, other, sizeof merged);
    assert_int_equal(check_every_allocation_failure(merge_once, merged), 3);
    nwc_field a = field_2d(first, MY, MX, "mm h-1", NULL), b = field_2d(second, MY, MX, "dBZ", NULL), small = b;
    small.dim[1]--;
    assert_fails(NWC_ERR_ARG, "model: units", nwc_forecast_merge(NULL, &a, &b, 0.5, NWC_MERGE_LINEAR, &a));
    assert_fails(NWC_ERR_ARG, "model: ", nwc_forecast_merge(NULL, &a, &small, 0.5, NWC_MERGE_LINEAR, &a));
    assert_fails(NWC_ERR_ARG, "merged: ", nwc_forecast_merge(NULL, &a, &a, 0.5, NWC_MERGE_LINEAR, &small));
    assert_fails(NWC_ERR_ARG, "weight: 0 to 1", nwc_forecast_merge(NULL, &a, &a, 1.5, NWC_MERGE_LINEAR, &a));
    assert_fails(NWC_ERR_ARG, "weight: 0 to 1", nwc_forecast_merge(NULL, &a, &a, (double)NAN, NWC_MERGE_LINEAR, &a));
    assert_fails(NWC_ERR_ARG, "method", nwc_forecast_merge(NULL, &a, &a, 0.5, 2, &a));
    assert_fails(NWC_ERR_ARG, "nowcast", nwc_forecast_merge(NULL, NULL, &a, 0.5, 0, &a));
}

/* ---- weights ---- */

static void weights_solve_the_normal_equations_of_independent_errors(void **state)
{
    (void)state;
    for (int i = 0; i <= 9; i++)
        for (int k = 0; k <= 9; k++) {
            const double r = 0.111 * i, m = 0.111 * k, c = r * m;
            const struct nwc__blend_weights w = nwc__blend_weigh(r, m);
            assert_near(w.nowcast + c * w.model, r, 1e-12);
            assert_near(c * w.nowcast + w.model, m, 1e-12);
            assert_near(w.noise * w.noise, 1.0 - w.nowcast * r - w.model * m, 1e-12);
        }
}

static void persistence_is_the_correlation_of_the_process(void **state)
{
    (void)state;
    const double r1 = 0.9, r2 = 0.75; /* Yule and Walker */
    const struct nwc__process p = {.phi = {r1 * (1.0 - r2) / (1.0 - r1 * r1), (r2 - r1 * r1) / (1.0 - r1 * r1)},
                                   .ratio = 1.0,
                                   .variance = 2.0};
    assert_near(nwc__blend_persistence(&p, 0, 1.0, 300.0), r1, 1e-12);
    /* beyond a step it fades faster than the process, twice as fast an hour after it */
    assert_near(nwc__blend_persistence(&p, 0, 2.0, 300.0), pow(r2, 13.0 / 12.0), 1e-12);
    assert_near(nwc__blend_persistence(&p, 0, 1.5, 300.0), pow(0.5 * (r1 + r2), 25.0 / 24.0), 1e-12);
    assert_near(nwc__blend_persistence(&p, 0, 3.0, 300.0), pow(p.phi[0] * r2 + p.phi[1] * r1, 14.0 / 12.0), 1e-12);
    assert_true(nwc__blend_persistence(&p, 0, 0.0, 300.0) > 0.99);
    const struct nwc__process dry = {.variance = 0.0};
    assert_near(nwc__blend_persistence(&dry, 1, 2.0, 300.0), 0.9925, 1e-9); /* ten minutes */
    assert_near(nwc__blend_persistence(&dry, 12, 2.0, 300.0), 0.0006, 1e-9);
}

static void the_skill_of_a_model_returns_to_that_of_past_cycles(void **state)
{
    (void)state;
    for (int32_t level = 0; level < 10; level++) {
        assert_near(nwc__blend_skill_at(level, 0.7, 0.2, 0.0), 0.7, 1e-4);
        assert_near(nwc__blend_skill_at(level, 0.7, 0.2, 86400.0), 0.2, 1e-3);
        for (int hours = 0; hours < 8; hours++)
            assert_true(nwc__blend_skill_at(level, 0.7, 0.2, 3600.0 * hours + 1800.0) <=
                        nwc__blend_skill_at(level, 0.7, 0.2, 3600.0 * hours) + 1e-12);
    }
}

static void a_cycle_is_learnt_from_once_and_weighs_as_one_of_many(void **state)
{
    (void)state;
    nwc_blend_skill skill;
    nwc_blend_skill_init(&skill, 3);
    nwc_blend_skill_init(NULL, 3);
    assert_near(skill.correlation[0], 0.848, 0.0);
    assert_near(skill.correlation[2], 0.237, 0.0);
    const double seen[] = {0.5, 0.9, 0.1};
    const bool known[] = {true, false, true}, none[] = {false, false, false};
    nwc__blend_learn(&skill, seen, none, 1000);
    assert_int_equal(skill.time_ns, 0);
    nwc__blend_learn(&skill, seen, known, 1000);
    assert_near(skill.correlation[0], (20.0 * 0.848 + 0.5) / 21.0, 1e-12);
    assert_near(skill.correlation[1], 0.537, 0.0);
    const double before = skill.correlation[0];
    nwc__blend_learn(&skill, seen, known, 1000);
    assert_near(skill.correlation[0], before, 0.0);
    for (int64_t day = 1; day <= 400; day++)
        nwc__blend_learn(&skill, seen, known, 1000 + day * INT64_C(86400000000000));
    assert_near(skill.correlation[0], 0.5, 0.01);
    assert_near(skill.weight, 30.5, 1.0); /* of cycles a day, within 30 days */
}

static void waves_are_moved_by_a_change_of_phase(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(2);
    struct nwc__wavelengths waves;
    assert_ok(nwc__wavelengths_create(ctx, 48, 60, &waves));
    float *const field = aligned(48 * 60), *const back = aligned(48 * 60), *const moved = aligned(waves.size);
    float *const spectrum = aligned(waves.size);
    for (int i = 0; i < 48 * 60; i++) field[i] = noise((uint32_t)i);
    nwc__wavelengths_forward(&waves, field, spectrum);
    assert_ok(nwc__wavelengths_shift(ctx, &waves, spectrum, 7.0, -11.0, moved));
    nwc__wavelengths_inverse(&waves, moved, back);
    for (int j = 0; j < 48; j++)
        for (int i = 0; i < 60; i++)
            assert_near((double)back[(j + 7) % 48 * 60 + (i + 49) % 60] / (48.0 * 60.0), (double)field[j * 60 + i],
                        1e-5);
    nwc__wavelengths_destroy(ctx, &waves);
    free(field), free(back), free(moved), free(spectrum);
    nwc_ctx_destroy(ctx);
}

/* ---- blending ---- */

enum { NY = 90, NX = 120, CELLS = NY * NX, FRAMES = 3, LEADS = 4, LEVELS = 6, MOST_MEMBERS = 4, MODELS = 2 };

#define SECOND INT64_C(1000000000)

struct run {
    float forecasts[MOST_MEMBERS * LEADS * CELLS]; /* first: it is what is compared */
    double weights[LEADS * LEVELS * 2];
    nwc_blend_skill before, skill;
    float frames[FRAMES][CELLS], now[MODELS * CELLS], model[MODELS * LEADS * CELLS], u[CELLS], v[CELLS];
    double leads_s[LEADS];
    int32_t n_members, n_models, n_leads;
    nwc_blend_options options;
    nwc_grid grid;
};

/* Rain after a time, which moves by a cell in 1000 s and becomes another within two hours; elsewhere by offset. */
static float rain_at(double seconds, int i, double offset)
{
    const double y = (double)(i / NX) + offset, x = (double)(i % NX) - seconds / 1000.0, turn = seconds / 7200.0 + 0.7;
    const double rain = pow(cos(turn), 2.0) * (double)showers(y + 10.0, x + 30.0) +
                        pow(sin(turn), 2.0) * (double)showers(y + 50.0, x + 150.0);
    return (float)rain;
}

static struct run *run_of(double radar, double model, double offset)
{
    struct run *const run = calloc(1, sizeof *run);
    run->grid = rain_grid(NY, NX);
    run->n_members = MOST_MEMBERS, run->n_models = MODELS, run->n_leads = LEADS;
    nwc_blend_options_init(&run->options);
    nwc_blend_skill_init(&run->before, LEVELS);
    static const double leads_s[LEADS] = {300.0, 1800.0, 7200.0, 21600.0};
    memcpy(run->leads_s, leads_s, sizeof leads_s);
    for (int i = 0; i < CELLS; i++) {
        run->u[i] = 1.0F;
        for (int k = 0; k < FRAMES; k++) run->frames[k][i] = (float)radar * rain_at(300.0 * k - 600.0, i, 0.0);
        for (int m = 0; m < MODELS; m++) {
            run->now[m * CELLS + i] = (float)model * rain_at(0.0, i, offset + m);
            for (int n = 0; n < LEADS; n++)
                run->model[(m * LEADS + n) * CELLS + i] = (float)model * rain_at(leads_s[n], i, offset + m);
        }
    }
    return run;
}

static nwc_status blend(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    static const int64_t times_ns[FRAMES] = {1000 * SECOND, 1300 * SECOND, 1600 * SECOND};
    nwc_field frames[FRAMES];
    run->skill = run->before;
    for (int k = 0; k < FRAMES; k++) frames[k] = field_2d(run->frames[k], NY, NX, "mm h-1", &run->grid);
    const nwc_field u = field_2d(run->u, NY, NX, "m s-1", &run->grid),
                    v = field_2d(run->v, NY, NX, "m s-1", &run->grid);
    nwc_field now = {
        .data = run->now, .ndim = 3, .dim = {run->n_models, NY, NX}, .stride = {CELLS, NX, 1}, .missing = NAN};
    const int32_t n = run->n_leads;
    nwc_field model = {.data = run->model, .ndim = 4, .dim = {run->n_models, n, NY, NX}, .missing = NAN};
    nwc_field made = {.data = run->forecasts, .ndim = 4, .dim = {run->n_members, n, NY, NX}, .missing = NAN};
    const int64_t stride[] = {LEADS * CELLS, CELLS, NX, 1};
    memcpy(model.stride, stride, sizeof stride), memcpy(made.stride, stride, sizeof stride);
    return nwc_forecast_blend(ctx, frames, times_ns, FRAMES, &u, &v, run->leads_s, n, &now, &model, &run->options, NULL,
                              &run->skill, run->weights, &made);
}

static const float *lead_of(const struct run *run, int member, int lead)
{
    return run->forecasts + (member * LEADS + lead) * CELLS;
}

static double mean_of(const float *field, int64_t n)
{
    double sum = 0.0;
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(field[i])) sum += (double)field[i], known++;
    return sum / (double)known;
}

static double correlation_of(const float *a, const float *b)
{
    double s[5] = {0.0}, n = 0.0;
    for (int i = 0; i < CELLS; i++) {
        if (isnan(a[i]) || isnan(b[i])) continue;
        const double x = sqrt((double)a[i]), y = sqrt((double)b[i]);
        s[0] += x, s[1] += y, s[2] += x * x, s[3] += y * y, s[4] += x * y, n += 1.0;
    }
    return (s[4] - s[0] * s[1] / n) / sqrt((s[2] - s[0] * s[0] / n) * (s[3] - s[1] * s[1] / n));
}

/* The frame is handed over to the model, long waves last, and the amount lies between those of both. */
static void the_frame_is_handed_over_to_the_model_scale_by_scale(void **state)
{
    (void)state;
    struct run *const run = run_of(1.0, 2.0, 25.0);
    run->options.noise = 0, run->n_models = 1, run->n_members = 1;
    assert_ok(blend(NULL, run));
    for (int n = 0; n < LEADS; n++) {
        const double *const w = run->weights + 2 * LEVELS * n;
        for (int k = 0; k < LEVELS; k++) {
            assert_true(w[2 * k] >= 0.0 && w[2 * k] <= 1.0 && w[2 * k + 1] >= 0.0 && w[2 * k + 1] <= 1.0);
        }
    }
    assert_true(run->weights[0] > 0.9);                                           /* long waves, five minutes ahead */
    assert_true(run->weights[2 * LEVELS * 3] < run->weights[2 * LEVELS * 3 + 1]); /* six hours ahead */
    const float *const model = run->model;
    const double soon = correlation_of(lead_of(run, 0, 0), model),
                 late = correlation_of(lead_of(run, 0, 3), model + 3 * CELLS);
    assert_true(late > soon + 0.1);
    double last = 0.0;
    for (int n = 0; n < LEADS; n++) {
        const double amount = mean_of(lead_of(run, 0, n), CELLS), of_model = mean_of(model + n * CELLS, CELLS);
        assert_true(amount < 1.1 * of_model);
        assert_true(amount / of_model > last - 0.05);
        last = amount / of_model;
    }
    free(run);
}

static void rain_in_one_source_alone_or_in_none_is_ordinary(void **state)
{
    (void)state;
    struct run *const none = run_of(0.0, 0.0, 0.0), *const radar = run_of(1.0, 0.0, 0.0),
                      *const model = run_of(0.0, 1.0, 0.0);
    assert_ok(blend(NULL, none));
    for (int i = 0; i < MOST_MEMBERS * LEADS * CELLS; i++) assert_true(none->forecasts[i] == 0.0F);
    assert_ok(blend(NULL, radar));
    assert_ok(blend(NULL, model));
    for (int i = 0; i < MOST_MEMBERS * LEADS * CELLS; i++)
        assert_true(isfinite(radar->forecasts[i]) && radar->forecasts[i] >= 0.0F && isfinite(model->forecasts[i]));
    const double there = mean_of(radar->frames[2], CELLS), soon = mean_of(lead_of(radar, 0, 0), CELLS);
    assert_true(soon > 0.7 * there && mean_of(lead_of(radar, 0, 3), CELLS) < 0.6 * soon);
    const double modelled = mean_of(model->model + 3 * CELLS, CELLS);
    assert_true(mean_of(lead_of(model, 0, 0), CELLS) < 0.05 * mean_of(model->model, CELLS));
    assert_true(mean_of(lead_of(model, 0, 3), CELLS) > 0.05 * modelled);
    assert_near(radar->skill.weight, 20.0, 0.0); /* nothing to learn from */
    assert_near(model->skill.weight, 20.0, 0.0);
    free(none), free(radar), free(model);
}

static void a_model_that_knows_nothing_leaves_the_frames_alone(void **state)
{
    (void)state;
    struct run *const run = run_of(1.0, 1.0, 0.0);
    for (int i = 0; i < MODELS * CELLS; i++) run->now[i] = NAN;
    for (int i = 0; i < MODELS * LEADS * CELLS; i++) run->model[i] = i % 2 ? INFINITY : NAN;
    run->options.noise = 0;
    assert_ok(blend(NULL, run));
    for (int n = 0; n < LEADS; n++)
        for (int k = 0; k < LEVELS; k++) assert_true(run->weights[2 * (n * LEVELS + k) + 1] == 0.0);
    const double soon = mean_of(lead_of(run, 0, 0), CELLS), there = mean_of(run->frames[2], CELLS);
    assert_near(soon / there, 1.0, 0.1);
    assert_true(correlation_of(lead_of(run, 0, 0), run->frames[2]) > 0.8);
    assert_near(run->skill.weight, 20.0, 0.0);
    free(run);
}

static void cells_are_known_where_one_source_is(void **state)
{
    (void)state;
    struct run *const run = run_of(1.0, 1.0, 2.0);
    for (int k = 0; k < FRAMES; k++)
        for (int i = 0; i < CELLS; i++)
            if (i % NX < 20) run->frames[k][i] = NAN;
    for (int i = 0; i < MODELS * LEADS * CELLS; i++)
        if (i % CELLS / NX < 10) run->model[i] = NAN;
    assert_ok(blend(NULL, run));
    for (int i = 0; i < CELLS; i++) { /* the frame comes a third of a cell farther in five minutes */
        const bool radar = i % NX >= 20, model = i / NX >= 10;
        assert_int_equal(isnan(lead_of(run, 1, 0)[i]), !radar && !model);
    }
    assert_true(run->skill.weight > 20.5);
    free(run);
}

static void members_differ_and_those_of_one_model_share_it(void **state)
{
    (void)state;
    struct run *const run = run_of(1.0, 1.0, 4.0);
    assert_ok(blend(NULL, run));
    for (int m = 1; m < MOST_MEMBERS; m++) assert_true(correlation_of(lead_of(run, 0, 2), lead_of(run, m, 2)) < 0.99);
    const double soon = correlation_of(lead_of(run, 0, 0), lead_of(run, 1, 0));
    assert_true(soon > 0.8 && correlation_of(lead_of(run, 0, 3), lead_of(run, 1, 3)) < soon);
    free(run);
}

static void threads_chunks_and_leads_change_no_bit_and_memory_may_run_out(void **state)
{
    (void)state;
    struct run *const one = run_of(1.0, 1.0, 3.0), *const other = run_of(1.0, 1.0, 3.0);
    check_threads_change_no_bit(blend, one, other, sizeof one->forecasts);
    /* The last lead time alone, and the last two members alone. */
    other->n_leads = 1, other->leads_s[0] = one->leads_s[3];
    for (int m = 0; m < MODELS; m++)
        memcpy(other->model + m * LEADS * CELLS, one->model + (m * LEADS + 3) * CELLS, CELLS * sizeof *one->model);
    other->n_members = 2, other->options.first_member = 2;
    assert_ok(blend(NULL, other));
    for (int m = 0; m < 2; m++)
        assert_memory_equal(lead_of(other, m, 0), lead_of(one, m + 2, 3), CELLS * sizeof(float));
    other->n_members = 1;
    assert_true(check_every_allocation_failure(blend, other) > 20);
    free(one), free(other);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run *const run = run_of(1.0, 1.0, 0.0);
    run->options.noise = 2;
    assert_fails(NWC_ERR_ARG, "noise: 0 or 1", blend(NULL, run));
    run->options.noise = 0, run->options.levels = 2;
    assert_fails(NWC_ERR_ARG, "levels: 3 to 16", blend(NULL, run));
    run->options.levels = 5;
    assert_fails(NWC_ERR_ARG, "skill: 5 levels", blend(NULL, run));
    run->options.levels = LEVELS, run->before.correlation[3] = 1.5;
    assert_fails(NWC_ERR_ARG, "skill: a weight", blend(NULL, run));
    run->before.correlation[3] = 0.5, run->options.first_member = -1;
    assert_fails(NWC_ERR_ARG, "first_member", blend(NULL, run));
    run->options.first_member = 0, run->leads_s[1] = 0.0;
    assert_fails(NWC_ERR_ARG, "leads_s", blend(NULL, run));
    nwc_field small = field_2d(run->frames[0], NY, NX - 1, NULL, NULL), frames[2], wide = small;
    const nwc_field u = field_2d(run->u, NY, NX, "m s-1", &run->grid);
    wide.ndim = 3, wide.dim[0] = 1, wide.dim[1] = NY, wide.dim[2] = NX, wide.stride[0] = CELLS, wide.stride[1] = NX,
    wide.stride[2] = 1;
    nwc_field four = {
        .data = run->model, .ndim = 4, .dim = {2, 1, NY, NX}, .stride = {CELLS, CELLS, NX, 1}, .missing = NAN};
    for (int k = 0; k < 2; k++) frames[k] = field_2d(run->frames[k], NY, NX, "mm h-1", &run->grid);
    const int64_t times_ns[] = {0, 300 * SECOND};
    const double lead_s = 300.0;
    assert_fails(NWC_ERR_ARG, "model_now",
                 nwc_forecast_blend(NULL, frames, times_ns, 2, &u, &u, &lead_s, 1, &small, &four, NULL, NULL, NULL,
                                    NULL, &four));
    assert_fails(NWC_ERR_ARG, "the same number of members",
                 nwc_forecast_blend(NULL, frames, times_ns, 2, &u, &u, &lead_s, 1, &wide, &four, NULL, NULL, NULL, NULL,
                                    &four));
    four.dim[0] = 1, four.dim[1] = 2;
    assert_fails(NWC_ERR_ARG, "model: 1 lead times",
                 nwc_forecast_blend(NULL, frames, times_ns, 2, &u, &u, &lead_s, 1, &wide, &four, NULL, NULL, NULL, NULL,
                                    &four));
    four.dim[1] = 1, four.units = "dBZ";
    assert_fails(NWC_ERR_ARG, "model: units",
                 nwc_forecast_blend(NULL, frames, times_ns, 2, &u, &u, &lead_s, 1, &wide, &four, NULL, NULL, NULL, NULL,
                                    &four));
    four.units = NULL;
    assert_fails(NWC_ERR_ARG, "forecasts",
                 nwc_forecast_blend(NULL, frames, times_ns, 2, &u, &u, &lead_s, 1, &wide, &four, NULL, NULL, NULL, NULL,
                                    &wide));
    assert_fails(NWC_ERR_NODATA, "frames: 2 expected",
                 nwc_forecast_blend(NULL, frames, times_ns, 1, &u, &u, &lead_s, 1, &wide, &four, NULL, NULL, NULL, NULL,
                                    &four));
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_merging_is_a_mean_and_one_alone_stands_for_both),
        cmocka_unit_test(salient_merging_ranks_differences_of_both_over_their_greatest),
        cmocka_unit_test(merging_refuses_by_name_and_keeps_its_bits),
        cmocka_unit_test(weights_solve_the_normal_equations_of_independent_errors),
        cmocka_unit_test(persistence_is_the_correlation_of_the_process),
        cmocka_unit_test(the_skill_of_a_model_returns_to_that_of_past_cycles),
        cmocka_unit_test(a_cycle_is_learnt_from_once_and_weighs_as_one_of_many),
        cmocka_unit_test(waves_are_moved_by_a_change_of_phase),
        cmocka_unit_test(the_frame_is_handed_over_to_the_model_scale_by_scale),
        cmocka_unit_test(rain_in_one_source_alone_or_in_none_is_ordinary),
        cmocka_unit_test(a_model_that_knows_nothing_leaves_the_frames_alone),
        cmocka_unit_test(cells_are_known_where_one_source_is),
        cmocka_unit_test(members_differ_and_those_of_one_model_share_it),
        cmocka_unit_test(threads_chunks_and_leads_change_no_bit_and_memory_may_run_out),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("blend", tests, NULL, NULL);
}
