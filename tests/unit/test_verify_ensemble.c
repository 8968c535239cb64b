/* verify: scores of ensembles against brute force over cells and pairs of members, and against what theory says. */
#include "core/internal.h"
#include "support/made_pair.h"

enum { NY = 37, NX = 83, CELLS = NY * NX, MOST = 20 };

static float observed_cells[CELLS], member_cells[MOST][CELLS];
static uint8_t mask[CELLS];

/* Rain-like members and observed, many of them tied, some missing. */
static void fill(int32_t n_members, uint64_t seed)
{
    static float unused[CELLS];
    fill_pair(unused, observed_cells, CELLS, seed);
    for (int32_t m = 0; m < n_members; m++)
        for (int64_t i = 0; i < CELLS; i++) {
            const double rain = uniform() < 0.4 ? 0.0 : -2.0 * log(uniform());
            member_cells[m][i] = (float)(uniform() < 0.3 ? floor(rain) : rain);
            if (uniform() < 0.3) member_cells[m][i] = observed_cells[i];
            if (uniform() < 0.01) member_cells[m][i] = uniform() < 0.5 ? NAN : INFINITY;
        }
    for (int64_t i = 0; i < CELLS; i++) mask[i] = uniform() < 0.9 ? 3 : 0;
}

static nwc_verify_ensemble *sums_for(nwc_ctx *ctx, int32_t n_members, int32_t n_thresholds)
{
    nwc_verify_ensemble_options options;
    nwc_verify_ensemble_options_init(&options);
    options.n_members = n_members;
    options.thresholds = pair_thresholds, options.n_thresholds = n_thresholds;
    nwc_verify_ensemble *verify;
    assert_ok(nwc_verify_ensemble_create(ctx, &options, &verify));
    return verify;
}

/* Add members, each of ny x nx cells one after the other, and return the sums. */
static nwc_verify_ensemble *scored(nwc_ctx *ctx, float *members, int32_t n_members, float *observed, int64_t ny,
                                   int64_t nx, const nwc_flags *use)
{
    nwc_field *const field = malloc((size_t)n_members * sizeof *field);
    for (int32_t m = 0; m < n_members; m++) field[m] = field_2d(members + m * ny * nx, ny, nx, NULL, NULL);
    const nwc_field seen = field_2d(observed, ny, nx, NULL, NULL);
    nwc_verify_ensemble *const verify = sums_for(ctx, n_members, 3);
    assert_ok(nwc_verify_ensemble_add(ctx, verify, field, n_members, &seen, use));
    free(field);
    return verify;
}

static double *values_of(const nwc_verify_ensemble *verify, int64_t *n)
{
    *n = nwc_verify_ensemble_state_size(verify);
    double *const values = malloc((size_t)*n * sizeof *values);
    assert_ok(nwc_verify_ensemble_get_state(verify, values));
    return values;
}

static void assert_same(const nwc_verify_ensemble *a, const nwc_verify_ensemble *b, double tolerance)
{
    int64_t n_a, n_b;
    double *const of_a = values_of(a, &n_a), *const of_b = values_of(b, &n_b);
    assert_int_equal(n_a, n_b);
    if (tolerance == 0.0) assert_memory_equal(of_a, of_b, (size_t)n_a * sizeof *of_a);
    for (int64_t k = 0; k < n_a; k++) assert_near(of_a[k], of_b[k], tolerance * (1.0 + fabs(of_a[k])));
    free(of_a);
    free(of_b);
}

static bool counts(int32_t n_members, int64_t i)
{
    bool known = mask[i] && isfinite(observed_cells[i]);
    for (int32_t m = 0; m < n_members; m++) known = known && isfinite(member_cells[m][i]);
    return known;
}

/* ---- brute force ---- */

