/*
 * Whole files through the libraries of others, HDF5, netCDF-C and ecCodes: fields, volumes and observations of one input.
 * netCDF-4 is HDF5 and goes through the program of that, in whose library it soon ends; netCDF is left its own form.
 */
#include "fuzz.h"
#include "io/internal.h"
#include "obs/format/obs_format.h"
#include "radar/volume.h"

enum { MOST_BYTES = 1 << 24 };

static void read_fields(nwc_ctx *ctx, const uint8_t *bytes, int64_t size)
{
    nwc_raster *raster;
    if (nwc__raster_create(ctx, "", MOST_BYTES, &raster) != NWC_OK) return;
    (void)(fuzz_is_for("hdf5")     ? nwc__hdf5_read
           : fuzz_is_for("netcdf") ? nwc__netcdf_read
                                   : nwc__grib_read)(ctx, bytes, size, raster);
    nwc_raster_destroy(raster);
}

static void read_volume(nwc_ctx *ctx, const uint8_t *bytes, int64_t size)
{
    nwc_volume *volume;
    if (nwc__volume_create(ctx, "", MOST_BYTES, &volume) != NWC_OK) return;
    (void)(fuzz_is_for("hdf5") ? nwc__hdf5_volume_read : nwc__netcdf_volume_read)(ctx, bytes, size, volume);
    nwc_volume_destroy(volume);
}

static void read_observations(nwc_ctx *ctx, const uint8_t *bytes, int64_t size)
{
    const struct nwc__obs_hints hints = {.near_ns = NWC_TIME_UNKNOWN};
    nwc_obs *obs;
    if (nwc__obs_create(ctx, "", MOST_BYTES, &obs) != NWC_OK) return;
    (void)(fuzz_is_for("hdf5")     ? nwc__hdf5_obs_read
           : fuzz_is_for("netcdf") ? nwc__netcdf_obs_read
                                   : nwc__bufr_read)(ctx, bytes, size, &hints, obs);
    nwc_obs_destroy(obs);
}

/* The first byte chooses what is read, so that inputs have the form they have for other decoders. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2 || (fuzz_is_for("netcdf") && bytes[1] != 'C')) return 0;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    const bool container = fuzz_is_for("hdf5") || fuzz_is_for("netcdf");
    const int kind = container ? bytes[0] % 3 : fuzz_is_for("grib") ? 0 : 2;
    (kind == 0 ? read_fields : kind == 1 ? read_volume : read_observations)(ctx, bytes + 1, (int64_t)size - 1);
    return 0;
}
