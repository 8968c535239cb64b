/*
 * Fields as GeoTIFF (TIFF 6.0; OGC 19-008r4): float bands in strips packed by deflate, each with its name, unit and time in
 * GDAL's metadata. Strips are written as layers come; the directory, which says where they are, stands at the end.
 *
 * By hand, since that is 300 lines beside zlib, and GDAL brings a hundred libraries. Projections are written as user-defined
 * keys, of those that CF has a name for; beyond 4 GB is BigTIFF, which is refused.
 */
#include "io/writer.h"
#include "radar/format/cf_projection.h"
#include "radar/format/geotiff.h"

#include <errno.h>
#include <stdio.h>
#include <zlib.h>

enum { STRIP_ROWS = 64, MOST_KEYS = 32, MOST_LAYERS = 4096, ENTRY = 12, MOST_ENTRIES = 24 };

/* Types of TIFF, and bytes of each. */
enum { ASCII = 2, SHORT = 3, LONG = 4, DOUBLE = 12 };

#define MOST_BYTES (INT64_C(4294967295) - (64 << 20)) /* offsets have four bytes; the directory needs room */

struct state {
    nwc_ctx *memory;
    FILE *file;
    int64_t at; /* bytes written */
    nwc_grid grid;
    char projection[NWC__TEXT];
    int64_t layers, strips; /* strips of one layer */
    uint32_t *offset, *length;
    char *notes; /* GDAL's XML */
    size_t notes_used, notes_room;
    char description[NWC__TEXT];
};

/* ---- bytes, least first ---- */

static void put(uint8_t *at, uint64_t value, int n)
{
    for (int k = 0; k < n; k++) at[k] = (uint8_t)(value >> 8 * k);
}

static void put_real(uint8_t *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(at, bits, 8);
}

static nwc_status write_bytes(struct state *state, const void *bytes, int64_t size)
{
    if (state->at + size > MOST_BYTES) return nwc__fail(NWC_ERR_UNSUPPORTED, "a GeoTIFF of more than 4 GB");
    if (fwrite(bytes, 1, (size_t)size, state->file) != (size_t)size)
        return nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
    state->at += size;
    return NWC_OK;
}

/* ---- strips ---- */

static nwc_status write_strip(struct state *state, const nwc_field *field, int64_t strip, float *cells, uint8_t *plain,
                              uint8_t *packed, uLong room)
{
    const int64_t ny = field->dim[0], nx = field->dim[1], first = strip * STRIP_ROWS;
    const int64_t rows = ny - first < STRIP_ROWS ? ny - first : STRIP_ROWS;
    for (int64_t r = 0; r < rows; r++) { /* from the north */
        nwc__copy_rows(field, ny - 1 - first - r, 1, cells);
        for (int64_t i = 0; i < nx; i++) {
            uint32_t bits;
            memcpy(&bits, &cells[i], sizeof bits);
            put(plain + 4 * (r * nx + i), bits, 4);
        }
    }
    uLongf length = room;
    if (compress2(packed, &length, plain, (uLong)(4 * rows * nx), Z_BEST_SPEED) != Z_OK)
        return nwc__fail(NWC_ERR_INTERNAL, "zlib cannot pack a strip");
    const int64_t index = state->layers * state->strips + strip;
    state->offset[index] = (uint32_t)state->at, state->length[index] = (uint32_t)length;
    NWC__TRY(write_bytes(state, packed, (int64_t)length));
    return state->at % 2 ? write_bytes(state, "", 1) : NWC_OK;
}

/* Room for the strips of one more layer. */
static nwc_status grow(struct state *state)
{
    const int64_t before = state->layers * state->strips, count = before + state->strips;
    nwc_status status = NWC_OK;
    uint32_t *offset = NULL, *length = NULL;
    NWC__ALLOC(state->memory, offset, count);
    NWC__ALLOC(state->memory, length, count);
    if (before) {
        memcpy(offset, state->offset, (size_t)before * sizeof *offset);
        memcpy(length, state->length, (size_t)before * sizeof *length);
    }
    nwc__free(state->memory, state->offset);
    nwc__free(state->memory, state->length);
    state->offset = offset, state->length = length;
    offset = length = NULL;
done:
    nwc__free(state->memory, offset);
    return status;
}

/* ---- notes ---- */

