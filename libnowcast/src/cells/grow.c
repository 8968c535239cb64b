/*
 * What is left of a storm shared among its cells, by flooding from them (Meyer 1994, Signal Process. 38, 113): from the greatest
 * value down, and over ground that is level, or higher than where the flood is, breadth first. No heap is wanted, since the
 * order of values is known.
 */
#include "cells/cells.h"

struct flood {
    const struct nwc__pixels *pixels;
    const int32_t *storm;
    int32_t *cell;
    uint8_t *waiting; /* reached, and lower than the flood is yet */
    int32_t *queue;   /* reached, and not lower */
    int32_t begin, end;
};

static void spread(struct flood *flood, int32_t p, float level)
{
    const struct nwc__pixels *const pixels = flood->pixels;
    for (int32_t o = 0; o < pixels->n_offsets; o++) {
        const int32_t q = pixels->map[pixels->place[p] + pixels->offset[o]];
        if (q < 0 || flood->cell[q] || flood->storm[q] != flood->storm[p]) continue;
        flood->cell[q] = flood->cell[p];
        if (pixels->value[q] >= level)
            flood->queue[flood->end++] = q;
        else
            flood->waiting[q] = 1;
    }
}

nwc_status nwc__cells_grow(nwc_ctx *ctx, const struct nwc__pixels *pixels, const int32_t *order, const int32_t *storm,
                           int32_t *cell)
{
    nwc_status status = NWC_OK;
    struct flood flood = {.pixels = pixels, .storm = storm, .cell = cell};
    NWC__ALLOC(ctx, flood.waiting, pixels->n);
    NWC__ALLOC(ctx, flood.queue, pixels->n);
    memset(flood.waiting, 0, (size_t)pixels->n);
    for (int32_t o = 0; o < pixels->n; o++) flood.queue[o] = cell[order[o]];
    for (int32_t o = 0; o < pixels->n; o++)
        if (flood.queue[o]) spread(&flood, order[o], INFINITY); /* waiting takes all: nothing is put into the queue */
    for (int32_t o = 0; o < pixels->n; o++) {
        const int32_t p = order[o];
        if (!flood.waiting[p]) continue;
        flood.begin = flood.end = 0;
        spread(&flood, p, pixels->value[p]);
        while (flood.begin < flood.end) spread(&flood, flood.queue[flood.begin++], pixels->value[p]);
    }
done:
    nwc__free(ctx, flood.queue);
    nwc__free(ctx, flood.waiting);
    return status;
}
