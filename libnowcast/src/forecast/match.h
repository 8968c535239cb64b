/* Values replaced by those of the same rank in another field. */
#ifndef NWC_FORECAST_MATCH_H
#define NWC_FORECAST_MATCH_H

#include "core/internal.h"

/* Cells (j, i) at data[j * stride_y + i * stride_x]. */
struct nwc__plane {
    float *data;
    int64_t ny, nx, stride_y, stride_x;
};

/* Room for histograms; one thread at a time. */
struct nwc__matcher {
    float *least;            /* for each tile */
    int32_t *count;          /* (tile, bin) */
    int32_t *field, *target; /* cells in the bins before each, and all of them */
    float *ends;             /* of bins, in values of the target */
};
nwc_status nwc__matcher_create(nwc_ctx *ctx, int64_t ny, struct nwc__matcher *matcher);
void nwc__matcher_destroy(nwc_ctx *ctx, struct nwc__matcher *matcher);

/* Take the values of target, which has ny rows, for the fields that are matched from now on. */
nwc_status nwc__match_target(nwc_ctx *ctx, struct nwc__matcher *matcher, const struct nwc__plane *target);

/* Add the values of another to them: at most 2^31 - 1 in all. */
nwc_status nwc__match_more(nwc_ctx *ctx, struct nwc__matcher *matcher, const struct nwc__plane *target);

/*
 * Replace each known value of field, of ny rows, by the value of the same rank among the known ones of the target, which
 * may be more or fewer; equal values get equal ones, the least that are due where
 * they are the least of the field. Ranks are right to the cells of one bin: 1/128 of how far a value lies above the least.
 * Nothing is changed where target is known nowhere.
 */
nwc_status nwc__match_ranks(nwc_ctx *ctx, struct nwc__matcher *matcher, const struct nwc__plane *field);

#endif
