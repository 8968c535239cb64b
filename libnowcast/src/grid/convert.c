/*
 * Units and directions: reflectivity and rain rate by Z = a R^b, dBZ and Z, and winds along the grid's axes or towards true
 * east and north.
 */
#include "grid/average.h"

#define LEAST_RAIN_DBZ (-10.0F) /* what is weaker is no rain */

enum { BLOCK_ROWS = 32 };

static bool is_dbz(const nwc_field *field)
{
    return field->units && strcmp(field->units, "dBZ") == 0;
}

void nwc__linear_row(const nwc_field *field, int64_t j, float *linear)
{
    const float *const cells = field->data + j * field->stride[0];
    const int64_t nx = field->dim[1], step = field->stride[1];
    for (int64_t i = 0; i < nx; i++) linear[i] = cells[i * step];
    if (!is_dbz(field)) return;
    for (int64_t i = 0; i < nx; i++) linear[i] = linear[i] <= NWC__NO_ECHO_DBZ ? 0.0F : powf(10.0F, 0.1F * linear[i]);
}

float nwc__from_linear(const nwc_field *field, float linear)
{
    if (!is_dbz(field)) return linear;
    if (isnan(linear)) return NAN;
    const float dbz = linear > 0.0F ? 10.0F * log10f(linear) : NWC__NO_ECHO_DBZ;
    return dbz < NWC__NO_ECHO_DBZ ? NWC__NO_ECHO_DBZ : dbz;
}

/* ---- rain ---- */

struct rain {
    const nwc_field *from;
    nwc_field *to;
    float a, b;
};

static nwc_status rate_row(int64_t j, void *user)
{
    const struct rain *const job = user;
    const float *const from = job->from->data + j * job->from->stride[0];
    float *const to = job->to->data + j * job->to->stride[0];
    const float over_a = 1.0F / job->a, over_b = 1.0F / job->b;
    for (int64_t i = 0; i < job->from->dim[1]; i++) {
        const float dbz = from[i * job->from->stride[1]];
        to[i * job->to->stride[1]] = isnan(dbz)             ? NAN
                                     : dbz < LEAST_RAIN_DBZ ? 0.0F
                                                            : powf(powf(10.0F, 0.1F * dbz) * over_a, over_b);
    }
    return NWC_OK;
}

static nwc_status dbz_row(int64_t j, void *user)
{
    const struct rain *const job = user;
    const float *const from = job->from->data + j * job->from->stride[0];
    float *const to = job->to->data + j * job->to->stride[0];
    const float log_a = 10.0F * log10f(job->a);
    for (int64_t i = 0; i < job->from->dim[1]; i++) {
        const float rate = from[i * job->from->stride[1]];
        const float dbz = rate > 0.0F ? log_a + 10.0F * job->b * log10f(rate) : NWC__NO_ECHO_DBZ;
        to[i * job->to->stride[1]] = isnan(rate) ? NAN : dbz < NWC__NO_ECHO_DBZ ? NWC__NO_ECHO_DBZ : dbz;
    }
    return NWC_OK;
}

static nwc_status convert(nwc_ctx *ctx, const nwc_field *from, const char *from_name, const char *from_units, double a,
                          double b, nwc_field *to, const char *to_name, nwc__tile_fn fn)
{
    NWC__TRY(nwc__check_field(from, from_name, 2));
    NWC__TRY(nwc__check_field(to, to_name, 2));
    NWC__TRY(nwc__check_same_shape(to, to_name, from, from_name));
    if (!from->units || strcmp(from->units, from_units) != 0)
        return nwc__fail(NWC_ERR_ARG, "%s: units \"%s\" expected, %s given", from_name, from_units,
                         from->units ? from->units : "none");
    if (!(a > 0.0 && b > 0.0 && isfinite(a) && isfinite(b)))
        return nwc__fail(NWC_ERR_ARG, "a, b: above 0 expected, %g and %g given", a, b);
    struct rain job = {.from = from, .to = to, .a = (float)a, .b = (float)b};
    return nwc__for_each_tile(ctx, "rain", from->dim[0], fn, &job);
}

nwc_status nwc_grid_rate_from_dbz(nwc_ctx *ctx, const nwc_field *dbz, double a, double b, nwc_field *rate)
{
    return convert(nwc__ctx(ctx), dbz, "dbz", "dBZ", a, b, rate, "rate", rate_row);
}

nwc_status nwc_grid_dbz_from_rate(nwc_ctx *ctx, const nwc_field *rate, double a, double b, nwc_field *dbz)
{
    return convert(nwc__ctx(ctx), rate, "rate", "mm h-1", a, b, dbz, "dbz", dbz_row);
}

/* ---- wind ---- */

