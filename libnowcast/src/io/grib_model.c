/*
 * Model fields in GRIB 1 and 2: every field of every message is an entry, with what ecCodes says of it. The bytes stay in
 * memory, and a field is unpacked when it is read.
 */
#include "io/grib.h"
#include "io/model_source.h"

#ifdef NWC__HAVE_ECCODES
#include <stdio.h>

struct source {
    nwc_ctx *memory;
    struct nwc__bytes bytes;
    struct nwc__grib_field *fields;
    int64_t count, room;
};

static void close_source(void *state)
{
    struct source *const source = state;
    nwc_ctx *const memory = source->memory;
    nwc__free(memory, source->fields);
    nwc__free(memory, source->bytes.data);
    nwc__free(memory, source);
}

/* ---- one field, as ecCodes sees it ---- */

/* A field's message opened under the io lock, which holds until it is closed. */
struct opened {
    codes_handle *handle;
    uint8_t *copy;
};

static nwc_status open_field(nwc_ctx *ctx, const struct source *source, const struct nwc__grib_field *field,
                             struct opened *opened)
{
    const uint8_t *message;
    int64_t length;
    NWC__TRY(nwc__grib_alone(ctx, source->bytes.data, field, &message, &length, &opened->copy));
    nwc__io_lock();
    opened->handle = codes_handle_new_from_message(NULL, message, (size_t)length);
    if (opened->handle) return NWC_OK;
    nwc__io_unlock();
    nwc__free(ctx, opened->copy);
    return nwc__fail(NWC_ERR_FORMAT, "byte %lld: ecCodes cannot open the message", (long long)field->message.at);
}

static void close_field(nwc_ctx *ctx, struct opened *opened)
{
    codes_handle_delete(opened->handle);
    nwc__io_unlock();
    nwc__free(ctx, opened->copy);
}

/* ---- what an entry says ---- */

/* Texts of an entry while it is made. */
struct texts {
    char name[NWC__TEXT], long_name[NWC__TEXT], standard_name[NWC__TEXT], units[NWC__TEXT], level_type[NWC__TEXT];
    char statistic[NWC__TEXT], grid_type[NWC__TEXT], projection[NWC__TEXT];
    char derived[NWC__TEXT], long_derived[4 * NWC__TEXT];
    int32_t kind; /* of what is derived */
    bool limited; /* it names limits, in the variable's unit */
};

/* What is derived from values: others of them, differences between them, a number without unit, or one of 100. */
enum { VALUE, DIFFERENCE, NUMBER, PROBABILITY };

/* ecCodes' units as udunits writes them: "m s**-1" is "m s-1", "gpm" is "m", what counts nothing is "1". */
static void tidy_units(char units[NWC__TEXT])
{
    static const char *const none[] = {"Numeric", "(0 - 1)",       "Proportion", "Fraction",
                                       "~",       "dimensionless", "(-1 to 1)"};
    for (size_t n = 0; n < sizeof none / sizeof none[0]; n++)
        if (strcmp(units, none[n]) == 0) strcpy(units, "1");
    if (strncmp(units, "(Code table", 11) == 0) strcpy(units, "1");
    if (strcmp(units, "gpm") == 0) strcpy(units, "m");
    char *to = units;
    for (const char *from = units; *from; from++)
        if (from[0] == '*' && from[1] == '*')
            from++;
        else
            *to++ = *from;
    *to = '\0';
}

static void blank_unknown(char text[NWC__TEXT])
{
    if (strcmp(text, "unknown") == 0) text[0] = '\0';
}

