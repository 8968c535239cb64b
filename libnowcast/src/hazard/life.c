/*
 * The life of one warning: raised at once, lowered and ended after its rule has held, told of when it has changed enough, and over
 * when its message has expired. What is not told of changes nothing, so that a warning is always what its latest message says.
 */
#include "hazard/hazard.h"

#include <stdlib.h>

static int64_t later(int64_t time_ns, double seconds)
{
    return time_ns + (int64_t)(seconds * NWC__SECOND_NS);
}

/* A new message: the warning as it is now. */
static nwc_status tell(struct nwc__moment *moment, int64_t w, int32_t kind, int32_t reason, int64_t other,
                       int32_t level_before, const char *by)
{
    struct nwc__warning *const warning = nwc__warning_at(moment, w);
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(&moment->events, sizeof(struct nwc__event), &at));
    struct nwc__event event = {.event = {.kind = kind,
                                         .reason = reason,
                                         .warning = warning->number,
                                         .other = other,
                                         .level = warning->area.level,
                                         .level_before = level_before,
                                         .time_ns = moment->time_ns}};
    if (by) memcpy(event.by, by, strlen(by));
    event.event.message = ++warning->message;
    const bool to_actual = by && (warning->actual_message || warning->active); /* else what it ends is a draft */
    event.of_message = to_actual ? warning->actual_message : warning->draft_message;
    event.of_ns = to_actual ? warning->actual_ns : warning->draft_ns;
    warning->sent_ns = moment->time_ns;
    warning->approved = by != NULL;
    if (by)
        warning->actual_message = warning->message, warning->actual_ns = moment->time_ns;
    else
        warning->draft_message = warning->message, warning->draft_ns = moment->time_ns;
    memcpy(at, &event, sizeof event);
    return NWC_OK;
}

/* What is found becomes what is told. */
static void take(struct nwc__warning *warning, const struct nwc__area *found, const nwc_hazard_rule *rule,
                 int32_t level, int64_t now_ns)
{
    warning->area = *found;
    warning->area.level = level;
    if (warning->area.end_ns < now_ns) warning->area.end_ns = now_ns;
    warning->hold_s = rule->hold_s, warning->valid_s = rule->valid_s;
    warning->expires_ns = later(warning->area.end_ns, rule->valid_s);
}

nwc_status nwc__life_begin(struct nwc__moment *moment, const char *hazard, const char *place,
                           const struct nwc__area *found, const nwc_hazard_rule *rule, int64_t split_from)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(&moment->warnings, sizeof(struct nwc__warning), &at));
    struct nwc__warning *const warning = (struct nwc__warning *)(void *)at;
    memcpy(warning->hazard, hazard, strlen(hazard));
    if (place) memcpy(warning->place, place, strlen(place));
    warning->number = moment->next_number++;
    warning->active = 1;
    warning->issued_ns = warning->met_ns = moment->time_ns;
    warning->below_ns = NWC__NEVER;
    warning->met_level = found->level;
    warning->speed_m_s = warning->towards_deg = (double)NAN;
    take(warning, found, rule, found->level, moment->time_ns);
    return tell(moment, nwc__warnings_of(moment) - 1, NWC_HAZARD_ISSUE, split_from ? NWC_HAZARD_SPLIT : NWC_HAZARD_MET,
                split_from, 0, NULL);
}

nwc_status nwc__life_end(struct nwc__moment *moment, int64_t w, int32_t kind, int32_t reason, int64_t other,
                         const char *by)
{
    struct nwc__warning *const warning = nwc__warning_at(moment, w);
    if (kind != NWC_HAZARD_APPROVE) warning->active = 0;
    return tell(moment, w, kind, reason, other, warning->area.level, by);
}

nwc_status nwc__life_expire(struct nwc__moment *moment, int64_t w)
{
    if (nwc__warning_at(moment, w)->expires_ns > moment->time_ns) return NWC_OK;
    return nwc__life_end(moment, w, NWC_HAZARD_EXPIRE, NWC_HAZARD_ENDED, 0, NULL);
}

