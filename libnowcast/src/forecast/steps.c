/*
 * STEPS (Bowler, Pierce and Seed 2006, Q. J. R. Meteorol. Soc. 132, 2127): S-PROG whose levels, as they fade, are filled
 * with noise that looks like the rain, carried by motions that differ from member to member.
 *
 * Each wave is an autoregressive process of its own, whose coefficients are those of the levels, mixed as they share its
 * wave number; so a member has two states in all, and a step costs one inverse transform. Noise is drawn as waves: white, with
 * the amplitude that the newest frame's wave has (Pegram and Clothier 2001, non-parametric), and with the levels' variance. In steady
 * state a level keeps its variance.
 */
#include "forecast/astray.h"
#include "forecast/echoes.h"
#include "forecast/near.h"

enum {
    ROWS = 16 /* in a tile */,
    NOW = 0,
    BEFORE = 1,
    RIM = 10, /* cells around rain where new rain may form in a step */
    TRIALS = 2,
    TRIAL_STEPS = 12,
    TRIAL_EVERY = 3,
    TRIAL_MEMBER = INT32_MAX /* which no caller can ask for */
};

#define MOST_BOOST 2.0 /* of noise */

#define TAPERED 0.1 /* of a side, at each of its ends, where the frame fades before its amplitudes are taken (Tukey) */

struct steps {
    nwc_steps_options options;
    struct nwc__echoes echoes;
    nwc__carrier carrier;
    double boost[NWC__MOST_WAVE_LEVELS]; /* of noise, so that rain keeps the variance of each level */
    float *phi[NWC__STATES];             /* tables */
    float *ratio;                        /* table: newest to earlier deviation */
    float *constant[2];                  /* tables, of the shares of two states */
    float *amplitude;                    /* (padded_ny, padded_nx / 2 + 1), of noise in a step */
    float *state[NWC__STATES];           /* spectra */
    float *noise, *mixed;                /* spectra */
    float *foreseen, *near;              /* (ny, nx) */
    struct nwc__astray astray;
};

/* ---- what all members have ---- */

/*
 * The process of each wave number, and how much noise keeps its variance: var phi0^2 = 1 - phi1 g1 - phi2 g2, g being the
 * correlations that these phi give.
 */
static void fill_tables(struct steps *s, const double *noise_variance, float *noise)
{
    const struct nwc__echoes *const e = &s->echoes;
    const int64_t n = e->wavelengths.table_size;
    for (int64_t i = 0; i < n; i++) {
        double phi[NWC__STATES] = {0.0}, ratio = 0.0, gain = 0.0;
        for (int32_t m = 0; m < e->n_levels; m++) {
            const double share = (double)e->levels[m * n + i];
            for (int k = 0; k < NWC__STATES; k++) phi[k] += share * e->process[m].phi[k];
            ratio += share * e->process[m].ratio;
            if (noise_variance[m] > 0.0) gain += share * s->boost[m] * sqrt(e->process[m].variance / noise_variance[m]);
        }
        const double first = phi[0] / (1.0 - phi[1]), second = phi[0] * first + phi[1];
        s->phi[0][i] = (float)phi[0];
        s->phi[1][i] = (float)phi[1];
        s->ratio[i] = (float)ratio;
        noise[i] = (float)(gain * sqrt(fmax(1.0 - phi[0] * first - phi[1] * second, 0.0)));
    }
    s->phi[0][0] = 1.0F, s->phi[1][0] = s->ratio[0] = noise[0] = 0.0F; /* the mean stays */
}

static double taper(int64_t i, int64_t n)
{
    const double from_edge = ((double)(i < n - 1 - i ? i : n - 1 - i) + 0.5) / (double)n;
    return from_edge < TAPERED ? 0.5 * (1.0 - cos(NWC__PI * from_edge / TAPERED)) : 1.0;
}

