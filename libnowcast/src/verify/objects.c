/*
 * Objects of a forecast and of what was observed, matched one to one: the way of Davis, Brown and Bullock (2006), with the objects of
 * the cells engine and the interest maps that MET uses by default. Objects are not merged into clusters.
 */
#include "verify/objects.h"

#include <stdlib.h>

struct nwc_object_match {
    nwc_ctx memory; /* the allocator this was made with */
    nwc_cells *forecast, *observed;
    nwc_object_pair *pairs;
    int32_t n_pairs;
};

void nwc_verify_objects_options_init(nwc_verify_objects_options *options)
{
    if (options)
        *options = (nwc_verify_objects_options){.struct_size = sizeof *options,
                                                .wet = 0.1,
                                                .quantile = 0.95,
                                                .factor = 1.0 / 15.0,
                                                .threshold = 1.0,
                                                .radius = 2.0,
                                                .reach_m = 60e3,
                                                .interest = 0.7};
}

/* Refuse a number that is not within low to high. */
static nwc_status check_range(const char *name, double value, double low, double high)
{
    if (value >= low && value <= high) return NWC_OK;
    return nwc__fail(NWC_ERR_ARG, "%s: %g to %g expected, %g given", name, low, high, value);
}

nwc_status nwc__objects_take_options(nwc_verify_objects_options *options, const nwc_verify_objects_options *given)
{
    nwc_verify_objects_options_init(options);
    NWC__TRY(nwc__take_options(options, sizeof *options, given, "options"));
    NWC__TRY(check_range("wet", options->wet, 1e-30, 1e30));
    NWC__TRY(check_range("quantile", options->quantile, 0.0, 1.0));
    NWC__TRY(check_range("factor", options->factor, 1e-6, 1.0 - 1e-6));
    NWC__TRY(check_range("threshold", options->threshold, -1e30, 1e30));
    NWC__TRY(check_range("radius", options->radius, 0.0, 256.0));
    NWC__TRY(check_range("least_area", options->least_area, 0.0, 1e30));
    NWC__TRY(check_range("reach_m", options->reach_m, 1e-6, 1e30));
    return check_range("interest", options->interest, 0.0, 1.0);
}

nwc_status nwc__object_fields_create(nwc_ctx *ctx, const nwc_field *forecast, const nwc_field *observed,
                                     const nwc_flags *use, struct nwc__object_fields *fields)
{
    *fields = (struct nwc__object_fields){0};
    NWC__TRY(nwc__verify_check_pair(forecast, "forecast", observed, use));
    NWC__TRY(nwc__check_on_grid(ctx, forecast, "forecast"));
    NWC__TRY(nwc_field_create(ctx, forecast->grid, 0, forecast->units, &fields->forecast));
    const nwc_status status = nwc_field_create(ctx, forecast->grid, 0, forecast->units, &fields->observed);
    if (status != NWC_OK) {
        nwc__object_fields_release(ctx, fields);
        return status;
    }
    for (int64_t j = 0; j < forecast->dim[0]; j++)
        for (int64_t i = 0; i < forecast->dim[1]; i++) {
            const float f = forecast->data[j * forecast->stride[0] + i * forecast->stride[1]];
            const float o = observed->data[j * observed->stride[0] + i * observed->stride[1]];
            if (!isfinite(f) || !isfinite(o)) continue;
            if (use && !use->data[j * use->stride[0] + i * use->stride[1]]) continue;
            fields->forecast.data[j * forecast->dim[1] + i] = f;
            fields->observed.data[j * forecast->dim[1] + i] = o;
        }
    return NWC_OK;
}

void nwc__object_fields_release(nwc_ctx *ctx, struct nwc__object_fields *fields)
{
    nwc_field_release(ctx, &fields->observed);
    nwc_field_release(ctx, &fields->forecast);
}

nwc_status nwc__objects_find(nwc_ctx *ctx, const nwc_field *field, double threshold, double least_area,
                             nwc_cells **cells)
{
    nwc_cells_options options;
    nwc_cells_options_init(&options);
    options.method = NWC_CELLS_SINGLE;
    options.threshold = options.least_peak = threshold;
    options.least_size = least_area;
    return nwc_cells_identify(ctx, field, &options, cells);
}

/* ---- smoothing by a disc ---- */

struct disc_job {
    const nwc_field *field;
    const double *so_far, *known; /* [y][x + 1]: of each row, the sum and the number of known cells before x */
    double radius;
    float *smooth;
};

static nwc_status disc_row(int64_t j, void *user)
{
    const struct disc_job *const job = user;
    const int64_t ny = job->field->dim[0], nx = job->field->dim[1], reach = (int64_t)job->radius;
    for (int64_t i = 0; i < nx; i++) {
        double sum = 0.0, n = 0.0;
        for (int64_t b = j - reach < 0 ? 0 : j - reach; b <= j + reach && b < ny; b++) {
            const int64_t half = (int64_t)sqrt(job->radius * job->radius - (double)((b - j) * (b - j)));
            const int64_t first = i - half < 0 ? 0 : i - half, end = i + half + 1 < nx ? i + half + 1 : nx;
            sum += job->so_far[b * (nx + 1) + end] - job->so_far[b * (nx + 1) + first];
            n += job->known[b * (nx + 1) + end] - job->known[b * (nx + 1) + first];
        }
        job->smooth[j * nx + i] = isnan(job->field->data[j * nx + i]) ? NAN : (float)(sum / n);
    }
    return NWC_OK;
}

