/* Loops of ensemble scores: a batch of cells at a time, one in each lane of a vector. */
#include "verify/ensemble_kernel.h"
#include "core/kernel.h"

#include <float.h>

static void gather(int64_t n, const float *restrict cell, int64_t step, float *restrict x, int32_t *restrict known)
{
    if (step == 1)
        for (int64_t i = 0; i < n; i++) x[i] = cell[i];
    else
        for (int64_t i = 0; i < n; i++) x[i] = cell[i * step];
    for (int64_t i = n; i < NWC__BATCH; i++) x[i] = 0.0F;
#pragma omp simd
    for (int64_t i = 0; i < NWC__BATCH; i++) known[i] &= fabsf(x[i]) <= FLT_MAX;
}

static void blank(int32_t n_members, float *restrict x, float *restrict y, const int32_t *restrict known)
{
#pragma omp simd
    for (int64_t i = 0; i < NWC__BATCH; i++) y[i] = known[i] ? y[i] : 0.0F;
    for (int32_t m = 0; m < n_members; m++) {
        float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) member[i] = known[i] ? member[i] : 0.0F;
    }
}

static bool compare(int32_t n_members, const float *restrict x, const float *restrict y, const int32_t *restrict known,
                    double *restrict sums, int32_t *restrict below, int32_t *restrict tied)
{
    /* Differences from the first member, so that members that are all equal have no spread, to the bit. */
    double shift[NWC__BATCH] = {0.0}, distance[NWC__BATCH] = {0.0}, deviation[NWC__BATCH] = {0.0};
    for (int64_t i = 0; i < NWC__BATCH; i++) below[i] = tied[i] = 0;
    int32_t differ = 0;
    for (int32_t m = 0; m < n_members; m++) {
        const float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd reduction(| : differ)
        for (int64_t i = 0; i < NWC__BATCH; i++) {
            below[i] += member[i] < y[i];
            tied[i] += member[i] == y[i];
            differ |= member[i] != x[i];
        }
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) {
            shift[i] += (double)member[i] - (double)x[i];
            distance[i] += fabs((double)member[i] - (double)y[i]);
        }
    }
    for (int64_t i = 0; i < NWC__BATCH; i++) shift[i] /= n_members;
    if (differ)
        for (int32_t m = 0; m < n_members; m++) {
            const float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd
            for (int64_t i = 0; i < NWC__BATCH; i++) {
                const double from_mean = (double)member[i] - (double)x[i] - shift[i];
                deviation[i] += from_mean * from_mean;
            }
        }

    int32_t cells = 0;
    double absolute = 0.0, error = 0.0, error_sq = 0.0, deviations = 0.0;
#pragma omp simd reduction(+ : cells, absolute, error, error_sq, deviations)
    for (int64_t i = 0; i < NWC__BATCH; i++) {
        const double e = (double)x[i] - (double)y[i] + shift[i];
        cells += known[i];
        absolute += distance[i];
        error += e;
        error_sq += e * e;
        deviations += deviation[i];
    }
    sums[NWC__CELLS] += cells;
    sums[NWC__ABSOLUTE] += absolute;
    sums[NWC__ERROR] += error;
    sums[NWC__ERROR_SQ] += error_sq;
    sums[NWC__DEVIATIONS] += deviations;
    return differ != 0;
}

static void reach(int32_t n_members, const float *restrict x, float threshold, int32_t *restrict count)
{
    for (int64_t i = 0; i < NWC__BATCH; i++) count[i] = 0;
    for (int32_t m = 0; m < n_members; m++) {
        const float *const member = x + (int64_t)m * NWC__BATCH;
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) count[i] += member[i] >= threshold;
    }
}

static double pairs(int32_t n_members, const float *restrict x)
{
    /* A member with k below it and M - 1 - k above is added k times and taken M - 1 - k times. */
    double sum[NWC__BATCH] = {0.0}, total = 0.0;
    for (int32_t m = 0; m < n_members; m++) {
        const float *const member = x + (int64_t)m * NWC__BATCH;
        const double weight = 2 * m + 1 - n_members;
#pragma omp simd
        for (int64_t i = 0; i < NWC__BATCH; i++) sum[i] += weight * (double)member[i];
    }
#pragma omp simd reduction(+ : total)
    for (int64_t i = 0; i < NWC__BATCH; i++) total += sum[i];
    return total;
}

static double window_row(int64_t n, const uint16_t *restrict column, int64_t first, int64_t last,
                         uint32_t *restrict running, double *restrict total)
{
    uint32_t so_far = 0; /* a wrap cancels in the difference */
    for (int64_t k = 0; k <= first; k++) running[k] = 0;
    for (int64_t i = 0; i < n; i++) running[first + i + 1] = so_far += column[i];
    for (int64_t k = first + n + 1; k <= first + n + last; k++) running[k] = so_far;
    const int64_t width = first + last + 1;
    double squares = 0.0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < n; i++) {
        const double cells = (int32_t)(running[i + width] - running[i]);
        squares += cells * cells;
        total[i] += cells;
    }
    return squares;
}

static void window_sums(int64_t n, const double *restrict total, const double *restrict observed, double *restrict sums)
{
    double squares = 0.0, seen = 0.0, product = 0.0;
#pragma omp simd reduction(+ : squares, seen, product)
    for (int64_t i = 0; i < n; i++) {
        squares += total[i] * total[i];
        seen += observed[i] * observed[i];
        product += total[i] * observed[i];
    }
    sums[NWC__EFSS_TOTAL] += squares;
    sums[NWC__EFSS_OBSERVED] += seen;
    sums[NWC__EFSS_PRODUCT] += product;
}

const struct nwc__ensemble_kernels NWC__NAME(nwc__ensemble_kernels) = {gather, blank,      compare,    reach,
                                                                       pairs,  window_row, window_sums};
