/*
 * Sine transforms of the first kind and cosine transforms of the second of planes: Fourier transforms of rows continued by their
 * mirror images, with their sign for sines, and then the same of columns. Lines are taken in pairs, one the real and one the imaginary
 * part of a complex line: its sums are those of the two, and the libraries are at their fastest with complex numbers.
 */
#include "wind/waves.h"

#include "core/fft.h"

enum { BLOCK = 8 /* lines that are read or written side by side, and transformed in pairs */ };

struct nwc__waves {
    int64_t n[2]; /* intervals along y and x */
    nwc__fft_line *fft[2];
    float *block, *spectrum; /* of each lane: BLOCK / 2 lines of 2 n complex numbers; one */
    float *turned;           /* of each lane: (nx, high), the plane after its rows */
    int64_t line_size, high;
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
    for (int a = 0; a < 2; a++)
        if ((status = nwc__fft_line_create(ctx, 2 * w->n[a], &w->fft[a])) != NWC_OK) goto done;
    w->line_size = aligned(4 * (ny > nx ? ny : nx)) +
                   aligned(1); /* lines of a block, and columns, not all in one set of the cache */
    w->high = aligned(ny) + aligned(1);
    NWC__ALLOC(ctx, w->block, NWC__WIND_LANES * BLOCK / 2 * w->line_size);
    NWC__ALLOC(ctx, w->spectrum, NWC__WIND_LANES * w->line_size);
    NWC__ALLOC(ctx, w->turned, NWC__WIND_LANES * nx * w->high);
    memset(w->block, 0, (size_t)(NWC__WIND_LANES * BLOCK / 2 * w->line_size) * sizeof *w->block);
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
    nwc__free(ctx, w->spectrum);
    nwc__free(ctx, w->block);
    for (int a = 1; a >= 0; a--) nwc__fft_line_destroy(ctx, w->fft[a]);
    nwc__free(ctx, w);
}

/* ---- a pair of lines ---- */

/* Scratch of a lane, and the axis that its lines lie along. */
struct lane {
    const nwc__waves *w;
    int axis;
    float *block, *line, *spectrum, *turned; /* line: of the block */
};

static struct lane lane_of(const nwc__waves *w, int64_t lane)
{
    float *const block = w->block + lane * BLOCK / 2 * w->line_size;
    return (struct lane){w, 1, block, block, w->spectrum + lane * w->line_size, w->turned + lane * w->n[1] * w->high};
}

static void copy(float *line, int64_t to, int64_t from, float sign)
{
    line[2 * to] = sign * line[2 * from], line[2 * to + 1] = sign * line[2 * from + 1];
}

/* Sums of sines in place of the values, times so much. Waves of a line continued so are -2i times sums. */
static void sum_sines(const struct lane *l, float times)
{
    const int64_t n = l->w->n[l->axis];
    float *const line = l->line, half = 0.5F * times;
    const float *const waves = l->spectrum;
    for (int64_t i = n - 1; i > 0; i--) copy(line, i, i - 1, 1.0F);
    for (int64_t i = 1; i < n; i++) copy(line, 2 * n - i, i, -1.0F);
    line[0] = line[1] = line[2 * n] = line[2 * n + 1] = 0.0F;
    nwc__fft_line_forward(l->w->fft[l->axis], line, l->spectrum);
    for (int64_t k = 1; k < n; k++) line[2 * k - 2] = -half * waves[2 * k + 1], line[2 * k - 1] = half * waves[2 * k];
}

/* Sums of cosines in place of the values. Waves of a line continued so are 2 exp(i angle) times sums. */
static void sum_cosines(const struct lane *l)
{
    const int64_t n = l->w->n[l->axis];
    float *const line = l->line;
    const float *const waves = l->spectrum, *const turn = l->w->turn[l->axis];
    for (int64_t i = 0; i < n; i++) copy(line, 2 * n - 1 - i, i, 1.0F);
    nwc__fft_line_forward(l->w->fft[l->axis], line, l->spectrum);
    for (int64_t k = 0; k < n; k++) {
        const float c = 0.5F * turn[2 * k], s = 0.5F * turn[2 * k + 1], re = waves[2 * k], im = waves[2 * k + 1];
        line[2 * k] = c * re + s * im, line[2 * k + 1] = c * im - s * re;
    }
}

