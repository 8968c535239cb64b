/*
 * A model as background: what its winds are without the storms it has in the wrong places.
 *
 * Two radars and a low-pass of 15 km were as good with a model whose storms were displaced as with a sounding; unsmoothed it made the
 * retrieved updrafts a third worse than no model at all. The fields are read on a grid of cells of a quarter of the filter, wide enough
 * that the filter sees what lies beyond the edges, smoothed there, and read from there: the low-pass has nothing finer.
 */
#include "core/atmosphere.h"
#include "grid/internal.h"
#include "wind/background.h"

#define USUAL_ERROR 3.0
#define GAS 287.05287
#define CELLS_IN_SIGMA 4.0
#define MARGIN_IN_SIGMA 3.0
#define FAR_M 1e6 /* how far the outermost level may go on: without end */
#define EARTH_M 6371229.0
#define DEGREE_M (EARTH_M * NWC__PI / 180.0)
#define HOUR_NS 3.6e12

#define USUAL_GAP_M 2000.0 /* between levels; what interpolation over it is wrong by is in the error given */

enum { MOST_CELLS = 1 << 26, MOST_TIMES = 64, MOST_LEVELS = 256 };

struct job {
    nwc_ctx *ctx;
    nwc_model *model;
    const nwc_background_model_options *options;
    nwc_grid wide; /* cells of the filter; its levels are those of the grid wanted */
    double cells;  /* the filter's standard deviation in them */
    nwc_field u, v;
    int64_t age_ns;
    int32_t flags;
};

void nwc_background_model_options_init(nwc_background_model_options *options)
{
    if (options)
        *options = (nwc_background_model_options){.struct_size = sizeof *options,
                                                  .vertical = NWC_MODEL_ANY,
                                                  .member = NWC_MODEL_ANY,
                                                  .reference_ns = INT64_MIN,
                                                  .smooth_m = 15e3,
                                                  .max_age_s = 6.0 * 3600.0,
                                                  .age_error_m_s = 1.0,
                                                  .walk = NWC__WALK_USUAL,
                                                  .most_error_m_s = 15.0};
}

