/* Cells within areas of the map: of every centre it is counted how many edges of a ring lie to its east (even or odd). */
#include "grid/internal.h"

struct ring {
    int64_t first, n; /* of the points */
    bool hole;
    double west, east, south, north;
};

struct job {
    const struct ring *rings;
    int32_t n_rings;
    const double *lon, *lat;           /* of the points, longitudes without a break */
    const double *cell_lon, *cell_lat; /* (ny, nx) */
    nwc_flags *within;
};

/* Whether a point lies in a ring. */
static bool in_ring(const struct job *job, const struct ring *ring, double lon, double lat)
{
    const double turns = rint((0.5 * (ring->west + ring->east) - lon) / 360.0);
    lon += 360.0 * turns;
    if (!(lat >= ring->south && lat <= ring->north && lon >= ring->west && lon <= ring->east)) return false;
    const double *const x = job->lon + ring->first, *const y = job->lat + ring->first;
    bool inside = false;
    for (int64_t a = 0, b = ring->n - 1; a < ring->n; b = a++) {
        if ((y[a] > lat) == (y[b] > lat)) continue;
        if (lon < x[a] + (x[b] - x[a]) * (lat - y[a]) / (y[b] - y[a])) inside = !inside;
    }
    return inside;
}

static nwc_status within_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->within->dim[1];
    for (int64_t i = 0; i < nx; i++) {
        const double lon = job->cell_lon[j * nx + i], lat = job->cell_lat[j * nx + i];
        bool inside = false, in_outer = false;
        for (int32_t r = 0; r < job->n_rings && isfinite(lon) && isfinite(lat); r++) {
            const bool in = in_ring(job, &job->rings[r], lon, lat);
            if (!job->rings[r].hole) {
                inside = inside || in_outer;
                in_outer = in;
            } else
                in_outer = in_outer && !in;
        }
        job->within->data[j * job->within->stride[0] + i * job->within->stride[1]] = inside || in_outer;
    }
    return NWC_OK;
}

/* Follow a ring around without a break in longitude, and see how far it reaches. */
static nwc_status take_ring(int32_t number, const double *longitude_deg, const double *latitude_deg, double *lon,
                            double *lat, struct ring *ring)
{
    for (int64_t p = 0; p < ring->n; p++) {
        const double x = longitude_deg[ring->first + p], y = latitude_deg[ring->first + p];
        if (!(isfinite(x) && fabs(y) <= 90.0))
            return nwc__fail(NWC_ERR_ARG, "part %d: points on the earth expected, %g, %g given", (int)number, x, y);
        const double before = p ? lon[ring->first + p - 1] : x;
        lon[ring->first + p] = before + remainder(x - before, 360.0), lat[ring->first + p] = y;
        ring->west = p ? fmin(ring->west, lon[ring->first + p]) : x;
        ring->east = p ? fmax(ring->east, lon[ring->first + p]) : x;
        ring->south = p ? fmin(ring->south, y) : y, ring->north = p ? fmax(ring->north, y) : y;
    }
    const double last = lon[ring->first + ring->n - 1], start = lon[ring->first];
    if (fabs(start - last - remainder(start - last, 360.0)) > 180.0)
        return nwc__fail(NWC_ERR_ARG, "part %d: a ring that is not around a pole expected", (int)number);
    return NWC_OK;
}

nwc_status nwc__grid_centres(nwc_ctx *ctx, const nwc_grid *grid, double *lon, double *lat)
{
    for (int64_t c = 0; c < grid->nx * grid->ny; c++) {
        lon[c] = grid->x_first + grid->dx * (double)(c % grid->nx);
        lat[c] = grid->y_first + grid->dy * (double)(c / grid->nx);
    }
    return nwc_grid_to_lonlat(ctx, grid, grid->nx * grid->ny, lon, lat, lon, lat);
}

nwc_status nwc__check_parts(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                            const uint8_t *hole, const double *longitude_deg, const double *latitude_deg,
                            int64_t *points)
{
    if (!grid) return nwc__fail(NWC_ERR_ARG, "grid: a grid expected, NULL given");
    NWC__TRY(nwc_grid_check(ctx, grid));
    if (n_parts < 1 || !part_points || !longitude_deg || !latitude_deg)
        return nwc__fail(NWC_ERR_ARG, "n_parts, part_points: at least one ring expected");
    if (hole && hole[0]) return nwc__fail(NWC_ERR_ARG, "hole: a ring before the first hole expected");
    *points = 0;
    for (int32_t r = 0; r < n_parts; r++) {
        if (part_points[r] < 3 || part_points[r] > INT32_MAX)
            return nwc__fail(NWC_ERR_ARG, "part %d: at least 3 points expected, %lld given", (int)r,
                             (long long)part_points[r]);
        *points += part_points[r];
    }
    return NWC_OK;
}

nwc_status nwc_grid_within(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                           const uint8_t *hole, const double *longitude_deg, const double *latitude_deg,
                           nwc_flags *within)
{
    ctx = nwc__ctx(ctx);
    int64_t points = 0, first = 0;
    NWC__TRY(nwc__check_parts(ctx, grid, n_parts, part_points, hole, longitude_deg, latitude_deg, &points));
    NWC__TRY(nwc__check_flags(within, "within", 2));
    if (within->dim[0] != grid->ny || within->dim[1] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "within: the %lld x %lld cells of the grid expected, %lld x %lld given",
                         (long long)grid->ny, (long long)grid->nx, (long long)within->dim[0],
                         (long long)within->dim[1]);
    nwc_status status = NWC_OK;
    struct ring *rings = NULL;
    double *places = NULL, *cells = NULL;
    NWC__ALLOC(ctx, rings, n_parts);
    NWC__ALLOC(ctx, places, 2 * points);
    NWC__ALLOC(ctx, cells, 2 * grid->nx * grid->ny);
    for (int32_t r = 0; r < n_parts; r++) {
        rings[r] = (struct ring){.first = first, .n = part_points[r], .hole = hole && hole[r]};
        first += part_points[r];
        status = take_ring(r, longitude_deg, latitude_deg, places, places + points, &rings[r]);
        if (status != NWC_OK) goto done;
    }
    if ((status = nwc__grid_centres(ctx, grid, cells, cells + grid->nx * grid->ny)) != NWC_OK) goto done;
    struct job job = {rings, n_parts, places, places + points, cells, cells + grid->nx * grid->ny, within};
    status = nwc__for_each_tile(ctx, "area", grid->ny, within_row, &job);
done:
    nwc__free(ctx, cells);
    nwc__free(ctx, places);
    nwc__free(ctx, rings);
    return status;
}
