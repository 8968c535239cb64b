/*
 * What follows from attributes of cells and how they go: the water of their columns, the gust of a downburst, the rain of a passing, the
 * kind of storm, and whether it leaves the mean wind.
 */
#include "cells/cells.h"
#include "cells/hazard.h"

#include <nowcast/cell_attributes.h>

#define NO_ROTATION 0.005  /* s-1: half of the vorticity of a mesocyclone (Doswell and Burgess 1993) */
#define LINE_M 100e3       /* of quasi-linear systems, long and three times as long as wide */
#define LINE_RATIO 3.0     /* (Smith et al. 2012) */
#define MOVER_M_S 3.75     /* half of what supercells deviate by (Bunkers et al. 2000) */
#define GUST_VIL 20.628571 /* m2 s-2 by kg m-2 (Stewart 1996) */
#define GUST_TOP 3.125e-6  /* s-2 */
#define HOUR_S 3600.0

/* Columns of the values that are used, -1 where there is none. */
enum { VIL, TOP, RAIN_MAX, RAIN_MEAN, WIND_U, WIND_V, SHEAR_U, SHEAR_V, SHEAR_MID, USED };
static const char *const names[USED] = {"vil",    "top",     "rain_max", "rain_mean", "wind_u",
                                        "wind_v", "shear_u", "shear_v",  "shear_mid"};

/* Metres per second to the right of the shear or, where that is not known, of the mean wind. */
static double deviation(const double value[USED], double u, double v)
{
    const bool sheared = !isnan(value[SHEAR_U]) && !isnan(value[SHEAR_V]);
    const double along_u = value[sheared ? SHEAR_U : WIND_U], along_v = value[sheared ? SHEAR_V : WIND_V];
    const double length = hypot(along_u, along_v);
    const double off = (u - value[WIND_U]) * along_v - (v - value[WIND_V]) * along_u;
    return length > 0.0 ? off / length : (double)NAN;
}

/* How long the ellipse of a cell takes to pass over its middle, an hour at most and where it stands or its way is not known. */
static double passing_s(const nwc_cell *cell, double u, double v)
{
    const double turn = atan2(u, v) - NWC__RADIANS * cell->orientation_deg;
    const double half = 1.0 / hypot(cos(turn) / cell->major_m, sin(turn) / cell->minor_m);
    return fmin(2.0 * half / hypot(u, v), HOUR_S); /* fmin drops what is no number */
}

static int32_t mode_of(const nwc_cell *storm, double shear_mid)
{
    if (shear_mid >= NO_ROTATION) return NWC_STORM_SUPERCELL;
    if (2.0 * storm->major_m >= LINE_M && storm->major_m >= LINE_RATIO * storm->minor_m) return NWC_STORM_LINE;
    return storm->n_cells > 1 ? NWC_STORM_CLUSTER : NWC_STORM_ISOLATED;
}

static void derive(const nwc_cell *cell, const nwc_cell *storm, const double value[USED], double u, double v,
                   nwc_cell_derived *derived)
{
    const double vil = value[VIL], top = value[TOP], potential = GUST_VIL * vil - GUST_TOP * top * top;
    derived->vil_density = top > 0.0 ? 1000.0 * vil / top : (double)NAN;
    derived->gust_potential = potential < 0.0 ? 0.0 : sqrt(potential);
    derived->rain_passing = 0.5 * (value[RAIN_MAX] + value[RAIN_MEAN]) * passing_s(cell, u, v) / HOUR_S;
    derived->deviation_right = deviation(value, u, v);
    derived->mode = mode_of(storm, value[SHEAR_MID]);
    derived->mover = derived->deviation_right >= MOVER_M_S    ? NWC_STORM_RIGHT
                     : derived->deviation_right <= -MOVER_M_S ? NWC_STORM_LEFT
                                                              : NWC_STORM_STRAIGHT;
}

nwc_status nwc_cells_derive(const nwc_cells *cells, const nwc_cell_values *values, const double *u, const double *v,
                            nwc_cell_derived *derived)
{
    if (!cells || !values) return nwc__fail(NWC_ERR_ARG, "cells, values: cells and their values expected, NULL given");
    if (values->n_cells != cells->n_cells)
        return nwc__fail(NWC_ERR_ARG, "values: a row for each of %d cells expected, %lld given", (int)cells->n_cells,
                         (long long)values->n_cells);
    NWC__TRY(nwc__cells_check_values(values));
    if (cells->n_cells && (!u || !v || !derived))
        return nwc__fail(NWC_ERR_ARG, "u, v, derived: velocities and a place for what is derived expected");
    int32_t column[USED];
    for (int n = 0; n < USED; n++) column[n] = nwc__cells_column_of(values, names[n]);
    for (int32_t c = 0; c < cells->n_cells; c++) {
        double value[USED];
        for (int n = 0; n < USED; n++)
            value[n] = column[n] < 0 ? (double)NAN : values->values[(int64_t)c * values->n_names + column[n]];
        derive(&cells->cells[c], &cells->storms[cells->cells[c].storm - 1], value, u[c], v[c], &derived[c]);
    }
    return NWC_OK;
}
