/* Folds of single gates, see dealias_gates.c. */
#ifndef NWC_RADAR_DEALIAS_GATES_H
#define NWC_RADAR_DEALIAS_GATES_H

#include "radar/dealias.h"
#include "radar/dealias_kernel.h"
#include "radar/dealias_wind.h"

/*
 * Give every gate its fold and confidence from its region's node, and gates of no region theirs from those around them, at last from what
 * is expected of them.
 */
void nwc__fold_gates(nwc__fold_sweep *sweep, const nwc__fold_node *nodes, const nwc__fold_wind *wind, double altitude_m,
                     const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch);

/* Once the folds are found: lower the confidence of gates by what is around them, and put right those that are out by a pulse rate's folds. */
void nwc__fold_finish(nwc__fold_sweep *sweep, const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch);

#endif
