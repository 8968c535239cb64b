/*
 * How the motion field itself moves: a share of the motion smoothed by a Gaussian as wide as a storm system.
 *
 * The Gaussian is far wider than the nodes are apart, so it works on means over blocks of nodes of about a quarter of its
 * standard deviation, which it widens by less than half a percent; between block centres its result is linear. At the
 * edge of the grid the weights of what lies inside are scaled up to 1, so that a uniform motion stays what it is.
 */
#include "forecast/trajectory.h"

enum { BLOCKS_IN_SIGMA = 4 };

/* One axis: n nodes in blocks, and the weights of blocks 0 to reach away. */
struct axis {
    int64_t nodes, blocks, size; /* size: nodes in a block */
    int64_t reach;
    float *weight;
};

/* What the tiles of all stages share. */
struct job {
    struct axis x, y;
    const float *motion;  /* (nodes, nodes) */
    float *block, *other; /* (blocks, blocks) */
    const float *per_metre;
    float *velocity; /* out: (nodes, nodes) */
    float travel;
};

static nwc_status axis_create(nwc_ctx *ctx, int64_t nodes, double sigma_nodes, struct axis *axis)
{
    nwc_status status = NWC_OK;
    const double size = sigma_nodes / BLOCKS_IN_SIGMA;
    *axis = (struct axis){.nodes = nodes};
    axis->size = size < 1.0 ? 1 : size > (double)nodes ? nodes : (int64_t)size;
    axis->blocks = (nodes + axis->size - 1) / axis->size;
    const double sigma = sigma_nodes / (double)axis->size, wanted = 3.0 * sigma;
    axis->reach = wanted < (double)axis->blocks ? (int64_t)wanted : axis->blocks;
    NWC__ALLOC(ctx, axis->weight, axis->reach + 1);
    axis->weight[0] = 1.0f;
    for (int64_t k = 1; k <= axis->reach; k++) axis->weight[k] = (float)exp(-0.5 * (double)(k * k) / (sigma * sigma));
done:
    return status;
}

/* Row of block means. */
static nwc_status average(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->x.nodes, j0 = tile * job->y.size;
    const int64_t j1 = j0 + job->y.size < job->y.nodes ? j0 + job->y.size : job->y.nodes;
    for (int64_t b = 0; b < job->x.blocks; b++) {
        const int64_t i0 = b * job->x.size, i1 = i0 + job->x.size < nx ? i0 + job->x.size : nx;
        double sum = 0.0;
        for (int64_t j = j0; j < j1; j++)
            for (int64_t i = i0; i < i1; i++) sum += (double)job->motion[j * nx + i];
        job->block[tile * job->x.blocks + b] = (float)(sum / (double)((j1 - j0) * (i1 - i0)));
    }
    return NWC_OK;
}

/* Weighted mean of the cells along one axis around cell at, those beyond an end left out. */
static float smoothed(const struct axis *axis, const float *cell, int64_t at, int64_t stride)
{
    float sum = cell[at * stride], total = 1.0f;
    for (int64_t k = 1; k <= axis->reach; k++) {
        const float w = axis->weight[k];
        if (at - k >= 0) sum += w * cell[(at - k) * stride], total += w;
        if (at + k < axis->blocks) sum += w * cell[(at + k) * stride], total += w;
    }
    return sum / total;
}

static nwc_status smooth_along_x(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t row = tile * job->x.blocks;
    for (int64_t b = 0; b < job->x.blocks; b++) job->other[row + b] = smoothed(&job->x, job->block + row, b, 1);
    return NWC_OK;
}

static nwc_status smooth_along_y(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t row = tile * job->x.blocks;
    for (int64_t b = 0; b < job->x.blocks; b++)
        job->block[row + b] = smoothed(&job->y, job->other + b, tile, job->x.blocks);
    return NWC_OK;
}

/* The two blocks between whose centres a node lies, and the share of the second. */
static float between(const struct axis *axis, int64_t node, int64_t *first, int64_t *second)
{
    const double at = ((double)node - 0.5 * (double)(axis->size - 1)) / (double)axis->size;
    const double within = fmax(0.0, fmin(at, (double)(axis->blocks - 1)));
    *first = (int64_t)within;
    *second = *first + 1 < axis->blocks ? *first + 1 : *first;
    return (float)(within - (double)*first);
}

static nwc_status spread(int64_t tile, void *user)
{
    const struct job *const job = user;
    int64_t j0, j1, i0, i1;
    const float b = between(&job->y, tile, &j0, &j1);
    const float *const low = job->block + j0 * job->x.blocks, *const high = job->block + j1 * job->x.blocks;
    for (int64_t i = 0; i < job->x.nodes; i++) {
        const float a = between(&job->x, i, &i0, &i1);
        const float from = low[i0] + a * (low[i1] - low[i0]), to = high[i0] + a * (high[i1] - high[i0]);
        const int64_t n = tile * job->x.nodes + i;
        job->velocity[n] = job->travel * job->per_metre[n] * (from + b * (to - from));
    }
    return NWC_OK;
}

/* One component. */
static nwc_status steer(nwc_ctx *ctx, struct job *job)
{
    NWC__TRY(nwc__for_each_tile(ctx, "motion field", job->y.blocks, average, job));
    NWC__TRY(nwc__for_each_tile(ctx, "motion field", job->y.blocks, smooth_along_x, job));
    NWC__TRY(nwc__for_each_tile(ctx, "motion field", job->y.blocks, smooth_along_y, job));
    return nwc__for_each_tile(ctx, "motion field", job->y.nodes, spread, job);
}

nwc_status nwc__steering(nwc_ctx *ctx, nwc__trajectories *t, const nwc__metric *metric, double travel, double scale_m)
{
    struct job job = {.travel = (float)travel, .block = t->mu, .other = t->mv};
    nwc_status status = axis_create(ctx, t->nx, scale_m / (metric->mean_dx_m * t->spacing), &job.x);
    if (status != NWC_OK) goto done;
    status = axis_create(ctx, t->ny, scale_m / (metric->mean_dy_m * t->spacing), &job.y);
    if (status != NWC_OK) goto done;
    job.motion = t->u, job.per_metre = t->kx, job.velocity = t->cu;
    if ((status = steer(ctx, &job)) != NWC_OK) goto done;
    job.motion = t->v, job.per_metre = t->ky, job.velocity = t->cv;
    status = steer(ctx, &job);
done:
    nwc__free(ctx, job.y.weight);
    nwc__free(ctx, job.x.weight);
    return status;
}
