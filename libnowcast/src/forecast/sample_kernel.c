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

static inline int32_t to_fixed(float nodes, float spacing)
{
    const float cells = least(most(nodes * spacing, -FARTHEST), FARTHEST);
    return (int32_t)floorf(cells * (float)ONE + 0.5f);
}

/* Positions between neighbouring nodes; spacing is a constant where it is inlined. */
static inline void between_nodes(const float *restrict node, int32_t spacing, int32_t *restrict q)
{
    const float share = 1.0f / (float)spacing;
    for (int32_t n = 0; n < NWC__CHUNK / spacing; n++) {
        const float first = node[n], slope = (node[n + 1] - node[n]) * share;
#pragma omp simd
        for (int32_t k = 0; k < spacing; k++) q[n * spacing + k] = to_fixed(first + (float)k * slope, (float)spacing);
    }
}

static void locate_along(const float *restrict low, const float *restrict high, float b, int32_t nodes, int32_t spacing,
                         int32_t *restrict q)
{
    float node[NWC__CHUNK + 1];
    const int32_t wanted = NWC__CHUNK / spacing + 1, found = nodes < wanted ? nodes : wanted;
#pragma omp simd
    for (int32_t n = 0; n < found; n++) node[n] = low[n] + b * (high[n] - low[n]);
    for (int32_t n = found; n < wanted; n++) node[n] = node[found - 1];
    switch (spacing) {
    case 1:
        between_nodes(node, 1, q);
        break;
    case 4:
        between_nodes(node, 4, q);
        break;
    default:
        between_nodes(node, spacing, q);
    }
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

/* All cells that reach from before to after the chunk's positions along both axes lie within the grid. */
static bool lies_inside(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                        const int32_t *restrict qy, int32_t before, int32_t after)
{
    int32_t west = INT32_MAX, east = INT32_MIN, south = INT32_MAX, north = INT32_MIN;
#pragma omp simd reduction(min : west, south) reduction(max : east, north)
    for (int32_t k = 0; k < n; k++) {
        const int32_t x = i + k + (qx[k] >> NWC__FRACTION_BITS), y = j + (qy[k] >> NWC__FRACTION_BITS);
        west = x < west ? x : west, east = x > east ? x : east;
        south = y < south ? y : south, north = y > north ? y : north;
    }
    return west >= before && east < source->nx - after && south >= before && north < source->ny - after;
}

static void nearest(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                    const int32_t *restrict qy, float *restrict out)
{
    const struct nwc__source s = *source;
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const int32_t x = i + k + ((qx[k] + ONE / 2) >> NWC__FRACTION_BITS);
        const int32_t y = j + ((qy[k] + ONE / 2) >> NWC__FRACTION_BITS);
        const int32_t xc = limit(x, s.nx - 1), yc = limit(y, s.ny - 1);
        const float value = s.cells[yc * s.stride + xc];
        out[k] = x == xc && y == yc ? value : NAN;
    }
}

/* inside is a constant where this is inlined: then no position needs limiting. */
static inline void bilinear_chunk(const struct nwc__source *source, int32_t j, int32_t i, int32_t n,
                                  const int32_t *restrict qx, const int32_t *restrict qy, float *restrict out,
                                  bool inside)
{
    const struct nwc__source s = *source;
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const int32_t x0 = i + k + (qx[k] >> NWC__FRACTION_BITS), y0 = j + (qy[k] >> NWC__FRACTION_BITS);
        const float fx = (float)(qx[k] & FRACTION) * (1.0f / ONE), fy = (float)(qy[k] & FRACTION) * (1.0f / ONE);
        const int32_t xa = inside ? x0 : limit(x0, s.nx - 1), xb = inside ? x0 + 1 : limit(x0 + 1, s.nx - 1);
        const int32_t ya = inside ? y0 : limit(y0, s.ny - 1), yb = inside ? y0 + 1 : limit(y0 + 1, s.ny - 1);
        const float a = s.cells[ya * s.stride + xa], b = s.cells[ya * s.stride + xb];
        const float c = s.cells[yb * s.stride + xa], d = s.cells[yb * s.stride + xb];
        const bool west = inside || xa == x0, east = inside || xb == x0 + 1;
        const bool south = inside || ya == y0, north = inside || yb == y0 + 1;
        const bool has_a = finite(a) & west & south, has_b = finite(b) & east & south;
        const bool has_c = finite(c) & west & north, has_d = finite(d) & east & north;
        const float wa = has_a ? (1.0f - fx) * (1.0f - fy) : 0.0f, wb = has_b ? fx * (1.0f - fy) : 0.0f;
        const float wc = has_c ? (1.0f - fx) * fy : 0.0f, wd = has_d ? fx * fy : 0.0f;
        const float origin = has_a ? a : has_b ? b : has_c ? c : d;
        const float weight = (wa + wb) + (wc + wd);
        const float sum = (wa * (has_a ? a - origin : 0.0f) + wb * (has_b ? b - origin : 0.0f)) +
                          (wc * (has_c ? c - origin : 0.0f) + wd * (has_d ? d - origin : 0.0f));
        const float mean = weight >= 0.5f ? origin + sum / weight : NAN;
        const bool whole = ((qx[k] | qy[k]) & FRACTION) == 0;
        out[k] = whole & west & south ? a : mean;
    }
}

