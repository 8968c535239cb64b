/*
 * Projections: grid coordinates to longitude and latitude and back, and the ground length of cells. All by PROJ; each
 * call has a PROJ context of its own, so that threads do not meet.
 */
#include "grid/internal.h"

#include <proj.h>
#include <stdio.h>
#include <stdlib.h>

/* A parameter, "+proj=" or "+o_proj=", that is longlat (or latlong), as a whole word. */
static bool is_longlat(const char *projection, const char *parameter)
{
    const char *const found = projection ? strstr(projection, parameter) : NULL;
    if (!found) return false;
    const char *const name = found + strlen(parameter);
    static const char *const longlat[] = {"longlat", "latlong", "lonlat", "latlon"};
    for (size_t n = 0; n < sizeof longlat / sizeof longlat[0]; n++) {
        const size_t length = strlen(longlat[n]);
        if (strncmp(name, longlat[n], length) == 0 && (name[length] == ' ' || name[length] == '\0')) return true;
    }
    return false;
}

int32_t nwc_grid_is_latlon(const nwc_grid *grid)
{
    return grid && is_longlat(grid->projection, "+proj=");
}

/* A projection in its own context. */
struct projection {
    PJ_CONTEXT *context;
    PJ *pj;
    bool longlat;
    bool degrees; /* x and y are angles, of a turned Earth, which PROJ has in radians */
};

static void silent(void *user, int level, const char *text)
{
    (void)user, (void)level, (void)text;
}

static void projection_close(struct projection *projection)
{
    if (projection->pj) proj_destroy(projection->pj);
    if (projection->context) proj_context_destroy(projection->context);
    *projection = (struct projection){0};
}

static nwc_status projection_open(const char *text, struct projection *projection)
{
    *projection = (struct projection){0};
    if (!text) return nwc__fail(NWC_ERR_ARG, "projection: a PROJ string expected, NULL given");
    projection->context = proj_context_create();
    if (!projection->context) return nwc__fail(NWC_ERR_NOMEM, "no memory for a PROJ context");
    proj_log_func(projection->context, NULL, silent);
    proj_context_set_enable_network(projection->context, 0);
    projection->longlat = is_longlat(text, "+proj=");
    projection->degrees = is_longlat(text, "+o_proj=");
    projection->pj = proj_create(projection->context, text);
    if (!projection->pj) {
        const char *const reason =
            proj_context_errno_string(projection->context, proj_context_errno(projection->context));
        nwc__fail(NWC_ERR_ARG, "projection: PROJ does not understand \"%s\": %s", text, reason ? reason : "no reason");
        projection_close(projection);
        return NWC_ERR_ARG;
    }
    /* "+type=crs", an EPSG code or WKT make a CRS, which has no forward function; take the conversion out of it. */
    const PJ_TYPE type = proj_get_type(projection->pj);
    if (type != PJ_TYPE_CONVERSION && type != PJ_TYPE_OTHER_COORDINATE_OPERATION && type != PJ_TYPE_TRANSFORMATION &&
        type != PJ_TYPE_CONCATENATED_OPERATION && type != PJ_TYPE_UNKNOWN) {
        projection_close(projection);
        return nwc__fail(NWC_ERR_ARG, "projection: a PROJ string such as \"+proj=stere ...\" expected, \"%s\" given",
                         text);
    }
    return NWC_OK;
}

