/* Fields on nodes, a row and a column of them every few cells, and the cells between. */
#include "motion/frames.h"
#include "motion/lucas_kanade.h"

NWC__DECLARE_KERNELS(nwc__lk_kernels);

enum { SQUARE = 8 }; /* cells between nodes of a quality */
#define REACH 50.0   /* cells */

/* A tile is a row of cells. */
struct job {
    const nwc__lk_kernels *kernels;
    int64_t nx, spacing, node_nx;
    const float *const *node;
    float *const *cells;
};

int64_t nwc__nodes(int64_t cells, int64_t spacing)
{
    return (cells - 1) / spacing + 2;
}

static nwc_status fill_cells(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t at = j / job->spacing * job->node_nx;
    const float weight = (float)(j % job->spacing) / (float)job->spacing;
    for (int f = 0; f < 3; f++)
        if (job->node[f])
            job->kernels->blend(job->node[f] + at, job->node[f] + at + job->node_nx, weight, job->spacing, job->nx,
                                job->cells[f] + j * job->nx);
    return NWC_OK;
}

nwc_status nwc__nodes_to_cells(nwc_ctx *ctx, int64_t ny, int64_t nx, int64_t spacing, const float *const node[3],
                               float *const cells[3])
{
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__lk_kernels),
                      .nx = nx,
                      .spacing = spacing,
                      .node_nx = nwc__nodes(nx, spacing),
                      .node = node,
                      .cells = cells};
    return nwc__for_each_tile(ctx, NULL, ny, fill_cells, &job);
}

/* What is nearest along one axis: of n values a step apart the greatest, each fallen by its distance. Reads from, writes to. */
static void fall_off(const float *from, int64_t n, int64_t step, float *to)
{
    const double unit = (double)SQUARE / REACH;
    const int64_t reach = (int64_t)(5.0 / unit); /* beyond, it is below 4e-6 */
    for (int64_t i = 0; i < n; i++) {
        double most = 0.0;
        for (int64_t k = i > reach ? i - reach : 0; k < n && k <= i + reach; k++) {
            const double d = unit * (double)(k - i);
            if (from[k * step] > 0.0f) most = fmax(most, (double)from[k * step] * exp(-0.5 * d * d));
        }
        to[i * step] = (float)most;
    }
}

nwc_status nwc__quality_near_echo(nwc_ctx *ctx, const struct nwc__motion_problem *problem, float *quality)
{
    nwc_status status = NWC_OK;
    const int64_t ny = problem->ny, nx = problem->nx;
    const int64_t node_ny = nwc__nodes(ny, SQUARE), node_nx = nwc__nodes(nx, SQUARE);
    const float *const newest = problem->x[problem->n_frames - 1];
    float *echo = NULL, *along = NULL;
    NWC__ALLOC(ctx, echo, node_ny * node_nx);
    NWC__ALLOC(ctx, along, node_ny * node_nx);
    memset(echo, 0, (size_t)(node_ny * node_nx) * sizeof *echo);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            if (newest[j * nx + i] > 0.0f) echo[(j + SQUARE / 2) / SQUARE * node_nx + (i + SQUARE / 2) / SQUARE] = 1.0f;
    for (int64_t j = 0; j < node_ny; j++) fall_off(echo + j * node_nx, node_nx, 1, along + j * node_nx);
    for (int64_t i = 0; i < node_nx; i++) fall_off(along + i, node_ny, node_nx, echo + i);
    status = nwc__nodes_to_cells(ctx, ny, nx, SQUARE, (const float *const[3]){echo}, (float *const[3]){quality});
done:
    nwc__free(ctx, along);
    nwc__free(ctx, echo);
    return status;
}
