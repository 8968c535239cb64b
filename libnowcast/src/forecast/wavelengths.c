/*
 * Fields as waves. Levels are Gaussians on the logarithm of the wave number, of sum 1 (Pulkkinen et al. 2018, J. Hydrol.
 * 564, 66; pysteps' filter_gaussian). No level is ever transformed back: a sum of weighted levels is one weight for each
 * wave number, and their variances and correlations are sums over the spectrum (Parseval).
 */
#include "forecast/wavelengths.h"

#include "core/random.h"
#include "forecast/wavelengths_kernel.h"

NWC__DECLARE_KERNELS(nwc__wavelengths_kernels);

enum {
    ROWS = 8,      /* in a tile */
    LEAST_SIDE = 8 /* cells: levels are at least as far apart as on such a side */
};

#define LEVEL_WIDTH 0.5 /* standard deviation of a level, in steps from one to the next */

static int64_t longest(const struct nwc__wavelengths *waves)
{
    return waves->padded_ny > waves->padded_nx ? waves->padded_ny : waves->padded_nx;
}

nwc_status nwc__wavelengths_create(nwc_ctx *ctx, int64_t ny, int64_t nx, struct nwc__wavelengths *waves)
{
    nwc_status status = NWC_OK;
    *waves = (struct nwc__wavelengths){.ny = ny, .nx = nx};
    waves->padded_ny = nwc__fft_good_size(ny);
    waves->padded_nx = nwc__fft_good_size(nx);
    waves->table_size = (int64_t)(sqrt(0.5) * (double)longest(waves) + 2.0) * NWC__PER_WAVE;
    if ((status = nwc__fft_create(ctx, waves->padded_ny, waves->padded_nx, &waves->fft)) != NWC_OK) goto done;
    waves->size = nwc__fft_spectrum_size(waves->fft);
    NWC__ALLOC(ctx, waves->work, nwc__fft_work_size(waves->fft));
done:
    if (status != NWC_OK) nwc__wavelengths_destroy(ctx, waves);
    return status;
}

void nwc__wavelengths_destroy(nwc_ctx *ctx, struct nwc__wavelengths *waves)
{
    nwc__free(ctx, waves->work);
    nwc__fft_destroy(ctx, waves->fft);
    *waves = (struct nwc__wavelengths){0};
}

void nwc__wavelengths_levels(const struct nwc__wavelengths *waves, int32_t n_levels, float *tables)
{
    assert(n_levels >= 3 && n_levels <= NWC__MOST_WAVE_LEVELS);
    const int64_t side = longest(waves) > LEAST_SIDE ? longest(waves) : LEAST_SIDE;
    const double step = log(0.5 * (double)side) / n_levels; /* from one level to the next, of log wave number */
    for (int64_t k = 0; k < waves->table_size; k++) {
        double share[NWC__MOST_WAVE_LEVELS], sum = 0.0;
        for (int32_t m = 0; m < n_levels; m++) {
            const double centre = log(0.5 * (exp(step * m) + exp(step * (m + 1)))) / step;
            const double from = k > 0 ? log((double)k / NWC__PER_WAVE) / step - centre : 0.0;
            sum += share[m] = exp(-0.5 * from * from / (LEVEL_WIDTH * LEVEL_WIDTH));
        }
        for (int32_t m = 0; m < n_levels; m++) {
            const double mean = m == 0 ? 1.0 : 0.0; /* belongs to the first level */
            tables[m * waves->table_size + k] = (float)(k > 0 && sum > 0.0 ? share[m] / sum : mean);
        }
    }
}

void nwc__wavelengths_forward(const struct nwc__wavelengths *waves, const float *cells, float *spectrum)
{
    nwc__fft_forward(waves->fft, cells, spectrum, waves->work);
}

void nwc__wavelengths_inverse(const struct nwc__wavelengths *waves, float *spectrum, float *cells)
{
    nwc__fft_inverse(waves->fft, spectrum, cells, waves->work);
}

struct job {
    const struct nwc__wavelengths_kernels *kernels;
    const struct nwc__wavelengths *waves;
    const float *a, *b, *a_table, *b_table;
    const float *noise, *amplitude;
    float *out;
    double *sums; /* for each tile */
    const nwc_ctx *ctx;
    uint64_t seed, stream;
    double dy, dx;
};

static int64_t tiles_of(const struct nwc__wavelengths *waves)
{
    return (waves->padded_ny + ROWS - 1) / ROWS;
}

