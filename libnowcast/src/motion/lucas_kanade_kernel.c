/* Rows of images and windows of Lucas-Kanade tracking. */
#include "core/kernel.h"

#include "motion/lucas_kanade.h"

enum { SEGMENT = 256 }; /* cells of a row done at once, so that intermediate sums stay on the stack */

#define WEAK_RATE 0.3f /* mm h-1 */

static void scale(const float *restrict x, int64_t n, float *restrict image)
{
    for (int64_t i = 0; i < n; i++) /* most cells are dry: a logarithm for those that are not */
        image[i] = x[i] > 0.0f ? logf(1.0f + x[i] * x[i] * (1.0f / WEAK_RATE)) : 0.0f;
}

static void halve(const float *restrict fine, int64_t stride, int64_t n, float *restrict coarse)
{
    for (int64_t first = 0; first < n; first += SEGMENT) {
        const int64_t count = n - first < SEGMENT ? n - first : SEGMENT;
        const float *const row = fine + 2 * first - 2;
        float sum[2 * SEGMENT + 4]; /* along y */
        for (int64_t i = 0; i < 2 * count + 4; i++)
            sum[i] =
                row[i - 2 * stride] + row[i + 2 * stride] + 4.0f * (row[i - stride] + row[i + stride]) + 6.0f * row[i];
        for (int64_t i = 0; i < count; i++)
            coarse[first + i] =
                (sum[2 * i] + sum[2 * i + 4] + 4.0f * (sum[2 * i + 1] + sum[2 * i + 3]) + 6.0f * sum[2 * i + 2]) *
                (1.0f / 256.0f);
    }
}

static void erode(const uint8_t *restrict valid, int64_t step, int64_t reach, int64_t n, uint8_t *restrict eroded)
{
    memcpy(eroded, valid, (size_t)n);
    for (int64_t k = 1; k <= reach; k++)
        for (int64_t i = 0; i < n; i++) eroded[i] &= valid[i - k * step] & valid[i + k * step];
}

/* Sums over 5 rows of the products of the gradient, by central differences; one segment and two cells to either side. */
static void add_products(const float *restrict image, int64_t stride, int64_t n, float *restrict xx, float *restrict xy,
                         float *restrict yy)
{
    for (int64_t i = 0; i < n; i++) xx[i] = xy[i] = yy[i] = 0.0f;
    for (int64_t k = -2; k <= 2; k++) {
        const float *const row = image + k * stride;
        for (int64_t i = 0; i < n; i++) {
            const float gx = row[i + 1] - row[i - 1], gy = row[i + stride] - row[i - stride];
            xx[i] += gx * gx;
            xy[i] += gx * gy;
            yy[i] += gy * gy;
        }
    }
}

static float corner(const float *restrict image, int64_t stride, const uint8_t *restrict valid, int64_t n,
                    float *restrict response)
{
    float largest = 0.0f;
    for (int64_t first = 0; first < n; first += SEGMENT) {
        const int64_t count = n - first < SEGMENT ? n - first : SEGMENT;
        float xx[SEGMENT + 4], xy[SEGMENT + 4], yy[SEGMENT + 4];
        add_products(image + first - 2, stride, count + 4, xx, xy, yy);
#pragma omp simd reduction(max : largest)
        for (int64_t i = 0; i < count; i++) {
            const float a = xx[i] + xx[i + 1] + xx[i + 2] + xx[i + 3] + xx[i + 4];
            const float b = xy[i] + xy[i + 1] + xy[i + 2] + xy[i + 3] + xy[i + 4];
            const float c = yy[i] + yy[i + 1] + yy[i + 2] + yy[i + 3] + yy[i + 4];
            const float lower = 0.5f * (a + c - sqrtf((a - c) * (a - c) + 4.0f * b * b));
            const float r = valid[first + i] && lower > 0.0f ? lower : 0.0f;
            response[first + i] = r;
            largest = r > largest ? r : largest;
        }
    }
    return largest;
}

