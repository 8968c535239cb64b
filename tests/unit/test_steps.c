/* forecast: STEPS, against distances counted, noise whose variance is known, and showers that only move. */
#include "support/made_rain.h"

#include "forecast/near.h"
#include "forecast/wavelengths.h"

static void nearness_falls_with_the_distance_to_the_nearest_wet_cell(void **state)
{
    (void)state;
    enum { NY = 37, NX = 90, RIM = 6 };
    nwc_ctx *const ctx = context_with_threads(3);
    float *const field = cells(NY * NX), *const near = cells(NY * NX);
    for (int i = 0; i < NY * NX; i++) field[i] = noise((uint32_t)(5 * i)) > 0.996f ? 7.0f : i % 11 == 0 ? NAN : 4.9f;
    assert_ok(nwc__nearness(ctx, field, NY, NX, 5.0f, RIM, near));
    for (int j = 0; j < NY; j++) {
        for (int i = 0; i < NX; i++) {
            int distance = RIM + 1;
            for (int k = 0; k < NY * NX; k++)
                if (field[k] >= 5.0f && abs(k / NX - j) + abs(k % NX - i) < distance)
                    distance = abs(k / NX - j) + abs(k % NX - i);
            assert_near(near[j * NX + i], 1.0 - distance / (RIM + 1.0), 1e-6);
        }
    }
    free(field), free(near);
    nwc_ctx_destroy(ctx);
}

/* A spectrum that is no real field's would not come back from one. */
static void noise_is_the_spectrum_of_a_white_field(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(2);
    struct nwc__wavelengths waves;
    assert_ok(nwc__wavelengths_create(ctx, 48, 60, &waves));
    const int64_t n = waves.padded_ny * waves.padded_nx;
    float *const drawn = aligned(waves.size), *const copy = aligned(waves.size), *const back = aligned(waves.size);
    float *const field = aligned(n);
    assert_ok(nwc__wavelengths_noise(ctx, &waves, 7, 3, drawn));
    memcpy(copy, drawn, (size_t)waves.size * sizeof *copy);
    nwc__wavelengths_inverse(&waves, copy, field);
    nwc__wavelengths_forward(&waves, field, back);
    double square = 0.0, mean_square = 0.0, beside = 0.0;
    for (int64_t i = 0; i < waves.size; i++) assert_near(back[i] / (float)n, drawn[i], 1e-4);
    for (int64_t i = 0; i < waves.size; i++) square += (double)drawn[i] * (double)drawn[i] / (double)(waves.size / 2);
    for (int64_t i = 1; i < n; i++) {
        mean_square += (double)field[i] * (double)field[i] / (double)(n - 1);
        beside += (double)field[i] * (double)field[i - 1] / (double)(n - 1);
    }
    assert_near(square, 1.0, 0.1);
    assert_near(mean_square, (double)n, 0.1 * (double)n); /* every wave of mean square 1, by Parseval */
    assert_near(beside, 0.0, 0.1 * (double)n);
    free(drawn), free(copy), free(back), free(field);
    nwc__wavelengths_destroy(ctx, &waves);
    nwc_ctx_destroy(ctx);
}

/* ---- forecasts ---- */

enum { MOST_FRAMES = 3, LEADS = 3 };

struct run {
    nwc_grid grid;
    int64_t ny, nx, n;
    int32_t n_frames, n_leads, n_members;
    int64_t times_ns[MOST_FRAMES];
    double leads_s[LEADS];
    float *frames, *u, *v, *forecasts;
    nwc_steps_options options;
};

static struct run run_of(int64_t ny, int64_t nx, int32_t n_members, float u)
{
    struct run run = {.grid = rain_grid(ny, nx), .ny = ny, .nx = nx, .n = ny * nx, .n_frames = MOST_FRAMES};
    run.n_leads = LEADS, run.n_members = n_members;
    for (int32_t k = 0; k < MOST_FRAMES; k++) run.times_ns[k] = INT64_C(300000000000) * k;
    for (int32_t k = 0; k < LEADS; k++) run.leads_s[k] = 400.0 * (k + 1);
    run.frames = cells(MOST_FRAMES * run.n), run.u = cells(run.n), run.v = cells(run.n);
    run.forecasts = cells(n_members * LEADS * run.n);
    for (int64_t i = 0; i < run.n; i++) run.u[i] = u;
    nwc_steps_options_init(&run.options);
    return run;
}

static void run_free(struct run *run)
{
    free(run->frames), free(run->u), free(run->v), free(run->forecasts);
}

