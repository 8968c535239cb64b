/* Radar volumes written to files, in the format asked for or that their names end in. */
#include "io/volume_write.h"

#include <bzlib.h>

enum { BZIP2 = 9 };

/* A format: its name, how names of its files end, and what writes it: to a path, or into bytes. */
static const struct format {
    const char *name, *ending[3];
    nwc__volume_write_fn *write;
    nwc__volume_encode_fn *encode;
} formats[] = {
#ifdef NWC__HAVE_NETCDF
    {"FM 301", {".nc", ".nc4"}, nwc__fm301_write, NULL},
    {"ODIM_H5", {".h5", ".hdf", ".hdf5"}, nwc__odim_volume_write, NULL},
#endif
    {"NEXRAD Level II", {".ar2v"}, NULL, nwc__nexrad_encode},
    {"CMA standard", {".bin"}, NULL, nwc__cma_encode},
    {NULL, {NULL}, NULL, NULL},
};

/* Whether n bytes of a text end so. */
static bool ends_in(const char *text, size_t n, const char *ending)
{
    const size_t length = strlen(ending);
    return n > length && memcmp(text + n - length, ending, length) == 0;
}

/* The format; *packed where the file is to be one bzip2 stream, as its name then says. */
static const struct format *find(const char *path, const char *name, bool *packed)
{
    const char *const last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t n = strlen(last);
    *packed = ends_in(last, n, ".bz2");
    if (*packed) n -= strlen(".bz2");
    for (const struct format *f = formats; f->name; f++) {
        if (*packed && !f->encode) continue;
        if (name && strcmp(name, f->name) == 0) return f;
        for (int e = 0; e < 3 && !name && f->ending[e]; e++)
            if (ends_in(last, n, f->ending[e])) return f;
    }
    return NULL;
}

static nwc_status pack(nwc_ctx *ctx, struct nwc__buffer *buffer)
{
    unsigned room = (unsigned)(buffer->size + buffer->size / 100 + 600); /* what libbz2 asks for */
    if (buffer->size > INT32_MAX) return nwc__fail(NWC_ERR_UNSUPPORTED, "less than 2 GiB expected to be packed");
    struct nwc__buffer packed = {.ctx = ctx};
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(&packed, room, &at));
    const int result =
        BZ2_bzBuffToBuffCompress((char *)at, &room, (char *)buffer->data, (unsigned)buffer->size, BZIP2, 0, 0);
    nwc__free(ctx, buffer->data);
    *buffer = packed;
    buffer->size = room;
    return result == BZ_OK ? NWC_OK : nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
}

static nwc_status write_bytes(nwc_ctx *ctx, const nwc_volume *volume, const struct format *format, bool packed,
                              const char *path)
{
    struct nwc__buffer buffer = {.ctx = ctx};
    nwc_status status = format->encode(ctx, volume, &buffer);
    if (status == NWC_OK && packed) status = pack(ctx, &buffer);
    status = status == NWC_OK ? nwc__write_bytes(ctx, path, buffer.data, buffer.size) : nwc__fail_within(status, path);
    nwc__free(ctx, buffer.data);
    return status;
}

static nwc_status write_file(nwc_ctx *ctx, const nwc_volume *volume, const struct format *format, const char *path)
{
    char *beside = NULL;
    NWC__TRY(nwc__beside(ctx, path, &beside));
    nwc__io_lock();
    nwc_status status = format->write(ctx, volume, beside);
    nwc__io_unlock();
    status = status == NWC_OK ? nwc__take_place(ctx, path, &beside) : nwc__fail_writing(status, path, beside);
    nwc__give_up(ctx, &beside);
    return status;
}

static nwc_status volume_write(nwc_ctx *ctx, const nwc_volume *volume, const char *path, const char *name)
{
    ctx = nwc__ctx(ctx);
    nwc_volume_facts facts;
    bool packed;
    if (!path || !path[0]) return nwc__fail(NWC_ERR_ARG, "path: a path expected, none given");
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (facts.n_sweeps < 1) return nwc__fail(NWC_ERR_ARG, "%s: at least one sweep expected, none added", path);
    const struct format *const format = find(path, name, &packed);
    if (!format)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "%s: a name ending in .nc, .ar2v, .h5 or .bin, or a format this build writes, expected%s%s",
                         path, name ? "; asked for " : "", name ? name : "");
    return format->encode ? write_bytes(ctx, volume, format, packed, path) : write_file(ctx, volume, format, path);
}

nwc_status nwc_volume_write(nwc_ctx *ctx, const nwc_volume *volume, const char *path, const char *name)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = volume_write(ctx, volume, path, name);
    nwc__numbers_end(numbers);
    return status;
}
