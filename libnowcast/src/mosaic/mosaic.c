/*
 * Mosaics: tiles of columns, in which every radar is gathered (mosaic_kernel.c) and weighted by its quality. What is averaged of
 * several radars is added in their order, so that the number of threads changes nothing.
 */
#include "mosaic/internal.h"

NWC__DECLARE_KERNELS(nwc__mosaic_kernels);

enum { TILE_Y = 8, TILE_X = 32, LEVELS = NWC_MOSAIC_MOST_LEVELS, QIND = 0, BLOCKED = 1 };

struct job {
    const nwc__mosaic_kernels *kernels;
    const nwc_grid *grid;
    int64_t tiles_x;
    int32_t n_views;
    nwc__view *views;
    nwc__gathering how; /* beam and radar are each view's own */
    float per_range, per_age;
    nwc__quantities quantities;
    nwc__metric metric;
    const nwc_field *u, *v; /* NULL: calm */
    const nwc_mosaic_output *output;
};

/* ---- one column ---- */

/* What radars give to a column. */
struct column {
    float sum[NWC_MOSAIC_MOST_FIELDS][LEVELS], weight[NWC_MOSAIC_MOST_FIELDS][LEVELS];
    float quality[LEVELS], age[LEVELS], age_weight[LEVELS];
    int32_t radars[LEVELS];
    float lowest_m;
};

static void begin(const struct job *job, struct column *column)
{
    const int64_t nz = job->grid->nz;
    for (int32_t f = 0; f < job->quantities.n_fields; f++)
        for (int64_t k = 0; k < nz; k++) column->sum[f][k] = column->weight[f][k] = 0.0F;
    for (int64_t k = 0; k < nz; k++) {
        column->quality[k] = column->age[k] = column->age_weight[k] = 0.0F;
        column->radars[k] = 0;
    }
    column->lowest_m = NAN;
}

/* How what is over a column of a view moves, in the plane about its radar. */
static void move(const struct job *job, const nwc__view *view, int64_t j, int64_t i, nwc__column *column)
{
    const nwc_mosaic_lookup *const at = view->lookup;
    const float u = job->u ? job->u->data[j * job->u->stride[0] + i * job->u->stride[1]] : 0.0F;
    const float v = job->u ? job->v->data[j * job->v->stride[0] + i * job->v->stride[1]] : 0.0F;
    column->east_m_s = column->north_m_s = 0.0F;
    if (!(u * u + v * v > 0.0F) || at->ni < 2 || at->nj < 2) return;
    double dx_m, dy_m;
    nwc__metric_at(&job->metric, (double)j, (double)i, &dx_m, &dy_m);
    const int64_t row = j - at->j0, cell = i - at->i0;
    const int64_t i0 = cell > 0 ? cell - 1 : 0, i1 = cell + 1 < at->ni ? cell + 1 : cell;
    const int64_t j0 = row > 0 ? row - 1 : 0, j1 = row + 1 < at->nj ? row + 1 : row;
    const int64_t west = row * at->ni + i0, east = row * at->ni + i1;
    const int64_t south = j0 * at->ni + cell, north = j1 * at->ni + cell;
    const float along = u / ((float)dx_m * (float)(i1 - i0)), up = v / ((float)dy_m * (float)(j1 - j0)); /* cells/s */
    column->east_m_s = along * (at->east_m[east] - at->east_m[west]) + up * (at->east_m[north] - at->east_m[south]);
    column->north_m_s =
        along * (at->north_m[east] - at->north_m[west]) + up * (at->north_m[north] - at->north_m[south]);
}

