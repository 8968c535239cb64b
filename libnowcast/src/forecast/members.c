/* What is made of the members of every cell: quantiles, mean and spread, and how central each member is. */
#include "forecast/members.h"

#include "grid/exchange.h"

#include <nowcast/forecast_ensemble.h>

#include <stdio.h>

nwc_status nwc__check_members(const nwc_field *members, int32_t n_members)
{
    if (!members || n_members < 1 || n_members > NWC__MOST_MEMBERS)
        return nwc__fail(NWC_ERR_ARG, "members: 1 to %d fields expected, %d given", NWC__MOST_MEMBERS,
                         members ? (int)n_members : 0);
    for (int32_t m = 0; m < n_members; m++) {
        char name[32];
        snprintf(name, sizeof name, "members[%d]", (int)m);
        NWC__TRY(nwc__check_field(&members[m], name, 2));
        NWC__TRY(nwc__check_same_shape(&members[m], name, members, "members[0]"));
        if (members->grid && members[m].grid && !nwc__same_grid(members->grid, members[m].grid))
            return nwc__fail(NWC_ERR_ARG, "%s: the grid of members[0] expected, another given", name);
    }
    return NWC_OK;
}

nwc_status nwc__check_of_members(const nwc_field *out, const char *name, int64_t n, const nwc_field *members)
{
    NWC__TRY(nwc__check_field(out, name, n ? 3 : 2));
    NWC__TRY(nwc__check_same_shape(out, name, members, "members[0]"));
    if (n && out->dim[0] != n)
        return nwc__fail(NWC_ERR_ARG, "%s: %lld fields expected, %lld given", name, (long long)n,
                         (long long)out->dim[0]);
    return NWC_OK;
}

void nwc__members_gather(const struct nwc__members_kernels *kernels, const nwc_field *members, int32_t n_members,
                         int64_t j, int64_t i, int64_t n, float *x)
{
    for (int32_t m = 0; m < n_members; m++) {
        const nwc_field *const f = &members[m];
        kernels->gather(n, f->data + j * f->stride[0] + i * f->stride[1], f->stride[1], x + (int64_t)m * NWC__BATCH);
    }
}

struct job {
    const struct nwc__members_kernels *kernels;
    const struct nwc__exchange_kernels *sorting;
    const nwc_field *members;
    int32_t n_members;
    int64_t ny, nx, n_exchanges;
    uint16_t (*exchange)[2];
    float *x; /* (tile, member, NWC__BATCH) */
    const double *fractions;
    int32_t n_fractions;
    nwc_field *quantiles, *mean, *spread;
    float threshold;
    int64_t *outside, *cells; /* (tile, member), (tile) */
    void (*batch)(const struct job *job, int64_t tile, int64_t j, int64_t i, int64_t n, float *x);
};

static struct job job_of(nwc_ctx *ctx, const nwc_field *members, int32_t n_members)
{
    return (struct job){.kernels = NWC__KERNELS(ctx, nwc__members_kernels),
                        .sorting = NWC__KERNELS(ctx, nwc__exchange_kernels),
                        .members = members,
                        .n_members = n_members,
                        .ny = members->dim[0],
                        .nx = members->dim[1]};
}

static nwc_status do_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    float *const x = job->x + tile * job->n_members * NWC__BATCH;
    for (int64_t j = tile * NWC__MEMBER_ROWS; j < job->ny && j < (tile + 1) * NWC__MEMBER_ROWS; j++)
        for (int64_t i = 0; i < job->nx; i += NWC__BATCH) {
            const int64_t n = job->nx - i < NWC__BATCH ? job->nx - i : NWC__BATCH;
            nwc__members_gather(job->kernels, job->members, job->n_members, j, i, n, x);
            job->batch(job, tile, j, i, n, x);
        }
    return NWC_OK;
}

static int64_t tiles_of(const struct job *job)
{
    return (job->ny + NWC__MEMBER_ROWS - 1) / NWC__MEMBER_ROWS;
}

static nwc_status run(nwc_ctx *ctx, const char *stage, struct job *job)
{
    nwc_status status;
    NWC__ALLOC(ctx, job->x, tiles_of(job) * job->n_members * NWC__BATCH);
    status = nwc__for_each_tile(ctx, stage, tiles_of(job), do_rows, job);
done:
    nwc__free(ctx, job->x);
    return status;
}

/* ---- quantiles ---- */

/* Of the first known numbers of a cell in ascending order, NWC__BATCH apart. */
static float quantile_of(const float *sorted, int32_t known, double fraction)
{
    const double rank = fraction * (known - 1), low = floor(rank);
    const int64_t below = (int64_t)low, above = below + 1 < known ? below + 1 : below;
    const double a = (double)sorted[below * NWC__BATCH], b = (double)sorted[above * NWC__BATCH];
    return (float)(rank == low || a == b ? a : a + (rank - low) * (b - a));
}

static void quantiles_of_batch(const struct job *job, int64_t tile, int64_t j, int64_t i, int64_t n, float *x)
{
    (void)tile;
    int32_t known[NWC__BATCH];
    job->kernels->know(job->n_members, x, known);
    job->sorting->sort(job->n_exchanges, (const uint16_t(*)[2])job->exchange, x);
    const nwc_field *const out = job->quantiles;
    for (int32_t f = 0; f < job->n_fractions; f++)
        for (int64_t k = 0; k < n; k++)
            out->data[f * out->stride[0] + j * out->stride[1] + (i + k) * out->stride[2]] =
                nwc__members_known(known[k], job->n_members) ? quantile_of(x + k, known[k], job->fractions[f]) : NAN;
}

