/**
 * @file obs.h  Point observations: everything that is neither a grid nor a radar volume, in one table.
 *
 * A table is tidy: one row for each value. A sounding of 80 levels with temperature, dew point and wind has 320 rows, a METAR one for
 * each thing it says, a lightning stroke one for its current and others for what is known of its place. Units are SI, with
 * degrees, dBZ and millimetres of rain where everybody uses them; each quantity has one unit (nwc_quantity_units).
 *
 * NaN and NWC_TIME_UNKNOWN are *not known*. Heights are above mean sea level, longitudes -180 to below 180, times UTC.
 */
#ifndef NOWCAST_OBS_H
#define NOWCAST_OBS_H

#include <nowcast/geojson.h>
#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a value is of. Numbers stay as they are from version to version. */
typedef enum nwc_quantity {
    NWC_QUANTITY_AIR_TEMPERATURE = 1,       /**< K */
    NWC_QUANTITY_DEW_POINT = 2,             /**< K */
    NWC_QUANTITY_RELATIVE_HUMIDITY = 3,     /**< 1, over water */
    NWC_QUANTITY_AIR_PRESSURE = 4,          /**< Pa, at the height of the row */
    NWC_QUANTITY_SEA_LEVEL_PRESSURE = 5,    /**< Pa, reduced to mean sea level */
    NWC_QUANTITY_ALTIMETER_SETTING = 6,     /**< Pa, reduced by the standard atmosphere (QNH) */
    NWC_QUANTITY_WIND_SPEED = 7,            /**< m s-1 */
    NWC_QUANTITY_WIND_FROM_DIRECTION = 8,   /**< degrees from true north; NaN where variable or calm */
    NWC_QUANTITY_EASTWARD_WIND = 9,         /**< m s-1 */
    NWC_QUANTITY_NORTHWARD_WIND = 10,       /**< m s-1 */
    NWC_QUANTITY_UPWARD_AIR_VELOCITY = 11,  /**< m s-1 */
    NWC_QUANTITY_PRESSURE_VELOCITY = 12,    /**< Pa s-1, downward positive */
    NWC_QUANTITY_GUST_SPEED = 13,           /**< m s-1, the largest in duration_s */
    NWC_QUANTITY_GUST_FROM_DIRECTION = 14,  /**< degrees from true north */
    NWC_QUANTITY_GEOPOTENTIAL_HEIGHT = 15,  /**< m, of the pressure of the row */
    NWC_QUANTITY_RAIN_AMOUNT = 16,          /**< mm of liquid water in the duration_s before time_ns */
    NWC_QUANTITY_RAIN_RATE = 17,            /**< mm h-1 */
    NWC_QUANTITY_VISIBILITY = 18,           /**< m */
    NWC_QUANTITY_PRESENT_WEATHER = 19,      /**< code of WMO table 020003 (0 to 99 manned, 100 to 199 automatic) */
    NWC_QUANTITY_CLOUD_COVER = 20,          /**< 1, of the layer or layers whose base is at the row's height */
    NWC_QUANTITY_CLOUD_BASE = 21,           /**< m above the ground of the station */
    NWC_QUANTITY_VIRTUAL_TEMPERATURE = 22,  /**< K */
    NWC_QUANTITY_ELECTRIC_FIELD = 23,       /**< V m-1, of the sign the source gives */
    NWC_QUANTITY_RADIAL_VELOCITY = 24,      /**< m s-1, away from the instrument */
    NWC_QUANTITY_REFLECTIVITY = 25,         /**< dBZ */
    NWC_QUANTITY_SIGNAL_TO_NOISE = 26,      /**< dB */
    NWC_QUANTITY_REFRACTIVE_STRUCTURE = 27, /**< m-2/3, the structure constant Cn2 */
    NWC_QUANTITY_SPREAD = 28,               /**< m s-1, root mean square of what a fitted wind leaves over */

    NWC_QUANTITY_STROKE = 40,         /**< A, peak current of a lightning stroke of unknown kind; NaN where not known */
    NWC_QUANTITY_GROUND_STROKE = 41,  /**< A, of one that reached the ground */
    NWC_QUANTITY_CLOUD_STROKE = 42,   /**< A, of one that stayed in the cloud */
    NWC_QUANTITY_VHF_SOURCE = 43,     /**< dBW, power of a source located by a mapping array */
    NWC_QUANTITY_OPTICAL_EVENT = 44,  /**< J, energy of one pixel of an optical imager */
    NWC_QUANTITY_OPTICAL_GROUP = 45,  /**< J, of neighbouring events of one frame */
    NWC_QUANTITY_OPTICAL_FLASH = 46,  /**< J, of groups that belong together, over duration_s */
    NWC_QUANTITY_FLASH_AREA = 47,     /**< m2, lit by a group or flash */
    NWC_QUANTITY_SENSOR_COUNT = 48,   /**< 1, sensors that took part in locating */
    NWC_QUANTITY_LOCATION_ERROR = 49, /**< m, half the longer axis of the ellipse of errors */
    NWC_QUANTITY_CHI_SQUARED = 50,    /**< 1, reduced, of a location */
    NWC_QUANTITY_CLOUD_HEIGHT = 51,   /**< m above mean sea level, of a stroke in the cloud */

    NWC_QUANTITY_CELL_SPEED = 60,              /**< m s-1, of a storm cell */
    NWC_QUANTITY_CELL_FROM_DIRECTION = 61,     /**< degrees from true north */
    NWC_QUANTITY_CELL_TOP = 62,                /**< m above mean sea level */
    NWC_QUANTITY_CELL_BASE = 63,               /**< m above mean sea level */
    NWC_QUANTITY_CELL_VIL = 64,                /**< kg m-2 */
    NWC_QUANTITY_HAIL_PROBABILITY = 65,        /**< 1 */
    NWC_QUANTITY_SEVERE_HAIL_PROBABILITY = 66, /**< 1 */
    NWC_QUANTITY_HAIL_SIZE = 67,               /**< mm, the largest expected */
    NWC_QUANTITY_ROTATIONAL_VELOCITY = 68,     /**< m s-1, of a mesocyclone */
    NWC_QUANTITY_VELOCITY_DIFFERENCE = 69,     /**< m s-1, gate to gate, of a tornadic vortex signature */
    NWC_QUANTITY_POSITION_ERROR = 70           /**< m, of a forecast position */
} nwc_quantity;