/* Smooth a contiguous field in place, over the known cells of a disc; what is not known stays so. */
static nwc_status smooth(nwc_ctx *ctx, double radius, nwc_field *field)
{
    const int64_t ny = field->dim[0], nx = field->dim[1];
    if (radius < 1.0) return NWC_OK;
    nwc_status status;
    double *so_far = NULL, *known = NULL;
    float *result = NULL;
    NWC__ALLOC(ctx, so_far, ny * (nx + 1));
    NWC__ALLOC(ctx, known, ny * (nx + 1));
    NWC__ALLOC(ctx, result, ny * nx);
    for (int64_t j = 0; j < ny; j++) {
        double *const sum = so_far + j * (nx + 1), *const n = known + j * (nx + 1);
        sum[0] = n[0] = 0.0;
        for (int64_t i = 0; i < nx; i++) {
            const float cell = field->data[j * nx + i];
            sum[i + 1] = sum[i] + (isnan(cell) ? 0.0 : (double)cell);
            n[i + 1] = n[i] + !isnan(cell);
        }
    }
    struct disc_job job = {field, so_far, known, radius, result};
    if ((status = nwc__for_each_tile(ctx, "objects", ny, disc_row, &job)) != NWC_OK) goto done;
    memcpy(field->data, result, (size_t)(ny * nx) * sizeof *result);

done:
    nwc__free(ctx, result);
    nwc__free(ctx, known);
    nwc__free(ctx, so_far);
    return status;
}

/* ---- pairs ---- */

static double less_than_one(double value)
{
    return value < 1.0 ? value : 1.0;
}

static double aspect(const nwc_cell *object)
{
    return object->major_m > 0.0 ? object->minor_m / object->major_m : 1.0;
}

/* The attributes of a pair with so many cells in common, and its total interest; 0 beyond reach. */
static nwc_object_pair compare(const nwc_cell *f, const nwc_cell *o, int64_t common, double metres_x, double metres_y,
                               double reach_m)
{
    const double a = aspect(f), b = aspect(o), turned = fabs(f->orientation_deg - o->orientation_deg);
    const double smaller = (double)(f->n < o->n ? f->n : o->n);
    nwc_object_pair pair = {
        .forecast = f->id - 1,
        .observed = o->id - 1,
        .distance_m = hypot((f->x - o->x) * metres_x, (f->y - o->y) * metres_y),
        .area_ratio = f->area_m2 < o->area_m2 ? f->area_m2 / o->area_m2 : o->area_m2 / f->area_m2,
        .intersection = (double)common / smaller,
        .angle_deg = turned > 90.0 ? 180.0 - turned : turned,
        .aspect_ratio = a < b   ? a / b
                        : a > b ? b / a
                                : 1.0,
    };
    if (pair.distance_m >= reach_m) return pair;
    const double sure = (1.0 - a) * (1.0 - b); /* of the angle: the axes of round objects say nothing */
    const double angle = pair.angle_deg <= 30.0 ? 1.0 : (90.0 - pair.angle_deg) / 60.0;
    const double interest = 2.0 * (1.0 - pair.distance_m / reach_m) + less_than_one(pair.area_ratio / 0.8) +
                            2.0 * less_than_one(pair.intersection / 0.25) + less_than_one(pair.aspect_ratio / 0.8) +
                            sure * angle;
    pair.interest = interest / (6.0 + sure);
    return pair;
}

/* Better pairs first; of equal ones, those of the first objects. */
static int order(const void *left, const void *right)
{
    const nwc_object_pair *const a = left, *const b = right;
    if (a->interest != b->interest) return a->interest > b->interest ? -1 : 1;
    if (a->forecast != b->forecast) return a->forecast < b->forecast ? -1 : 1;
    return (a->observed > b->observed) - (a->observed < b->observed);
}

/* Keep the best pair of each object, of n candidates in order; taken: a byte for each object of both fields. */
static int32_t keep_best(nwc_object_pair *pairs, int64_t n, int32_t n_forecast, uint8_t *taken)
{
    int32_t kept = 0;
    for (int64_t k = 0; k < n; k++) {
        uint8_t *const f = taken + pairs[k].forecast, *const o = taken + n_forecast + pairs[k].observed;
        if (*f || *o) continue;
        *f = *o = 1;
        pairs[kept++] = pairs[k];
    }
    return kept;
}

