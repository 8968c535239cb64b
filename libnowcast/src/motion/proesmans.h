/* Rows of the diffusion of Proesmans, compiled for each instruction level; called by proesmans.c alone. */
#ifndef NWC_MOTION_PROESMANS_H
#define NWC_MOTION_PROESMANS_H

#include <stdint.h>

typedef struct nwc__diffuse_kernels {
    /*
     * How far n = nx cells of row j are from coming back: the length of u, v here and back_u, back_v, (ny, nx), where they lead to; -1
     * where that is beyond the grid. Adds those lengths to sum and counts them.
     */
    void (*apart)(const float *restrict u, const float *restrict v, const float *restrict back_u,
                  const float *restrict back_v, int64_t ny, int64_t nx, int64_t j, float *restrict length,
                  float sum[2]);
    /* Lengths to weights: 1 / (1 + (length over)^2), 0 for those below 0. */
    void (*weigh)(float *restrict length, int64_t n, float over);
    /*
     * One step of row j, to to_u, to_v: the weighted mean of the eight neighbours (rows from south to north with a cell of margin,
     * pitch apart: u, v, weight), and from there by what there, in other (ny, nx), differs from here, lambda being the say of
     * the frames beside the mean.
     */
    void (*step)(const float *const row[3], int64_t pitch, const float *restrict here, const float *restrict gx,
                 const float *restrict gy, const float *restrict other, int64_t ny, int64_t nx, int64_t j, float lambda,
                 float *restrict to_u, float *restrict to_v);
} nwc__diffuse_kernels;

#endif
