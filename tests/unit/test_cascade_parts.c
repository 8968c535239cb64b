/* forecast: fields taken apart by scale, how long each scale lasts, values by rank: against waves, sums and sorted values. */
#include "support/made_rain.h"

#include "forecast/bands.h"
#include "forecast/lags.h"
#include "forecast/match.h"

#define PI 3.14159265358979324

/* ---- bands ---- */

static void bands_and_rest_add_up_to_the_field(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    const int64_t sizes[][2] = {{1, 1}, {1, 300}, {77, 1}, {130, 201}};
    for (int s = 0; s < 4; s++) {
        const int64_t ny = sizes[s][0], nx = sizes[s][1], n = ny * nx;
        struct nwc__bands bands;
        float *const mixed = cells(n);
        assert_ok(nwc__bands_create(ctx, ny, nx, 2, &bands));
        for (int64_t i = 0; i < n; i++) {
            const bool known = n == 1 || noise((uint32_t)(i / 50)) < 0.8f;
            bands.level[0][0][i] = known ? 10.0f * noise((uint32_t)i) : NAN;
            bands.level[1][0][i] = known ? 10.0f * noise((uint32_t)(i + n)) : NAN;
        }
        assert_ok(nwc__bands_split(ctx, &bands));
        double weight[NWC__MOST_PAST][NWC__BANDS], rest[NWC__MOST_PAST] = {0.25, 0.75};
        for (int m = 0; m < NWC__BANDS; m++) weight[0][m] = 0.25, weight[1][m] = 0.75;
        assert_ok(nwc__bands_mix(ctx, &bands, weight, rest, mixed));
        for (int64_t i = 0; i < n; i++) {
            const double sum = 0.25 * (double)bands.level[0][0][i] + 0.75 * (double)bands.level[1][0][i];
            if (isnan(sum))
                assert_true(isnan(mixed[i]));
            else
                assert_near(mixed[i], sum, 2e-5);
        }
        nwc__bands_destroy(ctx, &bands);
        free(mixed);
    }
    nwc_ctx_destroy(ctx);
}

/* A Gaussian of scale s leaves exp(-2 (pi s / length)^2) of a wave. */
static double left_of(double scale, double length)
{
    return exp(-2.0 * (PI * scale / length) * (PI * scale / length));
}

static void each_band_holds_the_waves_between_two_gaussians(void **state)
{
    (void)state;
    static const double scale[NWC__BANDS + 1] = {0.0, 1.5, 4.0, 10.0, 25.0, 64.0};
    static const double lengths[] = {6.0, 14.0, 40.0, 100.0, 250.0};
    const int64_t ny = 41, nx = 1001, middle = nx / 2;
    nwc_ctx *const ctx = context_with_threads(2);
    float *const mixed = cells(ny * nx);
    for (int w = 0; w < 5; w++) {
        struct nwc__bands bands;
        assert_ok(nwc__bands_create(ctx, ny, nx, 1, &bands));
        for (int64_t n = 0; n < ny * nx; n++)
            bands.level[0][0][n] = 10.0f + 5.0f * (float)cos(2.0 * PI * (double)(n % nx - middle) / lengths[w]);
        assert_ok(nwc__bands_split(ctx, &bands));
        for (int m = 0; m < NWC__BANDS; m++) {
            double weight[NWC__MOST_PAST][NWC__BANDS] = {{0.0}}, rest[NWC__MOST_PAST] = {1.0};
            weight[0][m] = 1.0;
            assert_ok(nwc__bands_mix(ctx, &bands, weight, rest, mixed));
            const double share = left_of(scale[m], lengths[w]) - left_of(scale[m + 1], lengths[w]);
            const double expected = 10.0 + 5.0 * (share + left_of(scale[NWC__BANDS], lengths[w]));
            assert_near(mixed[20 * nx + middle], expected, 5.0 * 0.03);
        }
        nwc__bands_destroy(ctx, &bands);
    }
    free(mixed);
    nwc_ctx_destroy(ctx);
}

