/* forecast: what follows from members, against counts, sorted values and pairs of members gone through one by one. */
#include "support/made_rain.h"

#include "core/internal.h"

enum { NY = 33, NX = 90, CELLS = NY * NX, MOST = 9 };

static float member_cells[MOST][CELLS];

/* Rain-like members, many values tied; every tenth cell of one is not known. */
static void fill(int32_t n_members, uint32_t seed)
{
    for (int32_t m = 0; m < n_members; m++)
        for (int i = 0; i < CELLS; i++) {
            const float x = noise(seed + (uint32_t)(m * CELLS + i));
            const float rain = x < 0.4F ? 0.0F : -2.0F * logf(x);
            member_cells[m][i] =
                noise(seed + (uint32_t)(m * CELLS + 7 * i + 3)) < 0.1F ? NAN : floorf(4.0F * rain) / 4.0F;
        }
    for (int32_t m = 0; m < n_members; m++) /* all unknown; and as many as not */
        for (int i = 0; i < 40; i++) member_cells[m][i] = i < 20 || m < n_members / 2 ? NAN : 3.0F;
}

static void members_of(nwc_field field[MOST], int32_t n_members, const nwc_grid *grid)
{
    for (int32_t m = 0; m < n_members; m++) field[m] = field_2d(member_cells[m], NY, NX, "mm h-1", grid);
}

static nwc_field planes(float *cells_of, int64_t n, int64_t ny, int64_t nx)
{
    return (nwc_field){.data = cells_of, .ndim = 3, .dim = {n, ny, nx}, .stride = {ny * nx, nx, 1}, .missing = NAN};
}

static int32_t known_in(int32_t n_members, int i)
{
    int32_t known = 0;
    for (int32_t m = 0; m < n_members; m++) known += !isnan(member_cells[m][i]);
    return known;
}

static bool is_known(int32_t n_members, int i)
{
    const int32_t known = known_in(n_members, i);
    return known > 0 && 2 * known >= n_members;
}

static void assert_same_number(double found, double expected, double within)
{
    if (isnan(expected) || isinf(expected)) {
        assert_true(isnan(expected) ? isnan(found) : found == expected);
        return;
    }
    assert_near(found, expected, within);
}

/* ---- probabilities ---- */

static double plain_share(int32_t n_members, int j, int i, float threshold, double radius_cells)
{
    if (!is_known(n_members, j * NX + i)) return NAN;
    double known = 0.0, reached = 0.0;
    for (int y = 0; y < NY; y++)
        for (int x = 0; x < NX; x++) {
            if (hypot(y - j, x - i) > radius_cells) continue;
            for (int32_t m = 0; m < n_members; m++) {
                const float cell = member_cells[m][y * NX + x];
                known += !isnan(cell), reached += cell >= threshold;
            }
        }
    return reached / known;
}

static void probabilities_equal_a_count_over_every_cell_within_the_radius(void **state)
{
    (void)state;
    const nwc_grid grid = rain_grid(NY, NX);
    const double thresholds[] = {0.75, 0.0, 5.0}, radii_m[] = {0.0, 400.0, 2500.0, 7300.0, 60300.0};
    static float found[3 * CELLS];
    nwc_field out = planes(found, 3, NY, NX);
    for (int32_t n = 1; n <= 5; n += 2)
        for (int r = 0; r < 5; r++) {
            if (r == 4 && n == 5) continue; /* slow by brute force */
            fill(n, (uint32_t)(10 * n));
            nwc_field members[MOST];
            members_of(members, n, &grid);
            assert_ok(nwc_forecast_exceedance(NULL, members, n, thresholds, 3, radii_m[r], &out));
            for (int t = 0; t < 3; t++)
                for (int i = t; i < CELLS; i += 3)
                    assert_same_number((double)found[t * CELLS + i],
                                       plain_share(n, i / NX, i % NX, (float)thresholds[t], radii_m[r] / 1000.0), 1e-6);
        }
}

/* ---- quantiles, mean and spread ---- */

static double plain_quantile(int32_t n_members, int i, double fraction)
{
    float sorted[MOST];
    int32_t n = 0;
    for (int32_t m = 0; m < n_members; m++)
        if (!isnan(member_cells[m][i])) sorted[n++] = member_cells[m][i];
    if (n == 0 || 2 * n < n_members) return NAN;
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    const double rank = fraction * (n - 1);
    const int32_t low = (int32_t)rank, high = low + 1 < n ? low + 1 : low;
    if (sorted[low] == sorted[high]) return (double)sorted[low];
    return rank == low ? (double)sorted[low]
                       : (double)sorted[low] + (rank - low) * ((double)sorted[high] - (double)sorted[low]);
}

