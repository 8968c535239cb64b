/* bzip2 streams unpacked by several threads. */
#ifndef NWC_RADAR_FORMAT_BZIP2_H
#define NWC_RADAR_FORMAT_BZIP2_H

#include "core/internal.h"

/*
 * Unpack the whole stream that the bytes begin with, its blocks side by side. *out is allocated where all went well; it is NULL
 * where the stream is one block, ends early or is damaged, so that libbz2 may see to it, or where max_bytes do not hold it.
 */
nwc_status nwc__bzip2_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes, uint8_t **out,
                             int64_t *out_size);

#endif
