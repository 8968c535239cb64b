/*
 * What the wind along a surface tells: divergence and vorticity in the orthogonal coordinates of the grid, whose lengths over the
 * ground change from cell to cell, and outflow as radars around it would measure it (Wilson et al. 1984).
 */
#include "wind/level.h"

#include <nowcast/wind_kinematics.h>

enum { AXES = 8, LEAST_AXES = 6, MOST_CELLS = 64 };

/* Lengths of cells, (ny, nx). */
struct lengths {
    double *x, *y;
};

static nwc_status find_lengths(nwc_ctx *ctx, const nwc_grid *grid, struct lengths *lengths)
{
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    if ((status = nwc__metric_create(ctx, grid, &metric)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, lengths->x, grid->ny * grid->nx);
    NWC__ALLOC(ctx, lengths->y, grid->ny * grid->nx);
    for (int64_t j = 0; j < grid->ny; j++)
        for (int64_t i = 0; i < grid->nx; i++)
            nwc__metric_at(&metric, (double)j, (double)i, &lengths->x[j * grid->nx + i], &lengths->y[j * grid->nx + i]);
done:
    nwc__metric_destroy(ctx, &metric);
    return status;
}

static void release_lengths(nwc_ctx *ctx, struct lengths *lengths)
{
    nwc__free(ctx, lengths->y);
    nwc__free(ctx, lengths->x);
}

static nwc_status check_wind(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, int32_t ndim)
{
    NWC__TRY(nwc__check_field(u, "u", ndim));
    NWC__TRY(nwc__check_on_grid(ctx, u, "u"));
    NWC__TRY(nwc__check_field(v, "v", u->ndim));
    NWC__TRY(nwc__check_same_shape(v, "v", u, "u"));
    const nwc_field *const wind[2] = {u, v};
    for (int c = 0; c < 2; c++)
        if (!wind[c]->units || strcmp(wind[c]->units, "m s-1") != 0)
            return nwc__fail(NWC_ERR_ARG, "%s: units \"m s-1\" expected, %s given", c ? "v" : "u",
                             wind[c]->units ? wind[c]->units : "none");
    return NWC_OK;
}

/* ---- divergence and vorticity ---- */

struct derivatives {
    const nwc_field *u, *v;
    nwc_field *divergence, *vorticity;
    const struct lengths *lengths;
};

/* A field times a length of cells; NaN beyond the grid. */
static double flux(const nwc_field *field, const double *length, int64_t j, int64_t i)
{
    if (j < 0 || i < 0 || j >= field->dim[0] || i >= field->dim[1]) return NAN;
    return (double)*nwc__flat_cell(field, j, i) * length[j * field->dim[1] + i];
}

/* The difference for one cell ahead. */
static double difference(double ahead, double here, double behind)
{
    return isnan(ahead) ? here - behind : isnan(behind) ? ahead - here : 0.5 * (ahead - behind);
}

static double along_x(const nwc_field *field, const double *length, int64_t j, int64_t i)
{
    return difference(flux(field, length, j, i + 1), flux(field, length, j, i), flux(field, length, j, i - 1));
}

static double along_y(const nwc_field *field, const double *length, int64_t j, int64_t i)
{
    return difference(flux(field, length, j + 1, i), flux(field, length, j, i), flux(field, length, j - 1, i));
}

/* Level k of a field, a flat one itself, none of none. */
static nwc_field level_of(const nwc_field *field, int64_t k)
{
    if (!field) return (nwc_field){0};
    return field->ndim == 2 ? *field : nwc_field_part(field, k);
}

static nwc_status derivatives_row(int64_t tile, void *user)
{
    const struct derivatives *const job = user;
    const int64_t ny = job->u->dim[job->u->ndim - 2], k = tile / ny, j = tile % ny;
    const nwc_field u = level_of(job->u, k), v = level_of(job->v, k);
    const nwc_field divergence = level_of(job->divergence, k), vorticity = level_of(job->vorticity, k);
    const double *const hx = job->lengths->x, *const hy = job->lengths->y;
    for (int64_t i = 0; i < u.dim[1]; i++) {
        const int64_t c = j * u.dim[1] + i;
        const bool known = !isnan(*nwc__flat_cell(&u, j, i)) && !isnan(*nwc__flat_cell(&v, j, i));
        const double over = known ? 1.0 / (hx[c] * hy[c]) : (double)NAN;
        if (divergence.data)
            *nwc__flat_cell(&divergence, j, i) = (float)((along_x(&u, hy, j, i) + along_y(&v, hx, j, i)) * over);
        if (vorticity.data)
            *nwc__flat_cell(&vorticity, j, i) = (float)((along_x(&v, hy, j, i) - along_y(&u, hx, j, i)) * over);
    }
    return NWC_OK;
}

static nwc_status check_like(const nwc_field *field, const char *name, const nwc_field *u)
{
    if (!field) return NWC_OK;
    NWC__TRY(nwc__check_field(field, name, u->ndim));
    NWC__TRY(nwc__check_same_shape(field, name, u, "u"));
    if (u->ndim == 3 && field->dim[0] != u->dim[0])
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld levels of u expected, %lld given", name, (long long)u->dim[0],
                         (long long)field->dim[0]);
    return NWC_OK;
}

