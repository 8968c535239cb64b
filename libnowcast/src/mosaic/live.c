/*
 * Mosaics of live data. Of every radar the sweeps are kept that may serve, each as a volume of its own with no more moments than
 * are needed; a mosaic is made of them as it is of whole volumes, so that it comes to the same bits once these are
 * whole. What belongs to which volume is known by when the volume began; a whole one lets all before it go.
 */
#include "mosaic/internal.h"

#define KEPT_S 1800.0 /* before the newest sweep of a radar, or as long as one may serve */

enum { MOST_KEPT = 256 /* sweeps of one radar */ };

struct kept {
    nwc_volume *volume; /* of one sweep */
    int64_t began_ns, first_ns, last_ns;
};

struct radar {
    nwc_volume_facts facts; /* its place and beam alone */
    char *site;
    nwc_mosaic_lookup *lookup;
    int64_t whole_ns, newest_ns; /* when its last whole volume began; of its newest ray */
    int32_t n;
    struct kept kept[MOST_KEPT]; /* by began_ns, then by first_ns */
};

struct nwc_mosaic_live {
    struct nwc_ctx memory; /* allocator only */
    nwc_mosaic_options options;
    double *height_m, *refractivity; /* what options point to */
    nwc_grid grid;
    char *projection;
    double *z_m;
    int32_t n_names, n_radars;
    char *names[NWC_MOSAIC_MOST_FIELDS];
    struct radar *radars[NWC_MOSAIC_MOST_RADARS];
};

static const char *const always[] = {"QIND", "CBB"};

/* ---- making ---- */

static nwc_status copy_doubles(nwc_ctx *memory, const double *from, int64_t n, double **to)
{
    nwc_status status = NWC_OK;
    NWC__ALLOC(memory, *to, n);
    memcpy(*to, from, (size_t)n * sizeof **to);
done:
    return status;
}

static nwc_status copy_parts(nwc_mosaic_live *live, const nwc_grid *grid, int32_t n_names, const char *const *names)
{
    nwc_ctx *const memory = &live->memory;
    nwc_mosaic_options *const options = &live->options;
    live->grid = *grid;
    if (!(live->projection = nwc__copy_text(memory, grid->projection))) return NWC_ERR_NOMEM;
    NWC__TRY(copy_doubles(memory, grid->z_m, grid->nz, &live->z_m));
    live->grid.projection = live->projection, live->grid.z_m = live->z_m;
    for (; live->n_names < n_names; live->n_names++)
        if (!(live->names[live->n_names] = nwc__copy_text(memory, names[live->n_names]))) return NWC_ERR_NOMEM;
    if (!options->n_levels) return NWC_OK;
    NWC__TRY(copy_doubles(memory, options->height_m, options->n_levels, &live->height_m));
    NWC__TRY(copy_doubles(memory, options->refractivity, options->n_levels, &live->refractivity));
    options->height_m = live->height_m, options->refractivity = live->refractivity;
    return NWC_OK;
}

nwc_status nwc_mosaic_live_create(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_fields, const char *const *names,
                                  const nwc_mosaic_options *given, nwc_mosaic_live **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "live: a place for the mosaic expected, NULL given");
    *made = NULL;
    nwc_mosaic_options options;
    NWC__TRY(nwc__mosaic_options(given, &options));
    NWC__TRY(nwc__check_mosaic_grid(ctx, grid));
    if (n_fields < 1 || n_fields > NWC_MOSAIC_MOST_FIELDS || !names)
        return nwc__fail(NWC_ERR_ARG, "names: 1 to %d expected, %d given", NWC_MOSAIC_MOST_FIELDS, (int)n_fields);
    for (int32_t f = 0; f < n_fields; f++)
        if (!names[f] || !names[f][0]) return nwc__fail(NWC_ERR_ARG, "names[%d]: a name expected, none given", (int)f);
    nwc_mosaic_live *const live = nwc__alloc(ctx, 1, sizeof *live);
    if (!live) return NWC_ERR_NOMEM;
    *live = (nwc_mosaic_live){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                              .options = options};
    const nwc_status status = copy_parts(live, grid, n_fields, names);
    if (status == NWC_OK)
        *made = live;
    else
        nwc_mosaic_live_destroy(live);
    return status;
}

static void destroy_radar(nwc_ctx *memory, struct radar *radar)
{
    if (!radar) return;
    for (int32_t k = 0; k < radar->n; k++) nwc_volume_destroy(radar->kept[k].volume);
    nwc_mosaic_lookup_destroy(radar->lookup);
    nwc__free(memory, radar->site);
    nwc__free(memory, radar);
}

void nwc_mosaic_live_destroy(nwc_mosaic_live *live)
{
    if (!live) return;
    struct nwc_ctx memory = live->memory;
    for (int32_t r = 0; r < live->n_radars; r++) destroy_radar(&memory, live->radars[r]);
    for (int32_t f = 0; f < live->n_names; f++) nwc__free(&memory, live->names[f]);
    nwc__free(&memory, live->refractivity);
    nwc__free(&memory, live->height_m);
    nwc__free(&memory, live->z_m);
    nwc__free(&memory, live->projection);
    nwc__free(&memory, live);
}

