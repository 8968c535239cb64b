/* Numbers of any type to physical values. */
#ifndef NWC_RADAR_FORMAT_UNPACK_KERNEL_H
#define NWC_RADAR_FORMAT_UNPACK_KERNEL_H

#include "radar/format/tree.h"

typedef void nwc__unpack_fn(const void *restrict cells, int64_t n, const struct nwc__packing *packing,
                            float *restrict values);

struct nwc__unpack_kernels {
    nwc__unpack_fn *of[NWC__CELL_TYPES];
};

#endif
