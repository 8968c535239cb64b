/*
 * Scores from the sums. Definitions and names follow Wilks (2019, Statistical Methods in the Atmospheric Sciences, chapter
 * 9); SEDI is Ferro and Stephenson (2011), equation 2 there; the fractions skill score is Roberts and Lean (2008).
 * A score whose denominator is zero is NaN: there was nothing to judge.
 */
#include "verify/internal.h"

nwc_status nwc_verify_get_continuous(const nwc_verify *verify, int32_t wet, nwc_continuous *scores)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    if (wet != 0 && wet != 1) return nwc__fail(NWC_ERR_ARG, "wet: 0 or 1 expected, %d given", (int)wet);
    const double *const m = verify->state + verify->moments[wet];
    const double n = m[NWC__N];
    *scores = (nwc_continuous){.n = (int64_t)n,
                               .mean_forecast = n > 0.0 ? m[NWC__MEAN_F] : (double)NAN,
                               .mean_observed = n > 0.0 ? m[NWC__MEAN_O] : (double)NAN,
                               .bias = n > 0.0 ? m[NWC__MEAN_F] - m[NWC__MEAN_O] : (double)NAN,
                               .mae = nwc__verify_ratio(m[NWC__ABS], n),
                               .rmse = sqrt(nwc__verify_ratio(m[NWC__SQ], n)),
                               .variance_forecast = nwc__verify_ratio(m[NWC__M2_F], n),
                               .variance_observed = nwc__verify_ratio(m[NWC__M2_O], n),
                               .correlation = nwc__verify_ratio(m[NWC__C_FO], sqrt(m[NWC__M2_F]) * sqrt(m[NWC__M2_O]))};
    return NWC_OK;
}

/* Symmetric extremal dependence of hit rate and false alarm rate; undefined where either is 0 or 1. */
static double sedi(double hit_rate, double false_rate)
{
    const double up = log(false_rate) - log(hit_rate) - log1p(-false_rate) + log1p(-hit_rate);
    const double down = log(false_rate) + log(hit_rate) + log1p(-false_rate) + log1p(-hit_rate);
    return isfinite(up) && isfinite(down) ? nwc__verify_ratio(up, down) : (double)NAN;
}

nwc_status nwc_verify_get_contingency(const nwc_verify *verify, int32_t threshold, nwc_contingency *scores)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    if (threshold < 0 || threshold >= verify->n_thresholds)
        return nwc__fail(NWC_ERR_ARG, "threshold: an index below %d expected, %d given", (int)verify->n_thresholds,
                         (int)threshold);
    const double *const counts = verify->state + verify->counts + (int64_t)threshold * NWC__COUNTS;
    const double n = verify->state[verify->moments[0] + NWC__N];
    const double a = counts[NWC__HITS];                               /* hits */
    const double b = counts[NWC__EVENTS_F] - a;                       /* false alarms */
    const double c = counts[NWC__EVENTS_O] - a;                       /* misses */
    const double d = n - a - b - c;                                   /* correct negatives */
    const double by_chance = nwc__verify_ratio((a + b) * (a + c), n); /* hits of a random forecast */
    *scores = (nwc_contingency){
        .hits = (int64_t)a,
        .misses = (int64_t)c,
        .false_alarms = (int64_t)b,
        .correct_negatives = (int64_t)d,
        .csi = nwc__verify_ratio(a, a + b + c),
        .pod = nwc__verify_ratio(a, a + c),
        .far = nwc__verify_ratio(b, a + b),
        .pofd = nwc__verify_ratio(b, b + d),
        .bias = nwc__verify_ratio(a + b, a + c),
        .accuracy = nwc__verify_ratio(a + d, n),
        .hss = nwc__verify_ratio(2.0 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d)),
        .gss = nwc__verify_ratio(a - by_chance, a + b + c - by_chance),
        .odds_ratio = nwc__verify_ratio(a * d, b * c),
        .orss = nwc__verify_ratio(a * d - b * c, a * d + b * c),
        .f1 = nwc__verify_ratio(2.0 * a, 2.0 * a + b + c),
        .mcc = nwc__verify_ratio(a * d - b * c, sqrt(a + b) * sqrt(a + c) * sqrt(d + b) * sqrt(d + c)),
    };
    scores->pss = scores->pod - scores->pofd;
    scores->sedi = sedi(scores->pod, scores->pofd);
    return NWC_OK;
}

nwc_status nwc_verify_get_fss(const nwc_verify *verify, int32_t threshold, int32_t window, double *fss)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!fss) return nwc__fail(NWC_ERR_ARG, "fss: a place expected, NULL given");
    if (threshold < 0 || threshold >= verify->n_thresholds)
        return nwc__fail(NWC_ERR_ARG, "threshold: an index below %d expected, %d given", (int)verify->n_thresholds,
                         (int)threshold);
    if (window < 0 || window >= verify->n_windows)
        return nwc__fail(NWC_ERR_ARG, "window: an index below %d expected, %d given", (int)verify->n_windows,
                         (int)window);
    const double *const sums =
        verify->state + verify->fss + ((int64_t)threshold * verify->n_windows + window) * NWC__FSS_SUMS;
    *fss = 1.0 - nwc__verify_ratio(sums[NWC__FSS_DIFFERENCE], sums[NWC__FSS_SQUARES]);
    return NWC_OK;
}
