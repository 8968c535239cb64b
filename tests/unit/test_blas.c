/* blas and small solvers: against plain loops and systems whose solution is known. */
#include "support/support.h"

#include "core/blas.h"

#include <cblas.h>

enum { M = 7, N = 5, K = 6, LD = 9 }; /* every matrix has rows of LD cells, more than it uses */

static double noise(int64_t k)
{
    return (double)((uint64_t)(k + 1) * 0x9E3779B97F4A7C15ULL >> 11) * 0x1p-53 - 0.5;
}

static void products_equal_plain_loops(void **state)
{
    (void)state;
    nwc__blas_begin();
    for (int way = 0; way < 4; way++) {
        const bool ta = way & 1, tb = way & 2;
        double a[LD * LD], b[LD * LD], c[LD * LD], expected[LD * LD];
        float fa[LD * LD], fb[LD * LD], fc[LD * LD];
        for (int k = 0; k < LD * LD; k++) {
            fa[k] = (float)(a[k] = noise(k)), fb[k] = (float)(b[k] = noise(k + 100));
            fc[k] = (float)(expected[k] = c[k] = noise(k + 200));
        }
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                double sum = 0.0;
                for (int k = 0; k < K; k++)
                    sum += (ta ? a[k * LD + i] : a[i * LD + k]) * (tb ? b[j * LD + k] : b[k * LD + j]);
                expected[i * LD + j] = 2.0 * sum - 0.5 * expected[i * LD + j];
            }
        nwc__dgemm(ta, tb, M, N, K, 2.0, a, LD, b, LD, -0.5, c, LD);
        nwc__sgemm(ta, tb, M, N, K, 2.0F, fa, LD, fb, LD, -0.5F, fc, LD);
        for (int k = 0; k < LD * LD; k++) { /* and nothing else is touched */
            assert_near(c[k], expected[k], 1e-14);
            assert_near(fc[k], expected[k], 1e-6);
        }
    }
    nwc__blas_end();
}

static void a_matrix_times_a_vector_equals_plain_loops(void **state)
{
    (void)state;
    nwc__blas_begin();
    for (int transpose = 0; transpose < 2; transpose++) {
        double a[M * LD], x[M], y[M + 1];
        for (int k = 0; k < M * LD; k++) a[k] = noise(k);
        for (int k = 0; k < M; k++) x[k] = noise(k + 50);
        for (int k = 0; k <= M; k++) y[k] = 1.0;
        nwc__dgemv(transpose, M, N, 3.0, a, LD, x, 0.5, y);
        for (int i = 0; i < (transpose ? N : M); i++) {
            double sum = 0.0;
            for (int k = 0; k < (transpose ? M : N); k++) sum += (transpose ? a[k * LD + i] : a[i * LD + k]) * x[k];
            assert_near(y[i], 3.0 * sum + 0.5, 1e-14);
        }
        assert_near(y[M], 1.0, 0.0);
    }
    nwc__blas_end();
}

static void a_matrix_times_its_transpose_fills_the_lower_triangle(void **state)
{
    (void)state;
    nwc__blas_begin();
    for (int transpose = 0; transpose < 2; transpose++) {
        double a[LD * LD], c[N * N];
        for (int k = 0; k < LD * LD; k++) a[k] = noise(k);
        for (int k = 0; k < N * N; k++) c[k] = 7.0;
        nwc__dsyrk(transpose, N, K, 1.0, a, LD, 0.0, c, N);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double sum = 0.0;
                for (int k = 0; k < K; k++)
                    sum += transpose ? a[k * LD + i] * a[k * LD + j] : a[i * LD + k] * a[j * LD + k];
                assert_near(c[i * N + j], j <= i ? sum : 7.0, 1e-14);
            }
    }
    nwc__blas_end();
}

static void batches_lower_the_number_of_threads_and_restore_it(void **state)
{
    (void)state;
    const int before = openblas_get_num_threads();
    openblas_set_num_threads(2);
    const int several = openblas_get_num_threads(); /* 1 where OpenBLAS was built without threads */
    nwc__blas_begin();
    assert_int_equal(openblas_get_num_threads(), 1);
    nwc__blas_begin();
    nwc__blas_end();
    assert_int_equal(openblas_get_num_threads(), 1);
    nwc__blas_end();
    assert_int_equal(openblas_get_num_threads(), several);
    openblas_set_num_threads(before);
}

