/* Rows of the variational motion; variational.c says what they are parts of. */
#include "core/kernel.h"

#include "motion/variational.h"

enum { REACH = NWC__FLOW_REACH };

/* A residual that counts in full, in sqrt(mm h-1); larger ones count by their size instead of its square. */
static const float least_residual = 0.02f;

/* Gaussian of 2 cells: 1 / sum of exp(-k k / 8), k = -5 .. 5, and the values themselves. */
static const float gauss[REACH + 1] = {0.20056541f, 0.17699836f, 0.12164907f, 0.06511406f, 0.02714358f, 0.00881223f};

static void mark(const float *restrict x, const uint8_t *restrict known, int64_t n, float *restrict marked)
{
    for (int64_t i = 0; i < n; i++) marked[i] = known[i] ? x[i] : NAN;
}

static inline float mean_of_known(float a, float b, float c, float d)
{
    const float known = (float)(a == a) + (float)(b == b) + (float)(c == c) + (float)(d == d);
    const float sum = (a == a ? a : 0.0f) + (b == b ? b : 0.0f) + (c == c ? c : 0.0f) + (d == d ? d : 0.0f);
    return known >= 2.0f ? sum / known : NAN;
}

static void halve(const float *south, const float *north, int64_t n, float *restrict mean)
{
    for (int64_t i = 0; i < n / 2; i++)
        mean[i] = mean_of_known(south[2 * i], south[2 * i + 1], north[2 * i], north[2 * i + 1]);
    if (n % 2) mean[n / 2] = mean_of_known(south[n - 1], south[n - 1], north[n - 1], north[n - 1]);
}

enum { STRIP = 64 }; /* cells whose places are found before any of them is read */

/* The first cell and the weights of the four cells around each place; the reads in between do not vectorise. */
static void warp(const float *restrict frame, int64_t ny, int64_t nx, int64_t j, const float *restrict u,
                 const float *restrict v, float share, float *restrict warped)
{
    const float x_end = (float)(nx - 1), y_end = (float)(ny - 1), y_here = (float)j;
    const int32_t row = (int32_t)nx, i_last = nx > 1 ? row - 2 : 0, j_last = ny > 1 ? (int32_t)ny - 2 : 0;
    const int32_t east = nx > 1, north = ny > 1 ? row : 0;
    for (int32_t first = 0; first < row; first += STRIP) {
        const int32_t n = row - first < STRIP ? row - first : STRIP;
        int32_t at[STRIP];
        float a[STRIP], b[STRIP], sw[STRIP], se[STRIP], nw[STRIP], ne[STRIP];
        for (int32_t k = 0; k < n; k++) {
            const float x = (float)(first + k) - share * u[first + k], y = y_here - share * v[first + k];
            const bool inside = x >= 0.0f && x <= x_end && y >= 0.0f && y <= y_end;
            const float x_in = inside ? x : 0.0f, y_in = inside ? y : 0.0f;
            const int32_t i_cut = (int32_t)x_in, j_cut = (int32_t)y_in;
            const int32_t i0 = i_cut < i_last ? i_cut : i_last, j0 = j_cut < j_last ? j_cut : j_last;
            at[k] = j0 * row + i0;
            a[k] = inside ? x_in - (float)i0 : NAN;
            b[k] = y_in - (float)j0;
        }
        for (int32_t k = 0; k < n; k++) {
            const float *const cell = frame + at[k];
            sw[k] = cell[0], se[k] = cell[east], nw[k] = cell[north], ne[k] = cell[north + east];
        }
        for (int32_t k = 0; k < n; k++) {
            const float low = sw[k] + a[k] * (se[k] - sw[k]), high = nw[k] + a[k] * (ne[k] - nw[k]);
            warped[first + k] = low + b[k] * (high - low);
        }
    }
}

