/* Files of observations opened by what they contain. */
#include "io/internal.h"

#include "obs/format/obs_format.h"
#include "radar/format/level3.h"

#include <stdlib.h>

/* Where a mark may be: at the start, at the start of any of the first lines, or behind a heading of some tens of bytes. */
enum where { AT_START, IN_LINES, IN_HEAD };

enum { LOOKED_AT = 4096, HEAD = 256 };

static nwc_status read_level3(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                              nwc_obs *obs)
{
    const int64_t missing = nwc__level3_missing(bytes, size);
    NWC__TRY(nwc__level3_obs_read(ctx, bytes, size, hints, obs));
    return missing ? nwc__obs_incomplete(obs, "the file ends early: %lld bytes are missing", (long long)missing)
                   : NWC_OK;
}

/* A format: its name, the text it is told by and where that is, and how it is read. */
static const struct format {
    const char *name;
    enum where where;
    const char *mark;
    nwc__obs_read_fn *decode;
    bool (*is)(const uint8_t *bytes, int64_t size); /* where there is no mark */
    bool container;                                 /* may hold anything else too */
} formats[] = {
    {"netCDF", AT_START, "CDF", nwc__netcdf_obs_read, NULL, true},
    {"HDF5", AT_START, "\x89HDF\r\n\x1a\n", nwc__hdf5_obs_read, NULL, true},
    {"BUFR", IN_HEAD, "BUFR", nwc__bufr_read, NULL, false},
    {"NEXRAD Level III", AT_START, "", read_level3, nwc__is_level3_table, false},
    {"BUFKIT", IN_LINES, "SNPARM = ", nwc__bufkit_read, NULL, false},
    {"Wyoming", IN_LINES, "   PRES   HGHT   TEMP", nwc__wyoming_read, NULL, false},
    {"LMA", AT_START, "Lightning Mapping Array", nwc__lma_read, NULL, false},
    {"USPLN", AT_START, "USPLN-LIGHTNING", nwc__uspln_read, NULL, false},
    {"CMA profiler", IN_LINES, "WNDROBS ", nwc__cma_profiler_read, NULL, false},
    {"CMA profiler", IN_LINES, "WNDHOBS ", nwc__cma_profiler_read, NULL, false},
    {"CMA profiler", IN_LINES, "WNDOOBS ", nwc__cma_profiler_read, NULL, false},
    {"NLDN", AT_START, "", nwc__nldn_read, nwc__is_nldn, false},
    {"METAR", AT_START, "", nwc__metar_read, nwc__is_metar, false},
    {"CSV", AT_START, "", nwc__csv_read, nwc__is_csv, false},
};

static const struct format table = {"CSV", AT_START, "", nwc__csv_read, NULL, false};

static bool has_mark(const struct format *format, const uint8_t *bytes, int64_t size)
{
    const int64_t n = (int64_t)strlen(format->mark);
    const int64_t most = format->where == IN_HEAD ? HEAD : LOOKED_AT;
    if (size > most) size = most;
    for (int64_t at = 0; at + n <= size; at++) {
        if (format->where == AT_START && at > 0) return false;
        if (format->where == IN_LINES && at > 0 && bytes[at - 1] != '\n') continue;
        if (memcmp(bytes + at, format->mark, (size_t)n) == 0) return true;
    }
    return false;
}

static const struct format *recognise(const uint8_t *bytes, int64_t size)
{
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        if (formats[f].is ? formats[f].is(bytes, size) : has_mark(&formats[f], bytes, size)) return &formats[f];
    return NULL;
}

const char *nwc_obs_sniff(const void *bytes, size_t size)
{
    const struct format *const format = bytes ? recognise(bytes, size < INT32_MAX ? (int64_t)size : INT32_MAX) : NULL;
    return format && !format->container ? format->name : NULL;
}

void nwc_obs_options_init(nwc_obs_options *options)
{
    if (options)
        *options = (nwc_obs_options){.struct_size = sizeof *options,
                                     .max_bytes = INT64_C(1) << 30,
                                     .near_ns = NWC_TIME_UNKNOWN,
                                     .kind = NWC_OBS_SURFACE};
}

static nwc_status take_options(nwc_obs_options *options, const nwc_obs_options *given)
{
    nwc_obs_options_init(options);
    NWC__TRY(nwc__take_options(options, sizeof *options, given, "options"));
    if (options->max_bytes < 1)
        return nwc__fail(NWC_ERR_ARG, "max_bytes: at least 1 expected, %lld given", (long long)options->max_bytes);
    if (options->n_columns < 0 || (options->n_columns > 0 && !options->columns))
        return nwc__fail(NWC_ERR_ARG, "columns: as many as n_columns says expected, %d given", (int)options->n_columns);
    if (options->kind < NWC_OBS_SURFACE || options->kind > NWC_OBS_MODEL)
        return nwc__fail(NWC_ERR_ARG, "kind: an nwc_obs_kind expected, %d given", (int)options->kind);
    if (options->n_stations < 0 || (options->n_stations > 0 && !options->stations))
        return nwc__fail(NWC_ERR_ARG, "stations: as many as n_stations says expected, %d given",
                         (int)options->n_stations);
    return NWC_OK;
}

static int by_id(const void *a, const void *b)
{
    const nwc_obs_station *const x = *(const nwc_obs_station *const *)a, *const y = *(const nwc_obs_station *const *)b;
    const int order = strcmp(x->id, y->id);
    return order ? order : (x > y) - (x < y); /* of two the one given first */
}

