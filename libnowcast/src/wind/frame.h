/* How the variational wind's box lies on the earth, and the data that are put into it. */
#ifndef NWC_WIND_FRAME_H
#define NWC_WIND_FRAME_H

#include "grid/internal.h"
#include "radar/beam.h"
#include "wind/internal.h"

#include <nowcast/wind.h>

/* Where a grid lies in a box of the same cells that is larger. Places in the box are metres over the ground from its walls. */
typedef struct nwc__wind_frame {
    const nwc_grid *grid;
    double dx, dy, dz;   /* of a cell, m over the ground */
    double west, south;  /* of the walls, in the plane of the projection */
    double per_x, per_y; /* metres over the ground in one of the plane */
    double bottom_m;
    int64_t nx, ny, nz;       /* of the box; nz is not known before the data are */
    int64_t first_i, first_j; /* of the box: the grid's own first cells */
    int64_t first_k;          /* may be negative: levels below the ground */
} nwc__wind_frame;

/* Check the grid and lay the box about it; all but the lid. lowest_m: of the antennas, INFINITY without any. */
nwc_status nwc__wind_frame_create(nwc_ctx *ctx, const nwc_grid *grid, const nwc_wind_options *options, double lowest_m,
                                  nwc__wind_frame *frame);

/* Levels up to the lid: above top_m and the grid where it is not given. */
void nwc__wind_frame_close(nwc__wind_frame *frame, double lid_m, double top_m);

/* Where something lies in the box, and what is east and north there along its x and y; NaN where the projection has no place. */
typedef struct nwc__wind_place {
    double x, y, east[2], north[2];
} nwc__wind_place;
nwc_status nwc__wind_places(nwc_ctx *ctx, const nwc__wind_frame *frame, int64_t n, const double *lon_deg,
                            const double *lat_deg, nwc__wind_place *places);

/* ---- data, in the order of their sources; bottom and walls are those of the frame ---- */

/* Room for data that grows; to be freed with nwc__free. */
typedef struct nwc__wind_list {
    nwc__wind_datum *data;
    int64_t n, room;
} nwc__wind_list;

/* Within metres of the columns of the box, and above its ground. */
bool nwc__wind_inside(const nwc__wind_frame *frame, const nwc__wind_datum *datum, double metres);

/* Room for more data at the end. */
nwc_status nwc__wind_list_extend(nwc_ctx *ctx, nwc__wind_list *list, int64_t more);

/* The gates of volumes, averaged; sources are 0 to n_volumes - 1. */
nwc_status nwc__wind_add_volumes(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_volume *const *volumes,
                                 int32_t n_volumes, int64_t time_ns, const nwc_wind_options *options,
                                 nwc__wind_list *list);

nwc_status nwc__wind_add_gridded(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_wind_gridded *gridded,
                                 int32_t source, const nwc_wind_options *options, nwc__wind_list *list);

nwc_status nwc__wind_add_points(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_wind_point *points, int64_t n,
                                int32_t source, nwc__wind_list *list);

/* The lowest height of a ground (y, x), m; INFINITY where none is known. */
double nwc__wind_lowest_ground(const nwc_field *ground);

/* Drop the data that lie in the ground (y, x) of the grid's columns. */
void nwc__wind_leave_ground(const nwc__wind_frame *frame, const nwc_field *ground, nwc__wind_list *list);

/* What is known of the wind at the ground: that it flows along it. */
nwc_status nwc__wind_add_ground(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_field *ground, double error_m_s,
                                int32_t source, nwc__wind_list *list);

/* The speed at which an echo falls, m s-1; dBZ that is NaN is taken for weak rain. */
double nwc__wind_fall(double dbz, double height_m, double freezing_m);

/*
 * How far off its axis, towards the second of two sides, a beam sees its echo, m: by the reflectivity on the axis and at distances to both
 * sides, and the width of the beam between half powers. NaN is no reflectivity known; with none it is 0, and never more than a standard
 * deviation of the beam.
 */
double nwc__wind_lean(double here_dbz, const double there_dbz[2], const double apart_m[2], double width_m);

/* ---- the background ---- */

/* Of a box: what is given, or a profile fitted to the data; *flags gains what is special about it. */
nwc_status nwc__wind_background(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc__wind_box *box,
                                const nwc_wind_input *input, const nwc__wind_list *list, nwc__real *wind,
                                int32_t *flags);

/* A wind that depends on height alone, fitted to data: u, v (nz) at dz / 2, 3 dz / 2 and so on above the bottom. */
nwc_status nwc__wind_fit_profile(nwc_ctx *ctx, int64_t nz, double dz, const nwc__wind_list *list, double *u, double *v);

/* ---- how far it may be off ---- */

/* Weights of data in u u, u v, v v, w w, u w and v w, and of how far the storm has changed; squares of the wind that was found. */
enum { NWC__WIND_KNOWN = 9 };

/* known: (NWC__WIND_KNOWN, nz, ny, nx), what is known about each cell from the data and from the wind. */
nwc_status nwc__wind_know(nwc_ctx *ctx, const nwc__wind_prior *prior, const nwc__wind_data *data,
                          const nwc__real *background, const nwc__real *wind, double change, float *known);

/* The share of the data that look along the ground rather than up about which beams cross at more than 20 degrees. */
double nwc__wind_crossing(const nwc__wind_box *box, const nwc__wind_data *data, const float *known);

/* What n data say of the errors that were stated: numbers that ought to be 1. */
typedef struct nwc__wind_tally {
    double n;
    double cost;       /* of a datum */
    double background; /* squares of what data differ from it by, less their variance, over what the prior has for it */
    double fall_m_s;   /* standard deviation of the speed at which echo is taken to fall */
} nwc__wind_tally;

/* Standard deviations of u, v and w into the first three parts of known. */
nwc_status nwc__wind_errors(nwc_ctx *ctx, const nwc__wind_prior *prior, const nwc__wind_tally *tally, float *known);

/* ---- the result ---- */

nwc_status nwc__wind_output(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc__wind_box *box,
                            const nwc__wind_data *data, const nwc__real *wind, const float *errors,
                            const nwc_field *ground,
                            const nwc_wind_output *output); /* errors: as nwc__wind_errors leaves them, or NULL; ground:
                                                               (y, x) of the grid, or NULL */

#endif