/** The name of a quantity ("air_temperature"), CF's standard name where there is one; NULL for a number that is none. */
NWC_API const char *nwc_quantity_name(int32_t quantity);
/** The unit its values are in ("K"); NULL for a number that is none. */
NWC_API const char *nwc_quantity_units(int32_t quantity);
/** The quantity of a name; 0 where there is none. */
NWC_API int32_t nwc_quantity_named(const char *name);

/** What kind of thing observed. */
typedef enum nwc_obs_kind {
    NWC_OBS_SURFACE = 1,   /**< a station at the ground: weather, rain gauge, field mill */
    NWC_OBS_SOUNDING = 2,  /**< a balloon */
    NWC_OBS_PROFILER = 3,  /**< a wind profiler, with RASS or without */
    NWC_OBS_VAD = 4,       /**< winds from the velocity a radar saw around itself */
    NWC_OBS_LIGHTNING = 5, /**< a network or imager that locates lightning */
    NWC_OBS_CELL = 6,      /**< a storm cell found in radar data; the station is the cell */
    NWC_OBS_MODEL = 7      /**< a profile of a model at a point */
} nwc_obs_kind;

/** Why a value is not trusted, or how it came about; bits of the column flags. */
typedef enum nwc_obs_flag {
    NWC_OBS_DOUBTED = 1,             /**< by its source */
    NWC_OBS_DERIVED = 2,             /**< computed from other values of its report by this library */
    NWC_OBS_TRACE = 4,               /**< too little to be measured; the value is 0 */
    NWC_OBS_LIMIT = 8,               /**< at least, or at most, this: the instrument's range ends here */
    NWC_OBS_OUT_OF_RANGE = 16,       /**< by nwc_obs_check: a value no atmosphere has */
    NWC_OBS_STEP = 32,               /**< by nwc_obs_check: changed faster than it can */
    NWC_OBS_STUCK = 64,              /**< by nwc_obs_check: did not change for too long */
    NWC_OBS_UNLIKE_NEIGHBOURS = 128, /**< by nwc_obs_check */
    NWC_OBS_UNLIKE_TWIN = 256,       /**< by nwc_obs_check: a second sensor at the place says otherwise */
    NWC_OBS_UNLIKE_RADAR = 512,      /**< by nwc_obs_check_radar */
    NWC_OBS_INCONSISTENT = 1024,     /**< by nwc_obs_check: contradicts another value of its report */
    NWC_OBS_PLACED = 2048            /**< by nwc_obs_derive: its height or pressure was computed from the other */
} nwc_obs_flag;

