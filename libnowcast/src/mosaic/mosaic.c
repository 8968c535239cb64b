/*
 * Mosaics: tiles of strips of columns, in which every radar is gathered (gather_kernel.c) and weighted by its quality. What is
 * averaged of several radars is added in their order, so that the number of threads changes nothing.
 */
#include "mosaic/internal.h"
#include "radar/beam.h"

NWC__DECLARE_KERNELS(nwc__cells_kernels);
NWC__DECLARE_KERNELS(nwc__gather_kernels);
NWC__DECLARE_KERNELS(nwc__within_kernels);

enum {
    TILE_Y = 8,
    TILE_X = 2 * NWC__MOSAIC_COLUMNS,
    COLUMNS = NWC__MOSAIC_COLUMNS,
    CELLS = NWC_MOSAIC_MOST_LEVELS * COLUMNS,
    QIND = 0,
    BLOCKED = 1
};

struct job {
    const nwc__cells_kernels *kernels;
    void (*find_rays)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, nwc__rays *rays);
    void (*gather)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, const nwc__rays *rays,
                   const nwc__block *block, nwc__gathered *out);
    const nwc_grid *grid;
    int64_t tiles_x;
    int32_t n_views;
    nwc__view *views;
    nwc__gathering how; /* beam and radar are each view's own */
    float per_range, per_age, beyond_beams;
    nwc__quantities quantities;
    nwc__metric metric;
    const nwc_field *u, *v; /* NULL: calm */
    const nwc_mosaic_output *output;
};

/* ---- one strip ---- */

/* What radars give to a strip: (level, column). */
struct sums {
    float sum[NWC_MOSAIC_MOST_FIELDS][CELLS], weight[NWC_MOSAIC_MOST_FIELDS][CELLS];
    float quality[CELLS], age[CELLS], age_weight[CELLS];
    int32_t radars[CELLS];
    float lowest_m[COLUMNS];
};

static void begin(const struct job *job, struct sums *sums)
{
    const size_t cells = (size_t)job->grid->nz * COLUMNS;
    for (int32_t f = 0; f < job->quantities.n_fields; f++) {
        memset(sums->sum[f], 0, cells * sizeof(float));
        memset(sums->weight[f], 0, cells * sizeof(float));
    }
    memset(sums->quality, 0, cells * sizeof(float));
    memset(sums->age, 0, cells * sizeof(float));
    memset(sums->age_weight, 0, cells * sizeof(float));
    memset(sums->radars, 0, cells * sizeof(int32_t));
    for (int32_t c = 0; c < COLUMNS; c++) sums->lowest_m[c] = NAN;
}

/* How what is over a column of a view moves, in the plane about its radar. */
static void move(const struct job *job, const nwc_mosaic_lookup *at, int64_t j, int64_t i, float *east_m_s,
                 float *north_m_s)
{
    const float u = job->u ? job->u->data[j * job->u->stride[0] + i * job->u->stride[1]] : 0.0F;
    const float v = job->u ? job->v->data[j * job->v->stride[0] + i * job->v->stride[1]] : 0.0F;
    *east_m_s = *north_m_s = 0.0F;
    if (!(u * u + v * v > 0.0F) || at->ni < 2 || at->nj < 2) return;
    double dx_m, dy_m;
    nwc__metric_at(&job->metric, (double)j, (double)i, &dx_m, &dy_m);
    const int64_t row = j - at->j0, cell = i - at->i0;
    const int64_t i0 = cell > 0 ? cell - 1 : 0, i1 = cell + 1 < at->ni ? cell + 1 : cell;
    const int64_t j0 = row > 0 ? row - 1 : 0, j1 = row + 1 < at->nj ? row + 1 : row;
    const int64_t west = row * at->ni + i0, east = row * at->ni + i1;
    const int64_t south = j0 * at->ni + cell, north = j1 * at->ni + cell;
    const float along = u / ((float)dx_m * (float)(i1 - i0)), up = v / ((float)dy_m * (float)(j1 - j0)); /* cells/s */
    *east_m_s = along * (at->east_m[east] - at->east_m[west]) + up * (at->east_m[north] - at->east_m[south]);
    *north_m_s = along * (at->north_m[east] - at->north_m[west]) + up * (at->north_m[north] - at->north_m[south]);
}

static void take_strip(const struct job *job, const nwc_mosaic_lookup *at, int64_t j, int64_t i, int32_t n,
                       nwc__strip *strip)
{
    *strip = (nwc__strip){.n = n};
    const int64_t first = (j - at->j0) * at->ni + i - at->i0;
    memcpy(strip->east_m, at->east_m + first, (size_t)n * sizeof(float));
    memcpy(strip->north_m, at->north_m + first, (size_t)n * sizeof(float));
    for (int32_t c = 0; job->u && c < n; c++) {
        move(job, at, j, i + c, &strip->east_m_s[c], &strip->north_m_s[c]);
        strip->moves |= strip->east_m_s[c] != 0.0F || strip->north_m_s[c] != 0.0F;
    }
}

