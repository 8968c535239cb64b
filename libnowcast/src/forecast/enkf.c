/*
 * A reduced-space ensemble Kalman filter of rain (Nerini et al. 2019, Mon. Wea. Rev. 147, 987): members go on as STEPS has it, and
 * are corrected by those of a model at each lead time.
 *
 * Members stay where the newest frame is, and the model is carried there, against the motion, for two reasons: a field that
 * is read anew at every step fades, and what a model errs in place stays in place along the motion, so that its errors can be told from
 * how it differs from the newest frame. They last; so what a model says in `memory_s` counts as one correction,
 * however many there are, by a variance that is so much the greater.
 */
#include "forecast/astray.h"
#include "forecast/blend_sources.h"
#include "forecast/carry.h"
#include "forecast/kalman.h"
#include "forecast/members.h"

enum { ROWS = 16 /* in a tile */, LEAST_MEMBERS = 10 /* to tell their variance */ };

struct enkf {
    nwc_enkf_options options;
    struct nwc__echoes echoes;
    nwc__carrier carrier;
    struct nwc__blend_sources sources;
    struct nwc__feather feather;
    int32_t n_members, n_models;
    float **field;   /* (members, then models) of (ny, nx) decibels where the newest frame is, NaN where not known */
    float **present; /* those of the models that are known somewhere, behind the members */
    int32_t *number; /* (models): of each among those present, or -1 */
    int32_t *own;    /* (members): which of those present is its own */
    float *decibels, *carried, *back; /* (ny, nx); back: displacements, two of the nodes */
    float *one, *none, *fade, *noise; /* tables */
    float *amplitude, *spectrum, *drawn, *mixed;
    double white[NWC__MOST_WAVE_LEVELS], model_error; /* dB */
    double at_s;                                      /* the lead time that members have come to */
    double stays[NWC__MOST_WAVE_LEVELS];              /* what is left of each level then */
    double share[NWC__SOURCES];                       /* of both in the second level */
};

static float *model_of(const struct enkf *e, int32_t m)
{
    return e->field[e->n_members + m];
}

/* ---- the model where the newest frame is ---- */

struct rows_job {
    const struct enkf *e;
    const nwc_field *field;
    float *to;
};

static nwc_status to_decibels(int64_t j, void *user)
{
    const struct rows_job *const job = user;
    for (int64_t i = 0; i < job->field->dim[1]; i++) {
        const float rain = job->field->data[j * job->field->stride[0] + i * job->field->stride[1]];
        job->to[j * job->field->dim[1] + i] = isfinite(rain) ? nwc__to_decibels(rain, job->e->echoes.threshold) : NAN;
    }
    return NWC_OK;
}

