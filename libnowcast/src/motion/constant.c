/*
 * One motion for the grid: the shift at which the later frame correlates best with the earlier one, over all cells known in both, found
 * from coarse to fine as windows of TREC are. Pairs of frames count alike. Unlike a mean of motion vectors it is that of
 * the rain there is, weak and strong, and cannot be wrong by a few vectors.
 */
#include "motion/correlate.h"

NWC__DECLARE_KERNELS(nwc__correlate_kernels);

enum { FAR = 16 };
#define LEAST_KNOWN 0.1 /* of the cells, in both frames */
#define LEAST_CORRELATION 0.1

/* A tile is a row of shifts, dy. */
struct job {
    const nwc__correlate_kernels *kernels;
    const struct nwc__frame_level *level;
    struct nwc__frame_pair pair;
    int64_t reach_y, reach_x;
    struct nwc__shift *best; /* 2 reach_y + 1 */
};

static struct nwc__window all_of(const struct nwc__frame_level *level)
{
    return (struct nwc__window){0, level->ny, 0, level->nx};
}

static double least_cells(const struct nwc__frame_level *level)
{
    return LEAST_KNOWN * (double)(level->ny * level->nx);
}

static nwc_status try_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__window window = all_of(job->level);
    struct nwc__shift best = {.r = -2.0};
    for (int64_t dx = -job->reach_x; dx <= job->reach_x; dx++) {
        const int64_t dy = tile - job->reach_y;
        const double r =
            nwc__window_correlation(job->kernels, job->level, &job->pair, &window, dx, dy, least_cells(job->level));
        if (r > best.r) best = (struct nwc__shift){.dx = dx, .dy = dy, .r = r};
    }
    job->best[tile] = best;
    return NWC_OK;
}

/* Of one pair; r of the result tells whether there is any. */
static nwc_status shift_of(nwc_ctx *ctx, const struct nwc__frame_pyramid *pyramid, struct job *job,
                           struct nwc__shift *shift)
{
    const int64_t rows = 2 * job->reach_y + 1;
    NWC__TRY(nwc__for_each_tile(ctx, "motion: constant", rows, try_row, job));
    *shift = job->best[0];
    for (int64_t k = 1; k < rows; k++)
        if (job->best[k].r > shift->r) *shift = job->best[k];
    bool found = shift->r > -1.5;
    for (int32_t l = pyramid->n_levels - 1; found && l >= 0; l--) {
        const struct nwc__window window = all_of(&pyramid->level[l]);
        if (l < pyramid->n_levels - 1) shift->dx *= 2, shift->dy *= 2;
        found = nwc__climb(job->kernels, &pyramid->level[l], &job->pair, &window, least_cells(&pyramid->level[l]), 3,
                           shift);
    }
    if (!found) shift->r = -2.0;
    return NWC_OK;
}

nwc_status nwc__motion_constant(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    const int32_t n_pairs = nwc__frame_pairs(problem, pairs);
    const double longest = nwc__longest_shift(problem, pairs, n_pairs);
    const int32_t n_levels = nwc__levels_for(problem, longest, FAR, 0, NWC__PYRAMID_LEVELS);
    int32_t n = 0;
    struct nwc__frame_pyramid pyramid = {.n_levels = 0};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__correlate_kernels)};
    double sum_u = 0.0, sum_v = 0.0;
    if ((status = nwc__quality_near_echo(ctx, problem, quality)) != NWC_OK) goto done;
    if ((status = nwc__frame_pyramid_create(ctx, problem, n_levels, &pyramid)) != NWC_OK) goto done;
    job.level = &pyramid.level[pyramid.n_levels - 1];
    NWC__ALLOC(ctx, job.best, 2 * job.level->ny + 1);
    for (int32_t p = 0; p < n_pairs; p++) {
        const int64_t reach = (int64_t)ceil(ldexp(problem->max_cells_s * pairs[p].dt_s, 1 - pyramid.n_levels));
        struct nwc__shift shift;
        job.pair = pairs[p];
        job.reach_y = reach < job.level->ny ? reach : job.level->ny - 1;
        job.reach_x = reach < job.level->nx ? reach : job.level->nx - 1;
        if ((status = shift_of(ctx, &pyramid, &job, &shift)) != NWC_OK) goto done;
        const double shift_u = shift.x / pairs[p].dt_s, shift_v = shift.y / pairs[p].dt_s;
        if (shift.r < LEAST_CORRELATION || fabs(shift_u) > problem->max_cells_s || fabs(shift_v) > problem->max_cells_s)
            continue;
        sum_u += shift_u, sum_v += shift_v, n++;
    }
    if (n == 0) {
        status = nwc__fail(NWC_ERR_NODATA, "frames: at no shift do any two of the latest %d correlate",
                           (int)problem->n_frames);
        goto done;
    }
    for (int64_t i = 0; i < problem->ny * problem->nx; i++) u[i] = (float)(sum_u / n), v[i] = (float)(sum_v / n);
done:
    nwc__free(ctx, job.best);
    nwc__frame_pyramid_destroy(ctx, &pyramid);
    return status;
}
