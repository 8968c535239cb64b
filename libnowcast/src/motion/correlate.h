/* Correlation of frames that are shifted against one another: windows of TREC, and the grid as a whole. */
#ifndef NWC_MOTION_CORRELATE_H
#define NWC_MOTION_CORRELATE_H

#include "motion/frames.h"

enum { NWC__CORRELATE_SUMS = 6 }; /* of cells known in both: their number, a, b, a a, b b, a b */

typedef struct nwc__correlate_kernels {
    /* Add n cells of two rows to the sums of n columns; sum s of column i is sums[s * pitch + i]. */
    void (*add)(const float *restrict a, const float *restrict b, int64_t n, float *restrict sums, int64_t pitch);
} nwc__correlate_kernels;

/* A window of a frame, rows y0 to y1 - 1 of columns x0 to x1 - 1, cut where it leaves the grid. */
struct nwc__window {
    int64_t y0, y1, x0, x1;
};

/* The cells of a window that are known in a frame. */
double nwc__window_known(const struct nwc__frame_level *level, int32_t frame, const struct nwc__window *window);

/*
 * The coefficient of correlation of later within the window and earlier shifted by dx, dy cells into it, over the cells known in both;
 * -2 where these are fewer than least, or either does not vary.
 */
double nwc__correlation(const double sums[NWC__CORRELATE_SUMS], double least);
double nwc__window_correlation(const nwc__correlate_kernels *kernels, const struct nwc__frame_level *level,
                               const struct nwc__frame_pair *pair, const struct nwc__window *window, int64_t dx,
                               int64_t dy, double least);

/*
 * From the correlations at best - 1, best and best + 1, where the parabola through them is highest: -.5 to .5; 0 where one of
 * them is not known.
 */
double nwc__peak(double before, double at, double after);

/*
 * Climb from shift dx, dy of correlation r to the best one around, at most so many steps, and place it between cells. False
 * where no correlation is known.
 */
struct nwc__shift {
    int64_t dx, dy;
    double x, y, r;
};
bool nwc__climb(const nwc__correlate_kernels *kernels, const struct nwc__frame_level *level,
                const struct nwc__frame_pair *pair, const struct nwc__window *window, double least, int32_t steps,
                struct nwc__shift *shift);

#endif
