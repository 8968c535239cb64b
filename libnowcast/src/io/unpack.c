/*
 * Packed bytes by what they begin with: gzip and zip by zlib or what is faster, bzip2 by libbz2, xz by liblzma, compress by our own decoder.
 *
 * A limit holds for what comes out, and another for what comes out of each byte: what grows without end is refused before it
 * has filled the memory.
 */
#include "io/unpack.h"

#include "core/bunzip2.h"
#include "core/bzip2.h"
#include "core/inflate.h"
#include "radar/format/volume_format.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

enum {
    FIRST_ROOM = 1 << 20,
    MOST_LAYERS = 3,
    MOST_STEP = 1 << 30,
    MOST_RATIO = 1100,     /* deflate reaches 1032; bzip2 and xz pass it on nothing but one byte repeated */
    FREE_BYTES = 64 << 20, /* before the ratio is looked at */
    XZ_MEMORY = 512 << 20,
    GZIP_LEAST = 18 /* bytes of the frame of a gzip stream, whose last four are the size of what is in it */
};

nwc_status nwc__unpacked_reserve(struct nwc__unpacked *out, int64_t n)
{
    assert(!out->bytes.data);
    if (n < 1 || n > out->max_bytes) return NWC_OK;
    if (!(out->bytes.data = nwc__alloc(out->ctx, n + 1, 1))) return NWC_ERR_NOMEM;
    out->room = n;
    return NWC_OK;
}

nwc_status nwc__unpacked_grow(struct nwc__unpacked *out, int64_t packed)
{
    struct nwc__bytes *const bytes = &out->bytes;
    if (bytes->size > FREE_BYTES && bytes->size / MOST_RATIO > packed)
        return nwc__fail(NWC_ERR_NOMEM, "byte %lld: more than %d bytes out of each: refused", (long long)packed,
                         MOST_RATIO);
    if (bytes->size < out->room) return NWC_OK;
    if (out->room >= out->max_bytes)
        return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)out->max_bytes);
    const int64_t twice = out->room ? (out->room > out->max_bytes / 2 ? out->max_bytes : 2 * out->room) : FIRST_ROOM;
    const int64_t wanted = twice < out->max_bytes ? twice : out->max_bytes;
    uint8_t *const larger = nwc__alloc(out->ctx, wanted + 1, 1);
    if (!larger) return NWC_ERR_NOMEM;
    if (bytes->size) memcpy(larger, bytes->data, (size_t)bytes->size);
    nwc__free(out->ctx, bytes->data);
    bytes->data = larger;
    out->room = wanted;
    return NWC_OK;
}

/* ---- streams of the three libraries ---- */

enum step { MORE, END, DAMAGED, NO_MEMORY };

/* The state of a library, and what it is to read and to write; both counts are lowered by what was done. */
struct stream {
    union {
        z_stream z;
        bz_stream bz;
        lzma_stream xz;
    } of;
    const uint8_t *in;
    uint8_t *out;
    int64_t n_in, n_out;
    const char *reason;
};

struct library {
    const char *name;
    int64_t length;
    const char *magic;
    bool (*begin)(struct stream *stream);
    enum step (*step)(struct stream *stream);
    void (*end)(struct stream *stream);
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool gzip_begin(struct stream *stream)
{
    stream->of.z = (z_stream){0};
    return inflateInit2(&stream->of.z, 16 + MAX_WBITS) == Z_OK;
}

static bool deflate_begin(struct stream *stream)
{
    stream->of.z = (z_stream){0};
    return inflateInit2(&stream->of.z, -MAX_WBITS) == Z_OK;
}

static enum step zlib_step(struct stream *stream)
{
    z_stream *const z = &stream->of.z;
    z->next_in = (z_const Bytef *)stream->in, z->avail_in = (uInt)stream->n_in;
    z->next_out = stream->out, z->avail_out = (uInt)stream->n_out;
    const int result = inflate(z, Z_NO_FLUSH);
    stream->n_in = z->avail_in, stream->n_out = z->avail_out;
    stream->reason = z->msg;
    if (result == Z_STREAM_END) return END;
    if (result == Z_MEM_ERROR) return NO_MEMORY;
    return result == Z_OK || result == Z_BUF_ERROR ? MORE : DAMAGED;
}

static void zlib_end(struct stream *stream)
{
    inflateEnd(&stream->of.z);
}

static bool bzip2_begin(struct stream *stream)
{
    stream->of.bz = (bz_stream){0};
    return BZ2_bzDecompressInit(&stream->of.bz, 0, 0) == BZ_OK;
}

static enum step bzip2_step(struct stream *stream)
{
    bz_stream *const bz = &stream->of.bz;
    bz->next_in = (char *)stream->in, bz->avail_in = (unsigned)stream->n_in;
    bz->next_out = (char *)stream->out, bz->avail_out = (unsigned)stream->n_out;
    const int result = BZ2_bzDecompress(bz);
    stream->n_in = bz->avail_in, stream->n_out = bz->avail_out;
    if (result == BZ_STREAM_END) return END;
    if (result == BZ_MEM_ERROR) return NO_MEMORY;
    return result == BZ_OK ? MORE : DAMAGED;
}

static void bzip2_end(struct stream *stream)
{
    BZ2_bzDecompressEnd(&stream->of.bz);
}

static bool xz_begin(struct stream *stream)
{
    stream->of.xz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&stream->of.xz, XZ_MEMORY, 0) == LZMA_OK;
}

