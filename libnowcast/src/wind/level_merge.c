/*
 * Stations merged into the wind at 10 m by optimal interpolation: fields plus K (observations less fields), K = B' (B + R)^-1.
 * Errors of the field are correlated by a function of the distance through the Earth that ends (Gaspari and Cohn 1999, eq. 4.10),
 * so that a station is looked at near it only, and a Gaussian of the difference of grounds; those of stations are not.
 *
 * All of it hangs on C = (B + R)^-1. What the others say of station i is its observation less (C d)_i / C_ii, of variance 1 / C_ii, and
 * leaving it out for good makes C into C - c_i c_i' / C_ii: no system is solved twice (Dubrule 1983).
 */
#include "core/blas.h"
#include "wind/level.h"

#define LENGTH_M 35e3
#define HEIGHT_M 200.0
#define FIELD_ERROR_M_S 2.0
#define STATION_ERROR_M_S 1.0
#define ROUGHNESS_M 0.1
#define REJECT 4.0
#define GUST_ERROR 1.5 /* times that of a component */
#define EARTH_M 6371229.0
#define SEEN 0.01 /* correlations below play no part in errors */
#define NODES 8.0 /* errors are found so many times in a length, and linear between */

enum { PARTS = 2 }; /* u and v; of gusts, in a pass of their own, the first */

/* A place on the sphere of radius 1, and its ground. */
struct place {
    double at[3], ground;
};

/* A station that takes part. */
struct member {
    struct place place;
    int64_t index;              /* of stations */
    double value[2], before[2]; /* along the grid's axes; of a gust the first */
    double sigma, error;        /* of the field and of the station */
    double weight[2];           /* C d; times sigma, when fields are made */
    bool out;                   /* left out */
};

struct merge {
    const nwc_wind_surface *surface;
    const nwc_wind_merge_options *options;
    const struct place *cells; /* (ny, nx) */
    const struct member *members;
    int64_t n, parts; /* parts: 2 for the wind, 1 for gusts */
    double factor;    /* on errors of the field */
    const nwc_field *fields[2];
    const double *inverse; /* (n, n) */
    int64_t spacing, node_ny, node_nx;
    double *gain;    /* (node_ny, node_nx): part of the variance that stations take away */
    double *scratch; /* (node_ny, n) */
    int64_t *seen;   /* (node_ny, n) */
};

/* ---- statistics ---- */

static double correlation(const nwc_wind_merge_options *o, const struct place *a, const struct place *b)
{
    const double x = a->at[0] - b->at[0], y = a->at[1] - b->at[1], z = a->at[2] - b->at[2];
    const double square = x * x + y * y + z * z, reach = 2.0 * o->length_m / EARTH_M;
    if (!(square < reach * reach)) return 0.0;
    const double r = 2.0 * sqrt(square) / reach, dh = (a->ground - b->ground) / o->height_m;
    const double near = 1.0 + r * r * (-5.0 / 3.0 + r * (5.0 / 8.0 + r * (0.5 - 0.25 * r)));
    const double rho =
        r < 1.0 ? near : 4.0 - 2.0 / (3.0 * r) + r * (-5.0 + r * (5.0 / 3.0 + r * (5.0 / 8.0 + r * (-0.5 + r / 12.0))));
    return dh == 0.0 ? rho : rho * exp(-0.5 * dh * dh);
}

static struct place place_of(double longitude_deg, double latitude_deg, double ground)
{
    const double lon = NWC__RADIANS * longitude_deg, lat = NWC__RADIANS * latitude_deg;
    return (struct place){{cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)}, ground};
}

static double sigma_at(const struct merge *merge, int64_t j, int64_t i)
{
    const nwc_field *const error = merge->surface->error;
    const double told = error ? (double)*nwc__flat_cell(error, j, i) : (double)NAN;
    return merge->factor * (told > 0.0 ? told : merge->options->field_error_m_s);
}

/* ---- fields ---- */

