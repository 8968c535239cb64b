/* forecast: LINDA, against blobs and blurs that are known, sums over cells, and rain that only moves. */
#include "support/forecast_run.h"

#include "forecast/blobs.h"
#include "forecast/blur.h"
#include "forecast/patches.h"

/* ---- its parts ---- */

static void blobs_are_found_where_they_are_strongest_first(void **state)
{
    (void)state;
    enum { NY = 90, NX = 120, MOST = 3 };
    const double at[4][3] = {{20, 30, 8.0}, {60, 90, 20.0}, {65, 25, 3.0}, {20, 100, 1.5}}; /* y, x, height */
    nwc_ctx *const ctx = context_with_threads(3);
    float *const field = cells(NY * NX);
    for (int64_t i = 0; i < NY * NX; i++) {
        field[i] = i % NX == 0 ? NAN : 0.0f;
        for (int k = 0; k < 4; k++) {
            const double y = (double)(i / NX) - at[k][0], x = (double)(i % NX) - at[k][1];
            field[i] += (float)(at[k][2] * exp(-0.5 * (y * y + x * x) / 16.0));
        }
    }
    struct nwc__blob found[MOST];
    int32_t n = -1;
    assert_ok(nwc__blobs_find(ctx, field, NY, NX, MOST, found, &n));
    assert_int_equal(n, MOST);
    const int order[MOST] = {1, 0, 2};
    for (int k = 0; k < MOST; k++) {
        assert_near(found[k].y, at[order[k]][0], 0.1);
        assert_near(found[k].x, at[order[k]][1], 0.1);
        /* a Gaussian of variance 16 smoothed by one of s^2 = 16 to 25: h 16 / (16 + s^2) is high and s^2 2 / (16 + s^2) times that bent */
        double strongest = 0.0;
        for (double s = 3.0; s < 5.5; s += 1.0)
            strongest = fmax(strongest, at[order[k]][2] * 16.0 * 2.0 * s * s / ((16.0 + s * s) * (16.0 + s * s)));
        assert_near(found[k].strength, strongest, 0.04 * strongest);
    }
    for (int64_t i = 0; i < NY * NX; i++) field[i] = i == 40 * NX + 40 ? 1.0f : 0.0f; /* weaker than any rain cell */
    assert_ok(nwc__blobs_find(ctx, field, NY, NX, MOST, found, &n));
    assert_int_equal(n, 0);
    free(field);
    nwc_ctx_destroy(ctx);
}

/* White noise has the same power in every wave; what it becomes is it, smeared by a known Gaussian, times something else's noise. */
static void a_blur_is_found_from_power_and_covariance(void **state)
{
    (void)state;
    enum { SIDE = 64 };
    const struct nwc__blur known[] = {{4.0, 0.0, 4.0}, {9.0, 2.0, 2.0}, {1.0, -0.8, 3.0}, {0.01, 0.0, 0.01}};
    const int64_t n = SIDE * (SIDE / 2 + 1);
    float *const own = cells(n), *const both = cells(n), *const weights = cells(n);
    for (int k = 0; k < 4; k++) {
        nwc__blur_weights(&known[k], SIDE, weights);
        for (int64_t i = 0; i < n; i++) {
            own[i] = 1.0f + noise((uint32_t)i);
            both[i] = weights[i] * own[i];
        }
        assert_near(weights[0], 1.0, 1e-7);
        const struct nwc__blur found = nwc__blur_fit(own, both, SIDE);
        assert_near(found.yy, known[k].yy, 0.02 * known[k].yy + 0.03);
        assert_near(found.xy, known[k].xy, 0.02 * known[k].yy + 0.03);
        assert_near(found.xx, known[k].xx, 0.02 * known[k].xx + 0.03);
    }
    memset(own, 0, (size_t)n * sizeof *own);
    memset(both, 0, (size_t)n * sizeof *both);
    assert_near(nwc__blur_fit(own, both, SIDE).xx, 0.01, 1e-9); /* the least of all */
    /* nothing left of any wave but the mean: the widest */
    for (int64_t i = 0; i < n; i++) own[i] = 1.0f;
    assert_true(nwc__blur_fit(own, both, SIDE).xx > 50.0);
    free(own), free(both), free(weights);
}

