/* verify: fractions skill scores of ensembles against windows counted cell by cell and all pairs of members. */
#include "core/internal.h"
#include "support/made_pair.h"

enum { NY = 19, NX = 29, CELLS = NY * NX, M = 4 };

static float seen_cells[CELLS], member_cells[M][CELLS];
static uint8_t mask[CELLS], known[CELLS];
static const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};

static void fill(uint64_t seed)
{
    static float unused[CELLS];
    fill_pair(unused, seen_cells, CELLS, seed);
    for (int32_t m = 0; m < M; m++)
        for (int64_t i = 0; i < CELLS; i++) {
            member_cells[m][i] = uniform() < 0.5 ? seen_cells[i] : (float)(-2.0 * log(uniform()));
            if (uniform() < 0.01) member_cells[m][i] = NAN;
        }
    for (int64_t i = 0; i < CELLS; i++) {
        known[i] = mask[i] = uniform() < 0.95;
        known[i] = known[i] && isfinite(seen_cells[i]);
        for (int32_t m = 0; m < M; m++) known[i] = known[i] && isfinite(member_cells[m][i]);
    }
}

static nwc_verify_ensemble *empty(nwc_ctx *ctx, int32_t members, int32_t n_windows)
{
    nwc_verify_ensemble_options options;
    nwc_verify_ensemble_options_init(&options);
    options.n_members = members;
    options.thresholds = pair_thresholds, options.n_thresholds = 3;
    options.windows = pair_windows, options.n_windows = n_windows;
    nwc_verify_ensemble *verify;
    assert_ok(nwc_verify_ensemble_create(ctx, &options, &verify));
    return verify;
}

static nwc_status add(nwc_ctx *ctx, nwc_verify_ensemble *verify, int32_t members)
{
    nwc_field field[M];
    for (int32_t m = 0; m < members; m++) field[m] = field_2d(member_cells[m], NY, NX, NULL, NULL);
    const nwc_field seen = field_2d(seen_cells, NY, NX, NULL, NULL);
    return nwc_verify_ensemble_add(ctx, verify, field, members, &seen, &use);
}

/* The events of field m, or of the observed (M), in the window around a cell, as a share of it. */
static double fraction(int32_t m, int64_t j, int64_t i, int32_t side, float threshold)
{
    const float *const cells = m == M ? seen_cells : member_cells[m];
    const int64_t south = j - side / 2, west = i - side / 2;
    int64_t events = 0;
    for (int64_t b = south < 0 ? 0 : south; b < south + side && b < NY; b++)
        for (int64_t a = west < 0 ? 0 : west; a < west + side && a < NX; a++)
            events += known[b * NX + a] && cells[b * NX + a] >= threshold;
    return (double)events / side / side;
}

static void scores_equal_all_pairs_of_members(void **state)
{
    (void)state;
    fill(3);
    nwc_verify_ensemble *const verify = empty(NULL, M, 4);
    assert_ok(add(NULL, verify, M));
    for (int32_t t = 0; t < 3; t++)
        for (int32_t w = 0; w < 4; w++) {
            const float threshold = (float)pair_thresholds[t];
            double off = 0.0, off_of = 0.0, apart = 0.0, apart_of = 0.0, mean_off = 0.0, mean_of = 0.0;
            for (int64_t c = 0; c < CELLS; c++) {
                double f[M + 1], mean = 0.0;
                for (int32_t m = 0; m <= M; m++) f[m] = fraction(m, c / NX, c % NX, pair_windows[w], threshold);
                for (int32_t a = 0; a < M; a++) {
                    mean += f[a] / M;
                    off += (f[a] - f[M]) * (f[a] - f[M]), off_of += f[a] * f[a] + f[M] * f[M];
                    for (int32_t b = 0; b < a; b++)
                        apart += (f[a] - f[b]) * (f[a] - f[b]), apart_of += f[a] * f[a] + f[b] * f[b];
                }
                mean_off += (mean - f[M]) * (mean - f[M]), mean_of += mean * mean + f[M] * f[M];
            }
            nwc_ensemble_fss s;
            assert_ok(nwc_verify_ensemble_get_fss(verify, t, w, &s));
            assert_near(s.members, 1.0 - off / off_of, 1e-12);
            assert_near(s.dispersion, 1.0 - apart / apart_of, 1e-12);
            assert_near(s.probability, 1.0 - mean_off / mean_of, 1e-12);
        }
    nwc_verify_ensemble_destroy(verify);
}

