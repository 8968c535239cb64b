/* What tests of readers of gridded files do alike. */
#include "support/read_raster.h"

enum { MOST = 1 << 16, MARK = 8 /* bytes by which a container is known */ };

void check_every_cut(int64_t step)
{
    static uint8_t bytes[MOST];
    const int64_t size = get_scratch(bytes, sizeof bytes);
    assert_true(size > 1000);
    for (int64_t n = MARK; n < size; n += step) {
        nwc_raster *raster;
        put_scratch(bytes, n);
        assert_fails(NWC_ERR_FORMAT, scratch_path, nwc_raster_open(NULL, scratch_path, NULL, &raster));
        assert_null(raster);
    }
}

static nwc_status open_and_close(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_raster *raster;
    const nwc_status status = nwc_raster_open(ctx, scratch_path, NULL, &raster);
    nwc_raster_destroy(raster);
    return status;
}

int64_t check_every_failing_raster(void)
{
    return check_every_allocation_failure(open_and_close, NULL);
}
