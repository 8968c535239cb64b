/* Gates about tears, each on a fold of its own, see dealias_tears.c. */
#ifndef NWC_RADAR_DEALIAS_TEARS_H
#define NWC_RADAR_DEALIAS_TEARS_H

#include "radar/dealias.h"
#include "radar/dealias_cut.h"
#include "radar/dealias_kernel.h"

enum { NWC__TEAR_TERMS = 6 /* of a gate: beside it, above and below */ };

/* A velocity that a gate is held against, and what that counts; weight 0 for none. */
typedef struct nwc__tear_term {
    float velocity, weight;
} nwc__tear_term;

/* Where gates that hang together begin, and their pairs. */
typedef struct nwc__tear_part {
    int32_t node;
    int64_t pair;
} nwc__tear_part;

/* Gates (n) of a sweep that may move, those that hang together one behind the other. */
typedef struct nwc__tears {
    int32_t n;
    int32_t *cell, *ray;
    float *velocity; /* as they have moved so far */
    nwc__tear_term (*term)[NWC__TEAR_TERMS];
    nwc__tear_part *part; /* and one more behind the last */
    nwc__cut cut;
} nwc__tears;

/* Mark gates near tears in a sweep, and return how many. */
int32_t nwc__tears_mark(const nwc__fold_sweep *sweep, const struct nwc__dealias_kernels *kernels,
                        nwc__fold_scratch *scratch);

nwc_status nwc__tears_create(nwc_ctx *ctx, int32_t n, nwc__tears *tears);
void nwc__tears_release(nwc_ctx *ctx, nwc__tears *tears);

/* Find where marked gates belong. Sweeps below and above, NULL for none, are looked at as unfolded so far. */
void nwc__tears_mend(const nwc__fold_sweep *sweep, const nwc__fold_sweep *below, const nwc__fold_sweep *above,
                     nwc__fold_scratch *scratch, nwc__tears *tears);

/* Put them there: changes fold, unfolded and confidence. */
void nwc__tears_apply(const nwc__tears *tears, nwc__fold_sweep *sweep);

#endif