static void quantiles_equal_those_of_sorted_members(void **state)
{
    (void)state;
    const double fractions[] = {0.5, 0.0, 1.0, 0.1, 0.77};
    static float found[5 * CELLS];
    nwc_field out = planes(found, 5, NY, NX);
    for (int32_t n = 1; n <= MOST; n += 4) {
        fill(n, (uint32_t)(3 * n));
        for (int32_t m = 0; m < n; m++) member_cells[m][500 + m] = INFINITY, member_cells[m][700] = -INFINITY;
        nwc_field members[MOST];
        members_of(members, n, NULL);
        assert_ok(nwc_forecast_quantiles(NULL, members, n, fractions, 5, &out));
        for (int f = 0; f < 5; f++)
            for (int i = 0; i < CELLS; i++)
                assert_same_number((double)found[f * CELLS + i], plain_quantile(n, i, fractions[f]), 1e-6);
    }
}

static void mean_and_spread_equal_plain_sums(void **state)
{
    (void)state;
    static float mean[CELLS], spread[CELLS];
    nwc_field out = field_2d(mean, NY, NX, NULL, NULL), about = field_2d(spread, NY, NX, NULL, NULL);
    fill(7, 1);
    nwc_field members[MOST];
    members_of(members, 7, NULL);
    assert_ok(nwc_forecast_mean(NULL, members, 7, &out, &about));
    for (int i = 0; i < CELLS; i++) {
        double sum = 0.0, squares = 0.0;
        const int32_t known = known_in(7, i);
        for (int32_t m = 0; m < 7; m++) sum += isnan(member_cells[m][i]) ? 0.0 : (double)member_cells[m][i];
        for (int32_t m = 0; m < 7; m++)
            if (!isnan(member_cells[m][i])) squares += pow((double)member_cells[m][i] - sum / known, 2.0);
        assert_same_number((double)mean[i], is_known(7, i) ? sum / known : (double)NAN, 1e-5);
        assert_same_number((double)spread[i], is_known(7, i) ? sqrt(squares / (known - 1)) : (double)NAN, 1e-5);
    }
    assert_ok(nwc_forecast_mean(NULL, members, 1, &out, &about));
    for (int i = 20; i < CELLS; i++) {
        assert_true(isnan(spread[i]));
        assert_same_number((double)mean[i], (double)member_cells[0][i], 0.0);
    }
}

/* ---- the matched mean ---- */

static void the_matched_mean_has_the_values_of_all_members_and_the_order_of_the_mean(void **state)
{
    (void)state;
    enum { M = 5 };
    static float mean[CELLS], matched[CELLS], pooled[M * CELLS], sorted[CELLS];
    for (int32_t m = 0; m < M; m++) /* showers in five places */
        for (int i = 0; i < CELLS; i++)
            pooled[m * CELLS + i] = member_cells[m][i] =
                showers((double)(i / NX) + 40.0, (double)(i % NX) + 30.0 + 4.0 * m) *
                (0.5F + noise((uint32_t)(m * CELLS + i)));
    nwc_field members[MOST], out = field_2d(mean, NY, NX, NULL, NULL), by_rank = field_2d(matched, NY, NX, NULL, NULL);
    members_of(members, M, NULL);
    assert_ok(nwc_forecast_mean(NULL, members, M, &out, NULL));
    assert_ok(nwc_forecast_matched_mean(NULL, members, M, &by_rank));
    memcpy(sorted, matched, sizeof sorted);
    qsort(sorted, CELLS, sizeof *sorted, ascending);
    qsort(pooled, M * CELLS, sizeof *pooled, ascending);
    int wet = 0;
    for (int i = 0; i < CELLS; i++) { /* ranks are right to the cells of one bin, which are at most 1 % here */
        const int low = i < CELLS / 100 ? 0 : i - CELLS / 100,
                  high = i + CELLS / 100 < CELLS ? i + CELLS / 100 : CELLS - 1;
        const double least = (double)pooled[M * low], most = (double)pooled[M * high + M - 1];
        if (!((double)sorted[i] >= 0.99 * least && (double)sorted[i] <= 1.01 * most))
            fail_msg("rank %d: %g to %g expected, %g found", i, least, most, (double)sorted[i]);
        wet += sorted[i] > 0.0F;
    }
    assert_true(wet > CELLS / 20 && wet < CELLS);
    for (int i = 0; i < CELLS; i += 7)
        for (int k = 0; k < CELLS; k += 11)
            if (mean[i] < mean[k]) assert_true(matched[i] <= matched[k]);
}

/* ---- band depth ---- */

