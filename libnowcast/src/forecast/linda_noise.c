/*
 * How LINDA's forecasts err. The newest frame, beside what the laws made of the one before, has errors that are factors: their logarithms
 * have a deviation that differs from place to place, and a spectrum around each feature (Pulkkinen et al. 2021). A
 * member's errors are noise of that spectrum and deviation, drawn in patches (Nerini et al. 2017), which lasts and adds up: a
 * tenth of it is forgotten in a step, and new noise comes.
 */
#include "forecast/linda_noise.h"

#include "core/random.h"
#include "grid/smooth_kernel.h"

NWC__DECLARE_KERNELS(nwc__smooth_kernels);

enum { HOP = 32, ROWS = 16 /* in a tile */, ALIGNED = 16 /* floats */, TABLES = 3 /* a spectrum, and one of waves */ };

#define SOME_RAIN 0.5F /* one of a pair is above it, and the other above twice as much */
#define KEPT 0.9F      /* of errors from step to step */
#define WINDOW 0.75    /* of that of laws: of the deviation of errors */
#define LEAST_WEIGHT 1e-3F
#define MOST_DEVIATION 1.0F /* of the logarithm: what fits so badly is no error of the forecast */

static int64_t room_of(const struct nwc__patches *p)
{
    const int64_t work = (nwc__fft_work_size(p->fft) + ALIGNED - 1) / ALIGNED * ALIGNED;
    return (int64_t)p->side * p->side + TABLES * p->n_waves + work;
}

struct job {
    nwc_ctx *ctx;
    const nwc__smooth_kernels *kernels;
    struct nwc__linda_noise *noise;
    float *error, *sums, *errors, *out;
    const float *rain;
    const float *was;
    uint64_t seed, stream;
    double variance; /* of errors that were 1 in a step */
    int64_t p;
    bool *any;
};

static nwc_status compare_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__linda *const l = job->noise->linda;
    const int64_t end = (tile + 1) * ROWS < l->ny ? (tile + 1) * ROWS : l->ny;
    for (int64_t i = tile * ROWS * l->nx; i < end * l->nx; i++) {
        const float seen = l->field[i], made = job->error[i], less = seen < made ? seen : made;
        const bool both = less >= SOME_RAIN && (seen >= 2.0F * SOME_RAIN || made >= 2.0F * SOME_RAIN);
        job->error[i] = both ? logf(seen / made) : NAN;
    }
    return NWC_OK;
}

/* A tile is a row of blocks: how many errors there are, and their squares. */
static nwc_status sum_blocks(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__linda *const l = job->noise->linda;
    const struct nwc__windows *const w = &job->noise->windows;
    float *const count = job->sums + tile * w->nx, *const square = count + w->ny * w->nx;
    memset(count, 0, (size_t)w->nx * sizeof *count);
    memset(square, 0, (size_t)w->nx * sizeof *square);
    for (int64_t j = tile * w->block; j < (tile + 1) * w->block && j < l->ny; j++)
        for (int64_t i = 0; i < l->nx; i++) {
            const float error = job->error[j * l->nx + i];
            if (isnan(error)) continue;
            count[i / w->block] += 1.0F;
            square[i / w->block] += error * error;
        }
    return NWC_OK;
}

static nwc_status find_deviation(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    struct nwc__linda_noise *const noise = job->noise;
    const int64_t n = noise->windows.ny * noise->windows.nx;
    double count = 0.0, square = 0.0;
    NWC__ALLOC(ctx, job->sums, 2 * n);
    if ((status = nwc__for_each_tile(ctx, "errors", noise->windows.ny, sum_blocks, job)) != NWC_OK) goto done;
    for (int64_t i = 0; i < n; i++) count += (double)job->sums[i], square += (double)job->sums[n + i];
    const float whole = count > 0.0 ? (float)sqrt(square / count) : 0.0F;
    if ((status = nwc__windows_smooth(ctx, &noise->windows, 2, 0.0, job->sums)) != NWC_OK) goto done;
    for (int64_t i = 0; i < n; i++) {
        const bool enough = job->sums[i] > LEAST_WEIGHT;
        noise->deviation[i] = fminf(enough ? sqrtf(job->sums[n + i] / job->sums[i]) : whole, MOST_DEVIATION);
    }
done:
    nwc__free(ctx, job->sums);
    job->sums = NULL;
    return status;
}

/* ---- their spectrum ---- */

static nwc_status transform_patch(int64_t q, void *user)
{
    const struct job *const job = user;
    const struct nwc__patches *const p = &job->noise->patches;
    float *const cells = job->sums + q * room_of(p), *const spectrum = cells + (int64_t)p->side * p->side;
    float *const power = spectrum + 2 * p->n_waves;
    job->any[q] = nwc__patches_take(job->ctx, p, job->error, job->p, q, cells);
    if (!job->any[q]) return NWC_OK;
    nwc__fft_forward(p->fft, cells, spectrum, power + p->n_waves);
    for (int64_t i = 0; i < p->n_waves; i++)
        power[i] = spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1];
    return NWC_OK;
}

