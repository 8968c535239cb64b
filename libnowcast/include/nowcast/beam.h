/**
 * @file beam.h  Where the beams of a radar go: heights, places on the ground, and back from a place to azimuth, elevation and
 * range.
 *
 * Beams bend as over a sphere of four thirds of the earth's radius (Doviak and Zrnic 1993, eq. 2.28b and c), or are traced
 * through the refractivity of a profile. The radius is that of the WGS84 ellipsoid at the latitude of the radar; places are
 * geodesics of that ellipsoid, as PROJ has them. Heights are above mean sea level, distances along the ground those at mean sea
 * level, azimuths clockwise from true north, and the range is the length of the path.
 */
#ifndef NOWCAST_BEAM_H
#define NOWCAST_BEAM_H

#include <nowcast/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The beams of one radar. It never changes: any number of threads may use one. */
typedef struct nwc_beam nwc_beam;

/** How beams bend. Fill with nwc_beam_options_init. */
typedef struct nwc_beam_options {
    size_t struct_size;  /**< set by the init function */
    double earth_factor; /**< radius of the sphere in radii of the earth, 0.5 to 10; default 4/3. Unused with levels */
    int32_t n_levels;    /**< of a profile, at most 65536; default 0 for none */
    const double *height_m; /**< n_levels, increasing, above mean sea level; copied */
    const double
        *refractivity; /**< n_levels, N units, above 0 and below 1000; linear between levels; below them as in the
                                     lowest layer, above them falling to 1/e in 7.35 km (ITU-R P.453); copied */
} nwc_beam_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_beam_options_init(nwc_beam_options *options);

/**
 * Describe the beams of a radar.
 *
 * @param latitude_deg, longitude_deg, altitude_m  of the antenna
 * @param options  NULL for the defaults
 * @param beam     out: to be given to nwc_beam_destroy; may outlive the context
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_beam_create(nwc_ctx *ctx, double latitude_deg, double longitude_deg, double altitude_m,
                                   const nwc_beam_options *options, nwc_beam **beam);

/** Release; NULL is accepted. */
NWC_API void nwc_beam_destroy(nwc_beam *beam);

/** Radius of the earth at the radar, m, from its centre to the ellipsoid; NaN for NULL. */
NWC_API double nwc_beam_earth_radius(const nwc_beam *beam);

/**
 * Follow one beam.
 *
 * @param elevation_deg  at the antenna, -90 to 90
 * @param range_m        n of them, at least 0 and not decreasing
 * @param height_m, ground_m, angle_deg  out: n each: height, distance along the ground, and elevation of the beam above the
 *                       horizontal of the place where it is; any may be NULL
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_beam_path(const nwc_beam *beam, double elevation_deg, int64_t n, const double *range_m,
                                 double *height_m, double *ground_m, double *angle_deg);

/**
 * From azimuth, elevation and range to places. Whatever is not finite gives NaN, and so does a range below 0.
 *
 * @param n  points; all arrays have n items
 * @param lon_deg, lat_deg, height_m  out: may be the arrays of the input
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_beam_locate(nwc_ctx *ctx, const nwc_beam *beam, int64_t n, const double *azimuth_deg,
                                   const double *elevation_deg, const double *range_m, double *lon_deg, double *lat_deg,
                                   double *height_m);

/**
 * The inverse of nwc_beam_locate. NaN where no beam of an elevation within 90 degrees arrives, as below a duct, and for what
 * is not finite.
 *
 * @param azimuth_deg, elevation_deg, range_m  out: azimuth is 0 to below 360; may be the arrays of the input
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_beam_find(nwc_ctx *ctx, const nwc_beam *beam, int64_t n, const double *lon_deg,
                                 const double *lat_deg, const double *height_m, double *azimuth_deg,
                                 double *elevation_deg, double *range_m);

/**
 * Where the gates of a sweep lie.
 *
 * @param azimuth_deg, elevation_deg  n_rays
 * @param east_m, north_m  out: (ray, gate): distance along the ground times sine and cosine of the azimuth, which are the
 *                         coordinates of an azimuthal equidistant projection about the radar; may be NULL
 * @param height_m         out: (ray, gate), may be NULL
 * @param lon_deg, lat_deg out: (ray, gate), both or neither
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_beam_place_gates(nwc_ctx *ctx, const nwc_beam *beam, int64_t n_rays, const float *azimuth_deg,
                                        const float *elevation_deg, int64_t n_gates, double first_gate_m,
                                        double gate_spacing_m, double *east_m, double *north_m, double *height_m,
                                        double *lon_deg, double *lat_deg);

/**
 * How large what a gate averages is: width and height of the beam between half powers, m, and the volume of Gaussian weight
 * pi r^2 w h d / (8 ln 2), m3 (Probert-Jones 1962; Doviak and Zrnic 1993, section 4.4).
 *
 * @param width_h_deg, width_v_deg  between half powers of one way, above 0
 * @param range_m   n of them, at least 0
 * @param depth_m   half the length of the pulse, above 0
 * @param across_m, up_m, volume_m3  out: n each; any may be NULL
 */
NWC_API nwc_status nwc_beam_size(double width_h_deg, double width_v_deg, int64_t n, const double *range_m,
                                 double depth_m, double *across_m, double *up_m, double *volume_m3);

/**
 * Refractivity of air in N units: 77.6 p / T + 3.73e5 e / T^2, p and e in hPa.
 *
 * @param pressure_pa, temperature_k, vapour_pa  n each; vapour_pa is the partial pressure of water vapour
 * @param refractivity  out: NaN where an input is not finite or the temperature is not above 0
 *
 * Source: Smith and Weintraub (1953), Proc. IRE 41, 1035.
 */
NWC_API nwc_status nwc_beam_refractivity(int64_t n, const double *pressure_pa, const double *temperature_k,
                                         const double *vapour_pa, double *refractivity);

#ifdef __cplusplus
}
#endif
#endif
