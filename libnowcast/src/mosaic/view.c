/*
 * What a mosaic makes of a volume: for every quantity the sweeps that serve it, by elevation, their rays in the order of
 * azimuth with a table to find them, and their gates as numbers to be averaged.
 */
#include "mosaic/internal.h"

#include <stdlib.h>

NWC__DECLARE_KERNELS(nwc__mosaic_kernels);

#define SAME_ELEVATION_DEG 0.2F
#define CLEARLY 1.1 /* farther, or of a higher Nyquist velocity */
#define HOLE 2.5F   /* usual steps from ray to ray: one ray may be missing */

enum { RAYS = 64 /* in a tile */ };

/* What is known of a sweep before its rays are looked at one by one. */
struct sweep_facts {
    bool usable;
    float elevation_deg, nyquist_m_s;
    double age_s;
};

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The middle of the values that are known; NaN where none is. */
static float median(const float *values, int64_t n, float *work)
{
    int64_t known = 0;
    for (int64_t r = 0; r < n; r++)
        if (!isnan(values[r])) work[known++] = values[r];
    if (!known) return NAN;
    qsort(work, (size_t)known, sizeof *work, by_value);
    return work[known / 2];
}

static nwc_status describe_sweeps(nwc_ctx *ctx, const nwc_volume *volume, int32_t n_sweeps, int64_t time_ns,
                                  double max_age_s, struct sweep_facts *facts)
{
    for (int32_t s = 0; s < n_sweeps; s++) {
        nwc_sweep sweep;
        NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
        facts[s] = (struct sweep_facts){.usable = false};
        if (sweep.mode == NWC_SWEEP_RHI || sweep.mode == NWC_SWEEP_VERTICAL_POINTING) continue;
        float *const work = nwc__alloc(ctx, sweep.n_rays, sizeof *work);
        if (!work) return NWC_ERR_NOMEM;
        facts[s].elevation_deg = median(sweep.elevation_deg, sweep.n_rays, work);
        facts[s].nyquist_m_s = median(sweep.nyquist_m_s, sweep.n_rays, work);
        nwc__free(ctx, work);
        facts[s].age_s = 1e-9 * (double)(time_ns - sweep.time_ns[sweep.n_rays / 2]);
        facts[s].usable = fabsf(facts[s].elevation_deg) <= 90.0F && fabs(facts[s].age_s) <= max_age_s;
    }
    return NWC_OK;
}

/* A sweep that may serve a quantity. */
struct candidate {
    int32_t sweep;
    float elevation_deg;
    double reach_m, nyquist_m_s, away_s;
};

static int by_elevation(const void *a, const void *b)
{
    const struct candidate *const x = a, *const y = b;
    const int order = (x->elevation_deg > y->elevation_deg) - (x->elevation_deg < y->elevation_deg);
    return order ? order : (x->sweep > y->sweep) - (x->sweep < y->sweep);
}

/* Of two sweeps at one elevation; the later in the volume where nothing else decides. */
static bool better(const struct candidate *a, const struct candidate *b, bool velocity)
{
    if (velocity && a->nyquist_m_s > CLEARLY * b->nyquist_m_s) return true;
    if (velocity && b->nyquist_m_s > CLEARLY * a->nyquist_m_s) return false;
    if (a->reach_m > CLEARLY * b->reach_m) return true;
    if (b->reach_m > CLEARLY * a->reach_m) return false;
    return a->away_s < b->away_s || (a->away_s == b->away_s && a->sweep > b->sweep);
}

/* The sweeps of a quantity, by elevation, one for each; n is 0 where there are none. */
static nwc_status choose(const nwc_volume *volume, int32_t n_sweeps, const struct sweep_facts *facts, const char *name,
                         bool velocity, struct candidate *list, int32_t *n)
{
    int32_t found = 0;
    for (int32_t s = 0; s < n_sweeps; s++) {
        nwc_moment moment;
        if (!facts[s].usable || nwc_volume_find(volume, s, name, &moment) != NWC_OK) continue;
        list[found++] =
            (struct candidate){.sweep = s,
                               .elevation_deg = facts[s].elevation_deg,
                               .reach_m = moment.first_gate_m + (double)moment.field.dim[1] * moment.gate_spacing_m,
                               .nyquist_m_s = isnan(facts[s].nyquist_m_s) ? 0.0 : (double)facts[s].nyquist_m_s,
                               .away_s = fabs(facts[s].age_s)};
    }
    qsort(list, (size_t)found, sizeof *list, by_elevation);
    int32_t kept = 0;
    float begin = -INFINITY; /* of the elevations that count as one */
    for (int32_t c = 0; c < found; c++) {
        if (!kept || list[c].elevation_deg - begin > SAME_ELEVATION_DEG) {
            begin = list[c].elevation_deg;
            list[kept++] = list[c];
        } else if (better(&list[c], &list[kept - 1], velocity)) {
            list[kept - 1] = list[c];
        }
    }
    if (kept > NWC__MOSAIC_SWEEPS)
        return nwc__fail(NWC_ERR_ARG, "volume: %s in sweeps of at most %d elevations expected, %d found", name,
                         NWC__MOSAIC_SWEEPS, (int)kept);
    *n = kept;
    return NWC_OK;
}

