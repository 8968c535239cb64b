/*
 * A nwc_verify: made, merged, stored. What is summed stands in one array of doubles (verify/internal.h).
 *
 * Central moments are merged by the pairwise update of Chan, Golub and LeVeque (1983, The American Statistician 37), which
 * does not cancel as the difference of raw sums would; all else merges by addition.
 */
#include "verify/internal.h"

enum { LAYOUT = 1, HEAD = 4, MOST = 64, WIDEST = 4096 };

void nwc_verify_options_init(nwc_verify_options *options)
{
    if (options) *options = (nwc_verify_options){.struct_size = sizeof *options, .wet_threshold = (double)NAN};
}

nwc_status nwc__verify_check_thresholds(const double *thresholds, int32_t n)
{
    if (n < 0 || n > MOST) return nwc__fail(NWC_ERR_ARG, "n_thresholds: 0 to %d expected, %d given", MOST, (int)n);
    if (n && !thresholds) return nwc__fail(NWC_ERR_ARG, "thresholds: %d values expected, NULL given", (int)n);
    for (int32_t t = 0; t < n; t++)
        if (!isfinite((float)thresholds[t]))
            return nwc__fail(NWC_ERR_ARG, "thresholds: a finite value expected, %g given", thresholds[t]);
    return NWC_OK;
}

nwc_status nwc__verify_check_windows(const int32_t *windows, int32_t n)
{
    if (n < 0 || n > MOST) return nwc__fail(NWC_ERR_ARG, "n_windows: 0 to %d expected, %d given", MOST, (int)n);
    if (n && !windows) return nwc__fail(NWC_ERR_ARG, "windows: %d values expected, NULL given", (int)n);
    for (int32_t w = 0; w < n; w++)
        if (windows[w] < 1 || windows[w] > WIDEST)
            return nwc__fail(NWC_ERR_ARG, "windows: 1 to %d cells expected, %d given", WIDEST, (int)windows[w]);
    return NWC_OK;
}

static nwc_status check_options(const nwc_verify_options *options)
{
    NWC__TRY(nwc__verify_check_thresholds(options->thresholds, options->n_thresholds));
    NWC__TRY(nwc__verify_check_windows(options->windows, options->n_windows));
    if (!isnan(options->wet_threshold) && !isfinite((float)options->wet_threshold))
        return nwc__fail(NWC_ERR_ARG, "wet_threshold: a finite value or NaN expected, %g given",
                         options->wet_threshold);
    return NWC_OK;
}

/* Where everything stands in state, and its head, by which states of other options are told apart. */
static void lay_out(nwc_verify *verify)
{
    const int64_t thresholds = verify->n_thresholds, windows = verify->n_windows;
    verify->head = HEAD + thresholds + windows;
    verify->moments[0] = verify->head;
    verify->moments[1] = verify->moments[0] + NWC__MOMENTS;
    verify->counts = verify->moments[1] + NWC__MOMENTS;
    verify->fss = verify->counts + thresholds * NWC__COUNTS;
    verify->size = verify->fss + thresholds * windows * NWC__FSS_SUMS;
}

static void fill_head(nwc_verify *verify)
{
    double *const state = verify->state;
    for (int64_t k = 0; k < verify->size; k++) state[k] = 0.0;
    state[0] = LAYOUT;
    state[1] = verify->n_thresholds;
    state[2] = verify->n_windows;
    state[3] = (double)verify->wet;
    for (int32_t t = 0; t < verify->n_thresholds; t++) state[HEAD + t] = (double)verify->threshold[t];
    for (int32_t w = 0; w < verify->n_windows; w++) state[HEAD + verify->n_thresholds + w] = verify->window[w];
}

nwc_status nwc_verify_create(nwc_ctx *ctx, const nwc_verify_options *given, nwc_verify **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "verify: a place for the sums expected, NULL given");
    *made = NULL;
    nwc_verify_options options;
    nwc_verify_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));

    nwc_status status;
    nwc_verify *verify;
    NWC__ALLOC(ctx, verify, 1);
    *verify = (nwc_verify){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                           .n_thresholds = options.n_thresholds,
                           .n_windows = options.n_windows,
                           .wet = isnan(options.wet_threshold) ? INFINITY : (float)options.wet_threshold};
    lay_out(verify);
    NWC__ALLOC(ctx, verify->threshold, options.n_thresholds);
    NWC__ALLOC(ctx, verify->window, options.n_windows);
    NWC__ALLOC(ctx, verify->state, verify->size);
    for (int32_t t = 0; t < options.n_thresholds; t++) verify->threshold[t] = (float)options.thresholds[t];
    for (int32_t w = 0; w < options.n_windows; w++) verify->window[w] = options.windows[w];
    fill_head(verify);
    *made = verify;
    return NWC_OK;

