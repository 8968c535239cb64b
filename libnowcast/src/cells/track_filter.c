/*
 * Where a track is and how fast it goes: a Kalman filter whose state is place and velocity along each axis, of constant velocity
 * disturbed by white acceleration. Places are rows and columns, lengths metres by the size of the grid cells there.
 */
#include "cells/track.h"

#define MOTION_SD_M_S 5.0 /* by how much a cell differs from the motion field, or from the cell it split from */
#define PRIOR_ERRORS 5.0  /* so many errors as expected are taken to have been before the first */
#define MOST_ERRORS 15.0  /* and no more than this many of its own are remembered */
#define ALIKE 2.0 /* errors of a middle are alike from one time to the next, so that three lie nearer to a line */
#define LEAST_PLACE_M 150.0 /* standard error of a middle, at least and at most, where it is found from tracks */
#define MOST_PLACE_M 3000.0
#define WIDEST_ERROR 3.0 /* standard errors; what is farther is another middle, of a cell that split or merged */

static void length_of(const nwc_tracker *tracker, double j, double i, double *dx, double *dy)
{
    nwc__metric_at(&tracker->metric, j, i, dx, dy);
}

void nwc__track_predict(const nwc_tracker *tracker, struct nwc__track *track, double dt, double u, double v)
{
    struct nwc__motion_state *const s = &track->state;
    const double q = tracker->options.acceleration_m_s2 * tracker->options.acceleration_m_s2;
    const bool known = !isnan(u) && !isnan(v);
    double dx, dy;
    length_of(tracker, track->j + track->moved_j, track->i + track->moved_i, &dx, &dy);
    track->moved_j += (known ? v : s->v) * dt / dy;
    track->moved_i += (known ? u : s->u) * dt / dx;
    length_of(tracker, s->j, s->i, &dx, &dy);
    s->j += s->v * dt / dy, s->i += s->u * dt / dx;
    s->pp += 2.0 * dt * s->pv + dt * dt * s->vv + q * dt * dt * dt / 3.0;
    s->pv += dt * s->vv + q * dt * dt / 2.0;
    s->vv += q * dt;
    track->cell = 0;
}

/* What the filter follows: the middle weighted by the values, which moves less than that of the area as its sides come and go. */
static double core_j(const nwc_cell *cell, const nwc_grid *grid)
{
    return (cell->y_mean - grid->y_first) / grid->dy;
}

static double core_i(const nwc_cell *cell, const nwc_grid *grid)
{
    return (cell->x_mean - grid->x_first) / grid->dx;
}

/* Variance of a cell's middle, m2. */
static double place_variance(const nwc_tracker *tracker)
{
    const double given = tracker->options.position_error_m * tracker->options.position_error_m;
    if (given > 0.0) return given;
    const double found_m = fmax(LEAST_PLACE_M, fmin(tracker->frame.scatter_m, MOST_PLACE_M));
    return found_m * found_m;
}

/*
 * Three middles, each off by an error of its own, lie off a line by e = z2 - z1 - r (z1 - z0), r being the second step in time over the
 * first; the variance of e is 1 + (1 + r)^2 + r^2 times that of a middle. The mean of |e| tells it, sqrt(pi / 2) times of which is the standard
 * error: where a cell splits or merges its middle jumps, and squares would be of little else.
 */
double nwc__track_scatter(const nwc_tracker *tracker, const struct nwc__track *track, const nwc_cell *cell,
                          int64_t time_ns)
{
    if (track->n_seen < 2) return (double)NAN;
    const double r = (double)(time_ns - track->last_ns) / (double)(track->last_ns - track->before_ns);
    double dx, dy;
    length_of(tracker, track->core_j, track->core_i, &dx, &dy);
    const double up = core_j(cell, &tracker->grid) - track->core_j - r * (track->core_j - track->before_j);
    const double right = core_i(cell, &tracker->grid) - track->core_i - r * (track->core_i - track->before_i);
    const double mean_m = 0.5 * (fabs(up) * dy + fabs(right) * dx) / sqrt(1.0 + (1.0 + r) * (1.0 + r) + r * r);
    return fmin(ALIKE * sqrt(0.5 * NWC__PI) * mean_m, WIDEST_ERROR * sqrt(place_variance(tracker)));
}

