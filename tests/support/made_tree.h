/* Neutral trees put together by hand, as the libraries of HDF5 and netCDF give them. */
#ifndef NWC_TEST_MADE_TREE_H
#define NWC_TEST_MADE_TREE_H

#include "radar/format/tree.h"
#include "radar/volume.h"

/* An attribute of a node. */
nwc_status tree_text(nwc__tree *tree, nwc__node *node, const char *name, const char *text);
nwc_status tree_number(nwc__tree *tree, nwc__node *node, const char *name, double number);

/* What a reader makes of a tree, if making it went well. The tree is destroyed; *volume is NULL where there is none. */
nwc_status tree_volume(nwc_status made, nwc__tree *tree,
                       nwc_status (*read)(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume),
                       nwc_volume **volume);

#endif
