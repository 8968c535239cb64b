/* Histograms over all floats, compiled for each instruction level; called by match.c alone. */
#ifndef NWC_FORECAST_MATCH_KERNEL_H
#define NWC_FORECAST_MATCH_KERNEL_H

#include <stdint.h>

/*
 * The bits of a float in an order that is its own: a bin is all floats that share the first 16 of them, so 128 bins to a
 * factor of two, of any size and sign. Within a bin values are linear in the other 16. Values are counted from base on.
 */
enum { NWC__BIN_BITS = 16, NWC__BINS = 1 << NWC__BIN_BITS };

/* n cells that are step apart; NaN is none. */
struct nwc__match_kernels {
    /* The least of them and before. */
    float (*least)(const float *cell, int64_t step, int64_t n, float before);
    /* count[b] += cells of bin b */
    void (*count)(const float *cell, int64_t step, int64_t n, float base, int32_t *restrict count);
    /* Each becomes what lies between ends[2 b] and ends[2 b + 1], b being its bin; NaN stays. */
    void (*replace)(const float *restrict ends, float base, float *cell, int64_t step, int64_t n);
};

#endif