nwc_status nwc__epsg_to_proj(int32_t code, char *text, size_t room)
{
    char name[32];
    nwc_status status = NWC_OK;
    snprintf(name, sizeof name, "EPSG:%d", (int)code);
    PJ_CONTEXT *const context = proj_context_create();
    if (!context) return nwc__fail(NWC_ERR_NOMEM, "no memory for a PROJ context");
    proj_log_func(context, NULL, silent);
    proj_context_set_enable_network(context, 0);
    PJ *const system = proj_create(context, name);
    const char *const found = system ? proj_as_proj_string(context, system, PJ_PROJ_4, NULL) : NULL;
    const char *const end = found ? strstr(found, " +type=crs") : NULL;
    const bool metres =
        found && !strstr(found, "+to_meter") && (!strstr(found, "+units=") || strstr(found, "+units=m "));
    if (!found || !end || (size_t)(end - found) >= room)
        status = nwc__fail(NWC_ERR_UNSUPPORTED, "%s: PROJ's tables have no such projection", name);
    else if (!metres)
        status =
            nwc__fail(NWC_ERR_UNSUPPORTED, "%s: coordinates in metres or degrees expected, \"%s\" found", name, found);
    else
        memcpy(text, found, (size_t)(end - found)), text[end - found] = '\0';
    proj_destroy(system);
    proj_context_destroy(context);
    return status;
}

/* Grid coordinates to degrees. NaN where the projection has no inverse. */
static void to_lonlat(const struct projection *projection, double x, double y, double *lon_deg, double *lat_deg)
{
    if (projection->longlat) {
        *lon_deg = x, *lat_deg = y;
        return;
    }
    if (projection->degrees) x = proj_torad(x), y = proj_torad(y);
    const PJ_COORD out = proj_trans(projection->pj, PJ_INV, proj_coord(x, y, 0.0, 0.0));
    const bool found = isfinite(out.lp.lam) && isfinite(out.lp.phi) && out.lp.lam != HUGE_VAL;
    *lon_deg = found ? proj_todeg(out.lp.lam) : (double)NAN;
    *lat_deg = found ? proj_todeg(out.lp.phi) : (double)NAN;
}

static void from_lonlat(const struct projection *projection, double lon_deg, double lat_deg, double *x, double *y)
{
    if (projection->longlat) {
        *x = lon_deg, *y = lat_deg;
        return;
    }
    const PJ_COORD out =
        proj_trans(projection->pj, PJ_FWD, proj_coord(proj_torad(lon_deg), proj_torad(lat_deg), 0.0, 0.0));
    const bool found = isfinite(out.xy.x) && isfinite(out.xy.y);
    const double unit = projection->degrees ? proj_todeg(1.0) : 1.0;
    *x = found ? unit * out.xy.x : (double)NAN;
    *y = found ? unit * out.xy.y : (double)NAN;
}

typedef void (*point_fn)(const struct projection *projection, double a, double b, double *c, double *d);

static nwc_status each_point(const nwc_grid *grid, int64_t n, const double *a, const double *b, double *c, double *d,
                             point_fn convert)
{
    if (!grid) return nwc__fail(NWC_ERR_ARG, "grid: a grid expected, NULL given");
    if (n < 0) return nwc__fail(NWC_ERR_ARG, "n: 0 or more expected, %lld given", (long long)n);
    if (n > 0 && (!a || !b || !c || !d)) return nwc__fail(NWC_ERR_ARG, "coordinates: arrays expected, NULL given");
    struct projection projection;
    NWC__TRY(projection_open(grid->projection, &projection));
    for (int64_t p = 0; p < n; p++) convert(&projection, a[p], b[p], &c[p], &d[p]);
    projection_close(&projection);
    return NWC_OK;
}

nwc_status nwc_grid_to_lonlat(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *x, const double *y,
                              double *lon_deg, double *lat_deg)
{
    (void)ctx;
    return each_point(grid, n, x, y, lon_deg, lat_deg, to_lonlat);
}

nwc_status nwc_grid_from_lonlat(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *lon_deg,
                                const double *lat_deg, double *x, double *y)
{
    (void)ctx;
    return each_point(grid, n, lon_deg, lat_deg, x, y, from_lonlat);
}

