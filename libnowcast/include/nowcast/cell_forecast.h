/**
 * @file cell_forecast.h  Where cells will be, how large, what they may bring, and the places they pass over.
 *
 * Calls are thread-safe and give the same bits for every number of threads.
 */
#ifndef NOWCAST_CELL_FORECAST_H
#define NOWCAST_CELL_FORECAST_H

#include <nowcast/cell_hazard.h>
#include <nowcast/track.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nwc_cells_forecast. Fill with nwc_cell_forecast_options_init. */
typedef struct nwc_cell_forecast_options {
    size_t struct_size; /**< set by the init function */
    double
        acceleration_m_s2; /**< standard deviation of the change of velocity in a second, above 0; default 0.05 as of trackers */
    double damping_s;   /**< trends fade to 1/e in this time, above 0; default 1200 */
    double most_change; /**< an area grows and shrinks by no more than this factor, at least 1; default 3 */
    double half_life_s; /**< half of the cells are gone after so long, above 0; default 1600 */
} nwc_cell_forecast_options;

/** A cell at one lead. */
typedef struct nwc_cell_forecast {
    int64_t track;   /**< number of its track */
    int32_t cell;    /**< its label now, or 0 where it is only expected */
    int32_t lead;    /**< number of the lead, from 0 */
    int64_t time_ns; /**< UTC for which this is */
    double lead_s;
    double x, y;                        /**< its middle, of the grid */
    double longitude_deg, latitude_deg; /**< of x, y; NaN where the projection has none */
    double u, v;                        /**< velocity over the ground along x and y, m s-1; NaN as of the track */
    double xx_m2, xy_m2, yy_m2;         /**< covariance of the error of x and y, along the grid's axes */
    double major_m, minor_m;            /**< half axes of the ellipse of its area */
    double orientation_deg;             /**< of the major axis, clockwise from the grid's +y */
    double area_m2, peak;
    double alive;                         /**< probability that it is still there */
    double probability[NWC_CELL_HAZARDS]; /**< that it brings a hazard then; NaN where not known */
} nwc_cell_forecast;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_cell_forecast_options_init(nwc_cell_forecast_options *options);

/**
 * Forecast the tracks there are.
 *
 * A cell goes on by its velocity; a track without one stays. The error of its place is that of the Kalman filter, predicted on, times
 * what the storm's own past errors were of those expected: a matrix, so that a storm whose speed is uncertain has a cone that is long,
 * and one whose direction is, one that is wide. Area and peak go on by their trends, the area's in its logarithm, which fade as those of
 * attributes do.
 *
 * @param cells    attributes "area" (m2), "peak" and any that the model asks for, one row for each point of the tracker's table; NULL for
 *                 none: no growth and no hazards
 * @param model    NULL for no hazards
 * @param leads_s  n_leads, 0 or more, increasing
 * @param options  NULL for the defaults
 * @param rows     out: (points, n_leads)
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 *
 * Source: Rossi et al. (2015), J. Atmos. Oceanic Technol. 32, 1857 (the filter); Dixon and Wiener (1993), J. Atmos. Oceanic Technol.
 * 10, 785 (trends of size).
 */
NWC_API nwc_status nwc_cells_forecast(nwc_ctx *ctx, const nwc_tracker *tracker, const nwc_cell_values *cells,
                                      const nwc_hazard_model *model, const double *leads_s, int32_t n_leads,
                                      const nwc_cell_forecast_options *options, nwc_cell_forecast *rows);

/**
 * The probability of every place of a grid to be passed over by a hazard within the leads.
 *
 * The ellipse of each cell goes from one lead to the next along a straight line. Its error at all leads is one draw from a normal
 * distribution, times the symmetric root of each covariance, since it is a velocity that is wrong; and a hazard that is there with a probability is there for those
 * chances up to it, so that it does not come and go. A place has the greatest probability of what passes over it, in the mean
 * over all draws; those of several cells are independent.
 *
 * @param rows         (n_cells, n_leads) as of nwc_cells_forecast; rows with a probability of NaN pass over nothing
 * @param hazard       an nwc_cell_hazard, or -1 for the cell itself, by alive
 * @param first, last  numbers of leads, 0 <= first <= last < n_leads: between them is looked at
 * @param probability  out: (y, x) on the grid of the cells, 0 to 1
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_cells_swath(nwc_ctx *ctx, const nwc_cell_forecast *rows, int64_t n_cells, int32_t n_leads,
                                   int32_t hazard, int32_t first, int32_t last, nwc_field *probability);

/**
 * What cells tell of a hazard and what a forecast of grids does, as one probability: P = w P_cells + (1 - w) P_grid with
 * w = 2^(-lead_s / half_life_s), a linear opinion pool. Cells know best where a storm goes that is there, and nothing of one that is not
 * yet: their weight is what of them is still there. Where one of the two is not known the other holds.
 *
 * @param swath        (y, x), 0 to 1, as of nwc_cells_swath
 * @param grid         (y, x), 0 to 1: of the same event in the same span, such as the share of the members that reach it
 * @param lead_s       0 or more: the middle of the span
 * @param half_life_s  above 0; 1600 is that of cells
 * @param blended      out: (y, x); may be the same cells as either
 * @return NWC_OK; NWC_ERR_ARG for a shape, grid or number
 *
 * Sources: Stone (1961), Ann. Math. Statist. 32, 1339; Genest and Zidek (1986), Stat. Sci. 1, 114 (opinion pools).
 */
NWC_API nwc_status nwc_cells_swath_blend(nwc_ctx *ctx, const nwc_field *swath, const nwc_field *grid, double lead_s,
                                         double half_life_s, nwc_field *blended);

#ifdef __cplusplus
}
#endif
#endif
