/*
 * Sine transforms of the first kind and cosine transforms of the second of planes: real Fourier transforms of rows continued by their
 * mirror images, with their sign for sines, and then the same of columns. Each leaves real sums, so that columns are real again: half of
 * what the plane continued along both axes takes, and each line stays in the nearest cache. With FFTW it takes no longer than its own
 * transforms of this kind do, and KISS FFT has none.
 */
#include "wind/waves.h"

#include "core/fft.h"

struct nwc__waves {
    int64_t n[2]; /* intervals along y and x */
    nwc__fft *fft[2];
    float *line, *spectrum, *work; /* of each lane */
    float *turned;                 /* of each lane: (nx, ny), the plane after its rows */
    int64_t line_size, spectrum_size, work_size, turned_size;
    float *turn[2]; /* (n): cosine and sine of pi k / 2 n, by which cosines are half an interval late */
};

/* Floats up to the next multiple of 64 bytes. */
static int64_t aligned(int64_t n)
{
    return (n + 15) / 16 * 16;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

nwc_status nwc__waves_create(nwc_ctx *ctx, int64_t ny, int64_t nx, nwc__waves **made)
{
    nwc_status status = NWC_OK;
    nwc__waves *w;
    *made = NULL;
    NWC__ALLOC(ctx, w, 1);
    *w = (nwc__waves){.n = {ny, nx}};
    for (int a = 0; a < 2; a++) {
        if ((status = nwc__fft_create(ctx, 1, 2 * w->n[a], &w->fft[a])) != NWC_OK) goto done;
        w->spectrum_size = larger(w->spectrum_size, aligned(nwc__fft_spectrum_size(w->fft[a])));
        w->work_size = larger(w->work_size, aligned(nwc__fft_work_size(w->fft[a]) + 1));
    }
    w->line_size = aligned(2 * larger(ny, nx));
    w->turned_size = aligned(ny * nx);
    NWC__ALLOC(ctx, w->line, NWC__WIND_LANES * w->line_size);
    NWC__ALLOC(ctx, w->spectrum, NWC__WIND_LANES * w->spectrum_size);
    NWC__ALLOC(ctx, w->work, NWC__WIND_LANES * w->work_size);
    NWC__ALLOC(ctx, w->turned, NWC__WIND_LANES * w->turned_size);
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
    nwc__free(ctx, w->turned);
    nwc__free(ctx, w->work);
    nwc__free(ctx, w->spectrum);
    nwc__free(ctx, w->line);
    for (int a = 1; a >= 0; a--) nwc__fft_destroy(ctx, w->fft[a]);
    nwc__free(ctx, w);
}

/* ---- a line ---- */

/* Scratch of a lane, and the axis that its line lies along. */
struct lane {
    const nwc__waves *w;
    int axis;
    float *line, *spectrum, *work, *turned;
};

static struct lane lane_of(const nwc__waves *w, int64_t lane)
{
    return (struct lane){w,
                         1,
                         w->line + lane * w->line_size,
                         w->spectrum + lane * w->spectrum_size,
                         w->work + lane * w->work_size,
                         w->turned + lane * w->turned_size};
}

/* The line, of which the values are there, continued by its mirror image, and sums of it times waves in their place. */
static void forward(const struct lane *l, nwc__wave kind)
{
    const int64_t n = l->w->n[l->axis];
    float *const line = l->line;
    const float *const waves = l->spectrum, *const turn = l->w->turn[l->axis];
    if (kind == NWC__COSINE) {
        for (int64_t i = 0; i < n; i++) line[2 * n - 1 - i] = line[i];
    } else {
        for (int64_t i = n - 1; i > 0; i--) line[i] = line[i - 1];
        for (int64_t i = 1; i < n; i++) line[2 * n - i] = -line[i];
        line[0] = line[n] = 0.0F;
    }
    nwc__fft_forward(l->w->fft[l->axis], line, l->spectrum, l->work);
    if (kind == NWC__COSINE) /* waves are 2 exp(i angle) times sums, */
        for (int64_t k = 0; k < n; k++)
            line[k] = 0.5F * (turn[2 * k] * waves[2 * k] + turn[2 * k + 1] * waves[2 * k + 1]);
    else /* and -2i times sums */
        for (int64_t k = 1; k < n; k++) line[k - 1] = -0.5F * waves[2 * k + 1];
}

static void backward(const struct lane *l, nwc__wave kind)
{
    const int64_t n = l->w->n[l->axis], shift = kind == NWC__SINE;
    float *const line = l->line, *const waves = l->spectrum, over = 1.0F / (float)n;
    const float *const turn = l->w->turn[l->axis];
    waves[0] = waves[1] = waves[2 * n] = waves[2 * n + 1] = 0.0F;
    if (kind == NWC__COSINE)
        for (int64_t k = 0; k < n; k++)
            waves[2 * k] = over * line[k] * turn[2 * k], waves[2 * k + 1] = over * line[k] * turn[2 * k + 1];
    else
        for (int64_t k = 1; k < n; k++) waves[2 * k] = 0.0F, waves[2 * k + 1] = -over * line[k - 1];
    nwc__fft_inverse(l->w->fft[l->axis], waves, line, l->work);
    for (int64_t i = 0; shift && i < n - 1; i++) line[i] = line[i + 1];
}

/* ---- a plane ---- */

typedef void (*line_fn)(const struct lane *l, nwc__wave kind);

static void transform(const nwc__waves *w, int64_t lane, line_fn fn, nwc__wave y, nwc__wave x, nwc__real *plane,
                      int64_t pitch)
{
    const int64_t rows = w->n[0] - (y == NWC__SINE), columns = w->n[1] - (x == NWC__SINE);
    struct lane l = lane_of(w, lane);
    for (int64_t j = 0; j < rows; j++) {
        for (int64_t i = 0; i < columns; i++) l.line[i] = (float)plane[j * pitch + i];
        fn(&l, x);
        for (int64_t i = 0; i < columns; i++) l.turned[i * w->n[0] + j] = l.line[i];
    }
    l.axis = 0;
    for (int64_t i = 0; i < columns; i++) {
        memcpy(l.line, l.turned + i * w->n[0], (size_t)rows * sizeof *l.line);
        fn(&l, y);
        for (int64_t j = 0; j < rows; j++) plane[j * pitch + i] = (nwc__real)l.line[j];
    }
}

void nwc__waves_forward(const nwc__waves *w, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane, int64_t pitch)
{
    transform(w, lane, forward, y, x, plane, pitch);
}

void nwc__waves_backward(const nwc__waves *w, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane, int64_t pitch)
{
    transform(w, lane, backward, y, x, plane, pitch);
}
