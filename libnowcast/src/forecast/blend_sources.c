/*
 * Two sources of rain at one time. Each stands for the other where that is not known, so that neither has an edge which waves
 * would carry inwards, and the levels of both are compared over the same cells.
 */
#include "forecast/blend_sources.h"

enum { ROWS = 16 /* in a tile */ };

nwc_status nwc__blend_sources_check(const nwc_field *model_now, const nwc_field *model, const nwc_field *like,
                                    int32_t n_leads)
{
    NWC__TRY(nwc__check_field(model_now, "model_now", 3));
    NWC__TRY(nwc__check_same_shape(model_now, "model_now", like, "frames"));
    NWC__TRY(nwc__check_field(model, "model", 4));
    NWC__TRY(nwc__check_same_shape(model, "model", like, "frames"));
    if (model_now->dim[0] > NWC__MOST_MODELS || model->dim[0] != model_now->dim[0])
        return nwc__fail(NWC_ERR_ARG,
                         "model_now, model: the same number of members, 1 to %d, expected, %lld and %lld given",
                         NWC__MOST_MODELS, (long long)model_now->dim[0], (long long)model->dim[0]);
    if (model->dim[1] != n_leads)
        return nwc__fail(NWC_ERR_ARG, "model: %d lead times expected, %lld given", (int)n_leads,
                         (long long)model->dim[1]);
    const nwc_field *const both[] = {model_now, model};
    for (int k = 0; k < 2; k++)
        if (like->units && both[k]->units && strcmp(both[k]->units, like->units) != 0)
            return nwc__fail(NWC_ERR_ARG, "%s: units %s of frames expected, %s given", k ? "model" : "model_now",
                             like->units, both[k]->units);
    return NWC_OK;
}

nwc_status nwc__blend_sources_create(nwc_ctx *ctx, const struct nwc__echoes *echoes, struct nwc__blend_sources *s)
{
    nwc_status status = NWC_OK;
    const struct nwc__wavelengths *const w = &echoes->wavelengths;
    const int64_t cells = w->ny * w->nx;
    *s = (struct nwc__blend_sources){.echoes = echoes};
    for (int k = 0; k < NWC__SOURCES; k++) {
        NWC__ALLOC(ctx, s->decibels[k], cells);
        NWC__ALLOC(ctx, s->spectrum[k], w->size);
        NWC__ALLOC(ctx, s->sorted[k], cells);
    }
    NWC__ALLOC(ctx, s->target, cells);
    NWC__ALLOC(ctx, s->work, 2 * cells);
    NWC__ALLOC(ctx, s->cells, w->padded_ny * w->padded_nx);
done:
    if (status != NWC_OK) nwc__blend_sources_destroy(ctx, s);
    return status;
}

void nwc__blend_sources_destroy(nwc_ctx *ctx, struct nwc__blend_sources *s)
{
    nwc__free(ctx, s->cells);
    nwc__free(ctx, s->work);
    nwc__free(ctx, s->target);
    for (int k = NWC__SOURCES - 1; k >= 0; k--) {
        nwc__free(ctx, s->sorted[k]);
        nwc__free(ctx, s->spectrum[k]);
        nwc__free(ctx, s->decibels[k]);
    }
    *s = (struct nwc__blend_sources){0};
}

struct job {
    struct nwc__blend_sources *s;
    const float *nowcast, *weight, *from;
    const nwc_field *model;
    bool only;
};

static nwc_status join_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__echoes *const e = job->s->echoes;
    const int64_t ny = e->wavelengths.ny, nx = e->wavelengths.nx;
    for (int64_t j = tile * ROWS; j < ny && j < (tile + 1) * ROWS; j++)
        for (int64_t i = 0; i < nx; i++) {
            const float rain = job->model->data[j * job->model->stride[0] + i * job->model->stride[1]];
            float nowcast = job->nowcast[j * nx + i];
            float model = isfinite(rain) ? nwc__to_decibels(rain, e->threshold) : NAN;
            if (job->weight) nowcast = nwc__feathered(nowcast, model, job->weight[j * nx + i]);
            if (isnan(model) || (job->only && isnan(nowcast))) model = nowcast;
            job->s->decibels[NWC__NOWCAST][j * nx + i] = isnan(nowcast) ? model : nowcast;
            job->s->decibels[NWC__MODEL][j * nx + i] = model;
        }
    return NWC_OK;
}

