/*
 * A neutral tree: groups, attributes and arrays, as HDF5 and netCDF hold them, so that decoders link neither library. All
 * numbers are held as double. Everything belongs to the tree and goes with it.
 */
#ifndef NWC_RADAR_FORMAT_TREE_H
#define NWC_RADAR_FORMAT_TREE_H

#include "radar/format/format.h"

enum { NWC__TREE_MOST_DIMS = 4 };

typedef struct nwc__attribute {
    struct nwc__attribute *next;
    char *name, *text; /* text is NULL for a number */
    double number;     /* the first, of several */
} nwc__attribute;

typedef struct nwc__node {
    struct nwc__node *next, *parent, *first;
    nwc__attribute *attributes;
    char *name;
    int64_t ndim, dim[NWC__TREE_MOST_DIMS];
    double *values; /* NULL for a group */
} nwc__node;

typedef struct nwc__tree {
    nwc_ctx *ctx;
    nwc__node *root;
    int64_t left; /* bytes it may still take */
} nwc__tree;

nwc_status nwc__tree_create(nwc_ctx *ctx, int64_t max_bytes, nwc__tree *tree);
void nwc__tree_destroy(nwc__tree *tree);

nwc_status nwc__tree_add(nwc__tree *tree, nwc__node *parent, const char *name, nwc__node **node);
/* text NULL: a number. */
nwc_status nwc__tree_attribute(nwc__tree *tree, nwc__node *node, const char *name, const char *text, double number);
/* Room for the product of the node's dim values, to be filled. */
nwc_status nwc__tree_values(nwc__tree *tree, nwc__node *node);

const nwc__node *nwc__node_find(const nwc__node *group, const char *name);
/* An attribute of group "what" or "where" and so on of this node or of the nearest group around it that has it. */
const nwc__attribute *nwc__node_attribute(const nwc__node *node, const char *group, const char *name);

/* ODIM_H5 objects COMP and IMAGE: all quantities on their grid. Michelson et al. (2014), OPERA model 2.2. */
nwc_status nwc__odim_image_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster);

#endif
