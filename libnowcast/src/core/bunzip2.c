/*
 * Blocks of bzip2 to bytes. libbz2 takes every code bit by bit and may stop behind any of them; here the first bits of a code are
 * looked up, and a block is unpacked at one stroke or not at all. What is not whole and right is left to libbz2.
 *
 * A block is Huffman codes, of tables that change every 50 symbols; these are runs of zeros and places in a list of bytes, the
 * one used last first; the bytes are the last column of all turns of the block, sorted, from which it is read backwards;
 * and of its runs of four to 255 bytes the first four are there and how many more. Source: Burrows and Wheeler (1994); the rest
 * is not specified but by bzip2 1.0 itself (Seward 1996).
 */
#include "core/bunzip2.h"

#include <zlib.h>

enum {
    LOOK = NWC__BUNZIP2_LOOK,
    LONGEST = NWC__BUNZIP2_LONGEST,
    GROUP = 50,    /* symbols of a selector */
    MARK = 48,     /* bits */
    LENGTH = 5,    /* bits of a look-up that are the length of a code */
    RUN = 4,       /* equal bytes that a number follows */
    TURNED = 1024, /* bytes turned at a time for the checksum */
    NEAR = 16,     /* places in the list that are moved one by one */
    LANES = 4      /* ways that are followed side by side */
};

#define BLOCK_MARK UINT64_C(0x314159265359)
#define END_MARK UINT64_C(0x177245385090)

/* Bits from the highest of each byte on; zeros behind the last. */
struct bits {
    const uint8_t *at, *end;
    uint64_t window; /* the next bits are the highest */
    int32_t n;       /* of them that are there, at least 56 after each refill */
    int64_t past;    /* bits behind the end that were given */
};