static void scores_equal_all_pairs_of_every_cell(void **state)
{
    (void)state;
    const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    for (int32_t members = 2; members <= MOST; members += 6) {
        fill(members, (uint64_t)members);
        nwc_verify_ensemble *const verify = scored(NULL, member_cells[0], members, observed_cells, NY, NX, &use);
        int64_t n = 0;
        double crps = 0.0, fair = 0.0, bias = 0.0, squares = 0.0, variance = 0.0;
        for (int64_t i = 0; i < CELLS; i++) {
            if (!counts(members, i)) continue;
            double away = 0.0, apart = 0.0, mean = 0.0, spread = 0.0;
            for (int32_t a = 0; a < members; a++) {
                away += fabs((double)member_cells[a][i] - observed_cells[i]) / members;
                mean += (double)member_cells[a][i] / members;
                for (int32_t b = 0; b < members; b++) apart += fabs((double)member_cells[a][i] - member_cells[b][i]);
            }
            for (int32_t a = 0; a < members; a++)
                spread += (member_cells[a][i] - mean) * (member_cells[a][i] - mean) / (members - 1);
            n++;
            crps += away - apart / (2.0 * members * members);
            fair += away - apart / (2.0 * members * (members - 1.0));
            bias += mean - observed_cells[i];
            squares += (mean - observed_cells[i]) * (mean - observed_cells[i]);
            variance += spread;
        }
        nwc_ensemble_scores s;
        assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
        assert_true(n > CELLS / 2);
        assert_int_equal(s.n, n);
        assert_near(s.crps, crps / (double)n, 1e-12);
        assert_near(s.crps_fair, fair / (double)n, 1e-12);
        assert_near(s.bias, bias / (double)n, 1e-12);
        assert_near(s.rmse, sqrt(squares / (double)n), 1e-12);
        assert_near(s.spread, sqrt(variance / (double)n), 1e-12);
        assert_near(s.spread_skill, sqrt((members + 1.0) / members * variance / squares), 1e-12);
        nwc_verify_ensemble_destroy(verify);
    }
}

/* The chance that an event had more members than a non-event, over all such pairs of cells. */
static double plain_roc_area(int32_t members, float threshold, const double *p)
{
    double area = 0.0, pairs = 0.0;
    for (int64_t i = 0; i < CELLS; i++) {
        if (!counts(members, i) || !(observed_cells[i] >= threshold)) continue;
        for (int64_t k = 0; k < CELLS; k++) {
            if (isnan(p[k]) || observed_cells[k] >= threshold) continue;
            area += p[i] > p[k] ? 1.0 : p[i] == p[k] ? 0.5 : 0.0;
            pairs += 1.0;
        }
    }
    return area / pairs;
}

static void probabilities_equal_a_plain_count(void **state)
{
    (void)state;
    enum { M = 5 };
    fill(M, 40);
    const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    nwc_verify_ensemble *const verify = scored(NULL, member_cells[0], M, observed_cells, NY, NX, &use);
    for (int32_t t = 0; t < 3; t++) {
        static double p[CELLS];
        const float threshold = (float)pair_thresholds[t];
        int64_t cells[M + 1] = {0}, events[M + 1] = {0};
        double n = 0.0, squares = 0.0, fair = 0.0, climate = 0.0;
        for (int64_t i = 0; i < CELLS; i++) {
            p[i] = NAN;
            if (!counts(M, i)) continue;
            const double event = observed_cells[i] >= threshold;
            int32_t k = 0;
            double unlike = 0.0; /* pairs of members of which one reaches the threshold and the other does not */
            for (int32_t a = 0; a < M; a++) {
                k += member_cells[a][i] >= threshold;
                for (int32_t b = 0; b < a; b++)
                    unlike += (member_cells[a][i] >= threshold) != (member_cells[b][i] >= threshold);
            }
            p[i] = k / (double)M;
            cells[k]++, events[k] += event > 0.0;
            n += 1.0, climate += event;
            squares += (p[i] - event) * (p[i] - event);
            fair += fabs(p[i] - event) - unlike / (M * (M - 1.0)); /* the fair CRPS of events */
        }
        climate /= n;
        nwc_brier s;
        assert_ok(nwc_verify_ensemble_get_brier(verify, t, &s));
        assert_near(s.brier, squares / n, 1e-12);
        assert_near(s.brier_fair, fair / n, 1e-12);
        assert_near(s.uncertainty, climate * (1.0 - climate), 1e-12);
        assert_near(s.reliability - s.resolution + s.uncertainty, squares / n, 1e-12);
        assert_true(s.reliability > 1e-4 && s.resolution > 1e-4);
        assert_near(s.skill, 1.0 - squares / n / (climate * (1.0 - climate)), 1e-12);
        assert_near(s.roc_area, plain_roc_area(M, threshold, p), 1e-12);
        nwc_probability_class curve[M + 1];
        assert_ok(nwc_verify_ensemble_get_curve(verify, t, curve));
        double area = 0.0;
        for (int32_t k = 0; k <= M; k++) {
            assert_int_equal(curve[k].forecasts, cells[k]);
            assert_int_equal(curve[k].events, events[k]);
            assert_near(curve[k].probability, k / (double)M, 0.0);
            const nwc_probability_class next = k < M ? curve[k + 1] : (nwc_probability_class){0};
            area += 0.5 * (curve[k].pod + next.pod) * (curve[k].pofd - next.pofd);
        }
        assert_near(area, s.roc_area, 1e-12);
    }
    nwc_verify_ensemble_destroy(verify);
}

