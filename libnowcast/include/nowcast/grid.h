/**
 * @file grid.h  Grids and the fields on them: geometry, and the operations every other module shares.
 *
 * Axes run west to east, south to north and upward; a field that is stored north row first has a negative stride.
 * NaN means that the value is not known; "no echo" is a value. All functions are thread-safe.
 */
#ifndef NOWCAST_GRID_H
#define NOWCAST_GRID_H

#include <nowcast/core.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NWC_MAX_NDIM = 5 /**< [member][time][z][y][x] */ };

/**
 * A grid of cells, equally spaced in x and y.
 *
 * On a projected grid x and y are metres in the plane of the projection. Where the projection is "+proj=longlat ..."
 * they are degrees of longitude and latitude; where it is "+proj=ob_tran +o_proj=longlat ..." degrees of a turned Earth.
 */
typedef struct nwc_grid {
    const char *projection; /**< PROJ string */
    int64_t nx, ny;         /**< cells along x and y, at least 1 */
    double x_first;         /**< x of the centre of the westernmost cells, m or degrees */
    double y_first;         /**< y of the centre of the southernmost cells, m or degrees */
    double dx, dy;          /**< spacing, above 0, m or degrees */
    int64_t nz;             /**< levels; 0 for a flat grid */
    const double *z_m;      /**< nz heights above mean sea level, increasing; NULL for a flat grid */
} nwc_grid;

/** A float field on a grid. Borrowed: the caller owns the cells, the library never frees them. */
typedef struct nwc_field {
    float *data;                  /**< the cell with all indices 0, the south-westernmost */
    int32_t ndim;                 /**< 1 to NWC_MAX_NDIM; the last two axes are y and x */
    int64_t dim[NWC_MAX_NDIM];    /**< cells along each axis, slowest first */
    int64_t stride[NWC_MAX_NDIM]; /**< in cells, not bytes; may be negative */
    float missing;                /**< NaN; compute functions refuse anything else */
    const char *units;            /**< "dBZ", "mm h-1", "m s-1"; NULL is refused where units matter */
    const nwc_grid *grid;         /**< NULL is refused where distances matter */
} nwc_field;

/**
 * Make a field on a grid, all its cells not known.
 *
 * @param grid   kept as a pointer: it must live as long as the field
 * @param n      (n, y, x) is made; (y, x) where n is 0
 * @param units  kept as a pointer; may be NULL
 * @param field  out: to be given to nwc_field_release with the same context
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_field_create(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const char *units, nwc_field *field);

/** Release the cells of a field that nwc_field_create made, and clear it; one that is clear is left as it is. */
NWC_API void nwc_field_release(nwc_ctx *ctx, nwc_field *field);

/** Part @p index of the slowest axis of a field of at least two dimensions, on the same cells; clear where there is none. */
NWC_API nwc_field nwc_field_part(const nwc_field *field, int64_t index);

/** An integer field, such as the number of the object each cell belongs to; 0 is none. Layout as nwc_field. */
typedef struct nwc_labels {
    int32_t *data;
    int32_t ndim;
    int64_t dim[NWC_MAX_NDIM];
    int64_t stride[NWC_MAX_NDIM];
} nwc_labels;

/** A byte field: a mask (0 or 1) or flag bits. Layout as nwc_field. */
typedef struct nwc_flags {
    uint8_t *data;
    int32_t ndim;
    int64_t dim[NWC_MAX_NDIM];
    int64_t stride[NWC_MAX_NDIM];
} nwc_flags;

/**
 * Check a grid: a projection PROJ understands, sizes and spacings above 0, finite origin, latitudes within 90 degrees,
 * increasing levels.
 *
 * @return NWC_OK; NWC_ERR_ARG saying what is wrong; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_grid_check(nwc_ctx *ctx, const nwc_grid *grid);

/** 1 when the grid's x and y are longitude and latitude in degrees, 0 when they are metres. */
NWC_API int32_t nwc_grid_is_latlon(const nwc_grid *grid);

