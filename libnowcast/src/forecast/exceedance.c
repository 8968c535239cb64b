/*
 * Probabilities of thresholds: members that reach them are counted in every cell, and over a disc around it as sums along
 * its rows, each the difference of two sums that run from the west (so a cell costs two additions for each row of the disc). All
 * sums are whole numbers.
 */
#include "forecast/members.h"

#include <nowcast/forecast_ensemble.h>

#define MOST_RADIUS_M 1e6

struct job {
    const struct nwc__members_kernels *kernels;
    const nwc_field *members;
    int32_t n_members;
    float threshold;
    int64_t ny, nx;
    int64_t reach_y, *reach_x; /* rows to either side; cells to either side on the row so far away */
    int32_t *known, *reached;  /* (ny, nx + 1): running sums, 0 first */
    int64_t *sums;             /* (tile, 2, nx) */
    nwc_field *out;
    int64_t plane; /* of out */
};

static nwc_status count_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    for (int64_t j = tile * NWC__MEMBER_ROWS; j < job->ny && j < (tile + 1) * NWC__MEMBER_ROWS; j++) {
        int32_t *const known = job->known + j * (job->nx + 1), *const reached = job->reached + j * (job->nx + 1);
        memset(known, 0, (size_t)(job->nx + 1) * sizeof *known);
        memset(reached, 0, (size_t)(job->nx + 1) * sizeof *reached);
        for (int32_t m = 0; m < job->n_members; m++) {
            const nwc_field *const f = &job->members[m];
            job->kernels->reach(job->nx, f->data + j * f->stride[0], f->stride[1], job->threshold, known + 1,
                                reached + 1);
        }
        for (int64_t i = 0; i < job->nx; i++) {
            known[i + 1] += known[i];
            reached[i + 1] += reached[i];
        }
    }
    return NWC_OK;
}

static void share_row(const struct job *job, int64_t j, int64_t *known, int64_t *reached)
{
    const nwc_field *const out = job->out;
    const int32_t *const here = job->known + j * (job->nx + 1);
    memset(known, 0, (size_t)job->nx * sizeof *known);
    memset(reached, 0, (size_t)job->nx * sizeof *reached);
    for (int64_t d = -job->reach_y; d <= job->reach_y; d++) {
        if (j + d < 0 || j + d >= job->ny) continue;
        const int64_t w = job->reach_x[d < 0 ? -d : d], row = (j + d) * (job->nx + 1);
        job->kernels->disc(job->nx, job->known + row, w, known);
        job->kernels->disc(job->nx, job->reached + row, w, reached);
    }
    for (int64_t i = 0; i < job->nx; i++)
        out->data[job->plane * out->stride[0] + j * out->stride[1] + i * out->stride[2]] =
            nwc__members_known(here[i + 1] - here[i], job->n_members) ? (float)((double)reached[i] / (double)known[i])
                                                                      : NAN;
}

static nwc_status share_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    int64_t *const sums = job->sums + tile * 2 * job->nx;
    for (int64_t j = tile * NWC__MEMBER_ROWS; j < job->ny && j < (tile + 1) * NWC__MEMBER_ROWS; j++)
        share_row(job, j, sums, sums + job->nx);
    return NWC_OK;
}

/* How far the disc reaches on each row: to centres no farther than the radius, and no farther than the grid does. */
static nwc_status make_disc(nwc_ctx *ctx, const nwc_field *members, double radius_m, struct job *job)
{
    nwc_status status = NWC_OK;
    double dx_m = 1.0, dy_m = 1.0;
    if (radius_m > 0.0) {
        nwc__metric metric;
        NWC__TRY(nwc__metric_create(ctx, members->grid, &metric));
        dx_m = metric.mean_dx_m, dy_m = metric.mean_dy_m;
        nwc__metric_destroy(ctx, &metric);
    }
    job->reach_y = (int64_t)fmin(floor(radius_m / dy_m * (1.0 + 1e-9)), (double)job->ny);
    NWC__ALLOC(ctx, job->reach_x, job->reach_y + 1);
    for (int64_t d = 0; d <= job->reach_y; d++) {
        const double left = radius_m * radius_m - (double)(d * d) * dy_m * dy_m;
        job->reach_x[d] = (int64_t)fmin(floor(sqrt(fmax(left, 0.0)) / dx_m * (1.0 + 1e-9)), (double)job->nx);
    }
done:
    return status;
}

static nwc_status check(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, const double *thresholds,
                        int32_t n_thresholds, double radius_m, const nwc_field *probability)
{
    NWC__TRY(nwc__check_members(members, n_members));
    if (!thresholds || n_thresholds < 1 || n_thresholds > NWC__MOST_CHOICES)
        return nwc__fail(NWC_ERR_ARG, "thresholds: 1 to %d numbers expected, %d given", NWC__MOST_CHOICES,
                         thresholds ? (int)n_thresholds : 0);
    for (int32_t t = 0; t < n_thresholds; t++)
        if (!isfinite(thresholds[t]))
            return nwc__fail(NWC_ERR_ARG, "thresholds[%d]: a finite number expected, %g given", (int)t, thresholds[t]);
    if (!(radius_m >= 0.0 && radius_m <= MOST_RADIUS_M))
        return nwc__fail(NWC_ERR_ARG, "radius_m: 0 to %g expected, %g given", MOST_RADIUS_M, radius_m);
    if (radius_m > 0.0) NWC__TRY(nwc__check_on_grid(ctx, members, "members[0]"));
    if (members->dim[1] > INT32_MAX / n_members - 1)
        return nwc__fail(NWC_ERR_ARG, "members: at most %d cells in a row of all of them expected, %lld given",
                         INT32_MAX, (long long)members->dim[1] * n_members);
    return nwc__check_of_members(probability, "probability", n_thresholds, members);
}

nwc_status nwc_forecast_exceedance(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, const double *thresholds,
                                   int32_t n_thresholds, double radius_m, nwc_field *probability)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(ctx, members, n_members, thresholds, n_thresholds, radius_m, probability));
    nwc_status status;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__members_kernels),
                      .members = members,
                      .n_members = n_members,
                      .ny = members->dim[0],
                      .nx = members->dim[1],
                      .out = probability};
    const int64_t tiles = (job.ny + NWC__MEMBER_ROWS - 1) / NWC__MEMBER_ROWS;
    if ((status = make_disc(ctx, members, radius_m, &job)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.known, job.ny * (job.nx + 1));
    NWC__ALLOC(ctx, job.reached, job.ny * (job.nx + 1));
    NWC__ALLOC(ctx, job.sums, tiles * 2 * job.nx);
    for (int32_t t = 0; t < n_thresholds; t++) {
        job.threshold = (float)thresholds[t], job.plane = t;
        if ((status = nwc__for_each_tile(ctx, "exceedance", tiles, count_rows, &job)) != NWC_OK) goto done;
        if ((status = nwc__for_each_tile(ctx, NULL, tiles, share_rows, &job)) != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, job.sums);
    nwc__free(ctx, job.reached);
    nwc__free(ctx, job.known);
    nwc__free(ctx, job.reach_x);
    return status;
}
