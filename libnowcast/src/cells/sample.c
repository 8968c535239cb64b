/* Values of fields under cells, and near them: one number for each cell and sample. */
#include "cells/cells.h"

#include <nowcast/cell_attributes.h>

#define FARTHEST_M 50e3
#define DB 0.23025850929940457 /* ln 10 / 10 */

struct job {
    const nwc_cells *cells;
    const nwc_field *fields;
    nwc__metric metric;
    int32_t *first, *order; /* columns of cells, by label */
    int32_t *seen;          /* (y, x): the last walk that came by */
    int32_t walk;
    int32_t *place; /* n of the cell at hand, as j * nx + i */
    int64_t n;
    float *value, *sorted;
    uint32_t *work;
};

static void take(struct job *job, int64_t j, int64_t i)
{
    int32_t *const seen = &job->seen[j * job->cells->grid.nx + i];
    if (*seen == job->walk) return;
    *seen = job->walk;
    job->place[job->n++] = (int32_t)(j * job->cells->grid.nx + i);
}

/* The columns of a cell and those near it. */
static void find_places(struct job *job, const nwc_cell *cell, double reach_m)
{
    const nwc_grid *const grid = &job->cells->grid;
    double dx, dy;
    nwc__metric_at(&job->metric, (cell->y - grid->y_first) / grid->dy, (cell->x - grid->x_first) / grid->dx, &dx, &dy);
    const int64_t high = (int64_t)fmin(reach_m / dy, (double)grid->ny);
    job->n = 0, job->walk++;
    for (int32_t o = job->first[cell->id]; o < job->first[cell->id + 1]; o++) {
        const struct nwc__column *const column = &job->cells->columns[job->order[o]];
        for (int64_t up = -high; up <= high; up++) {
            const int64_t j = column->j + up;
            const double left = reach_m * reach_m - dy * dy * (double)(up * up);
            const int64_t wide = (int64_t)fmin(sqrt(fmax(left, 0.0)) / dx, (double)grid->nx);
            for (int64_t i = column->i - wide; j >= 0 && j < grid->ny && i <= column->i + wide; i++)
                if (i >= 0 && i < grid->nx) take(job, j, i);
        }
    }
}

static float value_at(const struct job *job, const nwc_field *field, int32_t place)
{
    const int64_t nx = job->cells->grid.nx;
    return field->data[place / nx * field->stride[0] + place % nx * field->stride[1]];
}

static double extreme(const struct job *job, int64_t n, double sign)
{
    double most = -INFINITY;
    for (int64_t p = 0; p < n; p++) most = fmax(most, sign * (double)job->value[p]);
    return sign * most;
}

static double mean(const struct job *job, const nwc_field *field, int64_t n)
{
    const bool dbz = field->units && strcmp(field->units, "dBZ") == 0;
    double sum = 0.0;
    for (int64_t p = 0; p < n; p++) sum += dbz ? exp(DB * (double)job->value[p]) : (double)job->value[p];
    return dbz ? log(sum / (double)n) / DB : sum / (double)n;
}

static double percentile(const struct job *job, int64_t n, double percent)
{
    nwc__sort_known(job->value, n, job->work, job->sorted);
    const double at = 0.01 * percent * (double)(n - 1);
    const int64_t below = (int64_t)at, above = below + 1 < n ? below + 1 : below;
    const double share = at - (double)below;
    return (1.0 - share) * (double)job->sorted[below] + share * (double)job->sorted[above];
}

static double area(const struct job *job, const nwc_field *field, double threshold)
{
    const int64_t nx = job->cells->grid.nx;
    double sum = 0.0;
    for (int64_t p = 0; p < job->n; p++) {
        double dx, dy;
        if (!((double)value_at(job, field, job->place[p]) >= threshold)) continue;
        nwc__metric_at(&job->metric, (double)(job->place[p] / nx), (double)(job->place[p] % nx), &dx, &dy);
        sum += dx * dy;
    }
    return sum;
}

/* The value of a field where another has its greatest. */
static double at_greatest(const struct job *job, const nwc_field *field, const nwc_field *other)
{
    int32_t best = -1;
    float most = 0.0F;
    for (int64_t p = 0; p < job->n; p++) {
        const float value = value_at(job, other, job->place[p]);
        if (isnan(value) || (best >= 0 && (value < most || (value == most && job->place[p] > best)))) continue;
        best = job->place[p], most = value;
    }
    return best < 0 ? (double)NAN : (double)value_at(job, field, best);
}

static double at_peak(const struct job *job, const nwc_field *field, const nwc_cell *cell)
{
    const nwc_grid *const grid = &job->cells->grid;
    const int64_t j = llround((cell->y_peak - grid->y_first) / grid->dy);
    const int64_t i = llround((cell->x_peak - grid->x_first) / grid->dx);
    return (double)value_at(job, field, (int32_t)(j * grid->nx + i));
}

