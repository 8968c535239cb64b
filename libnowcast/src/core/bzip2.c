/*
 * bzip2 streams unpacked by several threads. A stream is blocks one behind the other, none of which needs those before it;
 * each begins, at any bit, with the first digits of pi and a checksum, and the stream ends with those of its square root. So
 * every block is a tile, for our own decoder or, where that does not do it, a stream of its own for libbz2. The marks may by chance
 * be data: then a block does not unpack, or not to its end, or the checksum of the stream, which is made of those of its
 * blocks, differs, and nothing comes of it.
 */
#include "core/bzip2.h"

#include "core/bunzip2.h"

#include <bzlib.h>

enum {
    HEADER = 4,   /* bytes: BZh and the size of a block */
    MARK = 48,    /* bits of a mark */
    CHECK = 32,   /* bits of a checksum */
    TRAILER = 10, /* bytes of the end mark and the checksum */
    GROUP = 4,    /* blocks that have room at a time, for each thread */
    RATIO = 16,   /* first guess of unpacked over packed, generous: room that is not used is never touched */
    LEAST_ROOM = 1000000
};

#define BLOCK_MARK UINT64_C(0x314159265359)
#define END_MARK UINT64_C(0x177245385090)
#define MARK_BITS UINT64_C(0xffffffffffff)

struct block {
    int64_t stream;     /* the byte its stream begins at */
    int64_t first, end; /* bits of all bytes; the last block of a stream ends where the end mark begins */
    bool is_last;
    uint8_t *packed, *room;
    int64_t capacity, size;
    bz_stream unpacker; /* from begun on, until it is whole or has failed */
    bool begun, whole, failed, by_libbz2;
};

struct job {
    const uint8_t *bytes;
    int64_t size;
    struct block *block;
    int64_t n, group; /* blocks, and the first of those that are being unpacked */
    struct nwc__bunzip2_rooms rooms;
    struct nwc__bzip2_limits limits;
    struct nwc__bzip2_streams out;
    int64_t filled, room; /* bytes in out, those of streams that have not ended among them */
    uint32_t sum;         /* of the checksums of the stream's blocks so far */
};

/* n bits from a bit on, at most 48. */
static uint64_t bits_at(const uint8_t *bytes, int64_t bit, int n)
{
    uint64_t value = 0;
    for (int64_t byte = bit / 8; byte <= (bit + n - 1) / 8; byte++) value = value << 8 | bytes[byte];
    const int64_t past = 7 - (bit + n - 1) % 8;
    return value >> past & ((UINT64_C(1) << n) - 1);
}

static bool is_header(const struct job *job, int64_t at)
{
    const uint8_t *const bytes = job->bytes + at;
    return job->size - at >= HEADER && memcmp(bytes, "BZh", 3) == 0 && bytes[3] >= '1' && bytes[3] <= '9';
}

/* The byte behind a stream whose end mark is at a bit. */
static int64_t behind(int64_t end)
{
    return (end + MARK + CHECK + 7) / 8;
}

/* A mark was met; whether it can be one of the stream. */
static bool take_mark(struct job *job, int64_t stream, int64_t *last, int64_t first, bool is_end)
{
    if (*last < 0 ? is_end || first != 8 * (stream + HEADER) : first - *last < MARK + CHECK) return false;
    if (job->block) {
        if (*last >= 0) job->block[job->n - 1].end = first, job->block[job->n - 1].is_last = is_end;
        if (!is_end) job->block[job->n] = (struct block){.stream = stream, .first = first};
    }
    if (!is_end) job->n++;
    *last = first;
    return true;
}

/*
 * Find the blocks of the stream at a byte; the byte behind it, or -1 where it is none or ends early. Most bytes are told by
 * the one before them: only those are looked at bit by bit whose last whole byte can be that of a mark.
 */
static int64_t find_stream(struct job *job, const bool *may_be, int64_t stream)
{
    uint64_t window = 0;
    for (int64_t byte = stream + HEADER, last = -1; byte < job->size; byte++) {
        window = window << 8 | job->bytes[byte];
        if (!may_be[window >> 8 & 0xff]) continue;
        for (int past = 7; past >= 0; past--) {
            const int64_t first = 8 * (byte + 1) - past - MARK;
            const uint64_t mark = window >> past & MARK_BITS;
            if ((mark != BLOCK_MARK && mark != END_MARK) || first < 8 * (stream + HEADER)) continue;
            if (!take_mark(job, stream, &last, first, mark == END_MARK)) return -1;
            if (mark == END_MARK) return behind(first) <= job->size ? behind(first) : -1;
        }
    }
    return -1;
}

