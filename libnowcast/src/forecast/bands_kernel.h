/* Rows of levels, compiled for each instruction level; called by bands.c alone. */
#ifndef NWC_FORECAST_BANDS_KERNEL_H
#define NWC_FORECAST_BANDS_KERNEL_H

#include <stdint.h>

enum { NWC__PAIRS = 10 }; /* of four frames, each with itself too: 00 01 02 03 11 12 13 22 23 33 */

struct nwc__bands_kernels {
    /* to[i] += tap from[i]; what is NaN counts as 0 */
    void (*add)(const float *restrict from, float tap, int64_t n, float *restrict to);
    /* to[i] = sum of tap[|k|] from[i ratio + reach + k], k = -reach .. reach */
    void (*reduce)(const float *restrict from, const float *restrict tap, int64_t reach, int32_t ratio, int64_t n,
                   float *restrict to);
    /* to[i] = what lies between the nodes of rows low and high, high having the share b; ratio cells to a node. */
    void (*expand)(const float *restrict low, const float *restrict high, float b, int32_t ratio, int64_t n_nodes,
                   int64_t n, float *restrict to);
    /* to[i] += a x[i] */
    void (*mix)(const float *restrict x, float a, int64_t n, float *restrict to);
    /* to[i] = 0 where below */
    void (*limit)(int64_t n, float *restrict to);
    /* Sums of the products of the rows of up to four frames, where use[i * step] is not 0. */
    void (*products)(const float *const row[4], const uint8_t *restrict use, int64_t step, int64_t n,
                     double sum[NWC__PAIRS]);
};

#endif
