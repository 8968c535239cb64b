/*
 * The door to the FFT: FFTW in single precision (Frigo and Johnson 2005), or KISS FFT, as the build chooses. FFTW is the
 * faster; a binary that links it falls under the GPL, which KISS FFT (BSD) is there to avoid.
 *
 * FFTW's planner is not thread-safe and its estimate mode takes no times, so plans are made under a lock and are the same
 * from run to run. KISS FFT's own real and multi-dimensional transforms keep scratch in their plan, which concurrent
 * transforms would share; here only its one-dimensional complex transform is used, with scratch from the caller.
 */
#define _POSIX_C_SOURCE 200809L
#include "core/fft.h"

int64_t nwc__fft_good_size(int64_t n)
{
    assert(n >= 1);
    for (int64_t even = n + n % 2;; even += 2) {
        int64_t rest = even;
        while (rest % 2 == 0) rest /= 2;
        while (rest % 3 == 0) rest /= 3;
        while (rest % 5 == 0) rest /= 5;
        if (rest == 1) return even;
    }
}

int64_t nwc__fft_fast_size(int64_t n)
{
    int64_t best = nwc__fft_good_size(n);
    for (int64_t size = best; size <= n + n / 12; size = nwc__fft_good_size(size + 1))
        if ((size & -size) > (best & -best)) best = size; /* the greatest power of two in each */
    return best;
}

static nwc_status check_size(int64_t ny, int64_t nx)
{
    if (ny < 1 || nx < 2 || nx % 2)
        return nwc__fail(NWC_ERR_ARG, "fft: an even number of columns expected, %lld x %lld given", (long long)ny,
                         (long long)nx);
    if (ny > INT32_MAX || nx > INT32_MAX)
        return nwc__fail(NWC_ERR_ARG, "fft: at most %d rows and columns expected, %lld x %lld given", INT32_MAX,
                         (long long)ny, (long long)nx);
    return NWC_OK;
}

static nwc_status check_line(int64_t n)
{
    if (n < 1 || n > INT32_MAX)
        return nwc__fail(NWC_ERR_ARG, "fft: 1 to %d numbers expected, %lld given", INT32_MAX, (long long)n);
    return NWC_OK;
}

#if defined(NWC__FFT_FFTW)
/* ---- FFTW ---- */

#include <fftw3.h>
#include <pthread.h>

struct nwc__fft {
    int64_t ny, nx;
    fftwf_plan forward, inverse;
};

struct nwc__fft_line {
    fftwf_plan forward, inverse;
};

static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

nwc_status nwc__fft_create(nwc_ctx *ctx, int64_t ny, int64_t nx, nwc__fft **made)
{
    *made = NULL;
    NWC__TRY(check_size(ny, nx));
    nwc_status status = NWC_OK;
    nwc__fft *fft = NULL;
    float *real = NULL, *spectrum = NULL; /* for their alignment: an estimate writes to neither */
    NWC__ALLOC(ctx, fft, 1);
    *fft = (nwc__fft){.ny = ny, .nx = nx};
    NWC__ALLOC(ctx, real, ny * nx);
    NWC__ALLOC(ctx, spectrum, nwc__fft_spectrum_size(fft));
    pthread_mutex_lock(&planner);
    fft->forward = fftwf_plan_dft_r2c_2d((int)ny, (int)nx, real, (fftwf_complex *)spectrum, FFTW_ESTIMATE);
    fft->inverse = fftwf_plan_dft_c2r_2d((int)ny, (int)nx, (fftwf_complex *)spectrum, real, FFTW_ESTIMATE);
    pthread_mutex_unlock(&planner);
    if (!fft->forward || !fft->inverse)
        status = nwc__fail(NWC_ERR_NOMEM, "fft: no memory for a plan of %lld x %lld", (long long)ny, (long long)nx);

done:
    nwc__free(ctx, spectrum);
    nwc__free(ctx, real);
    if (status == NWC_OK)
        *made = fft;
    else
        nwc__fft_destroy(ctx, fft);
    return status;
}

void nwc__fft_destroy(nwc_ctx *ctx, nwc__fft *fft)
{
    if (!fft) return;
    pthread_mutex_lock(&planner);
    if (fft->inverse) fftwf_destroy_plan(fft->inverse);
    if (fft->forward) fftwf_destroy_plan(fft->forward);
    pthread_mutex_unlock(&planner);
    nwc__free(ctx, fft);
}

int64_t nwc__fft_work_size(const nwc__fft *fft)
{
    (void)fft;
    return 0;
}

void nwc__fft_forward(const nwc__fft *fft, const float *real, float *spectrum, float *work)
{
    (void)work;
    assert((uintptr_t)real % 64 == 0 && (uintptr_t)spectrum % 64 == 0);
    fftwf_execute_dft_r2c(fft->forward, (float *)real, (fftwf_complex *)spectrum); /* leaves its input as it is */
}

