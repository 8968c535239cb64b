#include "support/forecast_run.h"

struct forecast_run forecast_run_of(int64_t ny, int64_t nx, int32_t n_frames, int32_t n_members, float u)
{
    struct forecast_run run = {.grid = rain_grid(ny, nx), .ny = ny, .nx = nx, .n = ny * nx, .n_frames = n_frames};
    run.n_leads = RUN_LEADS, run.n_members = n_members;
    for (int32_t k = 0; k < RUN_FRAMES; k++) run.times_ns[k] = INT64_C(300000000000) * k;
    for (int32_t k = 0; k < RUN_LEADS; k++) run.leads_s[k] = 600.0 * (k + 1);
    run.frames = cells(RUN_FRAMES * run.n), run.u = cells(run.n), run.v = cells(run.n);
    run.forecast = cells((n_members > 0 ? n_members : 1) * RUN_LEADS * run.n);
    for (int64_t i = 0; i < run.n; i++) run.u[i] = u;
    return run;
}

void forecast_run_free(struct forecast_run *run)
{
    free(run->frames), free(run->u), free(run->v), free(run->forecast);
}

struct forecast_fields forecast_fields_of(const struct forecast_run *run)
{
    struct forecast_fields made = {.u = field_2d(run->u, run->ny, run->nx, "m s-1", &run->grid),
                                   .v = field_2d(run->v, run->ny, run->nx, "m s-1", &run->grid),
                                   .forecast = {.data = run->forecast,
                                                .ndim = 3,
                                                .dim = {run->n_leads, run->ny, run->nx},
                                                .stride = {run->n, run->nx, 1},
                                                .missing = NAN,
                                                .units = "mm h-1",
                                                .grid = &run->grid}};
    for (int32_t k = 0; k < run->n_frames; k++)
        made.frames[k] = field_2d(run->frames + k * run->n, run->ny, run->nx, "mm h-1", &run->grid);
    if (run->n_members == 0) return made;
    nwc_field *const all = &made.forecast;
    all->ndim = 4;
    for (int axis = 3; axis > 0; axis--) all->dim[axis] = all->dim[axis - 1], all->stride[axis] = all->stride[axis - 1];
    all->dim[0] = run->n_members, all->stride[0] = run->n_leads * run->n;
    return made;
}

struct forecast_run moving_showers(int64_t ny, int64_t nx, int32_t n_frames, int32_t n_members)
{
    struct forecast_run run = forecast_run_of(ny, nx, n_frames, n_members, 10.0f);
    for (int32_t k = 0; k < n_frames; k++)
        for (int64_t i = 0; i < run.n; i++)
            run.frames[k * run.n + i] = showers((double)(i / nx), (double)(i % nx) + 60.0 - 3.0 * k);
    return run;
}

void add_speckle(struct forecast_run *run)
{
    for (int64_t i = 0; i < run->n_frames * run->n; i++) run->frames[i] *= 0.3f + 1.4f * noise((uint32_t)i);
}

double share_right(const struct forecast_run *run, int32_t k)
{
    int64_t right = 0, compared = 0;
    const double moved = 3.0 * (run->n_frames - 1) + 0.01 * run->leads_s[k];
    for (int64_t j = 0; j < run->ny; j++) {
        for (int64_t i = 60; i < run->nx; i++) { /* beside what came in over the edge */
            const double truth = (double)showers((double)j, (double)i + 60.0 - moved);
            const double found = (double)run->forecast[k * run->n + j * run->nx + i];
            if (truth <= 0.5) continue;
            compared++;
            right += fabs(found - truth) <= 0.1 * truth + 0.1;
        }
    }
    assert_true(compared > 1000);
    return (double)right / (double)compared;
}

