/* Heights of the ground along a line from a radar, and how far into a beam they reach. */
#ifndef NWC_RADAR_TERRAIN_KERNEL_H
#define NWC_RADAR_TERRAIN_KERNEL_H

#include "core/internal.h"

/* Heights of the ground, and where places in the plane about a radar lie in them: nodes (n, n), the first south-west. */
typedef struct nwc__ground {
    const float *cells;
    int64_t ny, nx, stride_y, stride_x;
    bool round; /* the last column lies west of the first */
    int64_t n;
    double first_m, per_m;      /* of the nodes, east and north alike; 1 / spacing */
    const double *column, *row; /* of cells, NaN where there are none */
} nwc__ground;

typedef struct nwc__terrain_kernels {
    /* Heights at n distances along a line of this azimuth, between the centres of cells; NaN where less than half is known. */
    void (*heights)(const nwc__ground *ground, double sine, double cosine, const double *restrict ground_m, int64_t n,
                    float *restrict height_m);
    /*
     * Of each gate the highest of its samples, over the axis of the beam in half widths of the beam: (height - beam_m) * per_m.
     * NaN where none is known.
     */
    void (*highest)(const float *restrict height_m, const float *restrict beam_m, const float *restrict per_m,
                    int64_t gates, int64_t samples, float *restrict over);
} nwc__terrain_kernels;

#endif
