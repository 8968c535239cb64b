/* Loops of quality control, over the gates of one ray. */
#ifndef NWC_RADAR_QUALITY_KERNEL_H
#define NWC_RADAR_QUALITY_KERNEL_H

#include <stdint.h>

/* Rows that windows slide over have so many gates more at either end, which the kernels clear. */
enum { NWC__PAD = 8 };

/* What is known of a ray's gates: NaN where it is not. */
typedef struct nwc__evidence {
    const float *dbz;      /* NaN where there is no echo */
    const float *texture;  /* mean square difference of DBZ between neighbours, dB2 */
    const float *spin;     /* how often DBZ turns, % */
    const float *velocity; /* m s-1 */
    const float *width;    /* m s-1 */
    const float *drop;     /* how much less the beam above sees, dB */
    const float *rhohv;    /* mean */
    const float *purest;   /* mean RHOHV of the gate and those on its better side */
    const float *phase;    /* standard deviation of PHIDP along the ray, degrees */
    const float *zdr;      /* standard deviation of ZDR along the ray, dB */
    const float *snr;      /* dB */
    const float *map;      /* how often the ground gives an echo here, NaN where that is not known */
} nwc__evidence;

struct nwc__quality_kernels {
    /* Squared differences of neighbours, wrapped into half a period either way where it is above 0, and 1 where known. */
    void (*differences)(int64_t n, float period, const float *row, float *square, float *known);
    /* 1 where the row turns by more than least on average. */
    void (*turns)(int64_t n, float least, const float *row, float *turn, float *known);
    /* The values themselves. */
    void (*values)(int64_t n, const float *row, float *value, float *known);
    /* scale * mean over gates i - half to i + half, of 3 known ones at least; its root where root is not 0. */
    void (*window)(int64_t n, int32_t half, int32_t root, float scale, float *sum, float *known, float *out);
    /* The greater of the means over gates i - side to i and i to i + side, of 3 known ones at least each. */
    void (*better_side)(int64_t n, int32_t side, const float *value, const float *known, float *out);
    /* Mean of those of three rows that are known. */
    void (*mean3)(int64_t n, const float *a, const float *b, const float *c, float *out);
    /* How much a gate is like the ground and like what is neither ground nor weather, 0 to 1. */
    void (*score)(int64_t n, const nwc__evidence *evidence, float *ground, float *other);
};

#endif
