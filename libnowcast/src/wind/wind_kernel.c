/* Rows and columns of the variational wind; prior.c, project.c and observe.c say what they are parts of. */
#include "core/kernel.h"

#include "wind/wind_kernel.h"

#include <string.h>

static void stencil(int64_t n, const nwc__real *self, const nwc__real *south, const nwc__real *north,
                    const nwc__real *down, const nwc__real *up, const nwc__wind_stencil *weights,
                    nwc__real *restrict out)
{
    const nwc__wind_stencil w = *weights;
    if (n == 1) {
        out[0] = w.self * self[0] - w.x * (self[0] + self[0]) - w.y * (south[0] + north[0]) - w.down * down[0] -
                 w.up * up[0];
        return;
    }
    out[0] =
        w.self * self[0] - w.x * (self[0] + self[1]) - w.y * (south[0] + north[0]) - w.down * down[0] - w.up * up[0];
#pragma omp simd
    for (int64_t i = 1; i < n - 1; i++)
        out[i] = w.self * self[i] - w.x * (self[i - 1] + self[i + 1]) - w.y * (south[i] + north[i]) - w.down * down[i] -
                 w.up * up[i];
    const int64_t e = n - 1;
    out[e] = w.self * self[e] - w.x * (self[e - 1] + self[e]) - w.y * (south[e] + north[e]) - w.down * down[e] -
             w.up * up[e];
}

static void divergence(int64_t n, const nwc__real *u, const nwc__real *v_south, const nwc__real *v_north,
                       const nwc__real *w_down, const nwc__real *w_up, const double weights[4], nwc__real *restrict out)
{
    const double x = weights[0], y = weights[1], below = weights[2], above = weights[3];
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        out[i] = (nwc__real)(x * ((double)u[i + 1] - (double)u[i]) + y * ((double)v_north[i] - (double)v_south[i]) +
                             (above * (double)w_up[i] - below * (double)w_down[i]));
}

static void correct(int64_t n, const nwc__real *base, nwc__real base_gain, const nwc__real *before,
                    nwc__real before_gain, const nwc__real *after, nwc__real after_gain, nwc__real *out)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) out[i] = base_gain * base[i] - (before_gain * before[i] - after_gain * after[i]);
}

static void correct_x(int64_t n, const nwc__real *base, nwc__real base_gain, const nwc__real *cells, nwc__real gain,
                      nwc__real *out)
{
    out[0] = base_gain * base[0] + gain * cells[0];
#pragma omp simd
    for (int64_t i = 1; i < n; i++) out[i] = base_gain * base[i] - gain * (cells[i - 1] - cells[i]);
    out[n] = base_gain * base[n] - gain * cells[n - 1];
}

enum { STRIP = NWC__WIND_STRIP };

/* Elimination without exchange: the matrix is diagonally dominant. In double, since the waves that are long and the same at all
 * heights make it nearly singular. */
static void columns(int64_t n, int64_t nz, int64_t plane, const double *lambda, double lambda_y, const double *diagonal,
                    const double *off, double *work, nwc__real *b)
{
    double *const inverse = work, *const y = work + nz * STRIP;
    for (int64_t first = 0; first < n; first += STRIP) {
        const int64_t m = n - first < STRIP ? n - first : STRIP;
        for (int64_t k = 0; k < nz; k++) {
            const nwc__real *const from = b + k * plane + first;
            double *const over = inverse + k * STRIP, *const to = y + k * STRIP;
            if (k == 0) {
#pragma omp simd
                for (int64_t i = 0; i < m; i++) {
                    over[i] = 1.0 / (lambda[first + i] + lambda_y + diagonal[0]);
                    to[i] = (double)from[i];
                }
            } else {
                const double e = off[k - 1];
#pragma omp simd
                for (int64_t i = 0; i < m; i++) {
                    const double part = e * over[i - STRIP];
                    over[i] = 1.0 / (lambda[first + i] + lambda_y + diagonal[k] - e * part);
                    to[i] = (double)from[i] + part * to[i - STRIP];
                }
            }
        }
        for (int64_t k = nz - 1; k >= 0; k--) {
            nwc__real *const to = b + k * plane + first;
            double *const x = y + k * STRIP, *const over = inverse + k * STRIP;
            const double e = k + 1 < nz ? off[k] : 0.0;
            const double *const above = k + 1 < nz ? x + STRIP : x;
#pragma omp simd
            for (int64_t i = 0; i < m; i++) {
                x[i] = (x[i] + e * above[i]) * over[i];
                to[i] = (nwc__real)x[i];
            }
        }
    }
}