static const float *member_of(const struct run *run, int32_t member, int32_t lead)
{
    return run->forecasts + ((int64_t)member * run->n_leads + lead) * run->n;
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    nwc_field frames[MOST_FRAMES];
    for (int32_t k = 0; k < run->n_frames; k++)
        frames[k] = field_2d(run->frames + k * run->n, run->ny, run->nx, "mm h-1", &run->grid);
    const nwc_field u = field_2d(run->u, run->ny, run->nx, "m s-1", &run->grid);
    const nwc_field v = field_2d(run->v, run->ny, run->nx, "m s-1", &run->grid);
    nwc_field forecasts = {.data = run->forecasts,
                           .ndim = 4,
                           .dim = {run->n_members, run->n_leads, run->ny, run->nx},
                           .stride = {run->n_leads * run->n, run->n, run->nx, 1},
                           .missing = NAN,
                           .units = "mm h-1",
                           .grid = &run->grid};
    return nwc_forecast_steps(ctx, frames, run->times_ns, run->n_frames, &u, &v, run->leads_s, run->n_leads,
                              &run->options, NULL, &forecasts);
}

/* Showers that move, with speckle that is new in every frame. */
static struct run changing(int64_t ny, int64_t nx, int32_t n_members)
{
    struct run run = run_of(ny, nx, n_members, 10.0f);
    for (int32_t k = 0; k < MOST_FRAMES; k++)
        for (int64_t i = 0; i < run.n; i++)
            run.frames[k * run.n + i] = showers((double)(i / nx), (double)(i % nx) + 60.0 - 3.0 * k) *
                                        (0.3f + 1.4f * noise((uint32_t)(k * run.n + i)));
    return run;
}

static void members_differ_and_have_the_values_of_the_newest_frame(void **state)
{
    (void)state;
    struct run run = changing(100, 140, 4);
    for (int64_t i = 0; i < run.n; i++) run.u[i] = 0.0f; /* so that all stays inside */
    run.options.vary_motion = 0;
    assert_ok(run_call(NULL, &run));
    float *const newest = run.frames + 2 * run.n;
    for (int64_t i = 0; i < run.n; i++) newest[i] = newest[i] < 0.1f ? 0.0f : newest[i];
    qsort(newest, (size_t)run.n, sizeof *newest, ascending);
    int64_t wet = 0;
    for (int64_t i = 0; i < run.n; i++) wet += newest[i] > 0.0f;
    for (int32_t m = 0; m < 4; m++) {
        float *const found = run.forecasts + ((int64_t)m * LEADS + 2) * run.n;
        double apart = 0.0;
        for (int64_t i = 0; i < run.n; i++)
            apart += fabs((double)found[i] - (double)member_of(&run, (m + 1) % 4, 2)[i]);
        assert_true(apart > 0.05 * (double)run.n || m == 3); /* of m = 3 the other has been sorted */
        qsort(found, (size_t)run.n, sizeof *found, ascending);
        int64_t wet_found = 0;
        for (int64_t i = 0; i < run.n; i++) wet_found += found[i] > 0.0f;
        assert_near((double)wet_found, (double)wet, 0.02 * (double)wet);
        for (int64_t i = run.n - wet + wet / 10; i < run.n - 10; i += 50)
            assert_near(found[i], newest[i], 0.03 * (double)newest[i]);
    }
    run_free(&run);
}

/* How much decibels differ between cells some distance apart, on average. */
static double roughness(const float *rain, int64_t ny, int64_t nx, int64_t apart)
{
    double sum = 0.0, n = 0.0;
    for (int64_t i = 0; i < ny * nx - apart; i++) {
        if (i % nx + apart >= nx || isnan(rain[i]) || isnan(rain[i + apart])) continue;
        const double a = rain[i] < 0.1f ? 0.0 : 10.0 * log10((double)rain[i]) + 15.0;
        const double b = rain[i + apart] < 0.1f ? 0.0 : 10.0 * log10((double)rain[i + apart]) + 15.0;
        sum += (a - b) * (a - b), n += 1.0;
    }
    return sum / n;
}

/* Rain in a quarter of the grid, that changes at small scales: members have it as rough as it is, at all distances. */
static void members_are_as_rough_as_the_newest_frame(void **state)
{
    (void)state;
    struct run run = changing(150, 300, 3);
    run.options.vary_motion = 0;
    for (int64_t i = 0; i < run.n; i++) run.u[i] = 0.0f;
    for (int64_t i = 0; i < MOST_FRAMES * run.n; i++) {
        const int64_t y = i % run.n / run.nx, x = i % run.nx;
        run.frames[i] =
            y < 100 && x < 110 ? showers((double)y, (double)x + 60.0) * (0.3f + 1.4f * noise((uint32_t)i)) : 0.0f;
    }
    run.leads_s[0] = 600.0, run.leads_s[1] = 1800.0, run.leads_s[2] = 3600.0;
    assert_ok(run_call(NULL, &run));
    for (int64_t apart = 1; apart <= 64; apart *= 4)
        for (int32_t k = 0; k < 3; k++) {
            double found = 0.0;
            for (int32_t m = 0; m < 3; m++) found += roughness(member_of(&run, m, k), run.ny, run.nx, apart) / 3.0;
            const double wanted = roughness(run.frames + 2 * run.n, run.ny, run.nx, apart);
            assert_near(10.0 * log10(found / wanted), 0.0, 2.0);
        }
    run_free(&run);
}

