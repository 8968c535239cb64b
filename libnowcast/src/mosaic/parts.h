/*
 * The part of each cell of a strip that is a plane's: by the angles to it and to the planes below and above it. Planes
 * are taken from the lowest up, each with the levels that have any cell about it. Included by gather_kernel.c alone.
 */
#ifndef NWC_MOSAIC_PARTS_H
#define NWC_MOSAIC_PARTS_H

#include "mosaic/rays.h"

enum { COLUMNS = NWC__MOSAIC_COLUMNS, BLOCK = NWC__MOSAIC_BLOCK };

/*
 * Of one plane, n cells from the level first on: arrays begin with that level, so that the same few lines of a cache
 * serve all planes.
 */
struct part {
    int32_t first, n;
    float of[BLOCK];             /* 0 to 1 */
    const float *range_m;        /* of cells, where the plane looked at them */
    float nearest_m, farthest_m; /* of them */
};

static inline float lesser(float a, float b)
{
    return a < b ? a : b;
}

static inline float greater(float a, float b)
{
    return a > b ? a : b;
}

/* ---- of what stands still ---- */

/* A plane among the others; where there is none below or above, the farthest angles at which its values hold. */
struct edges {
    float least, most, below, here, above;
    float per_below, at_below, per_above; /* at_below: what is not to fall off below */
};

static struct edges edges_of(const nwc__stack *stack, const nwc__gathering *how, int32_t t)
{
    const int32_t top = stack->n_planes - 1;
    const float least = stack->edge_deg[0] - how->beyond_deg, most = stack->edge_deg[top] + how->beyond_deg;
    struct edges edges = {.least = least, .most = most, .below = least, .here = stack->edge_deg[t], .above = most};
    edges.at_below = t > 0 ? 0.0F : 1.0F;
    if (t > 0) edges.below = stack->edge_deg[t - 1], edges.per_below = 1.0F / (edges.here - edges.below);
    if (t < top) edges.above = stack->edge_deg[t + 1], edges.per_above = 1.0F / (edges.above - edges.here);
    return edges;
}

/* levels: the first and the end, as they were for the plane below. */
static void part_still(const nwc__stack *stack, const nwc__gathering *how, const nwc__block *block, int32_t t,
                       int32_t levels[2], struct part *restrict to, float *restrict off_deg)
{
    const struct edges e = edges_of(stack, how, t);
    int32_t first = levels[0], last = levels[1];
    while (first < block->levels && block->highest_deg[first] < e.below) first++;
    if (last < first) last = first;
    while (last < block->levels && block->lowest_deg[last] <= e.above) last++;
    levels[0] = to->first = first, levels[1] = last;
    to->n = (last - first) * COLUMNS;
    if (first == last) return;
    to->range_m = block->range_m + first * COLUMNS;
    to->nearest_m = INFINITY, to->farthest_m = 0.0F;
    for (int32_t k = first; k < last; k++) {
        to->nearest_m = lesser(block->nearest_m[k], to->nearest_m);
        to->farthest_m = greater(block->farthest_m[k], to->farthest_m);
    }
    const float *restrict const elevation = block->elevation_deg + first * COLUMNS;
    float *restrict const of = to->of, *restrict const off = off_deg + first * COLUMNS;
#pragma omp simd
    for (int32_t k = 0; k < to->n; k++) {
        const float here = elevation[k], away = fabsf(here - e.here);
        const float rising = e.at_below + (here - e.below) * e.per_below,
                    falling = 1.0F - (here - e.here) * e.per_above;
        const float is = ((here >= e.least) & (here <= e.most)) ? 1.0F : 0.0F;
        of[k] = is * greater(lesser(rising, falling), 0.0F);
        off[k] = lesser(away, off[k]);
    }
    if (how->method != NWC_MOSAIC_NEAREST) return;
    for (int32_t k = 0; k < to->n; k++) of[k] = of[k] > 0.4999999F ? 1.0F : 0.0F; /* half way between two: both */
}

/* ---- of what moves ---- */

/* Cells over one plane: its angle, degrees, and range, known for levels first to end - 1. */
struct sight {
    int32_t first, end, over; /* over: the first level with a cell over the plane, or end */
    float over_deg[BLOCK], range_m[BLOCK];
};

/*
 * What is carried from plane to plane: rays and sights of two of them, and the part of cells that is the upper one's.
 */
struct carried {
    nwc__rays rays[2];
    struct sight sights[2];
    float rise[2][BLOCK];
};

/*
 * See the next level; whether that is all that need be seen: no cell above it is below the plane, or so near as to be
 * its.
 */
static bool see_level(const nwc__stack *stack, const nwc__gathering *how, const nwc__rays *rays,
                      const nwc__block *block, int32_t t, struct sight *restrict to)
{
    const int32_t k = to->end++;
    const float z_m = (float)block->z_m[k];
    float *restrict const over = to->over_deg + k * COLUMNS, *restrict const range = to->range_m + k * COLUMNS;
    int32_t n_over = 0, n_below = 0, n_near = 0;
    for (int32_t c = 0; c < COLUMNS; c++) over[c] = nwc__sight_moved(stack, t, how, rays, c, z_m, &range[c]);
    for (int32_t c = 0; how->bend->n && c < COLUMNS; c++)
        over[c] += nwc__bend_moved(how->bend, how->nz, block->first + k, rays->node[c], &range[c]);
    for (int32_t c = 0; c < COLUMNS; c++) {
        n_over += over[c] >= 0.0F ? 1 : 0, n_below += over[c] < 0.0F ? 1 : 0;
        n_near += over[c] <= how->beyond_deg ? 1 : 0;
    }
    if (to->over == k && !n_over) to->over++;
    return t < stack->n_planes - 1 ? !n_below : !n_near;
}