/* Back: the waves of the line continued, of which those above n are the others turned the other way. */
static void spread_cosines(const struct lane *l)
{
    const int64_t n = l->w->n[l->axis];
    float *const line = l->line, *const waves = l->spectrum, over = 1.0F / (float)n;
    const float *const turn = l->w->turn[l->axis];
    for (int64_t k = 1; k < n; k++) {
        const float c = over * turn[2 * k], s = over * turn[2 * k + 1], re = line[2 * k], im = line[2 * k + 1];
        waves[2 * k] = c * re - s * im, waves[2 * k + 1] = c * im + s * re;
        waves[2 * (2 * n - k)] = c * re + s * im, waves[2 * (2 * n - k) + 1] = c * im - s * re;
    }
    waves[0] = over * line[0], waves[1] = over * line[1], waves[2 * n] = waves[2 * n + 1] = 0.0F;
    nwc__fft_line_inverse(l->w->fft[l->axis], waves, line);
}

static void transform_pair(const struct lane *l, nwc__wave kind, bool back)
{
    if (kind == NWC__SINE)
        sum_sines(l, back ? 2.0F / (float)l->w->n[l->axis] : 1.0F);
    else if (back)
        spread_cosines(l);
    else
        sum_cosines(l);
}

/* ---- a plane ---- */

/* Side by side, (length, n) and so far apart, from the pairs of a block. */
static inline void put_beside(const struct lane *l, int64_t n, int64_t length, nwc__real *to, int64_t apart)
{
    for (int64_t i = 0; i < length; i++)
        for (int64_t b = 0; b < n; b++)
            to[i * apart + b] = (nwc__real)l->block[b / 2 * l->w->line_size + 2 * i + b % 2];
}

/* Rows, and then columns. The last line of an odd number goes with one of zeros. */
static void transform(const nwc__waves *w, int64_t lane, bool back, nwc__wave y, nwc__wave x, nwc__real *plane,
                      int64_t pitch)
{
    const int64_t rows = w->n[0] - (y == NWC__SINE), columns = w->n[1] - (x == NWC__SINE);
    struct lane l = lane_of(w, lane);
    for (int64_t j = 0; j < rows; j += BLOCK) {
        const int64_t n = rows - j < BLOCK ? rows - j : BLOCK;
        for (int64_t b = 0; b < n; b += 2) {
            const nwc__real *const row = plane + (j + b) * pitch;
            const int64_t next = b + 1 < n ? pitch : 0;
            l.line = l.block + b / 2 * w->line_size;
            for (int64_t i = 0; i < columns; i++)
                l.line[2 * i] = (float)row[i], l.line[2 * i + 1] = next ? (float)row[i + next] : 0.0F;
            transform_pair(&l, x, back);
        }
        for (int64_t i = 0; i < columns; i++) /* all of a block, of which what is too much lies beyond the columns */
            for (int64_t b = 0; b < BLOCK; b++)
                l.turned[i * w->high + j + b] = l.block[b / 2 * w->line_size + 2 * i + b % 2];
    }
    l.axis = 0;
    for (int64_t i = 0; i < columns; i += BLOCK) {
        const int64_t n = columns - i < BLOCK ? columns - i : BLOCK;
        for (int64_t b = 0; b < n; b += 2) {
            const float *const column = l.turned + (i + b) * w->high;
            const int64_t next = b + 1 < n ? w->high : 0;
            l.line = l.block + b / 2 * w->line_size;
            for (int64_t j = 0; j < rows; j++)
                l.line[2 * j] = column[j], l.line[2 * j + 1] = next ? column[j + next] : 0.0F;
            transform_pair(&l, y, back);
        }
        if (n == BLOCK)
            put_beside(&l, BLOCK, rows, plane + i, pitch);
        else
            put_beside(&l, n, rows, plane + i, pitch);
    }
}

void nwc__waves_forward(const nwc__waves *w, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane, int64_t pitch)
{
    transform(w, lane, false, y, x, plane, pitch);
}

void nwc__waves_backward(const nwc__waves *w, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane, int64_t pitch)
{
    transform(w, lane, true, y, x, plane, pitch);
}
