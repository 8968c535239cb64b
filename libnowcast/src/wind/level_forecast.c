/*
 * Forecasts of the wind on levels: a background, and increments of the analysis that move and lose weight. What the weight is, and
 * what errors follow from it, is in wind_forecast.h.
 *
 * Level by level the increments of u and v and the error of the analysis are carried to all lead times by one set of trajectories, into
 * the places of the results; then each lead time and level is put together.
 */
#include "grid/nearest.h"
#include "wind/level.h"

#include <nowcast/forecast.h>
#include <nowcast/wind_forecast.h>

#define DECAY_S 5400.0
#define DECAY_BESIDE_MODEL_S 2700.0
#define HANDOVER_S 21600.0
#define ANALYSIS_ERROR_M_S 1.5
#define BACKGROUND_ERROR_M_S 3.0
#define FADE_M 30e3
#define MOST_LEAD_S 86400.0

enum { PARTS = 3 }; /* u, v and the error of the analysis */

struct job {
    const nwc_wind_forecast_input *input;
    const nwc_wind_forecast_out *out;
    const nwc_wind_forecast_options *options;
    int64_t ny, nx;
    double dx_m, dy_m;
    double mean[2];          /* of the analysis on the level */
    double background_error; /* on the level */
    int64_t lead, level;
    double weight, correlation, background_variance_gain;
    bool first;           /* of the lead times */
    bool analysis;        /* the lead time is 0 */
    float *source[PARTS]; /* (ny, nx) */
    float *moved[PARTS];  /* (ny, nx) */
    uint8_t *known;       /* (ny, nx): where an increment arrives */
    int32_t *nearest;     /* (ny, nx) */
};

static float *cell_of(const nwc_field *field, int64_t n, int64_t k, int64_t j, int64_t i)
{
    return &field->data[n * field->stride[0] + k * field->stride[1] + j * field->stride[2] + i * field->stride[3]];
}

/* ---- increments ---- */

static void find_means(const nwc_field *u, const nwc_field *v, int64_t k, double mean[2])
{
    double sum[2] = {0.0, 0.0};
    int64_t count = 0;
    for (int64_t j = 0; j < u->dim[1]; j++)
        for (int64_t i = 0; i < u->dim[2]; i++) {
            const double a = (double)*nwc__level_cell(u, k, j, i), b = (double)*nwc__level_cell(v, k, j, i);
            if (!isfinite(a) || !isfinite(b)) continue;
            sum[0] += a, sum[1] += b;
            count++;
        }
    for (int c = 0; c < 2; c++) mean[c] = count ? sum[c] / (double)count : (double)NAN;
}

/* Component c of the background at a time, the analysis' own being 0. */
static double background_at(const struct job *job, int c, int64_t time, int64_t j, int64_t i)
{
    const nwc_field *const field = c ? job->input->background_v : job->input->background_u;
    const double told = field ? (double)*cell_of(field, time, job->level, j, i) : (double)NAN;
    return isfinite(told) ? told : job->mean[c];
}

static double analysis_error_at(const struct job *job, int64_t j, int64_t i)
{
    const nwc_field *const error = job->input->error;
    const double told = error ? (double)*nwc__level_cell(error, job->level, j, i) : (double)NAN;
    return told > 0.0 ? told : job->options->analysis_error_m_s;
}

static nwc_status increment_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->nx; i++) {
        const double u = (double)*nwc__level_cell(job->input->u, job->level, j, i);
        const double v = (double)*nwc__level_cell(job->input->v, job->level, j, i);
        const bool known = isfinite(u) && isfinite(v);
        job->source[0][j * job->nx + i] = known ? (float)(u - background_at(job, 0, 0, j, i)) : NAN;
        job->source[1][j * job->nx + i] = known ? (float)(v - background_at(job, 1, 0, j, i)) : NAN;
        job->source[2][j * job->nx + i] = known ? (float)analysis_error_at(job, j, i) : NAN;
    }
    return NWC_OK;
}

/*
 * The error of the background on the level, where it is not told: of an optimal analysis the variance of increments is that of the
 * background less that of the analysis (Desroziers et al. 2005, eq. 2 and 3).
 */
static double find_background_error(const struct job *job)
{
    double sum = 0.0;
    int64_t count = 0;
    for (int64_t c = 0; c < job->ny * job->nx; c++) {
        const double u = (double)job->source[0][c], v = (double)job->source[1][c], a = (double)job->source[2][c];
        const double here = 0.5 * (u * u + v * v) + a * a;
        sum += isnan(here) ? 0.0 : here, count += !isnan(here);
    }
    return count ? sqrt(sum / (double)count) : BACKGROUND_ERROR_M_S;
}

/* ---- a lead time ---- */

