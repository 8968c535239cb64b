/* Gridded fields written to a file, layer by layer, in the format its name ends in. */
#include "io/writer.h"

#include <ctype.h>
#include <stdio.h>

struct nwc_writer {
    struct nwc_ctx memory; /* allocator only */
    const struct nwc__write_format *format;
    void *state; /* NULL once closed */
    char *path, *beside;
    int64_t layers;
};

static const struct nwc__write_format *const formats[] = {
#ifdef NWC__HAVE_NETCDF
    &nwc__netcdf_format, &nwc__odim_format,
#endif
#ifdef NWC__HAVE_ECCODES
    &nwc__grib_format,
#endif
    &nwc__geotiff_format, NULL};

/* ".nc, .h5 or .hdf": endings of all formats. */
static const char *all_endings(char text[NWC__TEXT])
{
    size_t used = 0;
    for (const struct nwc__write_format *const *f = formats; *f; f++)
        for (int e = 0; e < 3 && (*f)->ending[e]; e++)
            used += (size_t)snprintf(text + used, NWC__TEXT - used, "%s%s", used ? ", " : "", (*f)->ending[e]);
    return text;
}

static const struct nwc__write_format *format_of(const char *path)
{
    const char *const name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *const ending = strrchr(name, '.');
    for (const struct nwc__write_format *const *f = formats; ending && *f; f++)
        for (int e = 0; e < 3 && (*f)->ending[e]; e++)
            if (strcmp(ending, (*f)->ending[e]) == 0) return *f;
    return NULL;
}

static nwc_status writer_create(nwc_ctx *ctx, const char *path, nwc_writer **made)
{
    ctx = nwc__ctx(ctx);
    if (!path || !path[0]) return nwc__fail(NWC_ERR_ARG, "path: a path expected, none given");
    if (!made) return nwc__fail(NWC_ERR_ARG, "writer: a place for the writer expected, NULL given");
    *made = NULL;
    char endings[NWC__TEXT];
    const struct nwc__write_format *const format = format_of(path);
    if (!format)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: a name ending in one of %s expected", path, all_endings(endings));
    nwc_writer *const writer = nwc__alloc(ctx, 1, sizeof *writer);
    if (!writer) return NWC_ERR_NOMEM;
    *writer = (nwc_writer){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                           .format = format};
    nwc_status status = (writer->path = nwc__copy_text(&writer->memory, path)) ? NWC_OK : NWC_ERR_NOMEM;
    if (status == NWC_OK) status = nwc__beside(&writer->memory, path, &writer->beside);
    if (status == NWC_OK) {
        nwc__io_lock();
        status = format->create(&writer->memory, writer->beside, &writer->state);
        nwc__io_unlock();
        if (status != NWC_OK) status = nwc__fail_writing(status, path, writer->beside);
    }
    if (status != NWC_OK) {
        nwc_writer_destroy(writer);
        return status;
    }
    *made = writer;
    return NWC_OK;
}

nwc_status nwc_writer_create(nwc_ctx *ctx, const char *path, nwc_writer **made)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = writer_create(ctx, path, made);
    nwc__numbers_end(numbers);
    return status;
}

static nwc_status check_open(const nwc_writer *writer)
{
    if (!writer) return nwc__fail(NWC_ERR_ARG, "writer: a writer expected, NULL given");
    return writer->state ? NWC_OK : nwc__fail(NWC_ERR_ARG, "writer: %s is closed", writer->path);
}

