/* What rules find now, and the warnings it belongs to: areas by what they share, places by themselves. */
#include "hazard/hazard.h"

#include <stdlib.h>

/* A warning that is there, and an area found, with the cells both have. */
struct pair {
    int64_t shared, w, a;
};

struct finder {
    nwc_ctx *ctx;
    const nwc_hazard *hazard;
    const char *name;
    const struct nwc__given *given;
    const struct nwc__feet *feet;
    struct nwc__moment *moment;
    uint8_t *spoke; /* n_rules: 1 where a rule had a frame */
};

static bool is_ours(const struct finder *finder, const struct nwc__warning *warning, bool area)
{
    return warning->active && strcmp(warning->hazard, finder->name) == 0 && (warning->place[0] == '\0') == area;
}

/* Whether a warning would fall while the rule that gave it has nothing to go by: then it stands until it expires. */
static bool stands(const struct finder *finder, const struct nwc__warning *warning, const struct nwc__area *found)
{
    const int32_t rule = warning->area.rule;
    const bool falls = !found || found->level < warning->area.level;
    return falls && rule >= 0 && rule < finder->hazard->n_rules && !finder->spoke[rule] &&
           strcmp(finder->hazard->plain[rule].hazard, finder->name) == 0;
}

/* The cells in each area that is warned of: of warning w from first[w] to below first[w + 1]. */
static nwc_status take_cells(const struct finder *finder, int64_t n, int64_t *first, struct nwc__buffer *cells,
                             uint8_t *kept)
{
    for (int64_t w = 0; w < n; w++) {
        const struct nwc__warning *const warning = nwc__warning_at(finder->moment, w);
        const int64_t points = warning->area.n;
        first[w] = cells->size / (int64_t)sizeof(int64_t);
        if (!is_ours(finder, warning, true)) continue;
        NWC__TRY(nwc__cells_within(finder->ctx, finder->given->grid, 1, &points, NULL, warning->area.lon,
                                   warning->area.lat, cells));
        const int64_t *const cell = (const int64_t *)(const void *)cells->data;
        for (int64_t c = first[w]; c < cells->size / (int64_t)sizeof(int64_t); c++)
            if (kept[cell[c]] < warning->area.level) kept[cell[c]] = (uint8_t)warning->area.level;
    }
    first[n] = cells->size / (int64_t)sizeof(int64_t);
    return NWC_OK;
}

/* Hold every rule of the kind against the frames. */
static nwc_status join_rules(const struct finder *finder, const uint8_t *kept, struct nwc__map *map)
{
    for (int32_t r = 0; r < finder->hazard->n_rules; r++) {
        const nwc_hazard_rule *const rule = &finder->hazard->plain[r];
        struct nwc__exceed on = {0}, keep = {0};
        if (rule->target != NWC_HAZARD_AREA || strcmp(rule->hazard, finder->name) != 0) continue;
        nwc_status status = nwc__exceed_find(finder->ctx, rule, false, finder->given, finder->feet, &on);
        const bool keeps = nwc__rule_keeps(rule);
        if (status == NWC_OK && kept && keeps)
            status = nwc__exceed_find(finder->ctx, rule, true, finder->given, finder->feet, &keep);
        finder->spoke[r] = on.n_times > 0;
        if (status == NWC_OK)
            status = nwc__map_join(finder->ctx, rule, r, finder->given, &on, keeps ? &keep : &on, kept, map);
        if (status == NWC_OK)
            status = nwc__effects_of(finder->ctx, rule, r, finder->given, &on, finder->hazard->places, finder->feet,
                                     &finder->moment->effects);
        nwc__exceed_release(finder->ctx, &keep);
        nwc__exceed_release(finder->ctx, &on);
        NWC__TRY(status);
    }
    return NWC_OK;
}

static int by_share(const void *one, const void *other)
{
    const struct pair *const a = one, *const b = other;
    if (a->shared != b->shared) return a->shared > b->shared ? -1 : 1;
    if (a->w != b->w) return a->w < b->w ? -1 : 1;
    return a->a < b->a ? -1 : a->a > b->a;
}

static nwc_status take_pairs(const int32_t *label, const int64_t *first, const int64_t *cell, int64_t n_warnings,
                             int64_t n_areas, int64_t *shared, struct nwc__buffer *pairs)
{
    memset(shared, 0, (size_t)n_areas * sizeof *shared);
    for (int64_t w = 0; w < n_warnings; w++) {
        for (int64_t c = first[w]; c < first[w + 1]; c++)
            if (label[cell[c]]) shared[label[cell[c]] - 1]++;
        for (int64_t c = first[w]; c < first[w + 1]; c++) {
            uint8_t *at;
            const int64_t a = label[cell[c]] - 1;
            if (a < 0 || !shared[a]) continue;
            const struct pair pair = {shared[a], w, a};
            shared[a] = 0;
            NWC__TRY(nwc__buffer_extend(pairs, sizeof pair, &at));
            memcpy(at, &pair, sizeof pair);
        }
    }
    if (pairs->size) qsort(pairs->data, (size_t)pairs->size / sizeof(struct pair), sizeof(struct pair), by_share);
    return NWC_OK;
}

