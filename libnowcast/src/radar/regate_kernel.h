/* Rays from one range axis onto another. */
#ifndef NWC_RADAR_REGATE_KERNEL_H
#define NWC_RADAR_REGATE_KERNEL_H

#include <stdint.h>

struct nwc__regate_kernels {
    /* to[g * step] = from[offset[g]] for n gates. */
    void (*cells)(const float *from, const int64_t *restrict offset, int64_t n, int64_t step, float *restrict to);
    void (*flags)(const uint8_t *from, const int64_t *restrict offset, int64_t n, int64_t step, uint8_t *restrict to);
    /* Each of n cells so many times, one behind the other. */
    void (*repeat)(const float *restrict from, int64_t n, int64_t times, float *restrict to);
};

#endif
