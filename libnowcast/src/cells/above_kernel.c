/* Looking for the few grid cells that are above a threshold. */
#include "core/kernel.h"

#include "cells/above_kernel.h"

enum { MOST = 64 };

/* Of eight bytes that are 0 or 1, the first the lowest, the bits in a row: each byte is moved to bit 56 and its own number. */
static uint64_t bits_of(const uint8_t *byte)
{
    uint64_t bits = 0;
    for (int b = 0; b < 8; b++) bits |= (uint64_t)byte[b] << (8 * b);
    return bits * UINT64_C(0x0102040810204080) >> 56;
}

static uint64_t find(const float *restrict cell, int64_t step, int32_t n, float threshold)
{
    uint8_t above[MOST] = {0};
    uint64_t bits = 0;
    if (step == 1) {
#pragma omp simd
        for (int32_t i = 0; i < n; i++) above[i] = (cell[i] >= threshold) & (cell[i] < INFINITY);
    } else {
        for (int32_t i = 0; i < n; i++) above[i] = (cell[i * step] >= threshold) & (cell[i * step] < INFINITY);
    }
    for (int b = 0; b < MOST / 8; b++) bits |= bits_of(above + 8 * b) << (8 * b);
    return bits;
}

const struct nwc__above_kernels NWC__NAME(nwc__above_kernels) = {.find = find};
