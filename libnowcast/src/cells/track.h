/* Tracks: what a tracker keeps, and the steps from one time to the next. */
#ifndef NWC_CELLS_TRACK_H
#define NWC_CELLS_TRACK_H

#include "cells/assign.h"
#include "cells/cells.h"

#include <nowcast/track.h>

/* Estimate of place and velocity, alike along both axes and independent (Kalman filter). */
struct nwc__motion_state {
    double j, i;       /* rows and columns */
    double u, v;       /* m s-1 */
    double pp, pv, vv; /* variances and covariance, m2, m2 s-1, m2 s-2 */
};

struct nwc__track {
    int64_t number, parent, first_ns, last_ns;
    int32_t n_seen, cell; /* cell: label at the latest time, or 0 */
    int32_t has_velocity;
    struct nwc__motion_state state; /* at the latest time */
    double j, i;                    /* middle of the cell when last seen */
    double core_j, core_i;          /* that weighted by values, which the filter follows */
    double before_j, before_i;      /* the same when seen before that, at before_ns */
    int64_t before_ns;
    double moved_j, moved_i; /* how far it is taken to have gone since, rows and columns */
    double area_m2, peak;    /* when last seen */
    double smooth_area, smooth_peak;
    double error_xx, error_xy, error_yy; /* of past predictions, over what was expected */
    double major_m, minor_m, orientation_deg;
    int64_t first_column; /* of the cell when last seen, in the frame's columns */
    int32_t n_columns;
};

/* The columns of a cell. */
struct nwc__place_of {
    int32_t j, i;
};

/* All that is known at one time. */
struct nwc__frame {
    int64_t time_ns;
    struct nwc__track *tracks;
    struct nwc__place_of *columns;
    nwc_track_point *points, *ended;
    nwc_track_event *events;
    int64_t n_tracks, n_columns, n_points, n_ended, n_events, next_number;
    double scatter_m;  /* standard error of cells' middles along an axis, as found so far */
    int64_t n_scatter; /* cells it is the mean of */
};

struct nwc_tracker {
    struct nwc_ctx memory; /* allocator, one thread */
    nwc_tracker_options options;
    nwc_grid grid; /* without cells yet: of no projection */
    char *projection;
    nwc__metric metric;
    struct nwc__frame frame;
    struct nwc__buffer saved;
};

/* How much of a track's moved cell lies in a cell of now. */
struct nwc__overlap {
    int32_t track, cell; /* index, label */
    int32_t columns;
};

/* What is found between one time and the next. Tracks are those of before, already taken to now. */
struct nwc__pairing {
    const nwc_tracker *tracker;
    const nwc_cells *cells;
    const struct nwc__track *tracks;
    const struct nwc__place_of *columns; /* of tracks */
    int64_t n_tracks, time_ns;
    int32_t *column_count; /* of cells by label; 0 for none */
    struct nwc__buffer overlaps, edges;
    int32_t *partner; /* of tracks: label, or 0 */
};

/* Take a track from the frame's time dt_s on. u, v: NaN, or the motion of its cell. */
void nwc__track_predict(const nwc_tracker *tracker, struct nwc__track *track, double dt_s, double u, double v);
/* It is seen as a cell. */
void nwc__track_see(const nwc_tracker *tracker, struct nwc__track *track, const nwc_cell *cell, int64_t time_ns);
/* A track begins as a cell; u, v: NaN, or the motion there. */
void nwc__track_begin(const nwc_tracker *tracker, struct nwc__track *track, const nwc_cell *cell, int64_t time_ns,
                      double u, double v);
/* How far a cell now is from the straight way of its track, as the standard error of middles that makes it so; NaN before three. */
double nwc__track_scatter(const nwc_tracker *tracker, const struct nwc__track *track, const nwc_cell *cell,
                          int64_t time_ns);
nwc_track_point nwc__track_point_of(const nwc_tracker *tracker, const struct nwc__track *track);

/* Fill overlaps, edges and partner. */
nwc_status nwc__track_pair(nwc_ctx *ctx, struct nwc__pairing *pairing);
void nwc__pairing_release(nwc_ctx *ctx, struct nwc__pairing *pairing);

nwc_status nwc__tracker_check_options(const nwc_tracker_options *options);
nwc_status nwc__tracker_make(nwc_ctx *ctx, const nwc_tracker_options *options, nwc_tracker **tracker);
/* Keep a grid, whose tracks there are to be. */
nwc_status nwc__tracker_keep_grid(nwc_tracker *tracker, const nwc_grid *grid);

#endif
