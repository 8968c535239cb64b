/*
 * The eight gates about every cell of a strip of columns. The rays of a sweep are the same all along a column: they are found
 * once for each column and sweep, and put into tables. What is left is done for 256 cells at once, 16 columns by 16 levels, as
 * vectors: between which sweeps a cell lies, where the eight points are, their weights, and for every quantity the sum
 * over them. Column by column, whose lengths are no multiples of a vector's, it took twice the time.
 */
#include "mosaic/gates.h"

enum { COLUMNS = NWC__MOSAIC_COLUMNS, BLOCK = NWC__MOSAIC_BLOCK };

#define WITHIN 0.0078125F /* of a gate: the least that 32768 gates less it are not */

/* ---- rays ---- */

static float azimuth_of(float east_m, float north_m)
{
    const float azimuth = atan2f(east_m, north_m) / NWC__DEGREE_F;
    return azimuth < 0.0F ? azimuth + 360.0F : azimuth;
}

/* Where a plane looked at what is over a column when the mosaic is for: that is where its rays are to be found. */
static float move_back(const nwc__plane *plane, const nwc__gathering *how, const nwc__strip *strip, int32_t c,
                       float azimuth, int64_t to, nwc__rays *restrict rays)
{
    const nwc__pair here = nwc__find_pair(plane, azimuth);
    const float after_s = here.found ? here.after_s : plane->after_s[(plane->n_rays + 1) / 2];
    const float east = strip->east_m[c] + after_s * strip->east_m_s[c];
    const float north = strip->north_m[c] + after_s * strip->north_m_s[c];
    const double ground = hypot(east, north), around = ground / how->sphere_m, half = sin(0.5 * around);
    rays->sine[to] = (float)sin(around), rays->versine[to] = (float)(2.0 * half * half);
    rays->node[to] = how->bend->n ? (float)fmin(ground / how->bend->node_m, (double)(how->bend->n - 2)) : 0.0F;
    return azimuth_of(east, north);
}

static void find_lowest(const nwc__stack *stack, const nwc__strip *strip, nwc__rays *restrict rays)
{
    for (int32_t c = 0; c < COLUMNS; c++) {
        const double ground = hypot(strip->east_m[c], strip->north_m[c]);
        const int32_t place = (int32_t)(ground / NWC__FLOOR_M);
        const float in = (float)(ground / NWC__FLOOR_M - (double)place);
        rays->lowest_m[c] = NAN;
        for (int32_t t = 0; c < strip->n && t < stack->n_planes; t++) {
            const nwc__plane *const plane = &stack->planes[t];
            const float all = rays->near_weight[t * COLUMNS + c] + rays->far_weight[t * COLUMNS + c];
            if (!(all > 0.0F) || place + 1 >= plane->n_floor) continue;
            const float *const height = plane->floor_m + place, *const range = height + plane->n_floor;
            const float range_m = range[0] + in * (range[1] - range[0]);
            const float gate = (range_m - stack->first_m[t]) * stack->per_m[t];
            if (!(gate > -1.0F && gate < stack->gates[t] - 1.0F)) continue;
            const int32_t first = (rays->near[t * COLUMNS + c] - plane->start) / plane->row;
            const bool far = rays->far_weight[t * COLUMNS + c] >= 0.5F;
            if (!(range_m < plane->clear_m[far ? first + 1 : first])) continue;
            rays->lowest_m[c] = height[0] + in * (height[1] - height[0]);
            break;
        }
    }
}