static void gather_view(const struct job *job, int32_t number, int64_t j, int64_t i, struct column *into)
{
    const nwc__view *const view = &job->views[number];
    const nwc_mosaic_lookup *const at = view->lookup;
    if (j < at->j0 || j >= at->j0 + at->nj || i < at->i0 || i >= at->i0 + at->ni || !view->n_stacks) return;
    const int64_t nz = job->grid->nz, c = (j - at->j0) * at->ni + i - at->i0;
    nwc__column column = {.east_m = at->east_m[c],
                          .north_m = at->north_m[c],
                          .nz = (int32_t)nz,
                          .z_m = at->grid.z_m,
                          .range_m = at->cells + c * 2 * nz,
                          .elevation_deg = at->cells + c * 2 * nz + nz};
    if (!(hypot((double)column.east_m, (double)column.north_m) <= at->reach_m)) return;
    nwc__gathering how = job->how;
    how.beam_deg = view->beam_deg, how.sphere_m = at->sphere_m, how.altitude_m = at->altitude_m;
    move(job, view, j, i, &column);
    nwc__gathered got[NWC__MOSAIC_QUANTITIES]; /* of each stack */
    const float *value[NWC__MOSAIC_QUANTITIES] = {NULL};
    float *age = NULL, *off = NULL;
    for (int32_t s = 0; s < view->n_stacks; s++) {
        const nwc__stack *const stack = view->stacks[s];
        job->kernels->gather(stack, &how, &column, &got[s]);
        for (int32_t q = 0; q < stack->n_quantities; q++) value[stack->quantity[q]] = got[s].value[q];
        if (stack->quantity[0] >= job->quantities.n_fields) continue;
        into->lowest_m = fminf(into->lowest_m, got[s].lowest_m);
        for (int64_t k = 0; age && k < nz; k++) /* of the first field that has any there */
            if (isnan(age[k])) age[k] = got[s].age_s[k], off[k] = got[s].off_deg[k];
        if (!age) age = got[s].age_s, off = got[s].off_deg;
    }
    if (!age) return;
    const int32_t extra = job->quantities.n_fields, radar = (int32_t)(1 << number);
    /* QIND has the blocked part in it already. */
    const float *const blocked = value[extra + QIND] ? NULL : value[extra + BLOCKED];
    job->kernels->quality(nz, column.range_m, age, value[extra + QIND], blocked, job->per_range, job->per_age,
                          1.0F / view->beam_deg, off);
    for (int32_t f = 0; f < job->quantities.n_fields; f++)
        if (value[f])
            job->kernels->weigh(nz, value[f], off, radar, job->quantities.averaging[f] == NWC__OF_THE_BEST,
                                into->sum[f], into->weight[f], into->radars);
    job->kernels->describe(nz, off, age, radar, into->radars, into->quality, into->age, into->age_weight);
}

static void write_levels(const nwc_field *field, int64_t nz, int64_t j, int64_t i, const float *value)
{
    for (int64_t k = 0; field && k < nz; k++)
        field->data[k * field->stride[0] + j * field->stride[1] + i * field->stride[2]] = value[k];
}

static void finish(const struct job *job, int64_t j, int64_t i, struct column *column)
{
    const nwc_mosaic_output *const to = job->output;
    const int64_t nz = job->grid->nz;
    for (int32_t f = 0; f < to->n_fields; f++) {
        job->kernels->mean(nz, column->weight[f], column->sum[f]);
        if (job->quantities.averaging[f] <= NWC__AS_Z) job->kernels->to_dbz(nz, column->sum[f]);
        write_levels(&to->fields[f], nz, j, i, column->sum[f]);
    }
    job->kernels->mean(nz, column->age_weight, column->age);
    write_levels(to->quality, nz, j, i, column->quality);
    write_levels(to->age_s, nz, j, i, column->age);
    for (int64_t k = 0; to->radars && k < nz; k++)
        to->radars->data[k * to->radars->stride[0] + j * to->radars->stride[1] + i * to->radars->stride[2]] =
            column->radars[k];
    if (to->lowest_m) to->lowest_m->data[j * to->lowest_m->stride[0] + i * to->lowest_m->stride[1]] = column->lowest_m;
}

static nwc_status build_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t j0 = tile / job->tiles_x * TILE_Y, i0 = tile % job->tiles_x * TILE_X;
    const int64_t j1 = j0 + TILE_Y < job->grid->ny ? j0 + TILE_Y : job->grid->ny;
    const int64_t i1 = i0 + TILE_X < job->grid->nx ? i0 + TILE_X : job->grid->nx;
    struct column column;
    for (int64_t j = j0; j < j1; j++)
        for (int64_t i = i0; i < i1; i++) {
            begin(job, &column);
            for (int32_t r = 0; r < job->n_views; r++) gather_view(job, r, j, i, &column);
            finish(job, j, i, &column);
        }
    return NWC_OK;
}

