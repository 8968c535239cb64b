/* Dense linear algebra: BLAS, used on one thread, and small solvers of our own. Matrices are stored by rows. */
#ifndef NWC_CORE_BLAS_H
#define NWC_CORE_BLAS_H

#include "core/internal.h"

/*
 * Around every batch of BLAS calls, on the thread that starts the batch's tiles: BLAS uses one thread from the first begin
 * under way to the last end, then as many as before. Batches may nest and overlap.
 */
void nwc__blas_begin(void);
void nwc__blas_end(void);

/* c (m, n) = alpha op(a) op(b) + beta c; op(a) is (m, k) and op(b) (k, n), transposed where asked. ld*: cells per row. */
void nwc__sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
void nwc__dgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                int64_t lda, const double *b, int64_t ldb, double beta, double *c, int64_t ldc);

/* y = alpha op(a) x + beta y, a being (m, n) as stored. */
void nwc__dgemv(bool transpose, int64_t m, int64_t n, double alpha, const double *a, int64_t lda, const double *x,
                double beta, double *y);

/* The lower triangle of c (n, n) = alpha a a' + beta c, a being (n, k); or, transposed, a' a with a (k, n). */
void nwc__dsyrk(bool transpose, int64_t n, int64_t k, double alpha, const double *a, int64_t lda, double beta,
                double *c, int64_t ldc);

/*
 * A symmetric positive definite a (n, n), of which the lower triangle is read, becomes its inverse, both triangles of it. False, and a
 * is of no more use, where it is not positive definite.
 */
bool nwc__invert_spd(int64_t n, double *a);

/*
 * A symmetric a (n, n), of which the lower triangle is read, becomes its eigenvectors, one a row, and values (n) what belongs to each,
 * ascending; work: 3 n. False where they are not found.
 */
bool nwc__eigen_symmetric(int64_t n, double *a, double *values, double *work);

/* ---- small systems: core/small_solve.c, no BLAS, same bits everywhere in a build ---- */

enum { NWC__SMALL_MAX = 64 };

/*
 * Solve a x = b for a symmetric positive definite a (n, n), n up to some hundreds, of which the lower triangle is read and
 * overwritten by its Cholesky factor; b becomes x. False, with b as it was, when a is not positive definite beyond rounding.
 */
bool nwc__solve_spd(int32_t n, double *a, double *b);

/* Both halves of that, for several b: the factor of a in its lower triangle, and what one b becomes by it. */
bool nwc__factor_spd(int32_t n, double *a);
void nwc__solve_factored(int32_t n, const double *factor, double *b);

/*
 * The x (n) that makes |a x - b| least, a being (m, n), m >= n, n <= NWC__SMALL_MAX, by Householder's QR. Overwrites a and
 * b; *residual_ss (may be NULL) is the least sum of squares. False when a column depends on those before it, to 1e-12 of
 * its length; x is then not set.
 */
bool nwc__least_squares(int64_t m, int32_t n, double *a, double *b, double *x, double *residual_ss);

#endif
