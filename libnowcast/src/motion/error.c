/*
 * How far a motion field may be off.
 *
 * What a motion changes by from one estimate to the next is noise for the most part, since echo turns slowly: the mean square
 * of these innovations around a cell, where echo was followed, says how well motion is known there. Where the sums of
 * the estimate hold it less, it is known less: the error grows with a small power of the quality, which is the share of
 * the least eigenvalue of the data's Hessian beside smoothness. Both numbers were fitted to storms of 10 seeds whose
 * motion was known, with lifetimes, sizes, shears and coverage drawn at random, so that 68 % of the errors of u and of v
 * lie within; on 10 others they do so too, within what the guide says.
 */
#include "core/internal.h"
#include "grid/internal.h"

#include <nowcast/motion.h>

#define AROUND_M 20e3f      /* standard deviation of the Gaussian that innovations are averaged with */
#define LEAST_QUALITY 1e-4f /* as which a cell counts where nothing was followed */
#define OF_ALL 0.1f         /* share of the mean of the grid, beside a neighbourhood of mean quality */
#define FACTOR 1.1f
#define POWER -0.08f
#define WORST_QUALITY 1e-5f

/* A tile is a row. */
struct job {
    const nwc_field *u, *v, *quality, *before;
    nwc_field *error;
    int64_t nx;
    float *weight, *square;    /* (ny, nx): of innovations, and the same times their square */
    double *weights, *squares; /* of a row */
    double *best;
    float mean_weight, mean_square;
};

static float cell(const nwc_field *field, int64_t j, int64_t i)
{
    return field->data[j * field->stride[0] + i * field->stride[1]];
}

static nwc_status take_row(int64_t j, void *user)
{
    const struct job *const job = user;
    double weights = 0.0, squares = 0.0, best = 0.0;
    for (int64_t i = 0; i < job->nx; i++) {
        const float du = cell(job->u, j, i) - cell(&job->before[0], j, i);
        const float dv = cell(job->v, j, i) - cell(&job->before[1], j, i);
        const float square = 0.5f * (du * du + dv * dv), quality = cell(job->quality, j, i);
        const bool known = isfinite(square) && isfinite(quality);
        const float weight = known ? fmaxf(quality, 0.0f) + LEAST_QUALITY : 0.0f;
        job->weight[j * job->nx + i] = weight;
        job->square[j * job->nx + i] = known ? weight * square : 0.0f;
        weights += (double)weight;
        squares += known ? (double)(weight * square) : 0.0;
        best = known ? fmax(best, (double)quality) : best;
    }
    job->weights[j] = weights, job->squares[j] = squares, job->best[j] = best;
    return NWC_OK;
}

static nwc_status give_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->nx; i++) {
        const int64_t at = j * job->nx + i;
        const float least = OF_ALL * job->mean_weight, quality = cell(job->quality, j, i);
        const float mean = (job->square[at] + least * job->mean_square) / (job->weight[at] + least);
        const bool known = isfinite(cell(job->u, j, i)) && isfinite(cell(job->v, j, i)) && isfinite(quality);
        job->error->data[j * job->error->stride[0] + i * job->error->stride[1]] =
            known ? FACTOR * sqrtf(mean) * powf(fmaxf(quality, 0.0f) + WORST_QUALITY, POWER) : NAN;
    }
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const struct job *job)
{
    NWC__TRY(nwc__check_field(job->u, "u", 2));
    NWC__TRY(nwc__check_on_grid(ctx, job->u, "u"));
    if (!job->before) return nwc__fail(NWC_ERR_ARG, "before: u and v expected, NULL given");
    const nwc_field *const others[] = {job->v, job->quality, &job->before[0], &job->before[1], job->error};
    const char *const names[] = {"v", "quality", "before[0]", "before[1]", "error"};
    for (int f = 0; f < 5; f++) {
        NWC__TRY(nwc__check_field(others[f], names[f], 2));
        NWC__TRY(nwc__check_same_shape(others[f], names[f], job->u, "u"));
        if (others[f]->grid && !nwc__same_grid(others[f]->grid, job->u->grid))
            return nwc__fail(NWC_ERR_ARG, "%s: the grid of u expected, another given", names[f]);
    }
    return NWC_OK;
}

/* Means of the grid; refused where nothing was followed. */
static nwc_status average(struct job *job, int64_t ny)
{
    double weights = 0.0, squares = 0.0, best = 0.0;
    for (int64_t j = 0; j < ny; j++) {
        weights += job->weights[j];
        squares += job->squares[j];
        best = fmax(best, job->best[j]);
    }
    if (!(best > 0.0)) return nwc__fail(NWC_ERR_NODATA, "quality: nothing was followed where both motions are known");
    job->mean_weight = (float)(weights / (double)(ny * job->nx));
    job->mean_square = (float)(squares / weights);
    return NWC_OK;
}

nwc_status nwc_motion_error(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_field *quality,
                            const nwc_field *before, nwc_field *error)
{
    ctx = nwc__ctx(ctx);
    struct job job = {.u = u, .v = v, .quality = quality, .before = before, .error = error};
    NWC__TRY(check(ctx, &job));
    const int64_t ny = u->dim[0], nx = job.nx = u->dim[1];
    nwc__metric metric = {0};
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, job.weight, ny * nx);
    NWC__ALLOC(ctx, job.square, ny * nx);
    NWC__ALLOC(ctx, job.weights, ny);
    NWC__ALLOC(ctx, job.squares, ny);
    NWC__ALLOC(ctx, job.best, ny);
    if ((status = nwc__metric_create(ctx, u->grid, &metric)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, NULL, ny, take_row, &job)) != NWC_OK) goto done;
    if ((status = average(&job, ny)) != NWC_OK) goto done;
    float *const parts[2] = {job.weight, job.square};
    for (int p = 0; p < 2; p++) {
        nwc_field part = {
            .data = parts[p], .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}, .missing = NAN, .units = "1"};
        status = nwc_grid_smooth(ctx, &part, NWC_SMOOTH_GAUSSIAN, fmin(AROUND_M / metric.mean_dy_m, 4096.0),
                                 fmin(AROUND_M / metric.mean_dx_m, 4096.0), 0.0, &part);
        if (status != NWC_OK) goto done;
    }
    status = nwc__for_each_tile(ctx, NULL, ny, give_row, &job);
done:
    nwc__metric_destroy(ctx, &metric);
    nwc__free(ctx, job.best);
    nwc__free(ctx, job.squares);
    nwc__free(ctx, job.weights);
    nwc__free(ctx, job.square);
    nwc__free(ctx, job.weight);
    return status;
}
