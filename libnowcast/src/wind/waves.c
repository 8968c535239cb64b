/*
 * Sine transforms of the first kind and cosine transforms of the second of planes: real Fourier transforms of the plane continued by its
 * mirror images, with their sign for sines. That is four times the cells, yet with FFTW it takes no longer than its own transforms of
 * this kind do, and KISS FFT has none.
 */
#include "wind/waves.h"

#include "core/fft.h"

struct nwc__waves {
    int64_t n[2]; /* intervals along y and x */
    nwc__fft *fft;
    float *plane, *spectrum, *work; /* of each lane */
    int64_t plane_size, spectrum_size, work_size;
    float *turn[2]; /* (n): cosine and sine of pi k / 2 n, by which cosines are half an interval late */
};

/* Floats up to the next multiple of 64 bytes. */
static int64_t aligned(int64_t n)
{
    return (n + 15) / 16 * 16;
}

nwc_status nwc__waves_create(nwc_ctx *ctx, int64_t ny, int64_t nx, nwc__waves **made)
{
    nwc_status status = NWC_OK;
    nwc__waves *w;
    *made = NULL;
    NWC__ALLOC(ctx, w, 1);
    *w = (nwc__waves){.n = {ny, nx}};
    if ((status = nwc__fft_create(ctx, 2 * ny, 2 * nx, &w->fft)) != NWC_OK) goto done;
    w->plane_size = aligned(4 * ny * nx);
    w->spectrum_size = aligned(nwc__fft_spectrum_size(w->fft));
    w->work_size = aligned(nwc__fft_work_size(w->fft) + 1);
    NWC__ALLOC(ctx, w->plane, NWC__WIND_LANES * w->plane_size);
    NWC__ALLOC(ctx, w->spectrum, NWC__WIND_LANES * w->spectrum_size);
    NWC__ALLOC(ctx, w->work, NWC__WIND_LANES * w->work_size);
    for (int a = 0; a < 2; a++) {
        NWC__ALLOC(ctx, w->turn[a], 2 * w->n[a]);
        for (int64_t k = 0; k < w->n[a]; k++) {
            const double angle = 0.5 * NWC__PI * (double)k / (double)w->n[a];
            w->turn[a][2 * k] = (float)cos(angle), w->turn[a][2 * k + 1] = (float)sin(angle);
        }
    }
done:
    if (status == NWC_OK)
        *made = w;
    else
        nwc__waves_destroy(ctx, w);
    return status;
}

void nwc__waves_destroy(nwc_ctx *ctx, nwc__waves *w)
{
    if (!w) return;
    nwc__free(ctx, w->turn[1]);
    nwc__free(ctx, w->turn[0]);
    nwc__free(ctx, w->work);
    nwc__free(ctx, w->spectrum);
    nwc__free(ctx, w->plane);
    nwc__fft_destroy(ctx, w->fft);
    nwc__free(ctx, w);
}

/* ---- there ---- */

/* A row and its mirror image. */
static void continue_row(const nwc__real *from, int64_t n, nwc__wave kind, float *to)
{
    if (kind == NWC__COSINE) {
        for (int64_t i = 0; i < n; i++) to[i] = to[2 * n - 1 - i] = (float)from[i];
        return;
    }
    to[0] = to[n] = 0.0F;
    for (int64_t i = 1; i < n; i++) {
        to[i] = (float)from[i - 1];
        to[2 * n - i] = -(float)from[i - 1];
    }
}

/* The factor by which a wave of the continued plane differs from its sum: half of -2i for sines, of 2 exp(i angle) for cosines. */
typedef struct factor {
    float re, im;
} factor;

static inline factor factor_of(const nwc__waves *w, int axis, nwc__wave kind, int64_t k)
{
    return kind == NWC__SINE ? (factor){0.0F, -1.0F} : (factor){w->turn[axis][2 * k], w->turn[axis][2 * k + 1]};
}

static inline factor both(factor a, factor b)
{
    return (factor){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

void nwc__waves_forward(const nwc__waves *w, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane, int64_t pitch)
{
    const int64_t ny = w->n[0], nx = w->n[1], row = 2 * nx;
    float *const whole = w->plane + lane * w->plane_size, *const spectrum = w->spectrum + lane * w->spectrum_size;
    const int64_t shift = y == NWC__SINE; /* row j of the plane is row j + shift of the whole */
    if (y == NWC__SINE) {
        memset(whole, 0, (size_t)row * sizeof *whole);
        memset(whole + ny * row, 0, (size_t)row * sizeof *whole);
    }
    for (int64_t j = 0; j < ny - shift; j++) {
        float *const here = whole + (j + shift) * row, *const mirror = whole + (2 * ny - 1 - j) * row;
        continue_row(plane + j * pitch, nx, x, here);
        for (int64_t i = 0; i < row; i++) mirror[i] = y == NWC__SINE ? -here[i] : here[i];
    }
    nwc__fft_forward(w->fft, whole, spectrum, w->work + lane * w->work_size);
    for (int64_t j = 0; j < ny - shift; j++) {
        const factor of_y = factor_of(w, 0, y, j + shift);
        const float *const waves = spectrum + 2 * (j + shift) * (nx + 1);
        const int64_t first = x == NWC__SINE;
        for (int64_t k = first; k < nx; k++) { /* the spectrum is 4 times factor times sum */
            const factor f = both(of_y, factor_of(w, 1, x, k));
            plane[j * pitch + k - first] = (nwc__real)(0.25F * (f.re * waves[2 * k] + f.im * waves[2 * k + 1]));
        }
    }
}

/* ---- and back ---- */

void nwc__waves_backward(const nwc__waves *w, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane, int64_t pitch)
{
    const int64_t ny = w->n[0], nx = w->n[1], row = 2 * nx, width = 2 * (nx + 1);
    float *const whole = w->plane + lane * w->plane_size, *const spectrum = w->spectrum + lane * w->spectrum_size;
    const int64_t shift = y == NWC__SINE, first = x == NWC__SINE;
    memset(spectrum, 0, (size_t)width * sizeof *spectrum);
    memset(spectrum + ny * width, 0, (size_t)width * sizeof *spectrum);
    for (int64_t j = 0; j < ny - shift; j++) {
        const int64_t wave = j + shift;
        const factor of_y = factor_of(w, 0, y, wave), other = {of_y.re, -of_y.im};
        float *const here = spectrum + wave * width, *const mirror = spectrum + (2 * ny - wave) % (2 * ny) * width;
        here[0] = here[1] = here[2 * nx] = here[2 * nx + 1] = 0.0F;
        mirror[0] = mirror[1] = mirror[2 * nx] = mirror[2 * nx + 1] = 0.0F;
        for (int64_t k = first; k < nx; k++) {
            const factor of_x = factor_of(w, 1, x, k), a = both(of_y, of_x), b = both(other, of_x);
            const float c = (float)plane[j * pitch + k - first];
            here[2 * k] = c * a.re, here[2 * k + 1] = c * a.im;
            if (wave) mirror[2 * k] = c * b.re, mirror[2 * k + 1] = c * b.im;
        }
    }
    nwc__fft_inverse(w->fft, spectrum, whole, w->work + lane * w->work_size);
    const nwc__real scale = (nwc__real)(1.0 / (double)(ny * nx));
    for (int64_t j = 0; j < ny - shift; j++) {
        const float *const from = whole + (j + shift) * row + first;
        for (int64_t i = 0; i < nx - first; i++) plane[j * pitch + i] = scale * (nwc__real)from[i];
    }
}
