/* verify: sums and scores against brute force and published tables. */
#include "support/made_pair.h"

enum { NY = 83, NX = 97 };

/* ---- contingency ---- */

/* A 1 x n pair with this table at threshold 1. */
static void table(nwc_contingency *scores, int64_t hits, int64_t false_alarms, int64_t misses, int64_t negatives)
{
    const int64_t n = hits + false_alarms + misses + negatives;
    float *const f = malloc((size_t)n * sizeof *f), *const o = malloc((size_t)n * sizeof *o);
    for (int64_t i = 0; i < n; i++) {
        f[i] = i < hits + false_alarms ? 1.0F : 0.999F;
        o[i] = i < hits || (i >= hits + false_alarms && i < hits + false_alarms + misses) ? 7.0F : -1.0F;
    }
    nwc_verify *const verify = sums_of(NULL, 1, 0, NAN);
    const nwc_field forecast = field_2d(f, 1, n, "mm h-1", NULL), observed = field_2d(o, 1, n, "mm h-1", NULL);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    assert_ok(nwc_verify_get_contingency(verify, 0, scores));
    assert_int_equal(scores->hits, hits);
    assert_int_equal(scores->false_alarms, false_alarms);
    assert_int_equal(scores->misses, misses);
    assert_int_equal(scores->correct_negatives, negatives);
    nwc_verify_destroy(verify);
    free(f);
    free(o);
}

static void finleys_tornadoes_have_their_published_scores(void **state)
{
    (void)state;
    nwc_contingency s;
    table(&s, 28, 72, 23, 2680); /* Finley (1884); the scores as in Wilks (2019), example 9.1 and after */
    assert_near(s.accuracy, 0.966, 5e-4);
    assert_near(s.csi, 0.228, 5e-4);
    assert_near(s.bias, 1.96, 5e-3);
    assert_near(s.far, 0.720, 5e-4);
    assert_near(s.pod, 0.549, 5e-4);
    assert_near(s.pofd, 0.0262, 5e-5);
    assert_near(s.hss, 0.355, 5e-4);
    assert_near(s.pss, 0.523, 5e-4);
    assert_near(s.gss, 0.216, 5e-4);
    assert_near(s.odds_ratio, 45.31, 5e-3);
    assert_near(s.orss, 0.957, 5e-4);
    /* By hand: H = 28 / 51, F = 72 / 2752. */
    const double h = 28.0 / 51.0, f = 72.0 / 2752.0;
    assert_near(s.sedi,
                (log(f) - log(h) - log(1.0 - f) + log(1.0 - h)) / (log(f) + log(h) + log(1.0 - f) + log(1.0 - h)),
                1e-12);
    assert_near(s.f1, 56.0 / 151.0, 1e-12);
    assert_near(s.mcc, (28.0 * 2680.0 - 72.0 * 23.0) / sqrt(100.0 * 51.0 * 2752.0 * 2703.0), 1e-12);
}

static void scores_without_a_denominator_are_nan(void **state)
{
    (void)state;
    nwc_contingency s;
    table(&s, 0, 0, 0, 5); /* neither expected nor seen */
    assert_true(isnan(s.csi) && isnan(s.pod) && isnan(s.far) && isnan(s.bias) && isnan(s.hss) && isnan(s.gss));
    assert_true(isnan(s.pss) && isnan(s.odds_ratio) && isnan(s.orss) && isnan(s.sedi) && isnan(s.f1) && isnan(s.mcc));
    assert_near(s.pofd, 0.0, 0.0);
    assert_near(s.accuracy, 1.0, 0.0);
    table(&s, 5, 0, 0, 0); /* always right, nothing else possible */
    assert_near(s.csi, 1.0, 0.0);
    assert_true(isnan(s.pofd) && isnan(s.sedi) && isnan(s.odds_ratio));
    table(&s, 5, 0, 0, 5); /* perfect: the hit rate is 1, and SEDI undefined there */
    assert_near(s.hss, 1.0, 0.0);
    assert_near(s.mcc, 1.0, 1e-15);
    assert_true(isnan(s.sedi));
}

