/* Where the cells of a forecast come from: displacements on nodes, for one lead time after the other. */
#ifndef NWC_FORECAST_TRAJECTORY_H
#define NWC_FORECAST_TRAJECTORY_H

#include "grid/internal.h"

#include <nowcast/forecast.h>

/* Nodes lie on every spacing-th cell; there are at least 4 along each axis and the last may lie beyond the grid. */
typedef struct nwc__trajectories {
    int64_t ny, nx;
    int32_t spacing; /* cells, a power of two */
    double step_s;   /* longest time step */
    int64_t steps;   /* whole steps taken: dx, dy belong to lead time steps * step_s */
    float *block;    /* holds all of the below, (ny, nx) each */
    float *u, *v;    /* motion at time 0, m s-1, known everywhere; with one of later, that of the step at hand */
    float *kx, *ky;  /* nodes per metre over the ground */
    float *cu, *cv;  /* velocity at which the motion field itself moves, nodes s-1 */
    float *mu, *mv;  /* the motion field in the middle of the step at hand, nodes s-1; free between steps */
    float *dx, *dy;  /* from a node to where its air was at time 0, nodes */
    float *next_dx, *next_dy;
    double later_s;     /* after that time the motion is another one; 0: it stays */
    float *at_first[2]; /* u, v of time 0 where it is */
    float *change[2];   /* to those of later_s, which they stay from then on */
} nwc__trajectories;

/* u, v and options as in nwc_forecast_extrapolate, already checked. */
nwc_status nwc__trajectories_create(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v,
                                    const nwc_extrapolate_options *options, nwc__trajectories *made);
void nwc__trajectories_destroy(nwc_ctx *ctx, nwc__trajectories *trajectories);

/* Lend the displacements of a lead time, not below the one asked for before; valid until the next call. */
nwc_status nwc__trajectories_at(nwc_ctx *ctx, nwc__trajectories *trajectories, double lead_s, const float **dx,
                                const float **dy);

/*
 * Turn the displacements lent for lead_s into those of cells that stay behind by row n of delay (lead, y, x), seconds.
 * Valid until the next call.
 */
void nwc__trajectories_delay(const nwc__trajectories *trajectories, double lead_s, const nwc_field *delay, int64_t n,
                             const float **dx, const float **dy);

/* Cells between nodes when wanted (0: no wish) are asked for, on a grid of ny x nx. */
int32_t nwc__node_spacing(int32_t wanted, int64_t ny, int64_t nx);

/* Refuse lead times that are none, not from 0 to a day, or not increasing. */
nwc_status nwc__check_leads(const double *leads_s, int32_t n_leads);

/* Find cu, cv from u, v, kx, ky: travel times the motion smoothed with standard deviation scale_m. Overwrites mu, mv. */
nwc_status nwc__steering(nwc_ctx *ctx, nwc__trajectories *trajectories, const nwc__metric *metric, double travel,
                         double scale_m);

#endif
