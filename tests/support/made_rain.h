/* Rain whose shape is known, for tests of forecasts. */
#ifndef NWC_TEST_MADE_RAIN_H
#define NWC_TEST_MADE_RAIN_H

#include "support/support.h"

/* Cells of 1 km whose ground length differs from that by less than 1e-4 near the middle. */
nwc_grid rain_grid(int64_t ny, int64_t nx);

/* n cells of 0. */
float *cells(int64_t n);

/* n floats as the Fourier transform wants them. */
float *aligned(int64_t n);

/* Repeatable numbers in 0 to 1. */
float noise(uint32_t n);

/* The order of floats, for qsort. */
int ascending(const void *a, const void *b);

bool same_bits(const float *a, const float *b, int64_t n);

/* Showers of several sizes over 150 x 300 cells, 0 between them. */
float showers(double y, double x);

#endif
