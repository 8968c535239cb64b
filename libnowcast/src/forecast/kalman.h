/* One step of an ensemble Kalman filter among the principal components of two ensembles. */
#ifndef NWC_FORECAST_KALMAN_H
#define NWC_FORECAST_KALMAN_H

#include "grid/internal.h"

#include <nowcast/forecast_kalman.h>

struct nwc__kalman {
    nwc_kalman_options options;
    int32_t n_nowcast, n_model; /* members, 2 or more and 1 or more */
    float **field;      /* of the nowcast, which are corrected, then of the model: cells each, NaN where not known */
    const int32_t *own; /* (n_nowcast): the member of the model that each moves to */
    int64_t cells;
};

nwc_status nwc__check_kalman(const nwc_kalman_options *options);

/* gain: as nwc_forecast_kalman tells it. */
nwc_status nwc__kalman(nwc_ctx *ctx, const struct nwc__kalman *kalman, double *gain);

#endif
