/* The least of a function of many variables whose gradient is known. */
#ifndef NWC_MOTION_DESCEND_H
#define NWC_MOTION_DESCEND_H

#include "core/internal.h"

/* The cost at x (n) and its gradient there. */
typedef nwc_status (*nwc__cost_fn)(nwc_ctx *ctx, void *user, const double *x, double *cost, double *gradient);

/*
 * Go from x to where the cost is least, by the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Nocedal 1980, Math.
 * Comput. 35, 773) with seven steps kept. Ends after most steps, or when a step gains less than enough of the cost, or when no
 * shorter one gains any; x is then where the cost was least. steps says how many were taken; may be NULL.
 */
nwc_status nwc__descend(nwc_ctx *ctx, nwc__cost_fn cost, void *user, int64_t n, int32_t most, double enough, double *x,
                        int32_t *steps);

#endif
