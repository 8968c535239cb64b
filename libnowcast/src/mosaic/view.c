/*
 * What a mosaic makes of a radar: for every quantity the sweeps that serve it, by elevation, and their rays in the order of
 * azimuth with a table to find them. Sweeps of one elevation become one plane: the
 * best of them, and in the azimuths it does not have the rays of the others, so that sectors join.
 */
#include "core/median.h"
#include "mosaic/internal.h"
#include "radar/beam.h"

#include <stdlib.h>

#define SAME_ELEVATION_DEG 0.2F
#define CLEARLY 1.1 /* farther, or of a higher Nyquist velocity */
#define HOLE 2.5F   /* usual steps from ray to ray: one ray may be missing */

/* What is known of a sweep before its rays are looked at one by one. */
struct sweep_facts {
    bool usable;
    float elevation_deg, nyquist_m_s;
    double age_s;
};

static nwc_status describe_sweeps(nwc_ctx *ctx, const nwc__radar *radar, int64_t time_ns, double max_age_s,
                                  struct sweep_facts *facts)
{
    for (int32_t s = 0; s < radar->n_sources; s++) {
        nwc_sweep sweep;
        NWC__TRY(nwc_volume_sweep(radar->sources[s].volume, radar->sources[s].sweep, &sweep));
        facts[s] = (struct sweep_facts){.usable = false};
        if (sweep.mode == NWC_SWEEP_RHI || sweep.mode == NWC_SWEEP_VERTICAL_POINTING) continue;
        float *const work = nwc__alloc(ctx, sweep.n_rays, sizeof *work);
        if (!work) return NWC_ERR_NOMEM;
        memcpy(work, sweep.elevation_deg, (size_t)sweep.n_rays * sizeof *work);
        facts[s].elevation_deg = (float)nwc__median(work, sweep.n_rays);
        memcpy(work, sweep.nyquist_m_s, (size_t)sweep.n_rays * sizeof *work);
        facts[s].nyquist_m_s = (float)nwc__median(work, sweep.n_rays);
        nwc__free(ctx, work);
        facts[s].age_s = 1e-9 * (double)(time_ns - sweep.time_ns[sweep.n_rays / 2]);
        facts[s].usable = fabsf(facts[s].elevation_deg) <= 90.0F && fabs(facts[s].age_s) <= max_age_s;
    }
    return NWC_OK;
}

/* A sweep that may serve a quantity. */
struct candidate {
    int32_t source;
    float elevation_deg;
    double reach_m, nyquist_m_s, away_s;
};

/* The sweeps that may, by elevation: those of elevation e are list[begin[e]] to list[begin[e + 1] - 1], the best first. */
struct choice {
    struct candidate *list;
    int32_t *begin;
    int32_t n;
};

static int by_elevation(const void *a, const void *b)
{
    const struct candidate *const x = a, *const y = b;
    const int order = (x->elevation_deg > y->elevation_deg) - (x->elevation_deg < y->elevation_deg);
    return order ? order : (x->source > y->source) - (x->source < y->source);
}

/* Of two sweeps at one elevation; the later one where nothing else decides. */
static bool better(const struct candidate *a, const struct candidate *b, bool velocity)
{
    if (velocity && a->nyquist_m_s > CLEARLY * b->nyquist_m_s) return true;
    if (velocity && b->nyquist_m_s > CLEARLY * a->nyquist_m_s) return false;
    if (a->reach_m > CLEARLY * b->reach_m) return true;
    if (b->reach_m > CLEARLY * a->reach_m) return false;
    return a->away_s < b->away_s || (a->away_s == b->away_s && a->source > b->source);
}

/* The best of n sweeps at one elevation comes first, of the others the best one next, and so on. */
static void rank(struct candidate *list, int32_t n, bool velocity)
{
    for (int32_t first = 0; first < n; first++)
        for (int32_t c = first + 1; c < n; c++)
            if (better(&list[c], &list[first], velocity)) {
                const struct candidate moved = list[first];
                list[first] = list[c], list[c] = moved;
            }
}

