/* Points on rows of latitude, each row with a spacing of its own, as on Gaussian grids: where the cells of a grid lie among them. */
#ifndef NWC_GRID_ROWS_H
#define NWC_GRID_ROWS_H

#include "grid/internal.h"

enum { NWC__ROW_CORNERS = 4 };

struct nwc__rows {
    const nwc_grid *to; /* must stay */
    int64_t n;          /* points */
    int64_t *point;     /* of each cell, in rows, the points around it */
    float *weight;      /* and how much each counts; 0 for none */
};

/*
 * n points in rows from north to south or back, each row eastward. UNSUPPORTED where they are not. A row that goes round the
 * earth is closed; the one next to a pole holds up to it; else cells reach half a spacing beyond the last row or point.
 */
nwc_status nwc__rows_create(nwc_ctx *ctx, int64_t n, const double *lon_deg, const double *lat_deg, const nwc_grid *to,
                            struct nwc__rows *rows);
void nwc__rows_destroy(nwc_ctx *ctx, struct nwc__rows *rows);

/* Bilinear between rows, over what is known where that is at least half; reflectivity ("dBZ") as Z. out: (ny, nx), contiguous. */
nwc_status nwc__rows_read(nwc_ctx *ctx, const struct nwc__rows *rows, float *values, const char *units, float *out);

#endif
