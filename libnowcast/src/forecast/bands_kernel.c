/* Rows of levels: separable Gaussians that keep every ratio-th node, bilinear reading between nodes, sums of products. */
#include "core/kernel.h"

#include "forecast/bands_kernel.h"

static void add(const float *restrict from, float tap, int64_t n, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] += from[i] == from[i] ? tap * from[i] : 0.0f;
}

/* ratio is a constant where this is inlined. */
static inline void reduce_by(const float *restrict from, const float *restrict tap, int64_t reach, int32_t ratio,
                             int64_t n, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] = tap[0] * from[i * ratio + reach];
    for (int64_t k = 1; k <= reach; k++) {
        const float *const before = from + reach - k, *const after = from + reach + k;
        const float t = tap[k];
#pragma omp simd
        for (int64_t i = 0; i < n; i++) to[i] += t * (before[i * ratio] + after[i * ratio]);
    }
}

static void reduce(const float *restrict from, const float *restrict tap, int64_t reach, int32_t ratio, int64_t n,
                   float *restrict to)
{
    switch (ratio) {
    case 1:
        reduce_by(from, tap, reach, 1, n, to);
        break;
    case 2:
        reduce_by(from, tap, reach, 2, n, to);
        break;
    default:
        reduce_by(from, tap, reach, ratio, n, to);
    }
}

enum { STRETCH = 256 }; /* nodes whose two rows are joined before they are read between */

/* Cells between the nodes of one stretch; ratio is a constant where this is inlined. */
static inline void between_nodes(const float *restrict node, int32_t ratio, int32_t n, float *restrict cell)
{
    const float share = 1.0f / (float)ratio;
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const int32_t k = i / ratio;
        cell[i] = node[k] + (float)(i % ratio) * share * (node[k + 1] - node[k]);
    }
}

static void expand(const float *restrict low, const float *restrict high, float b, int32_t ratio, int64_t n_nodes,
                   int64_t n, float *restrict to)
{
    float node[STRETCH + 1];
    for (int64_t first = 0; first * ratio < n; first += STRETCH) {
        const int64_t left = n_nodes - first, here = left < STRETCH + 1 ? left : STRETCH + 1;
#pragma omp simd
        for (int64_t k = 0; k < here; k++) node[k] = low[first + k] + b * (high[first + k] - low[first + k]);
        if (here < STRETCH + 1) node[here] = low[n_nodes - 1] + b * (high[n_nodes - 1] - low[n_nodes - 1]);
        const int64_t cells = n - first * ratio, end = cells < STRETCH * ratio ? cells : STRETCH * ratio;
        switch (ratio) {
        case 1:
            between_nodes(node, 1, (int32_t)end, to + first);
            break;
        case 2:
            between_nodes(node, 2, (int32_t)end, to + 2 * first);
            break;
        case 4:
            between_nodes(node, 4, (int32_t)end, to + 4 * first);
            break;
        default:
            between_nodes(node, ratio, (int32_t)end, to + first * ratio);
        }
    }
}

static void mix(const float *restrict x, float a, int64_t n, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] += a * x[i];
}

static void limit(int64_t n, float *restrict to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) to[i] = to[i] < 0.0f ? 0.0f : to[i];
}

static void products(const float *const row[4], const uint8_t *restrict use, int64_t step, int64_t n,
                     double sum[NWC__PAIRS])
{
    const float *restrict const p = row[0], *restrict const q = row[1];
    const float *restrict const r = row[2], *restrict const s = row[3];
    double pp = 0.0, pq = 0.0, pr = 0.0, ps = 0.0, qq = 0.0, qr = 0.0, qs = 0.0, rr = 0.0, rs = 0.0, ss = 0.0;
#pragma omp simd reduction(+ : pp, pq, pr, ps, qq, qr, qs, rr, rs, ss)
    for (int64_t i = 0; i < n; i++) {
        const bool used = use[i * step] != 0;
        const double a = used ? (double)p[i] : 0.0, b = used ? (double)q[i] : 0.0;
        const double c = used ? (double)r[i] : 0.0, d = used ? (double)s[i] : 0.0;
        pp += a * a, pq += a * b, pr += a * c, ps += a * d, qq += b * b;
        qr += b * c, qs += b * d, rr += c * c, rs += c * d, ss += d * d;
    }
    const double found[NWC__PAIRS] = {pp, pq, pr, ps, qq, qr, qs, rr, rs, ss};
    for (int k = 0; k < NWC__PAIRS; k++) sum[k] += found[k];
}

extern const struct nwc__bands_kernels NWC__NAME(nwc__bands_kernels);
const struct nwc__bands_kernels NWC__NAME(nwc__bands_kernels) = {
    .add = add, .reduce = reduce, .expand = expand, .mix = mix, .limit = limit, .products = products};