/**
 * Turn grid coordinates into geographic ones, or back.
 *
 * @param grid     its projection is used, its size is not
 * @param n        number of points
 * @param x, y     in: projected metres (or degrees on a longlat grid)
 * @param lon_deg, lat_deg  out: degrees east and north on the projection's own datum; NaN where there is none.
 *                 May be the same arrays as x and y.
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_grid_to_lonlat(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *x, const double *y,
                                      double *lon_deg, double *lat_deg);

/** The inverse of nwc_grid_to_lonlat: longitude and latitude, degrees, to the grid's x and y. */
NWC_API nwc_status nwc_grid_from_lonlat(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *lon_deg,
                                        const double *lat_deg, double *x, double *y);

/**
 * Distance of every cell's centre from the nearest set cell's, exact.
 *
 * @param set       (y, x)
 * @param dy, dx    length of a cell, above 0; the distance is in their unit
 * @param distance  out: (y, x); NaN where no cell is set
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Source: Felzenszwalb and Huttenlocher (2012), Theory of Computing 8, 415.
 */
NWC_API nwc_status nwc_grid_distance(nwc_ctx *ctx, const nwc_flags *set, double dy, double dx, nwc_field *distance);

/**
 * Give unknown cells the value of the nearest known one.
 *
 * @param reach   cells: what is farther from every known cell stays NaN; INFINITY for no limit
 * @param filled  out: (y, x); may be the same cells as field
 * @return as nwc_grid_distance
 */
NWC_API nwc_status nwc_grid_fill(nwc_ctx *ctx, const nwc_field *field, double reach, nwc_field *filled);

/**
 * The cells within a disc of the set: 1 where a set cell is at most radius cells away.
 *
 * @param dilated  out: (y, x), 0 or 1; may be the same cells as set
 * @return as nwc_grid_distance
 */
NWC_API nwc_status nwc_grid_dilate(nwc_ctx *ctx, const nwc_flags *set, double radius, nwc_flags *dilated);

/** What is left of the set: 1 where no unset cell is within radius cells. Beyond the grid nothing is unset. */
NWC_API nwc_status nwc_grid_erode(nwc_ctx *ctx, const nwc_flags *set, double radius, nwc_flags *eroded);

/**
 * The cells whose centres lie within an area of the map: rings of longitude and latitude with straight edges in these, which go the
 * shorter way round the earth.
 *
 * @param n_parts      rings, at least 1
 * @param part_points  points of each, at least 3; the first may be repeated as the last
 * @param hole         n_parts: 1 for a hole in the last ring before it that is none; NULL for no holes
 * @param longitude_deg, latitude_deg  of all rings, one behind the other
 * @param within       out: (y, x) of the grid, 1 within and 0 elsewhere
 * @return NWC_OK; NWC_ERR_ARG, also for a ring around a pole; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_grid_within(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                                   const uint8_t *hole, const double *longitude_deg, const double *latitude_deg,
                                   nwc_flags *within);

/**
 * How much of every cell an area of the map covers, exactly: by the areas that its edges cut from cells.
 *
 * Edges are straight in longitude and latitude, and are followed over the grid in pieces of at most half a cell. Parts are not
 * to overlap, nor rings to cross themselves.
 *
 * @param n_parts, part_points, hole, longitude_deg, latitude_deg  as in nwc_grid_within
 * @param coverage     out: (y, x) of the grid, 0 to 1
 * @return NWC_OK; NWC_ERR_ARG, also for a ring around a pole or beyond the projection; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_grid_coverage(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                                     const uint8_t *hole, const double *longitude_deg, const double *latitude_deg,
                                     nwc_field *coverage);

/**
 * Number the connected areas of cells at or above a threshold; NaN is below.
 *
 * @param neighbours  4, or 8 where corners connect too
 * @param labels      out: (y, x), 1 to count in the order of first cells from the south and the west; 0 elsewhere
 * @param count       out
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_grid_label(nwc_ctx *ctx, const nwc_field *field, double threshold, int32_t neighbours,
                                  nwc_labels *labels, int32_t *count);

/**
 * Quantiles of the known cells.
 *
 * @param fractions  n of them, 0 (least) to 1 (greatest), 1 to 1024
 * @param values     out: n; NaN where nothing is known
 * @param known      out: the number of known cells; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 *
 * Source: Hyndman and Fan (1996), Am. Stat. 50, 361, definition 7.
 */
