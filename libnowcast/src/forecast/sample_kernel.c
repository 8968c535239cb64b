/*
 * A chunk of a forecast row, read from the source at displaced positions.
 *
 * Positions are multiples of 1/1024 of a cell. So the weights are exact in float, a motion by whole cells, which
 * rounding would all but hit, copies the field bit by bit, and nothing that matters over the ground is lost.
 *
 * A cell is known where the bilinear weight of known source cells is a half or more; cells outside the grid and
 * infinite ones count as not known. The value is the weighted mean of the known cells, taken from one of them as
 * origin, which leaves a constant field constant.
 */
#include "core/kernel.h"

#include "forecast/kernels.h"
#ifdef __AVX512F__
#include "forecast/window_avx512.h"
#endif

#define ONE (1 << NWC__FRACTION_BITS)
#define FRACTION (ONE - 1)
#define FARTHEST ((float)(1 << 20)) /* cells; no axis is longer */

/* Selects, which vectorise; fminf and fmaxf do not. */
static inline float least(float a, float b)
{
    return a < b ? a : b;
}

static inline float most(float a, float b)
{
    return a > b ? a : b;
}

/* Values of cells between neighbouring nodes; spacing is a constant where this is inlined. */
static inline void between_nodes(const float *restrict node, int32_t spacing, float *restrict cell)
{
    const float share = 1.0f / (float)spacing;
    for (int32_t n = 0; n < NWC__CHUNK / spacing; n++) {
        const float first = node[n], slope = (node[n + 1] - node[n]) * share;
#pragma omp simd
        for (int32_t k = 0; k < spacing; k++) cell[n * spacing + k] = first + (float)k * slope;
    }
}

static void locate_along(const float *restrict low, const float *restrict high, float b, int32_t nodes, int32_t spacing,
                         int32_t *restrict q)
{
    float node[NWC__CHUNK + 1], cell[NWC__CHUNK];
    const int32_t wanted = NWC__CHUNK / spacing + 1, found = nodes < wanted ? nodes : wanted;
    const float scale = (float)spacing * (float)ONE, farthest = FARTHEST * (float)ONE;
#pragma omp simd
    for (int32_t n = 0; n < found; n++)
        node[n] = least(most(scale * (low[n] + b * (high[n] - low[n])), -farthest), farthest);
    for (int32_t n = found; n < wanted; n++) node[n] = node[found - 1];
    switch (spacing) {
    case 1:
        between_nodes(node, 1, cell);
        break;
    case 4:
        between_nodes(node, 4, cell);
        break;
    default:
        between_nodes(node, spacing, cell);
    }
#pragma omp simd
    for (int32_t k = 0; k < NWC__CHUNK; k++) q[k] = (int32_t)floorf(cell[k] + 0.5f);
}

static void locate(const struct nwc__node_pair *low, const struct nwc__node_pair *high, float b, int32_t first_node,
                   int32_t spacing, int32_t *restrict qx, int32_t *restrict qy)
{
    const int32_t nodes = low->nx - first_node;
    locate_along(low->x + first_node, high->x + first_node, b, nodes, spacing, qx);
    locate_along(low->y + first_node, high->y + first_node, b, nodes, spacing, qy);
}

static inline int32_t limit(int32_t value, int32_t last)
{
    return value < 0 ? 0 : value > last ? last : value;
}

static inline bool finite(float value)
{
    return value - value == 0.0f;
}

/* The cells around each position, margin more than the four next to it on every side, lie within the grid. */
static bool lies_inside(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                        const int32_t *restrict qy, int32_t margin)
{
    int32_t west = INT32_MAX, east = INT32_MIN, south = INT32_MAX, north = INT32_MIN;
#pragma omp simd reduction(min : west, south) reduction(max : east, north)
    for (int32_t k = 0; k < n; k++) {
        const int32_t x = i + k + (qx[k] >> NWC__FRACTION_BITS), y = j + (qy[k] >> NWC__FRACTION_BITS);
        west = x < west ? x : west, east = x > east ? x : east;
        south = y < south ? y : south, north = y > north ? y : north;
    }
    return west >= margin && east < source->nx - 1 - margin && south >= margin && north < source->ny - 1 - margin;
}

