/*
 * How much of every cell an area covers: the signed areas to the right of its edges, as fonts are drawn.
 *
 * An edge that rises by dy within a cell adds dy, less what lies to its left, to the cell, and dy to every cell east of it: so the
 * share is left at the cell and at its neighbour, and a sum along each row gives the coverage. Edges that fall take away again.
 */
#include "grid/internal.h"

#define ROUNDING 1e-9 /* of a cell: less than that is what sums leave behind where they are to end */

struct plane {
    int64_t ny, nx;
    double *share; /* [y][x + 1] */
};

/* Part of an edge within one row, from xa to xb in cells, which rises by dy. */
static void add_span(double *row, int64_t nx, double xa, double xb, double dy)
{
    if (xa > xb) {
        const double swap = xa;
        xa = xb, xb = swap;
    }
    if (xa >= (double)nx) return;
    if (xb <= 0.0) {
        row[0] += dy;
        return;
    }
    if (floor(xa) == floor(xb) || xa == xb) {
        const int64_t i = (int64_t)floor(xa);
        const double left = 0.5 * (xa + xb) - (double)i;
        row[i] += dy * (1.0 - left), row[i + 1] += dy * left;
        return;
    }
    const double steep = dy / (xb - xa);
    if (xa < 0.0) row[0] -= steep * xa, xa = 0.0;
    if (xb > (double)nx) xb = (double)nx;
    for (int64_t i = (int64_t)floor(xa); (double)i < xb; i++) {
        const double a = fmax(xa, (double)i), b = fmin(xb, (double)(i + 1));
        const double left = 0.5 * (a + b) - (double)i, rise = steep * (b - a);
        row[i] += rise * (1.0 - left), row[i + 1] += rise * left;
    }
}

/* An edge between two points, in cells from the outer corner of the first. */
static void add_edge(const struct plane *plane, double x0, double y0, double x1, double y1, double sign)
{
    if (y0 == y1) return;
    if (y0 > y1) {
        add_edge(plane, x1, y1, x0, y0, -sign);
        return;
    }
    const double slope = (x1 - x0) / (y1 - y0);
    const double low = fmax(y0, 0.0), high = fmin(y1, (double)plane->ny);
    for (int64_t j = (int64_t)low; (double)j < high; j++) {
        const double a = fmax(low, (double)j), b = fmin(high, (double)(j + 1));
        add_span(plane->share + j * (plane->nx + 1), plane->nx, x0 + slope * (a - y0), x0 + slope * (b - y0),
                 sign * (b - a));
    }
}

/* Points of a ring in longitude and latitude, without a break: how many pieces the edge from point p on is cut into. */
static int64_t pieces_of(const nwc_grid *grid, double step_lon, double step_lat)
{
    if (nwc_grid_is_latlon(grid)) return 1; /* straight on the grid as well */
    const double cell_deg = fmin(grid->dx, grid->dy) / 111e3, far = fmax(fabs(step_lon), fabs(step_lat));
    const double pieces = ceil(far / (0.5 * cell_deg));
    return pieces < 1.0 ? 1 : pieces > 1e5 ? 100000 : (int64_t)pieces;
}

/* The corners of a ring on the grid, in cells, edges cut into pieces. */
struct corners {
    int64_t n;
    double *x, *y;
};