static nwc_status note(struct state *state, const char *text)
{
    const size_t n = strlen(text);
    if (state->notes_used + n + 1 > state->notes_room) {
        const size_t room = 2 * (state->notes_room + n + 1024);
        char *const larger = nwc__alloc(state->memory, (int64_t)room, 1);
        if (!larger) return NWC_ERR_NOMEM;
        if (state->notes_used) memcpy(larger, state->notes, state->notes_used);
        nwc__free(state->memory, state->notes);
        state->notes = larger, state->notes_room = room;
    }
    memcpy(state->notes + state->notes_used, text, n + 1);
    state->notes_used += n;
    return NWC_OK;
}

/* An item of a band; what XML does not take in a text is left out. */
static nwc_status note_item(struct state *state, const char *name, const char *role, const char *text)
{
    char head[128], clean[NWC__TEXT];
    size_t n = 0;
    for (const char *c = text; *c && n + 1 < sizeof clean; c++)
        if ((unsigned char)*c >= ' ' && !strchr("<>&\"", *c)) clean[n++] = *c;
    clean[n] = '\0';
    snprintf(head, sizeof head, "<Item name=\"%s\" sample=\"%d\"%s>", name, (int)state->layers, role);
    NWC__TRY(note(state, head));
    NWC__TRY(note(state, clean));
    return note(state, "</Item>");
}

static nwc_status note_layer(struct state *state, const nwc_layer *layer, const char *name)
{
    char text[64];
    NWC__TRY(note_item(state, "DESCRIPTION", " role=\"description\"", name));
    NWC__TRY(note_item(state, "UNITTYPE", " role=\"unittype\"", layer->field.units));
    nwc__time_text(layer->time_ns, text);
    NWC__TRY(note_item(state, "time", "", text));
    const double lead_s = 1e-9 * (double)(layer->time_ns - layer->reference_ns);
    snprintf(text, sizeof text, "%.9g", lead_s);
    return lead_s != 0.0 ? note_item(state, "lead_time_s", "", text) : NWC_OK;
}

/* ---- keys of the projection ---- */

struct keys {
    uint16_t id[MOST_KEYS];
    bool real[MOST_KEYS];
    double value[MOST_KEYS];
    int n;
};

static void add_key(struct keys *keys, uint16_t id, bool real, double value)
{
    if (keys->n == MOST_KEYS || isnan(value)) return;
    int at = keys->n++; /* in ascending order of their numbers */
    for (; at > 0 && keys->id[at - 1] > id; at--) {
        keys->id[at] = keys->id[at - 1], keys->real[at] = keys->real[at - 1];
        keys->value[at] = keys->value[at - 1];
    }
    keys->id[at] = id, keys->real[at] = real, keys->value[at] = value;
}

static const struct nwc__cf_number *number_of(const struct nwc__cf_mapping *mapping, const char *name)
{
    for (int n = 0; n < mapping->n; n++)
        if (strcmp(mapping->number[n].name, name) == 0) return &mapping->number[n];
    return NULL;
}

static double first_of(const struct nwc__cf_mapping *mapping, const char *name)
{
    const struct nwc__cf_number *const number = number_of(mapping, name);
    return number ? number->value[0] : (double)NAN;
}

static void add_earth(const struct nwc__cf_mapping *mapping, struct keys *keys)
{
    const double radius = first_of(mapping, "earth_radius"), a = first_of(mapping, "semi_major_axis");
    const double rf = first_of(mapping, "inverse_flattening"), b = first_of(mapping, "semi_minor_axis");
    if (a == 6378137.0 && fabs(rf - 298.257223563) < 1e-9) {
        add_key(keys, 2048, false, 4326);
        return;
    }
    add_key(keys, 2048, false, NWC__GEOTIFF_USER_DEFINED), add_key(keys, 2050, false, NWC__GEOTIFF_USER_DEFINED);
    add_key(keys, 2054, false, 9102), add_key(keys, 2056, false, NWC__GEOTIFF_USER_DEFINED);
    add_key(keys, 2057, true, isnan(radius) ? a : radius);
    if (!isnan(rf))
        add_key(keys, 2059, true, rf);
    else
        add_key(keys, 2058, true, !isnan(radius) ? radius : isnan(b) ? a : b);
}

