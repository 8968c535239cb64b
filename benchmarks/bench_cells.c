/*
 * Storms and cells of a national composite, told apart in each way, and followed.
 *
 * What must move: the field once, 4 bytes a cell, and the map of places, written twice. What is above the threshold is bound by
 * looking at eight neighbours each in the order of values, which lies anywhere in memory.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct work {
    nwc_field field;
    nwc_cells_options options;
    nwc_tracker *tracker;
    int64_t minutes; /* that the tracker has seen */
};

static nwc_status identify(nwc_ctx *ctx, void *user)
{
    const struct work *const w = user;
    nwc_cells *cells;
    const nwc_status status = nwc_cells_identify(ctx, &w->field, &w->options, &cells);
    if (status == NWC_OK) nwc_cells_destroy(cells);
    return status;
}

/* The same cells five minutes later: every one of them is paired. */
static nwc_status follow(nwc_ctx *ctx, void *user)
{
    struct work *const w = user;
    nwc_cells *cells;
    nwc_status status = nwc_cells_identify(ctx, &w->field, &w->options, &cells);
    if (status != NWC_OK) return status;
    w->minutes += 5;
    status = nwc_tracker_add(ctx, w->tracker, cells, INT64_C(60000000000) * w->minutes, NULL, NULL);
    nwc_cells_destroy(cells);
    return status;
}

/* Some three hundred hills on lines, in steps of 0.5 dB, as radars have them; no coverage around a disc. */
static void make_echo(nwc_field *field)
{
    const int64_t ny = field->dim[0], nx = field->dim[1];
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const double y = (double)j, x = (double)i;
            const double edge = hypot(2.0 * y / (double)ny - 1.0, 2.0 * x / (double)nx - 1.0);
            const double line = sin(0.05 * x + 0.02 * y) + 0.5 * sin(0.013 * y - 0.03 * x);
            const double hill = sin(0.19 * x) * sin(0.17 * y + 0.02 * x) + 0.2 * sin(0.9 * x) * sin(1.1 * y);
            const double dbz = 12.0 + 13.0 * line + 17.0 * hill;
            field->data[j * nx + i] = edge > 1.0 ? NAN : dbz < 5.0 ? -32.0f : (float)(0.5 * floor(2.0 * dbz));
        }
}

static void report(const struct work *w)
{
    nwc_cells *cells;
    nwc_cells_table table;
    int64_t above = 0;
    for (int64_t c = 0; c < w->field.dim[0] * w->field.dim[1]; c++) above += w->field.data[c] >= 35.0f;
    if (nwc_cells_identify(NULL, &w->field, NULL, &cells) != NWC_OK || nwc_cells_lend(cells, &table) != NWC_OK) {
        fprintf(stderr, "%s\n", nwc_error_text());
        exit(1);
    }
    printf("%lld grid cells at 35 dBZ or more, %d storms of %d cells\n", (long long)above, (int)table.n_storms,
           (int)table.n_cells);
    nwc_cells_destroy(cells);
}

int main(void)
{
    static const char *const names[] = {"tree", "watershed", "single", "dual"};
    const nwc_grid grid = bench_grid(1226, 760);
    struct work w = {.field = bench_field(&grid, "dBZ")};
    const double n = (double)(w.field.dim[0] * w.field.dim[1]);
    make_echo(&w.field);
    printf("%s\n", bench_machine());
    report(&w);
    bench_print_head();
    for (int method = 0; method < 4; method++) {
        char text[64];
        nwc_ctx *const ctx = bench_context(1);
        nwc_cells_options_init(&w.options);
        w.options.method = method;
        snprintf(text, sizeof text, "cells %s, 1226 x 760", names[method]);
        bench_print(text, 1, bench_run(identify, ctx, &w), n, 12.0 * n, 8.0 * n);
        nwc_ctx_destroy(ctx);
    }
    nwc_ctx *const ctx = bench_context(1);
    nwc_cells_options_init(&w.options);
    if (nwc_tracker_create(ctx, NULL, &w.tracker) != NWC_OK) return 1;
    bench_print("cells tree and tracks, 1226 x 760", 1, bench_run(follow, ctx, &w), n, 12.0 * n, 8.0 * n);
    nwc_tracker_destroy(w.tracker);
    nwc_ctx_destroy(ctx);
    free(w.field.data);
    return 0;
}
