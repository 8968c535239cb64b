/*
 * Gauges beside radar: the mean bias followed from hour to hour (Smith and Krajewski 1991), and fields merged with what gauges
 * say where they stand (Sinclair and Pegram 2005).
 *
 * Kriging is written in its dual form: with C the correlations of the gauges, m their generalised mean and w = C^-1 (d - m),
 * the difference at a place is m + sum c_k w_k, c being its correlations with the gauges. That is ordinary kriging, and what is
 * left to do for each cell is one sum over the gauges.
 */
#include "core/blas.h"
#include "grid/internal.h"

#include <nowcast/rain.h>

enum { MOST_GAUGES = 2000 };

/* ---- the mean bias ---- */

void nwc_gauge_bias_options_init(nwc_gauge_bias_options *options)
{
    if (!options) return;
    *options = (nwc_gauge_bias_options){
        .struct_size = sizeof *options, .persistence = 0.9, .spread = 0.4, .pair_error = 0.8, .least_mm = 0.5};
}

nwc_status nwc_rain_gauge_bias(nwc_gauge_bias *bias, int64_t n, const double *gauge_mm, const double *radar_mm,
                               const nwc_gauge_bias_options *options, int64_t *used)
{
    nwc_gauge_bias_options o;
    nwc_gauge_bias_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_gauge_bias_options"));
    if (!bias || !isfinite(bias->log_bias) || !(bias->variance >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "bias: a finite logarithm and a variance of 0 or more expected");
    if (n < 0 || (n > 0 && (!gauge_mm || !radar_mm)))
        return nwc__fail(NWC_ERR_ARG, "n, gauge_mm, radar_mm: pairs expected, %lld given", (long long)n);
    if (!(o.persistence >= 0.0 && o.persistence <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "persistence: 0 to 1 expected, %g given", o.persistence);
    if (!(o.spread > 0.0 && o.pair_error > 0.0 && o.least_mm > 0.0))
        return nwc__fail(NWC_ERR_ARG, "spread, pair_error, least_mm: above 0 expected, %g, %g and %g given", o.spread,
                         o.pair_error, o.least_mm);
    double gauges = 0.0, radar = 0.0;
    int64_t pairs = 0;
    for (int64_t k = 0; k < n; k++) {
        if (!isfinite(gauge_mm[k]) || !isfinite(radar_mm[k])) continue;
        if (gauge_mm[k] < o.least_mm || radar_mm[k] < o.least_mm) continue;
        gauges += gauge_mm[k], radar += radar_mm[k];
        pairs++;
    }
    const double rho2 = o.persistence * o.persistence;
    bias->log_bias *= o.persistence;
    bias->variance = rho2 * bias->variance + (1.0 - rho2) * o.spread * o.spread;
    if (pairs) {
        const double error = o.pair_error * o.pair_error / (double)pairs;
        const double gain = bias->variance / (bias->variance + error);
        bias->log_bias += gain * (log(gauges / radar) - bias->log_bias);
        bias->variance *= 1.0 - gain;
    }
    if (used) *used = pairs;
    return NWC_OK;
}

/* ---- merging ---- */

struct job {
    const nwc_field *radar;
    nwc_field *merged;
    double dx_m, dy_m, per_length;
    int64_t n;
    double *x, *y;  /* of the gauges, cells */
    double *weight; /* C^-1 (d - m) */
    double mean;    /* m */
};

void nwc_merge_options_init(nwc_merge_options *options)
{
    if (!options) return;
    *options = (nwc_merge_options){.struct_size = sizeof *options, .length_m = 30000.0, .nugget = 0.1};
}

static double correlation(const struct job *job, double dx, double dy)
{
    const double x = dx * job->dx_m, y = dy * job->dy_m;
    return exp(-sqrt(x * x + y * y) * job->per_length);
}

static nwc_status merge_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t step = job->radar->stride[1], out_step = job->merged->stride[1];
    const float *const row = job->radar->data + j * job->radar->stride[0];
    float *const out = job->merged->data + j * job->merged->stride[0];
    for (int64_t i = 0; i < job->radar->dim[1]; i++) {
        const double radar = (double)row[i * step];
        double difference = job->mean;
        if (isnan(radar) || job->n == 0) {
            out[i * out_step] = row[i * step];
            continue;
        }
        for (int64_t k = 0; k < job->n; k++)
            difference += job->weight[k] * correlation(job, (double)i - job->x[k], (double)j - job->y[k]);
        out[i * out_step] = (float)fmax(0.0, radar + difference);
    }
    return NWC_OK;
}

/* The gauges that take part: where they are, in cells, and by how much they differ from the radar's cell. */
static void take_gauges(struct job *job, int64_t n, const double *x, const double *y, const double *gauge, double *d)
{
    const nwc_grid *const grid = job->radar->grid;
    job->n = 0;
    for (int64_t k = 0; k < n; k++) {
        const double i = (x[k] - grid->x_first) / grid->dx, j = (y[k] - grid->y_first) / grid->dy;
        if (!(i > -0.5 && j > -0.5 && i < (double)grid->nx - 0.5 && j < (double)grid->ny - 0.5)) continue;
        const float radar =
            job->radar->data[(int64_t)(j + 0.5) * job->radar->stride[0] + (int64_t)(i + 0.5) * job->radar->stride[1]];
        if (isnan(radar) || !isfinite(gauge[k])) continue;
        job->x[job->n] = i, job->y[job->n] = j;
        d[job->n++] = gauge[k] - (double)radar;
    }
}

/* Solve for mean and weights. The nugget stands on the diagonal, so that the matrix is positive definite. */
static nwc_status solve(struct job *job, double nugget, const double *d, double *c, double *ones)
{
    const int64_t n = job->n;
    double *const matrix[2] = {c, c + n * n}; /* one for each right side: they are overwritten */
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b <= a; b++)
            matrix[0][a * n + b] = matrix[1][a * n + b] =
                (a == b ? 1.0 : 1.0 - nugget) *
                (a == b ? 1.0 : correlation(job, job->x[a] - job->x[b], job->y[a] - job->y[b]));
    for (int64_t a = 0; a < n; a++) ones[a] = 1.0, job->weight[a] = d[a];
    if (!nwc__solve_spd((int32_t)n, matrix[0], ones) || !nwc__solve_spd((int32_t)n, matrix[1], job->weight))
        return nwc__fail(NWC_ERR_ARG, "x, y: gauges at different places expected where the nugget is 0");
    double sum_ones = 0.0, sum_d = 0.0;
    for (int64_t a = 0; a < n; a++) sum_ones += ones[a], sum_d += job->weight[a];
    job->mean = sum_d / sum_ones;
    for (int64_t a = 0; a < n; a++) job->weight[a] = (1.0 - nugget) * (job->weight[a] - job->mean * ones[a]);
    return NWC_OK;
}

