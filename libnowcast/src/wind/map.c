/* Places about a radar in the box of the variational wind: geodesics to the nodes of a map, and linear between them. */
#include "wind/map.h"

#define NODE_M 10e3  /* between nodes */
#define BEAM_DEG 1.0 /* of radars that do not say */

nwc_status nwc__wind_map_create(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_volume_facts *facts,
                                double reach_m, nwc__wind_map *map)
{
    nwc_status status;
    *map = (nwc__wind_map){.beam = NULL};
    if ((status = nwc_beam_create(ctx, facts->latitude_deg, facts->longitude_deg, facts->altitude_m, NULL,
                                  &map->beam)) != NWC_OK)
        return status;
    map->n = 2 * (int64_t)ceil(reach_m / NODE_M) + 1;
    map->first_m = -0.5 * (double)(map->n - 1) * NODE_M;
    map->width = NWC__RADIANS * (facts->beam_width_h_deg > 0.0 ? facts->beam_width_h_deg : BEAM_DEG);
    NWC__ALLOC(ctx, map->x, map->n * map->n);
    NWC__ALLOC(ctx, map->y, map->n * map->n);
    for (int64_t j = 0; j < map->n; j++)
        for (int64_t i = 0; i < map->n; i++) {
            const double east = map->first_m + (double)i * NODE_M, north = map->first_m + (double)j * NODE_M;
            double *const lon = &map->x[j * map->n + i], *const lat = &map->y[j * map->n + i];
            geod_direct(&map->beam->ellipsoid, facts->latitude_deg, facts->longitude_deg,
                        atan2(east, north) / NWC__RADIANS, hypot(east, north), lat, lon, NULL);
        }
    status = nwc_grid_from_lonlat(ctx, frame->grid, map->n * map->n, map->x, map->y, map->x, map->y);
    for (int64_t c = 0; c < map->n * map->n && status == NWC_OK; c++) {
        map->x[c] = (map->x[c] - frame->west) * frame->per_x;
        map->y[c] = (map->y[c] - frame->south) * frame->per_y;
    }
done:
    return status;
}

void nwc__wind_map_release(nwc_ctx *ctx, nwc__wind_map *map)
{
    nwc__free(ctx, map->y);
    nwc__free(ctx, map->x);
    nwc_beam_destroy(map->beam);
    *map = (nwc__wind_map){.beam = NULL};
}

nwc__wind_spot nwc__wind_map_look_up(const nwc__wind_map *map, double ground_m, double sine, double cosine)
{
    const double e = (ground_m * sine - map->first_m) / NODE_M, n = (ground_m * cosine - map->first_m) / NODE_M;
    const int64_t i = (int64_t)e, j = (int64_t)n;
    if (!(e >= 0.0 && n >= 0.0 && i + 1 < map->n && j + 1 < map->n)) return (nwc__wind_spot){.x = NAN};
    const double fe = e - (double)i, fn = n - (double)j;
    const double *const x = map->x + j * map->n + i, *const y = map->y + j * map->n + i;
    nwc__wind_spot spot;
    double by_east[2], by_north[2];
    const double *const part[2] = {x, y};
    double at[2];
    for (int a = 0; a < 2; a++) {
        const double sw = part[a][0], se = part[a][1], nw = part[a][map->n], ne = part[a][map->n + 1];
        by_east[a] = (1.0 - fn) * (se - sw) + fn * (ne - nw);
        by_north[a] = (1.0 - fe) * (nw - sw) + fe * (ne - se);
        at[a] = (1.0 - fn) * (sw + fe * (se - sw)) + fn * (nw + fe * (ne - nw));
    }
    spot.x = at[0], spot.y = at[1];
    for (int a = 0; a < 2; a++) spot.along[a] = sine * by_east[a] + cosine * by_north[a];
    const double length = hypot(spot.along[0], spot.along[1]);
    spot.along[0] /= length, spot.along[1] /= length;
    return spot;
}
