/* The middle of numbers. */
#ifndef NWC_CORE_MEDIAN_H
#define NWC_CORE_MEDIAN_H

#include <stdint.h>

/* The median of those of n numbers that are known; all are left in another order. NaN where none is. */
double nwc__median(float *numbers, int64_t n);

#endif
