/* Files of HDF5, also those of netCDF-4, closed although the disk may have refused what was written. Called under the io lock. */
#ifndef NWC_IO_HDF5_CLOSE_H
#define NWC_IO_HDF5_CLOSE_H

#include "core/internal.h"

#ifdef NWC__HAVE_NETCDF
#include <hdf5.h>

/* Close an array, or a file that was created at path. status is that of writing it, and is the one that is told where it is a failure; else
 * NWC_OK, or NWC_ERR_IO where not all of it was written. */
nwc_status nwc__h5_close_array(hid_t array, nwc_status status);
nwc_status nwc__h5_close(hid_t file, const char *path, nwc_status status);
nwc_status nwc__nc_close(int file, const char *path, nwc_status status);
#endif

#endif
