/* Rows of blocks, compiled for each instruction level; called by windows.c alone. */
#ifndef NWC_FORECAST_WINDOWS_KERNEL_H
#define NWC_FORECAST_WINDOWS_KERNEL_H

#include <stdint.h>

struct nwc__windows_kernels {
    /* to[i] = what lies at first + i step between n_blocks values, those of low and high rows, high having the share b. */
    void (*read)(const float *restrict low, const float *restrict high, float b, int64_t n_blocks, float first,
                 float step, int64_t n, float *restrict to);
};

#endif
