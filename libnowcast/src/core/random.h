/* Random numbers that depend on seed, stream and cell alone, never on tiles, threads or what was drawn before. */
#ifndef NWC_CORE_RANDOM_H
#define NWC_CORE_RANDOM_H

#include "core/internal.h"

/* One block of Philox4x32-10. */
void nwc__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]);

/*
 * The numbers of cells first to first + n - 1 (first >= 0) in a stream. Any cut of the cells into calls gives the same
 * numbers. A stream serves one purpose: its uniform and its normal numbers come from the same bits. What is drawn per
 * member and step takes (uint64_t)member << 32 | step as its stream.
 */

/* Uniform in (0, 1), neither end included: odd multiples of 2^-24. */
void nwc__random_uniform(const nwc_ctx *ctx, uint64_t seed, uint64_t stream, int64_t first, int64_t n, float *out);

/* Normal with mean 0 and variance 1, within 6.8. */
void nwc__random_normal(const nwc_ctx *ctx, uint64_t seed, uint64_t stream, int64_t first, int64_t n, float *out);

#endif
