/* What writers of radar volumes have in common. */
#ifndef NWC_IO_VOLUME_WRITE_H
#define NWC_IO_VOLUME_WRITE_H

#include "io/internal.h"
#include "radar/format/encode.h"

/* Write a whole volume to path, which exists and is empty; called under the io lock. */
typedef nwc_status nwc__volume_write_fn(nwc_ctx *ctx, const nwc_volume *volume, const char *path);

/* A whole volume as bytes, put behind what buffer has. */
typedef nwc_status nwc__volume_encode_fn(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer);

nwc__volume_write_fn nwc__fm301_write, nwc__odim_volume_write;

#endif