static void contingency_equals_a_plain_count(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    static uint8_t mask[NY * NX];
    fill_pair(f, o, NY * NX, 3);
    for (int64_t i = 0; i < NY * NX; i++) mask[i] = uniform() < 0.9 ? 7 : 0;
    const nwc_field forecast = field_2d(f, NY, NX, NULL, NULL), observed = field_2d(o, NY, NX, NULL, NULL);
    const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    nwc_verify *const verify = sums_of(NULL, 3, 0, NAN);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, &use));
    for (int32_t t = 0; t < 3; t++) {
        int64_t n[2][2] = {{0}};
        for (int64_t i = 0; i < NY * NX; i++)
            if (mask[i] && !isnan(f[i]) && !isnan(o[i]))
                n[f[i] >= (float)pair_thresholds[t]][o[i] >= (float)pair_thresholds[t]]++;
        nwc_contingency s;
        assert_ok(nwc_verify_get_contingency(verify, t, &s));
        assert_true(n[1][1] > 0 && n[1][0] > 0);
        assert_int_equal(s.hits, n[1][1]);
        assert_int_equal(s.false_alarms, n[1][0]);
        assert_int_equal(s.misses, n[0][1]);
        assert_int_equal(s.correct_negatives, n[0][0]);
    }
    nwc_verify_destroy(verify);
}

static void a_value_equal_to_the_threshold_is_an_event(void **state)
{
    (void)state;
    float f[] = {0.1F, 0.1F, 0.0999999F}, o[] = {0.1F, 0.0F, 0.2F};
    nwc_verify *const verify = sums_of(NULL, 3, 0, NAN);
    const nwc_field forecast = field_2d(f, 1, 3, NULL, NULL), observed = field_2d(o, 1, 3, NULL, NULL);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    nwc_contingency s;
    assert_ok(nwc_verify_get_contingency(verify, 1, &s));
    assert_int_equal(s.hits, 1);
    assert_int_equal(s.false_alarms, 1);
    assert_int_equal(s.misses, 1);
    nwc_verify_destroy(verify);
}

/* ---- continuous ---- */

static void continuous_scores_equal_a_two_pass_computation(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 11);
    for (int64_t i = 0; i < NY * NX; i++) f[i] += 1000.0F, o[i] += 1000.0F; /* far from zero: raw sums would cancel */
    const nwc_field forecast = field_2d(f, NY, NX, "K", NULL), observed = field_2d(o, NY, NX, "K", NULL);
    const double wet = 1003.0;
    nwc_verify *const verify = sums_of(NULL, 0, 0, wet);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    for (int32_t set = 0; set < 2; set++) {
        int64_t n = 0;
        double mf = 0.0, mo = 0.0, mae = 0.0, mse = 0.0, vf = 0.0, vo = 0.0, c = 0.0;
        for (int pass = 0; pass < 2; pass++) {
            for (int64_t i = 0; i < NY * NX; i++) {
                if (isnan(f[i]) || isnan(o[i]) || (set && !(f[i] >= wet || o[i] >= wet))) continue;
                if (!pass) {
                    n++, mf += f[i], mo += o[i];
                    mae += fabs((double)f[i] - o[i]), mse += ((double)f[i] - o[i]) * ((double)f[i] - o[i]);
                } else {
                    vf += (f[i] - mf) * (f[i] - mf), vo += (o[i] - mo) * (o[i] - mo), c += (f[i] - mf) * (o[i] - mo);
                }
            }
            if (!pass) mf /= (double)n, mo /= (double)n;
        }
        nwc_continuous s;
        assert_ok(nwc_verify_get_continuous(verify, set, &s));
        assert_true(n > 100);
        assert_int_equal(s.n, n);
        assert_near(s.mean_forecast, mf, 1e-9);
        assert_near(s.mean_observed, mo, 1e-9);
        assert_near(s.bias, mf - mo, 1e-9);
        assert_near(s.mae, mae / (double)n, 1e-11);
        assert_near(s.rmse, sqrt(mse / (double)n), 1e-11);
        assert_near(s.variance_forecast, vf / (double)n, 1e-9);
        assert_near(s.variance_observed, vo / (double)n, 1e-9);
        assert_near(s.correlation, c / sqrt(vf * vo), 1e-11);
    }
    nwc_verify_destroy(verify);
}

