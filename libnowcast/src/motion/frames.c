/* The frames of a problem at several resolutions, and which of them are compared. */
#include "motion/frames.h"
#include "motion/variational.h"

NWC__DECLARE_KERNELS(nwc__flow_kernels);

struct job {
    const nwc__flow_kernels *kernels;
    const struct nwc__motion_problem *problem;
    struct nwc__frame_pyramid *pyramid;
    int32_t l;
};

/* A tile is a row of one frame. */
static nwc_status mark_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->problem->nx, f = tile / job->problem->ny, at = tile % job->problem->ny * nx;
    job->kernels->mark(job->problem->x[f] + at, job->problem->known[f] + at, nx, job->pyramid->level[0].frame[f] + at);
    return NWC_OK;
}

static nwc_status halve_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l], *const fine = level - 1;
    const int64_t f = tile / level->ny, j = tile % level->ny;
    const int64_t south = 2 * j, north = 2 * j + 1 < fine->ny ? 2 * j + 1 : 2 * j;
    job->kernels->halve(fine->frame[f] + south * fine->nx, fine->frame[f] + north * fine->nx, fine->nx,
                        level->frame[f] + j * level->nx);
    return NWC_OK;
}

nwc_status nwc__frame_pyramid_create(nwc_ctx *ctx, const struct nwc__motion_problem *problem, int32_t n_levels,
                                     struct nwc__frame_pyramid *pyramid)
{
    assert(n_levels >= 1 && n_levels <= NWC__PYRAMID_LEVELS && problem->n_frames <= NWC__MOST_FRAMES);
    nwc_status status = NWC_OK;
    *pyramid = (struct nwc__frame_pyramid){.n_levels = 1, .n_frames = problem->n_frames};
    pyramid->level[0] = (struct nwc__frame_level){.ny = problem->ny, .nx = problem->nx};
    for (; pyramid->n_levels < n_levels; pyramid->n_levels++) {
        const struct nwc__frame_level *const last = &pyramid->level[pyramid->n_levels - 1];
        if (last->ny == 1 && last->nx == 1) break;
        pyramid->level[pyramid->n_levels] =
            (struct nwc__frame_level){.ny = (last->ny + 1) / 2, .nx = (last->nx + 1) / 2};
    }
    for (int32_t l = 0; l < pyramid->n_levels; l++)
        for (int32_t f = 0; f < problem->n_frames; f++)
            NWC__ALLOC(ctx, pyramid->level[l].frame[f], pyramid->level[l].ny * pyramid->level[l].nx);
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__flow_kernels), .problem = problem, .pyramid = pyramid};
    if ((status = nwc__for_each_tile(ctx, NULL, problem->n_frames * problem->ny, mark_row, &job)) != NWC_OK) goto done;
    for (job.l = 1; job.l < pyramid->n_levels; job.l++) {
        const int64_t rows = problem->n_frames * pyramid->level[job.l].ny;
        if ((status = nwc__for_each_tile(ctx, NULL, rows, halve_row, &job)) != NWC_OK) goto done;
    }
    if (problem->forget) problem->forget(problem->user);
done:
    return status;
}

void nwc__frame_pyramid_destroy(nwc_ctx *ctx, struct nwc__frame_pyramid *pyramid)
{
    for (int32_t l = 0; l < pyramid->n_levels; l++)
        for (int32_t f = 0; f < pyramid->n_frames; f++) nwc__free(ctx, pyramid->level[l].frame[f]);
    *pyramid = (struct nwc__frame_pyramid){.n_levels = 0};
}

int32_t nwc__frame_pairs(const struct nwc__motion_problem *problem, struct nwc__frame_pair *pairs)
{
    const double *const time_s = problem->time_s;
    int32_t n = 0;
    for (int32_t later = problem->n_frames - 1; later > 0; later--) {
        int32_t earlier = later - 1;
        while (earlier >= 0 && time_s[later] - time_s[earlier] < NWC__MOTION_SHORTEST_S - 1e-6) earlier--;
        if (earlier >= 0) pairs[n++] = (struct nwc__frame_pair){earlier, later, time_s[later] - time_s[earlier]};
    }
    const int32_t newest = problem->n_frames - 1;
    if (n == 0) pairs[n++] = (struct nwc__frame_pair){0, newest, time_s[newest] - time_s[0]};
    return n;
}

double nwc__longest_shift(const struct nwc__motion_problem *problem, const struct nwc__frame_pair *pairs, int32_t n)
{
    double longest = 0.0;
    for (int32_t p = 0; p < n; p++) longest = fmax(longest, problem->max_cells_s * pairs[p].dt_s);
    return longest;
}

int32_t nwc__levels_for(const struct nwc__motion_problem *problem, double longest, double far, int64_t shortest,
                        int32_t most)
{
    const int64_t shorter = problem->ny < problem->nx ? problem->ny : problem->nx;
    int32_t n = 1;
    while (n < most && ldexp(longest, 1 - n) > far && shorter >> n >= shortest) n++;
    return n;
}
