/*
 * Members of ensembles as they unfold step by step: a state of the newest frame that noise is added to, shown as rain with the newest
 * frame's values by rank, near rain alone, and carried by a motion of its own (Bowler, Pierce and Seed 2006, Q. J. R.
 * Meteorol. Soc. 132, 2127).
 *
 * Waves keep their variance by themselves, rain does not: ranks and the rim around rain take some from short waves, and noise is spent
 * where it may not rain. So noise is made as much stronger in each level as a trial member has less.
 */
#include "forecast/unfold.h"

#include "forecast/astray.h"
#include "forecast/near.h"

enum {
    ROWS = 16 /* in a tile */,
    RIM = 10, /* cells around rain where new rain may form in a step */
    TRIALS = 2,
    TRIAL_STEPS = 12,
    TRIAL_EVERY = 3,
    TRIAL_MEMBER = INT32_MAX /* which no caller can ask for */
};

#define MOST_BOOST 2.0 /* of noise */

struct unfolding {
    const struct nwc__unfolds *method;
    void *states;
    nwc_steps_options options;
    struct nwc__echoes echoes;
    nwc__carrier carrier;
    struct nwc__astray astray;
    float *foreseen, *near; /* (ny, nx) */
};

/* ---- one member ---- */

static nwc_status fade_far(int64_t tile, void *user)
{
    const struct unfolding *const f = user;
    const int64_t nx = f->echoes.past.nx, ny = f->echoes.past.ny;
    const int64_t end = (tile + 1) * ROWS < ny ? (tile + 1) * ROWS : ny;
    for (int64_t i = tile * ROWS * nx; i < end * nx; i++)
        f->foreseen[i] = f->foreseen[i] > 0.0F ? f->foreseen[i] * f->near[i] : f->foreseen[i];
    return NWC_OK;
}

static nwc_status begin_member(nwc_ctx *ctx, struct unfolding *f)
{
    const struct nwc__past *const past = &f->echoes.past;
    NWC__TRY(f->method->begin(ctx, f->states));
    return nwc__nearness(ctx, past->cells[0], past->ny, past->nx, NWC__WET_DB, RIM, f->near);
}

static nwc_status one_step(nwc_ctx *ctx, struct unfolding *f, int32_t member, int64_t step)
{
    return f->method->step(ctx, f->states, f->options.seed, (uint64_t)member << 32 | (uint64_t)step);
}

/* Decibels of the member, back steps before its newest state. */
static nwc_status show(nwc_ctx *ctx, struct unfolding *f, double back)
{
    const int64_t ny = f->echoes.past.ny, nx = f->echoes.past.nx;
    NWC__TRY(f->method->show(ctx, f->states, back, f->foreseen));
    NWC__TRY(nwc__for_each_tile(ctx, "members", (ny + ROWS - 1) / ROWS, fade_far, f));
    const struct nwc__plane made = {f->foreseen, ny, nx, nx, 1};
    return nwc__match_ranks(ctx, &f->echoes.matcher, &made);
}

/* Rain grows outwards by RIM cells from what is shown. */
static nwc_status widen(nwc_ctx *ctx, struct unfolding *f)
{
    return nwc__nearness(ctx, f->foreseen, f->echoes.past.ny, f->echoes.past.nx, NWC__WET_DB, RIM, f->near);
}

/* Rain grows by one rim a step, whatever lead times are asked for. */
static nwc_status forecast_member(nwc_ctx *ctx, struct unfolding *f, int32_t member, const double *leads_s,
                                  int32_t n_leads, const nwc_field *forecast)
{
    const struct nwc__echoes *const e = &f->echoes;
    const int32_t ny = (int32_t)e->past.ny, nx = (int32_t)e->past.nx;
    double drawn[2];
    int64_t step = 0;
    nwc__astray_draw(ctx, f->options.seed, member, drawn);
    NWC__TRY(begin_member(ctx, f));
    for (int32_t n = 0; n < n_leads; n++) {
        const double steps = leads_s[n] / e->step_s;
        while ((double)step < steps) {
            NWC__TRY(one_step(ctx, f, member, ++step));
            if ((double)step >= steps) break;
            NWC__TRY(show(ctx, f, 0.0));
            NWC__TRY(widen(ctx, f));
        }
        NWC__TRY(show(ctx, f, (double)step - steps));
        struct nwc__source source = {.cells = f->foreseen, .ny = ny, .nx = nx, .stride = nx};
        const float *dx, *dy;
        nwc__astray_at(&f->astray, &f->carrier, n, leads_s[n], f->options.vary_motion ? drawn : NULL, &dx, &dy);
        NWC__TRY(nwc__carry_by(ctx, &f->carrier, dx, dy, leads_s[n], &source, 1, n, forecast));
        NWC__TRY(nwc__echoes_to_rain(ctx, e, forecast, n));
        if (n + 1 == n_leads || !(leads_s[n + 1] > (double)step * e->step_s)) continue;
        if ((double)step != steps) NWC__TRY(show(ctx, f, 0.0));
        NWC__TRY(widen(ctx, f));
    }
    return NWC_OK;
}

