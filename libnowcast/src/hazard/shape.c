/*
 * The ring around an area, by GEOS: its cells' outlines are grown by twice the margin and shrunk by once, which rounds corners, joins
 * what is near and leaves nothing narrower than twice the margin; holes are filled; the ring is simplified within the margin
 * (Douglas and Peucker 1973, keeping it simple), so that no cell is left out. While it has too many points the margin grows; at
 * last the convex hull and then the box do.
 *
 * All of it happens in a plane of metres that is linear in longitude and latitude, around the area's first point: straight edges
 * of one are straight in the other, so that what is simple here is simple there, and 180 degrees are no border.
 */
#include "hazard/cap.h"

#include "grid/paths.h"

#ifdef NWC__HAVE_GEOS

#define GEOS_USE_ONLY_R_API
#include <geos_c.h>

enum { QUARTER = 4 /* segments of a quarter circle */, MOST_TRIES = 12 };

#define METRES_OF_A_DEGREE 111194.9266
#define DEGREES_KEPT 1e5 /* parts of a degree: a metre */
#define FIRST_SHARE 0.25 /* of the margin, that simplifying may take at first */
#define MOST_SHARE 0.85  /* and at last: less than the whole, so that the cells stay within */
#define GROWTH 1.8
#define LEAST_COSINE 0.01 /* nearer to a pole degrees of longitude count as there */

struct plane {
    GEOSContextHandle_t geos;
    double lon, lat, x_m, y_m; /* origin; metres of a degree */
};

static void keep_message(const char *message, void *user)
{
    (void)user;
    nwc__fail(NWC_ERR_INTERNAL, "GEOS: %s", message);
}

static nwc_status plane_open(double lon, double lat, struct plane *plane)
{
    *plane = (struct plane){.geos = GEOS_init_r(), .lon = lon, .lat = lat, .y_m = METRES_OF_A_DEGREE};
    if (!plane->geos) return nwc__fail(NWC_ERR_NOMEM, "GEOS: no memory for a context");
    plane->x_m = METRES_OF_A_DEGREE * fmax(cos(lat * NWC__RADIANS), LEAST_COSINE);
    GEOSContext_setErrorMessageHandler_r(plane->geos, keep_message, NULL);
    return NWC_OK;
}

/* A polygon of a ring, or NULL. */
static GEOSGeometry *polygon_of(const struct plane *plane, int64_t n, const double *lon, const double *lat)
{
    GEOSCoordSequence *const points = GEOSCoordSeq_create_r(plane->geos, (unsigned)(n + 1), 2);
    if (!points) return NULL;
    for (int64_t k = 0; k <= n; k++) {
        const double east = remainder(lon[k % n] - plane->lon, 360.0), north = lat[k % n] - plane->lat;
        GEOSCoordSeq_setXY_r(plane->geos, points, (unsigned)k, east * plane->x_m, north * plane->y_m);
    }
    GEOSGeometry *const ring = GEOSGeom_createLinearRing_r(plane->geos, points);
    return ring ? GEOSGeom_createPolygon_r(plane->geos, ring, NULL, 0) : NULL;
}

/* Put a step's result in the place of what it was made from; false where it failed. */
static bool replace(const struct plane *plane, GEOSGeometry **shape, GEOSGeometry *made)
{
    GEOSGeom_destroy_r(plane->geos, *shape);
    *shape = made;
    return made != NULL;
}

/* What lies within the outer ring, of a single polygon; NULL for several. */
static GEOSGeometry *filled(const struct plane *plane, const GEOSGeometry *shape)
{
    if (GEOSGeomTypeId_r(plane->geos, shape) != GEOS_POLYGON || GEOSisEmpty_r(plane->geos, shape) == 1) return NULL;
    GEOSGeometry *const ring = GEOSGeom_clone_r(plane->geos, GEOSGetExteriorRing_r(plane->geos, shape));
    return ring ? GEOSGeom_createPolygon_r(plane->geos, ring, NULL, 0) : NULL;
}

/* Take a polygon as the area's ring, rounded, counter-clockwise; false where it has too many points or is none any more. */
static bool take_ring(const struct plane *plane, const GEOSGeometry *polygon, int32_t most, struct nwc__area *area)
{
    const GEOSCoordSequence *const points =
        GEOSGeom_getCoordSeq_r(plane->geos, GEOSGetExteriorRing_r(plane->geos, polygon));
    unsigned size = 0;
    char turns_left = 1;
    GEOSCoordSeq_getSize_r(plane->geos, points, &size);
    if (size < 4 || size - 1 > (unsigned)most) return false;
    GEOSCoordSeq_isCCW_r(plane->geos, points, &turns_left);
    area->n = (int32_t)size - 1;
    for (int32_t k = 0; k < area->n; k++) {
        double x, y;
        GEOSCoordSeq_getXY_r(plane->geos, points, (unsigned)(turns_left ? k : area->n - 1 - k), &x, &y);
        area->lon[k] = rint((plane->lon + x / plane->x_m) * DEGREES_KEPT) / DEGREES_KEPT;
        area->lat[k] = rint(fmax(-90.0, fmin(90.0, plane->lat + y / plane->y_m)) * DEGREES_KEPT) / DEGREES_KEPT;
    }
    GEOSGeometry *const rounded = polygon_of(plane, area->n, area->lon, area->lat);
    const bool valid = rounded && GEOSisValid_r(plane->geos, rounded) == 1;
    GEOSGeom_destroy_r(plane->geos, rounded);
    return valid;
}

