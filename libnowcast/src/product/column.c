/* Products that pick something from every column: greatest and lowest values, one height, tops and bases of echo. */
#include "product/column.h"

nwc_status nwc__check_levels(nwc_ctx *ctx, const nwc_field *field, const char *name, const char *units)
{
    NWC__TRY(nwc__check_field(field, name, 3));
    NWC__TRY(nwc__check_on_grid(ctx, field, name));
    if (field->grid->nz != field->dim[0])
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld levels of its grid expected, %lld given", name,
                         (long long)field->grid->nz, (long long)field->dim[0]);
    if (units && (!field->units || strcmp(field->units, units) != 0))
        return nwc__fail(NWC_ERR_ARG, "%s: units \"%s\" expected, %s given", name, units,
                         field->units ? field->units : "none");
    return NWC_OK;
}

nwc_status nwc__check_flat(const nwc_field *flat, const char *name, const nwc_field *like, bool may_be_absent)
{
    if (!flat && may_be_absent) return NWC_OK;
    NWC__TRY(nwc__check_field(flat, name, 2));
    return nwc__check_same_shape(flat, name, like, "the column");
}

/* ---- greatest, lowest ---- */

struct pick {
    const nwc_field *field, *ground;
    double low_m, high_m;
    bool first; /* the lowest known value, not the greatest */
    nwc_field *value, *height;
};

static nwc_status pick_row(int64_t j, void *user)
{
    const struct pick *const job = user;
    float *const value = nwc__flat_row(job->value, j);
    float *const height = job->height ? nwc__flat_row(job->height, j) : NULL;
    const int64_t nx = job->field->dim[2], step = job->value->stride[1];
    for (int64_t i = 0; i < nx; i++) {
        value[i * step] = NAN;
        if (height) height[i * job->height->stride[1]] = NAN;
    }
    for (int64_t k = 0; k < job->field->dim[0]; k++) {
        const nwc__row level = nwc__level_row(job->field, k, j);
        const double z = job->field->grid->z_m[k];
        for (int64_t i = 0; i < nx; i++) {
            const float here = level.cells[i * level.step], best = value[i * step];
            const double above = z - nwc__ground_at(job->ground, j, i);
            const bool within = above >= job->low_m && above <= job->high_m && !isnan(here);
            const bool take = within && (isnan(best) || (!job->first && here > best));
            value[i * step] = take ? here : best;
            if (height && take) height[i * job->height->stride[1]] = (float)z;
        }
    }
    return NWC_OK;
}

static nwc_status pick(nwc_ctx *ctx, struct pick *job, const char *name)
{
    NWC__TRY(nwc__check_levels(ctx, job->field, "field", NULL));
    NWC__TRY(nwc__check_flat(job->ground, "ground_m", job->field, true));
    NWC__TRY(nwc__check_flat(job->value, name, job->field, false));
    NWC__TRY(nwc__check_flat(job->height, "height_m", job->field, true));
    return nwc__for_each_tile(ctx, "column", job->field->dim[1], pick_row, job);
}

nwc_status nwc_product_layer_max(nwc_ctx *ctx, const nwc_field *field, const nwc_field *ground_m, double low_m,
                                 double high_m, nwc_field *greatest, nwc_field *height_m)
{
    if (!(low_m <= high_m))
        return nwc__fail(NWC_ERR_ARG, "low_m, high_m: a layer expected, %g to %g given", low_m, high_m);
    struct pick job = {.field = field, .ground = ground_m, .low_m = low_m, .high_m = high_m};
    job.value = greatest, job.height = height_m;
    return pick(nwc__ctx(ctx), &job, "greatest");
}

nwc_status nwc_product_lowest(nwc_ctx *ctx, const nwc_field *field, nwc_field *lowest, nwc_field *height_m)
{
    struct pick job = {.field = field, .low_m = -INFINITY, .high_m = INFINITY, .first = true};
    job.value = lowest, job.height = height_m;
    return pick(nwc__ctx(ctx), &job, "lowest");
}

/* ---- one height ---- */

