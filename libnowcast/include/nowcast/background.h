/**
 * @file background.h  The wind to start from: over height from radars, soundings or profilers, or fields of a model, each with its
 * error and the density of the air. Wherever anything is known the answer is finite; flags say where it was made up.
 *
 * Over height the wind is taken for a random walk: squares of differences grow as the distance. So they do in soundings (by 0.012 to
 * 0.037 m2 s-2 a metre from 250 m to 4 km), and so grows the error away from what was observed.
 */
#ifndef NOWCAST_BACKGROUND_H
#define NOWCAST_BACKGROUND_H

#include <nowcast/model.h>
#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is special about a level, or of a model about all of them. */
typedef enum nwc_background_flag {
    NWC_BACKGROUND_BEYOND = 1,          /**< above or below all that was observed, or the model has */
    NWC_BACKGROUND_GAP = 2,             /**< between two heights with nothing in it */
    NWC_BACKGROUND_NO_DATA = 4,         /**< nothing was known: calm, with the greatest error */
    NWC_BACKGROUND_LATE = 8,            /**< of a model: it is of another time, the nearest there is */
    NWC_BACKGROUND_MISSING_LEVELS = 16, /**< of a model: levels other variables have are missing of u or v */
    NWC_BACKGROUND_PARTIAL = 32,     /**< of a model: it does not cover the grid; the mean of the level is put there */
    NWC_BACKGROUND_STANDARD_AIR = 64 /**< the density is that of the standard atmosphere */
} nwc_background_flag;

/** The background at one height. */
typedef struct nwc_background_level {
    double height_m;     /**< above mean sea level */
    double u_m_s, v_m_s; /**< to the true east and north; of a model the means over the grid, along its axes */
    double u_error_m_s;  /**< standard error of u as the mean over the area */
    double v_error_m_s;  /**< and of v */
    double spread_m_s;   /**< standard deviation of either component in the area about its mean; of a model 0 */
    double error_m_s;    /**< both together: standard deviation of the difference to the wind of a place, for weights */
    double density_kg_m3; /**< of the air */
    int64_t n;            /**< data about this height: gates, points or cells */
    int32_t flags;        /**< of nwc_background_flag */
} nwc_background_level;

/** Options of backgrounds over height. Fill with nwc_background_options_init. */
typedef struct nwc_background_options {
    size_t struct_size;       /**< set by the init function */
    const char *moment;       /**< of radars; NULL (default): VRADDH where a sweep has it, VRADH else */
    double min_range_m;       /**< slant range of gates; default 2000 */
    double max_range_m;       /**< default 120000, at most 500000 */
    double min_elevation_deg; /**< default 0 */
    double max_elevation_deg; /**< default 30 */
    double box_m;             /**< gates are averaged over boxes so wide; 1000 to 50000, default 10000 */
    double depth_m;           /**< and so high; from 50 to 1000, default 250 */
    double
        walk; /**< m2 s-2 by which the square of a difference grows in a metre of height; 0 (default): from the data */
    double spread_m_s;     /**< NaN (default): of radars from the data, of points 3 */
    double most_error_m_s; /**< errors do not grow beyond it; above 0, default 15 */
} nwc_background_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_background_options_init(nwc_background_options *options);

/**
 * Fit the wind over height that all radial velocities together agree upon.
 *
 * Velocities are averaged over boxes of space and radar, so that neither the gates crowded near a radar nor a long series of volumes
 * outvote the rest, and fitted by u, v and the speed w at which echo moves up, each a random walk in height. Weights let go of
 * what does not belong (Huber's; gates far off in a second pass); errors count what neighbouring boxes have in common; how fast the wind
 * changes with height is found by the likelihood of the data (Wecker and Ansley 1983, J. Am. Stat. Assoc. 78, 81).
 *
 * @param ctx        threads, log, progress; NULL for the defaults
 * @param volumes    n_volumes of any radars and times, each with its place known, dealiased
 * @param height_m   n_heights above mean sea level, strictly increasing
 * @param options    NULL for the defaults
 * @param levels     out: n_heights, all finite
 * @return NWC_OK; NWC_ERR_ARG for a height, option or a volume without a place; NWC_ERR_NODATA when no velocity is within reach,
 *         levels then being calm, flagged NWC_BACKGROUND_NO_DATA; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_background_radars(nwc_ctx *ctx, const nwc_volume *const *volumes, int32_t n_volumes,
                                         const double *height_m, int64_t n_heights,
                                         const nwc_background_options *options, nwc_background_level *levels);

/** What a sounding, a profiler or a model's column has at one height. What is not known is NaN. */
typedef struct nwc_background_point {
    double height_m;                   /**< above mean sea level; a point without it is left out */
    double u_m_s, v_m_s;               /**< to the true east and north; both or neither */
    double error_m_s;                  /**< standard deviation of each; not above 0, or NaN: 1 */
    double pressure_pa, temperature_k; /**< both for a density */
} nwc_background_point;