/* Rows of the matrix are taken in fours, so that what is read of a column serves them all. */
static void mix(int64_t n, const nwc__real *restrict matrix, const nwc__real *restrict from, nwc__real *restrict to)
{
    int64_t m = 0;
    for (; m + 4 <= n; m += 4) {
        const nwc__real *const row = matrix + m * n;
        nwc__real sum[4][STRIP] = {{0}};
        for (int64_t k = 0; k < n; k++)
            for (int r = 0; r < 4; r++) {
                const nwc__real factor = row[r * n + k];
#pragma omp simd
                for (int64_t i = 0; i < STRIP; i++) sum[r][i] += factor * from[k * STRIP + i];
            }
        memcpy(to + m * STRIP, sum, sizeof sum);
    }
    for (; m < n; m++) {
        nwc__real sum[STRIP] = {0};
        for (int64_t k = 0; k < n; k++) {
            const nwc__real factor = matrix[m * n + k];
#pragma omp simd
            for (int64_t i = 0; i < STRIP; i++) sum[i] += factor * from[k * STRIP + i];
        }
        memcpy(to + m * STRIP, sum, sizeof sum);
    }
}

static void without_divergence(const nwc__wind_wave *wave, const nwc__real *restrict lambda_x,
                               const nwc__real *restrict x, nwc__real *restrict u, nwc__real *restrict v,
                               nwc__real *restrict w)
{
    const nwc__wind_wave q = *wave;
    const nwc__real least = (nwc__real)1e-37; /* of the wave that is the same everywhere, which has no divergence */
#pragma omp simd
    for (int64_t i = 0; i < STRIP; i++) {
        const nwc__real lambda = lambda_x[i] + q.lambda_y;
        const nwc__real base_h = 1 + q.length_h * lambda + q.along_h, base_w = 1 + q.length_w * lambda + q.along_w;
        const nwc__real square_h = base_h * base_h, square_w = base_w * base_w;
        const nwc__real over_h = 1 / (q.floor_h + q.prior_h * (q.order == 2 ? square_h : square_h * square_h));
        const nwc__real over_w = 1 / (q.floor_w + q.prior_w * (q.order == 2 ? square_w : square_w * square_w));
        const nwc__real left = q.z * w[i] * over_w - (x[i] * u[i] + q.y * v[i]) * over_h;
        const nwc__real part = left / (lambda * over_h + q.z * q.z * over_w + least);
        u[i] = (u[i] + x[i] * part) * over_h;
        v[i] = (v[i] + q.y * part) * over_h;
        w[i] = (w[i] - q.z * part) * over_w;
    }
}

static double dot(int64_t n, const nwc__real *restrict a, const nwc__real *restrict b)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void advance(int64_t n, nwc__real step, const nwc__real *restrict p, const nwc__real *restrict q,
                    nwc__real *restrict x, nwc__real *restrict r)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        x[i] += step * p[i];
        r[i] -= step * q[i];
    }
}

static void turn(int64_t n, nwc__real beta, const nwc__real *restrict z, nwc__real *restrict p)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) p[i] = z[i] + beta * p[i];
}

/* ---- observations ---- */

/* Between item at and the one after it, at part of the way. */
struct between {
    int64_t at;
    nwc__real part;
};

static inline struct between walls(nwc__real place, int64_t cells)
{
    int64_t at = (int64_t)place;
    at = at < 0 ? 0 : at > cells - 1 ? cells - 1 : at;
    const nwc__real part = place - (nwc__real)at;
    return (struct between){at, part < 0 ? 0 : part > 1 ? 1 : part};
}

/* Within half a cell of a wall the value of the last centre holds. */
static inline struct between centres(nwc__real place, int64_t cells)
{
    return walls(place - (nwc__real)0.5 < 0 ? 0 : place - (nwc__real)0.5, cells - 1);
}

/* The eight weights about a place in one of the three arrays: in the order of levels, rows and columns. */
struct corners {
    int64_t at;
    nwc__real weight[8];
};

static inline struct corners corners(const nwc__wind_shape *shape, struct between x, struct between y, struct between z)
{
    struct corners c = {.at = z.at * shape->plane + y.at * shape->pitch + x.at};
    const nwc__real sw = (1 - y.part) * (1 - x.part), se = (1 - y.part) * x.part, nw = y.part * (1 - x.part),
                    ne = y.part * x.part;
    c.weight[0] = (1 - z.part) * sw, c.weight[1] = (1 - z.part) * se;
    c.weight[2] = (1 - z.part) * nw, c.weight[3] = (1 - z.part) * ne;
    c.weight[4] = z.part * sw, c.weight[5] = z.part * se;
    c.weight[6] = z.part * nw, c.weight[7] = z.part * ne;
    return c;
}

