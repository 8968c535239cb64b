/* The nearest of scattered vectors: a grid of square buckets, searched in growing rings. */
#include "motion/lucas_kanade.h"

#define FILL 3.0 /* vectors in a bucket, on average, were they spread evenly */

static int64_t bucket_of(double at, double first, double side, int64_t n)
{
    const double cell = floor((at - first) / side);
    return cell < 0.0 ? 0 : cell > (double)(n - 1) ? n - 1 : (int64_t)cell;
}

nwc_status nwc__lk_buckets_create(nwc_ctx *ctx, const struct nwc__lk_vector *vectors, int64_t n,
                                  struct nwc__lk_buckets *buckets)
{
    nwc_status status = NWC_OK;
    double x_least = vectors[0].x, x_most = x_least, y_least = vectors[0].y, y_most = y_least;
    for (int64_t i = 1; i < n; i++) {
        x_least = fmin(x_least, vectors[i].x), x_most = fmax(x_most, vectors[i].x);
        y_least = fmin(y_least, vectors[i].y), y_most = fmax(y_most, vectors[i].y);
    }
    const double width = x_most - x_least + 1.0, height = y_most - y_least + 1.0;
    const double side = fmax(1.0, sqrt(FILL * width * height / (double)n));
    *buckets = (struct nwc__lk_buckets){.vectors = vectors,
                                        .n = n,
                                        .nx = (int64_t)(width / side) + 1,
                                        .ny = (int64_t)(height / side) + 1,
                                        .x_first = x_least,
                                        .y_first = y_least,
                                        .side = side};
    const int64_t cells = buckets->nx * buckets->ny;
    NWC__ALLOC(ctx, buckets->start, cells + 1);
    NWC__ALLOC(ctx, buckets->item, n);
    memset(buckets->start, 0, (size_t)(cells + 1) * sizeof *buckets->start);
    for (int pass = 0; pass < 2; pass++) { /* count, then place from the back, which leaves start at the beginnings */
        for (int64_t i = n - 1; i >= 0; i--) {
            const int64_t cell = bucket_of(vectors[i].y, y_least, side, buckets->ny) * buckets->nx +
                                 bucket_of(vectors[i].x, x_least, side, buckets->nx);
            if (pass == 0)
                buckets->start[cell]++;
            else
                buckets->item[--buckets->start[cell]] = (int32_t)i;
        }
        if (pass == 0)
            for (int64_t c = 1; c <= cells; c++) buckets->start[c] += buckets->start[c - 1];
    }
done:
    return status; /* what was allocated is the caller's to destroy */
}

void nwc__lk_buckets_destroy(nwc_ctx *ctx, struct nwc__lk_buckets *buckets)
{
    nwc__free(ctx, buckets->item);
    nwc__free(ctx, buckets->start);
    buckets->item = buckets->start = NULL;
}

/* What a search has found: nearest first, of equally near the lower number. */
struct found {
    int32_t n, k;
    int32_t *number;
    double *distance2;
};

static void offer(struct found *found, int32_t number, double distance2)
{
    int32_t at = found->n;
    while (at > 0 && (distance2 < found->distance2[at - 1] ||
                      (distance2 == found->distance2[at - 1] && number < found->number[at - 1])))
        at--;
    if (at == found->k) return;
    if (found->n < found->k) found->n++;
    for (int32_t i = found->n - 1; i > at; i--) {
        found->number[i] = found->number[i - 1];
        found->distance2[i] = found->distance2[i - 1];
    }
    found->number[at] = number;
    found->distance2[at] = distance2;
}

static void offer_bucket(const struct nwc__lk_buckets *b, int64_t j, int64_t i, double x, double y, struct found *found)
{
    if (j < 0 || i < 0 || j >= b->ny || i >= b->nx) return;
    for (int32_t at = b->start[j * b->nx + i]; at < b->start[j * b->nx + i + 1]; at++) {
        const struct nwc__lk_vector *const vector = &b->vectors[b->item[at]];
        const double dx = vector->x - x, dy = vector->y - y;
        offer(found, b->item[at], dx * dx + dy * dy);
    }
}

/* How far from at the buckets begin that lie beyond ring r around bucket cell along one axis; INFINITY when none do. */
static double beyond(double at, double first, double side, int64_t cell, int64_t r, int64_t n)
{
    const double below = cell - r > 0 ? at - (first + (double)(cell - r) * side) : INFINITY;
    const double above = cell + r < n - 1 ? first + (double)(cell + r + 1) * side - at : INFINITY;
    return fmin(below, above);
}

int32_t nwc__lk_nearest(const struct nwc__lk_buckets *b, double x, double y, int32_t k, int32_t *number,
                        double *distance2)
{
    assert(k >= 1 && k <= NWC__LK_NEAREST);
    struct found found = {.k = k, .number = number, .distance2 = distance2};
    const int64_t row = bucket_of(y, b->y_first, b->side, b->ny), column = bucket_of(x, b->x_first, b->side, b->nx);
    for (int64_t r = 0;; r++) {
        for (int64_t i = column - r; i <= column + r; i++) {
            offer_bucket(b, row - r, i, x, y, &found);
            if (r > 0) offer_bucket(b, row + r, i, x, y, &found);
        }
        for (int64_t j = row - r + 1; j < row + r; j++) {
            offer_bucket(b, j, column - r, x, y, &found);
            offer_bucket(b, j, column + r, x, y, &found);
        }
        const double rest =
            fmin(beyond(y, b->y_first, b->side, row, r, b->ny), beyond(x, b->x_first, b->side, column, r, b->nx));
        if (isinf(rest)) return found.n;
        if (found.n == k && distance2[k - 1] < rest * rest) return found.n;
    }
}
