/* Deflated bytes unpacked at one stroke, where a library for that was built in. */
#ifndef NWC_CORE_INFLATE_H
#define NWC_CORE_INFLATE_H

#include "core/internal.h"

/* What stands around the deflated bytes. */
enum nwc__deflate_frame { NWC__DEFLATE_BARE, NWC__DEFLATE_ZLIB, NWC__DEFLATE_GZIP };

/*
 * Unpack one stream of n_in bytes or fewer into room for n_out; *used and *made say how many were. False, with *made bytes of no
 * meaning in the room, where the stream is damaged, ends early or needs more room, and where no such library was built in: zlib
 * then finds out why, or does it.
 */
bool nwc__inflate_at_once(enum nwc__deflate_frame frame, const uint8_t *in, int64_t n_in, uint8_t *out, int64_t n_out,
                          int64_t *used, int64_t *made);

#endif
