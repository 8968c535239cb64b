/*
 * Add one pair of fields to the sums.
 *
 * One pass over the fields counts the contingency tables, the moments, and leaves for each cell and field the number of
 * thresholds it reaches: one byte, from which the events of every threshold follow. The fractions skill score (Roberts and
 * Lean 2008, equations 5 to 7) then slides a sum of events down each column and along each row, so that its cost does not
 * depend on the size of the window. Windows are summed in whole cells, not fractions: sums of squared counts are exact in a
 * double as long as they stay below 2^53, and w^4 cancels in the score.
 */
#include "verify/internal.h"

enum {
    BAND = 16,    /* rows of a tile of the first pass */
    BLOCK = 1024, /* cells of a row worked on at once: f and o stay in the first-level cache */
};

/* Rows of a tile of the second pass: as many as the widest window has, within these, as its first window must be filled. */
enum { FSS_BAND_LEAST = 64, FSS_BAND_MOST = 256 };

NWC__DECLARE_KERNELS(nwc__verify_kernels);

struct job {
    const struct nwc__verify_kernels *kernels;
    const nwc_verify *verify;
    const nwc_field *forecast, *observed;
    const nwc_flags *use;
    int64_t ny, nx;
    double *sums;             /* [band][what verify->state holds from moments[0] up to fss] */
    uint8_t *rank_f, *rank_o; /* (y, x), or NULL without windows */
    int64_t fss_band;         /* rows */
    uint16_t *column;         /* [band][f, o][nx] */
    uint32_t *running;        /* [band][f, o][nx + widest window] */
    int64_t running_size;
    double *fss; /* [band][threshold][window][NWC__FSS_SUMS] */
};

/* ---- first pass ---- */

static int64_t first_pass_sums(const nwc_verify *verify)
{
    return verify->fss - verify->moments[0];
}

static void add_block(const struct job *job, int64_t j, int64_t i, int64_t n, double *sums)
{
    const nwc_verify *const verify = job->verify;
    const nwc_field *const a = job->forecast, *const b = job->observed;
    const nwc_flags *const use = job->use;
    float f[BLOCK], o[BLOCK];
    job->kernels->gather(n, a->data + j * a->stride[0] + i * a->stride[1], a->stride[1],
                         b->data + j * b->stride[0] + i * b->stride[1], b->stride[1],
                         use ? use->data + j * use->stride[0] + i * use->stride[1] : NULL, use ? use->stride[1] : 0, f,
                         o);

    double moments[NWC__MOMENTS];
    job->kernels->moments(n, f, o, -INFINITY, moments);
    nwc__verify_merge_moments(sums, moments);
    if (isfinite(verify->wet)) {
        job->kernels->moments(n, f, o, verify->wet, moments);
        nwc__verify_merge_moments(sums + NWC__MOMENTS, moments);
    }
    for (int32_t t = 0; t < verify->n_thresholds; t++)
        job->kernels->count(n, f, o, verify->threshold[t], sums + 2 * NWC__MOMENTS + t * NWC__COUNTS);
    if (job->rank_f) {
        job->kernels->rank(n, f, verify->threshold, verify->n_thresholds, job->rank_f + j * job->nx + i);
        job->kernels->rank(n, o, verify->threshold, verify->n_thresholds, job->rank_o + j * job->nx + i);
    }
}

static nwc_status add_band(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t size = first_pass_sums(job->verify), first = tile * BAND;
    const int64_t end = first + BAND < job->ny ? first + BAND : job->ny;
    double *const sums = job->sums + tile * size;
    for (int64_t k = 0; k < size; k++) sums[k] = 0.0;
    for (int64_t j = first; j < end; j++)
        for (int64_t i = 0; i < job->nx; i += BLOCK)
            add_block(job, j, i, job->nx - i < BLOCK ? job->nx - i : BLOCK, sums);
    return NWC_OK;
}

/* ---- second pass: all thresholds and windows of a band of rows ---- */

uint8_t nwc__verify_event_rank(const float *threshold, int32_t n, int32_t t)
{
    uint8_t rank = 0;
    for (int32_t s = 0; s < n; s++) rank = (uint8_t)(rank + (threshold[s] <= threshold[t]));
    return rank;
}

static void slide_row(const struct job *job, int64_t j, uint8_t level, int32_t sign, uint16_t *column_f,
                      uint16_t *column_o)
{
    if (j < 0 || j >= job->ny) return; /* beyond the edge nothing happens */
    job->kernels->slide(job->nx, job->rank_f + j * job->nx, level, sign, column_f);
    job->kernels->slide(job->nx, job->rank_o + j * job->nx, level, sign, column_o);
}

/* Fill sums[NWC__FSS_SUMS] with the windows of one size around the rows of a band. */
static void add_windows(const struct job *job, int64_t band, int64_t side, uint8_t level, double *sums)
{
    const int64_t before = side / 2, after = side - 1 - before, first = band * job->fss_band;
    const int64_t end = first + job->fss_band < job->ny ? first + job->fss_band : job->ny;
    uint16_t *const column_f = job->column + band * 2 * job->nx, *const column_o = column_f + job->nx;
    uint32_t *const running_f = job->running + band * 2 * job->running_size;
    uint32_t *const running_o = running_f + job->running_size;

    memset(column_f, 0, 2 * (size_t)job->nx * sizeof *column_f);
    for (int64_t j = first - before; j < first + after; j++) slide_row(job, j, level, 1, column_f, column_o);
    for (int k = 0; k < NWC__FSS_SUMS; k++) sums[k] = 0.0;
    for (int64_t j = first; j < end; j++) {
        slide_row(job, j + after, level, 1, column_f, column_o);
        if (j > first) slide_row(job, j - before - 1, level, -1, column_f, column_o);
        job->kernels->windows(job->nx, column_f, column_o, before, after, running_f, running_o, sums);
    }
}

