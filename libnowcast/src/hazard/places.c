/* Places: copied, their cells found, and what rules say of them. */
#include "hazard/hazard.h"

#include <geodesic.h>

#define EARTH_RADIUS_M 6371008.8
#define MOST_RADIUS_M 500000.0
#define WGS84_RADIUS 6378137.0
#define WGS84_FLATTENING (1.0 / 298.257223563)
#define EARLIEST 0.1F
#define LIKELY 0.5F

enum { NEAR = 2 /* cells around what is looked at */ };

/* ---- kept ---- */

static nwc_status check_place(const nwc_hazard_place *place)
{
    if (!place->id || !place->id[0] || strlen(place->id) >= NWC_HAZARD_MOST_NAME || strchr(place->id, '|'))
        return nwc__fail(NWC_ERR_ARG, "id: 1 to 63 bytes without | expected, %s given", place->id ? place->id : "NULL");
    if (place->group && strlen(place->group) >= NWC_HAZARD_MOST_NAME)
        return nwc__fail(NWC_ERR_ARG, "group: below 64 bytes expected, %s given", place->group);
    if (!(place->radius_m >= 0.0 && place->radius_m <= MOST_RADIUS_M))
        return nwc__fail(NWC_ERR_ARG, "radius_m: 0 to 500000 expected, %g given", place->radius_m);
    if (place->n_parts < 0 || !place->longitude_deg || !place->latitude_deg || (place->n_parts && !place->part_points))
        return nwc__fail(NWC_ERR_ARG, "longitude_deg, latitude_deg, part_points: a point or rings expected");
    int64_t n = place->n_parts ? 0 : 1;
    for (int32_t p = 0; p < place->n_parts; p++) {
        if (place->part_points[p] < 3)
            return nwc__fail(NWC_ERR_ARG, "part %d: 3 points or more expected, %lld given", (int)p,
                             (long long)place->part_points[p]);
        n += place->part_points[p];
    }
    for (int64_t k = 0; k < n; k++)
        if (!(isfinite(place->longitude_deg[k]) && fabs(place->longitude_deg[k]) <= 720.0 &&
              fabs(place->latitude_deg[k]) <= 90.0))
            return nwc__fail(NWC_ERR_ARG, "point %lld: a place on the earth expected, %g, %g given", (long long)k,
                             place->longitude_deg[k], place->latitude_deg[k]);
    return NWC_OK;
}

/* Of the first ring, by its area; of one without an area, as where halves cancel, the mean of its points. */
static void find_middle(struct nwc__place_kept *kept)
{
    const int64_t n = kept->n_parts ? kept->part_points[0] : 1;
    double twice = 0.0, x = 0.0, y = 0.0, mean_x = 0.0, mean_y = 0.0, size = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t next = k + 1 < n ? k + 1 : 0;
        const double ax = remainder(kept->lon[k] - kept->lon[0], 360.0), ay = kept->lat[k] - kept->lat[0];
        const double bx = remainder(kept->lon[next] - kept->lon[0], 360.0), by = kept->lat[next] - kept->lat[0];
        const double cross = ax * by - bx * ay;
        twice += cross, size += fabs(cross);
        x += (ax + bx) * cross / 3.0, y += (ay + by) * cross / 3.0;
        mean_x += ax / (double)n, mean_y += ay / (double)n;
    }
    const bool has_area = fabs(twice) > 1e-3 * size;
    kept->longitude = remainder(kept->lon[0] + (has_area ? x / twice : mean_x), 360.0);
    kept->latitude = kept->lat[0] + (has_area ? y / twice : mean_y);
}

nwc_status nwc__place_keep(nwc_ctx *ctx, const nwc_hazard_place *place, struct nwc__place_kept *kept)
{
    nwc_status status = NWC_OK;
    *kept = (struct nwc__place_kept){.radius_m = place->radius_m, .n_parts = place->n_parts, .n_points = 1};
    NWC__TRY(check_place(place));
    memcpy(kept->id, place->id, strlen(place->id));
    if (place->group) memcpy(kept->group, place->group, strlen(place->group));
    if (place->n_parts) {
        kept->n_points = 0;
        for (int32_t p = 0; p < place->n_parts; p++) kept->n_points += place->part_points[p];
    }
    if (!(kept->name = nwc__copy_text(ctx, place->name ? place->name : place->id))) return NWC_ERR_NOMEM;
    NWC__ALLOC(ctx, kept->part_points, place->n_parts);
    NWC__ALLOC(ctx, kept->hole, place->n_parts);
    NWC__ALLOC(ctx, kept->lon, kept->n_points);
    NWC__ALLOC(ctx, kept->lat, kept->n_points);
    for (int32_t p = 0; p < place->n_parts; p++) {
        kept->part_points[p] = place->part_points[p];
        kept->hole[p] = place->hole ? place->hole[p] : 0;
    }
    memcpy(kept->lon, place->longitude_deg, (size_t)kept->n_points * sizeof *kept->lon);
    memcpy(kept->lat, place->latitude_deg, (size_t)kept->n_points * sizeof *kept->lat);
    find_middle(kept);
done:
    return status;
}

