/*
 * Dealiasing of a volume: its sweeps made ready, and the answer put into it. The method is in the files beside this one:
 *
 * - dealias_regions.c: gates that leave no doubt between them, as regions (after Herraez et al. 2002);
 * - dealias_pairs.c: what speaks for folds between regions, within a sweep and from sweep to sweep;
 * - dealias_solve.c: the folds of all regions by minimum cuts (Bioucas-Dias and Valadao 2007);
 * - dealias_wind.c: the wind of the volume, and the folds of what hangs together by it;
 * - dealias_gates.c: from regions to gates, and gates of two pulse rates.
 *
 * Why so: methods that go from gate to gate (UNRAVEL) or merge regions one by one (Helmus and Collis 2016) cannot take back
 * what they decided; here the decisions between regions are taken together, and only decisions that single gates leave no
 * doubt about are taken before.
 */
#include "radar/dealias_kernel.h"
#include "radar/dealias_volume.h"
#include "radar/rays.h"
#include "radar/volume.h"

#include <nowcast/dealias.h>

#include <stdlib.h>

#define APART 2.5          /* rays more than this times their usual distance apart are no neighbours */
#define SAME_ANGLE 0.35    /* degrees between sweeps of this volume and the one before that are the same */
#define UNCERTAIN_M_S 1e-3 /* Nyquist velocities that differ by less than this part are one */

NWC__DECLARE_KERNELS(nwc__dealias_kernels);

enum { MOST_DUAL = 10, AT_ONCE = 64 /* gates that are looked at for whether there is one known */ };

/* A sweep on its way: rays in order of their angle, of each the gates from the first that is known to the last. */
struct part {
    int32_t index; /* in the volume */
    nwc_sweep sweep;
    nwc_moment moment;
    float angle; /* its median elevation: sweeps are taken from the lowest */
    nwc__ray_angle *scratch;
    int32_t *order, *other; /* other: scratch */
    float *azimuth, *elevation, *along, *nyquist;
    int32_t *from, *to, *row;
    uint8_t *near, *linked;
    float *velocity, *before;
    nwc__fold_sweep fold;
    nwc__moment *made[3];
};

struct job {
    const nwc_dealias_options *options;
    const nwc_volume *previous;
    const struct nwc__dealias_kernels *kernels;
    struct part *parts;
};

void nwc_dealias_options_init(nwc_dealias_options *options)
{
    if (options) *options = (nwc_dealias_options){.struct_size = sizeof *options};
}

/* ---- making ready ---- */

static int by_elevation(const void *a, const void *b)
{
    const struct part *const p = a, *const q = b;
    const bool rhi = p->sweep.mode == NWC_SWEEP_RHI, other = q->sweep.mode == NWC_SWEEP_RHI;
    if (rhi != other) return rhi - other;
    return p->angle != q->angle ? (p->angle > q->angle) - (p->angle < q->angle)
                                : (p->index > q->index) - (p->index < q->index);
}

static float middle_of(const float *value, int64_t n, nwc__ray_angle *scratch, int32_t *order)
{
    nwc__rays_sort(value, n, scratch, order);
    return value[order[n / 2]];
}

static float nyquist_of(const struct part *part, int64_t ray, const nwc_dealias_options *options)
{
    const float own = part->sweep.nyquist_m_s[ray];
    return own > 0.0f && isfinite(own) ? own : (float)options->nyquist_m_s;
}

static bool any_known(const struct part *part, const nwc_dealias_options *options)
{
    const nwc_field *const f = &part->moment.field;
    for (int64_t r = 0; r < part->sweep.n_rays; r++) {
        if (!(nyquist_of(part, r, options) > 0.0f)) continue;
        for (int64_t g = 0; g < f->dim[1]; g++)
            if (isfinite(f->data[r * f->stride[0] + g])) return true;
    }
    return false;
}

/* A moment the volume was read with is not replaced: that of an earlier call has VFOLD beside it. */
static nwc_status check_output(const nwc_volume *volume, const struct part *parts, int32_t n, const char *output)
{
    for (int32_t k = 0; k < n; k++) {
        nwc_moment had;
        if (nwc_volume_find(volume, parts[k].index, output, &had) == NWC_OK &&
            nwc_volume_find(volume, parts[k].index, "VFOLD", &had) != NWC_OK)
            return nwc__fail(NWC_ERR_ARG, "output: a name that sweep %d has not yet expected, %s given",
                             (int)parts[k].index, output);
    }
    return NWC_OK;
}

