/* What io's parts share: whole files as bytes, freed of their packing. */
#ifndef NWC_IO_INTERNAL_H
#define NWC_IO_INTERNAL_H

#include "radar/format/format.h"

/* The bytes of a file; a zero follows them. */
struct nwc__bytes {
    uint8_t *data;
    int64_t size;
};

/* Whether bytes have a mark of some bytes at a place. */
bool nwc__has_mark(const uint8_t *bytes, int64_t size, int64_t at, const char *mark, int64_t length);

/* Read a file and undo its compression, however often it was packed; refuse more than max_bytes at any stage. */
nwc_status nwc__bytes_read(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes);

/* The same, but of a packed file that is damaged or ends early what is good of it, *cut then being set. */
nwc_status nwc__bytes_read_partly(nwc_ctx *ctx, const char *path, int64_t max_bytes, struct nwc__bytes *bytes,
                                  bool *cut);

/* Make an empty file beside path, of a name nobody has; *beside is allocated. */
nwc_status nwc__beside(nwc_ctx *memory, const char *path, char **beside);
/* Let the file beside, now complete and closed, take its place; *beside becomes NULL. */
nwc_status nwc__take_place(nwc_ctx *memory, const char *path, char **beside);
/* nwc__fail_within for a file that could not be written; says how little room its disk has, where that is the likely reason. */
nwc_status nwc__fail_writing(nwc_status status, const char *path, const char *beside);
/* Remove the file beside, if there still is one. */
void nwc__give_up(nwc_ctx *memory, char **beside);
/* A whole file at once. */
nwc_status nwc__write_bytes(nwc_ctx *memory, const char *path, const uint8_t *bytes, int64_t size);

/* Read bytes of any format but an archive into a raster. */
nwc_status nwc__raster_decode(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* A tar archive: every member as the file it is. */
nwc_status nwc__tar_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* Around every call of netCDF-C, HDF5 and ecCodes. */
void nwc__io_lock(void);
void nwc__io_unlock(void);

/* HDF5 by the HDF5 library: ODIM_H5 and KNMI composites; what is neither goes to netCDF. */
nwc_status nwc__hdf5_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* Radar volumes in netCDF: CfRadial 1. */
nwc_status nwc__netcdf_volume_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* Radar volumes in HDF5: ODIM_H5; what is not goes to netCDF. */
nwc_status nwc__hdf5_volume_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* NetCDF, classic or 4, by netCDF-C: CF grids. */
nwc_status nwc__netcdf_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* GRIB 1 and 2 by ecCodes: MRMS rates and reflectivity, Stage IV amounts. */
nwc_status nwc__grib_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

#endif
