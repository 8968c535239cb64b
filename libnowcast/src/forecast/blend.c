/*
 * STEPS blending (Bowler, Pierce and Seed 2006; Seed, Pierce and Norman 2013; Imhoff et al. 2023): at each lead time the
 * newest frame, carried there, and each member of the model are compared level by level, weighted, and put together with noise;
 * values are then those of both by rank.
 *
 * All levels together are one weight for each wave number and source, so that a member costs one inverse transform whatever the
 * number of levels; the spectra of the sources are made once for all members. Noise is an autoregressive process of first order,
 * white within a level, that is carried by the mean motion as a change of phase.
 */
#include "forecast/blend_sources.h"

#include "forecast/astray.h"

#include "core/random.h"

enum { ROWS = 16 /* in a tile */ };

/*
 * Of one field without noise, how far levels keep what both sources have of them: at 0 what is expected alone, so that strong values,
 * given by rank, gather where long waves are high; at 1 all. Chosen on odd starts of two events.
 */
#define TEXTURE 0.8

struct blend {
    nwc_blend_options options;
    struct nwc__echoes echoes;
    nwc__carrier carrier;
    struct nwc__blend_sources sources;
    nwc_blend_skill past;
    int32_t n_models;
    double now[NWC__MOST_MODELS][NWC__MOST_WAVE_LEVELS]; /* correlation of each model's levels with the newest frame */
    double white[NWC__MOST_WAVE_LEVELS];                 /* deviation of a level of white noise */
    float *carried;                                      /* (ny, nx), decibels */
    float *weight[NWC__SOURCES], *noise_weight;          /* tables */
    float *one, *fade, *none, *amplitude;                /* tables, and for each complex number, of noise in a step */
    struct nwc__feather feather;
    float **noise;                            /* spectra, of each member */
    int64_t *steps;                           /* that each has come */
    double moved_y, moved_x;                  /* cells in a second, of all noise */
    float *drawn, *mixed, *shifted, *blended; /* spectra; (ny, nx) */
    double share;                             /* of the nowcast in values */
};

/* ---- skill and weights ---- */

static nwc_status compare_now(nwc_ctx *ctx, struct blend *b, const nwc_field *model_now, nwc_blend_skill *skill,
                              int64_t time_ns)
{
    double sum[NWC__MOST_WAVE_LEVELS] = {0.0};
    int32_t count[NWC__MOST_WAVE_LEVELS] = {0};
    bool known[NWC__MOST_WAVE_LEVELS];
    for (int32_t m = 0; m < b->n_models; m++) {
        const nwc_field part = nwc_field_part(model_now, m);
        NWC__TRY(nwc__blend_sources_take(ctx, &b->sources, b->echoes.past.cells[0], &part, true, NULL));
        for (int32_t k = 0; k < b->echoes.n_levels; k++) {
            const bool radar = b->sources.deviation[NWC__NOWCAST][k] > 0.0;
            const bool model = b->sources.deviation[NWC__MODEL][k] > 0.0;
            b->now[m][k] = fmax(b->sources.correlation[k], 0.0);
            /* Nothing to compare with tells nothing; one of them alone is a failure of the model. */
            if (!b->sources.model_known || (!radar && !model)) b->now[m][k] = b->past.correlation[k];
            if (!b->sources.model_known || !radar || !model) continue;
            sum[k] += b->now[m][k];
            count[k]++;
        }
    }
    for (int32_t k = 0; k < b->echoes.n_levels; k++) {
        known[k] = count[k] > 0;
        sum[k] /= count[k] > 0 ? count[k] : 1;
    }
    nwc__blend_learn(skill, sum, known, time_ns);
    return NWC_OK;
}

