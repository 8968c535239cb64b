/**
 * @file model.h  Fields of numerical weather prediction: what files hold, single fields, and fields on grids of ours.
 *
 * GRIB 1 and 2 (through ecCodes) and output of WRF (through netCDF-C) give one list of entries: a horizontal field each, of
 * one variable, level, time and member. Names are ecCodes' short names, whatever the file: "u", "v", "t", "gh", "q".
 */
#ifndef NOWCAST_MODEL_H
#define NOWCAST_MODEL_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The fields of one or several files. One thread at a time. */
typedef struct nwc_model nwc_model;

/** What the levels of an entry are counted by. */
typedef enum nwc_model_vertical {
    NWC_VERTICAL_OTHER = 0,         /**< none of those below: soil, a whole layer, cloud tops ... */
    NWC_VERTICAL_SURFACE = 1,       /**< the ground or the sea */
    NWC_VERTICAL_PRESSURE = 2,      /**< level in Pa */
    NWC_VERTICAL_HYBRID = 3,        /**< level is a number, 1 at the top in GRIB, 1 at the ground in WRF */
    NWC_VERTICAL_HEIGHT_SEA = 4,    /**< level in m above mean sea level */
    NWC_VERTICAL_HEIGHT_GROUND = 5, /**< level in m above ground */
    NWC_VERTICAL_MEAN_SEA = 6       /**< reduced to mean sea level */
} nwc_model_vertical;

enum {
    NWC_MODEL_ANY = -2,        /**< of a query: whatever it is */
    NWC_MODEL_NO_MEMBER = -1,  /**< of an entry: not of an ensemble */
    NWC_MODEL_MOST_NAMES = 256 /**< names a system may give */
};

/** What a file says of one field. What it points to lives as long as the model. */
typedef struct nwc_model_entry {
    const char *name;          /**< ecCodes' short name: "t"; "0-1-200" of its numbers where ecCodes has none */
    const char *long_name;     /**< in words; "" where unknown */
    const char *standard_name; /**< of CF; "" where there is none */
    const char *units;         /**< as udunits reads them; "" where unknown */
    int32_t edition;           /**< of GRIB, 1 or 2; 0 for netCDF */
    int32_t centre;            /**< the number of the originating centre; -1 where not told */
    int32_t discipline;        /**< GRIB 2; -1 otherwise */
    int32_t category;          /**< GRIB 2; the version of the parameter table in GRIB 1; -1 otherwise */
    int32_t number;            /**< of the parameter; -1 otherwise */
    const char *level_type;    /**< ecCodes' typeOfLevel: "isobaricInhPa" */
    int32_t vertical;          /**< an nwc_model_vertical */
    double level;              /**< Pa, m or a number, as vertical says; NaN where a level has none */
    double level_2;            /**< the other side of a layer; NaN where it is a level */
    int64_t reference_ns;      /**< time the forecast started from, UTC */
    int64_t start_ns;          /**< beginning of the interval; time_ns for an instant */
    int64_t time_ns;           /**< valid time, UTC; end of the interval */
    const char *statistic;     /**< over the interval: "instant", "accum", "avg", "max", "min" ... */
    const char *derived;   /**< what of an ensemble or a distribution it is: "" for values themselves, "mean", "spread",
                                    "percentile 90", "probability above 0.5", the limit in the variable's unit ... */
    int32_t member;        /**< number within the ensemble, or NWC_MODEL_NO_MEMBER */
    int32_t along_grid;    /**< 1: wind components lie along the grid's axes; 0: towards east and north */
    const char *grid_type; /**< ecCodes' gridType: "lambert" */
    const nwc_grid *grid;  /**< NULL for points that are on no regular grid: see nwc_model_lonlat */
    int64_t points;        /**< number of values */
    int32_t file;          /**< number of the file, in the order given */
    int64_t offset;        /**< byte its message begins at, after unpacking; -1 in netCDF */
} nwc_model_entry;

