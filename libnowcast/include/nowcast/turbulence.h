/** @file turbulence.h  How turbulent the air is that a radar looks into, from the width of its spectra. Thread-safe. */
#ifndef NOWCAST_TURBULENCE_H
#define NOWCAST_TURBULENCE_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nwc_turbulence_compute. Fill with nwc_turbulence_options_init. */
typedef struct nwc_turbulence_options {
    size_t struct_size;    /**< set by the init function */
    double kolmogorov;     /**< constant of the three-dimensional spectrum, 1 to 2; default 1.6 */
    double beam_width_deg; /**< between half powers, of volumes that do not say; above 0, below 90; default 1 */
    double depth_m;        /**< half the length of the pulse; 0 or more, 0 (default): the spacing of the gates */
    double fall_m_s;       /**< standard deviation of fall speeds; 0 to 10, default 1 */
    double least_snr_db;   /**< gates of less are not known, where SNRH tells; -20 to 60, default 5 */
    int32_t shear;         /**< 1 (default): less what shear widens spectra by; 0: all width is turbulence */
} nwc_turbulence_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_turbulence_options_init(nwc_turbulence_options *options);

/**
 * Add EDR, the cube root of the rate at which the energy of turbulence is dissipated, "m^(2/3) s-1", to every sweep with WRADH.
 *
 * What is left of the square of the spectrum width is the variance of isotropic turbulence with Kolmogorov's spectrum within the
 * beam and the depth of a gate, which grow with range. Before that is taken off it what shear over them adds, across the beam
 * and along it by AZSHR and DIVR where the sweep has them, upward by the VRADDH of the next higher sweep, or else lower one, where
 * both have it; what the turn of the antenna adds, where the frequency is known; and what different fall speeds add. Where nothing
 * is left, EDR is 0. Where QIND is 0 it is not known.
 *
 * It is a lower bound where the volume of a gate is larger than the largest eddies, some hundreds of metres to kilometres.
 *
 * @param options  NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has WRADH; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Sources: Labitt (1981), MIT Lincoln Laboratory ATC-108; Doviak and Zrnic (1993), eqs. 5.75
 * to 5.77 and section 10.4; White, Lataitis and Lawrence (1999), J. Atmos. Oceanic Technol. 16, 1967.
 */
NWC_API nwc_status nwc_turbulence_compute(nwc_ctx *ctx, nwc_volume *volume, const nwc_turbulence_options *options);

#ifdef __cplusplus
}
#endif
#endif
