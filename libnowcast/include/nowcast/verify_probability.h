/**
 * @file verify_probability.h  Scores of probabilities, how sure they are, and probabilities calibrated by them.
 *
 * Probabilities from anywhere: exceedance of an ensemble, in a cell or a neighbourhood, of a model, of a calibrated forecast. They are
 * counted in classes, so that the sums of any number of fields stay small.
 */
#ifndef NOWCAST_VERIFY_PROBABILITY_H
#define NOWCAST_VERIFY_PROBABILITY_H

#include <nowcast/grid.h>
#include <nowcast/verify_sums.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is to be scored. Fill with nwc_verify_probability_options_init. */
typedef struct nwc_verify_probability_options {
    size_t struct_size; /**< set by the init function */
    const double
        *thresholds;      /**< of the observed, finite, in any order; an event is a value >= threshold, both as float */
    int32_t n_thresholds; /**< 1 to 64; must be set */
    int32_t n_classes;    /**< a probability p is of class p (n_classes - 1), rounded; 2 to 1001, default 11 */
} nwc_verify_probability_options;

/** Scores of the probabilities of one threshold. NaN where a denominator is 0. */
typedef struct nwc_probability_scores {
    int64_t n;               /**< cells */
    double mean_probability; /**< forecast */
    double frequency;        /**< of the event */
    double brier;            /**< mean squared difference of p from 1 (event) or 0, of every cell by its own p:
                                  reliability - resolution + uncertainty + within */
    double reliability;      /**< Murphy (1973), over the mean probabilities of the classes: 0 is best */
    double resolution;
    double uncertainty;
    double within;   /**< what classes hide: variance of p within them, less twice its covariance with the event
                          (Stephenson and others 2008) */
    double skill;    /**< 1 - brier / uncertainty */
    double roc_area; /**< chance that an event was of a higher class than a non-event, one of the two if of the same */
} nwc_probability_scores;

/** A class of probabilities: a point of the reliability diagram and of the ROC curve. NaN where a denominator is 0. */
typedef struct nwc_probability_class {
    int64_t forecasts;  /**< cells of this class */
    int64_t events;     /**< of them, those in which the event came */
    double probability; /**< their mean probability */
    double frequency;   /**< events / forecasts */
    double pod;         /**< share of all events in this class and those above: detected by a warning from here on */
    double pofd;        /**< share of all non-events there: warned of for nothing */
} nwc_probability_class;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_verify_probability_options_init(nwc_verify_probability_options *options);

/**
 * Make sums, all zero.
 *
 * Their state, with T thresholds and K classes: kind (10), T, K; the T thresholds; for each threshold and, within it, class the
 * number of cells, of events, and the sums of p, of p^2, and of p over the events.
 *
 * @param ctx   its allocator must live as long as the sums
 * @param sums  out: to be given to nwc_verify_sums_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_verify_probability_create(nwc_ctx *ctx, const nwc_verify_probability_options *options,
                                                 nwc_verify_sums **sums);

/**
 * Add the probabilities of each threshold and what was observed. A cell counts for a threshold where both are known.
 *
 * @param probabilities  n_fields fields (y, x), one for each threshold in the order of the options; 0 to 1
 * @param observed       (y, x), same shape and, where both have one, same grid
 * @param use            (y, x) mask: cells with 0 are left out; NULL to use all
 * @return NWC_OK; NWC_ERR_ARG, also for a probability below 0 or above 1; NWC_ERR_NOMEM; NWC_ERR_CANCELED. After an error the
 *         sums are as before.
 */
NWC_API nwc_status nwc_verify_probability_add(nwc_ctx *ctx, nwc_verify_sums *sums, const nwc_field *probabilities,
                                              int32_t n_fields, const nwc_field *observed, const nwc_flags *use);

/** Scores of the probabilities of a threshold, counted from 0 in the order of the options. @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_verify_probability_get_scores(const nwc_verify_sums *sums, int32_t threshold,
                                                     nwc_probability_scores *scores);

/** The classes of a threshold, from probability 0 up. @param curve  out: n_classes @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_verify_probability_get_curve(const nwc_verify_sums *sums, int32_t threshold,
                                                    nwc_probability_class *curve);

/**
 * Consistency bars: between which frequencies the event would come, were the probabilities right.
 *
 * Given how often each class was forecast, quantiles of the binomial distribution of its mean probability. Cells beside each
 * other are not independent: cells_per_sample of them count as one.
 *
 * @param cells_per_sample  1 or more
 * @param level             share of outcomes between the bars, 0 to 1: 0.9 leaves 5 % out at either side
 * @param low, high         out: n_classes each; NaN where nothing was forecast
 * @return NWC_OK; NWC_ERR_ARG
 *
 * Source: Bröcker and Smith (2007), Weather Forecast. 22, 651, whose bars are drawn at random.
 */
NWC_API nwc_status nwc_verify_consistency(const nwc_probability_class *curve, int32_t n_classes,
                                          double cells_per_sample, double level, double *low, double *high);

/**
 * Learn what probabilities mean from how often the event came: the nearest curve that never falls.
 *
 * Classes of fewer than @p least forecasts are taken together with the next, the last ones with those below. What remains is made
 * to rise by pooling neighbours that fall (Ayer and others 1955).
 *
 * @param curve       n_classes of nwc_verify_probability_get_curve or nwc_verify_ensemble_get_curve, of as many cycles as there
 *                    are
 * @param least       forecasts of a class, 1 or more; as cells beside each other are alike, many
 * @param n_knots     out: classes that are left
 * @param probability, calibrated  out: room for n_classes each; n_knots mean probabilities, rising, and what they mean
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where fewer than two classes are left, or the event came never or always
 */
NWC_API nwc_status nwc_calibration_learn(const nwc_probability_class *curve, int32_t n_classes, int64_t least,
                                         int32_t *n_knots, double *probability, double *calibrated);

/**
 * Calibrate probabilities by what was learnt: between knots in proportion, beyond the first and the last as at these.
 *
 * @param n_knots      1 or more
 * @param probability  rising
 * @param calibrated   0 to 1, not falling
 * @param field        (y, x), 0 to 1; NaN where not known
 * @param result       out: (y, x); may be the same cells as field
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_calibration_apply(nwc_ctx *ctx, int32_t n_knots, const double *probability,
                                         const double *calibrated, const nwc_field *field, nwc_field *result);

#ifdef __cplusplus
}
#endif
#endif