static void refill(struct bits *bits)
{
    if (bits->end - bits->at >= 8) {
        const uint8_t *const b = bits->at;
        const uint64_t next = (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 |
                              (uint64_t)b[3] << 32 | (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 | (uint64_t)b[6] << 8 |
                              (uint64_t)b[7];
        bits->window |= next >> bits->n;
        bits->at += (63 - bits->n) >> 3;
        bits->n |= 56;
        return;
    }
    for (; bits->n <= 56; bits->n += 8) {
        if (bits->at < bits->end)
            bits->window |= (uint64_t)*bits->at++ << (56 - bits->n);
        else
            bits->past += 8;
    }
}

static void drop(struct bits *bits, int32_t n)
{
    bits->window <<= n, bits->n -= n;
}

/* The next n bits, 1 to 48. */
static uint64_t take(struct bits *bits, int32_t n)
{
    refill(bits);
    const uint64_t value = bits->window >> (64 - n);
    drop(bits, n);
    return value;
}

static bool is_past_end(const struct bits *bits)
{
    return bits->past > bits->n; /* some of those zeros were used */
}

static void begin(struct bits *bits, const uint8_t *in, int64_t n_in, int64_t bit)
{
    *bits = (struct bits){.at = in + (bit / 8 < n_in ? bit / 8 : n_in), .end = in + n_in};
    refill(bits);
    drop(bits, (int32_t)(bit % 8));
}

static int64_t place(const struct bits *bits, const uint8_t *in)
{
    return 8 * (bits->at - in) + bits->past - bits->n;
}

/* ---- tables ---- */

static bool read_lengths(struct bits *bits, int32_t n_symbols, uint8_t *length)
{
    int32_t now = (int32_t)take(bits, LENGTH);
    for (int32_t s = 0; s < n_symbols; s++) {
        while (now >= 1 && now <= LONGEST && take(bits, 1)) now += take(bits, 1) ? -1 : 1;
        if (now < 1 || now > LONGEST) return false;
        length[s] = (uint8_t)now;
    }
    return true;
}

/* Codes by their lengths: of each length one behind the other, in the order of the symbols. False where there are too many. */
static bool make_table(struct nwc__bunzip2_table *table, int32_t n_symbols, const uint8_t *length)
{
    uint32_t code = 0;
    int32_t n = 0;
    memset(table->look, 0, sizeof table->look);
    for (int32_t bits = 1; bits <= LONGEST; bits++) {
        code <<= 1;
        table->number[bits] = n - (int32_t)code;
        for (int32_t s = 0; s < n_symbols; s++) {
            if (length[s] != bits) continue;
            if (code >> bits) return false;
            if (bits <= LOOK)
                for (uint32_t k = 0; k < 1U << (LOOK - bits); k++)
                    table->look[(code << (LOOK - bits)) + k] = (uint16_t)(s << LENGTH | bits);
            table->symbol[n++] = (uint16_t)s;
            code++;
        }
        table->end[bits] = code;
    }
    return true;
}

/* The next symbol; -1 for a code that is none. At least LONGEST bits are in the window. */
static int32_t next_symbol(struct bits *bits, const struct nwc__bunzip2_table *table)
{
    const uint32_t found = table->look[bits->window >> (64 - LOOK)];
    if (found) {
        drop(bits, (int32_t)(found & ((1 << LENGTH) - 1)));
        return (int32_t)(found >> LENGTH);
    }
    for (int32_t n = LOOK + 1; n <= LONGEST; n++) {
        const uint32_t code = (uint32_t)(bits->window >> (64 - n));
        if (code >= table->end[n]) continue;
        drop(bits, n);
        return table->symbol[(int32_t)code + table->number[n]];
    }
    return -1;
}

/* ---- the parts of a block ---- */

struct block {
    struct nwc__bunzip2 *room;
    struct bits bits;
    uint32_t check;
    int64_t origin; /* the cell that the block is read from */
    uint8_t used[256];
    int32_t n_used, n_tables, n_selectors;
    int64_t most, n;    /* cells, and how many of them there may be */
    int64_t count[256]; /* cells of each byte */
    int32_t n_ways, n_begun, n_ended, n_chunks;
};

static void read_used(struct block *block)
{
    const uint64_t sixteens = take(&block->bits, 16);
    for (int32_t high = 0; high < 16; high++) {
        if (!(sixteens >> (15 - high) & 1)) continue;
        const uint64_t each = take(&block->bits, 16);
        for (int32_t low = 0; low < 16; low++)
            if (each >> (15 - low) & 1) block->used[block->n_used++] = (uint8_t)(16 * high + low);
    }
}

static bool read_selectors(struct block *block)
{
    uint8_t list[NWC__BUNZIP2_TABLES] = {0, 1, 2, 3, 4, 5};
    block->n_tables = (int32_t)take(&block->bits, 3);
    block->n_selectors = (int32_t)take(&block->bits, 15);
    if (block->n_tables < 2 || block->n_tables > NWC__BUNZIP2_TABLES || block->n_selectors < 1 ||
        block->n_selectors > NWC__BUNZIP2_SELECTORS)
        return false;
    for (int32_t s = 0; s < block->n_selectors; s++) {
        int32_t at = 0;
        while (at < block->n_tables && take(&block->bits, 1)) at++;
        if (at == block->n_tables) return false;
        const uint8_t chosen = list[at];
        memmove(list + 1, list, (size_t)at);
        list[0] = block->room->selector[s] = chosen;
    }
    return true;
}

static bool read_header(struct block *block)
{
    uint8_t length[NWC__BUNZIP2_SYMBOLS];
    if (take(&block->bits, MARK) != BLOCK_MARK) return false;
    block->check = (uint32_t)take(&block->bits, 32);
    if (take(&block->bits, 1)) return false; /* put in disorder, as bzip2 0.9 did */
    block->origin = (int64_t)take(&block->bits, 24);
    read_used(block);
    if (block->n_used == 0 || !read_selectors(block)) return false;
    for (int32_t t = 0; t < block->n_tables; t++)
        if (!read_lengths(&block->bits, block->n_used + 2, length) ||
            !make_table(&block->room->table[t], block->n_used + 2, length))
            return false;
    return !is_past_end(&block->bits);
}

/* The byte at a place of the list, which becomes its first. */
static uint8_t to_front(uint8_t list[256], int32_t at)
{
    const uint8_t byte = list[at];
    if (at < NEAR)
        for (; at > 0; at--) list[at] = list[at - 1];
    else
        memmove(list + 1, list, (size_t)at);
    list[0] = byte;
    return byte;
}

static bool put_run(struct block *block, uint8_t byte, int64_t n)
{
    if (n > block->most - block->n) return false;
    for (int64_t k = 0; k < n; k++) block->room->cell[block->n + k] = byte;
    block->n += n;
    block->count[byte] += n;
    return true;
}

/* All symbols: the bytes of the last column, into the lowest bits of the cells. */
static bool read_cells(struct block *block)
{
    struct bits bits = block->bits;
    uint8_t list[256];
    int64_t run = 0, weight = 1;
    const int32_t end = block->n_used + 1;
    uint32_t *const cell = block->room->cell;
    memcpy(list, block->used, sizeof block->used);
    for (int32_t s = 0; s < block->n_selectors; s++) {
        const struct nwc__bunzip2_table *const table = &block->room->table[block->room->selector[s]];
        for (int32_t k = 0; k < GROUP; k++) {
            refill(&bits);
            const int32_t symbol = next_symbol(&bits, table);
            if (symbol >= 0 && symbol < 2) { /* a digit, of 1 and 2, of the length of a run */
                if (weight > block->most) return false;
                run += weight << symbol, weight <<= 1;
                continue;
            }
            if (weight > 1 && !put_run(block, list[0], run)) return false;
            run = 0, weight = 1;
            if (symbol == end) {
                block->bits = bits;
                return !is_past_end(&bits);
            }
            if (symbol < 0 || block->n == block->most) return false;
            const uint8_t byte = to_front(list, symbol - 1);
            block->count[byte]++;
            cell[block->n++] = byte;
        }
        if (is_past_end(&bits)) return false;
    }
    return false;
}

/* ---- reading the column ---- */

#define MARKED (UINT32_C(1) << 31) /* of a cell that a way begins at */

/* Above the byte of each cell where the next one is. */
static void link_cells(struct block *block)
{
    uint32_t first[256], *const cell = block->room->cell;
    int64_t sum = 0;
    for (int32_t byte = 0; byte < 256; byte++) first[byte] = (uint32_t)sum, sum += block->count[byte];
    for (int64_t k = 0; k < block->n; k++) cell[first[cell[k] & 0xff]++] |= (uint32_t)k << 8;
}

/* Where ways begin: the one the block is read from, and others anywhere. */
static void mark_starts(struct block *block)
{
    uint32_t *const cell = block->room->cell;
    const int32_t most = block->n < NWC__BUNZIP2_CHUNK ? 1 : NWC__BUNZIP2_WAYS;
    for (int32_t w = 0; w < most; w++) {
        const uint32_t at = w == 0 ? cell[block->origin] >> 8 : (uint32_t)(w * (block->n / most));
        if (cell[at] & MARKED) continue;
        cell[at] |= MARKED;
        block->room->way[block->n_ways++] = (struct nwc__bunzip2_way){.start = at};
    }
}

/* A way being followed: the cell it has come to, and the part of a chunk that is still to be filled. */
struct lane {
    struct nwc__bunzip2_way *way; /* NULL where there is none left: it then goes round in a cell of its own */
    uint32_t at;
    int32_t chunk, left;
    uint8_t *to;
};

static void next_chunk(struct block *block, struct lane *lane)
{
    const int32_t chunk = block->n_chunks++;
    if (lane->way && lane->way->n > 0) block->room->next_chunk[lane->chunk] = chunk;
    if (lane->way && lane->way->n == 0) lane->way->chunk = chunk;
    lane->chunk = chunk, lane->left = NWC__BUNZIP2_CHUNK;
    lane->to = block->room->chunk[chunk];
}

/* The next way that nobody has begun, and its first byte. */
static void begin_way(struct block *block, struct lane *lane)
{
    struct nwc__bunzip2 *const room = block->room;
    *lane = (struct lane){.at = NWC__BUNZIP2_CELLS, .left = NWC__BUNZIP2_CHUNK, .to = room->chunk[0]};
    if (block->n_begun == block->n_ways) return;
    lane->way = &room->way[block->n_begun++];
    next_chunk(block, lane);
    const uint32_t here = room->cell[lane->way->start] & ~MARKED;
    *lane->to++ = (uint8_t)here, lane->left--;
    lane->way->n = 1;
    lane->at = here >> 8;
}

/* The way has come to where another begins, or it itself. */
static void end_way(struct block *block, struct lane *lane)
{
    int32_t next = 0;
    while (block->room->way[next].start != lane->at) next++;
    lane->way->next = next;
    block->n_ended++;
}

/* So many steps of all lanes, or fewer when one comes to its end; how many were made. */
static int32_t step(const uint32_t *cell, struct lane lane[LANES], int32_t steps)
{
    uint32_t at[LANES], here[LANES];
    uint8_t *to[LANES];
    int32_t k = 0;
    for (int l = 0; l < LANES; l++) at[l] = lane[l].at, to[l] = lane[l].to;
    for (; k < steps; k++) {
        uint32_t any = 0;
        for (int l = 0; l < LANES; l++) any |= here[l] = cell[at[l]];
        if (any & MARKED) break;
        for (int l = 0; l < LANES; l++) to[l][k] = (uint8_t)here[l], at[l] = here[l] >> 8;
    }
    for (int l = 0; l < LANES; l++) lane[l].at = at[l], lane[l].to += k, lane[l].left -= k;
    return k;
}

/*
 * The bytes of all ways. Each cell is found by the one before it, mostly far away: following one way is waiting for memory. So
 * several are followed at once, from cells in between to where the next of them begins.
 */
static void follow_ways(struct block *block)
{
    struct lane lane[LANES];
    block->n_chunks = 1; /* the first takes what lanes without a way write */
    block->room->cell[NWC__BUNZIP2_CELLS] = (uint32_t)NWC__BUNZIP2_CELLS << 8;
    for (int l = 0; l < LANES; l++) begin_way(block, &lane[l]);
    while (block->n_ended < block->n_ways) {
        int32_t steps = NWC__BUNZIP2_CHUNK;
        for (int l = 0; l < LANES; l++) {
            if (lane[l].left == 0 && lane[l].way) next_chunk(block, &lane[l]);
            if (!lane[l].way) lane[l].left = NWC__BUNZIP2_CHUNK, lane[l].to = block->room->chunk[0];
            steps = lane[l].left < steps ? lane[l].left : steps;
        }
        const int32_t made = step(block->room->cell, lane, steps);
        for (int l = 0; l < LANES; l++) {
            if (!lane[l].way) continue;
            lane[l].way->n += made;
            if (made == steps || !(block->room->cell[lane[l].at] & MARKED)) continue;
            end_way(block, &lane[l]);
            begin_way(block, &lane[l]);
        }
    }
}

/* ---- runs ---- */

/* Bytes so far, and the last of them. */
struct output {
    uint8_t *bytes;
    int64_t n, room;
    int32_t equal, last; /* how often the last one has come, and which it is; -1 behind a run */
};

/* Write runs out; false where they do not fit. */
static bool write_runs(struct output *out, const uint8_t *bytes, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        const int32_t byte = bytes[k];
        if (out->equal == RUN) {
            if (byte > out->room - out->n) return false;
            memset(out->bytes + out->n, out->last, (size_t)byte);
            out->n += byte, out->equal = 0, out->last = -1;
            continue;
        }
        if (out->n == out->room) return false;
        out->bytes[out->n++] = (uint8_t)byte;
        out->equal = byte == out->last ? out->equal + 1 : 1;
        out->last = byte;
    }
    return true;
}

/* All ways, one behind the other; those of a block that repeats itself come back to the first before the end. */
static enum nwc__bunzip2_end write_out(const struct block *block, uint8_t *bytes, int64_t room, int64_t *made)
{
    const struct nwc__bunzip2 *const from = block->room;
    struct output out = {.bytes = bytes, .room = room, .last = -1};
    int64_t left = block->n;
    for (const struct nwc__bunzip2_way *way = from->way; left > 0; way = &from->way[way->next]) {
        int64_t of_way = way->n < left ? way->n : left;
        left -= of_way;
        for (int32_t chunk = way->chunk; of_way > 0; chunk = from->next_chunk[chunk]) {
            const int64_t n = of_way < NWC__BUNZIP2_CHUNK ? of_way : NWC__BUNZIP2_CHUNK;
            if (!write_runs(&out, from->chunk[chunk], n)) return NWC__BUNZIP2_FULL;
            of_way -= n;
        }
    }
    *made = out.n;
    return out.equal == RUN ? NWC__BUNZIP2_REFUSED : NWC__BUNZIP2_WHOLE;
}

/* As write_out does, but one way alone, and no more of it than there is room for. */
static int64_t write_first(const struct block *block, uint8_t *bytes, int64_t room)
{
    const uint32_t *const cell = block->room->cell;
    struct output out = {.bytes = bytes, .room = room, .last = -1};
    uint32_t at = cell[block->origin] >> 8;
    for (int64_t k = 0; k < block->n; k++, at = cell[at] >> 8) {
        const uint8_t byte = (uint8_t)cell[at];
        if (write_runs(&out, &byte, 1)) continue;
        memset(out.bytes + out.n, out.last, (size_t)(room - out.n)); /* nothing, or the beginning of a run */
        return room;
    }
    return out.n;
}

/* ---- checksums ---- */

static uint8_t turned(uint8_t byte)
{
    byte = (uint8_t)((byte & 0xf0) >> 4 | (byte & 0x0f) << 4);
    byte = (uint8_t)((byte & 0xcc) >> 2 | (byte & 0x33) << 2);
    return (uint8_t)((byte & 0xaa) >> 1 | (byte & 0x55) << 1);
}

/* bzip2's is that of zlib with the bits of every byte, and of the sum, in the other order. */
static uint32_t checksum(const uint8_t *bytes, int64_t n)
{
    uint8_t part[TURNED];
    uLong sum = crc32(0, NULL, 0);
    for (int64_t at = 0; at < n; at += TURNED) {
        const int64_t size = n - at < TURNED ? n - at : TURNED;
        for (int64_t k = 0; k < size; k++) part[k] = turned(bytes[at + k]);
        sum = crc32(sum, part, (uInt)size);
    }
    uint32_t check = 0;
    for (int b = 0; b < 4; b++) check = check << 8 | turned((uint8_t)(sum >> 8 * b));
    return check;
}

/* ---- blocks and streams ---- */

enum nwc__bunzip2_end nwc__bunzip2_block(struct nwc__bunzip2 *room, const uint8_t *in, int64_t n_in, int64_t most,
                                         int64_t *bit, uint8_t *out, int64_t n_out, int64_t *made, uint32_t *check)
{
    struct block block = {.room = room, .most = most};
    begin(&block.bits, in, n_in, *bit);
    if (!read_header(&block) || !read_cells(&block) || block.origin >= block.n) return NWC__BUNZIP2_REFUSED;
    link_cells(&block);
    mark_starts(&block);
    follow_ways(&block);
    const enum nwc__bunzip2_end end = write_out(&block, out, n_out, made);
    if (end != NWC__BUNZIP2_WHOLE) return end;
    if (checksum(out, *made) != block.check) return NWC__BUNZIP2_REFUSED;
    *check = block.check;
    *bit = place(&block.bits, in);
    return NWC__BUNZIP2_WHOLE;
}

static bool is_stream(const uint8_t *in, int64_t n_in)
{
    return n_in >= 4 && memcmp(in, "BZh", 3) == 0 && in[3] >= '1' && in[3] <= '9';
}

enum nwc__bunzip2_end nwc__bunzip2_stream(struct nwc__bunzip2 *room, const uint8_t *in, int64_t n_in, uint8_t *out,
                                          int64_t n_out, int64_t *used, int64_t *made)
{
    if (!is_stream(in, n_in)) return NWC__BUNZIP2_REFUSED;
    const int64_t most = (in[3] - '0') * INT64_C(100000);
    int64_t bit = 32;
    uint32_t sum = 0;
    struct bits bits;
    *made = 0;
    for (;;) {
        int64_t size;
        uint32_t check;
        begin(&bits, in, n_in, bit);
        if (take(&bits, MARK) == END_MARK) break;
        const enum nwc__bunzip2_end end =
            nwc__bunzip2_block(room, in, n_in, most, &bit, out + *made, n_out - *made, &size, &check);
        if (end != NWC__BUNZIP2_WHOLE) return end;
        sum = (sum << 1 | sum >> 31) ^ check;
        *made += size;
    }
    if (take(&bits, 32) != sum || is_past_end(&bits)) return NWC__BUNZIP2_REFUSED;
    *used = (place(&bits, in) + 7) / 8;
    return NWC__BUNZIP2_WHOLE;
}

int64_t nwc__bunzip2_look(struct nwc__bunzip2 *room, const uint8_t *in, int64_t n_in, uint8_t *out, int64_t n_out)
{
    if (!is_stream(in, n_in)) return 0;
    struct block block = {.room = room, .most = (in[3] - '0') * INT64_C(100000)};
    begin(&block.bits, in, n_in, 32);
    if (!read_header(&block) || !read_cells(&block) || block.origin >= block.n) return 0;
    link_cells(&block);
    return write_first(&block, out, n_out);
}

/* ---- rooms ---- */

nwc_status nwc__bunzip2_make_rooms(nwc_ctx *ctx, int64_t tiles, struct nwc__bunzip2_rooms *rooms)
{
    rooms->n = tiles < ctx->threads ? tiles : ctx->threads;
    if (!(rooms->room = nwc__alloc(ctx, rooms->n, sizeof *rooms->room))) return NWC_ERR_NOMEM;
    for (int64_t r = 0; r < rooms->n; r++) atomic_init(&rooms->room[r].taken, false);
    return NWC_OK;
}

struct nwc__bunzip2 *nwc__bunzip2_enter(const struct nwc__bunzip2_rooms *rooms)
{
    int64_t r = 0;
    while (atomic_exchange(&rooms->room[r].taken, true)) r = (r + 1) % rooms->n;
    return &rooms->room[r];
}

void nwc__bunzip2_leave(struct nwc__bunzip2 *room)
{
    atomic_store(&room->taken, false);
}
