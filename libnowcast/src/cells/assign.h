/* Rows and columns paired so that the sum of costs is least. */
#ifndef NWC_CELLS_ASSIGN_H
#define NWC_CELLS_ASSIGN_H

#include "core/internal.h"

/* A pair that may be: by row, then column. */
struct nwc__edge {
    int32_t row, column;
    double cost; /* 0 or more */
};

/*
 * Give every row a column of its own, or none at a cost of alone, so that the sum is least. partner[row] is its column or -1. Of
 * assignments that cost the same the one is taken that comes first by rows, then columns, along the way.
 */
nwc_status nwc__assign(nwc_ctx *ctx, const struct nwc__edge *edges, int64_t n_edges, int32_t n_rows, int32_t n_columns,
                       double alone, int32_t *partner);

#endif
