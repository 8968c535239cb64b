/* The last frames of a sequence, brought to where the newest one is. */
#ifndef NWC_FORECAST_PAST_H
#define NWC_FORECAST_PAST_H

#include "forecast/carry.h"

enum { NWC__MOST_PAST = 4 /* frames */ };

/* Newest first. */
struct nwc__past {
    int32_t n;
    int64_t ny, nx;
    double age_s[NWC__MOST_PAST];
    float *cells[NWC__MOST_PAST]; /* (ny, nx), NaN where not known */
    float *block;
};

/* Refuse what is no sequence of frames with a motion: n_frames of at least 1, times that increase. */
nwc_status nwc__check_sequence(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                               const nwc_field *u, const nwc_field *v);

/* Rain in decibels above dry cells, which lie 5 dB below the threshold: as pysteps' examples have it. */
#define NWC__WET_DB 5.0F
float nwc__to_decibels(float rain, double threshold);
float nwc__from_decibels(float decibels, double threshold);

/*
 * Choose at most `most` frames and carry them along the motion of the newest, as it is there and does not travel. Frames
 * follow one another by 3.5 to 30 minutes, and are known where at least half of what is known of the newest is. Infinite
 * values count as unknown; NWC_ERR_ARG for negative ones; NWC_ERR_NODATA where fewer than `least` are left. The sequence
 * has been checked. With a threshold above 0 frames are decibels before they are carried.
 */
nwc_status nwc__past_create(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                            const nwc_field *u, const nwc_field *v, int32_t least, int32_t most, double threshold,
                            struct nwc__past *past);
void nwc__past_destroy(nwc_ctx *ctx, struct nwc__past *past);

#endif