/* A true scale at a pole, and origins that PROJ takes for granted. */
static void add_defaults(const char *cf, const struct nwc__cf_mapping *mapping, struct keys *keys)
{
    const double origin = first_of(mapping, "latitude_of_projection_origin");
    const struct nwc__cf_number *const parallels = number_of(mapping, "standard_parallel");
    if (strcmp(cf, "polar_stereographic") == 0 && !parallels) add_key(keys, 3081, true, origin);
    if (strcmp(cf, "lambert_conformal_conic") != 0 || !parallels) return;
    if (parallels->n == 1) add_key(keys, 3079, true, parallels->value[0]);
    if (isnan(origin)) add_key(keys, 3085, true, parallels->n == 1 ? parallels->value[0] : 0.0);
}

static nwc_status find_keys(const nwc_grid *grid, struct keys *keys)
{
    struct nwc__cf_mapping mapping;
    nwc__cf_from_proj(grid->projection, &mapping);
    const char *const name = mapping.name ? mapping.name : "";
    const bool degrees = strcmp(name, "latitude_longitude") == 0;
    const nwc__geotiff_transformation *found = NULL;
    for (int t = 0; t < NWC__GEOTIFF_TRANSFORMATIONS; t++)
        if (strcmp(nwc__geotiff_transformations[t].cf, name) == 0) found = &nwc__geotiff_transformations[t];
    if (!degrees && !found)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "grid: a projection with keys in GeoTIFF expected, \"%s\" given",
                         grid->projection);
    keys->n = 0;
    add_key(keys, 1024, false, degrees ? 2 : 1); /* geographic, projected */
    add_key(keys, 1025, false, 1);               /* a pixel is an area */
    add_earth(&mapping, keys);
    if (degrees) return NWC_OK;
    add_key(keys, 3072, false, NWC__GEOTIFF_USER_DEFINED), add_key(keys, 3074, false, NWC__GEOTIFF_USER_DEFINED);
    add_key(keys, 3075, false, found->number), add_key(keys, 3076, false, 9001);
    for (int k = 0; k < 6 && found->key[k].attribute; k++) {
        const struct nwc__cf_number *const number = number_of(&mapping, found->key[k].attribute);
        if (!number) continue;
        add_key(keys, found->key[k].key, true, number->value[0]);
        if (found->key[k].second && number->n == 2) add_key(keys, found->key[k].second, true, number->value[1]);
    }
    add_defaults(name, &mapping, keys);
    return NWC_OK;
}

/* ---- directory ---- */

/* Entries in ascending order of tags, and the values that are too long for them. */
struct directory {
    struct state *state;
    uint8_t entry[MOST_ENTRIES * ENTRY];
    int n;
};

/* count values of a type, as bytes already in order. */
static nwc_status add_tag(struct directory *directory, int tag, int type, int64_t count, const uint8_t *bytes)
{
    static const int size[] = {[ASCII] = 1, [SHORT] = 2, [LONG] = 4, [DOUBLE] = 8};
    uint8_t *const entry = directory->entry + ENTRY * directory->n++;
    const int64_t length = count * size[type];
    put(entry, (uint64_t)tag, 2), put(entry + 2, (uint64_t)type, 2), put(entry + 4, (uint64_t)count, 4);
    memset(entry + 8, 0, 4);
    if (length <= 4) {
        memcpy(entry + 8, bytes, (size_t)length);
        return NWC_OK;
    }
    put(entry + 8, (uint64_t)directory->state->at, 4);
    NWC__TRY(write_bytes(directory->state, bytes, length));
    return directory->state->at % 2 ? write_bytes(directory->state, "", 1) : NWC_OK;
}

static nwc_status add_number(struct directory *directory, int tag, int type, uint32_t value)
{
    uint8_t bytes[4];
    put(bytes, value, 4);
    return add_tag(directory, tag, type, 1, bytes);
}

/* The same number for every band, or each of an array. */
static nwc_status add_numbers(struct directory *directory, int tag, int type, const uint32_t *values, uint32_t same,
                              int64_t count)
{
    const int size = type == SHORT ? 2 : 4;
    uint8_t *const bytes = nwc__alloc(directory->state->memory, count * size, 1);
    if (!bytes) return NWC_ERR_NOMEM;
    for (int64_t k = 0; k < count; k++) put(bytes + size * k, values ? values[k] : same, size);
    const nwc_status status = add_tag(directory, tag, type, count, bytes);
    nwc__free(directory->state->memory, bytes);
    return status;
}

