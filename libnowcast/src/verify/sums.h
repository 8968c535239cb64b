/* Running sums of any kind: one array of doubles, whose head holds the kind and the options. */
#ifndef NWC_VERIFY_SUMS_H
#define NWC_VERIFY_SUMS_H

#include "verify/internal.h"

#include <nowcast/verify_sums.h>

struct nwc_verify_sums {
    nwc_ctx memory; /* the allocator this was made with */
    int64_t head, size;
    double *state; /* head: kind and options; then what is summed */
};

/* The kinds, beside the layouts of nwc_verify and nwc_verify_ensemble. */
enum { NWC__SUMS_PROBABILITY = 10, NWC__SUMS_SCALES = 11, NWC__SUMS_OBJECTS = 12 };

/* Sums with a head of zeros, to be filled, but for the kind. */
nwc_status nwc__sums_create(nwc_ctx *ctx, int32_t kind, int64_t head, int64_t n_sums, nwc_verify_sums **made);

/* Refuse what is not sums of this kind, which were to be made by the function called maker. */
nwc_status nwc__sums_check(const nwc_verify_sums *sums, int32_t kind, const char *maker);

/* Add the parts of n_parts tiles, [part][sum], in their order. */
void nwc__sums_add_parts(nwc_verify_sums *sums, const double *parts, int64_t n_parts);

/* Refuse an index that is not below n; name is what it counts. */
nwc_status nwc__verify_check_index(const char *name, int32_t index, int32_t n);

#endif
