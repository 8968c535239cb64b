/* The list of a model's entries and the memory behind it: texts and grids are kept once, however many entries share them. */
#include "model/model.h"

enum { FIRST_ROOM = 64 };

/* A text or a grid that entries point to. */
struct kept {
    struct kept *next;
    nwc_grid grid;
    char *text; /* the projection where it is a grid */
};

struct nwc_model {
    struct nwc_ctx memory; /* allocator only */
    nwc__model_item *items;
    int64_t count, room;
    nwc__model_source *sources;
    int32_t n_sources;
    struct kept *texts, *grids;
    char incomplete[512];
};

nwc_status nwc__model_create(nwc_ctx *ctx, nwc_model **made)
{
    nwc_model *const model = nwc__alloc(ctx, 1, sizeof *model);
    if (!model) return NWC_ERR_NOMEM;
    *model = (nwc_model){
        .memory = {
            .threads = 1, .simd = ctx->simd, .alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user}};
    *made = model;
    return NWC_OK;
}

static void release(nwc_ctx *memory, struct kept *kept)
{
    while (kept) {
        struct kept *const next = kept->next;
        nwc__free(memory, kept->text);
        nwc__free(memory, kept);
        kept = next;
    }
}

void nwc_model_destroy(nwc_model *model)
{
    if (!model) return;
    struct nwc_ctx memory = model->memory;
    for (int32_t s = 0; s < model->n_sources; s++) model->sources[s].close(model->sources[s].state);
    release(&memory, model->texts);
    release(&memory, model->grids);
    nwc__free(&memory, model->sources);
    nwc__free(&memory, model->items);
    nwc__free(&memory, model);
}

nwc_ctx *nwc__model_memory(nwc_model *model)
{
    return &model->memory;
}

void nwc__model_set_incomplete(nwc_model *model, const char *reason)
{
    const size_t length = strlen(reason);
    const size_t kept = length < sizeof model->incomplete ? length : sizeof model->incomplete - 1;
    memcpy(model->incomplete, reason, kept);
    model->incomplete[kept] = '\0';
}

const char *nwc_model_incomplete(const nwc_model *model)
{
    return model ? model->incomplete : "";
}

nwc_status nwc__model_add_source(nwc_model *model, const nwc__model_source *source)
{
    nwc__model_source *const larger = nwc__alloc(&model->memory, model->n_sources + 1, sizeof *larger);
    if (!larger) {
        source->close(source->state);
        return NWC_ERR_NOMEM;
    }
    if (model->n_sources) memcpy(larger, model->sources, (size_t)model->n_sources * sizeof *larger);
    larger[model->n_sources++] = *source;
    nwc__free(&model->memory, model->sources);
    model->sources = larger;
    return NWC_OK;
}

static struct kept *keep(nwc_ctx *memory, struct kept **list, const char *text)
{
    struct kept *const kept = nwc__alloc(memory, 1, sizeof *kept);
    if (!kept) return NULL;
    *kept = (struct kept){.next = *list, .text = nwc__copy_text(memory, text)};
    if (!kept->text) {
        nwc__free(memory, kept);
        return NULL;
    }
    return *list = kept;
}

static nwc_status keep_text(nwc_model *model, const char **text)
{
    const char *const wanted = *text ? *text : "";
    const struct kept *found = model->texts;
    while (found && strcmp(found->text, wanted) != 0) found = found->next;
    if (!found) found = keep(&model->memory, &model->texts, wanted);
    if (!found) return NWC_ERR_NOMEM;
    *text = found->text;
    return NWC_OK;
}