static nwc_status learn_noise(nwc_ctx *ctx, struct steps *s)
{
    nwc_status status = NWC_OK;
    struct nwc__echoes *const e = &s->echoes;
    const int64_t ny = e->past.ny, nx = e->past.nx, padded = e->wavelengths.padded_nx;
    double variance[NWC__MOST_WAVE_LEVELS];
    float *gain = NULL;
    NWC__ALLOC(ctx, gain, e->wavelengths.table_size);
    memset(e->cells, 0, (size_t)(e->wavelengths.padded_ny * padded) * sizeof *e->cells);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const float newest = e->past.cells[0][j * nx + i];
            e->cells[j * padded + i] = isnan(newest) ? 0.0F : newest * (float)(taper(j, ny) * taper(i, nx));
        }
    nwc__wavelengths_forward(&e->wavelengths, e->cells, s->noise);
    if ((status = nwc__echoes_variances(ctx, e, s->noise, variance)) != NWC_OK) goto done;
    fill_tables(s, variance, gain);
    status = nwc__wavelengths_amplitude(ctx, &e->wavelengths, s->noise, gain, s->amplitude);
done:
    nwc__free(ctx, gain);
    return status;
}

/* ---- one member ---- */

struct rows_job {
    struct steps *s;
};

static nwc_status fade_far(int64_t tile, void *user)
{
    const struct steps *const s = ((const struct rows_job *)user)->s;
    const int64_t nx = s->echoes.past.nx, ny = s->echoes.past.ny;
    const int64_t end = (tile + 1) * ROWS < ny ? (tile + 1) * ROWS : ny;
    for (int64_t i = tile * ROWS * nx; i < end * nx; i++)
        s->foreseen[i] = s->foreseen[i] > 0.0F ? s->foreseen[i] * s->near[i] : s->foreseen[i];
    return NWC_OK;
}

static nwc_status begin_member(nwc_ctx *ctx, struct steps *s)
{
    const struct nwc__echoes *const e = &s->echoes;
    const int64_t n = e->wavelengths.table_size;
    memcpy(s->state[NOW], e->spectra[0], (size_t)e->wavelengths.size * sizeof *s->state[NOW]);
    for (int64_t i = 0; i < n; i++) s->constant[0][i] = 0.0F;
    const float cells = (float)(e->wavelengths.padded_ny * e->wavelengths.padded_nx);
    for (int64_t i = 0; i < n; i++) s->constant[1][i] = s->ratio[i] * cells; /* which mix divides by */
    NWC__TRY(nwc__wavelengths_mix(ctx, &e->wavelengths, e->spectra[0], s->constant[0], e->spectra[1], s->constant[1],
                                  s->state[BEFORE]));
    return nwc__nearness(ctx, e->past.cells[0], e->past.ny, e->past.nx, NWC__WET_DB, RIM, s->near);
}

static nwc_status one_step(nwc_ctx *ctx, struct steps *s, int32_t member, int64_t step)
{
    const struct nwc__echoes *const e = &s->echoes;
    const uint64_t stream = (uint64_t)member << 32 | (uint64_t)step;
    NWC__TRY(nwc__wavelengths_noise(ctx, &e->wavelengths, s->options.seed, stream, s->noise));
    NWC__TRY(nwc__wavelengths_evolve(ctx, &e->wavelengths, s->state[NOW], s->phi[0], s->state[BEFORE], s->phi[1],
                                     s->noise, s->amplitude));
    float *const next = s->state[BEFORE];
    s->state[BEFORE] = s->state[NOW];
    s->state[NOW] = next;
    return NWC_OK;
}

/* Decibels of the member, back steps before its newest state. */
static nwc_status show(nwc_ctx *ctx, struct steps *s, double back)
{
    const struct nwc__echoes *const e = &s->echoes;
    const int64_t ny = e->past.ny, nx = e->past.nx;
    for (int64_t i = 0; i < e->wavelengths.table_size; i++) {
        s->constant[0][i] = (float)(1.0 - back);
        s->constant[1][i] = (float)back;
    }
    NWC__TRY(nwc__wavelengths_mix(ctx, &e->wavelengths, s->state[NOW], s->constant[0], s->state[BEFORE], s->constant[1],
                                  s->mixed));
    nwc__wavelengths_inverse(&e->wavelengths, s->mixed, e->cells);
    NWC__TRY(nwc__echoes_crop(ctx, e, e->cells, s->foreseen));
    struct rows_job job = {.s = s};
    NWC__TRY(nwc__for_each_tile(ctx, "STEPS", (ny + ROWS - 1) / ROWS, fade_far, &job));
    const struct nwc__plane made = {s->foreseen, ny, nx, nx, 1};
    return nwc__match_ranks(ctx, &s->echoes.matcher, &made);
}