static nwc_status check(nwc_ctx *ctx, const nwc_model *model, const nwc_background_model_options *o, const nwc_field *u,
                        const nwc_field *v)
{
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a model expected, NULL given");
    NWC__TRY(nwc__check_on_grid(ctx, u, "u"));
    NWC__TRY(nwc__check_on_grid(ctx, v, "v"));
    NWC__TRY(nwc__check_field(u, "u", 3));
    NWC__TRY(nwc__check_field(v, "v", 3));
    if (v->grid != u->grid && !nwc__same_grid(v->grid, u->grid))
        return nwc__fail(NWC_ERR_ARG, "v: the grid of u expected, another given");
    if (u->grid->nz < 1 || u->dim[0] != u->grid->nz || v->dim[0] != u->grid->nz)
        return nwc__fail(NWC_ERR_ARG, "u, v: as many levels as the grid has, %lld, expected, %lld and %lld given",
                         (long long)u->grid->nz, (long long)u->dim[0], (long long)v->dim[0]);
    if (!(o->smooth_m >= 0.0 && o->smooth_m <= 1e6))
        return nwc__fail(NWC_ERR_ARG, "smooth_m: 0 to 1000 km expected, %g given", o->smooth_m);
    if (!(o->max_age_s >= 0.0 && o->age_error_m_s >= 0.0 && o->walk >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "max_age_s, age_error_m_s, walk: 0 or more expected, %g, %g and %g given",
                         o->max_age_s, o->age_error_m_s, o->walk);
    if (!(o->most_error_m_s > 0.0 && isfinite(o->most_error_m_s)))
        return nwc__fail(NWC_ERR_ARG, "most_error_m_s: above 0 expected, %g given", o->most_error_m_s);
    for (int64_t k = 0; o->error_m_s && k < u->grid->nz; k++)
        if (!(o->error_m_s[k] > 0.0 && isfinite(o->error_m_s[k])))
            return nwc__fail(NWC_ERR_ARG, "error_m_s[%lld]: above 0 expected, %g given", (long long)k, o->error_m_s[k]);
    return NWC_OK;
}

/* ---- the grid of the filter ---- */

/* Along one axis: cells of a quarter of sigma, whatever those of the grid, which may be too wide to see what is to be averaged. */
static void widen(double sigma, double first, double step, int64_t n, double *wide_first, double *wide_step,
                  int64_t *wide_n)
{
    *wide_step = sigma / CELLS_IN_SIGMA;
    const int64_t margin = (int64_t)ceil(MARGIN_IN_SIGMA * sigma / *wide_step) + 1;
    const int64_t inside = (int64_t)ceil(step * (double)(n - 1) / *wide_step) + 1;
    *wide_first = first - *wide_step * (double)margin;
    *wide_n = inside + 2 * margin;
}

static nwc_status find_wide(struct job *job, const nwc_grid *grid)
{
    const double sigma = job->options->smooth_m;
    double x = sigma, y = sigma;
    job->wide = *grid;
    if (!(sigma > 0.0)) return NWC_OK;
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(job->ctx, grid, &metric));
    /* in the units of x and y, which may be degrees, or metres of a plane that are none of the ground */
    x *= grid->dx / metric.mean_dx_m, y *= grid->dy / metric.mean_dy_m;
    nwc__metric_destroy(job->ctx, &metric);
    widen(x, grid->x_first, grid->dx, grid->nx, &job->wide.x_first, &job->wide.dx, &job->wide.nx);
    widen(y, grid->y_first, grid->dy, grid->ny, &job->wide.y_first, &job->wide.dy, &job->wide.ny);
    if (nwc_grid_is_latlon(grid)) { /* no farther than the poles */
        while (job->wide.y_first < -90.0) job->wide.y_first += job->wide.dy, job->wide.ny--;
        while (job->wide.y_first + job->wide.dy * (double)(job->wide.ny - 1) > 90.0) job->wide.ny--;
    }
    if ((double)job->wide.nx * (double)job->wide.ny * (double)job->wide.nz > (double)MOST_CELLS)
        return nwc__fail(NWC_ERR_ARG, "smooth_m: a filter of fewer than %d cells expected for this grid, %g m given",
                         (int)MOST_CELLS, sigma);
    job->cells = CELLS_IN_SIGMA;
    return NWC_OK;
}

/* ---- times ---- */

/* Times of u on levels, nearest first; how many. */
static nwc_status find_times(const struct job *job, int64_t time_ns, int64_t *times)
{
    int32_t n = 0;
    for (int64_t e = 0; e < nwc_model_count(job->model); e++) {
        nwc_model_entry entry;
        NWC__TRY(nwc_model_entry_at(job->model, e, &entry));
        const nwc_background_model_options *const o = job->options;
        if (strcmp(entry.name, "u") != 0 || entry.vertical < NWC_VERTICAL_PRESSURE ||
            entry.vertical > NWC_VERTICAL_HEIGHT_GROUND)
            continue;
        if (o->vertical != NWC_MODEL_ANY && entry.vertical != o->vertical) continue;
        if (o->member != NWC_MODEL_ANY && entry.member != o->member) continue;
        if (o->reference_ns != INT64_MIN && entry.reference_ns != o->reference_ns) continue;
        int32_t at = n;
        const double off = fabs((double)(entry.time_ns - time_ns));
        bool known = false;
        for (int32_t k = 0; k < n; k++) known |= times[k] == entry.time_ns;
        while (at > 0 && fabs((double)(times[at - 1] - time_ns)) > off) at--;
        if (known || at == MOST_TIMES) continue;
        if (n < MOST_TIMES) n++;
        for (int32_t k = n - 1; k > at; k--) times[k] = times[k - 1];
        times[at] = entry.time_ns;
    }
    for (int32_t k = n; k < MOST_TIMES; k++) times[k] = INT64_MIN;
    return NWC_OK;
}

