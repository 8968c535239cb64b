/* Rows of spectra weighted by wave number. */
#include "core/kernel.h"

#include "forecast/wavelengths_kernel.h"

/* The table at a wave number, linear between its entries. */
static inline float weight_at(const float *restrict table, float y2, float x)
{
    const float place = (float)NWC__PER_WAVE * sqrtf(y2 + x * x);
    const int32_t k = (int32_t)place;
    return table[k] + (place - (float)k) * (table[k + 1] - table[k]);
}

static double product(const float *restrict a, const float *restrict b, const float *restrict table, float y2,
                      float x_wave, int64_t n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int32_t i = 0; i < (int32_t)n; i++) {
        const float w = weight_at(table, y2, x_wave * (float)i);
        const double both = (double)a[2 * i] * (double)b[2 * i] + (double)a[2 * i + 1] * (double)b[2 * i + 1];
        sum += (double)w * (double)w * both * (i == 0 || i == (int32_t)n - 1 ? 1.0 : 2.0);
    }
    return sum;
}

static void mix(const float *restrict a, const float *restrict a_table, const float *restrict b,
                const float *restrict b_table, float y2, float x_wave, float scale, int64_t n, float *restrict out)
{
#pragma omp simd
    for (int32_t i = 0; i < (int32_t)n; i++) {
        const float wa = scale * weight_at(a_table, y2, x_wave * (float)i);
        const float wb = scale * weight_at(b_table, y2, x_wave * (float)i);
        out[2 * i] = wa * a[2 * i] + wb * b[2 * i];
        out[2 * i + 1] = wa * a[2 * i + 1] + wb * b[2 * i + 1];
    }
}

static void evolve(const float *restrict a, const float *restrict a_table, float *restrict b,
                   const float *restrict b_table, const float *restrict noise, const float *restrict amplitude,
                   float y2, float x_wave, int64_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < (int32_t)n; i++) {
        const float wa = weight_at(a_table, y2, x_wave * (float)i), wb = weight_at(b_table, y2, x_wave * (float)i);
        b[2 * i] = wa * a[2 * i] + wb * b[2 * i] + amplitude[i] * noise[2 * i];
        b[2 * i + 1] = wa * a[2 * i + 1] + wb * b[2 * i + 1] + amplitude[i] * noise[2 * i + 1];
    }
}

extern const struct nwc__wavelengths_kernels NWC__NAME(nwc__wavelengths_kernels);
const struct nwc__wavelengths_kernels NWC__NAME(nwc__wavelengths_kernels) = {.product = product,
                                                                             .mix = mix,
                                                                             .evolve = evolve};
