/* What the products of columns share: their checks, and how a row of columns is walked. */
#ifndef NWC_PRODUCT_COLUMN_H
#define NWC_PRODUCT_COLUMN_H

#include "grid/average.h"

#include <nowcast/product.h>

/* Cells of one row of one level. */
typedef struct nwc__row {
    const float *cells;
    int64_t step;
} nwc__row;

static inline nwc__row nwc__level_row(const nwc_field *field, int64_t k, int64_t j)
{
    return (nwc__row){field->data + k * field->stride[0] + j * field->stride[1], field->stride[2]};
}

static inline float *nwc__flat_row(const nwc_field *field, int64_t j)
{
    return field->data + j * field->stride[0];
}

/* Height of the ground under cell i of row j, 0 without a ground. */
static inline double nwc__ground_at(const nwc_field *ground, int64_t j, int64_t i)
{
    return ground ? (double)ground->data[j * ground->stride[0] + i * ground->stride[1]] : 0.0;
}

/* The highest and lowest height, m, at which a column reaches a threshold, 0 where it does not, NaN where nothing is known. */
typedef struct nwc__span {
    float top, base;
    uint8_t open; /* nwc_column_flag bits */
} nwc__span;
nwc__span nwc__span_of(const float *column, int64_t step, int64_t nz, const double *z_m, float threshold);

/* A field (z, y, x) on a grid that has these levels; units NULL for any. */
nwc_status nwc__check_levels(nwc_ctx *ctx, const nwc_field *field, const char *name, const char *units);

/* A field (y, x) on the columns of like; one that is NULL passes where it may be absent. */
nwc_status nwc__check_flat(const nwc_field *flat, const char *name, const nwc_field *like, bool may_be_absent);

#endif
