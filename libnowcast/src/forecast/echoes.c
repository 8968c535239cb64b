/*
 * The past of rain in decibels, by wavelength: frames where the newest one is, their spectra, and what each level of
 * wavelengths does from one frame to the next (Seed 2003, J. Appl. Meteor. 42, 381).
 */
#include "forecast/echoes.h"

enum { ROWS = 16 /* in a tile */ };

struct rows_job {
    const struct nwc__echoes *e;
    const float *from;
    float *to;
    const nwc_field *forecast;
    int64_t lead;
};

static nwc_status each_row(nwc_ctx *ctx, int64_t rows, nwc__tile_fn fn, struct rows_job *job)
{
    return nwc__for_each_tile(ctx, "echoes", (rows + ROWS - 1) / ROWS, fn, job);
}

/* Padded with dry cells; where only the newest frame is known it stands for the others. */
static nwc_status pad(int64_t tile, void *user)
{
    const struct rows_job *const job = user;
    const struct nwc__echoes *const e = job->e;
    const int64_t ny = e->past.ny, nx = e->past.nx, padded = e->wavelengths.padded_nx;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < e->wavelengths.padded_ny; j++) {
        float *const to = job->to + j * padded;
        memset(to, 0, (size_t)padded * sizeof *to);
        for (int64_t i = 0; j < ny && i < nx; i++) {
            const float newest = e->past.cells[0][j * nx + i], other = job->from[j * nx + i];
            to[i] = isnan(newest) ? 0.0F : isnan(other) ? newest : other;
        }
    }
    return NWC_OK;
}

nwc_status nwc__echoes_spectrum(nwc_ctx *ctx, const struct nwc__echoes *e, const float *decibels, float *spectrum)
{
    struct rows_job job = {.e = e, .from = decibels, .to = e->cells};
    NWC__TRY(each_row(ctx, e->wavelengths.padded_ny, pad, &job));
    nwc__wavelengths_forward(&e->wavelengths, e->cells, spectrum);
    return NWC_OK;
}

nwc_status nwc__echoes_variances(nwc_ctx *ctx, const struct nwc__echoes *e, const float *spectrum,
                                 double variance[NWC__MOST_WAVE_LEVELS])
{
    const float *const spectra[] = {spectrum};
    for (int32_t m = 0; m < e->n_levels; m++) {
        double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES];
        const float *const table = e->levels + m * e->wavelengths.table_size;
        NWC__TRY(nwc__wavelengths_products(ctx, &e->wavelengths, spectra, 1, table, products));
        variance[m] = products[0][0];
    }
    return NWC_OK;
}

nwc_status nwc__echoes_white(nwc_ctx *ctx, const struct nwc__echoes *e, float *spectrum,
                             double deviation[NWC__MOST_WAVE_LEVELS])
{
    for (int64_t i = 0; i < e->wavelengths.size; i++) spectrum[i] = (float)sqrt(0.5);
    NWC__TRY(nwc__echoes_variances(ctx, e, spectrum, deviation));
    for (int32_t m = 0; m < e->n_levels; m++) deviation[m] = sqrt(fmax(deviation[m], 0.0));
    return NWC_OK;
}

static nwc_status crop(int64_t tile, void *user)
{
    const struct rows_job *const job = user;
    const struct nwc__echoes *const e = job->e;
    const int64_t nx = e->past.nx;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < e->past.ny; j++)
        for (int64_t i = 0; i < nx; i++)
            job->to[j * nx + i] =
                isnan(e->past.cells[0][j * nx + i]) ? NAN : job->from[j * e->wavelengths.padded_nx + i];
    return NWC_OK;
}

nwc_status nwc__echoes_crop(nwc_ctx *ctx, const struct nwc__echoes *echoes, const float *cells, float *decibels)
{
    struct rows_job job = {.e = echoes, .from = cells, .to = decibels};
    return each_row(ctx, echoes->past.ny, crop, &job);
}

static nwc_status to_rain(int64_t tile, void *user)
{
    const struct rows_job *const job = user;
    const nwc_field *const f = job->forecast;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < f->dim[1]; j++) {
        float *const row = f->data + job->lead * f->stride[0] + j * f->stride[1];
        for (int64_t i = 0; i < f->dim[2]; i++) {
            float *const cell = row + i * f->stride[2];
            *cell = isnan(*cell) ? NAN : nwc__from_decibels(*cell, job->e->threshold);
        }
    }
    return NWC_OK;
}

nwc_status nwc__echoes_to_rain(nwc_ctx *ctx, const struct nwc__echoes *echoes, const nwc_field *forecast, int64_t lead)
{
    struct rows_job job = {.e = echoes, .forecast = forecast, .lead = lead};
    return each_row(ctx, echoes->past.ny, to_rain, &job);
}

