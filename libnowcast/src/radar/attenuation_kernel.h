/* Attenuation along a ray, compiled for each instruction level; called by attenuation.c alone. */
#ifndef NWC_RADAR_ATTENUATION_KERNEL_H
#define NWC_RADAR_ATTENUATION_KERNEL_H

#include <stdint.h>

typedef struct nwc__attenuation_kernels {
    /*
     * power[g] = 10^(0.1 exponent dbz[g]), 0 where there is no echo, dbz being no more than what is most_dbz once alpha times the
     * phase is given back; returns the sum.
     */
    double (*powers)(int64_t n, const float *restrict dbz, const float *restrict phase, double exponent, double alpha,
                     double most_dbz, double *restrict power);
    /*
     * Testud et al. (2000): specific attenuation ah (dB km-1) and attenuation so far pia (dB, two ways, to the middle of each
     * gate) over n gates whose phase rises by phase_deg in all. Returns what the last gate's far end has lost.
     */
    double (*share)(int64_t n, const double *restrict power, double sum, double exponent, double alpha,
                    double phase_deg, double gate_km, float *restrict ah, float *restrict pia);
    /* The sum of |pia / alpha - phase|, phase less what it begins with, where that is known. */
    double (*misfit)(int64_t n, const float *restrict pia, const float *restrict phase, double begins_deg,
                     double alpha);
} nwc__attenuation_kernels;

#endif
