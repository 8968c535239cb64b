/* Fragments that lie near each other made one: components with grid cells at most so far apart along a level. */
#include "cells/cells.h"

/* The first is the root, so that a group is called by its first node. */
static void join(int32_t *group, int32_t p, int32_t q)
{
    p = nwc__root_of(group, p), q = nwc__root_of(group, q);
    if (p < q)
        group[q] = p;
    else
        group[p] = q;
}

static bool at_border(const struct nwc__pixels *pixels, int32_t p)
{
    for (int32_t o = 0; o < pixels->n_offsets; o++)
        if (pixels->map[pixels->place[p] + pixels->offset[o]] < 0) return true;
    return false;
}

/* Join the component of p with those within reach of it. */
static void reach(const struct nwc__pixels *pixels, const nwc__metric *metric, double closing_m, const int32_t *lowest,
                  int32_t *group, int32_t p)
{
    const int64_t j = nwc__pixel_j(pixels, p), i = nwc__pixel_i(pixels, p);
    double dx, dy;
    nwc__metric_at(metric, (double)j, (double)i, &dx, &dy);
    const int64_t high = (int64_t)fmin(closing_m / dy, (double)pixels->rows);
    for (int64_t y = j - high < 0 ? 0 : j - high; y <= j + high && y < pixels->rows - 2; y++) {
        const double up = dy * (double)(y - j), left = closing_m * closing_m - up * up;
        if (left < 0.0) continue;
        const int64_t wide = (int64_t)fmin(sqrt(left) / dx, (double)pixels->columns);
        for (int64_t x = i - wide < 0 ? 0 : i - wide; x <= i + wide && x < pixels->columns - 2; x++) {
            const int64_t away = ((y - j) * pixels->columns + x - i) * pixels->levels;
            const int32_t q = pixels->map[pixels->place[p] + away];
            if (q >= 0 && lowest[q] != lowest[p]) join(group, lowest[p], lowest[q]);
        }
    }
}

nwc_status nwc__cells_close(nwc_ctx *ctx, const struct nwc__tree *tree, const nwc__metric *metric, int32_t *group)
{
    nwc_status status = NWC_OK;
    const int32_t n = tree->pixels->n;
    int32_t *lowest = NULL;
    for (int32_t p = 0; p < n; p++) group[p] = p;
    if (!(tree->options->closing_m > 0.0)) return NWC_OK;
    NWC__ALLOC(ctx, lowest, n);
    for (int32_t o = n - 1; o >= 0; o--) {
        const int32_t p = tree->order[o];
        lowest[p] = tree->parent[p] == p ? p : lowest[tree->parent[p]];
    }
    for (int32_t p = 0; p < n; p++)
        if (at_border(tree->pixels, p)) reach(tree->pixels, metric, tree->options->closing_m, lowest, group, p);
    for (int32_t p = 0; p < n; p++) group[p] = nwc__root_of(group, p);
done:
    nwc__free(ctx, lowest);
    return status;
}
