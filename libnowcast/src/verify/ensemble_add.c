/*
 * Add one ensemble and what was observed to the sums.
 *
 * The CRPS of members x and the observed y in a cell is mean |x - y| - sum over pairs |x - x'| / M^2 (Gneiting and Raftery
 * 2007, equation 21). Sorted, the sum over pairs is one over members, and sorting many cells side by side costs less than
 * going through the pairs of each. A batch in which all members agree everywhere, such as a dry one, is not sorted.
 */
#include "verify/ensemble.h"

#include "grid/exchange.h"

#include <stdio.h>

enum { BAND = 16 }; /* rows of a tile */

NWC__DECLARE_KERNELS(nwc__ensemble_kernels);

struct job {
    const struct nwc__ensemble_kernels *kernels;
    const struct nwc__exchange_kernels *sorting;
    const nwc_verify_ensemble *verify;
    const nwc_field *members, *observed;
    const nwc_flags *use;
    int64_t ny, nx;
    double *sums; /* [band][what verify->state holds behind its head] */
    float *x;     /* [band][member][NWC__BATCH] */
};

/* Add each cell's rank: 1 / (t + 1) to each it could have where t members are equal to the observed. */
static void add_ranks(int32_t n_members, const int32_t *known, const int32_t *below, const int32_t *tied, double *ranks)
{
    int32_t all_tied = 0; /* as are most cells of a dry batch */
    for (int64_t i = 0; i < NWC__BATCH; i++) {
        if (!known[i]) continue;
        if (tied[i] == n_members)
            all_tied++;
        else
            for (int32_t k = 0; k <= tied[i]; k++) ranks[below[i] + k] += 1.0 / (tied[i] + 1);
    }
    if (all_tied)
        for (int32_t k = 0; k <= n_members; k++) ranks[k] += (double)all_tied / (n_members + 1);
}

static void add_reached(const struct job *job, const float *x, const float *y, const int32_t *known, double *reached)
{
    const nwc_verify_ensemble *const verify = job->verify;
    const int64_t ranks = verify->n_members + 1;
    for (int32_t t = 0; t < verify->n_thresholds; t++, reached += 2 * ranks) {
        int32_t count[NWC__BATCH];
        job->kernels->reach(verify->n_members, x, verify->threshold[t], count);
        for (int64_t i = 0; i < NWC__BATCH; i++) {
            if (!known[i]) continue;
            reached[count[i]] += 1.0;
            reached[ranks + count[i]] += y[i] >= verify->threshold[t] ? 1.0 : 0.0;
        }
    }
}

/* The n cells from (j, i) on; x: [member][NWC__BATCH]. */
static void add_batch(const struct job *job, int64_t j, int64_t i, int64_t n, float *x, double *sums)
{
    const nwc_verify_ensemble *const verify = job->verify;
    const struct nwc__ensemble_kernels *const kernels = job->kernels;
    const nwc_field *const observed = job->observed;
    const nwc_flags *const use = job->use;
    float y[NWC__BATCH];
    int32_t known[NWC__BATCH], below[NWC__BATCH], tied[NWC__BATCH];

    for (int64_t k = 0; k < NWC__BATCH; k++)
        known[k] = k < n && (!use || use->data[j * use->stride[0] + (i + k) * use->stride[1]] != 0);
    kernels->gather(n, observed->data + j * observed->stride[0] + i * observed->stride[1], observed->stride[1], y,
                    known);
    for (int32_t m = 0; m < verify->n_members; m++) {
        const nwc_field *const member = &job->members[m];
        kernels->gather(n, member->data + j * member->stride[0] + i * member->stride[1], member->stride[1],
                        x + (int64_t)m * NWC__BATCH, known);
    }
    kernels->blank(verify->n_members, x, y, known);

    const bool differ = kernels->compare(verify->n_members, x, y, known, sums, below, tied);
    add_ranks(verify->n_members, known, below, tied, sums + verify->ranks - verify->head);
    add_reached(job, x, y, known, sums + verify->reached - verify->head);
    if (!differ) return;
    job->sorting->sort(verify->n_exchanges, (const uint16_t(*)[2])verify->exchange, x);
    sums[NWC__PAIRS] += kernels->pairs(verify->n_members, x);
}

static nwc_status add_band(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t size = job->verify->size - job->verify->head, first = tile * BAND;
    const int64_t end = first + BAND < job->ny ? first + BAND : job->ny;
    double *const sums = job->sums + tile * size;
    float *const x = job->x + tile * job->verify->n_members * NWC__BATCH;
    for (int64_t k = 0; k < size; k++) sums[k] = 0.0;
    for (int64_t j = first; j < end; j++)
        for (int64_t i = 0; i < job->nx; i += NWC__BATCH)
            add_batch(job, j, i, job->nx - i < NWC__BATCH ? job->nx - i : NWC__BATCH, x, sums);
    return NWC_OK;
}

static nwc_status check_ensemble(const nwc_verify_ensemble *verify, const nwc_field *members, int32_t n_members,
                                 const nwc_field *observed, const nwc_flags *use)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!members || n_members != verify->n_members)
        return nwc__fail(NWC_ERR_ARG, "members: %d fields expected, %d given", (int)verify->n_members,
                         members ? (int)n_members : 0);
    for (int32_t m = 0; m < n_members; m++) {
        char name[32];
        snprintf(name, sizeof name, "members[%d]", (int)m);
        NWC__TRY(nwc__verify_check_pair(&members[m], name, observed, use));
    }
    return NWC_OK;
}

nwc_status nwc_verify_ensemble_add(nwc_ctx *ctx, nwc_verify_ensemble *verify, const nwc_field *members,
                                   int32_t n_members, const nwc_field *observed, const nwc_flags *use)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_ensemble(verify, members, n_members, observed, use));

    nwc_status status;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__ensemble_kernels),
                      .sorting = NWC__KERNELS(ctx, nwc__exchange_kernels),
                      .verify = verify,
                      .members = members,
                      .observed = observed,
                      .use = use,
                      .ny = observed->dim[0],
                      .nx = observed->dim[1]};
    const int64_t bands = (job.ny + BAND - 1) / BAND, size = verify->size - verify->head;
    double *sums = NULL;
    NWC__ALLOC(ctx, job.sums, bands * size);
    NWC__ALLOC(ctx, job.x, bands * n_members * NWC__BATCH);
    if ((status = nwc__for_each_tile(ctx, "verify", bands, add_band, &job)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, sums, size);
    for (int64_t k = 0; k < size; k++) sums[k] = 0.0;
    for (int64_t band = 0; band < bands; band++)
        for (int64_t k = 0; k < size; k++) sums[k] += job.sums[band * size + k];
    if ((status = nwc__ensemble_add_windows(ctx, verify, members, observed, use, sums)) != NWC_OK) goto done;
    for (int64_t k = 0; k < size; k++)
        verify->state[verify->head + k] += sums[k]; /* last: after a failure all is as before */

done:
    nwc__free(ctx, sums);
    nwc__free(ctx, job.x);
    nwc__free(ctx, job.sums);
    return status;
}