static void blurred_cells_are_weighted_by_a_gaussian(void **state)
{
    (void)state;
    enum { SIDE = 64 };
    const struct nwc__blur blur = {6.0, 2.0, 3.0};
    struct nwc__patches p;
    nwc_ctx *const ctx = context_with_threads(1);
    assert_ok(nwc__patches_create(ctx, 40, 40, 16, 16, false, &p));
    assert_int_equal(p.side, SIDE);
    float *const field = aligned(SIDE * SIDE), *const spectrum = aligned(2 * p.n_waves),
                 *const weights = cells(p.n_waves);
    float *const work = aligned(nwc__fft_work_size(p.fft) + 1);
    memset(field, 0, SIDE * SIDE * sizeof *field);
    field[32 * SIDE + 32] = 1.0f;
    nwc__fft_forward(p.fft, field, spectrum, work);
    nwc__blur_weights(&blur, SIDE, weights);
    for (int64_t i = 0; i < 2 * p.n_waves; i++) spectrum[i] *= weights[i / 2];
    nwc__fft_inverse(p.fft, spectrum, field, work);
    const double determinant = blur.yy * blur.xx - blur.xy * blur.xy;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++) {
            const double y = j - 32, x = i - 32;
            const double form = (blur.xx * y * y - 2.0 * blur.xy * y * x + blur.yy * x * x) / determinant;
            assert_near(field[j * SIDE + i] / (SIDE * SIDE), exp(-0.5 * form) / (2.0 * 3.14159265 * sqrt(determinant)),
                        1e-5);
        }
    free(field), free(spectrum), free(weights), free(work);
    nwc__patches_destroy(ctx, &p);
    nwc_ctx_destroy(ctx);
}

struct patches_job {
    nwc_ctx *ctx;
    const struct nwc__patches *patches;
    const float *field;
    float *to, *room; /* room for each row of patches */
};

static nwc_status copy_row(int64_t p, void *user)
{
    const struct patches_job *const job = user;
    const struct nwc__patches *const patches = job->patches;
    const int64_t n = patches->side * patches->side;
    float *const own = job->room + p * n;
    for (int64_t q = 0; q < patches->n_x; q++) {
        if (!nwc__patches_take(job->ctx, patches, job->field, p, q, own)) continue;
        for (int64_t i = 0; i < n; i++) own[i] *= (float)n; /* as a transform and its inverse do */
        nwc__patches_give(job->ctx, patches, own, p, q, job->to);
    }
    return NWC_OK;
}

static void patches_add_up_to_the_field(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{1, 1}, {1, 70}, {50, 33}, {61, 64}};
    nwc_ctx *const ctx = context_with_threads(3);
    for (int s = 0; s < 8; s++) {
        const int64_t ny = sizes[s / 2][0], nx = sizes[s / 2][1];
        struct nwc__patches p;
        assert_ok(nwc__patches_create(ctx, ny, nx, 16, s % 2 ? 0 : 16, s % 2, &p));
        float *const field = cells(ny * nx), *const to = cells(ny * nx), *const room = cells(p.n_y * p.side * p.side);
        for (int64_t i = 0; i < ny * nx; i++) field[i] = i % 7 == 3 ? NAN : 1.0f + noise((uint32_t)i);
        struct patches_job job = {ctx, &p, field, to, room};
        assert_ok(nwc__patches_each_row(ctx, &p, NULL, copy_row, &job));
        for (int64_t i = 0; i < ny * nx; i++) assert_near(to[i], isnan(field[i]) ? 0.0 : (double)field[i], 1e-5);
        double unknown = 0.0; /* weight of what is not known: all windows less those of known cells */
        for (int64_t k = 0; k < p.n_y * p.n_x; k++) {
            nwc__patches_take_unknown(&p, field, k / p.n_x, k % p.n_x, room);
            for (int64_t i = 0; i < p.side * p.side; i++) unknown += (double)room[i];
        }
        int64_t n_known = 0;
        for (int64_t i = 0; i < ny * nx; i++) n_known += !isnan(field[i]);
        if (s % 2 == 0) /* sums of sin^2 over a window are its half */
            assert_near(unknown, (double)(p.n_y * p.n_x) * 256.0 - (double)n_known, 0.01);
        free(field), free(to), free(room);
        nwc__patches_destroy(ctx, &p);
    }
    nwc_ctx_destroy(ctx);
}

