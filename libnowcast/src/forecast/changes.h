/* What the last frames changed by, by scale, and how such changes go on in every place. */
#ifndef NWC_FORECAST_CHANGES_H
#define NWC_FORECAST_CHANGES_H

#include "forecast/bands.h"
#include "forecast/windows.h"

enum { NWC__CHANGES = 3 /* at most */, NWC__SCALES = NWC__BANDS + 1 };

struct nwc__changes {
    int32_t order;
    double step_s;           /* from the frame before to the newest */
    struct nwc__bands bands; /* of changes in a step, newest first, taken apart for good */
    struct nwc__windows windows;
    int64_t steps;       /* that the shares below belong to */
    int64_t n_blocks;    /* of windows */
    float *coefficients; /* (scale, 2, n_blocks) */
    float *shares;       /* (scale, 6, n_blocks), as the kernel's step has them */
    float *at;           /* (scale, 2, n_blocks): of a lead time */
    float *rows;         /* two for each tile of the finest nodes */
};

/* From three frames or more; windows of deviations in cells. Order 1 or 2, 1 where there are only three. */
nwc_status nwc__changes_create(nwc_ctx *ctx, const struct nwc__past *past, int32_t order, double deviation_y,
                               double deviation_x, struct nwc__changes *changes);
void nwc__changes_destroy(nwc_ctx *ctx, struct nwc__changes *changes);

/* The newest frame with all it will have changed by after lead_s, which grows from call to call; (ny, nx). */
nwc_status nwc__changes_add(nwc_ctx *ctx, struct nwc__changes *changes, const float *newest, double lead_s,
                            float *foreseen);

#endif
