/*
 * S-PROG (Seed 2003, J. Appl. Meteor. 42, 381): decibels of rain taken apart by wavelength, each level an autoregressive
 * process of its last two states, values matched by rank with those of the newest frame, and carried along the motion.
 *
 * An autoregressive forecast is linear in the two states, so that n steps are two numbers for each level, and all levels
 * together one weight of each wave number for each state: a lead time costs one inverse transform, whatever the number
 * of levels.
 */
#include "forecast/match.h"
#include "forecast/past.h"
#include "forecast/wavelengths.h"

enum { ROWS = 16 /* in a tile */, STATES = 2 };

#define DRY_BELOW_DB 5.0 /* how far below the threshold dry cells are put, as pysteps' examples do */

/* What each level does in n whole steps: share[STATES] of its newest and earlier state, and of n - 1 steps. */
struct process {
    double phi[STATES];
    double ratio; /* deviation of the newest state to that of the earlier */
    int32_t n;
    double share[STATES], before[STATES];
};

struct sprog {
    nwc_sprog_options options;
    struct nwc__past past;
    struct nwc__wavelengths waves;
    struct nwc__matcher matcher;
    nwc__carrier carrier;
    struct process process[NWC__MOST_WAVE_LEVELS];
    float *levels;                         /* (level, table_size) */
    float *weights[STATES];                /* (table_size) */
    float *spectra[NWC__MOST_WAVE_FRAMES]; /* (size) */
    float *mixed;                          /* (size) */
    float *cells;                          /* (padded_ny, padded_nx) */
    float *decibels;                       /* (ny, nx) of the newest frame, above those of dry cells */
};

/* ---- decibels above those of dry cells ---- */

struct rows_job {
    const struct sprog *s;
    const float *newest, *from;
    float *cells, *decibels;
    const nwc_field *forecast;
    int64_t lead;
};

static double zero_of(const struct sprog *s)
{
    return 10.0 * log10(s->options.threshold) - DRY_BELOW_DB;
}

/* Padded with dry cells; where only the newest frame is known it stands for the others. */
static nwc_status to_decibels(int64_t tile, void *user)
{
    const struct rows_job *const job = user;
    const struct sprog *const s = job->s;
    const int64_t ny = s->past.ny, nx = s->past.nx, padded = s->waves.padded_nx;
    const float zero = (float)zero_of(s), threshold = (float)s->options.threshold;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < s->waves.padded_ny; j++) {
        float *const to = job->cells + j * padded;
        memset(to, 0, (size_t)padded * sizeof *to);
        for (int64_t i = 0; j < ny && i < nx; i++) {
            const float newest = job->newest[j * nx + i], other = job->from[j * nx + i];
            const float rain = isnan(newest) || !isnan(other) ? other : newest;
            to[i] = rain >= threshold && !isnan(newest) ? 10.0F * log10f(rain) - zero : 0.0F;
            if (job->decibels) job->decibels[j * nx + i] = isnan(newest) ? NAN : to[i];
        }
    }
    return NWC_OK;
}

static nwc_status to_rain(int64_t tile, void *user)
{
    const struct rows_job *const job = user;
    const nwc_field *const f = job->forecast;
    const float zero = (float)zero_of(job->s);
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < f->dim[1]; j++) {
        float *const row = f->data + job->lead * f->stride[0] + j * f->stride[1];
        for (int64_t i = 0; i < f->dim[2]; i++) {
            float *const cell = row + i * f->stride[2];
            if (isnan(*cell)) continue;
            *cell = *cell >= (float)DRY_BELOW_DB ? powf(10.0F, 0.1F * (*cell + zero)) : 0.0F;
        }
    }
    return NWC_OK;
}

/* Unknown cells of the newest frame stay so; their decibels here are only what waves made of dry ones. */
static nwc_status crop(int64_t tile, void *user)
{
    const struct rows_job *const job = user;
    const struct sprog *const s = job->s;
    const int64_t nx = s->past.nx;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < s->past.ny; j++)
        for (int64_t i = 0; i < nx; i++)
            job->decibels[j * nx + i] = isnan(job->newest[j * nx + i]) ? NAN : job->cells[j * s->waves.padded_nx + i];
    return NWC_OK;
}

static nwc_status each_row(nwc_ctx *ctx, int64_t rows, nwc__tile_fn fn, struct rows_job *job)
{
    return nwc__for_each_tile(ctx, "S-PROG", (rows + ROWS - 1) / ROWS, fn, job);
}

/* ---- autoregression ---- */

