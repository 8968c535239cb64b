/**
 * @file io.h  Gridded files: read by content, written whole or not at all.
 *
 * Reading goes through netCDF-C, HDF5 and ecCodes where a format needs them, one call at a time under a process-wide
 * lock. Formats read by those libraries are marked in the documentation: a fault inside them is not caught in process.
 */
#ifndef NOWCAST_IO_H
#define NOWCAST_IO_H

#include <nowcast/grid.h>
#include <nowcast/obs.h>
#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The gridded fields of one file. One thread at a time. */
typedef struct nwc_raster nwc_raster;

/** What a field may be the probability of. */
typedef enum nwc_event {
    NWC_EVENT_NONE = 0,     /**< it is no probability */
    NWC_EVENT_AT_LEAST = 1, /**< the quantity reaches the limit, or passes it */
    NWC_EVENT_BELOW = 2     /**< it stays below it */
} nwc_event;

/** What a value over an interval is of those within it. */
typedef enum nwc_statistic {
    NWC_STATISTIC_SUM = 0,  /**< an amount */
    NWC_STATISTIC_MEAN = 1, /**< their mean */
    NWC_STATISTIC_MAX = 2,  /**< the greatest */
    NWC_STATISTIC_MIN = 3   /**< the least */
} nwc_statistic;

/** One field of a file with what the file says of it. What it points to lives as long as its raster. */
typedef struct nwc_layer {
    nwc_field field;      /**< (y, x), dBZ, mm h-1, mm, m s-1 ...; units in field.units, geometry in field.grid */
    const char *name;     /**< what the file calls the variable */
    const char *quantity; /**< ODIM name where there is one: "DBZH", "RATE", "ACRR", "QIND"; else as name */
    const char *source;   /**< who made it, as the file says; "" when it does not */
    int64_t time_ns; /**< valid time, UTC; of the end of the interval for an accumulation; NWC_TIME_UNKNOWN for none */
    int64_t reference_ns; /**< time the forecast started from; time_ns for an observation */
    double duration_s; /**< length of the interval, of an amount or another statistic; 0 for an instantaneous value */
    double height_m;   /**< of one of several levels, above mean sea level; 0 for none. To GRIB only */
    int32_t members;   /**< of the ensemble it belongs to; 0 for none. To GRIB and netCDF, from netCDF only */
    int32_t member;    /**< its number there, from 0 */
    int32_t event;     /**< an nwc_event: cells are then its probability, 0 to 1 or, in "%", to 100. To GRIB only */
    double limit;      /**< of the event, in the unit of the quantity: mm h-1 for RATE */
    double above_ground_m; /**< of its level; 0 for none. Written to GRIB only; not read */
    int32_t statistic;     /**< an nwc_statistic: what it is of duration_s. Written to GRIB and netCDF; not read */
    int32_t percentile;    /**< 1 to 99 for a quantile of an ensemble, 0 for none. Written to GRIB only; not read */
} nwc_layer;

/** Limits of reading. Fill with nwc_read_options_init. */
typedef struct nwc_read_options {
    size_t struct_size; /**< set by the init function */
    int64_t max_bytes;  /**< refuse to decompress or hold more than this; default 4 GiB */
    /** Of files of float32 cells without a header, format "FLAT": the path of a text that says what they are, in the keywords of
     *  ESRI's floating-point grids and a few more (see the guide); not used for volumes; default NULL */
    const char *sidecar;
    /** Of volumes: not 0 gives moments on the range axis of their sweep, the one of the finest gates that reaches as far as any of
     *  them, as many gates as it has, NaN behind their own, in formats whose moments often differ; default 0 */
    int32_t pad;
} nwc_read_options;

NWC_API void nwc_read_options_init(nwc_read_options *options);