static void take(struct nwc__track *track, const nwc_cell *cell, const nwc_grid *grid, int64_t time_ns)
{
    track->before_j = track->core_j, track->before_i = track->core_i, track->before_ns = track->last_ns;
    track->core_j = core_j(cell, grid), track->core_i = core_i(cell, grid);
    track->j = (cell->y - grid->y_first) / grid->dy, track->i = (cell->x - grid->x_first) / grid->dx;
    track->moved_j = track->moved_i = 0.0;
    track->area_m2 = cell->area_m2, track->peak = cell->peak;
    track->major_m = cell->major_m, track->minor_m = cell->minor_m, track->orientation_deg = cell->orientation_deg;
    track->cell = cell->id, track->last_ns = time_ns, track->n_seen++;
}

/* It was seen this far, in standard errors of what was expected, from where it was expected. */
static void remember_error(struct nwc__track *track, double right, double up)
{
    const double within = fmin(1.0, WIDEST_ERROR / fmax(hypot(right, up), WIDEST_ERROR));
    const double share = 1.0 / (PRIOR_ERRORS + fmin((double)(track->n_seen - 1), MOST_ERRORS));
    right *= within, up *= within;
    track->error_xx += share * (right * right - track->error_xx);
    track->error_xy += share * (right * up - track->error_xy);
    track->error_yy += share * (up * up - track->error_yy);
}

void nwc__track_see(const nwc_tracker *tracker, struct nwc__track *track, const nwc_cell *cell, int64_t time_ns)
{
    struct nwc__motion_state *const s = &track->state;
    const double variance = s->pp + place_variance(tracker);
    const double gain = s->pp / variance, turn = s->pv / variance, since = 1e-9 * (double)(time_ns - track->last_ns);
    const double keep = tracker->options.smoothing_s > 0.0 ? exp(-since / tracker->options.smoothing_s) : 0.0;
    double dx, dy;
    take(track, cell, &tracker->grid, time_ns);
    length_of(tracker, track->j, track->i, &dx, &dy);
    const double up = (track->core_j - s->j) * dy; /* innovation, m */
    const double right = (track->core_i - s->i) * dx;
    remember_error(track, right / sqrt(variance), up / sqrt(variance));
    s->j += gain * up / dy, s->i += gain * right / dx;
    s->v += turn * up, s->u += turn * right;
    s->vv -= turn * s->pv, s->pv *= 1.0 - gain, s->pp *= 1.0 - gain;
    track->has_velocity = 1;
    track->smooth_area = keep * track->smooth_area + (1.0 - keep) * cell->area_m2;
    track->smooth_peak = keep * track->smooth_peak + (1.0 - keep) * cell->peak;
}

void nwc__track_begin(const nwc_tracker *tracker, struct nwc__track *track, const nwc_cell *cell, int64_t time_ns,
                      double u, double v)
{
    const bool known = !isnan(u) && !isnan(v);
    const double sd = known ? MOTION_SD_M_S : 0.5 * tracker->options.max_speed_m_s;
    track->n_seen = 0;
    take(track, cell, &tracker->grid, time_ns);
    track->first_ns = time_ns, track->has_velocity = known;
    track->smooth_area = cell->area_m2, track->smooth_peak = cell->peak;
    track->error_xx = track->error_yy = 1.0, track->error_xy = 0.0;
    track->state = (struct nwc__motion_state){.j = track->core_j,
                                              .i = track->core_i,
                                              .u = known ? u : 0.0,
                                              .v = known ? v : 0.0,
                                              .pp = place_variance(tracker),
                                              .vv = sd * sd};
}

nwc_track_point nwc__track_point_of(const nwc_tracker *tracker, const struct nwc__track *track)
{
    const struct nwc__motion_state *const s = &track->state;
    return (nwc_track_point){.track = track->number,
                             .parent = track->parent,
                             .cell = track->cell,
                             .n_seen = track->n_seen,
                             .first_ns = track->first_ns,
                             .last_ns = track->last_ns,
                             .x = tracker->grid.x_first + tracker->grid.dx * s->i,
                             .y = tracker->grid.y_first + tracker->grid.dy * s->j,
                             .u = track->has_velocity ? s->u : (double)NAN,
                             .v = track->has_velocity ? s->v : (double)NAN,
                             .position_sd_m = sqrt(s->pp),
                             .velocity_sd_m_s = sqrt(s->vv),
                             .position_velocity_m2_s = s->pv,
                             .error_xx = track->error_xx,
                             .error_xy = track->error_xy,
                             .error_yy = track->error_yy,
                             .area_m2 = track->smooth_area,
                             .peak = track->smooth_peak,
                             .major_m = track->major_m,
                             .minor_m = track->minor_m,
                             .orientation_deg = track->orientation_deg};
}