static void depth_equals_the_share_of_pairs_that_enclose(void **state)
{
    (void)state;
    enum { M = 6 };
    const double thresholds[] = {-(double)INFINITY, 1.0};
    fill(M, 8);
    nwc_field members[MOST];
    members_of(members, M, NULL);
    for (int t = 0; t < 2; t++) {
        double inside[M] = {0.0}, pairs = 0.0, depth[M];
        for (int i = 0; i < CELLS; i++) {
            bool reached = false;
            for (int32_t m = 0; m < M; m++) reached = reached || (double)member_cells[m][i] >= thresholds[t];
            if (known_in(M, i) < M || !reached) continue;
            pairs += M * (M - 1) / 2.0;
            for (int32_t m = 0; m < M; m++)
                for (int32_t a = 0; a < M; a++)
                    for (int32_t b = 0; b < a; b++) {
                        const float x = member_cells[m][i], low = fminf(member_cells[a][i], member_cells[b][i]);
                        inside[m] += x >= low && x <= fmaxf(member_cells[a][i], member_cells[b][i]);
                    }
        }
        assert_ok(nwc_forecast_band_depth(NULL, members, M, thresholds[t], depth));
        assert_true(pairs > 0.0);
        for (int32_t m = 0; m < M; m++) assert_near(depth[m], inside[m] / pairs, 1e-12);
    }
}

static void the_middle_member_is_the_deepest_and_the_outer_two_the_shallowest(void **state)
{
    (void)state;
    for (int32_t m = 0; m < 5; m++)
        for (int i = 0; i < CELLS; i++) member_cells[m][i] = (float)((m * 2) % 5); /* 0 2 4 1 3 */
    nwc_field members[MOST];
    members_of(members, 5, NULL);
    double depth[5];
    assert_ok(nwc_forecast_band_depth(NULL, members, 5, 0.0, depth));
    const double expected[] = {0.4, 0.8, 0.4, 0.7, 0.7}; /* 1 - (0 + 6, 1 + 1, 6 + 0, 0 + 3, 3 + 0) / 10 */
    for (int m = 0; m < 5; m++) assert_near(depth[m], expected[m], 1e-12);
}

/* ---- onset and end ---- */

static void onset_and_end_are_where_lines_between_frames_meet_the_threshold(void **state)
{
    (void)state;
    enum { N = 6, SERIES = 11 };
    static const float inf = INFINITY;
    const double seconds[N] = {0.0, 100.0, 200.0, 400.0, 500.0, 600.0};
    static const struct {
        float x[N];
        double gap_s, onset, end;
    } series[SERIES] = {
        {{0, 0, 2, 2, 0, 0}, 0.0, 150.0, 450.0},
        {{5, 5, 5, 0, 0, 0}, 0.0, 0.0, 360.0},
        {{0, 0, 0, 0, 0, 1}, 0.0, 600.0, INFINITY},
        {{0, 0, 0, 0, 0, 0.5F}, 0.0, INFINITY, NAN},
        {{0, NAN, 0, 0, 0, 0.5F}, 0.0, NAN, NAN},
        {{NAN, NAN, NAN, NAN, NAN, NAN}, 0.0, NAN, NAN},
        {{0, 2, 0, 0, 2, 0}, 0.0, 50.0, 150.0},
        {{0, 2, 0, 0, 2, 0}, 400.0, 50.0, 550.0}, /* drier for 300 s */
        {{0, 2, 0, 0, 2, 0}, 290.0, 50.0, 150.0},
        {{0, NAN, 2, 2, NAN, NAN}, 0.0, 100.0, NAN}, /* passed over; then not known */
        {{0, inf, 2, 1, 1, 1}, 0.0, 100.0, INFINITY},
    };
    float x[N][SERIES], onset[SERIES], end[SERIES];
    nwc_field frames[N], first = field_2d(onset, 1, SERIES, NULL, NULL), last = field_2d(end, 1, SERIES, NULL, NULL);
    for (int k = 0; k < N; k++) {
        frames[k] = field_2d(x[k], 1, SERIES, NULL, NULL);
        for (int s = 0; s < SERIES; s++) x[k][s] = series[s].x[k];
    }
    for (int s = 0; s < SERIES; s++) {
        assert_ok(nwc_forecast_onset(NULL, frames, seconds, N, 1.0, series[s].gap_s, &first, &last));
        assert_same_number((double)onset[s], series[s].onset, 1e-4);
        assert_same_number((double)end[s], series[s].end, 1e-4);
    }
}

/* ---- all of them ---- */

struct everything {
    float found[8 * CELLS]; /* these two first: they are what is compared */
    double depth[MOST];
    int64_t ny, nx;
    int32_t n;
    nwc_grid grid;
    nwc_field members[MOST];
};

