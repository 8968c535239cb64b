/* What readers of GRIB share once ecCodes holds a message: keys, grids, times. Called under the io lock. */
#ifndef NWC_IO_GRIB_H
#define NWC_IO_GRIB_H

#include "io/grib_message.h"
#include "io/internal.h"

#ifdef NWC__HAVE_ECCODES
#include <eccodes.h>

/* NaN, -1, "" where the message has no such key, or it is missing. */
double nwc__grib_real(codes_handle *handle, const char *key);
long nwc__grib_whole(codes_handle *handle, const char *key);
void nwc__grib_text(codes_handle *handle, const char *key, char text[NWC__TEXT]);

/* The order in which values stand in a message. */
struct nwc__grib_order {
    int64_t ni, nj; /* along the rows and the columns; nj is 1 for points */
    bool from_east, from_south, columns_first, turning;
};

/* Where value number p of the message belongs in rows from south to north, west to east. */
int64_t nwc__grib_place(const struct nwc__grib_order *order, int64_t p);

/*
 * The grid of a message, and the order of its values. UNSUPPORTED for grids that are not equally spaced in any projection
 * PROJ has.
 */
nwc_status nwc__grib_grid(nwc_ctx *ctx, codes_handle *handle, char projection[NWC__TEXT], nwc_grid *grid,
                          struct nwc__grib_order *order);

/* Reference time, beginning and end of validity. */
nwc_status nwc__grib_times(codes_handle *handle, int64_t *reference_ns, int64_t *start_ns, int64_t *time_ns);

/* All values, in the order of the message, NaN where missing, into room for count; how many there are is checked. */
nwc_status nwc__grib_values(codes_handle *handle, int64_t count, double *values);
#endif
#endif
