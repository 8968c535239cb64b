/*
 * Sums over the surroundings of every place. Blocks first, then a separable Gaussian of blocks, then bilinear reading: the
 * work is that of one look at every cell, whatever the window. Running sums would cost as much and lose digits where a
 * window passes from heavy rain to none.
 */
#include "forecast/windows.h"

#include "forecast/windows_kernel.h"
#include "grid/smooth_kernel.h"

NWC__DECLARE_KERNELS(nwc__smooth_kernels);
NWC__DECLARE_KERNELS(nwc__windows_kernels);

enum { BLOCKS_IN_DEVIATION = 4 /* at least */ };

#define REACH_IN_DEVIATION 3.0

struct nwc__windows nwc__windows_of(int64_t ny, int64_t nx, double deviation_y, double deviation_x)
{
    assert(deviation_y > 0.0 && deviation_x > 0.0);
    const double least = fmin(deviation_y, deviation_x);
    struct nwc__windows made = {.block = 1};
    while (2 * made.block * BLOCKS_IN_DEVIATION <= least && made.block < NWC__MOST_BLOCK) made.block *= 2;
    made.ny = (ny + made.block - 1) / made.block;
    made.nx = (nx + made.block - 1) / made.block;
    made.deviation_y = deviation_y / made.block;
    made.deviation_x = deviation_x / made.block;
    return made;
}

struct taps {
    int64_t reach;
    float *tap; /* 0 to reach */
};

struct job {
    const nwc__smooth_kernels *kernels;
    int64_t ny, nx;
    struct taps y, x;
    const float *from; /* (n, ny, nx) */
    float *to;
    float *work; /* (n, ny): a row with margins */
};

/* No farther than the grid reaches: what lies beyond it is nothing. */
static nwc_status taps_create(nwc_ctx *ctx, double deviation, int64_t n, struct taps *taps)
{
    nwc_status status = NWC_OK;
    double sum = 1.0;
    taps->reach = (int64_t)fmin(ceil(REACH_IN_DEVIATION * deviation), (double)n);
    NWC__ALLOC(ctx, taps->tap, taps->reach + 1);
    for (int64_t k = 1; k <= taps->reach; k++) sum += 2.0 * exp(-0.5 * (double)(k * k) / (deviation * deviation));
    for (int64_t k = 0; k <= taps->reach; k++)
        taps->tap[k] = (float)(exp(-0.5 * (double)(k * k) / (deviation * deviation)) / sum);
done:
    return status;
}

static nwc_status smooth_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t j = tile % job->ny, width = job->nx + 2 * job->x.reach;
    const float *const plane = job->from + (tile - j) * job->nx;
    float *const row = job->work + tile * width;
    memset(row, 0, (size_t)width * sizeof *row);
    for (int64_t k = -job->y.reach; k <= job->y.reach; k++) {
        if (j + k < 0 || j + k >= job->ny) continue;
        job->kernels->add(plane + (j + k) * job->nx, job->y.tap[k < 0 ? -k : k], job->nx, row + job->x.reach);
    }
    job->kernels->along_x(row, job->x.tap, job->x.reach, job->nx, job->to + tile * job->nx);
    return NWC_OK;
}

nwc_status nwc__windows_smooth(nwc_ctx *ctx, const struct nwc__windows *w, int64_t n, double least_blocks,
                               float *planes)
{
    nwc_status status = NWC_OK;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__smooth_kernels), .ny = w->ny, .nx = w->nx, .from = planes};
    const int64_t rows = n * w->ny;
    if ((status = taps_create(ctx, fmax(w->deviation_y, least_blocks), w->ny, &job.y)) != NWC_OK) goto done;
    if ((status = taps_create(ctx, fmax(w->deviation_x, least_blocks), w->nx, &job.x)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.to, rows * w->nx);
    NWC__ALLOC(ctx, job.work, rows * (w->nx + 2 * job.x.reach));
    if ((status = nwc__for_each_tile(ctx, "windows", rows, smooth_row, &job)) != NWC_OK) goto done;
    memcpy(planes, job.to, (size_t)(rows * w->nx) * sizeof *planes);
done:
    nwc__free(ctx, job.work);
    nwc__free(ctx, job.to);
    nwc__free(ctx, job.x.tap);
    nwc__free(ctx, job.y.tap);
    return status;
}

void nwc__windows_read(nwc_ctx *ctx, const struct nwc__windows *w, const float *plane, int64_t j, int64_t step,
                       int64_t n, float *row)
{
    const struct nwc__windows_kernels *const kernels = NWC__KERNELS(ctx, nwc__windows_kernels);
    const double scale = 1.0 / w->block, place = fmin(fmax(((double)j + 0.5) * scale - 0.5, 0.0), (double)(w->ny - 1));
    const int64_t low = (int64_t)place, high = low + 1 < w->ny ? low + 1 : low;
    kernels->read(plane + low * w->nx, plane + high * w->nx, (float)(place - (double)low), w->nx,
                  (float)(0.5 * scale - 0.5), (float)((double)step * scale), n, row);
}