/* The blocks of all streams that end, where they are not more than most; with job->block NULL they are only counted. */
static void find_blocks(struct job *job, bool first_only, int64_t most)
{
    bool may_be[256] = {false};
    for (int past = 0; past < 8; past++)
        may_be[BLOCK_MARK >> (8 - past) & 0xff] = may_be[END_MARK >> (8 - past) & 0xff] = true;
    job->n = 0;
    for (int64_t at = 0, whole = 0; job->n < most && is_header(job, at) && !(first_only && at > 0); whole = job->n) {
        at = find_stream(job, may_be, at);
        if (at >= 0) continue;
        job->n = whole;
        return;
    }
}

static int64_t packed_size(const struct block *block)
{
    return HEADER + (block->end - block->first + 7) / 8 + TRAILER + 1;
}

/* The block as a stream of its own. */
static void make_stream(const struct job *job, const struct block *block)
{
    uint8_t *const to = block->packed;
    const int64_t n = block->end - block->first;
    int64_t bit = 8 * HEADER;
    memset(to, 0, (size_t)packed_size(block));
    memcpy(to, job->bytes + block->stream, HEADER);
    for (int64_t k = 0; k + 8 <= n; k += 8, bit += 8) to[bit / 8] = (uint8_t)bits_at(job->bytes, block->first + k, 8);
    const uint64_t check = bits_at(job->bytes, block->first + MARK, CHECK);
    const struct {
        uint64_t value;
        int64_t bits;
    } rest[] = {{n % 8 ? bits_at(job->bytes, block->end - n % 8, (int)(n % 8)) : 0, n % 8},
                {END_MARK, MARK},
                {check, CHECK}};
    for (int part = 0; part < 3; part++)
        for (int64_t k = rest[part].bits - 1; k >= 0; k--, bit++)
            to[bit / 8] |= (uint8_t)((rest[part].value >> k & 1) << (7 - bit % 8));
}

static void end_stream(struct block *block)
{
    if (block->begun) BZ2_bzDecompressEnd(&block->unpacker);
    block->begun = false;
}

/* A block by our own decoder, whole or, for want of room, not at all. */
static void unpack_whole(const struct job *job, struct block *block)
{
    struct nwc__bunzip2 *const room = nwc__bunzip2_enter(&job->rooms);
    const int64_t most = (job->bytes[block->stream + HEADER - 1] - '0') * INT64_C(100000);
    int64_t bit = block->first, made = 0;
    uint32_t check;
    const enum nwc__bunzip2_end end =
        nwc__bunzip2_block(room, job->bytes, job->size, most, &bit, block->room, block->capacity, &made, &check);
    nwc__bunzip2_leave(room);
    block->whole = end == NWC__BUNZIP2_WHOLE && bit == block->end;
    block->by_libbz2 = !block->whole && end != NWC__BUNZIP2_FULL;
    if (block->whole) block->size = made;
}

