/*
 * Counter-based random numbers: Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011, Parallel random numbers: as easy as
 * 1, 2, 3). The seed is the key, the counter holds cell and stream; four cells share a block. It passes the usual
 * batteries of tests, has no state to carry, and any cell of any member can be made alone.
 */
#include "core/random.h"
#include "core/random_kernel.h"

NWC__DECLARE_KERNELS(nwc__random_kernels);

void nwc__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4])
{
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < NWC__PHILOX_ROUNDS; round++) {
        const uint64_t p0 = (uint64_t)NWC__PHILOX_M0 * c[0], p1 = (uint64_t)NWC__PHILOX_M1 * c[2];
        const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k[1],
                                  (uint32_t)p0};
        memcpy(c, next, sizeof c);
        k[0] += NWC__PHILOX_W0;
        k[1] += NWC__PHILOX_W1;
    }
    memcpy(block, c, sizeof c);
}

typedef void (*group_fn)(uint64_t seed, uint64_t stream, uint64_t group, float *out);

/* Whole groups go straight to out; of the first and the last, what is asked for is copied. */
static void fill(group_fn make, uint64_t seed, uint64_t stream, int64_t first, int64_t n, float *out)
{
    assert(first >= 0);
    for (int64_t done = 0; done < n;) {
        const int64_t group = (first + done) / NWC__RANDOM_GROUP, within = (first + done) % NWC__RANDOM_GROUP;
        const int64_t rest = NWC__RANDOM_GROUP - within, part = n - done < rest ? n - done : rest;
        if (part == NWC__RANDOM_GROUP) {
            make(seed, stream, (uint64_t)group, out + done);
        } else {
            float whole[NWC__RANDOM_GROUP];
            make(seed, stream, (uint64_t)group, whole);
            memcpy(out + done, whole + within, (size_t)part * sizeof *out);
        }
        done += part;
    }
}

void nwc__random_uniform(const nwc_ctx *ctx, uint64_t seed, uint64_t stream, int64_t first, int64_t n, float *out)
{
    fill(NWC__KERNELS(ctx, nwc__random_kernels)->uniform, seed, stream, first, n, out);
}

void nwc__random_normal(const nwc_ctx *ctx, uint64_t seed, uint64_t stream, int64_t first, int64_t n, float *out)
{
    fill(NWC__KERNELS(ctx, nwc__random_kernels)->normal, seed, stream, first, n, out);
}