/* ---- forecasts ---- */

struct run {
    struct forecast_run of;
    nwc_linda_options options;
};

static struct run run_of(struct forecast_run of)
{
    struct run run = {.of = of};
    nwc_linda_options_init(&run.options);
    return run;
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    struct forecast_fields f = forecast_fields_of(&run->of);
    return nwc_forecast_linda(ctx, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v, run->of.leads_s,
                              run->of.n_leads, &run->options, NULL, &f.forecast);
}

/* Speckle that is smeared by a Gaussian of variance 2 from frame to frame: it goes on being smeared by that. */
static void rain_that_is_smeared_goes_on_being_smeared(void **state)
{
    (void)state;
    enum { NY = 100, NX = 140, N = NY * NX };
    struct run run = run_of(forecast_run_of(NY, NX, 3, 0, 0.0f));
    float *const truth = cells(2 * N);
    for (int k = 0; k < 5; k++) {
        float *const to = k < 3 ? run.of.frames + k * N : truth + (k - 3) * N;
        const double variance = 1.0 + 2.0 * k;
        const int reach = (int)ceil(4.0 * sqrt(variance));
        float *const along = cells(N);
        double sum = 0.0;
        for (int d = -reach; d <= reach; d++) sum += exp(-0.5 * d * d / variance);
        for (int64_t i = 0; i < N; i++)
            for (int d = -reach; d <= reach; d++) {
                const float value = 10.0f * noise((uint32_t)((i / NX) * NX + (i % NX + d + NX) % NX));
                along[i] += (float)(exp(-0.5 * d * d / variance) / sum) * value;
            }
        for (int64_t i = 0; i < N; i++)
            for (int d = -reach; d <= reach; d++)
                to[i] += (float)(exp(-0.5 * d * d / variance) / sum) * along[(i / NX + d + NY) % NY * NX + i % NX];
        free(along);
    }
    run.of.leads_s[0] = 300.0, run.of.leads_s[1] = 600.0, run.of.n_leads = 2;
    assert_ok(run_call(NULL, &run));
    double wrong = 0.0, kept = 0.0; /* beside taking the newest frame for it */
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < N; i++) {
            if (i % NX < 20 || i % NX >= NX - 20 || i / NX < 20 || i / NX >= NY - 20) continue;
            const double found = (double)run.of.forecast[k * N + i] - (double)truth[k * N + i];
            const double without = (double)run.of.frames[2 * N + i] - (double)truth[k * N + i];
            wrong += found * found, kept += without * without;
        }
    assert_true(wrong < 0.1 * kept);
    free(truth);
    forecast_run_free(&run.of);
}

static void rain_that_only_moves_is_forecast_as_it_moves(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(120, 160, 3, 0));
    assert_ok(run_call(NULL, &run));
    for (int32_t k = 0; k < 3; k++) assert_true(share_right(&run.of, k) > 0.95);
    forecast_run_free(&run.of);
}

/* A field of one value stays it, up to the grid's edges and those of what is not known. */
static void nothing_is_lost_at_edges(void **state)
{
    (void)state;
    struct run run = run_of(forecast_run_of(70, 110, 3, 0, 0.0f));
    for (int64_t i = 0; i < 3 * run.of.n; i++) {
        const int64_t y = i % run.of.n / 110, x = i % 110;
        run.of.frames[i] = y > 20 && y < 40 && x > 50 && x < 80 ? NAN : 4.0f;
    }
    assert_ok(run_call(NULL, &run));
    for (int64_t i = 0; i < RUN_LEADS * run.of.n; i++)
        if (!isnan(run.of.frames[i % run.of.n])) assert_near(run.of.forecast[i], 4.0, 0.02);
    forecast_run_free(&run.of);
}

/* ---- ensembles ---- */

static nwc_status run_ensemble(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    struct forecast_fields f = forecast_fields_of(&run->of);
    return nwc_forecast_linda_ensemble(ctx, f.frames, run->of.times_ns, run->of.n_frames, &f.u, &f.v, run->of.leads_s,
                                       run->of.n_leads, &run->options, NULL, &f.forecast);
}

/*
 * Rain that is the same in all frames but for factors drawn anew in each, of cells of 8 x 8: members have factors of that size, of mean
 * 1, and alike in neighbours.
 */
