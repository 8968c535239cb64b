/* Observations that come as a neutral tree. */
#ifndef NWC_NETCDF_OBS_H
#define NWC_NETCDF_OBS_H

#include "obs/format/obs_format.h"
#include "radar/format/tree.h"

nwc_status nwc__netcdf_obs_decode(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs);

/* ODIM_H5 object VP: winds over a radar by height, a report for each dataset. */
nwc_status nwc__odim_profile_read(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs);
/* Whether it is one; NWC_ERR_UNSUPPORTED says what it is. */
nwc_status nwc__odim_profile_check(const nwc__tree *tree);

#endif
