/* How much a forecast along the motion counts towards the edge of what it knows. */
#ifndef NWC_FORECAST_FEATHER_H
#define NWC_FORECAST_FEATHER_H

#include "grid/internal.h"

struct nwc__feather {
    int64_t ny, nx, rim;        /* cells around the grid, which are as the nearest of it */
    double dy_m, dx_m, width_m; /* width_m 0: weights are 1, and there is no memory */
    uint8_t *unknown;           /* (ny + 2 rim, nx + 2 rim) */
    float *distance;            /* likewise, m */
    float *weight;              /* (ny, nx), 0 to 1; NULL for 1 everywhere */
};

nwc_status nwc__feather_create(nwc_ctx *ctx, const nwc_grid *grid, double width_m, struct nwc__feather *feather);
void nwc__feather_destroy(nwc_ctx *ctx, struct nwc__feather *feather);

/* Weights for cells (y, x), NaN where not known. */
nwc_status nwc__feather_take(nwc_ctx *ctx, struct nwc__feather *feather, const nwc_field *cells);

/* NaN where the nowcast is; the nowcast where the model is not known. */
static inline float nwc__feathered(float nowcast, float model, float weight)
{
    return isnan(model) || weight >= 1.0F ? nowcast : weight * nowcast + (1.0F - weight) * model;
}

#endif
