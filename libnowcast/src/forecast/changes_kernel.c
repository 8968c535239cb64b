/* Changes multiplied, their processes estimated by Yule and Walker and run forward, block by block. */
#include "core/kernel.h"

#include "forecast/changes_kernel.h"

static void products(const float *restrict newest, const float *restrict before, const float *restrict oldest,
                     int64_t n, int32_t log_step, int32_t log_block, int64_t stride, float *restrict sums)
{
    for (int64_t i = 0; i < n; i++) {
        const float x = newest[i] == newest[i] ? newest[i] : 0.0f;
        const float y = before[i] == before[i] ? before[i] : 0.0f;
        const float z = oldest[i] == oldest[i] ? oldest[i] : 0.0f;
        float *const sum = sums + ((i << log_step) >> log_block);
        sum[0] += x * x;
        sum[stride] += y * y;
        sum[2 * stride] += z * z;
        sum[3 * stride] += x * y;
        sum[4 * stride] += x * z;
    }
}

/* The range of a stationary process, with room for rounding: |r1| < 1 and 2 r1^2 - 1 < r2 < 1. */
static void fit(const float *restrict sums, int64_t stride, int32_t order, int64_t n, float *restrict phi1,
                float *restrict phi2)
{
    const float *restrict const xx = sums, *restrict const yy = sums + stride, *restrict const zz = sums + 2 * stride;
    const float *restrict const xy = sums + 3 * stride, *restrict const xz = sums + 4 * stride;
    const float most = 0.98f;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float first_size = sqrtf(xx[i]) * sqrtf(yy[i]), second_size = sqrtf(xx[i]) * sqrtf(zz[i]);
        float r1 = first_size > 0.0f ? xy[i] / first_size : 0.0f;
        r1 = r1 < -most ? -most : r1 > most ? most : r1;
        const float square = r1 * r1;
        float r2 = second_size > 0.0f && order > 1 ? xz[i] / second_size : square;
        const float least = 2.0f * square - most;
        r2 = r2 < least ? least : r2 > most ? most : r2;
        phi1[i] = r1 * (1.0f - r2) / (1.0f - square);
        phi2[i] = (r2 - square) / (1.0f - square);
    }
}

static void step(const float *restrict phi1, const float *restrict phi2, int64_t stride, int64_t n,
                 float *restrict state)
{
    for (int k = 0; k < 2; k++) {
        float *restrict const now = state + k * stride, *restrict const before = state + (2 + k) * stride;
        float *restrict const sum = state + (4 + k) * stride;
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            const float next = phi1[i] * now[i] + phi2[i] * before[i];
            before[i] = now[i];
            now[i] = next;
            sum[i] += next;
        }
    }
}

static void grow(const float *restrict a, const float *restrict x, const float *restrict b, const float *restrict y,
                 int64_t n, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] += a[i] * x[i] + b[i] * y[i];
}

extern const struct nwc__changes_kernels NWC__NAME(nwc__changes_kernels);
const struct nwc__changes_kernels NWC__NAME(nwc__changes_kernels) = {.products = products,
                                                                     .fit = fit,
                                                                     .step = step,
                                                                     .grow = grow};