static void a_constant_field_varies_by_nothing_and_correlates_with_nothing(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 23);
    for (int64_t i = 0; i < NY * NX; i++) f[i] = 0.1F; /* which no float or double holds exactly */
    const nwc_field forecast = field_2d(f, NY, NX, NULL, NULL), observed = field_2d(o, NY, NX, NULL, NULL);
    nwc_verify *const verify = sums_of(NULL, 0, 0, NAN);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    nwc_continuous s;
    assert_ok(nwc_verify_get_continuous(verify, 0, &s));
    assert_near(s.mean_forecast, (double)0.1F, 0.0);
    assert_near(s.variance_forecast, 0.0, 0.0);
    assert_true(s.variance_observed > 1.0 && isnan(s.correlation));
    nwc_verify_destroy(verify);
}

static void nothing_known_gives_zero_counts_and_nan_scores(void **state)
{
    (void)state;
    float f[] = {NAN, 1.0F, INFINITY, 2.0F}, o[] = {1.0F, NAN, 1.0F, 2.0F};
    uint8_t mask[] = {1, 1, 1, 0};
    const nwc_field forecast = field_2d(f, 2, 2, NULL, NULL), observed = field_2d(o, 2, 2, NULL, NULL);
    const nwc_flags use = {.data = mask, .ndim = 2, .dim = {2, 2}, .stride = {2, 1}};
    nwc_verify *const verify = sums_of(NULL, 3, 4, 0.1);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, &use));
    for (int32_t set = 0; set < 2; set++) {
        nwc_continuous s;
        assert_ok(nwc_verify_get_continuous(verify, set, &s));
        assert_int_equal(s.n, 0);
        assert_true(isnan(s.mean_forecast) && isnan(s.mean_observed) && isnan(s.bias) && isnan(s.mae) && isnan(s.rmse));
        assert_true(isnan(s.variance_forecast) && isnan(s.variance_observed) && isnan(s.correlation));
    }
    nwc_contingency s;
    assert_ok(nwc_verify_get_contingency(verify, 0, &s));
    assert_int_equal(s.hits + s.misses + s.false_alarms + s.correct_negatives, 0);
    assert_true(isnan(s.csi) && isnan(s.accuracy));
    double fss;
    assert_ok(nwc_verify_get_fss(verify, 0, 0, &fss));
    assert_true(isnan(fss));
    nwc_verify_destroy(verify);
}

static void one_cell_and_one_row_are_scored(void **state)
{
    (void)state;
    float f[] = {2.0F, 0.0F, 0.0F, 3.0F}, o[] = {1.0F, 0.0F, 1.0F, 0.0F};
    nwc_verify *const verify = sums_of(NULL, 1, 4, NAN);
    const nwc_field forecast = field_2d(f, 1, 1, NULL, NULL), observed = field_2d(o, 1, 1, NULL, NULL);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    nwc_continuous s;
    assert_ok(nwc_verify_get_continuous(verify, 0, &s));
    assert_int_equal(s.n, 1);
    assert_near(s.mae, 1.0, 0.0);
    assert_near(s.variance_forecast, 0.0, 0.0);
    assert_true(isnan(s.correlation));
    double fss;
    assert_ok(nwc_verify_get_fss(verify, 0, 3, &fss));
    assert_near(fss, 1.0, 0.0);
    nwc_verify_destroy(verify);

    /* One row at window 1: differences at the last two of four cells, events at cells 0 and 3 and at cells 0 and 2. */
    nwc_verify *const row = sums_of(NULL, 1, 1, NAN);
    const nwc_field forecast_row = field_2d(f, 1, 4, NULL, NULL), observed_row = field_2d(o, 1, 4, NULL, NULL);
    assert_ok(nwc_verify_add(NULL, row, &forecast_row, &observed_row, NULL));
    assert_ok(nwc_verify_get_fss(row, 0, 0, &fss));
    assert_near(fss, 1.0 - 2.0 / 4.0, 1e-15);
    nwc_verify_destroy(row);
}

/* ---- fractions skill score ---- */