static void find_parameter(codes_handle *handle, struct texts *texts, nwc_model_entry *entry)
{
    entry->edition = (int32_t)nwc__grib_whole(handle, "editionNumber");
    entry->discipline = entry->category = entry->number = -1;
    long centre = -1;
    entry->centre = codes_get_long(handle, "centre", &centre) == CODES_SUCCESS ? (int32_t)centre : -1;
    if (entry->edition == 2) {
        entry->discipline = (int32_t)nwc__grib_whole(handle, "discipline");
        entry->category = (int32_t)nwc__grib_whole(handle, "parameterCategory");
        entry->number = (int32_t)nwc__grib_whole(handle, "parameterNumber");
    } else {
        entry->category = (int32_t)nwc__grib_whole(handle, "table2Version");
        entry->number = (int32_t)nwc__grib_whole(handle, "indicatorOfParameter");
    }
    nwc__grib_text(handle, "shortName", texts->name);
    nwc__grib_text(handle, "name", texts->long_name);
    nwc__grib_text(handle, "cfName", texts->standard_name);
    nwc__grib_text(handle, "units", texts->units);
    blank_unknown(texts->name), blank_unknown(texts->long_name), blank_unknown(texts->standard_name);
    blank_unknown(texts->units);
    tidy_units(texts->units);
    if (!texts->name[0] && entry->edition == 2)
        snprintf(texts->name, NWC__TEXT, "%d-%d-%d", (int)entry->discipline, (int)entry->category, (int)entry->number);
    else if (!texts->name[0])
        snprintf(texts->name, NWC__TEXT, "%d-%d", (int)entry->category, (int)entry->number);
    const nwc__model_term *const term = nwc__model_term_of(texts->name);
    if (term && !texts->standard_name[0]) snprintf(texts->standard_name, NWC__TEXT, "%s", term->standard_name);
}

/* Types of level that a height can be had of, and what their numbers are to be multiplied with. */
static const struct level_kind {
    const char *type;
    int32_t vertical;
    double factor;
} level_kinds[] = {
    {"surface", NWC_VERTICAL_SURFACE, 1.0},
    {"isobaricInhPa", NWC_VERTICAL_PRESSURE, 100.0},
    {"isobaricInPa", NWC_VERTICAL_PRESSURE, 1.0},
    {"hybrid", NWC_VERTICAL_HYBRID, 1.0},
    {"generalVertical", NWC_VERTICAL_HYBRID, 1.0},
    {"heightAboveSea", NWC_VERTICAL_HEIGHT_SEA, 1.0},
    {"heightAboveGround", NWC_VERTICAL_HEIGHT_GROUND, 1.0},
    {"meanSea", NWC_VERTICAL_MEAN_SEA, 1.0},
};

/* A surface of section 4 of edition 2, in the unit of its table; NaN where it is missing. */
static double surface_of(codes_handle *handle, const char *scale_key, const char *value_key)
{
    const double value = nwc__grib_real(handle, value_key), scale = nwc__grib_real(handle, scale_key);
    return isnan(scale) ? value : value * pow(10.0, -scale);
}

static void find_level(codes_handle *handle, struct texts *texts, nwc_model_entry *entry)
{
    nwc__grib_text(handle, "typeOfLevel", texts->level_type);
    const struct level_kind *kind = NULL;
    for (size_t k = 0; k < sizeof level_kinds / sizeof level_kinds[0]; k++)
        if (strcmp(texts->level_type, level_kinds[k].type) == 0) kind = &level_kinds[k];
    entry->vertical = kind ? kind->vertical : NWC_VERTICAL_OTHER;
    const double top = nwc__grib_real(handle, "topLevel"), bottom = nwc__grib_real(handle, "bottomLevel");
    const bool layer = top != bottom && !isnan(top) && !isnan(bottom);
    entry->level = nwc__grib_real(handle, "level") * (kind ? kind->factor : 1.0);
    entry->level_2 = NAN;
    if (entry->edition == 2 && kind) {
        /* Not "level", which is whole. */
        const double exact = surface_of(handle, "scaleFactorOfFirstFixedSurface", "scaledValueOfFirstFixedSurface");
        if (!isnan(exact)) entry->level = exact;
    } else if (layer)
        entry->level = top, entry->level_2 = bottom;
    if (entry->vertical == NWC_VERTICAL_SURFACE || entry->vertical == NWC_VERTICAL_MEAN_SEA) entry->level = NAN;
}

/* ---- of ensembles and distributions ---- */