static nwc_status check_layer(const nwc_layer *layer)
{
    if (!layer) return nwc__fail(NWC_ERR_ARG, "layer: a layer expected, NULL given");
    const nwc_field *const field = &layer->field;
    if (!field->data || field->ndim != 2) return nwc__fail(NWC_ERR_ARG, "layer.field: a field (y, x) expected");
    if (!field->grid) return nwc__fail(NWC_ERR_ARG, "layer.field.grid: a grid expected, NULL given");
    if (!field->units) return nwc__fail(NWC_ERR_ARG, "layer.field.units: units expected, NULL given");
    if (field->dim[0] != field->grid->ny || field->dim[1] != field->grid->nx)
        return nwc__fail(NWC_ERR_ARG, "layer.field: %lld x %lld cells expected by its grid, %lld x %lld given",
                         (long long)field->grid->ny, (long long)field->grid->nx, (long long)field->dim[0],
                         (long long)field->dim[1]);
    if (!(layer->duration_s >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "layer.duration_s: at least 0 expected, %g given", layer->duration_s);
    if (layer->members < 0 || (layer->members && (layer->member < 0 || layer->member >= layer->members)))
        return nwc__fail(NWC_ERR_ARG, "layer.member: 0 to %d expected, %d given", (int)layer->members - 1,
                         (int)layer->member);
    if (layer->statistic < NWC_STATISTIC_SUM || layer->statistic > NWC_STATISTIC_MIN)
        return nwc__fail(NWC_ERR_ARG, "layer.statistic: an nwc_statistic expected, %d given", (int)layer->statistic);
    if (layer->percentile < 0 || layer->percentile > 99 || (layer->percentile && (layer->event || layer->members)))
        return nwc__fail(NWC_ERR_ARG, "layer.percentile: 0 to 99, of no member and no event, expected, %d given",
                         (int)layer->percentile);
    if (layer->event < NWC_EVENT_NONE || layer->event > NWC_EVENT_BELOW ||
        (layer->event && (!isfinite(layer->limit) || layer->members)))
        return nwc__fail(NWC_ERR_ARG, "layer.event: an nwc_event with a limit, of no member, expected, %d and %g given",
                         (int)layer->event, layer->limit);
    return nwc_grid_check(NULL, field->grid);
}

/* The variable's name: the layer's, else its quantity in lower case. */
static nwc_status name_of(const nwc_layer *layer, char name[NWC__TEXT])
{
    const bool named = layer->name && layer->name[0];
    const char *const text = named ? layer->name : layer->quantity ? layer->quantity : "";
    if (!text[0] || strlen(text) >= NWC__TEXT)
        return nwc__fail(NWC_ERR_ARG, "layer: a name or a quantity of 1 to %d characters expected", NWC__TEXT - 1);
    strcpy(name, text);
    for (char *c = name; !named && *c; c++) *c = (char)tolower((unsigned char)*c);
    return NWC_OK;
}

static nwc_status writer_add(nwc_writer *writer, const nwc_layer *layer)
{
    char name[NWC__TEXT];
    NWC__TRY(check_open(writer));
    NWC__TRY(check_layer(layer));
    NWC__TRY(name_of(layer, name));
    if ((layer->members && !writer->format->members) || (layer->event && !writer->format->events))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: no place in this format for %s", writer->path,
                         layer->members ? "members" : "probabilities");
    nwc__io_lock();
    const nwc_status status = writer->format->add(writer->state, layer, name);
    nwc__io_unlock();
    if (status != NWC_OK) return nwc__fail_writing(status, writer->path, writer->beside);
    writer->layers++;
    return NWC_OK;
}

nwc_status nwc_writer_add(nwc_writer *writer, const nwc_layer *layer)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = writer_add(writer, layer);
    nwc__numbers_end(numbers);
    return status;
}

static nwc_status attach(nwc_writer *writer, const char *variable, const char *name, const char *text, double number)
{
    NWC__TRY(check_open(writer));
    if (!name || !name[0]) return nwc__fail(NWC_ERR_ARG, "name: a name expected, none given");
    nwc__io_lock();
    const nwc_status status = writer->format->attribute(writer->state, variable, name, text, number);
    nwc__io_unlock();
    return status == NWC_OK ? NWC_OK : nwc__fail_writing(status, writer->path, writer->beside);
}

nwc_status nwc_writer_text(nwc_writer *writer, const char *variable, const char *name, const char *text)
{
    if (!text) return nwc__fail(NWC_ERR_ARG, "text: a text expected, NULL given");
    return attach(writer, variable, name, text, 0.0);
}

nwc_status nwc_writer_number(nwc_writer *writer, const char *variable, const char *name, double number)
{
    return attach(writer, variable, name, NULL, number);
}

static nwc_status finish(nwc_writer *writer)
{
    void *const state = writer->state;
    writer->state = NULL;
    nwc__io_lock();
    const nwc_status status = writer->format->close(state);
    nwc__io_unlock();
    return status;
}

static nwc_status writer_close(nwc_writer *writer)
{
    NWC__TRY(check_open(writer));
    if (!writer->layers) return nwc__fail(NWC_ERR_ARG, "%s: at least one layer expected, none added", writer->path);
    const nwc_status status = finish(writer);
    if (status != NWC_OK) return nwc__fail_writing(status, writer->path, writer->beside);
    return nwc__take_place(&writer->memory, writer->path, &writer->beside);
}

nwc_status nwc_writer_close(nwc_writer *writer)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = writer_close(writer);
    nwc__numbers_end(numbers);
    return status;
}

void nwc_writer_destroy(nwc_writer *writer)
{
    if (!writer) return;
    if (writer->state) (void)finish(writer);
    struct nwc_ctx memory = writer->memory;
    nwc__give_up(&memory, &writer->beside);
    nwc__free(&memory, writer->path);
    nwc__free(&memory, writer);
}

void nwc__copy_rows(const nwc_field *field, int64_t row, int64_t rows, float *cells)
{
    const int64_t nx = field->dim[1], step = field->stride[1];
    for (int64_t j = 0; j < rows; j++) {
        const float *const from = field->data + (row + j) * field->stride[0];
        for (int64_t i = 0; i < nx; i++) cells[j * nx + i] = from[i * step];
    }
}
