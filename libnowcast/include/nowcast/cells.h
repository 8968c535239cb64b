/**
 * @file cells.h  Storms and their cells in a field: found, measured and outlined.
 *
 * A storm is a connected area of a field (a body, in three dimensions) at or above a threshold. Its cells are the hills in it: a
 * squall line is one storm of several cells, and a storm with one hill is one cell. Calls are thread-safe; one thread at a time
 * for each nwc_cells.
 */
#ifndef NOWCAST_CELLS_H
#define NOWCAST_CELLS_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the cells of a storm are told apart. */
typedef enum nwc_cells_method {
    NWC_CELLS_TREE = 0,      /**< hills that stand out by their saliency, each down to the saddle to the next */
    NWC_CELLS_WATERSHED = 1, /**< the same hills, and what is left of the storm shared among them */
    NWC_CELLS_SINGLE = 2,    /**< every storm is one cell (TITAN, one threshold) */
    NWC_CELLS_DUAL = 3 /**< parts above a second threshold, the rest of the storm shared among them (TITAN, two) */
} nwc_cells_method;

/** Options of nwc_cells_identify. Fill with nwc_cells_options_init. Values are in the units of the field. */
typedef struct nwc_cells_options {
    size_t struct_size; /**< set by the init function */
    int32_t method;     /**< an nwc_cells_method; default NWC_CELLS_TREE */
    int32_t corners;    /**< 1 (default): grid cells connect where they share a corner or an edge; 0: a side only */
    double threshold;   /**< of a storm, finite; default 35 (dBZ) */
    double least_peak;  /**< a storm, and each cell, reaches this; not below threshold; default 40 (dBZ) */
    double saliency;    /**< by how much the peak of a cell is above the saddle to the next, above 0; default 5 (dB) */
    double core_threshold; /**< the second threshold of NWC_CELLS_DUAL, above the first; default 45 (dBZ) */
    double least_size;     /**< of a storm, m2, in three dimensions m3, 0 or more; NaN (default): 10 km2, 30 km3 */
    double least_core;     /**< of each of several cells in it, down to its saddle; NaN (default): 4 km2, 8 km3 */
    double closing_m;      /**< storms at most so far from each other along a level are one, 0 to 50000; default 0 */
} nwc_cells_options;

/** What is known of a cell or a storm. Rows and columns count from 0; x and y are those of the grid. */
typedef struct nwc_cell {
    int32_t id;                      /**< its label, 1 to the number of cells, or of storms */
    int32_t storm;                   /**< label of the storm it lies in; of a storm its own */
    int32_t n_cells;                 /**< cells of the storm; of a cell 1 */
    int32_t at_edge;                 /**< columns of it at the end of the grid, or beside one where nothing is known */
    int64_t n;                       /**< grid cells */
    double area_m2;                  /**< of its columns over the ground */
    double volume_m3;                /**< NaN of a flat field */
    double x, y, z_m;                /**< middle of its columns; mean height by volume, NaN of a flat field */
    double x_mean, y_mean, z_mean_m; /**< the same weighted by Z (dBZ), by what is above threshold (other units) */
    double longitude_deg, latitude_deg; /**< of x, y; NaN where the projection has none */
    double peak;                        /**< greatest value; of several the first by row and column */
    double x_peak, y_peak, z_peak_m;
    double mean;             /**< by area, or volume; reflectivity as Z */
    double saddle;           /**< value at which it joins the next cell of its storm; NaN where there is none */
    double base_m, top_m;    /**< lowest and highest level of it; NaN of a flat field */
    double major_m, minor_m; /**< half axes of the ellipse with the second moments of its columns */
    double orientation_deg;  /**< of the major axis, clockwise from the grid's +y, 0 to below 180 */
    int32_t j_first, j_last, i_first, i_last; /**< rows and columns of it */
} nwc_cell;

/** The storms and cells of one field. */
typedef struct nwc_cells nwc_cells;

/** What nwc_cells_lend lends; it lives until the nwc_cells is destroyed. */
typedef struct nwc_cells_table {
    int32_t n_cells, n_storms;
    const nwc_cell *cells, *storms; /**< by label, which follow the first grid cells by row, then column, then level */
} nwc_cells_table;

/** Rings around cells or storms. They live until the next nwc_cells_outline of the same nwc_cells. */
typedef struct nwc_outlines {
    int64_t n_rings;
    const int32_t *id;     /**< n_rings: label of what is outlined, in order */
    const int64_t *points; /**< n_rings: points of each; the first is not repeated */
    const uint8_t *hole;   /**< n_rings: 1 for a hole in the last ring before it that is none */
    int64_t n_points;
    const double *x, *y; /**< n_points, of the grid */
} nwc_outlines;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_cells_options_init(nwc_cells_options *options);

/**
 * Find the storms of a field and the cells in them.
 *
 * All levels are looked at in one pass down the values, which makes the tree of components (Najman and Couprie 2006). Where hills
 * meet, those whose peak is at least saliency above the meeting, that reach least_peak and that are least_core large are cells of
 * their own, as long as there are two; a storm in which there are not is one cell. Equal values meet at once, so that the
 * result is that of the mirrored field, mirrored; where order has to decide, it is that of places. Not known (NaN) is not
 * above any threshold, and ends a storm.
 *
 * @param field    (y, x) or (z, y, x) of at least two levels, on a grid; any units; fewer than 2^31 grid cells
 * @param options  NULL for the defaults
 * @param cells    out: to be given to nwc_cells_destroy; may hold no storm at all
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: Najman and Couprie (2006), IEEE Trans. Image Process. 15, 3531; Hering et al. (2004), ERAD, 206 (cells as branches);
 * Dixon and Wiener (1993), J. Atmos. Oceanic Technol. 10, 785 (single and dual threshold); Meyer (1994), Signal Process. 38, 113
 * (flooding).
 */
NWC_API nwc_status nwc_cells_identify(nwc_ctx *ctx, const nwc_field *field, const nwc_cells_options *options,
                                      nwc_cells **cells);

/** Release storms and cells; NULL is accepted. The context they were made with need not live any more. */
NWC_API void nwc_cells_destroy(nwc_cells *cells);

/** Lend the tables. NWC_OK; NWC_ERR_ARG. */
NWC_API nwc_status nwc_cells_lend(const nwc_cells *cells, nwc_cells_table *table);

/**
 * The label of every grid cell, 0 where there is none.
 *
 * @param of_storms  1 for those of storms, 0 for those of cells
 * @param labels     out: shape of the field; (y, x) of a field with levels gives what is seen from above, in each column that of
 *                   the greatest value
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_cells_labels(const nwc_cells *cells, int32_t of_storms, nwc_labels *labels);

/**
 * Outline storms or cells along the sides of their grid cells, seen from above.
 *
 * Rings are simple: outer ones run counter-clockwise, holes clockwise, and no ring meets a point twice. Parts that touch at a
 * corner are rings of their own.
 *
 * @param of_storms  1 for storms, 0 for cells
 * @param holes      1 to keep holes, 0 to leave them out
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_cells_outline(nwc_ctx *ctx, nwc_cells *cells, int32_t of_storms, int32_t holes,
                                     nwc_outlines *outlines);

#ifdef __cplusplus
}
#endif
#endif
