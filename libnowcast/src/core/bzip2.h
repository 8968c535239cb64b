/* bzip2 streams unpacked by several threads. */
#ifndef NWC_CORE_BZIP2_H
#define NWC_CORE_BZIP2_H

#include "core/internal.h"

/* What is given up: max_bytes or more, and more than free_bytes where they are over max_ratio times what they came from. */
struct nwc__bzip2_limits {
    int64_t max_bytes, free_bytes, max_ratio;
};

/* Streams that were unpacked: their bytes, which have room for one more, and how many packed bytes they were. */
struct nwc__bzip2_streams {
    uint8_t *bytes;
    int64_t size, used;
};

/*
 * Unpack the whole streams that the bytes begin with, or no more than the first, their blocks side by side, up to one that is
 * cut off, damaged, empty or past the limits: that and what follows is left, so that libbz2 may see to it. out->bytes is NULL
 * where nothing came of it, and where there is but one block. Otherwise the caller frees it.
 */
nwc_status nwc__bzip2_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, bool first_only,
                             const struct nwc__bzip2_limits *limits, struct nwc__bzip2_streams *out);

#endif