static nwc_status check_levels(const nwc_grid *grid)
{
    if (grid->nz < 0) return nwc__fail(NWC_ERR_ARG, "grid: nz 0 or more expected, %lld given", (long long)grid->nz);
    if (grid->nz > 0 && !grid->z_m) return nwc__fail(NWC_ERR_ARG, "grid: nz heights expected, NULL given");
    for (int64_t k = 0; k < grid->nz; k++) {
        if (!isfinite(grid->z_m[k]) || (k > 0 && grid->z_m[k] <= grid->z_m[k - 1]))
            return nwc__fail(NWC_ERR_ARG, "grid: increasing heights expected, %g given as z_m[%lld]", grid->z_m[k],
                             (long long)k);
    }
    return NWC_OK;
}

nwc_status nwc_grid_check(nwc_ctx *ctx, const nwc_grid *grid)
{
    (void)ctx;
    if (!grid) return nwc__fail(NWC_ERR_ARG, "grid: a grid expected, NULL given");
    if (grid->nx < 1 || grid->ny < 1 || grid->nx > INT32_MAX || grid->ny > INT32_MAX)
        return nwc__fail(NWC_ERR_ARG, "grid: 1 or more cells along each axis expected, ny %lld and nx %lld given",
                         (long long)grid->ny, (long long)grid->nx);
    if (!(grid->dx > 0.0) || !(grid->dy > 0.0) || !isfinite(grid->dx) || !isfinite(grid->dy))
        return nwc__fail(NWC_ERR_ARG, "grid: spacings above 0 expected, dx %g and dy %g given", grid->dx, grid->dy);
    if (!isfinite(grid->x_first) || !isfinite(grid->y_first))
        return nwc__fail(NWC_ERR_ARG, "grid: a finite origin expected, %g, %g given", grid->x_first, grid->y_first);
    struct projection projection;
    NWC__TRY(projection_open(grid->projection, &projection));
    const double y_last = grid->y_first + (double)(grid->ny - 1) * grid->dy;
    const bool beyond_pole = projection.longlat && (grid->y_first < -90.0 - 1e-6 || y_last > 90.0 + 1e-6);
    projection_close(&projection);
    if (beyond_pole)
        return nwc__fail(NWC_ERR_ARG, "grid: latitudes within 90 degrees expected, %g to %g given", grid->y_first,
                         y_last);
    return check_levels(grid);
}

bool nwc__same_grid(const nwc_grid *a, const nwc_grid *b)
{
    if (a == b) return true;
    if (!a || !b || a->nx != b->nx || a->ny != b->ny || a->nz != b->nz) return false;
    const double within = 1e-3;
    const double nx = (double)a->nx, ny = (double)a->ny;
    if (fabs(a->dx - b->dx) * nx > within * a->dx || fabs(a->dy - b->dy) * ny > within * a->dy) return false;
    if (fabs(a->x_first - b->x_first) > within * a->dx || fabs(a->y_first - b->y_first) > within * a->dy) return false;
    for (int64_t k = 0; k < a->nz; k++)
        if (a->z_m[k] != b->z_m[k]) return false;
    if (strcmp(a->projection, b->projection) == 0) return true;

    /* Two texts may mean one projection: compare where they put the corners. */
    struct projection pa, pb;
    bool same = projection_open(a->projection, &pa) == NWC_OK;
    if (same && projection_open(b->projection, &pb) == NWC_OK) {
        same = pa.longlat == pb.longlat;
        for (int corner = 0; corner < 4 && same; corner++) {
            const double x = a->x_first + (corner & 1 ? (nx - 1.0) * a->dx : 0.0);
            const double y = a->y_first + (corner & 2 ? (ny - 1.0) * a->dy : 0.0);
            double lon, lat, xb, yb;
            to_lonlat(&pa, x, y, &lon, &lat);
            from_lonlat(&pb, lon, lat, &xb, &yb);
            same = fabs(xb - x) <= 10.0 * within * a->dx && fabs(yb - y) <= 10.0 * within * a->dy;
        }
        projection_close(&pb);
        projection_close(&pa);
        return same;
    }
    if (same) projection_close(&pa);
    return false;
}