static void bilinear(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                     const int32_t *restrict qy, float *restrict out)
{
    if (lies_inside(source, j, i, n, qx, qy, 0, 1))
        bilinear_chunk(source, j, i, n, qx, qy, out, true);
    else
        bilinear_chunk(source, j, i, n, qx, qy, out, false);
}

/* Catmull-Rom weights of the cells at -1, 0, 1 and 2 for a position f in [0, 1). */
static inline float cubic(float p, float q, float r, float s, float f)
{
    return q + 0.5f * f * ((r - p) + f * ((2.0f * p - 5.0f * q + 4.0f * r - s) + f * (3.0f * (q - r) + s - p)));
}

/* Where one of the 16 cells is not known, the bilinear value stays. */
static void cubic_over(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                       const int32_t *restrict qy, float *restrict out)
{
    const struct nwc__source s = *source;
#pragma omp simd
    for (int32_t k = 0; k < n; k++) {
        const int32_t x0 = i + k + (qx[k] >> NWC__FRACTION_BITS), y0 = j + (qy[k] >> NWC__FRACTION_BITS);
        const float fx = (float)(qx[k] & FRACTION) * (1.0f / ONE), fy = (float)(qy[k] & FRACTION) * (1.0f / ONE);
        const bool inside = (x0 >= 1) & (x0 < s.nx - 2) & (y0 >= 1) & (y0 < s.ny - 2);
        const int32_t m = inside ? y0 * s.stride + x0 : 0, up = inside ? s.stride : 0, right = inside;
        const float *const c = s.cells;
        const float r0 = cubic(c[m - up - right], c[m - up], c[m - up + right], c[m - up + 2 * right], fx);
        const float r1 = cubic(c[m - right], c[m], c[m + right], c[m + 2 * right], fx);
        const float r2 = cubic(c[m + up - right], c[m + up], c[m + up + right], c[m + up + 2 * right], fx);
        const float r3 =
            cubic(c[m + 2 * up - right], c[m + 2 * up], c[m + 2 * up + right], c[m + 2 * up + 2 * right], fx);
        const float bottom = least(least(c[m], c[m + right]), least(c[m + up], c[m + up + right]));
        const float top = most(most(c[m], c[m + right]), most(c[m + up], c[m + up + right]));
        const float value = cubic(r0, r1, r2, r3, fy);
        const bool use = inside & finite(value) & (((qx[k] | qy[k]) & FRACTION) != 0);
        out[k] = use ? least(most(value, bottom), top) : out[k];
    }
}

static void bicubic(const struct nwc__source *source, int32_t j, int32_t i, int32_t n, const int32_t *restrict qx,
                    const int32_t *restrict qy, float *restrict out)
{
    bilinear(source, j, i, n, qx, qy, out);
    cubic_over(source, j, i, n, qx, qy, out);
}

extern const struct nwc__sample_kernels NWC__NAME(nwc__sample_kernels);
const struct nwc__sample_kernels NWC__NAME(nwc__sample_kernels) = {.locate = locate,
                                                                   .sample = {nearest, bilinear, bicubic}};
