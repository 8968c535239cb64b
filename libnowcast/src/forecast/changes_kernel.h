/* Rows of changes and of their laws, compiled for each instruction level; called by changes.c and anvil.c. */
#ifndef NWC_FORECAST_CHANGES_KERNEL_H
#define NWC_FORECAST_CHANGES_KERNEL_H

#include <stdint.h>

/* Sums that correlations of three changes need: 00 11 22 01 02. */
enum { NWC__CHANGE_SUMS = 5 };

struct nwc__changes_kernels {
    /*
     * Add products of the changes of n nodes to the sums of their blocks, sums[p * stride + b]; b is i step / block, both powers of
     * two given as log_2. What is NaN counts as 0.
     */
    void (*products)(const float *restrict newest, const float *restrict before, const float *restrict oldest,
                     int64_t n, int32_t log_step, int32_t log_block, int64_t stride, float *restrict sums);
    /* Coefficients of n blocks from their sums; order 1 leaves out the last. */
    void (*fit)(const float *restrict sums, int64_t stride, int32_t order, int64_t n, float *restrict phi1,
                float *restrict phi2);
    /*
     * One more step of n blocks. state: six rows, stride apart: shares of the newest two changes in the change of the last
     * step, in that of the step before, and in the sum of all steps.
     */
    void (*step)(const float *restrict phi1, const float *restrict phi2, int64_t stride, int64_t n,
                 float *restrict state);
    /* to[i] += a[i] x[i] + b[i] y[i] */
    void (*grow)(const float *restrict a, const float *restrict x, const float *restrict b, const float *restrict y,
                 int64_t n, float *restrict to);
};

#endif
