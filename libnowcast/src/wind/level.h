/* Columns of a wind above the ground, which all products of it are made from, and the checks they share. */
#ifndef NWC_WIND_LEVEL_H
#define NWC_WIND_LEVEL_H

#include "grid/internal.h"

#include <nowcast/wind_level.h>

#define NWC__LEVEL_SURFACE_M 10.0 /* where wind near the ground is measured */

/* What is known of a column, from below; each array has room for all levels and two more. */
typedef struct nwc__level_column {
    int64_t n;
    double roughness, ground;
    double *height; /* above the ground, m */
    double *u, *v;
    double *w;               /* NaN where not known */
    double *error, *quality; /* 0 and 1 where the cube does not say */
} nwc__level_column;

/* The doubles a column needs, nz being the levels of the cube. */
int64_t nwc__level_column_room(int64_t nz);

/* Lay a column out in memory of that size. */
nwc__level_column nwc__level_column_in(double *memory, int64_t nz);

/* Read cell (j, i): the wind at 10 m where it is told, and the levels above least_m whose u and v are known. */
void nwc__level_column_read(const nwc_wind_cube *cube, const nwc_wind_level_options *options, int64_t j, int64_t i,
                            nwc__level_column *column);

/* u, v and the other things at a height above the ground; NaN, and quality 0, where they are not known. */
typedef struct nwc__level_at {
    double u, v, w, error, quality;
} nwc__level_at;
nwc__level_at nwc__level_column_at(const nwc__level_column *column, const nwc_wind_level_options *options,
                                   double height, double slope_x, double slope_y);

/* Let a column begin at 10 m where it can: the wind there, when it is not told, is read. False where it is not known. */
bool nwc__level_column_begin(const nwc_wind_level_options *options, nwc__level_column *column);

/* The s of a height (wind_level.h says what it is); 0 at and below the roughness length. */
double nwc__level_law(double height, double roughness, double surface_layer_m);

nwc_status nwc__level_take_options(nwc_wind_level_options *taken, const nwc_wind_level_options *options);
nwc_status nwc__level_check_cube(nwc_ctx *ctx, const nwc_wind_cube *cube);

/* A field (y, x) on the columns of the cube; one that is NULL passes where it may be absent. */
nwc_status nwc__level_check_flat(const nwc_field *flat, const char *name, const nwc_wind_cube *cube,
                                 bool may_be_absent);

/* A field (n, y, x) on the columns of the cube; NULL passes. */
nwc_status nwc__level_check_levels(const nwc_field *field, const char *name, const nwc_wind_cube *cube, int64_t n);

/* How steep the ground is along x and y at cell (j, i), from the neighbours that are known. */
void nwc__level_slope(const nwc_field *ground, const nwc__metric *metric, int64_t j, int64_t i, double *slope_x,
                      double *slope_y);

static inline float *nwc__flat_cell(const nwc_field *field, int64_t j, int64_t i)
{
    return &field->data[j * field->stride[0] + i * field->stride[1]];
}

static inline float *nwc__level_cell(const nwc_field *field, int64_t k, int64_t j, int64_t i)
{
    return &field->data[k * field->stride[0] + j * field->stride[1] + i * field->stride[2]];
}

#endif
