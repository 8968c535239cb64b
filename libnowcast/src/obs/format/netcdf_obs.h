/* Observations that come as a neutral tree. */
#ifndef NWC_NETCDF_OBS_H
#define NWC_NETCDF_OBS_H

#include "obs/format/obs_format.h"
#include "radar/format/tree.h"

nwc_status nwc__netcdf_obs_decode(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs);

#endif
