/* Fields read where the air of each cell was at time 0, for one lead time after the other. */
#ifndef NWC_FORECAST_CARRY_H
#define NWC_FORECAST_CARRY_H

#include "forecast/kernels.h"
#include "forecast/trajectory.h"

typedef struct nwc__carrier {
    nwc__trajectories trajectories;
    nwc_extrapolate_options options;
    int64_t ny, nx;
} nwc__carrier;

/* Refuse options of an extrapolation that are out of range. */
nwc_status nwc__check_extrapolation(const nwc_extrapolate_options *options);

/* u, v and options as in nwc_forecast_extrapolate, already checked, u with a grid. */
nwc_status nwc__carrier_create(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v,
                               const nwc_extrapolate_options *options, nwc__carrier *carrier);
void nwc__carrier_destroy(nwc_ctx *ctx, nwc__carrier *carrier);

/*
 * Carry n_fields sources to lead_s, which grows from call to call, and write plane number lead of each of forecasts
 * (lead, y, x); of a delay, that number is taken. Writes sharpness into the sources.
 */
nwc_status nwc__carry(nwc_ctx *ctx, nwc__carrier *carrier, double lead_s, struct nwc__source *sources, int32_t n_fields,
                      int64_t lead, const nwc_field *forecasts);

/* The same by displacements of the caller's own, nodes, as nwc__trajectories_at lends them. */
nwc_status nwc__carry_by(nwc_ctx *ctx, const nwc__carrier *carrier, const float *dx, const float *dy, double lead_s,
                         struct nwc__source *sources, int32_t n_fields, int64_t lead, const nwc_field *forecasts);

/* The displacements of lead_s, which grows from call to call, with row number lead of a delay; valid until the next call. */
nwc_status nwc__carrier_at(nwc_ctx *ctx, nwc__carrier *carrier, double lead_s, int64_t lead, const float **dx,
                           const float **dy);

/*
 * Turn displacements lent for a lead time around: by back_x, back_y (nodes each), a field of that lead time is carried to where its air
 * was at time 0.
 */
void nwc__carry_back(const nwc__carrier *carrier, const float *dx, const float *dy, float *back_x, float *back_y);

/* Refuse fields that are no frames of one grid of a size that positions can be kept for, or a motion that is not on it. */
nwc_status nwc__check_carried(nwc_ctx *ctx, const nwc_field *fields, int32_t n_fields, const char *name,
                              const nwc_field *u, const nwc_field *v);

/* Refuse forecasts that are not (lead, y, x) of the fields' size each. */
nwc_status nwc__check_forecasts(const nwc_field *forecasts, int32_t n_forecasts, const nwc_field *like,
                                int32_t n_leads);

/* Refuse a delay of another size or of more lead times. NULL is none. */
nwc_status nwc__check_delay(const nwc_field *delay, const nwc_field *like, int32_t n_leads);

#endif
