/**
 * @file forecast_blend.h  Forecasts along the motion joined to those of a weather model.
 */
#ifndef NOWCAST_FORECAST_BLEND_H
#define NOWCAST_FORECAST_BLEND_H

#include <nowcast/forecast.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How two fields become one. */
typedef enum nwc_merge_method {
    NWC_MERGE_LINEAR = 0, /**< the mean by weight: what is strong in one field alone becomes weak */
    NWC_MERGE_SALIENT = 1 /**< where one is much the stronger it counts for more (Hwang et al. 2015) */
} nwc_merge_method;

/**
 * Merge a forecast along the motion with one of a model, cell by cell.
 *
 * Where one of them is not known the other stands alone. At weight 0 and 1 one alone is copied where it is known.
 *
 * @param nowcast, model  (y, x) of one shape and unit, 0 where there is nothing
 * @param weight          of the nowcast, 0 to 1
 * @param method          an nwc_merge_method
 * @param merged          out: (y, x); may be the same cells as one of them
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Source: Hwang et al. (2015), Wea. Forecasting 30, 1301: salience is the rank of the
 * difference of both fields, each over its greatest value, among all differences.
 */
NWC_API nwc_status nwc_forecast_merge(nwc_ctx *ctx, const nwc_field *nowcast, const nwc_field *model, double weight,
                                      int32_t method, nwc_field *merged);

/**
 * Bring a forecast along the motion to a model's towards the edge of what it knows, so that where the model stands for it beyond
 * there is no step.
 *
 * Its weight rises from 0 at unknown cells to 1 in @p feather_m, linearly with the distance. Unknown cells that no disc of
 * 5 km radius fits among, as single cells or beams, do not count as an edge.
 *
 * @param nowcast    (y, x), with a grid; NaN where not known
 * @param model      (y, x), of the same shape and unit
 * @param feather_m  over the ground, 0 or more; 0 changes nothing
 * @param feathered  out: (y, x), the nowcast where one of them is not known; may be the same cells as nowcast
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_forecast_feather(nwc_ctx *ctx, const nwc_field *nowcast, const nwc_field *model,
                                        double feather_m, nwc_field *feathered);

enum { NWC_BLEND_LEVELS = 16 /**< most levels of wavelength */ };

/** How well a model's rain agrees with what is observed, level by level: learnt from cycle to cycle, and kept by the caller. */
typedef struct nwc_blend_skill {
    int32_t n_levels;                     /**< of wavelength, 3 to 16, from long waves to short */
    double weight;                        /**< of what it knows, in cycles */
    int64_t time_ns;                      /**< of the last cycle learnt from; 0 for none */
    double correlation[NWC_BLEND_LEVELS]; /**< of model and radar at the time of the newest frame, 0 to 1 */
} nwc_blend_skill;

/**
 * Begin with what Bowler et al. (2004) found for eight levels, weighing as much as 20 cycles; 3 to 16 levels, else none are set.
 * NULL is ignored.
 */
NWC_API void nwc_blend_skill_init(nwc_blend_skill *skill, int32_t n_levels);

/** Options of nwc_forecast_blend. Fill with nwc_blend_options_init. */
typedef struct nwc_blend_options {
    size_t struct_size;   /**< set by the init function */
    uint64_t seed;        /**< default 0 */
    int32_t first_member; /**< number of the first of the members asked for, 0 or more; default 0 */
    int32_t levels;       /**< of wavelength, 3 to 16; default 6 */
    int32_t order;        /**< of autoregression, 1 or 2 (default); 1 where there are only two frames */
    double threshold;     /**< what is below it, in the frames' unit, counts as dry; above 0, default 0.1 */
    int32_t noise;    /**< 1 (default): members have noise in place of what neither source knows; 0: none, one field */
    double feather_m; /**< 0 (default) or more: as nwc_forecast_feather, in decibels, before levels are joined */
} nwc_blend_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_blend_options_init(nwc_blend_options *options);

/**
 * STEPS with a model: each level of wavelength of the newest frame, carried along its motion, of the model and of noise, weighted by
 * how well each foresees it at that lead time.
 *
 * What the newest frame foresees of a level fades as its past says, twice as fast after an hour; what the model does is found by comparing it with the newest
 * frame, and with lead time returns to what its skill has been in past cycles. Both err independently, and noise has the rest of
 * the variance; without noise levels keep four fifths, in decibels, of what they would lose. Values are those of both sources, mixed by the
 * weights of the second level. Where one source is not known
 * the other stands for it; where the model knows nothing at all at a lead time the forecast is of the frames alone.
 * Rain in one source alone, or in none, is ordinary.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade
 * @param model_now  (model, y, x), 1 to 100 members of the model, of the frames' unit and on their grid, at the time of the
 *                   newest frame; NaN where not known, and what is below 0 counts as 0
 * @param model      (model, lead, y, x), at the lead times. Member k of the forecast takes member k % n of the model
 * @param options        NULL for the defaults
 * @param extrapolation  options of the extrapolation, NULL for the defaults
 * @param skill      what is known of the model's skill, of as many levels as the options have, and out: what it is after this
 *                   cycle, in which it fades within 30 days. Learns nothing where radar or model are dry, nor of a cycle again. NULL for
 *                   what nwc_blend_skill_init gives
 * @param weights    out: (lead, level, 2), of the carried frame and of the first member of the model; may be NULL
 * @param forecasts  out: (member, lead, y, x), shares no memory with what is given
 * @return as nwc_forecast_cascade
 *
 * The same bits for every thread count, for any subset of lead times and any chunks of members of which each begins with the first of
 * the model. Source: Bowler, Pierce and Seed (2006), Q. J. R. Meteorol. Soc. 132, 2127; Seed, Pierce and Norman (2013), Water
 * Resour. Res. 49, 6624, equation 8 for errors that are independent; Imhoff et al. (2023), Q. J. R. Meteorol. Soc. 149, 1335.
 */
NWC_API nwc_status nwc_forecast_blend(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_field *model_now, const nwc_field *model,
                                      const nwc_blend_options *options, const nwc_extrapolate_options *extrapolation,
                                      nwc_blend_skill *skill, double *weights, nwc_field *forecasts);

#ifdef __cplusplus
}
#endif
#endif
