/* What other modules use of grid: checks of fields, and the size of cells over the ground. */
#ifndef NWC_GRID_INTERNAL_H
#define NWC_GRID_INTERNAL_H

#include "core/internal.h"

#include <nowcast/grid.h>

/* The floor of reflectivity on grids: what is below the least a radar shows, observed, with nothing there. */
#define NWC__NO_ECHO_DBZ (-32.0F)

/* Refuse a field that is NULL, not ndim-dimensional (0: any), empty, without cells, or whose missing value is not NaN. */
nwc_status nwc__check_field(const nwc_field *field, const char *name, int32_t ndim);
nwc_status nwc__check_flags(const nwc_flags *flags, const char *name, int32_t ndim);
nwc_status nwc__check_labels(const nwc_labels *labels, const char *name, int32_t ndim);

/* Refuse a field whose last two dimensions differ from those of like. */
nwc_status nwc__check_same_shape(const nwc_field *field, const char *name, const nwc_field *like,
                                 const char *like_name);

/* Refuse a field without a grid, or whose y and x do not fit its grid. */
nwc_status nwc__check_on_grid(nwc_ctx *ctx, const nwc_field *field, const char *name);

/* The PROJ string of a reference system by its number in the tables of EPSG; NWC_ERR_UNSUPPORTED where PROJ has none. */
nwc_status nwc__epsg_to_proj(int32_t code, char *text, size_t room);

/* The number of cells of all dimensions. */
int64_t nwc__cells(const nwc_field *field);

/* Put the known of n cells into sorted, ascending, and return how many they are; work: 2 n. */
int64_t nwc__sort_known(const float *cells, int64_t n, uint32_t *work, float *sorted);

/* Refuse rings of an area of the map as nwc_grid_within has them that are not whole; points: of all of them. */
nwc_status nwc__check_parts(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                            const uint8_t *hole, const double *longitude_deg, const double *latitude_deg,
                            int64_t *points);

/* Longitude and latitude of the centre of every cell, (ny, nx) each; NaN where the projection has none. */
nwc_status nwc__grid_centres(nwc_ctx *ctx, const nwc_grid *grid, double *lon, double *lat);

/* Two grids place their cells at the same points (to a thousandth of a cell). */
bool nwc__same_grid(const nwc_grid *a, const nwc_grid *b);
bool nwc__same_columns(const nwc_grid *a, const nwc_grid *b); /* whatever their levels are */

/* Where the centres of a grid's cells lie in another, in its cells: found once for many fields on it. */
typedef struct nwc__places {
    const nwc_grid *from, *to; /* must stay */
    double *y, *x;             /* (ny, nx) of to */
} nwc__places;
nwc_status nwc__places_create(nwc_ctx *ctx, const nwc_grid *from, const nwc_grid *to, nwc__places *places);
void nwc__places_destroy(nwc_ctx *ctx, nwc__places *places);
/* As nwc_grid_resample with its defaults; nothing is checked. */
nwc_status nwc__places_read(nwc_ctx *ctx, const nwc__places *places, const nwc_field *field, nwc_field *out);

/* Sine and cosine, (ny, nx) each, of the angle from true north to the grid's +y, clockwise. */
nwc_status nwc__grid_turn(nwc_ctx *ctx, const nwc_grid *grid, double *sine, double *cosine);
nwc_status nwc__grid_turn_at(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *x, const double *y,
                             double *sine, double *cosine);

/*
 * Ground length of one cell along +x and along +y, on nodes every NWC__METRIC_STEP cells; between nodes it is
 * interpolated bilinearly. From distances on the projection's ellipsoid between points half a cell to either side, so it
 * holds for projected and longlat grids alike.
 */
enum { NWC__METRIC_STEP = 32 };
typedef struct nwc__metric {
    int64_t ny, nx;      /* nodes: node (j, i) lies on cell (j * STEP, i * STEP), the last may lie beyond the grid */
    double *dx_m, *dy_m; /* (ny, nx) metres; where the projection has no inverse, of the nearest valid node */
    double mean_dx_m, mean_dy_m;
} nwc__metric;

nwc_status nwc__metric_create(nwc_ctx *ctx, const nwc_grid *grid, nwc__metric *metric);
void nwc__metric_destroy(nwc_ctx *ctx, nwc__metric *metric);
/* dx_m and dy_m of cell (y, x), which may be fractional, and is limited to the grid. */
void nwc__metric_at(const nwc__metric *metric, double y, double x, double *dx_m, double *dy_m);

#endif
