/* Rows read between the middles of blocks. */
#include "core/kernel.h"

#include "forecast/windows_kernel.h"

static void read_row(const float *restrict low, const float *restrict high, float b, int64_t n_blocks, float first,
                     float step, int64_t n, float *restrict to)
{
    const float last = (float)(n_blocks - 1);
#pragma omp simd
    for (int32_t i = 0; i < (int32_t)n; i++) {
        float place = first + step * (float)i;
        place = place < 0.0f ? 0.0f : place > last ? last : place;
        const int32_t k = (int32_t)place, next = k + 1 < (int32_t)n_blocks ? k + 1 : k;
        const float from = low[k] + b * (high[k] - low[k]), until = low[next] + b * (high[next] - low[next]);
        to[i] = from + (place - (float)k) * (until - from);
    }
}

extern const struct nwc__windows_kernels NWC__NAME(nwc__windows_kernels);
const struct nwc__windows_kernels NWC__NAME(nwc__windows_kernels) = {.read = read_row};