static nwc_status choose(const nwc__radar *radar, const struct sweep_facts *facts, const char *name, bool velocity,
                         struct choice *choice)
{
    int32_t found = 0;
    choice->n = 0;
    for (int32_t s = 0; s < radar->n_sources; s++) {
        nwc_moment moment;
        if (!facts[s].usable ||
            nwc_volume_find(radar->sources[s].volume, radar->sources[s].sweep, name, &moment) != NWC_OK)
            continue;
        choice->list[found++] =
            (struct candidate){.source = s,
                               .elevation_deg = facts[s].elevation_deg,
                               .reach_m = moment.first_gate_m + (double)moment.field.dim[1] * moment.gate_spacing_m,
                               .nyquist_m_s = isnan(facts[s].nyquist_m_s) ? 0.0 : (double)facts[s].nyquist_m_s,
                               .away_s = fabs(facts[s].age_s)};
    }
    qsort(choice->list, (size_t)found, sizeof *choice->list, by_elevation);
    for (int32_t c = 0; c < found; c++)
        if (!c || choice->list[c].elevation_deg - choice->list[choice->begin[choice->n - 1]].elevation_deg >
                      SAME_ELEVATION_DEG)
            choice->begin[choice->n++] = c;
    choice->begin[choice->n] = found;
    for (int32_t e = 0; e < choice->n; e++)
        rank(choice->list + choice->begin[e], choice->begin[e + 1] - choice->begin[e], velocity);
    if (choice->n > NWC__MOSAIC_SWEEPS)
        return nwc__fail(NWC_ERR_ARG, "volume: %s in sweeps of at most %d elevations expected, %d found", name,
                         NWC__MOSAIC_SWEEPS, (int)choice->n);
    return NWC_OK;
}

/* ---- planes ---- */

struct turn {
    float azimuth_deg;
    nwc__ray from;
};

static int by_azimuth(const void *a, const void *b)
{
    const struct turn *const x = a, *const y = b;
    const int order = (x->azimuth_deg > y->azimuth_deg) - (x->azimuth_deg < y->azimuth_deg);
    if (order || x->from.source != y->from.source)
        return order ? order : (x->from.source > y->from.source) - (x->from.source < y->from.source);
    return (x->from.ray > y->from.ray) - (x->from.ray < y->from.ray);
}

/* The usual step from ray to ray; a sweep of one ray is taken for one of a degree. work has room for n. */
static float usual_step(const struct turn *turns, int32_t n, float *work)
{
    for (int32_t r = 1; r < n; r++) work[r - 1] = turns[r].azimuth_deg - turns[r - 1].azimuth_deg;
    const float step = n > 1 ? (float)nwc__median(work, n - 1) : 1.0F;
    return step > 0.0F ? step : 1.0F;
}

/* Whether a ray of another sweep lies in a hole of n rays by azimuth, half a step from what is beside it. */
static bool in_hole(const struct turn *turns, int32_t n, float azimuth_deg, float step, float hole_deg)
{
    int32_t low = 0, high = n; /* the first ray beyond it */
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (turns[middle].azimuth_deg <= azimuth_deg)
            low = middle + 1;
        else
            high = middle;
    }
    const float after = low < n ? turns[low].azimuth_deg : turns[0].azimuth_deg + 360.0F;
    const float before = low > 0 ? turns[low - 1].azimuth_deg : turns[n - 1].azimuth_deg - 360.0F;
    return after - before > hole_deg && azimuth_deg - before > 0.5F * step && after - azimuth_deg > 0.5F * step;
}

/* Rays of sweeps of one elevation, the best first, by azimuth; turns has room for all. Of the others those in its holes are taken whose gates lie at the same ranges. */
static nwc_status join(const nwc__radar *radar, const struct candidate *list, int32_t n, const char *name,
                       struct turn *turns, float *work, nwc__plane *plane)
{
    const nwc_moment best = nwc__moment_of(radar, list[0].source, name);
    float step = 1.0F;
    plane->first_gate_m = best.first_gate_m, plane->gate_spacing_m = best.gate_spacing_m;
    for (int32_t c = 0; c < n; c++) {
        nwc_sweep sweep;
        const nwc_moment moment = nwc__moment_of(radar, list[c].source, name);
        if (moment.first_gate_m != best.first_gate_m || moment.gate_spacing_m != best.gate_spacing_m) continue;
        NWC__TRY(nwc_volume_sweep(radar->sources[list[c].source].volume, radar->sources[list[c].source].sweep, &sweep));
        const int32_t before = plane->n_rays;
        for (int32_t r = 0; r < (int32_t)sweep.n_rays; r++)
            if (!c || in_hole(turns, before, sweep.azimuth_deg[r], step, plane->hole_deg))
                turns[plane->n_rays++] = (struct turn){sweep.azimuth_deg[r], {list[c].source, r}};
        if (plane->n_rays == before) continue;
        plane->joined = c > 0;
        plane->n_rows = c ? plane->n_rays : (int32_t)sweep.n_rays;
        qsort(turns, (size_t)plane->n_rays, sizeof *turns, by_azimuth);
        plane->n_gates = plane->n_gates > (int32_t)moment.field.dim[1] ? plane->n_gates : (int32_t)moment.field.dim[1];
        if (!c) step = usual_step(turns, plane->n_rays, work), plane->hole_deg = HOLE * step;
    }
    return NWC_OK;
}

