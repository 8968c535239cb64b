/* Inputs of a model of growth from planes of rain and its changes, and layers of rectified units. */
#include "core/kernel.h"

#include "forecast/growth_kernel.h"

enum { CHUNK = NWC__GROWTH_CHUNK };

#define LEAST_AMOUNT 0.1f /* mm h-1 */
#define MOST_AMOUNT 1e6f
#define MOST_SHARE 3.0f
#define MOST_SCALES 4.0f
#define MOST_LOSS -1.0f
#define MOST_GAIN 2.0f

static void inputs(const float *planes, int64_t stride, const float *base, float lead_h, int64_t n, float *restrict x,
                   float *restrict amount)
{
    const float *const level = planes + NWC__GROWTH_LEVEL * stride, *const reach = planes + NWC__GROWTH_REACH * stride;
    float *restrict const last = x + (NWC__GROWTH_INPUTS - 3) * CHUNK;
    float inverse[CHUNK];
    for (int64_t i = 0; i < CHUNK; i++) inverse[i] = amount[i] = 0.0f;
    for (int64_t i = 0; i < NWC__GROWTH_INPUTS * CHUNK; i++) x[i] = 0.0f;
    for (int64_t i = 0; i < n; i++) {
        const float found = base[i] + level[i] + LEAST_AMOUNT;
        inverse[i] = 1.0f / found;
        amount[i] = reach[i] <= 0.0f ? -1.0f : found;
        x[i] = base[i] * inverse[i];
        last[i] = found / (found + 1.0f);
        last[CHUNK + i] = found / (found + 10.0f);
        last[2 * CHUNK + i] = lead_h;
    }
    for (int32_t p = 0; p < NWC__GROWTH_PLANES; p++) {
        const float *const plane = planes + p * stride;
        float *restrict const row = x + (1 + p) * CHUNK;
        const int is_wet = p > 0 && (p - 1) % NWC__GROWTH_OF_SCALE == NWC__GROWTH_OF_SCALE - 1;
        for (int64_t i = 0; i < n; i++) {
            const float share = is_wet ? plane[i] : plane[i] * inverse[i];
            const float low = share < -MOST_SHARE ? -MOST_SHARE : share;
            row[i] = low > MOST_SHARE ? MOST_SHARE : low;
        }
    }
}

static void scale(const float *restrict x, float mean, float scale, float *restrict scaled)
{
    for (int i = 0; i < CHUNK; i++) {
        const float value = (x[i] - mean) / scale;
        const float low = value < -MOST_SCALES ? -MOST_SCALES : value;
        scaled[i] = low > MOST_SCALES ? MOST_SCALES : low;
    }
}

static void layer(const float *restrict weights, int32_t n_below, int32_t n_units, int32_t rectified,
                  const float *restrict below, float *restrict units)
{
    for (int32_t u = 0; u < n_units; u++) {
        const float *const own = weights + (int64_t)u * (n_below + 1);
        float sum[CHUNK];
        for (int i = 0; i < CHUNK; i++) sum[i] = own[0];
        for (int32_t b = 0; b < n_below; b++)
            for (int i = 0; i < CHUNK; i++) sum[i] += own[1 + b] * below[b * CHUNK + i];
        for (int i = 0; i < CHUNK; i++) units[u * CHUNK + i] = rectified && !(sum[i] > 0.0f) ? 0.0f : sum[i];
    }
}

static void change(const float *restrict change, const float *restrict amount, int64_t n, float *restrict base)
{
    for (int64_t i = 0; i < n; i++) {
        const float low = change[i] < MOST_LOSS ? MOST_LOSS : change[i];
        const float within = low > MOST_GAIN ? MOST_GAIN : low;
        const float changed = base[i] + within * amount[i];
        const float rain = changed > 0.0f ? changed : 0.0f;
        base[i] = amount[i] > 0.0f && amount[i] < MOST_AMOUNT ? rain : base[i];
    }
}

extern const struct nwc__growth_kernels NWC__NAME(nwc__growth_kernels);
const struct nwc__growth_kernels NWC__NAME(nwc__growth_kernels) = {.inputs = inputs,
                                                                   .scale = scale,
                                                                   .layer = layer,
                                                                   .change = change};
