/* Rows of the variational motion, compiled for each instruction level; called by variational.c alone. */
#ifndef NWC_MOTION_VARIATIONAL_H
#define NWC_MOTION_VARIATIONAL_H

#include <stdint.h>

enum {
    NWC__FLOW_REACH = 5, /* cells the Gaussian of the normal equations reaches to either side */
    NWC__FLOW_TERMS = 5  /* sums of gx gx, gx gy, gy gy, gx r and gy r; then the five numbers they are solved into */
};

typedef struct nwc__flow_kernels {
    /* Frames carry NaN where they are not known. */
    void (*mark)(const float *restrict x, const uint8_t *restrict known, int64_t n, float *restrict marked);

    /* One row at half resolution from n cells of two rows: means of what is known where that is half of the cells. */
    void (*halve)(const float *south, const float *north, int64_t n, float *restrict mean);

    /* Row j of frame (ny, nx) carried along: its value at each cell minus share times (u, v), NaN from outside. */
    void (*warp)(const float *restrict frame, int64_t ny, int64_t nx, int64_t j, const float *restrict u,
                 const float *restrict v, float share, float *restrict warped);

    /*
     * Add one pair of frames to the terms of the cells first to end - 1 of a row; term k of cell i is
     * term[k * pitch + i - first]. earlier (carried to the time of later) and later are rows of nx cells: the one south of the cells, their
     * own, and the one north of them. over_y is 1 over the cells from south to north, 0 where there is one row only.
     */
    void (*add_terms)(const float *const earlier[3], const float *const later[3], int64_t nx, int64_t first,
                      int64_t end, float over_y, float share, float weight, float *restrict term, int64_t pitch);

    /* Gaussian along x of n cells; from begins REACH cells before the first. */
    void (*blur_x)(const float *restrict from, int64_t n, float *restrict to);

    /* Gaussian along y of n cells; row[REACH] is their own row. */
    void (*blur_y)(const float *const row[2 * NWC__FLOW_REACH + 1], int64_t n, float *restrict to);

    /* How far the terms of n cells, not solved yet, hold the motion against smoothness alpha: 0 to 1. */
    void (*support)(const float *restrict term, int64_t pitch, int64_t n, float alpha, float *restrict quality);

    /*
     * Add to the terms of n cells, where the motion is u, v, a pull towards scale times (to_u, to_v): hold times the
     * squared difference. None where that is NaN.
     */
    void (*lean)(float *restrict term, int64_t pitch, int64_t n, float hold, float scale, const float *restrict u,
                 const float *restrict v, const float *restrict to_u, const float *restrict to_v);

    /*
     * Solve the normal equations of n cells, where the motion is u, v, for the motion of least cost given the sum of
     * that of the four neighbours: term becomes p11, p12, p22, c1, c2 of u = c1 + p11 su + p12 sv, v = c2 + p12 su + p22 sv.
     */
    void (*solve)(float *restrict term, int64_t pitch, int64_t n, float alpha, const float *restrict u,
                  const float *restrict v);

    /* The cells first, first + 2, ... below n of a row; and two such halves woven together, times factor. */
    void (*part)(const float *restrict from, int64_t first, int64_t n, float *restrict to);
    void (*join)(const float *restrict even, const float *restrict odd, int64_t n, float factor, float *restrict to);

    /*
     * Move n cells by omega times the way to their best. near_u, near_v: the rows that begin with the neighbours of the
     * first cell to the west, east, south and north.
     */
    void (*relax)(float *restrict u, float *restrict v, const float *const near_u[4], const float *const near_v[4],
                  const float *restrict solved, int64_t pitch, int64_t n, float omega);

    /* A row of n cells twice as fine between two rows of (n + 1) / 2 cells, the first being nearer; times factor. */
    void (*refine)(const float *near, const float *far, int64_t n, float factor, float *restrict to);
} nwc__flow_kernels;

#endif
