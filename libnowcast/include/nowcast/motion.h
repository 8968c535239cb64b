/** @file motion.h  Motion fields from successive grids. */
#ifndef NOWCAST_MOTION_H
#define NOWCAST_MOTION_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How motion is estimated. */
typedef enum nwc_motion_method {
    NWC_MOTION_VARIATIONAL = 0, /**< robust multi-scale variational: dense, the default */
    NWC_MOTION_LUCAS_KANADE =
        1,                   /**< sparse corners tracked through a pyramid, then interpolated (Lucas and Kanade 1981) */
    NWC_MOTION_TREC = 2,     /**< windows that correlate (Rinehart and Garvey 1978), then interpolated */
    NWC_MOTION_COTREC = 3,   /**< the same, with its divergence taken away (Li, Schmid and Joss 1995) */
    NWC_MOTION_PHASE = 4,    /**< windows by phase correlation (Kuglin and Hines 1975), then interpolated */
    NWC_MOTION_CONSTANT = 5, /**< one motion for the grid: the shift at which frames correlate best */
    NWC_MOTION_VET = 6,      /**< variational echo tracking (Laroche and Zawadzki 1995), by sectors */
    NWC_MOTION_PROESMANS = 7, /**< diffusion, forward and backward (Proesmans et al. 1994): dense */
    NWC_MOTION_FARNEBACK = 8, /**< polynomial expansion (Farneback 2003), averaged over 30 cells */
    NWC_MOTION_DARTS = 9      /**< a short series of waves over the grid (Ruzanski et al. 2011) */
} nwc_motion_method;

/** Options of nwc_motion_estimate. Fill with nwc_motion_options_init. */
typedef struct nwc_motion_options {
    size_t struct_size;   /**< set by the init function */
    int32_t method;       /**< an nwc_motion_method; default NWC_MOTION_VARIATIONAL */
    double max_speed_m_s; /**< faster motion is taken for error; in (0, 200], default 60 */
    int32_t
        max_frames; /**< 2 to 24: use this many of the latest frames. 0 (default): what suits the method. Variational:
                               of those of the last 10 minutes, or of the latest three, four that differ in age;
                               the others: the two latest pairs of frames at least 3.5 minutes apart */
    const nwc_field
        *background;         /**< u and v, (y, x) each, m s-1: the wind that steers echo, of a model, which the motion
                               tends to away from echo, over about 100 km; NaN where not known. Default NULL, none.
                               NWC_MOTION_VARIATIONAL alone takes it */
    const nwc_field *before; /**< u and v likewise, the motion of a short time before: what is sought is sought from
                               it on. Default NULL, none. NWC_MOTION_VARIATIONAL alone takes it */
} nwc_motion_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_motion_options_init(nwc_motion_options *options);

/**
 * Estimate the motion that carries echo fields into later ones.
 *
 * @param ctx       threads, log, progress; NULL for the defaults
 * @param frames    n_frames fields (y, x) on one grid, dBZ or mm h-1; NaN where the radar did not look
 * @param times_ns  UTC, nanoseconds since 1970, strictly increasing; steps may be uneven
 * @param n_frames  2 or more
 * @param options   NULL for the defaults
 * @param u, v      out: (y, x) each, m s-1 over the ground along the grid's own +x and +y (east and north on a
 *                  longlat grid); NaN where unknown
 * @param quality   out: (y, x), 0 (extrapolated from afar) to 1 (echo followed here); may be NULL
 * @return NWC_OK; NWC_ERR_ARG for a shape, unit or range; NWC_ERR_NODATA when nothing can be followed, u and v then
 *         being all NaN and quality 0; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. A field without any echo in either frame of every pair is NODATA, not an
 * invented calm, unless there is a background: it is the motion then, of quality 0.
 */
NWC_API nwc_status nwc_motion_estimate(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                       const nwc_motion_options *options, nwc_field *u, nwc_field *v,
                                       nwc_field *quality);

/**
 * How far a motion may be off: the standard error of u and of v, each.
 *
 * From what the motion changed by since an estimate of a few minutes before, averaged over some 20 km where echo was
 * followed, and from its quality: the less echo holds it, the less it is known. Of storms whose motion is known about 68 %
 * of the errors are within it (the guide has the numbers). What a motion changes by later is not in it.
 *
 * @param ctx      NULL for the defaults
 * @param u, v, quality  (y, x) each, as nwc_motion_estimate gives them by NWC_MOTION_VARIATIONAL; u with its grid
 * @param before   u and v of the frames without the newest one, or of the cycle before: 2 to 15 minutes older
 * @param error    out: (y, x), m s-1; NaN where the motion is not known
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA when nothing was followed anywhere, error then being unspecified;
 *         NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_motion_error(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_field *quality,
                                    const nwc_field *before, nwc_field *error);

#ifdef __cplusplus
}
#endif
#endif
