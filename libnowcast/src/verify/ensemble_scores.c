/*
 * Scores of ensembles from the sums. CRPS: Gneiting and Raftery (2007), equation 21; the fair forms of it and of the Brier
 * score: Ferro (2014), which divide by M (M - 1) where the others divide by M^2; the Brier score in parts: Murphy (1973);
 * spread and skill: Fortin, Abaza, Anctil and Turcotte (2014). With M members in every cell there are M + 1 probabilities,
 * each a class of its own, so that the parts add up without a rest.
 */
#include "verify/curve.h"
#include "verify/ensemble.h"
#include "verify/sums.h"

nwc_status nwc_verify_ensemble_get_scores(const nwc_verify_ensemble *verify, nwc_ensemble_scores *scores)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    const double *const sums = verify->state + verify->head;
    const double n = sums[NWC__CELLS], members = verify->n_members;
    const double distance = nwc__verify_ratio(sums[NWC__ABSOLUTE], n * members);
    *scores = (nwc_ensemble_scores){
        .n = (int64_t)n,
        .crps = distance - nwc__verify_ratio(sums[NWC__PAIRS], n * members * members),
        .crps_fair = distance - nwc__verify_ratio(sums[NWC__PAIRS], n * members * (members - 1.0)),
        .bias = nwc__verify_ratio(sums[NWC__ERROR], n),
        .rmse = sqrt(nwc__verify_ratio(sums[NWC__ERROR_SQ], n)),
        .spread = sqrt(nwc__verify_ratio(sums[NWC__DEVIATIONS], n * (members - 1.0))),
    };
    scores->spread_skill = nwc__verify_ratio(sqrt((members + 1.0) / members) * scores->spread, scores->rmse);
    return NWC_OK;
}

/* Where the counts of a threshold stand: forecasts [member + 1], then events [member + 1]. */
static nwc_status find_counts(const nwc_verify_ensemble *verify, int32_t threshold, const double **forecasts,
                              const double **events)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (threshold < 0 || threshold >= verify->n_thresholds)
        return nwc__fail(NWC_ERR_ARG, "threshold: an index below %d expected, %d given", (int)verify->n_thresholds,
                         (int)threshold);
    const int64_t ranks = verify->n_members + 1;
    *forecasts = verify->state + verify->reached + threshold * 2 * ranks;
    *events = *forecasts + ranks;
    return NWC_OK;
}

nwc_status nwc_verify_ensemble_get_brier(const nwc_verify_ensemble *verify, int32_t threshold, nwc_brier *scores)
{
    const double *forecasts, *events;
    NWC__TRY(find_counts(verify, threshold, &forecasts, &events));
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    const double members = verify->n_members;
    double n = 0.0, all_events = 0.0;
    for (int32_t k = 0; k <= verify->n_members; k++) n += forecasts[k], all_events += events[k];
    const double climate = nwc__verify_ratio(all_events, n);

    double squares = 0.0, within = 0.0, reliability = 0.0, resolution = 0.0, ordered = 0.0, quiet_below = 0.0;
    for (int32_t k = 0; k <= verify->n_members; k++) {
        const double p = k / members, quiet = forecasts[k] - events[k];
        squares += events[k] * (1.0 - p) * (1.0 - p) + quiet * p * p;
        within += forecasts[k] * p * (1.0 - p);
        ordered += events[k] * (quiet_below + 0.5 * quiet);
        quiet_below += quiet;
        if (forecasts[k] == 0.0) continue;
        const double came = events[k] / forecasts[k];
        reliability += forecasts[k] * (p - came) * (p - came);
        resolution += forecasts[k] * (came - climate) * (came - climate);
    }
    *scores = (nwc_brier){
        .brier = nwc__verify_ratio(squares, n),
        .brier_fair = nwc__verify_ratio(squares, n) - nwc__verify_ratio(within, n * (members - 1.0)),
        .reliability = nwc__verify_ratio(reliability, n),
        .resolution = nwc__verify_ratio(resolution, n),
        .uncertainty = climate * (1.0 - climate),
        .roc_area = nwc__verify_ratio(ordered, all_events * quiet_below),
    };
    scores->skill = 1.0 - nwc__verify_ratio(scores->brier, scores->uncertainty);
    return NWC_OK;
}

nwc_status nwc_verify_ensemble_get_curve(const nwc_verify_ensemble *verify, int32_t threshold,
                                         nwc_probability_class *curve)
{
    const double *forecasts, *events;
    NWC__TRY(find_counts(verify, threshold, &forecasts, &events));
    if (!curve) return nwc__fail(NWC_ERR_ARG, "curve: a place expected, NULL given");
    for (int32_t k = 0; k <= verify->n_members; k++)
        curve[k] = (nwc_probability_class){.forecasts = (int64_t)forecasts[k],
                                           .events = (int64_t)events[k],
                                           .probability = k / (double)verify->n_members};
    nwc__verify_fill_curve(curve, verify->n_members + 1);
    return NWC_OK;
}

nwc_status nwc_verify_ensemble_get_fss(const nwc_verify_ensemble *verify, int32_t threshold, int32_t window,
                                       nwc_ensemble_fss *scores)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    NWC__TRY(nwc__verify_check_index("threshold", threshold, verify->n_thresholds));
    NWC__TRY(nwc__verify_check_index("window", window, verify->n_windows));
    const double *const sums =
        verify->state + verify->fss + ((int64_t)threshold * verify->n_windows + window) * NWC__EFSS_SUMS;
    const double m = verify->n_members, squares = sums[NWC__EFSS_SQUARES], total = sums[NWC__EFSS_TOTAL];
    const double seen = sums[NWC__EFSS_OBSERVED], product = sums[NWC__EFSS_PRODUCT];
    /* Over the m (m - 1) / 2 pairs of members (f - f')^2 is m squares - total, and f^2 + f'^2 is (m - 1) squares. */
    *scores = (nwc_ensemble_fss){
        .members = nwc__verify_ratio(2.0 * product, squares + m * seen),
        .dispersion = nwc__verify_ratio(total - squares, (m - 1.0) * squares),
        .probability = nwc__verify_ratio(2.0 * m * product, total + m * m * seen),
    };
    return NWC_OK;
}

nwc_status nwc_verify_ensemble_get_ranks(const nwc_verify_ensemble *verify, double *ranks)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!ranks) return nwc__fail(NWC_ERR_ARG, "ranks: a place expected, NULL given");
    for (int32_t k = 0; k <= verify->n_members; k++) ranks[k] = verify->state[verify->ranks + k];
    return NWC_OK;
}
