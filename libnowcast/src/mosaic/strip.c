/*
 * Rows of a mosaic, strip by strip: of every radar that has columns of a strip its gates are gathered (gather_kernel.c)
 * and weighted by its quality. What is averaged of several radars is added in their order.
 */
#include "mosaic/internal.h"
#include "radar/beam.h"

enum { COLUMNS = NWC__MOSAIC_COLUMNS, LEVELS = NWC__MOSAIC_LEVELS, CELLS = NWC__MOSAIC_BLOCK };

/* The radars that have columns of a strip, by their numbers, and what they share. */
struct strip {
    int64_t j, i;
    int32_t n; /* columns */
    int32_t n_views, view[NWC_MOSAIC_MOST_RADARS];
    nwc__strip at[NWC_MOSAIC_MOST_RADARS]; /* in the plane about each of them */
};

/* What radars give to a block of a strip: (level, column). */
struct sums {
    float sum[NWC_MOSAIC_MOST_FIELDS][CELLS], weight[NWC_MOSAIC_MOST_FIELDS][CELLS];
    float quality[CELLS], age[CELLS], age_weight[CELLS];
    int32_t radars[CELLS];
};

/* Some levels of a row of strips, and what of it is still to be written. */
struct row {
    int64_t j;
    int32_t first, levels;                                     /* the first level, and how many */
    float carry[NWC_MOSAIC_MOST_FIELDS + 3][LEVELS * COLUMNS]; /* of the fields, quality, age and radars */
};

/* How what is over a column of a view moves, in the plane about its radar. */
static void move(const nwc__mosaic_job *job, const nwc_mosaic_lookup *at, int64_t j, int64_t i, float *east_m_s,
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
    const int64_t west = row * at->strips * COLUMNS + i0, east = row * at->strips * COLUMNS + i1;
    const int64_t south = j0 * at->strips * COLUMNS + cell, north = j1 * at->strips * COLUMNS + cell;
    const float along = u / ((float)dx_m * (float)(i1 - i0)), up = v / ((float)dy_m * (float)(j1 - j0)); /* cells/s */
    *east_m_s = along * (at->east_m[east] - at->east_m[west]) + up * (at->east_m[north] - at->east_m[south]);
    *north_m_s = along * (at->north_m[east] - at->north_m[west]) + up * (at->north_m[north] - at->north_m[south]);
}

static nwc__strip place_strip(const nwc__mosaic_job *job, const nwc_mosaic_lookup *at, int64_t j, int64_t i, int32_t n)
{
    nwc__strip strip = {.moves = false};
    const int64_t first = (j - at->j0) * at->strips * COLUMNS + i - at->i0;
    for (int32_t c = 0; c < COLUMNS; c++) {
        const int32_t from = c < n ? c : n - 1;
        strip.east_m[c] = at->east_m[first + from], strip.north_m[c] = at->north_m[first + from];
        if (job->u) move(job, at, j, i + from, &strip.east_m_s[c], &strip.north_m_s[c]);
        strip.moves |= strip.east_m_s[c] != 0.0F || strip.north_m_s[c] != 0.0F;
    }
    return strip;
}

static void find_views(const nwc__mosaic_job *job, struct strip *strip)
{
    strip->n_views = 0;
    for (int32_t r = 0; r < job->n_views; r++) {
        const nwc_mosaic_lookup *const at = job->views[r].lookup;
        const int64_t left = at->i0 + at->ni - strip->i;
        if (strip->j < at->j0 || strip->j >= at->j0 + at->nj || strip->i < at->i0 || left <= 0 ||
            !job->views[r].n_stacks)
            continue;
        strip->at[strip->n_views] =
            place_strip(job, at, strip->j, strip->i, (int32_t)(left < strip->n ? left : strip->n));
        strip->view[strip->n_views++] = r;
    }
}

static nwc__gathering gathering_of(const nwc__mosaic_job *job, const nwc__view *view)
{
    const nwc_mosaic_lookup *const at = view->lookup;
    nwc__gathering how = job->how;
    how.beam_deg = view->beam_deg, how.beyond_deg = job->beyond_beams * view->beam_deg;
    how.sphere_m = (float)at->beam->sphere_m, how.altitude_m = (float)at->altitude_m;
    how.bend = &at->bend, how.nz = at->grid.nz;
    return how;
}

static nwc__block block_of(const nwc_mosaic_lookup *at, const struct strip *strip, int32_t first)
{
    const int64_t nz = at->grid.nz;
    const int64_t level = ((strip->j - at->j0) * at->strips + (strip->i - at->i0) / COLUMNS) * nz + first;
    const nwc__block block = {.levels = (int32_t)(nz - first < LEVELS ? nz - first : LEVELS),
                              .first = first,
                              .range_m = at->range_m + level * COLUMNS,
                              .elevation_deg = at->elevation_deg + level * COLUMNS,
                              .lowest_deg = at->lowest_deg + level,
                              .highest_deg = at->highest_deg + level,
                              .nearest_m = at->nearest_m + level,
                              .farthest_m = at->farthest_m + level,
                              .z_m = at->grid.z_m + first};
    return block;
}

