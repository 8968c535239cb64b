/* Attributes of HDF5 objects by our own look at their headers. */
#ifndef NWC_IO_HDF5_HEADER_H
#define NWC_IO_HDF5_HEADER_H

#include "radar/format/tree.h"

/* The bytes of a file, and those of an address and of a length in it. */
struct nwc__hdf5_image {
    const uint8_t *bytes;
    int64_t size;
    int offset_size, length_size;
};

/* What is done about an attribute whose value is of a type not known here. */
typedef nwc_status nwc__other_attribute_fn(const char *name, void *user);

/*
 * Put the attributes of the object whose header is at an address into the tree. *known is false, and nothing is done, where the
 * header keeps them elsewhere or in a way not known here; other is called for each single one of those.
 */
nwc_status nwc__hdf5_attributes(const struct nwc__hdf5_image *image, uint64_t address, nwc__tree *tree, nwc__node *node,
                                nwc__other_attribute_fn *other, void *user, bool *known);

#endif