NWC_API nwc_status nwc_grid_quantiles(nwc_ctx *ctx, const nwc_field *field, const double *fractions, int32_t n,
                                      double *values, int64_t *known);

/**
 * A quantile of the known cells within a square window around every cell: 0.5 is the median filter.
 *
 * @param side      cells, odd, 1 to 255; beyond the edges the window is cut off
 * @param filtered  out: (y, x), not the cells of field; NaN where the window holds nothing known
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_grid_rank_filter(nwc_ctx *ctx, const nwc_field *field, int32_t side, double fraction,
                                        nwc_field *filtered);

/** How a field is brought to another grid. */
typedef enum nwc_resample_method {
    NWC_RESAMPLE_NEAREST = 0,     /**< the cell that holds the centre: keeps every value as it was */
    NWC_RESAMPLE_BILINEAR = 1,    /**< between the four nearest centres; the default */
    NWC_RESAMPLE_CONSERVATIVE = 2 /**< the mean over the area of the new cell */
} nwc_resample_method;

/** Options of nwc_grid_resample. Fill with nwc_resample_options_init. */
typedef struct nwc_resample_options {
    size_t struct_size; /**< set by the init function */
    int32_t method;     /**< an nwc_resample_method; default NWC_RESAMPLE_BILINEAR */
    double min_known;   /**< a cell is known where at least this share of what it is made of is; 0 to 1, default 0.5 */
} nwc_resample_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_resample_options_init(nwc_resample_options *options);

/**
 * Bring a field to another grid, of any projection.
 *
 * Reflectivity ("dBZ") is averaged as Z. On one projection the conservative mean is exact; between two it is taken over 2 to
 * 16 points along each axis of a cell. Datum shifts are not applied.
 *
 * @param field      (y, x) with its grid and, for reflectivity, units
 * @param options    NULL for the defaults
 * @param resampled  out: (y, x) with its own grid; NaN outside the grid of field
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_grid_resample(nwc_ctx *ctx, const nwc_field *field, const nwc_resample_options *options,
                                     nwc_field *resampled);

/** The shape of a smoothing filter. */
typedef enum nwc_smooth_shape {
    NWC_SMOOTH_GAUSSIAN = 0, /**< size is the standard deviation; cut off at four of them */
    NWC_SMOOTH_BOX = 1       /**< size is the full width, which may end within a cell */
} nwc_smooth_shape;

/**
 * Smooth a field over what is known. Reflectivity ("dBZ") is averaged as Z.
 *
 * @param shape           an nwc_smooth_shape
 * @param size_y, size_x  cells, 0 to 4096; 0 leaves that axis as it is
 * @param min_known       0 to 1: a cell is known where at least this share of the filter's weight lies on known cells;
 *                        beyond the grid nothing is known
 * @param smoothed        out: (y, x); may be the same cells as field
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_grid_smooth(nwc_ctx *ctx, const nwc_field *field, int32_t shape, double size_y, double size_x,
                                   double min_known, nwc_field *smoothed);

/**
 * Rain rate, mm h-1, from reflectivity, dBZ, by Z = a R^b. Reflectivity below -10 dBZ is no rain.
 *
 * @param a, b  above 0; 200 and 1.6 are those of Marshall and Palmer (1948)
 * @param rate  out: (y, x); may be the same cells as dbz
 * @return NWC_OK; NWC_ERR_ARG for a shape, unit or range; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_grid_rate_from_dbz(nwc_ctx *ctx, const nwc_field *dbz, double a, double b, nwc_field *rate);

/** The inverse: no rain, and what is below it, becomes the floor of reflectivity, -32 dBZ. */
NWC_API nwc_status nwc_grid_dbz_from_rate(nwc_ctx *ctx, const nwc_field *rate, double a, double b, nwc_field *dbz);

/**
 * Turn a wind along the grid's x and y into eastward and northward, or back.
 *
 * @param u, v          (y, x) on one grid
 * @param to_true       1: from the grid's axes to true east and north; 0: from there to the grid's axes
 * @param u_out, v_out  out: (y, x); may be the same cells as u and v
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_grid_rotate_wind(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, int32_t to_true,
                                        nwc_field *u_out, nwc_field *v_out);

#ifdef __cplusplus
}
#endif
#endif
