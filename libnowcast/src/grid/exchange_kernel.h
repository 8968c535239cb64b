/* Sorting over a batch of cells at a time: [member][cell], so that every loop runs over cells. */
#ifndef NWC_GRID_EXCHANGE_KERNEL_H
#define NWC_GRID_EXCHANGE_KERNEL_H

#include <stdint.h>

/* Cells of a batch: those of 20 members take 5 KiB of the first-level cache. */
enum { NWC__BATCH = 64 };

struct nwc__exchange_kernels {
    /* Put each cell's members in ascending order: by exchanges, pairs of members. None is NaN. */
    void (*sort)(int64_t n_exchanges, const uint16_t (*exchange)[2], float *x);
};

#endif