static nwc_status keep_grid(nwc_model *model, const nwc_grid **grid)
{
    if (!*grid) return NWC_OK;
    const nwc_grid *const wanted = *grid;
    struct kept *found = model->grids;
    for (; found; found = found->next) {
        const nwc_grid *const g = &found->grid;
        if (g->nx == wanted->nx && g->ny == wanted->ny && g->x_first == wanted->x_first &&
            g->y_first == wanted->y_first && g->dx == wanted->dx && g->dy == wanted->dy &&
            strcmp(g->projection, wanted->projection) == 0)
            break;
    }
    if (!found) {
        NWC__TRY(nwc_grid_check(&model->memory, wanted));
        if (!(found = keep(&model->memory, &model->grids, wanted->projection))) return NWC_ERR_NOMEM;
        found->grid = *wanted;
        found->grid.projection = found->text;
    }
    *grid = &found->grid;
    return NWC_OK;
}

nwc_status nwc__model_add(nwc_model *model, const nwc__model_item *given)
{
    if (model->count == model->room) {
        const int64_t room = model->room ? 2 * model->room : FIRST_ROOM;
        nwc__model_item *const larger = nwc__alloc(&model->memory, room, sizeof *larger);
        if (!larger) return NWC_ERR_NOMEM;
        if (model->count) memcpy(larger, model->items, (size_t)model->count * sizeof *larger);
        nwc__free(&model->memory, model->items);
        model->items = larger;
        model->room = room;
    }
    nwc__model_item item = *given;
    nwc_model_entry *const entry = &item.entry;
    const char **const texts[] = {&entry->name,       &entry->long_name, &entry->standard_name, &entry->units,
                                  &entry->level_type, &entry->statistic, &entry->derived,       &entry->grid_type};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) NWC__TRY(keep_text(model, texts[t]));
    NWC__TRY(keep_grid(model, &entry->grid));
    item.source = model->n_sources - 1;
    model->items[model->count++] = item;
    return NWC_OK;
}

int64_t nwc_model_count(const nwc_model *model)
{
    return model ? model->count : 0;
}

const nwc__model_item *nwc__model_item_at(const nwc_model *model, int64_t index)
{
    return &model->items[index];
}

static nwc_status check_index(const nwc_model *model, int64_t index, const char *name)
{
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a model expected, NULL given");
    if (index < 0 || index >= model->count)
        return nwc__fail(NWC_ERR_ARG, "%s: 0 to %lld expected, %lld given", name, (long long)model->count - 1,
                         (long long)index);
    return NWC_OK;
}

nwc_status nwc_model_entry_at(const nwc_model *model, int64_t index, nwc_model_entry *entry)
{
    NWC__TRY(check_index(model, index, "index"));
    if (!entry) return nwc__fail(NWC_ERR_ARG, "entry: a place for the entry expected, NULL given");
    *entry = model->items[index].entry;
    return NWC_OK;
}

/* ---- values ---- */

nwc_status nwc__model_values(nwc_model *model, nwc_ctx *ctx, const nwc__model_item *item, float *values)
{
    const nwc__model_source *const source = &model->sources[item->source];
    NWC__TRY(source->read(source->state, ctx, item, values));
    if (item->scale != 1.0 || item->offset != 0.0)
        for (int64_t p = 0; p < item->entry.points; p++)
            values[p] = (float)((double)values[p] * item->scale + item->offset);
    return NWC_OK;
}

static nwc_status check_shape(const nwc_model_entry *entry, const nwc_field *field, const char *name)
{
    NWC__TRY(nwc__check_field(field, name, entry->grid ? 2 : 1));
    const int64_t last = field->dim[field->ndim - 1];
    if (!entry->grid && last != entry->points)
        return nwc__fail(NWC_ERR_ARG, "%s: %lld points expected, %lld given", name, (long long)entry->points,
                         (long long)last);
    if (entry->grid && (field->dim[0] != entry->grid->ny || last != entry->grid->nx))
        return nwc__fail(NWC_ERR_ARG, "%s: %lld x %lld cells expected, %lld x %lld given", name,
                         (long long)entry->grid->ny, (long long)entry->grid->nx, (long long)field->dim[0],
                         (long long)last);
    return NWC_OK;
}