static nwc_status merge_row(int64_t j, void *user)
{
    const struct merge *const merge = user;
    const int64_t nx = merge->fields[0]->dim[1];
    for (int64_t i = 0; i < nx; i++) {
        const struct place *const cell = &merge->cells[j * nx + i];
        double sum[2] = {0.0, 0.0};
        if (isnan(*nwc__flat_cell(merge->fields[0], j, i)) || isnan(cell->ground)) continue;
        for (int64_t m = 0; m < merge->n; m++) {
            const double rho = correlation(merge->options, cell, &merge->members[m].place);
            sum[0] += rho * merge->members[m].weight[0], sum[1] += rho * merge->members[m].weight[1];
        }
        for (int64_t p = 0; p < merge->parts; p++) {
            float *const value = nwc__flat_cell(merge->fields[p], j, i);
            *value = (float)((double)*value + sigma_at(merge, j, i) * sum[p]);
        }
    }
    return NWC_OK;
}

/* What stations take away at the nodes of one row, where only those within sight count. */
static nwc_status gain_row(int64_t row, void *user)
{
    const struct merge *const merge = user;
    const int64_t n = merge->n, nx = merge->surface->u->dim[1], ny = merge->surface->u->dim[0];
    double *const covariance = merge->scratch + row * n;
    int64_t *const seen = merge->seen + row * n;
    for (int64_t node = 0; node < merge->node_nx; node++) {
        const int64_t j = row * merge->spacing < ny ? row * merge->spacing : ny - 1;
        const int64_t i = node * merge->spacing < nx ? node * merge->spacing : nx - 1;
        int64_t count = 0;
        for (int64_t m = 0; m < n; m++) {
            const double rho = correlation(merge->options, &merge->cells[j * nx + i], &merge->members[m].place);
            if (!(rho > SEEN)) continue;
            covariance[count] = rho * merge->members[m].sigma, seen[count++] = m;
        }
        double sum = 0.0;
        for (int64_t a = 0; a < count; a++) {
            double part = 0.0;
            for (int64_t b = 0; b < count; b++) part += merge->inverse[seen[a] * n + seen[b]] * covariance[b];
            sum += covariance[a] * part;
        }
        merge->gain[row * merge->node_nx + node] = fmin(fmax(sum, 0.0), 1.0);
    }
    return NWC_OK;
}

static nwc_status error_row(int64_t j, void *user)
{
    const struct merge *const merge = user;
    const int64_t j0 = j / merge->spacing, j1 = j0 + 1 < merge->node_ny ? j0 + 1 : j0, nx = merge->node_nx;
    const double b = (double)(j - j0 * merge->spacing) / (double)merge->spacing;
    for (int64_t i = 0; i < merge->surface->u->dim[1]; i++) {
        const int64_t i0 = i / merge->spacing, i1 = i0 + 1 < nx ? i0 + 1 : i0;
        const double a = (double)(i - i0 * merge->spacing) / (double)merge->spacing;
        const double low = (1.0 - a) * merge->gain[j0 * nx + i0] + a * merge->gain[j0 * nx + i1];
        const double high = (1.0 - a) * merge->gain[j1 * nx + i0] + a * merge->gain[j1 * nx + i1];
        const bool known = !isnan(*nwc__flat_cell(merge->surface->u, j, i));
        const double left = sigma_at(merge, j, i) * sqrt(fmax(1.0 - (1.0 - b) * low - b * high, 0.0));
        *nwc__flat_cell(merge->surface->error, j, i) = known ? (float)left : NAN;
    }
    return NWC_OK;
}