/* A shower that only moves: what members differ in is where it is. Distances by summing the published deviations. */
static void members_stray_as_far_as_motion_is_known_to_err(void **state)
{
    (void)state;
    enum { MEMBERS = 150 };
    struct run run = run_of(80, 120, MEMBERS, 5.0f);
    run.n_leads = 1, run.leads_s[0] = 1800.0;
    for (int32_t k = 0; k < MOST_FRAMES; k++)
        for (int64_t i = 0; i < run.n; i++) {
            const double y = (double)(i / run.nx) - 40.0, x = (double)(i % run.nx) - 50.0 - 1.5 * k;
            const double rain = 30.0 * exp(-0.5 * (y * y + x * x) / 25.0);
            run.frames[k * run.n + i] = rain > 0.2 ? (float)rain : 0.0f;
        }
    assert_ok(run_call(NULL, &run));
    double along_km = 0.0, across_km = 0.0;
    for (double t = 0.005; t < 30.0; t += 0.01) {
        along_km += 0.01 / 60.0 * fmax(10.88 * pow(t, 0.23) - 7.68, 0.0);
        across_km += 0.01 / 60.0 * fmax(5.76 * pow(t, 0.31) - 2.72, 0.0);
    }
    double mean[2] = {0.0}, square[2] = {0.0};
    for (int32_t m = 0; m < MEMBERS; m++) {
        double sum = 0.0, x = 0.0, y = 0.0;
        for (int64_t i = 0; i < run.n; i++) {
            const double rain = isnan(member_of(&run, m, 0)[i]) ? 0.0 : (double)member_of(&run, m, 0)[i];
            sum += rain, x += rain * (double)(i % run.nx), y += rain * (double)(i / run.nx);
        }
        assert_true(sum > 0.0);
        const double place[2] = {x / sum - 53.0 - 9.0, y / sum - 40.0};
        for (int k = 0; k < 2; k++) mean[k] += place[k] / MEMBERS, square[k] += place[k] * place[k] / MEMBERS;
    }
    /* of 150 draws from a Laplace distribution a deviation is known to 9 %, a mean to 8 % of it */
    assert_near(mean[0], 0.0, 0.35 * along_km);
    assert_near(mean[1], 0.0, 0.35 * across_km);
    assert_near(sqrt(square[0]), along_km, 0.35 * along_km);
    assert_near(sqrt(square[1]), across_km, 0.35 * across_km);
    run_free(&run);
}

static void new_rain_forms_near_rain_alone(void **state)
{
    (void)state;
    struct run run = run_of(60, 200, 3, 0.0f);
    run.options.vary_motion = 0;
    run.leads_s[0] = 300.0;
    for (int32_t k = 0; k < MOST_FRAMES; k++)
        for (int64_t i = 0; i < run.n; i++)
            run.frames[k * run.n + i] = i % run.nx < 60 ? 5.0f * noise((uint32_t)(k * run.n + i)) : 0.0f;
    assert_ok(run_call(NULL, &run));
    for (int32_t m = 0; m < 3; m++)
        for (int64_t i = 0; i < run.n; i++)
            if (i % run.nx >= 60 + 10) assert_true(member_of(&run, m, 0)[i] == 0.0f);
    run_free(&run);
}

