/**
 * @file rain.h  Rain: its rate from what a radar measures, its kind, and gauges beside it.
 *
 * Rates are mm h-1; 0 is observed and dry, NaN not observed.
 */
#ifndef NOWCAST_RAIN_H
#define NOWCAST_RAIN_H

#include <nowcast/phase.h>

#ifdef __cplusplus
extern "C" {
#endif

/** From what the rate of rain is found. */
typedef enum nwc_rain_method {
    NWC_RAIN_BLEND = 0,   /**< of those below, which suits the gate: Cifelli et al. (2011), figure 3; the default */
    NWC_RAIN_Z = 1,       /**< Z = a R^b */
    NWC_RAIN_KDP = 2,     /**< 129 (KDP / f)^0.85, f in GHz: Bringi and Chandrasekar (2001), eq. 8.30 */
    NWC_RAIN_Z_ZDR = 3,   /**< c Z^a 10^(0.1 b ZDR): the same, table 8.1 */
    NWC_RAIN_KDP_ZDR = 4, /**< c KDP^a 10^(0.1 b ZDR): the same, table 8.2 */
    NWC_RAIN_A = 5        /**< c A^a of specific attenuation: Ryzhkov, Diederich, Zhang and Simmer (2014), table 1 */
} nwc_rain_method;

/** Well known pairs of a and b. All but the first are those the WSR-88D offers (Fulton et al. 1998 and its successors). */
typedef enum nwc_zr {
    NWC_ZR_MARSHALL_PALMER = 0, /**< 200, 1.6: Marshall, Hitschfeld and Gunn (1955); the default */
    NWC_ZR_CONVECTIVE = 1,      /**< 300, 1.4 */
    NWC_ZR_TROPICAL = 2,        /**< 250, 1.2: Rosenfeld, Wolff and Atlas (1993) */
    NWC_ZR_COOL_EAST = 3,       /**< 130, 2.0: stratiform in winter, eastern United States */
    NWC_ZR_COOL_WEST = 4        /**< 75, 2.0: the same, western */
} nwc_zr;

/** The a and b of an nwc_zr. @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_rain_zr(int32_t zr, double *a, double *b);

/** Options of nwc_rain_rate. Fill with nwc_rain_options_init. */
typedef struct nwc_rain_options {
    size_t struct_size;   /**< set by the init function */
    int32_t method;       /**< an nwc_rain_method; default NWC_RAIN_BLEND */
    int32_t band;         /**< an nwc_band; default NWC_BAND_OF_VOLUME. Not used by NWC_RAIN_Z */
    double a, b;          /**< of Z = a R^b, above 0; default 200 and 1.6 */
    double most_dbz;      /**< what Z has above is not rain: Z is taken as this; default 53 (Fulton et al. 1998) */
    double temperature_c; /**< of the rain, for NWC_RAIN_A, 0 to 30; default 20 */
    double zdr_window_m;  /**< along the ray, over which ZDR and Z beside it are averaged, 0 to 10000; default 1000 */
} nwc_rain_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_rain_options_init(nwc_rain_options *options);

/**
 * Find the rate of rain in every gate.
 *
 * Adds RATE, mm h-1, on the gates of reflectivity, to every sweep that has what the method needs: DBZHG (of
 * nwc_rain_correct_vpr), DBZHB (of nwc_terrain_correct), DBZHC or DBZH, the first that is there; KDPC or
 * KDP; ZDRC or ZDR; AH. It takes the place of a RATE that is there. What is above the melting layer is no rain, and what is found
 * there is not its rate.
 *
 * ZDR is the mean over zdr_window_m, and 0 where that is below. R(Z, ZDR) is that of the mean of dBZ over the same gates, times
 * the power 1 / b of what Z is beside that mean: its own power, near 1, would make more of the noise of Z. R(KDP) is that of
 * the radar's own frequency; of a band that is given, of 2.8, 5.6 or 9.4 GHz.
 *
 * The blend takes R(KDP, ZDR) where KDP is at least 0.3 degrees km-1, Z 38 dBZ and ZDR 0.5 dB; R(KDP) where ZDR is less; R(Z, ZDR)
 * where only ZDR is that great; else R(Z). In hail, told from Z of 50 dBZ and more that is above what rain of that ZDR can have
 * (Aydin, Seliga and Balaji 1986), it takes R(KDP) or R(Z) alone. Any of the two that is not known counts as too small.
 *
 * @param options  NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has what the method needs; NWC_ERR_UNSUPPORTED for another band;
 *         NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: Bringi and Chandrasekar (2001), Polarimetric Doppler Weather Radar; Cifelli, Chandrasekar, Lim, Kennedy, Wang and
 * Rutledge (2011), J. Atmos. Oceanic Technol. 28, 352; Ryzhkov et al. (2014), J. Atmos. Oceanic Technol. 31, 599.
 */
NWC_API nwc_status nwc_rain_rate(nwc_ctx *ctx, nwc_volume *volume, const nwc_rain_options *options);

/** Kinds of precipitation: values of the moment PTYPE. */
typedef enum nwc_precipitation {
    NWC_PRECIPITATION_NONE = 0,
    NWC_PRECIPITATION_RAIN = 1,
    NWC_PRECIPITATION_MIXED = 2, /**< melting, or rain and snow */
    NWC_PRECIPITATION_SNOW = 3,
    NWC_PRECIPITATION_HAIL = 4 /**< alone or with rain */
} nwc_precipitation;

/**
 * Say what precipitation is in every gate, from the wet-bulb temperature at its height and from what the radar sees.
 *
 * Adds PTYPE, unit 1, values of nwc_precipitation, on the gates of reflectivity. Above the highest level 0 degrees below is snow,
 * at 2 degrees and more rain, between both mixed (after Sims and Liu 2015; by Wang et al. 2019, eq. 1, 84 % falls as snow at 0
 * degrees, half at 0.8 and 9 % at 2); from -1 to 4 degrees RHOHV below 0.96 with 15 dBZ or more says mixed whatever the profile
 * does, and above 0.98 leaves it to the nearer of the other
 * two. Hail is where there is liquid water and Z is as nwc_rain_rate says, or 55 dBZ and no ZDR is known.
 *
 * @param n         levels of the profile, 1 or more
 * @param height_m  increasing, above mean sea level; outside, the nearest level holds
 * @param wet_bulb_c  degrees Celsius
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has reflectivity; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_rain_type(nwc_ctx *ctx, nwc_volume *volume, int32_t n, const double *height_m,
                                 const double *wet_bulb_c);

/**
 * The temperature that a wet thermometer shows, by which a falling flake melts.
 *
 * @param n  values; pressure_pa and temperature_k above 0, humidity over water 0 to 1 (what is more is 1)
 * @param wet_bulb_c  out: n, degrees Celsius; NaN where one of them is not finite or out of range; may be one of the arrays
 * @return NWC_OK; NWC_ERR_ARG
 *
 * Source: WMO-No. 8, annex 4.B: Magnus' formula over water, and the psychrometer's with ventilation.
 */
NWC_API nwc_status nwc_rain_wet_bulb(int64_t n, const double *pressure_pa, const double *temperature_k,
                                     const double *humidity, double *wet_bulb_c);

enum { NWC_VPR_LEVELS = 60 };

/** How reflectivity changes with height, on the mean, over the stratiform rain near a radar; and its bright band. */
typedef struct nwc_vpr {
    double first_m;            /**< height of the lowest level above mean sea level */
    double step_m;             /**< from level to level */
    double db[NWC_VPR_LEVELS]; /**< Z over that of the lowest known level, dB; NaN where not known */
    double bright_bottom_m;    /**< of the bright band, above mean sea level; NaN, as the next three, without one */
    double bright_peak_m;
    double bright_top_m;
    double bright_db; /**< by how much its peak stands above the rain below */
    int64_t columns;  /**< of rain, 1 km by 1 degree, that were looked at */
} nwc_vpr;

/** Options of nwc_rain_vpr and nwc_rain_correct_vpr. Fill with nwc_vpr_options_init. */
typedef struct nwc_vpr_options {
    size_t struct_size;         /**< set by the init function */
    double near_m, far_m;       /**< columns looked at, along the ground, 1000 to 100000; default 10 and 50 km */
    double step_m;              /**< 100 to 500; default 200 */
    double least_dbz, most_dbz; /**< near the ground, of stratiform rain; default 15 and 40 */
    double most_db;             /**< corrections are at most this, 0 to 30; default 10 */
} nwc_vpr_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_vpr_options_init(nwc_vpr_options *options);

/**
 * Find the vertical profile of reflectivity from the gates near a radar, and the bright band in it.
 *
 * Each level is the sum of Z over its gates by the sum over the same columns of Z near the ground, so that levels seen in
 * different rain compare. A level is known from 50 gates on.
 *
 * @param options  NULL for the defaults
 * @param vpr      out
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where fewer than 50 columns have such rain; NWC_ERR_NOMEM
 *
 * Source: Vignal and Krajewski (2001), J. Atmos. Oceanic Technol. 18, 1619, method of the mean apparent profile.
 */
NWC_API nwc_status nwc_rain_vpr(nwc_ctx *ctx, const nwc_volume *volume, const nwc_vpr_options *options, nwc_vpr *vpr);

/**
 * Bring reflectivity down to the ground along a profile, averaged over the beam where each gate is.
 *
 * Adds DBZHG to every sweep with DBZHB, DBZHC or DBZH, the first that is there: less what the profile, seen with that beam, has gained or lost up to there.
 * Gates above most_dbz are convective and stay, as do those where the profile is not known; nwc_rain_rate takes DBZHG where it
 * is.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has reflectivity; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_rain_correct_vpr(nwc_ctx *ctx, nwc_volume *volume, const nwc_vpr *vpr,
                                        const nwc_vpr_options *options);

/* ---- on grids ---- */

/** Values of what nwc_rain_convective finds. */
typedef enum nwc_rain_class {
    NWC_RAIN_NONE = 0,
    NWC_RAIN_STRATIFORM = 1,
    NWC_RAIN_CONVECTIVE = 2,
    NWC_RAIN_UNKNOWN = 255 /**< not observed */
} nwc_rain_class;

/** Options of nwc_rain_convective. Fill with nwc_convective_options_init. */
typedef struct nwc_convective_options {
    size_t struct_size;   /**< set by the init function */
    double echo_dbz;      /**< less is no echo; default 5 */
    double intensity_dbz; /**< from here on echo is convective, whatever is around; default 40 */
    double background_m; /**< radius of the disc over which the background is averaged, 1000 to 100000; default 11000 */
    int32_t
        cosine; /**< how far a core must stand above its background: 0 (default) 10 - background^2 / 180 dB (Steiner et al.
                         1995); 1: 8 cos(pi background / 128) dB (Yuter and Houze 1997) */
} nwc_convective_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_convective_options_init(nwc_convective_options *options);

/**
 * Tell convective rain from stratiform, on a level below the bright band.
 *
 * A core stands above the mean Z of the echo around it, or is strong by itself; it makes convective what lies within 1 to 5 km of
 * it, the farther the stronger its background (25, 30, 35 and 40 dBZ are the steps).
 *
 * @param dbz      (y, x) with its grid, "dBZ"; cells that are NaN take no part
 * @param options  NULL for the defaults
 * @param classes  out: (y, x), values of nwc_rain_class
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Source: Steiner, Houze and Yuter (1995), J. Appl. Meteor. 34, 1978, section 2.
 */
NWC_API nwc_status nwc_rain_convective(nwc_ctx *ctx, const nwc_field *dbz, const nwc_convective_options *options,
                                       nwc_flags *classes);

/** By how much gauges have lately measured more than radar: carried from one hour to the next. */
typedef struct nwc_gauge_bias {
    double log_bias; /**< natural logarithm of gauge over radar */
    double variance; /**< of its error */
} nwc_gauge_bias;

/** Options of nwc_rain_gauge_bias. Fill with nwc_gauge_bias_options_init. */
typedef struct nwc_gauge_bias_options {
    size_t struct_size; /**< set by the init function */
    double persistence; /**< correlation of the bias from one update to the next, 0 to 1; default 0.9 */
    double spread;      /**< standard deviation of the logarithm of the bias over the years, above 0; default 0.4 */
    double pair_error;  /**< that of one gauge beside its cell, above 0; default 0.8 */
    double least_mm;    /**< gauge and radar must both have at least this, above 0; default 0.5 */
} nwc_gauge_bias_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_gauge_bias_options_init(nwc_gauge_bias_options *options);

/**
 * Bring the mean bias of a field up to date with what gauges and radar have measured since: a Kalman filter of its logarithm.
 *
 * Start with a log_bias of 0 and a variance of the square of the option spread; multiply radar rain by exp(log_bias).
 *
 * @param bias     in and out
 * @param n        pairs, 0 or more; those that are not finite or below least_mm take no part
 * @param gauge_mm, radar_mm  n each
 * @param options  NULL for the defaults
 * @param used     out: pairs that took part; may be NULL
 * @return NWC_OK; NWC_ERR_ARG
 *
 * Source: Smith and Krajewski (1991), J. Appl. Meteor. 30, 397: the logarithm of the bias is a first-order autoregressive
 * process, observed as that of the ratio of the sums of n pairs with an error that falls as the root of n.
 */
NWC_API nwc_status nwc_rain_gauge_bias(nwc_gauge_bias *bias, int64_t n, const double *gauge_mm, const double *radar_mm,
                                       const nwc_gauge_bias_options *options, int64_t *used);

/** Options of nwc_rain_merge. Fill with nwc_merge_options_init. */
typedef struct nwc_merge_options {
    size_t struct_size; /**< set by the init function */
    double length_m;    /**< over which the correlation of differences falls to 1/e, above 0; default 30 km */
    double nugget;      /**< the share of their variance that is error of the gauge, 0 to below 1; default 0.1 */
} nwc_merge_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_merge_options_init(nwc_merge_options *options);

/**
 * Merge gauges into a field of rain: the field keeps its pattern, and comes to what the gauges say where they stand.
 *
 * Conditional merging by ordinary kriging with an exponential correlation. Kriged gauges less kriged radar is the kriged
 * difference, the weights being the same, so that one system is solved. What comes out below 0 is 0.
 *
 * @param radar    (y, x) with its grid, any unit
 * @param n        gauges, at most 2000; one outside the grid, on a cell that is NaN or with a NaN takes no part
 * @param x, y     n places in the grid's own coordinates
 * @param gauge    n values in the unit of radar
 * @param options  NULL for the defaults
 * @param merged   out: (y, x), not the cells of radar; NaN where radar is
 * @param used     out: gauges that took part; with none, merged is radar; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Source: Sinclair and Pegram (2005), Atmos. Sci. Lett. 6, 19.
 */
NWC_API nwc_status nwc_rain_merge(nwc_ctx *ctx, const nwc_field *radar, int64_t n, const double *x, const double *y,
                                  const double *gauge, const nwc_merge_options *options, nwc_field *merged,
                                  int64_t *used);

#ifdef __cplusplus
}
#endif
#endif