/* The second correlation is held where the process neither grows nor swings. */
void nwc__process_fit(double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES], const struct nwc__past *past,
                      struct nwc__process *process)
{
    *process = (struct nwc__process){.variance = fmax(products[0][0], 0.0)};
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

/*
 * How much noise keeps a process's variance: var phi0^2 = 1 - phi1 g1 - phi2 g2, g being the correlations that its phi
 * give.
 */
void nwc__process_tables(const struct nwc__process *process, const double *gain, int32_t n_levels, const float *levels,
                         int64_t table_size, const struct nwc__process_tables *tables)
{
    for (int64_t i = 0; i < table_size; i++) {
        double phi[NWC__STATES] = {0.0}, ratio = 0.0, mixed = 0.0;
        for (int32_t m = 0; m < n_levels; m++) {
            const double share = (double)levels[m * table_size + i];
            for (int k = 0; k < NWC__STATES; k++) phi[k] += share * process[m].phi[k];
            ratio += share * process[m].ratio;
            mixed += share * gain[m];
        }
        const double first = phi[0] / (1.0 - phi[1]), second = phi[0] * first + phi[1];
        tables->phi[0][i] = (float)phi[0];
        tables->phi[1][i] = (float)phi[1];
        tables->ratio[i] = (float)ratio;
        tables->noise[i] = (float)(mixed * sqrt(fmax(1.0 - phi[0] * first - phi[1] * second, 0.0)));
    }
    tables->phi[0][0] = 1.0F;
    tables->phi[1][0] = tables->ratio[0] = tables->noise[0] = 0.0F;
}

static nwc_status learn(nwc_ctx *ctx, struct nwc__echoes *e)
{
    const struct nwc__plane newest = {e->past.cells[0], e->past.ny, e->past.nx, e->past.nx, 1};
    const float *spectra[NWC__MOST_WAVE_FRAMES];
    for (int32_t f = 0; f < e->past.n; f++) {
        NWC__TRY(nwc__echoes_spectrum(ctx, e, e->past.cells[f], e->spectra[f]));
        spectra[f] = e->spectra[f];
    }
    nwc__wavelengths_levels(&e->wavelengths, e->n_levels, e->levels);
    for (int32_t m = 0; m < e->n_levels; m++) {
        double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES] = {{0.0}};
        const float *const table = e->levels + m * e->wavelengths.table_size;
        NWC__TRY(nwc__wavelengths_products(ctx, &e->wavelengths, spectra, e->past.n, table, products));
        nwc__process_fit(products, &e->past, &e->process[m]);
    }
    return nwc__match_target(ctx, &e->matcher, &newest);
}

nwc_status nwc__check_echoes(int32_t levels, int32_t order, double threshold)
{
    if (levels < 3 || levels > NWC__MOST_WAVE_LEVELS)
        return nwc__fail(NWC_ERR_ARG, "levels: 3 to %d expected, %d given", NWC__MOST_WAVE_LEVELS, (int)levels);
    if (order < 1 || order > 2) return nwc__fail(NWC_ERR_ARG, "order: 1 or 2 expected, %d given", (int)order);
    if (!(threshold > 0.0) || !isfinite(threshold))
        return nwc__fail(NWC_ERR_ARG, "threshold: above 0 expected, %g given", threshold);
    return NWC_OK;
}

nwc_status nwc__echoes_create(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, int32_t levels, int32_t order, double threshold,
                              struct nwc__echoes *e)
{
    nwc_status status = NWC_OK;
    *e = (struct nwc__echoes){.n_levels = levels, .threshold = threshold};
    status = nwc__past_create(ctx, frames, times_ns, n_frames, u, v, NWC__STATES, order + 1, threshold, &e->past);
    if (status != NWC_OK) goto done;
    e->step_s = e->past.age_s[1];
    if ((status = nwc__wavelengths_create(ctx, e->past.ny, e->past.nx, &e->wavelengths)) != NWC_OK) goto done;
    if ((status = nwc__matcher_create(ctx, e->past.ny, &e->matcher)) != NWC_OK) goto done;
    for (int32_t f = 0; f < e->past.n; f++) NWC__ALLOC(ctx, e->spectra[f], e->wavelengths.size);
    NWC__ALLOC(ctx, e->levels, levels * e->wavelengths.table_size);
    NWC__ALLOC(ctx, e->cells, e->wavelengths.padded_ny * e->wavelengths.padded_nx);
    status = learn(ctx, e);
done:
    if (status != NWC_OK) nwc__echoes_destroy(ctx, e);
    return status;
}

void nwc__echoes_destroy(nwc_ctx *ctx, struct nwc__echoes *e)
{
    nwc__free(ctx, e->cells);
    nwc__free(ctx, e->levels);
    for (int32_t f = 0; f < NWC__MOST_WAVE_FRAMES; f++) nwc__free(ctx, e->spectra[f]);
    nwc__matcher_destroy(ctx, &e->matcher);
    nwc__wavelengths_destroy(ctx, &e->wavelengths);
    nwc__past_destroy(ctx, &e->past);
    *e = (struct nwc__echoes){0};
}
