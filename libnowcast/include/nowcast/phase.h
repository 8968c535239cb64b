/**
 * @file phase.h  What differential phase tells: KDP, attenuation, and whether a radar is calibrated.
 *
 * Steps over a volume. Each adds moments to the sweeps that have what it needs, leaves the others as they are, and never
 * changes what a file brought: where that includes KDP, the library's own is KDPC.
 */
#ifndef NOWCAST_PHASE_H
#define NOWCAST_PHASE_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How KDP is found from the differential phase. */
typedef enum nwc_kdp_method {
    NWC_KDP_LEAST_SQUARES = 0, /**< slope of a line over a window that is shorter in strong echo; may be negative */
    NWC_KDP_VARIATIONAL = 1    /**< the smooth phase that never falls and fits best: KDP is never negative */
} nwc_kdp_method;

/** Options of nwc_phase_process. Fill with nwc_phase_options_init. */
typedef struct nwc_phase_options {
    size_t struct_size;      /**< set by the init function */
    int32_t method;          /**< an nwc_kdp_method; default NWC_KDP_VARIATIONAL */
    double period_deg;       /**< what the phase is known up to: 180 or 360, or 0 (default) to find it in the data */
    double offset_deg;       /**< phase of the system, -360 to 360; default NaN: found in the data */
    int32_t offset_per_ray;  /**< 1: where a ray begins within 15 degrees of the system's phase, its own; default 0 */
    double least_rhohv;      /**< gates with less are not precipitation, 0 to 1; default 0.85 */
    double least_snr_db;     /**< nor are gates with less, where there is SNRH; -100 to 100; default 2 */
    double most_texture_deg; /**< nor those around which the phase scatters more, above 0 to 180; default 15 */
    double short_window_m; /**< over which KDP is found in strong echo, 100 to 20000; default NaN: 6000 at S, 4500 at C,
                                  3000 at X band and where the band is not known */
    double
        long_window_m; /**< and in weak echo, at least the short one and at most 50000; default NaN: 15000, 12500, 10000 */
    double strong_dbz; /**< from where on echo is strong; default 55 */
    double weak_dbz;   /**< up to where it is weak, below strong_dbz; between, windows go as a power; default 30 */
} nwc_phase_options;

/** What nwc_phase_process found. */
typedef struct nwc_phase_facts {
    double period_deg; /**< 180 or 360 */
    double offset_deg; /**< phase of the system; NaN where no ray tells it: it is then taken as 0 */
    double
        spread_deg; /**< of the phases rays begin with: 1.4826 times their median distance from it; NaN where given */
    int64_t rays;   /**< from which the phase of the system was found; 0 where it was given */
    int32_t sweeps; /**< to which moments were added */
} nwc_phase_facts;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_phase_options_init(nwc_phase_options *options);

/**
 * Unfold and filter the differential phase of a volume, and find KDP.
 *
 * Adds to each sweep with PHIDP: PHIDPC, degrees, unfolded, less the phase of the system, filtered, known from the first
 * gate of precipitation of a ray to its last; and KDP (KDPC where the file has KDP), degrees km-1, known in precipitation that fills half
 * of the window around.
 * That is where RHOHV, SNRH and DBZH, as far as the sweep has them, and the scatter of the phase itself say so.
 *
 * @param ctx      NULL for the defaults
 * @param options  NULL for the defaults
 * @param facts    out; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has PHIDP; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Windows that shorten as echo strengthens: Ryzhkov, Giangrande and Schuur (2005), J. Appl. Meteor. 44, 502 (of two lengths)
 * and Wang and Chandrasekar (2009), J. Atmos. Oceanic Technol. 26, 2565. The variational method has the cost of Maesaka,
 * Maki, Iwanami, Tsuchiya, Kieda and Hoshi (2012), ERAD, but the phase is its unknown, which makes it convex and fast; a
 * window is there the wavelength of which half passes. The same bits for every thread count.
 */
NWC_API nwc_status nwc_phase_process(nwc_ctx *ctx, nwc_volume *volume, const nwc_phase_options *options,
                                     nwc_phase_facts *facts);

/** How attenuation is found. */
typedef enum nwc_attenuation_method {
    NWC_ATTENUATION_ZPHI = 0, /**< of the whole path from the phase, shared out by reflectivity: Testud et al. (2000) */
    NWC_ATTENUATION_LINEAR = 1 /**< a multiple of the phase, gate by gate: Bringi et al. (1990) */
} nwc_attenuation_method;

/**
 * Options of nwc_attenuation_correct. Fill with nwc_attenuation_options_init.
 *
 * alpha, beta and exponent are by default those of the band: 0.017, 0.003 and 0.62 at S, 0.08, 0.02 and 0.76 at C, 0.28,
 * 0.04 and 0.78 at X band. alpha and beta are at S band those of Bringi and Chandrasekar (2001), Polarimetric Doppler Weather
 * Radar, table 7.1 (which has 0.073 and 0.013 at C, 0.233 and 0.033 at X band, with powers near 1), at C band those of Ryzhkov and
 * Zrnic (2019), Radar Polarimetry for Weather Observations, section 6.4, at X band those that Py-ART takes; the exponents are of
 * Diederich, Ryzhkov, Simmer, Zhang and Troemel (2015), J. Hydrometeor. 16, 487 (C at 20, X at 10 degrees) and of Ryzhkov,
 * Diederich, Zhang and Simmer (2014), J. Atmos. Oceanic Technol. 31, 599 (S).
 */
