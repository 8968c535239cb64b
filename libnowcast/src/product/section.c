/* Vertical sections: every level read bilinearly at points given by the caller. */
#include "product/column.h"

/* The four cells around a point, and their weights. */
struct corner {
    int64_t j[2], i[2];
    double wy, wx; /* of the second of each */
};

struct job {
    const nwc_field *field;
    int64_t n;
    const double *x, *y;
    nwc_field *section;
    float *rows; /* (nz, 2, nx) */
};

static void nearest_two(double at, int64_t n, int64_t pair[2], double *weight)
{
    const double held = fmin(fmax(at, 0.0), (double)(n - 1));
    pair[0] = (int64_t)fmin(floor(held), (double)(n > 1 ? n - 2 : 0));
    pair[1] = n > 1 ? pair[0] + 1 : pair[0];
    *weight = held - (double)pair[0];
}

/* False outside the cells of the grid. */
static bool corners_of(const nwc_grid *grid, double x, double y, struct corner *corner)
{
    const double fx = (x - grid->x_first) / grid->dx, fy = (y - grid->y_first) / grid->dy;
    if (!(fx >= -0.5 && fx <= (double)grid->nx - 0.5 && fy >= -0.5 && fy <= (double)grid->ny - 0.5)) return false;
    nearest_two(fx, grid->nx, corner->i, &corner->wx);
    nearest_two(fy, grid->ny, corner->j, &corner->wy);
    return true;
}

static nwc_status section_level(int64_t k, void *user)
{
    const struct job *const job = user;
    const nwc_field level = nwc_field_part(job->field, k);
    const int64_t nx = level.dim[1];
    float *const row[2] = {job->rows + 2 * k * nx, job->rows + (2 * k + 1) * nx};
    int64_t in_row[2] = {-1, -1};
    for (int64_t p = 0; p < job->n; p++) {
        struct corner at;
        double sum = 0.0, weight = 0.0;
        const bool inside = corners_of(level.grid, job->x[p], job->y[p], &at);
        for (int b = 0; b < 2 && inside; b++) {
            if (in_row[b] != at.j[b]) nwc__linear_row(&level, in_row[b] = at.j[b], row[b]);
            for (int a = 0; a < 2; a++) {
                const double w = (b ? at.wy : 1.0 - at.wy) * (a ? at.wx : 1.0 - at.wx);
                const float cell = row[b][at.i[a]];
                sum += isnan(cell) ? 0.0 : w * (double)cell;
                weight += isnan(cell) ? 0.0 : w;
            }
        }
        job->section->data[k * job->section->stride[0] + p * job->section->stride[1]] =
            weight >= 0.5 ? nwc__from_linear(job->field, (float)(sum / weight)) : NAN;
    }
    return NWC_OK;
}

nwc_status nwc_product_section(nwc_ctx *ctx, const nwc_field *field, int64_t n, const double *x, const double *y,
                               nwc_field *section)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_levels(ctx, field, "field", NULL));
    NWC__TRY(nwc__check_field(section, "section", 2));
    if (n < 1 || !x || !y) return nwc__fail(NWC_ERR_ARG, "n, x, y: at least one point expected");
    if (section->dim[0] != field->dim[0] || section->dim[1] != n)
        return nwc__fail(NWC_ERR_ARG, "section: %lld levels x %lld points expected, %lld x %lld given",
                         (long long)field->dim[0], (long long)n, (long long)section->dim[0],
                         (long long)section->dim[1]);
    nwc_status status = NWC_OK;
    struct job job = {.field = field, .n = n, .x = x, .y = y, .section = section};
    NWC__ALLOC(ctx, job.rows, 2 * field->dim[0] * field->dim[2]);
    status = nwc__for_each_tile(ctx, "section", field->dim[0], section_level, &job);
done:
    nwc__free(ctx, job.rows);
    return status;
}