static enum step xz_step(struct stream *stream)
{
    lzma_stream *const xz = &stream->of.xz;
    xz->next_in = stream->in, xz->avail_in = (size_t)stream->n_in;
    xz->next_out = stream->out, xz->avail_out = (size_t)stream->n_out;
    const lzma_ret result = lzma_code(xz, LZMA_RUN);
    stream->n_in = (int64_t)xz->avail_in, stream->n_out = (int64_t)xz->avail_out;
    if (result == LZMA_STREAM_END) return END;
    if (result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR) return NO_MEMORY;
    return result == LZMA_OK || result == LZMA_BUF_ERROR ? MORE : DAMAGED;
}

static void xz_end(struct stream *stream)
{
    lzma_end(&stream->of.xz);
}

static const struct library libraries[] = {
    {"gzip", 2, "\x1f\x8b", gzip_begin, zlib_step, zlib_end},
    {"bzip2", 3, "BZh", bzip2_begin, bzip2_step, bzip2_end},
    {"xz", 6, "\xfd\x37zXZ\0", xz_begin, xz_step, xz_end},
};

static const struct library bare_deflate = {"deflate", 0, "", deflate_begin, zlib_step, zlib_end};

static bool starts(const struct library *library, const uint8_t *bytes, int64_t size)
{
    return size >= library->length && memcmp(bytes, library->magic, (size_t)library->length) == 0;
}

/* One stream from byte *at on, which becomes the byte behind it. */
static nwc_status unpack_one(const struct library *library, const uint8_t *bytes, int64_t size, int64_t *at,
                             struct nwc__unpacked *out)
{
    nwc_status status = NWC_OK;
    struct stream stream = {0};
    if (!library->begin(&stream)) return nwc__fail(NWC_ERR_NOMEM, "no memory for %s", library->name);
    for (enum step step = MORE; step == MORE;) {
        if ((status = nwc__unpacked_grow(out, *at)) != NWC_OK) goto done;
        const int64_t in = least(size - *at, MOST_STEP), room = least(out->room - out->bytes.size, MOST_STEP);
        stream.in = bytes + *at, stream.n_in = in;
        stream.out = out->bytes.data + out->bytes.size, stream.n_out = room;
        step = library->step(&stream);
        *at += in - stream.n_in, out->bytes.size += room - stream.n_out;
        if (step == NO_MEMORY) {
            status = nwc__fail(NWC_ERR_NOMEM, "byte %lld: no memory for %s", (long long)*at, library->name);
        } else if (step == DAMAGED) {
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: damaged %s stream%s%s%s", (long long)*at, library->name,
                               stream.reason ? " (" : "", stream.reason ? stream.reason : "", stream.reason ? ")" : "");
        } else if (step == MORE && *at == size && stream.n_out > 0) {
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: the %s stream ends early", (long long)*at, library->name);
        }
        if (status != NWC_OK) goto done;
    }
done:
    library->end(&stream);
    return status;
}

nwc_status nwc__inflate(const uint8_t *bytes, int64_t size, int64_t *used, struct nwc__unpacked *out)
{
    *used = 0;
    return unpack_one(&bare_deflate, bytes, size, used, out);
}

/*
 * The gzip stream the bytes begin with, at one stroke into the room that the last bytes promise: those of this stream where
 * there is but one. *at becomes the byte behind it, or stays where nothing came of it.
 */
static nwc_status unpack_gzip(const uint8_t *bytes, int64_t size, int64_t *at, struct nwc__unpacked *out)
{
    const int64_t promised = size < GZIP_LEAST ? 0 : nwc__u32_le(bytes + size - 4);
    if (promised == 0 || promised / MOST_RATIO > size) return NWC_OK;
    NWC__TRY(nwc__unpacked_reserve(out, promised));
    if (out->room > 0)
        (void)nwc__inflate_at_once(NWC__DEFLATE_GZIP, bytes, size, out->bytes.data, out->room, at, &out->bytes.size);
    return NWC_OK;
}

