/** @file forecast.h  Fields carried into the future. */
#ifndef NOWCAST_FORECAST_H
#define NOWCAST_FORECAST_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the source field is read between its cells. */
typedef enum nwc_sampling {
    NWC_SAMPLE_NEAREST = 0,  /**< the nearest cell; keeps every value as it was */
    NWC_SAMPLE_BILINEAR = 1, /**< the mean of the four nearest cells by their distance */
    NWC_SAMPLE_CUBIC = 2,    /**< Catmull–Rom, limited to the range of the four nearest cells */
    NWC_SAMPLE_FADING = 3    /**< the default: cubic at lead time 0, which fades into bilinear over five minutes */
} nwc_sampling;

/** Options of nwc_forecast_extrapolate. Fill with nwc_extrapolate_options_init. */
typedef struct nwc_extrapolate_options {
    size_t struct_size; /**< set by the init function */
    int32_t sampling;   /**< an nwc_sampling; default NWC_SAMPLE_FADING */
    double travel;      /**< 0 to 1: the motion field itself moves at this share of its smoothed speed; default 0.75 */
    double travel_scale_m; /**< standard deviation of that smoothing over the ground; default 150 km */
    double step_s;         /**< longest time step of a trajectory, 1 to 3600; default 300 */
    int32_t node_spacing;  /**< trajectories start on every nth cell, n a power of two up to 64; 0 (default): 4 on large
                                grids, 1 on those of up to 65536 cells or narrower than 64 */
    const nwc_field
        *delay; /**< (n, y, x) seconds by which the cells of the first n lead times stay behind, n at most the
                                 number of lead times; what is not finite is none. From nwc_forecast_delay; default NULL,
                                 none */
    const nwc_field
        *later;     /**< u and v, (y, x) each: the motion later_s after time 0, towards which it changes linearly
                                 and which it stays from then on; unknown cells as in u and v. Default NULL: none */
    double later_s; /**< seconds, above 0 to 86400; with later */
} nwc_extrapolate_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_extrapolate_options_init(nwc_extrapolate_options *options);

/**
 * Carry fields along a motion field: backward semi-Lagrangian extrapolation.
 *
 * Each cell of a forecast is followed back to where its air was at time 0, and the field is read there once, whatever
 * the lead time, so detail is moved and never diffused. The motion field itself moves: at time t it is, at p, that of
 * time 0 at p - t c(p), where c is the given field smoothed, times the option travel; with the option later, that of time 0
 * is one that changes.
 *
 * A forecast cell is known where at least half of what it is read from is known, by bilinear weight; unknown (NaN or
 * infinite) cells and those outside the grid then take no part, and the value is the weighted mean of the others. So no
 * coverage moves as its own mask and never mixes into values. Cubic reading falls back to that mean where one of its 16
 * cells is unknown; NWC_SAMPLE_NEAREST asks the nearest cell alone. Positions are rounded to 1/1024 of a cell: a
 * motion by whole cells, and lead time 0, copy the field bit by bit.
 *
 * @param ctx       NULL for the defaults
 * @param fields    n_fields fields (y, x) on one grid; all share the trajectories. At most 2^20 cells along an axis
 *                  and 2^31 - 1 in all
 * @param u, v      (y, x), m s-1 over the ground along +x and +y; where one of them is NaN or beyond 1000 m s-1 the
 *                  nearest known motion is taken
 * @param leads_s   n_leads lead times in seconds, increasing, each at least 0 and at most 86400
 * @param options   NULL for the defaults
 * @param forecasts out: n_fields fields (lead, y, x), which share no memory with what is given
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA when no motion is known anywhere; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Any subset of lead times gives the same bits as all of them at once, so a large domain can be done a few leads at a
 * time. Source: Germann and Zawadzki (2002), Mon. Wea. Rev. 130, 2859, section 3; trajectories by the iterated
 * midpoint rule of Staniforth and Côté (1991), Mon. Wea. Rev. 119, 2206, eq. 12.
 */
NWC_API nwc_status nwc_forecast_extrapolate(nwc_ctx *ctx, const nwc_field *fields, int32_t n_fields, const nwc_field *u,
                                            const nwc_field *v, const double *leads_s, int32_t n_leads,
                                            const nwc_extrapolate_options *options, nwc_field *forecasts);

/** What a forecast by bands of scale gives. */
typedef enum nwc_cascade_product {
    NWC_CASCADE_SHARP = 0,  /**< the newest frame, carried: what nwc_forecast_extrapolate gives */
    NWC_CASCADE_RANKED = 1, /**< where rain is most likely: each band damped as its past says, values those of sharp by
                                   rank. Best in hits and errors of one field that keeps its distribution */
    NWC_CASCADE_TEXTURED =
        2,               /**< as ranked, bands keeping most of their amplitude: best where showers are small and what
                                   counts is that there are some around */
    NWC_CASCADE_MEAN = 3 /**< the expected amount: smooth, and with the least squared error */
} nwc_cascade_product;