static struct nwc__source source_of(const struct enkf *e, const float *cells)
{
    const int64_t ny = e->echoes.past.ny, nx = e->echoes.past.nx;
    return (struct nwc__source){.cells = cells, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
}

/* A plane as number lead of as many as that takes. */
static nwc_field plane_of(const struct enkf *e, float *cells, int32_t lead)
{
    const int64_t ny = e->echoes.past.ny, nx = e->echoes.past.nx;
    return (nwc_field){.data = cells, .ndim = 3, .dim = {lead + 1, ny, nx}, .stride = {0, nx, 1}, .missing = NAN};
}

/* Members of the model at a lead time, against the motion; dx, dy: the displacements of that time. */
static nwc_status bring_models(nwc_ctx *ctx, const struct enkf *e, const nwc_field *model, int32_t lead, double lead_s,
                               const float *dx, const float *dy)
{
    float *const back_y = e->back + e->carrier.trajectories.ny * e->carrier.trajectories.nx;
    nwc__carry_back(&e->carrier, dx, dy, e->back, back_y);
    for (int32_t m = 0; m < e->n_models; m++) {
        const nwc_field of_model = nwc_field_part(model, m), there = nwc_field_part(&of_model, lead);
        struct rows_job job = {.e = e, .field = &there, .to = e->decibels};
        NWC__TRY(nwc__for_each_tile(ctx, "enkf", there.dim[0], to_decibels, &job));
        struct nwc__source source = source_of(e, e->decibels);
        const nwc_field to = plane_of(e, model_of(e, m), lead);
        NWC__TRY(nwc__carry_by(ctx, &e->carrier, e->back, back_y, lead_s, &source, 1, lead, &to));
    }
    return NWC_OK;
}

/* Which models know anything, and which of these is each member's own: its number's, or else the next. */
static int32_t find_present(const struct enkf *e)
{
    const int64_t cells = e->echoes.past.ny * e->echoes.past.nx;
    int32_t n = 0;
    for (int32_t m = 0; m < e->n_models; m++) {
        int64_t known = 0;
        for (int64_t i = 0; i < cells; i++) known += !isnan(model_of(e, m)[i]);
        e->number[m] = known > 0 ? n : -1;
        if (known > 0) e->present[e->n_members + n++] = model_of(e, m);
    }
    for (int32_t k = 0; k < e->n_members && n > 0; k++) {
        int32_t m = k % e->n_models;
        while (e->number[m] < 0) m = (m + 1) % e->n_models;
        e->own[k] = e->number[m];
    }
    return n;
}

/* How much the model's mean differs from the newest frame now, beyond the spread of its members. */
static void learn_error(struct enkf *e, const nwc_field *model_now)
{
    const int64_t ny = e->echoes.past.ny, nx = e->echoes.past.nx;
    double error = 0.0;
    int64_t known = 0;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const double frame = (double)e->echoes.past.cells[0][j * nx + i];
            double sum = 0.0, squares = 0.0, n = 0.0;
            for (int64_t m = 0; m < e->n_models; m++) {
                const int64_t *const stride = model_now->stride;
                const float rain = model_now->data[m * stride[0] + j * stride[1] + i * stride[2]];
                if (!isfinite(rain)) continue;
                const double value = (double)nwc__to_decibels(rain, e->echoes.threshold);
                sum += value, squares += value * value, n += 1.0;
            }
            if (isnan(frame) || !(n > 0.0)) continue;
            const double mean = sum / n, spread = n > 1.0 ? (squares - n * mean * mean) / (n - 1.0) : 0.0;
            error += (frame - mean) * (frame - mean) - spread;
            known++;
        }
    error = known > 0 ? error / (double)known : 0.0;
    for (int32_t k = 0; k < e->echoes.n_levels && known == 0; k++) error += 2.0 * e->echoes.process[k].variance;
    e->model_error = sqrt(fmax(error, 0.0));
}

/* ---- from one lead time to the next ---- */

/* What is left of each level since the last lead time, and the noise that takes its place: tables. */
static nwc_status find_step(nwc_ctx *ctx, struct enkf *e, double lead_s, int32_t n_present)
{
    const struct nwc__echoes *const s = &e->echoes;
    const int64_t n = s->wavelengths.table_size;
    double of_models[NWC__MOST_WAVE_LEVELS] = {0.0};
    for (int32_t m = 0; m < n_present; m++) {
        double variance[NWC__MOST_WAVE_LEVELS];
        NWC__TRY(nwc__echoes_spectrum(ctx, s, e->present[e->n_members + m], e->spectrum));
        NWC__TRY(nwc__echoes_variances(ctx, s, e->spectrum, variance));
        for (int32_t k = 0; k < s->n_levels; k++) of_models[k] += variance[k] / n_present;
    }
    memset(e->fade, 0, (size_t)n * sizeof *e->fade);
    memset(e->noise, 0, (size_t)n * sizeof *e->noise);
    for (int32_t k = 0; k < s->n_levels; k++) {
        const double now = nwc__blend_persistence(&s->process[k], k, lead_s / s->step_s, s->step_s);
        const double kept = e->stays[k] > 0.0 ? fmin(now / e->stays[k], 1.0) : 0.0;
        const double variance = fmax(s->process[k].variance, of_models[k]) * (1.0 - kept * kept);
        const float noise = (float)(e->white[k] > 0.0 ? sqrt(fmax(variance, 0.0)) / e->white[k] : 0.0);
        for (int64_t i = 0; i < n; i++) {
            e->fade[i] += (float)kept * s->levels[k * n + i];
            e->noise[i] += noise * s->levels[k * n + i];
        }
        e->stays[k] = now;
        if (k == 1)
            for (int source = 0; source < NWC__SOURCES; source++) e->share[source] *= kept;
    }
    e->fade[0] = 1.0F, e->noise[0] = 0.0F;
    for (int64_t i = 0; i < s->wavelengths.size; i++) e->drawn[i] = (float)sqrt(0.5);
    return nwc__wavelengths_amplitude(ctx, &s->wavelengths, e->drawn, e->noise, e->amplitude);
}

