/**
 * @file cell_attributes.h  What else is known of cells: values of any fields under them, lightning, and how all of it changes.
 *
 * Calls are thread-safe, work on the calling thread, and give the same bits always; one thread at a time for each history.
 */
#ifndef NOWCAST_CELL_ATTRIBUTES_H
#define NOWCAST_CELL_ATTRIBUTES_H

#include <nowcast/cell_hazard.h>
#include <nowcast/track.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the values of a field at the columns of a cell become a number. */
typedef enum nwc_sample_kind {
    NWC_SAMPLE_MAX = 0,        /**< the greatest */
    NWC_SAMPLE_MIN = 1,        /**< the least */
    NWC_SAMPLE_MEAN = 2,       /**< their mean; reflectivity ("dBZ") as Z */
    NWC_SAMPLE_PERCENTILE = 3, /**< that of parameter, 0 to 100, linearly between ranks */
    NWC_SAMPLE_AREA = 4,       /**< m2 over the ground where the value is parameter or more */
    NWC_SAMPLE_AT_PEAK = 5,    /**< the value where the cell has its peak */
    NWC_SAMPLE_AT_MAX = 6      /**< the value where field number other has its greatest, the first by row and column */
} nwc_sample_kind;

/** One attribute. */
typedef struct nwc_cell_sample {
    int32_t kind;     /**< an nwc_sample_kind */
    int32_t field;    /**< number of its field, from 0 */
    int32_t other;    /**< of NWC_SAMPLE_AT_MAX */
    double parameter; /**< of NWC_SAMPLE_PERCENTILE and NWC_SAMPLE_AREA */
    double reach_m;   /**< columns at most so far from one of the cell count too, 0 to 50000 */
} nwc_cell_sample;

/**
 * Values of fields under cells, seen from above. What is not known (NaN) does not count; where nothing is known, and of a cell that
 * lies wholly below others, the value is NaN.
 *
 * @param fields   n_fields, (y, x) on the grid of the cells
 * @param samples  n_samples; those of one reach that follow each other cost less
 * @param values   out: (cells, n_samples), by label
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_cells_sample(nwc_ctx *ctx, const nwc_cells *cells, const nwc_field *fields, int32_t n_fields,
                                    const nwc_cell_sample *samples, int32_t n_samples, double *values);

/** Options of nwc_cells_flashes. Fill with nwc_flash_options_init. */
typedef struct nwc_flash_options {
    size_t struct_size; /**< set by the init function */
    double reach_m;     /**< a flash is of the nearest cell no farther away, 0 to 50000; default 5000 */
    double
        group_s; /**< strokes no farther apart in time, and 1 s from the first, may be one flash; 0: each is one; default 0.5 */
    double group_m;    /**< nor farther from its first stroke, 0 or more; default 10000 */
    double bin_s;      /**< over which flashes are counted, above 0; default 120 */
    double least_rate; /**< per minute: a jump has at least this rate; default 10 */
    double sigmas;     /**< and grows by at least so many standard deviations, above 0; default 2 */
} nwc_flash_options;

/** Lightning of a cell. */
typedef struct nwc_cell_flashes {
    int64_t n;   /**< flashes in the seven bins before now */
    double rate; /**< per minute, in the latest */
    double
        sigmas; /**< growth from the bin before to it over the standard deviation of the five growths before; infinite where these
                        are all the same and it grows */
    int32_t jump; /**< 1 where that is a lightning jump */
} nwc_cell_flashes;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_flash_options_init(nwc_flash_options *options);

/**
 * Count the flashes of cells and look for jumps.
 *
 * Strokes are put together to flashes, and each flash is moved on with a cell to now, so that the counts of all bins are of the cell,
 * whichever scans there were between.
 *
 * @param u, v           cells, m s-1 along the grid's axes, by label; NaN: it stays; both NULL: all stay
 * @param time_ns        UTC, now: strokes after it and more than seven bins before it do not count
 * @param times_ns, longitude_deg, latitude_deg  n of strokes, in any order; those without a place do not count
 * @param flashes        out: cells, by label
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 *
 * Sources: Schultz et al. (2009), J. Appl. Meteor. Climatol. 48, 2543 (jump of two sigma, bins of two minutes, 10 flashes a minute);
 * Cummins et al. (1998), J. Geophys. Res. 103, 9035 (strokes of a flash).
 */
NWC_API nwc_status nwc_cells_flashes(nwc_ctx *ctx, const nwc_cells *cells, const double *u, const double *v,
                                     int64_t time_ns, int64_t n, const int64_t *times_ns, const double *longitude_deg,
                                     const double *latitude_deg, const nwc_flash_options *options,
                                     nwc_cell_flashes *flashes);

