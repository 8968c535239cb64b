/* Regions of a sweep, see dealias_regions.c. */
#ifndef NWC_RADAR_DEALIAS_REGIONS_H
#define NWC_RADAR_DEALIAS_REGIONS_H

#include "radar/dealias.h"
#include "radar/dealias_kernel.h"

/* Fill rough, label, fold and n_labels. */
void nwc__fold_regions(nwc__fold_sweep *sweep, const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch);

#endif