enum { NWC_OBS_SUSPECT = 2033 /**< all flags that say that a value should not be trusted */ };

#define NWC_TIME_UNKNOWN INT64_MIN /**< a time that is not known; NumPy's NaT */

/** Who observed. Texts that are not known are "", numbers NaN. */
typedef struct nwc_obs_station {
    const char *id;       /**< WMO, WIGOS, ICAO or national identifier; of a network, its name; of a cell, its number */
    const char *name;     /**< in words */
    int32_t kind;         /**< an nwc_obs_kind */
    double longitude_deg; /**< where it stands */
    double latitude_deg;
    double height_m; /**< of its ground, or of its antenna, above mean sea level */
    double trust;    /**< 0 to 1 by nwc_obs_check; NaN before */
} nwc_obs_station;

/** One value. Fill with nwc_obs_row_init. */
typedef struct nwc_obs_row {
    int64_t time_ns; /**< UTC; the end of the interval of an amount or of a gust */
    int64_t report;  /**< rows of one report (a sounding, a METAR, a stroke) have one number, from nwc_obs_new_report */
    double longitude_deg; /**< of the value; a balloon drifts */
    double latitude_deg;
    double height_m; /**< of the value above mean sea level; of the sensor, or of the ground where that is not known */
    double pressure_pa; /**< of the value, where the vertical coordinate is pressure */
    double duration_s;  /**< length of the interval; 0 for an instant */
    double lead_s;      /**< time from the start of a forecast; 0 for an observation */
    double value;
    int32_t station;  /**< from nwc_obs_add_station */
    int32_t quantity; /**< an nwc_quantity */
    float quality;    /**< 0 bad to 1 good; NaN where not judged */
    uint32_t flags;   /**< bits of nwc_obs_flag */
} nwc_obs_row;

/** A table of observations. One thread at a time; it outlives the context it was made with. */
typedef struct nwc_obs nwc_obs;

/** The columns of a table, n items each, as in nwc_obs_row. Lent: they live until the table changes or dies. */
typedef struct nwc_obs_columns {
    int64_t n;
    const int64_t *time_ns;
    const int64_t *report;
    const double *longitude_deg;
    const double *latitude_deg;
    const double *height_m;
    const double *pressure_pa;
    const double *duration_s;
    const double *lead_s;
    const double *value;
    const int32_t *station;
    const int32_t *quantity;
    const float *quality;
    const uint32_t *flags;
} nwc_obs_columns;

/** What is known of a table as a whole. */
typedef struct nwc_obs_facts {
    const char *format; /**< what it was read from, "memory" where callers made it */
    int64_t n_rows;
    int64_t n_reports;
    int32_t n_stations;
    const char *incomplete; /**< why something is missing from it; "" where nothing is */
} nwc_obs_facts;

/** Make an empty table; @p obs is to be given to nwc_obs_destroy. NWC_OK, NWC_ERR_ARG or NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_obs_create(nwc_ctx *ctx, nwc_obs **obs);

/** Release a table; NULL is accepted. */
NWC_API void nwc_obs_destroy(nwc_obs *obs);

