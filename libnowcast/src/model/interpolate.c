/*
 * Variables of a model on a grid at given heights and one time: each level is brought to the target's columns, each column to
 * its heights, and the fields of the times beside are weighted linearly. Horizontally first, so that every level is
 * read and resampled once, and winds are turned before they are mixed with those of other columns.
 */
#include "model/model.h"

enum { MOST_FIELDS = 64 };

#define LEVELED                                                                                                        \
    (1U << NWC_VERTICAL_PRESSURE | 1U << NWC_VERTICAL_HYBRID | 1U << NWC_VERTICAL_HEIGHT_SEA |                         \
     1U << NWC_VERTICAL_HEIGHT_GROUND)
#define SINGLE (1U << NWC_VERTICAL_SURFACE | 1U << NWC_VERTICAL_HEIGHT_GROUND | 1U << NWC_VERTICAL_MEAN_SEA)

void nwc_model_interpolate_options_init(nwc_model_interpolate_options *options)
{
    if (options)
        *options = (nwc_model_interpolate_options){.struct_size = sizeof *options,
                                                   .vertical = NWC_MODEL_ANY,
                                                   .member = NWC_MODEL_ANY,
                                                   .reference_ns = INT64_MIN};
}

/* ---- one variable, or the two of a wind ---- */

/* What is read together: a variable, or u and v. */
struct work {
    nwc__run *run;
    const char *name[2]; /* the second is NULL but for winds */
    nwc_field *field[2]; /* either may be NULL for a wind */
    nwc_model_query query;
    nwc__levels levels[2];
    float *stack[2];  /* (levels, y, x) */
    float *column[2]; /* (nz, y, x) of the target at one time */
    double *scratch;  /* for one column on each row */
    int component;
};

static nwc_status one_row(int64_t j, void *user)
{
    const struct work *const work = user;
    const nwc__run *const run = work->run;
    const nwc_grid *const grid = run->target;
    const int64_t n = grid->ny * grid->nx, levels = work->levels[0].n;
    const nwc__column_rule rule = {.levels = levels,
                                   .nz = grid->nz,
                                   .z_m = grid->z_m,
                                   .below_m = run->options->below_m,
                                   .above_m = run->options->above_m,
                                   .logarithmic = strcmp(work->name[0], "pres") == 0};
    const float *const stack = work->stack[work->component] ? work->stack[work->component] : run->pressure_pa;
    for (int64_t i = 0; i < grid->nx; i++) {
        const int64_t p = j * grid->nx + i;
        float *const out = work->column[work->component] + p;
        nwc__column_at(&rule, run->height_m + p, stack + p, n, out, n, work->scratch + j * 2 * levels);
        if (run->options->under_ground || !run->ground_m) continue;
        const double ground_m = nwc__height_of_geopotential((double)run->ground_m[p]);
        for (int64_t k = 0; k < grid->nz && grid->z_m[k] < ground_m; k++) out[k * n] = NAN;
    }
    return NWC_OK;
}

/* Of the levels of two components those that both have: a file may lack one of one of them. */
static void keep_common(nwc__levels *levels, const nwc__levels *other)
{
    int64_t n = 0;
    for (int64_t l = 0; l < levels->n; l++)
        if (nwc__levels_at(other, levels->item[l]->entry.level)) levels->item[n++] = levels->item[l];
    levels->n = n;
}

/* Levels of the query's time, all of them read onto the target's columns. */
static nwc_status read_stack(struct work *work)
{
    nwc__run *const run = work->run;
    const int64_t n = run->target->ny * run->target->nx;
    nwc_status status = NWC_OK;
    for (int c = 0; c < 2 && work->name[c]; c++) {
        nwc_model_query query = work->query;
        query.name = work->name[c];
        if ((status = nwc__levels_find(run->ctx, run->model, &query, &work->levels[c])) != NWC_OK) goto done;
    }
    nwc__levels *const levels = &work->levels[0];
    if (work->name[1]) {
        keep_common(levels, &work->levels[1]);
        keep_common(&work->levels[1], levels);
        if (levels->n == 0) {
            status = nwc__fail(NWC_ERR_NODATA, "%s, %s: a level that both have expected, there is none", work->name[0],
                               work->name[1]);
            goto done;
        }
    }
    for (int c = 0; c < 2 && work->name[c]; c++) NWC__ALLOC(run->ctx, work->stack[c], levels->n * n);
    for (int64_t l = 0; l < levels->n; l++) {
        const nwc__model_item *const item = levels->item[l];
        float *const first = work->stack[0] + l * n;
        status = work->name[1] ? nwc__run_wind(run, item, work->levels[1].item[l], first, work->stack[1] + l * n)
                               : nwc__run_field(run, item, first);
        if (status != NWC_OK) goto done;
    }
done:
    return status;
}

static void release_stack(struct work *work)
{
    nwc_ctx *const ctx = work->run->ctx;
    for (int c = 0; c < 2; c++) {
        nwc__free(ctx, work->stack[c]);
        work->stack[c] = NULL;
        nwc__levels_release(ctx, &work->levels[c]);
    }
    nwc__free(ctx, work->scratch);
    work->scratch = NULL;
}

