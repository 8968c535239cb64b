/* Rows of polynomial expansion, compiled for each instruction level; called by farneback.c alone. */
#ifndef NWC_MOTION_FARNEBACK_H
#define NWC_MOTION_FARNEBACK_H

#include <stdint.h>

enum {
    NWC__POLY_REACH = 5,  /* cells a polynomial is fitted to, to either side */
    NWC__POLY_TERMS = 5,  /* of x, y, x x, y y, x y */
    NWC__POLY_MOMENTS = 3 /* of 1, y, y y */
};

typedef struct nwc__poly_kernels {
    /* The moments along y of n columns; row[REACH] is their own row. Moment k goes to to[k * pitch]. */
    void (*along_y)(const float *const row[2 * NWC__POLY_REACH + 1], const float taps[NWC__POLY_REACH + 1], int64_t n,
                    float *restrict to, int64_t pitch);
    /*
     * The terms of n cells from moments along y, of which from begins REACH cells before the first. Term k goes to
     * to[k * plane].
     */
    void (*along_x)(const float *restrict from, int64_t pitch, const float taps[NWC__POLY_REACH + 1], int64_t n,
                    float *restrict to, int64_t plane);
    /*
     * Add one pair of frames to the normal equations of row j: later has its terms, earlier those of all (ny, nx) cells, which are
     * read where u, v times share come from. Terms are plane apart, sums are pitch apart: of g11, g12, g22, h1, h2.
     */
    void (*compare)(const float *restrict later, const float *restrict earlier, int64_t plane, int64_t ny, int64_t nx,
                    int64_t j, const float *restrict u, const float *restrict v, float share, float *restrict sums,
                    int64_t pitch);
    /*
     * n cells: u, v of least cost of the equations, of which weight times way to u0, v0 is a part. Sums as of compare.
     */
    void (*solve)(const float *restrict sums, int64_t pitch, int64_t n, float weight, float *restrict u,
                  float *restrict v, float *restrict quality);
} nwc__poly_kernels;

#endif
