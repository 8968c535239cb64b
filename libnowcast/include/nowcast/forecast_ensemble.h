/**
 * @file forecast_ensemble.h  What follows from the members of a forecast: probabilities, quantiles, means, times, totals.
 *
 * Members are n_members fields (y, x) of one valid time and shape, all as likely; one field is an ensemble of one. A cell's
 * members are those that are known there, that is not NaN; the cell is known where these are at least half of all.
 */
#ifndef NOWCAST_FORECAST_ENSEMBLE_H
#define NOWCAST_FORECAST_ENSEMBLE_H

#include <nowcast/forecast.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The probability that thresholds are reached: the share of members that do, in the cell or within a radius around it.
 *
 * Within a radius all known members of all known cells whose centres are no farther count alike; what lies beyond the grid is not
 * known. Cells are as long everywhere as in the grid's mean. Of one member this is the Lagrangian probability, whose radius has to
 * grow with lead time.
 *
 * @param members       n_members fields (y, x), 1 to 1000; with a radius the first has a grid
 * @param thresholds    n_thresholds, 1 to 64, in the members' unit, finite; a value reaches one by >=, both as float
 * @param radius_m      0 (the cell alone) to 1e6, over the ground
 * @param probability   out: (threshold, y, x), 0 to 1; NaN where the cell itself is not known
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Source: Germann and Zawadzki (2004), J. Appl. Meteor. 43, 74; of ensembles
 * Schwartz et al. (2010), Wea. Forecasting 25, 263.
 */
NWC_API nwc_status nwc_forecast_exceedance(nwc_ctx *ctx, const nwc_field *members, int32_t n_members,
                                           const double *thresholds, int32_t n_thresholds, double radius_m,
                                           nwc_field *probability);

/**
 * Quantiles of the members of every cell.
 *
 * @param members     n_members fields (y, x), 1 to 1000; infinite values are values
 * @param fractions   n_fractions, 1 to 64, 0 (least) to 1 (greatest)
 * @param quantiles   out: (fraction, y, x), in the members' unit; NaN where the cell is not known
 * @return as nwc_forecast_exceedance
 *
 * Source: Hyndman and Fan (1996), Am. Stat. 50, 361, definition 7.
 */
NWC_API nwc_status nwc_forecast_quantiles(nwc_ctx *ctx, const nwc_field *members, int32_t n_members,
                                          const double *fractions, int32_t n_fractions, nwc_field *quantiles);

/**
 * The mean of the members of every cell, and how far they spread about it.
 *
 * @param mean    out: (y, x), in the members' unit; NaN where the cell is not known
 * @param spread  out: (y, x), their standard deviation, divisor one less than their number; NaN where it is 1. May be NULL
 * @return as nwc_forecast_exceedance
 */
NWC_API nwc_status nwc_forecast_mean(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, nwc_field *mean,
                                     nwc_field *spread);

/**
 * The probability-matched mean: the pattern of the ensemble mean with the values of the members, by rank among all of theirs.
 *
 * The mean itself is too weak and too wide. Ranks are right to the cells of one bin: 1/128 of how far a mean lies above the least
 * one, which gets the least value. Members have at most 2^31 - 1 cells in all.
 *
 * @param matched  out: (y, x), in the members' unit; NaN where the cell is not known
 * @return as nwc_forecast_exceedance
 *
 * Source: Ebert (2001), Mon. Wea. Rev. 129, 2461, section 3b.
 */
NWC_API nwc_status nwc_forecast_matched_mean(nwc_ctx *ctx, const nwc_field *members, int32_t n_members,
                                             nwc_field *matched);

/**
 * How central each member is among all: the share of cells, and of pairs of members, whose values enclose its own.
 *
 * The deepest member is the most typical, the shallowest the most extreme one, as whole fields.
 *
 * @param threshold  cells count where all members are known and one of them reaches it; -INFINITY for all cells
 * @param depth      out: n_members, 2 / n_members (always outermost) to 1; NaN where no cell counts, and for one member
 * @return as nwc_forecast_exceedance
 *
 * Source: Lopez-Pintado and Romo (2009), J. Am. Stat. Assoc. 104, 718, modified band depth of pairs; a value equal to the edge
 * of a band is inside, and a pair that holds the member encloses it.
 */
NWC_API nwc_status nwc_forecast_band_depth(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, double threshold,
                                           double *depth);

/**
 * When a threshold is first reached, and when it is no longer: of a cell, or of a series at a point.
 *
 * Between two frames values are linear in time. Frames that are not known are passed over. Drier times of at most gap_s
 * do not end what has begun.
 *
 * @param frames      n_frames fields (y, x) of one shape, of a single member, 1 or more
 * @param seconds     n_frames, increasing, finite: the frames' times
 * @param threshold   finite
 * @param gap_s       0 to 86400
 * @param onset       out: (y, x), seconds; that of the first known frame where it reaches the threshold; INFINITY where it is
 *                    not reached by the last frame, all frames being known; NaN where it is not and some are unknown
 * @param end         out: (y, x), seconds; INFINITY where it goes on in the last frame; NaN where onset is not finite, and where the
 *                    last frame is not known and none before has ended it
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_forecast_onset(nwc_ctx *ctx, const nwc_field *frames, const double *seconds, int32_t n_frames,
                                      double threshold, double gap_s, nwc_field *onset, nwc_field *end);

/**
 * Rain within a window of time, across frames observed and forecast, of a single member.
 *
 * From frame to frame as nwc_forecast_accumulate has it. Without a motion rain is linear in time between two frames.
 *
 * @param frames      n_frames fields (y, x) on one grid, "mm h-1", 2 or more
 * @param times_ns    UTC, increasing, at most 6 h one after the other
 * @param u, v        (y, x), as for nwc_forecast_extrapolate; NULL for none
 * @param begin_ns, end_ns  of the window, within the frames' times, the end being later; they may lie between frames
 * @param options     of the extrapolation, NULL for the defaults; delay is not used
 * @param amount      out: (y, x), mm; NaN where less than half of the window is known, else as if the rest were as that is
 * @return as nwc_forecast_extrapolate
 */
NWC_API nwc_status nwc_forecast_total(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, int64_t begin_ns, int64_t end_ns,
                                      const nwc_extrapolate_options *options, nwc_field *amount);

#ifdef __cplusplus
}
#endif
#endif
