/* Motion that is known beforehand, checked and brought to cells per second. */
#include "motion/prior.h"

#include "motion/internal.h"

#include <stdio.h>

NWC__DECLARE_KERNELS(nwc__motion_kernels);

/* A tile is a row of one component. */
struct job {
    const nwc__motion_kernels *kernels;
    const nwc_field *pair;
    const nwc__metric *metric;
    float *const *cells;
};

nwc_status nwc__check_prior(const nwc_field *pair, const char *name, const nwc_field *newest, int32_t method)
{
    if (!pair) return NWC_OK;
    if (method != NWC_MOTION_VARIATIONAL)
        return nwc__fail(NWC_ERR_ARG, "%s: none expected but by the variational method, method %d given", name,
                         (int)method);
    for (int c = 0; c < 2; c++) {
        char part[32];
        snprintf(part, sizeof part, "%s[%d]", name, c);
        NWC__TRY(nwc__check_field(&pair[c], part, 2));
        NWC__TRY(nwc__check_same_shape(&pair[c], part, newest, "the newest frame"));
        if (pair[c].grid && !nwc__same_grid(pair[c].grid, newest->grid))
            return nwc__fail(NWC_ERR_ARG, "%s: the grid of the newest frame expected, another given", part);
    }
    return NWC_OK;
}

/* From node to node of the metric, between which the length of a cell changes linearly. */
static nwc_status take_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t c = tile % 2, j = tile / 2, nx = job->pair[0].dim[1];
    const nwc_field *const field = &job->pair[c];
    for (int64_t i = 0; i < nx; i += NWC__METRIC_STEP) {
        const int64_t n = nx - i < NWC__METRIC_STEP ? nx - i : NWC__METRIC_STEP;
        double d_m[2][2]; /* dx, dy at both ends */
        for (int end = 0; end < 2; end++)
            nwc__metric_at(job->metric, (double)j, (double)(i + end * NWC__METRIC_STEP), &d_m[end][0], &d_m[end][1]);
        job->kernels->to_cells(field->data + j * field->stride[0] + i * field->stride[1], field->stride[1], n,
                               (float)d_m[0][c], (float)((d_m[1][c] - d_m[0][c]) / NWC__METRIC_STEP),
                               job->cells[c] + j * nx + i);
    }
    return NWC_OK;
}

nwc_status nwc__take_prior(nwc_ctx *ctx, const nwc_field *pair, const nwc__metric *metric, float *cells[2])
{
    struct job job = {NWC__KERNELS(ctx, nwc__motion_kernels), pair, metric, cells};
    nwc_status status = NWC_OK;
    for (int c = 0; c < 2; c++) NWC__ALLOC(ctx, cells[c], pair[0].dim[0] * pair[0].dim[1]);
    status = nwc__for_each_tile(ctx, NULL, 2 * pair[0].dim[0], take_row, &job);
done:
    return status;
}
