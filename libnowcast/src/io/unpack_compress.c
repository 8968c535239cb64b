/*
 * The format of Unix compress (.Z), which old archives of radar data are packed in: LZW of Welch (1984), codes of 9 to 16 bits.
 *
 * Codes lie in groups of eight, the lowest bit first; where the width of the codes changes, or the table is cleared, the
 * rest of the group is left. There is no mark of the end and no checksum: what is cut off at a whole code cannot be told.
 */
#include "io/unpack.h"

enum {
    HEADER = 3,
    WIDTH_BITS = 0x1f,
    CLEARS = 0x80, /* of the third byte: a code clears the table */
    LEAST_WIDTH = 9,
    MOST_WIDTH = 16,
    LITERALS = 256,
    CLEAR = 256,
    ENTRIES = 1 << MOST_WIDTH
};

/* A string is a shorter one and a byte; codes below 256 are their own byte. */
struct table {
    uint16_t prefix[ENTRIES];
    uint8_t suffix[ENTRIES];
    uint8_t stack[ENTRIES];
};

struct reader {
    const uint8_t *bytes;
    int64_t n_bits, at, group; /* bits: all, of the next code, of the first code of its group */
    int32_t width;
};

/* The next code; -1 at the end. */
static int32_t next_code(struct reader *reader)
{
    if (reader->n_bits - reader->at < reader->width) return -1;
    uint32_t word = 0;
    for (int64_t k = 0, first = reader->at / 8; k < 4 && 8 * (first + k) < reader->n_bits; k++)
        word |= (uint32_t)reader->bytes[first + k] << (8 * k);
    const uint32_t code = word >> (reader->at % 8) & ((1U << reader->width) - 1);
    reader->at += reader->width;
    return (int32_t)code;
}

/* Go on with codes of another width, behind the group that was begun. */
static void set_width(struct reader *reader, int32_t width)
{
    const int64_t group_bits = 8 * (int64_t)reader->width;
    reader->at = reader->group + (reader->at - reader->group + group_bits - 1) / group_bits * group_bits;
    reader->group = reader->at;
    reader->width = width;
}

/* The last n bytes of the stack, from its end. */
static nwc_status emit(const struct table *table, int32_t n, int64_t packed, struct nwc__unpacked *out)
{
    while (n > 0) {
        NWC__TRY(nwc__unpacked_grow(out, packed));
        int64_t room = out->room - out->bytes.size;
        while (room-- > 0 && n > 0) out->bytes.data[out->bytes.size++] = table->stack[--n];
    }
    return NWC_OK;
}

static nwc_status damaged(const struct reader *reader, int32_t code)
{
    return nwc__fail(NWC_ERR_FORMAT, "byte %lld: damaged compress stream (code %d stands for nothing)",
                     (long long)(HEADER + (reader->at - reader->width) / 8), (int)code);
}

static nwc_status unpack(struct reader *reader, struct table *table, int32_t most_width, bool clears,
                         struct nwc__unpacked *out)
{
    const int32_t most = 1 << most_width, first_free = LITERALS + clears;
    int32_t next = first_free, last_code = -1;
    uint8_t first_byte = 0;
    for (;;) {
        if (next > (1 << reader->width) - 1 && reader->width < most_width) set_width(reader, reader->width + 1);
        int32_t code = next_code(reader);
        if (code < 0) return NWC_OK;
        if (clears && code == CLEAR) {
            set_width(reader, LEAST_WIDTH);
            next = first_free, last_code = -1;
            continue;
        }
        if (code > next || (code == next && next == most) || (last_code < 0 && code >= LITERALS))
            return damaged(reader, code);
        const int32_t given = code;
        int32_t n = 0;
        if (code == next) { /* the string that is only now made: the last one and its own first byte */
            table->stack[n++] = first_byte;
            code = last_code;
        }
        for (; code >= LITERALS; code = table->prefix[code]) table->stack[n++] = table->suffix[code];
        first_byte = table->stack[n++] = (uint8_t)code;
        NWC__TRY(emit(table, n, HEADER + reader->at / 8, out));
        if (last_code >= 0 && next < most) {
            table->prefix[next] = (uint16_t)last_code;
            table->suffix[next++] = first_byte;
        }
        last_code = given;
    }
}

nwc_status nwc__unpack_compress(const uint8_t *bytes, int64_t size, struct nwc__unpacked *out)
{
    const int32_t most_width = bytes[2] & WIDTH_BITS;
    if (most_width < LEAST_WIDTH || most_width > MOST_WIDTH)
        return nwc__fail(NWC_ERR_FORMAT, "byte 2: compress codes of 9 to 16 bits expected, %d found", (int)most_width);
    struct table *const table = nwc__alloc(out->ctx, 1, sizeof *table);
    if (!table) return NWC_ERR_NOMEM;
    struct reader reader = {.bytes = bytes + HEADER, .n_bits = 8 * (size - HEADER), .width = LEAST_WIDTH};
    const nwc_status status = unpack(&reader, table, most_width, bytes[2] & CLEARS, out);
    nwc__free(out->ctx, table);
    return status;
}
