/* Loops of dealiasing: phases, roughness and costs of edges, without branches. */
#include "radar/dealias_kernel.h"
#include "core/kernel.h"

#include <stdlib.h>

static void phases(int64_t n, const float *restrict velocity, float nyquist, int16_t *restrict phase,
                   uint8_t *restrict known)
{
    const float scale = 32768.0f / nyquist;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float v = velocity[i];
        const int there = v - v == 0.0f; /* false for NaN and infinities */
        const float turned = there ? v * scale : 0.0f;
        const float least = turned > -32768.0f ? turned : -32768.0f, inside = least < 32767.0f ? least : 32767.0f;
        phase[i] = (int16_t)(int32_t)(inside < 0.0f ? inside - 0.5f : inside + 0.5f);
        known[i] = (uint8_t)there;
    }
}

static inline int32_t apart(int16_t a, int16_t b)
{
    return (int16_t)(uint16_t)((uint32_t)(int32_t)b - (uint32_t)(int32_t)a);
}

/* Of two differences to either side the change, of one its double, of none as much as there can be. */
static inline int32_t bend(int32_t left, int32_t right, int there_left, int there_right)
{
    const int32_t both = abs(right - left), one = 2 * abs(there_left ? left : right);
    return there_left & there_right ? both : there_left | there_right ? one : 65535;
}

static inline uint16_t mean_bend(int32_t along, int32_t across)
{
    const int32_t all = (along + across) / 2;
    return (uint16_t)(all > 65535 ? 65535 : all);
}

static void roughness(int64_t n, const int16_t *phase, const uint8_t *known, const int16_t *before,
                      const uint8_t *known_before, const int16_t *after, const uint8_t *known_after,
                      uint16_t *restrict rough)
{
    /* A row that is not there is this one, no gate of it known. */
    const int has_b = before != NULL, has_a = after != NULL;
    const int16_t *const b = has_b ? before : phase, *const a = has_a ? after : phase;
    const uint8_t *const kb = has_b ? known_before : known, *const ka = has_a ? known_after : known;
#pragma omp simd
    for (int64_t i = 1; i < n - 1; i++) {
        const int32_t along =
            bend(apart(phase[i - 1], phase[i]), apart(phase[i], phase[i + 1]), known[i - 1], known[i + 1]);
        const int32_t across = bend(apart(b[i], phase[i]), apart(phase[i], a[i]), has_b & kb[i], has_a & ka[i]);
        rough[i] = mean_bend(along, across);
    }
    for (int64_t i = 0; i<n; i += n> 1 ? n - 1 : 1) { /* the ends */
        const int64_t l = i ? i - 1 : 0, r = i + 1 < n ? i + 1 : i;
        const int there_l = known[l] & (i > 0), there_r = known[r] & (i + 1 < n);
        const int32_t along = bend(apart(phase[l], phase[i]), apart(phase[i], phase[r]), there_l, there_r);
        const int32_t across = bend(apart(b[i], phase[i]), apart(phase[i], a[i]), has_b & kb[i], has_a & ka[i]);
        rough[i] = mean_bend(along, across);
    }
}

static void costs(int64_t n, const int16_t *restrict a, const uint8_t *restrict known_a,
                  const uint16_t *restrict rough_a, const int16_t *restrict b, const uint8_t *restrict known_b,
                  const uint16_t *restrict rough_b, uint8_t *restrict cost)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const int32_t difference = abs((int32_t)(int16_t)(uint16_t)((uint32_t)(int32_t)b[i] - (uint32_t)(int32_t)a[i]));
        const int32_t all = (4 * difference + (int32_t)rough_a[i] + (int32_t)rough_b[i]) >> 12; /* 0 to 63 */
        cost[i] = (uint8_t)(known_a[i] & known_b[i] ? (all > 63 ? 63 : all) : 255);
    }
}

const struct nwc__dealias_kernels NWC__NAME(nwc__dealias_kernels) = {
    .phases = phases,
    .roughness = roughness,
    .costs = costs,
};