struct cappi {
    const nwc_field *field;
    int64_t below, above; /* levels; the same one where the height is that of a level */
    float weight;         /* of the upper one */
    float *rows;          /* (ny, 2, nx) */
    nwc_field *out;
};

static nwc_status cappi_row(int64_t j, void *user)
{
    const struct cappi *const job = user;
    const int64_t nx = job->field->dim[2];
    float *const lower = job->rows + 2 * j * nx, *const upper = lower + nx, *const out = nwc__flat_row(job->out, j);
    const nwc_field below = nwc_field_part(job->field, job->below), above = nwc_field_part(job->field, job->above);
    nwc__linear_row(&below, j, lower);
    nwc__linear_row(&above, j, upper);
    for (int64_t i = 0; i < nx; i++) {
        const float nearer = job->weight < 0.5F ? lower[i] : upper[i];
        const float between = (1.0F - job->weight) * lower[i] + job->weight * upper[i];
        out[i * job->out->stride[1]] = nwc__from_linear(job->field, isnan(between) ? nearer : between);
    }
    return NWC_OK;
}

nwc_status nwc_product_cappi(nwc_ctx *ctx, const nwc_field *field, double height_m, nwc_field *level)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_levels(ctx, field, "field", NULL));
    NWC__TRY(nwc__check_flat(level, "level", field, false));
    if (!isfinite(height_m)) return nwc__fail(NWC_ERR_ARG, "height_m: a finite height expected, %g given", height_m);
    const double *const z = field->grid->z_m;
    const int64_t nz = field->dim[0];
    if (height_m < z[0] || height_m > z[nz - 1]) {
        for (int64_t j = 0; j < level->dim[0]; j++)
            for (int64_t i = 0; i < level->dim[1]; i++) nwc__flat_row(level, j)[i * level->stride[1]] = NAN;
        return NWC_OK;
    }
    nwc_status status = NWC_OK;
    struct cappi job = {.field = field, .out = level};
    while (z[job.above] < height_m) job.above++;
    job.below = z[job.above] > height_m ? job.above - 1 : job.above;
    if (job.below < job.above) job.weight = (float)((height_m - z[job.below]) / (z[job.above] - z[job.below]));
    NWC__ALLOC(ctx, job.rows, 2 * field->dim[1] * field->dim[2]);
    status = nwc__for_each_tile(ctx, "column", field->dim[1], cappi_row, &job);
done:
    nwc__free(ctx, job.rows);
    return status;
}

/* ---- tops and bases ---- */

struct tops {
    const nwc_field *dbz;
    float threshold;
    nwc_field *top, *base;
    nwc_flags *open;
};

/* The height between a level at or above the threshold and one below it, at which the straight line crosses. */
static float crossing(float threshold, float inside, double z_inside, float outside, double z_outside)
{
    const double share = (double)(inside - threshold) / (double)(inside - outside);
    return (float)(z_inside + share * (z_outside - z_inside));
}

nwc__span nwc__span_of(const float *column, int64_t step, int64_t nz, const double *z_m, float threshold)
{
    nwc__span span = {.top = NAN, .base = NAN};
    bool found = false;
    for (int64_t k = 0; k < nz; k++) {
        const float here = column[k * step];
        if (isnan(here)) continue;
        if (isnan(span.top)) span.top = span.base = 0.0F; /* known, and no echo yet */
        if (here < threshold) continue;
        if (!found) {
            const float below = k > 0 ? column[(k - 1) * step] : NAN;
            span.base = isnan(below) ? (float)z_m[k] : crossing(threshold, here, z_m[k], below, z_m[k - 1]);
            span.open = isnan(below) ? NWC_COLUMN_BASE_OPEN : 0;
            found = true;
        }
        const float above = k + 1 < nz ? column[(k + 1) * step] : NAN;
        span.top =
            isnan(above) || above >= threshold ? (float)z_m[k] : crossing(threshold, here, z_m[k], above, z_m[k + 1]);
        span.open = (uint8_t)((span.open & NWC_COLUMN_BASE_OPEN) | (isnan(above) ? NWC_COLUMN_TOP_OPEN : 0));
    }
    return span;
}

