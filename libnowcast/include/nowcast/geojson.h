/**
 * @file geojson.h  Points, lines and areas with what is known of them, as GeoJSON (RFC 7946) in memory.
 *
 * Texts are UTF-8, times UTC, numbers do not depend on the locale. What is not known is null.
 */
#ifndef NOWCAST_GEOJSON_H
#define NOWCAST_GEOJSON_H

#include <nowcast/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a feature is on the map. */
typedef enum nwc_shape {
    NWC_SHAPE_NONE = 0,   /**< its place is not known */
    NWC_SHAPE_POINT = 1,  /**< one point, or several */
    NWC_SHAPE_LINE = 2,   /**< a part is a line of at least two points */
    NWC_SHAPE_POLYGON = 3 /**< a part is a ring of at least three points, around an area or a hole in one */
} nwc_shape;

/** What kind of value a property has. */
typedef enum nwc_property_kind {
    NWC_PROPERTY_NUMBER = 0,  /**< number; NaN and infinities are null */
    NWC_PROPERTY_INTEGER = 1, /**< integer */
    NWC_PROPERTY_TEXT = 2,    /**< text; NULL is null */
    NWC_PROPERTY_TIME = 3,    /**< integer: ns since 1970, UTC; INT64_MIN is null */
    NWC_PROPERTY_FLAG = 4     /**< integer: 0 is false, anything else true */
} nwc_property_kind;

/** One thing that is known of a feature. */
typedef struct nwc_property {
    const char *name;
    int32_t kind;   /**< an nwc_property_kind */
    int32_t digits; /**< of a number, 1 to 17 significant ones; 0 for the fewest that give it back */
    double number;
    int64_t integer;
    const char *text;
} nwc_property;

/** A feature. What it points to is read during the call only. */
typedef struct nwc_feature {
    const char *id;             /**< NULL for none */
    int32_t shape;              /**< an nwc_shape */
    int32_t n_parts;            /**< of lines and polygons; 0 for one part of all points */
    const int64_t *part_points; /**< n_parts: points of each, one part behind the other */
    const uint8_t *hole;        /**< n_parts: 1 for a hole in the last part before it that is none; NULL for no holes */
    int64_t n_points;           /**< of all parts */
    const double *longitude_deg; /**< of any turn: an edge goes the shorter way round the earth */
    const double *latitude_deg;
    const double *height_m; /**< above the ellipsoid, by the standard; NULL, or one of them NaN, for none */
    int32_t n_properties;
    const nwc_property *properties;
} nwc_feature;

/** A collection of features as text. One thread at a time; it outlives the context it was made with. */
typedef struct nwc_geojson nwc_geojson;

/**
 * Make an empty collection.
 *
 * @param decimals  of degrees, 0 to 9; 6 is a tenth of a metre. Heights have two.
 * @param geojson   out: to be given to nwc_geojson_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_geojson_create(nwc_ctx *ctx, int32_t decimals, nwc_geojson **geojson);

/** Release a collection; NULL is accepted. */
NWC_API void nwc_geojson_destroy(nwc_geojson *geojson);

/**
 * Append features.
 *
 * As RFC 7946 wants it: the outer ring of an area runs counter-clockwise and holes clockwise, whatever way they are given, and
 * are closed, be the first point repeated or not; lines and areas that cross 180 degrees are cut there, and an area around a
 * pole reaches it along that meridian. Edges are straight in longitude and latitude.
 *
 * @return NWC_OK; NWC_ERR_ARG for a feature that is none (a point not on the earth, a ring without an area or more than once round
 *         the earth, a hole of no part or around a pole, a property without a name); NWC_ERR_NOMEM. After an error the
 *         collection is as it was before the call.
 */
NWC_API nwc_status nwc_geojson_add(nwc_geojson *geojson, const nwc_feature *features, int64_t n);

/** Lend the collection as a text that a zero ends; it lives until the collection changes or dies. @p size may be NULL. */
NWC_API nwc_status nwc_geojson_text(const nwc_geojson *geojson, const char **text, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