static nwc_status add_text(struct directory *directory, int tag, const char *text)
{
    return add_tag(directory, tag, ASCII, (int64_t)strlen(text) + 1, (const uint8_t *)text);
}

static nwc_status add_place(struct directory *directory, const nwc_grid *grid)
{
    uint8_t scale[24], point[48];
    const double numbers[9] = {grid->dx,
                               grid->dy,
                               0.0,
                               0.0,
                               0.0,
                               0.0,
                               grid->x_first - 0.5 * grid->dx,
                               grid->y_first + ((double)grid->ny - 0.5) * grid->dy,
                               0.0};
    for (int k = 0; k < 3; k++) put_real(scale + 8 * k, numbers[k]);
    for (int k = 0; k < 6; k++) put_real(point + 8 * k, numbers[3 + k]);
    NWC__TRY(add_tag(directory, 33550, DOUBLE, 3, scale));
    return add_tag(directory, 33922, DOUBLE, 6, point);
}

static nwc_status add_keys(struct directory *directory, const struct keys *keys)
{
    uint8_t list[8 * (MOST_KEYS + 1)], reals[8 * MOST_KEYS];
    int n = 0;
    put(list, 1, 2), put(list + 2, 1, 2), put(list + 4, 0, 2), put(list + 6, (uint64_t)keys->n, 2);
    for (int k = 0; k < keys->n; k++) {
        uint8_t *const at = list + 8 * (k + 1);
        put(at, keys->id[k], 2), put(at + 2, keys->real[k] ? 34736 : 0, 2), put(at + 4, 1, 2);
        put(at + 6, keys->real[k] ? (uint64_t)n : (uint64_t)keys->value[k], 2);
        if (keys->real[k]) put_real(reals + 8 * n++, keys->value[k]);
    }
    NWC__TRY(add_tag(directory, 34735, SHORT, 4 * (keys->n + 1), list));
    return n ? add_tag(directory, 34736, DOUBLE, n, reals) : NWC_OK;
}

static nwc_status write_directory(struct state *state)
{
    struct directory directory = {.state = state};
    struct keys keys;
    const int64_t strips = state->layers * state->strips;
    const uint32_t bands = (uint32_t)state->layers;
    NWC__TRY(find_keys(&state->grid, &keys));
    NWC__TRY(note(state, "</GDALMetadata>"));
    NWC__TRY(add_number(&directory, 256, LONG, (uint32_t)state->grid.nx));
    NWC__TRY(add_number(&directory, 257, LONG, (uint32_t)state->grid.ny));
    NWC__TRY(add_numbers(&directory, 258, SHORT, NULL, 32, bands)); /* bits */
    NWC__TRY(add_number(&directory, 259, SHORT, 8));                /* deflate */
    NWC__TRY(add_number(&directory, 262, SHORT, 1));                /* black is zero */
    if (state->description[0]) NWC__TRY(add_text(&directory, 270, state->description));
    NWC__TRY(add_numbers(&directory, 273, LONG, state->offset, 0, strips));
    NWC__TRY(add_number(&directory, 277, SHORT, bands));
    NWC__TRY(add_number(&directory, 278, LONG, STRIP_ROWS));
    NWC__TRY(add_numbers(&directory, 279, LONG, state->length, 0, strips));
    NWC__TRY(add_number(&directory, 284, SHORT, 2)); /* band after band */
    if (bands > 1) NWC__TRY(add_numbers(&directory, 338, SHORT, NULL, 0, bands - 1));
    NWC__TRY(add_numbers(&directory, 339, SHORT, NULL, 3, bands)); /* IEEE float */
    NWC__TRY(add_place(&directory, &state->grid));
    NWC__TRY(add_keys(&directory, &keys));
    NWC__TRY(add_text(&directory, 42112, state->notes));
    NWC__TRY(add_text(&directory, 42113, "nan"));
    uint8_t count[2], at[4], end[4] = {0};
    put(count, (uint64_t)directory.n, 2), put(at, (uint64_t)state->at, 4);
    NWC__TRY(write_bytes(state, count, 2));
    NWC__TRY(write_bytes(state, directory.entry, (int64_t)ENTRY * directory.n));
    NWC__TRY(write_bytes(state, end, 4));
    const bool written = fseek(state->file, 4, SEEK_SET) == 0 && fwrite(at, 1, 4, state->file) == 4;
    return written ? NWC_OK : nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
}

