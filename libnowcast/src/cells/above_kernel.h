/* Grid cells above a threshold. */
#ifndef NWC_CELLS_ABOVE_KERNEL_H
#define NWC_CELLS_ABOVE_KERNEL_H

#include <stdint.h>

struct nwc__above_kernels {
    /* How many of n cells, step apart, are finite and at or above the threshold. */
    int32_t (*count)(const float *cell, int64_t step, int32_t n, float threshold);
};

#endif
