/* A raster: the gridded fields of one file, in memory. It outlives the context it was made with. */
#include "radar/format/format.h"

struct stored {
    struct stored *next;
    nwc_grid grid;
    nwc_layer layer;
    char *text[5]; /* projection, name, quantity, units, source */
    float *cells;
};

struct nwc_raster {
    struct nwc_ctx memory; /* allocator only */
    const char *format;
    int64_t bytes, max_bytes;
    int64_t count;
    struct stored *first, *last;
};

nwc_status nwc__raster_create(nwc_ctx *ctx, const char *format, int64_t max_bytes, nwc_raster **made)
{
    nwc_raster *const raster = nwc__alloc(ctx, 1, sizeof *raster);
    if (!raster) return NWC_ERR_NOMEM;
    *raster = (nwc_raster){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                           .format = format,
                           .max_bytes = max_bytes};
    *made = raster;
    return NWC_OK;
}

int64_t nwc__raster_limit(const nwc_raster *raster)
{
    return raster->max_bytes;
}

void nwc__raster_set_format(nwc_raster *raster, const char *format)
{
    raster->format = format;
}

static void free_stored(nwc_ctx *memory, struct stored *stored)
{
    nwc__free(memory, stored->cells);
    for (int t = 4; t >= 0; t--) nwc__free(memory, stored->text[t]);
    nwc__free(memory, stored);
}

void nwc_raster_destroy(nwc_raster *raster)
{
    if (!raster) return;
    struct nwc_ctx memory = raster->memory;
    for (struct stored *stored = raster->first; stored;) {
        struct stored *const next = stored->next;
        free_stored(&memory, stored);
        stored = next;
    }
    nwc__free(&memory, raster);
}

static nwc_status check_size(const nwc_raster *raster, const nwc_grid *grid)
{
    if (grid->nx < 1 || grid->ny < 1 || grid->nx > NWC__MOST_CELLS_ALONG || grid->ny > NWC__MOST_CELLS_ALONG)
        return nwc__fail(NWC_ERR_FORMAT, "1 to %d cells along each axis expected, %lld x %lld found",
                         NWC__MOST_CELLS_ALONG, (long long)grid->ny, (long long)grid->nx);
    if (grid->nx * grid->ny * 4 > raster->max_bytes - raster->bytes)
        return nwc__fail(NWC_ERR_NOMEM, "%lld x %lld cells: more than the limit of %lld bytes", (long long)grid->ny,
                         (long long)grid->nx, (long long)raster->max_bytes);
    return NWC_OK;
}

nwc_status nwc__raster_add(nwc_raster *raster, const struct nwc__layer_facts *facts, float **cells)
{
    nwc_status status = NWC_OK;
    nwc_ctx *const memory = &raster->memory;
    const int64_t nx = facts->grid.nx, ny = facts->grid.ny;
    NWC__TRY(check_size(raster, &facts->grid));
    struct stored *const stored = nwc__alloc(memory, 1, sizeof *stored);
    if (!stored) return NWC_ERR_NOMEM;
    *stored = (struct stored){.grid = facts->grid};
    const char *const text[5] = {facts->grid.projection, facts->name, facts->quantity, facts->units, facts->source};
    for (int t = 0; t < 5; t++)
        if (!(stored->text[t] = nwc__copy_text(memory, text[t] ? text[t] : ""))) {
            status = NWC_ERR_NOMEM;
            goto done;
        }
    NWC__ALLOC(memory, stored->cells, nx * ny);
    stored->grid.projection = stored->text[0];
    stored->layer = (nwc_layer){.name = stored->text[1],
                                .quantity = stored->text[2],
                                .source = stored->text[4],
                                .time_ns = facts->time_ns,
                                .reference_ns = facts->reference_ns,
                                .duration_s = facts->duration_s,
                                .height_m = facts->height_m,
                                .members = facts->members,
                                .member = facts->member};
    stored->layer.field = (nwc_field){.data = stored->cells + (facts->north_first ? (ny - 1) * nx : 0),
                                      .ndim = 2,
                                      .dim = {ny, nx},
                                      .stride = {facts->north_first ? -nx : nx, 1},
                                      .missing = NAN,
                                      .units = stored->text[3],
                                      .grid = &stored->grid};
    status = nwc_grid_check(memory, &stored->grid);
    if (status == NWC_ERR_ARG) status = nwc__fail(NWC_ERR_FORMAT, "%s", nwc_error_text());
    if (status != NWC_OK) goto done;
    if (raster->last)
        raster->last->next = stored;
    else
        raster->first = stored;
    raster->last = stored;
    raster->count++;
    raster->bytes += nx * ny * 4;
    *cells = stored->cells;
    return NWC_OK;
done:
    free_stored(memory, stored);
    return status;
}

const char *nwc_raster_format(const nwc_raster *raster)
{
    return raster ? raster->format : NULL;
}

int64_t nwc_raster_count(const nwc_raster *raster)
{
    return raster ? raster->count : 0;
}

nwc_status nwc_raster_layer(const nwc_raster *raster, int64_t index, nwc_layer *layer)
{
    if (!raster) return nwc__fail(NWC_ERR_ARG, "raster: a raster expected, NULL given");
    if (!layer) return nwc__fail(NWC_ERR_ARG, "layer: a place for the layer expected, NULL given");
    if (index < 0 || index >= raster->count)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %lld expected, %lld given", (long long)raster->count - 1,
                         (long long)index);
    const struct stored *stored = raster->first;
    for (int64_t k = 0; k < index; k++) stored = stored->next;
    *layer = stored->layer;
    return NWC_OK;
}