/* What reaches so far beyond the cells already, grown to a margin, rounded and filled, or NULL where it is in parts still. */
static GEOSGeometry *grown(const struct plane *plane, const GEOSGeometry *base, double reach, double margin)
{
    GEOSGeometry *shape = GEOSBuffer_r(plane->geos, base, 2.0 * margin - reach, QUARTER);
    if (shape && replace(plane, &shape, GEOSBuffer_r(plane->geos, shape, -margin, QUARTER)))
        replace(plane, &shape, filled(plane, shape));
    return shape;
}

static bool simplified(const struct plane *plane, const GEOSGeometry *cells, const nwc_hazard_options *options,
                       struct nwc__area *area)
{
    double margin = options->margin_m;
    GEOSGeometry *const base = GEOSBuffer_r(plane->geos, cells, margin, QUARTER);
    bool done = false;
    for (int t = 0; base && !done && t < MOST_TRIES; t++, margin *= GROWTH) {
        GEOSGeometry *const shape = grown(plane, base, options->margin_m, margin);
        for (double part = FIRST_SHARE; shape && !done && part < 1.0;) {
            GEOSGeometry *const simple = GEOSTopologyPreserveSimplify_r(plane->geos, shape, part * margin);
            done = simple && take_ring(plane, simple, options->most_points, area);
            GEOSGeom_destroy_r(plane->geos, simple);
            part = part < MOST_SHARE ? fmin(part * GROWTH, MOST_SHARE) : 1.0;
        }
        GEOSGeom_destroy_r(plane->geos, shape);
    }
    GEOSGeom_destroy_r(plane->geos, base);
    return done;
}

/* The convex hull, or the box, of what is grown by the margin. */
static bool wrapped(const struct plane *plane, const GEOSGeometry *cells, const nwc_hazard_options *options,
                    struct nwc__area *area)
{
    GEOSGeometry *const shape = GEOSBuffer_r(plane->geos, cells, options->margin_m, QUARTER);
    GEOSGeometry *const hull = shape ? GEOSConvexHull_r(plane->geos, shape) : NULL;
    GEOSGeometry *const box = shape ? GEOSEnvelope_r(plane->geos, shape) : NULL;
    const bool done = (hull && take_ring(plane, hull, options->most_points, area)) ||
                      (box && take_ring(plane, box, options->most_points, area));
    GEOSGeom_destroy_r(plane->geos, box);
    GEOSGeom_destroy_r(plane->geos, hull);
    GEOSGeom_destroy_r(plane->geos, shape);
    return done;
}

nwc_status nwc__shape_around(nwc_ctx *ctx, const int64_t *points, int64_t n_rings, const double *lon, const double *lat,
                             const nwc_hazard_options *options, struct nwc__area *area)
{
    struct plane plane;
    nwc_status status = NWC_OK;
    int64_t n_made = 0, first = 0;
    GEOSGeometry **part = nwc__alloc(ctx, n_rings, sizeof(GEOSGeometry *)), *cells = NULL;
    if (!part) return NWC_ERR_NOMEM;
    if ((status = plane_open(lon[0], lat[0], &plane)) != NWC_OK) goto done;
    status = nwc__fail(NWC_ERR_INTERNAL, "area: GEOS made no ring of it");
    for (; n_made < n_rings; first += points[n_made++])
        if (!(part[n_made] = polygon_of(&plane, points[n_made], lon + first, lat + first))) goto close;
    cells = GEOSGeom_createCollection_r(plane.geos, GEOS_MULTIPOLYGON, part, (unsigned)n_rings);
    if (!cells) goto close;
    n_made = 0; /* the collection has them */
    if (!replace(&plane, &cells, GEOSUnaryUnion_r(plane.geos, cells))) goto close;
    if (simplified(&plane, cells, options, area) || wrapped(&plane, cells, options, area)) status = NWC_OK;
close:
    for (int64_t p = 0; p < n_made; p++) GEOSGeom_destroy_r(plane.geos, part[p]);
    GEOSGeom_destroy_r(plane.geos, cells);
    GEOS_finish_r(plane.geos);
done:
    nwc__free(ctx, part);
    return status;
}

