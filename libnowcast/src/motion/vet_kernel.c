/* Rows of the cost of variational echo tracking. */
#include "core/kernel.h"

#include "motion/vet.h"

enum { STRIP = 64 }; /* cells whose places are found before any of them is read */

/* n cells of one interval between nodes: the share of the cost, and the sums of the gradient and of weight times it. */
static inline double strip(const float *restrict later, const float *restrict earlier, int64_t ny, int64_t nx,
                           double y_here, int64_t first, int32_t n, const double *restrict weight, const double u[2],
                           const double v[2], double share, double unmoved, double sums[4])
{
    const double x_end = (double)(nx - 1), y_end = (double)(ny - 1);
    const int32_t row = (int32_t)nx, i_last = nx > 1 ? row - 2 : 0, j_last = ny > 1 ? (int32_t)ny - 2 : 0;
    const int32_t east = nx > 1, north = ny > 1 ? row : 0;
    int32_t at[STRIP];
    double a[STRIP], b[STRIP];
    float sw[STRIP], se[STRIP], nw[STRIP], ne[STRIP];
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const double x = (double)(first + k) - share * (u[0] + weight[k] * (u[1] - u[0]));
        const double y = y_here - share * (v[0] + weight[k] * (v[1] - v[0]));
        const bool inside = x >= 0.0 && x <= x_end && y >= 0.0 && y <= y_end;
        const double x_in = inside ? x : 0.0, y_in = inside ? y : 0.0;
        const int32_t i_cut = (int32_t)x_in, j_cut = (int32_t)y_in;
        const int32_t i0 = i_cut < i_last ? i_cut : i_last, j0 = j_cut < j_last ? j_cut : j_last;
        at[k] = j0 * row + i0;
        a[k] = inside ? x_in - (double)i0 : (double)NAN;
        b[k] = y_in - (double)j0;
    }
    for (int32_t k = 0; k < n; k++) {
        const float *const cell = earlier + at[k];
        sw[k] = cell[0], se[k] = cell[east], nw[k] = cell[north], ne[k] = cell[north + east];
    }
    double cost = 0.0, s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
#pragma omp simd reduction(+ : cost, s0, s1, s2, s3)
    for (int32_t k = 0; k < n; k++) {
        const double south = (double)(se[k] - sw[k]), top = (double)(ne[k] - nw[k]);
        const double low = (double)sw[k] + a[k] * south, high = (double)nw[k] + a[k] * top;
        const double r = (double)later[k] - (low + b[k] * (high - low));
        const bool known = r == r, here = later[k] == later[k];
        const double ex = south + b[k] * (top - south), ey = high - low;
        const double gx = known ? r * share * ex : 0.0, gy = known ? r * share * ey : 0.0;
        cost += known ? r * r : here ? unmoved * unmoved : 0.0;
        s0 += gx, s1 += weight[k] * gx;
        s2 += gy, s3 += weight[k] * gy;
    }
    sums[0] += s0, sums[1] += s1, sums[2] += s2, sums[3] += s3;
    return cost;
}

static double row(const float *restrict later, const float *restrict earlier, int64_t ny, int64_t nx, int64_t j,
                  const struct nwc__vet_axis *axis, const double *restrict u, const double *restrict v, double share,
                  double unmoved, double *restrict gu, double *restrict gv)
{
    double cost = 0.0;
    for (int64_t node = 0; node + 1 < axis->nodes; node++) {
        double sums[4] = {0.0, 0.0, 0.0, 0.0};
        for (int64_t i = axis->first[node]; i < axis->first[node + 1]; i += STRIP) {
            const int64_t rest = axis->first[node + 1] - i;
            cost += strip(later + i, earlier, ny, nx, (double)j, i, (int32_t)(rest < STRIP ? rest : STRIP),
                          axis->weight + i, u + node, v + node, share, unmoved, sums);
        }
        gu[node] += sums[0] - sums[1], gu[node + 1] += sums[1];
        gv[node] += sums[2] - sums[3], gv[node + 1] += sums[3];
    }
    return cost;
}

const struct nwc__vet_kernels NWC__NAME(nwc__vet_kernels) = {.row = row};
