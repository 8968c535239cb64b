/* Regions of a sweep, see dealias_regions.c. */
#ifndef NWC_RADAR_DEALIAS_REGIONS_H
#define NWC_RADAR_DEALIAS_REGIONS_H

#include "radar/dealias.h"
#include "radar/dealias_kernel.h"

/* Room for one sweep: (gates) each, edges twice that. */
struct nwc__region_scratch {
    uint8_t *known, *along, *across;
    int32_t *size, *edges;
    int16_t *relative;
    float *mean;
};

/* Fill phase, rough, label, fold and n_labels. */
void nwc__fold_regions(nwc__fold_sweep *sweep, const struct nwc__dealias_kernels *kernels,
                       struct nwc__region_scratch *scratch);

#endif