done:
    nwc_verify_destroy(verify);
    return status;
}

void nwc_verify_destroy(nwc_verify *verify)
{
    if (!verify) return;
    nwc_ctx memory = {.alloc = verify->memory.alloc,
                      .free = verify->memory.free,
                      .alloc_user = verify->memory.alloc_user};
    nwc__free(&memory, verify->state);
    nwc__free(&memory, verify->window);
    nwc__free(&memory, verify->threshold);
    nwc__free(&memory, verify);
}

void nwc__verify_merge_moments(double *into, const double *from)
{
    const double n_into = into[NWC__N], n_from = from[NWC__N], n = n_into + n_from;
    if (n_from == 0.0) return;
    const double df = from[NWC__MEAN_F] - into[NWC__MEAN_F], d_o = from[NWC__MEAN_O] - into[NWC__MEAN_O];
    const double share = n_from / n, weight = n_into * share;
    into[NWC__M2_F] += from[NWC__M2_F] + df * df * weight;
    into[NWC__M2_O] += from[NWC__M2_O] + d_o * d_o * weight;
    into[NWC__C_FO] += from[NWC__C_FO] + df * d_o * weight;
    into[NWC__MEAN_F] += df * share;
    into[NWC__MEAN_O] += d_o * share;
    into[NWC__ABS] += from[NWC__ABS];
    into[NWC__SQ] += from[NWC__SQ];
    into[NWC__N] = n;
}

void nwc__verify_add_sums(const nwc_verify *verify, double *into, const double *from)
{
    for (int set = 0; set < 2; set++)
        nwc__verify_merge_moments(into + verify->moments[set], from + verify->moments[set]);
    for (int64_t k = verify->counts; k < verify->size; k++) into[k] += from[k];
}

nwc_status nwc__verify_check_size(const double *state, int64_t n, int64_t size)
{
    if (state && n == size) return NWC_OK;
    return nwc__fail(NWC_ERR_ARG, "state: %lld values expected, %lld given", (long long)size,
                     (long long)(state ? n : 0));
}

nwc_status nwc__verify_check_sums(const double *sum, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        if (!isfinite(sum[k])) return nwc__fail(NWC_ERR_ARG, "state: finite sums expected, %g given", sum[k]);
    return NWC_OK;
}

/* Refuse a state whose head is not that of verify. */
static nwc_status check_head(const nwc_verify *verify, const double *state, const char *name)
{
    for (int64_t k = 0; k < verify->head; k++)
        if (!(state[k] == verify->state[k]))
            return nwc__fail(NWC_ERR_ARG, "%s: sums of the same %s expected", name,
                             k == 0                                                     ? "layout"
                             : k == 3                                                   ? "wet_threshold"
                             : k == 1 || (k >= HEAD && k < HEAD + verify->n_thresholds) ? "thresholds"
                                                                                        : "windows");
    return NWC_OK;
}

nwc_status nwc_verify_merge(nwc_verify *into, const nwc_verify *from)
{
    if (!into) return nwc__fail(NWC_ERR_ARG, "into: sums expected, NULL given");
    if (!from) return nwc__fail(NWC_ERR_ARG, "from: sums expected, NULL given");
    NWC__TRY(check_head(into, from->state, "from"));
    nwc__verify_add_sums(into, into->state, from->state);
    return NWC_OK;
}

int64_t nwc_verify_state_size(const nwc_verify *verify)
{
    return verify ? verify->size : 0;
}

nwc_status nwc_verify_get_state(const nwc_verify *verify, double *state)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!state) return nwc__fail(NWC_ERR_ARG, "state: %lld values expected, NULL given", (long long)verify->size);
    memcpy(state, verify->state, (size_t)verify->size * sizeof *state);
    return NWC_OK;
}

nwc_status nwc_verify_add_state(nwc_verify *verify, const double *state, int64_t n)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    NWC__TRY(nwc__verify_check_size(state, n, verify->size));
    NWC__TRY(check_head(verify, state, "state"));
    NWC__TRY(nwc__verify_check_sums(state + verify->head, n - verify->head));
    nwc__verify_add_sums(verify, verify->state, state);
    return NWC_OK;
}
