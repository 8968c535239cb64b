/* Where the rules of a hazard are met, all together, and the areas of it. */
#include "hazard/hazard.h"

#include <nowcast/cells.h>

#define MOST_CLOSING_M 50000.0 /* of nwc_cells_options */

struct nwc_hazard_areas {
    nwc_ctx memory;           /* allocator only */
    struct nwc__buffer areas; /* struct nwc__area */
    struct nwc__buffer shown; /* nwc_hazard_area */
    struct nwc__buffer names; /* of NWC_HAZARD_MOST_NAME bytes, one for each area */
};

void nwc_hazard_options_init(nwc_hazard_options *options)
{
    if (!options) return;
    *options = (nwc_hazard_options){
        .struct_size = sizeof *options, .margin_m = 2000.0, .most_points = 40, .update_share = 0.3, .update_s = 900.0};
}

nwc_status nwc__map_create(nwc_ctx *ctx, const nwc_grid *grid, struct nwc__map *map)
{
    nwc_status status = NWC_OK;
    const int64_t cells = grid->ny * grid->nx;
    *map = (struct nwc__map){0};
    NWC__ALLOC(ctx, map->level, cells);
    NWC__ALLOC(ctx, map->rule, cells);
    NWC__ALLOC(ctx, map->probability, cells);
    NWC__ALLOC(ctx, map->onset_ns, cells);
    NWC__ALLOC(ctx, map->end_ns, cells);
    memset(map->level, 0, (size_t)cells);
    memset(map->rule, 0, (size_t)cells * sizeof *map->rule);
    memset(map->probability, 0, (size_t)cells * sizeof *map->probability);
    for (int64_t c = 0; c < cells; c++) map->onset_ns[c] = INT64_MAX, map->end_ns[c] = NWC__NEVER;
done:
    if (status != NWC_OK) nwc__map_release(ctx, map);
    return status;
}

void nwc__map_release(nwc_ctx *ctx, struct nwc__map *map)
{
    nwc__free(ctx, map->end_ns);
    nwc__free(ctx, map->onset_ns);
    nwc__free(ctx, map->probability);
    nwc__free(ctx, map->rule);
    nwc__free(ctx, map->level);
    *map = (struct nwc__map){0};
}

/* The connected areas of cells that are 1, at most so far apart and at least so large. */
static nwc_status connect(nwc_ctx *ctx, const nwc_grid *grid, float *set, double closing_m, double least_m2,
                          nwc_cells **found)
{
    nwc_cells_options options;
    nwc_cells_options_init(&options);
    options.method = NWC_CELLS_SINGLE, options.threshold = options.least_peak = 0.5;
    options.least_size = least_m2, options.closing_m = fmin(closing_m, MOST_CLOSING_M);
    const nwc_field field = {.data = set,
                             .ndim = 2,
                             .dim = {grid->ny, grid->nx},
                             .stride = {grid->nx, 1},
                             .missing = NAN,
                             .units = "1",
                             .grid = grid};
    return nwc_cells_identify(ctx, &field, &options, found);
}

static nwc_status labels_of(const nwc_cells *found, const nwc_grid *grid, int32_t *label)
{
    nwc_labels labels = {.data = label, .ndim = 2, .dim = {grid->ny, grid->nx}, .stride = {grid->nx, 1}};
    return nwc_cells_labels(found, 1, &labels);
}

static nwc_status drop_small(nwc_ctx *ctx, const nwc_grid *grid, double least_m2, float *set)
{
    nwc_status status = NWC_OK;
    nwc_cells *found = NULL;
    int32_t *label = NULL;
    NWC__ALLOC(ctx, label, grid->ny * grid->nx);
    if ((status = connect(ctx, grid, set, 0.0, least_m2, &found)) != NWC_OK) goto done;
    if ((status = labels_of(found, grid, label)) != NWC_OK) goto done;
    for (int64_t c = 0; c < grid->ny * grid->nx; c++) set[c] = label[c] ? 1.0F : 0.0F;
done:
    nwc_cells_destroy(found);
    nwc__free(ctx, label);
    return status;
}