static nwc_status add_power(int64_t feature, void *user)
{
    const struct job *const job = user;
    const struct nwc__linda *const l = job->noise->linda;
    const struct nwc__patches *const p = &job->noise->patches;
    for (int64_t q = 0; q < p->n_x; q++) {
        if (!job->any[q]) continue;
        const double y = (double)(job->p * HOP) - 0.5 - l->feature[feature].y;
        const double x = (double)(q * HOP) - 0.5 - l->feature[feature].x;
        const double square = (y * y + x * x) / (l->deviation * l->deviation);
        const float weight = l->n_features > 1 ? (float)exp(-0.5 * square) : 1.0F;
        job->kernels->add(job->sums + q * room_of(p) + (int64_t)p->side * p->side + 2 * p->n_waves, weight, p->n_waves,
                          job->noise->power + feature * p->n_waves);
    }
    return NWC_OK;
}

/* Such that white noise of it has deviation 1; white where nothing is known of it. */
static nwc_status norm_power(int64_t feature, void *user)
{
    const struct job *const job = user;
    const struct nwc__patches *const p = &job->noise->patches;
    float *const power = job->noise->power + feature * p->n_waves;
    double sum = 0.0;
    for (int64_t i = 0; i < p->n_waves; i++) {
        const int64_t k = i % (p->side / 2 + 1);
        sum += (k == 0 || k == p->side / 2 ? 1.0 : 2.0) * (double)power[i];
    }
    for (int64_t i = 0; i < p->n_waves; i++)
        power[i] = sum > 0.0 ? (float)((double)power[i] * p->side * p->side / sum) : 1.0F;
    return NWC_OK;
}

static nwc_status find_power(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    const struct nwc__patches *const p = &job->noise->patches;
    const int64_t n = job->noise->linda->n_features * p->n_waves;
    NWC__ALLOC(ctx, job->sums, p->n_x * room_of(p));
    NWC__ALLOC(ctx, job->any, p->n_x);
    memset(job->noise->power, 0, (size_t)n * sizeof *job->noise->power);
    for (job->p = 0; job->p < p->n_y; job->p++) {
        if ((status = nwc__for_each_tile(ctx, "errors", p->n_x, transform_patch, job)) != NWC_OK) goto done;
        status = nwc__for_each_tile(ctx, "errors", job->noise->linda->n_features, add_power, job);
        if (status != NWC_OK) goto done;
    }
    status = nwc__for_each_tile(ctx, "errors", job->noise->linda->n_features, norm_power, job);
done:
    nwc__free(ctx, job->any);
    nwc__free(ctx, job->sums);
    return status;
}

/* ---- making it ---- */

/* Patches whose windows, and as much beside them, have rain in the newest frame. */
static void find_wet(struct nwc__linda_noise *noise)
{
    const struct nwc__linda *const l = noise->linda;
    const int64_t n_y = noise->patches.n_y, n_x = noise->patches.n_x;
    memset(noise->wet, 0, (size_t)(n_y * n_x) * sizeof *noise->wet);
    for (int64_t j = 0; j < l->ny; j++)
        for (int64_t i = 0; i < l->nx; i++) {
            if (!(l->field[j * l->nx + i] > 0.0F)) continue;
            /* the block (j / HOP, i / HOP) is in patches of that number and the next; with as much beside, one more on either side */
            for (int64_t p = j / HOP - 1; p <= j / HOP + 2; p++)
                for (int64_t q = i / HOP - 1; q <= i / HOP + 2; q++)
                    if (p >= 0 && p < n_y && q >= 0 && q < n_x) noise->wet[p * n_x + q] = true;
            i = (i / HOP + 1) * HOP - 1; /* the rest of the row of the block says the same */
        }
}

