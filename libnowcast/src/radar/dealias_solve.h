/* Fold numbers of regions, see dealias_solve.c. */
#ifndef NWC_RADAR_DEALIAS_SOLVE_H
#define NWC_RADAR_DEALIAS_SOLVE_H

#include "radar/dealias.h"

/*
 * Find the folds that make the whole dearest least: over pairs, weight times the cost of what is left of their differences
 * over the geometric mean of both Nyquist velocities; over nodes, weight times the cost of the residual. Pairs are sorted by (a, b).
 */
nwc_status nwc__fold_solve(nwc_ctx *ctx, nwc__fold_node *nodes, int32_t n_nodes, const nwc__fold_pair *pairs,
                           int64_t n_pairs, bool anew);

#endif