/* Rain grows outwards by RIM cells a step at most, whatever lead times are asked for. */
static nwc_status forecast_member(nwc_ctx *ctx, struct steps *s, int32_t member, const double *leads_s, int32_t n_leads,
                                  const nwc_field *forecast)
{
    const struct nwc__echoes *const e = &s->echoes;
    const int64_t ny = e->past.ny, nx = e->past.nx;
    double drawn[2];
    int64_t step = 0;
    nwc__astray_draw(ctx, s->options.seed, member, drawn);
    NWC__TRY(begin_member(ctx, s));
    for (int32_t n = 0; n < n_leads; n++) {
        const double steps = leads_s[n] / e->step_s;
        while ((double)step < steps) {
            NWC__TRY(one_step(ctx, s, member, ++step));
            if ((double)step >= steps) break;
            NWC__TRY(show(ctx, s, 0.0));
            NWC__TRY(nwc__nearness(ctx, s->foreseen, ny, nx, NWC__WET_DB, RIM, s->near));
        }
        NWC__TRY(show(ctx, s, (double)step - steps));
        struct nwc__source source = {.cells = s->foreseen, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
        const float *dx, *dy;
        nwc__astray_at(&s->astray, &s->carrier, n, leads_s[n], s->options.vary_motion ? drawn : NULL, &dx, &dy);
        NWC__TRY(nwc__carry_by(ctx, &s->carrier, dx, dy, leads_s[n], &source, 1, n, forecast));
        NWC__TRY(nwc__echoes_to_rain(ctx, e, forecast, n));
        if (n + 1 == n_leads || !(leads_s[n + 1] > (double)step * e->step_s)) continue;
        if ((double)step != steps) NWC__TRY(show(ctx, s, 0.0));
        NWC__TRY(nwc__nearness(ctx, s->foreseen, ny, nx, NWC__WET_DB, RIM, s->near));
    }
    return NWC_OK;
}

/* ---- noise that lasts ---- */

/* Steps of a member that is shown to nobody; how much of each level's variance its rain has, on average. */
static nwc_status try_member(nwc_ctx *ctx, struct steps *s, double kept[NWC__MOST_WAVE_LEVELS])
{
    const struct nwc__echoes *const e = &s->echoes;
    for (int32_t m = 0; m < e->n_levels; m++) kept[m] = 0.0;
    NWC__TRY(begin_member(ctx, s));
    for (int64_t step = 1; step <= TRIAL_STEPS; step++) {
        double variance[NWC__MOST_WAVE_LEVELS];
        NWC__TRY(one_step(ctx, s, TRIAL_MEMBER, step));
        NWC__TRY(show(ctx, s, 0.0));
        NWC__TRY(nwc__nearness(ctx, s->foreseen, e->past.ny, e->past.nx, NWC__WET_DB, RIM, s->near));
        if (step % TRIAL_EVERY != 0) continue;
        NWC__TRY(nwc__echoes_spectrum(ctx, e, s->foreseen, s->mixed));
        NWC__TRY(nwc__echoes_variances(ctx, e, s->mixed, variance));
        for (int32_t m = 0; m < e->n_levels; m++)
            if (e->process[m].variance > 0.0)
                kept[m] += variance[m] / e->process[m].variance * TRIAL_EVERY / TRIAL_STEPS;
    }
    return NWC_OK;
}

/*
 * Waves keep their variance by themselves, rain does not: ranks and the rim around rain take some from short waves, and noise is spent
 * where it may not rain. So noise is made as much stronger in each level as a member has less.
 */
static nwc_status tune(nwc_ctx *ctx, struct steps *s)
{
    double kept[NWC__MOST_WAVE_LEVELS];
    for (int32_t m = 0; m < NWC__MOST_WAVE_LEVELS; m++) s->boost[m] = 1.0;
    for (int32_t n = 0; n < TRIALS; n++) {
        NWC__TRY(learn_noise(ctx, s));
        NWC__TRY(try_member(ctx, s, kept));
        for (int32_t m = 0; m < s->echoes.n_levels; m++)
            if (kept[m] > 0.0) s->boost[m] = fmin(fmax(s->boost[m] / kept[m], 1.0 / MOST_BOOST), MOST_BOOST);
    }
    return learn_noise(ctx, s);
}

/* ---- the call ---- */

void nwc_steps_options_init(nwc_steps_options *options)
{
    if (!options) return;
    *options = (nwc_steps_options){
        .struct_size = sizeof *options, .levels = 6, .order = 2, .threshold = 0.1, .vary_motion = 1};
}

static nwc_status allocate(nwc_ctx *ctx, struct steps *s)
{
    nwc_status status = NWC_OK;
    const struct nwc__wavelengths *const w = &s->echoes.wavelengths;
    const int64_t cells = s->echoes.past.ny * s->echoes.past.nx;
    for (int k = 0; k < NWC__STATES; k++) {
        NWC__ALLOC(ctx, s->phi[k], w->table_size);
        NWC__ALLOC(ctx, s->constant[k], w->table_size);
        NWC__ALLOC(ctx, s->state[k], w->size);
    }
    NWC__ALLOC(ctx, s->ratio, w->table_size);
    NWC__ALLOC(ctx, s->amplitude, w->size / 2);
    NWC__ALLOC(ctx, s->noise, w->size);
    NWC__ALLOC(ctx, s->mixed, w->size);
    NWC__ALLOC(ctx, s->foreseen, cells);
    NWC__ALLOC(ctx, s->near, cells);
done:
    return status;
}

static void release(nwc_ctx *ctx, struct steps *s)
{
    float *const owned[] = {s->near,        s->foreseen,    s->mixed,    s->noise,    s->amplitude, s->ratio,
                            s->constant[0], s->constant[1], s->state[0], s->state[1], s->phi[0],    s->phi[1]};
    nwc__astray_destroy(ctx, &s->astray);
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) nwc__free(ctx, owned[k]);
    nwc__carrier_destroy(ctx, &s->carrier);
    nwc__echoes_destroy(ctx, &s->echoes);
}

