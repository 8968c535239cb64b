/* What several methods make of the frames: a pyramid of resolutions, the pairs to compare, fields on nodes. */
#ifndef NWC_MOTION_FRAMES_H
#define NWC_MOTION_FRAMES_H

#include "motion/internal.h"

enum {
    NWC__PYRAMID_LEVELS = 8,
    NWC__MOST_FRAMES = 24 /* that the driver hands to a method */
};

/* One resolution: frames (ny, nx) of x with NaN where they are not known. */
struct nwc__frame_level {
    int64_t ny, nx;
    float *frame[NWC__MOST_FRAMES];
};

/* level[l] is 2^l times coarser than the frames are; a cell of it is the mean of what is known of four finer ones. */
struct nwc__frame_pyramid {
    int32_t n_levels, n_frames;
    struct nwc__frame_level level[NWC__PYRAMID_LEVELS];
};

/* Fewer than n_levels where a level has one cell. What was allocated before a failure is the caller's to destroy too. */
nwc_status nwc__frame_pyramid_create(nwc_ctx *ctx, const struct nwc__motion_problem *problem, int32_t n_levels,
                                     struct nwc__frame_pyramid *pyramid);
void nwc__frame_pyramid_destroy(nwc_ctx *ctx, struct nwc__frame_pyramid *pyramid);

/*
 * Two frames that are compared, dt_s apart. Each frame is compared with the latest one that lies NWC__MOTION_SHORTEST_S
 * before it; where none does, the newest with the oldest. pairs holds n_frames - 1; latest first; how many.
 */
struct nwc__frame_pair {
    int32_t earlier, later;
    double dt_s;
};
int32_t nwc__frame_pairs(const struct nwc__motion_problem *problem, struct nwc__frame_pair *pairs);

/* The longest motion between two frames of a pair along an axis, in cells of the frames. */
double nwc__longest_shift(const struct nwc__motion_problem *problem, const struct nwc__frame_pair *pairs, int32_t n);

/* Levels, at most most, down to one where that is at most far cells, as long as the shorter side has shortest cells there. */
int32_t nwc__levels_for(const struct nwc__motion_problem *problem, double longest, double far, int64_t shortest,
                        int32_t most);

/*
 * Nodes lie at every spacing-th cell along both axes, from the first cell to the first node that is not before the last one:
 * nwc__nodes(ny, spacing) rows of nwc__nodes(nx, spacing).
 */
int64_t nwc__nodes(int64_t cells, int64_t spacing);
/* Fields on nodes to cells (ny, nx), bilinearly. */
nwc_status nwc__nodes_to_cells(nwc_ctx *ctx, int64_t ny, int64_t nx, int64_t spacing, const float *const node[3],
                               float *const cells[3]);

/*
 * The quality of a motion that is one formula over the grid: exp(-d^2 / 2) of the distance d, in 50 cells, to the nearest 8 x 8
 * cells with echo in the newest frame.
 */
nwc_status nwc__quality_near_echo(nwc_ctx *ctx, const struct nwc__motion_problem *problem, float *quality);

#endif
