/*
 * Wind profiles: which gates belong to a level, and the levels as tiles. The fits are in profile_fit.c.
 *
 * A ray crosses a level once, so its gates there are a stretch that follows from the heights of the level's edges (Doviak and
 * Zrnic 1993, equation 2.28 solved for the range). They are counted, given room, and gathered, level by level.
 */
#include "radar/profile.h"
#include "radar/beam.h"
#include "radar/rays.h"

#define PAIR_DEG 5.0       /* between the two gates of a difference, see nwc__profile_fit */
#define PAIR_SLACK_DEG 2.5 /* a pair farther apart than PAIR_DEG and this is none */

enum { MOST_HEIGHTS = 10000 };

struct ring { /* a sweep that is used */
    nwc_sweep sweep;
    nwc_moment moment;
    int32_t volume;
    const int32_t *order;  /* its rays by azimuth */
    double x, y, altitude; /* of the radar: m from the middle of all, and above the sea */
};

struct job {
    const nwc_profile_options *options;
    struct ring *rings;
    int64_t n_rings, most_rays;
    int32_t *order;
    const double *height;
    int64_t *first; /* n_heights + 1: where the points of a level begin */
    int32_t *begin; /* n_heights times most_rays + 1: scratch of gathering */
    nwc__profile_point *points;
    nwc_profile_level *levels;
};

void nwc_profile_options_init(nwc_profile_options *options)
{
    if (options)
        *options = (nwc_profile_options){.struct_size = sizeof *options,
                                         .method = NWC_PROFILE_VAD,
                                         .order = 2,
                                         .parameters = 3,
                                         .depth_m = 200.0,
                                         .min_range_m = 5e3,
                                         .max_range_m = 60e3,
                                         .min_elevation_deg = 0.3,
                                         .max_elevation_deg = 45.0,
                                         .max_gap_deg = 150.0,
                                         .min_points = 40};
}

static nwc_status check_options(const nwc_profile_options *o)
{
    if (o->method < NWC_PROFILE_VAD || o->method > NWC_PROFILE_VVP)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_profile_method expected, %d given", (int)o->method);
    if (o->order < 1 || o->order > 2) return nwc__fail(NWC_ERR_ARG, "order: 1 or 2 expected, %d given", (int)o->order);
    if (o->parameters < 2 || o->parameters > 8 || o->parameters == 4)
        return nwc__fail(NWC_ERR_ARG, "parameters: 2, 3, 5, 6, 7 or 8 expected, %d given", (int)o->parameters);
    if (!(o->depth_m >= 10.0 && o->depth_m <= 5000.0))
        return nwc__fail(NWC_ERR_ARG, "depth_m: 10 to 5000 expected, %g given", o->depth_m);
    if (!(o->min_range_m >= 0.0 && o->max_range_m > o->min_range_m && o->max_range_m <= 1e6))
        return nwc__fail(NWC_ERR_ARG, "min_range_m, max_range_m: a stretch within 1000 km expected, %g to %g given",
                         o->min_range_m, o->max_range_m);
    if (!(o->max_elevation_deg >= o->min_elevation_deg && o->min_elevation_deg >= 0.0 && o->max_elevation_deg <= 90.0))
        return nwc__fail(NWC_ERR_ARG,
                         "min_elevation_deg, max_elevation_deg: angles of 0 to 90 expected, %g to %g given",
                         o->min_elevation_deg, o->max_elevation_deg);
    if (!(o->max_gap_deg > 0.0 && o->max_gap_deg <= 360.0))
        return nwc__fail(NWC_ERR_ARG, "max_gap_deg: above 0 to 360 expected, %g given", o->max_gap_deg);
    if (o->min_points < 8)
        return nwc__fail(NWC_ERR_ARG, "min_points: at least 8 expected, %d given", (int)o->min_points);
    return NWC_OK;
}

/* The slant range at which a beam is at a height above the sea; NaN where it is never. */
static double range_at(double height, double altitude, double elevation)
{
    const double antenna = NWC__EFFECTIVE_EARTH_M + altitude, s = antenna * sin(elevation);
    const double top = NWC__EFFECTIVE_EARTH_M + height;
    const double square = s * s + (top - antenna) * (top + antenna);
    return height >= altitude && square >= 0.0 ? -s + sqrt(square) : 0.0;
}