/* An event of table 4.9, beside limits of section 4. */
static void tell_event(codes_handle *handle, struct texts *texts)
{
    const double low = surface_of(handle, "scaleFactorOfLowerLimit", "scaledValueOfLowerLimit");
    const double high = surface_of(handle, "scaleFactorOfUpperLimit", "scaledValueOfUpperLimit");
    const long type = nwc__grib_whole(handle, "probabilityType");
    char *const text = texts->derived;
    texts->kind = PROBABILITY, texts->limited = type >= 0 && type <= 5;
    if (type == 0 || type == 3)
        snprintf(text, NWC__TEXT, "probability %s %.6g", type ? "above" : "below", low);
    else if (type == 1 || type == 4)
        snprintf(text, NWC__TEXT, "probability %s %.6g", type == 1 ? "above" : "below", high);
    else if (type == 2)
        snprintf(text, NWC__TEXT, "probability between %.6g and %.6g", low, high);
    else if (type == 5)
        snprintf(text, NWC__TEXT, "probability of %.6g", low);
    else if (type >= 6 && type <= 8)
        snprintf(text, NWC__TEXT, "probability %s normal", type == 6 ? "above" : type == 7 ? "near" : "below");
    else
        snprintf(text, NWC__TEXT, "probability of type %ld", type);
}

/* What table 4.7 derives from members. */
static void tell_derived(codes_handle *handle, struct texts *texts)
{
    static const struct {
        const char *text;
        int32_t kind;
    } known[] = {{"mean", VALUE},
                 {"weighted mean", VALUE},
                 {"standard deviation", DIFFERENCE},
                 {"normalized standard deviation", NUMBER},
                 {"spread", DIFFERENCE},
                 {"large anomaly index", NUMBER},
                 {"mean of a cluster", VALUE},
                 {"interquartile range", DIFFERENCE},
                 {"minimum", VALUE},
                 {"maximum", VALUE}};
    const long number = nwc__grib_whole(handle, "derivedForecast");
    const bool is_known = number >= 0 && number < (long)(sizeof known / sizeof known[0]);
    texts->kind = is_known ? known[number].kind : DIFFERENCE;
    if (is_known)
        snprintf(texts->derived, NWC__TEXT, "%s", known[number].text);
    else
        snprintf(texts->derived, NWC__TEXT, "derived %ld", number);
}

/* By the template of section 4; "" for values themselves. */
static void find_derived(codes_handle *handle, struct texts *texts)
{
    static const long ensemble[] = {2, 3, 4, 12, 13, 14};
    const long product = nwc__grib_whole(handle, "productDefinitionTemplateNumber");
    texts->derived[0] = '\0', texts->kind = VALUE, texts->limited = false;
    for (size_t t = 0; t < sizeof ensemble / sizeof ensemble[0]; t++)
        if (product == ensemble[t]) tell_derived(handle, texts);
    if (product == 5 || product == 9) tell_event(handle, texts);
    if (product == 6 || product == 10)
        snprintf(texts->derived, NWC__TEXT, "percentile %ld", nwc__grib_whole(handle, "percentileValue"));
}

/* What is no value of the variable has not its standard name and maybe not its unit: what a system gives is meant for values. */
static void set_derived(struct texts *texts, nwc__model_item *item)
{
    nwc_model_entry *const entry = &item->entry;
    entry->derived = texts->derived;
    if (!*texts->derived) return;
    snprintf(texts->long_derived, sizeof texts->long_derived, "%s, %s%s%s", entry->long_name, texts->derived,
             texts->limited ? " " : "", texts->limited ? entry->units : "");
    entry->long_name = texts->long_derived;
    if (texts->kind == VALUE) return;
    entry->standard_name = "", item->offset = 0.0;
    if (texts->kind == DIFFERENCE) return;
    entry->units = texts->kind == PROBABILITY ? "%" : "1", item->scale = 1.0;
}

static int32_t find_member(codes_handle *handle)
{
    /* ecCodes also gives a number to what is of no ensemble: its size is then 0, or not there. */
    const long number = nwc__grib_whole(handle, "number"), members = nwc__grib_whole(handle, "totalNumber");
    return number >= 0 && members > 0 ? (int32_t)number : NWC_MODEL_NO_MEMBER;
}