/* Weights of each level for a model at a lead time, as tables; told: (level, 2), or NULL. */
static void weigh(struct blend *b, int32_t model, double lead_s, double *told)
{
    const struct nwc__echoes *const e = &b->echoes;
    const struct nwc__blend_sources *const s = &b->sources;
    const int64_t n = e->wavelengths.table_size;
    float *const tables[] = {b->weight[0], b->weight[1], b->noise_weight};
    for (int t = 0; t < 3; t++) memset(tables[t], 0, (size_t)n * sizeof *tables[t]);
    double mean_share = 1.0;
    for (int32_t k = 0; k < e->n_levels; k++) {
        const double stays = nwc__blend_persistence(&e->process[k], k, lead_s / e->step_s, e->step_s);
        const double skill =
            s->model_known ? nwc__blend_skill_at(k, b->now[model][k], b->past.correlation[k], lead_s) : 0.0;
        struct nwc__blend_weights w = nwc__blend_weigh(stays, skill);
        const double both = w.nowcast + w.model, share = both > 0.0 ? w.nowcast / both : 0.5;
        if (told) told[2 * k] = w.nowcast, told[2 * k + 1] = w.model;
        if (k == 0) mean_share = share;
        if (k == 1) b->share = share;
        const double *const deviation[] = {s->deviation[0], s->deviation[1]};
        const double wanted = share * deviation[0][k] + (1.0 - share) * deviation[1][k];
        /* Of the variance that is wanted, however both sources correlate here; without noise nearly so. */
        const double a = deviation[0][k] > 0.0 ? w.nowcast : 0.0, c = deviation[1][k] > 0.0 ? w.model : 0.0;
        const double e2 = b->options.noise ? w.noise * w.noise : 0.0;
        const double all = sqrt(a * a + c * c + 2.0 * a * c * s->correlation[k] + e2);
        const double over = !(all > 0.0) ? 1.0 : b->options.noise ? all : pow(all, TEXTURE);
        w = (struct nwc__blend_weights){w.nowcast / over, w.model / over, w.noise / over};
        const float scale[] = {(float)(deviation[0][k] > 0.0 ? w.nowcast * wanted / deviation[0][k] : 0.0),
                               (float)(deviation[1][k] > 0.0 ? w.model * wanted / deviation[1][k] : 0.0),
                               (float)(b->options.noise && b->white[k] > 0.0 ? w.noise * wanted / b->white[k] : 0.0)};
        for (int t = 0; t < 3; t++)
            for (int64_t i = 0; i < n; i++) tables[t][i] += scale[t] * e->levels[k * n + i];
    }
    b->weight[0][0] = (float)mean_share, b->weight[1][0] = (float)(1.0 - mean_share), b->noise_weight[0] = 0.0F;
}

/* ---- noise ---- */

/* Deviations of white noise by level, and the process that each wave number of it is. */
static nwc_status learn_noise(nwc_ctx *ctx, struct blend *b)
{
    const struct nwc__echoes *const e = &b->echoes;
    const struct nwc__wavelengths *const w = &e->wavelengths;
    const int64_t n = w->table_size;
    for (int64_t i = 0; i < n; i++) b->one[i] = 1.0F, b->none[i] = b->fade[i] = 0.0F;
    NWC__TRY(nwc__echoes_white(ctx, e, b->drawn, b->white));
    for (int32_t k = 0; k < e->n_levels; k++) {
        const double stays = nwc__blend_persistence(&e->process[k], k, 1.0, e->step_s);
        for (int64_t i = 0; i < n; i++) b->fade[i] += (float)stays * e->levels[k * n + i];
    }
    for (int64_t i = 0; i < n; i++) b->mixed[i] = sqrtf(fmaxf(1.0F - b->fade[i] * b->fade[i], 0.0F)); /* a table */
    return nwc__wavelengths_amplitude(ctx, w, b->drawn, b->mixed, b->amplitude);
}

