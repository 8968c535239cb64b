/* Rows of correlations; trec.c says what they are parts of. */
#include "core/kernel.h"

#include "motion/correlate.h"

static void add(const float *restrict a, const float *restrict b, int64_t n, float *restrict sums, int64_t pitch)
{
    float *const s0 = sums, *const s1 = sums + pitch, *const s2 = sums + 2 * pitch, *const s3 = sums + 3 * pitch,
                 *const s4 = sums + 4 * pitch, *const s5 = sums + 5 * pitch;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const bool known = (a[i] == a[i]) & (b[i] == b[i]);
        const float p = known ? a[i] : 0.0f, q = known ? b[i] : 0.0f;
        s0[i] += known ? 1.0f : 0.0f;
        s1[i] += p;
        s2[i] += q;
        s3[i] += p * p;
        s4[i] += q * q;
        s5[i] += p * q;
    }
}

const struct nwc__correlate_kernels NWC__NAME(nwc__correlate_kernels) = {.add = add};
