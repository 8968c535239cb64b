/** @file forecast_local.h  Forecasts whose laws differ from place to place. */
#ifndef NOWCAST_FORECAST_LOCAL_H
#define NOWCAST_FORECAST_LOCAL_H

#include <nowcast/forecast.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nwc_forecast_anvil. Fill with nwc_anvil_options_init. */
typedef struct nwc_anvil_options {
    size_t struct_size; /**< set by the init function */
    int32_t order;      /**< p of ARI(p, 1), 1 or 2 (default); 1 where there are only three frames */
    double window_m;  /**< standard deviation of the Gaussian window the coefficients are found in, over the ground; at
                             least a cell, default 50 km */
    int32_t rim;      /**< cells around rain of the newest frame where new rain may form, less with the distance; 0 or
                             more, default 3; -1: anywhere */
    double threshold; /**< what is below it in the newest frame, or in rain where that is given, counts as dry; above 0,
                             default 0.1 */
    const nwc_field *rain; /**< (y, x) rain rate at the time of the newest frame, 0 or more: the forecast is then of it,
                                through its relation to the frames; NULL (default): the forecast is of what the frames are */
    double rain_window_m;  /**< the window that relation is found in, as window_m; default 5 km */
} nwc_anvil_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_anvil_options_init(nwc_anvil_options *options);

/**
 * ANVIL: what rain or vertically integrated liquid changed by from frame to frame goes on changing, by scale and by place.
 *
 * Frames are brought to where the newest one is. Each band of scale of their differences is an autoregressive process,
 *
 *     d(t + 1) = phi1 d(t) + phi2 d(t - 1),    x(t + 1) = x(t) + d(t + 1),
 *
 * x being the band and d its change in a step, with coefficients by Yule and Walker from the correlations of changes around every place. The
 * sum of the bands, 0 where it would be less, is carried as nwc_forecast_extrapolate does. Nothing is matched afterwards:
 * scales keep their amplitude, and growth and decay go on for as long as the past says.
 *
 * With rain, the forecast is a x + b where it is above 0, a and b being the regression of rain on the newest frame around every place, over
 * cells where both are above 0.
 *
 * Frames are chosen as by nwc_forecast_cascade, up to four, and need not be even in time: changes are taken per step, the time
 * from the frame before to the newest one. Where an older frame is not known nothing is taken to have changed. Between steps a
 * forecast is linear.
 *
 * @param ctx            NULL for the defaults
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade, three frames at least
 * @param options        NULL for the defaults
 * @param extrapolation  options of the extrapolation, NULL for the defaults
 * @param forecast       out: (lead, y, x), in the unit of the frames, or of rain; shares no memory with what is given
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA when there are not three frames to compare, or no motion is known anywhere;
 *         NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count and for any subset of lead times. Source: Pulkkinen, Chandrasekar, von Lerber and
 * Harri (2020), IEEE Trans. Geosci. Remote Sens. 58, 7845, with Gaussian bands in place of Fourier filters.
 */
NWC_API nwc_status nwc_forecast_anvil(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_anvil_options *options, const nwc_extrapolate_options *extrapolation,
                                      nwc_field *forecast);

/** Options of nwc_forecast_linda. Fill with nwc_linda_options_init. */
typedef struct nwc_linda_options {
    size_t struct_size; /**< set by the init function */
    int32_t features;   /**< rain cells that laws are found around, at most; 1 to 1024, default 25 */
    double window_m;    /**< standard deviation of the Gaussian window about each, over the ground; 0 (default): a fifth
                             of the grid's shorter side */
    uint64_t seed;      /**< of ensembles; default 0 */
    int32_t first_member; /**< of ensembles: number of the first of the members asked for, 0 or more; default 0 */
    int32_t vary_motion;  /**< of ensembles: 1 (default): members move differently; 0: all along the motion given */
} nwc_linda_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_linda_options_init(nwc_linda_options *options);

