/* Rows of patches, compiled for each instruction level; called by patches.c and those who use them. */
#ifndef NWC_FORECAST_PATCHES_KERNEL_H
#define NWC_FORECAST_PATCHES_KERNEL_H

#include <stdint.h>

enum { NWC__PATCH_PRODUCTS = 5 };

struct nwc__patches_kernels {
    /* to[i] = a window[i] from[i], 0 where that is NaN; the sum of their sizes. */
    float (*take)(const float *restrict from, const float *restrict window, float a, int64_t n, float *restrict to);
    /* to[i] += a window[i] from[i] */
    void (*give)(const float *restrict from, const float *restrict window, float a, int64_t n, float *restrict to);
    /*
     * Of n waves of three spectra, field, before and newest: products, n each, of |field|^2, |before|^2, and the real parts of
     * field before*, field newest*, before newest*.
     */
    void (*products)(const float *restrict field, const float *restrict before, const float *restrict newest, int64_t n,
                     float *restrict out);
    /* One more step: shares of the field and of its change, and powers of psi first that the change has come to. */
    void (*step)(const float *restrict first, const float *restrict second, float psi, int64_t n, float *restrict power,
                 float *restrict of_field, float *restrict of_change);
    /* out = waves of field weighted by a, and of change by b */
    void (*mix)(const float *restrict field, const float *restrict a, const float *restrict change,
                const float *restrict b, int64_t n, float *restrict out);
};

#endif
