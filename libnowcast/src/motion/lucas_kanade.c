/*
 * Dense Lucas-Kanade motion: corners of every frame but the newest are tracked into the next one; the vectors of all pairs
 * are pooled, freed of outliers, declustered and spread over the grid.
 *
 * Tracked is the fourth root of the rain rate: like a logarithm it shows weak and strong echo alike, without one's jump
 * at the least rate. A vector is placed where its feature is at the newest time if it moves on as it did, since the
 * forecast starts there.
 */
#include "motion/lucas_kanade.h"

#include "motion/internal.h"

enum { MOST_CORNERS = 1000 };
#define CLUSTER 20.0   /* cells: one vector for each square of this side */
#define LEAST_STEP 0.1 /* cells in one time step: smaller differences between neighbours are not outliers */

struct work {
    struct nwc__lk_pyramid pyramid[2]; /* of the earlier and the later frame of a pair; they change places */
    struct nwc__lk_corner *corners;
    struct nwc__lk_track *tracks;
    struct nwc__lk_vector *vectors;
    int64_t n;
};

/* Where the feature at (y, x) of frame k is at the newest time, if its motion can be believed. */
static void add_vector(const struct nwc__motion_problem *problem, int32_t k, const struct nwc__lk_corner *corner,
                       const struct nwc__lk_track *track, struct work *work)
{
    const double dt_s = problem->time_s[k + 1] - problem->time_s[k];
    const double u = track->dx / dt_s, v = track->dy / dt_s;
    if (!track->found || fabs(u) > problem->max_cells_s || fabs(v) > problem->max_cells_s) return;
    const double age_s = -problem->time_s[k];
    work->vectors[work->n++] =
        (struct nwc__lk_vector){.x = (double)corner->x + u * age_s, .y = (double)corner->y + v * age_s, .u = u, .v = v};
}

static nwc_status follow_pair(nwc_ctx *ctx, const struct nwc__motion_problem *problem, int32_t k, float *response,
                              struct work *work)
{
    struct nwc__lk_pyramid *const earlier = &work->pyramid[k % 2], *const later = &work->pyramid[(k + 1) % 2];
    int64_t n;
    NWC__TRY(nwc__lk_pyramid_fill(ctx, problem->x[k + 1], later));
    NWC__TRY(nwc__lk_pyramid_mask(ctx, problem->known[k], problem->known[k + 1], earlier));
    NWC__TRY(nwc__lk_corners(ctx, &earlier->level[0], MOST_CORNERS, response, work->corners, &n));
    NWC__TRY(nwc__lk_track_corners(ctx, earlier, later, work->corners, n, work->tracks));
    for (int64_t c = 0; c < n; c++) add_vector(problem, k, &work->corners[c], &work->tracks[c], work);
    return NWC_OK;
}

nwc_status nwc__motion_lucas_kanade(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                    const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    const int32_t pairs = problem->n_frames - 1;
    struct work work = {.n = 0};
    for (int p = 0; p < 2; p++)
        if ((status = nwc__lk_pyramid_create(ctx, problem->ny, problem->nx, true, &work.pyramid[p])) != NWC_OK)
            goto done;
    NWC__ALLOC(ctx, work.corners, MOST_CORNERS);
    NWC__ALLOC(ctx, work.tracks, MOST_CORNERS);
    NWC__ALLOC(ctx, work.vectors, (int64_t)MOST_CORNERS * pairs);
    if ((status = nwc__lk_pyramid_fill(ctx, problem->x[0], &work.pyramid[0])) != NWC_OK) goto done;
    for (int32_t k = 0; k < pairs; k++) /* u is free until the end, and serves as scratch */
        if ((status = follow_pair(ctx, problem, k, u, &work)) != NWC_OK) goto done;
    const double step_s = (problem->time_s[pairs] - problem->time_s[0]) / pairs;
    if ((status = nwc__lk_drop_outliers(ctx, LEAST_STEP / step_s, work.vectors, &work.n)) != NWC_OK) goto done;
    if ((status = nwc__lk_decluster(ctx, CLUSTER, work.vectors, &work.n)) != NWC_OK) goto done;
    if (work.n == 0)
        status = nwc__fail(NWC_ERR_NODATA, "frames: no feature could be followed through the latest %d",
                           (int)problem->n_frames);
    else
        status = nwc__lk_spread(ctx, work.vectors, work.n, problem->ny, problem->nx, u, v, quality);
done:
    nwc__free(ctx, work.vectors);
    nwc__free(ctx, work.tracks);
    nwc__free(ctx, work.corners);
    for (int p = 1; p >= 0; p--) nwc__lk_pyramid_destroy(ctx, &work.pyramid[p]);
    return status;
}