/* Column fields of the query's time. */
static nwc_status at_time(struct work *work)
{
    nwc__run *const run = work->run;
    const nwc_grid *const grid = run->target;
    const int64_t n = grid->ny * grid->nx;
    nwc_status status = read_stack(work);
    if (status != NWC_OK) goto done;
    if (grid->nz == 0) {
        for (int c = 0; c < 2 && work->name[c]; c++) memcpy(work->column[c], work->stack[c], (size_t)n * sizeof(float));
        goto done;
    }
    if ((status = nwc__run_heights(run, &work->query, &work->levels[0])) != NWC_OK) goto done;
    NWC__ALLOC(run->ctx, work->scratch, grid->ny * 2 * work->levels[0].n);
    for (work->component = 0; work->component < 2 && work->name[work->component]; work->component++)
        if ((status = nwc__for_each_tile(run->ctx, "model", grid->ny, one_row, work)) != NWC_OK) goto done;
done:
    release_stack(work);
    return status;
}

/* Pressure of levels that hold no field of it: from those of another variable. */
static nwc_status pressure_at_time(struct work *work, const char *like)
{
    nwc__run *const run = work->run;
    const nwc_grid *const grid = run->target;
    nwc_model_query query = work->query;
    query.name = like;
    nwc_status status = nwc__levels_find(run->ctx, run->model, &query, &work->levels[0]);
    if (status != NWC_OK) goto done;
    if ((status = nwc__run_heights(run, &query, &work->levels[0])) != NWC_OK) goto done;
    if (!run->pressure_pa) {
        status = nwc__fail(NWC_ERR_NODATA, "pres: nothing tells the pressure of the levels");
        goto done;
    }
    NWC__ALLOC(run->ctx, work->scratch, grid->ny * 2 * work->levels[0].n);
    work->component = 0;
    status = nwc__for_each_tile(run->ctx, "model", grid->ny, one_row, work);
done:
    release_stack(work);
    return status;
}

/* Add weight * column to a field, or begin it. */
static void mix(const struct work *work, int c, double weight, bool begin)
{
    nwc_field *const field = work->field[c];
    const nwc_grid *const grid = work->run->target;
    const int64_t nz = grid->nz ? grid->nz : 1, n = grid->ny * grid->nx;
    if (!field) return;
    const int64_t first = field->ndim == 3 ? field->stride[0] : 0, row = field->stride[field->ndim - 2];
    const int64_t step = field->stride[field->ndim - 1];
    for (int64_t k = 0; k < nz; k++)
        for (int64_t p = 0; p < n; p++) {
            float *const cell = field->data + k * first + p / grid->nx * row + p % grid->nx * step;
            const double part = weight * (double)work->column[c][k * n + p];
            *cell = (float)(begin ? part : (double)*cell + part);
        }
}

static nwc_status single_level(const nwc_model *model, nwc_ctx *ctx, const nwc_model_query *query)
{
    nwc__levels levels;
    NWC__TRY(nwc__levels_find(ctx, model, query, &levels));
    const int64_t n = levels.n;
    nwc__levels_release(ctx, &levels);
    return n == 1 ? NWC_OK
                  : nwc__fail(NWC_ERR_ARG, "%s: one level expected for a flat grid, there are %lld", query->name,
                              (long long)n);
}

/* like: a variable whose levels give the pressure, where name[0] is one that no file holds; else NULL. */
static nwc_status one_variable(struct work *work, int64_t time_ns, const char *like)
{
    nwc__run *const run = work->run;
    const nwc_grid *const grid = run->target;
    const int64_t cells = (grid->nz ? grid->nz : 1) * grid->ny * grid->nx;
    nwc_status status = NWC_OK;
    int64_t times_ns[2];
    int32_t n_times;
    nwc_model_query_init(&work->query);
    work->query.name = like ? like : work->name[0];
    work->query.derived =
        run->options->derived ? run->options->derived : nwc__model_values_of(run->model, work->query.name);
    work->query.vertical = run->options->vertical;
    work->query.member = run->options->member;
    work->query.reference_ns = run->options->reference_ns;
    NWC__TRY(nwc__model_choose(run->model, grid->nz ? LEVELED : SINGLE, time_ns, &work->query, times_ns, &n_times));
    for (int c = 0; c < 2 && work->name[c]; c++) NWC__ALLOC(run->ctx, work->column[c], cells);
    for (int32_t t = 0; t < n_times; t++) {
        const double whole = (double)(times_ns[1] - times_ns[0]), from = (double)(time_ns - times_ns[0]);
        const double weight = n_times == 1 ? 1.0 : t ? from / whole : 1.0 - from / whole;
        work->query.time_ns = times_ns[t];
        if (!grid->nz && (status = single_level(run->model, run->ctx, &work->query)) != NWC_OK) goto done;
        if ((status = like ? pressure_at_time(work, like) : at_time(work)) != NWC_OK) goto done;
        for (int c = 0; c < 2 && work->name[c]; c++) mix(work, c, weight, t == 0);
    }
done:
    nwc__free(run->ctx, work->column[0]);
    nwc__free(run->ctx, work->column[1]);
    return status;
}

