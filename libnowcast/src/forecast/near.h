/* How near to rain cells are. */
#ifndef NWC_FORECAST_NEAR_H
#define NWC_FORECAST_NEAR_H

#include "core/internal.h"

/*
 * nearness (ny, nx): 1 where a cell of field is at least wet, falling to 0 at rim + 1 cells from the nearest such cell, counted
 * along rows and columns.
 */
nwc_status nwc__nearness(nwc_ctx *ctx, const float *field, int64_t ny, int64_t nx, float wet, int32_t rim,
                         float *nearness);

#endif
