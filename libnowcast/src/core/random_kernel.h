/* Many Philox blocks at once. */
#ifndef NWC_CORE_RANDOM_KERNEL_H
#define NWC_CORE_RANDOM_KERNEL_H

#include <stdint.h>

enum {
    NWC__PHILOX_ROUNDS = 10,
    NWC__RANDOM_BLOCKS = 64, /* in a group, which is made at once */
    NWC__RANDOM_GROUP = 4 * NWC__RANDOM_BLOCKS,
};

/* Multipliers and key increments: Salmon et al. (2011), section 3 and table 2. */
#define NWC__PHILOX_M0 UINT32_C(0xD2511F53)
#define NWC__PHILOX_M1 UINT32_C(0xCD9E8D57)
#define NWC__PHILOX_W0 UINT32_C(0x9E3779B9)
#define NWC__PHILOX_W1 UINT32_C(0xBB67AE85)

struct nwc__random_kernels {
    /* The NWC__RANDOM_GROUP numbers of cells group * NWC__RANDOM_GROUP and on. */
    void (*uniform)(uint64_t seed, uint64_t stream, uint64_t group, float *out);
    void (*normal)(uint64_t seed, uint64_t stream, uint64_t group, float *out);
};

#endif
