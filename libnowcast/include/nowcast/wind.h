/**
 * @file wind.h  The three-dimensional wind that radars, a background and single observations agree upon.
 *
 * The wind u, v, w is sought on a box of cells with the components on their walls that makes least
 *
 *     sum ((H x - y) / error)^2 + (x - background)' B^-1 (x - background)
 *
 * among all winds that carry no mass together or apart, d(rho u)/dx + d(rho v)/dy + d(rho w)/dz = 0, with w = 0 at flat ground and
 * at a lid above the echo. y are radial velocities where the beams are, averaged over some gates, with the speed added at which the echo
 * falls, and each brought to the time of the wind by the motion of the storm; H reads the wind there. B is the covariance of
 * background errors, so that all weights are errors and lengths, none has to be tuned to a resolution.
 */
#ifndef NOWCAST_WIND_H
#define NOWCAST_WIND_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NWC_WIND_MOST_SOURCES = 31 /**< radars, gridded ones, all points, and the ground: one bit each */ };

/** Radial velocities that are on a grid already, each with the direction it was seen from. */
typedef struct nwc_wind_gridded {
    const nwc_field *velocity;      /**< (z, y, x) with its grid, which may be another than that of the wind; "m s-1" */
    const nwc_field *azimuth_deg;   /**< (z, y, x), of the beam, clockwise from true north */
    const nwc_field *elevation_deg; /**< (z, y, x), of the beam above the horizontal of the cell */
    const nwc_field *dbz;           /**< (z, y, x), for the fall of the echo; NULL where that is taken off already */
    double error_m_s;               /**< standard deviation; 0 for 1 m s-1 */
    double age_s;                   /**< how long before the time of the wind it was seen */
} nwc_wind_gridded;

/** A wind that a balloon, a profiler or a station measured. */
typedef struct nwc_wind_point {
    double lon_deg, lat_deg, height_m; /**< above mean sea level */
    double u_m_s, v_m_s;               /**< to the true east and north; a point of which one is NaN is left out */
    double error_m_s;                  /**< standard deviation of each; above 0 */
} nwc_wind_point;

/** What a wind is made of. Any part may be absent. */
typedef struct nwc_wind_input {
    const nwc_volume *const *volumes; /**< of radars, dealiased: VRADDH is used where a sweep has it, VRADH else */
    int32_t n_volumes;
    const nwc_wind_gridded *gridded;
    int32_t n_gridded;
    const nwc_wind_point *points;
    int64_t n_points;
    const nwc_field *background_u;      /**< (z, y, x) on the grid of the wind, along its x; strides may be 0: a
                                             profile. NaN is taken from the mean of its level, or the levels about it */
    const nwc_field *background_v;      /**< along y; both or neither */
    const nwc_field *background_w;      /**< upward; NULL for 0: best unless storms are in their places */
    const double *background_error_m_s; /**< of u and v, at each level of the grid; NULL for the option */
    const nwc_field *ground;            /**< (y, x), heights of the columns of the grid above mean sea level, m: air
                                             flows along it, and below it is no wind; NaN is not known, NULL is flat */
} nwc_wind_input;

/** Options of nwc_wind_retrieve. Fill with nwc_wind_options_init. */
typedef struct nwc_wind_options {
    size_t struct_size;     /**< set by the init function */
    double motion_u_m_s;    /**< of the storm along the grid's x, by which rays are brought to one time; NaN, with v
                                 (default): the mean wind that the data have from 2 to 6 km above the ground */
    double motion_v_m_s;    /**< along y */
    double max_age_s;       /**< rays farther from the time are left out; above 0, default 600 */
    double min_range_m;     /**< of gates; 0 or more, default 2000 */
    double max_range_m;     /**< above min_range_m, default 250000 */
    double gate_error_m_s;  /**< of the velocity of a gate; above 0, default 1 */
    double place_error_m_s; /**< what a mean over gates does not stand for, however many; 0 or more, default 0.3 */
    double fall_error_m_s; /**< of the speed at which echo is taken to fall, by chance from datum to datum for the wind,
                                 and alike in all about a cell for its errors; 0 or more, default 3 */
    double change;      /**< how fast a storm is taken to change while it is scanned, for stated errors: over the speed
                                 of the wind's departures from the background; 0 for a frozen one, to 10; default 1 */
    double range_m;     /**< gates are averaged over so much; 0 (default): the lesser side of a cell */
    double freezing_m;  /**< above mean sea level, from which down echo falls as rain; default 4000 */
    double error_m_s;   /**< standard deviation of background errors of u and v; above 0, default 2.5 */
    double error_w_m_s; /**< of w; above 0, default 3 */
    double length_h_m;  /**< over which they stay alike; above 0, default 6000 */
    double length_v_m;  /**< upward, those of u and v; above 0, default 3000 */
    double length_w_m;  /**< upward, those of w; above 0; NaN (default): length_v_m */
    int32_t order;      /**< 2 (default): their correlation is exponential; 4: smooth, its length then a third */
    double ground_m;    /**< above mean sea level, where w is 0: levels below it are NaN. NaN (default): the lower of
                                 the bottom of the grid, half a level below the first, and the lowest antenna; where
                                 there are heights of the ground, the floor on which they stand, 2 km below them */
    double lid_m;       /**< where w is 0 again; NaN (default): above all data and the grid */
    double density_scale_m;  /**< in which density falls to 1/e; 0 (default): standard atmosphere; INFINITY: constant */
    double tolerance;        /**< stop when the gradient is so small a part of that at the background; 0 to 1, default
                                 0.02. Below 1e-4 rounding may be in the way */
    int32_t iterations;      /**< on the cells of the grid, at most; 0 or more, default 60 */
    double robust;           /**< differences of so many errors count half as much, large ones hardly at all,
                                 where folds or clutter may have been left in; 0 (default): none does */
    double ground_error_m_s; /**< standard deviation of w at the ground from that along it, where there are heights of
                                 the ground; above 0, default 0.1 */
    double tendency_error_s2; /**< standard deviation of what vertical vorticity changes in each cell otherwise than the
                                 wind itself has it, in a storm that moves and else stays as it is, s-2; to 1, 0
                                 (default): no such term */
} nwc_wind_options;