nwc_status nwc__map_join(nwc_ctx *ctx, const nwc_hazard_rule *rule, int32_t number, const struct nwc__given *given,
                         const struct nwc__exceed *on, const struct nwc__exceed *keep, const uint8_t *kept,
                         struct nwc__map *map)
{
    nwc_status status = NWC_OK;
    const int64_t cells = given->grid->ny * given->grid->nx;
    float *set = NULL;
    if (on->n_times == 0) return NWC_OK;
    map->known = true;
    NWC__ALLOC(ctx, set, cells);
    for (int64_t c = 0; c < cells; c++) {
        const bool stays =
            kept && kept[c] >= rule->level && keep->probability[c] >= (float)nwc__rule_probability(rule, true);
        set[c] = on->probability[c] >= (float)rule->probability || stays ? 1.0F : 0.0F;
    }
    if (rule->least_area_m2 > 0.0 && (status = drop_small(ctx, given->grid, rule->least_area_m2, set)) != NWC_OK)
        goto done;
    for (int64_t c = 0; c < cells; c++) {
        if (set[c] < 0.5F) continue;
        const struct nwc__exceed *const said = kept && kept[c] >= rule->level ? keep : on;
        if (rule->level > map->level[c]) map->level[c] = (uint8_t)rule->level, map->rule[c] = number;
        map->probability[c] = fmaxf(map->probability[c], said->probability[c]);
        /* Members may meet a rule at different times, so that at none its probability is reached. */
        const int32_t first = said->first[c] < 0 ? 0 : said->first[c];
        const int32_t last = said->last[c] < 0 ? said->n_times - 1 : said->last[c];
        if (said->time_ns[first] < map->onset_ns[c]) map->onset_ns[c] = said->time_ns[first];
        if (said->time_ns[last] > map->end_ns[c]) map->end_ns[c] = said->time_ns[last];
    }
done:
    nwc__free(ctx, set);
    return status;
}

/* What is known of each area, by its cells. */
static void measure(const struct nwc__map *map, const int32_t *label, int64_t cells, struct nwc__area *areas)
{
    for (int64_t c = 0; c < cells; c++) {
        if (!label[c] || !map->level[c]) continue; /* closing joins labels, and fills none */
        struct nwc__area *const area = &areas[label[c] - 1];
        if ((int32_t)map->level[c] > area->level) area->level = map->level[c], area->rule = map->rule[c];
        area->probability = fmax(area->probability, (double)map->probability[c]);
        if (map->onset_ns[c] < area->onset_ns) area->onset_ns = map->onset_ns[c];
        if (map->end_ns[c] > area->end_ns) area->end_ns = map->end_ns[c];
    }
}

/* The rings of each, which follow one another by number. */
static nwc_status shape_all(nwc_ctx *ctx, const nwc_grid *grid, nwc_cells *found, const nwc_hazard_options *options,
                            struct nwc__area *areas)
{
    nwc_status status = NWC_OK;
    nwc_outlines outlines;
    double *lon = NULL, *lat = NULL;
    NWC__TRY(nwc_cells_outline(ctx, found, 1, 0, &outlines));
    NWC__ALLOC(ctx, lon, outlines.n_points);
    NWC__ALLOC(ctx, lat, outlines.n_points);
    if ((status = nwc_grid_to_lonlat(ctx, grid, outlines.n_points, outlines.x, outlines.y, lon, lat)) != NWC_OK)
        goto done;
    for (int64_t p = 0; p < outlines.n_points; p++)
        if (!isfinite(lon[p]) || !isfinite(lat[p])) {
            status = nwc__fail(NWC_ERR_ARG, "grid: cells on the earth expected, x %g, y %g is not", outlines.x[p],
                               outlines.y[p]);
            goto done;
        }
    for (int64_t r = 0, point = 0; r < outlines.n_rings;) {
        int64_t end = r, points = 0;
        for (; end < outlines.n_rings && outlines.id[end] == outlines.id[r]; end++) points += outlines.points[end];
        status = nwc__shape_around(ctx, outlines.points + r, end - r, lon + point, lat + point, options,
                                   &areas[outlines.id[r] - 1]);
        if (status != NWC_OK) goto done;
        r = end, point += points;
    }
done:
    nwc__free(ctx, lat);
    nwc__free(ctx, lon);
    return status;
}

