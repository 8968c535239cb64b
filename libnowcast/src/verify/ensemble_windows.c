/*
 * The windows of an ensemble: how many events each member and the observed have around every cell, by sums that slide (see add.c).
 *
 * Of members f only the sums of f^2 and of (sum of f)^2 are kept: those over pairs of members follow from them, so that the cost
 * grows with members and not with pairs.
 */
#include "verify/ensemble.h"

enum { BAND = 64 }; /* rows of a tile */

NWC__DECLARE_KERNELS(nwc__verify_kernels);
NWC__DECLARE_KERNELS(nwc__ensemble_kernels);

struct job {
    const struct nwc__verify_kernels *kernels;
    const struct nwc__ensemble_kernels *ensemble;
    const nwc_verify_ensemble *verify;
    const nwc_field *members, *observed;
    const nwc_flags *use;
    int64_t ny, nx, running_size;
    uint8_t *rank;     /* [member, observed last][y][x]: the number of thresholds reached */
    uint16_t *column;  /* [band][member, observed last][x] */
    uint32_t *running; /* [band][x + widest window] */
    double *row;       /* [band][all members, observed][x] */
    double *sums;      /* [band][threshold][window][NWC__EFSS_SUMS] */
};

/* Rank the cells of a row, 0 where one of the fields is not known. */
static nwc_status rank_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_verify_ensemble *const verify = job->verify;
    const nwc_flags *const use = job->use;
    const int32_t n_fields = verify->n_members + 1;
    uint8_t *const last = job->rank + ((int64_t)verify->n_members * job->ny + j) * job->nx;
    for (int32_t m = 0; m < n_fields; m++) {
        const nwc_field *const field = m < verify->n_members ? &job->members[m] : job->observed;
        const float *const cell = field->data + j * field->stride[0];
        uint8_t *const rank = job->rank + (m * job->ny + j) * job->nx;
        for (int64_t i = 0; i < job->nx; i++) rank[i] = 0;
        for (int32_t t = 0; t < verify->n_thresholds; t++)
            for (int64_t i = 0; i < job->nx; i++)
                rank[i] = (uint8_t)(rank[i] + (cell[i * field->stride[1]] >= verify->threshold[t]));
    }
    for (int64_t i = 0; i < job->nx; i++) {
        bool known = !use || use->data[j * use->stride[0] + i * use->stride[1]];
        known = known && isfinite(job->observed->data[j * job->observed->stride[0] + i * job->observed->stride[1]]);
        for (int32_t m = 0; m < verify->n_members && known; m++)
            known = isfinite(job->members[m].data[j * job->members[m].stride[0] + i * job->members[m].stride[1]]);
        for (int32_t m = 0; m < n_fields && !known; m++) last[i - (verify->n_members - m) * job->ny * job->nx] = 0;
    }
    return NWC_OK;
}

static void slide_row(const struct job *job, int64_t j, uint8_t level, int32_t sign, uint16_t *column)
{
    if (j < 0 || j >= job->ny) return; /* beyond the edge nothing happens */
    for (int32_t m = 0; m <= job->verify->n_members; m++)
        job->kernels->slide(job->nx, job->rank + (m * job->ny + j) * job->nx, level, sign, column + m * job->nx);
}

/* Add the windows of one size around the rows of a band. */
static void add_windows(const struct job *job, int64_t band, int64_t side, uint8_t level, double *sums)
{
    const int64_t before = side / 2, after = side - 1 - before, first = band * BAND, nx = job->nx;
    const int64_t end = first + BAND < job->ny ? first + BAND : job->ny;
    const int32_t members = job->verify->n_members;
    uint16_t *const column = job->column + band * (members + 1) * nx;
    uint32_t *const running = job->running + band * job->running_size;
    double *const total = job->row + band * 2 * nx, *const seen = total + nx;

    memset(column, 0, (size_t)(members + 1) * (size_t)nx * sizeof *column);
    for (int64_t j = first - before; j < first + after; j++) slide_row(job, j, level, 1, column);
    for (int64_t j = first; j < end; j++) {
        slide_row(job, j + after, level, 1, column);
        if (j > first) slide_row(job, j - before - 1, level, -1, column);
        for (int64_t i = 0; i < nx; i++) total[i] = seen[i] = 0.0;
        for (int32_t m = 0; m < members; m++)
            sums[NWC__EFSS_SQUARES] += job->ensemble->window_row(nx, column + m * nx, before, after, running, total);
        (void)job->ensemble->window_row(nx, column + members * nx, before, after, running, seen);
        job->ensemble->window_sums(nx, total, seen, sums);
    }
}

static nwc_status add_band(int64_t band, void *user)
{
    const struct job *const job = user;
    const nwc_verify_ensemble *const verify = job->verify;
    const int64_t n = verify->size - verify->fss;
    double *sums = job->sums + band * n;
    for (int64_t k = 0; k < n; k++) sums[k] = 0.0;
    for (int32_t t = 0; t < verify->n_thresholds; t++)
        for (int32_t w = 0; w < verify->n_windows; w++, sums += NWC__EFSS_SUMS)
            add_windows(job, band, verify->window[w],
                        nwc__verify_event_rank(verify->threshold, verify->n_thresholds, t), sums);
    return NWC_OK;
}

nwc_status nwc__ensemble_add_windows(nwc_ctx *ctx, const nwc_verify_ensemble *verify, const nwc_field *members,
                                     const nwc_field *observed, const nwc_flags *use, double *sums)
{
    if (verify->size == verify->fss) return NWC_OK;
    nwc_status status;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__verify_kernels),
                      .ensemble = NWC__KERNELS(ctx, nwc__ensemble_kernels),
                      .verify = verify,
                      .members = members,
                      .observed = observed,
                      .use = use,
                      .ny = observed->dim[0],
                      .nx = observed->dim[1]};
    const int64_t fields = verify->n_members + 1, n = verify->size - verify->fss, bands = (job.ny + BAND - 1) / BAND;
    job.running_size = job.nx;
    for (int32_t w = 0; w < verify->n_windows; w++)
        if (job.nx + verify->window[w] > job.running_size) job.running_size = job.nx + verify->window[w];
    NWC__ALLOC(ctx, job.rank, fields * job.ny * job.nx);
    NWC__ALLOC(ctx, job.column, bands * fields * job.nx);
    NWC__ALLOC(ctx, job.running, bands * job.running_size);
    NWC__ALLOC(ctx, job.row, bands * 2 * job.nx);
    NWC__ALLOC(ctx, job.sums, bands * n);
    if ((status = nwc__for_each_tile(ctx, NULL, job.ny, rank_row, &job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, NULL, bands, add_band, &job)) != NWC_OK) goto done;
    double *const into = sums + (verify->fss - verify->head);
    for (int64_t band = 0; band < bands; band++)
        for (int64_t k = 0; k < n; k++) into[k] += job.sums[band * n + k];

done:
    nwc__free(ctx, job.sums);
    nwc__free(ctx, job.row);
    nwc__free(ctx, job.running);
    nwc__free(ctx, job.column);
    nwc__free(ctx, job.rank);
    return status;
}