/* Where the first field has no gates, age and angle are those of the first of the others that has. */
static void find_other_ages(const nwc__mosaic_job *job, const nwc__view *view, const nwc__gathering *how,
                            const nwc__strip *strip, const nwc__block *block, nwc__gathered *got)
{
    nwc__gathered other;
    for (int32_t s = 1; s < view->n_stacks; s++) {
        if (view->stacks[s]->quantity[0] >= job->quantities.n_fields) continue;
        job->gather((const nwc__stack *const *)&view->stacks[s], 1, how, strip, block, false, &other);
        job->kernels->take_age(block->levels * COLUMNS, other.age_s, other.off_deg, got->age_s, got->off_deg);
    }
}

/* What one radar, a bit, has of a block, in off_deg its quality. Of what moves stacks share no places. */
static void gather_view(const nwc__mosaic_job *job, const nwc__view *view, const nwc__strip *strip,
                        const nwc__block *block, int32_t radar, nwc__gathered *got, int32_t *radars)
{
    const nwc__gathering how = gathering_of(job, view);
    const int32_t extra = job->quantities.n_fields, n = block->levels * COLUMNS;
    const int32_t n_groups = strip->moves ? view->n_stacks : view->n_groups;
    bool has[NWC__MOSAIC_QUANTITIES] = {false}, lacking = false;
    for (int32_t g = n_groups - 1; g >= 0; g--) { /* the first last: age and angle are its */
        nwc__stack *const *const stacks = strip->moves ? &view->stacks[g] : view->groups[g].stacks;
        const int32_t n_stacks = strip->moves ? 1 : view->groups[g].n;
        job->gather((const nwc__stack *const *)stacks, n_stacks, &how, strip, block, true, got);
        for (int32_t s = 0; s < n_stacks; s++)
            for (int32_t q = 0; q < stacks[s]->n_quantities; q++) has[stacks[s]->quantity[q]] = true;
    }
    for (int32_t q = 0; q < extra; q++) {
        if (!has[q]) job->kernels->fill(n, NAN, got->value[q]);
        if (has[q]) lacking |= job->kernels->mark(n, got->value[q], got->age_s, radar, radars);
    }
    if (lacking) find_other_ages(job, view, &how, strip, block, got);
    /* QIND has the blocked part in it already. */
    const float *const qind = has[extra + NWC__QIND] ? got->value[extra + NWC__QIND] : NULL;
    const float *const blocked = !qind && has[extra + NWC__BLOCKED] ? got->value[extra + NWC__BLOCKED] : NULL;
    job->kernels->quality(n, block->range_m, qind, blocked, job->per_range, job->per_age, 1.0F / view->beam_deg, radar,
                          radars, got->age_s, got->off_deg);
}

/* ---- blocks ---- */

/* What of an output: its cells, which may be NULL, and strides. */
static void write_block(const nwc__mosaic_job *job, const struct strip *strip, const void *cells, float *carry,
                        struct row *row, void *data, const int64_t *stride)
{
    const int64_t at = row->first * stride[0] + row->j * stride[1] + strip->i * stride[2];
    if (data)
        job->kernels->write(row->levels, strip->n, strip->i == 0, strip->i + COLUMNS >= job->grid->nx, job->large,
                            cells, carry, (char *)data + at * (int64_t)sizeof(float), stride[0], stride[2]);
}

static void write_field(const nwc__mosaic_job *job, const struct strip *strip, const float *cells, float *carry,
                        struct row *row, const nwc_field *to)
{
    if (to) write_block(job, strip, cells, carry, row, to->data, to->stride);
}

/* quality and age_s of what the radars know. */
static void write_about(const nwc__mosaic_job *job, const struct strip *strip, const float *quality, const float *age_s,
                        const int32_t *radars, struct row *row)
{
    const nwc_mosaic_output *const to = job->output;
    float(*const carry)[LEVELS * COLUMNS] = row->carry + NWC_MOSAIC_MOST_FIELDS;
    write_field(job, strip, quality, carry[0], row, to->quality);
    write_field(job, strip, age_s, carry[1], row, to->age_s);
    if (to->radars) write_block(job, strip, radars, carry[2], row, to->radars->data, to->radars->stride);
}

/* What a single radar has is written as it is. */
static void build_alone(const nwc__mosaic_job *job, const struct strip *strip, struct row *row)
{
    const nwc_mosaic_output *const to = job->output;
    const int32_t number = strip->view[0];
    const nwc__block block = block_of(job->views[number].lookup, strip, row->first);
    const int32_t n = block.levels * COLUMNS;
    nwc__gathered got; /* not cleared, nor what is below: these are large */
    int32_t radars[CELLS];
    memset(radars, 0, (size_t)n * sizeof *radars);
    gather_view(job, &job->views[number], &strip->at[0], &block, (int32_t)(1 << number), &got, radars);
    for (int32_t f = 0; f < to->n_fields; f++) {
        if (job->quantities.averaging[f] <= NWC__AS_Z) job->kernels->limit(n, got.value[f]);
        write_field(job, strip, got.value[f], row->carry[f], row, &to->fields[f]);
    }
    write_about(job, strip, got.off_deg, got.age_s, radars, row);
}

