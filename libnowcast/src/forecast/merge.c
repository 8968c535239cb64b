/*
 * Two fields merged cell by cell, by one weight or by salience (Hwang et al. 2015): the difference of both, each over its own
 * greatest value, is ranked among all differences, equal ones alike; at rank s the nowcast's weight w becomes the mean of
 * w s / (w s + (1 - w) (1 - s)) and a / (a + b), a^2 = w^2 + s^2, b^2 = (1 - w)^2 + (1 - s)^2.
 */
#include "grid/internal.h"

#include <nowcast/forecast_blend.h>

struct job {
    const nwc_field *nowcast, *model;
    nwc_field *merged;
    double weight;
    float most[2];
    float *difference, *sorted; /* (y, x): of cells known in both; each of them once, ascending */
    int64_t n;
};

static float cell_of(const nwc_field *field, int64_t j, int64_t i)
{
    return field->data[j * field->stride[0] + i * field->stride[1]];
}

static double salient_weight(double w, double s)
{
    if (w <= 0.0 || w >= 1.0) return w;
    const double a = sqrt(w * w + s * s), b = sqrt((1.0 - w) * (1.0 - w) + (1.0 - s) * (1.0 - s));
    return 0.5 * (w * s / (w * s + (1.0 - w) * (1.0 - s)) + a / (a + b));
}

/* The place of a value among n, from 1 / n to 1. */
static double rank_of(const float *sorted, int64_t n, float value)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return (double)(low + 1) / (double)n;
}

static float difference_of(const struct job *job, float nowcast, float model)
{
    return (job->most[0] > 0.0F ? nowcast / job->most[0] : 0.0F) - (job->most[1] > 0.0F ? model / job->most[1] : 0.0F);
}

static nwc_status merge_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->merged->dim[1]; i++) {
        const float a = cell_of(job->nowcast, j, i), b = cell_of(job->model, j, i);
        double w = job->weight;
        if (job->sorted && !isnan(a) && !isnan(b))
            w = salient_weight(w, rank_of(job->sorted, job->n, difference_of(job, a, b)));
        const float both = w >= 1.0 ? a : w <= 0.0 ? b : (float)(w * (double)a + (1.0 - w) * (double)b);
        job->merged->data[j * job->merged->stride[0] + i * job->merged->stride[1]] = isnan(a) ? b : isnan(b) ? a : both;
    }
    return NWC_OK;
}

/* The differences there are, each once. */
static nwc_status rank_differences(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    const int64_t ny = job->merged->dim[0], nx = job->merged->dim[1];
    uint32_t *work = NULL;
    NWC__ALLOC(ctx, job->difference, ny * nx);
    NWC__ALLOC(ctx, job->sorted, ny * nx);
    NWC__ALLOC(ctx, work, 2 * ny * nx);
    job->most[0] = job->most[1] = 0.0F;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            job->most[0] = fmaxf(job->most[0], cell_of(job->nowcast, j, i));
            job->most[1] = fmaxf(job->most[1], cell_of(job->model, j, i));
        }
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            job->difference[j * nx + i] = difference_of(job, cell_of(job->nowcast, j, i), cell_of(job->model, j, i));
    const int64_t known = nwc__sort_known(job->difference, ny * nx, work, job->sorted);
    job->n = 0;
    for (int64_t k = 0; k < known; k++)
        if (k == 0 || job->sorted[k] > job->sorted[job->n - 1]) job->sorted[job->n++] = job->sorted[k];
done:
    nwc__free(ctx, work);
    return status;
}

nwc_status nwc_forecast_merge(nwc_ctx *ctx, const nwc_field *nowcast, const nwc_field *model, double weight,
                              int32_t method, nwc_field *merged)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(nowcast, "nowcast", 2));
    NWC__TRY(nwc__check_field(model, "model", 2));
    NWC__TRY(nwc__check_field(merged, "merged", 2));
    NWC__TRY(nwc__check_same_shape(model, "model", nowcast, "nowcast"));
    NWC__TRY(nwc__check_same_shape(merged, "merged", nowcast, "nowcast"));
    if (nowcast->units && model->units && strcmp(nowcast->units, model->units) != 0)
        return nwc__fail(NWC_ERR_ARG, "model: units %s of nowcast expected, %s given", nowcast->units, model->units);
    if (!(weight >= 0.0 && weight <= 1.0)) return nwc__fail(NWC_ERR_ARG, "weight: 0 to 1 expected, %g given", weight);
    if (method != NWC_MERGE_LINEAR && method != NWC_MERGE_SALIENT)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_merge_method expected, %d given", (int)method);
    nwc_status status = NWC_OK;
    struct job job = {.nowcast = nowcast, .model = model, .merged = merged, .weight = weight};
    if (method == NWC_MERGE_SALIENT && (status = rank_differences(ctx, &job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "merge", merged->dim[0], merge_row, &job);
done:
    nwc__free(ctx, job.sorted);
    nwc__free(ctx, job.difference);
    return status;
}
