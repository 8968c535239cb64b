/* What the methods of motion estimation share: the problem the driver (motion.c) hands to them. */
#ifndef NWC_MOTION_INTERNAL_H
#define NWC_MOTION_INTERNAL_H

#include "core/internal.h"

#include <nowcast/motion.h>

/*
 * Frames on plain arrays, oldest first, rows south to north, without units or geometry: x = sqrt(min(rate, 60 mm/h)),
 * which makes the error of a weak cell count beside that of a strong one and keeps hail from ruling the fit. Rates below
 * 0.01 mm/h are 0. Where a frame is not known x is 0 as well, and known is 0 instead of 1; known is 0 too, whatever x is,
 * where a composite carried an area over from the frame before.
 */
struct nwc__motion_problem {
    int64_t ny, nx;
    int32_t n_frames;            /* at least 2; at least one pair of successive frames has echo in both */
    const float *const *x;       /* n_frames arrays (ny, nx), contiguous */
    const uint8_t *const *known; /* likewise */
    const double *time_s;        /* n_frames, increasing, 0 for the newest; steps may differ */
    double max_cells_s;          /* the fastest credible motion in cells per second, along either axis */
    const float *background[2];  /* u and v, (ny, nx), cells per second, NaN where not known; NULL: none */
    double background_reach;     /* cells */
    const float *before[2];      /* likewise, of the last cycle */
    void (*forget)(void *user);  /* a method calls it once it needs x and known no more; may be NULL */
    void *user;
};

/*
 * Features are followed from frame to frame over at least this time, in which they move by more than tracking errs; half a
 * minute less than four, since frames do not come to the second.
 */
#define NWC__MOTION_SHORTEST_S 210.0

/*
 * A method: u and v in cells per second, quality 0 to 1, all (ny, nx) and contiguous; NaN where motion is not known. The
 * driver turns cells into metres and limits the speed. May be called with the smallest grids, 1 x 1 included.
 */
typedef nwc_status (*nwc__motion_fn)(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                     const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_variational(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                   const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_lucas_kanade(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                    const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_trec(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                            float *u, float *v, float *quality);
nwc_status nwc__motion_cotrec(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                              const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_phase(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                             float *u, float *v, float *quality);
nwc_status nwc__motion_constant(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_vet(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                           float *u, float *v, float *quality);
nwc_status nwc__motion_proesmans(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                 const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_farneback(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                 const nwc_motion_options *options, float *u, float *v, float *quality);
nwc_status nwc__motion_darts(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                             float *u, float *v, float *quality);

/* Rows of the driver, compiled for each instruction level. */
typedef struct nwc__motion_kernels {
    /* n cells of a rate (mm h-1) or of dBZ to x and known; the number of cells with echo. step is in cells. */
    int64_t (*read_rate)(const float *restrict cells, int64_t step, int64_t n, float *restrict x,
                         uint8_t *restrict known);
    int64_t (*read_dbz)(const float *restrict cells, int64_t step, int64_t n, float *restrict x,
                        uint8_t *restrict known);
    /*
     * Count which of n cells of a row tell whether they were renewed, having echo unlike that of their four neighbours,
     * and which of these are what they were. now: the first cell in a frame with stride cells from row to row, before: it
     * in the frame before; none lies at the edge of the grid.
     */
    void (*tell)(const float *restrict now, int64_t stride, const float *restrict before, int64_t n,
                 int32_t *restrict telling, int32_t *restrict same);
    /* n cells, step apart, of a motion (m s-1) over cells that are d_m long, and dd_m more each, to cells per second. */
    void (*to_cells)(const float *restrict metres, int64_t step, int64_t n, float d_m, float dd_m,
                     float *restrict cells);
    /*
     * n cells of u, v (cells per second in, m s-1 out), where a cell is dx_m, dy_m long at the first one and that much
     * plus ddx_m, ddy_m at each further one. Faster motion than max_m_s is shortened to it and has quality 0.
     */
    void (*to_ground)(float *restrict u, float *restrict v, float *restrict quality, int64_t n, float dx_m, float ddx_m,
                      float dy_m, float ddy_m, float max_m_s);
} nwc__motion_kernels;

#endif
