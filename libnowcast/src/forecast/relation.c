/*
 * Rain as a x + b, by weighted linear regression in a window around every cell (Pulkkinen et al. 2020, section II-G). Where a window has
 * too little to tell a from b, b is 0; where it has nothing at all, the relation is that of the whole grid.
 */
#include "forecast/relation.h"

enum { SUMS = 5 /* 1, x, x^2, y, x y */, ROWS = 16 /* in a tile */ };

#define LEAST_SPREAD 1e-3  /* variance of x, of its mean square */
#define LEAST_WEIGHT 1e-4F /* of the cells of a window */

struct job {
    nwc_ctx *ctx;
    const struct nwc__relation *relation;
    const float *x;
    const nwc_field *rain;
    float *sums; /* (SUMS, blocks) */
    float whole; /* rain over x of the whole grid */
    float *applied;
};

static int64_t tiles_of(int64_t rows)
{
    return (rows + ROWS - 1) / ROWS;
}

/* A tile is a row of blocks. */
static nwc_status sum_blocks(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__relation *const r = job->relation;
    const int64_t blocks = r->windows.ny * r->windows.nx, block = r->windows.block;
    float *const sums = job->sums + tile * r->windows.nx;
    for (int32_t k = 0; k < SUMS; k++) memset(sums + k * blocks, 0, (size_t)r->windows.nx * sizeof *sums);
    for (int64_t j = tile * block; j < (tile + 1) * block && j < r->ny; j++) {
        for (int64_t i = 0; i < r->nx; i++) {
            const float x = job->x[j * r->nx + i];
            const float y = job->rain->data[j * job->rain->stride[0] + i * job->rain->stride[1]];
            if (!(x > 0.0F) || !(y > 0.0F) || isinf(y)) continue;
            float *const sum = sums + i / block;
            const float found[SUMS] = {1.0F, x, x * x, y, x * y};
            for (int32_t k = 0; k < SUMS; k++) sum[k * blocks] += found[k];
        }
    }
    return NWC_OK;
}

static nwc_status solve_blocks(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__relation *const r = job->relation;
    const int64_t blocks = r->windows.ny * r->windows.nx;
    for (int64_t i = tile * r->windows.nx; i < (tile + 1) * r->windows.nx; i++) {
        const double n = (double)job->sums[i], x = (double)job->sums[blocks + i],
                     xx = (double)job->sums[2 * blocks + i];
        const double y = (double)job->sums[3 * blocks + i], xy = (double)job->sums[4 * blocks + i];
        const double spread = n * xx - x * x;
        double slope = (double)job->whole, offset = 0.0;
        if (n > (double)LEAST_WEIGHT && spread > LEAST_SPREAD * n * xx) {
            slope = (n * xy - x * y) / spread;
            offset = (y - slope * x) / n;
        } else if (n > (double)LEAST_WEIGHT) {
            slope = y / x;
        }
        r->slope[i] = (float)slope;
        r->offset[i] = (float)offset;
    }
    return NWC_OK;
}

nwc_status nwc__relation_create(nwc_ctx *ctx, const float *x, const nwc_field *rain, double deviation_y,
                                double deviation_x, struct nwc__relation *r)
{
    nwc_status status = NWC_OK;
    *r = (struct nwc__relation){.ny = rain->dim[0], .nx = rain->dim[1]};
    r->windows = nwc__windows_of(r->ny, r->nx, deviation_y, deviation_x);
    const int64_t blocks = r->windows.ny * r->windows.nx;
    struct job job = {.ctx = ctx, .relation = r, .x = x, .rain = rain};
    NWC__ALLOC(ctx, r->slope, blocks);
    NWC__ALLOC(ctx, r->offset, blocks);
    NWC__ALLOC(ctx, r->rows, 2 * tiles_of(r->ny) * r->nx);
    NWC__ALLOC(ctx, job.sums, SUMS * blocks);
    if ((status = nwc__for_each_tile(ctx, "relation", r->windows.ny, sum_blocks, &job)) != NWC_OK) goto done;
    double all_x = 0.0, all_y = 0.0;
    for (int64_t i = 0; i < blocks; i++) {
        all_x += (double)job.sums[blocks + i];
        all_y += (double)job.sums[3 * blocks + i];
    }
    job.whole = all_x > 0.0 ? (float)(all_y / all_x) : 0.0F;
    if ((status = nwc__windows_smooth(ctx, &r->windows, SUMS, 0.0, job.sums)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "relation", r->windows.ny, solve_blocks, &job);
done:
    nwc__free(ctx, job.sums);
    if (status != NWC_OK) nwc__relation_destroy(ctx, r);
    return status;
}

void nwc__relation_destroy(nwc_ctx *ctx, struct nwc__relation *r)
{
    nwc__free(ctx, r->rows);
    nwc__free(ctx, r->offset);
    nwc__free(ctx, r->slope);
    *r = (struct nwc__relation){0};
}

static nwc_status apply_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__relation *const r = job->relation;
    float *const slope = r->rows + 2 * tile * r->nx, *const offset = slope + r->nx;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < r->ny; j++) {
        float *const x = job->applied + j * r->nx;
        nwc__windows_read(job->ctx, &r->windows, r->slope, j, 1, r->nx, slope);
        nwc__windows_read(job->ctx, &r->windows, r->offset, j, 1, r->nx, offset);
        for (int64_t i = 0; i < r->nx; i++) {
            const float rain = slope[i] * x[i] + offset[i];
            x[i] = isnan(x[i]) ? NAN : x[i] > 0.0F && rain > 0.0F ? rain : 0.0F;
        }
    }
    return NWC_OK;
}

nwc_status nwc__relation_apply(nwc_ctx *ctx, const struct nwc__relation *relation, float *x)
{
    struct job job = {.ctx = ctx, .relation = relation, .applied = x};
    return nwc__for_each_tile(ctx, "relation", tiles_of(relation->ny), apply_rows, &job);
}
