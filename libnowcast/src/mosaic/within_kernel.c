/*
 * All gates within a radius of every cell of a strip of columns, by the weights of Barnes (1964) or Cressman (1959),
 * and the lowest beam over every column.
 */
#include "mosaic/rays.h"

enum { COLUMNS = NWC__MOSAIC_COLUMNS };

/* What is summed of a cell. */
struct sums {
    float value[NWC__MOSAIC_QUANTITIES], echo[NWC__MOSAIC_QUANTITIES], known[NWC__MOSAIC_QUANTITIES], all, after;
};

/* A cell as a plane saw it: radius_2 is that within which gates count, squared, and across_2 the distance beside it. */
struct seen {
    float range_m, elevation_deg, azimuth_deg, up_m, radius_m;
};

/* The gates of one ray, whose axis passes across_2 (squared, m2) beside the cell. */
static void add_ray(const nwc__stack *stack, const nwc__gathering *how, int32_t t, int32_t ray, const struct seen *at,
                    float across_2, struct sums *into)
{
    const nwc__plane *const plane = &stack->planes[t];
    const float radius_2 = at->radius_m * at->radius_m, reach = sqrtf(radius_2 - across_2);
    const float low = (at->range_m - reach - stack->first_m[t]) * stack->per_m[t];
    const float high = low + 2.0F * reach * stack->per_m[t];
    const int32_t first = low > 0.0F ? (int32_t)ceilf(low) : 0;
    const int32_t last = high < (float)(plane->n_gates - 1) ? (int32_t)floorf(high) : plane->n_gates - 1;
    for (int32_t g = first; g <= last; g++) {
        const float along = stack->first_m[t] + (float)g / stack->per_m[t] - at->range_m;
        const float d2 = across_2 + along * along;
        const float weight =
            how->method == NWC_MOSAIC_BARNES ? expf(-4.0F * d2 / radius_2) : (radius_2 - d2) / (radius_2 + d2);
        if (!(weight > 0.0F)) continue;
        into->all += weight;
        into->after += weight * plane->turn[ray].after_s;
        for (int32_t q = 0; q < stack->n_quantities; q++) {
            const nwc__gates *const gates = &stack->gates[q][t];
            const float value = gates->cells[plane->turn[ray].row * gates->stride + g];
            if (stack->averaging[q] == NWC__AS_ECHO)
                nwc__add_echo(value, weight, &into->value[q], &into->echo[q], &into->known[q]);
            else
                nwc__add_known(value, weight, &into->value[q], &into->known[q]);
        }
    }
}

/*
 * The rays of one plane about an azimuth: outward from it to either side, each ray once. from: the last one at or
 * before it.
 */
static void add_plane(const nwc__stack *stack, const nwc__gathering *how, int32_t t, int32_t from,
                      const struct seen *at, struct sums *into)
{
    const nwc__plane *const plane = &stack->planes[t];
    const float per_deg = at->range_m * cosf(at->elevation_deg * NWC__DEGREE_F) * NWC__DEGREE_F;
    const int32_t n = plane->n_rays;
    for (int32_t side = 0; side < 2; side++) {
        for (int32_t step = 0; step < n; step++) {
            const int32_t ray = side ? (from + step) % n + 1 : (from - 1 - step + 2 * n) % n + 1;
            float turn =
                side ? plane->turn[ray].azimuth_deg - at->azimuth_deg : at->azimuth_deg - plane->turn[ray].azimuth_deg;
            turn = turn < 0.0F ? turn + 360.0F : turn;
            const float across = turn * per_deg, across_2 = across * across + at->up_m * at->up_m;
            if (turn >= 180.0F || !(across_2 < at->radius_m * at->radius_m)) break;
            add_ray(stack, how, t, ray, at, across_2, into);
        }
    }
}

static float mean_of(const struct sums *of, int32_t q, nwc__averaging averaging, float least)
{
    if (averaging == NWC__AS_ECHO) return nwc__mean_of_echo(of->value[q], of->echo[q], of->known[q], least);
    if (averaging == NWC__AS_Z) return nwc__mean_of_z(of->value[q], of->known[q], least);
    return nwc__mean_of_known(of->value[q], of->known[q], least);
}

