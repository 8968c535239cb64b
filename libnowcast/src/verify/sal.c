/*
 * Structure, amplitude and location (Wernli, Paulat, Hagen and Frei 2008, equations 1 to 11), with objects of the cells engine, and the
 * sums of many pairs of fields. Of one field:
 *
 *     amount D, centre of mass x; of each object its amount R, greatest value and centre of mass;
 *     volume V = sum R (R / greatest) / sum R; scatter r = sum R |x - centre of the object| / sum R.
 */
#include "verify/objects.h"

struct measures {
    double amount; /* mean of the known cells */
    double x, y;   /* centre of mass, m */
    double volume, scatter;
    int32_t n_objects;
};

/* An object being summed. */
struct object {
    double amount, x, y, greatest;
};

/* The threshold of a field: a share of a quantile of its wet cells; NaN where it is dry. wet: scratch like the field. */
static nwc_status find_threshold(nwc_ctx *ctx, const nwc_field *field, const nwc_verify_objects_options *options,
                                 nwc_field *wet, double *threshold)
{
    const int64_t n = field->dim[0] * field->dim[1];
    for (int64_t i = 0; i < n; i++) wet->data[i] = field->data[i] >= (float)options->wet ? field->data[i] : NAN;
    int64_t known;
    NWC__TRY(nwc_grid_quantiles(ctx, wet, &options->quantile, 1, threshold, &known));
    *threshold *= options->factor;
    return NWC_OK;
}

/* The centre of mass of a field and its amount; cell lengths in m. */
static void weigh(const nwc_field *field, double dx_m, double dy_m, struct measures *m)
{
    double sum = 0.0, known = 0.0, x = 0.0, y = 0.0;
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) {
            const double cell = field->data[j * field->dim[1] + i];
            if (isnan(cell)) continue;
            known += 1.0;
            if (!(cell > 0.0)) continue;
            sum += cell, x += cell * (double)i * dx_m, y += cell * (double)j * dy_m;
        }
    m->amount = nwc__verify_ratio(sum, known);
    m->x = nwc__verify_ratio(x, sum);
    m->y = nwc__verify_ratio(y, sum);
}

/* Volume and scatter of the objects, from the labels of all cells. */
static void weigh_objects(const nwc_field *field, const int32_t *label, double dx_m, double dy_m,
                          struct object *objects, struct measures *m)
{
    for (int32_t k = 0; k < m->n_objects; k++) objects[k] = (struct object){0};
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) {
            const int64_t at = j * field->dim[1] + i;
            if (!label[at]) continue;
            struct object *const object = &objects[label[at] - 1];
            const double cell = field->data[at];
            object->amount += cell;
            object->x += cell * (double)i * dx_m, object->y += cell * (double)j * dy_m;
            object->greatest = fmax(object->greatest, cell);
        }
    double sum = 0.0, volume = 0.0, scatter = 0.0;
    for (int32_t k = 0; k < m->n_objects; k++) {
        const struct object *const o = &objects[k];
        sum += o->amount;
        volume += o->amount * (o->amount / o->greatest);
        scatter += o->amount * hypot(o->x / o->amount - m->x, o->y / o->amount - m->y);
    }
    m->volume = nwc__verify_ratio(volume, sum);
    m->scatter = nwc__verify_ratio(scatter, sum);
}

static nwc_status measure(nwc_ctx *ctx, const nwc_field *field, const nwc_verify_objects_options *options, double dx_m,
                          double dy_m, struct measures *m)
{
    nwc_status status;
    nwc_cells *cells = NULL;
    nwc_cells_table table = {0};
    nwc_field wet = {0};
    int32_t *label = NULL;
    struct object *objects = NULL;
    double threshold;
    *m = (struct measures){0};
    weigh(field, dx_m, dy_m, m);
    if ((status = nwc_field_create(ctx, field->grid, 0, field->units, &wet)) != NWC_OK) goto done;
    if ((status = find_threshold(ctx, field, options, &wet, &threshold)) != NWC_OK) goto done;
    if (!(threshold > 0.0)) goto done;
    if ((status = nwc__objects_find(ctx, field, threshold, 0.0, &cells)) != NWC_OK) goto done;
    if ((status = nwc_cells_lend(cells, &table)) != NWC_OK) goto done;
    m->n_objects = table.n_storms;
    NWC__ALLOC(ctx, label, field->dim[0] * field->dim[1]);
    NWC__ALLOC(ctx, objects, m->n_objects);
    nwc_labels labels = {.data = label, .ndim = 2, .dim = {field->dim[0], field->dim[1]}, .stride = {field->dim[1], 1}};
    if ((status = nwc_cells_labels(cells, 1, &labels)) != NWC_OK) goto done;
    weigh_objects(field, label, dx_m, dy_m, objects, m);

done:
    nwc__free(ctx, objects);
    nwc__free(ctx, label);
    nwc_cells_destroy(cells);
    nwc_field_release(ctx, &wet);
    return status;
}

