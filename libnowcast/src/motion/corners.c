/*
 * Corners: cells that can be recognised in a later frame, since the image varies around them in every direction.
 *
 * A cell is as good as the smaller eigenvalue of its structure tensor, the sum of the gradient's outer product over 5 x 5
 * cells (Shi and Tomasi 1994, "Good features to track", section 3). Taken are local maxima of that measure from the
 * strongest down, each keeping others 10 cells away.
 */
#include "motion/lucas_kanade.h"

#include <stdlib.h>

NWC__DECLARE_KERNELS(nwc__lk_kernels);

#define QUALITY 0.001f /* share of the strongest corner that a corner needs; .01 let hail rule out rain */
enum {
    DISTANCE = 10, /* cells between corners */
    SQUARE = 7     /* side of squares that hold one corner at most, since their diagonal is shorter than DISTANCE */
};

/* One image, as the tiles see it; a tile is a row. */
struct job {
    const nwc__lk_kernels *kernels;
    const struct nwc__lk_level *level;
    float *response;                   /* (ny, nx) */
    float *largest;                    /* of each row */
    float least;                       /* what a corner needs */
    int64_t *start;                    /* ny + 1: where the candidates of a row begin */
    struct nwc__lk_corner *candidates; /* NULL while they are counted */
};

static nwc_status measure_row(int64_t j, void *user)
{
    struct job *const job = user;
    const int64_t at = j * job->level->stride;
    job->largest[j] = job->kernels->corner(job->level->image + at, job->level->stride, job->level->valid + at,
                                           job->level->nx, job->response + j * job->level->nx);
    return NWC_OK;
}

/* No neighbour is stronger. The edge is never valid, so every candidate has eight neighbours. */
static bool is_peak(const float *response, int64_t nx)
{
    const float r = *response;
    return r >= response[-1] && r >= response[1] && r >= response[-nx] && r >= response[nx] && r >= response[-nx - 1] &&
           r >= response[-nx + 1] && r >= response[nx - 1] && r >= response[nx + 1];
}

static nwc_status collect_row(int64_t j, void *user)
{
    struct job *const job = user;
    const int64_t nx = job->level->nx;
    const float *const row = job->response + j * nx;
    int64_t n = 0;
    if (job->largest[j] >= job->least)
        for (int64_t i = 0; i < nx; i++) {
            if (row[i] < job->least || !is_peak(row + i, nx)) continue;
            if (job->candidates)
                job->candidates[job->start[j] + n] = (struct nwc__lk_corner){row[i], (int32_t)j, (int32_t)i};
            n++;
        }
    if (!job->candidates) job->start[j + 1] = n;
    return NWC_OK;
}

static int stronger_first(const void *a, const void *b)
{
    const struct nwc__lk_corner *const p = a, *const q = b;
    if (p->response != q->response) return p->response > q->response ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    return (p->x > q->x) - (p->x < q->x);
}

static bool is_free(const int32_t *square, int64_t ny, int64_t nx, const struct nwc__lk_corner *taken,
                    const struct nwc__lk_corner *corner)
{
    const int64_t row = corner->y / SQUARE, column = corner->x / SQUARE;
    for (int64_t j = row - 2; j <= row + 2; j++)
        for (int64_t i = column - 2; i <= column + 2; i++) {
            if (j < 0 || i < 0 || j >= ny || i >= nx || square[j * nx + i] < 0) continue;
            const struct nwc__lk_corner *const other = &taken[square[j * nx + i]];
            const int64_t dy = other->y - corner->y, dx = other->x - corner->x;
            if (dy * dy + dx * dx < DISTANCE * DISTANCE) return false;
        }
    return true;
}

/* Take the strongest candidates that keep their distance. */
static nwc_status thin_out(nwc_ctx *ctx, const struct job *job, int64_t n_candidates, int64_t limit,
                           struct nwc__lk_corner *corners, int64_t *n)
{
    nwc_status status = NWC_OK;
    const int64_t ny = job->level->ny / SQUARE + 1, nx = job->level->nx / SQUARE + 1;
    int32_t *square = NULL; /* (ny, nx): the corner in each, -1 for none */
    NWC__ALLOC(ctx, square, ny * nx);
    for (int64_t i = 0; i < ny * nx; i++) square[i] = -1;
    qsort(job->candidates, (size_t)n_candidates, sizeof *job->candidates, stronger_first);
    for (int64_t c = 0; c < n_candidates && *n < limit; c++) {
        const struct nwc__lk_corner *const candidate = &job->candidates[c];
        if (!is_free(square, ny, nx, corners, candidate)) continue;
        square[candidate->y / SQUARE * nx + candidate->x / SQUARE] = (int32_t)*n;
        corners[(*n)++] = *candidate;
    }
done:
    nwc__free(ctx, square);
    return status;
}

nwc_status nwc__lk_corners(nwc_ctx *ctx, const struct nwc__lk_level *level, int64_t limit, float *response,
                           struct nwc__lk_corner *corners, int64_t *n)
{
    nwc_status status = NWC_OK;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__lk_kernels), .level = level, .response = response};
    struct nwc__lk_corner *candidates = NULL;
    *n = 0;
    NWC__ALLOC(ctx, job.largest, level->ny);
    NWC__ALLOC(ctx, job.start, level->ny + 1);
    if ((status = nwc__for_each_tile(ctx, NULL, level->ny, measure_row, &job)) != NWC_OK) goto done;
    float strongest = 0.0f;
    for (int64_t j = 0; j < level->ny; j++) strongest = fmaxf(strongest, job.largest[j]);
    if (!(strongest > 0.0f)) goto done;
    job.least = QUALITY * strongest;
    job.start[0] = 0;
    if ((status = nwc__for_each_tile(ctx, NULL, level->ny, collect_row, &job)) != NWC_OK) goto done;
    for (int64_t j = 0; j < level->ny; j++) job.start[j + 1] += job.start[j];
    NWC__ALLOC(ctx, candidates, job.start[level->ny]);
    job.candidates = candidates;
    if ((status = nwc__for_each_tile(ctx, NULL, level->ny, collect_row, &job)) != NWC_OK) goto done;
    status = thin_out(ctx, &job, job.start[level->ny], limit, corners, n);
done:
    nwc__free(ctx, candidates);
    nwc__free(ctx, job.start);
    nwc__free(ctx, job.largest);
    return status;
}
