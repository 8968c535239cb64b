/*
 * Tiles over threads: the only file that starts any.
 *
 * A job is one parallel region: threads take the next tile until none is left, so that uneven tiles balance. Since a tile
 * writes only what is its own, the order does not matter and the result is the same for every number of threads. The
 * calling thread, which works along, looks at progress and cancel between its tiles; leaving the region for that would
 * cost a barrier each time, and on a busy machine a barrier costs a time slice.
 */
#include "core/internal.h"

#include <stdatomic.h>
#include <stdio.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#define LOOKS 16 /* at progress and cancel in one job, where there are tiles enough */

/* A job on its way. */
struct run {
    nwc_ctx *ctx;
    const char *stage;
    nwc__tile_fn fn;
    void *job;
    int64_t n;
    _Atomic int64_t next; /* tile to be taken */
    _Atomic bool stop;
    int64_t failed; /* lowest tile that failed, or n where the progress callback asked to stop */
    nwc_status status;
    char text[1024];
};

/* Tiles are taken in order, so every tile below the lowest failing one has been taken before it and will be finished. */
static void note_failure(struct run *run, int64_t tile, nwc_status status)
{
#ifdef _OPENMP
#pragma omp critical(nwc__tile_failure)
#endif
    if (run->status == NWC_OK || tile < run->failed) {
        run->failed = tile;
        run->status = status;
        snprintf(run->text, sizeof run->text, "%s", nwc_error_text());
    }
    atomic_store(&run->stop, true);
}

static void work(struct run *run, bool calling_thread)
{
    const int64_t apart = run->n / LOOKS > 1 ? run->n / LOOKS : 1;
    int64_t look = 0, tile;
    /* Relaxed: taking a tile orders nothing, so that the thread sanitizer sees every race between two of them. */
    while (!atomic_load(&run->stop) &&
           (tile = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) < run->n) {
        nwc_status status = NWC_OK;
        if (calling_thread && tile >= look) {
            look = tile + apart;
            status = nwc__progress(run->ctx, run->stage, (double)tile / (double)run->n);
            if (status != NWC_OK) note_failure(run, run->n, status);
        }
        if (status == NWC_OK && (status = run->fn(tile, run->job)) != NWC_OK) note_failure(run, tile, status);
    }
}

nwc_status nwc__for_each_tile(nwc_ctx *ctx, const char *stage, int64_t n, nwc__tile_fn fn, void *job)
{
    if (n <= 0) return NWC_OK;
    struct run run = {.ctx = ctx, .stage = stage, .fn = fn, .job = job, .n = n};
#ifdef _OPENMP
    const int threads = ctx->threads < n ? ctx->threads : (int)n;
#pragma omp parallel num_threads(threads) if (threads > 1)
    work(&run, omp_get_thread_num() == 0);
#else
    work(&run, true);
#endif
    if (run.status != NWC_OK) return nwc__fail(run.status, "%s", run.text);
    return nwc__progress(ctx, stage, 1.0);
}
