/* The variational wind on a row of boxes, each twice as coarse as the one before. */
#ifndef NWC_WIND_NEST_H
#define NWC_WIND_NEST_H

#include "wind/internal.h"

enum { NWC__WIND_MOST_BOXES = 3 };

typedef struct nwc__wind_level {
    nwc__wind_box box;
    nwc__wind_prior prior;
    nwc__wind_projection *projection;
    nwc__wind_spectral *spectral;
    nwc__real *background, *wind;
    nwc__wind_data data; /* of coarser boxes, merged; that of the finest is not kept here */
} nwc__wind_level;

typedef struct nwc__wind_nest {
    int32_t n;
    nwc__wind_level level[NWC__WIND_MOST_BOXES]; /* finest first */
} nwc__wind_nest;

/* What all boxes share. */
typedef struct nwc__wind_setting {
    int64_t n[3]; /* cells of the finest, an even number of levels */
    double d[3];
    double bottom_m, scale_m;
    int32_t order;
    nwc__wind_reach reach[2];        /* of errors of u and v, and of w */
    const double *error_h, *error_w; /* (n[2]) */
} nwc__wind_setting;

/* Backgrounds are zero until they are filled. What fails is to be released too. */
nwc_status nwc__wind_nest_create(nwc_ctx *ctx, const nwc__wind_setting *setting, nwc__wind_nest *nest);
void nwc__wind_nest_release(nwc_ctx *ctx, nwc__wind_nest *nest);

/* From the background of the finest box to its wind; *coarse counts iterations on the others. */
nwc_status nwc__wind_nest_solve(nwc_ctx *ctx, nwc__wind_nest *nest, const nwc__wind_data *data, int32_t most,
                                double tolerance, nwc__wind_outcome *outcome, int32_t *coarse);

/* The finest box once more, from the wind it has, with a term of tendency, which may be NULL. */
nwc_status nwc__wind_nest_refine(nwc_ctx *ctx, nwc__wind_nest *nest, const nwc__wind_data *data,
                                 const nwc__wind_tendency *tendency, int32_t most, double tolerance,
                                 nwc__wind_outcome *outcome);

#endif
