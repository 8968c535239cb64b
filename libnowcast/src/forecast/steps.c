/*
 * STEPS (Bowler, Pierce and Seed 2006, Q. J. R. Meteorol. Soc. 132, 2127): S-PROG whose levels, as they fade, are filled
 * with noise that looks like the rain, carried by motions that differ from member to member.
 *
 * Each wave is an autoregressive process of its own, whose coefficients are those of the levels, mixed as they share its
 * wave number; so a member has two states in all, and a step costs one inverse transform. Noise is drawn as waves: white, with
 * the amplitude that the newest frame's wave has (Pegram and Clothier 2001, non-parametric), and with the levels' variance. In steady
 * state a level keeps its variance.
 */
#include "forecast/unfold.h"

#define TAPERED 0.1 /* of a side, at each of its ends, where the frame fades before its amplitudes are taken (Tukey) */

struct steps {
    const struct nwc__echoes *echoes;
    struct nwc__process_tables process;
    float *constant[2];        /* tables, of the shares of two states */
    float *amplitude;          /* (padded_ny, padded_nx / 2 + 1), of noise in a step */
    float *state[NWC__STATES]; /* spectra */
    float *noise, *mixed;      /* spectra */
};

static double taper(int64_t i, int64_t n)
{
    const double from_edge = ((double)(i < n - 1 - i ? i : n - 1 - i) + 0.5) / (double)n;
    return from_edge < TAPERED ? 0.5 * (1.0 - cos(NWC__PI * from_edge / TAPERED)) : 1.0;
}

static nwc_status learn_noise(nwc_ctx *ctx, void *states, const double *boost)
{
    struct steps *const s = states;
    const struct nwc__echoes *const e = s->echoes;
    const int64_t ny = e->past.ny, nx = e->past.nx, padded = e->wavelengths.padded_nx;
    double variance[NWC__MOST_WAVE_LEVELS], gain[NWC__MOST_WAVE_LEVELS];
    memset(e->cells, 0, (size_t)(e->wavelengths.padded_ny * padded) * sizeof *e->cells);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const float newest = e->past.cells[0][j * nx + i];
            e->cells[j * padded + i] = isnan(newest) ? 0.0F : newest * (float)(taper(j, ny) * taper(i, nx));
        }
    nwc__wavelengths_forward(&e->wavelengths, e->cells, s->noise);
    NWC__TRY(nwc__echoes_variances(ctx, e, s->noise, variance));
    for (int32_t m = 0; m < e->n_levels; m++)
        gain[m] = variance[m] > 0.0 ? boost[m] * sqrt(e->process[m].variance / variance[m]) : 0.0;
    nwc__process_tables(e->process, gain, e->n_levels, e->levels, e->wavelengths.table_size, &s->process);
    return nwc__wavelengths_amplitude(ctx, &e->wavelengths, s->noise, s->process.noise, s->amplitude);
}

static nwc_status begin(nwc_ctx *ctx, void *states)
{
    struct steps *const s = states;
    const struct nwc__echoes *const e = s->echoes;
    const int64_t n = e->wavelengths.table_size;
    memcpy(s->state[NWC__NOW], e->spectra[0], (size_t)e->wavelengths.size * sizeof *s->state[NWC__NOW]);
    const float cells = (float)(e->wavelengths.padded_ny * e->wavelengths.padded_nx);
    for (int64_t i = 0; i < n; i++) {
        s->constant[0][i] = 0.0F;
        s->constant[1][i] = s->process.ratio[i] * cells; /* which mix divides by */
    }
    return nwc__wavelengths_mix(ctx, &e->wavelengths, e->spectra[0], s->constant[0], e->spectra[1], s->constant[1],
                                s->state[NWC__BEFORE]);
}