/** A variable of a netCDF file, or of GRIB numbers, and what it is to be called. */
typedef struct nwc_model_name {
    const char *file_name; /**< the netCDF variable, ecCodes' short name, or "discipline-category-number" */
    const char *name;      /**< the short name it gets: "u" */
    const char *units;     /**< NULL leaves those of the file */
    double scale, offset;  /**< value * scale + offset is taken; 1 and 0 leave it */
    int32_t stagger;       /**< netCDF: an nwc_model_stagger */
} nwc_model_name;

/** Where values of a netCDF variable lie in their cells. */
typedef enum nwc_model_stagger {
    NWC_STAGGER_BY_NAME =
        0, /**< as the dimension's name says: "west_east_stag", "south_north_stag", "bottom_top_stag" */
    NWC_STAGGER_NONE = 1,
    NWC_STAGGER_X = 2,
    NWC_STAGGER_Y = 3,
    NWC_STAGGER_Z = 4
} nwc_model_stagger;

/** How files are to be understood. Fill with nwc_model_options_init. */
typedef struct nwc_model_options {
    size_t struct_size;          /**< set by the init function */
    int64_t max_bytes;           /**< refuse to hold more than this of one file; default 4 GiB */
    const nwc_model_name *names; /**< n_names of them; default NULL: what GRIB and WRF call things */
    int32_t n_names;             /**< 0 to NWC_MODEL_MOST_NAMES */
    const char *projection;      /**< netCDF: PROJ string in place of what the file's attributes say; default NULL */
    int32_t winds; /**< -1 as the file says (default), 0 towards east and north, 1 along the grid's axes */
} nwc_model_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_model_options_init(nwc_model_options *options);

/**
 * List what files hold. Each is read whole, freed of gzip, bzip2 and xz, and kept in memory.
 *
 * GRIB: bytes between messages (headings of WMO bulletins, damage) are skipped; of a file that ends within a message those
 * before it are taken, and nwc_model_incomplete says so. NetCDF: files with WRF's global attributes, or a projection
 * given.
 *
 * @param paths    n_paths paths, named in errors
 * @param options  NULL for the defaults
 * @param model    out: to be given to nwc_model_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_IO; NWC_ERR_FORMAT for a file without one whole message; NWC_ERR_UNSUPPORTED for
 *         another format, or one this build does not read; NWC_ERR_NODATA; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_model_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths,
                                  const nwc_model_options *options, nwc_model **model);
/** Release a model; NULL is accepted. */
NWC_API void nwc_model_destroy(nwc_model *model);

NWC_API int64_t nwc_model_count(const nwc_model *model);
/** Lend entry @p index, 0 to count - 1. */
NWC_API nwc_status nwc_model_entry_at(const nwc_model *model, int64_t index, nwc_model_entry *entry);
/** Why the entries are not all the files once held; "" where nothing speaks against it. */
NWC_API const char *nwc_model_incomplete(const nwc_model *model);

/** Which entries are wanted. Fill with nwc_model_query_init, which asks for all. */
typedef struct nwc_model_query {
    size_t struct_size;     /**< set by the init function */
    const char *name;       /**< short name, standard name or "discipline-category-number"; NULL for any */
    const char *level_type; /**< NULL for any */
    const char *statistic;  /**< NULL for any */
    const char *derived;    /**< "" for values themselves; NULL for any */
    int32_t vertical;       /**< an nwc_model_vertical, or NWC_MODEL_ANY */
    int32_t member;         /**< or NWC_MODEL_ANY */
    double level;           /**< within a millionth part; NaN for any */
    int64_t reference_ns;   /**< INT64_MIN for any */
    int64_t time_ns;        /**< INT64_MIN for any */
} nwc_model_query;

/** Fill @p query so that it asks for all. NULL is ignored. */
NWC_API void nwc_model_query_init(nwc_model_query *query);