/* ---- checks ---- */

static nwc_status check_on(nwc_ctx *ctx, const nwc_field *field, const char *name, int32_t ndim, const nwc_grid *grid)
{
    NWC__TRY(nwc__check_field(field, name, ndim));
    NWC__TRY(nwc__check_on_grid(ctx, field, name));
    if (ndim == 3 && field->dim[0] != grid->nz)
        return nwc__fail(NWC_ERR_ARG, "%s: %lld levels expected, %lld given", name, (long long)grid->nz,
                         (long long)field->dim[0]);
    if (field->grid != grid && field->grid->nz == grid->nz && nwc__same_grid(field->grid, grid)) return NWC_OK;
    nwc_grid flat = *field->grid, like = *grid; /* fields of two dimensions may be on a grid without levels */
    flat.nz = like.nz = 0;
    if (!nwc__same_grid(&flat, &like))
        return nwc__fail(NWC_ERR_ARG, "%s: the grid of the first field expected, another given", name);
    return NWC_OK;
}

static nwc_status check_output(nwc_ctx *ctx, const nwc_mosaic_output *output)
{
    if (!output || output->n_fields < 1 || output->n_fields > NWC_MOSAIC_MOST_FIELDS || !output->names ||
        !output->fields)
        return nwc__fail(NWC_ERR_ARG, "output: 1 to %d fields and their names expected, %d given",
                         NWC_MOSAIC_MOST_FIELDS, output ? (int)output->n_fields : 0);
    NWC__TRY(nwc__check_field(&output->fields[0], "fields[0]", 3));
    const nwc_grid *const grid = output->fields[0].grid;
    if (!grid) return nwc__fail(NWC_ERR_ARG, "fields[0]: a field with a grid expected, it has none");
    NWC__TRY(nwc__check_mosaic_grid(ctx, grid));
    for (int32_t f = 0; f < output->n_fields; f++) {
        if (!output->names[f] || !output->names[f][0] || !output->fields[f].units)
            return nwc__fail(NWC_ERR_ARG, "fields[%d]: a name and units expected, none given", (int)f);
        NWC__TRY(check_on(ctx, &output->fields[f], output->names[f], 3, grid));
    }
    if (output->quality) NWC__TRY(check_on(ctx, output->quality, "quality", 3, grid));
    if (output->age_s) NWC__TRY(check_on(ctx, output->age_s, "age_s", 3, grid));
    if (output->lowest_m) NWC__TRY(check_on(ctx, output->lowest_m, "lowest_m", 2, grid));
    if (!output->radars) return NWC_OK;
    NWC__TRY(nwc__check_labels(output->radars, "radars", 3));
    if (output->radars->dim[0] != grid->nz || output->radars->dim[1] != grid->ny || output->radars->dim[2] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "radars: the shape of the fields expected");
    return NWC_OK;
}

static nwc_status check_inputs(const nwc_mosaic_input *inputs, int32_t n, const nwc_grid *grid,
                               const nwc_mosaic_options *options)
{
    if (!inputs || n < 1 || n > NWC_MOSAIC_MOST_RADARS)
        return nwc__fail(NWC_ERR_ARG, "inputs: 1 to %d volumes expected, %d given", NWC_MOSAIC_MOST_RADARS, (int)n);
    for (int32_t r = 0; r < n; r++) {
        if (!inputs[r].volume) return nwc__fail(NWC_ERR_ARG, "inputs[%d]: a volume expected, NULL given", (int)r);
        if (inputs[r].lookup && !nwc_mosaic_lookup_serves(inputs[r].lookup, inputs[r].volume, grid, options))
            return nwc__fail(NWC_ERR_ARG, "inputs[%d]: the lookup is of another radar, grid or reach", (int)r);
    }
    return NWC_OK;
}

