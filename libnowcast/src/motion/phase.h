/* Rows of phase correlation, compiled for each instruction level; called by phase.c alone. */
#ifndef NWC_MOTION_PHASE_H
#define NWC_MOTION_PHASE_H

#include <stdint.h>

typedef struct nwc__cross_phase_kernels {
    /* Of n cells of a row the sums of weight, of weight x, of those known, and of those with echo, where known; added to sums. */
    void (*sum)(const float *restrict x, const uint8_t *restrict known, const float *restrict weight, int64_t n,
                float sums[4]);
    /* factor weight (x - mean) where known, 0 elsewhere */
    void (*taper)(const float *restrict x, const uint8_t *restrict known, const float *restrict weight, int64_t n,
                  float factor, float mean, float *restrict to);
    /* p becomes p times the conjugate of q, of size factor fade; n complex numbers. What is smaller than least becomes 0. */
    void (*cross)(float *restrict p, const float *restrict q, const float *restrict fade, int64_t n, float factor);
} nwc__cross_phase_kernels;

#endif