/* The difference of two amounts by their mean: -2 to 2. */
static double relative(double forecast, double observed)
{
    return nwc__verify_ratio(2.0 * (forecast - observed), forecast + observed);
}

nwc_status nwc_verify_sal(nwc_ctx *ctx, const nwc_field *forecast, const nwc_field *observed, const nwc_flags *use,
                          const nwc_verify_objects_options *given, nwc_sal *sal)
{
    ctx = nwc__ctx(ctx);
    if (!sal) return nwc__fail(NWC_ERR_ARG, "sal: a place expected, NULL given");
    nwc_verify_objects_options options;
    NWC__TRY(nwc__objects_take_options(&options, given));
    struct nwc__object_fields fields;
    NWC__TRY(nwc__object_fields_create(ctx, forecast, observed, use, &fields));
    nwc_status status;
    nwc__metric metric = {0};
    struct measures f, o;
    const nwc_grid *const grid = forecast->grid;
    if ((status = nwc__metric_create(ctx, grid, &metric)) != NWC_OK) goto done;
    const double dx_m = metric.mean_dx_m, dy_m = metric.mean_dy_m;
    const double farthest = hypot((double)(grid->nx - 1) * dx_m, (double)(grid->ny - 1) * dy_m);
    if ((status = measure(ctx, &fields.forecast, &options, dx_m, dy_m, &f)) != NWC_OK) goto done;
    if ((status = measure(ctx, &fields.observed, &options, dx_m, dy_m, &o)) != NWC_OK) goto done;
    const bool both = f.n_objects && o.n_objects;
    *sal = (nwc_sal){
        .structure = both ? relative(f.volume, o.volume) : (double)NAN,
        .amplitude = relative(f.amount, o.amount),
        .centre = both ? nwc__verify_ratio(hypot(f.x - o.x, f.y - o.y), farthest) : (double)NAN,
        .spread = both ? nwc__verify_ratio(2.0 * fabs(f.scatter - o.scatter), farthest) : (double)NAN,
        .n_forecast = f.n_objects,
        .n_observed = o.n_objects,
    };
    sal->location = sal->centre + sal->spread;

done:
    nwc__metric_destroy(ctx, &metric);
    nwc__object_fields_release(ctx, &fields);
    return status;
}

/* ---- sums ---- */

enum { OPTIONS = 8, HEAD = 1 + OPTIONS };
enum {
    N,
    N_STRUCTURE,
    N_AMPLITUDE,
    STRUCTURE,
    STRUCTURE_SIZE,
    AMPLITUDE,
    AMPLITUDE_SIZE,
    LOCATION,
    CENTRE,
    SPREAD,
    OBJECTS_F,
    OBJECTS_O,
    MATCHED,
    INTEREST,
    DISTANCE,
    AREA_RATIO,
    INTERSECTION,
    N_SUMS
};

nwc_status nwc_verify_objects_create(nwc_ctx *ctx, const nwc_verify_objects_options *given, nwc_verify_sums **sums)
{
    ctx = nwc__ctx(ctx);
    if (!sums) return nwc__fail(NWC_ERR_ARG, "sums: a place for the sums expected, NULL given");
    *sums = NULL;
    nwc_verify_objects_options o;
    NWC__TRY(nwc__objects_take_options(&o, given));
    NWC__TRY(nwc__sums_create(ctx, NWC__SUMS_OBJECTS, HEAD, N_SUMS, sums));
    const double head[OPTIONS] = {o.wet,    o.quantile,   o.factor,  o.threshold,
                                  o.radius, o.least_area, o.reach_m, o.interest};
    memcpy((*sums)->state + 1, head, sizeof head);
    return NWC_OK;
}