/* Some by strides that are not contiguous and run backwards. */
static struct everything *everything_of(int64_t ny, int64_t nx, int32_t n)
{
    struct everything *const e = calloc(1, sizeof *e);
    e->ny = ny, e->nx = nx, e->n = n, e->grid = rain_grid(ny, nx);
    for (int32_t m = 0; m < n; m++) {
        e->members[m] = field_2d(member_cells[m], ny, nx, "mm h-1", &e->grid);
        if (m != 1) continue;
        e->members[m].data += (ny - 1) * nx;
        e->members[m].stride[0] = -nx;
    }
    return e;
}

static nwc_status make_everything(nwc_ctx *ctx, void *user)
{
    struct everything *const e = user;
    const int64_t cells_of = e->ny * e->nx;
    const double thresholds[] = {0.5, 2.0}, fractions[] = {0.1, 0.9}, seconds[MOST] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    nwc_field two = planes(e->found, 2, e->ny, e->nx), also = planes(e->found + 2 * cells_of, 2, e->ny, e->nx), one[4];
    for (int k = 0; k < 4; k++) one[k] = field_2d(e->found + (4 + k) * cells_of, e->ny, e->nx, NULL, NULL);
    NWC__TRY(nwc_forecast_exceedance(ctx, e->members, e->n, thresholds, 2, 3300.0, &two));
    NWC__TRY(nwc_forecast_quantiles(ctx, e->members, e->n, fractions, 2, &also));
    NWC__TRY(nwc_forecast_mean(ctx, e->members, e->n, &one[0], &one[1]));
    NWC__TRY(nwc_forecast_band_depth(ctx, e->members, e->n, 0.5, e->depth));
    NWC__TRY(nwc_forecast_onset(ctx, e->members, seconds, e->n, 1.0, 0.0, &one[1], &one[2]));
    return nwc_forecast_matched_mean(ctx, e->members, e->n, &one[3]);
}

static void threads_levels_and_strides_change_no_bit_and_memory_may_run_out(void **state)
{
    (void)state;
    fill(4, 77);
    struct everything *const e = everything_of(NY, NX, 4), *const other = everything_of(NY, NX, 4);
    check_threads_change_no_bit(make_everything, e, other, offsetof(struct everything, ny));
    nwc_ctx *const ctx = context_with_simd(NWC_SIMD_V2);
    assert_ok(make_everything(ctx, other));
    assert_memory_equal(e->found, other->found, 4 * CELLS * sizeof *e->found); /* whole numbers and choices */
    assert_memory_equal(e->depth, other->depth, sizeof e->depth);
    nwc_ctx_destroy(ctx);
    assert_true(check_every_allocation_failure(make_everything, e) > 12);
    free(e), free(other);
}