static void find_rays(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip,
                      nwc__rays *restrict rays)
{
    const bool nearest = how->method == NWC_MOSAIC_NEAREST;
    for (int32_t c = 0; c < COLUMNS; c++)
        rays->azimuth_deg[c] = c < strip->n ? azimuth_of(strip->east_m[c], strip->north_m[c]) : 0.0F;
    for (int32_t t = 0; t < stack->n_planes; t++)
        for (int32_t c = 0; c < COLUMNS; c++) {
            const nwc__plane *const plane = &stack->planes[t];
            const int64_t to = t * COLUMNS + c;
            float azimuth = rays->azimuth_deg[c];
            if (strip->moves) azimuth = move_back(plane, how, strip, c, azimuth, to, rays);
            nwc__pair pair = nwc__find_pair(plane, azimuth);
            if (nearest) pair.weight = pair.weight < 0.5F ? 0.0F : 1.0F;
            const float all = pair.found && c < strip->n ? 1.0F : 0.0F;
            rays->far_weight[to] = all * pair.weight, rays->near_weight[to] = all - rays->far_weight[to];
            rays->after_s[to] = pair.after_s;
            rays->near[to] = plane->start + pair.first * plane->row;
        }
    find_lowest(stack, strip, rays);
}

/* ---- sweeps ---- */

/* The planes about each cell, what each has of it, and how far away along them it is. */
typedef struct between {
    int32_t lo[BLOCK], hi[BLOCK];
    float share_lo[BLOCK], share_hi[BLOCK], range_lo[BLOCK], range_hi[BLOCK];
} between;

/* From the number of planes at or below each cell to the two about it. */
static void take_planes(int32_t n, int32_t top, between *restrict at)
{
    for (int32_t k = 0; k < n; k++) {
        const int32_t count = at->lo[k];
        at->lo[k] = count > 0 ? count - 1 : 0;
        at->hi[k] = count > top ? top : count;
    }
}

/* below, above: angles to the two planes; the shares are 0 for a cell that is not seen. True where any is. */
static bool share(int32_t n, bool nearest, const float *restrict below, const float *restrict above,
                  const float *restrict seen, between *restrict at, float *restrict off_deg)
{
    float any = 0.0F;
    for (int32_t k = 0; k < n; k++) {
        const float low = below[k], up = above[k], apart = low + up, is = seen[k];
        const bool two = (at->hi[k] > at->lo[k]) & (apart > 0.0F);
        const float f = two ? low / (two ? apart : 1.0F) : 0.0F;
        const float high = is * (nearest ? (f < 0.5F ? 0.0F : 1.0F) : f);
        at->share_hi[k] = high, at->share_lo[k] = is - high;
        off_deg[k] = is > 0.0F ? (low < up ? low : up) : NAN;
        any += is;
    }
    return any > 0.0F;
}

static bool between_still(const nwc__stack *stack, const nwc__gathering *how, const nwc__block *block,
                          between *restrict at, float *restrict off_deg)
{
    float below[BLOCK], above[BLOCK], seen[BLOCK];
    const float *restrict const elevation = block->elevation_deg;
    const int32_t n = block->n, top = stack->n_planes - 1;
    const float least = stack->edge_deg[0] - how->beyond_deg;
    const float most = stack->edge_deg[top] + how->beyond_deg;
    for (int32_t k = 0; k < n; k++) {
        at->lo[k] = at->hi[k] = 0;
        below[k] = above[k] = stack->edge_deg[0]; /* the edges, at first */
    }
    for (int32_t t = 0; t <= top; t++) {
        const int32_t next = t < top ? t + 1 : top;
        const float edge = stack->edge_deg[t], next_edge = stack->edge_deg[next];
        for (int32_t k = 0; k < n; k++) {
            const bool is = elevation[k] >= edge;
            at->lo[k] = is ? t : at->lo[k], at->hi[k] = is ? next : at->hi[k];
            below[k] = is ? edge : below[k], above[k] = is ? next_edge : above[k];
        }
    }
    for (int32_t k = 0; k < n; k++) {
        const float here = elevation[k];
        below[k] = fabsf(here - below[k]), above[k] = fabsf(above[k] - here);
        seen[k] = ((here >= least) & (here <= most)) ? 1.0F : 0.0F;
        at->range_lo[k] = at->range_hi[k] = block->range_m[k];
    }
    return share(n, how->method == NWC_MOSAIC_NEAREST, below, above, seen, at, off_deg);
}