typedef struct nwc_attenuation_options {
    size_t struct_size; /**< set by the init function */
    int32_t method;     /**< an nwc_attenuation_method; default NWC_ATTENUATION_ZPHI */
    int32_t band;       /**< an nwc_band; default NWC_BAND_OF_VOLUME */
    double alpha;       /**< attenuation for each degree of phase, dB, above 0 to 2; default NaN: of the band */
    double beta;        /**< that of H less that of V, dB, 0 to alpha; default NaN: of the band */
    double exponent;    /**< of reflectivity in specific attenuation, 0.3 to 1.5; default NaN: of the band */
    int32_t
        adaptive; /**< 1 (ZPHI alone): alpha of each ray, from half to twice the given one, by how the phase rises along
                             it: Bringi, Keenan and Chandrasekar (2001); default 0 */
    double freezing_level_m; /**< above mean sea level; beyond it nothing attenuates; default NaN: everything does */
} nwc_attenuation_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_attenuation_options_init(nwc_attenuation_options *options);

/**
 * Find what rain on the way has taken from the echo, and add it again.
 *
 * Adds to each sweep with DBZH and PHIDPC (of nwc_phase_process), on the gates of DBZH: PIA, the attenuation of H on the way out
 * and back, dB, to every gate; AH, specific attenuation one way, dB km-1, in precipitation; DBZHC, reflectivity with PIA added, where
 * the file has none of its own; and on the gates of ZDR, where there is one, ZDRC likewise. Where 10 dB or more are lost and no
 * echo is seen, DBZHC is not known (NaN).
 *
 * @param ctx      NULL for the defaults
 * @param options  NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG, also where the band is neither known nor given; NWC_ERR_NODATA where no sweep has both moments;
 *         NWC_ERR_UNSUPPORTED for another band; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Source: Testud, Le Bouar, Obligis and Ali-Mehenni (2000), J. Atmos. Oceanic Technol. 17, 332, equations 24 to 26.
 */
NWC_API nwc_status nwc_attenuation_correct(nwc_ctx *ctx, nwc_volume *volume, const nwc_attenuation_options *options);

/** Options of nwc_calibration_estimate. Fill with nwc_calibration_options_init. */
typedef struct nwc_calibration_options {
    size_t struct_size;      /**< set by the init function */
    int32_t band;            /**< an nwc_band; default NWC_BAND_OF_VOLUME */
    double freezing_level_m; /**< above mean sea level; default NaN: all liquid, and no snow to look at */
    double least_phase_deg;  /**< a stretch of rain must raise the phase by, 1 to 100; default 6 */
} nwc_calibration_options;

/** By how much a radar is off, each with the number it comes from and its spread (1.4826 times the median distance from it). */
typedef struct nwc_calibration {
    double dbz_bias;        /**< dB, above 0 where the radar shows too much; NaN where nothing tells */
    double dbz_spread;      /**< dB */
    int64_t stretches;      /**< of rain */
    double zdr_rain_bias;   /**< dB, from light rain */
    double zdr_rain_spread; /**< dB */
    int64_t rain_gates;
    double zdr_snow_bias;   /**< dB, from dry snow above the freezing level */
    double zdr_snow_spread; /**< dB */
    int64_t snow_gates;
    double zdr_zenith_bias;   /**< dB, from rays that point up, where drops are round */
    double zdr_zenith_spread; /**< dB */
    int64_t zenith_gates;
} nwc_calibration;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_calibration_options_init(nwc_calibration_options *options);

/**
 * Estimate the bias of reflectivity and of differential reflectivity from the echo itself.
 *
 * Reflectivity: in rain KDP / Z is a function of ZDR, so Z and ZDR along a stretch of rain say by how much the phase rises; what
 * it does rise by says whether Z is right. ZDR: light rain of a reflectivity has a mean ZDR, dry snow 0.2 dB, and rain seen from
 * below none. Needs DBZH, ZDR and PHIDPC (of nwc_phase_process); RHOHV and SNRH where they are.
 *
 * @param found  out; numbers for which nothing tells are NaN and their counts 0
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has DBZH and ZDR; NWC_ERR_UNSUPPORTED; NWC_ERR_NOMEM
 *
 * Sources: Gourley, Illingworth and Tabary (2009), J. Atmos. Oceanic Technol. 26, 689, table 4 (Z); Cunningham, Zittel, Lee, Ice and
 * Hoban (2013), 36th Conf. on Radar Meteorology (ZDR of light rain); Ryzhkov, Giangrande, Melnikov and Schuur (2005), J. Atmos.
 * Oceanic Technol. 22, 1138 (snow).
 */
NWC_API nwc_status nwc_calibration_estimate(nwc_ctx *ctx, const nwc_volume *volume,
                                            const nwc_calibration_options *options, nwc_calibration *found);

#ifdef __cplusplus
}
#endif
#endif
