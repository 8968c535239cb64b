/* Pairs of gates between regions, see dealias_pairs.c. */
#ifndef NWC_RADAR_DEALIAS_PAIRS_H
#define NWC_RADAR_DEALIAS_PAIRS_H

#include "radar/dealias.h"

/* Pairs of a sweep with itself: their number; pairs NULL counts. last (2 n_gates) is scratch. */
int64_t nwc__fold_pairs_within(const nwc__fold_sweep *sweep, int32_t *last, nwc__fold_pair *pairs);

/* Pairs of a sweep with one above it: their number, or, for pairs NULL, the most there can be. beside (rays) is scratch. */
int64_t nwc__fold_pairs_between(const nwc__fold_sweep *sweep, const nwc__fold_sweep *above, nwc__fold_beside *beside,
                                nwc__fold_pair *pairs);

/* Sort pairs of nodes first to end - 1 by (a, b), a < b. spare has room for as many; count for one more than the nodes. */
void nwc__fold_sort_pairs(nwc__fold_pair *pairs, int64_t n, int32_t first, int32_t end, nwc__fold_pair *spare,
                          int64_t *count);

#endif
