/*
 * Smoothing by a Gaussian or a box, along x and then along y, over what is known: normalised convolution (Knutsson and
 * Westin 1993, CVPR, 515). Unknown cells and what lies beyond the grid have no weight.
 */
#include "grid/average.h"
#include "grid/smooth_kernel.h"

NWC__DECLARE_KERNELS(nwc__smooth_kernels);

#define REACH_IN_SIGMA 4.0
#define MOST_SIZE 4096.0

struct job {
    const nwc__smooth_kernels *kernels;
    const nwc_field *field;
    nwc_field *out;
    int64_t ny, nx, reach_y, reach_x;
    float *tap_y, *tap_x; /* 0 to reach */
    float *sum, *weight;  /* (ny, nx), smoothed along x */
    float *rows;          /* for each row: value, weight with margins of reach_x; then two rows of results */
    float least;
};

static int64_t row_cells(const struct job *job)
{
    return 2 * (job->nx + 2 * job->reach_x);
}

static nwc_status along_x(int64_t j, void *user)
{
    const struct job *const job = user;
    float *const value = job->rows + j * row_cells(job), *const weight = value + job->nx + 2 * job->reach_x;
    memset(value, 0, (size_t)row_cells(job) * sizeof *value);
    nwc__linear_row(job->field, j, value + job->reach_x);
    for (int64_t i = job->reach_x; i < job->nx + job->reach_x; i++) {
        weight[i] = isnan(value[i]) ? 0.0F : 1.0F;
        value[i] = isnan(value[i]) ? 0.0F : value[i];
    }
    job->kernels->along_x(value, job->tap_x, job->reach_x, job->nx, job->sum + j * job->nx);
    job->kernels->along_x(weight, job->tap_x, job->reach_x, job->nx, job->weight + j * job->nx);
    return NWC_OK;
}

static nwc_status along_y(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->nx;
    float *const sum = job->rows + j * row_cells(job), *const weight = sum + nx;
    memset(sum, 0, (size_t)(2 * nx) * sizeof *sum);
    for (int64_t d = -job->reach_y; d <= job->reach_y; d++) {
        if (j + d < 0 || j + d >= job->ny) continue;
        const float tap = job->tap_y[d < 0 ? -d : d];
        job->kernels->add(job->sum + (j + d) * nx, tap, nx, sum);
        job->kernels->add(job->weight + (j + d) * nx, tap, nx, weight);
    }
    float *const out = job->out->data + j * job->out->stride[0];
    for (int64_t i = 0; i < nx; i++)
        out[i * job->out->stride[1]] =
            weight[i] > 0.0F && weight[i] >= job->least ? nwc__from_linear(job->field, sum[i] / weight[i]) : NAN;
    return NWC_OK;
}

/* Weights of a cell and those to one side, of sum 1 over both. A box may end within a cell. */
static nwc_status make_taps(nwc_ctx *ctx, int32_t shape, double size, int64_t *reach, float **taps)
{
    nwc_status status = NWC_OK;
    const bool box = shape == NWC_SMOOTH_BOX;
    *reach = (int64_t)ceil(box ? fmax(0.0, 0.5 * size - 0.5) : REACH_IN_SIGMA * size);
    NWC__ALLOC(ctx, *taps, *reach + 1);
    double sum = 0.0;
    for (int64_t k = 0; k <= *reach; k++) {
        const double within = fmin(1.0, 0.5 * size + 0.5 - (double)k);
        const double tap = box ? (k ? within : 1.0) : size > 0.0 ? exp(-0.5 * (double)(k * k) / (size * size)) : 1.0;
        (*taps)[k] = (float)tap;
        sum += k ? 2.0 * tap : tap;
    }
    for (int64_t k = 0; k <= *reach; k++) (*taps)[k] = (float)((double)(*taps)[k] / sum);
done:
    return status;
}

nwc_status nwc_grid_smooth(nwc_ctx *ctx, const nwc_field *field, int32_t shape, double size_y, double size_x,
                           double min_known, nwc_field *smoothed)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(field, "field", 2));
    NWC__TRY(nwc__check_field(smoothed, "smoothed", 2));
    NWC__TRY(nwc__check_same_shape(smoothed, "smoothed", field, "field"));
    if (shape != NWC_SMOOTH_GAUSSIAN && shape != NWC_SMOOTH_BOX)
        return nwc__fail(NWC_ERR_ARG, "shape: an nwc_smooth_shape expected, %d given", (int)shape);
    if (!(size_y >= 0.0 && size_x >= 0.0 && size_y <= MOST_SIZE && size_x <= MOST_SIZE))
        return nwc__fail(NWC_ERR_ARG, "size_y, size_x: 0 to %g cells expected, %g and %g given", MOST_SIZE, size_y,
                         size_x);
    if (!(min_known >= 0.0 && min_known <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "min_known: 0 to 1 expected, %g given", min_known);
    nwc_status status = NWC_OK;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__smooth_kernels),
                      .field = field,
                      .out = smoothed,
                      .ny = field->dim[0],
                      .nx = field->dim[1],
                      .least = (float)min_known - 1e-6F}; /* sums of floats */
    if ((status = make_taps(ctx, shape, size_y, &job.reach_y, &job.tap_y)) != NWC_OK) goto done;
    if ((status = make_taps(ctx, shape, size_x, &job.reach_x, &job.tap_x)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.sum, job.ny * job.nx);
    NWC__ALLOC(ctx, job.weight, job.ny * job.nx);
    NWC__ALLOC(ctx, job.rows, job.ny * row_cells(&job));
    if ((status = nwc__for_each_tile(ctx, "smooth", job.ny, along_x, &job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "smooth", job.ny, along_y, &job);
done:
    nwc__free(ctx, job.rows);
    nwc__free(ctx, job.weight);
    nwc__free(ctx, job.sum);
    nwc__free(ctx, job.tap_x);
    nwc__free(ctx, job.tap_y);
    return status;
}