nwc_status nwc__map_areas(nwc_ctx *ctx, const struct nwc__map *map, int32_t level, const nwc_grid *grid,
                          const nwc_hazard_options *options, struct nwc__buffer *list, int32_t *label)
{
    nwc_status status = NWC_OK;
    const int64_t cells = grid->ny * grid->nx;
    float *set = NULL;
    int32_t *own = NULL;
    uint8_t *at;
    nwc_cells *found = NULL;
    nwc_cells_table table;
    NWC__ALLOC(ctx, set, cells);
    NWC__ALLOC(ctx, own, cells);
    for (int64_t c = 0; c < cells; c++) set[c] = map->level[c] >= level ? 1.0F : 0.0F;
    if ((status = connect(ctx, grid, set, 2.0 * options->margin_m, 0.0, &found)) != NWC_OK) goto done;
    if ((status = nwc_cells_lend(found, &table)) != NWC_OK || (status = labels_of(found, grid, own)) != NWC_OK)
        goto done;
    if ((status = nwc__buffer_extend(list, table.n_storms * (int64_t)sizeof(struct nwc__area), &at)) != NWC_OK)
        goto done;
    struct nwc__area *const areas = (struct nwc__area *)(void *)at;
    for (int32_t s = 0; s < table.n_storms; s++)
        areas[s] = (struct nwc__area){.area_m2 = table.storms[s].area_m2,
                                      .onset_ns = INT64_MAX,
                                      .end_ns = NWC__NEVER,
                                      .longitude = table.storms[s].longitude_deg,
                                      .latitude = table.storms[s].latitude_deg};
    measure(map, own, cells, areas);
    if (table.n_storms && (status = shape_all(ctx, grid, found, options, areas)) != NWC_OK) goto done;
    if (label) memcpy(label, own, (size_t)cells * sizeof *label);
done:
    nwc_cells_destroy(found);
    nwc__free(ctx, own);
    nwc__free(ctx, set);
    return status;
}

/* ---- areas without warnings ---- */

/* Whether this rule is the first of its hazard. */
static bool is_first(const nwc_hazard_rule *rules, int32_t r)
{
    for (int32_t s = 0; s < r; s++)
        if (strcmp(rules[s].hazard, rules[r].hazard) == 0) return false;
    return true;
}

static nwc_status join_hazard(nwc_ctx *ctx, const nwc_hazard_rule *rules, int32_t n_rules, const char *hazard,
                              const struct nwc__given *given, struct nwc__map *map)
{
    int64_t no_place = 0;
    const struct nwc__feet none = {.n = 0, .first = &no_place};
    for (int32_t r = 0; r < n_rules; r++) {
        struct nwc__exceed exceed;
        if (strcmp(rules[r].hazard, hazard) != 0) continue;
        NWC__TRY(nwc__exceed_find(ctx, &rules[r], false, given, &none, &exceed));
        const nwc_status status = nwc__map_join(ctx, &rules[r], r, given, &exceed, NULL, NULL, map);
        nwc__exceed_release(ctx, &exceed);
        NWC__TRY(status);
    }
    return NWC_OK;
}

static nwc_status name_areas(nwc_hazard_areas *areas, const char *hazard)
{
    const int64_t n = areas->areas.size / (int64_t)sizeof(struct nwc__area);
    while (areas->names.size < n * NWC_HAZARD_MOST_NAME) {
        uint8_t *at;
        NWC__TRY(nwc__buffer_extend(&areas->names, NWC_HAZARD_MOST_NAME, &at));
        memcpy(at, hazard, strlen(hazard));
    }
    return NWC_OK;
}

/* Areas of one hazard, level by level. */
static nwc_status find_hazard(nwc_ctx *ctx, const nwc_hazard_rule *rules, int32_t n_rules, const char *hazard,
                              const struct nwc__given *given, const nwc_hazard_options *options,
                              nwc_hazard_areas *areas, bool *known)
{
    struct nwc__map map;
    NWC__TRY(nwc__map_create(ctx, given->grid, &map));
    nwc_status status = join_hazard(ctx, rules, n_rules, hazard, given, &map);
    *known = *known || map.known;
    for (int32_t level = 1; level <= NWC_HAZARD_MOST_LEVELS && status == NWC_OK; level++) {
        bool there = false;
        for (int32_t r = 0; r < n_rules; r++)
            there = there || (rules[r].level == level && strcmp(rules[r].hazard, hazard) == 0);
        if (!there) continue;
        int64_t n = areas->areas.size / (int64_t)sizeof(struct nwc__area);
        status = nwc__map_areas(ctx, &map, level, given->grid, options, &areas->areas, NULL);
        for (; n < areas->areas.size / (int64_t)sizeof(struct nwc__area); n++)
            ((struct nwc__area *)(void *)areas->areas.data)[n].level = level;
    }
    nwc__map_release(ctx, &map);
    NWC__TRY(status);
    return name_areas(areas, hazard);
}

