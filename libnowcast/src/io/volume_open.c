/* Radar volumes opened by what their files contain. */
#include "io/internal.h"

#include "radar/format/volume_format.h"

typedef nwc_status (*decode_fn)(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

enum { MOST_FILES = 4096 };

#define SAME_PLACE_DEG 0.01 /* parts of a volume say the same place, but for rounding */

/* A format: its name, the bytes it is told by and where they are, or what tells it, and how it is read. */
static const struct format {
    const char *name;
    int64_t at;
    const char *magic;
    int64_t length;
    decode_fn decode;
    bool in_parts;  /* several files are one behind the other; else each is whole and has sweeps of its own */
    bool container; /* may hold anything else too */
    bool (*is)(const uint8_t *bytes, int64_t size); /* of formats without a mark of their own */
} formats[] = {
    {"NEXRAD Level II", 0, "AR2V", 4, nwc__nexrad_read, true, false, NULL},
    {"NEXRAD Level II", 0, "ARCHIVE2", 8, nwc__nexrad_read, true, false, NULL},
    {"NEXRAD Level II", 4, "BZh", 3, nwc__nexrad_read, true, false, NULL},
    {"CMA standard", 0, "RSTM", 4, nwc__cma_read, false, false, NULL},
    {"IRIS RAW", 12, "\x1a\0", 2, nwc__iris_read, false, false, NULL},
    {"DORADE", 0, "SSWB", 4, nwc__dorade_read, false, false, NULL},
    {"DORADE", 0, "VOLD", 4, nwc__dorade_read, false, false, NULL},
    {"DORADE", 0, "COMM", 4, nwc__dorade_read, false, false, NULL},
    {"CfRadial", 0, "CDF", 3, nwc__netcdf_volume_read, false, true, NULL},
    {"ODIM_H5", 0, "\x89HDF\r\n\x1a\n", 8, nwc__hdf5_volume_read, false, true, NULL},
    {"UF", 0, "", 0, nwc__uf_read, false, false, nwc__is_uf},
    {"CINRAD SC", 100, "CINRAD/SC", 9, nwc__cinrad_sc_read, false, false, NULL},
    {"CINRAD CD", 100, "CINRAD/CD", 9, nwc__cinrad_sc_read, false, false, NULL},
    {"CINRAD CC", 116, "CINRAD/CC", 9, nwc__cinrad_cc_read, false, false, NULL},
    {"CINRAD CC", 116, "CINRAD-CC", 9, nwc__cinrad_cc_read, false, false, NULL},
    {"NEXRAD Level III", 0, "", 0, nwc__level3_polar_read, false, false, nwc__is_level3_polar},
    {"CINRAD", 0, "", 0, nwc__cinrad_legacy_read, true, false, nwc__is_cinrad_legacy},
    {"CINRAD DXK", 0, "", 0, nwc__cinrad_dxk_read, false, false, nwc__is_cinrad_dxk},
};

static const struct format *recognise(const uint8_t *bytes, int64_t size)
{
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        if (formats[f].is ? formats[f].is(bytes, size)
                          : nwc__has_mark(bytes, size, formats[f].at, formats[f].magic, formats[f].length))
            return &formats[f];
    return NULL;
}

/* The station that the names of the Chinese network begin with: Z_RADR_I_Z9398_20140704080600_O_DOR_SB_CAP.bin.bz2. */
static nwc_status take_site(nwc_volume *volume, const char *path)
{
    static const char start[] = "Z_RADR_I_";
    const char *const name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char site[8] = "";
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (facts.site[0] || strncmp(name, start, sizeof start - 1) != 0) return NWC_OK;
    strncpy(site, name + sizeof start - 1, sizeof site - 1);
    if (strchr(site, '_')) *strchr(site, '_') = '\0';
    facts.site = site;
    return nwc__volume_set_facts(volume, &facts);
}

const char *nwc_volume_sniff(const void *bytes, size_t size)
{
    const struct format *const format = bytes ? recognise(bytes, size < INT32_MAX ? (int64_t)size : INT32_MAX) : NULL;
    return format && !format->container ? format->name : NULL;
}

/* What is known of a volume while its files are read one after the other. */
struct opening {
    nwc_ctx *ctx;
    int64_t max_bytes;
    bool pads;
    const struct format *format;
    nwc_volume *volume;
    struct nwc__bytes joined; /* of a format in parts */
    bool cut;
};

/* Bytes behind those there are; takes them over. */
static nwc_status join(struct opening *opening, struct nwc__bytes *bytes)
{
    struct nwc__bytes *const joined = &opening->joined;
    if (!joined->data) {
        *joined = *bytes;
        *bytes = (struct nwc__bytes){0};
        return NWC_OK;
    }
    struct nwc__bytes both = {.size = joined->size + bytes->size};
    if (both.size > opening->max_bytes)
        return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)opening->max_bytes);
    if (!(both.data = nwc__alloc(opening->ctx, both.size + 1, 1))) return NWC_ERR_NOMEM;
    memcpy(both.data, joined->data, (size_t)joined->size);
    memcpy(both.data + joined->size, bytes->data, (size_t)bytes->size + 1);
    nwc__free(opening->ctx, joined->data);
    *joined = both;
    return NWC_OK;
}