/* Sweeps that have the moment and a gate to dealias; parts NULL counts. */
static int32_t take_parts(const nwc_volume *volume, const nwc_dealias_options *options, struct part *parts)
{
    nwc_volume_facts facts;
    nwc_volume_describe(volume, &facts);
    int32_t n = 0;
    for (int32_t k = 0; k < facts.n_sweeps; k++) {
        struct part part = {.index = k};
        nwc_volume_sweep(volume, k, &part.sweep);
        if (nwc_volume_find(volume, k, options->moment, &part.moment) != NWC_OK) continue;
        if (parts) parts[n] = part;
        n++;
    }
    return n;
}

static nwc_status allocate_rays(nwc_ctx *ctx, struct part *part)
{
    nwc_status status = NWC_OK;
    const int64_t rays = part->sweep.n_rays;
    NWC__ALLOC(ctx, part->scratch, rays);
    NWC__ALLOC(ctx, part->order, rays);
    NWC__ALLOC(ctx, part->other, rays);
    NWC__ALLOC(ctx, part->azimuth, rays);
    NWC__ALLOC(ctx, part->elevation, rays);
    NWC__ALLOC(ctx, part->along, rays);
    NWC__ALLOC(ctx, part->nyquist, rays);
    NWC__ALLOC(ctx, part->from, rays);
    NWC__ALLOC(ctx, part->to, rays);
    NWC__ALLOC(ctx, part->row, rays);
    NWC__ALLOC(ctx, part->near, rays);
    NWC__ALLOC(ctx, part->linked, rays);
done:
    return status;
}

static nwc_status allocate_cells(nwc_ctx *ctx, struct part *part, bool before)
{
    nwc_status status = NWC_OK;
    nwc__fold_sweep *const fold = &part->fold;
    NWC__ALLOC(ctx, part->velocity, fold->n_cells);
    if (before) NWC__ALLOC(ctx, part->before, fold->n_cells);
    NWC__ALLOC(ctx, fold->rough, fold->n_cells);
    NWC__ALLOC(ctx, fold->label, fold->n_cells);
    NWC__ALLOC(ctx, fold->fold, fold->n_cells);
    NWC__ALLOC(ctx, fold->unfolded, fold->n_cells);
    NWC__ALLOC(ctx, fold->confidence, fold->n_cells);
    NWC__ALLOC(ctx, fold->mark, fold->n_cells);
    fold->velocity = part->velocity;
    fold->before = part->before;
done:
    return status;
}

static void release(nwc_ctx *ctx, struct part *part)
{
    nwc__free(ctx, part->fold.mark);
    nwc__free(ctx, part->fold.confidence);
    nwc__free(ctx, part->fold.unfolded);
    nwc__free(ctx, part->fold.fold);
    nwc__free(ctx, part->fold.label);
    nwc__free(ctx, part->fold.rough);
    nwc__free(ctx, part->before);
    nwc__free(ctx, part->velocity);
    nwc__free(ctx, part->linked);
    nwc__free(ctx, part->near);
    nwc__free(ctx, part->row);
    nwc__free(ctx, part->to);
    nwc__free(ctx, part->from);
    nwc__free(ctx, part->nyquist);
    nwc__free(ctx, part->along);
    nwc__free(ctx, part->elevation);
    nwc__free(ctx, part->azimuth);
    nwc__free(ctx, part->other);
    nwc__free(ctx, part->order);
    nwc__free(ctx, part->scratch);
}

/* Which rays are neighbours. */
static void neighbours(struct part *part)
{
    const int64_t n = part->sweep.n_rays;
    float *const apart = part->along; /* for a moment: the distance of each ray to the next */
    const float *const angle = part->fold.rhi ? part->elevation : part->azimuth;
    for (int64_t r = 0; r < n; r++) {
        apart[r] = angle[r + 1 < n ? r + 1 : 0] - angle[r];
        if (r + 1 == n) apart[r] = part->fold.rhi ? 360.0f : apart[r] + 360.0f;
    }
    const float usual = middle_of(apart, n, part->scratch, part->other);
    for (int64_t r = 0; r < n; r++) {
        const int64_t next = r + 1 < n ? r + 1 : 0;
        part->near[r] = n > 1 && apart[r] <= (float)APART * usual && apart[r] < 45.0f;
        part->linked[r] =
            part->near[r] && fabsf(part->nyquist[r] - part->nyquist[next]) <= (float)UNCERTAIN_M_S * part->nyquist[r];
    }
    memcpy(part->along, angle, (size_t)n * sizeof *angle);
}

