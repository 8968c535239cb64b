/*
 * A nwc_verify_ensemble: made, merged, stored. All sums merge by addition. The exchanges that sort this number of members
 * are listed once, when the sums are made.
 */
#include "verify/ensemble.h"

#include "grid/exchange.h"

enum { LAYOUT = 3, HEAD = 4, MOST_MEMBERS = 1000 };

void nwc_verify_ensemble_options_init(nwc_verify_ensemble_options *options)
{
    if (options) *options = (nwc_verify_ensemble_options){.struct_size = sizeof *options};
}

static nwc_status check_options(const nwc_verify_ensemble_options *options)
{
    if (options->n_members < 1 || options->n_members > MOST_MEMBERS)
        return nwc__fail(NWC_ERR_ARG, "n_members: 1 to %d expected, %d given", MOST_MEMBERS, (int)options->n_members);
    NWC__TRY(nwc__verify_check_thresholds(options->thresholds, options->n_thresholds));
    return nwc__verify_check_windows(options->windows, options->n_windows);
}

static void lay_out(nwc_verify_ensemble *verify)
{
    const int64_t ranks = verify->n_members + 1;
    verify->head = HEAD + verify->n_thresholds + verify->n_windows;
    verify->ranks = verify->head + NWC__ENSEMBLE_SUMS;
    verify->reached = verify->ranks + ranks;
    verify->fss = verify->reached + verify->n_thresholds * 2 * ranks;
    verify->size = verify->fss + (int64_t)verify->n_thresholds * verify->n_windows * NWC__EFSS_SUMS;
}

static void fill_head(nwc_verify_ensemble *verify)
{
    double *const state = verify->state;
    for (int64_t k = 0; k < verify->size; k++) state[k] = 0.0;
    state[0] = LAYOUT;
    state[1] = verify->n_members;
    state[2] = verify->n_thresholds;
    state[3] = verify->n_windows;
    for (int32_t t = 0; t < verify->n_thresholds; t++) state[HEAD + t] = (double)verify->threshold[t];
    for (int32_t w = 0; w < verify->n_windows; w++) state[HEAD + verify->n_thresholds + w] = verify->window[w];
}

nwc_status nwc_verify_ensemble_create(nwc_ctx *ctx, const nwc_verify_ensemble_options *given,
                                      nwc_verify_ensemble **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "verify: a place for the sums expected, NULL given");
    *made = NULL;
    nwc_verify_ensemble_options options;
    nwc_verify_ensemble_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));

    nwc_status status;
    nwc_verify_ensemble *verify;
    NWC__ALLOC(ctx, verify, 1);
    *verify = (nwc_verify_ensemble){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                                    .n_members = options.n_members,
                                    .n_thresholds = options.n_thresholds,
                                    .n_windows = options.n_windows,
                                    .n_exchanges = nwc__exchanges(options.n_members, NULL)};
    lay_out(verify);
    NWC__ALLOC(ctx, verify->threshold, options.n_thresholds);
    NWC__ALLOC(ctx, verify->window, options.n_windows);
    NWC__ALLOC(ctx, verify->exchange, verify->n_exchanges);
    NWC__ALLOC(ctx, verify->state, verify->size);
    for (int32_t t = 0; t < options.n_thresholds; t++) verify->threshold[t] = (float)options.thresholds[t];
    for (int32_t w = 0; w < options.n_windows; w++) verify->window[w] = options.windows[w];
    nwc__exchanges(options.n_members, verify->exchange);
    fill_head(verify);
    *made = verify;
    return NWC_OK;

done:
    nwc_verify_ensemble_destroy(verify);
    return status;
}

void nwc_verify_ensemble_destroy(nwc_verify_ensemble *verify)
{
    if (!verify) return;
    nwc_ctx memory = {.alloc = verify->memory.alloc,
                      .free = verify->memory.free,
                      .alloc_user = verify->memory.alloc_user};
    nwc__free(&memory, verify->state);
    nwc__free(&memory, verify->exchange);
    nwc__free(&memory, verify->window);
    nwc__free(&memory, verify->threshold);
    nwc__free(&memory, verify);
}

/* Refuse a state whose head is not that of verify. */
static nwc_status check_head(const nwc_verify_ensemble *verify, const double *state, const char *name)
{
    for (int64_t k = 0; k < verify->head; k++)
        if (!(state[k] == verify->state[k]))
            return nwc__fail(NWC_ERR_ARG, "%s: sums of the same %s expected", name,
                             k == 0                                                     ? "layout"
                             : k == 1                                                   ? "number of members"
                             : k == 2 || (k >= HEAD && k < HEAD + verify->n_thresholds) ? "thresholds"
                                                                                        : "windows");
    return NWC_OK;
}

static void add_sums(nwc_verify_ensemble *into, const double *from)
{
    for (int64_t k = into->head; k < into->size; k++) into->state[k] += from[k];
}

nwc_status nwc_verify_ensemble_merge(nwc_verify_ensemble *into, const nwc_verify_ensemble *from)
{
    if (!into) return nwc__fail(NWC_ERR_ARG, "into: sums expected, NULL given");
    if (!from) return nwc__fail(NWC_ERR_ARG, "from: sums expected, NULL given");
    NWC__TRY(check_head(into, from->state, "from"));
    add_sums(into, from->state);
    return NWC_OK;
}

int64_t nwc_verify_ensemble_state_size(const nwc_verify_ensemble *verify)
{
    return verify ? verify->size : 0;
}

nwc_status nwc_verify_ensemble_get_state(const nwc_verify_ensemble *verify, double *state)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    if (!state) return nwc__fail(NWC_ERR_ARG, "state: %lld values expected, NULL given", (long long)verify->size);
    memcpy(state, verify->state, (size_t)verify->size * sizeof *state);
    return NWC_OK;
}

nwc_status nwc_verify_ensemble_add_state(nwc_verify_ensemble *verify, const double *state, int64_t n)
{
    if (!verify) return nwc__fail(NWC_ERR_ARG, "verify: sums expected, NULL given");
    NWC__TRY(nwc__verify_check_size(state, n, verify->size));
    NWC__TRY(check_head(verify, state, "state"));
    NWC__TRY(nwc__verify_check_sums(state + verify->head, n - verify->head));
    add_sums(verify, state);
    return NWC_OK;
}
