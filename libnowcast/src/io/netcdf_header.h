/* The header of classic netCDF, looked at before netCDF-C is given it. */
#ifndef NWC_IO_NETCDF_HEADER_H
#define NWC_IO_NETCDF_HEADER_H

#include "core/internal.h"

/*
 * NWC_ERR_FORMAT, with the byte and the reason, for a header that ends early or says more things than bytes have room for. What does
 * not begin as classic netCDF is left to others.
 */
nwc_status nwc__netcdf_check(const uint8_t *bytes, int64_t size);

#endif
