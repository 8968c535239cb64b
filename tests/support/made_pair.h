/* Pairs of fields to be scored, and the sums of their scores. */
#ifndef NWC_TEST_MADE_PAIR_H
#define NWC_TEST_MADE_PAIR_H

#include "support/support.h"

/* Not in order, as is allowed. */
extern const double pair_thresholds[3];
extern const int32_t pair_windows[4];

/* Numbers from 0 to below 1, from where fill_pair left them. */
double uniform(void);

/* A pair that looks like rain: half of it dry, some of it missing, the two related. */
void fill_pair(float *f, float *o, int64_t n, uint64_t seed);

/* Empty sums of the first of those thresholds and windows. */
nwc_verify *sums_of(nwc_ctx *ctx, int32_t n_thresholds, int32_t n_windows, double wet);

/* A copy of the sums, to be freed, and their number. */
double *state_of(const nwc_verify *verify, int64_t *n);

void assert_same_state(const nwc_verify *a, const nwc_verify *b, double tolerance);

#endif