/* The angle of cells over a plane, degrees, and their range, where the plane looked at them. */
static void sight_moved(const nwc__stack *stack, const nwc__gathering *how, const nwc__rays *rays,
                        const nwc__block *block, const int32_t *restrict plane, float *restrict over_deg,
                        float *restrict range_m)
{
    const float sphere = (float)how->sphere_m, altitude = (float)how->altitude_m;
    const float *restrict const sine = rays->sine, *restrict const versine = rays->versine;
    const float *restrict const edge_sine = stack->edge_sine, *restrict const edge_cosine = stack->edge_cosine;
    const nwc__bend *const bend = how->bend;
    for (int32_t k = 0; k < block->n; k++) {
        const int32_t t = plane[k], at = t * COLUMNS + (k & (COLUMNS - 1));
        const float place = sphere + block->z_m[k], out = place * sine[at];
        const float up = block->z_m[k] - altitude - place * versine[at], range = sqrtf(out * out + up * up);
        const float x = (up * edge_cosine[t] - out * edge_sine[t]) / (range > 0.0F ? range : 1.0F), y = x * x;
        /* The sine of the angle; the series is within 1e-3 of it to 40 degrees, beyond which nothing is weighed. */
        over_deg[k] = x * (1.0F + y * (0.166666667F + y * (0.075F + y * 0.0446428571F))) / NWC__DEGREE_F;
        range_m[k] = range;
    }
    for (int32_t k = 0; bend->n && k < block->n; k++) {
        const float node = rays->node[plane[k] * COLUMNS + (k & (COLUMNS - 1))];
        const int32_t whole = (int32_t)node;
        const float in = node - (float)whole;
        const int64_t near = whole * how->nz + block->first + k / COLUMNS, far = near + how->nz;
        over_deg[k] += bend->elevation_deg[near] + in * (bend->elevation_deg[far] - bend->elevation_deg[near]);
        range_m[k] += bend->range_m[near] + in * (bend->range_m[far] - bend->range_m[near]);
    }
}

static bool between_moved(const nwc__stack *stack, const nwc__gathering *how, const nwc__rays *rays,
                          const nwc__block *block, between *restrict at, float *restrict off_deg)
{
    float below[BLOCK], above[BLOCK], seen[BLOCK];
    int32_t plane[BLOCK] = {0};
    const int32_t n = block->n, top = stack->n_planes - 1;
    for (int32_t k = 0; k < n; k++) at->lo[k] = 0;
    for (int32_t t = 0; t <= top; t++) {
        for (int32_t k = 0; k < n; k++) plane[k] = t;
        sight_moved(stack, how, rays, block, plane, below, above);
        for (int32_t k = 0; k < n; k++) at->lo[k] += below[k] >= 0.0F ? 1 : 0;
    }
    take_planes(n, top, at);
    sight_moved(stack, how, rays, block, at->lo, below, at->range_lo);
    sight_moved(stack, how, rays, block, at->hi, above, at->range_hi);
    for (int32_t k = 0; k < n; k++) {
        const float low = fabsf(below[k]), range = block->range_m[k];
        const bool beside = (at->lo[k] == at->hi[k]) & (low > how->beyond_deg);
        below[k] = low, above[k] = fabsf(above[k]);
        seen[k] = (beside | (low != low) | !(range < INFINITY)) ? 0.0F : 1.0F;
    }
    return share(n, how->method == NWC_MOSAIC_NEAREST, below, above, seen, at, off_deg);
}

/* ---- gates ---- */

/* Two gates of two rays of one plane: where they begin, and weights (ray, gate). */
typedef struct square {
    int32_t near[BLOCK], far[BLOCK];
    float weight[4][BLOCK];
    float inside[BLOCK], after_s[BLOCK]; /* the share of the plane, 0 where it has no gates there, and when it looked */
} square;

/* What the tables say of the cells of one level. */
typedef struct picked {
    float first_m[COLUMNS], per_m[COLUMNS], gates[COLUMNS], near_weight[COLUMNS], far_weight[COLUMNS], after_s[COLUMNS];
    int32_t begin[COLUMNS], row[COLUMNS];
} picked;