/* Rays by angle, and which gates of each are held: none of rays without a Nyquist velocity. */
static nwc_status rays_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    struct part *const part = &job->parts[tile];
    const nwc_sweep *const sweep = &part->sweep;
    const nwc_field *const f = &part->moment.field;
    nwc__fold_sweep *const fold = &part->fold;
    *fold = (nwc__fold_sweep){.n_rays = sweep->n_rays,
                              .n_gates = 1,
                              .first_gate_m = part->moment.first_gate_m,
                              .gate_spacing_m = part->moment.gate_spacing_m,
                              .from = part->from,
                              .to = part->to,
                              .row = part->row,
                              .angle_deg = part->along,
                              .azimuth_deg = part->azimuth,
                              .elevation_deg = part->elevation,
                              .nyquist_m_s = part->nyquist,
                              .near = part->near,
                              .linked = part->linked,
                              .rhi = sweep->mode == NWC_SWEEP_RHI};
    nwc__rays_sort(fold->rhi ? sweep->elevation_deg : sweep->azimuth_deg, sweep->n_rays, part->scratch, part->order);
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const int64_t ray = part->order[r];
        const float nyquist = nyquist_of(part, ray, job->options);
        const float *const had = f->data + ray * f->stride[0];
        int64_t from = 0, to = nyquist > 0.0f ? f->dim[1] : 0;
        while (to > AT_ONCE && job->kernels->none(AT_ONCE, had + to - AT_ONCE)) to -= AT_ONCE;
        while (to > from && !isfinite(had[to - 1])) to--;
        while (from < to && !isfinite(had[from])) from++;
        part->azimuth[r] = sweep->azimuth_deg[ray];
        part->elevation[r] = sweep->elevation_deg[ray];
        part->nyquist[r] = nyquist > 0.0f ? nyquist : 1.0f;
        part->from[r] = (int32_t)from;
        part->to[r] = (int32_t)to;
        part->row[r] = (int32_t)(fold->n_cells - from);
        fold->n_cells += to - from;
        fold->n_gates = to > fold->n_gates ? to : fold->n_gates;
    }
    neighbours(part);
    if (job->options->dual_prf > 0) {
        fold->first_prf = 1.0 / job->options->dual_prf;
        fold->second_prf = 1.0 / (job->options->dual_prf + 1);
    }
    return NWC_OK;
}

/* ---- what is known beforehand ---- */

/* The sweep of the volume before that is at the same angle; false for none. */
static bool find_previous(const struct job *job, const struct part *part, nwc_sweep *sweep, nwc_moment *moment)
{
    nwc_volume_facts facts;
    nwc_volume_describe(job->previous, &facts);
    double least = SAME_ANGLE;
    bool found = false;
    for (int32_t k = 0; k < facts.n_sweeps; k++) {
        nwc_sweep other;
        nwc_moment had;
        nwc_volume_sweep(job->previous, k, &other);
        const double apart = fabs((double)other.elevation_deg[other.n_rays / 2] - part->angle);
        if (other.mode == NWC_SWEEP_RHI || !(apart < least)) continue;
        if (nwc_volume_find(job->previous, k, job->options->output, &had) != NWC_OK) continue;
        *sweep = other;
        *moment = had;
        least = apart;
        found = true;
    }
    return found;
}

/* What the sweep of the volume before has at the gates of a part. */
static void look_before(const struct job *job, struct part *part)
{
    const nwc__fold_sweep *const fold = &part->fold;
    nwc_sweep sweep = {.n_rays = 0};
    nwc_moment moment = {.name = NULL};
    for (int64_t i = 0; i < fold->n_cells; i++) part->before[i] = NAN;
    if (fold->rhi || !find_previous(job, part, &sweep, &moment)) return;
    for (int64_t r = 0; r < fold->n_rays; r++) {
        int64_t ray = -1;
        float least = 1.0f;
        for (int64_t q = 0; q < sweep.n_rays; q++) {
            const float d = fabsf(sweep.azimuth_deg[q] - part->azimuth[r]), apart = d > 180.0f ? 360.0f - d : d;
            if (apart < least) least = apart, ray = q;
        }
        for (int64_t g = fold->from[r]; ray >= 0 && g < fold->to[r]; g++) {
            const double range = fold->first_gate_m + (double)g * fold->gate_spacing_m;
            const int64_t h = (int64_t)floor((range - moment.first_gate_m) / moment.gate_spacing_m + 0.5);
            if (h < 0 || h >= moment.field.dim[1]) continue;
            const float v = moment.field.data[ray * moment.field.stride[0] + h];
            if (isfinite(v)) part->before[fold->row[r] + g] = v;
        }
    }
}