static void what_is_known_does_not_fade_towards_its_edge(void **state)
{
    (void)state;
    const int64_t ny = 90, nx = 140;
    nwc_ctx *const ctx = context_with_threads(1);
    struct nwc__bands bands;
    float *const mixed = cells(ny * nx);
    assert_ok(nwc__bands_create(ctx, ny, nx, 1, &bands));
    for (int64_t n = 0; n < ny * nx; n++) bands.level[0][0][n] = n % nx < 60 ? 3.0f : NAN;
    assert_ok(nwc__bands_split(ctx, &bands));
    double weight[NWC__MOST_PAST][NWC__BANDS] = {{0.0}}, rest[NWC__MOST_PAST] = {1.0};
    assert_ok(nwc__bands_mix(ctx, &bands, weight, rest, mixed));
    for (int64_t n = 0; n < ny * nx; n++) {
        if (n % nx < 60)
            assert_near(mixed[n], 3.0, 1e-5);
        else
            assert_true(isnan(mixed[n]));
    }
    nwc__bands_destroy(ctx, &bands);
    free(mixed);
    nwc_ctx_destroy(ctx);
}

/* Band 1 of a checkerboard is all but the mean of it: its products can be told beforehand. */
static void products_of_bands_count_used_cells_alone(void **state)
{
    (void)state;
    const int64_t ny = 64, nx = 96;
    nwc_ctx *const ctx = context_with_threads(3);
    struct nwc__bands bands;
    uint8_t *const use = calloc((size_t)(ny * nx), 1);
    assert_ok(nwc__bands_create(ctx, ny, nx, 3, &bands));
    int64_t used = 0;
    for (int64_t j = 0; j < ny; j++) {
        for (int64_t i = 0; i < nx; i++) {
            const float sign = (i + j) % 2 ? 1.0f : -1.0f;
            bands.level[0][0][j * nx + i] = 2.0f + sign;
            bands.level[1][0][j * nx + i] = 5.0f - 3.0f * sign;
            bands.level[2][0][j * nx + i] = 4.0f;
            used += use[j * nx + i] = i > 20 && i < 70 && j > 20 && j < 45;
        }
    }
    assert_ok(nwc__bands_split(ctx, &bands));
    double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST];
    assert_ok(nwc__bands_products(ctx, &bands, use, products));
    assert_near(products[0][0][0] / (double)used, 1.0, 0.01);
    assert_near(products[0][0][1] / (double)used, -3.0, 0.02);
    assert_near(products[0][1][0] / (double)used, -3.0, 0.02);
    assert_near(products[0][1][1] / (double)used, 9.0, 0.05);
    assert_near(products[0][2][2] / (double)used, 0.0, 1e-6);
    assert_near(products[2][0][0] / (double)used, 0.0, 1e-3);
    nwc__bands_destroy(ctx, &bands);
    free(use);
    nwc_ctx_destroy(ctx);
}

/* ---- lags ---- */

/* Products of frames whose band m has this standard deviation and correlation over seconds. */
static void fill_products(double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST], const double *age_s, int32_t n,
                          double (*correlation)(double lag_s))
{
    static const double deviation[NWC__MOST_PAST] = {2.0, 1.5, 1.7, 1.0};
    for (int m = 0; m < NWC__BANDS; m++)
        for (int f = 0; f < n; f++)
            for (int g = 0; g < n; g++)
                products[m][f][g] = 1e4 * deviation[f] * deviation[g] * correlation(fabs(age_s[f] - age_s[g]));
}

static double ten_minutes(double lag_s)
{
    return exp(-lag_s / 600.0);
}

static void correlations_are_those_of_the_frames_and_fade_faster_beyond(void **state)
{
    (void)state;
    const double even[] = {0.0, 300.0, 600.0, 900.0}, uneven[] = {0.0, 240.0, 900.0};
    double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST];
    struct nwc__lags lags;
    fill_products(products, even, 4, ten_minutes);
    nwc__lags_find(products, even, 4, &lags);
    assert_int_equal(lags.n, 3);
    assert_near(nwc__lags_correlation(&lags, 2, 0.0), 1.0, 0.0);
    assert_near(nwc__lags_correlation(&lags, 2, 600.0), exp(-1.0), 1e-12);
    assert_near(nwc__lags_correlation(&lags, 2, 450.0), 0.5 * (exp(-0.5) + exp(-1.0)), 1e-12);
    /* 45 minutes after the last lag of 15: the rate has grown by 45 min / 5 h. */
    assert_near(nwc__lags_correlation(&lags, 2, 3600.0), exp(-1.5 - 4.5 * 1.15), 1e-12);
    fill_products(products, uneven, 3, ten_minutes);
    nwc__lags_find(products, uneven, 3, &lags);
    assert_int_equal(lags.n, 3);
    assert_near(lags.apart_s, 240.0, 0.0);
    assert_near(nwc__lags_correlation(&lags, 0, 660.0), exp(-1.1), 1e-12);
}

