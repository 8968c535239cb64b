/*
 * The rays of a plane that are about the columns of a strip, and where it looked at what moves: found once for each
 * column and plane, all columns at once as vectors. Included by kernels alone.
 */
#ifndef NWC_MOSAIC_RAYS_H
#define NWC_MOSAIC_RAYS_H

#include "mosaic/gates.h"

/* Of one plane, by column: the rays to either side of an azimuth. */
typedef struct nwc__rays {
    int32_t first[NWC__MOSAIC_COLUMNS];                                      /* the number of the first of the two */
    int32_t near[NWC__MOSAIC_COLUMNS], far[NWC__MOSAIC_COLUMNS];             /* rows of the gates of both */
    float near_weight[NWC__MOSAIC_COLUMNS], far_weight[NWC__MOSAIC_COLUMNS]; /* 0 in a hole */
    float found[NWC__MOSAIC_COLUMNS];                                        /* 1, or 0 in a hole */
    float after_s[NWC__MOSAIC_COLUMNS];                                      /* when, after the time of the mosaic */
    float azimuth_deg[NWC__MOSAIC_COLUMNS];
    int32_t least, most; /* of first */
    /*
     * Where it looked at what is over the column at that time: sine and 2 sin^2 of half the angle around the earth, and
     * the place in bend.
     */
    float sine[NWC__MOSAIC_COLUMNS], versine[NWC__MOSAIC_COLUMNS], node[NWC__MOSAIC_COLUMNS];
} nwc__rays;

static inline void nwc__find_azimuths(const float *restrict east_m, const float *restrict north_m,
                                      float *restrict azimuth_deg)
{
    for (int32_t c = 0; c < NWC__MOSAIC_COLUMNS; c++) {
        const float east = east_m[c], above = nwc__angle_above(north_m[c], fabsf(east));
        const float azimuth = east < 0.0F ? 270.0F + above : 90.0F - above;
        azimuth_deg[c] = azimuth < 360.0F ? azimuth : azimuth - 360.0F;
    }
}

/* About azimuth_deg. */
static inline void nwc__find_rays(const nwc__plane *plane, bool nearest, nwc__rays *restrict rays)
{
    float from_deg[NWC__MOSAIC_COLUMNS], to_deg[NWC__MOSAIC_COLUMNS];
    float from_s[NWC__MOSAIC_COLUMNS], to_s[NWC__MOSAIC_COLUMNS];
    const nwc__turn *restrict const turn = plane->turn;
    const float hole = plane->hole_deg, edge = 0.2F * hole; /* half a usual step is still that of the ray there */
    int32_t least = plane->n_rays, most = 0;
    for (int32_t c = 0; c < NWC__MOSAIC_COLUMNS; c++) {
        const float azimuth = rays->azimuth_deg[c];
        const int32_t b = (int32_t)(azimuth * (NWC__MOSAIC_BINS / 360.0F) - 0.01F); /* never the bin after */
        int32_t i = plane->bin[b < 0 ? 0 : b >= NWC__MOSAIC_BINS ? NWC__MOSAIC_BINS - 1 : b];
        i += turn[i + 1].azimuth_deg <= azimuth ? 1 : 0; /* of the next ones the first lies beyond, as a rule */
        while (turn[i + 1].azimuth_deg <= azimuth) i++;  /* the last lies beyond 360 degrees */
        rays->first[c] = i, rays->near[c] = turn[i].row, rays->far[c] = turn[i + 1].row;
        from_deg[c] = turn[i].azimuth_deg, to_deg[c] = turn[i + 1].azimuth_deg;
        from_s[c] = turn[i].after_s, to_s[c] = turn[i + 1].after_s;
        least = i < least ? i : least;
        most = i > most ? i : most;
    }
    rays->least = least, rays->most = most;
#pragma omp simd
    for (int32_t c = 0; c < NWC__MOSAIC_COLUMNS; c++) {
        const float gap = to_deg[c] - from_deg[c], in = rays->azimuth_deg[c] - from_deg[c];
        const bool is_hole = gap > hole, at_first = in <= edge, at_second = gap - in <= edge;
        const float between = gap > 0.0F ? in / (gap > 0.0F ? gap : 1.0F) : 0.0F;
        const float part = is_hole ? (at_first ? 0.0F : 1.0F) : between;
        const float weight = nearest ? (part < 0.5F ? 0.0F : 1.0F) : part;
        const float found = (is_hole & !(at_first | at_second)) ? 0.0F : 1.0F;
        rays->found[c] = found;
        rays->far_weight[c] = found * weight, rays->near_weight[c] = found - found * weight;
        rays->after_s[c] = from_s[c] + part * (to_s[c] - from_s[c]);
    }
}