/**
 * The entries a query asks for, in the order of the files.
 *
 * @param most     room in indices; 0 to count only
 * @param indices  out: the first @p most of them; may be NULL with 0
 * @param count    out: how many there are
 * @return NWC_OK, also where there is none; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_model_select(const nwc_model *model, const nwc_model_query *query, int64_t most,
                                    int64_t *indices, int64_t *count);

/**
 * Read one entry as it is stored. Winds are along the axes that nwc_model_entry.along_grid says.
 *
 * @param field  out: (y, x) of the entry's grid, south row first; (points) where it has none. NaN where a bitmap leaves a
 *               value out. Its grid and units are not looked at.
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_FORMAT for a damaged message; NWC_ERR_UNSUPPORTED naming a packing that this build
 *         lacks; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_model_read(nwc_ctx *ctx, nwc_model *model, int64_t index, nwc_field *field);

/**
 * Read the wind of two entries on one grid, and turn it towards true east and north where it is along the grid.
 *
 * @param u, v  out: as nwc_model_read
 * @return as nwc_model_read; NWC_ERR_ARG for entries of two grids
 */
NWC_API nwc_status nwc_model_read_wind(nwc_ctx *ctx, nwc_model *model, int64_t u_index, int64_t v_index, nwc_field *u,
                                       nwc_field *v);

/** Longitude and latitude, degrees, of all values of an entry, in the order nwc_model_read gives them. */
NWC_API nwc_status nwc_model_lonlat(nwc_ctx *ctx, nwc_model *model, int64_t index, double *lon_deg, double *lat_deg);

/**
 * The coefficients of hybrid levels: pressure, Pa, at the half levels from the top is a + b * surface pressure.
 *
 * @param most   room in a and b; 0 to count only
 * @param a, b   out: the first @p most of count each; may be NULL with 0
 * @param count  out: half levels, one more than there are levels; 0 where the entry has none
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_FORMAT; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_model_hybrid(nwc_model *model, int64_t index, int64_t most, double *a, double *b,
                                    int64_t *count);

/** Options of nwc_model_interpolate. Fill with nwc_model_interpolate_options_init. */
typedef struct nwc_model_interpolate_options {
    size_t struct_size;   /**< set by the init function */
    int32_t vertical;     /**< kind of levels to use; default NWC_MODEL_ANY: the one that has most of them */
    int32_t member;       /**< default NWC_MODEL_ANY: the only one there is; several are refused */
    int64_t reference_ns; /**< default INT64_MIN: the latest run that covers the time */
    double below_m;       /**< so far below the lowest level its value goes on; m, at least 0, default 0 */
    double above_m;       /**< the same above the highest level */
    int32_t
        under_ground; /**< 1: values below the model's ground are kept; default 0: NaN where the file tells the ground */
    const char
        *derived; /**< as nwc_model_entry says; default NULL: values themselves, or their mean where there are none */
} nwc_model_interpolate_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_model_interpolate_options_init(nwc_model_interpolate_options *options);

/**
 * Variables of a model on a grid, at heights above mean sea level and at one time.
 *
 * Each level is brought to the grid between its four nearest points; then each column is interpolated, linearly in height,
 * pressure by its logarithm; then fields of the two times around @p time_ns are weighted. Nothing is
 * extrapolated in time. Heights of levels are, in this order: those of the levels themselves; geopotential on the same
 * levels; for hybrid levels with coefficients, geopotential integrated from the ground by temperature and humidity
 * (Simmons and Burridge 1981); for pressure levels, those of the standard atmosphere. Geopotential height H
 * is height R H / (R - H), R = 6371229 m. Winds "u" and "v" come out along the axes of the target grid.
 *
 * @param names    n_names short names. "pres" is also had from the levels, where the file does not hold it.
 * @param time_ns  UTC
 * @param options  NULL for the defaults
 * @param fields   out: n_names fields on one grid, (z, y, x) at its heights; (y, x) of a flat grid takes entries of a
 *                 single level: at the surface, at one height above ground, or at mean sea level
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA for a variable, time or member that is not there; NWC_ERR_UNSUPPORTED for
 *         points that are on no regular grid and no rows of latitude; and as nwc_model_read
 */
NWC_API nwc_status nwc_model_interpolate(nwc_ctx *ctx, nwc_model *model, const char *const *names, int32_t n_names,
                                         int64_t time_ns, const nwc_model_interpolate_options *options,
                                         nwc_field *fields);

#ifdef __cplusplus
}
#endif
#endif
