/**
 * @file verify.h  Scores of forecasts against observations, as sums that can be added up and merged.
 *
 * One nwc_verify holds the sums of one stratum (a lead time, a case, a season). Add pairs of fields to it, merge it
 * with others, and read the scores at any time. A cell counts where both fields are known, that is finite, and where it
 * is not masked out. The same bits for every number of threads. One nwc_verify_ensemble does the same for ensembles.
 */
#ifndef NOWCAST_VERIFY_H
#define NOWCAST_VERIFY_H

#include <nowcast/verify_probability.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Running sums of one stratum. One thread at a time. */
typedef struct nwc_verify nwc_verify;

/** What is to be scored. Fill with nwc_verify_options_init. */
typedef struct nwc_verify_options {
    size_t struct_size;       /**< set by the init function */
    const double *thresholds; /**< in the fields' units, finite, in any order; an event is a value >= threshold, both as
                                   float */
    int32_t n_thresholds;     /**< 0 to 64 */
    const int32_t *windows;   /**< sides of the square FSS neighbourhoods, in cells, 1 to 4096 */
    int32_t n_windows;        /**< 0 to 64 */
    double wet_threshold;     /**< a cell is wet where either field is >= this; NaN (default) for no wet sums */
} nwc_verify_options;

/** Scores of all cells, or of all wet cells. NaN where nothing was counted. */
typedef struct nwc_continuous {
    int64_t n;                           /**< cells */
    double mean_forecast, mean_observed; /**< field units */
    double bias;                         /**< mean of forecast - observed */
    double mae, rmse;                    /**< field units */
    double variance_forecast;            /**< mean squared distance from the mean: the divisor is n */
    double variance_observed;
    double correlation; /**< Pearson; NaN where a variance is 0 */
} nwc_continuous;

/** The 2 x 2 table of one threshold and the scores that follow from it; NaN where a denominator is 0. */
typedef struct nwc_contingency {
    int64_t hits, misses, false_alarms, correct_negatives;
    double csi;      /**< critical success index (threat score) */
    double pod;      /**< probability of detection */
    double far;      /**< false alarm ratio */
    double pofd;     /**< probability of false detection */
    double bias;     /**< frequency bias */
    double accuracy; /**< share of right answers */
    double hss;      /**< Heidke skill score */
    double gss;      /**< Gilbert skill score (equitable threat score) */
    double pss;      /**< Peirce (Hanssen–Kuipers) skill score */
    double odds_ratio;
    double orss; /**< odds ratio skill score (Yule's Q) */
    double
        sedi;   /**< symmetric extremal dependence index (Ferro and Stephenson 2011); NaN where pod or pofd is 0 or 1 */
    double f1;  /**< F1 score (Dice) */
    double mcc; /**< Matthews correlation */
} nwc_contingency;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_verify_options_init(nwc_verify_options *options);

/**
 * Make sums, all zero.
 *
 * @param ctx      its allocator must live as long as the sums
 * @param options  NULL for the defaults: continuous scores of all cells only. What it points to is copied.
 * @param verify   out: to be given to nwc_verify_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_verify_create(nwc_ctx *ctx, const nwc_verify_options *options, nwc_verify **verify);

/** Release sums; NULL is accepted. */
NWC_API void nwc_verify_destroy(nwc_verify *verify);

/**
 * Add one pair of fields.
 *
 * @param forecast, observed  (y, x), same shape, same units (or none in both) and, where both have one, same grid. Pairs
 *                  added to one nwc_verify may differ in shape.
 * @param use       (y, x) mask: cells with 0 are left out; NULL to use all
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED. After an error the sums are as before.
 */
NWC_API nwc_status nwc_verify_add(nwc_ctx *ctx, nwc_verify *verify, const nwc_field *forecast,
                                  const nwc_field *observed, const nwc_flags *use);

/**
 * Add the sums of @p from to @p into; both made with the same options.
 *
 * Counts and FSS sums are the same in whatever order sums are merged; means and variances are to about 1e-12 of their size.
 *
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_merge(nwc_verify *into, const nwc_verify *from);

/** The number of values nwc_verify_get_state writes. 0 for NULL. */
NWC_API int64_t nwc_verify_state_size(const nwc_verify *verify);