/* Of what moves: to where it was when the plane looked at it. */
static inline void nwc__move_back(const nwc__plane *plane, const nwc__gathering *how, const nwc__strip *strip,
                                  nwc__rays *restrict rays)
{
    float east_m[NWC__MOSAIC_COLUMNS], north_m[NWC__MOSAIC_COLUMNS];
    const float middle_s = plane->turn[(plane->n_rays + 1) / 2].after_s;
    nwc__find_rays(plane, false, rays);
    for (int32_t c = 0; c < NWC__MOSAIC_COLUMNS; c++) {
        const float after_s = rays->found[c] > 0.0F ? rays->after_s[c] : middle_s;
        const float east = strip->east_m[c] + after_s * strip->east_m_s[c];
        const float north = strip->north_m[c] + after_s * strip->north_m_s[c];
        const float around = sqrtf(east * east + north * north) / how->sphere_m, a2 = around * around;
        east_m[c] = east, north_m[c] = north;
        rays->sine[c] = around * (1.0F - a2 * (1.0F / 6.0F - a2 * (1.0F / 120.0F - a2 * (1.0F / 5040.0F))));
        rays->versine[c] =
            a2 * (0.5F - a2 * (1.0F / 24.0F - a2 * (1.0F / 720.0F - a2 * (1.0F / 40320.0F)))); /* to 0.7, 6 Mm */
    }
    if (how->bend->n) {
        const float per_m = (float)(1.0 / how->bend->node_m), last = (float)(how->bend->n - 2);
        for (int32_t c = 0; c < NWC__MOSAIC_COLUMNS; c++) {
            const float node = sqrtf(east_m[c] * east_m[c] + north_m[c] * north_m[c]) * per_m;
            rays->node[c] = node < last ? node : last;
        }
    }
    nwc__find_azimuths(east_m, north_m, rays->azimuth_deg);
}

/* The rays about the columns whose azimuths are given, or about where what is over them was. */
static inline void nwc__look(const nwc__plane *plane, const nwc__gathering *how, const nwc__strip *strip,
                             const float *restrict azimuth_deg, nwc__rays *restrict rays)
{
    for (int32_t c = 0; c < NWC__MOSAIC_COLUMNS; c++) rays->azimuth_deg[c] = azimuth_deg[c];
    if (strip->moves) nwc__move_back(plane, how, strip, rays);
    nwc__find_rays(plane, how->method == NWC_MOSAIC_NEAREST, rays);
}

/* The angle of a cell of what moves over a plane, degrees, and its range, where the plane looked at it. */
static inline float nwc__sight_moved(const nwc__stack *stack, int32_t t, const nwc__gathering *how,
                                     const nwc__rays *rays, int32_t c, float z_m, float *range_m)
{
    const float place = how->sphere_m + z_m, out = place * rays->sine[c];
    const float up = z_m - how->altitude_m - place * rays->versine[c], range = sqrtf(out * out + up * up);
    const float x = (up * stack->edge_cosine[t] - out * stack->edge_sine[t]) / (range > 0.0F ? range : 1.0F), y = x * x;
    *range_m = range;
    /* The sine of the angle; the series is within 1e-3 of it to 40 degrees, beyond which nothing is weighed. */
    return x * (1.0F + y * (0.166666667F + y * (0.075F + y * 0.0446428571F))) / NWC__DEGREE_F;
}

/* What the bend of beams adds to it, at a level of the grid. */
static inline float nwc__bend_moved(const nwc__bend *bend, int64_t nz, int64_t k, float node, float *range_m)
{
    const int32_t whole = (int32_t)node;
    const float in = node - (float)whole;
    const int64_t near = whole * nz + k, far = near + nz;
    *range_m += bend->range_m[near] + in * (bend->range_m[far] - bend->range_m[near]);
    return bend->elevation_deg[near] + in * (bend->elevation_deg[far] - bend->elevation_deg[near]);
}

#endif
