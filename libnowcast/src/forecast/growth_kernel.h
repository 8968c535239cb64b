/* What a model of growth is told of the cells of a chunk, and what it says; called by growth.c. */
#ifndef NWC_FORECAST_GROWTH_KERNEL_H
#define NWC_FORECAST_GROWTH_KERNEL_H

#include <stdint.h>

enum {
    NWC__GROWTH_CHUNK = 64, /* cells */
    NWC__GROWTH_SCALES = 4,
    NWC__GROWTH_OF_SCALE = 4,                                               /* rain, recent, trend, wet */
    NWC__GROWTH_PLANES = 1 + NWC__GROWTH_SCALES * NWC__GROWTH_OF_SCALE,     /* now, and those of each scale */
    NWC__GROWTH_INPUTS = 1 + NWC__GROWTH_PLANES + 3,                        /* base, planes, amounts, lead */
    NWC__GROWTH_LEVEL = 1 + NWC__GROWTH_OF_SCALE,                           /* plane: rain of the second scale */
    NWC__GROWTH_REACH = 1 + NWC__GROWTH_OF_SCALE * (NWC__GROWTH_SCALES - 2) /* plane: beyond its rain nothing is said */
};

struct nwc__growth_kernels {
    /*
     * Inputs (NWC__GROWTH_INPUTS, chunk) of n cells, their planes stride apart, and the amount that changes are told in; NaN of what
     * is not known, and amounts below 0 where there is no rain for a change. The rest of the chunk is 0.
     */
    void (*inputs)(const float *planes, int64_t stride, const float *base, float lead_h, int64_t n,
                   float *restrict inputs, float *restrict amount);
    /* (x - mean) / scale within limits; a row of a chunk. */
    void (*scale)(const float *restrict x, float mean, float scale, float *restrict scaled);
    /* Rows of units from rows of what is below: bias and n_below weights each. What is below 0 becomes 0 where so wanted. */
    void (*layer)(const float *restrict weights, int32_t n_below, int32_t n_units, int32_t rectified,
                  const float *restrict below, float *restrict units);
    /* base, changed by change times amount, and not below 0; as it is where amount is not known or below 0. */
    void (*change)(const float *restrict change, const float *restrict amount, int64_t n, float *restrict base);
};

#endif