static void members_err_as_the_last_forecast_did(void **state)
{
    (void)state;
    enum { NY = 160, NX = 200, MEMBERS = 12 };
    struct run run = run_of(forecast_run_of(NY, NX, 3, MEMBERS, 0.0f));
    run.options.vary_motion = 0, run.options.window_m = 100e3;
    run.of.n_leads = 1, run.of.leads_s[0] = 300.0;
    for (int64_t i = 0; i < 3 * run.of.n; i++) {
        const int64_t block = i % run.of.n / NX / 8 * 25 + i % NX / 8;
        run.of.frames[i] = (float)(6.0 * exp(0.6 * ((double)noise((uint32_t)(i / run.of.n * 999 + block)) - 0.5)));
    }
    struct run plain = run_of(forecast_run_of(NY, NX, 3, 0, 0.0f));
    memcpy(plain.of.frames, run.of.frames, (size_t)(3 * run.of.n) * sizeof(float));
    plain.options = run.options, plain.of.n_leads = 1, plain.of.leads_s[0] = 300.0;
    assert_ok(run_call(NULL, &plain));
    assert_ok(run_ensemble(NULL, &run));
    double mean = 0.0, square = 0.0, beside = 0.0, errors = 0.0, n = 0.0;
    for (int64_t m = 0; m < MEMBERS; m++)
        for (int64_t i = 0; i + 1 < run.of.n; i++) {
            if (i / NX < 20 || i / NX >= NY - 20 || i % NX < 20 || i % NX >= NX - 20) continue;
            const double f = (double)run.of.forecast[m * run.of.n + i] / (double)plain.of.forecast[i];
            const double g = (double)run.of.forecast[m * run.of.n + i + 1] / (double)plain.of.forecast[i + 1];
            mean += f, square += log(f) * log(f), beside += log(f) * log(g), n += 1.0;
        }
    for (int64_t i = 0; i < run.of.n; i++) { /* the next frame would err as this one does of the mean of those before */
        const double e = log((double)run.of.frames[2 * run.of.n + i] / 6.0);
        errors += e * e / (double)run.of.n;
    }
    assert_near(mean / n, 1.0, 0.03);
    assert_true(square / n > errors && square / n < 3.0 * errors); /* the forecast errs too */
    assert_true(beside > 0.6 * square);                            /* 7/8 of neighbours are in one block */
    forecast_run_free(&run.of), forecast_run_free(&plain.of);
}

static void threads_chunks_leads_and_allocations_change_no_bit(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(50, 70, 3, 3));
    add_speckle(&run.of);
    const int64_t each = RUN_LEADS * run.of.n, all = 3 * each;
    float *const one = cells(all);
    run.of.leads_s[0] = 400.0;
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(run_ensemble(ctx, &run));
    nwc_ctx_destroy(ctx);
    memcpy(one, run.of.forecast, (size_t)all * sizeof *one);
    for (int32_t threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
        memset(run.of.forecast, 0, (size_t)all * sizeof *one);
        ctx = context_with_threads(threads);
        assert_ok(run_ensemble(ctx, &run));
        nwc_ctx_destroy(ctx);
        assert_true(same_bits(one, run.of.forecast, all));
    }
    run.of.n_members = 1;
    for (int32_t m = 0; m < 3; m++) {
        run.options.first_member = m;
        assert_ok(run_ensemble(NULL, &run));
        assert_true(same_bits(run.of.forecast, one + m * each, each));
    }
    run.of.n_leads = 1, run.of.leads_s[0] = run.of.leads_s[2];
    assert_ok(run_ensemble(NULL, &run));
    assert_true(same_bits(run.of.forecast, one + 2 * each + 2 * run.of.n, run.of.n));
    run.options.seed = 1;
    assert_ok(run_ensemble(NULL, &run));
    assert_false(same_bits(run.of.forecast, one + 2 * each + 2 * run.of.n, run.of.n));
    free(one);
    forecast_run_free(&run.of);
    struct run small = run_of(moving_showers(20, 30, 3, 1));
    assert_true(check_every_allocation_failure(run_ensemble, &small) > 30);
    small.options.first_member = -1;
    assert_fails(NWC_ERR_ARG, "first_member: 0 to", run_ensemble(NULL, &small));
    small.options.first_member = 0, small.options.vary_motion = 2;
    assert_fails(NWC_ERR_ARG, "vary_motion: 0 or 1 expected, 2 given", run_ensemble(NULL, &small));
    forecast_run_free(&small.of);
}

