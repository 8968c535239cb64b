/* LINDA's laws around features, and fields as they foresee them: what its forecasts of one field and of ensembles share. */
#ifndef NWC_FORECAST_LINDA_H
#define NWC_FORECAST_LINDA_H

#include "forecast/blobs.h"
#include "forecast/past.h"
#include "forecast/patches.h"

#include <nowcast/forecast_local.h>

enum {
    NWC__MOST_FEATURES = 1024,
    NWC__LINDA_FRAMES = 3,
    NWC__LINDA_LEADS = 12 /* that are foreseen together */
};

struct nwc__linda {
    int64_t ny, nx;
    double step_s;    /* from the frame before to the newest */
    double deviation; /* of windows about features, cells */
    struct nwc__patches patches;
    int32_t n_features; /* 1 or more: with 1 its law is that of the whole grid */
    struct nwc__blob *feature;
    double *psi;           /* (feature) */
    float *weights;        /* (feature, 2, wave): what is left of changes, and of the field, in a step */
    float *field, *change; /* (ny, nx): the newest frame, and what it changed by in the last step */
    float *before;         /* (ny, nx): what the one before changed by */
    float *older;          /* (ny, nx): the frame before */
    float *work;           /* for each row of patches */
    float *unknown;        /* (lead, ny, nx): of weight that is missing */
};

/* From three frames or more. */
nwc_status nwc__linda_create(nwc_ctx *ctx, const struct nwc__past *past, int32_t most_features, double deviation,
                             struct nwc__linda *linda);
void nwc__linda_destroy(nwc_ctx *ctx, struct nwc__linda *linda);

/*
 * Fields (lead, ny, nx) after n_leads times, at most NWC__LINDA_LEADS, from a field and its last change; 0 or more, NaN where the
 * field is not known.
 */
nwc_status nwc__linda_foresee(nwc_ctx *ctx, struct nwc__linda *linda, const float *field, const float *change,
                              const double *leads_s, int32_t n_leads, float *foreseen);

/* How much each feature counts at a place, of sum 1. */
void nwc__linda_shares(const struct nwc__linda *linda, double y, double x, double *share);

#endif