/* Each warning goes on with what it was given; what is left begins anew. */
static nwc_status go_on(const struct finder *finder, const struct pair *pair, int64_t n_pairs, int64_t n_warnings,
                        const struct nwc__area *areas, int64_t n_areas, int64_t *area_of, int64_t *warning_of)
{
    struct nwc__moment *const moment = finder->moment;
    for (int64_t w = 0; w < n_warnings; w++) area_of[w] = -1;
    for (int64_t a = 0; a < n_areas; a++) warning_of[a] = -1;
    for (int64_t p = 0; p < n_pairs; p++)
        if (area_of[pair[p].w] < 0 && warning_of[pair[p].a] < 0)
            area_of[pair[p].w] = pair[p].a, warning_of[pair[p].a] = pair[p].w;
    for (int64_t w = 0; w < n_warnings; w++) {
        if (!is_ours(finder, nwc__warning_at(moment, w), true)) continue;
        const struct nwc__area *const found = area_of[w] < 0 ? NULL : &areas[area_of[w]];
        int64_t other = 0;
        if (stands(finder, nwc__warning_at(moment, w), found)) continue;
        for (int64_t p = 0; p < n_pairs && !found && !other; p++)
            if (pair[p].w == w) other = nwc__warning_at(moment, warning_of[pair[p].a])->number;
        NWC__TRY(nwc__life_step(finder->ctx, &finder->hazard->options, moment, w, found,
                                found ? &finder->hazard->plain[found->rule] : NULL, other));
    }
    for (int64_t a = 0; a < n_areas; a++) {
        int64_t from = 0;
        if (warning_of[a] >= 0) continue;
        for (int64_t p = 0; p < n_pairs && !from; p++)
            if (pair[p].a == a) from = nwc__warning_at(moment, pair[p].w)->number;
        NWC__TRY(nwc__life_begin(moment, finder->name, NULL, &areas[a], &finder->hazard->plain[areas[a].rule], from));
    }
    return NWC_OK;
}

static nwc_status match(const struct finder *finder, const struct nwc__map *map, const int64_t *first,
                        const int64_t *cell, int64_t n_warnings, int32_t *label)
{
    nwc_status status = NWC_OK;
    struct nwc__buffer list = {.ctx = finder->ctx}, pairs = {.ctx = finder->ctx};
    int64_t *shared = NULL, *area_of = NULL, *warning_of = NULL;
    status = nwc__map_areas(finder->ctx, map, 1, finder->given->grid, &finder->hazard->options, &list, label);
    if (status != NWC_OK) goto done;
    const struct nwc__area *const areas = (const struct nwc__area *)(const void *)list.data;
    const int64_t n_areas = list.size / (int64_t)sizeof *areas;
    NWC__ALLOC(finder->ctx, shared, n_areas);
    NWC__ALLOC(finder->ctx, area_of, n_warnings);
    NWC__ALLOC(finder->ctx, warning_of, n_areas);
    if ((status = take_pairs(label, first, cell, n_warnings, n_areas, shared, &pairs)) != NWC_OK) goto done;
    status = go_on(finder, (const struct pair *)(const void *)pairs.data, pairs.size / (int64_t)sizeof(struct pair),
                   n_warnings, areas, n_areas, area_of, warning_of);
done:
    nwc__free(finder->ctx, warning_of);
    nwc__free(finder->ctx, area_of);
    nwc__free(finder->ctx, shared);
    nwc__free(finder->ctx, pairs.data);
    nwc__free(finder->ctx, list.data);
    return status;
}