/* A cell of level k and column c, as the plane t saw it. */
static struct seen see(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip,
                       const nwc__block *block, const nwc__rays *rays, int32_t t, int32_t k, int32_t c)
{
    const int32_t at = k * COLUMNS + c;
    struct seen seen = {.range_m = block->range_m[at], .elevation_deg = block->elevation_deg[at]};
    float over = seen.elevation_deg - stack->edge_deg[t];
    if (strip->moves) {
        over = nwc__sight_moved(stack, t, how, rays, c, (float)block->z_m[k], &seen.range_m);
        if (how->bend->n) over += nwc__bend_moved(how->bend, how->nz, block->first + k, rays->node[c], &seen.range_m);
        seen.elevation_deg = stack->edge_deg[t] + over;
    }
    const float wide = how->radius_beams * how->beam_deg * NWC__DEGREE_F * seen.range_m;
    seen.radius_m = wide > how->radius_min_m ? wide : how->radius_min_m;
    seen.up_m = fabsf(over) * NWC__DEGREE_F * seen.range_m;
    seen.azimuth_deg = rays->azimuth_deg[c];
    return seen;
}

static void gather_stack(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip,
                         const nwc__block *block, bool values, nwc__gathered *restrict out)
{
    float azimuth_deg[COLUMNS];
    nwc__rays rays[NWC__MOSAIC_SWEEPS];
    nwc__find_azimuths(strip->east_m, strip->north_m, azimuth_deg);
    for (int32_t t = 0; t < stack->n_planes; t++) nwc__look(&stack->planes[t], how, strip, azimuth_deg, &rays[t]);
    for (int32_t at = 0; at < block->levels * COLUMNS; at++) {
        struct sums into = {.all = 0.0F};
        float off = INFINITY;
        for (int32_t t = 0; block->range_m[at] < INFINITY && t < stack->n_planes; t++) {
            const struct seen seen = see(stack, how, strip, block, &rays[t], t, at / COLUMNS, at % COLUMNS);
            if (!(seen.up_m < seen.radius_m)) continue;
            off = fminf(off, seen.up_m / (NWC__DEGREE_F * seen.range_m));
            add_plane(stack, how, t, rays[t].first[at % COLUMNS], &seen, &into);
        }
        out->age_s[at] = into.all > 0.0F ? -into.after / into.all : NAN;
        out->off_deg[at] = off;
        for (int32_t q = 0; values && q < stack->n_quantities; q++)
            out->value[stack->quantity[q]][at] = mean_of(&into, q, stack->averaging[q], how->min_known * into.all);
    }
}

static void gather(const nwc__stack *const *stacks, int32_t n, const nwc__gathering *how, const nwc__strip *strip,
                   const nwc__block *block, bool values, nwc__gathered *restrict out)
{
    for (int32_t i = n - 1; i >= 0; i--) gather_stack(stacks[i], how, strip, block, values, out); /* age of the first */
}

/* ---- the lowest beam ---- */

static bool lower(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, float *restrict lowest_m)
{
    float azimuth_deg[COLUMNS], height_m[COLUMNS];
    nwc__strip still = *strip;
    nwc__rays rays;
    int32_t left = COLUMNS, t = 0;
    still.moves = false;
    nwc__find_azimuths(strip->east_m, strip->north_m, azimuth_deg);
    for (int32_t c = 0; c < COLUMNS; c++) height_m[c] = INFINITY;
    for (; t < stack->n_planes && left; t++) {
        const nwc__plane *const plane = &stack->planes[t];
        nwc__look(plane, how, &still, azimuth_deg, &rays);
        left = 0;
        for (int32_t c = 0; c < COLUMNS; c++) {
            if (height_m[c] < INFINITY) continue;
            const float east = strip->east_m[c], north = strip->north_m[c];
            const float place = sqrtf(east * east + north * north) / (float)NWC__FLOOR_M;
            const int32_t n = (int32_t)place, ray = rays.first[c] + (rays.far_weight[c] >= 0.5F ? 1 : 0);
            left++;
            if (!(rays.found[c] > 0.0F) || n + 1 >= plane->n_floor) continue;
            const float in = place - (float)n, *const height = plane->floor_m + n,
                        *const range = height + plane->n_floor;
            const float range_m = range[0] + in * (range[1] - range[0]);
            const float gate = (range_m - stack->first_m[t]) * stack->per_m[t];
            if (!(gate > -1.0F && gate < (float)plane->n_gates && range_m < plane->turn[ray].clear_m)) continue;
            height_m[c] = height[0] + in * (height[1] - height[0]);
            left--;
        }
    }
    for (int32_t c = 0; c < COLUMNS; c++)
        lowest_m[c] = height_m[c] < INFINITY && !(lowest_m[c] < height_m[c]) ? height_m[c] : lowest_m[c];
    return !left && t == 1;
}

extern const struct nwc__within_kernels NWC__NAME(nwc__within_kernels);
const struct nwc__within_kernels NWC__NAME(nwc__within_kernels) = {.gather = gather, .lower = lower};
