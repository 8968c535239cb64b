/* Which nodes move, so that the whole is cheapest, see dealias_cut.c. */
#ifndef NWC_RADAR_DEALIAS_CUT_H
#define NWC_RADAR_DEALIAS_CUT_H

#include "core/internal.h"

/*
 * Nodes (n) that may move, and pairs of them. Arc 2 k leads from the first node of pair k to its second, arc 2 k + 1 back, so that the
 * opposite of arc i is i ^ 1.
 */
typedef struct nwc__cut {
    int32_t n;
    int64_t n_pairs;
    int64_t *first; /* where in out the arcs of a node begin */
    int32_t *out;   /* arcs by the node they leave */
    int32_t *to;    /* of an arc */
    double *left;   /* of an arc: what more can flow */
    double *excess; /* of a node: what flows into it, or, below 0, what it can take */
    int32_t *level; /* out: above 0 for nodes that move; steps to one that can take something, from 1 */
    int32_t *taker, *queue, *path;
    int64_t *at; /* of a node: the arc of its list that is tried next */
} nwc__cut;

/* Room for n nodes and n_pairs pairs, all of them one problem or several of no more nodes and pairs together. */
nwc_status nwc__cut_create(nwc_ctx *ctx, int32_t n, int64_t n_pairs, nwc__cut *cut);
void nwc__cut_release(nwc_ctx *ctx, nwc__cut *cut);

/* The place of a problem in it: of n nodes behind those of the problems before it, n_before, and likewise of pairs; which: from 0. */
nwc__cut nwc__cut_part(const nwc__cut *cut, int32_t which, int32_t n_before, int32_t n, int64_t pairs_before,
                       int64_t n_pairs);

/* Say which nodes (a, b) pair k is of; once all are said, arrange them. */
void nwc__cut_join(nwc__cut *cut, int64_t k, int32_t a, int32_t b);
void nwc__cut_arrange(nwc__cut *cut);

/* What it costs, of pair k, that a moves alone, b alone, and both, neither being 0. Excess is to hold what it costs each node by itself. */
void nwc__cut_weigh(nwc__cut *cut, int64_t k, double a_moves, double b_moves, double both);

/* Find the cheapest; of several of the same cost that of which least moves. */
void nwc__cut_solve(nwc__cut *cut);

#endif
