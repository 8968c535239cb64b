/* random: known answers, independence of the cut, distributions by fixed seeds with bounds a wrong generator breaks. */
#include "support/support.h"

#include "core/random.h"

enum { N = 1 << 20 };

static float numbers[N], others[N];

static void philox_gives_the_published_vectors(void **state)
{
    (void)state;
    /* Random123, kat_vectors: counter, key, answer */
    static const uint32_t vector[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
         0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
         0x24126ea1},
    };
    for (int k = 0; k < 3; k++) {
        uint32_t block[4];
        nwc__philox(vector[k], vector[k] + 4, block);
        assert_memory_equal(block, vector[k] + 6, sizeof block);
    }
}

static void numbers_of_a_cell_come_from_its_block(void **state)
{
    (void)state;
    const uint64_t seed = 0x0123456789ABCDEFULL, stream = 0xFEDCBA9876543210ULL;
    const int64_t first = (INT64_C(5) << 34) + 3; /* the counter's second word counts too */
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_ctx *const ctx = context_with_simd(simd);
        float uniform[600], normal[600];
        nwc__random_uniform(ctx, seed, stream, first, 600, uniform);
        nwc__random_normal(ctx, seed, stream, first, 600, normal);
        for (int64_t k = 0; k < 600; k++) {
            const uint64_t cell = (uint64_t)(first + k), pair = cell % 4 / 2 * 2;
            const uint32_t counter[4] = {(uint32_t)(cell / 4), (uint32_t)(cell / 4 >> 32), (uint32_t)stream,
                                         (uint32_t)(stream >> 32)};
            const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
            uint32_t w[4];
            nwc__philox(counter, key, w);
            assert_near(uniform[k], ((double)(w[cell % 4] >> 9) + 0.5) * 0x1p-23, 0.0);
            /* Box and Muller from the same words, in double; the angle counted from the middle of the first quadrant's range */
            const double r = sqrt(-2.0 * log(((double)w[pair] + 0.5) * 0x1p-32));
            const double low = (double)(int32_t)(w[pair + 1] << 2) * 0x1p-32; /* quadrants, -1/2 to 1/2 */
            const double angle = (low + (double)(w[pair + 1] >> 30)) * 1.57079632679489661923;
            assert_near(normal[k], r * (cell % 2 ? sin(angle) : cos(angle)), 2e-6);
        }
        nwc_ctx_destroy(ctx);
    }
}

static void any_cut_gives_the_same_numbers(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    static const int64_t cut[] = {1, 3, 4, 255, 256, 257, 1000};
    nwc__random_normal(ctx, 7, 1, 0, 5000, numbers);
    for (size_t c = 0; c < sizeof cut / sizeof cut[0]; c++) {
        for (int64_t k = 0; k < 5000; k += cut[c])
            nwc__random_normal(ctx, 7, 1, k, 5000 - k < cut[c] ? 5000 - k : cut[c], others + k);
        assert_memory_equal(numbers, others, 5000 * sizeof *numbers);
    }
    numbers[0] = 99.0F;
    nwc__random_uniform(ctx, 7, 1, 5, 0, numbers);
    assert_near(numbers[0], 99.0, 0.0); /* none asked for, none written */
    nwc_ctx_destroy(ctx);
}

/* The chi-square statistic of counts that should all be the same. */
static double chi_square(const int64_t *count, int64_t bins, int64_t n)
{
    const double expected = (double)n / (double)bins;
    double sum = 0.0;
    for (int64_t b = 0; b < bins; b++) sum += ((double)count[b] - expected) * ((double)count[b] - expected) / expected;
    return sum;
}

/* Within five standard deviations of its mean: chi-square of k degrees has mean k, variance 2 k. */
static void assert_chi_square(const int64_t *count, int64_t bins, int64_t n)
{
    const double degrees = (double)bins - 1.0;
    assert_near(chi_square(count, bins, n), degrees, 5.0 * sqrt(2.0 * degrees));
}

