/* Rows of patches below their windows, and spectra of patches wave by wave. */
#include "core/kernel.h"

#include "forecast/patches_kernel.h"

static float take(const float *restrict from, const float *restrict window, float a, int64_t n, float *restrict to)
{
    float size = 0.0f;
#pragma omp simd reduction(+ : size)
    for (int64_t i = 0; i < n; i++) {
        const float value = from[i] == from[i] ? a * window[i] * from[i] : 0.0f;
        to[i] = value;
        size += fabsf(value);
    }
    return size;
}

static void give(const float *restrict from, const float *restrict window, float a, int64_t n, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] += a * window[i] * from[i];
}

static void products(const float *restrict field, const float *restrict before, const float *restrict newest, int64_t n,
                     float *restrict out)
{
    float *restrict const ff = out, *restrict const bb = out + n, *restrict const fb = out + 2 * n;
    float *restrict const fn = out + 3 * n, *restrict const bn = out + 4 * n;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float fr = field[2 * i], fi = field[2 * i + 1], br = before[2 * i], bi = before[2 * i + 1];
        const float nr = newest[2 * i], ni = newest[2 * i + 1];
        ff[i] = fr * fr + fi * fi;
        bb[i] = br * br + bi * bi;
        fb[i] = fr * br + fi * bi;
        fn[i] = fr * nr + fi * ni;
        bn[i] = br * nr + bi * ni;
    }
}

static void step(const float *restrict first, const float *restrict second, float psi, int64_t n, float *restrict power,
                 float *restrict of_field, float *restrict of_change)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        power[i] *= psi * first[i];
        of_field[i] *= second[i];
        of_change[i] = second[i] * (of_change[i] + power[i]);
    }
}

static void mix(const float *restrict field, const float *restrict a, const float *restrict change,
                const float *restrict b, int64_t n, float *restrict out)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        out[2 * i] = a[i] * field[2 * i] + b[i] * change[2 * i];
        out[2 * i + 1] = a[i] * field[2 * i + 1] + b[i] * change[2 * i + 1];
    }
}

extern const struct nwc__patches_kernels NWC__NAME(nwc__patches_kernels);
const struct nwc__patches_kernels NWC__NAME(nwc__patches_kernels) = {
    .take = take, .give = give, .products = products, .step = step, .mix = mix};
