/**
 * @file track.h  Cells followed from one field to the next: tracks that move, split, merge and end.
 *
 * A tracker takes the cells of one time after the other and tells, of each time, where every track is, what happened, and which
 * tracks have ended. Those it forgets, so that it may run for ever. The same bits on every machine of one kind, whatever the
 * number of threads; an archive gives what was given live. One thread at a time for each tracker.
 */
#ifndef NOWCAST_TRACK_H
#define NOWCAST_TRACK_H

#include <nowcast/cells.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What can happen to a track. */
typedef enum nwc_track_event_kind {
    NWC_TRACK_BIRTH = 0, /**< track begins by itself */
    NWC_TRACK_SPLIT = 1, /**< track begins where a part of the cell of other, which goes on, was */
    NWC_TRACK_MERGE = 2, /**< track ends, its cell being part of that of other now */
    NWC_TRACK_DEATH = 3, /**< track ends: it was not seen for longer than patience_s, or all were ended */
    NWC_TRACK_LEAVE = 4  /**< track ends: where it would be now is no longer on the grid */
} nwc_track_event_kind;

/** Options of nwc_tracker_create. Fill with nwc_tracker_options_init. */
typedef struct nwc_tracker_options {
    size_t struct_size;   /**< set by the init function */
    double patience_s;    /**< a track not seen for longer ends, 0 to 86400; default 900 */
    double max_speed_m_s; /**< no faster than this over the ground, above 0 to 200; default 60 */
    double
        max_deviation_m_s; /**< nor farther from where it was expected than this in a second, above 0 to 200; default 15 */
    double least_share;    /**< of a cell that has to lie in another for a split or merge, above 0 to 1; default 0.3 */
    double
        weight_distance; /**< of the distance from where the track was expected, over the farthest; 0 or more, default 1 */
    double weight_overlap; /**< of 1 less half the sum of the shares of both cells that overlap; 0 or more, default 1 */
    double weight_size;    /**< of the logarithm of the ratio of areas; 0 or more, default 0.3 */
    double weight_peak;    /**< of the difference of peaks over 10 (dB); 0 or more, default 0.3 */
    double
        position_error_m; /**< standard error of a cell's middle; 0 (default): as middles scatter about the ways of tracks so far */
    double acceleration_m_s2; /**< standard deviation of the change of velocity in a second, above 0; default 0.05 */
    double smoothing_s;       /**< time over which area and peak are smoothed, 0 or more; default 600 */
    int32_t restart; /**< a time not after the last: 0 (default) is an error; 1 ends all tracks and begins anew */
} nwc_tracker_options;

/** Where a track is at the time of the latest cells. */
typedef struct nwc_track_point {
    int64_t track;    /**< number of the track, from 1 on, never used again */
    int64_t parent;   /**< the track it split from; 0 for none */
    int32_t cell;     /**< label of its cell, or 0 while it is not seen and the rest is what is expected */
    int32_t n_seen;   /**< times it has been seen */
    int64_t first_ns; /**< UTC of its first cell */
    int64_t last_ns;  /**< and of its last */
    double x, y;      /**< estimated middle, weighted as x_mean and y_mean of cells, of the grid */
    double u,
        v; /**< estimated velocity over the ground along the grid's x and y, m s-1; NaN where nothing is known of it:
                                 seen once, without a motion field */
    double position_sd_m;          /**< standard error along either axis */
    double velocity_sd_m_s;        /**< of u and v alike */
    double position_velocity_m2_s; /**< covariance of the errors of position and velocity along either axis */
    double error_xx, error_xy,
        error_yy;            /**< mean squares and product of how far along x and y it was seen from where it was
                                              expected, over the variance expected of that; 1, 0, 1 before any */
    double area_m2, peak;    /**< smoothed */
    double major_m, minor_m; /**< half axes of the ellipse of its cell when last seen */
    double orientation_deg;  /**< of the major axis, clockwise from the grid's +y */
} nwc_track_point;

