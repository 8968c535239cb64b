/* What tests of radar volumes do alike: memory that is refused, several threads, and a look at cells. */
#ifndef NWC_TEST_READ_VOLUME_H
#define NWC_TEST_READ_VOLUME_H

#include "support/support.h"

/* Reads a volume a test has made in memory; NULL where it fails. */
typedef nwc_status read_volume_fn(nwc_ctx *ctx, nwc_volume **volume);

/* check_every_allocation_failure of a reader, and of opening a file. */
int64_t check_every_failing_read(read_volume_fn *read);
int64_t check_every_failing_open(const char *path);

/* 1, 2, 3 and 7 threads read the same bits of a moment. */
void assert_threads_change_no_bit(read_volume_fn *read, int32_t sweep, const char *moment);

/* The cells of a moment of the first sweep, which must have it. */
const float *cells_of(const nwc_volume *volume, const char *name);

#endif
