/* Warnings from call to call: made, evaluated as a whole or not at all, approved and ended by persons. */
#include "hazard/hazard.h"

#include <stdio.h>

#define NEAREST_STORM_M 50000.0
#define EARTH_RADIUS_M 6371008.8

/* ---- moments ---- */

void nwc__moment_begin(nwc_ctx *memory, int64_t time_ns, int64_t next_number, struct nwc__moment *moment)
{
    *moment = (struct nwc__moment){.time_ns = time_ns,
                                   .next_number = next_number,
                                   .warnings.ctx = memory,
                                   .events.ctx = memory,
                                   .effects.ctx = memory,
                                   .shown_warnings.ctx = memory,
                                   .shown_events.ctx = memory,
                                   .journal.ctx = memory};
}

void nwc__moment_release(nwc_ctx *memory, struct nwc__moment *moment)
{
    nwc__free(memory, moment->journal.data);
    nwc__free(memory, moment->shown_events.data);
    nwc__free(memory, moment->shown_warnings.data);
    nwc__free(memory, moment->effects.data);
    nwc__free(memory, moment->events.data);
    nwc__free(memory, moment->warnings.data);
    nwc__moment_begin(memory, moment->time_ns, moment->next_number, moment);
}

struct nwc__warning *nwc__warning_at(const struct nwc__moment *moment, int64_t w)
{
    return (struct nwc__warning *)(void *)moment->warnings.data + w;
}

int64_t nwc__warnings_of(const struct nwc__moment *moment)
{
    return moment->warnings.size / (int64_t)sizeof(struct nwc__warning);
}

const struct nwc__event *nwc__event_at(const struct nwc__moment *moment, int64_t e)
{
    return (const struct nwc__event *)(const void *)moment->events.data + e;
}

struct nwc__warning *nwc__warning_numbered(const struct nwc__moment *moment, int64_t number)
{
    for (int64_t w = 0; w < nwc__warnings_of(moment); w++)
        if (nwc__warning_at(moment, w)->number == number) return nwc__warning_at(moment, w);
    return NULL;
}

const struct nwc__place_kept *nwc__place_named(const nwc_hazard *hazard, const char *id)
{
    for (int32_t p = 0; p < hazard->n_places; p++)
        if (strcmp(hazard->places[p].id, id) == 0) return &hazard->places[p];
    return NULL;
}

/* Warnings of before that go on, as they are; all: those that ended too. */
static nwc_status copy_warnings(const struct nwc__moment *from, bool all, struct nwc__moment *to)
{
    for (int64_t w = 0; w < nwc__warnings_of(from); w++) {
        uint8_t *at;
        if (!all && !nwc__warning_at(from, w)->active) continue;
        NWC__TRY(nwc__buffer_extend(&to->warnings, sizeof(struct nwc__warning), &at));
        memcpy(at, nwc__warning_at(from, w), sizeof(struct nwc__warning));
    }
    return NWC_OK;
}

/* ---- made ---- */

static void copy_rule(const nwc_hazard_rule *rule, struct nwc__rule_kept *kept)
{
    *kept = (struct nwc__rule_kept){.rule = *rule};
    memcpy(kept->hazard, rule->hazard, strlen(rule->hazard));
    memcpy(kept->quantity, rule->quantity, strlen(rule->quantity));
    memcpy(kept->units, rule->units, strlen(rule->units));
    if (rule->group) memcpy(kept->group, rule->group, strlen(rule->group));
    kept->rule.hazard = kept->hazard, kept->rule.quantity = kept->quantity, kept->rule.units = kept->units;
    kept->rule.group = rule->group ? kept->group : NULL;
}

static nwc_status keep_places(nwc_hazard *hazard, const nwc_hazard_place *places, int32_t n)
{
    for (int32_t p = 0; p < n; p++) {
        char name[32];
        struct nwc__place_kept kept;
        nwc_status status = nwc__place_keep(&hazard->memory, &places[p], &kept);
        if (status == NWC_OK && nwc__place_named(hazard, kept.id))
            status = nwc__fail(NWC_ERR_ARG, "id: one of its own expected, %s is there", kept.id);
        snprintf(name, sizeof name, "place %d", (int)p);
        if (status != NWC_OK) {
            nwc__place_release(&hazard->memory, &kept);
            return status == NWC_ERR_ARG ? nwc__fail_within(status, name) : status;
        }
        hazard->places[hazard->n_places++] = kept;
    }
    return NWC_OK;
}