/*
 * Coefficients by Yule and Walker. The second correlation is held where the process neither grows nor swings; a level
 * that never changes is kept as it is, and one without any variance is let go.
 */
static void estimate(double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES], const struct nwc__past *past,
                     struct process *process)
{
    *process = (struct process){.share = {1.0, 0.0}, .before = {0.0, 1.0}};
    if (!(products[0][0] > 0.0) || !(products[1][1] > 0.0)) return;
    process->ratio = sqrt(products[0][0] / products[1][1]);
    const double first = fmin(fmax(products[0][1] / sqrt(products[0][0] * products[1][1]), 0.0), 1.0 - 1e-6);
    process->phi[0] = first;
    if (past->n < 3 || !(products[2][2] > 0.0) || !(first > 0.0)) return;
    double second = products[0][2] / sqrt(products[0][0] * products[2][2]);
    const double steps = past->age_s[2] / past->age_s[1]; /* 2, unless frames came unevenly */
    if (second > 0.0) second = pow(fmin(second, 1.0), 2.0 / steps);
    const double square = first * first;
    const double real_roots = (3.0 * square - 2.0 + 2.0 * pow(1.0 - square, 1.5)) / square;
    second = fmin(fmax(fmax(second, 2.0 * square - 1.0), real_roots), 1.0 - 1e-6);
    process->phi[0] = first * (1.0 - second) / (1.0 - square);
    process->phi[1] = (second - square) / (1.0 - square);
}

/* Shares of the newest and the earlier state after steps, linear between whole ones. */
static void shares_at(struct process *p, double steps, double share[STATES])
{
    while ((double)p->n < steps) {
        for (int k = 0; k < STATES; k++) {
            const double next = p->phi[0] * p->share[k] + p->phi[1] * p->before[k];
            p->before[k] = p->share[k];
            p->share[k] = next;
        }
        p->n++;
    }
    const double back = (double)p->n - steps;
    for (int k = 0; k < STATES; k++) share[k] = p->share[k] + back * (p->before[k] - p->share[k]);
}

static nwc_status learn(nwc_ctx *ctx, struct sprog *s)
{
    struct rows_job job = {.s = s, .newest = s->past.cells[0], .cells = s->cells};
    const float *spectra[NWC__MOST_WAVE_FRAMES];
    for (int32_t f = 0; f < s->past.n; f++) {
        job.from = s->past.cells[f];
        job.decibels = f == 0 ? s->decibels : NULL;
        NWC__TRY(each_row(ctx, s->waves.padded_ny, to_decibels, &job));
        nwc__wavelengths_forward(&s->waves, s->cells, s->spectra[f]);
        spectra[f] = s->spectra[f];
    }
    nwc__wavelengths_levels(&s->waves, s->options.levels, s->levels);
    for (int32_t m = 0; m < s->options.levels; m++) {
        double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES] = {{0.0}};
        const float *const table = s->levels + m * s->waves.table_size;
        NWC__TRY(nwc__wavelengths_products(ctx, &s->waves, spectra, s->past.n, table, products));
        estimate(products, &s->past, &s->process[m]);
    }
    return NWC_OK;
}

/* One weight for each wave number and state; the mean stays as it is in the newest frame. */
static void weigh(struct sprog *s, double steps)
{
    const int64_t n = s->waves.table_size;
    for (int k = 0; k < STATES; k++) memset(s->weights[k], 0, (size_t)n * sizeof *s->weights[k]);
    for (int32_t m = 0; m < s->options.levels; m++) {
        double share[STATES];
        shares_at(&s->process[m], steps, share);
        const float newest = (float)share[0], earlier = (float)(share[1] * s->process[m].ratio);
        const float *const level = s->levels + m * n;
        for (int64_t i = 0; i < n; i++) s->weights[0][i] += newest * level[i];
        for (int64_t i = 0; i < n; i++) s->weights[1][i] += earlier * level[i];
    }
    s->weights[0][0] = 1.0F, s->weights[1][0] = 0.0F;
}