nwc_status nwc_wind_derivatives(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, nwc_field *divergence,
                                nwc_field *vorticity)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_wind(ctx, u, v, 0));
    if (u->ndim != 2 && u->ndim != 3)
        return nwc__fail(NWC_ERR_ARG, "u: 2 or 3 dimensions expected, %d given", (int)u->ndim);
    NWC__TRY(check_like(v, "v", u));
    NWC__TRY(check_like(divergence, "divergence", u));
    NWC__TRY(check_like(vorticity, "vorticity", u));
    nwc_status status = NWC_OK;
    struct lengths lengths = {0};
    struct derivatives job = {u, v, divergence, vorticity, &lengths};
    if ((status = find_lengths(ctx, u->grid, &lengths)) != NWC_OK) goto done;
    const int64_t rows = u->ndim == 2 ? u->dim[0] : u->dim[0] * u->dim[1];
    status = nwc__for_each_tile(ctx, "derivatives", rows, derivatives_row, &job);
done:
    release_lengths(ctx, &lengths);
    return status;
}

/* ---- outflow ---- */

struct outflow {
    const nwc_field *u, *v;
    nwc_field *outflow, *length;
    const struct lengths *lengths;
    double step_m, half_m; /* from one half length to the next, and the greatest */
    double cosine[AXES], sine[AXES];
};

/* u and v between four cells, all of which are known; false elsewhere. */
static bool sample(const struct outflow *job, double y, double x, double wind[2])
{
    const int64_t ny = job->u->dim[0], nx = job->u->dim[1];
    if (!(y >= 0.0 && x >= 0.0 && y <= (double)(ny - 1) && x <= (double)(nx - 1))) return false;
    const int64_t j = (int64_t)fmin(floor(y), (double)(ny > 1 ? ny - 2 : 0));
    const int64_t i = (int64_t)fmin(floor(x), (double)(nx > 1 ? nx - 2 : 0));
    const double b = y - (double)j, a = x - (double)i;
    wind[0] = wind[1] = 0.0;
    for (int64_t q = 0; q < 4; q++) {
        const int64_t dj = q / 2, di = q % 2;
        const double weight = (dj ? b : 1.0 - b) * (di ? a : 1.0 - a);
        if (weight == 0.0) continue;
        wind[0] += weight * (double)*nwc__flat_cell(job->u, j + dj, i + di);
        wind[1] += weight * (double)*nwc__flat_cell(job->v, j + dj, i + di);
    }
    return isfinite(wind[0]) && isfinite(wind[1]);
}

/* The mean over all lines of one half length through a cell; NaN where too few are known. */
static double mean_difference(const struct outflow *job, int64_t j, int64_t i, double half_m)
{
    const int64_t c = j * job->u->dim[1] + i;
    const double dx = half_m / job->lengths->x[c], dy = half_m / job->lengths->y[c];
    double sum = 0.0;
    int known = 0;
    for (int a = 0; a < AXES; a++) {
        double ahead[2], behind[2];
        const double x = dx * job->cosine[a], y = dy * job->sine[a];
        if (!sample(job, (double)j + y, (double)i + x, ahead) || !sample(job, (double)j - y, (double)i - x, behind))
            continue;
        sum += (ahead[0] - behind[0]) * job->cosine[a] + (ahead[1] - behind[1]) * job->sine[a];
        known++;
    }
    return known >= LEAST_AXES ? sum / known : (double)NAN;
}

static nwc_status outflow_row(int64_t j, void *user)
{
    const struct outflow *const job = user;
    for (int64_t i = 0; i < job->u->dim[1]; i++) {
        double best = NAN, at = NAN;
        for (double half = job->step_m; half <= job->half_m * (1.0 + 1e-9); half += job->step_m) {
            const double here = mean_difference(job, j, i, half);
            if (here > best || isnan(best)) best = here, at = isnan(here) ? (double)NAN : 2.0 * half;
        }
        *nwc__flat_cell(job->outflow, j, i) = (float)best;
        if (job->length) *nwc__flat_cell(job->length, j, i) = (float)at;
    }
    return NWC_OK;
}

nwc_status nwc_wind_outflow(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, double within_m, nwc_field *outflow,
                            nwc_field *length_m)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_wind(ctx, u, v, 2));
    NWC__TRY(nwc__check_field(outflow, "outflow", 2));
    NWC__TRY(check_like(outflow, "outflow", u));
    NWC__TRY(check_like(length_m, "length_m", u));
    nwc_status status = NWC_OK;
    struct lengths lengths = {0};
    struct outflow job = {.u = u, .v = v, .outflow = outflow, .length = length_m, .lengths = &lengths};
    if ((status = find_lengths(ctx, u->grid, &lengths)) != NWC_OK) goto done;
    const int64_t middle = u->dim[0] / 2 * u->dim[1] + u->dim[1] / 2;
    job.step_m = fmin(lengths.x[middle], lengths.y[middle]), job.half_m = 0.5 * within_m;
    if (!(job.half_m >= 0.99 * job.step_m && job.half_m <= MOST_CELLS * job.step_m)) {
        status = nwc__fail(NWC_ERR_ARG, "within_m: 2 to %d times the %.0f m of a cell expected, %g given",
                           2 * MOST_CELLS, job.step_m, within_m);
        goto done;
    }
    job.half_m = fmax(job.half_m, job.step_m);
    for (int a = 0; a < AXES; a++) {
        const double angle = NWC__PI * (double)a / AXES;
        job.cosine[a] = cos(angle), job.sine[a] = sin(angle);
    }
    status = nwc__for_each_tile(ctx, "outflow", u->dim[0], outflow_row, &job);
done:
    release_lengths(ctx, &lengths);
    return status;
}
