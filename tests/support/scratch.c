/* A file of a test program's own. */
#define _POSIX_C_SOURCE 200809L
#include "support/scratch.h"

#include <unistd.h>

static char folder[] = "/tmp/nowcast_test_XXXXXX";
char scratch_path[64];

int make_scratch_named(const char *name)
{
    if (!mkdtemp(folder)) return -1;
    snprintf(scratch_path, sizeof scratch_path, "%s/%s", folder, name);
    return 0;
}

int make_scratch(void **state)
{
    (void)state;
    return make_scratch_named("made");
}

int remove_scratch(void **state)
{
    (void)state;
    (void)unlink(scratch_path); /* some tests leave none */
    return rmdir(folder);
}

void put_scratch(const void *bytes, int64_t size)
{
    FILE *const file = fopen(scratch_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, (size_t)size, file), size);
    assert_int_equal(fclose(file), 0);
}

int64_t get_scratch(void *bytes, int64_t room)
{
    FILE *const file = fopen(scratch_path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, (size_t)room, file);
    assert_true(size < (size_t)room);
    fclose(file);
    return (int64_t)size;
}
