/* Sums and slopes of a plane's fit; shear.c says what they are parts of. */
#include "core/kernel.h"

#include "radar/shear_kernel.h"

static void along_ray(const float *restrict velocity, int64_t n, int64_t half, float *restrict sums)
{
    for (int64_t i = 0; i < NWC__SHEAR_SUMS * n; i++) sums[i] = 0.0F;
    for (int64_t d = -half; d <= half; d++) {
        const float x = (float)d;
        const int64_t first = d < 0 ? -d : 0, end = d > 0 ? n - d : n;
        for (int64_t i = first; i < end; i++) {
            const float v = velocity[i + d];
            const float known = isnan(v) ? 0.0F : 1.0F, value = isnan(v) ? 0.0F : v;
            sums[i] += known;
            sums[n + i] += known * x;
            sums[2 * n + i] += known * x * x;
            sums[3 * n + i] += value;
            sums[4 * n + i] += value * x;
        }
    }
}

static void add_ray(const float *restrict sums, float t, int64_t half, int64_t n, int64_t all, float *restrict fit)
{
    const float gates = (float)(2 * half + 1);
    for (int64_t i = 0; i < n; i++) {
        const float one = sums[i], x = sums[all + i], v = sums[3 * all + i];
        fit[NWC__SHEAR_N * all + i] += one;
        fit[NWC__SHEAR_T * all + i] += t * one;
        fit[NWC__SHEAR_TT * all + i] += t * t * one;
        fit[NWC__SHEAR_X * all + i] += x;
        fit[NWC__SHEAR_XX * all + i] += sums[2 * all + i];
        fit[NWC__SHEAR_TX * all + i] += t * x;
        fit[NWC__SHEAR_V * all + i] += v;
        fit[NWC__SHEAR_TV * all + i] += t * v;
        fit[NWC__SHEAR_XV * all + i] += sums[4 * all + i];
        fit[NWC__SHEAR_GATES * all + i] += gates;
    }
}

static void slopes(const float *restrict fit, const float *restrict velocity, int64_t n, double first_gate,
                   double spacing_m, float least_known, float *restrict shear, float *restrict divergence)
{
    for (int64_t i = 0; i < n; i++) {
        const double count = (double)fit[NWC__SHEAR_N * n + i], over = count > 0.0 ? 1.0 / count : 0.0;
        const double t = (double)fit[NWC__SHEAR_T * n + i], x = (double)fit[NWC__SHEAR_X * n + i];
        const double v = (double)fit[NWC__SHEAR_V * n + i];
        const double tt = (double)fit[NWC__SHEAR_TT * n + i] - t * t * over;
        const double xx = (double)fit[NWC__SHEAR_XX * n + i] - x * x * over;
        const double tx = (double)fit[NWC__SHEAR_TX * n + i] - t * x * over;
        const double tv = (double)fit[NWC__SHEAR_TV * n + i] - t * v * over;
        const double xv = (double)fit[NWC__SHEAR_XV * n + i] - x * v * over;
        const double determinant = tt * xx - tx * tx;
        /* Three gates in a corner span no plane to speak of: correlation of t and x, squared, above 0.9. */
        const bool fits = determinant > 0.1 * tt * xx &&
                          count >= (double)(least_known * fit[NWC__SHEAR_GATES * n + i]) && !isnan(velocity[i]);
        const double over_determinant = fits ? 1.0 / determinant : 0.0;
        const double range_m = (first_gate + (double)i) * spacing_m;
        shear[i] = fits ? (float)((xx * tv - tx * xv) * over_determinant / range_m) : NAN;
        divergence[i] = fits ? (float)((tt * xv - tx * tv) * over_determinant / spacing_m) : NAN;
    }
}

const struct nwc__shear_kernels NWC__NAME(nwc__shear_kernels) = {.along_ray = along_ray,
                                                                 .add_ray = add_ray,
                                                                 .slopes = slopes};
