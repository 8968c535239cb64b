/* Loops over the members of a batch of cells, [member][cell], and over rows of counts. */
#ifndef NWC_FORECAST_MEMBERS_KERNEL_H
#define NWC_FORECAST_MEMBERS_KERNEL_H

#include "grid/exchange_kernel.h"

#include <stdint.h>

struct nwc__members_kernels {
    /* Copy n cells, and NaN to the others of a batch. */
    void (*gather)(int64_t n, const float *cell, int64_t step, float *x);
    /* Count a batch's known members, and make the others infinite, so that they come last. */
    void (*know)(int32_t n_members, float *x, int32_t *known);
    /* Add to known and reached 1 for each of n cells that is no NaN, and that is at least threshold. */
    void (*reach)(int64_t n, const float *cell, int64_t step, float threshold, int32_t *known, int32_t *reached);
    /*
     * Add to each of n sums the counts of cells at most w aside: prefix[i], of n + 1, is the sum of those before i. w may
     * exceed n.
     */
    void (*disc)(int64_t n, const int32_t *prefix, int64_t w, int64_t *sum);
    /* The sum and the squared deviations of known members of a batch, NaN being none. */
    void (*moments)(int32_t n_members, const float *x, int32_t *known, double *mean, double *squares);
    /*
     * For each member the number of pairs of members that do not enclose its value, summed over the cells of use; below and
     * above are strict.
     */
    void (*outside)(int32_t n_members, const float *x, const int32_t *use, int64_t *outside);
};

#endif
