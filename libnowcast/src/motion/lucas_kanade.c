/*
 * Dense Lucas-Kanade motion: corners of a frame are tracked into the first one that is late enough for them to have
 * moved; the vectors of all such pairs are pooled, freed of outliers, declustered and spread over the grid.
 *
 * Tracked is log(1 + rate / 0.3 mm h-1): a logarithm shows weak and strong echo alike, and this one has no jump at the
 * least rate. Roots of the rate lost on one event or another: the fourth 1.5 % of CSI at 5 mm/h and of the errors, the
 * square root 2 % of CSI. A vector is placed where its feature is at the newest time if it moves on as it did, since the
 * forecast starts there.
 */
#include "motion/lucas_kanade.h"

#include "motion/frames.h"

enum { MOST_CORNERS = 1000 };
#define CLUSTER 20.0   /* cells: one vector for each square of this side */
#define LEAST_STEP 0.1 /* cells in one time step: smaller differences between neighbours are not outliers */

struct work {
    struct nwc__lk_pyramid pyramid[2]; /* of the two frames of a pair */
    int32_t held[2];                   /* the frame each is of, -1 for none */
    struct nwc__lk_corner *corners;
    struct nwc__lk_track *tracks;
    struct nwc__lk_vector *vectors;
    int64_t n;
    int32_t pairs;
    double sum_s; /* of the times between frames, over pairs */
};

/* The pyramid of a frame; it does not take the place of that of frame other. */
static nwc_status take_pyramid(nwc_ctx *ctx, const struct nwc__motion_problem *problem, int32_t frame, int32_t other,
                               struct work *work, struct nwc__lk_pyramid **pyramid)
{
    const int p = work->held[0] == frame || (work->held[1] != frame && work->held[0] != other) ? 0 : 1;
    *pyramid = &work->pyramid[p];
    if (work->held[p] == frame) return NWC_OK;
    work->held[p] = frame;
    return nwc__lk_pyramid_fill(ctx, problem->x[frame], *pyramid);
}

static nwc_status follow_pair(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                              const struct nwc__frame_pair *pair, float *response, struct work *work)
{
    const int32_t k_earlier = pair->earlier, k_later = pair->later;
    struct nwc__lk_pyramid *earlier, *later;
    int64_t n;
    NWC__TRY(take_pyramid(ctx, problem, k_earlier, k_later, work, &earlier));
    NWC__TRY(take_pyramid(ctx, problem, k_later, k_earlier, work, &later));
    NWC__TRY(nwc__lk_pyramid_mask(ctx, problem->known[k_earlier], problem->known[k_later], earlier));
    NWC__TRY(nwc__lk_corners(ctx, &earlier->level[0], MOST_CORNERS, response, work->corners, &n));
    NWC__TRY(nwc__lk_track_corners(ctx, earlier, later, work->corners, n, work->tracks));
    const double dt_s = pair->dt_s, age_s = -problem->time_s[k_earlier];
    work->pairs++, work->sum_s += dt_s;
    for (int64_t c = 0; c < n; c++) {
        const double u = work->tracks[c].dx / dt_s, v = work->tracks[c].dy / dt_s;
        if (!work->tracks[c].found || fabs(u) > problem->max_cells_s || fabs(v) > problem->max_cells_s) continue;
        work->vectors[work->n++] = (struct nwc__lk_vector){.x = (double)work->corners[c].x + u * age_s,
                                                           .y = (double)work->corners[c].y + v * age_s,
                                                           .u = u,
                                                           .v = v};
    }
    return NWC_OK;
}

/* Oldest pair first, so that a pyramid made for one is there for the next. */
static nwc_status follow_all(nwc_ctx *ctx, const struct nwc__motion_problem *problem, float *response,
                             struct work *work)
{
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    for (int32_t p = nwc__frame_pairs(problem, pairs) - 1; p >= 0; p--)
        NWC__TRY(follow_pair(ctx, problem, &pairs[p], response, work));
    return NWC_OK;
}

nwc_status nwc__motion_lucas_kanade(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                    const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    struct work work = {.held = {-1, -1}};
    for (int p = 0; p < 2; p++)
        if ((status = nwc__lk_pyramid_create(ctx, problem->ny, problem->nx, true, &work.pyramid[p])) != NWC_OK)
            goto done;
    NWC__ALLOC(ctx, work.corners, MOST_CORNERS);
    NWC__ALLOC(ctx, work.tracks, MOST_CORNERS);
    NWC__ALLOC(ctx, work.vectors, (int64_t)MOST_CORNERS * (problem->n_frames - 1));
    if ((status = follow_all(ctx, problem, u, &work)) != NWC_OK) goto done; /* u is free until the end: scratch */
    const double step_s = work.sum_s / work.pairs;
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
