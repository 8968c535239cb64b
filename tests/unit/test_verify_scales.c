/* verify: scores by scale against means of squares taken one by one, and pairs of cells counted one by one. */
#include "core/internal.h"
#include "support/made_pair.h"

enum { NY = 21, NX = 37, CELLS = NY * NX, L = 4 };

static float f[CELLS], o[CELLS];
static uint8_t mask[CELLS];

static nwc_verify_sums *empty(nwc_ctx *ctx, int32_t n_scales)
{
    nwc_verify_scales_options options;
    nwc_verify_scales_options_init(&options);
    options.thresholds = pair_thresholds, options.n_thresholds = 3, options.n_scales = n_scales;
    nwc_verify_sums *sums;
    assert_ok(nwc_verify_scales_create(ctx, &options, &sums));
    return sums;
}

static nwc_status add(nwc_ctx *ctx, nwc_verify_sums *sums)
{
    const nwc_field forecast = field_2d(f, NY, NX, NULL, NULL), observed = field_2d(o, NY, NX, NULL, NULL);
    const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    return nwc_verify_scales_add(ctx, sums, &forecast, &observed, &use);
}

static void fill(uint64_t seed)
{
    fill_pair(f, o, CELLS, seed);
    for (int64_t i = 0; i < CELLS; i++) mask[i] = uniform() < 0.9;
}

static bool known(int64_t j, int64_t i)
{
    return j < NY && i < NX && mask[j * NX + i] && isfinite(f[j * NX + i]) && isfinite(o[j * NX + i]);
}

/* What is decomposed: the value or event of forecast (0), of observed (1), or their difference (2). */
static double part(int which, int32_t threshold, int64_t j, int64_t i)
{
    if (!known(j, i)) return 0.0;
    if (which == 2) return part(0, threshold, j, i) - part(1, threshold, j, i);
    const float cell = which ? o[j * NX + i] : f[j * NX + i];
    return threshold < 0 ? (double)cell : cell >= (float)pair_thresholds[threshold];
}

static double mean(int which, int32_t threshold, int64_t side, int64_t j, int64_t i)
{
    double sum = 0.0;
    for (int64_t b = j / side * side; b < (j / side + 1) * side; b++)
        for (int64_t a = i / side * side; a < (i / side + 1) * side; a++) sum += part(which, threshold, b, a);
    return sum / (double)(side * side);
}

static void parts_equal_differences_of_means_over_squares(void **state)
{
    (void)state;
    fill(1);
    nwc_verify_sums *const sums = empty(NULL, L);
    assert_ok(add(NULL, sums));
    double n = 0.0;
    for (int64_t c = 0; c < CELLS; c++) n += known(c / NX, c % NX);
    for (int32_t t = -1; t < 3; t++) {
        nwc_scale_score scores[L + 1];
        assert_ok(nwc_verify_scales_get_scores(sums, t, scores));
        double said = 0.0, came = 0.0, whole = 0.0, added = 0.0;
        for (int64_t c = 0; c < CELLS; c++) {
            said += part(0, t, c / NX, c % NX) / n, came += part(1, t, c / NX, c % NX) / n;
            whole += pow(part(2, t, c / NX, c % NX), 2.0) / n;
        }
        for (int l = 0; l <= L; l++) {
            const int64_t side = (int64_t)1 << l;
            double energy[3] = {0.0};
            for (int64_t j = 0; j < 32; j++) /* all squares of 16 that reach into the grid */
                for (int64_t i = 0; i < 48; i++)
                    for (int w = 0; w < 3; w++) {
                        const double wide = l < L ? mean(w, t, 2 * side, j, i) : 0.0;
                        energy[w] += pow(mean(w, t, side, j, i) - wide, 2.0) / n;
                    }
            assert_int_equal(scores[l].side, side);
            assert_near(scores[l].energy_forecast, energy[0], 1e-10);
            assert_near(scores[l].energy_observed, energy[1], 1e-10);
            assert_near(scores[l].mse, energy[2], 1e-10);
            added += scores[l].mse;
            if (t >= 0)
                assert_near(scores[l].skill, 1.0 - energy[2] * (L + 1) / (said * (1.0 - came) + came * (1.0 - said)),
                            1e-10);
            else
                assert_true(isnan(scores[l].skill));
        }
        assert_near(added, whole, 1e-12 * (1.0 + whole));
    }
    nwc_verify_sums_destroy(sums);
}

static void an_error_of_one_scale_stays_in_it(void **state)
{
    (void)state;
    for (int64_t c = 0; c < CELLS; c++) mask[c] = 1, f[c] = (c % NX) / 4 % 2 ? 1.0F : -1.0F, o[c] = 0.0F;
    const nwc_field forecast = {.data = f, .ndim = 2, .dim = {16, 32}, .stride = {NX, 1}, .missing = NAN};
    const nwc_field observed = {.data = o, .ndim = 2, .dim = {16, 32}, .stride = {NX, 1}, .missing = NAN};
    nwc_verify_sums *const sums = empty(NULL, L);
    assert_ok(nwc_verify_scales_add(NULL, sums, &forecast, &observed, NULL));
    nwc_scale_score scores[L + 1];
    assert_ok(nwc_verify_scales_get_scores(sums, -1, scores));
    for (int l = 0; l <= L; l++) assert_near(scores[l].mse, l == 2 ? 1.0 : 0.0, 1e-12); /* stripes of 4 cells */
    nwc_verify_sums_destroy(sums);
}