static void dots(const float *restrict a, const float *restrict b, const float *restrict e, float *ae, float *be)
{
    float s = 0.0f, t = 0.0f;
#pragma omp simd reduction(+ : s, t)
    for (int64_t i = 0; i < NWC__LK_PATCH; i++) {
        s += a[i] * e[i];
        t += b[i] * e[i];
    }
    *ae = s, *be = t;
}

/* n cells between image[0] and image[1], at fx along x and fy along y. */
static inline void between(const float *restrict image, int64_t stride, float fx, float fy, int64_t n,
                           float *restrict values)
{
    const float w00 = (1.0f - fx) * (1.0f - fy), w01 = fx * (1.0f - fy), w10 = (1.0f - fx) * fy, w11 = fx * fy;
    const float *const next = image + stride;
    for (int64_t i = 0; i < n; i++) values[i] = w00 * image[i] + w01 * image[i + 1] + w10 * next[i] + w11 * next[i + 1];
}

static void window(const float *restrict image, const uint8_t *restrict valid, int64_t stride, float fx, float fy,
                   float *restrict values, float *restrict gx, float *restrict gy, double sums[3])
{
    enum { WIDE = NWC__LK_WINDOW + 2 };
    float wide[WIDE * WIDE]; /* the window and one cell around it, for the gradient */
    for (int64_t j = 0; j < WIDE; j++) between(image + (j - 1) * stride - 1, stride, fx, fy, WIDE, wide + j * WIDE);
    const uint8_t *const nearest = valid + (fy >= 0.5f ? stride : 0) + (fx >= 0.5f ? 1 : 0);
    for (int64_t j = 0; j < NWC__LK_WINDOW; j++) {
        const float *const row = wide + (j + 1) * WIDE + 1;
        const int64_t at = j * NWC__LK_WINDOW;
        for (int64_t i = 0; i < NWC__LK_WINDOW; i++) {
            const float half = nearest[j * stride + i] ? 0.5f : 0.0f;
            values[at + i] = row[i];
            gx[at + i] = half * (row[i + 1] - row[i - 1]);
            gy[at + i] = half * (row[i + WIDE] - row[i - WIDE]);
        }
    }
    float xx, xy, yy;
    dots(gx, gy, gx, &xx, &xy);
    dots(gx, gy, gy, &xy, &yy);
    sums[0] = (double)xx, sums[1] = (double)xy, sums[2] = (double)yy;
}

static void misfit(const float *restrict image, int64_t stride, float fx, float fy, const float *restrict values,
                   const float *restrict gx, const float *restrict gy, double sums[2])
{
    float e[NWC__LK_PATCH];
    for (int64_t j = 0; j < NWC__LK_WINDOW; j++) {
        float *const row = e + j * NWC__LK_WINDOW;
        between(image + j * stride, stride, fx, fy, NWC__LK_WINDOW, row);
        for (int64_t i = 0; i < NWC__LK_WINDOW; i++) row[i] = values[j * NWC__LK_WINDOW + i] - row[i];
    }
    float x, y;
    dots(gx, gy, e, &x, &y);
    sums[0] = (double)x, sums[1] = (double)y;
}

static void blend(const float *restrict below, const float *restrict above, float weight, int64_t spacing, int64_t n,
                  float *restrict cells)
{
    const float share = 1.0f / (float)spacing;
    for (int64_t node = 0; node * spacing < n; node++) {
        const float left = below[node] + weight * (above[node] - below[node]);
        const float right = below[node + 1] + weight * (above[node + 1] - below[node + 1]);
        const int64_t first = node * spacing, count = n - first < spacing ? n - first : spacing;
        for (int64_t i = 0; i < count; i++) cells[first + i] = left + (right - left) * (share * (float)i);
    }
}

const struct nwc__lk_kernels NWC__NAME(nwc__lk_kernels) = {.scale = scale,
                                                           .halve = halve,
                                                           .erode = erode,
                                                           .corner = corner,
                                                           .window = window,
                                                           .misfit = misfit,
                                                           .blend = blend};
