/* Sums over the surroundings of every place, weighted by a Gaussian: what statistics that differ from place to place need. */
#ifndef NWC_FORECAST_WINDOWS_H
#define NWC_FORECAST_WINDOWS_H

#include "core/internal.h"

enum { NWC__MOST_BLOCK = 64 /* cells */ };

/*
 * Sums are taken of square blocks of cells first, and kept at their middles: a quarter of the Gaussian's deviation wide at
 * most, so that the cost does not grow with it.
 */
struct nwc__windows {
    int64_t ny, nx;                  /* blocks; those at the upper ends may reach beyond the grid */
    int32_t block;                   /* cells, a power of two */
    double deviation_y, deviation_x; /* of the Gaussian, blocks */
};

/* Windows of deviations in cells, above 0, on a grid of ny x nx cells. */
struct nwc__windows nwc__windows_of(int64_t ny, int64_t nx, double deviation_y, double deviation_x);

/*
 * planes (n, ny, nx) of sums of blocks become sums of the surroundings, of weights that add up to 1 away from the grid's edges
 * and along each axis are of deviations no less than least_blocks.
 */
nwc_status nwc__windows_smooth(nwc_ctx *ctx, const struct nwc__windows *windows, int64_t n, double least_blocks,
                               float *planes);

/* Row of n places, step cells apart from cell (j, 0) on, read from a plane (ny, nx) between the middles of blocks. */
void nwc__windows_read(nwc_ctx *ctx, const struct nwc__windows *windows, const float *plane, int64_t j, int64_t step,
                       int64_t n, float *row);

#endif