static nwc_status merge_errors(nwc_ctx *ctx, struct merge *merge)
{
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    const int64_t ny = merge->surface->u->dim[0], nx = merge->surface->u->dim[1];
    if ((status = nwc__metric_create(ctx, merge->surface->u->grid, &metric)) != NWC_OK) goto done;
    const double cells = merge->options->length_m / NODES / fmax(metric.mean_dx_m, metric.mean_dy_m);
    merge->spacing = cells < 1.0 ? 1 : cells > 64.0 ? 64 : (int64_t)cells;
    merge->node_ny = (ny - 1 + merge->spacing - 1) / merge->spacing + 1;
    merge->node_nx = (nx - 1 + merge->spacing - 1) / merge->spacing + 1;
    NWC__ALLOC(ctx, merge->gain, merge->node_ny * merge->node_nx);
    NWC__ALLOC(ctx, merge->scratch, merge->node_ny * merge->n);
    NWC__ALLOC(ctx, merge->seen, merge->node_ny * merge->n);
    if ((status = nwc__for_each_tile(ctx, "stations", merge->node_ny, gain_row, merge)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "stations", ny, error_row, merge);
done:
    nwc__free(ctx, merge->seen);
    nwc__free(ctx, merge->scratch);
    nwc__free(ctx, merge->gain);
    nwc__metric_destroy(ctx, &metric);
    return status;
}

/* ---- stations ---- */

/* C d for all parts. */
static void solve(const struct merge *merge, struct member *members)
{
    const int64_t n = merge->n;
    for (int64_t a = 0; a < n; a++) {
        double sum[2] = {0.0, 0.0};
        for (int64_t b = 0; b < n; b++)
            for (int64_t p = 0; p < merge->parts; p++)
                sum[p] += merge->inverse[a * n + b] * (members[b].value[p] - members[b].before[p]);
        members[a].weight[0] = sum[0], members[a].weight[1] = sum[1];
    }
}

/* How far a station is from what the others say, in errors that this should have. */
static double unlike(const struct merge *merge, const struct member *member, double diagonal)
{
    double sum = 0.0;
    for (int64_t p = 0; p < merge->parts; p++) sum += member->weight[p] * member->weight[p] / diagonal;
    return sqrt(sum / (double)merge->parts);
}

/* Take station worst out of C, whose row and column for it become 0. */
static void leave_out(int64_t n, int64_t worst, double *inverse, struct member *members)
{
    const double *const c = inverse + worst * n;
    const double pivot = c[worst];
    for (int64_t a = 0; a < n; a++) {
        const double share = a == worst ? 0.0 : c[a] / pivot;
        if (share == 0.0) continue;
        for (int64_t b = 0; b < n; b++) inverse[a * n + b] -= share * c[b];
        for (int p = 0; p < PARTS; p++) members[a].weight[p] -= share * members[worst].weight[p];
    }
    for (int64_t a = 0; a < n; a++) inverse[a * n + worst] = inverse[worst * n + a] = 0.0;
    members[worst].weight[0] = members[worst].weight[1] = 0.0;
    members[worst].out = true;
}

/* Leave out the worst until none is bad. */
static void judge(const struct merge *merge, double *inverse, struct member *members)
{
    for (;;) {
        int64_t worst = -1;
        double most = merge->options->reject;
        for (int64_t m = 0; m < merge->n; m++) {
            const double far = members[m].out ? 0.0 : unlike(merge, &members[m], inverse[m * merge->n + m]);
            if (far > most) most = far, worst = m;
        }
        if (worst < 0) return;
        leave_out(merge->n, worst, inverse, members);
    }
}

/* What is made of station m without it, and the error that observation less that should have. */
static double without(const struct merge *merge, int64_t m, double *covariance, double left[2])
{
    const struct member *const own = &merge->members[m];
    const int64_t n = merge->n;
    if (!own->out) {
        const double diagonal = merge->inverse[m * n + m];
        for (int p = 0; p < PARTS; p++) left[p] = own->value[p] - own->weight[p] / diagonal;
        return sqrt(1.0 / diagonal);
    }
    double variance = own->sigma * own->sigma + own->error * own->error;
    left[0] = own->before[0], left[1] = own->before[1];
    for (int64_t b = 0; b < n; b++) {
        const struct member *const other = &merge->members[b];
        covariance[b] =
            other->out ? 0.0 : own->sigma * other->sigma * correlation(merge->options, &own->place, &other->place);
        for (int p = 0; p < PARTS; p++) left[p] += covariance[b] * other->weight[p];
    }
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n && covariance[a] != 0.0; b++)
            variance -= covariance[a] * merge->inverse[a * n + b] * covariance[b];
    return sqrt(fmax(variance, 0.0));
}

