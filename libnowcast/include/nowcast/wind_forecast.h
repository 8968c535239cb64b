/**
 * @file wind_forecast.h  The wind of the next hours, and where it passes limits in areas.
 *
 * Levels are heights above the ground, as wind_level.h makes them. NaN is not known. All functions are
 * thread-safe and give the same bits for every number of threads.
 */
#ifndef NOWCAST_WIND_FORECAST_H
#define NOWCAST_WIND_FORECAST_H

#include <nowcast/wind_level.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a forecast of the wind is made from; fields of u and of v on one grid, "m s-1" along its x and y. */
typedef struct nwc_wind_forecast_input {
    const nwc_field *u, *v; /**< (level, y, x), the analysis */
    const nwc_field *error; /**< (level, y, x), of u and of v, m s-1; NULL or NaN: that of the options */
    const nwc_field *background_u,
        *background_v; /**< (1 + n_leads, level, y, x), a model at the time of the analysis and at every lead
                                                       time; both NULL: none. Where NaN, the mean of the analysis on the level */
    const nwc_field *motion_u,
        *motion_v; /**< (y, x), by which increments move: of echoes, or the mean wind; both NULL: they stay */
} nwc_wind_forecast_input;

/** Options of nwc_wind_forecast. Fill with nwc_wind_forecast_options_init. */
typedef struct nwc_wind_forecast_options {
    size_t struct_size; /**< set by the init function */
    double
        decay_s; /**< time in which the weight of increments falls to 1/e; above 0; default NaN: 2700 with a background,
                             5400 without one */
    double
        handover_s; /**< from this lead time on the background stands alone; above 0; default NaN: 21600 with a background,
                             never (INFINITY) without one */
    double analysis_error_m_s; /**< above 0, default 1.5 */
    double
        background_error_m_s; /**< of u and of v at all times; above 0; default NaN: of each level by its increments, the root
                                      of the mean of their squares and those of the analysis' error; 3 where there are none */
    double growth_m_s;        /**< what its square gains in an hour, as a speed; at least 0, default 0 */
    double fade_m; /**< beyond what increments are known of they fall to 1/e in this distance; above 0, default 30 km */
} nwc_wind_forecast_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_wind_forecast_options_init(nwc_wind_forecast_options *options);

/** What nwc_wind_forecast gives, (lead, level, y, x) each. */
typedef struct nwc_wind_forecast_out {
    nwc_field *u, *v; /**< m s-1 */
    nwc_field *error; /**< of u and of v, m s-1; may be NULL */
    nwc_field *share; /**< weight of the increment, 1 at the analysis to 0; may be NULL */
} nwc_wind_forecast_out;

/**
 * Forecast the wind: a background and what the analysis differs from it by, moved and with a weight that falls.
 *
 * At lead time t the increment, analysis less background at the time of the analysis, is where nwc_forecast_extrapolate carries it,
 * and counts w = (exp(-t / T) - exp(-H / T)) / (1 - exp(-H / T)), T being decay_s and H handover_s. So the forecast is the analysis
 * at 0 and the background from H on. Where no increment arrives, as at the side the flow comes from, it is that of the
 * nearest place that has one, falling with the distance. Without a background increments are to the mean of the level.
 *
 * With r = exp(-t / T) the correlation of the background's error with that at the time of the analysis, a and b the errors of analysis and
 * background, the error is the root of w2 (a2 + b2) - 2 w r b2 + b(t)2; b is nowhere below a. It never falls with the lead time at a
 * place, even where better known air arrives, since what arrives is not sure either.
 *
 * @param leads_s  n_leads lead times in seconds, increasing, each at least 0 and at most 86400
 * @param options  NULL for the defaults
 * @param out      what is to be made; shares no memory with what is given
 * @return NWC_OK, also where nothing is known of a level, which is then NaN; NWC_ERR_ARG; NWC_ERR_NODATA when motion is given
 *         and known nowhere; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: blending with a weight that falls in time as INCA (Haiden et al. 2011, Wea. Forecasting 26, 166); errors of two estimates with
 * correlated errors as Daley (1991), Atmospheric Data Analysis, section 2.2; error of the background as Desroziers et al. (2005), Q. J.
 * R. Meteorol. Soc. 131, 3385. The default decays are those fitted, by the regression of
 * increments on those moved there, to simulated squall lines, supercells and cells with an echo's motion: beside a model that has
 * them displaced by 14 km, late by 15 min and a fifth too weak, and beside the mean wind.
 */
NWC_API nwc_status nwc_wind_forecast(nwc_ctx *ctx, const nwc_wind_forecast_input *input, const double *leads_s,
                                     int32_t n_leads, const nwc_wind_forecast_options *options,
                                     const nwc_wind_forecast_out *out);

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