static inline nwc__real gather(const nwc__wind_shape *shape, const nwc__real *array, const struct corners *c)
{
    const nwc__real *const low = array + c->at, *const high = low + shape->plane;
    const nwc__real *const w = c->weight;
    return w[0] * low[0] + w[1] * low[1] + w[2] * low[shape->pitch] + w[3] * low[shape->pitch + 1] + w[4] * high[0] +
           w[5] * high[1] + w[6] * high[shape->pitch] + w[7] * high[shape->pitch + 1];
}

static inline void scatter(const nwc__wind_shape *shape, nwc__real *array, const struct corners *c, nwc__real t)
{
    nwc__real *const low = array + c->at, *const high = low + shape->plane;
    const nwc__real *const w = c->weight;
    low[0] += w[0] * t, low[1] += w[1] * t;
    low[shape->pitch] += w[2] * t, low[shape->pitch + 1] += w[3] * t;
    high[0] += w[4] * t, high[1] += w[5] * t;
    high[shape->pitch] += w[6] * t, high[shape->pitch + 1] += w[7] * t;
}

static double observe(const nwc__wind_shape *shape, const nwc__wind_datum *data, int64_t n, const nwc__real *wind,
                      double of_value, double of_wind, nwc__real *out, nwc__real *predicted)
{
    double sum = 0.0;
    for (int64_t o = 0; o < n; o++) {
        const nwc__wind_datum *const d = &data[o];
        const nwc__real x = (nwc__real)d->x * shape->over_dx, y = (nwc__real)d->y * shape->over_dy,
                        z = (nwc__real)d->z * shape->over_dz;
        const struct between xw = walls(x, shape->nx), xc = centres(x, shape->nx), yw = walls(y, shape->ny),
                             yc = centres(y, shape->ny), zw = walls(z, shape->nz), zc = centres(z, shape->nz);
        const struct corners cu = corners(shape, xw, yc, zc), cv = corners(shape, xc, yw, zc),
                             cw = corners(shape, xc, yc, zw);
        const nwc__real along = (nwc__real)d->u * gather(shape, wind, &cu) +
                                (nwc__real)d->v * gather(shape, wind + shape->size, &cv) +
                                (nwc__real)d->w * gather(shape, wind + 2 * shape->size, &cw);
        if (predicted) predicted[o] = along;
        const double difference = of_value * (double)d->value + of_wind * (double)along;
        sum += (double)d->weight * difference * difference;
        if (out) {
            const nwc__real t = (nwc__real)((double)d->weight * difference);
            scatter(shape, out, &cu, (nwc__real)d->u * t);
            scatter(shape, out + shape->size, &cv, (nwc__real)d->v * t);
            scatter(shape, out + 2 * shape->size, &cw, (nwc__real)d->w * t);
        }
    }
    return sum;
}

/* ---- stencils ---- */

static void take(int64_t n, int64_t entries, const nwc__wind_entry *entry, const nwc__real *restrict wind,
                 int64_t apart, nwc__real *restrict values)
{
    memset(values, 0, (size_t)(NWC__WIND_VALUES * apart) * sizeof *values);
    for (int64_t e = 0; e < entries; e++) {
        const nwc__real weight = entry[e].weight, *const from = wind + entry[e].offset;
        nwc__real *const to = values + entry[e].value * apart;
#pragma omp simd
        for (int64_t i = 0; i < n; i++) to[i] += weight * from[i];
    }
}

static void give(int64_t n, int64_t entries, const nwc__wind_entry *entry, const nwc__real *restrict values,
                 int64_t apart, nwc__real *restrict wind)
{
    for (int64_t e = 0; e < entries; e++) {
        const nwc__real weight = entry[e].weight, *const from = values + entry[e].value * apart;
        nwc__real *const to = wind + entry[e].offset;
#pragma omp simd
        for (int64_t i = 0; i < n; i++) to[i] += weight * from[i];
    }
}

const struct nwc__wind_kernels NWC__NAME(nwc__wind_kernels) = {.stencil = stencil,
                                                               .divergence = divergence,
                                                               .correct = correct,
                                                               .correct_x = correct_x,
                                                               .columns = columns,
                                                               .mix = mix,
                                                               .without_divergence = without_divergence,
                                                               .dot = dot,
                                                               .advance = advance,
                                                               .turn = turn,
                                                               .observe = observe,
                                                               .take = take,
                                                               .give = give};