nwc_status nwc_hazard_create(nwc_ctx *ctx, const nwc_hazard_rule *rules, int32_t n_rules,
                             const nwc_hazard_place *places, int32_t n_places, const nwc_hazard_options *given,
                             nwc_hazard_event_fn event, void *user, nwc_hazard **out)
{
    ctx = nwc__ctx(ctx);
    nwc_hazard_options options;
    if (!out) return nwc__fail(NWC_ERR_ARG, "hazard: a place for warnings expected, NULL given");
    *out = NULL;
    NWC__TRY(nwc_hazard_rules_check(rules, n_rules));
    NWC__TRY(nwc__hazard_take_options(given, &options));
    if (n_places < 0 || (n_places && !places))
        return nwc__fail(NWC_ERR_ARG, "places: 0 or more expected, %d given", (int)n_places);
    nwc_status status = NWC_OK;
    nwc_hazard *hazard = nwc__alloc(ctx, 1, sizeof *hazard);
    if (!hazard) return NWC_ERR_NOMEM;
    *hazard = (nwc_hazard){.memory = {.alloc = ctx->alloc,
                                      .free = ctx->free,
                                      .alloc_user = ctx->alloc_user,
                                      .threads = 1,
                                      .simd = ctx->simd},
                           .options = options,
                           .event = event,
                           .user = user};
    nwc_ctx *const memory = &hazard->memory;
    hazard->saved.ctx = hazard->message.ctx = memory;
    nwc__moment_begin(memory, NWC__NEVER, 1, &hazard->moment);
    NWC__ALLOC(memory, hazard->rules, n_rules);
    NWC__ALLOC(memory, hazard->plain, n_rules);
    NWC__ALLOC(memory, hazard->places, n_places);
    for (hazard->n_rules = 0; hazard->n_rules < n_rules; hazard->n_rules++) {
        copy_rule(&rules[hazard->n_rules], &hazard->rules[hazard->n_rules]);
        hazard->plain[hazard->n_rules] = hazard->rules[hazard->n_rules].rule;
    }
    if ((status = keep_places(hazard, places, n_places)) == NWC_OK) status = nwc__moment_show(&hazard->moment);
done:
    if (status == NWC_OK)
        *out = hazard;
    else
        nwc_hazard_destroy(hazard);
    return status;
}

static void forget_feet(nwc_hazard *hazard)
{
    nwc__feet_release(&hazard->memory, &hazard->feet);
    nwc__free(&hazard->memory, (char *)(uintptr_t)hazard->feet_grid.projection);
    hazard->feet_grid.projection = NULL;
}

void nwc_hazard_destroy(nwc_hazard *hazard)
{
    if (!hazard) return;
    nwc_ctx memory = hazard->memory;
    for (int32_t p = 0; p < hazard->n_places; p++) nwc__place_release(&memory, &hazard->places[p]);
    nwc__moment_release(&memory, &hazard->moment);
    forget_feet(hazard);
    nwc__free(&memory, hazard->message.data);
    nwc__free(&memory, hazard->saved.data);
    nwc__free(&memory, hazard->places);
    nwc__free(&memory, hazard->plain);
    nwc__free(&memory, hazard->rules);
    nwc__free(&memory, hazard);
}

/* ---- evaluated ---- */

static bool has_rule(const nwc_hazard *hazard, const char *name, int32_t target)
{
    for (int32_t r = 0; r < hazard->n_rules; r++)
        if (hazard->plain[r].target == target && strcmp(hazard->plain[r].hazard, name) == 0) return true;
    return false;
}

/* What ends whatever the frames say. */
static nwc_status end_what_must(const nwc_hazard *hazard, struct nwc__moment *moment)
{
    const bool back = hazard->moment.time_ns != NWC__NEVER && moment->time_ns <= hazard->moment.time_ns;
    for (int64_t w = 0; w < nwc__warnings_of(moment); w++) {
        const struct nwc__warning *const warning = nwc__warning_at(moment, w);
        const bool area = warning->place[0] == '\0';
        if (back)
            NWC__TRY(nwc__life_end(moment, w, NWC_HAZARD_CANCEL, NWC_HAZARD_CLOCK, 0, NULL));
        else if (!has_rule(hazard, warning->hazard, area ? NWC_HAZARD_AREA : NWC_HAZARD_PLACE) ||
                 (!area && !nwc__place_named(hazard, warning->place)))
            NWC__TRY(nwc__life_end(moment, w, NWC_HAZARD_CANCEL, NWC_HAZARD_REMOVED, 0, NULL));
        else
            NWC__TRY(nwc__life_expire(moment, w));
    }
    return NWC_OK;
}

/* The cells of places are found anew on another grid alone: it takes longer than all else. */
static nwc_status keep_feet(nwc_hazard *hazard, const nwc_grid *grid)
{
    nwc_grid flat = *grid;
    flat.nz = 0, flat.z_m = NULL;
    if (hazard->feet_grid.projection && nwc__same_grid(&hazard->feet_grid, &flat)) return NWC_OK;
    forget_feet(hazard);
    NWC__TRY(nwc__feet_find(&hazard->memory, &flat, hazard->places, hazard->n_places, &hazard->feet));
    hazard->feet_grid = flat;
    hazard->feet_grid.projection = nwc__copy_text(&hazard->memory, grid->projection);
    if (!hazard->feet_grid.projection) forget_feet(hazard);
    return hazard->feet_grid.projection ? NWC_OK : NWC_ERR_NOMEM;
}