static void one_member_scores_as_one_forecast(void **state)
{
    (void)state;
    fill(5);
    nwc_verify_ensemble *const verify = empty(NULL, 1, 4);
    assert_ok(add(NULL, verify, 1));
    nwc_verify *const one = sums_of(NULL, 3, 4, NAN);
    const nwc_field f = field_2d(member_cells[0], NY, NX, NULL, NULL), o = field_2d(seen_cells, NY, NX, NULL, NULL);
    assert_ok(nwc_verify_add(NULL, one, &f, &o, &use));
    for (int32_t t = 0; t < 3; t++)
        for (int32_t w = 0; w < 4; w++) {
            double fss;
            nwc_ensemble_fss s;
            assert_ok(nwc_verify_get_fss(one, t, w, &fss));
            assert_ok(nwc_verify_ensemble_get_fss(verify, t, w, &s));
            assert_near(s.members, fss, 1e-12);
            assert_near(s.probability, fss, 1e-12);
            assert_true(isnan(s.dispersion));
        }
    nwc_verify_destroy(one);
    nwc_verify_ensemble_destroy(verify);
}

static void no_event_gives_nan_and_wrong_places_are_refused(void **state)
{
    (void)state;
    fill(7);
    for (int64_t i = 0; i < CELLS; i++) seen_cells[i] = 0.0F;
    for (int32_t m = 0; m < M; m++) memcpy(member_cells[m], seen_cells, sizeof seen_cells);
    nwc_verify_ensemble *const verify = empty(NULL, M, 2), *const other = empty(NULL, M, 1);
    assert_ok(add(NULL, verify, M));
    nwc_ensemble_fss s;
    assert_ok(nwc_verify_ensemble_get_fss(verify, 0, 0, &s));
    assert_true(isnan(s.members) && isnan(s.dispersion) && isnan(s.probability));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_ensemble_get_fss(verify, 3, 0, &s));
    assert_fails(NWC_ERR_ARG, "window", nwc_verify_ensemble_get_fss(verify, 0, 2, &s));
    assert_fails(NWC_ERR_ARG, "windows", nwc_verify_ensemble_merge(verify, other));
    nwc_verify_ensemble_options options;
    nwc_verify_ensemble_options_init(&options);
    options.n_members = 1, options.n_windows = 1;
    nwc_verify_ensemble *none;
    assert_fails(NWC_ERR_ARG, "windows", nwc_verify_ensemble_create(NULL, &options, &none));
    nwc_verify_ensemble_destroy(other);
    nwc_verify_ensemble_destroy(verify);
}

struct threads_case {
    double state[400];
};

static nwc_status sums_by_threads(nwc_ctx *ctx, void *user)
{
    struct threads_case *const out = user;
    nwc_verify_ensemble *const verify = empty(ctx, M, 4);
    const nwc_status status = add(ctx, verify, M);
    assert_true(nwc_verify_ensemble_state_size(verify) <= 400);
    if (status == NWC_OK) assert_ok(nwc_verify_ensemble_get_state(verify, out->state));
    nwc_verify_ensemble_destroy(verify);
    return status;
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    fill(11);
    struct threads_case one = {{0}}, many = {{0}};
    check_threads_change_no_bit(sums_by_threads, &one, &many, sizeof one);
}

static nwc_status add_again(nwc_ctx *ctx, void *user)
{
    return add(ctx, user, M);
}

static void no_allocation_that_fails_leaves_a_trace(void **state)
{
    (void)state;
    fill(13);
    nwc_verify_ensemble *const verify = empty(NULL, M, 2), *const once = empty(NULL, M, 2);
    assert_true(check_every_allocation_failure(add_again, verify) >= 8);
    assert_ok(add(NULL, once, M));
    nwc_ensemble_scores a, b;
    assert_ok(nwc_verify_ensemble_get_scores(verify, &a));
    assert_ok(nwc_verify_ensemble_get_scores(once, &b));
    assert_int_equal(a.n, b.n); /* only the last call added something */
    nwc_verify_ensemble_destroy(once);
    nwc_verify_ensemble_destroy(verify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_all_pairs_of_members),
        cmocka_unit_test(one_member_scores_as_one_forecast),
        cmocka_unit_test(no_event_gives_nan_and_wrong_places_are_refused),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(no_allocation_that_fails_leaves_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
