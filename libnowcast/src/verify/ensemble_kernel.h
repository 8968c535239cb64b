/* Loops of ensemble scores, over a batch of cells at a time: [member][cell], so that every loop runs over cells. */
#ifndef NWC_ENSEMBLE_KERNEL_H
#define NWC_ENSEMBLE_KERNEL_H

#include "grid/exchange_kernel.h"

#include <stdbool.h>
#include <stdint.h>

/* Sums over all cells. */
enum {
    NWC__CELLS,
    NWC__ABSOLUTE,   /* of |x - y| of every member */
    NWC__PAIRS,      /* of |x - x'| of every pair of members */
    NWC__ERROR,      /* of mean x - y */
    NWC__ERROR_SQ,   /* of its square */
    NWC__DEVIATIONS, /* of (x - mean x)^2 of every member */
    NWC__ENSEMBLE_SUMS
};

/* Over all windows, f being the events of a member in one and o the observed. */
enum {
    NWC__EFSS_SQUARES,  /* of f^2 of every member */
    NWC__EFSS_TOTAL,    /* of (sum of f over members)^2 */
    NWC__EFSS_OBSERVED, /* of o^2 */
    NWC__EFSS_PRODUCT,  /* of o times the sum of f over members */
    NWC__EFSS_SUMS
};

struct nwc__ensemble_kernels {
    /* Copy n cells, and 0 to the others of a batch; known[NWC__BATCH] becomes 0 where one is not finite. */
    void (*gather)(int64_t n, const float *cell, int64_t step, float *x, int32_t *known);
    /* Set to 0 the cells of all members and of y that are not known. */
    void (*blank)(int32_t n_members, float *x, float *y, const int32_t *known);
    /*
     * Add to sums all but the pairs; count for each cell the members below y and equal to it. Return whether members
     * differ anywhere.
     */
    bool (*compare)(int32_t n_members, const float *x, const float *y, const int32_t *known, double *sums,
                    int32_t *below, int32_t *tied);
    /* For each cell the members at or above threshold. */
    void (*reach)(int32_t n_members, const float *x, float threshold, int32_t *count);
    /* The sum over cells and pairs of members of their differences; members in ascending order. */
    double (*pairs)(int32_t n_members, const float *x);
    /*
     * The events in the windows of one row, from its column sums, as nwc__verify_kernels.windows; running: n + first + last + 1.
     * They are added to total, and their squares' sum is returned.
     */
    double (*window_row)(int64_t n, const uint16_t *column, int64_t first, int64_t last, uint32_t *running,
                         double *total);
    /* Add to sums[NWC__EFSS_SUMS] but the squares, from the windows of all members together and of the observed. */
    void (*window_sums)(int64_t n, const double *total, const double *observed, double *sums);
};

#endif