/* inside is a constant where this is inlined: then no position needs limiting. */
static inline void nearest_chunk(const struct nwc__source *source, int32_t j, int32_t i, int32_t n,
                                 const int32_t *restrict qx, const int32_t *restrict qy, float *restrict out,
                                 bool inside)
{
    const struct nwc__source s = *source;
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const int32_t x = i + k + ((qx[k] + ONE / 2) >> NWC__FRACTION_BITS);
        const int32_t y = j + ((qy[k] + ONE / 2) >> NWC__FRACTION_BITS);
        const int32_t xc = inside ? x : limit(x, s.nx - 1), yc = inside ? y : limit(y, s.ny - 1);
        const float value = s.cells[yc * s.stride + xc];
        out[k] = inside || (x == xc && y == yc) ? value : NAN;
    }
}

static void nearest(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                    const int32_t *restrict qy, float *restrict out)
{
    if (lies_inside(source, j, i, n, qx, qy, 0))
        nearest_chunk(source, j, i, n, qx, qy, out, true);
    else
        nearest_chunk(source, j, i, n, qx, qy, out, false);
}

/* The cells around positions: south-west (a), south-east (b), north-west (c), north-east (d); NaN outside the grid. */
static inline void corners(const struct nwc__source *source, int32_t j, int32_t i, int32_t n,
                           const int32_t *restrict qx, const int32_t *restrict qy, float *restrict a, float *restrict b,
                           float *restrict c, float *restrict d, bool inside)
{
    const struct nwc__source s = *source;
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const int32_t x0 = i + k + (qx[k] >> NWC__FRACTION_BITS), y0 = j + (qy[k] >> NWC__FRACTION_BITS);
        const int32_t xa = inside ? x0 : limit(x0, s.nx - 1), xb = inside ? x0 + 1 : limit(x0 + 1, s.nx - 1);
        const int32_t ya = inside ? y0 : limit(y0, s.ny - 1), yb = inside ? y0 + 1 : limit(y0 + 1, s.ny - 1);
        const bool west = inside || xa == x0, east = inside || xb == x0 + 1;
        const bool south = inside || ya == y0, north = inside || yb == y0 + 1;
        const float ca = s.cells[ya * s.stride + xa], cb = s.cells[ya * s.stride + xb];
        const float cc = s.cells[yb * s.stride + xa], cd = s.cells[yb * s.stride + xb];
        a[k] = west && south ? ca : NAN, b[k] = east && south ? cb : NAN;
        c[k] = west && north ? cc : NAN, d[k] = east && north ? cd : NAN;
    }
}

static void mean_of_corners(int32_t n, const int32_t *restrict qx, const int32_t *restrict qy, const float *restrict pa,
                            const float *restrict pb, const float *restrict pc, const float *restrict pd,
                            float *restrict out)
{
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const float fx = (float)(qx[k] & FRACTION) * (1.0f / ONE), fy = (float)(qy[k] & FRACTION) * (1.0f / ONE);
        const float a = pa[k], b = pb[k], c = pc[k], d = pd[k];
        const bool has_a = finite(a), has_b = finite(b), has_c = finite(c), has_d = finite(d);
        const float wa = has_a ? (1.0f - fx) * (1.0f - fy) : 0.0f, wb = has_b ? fx * (1.0f - fy) : 0.0f;
        const float wc = has_c ? (1.0f - fx) * fy : 0.0f, wd = has_d ? fx * fy : 0.0f;
        const float origin = has_a ? a : has_b ? b : has_c ? c : d;
        const float weight = (wa + wb) + (wc + wd);
        const float sum = (wa * (has_a ? a - origin : 0.0f) + wb * (has_b ? b - origin : 0.0f)) +
                          (wc * (has_c ? c - origin : 0.0f) + wd * (has_d ? d - origin : 0.0f));
        const float mean = weight >= 0.5f ? origin + sum / weight : NAN;
        const bool whole = ((qx[k] | qy[k]) & FRACTION) == 0;
        out[k] = whole ? a : mean;
    }
}

