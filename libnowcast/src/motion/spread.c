/*
 * Sparse vectors spread over a grid: on nodes every 8 cells the mean of the 20 nearest vectors, weighted by the inverse
 * square of their distance, and between nodes bilinearly. To a distance 7 cells are added, since a vector is an estimate
 * of a window's motion and has an error: near ones share the say, far ones count as little as ever.
 *
 * On real events flatter weights (powers .5 and 1, or 20 cells added) lost up to 2 % of CSI at an hour; weights that
 * all but reproduce each vector (.5 cells added, kriging with little noise) up to 1 % of the errors.
 */
#include "motion/lucas_kanade.h"

NWC__DECLARE_KERNELS(nwc__lk_kernels);

enum {
    SPACING = 8, /* cells between nodes */
    NEAREST = 20
};
#define NEAR 7.0   /* cells: added to a distance */
#define REACH 50.0 /* cells: at this distance from the nearest vector the quality is exp(-1/2) */

/* A tile is a row of nodes, then a row of cells. */
struct job {
    const nwc__lk_kernels *kernels;
    const struct nwc__lk_buckets *buckets;
    int64_t node_ny, node_nx, nx;
    float *node[3];  /* u, v, quality: (node_ny, node_nx) */
    float *cells[3]; /* (ny, nx) */
};

static nwc_status fill_nodes(int64_t row, void *user)
{
    const struct job *const job = user;
    const struct nwc__lk_vector *const vectors = job->buckets->vectors;
    for (int64_t column = 0; column < job->node_nx; column++) {
        int32_t number[NWC__LK_NEAREST];
        double distance2[NWC__LK_NEAREST];
        const int32_t found = nwc__lk_nearest(job->buckets, (double)(column * SPACING), (double)(row * SPACING),
                                              NEAREST, number, distance2);
        double sum = 0.0, u = 0.0, v = 0.0;
        for (int32_t k = 0; k < found; k++) {
            const double distance = sqrt(distance2[k]) + NEAR, weight = 1.0 / (distance * distance);
            sum += weight;
            u += weight * vectors[number[k]].u;
            v += weight * vectors[number[k]].v;
        }
        const int64_t at = row * job->node_nx + column;
        job->node[0][at] = (float)(u / sum);
        job->node[1][at] = (float)(v / sum);
        job->node[2][at] = (float)exp(-0.5 * distance2[0] / (REACH * REACH));
    }
    return NWC_OK;
}

static nwc_status fill_cells(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t at = j / SPACING * job->node_nx;
    const float weight = (float)(j % SPACING) / SPACING;
    for (int f = 0; f < 3; f++)
        job->kernels->blend(job->node[f] + at, job->node[f] + at + job->node_nx, weight, SPACING, job->nx,
                            job->cells[f] + j * job->nx);
    return NWC_OK;
}

nwc_status nwc__lk_spread(nwc_ctx *ctx, const struct nwc__lk_vector *vectors, int64_t n, int64_t ny, int64_t nx,
                          float *u, float *v, float *quality)
{
    nwc_status status = NWC_OK;
    struct nwc__lk_buckets buckets = {.n = 0};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__lk_kernels),
                      .buckets = &buckets,
                      .node_ny = (ny - 1) / SPACING + 2,
                      .node_nx = (nx - 1) / SPACING + 2,
                      .nx = nx,
                      .cells = {u, v, quality}};
    if ((status = nwc__lk_buckets_create(ctx, vectors, n, &buckets)) != NWC_OK) goto done;
    for (int f = 0; f < 3; f++) NWC__ALLOC(ctx, job.node[f], job.node_ny * job.node_nx);
    if ((status = nwc__for_each_tile(ctx, NULL, job.node_ny, fill_nodes, &job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, NULL, ny, fill_cells, &job);
done:
    for (int f = 2; f >= 0; f--) nwc__free(ctx, job.node[f]);
    nwc__lk_buckets_destroy(ctx, &buckets);
    return status;
}