bool nwc__same_columns(const nwc_grid *a, const nwc_grid *b)
{
    if (!a || !b) return a == b;
    nwc_grid one = *a, other = *b;
    one.nz = other.nz = 0;
    return nwc__same_grid(&one, &other);
}

/* The Earth of a projection: half of its longer axis, m, and the square of its eccentricity. */
struct ellipsoid {
    double axis_m, e2;
};

/* By lengths of short arcs: PROJ measures along geodesics, but does not tell a projection's ellipsoid. */
static struct ellipsoid ellipsoid_of(const struct projection *projection)
{
    const double half = 1e-4; /* radians; the meridian's radius at the equator is met to 3e-11 */
    const double equator_m =
        proj_lp_dist(projection->pj, proj_coord(-half, 0.0, 0.0, 0.0), proj_coord(half, 0.0, 0.0, 0.0));
    const double meridian_m =
        proj_lp_dist(projection->pj, proj_coord(0.0, -half, 0.0, 0.0), proj_coord(0.0, half, 0.0, 0.0));
    return (struct ellipsoid){.axis_m = equator_m / (2.0 * half), .e2 = 1.0 - meridian_m / equator_m};
}

/* Ground point in Cartesian coordinates from the middle of the Earth. */
static void to_space(const struct ellipsoid *earth, double lon_deg, double lat_deg, double *point)
{
    const double lon = lon_deg * NWC__RADIANS, lat = fmax(-90.0, fmin(90.0, lat_deg)) * NWC__RADIANS, high = sin(lat);
    const double radius_m = earth->axis_m / sqrt(1.0 - earth->e2 * high * high);
    point[0] = radius_m * cos(lat) * cos(lon);
    point[1] = radius_m * cos(lat) * sin(lon);
    point[2] = radius_m * (1.0 - earth->e2) * high;
}

/*
 * Ground distance, metres, between the points half a step to either side of (x, y) along one axis: the arc over their chord, which
 * is that of a geodesic to some 1e-7 over 100 km, and nearer over less.
 */
static double ground_step(const struct projection *projection, const struct ellipsoid *earth, double x, double y,
                          double half_x, double half_y)
{
    double lon0, lat0, lon1, lat1, from[3], to[3];
    to_lonlat(projection, x - half_x, y - half_y, &lon0, &lat0);
    to_lonlat(projection, x + half_x, y + half_y, &lon1, &lat1);
    if (!isfinite(lon0) || !isfinite(lat0) || !isfinite(lon1) || !isfinite(lat1)) return (double)NAN;
    to_space(earth, lon0, lat0, from);
    to_space(earth, lon1, lat1, to);
    const double x_m = to[0] - from[0], y_m = to[1] - from[1], z_m = to[2] - from[2];
    const double chord_m = sqrt(x_m * x_m + y_m * y_m + z_m * z_m);
    const double length_m = 2.0 * earth->axis_m * asin(fmin(1.0, 0.5 * chord_m / earth->axis_m));
    return isfinite(length_m) && length_m > 0.0 ? length_m : (double)NAN;
}

/* Give nodes without a value that of the nearest node that has one; without any, the grid's nominal spacing. */
static double fill_nodes(double *value, int64_t ny, int64_t nx, double nominal)
{
    double sum = 0.0;
    int64_t known = 0;
    for (int64_t n = 0; n < ny * nx; n++) {
        if (!isnan(value[n])) sum += value[n], known++;
    }
    const double mean = known ? sum / (double)known : nominal;
    if (known == ny * nx) return mean;
    for (int64_t n = 0; n < ny * nx; n++) {
        if (!isnan(value[n])) continue;
        double nearest = INFINITY, found = mean;
        for (int64_t m = 0; m < ny * nx; m++) {
            const double dj = (double)(m / nx - n / nx), di = (double)(m % nx - n % nx);
            const double distance = dj * dj + di * di;
            if (value[m] > 0.0 && distance < nearest) nearest = distance, found = value[m];
        }
        value[n] = -found; /* negative until all are found, so that filled nodes do not serve others */
    }
    for (int64_t n = 0; n < ny * nx; n++) value[n] = fabs(value[n]);
    return mean;
}

