/* What writers of ODIM_H5 share: attributes and groups of HDF5. Called under the io lock. */
#ifndef NWC_IO_HDF5_PUT_H
#define NWC_IO_HDF5_PUT_H

#include "core/internal.h"

#ifdef NWC__HAVE_NETCDF
#include <hdf5.h>

/* HDF5 prints its own errors unless told not to. */
struct nwc__h5_quiet {
    H5E_auto2_t print;
    void *user;
};
struct nwc__h5_quiet nwc__h5_be_quiet(void);
void nwc__h5_be_as(struct nwc__h5_quiet before);

/* NWC_ERR_IO: HDF5 cannot write what. */
nwc_status nwc__h5_failed(const char *what);

/* Attributes, in place of those of the name that are there. */
nwc_status nwc__h5_put_text(hid_t group, const char *name, const char *text);
nwc_status nwc__h5_put_real(hid_t group, const char *name, double value);
nwc_status nwc__h5_put_whole(hid_t group, const char *name, int64_t value);
nwc_status nwc__h5_put_reals(hid_t group, const char *name, const double *values, int64_t n);
/* The second that has begun, as YYYYMMDD and HHmmss. */
nwc_status nwc__h5_put_time(hid_t group, const char *date_name, const char *time_name, int64_t time_ns);

/* The group of this name, made if need be. */
hid_t nwc__h5_group(hid_t parent, const char *name);
#endif

#endif