void nwc__place_release(nwc_ctx *ctx, struct nwc__place_kept *kept)
{
    nwc__free(ctx, kept->lat);
    nwc__free(ctx, kept->lon);
    nwc__free(ctx, kept->hole);
    nwc__free(ctx, kept->part_points);
    nwc__free(ctx, kept->name);
    *kept = (struct nwc__place_kept){0};
}

bool nwc__rule_is_for(const nwc_hazard_rule *rule, const struct nwc__place_kept *place)
{
    return !rule->group || strcmp(rule->group, place->group) == 0;
}

/* ---- cells ---- */

struct part { /* of a grid */
    int64_t j, i, ny, nx;
};

/* Rows and columns that hold these points and reach so many cells beyond; the whole where a projection does not tell. */
static nwc_status part_around(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *lon, const double *lat,
                              double reach_j, double reach_i, struct part *part)
{
    nwc_status status = NWC_OK;
    double *x = NULL, *y = NULL, south = INFINITY, north = -INFINITY, west = INFINITY, east = -INFINITY;
    NWC__ALLOC(ctx, x, n);
    NWC__ALLOC(ctx, y, n);
    if ((status = nwc_grid_from_lonlat(ctx, grid, n, lon, lat, x, y)) != NWC_OK) goto done;
    bool known = true;
    for (int64_t k = 0; k < n; k++) {
        const double j = (y[k] - grid->y_first) / grid->dy, i = (x[k] - grid->x_first) / grid->dx;
        known = known && isfinite(j) && isfinite(i);
        south = fmin(south, j), north = fmax(north, j), west = fmin(west, i), east = fmax(east, i);
    }
    if (nwc_grid_is_latlon(grid)) west = -INFINITY, east = INFINITY; /* of any turn */
    if (!known) south = west = -INFINITY, north = east = INFINITY;
    /* Edges that are straight on the map are bent on the grid: a tenth of what they reach over. */
    reach_j += isfinite(south) ? 0.1 * (north - south) : 0.0, reach_i += isfinite(west) ? 0.1 * (east - west) : 0.0;
    const double last_j = (double)grid->ny, last_i = (double)grid->nx;
    part->j = (int64_t)fmax(0.0, fmin(last_j, floor(south - reach_j)));
    part->i = (int64_t)fmax(0.0, fmin(last_i, floor(west - reach_i)));
    part->ny = (int64_t)fmax(0.0, fmin(last_j, ceil(north + reach_j) + 1.0)) - part->j;
    part->nx = (int64_t)fmax(0.0, fmin(last_i, ceil(east + reach_i) + 1.0)) - part->i;
done:
    nwc__free(ctx, y);
    nwc__free(ctx, x);
    return status;
}

static nwc_grid grid_of(const nwc_grid *grid, const struct part *part)
{
    nwc_grid own = *grid;
    own.x_first += (double)part->i * grid->dx, own.y_first += (double)part->j * grid->dy;
    own.nx = part->nx, own.ny = part->ny;
    return own;
}

static nwc_status put_cell(struct nwc__buffer *cells, int64_t cell)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(cells, sizeof cell, &at));
    memcpy(at, &cell, sizeof cell);
    return NWC_OK;
}

nwc_status nwc__cells_within(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                             const uint8_t *hole, const double *lon, const double *lat, struct nwc__buffer *cells)
{
    nwc_status status = NWC_OK;
    struct part part;
    int64_t n = 0;
    for (int32_t p = 0; p < n_parts; p++) n += part_points[p];
    NWC__TRY(part_around(ctx, grid, n, lon, lat, NEAR, NEAR, &part));
    if (part.ny < 1 || part.nx < 1) return NWC_OK;
    const nwc_grid own = grid_of(grid, &part);
    uint8_t *set = NULL;
    NWC__ALLOC(ctx, set, part.ny * part.nx);
    nwc_flags flags = {.data = set, .ndim = 2, .dim = {part.ny, part.nx}, .stride = {part.nx, 1}};
    if ((status = nwc_grid_within(ctx, &own, n_parts, part_points, hole, lon, lat, &flags)) != NWC_OK) goto done;
    for (int64_t c = 0; c < part.ny * part.nx && status == NWC_OK; c++)
        if (set[c]) status = put_cell(cells, (part.j + c / part.nx) * grid->nx + part.i + c % part.nx);
done:
    nwc__free(ctx, set);
    return status;
}

