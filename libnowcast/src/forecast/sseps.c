/*
 * SSEPS (Nerini, Besic, Sideris, Germann and Foresti 2017, Hydrol. Earth Syst. Sci. 21, 2777): STEPS whose processes and noise are
 * those of the place.
 *
 * Scales longer than a window are taken off by a Gaussian, and stay as they are. The rest is cut into patches below windows of
 * sin that overlap by half, whose squares add up to 1 (short-space Fourier transform). A patch has levels of wavelength, an
 * autoregressive process for each, and the amplitudes of its own newest waves for noise; windowed once more it is added to the
 * others, so that noise has in every place the variance that rain has there. What a patch has too little rain to tell is that of all
 * patches together, which counts as a fiftieth of one.
 */
#include "forecast/patches.h"
#include "forecast/unfold.h"
#include "forecast/wavelengths_kernel.h"

#include <nowcast/forecast_local.h>
#include <nowcast/grid.h>

NWC__DECLARE_KERNELS(nwc__wavelengths_kernels);

enum { ROWS = 16 /* in a tile */, LEAST_SIDE = 16, ALIGNED = 16 /* floats */ };

#define OF_ALL 0.02      /* what all patches count, beside one */
#define SMOOTH 0.25      /* of a window's side: standard deviation of what stays */
#define OF_A_WINDOW 0.25 /* mean of sin^2 sin^2: noise fills a patch, rain only its window */

typedef double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES];

struct sseps {
    const struct nwc__echoes *echoes;
    struct nwc__patches patches;
    struct nwc__wavelengths waves; /* of a patch */
    int64_t n, stride;             /* patches; floats from one's spectrum to the next */
    float *levels;                 /* (level, table_size) */
    products *products;            /* (patch, level), of frames */
    struct nwc__process *process;  /* (patch, level) */
    float *phi[NWC__STATES];       /* (patch, table_size) */
    float *start[NWC__STATES];     /* (patch, stride) */
    float *state[NWC__STATES];     /* (patch, stride) */
    float *amplitude;              /* (patch, wave), of noise in a step */
    float *power;                  /* (wave): of the newest frame, mean over patches */
    float *large, *rest;           /* (ny, nx): what stays, and work */
    double *sums;                  /* (row of patches, level) */
    float *work;                   /* for each row of patches */
};

struct job {
    nwc_ctx *ctx;
    const struct nwc__wavelengths_kernels *kernels;
    struct sseps *s;
    int32_t frame;
    const float *field;
    float *to;
    const double *boost;
    double back;
    uint64_t seed, stream;
};

static struct job job_of(nwc_ctx *ctx, struct sseps *s)
{
    return (struct job){.ctx = ctx, .kernels = NWC__KERNELS(ctx, nwc__wavelengths_kernels), .s = s};
}

/* What a row of patches works in. */
struct room {
    float *cells, *spectrum, *table[2], *transform;
};