/* ---- file ---- */

static nwc_status release(struct state *state)
{
    nwc_ctx *const memory = state->memory;
    const bool closed = fclose(state->file) == 0;
    nwc__free(memory, state->notes);
    nwc__free(memory, state->length);
    nwc__free(memory, state->offset);
    nwc__free(memory, state);
    return closed ? NWC_OK : nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
}

static nwc_status create(nwc_ctx *memory, const char *path, void **made)
{
    struct state *const state = nwc__alloc(memory, 1, sizeof *state);
    if (!state) return NWC_ERR_NOMEM;
    *state = (struct state){.memory = memory, .file = fopen(path, "wb")};
    if (!state->file) {
        nwc__free(memory, state);
        return nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
    }
    nwc_status status = write_bytes(state, "II*\0\0\0\0\0", 8);
    if (status == NWC_OK) status = note(state, "<GDALMetadata>");
    if (status != NWC_OK)
        (void)release(state);
    else
        *made = state;
    return status;
}

static nwc_status check(struct state *state, const nwc_layer *layer)
{
    const nwc_grid *const grid = layer->field.grid;
    if (state->layers == MOST_LAYERS)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "a GeoTIFF of more than %d layers", MOST_LAYERS);
    if (state->layers && !nwc__same_grid(&state->grid, grid))
        return nwc__fail(NWC_ERR_ARG, "layer.field.grid: the grid of the first layer expected, another given");
    if (state->layers) return NWC_OK;
    struct keys keys;
    NWC__TRY(find_keys(grid, &keys));
    if (strlen(grid->projection) >= NWC__TEXT)
        return nwc__fail(NWC_ERR_ARG, "grid: a PROJ string of less than %d characters expected", NWC__TEXT);
    strcpy(state->projection, grid->projection);
    state->grid = *grid;
    state->grid.projection = state->projection;
    state->strips = (grid->ny + STRIP_ROWS - 1) / STRIP_ROWS;
    return NWC_OK;
}

static nwc_status add(void *of, const nwc_layer *layer, const char *name)
{
    struct state *const state = of;
    const int64_t nx = layer->field.dim[1], cells = STRIP_ROWS * nx;
    nwc_status status = check(state, layer);
    if (status != NWC_OK) return status;
    float *row = NULL;
    uint8_t *plain = NULL, *packed = NULL;
    const uLong room = compressBound((uLong)(4 * cells));
    NWC__ALLOC(state->memory, row, nx);
    NWC__ALLOC(state->memory, plain, 4 * cells);
    NWC__ALLOC(state->memory, packed, (int64_t)room);
    if ((status = grow(state)) != NWC_OK) goto done;
    if ((status = note_layer(state, layer, name)) != NWC_OK) goto done;
    for (int64_t strip = 0; strip < state->strips && status == NWC_OK; strip++)
        status = write_strip(state, &layer->field, strip, row, plain, packed, room);
    if (status == NWC_OK) state->layers++;
done:
    nwc__free(state->memory, packed);
    nwc__free(state->memory, plain);
    nwc__free(state->memory, row);
    return status;
}

static nwc_status attribute(void *of, const char *variable, const char *name, const char *text, double number)
{
    (void)number;
    struct state *const state = of;
    if (variable || !text || strcmp(name, "description") != 0) return NWC_OK;
    snprintf(state->description, sizeof state->description, "%s", text);
    return NWC_OK;
}

static nwc_status close_file(void *of)
{
    struct state *const state = of;
    const nwc_status written = state->layers ? write_directory(state) : NWC_OK;
    if (written == NWC_OK) return release(state);
    char text[NWC__TEXT]; /* what went wrong first */
    snprintf(text, sizeof text, "%s", nwc_error_text());
    (void)release(state);
    return nwc__fail(written, "%s", text);
}

const struct nwc__write_format nwc__geotiff_format = {
    .ending = {".tif", ".tiff"}, .create = create, .add = add, .attribute = attribute, .close = close_file};