/* By definition, from every cell of every window. */
static double plain_fss(const float *f, const float *o, int64_t ny, int64_t nx, float threshold, int64_t w)
{
    double difference = 0.0, squares = 0.0;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            int64_t in_f = 0, in_o = 0;
            for (int64_t v = j - w / 2; v < j - w / 2 + w; v++)
                for (int64_t u = i - w / 2; u < i - w / 2 + w; u++) {
                    if (v < 0 || v >= ny || u < 0 || u >= nx) continue;
                    if (isnan(f[v * nx + u]) || isnan(o[v * nx + u])) continue;
                    in_f += f[v * nx + u] >= threshold;
                    in_o += o[v * nx + u] >= threshold;
                }
            const double pf = (double)in_f / (double)(w * w), po = (double)in_o / (double)(w * w);
            difference += (pf - po) * (pf - po);
            squares += pf * pf + po * po;
        }
    return 1.0 - difference / squares;
}

static void fss_equals_the_double_loop(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 5);
    const struct {
        int64_t ny, nx;
    } shape[] = {{NY, NX}, {1, 500}, {500, 1}, {7, 3}};
    for (size_t k = 0; k < sizeof shape / sizeof shape[0]; k++) {
        const int64_t ny = shape[k].ny, nx = shape[k].nx;
        const nwc_field forecast = field_2d(f, ny, nx, NULL, NULL), observed = field_2d(o, ny, nx, NULL, NULL);
        nwc_verify *const verify = sums_of(NULL, 3, 3, NAN);
        assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
        for (int32_t t = 0; t < 3; t++)
            for (int32_t w = 0; w < 3; w++) {
                const double expected = plain_fss(f, o, ny, nx, (float)pair_thresholds[t], pair_windows[w]);
                double fss;
                assert_ok(nwc_verify_get_fss(verify, t, w, &fss));
                if (isnan(expected))
                    assert_true(isnan(fss));
                else
                    assert_near(fss, expected, 1e-12);
            }
        nwc_verify_destroy(verify);
    }
}

static void a_window_wider_than_the_grid_sees_all_of_it(void **state)
{
    (void)state;
    float f[6 * 5] = {0}, o[6 * 5] = {0};
    f[0] = f[13] = f[29] = 2.0F;
    o[4] = o[7] = o[20] = 2.0F; /* as many, elsewhere */
    const nwc_field forecast = field_2d(f, 6, 5, NULL, NULL), observed = field_2d(o, 6, 5, NULL, NULL);
    nwc_verify *const verify = sums_of(NULL, 1, 4, NAN);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    double fss;
    assert_ok(nwc_verify_get_fss(verify, 0, 0, &fss));
    assert_near(fss, 0.0, 1e-15);
    assert_ok(nwc_verify_get_fss(verify, 0, 3, &fss));
    assert_near(fss, 1.0, 1e-15);
    nwc_verify_destroy(verify);
}