/* The gates of a ray within a level: from *first to before *end. */
static void stretch(const struct ring *ring, int64_t ray, double middle, const nwc_profile_options *o, int64_t *first,
                    int64_t *end)
{
    const double elevation = ring->sweep.elevation_deg[ray];
    *first = *end = 0;
    if (!(elevation >= o->min_elevation_deg && elevation <= o->max_elevation_deg)) return;
    double near = range_at(middle - 0.5 * o->depth_m, ring->altitude, elevation * NWC__RADIANS);
    double far = range_at(middle + 0.5 * o->depth_m, ring->altitude, elevation * NWC__RADIANS);
    if (!(near >= o->min_range_m)) near = o->min_range_m;
    if (!(far <= o->max_range_m)) far = o->max_range_m;
    const nwc_moment *const m = &ring->moment;
    const double a = ceil((near - m->first_gate_m) / m->gate_spacing_m),
                 b = ceil((far - m->first_gate_m) / m->gate_spacing_m);
    const double gates = (double)m->field.dim[1];
    *first = (int64_t)(a < 0.0 ? 0.0 : a > gates ? gates : a);
    *end = (int64_t)(b < 0.0 ? 0.0 : b > gates ? gates : b);
}

static int64_t count_level(const struct job *job, double height)
{
    int64_t n = 0;
    for (int64_t k = 0; k < job->n_rings; k++) {
        const struct ring *const ring = &job->rings[k];
        const nwc_field *const f = &ring->moment.field;
        for (int64_t ray = 0; ray < ring->sweep.n_rays; ray++) {
            int64_t first, end;
            stretch(ring, ray, height, job->options, &first, &end);
            for (int64_t g = first; g < end; g++) n += isfinite(f->data[ray * f->stride[0] + g * f->stride[1]]) != 0;
        }
    }
    return n;
}

static nwc__profile_point gate(const struct ring *ring, int64_t k, int64_t ray, int64_t g, double middle)
{
    const double elevation = ring->sweep.elevation_deg[ray] * NWC__RADIANS,
                 azimuth = ring->sweep.azimuth_deg[ray] * NWC__RADIANS;
    const double range = ring->moment.first_gate_m + (double)g * ring->moment.gate_spacing_m;
    const nwc__gate_place at = nwc__gate_place_of(ring->altitude, sin(elevation), cos(elevation), range);
    const double ground = nwc__gate_ground(ring->altitude, sin(elevation), cos(elevation), range);
    const float nyquist = ring->sweep.nyquist_m_s[ray];
    const nwc_field *const f = &ring->moment.field;
    return (nwc__profile_point){.velocity = f->data[ray * f->stride[0] + g * f->stride[1]],
                                .nyquist = nyquist > 0.0f ? nyquist : INFINITY,
                                .sin_az = (float)sin(azimuth),
                                .cos_az = (float)cos(azimuth),
                                .sin_el = (float)at.sin_el,
                                .cos_el = (float)at.cos_el,
                                .x = (float)(ring->x + ground * sin(azimuth)),
                                .y = (float)(ring->y + ground * cos(azimuth)),
                                .s = (float)ground,
                                .above = (float)(at.height_m - middle),
                                .ring = (int32_t)k,
                                .pair = -1};
}

/* The first ray in order, counted on from position i around the circle, that is PAIR_DEG on; -1 for none. */
static int64_t partner(const nwc_sweep *sweep, const int32_t *order, int64_t i)
{
    const int64_t n = sweep->n_rays;
    for (int64_t step = 1; step < n; step++) {
        double apart = (double)sweep->azimuth_deg[order[(i + step) % n]] - (double)sweep->azimuth_deg[order[i]];
        if (apart < 0.0) apart += 360.0;
        if (apart >= PAIR_DEG) return apart <= PAIR_DEG + PAIR_SLACK_DEG ? (i + step) % n : -1;
    }
    return -1;
}

/*
 * Add to the n points those of one ring, rays by azimuth. begin (rays + 1): where the points of the ray that is i-th by
 * azimuth lie, begin[i] to before begin[i + 1].
 */
static int64_t gather_ring(const struct job *job, int64_t k, double height, nwc__profile_point *points, int64_t n,
                           int32_t *begin)
{
    const struct ring *const ring = &job->rings[k];
    const nwc_field *const f = &ring->moment.field;
    for (int64_t i = 0; i < ring->sweep.n_rays; i++) {
        begin[i] = (int32_t)n;
        const int64_t ray = ring->order[i];
        int64_t first, end;
        stretch(ring, ray, height, job->options, &first, &end);
        for (int64_t g = first; g < end; g++)
            if (isfinite(f->data[ray * f->stride[0] + g * f->stride[1]])) points[n++] = gate(ring, k, ray, g, height);
    }
    begin[ring->sweep.n_rays] = (int32_t)n;
    return n;
}