static void unit_vector(double lon, double lat, double v[3])
{
    const double phi = lat * NWC__RADIANS, lambda = lon * NWC__RADIANS;
    v[0] = cos(phi) * cos(lambda), v[1] = cos(phi) * sin(lambda), v[2] = sin(phi);
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* The cell a point lies in, or none. */
static nwc_status put_own_cell(nwc_ctx *ctx, const nwc_grid *grid, double lon, double lat, int64_t *cell)
{
    *cell = -1;
    for (int turn = -1; turn <= 1 && *cell < 0; turn++) {
        double x, y;
        const double turned = lon + (nwc_grid_is_latlon(grid) ? 360.0 * turn : 0.0);
        NWC__TRY(nwc_grid_from_lonlat(ctx, grid, 1, &turned, &lat, &x, &y));
        const double j = ceil((y - grid->y_first) / grid->dy - 0.5), i = ceil((x - grid->x_first) / grid->dx - 0.5);
        if (j >= 0.0 && j < (double)grid->ny && i >= 0.0 && i < (double)grid->nx)
            *cell = (int64_t)j * grid->nx + (int64_t)i;
    }
    return NWC_OK;
}

/* The cells whose centres lie within the radius of a point, other than its own. */
static nwc_status put_disc(nwc_ctx *ctx, const nwc_grid *grid, const struct nwc__place_kept *place, int64_t own_cell,
                           struct nwc__buffer *cells)
{
    nwc_status status = NWC_OK;
    double *lon = NULL, *lat = NULL, at[3], centre[3];
    struct part part;
    nwc__metric metric = {0};
    NWC__TRY(nwc__metric_create(ctx, grid, &metric));
    const double reach_j = NEAR + 1.5 * place->radius_m / metric.mean_dy_m,
                 reach_i = NEAR + 1.5 * place->radius_m / metric.mean_dx_m;
    nwc__metric_destroy(ctx, &metric);
    NWC__TRY(part_around(ctx, grid, 1, &place->longitude, &place->latitude, reach_j, reach_i, &part));
    const int64_t n = part.ny > 0 && part.nx > 0 ? part.ny * part.nx : 0;
    const nwc_grid own = grid_of(grid, &part);
    NWC__ALLOC(ctx, lon, n);
    NWC__ALLOC(ctx, lat, n);
    for (int64_t c = 0; c < n; c++) {
        lon[c] = own.x_first + own.dx * (double)(c % own.nx);
        lat[c] = own.y_first + own.dy * (double)(c / own.nx);
    }
    if (n && (status = nwc_grid_to_lonlat(ctx, &own, n, lon, lat, lon, lat)) != NWC_OK) goto done;
    unit_vector(place->longitude, place->latitude, at);
    const double least = cos(place->radius_m / EARTH_RADIUS_M);
    for (int64_t c = 0; c < n && status == NWC_OK; c++) {
        const int64_t cell = (part.j + c / part.nx) * grid->nx + part.i + c % part.nx;
        unit_vector(lon[c], lat[c], centre);
        if (dot(at, centre) >= least && cell != own_cell) status = put_cell(cells, cell);
    }
done:
    nwc__free(ctx, lat);
    nwc__free(ctx, lon);
    return status;
}

nwc_status nwc__feet_find(nwc_ctx *ctx, const nwc_grid *grid, const struct nwc__place_kept *places, int32_t n,
                          struct nwc__feet *feet)
{
    nwc_status status = NWC_OK;
    struct nwc__buffer cells = {.ctx = ctx};
    *feet = (struct nwc__feet){.n = n};
    NWC__ALLOC(ctx, feet->first, (int64_t)n + 1);
    for (int32_t p = 0; p < n && status == NWC_OK; p++) {
        const struct nwc__place_kept *const place = &places[p];
        const int64_t before = cells.size;
        int64_t own_cell;
        feet->first[p] = before / (int64_t)sizeof(int64_t);
        if (place->n_parts)
            status = nwc__cells_within(ctx, grid, place->n_parts, place->part_points, place->hole, place->lon,
                                       place->lat, &cells);
        if (status != NWC_OK || cells.size > before) continue;
        status = put_own_cell(ctx, grid, place->longitude, place->latitude, &own_cell);
        if (status == NWC_OK && own_cell >= 0) status = put_cell(&cells, own_cell);
        if (status == NWC_OK && !place->n_parts && place->radius_m > 0.0)
            status = put_disc(ctx, grid, place, own_cell, &cells);
    }
    feet->first[n] = cells.size / (int64_t)sizeof(int64_t);
    feet->cell = (int64_t *)(void *)cells.data, cells.data = NULL;
done:
    if (status != NWC_OK) nwc__feet_release(ctx, feet);
    return status;
}

void nwc__feet_release(nwc_ctx *ctx, struct nwc__feet *feet)
{
    nwc__free(ctx, feet->cell);
    nwc__free(ctx, feet->first);
    *feet = (struct nwc__feet){0};
}

/* ---- what rules say ---- */

/* The cells that meet a rule now, as vectors and as they are. */
struct nearest {
    int64_t n;
    double *vector, *lon, *lat;
};

static nwc_status take_now(nwc_ctx *ctx, const nwc_grid *grid, const uint8_t *now, struct nearest *found)
{
    nwc_status status = NWC_OK;
    *found = (struct nearest){0};
    for (int64_t c = 0; c < grid->ny * grid->nx; c++) found->n += now[c];
    NWC__ALLOC(ctx, found->vector, 3 * found->n);
    NWC__ALLOC(ctx, found->lon, found->n);
    NWC__ALLOC(ctx, found->lat, found->n);
    for (int64_t c = 0, k = 0; c < grid->ny * grid->nx; c++) {
        if (!now[c]) continue;
        found->lon[k] = grid->x_first + grid->dx * (double)(c % grid->nx);
        found->lat[k++] = grid->y_first + grid->dy * (double)(c / grid->nx);
    }
    status = nwc_grid_to_lonlat(ctx, grid, found->n, found->lon, found->lat, found->lon, found->lat);
    for (int64_t k = 0; k < found->n && status == NWC_OK; k++)
        unit_vector(found->lon[k], found->lat[k], found->vector + 3 * k);
done:
    return status;
}

static void look_around(const struct nearest *found, const struct nwc__place_kept *place, bool is_on_it,
                        nwc_hazard_effect *effect)
{
    struct geod_geodesic earth;
    double at[3], most = -INFINITY, back;
    int64_t best = -1;
    effect->bearing_deg = effect->distance_m = (double)NAN;
    unit_vector(place->longitude, place->latitude, at);
    for (int64_t k = 0; k < found->n; k++)
        if (dot(at, found->vector + 3 * k) > most) most = dot(at, found->vector + 3 * k), best = k;
    if (best < 0) return;
    geod_init(&earth, WGS84_RADIUS, WGS84_FLATTENING);
    geod_inverse(&earth, place->latitude, place->longitude, found->lat[best], found->lon[best], &effect->distance_m,
                 &effect->bearing_deg, &back);
    if (effect->bearing_deg < 0.0) effect->bearing_deg += 360.0;
    if (is_on_it) effect->distance_m = 0.0;
}

static void find_times(const struct nwc__exceed *exceed, int64_t n, int64_t p, double wanted, nwc_hazard_effect *effect)
{
    int32_t most = 0, earliest = -1, likeliest = -1, last = -1;
    for (int32_t t = 0; t < exceed->n_times; t++) {
        const float here = exceed->place[t * n + p];
        if (here > exceed->place[most * n + p]) most = t;
        if (earliest < 0 && here >= EARLIEST) earliest = t;
        if (likeliest < 0 && here >= LIKELY) likeliest = t;
        if (here >= (float)wanted) last = t;
    }
    effect->earliest_ns = exceed->time_ns[earliest < 0 ? most : earliest];
    effect->likeliest_ns = exceed->time_ns[likeliest < 0 ? most : likeliest];
    effect->end_ns = last < 0 ? NWC__NEVER : exceed->time_ns[last];
}

nwc_status nwc__effects_of(nwc_ctx *ctx, const nwc_hazard_rule *rule, int32_t number, const struct nwc__given *given,
                           const struct nwc__exceed *exceed, const struct nwc__place_kept *places,
                           const struct nwc__feet *feet, struct nwc__buffer *effects)
{
    struct nearest found;
    if (exceed->n_times == 0 || feet->n == 0) return NWC_OK;
    nwc_status status = take_now(ctx, given->grid, exceed->now, &found);
    for (int64_t p = 0; p < feet->n && status == NWC_OK; p++) {
        uint8_t *at;
        bool is_on_it = false;
        if (!(exceed->place_any[p] > 0.0F) || !nwc__rule_is_for(rule, &places[p])) continue;
        for (int64_t k = feet->first[p]; k < feet->first[p + 1]; k++) is_on_it = is_on_it || exceed->now[feet->cell[k]];
        nwc_hazard_effect effect = {.place = (int32_t)p, .rule = number, .probability = (double)exceed->place_any[p]};
        find_times(exceed, feet->n, p, rule->probability, &effect);
        look_around(&found, &places[p], is_on_it, &effect);
        if ((status = nwc__buffer_extend(effects, sizeof effect, &at)) == NWC_OK) memcpy(at, &effect, sizeof effect);
    }
    nwc__free(ctx, found.lat);
    nwc__free(ctx, found.lon);
    nwc__free(ctx, found.vector);
    return status;
}