nwc_status nwc__metric_create(nwc_ctx *ctx, const nwc_grid *grid, nwc__metric *metric)
{
    *metric = (nwc__metric){.ny = (grid->ny - 1 + NWC__METRIC_STEP - 1) / NWC__METRIC_STEP + 1,
                            .nx = (grid->nx - 1 + NWC__METRIC_STEP - 1) / NWC__METRIC_STEP + 1};
    struct projection projection;
    nwc_status status = projection_open(grid->projection, &projection);
    if (status != NWC_OK) return status;
    const struct ellipsoid earth = ellipsoid_of(&projection);
    NWC__ALLOC(ctx, metric->dx_m, metric->ny * metric->nx);
    NWC__ALLOC(ctx, metric->dy_m, metric->ny * metric->nx);
    for (int64_t j = 0; j < metric->ny; j++) {
        for (int64_t i = 0; i < metric->nx; i++) {
            const double x = grid->x_first + (double)(i * NWC__METRIC_STEP) * grid->dx;
            double y = grid->y_first + (double)(j * NWC__METRIC_STEP) * grid->dy;
            if (projection.longlat) y = fmax(-90.0 + grid->dy, fmin(90.0 - grid->dy, y)); /* not past a pole */
            metric->dx_m[j * metric->nx + i] = ground_step(&projection, &earth, x, y, 0.5 * grid->dx, 0.0);
            metric->dy_m[j * metric->nx + i] = ground_step(&projection, &earth, x, y, 0.0, 0.5 * grid->dy);
        }
    }
    const double degree_m = 111195.0;
    metric->mean_dx_m =
        fill_nodes(metric->dx_m, metric->ny, metric->nx, grid->dx * (projection.longlat ? degree_m : 1.0));
    metric->mean_dy_m =
        fill_nodes(metric->dy_m, metric->ny, metric->nx, grid->dy * (projection.longlat ? degree_m : 1.0));
done:
    projection_close(&projection);
    if (status != NWC_OK) nwc__metric_destroy(ctx, metric);
    return status;
}

void nwc__metric_destroy(nwc_ctx *ctx, nwc__metric *metric)
{
    nwc__free(ctx, metric->dy_m);
    nwc__free(ctx, metric->dx_m);
    *metric = (nwc__metric){0};
}

/* 0 to last, and 0 of what is no number. Not fmin and fmax, which are calls. */
static double within(double at, double last)
{
    return at > last ? last : at > 0.0 ? at : 0.0;
}

void nwc__metric_at(const nwc__metric *metric, double y, double x, double *dx_m, double *dy_m)
{
    const double fj = within(y / NWC__METRIC_STEP, (double)(metric->ny - 1));
    const double fi = within(x / NWC__METRIC_STEP, (double)(metric->nx - 1));
    const int64_t j0 = (int64_t)fj, i0 = (int64_t)fi;
    const int64_t j1 = j0 + 1 < metric->ny ? j0 + 1 : j0, i1 = i0 + 1 < metric->nx ? i0 + 1 : i0;
    const double b = fj - (double)j0, a = fi - (double)i0;
    const double w00 = (1.0 - b) * (1.0 - a), w01 = (1.0 - b) * a, w10 = b * (1.0 - a), w11 = b * a;
    const int64_t nx = metric->nx;
    *dx_m = w00 * metric->dx_m[j0 * nx + i0] + w01 * metric->dx_m[j0 * nx + i1] + w10 * metric->dx_m[j1 * nx + i0] +
            w11 * metric->dx_m[j1 * nx + i1];
    *dy_m = w00 * metric->dy_m[j0 * nx + i0] + w01 * metric->dy_m[j0 * nx + i1] + w10 * metric->dy_m[j1 * nx + i0] +
            w11 * metric->dy_m[j1 * nx + i1];
}
