/* verify: probabilities against plain counts, pairs of cells, drawn outcomes and a search for the best rising curve. */
#include "core/internal.h"
#include "support/made_pair.h"

enum { NY = 31, NX = 43, CELLS = NY * NX, K = 11 };

static float seen[CELLS], p[2][CELLS];
static uint8_t mask[CELLS];
static const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};

/* Events that come more rarely than is said, of any probability; some cells not known. */
static void fill(uint64_t seed)
{
    static float unused[CELLS];
    fill_pair(unused, seen, CELLS, seed);
    for (int64_t i = 0; i < CELLS; i++) {
        const double chance = uniform() < 0.3 ? 0.0 : uniform();
        p[0][i] = (float)sqrt(chance), p[1][i] = (float)chance;
        seen[i] = uniform() < chance ? 3.0F : 0.5F;
        if (uniform() < 0.02) seen[i] = NAN;
        if (uniform() < 0.02) p[0][i] = NAN;
        mask[i] = uniform() < 0.95;
    }
}

static nwc_verify_sums *empty(nwc_ctx *ctx, int32_t classes)
{
    static const double thresholds[] = {2.0, 0.5};
    nwc_verify_probability_options options;
    nwc_verify_probability_options_init(&options);
    options.thresholds = thresholds, options.n_thresholds = 2, options.n_classes = classes;
    nwc_verify_sums *sums;
    assert_ok(nwc_verify_probability_create(ctx, &options, &sums));
    return sums;
}

static nwc_status add(nwc_ctx *ctx, nwc_verify_sums *sums)
{
    const nwc_field fields[] = {field_2d(p[0], NY, NX, "1", NULL), field_2d(p[1], NY, NX, "1", NULL)};
    const nwc_field observed = field_2d(seen, NY, NX, "mm h-1", NULL);
    return nwc_verify_probability_add(ctx, sums, fields, 2, &observed, &use);
}

static void scores_equal_a_plain_count(void **state)
{
    (void)state;
    fill(1);
    nwc_verify_sums *const sums = empty(NULL, K);
    assert_ok(add(NULL, sums));
    for (int32_t t = 0; t < 2; t++) {
        const float threshold = t ? 0.5F : 2.0F;
        double n = 0.0, brier = 0.0, events = 0.0, area = 0.0, pairs = 0.0;
        for (int64_t i = 0; i < CELLS; i++) {
            if (!mask[i] || isnan(seen[i]) || isnan(p[t][i])) continue;
            const double event = seen[i] >= threshold;
            n += 1.0, events += event, brier += (p[t][i] - event) * (p[t][i] - event);
            for (int64_t k = 0; k < CELLS && event > 0.0; k++) {
                if (!mask[k] || isnan(seen[k]) || isnan(p[t][k]) || seen[k] >= threshold) continue;
                const double a = rint((double)p[t][i] * (K - 1)), b = rint((double)p[t][k] * (K - 1));
                area += a > b ? 1.0 : a == b ? 0.5 : 0.0, pairs += 1.0;
            }
        }
        nwc_probability_scores s;
        assert_ok(nwc_verify_probability_get_scores(sums, t, &s));
        assert_int_equal(s.n, (int64_t)n);
        assert_near(s.brier, brier / n, 1e-12);
        assert_near(s.frequency, events / n, 1e-15);
        assert_near(s.reliability - s.resolution + s.uncertainty + s.within, brier / n, 1e-12);
        if (t == 0) {
            assert_near(s.roc_area, area / pairs, 1e-12);
            assert_true(s.reliability > 1e-2 && fabs(s.within) > 1e-5);
        } else
            assert_true(isnan(s.roc_area) && isnan(s.skill)); /* the event always comes */
    }
    nwc_verify_sums_destroy(sums);
}

