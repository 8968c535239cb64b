/* Blocks of bzip2 unpacked by our own decoder, in about half the time libbz2 takes. */
#ifndef NWC_CORE_BUNZIP2_H
#define NWC_CORE_BUNZIP2_H

#include "core/internal.h"

#include <stdatomic.h>

enum {
    NWC__BUNZIP2_CELLS = 900000, /* the most bytes of a block before its runs are written out */
    NWC__BUNZIP2_SELECTORS = 18002,
    NWC__BUNZIP2_TABLES = 6,
    NWC__BUNZIP2_SYMBOLS = 258,
    NWC__BUNZIP2_LONGEST = 20, /* bits of a code */
    NWC__BUNZIP2_LOOK = 11,    /* bits of a code that a table is asked with */
    NWC__BUNZIP2_WAYS = 32,
    NWC__BUNZIP2_CHUNK = 4096, /* bytes of a way that are one behind the other */
    NWC__BUNZIP2_CHUNKS = NWC__BUNZIP2_CELLS / NWC__BUNZIP2_CHUNK + NWC__BUNZIP2_WAYS + 2
};

/* One of a block's codes: by the first bits, and for longer codes by their number among all, in the order of their lengths. */
struct nwc__bunzip2_table {
    uint16_t look[1 << NWC__BUNZIP2_LOOK];    /* symbol and, in the lowest five bits, length; 0 for a longer code */
    uint32_t end[NWC__BUNZIP2_LONGEST + 1];   /* behind the last code of each length */
    int32_t number[NWC__BUNZIP2_LONGEST + 1]; /* what makes a code of a length its number */
    uint16_t symbol[NWC__BUNZIP2_SYMBOLS];    /* by number */
};

/* Cells one after the other: the one it begins with, how many, the first chunk of their bytes, and the way it leads to. */
struct nwc__bunzip2_way {
    uint32_t start;
    int32_t chunk, next;
    int64_t n;
};

/* Room to work in, nothing of which is kept from one block to the next. */
struct nwc__bunzip2 {
    atomic_bool taken;
    uint32_t cell[NWC__BUNZIP2_CELLS + 1];
    uint8_t chunk[NWC__BUNZIP2_CHUNKS][NWC__BUNZIP2_CHUNK];
    int32_t next_chunk[NWC__BUNZIP2_CHUNKS];
    struct nwc__bunzip2_way way[NWC__BUNZIP2_WAYS];
    uint8_t selector[NWC__BUNZIP2_SELECTORS];
    struct nwc__bunzip2_table table[NWC__BUNZIP2_TABLES];
};

enum nwc__bunzip2_end {
    NWC__BUNZIP2_WHOLE,  /* unpacked, and its checksum is right */
    NWC__BUNZIP2_FULL,   /* there is more than there is room for */
    NWC__BUNZIP2_REFUSED /* damaged, cut off, or of a kind no longer made: libbz2 finds out, or does it */
};

/*
 * The block whose mark begins at bit *bit of n_in bytes, of a stream whose blocks have at most most bytes before their runs are
 * written out. When it is whole, *made says how many bytes it became, *check what its checksum is and *bit is the one behind it.
 */
enum nwc__bunzip2_end nwc__bunzip2_block(struct nwc__bunzip2 *room, const uint8_t *in, int64_t n_in, int64_t most,
                                         int64_t *bit, uint8_t *out, int64_t n_out, int64_t *made, uint32_t *check);

/* One stream from its first byte on, and how many bytes it is. */
enum nwc__bunzip2_end nwc__bunzip2_stream(struct nwc__bunzip2 *room, const uint8_t *in, int64_t n_in, uint8_t *out,
                                          int64_t n_out, int64_t *used, int64_t *made);

/*
 * The first bytes of the first block of a stream, and how many, up to n_out: 0 where the block does not come whole or is not one our
 * decoder takes. They are not checked: that costs the rest of the block.
 */
int64_t nwc__bunzip2_look(struct nwc__bunzip2 *room, const uint8_t *in, int64_t n_in, uint8_t *out, int64_t n_out);

/* Rooms for the tiles of a job, as many as may need one at a time. */
struct nwc__bunzip2_rooms {
    struct nwc__bunzip2 *room;
    int64_t n;
};

nwc_status nwc__bunzip2_make_rooms(nwc_ctx *ctx, int64_t tiles, struct nwc__bunzip2_rooms *rooms);
/* One that no other tile is in, until it is left. */
struct nwc__bunzip2 *nwc__bunzip2_enter(const struct nwc__bunzip2_rooms *rooms);
void nwc__bunzip2_leave(struct nwc__bunzip2 *room);

#endif
