/*
 * The door to BLAS. OpenBLAS on several threads gives other last bits than on one, and the library's own threads are busy
 * already; so it is used on one. Its number of threads belongs to the whole process, the user's NumPy included: it is
 * lowered when the first batch begins and restored when the last one ends.
 */
#define _POSIX_C_SOURCE 200809L
#include "core/blas.h"

#include <cblas.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int batches;        /* under way */
static int threads_before; /* the first of them began */

void nwc__blas_begin(void)
{
    pthread_mutex_lock(&lock);
    if (batches++ == 0) {
        threads_before = openblas_get_num_threads();
        if (threads_before != 1) openblas_set_num_threads(1);
    }
    pthread_mutex_unlock(&lock);
}

void nwc__blas_end(void)
{
    pthread_mutex_lock(&lock);
    assert(batches > 0);
    if (--batches == 0 && threads_before != 1) openblas_set_num_threads(threads_before);
    pthread_mutex_unlock(&lock);
}

static CBLAS_TRANSPOSE op(bool transpose)
{
    return transpose ? CblasTrans : CblasNoTrans;
}

/* What BLAS can count. */
static blasint narrow(int64_t n)
{
    assert(n >= 0 && n <= INT32_MAX);
    return (blasint)n;
}

void nwc__sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    cblas_sgemm(CblasRowMajor, op(transpose_a), op(transpose_b), narrow(m), narrow(n), narrow(k), alpha, a, narrow(lda),
                b, narrow(ldb), beta, c, narrow(ldc));
}

void nwc__dgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                int64_t lda, const double *b, int64_t ldb, double beta, double *c, int64_t ldc)
{
    cblas_dgemm(CblasRowMajor, op(transpose_a), op(transpose_b), narrow(m), narrow(n), narrow(k), alpha, a, narrow(lda),
                b, narrow(ldb), beta, c, narrow(ldc));
}

void nwc__dgemv(bool transpose, int64_t m, int64_t n, double alpha, const double *a, int64_t lda, const double *x,
                double beta, double *y)
{
    cblas_dgemv(CblasRowMajor, op(transpose), narrow(m), narrow(n), alpha, a, narrow(lda), x, 1, beta, y, 1);
}

void nwc__dsyrk(bool transpose, int64_t n, int64_t k, double alpha, const double *a, int64_t lda, double beta,
                double *c, int64_t ldc)
{
    cblas_dsyrk(CblasRowMajor, CblasLower, op(transpose), narrow(n), narrow(k), alpha, a, narrow(lda), beta, c,
                narrow(ldc));
}

/* LAPACK, which OpenBLAS brings without a header; by columns, so its upper triangle is the lower one here. */
void dpotrf_(const char *triangle, const blasint *n, double *a, const blasint *lda, blasint *info);
void dpotri_(const char *triangle, const blasint *n, double *a, const blasint *lda, blasint *info);

bool nwc__invert_spd(int64_t n, double *a)
{
    const blasint size = narrow(n);
    blasint info = 0;
    dpotrf_("U", &size, a, &size, &info);
    if (info == 0) dpotri_("U", &size, a, &size, &info);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i];
    return info == 0;
}

void dsyev_(const char *vectors, const char *triangle, const blasint *n, double *a, const blasint *lda, double *values,
            double *work, const blasint *work_size, blasint *info);

bool nwc__eigen_symmetric(int64_t n, double *a, double *values, double *work)
{
    const blasint size = narrow(n), work_size = narrow(3 * n);
    blasint info = 0;
    dsyev_("V", "U", &size, a, &size, values, work, &work_size, &info);
    return info == 0;
}