/**
 * LINDA: changes of rain go on and rain is smeared, by laws found around the strongest rain cells.
 *
 * The last three frames are brought to where the newest one is. In a step of the time from the frame before to the newest one
 *
 *     d(t + 1) = psi K1 d(t),    x(t + 1) = K2 (x(t) + d(t + 1)),
 *
 * x being rain, d its change, K1 and K2 convolutions with Gaussians that may be longer one way than the other. All
 * are fitted by least squares to what became of the frames, in a window around every rain cell, in patches of 64 cells below their
 * windows; elsewhere they are the mean of those of the cells, weighted by these windows. Cells are the greatest values of the Laplacian of
 * Gaussians of 3 to 5 grid cells; where there is none the law is that of the whole grid. Patches take the law of the place they
 * are in. Where the newest frame has no rain in a patch there is
 * none to come. What falls below 0 is 0, and the sum is carried as nwc_forecast_extrapolate does.
 *
 * Where an older frame is not known nothing is taken to have changed, and cells that are not known have no weight in
 * convolutions. Changes are taken per step, so steps may be uneven; between them a forecast is linear.
 *
 * @param ctx            NULL for the defaults
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade, three frames at least
 * @param options        NULL for the defaults
 * @param extrapolation  options of the extrapolation, NULL for the defaults
 * @param forecast       out: (lead, y, x), shares no memory with what is given
 * @return as nwc_forecast_anvil
 *
 * The same bits for every thread count and for any subset of lead times. Source: Pulkkinen, Chandrasekar and Niemi (2021),
 * J. Atmos. Oceanic Technol. 38, 2125, with p = 1.
 */
NWC_API nwc_status nwc_forecast_linda(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_linda_options *options, const nwc_extrapolate_options *extrapolation,
                                      nwc_field *forecast);

/**
 * An ensemble by LINDA: its forecast times errors as large and as wide as its last ones.
 *
 * What the laws made of the frame before is compared with the newest one, where one of them has 1 unit and the other half of it at
 * least. The logarithm of their ratio has a deviation, found in a window of three quarters of the laws' around every
 * place, and a spectrum, found around every feature. In each step a member's errors keep 9/10 of what they were and get new
 * noise of that deviation and spectrum; they are factors of mean 1. Members stray as those of nwc_forecast_steps do.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads, options, extrapolation  as for nwc_forecast_linda
 * @param forecasts      out: (member, lead, y, x), shares no memory with what is given
 * @return as nwc_forecast_anvil
 *
 * A member is the same for the same seed and number, whichever others are asked for; the same bits for every thread count and
 * for any subset of lead times. Source: as nwc_forecast_linda; there errors are of one step at every lead time.
 */
NWC_API nwc_status nwc_forecast_linda_ensemble(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns,
                                               int32_t n_frames, const nwc_field *u, const nwc_field *v,
                                               const double *leads_s, int32_t n_leads, const nwc_linda_options *options,
                                               const nwc_extrapolate_options *extrapolation, nwc_field *forecasts);

/**
 * SSEPS: STEPS whose autoregression and noise are those of the place, for showers in one part and a front in another.
 *
 * As nwc_forecast_steps, in windows of window_m (at least 16 cells, at most about the grid's longer side) that overlap by half. In each the
 * levels of wavelength have an autoregressive process of their own, and noise has the spectrum of the newest frame there; the
 * mean of all windows counts as a fiftieth of one, which decides where a window has no rain. What a Gaussian of a quarter of the window leaves
 * of the newest frame, the scales longer than the window, stays as it is.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads, options, extrapolation, forecasts  as for nwc_forecast_steps
 * @return as nwc_forecast_steps
 *
 * A member is the same for the same seed and number, whichever others are asked for; the same bits for every thread count and
 * for any subset of lead times. Source: Nerini, Besic, Sideris, Germann and Foresti (2017), Hydrol. Earth Syst. Sci. 21, 2777; values
 * are matched once over the whole grid, not in each window.
 */
NWC_API nwc_status nwc_forecast_sseps(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_steps_options *options, const nwc_extrapolate_options *extrapolation,
                                      nwc_field *forecasts);

#ifdef __cplusplus
}
#endif
#endif
