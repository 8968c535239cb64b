/*
 * A nested start: the problem is first solved on boxes of cells twice and four times as large, at an eighth and a sixty-fourth of the
 * cost, and what was added to the background there is where the next box begins. Large waves, which conjugate gradients find last,
 * are found there; on the cells of the grid ten to twenty iterations remain, at any size.
 */
#include "wind/nest.h"

#include "core/fft.h"

enum { COARSE_ITERATIONS = 30, LEAST_CELLS = 12, LEAST_LEVELS = 6 };

static nwc_status make_level(nwc_ctx *ctx, const nwc__wind_setting *setting, int32_t l, const int64_t n[3],
                             nwc__wind_level *level)
{
    nwc_status status = NWC_OK;
    const double times = (double)(1 << l);
    const double d[3] = {setting->d[0] * times, setting->d[1] * times, setting->d[2] * times};
    double *error_h = NULL, *error_w = NULL;
    if ((status = nwc__wind_box_create(ctx, n, d, setting->bottom_m, setting->scale_m, &level->box)) != NWC_OK)
        goto done;
    NWC__ALLOC(ctx, error_h, n[2]);
    NWC__ALLOC(ctx, error_w, n[2]);
    for (int64_t k = 0; k < n[2]; k++) { /* of the level in the middle of its cell */
        const int64_t middle = (k << l) + ((1 << l) >> 1), last = setting->n[2] - 1;
        error_h[k] = setting->error_h[middle < last ? middle : last];
        error_w[k] = setting->error_w[middle < last ? middle : last];
    }
    if ((status = nwc__wind_prior_create(ctx, &level->box, setting->order, setting->reach, error_h, error_w,
                                         &level->prior)) != NWC_OK)
        goto done;
    if ((status = nwc__wind_projection_create(ctx, &level->box, &level->projection)) != NWC_OK) goto done;
    if ((status = nwc__wind_spectral_create(ctx, &level->prior, &level->spectral)) != NWC_OK) goto done;
    level->background = nwc__wind_create(ctx, &level->box);
    level->wind = nwc__wind_create(ctx, &level->box);
    if (!level->background || !level->wind) status = NWC_ERR_NOMEM;
done:
    nwc__free(ctx, error_w);
    nwc__free(ctx, error_h);
    return status;
}

nwc_status nwc__wind_nest_create(nwc_ctx *ctx, const nwc__wind_setting *setting, nwc__wind_nest *nest)
{
    int64_t n[3] = {setting->n[0], setting->n[1], setting->n[2]};
    *nest = (nwc__wind_nest){.n = 0};
    for (int32_t l = 0; l < NWC__WIND_MOST_BOXES; l++) {
        if (l) {
            n[0] = nwc__fft_fast_size((n[0] + 1) / 2 + 1) - 1;
            n[1] = nwc__fft_fast_size((n[1] + 1) / 2 + 1) - 1;
            n[2] = (n[2] + 1) / 2;
            if (n[0] < LEAST_CELLS || n[1] < LEAST_CELLS || n[2] < LEAST_LEVELS) break;
        }
        nest->n++;
        NWC__TRY(make_level(ctx, setting, l, n, &nest->level[l]));
    }
    return NWC_OK;
}

void nwc__wind_nest_release(nwc_ctx *ctx, nwc__wind_nest *nest)
{
    for (int32_t l = nest->n - 1; l >= 0; l--) {
        nwc__wind_level *const level = &nest->level[l];
        nwc__wind_data_release(ctx, &level->data);
        nwc__free(ctx, level->wind);
        nwc__free(ctx, level->background);
        nwc__wind_spectral_destroy(ctx, level->spectral);
        nwc__wind_projection_destroy(ctx, level->projection);
        nwc__wind_prior_release(ctx, &level->prior);
        nwc__wind_box_release(ctx, &level->box);
    }
    nest->n = 0;
}

static nwc__wind_problem problem_of(const nwc__wind_level *level, const nwc__wind_data *data)
{
    return (nwc__wind_problem){.box = &level->box,
                               .prior = &level->prior,
                               .data = data,
                               .projection = level->projection,
                               .spectral = level->spectral,
                               .background = level->background};
}

/* The start on a level: its background and what the coarser one has added to its own, free of divergence. */
static nwc_status begin(nwc_ctx *ctx, const nwc__wind_level *level, const nwc__wind_level *coarser)
{
    const int64_t n = 3 * level->box.shape.size, m = coarser ? 3 * coarser->box.shape.size : 0;
    if (coarser) {
        for (int64_t i = 0; i < m; i++) coarser->wind[i] -= coarser->background[i];
        NWC__TRY(nwc__wind_resample(ctx, &coarser->box, coarser->wind, &level->box, level->wind));
        for (int64_t i = 0; i < n; i++) level->wind[i] += level->background[i];
    } else {
        memcpy(level->wind, level->background, (size_t)n * sizeof *level->wind);
    }
    return nwc__wind_project(ctx, level->projection, level->wind);
}

nwc_status nwc__wind_nest_solve(nwc_ctx *ctx, nwc__wind_nest *nest, const nwc__wind_data *data, int32_t most,
                                double tolerance, nwc__wind_outcome *outcome, int32_t *coarse)
{
    *coarse = 0;
    for (int32_t l = 1; l < nest->n; l++) {
        const nwc__wind_level *const finer = &nest->level[l - 1];
        nwc__wind_level *const level = &nest->level[l];
        nwc__wind_data_release(ctx, &level->data);
        NWC__TRY(nwc__wind_data_merge(ctx, &level->box, l == 1 ? data : &finer->data, &level->data));
        NWC__TRY(nwc__wind_resample(ctx, &finer->box, finer->background, &level->box, level->background));
    }
    for (int32_t l = nest->n - 1; l >= 0; l--) {
        const nwc__wind_level *const level = &nest->level[l];
        const nwc__wind_problem problem = problem_of(level, l ? &level->data : data);
        NWC__TRY(begin(ctx, level, l + 1 < nest->n ? level + 1 : NULL));
        if (data->n == 0 && l > 0) continue;
        NWC__TRY(nwc__wind_solve(ctx, &problem, l ? COARSE_ITERATIONS : most, tolerance, level->wind, outcome));
        if (l) *coarse += outcome->iterations;
    }
    return NWC_OK;
}

nwc_status nwc__wind_nest_refine(nwc_ctx *ctx, nwc__wind_nest *nest, const nwc__wind_data *data,
                                 const nwc__wind_tendency *tendency, int32_t most, double tolerance,
                                 nwc__wind_outcome *outcome)
{
    nwc__wind_problem problem = problem_of(&nest->level[0], data);
    problem.tendency = tendency;
    return nwc__wind_solve(ctx, &problem, most, tolerance, nest->level[0].wind, outcome);
}
