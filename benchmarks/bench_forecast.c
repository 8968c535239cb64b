/*
 * Extrapolation: 12 lead times of a national composite and of the conterminous United States at 1 km.
 *
 * What must move: for each lead time the source once and the forecast once, 8 bytes a cell. The working set is one
 * lead time's source and forecast.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEADS = 12 };

struct work {
    nwc_grid grid;
    nwc_field field, u, v, forecast;
    nwc_extrapolate_options options;
    double leads_s[LEADS];
    int32_t n_leads;
};

static nwc_status extrapolate(nwc_ctx *ctx, void *user)
{
    struct work *const w = user;
    return nwc_forecast_extrapolate(ctx, &w->field, 1, &w->u, &w->v, w->leads_s, w->n_leads, &w->options, &w->forecast);
}

/*
 * Rain bands with no coverage around a disc. The flow shears like the median of a real one: displacements after an hour
 * change by .05 cells from cell to cell.
 */
static void make(struct work *w, int64_t ny, int64_t nx)
{
    w->grid = bench_grid(ny, nx);
    w->field = bench_field(&w->grid, "mm h-1"), w->u = bench_field(&w->grid, "m s-1"),
    w->v = bench_field(&w->grid, "m s-1");
    for (int64_t j = 0; j < ny; j++) {
        for (int64_t i = 0; i < nx; i++) {
            const double y = (double)j, x = (double)i,
                         edge = hypot(2.0 * y / (double)ny - 1.0, 2.0 * x / (double)nx - 1.0);
            const double rain = sin(0.05 * x + 0.02 * y) + sin(0.13 * y - 0.03 * x) + 0.3 * sin(0.9 * x);
            w->field.data[j * nx + i] = edge > 1.0 ? NAN : rain > 0.0 ? (float)(4.0 * rain) : 0.0f;
            w->u.data[j * nx + i] = (float)(12.0 + 3.0 * sin(0.006 * y) + 0.3 * sin(0.05 * x + 0.03 * y));
            w->v.data[j * nx + i] = (float)(5.0 + 3.0 * sin(0.006 * x) + 0.3 * cos(0.05 * y));
        }
    }
    w->forecast = (nwc_field){.data = bench_cells(LEADS * ny * nx),
                              .ndim = 3,
                              .dim = {LEADS, ny, nx},
                              .stride = {ny * nx, nx, 1},
                              .missing = NAN,
                              .units = "mm h-1",
                              .grid = &w->grid};
    nwc_extrapolate_options_init(&w->options);
}

static void release(struct work *w)
{
    free(w->field.data), free(w->u.data), free(w->v.data), free(w->forecast.data);
}

/* Lead times every 5 min from the first on. */
static void measure(struct work *w, const char *name, int threads, int32_t n_leads, double first_s)
{
    nwc_ctx *const ctx = bench_context(threads);
    const double cells = (double)(w->grid.ny * w->grid.nx);
    w->n_leads = n_leads;
    w->forecast.dim[0] = n_leads;
    for (int32_t n = 0; n < n_leads; n++) w->leads_s[n] = first_s + 300.0 * n;
    char text[64];
    snprintf(text, sizeof text, "%s, %lld x %lld", name, (long long)w->grid.nx, (long long)w->grid.ny);
    const bench_time time = bench_run(extrapolate, ctx, w);
    bench_print(text, threads, time, cells * n_leads, 8.0 * cells * n_leads, 8.0 * cells);
    nwc_ctx_destroy(ctx);
}

static void measure_all(int64_t ny, int64_t nx)
{
    struct work w;
    make(&w, ny, nx);
    for (int step = 0; step < bench_thread_steps(); step++) {
        const int threads = bench_thread_step(step);
        w.options.sampling = NWC_SAMPLE_BILINEAR;
        measure(&w, "12 leads, bilinear", threads, LEADS, 300.0);
        measure(&w, "lead 0: set-up and a copy", threads, 1, 0.0);
        measure(&w, "lead 60 min: all trajectories", threads, 1, 3600.0);
        if (ny * nx > 4000000) continue;
        w.options.sampling = NWC_SAMPLE_NEAREST;
        measure(&w, "12 leads, nearest", threads, LEADS, 300.0);
        w.options.sampling = NWC_SAMPLE_CUBIC;
        measure(&w, "12 leads, cubic", threads, LEADS, 300.0);
    }
    release(&w);
}

/* Arguments: ny nx, for one size; none for the usual two. */
int main(int argc, char **argv)
{
    bench_print_head();
    if (argc == 3) {
        measure_all(atoll(argv[1]), atoll(argv[2]));
        return 0;
    }
    measure_all(760, 1226);
    measure_all(3500, 7000);
    return 0;
}