static void an_even_window_reaches_further_back(void **state)
{
    (void)state;
    float f[16] = {0}, o[16] = {0};
    f[4] = o[6] = 2.0F;
    const nwc_field forecast = field_2d(f, 1, 16, NULL, NULL), observed = field_2d(o, 1, 16, NULL, NULL);
    nwc_verify *const verify = sums_of(NULL, 1, 3, NAN);
    assert_ok(nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    double fss;
    assert_ok(nwc_verify_get_fss(verify, 0, 2, &fss));
    /* Centres i - 5 <= 4 <= i + 4: 0 to 9; i - 5 <= 6 <= i + 4: 2 to 11. Four differ, 10 + 10 squares. */
    assert_near(fss, 1.0 - 4.0 / 20.0, 1e-15);
    f[4] = 0.0F, f[0] = 2.0F; /* 0 to 5 against 2 to 11: eight differ, 6 + 10 squares */
    nwc_verify *const edge = sums_of(NULL, 1, 3, NAN);
    assert_ok(nwc_verify_add(NULL, edge, &forecast, &observed, NULL));
    assert_ok(nwc_verify_get_fss(edge, 0, 2, &fss));
    assert_near(fss, 1.0 - 8.0 / 16.0, 1e-15);
    nwc_verify_destroy(edge);
    nwc_verify_destroy(verify);
}

/* ---- sums ---- */

static void parts_merged_equal_the_whole(void **state)
{
    (void)state;
    static float f[4][NY * NX], o[4][NY * NX];
    nwc_verify *const whole = sums_of(NULL, 3, 4, 0.1), *part[4];
    for (int p = 0; p < 4; p++) {
        fill_pair(f[p], o[p], NY * NX, 20 + (uint64_t)p);
        const nwc_field forecast = field_2d(f[p], NY, NX, NULL, NULL), observed = field_2d(o[p], NY, NX, NULL, NULL);
        part[p] = sums_of(NULL, 3, 4, 0.1);
        assert_ok(nwc_verify_add(NULL, whole, &forecast, &observed, NULL));
        assert_ok(nwc_verify_add(NULL, part[p], &forecast, &observed, NULL));
    }
    nwc_verify *const forward = sums_of(NULL, 3, 4, 0.1), *const backward = sums_of(NULL, 3, 4, 0.1);
    for (int p = 0; p < 4; p++) assert_ok(nwc_verify_merge(forward, part[p]));
    for (int p = 3; p >= 0; p--) { /* and by way of the exported sums */
        int64_t n;
        double *const sums = state_of(part[p], &n);
        assert_ok(nwc_verify_add_state(backward, sums, n));
        free(sums);
    }
    assert_same_state(whole, forward, 0.0);
    assert_same_state(whole, backward, 1e-12);
    for (int32_t t = 0; t < 3; t++) {
        double a, b;
        assert_ok(nwc_verify_get_fss(whole, t, 2, &a));
        assert_ok(nwc_verify_get_fss(backward, t, 2, &b));
        assert_memory_equal(&a, &b, sizeof a); /* whole numbers have no order */
    }
    for (int p = 0; p < 4; p++) nwc_verify_destroy(part[p]);
    nwc_verify_destroy(whole);
    nwc_verify_destroy(forward);
    nwc_verify_destroy(backward);
}

static nwc_verify *scored_with(int32_t threads, int32_t simd)
{
    static float f[700 * 90], o[700 * 90];
    fill_pair(f, o, 700 * 90, 8);
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = threads, options.simd = simd;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    nwc_verify *const verify = sums_of(NULL, 3, 3, 0.1);
    const nwc_field forecast = field_2d(f, 700, 90, NULL, NULL), observed = field_2d(o, 700, 90, NULL, NULL);
    assert_ok(nwc_verify_add(ctx, verify, &forecast, &observed, NULL));
    nwc_ctx_destroy(ctx);
    return verify;
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    nwc_verify *const one = scored_with(1, NWC_SIMD_AUTO);
    for (int32_t k = 0; k < 3; k++) {
        nwc_verify *const several = scored_with((const int32_t[]){2, 3, 7}[k], NWC_SIMD_AUTO);
        assert_same_state(one, several, 0.0);
        nwc_verify_destroy(several);
    }
    nwc_verify_destroy(one);
}

static void instruction_levels_agree(void **state)
{
    (void)state;
    nwc_verify *const plain = scored_with(2, NWC_SIMD_V2);
    for (int32_t simd = NWC_SIMD_V3; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_verify *const wide = scored_with(2, simd);
        assert_same_state(plain, wide, 1e-13);
        nwc_verify_destroy(wide);
    }
    nwc_verify_destroy(plain);
}

static void strides_do_not_matter_and_input_is_unchanged(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX], wide[NY * 2 * NX * 3], copy[NY * 2 * NX * 3];
    static uint8_t mask[NY * NX], flipped[NY * NX];
    fill_pair(f, o, NY * NX, 13);
    for (int64_t i = 0; i < NY * NX * 6; i++) wide[i] = 77.0F;
    for (int64_t j = 0; j < NY; j++)
        for (int64_t i = 0; i < NX; i++) {
            mask[j * NX + i] = uniform() < 0.8;
            wide[(NY - 1 - j) * 6 * NX + 3 * i] = f[j * NX + i];          /* rows north first, every third cell */
            flipped[(NY - 1 - j) * NX + (NX - 1 - i)] = mask[j * NX + i]; /* both ways round */
        }
    memcpy(copy, wide, sizeof wide);
    nwc_field forecast = field_2d(f, NY, NX, NULL, NULL);
    const nwc_field observed = field_2d(o, NY, NX, NULL, NULL);
    nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    nwc_verify *const plain = sums_of(NULL, 3, 4, 0.1), *const strided = sums_of(NULL, 3, 4, 0.1);
    assert_ok(nwc_verify_add(NULL, plain, &forecast, &observed, &use));
    forecast.data = wide + (NY - 1) * 6 * NX, forecast.stride[0] = -6 * NX, forecast.stride[1] = 3;
    use.data = flipped + NY * NX - 1, use.stride[0] = -NX, use.stride[1] = -1;
    assert_ok(nwc_verify_add(NULL, strided, &forecast, &observed, &use));
    assert_same_state(plain, strided, 0.0);
    assert_memory_equal(copy, wide, sizeof wide);
    nwc_verify_destroy(plain);
    nwc_verify_destroy(strided);
}

