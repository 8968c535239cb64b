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
    double short_window_m;   /**< over which KDP is found in strong echo, 100 to 20000; default 3000 */
    double long_window_m;    /**< and in weak echo, at least the short one and at most 50000; default 10000 */
    double strong_dbz;       /**< from where on echo is strong; default 55 */
    double weak_dbz; /**< up to where it is weak, below strong_dbz; between, windows go as a power; default 30 */
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
 * gate of precipitation of a ray to its last; and KDP (KDPC where the file has KDP), degrees km-1, known in precipitation.
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

#ifdef __cplusplus
}
#endif
#endif
