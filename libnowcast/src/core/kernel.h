/* Included by every *_kernel.c: names each table of kernels after the instruction level it is compiled for. */
#ifndef NWC_CORE_KERNEL_H
#define NWC_CORE_KERNEL_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NWC__NAME_OF(name, level) name##level
#define NWC__NAME_AT(name, level) NWC__NAME_OF(name, level)
#define NWC__NAME(name) NWC__NAME_AT(name, NWC__LEVEL) /* NWC__LEVEL is _v2, _v3 or _v4, given by the build */

#endif
