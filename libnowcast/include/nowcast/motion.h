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
 * invented calm.
 */
NWC_API nwc_status nwc_motion_estimate(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                       const nwc_motion_options *options, nwc_field *u, nwc_field *v,
                                       nwc_field *quality);

#ifdef __cplusplus
}
#endif
#endif
