/* A motion of no divergence. */
#ifndef NWC_MOTION_CONTINUITY_H
#define NWC_MOTION_CONTINUITY_H

#include "core/internal.h"

/*
 * Change u and v, (ny, nx) on nodes and in the same units, as little as can be, by the sum of squares, so that no divergence
 * is left: to a millionth of what there was, or NWC_ERR_CONVERGENCE. All must be finite.
 */
nwc_status nwc__take_divergence(nwc_ctx *ctx, int64_t ny, int64_t nx, float *u, float *v);

#endif