/* ---- planes ---- */

struct turn {
    float azimuth_deg;
    int32_t ray;
};

static int by_azimuth(const void *a, const void *b)
{
    const struct turn *const x = a, *const y = b;
    const int order = (x->azimuth_deg > y->azimuth_deg) - (x->azimuth_deg < y->azimuth_deg);
    return order ? order : (x->ray > y->ray) - (x->ray < y->ray);
}

/* The usual step from ray to ray; a sweep of one ray is taken for one of a degree. */
static float usual_step(const struct turn *turns, int32_t n, float *work)
{
    for (int32_t r = 1; r < n; r++) work[r - 1] = turns[r].azimuth_deg - turns[r - 1].azimuth_deg;
    const float step = n > 1 ? median(work, n - 1, work + n) : 1.0F;
    return step > 0.0F ? step : 1.0F;
}

static void fill_table(nwc__plane *plane)
{
    int32_t i = 0;
    for (int32_t b = 0; b < NWC__MOSAIC_BINS; b++) {
        const float begin = (float)b * (360.0F / NWC__MOSAIC_BINS);
        while (i < plane->n_rays && plane->azimuth_deg[i + 1] <= begin) i++;
        plane->bin[b] = i;
    }
}

/* The near edge of the first gate of a ray of which so much is hidden. */
static float clear_range(const nwc_moment *hidden, int64_t ray, double blocked)
{
    const float *const cells = hidden->field.data + ray * hidden->field.stride[0];
    for (int64_t g = 0; g < hidden->field.dim[1]; g++)
        if ((double)cells[g * hidden->field.stride[1]] >= blocked)
            return (float)(hidden->first_gate_m + ((double)g - 0.5) * hidden->gate_spacing_m);
    return INFINITY;
}

static nwc_status make_plane(nwc_ctx *ctx, const nwc_volume *volume, const struct candidate *chosen, const char *name,
                             double farthest_m, double blocked, int64_t time_ns, nwc__stack *stack)
{
    nwc__plane *const plane = &stack->planes[stack->n_planes++];
    nwc_status status = NWC_OK;
    nwc_sweep sweep;
    nwc_moment moment, hidden;
    struct turn *turns = NULL;
    float *work = NULL;
    *plane = (nwc__plane){.elevation_deg = chosen->elevation_deg, .sweep = chosen->sweep};
    NWC__TRY(nwc_volume_sweep(volume, chosen->sweep, &sweep));
    NWC__TRY(nwc_volume_find(volume, chosen->sweep, name, &moment));
    const int32_t n = (int32_t)sweep.n_rays;
    const double needed = (farthest_m - moment.first_gate_m) / moment.gate_spacing_m + 2.0;
    const double gates = fmax(1.0, fmin(needed, (double)moment.field.dim[1]));
    plane->n_rays = n, plane->n_gates = (int32_t)gates, plane->row = plane->n_gates + 2;
    plane->start = (int32_t)stack->n_cells;
    stack->n_cells += (int64_t)(n + 2) * plane->row;
    if (stack->n_cells > INT32_MAX)
        return nwc__fail(NWC_ERR_ARG, "volume: at most %d gates of %s expected, more found", INT32_MAX, name);
    plane->first_m = (float)moment.first_gate_m, plane->per_m = (float)(1.0 / moment.gate_spacing_m);
    NWC__ALLOC(ctx, plane->azimuth_deg, n + 2);
    NWC__ALLOC(ctx, plane->after_s, n + 2);
    NWC__ALLOC(ctx, plane->clear_m, n + 2);
    NWC__ALLOC(ctx, plane->order, n + 2);
    NWC__ALLOC(ctx, plane->bin, NWC__MOSAIC_BINS);
    NWC__ALLOC(ctx, turns, n);
    NWC__ALLOC(ctx, work, 2 * n);
    for (int32_t r = 0; r < n; r++) turns[r] = (struct turn){sweep.azimuth_deg[r], r};
    qsort(turns, (size_t)n, sizeof *turns, by_azimuth);
    const bool shaded = nwc_volume_find(volume, chosen->sweep, "CBB", &hidden) == NWC_OK;
    for (int32_t r = 0; r < n + 2; r++) {
        const struct turn *const at = &turns[(r + n - 1) % n];
        plane->azimuth_deg[r] = at->azimuth_deg + (r == 0 ? -360.0F : r == n + 1 ? 360.0F : 0.0F);
        plane->order[r] = at->ray;
        plane->clear_m[r] = shaded ? clear_range(&hidden, at->ray, blocked) : INFINITY;
        plane->after_s[r] = (float)(1e-9 * (double)(sweep.time_ns[at->ray] - time_ns));
    }
    plane->hole_deg = HOLE * usual_step(turns, n, work);
    fill_table(plane);
done:
    nwc__free(ctx, work);
    nwc__free(ctx, turns);
    return status;
}