/**
 * Carry fields along a motion field and let go of what cannot be followed, scale by scale.
 *
 * The last frames, up to four, are brought to where the newest one is and taken apart into bands of scale (about 3 to 150
 * cells). How well each band of one frame agrees with the next tells how long it lasts; its last two frames, weighted by
 * that, foresee it, and the largest scales go on for some minutes as they changed. The sum is carried as
 * nwc_forecast_extrapolate does, to which all of its text on coverage applies.
 *
 * Frames at least 3.5 and at most 30 minutes apart are compared, so steps may be uneven, and those that are known where
 * less than half of the newest one is known are left out. Where only the newest frame is known it stands for the others.
 * A band that is in no frame, as where it does not rain, is in no forecast.
 *
 * @param ctx        NULL for the defaults
 * @param frames     n_frames fields (y, x) on one grid, each 0 where there is nothing and above it elsewhere: rain, VIL,
 *                   hail; not dBZ. Infinite values count as unknown
 * @param times_ns   UTC, strictly increasing
 * @param u, v       (y, x), of the newest frame, as for nwc_forecast_extrapolate
 * @param leads_s    n_leads lead times in seconds, increasing, each at least 0 and at most 86400
 * @param products   n_products of nwc_cascade_product, each at most once
 * @param options    of the extrapolation, NULL for the defaults
 * @param forecasts  out: n_products fields (lead, y, x), which share no memory with what is given
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA when there are not two frames to compare, or no motion is known anywhere;
 *         NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count, for any subset of lead times, and for products asked for alone or together.
 * Source: after Seed (2003), J. Appl. Meteor. 42, 381.
 */
NWC_API nwc_status nwc_forecast_cascade(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns,
                                        int32_t n_frames, const nwc_field *u, const nwc_field *v, const double *leads_s,
                                        int32_t n_leads, const int32_t *products, int32_t n_products,
                                        const nwc_extrapolate_options *options, nwc_field *forecasts);

/** Options of nwc_forecast_sprog. Fill with nwc_sprog_options_init. */
typedef struct nwc_sprog_options {
    size_t struct_size; /**< set by the init function */
    int32_t levels;     /**< of wavelength, 3 to 16; default 6 */
    int32_t order;      /**< of autoregression, 1 or 2 (default); 1 where there are only two frames */
    double threshold;   /**< what is below it, in the frames' unit, counts as dry; above 0, default 0.1 */
    int32_t match;      /**< 1 (default): values are those of the newest frame, by rank; 0: as they are, smoother and
                             weaker with time */
} nwc_sprog_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_sprog_options_init(nwc_sprog_options *options);

/**
 * S-PROG: decibels of rain taken apart by wavelength, each level damped as its past says, and carried along the motion.
 *
 * The method of the name in other packages, for comparison with them; nwc_forecast_cascade is the better forecast.
 * Levels are Gaussians on the logarithm of the wave number, and the field is padded with dry cells to a size whose Fourier
 * transform is fast; cells that are not known count as dry among waves and stay unknown in the forecast. Frames are chosen
 * as by nwc_forecast_cascade, and the step of the autoregression is the time from the frame before to the newest one;
 * between steps a forecast is linear.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade
 * @param options        NULL for the defaults
 * @param extrapolation  options of the extrapolation, NULL for the defaults
 * @param forecast       out: (lead, y, x), shares no memory with what is given
 * @return as nwc_forecast_cascade
 *
 * The same bits for every thread count and for any subset of lead times. Source: Seed (2003), J. Appl. Meteor. 42, 381;
 * levels as Pulkkinen et al. (2018), J. Hydrol. 564, 66.
 */
NWC_API nwc_status nwc_forecast_sprog(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_sprog_options *options, const nwc_extrapolate_options *extrapolation,
                                      nwc_field *forecast);

/** Options of nwc_forecast_steps. Fill with nwc_steps_options_init. */
typedef struct nwc_steps_options {
    size_t struct_size;   /**< set by the init function */
    uint64_t seed;        /**< default 0 */
    int32_t first_member; /**< number of the first of the members asked for, 0 or more; default 0 */
    int32_t levels;       /**< of wavelength, 3 to 16; default 6 */
    int32_t order;        /**< of autoregression, 1 or 2 (default); 1 where there are only two frames */
    double threshold;     /**< what is below it, in the frames' unit, counts as dry; above 0, default 0.1 */
    int32_t vary_motion;  /**< 1 (default): members move differently; 0: all along the motion given */
    double window_m;      /**< of nwc_forecast_sseps: width of its windows, over the ground; above 0, default 128 km */
} nwc_steps_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_steps_options_init(nwc_steps_options *options);