static void pair_ring(const struct job *job, int64_t k, nwc__profile_point *points, const int32_t *begin)
{
    const struct ring *const ring = &job->rings[k];
    for (int64_t i = 0; i < ring->sweep.n_rays; i++) {
        const int64_t other = begin[i + 1] > begin[i] ? partner(&ring->sweep, ring->order, i) : -1;
        if (other < 0) continue;
        int32_t q = begin[other];
        const float same = 0.5f * (float)ring->moment.gate_spacing_m;
        for (int32_t p = begin[i]; p < begin[i + 1]; p++) { /* both go outward along their rays */
            while (q < begin[other + 1] && points[q].s < points[p].s - same) q++;
            if (q < begin[other + 1] && points[q].s <= points[p].s + same) points[p].pair = q;
        }
    }
}

static nwc_status level_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    nwc__profile_point *const points = job->points + job->first[tile];
    int32_t *const begin = job->begin + tile * (job->most_rays + 1);
    int64_t n = 0;
    for (int64_t k = 0; k < job->n_rings; k++) {
        n = gather_ring(job, k, job->height[tile], points, n, begin);
        if (job->options->method == NWC_PROFILE_GVAD) pair_ring(job, k, points, begin);
    }
    job->levels[tile] = (nwc_profile_level){.height_m = job->height[tile]};
    nwc__profile_fit(job->options, points, n, &job->levels[tile]);
    return NWC_OK;
}

/* ---- the sweeps ---- */

static bool has_moment(const nwc_volume *volume, int32_t sweep, const nwc_profile_options *o, nwc_moment *moment)
{
    if (o->moment) return nwc_volume_find(volume, sweep, o->moment, moment) == NWC_OK;
    return (o->method != NWC_PROFILE_GVAD && nwc_volume_find(volume, sweep, "VRADDH", moment) == NWC_OK) ||
           nwc_volume_find(volume, sweep, "VRADH", moment) == NWC_OK;
}

/* Fill rings with the sweeps that have a moment, and return how many; rings NULL counts. */
static int64_t take_rings(const nwc_volume *const *volumes, int32_t n_volumes, const nwc_profile_options *o,
                          struct ring *rings)
{
    int64_t n = 0;
    for (int32_t v = 0; v < n_volumes; v++) {
        nwc_volume_facts facts;
        nwc_volume_describe(volumes[v], &facts);
        for (int32_t s = 0; s < facts.n_sweeps; s++) {
            struct ring ring = {.volume = v, .altitude = facts.altitude_m};
            nwc_volume_sweep(volumes[v], s, &ring.sweep);
            if (ring.sweep.mode == NWC_SWEEP_RHI || !has_moment(volumes[v], s, o, &ring.moment)) continue;
            if (rings) rings[n] = ring;
            n++;
        }
    }
    return n;
}

/* Place the radars about their middle: on a plane that touches there, which is enough for what gates of a profile see. */
static nwc_status place(const nwc_volume *const *volumes, int32_t n_volumes, struct ring *rings, int64_t n_rings)
{
    double latitude = 0.0, east = 0.0, first = 0.0;
    for (int32_t v = 0; v < n_volumes; v++) {
        nwc_volume_facts facts;
        if (!volumes[v]) return nwc__fail(NWC_ERR_ARG, "volumes[%d]: a volume expected, NULL given", (int)v);
        NWC__TRY(nwc_volume_describe(volumes[v], &facts));
        if (!isfinite(facts.latitude_deg + facts.longitude_deg + facts.altitude_m))
            return nwc__fail(NWC_ERR_ARG, "volumes[%d]: latitude, longitude and altitude expected, one is not known",
                             (int)v);
        if (v == 0) first = facts.longitude_deg;
        latitude += facts.latitude_deg / n_volumes;
        east += remainder(facts.longitude_deg - first, 360.0) / n_volumes;
    }
    for (int64_t k = 0; k < n_rings; k++) {
        nwc_volume_facts facts;
        nwc_volume_describe(volumes[rings[k].volume], &facts);
        rings[k].x = NWC__EARTH_M * NWC__RADIANS * cos(latitude * NWC__RADIANS) *
                     remainder(facts.longitude_deg - first - east, 360.0);
        rings[k].y = NWC__EARTH_M * NWC__RADIANS * (facts.latitude_deg - latitude);
    }
    return NWC_OK;
}