static void structure_equals_all_pairs(void **state)
{
    (void)state;
    fill(2);
    nwc_verify_sums *const sums = empty(NULL, 6); /* the last lag does not fit */
    assert_ok(add(NULL, sums));
    nwc_structure lags[6];
    assert_ok(nwc_verify_scales_get_structure(sums, lags));
    for (int l = 0; l < 6; l++) {
        const int64_t lag = (int64_t)1 << l;
        double n = 0.0, of_f = 0.0, of_o = 0.0;
        for (int64_t j = 0; j < NY; j++)
            for (int64_t i = 0; i < NX; i++)
                for (int axis = 0; axis < 2; axis++) {
                    const int64_t b = axis ? j : j + lag, a = axis ? i + lag : i;
                    if (!known(j, i) || !known(b, a)) continue;
                    n += 1.0;
                    of_f += pow((double)f[b * NX + a] - f[j * NX + i], 2.0);
                    of_o += pow((double)o[b * NX + a] - o[j * NX + i], 2.0);
                }
        assert_int_equal(lags[l].lag, lag);
        assert_int_equal(lags[l].n, (int64_t)n);
        if (n > 0.0) {
            assert_near(lags[l].forecast, of_f / n, 1e-10);
            assert_near(lags[l].observed, of_o / n, 1e-10);
        }
    }
    nwc_verify_sums_destroy(sums);
}

static void one_row_and_nothing_known_are_taken(void **state)
{
    (void)state;
    float row[] = {1.0F, 2.0F, NAN}, none[] = {NAN, NAN, NAN};
    const nwc_field a = field_2d(row, 1, 3, NULL, NULL), b = field_2d(none, 1, 3, NULL, NULL);
    nwc_verify_sums *const sums = empty(NULL, L), *const other = empty(NULL, L + 1);
    nwc_scale_score scores[L + 1];
    nwc_structure lags[L];
    assert_ok(nwc_verify_scales_add(NULL, sums, &a, &b, NULL));
    assert_ok(nwc_verify_scales_get_scores(sums, 0, scores));
    assert_ok(nwc_verify_scales_get_structure(sums, lags));
    assert_true(isnan(scores[0].mse) && isnan(scores[L].skill) && isnan(lags[0].forecast) && lags[0].n == 0);
    assert_ok(nwc_verify_scales_add(NULL, sums, &a, &a, NULL));
    assert_ok(nwc_verify_scales_get_scores(sums, -1, scores));
    assert_true(scores[0].mse == 0.0);
    assert_near(scores[0].energy_forecast, (5.0 - 9.0 / 4.0) / 2.0, 1e-12); /* squares, less those of means */
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_scales_get_scores(sums, 3, scores));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_scales_get_scores(sums, -2, scores));
    assert_fails(NWC_ERR_ARG, "lags", nwc_verify_scales_get_structure(sums, NULL));
    assert_fails(NWC_ERR_ARG, "options", nwc_verify_sums_merge(sums, other));
    assert_fails(NWC_ERR_ARG, "others given", nwc_verify_probability_add(NULL, sums, &a, 1, &a, NULL));
    nwc_verify_scales_options options;
    nwc_verify_scales_options_init(&options);
    options.n_scales = 17;
    nwc_verify_sums *refused;
    assert_fails(NWC_ERR_ARG, "n_scales", nwc_verify_scales_create(NULL, &options, &refused));
    nwc_verify_sums_destroy(other);
    nwc_verify_sums_destroy(sums);
}

enum { STATE = 3 + 3 + 1 + 3 * L + 4 * (2 + 3 * (L + 1)) };

static nwc_status sums_by_threads(nwc_ctx *ctx, void *user)
{
    nwc_verify_sums *const sums = empty(ctx, L);
    assert_int_equal(nwc_verify_sums_state_size(sums), STATE);
    const nwc_status status = add(ctx, sums);
    assert_ok(nwc_verify_sums_get_state(sums, user));
    nwc_verify_sums_destroy(sums);
    return status;
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    fill(3);
    double one[STATE], many[STATE];
    check_threads_change_no_bit(sums_by_threads, one, many, sizeof one);
}

static nwc_status add_once(nwc_ctx *ctx, void *user)
{
    return add(ctx, user);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fill(4);
    nwc_verify_sums *const sums = empty(NULL, L);
    assert_int_equal(check_every_allocation_failure(add_once, sums), 4);
    nwc_verify_sums_destroy(sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_equal_differences_of_means_over_squares),
        cmocka_unit_test(an_error_of_one_scale_stays_in_it),
        cmocka_unit_test(structure_equals_all_pairs),
        cmocka_unit_test(one_row_and_nothing_known_are_taken),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
