/*
 * The gates of a radar made ready to be averaged. Most can be read where they lie in the volume; rays of several
 * sweeps, or hidden in part, and reflectivity to be averaged as Z are copied. Of patches of gates it is noted whether
 * there is echo in them, for most of a volume has none.
 */
#include "mosaic/internal.h"

NWC__DECLARE_KERNELS(nwc__cells_kernels);

enum { RAYS = 64 /* in a tile, whole patches */ };

/* Some rays of a plane that are to be made ready. */
struct part {
    int32_t s, q, t, first; /* number of the stack, of its quantity and plane, first ray */
};

struct job {
    const nwc__cells_kernels *kernels;
    const nwc__view *view;
    const nwc__quantities *quantities;
    struct part *parts;
};

nwc_moment nwc__moment_of(const nwc__radar *radar, int32_t source, const char *name)
{
    nwc_moment moment = {.name = NULL};
    const nwc_status status =
        nwc_volume_find(radar->sources[source].volume, radar->sources[source].sweep, name, &moment);
    assert(status == NWC_OK);
    (void)status;
    return moment;
}

/* Of n gates of a ray of a field those that are not hidden. */
static int64_t clear_gates(const nwc__plane *plane, int32_t ray, int64_t n)
{
    while (n > 0 && plane->first_gate_m + (double)(n - 1) * plane->gate_spacing_m >= (double)plane->turn[ray].clear_m)
        n--;
    return n;
}

static bool is_field(const nwc__quantities *quantities, int32_t quantity)
{
    return quantity < quantities->n_fields;
}

/* Whether gates can be read where they lie. */
static bool as_they_lie(const nwc__plane *plane, const nwc_moment *moment, nwc__averaging averaging, bool field)
{
    const int64_t *const stride = moment->field.stride;
    if (plane->joined || averaging == NWC__AS_Z || plane->n_gates < 2 || stride[1] != 1 || stride[0] < 0 ||
        plane->n_rows * stride[0] > INT32_MAX)
        return false;
    for (int32_t r = 1; field && r <= plane->n_rays; r++)
        if (clear_gates(plane, r, plane->n_gates) < plane->n_gates) return false;
    return true;
}

static int64_t patches_across(const nwc__plane *plane)
{
    return (plane->n_gates + NWC__MOSAIC_PATCH_GATES - 1) / NWC__MOSAIC_PATCH_GATES;
}

static nwc_status lay_gates(nwc_ctx *ctx, const nwc__view *view, const nwc__quantities *quantities, nwc__stack *stack,
                            int32_t q, int32_t t)
{
    nwc_status status = NWC_OK;
    const nwc__plane *const plane = &stack->planes[t];
    const int32_t quantity = stack->quantity[q];
    const char *const name = quantities->name[quantity];
    const nwc_moment moment = nwc__moment_of(view->radar, plane->ray[1].source, name);
    const int64_t patches = (plane->n_rays + 2) / NWC__MOSAIC_PATCH_RAYS + 1;
    nwc__gates *const gates = &stack->gates[q][t];
    NWC__ALLOC(ctx, gates->patches, patches * patches_across(plane));
    memset(gates->patches, 0, (size_t)(patches * patches_across(plane)));
    if (as_they_lie(plane, &moment, stack->averaging[q], is_field(quantities, quantity))) {
        gates->cells = moment.field.data, gates->stride = (int32_t)moment.field.stride[0];
        return NWC_OK;
    }
    gates->stride = plane->n_gates > 2 ? plane->n_gates : 2;
    if ((int64_t)plane->n_rows * gates->stride > INT32_MAX)
        return nwc__fail(NWC_ERR_ARG, "volume: at most %d gates of %s in a sweep expected, more found", INT32_MAX,
                         name);
    NWC__ALLOC(ctx, gates->own, (int64_t)plane->n_rows * gates->stride);
    gates->cells = gates->own;
done:
    return status;
}