static nwc_status show_areas(nwc_hazard_areas *areas)
{
    const int64_t n = areas->areas.size / (int64_t)sizeof(struct nwc__area);
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(&areas->shown, n * (int64_t)sizeof(nwc_hazard_area), &at));
    for (int64_t a = 0; a < n; a++) {
        const struct nwc__area *const area = (const struct nwc__area *)(const void *)areas->areas.data + a;
        ((nwc_hazard_area *)(void *)at)[a] =
            (nwc_hazard_area){.hazard = (const char *)areas->names.data + a * NWC_HAZARD_MOST_NAME,
                              .level = area->level,
                              .rule = area->rule,
                              .probability = area->probability,
                              .area_m2 = area->area_m2,
                              .onset_ns = area->onset_ns,
                              .end_ns = area->end_ns,
                              .longitude_deg = area->longitude,
                              .latitude_deg = area->latitude,
                              .n_points = area->n,
                              .ring_longitude_deg = area->lon,
                              .ring_latitude_deg = area->lat};
    }
    return NWC_OK;
}

nwc_status nwc__hazard_take_options(const nwc_hazard_options *given, nwc_hazard_options *options)
{
    nwc_hazard_options_init(options);
    NWC__TRY(nwc__take_options(options, sizeof *options, given, "options"));
    if (!(options->margin_m >= 100.0 && options->margin_m <= 25000.0))
        return nwc__fail(NWC_ERR_ARG, "margin_m: 100 to 25000 expected, %g given", options->margin_m);
    if (options->most_points < 4 || options->most_points > NWC_HAZARD_MOST_POINTS)
        return nwc__fail(NWC_ERR_ARG, "most_points: 4 to %d expected, %d given", NWC_HAZARD_MOST_POINTS,
                         (int)options->most_points);
    if (!(options->update_share > 0.0 && options->update_share <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "update_share: above 0 to 1 expected, %g given", options->update_share);
    if (!(options->update_s >= 60.0 && options->update_s <= 86400.0))
        return nwc__fail(NWC_ERR_ARG, "update_s: 60 to 86400 expected, %g given", options->update_s);
    return NWC_OK;
}

nwc_status nwc_hazard_areas_find(nwc_ctx *ctx, const nwc_hazard_rule *rules, int32_t n_rules,
                                 const nwc_hazard_frame *frames, int32_t n_frames, int64_t now_ns,
                                 const nwc_hazard_options *given_options, nwc_hazard_areas **out)
{
    ctx = nwc__ctx(ctx);
    struct nwc__given given;
    nwc_hazard_options options;
    bool known = false;
    if (!out) return nwc__fail(NWC_ERR_ARG, "areas: a place for areas expected, NULL given");
    *out = NULL;
    NWC__TRY(nwc_hazard_rules_check(rules, n_rules));
    NWC__TRY(nwc__hazard_take_options(given_options, &options));
    NWC__TRY(nwc__given_take(ctx, frames, n_frames, now_ns, &given));
    nwc_status status = NWC_OK;
    nwc_hazard_areas *areas = NULL;
    NWC__ALLOC(ctx, areas, 1);
    *areas = (nwc_hazard_areas){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user}};
    areas->areas.ctx = areas->shown.ctx = areas->names.ctx = &areas->memory;
    for (int32_t r = 0; r < n_rules && n_frames && status == NWC_OK; r++)
        if (is_first(rules, r))
            status = find_hazard(ctx, rules, n_rules, rules[r].hazard, &given, &options, areas, &known);
    if (status == NWC_OK) status = show_areas(areas);
    if (status == NWC_OK && !known)
        status = nwc__fail(NWC_ERR_NODATA, "frames: one of a rule's quantity in its span expected, none given");
done:
    nwc__free(ctx, given.order);
    if (status == NWC_OK)
        *out = areas;
    else
        nwc_hazard_areas_destroy(areas);
    return status;
}

nwc_status nwc_hazard_areas_lend(const nwc_hazard_areas *areas, const nwc_hazard_area **list, int64_t *n)
{
    if (!areas || !list || !n) return nwc__fail(NWC_ERR_ARG, "areas, list, n: areas and places for them expected");
    *list = (const nwc_hazard_area *)(const void *)areas->shown.data;
    *n = areas->shown.size / (int64_t)sizeof(nwc_hazard_area);
    return NWC_OK;
}

void nwc_hazard_areas_destroy(nwc_hazard_areas *areas)
{
    if (!areas) return;
    nwc_ctx memory = areas->memory;
    nwc__free(&memory, areas->names.data);
    nwc__free(&memory, areas->shown.data);
    nwc__free(&memory, areas->areas.data);
    nwc__free(&memory, areas);
}