/* gx and gy are the means of both frames' gradients, which makes the linearisation second-order in the motion left. */
static inline void add_term(const float *const earlier[3], const float *const later[3], int64_t west, int64_t i,
                            int64_t east, float over_x, float over_y, float share, float weight, float *restrict term,
                            int64_t pitch)
{
    const float gx = (earlier[1][east] - earlier[1][west]) + (later[1][east] - later[1][west]);
    const float gy = (earlier[2][i] - earlier[0][i]) + (later[2][i] - later[0][i]);
    const float r = later[1][i] - earlier[1][i];
    const float sum = gx + gy + r;
    const bool known = sum == sum;
    const float w = known ? weight / sqrtf(r * r + least_residual * least_residual) : 0.0f;
    const float sx = known ? 0.5f * share * over_x * gx : 0.0f, sy = known ? 0.5f * share * over_y * gy : 0.0f;
    const float rest = known ? r : 0.0f;
    term[0] += w * sx * sx;
    term[pitch] += w * sx * sy;
    term[2 * pitch] += w * sy * sy;
    term[3 * pitch] += w * sx * rest;
    term[4 * pitch] += w * sy * rest;
}

static void add_terms(const float *const earlier[3], const float *const later[3], int64_t nx, int64_t first,
                      int64_t end, float over_y, float share, float weight, float *restrict term, int64_t pitch)
{
    const float *const e[3] = {earlier[0], earlier[1], earlier[2]}, *const l[3] = {later[0], later[1], later[2]};
    const int64_t inner = first > 0 ? first : 1, inner_end = end < nx ? end : nx - 1;
    if (first == 0) add_term(e, l, 0, 0, nx > 1, 1.0f, over_y, share, weight, term, pitch);
#pragma omp simd
    for (int64_t i = inner; i < inner_end; i++)
        add_term(e, l, i - 1, i, i + 1, 0.5f, over_y, share, weight, term + (i - first), pitch);
    if (end == nx && nx > 1)
        add_term(e, l, nx - 2, nx - 1, nx - 1, 1.0f, over_y, share, weight, term + (nx - 1 - first), pitch);
}

static void blur_x(const float *restrict from, int64_t n, float *restrict to)
{
    for (int64_t i = 0; i < n; i++) {
        const float *const c = from + i + REACH;
        to[i] = gauss[0] * c[0] + gauss[1] * (c[-1] + c[1]) + gauss[2] * (c[-2] + c[2]) + gauss[3] * (c[-3] + c[3]) +
                gauss[4] * (c[-4] + c[4]) + gauss[5] * (c[-5] + c[5]);
    }
}

static void blur_y(const float *const row[2 * REACH + 1], int64_t n, float *restrict to)
{
    const float *const c0 = row[REACH], *const s1 = row[REACH - 1], *const s2 = row[REACH - 2],
                       *const s3 = row[REACH - 3], *const s4 = row[REACH - 4], *const s5 = row[REACH - 5],
                       *const n1 = row[REACH + 1], *const n2 = row[REACH + 2], *const n3 = row[REACH + 3],
                       *const n4 = row[REACH + 4], *const n5 = row[REACH + 5];
    for (int64_t i = 0; i < n; i++)
        to[i] = gauss[0] * c0[i] + gauss[1] * (s1[i] + n1[i]) + gauss[2] * (s2[i] + n2[i]) +
                gauss[3] * (s3[i] + n3[i]) + gauss[4] * (s4[i] + n4[i]) + gauss[5] * (s5[i] + n5[i]);
}

static void support(const float *restrict term, int64_t pitch, int64_t n, float alpha, float *restrict quality)
{
    const float *const t0 = term, *const t1 = term + pitch, *const t2 = term + 2 * pitch;
    for (int64_t i = 0; i < n; i++) {
        const float half = 0.5f * (t0[i] - t2[i]);
        const float least = 0.5f * (t0[i] + t2[i]) - sqrtf(half * half + t1[i] * t1[i]);
        const float known = least > 0.0f ? least : 0.0f;
        quality[i] = known / (known + alpha);
    }
}

static void lean(float *restrict term, int64_t pitch, int64_t n, float hold, float scale, const float *restrict u,
                 const float *restrict v, const float *restrict to_u, const float *restrict to_v)
{
    float *const t0 = term, *const t2 = term + 2 * pitch, *const t3 = term + 3 * pitch, *const t4 = term + 4 * pitch;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float du = u[i] - scale * to_u[i], dv = v[i] - scale * to_v[i], sum = du + dv;
        const bool known = sum == sum;
        t0[i] += known ? hold : 0.0f;
        t2[i] += known ? hold : 0.0f;
        t3[i] += known ? hold * du : 0.0f;
        t4[i] += known ? hold * dv : 0.0f;
    }
}

