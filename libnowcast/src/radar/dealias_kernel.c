/* Loops of dealiasing: roughness and costs of edges, without branches. */
#include "radar/dealias_kernel.h"
#include "core/kernel.h"

#include <math.h>

/* The difference of two velocities within the Nyquist interval; NaN where one of them is. */
static inline float apart(float a, float b, float nyquist)
{
    const float d = b - a;
    return d > nyquist ? d - 2.0f * nyquist : d < -nyquist ? d + 2.0f * nyquist : d;
}

/* Of two differences to either side the change, of one its double, of none as much as there can be. */
static inline float bend(float left, float right, float nyquist)
{
    const float both = fabsf(right - left);
    const float one = 2.0f * fabsf(left == left ? left : right);
    return both == both ? both : one == one ? one : 2.0f * nyquist;
}

static void roughness(int64_t n, const float *velocity, const float *before, const float *after, float nyquist,
                      uint16_t *restrict rough)
{
    const float half = 16384.0f / nyquist;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float v = velocity[i];
        const float along = bend(apart(velocity[i - 1], v, nyquist), apart(v, velocity[i + 1], nyquist), nyquist);
        const float across = bend(apart(before[i], v, nyquist), apart(v, after[i], nyquist), nyquist);
        const float all = half * (along + across);
        rough[i] = (uint16_t)(int32_t)(all < 65535.0f ? all : 65535.0f);
    }
}

static void costs(int64_t n, const float *restrict a, const uint16_t *restrict rough_a, const float *restrict b,
                  const uint16_t *restrict rough_b, float nyquist, uint8_t *restrict cost)
{
    const float scale = 4.0f * 32768.0f / nyquist;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float d = fabsf(apart(a[i], b[i], nyquist));
        const int32_t known = d == d;
        const int32_t all = ((int32_t)(known ? scale * d : 0.0f) + (int32_t)rough_a[i] + (int32_t)rough_b[i]) >> 12;
        cost[i] = (uint8_t)(known ? (all > 63 ? 63 : all) : 255);
    }
}

const struct nwc__dealias_kernels NWC__NAME(nwc__dealias_kernels) = {
    .roughness = roughness,
    .costs = costs,
};