/* Levels from first on, with cells that are none where the strip has fewer columns. */
static void take_block(const nwc_mosaic_lookup *at, int64_t j, int64_t i, int32_t n, int32_t first, nwc__block *block)
{
    const int32_t left = (int32_t)at->grid.nz - first;
    const int32_t levels = left < NWC__MOSAIC_LEVELS ? left : NWC__MOSAIC_LEVELS;
    block->n = levels * COLUMNS, block->first = first;
    for (int32_t k = 0; k < levels; k++) {
        const int64_t from = ((j - at->j0) * at->grid.nz + first + k) * at->ni + i - at->i0;
        float *const range = block->range_m + k * COLUMNS, *const elevation = block->elevation_deg + k * COLUMNS;
        memcpy(range, at->range_m + from, (size_t)n * sizeof(float));
        memcpy(elevation, at->elevation_deg + from, (size_t)n * sizeof(float));
        for (int32_t c = n; c < COLUMNS; c++) range[c] = INFINITY, elevation[c] = NAN;
        for (int32_t c = 0; c < COLUMNS; c++) block->z_m[k * COLUMNS + c] = (float)at->grid.z_m[first + k];
    }
}

/* What one radar gives to a block, which lies at so many cells after the first of the strip; got has room for its stacks. */
static void add_block(const struct job *job, int32_t number, const nwc__gathering *how, const nwc__strip *strip,
                      const nwc__rays *rays, const nwc__block *block, nwc__gathered *got, struct sums *into)
{
    const nwc__view *const view = &job->views[number];
    const float *value[NWC__MOSAIC_QUANTITIES] = {NULL};
    const int64_t n = block->n, at = (int64_t)block->first * COLUMNS;
    float *age = NULL, *off = NULL;
    for (int32_t s = 0; s < view->n_stacks; s++) {
        const nwc__stack *const stack = view->stacks[s];
        job->gather(stack, how, strip, &rays[s], block, &got[s]);
        for (int32_t q = 0; q < stack->n_quantities; q++) value[stack->quantity[q]] = got[s].value[q];
        if (stack->quantity[0] >= job->quantities.n_fields) continue;
        for (int64_t k = 0; age && k < n; k++) { /* of the first field that has any there */
            const bool known = age[k] == age[k];
            age[k] = known ? age[k] : got[s].age_s[k], off[k] = known ? off[k] : got[s].off_deg[k];
        }
        if (!age) age = got[s].age_s, off = got[s].off_deg;
    }
    if (!age) return;
    const int32_t extra = job->quantities.n_fields, radar = (int32_t)(1 << number);
    /* QIND has the blocked part in it already. */
    const float *const blocked = value[extra + QIND] ? NULL : value[extra + BLOCKED];
    job->kernels->quality(n, block->range_m, age, value[extra + QIND], blocked, job->per_range, job->per_age,
                          1.0F / view->beam_deg, off);
    for (int32_t f = 0; f < job->quantities.n_fields; f++)
        if (value[f])
            job->kernels->weigh(n, value[f], off, radar, job->quantities.averaging[f] == NWC__OF_THE_BEST,
                                into->sum[f] + at, into->weight[f] + at, into->radars + at);
    job->kernels->describe(n, off, age, radar, into->radars + at, into->quality + at, into->age + at,
                           into->age_weight + at);
}

/* The columns of a strip that a view's lookup has. */
static void add_view(const struct job *job, int32_t number, int64_t j, int64_t i, int32_t n, struct sums *into)
{
    const nwc__view *const view = &job->views[number];
    const nwc_mosaic_lookup *const at = view->lookup;
    if (j < at->j0 || j >= at->j0 + at->nj || i < at->i0 || i >= at->i0 + at->ni || !view->n_stacks) return;
    if (i + n > at->i0 + at->ni) n = (int32_t)(at->i0 + at->ni - i);
    nwc__rays rays[NWC__MOSAIC_QUANTITIES]; /* of each stack; these are large: not cleared */
    nwc__gathered got[NWC__MOSAIC_QUANTITIES];
    nwc__gathering how = job->how;
    nwc__strip strip;
    nwc__block block;
    how.beam_deg = view->beam_deg, how.beyond_deg = job->beyond_beams * view->beam_deg;
    how.sphere_m = at->beam->sphere_m, how.altitude_m = at->altitude_m;
    how.bend = &at->bend, how.nz = at->grid.nz;
    take_strip(job, at, j, i, n, &strip);
    for (int32_t s = 0; s < view->n_stacks; s++) {
        job->find_rays(view->stacks[s], &how, &strip, &rays[s]);
        for (int32_t c = 0; c < n && view->stacks[s]->quantity[0] < job->quantities.n_fields; c++)
            into->lowest_m[c] = fminf(into->lowest_m[c], rays[s].lowest_m[c]);
    }
    for (int32_t first = 0; first < (int32_t)at->grid.nz; first += NWC__MOSAIC_LEVELS) {
        take_block(at, j, i, n, first, &block);
        add_block(job, number, &how, &strip, rays, &block, got, into);
    }
}