/* ---- taking sweeps ---- */

static bool same_place(const nwc_volume_facts *a, const nwc_volume_facts *b)
{
    return a->latitude_deg == b->latitude_deg && a->longitude_deg == b->longitude_deg && a->altitude_m == b->altitude_m;
}

/* A radar that is none of live's yet. */
static nwc_status make_radar(nwc_ctx *ctx, nwc_mosaic_live *live, const nwc_volume_facts *facts, struct radar **made)
{
    nwc_status status = NWC_OK;
    struct radar *radar;
    NWC__ALLOC(&live->memory, radar, 1);
    radar->n = 0, radar->lookup = NULL, radar->whole_ns = radar->newest_ns = INT64_MIN;
    radar->facts = (nwc_volume_facts){.latitude_deg = facts->latitude_deg,
                                      .longitude_deg = facts->longitude_deg,
                                      .altitude_m = facts->altitude_m,
                                      .beam_width_v_deg = facts->beam_width_v_deg};
    if (!(radar->site = nwc__copy_text(&live->memory, facts->site))) {
        status = NWC_ERR_NOMEM;
        goto done;
    }
    status = nwc__lookup_create(ctx, facts, &live->grid, &live->options, &radar->lookup);
done:
    if (status == NWC_OK)
        *made = radar;
    else
        destroy_radar(&live->memory, radar);
    return status;
}

/* A volume of one sweep with the moments that are needed. */
static nwc_status copy_sweep(nwc_mosaic_live *live, const nwc_volume *from, int32_t number, nwc_volume **made)
{
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    nwc_volume *volume;
    NWC__TRY(nwc_volume_describe(from, &facts));
    NWC__TRY(nwc_volume_sweep(from, number, &sweep));
    NWC__TRY(nwc_volume_create(&live->memory, &facts, &volume));
    nwc_status status = nwc_volume_add_sweep(volume, &sweep);
    for (int32_t f = 0; f < live->n_names + 2 && status == NWC_OK; f++) {
        const char *const name = f < live->n_names ? live->names[f] : always[f - live->n_names];
        nwc_moment there;
        if (nwc_volume_find(from, number, name, &moment) != NWC_OK ||
            nwc_volume_find(volume, 0, name, &there) == NWC_OK) /* asked for by name as well */
            continue;
        moment.flags.data = NULL;
        status = nwc_volume_add_moment(volume, &moment);
    }
    if (status == NWC_OK)
        *made = volume;
    else
        nwc_volume_destroy(volume);
    return status;
}

static void let_go(struct radar *radar, int32_t k)
{
    nwc_volume_destroy(radar->kept[k].volume);
    radar->n--;
    memmove(&radar->kept[k], &radar->kept[k + 1], (size_t)(radar->n - k) * sizeof radar->kept[0]);
}

static void insert(struct radar *radar, const struct kept *kept, const nwc_sweep *sweep)
{
    for (int32_t k = 0; k < radar->n; k++) { /* one that has come before */
        nwc_sweep other;
        if (nwc_volume_sweep(radar->kept[k].volume, 0, &other) == NWC_OK && radar->kept[k].began_ns == kept->began_ns &&
            radar->kept[k].first_ns == kept->first_ns && other.elevation_deg[0] == sweep->elevation_deg[0])
            let_go(radar, k--);
    }
    if (radar->n == MOST_KEPT) let_go(radar, 0);
    int32_t place = radar->n++;
    for (; place > 0; place--) {
        const struct kept *const before = &radar->kept[place - 1];
        if (before->began_ns < kept->began_ns ||
            (before->began_ns == kept->began_ns && before->first_ns <= kept->first_ns))
            break;
        radar->kept[place] = *before;
    }
    radar->kept[place] = *kept;
}

/* What can no longer serve. */
static void forget(struct radar *radar, double max_age_s)
{
    const int64_t oldest_ns = radar->newest_ns - (int64_t)(1e9 * fmax(KEPT_S, max_age_s));
    for (int32_t k = 0; k < radar->n; k++)
        if (radar->kept[k].began_ns < radar->whole_ns || radar->kept[k].last_ns < oldest_ns) let_go(radar, k--);
}