static void classes_are_those_nearest(void **state)
{
    (void)state;
    float said[] = {0.0F, 0.04F, 0.06F, 0.94F, 0.96F, 1.0F, 0.5F}, came[] = {0.0F, 3.0F, 0.0F, 3.0F, 3.0F, 3.0F, 0.0F};
    const nwc_field fields[] = {field_2d(said, 1, 7, NULL, NULL), field_2d(said, 1, 7, NULL, NULL)};
    const nwc_field observed = field_2d(came, 1, 7, NULL, NULL);
    nwc_verify_sums *const sums = empty(NULL, K);
    assert_ok(nwc_verify_probability_add(NULL, sums, fields, 2, &observed, NULL));
    nwc_probability_class curve[K];
    assert_ok(nwc_verify_probability_get_curve(sums, 0, curve));
    assert_true(curve[0].forecasts == 2 && curve[0].events == 1 && curve[1].forecasts == 1 && curve[9].forecasts == 1);
    assert_true(curve[10].forecasts == 2 && curve[10].events == 2 && curve[5].forecasts == 1);
    assert_near(curve[0].probability, 0.02, 1e-8);
    assert_near(curve[0].frequency, 0.5, 0.0);
    assert_true(isnan(curve[2].probability) && isnan(curve[2].frequency));
    assert_near(curve[1].pod, 0.75, 0.0); /* of four events three from there up, of three others two */
    assert_near(curve[1].pofd, 2.0 / 3.0, 1e-15);
    assert_true(curve[0].pod == 1.0 && curve[0].pofd == 1.0 && curve[10].pofd == 0.0);
    nwc_verify_sums_destroy(sums);
}

static void parts_merged_equal_the_whole(void **state)
{
    (void)state;
    nwc_verify_sums *const whole = empty(NULL, K), *const merged = empty(NULL, K), *const part = empty(NULL, K);
    for (uint64_t seed = 2; seed < 4; seed++) {
        fill(seed);
        assert_ok(add(NULL, whole));
        assert_ok(add(NULL, seed == 2 ? merged : part));
    }
    const int64_t n = nwc_verify_sums_state_size(whole);
    assert_int_equal(n, 3 + 2 + 2 * K * 5);
    double a[3 + 2 + 2 * K * 5], b[3 + 2 + 2 * K * 5];
    nwc_verify_sums *const restored = empty(NULL, K);
    assert_ok(nwc_verify_sums_get_state(part, a));
    assert_ok(nwc_verify_sums_add_state(restored, a, n));
    assert_ok(nwc_verify_sums_merge(merged, restored));
    assert_ok(nwc_verify_sums_get_state(whole, a));
    assert_ok(nwc_verify_sums_get_state(merged, b));
    for (int64_t k = 0; k < n; k++) assert_near(a[k], b[k], 1e-12 * (1.0 + fabs(a[k])));

    nwc_verify_sums *const other = empty(NULL, K + 1);
    assert_fails(NWC_ERR_ARG, "options", nwc_verify_sums_merge(whole, other));
    assert_fails(NWC_ERR_ARG, "115 values", nwc_verify_sums_add_state(whole, a, n - 1));
    a[0] = 1.0;
    assert_fails(NWC_ERR_ARG, "kind", nwc_verify_sums_add_state(whole, a, n));
    a[0] = 10.0, a[n - 1] = NAN;
    assert_fails(NWC_ERR_ARG, "finite", nwc_verify_sums_add_state(whole, a, n));
    assert_fails(NWC_ERR_ARG, "NULL", nwc_verify_sums_merge(whole, NULL));
    assert_int_equal(nwc_verify_sums_state_size(NULL), 0);
    nwc_verify_sums_destroy(NULL);
    nwc_verify_sums_destroy(other);
    nwc_verify_sums_destroy(restored);
    nwc_verify_sums_destroy(part);
    nwc_verify_sums_destroy(merged);
    nwc_verify_sums_destroy(whole);
}

/* ---- consistency bars ---- */

