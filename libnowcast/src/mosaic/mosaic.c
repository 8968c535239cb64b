/*
 * Mosaics: what is given is checked, and made into what a strip of columns (strip.c) needs of every radar; then rows of
 * strips are built, several in a tile.
 */
#include "mosaic/internal.h"

NWC__DECLARE_KERNELS(nwc__cells_kernels);
NWC__DECLARE_KERNELS(nwc__gather_kernels);
NWC__DECLARE_KERNELS(nwc__within_kernels);

enum {
    TILE = 4,       /* rows */
    LARGE = 1 << 22 /* bytes: what a cache has forgotten when it is used */
};

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

static nwc_status check_motion(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_grid *grid)
{
    if (!u != !v) return nwc__fail(NWC_ERR_ARG, "u, v: both or neither expected");
    if (!u) return NWC_OK;
    NWC__TRY(check_on(ctx, u, "u", 2, grid));
    return check_on(ctx, v, "v", 2, grid);
}

nwc_status nwc__mosaic_check(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_mosaic_output *output)
{
    NWC__TRY(check_output(ctx, output));
    return check_motion(ctx, u, v, output->fields[0].grid);
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
    all.name[output->n_fields + NWC__QIND] = "QIND", all.name[output->n_fields + NWC__BLOCKED] = "CBB";
    all.averaging[output->n_fields + NWC__QIND] = all.averaging[output->n_fields + NWC__BLOCKED] = NWC__AS_IT_IS;
    return all;
}

static nwc_status build_tile(int64_t tile, void *user)
{
    const nwc__mosaic_job *const job = user;
    const int64_t end = (tile + 1) * TILE < job->grid->ny ? (tile + 1) * TILE : job->grid->ny;
    for (int64_t j = tile * TILE; j < end; j++) nwc__build_row(job, j);
    return NWC_OK;
}

nwc_status nwc__mosaic_make(nwc_ctx *ctx, const nwc__radar *radars, int32_t n_radars, int64_t time_ns,
                            const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                            const nwc_mosaic_output *output)
{
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = output->fields[0].grid;
    const bool within = options->method == NWC_MOSAIC_BARNES || options->method == NWC_MOSAIC_CRESSMAN;
    nwc_mosaic_lookup **own = NULL;
    nwc__mosaic_job job = {.kernels = NWC__KERNELS(ctx, nwc__cells_kernels),
                           .lower = NWC__KERNELS(ctx, nwc__within_kernels)->lower,
                           .gather = within ? NWC__KERNELS(ctx, nwc__within_kernels)->gather
                                            : NWC__KERNELS(ctx, nwc__gather_kernels)->gather,
                           .grid = grid,
                           .large =
                               grid->nz * grid->ny * grid->nx * (int64_t)sizeof(float) * (output->n_fields + 3) > LARGE,
                           .how = {.method = options->method,
                                   .min_known = (float)options->min_known - 1e-5F, /* sums of floats */
                                   .radius_min_m = (float)options->radius_min_m,
                                   .radius_beams = (float)options->radius_beams},
                           .per_range = (float)(1.0 / options->quality_range_m),
                           .per_age = (float)(1.0 / options->quality_age_s),
                           .beyond_beams = (float)options->beyond_beams,
                           .quantities = quantities_of(output, options),
                           .u = u,
                           .v = v,
                           .output = output};
    NWC__ALLOC(ctx, own, n_radars);
    for (int32_t r = 0; r < n_radars; r++) own[r] = NULL;
    NWC__ALLOC(ctx, job.views, n_radars);
    if (u && (status = nwc__metric_create(ctx, grid, &job.metric)) != NWC_OK) goto done;
    for (; job.n_views < n_radars; job.n_views++) {
        const nwc__radar *const radar = &radars[job.n_views];
        nwc_mosaic_lookup **const made = &own[job.n_views];
        if (!radar->lookup && (status = nwc__lookup_create(ctx, &radar->facts, grid, options, made)) != NWC_OK)
            goto done;
        status = nwc__view_create(ctx, radar, radar->lookup ? radar->lookup : *made, time_ns, options, &job.quantities,
                                  &job.views[job.n_views]);
        if (status != NWC_OK) goto done;
    }
    status = nwc__for_each_tile(ctx, "mosaic", (grid->ny + TILE - 1) / TILE, build_tile, &job);
done:
    for (int32_t r = 0; r < job.n_views; r++) nwc__view_destroy(ctx, &job.views[r]);
    for (int32_t r = 0; own && r < n_radars; r++) nwc_mosaic_lookup_destroy(own[r]);
    nwc__metric_destroy(ctx, &job.metric);
    nwc__free(ctx, job.views);
    nwc__free(ctx, own);
    return status;
}

/* ---- volumes ---- */

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

nwc_status nwc_mosaic_build(nwc_ctx *ctx, const nwc_mosaic_input *inputs, int32_t n_inputs, int64_t time_ns,
                            const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *given,
                            const nwc_mosaic_output *output)
{
    ctx = nwc__ctx(ctx);
    nwc_mosaic_options options;
    NWC__TRY(nwc__mosaic_options(given, &options));
    NWC__TRY(nwc__mosaic_check(ctx, u, v, output));
    NWC__TRY(check_inputs(inputs, n_inputs, output->fields[0].grid, &options));
    nwc_status status = NWC_OK;
    nwc__radar radars[NWC_MOSAIC_MOST_RADARS];
    nwc__source *sources = NULL;
    int64_t n_sources = 0;
    for (int32_t r = 0; r < n_inputs; r++) {
        radars[r] = (nwc__radar){.lookup = inputs[r].lookup};
        NWC__TRY(nwc_volume_describe(inputs[r].volume, &radars[r].facts));
        n_sources += radars[r].facts.n_sweeps;
    }
    NWC__ALLOC(ctx, sources, n_sources ? n_sources : 1);
    n_sources = 0;
    for (int32_t r = 0; r < n_inputs; r++) {
        radars[r].sources = sources + n_sources;
        for (int32_t s = 0; s < radars[r].facts.n_sweeps; s++)
            radars[r].sources[radars[r].n_sources++] = (nwc__source){inputs[r].volume, s};
        n_sources += radars[r].n_sources;
    }
    status = nwc__mosaic_make(ctx, radars, n_inputs, time_ns, u, v, &options, output);
done:
    nwc__free(ctx, sources);
    return status;
}
