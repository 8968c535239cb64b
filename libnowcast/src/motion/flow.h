/* The state of one call of the variational motion, which its parts share. */
#ifndef NWC_MOTION_FLOW_H
#define NWC_MOTION_FLOW_H

#include "motion/internal.h"
#include "motion/variational.h"

enum { NWC__FLOW_LEVELS = 16 };

#define NWC__FLOW_UNIT_S 300.0 /* the time that displacements are over */

/* Two frames compared: share is the time between them in units, weight their part in the sum. */
struct nwc__flow_pair {
    int32_t earlier, later;
    float share, weight;
    double unmoved; /* their mean absolute difference at the coarsest level, as they lie */
};

/* One resolution: frames with NaN where not known. */
struct nwc__flow_level {
    int64_t ny, nx;
    float **frame;
    const float *background[2]; /* u and v, cells of the input per second, NaN where not known; NULL: none */
};

/* The state of one call. Fields of the current level: plain ones are (ny, nx), checkered ones as said at half_row. */
struct nwc__flow {
    const nwc__flow_kernels *kernels;
    const struct nwc__motion_problem *problem;
    struct nwc__flow_level level[NWC__FLOW_LEVELS]; /* level[l] is 2^l times coarser than the input */
    int32_t n_levels, finest;
    float *coarse[NWC__FLOW_LEVELS][2]; /* the background of all levels but level 0, owned */
    struct nwc__flow_pair *pair;        /* n_pairs */
    int32_t n_pairs;

    int32_t l;              /* the current level */
    float *u, *v;           /* plain: displacement in cells of the level over one unit of time */
    float *next_u, *next_v; /* plain: the same on the next level */
    float *quality;         /* plain; filled when want_quality */
    bool want_quality;
    float **warped; /* plain, one for each pair */
    float *term;    /* TERMS plain fields, blurred along x */
    float *solved;  /* TERMS checkered fields */
    float *cu, *cv; /* checkered u, v */
    float *zero;    /* a row of zeros, for rows beyond the grid */
    int32_t colour;
    float factor; /* of the final result */
    float *out_u, *out_v, *out_quality;
};

/* The fastest credible motion along either axis, in cells of a level over one unit of time. */
double nwc__flow_most_cells(const struct nwc__flow *flow, int32_t l);

/* Give the levels their backgrounds. */
nwc_status nwc__flow_background(nwc_ctx *ctx, struct nwc__flow *flow);
void nwc__flow_forget_background(nwc_ctx *ctx, struct nwc__flow *flow);

/* Fill u and v of the level to begin at, and say which that is. */
nwc_status nwc__flow_begin(nwc_ctx *ctx, struct nwc__flow *flow, int32_t *first);

#endif
