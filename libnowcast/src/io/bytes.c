/* Whole files as bytes: read at once, unpacked by zlib or libbz2 while a limit holds. */
#define _POSIX_C_SOURCE 200809L
#include "io/internal.h"

#include <bzlib.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

enum { FIRST_ROOM = 1 << 20, MOST_LAYERS = 3, MOST_STEP = 1 << 30 };

static nwc_status too_many(int64_t max_bytes)
{
    return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)max_bytes);
}

/* Room for at least one byte more than *size, and a zero after them. */
static nwc_status grow(nwc_ctx *ctx, struct nwc__bytes *bytes, int64_t *room, int64_t max_bytes)
{
    if (bytes->size < *room) return NWC_OK;
    if (*room >= max_bytes) return too_many(max_bytes);
    const int64_t wanted =
        *room ? (*room > max_bytes / 2 ? max_bytes : 2 * *room) : (FIRST_ROOM < max_bytes ? FIRST_ROOM : max_bytes);
    uint8_t *const larger = nwc__alloc(ctx, wanted + 1, 1);
    if (!larger) return NWC_ERR_NOMEM;
    if (bytes->size) memcpy(larger, bytes->data, (size_t)bytes->size);
    nwc__free(ctx, bytes->data);
    bytes->data = larger;
    *room = wanted;
    return NWC_OK;
}

static nwc_status read_file(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes)
{
    nwc_status status = NWC_OK;
    int64_t room = 0;
    struct stat found;
    FILE *const file = fopen(path, "rb");
    if (!file) return nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
    if (fstat(fileno(file), &found) == 0 && S_ISDIR(found.st_mode)) {
        status = nwc__fail(NWC_ERR_IO, "%s", strerror(EISDIR));
        goto done;
    }
    for (;;) {
        if ((status = grow(ctx, bytes, &room, max_bytes)) != NWC_OK) goto done;
        const size_t n = fread(bytes->data + bytes->size, 1, (size_t)(room - bytes->size), file);
        bytes->size += (int64_t)n;
        if (n == 0) break;
    }
    if (ferror(file)) status = nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
done:
    fclose(file);
    return status;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* All members of a gzip file, one after the other. What follows the last, if it is not a member, is left. */
static nwc_status unpack_gzip(nwc_ctx *ctx, const struct nwc__bytes *packed, int64_t max_bytes, struct nwc__bytes *out)
{
    nwc_status status = NWC_OK;
    int64_t room = 0, at = 0;
    z_stream stream = {.next_in = packed->data};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for zlib");
    for (;;) {
        if ((status = grow(ctx, out, &room, max_bytes)) != NWC_OK) goto done;
        const int64_t in = least(packed->size - at, MOST_STEP), free_room = least(room - out->size, MOST_STEP);
        stream.next_in = packed->data + at, stream.avail_in = (uInt)in;
        stream.next_out = out->data + out->size, stream.avail_out = (uInt)free_room;
        const int result = inflate(&stream, Z_NO_FLUSH);
        at += in - stream.avail_in, out->size += free_room - stream.avail_out;
        if (result == Z_STREAM_END) {
            if (packed->size - at < 2 || packed->data[at] != 0x1f || packed->data[at + 1] != 0x8b) break;
            inflateReset(&stream);
        } else if (result == Z_BUF_ERROR || (result == Z_OK && at == packed->size && stream.avail_out > 0)) {
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: the gzip stream ends early", (long long)at);
            goto done;
        } else if (result != Z_OK) {
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: damaged gzip stream (%s)", (long long)at,
                               stream.msg ? stream.msg : "no reason");
            goto done;
        }
    }
done:
    inflateEnd(&stream);
    return status;
}

/* All streams of a bzip2 file, one after the other. */
static nwc_status unpack_bzip2(nwc_ctx *ctx, const struct nwc__bytes *packed, int64_t max_bytes, struct nwc__bytes *out)
{
    nwc_status status = NWC_OK;
    int64_t room = 0, at = 0;
    bz_stream stream = {0};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
    for (;;) {
        if ((status = grow(ctx, out, &room, max_bytes)) != NWC_OK) goto done;
        const int64_t in = least(packed->size - at, MOST_STEP), free_room = least(room - out->size, MOST_STEP);
        stream.next_in = (char *)packed->data + at, stream.avail_in = (unsigned)in;
        stream.next_out = (char *)out->data + out->size, stream.avail_out = (unsigned)free_room;
        const int result = BZ2_bzDecompress(&stream);
        at += in - stream.avail_in, out->size += free_room - stream.avail_out;
        if (result == BZ_STREAM_END) {
            if (packed->size - at < 3 || memcmp(packed->data + at, "BZh", 3) != 0) break;
            BZ2_bzDecompressEnd(&stream);
            stream = (bz_stream){0};
            if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
                status = nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
                goto done;
            }
        } else if (result != BZ_OK) {
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: damaged bzip2 stream", (long long)at);
            goto done;
        } else if (at == packed->size && stream.avail_out > 0) {
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: the bzip2 stream ends early", (long long)at);
            goto done;
        }
    }
done:
    BZ2_bzDecompressEnd(&stream);
    return status;
}

static nwc_status read_and_unpack(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes,
                                  bool *cut)
{
    *bytes = (struct nwc__bytes){0};
    nwc_status status = read_file(ctx, path, max_bytes, bytes);
    for (int layer = 0; status == NWC_OK && layer < MOST_LAYERS; layer++) {
        struct nwc__bytes out = {0};
        if (bytes->size >= 2 && bytes->data[0] == 0x1f && bytes->data[1] == 0x8b)
            status = unpack_gzip(ctx, bytes, max_bytes, &out);
        else if (bytes->size >= 3 && memcmp(bytes->data, "BZh", 3) == 0)
            status = unpack_bzip2(ctx, bytes, max_bytes, &out);
        else
            break;
        if (cut && status == NWC_ERR_FORMAT && out.size > 0) {
            *cut = true;
            status = NWC_OK;
        }
        nwc__free(ctx, bytes->data);
        *bytes = out;
    }
    if (status == NWC_OK) {
        bytes->data[bytes->size] = 0;
        return NWC_OK;
    }
    nwc__free(ctx, bytes->data);
    *bytes = (struct nwc__bytes){0};
    return status;
}

nwc_status nwc__bytes_read(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes)
{
    return read_and_unpack(ctx, path, max_bytes, bytes, NULL);
}

nwc_status nwc__bytes_read_partly(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes,
                                  bool *cut)
{
    *cut = false;
    return read_and_unpack(ctx, path, max_bytes, bytes, cut);
}