/* Whether the chosen sweeps are those of a stack, with gates at the same places. */
static bool same_stack(const nwc_volume *volume, const nwc__stack *stack, const struct candidate *list, int32_t n,
                       const char *name, const char *other)
{
    if (n != stack->n_planes) return false;
    for (int32_t t = 0; t < n; t++) {
        nwc_moment a, b;
        if (list[t].sweep != stack->planes[t].sweep || nwc_volume_find(volume, list[t].sweep, name, &a) != NWC_OK ||
            nwc_volume_find(volume, list[t].sweep, other, &b) != NWC_OK)
            return false;
        if (a.first_gate_m != b.first_gate_m || a.gate_spacing_m != b.gate_spacing_m ||
            a.field.dim[1] != b.field.dim[1])
            return false;
    }
    return true;
}

static nwc_status add_quantity(nwc_ctx *ctx, nwc__view *view, const nwc__quantities *quantities, int32_t quantity,
                               const struct candidate *list, int32_t n, double blocked, int64_t time_ns)
{
    nwc_status status = NWC_OK;
    const char *const name = quantities->name[quantity];
    nwc__stack *stack = NULL;
    for (int32_t s = 0; s < view->n_stacks && !stack; s++) {
        nwc__stack *const made = view->stacks[s];
        if (same_stack(view->volume, made, list, n, name, quantities->name[made->quantity[0]])) stack = made;
    }
    if (!stack) {
        NWC__ALLOC(ctx, stack, 1);
        memset(stack, 0, sizeof *stack);
        view->stacks[view->n_stacks++] = stack;
        while (stack->n_planes < n)
            if ((status = make_plane(ctx, view->volume, &list[stack->n_planes], name, view->lookup->farthest_m, blocked,
                                     time_ns, stack)) != NWC_OK)
                goto done;
    }
    const int32_t q = stack->n_quantities++;
    stack->quantity[q] = quantity;
    stack->decibel[q] = quantities->averaging[quantity] == NWC__AS_ECHO;
    NWC__ALLOC(ctx, stack->cells[q], stack->n_cells);
done:
    return status;
}

/* ---- gates ---- */

/* Some rays of a plane that are to be made ready. */
struct part {
    const nwc__stack *stack;
    int32_t q, t, first;
};

struct prepare {
    const nwc__mosaic_kernels *kernels;
    const nwc__view *view;
    const nwc__quantities *quantities;
    struct part *parts;
};

static nwc_status prepare_part(int64_t tile, void *user)
{
    const struct prepare *const job = user;
    const struct part *const part = &job->parts[tile];
    const nwc__plane *const plane = &part->stack->planes[part->t];
    const int32_t quantity = part->stack->quantity[part->q];
    nwc_moment moment;
    NWC__TRY(nwc_volume_find(job->view->volume, plane->sweep, job->quantities->name[quantity], &moment));
    const int32_t end = part->first + RAYS < plane->n_rays + 2 ? part->first + RAYS : plane->n_rays + 2;
    for (int32_t r = part->first; r < end; r++) {
        float *const cells = part->stack->cells[part->q] + plane->start + (int64_t)r * plane->row;
        job->kernels->prepare_ray(moment.field.data + plane->order[r] * moment.field.stride[0], moment.field.stride[1],
                                  plane->n_gates, job->quantities->averaging[quantity] == NWC__AS_Z, cells);
        if (quantity >= job->quantities->n_fields) continue;
        for (int32_t g = plane->n_gates; g > 0 && plane->first_m + (float)(g - 1) / plane->per_m >= plane->clear_m[r];
             g--)
            cells[g] = NAN;
    }
    return NWC_OK;
}