static void fill_table(nwc__plane *plane)
{
    int32_t i = 0;
    for (int32_t b = 0; b < NWC__MOSAIC_BINS; b++) {
        const float begin = (float)b * (360.0F / NWC__MOSAIC_BINS);
        while (i < plane->n_rays && plane->turn[i + 1].azimuth_deg <= begin) i++;
        plane->bin[b] = i;
    }
}

/* Height and range of a beam over places along the ground, out to its last gate. */
static nwc_status lay_floor(nwc_ctx *ctx, const nwc_beam *beam, double farthest_m, nwc__plane *plane)
{
    nwc_status status = NWC_OK;
    double *range_m = NULL;
    nwc__along *along = NULL;
    const double end_m = fmin(farthest_m, plane->first_gate_m + plane->n_gates * plane->gate_spacing_m) + NWC__FLOOR_M;
    const int32_t n = (int32_t)(fmax(end_m, 0.0) / NWC__FLOOR_M) + 2;
    NWC__ALLOC(ctx, range_m, n);
    NWC__ALLOC(ctx, along, n);
    NWC__ALLOC(ctx, plane->floor_m, 2 * (int64_t)n);
    plane->n_floor = n;
    for (int32_t i = 0; i < n; i++) range_m[i] = NWC__FLOOR_M * i;
    nwc__beam_follow(beam, plane->elevation_deg * NWC__RADIANS, n, range_m, along);
    for (int32_t i = 0, p = 0; i < n; i++) {
        while (p + 2 < n && along[p + 1].ground_m <= range_m[i]) p++;
        const double gap = along[p + 1].ground_m - along[p].ground_m, in = (range_m[i] - along[p].ground_m) / gap;
        const bool there = gap > 0.0 && in >= 0.0 && in <= 1.0;
        plane->floor_m[i] =
            there ? (float)(along[p].height_m + in * (along[p + 1].height_m - along[p].height_m)) : INFINITY;
        plane->floor_m[n + i] = there ? (float)(range_m[p] + in * NWC__FLOOR_M) : INFINITY;
    }
done:
    nwc__free(ctx, along);
    nwc__free(ctx, range_m);
    return status;
}

/* How much of the gates of a source is hidden; without a name where it does not say. */
static nwc_moment hidden_of(const nwc__source *source)
{
    nwc_moment hidden;
    if (nwc_volume_find(source->volume, source->sweep, "CBB", &hidden) != NWC_OK) hidden.name = NULL;
    return hidden;
}

/* The near edge of the first gate of a ray of which so much is hidden. */
static float clear_range(const nwc_moment *hidden, int32_t ray, double blocked)
{
    if (!hidden->name) return INFINITY;
    const float *const cells = hidden->field.data + ray * hidden->field.stride[0];
    for (int64_t g = 0; g < hidden->field.dim[1]; g++)
        if ((double)cells[g * hidden->field.stride[1]] >= blocked)
            return (float)(hidden->first_gate_m + ((double)g - 0.5) * hidden->gate_spacing_m);
    return INFINITY;
}

/* The rays of a plane by azimuth, made up to the turns before and after. */
static nwc_status lay_turns(const nwc__source *sources, const struct turn *turns, double blocked, int64_t time_ns,
                            nwc__plane *plane)
{
    const int32_t n = plane->n_rays;
    int32_t source = -1; /* of sweep and hidden: most planes have one */
    nwc_moment hidden = {.name = NULL};
    nwc_sweep sweep;
    for (int32_t r = 0; r < n + 2; r++) {
        const struct turn *const at = &turns[(r + n - 1) % n];
        const float turned = r == 0 ? -360.0F : r == n + 1 ? 360.0F : 0.0F;
        if (at->from.source != source) {
            source = at->from.source, hidden = hidden_of(&sources[source]);
            NWC__TRY(nwc_volume_sweep(sources[source].volume, sources[source].sweep, &sweep));
        }
        plane->ray[r] = at->from;
        plane->turn[r] = (nwc__turn){
            .azimuth_deg = at->azimuth_deg + turned,
            .after_s = (float)(1e-9 * (double)(sweep.time_ns[at->from.ray] - time_ns)),
            .clear_m = clear_range(&hidden, at->from.ray, blocked),
            .row = plane->joined ? (r + n - 1) % n : at->from.ray,
        };
    }
    return NWC_OK;
}