static nwc_status gather_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_field *const from[PARTS] = {job->out->u, job->out->v, job->out->error};
    for (int64_t i = 0; i < job->nx; i++) {
        const int64_t c = j * job->nx + i;
        for (int p = 0; p < PARTS; p++) job->moved[p][c] = *cell_of(from[p], job->lead, job->level, j, i);
        job->known[c] = isfinite(job->moved[0][c]) && isfinite(job->moved[1][c]) && isfinite(job->moved[2][c]);
    }
    return NWC_OK;
}

/* How much of the increment at the nearest place that has one is left here. */
static double fade(const struct job *job, int64_t j, int64_t i, int64_t nearest)
{
    const double dy = job->dy_m * (double)(nearest / job->nx - j), dx = job->dx_m * (double)(nearest % job->nx - i);
    return exp(-hypot(dx, dy) / job->options->fade_m);
}

static nwc_status blend_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->nx; i++) {
        const int64_t c = j * job->nx + i, from = job->known[c] ? c : job->nearest[c];
        const double part = from < 0 ? 0.0 : from == c ? 1.0 : fade(job, j, i, from);
        const double w = job->weight * part, r = job->correlation * part;
        const double a = from < 0 ? 0.0 : (double)job->moved[2][from];
        const double b = fmax(job->background_error, a);
        const double variance = w * w * (a * a + b * b) - 2.0 * w * r * b * b + b * b + job->background_variance_gain;
        const nwc_field *const wind[2] = {job->out->u, job->out->v};
        bool known = true;
        for (int k = 0; k < 2; k++) {
            double made = background_at(job, k, job->lead + 1, j, i);
            if (from >= 0) made += w * (double)job->moved[k][from];
            if (job->analysis && job->known[c])
                made = (double)*nwc__level_cell(k ? job->input->v : job->input->u, job->level, j, i);
            *cell_of(wind[k], job->lead, job->level, j, i) = (float)made;
            known = known && isfinite(made);
        }
        float *const error = cell_of(job->out->error, job->lead, job->level, j, i);
        const float before = job->first ? 0.0F : *cell_of(job->out->error, job->lead - 1, job->level, j, i);
        *error = known ? fmaxf((float)sqrt(fmax(variance, 0.0)), before) : NAN;
        if (job->out->share) *cell_of(job->out->share, job->lead, job->level, j, i) = known ? (float)w : NAN;
    }
    return NWC_OK;
}

/* Where increments come from that do not arrive; not needed where they all do, or none does. */
static nwc_status find_nearest(nwc_ctx *ctx, struct job *job)
{
    int64_t count = 0;
    for (int64_t c = 0; c < job->ny * job->nx; c++) count += job->known[c], job->nearest[c] = -1;
    if (count == 0 || count == job->ny * job->nx) return NWC_OK;
    return nwc__nearest(ctx, job->known, job->ny, job->nx, job->dy_m, job->dx_m, job->nearest);
}

static void weigh(struct job *job, double lead_s, double decay_s, double handover_s)
{
    const double end = exp(-handover_s / decay_s);
    job->correlation = exp(-lead_s / decay_s);
    job->weight = lead_s >= handover_s ? 0.0 : (job->correlation - end) / (1.0 - end);
    job->analysis = lead_s == 0.0;
    job->background_variance_gain = job->options->growth_m_s * job->options->growth_m_s * lead_s / 3600.0;
}

/* ---- a level ---- */

/* The lead times of one level of a result, (lead, y, x). */
static nwc_field level_view(const nwc_field *field, int64_t k)
{
    nwc_field view = *field;
    view.data += k * field->stride[1], view.ndim = 3;
    for (int d = 1; d < 3; d++) view.dim[d] = field->dim[d + 1], view.stride[d] = field->stride[d + 1];
    return view;
}

/* Increments of the level to all lead times, into the places of u, v and error. */
static nwc_status carry(nwc_ctx *ctx, struct job *job, const double *leads_s, int32_t n_leads)
{
    const nwc_field *const out[PARTS] = {job->out->u, job->out->v, job->out->error};
    nwc_field source[PARTS], views[PARTS];
    for (int p = 0; p < PARTS; p++) {
        views[p] = level_view(out[p], job->level);
        source[p] = (nwc_field){.data = job->source[p],
                                .ndim = 2,
                                .dim = {job->ny, job->nx},
                                .stride = {job->nx, 1},
                                .missing = NAN,
                                .grid = job->input->u->grid};
    }
    if (job->input->motion_u)
        return nwc_forecast_extrapolate(ctx, source, PARTS, job->input->motion_u, job->input->motion_v, leads_s,
                                        n_leads, NULL, views);
    for (int p = 0; p < PARTS; p++)
        for (int32_t n = 0; n < n_leads; n++)
            for (int64_t c = 0; c < job->ny * job->nx; c++)
                *nwc__level_cell(&views[p], n, c / job->nx, c % job->nx) = job->source[p][c];
    return NWC_OK;
}