static void ranks_equal_the_mean_over_every_order_of_ties(void **state)
{
    (void)state;
    enum { M = 4 };
    fill(M, 50);
    const nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    nwc_verify_ensemble *const verify = scored(NULL, member_cells[0], M, observed_cells, NY, NX, &use);
    /* A tie is broken by 0, 1, ... M members of it counting as below; all that give another rank are as likely. */
    double expected[M + 1] = {0.0}, ranks[M + 1], n = 0.0, got = 0.0;
    for (int64_t i = 0; i < CELLS; i++) {
        if (!counts(M, i)) continue;
        int32_t least = 0, most = 0;
        for (int32_t m = 0; m < M; m++)
            least += member_cells[m][i] < observed_cells[i], most += member_cells[m][i] <= observed_cells[i];
        for (int32_t rank = 0; rank <= M; rank++)
            if (rank >= least && rank <= most) expected[rank] += 1.0 / (most - least + 1.0);
        n += 1.0;
    }
    assert_ok(nwc_verify_ensemble_get_ranks(verify, ranks));
    for (int32_t rank = 0; rank <= M; rank++) {
        assert_near(ranks[rank], expected[rank], 1e-9 * n);
        got += ranks[rank];
    }
    assert_near(got, n, 1e-9 * n);
    nwc_verify_ensemble_destroy(verify);
}

static void any_number_of_members_is_sorted(void **state)
{
    (void)state;
    enum { NX_FEW = 5, MANY = 1000 };
    static float members[MANY * NX_FEW];
    float seen[NX_FEW] = {0.0F, 50.0F, 100.0F, 7.0F, -3.0F};
    for (int32_t n = 1; n <= MANY; n = n < 70 ? n + 1 : n == 70 ? 257 : n == 257 ? MANY : MANY + 1) {
        for (int32_t k = 0; k < n * NX_FEW; k++) members[k] = (float)floor(101.0 * uniform()); /* exact sums */
        nwc_verify_ensemble *const verify = scored(NULL, members, n, seen, 1, NX_FEW, NULL);
        double away = 0.0, apart = 0.0;
        for (int32_t i = 0; i < NX_FEW; i++)
            for (int32_t a = 0; a < n; a++) {
                away += fabs((double)members[a * NX_FEW + i] - seen[i]);
                for (int32_t b = 0; b < a; b++)
                    apart += fabs((double)members[a * NX_FEW + i] - members[b * NX_FEW + i]);
            }
        nwc_ensemble_scores s;
        assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
        assert_near(s.crps, away / (5.0 * n) - apart / (5.0 * n * n), 1e-11);
        nwc_verify_ensemble_destroy(verify);
    }
}

/* ---- what must come out ---- */

static void two_members_have_the_score_of_the_step_function(void **state)
{
    (void)state;
    /* Members 0 and 2, observed 1: the distance of 1/2 from the step is integrated over 2. Observed 3: 1/4 x 2 + 1. */
    float members[] = {0.0F, 0.0F, 2.0F, 2.0F}, seen[] = {1.0F, 3.0F};
    nwc_ensemble_scores s;
    nwc_verify_ensemble *verify = scored(NULL, members, 2, seen, 1, 2, NULL);
    assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
    assert_near(s.crps, (0.5 + 1.5) / 2.0, 1e-15);
    assert_near(s.crps_fair, (0.0 + 1.0) / 2.0, 1e-15);
    assert_near(s.bias, -1.0, 1e-15);
    assert_near(s.rmse, sqrt(2.0), 1e-15);
    assert_near(s.spread, sqrt(2.0), 1e-15);
    assert_near(s.spread_skill, sqrt(1.5), 1e-15);
    double ranks[3];
    assert_ok(nwc_verify_ensemble_get_ranks(verify, ranks));
    assert_true(ranks[0] == 0.0 && ranks[1] == 1.0 && ranks[2] == 1.0);
    nwc_verify_ensemble_destroy(verify);
}