static nwc_status step_member(nwc_ctx *ctx, const struct enkf *e, int32_t member, int32_t lead)
{
    const struct nwc__wavelengths *const w = &e->echoes.wavelengths;
    const uint64_t stream = (uint64_t)member << 32 | (uint64_t)(lead + 1);
    NWC__TRY(nwc__echoes_spectrum(ctx, &e->echoes, e->field[member], e->spectrum));
    NWC__TRY(nwc__wavelengths_noise(ctx, w, e->options.seed, stream, e->drawn));
    NWC__TRY(nwc__wavelengths_evolve(ctx, w, e->drawn, e->none, e->spectrum, e->fade, e->drawn, e->amplitude));
    NWC__TRY(nwc__wavelengths_mix(ctx, w, e->spectrum, e->one, e->drawn, e->none, e->mixed));
    nwc__wavelengths_inverse(w, e->mixed, e->echoes.cells);
    return nwc__echoes_crop(ctx, &e->echoes, e->echoes.cells, e->field[member]);
}

static nwc_status step(nwc_ctx *ctx, struct enkf *e, int32_t lead, double lead_s, double *gain)
{
    const double apart_s = lead_s - e->at_s;
    const int32_t n_present = find_present(e);
    *gain = 0.0;
    if (!(apart_s > 0.0)) return NWC_OK; /* the newest frame itself */
    NWC__TRY(find_step(ctx, e, lead_s, n_present));
    for (int32_t k = 0; k < e->n_members; k++) NWC__TRY(step_member(ctx, e, k, lead));
    e->at_s = lead_s;
    if (n_present == 0) return NWC_OK;
    const struct nwc__kalman filter = {.options = {.explained = e->options.explained,
                                                   .nowcast_inflation = e->options.nowcast_inflation,
                                                   .model_inflation = e->options.model_inflation *
                                                                      fmax(e->options.memory_s / apart_s, 1.0),
                                                   .model_error = e->model_error},
                                       .n_nowcast = e->n_members,
                                       .n_model = n_present,
                                       .field = e->present,
                                       .own = e->own,
                                       .cells = e->echoes.past.ny * e->echoes.past.nx};
    NWC__TRY(nwc__kalman(ctx, &filter, gain));
    for (int source = 0; source < NWC__SOURCES; source++) e->share[source] *= 1.0 - *gain;
    e->share[NWC__MODEL] += *gain;
    return NWC_OK;
}

/* ---- one member at one lead time ---- */

struct put_job {
    const struct enkf *e;
    const nwc_field *model, *to; /* (y, x), rain */
    bool rain;
};

/* The other source where the member is not known, and the model towards the edge; or all as rain. */
static nwc_status put_row(int64_t j, void *user)
{
    const struct put_job *const job = user;
    const struct enkf *const e = job->e;
    const int64_t nx = e->echoes.past.nx;
    for (int64_t i = 0; i < nx; i++) {
        float *const cell = &e->decibels[j * nx + i];
        const float other = e->sources.decibels[NWC__MODEL][j * nx + i];
        const bool known = isfinite(job->model->data[j * job->model->stride[0] + i * job->model->stride[1]]);
        if (job->rain)
            job->to->data[j * job->to->stride[0] + i * job->to->stride[1]] =
                isnan(*cell) ? NAN : nwc__from_decibels(*cell, e->echoes.threshold);
        else if (isnan(*cell) || isnan(e->carried[j * nx + i]))
            *cell = other;
        else if (known && e->feather.weight)
            *cell = nwc__feathered(*cell, other, e->feather.weight[j * nx + i]);
    }
    return NWC_OK;
}

static nwc_status make_member(nwc_ctx *ctx, struct enkf *e, int32_t member, int32_t lead, double lead_s,
                              const float *dx, const float *dy, const nwc_field *model, const nwc_field *to)
{
    const int64_t ny = e->echoes.past.ny, nx = e->echoes.past.nx;
    struct nwc__source source = source_of(e, e->field[member]);
    const nwc_field plane = plane_of(e, e->decibels, lead);
    NWC__TRY(nwc__carry_by(ctx, &e->carrier, dx, dy, lead_s, &source, 1, lead, &plane));
    struct put_job job = {.e = e, .model = model, .to = to};
    NWC__TRY(nwc__for_each_tile(ctx, "enkf", ny, put_row, &job));
    const struct nwc__plane made = {e->decibels, ny, nx, nx, 1};
    NWC__TRY(nwc__match_ranks(ctx, &e->echoes.matcher, &made));
    job.rain = true;
    return nwc__for_each_tile(ctx, "enkf", ny, put_row, &job);
}

