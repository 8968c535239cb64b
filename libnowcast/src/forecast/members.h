/* The members of an ensemble at one time: checked, and read a batch of cells at a time. */
#ifndef NWC_FORECAST_MEMBERS_H
#define NWC_FORECAST_MEMBERS_H

#include "forecast/members_kernel.h"
#include "grid/internal.h"

enum { NWC__MOST_MEMBERS = 1000, NWC__MOST_CHOICES = 64, NWC__MEMBER_ROWS = 16 /* of a tile */ };

NWC__DECLARE_KERNELS(nwc__members_kernels);

/* Refuse members that are none, too many, or not (y, x) of one shape and, where they have one, one grid. */
nwc_status nwc__check_members(const nwc_field *members, int32_t n_members);

/* Refuse what is not (n, y, x), or (y, x) where n is 0, of the members' size. */
nwc_status nwc__check_of_members(const nwc_field *out, const char *name, int64_t n, const nwc_field *members);

/* Put cells i to i + n - 1 of row j of each member, n at most NWC__BATCH, into x: [member][NWC__BATCH]. */
void nwc__members_gather(const struct nwc__members_kernels *kernels, const nwc_field *members, int32_t n_members,
                         int64_t j, int64_t i, int64_t n, float *x);

/* Whether so many known members of all make a cell known. */
static inline bool nwc__members_known(int32_t known, int32_t n_members)
{
    return known > 0 && 2 * known >= n_members;
}

#endif