static nwc_status multiply(int64_t tile, void *user)
{
    static const float a[4] = {1.0F, 2.0F, 3.0F, 4.0F};
    float *const c = (float *)user + 4 * tile;
    nwc__blas_begin(); /* batches of several threads overlap */
    nwc__sgemm(false, false, 2, 2, 2, 1.0F, a, 2, a, 2, 0.0F, c, 2);
    nwc__blas_end();
    return NWC_OK;
}

static void overlapping_batches_agree(void **state)
{
    (void)state;
    const int before = openblas_get_num_threads();
    nwc_ctx *const ctx = context_with_threads(3);
    float c[4 * 200];
    assert_ok(nwc__for_each_tile(ctx, NULL, 200, multiply, c));
    for (int k = 0; k < 200; k++) assert_near(c[4 * k] + c[4 * k + 1] + c[4 * k + 2] + c[4 * k + 3], 54.0, 0.0);
    assert_int_equal(openblas_get_num_threads(), before);
    nwc_ctx_destroy(ctx);
}

static void cholesky_finds_known_solutions(void **state)
{
    (void)state;
    for (int32_t n = 1; n <= NWC__SMALL_MAX; n++) {
        double root[NWC__SMALL_MAX * NWC__SMALL_MAX], a[NWC__SMALL_MAX * NWC__SMALL_MAX], b[NWC__SMALL_MAX];
        for (int32_t k = 0; k < n * n; k++) root[k] = noise(k + n);
        for (int32_t i = 0; i < n; i++) {
            b[i] = 0.0;
            for (int32_t j = 0; j < n; j++) {
                double sum = i == j ? 0.5 : 0.0;
                for (int32_t k = 0; k < n; k++) sum += root[i * n + k] * root[j * n + k];
                a[i * n + j] = j <= i ? sum : (double)NAN; /* the upper triangle is not read */
                b[i] += sum * (double)(j + 1);
            }
        }
        assert_true(nwc__solve_spd(n, a, b));
        for (int32_t j = 0; j < n; j++) assert_near(b[j], (double)(j + 1), 1e-10);
    }
}

static void cholesky_refuses_what_is_not_positive_definite(void **state)
{
    (void)state;
    double indefinite[] = {1.0, 0.0, 2.0, 1.0}, singular[] = {1.0, 0.0, 1.0, 1.0},
           unknown[] = {1.0, 0.0, (double)NAN, 1.0};
    double nothing[] = {0.0}, b[] = {3.0, 4.0};
    assert_false(nwc__solve_spd(2, indefinite, b));
    assert_false(nwc__solve_spd(2, singular, b));
    assert_false(nwc__solve_spd(2, unknown, b));
    assert_false(nwc__solve_spd(1, nothing, b));
    assert_near(b[0] + b[1], 7.0, 0.0);
}

static void least_squares_fits_a_parabola(void **state)
{
    (void)state;
    double a[20 * 3], b[20], x[3], residual;
    for (int i = 0; i < 20; i++) {
        a[3 * i] = 1.0, a[3 * i + 1] = i, a[3 * i + 2] = i * i;
        b[i] = 4.0 - 3.0 * i + 0.25 * i * i;
    }
    assert_true(nwc__least_squares(20, 3, a, b, x, &residual));
    assert_near(x[0], 4.0, 1e-10);
    assert_near(x[1], -3.0, 1e-11);
    assert_near(x[2], 0.25, 1e-12);
    assert_near(residual, 0.0, 1e-20);
    /* A straight line through (0, 0), (1, 1), (2, 0): 1/3 + 0 t, residuals -1/3, 2/3, -1/3. */
    double line[] = {1.0, 0.0, 1.0, 1.0, 1.0, 2.0}, heights[] = {0.0, 1.0, 0.0};
    assert_true(nwc__least_squares(3, 2, line, heights, x, &residual));
    assert_near(x[0], 1.0 / 3.0, 1e-15);
    assert_near(x[1], 0.0, 1e-15);
    assert_near(residual, 6.0 / 9.0, 1e-15);
}