static void add_sal(const nwc_sal *sal, double *sums)
{
    sums[N] += 1.0;
    if (!isnan(sal->amplitude)) {
        sums[N_AMPLITUDE] += 1.0;
        sums[AMPLITUDE] += sal->amplitude, sums[AMPLITUDE_SIZE] += fabs(sal->amplitude);
    }
    if (isnan(sal->structure) || isnan(sal->location)) return;
    sums[N_STRUCTURE] += 1.0;
    sums[STRUCTURE] += sal->structure, sums[STRUCTURE_SIZE] += fabs(sal->structure);
    sums[LOCATION] += sal->location, sums[CENTRE] += sal->centre, sums[SPREAD] += sal->spread;
}

static void add_match(const nwc_object_match_table *table, double *sums)
{
    sums[OBJECTS_F] += table->n_forecast;
    sums[OBJECTS_O] += table->n_observed;
    sums[MATCHED] += table->n_pairs;
    for (int32_t k = 0; k < table->n_pairs; k++) {
        sums[INTEREST] += table->pairs[k].interest;
        sums[DISTANCE] += table->pairs[k].distance_m;
        sums[AREA_RATIO] += table->pairs[k].area_ratio;
        sums[INTERSECTION] += table->pairs[k].intersection;
    }
}

nwc_status nwc_verify_objects_add(nwc_ctx *ctx, nwc_verify_sums *sums, const nwc_field *forecast,
                                  const nwc_field *observed, const nwc_flags *use)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_OBJECTS, "nwc_verify_objects_create"));
    const double *const head = sums->state + 1;
    nwc_verify_objects_options options;
    nwc_verify_objects_options_init(&options);
    options.wet = head[0], options.quantile = head[1], options.factor = head[2], options.threshold = head[3];
    options.radius = head[4], options.least_area = head[5], options.reach_m = head[6], options.interest = head[7];
    nwc_sal sal;
    nwc_object_match *match;
    nwc_object_match_table table;
    NWC__TRY(nwc_verify_sal(ctx, forecast, observed, use, &options, &sal));
    NWC__TRY(nwc_object_match_find(ctx, forecast, observed, use, &options, &match));
    const nwc_status status = nwc_object_match_lend(match, &table);
    if (status == NWC_OK) {
        add_sal(&sal, sums->state + sums->head);
        add_match(&table, sums->state + sums->head);
    }
    nwc_object_match_destroy(match);
    return status;
}

nwc_status nwc_verify_objects_get_scores(const nwc_verify_sums *sums, nwc_object_scores *scores)
{
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_OBJECTS, "nwc_verify_objects_create"));
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    const double *const s = sums->state + sums->head;
    *scores = (nwc_object_scores){
        .n = (int64_t)s[N],
        .n_structure = (int64_t)s[N_STRUCTURE],
        .n_amplitude = (int64_t)s[N_AMPLITUDE],
        .structure = nwc__verify_ratio(s[STRUCTURE], s[N_STRUCTURE]),
        .structure_size = nwc__verify_ratio(s[STRUCTURE_SIZE], s[N_STRUCTURE]),
        .amplitude = nwc__verify_ratio(s[AMPLITUDE], s[N_AMPLITUDE]),
        .amplitude_size = nwc__verify_ratio(s[AMPLITUDE_SIZE], s[N_AMPLITUDE]),
        .location = nwc__verify_ratio(s[LOCATION], s[N_STRUCTURE]),
        .centre = nwc__verify_ratio(s[CENTRE], s[N_STRUCTURE]),
        .spread = nwc__verify_ratio(s[SPREAD], s[N_STRUCTURE]),
        .objects_forecast = (int64_t)s[OBJECTS_F],
        .objects_observed = (int64_t)s[OBJECTS_O],
        .matched = (int64_t)s[MATCHED],
        .pod = nwc__verify_ratio(s[MATCHED], s[OBJECTS_O]),
        .far = nwc__verify_ratio(s[OBJECTS_F] - s[MATCHED], s[OBJECTS_F]),
        .csi = nwc__verify_ratio(s[MATCHED], s[OBJECTS_F] + s[OBJECTS_O] - s[MATCHED]),
        .interest = nwc__verify_ratio(s[INTEREST], s[MATCHED]),
        .distance_m = nwc__verify_ratio(s[DISTANCE], s[MATCHED]),
        .area_ratio = nwc__verify_ratio(s[AREA_RATIO], s[MATCHED]),
        .intersection = nwc__verify_ratio(s[INTERSECTION], s[MATCHED]),
    };
    return NWC_OK;
}
