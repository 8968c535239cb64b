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

/* Gates of 1 km and of 250 m are what there is most: a constant becomes one store. */
static void repeat(const float *restrict from, int64_t n, int64_t times, float *restrict to)
{
    if (times == 4)
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < 4; k++) to[4 * i + k] = from[i];
    else
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < times; k++) to[times * i + k] = from[i];
}

extern const struct nwc__regate_kernels NWC__NAME(nwc__regate_kernels);
const struct nwc__regate_kernels NWC__NAME(nwc__regate_kernels) = {.cells = cells, .flags = flags, .repeat = repeat};
