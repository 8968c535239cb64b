/* The doors through which model fields come. Each lists what it holds in a model, as a source of it. */
#ifndef NWC_IO_MODEL_SOURCE_H
#define NWC_IO_MODEL_SOURCE_H

#include "io/internal.h"
#include "model/model.h"

/*
 * GRIB 1 and 2, by ecCodes. The bytes become the source's, also where this fails; they are of the model's memory. file is the number
 * entries get.
 */
nwc_status nwc__grib_model(nwc_model *model, struct nwc__bytes bytes, int32_t file, const nwc_model_options *options);

/* The same for output of WRF in netCDF, classic or 4. */
nwc_status nwc__wrf_model(nwc_model *model, struct nwc__bytes bytes, int32_t file, const nwc_model_options *options);

#endif