static void begin(const nwc__mosaic_job *job, size_t cells, struct sums *sums)
{
    for (int32_t f = 0; f < job->quantities.n_fields; f++) {
        memset(sums->sum[f], 0, cells * sizeof(float));
        memset(sums->weight[f], 0, cells * sizeof(float));
    }
    memset(sums->quality, 0, cells * sizeof(float));
    memset(sums->age, 0, cells * sizeof(float));
    memset(sums->age_weight, 0, cells * sizeof(float));
    memset(sums->radars, 0, cells * sizeof(int32_t));
}

/* Of several radars, or none. */
static void build_together(const nwc__mosaic_job *job, const struct strip *strip, struct row *row)
{
    const int32_t n = row->levels * COLUMNS;
    nwc__gathered got;
    struct sums sums;
    begin(job, (size_t)n, &sums);
    for (int32_t m = 0; m < strip->n_views; m++) {
        const nwc__view *const view = &job->views[strip->view[m]];
        const int32_t radar = (int32_t)(1 << strip->view[m]);
        const nwc__block block = block_of(view->lookup, strip, row->first);
        gather_view(job, view, &strip->at[m], &block, radar, &got, sums.radars);
        for (int32_t f = 0; f < job->quantities.n_fields; f++)
            job->kernels->weigh(n, got.value[f], got.off_deg, job->quantities.averaging[f], sums.sum[f],
                                sums.weight[f]);
        job->kernels->describe(n, got.off_deg, got.age_s, sums.quality, sums.age, sums.age_weight);
    }
    for (int32_t f = 0; f < job->quantities.n_fields; f++) {
        job->kernels->mean(n, sums.weight[f], sums.sum[f]);
        if (job->quantities.averaging[f] <= NWC__AS_Z) job->kernels->to_dbz(n, sums.sum[f]);
        write_field(job, strip, sums.sum[f], row->carry[f], row, &job->output->fields[f]);
    }
    job->kernels->mean(n, sums.age_weight, sums.age);
    write_about(job, strip, sums.quality, sums.age, sums.radars, row);
}

/* Of one radar. Planes that are no lower than those whose beams pass are not looked at. */
static void find_lowest(const nwc__mosaic_job *job, const nwc__view *view, const nwc__strip *strip, float *lowest_m)
{
    const nwc__gathering how = gathering_of(job, view);
    float passing_deg = INFINITY;
    for (int32_t c = 0; c < COLUMNS; c++) lowest_m[c] = NAN;
    for (int32_t s = 0; s < view->n_stacks; s++) {
        const nwc__stack *const stack = view->stacks[s];
        if (stack->quantity[0] >= job->quantities.n_fields || stack->edge_deg[0] >= passing_deg) continue;
        if (job->lower(stack, &how, strip, lowest_m)) passing_deg = stack->edge_deg[0];
    }
}

static void build_lowest(const nwc__mosaic_job *job, const struct strip *strip)
{
    const nwc_field *const to = job->output->lowest_m;
    float lowest_m[COLUMNS], own_m[COLUMNS];
    if (!to) return;
    for (int32_t c = 0; c < COLUMNS; c++) lowest_m[c] = NAN;
    for (int32_t m = 0; m < strip->n_views; m++) {
        const nwc__view *const view = &job->views[strip->view[m]];
        const int64_t columns = view->lookup->i0 + view->lookup->ni - strip->i;
        find_lowest(job, view, &strip->at[m], own_m);
        for (int32_t c = 0; c < COLUMNS && c < columns; c++)
            lowest_m[c] = lowest_m[c] <= own_m[c] || isnan(own_m[c]) ? lowest_m[c] : own_m[c];
    }
    for (int32_t c = 0; c < strip->n; c++)
        to->data[strip->j * to->stride[0] + (strip->i + c) * to->stride[1]] = lowest_m[c];
}

/* ---- rows ---- */

static void build_levels(const nwc__mosaic_job *job, struct row *row)
{
    struct strip strip = {.j = row->j};
    for (strip.i = 0; strip.i < job->grid->nx; strip.i += COLUMNS) {
        strip.n = (int32_t)(job->grid->nx - strip.i < COLUMNS ? job->grid->nx - strip.i : COLUMNS);
        find_views(job, &strip);
        (strip.n_views == 1 ? build_alone : build_together)(job, &strip, row);
        if (row->first == 0) build_lowest(job, &strip);
    }
}

void nwc__build_row(const nwc__mosaic_job *job, int64_t j)
{
    const int32_t nz = (int32_t)job->grid->nz;
    struct row row; /* large: not cleared */
    row.j = j;
    for (row.first = 0; row.first < nz; row.first += LEVELS) {
        row.levels = nz - row.first < LEVELS ? nz - row.first : LEVELS;
        build_levels(job, &row);
    }
    job->kernels->publish();
}