static void a_perfect_ensemble_has_nothing_to_lose(void **state)
{
    (void)state;
    enum { M = 3 };
    fill(1, 60);
    for (int32_t m = 0; m < M; m++) memcpy(member_cells[m], observed_cells, sizeof observed_cells);
    nwc_verify_ensemble *const verify = scored(NULL, member_cells[0], M, observed_cells, NY, NX, NULL);
    nwc_ensemble_scores s;
    assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
    assert_true(s.n > CELLS / 2);
    assert_true(s.crps == 0.0 && s.crps_fair == 0.0 && s.bias == 0.0 && s.rmse == 0.0 && s.spread == 0.0);
    assert_true(isnan(s.spread_skill));
    for (int32_t t = 0; t < 3; t++) {
        nwc_brier b;
        assert_ok(nwc_verify_ensemble_get_brier(verify, t, &b));
        assert_true(b.brier == 0.0 && b.brier_fair == 0.0 && b.reliability == 0.0 && b.skill == 1.0);
        assert_true(b.roc_area == 1.0 && b.uncertainty > 0.0);
        assert_near(b.resolution, b.uncertainty, 1e-12);
    }
    double ranks[M + 1];
    assert_ok(nwc_verify_ensemble_get_ranks(verify, ranks));
    for (int32_t k = 0; k <= M; k++) assert_near(ranks[k], (double)s.n / (M + 1), 1e-9 * (double)s.n);
    nwc_verify_ensemble_destroy(verify);
}

static void members_all_alike_score_as_one_forecast(void **state)
{
    (void)state;
    static float f[CELLS];
    fill_pair(f, observed_cells, CELLS, 70);
    const nwc_field forecast = field_2d(f, NY, NX, NULL, NULL), observed = field_2d(observed_cells, NY, NX, NULL, NULL);
    nwc_verify *const one = sums_of(NULL, 3, 0, NAN);
    assert_ok(nwc_verify_add(NULL, one, &forecast, &observed, NULL));
    nwc_continuous c;
    assert_ok(nwc_verify_get_continuous(one, 0, &c));
    for (int32_t members = 1; members <= 9; members += 4) {
        for (int32_t m = 0; m < members; m++) memcpy(member_cells[m], f, sizeof f);
        nwc_verify_ensemble *const verify = scored(NULL, member_cells[0], members, observed_cells, NY, NX, NULL);
        nwc_ensemble_scores s;
        assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
        assert_int_equal(s.n, c.n);
        assert_near(s.crps, c.mae, 1e-12);
        assert_near(s.bias, c.bias, 1e-12);
        assert_near(s.rmse, c.rmse, 1e-12);
        if (members == 1)
            assert_true(isnan(s.crps_fair) && isnan(s.spread) && isnan(s.spread_skill));
        else
            assert_true(s.spread == 0.0 && s.spread_skill == 0.0 && s.crps_fair == s.crps);
        for (int32_t t = 0; t < 3; t++) {
            nwc_contingency table;
            nwc_brier b;
            assert_ok(nwc_verify_get_contingency(one, t, &table));
            assert_ok(nwc_verify_ensemble_get_brier(verify, t, &b));
            assert_near(b.brier, 1.0 - table.accuracy, 1e-12);
            assert_near(b.roc_area, 0.5 * (1.0 + table.pod - table.pofd), 1e-12);
            assert_true(members == 1 ? isnan(b.brier_fair) : b.brier_fair == b.brier);
        }
        nwc_verify_ensemble_destroy(verify);
    }
    nwc_verify_destroy(one);
}

static float normal(void)
{
    return (float)(sqrt(-2.0 * log(1.0 - uniform())) * cos(2.0 * 3.14159265358979323846 * uniform()));
}

