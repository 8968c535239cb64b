/* What tests of readers of radar volumes do alike. */
#include "support/read_volume.h"

struct reading {
    read_volume_fn *read; /* or, where it is NULL, */
    const char *path;
};

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    const struct reading *const reading = user;
    nwc_volume *volume = NULL;
    const nwc_status status =
        reading->read ? reading->read(ctx, &volume) : nwc_volume_open(ctx, &reading->path, 1, NULL, &volume);
    nwc_volume_destroy(volume);
    return status;
}

int64_t check_every_failing_read(read_volume_fn *read)
{
    return check_every_allocation_failure(read_only, &(struct reading){.read = read});
}

int64_t check_every_failing_open(const char *path)
{
    return check_every_allocation_failure(read_only, &(struct reading){.path = path});
}

void assert_threads_change_no_bit(read_volume_fn *read, int32_t sweep, const char *moment)
{
    static const int32_t threads[] = {1, 2, 3, 7};
    float *first = NULL;
    for (int t = 0; t < 4; t++) {
        nwc_ctx *const ctx = context_with_threads(threads[t]);
        nwc_volume *volume;
        nwc_moment got;
        assert_ok(read(ctx, &volume));
        assert_ok(nwc_volume_find(volume, sweep, moment, &got));
        const size_t size = (size_t)(got.field.dim[0] * got.field.dim[1]) * sizeof *first;
        if (t == 0) {
            first = malloc(size);
            memcpy(first, got.field.data, size);
        }
        assert_memory_equal(first, got.field.data, size);
        nwc_volume_destroy(volume);
        nwc_ctx_destroy(ctx);
    }
    free(first);
}

const float *cells_of(const nwc_volume *volume, const char *name)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, 0, name, &moment));
    return moment.field.data;
}