nwc_status nwc__find_areas(nwc_ctx *ctx, const nwc_hazard *hazard, const char *name, const struct nwc__given *given,
                           const struct nwc__feet *feet, struct nwc__moment *moment)
{
    nwc_status status = NWC_OK;
    struct finder finder = {ctx, hazard, name, given, feet, moment, NULL};
    const int64_t n = nwc__warnings_of(moment), cells = given->grid->ny * given->grid->nx;
    struct nwc__buffer within = {.ctx = ctx};
    struct nwc__map map = {0};
    uint8_t *kept = NULL;
    int32_t *label = NULL;
    int64_t *first = NULL;
    NWC__ALLOC(ctx, finder.spoke, hazard->n_rules);
    NWC__ALLOC(ctx, kept, cells);
    NWC__ALLOC(ctx, label, cells);
    NWC__ALLOC(ctx, first, n + 1);
    memset(kept, 0, (size_t)cells);
    if ((status = take_cells(&finder, n, first, &within, kept)) != NWC_OK) goto done;
    if ((status = nwc__map_create(ctx, given->grid, &map)) != NWC_OK) goto done;
    if ((status = join_rules(&finder, first[n] ? kept : NULL, &map)) != NWC_OK || !map.known) goto done;
    status = match(&finder, &map, first, (const int64_t *)(const void *)within.data, n, label);
done:
    nwc__map_release(ctx, &map);
    nwc__free(ctx, within.data);
    nwc__free(ctx, first);
    nwc__free(ctx, label);
    nwc__free(ctx, kept);
    nwc__free(ctx, finder.spoke);
    return status;
}

/* ---- places ---- */

/* Ground area of the cells of a place in which a probability is reached. */
static double area_met(const struct nwc__feet *feet, int64_t p, const float *probability, double wanted, double cell_m2)
{
    double n = 0.0;
    for (int64_t k = feet->first[p]; k < feet->first[p + 1]; k++) n += probability[feet->cell[k]] >= (float)wanted;
    return n * cell_m2;
}

static void find_span(const struct nwc__exceed *said, int64_t n, int64_t p, double wanted, struct nwc__area *found)
{
    int32_t first = -1, last = -1;
    for (int32_t t = 0; t < said->n_times; t++)
        if (said->place[t * n + p] >= (float)wanted) first = first < 0 ? t : first, last = t;
    const int64_t onset_ns = said->time_ns[first < 0 ? 0 : first],
                  end_ns = said->time_ns[last < 0 ? said->n_times - 1 : last];
    if (onset_ns < found->onset_ns) found->onset_ns = onset_ns;
    if (end_ns > found->end_ns) found->end_ns = end_ns;
}

static struct nwc__warning *warning_of(const struct finder *finder, const char *id, int64_t *w)
{
    for (*w = 0; *w < nwc__warnings_of(finder->moment); (*w)++) {
        struct nwc__warning *const warning = nwc__warning_at(finder->moment, *w);
        if (is_ours(finder, warning, false) && strcmp(warning->place, id) == 0) return warning;
    }
    return NULL;
}

/* What a rule says of each place joins what others said. */
static void join_places(const struct finder *finder, const nwc_hazard_rule *rule, int32_t r,
                        const struct nwc__exceed *on, const struct nwc__exceed *keep, double cell_m2, uint8_t *known,
                        struct nwc__area *found)
{
    const int64_t n = finder->feet->n;
    for (int64_t p = 0; p < n && on->n_times; p++) {
        int64_t w;
        const struct nwc__place_kept *const place = &finder->hazard->places[p];
        if (!nwc__rule_is_for(rule, place)) continue;
        known[p] = 1;
        const struct nwc__warning *const warning = warning_of(finder, place->id, &w);
        const bool stays = warning && warning->area.level >= rule->level;
        const struct nwc__exceed *const said = stays ? keep : on;
        const double wanted = nwc__rule_probability(rule, stays);
        if (said->place_any[p] < (float)wanted) continue;
        if (rule->least_area_m2 > 0.0 &&
            area_met(finder->feet, p, said->probability, wanted, cell_m2) < rule->least_area_m2)
            continue;
        if (rule->level > found[p].level) found[p].level = rule->level, found[p].rule = r;
        found[p].probability = fmax(found[p].probability, (double)said->place_any[p]);
        find_span(said, n, p, wanted, &found[p]);
    }
}

static nwc_status join_place_rules(const struct finder *finder, double cell_m2, uint8_t *known, struct nwc__area *found)
{
    for (int32_t r = 0; r < finder->hazard->n_rules; r++) {
        const nwc_hazard_rule *const rule = &finder->hazard->plain[r];
        struct nwc__exceed on = {0}, keep = {0};
        if (rule->target != NWC_HAZARD_PLACE || strcmp(rule->hazard, finder->name) != 0) continue;
        nwc_status status = nwc__exceed_find(finder->ctx, rule, false, finder->given, finder->feet, &on);
        const bool keeps = nwc__rule_keeps(rule);
        if (status == NWC_OK && keeps)
            status = nwc__exceed_find(finder->ctx, rule, true, finder->given, finder->feet, &keep);
        if (status == NWC_OK)
            status = nwc__effects_of(finder->ctx, rule, r, finder->given, &on, finder->hazard->places, finder->feet,
                                     &finder->moment->effects);
        finder->spoke[r] = on.n_times > 0;
        if (status == NWC_OK) join_places(finder, rule, r, &on, keeps ? &keep : &on, cell_m2, known, found);
        nwc__exceed_release(finder->ctx, &keep);
        nwc__exceed_release(finder->ctx, &on);
        NWC__TRY(status);
    }
    return NWC_OK;
}

