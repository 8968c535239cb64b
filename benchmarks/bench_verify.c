/*
 * Scores of one pair of fields, and of 20 members: a national composite and the conterminous United States at 1 km.
 *
 * What must move: forecast and observation once, 8 bytes a cell; with fractions skill scores a rank of each besides, written
 * once and read once for each threshold and window. That, too, is the working set; the second pass is bound by the running
 * sum along a row, which takes a cycle a cell and field. Of an ensemble every member must move once; it is bound by the
 * exchanges that sort its members, 97 for 20.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS = 20 };

struct work {
    nwc_field forecast, observed;
    nwc_verify *verify;
};

static nwc_status add(nwc_ctx *ctx, void *user)
{
    const struct work *const w = user;
    return nwc_verify_add(ctx, w->verify, &w->forecast, &w->observed, NULL);
}

/* Rain bands over a third of the cells, no coverage around a disc; the forecast is displaced by shift cells. */
static nwc_field rain(int64_t ny, int64_t nx, double shift)
{
    const nwc_field field = {
        .data = bench_cells(ny * nx), .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}, .missing = NAN, .units = "mm h-1"};
    for (int64_t j = 0; j < ny; j++) {
        for (int64_t i = 0; i < nx; i++) {
            const double y = (double)j, x = (double)i + shift;
            const double edge = hypot(2.0 * y / (double)ny - 1.0, 2.0 * (double)i / (double)nx - 1.0);
            const double value = sin(0.05 * x + 0.02 * y) + sin(0.13 * y - 0.03 * x) + 0.3 * sin(0.9 * x) - 0.5;
            field.data[j * nx + i] = edge > 1.0 ? NAN : value > 0.0 ? (float)(8.0 * value) : 0.0f;
        }
    }
    return field;
}

static void measure(struct work *w, const char *name, int threads, int32_t n_thresholds, int32_t n_windows, double wet)
{
    static const double thresholds[] = {1.0, 0.1, 5.0};
    static const int32_t windows[] = {10, 1, 5, 20};
    nwc_verify_options options;
    nwc_verify_options_init(&options);
    options.thresholds = thresholds, options.n_thresholds = n_thresholds;
    options.windows = windows, options.n_windows = n_windows;
    options.wet_threshold = wet;
    nwc_ctx *const ctx = bench_context(threads);
    if (nwc_verify_create(ctx, &options, &w->verify) != NWC_OK) {
        fprintf(stderr, "%s\n", nwc_error_text());
        exit(1);
    }
    const double cells = (double)(w->forecast.dim[0] * w->forecast.dim[1]);
    const double bytes = (8.0 + (n_windows ? 2.0 : 0.0) + 2.0 * n_thresholds * n_windows) * cells;
    char text[64];
    snprintf(text, sizeof text, "%s, %lld x %lld", name, (long long)w->forecast.dim[1], (long long)w->forecast.dim[0]);
    bench_print(text, threads, bench_run(add, ctx, w), cells, bytes, (n_windows ? 10.0 : 8.0) * cells);
    nwc_verify_destroy(w->verify);
    nwc_ctx_destroy(ctx);
}

struct ensemble_work {
    nwc_field member[MEMBERS], observed;
    nwc_verify_ensemble *verify;
};

static nwc_status add_ensemble(nwc_ctx *ctx, void *user)
{
    const struct ensemble_work *const w = user;
    return nwc_verify_ensemble_add(ctx, w->verify, w->member, MEMBERS, &w->observed, NULL);
}

static void measure_ensemble(struct ensemble_work *w, int threads, int32_t n_thresholds)
{
    static const double thresholds[] = {0.1, 1.0, 5.0};
    nwc_verify_ensemble_options options;
    nwc_verify_ensemble_options_init(&options);
    options.n_members = MEMBERS, options.thresholds = thresholds, options.n_thresholds = n_thresholds;
    nwc_ctx *const ctx = bench_context(threads);
    if (nwc_verify_ensemble_create(ctx, &options, &w->verify) != NWC_OK) {
        fprintf(stderr, "%s\n", nwc_error_text());
        exit(1);
    }
    const double cells = (double)(w->observed.dim[0] * w->observed.dim[1]), bytes = 4.0 * (MEMBERS + 1) * cells;
    char text[64];
    snprintf(text, sizeof text, "%d members, %d thresholds, %lld x %lld", MEMBERS, (int)n_thresholds,
             (long long)w->observed.dim[1], (long long)w->observed.dim[0]);
    bench_print(text, threads, bench_run(add_ensemble, ctx, w), cells, bytes, bytes);
    nwc_verify_ensemble_destroy(w->verify);
    nwc_ctx_destroy(ctx);
}

static void measure_ensembles(int64_t ny, int64_t nx, int threads)
{
    struct ensemble_work w = {.observed = rain(ny, nx, 0.0)};
    for (int m = 0; m < MEMBERS; m++) w.member[m] = rain(ny, nx, 0.3 * (m + 1));
    measure_ensemble(&w, threads, 0);
    measure_ensemble(&w, threads, 3);
    for (int m = 0; m < MEMBERS; m++) free(w.member[m].data);
    free(w.observed.data);
}

static void measure_all(int64_t ny, int64_t nx, int threads)
{
    struct work w = {.forecast = rain(ny, nx, 3.0), .observed = rain(ny, nx, 0.0)};
    measure(&w, "MAE and the like", threads, 0, 0, NAN);
    measure(&w, "and 1 table", threads, 1, 0, NAN);
    measure(&w, "and FSS, 1 window", threads, 1, 1, NAN);
    measure(&w, "wet, 3 tables, 3 x 4 FSS", threads, 3, 4, 0.1);
    free(w.forecast.data), free(w.observed.data);
}

int main(void)
{
    bench_print_head();
    for (int step = 0; step < bench_thread_steps(); step++) {
        measure_all(760, 1226, bench_thread_step(step));
        measure_ensembles(760, 1226, bench_thread_step(step));
        measure_all(3500, 7000, bench_thread_step(step));
    }
    return 0;
}
