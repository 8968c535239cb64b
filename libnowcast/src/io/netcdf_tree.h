/* A netCDF file as a tree that stays open. */
#ifndef NWC_IO_NETCDF_TREE_H
#define NWC_IO_NETCDF_TREE_H

#include "radar/format/tree.h"

/*
 * Read the header and what is short of a netCDF file into a tree; fields are fetched from the bytes, which must stay, as *file,
 * which the tree points to, until it is closed. All calls, and every fetch, under the io lock.
 */
nwc_status nwc__netcdf_open(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc__tree *tree, int *file);
/* A file that did not open, -1, is left as it is. */
void nwc__netcdf_close(int file);

#endif