nwc_status nwc__find_places(nwc_ctx *ctx, const nwc_hazard *hazard, const char *name, const struct nwc__given *given,
                            const struct nwc__feet *feet, struct nwc__moment *moment)
{
    nwc_status status = NWC_OK;
    struct finder finder = {ctx, hazard, name, given, feet, moment, NULL};
    struct nwc__metric metric = {0};
    struct nwc__area *found = NULL;
    uint8_t *known = NULL;
    NWC__TRY(nwc__metric_create(ctx, given->grid, &metric));
    NWC__ALLOC(ctx, finder.spoke, hazard->n_rules);
    NWC__ALLOC(ctx, found, feet->n);
    NWC__ALLOC(ctx, known, feet->n);
    memset(known, 0, (size_t)feet->n);
    for (int64_t p = 0; p < feet->n; p++)
        found[p] = (struct nwc__area){.area_m2 = (double)NAN,
                                      .onset_ns = INT64_MAX,
                                      .end_ns = NWC__NEVER,
                                      .longitude = hazard->places[p].longitude,
                                      .latitude = hazard->places[p].latitude};
    status = join_place_rules(&finder, metric.mean_dx_m * metric.mean_dy_m, known, found);
    for (int64_t p = 0; p < feet->n && status == NWC_OK; p++) {
        int64_t w;
        const bool met = found[p].level > 0;
        const nwc_hazard_rule *const rule = met ? &hazard->plain[found[p].rule] : NULL;
        if (!known[p]) continue;
        const struct nwc__warning *const warning = warning_of(&finder, hazard->places[p].id, &w);
        if (warning && stands(&finder, warning, met ? &found[p] : NULL)) continue;
        if (warning)
            status = nwc__life_step(ctx, &hazard->options, moment, w, met ? &found[p] : NULL, rule, 0);
        else if (met)
            status = nwc__life_begin(moment, name, hazard->places[p].id, &found[p], rule, 0);
    }
done:
    nwc__free(ctx, known);
    nwc__free(ctx, found);
    nwc__free(ctx, finder.spoke);
    nwc__metric_destroy(ctx, &metric);
    return status;
}

/* ---- what warnings are on places ---- */

static int by_place(const void *one, const void *other)
{
    const nwc_hazard_effect *const a = one, *const b = other;
    if (a->place != b->place) return a->place < b->place ? -1 : 1;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static bool stands_on(const struct nwc__feet *feet, int64_t p, const uint8_t *set)
{
    for (int64_t k = feet->first[p]; k < feet->first[p + 1]; k++)
        if (set[feet->cell[k]]) return true;
    return false;
}

nwc_status nwc__link_effects(nwc_ctx *ctx, const nwc_hazard *hazard, const nwc_grid *grid, const struct nwc__feet *feet,
                             struct nwc__moment *moment)
{
    nwc_status status = NWC_OK;
    struct nwc__buffer within = {.ctx = ctx};
    nwc_hazard_effect *const effects = (nwc_hazard_effect *)(void *)moment->effects.data;
    const int64_t n = moment->effects.size / (int64_t)sizeof *effects;
    uint8_t *set = NULL;
    if (!n) return NWC_OK;
    qsort(effects, (size_t)n, sizeof *effects, by_place);
    NWC__ALLOC(ctx, set, grid->ny * grid->nx);
    for (int64_t w = 0; w < nwc__warnings_of(moment) && status == NWC_OK; w++) {
        const struct nwc__warning *const warning = nwc__warning_at(moment, w);
        const int64_t points = warning->area.n;
        if (!warning->active) continue;
        within.size = 0;
        if (points)
            status = nwc__cells_within(ctx, grid, 1, &points, NULL, warning->area.lon, warning->area.lat, &within);
        memset(set, 0, (size_t)(grid->ny * grid->nx));
        for (int64_t c = 0; c < within.size / (int64_t)sizeof(int64_t); c++)
            set[((int64_t *)(void *)within.data)[c]] = 1;
        for (int64_t e = 0; e < n && status == NWC_OK; e++) {
            const bool same = strcmp(hazard->plain[effects[e].rule].hazard, warning->hazard) == 0;
            if (!same || effects[e].warning) continue;
            if (points ? stands_on(feet, effects[e].place, set)
                       : strcmp(hazard->places[effects[e].place].id, warning->place) == 0)
                effects[e].warning = warning->number;
        }
    }
done:
    nwc__free(ctx, within.data);
    nwc__free(ctx, set);
    return status;
}