static nwc_status forecast_lead(nwc_ctx *ctx, struct enkf *e, int32_t lead, double lead_s, const nwc_field *model,
                                double *gain, const nwc_field *forecasts)
{
    const float *dx, *dy;
    NWC__TRY(nwc__carrier_at(ctx, &e->carrier, lead_s, lead, &dx, &dy));
    NWC__TRY(bring_models(ctx, e, model, lead, lead_s, dx, dy));
    NWC__TRY(step(ctx, e, lead, lead_s, gain));
    struct nwc__source source = source_of(e, e->echoes.past.cells[0]);
    const nwc_field carried = plane_of(e, e->carried, lead);
    NWC__TRY(nwc__carry_by(ctx, &e->carrier, dx, dy, lead_s, &source, 1, lead, &carried));
    const nwc_field flat = nwc_field_part(&carried, lead);
    NWC__TRY(nwc__feather_take(ctx, &e->feather, &flat));
    const double both = e->share[NWC__NOWCAST] + e->share[NWC__MODEL];
    const double share = both > 0.0 ? e->share[NWC__NOWCAST] / both : 0.5;
    for (int32_t m = 0; m < e->n_models; m++) {
        const nwc_field of_model = nwc_field_part(model, m), there = nwc_field_part(&of_model, lead);
        if (m >= forecasts->dim[0]) break;
        NWC__TRY(nwc__blend_sources_join(ctx, &e->sources, e->carried, &there, false, e->feather.weight));
        NWC__TRY(nwc__blend_sources_match(ctx, &e->sources, share, &e->echoes.matcher));
        for (int32_t k = m; k < forecasts->dim[0]; k += e->n_models) {
            const nwc_field member = nwc_field_part(forecasts, k), to = nwc_field_part(&member, lead);
            NWC__TRY(make_member(ctx, e, k, lead, lead_s, dx, dy, &there, &to));
        }
    }
    return NWC_OK;
}

/* ---- the call ---- */

void nwc_enkf_options_init(nwc_enkf_options *options)
{
    if (!options) return;
    *options = (nwc_enkf_options){.struct_size = sizeof *options,
                                  .levels = 6,
                                  .order = 2,
                                  .threshold = 0.1,
                                  .explained = 1.0,
                                  .nowcast_inflation = 1.0,
                                  .model_inflation = 1.0,
                                  .model_error = -1.0,
                                  .memory_s = 3600.0};
}

static nwc_status check_options(const nwc_enkf_options *o)
{
    const nwc_kalman_options filter = {.explained = o->explained,
                                       .nowcast_inflation = o->nowcast_inflation,
                                       .model_inflation = o->model_inflation,
                                       .model_error = o->model_error < 0.0 ? 0.0 : o->model_error};
    NWC__TRY(nwc__check_echoes(o->levels, o->order, o->threshold));
    NWC__TRY(nwc__check_kalman(&filter));
    if (!(o->memory_s >= 0.0 && isfinite(o->memory_s)))
        return nwc__fail(NWC_ERR_ARG, "memory_s: 0 or more expected, %g given", o->memory_s);
    if (!(o->feather_m >= 0.0 && isfinite(o->feather_m)))
        return nwc__fail(NWC_ERR_ARG, "feather_m: 0 or more expected, %g given", o->feather_m);
    return NWC_OK;
}

