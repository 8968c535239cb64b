/*
 * Solvers for systems of a few unknowns, where a call into LAPACK would cost more than the work: Cholesky for normal
 * equations and covariances, Householder's QR for least squares that must not square the condition. Golub and Van Loan
 * (2013), algorithms 4.2.2 and 5.2.1.
 */
#include "core/blas.h"

bool nwc__factor_spd(int32_t n, double *a)
{
    assert(n >= 1);
    for (int32_t j = 0; j < n; j++) {
        const double diagonal = a[j * n + j];
        double pivot = diagonal;
        for (int32_t k = 0; k < j; k++) pivot -= a[j * n + k] * a[j * n + k];
        if (!(pivot > 1e-14 * diagonal && diagonal > 0.0)) return false; /* also where NaN has come in */
        const double root = sqrt(pivot);
        a[j * n + j] = root;
        for (int32_t i = j + 1; i < n; i++) {
            double v = a[i * n + j];
            for (int32_t k = 0; k < j; k++) v -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = v / root;
        }
    }
    return true;
}

void nwc__solve_factored(int32_t n, const double *factor, double *b)
{
    for (int32_t j = 0; j < n; j++) {
        for (int32_t k = 0; k < j; k++) b[j] -= factor[j * n + k] * b[k];
        b[j] /= factor[j * n + j];
    }
    for (int32_t j = n - 1; j >= 0; j--) {
        for (int32_t k = j + 1; k < n; k++) b[j] -= factor[k * n + j] * b[k];
        b[j] /= factor[j * n + j];
    }
}

bool nwc__solve_spd(int32_t n, double *a, double *b)
{
    if (!nwc__factor_spd(n, a)) return false;
    nwc__solve_factored(n, a, b);
    return true;
}

static double column_length(int64_t m, int32_t n, const double *a, int64_t first, int32_t column)
{
    double ss = 0.0;
    for (int64_t i = first; i < m; i++) ss += a[i * n + column] * a[i * n + column];
    return sqrt(ss);
}

/* y := (I - v v' / (length * |v[0]|)) y, v being column of a from row column on. */
static void reflect(int64_t m, int32_t n, const double *a, int32_t column, double scale, double *y, int64_t step)
{
    double dot = 0.0;
    for (int64_t i = column; i < m; i++) dot += a[i * n + column] * y[i * step];
    dot *= scale;
    for (int64_t i = column; i < m; i++) y[i * step] -= dot * a[i * n + column];
}

bool nwc__least_squares(int64_t m, int32_t n, double *a, double *b, double *x, double *residual_ss)
{
    assert(n >= 1 && n <= NWC__SMALL_MAX && m >= n);
    double diagonal[NWC__SMALL_MAX], length_before[NWC__SMALL_MAX];
    for (int32_t k = 0; k < n; k++) length_before[k] = column_length(m, n, a, 0, k);
    for (int32_t k = 0; k < n; k++) {
        const double length = column_length(m, n, a, k, k);
        if (!(length > 1e-12 * length_before[k])) return false;
        diagonal[k] = a[k * n + k] > 0.0 ? -length : length;
        a[k * n + k] -= diagonal[k]; /* the column is now the reflector v, and v'v = 2 length |v[0]| */
        const double scale = 1.0 / (length * fabs(a[k * n + k]));
        for (int32_t c = k + 1; c < n; c++) reflect(m, n, a, k, scale, a + c, n);
        reflect(m, n, a, k, scale, b, 1);
    }
    for (int32_t k = n - 1; k >= 0; k--) {
        x[k] = b[k];
        for (int32_t c = k + 1; c < n; c++) x[k] -= a[k * n + c] * x[c];
        x[k] /= diagonal[k];
    }
    if (residual_ss) {
        *residual_ss = 0.0;
        for (int64_t i = n; i < m; i++) *residual_ss += b[i] * b[i];
    }
    return true;
}