/* ---- noise that lasts ---- */

/* Steps of a member that is shown to nobody; how much of each level's variance its rain has, on average. */
static nwc_status try_member(nwc_ctx *ctx, struct unfolding *f, double kept[NWC__MOST_WAVE_LEVELS])
{
    for (int32_t m = 0; m < f->echoes.n_levels; m++) kept[m] = 0.0;
    NWC__TRY(begin_member(ctx, f));
    for (int64_t step = 1; step <= TRIAL_STEPS; step++) {
        double now[NWC__MOST_WAVE_LEVELS] = {0.0};
        NWC__TRY(one_step(ctx, f, TRIAL_MEMBER, step));
        NWC__TRY(show(ctx, f, 0.0));
        NWC__TRY(widen(ctx, f));
        if (step % TRIAL_EVERY != 0) continue;
        NWC__TRY(f->method->measure(ctx, f->states, f->foreseen, now));
        for (int32_t m = 0; m < f->echoes.n_levels; m++) kept[m] += now[m] * TRIAL_EVERY / TRIAL_STEPS;
    }
    return NWC_OK;
}

static nwc_status tune(nwc_ctx *ctx, struct unfolding *f)
{
    double kept[NWC__MOST_WAVE_LEVELS], boost[NWC__MOST_WAVE_LEVELS];
    for (int32_t m = 0; m < NWC__MOST_WAVE_LEVELS; m++) boost[m] = 1.0;
    for (int32_t n = 0; n < TRIALS; n++) {
        NWC__TRY(f->method->learn_noise(ctx, f->states, boost));
        NWC__TRY(try_member(ctx, f, kept));
        for (int32_t m = 0; m < f->echoes.n_levels; m++)
            if (kept[m] > 0.0) boost[m] = fmin(fmax(boost[m] / kept[m], 1.0 / MOST_BOOST), MOST_BOOST);
    }
    return f->method->learn_noise(ctx, f->states, boost);
}

/* ---- the call ---- */

static nwc_status prepare(nwc_ctx *ctx, struct unfolding *f, const nwc_grid *grid)
{
    nwc_status status = NWC_OK;
    const int64_t cells = f->echoes.past.ny * f->echoes.past.nx;
    NWC__ALLOC(ctx, f->foreseen, cells);
    NWC__ALLOC(ctx, f->near, cells);
    status = f->method->create(ctx, &f->echoes, grid, f->options.window_m, f->states);
    if (status == NWC_OK) status = tune(ctx, f);
done:
    return status;
}

nwc_status nwc__unfold(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                       const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                       const nwc_steps_options *given, const nwc_extrapolate_options *extrapolation,
                       nwc_field *forecasts, const struct nwc__unfolds *method, void *states)
{
    ctx = nwc__ctx(ctx);
    struct unfolding f = {.method = method, .states = states};
    nwc_extrapolate_options carried;
    nwc_steps_options_init(&f.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&f.options, sizeof f.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(nwc__check_echoes(f.options.levels, f.options.order, f.options.threshold));
    if (!(f.options.window_m > 0.0) || !isfinite(f.options.window_m))
        return nwc__fail(NWC_ERR_ARG, "window_m: above 0 expected, %g given", f.options.window_m);
    NWC__TRY(nwc__check_extrapolation(&carried));
    if (carried.sampling == NWC_SAMPLE_FADING)
        carried.sampling = NWC_SAMPLE_CUBIC; /* noise is as sharp an hour ahead */
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_ensemble(forecasts, &frames[0], n_leads, f.options.first_member));
    NWC__TRY(nwc__check_vary_motion(f.options.vary_motion));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    nwc_status status = nwc__echoes_create(ctx, frames, times_ns, n_frames, u, v, f.options.levels, f.options.order,
                                           f.options.threshold, &f.echoes);
    if (status != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &f.carrier)) != NWC_OK) goto done;
    if ((status = prepare(ctx, &f, frames[0].grid)) != NWC_OK) goto done;
    if ((status = nwc__astray_create(ctx, &f.carrier, leads_s, n_leads, &f.astray)) != NWC_OK) goto done;
    for (int64_t k = 0; k < forecasts->dim[0] && status == NWC_OK; k++) {
        const nwc_field member = nwc_field_part(forecasts, k);
        status = forecast_member(ctx, &f, f.options.first_member + (int32_t)k, leads_s, n_leads, &member);
    }
done:
    nwc__astray_destroy(ctx, &f.astray);
    method->destroy(ctx, states);
    nwc__free(ctx, f.near);
    nwc__free(ctx, f.foreseen);
    nwc__carrier_destroy(ctx, &f.carrier);
    nwc__echoes_destroy(ctx, &f.echoes);
    return status;
}