/* The number of cells that each forecast object has in common with each observed one: [forecast][observed]. */
static nwc_status count_common(nwc_ctx *ctx, const nwc_object_match *match, const nwc_grid *grid, int32_t n_observed,
                               int64_t *common)
{
    nwc_status status;
    int32_t *labels = NULL;
    const int64_t n = grid->ny * grid->nx;
    NWC__ALLOC(ctx, labels, 2 * n);
    for (int k = 0; k < 2; k++) {
        nwc_labels into = {.data = labels + k * n, .ndim = 2, .dim = {grid->ny, grid->nx}, .stride = {grid->nx, 1}};
        status = nwc_cells_labels(k ? match->observed : match->forecast, 1, &into);
        if (status != NWC_OK) goto done;
    }
    for (int64_t i = 0; i < n; i++)
        if (labels[i] && labels[n + i]) common[(int64_t)(labels[i] - 1) * n_observed + labels[n + i] - 1]++;

done:
    nwc__free(ctx, labels);
    return status;
}

static nwc_status match_objects(nwc_ctx *ctx, nwc_object_match *match, const nwc_grid *grid,
                                const nwc_verify_objects_options *options)
{
    nwc_status status;
    nwc_cells_table f, o;
    NWC__TRY(nwc_cells_lend(match->forecast, &f));
    NWC__TRY(nwc_cells_lend(match->observed, &o));
    const int64_t all = (int64_t)f.n_storms * o.n_storms;
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(ctx, grid, &metric));
    int64_t *common = NULL, n = 0;
    uint8_t *taken = NULL;
    NWC__ALLOC(ctx, common, all);
    NWC__ALLOC(ctx, taken, (int64_t)f.n_storms + o.n_storms);
    NWC__ALLOC(ctx, match->pairs, all);
    for (int64_t k = 0; k < all; k++) common[k] = 0;
    for (int32_t k = 0; k < f.n_storms + o.n_storms; k++) taken[k] = 0;
    if ((status = count_common(ctx, match, grid, o.n_storms, common)) != NWC_OK) goto done;
    for (int32_t a = 0; a < f.n_storms; a++)
        for (int32_t b = 0; b < o.n_storms; b++) {
            match->pairs[n] = compare(&f.storms[a], &o.storms[b], common[(int64_t)a * o.n_storms + b],
                                      metric.mean_dx_m / grid->dx, metric.mean_dy_m / grid->dy, options->reach_m);
            n += match->pairs[n].interest > 0.0 && match->pairs[n].interest >= options->interest;
        }
    if (n) qsort(match->pairs, (size_t)n, sizeof *match->pairs, order);
    match->n_pairs = keep_best(match->pairs, n, f.n_storms, taken);

done:
    nwc__free(ctx, taken);
    nwc__free(ctx, common);
    nwc__metric_destroy(ctx, &metric);
    return status;
}

nwc_status nwc_object_match_find(nwc_ctx *ctx, const nwc_field *forecast, const nwc_field *observed,
                                 const nwc_flags *use, const nwc_verify_objects_options *given, nwc_object_match **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "match: a place expected, NULL given");
    *made = NULL;
    nwc_verify_objects_options options;
    NWC__TRY(nwc__objects_take_options(&options, given));
    struct nwc__object_fields fields;
    NWC__TRY(nwc__object_fields_create(ctx, forecast, observed, use, &fields));

    nwc_status status;
    nwc_object_match *match;
    NWC__ALLOC(ctx, match, 1);
    *match = (nwc_object_match){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user}};
    if ((status = smooth(ctx, options.radius, &fields.forecast)) != NWC_OK) goto done;
    if ((status = smooth(ctx, options.radius, &fields.observed)) != NWC_OK) goto done;
    status = nwc__objects_find(ctx, &fields.forecast, options.threshold, options.least_area, &match->forecast);
    if (status != NWC_OK) goto done;
    status = nwc__objects_find(ctx, &fields.observed, options.threshold, options.least_area, &match->observed);
    if (status != NWC_OK) goto done;
    if ((status = match_objects(ctx, match, forecast->grid, &options)) != NWC_OK) goto done;
    *made = match;
    match = NULL;

done:
    nwc_object_match_destroy(match);
    nwc__object_fields_release(ctx, &fields);
    return status;
}

void nwc_object_match_destroy(nwc_object_match *match)
{
    if (!match) return;
    nwc_ctx memory = {.alloc = match->memory.alloc, .free = match->memory.free, .alloc_user = match->memory.alloc_user};
    nwc_cells_destroy(match->forecast);
    nwc_cells_destroy(match->observed);
    nwc__free(&memory, match->pairs);
    nwc__free(&memory, match);
}

nwc_status nwc_object_match_lend(const nwc_object_match *match, nwc_object_match_table *table)
{
    if (!match) return nwc__fail(NWC_ERR_ARG, "match: a match expected, NULL given");
    if (!table) return nwc__fail(NWC_ERR_ARG, "table: a place expected, NULL given");
    nwc_cells_table f, o;
    NWC__TRY(nwc_cells_lend(match->forecast, &f));
    NWC__TRY(nwc_cells_lend(match->observed, &o));
    *table = (nwc_object_match_table){f.n_storms, o.n_storms, match->n_pairs, f.storms, o.storms, match->pairs};
    return NWC_OK;
}
