/* The sums of one stratum, and where each lies. */
#ifndef NWC_VERIFY_INTERNAL_H
#define NWC_VERIFY_INTERNAL_H

#include "grid/internal.h"
#include "verify/verify_kernel.h"

#include <nowcast/verify.h>

/*
 * All that is summed is one array of doubles, so that adding, merging, storing and sending are loops over it. Counts are
 * whole numbers, exact in a double up to 2^53. The layout is part of the interface: see nwc_verify_get_state.
 */
struct nwc_verify {
    nwc_ctx memory; /* the allocator this was made with */
    int32_t n_thresholds, n_windows;
    float *threshold; /* rounded to float, as the cells they are compared with */
    int32_t *window;
    float wet;          /* +infinity for none */
    double *state;      /* head, then the sums */
    int64_t head, size; /* doubles in the head, and in all */
    int64_t moments[2]; /* places in state, of all cells and of wet cells: [NWC__MOMENTS] */
    int64_t counts;     /* [threshold][NWC__COUNTS] */
    int64_t fss;        /* [threshold][window][NWC__FSS_SUMS] */
};

/* A score whose denominator is zero is NaN. */
static inline double nwc__verify_ratio(double above, double below)
{
    return below != 0.0 ? above / below : (double)NAN;
}

/* Refuse thresholds that are too many, missing or not finite. */
nwc_status nwc__verify_check_thresholds(const double *thresholds, int32_t n);

/* Refuse a stored state of n values that is to have size, or whose sums are not finite. */
nwc_status nwc__verify_check_size(const double *state, int64_t n, int64_t size);
nwc_status nwc__verify_check_sums(const double *sum, int64_t n);

/* Refuse windows that are too many, missing, below 1 or too wide. */
nwc_status nwc__verify_check_windows(const int32_t *windows, int32_t n);

/* Refuse fields, forecast being called name, and a mask that do not belong together; of other units only the first of the two. */
nwc_status nwc__verify_check_pair(const nwc_field *forecast, const char *name, const nwc_field *observed,
                                  const nwc_flags *use);
nwc_status nwc__verify_check_places(const nwc_field *forecast, const char *name, const nwc_field *observed,
                                    const nwc_flags *use);

/* The lowest rank of a cell that reaches threshold t of n: as many thresholds as are not above it. */
uint8_t nwc__verify_event_rank(const float *threshold, int32_t n, int32_t t);

/* Add the sums in from, laid out as a whole state, to those in into. */
void nwc__verify_add_sums(const nwc_verify *verify, double *into, const double *from);

/* Merge the moments of two sets of cells: Chan, Golub and LeVeque (1983). */
void nwc__verify_merge_moments(double *into, const double *from);

#endif