static nwc_status make_plane(nwc_ctx *ctx, const nwc__view *view, const struct candidate *list, int32_t n,
                             const char *name, double blocked, int64_t time_ns, nwc__stack *stack)
{
    const nwc__source *const sources = view->radar->sources;
    const double farthest_m = view->lookup->end_m;
    nwc__plane *const plane = &stack->planes[stack->n_planes++];
    nwc_status status = NWC_OK;
    struct turn *turns = NULL;
    float *work = NULL;
    int64_t rays = 0;
    nwc_sweep sweep;
    *plane = (nwc__plane){.elevation_deg = list[0].elevation_deg};
    for (int32_t c = 0; c < n; c++) {
        NWC__TRY(nwc_volume_sweep(sources[list[c].source].volume, sources[list[c].source].sweep, &sweep));
        rays += sweep.n_rays;
    }
    NWC__ALLOC(ctx, turns, rays);
    NWC__ALLOC(ctx, work, rays);
    if ((status = join(view->radar, list, n, name, turns, work, plane)) != NWC_OK) goto done;
    const double needed = (farthest_m - plane->first_gate_m) / plane->gate_spacing_m + 2.0;
    plane->n_gates = (int32_t)fmax(1.0, fmin(needed, (double)plane->n_gates));
    NWC__ALLOC(ctx, plane->turn, plane->n_rays + 2);
    NWC__ALLOC(ctx, plane->ray, plane->n_rays + 2);
    NWC__ALLOC(ctx, plane->bin, NWC__MOSAIC_BINS);
    if ((status = lay_turns(sources, turns, blocked, time_ns, plane)) != NWC_OK) goto done;
    fill_table(plane);
    status = lay_floor(ctx, view->lookup->beam, farthest_m, plane);
done:
    nwc__free(ctx, work);
    nwc__free(ctx, turns);
    return status;
}

static void free_stack(nwc_ctx *ctx, nwc__stack *stack)
{
    for (int32_t t = 0; t < stack->n_planes; t++) {
        for (int32_t q = 0; q < stack->n_quantities; q++) {
            nwc__free(ctx, stack->gates[q][t].patches);
            nwc__free(ctx, stack->gates[q][t].own);
        }
        nwc__free(ctx, stack->planes[t].floor_m);
        nwc__free(ctx, stack->planes[t].bin);
        nwc__free(ctx, stack->planes[t].ray);
        nwc__free(ctx, stack->planes[t].turn);
    }
    nwc__free(ctx, stack);
}

/* Whether two planes have the same rays, and whether they have gates at the same ranges. */
static bool same_rays(const nwc__plane *a, const nwc__plane *b)
{
    return a->n_rays == b->n_rays && a->joined == b->joined && a->hole_deg == b->hole_deg &&
           memcmp(a->ray, b->ray, (size_t)(a->n_rays + 2) * sizeof *a->ray) == 0;
}

static bool same_gates(const nwc__plane *a, const nwc__plane *b)
{
    return a->n_gates == b->n_gates && a->first_gate_m == b->first_gate_m && a->gate_spacing_m == b->gate_spacing_m;
}

static bool same_planes(const nwc__stack *a, const nwc__stack *b)
{
    if (a->n_planes != b->n_planes) return false;
    for (int32_t t = 0; t < a->n_planes; t++)
        if (!same_rays(&a->planes[t], &b->planes[t]) || !same_gates(&a->planes[t], &b->planes[t])) return false;
    return true;
}

/* Put a stack into the group of its elevations. */
static void add_to_group(nwc__view *view, nwc__stack *stack)
{
    nwc__group *group = view->groups;
    const size_t edges = (size_t)stack->n_planes * sizeof *stack->edge_deg;
    while (group < view->groups + view->n_groups && (group->stacks[0]->n_planes != stack->n_planes ||
                                                     memcmp(group->stacks[0]->edge_deg, stack->edge_deg, edges) != 0))
        group++;
    if (group == view->groups + view->n_groups) view->n_groups++;
    for (int32_t t = 0; t < stack->n_planes; t++) {
        int32_t i = 0, k = 0;
        while (i < group->n && !same_rays(&group->stacks[i]->planes[t], &stack->planes[t])) i++;
        while (k < group->n && !same_gates(&group->stacks[k]->planes[t], &stack->planes[t])) k++;
        stack->rays_of[t] = i, stack->gates_of[t] = k;
    }
    group->stacks[group->n++] = stack;
}