/* Velocities within the Nyquist interval. */
static nwc_status cells_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    struct part *const part = &job->parts[tile];
    const nwc_field *const f = &part->moment.field;
    for (int64_t r = 0; r < part->sweep.n_rays; r++) {
        const float *const had = f->data + part->order[r] * f->stride[0], nyquist = part->nyquist[r];
        for (int64_t g = part->from[r]; g < part->to[r]; g++) {
            float v = had[g];
            if (!isfinite(v)) v = NAN;
            if (fabsf(v) > nyquist) v = remainderf(v, 2.0f * nyquist);
            part->velocity[part->row[r] + g] = v;
        }
    }
    if (job->previous) look_before(job, part);
    return NWC_OK;
}

/* u and v of a profile at the knots of the wind, held at its ends. */
static void read_profile(const nwc_profile_level *profile, int64_t n_levels, nwc__fold_wind *wind)
{
    for (int32_t k = 0; k < NWC__WIND_KNOTS; k++) {
        const double height = nwc__wind_height(wind, k);
        const nwc_profile_level *below = NULL, *above = NULL;
        for (int64_t h = 0; h < n_levels; h++) {
            if (!isfinite(profile[h].u_m_s + profile[h].v_m_s)) continue;
            if (profile[h].height_m <= height) below = &profile[h];
            if (!above && profile[h].height_m > height) above = &profile[h];
        }
        if (!below && !above) return;
        if (!below) below = above;
        if (!above) above = below;
        const double thick = above->height_m - below->height_m;
        const double t = thick > 0.0 ? (height - below->height_m) / thick : 0.0;
        wind->u[k] = below->u_m_s + t * (above->u_m_s - below->u_m_s);
        wind->v[k] = below->v_m_s + t * (above->v_m_s - below->v_m_s);
    }
    wind->known = true;
}

static nwc_status check(const nwc_profile_level *profile, int64_t n_levels, const nwc_dealias_options *o)
{
    if (!(o->nyquist_m_s >= 0.0 && o->nyquist_m_s <= 200.0))
        return nwc__fail(NWC_ERR_ARG, "nyquist_m_s: 0 to 200 expected, %g given", o->nyquist_m_s);
    if (o->dual_prf < 0 || o->dual_prf > MOST_DUAL)
        return nwc__fail(NWC_ERR_ARG, "dual_prf: 0 to %d expected, %d given", MOST_DUAL, (int)o->dual_prf);
    if (strcmp(o->moment, o->output) == 0)
        return nwc__fail(NWC_ERR_ARG, "output: another name than that of the moment expected, %s given", o->output);
    if (n_levels < 0 || (n_levels > 0 && !profile))
        return nwc__fail(NWC_ERR_ARG, "profile: %lld levels expected, NULL given", (long long)n_levels);
    for (int64_t h = 0; h < n_levels; h++)
        if (!isfinite(profile[h].height_m) || (h && !(profile[h].height_m > profile[h - 1].height_m)))
            return nwc__fail(NWC_ERR_ARG, "profile: increasing heights expected, %g m given at %lld",
                             profile[h].height_m, (long long)h);
    return NWC_OK;
}

/* ---- the answer ---- */

static nwc_status put_moments(nwc_volume *volume, struct part *part, const char *output)
{
    const char *const name[3] = {output, "VFOLD", "VCONF"};
    const nwc_moment *const m = &part->moment;
    for (int k = 0; k < 3; k++) {
        const char *const units = nwc__moment_named(name[k]) ? NULL : k == 0 ? "m s-1" : "1";
        NWC__TRY(nwc__volume_put(volume, part->index, name[k], units, m->field.dim[1], m->first_gate_m,
                                 m->gate_spacing_m, &part->made[k]));
    }
    return NWC_OK;
}

