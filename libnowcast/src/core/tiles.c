/*
 * Tiles over threads: the only file that starts any.
 *
 * Tiles are handed out one by one, so that uneven ones balance; since a tile writes only what is its own, the order
 * does not matter and the result is the same for every number of threads. Progress and cancel are looked at on the
 * calling thread between batches, and a batch is long enough that the threads' start does not show.
 */
#include "core/internal.h"

#include <stdio.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#define BATCHES 16 /* looks at progress and cancel in one job, where there are tiles enough */

/* What failed first, in tile order. */
struct failure {
    int64_t tile;
    nwc_status status;
    char text[1024];
};

static void note_failure(struct failure *failure, int64_t tile, nwc_status status)
{
    if (failure->status != NWC_OK && failure->tile < tile) return;
    failure->tile = tile;
    failure->status = status;
    snprintf(failure->text, sizeof failure->text, "%s", nwc_error_text());
}

static void run_batch(int threads, int64_t first, int64_t end, nwc__tile_fn fn, void *job, struct failure *failure)
{
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) if (threads > 1 && end - first > 1)
#endif
    for (int64_t tile = first; tile < end; tile++) {
        const nwc_status status = fn(tile, job);
        if (status != NWC_OK) {
#ifdef _OPENMP
#pragma omp critical(nwc__tile_failure)
#endif
            note_failure(failure, tile, status);
        }
    }
}

nwc_status nwc__for_each_tile(nwc_ctx *ctx, const char *stage, int64_t n, nwc__tile_fn fn, void *job)
{
    struct failure failure = {.status = NWC_OK};
    const int64_t least = (int64_t)ctx->threads * 8;
    const int64_t batch = n / BATCHES > least ? n / BATCHES : least;
    for (int64_t first = 0; first < n; first += batch) {
        NWC__TRY(nwc__progress(ctx, stage, (double)first / (double)n));
        const int64_t end = n - first < batch ? n : first + batch;
        run_batch(ctx->threads, first, end, fn, job, &failure);
        if (failure.status != NWC_OK) return nwc__fail(failure.status, "%s", failure.text);
    }
    return n > 0 ? nwc__progress(ctx, stage, 1.0) : NWC_OK;
}
