/* The sums of one stratum of ensembles, and where each lies. */
#ifndef NWC_VERIFY_ENSEMBLE_H
#define NWC_VERIFY_ENSEMBLE_H

#include "verify/ensemble_kernel.h"
#include "verify/internal.h"

/* One array of doubles, all of which but the head merges by addition: see nwc_verify_ensemble_get_state. */
struct nwc_verify_ensemble {
    nwc_ctx memory; /* the allocator this was made with */
    int32_t n_members, n_thresholds, n_windows;
    float *threshold; /* rounded to float, as the cells they are compared with */
    int32_t *window;
    uint16_t (*exchange)[2]; /* what sorts n_members */
    int64_t n_exchanges;
    double *state;      /* head, then the sums: [NWC__ENSEMBLE_SUMS] */
    int64_t head, size; /* doubles in the head, and in all */
    int64_t ranks;      /* place in state: [member + 1] */
    int64_t reached;    /* [threshold][cells, events][member + 1] */
    int64_t fss;        /* [threshold][window][NWC__EFSS_SUMS] */
};

/* Add to sums, laid out as those behind the head, what the windows of every threshold hold. */
nwc_status nwc__ensemble_add_windows(nwc_ctx *ctx, const nwc_verify_ensemble *verify, const nwc_field *members,
                                     const nwc_field *observed, const nwc_flags *use, double *sums);

#endif