/** What happened at the time of the latest cells. */
typedef struct nwc_track_event {
    int32_t kind;    /**< an nwc_track_event_kind */
    int64_t track;   /**< the track that begins or ends */
    int64_t other;   /**< of a split or merge, the track that goes on; else 0 */
    int64_t time_ns; /**< UTC; of a death the time of the cells without it, of which the first */
} nwc_track_event;

/** What nwc_tracker_lend lends; it lives until the next call that changes the tracker. */
typedef struct nwc_track_table {
    int64_t time_ns; /**< UTC of the latest cells; INT64_MIN before any */
    int64_t n_points, n_events, n_ended;
    const nwc_track_point *points; /**< by the numbers of tracks */
    const nwc_track_event *events; /**< since the call before */
    const nwc_track_point *ended;  /**< tracks that ended at this call, as last estimated */
} nwc_track_table;

/** Follows cells. */
typedef struct nwc_tracker nwc_tracker;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_tracker_options_init(nwc_tracker_options *options);

/**
 * Make a tracker that follows nothing yet.
 *
 * @param ctx      its allocator must live as long as the tracker
 * @param options  NULL for the defaults
 * @param tracker  out: to be given to nwc_tracker_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_tracker_create(nwc_ctx *ctx, const nwc_tracker_options *options, nwc_tracker **tracker);

/** Release a tracker; NULL is accepted. */
NWC_API void nwc_tracker_destroy(nwc_tracker *tracker);

/**
 * Go on to the cells of a later time.
 *
 * Every track is expected where the motion field at its cell, or where that is not known its own velocity, takes it. Its cell moved
 * there overlaps those of now; pairs within the bounds of speed cost what the weights say, and the cheapest set of pairs is taken
 * (no pair costs more than leaving both alone). A cell without a track that lies to least_share in the moved cell of one that has
 * gone on is split from it; a track without a cell whose moved cell lies to least_share in that of another has merged into it. Tracks
 * that are not seen otherwise are expected for patience_s more. Position and velocity are estimated by a Kalman filter of constant
 * velocity disturbed by white acceleration. Of a field with levels cells are followed as seen from above; what lies wholly below others is not.
 *
 * @param cells    all on one grid; one without cells is a time at which nothing was there
 * @param time_ns  UTC, after that of the call before (see restart)
 * @param u, v     (y, x) on the grid, m s-1 along its axes, from the call before to this; NaN where not known; both NULL for none
 * @return NWC_OK; NWC_ERR_ARG for another grid, a time that is not later, a motion of another shape; NWC_ERR_NOMEM, after which the
 *         tracker is as it was
 *
 * Sources: Jonker and Volgenant (1987), Computing 38, 325 (assignment); Dixon and Wiener (1993), J. Atmos. Oceanic Technol. 10, 785
 * (overlap before distance, splits and merges); Rossi et al. (2015), J. Atmos. Oceanic Technol. 32, 1857 (Kalman filter of cells).
 */
NWC_API nwc_status nwc_tracker_add(nwc_ctx *ctx, nwc_tracker *tracker, const nwc_cells *cells, int64_t time_ns,
                                   const nwc_field *u, const nwc_field *v);

/** End all tracks: each is handed out as ended, and the next cells begin new ones. NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_tracker_finish(nwc_tracker *tracker);

/** Lend what became of the latest call. NWC_OK; NWC_ERR_ARG. */
NWC_API nwc_status nwc_tracker_lend(const nwc_tracker *tracker, nwc_track_table *table);

/**
 * All a tracker knows, as bytes: a tracker made of them goes on bit for bit as this one would.
 *
 * @param bytes  out: lent until the next call of this tracker
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_tracker_save(nwc_tracker *tracker, const uint8_t **bytes, int64_t *size);

/**
 * Make a tracker of what nwc_tracker_save gave, its options with it. It has no table to lend before cells are added.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_FORMAT for bytes that are cut, changed or none of a tracker; NWC_ERR_UNSUPPORTED for those of
 *         another version; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_tracker_restore(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_tracker **tracker);

#ifdef __cplusplus
}
#endif
#endif
