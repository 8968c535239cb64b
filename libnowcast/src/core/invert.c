/*
 * The inverse of a symmetric positive definite matrix, for covariances of hundreds to thousands of observations: Cholesky by
 * blocks, the inverse of its factor, and that times itself (Golub and Van Loan 2013, algorithm 4.2.4 and section 3.1). Nearly
 * all work is products of blocks, which BLAS does.
 */
#include "core/blas.h"

enum { BLOCK = 48 };

/* Factor the block (m, m) at a in place, rows of ld; false where it is not positive definite beyond rounding. */
static bool factor_block(int64_t m, double *a, int64_t ld, const double *diagonal)
{
    for (int64_t j = 0; j < m; j++) {
        double pivot = a[j * ld + j];
        for (int64_t k = 0; k < j; k++) pivot -= a[j * ld + k] * a[j * ld + k];
        if (!(pivot > 1e-14 * diagonal[j] && diagonal[j] > 0.0)) return false;
        a[j * ld + j] = sqrt(pivot);
        for (int64_t i = j + 1; i < m; i++) {
            double v = a[i * ld + j];
            for (int64_t k = 0; k < j; k++) v -= a[i * ld + k] * a[j * ld + k];
            a[i * ld + j] = v / a[j * ld + j];
        }
    }
    return true;
}

/* Rows below a factored block: x (rows, m) becomes x L^-T. */
static void solve_rows(int64_t m, const double *l, int64_t rows, double *x, int64_t ld)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < m; j++) {
            double v = x[i * ld + j];
            for (int64_t k = 0; k < j; k++) v -= x[i * ld + k] * l[j * ld + k];
            x[i * ld + j] = v / l[j * ld + j];
        }
}

static bool factor(int64_t n, double *a, double *diagonal)
{
    for (int64_t j = 0; j < n; j++) diagonal[j] = a[j * n + j];
    for (int64_t b = 0; b < n; b += BLOCK) {
        const int64_t m = n - b < BLOCK ? n - b : BLOCK, rest = n - b - m;
        double *const block = a + b * n + b;
        if (b > 0) nwc__dsyrk(false, m, b, -1.0, a + b * n, n, 1.0, block, n);
        if (!factor_block(m, block, n, diagonal + b)) return false;
        if (rest == 0) continue;
        double *const under = a + (b + m) * n;
        if (b > 0) nwc__dgemm(false, true, rest, m, b, -1.0, under, n, a + b * n, n, 1.0, under + b, n);
        solve_rows(m, block, rest, under + b, n);
    }
    return true;
}

/* A factored block becomes its own inverse, zeros above the diagonal. */
static void invert_block(int64_t m, double *l, int64_t ld)
{
    for (int64_t j = 0; j < m; j++) {
        l[j * ld + j] = 1.0 / l[j * ld + j];
        for (int64_t i = j + 1; i < m; i++) {
            double v = 0.0;
            for (int64_t k = j; k < i; k++) v -= l[i * ld + k] * l[k * ld + j];
            l[i * ld + j] = v / l[i * ld + i];
        }
    }
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = i + 1; j < m; j++) l[i * ld + j] = 0.0;
}

/* The factor's inverse in its place; row: (BLOCK, n). */
static void invert_factor(int64_t n, double *l, double *row)
{
    for (int64_t b = 0; b < n; b += BLOCK) {
        const int64_t m = n - b < BLOCK ? n - b : BLOCK;
        double *const block = l + b * n + b;
        invert_block(m, block, n);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = b + m; j < n; j++) l[(b + i) * n + j] = 0.0;
        if (b == 0) continue;
        nwc__dgemm(false, false, m, b, b, 1.0, l + b * n, n, l, n, 0.0, row, n);
        nwc__dgemm(false, false, m, b, m, -1.0, block, n, row, n, 0.0, l + b * n, n);
    }
}

/* The lower triangle of l' l, by rows of blocks; what lies above the diagonal of l is 0. */
static void square_factor(int64_t n, const double *l, double *square)
{
    for (int64_t b = 0; b < n; b += BLOCK) {
        const int64_t m = n - b < BLOCK ? n - b : BLOCK;
        nwc__dgemm(true, false, m, b + m, n - b, 1.0, l + b * n + b, n, l + b * n, n, 0.0, square + b * n, n);
    }
}

bool nwc__invert_spd(int64_t n, double *a, double *inverse)
{
    assert(n >= 1);
    if (!factor(n, a, inverse)) return false;
    invert_factor(n, a, inverse); /* its first rows for what is needed on the way */
    square_factor(n, a, inverse);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) inverse[i * n + j] = inverse[j * n + i];
    return true;
}
