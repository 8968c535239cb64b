/*
 * Grid cells put in order: one connected area after the other, in each from the greatest value to the least, equal ones as they were.
 * Areas are told apart first, so that what is done in this order stays near in memory; values are sorted by three passes over
 * 11 bits each (radix sort).
 */
#include "cells/cells.h"

enum { BITS = 11, BINS = 1 << BITS, PASSES = 3, PART = 1024 };

/* Of finite numbers: the greater the number, the smaller the key; of -0 and 0 the same. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    value += 0.0F;
    memcpy(&bits, &value, sizeof bits);
    return bits & UINT32_C(0x80000000) ? bits : ~(bits | UINT32_C(0x80000000));
}

/* Put the numbers in from into to, by the areas they lie in; bin has room for one more than there are pixels. */
static void sort_by_area(const struct nwc__pixels *pixels, int32_t *joined, int32_t *bin, const int32_t *from,
                         int32_t *to)
{
    for (int32_t p = 0; p < pixels->n; p++) {
        joined[p] = p;
        for (int32_t o = 0; o < pixels->n_offsets / 2; o++) { /* those before it */
            const int32_t q = pixels->map[pixels->place[p] + pixels->offset[o]];
            if (q < 0) continue;
            const int32_t a = nwc__root_of(joined, p), b = nwc__root_of(joined, q);
            if (a < b)
                joined[b] = a;
            else
                joined[a] = b;
        }
    }
    memset(bin, 0, ((size_t)pixels->n + 1) * sizeof *bin);
    for (int32_t p = 0; p < pixels->n; p++)
        bin[(joined[p] = joined[joined[p]]) + 1]++; /* a root comes before the rest */
    for (int32_t p = 0; p < pixels->n; p++) bin[p + 1] += bin[p];
    for (int32_t o = 0; o < pixels->n; o++) to[bin[joined[from[o]]]++] = from[o];
}

/* Whole areas in parts of at least so many; begin has room for n / PART + 2, and ends with n. bin[root] is where an area ends. */
static int32_t find_parts(int32_t n, const int32_t *joined, const int32_t *bin, const int32_t *order, int32_t *begin)
{
    int32_t parts = 0;
    begin[0] = 0;
    for (int32_t end = 0; end < n;) {
        end = bin[joined[order[end]]];
        if (end - begin[parts] >= PART || end == n) begin[++parts] = end;
    }
    return parts;
}

nwc_status nwc__cells_order(nwc_ctx *ctx, const struct nwc__pixels *pixels, int32_t **order, struct nwc__parts *parts)
{
    const float *const value = pixels->value;
    const int32_t n = pixels->n;
    nwc_status status = NWC_OK;
    int32_t *from = NULL, *to = NULL, *bins = NULL, *joined = NULL;
    *order = NULL, *parts = (struct nwc__parts){0};
    NWC__ALLOC(ctx, from, n);
    NWC__ALLOC(ctx, to, n);
    NWC__ALLOC(ctx, joined, n);
    NWC__ALLOC(ctx, parts->begin, n / PART + 2);
    NWC__ALLOC(ctx, bins, PASSES * BINS > n ? PASSES * BINS : (int64_t)n + 1);
    memset(bins, 0, PASSES * BINS * sizeof *bins);
    for (int32_t p = 0; p < n; p++) {
        const uint32_t key = key_of(value[p]);
        from[p] = p;
        for (int pass = 0; pass < PASSES; pass++) bins[pass * BINS + (int)(key >> pass * BITS & (BINS - 1))]++;
    }
    for (int pass = 0; pass < PASSES; pass++) {
        int32_t *const bin = bins + (int64_t)pass * BINS, *const swapped = from;
        for (int32_t b = 0, sum = 0; b < BINS; b++) {
            const int32_t count = bin[b];
            bin[b] = sum, sum += count;
        }
        for (int32_t o = 0; o < n; o++) to[bin[key_of(value[from[o]]) >> pass * BITS & (BINS - 1)]++] = from[o];
        from = to, to = swapped;
    }
    sort_by_area(pixels, joined, bins, from, to);
    parts->n = find_parts(n, joined, bins, to, parts->begin);
    *order = to, to = NULL;
done:
    nwc__free(ctx, bins);
    nwc__free(ctx, joined);
    nwc__free(ctx, to);
    nwc__free(ctx, from);
    return status;
}
