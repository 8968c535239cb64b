/*
 * What follows from the classes of probabilities: the ROC curve, bars by which a reliability diagram is judged, and a calibration.
 *
 * The bars are quantiles of a binomial distribution, whose terms are built up from its mode and so need no tables. The
 * calibration is the isotonic regression of the frequencies on the classes, weighted by how often each was forecast, by pooling
 * adjacent violators (Ayer, Brunk, Ewing, Reid and Silverman 1955, Ann. Math. Stat. 26, 641).
 */
#include "verify/curve.h"
#include "verify/probability_kernel.h"
#include "verify/sums.h"

NWC__DECLARE_KERNELS(nwc__probability_kernels);

void nwc__verify_fill_curve(nwc_probability_class *curve, int32_t n)
{
    int64_t events = 0, quiet = 0;
    for (int32_t k = 0; k < n; k++) events += curve[k].events, quiet += curve[k].forecasts - curve[k].events;
    int64_t events_up = 0, quiet_up = 0;
    for (int32_t k = n - 1; k >= 0; k--) {
        events_up += curve[k].events;
        quiet_up += curve[k].forecasts - curve[k].events;
        curve[k].frequency = nwc__verify_ratio((double)curve[k].events, (double)curve[k].forecasts);
        curve[k].pod = nwc__verify_ratio((double)events_up, (double)events);
        curve[k].pofd = nwc__verify_ratio((double)quiet_up, (double)quiet);
    }
}

double nwc__verify_roc_area(const nwc_probability_class *curve, int32_t n)
{
    double area = 0.0;
    for (int32_t k = 0; k < n; k++) {
        const double pod = k + 1 < n ? curve[k + 1].pod : 0.0, pofd = k + 1 < n ? curve[k + 1].pofd : 0.0;
        area += 0.5 * (curve[k].pod + pod) * (curve[k].pofd - pofd);
    }
    return area;
}

/* ---- consistency bars ---- */

/* How many times as likely k successes among n are as k - 1. */
static double rise(double n, double k, double odds)
{
    return (n - k + 1.0) / k * odds;
}

/* The least k so that at most k successes among n have at least probability `share`; p in (0, 1). Terms are parts of the mode's. */
static double binomial_quantile(double n, double p, double share)
{
    const double odds = p / (1.0 - p), mode = floor((n + 1.0) * p), least = 1e-18;
    double total = 1.0, first = mode, lowest = 1.0, last = mode;
    while (first > 0.0 && lowest / rise(n, first, odds) > least) {
        lowest /= rise(n, first--, odds);
        total += lowest;
    }
    for (double term = 1.0; last < n && term * rise(n, last + 1.0, odds) > least;) {
        term *= rise(n, ++last, odds);
        total += term;
    }
    double k = first, term = lowest;
    for (double so_far = lowest; so_far < share * total && k < last; so_far += term) term *= rise(n, ++k, odds);
    return k;
}

nwc_status nwc_verify_consistency(const nwc_probability_class *curve, int32_t n_classes, double cells_per_sample,
                                  double level, double *low, double *high)
{
    if (!curve || n_classes < 1) return nwc__fail(NWC_ERR_ARG, "curve: at least one class expected");
    if (!low || !high) return nwc__fail(NWC_ERR_ARG, "low, high: places expected, NULL given");
    if (!(cells_per_sample >= 1.0 && isfinite(cells_per_sample)))
        return nwc__fail(NWC_ERR_ARG, "cells_per_sample: 1 or more expected, %g given", cells_per_sample);
    if (!(level > 0.0 && level < 1.0))
        return nwc__fail(NWC_ERR_ARG, "level: above 0 and below 1 expected, %g given", level);
    for (int32_t k = 0; k < n_classes; k++) {
        const double samples = ceil((double)curve[k].forecasts / cells_per_sample), p = curve[k].probability;
        const bool certain = !(p > 0.0 && p < 1.0);
        low[k] = high[k] = samples > 0.0 ? p : (double)NAN;
        if (samples <= 0.0 || certain) continue;
        low[k] = binomial_quantile(samples, p, 0.5 - 0.5 * level) / samples;
        high[k] = binomial_quantile(samples, p, 0.5 + 0.5 * level) / samples;
    }
    return NWC_OK;
}

/* ---- calibration ---- */

/* A class, or several taken together. */
struct block {
    double n, events, sum; /* sum: of probabilities */
    int32_t first;         /* of pooled blocks, the first knot */
};

static void join(struct block *into, const struct block *from)
{
    into->n += from->n, into->events += from->events, into->sum += from->sum;
}