/* How fast noise moves: as the mean of the motion that is known. */
static nwc_status find_motion(nwc_ctx *ctx, struct blend *b, const nwc_field *u, const nwc_field *v,
                              const nwc_grid *grid)
{
    nwc__metric metric;
    double sum[2] = {0.0, 0.0};
    int64_t known = 0;
    for (int64_t j = 0; j < u->dim[0]; j++)
        for (int64_t i = 0; i < u->dim[1]; i++) {
            const double x = (double)u->data[j * u->stride[0] + i * u->stride[1]];
            const double y = (double)v->data[j * v->stride[0] + i * v->stride[1]];
            if (!(fabs(x) <= 1000.0 && fabs(y) <= 1000.0)) continue; /* as the carried frame has it */
            sum[0] += y, sum[1] += x;
            known++;
        }
    NWC__TRY(nwc__metric_create(ctx, grid, &metric));
    b->moved_y = known ? sum[0] / (double)known / metric.mean_dy_m : 0.0;
    b->moved_x = known ? sum[1] / (double)known / metric.mean_dx_m : 0.0;
    nwc__metric_destroy(ctx, &metric);
    return NWC_OK;
}

static nwc_status advance_noise(nwc_ctx *ctx, struct blend *b, int64_t place, int64_t steps)
{
    const struct nwc__wavelengths *const w = &b->echoes.wavelengths;
    const uint64_t member = (uint64_t)b->options.first_member + (uint64_t)place;
    for (; b->steps[place] < steps; b->steps[place]++) {
        const uint64_t stream = member << 32 | (uint64_t)(b->steps[place] + 1);
        NWC__TRY(nwc__wavelengths_noise(ctx, w, b->options.seed, stream, b->drawn));
        if (b->steps[place] < 0) { /* as it always is */
            memcpy(b->noise[place], b->drawn, (size_t)w->size * sizeof *b->drawn);
            continue;
        }
        NWC__TRY(nwc__wavelengths_evolve(ctx, w, b->drawn, b->none, b->noise[place], b->fade, b->drawn, b->amplitude));
    }
    return NWC_OK;
}

/* ---- one member at one lead time ---- */

static nwc_status crop_rows(int64_t tile, void *user)
{
    const struct blend *const b = user;
    const struct nwc__wavelengths *const w = &b->echoes.wavelengths;
    for (int64_t j = tile * ROWS; j < w->ny && j < (tile + 1) * ROWS; j++)
        for (int64_t i = 0; i < w->nx; i++)
            b->blended[j * w->nx + i] =
                isnan(b->sources.decibels[0][j * w->nx + i]) ? NAN : b->sources.cells[j * w->padded_nx + i];
    return NWC_OK;
}

struct put_job {
    const struct blend *b;
    const nwc_field *to; /* (y, x) */
};

static nwc_status put_row(int64_t j, void *user)
{
    const struct put_job *const job = user;
    const int64_t nx = job->to->dim[1];
    for (int64_t i = 0; i < nx; i++) {
        const float decibels = job->b->blended[j * nx + i];
        job->to->data[j * job->to->stride[0] + i * job->to->stride[1]] =
            isnan(decibels) ? NAN : nwc__from_decibels(decibels, job->b->echoes.threshold);
    }
    return NWC_OK;
}

static nwc_status make_member(nwc_ctx *ctx, struct blend *b, int64_t place, double lead_s, const nwc_field *to)
{
    const struct nwc__wavelengths *const w = &b->echoes.wavelengths;
    NWC__TRY(nwc__wavelengths_mix(ctx, w, b->sources.spectrum[0], b->weight[0], b->sources.spectrum[1], b->weight[1],
                                  b->mixed));
    if (b->options.noise) {
        const float cells = (float)(w->padded_ny * w->padded_nx);
        for (int64_t i = 0; i < w->table_size; i++) b->one[i] = cells; /* which mix divides by */
        NWC__TRY(nwc__wavelengths_shift(ctx, w, b->noise[place], lead_s * b->moved_y, lead_s * b->moved_x, b->shifted));
        NWC__TRY(nwc__wavelengths_mix(ctx, w, b->mixed, b->one, b->shifted, b->noise_weight, b->drawn));
    }
    nwc__wavelengths_inverse(w, b->options.noise ? b->drawn : b->mixed, b->sources.cells);
    NWC__TRY(nwc__for_each_tile(ctx, "blend", (w->ny + ROWS - 1) / ROWS, crop_rows, b));
    const struct nwc__plane made = {b->blended, w->ny, w->nx, w->nx, 1};
    NWC__TRY(nwc__match_ranks(ctx, &b->echoes.matcher, &made));
    struct put_job job = {b, to};
    return nwc__for_each_tile(ctx, NULL, w->ny, put_row, &job);
}