static nwc_status allocate(nwc_ctx *ctx, struct enkf *e)
{
    nwc_status status = NWC_OK;
    const struct nwc__wavelengths *const w = &e->echoes.wavelengths;
    const int64_t cells = w->ny * w->nx, nodes = e->carrier.trajectories.ny * e->carrier.trajectories.nx;
    const int64_t n = (int64_t)e->n_members + e->n_models;
    float **const tables[] = {&e->one, &e->none, &e->fade, &e->noise};
    float **const spectra[] = {&e->spectrum, &e->drawn, &e->mixed};
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) NWC__ALLOC(ctx, *tables[k], w->table_size);
    for (size_t k = 0; k < sizeof spectra / sizeof *spectra; k++) NWC__ALLOC(ctx, *spectra[k], w->size);
    NWC__ALLOC(ctx, e->amplitude, w->size / 2);
    NWC__ALLOC(ctx, e->decibels, cells);
    NWC__ALLOC(ctx, e->carried, cells);
    NWC__ALLOC(ctx, e->back, 2 * nodes);
    NWC__ALLOC(ctx, e->present, n);
    NWC__ALLOC(ctx, e->number, e->n_models);
    NWC__ALLOC(ctx, e->own, e->n_members);
    NWC__ALLOC(ctx, e->field, n);
    for (int64_t k = 0; k < n; k++) e->field[k] = NULL;
    for (int64_t k = 0; k < n; k++) NWC__ALLOC(ctx, e->field[k], cells);
    for (int32_t k = 0; k < e->n_members; k++) {
        memcpy(e->field[k], e->echoes.past.cells[0], (size_t)cells * sizeof **e->field);
        e->present[k] = e->field[k];
    }
    for (int64_t i = 0; i < w->table_size; i++) e->one[i] = 1.0F, e->none[i] = 0.0F;
    for (int32_t k = 0; k < e->echoes.n_levels; k++) e->stays[k] = 1.0;
    e->share[NWC__NOWCAST] = 1.0;
done:
    return status;
}

static void release(nwc_ctx *ctx, struct enkf *e)
{
    for (int64_t k = 0; e->field && k < (int64_t)e->n_members + e->n_models; k++) nwc__free(ctx, e->field[k]);
    nwc__free(ctx, e->field);
    nwc__free(ctx, e->own);
    nwc__free(ctx, e->number);
    nwc__free(ctx, e->present);
    float *const owned[] = {e->back,     e->carried, e->decibels, e->amplitude, e->mixed, e->drawn,
                            e->spectrum, e->noise,   e->fade,     e->none,      e->one};
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) nwc__free(ctx, owned[k]);
    nwc__feather_destroy(ctx, &e->feather);
    nwc__blend_sources_destroy(ctx, &e->sources);
    nwc__carrier_destroy(ctx, &e->carrier);
    nwc__echoes_destroy(ctx, &e->echoes);
}

nwc_status nwc_forecast_enkf(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                             const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                             const nwc_field *model_now, const nwc_field *model, const nwc_enkf_options *given,
                             const nwc_extrapolate_options *extrapolation, double *gains, nwc_field *forecasts)
{
    ctx = nwc__ctx(ctx);
    struct enkf e = {0};
    nwc_extrapolate_options carried;
    nwc_enkf_options_init(&e.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&e.options, sizeof e.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(check_options(&e.options));
    NWC__TRY(nwc__check_extrapolation(&carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__blend_sources_check(model_now, model, &frames[0], n_leads));
    NWC__TRY(nwc__check_ensemble(forecasts, &frames[0], n_leads, 0));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));
    if (forecasts->dim[0] > NWC__MOST_MEMBERS)
        return nwc__fail(NWC_ERR_ARG, "forecasts: 1 to %d members expected, %lld given", NWC__MOST_MEMBERS,
                         (long long)forecasts->dim[0]);

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    e.n_models = (int32_t)model->dim[0];
    e.n_members = forecasts->dim[0] < LEAST_MEMBERS ? LEAST_MEMBERS : (int32_t)forecasts->dim[0];
    nwc_status status = nwc__echoes_create(ctx, frames, times_ns, n_frames, u, v, e.options.levels, e.options.order,
                                           e.options.threshold, &e.echoes);
    if (status != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &e.carrier)) != NWC_OK) goto done;
    if ((status = nwc__blend_sources_create(ctx, &e.echoes, &e.sources)) != NWC_OK) goto done;
    if ((status = nwc__feather_create(ctx, frames[0].grid, e.options.feather_m, &e.feather)) != NWC_OK) goto done;
    if ((status = allocate(ctx, &e)) != NWC_OK) goto done;
    if ((status = nwc__echoes_white(ctx, &e.echoes, e.drawn, e.white)) != NWC_OK) goto done;
    e.model_error = e.options.model_error;
    if (e.options.model_error < 0.0) learn_error(&e, model_now);
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++) {
        double gain = 0.0;
        status = forecast_lead(ctx, &e, n, leads_s[n], model, &gain, forecasts);
        if (gains) gains[n] = gain;
    }
done:
    release(ctx, &e);
    return status;
}