/* One pass: C, who takes part, weights, and the fields. Memory in inverse is the caller's to give back. */
static nwc_status merge_pass(nwc_ctx *ctx, struct merge *merge, struct member *members, double **inverse)
{
    nwc_status status = NWC_OK;
    const int64_t n = merge->n;
    NWC__ALLOC(ctx, *inverse, n * n);
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b <= a; b++)
            (*inverse)[a * n + b] = members[a].sigma * members[b].sigma *
                                        correlation(merge->options, &members[a].place, &members[b].place) +
                                    (a == b ? members[a].error * members[a].error : 0.0);
    nwc__blas_begin();
    const bool done_well = nwc__invert_spd(n, *inverse);
    nwc__blas_end();
    if (!done_well) {
        status = nwc__fail(NWC_ERR_INTERNAL, "stations: their covariance is not positive definite");
        goto done;
    }
    merge->inverse = *inverse, merge->members = members;
    solve(merge, members);
    judge(merge, *inverse, members);
done:
    return status;
}

static nwc_status merge_fields(nwc_ctx *ctx, struct merge *merge, struct member *members)
{
    for (int64_t m = 0; m < merge->n; m++)
        for (int p = 0; p < PARTS; p++) members[m].weight[p] *= members[m].sigma;
    return nwc__for_each_tile(ctx, "stations", merge->surface->u->dim[0], merge_row, merge);
}

/* ---- what stations say ---- */

/* A field between the four cells around a point, over what is known where that is at least half; NaN elsewhere. */
static double sample(const nwc_field *field, double y, double x)
{
    const int64_t ny = field->dim[0], nx = field->dim[1];
    const int64_t j0 = (int64_t)floor(y), i0 = (int64_t)floor(x);
    double sum = 0.0, weight = 0.0;
    for (int64_t b = 0; b < 2; b++)
        for (int64_t a = 0; a < 2; a++) {
            const int64_t j = j0 + b < 0 ? 0 : j0 + b < ny ? j0 + b : ny - 1;
            const int64_t i = i0 + a < 0 ? 0 : i0 + a < nx ? i0 + a : nx - 1;
            const double w = fabs(1.0 - (double)b - (y - (double)j0)) * fabs(1.0 - (double)a - (x - (double)i0));
            const double cell = (double)*nwc__flat_cell(field, j, i);
            sum += isfinite(cell) ? w * cell : 0.0, weight += isfinite(cell) ? w : 0.0;
        }
    return weight >= 0.5 ? sum / weight : (double)NAN;
}

/* Where a station is in the grid, in cells, and the angle from north to the grid's +y there. */
struct site {
    double y, x, sine, cosine;
};

static nwc_status find_sites(nwc_ctx *ctx, const nwc_grid *grid, const nwc_wind_station *stations, int64_t n,
                             double *work, struct site *sites)
{
    double *const x = work, *const y = work + n, *const up_x = work + 2 * n, *const up_y = work + 3 * n;
    const double step = 0.01 * grid->dy;
    for (int64_t s = 0; s < n; s++) x[s] = stations[s].longitude_deg, y[s] = stations[s].latitude_deg;
    NWC__TRY(nwc_grid_from_lonlat(ctx, grid, n, x, y, x, y));
    for (int64_t s = 0; s < n; s++) {
        const double turns = nwc_grid_is_latlon(grid)
                                 ? rint((grid->x_first + 0.5 * grid->dx * (double)(grid->nx - 1) - x[s]) / 360.0)
                                 : 0.0;
        x[s] += 360.0 * turns;
        sites[s].x = (x[s] - grid->x_first) / grid->dx, sites[s].y = (y[s] - grid->y_first) / grid->dy;
        up_x[s] = x[s], up_y[s] = y[s] + 0.5 * step, y[s] -= 0.5 * step;
    }
    NWC__TRY(nwc_grid_to_lonlat(ctx, grid, n, x, y, x, y));
    NWC__TRY(nwc_grid_to_lonlat(ctx, grid, n, up_x, up_y, up_x, up_y));
    for (int64_t s = 0; s < n; s++) {
        const double east = remainder(up_x[s] - x[s], 360.0) * cos(0.5 * NWC__RADIANS * (y[s] + up_y[s]));
        const double north = up_y[s] - y[s], length = hypot(east, north);
        sites[s].sine = east / length, sites[s].cosine = north / length;
    }
    return NWC_OK;
}