void check_rain_in_one_frame(forecast_call call, struct forecast_run *run, int32_t n_frames, double most)
{
    for (int32_t wet = -1; wet < n_frames; wet++) {
        *run = moving_showers(50, 80, n_frames, 0);
        for (int32_t k = 0; k < n_frames; k++)
            if (k != wet) memset(run->frames + k * run->n, 0, (size_t)run->n * sizeof(float));
        assert_ok(call(NULL, run));
        double sum = 0.0;
        for (int64_t i = 0; i < RUN_LEADS * run->n; i++) {
            if (isnan(run->forecast[i])) continue;
            assert_true(run->forecast[i] >= 0.0f && (double)run->forecast[i] < most);
            sum += (double)run->forecast[i];
        }
        assert_true(wet < n_frames - 1 ? sum == 0.0 : sum > 100.0);
        forecast_run_free(run);
    }
}

void check_small_rain(forecast_call call, struct forecast_run *run, int32_t n_frames, double still, double moving)
{
    const int64_t sizes[][2] = {{1, 1}, {1, 90}, {70, 1}, {3, 2}};
    for (int s = 0; s < 4; s++) {
        *run = forecast_run_of(sizes[s][0], sizes[s][1], n_frames, 0, 0.0f);
        for (int64_t i = 0; i < n_frames * run->n; i++) run->frames[i] = 0.5f + 5.0f * noise((uint32_t)(i % run->n));
        assert_ok(call(NULL, run));
        for (int64_t i = 0; i < run->n; i++) assert_near(run->forecast[i], run->frames[i], still);
        forecast_run_free(run);
    }
    *run = forecast_run_of(41, 61, n_frames, 0, 10.0f);
    for (int32_t k = 0; k < n_frames; k++) run->frames[k * run->n + 20 * 61 + 20 + 3 * k] = 8.0f;
    assert_ok(call(NULL, run));
    assert_near(run->forecast[20 * 61 + 20 + 3 * (n_frames - 1) + 6], 8.0, moving);
    forecast_run_free(run);
}

void check_unknown_rain(forecast_call call, struct forecast_run *run, int32_t n_frames, int32_t n_members)
{
    *run = moving_showers(60, 90, n_frames, n_members);
    for (int64_t i = 0; i < n_frames * run->n; i++)
        if (i % run->n < 20 * run->nx) run->frames[i] = NAN;
    assert_ok(call(NULL, run));
    for (int64_t i = 0; i < run->n; i++)
        if (i % run->nx > 10) assert_true(isnan(run->forecast[i]) == (i < 20 * run->nx));
    forecast_run_free(run);
    *run = forecast_run_of(20, 30, n_frames, n_members, 3.0f);
    for (int64_t i = 0; i < n_frames * run->n; i++) run->frames[i] = NAN;
    assert_ok(call(NULL, run));
    for (int64_t i = 0; i < (n_members > 0 ? n_members : 1) * RUN_LEADS * run->n; i++)
        assert_true(isnan(run->forecast[i]));
    forecast_run_free(run);
}

void check_threads_and_leads(forecast_call call, struct forecast_run *run, int32_t k)
{
    const int64_t all = RUN_LEADS * run->n;
    float *const one = cells(all);
    for (int32_t threads = 1; threads <= 7; threads += threads == 3 ? 4 : 1) {
        memset(run->forecast, 0, (size_t)all * sizeof *one);
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(call(ctx, run));
        nwc_ctx_destroy(ctx);
        if (threads == 1) memcpy(one, run->forecast, (size_t)all * sizeof *one);
        assert_true(same_bits(one, run->forecast, all));
    }
    nwc_ctx *const ctx = context_with_simd(NWC_SIMD_V2);
    assert_ok(call(ctx, run));
    nwc_ctx_destroy(ctx);
    for (int64_t i = 0; i < all; i++)
        if (!isnan(one[i])) assert_near(run->forecast[i], one[i], 1e-3 + 1e-3 * (double)one[i]);
    run->n_leads = 1, run->leads_s[0] = run->leads_s[k];
    assert_ok(call(NULL, run));
    assert_true(same_bits(run->forecast, one + k * run->n, run->n));
    free(one);
}
