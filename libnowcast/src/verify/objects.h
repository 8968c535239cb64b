/* What SAL and the matching of objects have in common. */
#ifndef NWC_VERIFY_OBJECTS_INTERNAL_H
#define NWC_VERIFY_OBJECTS_INTERNAL_H

#include "verify/sums.h"

#include <nowcast/verify_objects.h>

/* Both fields where both are known and used, NaN elsewhere; contiguous, to be released with the context. */
struct nwc__object_fields {
    nwc_field forecast, observed;
};
nwc_status nwc__object_fields_create(nwc_ctx *ctx, const nwc_field *forecast, const nwc_field *observed,
                                     const nwc_flags *use, struct nwc__object_fields *fields);
void nwc__object_fields_release(nwc_ctx *ctx, struct nwc__object_fields *fields);

/* Take the options given or the defaults, and check them. */
nwc_status nwc__objects_take_options(nwc_verify_objects_options *options, const nwc_verify_objects_options *given);

/* The storms of a field above a threshold, each one object. */
nwc_status nwc__objects_find(nwc_ctx *ctx, const nwc_field *field, double threshold, double least_area,
                             nwc_cells **cells);

#endif