static nwc_status forecast_lead(nwc_ctx *ctx, struct blend *b, int32_t lead, double lead_s, const nwc_field *model,
                                double *weights, const nwc_field *forecasts)
{
    const int64_t ny = b->echoes.past.ny, nx = b->echoes.past.nx;
    struct nwc__source source = {.cells = b->echoes.past.cells[0],
                                 .ny = (int32_t)ny,
                                 .nx = (int32_t)nx,
                                 .stride = (int32_t)nx};
    const nwc_field carried = {.data = b->carried, .ndim = 3, .dim = {lead + 1, ny, nx}, .stride = {0, nx, 1}};
    NWC__TRY(nwc__carry(ctx, &b->carrier, lead_s, &source, 1, lead, &carried));
    const nwc_field flat = nwc_field_part(&carried, lead);
    NWC__TRY(nwc__feather_take(ctx, &b->feather, &flat));
    const int64_t steps = (int64_t)ceil(lead_s / b->echoes.step_s);
    for (int32_t m = 0; m < b->n_models && m < forecasts->dim[0]; m++) {
        const nwc_field of_model = nwc_field_part(model, m), there = nwc_field_part(&of_model, lead);
        NWC__TRY(nwc__blend_sources_take(ctx, &b->sources, b->carried, &there, false, b->feather.weight));
        weigh(b, m, lead_s, m == 0 && weights ? weights + 2 * lead * b->echoes.n_levels : NULL);
        NWC__TRY(nwc__blend_sources_match(ctx, &b->sources, b->share, &b->echoes.matcher));
        for (int64_t place = m; place < forecasts->dim[0]; place += b->n_models) {
            const nwc_field member = nwc_field_part(forecasts, place), to = nwc_field_part(&member, lead);
            if (b->options.noise) NWC__TRY(advance_noise(ctx, b, place, steps));
            NWC__TRY(make_member(ctx, b, place, lead_s, &to));
        }
    }
    return NWC_OK;
}

/* ---- the call ---- */

void nwc_blend_options_init(nwc_blend_options *options)
{
    if (!options) return;
    *options =
        (nwc_blend_options){.struct_size = sizeof *options, .levels = 6, .order = 2, .threshold = 0.1, .noise = 1};
}

static nwc_status check_rest(const nwc_blend_options *o, const nwc_blend_skill *skill, const nwc_field *forecasts,
                             const nwc_field *like, int32_t n_leads)
{
    if (o->noise != 0 && o->noise != 1)
        return nwc__fail(NWC_ERR_ARG, "noise: 0 or 1 expected, %d given", (int)o->noise);
    if (!(o->feather_m >= 0.0 && isfinite(o->feather_m)))
        return nwc__fail(NWC_ERR_ARG, "feather_m: 0 or more expected, %g given", o->feather_m);
    NWC__TRY(nwc__check_ensemble(forecasts, like, n_leads, o->first_member));
    if (!skill) return NWC_OK;
    if (skill->n_levels != o->levels)
        return nwc__fail(NWC_ERR_ARG, "skill: %d levels expected, as the options have, %d given", (int)o->levels,
                         (int)skill->n_levels);
    bool good = skill->weight >= 0.0 && isfinite(skill->weight);
    for (int32_t k = 0; k < skill->n_levels; k++)
        good = good && skill->correlation[k] >= 0.0 && skill->correlation[k] <= 1.0;
    return good ? NWC_OK : nwc__fail(NWC_ERR_ARG, "skill: a weight of at least 0 and correlations of 0 to 1 expected");
}

