/* Storms and cells: what is kept of a field, and the steps from it to the tables. */
#ifndef NWC_CELLS_CELLS_H
#define NWC_CELLS_CELLS_H

#include "grid/internal.h"

#include <nowcast/cells.h>

/*
 * The grid cells at or above the threshold, by row, column and level ("pixels"). They are found from their places in a grid with
 * a margin of one grid cell on every side, so that all of them have all neighbours.
 */
struct nwc__pixels {
    int32_t n;
    int32_t *place; /* n: (j + 1, i + 1, k + 1) in rows, columns and levels; k of flat fields is 0 and has no margin */
    float *value;   /* n */
    int32_t *map;   /* number of the pixel at a place, or -1 */
    int32_t rows, columns, levels; /* with margins; there are fewer than 2^31 places */
    int32_t offset[26], n_offsets; /* to the neighbours' places */
};

/* Grid cells of a pixel. */
static inline int32_t nwc__pixel_column(const struct nwc__pixels *pixels, int32_t p)
{
    return pixels->levels > 1 ? pixels->place[p] / pixels->levels : pixels->place[p];
}
static inline int64_t nwc__pixel_j(const struct nwc__pixels *pixels, int32_t p)
{
    return nwc__pixel_column(pixels, p) / pixels->columns - 1;
}
static inline int64_t nwc__pixel_i(const struct nwc__pixels *pixels, int32_t p)
{
    return nwc__pixel_column(pixels, p) % pixels->columns - 1;
}
static inline int64_t nwc__pixel_k(const struct nwc__pixels *pixels, int32_t p)
{
    return pixels->levels > 1 ? pixels->place[p] % pixels->levels - 1 : 0;
}

/* The root of a forest in which joined[p] lies nearer to it, or is p itself; ways there are made shorter. */
static inline int32_t nwc__root_of(int32_t *joined, int32_t p)
{
    while (joined[p] != p) p = joined[p] = joined[joined[p]];
    return p;
}

/* Size of grid cells. */
struct nwc__cell_sizes {
    nwc__metric metric;
    double *depth_m; /* of levels; NULL of flat fields */
    double *size;    /* of pixels, m2, with levels m3 */
};

/* A column of what is seen from above. */
struct nwc__column {
    int32_t j, i, cell, storm; /* labels, of the pixel with the greatest value */
};

struct nwc_cells {
    struct nwc_ctx memory; /* allocator only */
    nwc_grid grid;         /* with its projection and levels */
    char *projection;
    double *z_m;
    bool dbz, flat;
    double threshold;
    struct nwc__pixels pixels; /* without map and value */
    int32_t *cell, *storm;     /* labels of pixels */
    double *saddle;            /* of cells */
    int32_t n_cells, n_storms, n_columns;
    nwc_cell *cells, *storms;
    struct nwc__column *columns; /* by row and column */
    struct nwc__buffer ring_id, ring_points, ring_hole, ring_x, ring_y;
};

/* ---- the steps ---- */

/* Parts of an order that hold whole areas, so that each can be worked on by itself: n, from begin[part] to below begin[part + 1]. */
struct nwc__parts {
    int32_t n, *begin;
};

/* Numbers of pixels: those of each connected area, from the greatest value to the least, equal ones by place. */
nwc_status nwc__cells_order(nwc_ctx *ctx, const struct nwc__pixels *pixels, int32_t **order, struct nwc__parts *parts);

/* What a component's tree is made of. */
struct nwc__tree {
    const nwc_cells_options *options; /* sizes are numbers */
    const struct nwc__pixels *pixels;
    const int32_t *order;
    const struct nwc__parts *parts;
    const double *size; /* of pixels, m2 or m3 */
    int32_t *
        parent; /* the node a node lies in, lower down; of a storm's lowest node itself; nodes go by their last pixel */
    int32_t *storm; /* of a lowest node that is part of a storm, that storm's first such node; else -1 */
    int32_t *core;  /* of nodes that are cells, the first such node of it; else -1 */
    float *saddle;  /* of nodes that are cells: where they join the next; NaN */
};

/* Fill parent, storm, core and saddle. */
nwc_status nwc__cells_tree(nwc_ctx *ctx, const nwc__metric *metric, struct nwc__tree *tree);

/* Components at most closing_m apart, given by their lowest nodes: group[p] of such a node is the first of those it is one with. */
nwc_status nwc__cells_close(nwc_ctx *ctx, const struct nwc__tree *tree, const nwc__metric *metric, int32_t *group);

/* Share the pixels of storms without a cell among the cells around them, from high values to low ones. */
nwc_status nwc__cells_grow(nwc_ctx *ctx, const struct nwc__pixels *pixels, const int32_t *order, const int32_t *storm,
                           int32_t *cell);

/* Fill the tables and the columns. */
nwc_status nwc__cells_measure(nwc_ctx *ctx, nwc_cells *cells, const nwc_field *field,
                              const struct nwc__cell_sizes *sizes);

/*
 * Numbers of columns, those of one cell after the other: order[first[label]] to below order[first[label + 1]] are those of a label.
 * first has room for two more than there are cells, order for all columns.
 */
void nwc__cells_sort_columns(const nwc_cells *cells, int32_t *first, int32_t *order);

#endif
