/* Arrays of an HDF5 file unpacked by our own threads, outside the library and its lock. */
#ifndef NWC_IO_HDF5_CHUNKS_H
#define NWC_IO_HDF5_CHUNKS_H

#include "radar/format/tree.h"

#include <hdf5.h>

/* Where the chunks of arrays are in the bytes of a file. */
typedef struct nwc__chunks {
    nwc_ctx *ctx;
    const uint8_t *bytes;
    int64_t size;
    struct nwc__chunk *chunk;
    int64_t n, room;
} nwc__chunks;

/*
 * List the chunks of an array whose cells and dimensions the node has: *listed is false where the library has to read it, for
 * a filter, an order of bytes or a layout that is not known here.
 */
nwc_status nwc__chunks_list(nwc__chunks *chunks, hid_t dataset, hid_t type, nwc__node *node, bool *listed);

/* Unpack all that were listed into the cells of their nodes. */
nwc_status nwc__chunks_unpack(nwc__chunks *chunks);

void nwc__chunks_release(nwc__chunks *chunks);

#endif
