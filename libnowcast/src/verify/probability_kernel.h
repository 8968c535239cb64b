/* Probabilities counted in classes. */
#ifndef NWC_PROBABILITY_KERNEL_H
#define NWC_PROBABILITY_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* Of each class: cells, events, and sums of p, of its square and of it over events. */
enum { NWC__CLASS_N, NWC__CLASS_EVENTS, NWC__CLASS_P, NWC__CLASS_P_SQ, NWC__CLASS_P_EVENTS, NWC__CLASS_SUMS };

struct nwc__probability_kernels {
    /*
     * Add n cells to sums[n_classes][NWC__CLASS_SUMS], those where both are finite and use (may be NULL) is not 0. Return whether
     * all their probabilities are of 0 to 1; where one is not the sums are unspecified.
     */
    bool (*classify)(int64_t n, const float *probability, int64_t step, const float *observed, int64_t observed_step,
                     const uint8_t *use, int64_t use_step, float threshold, int32_t n_classes, double *sums);
    /* Calibrate n cells by knots: between them in proportion. */
    void (*calibrate)(int64_t n, const float *p, int64_t step, int32_t n_knots, const double *knot,
                      const double *calibrated, float *result, int64_t result_step);
};

#endif
