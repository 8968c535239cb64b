/*
 * Distances to the nearest cell of a set, exact and Euclidean, and what follows from them: filling, dilation, erosion.
 *
 * Felzenszwalb and Huttenlocher (2012), Theory of Computing 8, 415: first the nearest set cell within each column, then, along
 * each row, the lower envelope of the parabolas these give. Linear in the number of cells. Of cells equally near the one
 * found first, from the south and the west, is taken.
 */
#include "grid/nearest.h"

#include "grid/internal.h"

enum { COLUMNS = 64 };

struct job {
    int64_t ny, nx;
    double dy, dx;
    const uint8_t *set;
    int32_t *row;     /* (ny, nx): row of the nearest set cell of the column, -1 for none */
    int32_t *nearest; /* out */
    double *scratch;  /* 2 nx + 1 for each row */
    int32_t *vertex;  /* nx for each row */
};

/* A block of columns, swept northward and back. */
static nwc_status sweep_columns(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t first = tile * COLUMNS, end = first + COLUMNS < job->nx ? first + COLUMNS : job->nx;
    for (int64_t j = 0; j < job->ny; j++)
        for (int64_t i = first; i < end; i++) {
            const int64_t at = j * job->nx + i;
            job->row[at] = job->set[at] ? (int32_t)j : j > 0 ? job->row[at - job->nx] : -1;
        }
    for (int64_t j = job->ny - 2; j >= 0; j--)
        for (int64_t i = first; i < end; i++) {
            const int64_t at = j * job->nx + i;
            const int32_t south = job->row[at], north = job->row[at + job->nx];
            if (north >= 0 && (south < 0 || north - j < j - south)) job->row[at] = north;
        }
    return NWC_OK;
}

/* One row: vertex[k] is the column whose parabola is lowest from start[k] to start[k + 1]. */
static nwc_status search_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->nx;
    const int32_t *const row = job->row + j * nx;
    int32_t *const vertex = job->vertex + j * nx, *const nearest = job->nearest + j * nx;
    double *const start = job->scratch + j * (2 * nx + 1), *const height = start + nx + 1;
    int64_t n = 0;
    for (int64_t i = 0; i < nx; i++) {
        if (row[i] < 0) continue;
        const double up = job->dy * (double)(row[i] - j), x = job->dx * (double)i;
        height[i] = up * up;
        while (n > 0) {
            const int32_t before = vertex[n - 1];
            const double x_before = job->dx * (double)before;
            const double meet = 0.5 * ((height[i] - height[before]) / (x - x_before) + x + x_before);
            if (meet > start[n - 1]) {
                start[n] = meet;
                break;
            }
            n--;
        }
        if (n == 0) start[0] = -INFINITY;
        vertex[n++] = (int32_t)i;
    }
    for (int64_t i = 0, k = 0; i < nx; i++) {
        while (k + 1 < n && start[k + 1] < job->dx * (double)i) k++;
        nearest[i] = n > 0 ? (int32_t)(row[vertex[k]] * nx + vertex[k]) : -1;
    }
    return NWC_OK;
}

nwc_status nwc__nearest(nwc_ctx *ctx, const uint8_t *set, int64_t ny, int64_t nx, double dy, double dx,
                        int32_t *nearest)
{
    nwc_status status = NWC_OK;
    struct job job = {.ny = ny, .nx = nx, .dy = dy, .dx = dx, .set = set, .nearest = nearest};
    NWC__ALLOC(ctx, job.row, ny * nx);
    NWC__ALLOC(ctx, job.vertex, ny * nx);
    NWC__ALLOC(ctx, job.scratch, ny * (2 * nx + 1));
    if ((status = nwc__for_each_tile(ctx, "nearest", (nx + COLUMNS - 1) / COLUMNS, sweep_columns, &job)) != NWC_OK)
        goto done;
    status = nwc__for_each_tile(ctx, "nearest", ny, search_row, &job);
done:
    nwc__free(ctx, job.scratch);
    nwc__free(ctx, job.vertex);
    nwc__free(ctx, job.row);
    return status;
}

/* ---- what is made of it ---- */

static nwc_status check_shape(const int64_t *dim, const int64_t *expected, const char *name)
{
    if (dim[0] != expected[0] || dim[1] != expected[1])
        return nwc__fail(NWC_ERR_ARG, "%s: %lld x %lld cells expected, %lld x %lld given", name, (long long)expected[0],
                         (long long)expected[1], (long long)dim[0], (long long)dim[1]);
    if (expected[0] * expected[1] > INT32_MAX)
        return nwc__fail(NWC_ERR_ARG, "%s: at most %d cells expected", name, INT32_MAX);
    return NWC_OK;
}

