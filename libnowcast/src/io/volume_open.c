/* Radar volumes opened by what their files contain. */
#include "io/internal.h"

#include "radar/format/volume_format.h"

typedef nwc_status (*decode_fn)(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

enum { MOST_FILES = 4096 };

/* A format: its name, the bytes it is told by and where they are, and how it is read. */
static const struct format {
    const char *name;
    int64_t at;
    const char *magic;
    int64_t length;
    decode_fn decode;
} formats[] = {
    {"NEXRAD Level II", 0, "AR2V", 4, nwc__nexrad_read},
    {"NEXRAD Level II", 0, "ARCHIVE2", 8, nwc__nexrad_read},
    {"NEXRAD Level II", 4, "BZh", 3, nwc__nexrad_read},
    {"CMA standard", 0, "RSTM", 4, nwc__cma_read},
};

/* A format without a mark of its own. */
static const struct format legacy = {"CINRAD", 0, "", 0, nwc__cinrad_legacy_read};

static const struct format *recognise(const uint8_t *bytes, int64_t size)
{
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        if (size >= formats[f].at + formats[f].length &&
            memcmp(bytes + formats[f].at, formats[f].magic, (size_t)formats[f].length) == 0)
            return &formats[f];
    return nwc__is_cinrad_legacy(bytes, size) ? &legacy : NULL;
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
    return format ? format->name : NULL;
}

static nwc_status decode(nwc_ctx *ctx, const struct nwc__bytes *bytes, int64_t max_bytes, bool cut, nwc_volume **volume)
{
    const struct format *const format = recognise(bytes->data, bytes->size);
    if (bytes->size == 0) return nwc__fail(NWC_ERR_FORMAT, "byte 0: the file is empty");
    if (!format)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 0: not the beginning of a radar volume this library knows");
    NWC__TRY(nwc__volume_create(ctx, format->name, max_bytes, volume));
    nwc_status status = format->decode(ctx, bytes->data, bytes->size, *volume);
    if (status == NWC_OK && cut)
        status = nwc__volume_incomplete(*volume, NULL, "the packed file is damaged or ends early");
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

/* All files behind one another. */
static nwc_status read_all(nwc_ctx *ctx, const char *const *paths, int32_t n_paths, int64_t max_bytes,
                           struct nwc__bytes *all, bool *cut)
{
    for (int32_t p = 0; p < n_paths; p++) {
        struct nwc__bytes one, joined = {0};
        bool damaged;
        nwc_status status = nwc__bytes_read_partly(ctx, paths[p], max_bytes, &one, &damaged);
        if (status != NWC_OK) return nwc__fail_within(status, paths[p]);
        *cut = *cut || damaged;
        if (p == 0) {
            *all = one;
            continue;
        }
        joined.size = all->size + one.size;
        if (joined.size > max_bytes)
            status = nwc__fail(NWC_ERR_NOMEM, "%s: more than the limit of %lld bytes", paths[p], (long long)max_bytes);
        else if (!(joined.data = nwc__alloc(ctx, joined.size + 1, 1)))
            status = NWC_ERR_NOMEM;
        if (status == NWC_OK) {
            memcpy(joined.data, all->data, (size_t)all->size);
            memcpy(joined.data + all->size, one.data, (size_t)one.size + 1);
            nwc__free(ctx, all->data);
            *all = joined;
        }
        nwc__free(ctx, one.data);
        if (status != NWC_OK) return status;
    }
    return NWC_OK;
}

nwc_status nwc_volume_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths, const nwc_read_options *given,
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
    struct nwc__bytes bytes = {0};
    bool cut = false;
    nwc_status status = read_all(ctx, paths, n_paths, options.max_bytes, &bytes, &cut);
    if (status == NWC_OK) {
        status = decode(ctx, &bytes, options.max_bytes, cut, volume);
        if (status == NWC_OK) status = take_site(*volume, paths[0]);
        if (status != NWC_OK) {
            nwc_volume_destroy(*volume);
            *volume = NULL;
            status = nwc__fail_within(status, paths[0]);
        }
    }
    nwc__free(ctx, bytes.data);
    return status;
}