/**
 * Copy the sums out, to be stored, sent to another process, or drawn from in a bootstrap.
 *
 * With T thresholds and W windows the values are, in this order: layout number (1), T, W, wet threshold (infinity for
 * none); the T thresholds; the W windows; for all cells and then for wet cells their number, mean forecast, mean observed,
 * the sums of squares of forecast and of observed about their means, of products about them, of absolute differences and of
 * squared differences; for each threshold hits, forecast events, observed events; for each threshold and, within it, window
 * the FSS sums of (f - o)^2 and of f^2 + o^2, f and o being the events within a window.
 *
 * @param state  out: nwc_verify_state_size values
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_get_state(const nwc_verify *verify, double *state);

/**
 * Add sums that nwc_verify_get_state copied out; those of the same options only.
 *
 * @param n  nwc_verify_state_size values
 * @return NWC_OK; NWC_ERR_ARG for another size, other options or a sum that is not finite
 */
NWC_API nwc_status nwc_verify_add_state(nwc_verify *verify, const double *state, int64_t n);

/**
 * Continuous scores of all cells (@p wet 0) or of wet cells (1; n is 0 if there is no wet threshold).
 *
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_get_continuous(const nwc_verify *verify, int32_t wet, nwc_continuous *scores);

/**
 * The contingency table of a threshold, counted from 0 in the order of the options, and its scores.
 *
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_get_contingency(const nwc_verify *verify, int32_t threshold, nwc_contingency *scores);

/**
 * Fractions skill score of one threshold and window, over all pairs added (Roberts and Lean 2008).
 *
 * Every cell of the grid is the centre of a window. Fractions are of the whole window: beyond the edges, and where a cell
 * does not count, there are no events in either field. A window of even size w reaches from w / 2 cells before its centre to
 * w / 2 - 1 after it. So do pysteps and scipy.ndimage.uniform_filter, and scores compare; only that here a cell known in one
 * field alone counts in neither.
 *
 * @param threshold, window  counted from 0 in the order of the options
 * @param fss                out: 0 to 1; NaN where neither field has an event
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_get_fss(const nwc_verify *verify, int32_t threshold, int32_t window, double *fss);

/** Running sums of one stratum of ensemble forecasts. One thread at a time. */
typedef struct nwc_verify_ensemble nwc_verify_ensemble;

/** What is to be scored. Fill with nwc_verify_ensemble_options_init. */
typedef struct nwc_verify_ensemble_options {
    size_t struct_size;       /**< set by the init function */
    int32_t n_members;        /**< 1 to 1000; must be set */
    const double *thresholds; /**< as in nwc_verify_options */
    int32_t n_thresholds;     /**< 0 to 64 */
    const int32_t *windows;   /**< as in nwc_verify_options */
    int32_t n_windows;        /**< 0 to 64 */
} nwc_verify_ensemble_options;

/** Scores of M members over all cells. NaN where nothing was counted, and where one member has no spread. */
typedef struct nwc_ensemble_scores {
    int64_t n;           /**< cells */
    double crps;         /**< continuous ranked probability score of the members' own distribution, field units */
    double crps_fair;    /**< what an ensemble of any size has to expect (Ferro 2014); may be below 0; NaN for M = 1 */
    double bias;         /**< mean of ensemble mean - observed, field units */
    double rmse;         /**< of the ensemble mean, field units */
    double spread;       /**< root of the mean variance of members, divisor M - 1, field units; NaN for M = 1 */
    double spread_skill; /**< sqrt((M + 1) / M) spread / rmse, 1 where the observed is as one more member (Fortin and
                              others 2014); NaN where rmse is 0 or M = 1 */
} nwc_ensemble_scores;

/** Scores of the probability that a threshold is reached, k / M where k of M members do. NaN where a denominator is 0. */
typedef struct nwc_brier {
    double brier;       /**< mean squared difference from 1 (event) or 0; reliability - resolution + uncertainty */
    double brier_fair;  /**< what an ensemble of any size has to expect (Ferro 2014); NaN for M = 1 */
    double reliability; /**< Murphy (1973), over the M + 1 probabilities there are: 0 is best */
    double resolution;
    double uncertainty;
    double skill;    /**< 1 - brier / uncertainty */
    double roc_area; /**< chance that an event had more members than a non-event, one of the two if as many */
} nwc_brier;

/** Fractions skill scores of an ensemble: 0 to 1; NaN where there is no event, and of pairs where there is one member. */
typedef struct nwc_ensemble_fss {
    double members; /**< of members with the observed: how far off a member is (eFSS, Dey and others 2014) */
    double
        dispersion; /**< of pairs of members: how far apart they are; as far as they are off where equal to members (dFSS) */
    double
        probability; /**< of the share of events in the window over all members with the observed (pFSS, Schwartz 2010) */
} nwc_ensemble_fss;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_verify_ensemble_options_init(nwc_verify_ensemble_options *options);

