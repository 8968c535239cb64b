/*
 * Areas of the map with a feathered edge: what they may be, and the weight of every cell in one by its distance from the edge.
 *
 * Cells are taken in squares of TILE x TILE; edges too far from a square to matter are left out once for all its cells, so
 * that the work for an area of many points is about proportional to the cells along its edge.
 */
#include "grid/internal.h"

#include <nowcast/desk.h>

#define DEGREE_M (6371000.0 * NWC__RADIANS)
#define MOST_FEATHER_M 1e6

enum { TILE = 32, TOGETHER = 256 /* edges that are measured to at a time */ };

/* An edge, by its start and the way to its end, degrees; the shorter way round. */
struct edge {
    double lon, lat, over, up;
};

struct job {
    const struct edge *edges;
    int64_t n_edges;
    const double *lon, *lat; /* of the cells, (ny, nx) */
    const uint8_t *within;   /* (ny, nx); NULL for lines */
    double half_width_m, feather_m;
    nwc_field *weight;
};

/* What is measured of a square: its cells' places, longitudes from that of the first with a place, and how far they reach. */
struct square {
    int64_t j, i, rows, columns;
    double lon[TILE * TILE], lat[TILE * TILE], narrow[TILE * TILE];
    double nearest[TILE * TILE]; /* square of the distance, degrees of latitude */
    double first, west, east, south, north, narrowest;
};

static bool take_square(const struct job *job, int64_t tile, struct square *square)
{
    const int64_t ny = job->weight->dim[0], nx = job->weight->dim[1], across = (nx + TILE - 1) / TILE;
    *square = (struct square){.j = tile / across * TILE, .i = tile % across * TILE, .first = NAN, .narrowest = 1.0};
    square->rows = ny - square->j < TILE ? ny - square->j : TILE;
    square->columns = nx - square->i < TILE ? nx - square->i : TILE;
    square->west = square->south = INFINITY, square->east = square->north = -INFINITY;
    for (int64_t c = 0; c < square->rows * square->columns; c++) {
        const int64_t cell = (square->j + c / square->columns) * nx + square->i + c % square->columns;
        square->nearest[c] = INFINITY;
        square->lon[c] = square->lat[c] = square->narrow[c] = NAN;
        if (!isfinite(job->lon[cell]) || !isfinite(job->lat[cell])) continue;
        if (isnan(square->first)) square->first = job->lon[cell];
        square->lon[c] = remainder(job->lon[cell] - square->first, 360.0), square->lat[c] = job->lat[cell];
        square->narrow[c] = cos(job->lat[cell] * NWC__RADIANS);
        square->west = fmin(square->west, square->lon[c]), square->east = fmax(square->east, square->lon[c]);
        square->south = fmin(square->south, square->lat[c]), square->north = fmax(square->north, square->lat[c]);
        square->narrowest = fmin(square->narrowest, square->narrow[c]);
    }
    return !isnan(square->first);
}

/* Whether an edge may lie within reach, degrees, of a cell; it is laid beside the square. */
static bool is_near(const struct square *square, double reach, struct edge *edge)
{
    edge->lon = remainder(edge->lon + 0.5 * edge->over - square->first, 360.0) - 0.5 * edge->over;
    const double west = fmin(edge->lon, edge->lon + edge->over), east = fmax(edge->lon, edge->lon + edge->over);
    const double south = fmin(edge->lat, edge->lat + edge->up), north = fmax(edge->lat, edge->lat + edge->up);
    const double aside = fmax(0.0, fmax(west - square->east, square->west - east)) * square->narrowest;
    const double above = fmax(0.0, fmax(south - square->north, square->south - north));
    return aside * aside + above * above <= reach * reach;
}

/* The square of the distance of an edge from the middle of a plane in which longitudes are shortened. */
static inline double distance_2(struct edge edge, double lon, double lat, double narrow)
{
    const double x = (edge.lon - lon) * narrow, y = edge.lat - lat, over = edge.over * narrow;
    const double length_2 = over * over + edge.up * edge.up, along = -(x * over + y * edge.up);
    const double share = length_2 > 0.0 ? fmin(fmax(along / length_2, 0.0), 1.0) : 0.0;
    const double dx = x + share * over, dy = y + share * edge.up;
    return dx * dx + dy * dy;
}

static void measure(const struct job *job, struct square *square)
{
    const double reach = (job->half_width_m + job->feather_m) / DEGREE_M;
    struct edge near[TOGETHER];
    for (int64_t next = 0; next < job->n_edges;) {
        int64_t n = 0;
        for (; next < job->n_edges && n < TOGETHER; next++) {
            near[n] = job->edges[next];
            n += is_near(square, reach, &near[n]);
        }
        for (int64_t c = 0; c < square->rows * square->columns; c++)
            for (int64_t e = 0; e < n; e++) {
                const double far = distance_2(near[e], square->lon[c], square->lat[c], square->narrow[c]);
                if (far < square->nearest[c]) square->nearest[c] = far; /* never for a cell without a place */
            }
    }
}

