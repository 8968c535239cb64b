/**
 * @file forecast_growth.h  Growth and decay of rain, learned from data, as a correction of a forecast.
 *
 * A model is text that a script learns from sequences of rain. It is never changed once read, and may be used by several threads.
 */
#ifndef NOWCAST_FORECAST_GROWTH_H
#define NOWCAST_FORECAST_GROWTH_H

#include <nowcast/forecast.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NWC_GROWTH_INPUTS = 21 /**< what is told of a cell at a lead time */ };

/**
 * What inputs mean, by number; NULL for a number that is none.
 *
 * All but the last are of the places where the air of the cell was at time 0, and rain and its changes are divided by the amount, which
 * is the forecast plus the rain within 8 km plus 0.1 mm h-1, and at most 3 beside 0.
 *
 *     base                        the forecast to be corrected
 *     now                         the newest frame
 *     rain_2, _8, _32, _128       the same, averaged by Gaussians of so many km
 *     recent_2 ...                what these changed by since the frame before, in 15 min
 *     trend_2 ...                 and since the oldest of up to four frames
 *     wet_2 ...                   share of cells of 0.1 mm h-1 or more, not divided
 *     amount_1, amount_10         amount / (amount + 1), amount / (amount + 10), mm h-1
 *     lead                        hours
 */
NWC_API const char *nwc_growth_input_name(int32_t input);

/** How inputs become a change of the forecast. */
typedef struct nwc_growth_model nwc_growth_model;

/**
 * Read a model.
 *
 * Words are separated by blanks, lines end a statement, what follows a # is a remark. In this order:
 *
 *     nowcast growth 1
 *     model NAME
 *     base METHOD                 the forecast that the model was made for, "mean"
 *     input NAME MEAN SCALE       1 to 21 of them, none twice: (value - MEAN) / SCALE, at most 4 beside 0, is what units are told
 *     layer UNITS                 1 to 4 of them, of 1 to 64 units, and below each as many lines
 *     unit BIAS WEIGHT ...        a weight for each unit of the layer before, or for each input
 *
 * Numbers lie within -1e6 and 1e6. A unit is the sum of its bias and its weights times what is below; one below 0 is 0, but for the last layer, which has one unit: that
 * is the change, -1 to 2, in amounts.
 *
 * @param ctx    its allocator must live as long as the model
 * @param text   UTF-8, size bytes
 * @param model  out: to be given to nwc_growth_model_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_FORMAT with the line that is wrong; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_growth_model_read(nwc_ctx *ctx, const char *text, int64_t size, nwc_growth_model **model);

/** Release a model; NULL is accepted. */
NWC_API void nwc_growth_model_destroy(nwc_growth_model *model);

/** The name of a model, and of the forecast it was made for. */
NWC_API const char *nwc_growth_model_name(const nwc_growth_model *model);
NWC_API const char *nwc_growth_model_base(const nwc_growth_model *model);

/**
 * What a model would be told of every cell: for learning one.
 *
 * Needs 17 times the memory of a frame twice, besides what it gives.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade; frames mm h-1
 * @param base     (lead, y, x): the forecast to be corrected, made from the same frames, motion and options; 0 or more, NaN where not known
 * @param options  of the extrapolation, NULL for the defaults
 * @param inputs   out: NWC_GROWTH_INPUTS fields (lead, y, x), by number; NaN where base or the newest frame is not known
 * @param amount   out: (lead, y, x) mm h-1, what a change is told in; -1 where the newest frame has no rain within 96 km: no change is made
 *                 there; NaN where not known
 * @return as nwc_forecast_cascade
 */
NWC_API nwc_status nwc_forecast_growth_inputs(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns,
                                              int32_t n_frames, const nwc_field *u, const nwc_field *v,
                                              const double *leads_s, int32_t n_leads, const nwc_field *base,
                                              const nwc_extrapolate_options *options, nwc_field *inputs,
                                              nwc_field *amount);

/**
 * Correct a forecast by what a model says of growth and decay: base + change times amount, and not below 0.
 *
 * @param base       as above; kept where the newest frame is not known, where there is no rain around, and where the model says 0
 * @param corrected  out: (lead, y, x); may be the same cells as base
 * @return as nwc_forecast_cascade
 *
 * The same bits for every thread count and for any subset of lead times. Layers of rectified units: Nair and Hinton (2010), Proc. 27th
 * Int. Conf. Machine Learning, 807; growth as what is left once motion is taken away: Zawadzki (1973), J. Appl. Meteor. 12, 459.
 */
NWC_API nwc_status nwc_forecast_growth(nwc_ctx *ctx, const nwc_growth_model *model, const nwc_field *frames,
                                       const int64_t *times_ns, int32_t n_frames, const nwc_field *u,
                                       const nwc_field *v, const double *leads_s, int32_t n_leads,
                                       const nwc_field *base, const nwc_extrapolate_options *options,
                                       nwc_field *corrected);

#ifdef __cplusplus
}
#endif
#endif
