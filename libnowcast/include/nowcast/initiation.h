/**
 * @file initiation.h  Hints of where storms may form: near lines of convergence, and below cloud tops that cool.
 *
 * Hints are no probabilities: they say what is there that storms often begin with, and have been scored on no place. Lines are those that
 * a wind near the ground shows; storms that form aloft, or over terrain, have none. Clouds tell nothing below other clouds.
 */
#ifndef NOWCAST_INITIATION_H
#define NOWCAST_INITIATION_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What speaks for a storm to form; bits of the hints. */
typedef enum nwc_initiation {
    NWC_INITIATION_LINE = 1,         /**< a line of convergence is near */
    NWC_INITIATION_COOLING = 2,      /**< a cloud top below freezing cools by 4 K in 15 minutes or more */
    NWC_INITIATION_FAST_COOLING = 4, /**< by 8 K or more; with NWC_INITIATION_COOLING */
    NWC_INITIATION_STORM = 8,        /**< there is one already; no other bit is set */
    NWC_INITIATION_NO_CLOUD = 16     /**< brightness temperatures are not known here */
} nwc_initiation;

/** Options of nwc_initiation_find. Fill with nwc_initiation_options_init. */
typedef struct nwc_initiation_options {
    size_t struct_size; /**< set by the init function */
    double reach_m;     /**< a line is near within this distance, 0 to 100000; default 10000 */
    double storm_dbz;   /**< a storm is there at or above; default 35 */
    double cooling_k;   /**< in 15 minutes, above 0; default 4 */
    double fast_k;      /**< at least cooling_k; default 8 */
    double freezing_k;  /**< tops at or below count; default 273.15 */
    double
        drift_m; /**< cloud may have come from so far: cooling counts from the coldest before within it, 0 to 50000; default 5000 */
} nwc_initiation_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_initiation_options_init(nwc_initiation_options *options);

/**
 * Find hints.
 *
 * @param dbz           (y, x) with its grid, dBZ, the greatest of each column; NaN counts as no storm
 * @param ridges        (y, x), above 0 where a line is, as nwc_wind_find_lines gives them; NULL for none
 * @param now, before   (y, x) on the grid, K: brightness temperature of a channel about 10.7 micrometres, now and dt_s before; both NULL
 *                      for none. Cloud that moves farther than drift_m in between is to be carried to now beforehand
 * @param dt_s          60 to 3600; not used without them
 * @param options       NULL for the defaults
 * @param hints         out: (y, x) of nwc_initiation
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every number of threads. Sources: Wilson and Schreiber (1986), Mon. Wea. Rev. 114, 2516 (four of five storms begin
 * near lines seen by radar); Roberts and Rutledge (2003), Wea. Forecasting 18, 562 (tops below 0 degC that cool by 8 degC in 15 minutes
 * go before 35 dBZ by half an hour, 4 degC being weak growth).
 */
NWC_API nwc_status nwc_initiation_find(nwc_ctx *ctx, const nwc_field *dbz, const nwc_labels *ridges,
                                       const nwc_field *now, const nwc_field *before, double dt_s,
                                       const nwc_initiation_options *options, nwc_flags *hints);

#ifdef __cplusplus
}
#endif
#endif