/* Sine and cosine of the angle from true north to the grid's +y, clockwise, at the n places that work begins with: x, then y; in all 4 n. */
static nwc_status turn_at(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, double *work, double *sine, double *cosine)
{
    double *const x = work, *const y = work + n, *const x_up = work + 2 * n, *const y_up = work + 3 * n;
    const double step = 0.01 * grid->dy;
    for (int64_t c = 0; c < n; c++) {
        x_up[c] = x[c];
        y[c] -= 0.5 * step;
        y_up[c] = y[c] + step;
    }
    NWC__TRY(nwc_grid_to_lonlat(ctx, grid, n, x, y, x, y));
    NWC__TRY(nwc_grid_to_lonlat(ctx, grid, n, x_up, y_up, x_up, y_up));
    for (int64_t c = 0; c < n; c++) {
        const double east = remainder(x_up[c] - x[c], 360.0) * cos(0.5 * NWC__RADIANS * (y[c] + y_up[c]));
        const double north = y_up[c] - y[c], length = hypot(east, north);
        sine[c] = east / length, cosine[c] = north / length;
    }
    return NWC_OK;
}

/* The same of all cells of rows. */
static nwc_status turn_of(nwc_ctx *ctx, const nwc_grid *grid, int64_t row, int64_t rows, double *work, double *sine,
                          double *cosine)
{
    const int64_t n = rows * grid->nx;
    for (int64_t c = 0; c < n; c++) {
        work[c] = grid->x_first + grid->dx * (double)(c % grid->nx);
        work[n + c] = grid->y_first + grid->dy * (double)(row + c / grid->nx);
    }
    return turn_at(ctx, grid, n, work, sine, cosine);
}

nwc_status nwc__grid_turn_at(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const double *x, const double *y,
                             double *sine, double *cosine)
{
    nwc_status status = NWC_OK;
    double *work = NULL;
    NWC__ALLOC(ctx, work, 4 * n);
    for (int64_t c = 0; c < n; c++) work[c] = x[c], work[n + c] = y[c];
    status = turn_at(ctx, grid, n, work, sine, cosine);
done:
    nwc__free(ctx, work);
    return status;
}

nwc_status nwc__grid_turn(nwc_ctx *ctx, const nwc_grid *grid, double *sine, double *cosine)
{
    nwc_status status = NWC_OK;
    double *work = NULL;
    NWC__ALLOC(ctx, work, 4 * BLOCK_ROWS * grid->nx);
    for (int64_t row = 0; row < grid->ny && status == NWC_OK; row += BLOCK_ROWS) {
        const int64_t rows = grid->ny - row < BLOCK_ROWS ? grid->ny - row : BLOCK_ROWS;
        status = turn_of(ctx, grid, row, rows, work, sine + row * grid->nx, cosine + row * grid->nx);
    }
done:
    nwc__free(ctx, work);
    return status;
}

static nwc_status check_wind(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_field *u_out,
                             const nwc_field *v_out)
{
    const nwc_field *const fields[] = {u, v, u_out, v_out};
    static const char *const names[] = {"u", "v", "u_out", "v_out"};
    for (int f = 0; f < 4; f++) {
        NWC__TRY(nwc__check_field(fields[f], names[f], 2));
        NWC__TRY(nwc__check_same_shape(fields[f], names[f], u, "u"));
    }
    return nwc__check_on_grid(ctx, u, "u");
}

nwc_status nwc_grid_rotate_wind(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, int32_t to_true, nwc_field *u_out,
                                nwc_field *v_out)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_wind(ctx, u, v, u_out, v_out));
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = u->grid;
    const int64_t ny = grid->ny, nx = grid->nx, most = BLOCK_ROWS * nx;
    double *work = NULL;
    NWC__ALLOC(ctx, work, 6 * most);
    double *const sine = work + 4 * most, *const cosine = work + 5 * most;
    const double sign = to_true ? 1.0 : -1.0;
    for (int64_t row = 0; row < ny; row += BLOCK_ROWS) {
        const int64_t rows = ny - row < BLOCK_ROWS ? ny - row : BLOCK_ROWS;
        if ((status = turn_of(ctx, grid, row, rows, work, sine, cosine)) != NWC_OK) goto done;
        for (int64_t c = 0; c < rows * nx; c++) {
            const int64_t j = row + c / nx, i = c % nx;
            const double a = (double)u->data[j * u->stride[0] + i * u->stride[1]];
            const double b = (double)v->data[j * v->stride[0] + i * v->stride[1]], s = sign * sine[c];
            u_out->data[j * u_out->stride[0] + i * u_out->stride[1]] = (float)(a * cosine[c] + b * s);
            v_out->data[j * v_out->stride[0] + i * v_out->stride[1]] = (float)(b * cosine[c] - a * s);
        }
    }
done:
    nwc__free(ctx, work);
    return status;
}
