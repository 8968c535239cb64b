/* The smooth phase that never falls and fits a ray best. */
#ifndef NWC_RADAR_KDP_VARIATIONAL_H
#define NWC_RADAR_KDP_VARIATIONAL_H

#include "core/internal.h"

enum { NWC__MONOTONE_SCRATCH = 16 /* doubles for each gate */ };

/*
 * phase: n values in degrees, NaN where not known, known at both ends; scale[g]: gates, wavelength of which half passes.
 * fitted: n, never falling. scratch: NWC__MONOTONE_SCRATCH n. Returns the number of iterations taken; 0 where n < 4,
 * fitted being then the mean.
 */
int32_t nwc__monotone_phase(int64_t n, const float *phase, const float *scale, double *scratch, float *fitted);

#endif