static void the_observed_as_one_more_member_is_what_an_honest_ensemble_shows(void **state)
{
    (void)state;
    /*
     * All standard normal: the CRPS of the distribution itself is 1 / sqrt(pi), of M members 1 + 1 / M times that; ranks
     * are uniform; an event of chance q has Brier score q (1 - q) (1 + 1 / M), and the fair forms do without 1 / M.
     */
    enum { SIDE = 200, N = SIDE * SIDE };
    static float members[MOST * N], seen[N];
    const int32_t number[] = {2, 5, MOST};
    for (size_t c = 0; c < sizeof number / sizeof number[0]; c++) {
        const int32_t m = number[c];
        for (int64_t i = 0; i < N; i++) seen[i] = normal();
        for (int64_t i = 0; i < m * N; i++) members[i] = normal();
        nwc_verify_ensemble *const verify = scored(NULL, members, m, seen, SIDE, SIDE, NULL);
        nwc_ensemble_scores s;
        assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
        const double error = 4.0 * 0.7 / sqrt(N); /* the score of a cell varies by less than 0.7 */
        assert_near(s.crps_fair, 0.5641895835, error);
        assert_near(s.crps, 0.5641895835 * (1.0 + 1.0 / m), error);
        assert_near(s.spread, 1.0, error);
        assert_near(s.spread_skill, 1.0, 1.5 * error);
        nwc_brier b;
        assert_ok(nwc_verify_ensemble_get_brier(verify, 0, &b)); /* of 1, which has a chance of 0.1587 */
        assert_near(b.brier_fair, 0.13349, error);
        assert_near(b.brier, 0.13349 * (1.0 + 1.0 / m), error);
        assert_near(b.roc_area, 0.5, error);
        double ranks[MOST + 1];
        assert_ok(nwc_verify_ensemble_get_ranks(verify, ranks));
        for (int32_t k = 0; k <= m; k++) {
            const double q = 1.0 / (m + 1);
            assert_near(ranks[k], N * q, 4.5 * sqrt(N * q * (1.0 - q)));
        }
        nwc_verify_ensemble_destroy(verify);
    }
}

static void nothing_known_gives_nan(void **state)
{
    (void)state;
    float members[] = {NAN, 1.0F, 2.0F, NAN}, seen[] = {1.0F, 1.0F};
    nwc_verify_ensemble *verify = scored(NULL, members, 2, seen, 2, 1, NULL); /* one of two missing in either cell */
    nwc_ensemble_scores s;
    nwc_brier b;
    double ranks[3];
    assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
    assert_int_equal(s.n, 0);
    assert_true(isnan(s.crps) && isnan(s.crps_fair) && isnan(s.bias) && isnan(s.rmse) && isnan(s.spread));
    assert_true(isnan(s.spread_skill));
    assert_ok(nwc_verify_ensemble_get_brier(verify, 0, &b));
    assert_true(isnan(b.brier) && isnan(b.brier_fair) && isnan(b.reliability) && isnan(b.resolution));
    assert_true(isnan(b.uncertainty) && isnan(b.skill) && isnan(b.roc_area));
    assert_ok(nwc_verify_ensemble_get_ranks(verify, ranks));
    assert_true(ranks[0] == 0.0 && ranks[1] == 0.0 && ranks[2] == 0.0);
    nwc_verify_ensemble_destroy(verify);

    float one[] = {2.0F}, other[] = {-1.0F};
    verify = scored(NULL, one, 1, other, 1, 1, NULL);
    assert_ok(nwc_verify_ensemble_get_scores(verify, &s));
    assert_int_equal(s.n, 1);
    assert_near(s.crps, 3.0, 0.0);
    assert_ok(nwc_verify_ensemble_get_brier(verify, 0, &b));
    assert_true(b.brier == 1.0 && b.uncertainty == 0.0 && isnan(b.skill) && isnan(b.roc_area));
    nwc_verify_ensemble_destroy(verify);
}

/* ---- sums ---- */

static void parts_merged_equal_the_whole(void **state)
{
    (void)state;
    enum { M = 6 };
    nwc_verify_ensemble *const whole = sums_for(NULL, M, 3), *const merged = sums_for(NULL, M, 3);
    nwc_verify_ensemble *const backward = sums_for(NULL, M, 3), *part[3];
    for (int p = 0; p < 3; p++) {
        fill(M, 80 + (uint64_t)p);
        part[p] = scored(NULL, member_cells[0], M, observed_cells, NY, NX, NULL);
        nwc_field field[M];
        for (int32_t m = 0; m < M; m++) field[m] = field_2d(member_cells[m], NY, NX, NULL, NULL);
        const nwc_field seen = field_2d(observed_cells, NY, NX, NULL, NULL);
        assert_ok(nwc_verify_ensemble_add(NULL, whole, field, M, &seen, NULL));
        assert_ok(nwc_verify_ensemble_merge(merged, part[p]));
    }
    for (int p = 2; p >= 0; p--) {
        int64_t n;
        double *const values = values_of(part[p], &n);
        assert_ok(nwc_verify_ensemble_add_state(backward, values, n));
        free(values);
    }
    assert_same(whole, merged, 1e-12);
    assert_same(whole, backward, 1e-12);
    for (int32_t t = 0; t < 3; t++) {
        nwc_brier a, b;
        assert_ok(nwc_verify_ensemble_get_brier(whole, t, &a));
        assert_ok(nwc_verify_ensemble_get_brier(backward, t, &b));
        assert_memory_equal(&a, &b, sizeof a); /* whole numbers have no order */
    }
    for (int p = 0; p < 3; p++) nwc_verify_ensemble_destroy(part[p]);
    nwc_verify_ensemble_destroy(whole);
    nwc_verify_ensemble_destroy(merged);
    nwc_verify_ensemble_destroy(backward);
}