static nwc_status follow(nwc_ctx *ctx, const nwc_grid *grid, int32_t number, const double *lon, const double *lat,
                         int64_t n, struct corners *corners)
{
    int64_t total = 0;
    for (int64_t p = 0; p < n; p++) {
        const int64_t q = p + 1 < n ? p + 1 : 0;
        if (!(isfinite(lon[p]) && fabs(lat[p]) <= 90.0))
            return nwc__fail(NWC_ERR_ARG, "part %d: points on the earth expected, %g, %g given", (int)number, lon[p],
                             lat[p]);
        total += pieces_of(grid, remainder(lon[q] - lon[p], 360.0), lat[q] - lat[p]);
    }
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, corners->x, total);
    NWC__ALLOC(ctx, corners->y, total);
    double at = lon[0], west = lon[0], east = lon[0];
    for (int64_t p = 0; p < n; p++) {
        const int64_t q = p + 1 < n ? p + 1 : 0;
        const double over = remainder(lon[q] - lon[p], 360.0), up = lat[q] - lat[p];
        const int64_t pieces = pieces_of(grid, over, up);
        for (int64_t k = 0; k < pieces; k++, corners->n++) {
            corners->x[corners->n] = at + over * (double)k / (double)pieces;
            corners->y[corners->n] = lat[p] + up * (double)k / (double)pieces;
        }
        at += over;
        west = fmin(west, at), east = fmax(east, at);
    }
    if (fabs(at - lon[0]) > 180.0)
        return nwc__fail(NWC_ERR_ARG, "part %d: a ring that is not around a pole expected", (int)number);
    if (nwc_grid_is_latlon(grid)) { /* to the copy of the earth the grid is on */
        const double middle = grid->x_first + 0.5 * grid->dx * (double)(grid->nx - 1);
        const double turn = 360.0 * rint((middle - 0.5 * (west + east)) / 360.0);
        for (int64_t k = 0; k < corners->n; k++) corners->x[k] += turn;
    } else
        status = nwc_grid_from_lonlat(ctx, grid, corners->n, corners->x, corners->y, corners->x, corners->y);
    for (int64_t k = 0; k < corners->n && status == NWC_OK; k++) {
        corners->x[k] = (corners->x[k] - grid->x_first) / grid->dx + 0.5;
        corners->y[k] = (corners->y[k] - grid->y_first) / grid->dy + 0.5;
        if (!isfinite(corners->x[k]) || !isfinite(corners->y[k]))
            status = nwc__fail(NWC_ERR_ARG, "part %d: points within the projection expected", (int)number);
    }

done:
    return status;
}

/* Add a ring, whichever way it runs, or take a hole away. */
static void add_ring(const struct plane *plane, const struct corners *ring, bool hole)
{
    double twice = 0.0;
    for (int64_t p = 0; p < ring->n; p++) {
        const int64_t q = p + 1 < ring->n ? p + 1 : 0;
        twice += (ring->x[p] - ring->x[0]) * (ring->y[q] - ring->y[0]) -
                 (ring->x[q] - ring->x[0]) * (ring->y[p] - ring->y[0]);
    }
    const double sign = (twice > 0.0) == hole ? 1.0 : -1.0; /* counter-clockwise the western edge falls */
    for (int64_t p = 0; p < ring->n; p++) {
        const int64_t q = p + 1 < ring->n ? p + 1 : 0;
        add_edge(plane, ring->x[p], ring->y[p], ring->x[q], ring->y[q], sign);
    }
}

nwc_status nwc_grid_coverage(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                             const uint8_t *hole, const double *longitude_deg, const double *latitude_deg,
                             nwc_field *coverage)
{
    ctx = nwc__ctx(ctx);
    int64_t points = 0, first = 0;
    NWC__TRY(nwc__check_parts(ctx, grid, n_parts, part_points, hole, longitude_deg, latitude_deg, &points));
    NWC__TRY(nwc__check_field(coverage, "coverage", 2));
    if (coverage->dim[0] != grid->ny || coverage->dim[1] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "coverage: the %lld x %lld cells of the grid expected, %lld x %lld given",
                         (long long)grid->ny, (long long)grid->nx, (long long)coverage->dim[0],
                         (long long)coverage->dim[1]);
    nwc_status status;
    struct plane plane = {.ny = grid->ny, .nx = grid->nx};
    NWC__ALLOC(ctx, plane.share, grid->ny * (grid->nx + 1));
    for (int64_t k = 0; k < grid->ny * (grid->nx + 1); k++) plane.share[k] = 0.0;
    for (int32_t r = 0; r < n_parts; first += part_points[r++]) {
        struct corners ring = {0};
        status = follow(ctx, grid, r, longitude_deg + first, latitude_deg + first, part_points[r], &ring);
        if (status == NWC_OK) add_ring(&plane, &ring, hole && hole[r]);
        nwc__free(ctx, ring.y);
        nwc__free(ctx, ring.x);
        if (status != NWC_OK) goto done;
    }
    for (int64_t j = 0; j < grid->ny; j++) {
        double sum = 0.0;
        for (int64_t i = 0; i < grid->nx; i++) {
            sum += plane.share[j * (grid->nx + 1) + i];
            const double share = sum < ROUNDING ? 0.0 : sum > 1.0 - ROUNDING ? 1.0 : sum;
            coverage->data[j * coverage->stride[0] + i * coverage->stride[1]] = (float)share;
        }
    }

done:
    nwc__free(ctx, plane.share);
    return status;
}