static nwc_status weigh_square(int64_t tile, void *user)
{
    const struct job *const job = user;
    const nwc_field *const weight = job->weight;
    struct square square;
    if (take_square(job, tile, &square) && (!job->within || job->feather_m > 0.0)) measure(job, &square);
    for (int64_t c = 0; c < square.rows * square.columns; c++) {
        const int64_t j = square.j + c / square.columns, i = square.i + c % square.columns;
        const double beyond = sqrt(square.nearest[c]) * DEGREE_M - job->half_width_m;
        const double s = beyond <= 0.0 && !job->within ? 0.0 : fmin(beyond / job->feather_m, 1.0);
        const bool inside = job->within && job->within[j * weight->dim[1] + i];
        const double outside = job->feather_m > 0.0 || s == 0.0 ? 1.0 - s * s * (3.0 - 2.0 * s) : 0.0;
        weight->data[j * weight->stride[0] + i * weight->stride[1]] = inside ? 1.0F : (float)outside;
    }
    return NWC_OK;
}

/* The edges of all parts, rings closed. */
static int64_t take_edges(const nwc_desk_area *area, struct edge *edges)
{
    const bool ring = area->shape == NWC_SHAPE_POLYGON;
    int64_t n = 0, first = 0;
    for (int32_t p = 0; p < area->n_parts; first += area->part_points[p++])
        for (int64_t k = 0; k + !ring < area->part_points[p]; k++) {
            const int64_t a = first + k, b = k + 1 < area->part_points[p] ? a + 1 : first;
            edges[n++] = (struct edge){.lon = area->longitude_deg[a],
                                       .lat = area->latitude_deg[a],
                                       .over = remainder(area->longitude_deg[b] - area->longitude_deg[a], 360.0),
                                       .up = area->latitude_deg[b] - area->latitude_deg[a]};
        }
    return n;
}

static nwc_status check(const nwc_desk_area *area, int64_t *points)
{
    *points = 0;
    if (!area) return nwc__fail(NWC_ERR_ARG, "area: an area expected, NULL given");
    if (area->shape != NWC_SHAPE_POLYGON && area->shape != NWC_SHAPE_LINE)
        return nwc__fail(NWC_ERR_ARG, "shape: a polygon or a line expected, %d given", (int)area->shape);
    if (area->n_parts < 1 || !area->part_points || !area->longitude_deg || !area->latitude_deg)
        return nwc__fail(NWC_ERR_ARG, "n_parts, part_points: at least one part expected");
    if (!(area->feather_m >= 0.0 && area->feather_m <= MOST_FEATHER_M))
        return nwc__fail(NWC_ERR_ARG, "feather_m: 0 to %g expected, %g given", MOST_FEATHER_M, area->feather_m);
    if (area->shape == NWC_SHAPE_LINE && !(area->width_m >= 0.0 && area->width_m <= MOST_FEATHER_M))
        return nwc__fail(NWC_ERR_ARG, "width_m: 0 to %g expected, %g given", MOST_FEATHER_M, area->width_m);
    if (area->hole && area->hole[0]) return nwc__fail(NWC_ERR_ARG, "hole: a ring before the first hole expected");
    const int64_t least = area->shape == NWC_SHAPE_LINE ? 2 : 3;
    for (int32_t p = 0; p < area->n_parts; p++) {
        if (area->part_points[p] < least || area->part_points[p] > NWC_DESK_MAX_POINTS - *points)
            return nwc__fail(NWC_ERR_ARG, "part %d: at least %lld points expected, and at most %d of all parts", (int)p,
                             (long long)least, (int)NWC_DESK_MAX_POINTS);
        for (int64_t k = 0; k < area->part_points[p]; k++) {
            const double lon = area->longitude_deg[*points + k], lat = area->latitude_deg[*points + k];
            if (!(fabs(lon) <= 720.0 && fabs(lat) <= 90.0))
                return nwc__fail(NWC_ERR_ARG, "part %d: point %lld: a place on the earth expected, %g, %g given",
                                 (int)p, (long long)k, lon, lat);
        }
        *points += area->part_points[p];
    }
    return NWC_OK;
}

/* ---- edges that cross ---- */

/* Twice the area of the triangle of an edge and a place; above 0 to its left. */
static double side_of(const struct edge *edge, double lon, double lat)
{
    return edge->over * (lat - edge->lat) - edge->up * (lon - edge->lon);
}

