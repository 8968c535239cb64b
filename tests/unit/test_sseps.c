/* forecast: SSEPS, against rain that changes in one half of the grid alone, and showers that only move. */
#include "support/forecast_run.h"

#include <nowcast/forecast_local.h>

struct run {
    struct forecast_run of;
    nwc_steps_options options;
};

static struct run run_of(struct forecast_run of)
{
    struct run run = {.of = of};
    nwc_steps_options_init(&run.options);
    run.options.window_m = 32e3;
    return run;
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    struct forecast_fields f = forecast_fields_of(&run->of);
    return nwc_forecast_sseps(ctx, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v, run->of.leads_s,
                              run->of.n_leads, &run->options, NULL, &f.forecast);
}

static nwc_status run_steps(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    struct forecast_fields f = forecast_fields_of(&run->of);
    return nwc_forecast_steps(ctx, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v, run->of.leads_s,
                              run->of.n_leads, &run->options, NULL, &f.forecast);
}

static void rain_that_only_moves_is_forecast_as_it_moves(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(96, 128, 3, 1));
    run.options.vary_motion = 0;
    assert_ok(run_call(NULL, &run));
    for (int32_t k = 0; k < RUN_LEADS; k++) assert_true(share_right(&run.of, k) > 0.9);
    forecast_run_free(&run.of);
}

enum { NY = 64, NX = 160, MEMBERS = 4 };

/*
 * Speckle on steady rain: on the left it stays, and is small; on the right it is drawn anew in each frame, and large. The columns between
 * are seen by windows of both.
 */
static struct run halves(void)
{
    struct run run = run_of(forecast_run_of(NY, NX, 3, MEMBERS, 0.0f));
    run.options.vary_motion = 0;
    for (int64_t i = 0; i < 3 * run.of.n; i++) {
        const bool left = i % NX < NX / 2;
        const double drawn = (double)noise((uint32_t)(left ? i % run.of.n : i)) - 0.5;
        run.of.frames[i] = (float)(3.0 * pow(10.0, 0.1 * (left ? 4.0 : 10.0) * drawn));
    }
    run.of.leads_s[0] = 1800.0, run.of.n_leads = 1;
    return run;
}

/* Mean square of what decibels of the first columns or the last have beside the newest frame, and beside the next member. */
static void compare(const struct run *run, int64_t from, int64_t to, double *changed, double *apart)
{
    const int64_t n = run->of.n;
    double cells = 0.0;
    *changed = *apart = 0.0;
    for (int64_t m = 0; m < MEMBERS; m++)
        for (int64_t i = 0; i < n; i++) {
            if (i % NX < from || i % NX >= to) continue;
            const double here = 10.0 * log10((double)run->of.forecast[m * n + i]);
            const double other = 10.0 * log10((double)run->of.forecast[(m + 1) % MEMBERS * n + i]);
            const double was = 10.0 * log10((double)run->of.frames[2 * n + i]);
            *changed += (here - was) * (here - was), *apart += (here - other) * (here - other), cells += 1.0;
        }
    *changed /= cells, *apart /= cells;
}

static void what_lasts_in_one_place_lasts_there(void **state)
{
    (void)state;
    struct run run = halves();
    double left[2], right[2], of_steps[2];
    assert_ok(run_call(NULL, &run));
    compare(&run, 0, NX / 2 - 24, &left[0], &left[1]);
    compare(&run, NX / 2 + 24, NX, &right[0], &right[1]);
    assert_ok(run_steps(NULL, &run));
    compare(&run, 0, NX / 2 - 24, &of_steps[0], &of_steps[1]);
    /* uniform over 4 dB and 10 dB: variances 16 / 12 and 100 / 12; two draws differ by twice as much */
    assert_true(left[0] < 0.35 * 16.0 / 12.0);
    assert_true(left[0] < 0.25 * of_steps[0]);
    assert_true(left[1] < 0.25 * of_steps[1]);
    assert_near(right[0] / (2.0 * 100.0 / 12.0), 1.0, 0.3);
    assert_near(right[1] / (2.0 * 100.0 / 12.0), 1.0, 0.3);
    forecast_run_free(&run.of);
}

/* Showers on the left alone, all new in each frame: the members' rain has the newest frame's variance, and what is dry stays so. */
static void members_keep_variance_where_rain_has_it(void **state)
{
    (void)state;
    struct run run = run_of(forecast_run_of(96, 192, 3, 3, 0.0f));
    run.options.vary_motion = 0;
    run.of.n_leads = 1, run.of.leads_s[0] = 1800.0;
    for (int64_t i = 0; i < 3 * run.of.n; i++) {
        const double y = (double)(i % run.of.n / 192), x = (double)(i % 192);
        run.of.frames[i] = x < 80 ? showers(y, x + 60.0) * (0.3f + 1.4f * noise((uint32_t)i)) : 0.0f;
    }
    assert_ok(run_call(NULL, &run));
    double found = 0.0, wanted = 0.0;
    for (int64_t i = 0; i < run.of.n - 4; i++) {
        const float *const newest = run.of.frames + 2 * run.of.n;
        if (i % 192 >= 180) {
            for (int m = 0; m < 3; m++) assert_true(run.of.forecast[m * run.of.n + i] == 0.0f);
            continue;
        }
        for (int m = 0; m < 3; m++) {
            const double step = (double)(run.of.forecast[m * run.of.n + i] - run.of.forecast[m * run.of.n + i + 4]);
            found += step * step / 3.0;
        }
        wanted += (double)((newest[i] - newest[i + 4]) * (newest[i] - newest[i + 4]));
    }
    assert_near(10.0 * log10(found / wanted), 0.0, 2.0);
    forecast_run_free(&run.of);
}

