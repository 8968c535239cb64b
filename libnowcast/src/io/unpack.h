/* Bytes freed of their packing: gzip, bzip2, xz, zip and compress, one inside another. They open no files. */
#ifndef NWC_IO_UNPACK_H
#define NWC_IO_UNPACK_H

#include "io/internal.h"

/* Bytes that come out of a packing. */
struct nwc__unpacked {
    nwc_ctx *ctx;
    int64_t max_bytes, room;
    struct nwc__bytes bytes;
};

/* Room for at least one byte more, and a zero after it; packed is how many bytes have been used up for those there are. */
nwc_status nwc__unpacked_grow(struct nwc__unpacked *out, int64_t packed);

/* At first: room for n bytes at once, where the limit allows them; there is none yet. */
nwc_status nwc__unpacked_reserve(struct nwc__unpacked *out, int64_t n);

/* Deflate without a frame, as zip members have it; *used is set to the bytes of it. */
nwc_status nwc__inflate(const uint8_t *bytes, int64_t size, int64_t *used, struct nwc__unpacked *out);
nwc_status nwc__unpack_zip(const uint8_t *bytes, int64_t size, struct nwc__unpacked *out);
nwc_status nwc__unpack_compress(const uint8_t *bytes, int64_t size, struct nwc__unpacked *out);

/* How much is wanted of what is packed. */
enum nwc__extent {
    NWC__WHOLE,  /* all of it */
    NWC__PARTLY, /* what is good, where it is damaged */
    NWC__HEAD    /* and no more than fits */
};

/* Undo all packings of bytes, which are replaced; *cut is set where some are damaged. After an error bytes is empty. */
nwc_status nwc__unpack(nwc_ctx *ctx, int64_t max_bytes, enum nwc__extent extent, struct nwc__bytes *bytes, bool *cut);

#endif