/* Sweeps of one more file, which must be of the same radar. */
static nwc_status append(struct opening *opening, const struct nwc__bytes *bytes)
{
    nwc_volume_facts before, after;
    NWC__TRY(nwc_volume_describe(opening->volume, &before));
    NWC__TRY(opening->format->decode(opening->ctx, bytes->data, bytes->size, opening->volume));
    NWC__TRY(nwc_volume_describe(opening->volume, &after));
    if (before.n_sweeps && (fabs(after.latitude_deg - before.latitude_deg) > SAME_PLACE_DEG ||
                            fabs(after.longitude_deg - before.longitude_deg) > SAME_PLACE_DEG))
        return nwc__fail(NWC_ERR_ARG, "a part of one volume expected, a radar at %g, %g found after one at %g, %g",
                         after.latitude_deg, after.longitude_deg, before.latitude_deg, before.longitude_deg);
    return NWC_OK;
}

static nwc_status take_bytes(struct opening *opening, struct nwc__bytes *bytes)
{
    const struct format *const format = recognise(bytes->data, bytes->size);
    if (bytes->size == 0) return nwc__fail(NWC_ERR_FORMAT, "byte 0: the file is empty");
    if (!format)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 0: not the beginning of a radar volume this library knows");
    if (!opening->format) {
        opening->format = format;
        NWC__TRY(nwc__volume_create(opening->ctx, format->name, opening->max_bytes, &opening->volume));
        if (opening->pads) nwc__volume_pad(opening->volume);
    } else if (format->decode != opening->format->decode) {
        return nwc__fail(NWC_ERR_ARG, "a part of one volume expected, %s found after %s", format->name,
                         opening->format->name);
    }
    return format->in_parts ? join(opening, bytes) : append(opening, bytes);
}

static nwc_status take_file(struct opening *opening, const char *path)
{
    struct nwc__bytes bytes;
    bool cut;
    nwc_status status = nwc__bytes_read_partly(opening->ctx, path, opening->max_bytes, &bytes, &cut);
    if (status == NWC_OK) {
        opening->cut = opening->cut || cut;
        status = take_bytes(opening, &bytes);
        nwc__free(opening->ctx, bytes.data);
    }
    return status == NWC_OK ? NWC_OK : nwc__fail_within(status, path);
}

/* What remains when all files are taken. */
static nwc_status complete(struct opening *opening, const char *const *paths, int32_t n_paths)
{
    if (opening->joined.data) {
        const nwc_status status =
            opening->format->decode(opening->ctx, opening->joined.data, opening->joined.size, opening->volume);
        if (status != NWC_OK) return nwc__fail_within(status, paths[0]);
    }
    if (opening->cut)
        NWC__TRY(nwc__volume_incomplete(opening->volume, NULL, "the packed file is damaged or ends early"));
    if (n_paths > 1 && !opening->joined.data) nwc__volume_sort(opening->volume);
    return take_site(opening->volume, paths[0]);
}

static nwc_status volume_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths, const nwc_read_options *given,
                              nwc_volume **volume)
{
    ctx = nwc__ctx(ctx);
    if (!volume) return nwc__fail(NWC_ERR_ARG, "volume: a place for the volume expected, NULL given");
    *volume = NULL;
    if (!paths || n_paths < 1 || n_paths > MOST_FILES)
        return nwc__fail(NWC_ERR_ARG, "paths: 1 to %d paths expected, %d given", MOST_FILES, paths ? (int)n_paths : 0);
    for (int32_t p = 0; p < n_paths; p++)
        if (!paths[p]) return nwc__fail(NWC_ERR_ARG, "paths[%d]: a path expected, NULL given", (int)p);
    nwc_read_options options;
    nwc_read_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    if (options.max_bytes < 1)
        return nwc__fail(NWC_ERR_ARG, "max_bytes: at least 1 expected, %lld given", (long long)options.max_bytes);
    struct opening opening = {.ctx = ctx, .max_bytes = options.max_bytes, .pads = options.pad != 0};
    nwc_status status = NWC_OK;
    for (int32_t p = 0; p < n_paths && status == NWC_OK; p++) status = take_file(&opening, paths[p]);
    if (status == NWC_OK) status = complete(&opening, paths, n_paths);
    nwc__free(ctx, opening.joined.data);
    if (status == NWC_OK)
        *volume = opening.volume;
    else
        nwc_volume_destroy(opening.volume);
    return status;
}

nwc_status nwc_volume_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths, const nwc_read_options *given,
                           nwc_volume **volume)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = volume_open(ctx, paths, n_paths, given, volume);
    nwc__numbers_end(numbers);
    return status;
}
