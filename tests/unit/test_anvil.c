/* forecast: ANVIL, against processes whose coefficients are known, relations that are, and rain that only moves. */
#include "support/forecast_run.h"

#include "forecast/windows.h"

#define PI 3.14159265358979324

/* ---- windows ---- */

static void windows_are_gaussian_means_of_the_surroundings(void **state)
{
    (void)state;
    enum { NY = 90, NX = 130 };
    const double deviations[] = {1.5, 20.0};
    nwc_ctx *const ctx = context_with_threads(3);
    for (int d = 0; d < 2; d++) {
        const struct nwc__windows w = nwc__windows_of(NY, NX, deviations[d], deviations[d]);
        assert_int_equal(w.block, d == 0 ? 1 : 4);
        const int64_t blocks = w.ny * w.nx;
        float *const sums = cells(2 * blocks), *const row = cells(2 * NX), *const field = cells(NY * NX);
        for (int64_t j = 0; j < NY; j++)
            for (int64_t i = 0; i < NX; i++) {
                field[j * NX + i] = noise((uint32_t)(j * NX + i)) + (i > 70 ? 3.0f : 0.0f);
                const int64_t b = j / w.block * w.nx + i / w.block;
                sums[b] += field[j * NX + i], sums[blocks + b] += 1.0f;
            }
        assert_ok(nwc__windows_smooth(ctx, &w, 2, 0.0, sums));
        for (int64_t j = 0; j < NY; j += 29) {
            nwc__windows_read(ctx, &w, sums, j, 1, NX, row);
            nwc__windows_read(ctx, &w, sums + blocks, j, 1, NX, row + NX);
            for (int64_t i = 0; i < NX; i += 13) {
                double sum = 0.0, weights = 0.0;
                for (int64_t k = 0; k < NY * NX; k++) {
                    const double y = (double)(k / NX - j), x = (double)(k % NX - i);
                    const double weight = exp(-0.5 * (y * y + x * x) / (deviations[d] * deviations[d]));
                    weights += weight, sum += weight * (double)field[k];
                }
                assert_near(row[i] / row[NX + i], sum / weights,
                            0.05); /* of 3.5; blocks widen a window by a hundredth */
            }
        }
        free(sums), free(row), free(field);
    }
    nwc_ctx_destroy(ctx);
}

/* ---- forecasts ---- */

struct run {
    struct forecast_run of;
    nwc_anvil_options options;
};

static struct run run_of(struct forecast_run of)
{
    struct run run = {.of = of};
    nwc_anvil_options_init(&run.options);
    run.options.rim = -1;
    return run;
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    struct forecast_fields f = forecast_fields_of(&run->of);
    return nwc_forecast_anvil(ctx, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v, run->of.leads_s,
                              run->of.n_leads, &run->options, NULL, &f.forecast);
}

/*
 * Changes are waves whose phase differs from one to the next, so that their correlations are cosines: the newest change is a
 * cosine, the one before turned by west or, beyond the middle, by east.
 */
static struct run changing(int32_t n_frames, const double west[2], const double east[2])
{
    struct run run = run_of(forecast_run_of(60, 400, n_frames, 0, 0.0f));
    for (int64_t i = 0; i < run.of.n; i++) {
        const double x = 2.0 * PI * (double)(i % 400) / 20.0, *const turned = i % 400 < 200 ? west : east;
        double value = 20.0;
        for (int32_t k = n_frames - 1; k >= 0; k--) {
            run.of.frames[k * run.of.n + i] = (float)value;
            const int32_t back = n_frames - 1 - k;
            if (k == 0) break;
            value -= 2.0 * cos(x + (back > 0 ? turned[back - 1] : 0.0));
        }
    }
    run.options.window_m = 20e3;
    return run;
}

/* The newest frame and the sum of what follows two changes by these coefficients; steps need not be whole. */
static double continued(double phi1, double phi2, double x, double turned, double steps)
{
    double now = 2.0 * cos(x), before = 2.0 * cos(x + turned), sum = 0.0;
    for (double n = 0.0; n < steps; n += 1.0) {
        const double next = phi1 * now + phi2 * before;
        before = now, now = next;
        sum += fmin(steps - n, 1.0) * next;
    }
    return 20.0 + sum;
}