static nwc_verify_ensemble *scored_with(int32_t threads, int32_t simd)
{
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = threads, options.simd = simd;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    nwc_verify_ensemble *const verify = scored(ctx, member_cells[0], 7, observed_cells, NY, NX, NULL);
    nwc_verify_ensemble *const kept = sums_for(NULL, 7, 3);
    assert_ok(nwc_verify_ensemble_merge(kept, verify));
    nwc_verify_ensemble_destroy(verify);
    nwc_ctx_destroy(ctx);
    return kept;
}

static void threads_and_levels_agree(void **state)
{
    (void)state;
    fill(7, 90);
    nwc_verify_ensemble *const one = scored_with(1, NWC_SIMD_AUTO);
    for (int32_t k = 0; k < 3; k++) {
        nwc_verify_ensemble *const several = scored_with((const int32_t[]){2, 3, 7}[k], NWC_SIMD_AUTO);
        assert_same(one, several, 0.0);
        nwc_verify_ensemble_destroy(several);
    }
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_verify_ensemble *const other = scored_with(2, simd);
        assert_same(one, other, 1e-13);
        nwc_verify_ensemble_destroy(other);
    }
    nwc_verify_ensemble_destroy(one);
}

static void strides_do_not_matter_and_input_is_unchanged(void **state)
{
    (void)state;
    enum { M = 3 };
    static float woven[CELLS * M], copy[CELLS * M];
    static uint8_t flipped[CELLS];
    fill(M, 100);
    for (int64_t j = 0; j < NY; j++)
        for (int64_t i = 0; i < NX; i++) {
            for (int32_t m = 0; m < M; m++) /* members side by side, rows north first */
                woven[((NY - 1 - j) * NX + i) * M + m] = member_cells[m][j * NX + i];
            flipped[(NY - 1 - j) * NX + (NX - 1 - i)] = mask[j * NX + i];
        }
    memcpy(copy, woven, sizeof woven);
    nwc_field field[M];
    for (int32_t m = 0; m < M; m++) {
        field[m] = field_2d(woven + (NY - 1) * NX * M + m, NY, NX, NULL, NULL);
        field[m].stride[0] = -NX * M, field[m].stride[1] = M;
    }
    nwc_flags use = {.data = mask, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    nwc_verify_ensemble *const plain = scored(NULL, member_cells[0], M, observed_cells, NY, NX, &use);
    nwc_verify_ensemble *const strided = sums_for(NULL, M, 3);
    const nwc_field seen = field_2d(observed_cells, NY, NX, NULL, NULL);
    use.data = flipped + CELLS - 1, use.stride[0] = -NX, use.stride[1] = -1;
    assert_ok(nwc_verify_ensemble_add(NULL, strided, field, M, &seen, &use));
    assert_same(plain, strided, 0.0);
    assert_memory_equal(woven, copy, sizeof woven);
    nwc_verify_ensemble_destroy(plain);
    nwc_verify_ensemble_destroy(strided);
}

/* ---- refusals ---- */

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    nwc_verify_ensemble *verify;
    nwc_verify_ensemble_options options;
    const double wrong = INFINITY;
    nwc_verify_ensemble_options_init(NULL);
    nwc_verify_ensemble_options_init(&options);
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_create(NULL, &options, NULL));
    assert_fails(NWC_ERR_ARG, "n_members: 1 to 1000 expected, 0", nwc_verify_ensemble_create(NULL, NULL, &verify));
    options.n_members = 1001;
    assert_fails(NWC_ERR_ARG, "1001", nwc_verify_ensemble_create(NULL, &options, &verify));
    options.n_members = 2, options.n_thresholds = 65;
    assert_fails(NWC_ERR_ARG, "n_thresholds: 0 to 64", nwc_verify_ensemble_create(NULL, &options, &verify));
    options.n_thresholds = 1;
    assert_fails(NWC_ERR_ARG, "thresholds: 1 values", nwc_verify_ensemble_create(NULL, &options, &verify));
    options.thresholds = &wrong;
    assert_fails(NWC_ERR_ARG, "thresholds: a finite", nwc_verify_ensemble_create(NULL, &options, &verify));
    options.struct_size = 1;
    assert_fails(NWC_ERR_ARG, "struct_size", nwc_verify_ensemble_create(NULL, &options, &verify));
    assert_null(verify);
    nwc_verify_ensemble_destroy(NULL);
}