static int64_t list_parts(const nwc__view *view, struct part *parts)
{
    int64_t n = 0;
    for (int32_t s = 0; s < view->n_stacks; s++) {
        const nwc__stack *const stack = view->stacks[s];
        for (int32_t q = 0; q < stack->n_quantities; q++)
            for (int32_t t = 0; t < stack->n_planes; t++)
                for (int32_t first = 0; first < stack->planes[t].n_rays + 2; first += RAYS, n++)
                    if (parts) parts[n] = (struct part){stack, q, t, first};
    }
    return n;
}

static nwc_status prepare(nwc_ctx *ctx, const nwc__view *view, const nwc__quantities *quantities)
{
    nwc_status status = NWC_OK;
    struct prepare job = {NWC__KERNELS(ctx, nwc__mosaic_kernels), view, quantities, NULL};
    const int64_t n = list_parts(view, NULL);
    NWC__ALLOC(ctx, job.parts, n);
    list_parts(view, job.parts);
    status = nwc__for_each_tile(ctx, "gates", n, prepare_part, &job);
done:
    nwc__free(ctx, job.parts);
    return status;
}

nwc_status nwc__view_create(nwc_ctx *ctx, const nwc_mosaic_input *input, const nwc_mosaic_lookup *lookup,
                            int64_t time_ns, const nwc_mosaic_options *options, const nwc__quantities *quantities,
                            nwc__view *view)
{
    nwc_status status = NWC_OK;
    nwc_volume_facts facts;
    struct sweep_facts *sweeps = NULL;
    struct candidate *list = NULL;
    *view = (nwc__view){.volume = input->volume, .lookup = lookup};
    NWC__TRY(nwc_volume_describe(input->volume, &facts));
    view->beam_deg = (float)(facts.beam_width_v_deg > 0.0 ? facts.beam_width_v_deg : options->beam_width_deg);
    if (!facts.n_sweeps || !lookup->nj) return NWC_OK;
    NWC__ALLOC(ctx, sweeps, facts.n_sweeps);
    NWC__ALLOC(ctx, list, facts.n_sweeps);
    if ((status = describe_sweeps(ctx, input->volume, facts.n_sweeps, time_ns, options->max_age_s, sweeps)) != NWC_OK)
        goto done;
    for (int32_t q = 0; q < quantities->n; q++) {
        int32_t n = 0;
        const bool velocity = quantities->averaging[q] == NWC__OF_THE_BEST;
        if ((status = choose(input->volume, facts.n_sweeps, sweeps, quantities->name[q], velocity, list, &n)) != NWC_OK)
            goto done;
        if (n && (status = add_quantity(ctx, view, quantities, q, list, n, options->blocked, time_ns)) != NWC_OK)
            goto done;
    }
    if (view->n_stacks) status = prepare(ctx, view, quantities);
done:
    nwc__free(ctx, list);
    nwc__free(ctx, sweeps);
    if (status != NWC_OK) nwc__view_destroy(ctx, view);
    return status;
}

void nwc__view_destroy(nwc_ctx *ctx, nwc__view *view)
{
    for (int32_t s = 0; s < view->n_stacks; s++) {
        nwc__stack *const stack = view->stacks[s];
        for (int32_t q = 0; q < stack->n_quantities; q++) nwc__free(ctx, stack->cells[q]);
        for (int32_t t = 0; t < stack->n_planes; t++) {
            nwc__free(ctx, stack->planes[t].bin);
            nwc__free(ctx, stack->planes[t].order);
            nwc__free(ctx, stack->planes[t].clear_m);
            nwc__free(ctx, stack->planes[t].after_s);
            nwc__free(ctx, stack->planes[t].azimuth_deg);
        }
        nwc__free(ctx, stack);
    }
    *view = (nwc__view){.n_stacks = 0};
}