/* Where the flags are set, or not set with invert, as contiguous bytes. */
static uint8_t *copy_set(nwc_ctx *ctx, const nwc_flags *flags, bool invert)
{
    const int64_t ny = flags->dim[0], nx = flags->dim[1];
    uint8_t *const set = nwc__alloc(ctx, ny * nx, 1);
    for (int64_t j = 0; set && j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            set[j * nx + i] = (flags->data[j * flags->stride[0] + i * flags->stride[1]] != 0) != invert;
    return set;
}

nwc_status nwc_grid_distance(nwc_ctx *ctx, const nwc_flags *set, double dy, double dx, nwc_field *distance)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_flags(set, "set", 2));
    NWC__TRY(nwc__check_field(distance, "distance", 2));
    NWC__TRY(check_shape(distance->dim, set->dim, "distance"));
    if (!(dy > 0.0 && dx > 0.0 && isfinite(dy) && isfinite(dx)))
        return nwc__fail(NWC_ERR_ARG, "dy, dx: above 0 expected, %g and %g given", dy, dx);
    nwc_status status = NWC_OK;
    const int64_t ny = set->dim[0], nx = set->dim[1];
    int32_t *nearest = NULL;
    uint8_t *const copy = copy_set(ctx, set, false);
    if (!copy) return NWC_ERR_NOMEM;
    NWC__ALLOC(ctx, nearest, ny * nx);
    if ((status = nwc__nearest(ctx, copy, ny, nx, dy, dx, nearest)) != NWC_OK) goto done;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const int32_t at = nearest[j * nx + i];
            const double y = dy * (double)(at / nx - j), x = dx * (double)(at % nx - i);
            distance->data[j * distance->stride[0] + i * distance->stride[1]] =
                at < 0 ? NAN : (float)sqrt(y * y + x * x);
        }
done:
    nwc__free(ctx, nearest);
    nwc__free(ctx, copy);
    return status;
}

nwc_status nwc_grid_fill(nwc_ctx *ctx, const nwc_field *field, double reach, nwc_field *filled)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(field, "field", 2));
    NWC__TRY(nwc__check_field(filled, "filled", 2));
    NWC__TRY(check_shape(filled->dim, field->dim, "filled"));
    if (!(reach >= 0.0)) return nwc__fail(NWC_ERR_ARG, "reach: at least 0 cells expected, %g given", reach);
    nwc_status status = NWC_OK;
    const int64_t ny = field->dim[0], nx = field->dim[1];
    uint8_t *known = NULL;
    int32_t *nearest = NULL;
    float *cells = NULL; /* a copy: filled may be field */
    NWC__ALLOC(ctx, known, ny * nx);
    NWC__ALLOC(ctx, nearest, ny * nx);
    NWC__ALLOC(ctx, cells, ny * nx);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            cells[j * nx + i] = field->data[j * field->stride[0] + i * field->stride[1]];
            known[j * nx + i] = !isnan(cells[j * nx + i]);
        }
    if ((status = nwc__nearest(ctx, known, ny, nx, 1.0, 1.0, nearest)) != NWC_OK) goto done;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const int32_t at = nearest[j * nx + i];
            const double y = (double)(at / nx - j), x = (double)(at % nx - i);
            filled->data[j * filled->stride[0] + i * filled->stride[1]] =
                at >= 0 && y * y + x * x <= reach * reach ? cells[at] : NAN;
        }
done:
    nwc__free(ctx, cells);
    nwc__free(ctx, nearest);
    nwc__free(ctx, known);
    return status;
}

/* Cells within radius of the set, or, with invert, farther than radius from all that is outside it. */
static nwc_status spread(nwc_ctx *ctx, const nwc_flags *set, double radius, bool invert, nwc_flags *out)
{
    NWC__TRY(nwc__check_flags(set, "set", 2));
    NWC__TRY(nwc__check_flags(out, "out", 2));
    NWC__TRY(check_shape(out->dim, set->dim, "out"));
    if (!(radius >= 0.0)) return nwc__fail(NWC_ERR_ARG, "radius: at least 0 cells expected, %g given", radius);
    nwc_status status = NWC_OK;
    const int64_t ny = set->dim[0], nx = set->dim[1];
    int32_t *nearest = NULL;
    uint8_t *const copy = copy_set(ctx, set, invert);
    if (!copy) return NWC_ERR_NOMEM;
    NWC__ALLOC(ctx, nearest, ny * nx);
    if ((status = nwc__nearest(ctx, copy, ny, nx, 1.0, 1.0, nearest)) != NWC_OK) goto done;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const int32_t at = nearest[j * nx + i];
            const double y = (double)(at / nx - j), x = (double)(at % nx - i);
            const bool near = at >= 0 && y * y + x * x <= radius * radius;
            out->data[j * out->stride[0] + i * out->stride[1]] = near != invert;
        }
done:
    nwc__free(ctx, nearest);
    nwc__free(ctx, copy);
    return status;
}

nwc_status nwc_grid_dilate(nwc_ctx *ctx, const nwc_flags *set, double radius, nwc_flags *dilated)
{
    return spread(nwc__ctx(ctx), set, radius, false, dilated);
}

nwc_status nwc_grid_erode(nwc_ctx *ctx, const nwc_flags *set, double radius, nwc_flags *eroded)
{
    return spread(nwc__ctx(ctx), set, radius, true, eroded);
}
