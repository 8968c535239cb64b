/* The wind at heights above the ground: every column read at each of them. What a column is, and how it is read, is in level_column.c. */
#include "wind/level.h"

#define HIGHEST_M 30000.0

struct job {
    const nwc_wind_cube *cube;
    const nwc_wind_level_options *options;
    const nwc__metric *metric;
    const double *height_m;
    int64_t n;
    const nwc_wind_levels_out *out;
    double *memory; /* a column for every row */
};

static void put(const nwc_field *field, int64_t k, int64_t j, int64_t i, double value)
{
    if (field) *nwc__level_cell(field, k, j, i) = (float)value;
}

static nwc_status level_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nz = job->cube->u->dim[0];
    nwc__level_column column = nwc__level_column_in(job->memory + j * nwc__level_column_room(nz), nz);
    for (int64_t i = 0; i < job->cube->u->dim[2]; i++) {
        double slope_x, slope_y;
        nwc__level_column_read(job->cube, job->options, j, i, &column);
        nwc__level_slope(job->cube->ground_m, job->metric, j, i, &slope_x, &slope_y);
        for (int64_t k = 0; k < job->n; k++) {
            const nwc__level_at at = nwc__level_column_at(&column, job->options, job->height_m[k], slope_x, slope_y);
            put(job->out->u, k, j, i, at.u);
            put(job->out->v, k, j, i, at.v);
            put(job->out->w, k, j, i, at.w);
            put(job->out->error, k, j, i, at.error);
            put(job->out->quality, k, j, i, at.quality);
        }
    }
    return NWC_OK;
}

static nwc_status check_heights(const double *height_m, int64_t n)
{
    if (n < 1 || !height_m) return nwc__fail(NWC_ERR_ARG, "height_m, n: at least one height expected");
    for (int64_t k = 0; k < n; k++) {
        if (!(height_m[k] > 0.0 && height_m[k] <= HIGHEST_M))
            return nwc__fail(NWC_ERR_ARG, "height_m: above 0 and at most %g expected, %g given", HIGHEST_M,
                             height_m[k]);
        if (k > 0 && !(height_m[k] > height_m[k - 1]))
            return nwc__fail(NWC_ERR_ARG, "height_m: increasing heights expected, %g after %g given", height_m[k],
                             height_m[k - 1]);
    }
    return NWC_OK;
}

nwc_status nwc_wind_levels(nwc_ctx *ctx, const nwc_wind_cube *cube, const double *height_m, int64_t n,
                           const nwc_wind_level_options *options, const nwc_wind_levels_out *out)
{
    ctx = nwc__ctx(ctx);
    nwc_wind_level_options taken;
    NWC__TRY(nwc__level_take_options(&taken, options));
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    NWC__TRY(check_heights(height_m, n));
    if (!out || !out->u != !out->v) return nwc__fail(NWC_ERR_ARG, "out: u and v, or neither, expected");
    NWC__TRY(nwc__level_check_levels(out->u, "out.u", cube, n));
    NWC__TRY(nwc__level_check_levels(out->v, "out.v", cube, n));
    NWC__TRY(nwc__level_check_levels(out->w, "out.w", cube, n));
    NWC__TRY(nwc__level_check_levels(out->error, "out.error", cube, n));
    NWC__TRY(nwc__level_check_levels(out->quality, "out.quality", cube, n));
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    const int64_t ny = cube->u->dim[1];
    struct job job = {.cube = cube, .options = &taken, .metric = &metric, .height_m = height_m, .n = n, .out = out};
    if (cube->ground_m && (status = nwc__metric_create(ctx, cube->u->grid, &metric)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.memory, ny * nwc__level_column_room(cube->u->dim[0]));
    status = nwc__for_each_tile(ctx, "levels", ny, level_row, &job);
done:
    nwc__free(ctx, job.memory);
    nwc__metric_destroy(ctx, &metric);
    return status;
}