static double none(double lag_s)
{
    return lag_s > 0.0 ? -0.3 : 0.0;
}

static void a_band_that_is_not_there_or_does_not_last_has_no_weight(void **state)
{
    (void)state;
    const double age_s[] = {0.0, 300.0, 600.0};
    double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST], weight[2];
    struct nwc__lags lags;
    fill_products(products, age_s, 3, none);
    nwc__lags_find(products, age_s, 3, &lags);
    for (double lead_s = 60.0; lead_s < 4000.0; lead_s += 600.0) {
        nwc__lags_weights(&lags, 1, fmax(lead_s, 300.0), weight);
        assert_true(weight[0] == 0.0 && weight[1] == 0.0);
    }
    nwc__lags_weights(&lags, 1, 0.0, weight);
    assert_true(weight[0] == 1.0 && weight[1] == 0.0);
}

/* Signal that lasts for ten minutes, and noise in a tenth of the variance that does not. */
static double noisy(double lag_s)
{
    return lag_s > 0.0 ? 0.9 * ten_minutes(lag_s) : 1.0;
}

static void weights_leave_the_least_error(void **state)
{
    (void)state;
    const double age_s[] = {0.0, 300.0, 600.0, 900.0};
    double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST], weight[2];
    struct nwc__lags lags;
    fill_products(products, age_s, 4, noisy);
    nwc__lags_find(products, age_s, 4, &lags);
    nwc__lags_weights(&lags, 0, 300.0, weight);
    /* The error variance of w, by its definition. */
    double least = 1e9;
    for (double a = -1.0; a <= 1.0; a += 0.01)
        for (double b = -1.0; b <= 1.0; b += 0.01)
            least = fmin(least, 1.0 + a * a + b * b + 2.0 * a * b * noisy(300.0) - 2.0 * a * noisy(300.0) -
                                    2.0 * b * noisy(600.0));
    const double a = weight[0], b = weight[1];
    const double found =
        1.0 + a * a + b * b + 2.0 * a * b * noisy(300.0) - 2.0 * a * noisy(300.0) - 2.0 * b * noisy(600.0);
    assert_near(found, least, 2e-4);
    assert_true(found < 1.0 - noisy(300.0) * noisy(300.0) - 0.001); /* which the newest frame alone would leave */
}

/* ---- ranks ---- */

static void ranks_get_the_values_a_sort_gives_them(void **state)
{
    (void)state;
    const int64_t ny = 150, nx = 211, n = ny * nx;
    nwc_ctx *const ctx = context_with_threads(2);
    float *const field = cells(n), *const before = cells(n), *const target = cells(n), *const sorted = cells(n);
    int64_t known = 0, dry = 0, dry_found = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool lost = noise((uint32_t)(i / 100)) < 0.2f;
        const float rain = noise((uint32_t)(i + 77)) - 0.7f;
        before[i] = field[i] = lost ? NAN : noise((uint32_t)(3 * i)) - 0.4f; /* some below zero */
        target[i] = lost ? NAN : rain > 0.0f ? expf(20.0f * rain) - 1.0f : 0.0f;
        if (!lost) sorted[known++] = target[i], dry += rain <= 0.0f;
    }
    qsort(sorted, (size_t)known, sizeof *sorted, ascending);
    const struct nwc__plane of_field = {field, ny, nx, nx, 1}, of_target = {target, ny, nx, nx, 1};
    struct nwc__matcher matcher;
    assert_ok(nwc__matcher_create(ctx, ny, &matcher));
    assert_ok(nwc__match_target(ctx, &matcher, &of_target));
    assert_ok(nwc__match_ranks(ctx, &matcher, &of_field));
    for (int64_t i = 0; i < n; i++) {
        if (isnan(before[i])) {
            assert_true(isnan(field[i]));
            continue;
        }
        dry_found += field[i] == 0.0f;
    }
    assert_near((double)dry_found, (double)dry, 0.01 * (double)known);
    for (int64_t i = 0; i < n; i += 97) { /* each rank by counting */
        if (isnan(before[i])) continue;
        int64_t below = 0;
        for (int64_t k = 0; k < n; k++) below += before[k] < before[i];
        const int64_t low = below > 150 ? below - 150 : 0, high = below < known - 151 ? below + 150 : known - 1;
        assert_true(field[i] >= sorted[low] * (1.0f - 1.0f / 64.0f));
        assert_true(field[i] <= sorted[high] * (1.0f + 1.0f / 64.0f));
    }
    nwc__matcher_destroy(ctx, &matcher);
    free(field), free(before), free(target), free(sorted);
    nwc_ctx_destroy(ctx);
}