/**
 * Make sums, all zero.
 *
 * @param ctx     its allocator must live as long as the sums
 * @param verify  out: to be given to nwc_verify_ensemble_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_verify_ensemble_create(nwc_ctx *ctx, const nwc_verify_ensemble_options *options,
                                              nwc_verify_ensemble **verify);

/** Release sums; NULL is accepted. */
NWC_API void nwc_verify_ensemble_destroy(nwc_verify_ensemble *verify);

/**
 * Add one ensemble and what was observed.
 *
 * A cell counts where all members and the observed are known, and where it is not masked out.
 *
 * @param members   n_members fields (y, x), the number of the options
 * @param observed  (y, x), shape, units and grid as in nwc_verify_add
 * @param use       (y, x) mask: cells with 0 are left out; NULL to use all
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED. After an error the sums are as before.
 */
NWC_API nwc_status nwc_verify_ensemble_add(nwc_ctx *ctx, nwc_verify_ensemble *verify, const nwc_field *members,
                                           int32_t n_members, const nwc_field *observed, const nwc_flags *use);

/**
 * Add the sums of @p from to @p into; both made with the same options.
 *
 * Counts of cells are the same in whatever order sums are merged; all else is to about 1e-12 of its size.
 *
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_ensemble_merge(nwc_verify_ensemble *into, const nwc_verify_ensemble *from);

/** The number of values nwc_verify_ensemble_get_state writes. 0 for NULL. */
NWC_API int64_t nwc_verify_ensemble_state_size(const nwc_verify_ensemble *verify);

/**
 * Copy the sums out, to be stored, sent to another process, or drawn from in a bootstrap.
 *
 * With M members, T thresholds and W windows the values are, in this order: layout number (3), M, T, W; the T thresholds;
 * the W windows; the number of cells; over all cells the sums of the members' absolute differences from the observed, of the absolute differences within
 * each pair of members, of ensemble mean - observed, of its square, and of the members' squared differences from their mean;
 * the M + 1 counts of the rank histogram; for each threshold the cells in which 0 to M members reach it, then those of
 * them in which the observed does; for each threshold and, within it, window the sums, f being a member's events within a window
 * and o the observed, over windows of f^2 over members, of the squared sum of f over members, of o^2, and of o times that sum.
 *
 * @param state  out: nwc_verify_ensemble_state_size values
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_ensemble_get_state(const nwc_verify_ensemble *verify, double *state);

/**
 * Add sums that nwc_verify_ensemble_get_state copied out; those of the same options only.
 *
 * @param n  nwc_verify_ensemble_state_size values
 * @return NWC_OK; NWC_ERR_ARG for another size, other options or a sum that is not finite
 */
NWC_API nwc_status nwc_verify_ensemble_add_state(nwc_verify_ensemble *verify, const double *state, int64_t n);

/** Scores of all cells. @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_verify_ensemble_get_scores(const nwc_verify_ensemble *verify, nwc_ensemble_scores *scores);

/** Scores of the probability of a threshold, counted from 0 in the order of the options. @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_verify_ensemble_get_brier(const nwc_verify_ensemble *verify, int32_t threshold,
                                                 nwc_brier *scores);

/**
 * The curve of a threshold: how often each probability was forecast, and how often the event then came.
 *
 * @param curve  out: n_members + 1 classes, of probability k / n_members each
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_ensemble_get_curve(const nwc_verify_ensemble *verify, int32_t threshold,
                                                 nwc_probability_class *curve);

/**
 * Fractions skill scores of one threshold and window, over all ensembles added; windows as in nwc_verify_get_fss.
 *
 * Squares are summed over cells, cases and members, or pairs of members, before they are divided: scores are not averaged.
 *
 * @param threshold, window  counted from 0 in the order of the options
 * @return NWC_OK; NWC_ERR_ARG
 *
 * Sources: Dey, Leoncini, Roberts, Plant and Migliorini (2014), Mon. Weather Rev. 142, 4091; Schwartz and others (2010), Weather
 * Forecast. 25, 263.
 */
NWC_API nwc_status nwc_verify_ensemble_get_fss(const nwc_verify_ensemble *verify, int32_t threshold, int32_t window,
                                               nwc_ensemble_fss *scores);

/**
 * Rank histogram: the cells in which so many members are below the observed.
 *
 * An observed value equal to t members counts 1 / (t + 1) for each of the t + 1 ranks it could take, so that cells dry in
 * all members and in the observed add as much to every rank.
 *
 * @param ranks  out: n_members + 1 values, whose sum is the number of cells
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_ensemble_get_ranks(const nwc_verify_ensemble *verify, double *ranks);

#ifdef __cplusplus
}
#endif
#endif