static void hard_input_has_an_answer(void **state)
{
    (void)state;
    for (int wet = -1; wet < 3; wet++) { /* no rain, or only in one of the frames */
        struct run run = changing(40, 60, 1);
        for (int32_t k = 0; k < MOST_FRAMES; k++)
            if (k != wet) memset(run.frames + k * run.n, 0, (size_t)run.n * sizeof(float));
        assert_ok(run_call(NULL, &run));
        double sum = 0.0;
        for (int64_t i = 0; i < LEADS * run.n; i++) {
            assert_false(isinf(run.forecasts[i]));
            sum += isnan(run.forecasts[i]) ? 0.0 : (double)run.forecasts[i];
        }
        assert_true(wet < 2 ? sum == 0.0 : sum > 10.0);
        run_free(&run);
    }
    const int64_t sizes[][2] = {{1, 1}, {1, 90}, {70, 1}, {3, 2}};
    for (int s = 0; s < 4; s++) {
        struct run run = run_of(sizes[s][0], sizes[s][1], 2, 0.0f);
        for (int64_t i = 0; i < MOST_FRAMES * run.n; i++) run.frames[i] = 0.5f + 5.0f * noise((uint32_t)i);
        run.n_frames = 2 + s % 2;
        assert_ok(run_call(NULL, &run));
        for (int64_t i = 0; i < 2 * LEADS * run.n; i++) assert_true(run.forecasts[i] > 0.4f && run.forecasts[i] < 5.7f);
        run_free(&run);
    }
    struct run edges = changing(60, 90, 1), unknown = run_of(20, 30, 1, 3.0f);
    edges.options.vary_motion = 0;
    for (int64_t i = 0; i < MOST_FRAMES * edges.n; i++)
        if (i % edges.n < 20 * edges.nx) edges.frames[i] = NAN;
    assert_ok(run_call(NULL, &edges));
    for (int64_t i = 0; i < edges.n; i++)
        if (i % edges.nx > 10) assert_true(isnan(edges.forecasts[i]) == (i < 20 * edges.nx));
    for (int64_t i = 0; i < MOST_FRAMES * unknown.n; i++) unknown.frames[i] = NAN;
    assert_ok(run_call(NULL, &unknown));
    for (int64_t i = 0; i < LEADS * unknown.n; i++) assert_true(isnan(unknown.forecasts[i]));
    run_free(&edges), run_free(&unknown);
}

static void threads_chunks_leads_and_allocations_change_no_bit(void **state)
{
    (void)state;
    struct run run = changing(50, 70, 3);
    const int64_t all = 3 * LEADS * run.n;
    float *const one = cells(all);
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(run_call(ctx, &run));
    nwc_ctx_destroy(ctx);
    memcpy(one, run.forecasts, (size_t)all * sizeof *one);
    for (int32_t threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
        memset(run.forecasts, 0, (size_t)all * sizeof *one);
        ctx = context_with_threads(threads);
        assert_ok(run_call(ctx, &run));
        nwc_ctx_destroy(ctx);
        assert_true(same_bits(one, run.forecasts, all));
    }
    run.n_members = 1;
    for (int32_t m = 0; m < 3; m++) { /* one member at a time */
        run.options.first_member = m;
        assert_ok(run_call(NULL, &run));
        assert_true(same_bits(run.forecasts, one + m * LEADS * run.n, LEADS * run.n));
    }
    assert_true(check_every_allocation_failure(run_call, &run) > 15);
    run.n_leads = 1; /* each lead time alone */
    for (int32_t n = 0; n < LEADS; n++) {
        run.leads_s[0] = 400.0 * (n + 1);
        assert_ok(run_call(NULL, &run));
        assert_true(same_bits(run.forecasts, one + (2 * LEADS + n) * run.n, run.n));
    }
    run.options.seed = 1;
    assert_ok(run_call(NULL, &run));
    assert_false(same_bits(run.forecasts, one + (2 * LEADS + 2) * run.n, run.n));
    free(one);
    run_free(&run);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = changing(20, 30, 1);
    run.options.levels = 17;
    assert_fails(NWC_ERR_ARG, "levels: 3 to 16 expected, 17 given", run_call(NULL, &run));
    run.options.levels = 6, run.options.first_member = -1;
    assert_fails(NWC_ERR_ARG, "first_member: 0 to", run_call(NULL, &run));
    run.options.first_member = 0, run.options.vary_motion = 2;
    assert_fails(NWC_ERR_ARG, "vary_motion: 0 or 1 expected, 2 given", run_call(NULL, &run));
    run.options.vary_motion = 1, run.n_frames = 1;
    assert_fails(NWC_ERR_NODATA, "frames: 2 expected", run_call(NULL, &run));
    nwc_steps_options_init(NULL);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearness_falls_with_the_distance_to_the_nearest_wet_cell),
        cmocka_unit_test(noise_is_the_spectrum_of_a_white_field),
        cmocka_unit_test(members_differ_and_have_the_values_of_the_newest_frame),
        cmocka_unit_test(members_are_as_rough_as_the_newest_frame),
        cmocka_unit_test(members_stray_as_far_as_motion_is_known_to_err),
        cmocka_unit_test(new_rain_forms_near_rain_alone),
        cmocka_unit_test(hard_input_has_an_answer),
        cmocka_unit_test(threads_chunks_leads_and_allocations_change_no_bit),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
