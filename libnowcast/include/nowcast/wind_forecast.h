/**
 * @file wind_forecast.h  Where wind, now or in a forecast, passes limits in areas.
 *
 * Fields are (level, y, x) at heights above the ground, as wind_level.h makes them. NaN is not known. All functions are
 * thread-safe and give the same bits for every number of threads.
 */
#ifndef NOWCAST_WIND_FORECAST_H
#define NOWCAST_WIND_FORECAST_H

#include <nowcast/wind_level.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a field does at one level in one area. */
typedef struct nwc_wind_exceedance {
    int64_t cells;                      /**< whose value passes the limit */
    double area_m2;                     /**< of these, over the ground */
    int64_t known;                      /**< cells of the area whose value is known */
    double most;                        /**< greatest value of the area; NaN where none is known */
    int64_t j, i;                       /**< its cell, the first from the south and the west; -1 where none is known */
    double longitude_deg, latitude_deg; /**< of the middle of that cell; NaN where none is known */
    double
        probability; /**< that the limit is passed at that cell, of a normal error; 0 or 1 without an error; NaN where none is known */
} nwc_wind_exceedance;

/**
 * Look where values pass limits.
 *
 * @param value       (level, y, x) with its grid: speeds, gusts
 * @param error       (level, y, x), standard error of value; NULL, or NaN in a cell: none
 * @param limits      one for each level
 * @param likely      a cell passes where the probability of being at or above the limit is at least this; above 0, below 1.
 *                    With 0.5 the value decides; less warns earlier, and more often for nothing
 * @param areas       n_areas of (y, x), 1 within, as nwc_grid_within makes them
 * @param exceedances out: (level, n_areas)
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_wind_watch(nwc_ctx *ctx, const nwc_field *value, const nwc_field *error, const double *limits,
                                  double likely, const nwc_flags *areas, int64_t n_areas,
                                  nwc_wind_exceedance *exceedances);

#ifdef __cplusplus
}
#endif
#endif
