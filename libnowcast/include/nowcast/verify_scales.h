/**
 * @file verify_scales.h  Scores by scale: intensity-scale skill, error and energy of wavelets, structure functions; as sums that
 * merge.
 */
#ifndef NOWCAST_VERIFY_SCALES_H
#define NOWCAST_VERIFY_SCALES_H

#include <nowcast/grid.h>
#include <nowcast/verify_sums.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is to be scored. Fill with nwc_verify_scales_options_init. */
typedef struct nwc_verify_scales_options {
    size_t struct_size;       /**< set by the init function */
    const double *thresholds; /**< as in nwc_verify_options */
    int32_t n_thresholds;     /**< 0 to 64 */
    int32_t n_scales;         /**< 1 to 16, default 8: scales of 1, 2, 4 ... cells, and all that is larger */
} nwc_verify_scales_options;

/** One scale of the Haar wavelet: the difference of means over squares of so many cells and of twice as many. NaN without cells. */
typedef struct nwc_scale_score {
    int64_t side;           /**< cells; of the last, squares of this side and all that is larger */
    double mse;             /**< its part of the mean squared difference, of values or of events (0 or 1) */
    double energy_forecast; /**< its part of the mean square of the forecast */
    double energy_observed;
    double
        skill; /**< of events: 1 - mse (n_scales + 1) / that of chance with as many events; NaN of values and without events */
} nwc_scale_score;

/** One lag of the structure function: mean squared difference of cells so far apart along rows and columns. NaN without pairs. */
typedef struct nwc_structure {
    int64_t lag; /**< cells */
    int64_t n;   /**< pairs of cells known in both fields */
    double forecast, observed;
} nwc_structure;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_verify_scales_options_init(nwc_verify_scales_options *options);

/**
 * Make sums, all zero.
 *
 * Their state, with T thresholds and L scales: kind (11), T, L; the T thresholds; the number of cells; for each of L lags 1, 2, 4 ...
 * the pairs of cells and their squared differences in forecast and observed; for values and then for each threshold the events of
 * the forecast and of the observed (0 of values) and, for squares of 1, 2, 4 ... 2^L cells, the sums of squared means, times their
 * cells, of the difference, the forecast and the observed.
 *
 * @param sums  out: to be given to nwc_verify_sums_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_verify_scales_create(nwc_ctx *ctx, const nwc_verify_scales_options *options,
                                            nwc_verify_sums **sums);

/**
 * Add one pair of fields.
 *
 * What is not known in both is 0 in both, as is what lies beyond the grid, which squares at its northern and eastern edges
 * reach over: scales of which few fit into the grid mean little.
 *
 * @param forecast, observed, use  as in nwc_verify_add
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED. After an error the sums are as before.
 */
NWC_API nwc_status nwc_verify_scales_add(nwc_ctx *ctx, nwc_verify_sums *sums, const nwc_field *forecast,
                                         const nwc_field *observed, const nwc_flags *use);

/**
 * The scales of a threshold, or of the values themselves.
 *
 * The parts of all scales add up to the whole mean squared difference, and to the mean squares.
 *
 * @param threshold  counted from 0 in the order of the options; -1 for values
 * @param scores     out: n_scales + 1, from the smallest
 * @return NWC_OK; NWC_ERR_ARG
 *
 * Source: Casati, Ross and Stephenson (2004), Meteorol. Appl. 11, 141.
 */
NWC_API nwc_status nwc_verify_scales_get_scores(const nwc_verify_sums *sums, int32_t threshold,
                                                nwc_scale_score *scores);

/** The structure function (Harris and others 2001). @param lags  out: n_scales @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_verify_scales_get_structure(const nwc_verify_sums *sums, nwc_structure *lags);

#ifdef __cplusplus
}
#endif
#endif
