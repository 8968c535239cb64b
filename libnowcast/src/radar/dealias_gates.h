/* Folds of single gates, see dealias_gates.c. */
#ifndef NWC_RADAR_DEALIAS_GATES_H
#define NWC_RADAR_DEALIAS_GATES_H

#include "radar/dealias.h"

/*
 * Give every gate its fold and confidence from its region's node, and gates of no region theirs from those around them. list and next
 * have room for the gates; known tells which are, and is used up.
 */
void nwc__fold_gates(nwc__fold_sweep *sweep, const nwc__fold_node *nodes, float *velocity, int32_t *list, float *next,
                     uint8_t *known);

#endif