/**
 * The same from points at heights, in any order, of one profile or several: the mean where they agree, what lies between where they
 * do not. Density is interpolated where pressure and temperature are known, and follows the standard atmosphere beyond.
 *
 * @param points  n_points
 * @param levels  out: n_heights, all finite
 * @return as nwc_background_radars
 */
NWC_API nwc_status nwc_background_points(nwc_ctx *ctx, const nwc_background_point *points, int64_t n_points,
                                         const double *height_m, int64_t n_heights,
                                         const nwc_background_options *options, nwc_background_level *levels);

/**
 * Put a background over height on a grid: the same wind to the true east and north in all of a level.
 *
 * @param levels  n of them, at the heights of the grid
 * @param u, v    out: (z, y, x) on one grid, m s-1 along its x and y
 * @return NWC_OK; NWC_ERR_ARG for a shape, or heights that are not those of the grid to a centimetre; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_background_on_grid(nwc_ctx *ctx, const nwc_background_level *levels, int64_t n, nwc_field *u,
                                          nwc_field *v);

/** Options of nwc_background_model. Fill with nwc_background_model_options_init. */
typedef struct nwc_background_model_options {
    size_t struct_size;   /**< set by the init function */
    int32_t vertical;     /**< kind of levels, as nwc_model_interpolate_options has it; default NWC_MODEL_ANY */
    int32_t member;       /**< default NWC_MODEL_ANY */
    int64_t reference_ns; /**< start of the run; default INT64_MIN: the latest that covers the time */
    double smooth_m;      /**< standard deviation of the horizontal low-pass; 0 for none, default 15000 */
    double max_age_s;     /**< how far the time of the model may be off; 0 or more, default 6 h */
    const double
        *error_m_s; /**< standard deviation of the low-passed u and v at each height of the grid; NULL (default): 3 */
    double age_error_m_s;  /**< what an hour off adds, in squares; 0 or more, default 1 */
    double walk;           /**< as nwc_background_options has it, away from levels; 0 or more, default 0.02 */
    double most_error_m_s; /**< default 15 */
} nwc_background_model_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_background_model_options_init(nwc_background_model_options *options);

/**
 * The wind of a model on a grid, turned to its axes, at its heights and one time, low-passed horizontally.
 *
 * A model that resolves storms has them in the wrong places, and its storms as a background do harm; the low-pass leaves what they
 * live in, and its vertical wind is left out: w is 0. Fields are interpolated as by nwc_model_interpolate on a grid that reaches three
 * standard deviations beyond the one wanted, smoothed, and brought to it between centres. Below the lowest and above the highest level
 * the wind goes on, and its error grows. Beyond the first and last time the nearest is taken.
 *
 * @param time_ns  UTC
 * @param options  NULL for the defaults
 * @param u, v     out: (z, y, x) on one grid, m s-1 along its x and y, all finite
 * @param levels   out: one for each height of the grid; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where the model has no wind, none within max_age_s, or none over the grid;
 *         and as nwc_model_interpolate
 */
NWC_API nwc_status nwc_background_model(nwc_ctx *ctx, nwc_model *model, int64_t time_ns,
                                        const nwc_background_model_options *options, nwc_field *u, nwc_field *v,
                                        nwc_background_level *levels);

#ifdef __cplusplus
}
#endif
#endif
