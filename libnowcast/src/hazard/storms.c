/* Storms as warnings want them, of tracks as trackers have them. */
#include "hazard/hazard.h"

/* Places of points, and the turn of the grid there; place: 4 n, of which x and y come first and become longitude and latitude. */
static nwc_status find_places(nwc_ctx *ctx, const nwc_grid *grid, const nwc_track_point *points, int64_t n,
                              double *place)
{
    for (int64_t p = 0; p < n; p++) place[p] = points[p].x, place[n + p] = points[p].y;
    NWC__TRY(nwc__grid_turn_at(ctx, grid, n, place, place + n, place + 2 * n, place + 3 * n));
    return nwc_grid_to_lonlat(ctx, grid, n, place, place + n, place, place + n);
}

nwc_status nwc_hazard_storms_of(nwc_ctx *ctx, const nwc_grid *grid, const nwc_track_point *points, int64_t n,
                                nwc_hazard_storm *storms)
{
    ctx = nwc__ctx(ctx);
    if (n < 0 || (n && (!points || !storms)))
        return nwc__fail(NWC_ERR_ARG, "points, storms: %lld points and a place for as many storms expected",
                         (long long)n);
    NWC__TRY(nwc_grid_check(ctx, grid));
    nwc_status status = NWC_OK;
    double *place = NULL;
    NWC__ALLOC(ctx, place, 4 * n);
    if ((status = find_places(ctx, grid, points, n, place)) != NWC_OK) goto done;
    for (int64_t p = 0; p < n; p++) {
        const double sine = place[2 * n + p], cosine = place[3 * n + p];
        storms[p] = (nwc_hazard_storm){.id = points[p].track,
                                       .longitude_deg = place[p],
                                       .latitude_deg = place[n + p],
                                       .u_m_s = points[p].u * cosine + points[p].v * sine,
                                       .v_m_s = points[p].v * cosine - points[p].u * sine};
    }
done:
    nwc__free(ctx, place);
    return status;
}