float nwc__wavelengths_row(const struct nwc__wavelengths *waves, int64_t j, float *x_wave)
{
    const int64_t ny = waves->padded_ny, k = 2 * j > ny ? ny - j : j;
    const double y = (double)longest(waves) * (double)k / (double)ny;
    *x_wave = (float)((double)longest(waves) / (double)waves->padded_nx);
    return (float)(y * y);
}

static nwc_status multiply_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->waves->padded_nx / 2 + 1;
    double sum = 0.0;
    for (int64_t j = tile * ROWS; j < job->waves->padded_ny && j < (tile + 1) * ROWS; j++) {
        float x_wave;
        const float y2 = nwc__wavelengths_row(job->waves, j, &x_wave);
        sum += job->kernels->product(job->a + 2 * j * n, job->b + 2 * j * n, job->a_table, y2, x_wave, n);
    }
    job->sums[tile] = sum;
    return NWC_OK;
}

nwc_status nwc__wavelengths_products(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *const *spectra,
                                     int32_t n, const float *table,
                                     double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES])
{
    nwc_status status = NWC_OK;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__wavelengths_kernels), .waves = waves, .a_table = table};
    const double cells = (double)(waves->padded_ny * waves->padded_nx), mean_weight = (double)(table[0] * table[0]);
    NWC__ALLOC(ctx, job.sums, tiles_of(waves));
    for (int32_t f = 0; f < n; f++) {
        for (int32_t g = f; g < n; g++) {
            job.a = spectra[f], job.b = spectra[g];
            if ((status = nwc__for_each_tile(ctx, "waves", tiles_of(waves), multiply_rows, &job)) != NWC_OK) goto done;
            double sum = -mean_weight * (double)job.a[0] * (double)job.b[0];
            for (int64_t tile = 0; tile < tiles_of(waves); tile++) sum += job.sums[tile];
            products[f][g] = products[g][f] = sum / (cells * cells);
        }
    }
done:
    nwc__free(ctx, job.sums);
    return status;
}

static nwc_status mix_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->waves->padded_nx / 2 + 1;
    const float scale = (float)(1.0 / (double)(job->waves->padded_ny * job->waves->padded_nx));
    for (int64_t j = tile * ROWS; j < job->waves->padded_ny && j < (tile + 1) * ROWS; j++) {
        float x_wave;
        const float y2 = nwc__wavelengths_row(job->waves, j, &x_wave);
        job->kernels->mix(job->a + 2 * j * n, job->a_table, job->b + 2 * j * n, job->b_table, y2, x_wave, scale, n,
                          job->out + 2 * j * n);
    }
    return NWC_OK;
}

nwc_status nwc__wavelengths_mix(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *a,
                                const float *a_table, const float *b, const float *b_table, float *out)
{
    struct job job = {
        .kernels = NWC__KERNELS(ctx, nwc__wavelengths_kernels), .waves = waves, .a = a, .b = b, .out = out};
    job.a_table = a_table, job.b_table = b_table;
    return nwc__for_each_tile(ctx, "waves", tiles_of(waves), mix_rows, &job);
}

/* ---- noise ---- */

static nwc_status measure_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->waves->padded_nx / 2 + 1;
    for (int64_t j = tile * ROWS; j < job->waves->padded_ny && j < (tile + 1) * ROWS; j++) {
        float x_wave;
        const float y2 = nwc__wavelengths_row(job->waves, j, &x_wave);
        for (int64_t i = 0; i < n; i++) {
            const float x = x_wave * (float)i, *const z = job->a + 2 * (j * n + i);
            const int64_t place = (int64_t)(NWC__PER_WAVE * sqrtf(y2 + x * x) + 0.5F);
            job->out[j * n + i] = job->a_table[place] * hypotf(z[0], z[1]);
        }
    }
    return NWC_OK;
}

nwc_status nwc__wavelengths_amplitude(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *spectrum,
                                      const float *table, float *amplitude)
{
    struct job job = {.waves = waves, .a = spectrum, .a_table = table, .out = amplitude};
    return nwc__for_each_tile(ctx, "waves", tiles_of(waves), measure_rows, &job);
}

/* Numbers first to first + n - 1 of those of a stream. */
static void draw(const nwc_ctx *ctx, uint64_t seed, uint64_t stream, int64_t first, int64_t n, float *noise)
{
    nwc__random_normal(ctx, seed, stream, first, n, noise);
    for (int64_t i = 0; i < n; i++) noise[i] *= (float)sqrt(0.5);
}

