/**
 * @file terrain.h  What of the beams of a radar the ground hides, from heights of the ground that the caller gives.
 *
 * The cross-section of a beam is the ellipse between half powers. It is cut into parts side by side; in each the ground hides
 * what lies below its highest point within the gate (partial blockage), or on the way to it (cumulative blockage). Where the
 * ground is level across the beam that is the partial blockage of Bech et al. (2003), and the cumulative one is its greatest value
 * so far; where ridges hide different sides one after another, it is more.
 *
 * Heights of the ground are metres above mean sea level, a field (y, x) with its grid; NaN, and what is outside the grid, is not
 * known and hides nothing.
 */
#ifndef NOWCAST_TERRAIN_H
#define NOWCAST_TERRAIN_H

#include <nowcast/beam.h>
#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of this page. Fill with nwc_terrain_options_init. */
typedef struct nwc_terrain_options {
    size_t struct_size;    /**< set by the init function */
    double earth_factor;   /**< as in nwc_beam_options, of volumes; default 4/3 */
    double beam_width_deg; /**< between half powers, of volumes that do not say; above 0, below 90; default 1 */
    double
        nearest_m; /**< ground nearer than this hides nothing, since a site is known less well; 0 or more, default 1000 */
    int32_t parts;      /**< of the beam, side by side, 1 to 64; default 9 */
    double most;        /**< greatest part hidden that reflectivity is corrected for; above 0, below 1; default 0.7 */
    const char *moment; /**< to be corrected; NULL (default): DBZHC, and DBZH in sweeps without it */
} nwc_terrain_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_terrain_options_init(nwc_terrain_options *options);

/**
 * Find what the ground hides of any beams, such as a table of azimuths at an elevation.
 *
 * @param ground_m  (y, x) with its grid, "m"
 * @param width_h_deg, width_v_deg  between half powers, above 0 and below 90
 * @param azimuth_deg, elevation_deg  n_rays
 * @param options   NULL for the defaults
 * @param partial     out: (ray, gate), 0 to 1: hidden by the ground within the gate; NaN where none of it is known and the
 *                    beam is not above all ground; may be NULL
 * @param cumulative  out: (ray, gate), 0 to 1: and by what lies before it; may be NULL
 * @param height_m    out: (ray, gate): of the ground below the middle of the gate; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no height is known within reach of the beams; NWC_ERR_NOMEM;
 *         NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Source: Bech, Codina, Lorente and Bebbington (2003), J. Atmos. Oceanic Technol. 20,
 * 845, eqs. 1 to 3.
 */
NWC_API nwc_status nwc_terrain_table(nwc_ctx *ctx, const nwc_beam *beam, const nwc_field *ground_m, double width_h_deg,
                                     double width_v_deg, int64_t n_rays, const float *azimuth_deg,
                                     const float *elevation_deg, int64_t n_gates, double first_gate_m,
                                     double gate_spacing_m, const nwc_terrain_options *options, float *partial,
                                     float *cumulative, float *height_m);

/**
 * Add CBB, the cumulative blockage, 0 to 1, to every sweep, on the gates of its reflectivity, or else of its first moment.
 *
 * Quality control and mosaics take note of it.
 *
 * @param volume    of a radar whose place is known; sweeps without moments are left as they are
 * @param ground_m  (y, x) with its grid, "m"
 * @param options   NULL for the defaults
 * @return as nwc_terrain_table
 */
NWC_API nwc_status nwc_terrain_block(nwc_ctx *ctx, nwc_volume *volume, const nwc_field *ground_m,
                                     const nwc_terrain_options *options);

/**
 * Make up for the power that CBB says is hidden: adds DBZHB, which is more by -10 log10(1 - CBB) dB.
 *
 * Where more than the option most is hidden it is not known; where nothing was seen, there is nothing.
 *
 * @param volume   sweeps without CBB, or without the reflectivity, are left as they are
 * @param options  NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has both; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_terrain_correct(nwc_ctx *ctx, nwc_volume *volume, const nwc_terrain_options *options);

#ifdef __cplusplus
}
#endif
#endif