static nwc_status find_entry(nwc_ctx *ctx, codes_handle *handle, int64_t max_bytes, struct texts *texts, nwc_grid *grid,
                             nwc_model_entry *entry)
{
    struct nwc__grib_order order;
    find_parameter(handle, texts, entry);
    find_level(handle, texts, entry);
    entry->member = find_member(handle);
    nwc__grib_text(handle, "stepType", texts->statistic);
    find_derived(handle, texts);
    nwc__grib_text(handle, "gridType", texts->grid_type);
    entry->along_grid = nwc__grib_whole(handle, "uvRelativeToGrid") == 1;
    NWC__TRY(nwc__grib_times(handle, &entry->reference_ns, &entry->start_ns, &entry->time_ns));
    entry->points = nwc__grib_whole(handle, "numberOfDataPoints");
    const nwc_status status = nwc__grib_grid(ctx, handle, texts->projection, grid, &order);
    if (status != NWC_OK && status != NWC_ERR_UNSUPPORTED) return status;
    if (status == NWC_OK) {
        entry->grid = grid;
        if (grid->nx * grid->ny != entry->points)
            return nwc__fail(NWC_ERR_FORMAT, "%lld x %lld points expected, %lld stated", (long long)grid->ny,
                             (long long)grid->nx, (long long)entry->points);
    }
    if (entry->points < 1 || entry->points > max_bytes / (int64_t)sizeof(float))
        return nwc__fail(NWC_ERR_FORMAT, "a field of %lld points", (long long)entry->points);
    return NWC_OK;
}

static nwc_status add_field(nwc_model *model, struct source *source, const struct nwc__grib_field *field, int32_t file,
                            const nwc_model_options *options)
{
    if (source->count == source->room) {
        const int64_t room = source->room ? 2 * source->room : 64;
        struct nwc__grib_field *const larger = nwc__alloc(source->memory, room, sizeof *larger);
        if (!larger) return NWC_ERR_NOMEM;
        if (source->count) memcpy(larger, source->fields, (size_t)source->count * sizeof *larger);
        nwc__free(source->memory, source->fields);
        source->fields = larger;
        source->room = room;
    }
    nwc_status status = NWC_OK;
    struct texts *texts = NULL;
    struct opened opened;
    nwc_grid grid;
    nwc__model_item item = {.where = source->count};
    item.entry = (nwc_model_entry){.file = file, .offset = field->message.at};
    NWC__ALLOC(source->memory, texts, 1);
    if ((status = open_field(source->memory, source, field, &opened)) != NWC_OK) goto done;
    status = find_entry(source->memory, opened.handle, options->max_bytes, texts, &grid, &item.entry);
    close_field(source->memory, &opened);
    if (status != NWC_OK) goto done;
    item.entry.name = texts->name, item.entry.long_name = texts->long_name;
    item.entry.standard_name = texts->standard_name, item.entry.units = texts->units;
    item.entry.level_type = texts->level_type, item.entry.statistic = texts->statistic;
    item.entry.grid_type = texts->grid_type;
    if (options->winds >= 0) item.entry.along_grid = options->winds;
    nwc__model_rename(options, &item);
    set_derived(texts, &item);
    if ((status = nwc__model_add(model, &item)) == NWC_OK) source->fields[source->count++] = *field;
done:
    nwc__free(source->memory, texts);
    return status;
}

/* ---- reading ---- */

static nwc_status find_order(nwc_ctx *ctx, codes_handle *handle, const nwc_model_entry *entry,
                             struct nwc__grib_order *order)
{
    char projection[NWC__TEXT];
    nwc_grid grid;
    if (entry->grid) return nwc__grib_grid(ctx, handle, projection, &grid, order);
    *order = (struct nwc__grib_order){.ni = entry->points, .nj = 1, .from_south = true};
    return NWC_OK;
}

static nwc_status read_source(void *state, nwc_ctx *ctx, const nwc__model_item *item, float *values)
{
    const struct source *const source = state;
    const struct nwc__grib_field *const field = &source->fields[item->where];
    const int64_t n = item->entry.points;
    struct opened opened;
    struct nwc__grib_order order;
    double *unpacked = NULL;
    NWC__TRY(open_field(ctx, source, field, &opened));
    nwc_status status = find_order(ctx, opened.handle, &item->entry, &order);
    if (status != NWC_OK) goto done;
    NWC__ALLOC(ctx, unpacked, n);
    status = nwc__grib_values(opened.handle, n, unpacked);
    if (status != NWC_OK) {
        char where[64];
        snprintf(where, sizeof where, "byte %lld", (long long)field->message.at);
        status = nwc__fail_within(status, where);
        goto done;
    }
    for (int64_t p = 0; p < n; p++) values[nwc__grib_place(&order, p)] = (float)unpacked[p];
done:
    nwc__free(ctx, unpacked);
    close_field(ctx, &opened);
    return status;
}