/* A block, or what more of it there is room for now. */
static nwc_status unpack(int64_t tile, void *user)
{
    struct job *const job = user;
    struct block *const block = &job->block[job->group + tile];
    bz_stream *const stream = &block->unpacker;
    if (block->whole || block->failed) return NWC_OK;
    if (!block->by_libbz2) {
        unpack_whole(job, block);
        return NWC_OK;
    }
    if (!block->begun) {
        make_stream(job, block);
        *stream = (bz_stream){.next_in = (char *)block->packed, .avail_in = (unsigned)packed_size(block)};
        if (BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
        block->begun = true;
    }
    stream->next_out = (char *)block->room + block->size;
    stream->avail_out = (unsigned)(block->capacity - block->size);
    const int result = BZ2_bzDecompress(stream);
    block->size = block->capacity - stream->avail_out;
    block->whole = result == BZ_STREAM_END;
    block->failed = !block->whole && (result != BZ_OK || stream->avail_out > 0);
    if (block->whole || block->failed) end_stream(block);
    return NWC_OK;
}

/* Whether so many bytes may come from those before a bit. */
static bool is_allowed(const struct job *job, int64_t size, int64_t bit)
{
    const struct nwc__bzip2_limits *const limits = &job->limits;
    return size < limits->max_bytes && (size <= limits->free_bytes || size / limits->max_ratio <= bit / 8);
}

/* More room, and a byte, for bytes of which there are size. */
static nwc_status widen(nwc_ctx *ctx, uint8_t **bytes, int64_t size, int64_t room)
{
    uint8_t *const larger = nwc__alloc(ctx, room + 1, 1);
    if (!larger) return NWC_ERR_NOMEM;
    if (size) memcpy(larger, *bytes, (size_t)size);
    nwc__free(ctx, *bytes);
    *bytes = larger;
    return NWC_OK;
}

/* Room for n blocks of a group that have none, or too little; *any tells whether there was one. */
static nwc_status enlarge(nwc_ctx *ctx, struct job *job, int64_t n, bool *any, bool *fits)
{
    int64_t total = job->filled;
    *any = false, *fits = true;
    for (struct block *block = job->block + job->group; n > 0 && *fits; block++, n--) {
        const int64_t guess = RATIO * packed_size(block) + LEAST_ROOM;
        const bool refused = block->by_libbz2 && !block->packed; /* not for want of room */
        const int64_t wanted = !block->capacity          ? guess
                               : block->whole || refused ? block->capacity
                                                         : 4 * block->capacity;
        total += wanted;
        *fits = is_allowed(job, total, block->end) && wanted < INT32_MAX && !block->failed;
        if (!*fits || block->whole) continue;
        if (refused && !(block->packed = nwc__alloc(ctx, packed_size(block), 1))) return NWC_ERR_NOMEM;
        if (!refused) NWC__TRY(widen(ctx, &block->room, block->size, wanted));
        block->capacity = wanted, *any = true;
    }
    return NWC_OK;
}

/* Room for what n blocks of a group have become, and no more than that for the last. */
static nwc_status reserve(nwc_ctx *ctx, struct job *job, int64_t n)
{
    int64_t wanted = job->filled;
    for (int64_t b = job->group; b < job->group + n; b++) wanted += job->block[b].size;
    if (wanted <= job->room) return NWC_OK;
    if (job->group + n < job->n && wanted < 2 * job->room) wanted = 2 * job->room;
    NWC__TRY(widen(ctx, &job->out.bytes, job->filled, wanted));
    job->room = wanted;
    return NWC_OK;
}

/* What n blocks of a group have become, joined; *good is false where a stream is not, by its checksum, or too large. */
static nwc_status join(nwc_ctx *ctx, struct job *job, int64_t n, bool *good)
{
    NWC__TRY(reserve(ctx, job, n));
    for (const struct block *block = job->block + job->group; n > 0 && *good; block++, n--) {
        memcpy(job->out.bytes + job->filled, block->room, (size_t)block->size);
        job->filled += block->size;
        job->sum = (job->sum << 1 | job->sum >> 31) ^ (uint32_t)bits_at(job->bytes, block->first + MARK, CHECK);
        *good = is_allowed(job, job->filled, block->end);
        if (!*good || !block->is_last) continue;
        *good = job->sum == (uint32_t)bits_at(job->bytes, block->end + MARK, CHECK);
        if (*good) job->out.size = job->filled, job->out.used = behind(block->end);
        job->sum = 0;
    }
    return NWC_OK;
}

static void release(nwc_ctx *ctx, struct block *block, int64_t n)
{
    for (; n > 0; block++, n--) {
        end_stream(block);
        nwc__free(ctx, block->room);
        nwc__free(ctx, block->packed);
        block->room = block->packed = NULL;
    }
}

static nwc_status unpack_group(nwc_ctx *ctx, struct job *job, int64_t n, bool *good)
{
    nwc_status status = NWC_OK;
    for (bool any = true; any;) {
        if ((status = enlarge(ctx, job, n, &any, good)) != NWC_OK || !*good) goto done;
        if (any && (status = nwc__for_each_tile(ctx, "unpack", n, unpack, job)) != NWC_OK) goto done;
    }
    status = join(ctx, job, n, good);
done:
    release(ctx, job->block + job->group, n);
    return status;
}

nwc_status nwc__bzip2_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, bool first_only,
                             const struct nwc__bzip2_limits *limits, struct nwc__bzip2_streams *out)
{
    struct job job = {.bytes = bytes, .size = size, .limits = *limits};
    nwc_status status = NWC_OK;
    bool good = true;
    *out = (struct nwc__bzip2_streams){0};
    find_blocks(&job, first_only, INT64_MAX);
    if (job.n < 2) return NWC_OK;
    NWC__ALLOC(ctx, job.block, job.n);
    find_blocks(&job, first_only, job.n);
    if ((status = nwc__bunzip2_make_rooms(ctx, job.n, &job.rooms)) != NWC_OK) goto done;
    const int64_t group = (int64_t)GROUP * ctx->threads;
    for (; job.group < job.n && good && status == NWC_OK; job.group += group)
        status = unpack_group(ctx, &job, job.n - job.group < group ? job.n - job.group : group, &good);
    if (status == NWC_OK && job.out.used > 0)
        *out = job.out;
    else
        nwc__free(ctx, job.out.bytes);
done:
    nwc__free(ctx, job.rooms.room);
    nwc__free(ctx, job.block);
    return status;
}