/* The good bzip2 streams of more than a block, by all threads; *at becomes the byte behind them. */
static nwc_status unpack_blocks(const uint8_t *bytes, int64_t size, int64_t *at, struct nwc__unpacked *out)
{
    const struct nwc__bzip2_limits limits = {out->max_bytes, FREE_BYTES, MOST_RATIO};
    struct nwc__bzip2_streams streams;
    NWC__TRY(nwc__bzip2_unpack(out->ctx, bytes, size, false, &limits, &streams));
    *at = streams.used;
    out->bytes = (struct nwc__bytes){streams.bytes, streams.size}, out->room = streams.size;
    return NWC_OK;
}

/* The first bytes of a bzip2 stream, as many as there may be: a look at one needs no more. None where its first block has not so many. */
static nwc_status look_into_blocks(const uint8_t *bytes, int64_t size, struct nwc__unpacked *out)
{
    struct nwc__bunzip2_rooms rooms;
    NWC__TRY(nwc__unpacked_reserve(out, out->max_bytes));
    NWC__TRY(nwc__bunzip2_make_rooms(out->ctx, 1, &rooms));
    const int64_t made = nwc__bunzip2_look(rooms.room, bytes, size, out->bytes.data, out->room);
    if (made == out->room) out->bytes.size = made;
    nwc__free(out->ctx, rooms.room);
    return NWC_OK;
}

/* All streams, one behind the other. What follows the last, if it begins none, is left; xz may have zeros between two. */
static nwc_status unpack_all(const struct library *library, const uint8_t *bytes, int64_t size, enum nwc__extent extent,
                             struct nwc__unpacked *out)
{
    int64_t at = 0;
    if (library->begin == bzip2_begin && extent == NWC__HEAD) {
        NWC__TRY(look_into_blocks(bytes, size, out));
        if (out->bytes.size > 0) return NWC_OK;
    }
    if (library->begin == gzip_begin) NWC__TRY(unpack_gzip(bytes, size, &at, out));
    if (library->begin == bzip2_begin && extent != NWC__HEAD) NWC__TRY(unpack_blocks(bytes, size, &at, out));
    while (starts(library, bytes + at, size - at)) {
        NWC__TRY(unpack_one(library, bytes, size, &at, out));
        while (library->begin == xz_begin && size - at >= 4 && memcmp(bytes + at, "\0\0\0\0", 4) == 0) at += 4;
    }
    return NWC_OK;
}

/* ---- whatever it is ---- */

/* One packing undone; *any is false where there is none. */
static nwc_status unpack_layer(const struct nwc__bytes *bytes, enum nwc__extent extent, struct nwc__unpacked *out,
                               bool *any)
{
    *any = true;
    for (size_t k = 0; k < sizeof libraries / sizeof libraries[0]; k++)
        if (starts(&libraries[k], bytes->data, bytes->size))
            return unpack_all(&libraries[k], bytes->data, bytes->size, extent, out);
    if (bytes->size >= 4 && memcmp(bytes->data, "PK\3\4", 4) == 0)
        return nwc__unpack_zip(bytes->data, bytes->size, out);
    if (bytes->size >= 3 && memcmp(bytes->data, "\x1f\x9d", 2) == 0)
        return nwc__unpack_compress(bytes->data, bytes->size, out);
    *any = false;
    return NWC_OK;
}

nwc_status nwc__unpack(nwc_ctx *ctx, int64_t max_bytes, enum nwc__extent extent, struct nwc__bytes *bytes, bool *cut)
{
    nwc_status status = NWC_OK;
    bool any = true;
    for (int layer = 0; layer < MOST_LAYERS && any && status == NWC_OK; layer++) {
        struct nwc__unpacked out = {.ctx = ctx, .max_bytes = max_bytes};
        status = unpack_layer(bytes, extent, &out, &any);
        if (!any) break;
        if (status == NWC_OK && !out.bytes.data) status = nwc__unpacked_grow(&out, 0); /* its end is marked too */
        const bool full = status == NWC_ERR_NOMEM && out.bytes.size == max_bytes;
        const bool usable = extent != NWC__WHOLE && status == NWC_ERR_FORMAT && out.bytes.size > 0;
        if (usable) *cut = true;
        if (usable || (extent == NWC__HEAD && full)) status = NWC_OK;
        nwc__free(ctx, bytes->data);
        *bytes = out.bytes;
    }
    if (status == NWC_OK) {
        if (bytes->data) bytes->data[bytes->size] = 0;
        return NWC_OK;
    }
    nwc__free(ctx, bytes->data);
    *bytes = (struct nwc__bytes){0};
    return status;
}
