/* Loops of dealiasing over the gates of a ray. */
#ifndef NWC_RADAR_DEALIAS_KERNEL_H
#define NWC_RADAR_DEALIAS_KERNEL_H

#include <stdint.h>

struct nwc__dealias_kernels {
    /* Velocities of n gates as phases; those not known are 0, and known (0 or 1) says which. */
    void (*phases)(int64_t n, const float *velocity, float nyquist, int16_t *phase, uint8_t *known);
    /*
     * How much phases bend at each gate, the mean of along the ray and across: the change of the difference to either
     * neighbour, 0 to 65535. Rows before and after are NULL where there is no neighbour.
     */
    void (*roughness)(int64_t n, const int16_t *phase, const uint8_t *known, const int16_t *before,
                      const uint8_t *known_before, const int16_t *after, const uint8_t *known_after, uint16_t *rough);
    /* Costs, 0 to NWC__LEVELS - 1, of the edges between gates i of two rows; 255 where there is none. */
    void (*costs)(int64_t n, const int16_t *a, const uint8_t *known_a, const uint16_t *rough_a, const int16_t *b,
                  const uint8_t *known_b, const uint16_t *rough_b, uint8_t *cost);
};

#endif