static void changes_go_on_by_yule_and_walker_in_every_place(void **state)
{
    (void)state;
    for (int32_t order = 1; order <= 2; order++) {
        /* correlations .8 and .5 in the west, -.5 and .2 in the east */
        const double west[2] = {acos(0.8), acos(0.5)}, east[2] = {acos(-0.5), acos(0.2)};
        struct run run = changing(4, west, east);
        run.options.order = order;
        run.of.leads_s[0] = 300.0, run.of.leads_s[1] = 450.0, run.of.leads_s[2] = 900.0;
        assert_ok(run_call(NULL, &run));
        for (int half = 0; half < 2; half++) {
            const double r1 = half ? -0.5 : 0.8, r2 = order == 1 ? r1 * r1 : half ? 0.2 : 0.5;
            const double phi1 = r1 * (1.0 - r2) / (1.0 - r1 * r1), phi2 = (r2 - r1 * r1) / (1.0 - r1 * r1);
            for (int32_t n = 0; n < 3; n++)
                for (int64_t i = half ? 290 : 40; i < (half ? 360 : 110); i++) {
                    const double x = 2.0 * PI * (double)i / 20.0;
                    const double truth = continued(phi1, phi2, x, half ? east[0] : west[0], run.of.leads_s[n] / 300.0);
                    assert_near(run.of.forecast[n * run.of.n + 30 * 400 + i], truth, 0.15);
                }
        }
        forecast_run_free(&run.of);
    }
}

static void changes_of_uneven_steps_are_taken_per_step(void **state)
{
    (void)state;
    struct run run = run_of(forecast_run_of(30, 40, 3, 0, 0.0f));
    run.of.times_ns[1] = INT64_C(600000000000), run.of.times_ns[2] = INT64_C(900000000000);
    /* 1 in five minutes: the trend of all frames, which goes on by the most a correlation may be */
    const float level[] = {10.0f, 12.0f, 13.0f};
    for (int64_t i = 0; i < 3 * run.of.n; i++) run.of.frames[i] = level[i / run.of.n];
    run.of.leads_s[0] = 300.0, run.of.leads_s[1] = 600.0, run.of.leads_s[2] = 900.0;
    assert_ok(run_call(NULL, &run));
    double sum = 0.0;
    for (int32_t n = 0; n < 3; n++) {
        sum += pow(0.98, n + 1.0);
        assert_near(run.of.forecast[n * run.of.n + 15 * 40 + 20], 13.0 + sum, 0.01);
    }
    forecast_run_free(&run.of);
}

static void rain_follows_from_frames_by_their_relation(void **state)
{
    (void)state;
    struct run run = run_of(forecast_run_of(60, 160, 3, 0, 0.0f));
    float *const rain = cells(run.of.n);
    for (int64_t i = 0; i < run.of.n; i++) {
        const float x = i % 160 > 75 && i % 160 < 85 ? 0.0f : 1.0f + 4.0f * noise((uint32_t)i);
        for (int32_t k = 0; k < 3; k++) run.of.frames[k * run.of.n + i] = x;
        rain[i] = x == 0.0f ? 0.0f : i % 160 < 80 ? 3.0f * x + 0.5f : 6.0f * x - 1.0f;
    }
    const nwc_field given = field_2d(rain, 60, 160, "mm h-1", &run.of.grid);
    run.options.rain = &given;
    assert_ok(run_call(NULL, &run));
    for (int64_t i = 0; i < run.of.n; i++)
        if (i % 160 < 60 || i % 160 > 100 || (i % 160 > 76 && i % 160 < 84))
            assert_near(run.of.forecast[2 * run.of.n + i], rain[i], 0.02);
    /* rain all of one value has a relation too: nothing tells a from b */
    for (int64_t i = 0; i < run.of.n; i++) {
        for (int32_t k = 0; k < 3; k++) run.of.frames[k * run.of.n + i] = i % 160 < 20 ? 2.0f : 0.0f;
        rain[i] = i % 160 < 20 ? 8.0f : 0.0f;
    }
    assert_ok(run_call(NULL, &run));
    for (int64_t i = 0; i < run.of.n; i++) assert_near(run.of.forecast[i], rain[i], 1e-3);
    free(rain);
    forecast_run_free(&run.of);
}

static void rain_that_only_moves_is_forecast_as_it_moves(void **state)
{
    (void)state;
    for (int32_t n_frames = 3; n_frames <= 4; n_frames++) {
        struct run run = run_of(moving_showers(120, 160, n_frames, 0));
        assert_ok(run_call(NULL, &run));
        for (int32_t k = 0; k < 3; k++) assert_true(share_right(&run.of, k) > 0.95);
        forecast_run_free(&run.of);
    }
}

