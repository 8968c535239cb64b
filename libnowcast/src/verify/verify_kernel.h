/* Loops of verify, over contiguous rows, and the sums they fill. */
#ifndef NWC_VERIFY_KERNEL_H
#define NWC_VERIFY_KERNEL_H

#include <stdint.h>

/* Of the cells of a set: their number, means, central moments, and sums of differences. */
enum {
    NWC__N,
    NWC__MEAN_F,
    NWC__MEAN_O,
    NWC__M2_F, /* sum of (f - mean f)^2 */
    NWC__M2_O, /* sum of (o - mean o)^2 */
    NWC__C_FO, /* sum of (f - mean f) (o - mean o) */
    NWC__ABS,  /* sum of |f - o| */
    NWC__SQ,   /* sum of (f - o)^2 */
    NWC__MOMENTS
};

/* Cells at or above one threshold; misses and correct negatives follow from these and the number of cells. */
enum { NWC__HITS, NWC__EVENTS_F, NWC__EVENTS_O, NWC__COUNTS };

/* Over all windows, f and o being the events in one: the sum of (f - o)^2 and of f^2 + o^2. */
enum { NWC__FSS_DIFFERENCE, NWC__FSS_SQUARES, NWC__FSS_SUMS };

struct nwc__verify_kernels {
    /* Copy n cells of both fields to f and o, NaN in both where either is not finite or use (may be NULL) is 0. */
    void (*gather)(int64_t n, const float *forecast, int64_t forecast_step, const float *observed,
                   int64_t observed_step, const uint8_t *use, int64_t use_step, float *f, float *o);
    /* Add to counts[NWC__COUNTS] the cells at or above threshold. */
    void (*count)(int64_t n, const float *f, const float *o, float threshold, double *counts);
    /* The number of thresholds each cell reaches. */
    void (*rank)(int64_t n, const float *v, const float *threshold, int32_t n_thresholds, uint8_t *rank);
    /* moments[NWC__MOMENTS] of the cells where either field is at or above wet. */
    void (*moments)(int64_t n, const float *f, const float *o, float wet, double *moments);
    /* Add to (sign 1) or take from (-1) each column's sum the cells that rank at level or above. */
    void (*slide)(int64_t n, const uint8_t *rank, uint8_t level, int32_t sign, uint16_t *column);
    /*
     * Add to sums[NWC__FSS_SUMS] the windows of one row, from its column sums. A window reaches from first columns before
     * its cell to last columns after it. running_f and running_o are scratch of n + first + last + 1.
     */
    void (*windows)(int64_t n, const uint16_t *column_f, const uint16_t *column_o, int64_t first, int64_t last,
                    uint32_t *running_f, uint32_t *running_o, double *sums);
};

#endif
