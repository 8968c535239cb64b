/**
 * @file verify_sums.h  Running sums of scores of any kind: merged, stored and read back.
 *
 * Sums of one stratum (a lead time, a case, a season), made by nwc_verify_probability_create and its likes and filled by the add
 * function of the same kind. All of them merge by addition, so that a year of cycles is scored a cycle at a time.
 */
#ifndef NOWCAST_VERIFY_SUMS_H
#define NOWCAST_VERIFY_SUMS_H

#include <nowcast/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Running sums of one stratum. One thread at a time. */
typedef struct nwc_verify_sums nwc_verify_sums;

/** Release sums; NULL is accepted. */
NWC_API void nwc_verify_sums_destroy(nwc_verify_sums *sums);

/**
 * Add the sums of @p from to @p into; both of one kind, made with the same options.
 *
 * Counts are the same in whatever order sums are merged; all else is to about 1e-12 of its size.
 *
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_sums_merge(nwc_verify_sums *into, const nwc_verify_sums *from);

/** The number of values nwc_verify_sums_get_state writes. 0 for NULL. */
NWC_API int64_t nwc_verify_sums_state_size(const nwc_verify_sums *sums);

/**
 * Copy the sums out, to be stored, sent to another process, or drawn from in a bootstrap: first the number of the kind and the
 * options, then what is summed; the functions that make sums say in what order.
 *
 * @param state  out: nwc_verify_sums_state_size values
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_verify_sums_get_state(const nwc_verify_sums *sums, double *state);

/**
 * Add sums that nwc_verify_sums_get_state copied out; those of the same kind and options only.
 *
 * @param n  nwc_verify_sums_state_size values
 * @return NWC_OK; NWC_ERR_ARG for another size, other options or a sum that is not finite
 */
NWC_API nwc_status nwc_verify_sums_add_state(nwc_verify_sums *sums, const double *state, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