static void least_squares_solves_what_normal_equations_cannot(void **state)
{
    (void)state;
    const double small = 1e-9; /* its square is lost beside 1 */
    double a[] = {1.0, 1.0, small, 0.0, 0.0, small}, b[] = {3.0, small, 2.0 * small}, x[2];
    assert_true(nwc__least_squares(3, 2, a, b, x, NULL));
    assert_near(x[0], 1.0, 1e-6);
    assert_near(x[1], 2.0, 1e-6);
}

static void least_squares_refuses_dependent_columns(void **state)
{
    (void)state;
    double a[] = {1.0, 2.0, 3.0, 6.0, -1.0, -2.0}, b[] = {1.0, 2.0, 3.0}, zero[] = {0.0, 0.0}, x[2];
    assert_false(nwc__least_squares(3, 2, a, b, x, NULL));
    assert_false(nwc__least_squares(2, 1, zero, b, x, NULL));
    a[0] = (double)NAN;
    assert_false(nwc__least_squares(3, 2, a, b, x, NULL));
}

/* Covariances of points on a line. */
static void an_inverse_times_its_matrix_is_one(void **state)
{
    (void)state;
    enum { MOST = 101 };
    static const int sizes[] = {1, 2, 47, 48, 49, 96, MOST};
    static double a[MOST * MOST], given[MOST * MOST];
    nwc__blas_begin();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int n = sizes[s];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                given[i * n + j] = exp(-abs(i - j) / 7.0) + (i == j ? 0.3 + noise(i) * 0.1 : 0.0);
                a[i * n + j] = j <= i ? given[i * n + j] : NAN; /* is not read */
            }
        assert_true(nwc__invert_spd(n, a));
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                double sum = 0.0;
                for (int k = 0; k < n; k++) sum += given[i * n + k] * a[k * n + j];
                assert_near(sum, i == j ? 1.0 : 0.0, 1e-12);
            }
    }
    double indefinite[4] = {1.0, 0.0, 2.0, 1.0};
    assert_false(nwc__invert_spd(2, indefinite));
    nwc__blas_end();
}

static void eigenvectors_make_the_matrix_again(void **state)
{
    (void)state;
    double a[N * N], made[N * N], value[N], work[3 * N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) a[i * N + j] = noise(10 * i + j), a[j * N + i] = j < i ? 1e9 : a[i * N + j];
    double lower[N * N];
    memcpy(lower, a, sizeof a);
    nwc__blas_begin();
    assert_true(nwc__eigen_symmetric(N, a, value, work));
    nwc__blas_end();
    for (int k = 1; k < N; k++) assert_true(value[k] >= value[k - 1]);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double dot = 0.0;
            made[i * N + j] = 0.0;
            for (int k = 0; k < N; k++) {
                made[i * N + j] += value[k] * a[k * N + i] * a[k * N + j];
                dot += a[i * N + k] * a[j * N + k];
            }
            assert_near(dot, i == j ? 1.0 : 0.0, 1e-13);
            assert_near(made[i * N + j], j <= i ? lower[i * N + j] : lower[j * N + i], 1e-13);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inverse_times_its_matrix_is_one),
        cmocka_unit_test(products_equal_plain_loops),
        cmocka_unit_test(a_matrix_times_a_vector_equals_plain_loops),
        cmocka_unit_test(a_matrix_times_its_transpose_fills_the_lower_triangle),
        cmocka_unit_test(batches_lower_the_number_of_threads_and_restore_it),
        cmocka_unit_test(overlapping_batches_agree),
        cmocka_unit_test(cholesky_finds_known_solutions),
        cmocka_unit_test(cholesky_refuses_what_is_not_positive_definite),
        cmocka_unit_test(least_squares_fits_a_parabola),
        cmocka_unit_test(least_squares_solves_what_normal_equations_cannot),
        cmocka_unit_test(least_squares_refuses_dependent_columns),
        cmocka_unit_test(eigenvectors_make_the_matrix_again),
    };
    return cmocka_run_group_tests_name("blas", tests, NULL, NULL);
}
