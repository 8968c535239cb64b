/* Looking for the few grid cells that are above a threshold. */
#include "core/kernel.h"

#include "cells/above_kernel.h"

static int32_t count(const float *restrict cell, int64_t step, int32_t n, float threshold)
{
    int32_t sum = 0;
    if (step == 1) {
#pragma omp simd reduction(+ : sum)
        for (int32_t i = 0; i < n; i++) sum += (cell[i] >= threshold) & (cell[i] < INFINITY);
    } else {
        for (int32_t i = 0; i < n; i++) sum += (cell[i * step] >= threshold) & (cell[i * step] < INFINITY);
    }
    return sum;
}

const struct nwc__above_kernels NWC__NAME(nwc__above_kernels) = {.count = count};
