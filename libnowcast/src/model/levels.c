/* Which entries make up a variable at a time: the run, the member, the kind of levels, the times around, and the levels. */
#include "model/model.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Ascending by level; levels that are none come first. */
static bool is_below(const nwc__model_item *a, const nwc__model_item *b)
{
    return a->entry.level < b->entry.level || (isnan(a->entry.level) && !isnan(b->entry.level));
}

nwc_status nwc__levels_find(nwc_ctx *ctx, const nwc_model *model, const nwc_model_query *query, nwc__levels *levels)
{
    const int64_t count = nwc_model_count(model);
    *levels = (nwc__levels){0};
    levels->item = nwc__alloc(ctx, count + 1, sizeof *levels->item);
    if (!levels->item) return NWC_ERR_NOMEM;
    for (int64_t e = 0; e < count; e++) {
        const nwc__model_item *const item = nwc__model_item_at(model, e);
        if (!nwc__model_matches(&item->entry, query)) continue;
        int64_t at = levels->n;
        while (at > 0 && is_below(item, levels->item[at - 1])) at--;
        if (at > 0 && !is_below(levels->item[at - 1], item)) continue; /* a second of one level */
        for (int64_t k = levels->n; k > at; k--) levels->item[k] = levels->item[k - 1];
        levels->item[at] = item;
        levels->n++;
    }
    return NWC_OK;
}

void nwc__levels_release(nwc_ctx *ctx, nwc__levels *levels)
{
    nwc__free(ctx, levels->item);
    *levels = (nwc__levels){0};
}

const nwc__model_item *nwc__levels_at(const nwc__levels *levels, double level)
{
    for (int64_t k = 0; k < levels->n; k++)
        if (levels->item[k]->entry.level == level) return levels->item[k];
    return NULL;
}

/* ---- choosing ---- */

/* Values of intervals are not interpolated between their ends: they are taken where one ends. */
static bool is_of_time(const nwc_model_entry *entry, int64_t time_ns)
{
    return entry->time_ns == time_ns || strcmp(entry->statistic, "instant") == 0;
}

static int32_t most_levels(const nwc_model *model, uint32_t kinds, int64_t time_ns, const nwc_model_query *query)
{
    int64_t found[NWC_VERTICAL_MEAN_SEA + 1] = {0};
    int32_t best = NWC_MODEL_ANY;
    for (int64_t e = 0; e < nwc_model_count(model); e++) {
        const nwc_model_entry *const entry = &nwc__model_item_at(model, e)->entry;
        if ((kinds >> entry->vertical & 1) && nwc__model_matches(entry, query) && is_of_time(entry, time_ns))
            found[entry->vertical]++;
    }
    for (int32_t kind = 0; kind <= NWC_VERTICAL_MEAN_SEA; kind++)
        if (found[kind] > (best < 0 ? 0 : found[best])) best = kind;
    return best;
}

static nwc_status only_member(const nwc_model *model, nwc_model_query *query)
{
    int32_t member = NWC_MODEL_ANY;
    for (int64_t e = 0; e < nwc_model_count(model); e++) {
        const nwc_model_entry *const entry = &nwc__model_item_at(model, e)->entry;
        if (!nwc__model_matches(entry, query)) continue;
        if (member != NWC_MODEL_ANY && entry->member != member)
            return nwc__fail(NWC_ERR_ARG, "member: one of several of %s expected, such as %d or %d", query->name,
                             (int)member, (int)entry->member);
        member = entry->member;
    }
    query->member = member;
    return NWC_OK;
}

/* The times around time_ns of one run. */
static int32_t times_around(const nwc_model *model, const nwc_model_query *query, int64_t time_ns, int64_t times_ns[2])
{
    int64_t before = INT64_MIN, after = INT64_MAX;
    for (int64_t e = 0; e < nwc_model_count(model); e++) {
        const nwc_model_entry *const entry = &nwc__model_item_at(model, e)->entry;
        if (!nwc__model_matches(entry, query) || !is_of_time(entry, time_ns)) continue;
        if (entry->time_ns <= time_ns && entry->time_ns > before) before = entry->time_ns;
        if (entry->time_ns >= time_ns) after = least(after, entry->time_ns);
    }
    times_ns[0] = before, times_ns[1] = after;
    return before == INT64_MIN || after == INT64_MAX ? 0 : before == after ? 1 : 2;
}

nwc_status nwc__model_choose(const nwc_model *model, uint32_t kinds, int64_t time_ns, nwc_model_query *query,
                             int64_t times_ns[2], int32_t *n_times)
{
    if (query->vertical == NWC_MODEL_ANY) query->vertical = most_levels(model, kinds, time_ns, query);
    if (query->vertical == NWC_MODEL_ANY)
        return nwc__fail(NWC_ERR_NODATA, "%s: no such variable on levels of the kind wanted", query->name);
    if (query->member == NWC_MODEL_ANY) NWC__TRY(only_member(model, query));
    const bool given = query->reference_ns != INT64_MIN;
    int64_t earlier = given ? query->reference_ns + 1 : INT64_MAX;
    for (;;) {
        int64_t latest = INT64_MIN;
        nwc_model_query any = *query;
        if (!given) any.reference_ns = INT64_MIN;
        for (int64_t e = 0; e < nwc_model_count(model); e++) {
            const nwc_model_entry *const entry = &nwc__model_item_at(model, e)->entry;
            if (nwc__model_matches(entry, &any) && entry->reference_ns < earlier && entry->reference_ns > latest)
                latest = entry->reference_ns;
        }
        if (latest == INT64_MIN) break;
        any.reference_ns = earlier = latest;
        if ((*n_times = times_around(model, &any, time_ns, times_ns)) > 0) {
            *query = any;
            return NWC_OK;
        }
    }
    return nwc__fail(NWC_ERR_NODATA, "%s: no %s of this member covers the time", query->name, given ? "field" : "run");
}
