/* Many short rows sorted side by side: what is compared with what does not depend on the values. */
#ifndef NWC_GRID_EXCHANGE_H
#define NWC_GRID_EXCHANGE_H

#include "core/internal.h"
#include "grid/exchange_kernel.h"

NWC__DECLARE_KERNELS(nwc__exchange_kernels);

/* The exchanges that sort n numbers, 1 to 65536, written to exchange unless it is NULL; how many there are. */
int64_t nwc__exchanges(int32_t n, uint16_t (*exchange)[2]);

#endif
