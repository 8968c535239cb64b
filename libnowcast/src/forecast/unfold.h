/* Members of ensembles that unfold step by step from the newest frame: what STEPS and SSEPS share. */
#ifndef NWC_FORECAST_UNFOLD_H
#define NWC_FORECAST_UNFOLD_H

#include "forecast/echoes.h"

enum { NWC__NOW, NWC__BEFORE }; /* of states */

/* A method: what the members of it have for a state, as one struct of the method's own. */
struct nwc__unfolds {
    /* All but noise; what is made is destroyed also where this fails. */
    nwc_status (*create)(nwc_ctx *ctx, const struct nwc__echoes *echoes, const nwc_grid *grid, double window_m,
                         void *states);
    void (*destroy)(nwc_ctx *ctx, void *states);

    /* Noise of a step that keeps the variance of each level of the newest frame, times its boost. */
    nwc_status (*learn_noise)(nwc_ctx *ctx, void *states, const double *boost);

    /* The state of the newest frame, and what becomes of it in a step with the noise of a stream. */
    nwc_status (*begin)(nwc_ctx *ctx, void *states);
    nwc_status (*step)(nwc_ctx *ctx, void *states, uint64_t seed, uint64_t stream);

    /* decibels (ny, nx), back steps before the newest state; NaN where the newest frame is not known. */
    nwc_status (*show)(nwc_ctx *ctx, void *states, double back, float *decibels);

    /* kept: the variance of decibels in each level, over that of the newest frame; 0 where that has none. */
    nwc_status (*measure)(nwc_ctx *ctx, void *states, const float *decibels, double kept[NWC__MOST_WAVE_LEVELS]);
};

/* The body of nwc_forecast_steps and nwc_forecast_sseps; states is room for those of the method, all 0. */
nwc_status nwc__unfold(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                       const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                       const nwc_steps_options *given, const nwc_extrapolate_options *extrapolation,
                       nwc_field *forecasts, const struct nwc__unfolds *method, void *states);

#endif