/**
 * Say where the files of ecCodes and PROJ are, for a program that carries its own: a folder with definitions/boot.def and samples/GRIB2.tmpl,
 * of the ecCodes the library is linked with, and proj/proj.db, and what stands beside each. It goes before ECCODES_DEFINITION_PATH,
 * ECCODES_SAMPLES_PATH, PROJ_DATA and the paths the libraries were built with. Of the whole process and for good: call it before any
 * other call, while there is one thread.
 *
 * @param folder  its path, of less than 4000 bytes; copied
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_IO where one of the three cannot be read, nothing then being changed
 */
NWC_API nwc_status nwc_io_data_folder(const char *folder);

/**
 * The name of the format @p size leading bytes belong to ("PGM", "HDF5", "NETCDF", "GRIB", "NIMROD", "RADOLAN",
 * "NEXRAD Level III", "SWAN", "MOC", "GEOTIFF", "TAR"), or NULL. 4096 bytes are enough. Compression is not looked through. Of these
 * this version reads PGM of FMI, GeoTIFF, ODIM_H5 and KNMI composites (in HDF5), CF netCDF, classic or 4, GRIB of MRMS and Stage IV, NIMROD,
 * RADOLAN and RADVOR amounts, grids of NEXRAD Level III, CINRAD PUP, SWAN and MOC, and tar archives of them, packed
 * or not.
 */
NWC_API const char *nwc_io_sniff(const void *bytes, size_t size);

/**
 * The first bytes of what a file holds, freed of its packing: what nwc_io_sniff and nwc_volume_sniff are to look at.
 *
 * gzip, bzip2, xz, zip (of one member) and compress (.Z) are undone, one inside another, here and wherever files are read.
 *
 * @param head  out: at most @p room bytes; fewer where the file is shorter or damaged
 * @param size  out: how many there are
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_IO; NWC_ERR_FORMAT where nothing can be unpacked; NWC_ERR_UNSUPPORTED for another zip
 *         archive; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_io_head(nwc_ctx *ctx, const char *path, void *head, size_t room, size_t *size);

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

/** The format's name as nwc_io_sniff gives it; "CINRAD PUP" for products of CINRAD in the layout of NEXRAD Level III. */
NWC_API const char *nwc_raster_format(const nwc_raster *raster);
NWC_API int64_t nwc_raster_count(const nwc_raster *raster);
/** Lend layer @p index, 0 to count - 1. */
NWC_API nwc_status nwc_raster_layer(const nwc_raster *raster, int64_t index, nwc_layer *layer);

/**
 * The name of the volume format @p size leading bytes belong to, or NULL. 4096 bytes are enough. Compression is not looked through;
 * HDF5 and netCDF files, which may hold anything, are told by opening them.
 */
NWC_API const char *nwc_volume_sniff(const void *bytes, size_t size);

/**
 * Read the radar volume that one or several files hold.
 *
 * Several files are the parts of one volume: real-time chunks of NEXRAD Level II, in their order, or files of single sweeps,
 * in any order. A file that ends early gives
 * the rays it has, and nwc_volume_facts.incomplete says so.
 *
 * @param paths    n_paths paths, named in errors
 * @param options  NULL for the defaults
 * @param volume   out: to be given to nwc_volume_destroy
 * @return as nwc_raster_open; NWC_ERR_NODATA where there is no ray; NWC_ERR_ARG for parts of another format or radar
 */
NWC_API nwc_status nwc_volume_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths,
                                   const nwc_read_options *options, nwc_volume **volume);

/** A radar volume that is read while its bytes arrive. One thread at a time. */
typedef struct nwc_volume_stream nwc_volume_stream;