/* The rays of every ring by azimuth: order holds them, one ring behind the other; scratch for one ring. */
static void sort_rays(struct ring *rings, int64_t n_rings, int32_t *order, nwc__ray_angle *scratch)
{
    for (int64_t k = 0; k < n_rings; k++) {
        const nwc_sweep *const sweep = &rings[k].sweep;
        nwc__rays_sort(sweep->azimuth_deg, sweep->n_rays, scratch, order);
        rings[k].order = order;
        order += sweep->n_rays;
    }
}

static nwc_status count_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    job->first[tile + 1] = count_level(job, job->height[tile]);
    return NWC_OK;
}

static nwc_status estimate(nwc_ctx *ctx, struct job *job, int64_t n_heights)
{
    nwc_status status;
    nwc__ray_angle *scratch = NULL;
    int64_t rays = 0;
    for (int64_t k = 0; k < job->n_rings; k++) {
        rays += job->rings[k].sweep.n_rays;
        if (job->rings[k].sweep.n_rays > job->most_rays) job->most_rays = job->rings[k].sweep.n_rays;
    }
    NWC__ALLOC(ctx, job->order, rays);
    NWC__ALLOC(ctx, scratch, job->most_rays);
    sort_rays(job->rings, job->n_rings, job->order, scratch);
    NWC__ALLOC(ctx, job->first, n_heights + 1);
    if ((status = nwc__for_each_tile(ctx, NULL, n_heights, count_tile, job)) != NWC_OK) goto done;
    job->first[0] = 0;
    for (int64_t h = 0; h < n_heights; h++) {
        if (job->first[h + 1] > INT32_MAX) {
            status = nwc__fail(NWC_ERR_ARG, "volumes: at most %d gates in a level expected, more given", INT32_MAX);
            goto done;
        }
        job->first[h + 1] += job->first[h];
    }
    NWC__ALLOC(ctx, job->points, job->first[n_heights]);
    NWC__ALLOC(ctx, job->begin, n_heights * (job->most_rays + 1));
    status = nwc__for_each_tile(ctx, "wind profile", n_heights, level_tile, job);
done:
    nwc__free(ctx, job->begin);
    nwc__free(ctx, job->points);
    nwc__free(ctx, job->first);
    nwc__free(ctx, scratch);
    nwc__free(ctx, job->order);
    return status;
}

nwc_status nwc_profile_estimate(nwc_ctx *ctx, const nwc_volume *const *volumes, int32_t n_volumes,
                                const double *height_m, int64_t n_heights, const nwc_profile_options *given,
                                nwc_profile_level *levels)
{
    ctx = nwc__ctx(ctx);
    nwc_profile_options options;
    nwc_profile_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    if (!volumes || n_volumes < 1 || !height_m || !levels || n_heights < 1 || n_heights > MOST_HEIGHTS)
        return nwc__fail(NWC_ERR_ARG,
                         "volumes, height_m, levels: a volume and 1 to %d heights expected, %d and %lld given",
                         MOST_HEIGHTS, (int)n_volumes, (long long)n_heights);
    for (int64_t h = 0; h < n_heights; h++)
        if (!isfinite(height_m[h]) || (h && !(height_m[h] > height_m[h - 1])))
            return nwc__fail(NWC_ERR_ARG, "height_m: increasing heights expected, %g given at %lld", height_m[h],
                             (long long)h);
    NWC__TRY(place(volumes, n_volumes, NULL, 0));
    struct job job = {.options = &options, .height = height_m, .levels = levels};
    job.n_rings = take_rings(volumes, n_volumes, &options, NULL);
    if (!(job.rings = nwc__alloc(ctx, job.n_rings, sizeof *job.rings))) return NWC_ERR_NOMEM;
    take_rings(volumes, n_volumes, &options, job.rings);
    place(volumes, n_volumes, job.rings, job.n_rings);
    nwc_status status = estimate(ctx, &job, n_heights);
    nwc__free(ctx, job.rings);
    if (status != NWC_OK) return status;
    for (int64_t h = 0; h < n_heights; h++)
        if (!isnan(levels[h].u_m_s)) return NWC_OK;
    return nwc__fail(NWC_ERR_NODATA, "no height has gates enough all around the radar");
}
