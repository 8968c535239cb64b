/* Motion that is known beforehand: that of the last cycle, a model's. */
#ifndef NWC_MOTION_PRIOR_H
#define NWC_MOTION_PRIOR_H

#include "grid/internal.h"

#include <nowcast/motion.h>

/* Refuse a pair (u, v) that is not on the grid of the newest frame, or that the method does not take. NULL is none. */
nwc_status nwc__check_prior(const nwc_field *pair, const char *name, const nwc_field *newest, int32_t method);

/* u and v of a pair as (ny, nx), cells per second, NaN where not known, allocated here. */
nwc_status nwc__take_prior(nwc_ctx *ctx, const nwc_field *pair, const nwc__metric *metric, float *cells[2]);

#endif
