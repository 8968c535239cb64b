/* Rows of spectra, compiled for each instruction level; called by waves.c alone. */
#ifndef NWC_FORECAST_WAVELENGTHS_KERNEL_H
#define NWC_FORECAST_WAVELENGTHS_KERNEL_H

#include <stdint.h>

enum { NWC__PER_WAVE = 32 }; /* entries of a table to a wave number */

struct nwc__wavelengths_kernels {
    /*
     * Sums over a row of n complex numbers of table^2 a conj(b), real part; wave number sqrt(y2 + (x_wave i)^2). Each
     * counts twice but the first and, if even, the last.
     */
    double (*product)(const float *restrict a, const float *restrict b, const float *restrict table, float y2,
                      float x_wave, int64_t n);
    /* out = a weighted by a_table + b weighted by b_table, times scale. */
    void (*mix)(const float *restrict a, const float *restrict a_table, const float *restrict b,
                const float *restrict b_table, float y2, float x_wave, float scale, int64_t n, float *restrict out);
    /* b = a weighted by a_table + b weighted by b_table + noise times amplitude, one to a complex number. */
    void (*evolve)(const float *restrict a, const float *restrict a_table, float *restrict b,
                   const float *restrict b_table, const float *restrict noise, const float *restrict amplitude,
                   float y2, float x_wave, int64_t n);
};

#endif