/* Corners of a stretch of the chunk; how they are read does not show in them. */
static inline void find_corners(const struct nwc__source *source, int32_t j, int32_t i, int32_t n,
                                const int32_t *restrict qx, const int32_t *restrict qy, float *restrict a,
                                float *restrict b, float *restrict c, float *restrict d)
{
    if (lies_inside(source, j, i, n, qx, qy, 0))
        corners(source, j, i, n, qx, qy, a, b, c, d, true);
    else
        corners(source, j, i, n, qx, qy, a, b, c, d, false);
}

static void bilinear(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                     const int32_t *restrict qy, float *restrict out)
{
    float a[NWC__CHUNK], b[NWC__CHUNK], c[NWC__CHUNK], d[NWC__CHUNK];
    int32_t k = 0;
#ifdef __AVX512F__
    for (; k + WINDOW_LANES <= n; k += WINDOW_LANES) {
        if (!window_corners(source, j, i + k, qx + k, qy + k, a + k, b + k, c + k, d + k))
            find_corners(source, j, i + k, WINDOW_LANES, qx + k, qy + k, a + k, b + k, c + k, d + k);
    }
#endif
    if (k < n) find_corners(source, j, i + k, n - k, qx + k, qy + k, a + k, b + k, c + k, d + k);
    mean_of_corners(n, qx, qy, a, b, c, d, out);
}

/* Catmull-Rom through cells at -1, 0, 1 and 2, at f in [0, 1). */
static inline float cubic(float p, float q, float r, float s, float f)
{
    return q + 0.5f * f * ((r - p) + f * ((2.0f * p - 5.0f * q + 4.0f * r - s) + f * (3.0f * (q - r) + s - p)));
}

/* Where one of the 16 cells is not known, the bilinear value stays. inside is a constant, as above. */
static inline void cubic_chunk(const struct nwc__source *source, int32_t j, int32_t i, int32_t n,
                               const int32_t *restrict qx, const int32_t *restrict qy, float *restrict out, bool inside)
{
    const float *restrict const c = source->cells;
    const int32_t up = source->stride, nx = source->nx, ny = source->ny;
    const float sharpness = source->sharpness;
    const bool sharp = sharpness == 1.0f; /* exactly the cubic, which a sum of differences would round */
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const int32_t x0 = i + k + (qx[k] >> NWC__FRACTION_BITS), y0 = j + (qy[k] >> NWC__FRACTION_BITS);
        if (!inside && (x0 < 1 || x0 >= nx - 2 || y0 < 1 || y0 >= ny - 2)) continue;
        const float fx = (float)(qx[k] & FRACTION) * (1.0f / ONE), fy = (float)(qy[k] & FRACTION) * (1.0f / ONE);
        const int32_t m = y0 * up + x0, below = m - up, above = m + up, top = m + 2 * up;
        const float ma = c[m], mb = c[m + 1], aa = c[above], ab = c[above + 1];
        const float r0 = cubic(c[below - 1], c[below], c[below + 1], c[below + 2], fx);
        const float r1 = cubic(c[m - 1], ma, mb, c[m + 2], fx);
        const float r2 = cubic(c[above - 1], aa, ab, c[above + 2], fx);
        const float r3 = cubic(c[top - 1], c[top], c[top + 1], c[top + 2], fx);
        const float value = cubic(r0, r1, r2, r3, fy);
        const float limited = least(most(value, least(least(ma, mb), least(aa, ab))), most(most(ma, mb), most(aa, ab)));
        const bool use = finite(value) & (((qx[k] | qy[k]) & FRACTION) != 0);
        const float mixed = sharp ? limited : out[k] + sharpness * (limited - out[k]);
        out[k] = use ? mixed : out[k];
    }
}

static void bicubic(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                    const int32_t *restrict qy, float *restrict out)
{
    bilinear(source, j, i, n, qx, qy, out);
    if (lies_inside(source, j, i, n, qx, qy, 1))
        cubic_chunk(source, j, i, n, qx, qy, out, true);
    else
        cubic_chunk(source, j, i, n, qx, qy, out, false);
}

extern const struct nwc__sample_kernels NWC__NAME(nwc__sample_kernels);
const struct nwc__sample_kernels NWC__NAME(nwc__sample_kernels) = {.locate = locate,
                                                                   .sample = {nearest, bilinear, bicubic}};
