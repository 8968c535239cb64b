/*
 * bzip2 streams unpacked by several threads. A stream is blocks one behind the other, none of which needs those before it;
 * each begins, at any bit, with the first digits of pi and a checksum, and the stream ends with those of its square root. So
 * every block is made a stream of its own, for libbz2, and is a tile. The marks may by chance be data: then a block does not
 * unpack, or the checksum of the stream, which is made of those of its blocks, differs, and nothing comes of it.
 */
#include "radar/format/bzip2.h"

#include <bzlib.h>

enum {
    HEADER = 4,   /* bytes: BZh and the size of a block */
    MARK = 48,    /* bits of a mark */
    CHECK = 32,   /* bits of a checksum */
    TRAILER = 10, /* bytes of the end mark and the checksum */
    RATIO = 16,   /* first guess of unpacked over packed, generous: room that is not used is never touched */
    LEAST_ROOM = 1000000
};

#define BLOCK_MARK UINT64_C(0x314159265359)
#define END_MARK UINT64_C(0x177245385090)
#define MARK_BITS UINT64_C(0xffffffffffff)

struct block {
    int64_t first, end; /* bits of the stream */
    uint8_t *packed, *room;
    int64_t capacity, size;
    bool whole, failed;
};

struct job {
    const uint8_t *bytes;
    int64_t size, end; /* bit of the end mark, -1 where there is none */
    struct block *block;
    int64_t n;
};

/* n bits from a bit on, at most 48. */
static uint64_t bits_at(const uint8_t *bytes, int64_t bit, int n)
{
    uint64_t value = 0;
    for (int64_t byte = bit / 8; byte <= (bit + n - 1) / 8; byte++) value = value << 8 | bytes[byte];
    const int64_t past = 7 - (bit + n - 1) % 8;
    return value >> past & ((UINT64_C(1) << n) - 1);
}

/*
 * Find the marks of the stream; with job->block NULL blocks are only counted. Most bytes are told by the one before them: only
 * those are looked at bit by bit whose last whole byte can be that of a mark.
 */
static void find_blocks(struct job *job)
{
    bool may_be[256] = {false};
    for (int past = 0; past < 8; past++)
        may_be[BLOCK_MARK >> (8 - past) & 0xff] = may_be[END_MARK >> (8 - past) & 0xff] = true;
    uint64_t window = 0;
    job->n = 0, job->end = -1;
    for (int64_t byte = HEADER; byte < job->size && job->end < 0; byte++) {
        window = window << 8 | job->bytes[byte];
        if (!may_be[window >> 8 & 0xff]) continue;
        for (int past = 7; past >= 0 && job->end < 0; past--) {
            const int64_t first = 8 * (byte + 1) - past - MARK;
            const uint64_t mark = window >> past & MARK_BITS;
            if ((mark != BLOCK_MARK && mark != END_MARK) || first < 8 * HEADER) continue;
            if (job->block && job->n) job->block[job->n - 1].end = first;
            if (mark == END_MARK)
                job->end = first;
            else if (job->block)
                job->block[job->n++] = (struct block){.first = first};
            else
                job->n++;
        }
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
    memcpy(to, job->bytes, HEADER);
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

static nwc_status unpack(int64_t tile, void *user)
{
    struct job *const job = user;
    struct block *const block = &job->block[tile];
    if (block->whole || block->failed) return NWC_OK;
    make_stream(job, block);
    unsigned room = (unsigned)block->capacity;
    const int result = BZ2_bzBuffToBuffDecompress((char *)block->room, &room, (char *)block->packed,
                                                  (unsigned)packed_size(block), 0, 0);
    block->whole = result == BZ_OK, block->failed = result != BZ_OK && result != BZ_OUTBUFF_FULL;
    block->size = room;
    return NWC_OK;
}

/* Whether the checksum of the stream is that of its blocks. */
static bool is_right(const struct job *job)
{
    uint32_t sum = 0;
    for (int64_t b = 0; b < job->n; b++)
        sum = (sum << 1 | sum >> 31) ^ (uint32_t)bits_at(job->bytes, job->block[b].first + MARK, CHECK);
    return sum == (uint32_t)bits_at(job->bytes, job->end + MARK, CHECK);
}

/* Room for the blocks that have none, or too little; *any tells whether there was one. */
static nwc_status enlarge(nwc_ctx *ctx, struct job *job, int64_t max_bytes, bool *any, bool *fits)
{
    int64_t total = 0;
    *any = false, *fits = true;
    for (int64_t b = 0; b < job->n && *fits; b++) {
        struct block *const block = &job->block[b];
        if (!block->packed && !(block->packed = nwc__alloc(ctx, packed_size(block), 1))) return NWC_ERR_NOMEM;
        if (!block->whole) {
            nwc__free(ctx, block->room);
            block->room = NULL;
            block->capacity = block->capacity ? 4 * block->capacity : RATIO * packed_size(block) + LEAST_ROOM;
            *any = true;
        }
        total += block->capacity;
        *fits = total <= max_bytes && block->capacity < INT32_MAX && !block->failed;
        if (*fits && !block->room && !(block->room = nwc__alloc(ctx, block->capacity, 1))) return NWC_ERR_NOMEM;
    }
    return NWC_OK;
}

static nwc_status unpack_all(nwc_ctx *ctx, struct job *job, int64_t max_bytes, uint8_t **out, int64_t *out_size)
{
    bool any = true, fits = true;
    int64_t size = 0;
    while (any) {
        NWC__TRY(enlarge(ctx, job, max_bytes, &any, &fits));
        if (!fits) return NWC_OK;
        if (any) NWC__TRY(nwc__for_each_tile(ctx, "unpack", job->n, unpack, job));
    }
    for (int64_t b = 0; b < job->n; b++) size += job->block[b].size;
    if (!is_right(job) || !(*out = nwc__alloc(ctx, size + 1, 1))) return is_right(job) ? NWC_ERR_NOMEM : NWC_OK;
    for (int64_t b = 0, at = 0; b < job->n; at += job->block[b++].size)
        memcpy(*out + at, job->block[b].room, (size_t)job->block[b].size);
    *out_size = size;
    return NWC_OK;
}

nwc_status nwc__bzip2_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes, uint8_t **out,
                             int64_t *out_size)
{
    struct job job = {.bytes = bytes, .size = size};
    nwc_status status = NWC_OK;
    *out = NULL;
    if (size < HEADER || memcmp(bytes, "BZh", 3) != 0 || bytes[3] < '1' || bytes[3] > '9') return NWC_OK;
    find_blocks(&job);
    if (job.n < 2 || job.end < 0 || job.end + MARK + CHECK > 8 * size) return NWC_OK;
    NWC__ALLOC(ctx, job.block, job.n);
    find_blocks(&job);
    for (int64_t b = 0; b < job.n; b++)
        if (job.block[b].end - job.block[b].first < MARK + CHECK) goto done;
    status = unpack_all(ctx, &job, max_bytes, out, out_size);
done:
    for (int64_t b = 0; job.block && b < job.n; b++) {
        nwc__free(ctx, job.block[b].room);
        nwc__free(ctx, job.block[b].packed);
    }
    nwc__free(ctx, job.block);
    return status;
}