/* Whether two edges have a place in common that is within one of them at least. */
static bool do_cross(const struct edge *a, const struct edge *b)
{
    struct edge c = *b; /* beside a */
    c.lon += 360.0 * rint((a->lon - b->lon) / 360.0);
    if (fmin(c.lon, c.lon + c.over) > fmax(a->lon, a->lon + a->over) ||
        fmax(c.lon, c.lon + c.over) < fmin(a->lon, a->lon + a->over) ||
        fmin(c.lat, c.lat + c.up) > fmax(a->lat, a->lat + a->up) ||
        fmax(c.lat, c.lat + c.up) < fmin(a->lat, a->lat + a->up))
        return false;
    const double start = side_of(a, c.lon, c.lat), end = side_of(a, c.lon + c.over, c.lat + c.up);
    const double other_start = side_of(&c, a->lon, a->lat);
    const double other_end = side_of(&c, a->lon + a->over, a->lat + a->up);
    return ((start > 0.0) - (start < 0.0)) * ((end > 0.0) - (end < 0.0)) < 0 &&
           ((other_start > 0.0) - (other_start < 0.0)) * ((other_end > 0.0) - (other_end < 0.0)) < 0;
}

/* Refuse a ring without an area, around a pole, or that crosses itself; a line of one place. */
static nwc_status check_part(const struct edge *edges, int64_t n, int32_t part, bool ring)
{
    double around = 0.0, x = 0.0, y = 0.0, area = 0.0, length = 0.0;
    for (int64_t e = 0; e < n; e++) {
        area += x * edges[e].up - y * edges[e].over;
        x += edges[e].over, y += edges[e].up;
        around += edges[e].over, length += fabs(edges[e].over) + fabs(edges[e].up);
    }
    if (!(length > 0.0)) return nwc__fail(NWC_ERR_ARG, "part %d: more than one place expected", (int)part);
    if (!ring) return NWC_OK;
    if (fabs(around) > 180.0)
        return nwc__fail(NWC_ERR_ARG, "part %d: a ring that is not around a pole expected", (int)part);
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 2; b < n; b++)
            if (do_cross(&edges[a], &edges[b]))
                return nwc__fail(NWC_ERR_ARG, "part %d: edges that do not cross expected, %lld and %lld do", (int)part,
                                 (long long)a, (long long)b);
    if (fabs(area) <= 1e-12 * length * length)
        return nwc__fail(NWC_ERR_ARG, "part %d: a ring around an area expected", (int)part);
    return NWC_OK;
}

nwc_status nwc_desk_check_area(nwc_ctx *ctx, const nwc_desk_area *area)
{
    ctx = nwc__ctx(ctx);
    int64_t points, first = 0;
    NWC__TRY(check(area, &points));
    nwc_status status = NWC_OK;
    struct edge *edges = NULL;
    NWC__ALLOC(ctx, edges, points);
    take_edges(area, edges);
    const bool ring = area->shape == NWC_SHAPE_POLYGON;
    for (int32_t p = 0; p < area->n_parts && status == NWC_OK; p++) {
        status = check_part(edges + first, area->part_points[p] - !ring, p, ring);
        first += area->part_points[p] - !ring;
    }

done:
    nwc__free(ctx, edges);
    return status;
}

nwc_status nwc_desk_weight(nwc_ctx *ctx, const nwc_grid *grid, const nwc_desk_area *area, nwc_field *weight)
{
    ctx = nwc__ctx(ctx);
    int64_t points;
    NWC__TRY(check(area, &points));
    if (!grid) return nwc__fail(NWC_ERR_ARG, "grid: a grid expected, NULL given");
    NWC__TRY(nwc_grid_check(ctx, grid));
    NWC__TRY(nwc__check_field(weight, "weight", 2));
    if (weight->dim[0] != grid->ny || weight->dim[1] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "weight: the %lld x %lld cells of the grid expected, %lld x %lld given",
                         (long long)grid->ny, (long long)grid->nx, (long long)weight->dim[0],
                         (long long)weight->dim[1]);
    const int64_t cells = grid->nx * grid->ny;
    const bool ring = area->shape == NWC_SHAPE_POLYGON;
    nwc_status status = NWC_OK;
    struct edge *edges = NULL;
    double *places = NULL;
    uint8_t *within = NULL;
    NWC__ALLOC(ctx, edges, points);
    NWC__ALLOC(ctx, places, 2 * cells);
    if (ring) {
        NWC__ALLOC(ctx, within, cells);
        nwc_flags flags = {.data = within, .ndim = 2, .dim = {grid->ny, grid->nx}, .stride = {grid->nx, 1}};
        status = nwc_grid_within(ctx, grid, area->n_parts, area->part_points, area->hole, area->longitude_deg,
                                 area->latitude_deg, &flags);
        if (status != NWC_OK) goto done;
    }
    if ((status = nwc__grid_centres(ctx, grid, places, places + cells)) != NWC_OK) goto done;
    const struct job job = {.edges = edges,
                            .n_edges = take_edges(area, edges),
                            .lon = places,
                            .lat = places + cells,
                            .within = within,
                            .half_width_m = ring ? 0.0 : 0.5 * area->width_m,
                            .feather_m = area->feather_m,
                            .weight = weight};
    const int64_t tiles = (grid->ny + TILE - 1) / TILE * ((grid->nx + TILE - 1) / TILE);
    status = nwc__for_each_tile(ctx, "area", tiles, weigh_square, (void *)&job);

done:
    nwc__free(ctx, within);
    nwc__free(ctx, places);
    nwc__free(ctx, edges);
    return status;
}