static void bars_hold_the_outcomes_they_say(void **state)
{
    (void)state;
    nwc_probability_class curve[] = {{.forecasts = 40, .probability = 0.03},
                                     {.forecasts = 7, .probability = 0.6},
                                     {.forecasts = 5000, .probability = 0.25},
                                     {.forecasts = 0, .probability = NAN},
                                     {.forecasts = 9, .probability = 1.0}};
    double low[5], high[5];
    assert_ok(nwc_verify_consistency(curve, 5, 1.0, 0.9, low, high));
    for (int c = 0; c < 3; c++) {
        const int n = (int)curve[c].forecasts, draws = n > 1000 ? 2000 : 20000;
        int below = 0, above = 0;
        for (int d = 0; d < draws; d++) {
            int came = 0;
            for (int k = 0; k < n; k++) came += uniform() < curve[c].probability;
            below += came<rint(low[c] * n), above += came> rint(high[c] * n);
        }
        const double error = 4.0 * sqrt(0.05 * 0.95 / draws);
        assert_true(below <= draws * (0.05 + error) && above <= draws * (0.05 + error));
    }
    assert_near(low[2], 0.25 - 1.645 * sqrt(0.25 * 0.75 / 5000.0), 2e-4); /* of many: the normal distribution */
    assert_near(high[2], 0.25 + 1.645 * sqrt(0.25 * 0.75 / 5000.0), 2e-4);
    assert_true(isnan(low[3]) && isnan(high[3]) && low[4] == 1.0 && high[4] == 1.0);
    double few_low[5], few_high[5];
    assert_ok(nwc_verify_consistency(curve, 5, 100.0, 0.9, few_low, few_high));
    assert_near(few_high[2], 18.0 / 50.0,
                1e-12); /* the 95th hundredth of 50 with 0.25: 17.5 by the normal, by whole numbers 18 */
    curve[2].forecasts = (int64_t)1e12; /* any number at all */
    assert_ok(nwc_verify_consistency(curve + 2, 1, 1.0, 0.9, low, high));
    assert_near(high[0] - low[0], 2.0 * 1.645 * sqrt(0.25 * 0.75 / 1e12), 1e-8);
    assert_fails(NWC_ERR_ARG, "cells_per_sample", nwc_verify_consistency(curve, 5, 0.5, 0.9, low, high));
    assert_fails(NWC_ERR_ARG, "level", nwc_verify_consistency(curve, 5, 1.0, 1.0, low, high));
    assert_fails(NWC_ERR_ARG, "curve", nwc_verify_consistency(NULL, 5, 1.0, 0.9, low, high));
    assert_fails(NWC_ERR_ARG, "low", nwc_verify_consistency(curve, 5, 1.0, 0.9, NULL, high));
}

/* ---- calibration ---- */

/* The isotonic regression by its min-max formula: of class k the greatest over first, of the least over last, of means. */
static double min_max(const nwc_probability_class *curve, int32_t n, int32_t k)
{
    double greatest = -1.0;
    for (int32_t first = 0; first <= k; first++) {
        double least = 2.0;
        for (int32_t last = k; last < n; last++) {
            double cells = 0.0, events = 0.0;
            for (int32_t c = first; c <= last; c++)
                cells += (double)curve[c].forecasts, events += (double)curve[c].events;
            least = fmin(least, events / cells);
        }
        greatest = fmax(greatest, least);
    }
    return greatest;
}

static void what_is_learnt_is_the_nearest_rising_curve(void **state)
{
    (void)state;
    enum { N = 21 };
    for (int trial = 0; trial < 50; trial++) {
        nwc_probability_class curve[N];
        for (int32_t k = 0; k < N; k++) {
            curve[k] =
                (nwc_probability_class){.forecasts = 5 + (int64_t)(40.0 * uniform()), .probability = k / (N - 1.0)};
            curve[k].events = (int64_t)((double)curve[k].forecasts * uniform() * (0.3 + 0.03 * k));
        }
        int32_t knots;
        double at[N], value[N];
        assert_ok(nwc_calibration_learn(curve, N, 5, &knots, at, value));
        assert_int_equal(knots, N);
        for (int32_t k = 0; k < N; k++) {
            assert_near(value[k], min_max(curve, N, k), 1e-12);
            assert_near(at[k], curve[k].probability, 1e-15);
        }
    }
}