static bool within(const nwc_grid *grid, const struct site *site)
{
    return site->x >= -0.5 && site->x <= (double)grid->nx - 0.5 && site->y >= -0.5 && site->y <= (double)grid->ny - 0.5;
}

/* Turn (0) from true east and north to the grid's axes, or (1) back. */
static void turn(const struct site *site, bool to_true, const double from[2], double to[2])
{
    const double s = to_true ? site->sine : -site->sine;
    const double a = from[0] * site->cosine + from[1] * s, b = from[1] * site->cosine - from[0] * s;
    to[0] = a, to[1] = b;
}

/* How a wind at the anemometer compares with one at 10 m. */
static double to_10_m(const nwc_wind_station *station, double roughness)
{
    return isnan(station->sensor_m) ? 1.0 : log(NWC__LEVEL_SURFACE_M / roughness) / log(station->sensor_m / roughness);
}

/* What a station says of the wind, or with gusts of them; false, with what fit->use says, where it takes no part. */
static bool take_station(const struct merge *merge, const nwc_wind_station *station, const struct site *site,
                         bool gusts, struct member *member, nwc_wind_station_fit *fit)
{
    const nwc_wind_surface *const surface = merge->surface;
    const double true_wind[2] = {station->u_m_s, station->v_m_s};
    const bool observed = gusts ? isfinite(station->gust_m_s) : isfinite(station->u_m_s) && isfinite(station->v_m_s);
    const bool high = !isnan(station->sensor_m) && !(station->sensor_m >= 1.0 && station->sensor_m <= 200.0);
    fit->use = NWC_WIND_STATION_UNKNOWN;
    if (!observed || high || !isfinite(site->x) || !isfinite(site->y) || !isfinite(site->sine)) return false;
    fit->use = NWC_WIND_STATION_OUTSIDE;
    if (!within(surface->u->grid, site)) return false;
    const double ground = surface->ground_m ? sample(surface->ground_m, site->y, site->x) : 0.0;
    const double told = surface->error ? sample(surface->error, site->y, site->x) : (double)NAN;
    const bool own = surface->ground_m && isfinite(station->height_m);
    *member = (struct member){
        .place = place_of(station->longitude_deg, station->latitude_deg, own ? station->height_m : ground)};
    member->sigma = merge->factor * (told > 0.0 ? told : merge->options->field_error_m_s);
    member->error =
        merge->factor * (station->error_m_s > 0.0 && isfinite(station->error_m_s) ? station->error_m_s
                                                                                  : merge->options->station_error_m_s);
    if (gusts) {
        member->value[0] = station->gust_m_s, member->before[0] = sample(surface->gust, site->y, site->x);
    } else {
        turn(site, false, true_wind, member->value);
        for (int p = 0; p < PARTS; p++) member->value[p] *= to_10_m(station, merge->options->roughness_m);
        member->before[0] = sample(surface->u, site->y, site->x);
        member->before[1] = sample(surface->v, site->y, site->x);
    }
    if (isnan(member->before[0]) || isnan(member->before[1]) || isnan(member->place.ground)) return false;
    fit->use = NWC_WIND_STATION_USED;
    return true;
}

static void report_wind(const struct merge *merge, const struct site *sites, double *covariance,
                        nwc_wind_station_fit *fits)
{
    for (int64_t m = 0; m < merge->n; m++) {
        const struct member *const member = &merge->members[m];
        nwc_wind_station_fit *const fit = &fits[member->index];
        double left[2], made[2];
        fit->left_out_error_m_s = without(merge, m, covariance, left);
        turn(&sites[member->index], true, left, made);
        fit->left_out_u = made[0], fit->left_out_v = made[1];
        turn(&sites[member->index], true, member->value, made);
        fit->u_m_s = made[0], fit->v_m_s = made[1];
        turn(&sites[member->index], true, member->before, made);
        fit->before_u = made[0], fit->before_v = made[1];
        fit->use = member->out ? NWC_WIND_STATION_UNLIKE : NWC_WIND_STATION_USED;
    }
}

static void report_gusts(const struct merge *merge, double *covariance, nwc_wind_station_fit *fits)
{
    for (int64_t m = 0; m < merge->n; m++) {
        const struct member *const member = &merge->members[m];
        double left[2];
        if (member->out) continue;
        (void)without(merge, m, covariance, left);
        fits[member->index].gust_m_s = member->value[0], fits[member->index].before_gust = member->before[0];
        fits[member->index].left_out_gust = left[0];
    }
}

