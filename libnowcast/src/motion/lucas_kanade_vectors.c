/* Sparse vectors made fit for interpolation: outliers out, clusters to one. */
#include "motion/lucas_kanade.h"

#include <stdlib.h>

enum { NEIGHBOURS = 30, LEAST_NEIGHBOURS = 5 };
#define DEVIATIONS 3.0

struct job {
    const struct nwc__lk_buckets *buckets;
    double floor2;
    bool *outlier;
};

/*
 * The Mahalanobis distance of a vector from the mean of its neighbours, by their own covariance, which has a floor in every
 * direction: where neighbours agree to the last digit, a small difference is no error.
 */
static nwc_status judge(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__lk_vector *const vectors = job->buckets->vectors, *const self = &vectors[tile];
    int32_t number[NWC__LK_NEAREST];
    double distance2[NWC__LK_NEAREST];
    const int32_t found = nwc__lk_nearest(job->buckets, self->x, self->y, NEIGHBOURS + 1, number, distance2);
    double n = 0.0, u = 0.0, v = 0.0;
    for (int32_t k = 0; k < found; k++)
        if (number[k] != tile) n += 1.0, u += vectors[number[k]].u, v += vectors[number[k]].v;
    job->outlier[tile] = false;
    if (n < LEAST_NEIGHBOURS) return NWC_OK;
    u /= n, v /= n;
    double uu = 0.0, uv = 0.0, vv = 0.0;
    for (int32_t k = 0; k < found; k++) {
        if (number[k] == tile) continue;
        const double du = vectors[number[k]].u - u, dv = vectors[number[k]].v - v;
        uu += du * du, uv += du * dv, vv += dv * dv;
    }
    uu = uu / (n - 1.0) + job->floor2, uv = uv / (n - 1.0), vv = vv / (n - 1.0) + job->floor2;
    const double du = self->u - u, dv = self->v - v;
    job->outlier[tile] =
        (vv * du * du - 2.0 * uv * du * dv + uu * dv * dv) / (uu * vv - uv * uv) > DEVIATIONS * DEVIATIONS;
    return NWC_OK;
}

nwc_status nwc__lk_drop_outliers(nwc_ctx *ctx, double floor_cells_s, struct nwc__lk_vector *vectors, int64_t *n)
{
    if (*n == 0) return NWC_OK;
    nwc_status status = NWC_OK;
    struct nwc__lk_buckets buckets = {.n = 0};
    struct job job = {.buckets = &buckets, .floor2 = floor_cells_s * floor_cells_s};
    if ((status = nwc__lk_buckets_create(ctx, vectors, *n, &buckets)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.outlier, *n);
    if ((status = nwc__for_each_tile(ctx, NULL, *n, judge, &job)) != NWC_OK) goto done;
    int64_t kept = 0;
    for (int64_t i = 0; i < *n; i++)
        if (!job.outlier[i]) vectors[kept++] = vectors[i];
    *n = kept;
done:
    nwc__free(ctx, job.outlier);
    nwc__lk_buckets_destroy(ctx, &buckets);
    return status;
}

/* A vector and the square it lies in. */
struct placed {
    int64_t row, column;
    int64_t number; /* keeps the order of equals */
    struct nwc__lk_vector vector;
};

static int by_square(const void *a, const void *b)
{
    const struct placed *const p = a, *const q = b;
    if (p->row != q->row) return p->row < q->row ? -1 : 1;
    if (p->column != q->column) return p->column < q->column ? -1 : 1;
    return (p->number > q->number) - (p->number < q->number);
}

static int ascending(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

/* The median of one component of n vectors; scratch holds n. */
static double median(const struct placed *placed, int64_t n, size_t component, double *scratch)
{
    for (int64_t i = 0; i < n; i++) memcpy(&scratch[i], (const char *)&placed[i].vector + component, sizeof *scratch);
    qsort(scratch, (size_t)n, sizeof *scratch, ascending);
    return 0.5 * (scratch[(n - 1) / 2] + scratch[n / 2]);
}

nwc_status nwc__lk_decluster(nwc_ctx *ctx, double scale, struct nwc__lk_vector *vectors, int64_t *n)
{
    nwc_status status = NWC_OK;
    struct placed *placed = NULL;
    double *scratch = NULL;
    NWC__ALLOC(ctx, placed, *n);
    NWC__ALLOC(ctx, scratch, *n);
    for (int64_t i = 0; i < *n; i++)
        placed[i] = (struct placed){.row = (int64_t)floor(vectors[i].y / scale),
                                    .column = (int64_t)floor(vectors[i].x / scale),
                                    .number = i,
                                    .vector = vectors[i]};
    qsort(placed, (size_t)*n, sizeof *placed, by_square);
    int64_t kept = 0;
    for (int64_t first = 0, end; first < *n; first = end) {
        for (end = first + 1;
             end < *n && placed[end].row == placed[first].row && placed[end].column == placed[first].column;)
            end++;
        vectors[kept++] = (struct nwc__lk_vector){
            .x = median(placed + first, end - first, offsetof(struct nwc__lk_vector, x), scratch),
            .y = median(placed + first, end - first, offsetof(struct nwc__lk_vector, y), scratch),
            .u = median(placed + first, end - first, offsetof(struct nwc__lk_vector, u), scratch),
            .v = median(placed + first, end - first, offsetof(struct nwc__lk_vector, v), scratch)};
    }
    *n = kept;
done:
    nwc__free(ctx, scratch);
    nwc__free(ctx, placed);
    return status;
}
