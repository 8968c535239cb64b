/* Sums of any kind: made, merged, stored. */
#include "verify/sums.h"

nwc_status nwc__sums_create(nwc_ctx *ctx, int32_t kind, int64_t head, int64_t n_sums, nwc_verify_sums **made)
{
    nwc_status status;
    nwc_verify_sums *sums;
    NWC__ALLOC(ctx, sums, 1);
    *sums = (nwc_verify_sums){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                              .head = head,
                              .size = head + n_sums};
    NWC__ALLOC(ctx, sums->state, sums->size);
    for (int64_t k = 0; k < sums->size; k++) sums->state[k] = 0.0;
    sums->state[0] = kind;
    *made = sums;
    return NWC_OK;

done:
    nwc_verify_sums_destroy(sums);
    return status;
}

void nwc_verify_sums_destroy(nwc_verify_sums *sums)
{
    if (!sums) return;
    nwc_ctx memory = {.alloc = sums->memory.alloc, .free = sums->memory.free, .alloc_user = sums->memory.alloc_user};
    nwc__free(&memory, sums->state);
    nwc__free(&memory, sums);
}

nwc_status nwc__sums_check(const nwc_verify_sums *sums, int32_t kind, const char *maker)
{
    if (sums && sums->state[0] == kind) return NWC_OK;
    return nwc__fail(NWC_ERR_ARG, "sums: those of %s expected, %s given", maker, sums ? "others" : "NULL");
}

void nwc__sums_add_parts(nwc_verify_sums *sums, const double *parts, int64_t n_parts)
{
    const int64_t n = sums->size - sums->head;
    for (int64_t part = 0; part < n_parts; part++)
        for (int64_t k = 0; k < n; k++) sums->state[sums->head + k] += parts[part * n + k];
}

nwc_status nwc__verify_check_index(const char *name, int32_t index, int32_t n)
{
    if (index >= 0 && index < n) return NWC_OK;
    return nwc__fail(NWC_ERR_ARG, "%s: an index below %d expected, %d given", name, (int)n, (int)index);
}

/* Refuse a state of n values whose head is not that of sums. */
static nwc_status check_state(const nwc_verify_sums *sums, const char *name, const double *state)
{
    for (int64_t k = 0; k < sums->head; k++)
        if (!(state[k] == sums->state[k]))
            return nwc__fail(NWC_ERR_ARG, "%s: sums of the same %s expected", name, k == 0 ? "kind" : "options");
    return NWC_OK;
}

nwc_status nwc_verify_sums_merge(nwc_verify_sums *into, const nwc_verify_sums *from)
{
    if (!into) return nwc__fail(NWC_ERR_ARG, "into: sums expected, NULL given");
    if (!from) return nwc__fail(NWC_ERR_ARG, "from: sums expected, NULL given");
    if (from->head != into->head || from->size != into->size)
        return nwc__fail(NWC_ERR_ARG, "from: sums of the same options expected");
    NWC__TRY(check_state(into, "from", from->state));
    nwc__sums_add_parts(into, from->state + from->head, 1);
    return NWC_OK;
}

int64_t nwc_verify_sums_state_size(const nwc_verify_sums *sums)
{
    return sums ? sums->size : 0;
}

nwc_status nwc_verify_sums_get_state(const nwc_verify_sums *sums, double *state)
{
    if (!sums) return nwc__fail(NWC_ERR_ARG, "sums: sums expected, NULL given");
    if (!state) return nwc__fail(NWC_ERR_ARG, "state: %lld values expected, NULL given", (long long)sums->size);
    memcpy(state, sums->state, (size_t)sums->size * sizeof *state);
    return NWC_OK;
}

nwc_status nwc_verify_sums_add_state(nwc_verify_sums *sums, const double *state, int64_t n)
{
    if (!sums) return nwc__fail(NWC_ERR_ARG, "sums: sums expected, NULL given");
    NWC__TRY(nwc__verify_check_size(state, n, sums->size));
    NWC__TRY(check_state(sums, "state", state));
    NWC__TRY(nwc__verify_check_sums(state + sums->head, n - sums->head));
    nwc__sums_add_parts(sums, state + sums->head, 1);
    return NWC_OK;
}