static void raise_gusts(const nwc_wind_surface *surface)
{
    for (int64_t j = 0; j < surface->u->dim[0]; j++)
        for (int64_t i = 0; i < surface->u->dim[1]; i++) {
            const float speed = hypotf(*nwc__flat_cell(surface->u, j, i), *nwc__flat_cell(surface->v, j, i));
            float *const gust = nwc__flat_cell(surface->gust, j, i);
            *gust = speed > *gust ? speed : *gust; /* NaN stays */
        }
}

/* ---- the whole ---- */

struct work {
    struct place *cells;
    struct site *sites;
    struct member *members, *gusts;
    nwc_wind_station_fit *fits;
    double *numbers, *inverse, *gust_inverse;
};

static nwc_status find_cells(nwc_ctx *ctx, const nwc_wind_surface *surface, struct place *cells)
{
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = surface->u->grid;
    double *row = NULL;
    NWC__ALLOC(ctx, row, 2 * grid->nx * grid->ny);
    double *const x = row, *const y = row + grid->nx * grid->ny;
    for (int64_t c = 0; c < grid->nx * grid->ny; c++) {
        x[c] = grid->x_first + grid->dx * (double)(c % grid->nx);
        y[c] = grid->y_first + grid->dy * (double)(c / grid->nx);
    }
    if ((status = nwc_grid_to_lonlat(ctx, grid, grid->nx * grid->ny, x, y, x, y)) != NWC_OK) goto done;
    for (int64_t c = 0; c < grid->nx * grid->ny; c++)
        cells[c] =
            place_of(x[c], y[c],
                     surface->ground_m ? (double)*nwc__flat_cell(surface->ground_m, c / grid->nx, c % grid->nx) : 0.0);
done:
    nwc__free(ctx, row);
    return status;
}

static nwc_status merge_all(nwc_ctx *ctx, struct merge *merge, const nwc_wind_station *stations, int64_t n,
                            struct work *work)
{
    const nwc_wind_surface *const surface = merge->surface;
    struct merge gusts = *merge;
    NWC__TRY(find_sites(ctx, surface->u->grid, stations, n, work->numbers, work->sites));
    gusts.factor = GUST_ERROR, gusts.parts = 1, gusts.fields[0] = surface->gust;
    for (int64_t s = 0; s < n; s++) {
        nwc_wind_station_fit ignored;
        if (surface->gust && take_station(&gusts, &stations[s], &work->sites[s], true, &work->gusts[gusts.n], &ignored))
            work->gusts[gusts.n++].index = s;
        if (take_station(merge, &stations[s], &work->sites[s], false, &work->members[merge->n], &work->fits[s]))
            work->members[merge->n++].index = s;
    }
    if (merge->n || gusts.n) NWC__TRY(find_cells(ctx, surface, work->cells));
    if (merge->n) {
        NWC__TRY(merge_pass(ctx, merge, work->members, &work->inverse));
        report_wind(merge, work->sites, work->numbers, work->fits);
        NWC__TRY(merge_fields(ctx, merge, work->members));
    }
    if (gusts.n) {
        NWC__TRY(merge_pass(ctx, &gusts, work->gusts, &work->gust_inverse));
        report_gusts(&gusts, work->numbers, work->fits);
        NWC__TRY(merge_fields(ctx, &gusts, work->gusts));
    }
    if (surface->gust) raise_gusts(surface);
    return merge->n && surface->error ? merge_errors(ctx, merge) : NWC_OK;
}

