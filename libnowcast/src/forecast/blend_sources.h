/* The two sources of a blended forecast at one time, as decibels, waves and levels. */
#ifndef NWC_FORECAST_BLEND_SOURCES_H
#define NWC_FORECAST_BLEND_SOURCES_H

#include "forecast/blend_weights.h"
#include "forecast/feather.h"

enum { NWC__NOWCAST = 0, NWC__MODEL = 1, NWC__SOURCES = 2, NWC__MOST_MODELS = 100 };

struct nwc__blend_sources {
    const struct nwc__echoes *echoes; /* must stay */
    float *decibels[NWC__SOURCES]; /* (ny, nx); where one is not known the other stands for it; NaN where neither is */
    float *cells;                  /* (padded_ny, padded_nx) */
    float *spectrum[NWC__SOURCES];
    float *sorted[NWC__SOURCES], *target; /* (ny, nx): what is known, ascending; what blended values are to be */
    uint32_t *work;
    double deviation[NWC__SOURCES][NWC__MOST_WAVE_LEVELS];
    double correlation[NWC__MOST_WAVE_LEVELS]; /* of both; 0 where one has no variance */
    bool model_known;                          /* anywhere */
};

/* Refuse members of a model, (member, y, x) now and (member, lead, y, x), that are too many or not like the frames. */
nwc_status nwc__blend_sources_check(const nwc_field *model_now, const nwc_field *model, const nwc_field *like,
                                    int32_t n_leads);

nwc_status nwc__blend_sources_create(nwc_ctx *ctx, const struct nwc__echoes *echoes, struct nwc__blend_sources *s);
void nwc__blend_sources_destroy(nwc_ctx *ctx, struct nwc__blend_sources *s);

/*
 * Take both at one time: the nowcast's decibels (ny, nx), NaN where not known, and the model's rain (y, x). With `only` the
 * nowcast alone says where cells are known; weights (ny, nx), or NULL, are those of the nowcast beside the model.
 */
nwc_status nwc__blend_sources_take(nwc_ctx *ctx, struct nwc__blend_sources *s, const float *nowcast,
                                   const nwc_field *model, bool only, const float *weight);

/* Of that decibels and model_known alone. */
nwc_status nwc__blend_sources_join(nwc_ctx *ctx, struct nwc__blend_sources *s, const float *nowcast,
                                   const nwc_field *model, bool only, const float *weight);

/* Make the values of both, mixed by the nowcast's share, the target of the matcher. */
nwc_status nwc__blend_sources_match(nwc_ctx *ctx, struct nwc__blend_sources *s, double share,
                                    struct nwc__matcher *matcher);

#endif