static nwc_status find_all(nwc_ctx *ctx, nwc_hazard *hazard, const struct nwc__given *given, struct nwc__moment *moment)
{
    NWC__TRY(keep_feet(hazard, given->grid));
    nwc_status status = NWC_OK;
    for (int32_t r = 0; r < hazard->n_rules && status == NWC_OK; r++) {
        const char *const name = hazard->plain[r].hazard;
        bool seen = false;
        for (int32_t s = 0; s < r; s++) seen = seen || strcmp(hazard->plain[s].hazard, name) == 0;
        if (seen) continue;
        if (has_rule(hazard, name, NWC_HAZARD_AREA))
            status = nwc__find_areas(ctx, hazard, name, given, &hazard->feet, moment);
        if (status == NWC_OK && has_rule(hazard, name, NWC_HAZARD_PLACE))
            status = nwc__find_places(ctx, hazard, name, given, &hazard->feet, moment);
    }
    if (status == NWC_OK) status = nwc__link_effects(ctx, hazard, given->grid, &hazard->feet, moment);
    return status;
}

/* Each warning with a new message takes the motion of the cell nearest to its middle. */
static void take_motion(struct nwc__moment *moment, const nwc_hazard_storm *storms, int32_t n)
{
    for (int64_t w = 0; w < nwc__warnings_of(moment); w++) {
        struct nwc__warning *const warning = nwc__warning_at(moment, w);
        double least = NEAREST_STORM_M;
        if (!warning->active || warning->sent_ns != moment->time_ns) continue;
        warning->storm = 0, warning->speed_m_s = warning->towards_deg = (double)NAN;
        for (int32_t s = 0; s < n; s++) {
            const double north = (storms[s].latitude_deg - warning->area.latitude) * NWC__RADIANS * EARTH_RADIUS_M;
            const double east = remainder(storms[s].longitude_deg - warning->area.longitude, 360.0) * NWC__RADIANS *
                                EARTH_RADIUS_M * cos(warning->area.latitude * NWC__RADIANS);
            const double u = storms[s].u_m_s, v = storms[s].v_m_s;
            if (!(hypot(north, east) <= least) || !isfinite(u) || !isfinite(v)) continue;
            least = hypot(north, east);
            warning->storm = storms[s].id, warning->speed_m_s = hypot(u, v);
            warning->towards_deg = fmod(atan2(u, v) / NWC__RADIANS + 360.0, 360.0);
        }
    }
}

/* The moment becomes that of the warnings, and is told of. */
static void put_in_place(nwc_hazard *hazard, struct nwc__moment *next)
{
    struct nwc__moment before = hazard->moment;
    hazard->moment = *next;
    nwc__moment_release(&hazard->memory, &before);
    const nwc_hazard_event *const events = (const nwc_hazard_event *)(const void *)hazard->moment.shown_events.data;
    for (int64_t e = 0; hazard->event && e < hazard->moment.events.size / (int64_t)sizeof(struct nwc__event); e++) {
        const nwc_hazard_warning shown = nwc__warning_shown(nwc__warning_numbered(&hazard->moment, events[e].warning));
        hazard->event(&events[e], &shown, hazard->user);
    }
}

nwc_status nwc_hazard_evaluate(nwc_ctx *ctx, nwc_hazard *hazard, const nwc_hazard_frame *frames, int32_t n_frames,
                               int64_t now_ns, const nwc_hazard_storm *storms, int32_t n_storms)
{
    ctx = nwc__ctx(ctx);
    struct nwc__given given;
    struct nwc__moment next;
    if (!hazard) return nwc__fail(NWC_ERR_ARG, "hazard: warnings expected, NULL given");
    if (n_storms < 0 || (n_storms && !storms))
        return nwc__fail(NWC_ERR_ARG, "storms: 0 or more expected, %d given", (int)n_storms);
    if (now_ns == NWC__NEVER) return nwc__fail(NWC_ERR_ARG, "now_ns: a time expected, none given");
    if (hazard->moment.time_ns >= now_ns && !hazard->options.clock_back) {
        char last[NWC__TIME_TEXT], now[NWC__TIME_TEXT];
        nwc__time_text(hazard->moment.time_ns, last), nwc__time_text(now_ns, now);
        return nwc__fail(NWC_ERR_ARG, "now_ns: a time after %s expected, %s given", last, now);
    }
    NWC__TRY(nwc__given_take(ctx, frames, n_frames, now_ns, &given));
    nwc__moment_begin(&hazard->memory, now_ns, hazard->moment.next_number, &next);
    nwc_status status = copy_warnings(&hazard->moment, false, &next);
    if (status == NWC_OK) status = end_what_must(hazard, &next);
    if (status == NWC_OK && n_frames) status = find_all(ctx, hazard, &given, &next);
    if (status == NWC_OK) {
        take_motion(&next, storms, n_storms);
        status = nwc__moment_show(&next);
    }
    nwc__free(ctx, given.order);
    if (status == NWC_OK)
        put_in_place(hazard, &next);
    else
        nwc__moment_release(&hazard->memory, &next);
    return status;
}