static nwc_status pad_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__wavelengths *const w = &job->s->echoes->wavelengths;
    for (int64_t j = tile * ROWS; j < w->padded_ny && j < (tile + 1) * ROWS; j++) {
        float *const to = job->s->cells + j * w->padded_nx;
        memset(to, 0, (size_t)w->padded_nx * sizeof *to);
        for (int64_t i = 0; j < w->ny && i < w->nx; i++)
            to[i] = isnan(job->from[j * w->nx + i]) ? 0.0F : job->from[j * w->nx + i];
    }
    return NWC_OK;
}

/* Whether the model knows any cell. */
static bool is_known(const nwc_field *model)
{
    for (int64_t j = 0; j < model->dim[0]; j++)
        for (int64_t i = 0; i < model->dim[1]; i++)
            if (isfinite(model->data[j * model->stride[0] + i * model->stride[1]])) return true;
    return false;
}

static nwc_status compare_levels(nwc_ctx *ctx, struct nwc__blend_sources *s)
{
    const struct nwc__echoes *const e = s->echoes;
    const float *const spectra[] = {s->spectrum[0], s->spectrum[1]};
    for (int32_t k = 0; k < e->n_levels; k++) {
        double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES] = {{0.0}};
        const float *const table = e->levels + k * e->wavelengths.table_size;
        NWC__TRY(nwc__wavelengths_products(ctx, &e->wavelengths, spectra, NWC__SOURCES, table, products));
        for (int n = 0; n < NWC__SOURCES; n++) s->deviation[n][k] = sqrt(fmax(products[n][n], 0.0));
        const double both = s->deviation[0][k] * s->deviation[1][k];
        s->correlation[k] = both > 0.0 ? products[0][1] / both : 0.0;
    }
    return NWC_OK;
}

nwc_status nwc__blend_sources_join(nwc_ctx *ctx, struct nwc__blend_sources *s, const float *nowcast,
                                   const nwc_field *model, bool only, const float *weight)
{
    struct job job = {.s = s, .nowcast = nowcast, .weight = weight, .model = model, .only = only};
    s->model_known = is_known(model);
    return nwc__for_each_tile(ctx, "blend", (s->echoes->wavelengths.ny + ROWS - 1) / ROWS, join_rows, &job);
}

nwc_status nwc__blend_sources_take(nwc_ctx *ctx, struct nwc__blend_sources *s, const float *nowcast,
                                   const nwc_field *model, bool only, const float *weight)
{
    const struct nwc__wavelengths *const w = &s->echoes->wavelengths;
    struct job job = {.s = s};
    NWC__TRY(nwc__blend_sources_join(ctx, s, nowcast, model, only, weight));
    for (int k = 0; k < NWC__SOURCES; k++) {
        job.from = s->decibels[k];
        NWC__TRY(nwc__for_each_tile(ctx, "blend", (w->padded_ny + ROWS - 1) / ROWS, pad_rows, &job));
        nwc__wavelengths_forward(w, s->cells, s->spectrum[k]);
    }
    return compare_levels(ctx, s);
}

nwc_status nwc__blend_sources_match(nwc_ctx *ctx, struct nwc__blend_sources *s, double share,
                                    struct nwc__matcher *matcher)
{
    const struct nwc__wavelengths *const w = &s->echoes->wavelengths;
    const int64_t cells = w->ny * w->nx;
    int64_t known = 0;
    for (int k = 0; k < NWC__SOURCES; k++) known = nwc__sort_known(s->decibels[k], cells, s->work, s->sorted[k]);
    for (int64_t i = 0; i < cells; i++) s->target[i] = NAN;
    /* Of each rank the value of one source, in turn as their shares are: a mixture of both distributions. */
    for (int64_t i = 0; i < known; i++) {
        const bool nowcast = floor((double)(i + 1) * share) > floor((double)i * share);
        s->target[i] = s->sorted[nowcast ? NWC__NOWCAST : NWC__MODEL][i];
    }
    const struct nwc__plane plane = {s->target, w->ny, w->nx, w->nx, 1};
    return nwc__match_target(ctx, matcher, &plane);
}
