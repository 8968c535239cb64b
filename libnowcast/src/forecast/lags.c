/*
 * How long each band of a field lasts. Correlations between frames that lie in the same place are pooled over all pairs
 * of one lag; beyond the last lag they fade exponentially at the rate they had, which itself grows slowly: measured
 * rates alone leave correlations an hour ahead too high by a tenth.
 *
 * A band is foreseen from its last two frames by linear regression (optimal interpolation), whose covariances are these
 * correlations; a small part of noise in each frame keeps the two weights from growing where both frames are alike.
 */
#include "forecast/lags.h"

#define SAME_LAG 0.1     /* lags closer than this share of one another are one */
#define NOISE 0.002      /* variance of a frame that the other does not have */
#define FASTER_S 18000.0 /* so long after the last lag correlations fade twice as fast */

static void pool_lag(struct nwc__lags *lags, double lag_s, int32_t *at)
{
    int32_t n = 0;
    while (n < lags->n && lags->lag_s[n] < lag_s * (1.0 - SAME_LAG)) n++;
    *at = n;
    if (n < lags->n && lags->lag_s[n] <= lag_s * (1.0 + SAME_LAG)) return;
    for (int32_t k = lags->n; k > n; k--) lags->lag_s[k] = lags->lag_s[k - 1];
    lags->lag_s[n] = lag_s;
    lags->n++;
}

void nwc__lags_find(double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST], const double *age_s, int32_t n_frames,
                    struct nwc__lags *lags)
{
    *lags = (struct nwc__lags){.apart_s = age_s[1]};
    int32_t at = 0;
    for (int32_t f = 0; f < n_frames; f++)
        for (int32_t g = f + 1; g < n_frames; g++) pool_lag(lags, age_s[g] - age_s[f], &at);
    for (int32_t m = 0; m < NWC__BANDS; m++) {
        double shared[NWC__MOST_LAGS] = {0.0}, own[NWC__MOST_LAGS] = {0.0}, last = 1.0;
        for (int32_t f = 0; f < n_frames; f++) {
            for (int32_t g = f + 1; g < n_frames; g++) {
                pool_lag(lags, age_s[g] - age_s[f], &at); /* which is there by now */
                shared[at] += products[m][f][g];
                own[at] += sqrt(products[m][f][f] * products[m][g][g]);
            }
        }
        for (int32_t n = 0; n < lags->n; n++) {
            const double found = own[n] > 0.0 ? shared[n] / own[n] : 0.0;
            lags->correlation[m][n] = last = fmin(fmax(found, 0.0), last); /* no band comes back */
        }
    }
}

/* What is lost per second at the last lags: without the first of three or more, whose loss is mostly noise. */
static double fading_rate(const struct nwc__lags *lags, const double *correlation)
{
    const int32_t last = lags->n - 1, first = last > 1 ? 1 : last - 1;
    const double before = first < 0 ? 1.0 : correlation[first], before_s = first < 0 ? 0.0 : lags->lag_s[first];
    return log(before / correlation[last]) / (lags->lag_s[last] - before_s);
}

double nwc__lags_correlation(const struct nwc__lags *lags, int32_t band, double lag_s)
{
    const double *const correlation = lags->correlation[band];
    const int32_t last = lags->n - 1;
    if (lag_s >= lags->lag_s[last]) {
        if (!(correlation[last] > 0.0)) return 0.0;
        const double beyond_s = lag_s - lags->lag_s[last];
        return correlation[last] * exp(-fading_rate(lags, correlation) * beyond_s * (1.0 + beyond_s / FASTER_S));
    }
    int32_t n = 0;
    while (lag_s >= lags->lag_s[n]) n++;
    const double before = n > 0 ? correlation[n - 1] : 1.0, before_s = n > 0 ? lags->lag_s[n - 1] : 0.0;
    return before + (correlation[n] - before) * (lag_s - before_s) / (lags->lag_s[n] - before_s);
}

void nwc__lags_weights(const struct nwc__lags *lags, int32_t band, double lead_s, double weight[2])
{
    const double own = 1.0 + NOISE, between = nwc__lags_correlation(lags, band, lags->apart_s);
    const double newest = nwc__lags_correlation(lags, band, lead_s);
    const double before = nwc__lags_correlation(lags, band, lead_s + lags->apart_s);
    const double determinant = own * own - between * between;
    weight[0] = lead_s > 0.0 ? (own * newest - between * before) / determinant : 1.0;
    weight[1] = lead_s > 0.0 ? (own * before - between * newest) / determinant : 0.0;
}
