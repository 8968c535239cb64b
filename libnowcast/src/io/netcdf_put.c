/* Errors and attributes of netCDF, for its writers. */
#include "io/netcdf_put.h"

#ifdef NWC__HAVE_NETCDF
nwc_status nwc__nc_failed(int error, const char *what)
{
    return nwc__fail(error == NC_ENOMEM ? NWC_ERR_NOMEM : NWC_ERR_IO, "netCDF cannot write %s: %s", what,
                     nc_strerror(error));
}

nwc_status nwc__nc_put_text(int group, int variable, const char *name, const char *text)
{
    NWC__TRY_NC(nc_put_att_text(group, variable, name, strlen(text), text), name);
    return NWC_OK;
}
#endif
