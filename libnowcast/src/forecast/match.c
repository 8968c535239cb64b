/*
 * Values replaced by those of the same rank in another field, by histograms in place of two sorts. Ranks between the edges
 * of a bin are taken as evenly spread over it, in both fields, so that a value is right to the width of a bin.
 */
#include "forecast/match.h"

#include "forecast/match_kernel.h"

NWC__DECLARE_KERNELS(nwc__match_kernels);

enum { ROWS = 64 /* in a tile */ };

struct job {
    const struct nwc__match_kernels *kernels;
    const struct nwc__plane *plane;
    float base;
    float *least;   /* for each tile */
    int32_t *count; /* (tile, NWC__BINS) */
    const float *ends;
};

static int64_t tiles_of(int64_t ny)
{
    return (ny + ROWS - 1) / ROWS;
}

nwc_status nwc__matcher_create(nwc_ctx *ctx, int64_t ny, struct nwc__matcher *matcher)
{
    nwc_status status = NWC_OK;
    *matcher = (struct nwc__matcher){0};
    NWC__ALLOC(ctx, matcher->least, tiles_of(ny));
    NWC__ALLOC(ctx, matcher->count, tiles_of(ny) * NWC__BINS);
    NWC__ALLOC(ctx, matcher->field, NWC__BINS + 1);
    NWC__ALLOC(ctx, matcher->target, NWC__BINS + 1);
    NWC__ALLOC(ctx, matcher->ends, 2 * NWC__BINS);
done:
    if (status != NWC_OK) nwc__matcher_destroy(ctx, matcher);
    return status;
}

void nwc__matcher_destroy(nwc_ctx *ctx, struct nwc__matcher *matcher)
{
    nwc__free(ctx, matcher->ends);
    nwc__free(ctx, matcher->target);
    nwc__free(ctx, matcher->field);
    nwc__free(ctx, matcher->count);
    nwc__free(ctx, matcher->least);
    *matcher = (struct nwc__matcher){0};
}

static nwc_status least_of_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__plane *const p = job->plane;
    float found = INFINITY;
    for (int64_t j = tile * ROWS; j < p->ny && j < (tile + 1) * ROWS; j++)
        found = job->kernels->least(p->data + j * p->stride_y, p->stride_x, p->nx, found);
    job->least[tile] = found;
    return NWC_OK;
}

static nwc_status count_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__plane *const p = job->plane;
    int32_t *const count = job->count + tile * NWC__BINS;
    memset(count, 0, NWC__BINS * sizeof *count);
    for (int64_t j = tile * ROWS; j < p->ny && j < (tile + 1) * ROWS; j++)
        job->kernels->count(p->data + j * p->stride_y, p->stride_x, p->nx, job->base, count);
    return NWC_OK;
}

static nwc_status replace_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__plane *const p = job->plane;
    for (int64_t j = tile * ROWS; j < p->ny && j < (tile + 1) * ROWS; j++)
        job->kernels->replace(job->ends, job->base, p->data + j * p->stride_y, p->stride_x, p->nx);
    return NWC_OK;
}

/* Ranks are counted from the field's least value on: bins are then as fine as its values differ, whatever its mean. */
static nwc_status find_base(nwc_ctx *ctx, struct job *job, const struct nwc__plane *field)
{
    const int64_t tiles = tiles_of(field->ny);
    job->plane = field;
    NWC__TRY(nwc__for_each_tile(ctx, "match", tiles, least_of_rows, job));
    job->base = INFINITY;
    for (int64_t tile = 0; tile < tiles; tile++) job->base = fminf(job->base, job->least[tile]);
    return NWC_OK;
}

/* below[b]: cells in bins before b; all of them in below[NWC__BINS]. */
static nwc_status rank(nwc_ctx *ctx, struct job *job, const struct nwc__plane *plane, int32_t *below)
{
    job->plane = plane;
    const int64_t tiles = tiles_of(plane->ny);
    NWC__TRY(nwc__for_each_tile(ctx, "match", tiles, count_rows, job));
    below[0] = 0;
    for (int32_t b = 0; b < NWC__BINS; b++) {
        below[b + 1] = below[b];
        for (int64_t tile = 0; tile < tiles; tile++) below[b + 1] += job->count[tile * NWC__BINS + b];
    }
    return NWC_OK;
}

/* The float whose bits, in their own order, are bin and the share of it; zero where its bin holds zero. */
static float value_at(int32_t bin, double share)
{
    if (bin == NWC__BINS / 2) return 0.0F;
    const uint32_t within = (uint32_t)fmin(share * NWC__BINS, NWC__BINS - 1.0);
    const uint32_t order = ((uint32_t)bin << NWC__BIN_BITS) | within;
    const uint32_t bits = order & 0x80000000U ? order & 0x7FFFFFFFU : ~order;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/*
 * ends[2 b] and ends[2 b + 1]: the target's values at the ranks that the first and the last cell of bin b have in the field.
 * Between two values of the target that lie apart a rank belongs to the one above or to the one below.
 */
static void join(const int32_t *field, const int32_t *target, float *ends)
{
    const double all = (double)target[NWC__BINS], per_cell = all / (double)field[NWC__BINS];
    int32_t above = 0, below = 0;
    for (int32_t b = 0; b < NWC__BINS; b++) {
        const double first = (double)field[b] * per_cell, last = fmin((double)field[b + 1] * per_cell, all);
        while ((double)target[above + 1] <= first && target[above + 1] < target[NWC__BINS]) above++;
        while (target[above + 1] == target[above]) above++; /* the first rank of all, or the last cell's bin */
        while (target[below + 1] == target[below] || (double)target[below + 1] < last) below++;
        ends[2 * b] = value_at(above, (first - (double)target[above]) / (double)(target[above + 1] - target[above]));
        ends[2 * b + 1] = value_at(below, (last - (double)target[below]) / (double)(target[below + 1] - target[below]));
    }
}

static struct job job_of(nwc_ctx *ctx, const struct nwc__matcher *matcher)
{
    return (struct job){.kernels = NWC__KERNELS(ctx, nwc__match_kernels),
                        .count = matcher->count,
                        .least = matcher->least,
                        .ends = matcher->ends};
}

nwc_status nwc__match_target(nwc_ctx *ctx, struct nwc__matcher *matcher, const struct nwc__plane *target)
{
    struct job job = job_of(ctx, matcher);
    return rank(ctx, &job, target, matcher->target);
}

nwc_status nwc__match_more(nwc_ctx *ctx, struct nwc__matcher *matcher, const struct nwc__plane *target)
{
    struct job job = job_of(ctx, matcher);
    NWC__TRY(rank(ctx, &job, target, matcher->field));
    for (int32_t b = 0; b <= NWC__BINS; b++) matcher->target[b] += matcher->field[b];
    return NWC_OK;
}

nwc_status nwc__match_ranks(nwc_ctx *ctx, struct nwc__matcher *matcher, const struct nwc__plane *field)
{
    struct job job = job_of(ctx, matcher);
    NWC__TRY(find_base(ctx, &job, field));
    NWC__TRY(rank(ctx, &job, field, matcher->field));
    if (matcher->target[NWC__BINS] == 0 || matcher->field[NWC__BINS] == 0) return NWC_OK;
    join(matcher->field, matcher->target, matcher->ends);
    job.plane = field;
    return nwc__for_each_tile(ctx, "match", tiles_of(field->ny), replace_rows, &job);
}