nwc_status nwc_hazard_lend(const nwc_hazard *hazard, nwc_hazard_table *table)
{
    if (!hazard || !table) return nwc__fail(NWC_ERR_ARG, "hazard, table: warnings and a place for them expected");
    const struct nwc__moment *const moment = &hazard->moment;
    *table = (nwc_hazard_table){.time_ns = moment->time_ns,
                                .n_warnings = nwc__warnings_of(moment),
                                .n_events = moment->events.size / (int64_t)sizeof(struct nwc__event),
                                .n_effects = moment->effects.size / (int64_t)sizeof(nwc_hazard_effect),
                                .warnings = (const nwc_hazard_warning *)(const void *)moment->shown_warnings.data,
                                .events = (const nwc_hazard_event *)(const void *)moment->shown_events.data,
                                .effects = (const nwc_hazard_effect *)(const void *)moment->effects.data,
                                .journal = (const char *)moment->journal.data};
    return NWC_OK;
}

/* ---- persons ---- */

static nwc_status check_person(const nwc_hazard *hazard, int64_t number, const char *by, int64_t now_ns, int64_t *w)
{
    if (!hazard || !by || !by[0] || strlen(by) >= NWC_HAZARD_MOST_NAME)
        return nwc__fail(NWC_ERR_ARG, "hazard, by: warnings and a name of 1 to 63 bytes expected");
    if (now_ns < hazard->moment.time_ns)
        return nwc__fail(NWC_ERR_ARG, "now_ns: not before the latest call expected, it was %g s later",
                         (double)(hazard->moment.time_ns - now_ns) / NWC__SECOND_NS);
    const struct nwc__warning *const warning = nwc__warning_numbered(&hazard->moment, number);
    if (!warning)
        return nwc__fail(NWC_ERR_ARG, "warning: one of the latest call expected, %lld given", (long long)number);
    *w = warning - nwc__warning_at(&hazard->moment, 0);
    return NWC_OK;
}

/* The present moment with one event alone, by a person. */
static nwc_status act(nwc_hazard *hazard, int64_t w, int32_t kind, const char *by, int64_t now_ns)
{
    struct nwc__moment next;
    nwc__moment_begin(&hazard->memory, now_ns, hazard->moment.next_number, &next);
    nwc_status status = copy_warnings(&hazard->moment, true, &next);
    uint8_t *at;
    if (status == NWC_OK) status = nwc__buffer_extend(&next.effects, hazard->moment.effects.size, &at);
    if (status == NWC_OK && hazard->moment.effects.size)
        memcpy(at, hazard->moment.effects.data, (size_t)hazard->moment.effects.size);
    if (status == NWC_OK) status = nwc__life_end(&next, w, kind, NWC_HAZARD_PERSON, 0, by);
    next.time_ns = hazard->moment.time_ns; /* fields go on from there */
    if (status == NWC_OK) status = nwc__moment_show(&next);
    if (status == NWC_OK)
        put_in_place(hazard, &next);
    else
        nwc__moment_release(&hazard->memory, &next);
    return status;
}

nwc_status nwc_hazard_approve(nwc_hazard *hazard, int64_t number, const char *by, int64_t now_ns)
{
    int64_t w;
    NWC__TRY(check_person(hazard, number, by, now_ns, &w));
    const struct nwc__warning *const warning = nwc__warning_at(&hazard->moment, w);
    if (warning->approved)
        return nwc__fail(NWC_ERR_ARG, "warning: one nobody has approved expected, %lld is", (long long)number);
    if (!warning->active && !warning->actual_message)
        return nwc__fail(NWC_ERR_ARG, "warning: %lld has ended, and nothing of it was approved", (long long)number);
    return act(hazard, w, NWC_HAZARD_APPROVE, by, now_ns);
}

nwc_status nwc_hazard_cancel(nwc_hazard *hazard, int64_t number, const char *by, int64_t now_ns)
{
    int64_t w;
    NWC__TRY(check_person(hazard, number, by, now_ns, &w));
    if (!nwc__warning_at(&hazard->moment, w)->active)
        return nwc__fail(NWC_ERR_ARG, "warning: one that goes on expected, %lld has ended", (long long)number);
    return act(hazard, w, NWC_HAZARD_CANCEL, by, now_ns);
}