static nwc_status read_at(struct job *job, int64_t time_ns)
{
    static const char *const names[] = {"u", "v"};
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    options.vertical = job->options->vertical;
    options.member = job->options->member;
    options.reference_ns = job->options->reference_ns;
    options.below_m = options.above_m = FAR_M;
    options.under_ground = 1;
    nwc_field fields[2] = {job->u, job->v};
    return nwc_model_interpolate(job->ctx, job->model, names, 2, time_ns, &options, fields);
}

/* At the time wanted, or the nearest that can be had. */
static nwc_status read_wind(struct job *job, int64_t *time_ns)
{
    int64_t times[MOST_TIMES];
    nwc_status status = read_at(job, *time_ns);
    if (status != NWC_ERR_NODATA) return status;
    NWC__TRY(find_times(job, *time_ns, times));
    if (times[0] == INT64_MIN)
        return nwc__fail(NWC_ERR_NODATA, "model: winds u and v on levels expected, there are none");
    for (int32_t k = 0; k < MOST_TIMES && times[k] != INT64_MIN; k++) {
        const double off_s = 1e-9 * fabs((double)(times[k] - *time_ns));
        if (off_s > job->options->max_age_s)
            return nwc__fail(NWC_ERR_NODATA,
                             "model: a time within %g s of the one wanted expected, the nearest is %g s off",
                             job->options->max_age_s, off_s);
        status = read_at(job, times[k]);
        if (status == NWC_ERR_NODATA) continue;
        job->age_ns = *time_ns > times[k] ? *time_ns - times[k] : times[k] - *time_ns;
        if (job->age_ns) job->flags |= NWC_BACKGROUND_LATE;
        *time_ns = times[k];
        return status;
    }
    return status;
}

/* ---- what is missing ---- */

/* The mean of the known cells, and their variance about it; how many there are. */
static int64_t mean_of(const nwc_field *field, double *mean, double *variance)
{
    double sum = 0.0, squares = 0.0;
    int64_t n = 0;
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) {
            const double value = (double)field->data[j * field->stride[0] + i * field->stride[1]];
            if (isnan(value)) continue;
            sum += value, squares += value * value, n++;
        }
    *mean = n ? sum / (double)n : 0.0;
    *variance = n ? fmax(squares / (double)n - *mean * *mean, 0.0) : 0.0;
    return n;
}

static void put_mean(nwc_field *field, double mean)
{
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) {
            float *const cell = &field->data[j * field->stride[0] + i * field->stride[1]];
            if (isnan(*cell)) *cell = (float)mean;
        }
}

/* Levels of a variable at a time, of one kind. */
struct levels {
    double level[MOST_LEVELS];
    int32_t n;
};

static bool has_level(const struct levels *levels, double level)
{
    for (int32_t k = 0; k < levels->n; k++)
        if (levels->level[k] == level) return true;
    return false;
}

static void add_level(struct levels *levels, double level)
{
    if (levels->n < MOST_LEVELS && isfinite(level) && !has_level(levels, level)) levels->level[levels->n++] = level;
}

/* Add those of all entries of a name. */
static nwc_status add_levels(const struct job *job, const char *name, int32_t vertical, int64_t time_ns,
                             struct levels *levels)
{
    nwc_model_entry entry;
    for (int64_t e = 0; e < nwc_model_count(job->model); e++) {
        NWC__TRY(nwc_model_entry_at(job->model, e, &entry));
        if (entry.vertical == vertical && entry.time_ns == time_ns && strcmp(entry.name, name) == 0)
            add_level(levels, entry.level);
    }
    return NWC_OK;
}

