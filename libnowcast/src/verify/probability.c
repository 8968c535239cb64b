/*
 * Sums and scores of probabilities. The Brier score in parts: Murphy (1973); as a class holds probabilities that differ, a
 * fourth part closes the sum: Stephenson, Coelho and Jolliffe (2008), Weather Forecast. 23, 752, equation 8. The area under the ROC
 * curve is that of the trapezia between classes (Mason 1982).
 */
#include "verify/curve.h"
#include "verify/probability_kernel.h"
#include "verify/sums.h"

#include <stdio.h>

enum { HEAD = 3, MOST_CLASSES = 1001, BAND = 16 };

NWC__DECLARE_KERNELS(nwc__probability_kernels);

void nwc_verify_probability_options_init(nwc_verify_probability_options *options)
{
    if (options) *options = (nwc_verify_probability_options){.struct_size = sizeof *options, .n_classes = 11};
}

nwc_status nwc_verify_probability_create(nwc_ctx *ctx, const nwc_verify_probability_options *given,
                                         nwc_verify_sums **sums)
{
    ctx = nwc__ctx(ctx);
    if (!sums) return nwc__fail(NWC_ERR_ARG, "sums: a place for the sums expected, NULL given");
    *sums = NULL;
    nwc_verify_probability_options options;
    nwc_verify_probability_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__verify_check_thresholds(options.thresholds, options.n_thresholds));
    if (options.n_thresholds < 1) return nwc__fail(NWC_ERR_ARG, "n_thresholds: at least 1 expected, 0 given");
    if (options.n_classes < 2 || options.n_classes > MOST_CLASSES)
        return nwc__fail(NWC_ERR_ARG, "n_classes: 2 to %d expected, %d given", MOST_CLASSES, (int)options.n_classes);
    const int64_t n_sums = (int64_t)options.n_thresholds * options.n_classes * NWC__CLASS_SUMS;
    NWC__TRY(nwc__sums_create(ctx, NWC__SUMS_PROBABILITY, HEAD + options.n_thresholds, n_sums, sums));
    double *const head = (*sums)->state;
    head[1] = options.n_thresholds;
    head[2] = options.n_classes;
    for (int32_t t = 0; t < options.n_thresholds; t++) head[HEAD + t] = (double)(float)options.thresholds[t];
    return NWC_OK;
}

struct job {
    const struct nwc__probability_kernels *kernels;
    const nwc_verify_sums *sums;
    const nwc_field *probabilities, *observed;
    const nwc_flags *use;
    double *parts; /* [band][sum] */
};

static nwc_status add_band(int64_t band, void *user)
{
    const struct job *const job = user;
    const nwc_field *const o = job->observed;
    const nwc_flags *const use = job->use;
    const double *const head = job->sums->state;
    const int32_t n_classes = (int32_t)head[2];
    const int64_t n = job->sums->size - job->sums->head, first = band * BAND;
    const int64_t end = first + BAND < o->dim[0] ? first + BAND : o->dim[0];
    double *part = job->parts + band * n;
    for (int64_t k = 0; k < n; k++) part[k] = 0.0;
    for (int32_t t = 0; t < (int32_t)head[1]; t++, part += (int64_t)n_classes * NWC__CLASS_SUMS) {
        const nwc_field *const p = &job->probabilities[t];
        for (int64_t j = first; j < end; j++)
            if (!job->kernels->classify(o->dim[1], p->data + j * p->stride[0], p->stride[1], o->data + j * o->stride[0],
                                        o->stride[1], use ? use->data + j * use->stride[0] : NULL,
                                        use ? use->stride[1] : 0, (float)head[HEAD + t], n_classes, part))
                return nwc__fail(NWC_ERR_ARG, "probabilities[%d]: 0 to 1 expected, row %lld has others", (int)t,
                                 (long long)j);
    }
    return NWC_OK;
}

nwc_status nwc_verify_probability_add(nwc_ctx *ctx, nwc_verify_sums *sums, const nwc_field *probabilities,
                                      int32_t n_fields, const nwc_field *observed, const nwc_flags *use)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_PROBABILITY, "nwc_verify_probability_create"));
    if (!probabilities || n_fields != (int32_t)sums->state[1])
        return nwc__fail(NWC_ERR_ARG, "probabilities: %d fields, one for each threshold, expected, %d given",
                         (int)sums->state[1], probabilities ? (int)n_fields : 0);
    for (int32_t t = 0; t < n_fields; t++) {
        char name[32];
        snprintf(name, sizeof name, "probabilities[%d]", (int)t);
        NWC__TRY(nwc__verify_check_places(&probabilities[t], name, observed, use));
    }

    nwc_status status;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__probability_kernels),
                      .sums = sums,
                      .probabilities = probabilities,
                      .observed = observed,
                      .use = use};
    const int64_t bands = (observed->dim[0] + BAND - 1) / BAND;
    NWC__ALLOC(ctx, job.parts, bands * (sums->size - sums->head));
    if ((status = nwc__for_each_tile(ctx, "verify", bands, add_band, &job)) != NWC_OK) goto done;
    nwc__sums_add_parts(sums, job.parts, bands);