/* A shower that widens: new rain stays away where it may not form. */
static void new_rain_forms_near_rain_alone(void **state)
{
    (void)state;
    for (int32_t rim = -1; rim <= 4; rim += rim < 0 ? 1 : 4) {
        struct run run = run_of(forecast_run_of(80, 90, 4, 0, 0.0f));
        for (int64_t i = 0; i < 4 * run.of.n; i++) {
            const double y = (double)(i % run.of.n / 90) - 40.0, x = (double)(i % 90) - 45.0;
            const double size = 6.0 + 3.0 * (double)(i / run.of.n), value = 10.0 * exp(-0.5 * (y * y + x * x) / size);
            run.of.frames[i] = value < 0.1 ? 0.0f : (float)value;
        }
        run.options.rim = rim;
        assert_ok(run_call(NULL, &run));
        const float *const newest = run.of.frames + 3 * run.of.n;
        int64_t far_away = 0;
        for (int64_t i = 0; i < run.of.n; i++) {
            int distance = 100;
            for (int64_t k = 0; k < run.of.n; k++)
                if (newest[k] >= 0.1f && abs((int)(k / 90 - i / 90)) + abs((int)(k % 90 - i % 90)) < distance)
                    distance = abs((int)(k / 90 - i / 90)) + abs((int)(k % 90 - i % 90));
            far_away += run.of.forecast[2 * run.of.n + i] > 0.02f && distance > (rim > 0 ? rim : 0);
        }
        assert_true(rim < 0 ? far_away > 50 : far_away == 0);
        assert_true(run.of.forecast[2 * run.of.n + 40 * 90 + 45 + 7] > 1.1f * newest[40 * 90 + 45 + 7]); /* grew */
        forecast_run_free(&run.of);
    }
}

/* ---- hard input ---- */

static void hard_input_has_an_answer(void **state)
{
    (void)state;
    struct run run = run_of((struct forecast_run){.n = 0});
    check_small_rain(run_call, &run.of, 4, 1e-4, 0.5);
    check_unknown_rain(run_call, &run.of, 4, 0);
    check_unknown_rain(run_call, &run.of, 3, 0);
    run.options.rim = 0;
    check_rain_in_one_frame(run_call, &run.of, 4, 200.0);
}

static void threads_levels_allocations_and_leads_change_no_bit(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(70, 110, 4, 0));
    add_speckle(&run.of);
    float *const rain = cells(run.of.n);
    for (int64_t i = 0; i < run.of.n; i++) rain[i] = 2.0f * run.of.frames[3 * run.of.n + i];
    const nwc_field given = field_2d(rain, run.of.ny, run.of.nx, "mm h-1", &run.of.grid);
    run.options.rain = &given, run.options.rim = 3;
    assert_true(check_every_allocation_failure(run_call, &run) > 20);
    check_threads_and_leads(run_call, &run.of, 1);
    free(rain);
    forecast_run_free(&run.of);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(20, 30, 3, 0));
    const nwc_anvil_options right = run.options;
    float *const rain = cells(20 * 30);
    const nwc_field given = field_2d(rain, 20, 30, "mm h-1", &run.of.grid), other = field_2d(rain, 30, 20, NULL, NULL);
    run.options.order = 3;
    assert_fails(NWC_ERR_ARG, "order: 1 or 2 expected, 3 given", run_call(NULL, &run));
    run.options = right, run.options.window_m = 0.0;
    assert_fails(NWC_ERR_ARG, "window_m: above 0 expected, 0 given", run_call(NULL, &run));
    run.options = right, run.options.rain_window_m = NAN;
    assert_fails(NWC_ERR_ARG, "rain_window_m: above 0 expected, nan given", run_call(NULL, &run));
    run.options = right, run.options.rim = -2;
    assert_fails(NWC_ERR_ARG, "rim: -1 to 1048576 expected, -2 given", run_call(NULL, &run));
    run.options = right, run.options.threshold = -1.0;
    assert_fails(NWC_ERR_ARG, "threshold: above 0 expected, -1 given", run_call(NULL, &run));
    run.options = right, run.options.rain = &other;
    assert_fails(NWC_ERR_ARG, "rain: ", run_call(NULL, &run));
    run.options.rain = &given, rain[32] = -1.0f;
    assert_fails(NWC_ERR_ARG, "rain: values of 0 or more expected, -1 at cell (1, 2) given", run_call(NULL, &run));
    run.options = right, run.of.frames[7] = -2.0f;
    assert_fails(NWC_ERR_ARG, "frames: values of 0 or more expected, -2 at cell (0, 7) given", run_call(NULL, &run));
    run.of.frames[7] = 0.0f, run.of.n_frames = 2;
    assert_fails(NWC_ERR_NODATA, "frames: 3 expected", run_call(NULL, &run));
    nwc_anvil_options_init(NULL);
    free(rain);
    forecast_run_free(&run.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_gaussian_means_of_the_surroundings),
        cmocka_unit_test(changes_go_on_by_yule_and_walker_in_every_place),
        cmocka_unit_test(changes_of_uneven_steps_are_taken_per_step),
        cmocka_unit_test(rain_follows_from_frames_by_their_relation),
        cmocka_unit_test(rain_that_only_moves_is_forecast_as_it_moves),
        cmocka_unit_test(new_rain_forms_near_rain_alone),
        cmocka_unit_test(hard_input_has_an_answer),
        cmocka_unit_test(threads_levels_allocations_and_leads_change_no_bit),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