/* The kind of levels that most of u has at a time, as nwc_model_interpolate takes it. */
static nwc_status kind_of(const struct job *job, int64_t time_ns, int32_t *kind)
{
    *kind = job->options->vertical;
    struct levels most = {.n = 0};
    for (int32_t k = NWC_VERTICAL_PRESSURE; job->options->vertical == NWC_MODEL_ANY && k <= NWC_VERTICAL_HEIGHT_GROUND;
         k++) {
        struct levels of = {.n = 0};
        NWC__TRY(add_levels(job, "u", k, time_ns, &of));
        if (of.n > most.n) most = of, *kind = k;
    }
    return NWC_OK;
}

/*
 * Heights of the levels that both components have; of pressure levels those of the standard atmosphere, of hybrid ones none. Flags
 * the job where other variables have levels within them that a component lacks.
 */
static nwc_status find_levels(struct job *job, int64_t time_ns, struct levels *heights)
{
    static const char *const others[] = {"u", "v", "t", "gh", "q", "r", "z"};
    struct levels u = {.n = 0}, v = {.n = 0}, all = {.n = 0};
    int32_t kind;
    heights->n = 0;
    NWC__TRY(kind_of(job, time_ns, &kind));
    NWC__TRY(add_levels(job, "u", kind, time_ns, &u));
    NWC__TRY(add_levels(job, "v", kind, time_ns, &v));
    for (int32_t k = 0; k < u.n; k++)
        if (has_level(&v, u.level[k])) add_level(&all, u.level[k]);
    double least = INFINITY, most = -INFINITY;
    for (int32_t k = 0; k < all.n; k++) {
        least = fmin(least, all.level[k]), most = fmax(most, all.level[k]);
        if (kind == NWC_VERTICAL_PRESSURE) add_level(heights, nwc__standard_height(all.level[k]));
        if (kind == NWC_VERTICAL_HEIGHT_SEA) add_level(heights, all.level[k]);
    }
    const int32_t common = all.n;
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
        NWC__TRY(add_levels(job, others[k], kind, time_ns, &all));
    for (int32_t k = common; k < all.n; k++)
        if (all.level[k] > least && all.level[k] < most) job->flags |= NWC_BACKGROUND_MISSING_LEVELS;
    return NWC_OK;
}

/* The same at the times that a time lies between; heights are those of the nearer one. */
static nwc_status find_levels_around(struct job *job, int64_t time_ns, struct levels *heights)
{
    int64_t times[MOST_TIMES];
    struct levels other;
    NWC__TRY(find_times(job, time_ns, times));
    heights->n = 0;
    if (times[0] == INT64_MIN) return NWC_OK;
    NWC__TRY(find_levels(job, times[0], heights));
    for (int32_t k = 1; times[0] != time_ns && k < MOST_TIMES && times[k] != INT64_MIN; k++)
        if ((times[k] > time_ns) != (times[0] > time_ns)) return find_levels(job, times[k], &other);
    return NWC_OK;
}

/* What interpolation over a wide gap between levels adds to the variance: as for a walk known at both ends, and 0 for usual gaps. */
static double gap_variance(const struct levels *heights, double height, double rate)
{
    double below = -INFINITY, above = INFINITY;
    for (int32_t k = 0; k < heights->n; k++) {
        if (heights->level[k] <= height) below = fmax(below, heights->level[k]);
        if (heights->level[k] >= height) above = fmin(above, heights->level[k]);
    }
    const double gap = above - below;
    if (!(gap > USUAL_GAP_M && isfinite(gap))) return 0.0;
    return rate * ((height - below) * (above - height) / gap) * (1.0 - USUAL_GAP_M / gap);
}

/* ---- levels ---- */

