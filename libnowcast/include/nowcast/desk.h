/**
 * @file desk.h  Fields corrected by hand: how much each cell takes part in a correction, and what it then holds.
 *
 * A correction has an area on the map with a feathered edge, which nwc_desk_weight turns into a weight of every cell, 0 to 1,
 * and something that is done there, by nwc_desk_change or nwc_desk_move. A cell of weight 0 keeps its bits. What is not known
 * stays so, and where nothing was seen nothing is made stronger. All functions are thread-safe.
 */
#ifndef NOWCAST_DESK_H
#define NOWCAST_DESK_H

#include <nowcast/geojson.h>
#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NWC_DESK_MAX_POINTS = 10000 /**< of all parts of an area */ };

/** An area of the map with a feathered edge. What it points to is read during the call only. */
typedef struct nwc_desk_area {
    int32_t shape;   /**< NWC_SHAPE_POLYGON: rings and holes; NWC_SHAPE_LINE: lines with a width */
    int32_t n_parts; /**< rings or lines, at least 1 */
    const int64_t
        *part_points;    /**< of each ring at least 3, the first may be repeated as the last; of each line at least 2 */
    const uint8_t *hole; /**< n_parts: 1 for a hole in the last ring before it that is none; NULL for no holes */
    const double *longitude_deg,
        *latitude_deg; /**< of all parts, one behind the other; edges go the shorter way round */
    double width_m;    /**< of a line, at least 0; not used for polygons */
    double feather_m;  /**< over which the weight falls outside the area, 0 to 1e6 */
} nwc_desk_area;

/**
 * Check an area: points on the earth, at most NWC_DESK_MAX_POINTS, rings around an area of their own whose edges do not cross
 * and that are not around a pole, lines of different points.
 *
 * @return NWC_OK; NWC_ERR_ARG saying which part, and which of its edges; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_desk_check_area(nwc_ctx *ctx, const nwc_desk_area *area);

/**
 * How much every cell takes part in what is done in an area: 1 where its centre lies within; outside 1 - s^2 (3 - 2 s), s being its
 * distance from the nearest edge over the feather; 0 beyond.
 *
 * Edges are straight in longitude and latitude, as in nwc_grid_within. Distances are over a sphere of 6371 km, in the plane
 * that touches it at the cell (longitudes shortened by the cosine of its latitude): they do not depend on the grid, and
 * hold to a thousandth within 100 km below 60 degrees of latitude.
 *
 * @param area    as nwc_desk_check_area has it, except that edges may cross: then what an even number of turns encloses is outside
 * @param weight  out: (y, x) of the grid; 0 where the projection has no place
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_desk_weight(nwc_ctx *ctx, const nwc_grid *grid, const nwc_desk_area *area, nwc_field *weight);

/** What is done to the cells of an area. */
typedef enum nwc_desk_operation {
    NWC_DESK_ADD = 0, /**< f + w amount, where there is something */
    NWC_DESK_SCALE =
        1,            /**< f (1 + w (amount - 1)), where there is something; of reflectivity, Z is scaled. 0 erases. */
    NWC_DESK_SET = 2, /**< f + w (amount - f) */
    NWC_DESK_BLEND =
        3 /**< f + w amount (other - f), amount from 0 to 1; the other where f is not known, f where the other is not */
} nwc_desk_operation;

/** What is done, and what the result may be. Fill with nwc_desk_change_options_init. */
typedef struct nwc_desk_change_options {
    size_t struct_size; /**< set by the init function */
    int32_t operation;  /**< an nwc_desk_operation; default NWC_DESK_ADD */
    double amount;      /**< finite; in the field's unit for ADD and SET, at least 0 for SCALE; default 0 */
    double
        nothing;  /**< values up to this say that nothing was seen; default -INFINITY: the quantity has no such value */
    double least; /**< cells that change are not left below this; default -INFINITY */
    double most;  /**< nor above this; default INFINITY */
} nwc_desk_change_options;

/** Fill @p change with the defaults. NULL is ignored. */
NWC_API void nwc_desk_change_options_init(nwc_desk_change_options *change);

/**
 * Change the cells of an area.
 *
 * @param field    (..., y, x): the same is done to all members, times and levels
 * @param weight   (y, x), 0 to 1, as nwc_desk_weight gives it; NaN is 0
 * @param other    shaped as field, in its unit; for NWC_DESK_BLEND only, else NULL
 * @param changed  out: shaped as field; may be the same cells. NaN where field is, except under NWC_DESK_BLEND
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_CANCELED
 *
 * Reflectivity ("dBZ") is scaled as Z and blended in dB. The same bits for every thread count.
 */
NWC_API nwc_status nwc_desk_change(nwc_ctx *ctx, const nwc_field *field, const nwc_field *weight,
                                   const nwc_desk_change_options *change, const nwc_field *other, nwc_field *changed);

/**
 * Move what is in an area elsewhere: f (1 - w) stays, and f w is added where it arrives, bilinearly between centres.
 *
 * What is moved is neither lost nor made, except for what arrives beyond the grid or where nothing is known. Reflectivity
 * ("dBZ") is moved and added as Z.
 *
 * @param field            (..., y, x): all members, times and levels move together
 * @param weight           (y, x), 0 to 1; NaN is 0
 * @param cells_y, cells_x by how many cells to the north and to the east of the grid; within 1e6
 * @param nothing          finite: the value that says that nothing was seen, which is left behind; 0 of rain
 * @param moved            out: shaped as field, other cells; NaN where field is. Cells that give nothing away and where nothing arrives
 *                         keep their bits.
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_desk_move(nwc_ctx *ctx, const nwc_field *field, const nwc_field *weight, double cells_y,
                                 double cells_x, double nothing, nwc_field *moved);

#ifdef __cplusplus
}
#endif
#endif
