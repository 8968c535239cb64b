/* The correlation of one window of two frames, and the shift at which it is highest. */
#include "motion/correlate.h"

enum { CHUNK = 256 };       /* columns whose sums are kept at a time */
#define LEAST_VARIANCE 1e-5 /* (mm h-1): of x within a window */

double nwc__correlation(const double sums[NWC__CORRELATE_SUMS], double least)
{
    const double n = sums[0];
    if (n < least || n < 2.0) return -2.0;
    const double va = sums[3] / n - sums[1] * sums[1] / (n * n), vb = sums[4] / n - sums[2] * sums[2] / (n * n);
    if (!(va > LEAST_VARIANCE && vb > LEAST_VARIANCE)) return -2.0;
    return (sums[5] / n - sums[1] * sums[2] / (n * n)) / sqrt(va * vb);
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

double nwc__window_known(const struct nwc__frame_level *level, int32_t frame, const struct nwc__window *window)
{
    const int64_t y0 = most(window->y0, 0), y1 = least_of(window->y1, level->ny);
    const int64_t x0 = most(window->x0, 0), x1 = least_of(window->x1, level->nx);
    int64_t n = 0;
    for (int64_t j = y0; j < y1; j++)
        for (int64_t i = x0; i < x1; i++) n += !isnan(level->frame[frame][j * level->nx + i]);
    return (double)n;
}

double nwc__window_correlation(const nwc__correlate_kernels *kernels, const struct nwc__frame_level *level,
                               const struct nwc__frame_pair *pair, const struct nwc__window *window, int64_t dx,
                               int64_t dy, double least)
{
    const float *const later = level->frame[pair->later], *const earlier = level->frame[pair->earlier];
    const int64_t nx = level->nx;
    const int64_t y0 = most(window->y0, most(0, dy)), y1 = least_of(window->y1, least_of(level->ny, level->ny + dy));
    const int64_t x0 = most(window->x0, most(0, dx)), x1 = least_of(window->x1, least_of(nx, nx + dx));
    double total[NWC__CORRELATE_SUMS] = {0.0};
    for (int64_t i = x0; i < x1; i += CHUNK) {
        const int64_t n = least_of(CHUNK, x1 - i);
        float sums[NWC__CORRELATE_SUMS * CHUNK];
        memset(sums, 0, sizeof sums);
        for (int64_t j = y0; j < y1; j++)
            kernels->add(later + j * nx + i, earlier + (j - dy) * nx + i - dx, n, sums, CHUNK);
        for (int s = 0; s < NWC__CORRELATE_SUMS; s++)
            for (int64_t k = 0; k < n; k++) total[s] += (double)sums[s * CHUNK + k];
    }
    return nwc__correlation(total, least);
}

double nwc__peak(double before, double at, double after)
{
    const double bend = before - 2.0 * at + after;
    if (before < -1.5 || after < -1.5 || !(bend < 0.0)) return 0.0;
    return fmax(-0.5, fmin(0.5, 0.5 * (before - after) / bend));
}

bool nwc__climb(const nwc__correlate_kernels *kernels, const struct nwc__frame_level *level,
                const struct nwc__frame_pair *pair, const struct nwc__window *window, double least, int32_t steps,
                struct nwc__shift *shift)
{
    double around[3][3]; /* around[1][1] belongs to the shift itself */
    for (int32_t step = 0;; step++) {
        int best = 4;
        for (int k = 0; k < 9; k++) {
            around[k / 3][k % 3] = nwc__window_correlation(kernels, level, pair, window, shift->dx + k % 3 - 1,
                                                           shift->dy + k / 3 - 1, least);
        }
        for (int k = 0; k < 9; k++)
            if (around[k / 3][k % 3] > around[best / 3][best % 3]) best = k;
        if (best == 4 || step == steps) break;
        shift->dx += best % 3 - 1, shift->dy += best / 3 - 1;
    }
    shift->r = around[1][1];
    shift->x = (double)shift->dx + nwc__peak(around[1][0], around[1][1], around[1][2]);
    shift->y = (double)shift->dy + nwc__peak(around[0][1], around[1][1], around[2][1]);
    return shift->r > -1.5;
}