/* ---- all of them ---- */

static bool holds(const nwc_model *model, const char *name, uint32_t kinds)
{
    for (int64_t e = 0; e < nwc_model_count(model); e++) {
        const nwc_model_entry *const entry = &nwc__model_item_at(model, e)->entry;
        if ((kinds >> entry->vertical & 1) && strcmp(entry->name, name) == 0) return true;
    }
    return false;
}

/* The other component of a wind; NULL for what is none. *second: name is the second of the two. */
static const char *partner_of(const char *name, bool *second)
{
    static const char *const pairs[][2] = {{"u", "v"}, {"10u", "10v"}, {"100u", "100v"}};
    for (size_t p = 0; p < sizeof pairs / sizeof pairs[0]; p++)
        for (int c = 0; c < 2; c++)
            if (strcmp(pairs[p][c], name) == 0) {
                *second = c == 1;
                return pairs[p][1 - c];
            }
    return NULL;
}

static int32_t find_name(const char *const *names, int32_t n, const char *name)
{
    for (int32_t k = 0; k < n; k++)
        if (strcmp(names[k], name) == 0) return k;
    return -1;
}

static nwc_status interpolate(nwc__run *run, const char *const *names, int32_t n_names, int64_t time_ns,
                              nwc_field *fields)
{
    const uint32_t kinds = run->target->nz ? LEVELED : SINGLE;
    for (int32_t n = 0; n < n_names; n++) {
        bool second = false;
        const char *const partner = partner_of(names[n], &second);
        struct work work = {.run = run, .name = {names[n], NULL}, .field = {&fields[n], NULL}};
        const char *like = NULL;
        if (partner) {
            const int32_t other = find_name(names, n_names, partner);
            if (other >= 0 && other < n) continue; /* both came with the first of them */
            nwc_field *const with = other >= 0 ? &fields[other] : NULL;
            if (second)
                work.name[0] = partner, work.name[1] = names[n], work.field[0] = with, work.field[1] = &fields[n];
            else
                work.name[1] = partner, work.field[1] = with;
        } else if (run->target->nz && strcmp(names[n], "pres") == 0 && !holds(run->model, "pres", LEVELED))
            for (size_t k = 0; !like && k < 3; k++)
                if (holds(run->model, (const char *const[]){"t", "u", "gh"}[k], kinds))
                    like = (const char *const[]){"t", "u", "gh"}[k];
        NWC__TRY(one_variable(&work, time_ns, like));
    }
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const nwc_model *model, const char *const *names, int32_t n_names,
                        const nwc_model_interpolate_options *options, const nwc_field *fields)
{
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a model expected, NULL given");
    if (n_names < 1 || n_names > MOST_FIELDS)
        return nwc__fail(NWC_ERR_ARG, "n_names: 1 to %d expected, %d given", MOST_FIELDS, (int)n_names);
    if (!names || !fields)
        return nwc__fail(NWC_ERR_ARG, "names, fields: %d of each expected, NULL given", (int)n_names);
    for (int32_t n = 0; n < n_names; n++) {
        if (!names[n]) return nwc__fail(NWC_ERR_ARG, "names[%d]: a name expected, NULL given", (int)n);
        if (find_name(names, n, names[n]) >= 0) return nwc__fail(NWC_ERR_ARG, "names: \"%s\" is given twice", names[n]);
        NWC__TRY(nwc__check_on_grid(ctx, &fields[n], "fields"));
        if (fields[n].grid != fields[0].grid && !nwc__same_grid(fields[n].grid, fields[0].grid))
            return nwc__fail(NWC_ERR_ARG, "fields[%d]: the grid of the first field expected, another given", (int)n);
        NWC__TRY(nwc__check_field(&fields[n], "fields", fields[0].grid->nz ? 3 : 2));
        if (fields[n].ndim == 3 && fields[n].dim[0] != fields[0].grid->nz)
            return nwc__fail(NWC_ERR_ARG, "fields[%d]: %lld heights expected, %lld given", (int)n,
                             (long long)fields[0].grid->nz, (long long)fields[n].dim[0]);
    }
    if (!(options->below_m >= 0.0) || !(options->above_m >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "below_m, above_m: at least 0 expected, %g and %g given", options->below_m,
                         options->above_m);
    if (options->vertical < NWC_MODEL_ANY || options->vertical > NWC_VERTICAL_MEAN_SEA)
        return nwc__fail(NWC_ERR_ARG, "vertical: an nwc_model_vertical expected, %d given", (int)options->vertical);
    return NWC_OK;
}

nwc_status nwc_model_interpolate(nwc_ctx *ctx, nwc_model *model, const char *const *names, int32_t n_names,
                                 int64_t time_ns, const nwc_model_interpolate_options *given, nwc_field *fields)
{
    ctx = nwc__ctx(ctx);
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check(ctx, model, names, n_names, &options, fields));
    nwc__run run = {.ctx = ctx, .model = model, .target = fields[0].grid, .options = &options};
    const nwc_status status = interpolate(&run, names, n_names, time_ns, fields);
    nwc__run_release(&run);
    return status;
}
