/* Rows of a separable filter; smooth.c says what they are parts of. */
#include "core/kernel.h"

#include "grid/smooth_kernel.h"

static void add(const float *restrict from, float tap, int64_t n, float *restrict to)
{
    for (int64_t i = 0; i < n; i++) to[i] += tap * from[i];
}

static void along_x(const float *restrict from, const float *restrict tap, int64_t reach, int64_t n, float *restrict to)
{
    for (int64_t i = 0; i < n; i++) to[i] = tap[0] * from[i + reach];
    for (int64_t k = 1; k <= reach; k++) {
        const float *restrict const west = from + reach - k, *restrict const east = from + reach + k;
        for (int64_t i = 0; i < n; i++) to[i] += tap[k] * (west[i] + east[i]);
    }
}

const struct nwc__smooth_kernels NWC__NAME(nwc__smooth_kernels) = {.along_x = along_x, .add = add};