static void members_of_hard_input_are_forecast(void **state)
{
    (void)state;
    struct run dry = run_of(forecast_run_of(40, 60, 3, 2, 5.0f)), one = run_of(forecast_run_of(1, 1, 3, 1, 0.0f));
    assert_ok(run_ensemble(NULL, &dry));
    for (int64_t i = 0; i < 2 * RUN_LEADS * dry.of.n; i++) assert_true(!(dry.of.forecast[i] > 0.0f));
    for (int64_t i = 0; i < 3; i++) one.of.frames[i] = 3.0f;
    assert_ok(run_ensemble(NULL, &one));
    for (int64_t i = 0; i < RUN_LEADS; i++) assert_near(one.of.forecast[i], 3.0, 0.1); /* no error so far */
    struct run edges = run_of((struct forecast_run){.n = 0}), unknown = run_of(forecast_run_of(20, 30, 3, 1, 3.0f));
    edges.options.vary_motion = 0;
    check_unknown_rain(run_ensemble, &edges.of, 3, 2);
    for (int64_t i = 0; i < 3 * unknown.of.n; i++) unknown.of.frames[i] = NAN;
    assert_ok(run_ensemble(NULL, &unknown));
    for (int64_t i = 0; i < RUN_LEADS * unknown.of.n; i++) assert_true(isnan(unknown.of.forecast[i]));
    forecast_run_free(&dry.of), forecast_run_free(&one.of), forecast_run_free(&unknown.of);
}

/* ---- hard input ---- */

static void hard_input_has_an_answer(void **state)
{
    (void)state;
    struct run run = run_of((struct forecast_run){.n = 0});
    check_rain_in_one_frame(run_call, &run.of, 3, 500.0);
    check_small_rain(run_call, &run.of, 3, 1.0, 1.0);
    check_unknown_rain(run_call, &run.of, 3, 0);
}

static void threads_levels_allocations_and_leads_change_no_bit(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(70, 110, 3, 0)), small = run_of(moving_showers(20, 30, 3, 0));
    add_speckle(&run.of);
    run.options.window_m = 20e3;
    run.of.leads_s[0] = 400.0;
    check_threads_and_leads(run_call, &run.of, 2);
    assert_true(check_every_allocation_failure(run_call, &small) > 20);
    forecast_run_free(&run.of), forecast_run_free(&small.of);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = run_of(moving_showers(20, 30, 3, 0));
    const nwc_linda_options right = run.options;
    run.options.features = 0;
    assert_fails(NWC_ERR_ARG, "features: 1 to 1024 expected, 0 given", run_call(NULL, &run));
    run.options = right, run.options.window_m = -1.0;
    assert_fails(NWC_ERR_ARG, "window_m: 0 or more expected, -1 given", run_call(NULL, &run));
    run.options = right, run.of.frames[7] = -2.0f;
    assert_fails(NWC_ERR_ARG, "frames: values of 0 or more expected, -2 at cell (0, 7) given", run_call(NULL, &run));
    run.of.frames[7] = 0.0f, run.of.n_frames = 2;
    assert_fails(NWC_ERR_NODATA, "frames: 3 expected", run_call(NULL, &run));
    nwc_linda_options_init(NULL);
    forecast_run_free(&run.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_are_found_where_they_are_strongest_first),
        cmocka_unit_test(a_blur_is_found_from_power_and_covariance),
        cmocka_unit_test(blurred_cells_are_weighted_by_a_gaussian),
        cmocka_unit_test(patches_add_up_to_the_field),
        cmocka_unit_test(rain_that_is_smeared_goes_on_being_smeared),
        cmocka_unit_test(rain_that_only_moves_is_forecast_as_it_moves),
        cmocka_unit_test(nothing_is_lost_at_edges),
        cmocka_unit_test(members_err_as_the_last_forecast_did),
        cmocka_unit_test(threads_chunks_leads_and_allocations_change_no_bit),
        cmocka_unit_test(members_of_hard_input_are_forecast),
        cmocka_unit_test(hard_input_has_an_answer),
        cmocka_unit_test(threads_levels_allocations_and_leads_change_no_bit),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