static void classes_of_too_few_are_taken_together(void **state)
{
    (void)state;
    nwc_probability_class curve[] = {{100, 0, 0.0, 0, 0, 0}, {10, 2, 0.2, 0, 0, 0},  {30, 9, 0.4, 0, 0, 0},
                                     {0, 0, NAN, 0, 0, 0},   {60, 30, 0.7, 0, 0, 0}, {5, 5, 1.0, 0, 0, 0}};
    int32_t knots;
    double at[6], value[6];
    assert_ok(nwc_calibration_learn(curve, 6, 40, &knots, at, value));
    assert_int_equal(knots, 3);
    assert_near(at[1], (10 * 0.2 + 30 * 0.4) / 40, 1e-15);
    assert_near(value[1], 11.0 / 40.0, 1e-15);
    assert_near(at[2], (60 * 0.7 + 5) / 65, 1e-15);
    assert_near(value[2], 35.0 / 65.0, 1e-15);
    assert_fails(NWC_ERR_NODATA, "205 forecasts", nwc_calibration_learn(curve, 6, 150, &knots, at, value));
    for (int k = 0; k < 6; k++) curve[k].events = 0;
    assert_fails(NWC_ERR_NODATA, "0 events", nwc_calibration_learn(curve, 6, 40, &knots, at, value));
    assert_fails(NWC_ERR_ARG, "least", nwc_calibration_learn(curve, 6, 0, &knots, at, value));
    assert_fails(NWC_ERR_ARG, "curve", nwc_calibration_learn(NULL, 6, 1, &knots, at, value));
    assert_fails(NWC_ERR_ARG, "n_knots", nwc_calibration_learn(curve, 6, 1, NULL, at, value));
}

static void calibrated_probabilities_are_reliable(void **state)
{
    (void)state;
    fill(9);
    nwc_verify_sums *const before = empty(NULL, 101), *const after = empty(NULL, 101);
    assert_ok(add(NULL, before));
    nwc_probability_class curve[101];
    int32_t knots;
    double at[101], value[101];
    assert_ok(nwc_verify_probability_get_curve(before, 0, curve));
    assert_ok(nwc_calibration_learn(curve, 101, 50, &knots, at, value));
    const nwc_field field = field_2d(p[0], NY, NX, "1", NULL);
    static float original[CELLS];
    memcpy(original, p[0], sizeof original);
    nwc_field result = field;
    assert_ok(nwc_calibration_apply(NULL, knots, at, value, &field, &result));
    assert_ok(add(NULL, after));
    nwc_probability_scores a, b;
    assert_ok(nwc_verify_probability_get_scores(before, 0, &a));
    assert_ok(nwc_verify_probability_get_scores(after, 0, &b));
    assert_true(b.brier < a.brier - 0.01);
    assert_near(b.mean_probability, b.frequency, 0.01);
    for (int64_t i = 0; i < CELLS; i++) {
        assert_true(isnan(original[i]) == isnan(p[0][i]));
        if (isnan(original[i])) continue;
        double expected = original[i] <= at[0] ? value[0] : value[knots - 1];
        for (int32_t k = 1; k < knots; k++)
            if (original[i] > at[k - 1] && original[i] <= at[k])
                expected = value[k - 1] + (value[k] - value[k - 1]) * (original[i] - at[k - 1]) / (at[k] - at[k - 1]);
        assert_near(p[0][i], expected, 1e-6);
    }
    value[0] = 0.9;
    assert_fails(NWC_ERR_ARG, "not falling", nwc_calibration_apply(NULL, knots, at, value, &field, &result));
    value[0] = 0.0, at[1] = at[0];
    assert_fails(NWC_ERR_ARG, "rising", nwc_calibration_apply(NULL, knots, at, value, &field, &result));
    assert_fails(NWC_ERR_ARG, "knot", nwc_calibration_apply(NULL, 0, at, value, &field, &result));
    nwc_verify_sums_destroy(after);
    nwc_verify_sums_destroy(before);
}