/* A field that hardly differs from its mean ranks as well; one that does not differ at all is all of the least. */
static void ranks_do_not_depend_on_the_mean(void **state)
{
    (void)state;
    enum { N = 4096 };
    nwc_ctx *const ctx = context_with_threads(1);
    float *const field = cells(N), *const target = cells(N);
    const struct nwc__plane of_field = {field, 64, 64, 64, 1}, of_target = {target, 64, 64, 64, 1};
    struct nwc__matcher matcher;
    assert_ok(nwc__matcher_create(ctx, 64, &matcher));
    for (int i = 0; i < N; i++) {
        target[i] = i < 4000 ? 0.0f : (float)(i - 3999);
        field[i] = 1000.0f + (float)(i * 7 % N) / 16.0f / N; /* an order of its own, in steps of a rounding or more */
    }
    assert_ok(nwc__match_target(ctx, &matcher, &of_target));
    assert_ok(nwc__match_ranks(ctx, &matcher, &of_field));
    int wet = 0;
    for (int i = 0; i < N; i++) wet += field[i] > 0.0f;
    assert_in_range(wet, 60, 200);
    for (int i = 0; i < N; i++) field[i] = 7.5f;
    assert_ok(nwc__match_target(ctx, &matcher, &of_target));
    assert_ok(nwc__match_ranks(ctx, &matcher, &of_field));
    for (int i = 0; i < N; i++) assert_true(field[i] == 0.0f);
    nwc__matcher_destroy(ctx, &matcher);
    free(field), free(target);
    nwc_ctx_destroy(ctx);
}

static void matching_with_itself_or_with_nothing_changes_nothing(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    float field[] = {0.0f, 1.5f, 700.0f, NAN, 0.25f, 12.0f}, target[] = {0.0f, 1.5f, 700.0f, NAN, 0.25f, 12.0f};
    float nothing[] = {NAN, NAN, NAN, NAN, NAN, NAN};
    const struct nwc__plane a = {field, 2, 3, 3, 1}, b = {target, 2, 3, 3, 1}, c = {nothing, 2, 3, 3, 1};
    struct nwc__matcher matcher;
    assert_ok(nwc__matcher_create(ctx, 2, &matcher));
    assert_ok(nwc__match_target(ctx, &matcher, &c));
    assert_ok(nwc__match_ranks(ctx, &matcher, &a));
    assert_true(same_bits(field, target, 6));
    assert_ok(nwc__match_target(ctx, &matcher, &b));
    assert_ok(nwc__match_ranks(ctx, &matcher, &a));
    for (int i = 0; i < 6; i++)
        assert_true(isnan(target[i]) ? isnan(field[i]) : fabsf(field[i] - target[i]) <= fabsf(target[i]) / 100.0f);
    nwc__matcher_destroy(ctx, &matcher);
    nwc_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_and_rest_add_up_to_the_field),
        cmocka_unit_test(each_band_holds_the_waves_between_two_gaussians),
        cmocka_unit_test(what_is_known_does_not_fade_towards_its_edge),
        cmocka_unit_test(products_of_bands_count_used_cells_alone),
        cmocka_unit_test(correlations_are_those_of_the_frames_and_fade_faster_beyond),
        cmocka_unit_test(a_band_that_is_not_there_or_does_not_last_has_no_weight),
        cmocka_unit_test(weights_leave_the_least_error),
        cmocka_unit_test(ranks_get_the_values_a_sort_gives_them),
        cmocka_unit_test(ranks_do_not_depend_on_the_mean),
        cmocka_unit_test(matching_with_itself_or_with_nothing_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