/* Cells of one level beside each other lie in few planes: to go through these takes less than to gather from the tables. */
static void pick(const nwc__stack *stack, const nwc__rays *rays, const int32_t *restrict plane, picked *restrict to)
{
    int32_t lowest = plane[0], highest = plane[0];
    for (int32_t c = 0; c < COLUMNS; c++) {
        lowest = plane[c] < lowest ? plane[c] : lowest;
        highest = plane[c] > highest ? plane[c] : highest;
    }
    for (int32_t t = lowest; t <= highest; t++) {
        const float first_m = stack->first_m[t], per_m = stack->per_m[t], gates = stack->gates[t];
        const float *restrict const near_weight = rays->near_weight + t * COLUMNS;
        const float *restrict const far_weight = rays->far_weight + t * COLUMNS;
        const float *restrict const after_s = rays->after_s + t * COLUMNS;
        const int32_t *restrict const begin = rays->near + t * COLUMNS;
        const int32_t row = stack->row[t];
        for (int32_t c = 0; c < COLUMNS; c++) {
            const bool is = (plane[c] == t) | (t == lowest);
            const float near = near_weight[c], far = far_weight[c], after = after_s[c];
            const int32_t at = begin[c];
            to->first_m[c] = is ? first_m : to->first_m[c], to->per_m[c] = is ? per_m : to->per_m[c];
            to->gates[c] = is ? gates : to->gates[c], to->row[c] = is ? row : to->row[c];
            to->near_weight[c] = is ? near : to->near_weight[c], to->far_weight[c] = is ? far : to->far_weight[c];
            to->after_s[c] = is ? after : to->after_s[c], to->begin[c] = is ? at : to->begin[c];
        }
    }
}

/* share: what the plane has of the cell. */
static void place_square(const nwc__stack *stack, const nwc__rays *rays, int32_t n, const int32_t *restrict plane,
                         const float *restrict range_m, const float *restrict share_of, bool nearest,
                         square *restrict to)
{
    const float to_nearest = nearest ? 1.0F : 0.0F;
    float in_row[COLUMNS], all[COLUMNS];
    picked of;
    memset(&of, 0, sizeof of);
    for (int32_t level = 0; level < n; level += COLUMNS) {
        pick(stack, rays, plane + level, &of);
        for (int32_t c = 0; c < COLUMNS; c++) { /* apart from the rest, with which it is not vectorised */
            /* In cells of a row, whose first and last are NaN; a range that is not finite is outside. */
            const float place = (range_m[level + c] - of.first_m[c]) * of.per_m[c] + 1.0F, end = of.gates[c];
            const float from_0 = place > 0.0F ? place : 0.0F, within = end - WITHIN;
            in_row[c] = from_0 < within ? from_0 : within;
            all[c] = share_of[level + c] * (place >= 0.0F ? 1.0F : 0.0F) * (place < end ? 1.0F : 0.0F);
        }
        for (int32_t c = 0; c < COLUMNS; c++) {
            const int32_t k = level + c, g = (int32_t)in_row[c], begin = of.begin[c] + g;
            const float part = in_row[c] - (float)g, b = part + to_nearest * ((part < 0.5F ? 0.0F : 1.0F) - part);
            const float near = all[c] * of.near_weight[c], far = all[c] * of.far_weight[c];
            to->near[k] = begin, to->far[k] = begin + of.row[c];
            to->weight[1][k] = near * b, to->weight[0][k] = near - near * b;
            to->weight[3][k] = far * b, to->weight[2][k] = far - far * b;
            to->inside[k] = near + far, to->after_s[k] = of.after_s[c];
        }
    }
}

