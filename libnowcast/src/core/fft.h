/* Fourier transforms of real float planes and of complex lines: the one door to the FFT library the build has chosen. */
#ifndef NWC_CORE_FFT_H
#define NWC_CORE_FFT_H

#include "core/internal.h"

/* What a transform of one size needs. Constant once made: any number of threads may transform with it at once. */
typedef struct nwc__fft nwc__fft;

/* The least even number >= n (>= 1) without a prime factor above 5: pad nx, and best ny too, to it. */
int64_t nwc__fft_good_size(int64_t n);

/*
 * Of such numbers not above n by more than a twelfth, or of the least, the one with the greatest power of two, which the libraries like
 * better than those of three and five: 256 for 246, in a third of the time that 250 takes.
 */
int64_t nwc__fft_fast_size(int64_t n);

/*
 * Prepare transforms of ny x nx cells, nx even. NWC_OK; NWC_ERR_ARG for another nx or a size above INT32_MAX;
 * NWC_ERR_NOMEM. Nothing is measured: the same size always gives the same plan, so the same bits.
 */
nwc_status nwc__fft_create(nwc_ctx *ctx, int64_t ny, int64_t nx, nwc__fft **fft);
void nwc__fft_destroy(nwc_ctx *ctx, nwc__fft *fft);

/* Floats of the spectrum: (ny, nx / 2 + 1) complex numbers, real and imaginary part in turn, row ky holding the wave number
 * ky or ky - ny along y. */
int64_t nwc__fft_spectrum_size(const nwc__fft *fft);

/* Floats of work each transform under way needs; may be 0. */
int64_t nwc__fft_work_size(const nwc__fft *fft);

/*
 * Sum of real[j, i] exp(-2 pi i (ky j / ny + kx i / nx)), and back with the other sign. Neither divides: back and forth
 * multiplies by ny nx. Arrays are contiguous, apart, and from nwc__alloc (aligned to 64 bytes). Inverse overwrites the
 * spectrum, which must be that of a real array.
 */
void nwc__fft_forward(const nwc__fft *fft, const float *real, float *spectrum, float *work);
void nwc__fft_inverse(const nwc__fft *fft, float *spectrum, float *real, float *work);

/* What a transform of n complex numbers needs; as above. NWC_OK; NWC_ERR_ARG for n below 1 or above INT32_MAX; NWC_ERR_NOMEM. */
typedef struct nwc__fft_line nwc__fft_line;
nwc_status nwc__fft_line_create(nwc_ctx *ctx, int64_t n, nwc__fft_line **line);
void nwc__fft_line_destroy(nwc_ctx *ctx, nwc__fft_line *line);

/* Sum of from[i] exp(-2 pi i k / n), and with the other sign; neither divides. Arrays as above, from is left as it is. */
void nwc__fft_line_forward(const nwc__fft_line *line, const float *from, float *to);
void nwc__fft_line_inverse(const nwc__fft_line *line, const float *from, float *to);

#endif
