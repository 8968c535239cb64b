/* A file of a test program's own, in a folder that is there while its tests run. */
#ifndef NWC_TEST_SCRATCH_H
#define NWC_TEST_SCRATCH_H

#include "support/support.h"

/* Where it is; nothing is there to begin with. */
extern char scratch_path[64];

/* The setup and teardown of a group of tests. The latter fails where another file was left. */
int make_scratch(void **state);
int remove_scratch(void **state);

/* The same for a file whose name tells what is to be written. */
int make_scratch_named(const char *name);

/* Write all of it, and read all of it; it must fit. */
void put_scratch(const void *bytes, int64_t size);
int64_t get_scratch(void *bytes, int64_t room);

#endif
