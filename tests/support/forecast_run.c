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