nwc_status nwc__linda_noise_create(nwc_ctx *ctx, struct nwc__linda *l, float *error, struct nwc__linda_noise *noise)
{
    nwc_status status = NWC_OK;
    const double deviation = fmax(WINDOW * l->deviation, 1.0);
    *noise = (struct nwc__linda_noise){.linda = l, .windows = nwc__windows_of(l->ny, l->nx, deviation, deviation)};
    struct job job = {.ctx = ctx, .kernels = NWC__KERNELS(ctx, nwc__smooth_kernels), .noise = noise, .error = error};
    if ((status = nwc__patches_create(ctx, l->ny, l->nx, HOP, 0, true, &noise->patches)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, noise->deviation, noise->windows.ny * noise->windows.nx);
    NWC__ALLOC(ctx, noise->power, l->n_features * noise->patches.n_waves);
    NWC__ALLOC(ctx, noise->wet, noise->patches.n_y * noise->patches.n_x);
    NWC__ALLOC(ctx, noise->work, noise->patches.n_y * room_of(&noise->patches));
    NWC__ALLOC(ctx, noise->drawn, l->ny * l->nx);
    if ((status = nwc__linda_foresee(ctx, l, l->older, l->before, &l->step_s, 1, error)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "errors", (l->ny + ROWS - 1) / ROWS, compare_rows, &job);
    if (status != NWC_OK) goto done;
    if ((status = find_deviation(ctx, &job)) != NWC_OK) goto done;
    if ((status = find_power(ctx, &job)) != NWC_OK) goto done;
    find_wet(noise);
done:
    if (status != NWC_OK) nwc__linda_noise_destroy(ctx, noise);
    return status;
}

void nwc__linda_noise_destroy(nwc_ctx *ctx, struct nwc__linda_noise *noise)
{
    nwc__free(ctx, noise->drawn);
    nwc__free(ctx, noise->work);
    nwc__free(ctx, noise->wet);
    nwc__free(ctx, noise->power);
    nwc__free(ctx, noise->deviation);
    nwc__patches_destroy(ctx, &noise->patches);
    *noise = (struct nwc__linda_noise){0};
}

/* White noise in cells, with the power of the place for its waves: the same in a patch whichever others are drawn. */
static nwc_status draw_row(int64_t p, void *user)
{
    const struct job *const job = user;
    const struct nwc__linda_noise *const noise = job->noise;
    const struct nwc__patches *const patches = &noise->patches;
    const int64_t cells = (int64_t)patches->side * patches->side, n = patches->n_waves;
    float *const own = noise->work + p * room_of(patches), *const spectrum = own + cells;
    float *const power = spectrum + 2 * n, *const transform = power + n;
    double share[NWC__MOST_FEATURES];
    for (int64_t q = 0; q < patches->n_x; q++) {
        if (!noise->wet[p * patches->n_x + q]) continue;
        nwc__random_normal(job->ctx, job->seed, job->stream, (p * patches->n_x + q) * cells, cells, own);
        nwc__fft_forward(patches->fft, own, spectrum, transform);
        nwc__linda_shares(noise->linda, (double)(p * HOP) - 0.5, (double)(q * HOP) - 0.5, share);
        memset(power, 0, (size_t)n * sizeof *power);
        for (int32_t k = 0; k < noise->linda->n_features; k++)
            job->kernels->add(noise->power + k * n, (float)share[k], n, power);
        for (int64_t i = 0; i < n; i++) {
            const float amplitude = sqrtf(power[i]);
            spectrum[2 * i] *= amplitude;
            spectrum[2 * i + 1] *= amplitude;
        }
        nwc__fft_inverse(patches->fft, spectrum, own, transform);
        nwc__patches_give(job->ctx, patches, own, p, q, noise->drawn);
    }
    return NWC_OK;
}

static nwc_status keep_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->noise->linda->nx, ny = job->noise->linda->ny;
    const int64_t end = (tile + 1) * ROWS < ny ? (tile + 1) * ROWS : ny;
    for (int64_t i = tile * ROWS * nx; i < end * nx; i++) job->errors[i] = KEPT * job->errors[i] + job->noise->drawn[i];
    return NWC_OK;
}

nwc_status nwc__linda_noise_step(nwc_ctx *ctx, struct nwc__linda_noise *noise, uint64_t seed, int32_t member,
                                 int64_t step, float *errors)
{
    struct job job = {.ctx = ctx, .kernels = NWC__KERNELS(ctx, nwc__smooth_kernels), .noise = noise, .seed = seed};
    const int64_t ny = noise->linda->ny, nx = noise->linda->nx;
    job.stream = (uint64_t)member << 32 | (uint64_t)step, job.errors = errors;
    memset(noise->drawn, 0, (size_t)(ny * nx) * sizeof *noise->drawn);
    NWC__TRY(nwc__patches_each_row(ctx, &noise->patches, "errors", draw_row, &job));
    return nwc__for_each_tile(ctx, "errors", (ny + ROWS - 1) / ROWS, keep_rows, &job);
}

static nwc_status apply_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__linda_noise *const noise = job->noise;
    const int64_t nx = noise->linda->nx, ny = noise->linda->ny;
    const float half = (float)(0.5 * job->variance);
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < ny; j++) {
        float *const out = job->out + j * nx;
        nwc__windows_read(job->ctx, &noise->windows, noise->deviation, j, 1, nx, out);
        for (int64_t i = 0; i < nx; i++) {
            const float rain = job->rain[j * nx + i], error = out[i] * (job->was[j * nx + i] - out[i] * half);
            out[i] = rain > 0.0F ? rain * expf(error) : rain;
        }
    }
    return NWC_OK;
}

nwc_status nwc__linda_noise_apply(nwc_ctx *ctx, struct nwc__linda_noise *noise, const float *rain, const float *errors,
                                  int64_t steps, float *out)
{
    struct job job = {.ctx = ctx, .noise = noise, .rain = rain, .was = errors, .out = out};
    for (int64_t n = 0; n < steps; n++) job.variance = (double)(KEPT * KEPT) * job.variance + 1.0;
    return nwc__for_each_tile(ctx, "errors", (noise->linda->ny + ROWS - 1) / ROWS, apply_rows, &job);
}