static nwc_status check_merge(nwc_ctx *ctx, const nwc_field *radar, int64_t n, const double *x, const double *y,
                              const double *gauge, const nwc_merge_options *o, const nwc_field *merged)
{
    NWC__TRY(nwc__check_field(radar, "radar", 2));
    NWC__TRY(nwc__check_on_grid(ctx, radar, "radar"));
    NWC__TRY(nwc__check_field(merged, "merged", 2));
    NWC__TRY(nwc__check_same_shape(merged, "merged", radar, "radar"));
    if (n < 0 || n > MOST_GAUGES || (n > 0 && (!x || !y || !gauge)))
        return nwc__fail(NWC_ERR_ARG, "n, x, y, gauge: 0 to %d gauges expected, %lld given", MOST_GAUGES, (long long)n);
    if (!(o->length_m > 0.0) || !isfinite(o->length_m))
        return nwc__fail(NWC_ERR_ARG, "length_m: above 0 expected, %g given", o->length_m);
    if (!(o->nugget >= 0.0 && o->nugget < 1.0))
        return nwc__fail(NWC_ERR_ARG, "nugget: 0 to below 1 expected, %g given", o->nugget);
    return NWC_OK;
}

nwc_status nwc_rain_merge(nwc_ctx *ctx, const nwc_field *radar, int64_t n, const double *x, const double *y,
                          const double *gauge, const nwc_merge_options *options, nwc_field *merged, int64_t *used)
{
    ctx = nwc__ctx(ctx);
    nwc_status status = NWC_OK;
    nwc_merge_options o;
    nwc__metric metric;
    double *difference = NULL, *matrices = NULL, *ones = NULL;
    nwc_merge_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_merge_options"));
    NWC__TRY(check_merge(ctx, radar, n, x, y, gauge, &o, merged));
    NWC__TRY(nwc__metric_create(ctx, radar->grid, &metric));
    struct job job = {.radar = radar,
                      .merged = merged,
                      .dx_m = metric.mean_dx_m,
                      .dy_m = metric.mean_dy_m,
                      .per_length = 1.0 / o.length_m};
    nwc__metric_destroy(ctx, &metric);
    NWC__ALLOC(ctx, job.x, n);
    NWC__ALLOC(ctx, job.y, n);
    NWC__ALLOC(ctx, job.weight, n);
    NWC__ALLOC(ctx, difference, n);
    NWC__ALLOC(ctx, ones, n);
    take_gauges(&job, n, x, y, gauge, difference);
    NWC__ALLOC(ctx, matrices, 2 * job.n * job.n);
    if (job.n && (status = solve(&job, o.nugget, difference, matrices, ones)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "merge", radar->dim[0], merge_row, &job);
    if (used) *used = job.n;
done:
    nwc__free(ctx, matrices);
    nwc__free(ctx, ones);
    nwc__free(ctx, difference);
    nwc__free(ctx, job.weight);
    nwc__free(ctx, job.y);
    nwc__free(ctx, job.x);
    return status;
}