static void fields_that_do_not_match_are_refused_and_change_nothing(void **state)
{
    (void)state;
    float cells[12] = {0};
    nwc_verify_ensemble *const verify = sums_for(NULL, 2, 1), *const untouched = sums_for(NULL, 2, 1);
    nwc_field member[] = {field_2d(cells, 3, 4, "mm h-1", NULL), field_2d(cells, 3, 4, "mm h-1", NULL)};
    nwc_field seen = field_2d(cells, 3, 4, "mm h-1", NULL);
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_add(NULL, NULL, member, 2, &seen, NULL));
    assert_fails(NWC_ERR_ARG, "members: 2 fields expected, 1",
                 nwc_verify_ensemble_add(NULL, verify, member, 1, &seen, NULL));
    assert_fails(NWC_ERR_ARG, "members: 2 fields", nwc_verify_ensemble_add(NULL, verify, NULL, 2, &seen, NULL));
    assert_fails(NWC_ERR_ARG, "observed", nwc_verify_ensemble_add(NULL, verify, member, 2, NULL, NULL));
    member[1].units = "dBZ";
    assert_fails(NWC_ERR_ARG, "units dBZ of members[1]", nwc_verify_ensemble_add(NULL, verify, member, 2, &seen, NULL));
    member[1] = field_2d(cells, 4, 3, "mm h-1", NULL);
    assert_fails(NWC_ERR_ARG, "4 x 3 cells of members[1]",
                 nwc_verify_ensemble_add(NULL, verify, member, 2, &seen, NULL));
    assert_same(verify, untouched, 0.0);
    nwc_verify_ensemble_destroy(verify);
    nwc_verify_ensemble_destroy(untouched);
}

static void sums_of_other_options_do_not_merge(void **state)
{
    (void)state;
    nwc_verify_ensemble *const a = sums_for(NULL, 2, 1), *const b = sums_for(NULL, 3, 1),
                               *const c = sums_for(NULL, 2, 2);
    assert_fails(NWC_ERR_ARG, "number of members", nwc_verify_ensemble_merge(a, b));
    assert_fails(NWC_ERR_ARG, "thresholds", nwc_verify_ensemble_merge(a, c));
    assert_fails(NWC_ERR_ARG, "into", nwc_verify_ensemble_merge(NULL, a));
    assert_fails(NWC_ERR_ARG, "from", nwc_verify_ensemble_merge(a, NULL));
    int64_t n;
    double *const values = values_of(a, &n);
    assert_int_equal(n, 4 + 1 + 6 + 3 + 2 * 3);
    assert_int_equal(nwc_verify_ensemble_state_size(NULL), 0);
    assert_ok(nwc_verify_ensemble_add_state(a, values, n));
    assert_fails(NWC_ERR_ARG, "state: 20 values", nwc_verify_ensemble_add_state(a, values, n - 1));
    assert_fails(NWC_ERR_ARG, "state", nwc_verify_ensemble_add_state(a, NULL, n));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_add_state(NULL, values, n));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_get_state(NULL, values));
    assert_fails(NWC_ERR_ARG, "state", nwc_verify_ensemble_get_state(a, NULL));
    values[n - 1] = NAN;
    assert_fails(NWC_ERR_ARG, "finite sums", nwc_verify_ensemble_add_state(a, values, n));
    values[n - 1] = 0.0, values[0] = 1.0;
    assert_fails(NWC_ERR_ARG, "layout", nwc_verify_ensemble_add_state(a, values, n));
    free(values);

    nwc_ensemble_scores s;
    nwc_brier brier;
    nwc_probability_class curve[3];
    double ranks[3];
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_get_scores(NULL, &s));
    assert_fails(NWC_ERR_ARG, "scores", nwc_verify_ensemble_get_scores(a, NULL));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_get_brier(NULL, 0, &brier));
    assert_fails(NWC_ERR_ARG, "scores", nwc_verify_ensemble_get_brier(a, 0, NULL));
    assert_fails(NWC_ERR_ARG, "threshold: an index below 1", nwc_verify_ensemble_get_brier(a, 1, &brier));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_ensemble_get_curve(a, -1, curve));
    assert_fails(NWC_ERR_ARG, "curve", nwc_verify_ensemble_get_curve(a, 0, NULL));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_ensemble_get_ranks(NULL, ranks));
    assert_fails(NWC_ERR_ARG, "ranks", nwc_verify_ensemble_get_ranks(a, NULL));
    nwc_verify_ensemble_destroy(a);
    nwc_verify_ensemble_destroy(b);
    nwc_verify_ensemble_destroy(c);
}