static nwc_status fss_band(int64_t band, void *user)
{
    const struct job *const job = user;
    const nwc_verify *const verify = job->verify;
    double *sums = job->fss + band * (verify->size - verify->fss);
    for (int32_t t = 0; t < verify->n_thresholds; t++)
        for (int32_t w = 0; w < verify->n_windows; w++, sums += NWC__FSS_SUMS)
            add_windows(job, band, verify->window[w],
                        nwc__verify_event_rank(verify->threshold, verify->n_thresholds, t), sums);
    return NWC_OK;
}

/* ---- the call ---- */

nwc_status nwc__verify_check_pair(const nwc_field *forecast, const char *name, const nwc_field *observed,
                                  const nwc_flags *use)
{
    NWC__TRY(nwc__verify_check_places(forecast, name, observed, use));
    if (!forecast->units != !observed->units || (forecast->units && strcmp(forecast->units, observed->units) != 0))
        return nwc__fail(NWC_ERR_ARG, "observed: units %s of %s expected, %s given",
                         forecast->units ? forecast->units : "(none)", name,
                         observed->units ? observed->units : "(none)");
    return NWC_OK;
}

nwc_status nwc__verify_check_places(const nwc_field *forecast, const char *name, const nwc_field *observed,
                                    const nwc_flags *use)
{
    NWC__TRY(nwc__check_field(forecast, name, 2));
    NWC__TRY(nwc__check_field(observed, "observed", 2));
    NWC__TRY(nwc__check_same_shape(observed, "observed", forecast, name));
    if (forecast->grid && observed->grid && !nwc__same_grid(forecast->grid, observed->grid))
        return nwc__fail(NWC_ERR_ARG, "observed: the grid of %s expected, another given", name);
    if (!use) return NWC_OK;
    NWC__TRY(nwc__check_flags(use, "use", 2));
    if (use->dim[0] != forecast->dim[0] || use->dim[1] != forecast->dim[1])
        return nwc__fail(NWC_ERR_ARG, "use: the %lld x %lld cells of %s expected, %lld x %lld given",
                         (long long)forecast->dim[0], (long long)forecast->dim[1], name, (long long)use->dim[0],
                         (long long)use->dim[1]);
    return NWC_OK;
}

static int64_t widest_window(const nwc_verify *verify)
{
    int64_t widest = 0;
    for (int32_t w = 0; w < verify->n_windows; w++)
        if (verify->window[w] > widest) widest = verify->window[w];
    return widest;
}

nwc_status nwc_verify_add(nwc_ctx *ctx, nwc_verify *verify, const nwc_field *forecast, const nwc_field *observed,
                          const nwc_flags *use)
{
    ctx = nwc__ctx(ctx);
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    NWC__TRY(nwc__verify_check_pair(forecast, "forecast", observed, use));

    nwc_status status;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__verify_kernels),
                      .verify = verify,
                      .forecast = forecast,
                      .observed = observed,
                      .use = use,
                      .ny = forecast->dim[0],
                      .nx = forecast->dim[1]};
    const int64_t widest = widest_window(verify), bands = (job.ny + BAND - 1) / BAND;
    job.fss_band = widest < FSS_BAND_LEAST ? FSS_BAND_LEAST : widest > FSS_BAND_MOST ? FSS_BAND_MOST : widest;
    job.running_size = job.nx + widest;
    const int64_t fss_bands = (job.ny + job.fss_band - 1) / job.fss_band;
    const int64_t size = first_pass_sums(verify), fss_size = verify->size - verify->fss;
    const bool fss = verify->n_thresholds > 0 && verify->n_windows > 0;
    double *sums = NULL;
    NWC__ALLOC(ctx, sums, verify->size);
    NWC__ALLOC(ctx, job.sums, bands * size);
    if (fss) {
        NWC__ALLOC(ctx, job.rank_f, job.ny * job.nx);
        NWC__ALLOC(ctx, job.rank_o, job.ny * job.nx);
        NWC__ALLOC(ctx, job.column, fss_bands * 2 * job.nx);
        NWC__ALLOC(ctx, job.running, fss_bands * 2 * job.running_size);
        NWC__ALLOC(ctx, job.fss, fss_bands * fss_size);
    }

    if ((status = nwc__for_each_tile(ctx, "verify", bands, add_band, &job)) != NWC_OK) goto done;
    for (int64_t k = 0; k < verify->size; k++) sums[k] = 0.0;
    for (int64_t band = 0; band < bands; band++) {
        const double *const part = job.sums + band * size;
        for (int set = 0; set < 2; set++)
            nwc__verify_merge_moments(sums + verify->moments[set], part + set * NWC__MOMENTS);
        for (int64_t k = 2 * NWC__MOMENTS; k < size; k++) sums[verify->moments[0] + k] += part[k];
    }
    if (fss) {
        if ((status = nwc__for_each_tile(ctx, NULL, fss_bands, fss_band, &job)) != NWC_OK) goto done;
        for (int64_t band = 0; band < fss_bands; band++)
            for (int64_t k = 0; k < fss_size; k++) sums[verify->fss + k] += job.fss[band * fss_size + k];
    }
    nwc__verify_add_sums(verify, verify->state, sums); /* last, so that after a failure the sums are as before */

done:
    nwc__free(ctx, job.fss);
    nwc__free(ctx, job.running);
    nwc__free(ctx, job.column);
    nwc__free(ctx, job.rank_o);
    nwc__free(ctx, job.rank_f);
    nwc__free(ctx, job.sums);
    nwc__free(ctx, sums);
    return status;
}
