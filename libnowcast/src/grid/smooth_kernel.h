/* Rows of a separable filter, compiled for each instruction level; called by smooth.c and forecast. */
#ifndef NWC_GRID_SMOOTH_KERNEL_H
#define NWC_GRID_SMOOTH_KERNEL_H

#include <stdint.h>

typedef struct nwc__smooth_kernels {
    /* to[i] = sum of tap[|k|] from[i + reach + k], k = -reach .. reach; from has n + 2 reach cells. */
    void (*along_x)(const float *restrict from, const float *restrict tap, int64_t reach, int64_t n,
                    float *restrict to);
    /* to[i] += tap from[i] */
    void (*add)(const float *restrict from, float tap, int64_t n, float *restrict to);
} nwc__smooth_kernels;

#endif
