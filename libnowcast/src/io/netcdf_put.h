/* What writers of netCDF share. Called under the io lock. */
#ifndef NWC_IO_NETCDF_PUT_H
#define NWC_IO_NETCDF_PUT_H

#include "core/internal.h"

#ifdef NWC__HAVE_NETCDF
#include <netcdf.h>

/* netCDF cannot write what, for this error of its own. */
nwc_status nwc__nc_failed(int error, const char *what);

/* Pass the first error of netCDF on. */
#define NWC__TRY_NC(call, what)                                                                                        \
    do {                                                                                                               \
        const int nwc__try_error = (call);                                                                             \
        if (nwc__try_error) return nwc__nc_failed(nwc__try_error, what);                                               \
    } while (0)

/* An attribute of a variable, or of the group for NC_GLOBAL. */
nwc_status nwc__nc_put_text(int group, int variable, const char *name, const char *text);
#endif

#endif