static void uniform_numbers_fill_the_interval_evenly(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    nwc__random_uniform(ctx, 1, 2, 0, N, numbers);
    int64_t one[1000] = {0}, two[64 * 64] = {0};
    double sum = 0.0, squares = 0.0, product = 0.0;
    for (int64_t k = 0; k < N; k++) {
        assert_true(numbers[k] > 0.0F && numbers[k] < 1.0F);
        one[(int)((double)numbers[k] * 1000.0)]++;
        sum += numbers[k], squares += (double)numbers[k] * numbers[k];
        if (k % 2) two[(int)(numbers[k - 1] * 64.0F) * 64 + (int)(numbers[k] * 64.0F)]++;
        if (k) product += (numbers[k - 1] - 0.5) * (numbers[k] - 0.5);
    }
    assert_chi_square(one, 1000, N);
    assert_chi_square(two, 64 * 64, N / 2); /* neighbours, jointly */
    assert_near(sum / N, 0.5, 5.0 * sqrt(1.0 / 12.0 / N));
    assert_near(squares / N, 1.0 / 3.0, 5.0 * sqrt(4.0 / 45.0 / N));
    assert_near(product / N * 12.0, 0.0, 5.0 / sqrt(N));
    nwc_ctx_destroy(ctx);
}

static void normal_numbers_have_their_moments_and_tails(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    nwc__random_normal(ctx, 42, 0, 0, N, numbers);
    int64_t bin[200] = {0}, beyond[5] = {0};
    double m1 = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0;
    for (int64_t k = 0; k < N; k++) {
        const double v = numbers[k];
        m1 += v, m2 += v * v, m3 += v * v * v, m4 += v * v * v * v;
        const double share = 0.5 * erfc(-v / sqrt(2.0));
        bin[share < 1.0 ? (int)(share * 200.0) : 199]++;
        for (int s = 1; s < 5; s++) beyond[s] += fabs(v) > s;
    }
    assert_near(m1 / N, 0.0, 5.0 / sqrt(N));
    assert_near(m2 / N, 1.0, 5.0 * sqrt(2.0 / N));
    assert_near(m3 / N, 0.0, 5.0 * sqrt(15.0 / N));
    assert_near(m4 / N, 3.0, 5.0 * sqrt(96.0 / N));
    assert_chi_square(bin, 200, N);
    for (int s = 1; s < 5; s++) {
        const double p = erfc(s / sqrt(2.0));
        assert_near((double)beyond[s] / N, p, 5.0 * sqrt(p / N));
    }
    nwc_ctx_destroy(ctx);
}

static void assert_uncorrelated(int64_t lag)
{
    double product = 0.0;
    for (int64_t k = lag; k < N; k++) product += (double)numbers[k - lag] * others[k];
    assert_near(product / (double)N, 0.0, 5.0 / sqrt(N));
}

static void seeds_streams_and_neighbours_are_independent(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    nwc__random_normal(ctx, 1, 0, 0, N, numbers);
    nwc__random_normal(ctx, 1, 0, 0, N, others);
    for (int64_t lag = 1; lag <= 8; lag++) assert_uncorrelated(lag);
    nwc__random_normal(ctx, 2, 0, 0, N, others);
    for (int64_t lag = 0; lag <= 4; lag++) assert_uncorrelated(lag);
    nwc__random_normal(ctx, 1, 1, 0, N, others);
    for (int64_t lag = 0; lag <= 4; lag++) assert_uncorrelated(lag);
    nwc__random_normal(ctx, 1, UINT64_C(1) << 32, 0, N, others); /* the next member */
    assert_uncorrelated(0);
    nwc_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_vectors),
        cmocka_unit_test(numbers_of_a_cell_come_from_its_block),
        cmocka_unit_test(any_cut_gives_the_same_numbers),
        cmocka_unit_test(uniform_numbers_fill_the_interval_evenly),
        cmocka_unit_test(normal_numbers_have_their_moments_and_tails),
        cmocka_unit_test(seeds_streams_and_neighbours_are_independent),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