static nwc_status write_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct part *const part = &job->parts[tile];
    const nwc_field *const f = &part->moment.field;
    const int64_t n = f->dim[1];
    for (int64_t r = 0; r < part->sweep.n_rays; r++) {
        const int64_t ray = part->order[r];
        float *const v = part->made[0]->cells + ray * n, *const fold = part->made[1]->cells + ray * n,
                     *const confidence = part->made[2]->cells + ray * n;
        const int64_t from = part->from[r], i = part->row[r] + from;
        memcpy(v, f->data + ray * f->stride[0], (size_t)n * sizeof *v);
        for (int64_t g = 0; g < n; g++) /* a ray without a Nyquist velocity stays as it is, and NaN is NaN */
            fold[g] = confidence[g] = isnan(v[g]) ? NAN : 0.0f;
        job->kernels->answer(part->to[r] - from, part->fold.unfolded + i, part->fold.confidence + i, part->nyquist[r],
                             v + from, fold + from, confidence + from);
    }
    return NWC_OK;
}

static nwc_status run(nwc_ctx *ctx, nwc_volume *volume, struct job *job, int32_t n, nwc__fold_wind *wind,
                      double altitude_m)
{
    nwc_status status;
    nwc__fold_sweep *sweeps = NULL;
    NWC__ALLOC(ctx, sweeps, n);
    for (int32_t k = 0; k < n; k++) {
        struct part *const part = &job->parts[k];
        if ((status = allocate_rays(ctx, part)) != NWC_OK) goto done;
        part->angle = middle_of(part->sweep.elevation_deg, part->sweep.n_rays, part->scratch, part->other);
    }
    qsort(job->parts, (size_t)n, sizeof *job->parts, by_elevation);
    if ((status = nwc__for_each_tile(ctx, "dealias", n, rays_tile, job)) != NWC_OK) goto done;
    for (int32_t k = 0; k < n; k++)
        if ((status = allocate_cells(ctx, &job->parts[k], job->previous != NULL)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "dealias", n, cells_tile, job)) != NWC_OK) goto done;
    for (int32_t k = 0; k < n; k++) sweeps[k] = job->parts[k].fold;
    if ((status = nwc__fold_volume(ctx, sweeps, n, altitude_m, wind)) != NWC_OK) goto done;
    for (int32_t k = 0; k < n; k++)
        if ((status = put_moments(volume, &job->parts[k], job->options->output)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "dealias", n, write_tile, job);
done:
    for (int32_t k = n - 1; k >= 0; k--) release(ctx, &job->parts[k]);
    nwc__free(ctx, sweeps);
    return status;
}

nwc_status nwc_dealias_volume(nwc_ctx *ctx, nwc_volume *volume, const nwc_profile_level *profile, int64_t n_levels,
                              const nwc_volume *previous, const nwc_dealias_options *given)
{
    ctx = nwc__ctx(ctx);
    nwc_dealias_options options;
    nwc_dealias_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    if (!options.moment) options.moment = "VRADH";
    if (!options.output) options.output = "VRADDH";
    NWC__TRY(check(profile, n_levels, &options));
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    const double altitude = isfinite(facts.altitude_m) ? facts.altitude_m : 0.0;
    nwc__fold_wind wind = {.bottom_m = altitude};
    read_profile(profile, n_levels, &wind);
    struct job job = {.options = &options, .previous = previous, .kernels = NWC__KERNELS(ctx, nwc__dealias_kernels)};
    const int32_t n = take_parts(volume, &options, NULL);
    if (n == 0) return nwc__fail(NWC_ERR_NODATA, "no sweep has %s", options.moment);
    if (!(job.parts = nwc__alloc(ctx, n, sizeof *job.parts))) return NWC_ERR_NOMEM;
    take_parts(volume, &options, job.parts);
    bool any = false;
    for (int32_t k = 0; k < n && !any; k++) any = any_known(&job.parts[k], &options);
    nwc_status status = check_output(volume, job.parts, n, options.output);
    if (status == NWC_OK)
        status = any ? run(ctx, volume, &job, n, &wind, altitude)
                     : nwc__fail(NWC_ERR_NODATA, "no gate of %s is known in a ray of known Nyquist velocity",
                                 options.moment);
    nwc__free(ctx, job.parts);
    return status;
}