static nwc_status forecast_lead(nwc_ctx *ctx, struct sprog *s, int64_t lead, double lead_s, float *foreseen,
                                const nwc_field *forecast)
{
    const int64_t ny = s->past.ny, nx = s->past.nx;
    struct rows_job job = {.s = s, .newest = s->past.cells[0], .cells = s->cells, .decibels = foreseen};
    job.forecast = forecast, job.lead = lead;
    weigh(s, lead_s / s->past.age_s[1]);
    NWC__TRY(
        nwc__wavelengths_mix(ctx, &s->waves, s->spectra[0], s->weights[0], s->spectra[1], s->weights[1], s->mixed));
    nwc__wavelengths_inverse(&s->waves, s->mixed, s->cells);
    NWC__TRY(each_row(ctx, ny, crop, &job));
    if (s->options.match) {
        const struct nwc__plane made = {foreseen, ny, nx, nx, 1}, target = {s->decibels, ny, nx, nx, 1};
        NWC__TRY(nwc__match_ranks(ctx, &s->matcher, &made, &target));
    }
    struct nwc__source source = {.cells = foreseen, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
    NWC__TRY(nwc__carry(ctx, &s->carrier, lead_s, &source, 1, lead, forecast));
    return each_row(ctx, ny, to_rain, &job);
}

/* ---- the call ---- */

void nwc_sprog_options_init(nwc_sprog_options *options)
{
    if (!options) return;
    *options =
        (nwc_sprog_options){.struct_size = sizeof *options, .levels = 6, .order = 2, .threshold = 0.1, .match = 1};
}

static nwc_status check_options(const nwc_sprog_options *o)
{
    if (o->levels < 3 || o->levels > NWC__MOST_WAVE_LEVELS)
        return nwc__fail(NWC_ERR_ARG, "levels: 3 to %d expected, %d given", NWC__MOST_WAVE_LEVELS, (int)o->levels);
    if (o->order < 1 || o->order > 2) return nwc__fail(NWC_ERR_ARG, "order: 1 or 2 expected, %d given", (int)o->order);
    if (!(o->threshold > 0.0) || !isfinite(o->threshold))
        return nwc__fail(NWC_ERR_ARG, "threshold: above 0 expected, %g given", o->threshold);
    if (o->match != 0 && o->match != 1)
        return nwc__fail(NWC_ERR_ARG, "match: 0 or 1 expected, %d given", (int)o->match);
    return NWC_OK;
}

static nwc_status allocate(nwc_ctx *ctx, struct sprog *s)
{
    nwc_status status = NWC_OK;
    const int64_t padded = s->waves.padded_ny * s->waves.padded_nx, table = s->waves.table_size;
    for (int32_t f = 0; f < s->past.n; f++) NWC__ALLOC(ctx, s->spectra[f], s->waves.size);
    for (int k = 0; k < STATES; k++) NWC__ALLOC(ctx, s->weights[k], table);
    NWC__ALLOC(ctx, s->levels, s->options.levels * table);
    NWC__ALLOC(ctx, s->mixed, s->waves.size);
    NWC__ALLOC(ctx, s->cells, padded);
    NWC__ALLOC(ctx, s->decibels, s->past.ny * s->past.nx);
    status = nwc__matcher_create(ctx, s->past.ny, &s->matcher);
done:
    return status;
}

static void release(nwc_ctx *ctx, struct sprog *s)
{
    nwc__matcher_destroy(ctx, &s->matcher);
    nwc__free(ctx, s->decibels);
    nwc__free(ctx, s->cells);
    nwc__free(ctx, s->mixed);
    nwc__free(ctx, s->levels);
    for (int k = 0; k < STATES; k++) nwc__free(ctx, s->weights[k]);
    for (int32_t f = 0; f < NWC__MOST_WAVE_FRAMES; f++) nwc__free(ctx, s->spectra[f]);
    nwc__wavelengths_destroy(ctx, &s->waves);
    nwc__carrier_destroy(ctx, &s->carrier);
    nwc__past_destroy(ctx, &s->past);
}

nwc_status nwc_forecast_sprog(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_sprog_options *given, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecast)
{
    ctx = nwc__ctx(ctx);
    struct sprog s = {0};
    nwc_extrapolate_options carried;
    nwc_sprog_options_init(&s.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&s.options, sizeof s.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(check_options(&s.options));
    NWC__TRY(nwc__check_extrapolation(&carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_forecasts(forecast, 1, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    float *foreseen = NULL;
    nwc_status status = nwc__past_create(ctx, frames, times_ns, n_frames, u, v, STATES, s.options.order + 1, &s.past);
    if (status != NWC_OK) goto done;
    NWC__ALLOC(ctx, foreseen, s.past.ny * s.past.nx);
    if ((status = nwc__wavelengths_create(ctx, s.past.ny, s.past.nx, &s.waves)) != NWC_OK) goto done;
    if ((status = allocate(ctx, &s)) != NWC_OK) goto done;
    if ((status = learn(ctx, &s)) != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &s.carrier)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++)
        status = forecast_lead(ctx, &s, n, leads_s[n], foreseen, forecast);
done:
    nwc__free(ctx, foreseen);
    release(ctx, &s);
    return status;
}