static nwc_status tops_row(int64_t j, void *user)
{
    const struct tops *const job = user;
    for (int64_t i = 0; i < job->dbz->dim[2]; i++) {
        const nwc_field *const dbz = job->dbz;
        const float *const column = dbz->data + j * dbz->stride[1] + i * dbz->stride[2];
        const nwc__span span = nwc__span_of(column, dbz->stride[0], dbz->dim[0], dbz->grid->z_m, job->threshold);
        nwc__flat_row(job->top, j)[i * job->top->stride[1]] = span.top;
        if (job->base) nwc__flat_row(job->base, j)[i * job->base->stride[1]] = span.base;
        if (job->open) job->open->data[j * job->open->stride[0] + i * job->open->stride[1]] = span.open;
    }
    return NWC_OK;
}

nwc_status nwc_product_echo_top(nwc_ctx *ctx, const nwc_field *dbz, double threshold_dbz, nwc_field *top_m,
                                nwc_field *base_m, nwc_flags *open)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_levels(ctx, dbz, "dbz", "dBZ"));
    NWC__TRY(nwc__check_flat(top_m, "top_m", dbz, false));
    NWC__TRY(nwc__check_flat(base_m, "base_m", dbz, true));
    if (open) {
        NWC__TRY(nwc__check_flags(open, "open", 2));
        if (open->dim[0] != dbz->dim[1] || open->dim[1] != dbz->dim[2])
            return nwc__fail(NWC_ERR_ARG, "open: the %lld x %lld cells of dbz expected, %lld x %lld given",
                             (long long)dbz->dim[1], (long long)dbz->dim[2], (long long)open->dim[0],
                             (long long)open->dim[1]);
    }
    if (!(threshold_dbz > (double)NWC__NO_ECHO_DBZ && threshold_dbz <= 100.0))
        return nwc__fail(NWC_ERR_ARG, "threshold_dbz: above %g and at most 100 expected, %g given",
                         (double)NWC__NO_ECHO_DBZ, threshold_dbz);
    struct tops job = {.dbz = dbz, .threshold = (float)threshold_dbz, .top = top_m, .base = base_m, .open = open};
    return nwc__for_each_tile(ctx, "column", dbz->dim[1], tops_row, &job);
}

/* ---- isotherms ---- */

struct isotherm {
    const nwc_field *field;
    float value;
    nwc_field *height;
};

static nwc_status isotherm_row(int64_t j, void *user)
{
    const struct isotherm *const job = user;
    const nwc_field *const field = job->field;
    for (int64_t i = 0; i < field->dim[2]; i++) {
        const float *const column = field->data + j * field->stride[1] + i * field->stride[2];
        const double *const z = field->grid->z_m;
        const nwc__span span = nwc__span_of(column, field->stride[0], field->dim[0], z, job->value);
        int64_t lowest = 0;
        while (lowest < field->dim[0] && isnan(column[lowest * field->stride[0]])) lowest++;
        bool reached = false;
        for (int64_t k = lowest; k < field->dim[0] && !reached; k++)
            reached = column[k * field->stride[0]] >= job->value;
        float height = span.open & NWC_COLUMN_TOP_OPEN ? NAN : span.top;
        if (!reached && lowest < field->dim[0]) height = (float)z[lowest];
        nwc__flat_row(job->height, j)[i * job->height->stride[1]] = height;
    }
    return NWC_OK;
}

nwc_status nwc_product_isotherm(nwc_ctx *ctx, const nwc_field *field, double value, nwc_field *height_m)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_levels(ctx, field, "field", NULL));
    NWC__TRY(nwc__check_flat(height_m, "height_m", field, false));
    if (!isfinite(value)) return nwc__fail(NWC_ERR_ARG, "value: a finite value expected, %g given", value);
    struct isotherm job = {.field = field, .value = (float)value, .height = height_m};
    return nwc__for_each_tile(ctx, "column", field->dim[1], isotherm_row, &job);
}
