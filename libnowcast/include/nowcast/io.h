/**
 * @file io.h  Gridded files: read by content, written whole or not at all.
 *
 * Reading goes through netCDF-C, HDF5 and ecCodes where a format needs them, one call at a time under a process-wide
 * lock. Formats read by those libraries are marked in the documentation: a fault inside them is not caught in process.
 */
#ifndef NOWCAST_IO_H
#define NOWCAST_IO_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The gridded fields of one file. One thread at a time. */
typedef struct nwc_raster nwc_raster;

/** One field of a file with what the file says of it. What it points to lives as long as its raster. */
typedef struct nwc_layer {
    nwc_field field;      /**< (y, x), dBZ, mm h-1, mm, m s-1 ...; units in field.units, geometry in field.grid */
    const char *name;     /**< what the file calls the variable */
    const char *quantity; /**< ODIM name where there is one: "DBZH", "RATE", "ACRR", "QIND"; else as name */
    const char *source;   /**< who made it, as the file says; "" when it does not */
    int64_t time_ns;      /**< valid time, UTC; of the end of the interval for an accumulation */
    int64_t reference_ns; /**< time the forecast started from; time_ns for an observation */
    double duration_s;    /**< length of the accumulation interval; 0 for an instantaneous value */
} nwc_layer;

/** Limits of reading. Fill with nwc_read_options_init. */
typedef struct nwc_read_options {
    size_t struct_size; /**< set by the init function */
    int64_t max_bytes;  /**< refuse to decompress or hold more than this; default 4 GiB */
} nwc_read_options;

NWC_API void nwc_read_options_init(nwc_read_options *options);

/**
 * The name of the format @p size leading bytes belong to ("PGM", "HDF5", "NETCDF", "GRIB"), or NULL. 4096 bytes are
 * enough. Compression is not looked through. Of these this version reads PGM,
 * ODIM_H5 composites (in HDF5) and GRIB of MRMS and Stage IV, with gzip or bzip2 around them or not.
 */
NWC_API const char *nwc_io_sniff(const void *bytes, size_t size);

/**
 * Read all gridded fields of a file, whatever its format and compression.
 *
 * @param path     named in every error
 * @param options  NULL for the defaults
 * @param raster   out: to be given to nwc_raster_destroy
 * @return NWC_OK; NWC_ERR_IO; NWC_ERR_FORMAT for bytes that are damaged or end too early; NWC_ERR_UNSUPPORTED for a
 *         format this build does not read; NWC_ERR_NODATA for a good file without a grid; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_raster_open(nwc_ctx *ctx, const char *path, const nwc_read_options *options,
                                   nwc_raster **raster);
NWC_API void nwc_raster_destroy(nwc_raster *raster);

/** The format's name as nwc_io_sniff gives it. */
NWC_API const char *nwc_raster_format(const nwc_raster *raster);
NWC_API int64_t nwc_raster_count(const nwc_raster *raster);
/** Lend layer @p index, 0 to count - 1. */
NWC_API nwc_status nwc_raster_layer(const nwc_raster *raster, int64_t index, nwc_layer *layer);

#ifdef __cplusplus
}
#endif
#endif