static void sum_squares(const float *restrict cells, int32_t n, const square *restrict lo, const square *restrict hi,
                        float min_known, float *restrict value)
{
    for (int32_t k = 0; k < n; k++) {
        float sum = 0.0F, known = 0.0F;
        nwc__add_known(cells[lo->near[k]], lo->weight[0][k], &sum, &known);
        nwc__add_known(cells[lo->near[k] + 1], lo->weight[1][k], &sum, &known);
        nwc__add_known(cells[lo->far[k]], lo->weight[2][k], &sum, &known);
        nwc__add_known(cells[lo->far[k] + 1], lo->weight[3][k], &sum, &known);
        nwc__add_known(cells[hi->near[k]], hi->weight[0][k], &sum, &known);
        nwc__add_known(cells[hi->near[k] + 1], hi->weight[1][k], &sum, &known);
        nwc__add_known(cells[hi->far[k]], hi->weight[2][k], &sum, &known);
        nwc__add_known(cells[hi->far[k] + 1], hi->weight[3][k], &sum, &known);
        const bool is = known > 0.0F && known >= min_known;
        value[k] = is ? sum / (is ? known : 1.0F) : NAN;
    }
}

static void sum_echo(const float *restrict cells, int32_t n, const square *restrict lo, const square *restrict hi,
                     float min_known, float *restrict value)
{
    for (int32_t k = 0; k < n; k++) {
        float sum = 0.0F, echo = 0.0F, known = 0.0F;
        nwc__add_echo(cells[lo->near[k]], lo->weight[0][k], &sum, &echo, &known);
        nwc__add_echo(cells[lo->near[k] + 1], lo->weight[1][k], &sum, &echo, &known);
        nwc__add_echo(cells[lo->far[k]], lo->weight[2][k], &sum, &echo, &known);
        nwc__add_echo(cells[lo->far[k] + 1], lo->weight[3][k], &sum, &echo, &known);
        nwc__add_echo(cells[hi->near[k]], hi->weight[0][k], &sum, &echo, &known);
        nwc__add_echo(cells[hi->near[k] + 1], hi->weight[1][k], &sum, &echo, &known);
        nwc__add_echo(cells[hi->far[k]], hi->weight[2][k], &sum, &echo, &known);
        nwc__add_echo(cells[hi->far[k] + 1], hi->weight[3][k], &sum, &echo, &known);
        value[k] = nwc__echo_as_z(sum, echo, known, min_known);
    }
}

static void clear(const nwc__stack *stack, int32_t n, nwc__gathered *restrict out)
{
    for (int32_t q = 0; q < stack->n_quantities; q++)
        for (int32_t k = 0; k < n; k++) out->value[q][k] = NAN;
    for (int32_t k = 0; k < n; k++) out->age_s[k] = out->off_deg[k] = NAN;
}

static void gather(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, const nwc__rays *rays,
                   const nwc__block *block, nwc__gathered *restrict out)
{
    const bool nearest = how->method == NWC_MOSAIC_NEAREST;
    const int32_t n = block->n;
    between at; /* these are large: not cleared */
    square lo, hi;
    const bool any = strip->moves ? between_moved(stack, how, rays, block, &at, out->off_deg)
                                  : between_still(stack, how, block, &at, out->off_deg);
    if (!any) {
        clear(stack, n, out);
        return;
    }
    place_square(stack, rays, n, at.lo, at.range_lo, at.share_lo, nearest, &lo);
    place_square(stack, rays, n, at.hi, at.range_hi, at.share_hi, nearest, &hi);
    for (int32_t q = 0; q < stack->n_quantities; q++)
        (stack->decibel[q] ? sum_echo : sum_squares)(stack->cells[q], n, &lo, &hi, how->min_known, out->value[q]);
    for (int32_t k = 0; k < n; k++) {
        const float all = lo.inside[k] + hi.inside[k];
        const float after = lo.inside[k] * lo.after_s[k] + hi.inside[k] * hi.after_s[k];
        out->age_s[k] = all > 0.0F ? -after / (all > 0.0F ? all : 1.0F) : NAN;
    }
}

extern const struct nwc__gather_kernels NWC__NAME(nwc__gather_kernels);
const struct nwc__gather_kernels NWC__NAME(nwc__gather_kernels) = {.find_rays = find_rays, .gather = gather};
