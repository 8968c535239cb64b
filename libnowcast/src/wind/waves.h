/* Sine and cosine transforms of planes, for the variational wind. */
#ifndef NWC_WIND_WAVES_H
#define NWC_WIND_WAVES_H

#include "core/internal.h"
#include "wind/wind_kernel.h"

enum { NWC__WIND_LANES = 16 /* planes or rows worked on at once, each with scratch of its own */ };

/*
 * Along an axis of n intervals sines have n - 1 values at its inner nodes, waves 1 to n - 1; cosines n values in the middle of
 * the intervals, waves 0 to n - 1. Both are zero, or flat, beyond the ends.
 */
typedef enum nwc__wave { NWC__SINE = 0, NWC__COSINE = 1 } nwc__wave;

typedef struct nwc__waves nwc__waves;

/* ny, nx: intervals. */
nwc_status nwc__waves_create(nwc_ctx *ctx, int64_t ny, int64_t nx, nwc__waves **waves);
void nwc__waves_destroy(nwc_ctx *ctx, nwc__waves *waves);

/* Sums of plane[j, i] times sine or cosine of each wave, in their place; plane has rows pitch apart. lane: below NWC__WIND_LANES. */
void nwc__waves_forward(const nwc__waves *waves, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane,
                        int64_t pitch);
/* The inverse. */
void nwc__waves_backward(const nwc__waves *waves, int64_t lane, nwc__wave y, nwc__wave x, nwc__real *plane,
                         int64_t pitch);

#endif