static int64_t aligned(int64_t floats)
{
    return (floats + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static int64_t room_size(const struct sseps *s)
{
    const int64_t cells = aligned((int64_t)s->patches.side * s->patches.side);
    return cells + s->stride + 2 * aligned(s->waves.table_size) + aligned(nwc__fft_work_size(s->patches.fft));
}

static struct room room_of(const struct sseps *s, int64_t p)
{
    float *const cells = s->work + p * room_size(s);
    float *const spectrum = cells + aligned((int64_t)s->patches.side * s->patches.side);
    float *const first = spectrum + s->stride, *const second = first + aligned(s->waves.table_size);
    return (struct room){cells, spectrum, {first, second}, second + aligned(s->waves.table_size)};
}

/* Of a level in a patch: two spectra multiplied, without their means. */
static double multiply(const struct job *job, const float *a, const float *b, int32_t level)
{
    const struct nwc__wavelengths *const w = &job->s->waves;
    const float *const table = job->s->levels + level * w->table_size;
    const double cells = (double)(w->padded_ny * w->padded_nx);
    const int64_t n = w->padded_nx / 2 + 1;
    double sum = -(double)(table[0] * table[0]) * (double)a[0] * (double)b[0];
    for (int64_t j = 0; j < w->padded_ny; j++) {
        float x_wave;
        const float y2 = nwc__wavelengths_row(w, j, &x_wave);
        sum += job->kernels->product(a + 2 * j * n, b + 2 * j * n, table, y2, x_wave, n);
    }
    return sum / (cells * cells);
}

/* ---- fields without what stays ---- */

static nwc_status subtract_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__past *const past = &job->s->echoes->past;
    const int64_t end = (tile + 1) * ROWS < past->ny ? (tile + 1) * ROWS : past->ny;
    for (int64_t i = tile * ROWS * past->nx; i < end * past->nx; i++) {
        const float value = isnan(job->field[i]) ? past->cells[0][i] : job->field[i];
        job->to[i] = isnan(past->cells[0][i]) ? 0.0F : value - job->s->large[i];
    }
    return NWC_OK;
}

static nwc_status subtract(nwc_ctx *ctx, struct sseps *s, const float *field)
{
    struct job job = {.s = s, .field = field, .to = s->rest};
    return nwc__for_each_tile(ctx, "patches", (s->echoes->past.ny + ROWS - 1) / ROWS, subtract_rows, &job);
}

static nwc_status find_large(nwc_ctx *ctx, struct sseps *s)
{
    const struct nwc__past *const past = &s->echoes->past;
    const double deviation = SMOOTH * s->patches.side;
    const nwc_field newest = {.data = past->cells[0],
                              .ndim = 2,
                              .dim = {past->ny, past->nx},
                              .stride = {past->nx, 1},
                              .missing = NAN,
                              .units = "dB"};
    nwc_field large = newest;
    large.data = s->large;
    return nwc_grid_smooth(ctx, &newest, NWC_SMOOTH_GAUSSIAN, deviation, deviation, 0.0, &large);
}

/* ---- what a patch's past says ---- */

/* The spectra of a frame; the newest one and the one before are kept, and products with these taken. */
static nwc_status transform_row(int64_t p, void *user)
{
    const struct job *const job = user;
    struct sseps *const s = job->s;
    const struct room room = room_of(s, p);
    const int32_t f = job->frame, n_levels = s->echoes->n_levels;
    for (int64_t q = 0; q < s->patches.n_x; q++) {
        const int64_t patch = p * s->patches.n_x + q, at = patch * s->stride;
        float *const spectrum = f < NWC__STATES ? s->start[f] + at : room.spectrum;
        nwc__patches_take(job->ctx, &s->patches, s->rest, p, q, room.cells);
        nwc__fft_forward(s->patches.fft, room.cells, spectrum, room.transform);
        for (int32_t m = 0; m < n_levels; m++) {
            double(*const found)[NWC__MOST_WAVE_FRAMES] = s->products[patch * n_levels + m];
            found[f][f] = multiply(job, spectrum, spectrum, m);
            if (f > 0) found[0][f] = found[f][0] = multiply(job, spectrum, s->start[NWC__NOW] + at, m);
        }
    }
    return NWC_OK;
}

static void fit_processes(struct sseps *s)
{
    const struct nwc__echoes *const e = s->echoes;
    for (int32_t m = 0; m < e->n_levels; m++) {
        products all = {{0.0}};
        for (int64_t k = 0; k < s->n; k++)
            for (int32_t f = 0; f < NWC__MOST_WAVE_FRAMES * NWC__MOST_WAVE_FRAMES; f++)
                (&all[0][0])[f] += OF_ALL / (double)s->n * (&s->products[k * e->n_levels + m][0][0])[f];
        for (int64_t k = 0; k < s->n; k++) {
            products own;
            for (int32_t f = 0; f < NWC__MOST_WAVE_FRAMES * NWC__MOST_WAVE_FRAMES; f++)
                (&own[0][0])[f] = (&s->products[k * e->n_levels + m][0][0])[f] + (&all[0][0])[f];
            nwc__process_fit(own, &e->past, &s->process[k * e->n_levels + m]);
        }
    }
    memset(s->power, 0, (size_t)s->patches.n_waves * sizeof *s->power);
    for (int64_t k = 0; k < s->n; k++)
        for (int64_t i = 0; i < s->patches.n_waves; i++) {
            const float *const z = s->start[NWC__NOW] + k * s->stride + 2 * i;
            s->power[i] += (z[0] * z[0] + z[1] * z[1]) / (float)s->n;
        }
}

/* Tables of a patch; what they hold of noise and of deviations is in the room, until the next patch. */
static struct nwc__process_tables tables_of(const struct job *job, const struct room *room, int64_t patch)
{
    const struct sseps *const s = job->s;
    const int64_t n = s->waves.table_size;
    const struct nwc__process_tables tables = {{s->phi[0] + patch * n, s->phi[1] + patch * n},
                                               room->table[0],
                                               room->table[1]};
    double gain[NWC__MOST_WAVE_LEVELS];
    for (int32_t m = 0; m < s->echoes->n_levels; m++) gain[m] = job->boost[m] / sqrt(OF_A_WINDOW);
    nwc__process_tables(s->process + patch * s->echoes->n_levels, gain, s->echoes->n_levels, s->levels, n, &tables);
    return tables;
}

static float at_wave(const struct sseps *s, const float *table, int64_t i)
{
    const int64_t width = s->waves.padded_nx / 2 + 1;
    float x_wave;
    const float y2 = nwc__wavelengths_row(&s->waves, i / width, &x_wave), x = x_wave * (float)(i % width);
    return table[(int64_t)(NWC__PER_WAVE * sqrtf(y2 + x * x) + 0.5F)];
}

/* The state before the newest gets the deviation of the newest. */
static nwc_status scale_row(int64_t p, void *user)
{
    const struct job *const job = user;
    struct sseps *const s = job->s;
    const struct room room = room_of(s, p);
    for (int64_t q = 0; q < s->patches.n_x; q++) {
        const int64_t patch = p * s->patches.n_x + q;
        const struct nwc__process_tables tables = tables_of(job, &room, patch);
        float *const before = s->start[NWC__BEFORE] + patch * s->stride;
        for (int64_t i = 0; i < s->patches.n_waves; i++) {
            const float ratio = at_wave(s, tables.ratio, i);
            before[2 * i] *= ratio;
            before[2 * i + 1] *= ratio;
        }
    }
    return NWC_OK;
}

static nwc_status learn_row(int64_t p, void *user)
{
    const struct job *const job = user;
    struct sseps *const s = job->s;
    const struct room room = room_of(s, p);
    for (int64_t q = 0; q < s->patches.n_x; q++) {
        const int64_t patch = p * s->patches.n_x + q, at = patch * s->patches.n_waves;
        const struct nwc__process_tables tables = tables_of(job, &room, patch);
        for (int64_t i = 0; i < s->patches.n_waves; i++) {
            const float *const z = s->start[NWC__NOW] + patch * s->stride + 2 * i;
            const float power = z[0] * z[0] + z[1] * z[1] + (float)OF_ALL * s->power[i];
            s->amplitude[at + i] = sqrtf(power) * at_wave(s, tables.noise, i);
        }
    }
    return NWC_OK;
}

static nwc_status learn_noise(nwc_ctx *ctx, void *states, const double *boost)
{
    struct sseps *const s = states;
    struct job job = job_of(ctx, s);
    job.boost = boost;
    return nwc__for_each_tile(ctx, "noise", s->patches.n_y, learn_row, &job);
}

static nwc_status learn(nwc_ctx *ctx, struct sseps *s)
{
    static const double none[NWC__MOST_WAVE_LEVELS] = {0.0};
    struct job job = job_of(ctx, s);
    job.boost = none;
    memset(s->products, 0, (size_t)(s->n * s->echoes->n_levels) * sizeof *s->products);
    NWC__TRY(find_large(ctx, s));
    for (job.frame = 0; job.frame < s->echoes->past.n; job.frame++) {
        NWC__TRY(subtract(ctx, s, s->echoes->past.cells[job.frame]));
        NWC__TRY(nwc__for_each_tile(ctx, "patches", s->patches.n_y, transform_row, &job));
    }
    fit_processes(s);
    return nwc__for_each_tile(ctx, "patches", s->patches.n_y, scale_row, &job);
}

/* ---- members ---- */

static nwc_status begin(nwc_ctx *ctx, void *states)
{
    (void)ctx;
    struct sseps *const s = states;
    const size_t size = (size_t)(s->n * s->stride) * sizeof(float);
    for (int k = 0; k < NWC__STATES; k++) memcpy(s->state[k], s->start[k], size);
    return NWC_OK;
}

static nwc_status step_row(int64_t p, void *user)
{
    const struct job *const job = user;
    struct sseps *const s = job->s;
    const struct nwc__wavelengths *const w = &s->waves;
    const struct room room = room_of(s, p);
    const int64_t width = w->padded_nx / 2 + 1;
    for (int64_t q = 0; q < s->patches.n_x; q++) {
        const int64_t patch = p * s->patches.n_x + q, at = patch * s->patches.n_waves;
        nwc__wavelengths_draw(job->ctx, w, job->seed, job->stream, 2 * at, room.spectrum);
        for (int64_t j = 0; j < w->padded_ny; j++) {
            float x_wave;
            const float y2 = nwc__wavelengths_row(w, j, &x_wave);
            const int64_t row = patch * s->stride + 2 * j * width;
            job->kernels->evolve(s->state[NWC__NOW] + row, s->phi[0] + patch * w->table_size,
                                 s->state[NWC__BEFORE] + row, s->phi[1] + patch * w->table_size,
                                 room.spectrum + 2 * j * width, s->amplitude + at + j * width, y2, x_wave, width);
        }
    }
    return NWC_OK;
}

static nwc_status step(nwc_ctx *ctx, void *states, uint64_t seed, uint64_t stream)
{
    struct sseps *const s = states;
    struct job job = job_of(ctx, s);
    job.seed = seed, job.stream = stream;
    NWC__TRY(nwc__for_each_tile(ctx, "noise", s->patches.n_y, step_row, &job));
    float *const next = s->state[NWC__BEFORE];
    s->state[NWC__BEFORE] = s->state[NWC__NOW];
    s->state[NWC__NOW] = next;
    return NWC_OK;
}

static nwc_status show_row(int64_t p, void *user)
{
    const struct job *const job = user;
    const struct sseps *const s = job->s;
    const struct room room = room_of(s, p);
    const float now = (float)(1.0 - job->back), before = (float)job->back;
    for (int64_t q = 0; q < s->patches.n_x; q++) {
        const int64_t at = (p * s->patches.n_x + q) * s->stride;
        for (int64_t i = 0; i < 2 * s->patches.n_waves; i++)
            room.spectrum[i] = now * s->state[NWC__NOW][at + i] + before * s->state[NWC__BEFORE][at + i];
        nwc__fft_inverse(s->patches.fft, room.spectrum, room.cells, room.transform);
        nwc__patches_give(job->ctx, &s->patches, room.cells, p, q, job->to);
    }
    return NWC_OK;
}

static nwc_status show(nwc_ctx *ctx, void *states, double back, float *decibels)
{
    struct sseps *const s = states;
    const struct nwc__past *const past = &s->echoes->past;
    struct job job = job_of(ctx, s);
    job.back = back, job.to = decibels;
    for (int64_t i = 0; i < past->ny * past->nx; i++) decibels[i] = isnan(past->cells[0][i]) ? NAN : s->large[i];
    return nwc__patches_each_row(ctx, &s->patches, "members", show_row, &job);
}

static nwc_status measure_row(int64_t p, void *user)
{
    const struct job *const job = user;
    const struct sseps *const s = job->s;
    const struct room room = room_of(s, p);
    double *const sum = s->sums + p * s->echoes->n_levels;
    memset(sum, 0, (size_t)s->echoes->n_levels * sizeof *sum);
    for (int64_t q = 0; q < s->patches.n_x; q++) {
        nwc__patches_take(job->ctx, &s->patches, s->rest, p, q, room.cells);
        nwc__fft_forward(s->patches.fft, room.cells, room.spectrum, room.transform);
        for (int32_t m = 0; m < s->echoes->n_levels; m++) sum[m] += multiply(job, room.spectrum, room.spectrum, m);
    }
    return NWC_OK;
}

static nwc_status measure(nwc_ctx *ctx, void *states, const float *decibels, double kept[NWC__MOST_WAVE_LEVELS])
{
    struct sseps *const s = states;
    const int32_t n_levels = s->echoes->n_levels;
    struct job job = job_of(ctx, s);
    NWC__TRY(subtract(ctx, s, decibels));
    NWC__TRY(nwc__for_each_tile(ctx, "patches", s->patches.n_y, measure_row, &job));
    for (int32_t m = 0; m < n_levels; m++) {
        double now = 0.0, newest = 0.0;
        for (int64_t p = 0; p < s->patches.n_y; p++) now += s->sums[p * n_levels + m];
        for (int64_t k = 0; k < s->n; k++) newest += s->products[k * n_levels + m][0][0];
        kept[m] = newest > 0.0 ? now / newest : 0.0;
    }
    return NWC_OK;
}

/* ---- the call ---- */

/* Cells of a patch's side: as near to the window as is fast, no shorter than levels need, no longer than the grid. */
static int32_t side_of(const struct nwc__echoes *e, double cells)
{
    const int64_t longer = e->past.ny > e->past.nx ? e->past.ny : e->past.nx;
    const double most = fmin(cells, (double)longer);
    return (int32_t)nwc__fft_good_size((int64_t)fmax(most, LEAST_SIDE));
}

static nwc_status create(nwc_ctx *ctx, const struct nwc__echoes *e, const nwc_grid *grid, double window_m, void *states)
{
    struct sseps *const s = states;
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    s->echoes = e;
    if ((status = nwc__metric_create(ctx, grid, &metric)) != NWC_OK) goto done;
    const int32_t side = side_of(e, 2.0 * window_m / (metric.mean_dy_m + metric.mean_dx_m));
    status = nwc__patches_create(ctx, e->past.ny, e->past.nx, side / 2, 0, true, &s->patches);
    if (status != NWC_OK) goto done;
    if ((status = nwc__wavelengths_create(ctx, side, side, &s->waves)) != NWC_OK) goto done;
    s->n = s->patches.n_y * s->patches.n_x;
    s->stride = aligned(2 * s->patches.n_waves);
    const int64_t of_levels = s->n * e->n_levels, of_waves = s->n * s->patches.n_waves, cells = e->past.ny * e->past.nx;
    NWC__ALLOC(ctx, s->levels, e->n_levels * s->waves.table_size);
    NWC__ALLOC(ctx, s->products, of_levels);
    NWC__ALLOC(ctx, s->process, of_levels);
    for (int k = 0; k < NWC__STATES; k++) {
        NWC__ALLOC(ctx, s->phi[k], s->n * s->waves.table_size);
        NWC__ALLOC(ctx, s->start[k], s->n * s->stride);
        NWC__ALLOC(ctx, s->state[k], s->n * s->stride);
    }
    NWC__ALLOC(ctx, s->amplitude, of_waves);
    NWC__ALLOC(ctx, s->power, s->patches.n_waves);
    NWC__ALLOC(ctx, s->large, cells);
    NWC__ALLOC(ctx, s->rest, cells);
    NWC__ALLOC(ctx, s->sums, s->patches.n_y * e->n_levels);
    NWC__ALLOC(ctx, s->work, s->patches.n_y * room_size(s));
    nwc__wavelengths_levels(&s->waves, e->n_levels, s->levels);
    status = learn(ctx, s);
done:
    nwc__metric_destroy(ctx, &metric);
    return status;
}

static void destroy(nwc_ctx *ctx, void *states)
{
    struct sseps *const s = states;
    float *const owned[] = {s->work,     s->rest,     s->large,    s->power,  s->amplitude, s->state[0],
                            s->state[1], s->start[0], s->start[1], s->phi[0], s->phi[1],    s->levels};
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) nwc__free(ctx, owned[k]);
    nwc__free(ctx, s->sums);
    nwc__free(ctx, s->process);
    nwc__free(ctx, s->products);
    nwc__wavelengths_destroy(ctx, &s->waves);
    nwc__patches_destroy(ctx, &s->patches);
}

nwc_status nwc_forecast_sseps(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_steps_options *options, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecasts)
{
    static const struct nwc__unfolds method = {create, destroy, learn_noise, begin, step, show, measure};
    struct sseps states = {0};
    return nwc__unfold(ctx, frames, times_ns, n_frames, u, v, leads_s, n_leads, options, extrapolation, forecasts,
                       &method, &states);
}