/* Fields of the wide grid's middle cell without going on beyond the levels: where they end there. NaN: no end was found. */
static nwc_status find_ends(struct job *job, int64_t time_ns, double ends[2])
{
    const int64_t nz = job->wide.nz;
    nwc_grid one = job->wide;
    one.x_first += job->wide.dx * (double)(job->wide.nx / 2), one.y_first += job->wide.dy * (double)(job->wide.ny / 2);
    one.nx = one.ny = 1;
    nwc_status status = NWC_OK;
    float *cells = NULL;
    NWC__ALLOC(job->ctx, cells, nz);
    static const char *const names[] = {"u"};
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    options.vertical = job->options->vertical, options.member = job->options->member;
    options.reference_ns = job->options->reference_ns;
    options.under_ground = 1;
    nwc_field column = {.data = cells,
                        .ndim = 3,
                        .dim = {nz, 1, 1},
                        .stride = {1, 1, 1},
                        .missing = NAN,
                        .units = "m s-1",
                        .grid = &one};
    if ((status = nwc_model_interpolate(job->ctx, job->model, names, 1, time_ns, &options, &column)) != NWC_OK)
        goto done;
    ends[0] = ends[1] = NAN;
    for (int64_t k = 0; k < nz; k++) {
        if (isnan(cells[k])) continue;
        if (isnan(ends[0])) ends[0] = one.z_m[k];
        ends[1] = one.z_m[k];
    }
done:
    nwc__free(job->ctx, cells);
    return status;
}

/* Mean density of the model's air at the heights of the grid; those it cannot tell stay standard. */
static nwc_status find_density(struct job *job, int64_t time_ns, nwc_background_level *levels)
{
    static const char *const names[] = {"pres", "t"};
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    options.vertical = job->options->vertical, options.member = job->options->member;
    options.reference_ns = job->options->reference_ns;
    nwc_field fields[2] = {job->u, job->v}; /* no longer needed */
    const nwc_status status = nwc_model_interpolate(job->ctx, job->model, names, 2, time_ns, &options, fields);
    if (status == NWC_ERR_NODATA) return NWC_OK; /* a file of winds alone */
    NWC__TRY(status);
    for (int64_t k = 0; k < job->wide.nz; k++) {
        double pressure, temperature, variance;
        nwc_field part[2] = {nwc_field_part(&fields[0], k), nwc_field_part(&fields[1], k)};
        if (!mean_of(&part[0], &pressure, &variance) || !mean_of(&part[1], &temperature, &variance)) continue;
        if (!(pressure > 0.0 && temperature > 0.0)) continue;
        levels[k].density_kg_m3 = pressure / (GAS * temperature);
        levels[k].flags &= ~NWC_BACKGROUND_STANDARD_AIR;
    }
    return NWC_OK;
}

/* Smooth a component at one height, put the mean where nothing is known, and read it onto the grid wanted. */
static nwc_status finish(const struct job *job, nwc_field *wide, const nwc__places *places, nwc_field *out,
                         double *unknown, double *variance)
{
    double mean;
    const int64_t known = mean_of(wide, &mean, variance), cells = wide->dim[0] * wide->dim[1];
    *unknown = 1.0 - (double)known / (double)cells;
    if (job->cells > 0.0)
        NWC__TRY(nwc_grid_smooth(job->ctx, wide, NWC_SMOOTH_GAUSSIAN, job->cells, job->cells, 1e-3, wide));
    put_mean(wide, mean);
    return nwc__places_read(job->ctx, places, wide, out);
}