/* What the kernels read of planes. */
static void lay_out(nwc__stack *stack)
{
    for (int32_t t = 0; t < stack->n_planes; t++) {
        const nwc__plane *const plane = &stack->planes[t];
        stack->first_m[t] = (float)plane->first_gate_m, stack->per_m[t] = (float)(1.0 / plane->gate_spacing_m);
        stack->edge_deg[t] = plane->elevation_deg;
        stack->edge_sine[t] = (float)sin(plane->elevation_deg * NWC__RADIANS);
        stack->edge_cosine[t] = (float)cos(plane->elevation_deg * NWC__RADIANS);
    }
}

static nwc_status add_quantity(nwc_ctx *ctx, nwc__view *view, const nwc__quantities *quantities, int32_t quantity,
                               const struct choice *choice, double blocked, int64_t time_ns)
{
    nwc_status status = NWC_OK;
    const char *const name = quantities->name[quantity];
    nwc__stack *stack;
    NWC__ALLOC(ctx, stack, 1);
    memset(stack, 0, sizeof *stack);
    for (int32_t e = 0; e < choice->n; e++) {
        const int32_t first = choice->begin[e];
        const int32_t sweeps = choice->begin[e + 1] - first;
        status = make_plane(ctx, view, choice->list + first, sweeps, name, blocked, time_ns, stack);
        if (status != NWC_OK) goto done;
    }
    lay_out(stack);
    for (int32_t s = 0; s < view->n_stacks; s++)
        if (same_planes(stack, view->stacks[s])) {
            free_stack(ctx, stack);
            stack = view->stacks[s];
        }
    if (!stack->n_quantities) {
        view->stacks[view->n_stacks++] = stack;
        add_to_group(view, stack);
    }
    const int32_t q = stack->n_quantities++;
    stack->quantity[q] = quantity;
    stack->averaging[q] = quantities->averaging[quantity];
done:
    if (status != NWC_OK && stack) free_stack(ctx, stack);
    return status;
}

nwc_status nwc__view_create(nwc_ctx *ctx, const nwc__radar *radar, const nwc_mosaic_lookup *lookup, int64_t time_ns,
                            const nwc_mosaic_options *options, const nwc__quantities *quantities, nwc__view *view)
{
    nwc_status status = NWC_OK;
    struct sweep_facts *sweeps = NULL;
    struct choice choice = {.list = NULL};
    const double own_deg = radar->facts.beam_width_v_deg;
    *view = (nwc__view){.radar = radar, .lookup = lookup};
    view->beam_deg = (float)(own_deg > 0.0 ? own_deg : options->beam_width_deg);
    if (!radar->n_sources || !lookup->nj) return NWC_OK;
    NWC__ALLOC(ctx, sweeps, radar->n_sources);
    NWC__ALLOC(ctx, choice.list, radar->n_sources);
    NWC__ALLOC(ctx, choice.begin, radar->n_sources + 1);
    if ((status = describe_sweeps(ctx, radar, time_ns, options->max_age_s, sweeps)) != NWC_OK) goto done;
    for (int32_t q = 0; q < quantities->n; q++) {
        const bool velocity = quantities->averaging[q] == NWC__OF_THE_BEST;
        if ((status = choose(radar, sweeps, quantities->name[q], velocity, &choice)) != NWC_OK) goto done;
        if (choice.n && (status = add_quantity(ctx, view, quantities, q, &choice, options->blocked, time_ns)) != NWC_OK)
            goto done;
    }
    status = nwc__view_prepare(ctx, view, quantities);
done:
    nwc__free(ctx, choice.begin);
    nwc__free(ctx, choice.list);
    nwc__free(ctx, sweeps);
    if (status != NWC_OK) nwc__view_destroy(ctx, view);
    return status;
}

void nwc__view_destroy(nwc_ctx *ctx, nwc__view *view)
{
    for (int32_t s = 0; s < view->n_stacks; s++) free_stack(ctx, view->stacks[s]);
    *view = (nwc__view){.n_stacks = 0};
}