void nwc__fft_inverse(const nwc__fft *fft, float *spectrum, float *real, float *work)
{
    (void)work;
    assert((uintptr_t)real % 64 == 0 && (uintptr_t)spectrum % 64 == 0);
    fftwf_execute_dft_c2r(fft->inverse, (fftwf_complex *)spectrum, real);
}

nwc_status nwc__fft_line_create(nwc_ctx *ctx, int64_t n, nwc__fft_line **made)
{
    *made = NULL;
    NWC__TRY(check_line(n));
    nwc_status status = NWC_OK;
    nwc__fft_line *line = NULL;
    float *from = NULL, *to = NULL;
    NWC__ALLOC(ctx, line, 1);
    *line = (nwc__fft_line){0};
    NWC__ALLOC(ctx, from, 2 * n);
    NWC__ALLOC(ctx, to, 2 * n);
    pthread_mutex_lock(&planner);
    line->forward = fftwf_plan_dft_1d((int)n, (fftwf_complex *)from, (fftwf_complex *)to, FFTW_FORWARD, FFTW_ESTIMATE);
    line->inverse = fftwf_plan_dft_1d((int)n, (fftwf_complex *)from, (fftwf_complex *)to, FFTW_BACKWARD, FFTW_ESTIMATE);
    pthread_mutex_unlock(&planner);
    if (!line->forward || !line->inverse)
        status = nwc__fail(NWC_ERR_NOMEM, "fft: no memory for a plan of %lld numbers", (long long)n);

done:
    nwc__free(ctx, to);
    nwc__free(ctx, from);
    if (status == NWC_OK)
        *made = line;
    else
        nwc__fft_line_destroy(ctx, line);
    return status;
}

void nwc__fft_line_destroy(nwc_ctx *ctx, nwc__fft_line *line)
{
    if (!line) return;
    pthread_mutex_lock(&planner);
    if (line->inverse) fftwf_destroy_plan(line->inverse);
    if (line->forward) fftwf_destroy_plan(line->forward);
    pthread_mutex_unlock(&planner);
    nwc__free(ctx, line);
}

void nwc__fft_line_forward(const nwc__fft_line *line, const float *from, float *to)
{
    assert((uintptr_t)from % 64 == 0 && (uintptr_t)to % 64 == 0);
    fftwf_execute_dft(line->forward, (fftwf_complex *)(float *)from,
                      (fftwf_complex *)to); /* leaves its input as it is */
}

void nwc__fft_line_inverse(const nwc__fft_line *line, const float *from, float *to)
{
    assert((uintptr_t)from % 64 == 0 && (uintptr_t)to % 64 == 0);
    fftwf_execute_dft(line->inverse, (fftwf_complex *)(float *)from, (fftwf_complex *)to);
}

#else
/* ---- KISS FFT ---- */

#include <kiss_fft.h>

typedef kiss_fft_cpx complex_number;

struct nwc__fft {
    int64_t ny, nx;
    kiss_fft_cfg row[2], column[2]; /* forward, inverse; of nx / 2 and ny points */
    complex_number *turn;           /* [k <= nx / 2]: exp(-2 pi i k / nx) */
};

/* A plan in memory of the context's. */
static kiss_fft_cfg plan(nwc_ctx *ctx, int64_t n, int inverse)
{
    size_t size = 0;
    kiss_fft_alloc((int)n, inverse, NULL, &size);
    void *const memory = nwc__alloc(ctx, (int64_t)size, 1);
    return memory ? kiss_fft_alloc((int)n, inverse, memory, &size) : NULL;
}

nwc_status nwc__fft_create(nwc_ctx *ctx, int64_t ny, int64_t nx, nwc__fft **made)
{
    *made = NULL;
    NWC__TRY(check_size(ny, nx));
    nwc_status status = NWC_OK;
    nwc__fft *fft;
    NWC__ALLOC(ctx, fft, 1);
    *fft = (nwc__fft){.ny = ny, .nx = nx};
    NWC__ALLOC(ctx, fft->turn, nx / 2 + 1);
    for (int inverse = 0; inverse < 2; inverse++) {
        fft->row[inverse] = plan(ctx, nx / 2, inverse);
        fft->column[inverse] = plan(ctx, ny, inverse);
        if (!fft->row[inverse] || !fft->column[inverse]) {
            status = NWC_ERR_NOMEM;
            goto done;
        }
    }
    for (int64_t k = 0; k <= nx / 2; k++) {
        const double angle = -2.0 * NWC__PI * (double)k / (double)nx;
        fft->turn[k] = (complex_number){(float)cos(angle), (float)sin(angle)};
    }

done:
    if (status == NWC_OK)
        *made = fft;
    else
        nwc__fft_destroy(ctx, fft);
    return status;
}

void nwc__fft_destroy(nwc_ctx *ctx, nwc__fft *fft)
{
    if (!fft) return;
    for (int inverse = 0; inverse < 2; inverse++) {
        nwc__free(ctx, fft->column[inverse]);
        nwc__free(ctx, fft->row[inverse]);
    }
    nwc__free(ctx, fft->turn);
    nwc__free(ctx, fft);
}