static nwc_status forecast_level(nwc_ctx *ctx, struct job *job, const double *leads_s, int32_t n_leads, double decay_s,
                                 double handover_s)
{
    find_means(job->input->u, job->input->v, job->level, job->mean);
    NWC__TRY(nwc__for_each_tile(ctx, NULL, job->ny, increment_row, job));
    const double told = job->options->background_error_m_s;
    job->background_error = isnan(told) ? find_background_error(job) : told;
    NWC__TRY(carry(ctx, job, leads_s, n_leads));
    for (int32_t n = 0; n < n_leads; n++) {
        job->lead = n, job->first = n == 0;
        weigh(job, leads_s[n], decay_s, handover_s);
        NWC__TRY(nwc__for_each_tile(ctx, NULL, job->ny, gather_row, job));
        NWC__TRY(find_nearest(ctx, job));
        NWC__TRY(nwc__for_each_tile(ctx, "wind forecast", job->ny, blend_row, job));
    }
    return NWC_OK;
}

/* ---- checks ---- */

static nwc_status check_shape(const nwc_field *field, const char *name, const nwc_field *u, int64_t times)
{
    NWC__TRY(nwc__check_field(field, name, 4));
    NWC__TRY(nwc__check_same_shape(field, name, u, "u"));
    if (field->dim[0] != times || field->dim[1] != u->dim[0])
        return nwc__fail(NWC_ERR_ARG, "%s: %lld times of %lld levels expected, %lld of %lld given", name,
                         (long long)times, (long long)u->dim[0], (long long)field->dim[0], (long long)field->dim[1]);
    return NWC_OK;
}

static nwc_status check_like_u(const nwc_field *field, const char *name, const nwc_field *u)
{
    NWC__TRY(nwc__check_field(field, name, 3));
    NWC__TRY(nwc__check_same_shape(field, name, u, "u"));
    if (field->dim[0] != u->dim[0])
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld levels of u expected, %lld given", name, (long long)u->dim[0],
                         (long long)field->dim[0]);
    return NWC_OK;
}

static nwc_status check_input(nwc_ctx *ctx, const nwc_wind_forecast_input *in, int32_t n_leads)
{
    if (!in) return nwc__fail(NWC_ERR_ARG, "input: an analysis expected, NULL given");
    NWC__TRY(nwc__check_field(in->u, "u", 3));
    NWC__TRY(nwc__check_on_grid(ctx, in->u, "u"));
    NWC__TRY(check_like_u(in->v, "v", in->u));
    const nwc_field *const wind[2] = {in->u, in->v};
    for (int c = 0; c < 2; c++)
        if (!wind[c]->units || strcmp(wind[c]->units, "m s-1") != 0)
            return nwc__fail(NWC_ERR_ARG, "%s: units \"m s-1\" expected, %s given", c ? "v" : "u",
                             wind[c]->units ? wind[c]->units : "none");
    if (in->error) NWC__TRY(check_like_u(in->error, "error", in->u));
    if (!in->background_u != !in->background_v || !in->motion_u != !in->motion_v)
        return nwc__fail(NWC_ERR_ARG, "input: u and v, or neither, expected of background and motion");
    if (in->background_u) {
        NWC__TRY(check_shape(in->background_u, "background_u", in->u, 1 + (int64_t)n_leads));
        NWC__TRY(check_shape(in->background_v, "background_v", in->u, 1 + (int64_t)n_leads));
    }
    if (!in->motion_u) return NWC_OK;
    NWC__TRY(nwc__check_field(in->motion_u, "motion_u", 2));
    NWC__TRY(nwc__check_same_shape(in->motion_u, "motion_u", in->u, "u"));
    NWC__TRY(nwc__check_field(in->motion_v, "motion_v", 2));
    return nwc__check_same_shape(in->motion_v, "motion_v", in->u, "u");
}

static nwc_status check_leads(const double *leads_s, int32_t n_leads)
{
    if (n_leads < 1 || !leads_s) return nwc__fail(NWC_ERR_ARG, "leads_s, n_leads: at least one lead time expected");
    for (int32_t n = 0; n < n_leads; n++)
        if (!(leads_s[n] >= 0.0 && leads_s[n] <= MOST_LEAD_S && (n == 0 || leads_s[n] > leads_s[n - 1])))
            return nwc__fail(NWC_ERR_ARG, "leads_s: increasing lead times from 0 to %g s expected, %g given",
                             MOST_LEAD_S, leads_s[n]);
    return NWC_OK;
}