static nwc_status check_surface(nwc_ctx *ctx, const nwc_wind_surface *surface)
{
    if (!surface) return nwc__fail(NWC_ERR_ARG, "surface: fields expected, NULL given");
    const nwc_field *const fields[] = {surface->u, surface->v, surface->error, surface->gust, surface->ground_m};
    static const char *const names[] = {"u", "v", "error", "gust", "ground_m"};
    for (int f = 0; f < 5; f++) {
        if (f >= 2 && !fields[f]) continue;
        NWC__TRY(nwc__check_field(fields[f], names[f], 2));
        NWC__TRY(nwc__check_same_shape(fields[f], names[f], surface->u, "u"));
        if (f < 2 && (!fields[f]->units || strcmp(fields[f]->units, "m s-1") != 0))
            return nwc__fail(NWC_ERR_ARG, "%s: units \"m s-1\" expected, %s given", names[f],
                             fields[f]->units ? fields[f]->units : "none");
    }
    return nwc__check_on_grid(ctx, surface->u, "u");
}

static nwc_status take_options(nwc_wind_merge_options *taken, const nwc_wind_merge_options *options)
{
    nwc_wind_merge_options_init(taken);
    NWC__TRY(nwc__take_options(taken, sizeof *taken, options, "options"));
    const double positive[] = {taken->length_m, taken->height_m, taken->field_error_m_s, taken->station_error_m_s,
                               taken->reject};
    static const char *const names[] = {"length_m", "height_m", "field_error_m_s", "station_error_m_s", "reject"};
    for (int p = 0; p < 5; p++)
        if (!(positive[p] > 0.0))
            return nwc__fail(NWC_ERR_ARG, "%s: above 0 expected, %g given", names[p], positive[p]);
    if (!(taken->roughness_m > 0.0 && taken->roughness_m < 1.0))
        return nwc__fail(NWC_ERR_ARG, "roughness_m: above 0 and below 1 expected, %g given", taken->roughness_m);
    return NWC_OK;
}

void nwc_wind_merge_options_init(nwc_wind_merge_options *options)
{
    if (options)
        *options = (nwc_wind_merge_options){.struct_size = sizeof *options,
                                            .length_m = LENGTH_M,
                                            .height_m = HEIGHT_M,
                                            .field_error_m_s = FIELD_ERROR_M_S,
                                            .station_error_m_s = STATION_ERROR_M_S,
                                            .roughness_m = ROUGHNESS_M,
                                            .reject = REJECT};
}

nwc_status nwc_wind_merge(nwc_ctx *ctx, const nwc_wind_surface *surface, const nwc_wind_station *stations, int64_t n,
                          const nwc_wind_merge_options *options, nwc_wind_station_fit *fits)
{
    ctx = nwc__ctx(ctx);
    nwc_wind_merge_options taken;
    NWC__TRY(take_options(&taken, options));
    NWC__TRY(check_surface(ctx, surface));
    if (n < 0 || n > NWC_WIND_MOST_STATIONS || (n > 0 && !stations))
        return nwc__fail(NWC_ERR_ARG, "stations, n: 0 to %d stations expected, %lld given", NWC_WIND_MOST_STATIONS,
                         (long long)n);
    nwc_status status = NWC_OK;
    struct work work = {0};
    struct merge merge = {.surface = surface, .options = &taken, .parts = 2, .factor = 1.0};
    merge.fields[0] = surface->u, merge.fields[1] = surface->v;
    const int64_t room = n ? n : 1;
    NWC__ALLOC(ctx, work.cells, surface->u->dim[0] * surface->u->dim[1]);
    NWC__ALLOC(ctx, work.sites, room);
    NWC__ALLOC(ctx, work.members, room);
    NWC__ALLOC(ctx, work.gusts, room);
    NWC__ALLOC(ctx, work.fits, room);
    NWC__ALLOC(ctx, work.numbers, 4 * room);
    merge.cells = work.cells;
    for (int64_t s = 0; s < n; s++)
        work.fits[s] =
            (nwc_wind_station_fit){NWC_WIND_STATION_UNKNOWN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (n > 0) status = merge_all(ctx, &merge, stations, n, &work);
    for (int64_t s = 0; s < n && fits && status == NWC_OK; s++) fits[s] = work.fits[s];
done:
    nwc__free(ctx, work.gust_inverse);
    nwc__free(ctx, work.inverse);
    nwc__free(ctx, work.numbers);
    nwc__free(ctx, work.fits);
    nwc__free(ctx, work.gusts);
    nwc__free(ctx, work.members);
    nwc__free(ctx, work.sites);
    nwc__free(ctx, work.cells);
    return status;
}
