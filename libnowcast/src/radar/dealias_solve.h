/* Fold numbers of regions, see dealias_solve.c. */
#ifndef NWC_RADAR_DEALIAS_SOLVE_H
#define NWC_RADAR_DEALIAS_SOLVE_H

#include "radar/dealias.h"

/*
 * Find the folds that make the whole dearest least: over pairs, weight times the cost of what is left of their differences
 * over the geometric mean of both Nyquist velocities, times the root of 6 over how many there are of the same two nodes, for what pairs beside
 * each other say is much the same; over nodes, weight times the cost of the residual. Pairs are sorted by (a, b). anew: whether folds
 * are to be begun, or are those of an earlier call.
 */
nwc_status nwc__fold_solve(nwc_ctx *ctx, nwc__fold_node *nodes, int32_t n_nodes, const nwc__fold_pair *pairs,
                           int64_t n_pairs, bool anew);

#endif