nwc_status nwc_mosaic_live_add(nwc_ctx *ctx, nwc_mosaic_live *live, const nwc_mosaic_sweep *given)
{
    ctx = nwc__ctx(ctx);
    if (!live || !given || !given->volume)
        return nwc__fail(NWC_ERR_ARG, "live, sweep: a mosaic and a sweep of a volume expected, NULL given");
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(given->volume, &facts));
    NWC__TRY(nwc_volume_sweep(given->volume, given->sweep, &sweep));
    struct radar *radar = NULL;
    for (int32_t r = 0; r < live->n_radars && !radar; r++)
        if (same_place(&live->radars[r]->facts, &facts)) radar = live->radars[r];
    if (!radar && live->n_radars == NWC_MOSAIC_MOST_RADARS)
        return nwc__fail(NWC_ERR_ARG, "sweep: one of at most %d radars expected, one of another given",
                         NWC_MOSAIC_MOST_RADARS);
    if (radar && given->began_ns < radar->whole_ns) return NWC_OK;
    struct kept kept = {.began_ns = given->began_ns, .first_ns = sweep.time_ns[0], .last_ns = sweep.time_ns[0]};
    for (int64_t r = 1; r < sweep.n_rays; r++)
        kept.last_ns = sweep.time_ns[r] > kept.last_ns ? sweep.time_ns[r] : kept.last_ns;
    NWC__TRY(copy_sweep(live, given->volume, given->sweep, &kept.volume));
    if (!radar) {
        const nwc_status status = make_radar(ctx, live, &facts, &radar);
        if (status != NWC_OK) {
            nwc_volume_destroy(kept.volume);
            return status;
        }
        live->radars[live->n_radars++] = radar;
    }
    radar->facts.beam_width_v_deg = facts.beam_width_v_deg;
    insert(radar, &kept, &sweep);
    if (kept.last_ns > radar->newest_ns) radar->newest_ns = kept.last_ns;
    if (given->last) radar->whole_ns = given->began_ns;
    forget(radar, live->options.max_age_s);
    return NWC_OK;
}

/* ---- giving mosaics ---- */

static nwc_status check_names(const nwc_mosaic_live *live, const nwc_mosaic_output *output)
{
    for (int32_t f = 0; f < output->n_fields; f++) {
        bool known = false;
        for (int32_t n = 0; n < live->n_names; n++) known |= strcmp(output->names[f], live->names[n]) == 0;
        if (!known)
            return nwc__fail(NWC_ERR_ARG, "names[%d]: one that the mosaic was begun with expected, %s given", (int)f,
                             output->names[f]);
    }
    return NWC_OK;
}

nwc_status nwc_mosaic_live_build(nwc_ctx *ctx, const nwc_mosaic_live *live, int32_t radar, int64_t time_ns,
                                 const nwc_field *u, const nwc_field *v, const nwc_mosaic_output *output)
{
    ctx = nwc__ctx(ctx);
    if (!live) return nwc__fail(NWC_ERR_ARG, "live: a mosaic expected, NULL given");
    NWC__TRY(nwc__mosaic_check(ctx, u, v, output));
    NWC__TRY(check_names(live, output));
    if (!nwc__same_grid(output->fields[0].grid, &live->grid))
        return nwc__fail(NWC_ERR_ARG, "output: fields on the grid of the mosaic expected, another given");
    if (!live->n_radars) return nwc__fail(NWC_ERR_NODATA, "live: no sweep has come yet");
    if (radar < -1 || radar >= live->n_radars)
        return nwc__fail(NWC_ERR_ARG, "radar: -1 to %d expected, %d given", (int)live->n_radars - 1, (int)radar);
    nwc_status status = NWC_OK;
    nwc__radar radars[NWC_MOSAIC_MOST_RADARS];
    nwc__source *sources = NULL;
    NWC__ALLOC(ctx, sources, (int64_t)live->n_radars * MOST_KEPT);
    for (int32_t r = 0; r < live->n_radars; r++) {
        const struct radar *const from = live->radars[r];
        radars[r] = (nwc__radar){.facts = from->facts,
                                 .sources = sources + (int64_t)r * MOST_KEPT,
                                 .n_sources = radar < 0 || radar == r ? from->n : 0,
                                 .lookup = from->lookup};
        for (int32_t k = 0; k < radars[r].n_sources; k++) radars[r].sources[k] = (nwc__source){from->kept[k].volume, 0};
    }
    status = nwc__mosaic_make(ctx, radars, live->n_radars, time_ns, u, v, &live->options, output);
done:
    nwc__free(ctx, sources);
    return status;
}

int32_t nwc_mosaic_live_radars(const nwc_mosaic_live *live)
{
    return live ? live->n_radars : 0;
}

nwc_status nwc_mosaic_live_radar(const nwc_mosaic_live *live, int32_t index, nwc_mosaic_radar *radar)
{
    if (!live || !radar) return nwc__fail(NWC_ERR_ARG, "live, radar: a mosaic and a place for the radar expected");
    if (index < 0 || index >= live->n_radars)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %d expected, %d given", (int)live->n_radars - 1, (int)index);
    const struct radar *const of = live->radars[index];
    *radar = (nwc_mosaic_radar){.site = of->site,
                                .latitude_deg = of->facts.latitude_deg,
                                .longitude_deg = of->facts.longitude_deg,
                                .altitude_m = of->facts.altitude_m,
                                .n_sweeps = of->n,
                                .newest_ns = of->newest_ns};
    return NWC_OK;
}
