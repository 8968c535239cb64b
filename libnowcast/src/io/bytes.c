/* Whole files as bytes: read at once, freed of their packing while a limit holds. */
#define _POSIX_C_SOURCE 200809L
#include "io/unpack.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    GLANCE = 1 << 16, /* bytes read for a look, and unpacked */
    HEAD = 1 << 20,   /* and where these do not do: a block of bzip2 is unpacked whole or not at all */
    PIECE = 1 << 19,  /* bytes that a thread reads at least */
    MOST_PIECES = 64
};

bool nwc__has_mark(const uint8_t *bytes, int64_t size, int64_t at, const char *mark, int64_t length)
{
    return size >= at + length && memcmp(bytes + at, mark, (size_t)length) == 0;
}

/* A file read in pieces: what came of each. */
struct pieces {
    int file;
    uint8_t *to;
    int64_t size, step, got[MOST_PIECES];
};

static nwc_status read_piece(int64_t tile, void *user)
{
    struct pieces *const pieces = user;
    const int64_t at = tile * pieces->step, left = pieces->size - at;
    const int64_t wanted = left < pieces->step ? left : pieces->step;
    int64_t got = 0;
    for (ssize_t n = 1; got < wanted && n > 0; got += n > 0 ? n : 0)
        n = pread(pieces->file, pieces->to + at + got, (size_t)(wanted - got), at + got);
    pieces->got[tile] = got; /* less where the file has become shorter: what reads on behind it finds out */
    return NWC_OK;
}

/* Of a file this large, what all threads find in it, up to the first byte that one does not. */
static nwc_status read_pieces(FILE *file, int64_t size, struct nwc__unpacked *read)
{
    struct pieces pieces = {.file = fileno(file), .to = read->bytes.data, .size = size};
    const int64_t n = size / PIECE < MOST_PIECES ? size / PIECE : MOST_PIECES;
    pieces.step = (size + n - 1) / n;
    NWC__TRY(nwc__for_each_tile(read->ctx, "read", n, read_piece, &pieces));
    for (int64_t p = 0; p < n && read->bytes.size == p * pieces.step; p++) read->bytes.size += pieces.got[p];
    return fseeko(file, read->bytes.size, SEEK_SET) == 0 ? NWC_OK : nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
}

/* No more than max_bytes of a file; one that has more is an error, unless only its head is wanted. */
static nwc_status read_file(nwc_ctx *ctx, const char *path, int64_t max_bytes, enum nwc__extent extent,
                            struct nwc__bytes *bytes)
{
    nwc_status status = NWC_OK;
    struct nwc__unpacked read = {.ctx = ctx, .max_bytes = max_bytes};
    struct stat found;
    FILE *const file = fopen(path, "rb");
    if (!file) return nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
    const bool known = fstat(fileno(file), &found) == 0;
    if (known && S_ISDIR(found.st_mode)) {
        status = nwc__fail(NWC_ERR_IO, "%s", strerror(EISDIR));
        goto done;
    }
    /* One byte more than there are, so that the end is met with room left. */
    const int64_t expected = known && S_ISREG(found.st_mode) && found.st_size > 0 ? (int64_t)found.st_size + 1 : 0;
    if ((status = nwc__unpacked_reserve(&read, expected)) != NWC_OK) goto done;
    if (extent != NWC__HEAD && read.room > 2 * PIECE)
        if ((status = read_pieces(file, expected - 1, &read)) != NWC_OK) goto done;
    while (extent != NWC__HEAD || read.bytes.size < max_bytes) {
        if ((status = nwc__unpacked_grow(&read, INT64_MAX)) != NWC_OK) goto done;
        const size_t n = fread(read.bytes.data + read.bytes.size, 1, (size_t)(read.room - read.bytes.size), file);
        read.bytes.size += (int64_t)n;
        if (n == 0) break;
    }
    if (ferror(file)) status = nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
done:
    fclose(file);
    if (status != NWC_OK) {
        nwc__free(ctx, read.bytes.data);
        read.bytes = (struct nwc__bytes){0};
    }
    *bytes = read.bytes;
    return status;
}

static nwc_status read_and_unpack(nwc_ctx *ctx, const char *path, int64_t max_bytes, enum nwc__extent extent,
                                  struct nwc__bytes *bytes, bool *cut)
{
    NWC__TRY(read_file(ctx, path, max_bytes, extent, bytes));
    return nwc__unpack(ctx, max_bytes, extent, bytes, cut);
}

nwc_status nwc__bytes_read(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes)
{
    bool cut;
    return read_and_unpack(ctx, path, max_bytes, NWC__WHOLE, bytes, &cut);
}

nwc_status nwc__bytes_read_partly(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes,
                                  bool *cut)
{
    *cut = false;
    return read_and_unpack(ctx, path, max_bytes, NWC__PARTLY, bytes, cut);
}

/* The first bytes of a file, so many at least where it has them. */
static nwc_status read_head(nwc_ctx *ctx, const char *path, size_t least, struct nwc__bytes *bytes)
{
    bool cut;
    NWC__TRY(read_file(ctx, path, GLANCE, NWC__HEAD, bytes));
    if (bytes->size >= 3 && memcmp(bytes->data, "BZh", 3) == 0) {
        nwc__free(ctx, bytes->data);
        NWC__TRY(read_file(ctx, path, HEAD, NWC__HEAD, bytes));
    }
    if (nwc__unpack(ctx, GLANCE, NWC__HEAD, bytes, &cut) == NWC_OK && (size_t)bytes->size >= least) return NWC_OK;
    nwc__free(ctx, bytes->data);
    return read_and_unpack(ctx, path, HEAD, NWC__HEAD, bytes, &cut);
}

nwc_status nwc_io_head(nwc_ctx *ctx, const char *path, void *head, size_t room, size_t *size)
{
    ctx = nwc__ctx(ctx);
    if (!path) return nwc__fail(NWC_ERR_ARG, "path: a path expected, NULL given");
    if (!head || !size) return nwc__fail(NWC_ERR_ARG, "head, size: places for the bytes and their number expected");
    struct nwc__bytes bytes;
    const nwc_status status = read_head(ctx, path, room, &bytes);
    if (status != NWC_OK) return nwc__fail_within(status, path);
    *size = (size_t)bytes.size < room ? (size_t)bytes.size : room;
    if (*size) memcpy(head, bytes.data, *size);
    nwc__free(ctx, bytes.data);
    return NWC_OK;
}