/* The knots and, as their values, the pooled frequencies, in place. */
static void pool(int32_t n_knots, struct block *pooled, double *calibrated)
{
    int32_t n = 0;
    for (int32_t k = 0; k < n_knots; k++) {
        pooled[n] = pooled[k];
        pooled[n++].first = k;
        while (n > 1 && pooled[n - 2].events * pooled[n - 1].n >= pooled[n - 1].events * pooled[n - 2].n) {
            join(&pooled[n - 2], &pooled[n - 1]);
            n--;
        }
    }
    for (int32_t b = 0; b < n; b++)
        for (int32_t k = pooled[b].first; k < (b + 1 < n ? pooled[b + 1].first : n_knots); k++)
            calibrated[k] = pooled[b].events / pooled[b].n;
}

nwc_status nwc_calibration_learn(const nwc_probability_class *curve, int32_t n_classes, int64_t least, int32_t *n_knots,
                                 double *probability, double *calibrated)
{
    enum { MOST = 1001 };
    if (!curve || n_classes < 1 || n_classes > MOST)
        return nwc__fail(NWC_ERR_ARG, "curve: 1 to %d classes expected, %d given", MOST, curve ? (int)n_classes : 0);
    if (!n_knots || !probability || !calibrated)
        return nwc__fail(NWC_ERR_ARG, "n_knots, probability, calibrated: places expected, NULL given");
    if (least < 1) return nwc__fail(NWC_ERR_ARG, "least: 1 or more expected, %lld given", (long long)least);

    struct block block[MOST], all = {0};
    int32_t n = 0;
    bool open = false; /* the last block has too few */
    for (int32_t k = 0; k < n_classes; k++) {
        const double cells = (double)curve[k].forecasts;
        if (!(cells > 0.0)) continue;
        const struct block one = {.n = cells, .events = (double)curve[k].events, .sum = cells * curve[k].probability};
        join(&all, &one);
        if (open)
            join(&block[n - 1], &one);
        else
            block[n++] = one;
        open = block[n - 1].n < (double)least;
    }
    if (open && n > 1) join(&block[n - 2], &block[n - 1]), n--;
    if (n < 2)
        return nwc__fail(NWC_ERR_NODATA, "curve: two classes of %lld forecasts expected, %lld forecasts in all given",
                         (long long)least, (long long)all.n);
    if (all.events <= 0.0 || all.events >= all.n)
        return nwc__fail(NWC_ERR_NODATA, "curve: events and others expected, %lld events of %lld forecasts given",
                         (long long)all.events, (long long)all.n);
    for (int32_t k = 0; k < n; k++) probability[k] = block[k].sum / block[k].n;
    pool(n, block, calibrated);
    *n_knots = n;
    return NWC_OK;
}

struct job {
    const struct nwc__probability_kernels *kernels;
    int32_t n_knots;
    const double *probability, *calibrated;
    const nwc_field *field;
    nwc_field *result;
};

static nwc_status calibrate_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_field *const in = job->field, *const out = job->result;
    job->kernels->calibrate(in->dim[1], in->data + j * in->stride[0], in->stride[1], job->n_knots, job->probability,
                            job->calibrated, out->data + j * out->stride[0], out->stride[1]);
    return NWC_OK;
}

nwc_status nwc_calibration_apply(nwc_ctx *ctx, int32_t n_knots, const double *probability, const double *calibrated,
                                 const nwc_field *field, nwc_field *result)
{
    ctx = nwc__ctx(ctx);
    if (n_knots < 1 || !probability || !calibrated)
        return nwc__fail(NWC_ERR_ARG, "n_knots: at least one knot expected, %d given", (int)n_knots);
    for (int32_t k = 0; k < n_knots; k++) {
        if (!(calibrated[k] >= 0.0 && calibrated[k] <= 1.0) || (k && calibrated[k] < calibrated[k - 1]))
            return nwc__fail(NWC_ERR_ARG, "calibrated: 0 to 1, not falling, expected, %g given", calibrated[k]);
        if (!isfinite(probability[k]) || (k && !(probability[k] > probability[k - 1])))
            return nwc__fail(NWC_ERR_ARG, "probability: rising values expected, %g given", probability[k]);
    }
    NWC__TRY(nwc__check_field(field, "field", 2));
    NWC__TRY(nwc__check_field(result, "result", 2));
    NWC__TRY(nwc__check_same_shape(result, "result", field, "field"));
    struct job job = {NWC__KERNELS(ctx, nwc__probability_kernels), n_knots, probability, calibrated, field, result};
    return nwc__for_each_tile(ctx, "calibrate", field->dim[0], calibrate_row, &job);
}