static nwc_status score_once(nwc_ctx *ctx, void *user)
{
    const nwc_field *const field = user; /* two members and the observed */
    nwc_verify_ensemble_options options;
    nwc_verify_ensemble_options_init(&options);
    options.n_members = 2, options.thresholds = pair_thresholds, options.n_thresholds = 3;
    nwc_verify_ensemble *verify;
    NWC__TRY(nwc_verify_ensemble_create(ctx, &options, &verify));
    const nwc_status status = nwc_verify_ensemble_add(ctx, verify, field, 2, field + 2, NULL);
    nwc_verify_ensemble_destroy(verify);
    return status;
}

static void memory_that_runs_out_leaks_nothing(void **state)
{
    (void)state;
    fill(2, 1);
    nwc_field field[] = {field_2d(member_cells[0], NY, NX, NULL, NULL), field_2d(member_cells[1], NY, NX, NULL, NULL),
                         field_2d(observed_cells, NY, NX, NULL, NULL)};
    assert_int_equal(check_every_allocation_failure(score_once, field), 8);
}

static int32_t stop_at_end(const char *stage, double fraction, void *user)
{
    (void)user;
    assert_string_equal(stage, "verify");
    return fraction == 1.0;
}

static void a_cancel_leaves_the_sums_as_they_were(void **state)
{
    (void)state;
    fill(2, 1);
    const nwc_field field[] = {field_2d(member_cells[0], NY, NX, NULL, NULL),
                               field_2d(member_cells[1], NY, NX, NULL, NULL)};
    const nwc_field seen = field_2d(observed_cells, NY, NX, NULL, NULL);
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.progress = stop_at_end;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    nwc_verify_ensemble *const verify = sums_for(ctx, 2, 3), *const untouched = sums_for(ctx, 2, 3);
    assert_fails(NWC_ERR_CANCELED, "verify", nwc_verify_ensemble_add(ctx, verify, field, 2, &seen, NULL));
    assert_same(verify, untouched, 0.0);
    nwc_ctx_destroy(ctx);
    nwc_verify_ensemble_destroy(verify); /* which outlives the context, not the allocator */
    nwc_verify_ensemble_destroy(untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_all_pairs_of_every_cell),
        cmocka_unit_test(probabilities_equal_a_plain_count),
        cmocka_unit_test(ranks_equal_the_mean_over_every_order_of_ties),
        cmocka_unit_test(any_number_of_members_is_sorted),
        cmocka_unit_test(two_members_have_the_score_of_the_step_function),
        cmocka_unit_test(a_perfect_ensemble_has_nothing_to_lose),
        cmocka_unit_test(members_all_alike_score_as_one_forecast),
        cmocka_unit_test(the_observed_as_one_more_member_is_what_an_honest_ensemble_shows),
        cmocka_unit_test(nothing_known_gives_nan),
        cmocka_unit_test(parts_merged_equal_the_whole),
        cmocka_unit_test(threads_and_levels_agree),
        cmocka_unit_test(strides_do_not_matter_and_input_is_unchanged),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(fields_that_do_not_match_are_refused_and_change_nothing),
        cmocka_unit_test(sums_of_other_options_do_not_merge),
        cmocka_unit_test(memory_that_runs_out_leaks_nothing),
        cmocka_unit_test(a_cancel_leaves_the_sums_as_they_were),
    };
    return cmocka_run_group_tests_name("verify ensemble", tests, NULL, NULL);
}