/* The stations the caller knows, in the order of their identifiers; to be given to nwc__free. */
static nwc_status sort_stations(nwc_ctx *ctx, const nwc_obs_options *options, const nwc_obs_station ***sorted)
{
    *sorted = NULL;
    for (int32_t s = 0; s < options->n_stations; s++) {
        const nwc_obs_station *const station = &options->stations[s];
        if (!station->id || !station->id[0])
            return nwc__fail(NWC_ERR_ARG, "stations[%d].id: an identifier expected, none given", (int)s);
        if (fabs(station->latitude_deg) > 90.0 || fabs(station->longitude_deg) > 360.0)
            return nwc__fail(NWC_ERR_ARG, "stations[%d]: a place on the earth expected, %g, %g given", (int)s,
                             station->latitude_deg, station->longitude_deg);
    }
    if (options->n_stations == 0) return NWC_OK;
    const nwc_obs_station **const list = nwc__alloc(ctx, options->n_stations, sizeof *list);
    if (!list) return NWC_ERR_NOMEM;
    for (int32_t s = 0; s < options->n_stations; s++) list[s] = &options->stations[s];
    qsort((void *)list, (size_t)options->n_stations, sizeof *list, by_id);
    *sorted = list;
    return NWC_OK;
}

/* A network that located no lightning, or a radar that saw no wind, has said something: an empty table is its answer. */
static bool is_answer(const nwc_obs *obs)
{
    nwc_obs_facts facts;
    nwc_obs_station station;
    return nwc_obs_describe(obs, &facts) == NWC_OK && facts.n_stations > 0 && !facts.incomplete[0] &&
           nwc_obs_get_station(obs, 0, &station) == NWC_OK &&
           (station.kind == NWC_OBS_LIGHTNING || station.kind == NWC_OBS_VAD);
}

static nwc_status decode(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const nwc_obs_options *options,
                         nwc_obs **made)
{
    /* Where the caller says what columns hold, there is a table. */
    const struct format *const format = options->n_columns ? &table : recognise(bytes, size);
    const struct nwc__obs_hints hints = {.near_ns = options->near_ns,
                                         .station = options->station,
                                         .columns = options->columns,
                                         .n_columns = options->n_columns,
                                         .kind = options->kind,
                                         .offset_ns = options->offset_ns,
                                         .heights_above_sea = options->heights_above_sea != 0,
                                         .upward_positive = options->upward_positive != 0};
    nwc_obs *obs;
    nwc_obs_facts facts;
    if (size == 0) return nwc__fail(NWC_ERR_FORMAT, "byte 0: the file is empty");
    if (!format) return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 0: not the beginning of observations this library knows");
    const nwc_obs_station **known;
    NWC__TRY(sort_stations(ctx, options, &known));
    nwc_status status = nwc__obs_create(ctx, format->name, options->max_bytes, &obs);
    if (status != NWC_OK) {
        nwc__free(ctx, (void *)known);
        return status;
    }
    nwc__obs_know(obs, known, options->n_stations);
    status = format->decode(ctx, bytes, size, &hints, obs);
    nwc__obs_know(obs, NULL, 0);
    nwc__free(ctx, (void *)known);
    if (status == NWC_OK) status = nwc_obs_describe(obs, &facts);
    if (status == NWC_OK && facts.n_rows == 0 && !is_answer(obs))
        status = nwc__fail(NWC_ERR_NODATA, "no value in it%s%s", facts.incomplete[0] ? ": " : "", facts.incomplete);
    if (status == NWC_OK)
        *made = obs;
    else
        nwc_obs_destroy(obs);
    return status;
}

static nwc_status obs_decode(nwc_ctx *ctx, const void *bytes, size_t size, const nwc_obs_options *given, nwc_obs **obs)
{
    nwc_obs_options options;
    ctx = nwc__ctx(ctx);
    if ((!bytes && size) || !obs || size > INT64_MAX / 2)
        return nwc__fail(NWC_ERR_ARG, "bytes, obs: bytes and a place for the table expected, NULL given");
    *obs = NULL;
    NWC__TRY(take_options(&options, given));
    return decode(ctx, bytes, (int64_t)size, &options, obs);
}

nwc_status nwc_obs_decode(nwc_ctx *ctx, const void *bytes, size_t size, const nwc_obs_options *given, nwc_obs **obs)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = obs_decode(ctx, bytes, size, given, obs);
    nwc__numbers_end(numbers);
    return status;
}

static nwc_status obs_open(nwc_ctx *ctx, const char *path, const nwc_obs_options *given, nwc_obs **obs)
{
    nwc_obs_options options;
    struct nwc__bytes bytes;
    bool cut;
    ctx = nwc__ctx(ctx);
    if (!path || !obs)
        return nwc__fail(NWC_ERR_ARG, "path, obs: a path and a place for the table expected, NULL given");
    *obs = NULL;
    NWC__TRY(take_options(&options, given));
    nwc_status status = nwc__bytes_read_partly(ctx, path, options.max_bytes, &bytes, &cut);
    if (status == NWC_OK) {
        status = decode(ctx, bytes.data, bytes.size, &options, obs);
        nwc__free(ctx, bytes.data);
    }
    if (status == NWC_OK && cut) status = nwc__obs_incomplete(*obs, "the packed file is damaged or ends early");
    if (status == NWC_OK) return NWC_OK;
    nwc_obs_destroy(*obs);
    *obs = NULL;
    return nwc__fail_within(status, path);
}

nwc_status nwc_obs_open(nwc_ctx *ctx, const char *path, const nwc_obs_options *given, nwc_obs **obs)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = obs_open(ctx, path, given, obs);
    nwc__numbers_end(numbers);
    return status;
}
