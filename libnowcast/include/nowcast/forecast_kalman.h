/**
 * @file forecast_kalman.h  Ensembles along the motion joined to a model's by a Kalman filter among principal components.
 */
#ifndef NOWCAST_FORECAST_KALMAN_H
#define NOWCAST_FORECAST_KALMAN_H

#include <nowcast/forecast.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nwc_forecast_kalman. Fill with nwc_kalman_options_init. */
typedef struct nwc_kalman_options {
    size_t struct_size;       /**< set by the init function */
    double explained;         /**< share of the variance that components hold, above 0 to 1 (default) */
    double nowcast_inflation; /**< of the nowcast's variance, above 0; default 1 */
    double model_inflation;   /**< of the model's, above 0; default 1 */
    double model_error;       /**< deviation of what the model's members err beyond their spread, in the fields' unit,
                                   0 (default) or more */
} nwc_kalman_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_kalman_options_init(nwc_kalman_options *options);

/**
 * Correct an ensemble by another: one step of an ensemble Kalman filter among the principal components of both.
 *
 * Components are those of all members together. Of each, the gain is P / (P + R): P the variance of the nowcast's members along
 * it, R that of the model's and, in the proportions of P, of its further error. Along it member k moves to member k % n of the model by
 * the gain; what components leave out stays. A component along which no member of the nowcast differs from another stays too.
 *
 * @param nowcast   (member, y, x), 2 to 1000 members of values whose differences mean the same everywhere, as decibels
 * @param model     (member, y, x), 1 to 100 members; one has no spread, and without a model_error is taken for true
 * @param options   NULL for the defaults
 * @param gain      out: the mean of the gains, weighted by the variance of the components; 0 where there is none. May be NULL
 * @param analysis  out: as nowcast, and what it is in cells that one member does not know; may be the same cells as nowcast
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CONVERGENCE where LAPACK finds no components; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Source: Nerini, Foresti, Leuenberger, Robert and Germann (2019), Mon. Wea. Rev. 147, 987,
 * equations 13 to 16 with covariances that are diagonal.
 */
NWC_API nwc_status nwc_forecast_kalman(nwc_ctx *ctx, const nwc_field *nowcast, const nwc_field *model,
                                       const nwc_kalman_options *options, double *gain, nwc_field *analysis);

/** Options of nwc_forecast_enkf. Fill with nwc_enkf_options_init. */
typedef struct nwc_enkf_options {
    size_t struct_size;       /**< set by the init function */
    uint64_t seed;            /**< default 0 */
    int32_t levels;           /**< of wavelength, 3 to 16; default 6 */
    int32_t order;            /**< of autoregression, 1 or 2 (default); 1 where there are only two frames */
    double threshold;         /**< what is below it, in the frames' unit, counts as dry; above 0, default 0.1 */
    double explained;         /**< as nwc_kalman_options has it */
    double nowcast_inflation; /**< likewise */
    double model_inflation;   /**< likewise */
    double model_error;       /**< likewise, in decibels; below 0 (default): as the model errs now */
    double memory_s;  /**< for so long the model's errors last, and what it says counts once; 0 or more, default 3600 */
    double feather_m; /**< 0 (default) or more: as nwc_forecast_feather, in decibels */
} nwc_enkf_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_enkf_options_init(nwc_enkf_options *options);

/**
 * An ensemble along the motion that at each lead time is corrected by a model's: a reduced-space ensemble Kalman filter.
 *
 * Members are decibels of rain where the newest frame is, and the model is brought there; so nothing is read between cells more than
 * once. From one lead time to the next each level of wavelength fades as nwc_forecast_blend has it and is filled
 * with noise, of the greater of the variances of frame and model. Then nwc_forecast_kalman corrects them. At last they are
 * carried along the motion, and have values of both sources, mixed by what is left of the frame in the second level.
 * Where one source is not known the other stands for it. Where the model knows nothing at a lead time nothing is corrected.
 * Rain in one source alone, or in none, is ordinary.
 *
 * A model errs at least as its mean differs from the newest frame now; where that cannot be compared, as a field of
 * the frame's variance that has nothing to do with it.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade
 * @param model_now, model  as for nwc_forecast_blend
 * @param options        NULL for the defaults
 * @param extrapolation  options of the extrapolation, NULL for the defaults
 * @param gains      out: (lead), as of nwc_forecast_kalman; may be NULL
 * @param forecasts  out: (member, lead, y, x), shares no memory with what is given; 1 to 1000 members. At least 10 are carried
 * @return as nwc_forecast_cascade and nwc_forecast_kalman
 *
 * All members are carried together, for one lead time after the other: each lead time is one correction, so those asked for
 * change the forecast. The same bits for every thread count. Sources: Nerini et al. (2019), Mon. Wea. Rev. 147, 987; Bowler, Pierce
 * and Seed (2006), Q. J. R. Meteorol. Soc. 132, 2127.
 */
NWC_API nwc_status nwc_forecast_enkf(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                     const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                     const nwc_field *model_now, const nwc_field *model,
                                     const nwc_enkf_options *options, const nwc_extrapolate_options *extrapolation,
                                     double *gains, nwc_field *forecasts);

#ifdef __cplusplus
}
#endif
#endif
