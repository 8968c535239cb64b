/*
 * One step of the backward trajectories of a row of nodes, and the motion field of that step.
 *
 * The motion field is read bilinearly between nodes. Displacements are read again in every step, which with linear
 * weights would smooth them by up to a node's spacing each time; cubic Lagrange polynomials keep them. Beyond the
 * outermost nodes both are constant.
 */
#include "core/kernel.h"

#include "forecast/kernels.h"

/* By selects, which vectorise; fminf and fmaxf do not. */
static inline float limit(float value, float last)
{
    const float low = value > 0.0f ? value : 0.0f;
    return low < last ? low : last;
}

static inline int32_t limit_index(int32_t index, int32_t last)
{
    const int32_t low = index > 0 ? index : 0;
    return low < last ? low : last;
}

/* Both components at (y, x), given in nodes. */
static inline void read_pair(const struct nwc__node_pair *p, float y, float x, float *restrict value_x,
                             float *restrict value_y)
{
    const float xc = limit(x, (float)(p->nx - 1)), yc = limit(y, (float)(p->ny - 1));
    const int32_t i = limit_index((int32_t)xc, p->nx - 2), j = limit_index((int32_t)yc, p->ny - 2);
    const float a = xc - (float)i, b = yc - (float)j;
    const int32_t low = j * p->nx + i, high = low + p->nx;
    const float x_low = p->x[low] + a * (p->x[low + 1] - p->x[low]);
    const float x_high = p->x[high] + a * (p->x[high + 1] - p->x[high]);
    const float y_low = p->y[low] + a * (p->y[low + 1] - p->y[low]);
    const float y_high = p->y[high] + a * (p->y[high + 1] - p->y[high]);
    *value_x = x_low + b * (x_high - x_low);
    *value_y = y_low + b * (y_high - y_low);
}

/* Weights of nodes 0, 2 and 3 against node 1 at position f, counted from node 1. */
static inline void cubic_weights(float f, float *restrict w)
{
    const float g = 1.0f - f;
    w[0] = -f * g * (2.0f - f) * (1.0f / 6.0f);
    w[1] = 0.5f * f * (1.0f + f) * (2.0f - f);
    w[2] = -f * g * (1.0f + f) * (1.0f / 6.0f);
}

/* Index and not pointer arithmetic, or the reads do not become gathers. */
static inline float cubic_row(const float *restrict cell, int32_t n, float w0, float w2, float w3)
{
    const float c0 = cell[n], c1 = cell[n + 1], c2 = cell[n + 2], c3 = cell[n + 3];
    return c1 + (w0 * (c0 - c1) + w2 * (c2 - c1) + w3 * (c3 - c1));
}

static inline float cubic(const float *restrict cell, int32_t n, int32_t nx, const float *restrict a,
                          const float *restrict b)
{
    const float r0 = cubic_row(cell, n, a[0], a[1], a[2]), r1 = cubic_row(cell, n + nx, a[0], a[1], a[2]);
    const float r2 = cubic_row(cell, n + 2 * nx, a[0], a[1], a[2]), r3 = cubic_row(cell, n + 3 * nx, a[0], a[1], a[2]);
    return r1 + (b[0] * (r0 - r1) + b[1] * (r2 - r1) + b[2] * (r3 - r1));
}

/* As read_pair, by the cubics through 4 x 4 nodes. */
static inline void read_pair_cubic(const struct nwc__node_pair *p, float y, float x, float *restrict value_x,
                                   float *restrict value_y)
{
    const float xc = limit(x, (float)(p->nx - 1)), yc = limit(y, (float)(p->ny - 1));
    const int32_t i = limit_index((int32_t)xc - 1, p->nx - 4), j = limit_index((int32_t)yc - 1, p->ny - 4);
    float a[3], b[3];
    cubic_weights(xc - (float)(i + 1), a);
    cubic_weights(yc - (float)(j + 1), b);
    *value_x = cubic(p->x, j * p->nx + i, p->nx, a, b);
    *value_y = cubic(p->y, j * p->nx + i, p->nx, a, b);
}

static void move(const struct nwc__node_pair *motion, int32_t j, float t_s, const float *restrict cu,
                 const float *restrict cv, const float *restrict kx, const float *restrict ky, float *restrict out_u,
                 float *restrict out_v)
{
    const struct nwc__node_pair p = *motion;
#pragma omp simd
    for (int32_t i = 0; i < p.nx; i++) {
        float u, v;
        read_pair(&p, (float)j - t_s * cv[i], (float)i - t_s * cu[i], &u, &v);
        out_u[i] = u * kx[i];
        out_v[i] = v * ky[i];
    }
}

/*
 * The midpoint rule a = h V(x - a / 2) is iterated from a = h V(x) (Staniforth and Cote 1991, eq. 12). Each iteration
 * multiplies the error by h |grad V| / 2: .05 for a step of 5 min and a shear of 3e-4 s-1, so that after two of them a
 * few thousandths of the change of motion along the step are left.
 */
static void step(const struct nwc__node_pair *motion, const struct nwc__node_pair *before, int32_t j, float h_s,
                 float *restrict out_x, float *restrict out_y)
{
    const struct nwc__node_pair p = *motion, d = *before;
    const float half = 0.5f * h_s;
    const float *restrict const u_row = p.x + (int64_t)j * p.nx, *restrict const v_row = p.y + (int64_t)j * p.nx;
#pragma omp simd
    for (int32_t i = 0; i < p.nx; i++) {
        const float u0 = u_row[i], v0 = v_row[i];
        float u1, v1, u, v, x, y;
        read_pair(&p, (float)j - half * v0, (float)i - half * u0, &u1, &v1);
        read_pair(&p, (float)j - half * v1, (float)i - half * u1, &u, &v);
        read_pair_cubic(&d, (float)j - h_s * v, (float)i - h_s * u, &x, &y);
        out_x[i] = x - h_s * u;
        out_y[i] = y - h_s * v;
    }
}

extern const struct nwc__trajectory_kernels NWC__NAME(nwc__trajectory_kernels);
const struct nwc__trajectory_kernels NWC__NAME(nwc__trajectory_kernels) = {.move = move, .step = step};
