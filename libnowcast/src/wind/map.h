/* The surroundings of a radar, by distance east and north of it along geodesics, in the box of the variational wind. */
#ifndef NWC_WIND_MAP_H
#define NWC_WIND_MAP_H

#include "wind/frame.h"

typedef struct nwc__wind_map {
    nwc_beam *beam;
    int64_t n; /* nodes along each side */
    double first_m;
    double *x, *y; /* (n, n) */
    double width;  /* of the beam, radians */
} nwc__wind_map;

/* Up to reach_m from a radar. What fails is to be released too. */
nwc_status nwc__wind_map_create(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_volume_facts *facts,
                                double reach_m, nwc__wind_map *map);
void nwc__wind_map_release(nwc_ctx *ctx, nwc__wind_map *map);

/* Where a gate lies in the box, and the direction of its beam over the ground there; x is NaN beyond the map. */
typedef struct nwc__wind_spot {
    double x, y, along[2];
} nwc__wind_spot;
nwc__wind_spot nwc__wind_map_look_up(const nwc__wind_map *map, double ground_m, double sine, double cosine);

#endif