static nwc_status draw_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t width = 2 * (job->waves->padded_nx / 2 + 1), left = job->waves->padded_ny - tile * ROWS;
    const int64_t first = tile * ROWS * width;
    draw(job->ctx, job->seed, job->stream, first, (left < ROWS ? left : ROWS) * width, job->out + first);
    return NWC_OK;
}

/* The first and the last column hold both of each pair of conjugate waves, and those that are their own. */
static void pair_column(const struct nwc__wavelengths *waves, int64_t i, float *noise)
{
    const int64_t ny = waves->padded_ny, n = waves->padded_nx / 2 + 1;
    for (int64_t j = 0; j <= ny / 2; j++) {
        float *const z = noise + 2 * (j * n + i), *const other = noise + 2 * ((ny - j) % ny * n + i);
        if (z == other) {
            z[0] *= (float)sqrt(2.0);
            z[1] = 0.0F;
        } else {
            other[0] = z[0];
            other[1] = -z[1];
        }
    }
}

static void pair_columns(const struct nwc__wavelengths *waves, float *noise)
{
    pair_column(waves, 0, noise);
    if (waves->padded_nx > 1) pair_column(waves, waves->padded_nx / 2, noise);
}

void nwc__wavelengths_draw(const nwc_ctx *ctx, const struct nwc__wavelengths *waves, uint64_t seed, uint64_t stream,
                           int64_t first, float *noise)
{
    draw(ctx, seed, stream, first, waves->size, noise);
    pair_columns(waves, noise);
}

nwc_status nwc__wavelengths_noise(nwc_ctx *ctx, const struct nwc__wavelengths *waves, uint64_t seed, uint64_t stream,
                                  float *noise)
{
    struct job job = {.waves = waves, .ctx = ctx, .seed = seed, .stream = stream, .out = noise};
    NWC__TRY(nwc__for_each_tile(ctx, "noise", tiles_of(waves), draw_rows, &job));
    pair_columns(waves, noise);
    return NWC_OK;
}

static nwc_status evolve_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->waves->padded_nx / 2 + 1;
    for (int64_t j = tile * ROWS; j < job->waves->padded_ny && j < (tile + 1) * ROWS; j++) {
        float x_wave;
        const float y2 = nwc__wavelengths_row(job->waves, j, &x_wave);
        job->kernels->evolve(job->a + 2 * j * n, job->a_table, job->out + 2 * j * n, job->b_table,
                             job->noise + 2 * j * n, job->amplitude + j * n, y2, x_wave, n);
    }
    return NWC_OK;
}

nwc_status nwc__wavelengths_evolve(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *a,
                                   const float *a_table, float *b, const float *b_table, const float *noise,
                                   const float *amplitude)
{
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__wavelengths_kernels), .waves = waves, .a = a, .out = b};
    job.a_table = a_table, job.b_table = b_table, job.noise = noise, job.amplitude = amplitude;
    return nwc__for_each_tile(ctx, "waves", tiles_of(waves), evolve_rows, &job);
}

/* ---- moved ---- */

/* The phase of wave k of n after moving by d cells; the shortest wave, which is its own conjugate, has a real one. */
static void phase_of(int64_t k, int64_t n, double d, double phase[2])
{
    const double turn = -2.0 * NWC__PI * (double)(2 * k > n ? k - n : k) * d / (double)n;
    phase[0] = cos(turn);
    phase[1] = 2 * k == n ? 0.0 : sin(turn);
}

static nwc_status shift_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->waves->padded_nx / 2 + 1;
    double step[2];
    for (int64_t j = tile * ROWS; j < job->waves->padded_ny && j < (tile + 1) * ROWS; j++) {
        double row[2];
        phase_of(j, job->waves->padded_ny, job->dy, row);
        for (int64_t i = 0; i < n; i++) {
            const float *const z = job->a + 2 * (j * n + i);
            float *const out = job->out + 2 * (j * n + i);
            phase_of(i, job->waves->padded_nx, job->dx, step);
            const double real = row[0] * step[0] - row[1] * step[1], imaginary = row[0] * step[1] + row[1] * step[0];
            out[0] = (float)(real * (double)z[0] - imaginary * (double)z[1]);
            out[1] = (float)(real * (double)z[1] + imaginary * (double)z[0]);
        }
    }
    return NWC_OK;
}

nwc_status nwc__wavelengths_shift(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *spectrum, double dy,
                                  double dx, float *out)
{
    struct job job = {.waves = waves, .a = spectrum, .out = out, .dy = dy, .dx = dx};
    return nwc__for_each_tile(ctx, "waves", tiles_of(waves), shift_rows, &job);
}
