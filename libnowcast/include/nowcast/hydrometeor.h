/**
 * @file hydrometeor.h  What falls: the hydrometeor that most of a gate's echo comes from.
 */
#ifndef NOWCAST_HYDROMETEOR_H
#define NOWCAST_HYDROMETEOR_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Cells of the moment CLASS. */
typedef enum nwc_hydrometeor {
    NWC_HYDROMETEOR_NONE = 0, /**< no echo, no weather, or too little known */
    NWC_HYDROMETEOR_DRIZZLE = 1,
    NWC_HYDROMETEOR_RAIN = 2,
    NWC_HYDROMETEOR_ICE_CRYSTALS = 3,
    NWC_HYDROMETEOR_AGGREGATES = 4, /**< dry snow */
    NWC_HYDROMETEOR_WET_SNOW = 5,
    NWC_HYDROMETEOR_VERTICAL_ICE = 6, /**< crystals that an electric field has turned upright */
    NWC_HYDROMETEOR_LIGHT_GRAUPEL = 7,
    NWC_HYDROMETEOR_DENSE_GRAUPEL = 8, /**< or melting graupel, small hail */
    NWC_HYDROMETEOR_HAIL = 9,
    NWC_HYDROMETEOR_BIG_DROPS = 10 /**< melting hail, or drops sorted by size */
} nwc_hydrometeor;

enum { NWC_HYDROMETEORS = 11 /**< how many values CLASS has */ };

/** Fill with nwc_hydrometeor_options_init. */
typedef struct nwc_hydrometeor_options {
    size_t struct_size;             /**< set by the init function */
    int32_t band;                   /**< an nwc_band; default NWC_BAND_OF_VOLUME */
    int32_t n_levels;               /**< of the profile of temperature; 0 (default) for none, else 2 at least */
    const double *height_m;         /**< above mean sea level, increasing */
    const double *temperature_degc; /**< beyond the ends it changes by -6.5 K/km */
} nwc_hydrometeor_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_hydrometeor_options_init(nwc_hydrometeor_options *options);

/**
 * Add CLASS to the sweeps of a volume that have ZDR or RHOHV with their reflectivity.
 *
 * Each class has for each quantity a membership 1 / (1 + ((x - m) / a)^(2 b)); its score is the mean of those of ZDR (weight
 * 0.8), KDP (1) and RHOHV (0.8) that are known, times those of reflectivity and temperature; the highest wins. Reflectivity
 * is DBZHC, else DBZH; differential reflectivity ZDRC, else ZDR. Where the sweep has DBZHQ, a gate without weather in it is
 * NWC_HYDROMETEOR_NONE.
 *
 * @param options  NULL for the defaults; without temperatures rain and ice are told by their phases alone, which is poor
 * @param counts   out: NWC_HYDROMETEORS numbers of gates; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_UNSUPPORTED for another band than S, C and X; NWC_ERR_NODATA where no sweep has what it
 *         takes; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Sources: Dolan and Rutledge (2009) for X band, Dolan et al. (2013) for C band, and
 * the memberships their authors use at S band.
 */
NWC_API nwc_status nwc_hydrometeor_classify(nwc_ctx *ctx, nwc_volume *volume, const nwc_hydrometeor_options *options,
                                            int64_t *counts);

#ifdef __cplusplus
}
#endif
#endif