static nwc_status take_options(nwc_wind_forecast_options *taken, const nwc_wind_forecast_options *options,
                               bool background)
{
    nwc_wind_forecast_options_init(taken);
    NWC__TRY(nwc__take_options(taken, sizeof *taken, options, "options"));
    if (isnan(taken->decay_s)) taken->decay_s = background ? DECAY_BESIDE_MODEL_S : DECAY_S;
    if (isnan(taken->handover_s)) taken->handover_s = background ? HANDOVER_S : (double)INFINITY;
    const double error = taken->background_error_m_s;
    const double positive[] = {taken->decay_s, taken->handover_s, taken->analysis_error_m_s, isnan(error) ? 1.0 : error,
                               taken->fade_m};
    static const char *const names[] = {"decay_s", "handover_s", "analysis_error_m_s", "background_error_m_s",
                                        "fade_m"};
    for (int p = 0; p < 5; p++)
        if (!(positive[p] > 0.0))
            return nwc__fail(NWC_ERR_ARG, "%s: above 0 expected, %g given", names[p], positive[p]);
    if (!isfinite(taken->decay_s))
        return nwc__fail(NWC_ERR_ARG, "decay_s: a finite time expected, %g given", taken->decay_s);
    if (!(taken->growth_m_s >= 0.0 && isfinite(taken->growth_m_s)))
        return nwc__fail(NWC_ERR_ARG, "growth_m_s: at least 0 expected, %g given", taken->growth_m_s);
    return NWC_OK;
}

void nwc_wind_forecast_options_init(nwc_wind_forecast_options *options)
{
    if (options)
        *options = (nwc_wind_forecast_options){.struct_size = sizeof *options,
                                               .decay_s = NAN,
                                               .handover_s = NAN,
                                               .analysis_error_m_s = ANALYSIS_ERROR_M_S,
                                               .background_error_m_s = NAN,
                                               .fade_m = FADE_M};
}

nwc_status nwc_wind_forecast(nwc_ctx *ctx, const nwc_wind_forecast_input *input, const double *leads_s, int32_t n_leads,
                             const nwc_wind_forecast_options *options, const nwc_wind_forecast_out *out)
{
    ctx = nwc__ctx(ctx);
    nwc_wind_forecast_options taken;
    NWC__TRY(check_leads(leads_s, n_leads));
    NWC__TRY(check_input(ctx, input, n_leads));
    NWC__TRY(take_options(&taken, options, input->background_u != NULL));
    if (!out) return nwc__fail(NWC_ERR_ARG, "out: what is to be made expected, NULL given");
    NWC__TRY(check_shape(out->u, "out.u", input->u, n_leads));
    NWC__TRY(check_shape(out->v, "out.v", input->u, n_leads));
    if (out->error) NWC__TRY(check_shape(out->error, "out.error", input->u, n_leads));
    if (out->share) NWC__TRY(check_shape(out->share, "out.share", input->u, n_leads));
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    const int64_t ny = input->u->dim[1], nx = input->u->dim[2], levels = input->u->dim[0];
    nwc_field error = *out->u;
    nwc_wind_forecast_out made = *out;
    struct job job = {.input = input, .out = &made, .options = &taken, .ny = ny, .nx = nx};
    float *own = NULL;
    if ((status = nwc__metric_create(ctx, input->u->grid, &metric)) != NWC_OK) goto done;
    job.dx_m = metric.mean_dx_m, job.dy_m = metric.mean_dy_m;
    for (int p = 0; p < PARTS; p++) {
        NWC__ALLOC(ctx, job.source[p], ny * nx);
        NWC__ALLOC(ctx, job.moved[p], ny * nx);
    }
    NWC__ALLOC(ctx, job.known, ny * nx);
    NWC__ALLOC(ctx, job.nearest, ny * nx);
    if (!out->error) { /* errors are carried all the same, level by level in one place */
        NWC__ALLOC(ctx, own, n_leads * ny * nx);
        error.data = own;
        error.stride[0] = ny * nx, error.stride[1] = 0, error.stride[2] = nx, error.stride[3] = 1;
        made.error = &error;
    }
    for (job.level = 0; job.level < levels; job.level++) {
        status = forecast_level(ctx, &job, leads_s, n_leads, taken.decay_s, taken.handover_s);
        if (status != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, own);
    nwc__free(ctx, job.nearest);
    nwc__free(ctx, job.known);
    for (int p = PARTS - 1; p >= 0; p--) {
        nwc__free(ctx, job.moved[p]);
        nwc__free(ctx, job.source[p]);
    }
    nwc__metric_destroy(ctx, &metric);
    return status;
}
