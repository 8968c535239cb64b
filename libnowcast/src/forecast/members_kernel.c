/* Loops over members: a batch of cells at a time, one in each lane of a vector. */
#include "forecast/members_kernel.h"
#include "core/kernel.h"

static void gather(int64_t n, const float *restrict cell, int64_t step, float *restrict x)
{
    if (step == 1)
        for (int64_t i = 0; i < n; i++) x[i] = cell[i];
    else
        for (int64_t i = 0; i < n; i++) x[i] = cell[i * step];
    for (int64_t i = n; i < NWC__BATCH; i++) x[i] = NAN;
}

static void know(int32_t n_members, float *restrict x, int32_t *restrict known)
{
    for (int64_t i = 0; i < NWC__BATCH; i++) known[i] = 0;
    for (int32_t m = 0; m < n_members; m++) {
        float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) {
            const bool is = member[i] == member[i];
            known[i] += is;
            member[i] = is ? member[i] : INFINITY;
        }
    }
}

static void reach(int64_t n, const float *restrict cell, int64_t step, float threshold, int32_t *restrict known,
                  int32_t *restrict reached)
{
    if (step == 1) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            known[i] += cell[i] == cell[i];
            reached[i] += cell[i] >= threshold;
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            known[i] += cell[i * step] == cell[i * step];
            reached[i] += cell[i * step] >= threshold;
        }
    }
}

static void disc(int64_t n, const int32_t *restrict prefix, int64_t w, int64_t *restrict sum)
{
    /* West of first the window is cut off there, from last on it is cut off in the east. */
    const int64_t first = w < n ? w : n, last = n > w ? n - w : 0;
    const int64_t all = prefix[n];
    const int64_t begin = first < last ? first : last, end = first < last ? last : first;
    for (int64_t i = 0; i < begin; i++) sum[i] += prefix[i + w + 1];
    if (first < last) {
#pragma omp simd
        for (int64_t i = begin; i < end; i++) sum[i] += prefix[i + w + 1] - prefix[i - w];
    } else {
        for (int64_t i = begin; i < end; i++) sum[i] += all;
    }
    for (int64_t i = end; i < n; i++) sum[i] += all - prefix[i - w];
}

static void moments(int32_t n_members, const float *restrict x, int32_t *restrict known, double *restrict mean,
                    double *restrict squares)
{
    for (int64_t i = 0; i < NWC__BATCH; i++) known[i] = 0, mean[i] = squares[i] = 0.0;
    for (int32_t m = 0; m < n_members; m++) {
        const float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) {
            const bool is = member[i] == member[i];
            known[i] += is;
            mean[i] += is ? (double)member[i] : 0.0;
        }
    }
    for (int64_t i = 0; i < NWC__BATCH; i++) mean[i] /= known[i];
    for (int32_t m = 0; m < n_members; m++) {
        const float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) {
            const double away = member[i] == member[i] ? (double)member[i] - mean[i] : 0.0;
            squares[i] += away * away;
        }
    }
}

static void outside(int32_t n_members, const float *restrict x, const int32_t *restrict use, int64_t *restrict pairs)
{
    for (int32_t a = 0; a < n_members; a++) {
        const float *const own = x + (int64_t)a * NWC__BATCH;
        int32_t below[NWC__BATCH] = {0}, above[NWC__BATCH] = {0}, sum = 0;
        for (int32_t b = 0; b < n_members; b++) {
            const float *const other = x + (int64_t)b * NWC__BATCH;
#pragma omp simd
            for (int64_t i = 0; i < NWC__BATCH; i++) {
                below[i] += other[i] < own[i];
                above[i] += other[i] > own[i];
            }
        }
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < NWC__BATCH; i++) /* at most 64 times 999 times 998 / 2, which an int32_t holds */
            sum += use[i] * (below[i] * (below[i] - 1) + above[i] * (above[i] - 1)) / 2;
        pairs[a] += sum;
    }
}

const struct nwc__members_kernels NWC__NAME(nwc__members_kernels) = {gather, know, reach, disc, moments, outside};