/* All levels, from the lowest up. One that the model has nothing of is that of the nearest below, or above. */
static nwc_status finish_levels(struct job *job, const nwc__places *places, int64_t time_ns, nwc_field *u, nwc_field *v,
                                nwc_background_level *levels)
{
    double ends[2];
    struct levels heights;
    NWC__TRY(find_ends(job, time_ns, ends));
    NWC__TRY(find_levels_around(job, time_ns, &heights));
    const nwc_background_model_options *const o = job->options;
    const double age = o->age_error_m_s * (double)job->age_ns / HOUR_NS;
    for (int64_t k = 0; k < job->wide.nz; k++) {
        const double height = job->wide.z_m[k], given = o->error_m_s ? o->error_m_s[k] : USUAL_ERROR;
        nwc_field wide[2] = {nwc_field_part(&job->u, k), nwc_field_part(&job->v, k)};
        nwc_field out[2] = {nwc_field_part(u, k), nwc_field_part(v, k)};
        double unknown[2], spread[2], mean[2];
        for (int c = 0; c < 2; c++) NWC__TRY(finish(job, &wide[c], places, &out[c], &unknown[c], &spread[c]));
        nwc_background_level *const level = &levels[k];
        const double beyond = fmax(0.0, fmax(ends[0] - height, height - ends[1])),
                     gap = gap_variance(&heights, height, o->walk);
        const double more = age * age + gap + o->walk * (isnan(beyond) ? 0.0 : beyond) +
                            0.5 * (unknown[0] * spread[0] + unknown[1] * spread[1]);
        level->n = mean_of(&out[0], &mean[0], &spread[0]);
        mean_of(&out[1], &mean[1], &spread[1]);
        level->u_m_s = mean[0], level->v_m_s = mean[1];
        level->error_m_s = fmin(sqrt(given * given + more), o->most_error_m_s);
        level->u_error_m_s = level->v_error_m_s = level->error_m_s;
        level->flags = job->flags | NWC_BACKGROUND_STANDARD_AIR | (beyond > 0.0 ? NWC_BACKGROUND_BEYOND : 0) |
                       (gap > 0.0 ? NWC_BACKGROUND_GAP : 0) | (unknown[0] > 0.0 ? NWC_BACKGROUND_PARTIAL : 0);
    }
    return NWC_OK;
}

nwc_status nwc_background_model(nwc_ctx *ctx, nwc_model *model, int64_t time_ns,
                                const nwc_background_model_options *given, nwc_field *u, nwc_field *v,
                                nwc_background_level *levels)
{
    ctx = nwc__ctx(ctx);
    nwc_background_model_options options;
    nwc_background_model_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check(ctx, model, &options, u, v));
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = u->grid;
    const int64_t nz = grid->nz;
    struct job job = {.ctx = ctx, .model = model, .options = &options};
    nwc_background_level *own = NULL;
    nwc__places places = {0};
    if (!levels) {
        NWC__ALLOC(ctx, own, nz);
        levels = own;
    }
    for (int64_t k = 0; k < nz; k++) levels[k] = nwc__background_nothing(grid->z_m[k], options.most_error_m_s);
    if ((status = find_wide(&job, grid)) != NWC_OK) goto done;
    if ((status = nwc_field_create(ctx, &job.wide, nz, "m s-1", &job.u)) != NWC_OK) goto done;
    if ((status = nwc_field_create(ctx, &job.wide, nz, "m s-1", &job.v)) != NWC_OK) goto done;
    if ((status = read_wind(&job, &time_ns)) != NWC_OK) goto done;
    double mean, variance;
    bool any = false;
    for (int64_t k = 0; k < nz && !any; k++) {
        const nwc_field part = nwc_field_part(&job.u, k);
        any = mean_of(&part, &mean, &variance) > 0;
    }
    if (!any) {
        status = nwc__fail(NWC_ERR_NODATA, "model: a wind over the grid expected, it has none there");
        goto done;
    }
    if ((status = nwc__places_create(ctx, &job.wide, grid, &places)) != NWC_OK) goto done;
    if ((status = finish_levels(&job, &places, time_ns, u, v, levels)) != NWC_OK) goto done;
    status = find_density(&job, time_ns, levels);
done:
    nwc__places_destroy(ctx, &places);
    nwc_field_release(ctx, &job.v);
    nwc_field_release(ctx, &job.u);
    nwc__free(ctx, own);
    return status;
}
