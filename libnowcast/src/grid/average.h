/* Averages of fields: which cells a mean may be taken of, as contiguous numbers. Reflectivity is averaged as Z, not as dBZ. */
#ifndef NWC_GRID_AVERAGE_H
#define NWC_GRID_AVERAGE_H

#include "grid/internal.h"

/* One row of a field as numbers to be averaged: Z in mm6 m-3 where units are "dBZ", no echo being 0; else as it is. */
void nwc__linear_row(const nwc_field *field, int64_t j, float *linear);

/* An average back in the units of the field. */
float nwc__from_linear(const nwc_field *field, float linear);

#endif
