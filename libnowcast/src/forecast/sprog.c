/*
 * S-PROG (Seed 2003, J. Appl. Meteor. 42, 381): decibels of rain taken apart by wavelength, each level an autoregressive
 * process of its last two states, values matched by rank with those of the newest frame, and carried along the motion.
 *
 * An autoregressive forecast is linear in the two states, so that n steps are two numbers for each level, and all levels
 * together one weight of each wave number for each state: a lead time costs one inverse transform, whatever the number
 * of levels.
 */
#include "forecast/echoes.h"

/* What a level does in n whole steps: its shares of the two states, and those of n - 1 steps. */
struct shares {
    int32_t n;
    double now[NWC__STATES], before[NWC__STATES];
};

struct sprog {
    bool match;
    struct nwc__echoes echoes;
    nwc__carrier carrier;
    struct shares shares[NWC__MOST_WAVE_LEVELS];
    float *weights[NWC__STATES]; /* (table_size) */
    float *mixed;                /* (size) */
    float *foreseen;             /* (ny, nx), decibels */
};

/* Shares of the newest and the earlier state after steps, linear between whole ones. */
static void shares_at(const struct nwc__process *p, struct shares *s, double steps, double share[NWC__STATES])
{
    while ((double)s->n < steps) {
        for (int k = 0; k < NWC__STATES; k++) {
            const double next = p->phi[0] * s->now[k] + p->phi[1] * s->before[k];
            s->before[k] = s->now[k];
            s->now[k] = next;
        }
        s->n++;
    }
    const double back = (double)s->n - steps;
    for (int k = 0; k < NWC__STATES; k++) share[k] = s->now[k] + back * (s->before[k] - s->now[k]);
}

/* One weight for each wave number and state; the mean stays as it is in the newest frame. */
static void weigh(struct sprog *s, double steps)
{
    const struct nwc__echoes *const e = &s->echoes;
    const int64_t n = e->wavelengths.table_size;
    for (int k = 0; k < NWC__STATES; k++) memset(s->weights[k], 0, (size_t)n * sizeof *s->weights[k]);
    for (int32_t m = 0; m < e->n_levels; m++) {
        double share[NWC__STATES];
        shares_at(&e->process[m], &s->shares[m], steps, share);
        const float newest = (float)share[0], earlier = (float)(share[1] * e->process[m].ratio);
        const float *const level = e->levels + m * n;
        for (int64_t i = 0; i < n; i++) s->weights[0][i] += newest * level[i];
        for (int64_t i = 0; i < n; i++) s->weights[1][i] += earlier * level[i];
    }
    s->weights[0][0] = 1.0F, s->weights[1][0] = 0.0F;
}

static nwc_status forecast_lead(nwc_ctx *ctx, struct sprog *s, int64_t lead, double lead_s, const nwc_field *forecast)
{
    const struct nwc__echoes *const e = &s->echoes;
    const int64_t ny = e->past.ny, nx = e->past.nx;
    weigh(s, lead_s / e->step_s);
    NWC__TRY(nwc__wavelengths_mix(ctx, &e->wavelengths, e->spectra[0], s->weights[0], e->spectra[1], s->weights[1],
                                  s->mixed));
    nwc__wavelengths_inverse(&e->wavelengths, s->mixed, e->cells);
    NWC__TRY(nwc__echoes_crop(ctx, e, e->cells, s->foreseen));
    if (s->match) {
        const struct nwc__plane made = {s->foreseen, ny, nx, nx, 1};
        NWC__TRY(nwc__match_ranks(ctx, &s->echoes.matcher, &made));
    }
    struct nwc__source source = {.cells = s->foreseen, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
    NWC__TRY(nwc__carry(ctx, &s->carrier, lead_s, &source, 1, lead, forecast));
    return nwc__echoes_to_rain(ctx, e, forecast, lead);
}

void nwc_sprog_options_init(nwc_sprog_options *options)
{
    if (!options) return;
    *options =
        (nwc_sprog_options){.struct_size = sizeof *options, .levels = 6, .order = 2, .threshold = 0.1, .match = 1};
}

static nwc_status allocate(nwc_ctx *ctx, struct sprog *s)
{
    nwc_status status = NWC_OK;
    for (int k = 0; k < NWC__STATES; k++) NWC__ALLOC(ctx, s->weights[k], s->echoes.wavelengths.table_size);
    NWC__ALLOC(ctx, s->mixed, s->echoes.wavelengths.size);
    NWC__ALLOC(ctx, s->foreseen, s->echoes.past.ny * s->echoes.past.nx);
    for (int32_t m = 0; m < s->echoes.n_levels; m++)
        s->shares[m] = (struct shares){.now = {1.0, 0.0}, .before = {0.0, 1.0}};
done:
    return status;
}

static void release(nwc_ctx *ctx, struct sprog *s)
{
    nwc__free(ctx, s->foreseen);
    nwc__free(ctx, s->mixed);
    for (int k = 0; k < NWC__STATES; k++) nwc__free(ctx, s->weights[k]);
    nwc__carrier_destroy(ctx, &s->carrier);
    nwc__echoes_destroy(ctx, &s->echoes);
}

nwc_status nwc_forecast_sprog(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_sprog_options *given, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecast)
{
    ctx = nwc__ctx(ctx);
    nwc_sprog_options options;
    nwc_extrapolate_options carried;
    nwc_sprog_options_init(&options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(nwc__check_echoes(options.levels, options.order, options.threshold));
    if (options.match != 0 && options.match != 1)
        return nwc__fail(NWC_ERR_ARG, "match: 0 or 1 expected, %d given", (int)options.match);
    NWC__TRY(nwc__check_extrapolation(&carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_forecasts(forecast, 1, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    struct sprog s = {.match = options.match == 1};
    nwc_status status = nwc__echoes_create(ctx, frames, times_ns, n_frames, u, v, options.levels, options.order,
                                           options.threshold, &s.echoes);
    if (status != NWC_OK) goto done;
    if ((status = allocate(ctx, &s)) != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &s.carrier)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++) status = forecast_lead(ctx, &s, n, leads_s[n], forecast);
done:
    release(ctx, &s);
    return status;
}
