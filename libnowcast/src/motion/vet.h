/* The cost of variational echo tracking, and its rows, compiled for each instruction level. */
#ifndef NWC_MOTION_VET_H
#define NWC_MOTION_VET_H

#include "motion/frames.h"

/* Along one axis cell i lies at weight[i] of the way from node at[i] to the next; first[k] is the first cell beyond node k. */
struct nwc__vet_axis {
    int64_t cells, nodes;
    int32_t *first; /* nodes: those of node k are first[k] to first[k + 1] - 1; first[nodes - 1] is cells */
    double *weight; /* cells */
};

typedef struct nwc__vet_kernels {
    /*
     * One row of a pair: later is its row, earlier the frame (ny, nx), j its number; u, v displacements at the nodes of the
     * row, of which share is over the time of the pair. Adds the gradient of half the sum of squares of what is left to that at
     * the nodes, and gives the sum; missing counts cells of later that are known and whose place in earlier is not: each
     * counts as unmoved, squared.
     */
    double (*row)(const float *restrict later, const float *restrict earlier, int64_t ny, int64_t nx, int64_t j,
                  const struct nwc__vet_axis *axis, const double *restrict u, const double *restrict v, double share,
                  double unmoved, double *restrict gu, double *restrict gv);
} nwc__vet_kernels;

/*
 * The cost of displacements m over NWC__VET_UNIT_S, (2, ny, nx) at nodes, in cells of the level: half the mean over cells and pairs of
 * (later(x) - earlier(x - m))^2, and half of gamma times the sum of squares of second differences between nodes.
 */
#define NWC__VET_UNIT_S 300.0
struct nwc__vet_cost {
    const nwc__vet_kernels *kernels;
    const struct nwc__frame_level *level;
    const struct nwc__frame_pair *pairs;
    int32_t n_pairs;
    struct nwc__vet_axis y, x;
    double gamma, unmoved; /* unmoved: the root of the mean square of frames' differences as they lie */
    double *m;             /* where the tiles read the displacement */
    double *part;          /* for each tile: gradient of its two rows of nodes, scratch of four rows of nodes, cost */
};

/* Room for up to so many nodes, then laid out for a level and number of nodes; the cost's other fields are the caller's. */
nwc_status nwc__vet_create(nwc_ctx *ctx, const struct nwc__frame_level *finest, int64_t most_nodes,
                           struct nwc__vet_cost *cost);
void nwc__vet_lay_out(struct nwc__vet_cost *cost, const struct nwc__frame_level *level, int64_t nodes);
void nwc__vet_destroy(nwc_ctx *ctx, struct nwc__vet_cost *cost);
/* An nwc__cost_fn; user is a struct nwc__vet_cost. */
nwc_status nwc__vet_cost_at(nwc_ctx *ctx, void *user, const double *m, double *cost, double *gradient);

#endif
