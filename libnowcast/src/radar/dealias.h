/* Dealiasing: what its steps hand each other. The method is described in dealias.c. */
#ifndef NWC_RADAR_DEALIAS_H
#define NWC_RADAR_DEALIAS_H

#include "core/internal.h"

/* The cost of a difference, in units of the Nyquist velocity: quadratic up to a half, linear beyond. */
static inline double nwc__fold_cost(double difference)
{
    const double d = fabs(difference), least = d < 0.5 ? d : 0.5;
    return least * (2.0 * d - least); /* without a branch, whose way would be anyone's guess */
}

enum {
    NWC__ROUGHEST = 65535, /* of velocities that bend by two Nyquist velocities, or have no neighbour */
    NWC__LEVELS = 64       /* costs of an edge */
};

/*
 * One sweep, rays by angle. Of each ray the gates from its first known one to its last are held, one ray behind the other: gate g of ray r is
 * cell row[r] + g of each array of gates, from[r] <= g < to[r].
 */
typedef struct nwc__fold_sweep {
    int64_t n_rays, n_gates; /* n_gates: of the longest ray */
    int64_t n_cells;
    double first_gate_m, gate_spacing_m;
    const int32_t *from, *to, *row; /* from and to are the same where no gate is known */
    const float *angle_deg;         /* by which rays are in order: the azimuth, or of an RHI the elevation */
    const float *azimuth_deg, *elevation_deg;
    const float *nyquist_m_s;
    const uint8_t *near;   /* whether a ray and the next, after the last the first, are neighbours */
    const uint8_t *linked; /* and of one Nyquist velocity */
    bool rhi;
    double first_prf, second_prf; /* Nyquist velocities of either pulse rate in parts of the whole; 0 for one rate */
    const float *velocity;        /* m s-1; NaN where not known */
    const float *before;          /* what the volume before has there; NaN where nothing; NULL for none */
    uint16_t *rough;              /* how much velocities bend at a gate, see nwc__dealias_kernels */
    int32_t *label;               /* region, from 0 in this sweep; -1 for none */
    int16_t *fold;                /* while solving: within its region; then of the gate */
    float *unfolded;              /* out: velocities; NaN where not known */
    float *confidence;            /* out: 0 to 1 */
    uint8_t *mark;                /* gates near tears */
    int32_t n_labels, first_node;
} nwc__fold_sweep;

/* A ray of another sweep above or below a ray of this one. */
typedef struct nwc__fold_beside {
    int64_t ray;          /* -1 for none */
    double stretch, rise; /* for a metre of range here: range there, and how much higher that is */
} nwc__fold_beside;

/* Room for work on a sweep: (cells) each, edges and list twice that. */
typedef struct nwc__fold_scratch {
    uint8_t *along, *across;
    int32_t *edges, *list;
    float *mean;
    float *lines;             /* NWC__LINES (gates + 2) */
    int32_t *last;            /* 2 (gates) */
    int32_t *rays;            /* (rays) */
    int32_t *patch;           /* of each sector, ring and cluster, see dealias_wind.c */
    nwc__fold_beside *beside; /* (rays) */
} nwc__fold_scratch;

enum { NWC__LINES = 3 };

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