static nwc_status step(nwc_ctx *ctx, void *states, uint64_t seed, uint64_t stream)
{
    struct steps *const s = states;
    const struct nwc__wavelengths *const w = &s->echoes->wavelengths;
    NWC__TRY(nwc__wavelengths_noise(ctx, w, seed, stream, s->noise));
    NWC__TRY(nwc__wavelengths_evolve(ctx, w, s->state[NWC__NOW], s->process.phi[0], s->state[NWC__BEFORE],
                                     s->process.phi[1], s->noise, s->amplitude));
    float *const next = s->state[NWC__BEFORE];
    s->state[NWC__BEFORE] = s->state[NWC__NOW];
    s->state[NWC__NOW] = next;
    return NWC_OK;
}

static nwc_status show(nwc_ctx *ctx, void *states, double back, float *decibels)
{
    const struct steps *const s = states;
    const struct nwc__echoes *const e = s->echoes;
    for (int64_t i = 0; i < e->wavelengths.table_size; i++) {
        s->constant[0][i] = (float)(1.0 - back);
        s->constant[1][i] = (float)back;
    }
    NWC__TRY(nwc__wavelengths_mix(ctx, &e->wavelengths, s->state[NWC__NOW], s->constant[0], s->state[NWC__BEFORE],
                                  s->constant[1], s->mixed));
    nwc__wavelengths_inverse(&e->wavelengths, s->mixed, e->cells);
    return nwc__echoes_crop(ctx, e, e->cells, decibels);
}

static nwc_status measure(nwc_ctx *ctx, void *states, const float *decibels, double kept[NWC__MOST_WAVE_LEVELS])
{
    const struct steps *const s = states;
    const struct nwc__echoes *const e = s->echoes;
    NWC__TRY(nwc__echoes_spectrum(ctx, e, decibels, s->mixed));
    NWC__TRY(nwc__echoes_variances(ctx, e, s->mixed, kept));
    for (int32_t m = 0; m < e->n_levels; m++)
        kept[m] = e->process[m].variance > 0.0 ? kept[m] / e->process[m].variance : 0.0;
    return NWC_OK;
}

static nwc_status create(nwc_ctx *ctx, const struct nwc__echoes *echoes, const nwc_grid *grid, double window_m,
                         void *states)
{
    (void)grid, (void)window_m;
    struct steps *const s = states;
    nwc_status status = NWC_OK;
    const struct nwc__wavelengths *const w = &echoes->wavelengths;
    s->echoes = echoes;
    for (int k = 0; k < NWC__STATES; k++) {
        NWC__ALLOC(ctx, s->process.phi[k], w->table_size);
        NWC__ALLOC(ctx, s->constant[k], w->table_size);
        NWC__ALLOC(ctx, s->state[k], w->size);
    }
    NWC__ALLOC(ctx, s->process.ratio, w->table_size);
    NWC__ALLOC(ctx, s->process.noise, w->table_size);
    NWC__ALLOC(ctx, s->amplitude, w->size / 2);
    NWC__ALLOC(ctx, s->noise, w->size);
    NWC__ALLOC(ctx, s->mixed, w->size);
done:
    return status;
}

static void destroy(nwc_ctx *ctx, void *states)
{
    struct steps *const s = states;
    float *const owned[] = {s->mixed,         s->noise,          s->amplitude,     s->process.noise,
                            s->process.ratio, s->constant[0],    s->constant[1],   s->state[0],
                            s->state[1],      s->process.phi[0], s->process.phi[1]};
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) nwc__free(ctx, owned[k]);
}

void nwc_steps_options_init(nwc_steps_options *options)
{
    if (!options) return;
    *options = (nwc_steps_options){
        .struct_size = sizeof *options, .levels = 6, .order = 2, .threshold = 0.1, .vary_motion = 1, .window_m = 128e3};
}

nwc_status nwc_forecast_steps(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_steps_options *options, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecasts)
{
    static const struct nwc__unfolds method = {create, destroy, learn_noise, begin, step, show, measure};
    struct steps states = {0};
    return nwc__unfold(ctx, frames, times_ns, n_frames, u, v, leads_s, n_leads, options, extrapolation, forecasts,
                       &method, &states);
}
