/* All gates within a radius of every cell of a strip of columns, by the weights of Barnes (1964) or Cressman (1959). */
#include "mosaic/gates.h"

enum { COLUMNS = NWC__MOSAIC_COLUMNS };

/* What is summed of a cell. */
typedef struct sums {
    float value[NWC__MOSAIC_QUANTITIES], echo[NWC__MOSAIC_QUANTITIES], known[NWC__MOSAIC_QUANTITIES], all, after;
} sums;

/* The gates of one ray, whose axis passes across_2 (squared, m2) beside the cell, within a radius of it. */
static void add_ray(const nwc__stack *stack, const nwc__gathering *how, int32_t t, int32_t ray, float range_m,
                    float across_2, float radius_2, sums *into)
{
    const nwc__plane *const plane = &stack->planes[t];
    const float reach = sqrtf(radius_2 - across_2);
    const float low = (range_m - reach - stack->first_m[t]) * stack->per_m[t];
    const float high = low + 2.0F * reach * stack->per_m[t];
    const int32_t first = low > 0.0F ? (int32_t)ceilf(low) : 0;
    const int32_t last = high < (float)(plane->n_gates - 1) ? (int32_t)floorf(high) : plane->n_gates - 1;
    for (int32_t g = first; g <= last; g++) {
        const float along = stack->first_m[t] + (float)g / stack->per_m[t] - range_m, d2 = across_2 + along * along;
        const float weight =
            how->method == NWC_MOSAIC_BARNES ? expf(-4.0F * d2 / radius_2) : (radius_2 - d2) / (radius_2 + d2);
        if (!(weight > 0.0F)) continue;
        into->all += weight;
        into->after += weight * plane->after_s[ray];
        for (int32_t q = 0; q < stack->n_quantities; q++) {
            const float value = stack->cells[q][plane->start + ray * plane->row + g + 1];
            if (stack->decibel[q])
                nwc__add_echo(value, weight, &into->value[q], &into->echo[q], &into->known[q]);
            else
                nwc__add_known(value, weight, &into->value[q], &into->known[q]);
        }
    }
}

/* The rays of one plane about an azimuth: outward from it to either side, each ray once. */
static void add_plane(const nwc__stack *stack, const nwc__gathering *how, int32_t t, float range_m, float elevation_deg,
                      float azimuth, float up_m, float radius_m, sums *into)
{
    const nwc__plane *const plane = &stack->planes[t];
    const float per_deg = range_m * cosf(elevation_deg * NWC__DEGREE_F) * NWC__DEGREE_F;
    const float radius_2 = radius_m * radius_m;
    const int32_t n = plane->n_rays, from = nwc__find_pair(plane, azimuth).first; /* 0 to n */
    for (int32_t side = 0; side < 2; side++) {
        for (int32_t step = 0; step < n; step++) {
            const int32_t ray = side ? (from + step) % n + 1 : (from - 1 - step + 2 * n) % n + 1;
            float turn = side ? plane->azimuth_deg[ray] - azimuth : azimuth - plane->azimuth_deg[ray];
            turn = turn < 0.0F ? turn + 360.0F : turn;
            const float across = turn * per_deg, across_2 = across * across + up_m * up_m;
            if (turn >= 180.0F || !(across_2 < radius_2)) break;
            add_ray(stack, how, t, ray, range_m, across_2, radius_2, into);
        }
    }
}

static void gather(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, const nwc__rays *rays,
                   const nwc__block *block, nwc__gathered *restrict out)
{
    (void)strip;
    for (int32_t k = 0; k < block->n; k++) {
        const float range = block->range_m[k], elevation = block->elevation_deg[k];
        out->age_s[k] = out->off_deg[k] = NAN;
        for (int32_t q = 0; q < stack->n_quantities; q++) out->value[q][k] = NAN;
        if (!(range < INFINITY)) continue;
        const float wide = how->radius_beams * how->beam_deg * NWC__DEGREE_F * range;
        const float radius = wide > how->radius_min_m ? wide : how->radius_min_m;
        sums into = {.all = 0.0F};
        float off = INFINITY;
        for (int32_t t = 0; t < stack->n_planes; t++) {
            const float angle = fabsf(elevation - stack->edge_deg[t]), up = angle * NWC__DEGREE_F * range;
            if (!(up < radius)) continue;
            off = angle < off ? angle : off;
            add_plane(stack, how, t, range, elevation, rays->azimuth_deg[k & (COLUMNS - 1)], up, radius, &into);
        }
        if (!(into.all > 0.0F)) continue;
        for (int32_t q = 0; q < stack->n_quantities; q++) {
            const float known = into.known[q], least = how->min_known * into.all;
            if (stack->decibel[q])
                out->value[q][k] = nwc__echo_as_z(into.value[q], into.echo[q], known, least);
            else
                out->value[q][k] = known > 0.0F && known >= least ? into.value[q] / known : NAN;
        }
        out->age_s[k] = -into.after / into.all;
        out->off_deg[k] = off;
    }
}

extern const struct nwc__within_kernels NWC__NAME(nwc__within_kernels);
const struct nwc__within_kernels NWC__NAME(nwc__within_kernels) = {.gather = gather};