/** What a source had to say. All numbers are of differences to its observations, m s-1. */
typedef struct nwc_wind_source {
    int64_t n;          /**< observations, after averaging */
    double error;       /**< root mean square of the errors they are given */
    double before;      /**< root mean square difference of the background */
    double after;       /**< and of the wind */
    double bias_before; /**< mean of observation less background */
    double bias_after;  /**< and less wind */
} nwc_wind_source;

/** What is special about a wind; bits of nwc_wind_report.flags. */
typedef enum nwc_wind_flag {
    NWC_WIND_NO_DATA = 1,        /**< no observation: it is the background */
    NWC_WIND_OWN_PROFILE = 2,    /**< no background was given: a profile fitted to the data was taken */
    NWC_WIND_NO_BACKGROUND = 4,  /**< nor could one be fitted: calm was */
    NWC_WIND_ONE_SOURCE = 8,     /**< one radar alone: what lies across its beams is the background's */
    NWC_WIND_LOW_LID = 16,       /**< data lie above the lid that was asked for */
    NWC_WIND_NOT_CONVERGED = 32, /**< iterations ran out */
    NWC_WIND_NO_CROSSING = 64    /**< beams hardly anywhere cross at more than 20 degrees: as with one source alone */
} nwc_wind_flag;

/** How a wind was found. */
typedef struct nwc_wind_report {
    int32_t flags;          /**< of nwc_wind_flag */
    int32_t iterations;     /**< on the cells of the grid */
    int32_t coarse;         /**< on coarser ones before */
    double gradient;        /**< at the end, as a part of that at the background */
    int64_t n;              /**< observations */
    double cost_data;       /**< sum of squared differences, each over its variance */
    double cost_background; /**< that of the background: with n terms and right errors both add up to about n */
    double divergence;      /**< largest that is left, s-1 */
    double bottom_m, lid_m; /**< heights at which w is 0: below the ground where there are heights of it */
    double tendency_before; /**< root mean square of what vorticity's tendency is off by, s-2, without that term */
    double tendency_after;  /**< and with it; 0 where it was not asked for */
    double motion_u_m_s;    /**< of the storm, by which data were brought to one time; along the grid's x */
    double motion_v_m_s;    /**< along y */
    int32_t n_sources;      /**< volumes, then gridded, then points where there are any, then the ground */
    nwc_wind_source sources[NWC_WIND_MOST_SOURCES];
} nwc_wind_report;

/** Where a wind goes: fields (z, y, x) on one grid, of equally spaced levels, whose cells are metres. */
typedef struct nwc_wind_output {
    nwc_field *u;          /**< of cells, m s-1 along the grid's x; NaN below the ground and above the lid */
    nwc_field *v;          /**< along y */
    nwc_field *w;          /**< upward */
    nwc_field *divergence; /**< horizontal, s-1; may be NULL */
    nwc_field *vorticity;  /**< about the vertical, s-1; may be NULL */
    nwc_labels *sources;   /**< bit s is set where a datum of source s lies within a cell of this one; may be NULL */
    nwc_field *error_u;    /**< standard deviation of the error of u, m s-1; may be NULL, as those that follow */
    nwc_field *error_v;    /**< of v */
    nwc_field *error_w;    /**< of w */
} nwc_wind_output;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_wind_options_init(nwc_wind_options *options);

/**
 * Find the wind.
 *
 * @param ctx      threads, log, progress; NULL for the defaults
 * @param input    what there is; NULL members and counts of 0 are parts that are missing
 * @param time_ns  of the wind, UTC
 * @param options  NULL for the defaults
 * @param output   the fields share one grid
 * @param report   out; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA when there is neither an observation nor a background, fields then being NaN;
 *         NWC_ERR_CONVERGENCE when iterations ran out: output and report are filled with the best found; NWC_ERR_NOMEM;
 *         NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Without observations the wind is the background, freed of divergence, and the report says so.
 * Of one radar alone w is not to be trusted. Stated errors count those of data and background, of the speed of fall, and of what a storm
 * changes while it is scanned; about two thirds of errors in echo lie within them where echo falls as it is taken to, within
 * fall_error_m_s. Sources: Gao et al. (1999), Mon. Wea. Rev. 127, 2128,
 * and Potvin et al. (2012), J. Atmos. Oceanic Technol. 29, 1417, for the problem; docs/decisions/wind.md for how it is posed and solved here.
 */
NWC_API nwc_status nwc_wind_retrieve(nwc_ctx *ctx, const nwc_wind_input *input, int64_t time_ns,
                                     const nwc_wind_options *options, const nwc_wind_output *output,
                                     nwc_wind_report *report);

#ifdef __cplusplus
}
#endif
#endif