static nwc_status read_into(nwc_model *model, nwc_ctx *ctx, int64_t index, nwc_field *field)
{
    const nwc__model_item *const item = &model->items[index];
    nwc_status status = NWC_OK;
    float *values = NULL;
    NWC__ALLOC(ctx, values, item->entry.points);
    if ((status = nwc__model_values(model, ctx, item, values)) != NWC_OK) goto done;
    const int64_t nx = field->dim[field->ndim - 1], step = field->stride[field->ndim - 1];
    const int64_t row = field->ndim == 2 ? field->stride[0] : 0;
    for (int64_t p = 0; p < item->entry.points; p++) field->data[p / nx * row + p % nx * step] = values[p];
done:
    nwc__free(ctx, values);
    return status;
}

nwc_status nwc_model_read(nwc_ctx *ctx, nwc_model *model, int64_t index, nwc_field *field)
{
    NWC__TRY(check_index(model, index, "index"));
    NWC__TRY(check_shape(&model->items[index].entry, field, "field"));
    return read_into(model, nwc__ctx(ctx), index, field);
}

nwc_status nwc_model_read_wind(nwc_ctx *ctx, nwc_model *model, int64_t u_index, int64_t v_index, nwc_field *u,
                               nwc_field *v)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_index(model, u_index, "u_index"));
    NWC__TRY(check_index(model, v_index, "v_index"));
    const nwc_model_entry *const entry = &model->items[u_index].entry, *const other = &model->items[v_index].entry;
    NWC__TRY(check_shape(entry, u, "u"));
    NWC__TRY(check_shape(other, v, "v"));
    if (entry->grid != other->grid || entry->points != other->points || entry->along_grid != other->along_grid)
        return nwc__fail(NWC_ERR_ARG, "v_index: an entry on the grid of u_index expected, another given");
    NWC__TRY(read_into(model, ctx, u_index, u));
    NWC__TRY(read_into(model, ctx, v_index, v));
    if (!entry->along_grid || !entry->grid || nwc_grid_is_latlon(entry->grid)) return NWC_OK;
    nwc_field u_on = *u, v_on = *v;
    u_on.grid = v_on.grid = entry->grid;
    return nwc_grid_rotate_wind(ctx, &u_on, &v_on, 1, u, v);
}

nwc_status nwc_model_lonlat(nwc_ctx *ctx, nwc_model *model, int64_t index, double *lon_deg, double *lat_deg)
{
    NWC__TRY(check_index(model, index, "index"));
    if (!lon_deg || !lat_deg) return nwc__fail(NWC_ERR_ARG, "lon_deg, lat_deg: arrays expected, NULL given");
    const nwc__model_item *const item = &model->items[index];
    const nwc_grid *const grid = item->entry.grid;
    if (grid) {
        for (int64_t p = 0; p < item->entry.points; p++) {
            lon_deg[p] = grid->x_first + grid->dx * (double)(p % grid->nx);
            lat_deg[p] = grid->y_first + grid->dy * (double)(p / grid->nx);
        }
        return nwc_grid_to_lonlat(ctx, grid, item->entry.points, lon_deg, lat_deg, lon_deg, lat_deg);
    }
    const nwc__model_source *const source = &model->sources[item->source];
    return source->lonlat(source->state, nwc__ctx(ctx), item, lon_deg, lat_deg);
}

nwc_status nwc_model_hybrid(nwc_model *model, int64_t index, int64_t most, double *a, double *b, int64_t *count)
{
    NWC__TRY(check_index(model, index, "index"));
    if (!count) return nwc__fail(NWC_ERR_ARG, "count: a place for the count expected, NULL given");
    if (most < 0 || (most > 0 && (!a || !b)))
        return nwc__fail(NWC_ERR_ARG, "a, b: arrays of %lld expected, NULL given", (long long)most);
    const nwc__model_item *const item = &model->items[index];
    const nwc__model_source *const source = &model->sources[item->source];
    *count = 0;
    return source->hybrid ? source->hybrid(source->state, item, most, a, b, count) : NWC_OK;
}