nwc_status nwc_forecast_quantiles(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, const double *fractions,
                                  int32_t n_fractions, nwc_field *quantiles)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_members(members, n_members));
    if (!fractions || n_fractions < 1 || n_fractions > NWC__MOST_CHOICES)
        return nwc__fail(NWC_ERR_ARG, "fractions: 1 to %d numbers expected, %d given", NWC__MOST_CHOICES,
                         fractions ? (int)n_fractions : 0);
    for (int32_t f = 0; f < n_fractions; f++)
        if (!(fractions[f] >= 0.0 && fractions[f] <= 1.0))
            return nwc__fail(NWC_ERR_ARG, "fractions[%d]: 0 to 1 expected, %g given", (int)f, fractions[f]);
    NWC__TRY(nwc__check_of_members(quantiles, "quantiles", n_fractions, members));
    nwc_status status;
    struct job job = job_of(ctx, members, n_members);
    job.fractions = fractions, job.n_fractions = n_fractions, job.quantiles = quantiles;
    job.batch = quantiles_of_batch;
    job.n_exchanges = nwc__exchanges(n_members, NULL);
    NWC__ALLOC(ctx, job.exchange, job.n_exchanges);
    nwc__exchanges(n_members, job.exchange);
    status = run(ctx, "quantiles", &job);
done:
    nwc__free(ctx, job.exchange);
    return status;
}

/* ---- mean and spread ---- */

static void moments_of_batch(const struct job *job, int64_t tile, int64_t j, int64_t i, int64_t n, float *x)
{
    (void)tile;
    int32_t known[NWC__BATCH];
    double mean[NWC__BATCH], squares[NWC__BATCH];
    job->kernels->moments(job->n_members, x, known, mean, squares);
    for (int64_t k = 0; k < n; k++) {
        const bool is = nwc__members_known(known[k], job->n_members);
        job->mean->data[j * job->mean->stride[0] + (i + k) * job->mean->stride[1]] = is ? (float)mean[k] : NAN;
        if (!job->spread) continue;
        job->spread->data[j * job->spread->stride[0] + (i + k) * job->spread->stride[1]] =
            is && known[k] > 1 ? (float)sqrt(squares[k] / (known[k] - 1)) : NAN;
    }
}

nwc_status nwc_forecast_mean(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, nwc_field *mean,
                             nwc_field *spread)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_members(members, n_members));
    NWC__TRY(nwc__check_of_members(mean, "mean", 0, members));
    if (spread) NWC__TRY(nwc__check_of_members(spread, "spread", 0, members));
    struct job job = job_of(ctx, members, n_members);
    job.mean = mean, job.spread = spread, job.batch = moments_of_batch;
    return run(ctx, "mean of members", &job);
}

/* ---- band depth ---- */

static void depth_of_batch(const struct job *job, int64_t tile, int64_t j, int64_t i, int64_t n, float *x)
{
    (void)j, (void)i;
    int32_t use[NWC__BATCH], known[NWC__BATCH], reached[NWC__BATCH] = {0}, unused[NWC__BATCH] = {0};
    job->kernels->know(job->n_members, x, known);
    for (int32_t m = 0; m < job->n_members; m++)
        job->kernels->reach(NWC__BATCH, x + (int64_t)m * NWC__BATCH, 1, job->threshold, unused, reached);
    for (int64_t k = 0; k < NWC__BATCH; k++) {
        use[k] = k < n && known[k] == job->n_members && reached[k] > 0;
        job->cells[tile] += use[k];
    }
    job->kernels->outside(job->n_members, x, use, job->outside + tile * job->n_members);
}

nwc_status nwc_forecast_band_depth(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, double threshold,
                                   double *depth)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_members(members, n_members));
    if (!depth) return nwc__fail(NWC_ERR_ARG, "depth: %d values expected, NULL given", (int)n_members);
    if (!(threshold < (double)INFINITY))
        return nwc__fail(NWC_ERR_ARG, "threshold: a number or -infinity expected, %g given", threshold);
    nwc_status status;
    struct job job = job_of(ctx, members, n_members);
    job.threshold = (float)threshold, job.batch = depth_of_batch;
    const int64_t tiles = tiles_of(&job);
    NWC__ALLOC(ctx, job.outside, tiles * n_members);
    NWC__ALLOC(ctx, job.cells, tiles);
    memset(job.outside, 0, (size_t)(tiles * n_members) * sizeof *job.outside);
    memset(job.cells, 0, (size_t)tiles * sizeof *job.cells);
    if ((status = run(ctx, "band depth", &job)) != NWC_OK) goto done;
    int64_t cells = 0;
    for (int64_t tile = 0; tile < tiles; tile++) cells += job.cells[tile];
    const double pairs = 0.5 * n_members * (n_members - 1.0) * (double)cells;
    for (int32_t m = 0; m < n_members; m++) {
        int64_t outside = 0;
        for (int64_t tile = 0; tile < tiles; tile++) outside += job.outside[tile * n_members + m];
        depth[m] = pairs > 0.0 ? 1.0 - (double)outside / pairs : (double)NAN;
    }
done:
    nwc__free(ctx, job.cells);
    nwc__free(ctx, job.outside);
    return status;
}
