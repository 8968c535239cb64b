/**
 * @file health.h  How a radar is, told from its own data: noise, pointing, missing rays, the ground and the sun as references,
 * and how its reflectivities compare with those of another radar.
 */
#ifndef NOWCAST_HEALTH_H
#define NOWCAST_HEALTH_H

#include <nowcast/quality.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the noise of a sweep is known. */
typedef enum nwc_noise_source {
    NWC_NOISE_UNKNOWN = 0,
    NWC_NOISE_RATIO = 1,     /**< from SNRH */
    NWC_NOISE_EDGE = 2,      /**< 2 dB below the weakest hundredth of what is shown: an upper bound */
    NWC_NOISE_THROUGHOUT = 3 /**< noise is shown like echoes */
} nwc_noise_source;

/** What one sweep tells. Unknown numbers are NaN. */
typedef struct nwc_health_sweep {
    double noise_dbz;            /**< reflectivity as strong as the noise at 1 km */
    int32_t noise_source;        /**< an nwc_noise_source */
    int32_t missing_rays;        /**< that gaps between rays would hold, in a sweep that goes round */
    double duration_s;           /**< between first and last ray */
    double elevation_offset_deg; /**< median elevation of the rays less the fixed angle */
    double elevation_spread_deg; /**< greatest departure of a ray from that median */
    double zdr_light_rain_db;    /**< median ZDR at 20 to 22 dBZ, RHOHV from 0.98, 5 to 80 km, up to 2 km above the
                                       antenna; 0.25 dB is expected (Ryzhkov et al. 2005) */
    double zdr_vertical_db;      /**< median ZDR of a sweep that points up, RHOHV from 0.98; 0 is expected */
    int64_t n_zdr;               /**< gates of either */
    double clutter_offset_db;    /**< median of reflectivity less the map's mean, where the ground always is */
    double clutter_found;        /**< part of those places with an echo */
    int64_t n_clutter;           /**< those places: an echo in 8 of 10 dry volumes at least */
} nwc_health_sweep;

/** A ray that sees the sun. */
typedef struct nwc_sun_hit {
    int32_t sweep, ray;
    int64_t time_ns;
    double azimuth_deg, elevation_deg;         /**< of the antenna */
    double sun_azimuth_deg, sun_elevation_deg; /**< of the sun */
    double power_dbz;                          /**< reflectivity of its power at 1 km */
    double above_noise_db;                     /**< NaN where the noise is not known */
    double zdr_db;                             /**< median; 0 is expected, the sun is not polarised */
    double share;                              /**< of the gates beyond 10 km with that power */
} nwc_sun_hit;

/** One place two radars see. */
typedef struct nwc_health_pair {
    float dbz_a, dbz_b;
    float range_a_m, range_b_m;
    float height_m; /**< above mean sea level */
    float apart_m;  /**< between the middles of both gates */
    float apart_s;  /**< time of b less that of a */
} nwc_health_pair;

/** Fill with nwc_health_compare_options_init. */
typedef struct nwc_health_compare_options {
    size_t struct_size; /**< set by the init function */
    double least_dbz;   /**< of both; default 10 */
    double within_m;    /**< between gates; above 0, default 750 */
    double within_s;    /**< between rays; above 0, default 180 */
    int32_t n_sought; /**< gates of a that are looked for in b at most, evenly picked; 1 to 10000000, default 200000 */
    double turn_deg;  /**< taken from the azimuths of a, -180 to 180; default 0 */
    double east_m_s;  /**< by which echoes move between the times of a and b, -100 to 100; default 0 */
    double north_m_s; /**< the same */
} nwc_health_compare_options;

/**
 * Look at a sweep.
 *
 * @param map  NULL for none
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_health_look(nwc_ctx *ctx, const nwc_volume *volume, int32_t sweep, const nwc_clutter_map *map,
                                   nwc_health_sweep *found);

/**
 * Find the rays that see the sun: of constant power in half of their gates beyond 10 km, within 5 degrees of where the sun
 * stands.
 *
 * @param hits  out: @p room of them at most
 * @param n     out: how many there are, which may be more
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where the volume does not say where the radar is; NWC_ERR_NOMEM
 *
 * Source: Huuskonen and Holleman (2007).
 */
NWC_API nwc_status nwc_health_sun(nwc_ctx *ctx, const nwc_volume *volume, nwc_sun_hit *hits, int32_t room, int32_t *n);

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_health_compare_options_init(nwc_health_compare_options *options);

/**
 * Find the places that two radars see with an echo, each gate of a with the nearest of b. DBZHQ is compared where a sweep has
 * it, else DBZH.
 *
 * @param pairs  out: @p room of them at most; options->n_sought are always enough
 * @param n      out: how many there are
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where a volume does not say where the radar is; NWC_ERR_NOMEM;
 *         NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_health_compare(nwc_ctx *ctx, const nwc_volume *a, const nwc_volume *b,
                                      const nwc_health_compare_options *options, nwc_health_pair *pairs, int64_t room,
                                      int64_t *n);

#ifdef __cplusplus
}
#endif
#endif
