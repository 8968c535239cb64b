/* Rows of the diffusion of Proesmans; proesmans.c says what they are parts of. */
#include "core/kernel.h"

#include "motion/places_kernel.h"
#include "motion/proesmans.h"

enum { STRIP = 64 };

static void apart(const float *restrict u, const float *restrict v, const float *restrict back_u,
                  const float *restrict back_v, int64_t ny, int64_t nx, int64_t j, float *restrict length, float sum[2])
{
    float total = 0.0f, count = 0.0f;
    for (int32_t first = 0; first < (int32_t)nx; first += STRIP) {
        const int32_t n = (int32_t)nx - first < STRIP ? (int32_t)nx - first : STRIP;
        int32_t at[STRIP];
        float a[STRIP], b[STRIP], bu[STRIP], bv[STRIP];
        nwc__places(u + first, v + first, first, n, ny, nx, j, at, a, b);
        nwc__read_at(back_u, at, a, b, n, ny, nx, bu);
        nwc__read_at(back_v, at, a, b, n, ny, nx, bv);
#pragma omp simd reduction(+ : total, count)
        for (int32_t k = 0; k < n; k++) {
            const float du = u[first + k] + bu[k], dv = v[first + k] + bv[k], far = sqrtf(du * du + dv * dv);
            const bool inside = far == far;
            length[first + k] = inside ? far : -1.0f;
            total += inside ? far : 0.0f;
            count += inside ? 1.0f : 0.0f;
        }
    }
    sum[0] += total, sum[1] += count;
}

static void weigh(float *restrict length, int64_t n, float over)
{
    for (int64_t i = 0; i < n; i++) {
        const float by = length[i] * over;
        length[i] = length[i] >= 0.0f ? 1.0f / (1.0f + by * by) : 0.0f;
    }
}

static void step(const float *const row[3], int64_t pitch, const float *restrict here, const float *restrict gx,
                 const float *restrict gy, const float *restrict other, int64_t ny, int64_t nx, int64_t j, float lambda,
                 float *restrict to_u, float *restrict to_v)
{
    for (int32_t first = 0; first < (int32_t)nx; first += STRIP) {
        const int32_t n = (int32_t)nx - first < STRIP ? (int32_t)nx - first : STRIP;
        int32_t at[STRIP];
        float a[STRIP], b[STRIP], mean_u[STRIP], mean_v[STRIP], there[STRIP];
        const float *const s = row[0] + first + 1, *const c = row[1] + first + 1, *const t = row[2] + first + 1;
#pragma omp simd
        for (int32_t k = 0; k < n; k++) {
            const int64_t w = k + 2 * pitch; /* of the weights */
            const float ws = 2.0f * s[w], wn = 2.0f * t[w], ww = 2.0f * c[w - 1], we = 2.0f * c[w + 1];
            const float sum = ws + wn + ww + we + s[w - 1] + s[w + 1] + t[w - 1] + t[w + 1];
            const float su = ws * s[k] + wn * t[k] + ww * c[k - 1] + we * c[k + 1] + s[w - 1] * s[k - 1] +
                             s[w + 1] * s[k + 1] + t[w - 1] * t[k - 1] + t[w + 1] * t[k + 1];
            const int64_t y = k + pitch;
            const float sv = ws * s[y] + wn * t[y] + ww * c[y - 1] + we * c[y + 1] + s[w - 1] * s[y - 1] +
                             s[w + 1] * s[y + 1] + t[w - 1] * t[y - 1] + t[w + 1] * t[y + 1];
            const bool some = sum > 1e-8f;
            mean_u[k] = some ? su / sum : c[k];
            mean_v[k] = some ? sv / sum : c[y];
        }
        nwc__places(mean_u, mean_v, first, n, ny, nx, j, at, a, b);
        nwc__read_at(other, at, a, b, n, ny, nx, there);
#pragma omp simd
        for (int32_t k = 0; k < n; k++) {
            const float x = gx[first + k], y = gy[first + k];
            const float by = lambda * (there[k] - here[first + k]) / (1.0f + lambda * (x * x + y * y));
            const float du = x * by, dv = y * by;
            const bool known = du + dv == du + dv;
            to_u[first + k] = mean_u[k] - (known ? du : 0.0f);
            to_v[first + k] = mean_v[k] - (known ? dv : 0.0f);
        }
    }
}

const struct nwc__diffuse_kernels NWC__NAME(nwc__diffuse_kernels) = {.apart = apart, .weigh = weigh, .step = step};