done:
    nwc__free(ctx, job.parts);
    return status;
}

/* ---- scores ---- */

/* The sums of the classes of a threshold. */
static nwc_status find_classes(const nwc_verify_sums *sums, int32_t threshold, const double **classes)
{
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_PROBABILITY, "nwc_verify_probability_create"));
    NWC__TRY(nwc__verify_check_index("threshold", threshold, (int32_t)sums->state[1]));
    *classes = sums->state + sums->head + (int64_t)threshold * (int64_t)sums->state[2] * NWC__CLASS_SUMS;
    return NWC_OK;
}

nwc_status nwc_verify_probability_get_curve(const nwc_verify_sums *sums, int32_t threshold,
                                            nwc_probability_class *curve)
{
    const double *classes;
    NWC__TRY(find_classes(sums, threshold, &classes));
    if (!curve) return nwc__fail(NWC_ERR_ARG, "curve: a place expected, NULL given");
    const int32_t n = (int32_t)sums->state[2];
    for (int32_t k = 0; k < n; k++, classes += NWC__CLASS_SUMS)
        curve[k] = (nwc_probability_class){
            .forecasts = (int64_t)classes[NWC__CLASS_N],
            .events = (int64_t)classes[NWC__CLASS_EVENTS],
            .probability = nwc__verify_ratio(classes[NWC__CLASS_P], classes[NWC__CLASS_N]),
        };
    nwc__verify_fill_curve(curve, n);
    return NWC_OK;
}

/* All classes of one threshold together; of uncertain ones what they add to the parts of the score. */
static void add_class(const double *sums, double climate, nwc_probability_scores *scores)
{
    const double n = sums[NWC__CLASS_N];
    if (n == 0.0) return;
    const double p = sums[NWC__CLASS_P] / n, came = sums[NWC__CLASS_EVENTS] / n;
    scores->reliability += n * (p - came) * (p - came);
    scores->resolution += n * (came - climate) * (came - climate);
    scores->within += sums[NWC__CLASS_P_SQ] - n * p * p - 2.0 * (sums[NWC__CLASS_P_EVENTS] - n * p * came);
    scores->brier += sums[NWC__CLASS_P_SQ] - 2.0 * sums[NWC__CLASS_P_EVENTS] + sums[NWC__CLASS_EVENTS];
}

nwc_status nwc_verify_probability_get_scores(const nwc_verify_sums *sums, int32_t threshold,
                                             nwc_probability_scores *scores)
{
    const double *classes;
    NWC__TRY(find_classes(sums, threshold, &classes));
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    nwc_probability_class curve[MOST_CLASSES];
    NWC__TRY(nwc_verify_probability_get_curve(sums, threshold, curve));
    const int32_t n_classes = (int32_t)sums->state[2];
    double n = 0.0, events = 0.0, p = 0.0;
    for (int32_t k = 0; k < n_classes; k++) {
        n += classes[k * NWC__CLASS_SUMS + NWC__CLASS_N];
        events += classes[k * NWC__CLASS_SUMS + NWC__CLASS_EVENTS];
        p += classes[k * NWC__CLASS_SUMS + NWC__CLASS_P];
    }
    const double climate = nwc__verify_ratio(events, n);
    *scores = (nwc_probability_scores){.n = (int64_t)n};
    for (int32_t k = 0; k < n_classes; k++) add_class(classes + k * NWC__CLASS_SUMS, climate, scores);
    scores->mean_probability = nwc__verify_ratio(p, n);
    scores->frequency = climate;
    scores->brier = nwc__verify_ratio(scores->brier, n);
    scores->reliability = nwc__verify_ratio(scores->reliability, n);
    scores->resolution = nwc__verify_ratio(scores->resolution, n);
    scores->within = nwc__verify_ratio(scores->within, n);
    scores->uncertainty = climate * (1.0 - climate);
    scores->skill = 1.0 - nwc__verify_ratio(scores->brier, scores->uncertainty);
    scores->roc_area = nwc__verify_roc_area(curve, n_classes);
    return NWC_OK;
}