static nwc_status lonlat(void *state, nwc_ctx *ctx, const nwc__model_item *item, double *lon_deg, double *lat_deg)
{
    const struct source *const source = state;
    struct opened opened;
    NWC__TRY(open_field(ctx, source, &source->fields[item->where], &opened));
    nwc_status status = NWC_OK;
    size_t n_lat = 0, n_lon = 0;
    const size_t points = (size_t)item->entry.points;
    codes_get_size(opened.handle, "latitudes", &n_lat);
    codes_get_size(opened.handle, "longitudes", &n_lon);
    if (n_lat != points || n_lon != points ||
        codes_get_double_array(opened.handle, "latitudes", lat_deg, &n_lat) != CODES_SUCCESS ||
        codes_get_double_array(opened.handle, "longitudes", lon_deg, &n_lon) != CODES_SUCCESS)
        status = nwc__fail(NWC_ERR_UNSUPPORTED, "ecCodes does not say where the points of grid \"%s\" are",
                           item->entry.grid_type);
    close_field(ctx, &opened);
    for (size_t p = 0; status == NWC_OK && p < points; p++)
        if (lon_deg[p] >= 180.0) lon_deg[p] -= 360.0;
    return status;
}

static nwc_status hybrid(void *state, const nwc__model_item *item, int64_t most, double *a, double *b, int64_t *count)
{
    const struct source *const source = state;
    struct opened opened;
    nwc_status status = NWC_OK;
    double *pv = NULL;
    size_t n = 0;
    NWC__TRY(open_field(source->memory, source, &source->fields[item->where], &opened));
    if (nwc__grib_whole(opened.handle, "NV") < 4 || codes_get_size(opened.handle, "pv", &n) != CODES_SUCCESS) goto done;
    NWC__ALLOC(source->memory, pv, (int64_t)n);
    if (codes_get_double_array(opened.handle, "pv", pv, &n) != CODES_SUCCESS) {
        status = nwc__fail(NWC_ERR_FORMAT, "the coefficients of its levels are damaged");
        goto done;
    }
    *count = (int64_t)n / 2;
    for (int64_t k = 0; k < *count && k < most; k++) a[k] = pv[k], b[k] = pv[*count + k];
done:
    nwc__free(source->memory, pv);
    close_field(source->memory, &opened);
    return status;
}

/* ---- the whole file ---- */

static nwc_status list_messages(nwc_model *model, struct source *source, int32_t file, const nwc_model_options *options)
{
    char reason[NWC__GRIB_REASON] = "";
    struct nwc__grib_message message;
    struct nwc__grib_field field;
    const uint8_t *const bytes = source->bytes.data;
    for (int64_t from = 0; nwc__grib_next(bytes, source->bytes.size, &from, &message, reason);) {
        int64_t next = 0;
        do {
            nwc_status status = nwc__grib_field_next(bytes, &message, &next, &field);
            if (status == NWC_OK) status = add_field(model, source, &field, file, options);
            if (status == NWC_ERR_NOMEM) return status;
            if (status != NWC_OK && !reason[0])
                snprintf(reason, sizeof reason, "byte %lld: %.200s", (long long)message.at, nwc_error_text());
        } while (next);
    }
    if (!source->count && reason[0]) return nwc__fail(NWC_ERR_FORMAT, "%s", reason);
    if (!source->count) return nwc__fail(NWC_ERR_UNSUPPORTED, "no GRIB message in it");
    if (reason[0]) nwc__model_set_incomplete(model, reason);
    return NWC_OK;
}

nwc_status nwc__grib_model(nwc_model *model, struct nwc__bytes bytes, int32_t file, const nwc_model_options *options)
{
    nwc_ctx *const memory = nwc__model_memory(model);
    struct source *const source = nwc__alloc(memory, 1, sizeof *source);
    if (!source) {
        nwc__free(memory, bytes.data);
        return NWC_ERR_NOMEM;
    }
    *source = (struct source){.memory = memory, .bytes = bytes};
    const nwc__model_source made = {
        .read = read_source, .lonlat = lonlat, .hybrid = hybrid, .close = close_source, .state = source};
    NWC__TRY(nwc__model_add_source(model, &made));
    return list_messages(model, source, file, options);
}
#else
nwc_status nwc__grib_model(nwc_model *model, struct nwc__bytes bytes, int32_t file, const nwc_model_options *options)
{
    (void)file, (void)options;
    nwc__free(nwc__model_memory(model), bytes.data);
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read GRIB");
}
#endif
