/* Fields taken apart by scale, and put together again with a weight for each. */
#ifndef NWC_FORECAST_BANDS_H
#define NWC_FORECAST_BANDS_H

#include "forecast/past.h"

enum { NWC__BANDS = 5 /* besides what is larger than all of them */ };

/*
 * Level 0 is the field and level m that field smoothed by a Gaussian of scale m, on nodes of its own; band m is level
 * m - 1 less level m, and the rest is the last level. Between nodes levels are bilinear, so bands and rest add up to
 * the field whatever is lost in between.
 */
struct nwc__bands {
    int32_t n_frames;
    int32_t spacing[NWC__BANDS + 1]; /* cells between nodes */
    int64_t ny[NWC__BANDS + 1], nx[NWC__BANDS + 1];
    float *level[NWC__MOST_PAST][NWC__BANDS + 1]; /* (ny, nx) of the level */
    float *mixed[NWC__BANDS + 1];                 /* work of nwc__bands_mix, (ny, nx) of levels from 1 on */
    float *block;
};

/* Room for n_frames fields of (ny, nx); whoever creates it fills level 0 of each, NaN at the same cells of all. */
nwc_status nwc__bands_create(nwc_ctx *ctx, int64_t ny, int64_t nx, int32_t n_frames, struct nwc__bands *bands);
void nwc__bands_destroy(nwc_ctx *ctx, struct nwc__bands *bands);

/* Find the other levels from level 0, by known cells alone. */
nwc_status nwc__bands_split(nwc_ctx *ctx, struct nwc__bands *bands);

/* products[m][f][g]: band m + 1 of frame f times that of frame g, summed over the nodes on cells where use is not 0. */
nwc_status nwc__bands_products(nwc_ctx *ctx, const struct nwc__bands *bands, const uint8_t *use,
                               double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST]);

/* Sum of weight[f][m] times band m + 1 of frames f, and of rest[f] times their rests; 0 where below; (ny, nx) of level 0. */
nwc_status nwc__bands_mix(nwc_ctx *ctx, const struct nwc__bands *bands, double weight[NWC__MOST_PAST][NWC__BANDS],
                          const double rest[NWC__MOST_PAST], float *mixed);

/*
 * Let level m - 1 be the band between it and level m from now on, for all of them; the last one stays the rest. Afterwards
 * only nwc__bands_expand has a meaning.
 */
nwc_status nwc__bands_part(nwc_ctx *ctx, struct nwc__bands *bands);

/* Row j of the nodes of level m - 1, read between nodes, (ny, nx) of level m. */
void nwc__bands_expand(const nwc_ctx *ctx, const struct nwc__bands *bands, int32_t m, const float *nodes, int64_t j,
                       float *row);

#endif