/**
 * Begin to read a volume of which no byte is there yet: NEXRAD Level II, from real-time chunks in their order or a file that
 * grows, CINRAD of the rules of 2001, or the CMA standard format. None may be packed as a whole.
 *
 * @param ctx      its allocator must live as long as the stream
 * @param options  NULL for the defaults
 * @param stream   out: to be given to nwc_volume_stream_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_volume_stream_create(nwc_ctx *ctx, const nwc_read_options *options, nwc_volume_stream **stream);

/**
 * Give the bytes that have arrived, in pieces of any size. Sweeps that are whole then are in the volume, in the order they were
 * taken, those put in between (SAILS) too; what came before is not decoded again. Of a phased array in the CMA standard format
 * a sweep comes when those of lower numbers are whole too; one that comes again follows at the end.
 *
 * @return NWC_OK; NWC_ERR_UNSUPPORTED for another format; NWC_ERR_FORMAT; NWC_ERR_NOMEM; NWC_ERR_ARG for a stream that has
 *         ended. After an error the stream can only be destroyed.
 */
NWC_API nwc_status nwc_volume_stream_feed(nwc_ctx *ctx, nwc_volume_stream *stream, const void *bytes, size_t size);

/**
 * Say that no more bytes will come: what there is of the last sweep is added, and the volume is as nwc_volume_open would
 * have read it.
 *
 * @return as nwc_volume_stream_feed; NWC_ERR_NODATA where there is no ray
 */
NWC_API nwc_status nwc_volume_stream_end(nwc_ctx *ctx, nwc_volume_stream *stream);

/**
 * Lend the volume as it is: sweeps stay where they are while the stream lives, and more follow them.
 *
 * @param volume    out: NULL while the format is not known; lives as long as the stream
 * @param complete  out: 1 when the volume has come to its end, by what its radials say
 */
NWC_API nwc_status nwc_volume_stream_look(const nwc_volume_stream *stream, const nwc_volume **volume,
                                          int32_t *complete);

/** Release a stream and its volume; NULL is accepted. */
NWC_API void nwc_volume_stream_destroy(nwc_volume_stream *stream);

/**
 * Write a volume, whole or not at all.
 *
 * "FM 301" (WMO FM 301-2022, CfRadial 2): netCDF-4, cells as float as they are. A sweep there has one range axis: a moment of
 * coarser gates than another repeats them, one that reaches less far ends in NaN.
 *
 * "NEXRAD Level II": message 31 in bzip2 records (AR2V0006). Values are codes: of the step nwc_moment.resolution says, where
 * they lie on it, else of 0.5 dBZ, 0.5 m s-1, 1/32 dB, 0.35 degrees and 1/300 as usual, of 8 or 16 bits. Times are kept to
 * 1 ms, the height of the antenna and the first gate to 1 m, Nyquist speeds to 0.01 m s-1, unambiguous ranges to 100 m,
 * fixed angles to 0.006 degrees. There is place for DBZH, VRADH, WRADH, ZDR, PHIDP, RHOHV and CCORH, four letters of the site and
 * the number of a pattern "VCP 21", and none for frequency, beam width and names. NaN in a reflectivity comes back as range
 * folded, since the format cannot say otherwise that it is not known; gates at the end that no ray knows are not written.
 *
 * "CMA standard": values are codes as above, of a whole number of steps in a unit (else ten times finer), usually 0.5 dBZ,
 * 0.5 m s-1, 1/16 dB, 0.01 degrees and 1/200; NaN has a code of its own. Times are kept to 1 us, the height of the antenna to
 * 1 m, the rest as float; one Nyquist speed and unambiguous range for a sweep. All sweeps are of one mode; the gates of a
 * sweep begin at one range and have two lengths, one of Doppler moments and one of all others.
 *
 * "ODIM_H5" (model 2.4, PVOL, or SCAN for one sweep): moments whose values lie on the step that nwc_moment.resolution says are
 * codes of it, others floats as they are. Rows are in the order of azimuths; each has its time, to 1 us. One Nyquist speed and
 * unambiguous range for a sweep. There is no place for range folded, which comes back as not observed.
 *
 * Moments and parts of texts without a place are left out, and the context's log says so; what else has none is refused.
 *
 * @param format  a format's name, or NULL for the one the path ends in: ".nc" for FM 301, ".h5", ".hdf" or ".hdf5"
 *                for ODIM_H5, ".ar2v" for NEXRAD Level II, ".bin" for the CMA standard format; the last two may be followed by
 *                ".bz2"
 * @return NWC_OK; NWC_ERR_ARG for a volume without sweeps, or a sweep without moments; NWC_ERR_UNSUPPORTED for another format, or
 *         what it has no place for; NWC_ERR_IO; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_volume_write(nwc_ctx *ctx, const nwc_volume *volume, const char *path, const char *format);

/** What a column of a table in text holds. */
typedef enum nwc_column_role {
    NWC_COLUMN_VALUE = 0, /**< a quantity */
    NWC_COLUMN_TIME = 1,  /**< ISO 8601 or digits; several columns of this role are joined by a blank */
    NWC_COLUMN_STATION = 2,
    NWC_COLUMN_NAME = 3, /**< of the station */
    NWC_COLUMN_LONGITUDE = 4,
    NWC_COLUMN_LATITUDE = 5,
    NWC_COLUMN_HEIGHT = 6,     /**< above mean sea level */
    NWC_COLUMN_PRESSURE = 7,   /**< of a level */
    NWC_COLUMN_QUALITY = 8,    /**< 0 bad to 1 good */
    NWC_COLUMN_STROKE_KIND = 9 /**< of lightning: "G", "CG" or "0" to the ground, "C", "IC" or "1" in the cloud */
} nwc_column_role;