/* Whether times have changed so much that a message is due. */
static bool times_changed(const nwc_hazard_options *options, const struct nwc__warning *warning,
                          const struct nwc__area *found, const nwc_hazard_rule *rule, int64_t now_ns)
{
    const int64_t much = (int64_t)(options->update_s * NWC__SECOND_NS);
    const int64_t end = found->end_ns > now_ns ? found->end_ns : now_ns;
    const bool still_to_come = warning->area.onset_ns > now_ns;
    if (still_to_come && llabs(found->onset_ns - warning->area.onset_ns) >= much) return true;
    if (llabs(end - warning->area.end_ns) >= much) return true;
    return later(end, rule->valid_s) > warning->expires_ns && warning->expires_ns - now_ns <= much;
}

static nwc_status keep_up(nwc_ctx *ctx, const nwc_hazard_options *options, struct nwc__moment *moment, int64_t w,
                          const struct nwc__area *found, const nwc_hazard_rule *rule)
{
    struct nwc__warning *const warning = nwc__warning_at(moment, w);
    const int32_t level = warning->area.level;
    double share = 0.0;
    if (found->n && warning->area.n) NWC__TRY(nwc__shape_change(ctx, &warning->area, found, &share));
    const bool moved = share >= options->update_share;
    if (!moved && !times_changed(options, warning, found, rule, moment->time_ns)) return NWC_OK;
    const double hold_s = warning->hold_s;
    take(warning, found, rule, level, moment->time_ns);
    warning->hold_s = hold_s; /* that of its level */
    return tell(moment, w, NWC_HAZARD_UPDATE, moved ? NWC_HAZARD_AREA_CHANGED : NWC_HAZARD_TIMES_CHANGED, 0, level,
                NULL);
}

/* The level found, one more where it has lasted. */
static int32_t level_now(struct nwc__warning *warning, const struct nwc__area *found, const nwc_hazard_rule *rule,
                         int64_t now_ns, bool *escalated)
{
    *escalated = false;
    if (!found || found->level != warning->met_level) warning->met_ns = now_ns;
    warning->met_level = found ? found->level : 0;
    if (!found) return 0;
    *escalated = rule->escalate_s > 0.0 && now_ns >= later(warning->met_ns, rule->escalate_s) &&
                 found->level < NWC_HAZARD_MOST_LEVELS;
    return found->level + *escalated;
}

nwc_status nwc__life_step(nwc_ctx *ctx, const nwc_hazard_options *options, struct nwc__moment *moment, int64_t w,
                          const struct nwc__area *found, const nwc_hazard_rule *rule, int64_t other)
{
    struct nwc__warning *const warning = nwc__warning_at(moment, w);
    const int64_t now_ns = moment->time_ns;
    bool escalated;
    const int32_t before = warning->area.level, level = level_now(warning, found, rule, now_ns, &escalated);
    if (level >= before)
        warning->below_ns = NWC__NEVER;
    else if (warning->below_ns == NWC__NEVER)
        warning->below_ns = now_ns;
    if (level > before) {
        take(warning, found, rule, level, now_ns);
        return tell(moment, w, NWC_HAZARD_UPGRADE, escalated ? NWC_HAZARD_ESCALATED : NWC_HAZARD_MET, 0, before, NULL);
    }
    if (level < before && now_ns >= later(warning->below_ns, warning->hold_s)) {
        if (level == 0)
            return nwc__life_end(moment, w, NWC_HAZARD_CANCEL, other ? NWC_HAZARD_MERGED : NWC_HAZARD_CLEARED, other,
                                 NULL);
        take(warning, found, rule, level, now_ns);
        warning->below_ns = NWC__NEVER;
        return tell(moment, w, NWC_HAZARD_DOWNGRADE, NWC_HAZARD_CLEARED, 0, before, NULL);
    }
    return found ? keep_up(ctx, options, moment, w, found, rule) : NWC_OK;
}
