/* Histograms over all floats, and values replaced bin by bin. */
#include "core/kernel.h"

#include "forecast/match_kernel.h"

#include <string.h>

static inline uint32_t ordered(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float least(const float *cell, int64_t step, int64_t n, float before)
{
    float found = before;
#pragma omp simd reduction(min : found)
    for (int64_t i = 0; i < n; i++) found = cell[i * step] < found ? cell[i * step] : found;
    return found;
}

static void count(const float *cell, int64_t step, int64_t n, float base, int32_t *restrict count_of)
{
    for (int64_t i = 0; i < n; i++) {
        const float value = cell[i * step] - base;
        if (value == value) count_of[ordered(value) >> NWC__BIN_BITS]++;
    }
}

static void replace(const float *restrict ends, float base, float *cell, int64_t step, int64_t n)
{
    const float scale = 1.0f / (float)NWC__BINS;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float value = cell[i * step] - base;
        const uint32_t order = ordered(value), bin = order >> NWC__BIN_BITS;
        const float within = (float)(int32_t)(order & (NWC__BINS - 1)) * scale;
        const float found = ends[2 * bin] + within * (ends[2 * bin + 1] - ends[2 * bin]);
        cell[i * step] = value == value ? found : value;
    }
}

extern const struct nwc__match_kernels NWC__NAME(nwc__match_kernels);
const struct nwc__match_kernels NWC__NAME(nwc__match_kernels) = {.least = least, .count = count, .replace = replace};