static nwc_status allocate(nwc_ctx *ctx, struct blend *b, int64_t members)
{
    nwc_status status = NWC_OK;
    const struct nwc__wavelengths *const w = &b->echoes.wavelengths;
    const int64_t cells = b->echoes.past.ny * b->echoes.past.nx;
    for (int k = 0; k < NWC__SOURCES; k++) NWC__ALLOC(ctx, b->weight[k], w->table_size);
    NWC__ALLOC(ctx, b->noise_weight, w->table_size);
    NWC__ALLOC(ctx, b->one, w->table_size);
    NWC__ALLOC(ctx, b->fade, w->table_size);
    NWC__ALLOC(ctx, b->none, w->table_size);
    NWC__ALLOC(ctx, b->amplitude, w->size / 2);
    NWC__ALLOC(ctx, b->drawn, w->size);
    NWC__ALLOC(ctx, b->mixed, w->size > w->table_size ? w->size : w->table_size);
    NWC__ALLOC(ctx, b->shifted, w->size);
    NWC__ALLOC(ctx, b->carried, cells);
    NWC__ALLOC(ctx, b->blended, cells);
    if (!b->options.noise) return NWC_OK;
    NWC__ALLOC(ctx, b->steps, members);
    NWC__ALLOC(ctx, b->noise, members);
    for (int64_t m = 0; m < members; m++) b->noise[m] = NULL, b->steps[m] = -1;
    for (int64_t m = 0; m < members; m++) NWC__ALLOC(ctx, b->noise[m], w->size);
done:
    return status;
}

static void release(nwc_ctx *ctx, struct blend *b, int64_t members)
{
    for (int64_t m = 0; b->noise && m < members; m++) nwc__free(ctx, b->noise[m]);
    nwc__free(ctx, b->noise);
    nwc__free(ctx, b->steps);
    float *const owned[] = {b->blended, b->carried, b->shifted, b->mixed,        b->drawn,     b->amplitude,
                            b->none,    b->fade,    b->one,     b->noise_weight, b->weight[1], b->weight[0]};
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) nwc__free(ctx, owned[k]);
    nwc__feather_destroy(ctx, &b->feather);
    nwc__blend_sources_destroy(ctx, &b->sources);
    nwc__carrier_destroy(ctx, &b->carrier);
    nwc__echoes_destroy(ctx, &b->echoes);
}

nwc_status nwc_forecast_blend(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_field *model_now, const nwc_field *model, const nwc_blend_options *given,
                              const nwc_extrapolate_options *extrapolation, nwc_blend_skill *skill, double *weights,
                              nwc_field *forecasts)
{
    ctx = nwc__ctx(ctx);
    struct blend b = {0};
    nwc_extrapolate_options carried;
    nwc_blend_options_init(&b.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&b.options, sizeof b.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(nwc__check_echoes(b.options.levels, b.options.order, b.options.threshold));
    NWC__TRY(nwc__check_extrapolation(&carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__blend_sources_check(model_now, model, &frames[0], n_leads));
    NWC__TRY(check_rest(&b.options, skill, forecasts, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    b.n_models = (int32_t)model->dim[0];
    nwc_blend_skill_init(&b.past, b.options.levels);
    if (skill) b.past = *skill;
    nwc_status status = nwc__echoes_create(ctx, frames, times_ns, n_frames, u, v, b.options.levels, b.options.order,
                                           b.options.threshold, &b.echoes);
    if (status != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &b.carrier)) != NWC_OK) goto done;
    if ((status = nwc__blend_sources_create(ctx, &b.echoes, &b.sources)) != NWC_OK) goto done;
    if ((status = nwc__feather_create(ctx, frames[0].grid, b.options.feather_m, &b.feather)) != NWC_OK) goto done;
    if ((status = allocate(ctx, &b, forecasts->dim[0])) != NWC_OK) goto done;
    if ((status = learn_noise(ctx, &b)) != NWC_OK) goto done;
    if ((status = find_motion(ctx, &b, u, v, frames[0].grid)) != NWC_OK) goto done;
    nwc_blend_skill learnt = b.past;
    status = compare_now(ctx, &b, model_now, &learnt, times_ns[n_frames - 1]);
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++)
        status = forecast_lead(ctx, &b, n, leads_s[n], model, weights, forecasts);
    if (status == NWC_OK && skill) *skill = learnt;
done:
    release(ctx, &b, forecasts->dim[0]);
    return status;
}
