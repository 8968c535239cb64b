/*
 * What is kept between runs as bytes: one walk over it writes them and reads them, so that the two cannot differ. A mark and a version
 * come first, then numbers of eight bytes, the lowest first, then a sum over all before it (FNV-1a) that a changed byte does not pass.
 */
#ifndef NWC_CORE_WALK_H
#define NWC_CORE_WALK_H

#include "core/internal.h"

enum { NWC__WALK_MARK = 8, NWC__WALK_NUMBER = 8 /* bytes of each */ };

struct nwc__walk {
    struct nwc__buffer *to; /* NULL while reading */
    const uint8_t *from;
    int64_t size, at;
    nwc_status status; /* after a failure nothing more is done */
};

/* Write the mark and the version into an empty buffer. */
struct nwc__walk nwc__walk_write(struct nwc__buffer *to, const char *mark, int64_t version);

/* Put the sum at the end. */
nwc_status nwc__walk_close(struct nwc__walk *walk);

/* Look at mark, version and sum, and read from behind them on; what says whose state it is for the errors, "a tracker". */
struct nwc__walk nwc__walk_read(const uint8_t *bytes, int64_t size, const char *mark, int64_t version,
                                const char *what);

/* Refuse bytes that are left. */
nwc_status nwc__walk_end(const struct nwc__walk *walk);

void nwc__walk_integer(struct nwc__walk *walk, int64_t *value);
void nwc__walk_small(struct nwc__walk *walk, int32_t *value);
void nwc__walk_real(struct nwc__walk *walk, double *value);

/* How many of something of so many numbers each follow: no more than the bytes left can hold. */
void nwc__walk_count(struct nwc__walk *walk, int64_t *n, int64_t numbers_each);

/* A text in a field of so many bytes, which a zero ends: a character is a number. */
void nwc__walk_text(struct nwc__walk *walk, char *text, int64_t room);

#endif
