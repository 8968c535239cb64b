/* Rain from what is forecast in its place, by their relation around every cell. */
#ifndef NWC_FORECAST_RELATION_H
#define NWC_FORECAST_RELATION_H

#include "forecast/windows.h"

#include <nowcast/grid.h>

struct nwc__relation {
    int64_t ny, nx;
    struct nwc__windows windows;
    float *slope, *offset; /* of windows */
    float *rows;           /* two for each tile */
};

/* From x (ny, nx), contiguous, NaN where not known, and rain, both over cells where both are above 0. */
nwc_status nwc__relation_create(nwc_ctx *ctx, const float *x, const nwc_field *rain, double deviation_y,
                                double deviation_x, struct nwc__relation *relation);
void nwc__relation_destroy(nwc_ctx *ctx, struct nwc__relation *relation);

/* x (ny, nx) becomes rain: 0 where x is 0 or less, and never below 0; NaN stays. */
nwc_status nwc__relation_apply(nwc_ctx *ctx, const struct nwc__relation *relation, float *x);

#endif