/** What kind of storm a cell is of. */
typedef enum nwc_storm_mode {
    NWC_STORM_ISOLATED = 0,
    NWC_STORM_CLUSTER = 1,  /**< one of several cells */
    NWC_STORM_LINE = 2,     /**< of a storm of 100 km and three times as long as wide */
    NWC_STORM_SUPERCELL = 3 /**< with an azimuthal shear of 0.005 s-1 or more at 3 to 6 km */
} nwc_storm_mode;

/** Whether it leaves the mean wind, by 3.75 m s-1 or more. */
typedef enum nwc_storm_mover { NWC_STORM_LEFT = -1, NWC_STORM_STRAIGHT = 0, NWC_STORM_RIGHT = 1 } nwc_storm_mover;

/** What follows from attributes of a cell and its velocity; NaN where they are not known. */
typedef struct nwc_cell_derived {
    double vil_density;     /**< g m-3: vil over top, where that is above 0 */
    double gust_potential;  /**< m s-1: (20.628571 vil - 3.125e-6 top^2)^(1/2), 0 where that is none */
    double rain_passing;    /**< mm: mean of rain_max and rain_mean over the time that the ellipse of the cell takes to
                                 pass over its middle, an hour at most and where its velocity is not known */
    double deviation_right; /**< m s-1: of its velocity from the wind, to the right of the shear or, where that is not
                                 known, of the wind */
    int32_t mode;           /**< an nwc_storm_mode */
    int32_t mover;          /**< an nwc_storm_mover; straight where the deviation is not known */
} nwc_cell_derived;

/**
 * What follows from attributes of cells and how they go.
 *
 * @param values   a row for each cell, by label; used are, where they are there, "vil" (kg m-2), "top" (m), "rain_max" and "rain_mean"
 *                 (mm h-1), "wind_u", "wind_v", "shear_u", "shear_v" (m s-1 along the grid's axes) and "shear_mid" (s-1)
 * @param u, v     cells, m s-1 along the grid's axes, by label; NaN where not known
 * @param derived  out: cells, by label
 * @return NWC_OK; NWC_ERR_ARG
 *
 * Sources: Amburn and Wolf (1997), Wea. Forecasting 12, 473 (density of VIL); Stewart (1996), NOAA Tech. Memo. NWS SR-136 (gusts);
 * Doswell et al. (1996), Wea. Forecasting 11, 560 (rate times duration); Bunkers et al. (2000), Wea. Forecasting 15, 61 (movers deviate by
 * 7.5 m s-1; half of it counts); Smith et al. (2012), Wea. Forecasting 27, 1114 (lines); Doswell and Burgess (1993), AGU Monogr. 79, 161
 * (half of the vorticity of a mesocyclone).
 */
NWC_API nwc_status nwc_cells_derive(const nwc_cells *cells, const nwc_cell_values *values, const double *u,
                                    const double *v, nwc_cell_derived *derived);

/** Attributes of tracks over the last minutes: what they are now, how they change, and what they add up to. */
typedef struct nwc_cell_history nwc_cell_history;

/**
 * Make a history that knows nothing yet.
 *
 * @param ctx       its allocator must live as long as the history
 * @param names     n_names of attributes, none twice
 * @param window_s  over which trends are taken, above 0 to 86400; 1200 is usual
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_cell_history_create(nwc_ctx *ctx, int32_t n_names, const char *const *names, double window_s,
                                           nwc_cell_history **history);

/** Release a history; NULL is accepted. */
NWC_API void nwc_cell_history_destroy(nwc_cell_history *history);

/**
 * Add the attributes of one time. Tracks that are not among the points any more are forgotten; a time that is not after that of the
 * call before forgets all.
 *
 * @param tracks  of a tracker, at its latest time
 * @param values  (points, names); NaN where not known
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM, after which the history is as it was
 */
NWC_API nwc_status nwc_cell_history_add(nwc_cell_history *history, const nwc_track_table *tracks, const double *values);

/**
 * Lend what is known at the latest time; it lives until the next call of this history.
 *
 * @param values  out: a row for each point, trends as the slope by least squares over the window, per second, NaN where fewer than three
 *                values of it are known
 * @param totals  out: (points, names), integral over time since the track began, in seconds times the unit, linearly between times;
 *                where one of two neighbours is not known the other counts for both, where none is nothing; may be NULL
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_cell_history_lend(const nwc_cell_history *history, nwc_cell_values *values,
                                         const double **totals);

/** All a history knows, as bytes, as nwc_tracker_save gives. */
NWC_API nwc_status nwc_cell_history_save(nwc_cell_history *history, const uint8_t **bytes, int64_t *size);

/** A history that goes on bit for bit, as nwc_tracker_restore makes a tracker. It lends what the one saved lent. */
NWC_API nwc_status nwc_cell_history_restore(nwc_ctx *ctx, const uint8_t *bytes, int64_t size,
                                            nwc_cell_history **history);

#ifdef __cplusplus
}
#endif
#endif
