/* Grid cells above a threshold. */
#ifndef NWC_CELLS_ABOVE_KERNEL_H
#define NWC_CELLS_ABOVE_KERNEL_H

#include <stdint.h>

struct nwc__above_kernels {
    /* Bit i is set where cell i of n, at most 64 and step apart, is finite and at or above the threshold. */
    uint64_t (*find)(const float *cell, int64_t step, int32_t n, float threshold);
};

#endif
