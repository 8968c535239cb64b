/* Where cells lead to by a motion, and what stands there: what rows of several motion methods share. */
#ifndef NWC_MOTION_PLACES_KERNEL_H
#define NWC_MOTION_PLACES_KERNEL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Where n cells lead to: the first of four cells, the way into them (NaN from outside). */
static inline void nwc__places(const float *restrict x_by, const float *restrict y_by, int32_t first, int32_t n,
                               int64_t ny, int64_t nx, int64_t j, int32_t *restrict at, float *restrict a,
                               float *restrict b)
{
    const float x_end = (float)(nx - 1), y_end = (float)(ny - 1);
    const int32_t width = (int32_t)nx, i_last = nx > 1 ? width - 2 : 0, j_last = ny > 1 ? (int32_t)ny - 2 : 0;
    for (int32_t k = 0; k < n; k++) {
        const float x = (float)(first + k) + x_by[k], y = (float)j + y_by[k];
        const bool inside = x >= 0.0f && x <= x_end && y >= 0.0f && y <= y_end;
        const float x_in = inside ? x : 0.0f, y_in = inside ? y : 0.0f;
        const int32_t i_cut = (int32_t)x_in, j_cut = (int32_t)y_in;
        const int32_t i0 = i_cut < i_last ? i_cut : i_last, j0 = j_cut < j_last ? j_cut : j_last;
        at[k] = j0 * width + i0;
        a[k] = inside ? x_in - (float)i0 : NAN;
        b[k] = y_in - (float)j0;
    }
}

/* Bilinear values there. */
static inline void nwc__read_at(const float *restrict cells, const int32_t *restrict at, const float *restrict a,
                                const float *restrict b, int32_t n, int64_t ny, int64_t nx, float *restrict to)
{
    const int64_t east = nx > 1, north = ny > 1 ? nx : 0;
    for (int32_t k = 0; k < n; k++) {
        const float *const c = cells + at[k];
        const float low = c[0] + a[k] * (c[east] - c[0]), high = c[north] + a[k] * (c[north + east] - c[north]);
        to[k] = low + b[k] * (high - low);
    }
}

#endif
