/* The steps of dealiasing in their order, see dealias_volume.c. */
#ifndef NWC_RADAR_DEALIAS_VOLUME_H
#define NWC_RADAR_DEALIAS_VOLUME_H

#include "radar/dealias.h"
#include "radar/dealias_wind.h"

/*
 * Dealias sweeps, those that can be compared with one another next to each other, lowest first. In: what comes before rough in
 * nwc__fold_sweep. Out: unfolded, fold and confidence. wind: what is known beforehand.
 */
nwc_status nwc__fold_volume(nwc_ctx *ctx, nwc__fold_sweep *sweeps, int32_t n_sweeps, double altitude_m,
                            const nwc__fold_wind *wind);

#endif