static void one_cell_and_nothing_known_have_answers(void **state)
{
    (void)state;
    for (int32_t m = 0; m < 3; m++) member_cells[m][0] = (float)m;
    struct everything *const one = everything_of(1, 1, 3);
    assert_ok(make_everything(NULL, one));
    const float expected[] = {2.0F / 3.0F, 1.0F / 3.0F, 0.2F, 1.8F, 1.0F, 1.0F, INFINITY, 0.0F};
    /* The least of the mean, which is all there is, has the least of the members. */
    for (int k = 0; k < 8; k++) assert_same_number((double)one->found[k], (double)expected[k], 1e-2);
    for (int i = 0; i < CELLS; i++) member_cells[0][i] = NAN;
    struct everything *const none = everything_of(NY, NX, 1);
    assert_ok(make_everything(NULL, none));
    for (int i = 0; i < 8 * CELLS; i++) assert_true(isnan(none->found[i]));
    assert_true(isnan(none->depth[0]));
    free(one), free(none);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    fill(2, 5);
    const nwc_grid grid = rain_grid(NY, NX);
    nwc_grid elsewhere = grid;
    elsewhere.x_first += 5000.0;
    nwc_field f[MOST];
    static float a[2 * CELLS], b[CELLS];
    members_of(f, 2, NULL);
    nwc_field two = planes(a, 2, NY, NX), flat = field_2d(b, NY, NX, NULL, NULL),
              small = field_2d(b, NY - 1, NX, NULL, NULL);
    const double t[] = {1.0, NAN}, q[] = {0.5, 1.5}, s[] = {0.0, 0.0};
    double depth[2];
    assert_fails(NWC_ERR_ARG, "members: 1 to 1000", nwc_forecast_mean(NULL, NULL, 2, &flat, NULL));
    assert_fails(NWC_ERR_ARG, "members: 1 to 1000", nwc_forecast_mean(NULL, f, 0, &flat, NULL));
    assert_fails(NWC_ERR_ARG, "members: 1 to 1000", nwc_forecast_mean(NULL, f, 1001, &flat, NULL));
    assert_fails(NWC_ERR_ARG, "mean: ", nwc_forecast_mean(NULL, f, 2, &small, NULL));
    assert_fails(NWC_ERR_ARG, "spread", nwc_forecast_mean(NULL, f, 2, &flat, &small));
    assert_fails(NWC_ERR_ARG, "thresholds[1]: a finite", nwc_forecast_exceedance(NULL, f, 2, t, 2, 0.0, &two));
    assert_fails(NWC_ERR_ARG, "thresholds: 1 to 64", nwc_forecast_exceedance(NULL, f, 2, t, 0, 0.0, &two));
    assert_fails(NWC_ERR_ARG, "thresholds: 1 to 64", nwc_forecast_exceedance(NULL, f, 2, NULL, 1, 0.0, &two));
    assert_fails(NWC_ERR_ARG, "radius_m", nwc_forecast_exceedance(NULL, f, 2, t, 1, -1.0, &two));
    assert_fails(NWC_ERR_ARG, "grid", nwc_forecast_exceedance(NULL, f, 2, t, 1, 1000.0, &two));
    assert_fails(NWC_ERR_ARG, "probability: 1 fields", nwc_forecast_exceedance(NULL, f, 2, t, 1, 0.0, &two));
    assert_fails(NWC_ERR_ARG, "probability", nwc_forecast_exceedance(NULL, f, 2, t, 1, 0.0, &flat));
    assert_fails(NWC_ERR_ARG, "fractions[1]: 0 to 1", nwc_forecast_quantiles(NULL, f, 2, q, 2, &two));
    assert_fails(NWC_ERR_ARG, "fractions: 1 to 64", nwc_forecast_quantiles(NULL, f, 2, q, 65, &two));
    assert_fails(NWC_ERR_ARG, "quantiles: ", nwc_forecast_quantiles(NULL, f, 2, q, 1, NULL));
    assert_fails(NWC_ERR_ARG, "matched", nwc_forecast_matched_mean(NULL, f, 2, &small));
    assert_fails(NWC_ERR_ARG, "depth", nwc_forecast_band_depth(NULL, f, 2, 0.0, NULL));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_forecast_band_depth(NULL, f, 2, (double)NAN, depth));
    assert_fails(NWC_ERR_ARG, "seconds[1]", nwc_forecast_onset(NULL, f, s, 2, 0.0, 0.0, &flat, &flat));
    assert_fails(NWC_ERR_ARG, "frames, seconds", nwc_forecast_onset(NULL, f, NULL, 2, 0.0, 0.0, &flat, &flat));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_forecast_onset(NULL, f, s, 1, (double)NAN, 0.0, &flat, &flat));
    assert_fails(NWC_ERR_ARG, "gap_s", nwc_forecast_onset(NULL, f, s, 1, 1.0, -1.0, &flat, &flat));
    assert_fails(NWC_ERR_ARG, "onset", nwc_forecast_onset(NULL, f, s, 1, 1.0, 0.0, &small, &flat));
    assert_fails(NWC_ERR_ARG, "end", nwc_forecast_onset(NULL, f, s, 1, 1.0, 0.0, &flat, NULL));
    f[1] = small;
    assert_fails(NWC_ERR_ARG, "members[1]", nwc_forecast_mean(NULL, f, 2, &flat, NULL));
    members_of(f, 2, &grid);
    f[1].grid = &elsewhere;
    assert_fails(NWC_ERR_ARG, "members[1]: the grid", nwc_forecast_mean(NULL, f, 2, &flat, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_equal_a_count_over_every_cell_within_the_radius),
        cmocka_unit_test(quantiles_equal_those_of_sorted_members),
        cmocka_unit_test(mean_and_spread_equal_plain_sums),
        cmocka_unit_test(the_matched_mean_has_the_values_of_all_members_and_the_order_of_the_mean),
        cmocka_unit_test(depth_equals_the_share_of_pairs_that_enclose),
        cmocka_unit_test(the_middle_member_is_the_deepest_and_the_outer_two_the_shallowest),
        cmocka_unit_test(onset_and_end_are_where_lines_between_frames_meet_the_threshold),
        cmocka_unit_test(threads_levels_and_strides_change_no_bit_and_memory_may_run_out),
        cmocka_unit_test(one_cell_and_nothing_known_have_answers),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("forecast ensemble", tests, NULL, NULL);
}