static nwc_status check_motion(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_grid *grid,
                               const nwc_mosaic_options *options)
{
    if (!u != !v) return nwc__fail(NWC_ERR_ARG, "u, v: both or neither expected");
    if (!u) return NWC_OK;
    if (options->method != NWC_MOSAIC_LINEAR && options->method != NWC_MOSAIC_NEAREST)
        return nwc__fail(NWC_ERR_ARG, "u, v: no motion expected with weights within a radius");
    NWC__TRY(check_on(ctx, u, "u", 2, grid));
    return check_on(ctx, v, "v", 2, grid);
}

static nwc__quantities quantities_of(const nwc_mosaic_output *output, const nwc_mosaic_options *options)
{
    nwc__quantities all = {.n = output->n_fields + 2, .n_fields = output->n_fields};
    for (int32_t f = 0; f < output->n_fields; f++) {
        const char *const units = output->fields[f].units;
        all.name[f] = output->names[f];
        all.averaging[f] = strcmp(units, "m s-1") == 0 ? NWC__OF_THE_BEST : NWC__AS_IT_IS;
        if (strcmp(units, "dBZ") == 0)
            all.averaging[f] = options->reflectivity == NWC_MOSAIC_ECHO ? NWC__AS_ECHO : NWC__AS_Z;
    }
    all.name[output->n_fields + QIND] = "QIND", all.name[output->n_fields + BLOCKED] = "CBB";
    all.averaging[output->n_fields + QIND] = all.averaging[output->n_fields + BLOCKED] = NWC__AS_IT_IS;
    return all;
}

nwc_status nwc_mosaic_build(nwc_ctx *ctx, const nwc_mosaic_input *inputs, int32_t n_inputs, int64_t time_ns,
                            const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *given,
                            const nwc_mosaic_output *output)
{
    ctx = nwc__ctx(ctx);
    nwc_mosaic_options options;
    NWC__TRY(nwc__mosaic_options(given, &options));
    NWC__TRY(check_output(ctx, output));
    const nwc_grid *const grid = output->fields[0].grid;
    NWC__TRY(check_inputs(inputs, n_inputs, grid, &options));
    NWC__TRY(check_motion(ctx, u, v, grid, &options));
    nwc_status status = NWC_OK;
    nwc_mosaic_lookup **own = NULL;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__mosaic_kernels),
                      .grid = grid,
                      .tiles_x = (grid->nx + TILE_X - 1) / TILE_X,
                      .how = {.method = options.method,
                              .min_known = (float)options.min_known - 1e-5F, /* sums of floats */
                              .radius_min_m = (float)options.radius_min_m,
                              .radius_beams = (float)options.radius_beams},
                      .per_range = (float)(1.0 / options.quality_range_m),
                      .per_age = (float)(1.0 / options.quality_age_s),
                      .quantities = quantities_of(output, &options),
                      .u = u,
                      .v = v,
                      .output = output};
    NWC__ALLOC(ctx, own, n_inputs);
    for (int32_t r = 0; r < n_inputs; r++) own[r] = NULL;
    NWC__ALLOC(ctx, job.views, n_inputs);
    if (u && (status = nwc__metric_create(ctx, grid, &job.metric)) != NWC_OK) goto done;
    for (; job.n_views < n_inputs; job.n_views++) {
        const nwc_mosaic_input *const input = &inputs[job.n_views];
        nwc_mosaic_lookup **const made = &own[job.n_views];
        if (!input->lookup && (status = nwc_mosaic_lookup_create(ctx, input->volume, grid, given, made)) != NWC_OK)
            goto done;
        status = nwc__view_create(ctx, input, input->lookup ? input->lookup : *made, time_ns, &options, &job.quantities,
                                  &job.views[job.n_views]);
        if (status != NWC_OK) goto done;
    }
    const int64_t tiles = (grid->ny + TILE_Y - 1) / TILE_Y * job.tiles_x;
    status = nwc__for_each_tile(ctx, "mosaic", tiles, build_tile, &job);
done:
    for (int32_t r = 0; r < job.n_views; r++) nwc__view_destroy(ctx, &job.views[r]);
    for (int32_t r = 0; own && r < n_inputs; r++) nwc_mosaic_lookup_destroy(own[r]);
    nwc__metric_destroy(ctx, &job.metric);
    nwc__free(ctx, job.views);
    nwc__free(ctx, own);
    return status;
}