static void swapping_the_fields_swaps_misses_and_false_alarms(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 17);
    const nwc_field a = field_2d(f, NY, NX, NULL, NULL), b = field_2d(o, NY, NX, NULL, NULL);
    nwc_verify *const there = sums_of(NULL, 3, 3, 0.1), *const back = sums_of(NULL, 3, 3, 0.1);
    assert_ok(nwc_verify_add(NULL, there, &a, &b, NULL));
    assert_ok(nwc_verify_add(NULL, back, &b, &a, NULL));
    for (int32_t t = 0; t < 3; t++) {
        nwc_contingency s, r;
        assert_ok(nwc_verify_get_contingency(there, t, &s));
        assert_ok(nwc_verify_get_contingency(back, t, &r));
        assert_int_equal(s.hits, r.hits);
        assert_int_equal(s.misses, r.false_alarms);
        assert_near(s.pod, 1.0 - r.far, 1e-15);
        for (int32_t w = 0; w < 3; w++) {
            double x, y;
            assert_ok(nwc_verify_get_fss(there, t, w, &x));
            assert_ok(nwc_verify_get_fss(back, t, w, &y));
            assert_memory_equal(&x, &y, sizeof x);
        }
    }
    nwc_verify_destroy(there);
    nwc_verify_destroy(back);
}

static void mirroring_both_fields_keeps_fss_of_odd_windows(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 19);
    nwc_field a = field_2d(f, NY, NX, NULL, NULL), b = field_2d(o, NY, NX, NULL, NULL);
    nwc_verify *const plain = sums_of(NULL, 3, 3, NAN), *const mirrored = sums_of(NULL, 3, 3, NAN);
    assert_ok(nwc_verify_add(NULL, plain, &a, &b, NULL));
    a.data += NY * NX - 1, b.data += NY * NX - 1;
    a.stride[0] = b.stride[0] = -NX, a.stride[1] = b.stride[1] = -1;
    assert_ok(nwc_verify_add(NULL, mirrored, &a, &b, NULL));
    for (int32_t t = 0; t < 3; t++)
        for (int32_t w = 0; w < 2; w++) { /* sides 1 and 5 */
            double x, y;
            assert_ok(nwc_verify_get_fss(plain, t, w, &x));
            assert_ok(nwc_verify_get_fss(mirrored, t, w, &y));
            assert_memory_equal(&x, &y, sizeof x);
        }
    nwc_verify_destroy(plain);
    nwc_verify_destroy(mirrored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finleys_tornadoes_have_their_published_scores),
        cmocka_unit_test(scores_without_a_denominator_are_nan),
        cmocka_unit_test(contingency_equals_a_plain_count),
        cmocka_unit_test(a_value_equal_to_the_threshold_is_an_event),
        cmocka_unit_test(continuous_scores_equal_a_two_pass_computation),
        cmocka_unit_test(a_constant_field_varies_by_nothing_and_correlates_with_nothing),
        cmocka_unit_test(nothing_known_gives_zero_counts_and_nan_scores),
        cmocka_unit_test(one_cell_and_one_row_are_scored),
        cmocka_unit_test(fss_equals_the_double_loop),
        cmocka_unit_test(a_window_wider_than_the_grid_sees_all_of_it),
        cmocka_unit_test(an_even_window_reaches_further_back),
        cmocka_unit_test(parts_merged_equal_the_whole),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(instruction_levels_agree),
        cmocka_unit_test(strides_do_not_matter_and_input_is_unchanged),
        cmocka_unit_test(swapping_the_fields_swaps_misses_and_false_alarms),
        cmocka_unit_test(mirroring_both_fields_keeps_fss_of_odd_windows),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