/** A column of a table in text. */
typedef struct nwc_obs_column {
    const char *name;  /**< its heading, or, in a table without headings, its number, "1" for the first */
    int32_t role;      /**< an nwc_column_role */
    int32_t quantity;  /**< an nwc_quantity, for a value */
    const char *units; /**< as the table has them: "degC", "hPa", "kt", "mm", "inHg", "kA", "kV/m"; NULL for SI */
    double duration_s; /**< of the interval that ends at the time of the row */
} nwc_obs_column;

/** What the caller knows and a file of observations may not say. Fill with nwc_obs_options_init. */
typedef struct nwc_obs_options {
    size_t struct_size; /**< set by the init function */
    int64_t max_bytes;  /**< refuse to decompress or hold more than this; default 1 GiB */
    /** UTC: the time of a sounding that does not say its own, and one within half a month of reports that say only the day of
     *  the month; default NWC_TIME_UNKNOWN, times are then not known */
    int64_t near_ns;
    const nwc_obs_station *station; /**< who observed, where the file does not say; default NULL */
    const nwc_obs_column *columns;  /**< what the columns of a table in text hold; default NULL, by known headings */
    int32_t n_columns;
    int32_t kind;      /**< the nwc_obs_kind of the stations of a table in text; default NWC_OBS_SURFACE */
    int64_t offset_ns; /**< to be taken from the times of a table in text that do not say their zone; default 0, UTC */
    int32_t
        heights_above_sea; /**< 1 where the heights of CMA wind profiles are above the sea; default 0, above the ground */
    int32_t upward_positive; /**< 1 where their vertical speeds are positive upward; default 0, downward */
    const nwc_obs_station
        *stations; /**< name, place and height of stations whose reports do not say them, by id; default NULL */
    int32_t n_stations;
} nwc_obs_options;

NWC_API void nwc_obs_options_init(nwc_obs_options *options);

/**
 * The name of the format of observations @p size leading bytes belong to, or NULL. 4096 bytes are enough. Compression is not looked
 * through; HDF5 and netCDF files are told by opening them.
 */
NWC_API const char *nwc_obs_sniff(const void *bytes, size_t size);

/**
 * Read the observations of a file, whatever its format and compression.
 *
 * A part that is damaged is left out, and nwc_obs_facts.incomplete says why.
 *
 * @param path     named in every error
 * @param options  NULL for the defaults
 * @param obs      out: to be given to nwc_obs_destroy
 * @return as nwc_raster_open; NWC_ERR_NODATA where there is no value, but of lightning, where
 *         none is an answer; NWC_ERR_ARG for columns the table does not have, or a unit
 *         that is not one of its quantity
 */
