/* Exchanges of members, one cell in each lane of a vector. */
#include "grid/exchange_kernel.h"
#include "core/kernel.h"

static void exchange_members(float *restrict low, float *restrict high)
{
#pragma omp simd
    for (int64_t i = 0; i < NWC__BATCH; i++) {
        const float a = low[i], b = high[i];
        low[i] = a < b ? a : b;
        high[i] = a < b ? b : a;
    }
}

static void sort(int64_t n_exchanges, const uint16_t (*exchange)[2], float *x)
{
    for (int64_t k = 0; k < n_exchanges; k++)
        exchange_members(x + (int64_t)exchange[k][0] * NWC__BATCH, x + (int64_t)exchange[k][1] * NWC__BATCH);
}

const struct nwc__exchange_kernels NWC__NAME(nwc__exchange_kernels) = {sort};
