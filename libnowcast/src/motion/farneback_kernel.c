/* Rows of polynomial expansion; farneback.c says what they are parts of. */
#include "core/kernel.h"

#include "motion/farneback.h"
#include "motion/places_kernel.h"

enum { REACH = NWC__POLY_REACH, STRIP = 64 };

static void along_y(const float *const row[2 * REACH + 1], const float taps[REACH + 1], int64_t n, float *restrict to,
                    int64_t pitch)
{
    for (int64_t i = 0; i < n; i++) {
        float m0 = taps[0] * row[REACH][i], m1 = 0.0f, m2 = 0.0f;
        for (int k = 1; k <= REACH; k++) {
            const float south = row[REACH - k][i], north = row[REACH + k][i], at = (float)k;
            m0 += taps[k] * (north + south);
            m1 += taps[k] * at * (north - south);
            m2 += taps[k] * at * at * (north + south);
        }
        to[i] = m0, to[pitch + i] = m1, to[2 * pitch + i] = m2;
    }
}

static void along_x(const float *restrict from, int64_t pitch, const float taps[REACH + 1], int64_t n,
                    float *restrict to, int64_t plane)
{
    float s2 = 0.0f, s4 = 0.0f;
    for (int k = 1; k <= REACH; k++) {
        const float kk = (float)(k * k);
        s2 += 2.0f * taps[k] * kk, s4 += 2.0f * taps[k] * kk * kk;
    }
    const float over2 = 1.0f / s2, over4 = 1.0f / (s4 - s2 * s2), over22 = 1.0f / (s2 * s2);
    for (int64_t i = 0; i < n; i++) {
        const float *const c = from + i + REACH, *const cy = c + pitch, *const cyy = cy + pitch;
        float one = taps[0] * c[0], y = taps[0] * cy[0], yy = taps[0] * cyy[0], x = 0.0f, xx = 0.0f, xy = 0.0f;
        for (int k = 1; k <= REACH; k++) {
            const float at = (float)k, sum = taps[k] * (c[k] + c[-k]);
            one += sum;
            xx += at * at * sum;
            x += at * taps[k] * (c[k] - c[-k]);
            y += taps[k] * (cy[k] + cy[-k]);
            xy += at * taps[k] * (cy[k] - cy[-k]);
            yy += taps[k] * (cyy[k] + cyy[-k]);
        }
        to[i] = over2 * x;
        to[plane + i] = over2 * y;
        to[2 * plane + i] = over4 * (xx - s2 * one);
        to[3 * plane + i] = over4 * (yy - s2 * one);
        to[4 * plane + i] = over22 * xy;
    }
}

/* The four terms around each place are read cell by cell; the rest vectorises. */
static void compare(const float *restrict later, const float *restrict earlier, int64_t plane, int64_t ny, int64_t nx,
                    int64_t j, const float *restrict u, const float *restrict v, float share, float *restrict sums,
                    int64_t pitch)
{
    const int32_t width = (int32_t)nx;
    for (int32_t first = 0; first < width; first += STRIP) {
        const int32_t n = width - first < STRIP ? width - first : STRIP;
        int32_t at[STRIP];
        float x_by[STRIP], y_by[STRIP], a[STRIP], b[STRIP], term[NWC__POLY_TERMS][STRIP];
        for (int32_t k = 0; k < n; k++) x_by[k] = -share * u[first + k], y_by[k] = -share * v[first + k];
        nwc__places(x_by, y_by, first, n, ny, nx, j, at, a, b);
        for (int t = 0; t < NWC__POLY_TERMS; t++) nwc__read_at(earlier + t * plane, at, a, b, n, ny, nx, term[t]);
#pragma omp simd
        for (int32_t k = 0; k < n; k++) {
            const int32_t i = first + k;
            const float a11 = 0.5f * (later[2 * plane + i] + term[2][k]),
                        a22 = 0.5f * (later[3 * plane + i] + term[3][k]);
            const float a12 = 0.25f * (later[4 * plane + i] + term[4][k]);
            const float mu = share * u[i], mv = share * v[i];
            const float b1 = 0.5f * (term[0][k] - later[i]) + a11 * mu + a12 * mv;
            const float b2 = 0.5f * (term[1][k] - later[plane + i]) + a12 * mu + a22 * mv;
            const float check = a11 + a22 + a12 + b1 + b2;
            const bool known = check == check;
            const float p = known ? share * a11 : 0.0f, q = known ? share * a12 : 0.0f, r = known ? share * a22 : 0.0f;
            const float c1 = known ? b1 : 0.0f, c2 = known ? b2 : 0.0f;
            sums[i] += p * p + q * q;
            sums[pitch + i] += p * q + q * r;
            sums[2 * pitch + i] += q * q + r * r;
            sums[3 * pitch + i] += p * c1 + q * c2;
            sums[4 * pitch + i] += q * c1 + r * c2;
        }
    }
}

static void solve(const float *restrict sums, int64_t pitch, int64_t n, float weight, float *restrict u,
                  float *restrict v, float *restrict quality)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float g11 = sums[i] + weight, g12 = sums[pitch + i], g22 = sums[2 * pitch + i] + weight;
        const float h1 = sums[3 * pitch + i] + weight * u[i], h2 = sums[4 * pitch + i] + weight * v[i];
        const float over = 1.0f / (g11 * g22 - g12 * g12);
        const float half = 0.5f * (g11 - g22), mid = 0.5f * (g11 + g22);
        const float least = mid - sqrtf(half * half + g12 * g12);
        u[i] = over * (g22 * h1 - g12 * h2);
        v[i] = over * (g11 * h2 - g12 * h1);
        quality[i] = least > weight ? 1.0f - weight / least : 0.0f;
    }
}

const struct nwc__poly_kernels NWC__NAME(nwc__poly_kernels) = {.along_y = along_y,
                                                               .along_x = along_x,
                                                               .compare = compare,
                                                               .solve = solve};