NWC_API nwc_status nwc_obs_open(nwc_ctx *ctx, const char *path, const nwc_obs_options *options, nwc_obs **obs);

/** The same for @p size bytes in memory. */
NWC_API nwc_status nwc_obs_decode(nwc_ctx *ctx, const void *bytes, size_t size, const nwc_obs_options *options,
                                  nwc_obs **obs);

/** A file being written. One thread at a time. */
typedef struct nwc_writer nwc_writer;

/**
 * Begin a file in the format its name ends in: ".nc" for CF netCDF-4, ".h5" or ".hdf" for an ODIM_H5 composite, ".grib2" or
 * ".grb2" for GRIB 2, ".tif" or ".tiff" for a GeoTIFF.
 *
 * All is written to a file beside it, which takes the name when nwc_writer_close succeeds: until then what was there stays
 * as it was.
 *
 * @param ctx     its allocator must live as long as the writer
 * @param writer  out: to be given to nwc_writer_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_UNSUPPORTED for another ending, or a format this build lacks; NWC_ERR_IO;
 *         NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_writer_create(nwc_ctx *ctx, const char *path, nwc_writer **writer);

/**
 * Write one field, of any strides, in full precision.
 *
 * CF netCDF: layers of one name become one variable (time, y, x), or (realization, time, y, x) of members, each written in order
 * of time, one after another or time by time; all layers of a file are on one grid, its ensembles are of as many members, and its
 * forecasts start at one time. ODIM_H5: all layers of a file are of one time, on one grid, and no forecasts;
 * quantities RATE, ACRR, VIL, QIND and those of reflectivity. NaN becomes nodata; no echo and no rain become undetect.
 * GRIB 2: a message for each layer, members, probabilities and percentiles included, on latitude and longitude, Lambert, polar stereographic
 * and Mercator grids; quantities RATE, ACRR, VIL, DBZH, or "discipline-category-number" with cells in the unit of that
 * parameter; components of wind, 0-2-2 and 0-2-3, are those along the grid's axes; on a level above the ground or none; packed in
 * 16 bits, every message being decoded again and compared before it is written. GeoTIFF: a band of float for each layer, all on
 * one grid, north row first, NaN where not known.
 *
 * @param layer  field needs units and a grid; name is that of the variable, NULL or "" for the quantity in lower case;
 *               quantity and source may be NULL; reference_ns as nwc_layer says
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_UNSUPPORTED for what the format has no place for; NWC_ERR_IO; NWC_ERR_NOMEM.
 *         After an error the file can only be given up.
 */
NWC_API nwc_status nwc_writer_add(nwc_writer *writer, const nwc_layer *layer);

/**
 * Attach a text, or a number, to a variable already written, or to the file where @p variable is NULL. ODIM_H5 keeps them in
 * the group how. GRIB 2 takes "centre" and "subCentre" of the file, before the layers they are for, and GeoTIFF the text
 * "description"; they have no place for others, which are left out.
 *
 * @return NWC_OK; NWC_ERR_ARG for an unknown variable or an empty name; NWC_ERR_IO
 */
NWC_API nwc_status nwc_writer_text(nwc_writer *writer, const char *variable, const char *name, const char *text);
/** As nwc_writer_text, for a number. */
NWC_API nwc_status nwc_writer_number(nwc_writer *writer, const char *variable, const char *name, double number);

/**
 * Finish the file and give it its name. The writer then takes nothing more.
 *
 * @return NWC_OK; NWC_ERR_ARG when nothing was added or it is closed; NWC_ERR_IO, the file then not being there
 */
NWC_API nwc_status nwc_writer_close(nwc_writer *writer);

/** Release a writer; NULL is accepted. A file that was not closed vanishes. */
NWC_API void nwc_writer_destroy(nwc_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