static void threads_chunks_leads_and_allocations_change_no_bit(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(40, 56, 3, 2));
    add_speckle(&run.of);
    const int64_t each = RUN_LEADS * run.of.n;
    float *const one = cells(2 * each);
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(run_call(ctx, &run));
    nwc_ctx_destroy(ctx);
    memcpy(one, run.of.forecast, (size_t)(2 * each) * sizeof *one);
    for (int32_t threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
        memset(run.of.forecast, 0, (size_t)(2 * each) * sizeof *one);
        ctx = context_with_threads(threads);
        assert_ok(run_call(ctx, &run));
        nwc_ctx_destroy(ctx);
        assert_true(same_bits(one, run.of.forecast, 2 * each));
    }
    run.of.n_members = 1, run.options.first_member = 1;
    run.of.n_leads = 1, run.of.leads_s[0] = run.of.leads_s[2];
    assert_ok(run_call(NULL, &run));
    assert_true(same_bits(run.of.forecast, one + each + 2 * run.of.n, run.of.n));
    run.options.seed = 1;
    assert_ok(run_call(NULL, &run));
    assert_false(same_bits(run.of.forecast, one + each + 2 * run.of.n, run.of.n));
    free(one);
    forecast_run_free(&run.of);
    struct run small = run_of(moving_showers(12, 20, 3, 1));
    small.of.n_leads = 1, small.of.leads_s[0] = 300.0;
    assert_true(check_every_allocation_failure(run_call, &small) > 30);
    forecast_run_free(&small.of);
}

static void hard_input_has_an_answer(void **state)
{
    (void)state;
    for (int wet = -1; wet < 3; wet++) { /* no rain, or only in one of the frames */
        struct run run = run_of(moving_showers(30, 40, 3, 1));
        for (int32_t k = 0; k < 3; k++)
            if (k != wet) memset(run.of.frames + k * run.of.n, 0, (size_t)run.of.n * sizeof(float));
        run.of.n_leads = 1;
        assert_ok(run_call(NULL, &run));
        double sum = 0.0;
        for (int64_t i = 0; i < run.of.n; i++) sum += isnan(run.of.forecast[i]) ? 0.0 : (double)run.of.forecast[i];
        assert_true(isfinite(sum) && (wet < 2 ? sum == 0.0 : sum > 10.0));
        forecast_run_free(&run.of);
    }
    const int64_t sizes[][2] = {{1, 1}, {1, 90}, {70, 1}, {3, 2}};
    for (int s = 0; s < 4; s++) {
        struct run run = run_of(forecast_run_of(sizes[s][0], sizes[s][1], 2 + s % 2, 1, 0.0f));
        for (int64_t i = 0; i < run.of.n_frames * run.of.n; i++) run.of.frames[i] = 0.5f + 5.0f * noise((uint32_t)i);
        run.of.n_leads = 1;
        assert_ok(run_call(NULL, &run));
        for (int64_t i = 0; i < run.of.n; i++) assert_true(run.of.forecast[i] > 0.4f && run.of.forecast[i] < 5.7f);
        forecast_run_free(&run.of);
    }
    struct run run = run_of((struct forecast_run){.n = 0});
    run.options.vary_motion = 0;
    check_unknown_rain(run_call, &run.of, 3, 1);
    run = run_of(moving_showers(30, 40, 2, 1));
    run.of.n_leads = 1;
    run.options.window_m = 1.0; /* less than 16 cells */
    assert_ok(run_call(NULL, &run));
    run.options.window_m = 1e9; /* wider than the grid */
    assert_ok(run_call(NULL, &run));
    for (int64_t i = 0; i < run.of.n; i++) assert_false(isinf(run.of.forecast[i]));
    forecast_run_free(&run.of);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(20, 30, 3, 1));
    run.options.window_m = 0.0;
    assert_fails(NWC_ERR_ARG, "window_m: above 0 expected, 0 given", run_call(NULL, &run));
    run.options.window_m = 1e4, run.options.levels = 2;
    assert_fails(NWC_ERR_ARG, "levels: 3 to 16 expected, 2 given", run_call(NULL, &run));
    run.options.levels = 6, run.of.n_frames = 1;
    assert_fails(NWC_ERR_NODATA, "frames: 2 expected", run_call(NULL, &run));
    forecast_run_free(&run.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rain_that_only_moves_is_forecast_as_it_moves),
        cmocka_unit_test(what_lasts_in_one_place_lasts_there),
        cmocka_unit_test(members_keep_variance_where_rain_has_it),
        cmocka_unit_test(threads_chunks_leads_and_allocations_change_no_bit),
        cmocka_unit_test(hard_input_has_an_answer),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