/* ---- refusals, threads, memory ---- */

static void what_is_wrong_is_refused_and_leaves_the_sums(void **state)
{
    (void)state;
    fill(4);
    nwc_verify_sums *const sums = empty(NULL, K);
    p[1][700] = 1.5F, mask[700] = 1, seen[700] = 1.0F;
    assert_fails(NWC_ERR_ARG, "probabilities[1]: 0 to 1 expected, row 16", add(NULL, sums));
    p[1][700] = -0.5F;
    assert_fails(NWC_ERR_ARG, "probabilities[1]", add(NULL, sums));
    nwc_probability_scores s;
    assert_ok(nwc_verify_probability_get_scores(sums, 0, &s));
    assert_int_equal(s.n, 0);
    assert_true(isnan(s.brier) && isnan(s.roc_area) && isnan(s.frequency) && isnan(s.within));
    const nwc_field one = field_2d(p[0], NY, NX, NULL, NULL), seen_field = field_2d(seen, NY, NX - 1, NULL, NULL);
    const nwc_field both[] = {one, one};
    assert_fails(NWC_ERR_ARG, "2 fields", nwc_verify_probability_add(NULL, sums, &one, 1, &one, NULL));
    assert_fails(NWC_ERR_ARG, "observed", nwc_verify_probability_add(NULL, sums, both, 2, &seen_field, NULL));
    assert_fails(NWC_ERR_ARG, "NULL", nwc_verify_probability_add(NULL, NULL, both, 2, &one, NULL));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_probability_get_scores(sums, 2, &s));
    nwc_verify_probability_options options;
    nwc_verify_probability_options_init(&options);
    nwc_verify_sums *none;
    assert_fails(NWC_ERR_ARG, "n_thresholds", nwc_verify_probability_create(NULL, &options, &none));
    options.thresholds = pair_thresholds, options.n_thresholds = 1, options.n_classes = 1;
    assert_fails(NWC_ERR_ARG, "n_classes", nwc_verify_probability_create(NULL, &options, &none));
    nwc_verify_sums_destroy(sums);
}

struct threads_case {
    double state[3 + 2 + 2 * K * 5];
};

static nwc_status sums_by_threads(nwc_ctx *ctx, void *user)
{
    struct threads_case *const out = user;
    nwc_verify_sums *const sums = empty(ctx, K);
    const nwc_status status = add(ctx, sums);
    assert_ok(nwc_verify_sums_get_state(sums, out->state));
    nwc_verify_sums_destroy(sums);
    return status;
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    fill(11);
    struct threads_case one, many;
    check_threads_change_no_bit(sums_by_threads, &one, &many, sizeof one);
}

static nwc_status make_and_add(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_verify_probability_options options;
    nwc_verify_probability_options_init(&options);
    const double thresholds[] = {2.0, 0.5};
    options.thresholds = thresholds, options.n_thresholds = 2;
    nwc_verify_sums *sums;
    NWC__TRY(nwc_verify_probability_create(ctx, &options, &sums));
    const nwc_status status = add(ctx, sums);
    nwc_verify_sums_destroy(sums);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fill(12);
    assert_int_equal(check_every_allocation_failure(make_and_add, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_a_plain_count),
        cmocka_unit_test(classes_are_those_nearest),
        cmocka_unit_test(parts_merged_equal_the_whole),
        cmocka_unit_test(bars_hold_the_outcomes_they_say),
        cmocka_unit_test(what_is_learnt_is_the_nearest_rising_curve),
        cmocka_unit_test(classes_of_too_few_are_taken_together),
        cmocka_unit_test(calibrated_probabilities_are_reliable),
        cmocka_unit_test(what_is_wrong_is_refused_and_leaves_the_sums),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
