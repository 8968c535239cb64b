/* Loops of dealiasing over the gates of a ray. */
#ifndef NWC_RADAR_DEALIAS_KERNEL_H
#define NWC_RADAR_DEALIAS_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

enum { NWC__JUMP_ALONG = 1, NWC__JUMP_ACROSS = 2 };

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
    /* List those of the edges of n gates that cost least to most: gate times two, of across plus one. Returns how many. */
    int64_t (*edges)(int64_t n, const uint8_t *along, const uint8_t *across, int32_t least, int32_t most,
                     int32_t *edge);
    /*
     * List those of n edges across two rays that cost no more than most, but where the edge before and those along either ray between
     * the two do as well. Returns how many.
     */
    int64_t (*fresh)(int64_t n, const uint8_t *across, const uint8_t *along, const uint8_t *along_over, int32_t most,
                     int32_t *gate);
    /* Whether the known velocities of n gates are none; of none NaN and infinities. */
    bool (*none)(int64_t n, const float *velocity);
    /* Jumps of more than most to the next gate and to the next ray: flags above, and how many there are. */
    int32_t (*jumps)(int64_t n, const float *velocity, const float *after, float most, uint8_t *jump);
    /*
     * Lower confidence to how much dearer another fold of a gate were, to the eight gates about it, on average; of those that are rougher than
     * least and have three neighbours. Rows have one more gate on either side; NaN where not known.
     */
    void (*compare)(int64_t n, const float *before, const float *velocity, const float *after, const uint16_t *rough,
                    int32_t least, float nyquist, float *confidence);
    /* Confidence of gates of one region: most in smooth wind, less where it is rough. */
    void (*trust)(int64_t n, float most, const uint16_t *rough, float *confidence);
    /* velocity: in, as measured, out, as unfolded where that is known; fold and confidence of it, 0 or NaN where it is not. */
    void (*answer)(int64_t n, const float *unfolded, const float *sure, float nyquist, float *velocity, float *fold,
                   float *confidence);
};

#endif