static void survey_ray(const struct job *job, const nwc__stack *stack, int32_t q, int32_t t, int32_t r)
{
    const nwc__plane *const plane = &stack->planes[t];
    const nwc__gates *const gates = &stack->gates[q][t];
    const nwc__averaging averaging = stack->averaging[q];
    const float nothing = averaging == NWC__AS_ECHO ? NWC_NOTHING_DBZ : averaging == NWC__AS_Z ? 0.0F : -INFINITY;
    job->kernels->survey(gates->cells + (int64_t)plane->turn[r].row * gates->stride, plane->n_gates, nothing,
                         gates->patches + r / NWC__MOSAIC_PATCH_RAYS * patches_across(plane));
}

static nwc_status prepare_part(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct part *const part = &job->parts[tile];
    const nwc__stack *const stack = job->view->stacks[part->s];
    const nwc__plane *const plane = &stack->planes[part->t];
    const nwc__gates *const gates = &stack->gates[part->q][part->t];
    const int32_t quantity = stack->quantity[part->q];
    const int32_t first = part->first > 1 ? part->first : 1; /* the rays beyond the turn are others' */
    const int32_t end = part->first + RAYS < plane->n_rays + 1 ? part->first + RAYS : plane->n_rays + 1;
    nwc_moment moment = {.name = NULL};
    int32_t source = -1; /* of the moment */
    for (int32_t r = first; r < end; r++) {
        if (gates->own && plane->ray[r].source != source) {
            source = plane->ray[r].source;
            moment = nwc__moment_of(job->view->radar, source, job->quantities->name[quantity]);
        }
        if (gates->own) {
            int64_t n = moment.field.dim[1] < plane->n_gates ? moment.field.dim[1] : plane->n_gates;
            if (is_field(job->quantities, quantity)) n = clear_gates(plane, r, n);
            job->kernels->prepare_ray(moment.field.data + plane->ray[r].ray * moment.field.stride[0],
                                      moment.field.stride[1], n, gates->stride, stack->averaging[part->q] == NWC__AS_Z,
                                      gates->own + (int64_t)plane->turn[r].row * gates->stride);
        }
        survey_ray(job, stack, part->q, part->t, r);
    }
    return NWC_OK;
}

static int64_t list_parts(const nwc__view *view, struct part *parts)
{
    int64_t n = 0;
    for (int32_t s = 0; s < view->n_stacks; s++)
        for (int32_t q = 0; q < view->stacks[s]->n_quantities; q++)
            for (int32_t t = 0; t < view->stacks[s]->n_planes; t++)
                for (int32_t first = 0; first <= view->stacks[s]->planes[t].n_rays; first += RAYS, n++)
                    if (parts) parts[n] = (struct part){s, q, t, first};
    return n;
}

nwc_status nwc__view_prepare(nwc_ctx *ctx, const nwc__view *view, const nwc__quantities *quantities)
{
    nwc_status status = NWC_OK;
    struct job job = {NWC__KERNELS(ctx, nwc__cells_kernels), view, quantities, NULL};
    const int64_t n = list_parts(view, NULL);
    NWC__ALLOC(ctx, job.parts, n ? n : 1);
    list_parts(view, job.parts);
    for (int32_t s = 0; s < view->n_stacks; s++)
        for (int32_t q = 0; q < view->stacks[s]->n_quantities; q++)
            for (int32_t t = 0; t < view->stacks[s]->n_planes; t++)
                if ((status = lay_gates(ctx, view, quantities, view->stacks[s], q, t)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "gates", n, prepare_part, &job)) != NWC_OK) goto done;
    for (int32_t s = 0; s < view->n_stacks; s++)
        for (int32_t q = 0; q < view->stacks[s]->n_quantities; q++)
            for (int32_t t = 0; t < view->stacks[s]->n_planes; t++) {
                survey_ray(&job, view->stacks[s], q, t, 0);
                survey_ray(&job, view->stacks[s], q, t, view->stacks[s]->planes[t].n_rays + 1);
            }
done:
    nwc__free(ctx, job.parts);
    return status;
}
