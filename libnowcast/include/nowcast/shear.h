/** @file shear.h  Azimuthal shear and radial divergence of radial velocity, where rotation and outflow show. Thread-safe. */
#ifndef NOWCAST_SHEAR_H
#define NOWCAST_SHEAR_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nwc_shear_compute. Fill with nwc_shear_options_init. */
typedef struct nwc_shear_options {
    size_t struct_size; /**< set by the init function */
    const char *moment; /**< velocity; NULL (default): VRADDH, and VRADH in sweeps without it */
    double azimuthal_m; /**< width of the window across the beam, above 0; default 2500 */
    double radial_m;    /**< and along it; default 750 */
    double least_known; /**< share of the gates of a window that have to be known, 0 to 1; default 0.5 */
} nwc_shear_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_shear_options_init(nwc_shear_options *options);

/**
 * Fit a plane to the radial velocities around every gate, and add its slopes as moments, s-1: AZSHR across the beam, positive
 * where the velocity grows clockwise, that is, cyclonic in the northern hemisphere, and half the vorticity of a vortex; DIVR
 * along the beam, positive where the flow diverges.
 *
 * The window has the same size in metres at all ranges; it has never fewer than three rays and three gates, and no more than
 * 20 degrees to either side. A gate has slopes where its own velocity is known and enough of its window is.
 *
 * @param volume   sweeps without the velocity are left as they are
 * @param options  NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has the velocity; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: Smith and Elmore (2004), 11th Conf. on Aviation, Range and Aerospace Meteorology, P5.6; Mahalik et al. (2019), Wea.
 * Forecasting 34, 415, whose windows are the defaults.
 */
NWC_API nwc_status nwc_shear_compute(nwc_ctx *ctx, nwc_volume *volume, const nwc_shear_options *options);

#ifdef __cplusplus
}
#endif
#endif
