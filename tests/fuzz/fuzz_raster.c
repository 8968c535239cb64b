/* Fields told by their bytes: all of our own formats, and archives of them. Those that call other libraries are left out. */
#include "fuzz.h"
#include "io/internal.h"

static bool is_foreign(const uint8_t *bytes, size_t size)
{
    const char *const format = nwc_io_sniff(bytes, size);
    return format && (strcmp(format, "HDF5") == 0 || strcmp(format, "NETCDF") == 0 || strcmp(format, "GRIB") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc_raster *raster;
    /* Members of an archive begin at blocks of 512 bytes. */
    for (size_t at = 0; at < size; at += 512)
        if (is_foreign(bytes + at, size - at)) return 0;
    if (nwc__raster_create(ctx, "", INT64_C(64) << 20, &raster) != NWC_OK) return 0;
    const char *const format = nwc_io_sniff(bytes, size);
    if (format && strcmp(format, "TAR") == 0)
        (void)nwc__tar_read(ctx, bytes, (int64_t)size, raster);
    else
        (void)nwc__raster_decode(ctx, bytes, (int64_t)size, raster);
    nwc_raster_destroy(raster);
    return 0;
}
