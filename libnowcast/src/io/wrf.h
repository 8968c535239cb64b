/* Output of WRF as a tree: what it holds, and its values. */
#ifndef NWC_IO_WRF_H
#define NWC_IO_WRF_H

#include "io/model_source.h"
#include "radar/format/tree.h"

/* A tree and what it stands on; all is of the model's memory. */
struct nwc__wrf_base {
    nwc__tree tree;
    struct nwc__bytes bytes;
    int netcdf; /* -1 where the tree holds all */
};

/* List what a tree holds in a model. The base becomes the source's, and does not move any more, also where this fails. */
nwc_status nwc__wrf_list(nwc_model *model, struct nwc__wrf_base *base, int32_t file, const nwc_model_options *options);

#endif
