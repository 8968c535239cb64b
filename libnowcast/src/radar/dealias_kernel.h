/* Loops of dealiasing over the gates of a ray. */
#ifndef NWC_RADAR_DEALIAS_KERNEL_H
#define NWC_RADAR_DEALIAS_KERNEL_H

#include <stdint.h>

struct nwc__dealias_kernels {
    /*
     * How much velocities bend at each of n gates, the mean of along the ray and across: the change of the difference to either
     * neighbour, 32768 for a Nyquist velocity. velocity has one more gate on either side, NaN at the end of the ray; before and after are
     * the rays beside. NaN where not known.
     */
    void (*roughness)(int64_t n, const float *velocity, const float *before, const float *after, float nyquist,
                      uint16_t *rough);
    /* Costs, 0 to NWC__LEVELS - 1, of the edges between gates i of two rows; 255 where one is not known. */
    void (*costs)(int64_t n, const float *a, const uint16_t *rough_a, const float *b, const uint16_t *rough_b,
                  float nyquist, uint8_t *cost);
};

#endif
