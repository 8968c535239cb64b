/**
 * @file profile.h  Wind over height from radial velocities: VAD, GVAD and VVP.
 *
 * Around a radar, a wind that changes linearly in space makes the radial velocity a sum of harmonics of the azimuth. All three
 * methods fit that, level by level, each with weights that let go of what does not belong (Tukey's biweight):
 *
 * - VAD (Browning and Wexler 1968) fits rings, each the gates of one sweep in the level, and combines the rings, without those whose
 *   wind is more than 8 m s-1 from what all gates of the level together say.
 * - GVAD (Gao et al. 2004) fits differences between azimuths a few degrees apart, which aliasing does not touch so
 *   long as they stay below the Nyquist velocity, and then the velocities themselves, each moved to the side of the fit.
 * - VVP (Waldteufel and Corbin 1979) fits all gates of the level at once, of any number of radars.
 */
#ifndef NOWCAST_PROFILE_H
#define NOWCAST_PROFILE_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a profile is estimated. */
typedef enum nwc_profile_method {
    NWC_PROFILE_VAD = 0,  /**< rings of velocities that are not aliased */
    NWC_PROFILE_GVAD = 1, /**< velocities as measured, aliased or not */
    NWC_PROFILE_VVP = 2   /**< all gates at once, velocities that are not aliased */
} nwc_profile_method;

/** Options of nwc_profile_estimate. Fill with nwc_profile_options_init. */
typedef struct nwc_profile_options {
    size_t struct_size; /**< set by the init function */
    int32_t method;     /**< an nwc_profile_method; default NWC_PROFILE_VAD */
    int32_t order;      /**< VAD and GVAD: harmonics of the azimuth, 1 or 2; default 2 */
    int32_t
        parameters; /**< VVP: 2 (u, v), 3 (and w), 5 (u, v and their horizontal derivatives), 6 (and w), 7 (5 and the
                             vertical shear of u and v), 8 (and w); default 3. What the gates cannot tell apart is left
                             out, level by level, and then NaN */
    const char *moment;       /**< NULL (default): VRADDH where a sweep has it, VRADH else; GVAD: VRADH */
    double depth_m;           /**< of a level, all of it; in [10, 5000], default 200 */
    double min_range_m;       /**< slant range; default 5000 */
    double max_range_m;       /**< default 60000 */
    double min_elevation_deg; /**< default 0.3 */
    double max_elevation_deg; /**< default 45 */
    double max_gap_deg;       /**< a ring, or a level of VVP, with a larger gap in azimuth is not used; default 150 */
    int32_t min_points;       /**< nor one with fewer gates; at least 8, default 40 */
} nwc_profile_options;

/**
 * What is known of the wind at one height. What could not be fitted is NaN, and so are winds of more than 120 m s-1 or with
 * errors of more than 30 m s-1.
 */
typedef struct nwc_profile_level {
    double height_m;     /**< above mean sea level: the middle of the level */
    double u_m_s;        /**< wind to the east */
    double v_m_s;        /**< wind to the north */
    double w_m_s;        /**< what moves up with the echo: air and its fall; only where the elevations tell it apart */
    double divergence;   /**< du/dx + dv/dy, s-1 */
    double stretching;   /**< du/dx - dv/dy, s-1 */
    double shearing;     /**< du/dy + dv/dx, s-1 */
    double u_error_m_s;  /**< standard error of u, neighbours' common errors considered */
    double v_error_m_s;  /**< of v */
    double residual_m_s; /**< robust standard deviation of the gates about the fit */
    double gap_deg;      /**< largest gap in azimuth of all gates of the level */
    double quality;      /**< 0 to 1: gates that follow the fit, azimuths covered, small errors */
    int64_t n_points;    /**< gates of the level that were used */
} nwc_profile_level;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_profile_options_init(nwc_profile_options *options);

/**
 * Estimate the wind over height.
 *
 * @param ctx        threads, log, progress; NULL for the defaults
 * @param volumes    n_volumes of any radars and times, each with its place known; RHIs in them are left alone
 * @param height_m   n_heights above mean sea level, strictly increasing
 * @param options    NULL for the defaults
 * @param levels     out: n_heights
 * @return NWC_OK; NWC_ERR_ARG for a height, option or a volume without a place; NWC_ERR_NODATA when no level could be fitted,
 *         levels then being filled all the same; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Beams follow the 4/3 Earth (Doviak and Zrnic 1993, equation 2.28).
 */
NWC_API nwc_status nwc_profile_estimate(nwc_ctx *ctx, const nwc_volume *const *volumes, int32_t n_volumes,
                                        const double *height_m, int64_t n_heights, const nwc_profile_options *options,
                                        nwc_profile_level *levels);

#ifdef __cplusplus
}
#endif
#endif