/**
 * STEPS: an ensemble whose members are equally likely, each with noise in place of what cannot be followed.
 *
 * As nwc_forecast_sprog, with noise of the newest frame's spectrum that keeps the variance of each wavelength; new rain forms
 * no farther than 10 cells from rain in a step; values are those of the newest frame, by rank; and each member is ahead or
 * behind and aside of the motion, by distances that grow with time (Bowler et al. 2006, with the constants of pysteps).
 * Ranks and the distance from rain take some variance away; noise is made as much stronger in each wavelength, up to twice, as
 * rain of a trial member lacks over twelve steps.
 *
 * A member is the same for the same seed and number, whichever others are asked for: a large ensemble can be done a few
 * members at a time, in memory that does not grow with it.
 *
 * @param frames, times_ns, n_frames, u, v, leads_s, n_leads  as for nwc_forecast_cascade
 * @param options        NULL for the defaults
 * @param extrapolation  options of the extrapolation, NULL for the defaults; NWC_SAMPLE_FADING is cubic at every lead time, since
 *                       noise does not become smoother
 * @param forecasts      out: (member, lead, y, x), shares no memory with what is given
 * @return as nwc_forecast_cascade
 *
 * The same bits for every thread count, for any subset of lead times and any chunks of members. Source: Bowler, Pierce and
 * Seed (2006), Q. J. R. Meteorol. Soc. 132, 2127; noise by Pegram and Clothier (2001), J. Hydrol. 249, 1.
 */
NWC_API nwc_status nwc_forecast_steps(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_steps_options *options, const nwc_extrapolate_options *extrapolation,
                                      nwc_field *forecasts);

/**
 * How far the cells of a composite will stay behind its time: composites that carry cells over until the next scan.
 *
 * A composite made more often than its radars scan shows, in the area of each, what was there at its last scan. At a lead
 * time it will have moved by a whole number of scans and not by the lead time: by less where the cells have just been
 * renewed, by more where they are old. When each area was renewed is seen in the frames, as cells that are the same
 * number in two of them or are not; when it will be is found from that for periods of scanning that radars have. The
 * delay is the lead time less the time by which what is shown will have moved: a negative one makes up for cells that
 * are old now. With it nwc_forecast_extrapolate forecasts what the composite will show; without it, the echo itself.
 *
 * Cells tell whether they were renewed where they are known in both frames and differ from each of their four
 * neighbours, so flat areas, dry ones and the grid's margin take no part. The delay is zero where fewer than half of
 * the cells around were carried over between any two frames, a tenth of them being taken as renewed beforehand; with
 * fewer than three frames; and at lead times above 20 min. Frames before a gap of more than 10 min, more than 30 min
 * older than the latest, or not among the latest 16, are not looked at.
 *
 * @param ctx      NULL for the defaults
 * @param frames   n_frames fields (y, x) on one grid, of at most 2^31 - 1 cells, unchanged since they were read: any
 *                 interpolation hides which cells are the same
 * @param times_ns UTC, strictly increasing; steps may differ
 * @param n_frames 1 or more
 * @param leads_s  n_leads lead times in seconds after the latest frame, increasing, each at least 0 and at most 86400
 * @param delay    out: (lead, y, x), seconds
 * @param carried  out: of the cells that tell, the share that was carried over from a frame to the next, 0 to 1; may be
 *                 NULL
 * @return NWC_OK; NWC_ERR_ARG for a shape, time or range; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_forecast_delay(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const double *leads_s, int32_t n_leads, nwc_field *delay, double *carried);

/**
 * Accumulate rain between two frames along its motion, so that fast showers leave a swath and not a row of spots.
 *
 * In between, rain is the earlier frame carried forward and the later one carried back, weighted by how near each is in time;
 * steps are as short as no cell is skipped, at most 64 of them. Where both bring what is not known, as at a corner of the grid, the
 * frames count as they stand.
 *
 * @param earlier, later  (y, x) on one grid, "mm h-1"
 * @param u, v      (y, x), as for nwc_forecast_extrapolate
 * @param dt_s      from the earlier to the later, above 0 to 21600
 * @param options   of the extrapolation, NULL for the defaults; delay and later are not used
 * @param amount    out: (y, x), mm; NaN where neither frame is known for half of the time
 * @return as nwc_forecast_extrapolate
 *
 * Source: Anagnostou and Krajewski (1999), J. Atmos. Oceanic Technol. 16, 189, section 3.
 */
NWC_API nwc_status nwc_forecast_accumulate(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later,
                                           const nwc_field *u, const nwc_field *v, double dt_s,
                                           const nwc_extrapolate_options *options, nwc_field *amount);

/**
 * The greatest value that every cell has had within a time that ends with the last frame: tracks of rotation, swaths of hail.
 *
 * With a motion, what is between two frames counts too, as for nwc_forecast_accumulate, so that what moves fast leaves a track and
 * not a row of spots; over more than half an hour nothing is followed.
 *
 * @param frames    n_frames fields (y, x), of any unit; with a motion all on one grid
 * @param times_ns  UTC, increasing
 * @param u, v      (y, x), as for nwc_forecast_extrapolate; NULL for the frames alone
 * @param window_s  frames no older than this before the last one count; 0 to 86400
 * @param options   of the extrapolation, NULL for the defaults; delay and later are not used
 * @param greatest  out: (y, x); NaN where no frame is known
 * @return as nwc_forecast_extrapolate
 */
NWC_API nwc_status nwc_forecast_swath(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, double window_s,
                                      const nwc_extrapolate_options *options, nwc_field *greatest);

#ifdef __cplusplus
}
#endif
#endif
