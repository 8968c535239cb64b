/* Where a field has blobs: rain cells, of a few sizes. */
#ifndef NWC_FORECAST_BLOBS_H
#define NWC_FORECAST_BLOBS_H

#include "core/internal.h"

struct nwc__blob {
    double y, x;    /* cells */
    float strength; /* in units of the field */
};

/* The strongest blobs of a field (ny, nx), at most `most`, strongest first; what is NaN counts as 0. */
nwc_status nwc__blobs_find(nwc_ctx *ctx, const float *field, int64_t ny, int64_t nx, int32_t most,
                           struct nwc__blob *blobs, int32_t *n);

#endif
