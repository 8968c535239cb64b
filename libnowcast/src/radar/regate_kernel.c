/* Rays from one range axis onto another. */
#include "radar/regate_kernel.h"

#include "core/kernel.h"

/* A step of 1 has a loop of its own, which vectorises. */
#define GATHER(name, type)                                                                                             \
    static void name(const type *from, const int64_t *restrict offset, int64_t n, int64_t step, type *restrict to)     \
    {                                                                                                                  \
        if (step == 1)                                                                                                 \
            for (int64_t g = 0; g < n; g++) to[g] = from[offset[g]];                                                   \
        else                                                                                                           \
            for (int64_t g = 0; g < n; g++) to[g * step] = from[offset[g]];                                            \
    }

GATHER(cells, float)
GATHER(flags, uint8_t)

extern const struct nwc__regate_kernels NWC__NAME(nwc__regate_kernels);
const struct nwc__regate_kernels NWC__NAME(nwc__regate_kernels) = {.cells = cells, .flags = flags};