static void write_cells(const nwc_field *field, int64_t nz, int64_t j, int64_t i, int32_t n, const float *value)
{
    if (!field) return;
    for (int64_t k = 0; k < nz; k++) {
        float *const to = field->data + k * field->stride[0] + j * field->stride[1] + i * field->stride[2];
        for (int32_t c = 0; c < n; c++) to[c * field->stride[2]] = value[k * COLUMNS + c];
    }
}

static void finish(const struct job *job, int64_t j, int64_t i, int32_t n, struct sums *sums)
{
    const nwc_mosaic_output *const to = job->output;
    const int64_t nz = job->grid->nz, cells = nz * COLUMNS;
    for (int32_t f = 0; f < to->n_fields; f++) {
        job->kernels->mean(cells, sums->weight[f], sums->sum[f]);
        if (job->quantities.averaging[f] <= NWC__AS_Z) job->kernels->to_dbz(cells, sums->sum[f]);
        write_cells(&to->fields[f], nz, j, i, n, sums->sum[f]);
    }
    if (to->age_s) job->kernels->mean(cells, sums->age_weight, sums->age);
    write_cells(to->quality, nz, j, i, n, sums->quality);
    write_cells(to->age_s, nz, j, i, n, sums->age);
    for (int64_t k = 0; to->radars && k < nz; k++) {
        int32_t *const bits =
            to->radars->data + k * to->radars->stride[0] + j * to->radars->stride[1] + i * to->radars->stride[2];
        for (int32_t c = 0; c < n; c++) bits[c * to->radars->stride[2]] = sums->radars[k * COLUMNS + c];
    }
    for (int32_t c = 0; to->lowest_m && c < n; c++)
        to->lowest_m->data[j * to->lowest_m->stride[0] + (i + c) * to->lowest_m->stride[1]] = sums->lowest_m[c];
}

static nwc_status build_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t j0 = tile / job->tiles_x * TILE_Y, i0 = tile % job->tiles_x * TILE_X;
    const int64_t j1 = j0 + TILE_Y < job->grid->ny ? j0 + TILE_Y : job->grid->ny;
    const int64_t i1 = i0 + TILE_X < job->grid->nx ? i0 + TILE_X : job->grid->nx;
    struct sums sums;
    for (int64_t j = j0; j < j1; j++)
        for (int64_t i = i0; i < i1; i += COLUMNS) {
            const int32_t n = (int32_t)(i1 - i < COLUMNS ? i1 - i : COLUMNS);
            begin(job, &sums);
            for (int32_t r = 0; r < job->n_views; r++) add_view(job, r, j, i, n, &sums);
            finish(job, j, i, n, &sums);
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

nwc_status nwc__mosaic_check(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                             const nwc_mosaic_output *output)
{
    NWC__TRY(check_output(ctx, output));
    return check_motion(ctx, u, v, output->fields[0].grid, options);
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

nwc_status nwc__mosaic_make(nwc_ctx *ctx, const nwc__radar *radars, int32_t n_radars, int64_t time_ns,
                            const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                            const nwc_mosaic_output *output)
{
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = output->fields[0].grid;
    const bool within = options->method == NWC_MOSAIC_BARNES || options->method == NWC_MOSAIC_CRESSMAN;
    nwc_mosaic_lookup **own = NULL;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__cells_kernels),
                      .find_rays = NWC__KERNELS(ctx, nwc__gather_kernels)->find_rays,
                      .gather = within ? NWC__KERNELS(ctx, nwc__within_kernels)->gather
                                       : NWC__KERNELS(ctx, nwc__gather_kernels)->gather,
                      .grid = grid,
                      .tiles_x = (grid->nx + TILE_X - 1) / TILE_X,
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
    const int64_t tiles = (grid->ny + TILE_Y - 1) / TILE_Y * job.tiles_x;
    status = nwc__for_each_tile(ctx, "mosaic", tiles, build_tile, &job);
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
    NWC__TRY(nwc__mosaic_check(ctx, u, v, &options, output));
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
