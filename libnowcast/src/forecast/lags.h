/* How long each band of a field lasts, and what weights of the last two frames foresee it best. */
#ifndef NWC_FORECAST_LAGS_H
#define NWC_FORECAST_LAGS_H

#include "forecast/bands.h"

enum { NWC__MOST_LAGS = NWC__MOST_PAST * (NWC__MOST_PAST - 1) / 2 };

/* Correlations of each band with itself at the lags that pairs of frames have. */
struct nwc__lags {
    int32_t n;
    double lag_s[NWC__MOST_LAGS]; /* increasing */
    double correlation[NWC__BANDS][NWC__MOST_LAGS];
    double apart_s; /* from the frame before to the newest */
};

/*
 * From the sums of products of nwc__bands_products, frame f being age_s[f] old (0 first, then increasing). A band without
 * any variance is uncorrelated. Two frames or more.
 */
void nwc__lags_find(double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST], const double *age_s, int32_t n_frames,
                    struct nwc__lags *lags);

/* The correlation of a band over any lag: 1 at 0, between those found, and fading beyond them. */
double nwc__lags_correlation(const struct nwc__lags *lags, int32_t band, double lag_s);

/* Weights of a band of the newest frame and of the one before, for the least squared error after lead_s. */
void nwc__lags_weights(const struct nwc__lags *lags, int32_t band, double lead_s, double weight[2]);

#endif