/*
 * With J the sums of g g and q those of g r, the cost (m - m0) J (m - m0) + 2 q (m - m0) + alpha (sum of squared
 * differences to four neighbours) is least where (J + 4 alpha) m = J m0 - q + alpha (sum of neighbours).
 */
static void solve(float *restrict term, int64_t pitch, int64_t n, float alpha, const float *restrict u,
                  const float *restrict v)
{
    float *const t0 = term, *const t1 = term + pitch, *const t2 = term + 2 * pitch, *const t3 = term + 3 * pitch,
                 *const t4 = term + 4 * pitch;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float a11 = t0[i] + 4.0f * alpha, a12 = t1[i], a22 = t2[i] + 4.0f * alpha;
        const float over = 1.0f / (a11 * a22 - a12 * a12);
        const float b1 = t0[i] * u[i] + t1[i] * v[i] - t3[i], b2 = t1[i] * u[i] + t2[i] * v[i] - t4[i];
        const float i11 = a22 * over, i12 = -a12 * over, i22 = a11 * over;
        t0[i] = alpha * i11;
        t1[i] = alpha * i12;
        t2[i] = alpha * i22;
        t3[i] = i11 * b1 + i12 * b2;
        t4[i] = i12 * b1 + i22 * b2;
    }
}

static void part(const float *restrict from, int64_t first, int64_t n, float *restrict to)
{
    for (int64_t k = 0; k < (n - first + 1) / 2; k++) to[k] = from[2 * k + first];
}

static void join(const float *restrict even, const float *restrict odd, int64_t n, float factor, float *restrict to)
{
    for (int64_t k = 0; k < n / 2; k++) {
        to[2 * k] = factor * even[k];
        to[2 * k + 1] = factor * odd[k];
    }
    if (n % 2) to[n - 1] = factor * even[n / 2];
}

static void relax(float *restrict u, float *restrict v, const float *const near_u[4], const float *const near_v[4],
                  const float *restrict solved, int64_t pitch, int64_t n, float omega)
{
    const float *const uw = near_u[0], *const ue = near_u[1], *const us = near_u[2], *const un = near_u[3];
    const float *const vw = near_v[0], *const ve = near_v[1], *const vs = near_v[2], *const vn = near_v[3];
    const float *const p11 = solved, *const p12 = solved + pitch, *const p22 = solved + 2 * pitch,
                       *const c1 = solved + 3 * pitch, *const c2 = solved + 4 * pitch;
#pragma omp simd
    for (int64_t k = 0; k < n; k++) {
        const float su = (uw[k] + ue[k]) + (us[k] + un[k]), sv = (vw[k] + ve[k]) + (vs[k] + vn[k]);
        u[k] += omega * (c1[k] + p11[k] * su + p12[k] * sv - u[k]);
        v[k] += omega * (c2[k] + p12[k] * su + p22[k] * sv - v[k]);
    }
}

/* Fine cells 2 k and 2 k + 1 lie a quarter of a coarse cell to either side of the coarse cell k. */
static void refine(const float *near, const float *far, int64_t n, float factor, float *restrict to)
{
    const int64_t last = (n + 1) / 2 - 1;
    const float f9 = factor * 0.5625f, f3 = factor * 0.1875f, f1 = factor * 0.0625f;
    to[0] = factor * (0.75f * near[0] + 0.25f * far[0]);
    for (int64_t k = 0; k < last; k++) {
        to[2 * k + 1] = f9 * near[k] + f3 * (near[k + 1] + far[k]) + f1 * far[k + 1];
        to[2 * k + 2] = f9 * near[k + 1] + f3 * (near[k] + far[k + 1]) + f1 * far[k];
    }
    if (n % 2 == 0) to[n - 1] = factor * (0.75f * near[last] + 0.25f * far[last]);
}

const struct nwc__flow_kernels NWC__NAME(nwc__flow_kernels) = {.mark = mark,
                                                               .halve = halve,
                                                               .warp = warp,
                                                               .add_terms = add_terms,
                                                               .blur_x = blur_x,
                                                               .blur_y = blur_y,
                                                               .support = support,
                                                               .lean = lean,
                                                               .solve = solve,
                                                               .part = part,
                                                               .join = join,
                                                               .relax = relax,
                                                               .refine = refine};