nwc_status nwc_forecast_steps(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_steps_options *given, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecasts)
{
    ctx = nwc__ctx(ctx);
    struct steps s = {0};
    nwc_extrapolate_options carried;
    nwc_steps_options_init(&s.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&s.options, sizeof s.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(nwc__check_echoes(s.options.levels, s.options.order, s.options.threshold));
    NWC__TRY(nwc__check_extrapolation(&carried));
    if (carried.sampling == NWC_SAMPLE_FADING)
        carried.sampling = NWC_SAMPLE_CUBIC; /* noise is as sharp an hour ahead */
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_ensemble(forecasts, &frames[0], n_leads, s.options.first_member));
    NWC__TRY(nwc__check_vary_motion(s.options.vary_motion));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    nwc_status status = nwc__echoes_create(ctx, frames, times_ns, n_frames, u, v, s.options.levels, s.options.order,
                                           s.options.threshold, &s.echoes);
    if (status != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &s.carrier)) != NWC_OK) goto done;
    if ((status = allocate(ctx, &s)) != NWC_OK) goto done;
    if ((status = tune(ctx, &s)) != NWC_OK) goto done;
    if ((status = nwc__astray_create(ctx, &s.carrier, leads_s, n_leads, &s.astray)) != NWC_OK) goto done;
    for (int64_t k = 0; k < forecasts->dim[0] && status == NWC_OK; k++) {
        const nwc_field member = nwc_field_part(forecasts, k);
        status = forecast_member(ctx, &s, s.options.first_member + (int32_t)k, leads_s, n_leads, &member);
    }
done:
    release(ctx, &s);
    return status;
}