static double sample_of(struct job *job, const nwc_cell *cell, const nwc_cell_sample *sample)
{
    const nwc_field *const field = &job->fields[sample->field];
    int64_t n = 0;
    for (int64_t p = 0; p < job->n; p++) {
        job->value[n] = value_at(job, field, job->place[p]);
        n += !isnan(job->value[n]);
    }
    if (sample->kind == NWC_SAMPLE_AT_PEAK) return job->n ? at_peak(job, field, cell) : (double)NAN;
    if (n == 0) return (double)NAN;
    switch (sample->kind) {
    case NWC_SAMPLE_MAX:
        return extreme(job, n, 1.0);
    case NWC_SAMPLE_MIN:
        return extreme(job, n, -1.0);
    case NWC_SAMPLE_MEAN:
        return mean(job, field, n);
    case NWC_SAMPLE_PERCENTILE:
        return percentile(job, n, sample->parameter);
    case NWC_SAMPLE_AREA:
        return area(job, field, sample->parameter);
    default:
        return at_greatest(job, field, &job->fields[sample->other]);
    }
}

static nwc_status check_fields(nwc_ctx *ctx, const nwc_cells *cells, const nwc_field *fields, int32_t n_fields)
{
    if (n_fields < 0 || (n_fields && !fields)) return nwc__fail(NWC_ERR_ARG, "fields: fields expected, none given");
    for (int32_t f = 0; f < n_fields; f++) {
        NWC__TRY(nwc__check_field(&fields[f], "fields", 2));
        NWC__TRY(nwc__check_on_grid(ctx, &fields[f], "fields"));
        if (!nwc__same_columns(fields[f].grid, &cells->grid))
            return nwc__fail(NWC_ERR_ARG, "fields: the grid of the cells expected, another given for field %d", (int)f);
    }
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const nwc_cells *cells, const nwc_field *fields, int32_t n_fields,
                        const nwc_cell_sample *samples, int32_t n_samples, const double *values)
{
    if (!cells) return nwc__fail(NWC_ERR_ARG, "cells: cells expected, NULL given");
    NWC__TRY(check_fields(ctx, cells, fields, n_fields));
    if (n_samples < 0 || (n_samples && !samples))
        return nwc__fail(NWC_ERR_ARG, "samples: samples expected, none given");
    for (int32_t s = 0; s < n_samples; s++) {
        const nwc_cell_sample *const sample = &samples[s];
        if (sample->kind < NWC_SAMPLE_MAX || sample->kind > NWC_SAMPLE_AT_MAX)
            return nwc__fail(NWC_ERR_ARG, "samples: an nwc_sample_kind expected, %d given", (int)sample->kind);
        if (sample->field < 0 || sample->field >= n_fields ||
            (sample->kind == NWC_SAMPLE_AT_MAX && (sample->other < 0 || sample->other >= n_fields)))
            return nwc__fail(NWC_ERR_ARG, "samples: one of %d fields expected in sample %d", (int)n_fields, (int)s);
        if (!(sample->reach_m >= 0.0 && sample->reach_m <= FARTHEST_M))
            return nwc__fail(NWC_ERR_ARG, "reach_m: 0 to %g expected, %g given", FARTHEST_M, sample->reach_m);
        if (sample->kind == NWC_SAMPLE_PERCENTILE && !(sample->parameter >= 0.0 && sample->parameter <= 100.0))
            return nwc__fail(NWC_ERR_ARG, "parameter: 0 to 100 percent expected, %g given", sample->parameter);
        if (sample->kind == NWC_SAMPLE_AREA && isnan(sample->parameter))
            return nwc__fail(NWC_ERR_ARG, "parameter: a threshold expected, %g given", sample->parameter);
    }
    if (cells->n_cells && n_samples && !values)
        return nwc__fail(NWC_ERR_ARG, "values: a place for the values expected, NULL given");
    return NWC_OK;
}

nwc_status nwc_cells_sample(nwc_ctx *ctx, const nwc_cells *cells, const nwc_field *fields, int32_t n_fields,
                            const nwc_cell_sample *samples, int32_t n_samples, double *values)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(ctx, cells, fields, n_fields, samples, n_samples, values));
    struct job job = {.cells = cells, .fields = fields};
    const int64_t most = cells->grid.ny * cells->grid.nx;
    nwc_status status = nwc__metric_create(ctx, &cells->grid, &job.metric);
    if (status != NWC_OK) return status;
    NWC__ALLOC(ctx, job.first, (int64_t)cells->n_cells + 2);
    NWC__ALLOC(ctx, job.order, cells->n_columns);
    NWC__ALLOC(ctx, job.seen, most);
    NWC__ALLOC(ctx, job.place, most);
    NWC__ALLOC(ctx, job.value, most + 1);
    NWC__ALLOC(ctx, job.sorted, most);
    NWC__ALLOC(ctx, job.work, 2 * most);
    memset(job.seen, 0, (size_t)most * sizeof *job.seen);
    nwc__cells_sort_columns(cells, job.first, job.order);
    for (int32_t c = 0; c < cells->n_cells; c++)
        for (int32_t s = 0; s < n_samples; s++) {
            if (s == 0 || samples[s].reach_m != samples[s - 1].reach_m)
                find_places(&job, &cells->cells[c], samples[s].reach_m);
            values[(int64_t)c * n_samples + s] = sample_of(&job, &cells->cells[c], &samples[s]);
        }
done:
    nwc__free(ctx, job.work);
    nwc__free(ctx, job.sorted);
    nwc__free(ctx, job.value);
    nwc__free(ctx, job.place);
    nwc__free(ctx, job.seen);
    nwc__free(ctx, job.order);
    nwc__free(ctx, job.first);
    nwc__metric_destroy(ctx, &job.metric);
    return status;
}
