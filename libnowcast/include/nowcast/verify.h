/**
 * @file verify.h  Scores of forecasts against observations, as sums that can be added up and merged.
 *
 * One nwc_verify holds the sums of one stratum (a lead time, a case, a season). Add pairs of fields to it, merge it
 * with others, and read the scores at any time. A cell counts where both fields are known.
 */
#ifndef NOWCAST_VERIFY_H
#define NOWCAST_VERIFY_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Running sums of one stratum. One thread at a time. */
typedef struct nwc_verify nwc_verify;

/** What is to be scored. Fill with nwc_verify_options_init. */
typedef struct nwc_verify_options {
    size_t struct_size;       /**< set by the init function */
    const double *thresholds; /**< in the fields' units; an event is a value >= threshold */
    int32_t n_thresholds;     /**< 0 to 64 */
    const int32_t *windows;   /**< sides of the square FSS neighbourhoods, in cells, each at least 1 */
    int32_t n_windows;        /**< 0 to 64 */
    double wet_threshold;     /**< a cell is wet where either field is >= this; NaN (default) for no wet sums */
} nwc_verify_options;

/** Sums over all cells, or all wet cells, and what follows from them. NaN where nothing was counted. */
typedef struct nwc_continuous {
    int64_t n;                                 /**< cells */
    double mean_forecast, mean_observed;       /**< field units */
    double bias;                               /**< mean of forecast - observed */
    double mae, rmse;                          /**< field units */
    double variance_forecast, variance_observed;
    double correlation;                        /**< Pearson; NaN where a variance is 0 */
} nwc_continuous;

/** The 2 x 2 table of one threshold and the scores that follow from it; NaN where a denominator is 0. */
typedef struct nwc_contingency {
    int64_t hits, misses, false_alarms, correct_negatives;
    double csi;       /**< critical success index (threat score) */
    double pod;       /**< probability of detection */
    double far;       /**< false alarm ratio */
    double pofd;      /**< probability of false detection */
    double bias;      /**< frequency bias */
    double accuracy;  /**< share of right answers */
    double hss;       /**< Heidke skill score */
    double gss;       /**< Gilbert skill score (equitable threat score) */
    double pss;       /**< Peirce (Hanssen–Kuipers) skill score */
    double odds_ratio;
    double orss;      /**< odds ratio skill score (Yule's Q) */
    double sedi;      /**< symmetric extremal dependence index (Ferro and Stephenson 2011) */
    double f1;        /**< F1 score (Dice) */
    double mcc;       /**< Matthews correlation */
} nwc_contingency;

NWC_API void nwc_verify_options_init(nwc_verify_options *options);
NWC_API nwc_status nwc_verify_create(nwc_ctx *ctx, const nwc_verify_options *options, nwc_verify **verify);
NWC_API void nwc_verify_destroy(nwc_verify *verify);

/**
 * Add one pair of fields.
 *
 * @param forecast, observed  (y, x), same shape and units
 * @param use       (y, x) mask: cells with 0 are left out; NULL to use all
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED. After an error the sums are as before.
 */
NWC_API nwc_status nwc_verify_add(nwc_ctx *ctx, nwc_verify *verify, const nwc_field *forecast,
                                  const nwc_field *observed, const nwc_flags *use);

/** Add the sums of @p from to @p into; both made with the same options. */
NWC_API nwc_status nwc_verify_merge(nwc_verify *into, const nwc_verify *from);

NWC_API nwc_status nwc_verify_get_continuous(const nwc_verify *verify, int32_t wet, nwc_continuous *scores);
NWC_API nwc_status nwc_verify_get_contingency(const nwc_verify *verify, int32_t threshold, nwc_contingency *scores);

/** Fractions skill score of one threshold and window, over all pairs added (Roberts and Lean 2008). */
NWC_API nwc_status nwc_verify_get_fss(const nwc_verify *verify, int32_t threshold, int32_t window, double *fss);

#ifdef __cplusplus
}
#endif
#endif