nwc_status nwc__shape_change(nwc_ctx *ctx, const struct nwc__area *a, const struct nwc__area *b, double *share)
{
    struct plane plane;
    (void)ctx;
    NWC__TRY(plane_open(a->lon[0], a->lat[0], &plane));
    nwc_status status = nwc__fail(NWC_ERR_INTERNAL, "areas: GEOS found no difference of them");
    double whole = 0.0, changed = 0.0;
    GEOSGeometry *const one = polygon_of(&plane, a->n, a->lon, a->lat);
    GEOSGeometry *const other = polygon_of(&plane, b->n, b->lon, b->lat);
    GEOSGeometry *const apart = one && other ? GEOSSymDifference_r(plane.geos, one, other) : NULL;
    if (apart && GEOSArea_r(plane.geos, one, &whole) == 1 && GEOSArea_r(plane.geos, apart, &changed) == 1 &&
        whole > 0.0)
        *share = changed / whole, status = NWC_OK;
    GEOSGeom_destroy_r(plane.geos, apart);
    GEOSGeom_destroy_r(plane.geos, other);
    GEOSGeom_destroy_r(plane.geos, one);
    GEOS_finish_r(plane.geos);
    return status;
}

/* The outer rings of polygons, however deep they lie in collections. */
static nwc_status put_outer(const struct plane *plane, const GEOSGeometry *shape, struct nwc__paths *rings)
{
    const int kind = GEOSGeomTypeId_r(plane->geos, shape);
    if (kind != GEOS_POLYGON) { /* lines and points are what is left of edges that lie on one another */
        const int n = kind == GEOS_MULTIPOLYGON || kind == GEOS_GEOMETRYCOLLECTION
                          ? GEOSGetNumGeometries_r(plane->geos, shape)
                          : 0;
        for (int g = 0; g < n; g++) NWC__TRY(put_outer(plane, GEOSGetGeometryN_r(plane->geos, shape, g), rings));
        return NWC_OK;
    }
    unsigned size = 0;
    if (GEOSisEmpty_r(plane->geos, shape) == 1) return NWC_OK;
    const GEOSCoordSequence *const points =
        GEOSGeom_getCoordSeq_r(plane->geos, GEOSGetExteriorRing_r(plane->geos, shape));
    GEOSCoordSeq_getSize_r(plane->geos, points, &size);
    NWC__TRY(nwc__paths_begin(rings, false));
    for (unsigned k = 0; k + 1 < size; k++) {
        double x, y;
        GEOSCoordSeq_getXY_r(plane->geos, points, k, &x, &y);
        NWC__TRY(
            nwc__paths_put(rings, (struct nwc__place){plane->lon + x / plane->x_m, plane->lat + y / plane->y_m, 0.0}));
    }
    return NWC_OK;
}

nwc_status nwc__shape_rings(nwc_ctx *ctx, int32_t n_parts, const int64_t *points, const uint8_t *hole,
                            const double *lon, const double *lat, struct nwc__paths *rings)
{
    struct plane plane;
    struct nwc__paths simple = {.ctx = ctx};
    NWC__TRY(plane_open(lon[0], lat[0], &plane));
    nwc_status status = NWC_OK;
    for (int64_t p = 0, first = 0; p < n_parts && status == NWC_OK; first += points[p++]) {
        if (hole && hole[p]) continue;
        GEOSGeometry *shape = polygon_of(&plane, points[p], lon + first, lat + first);
        if (!shape || !replace(&plane, &shape, GEOSMakeValid_r(plane.geos, shape)))
            status = nwc__fail(NWC_ERR_INTERNAL, "place: GEOS made no rings of it");
        else
            status = put_outer(&plane, shape, &simple);
        GEOSGeom_destroy_r(plane.geos, shape);
    }
    GEOS_finish_r(plane.geos);
    if (status == NWC_OK && simple.n_paths) status = nwc__cut_areas(&simple, rings);
    nwc__paths_release(&simple);
    return status;
}

#else

nwc_status nwc__shape_rings(nwc_ctx *ctx, int32_t n_parts, const int64_t *points, const uint8_t *hole,
                            const double *lon, const double *lat, struct nwc__paths *rings)
{
    (void)ctx, (void)n_parts, (void)points, (void)hole, (void)lon, (void)lat, (void)rings;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "polygons: this build has no GEOS");
}

nwc_status nwc__shape_around(nwc_ctx *ctx, const int64_t *points, int64_t n_rings, const double *lon, const double *lat,
                             const nwc_hazard_options *options, struct nwc__area *area)
{
    (void)ctx, (void)points, (void)n_rings, (void)lon, (void)lat, (void)options, (void)area;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "areas: this build has no GEOS");
}

nwc_status nwc__shape_change(nwc_ctx *ctx, const struct nwc__area *a, const struct nwc__area *b, double *share)
{
    (void)ctx, (void)a, (void)b, (void)share;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "areas: this build has no GEOS");
}

#endif
