/*
 * The class of each gate of a ray. Exponents are whole numbers, so that powers are products: a dozen multiplications that
 * vectorise, in blocks that stay in the first-level cache.
 */
#include "radar/hydrometeor_kernel.h"
#include "core/kernel.h"

enum { BLOCK = 256 };

/* NaN where x is. What is beyond 1e15 is squared no further. */
static inline void membership(int64_t n, nwc__membership f, const float *restrict x, float *restrict out)
{
    float power[BLOCK];
    const float inverse = 1.0f / f.a;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float y = (x[i] - f.m) * inverse;
        power[i] = y * y;
        out[i] = 1.0f;
    }
    for (int32_t left = f.b; left > 0; left >>= 1) {
        if (left & 1)
#pragma omp simd
            for (int64_t i = 0; i < n; i++) out[i] *= power[i];
        if (left > 1)
#pragma omp simd
            for (int64_t i = 0; i < n; i++) power[i] = power[i] > 1e15f ? 1e30f : power[i] * power[i];
    }
#pragma omp simd
    for (int64_t i = 0; i < n; i++) out[i] = 1.0f / (1.0f + out[i]);
}

static inline void add(int64_t n, float weight, const float *restrict like, float *restrict sum,
                       float *restrict weights)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const bool known = like[i] == like[i];
        sum[i] += known ? weight * like[i] : 0.0f;
        weights[i] += known ? weight : 0.0f;
    }
}

static void classify_block(int64_t n, const nwc__class_table *table, const float *dbz, const float *zdr,
                           const float *kdp, const float *rhohv, const float *temperature, float *restrict best)
{
    float like[BLOCK], sum[BLOCK], weights[BLOCK], highest[BLOCK];
    for (int64_t i = 0; i < n; i++) best[i] = 0.0f, highest[i] = 0.0f;
    for (int32_t c = 0; c < NWC__CLASSES; c++) {
        for (int64_t i = 0; i < n; i++) sum[i] = weights[i] = 0.0f;
        membership(n, table->zdr[c], zdr, like);
        add(n, 0.8f, like, sum, weights);
        membership(n, table->kdp[c], kdp, like);
        add(n, 1.0f, like, sum, weights);
        membership(n, table->rhohv[c], rhohv, like);
        add(n, 0.8f, like, sum, weights);
        membership(n, table->temperature[c], temperature, like);
#pragma omp simd
        for (int64_t i = 0; i < n; i++) sum[i] = sum[i] / weights[i] * (like[i] == like[i] ? like[i] : 1.0f);
        membership(n, table->dbz[c], dbz, like);
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            const float score = sum[i] * like[i];
            best[i] = score > highest[i] ? (float)(c + 1) : best[i];
            highest[i] = score > highest[i] ? score : highest[i];
        }
    }
}

static void classify(int64_t n, const nwc__class_table *table, const float *dbz, const float *zdr, const float *kdp,
                     const float *rhohv, const float *temperature, float *best)
{
    for (int64_t i = 0; i < n; i += BLOCK)
        classify_block(n - i < BLOCK ? n - i : BLOCK, table, dbz + i, zdr + i, kdp + i, rhohv + i, temperature + i,
                       best + i);
}

const struct nwc__hydrometeor_kernels NWC__NAME(nwc__hydrometeor_kernels) = {.classify = classify};
