/* What tests of readers of gridded files do alike with the one in scratch_path. */
#ifndef NWC_TEST_READ_RASTER_H
#define NWC_TEST_READ_RASTER_H

#include "support/scratch.h"

/* Cut off anywhere behind its first bytes, every step bytes, it is refused by an error that names it. */
void check_every_cut(int64_t step);

/* check_every_allocation_failure of opening it. */
int64_t check_every_failing_raster(void);

#endif
