/* Dealiasing: what its steps hand each other. The method is described in dealias.c. */
#ifndef NWC_RADAR_DEALIAS_H
#define NWC_RADAR_DEALIAS_H

#include "core/internal.h"

/* Velocities are phases: 65536 is the Nyquist interval, so that differences wrap as 16-bit numbers do. */
enum { NWC__TURN = 65536, NWC__HALF_TURN = 32768, NWC__LEVELS = 64 /* costs of an edge */ };

/* One sweep, rays by angle. Arrays of gates are (ray, gate) and hold something from the first known gate of a ray to the last. */
typedef struct nwc__fold_sweep {
    int64_t n_rays, n_gates;
    double first_gate_m, gate_spacing_m;
    const float *velocity; /* m s-1; NaN where not known */
    const int32_t *from;   /* of each ray the first gate that is known, and one past the last; the same where none is */
    const int32_t *to;
    const float *angle_deg; /* by which rays are in order: the azimuth, or of an RHI the elevation */
    const float *azimuth_deg, *elevation_deg;
    const float *nyquist_m_s;
    const uint8_t *near;   /* whether a ray and the next, after the last the first, are neighbours */
    const uint8_t *linked; /* and of one Nyquist velocity */
    bool rhi;
    double first_prf, second_prf; /* Nyquist velocities of either pulse rate in parts of the whole; 0 for one rate */
    float *reference;             /* m s-1 expected; NaN where nothing is */
    float *doubt;                 /* m s-1: standard error of that */
    int16_t *phase;
    uint16_t *rough;   /* how much phases bend at a gate, see nwc__dealias_kernels */
    int32_t *label;    /* region, from 0 in this sweep; -1 for none */
    int16_t *fold;     /* while solving: within its region; then of the gate */
    float *confidence; /* 0 to 1 */
    int32_t n_labels, first_node;
} nwc__fold_sweep;

/* A pair of gates of two regions: velocity of that in b less that in a, folds of their regions being 0. */
typedef struct nwc__fold_pair {
    int32_t a, b;
    float difference, weight;
} nwc__fold_pair;

/* A region in the solution. */
typedef struct nwc__fold_node {
    float nyquist;
    int32_t size;           /* gates */
    float residual, weight; /* mean velocity less the expected one, and what that counts; weight 0 for none */
    int32_t fold;           /* out */
    float margin;           /* out: how much dearer the next best fold is */
    float doubt;            /* standard error over the distance from the wrong side, of the folds of its cluster */
    int32_t cluster;        /* out: a node of those it hangs together with, the same for all of them */
} nwc__fold_node;

#endif