int64_t nwc__fft_work_size(const nwc__fft *fft)
{
    return 2 * (fft->ny > fft->nx / 2 ? fft->ny : fft->nx / 2);
}

static void transform_columns(const nwc__fft *fft, int inverse, complex_number *spectrum, complex_number *work)
{
    const int64_t width = fft->nx / 2 + 1;
    if (fft->ny == 1) return;
    for (int64_t i = 0; i < width; i++) {
        kiss_fft_stride(fft->column[inverse], spectrum + i, work, (int)width);
        for (int64_t j = 0; j < fft->ny; j++) spectrum[j * width + i] = work[j];
    }
}

/*
 * A row's nx real numbers are taken as nx / 2 complex ones, z. With Z their transform, E = (Z[k] + Z*[nx/2 - k]) / 2 and
 * O = (Z[k] - Z*[nx/2 - k]) / 2i are those of the even and the odd numbers, and X[k] = E + exp(-2 pi i k / nx) O.
 */
static void forward_row(const nwc__fft *fft, const float *real, complex_number *spectrum, complex_number *work)
{
    const int64_t half = fft->nx / 2;
    kiss_fft(fft->row[0], (const complex_number *)real, work);
    for (int64_t k = 0; k <= half; k++) {
        const complex_number z = work[k % half], m = work[(half - k) % half], t = fft->turn[k];
        const float even_r = 0.5F * (z.r + m.r), even_i = 0.5F * (z.i - m.i);
        const float odd_r = 0.5F * (z.i + m.i), odd_i = 0.5F * (m.r - z.r);
        spectrum[k] = (complex_number){even_r + t.r * odd_r - t.i * odd_i, even_i + t.r * odd_i + t.i * odd_r};
    }
}

/* The same read backwards: twice Z = E + i O is put together, and transformed back. */
static void inverse_row(const nwc__fft *fft, const complex_number *spectrum, float *real, complex_number *work)
{
    const int64_t half = fft->nx / 2;
    for (int64_t k = 0; k < half; k++) {
        const complex_number x = spectrum[k], m = spectrum[half - k], t = fft->turn[k];
        const float even_r = x.r + m.r, even_i = x.i - m.i;
        const float dr = x.r - m.r, di = x.i + m.i;
        const float odd_r = t.r * dr + t.i * di, odd_i = t.r * di - t.i * dr;
        work[k] = (complex_number){even_r - odd_i, even_i + odd_r};
    }
    kiss_fft(fft->row[1], work, (complex_number *)real);
}

void nwc__fft_forward(const nwc__fft *fft, const float *real, float *spectrum, float *work)
{
    complex_number *const rows = (complex_number *)spectrum;
    for (int64_t j = 0; j < fft->ny; j++)
        forward_row(fft, real + j * fft->nx, rows + j * (fft->nx / 2 + 1), (complex_number *)work);
    transform_columns(fft, 0, rows, (complex_number *)work);
}

void nwc__fft_inverse(const nwc__fft *fft, float *spectrum, float *real, float *work)
{
    complex_number *const rows = (complex_number *)spectrum;
    transform_columns(fft, 1, rows, (complex_number *)work);
    for (int64_t j = 0; j < fft->ny; j++)
        inverse_row(fft, rows + j * (fft->nx / 2 + 1), real + j * fft->nx, (complex_number *)work);
}

struct nwc__fft_line {
    kiss_fft_cfg forward, inverse;
};

nwc_status nwc__fft_line_create(nwc_ctx *ctx, int64_t n, nwc__fft_line **made)
{
    *made = NULL;
    NWC__TRY(check_line(n));
    nwc_status status = NWC_OK;
    nwc__fft_line *line;
    NWC__ALLOC(ctx, line, 1);
    *line = (nwc__fft_line){plan(ctx, n, 0), plan(ctx, n, 1)};
    if (!line->forward || !line->inverse) status = NWC_ERR_NOMEM;
done:
    if (status == NWC_OK)
        *made = line;
    else
        nwc__fft_line_destroy(ctx, line);
    return status;
}

void nwc__fft_line_destroy(nwc_ctx *ctx, nwc__fft_line *line)
{
    if (!line) return;
    nwc__free(ctx, line->inverse);
    nwc__free(ctx, line->forward);
    nwc__free(ctx, line);
}

void nwc__fft_line_forward(const nwc__fft_line *line, const float *from, float *to)
{
    kiss_fft(line->forward, (const complex_number *)from, (complex_number *)to);
}

void nwc__fft_line_inverse(const nwc__fft_line *line, const float *from, float *to)
{
    kiss_fft(line->inverse, (const complex_number *)from, (complex_number *)to);
}

#endif

int64_t nwc__fft_spectrum_size(const nwc__fft *fft)
{
    return fft->ny * (fft->nx / 2 + 1) * 2;
}