/**
 * Name a station. One of the same kind and identifier at the same place (within 0.01 degree, or where one place is not
 * known) is the same station.
 *
 * @param station  texts are copied, NULL is ""
 * @param index    out: its number, for nwc_obs_row.station
 * @return NWC_OK; NWC_ERR_ARG for a kind that is none or a place not on the earth; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_obs_add_station(nwc_obs *obs, const nwc_obs_station *station, int32_t *index);

/** A number no report of the table has yet; 0 for NULL. */
NWC_API int64_t nwc_obs_new_report(nwc_obs *obs);

/** All not known, duration and lead 0. NULL is ignored. */
NWC_API void nwc_obs_row_init(nwc_obs_row *row);

/**
 * Append @p n rows.
 *
 * @return NWC_OK; NWC_ERR_ARG for a station or report the table has not given, a quantity that is none, a quality outside 0 to 1, or a
 *         negative duration, none then being added; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_obs_add(nwc_obs *obs, const nwc_obs_row *rows, int64_t n);

/** Append all rows of another table, its stations and reports getting numbers of this one. NWC_OK, NWC_ERR_ARG, NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_obs_append(nwc_obs *obs, const nwc_obs *other);

NWC_API nwc_status nwc_obs_describe(const nwc_obs *obs, nwc_obs_facts *facts);
/** Lend the columns. */
NWC_API nwc_status nwc_obs_lend(const nwc_obs *obs, nwc_obs_columns *columns);
/** Lend station @p index, 0 to n_stations - 1. */
NWC_API nwc_status nwc_obs_get_station(const nwc_obs *obs, int32_t index, nwc_obs_station *station);

/** What rows are sorted by; ties go to the next of the list, then to the order they had. */
typedef enum nwc_obs_order {
    NWC_OBS_BY_TIME = 0,   /**< time, station, report, height (or pressure, falling), quantity */
    NWC_OBS_BY_SERIES = 1, /**< station, quantity, height, time: each series of a sensor in one piece */
    NWC_OBS_BY_REPORT = 2  /**< report, height (or pressure, falling), quantity */
} nwc_obs_order;

/** Sort the rows. What is not known comes last. NWC_OK, NWC_ERR_ARG or NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_obs_sort(nwc_obs *obs, int32_t order);

/**
 * Append the rows to a collection, a feature for each: a point with the properties "station", "name", "kind", "time", "quantity",
 * "value", "units", "quality" and, where they are known, "height" (m above mean sea level), "pressure", "duration", "lead",
 * "flags" and "report", as nwc_obs_row and nwc_obs_station say. A row without a place has no geometry.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM, some rows then being there
 */
NWC_API nwc_status nwc_obs_to_geojson(const nwc_obs *obs, nwc_geojson *geojson);

/** Which rows are wanted. Fill with nwc_obs_choice_init, which wants all. A limit that is set is not met by what is not known. */
typedef struct nwc_obs_choice {
    size_t struct_size;     /**< set by the init function */
    int32_t quantity;       /**< an nwc_quantity; 0 for all */
    int32_t kind;           /**< an nwc_obs_kind; 0 for all */
    int32_t station;        /**< -1 for all */
    int64_t first_ns;       /**< no earlier; NWC_TIME_UNKNOWN for no limit */
    int64_t last_ns;        /**< no later; NWC_TIME_UNKNOWN for no limit */
    double west, east;      /**< degrees, west above east for a box across 180 degrees; NaN for no limit */
    double south, north;    /**< degrees; NaN for no limit */
    double lowest_m;        /**< height; NaN for no limit */
    double highest_m;       /**< height; NaN for no limit */
    uint32_t without_flags; /**< rows with any of these bits of nwc_obs_flag are left out; default 0 */
} nwc_obs_choice;

NWC_API void nwc_obs_choice_init(nwc_obs_choice *choice);

