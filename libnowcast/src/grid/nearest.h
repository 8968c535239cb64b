/* The nearest cell of a set, for every cell of a grid. */
#ifndef NWC_GRID_NEAREST_H
#define NWC_GRID_NEAREST_H

#include "core/internal.h"

/* nearest: (ny, nx), j * nx + i of the nearest cell of set (ny, nx), cells being dy by dx; -1 where none is set. */
nwc_status nwc__nearest(nwc_ctx *ctx, const uint8_t *set, int64_t ny, int64_t nx, double dy, double dx,
                        int32_t *nearest);

#endif