/* From a level on, as far as need be. */
static void see_from(const nwc__stack *stack, const nwc__gathering *how, const nwc__rays *rays, const nwc__block *block,
                     int32_t t, int32_t first, struct sight *to)
{
    bool all = false;
    to->first = to->end = to->over = first;
    while (to->end < block->levels && !all) all = see_level(stack, how, rays, block, t, to);
}

/* And farther, where the plane above needs it. */
static void see_until(const nwc__stack *stack, const nwc__gathering *how, const nwc__rays *rays,
                      const nwc__block *block, int32_t t, int32_t end, struct sight *to)
{
    while (to->end < end) see_level(stack, how, rays, block, t, to);
}

/* How a plane lies among the others. */
struct among {
    float beyond_deg;
    bool lowest, highest, nearest;
};

/* One level. over, up: angles over the plane and the one above it. rise: what the one below it gave up. */
static void share_level(const struct among *among, const float *restrict over, const float *restrict up,
                        const float *restrict range_m, const float *restrict rise, float *restrict next_rise,
                        float *restrict of, float *restrict off_deg)
{
    const float beyond_deg = among->beyond_deg, alone_below = among->lowest ? 1.0F : 0.0F;
    const float alone_above = among->highest ? 1.0F : 0.0F, to_nearest = among->nearest ? 1.0F : 0.0F;
#pragma omp simd
    for (int32_t c = 0; c < COLUMNS; c++) {
        const float low = over[c], high = up[c], away = fabsf(low);
        const float is_over = low >= 0.0F ? 1.0F : 0.0F, is_below = low < 0.0F ? 1.0F : 0.0F;
        const float between = high < 0.0F ? is_over : 0.0F, near = away <= beyond_deg ? 1.0F : 0.0F;
        const float apart = low - high, part = between > 0.0F ? low / (apart > 0.0F ? apart : 1.0F) : 0.0F;
        const float above = part + to_nearest * ((part < 0.5F ? 0.0F : 1.0F) - part);
        const float share = is_over * near * alone_above + between * (1.0F - above) +
                            is_below * (near * alone_below + (1.0F - alone_below) * rise[c]);
        next_rise[c] = between * above;
        of[c] = range_m[c] < INFINITY ? share : 0.0F;
        off_deg[c] = lesser(away, off_deg[c]);
    }
}

/* Between which ranges the cells with a part lie: of all levels, since what moves may come nearer or go away. */
static void bound_moved(struct part *to)
{
    float nearest[COLUMNS], farthest[COLUMNS];
    for (int32_t c = 0; c < COLUMNS; c++) nearest[c] = INFINITY, farthest[c] = 0.0F;
    for (int32_t k = 0; k < to->n; k += COLUMNS)
#pragma omp simd
        for (int32_t c = 0; c < COLUMNS; c++) {
            const float range = to->range_m[k + c], share = to->of[k + c];
            nearest[c] = lesser(share > 0.0F ? range : INFINITY, nearest[c]);
            farthest[c] = greater(share > 0.0F ? range : 0.0F, farthest[c]);
        }
    to->nearest_m = INFINITY, to->farthest_m = 0.0F;
    for (int32_t c = 0; c < COLUMNS; c++) {
        to->nearest_m = lesser(nearest[c], to->nearest_m);
        to->farthest_m = greater(farthest[c], to->farthest_m);
    }
}

/* carry: what it was for the plane below; the rays of this one are in it then. */
static void part_moved(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip,
                       const nwc__block *block, const float *azimuth_deg, int32_t t, struct carried *restrict carry,
                       struct part *restrict to, float *restrict off_deg)
{
    const int32_t top = stack->n_planes - 1;
    nwc__rays *const rays = &carry->rays[t & 1], *const next_rays = &carry->rays[(t + 1) & 1];
    const struct among among = {.beyond_deg = how->beyond_deg,
                                .lowest = t == 0,
                                .highest = t == top,
                                .nearest = how->method == NWC_MOSAIC_NEAREST};
    struct sight *const here = &carry->sights[t & 1], *const next = &carry->sights[(t + 1) & 1];
    if (t == 0) {
        nwc__look(&stack->planes[0], how, strip, azimuth_deg, rays);
        see_from(stack, how, rays, block, 0, 0, here);
        memset(carry->rise[0], 0, (size_t)block->levels * COLUMNS * sizeof(float));
    }
    if (t < top) {
        nwc__look(&stack->planes[t + 1], how, strip, azimuth_deg, next_rays);
        see_from(stack, how, next_rays, block, t + 1, here->over, next);
        see_until(stack, how, rays, block, t, next->end, here);
    }
    to->first = here->first, to->n = (here->end - here->first) * COLUMNS;
    to->range_m = here->range_m + here->first * COLUMNS;
    for (int32_t k = here->first; k < here->end; k++) {
        const int32_t at = k * COLUMNS;
        const float *const over = here->over_deg + at; /* beside itself no cell is between two planes */
        share_level(&among, over, t < top && k >= next->first ? next->over_deg + at : over, block->range_m + at,
                    carry->rise[t & 1] + at, carry->rise[(t + 1) & 1] + at, to->of + at - here->first * COLUMNS,
                    off_deg + at);
    }
    bound_moved(to);
}

#endif