/**
 * A new table of the rows wanted, in the order they have, with all stations and the numbers of stations and reports as they are.
 *
 * @param selected  out: to be given to nwc_obs_destroy; it may be empty
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_obs_select(nwc_ctx *ctx, const nwc_obs *obs, const nwc_obs_choice *choice, nwc_obs **selected);

/**
 * Append what the rows imply, flagged NWC_OBS_DERIVED, and place levels.
 *
 * Where a level has speed and direction of the wind alone, its components, and the other way round; where it has a
 * temperature and either dew point or humidity, the other, over water by Magnus' formula of WMO-No. 8. In profiles a level that has
 * a pressure and no height gets one, and one with a height a pressure, and its rows the flag NWC_OBS_PLACED: linearly in the
 * logarithm of pressure between levels of the report that have both; beyond them by the steps of the ICAO standard atmosphere, which
 * alone decides where none has both.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_obs_derive(nwc_ctx *ctx, nwc_obs *obs);

/** What nwc_obs_check looks for and how strictly. Fill with nwc_obs_check_options_init. */
typedef struct nwc_obs_check_options {
    size_t struct_size; /**< set by the init function */
    uint32_t tests; /**< bits of nwc_obs_flag: those from OUT_OF_RANGE to UNLIKE_TWIN and INCONSISTENT; default all */
    double step_factor;       /**< how much faster than usual values may change; above 0, default 1 */
    double stuck_s;           /**< how long 18 values or more may stay the same; above 0, default 3 h */
    double radius_m;          /**< of the neighbourhood; above 0, default 50 km */
    int32_t least_neighbours; /**< fewer say nothing; at least 3, default 5 */
    double
        spread_factor; /**< how many spreads of its neighbours a value may be from their median; above 0, default 4 */
    double window_s;   /**< what is observed within it is of one time; 0 or more, default 300 s */
    double twin_m;     /**< two stations no farther apart are one place; 0 or more, default 100 m */
} nwc_obs_check_options;

NWC_API void nwc_obs_check_options_init(nwc_obs_check_options *options);

/**
 * Check observations of surface stations against what is possible, what they themselves said before and after, other values
 * of their report, their neighbours, and a second sensor at the place. Rows are flagged, never changed or taken away.
 *
 * Flags of an earlier check are taken back first. A row that was tested gets a quality, 1 for one without a flag, halved for
 * each; NaN, or what the source said, stays where no test applies, as for lightning, soundings and forecasts. The trust of a
 * station is the share of its tested rows that are good, as far as they are many: (good + 9) / (tested + 10).
 *
 * Neighbours are asked for temperatures, reduced by 6.5 K km-1 to the height of the row, pressures at sea level, and amounts of
 * rain of one interval, as square roots. They must be of other stations, within the radius, of the same time and the same
 * height above the ground (to 1 m), and at least as many as said; what failed an earlier test is not asked.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Source: limits of Zahumensky (2004, WMO CBS); neighbours as the buddy check of Baserud et al. (2020), with median and median
 * deviation in place of mean and standard deviation, which one liar moves.
 */
NWC_API nwc_status nwc_obs_check(nwc_ctx *ctx, nwc_obs *obs, const nwc_obs_check_options *options);

/**
 * Check amounts of rain beside a radar: NWC_OBS_UNLIKE_RADAR where a gauge has (almost) nothing and the radar saw rain all
 * around it, where it has rain and the radar saw none near it, or where the two differ by more than ten times.
 *
 * A gauge's interval is looked at where the radar's frames cover it with no gap of over 15 minutes; it is compared with the least
 * and the most that fell in the cells within @p reach of its own, since drops drift and clocks differ.
 *
 * @param rates     n_frames fields (y, x) of "mm h-1" on one grid, NaN where the radar did not look
 * @param times_ns  UTC, strictly increasing
 * @param reach     cells; 0 or more, 1 is usual
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 *
 * Source: the classes of false zero, false rain and outlier of Qi et al. (2016).
 */
NWC_API nwc_status nwc_obs_check_radar(nwc_ctx *ctx, nwc_obs *obs, const nwc_field *rates, const int64_t *times_ns,
                                       int32_t n_frames, int32_t reach);

#ifdef __cplusplus
}
#endif
#endif
