/**
 * @file dealias.h  Radial velocities beyond the Nyquist velocity: how many folds each gate is away from what was measured.
 *
 * Gates that leave no doubt between them are regions; the folds of all regions of the volume are then found together, as those that make
 * the differences between regions least: beside each other, across gaps, and from sweep to sweep. What hangs together is
 * held against a wind that depends on height alone, which the volume itself tells, helped by a profile or the volume before
 * where there is one. Differences between neighbours below the Nyquist velocity are never smoothed away, so that rotation stays.
 */
#ifndef NOWCAST_DEALIAS_H
#define NOWCAST_DEALIAS_H

#include <nowcast/profile.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nwc_dealias_volume. Fill with nwc_dealias_options_init. */
typedef struct nwc_dealias_options {
    size_t struct_size; /**< set by the init function */
    const char *moment; /**< what is dealiased; NULL (default) is VRADH */
    const char *output; /**< what the result is called; NULL (default) is VRADDH */
    double nyquist_m_s; /**< of rays that do not say theirs; 0 (default): these rays stay as they are, confidence 0 */
    int32_t dual_prf;   /**< n where rays were measured with pulse rates of n + 1 to n: single gates that are out by the
                             folds of either rate are put right; 0 (default) for none, else 1 to 10 */
} nwc_dealias_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_dealias_options_init(nwc_dealias_options *options);

/**
 * Dealias the velocities of a volume.
 *
 * Three moments are added to each sweep that has the one to be dealiased: the velocities (VRADDH), VFOLD, the number of
 * Nyquist intervals that were added (a fraction where a gate of a dual pulse rate was put right), and VCONF, 0 to 1: of the gates with
 * 0.5 and more all but some in a thousand are right.
 *
 * @param ctx       threads, log, progress; NULL for the defaults
 * @param volume    changed: moments are added, in place of those of the same name that an earlier call has made
 * @param profile   n_levels of a wind known beforehand, by height, such as from a model or sounding; levels with an unknown u or
 *                  v are left out; NULL for none
 * @param previous  a volume of the same radar some minutes before, with moment output; NULL for none
 * @param options   NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has the moment or no gate is known; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count.
 */
NWC_API nwc_status nwc_dealias_volume(nwc_ctx *ctx, nwc_volume *volume, const nwc_profile_level *profile,
                                      int64_t n_levels, const nwc_volume *previous, const nwc_dealias_options *options);

#ifdef __cplusplus
}
#endif
#endif
