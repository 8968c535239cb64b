/*
 * What rain is smeared by. A Gaussian of covariance S leaves exp(-2 pi^2 f S f) of a wave, so that a least-squares fit of it needs the power
 * of a field and its covariance with the other, wave by wave, and no convolution. S = L L^T, and the three numbers of L
 * are found by Levenberg and Marquardt's method, which needs the derivatives of one exponential.
 */
#include "forecast/blur.h"

enum { NUMBERS = 3, MOST_STEPS = 40 };

#define LEAST_DEVIATION 0.1
#define MOST_DEVIATION 10.0
#define CLOSE 1e-4 /* change of L, cells */

static struct nwc__blur blur_of(const double l[NUMBERS])
{
    return (struct nwc__blur){.yy = l[0] * l[0], .xy = l[0] * l[1], .xx = l[1] * l[1] + l[2] * l[2]};
}

/* Deviations along its axes brought into range. */
static struct nwc__blur limited(struct nwc__blur b)
{
    const double half = 0.5 * (b.yy + b.xx), apart = hypot(0.5 * (b.yy - b.xx), b.xy);
    const double least = LEAST_DEVIATION * LEAST_DEVIATION, most = MOST_DEVIATION * MOST_DEVIATION;
    const double large = fmin(fmax(half + apart, least), most), small = fmin(fmax(half - apart, least), most);
    const double middle = 0.5 * (large + small), scale = apart > 0.0 ? 0.5 * (large - small) / apart : 0.0;
    const double yy = middle + scale * 0.5 * (b.yy - b.xx), xx = middle - scale * 0.5 * (b.yy - b.xx);
    return (struct nwc__blur){.yy = yy, .xy = scale * b.xy, .xx = xx};
}

static double frequency(int32_t k, int32_t side)
{
    return (double)(2 * k > side ? k - side : k) / side;
}

void nwc__blur_weights(const struct nwc__blur *b, int32_t side, float *weights)
{
    for (int32_t j = 0; j < side; j++) {
        const double y = frequency(j, side);
        for (int32_t i = 0; i <= side / 2; i++) {
            const double x = (double)i / side, form = b->yy * y * y + 2.0 * b->xy * y * x + b->xx * x * x;
            weights[j * (side / 2 + 1) + i] = (float)exp(-2.0 * NWC__PI * NWC__PI * form);
        }
    }
}

/* The sum to be least, and where asked for its slope and curvature (by first derivatives alone) in the numbers of L. */
static double misfit(const float *own, const float *both, int32_t side, const double l[NUMBERS], double slope[NUMBERS],
                     double curvature[NUMBERS][NUMBERS])
{
    double sum = 0.0;
    const int32_t n = side / 2 + 1;
    if (slope) memset(slope, 0, NUMBERS * sizeof *slope);
    if (slope) memset(curvature, 0, NUMBERS * sizeof *curvature);
    for (int32_t j = 0; j < side; j++) {
        const double y = frequency(j, side);
        for (int32_t i = 0; i < n; i++) {
            const double x = (double)i / side, twice = i == 0 || 2 * i == side ? 1.0 : 2.0;
            const double power = twice * (double)own[j * n + i], shared = twice * (double)both[j * n + i];
            const double along = l[0] * y + l[1] * x, across = l[2] * x; /* f L */
            const double w = exp(-2.0 * NWC__PI * NWC__PI * (along * along + across * across));
            sum += (power * w - 2.0 * shared) * w;
            if (!slope) continue;
            const double scale = -4.0 * NWC__PI * NWC__PI * w;
            const double d[NUMBERS] = {scale * along * y, scale * along * x, scale * across * x};
            for (int a = 0; a < NUMBERS; a++) {
                slope[a] += 2.0 * (power * w - shared) * d[a];
                for (int c = 0; c < NUMBERS; c++) curvature[a][c] += 2.0 * power * d[a] * d[c];
            }
        }
    }
    return sum;
}

/* The step (curvature + damping of its diagonal)^-1 (-slope), by Cramer's rule; none where that has no solution. */
static void damped_step(double h[NUMBERS][NUMBERS], const double g[NUMBERS], double damping, double step[NUMBERS])
{
    double a[NUMBERS][NUMBERS];
    const double floor_of = 1e-9 * (h[0][0] + h[1][1] + h[2][2]);
    for (int r = 0; r < NUMBERS; r++)
        for (int c = 0; c < NUMBERS; c++) a[r][c] = r == c ? h[r][c] * (1.0 + damping) + floor_of : h[r][c];
    double minor[NUMBERS][NUMBERS];
    for (int r = 0; r < NUMBERS; r++)
        for (int c = 0; c < NUMBERS; c++) {
            const int r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
            minor[r][c] = a[r1][c1] * a[r2][c2] - a[r1][c2] * a[r2][c1];
        }
    const double determinant = a[0][0] * minor[0][0] + a[0][1] * minor[0][1] + a[0][2] * minor[0][2];
    for (int c = 0; c < NUMBERS; c++) {
        const double found = minor[0][c] * g[0] + minor[1][c] * g[1] + minor[2][c] * g[2];
        step[c] = determinant > 0.0 ? -found / determinant : 0.0;
    }
}

struct nwc__blur nwc__blur_fit(const float *own, const float *both, int32_t side)
{
    double l[NUMBERS] = {1.0, 0.0, 1.0}, slope[NUMBERS], curvature[NUMBERS][NUMBERS], damping = 1e-2;
    double here = misfit(own, both, side, l, slope, curvature);
    if (!(curvature[0][0] + curvature[1][1] + curvature[2][2] > 0.0)) return limited((struct nwc__blur){0});
    for (int32_t n = 0; n < MOST_STEPS; n++) {
        double step[NUMBERS], there[NUMBERS], change = 0.0;
        damped_step(curvature, slope, damping, step);
        for (int k = 0; k < NUMBERS; k++) {
            const double bounded = fmin(fmax(step[k], -1.0), 1.0); /* cells: an exponential far off says nothing */
            there[k] = fmin(fmax(l[k] + bounded, -MOST_DEVIATION), MOST_DEVIATION);
            change = fmax(change, fabs(there[k] - l[k]));
        }
        if (change < CLOSE) break;
        if (misfit(own, both, side, there, NULL, NULL) < here) {
            memcpy(l, there, sizeof l);
            here = misfit(own, both, side, l, slope, curvature);
            damping = fmax(0.2 * damping, 1e-6);
        } else {
            damping *= 5.0;
        }
    }
    return limited(blur_of(l));
}
