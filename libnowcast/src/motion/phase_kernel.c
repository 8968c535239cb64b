/* Rows of phase correlation. */
#include "core/kernel.h"

#include "motion/phase.h"

static void sum(const float *restrict x, const uint8_t *restrict known, const float *restrict weight, int64_t n,
                float sums[4])
{
    float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (int64_t i = 0; i < n; i++) {
        const float w = known[i] ? weight[i] : 0.0f;
        s0 += w;
        s1 += w * x[i];
        s2 += known[i] ? 1.0f : 0.0f;
        s3 += known[i] && x[i] > 0.0f ? 1.0f : 0.0f;
    }
    sums[0] += s0, sums[1] += s1, sums[2] += s2, sums[3] += s3;
}

static void taper(const float *restrict x, const uint8_t *restrict known, const float *restrict weight, int64_t n,
                  float factor, float mean, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] = known[i] ? factor * weight[i] * (x[i] - mean) : 0.0f;
}

static void cross(float *restrict p, const float *restrict q, const float *restrict fade, int64_t n, float factor)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float a = p[2 * i], b = p[2 * i + 1], c = q[2 * i], d = q[2 * i + 1];
        const float re = a * c + b * d, im = b * c - a * d, size = sqrtf(re * re + im * im);
        const float over = size > 1e-18f ? factor * fade[i] / size : 0.0f;
        p[2 * i] = over * re;
        p[2 * i + 1] = over * im;
    }
}

const struct nwc__cross_phase_kernels NWC__NAME(nwc__cross_phase_kernels) = {.sum = sum,
                                                                             .taper = taper,
                                                                             .cross = cross};
