/*
 * The wind over height that all radial velocities agree upon: which gates, and their means over boxes; the fit to these.
 *
 * With azimuth a and elevation e to the ground below a gate, v_r = cos e (u sin a + v cos a) + w sin e, so means of velocities over a box
 * are those of the directions times u, v and w, however the directions differ. What the wind does not have in common over the area is
 * error here, 2 to 4 m/s and alike over tens of kilometres. A mean over a box of 10 km is one observation of it, be it of ten gates or
 * of thousands, or of five volumes; and what residuals of boxes side by side have in common takes from what their number is worth
 * ((1 + r) / (1 - r) along x and y, as for a sequence of the first order).
 */
#include "radar/beam.h"
#include "wind/background.h"

#include <stdlib.h>

#define HUBER 1.345      /* of the standard deviation: 95 % efficiency */
#define MAD 1.4826       /* standard deviation of a normal distribution over its median absolute deviation */
#define FEW_GATES 4.0    /* of a box: with so many its own noise is as large as what boxes differ by */
#define LEAST_SPREAD 0.3 /* m s-1 */
#define CLIP 4.0         /* gates farther off than so many spreads are left out in the second pass, */
#define CLIP_LEAST 10.0  /* m s-1, and farther than that */
#define NEAR_M 1000.0    /* spreads are found of boxes so near in height, */
#define TOP_M 20000.0    /* above the lowest antenna */
#define MOST_ALIKE 0.9
#define FREE_RATE 1.0 /* m2 s-2 a metre: steps of a layer may be 16 m/s */
#define SAME_SITE_DEG 1e-4

enum { ROUNDS = 8, PASSES = 2, LEAST_NEAR = 20, MOST_BOXES = 20000000 };

struct ring {
    nwc_sweep sweep;
    nwc_moment moment;
    double altitude;
    int32_t site;
};

struct box { /* sums, then means */
    double n, velocity, a[3], height;
};

struct job {
    nwc_ctx *ctx;
    const nwc_background_options *options;
    struct ring *rings;
    int64_t n_rings;
    int32_t n_sites;
    int64_t side; /* boxes of a site along x and y */
    nwc__walk walk;
    double *spread; /* (layers): of the quiet most, by which boxes are weighed */
    double *square; /* (layers): of all */
    bool clip;
    int64_t layers;
    struct box *boxes; /* (layers, sites, side, side) */
    int64_t *gates;    /* (layers) */
    /* those with gates, layer by layer: */
    int64_t n;
    int64_t *first; /* (layers + 1) */
    int64_t *index; /* (layers, sites, side, side): number among them, -1 for none */
    nwc__walk_datum *datum;
    double *noise; /* variance of a datum in squares of the spread, before what neighbours share */
    double *residual;
    double *sorted; /* scratch */
};

/* ---- gates to boxes ---- */

/* The slant range at which a beam is at a height; 0 below the antenna, NaN where it is never. */
static double range_at(double height, double altitude, double elevation)
{
    const double antenna = NWC__EFFECTIVE_EARTH_M + altitude, s = antenna * sin(elevation);
    const double square =
        s * s + (NWC__EFFECTIVE_EARTH_M + height - antenna) * (NWC__EFFECTIVE_EARTH_M + height + antenna);
    return height >= altitude && square >= 0.0 ? -s + sqrt(square) : 0.0;
}

/* The gates of a ray between two heights: from *first to before *end. */
static void stretch(const struct job *job, const struct ring *ring, int64_t ray, const double heights[2],
                    int64_t *first, int64_t *end)
{
    const nwc_background_options *const o = job->options;
    const double elevation = ring->sweep.elevation_deg[ray];
    const nwc_moment *const m = &ring->moment;
    int64_t gate[2];
    *first = *end = 0;
    if (!(elevation >= o->min_elevation_deg && elevation <= o->max_elevation_deg)) return;
    for (int side = 0; side < 2; side++) {
        double range = range_at(heights[side], ring->altitude, elevation * NWC__RADIANS);
        if (range < o->min_range_m) range = o->min_range_m;
        if (!(range <= o->max_range_m)) range = o->max_range_m;
        const double at = ceil((range - m->first_gate_m) / m->gate_spacing_m), gates = (double)m->field.dim[1];
        gate[side] = (int64_t)(at < 0.0 ? 0.0 : at > gates ? gates : at);
    }
    *first = gate[0], *end = gate[1];
}

/* Far off from the wind that the first pass found. */
static bool is_outlier(const struct job *job, int64_t layer, double velocity, const double a[3], double height)
{
    double part[NWC__WALK_PARTS];
    nwc__walk_at(&job->walk, height, part);
    const double off = velocity - a[0] * part[0] - a[1] * part[1] - a[2] * part[2];
    return fabs(off) > fmax(CLIP * job->spread[layer], CLIP_LEAST);
}

static void add_ray(const struct job *job, const struct ring *ring, int64_t ray, int64_t layer, int64_t first,
                    int64_t end)
{
    const double azimuth = ring->sweep.azimuth_deg[ray] * NWC__RADIANS;
    const double elevation = ring->sweep.elevation_deg[ray] * NWC__RADIANS;
    const double sin_az = sin(azimuth), cos_az = cos(azimuth), sin_el = sin(elevation), cos_el = cos(elevation);
    const nwc_field *const f = &ring->moment.field;
    const double half = 0.5 * (double)job->side;
    struct box *const boxes = job->boxes + (layer * job->n_sites + ring->site) * job->side * job->side;
    for (int64_t g = first; g < end; g++) {
        const double velocity = (double)f->data[ray * f->stride[0] + g * f->stride[1]];
        if (!isfinite(velocity)) continue;
        const double range = ring->moment.first_gate_m + (double)g * ring->moment.gate_spacing_m;
        const nwc__gate_place at = nwc__gate_place_of(ring->altitude, sin_el, cos_el, range);
        const double ground = nwc__gate_ground(ring->altitude, sin_el, cos_el, range) / job->options->box_m;
        const double a[3] = {at.cos_el * sin_az, at.cos_el * cos_az, at.sin_el};
        if (job->clip && is_outlier(job, layer, velocity, a, at.height_m)) continue;
        const int64_t i = (int64_t)(half + ground * sin_az), j = (int64_t)(half + ground * cos_az);
        struct box *const box = boxes + j * job->side + i;
        box->n += 1.0;
        box->velocity += velocity;
        box->height += at.height_m;
        for (int k = 0; k < 3; k++) box->a[k] += a[k];
    }
}

static nwc_status layer_tile(int64_t layer, void *user)
{
    const struct job *const job = user;
    const int64_t boxes = job->n_sites * job->side * job->side;
    const double bottom = job->walk.bottom_m + job->walk.step_m * (double)layer;
    const double heights[2] = {bottom, bottom + job->walk.step_m};
    memset(job->boxes + layer * boxes, 0, (size_t)boxes * sizeof *job->boxes);
    for (int64_t k = 0; k < job->n_rings; k++) {
        const struct ring *const ring = &job->rings[k];
        for (int64_t ray = 0; ray < ring->sweep.n_rays; ray++) {
            int64_t first, end;
            stretch(job, ring, ray, heights, &first, &end);
            if (first < end) add_ray(job, ring, ray, layer, first, end);
        }
    }
    double gates = 0.0;
    for (int64_t b = layer * boxes; b < (layer + 1) * boxes; b++) gates += job->boxes[b].n;
    job->gates[layer] = (int64_t)gates;
    return NWC_OK;
}

/* Room for as many data as boxes have gates, which in the second pass are no more than in the first. */
static nwc_status make_room(struct job *job)
{
    nwc_status status = NWC_OK;
    int64_t n = 0;
    for (int64_t b = 0; b < job->layers * job->n_sites * job->side * job->side; b++) n += job->boxes[b].n > 0.0;
    NWC__ALLOC(job->ctx, job->datum, n);
    NWC__ALLOC(job->ctx, job->noise, n);
    NWC__ALLOC(job->ctx, job->residual, n);
    NWC__ALLOC(job->ctx, job->sorted, n);
done:
    return status;
}

/* Boxes to data. */
static nwc_status gather(struct job *job)
{
    NWC__TRY(nwc__for_each_tile(job->ctx, "wind over height", job->layers, layer_tile, job));
    const int64_t boxes = job->n_sites * job->side * job->side;
    if (!job->datum) NWC__TRY(make_room(job));
    job->n = 0;
    for (int64_t layer = 0; layer < job->layers; layer++) {
        job->first[layer] = job->n;
        for (int64_t b = layer * boxes; b < (layer + 1) * boxes; b++) {
            const struct box *const box = &job->boxes[b];
            job->index[b] = -1;
            if (!(box->n > 0.0)) continue;
            job->index[b] = job->n;
            job->noise[job->n] = 1.0 + FEW_GATES / box->n;
            job->datum[job->n++] = (nwc__walk_datum){.height_m = box->height / box->n,
                                                     .a = {box->a[0] / box->n, box->a[1] / box->n, box->a[2] / box->n},
                                                     .y = box->velocity / box->n,
                                                     .weight = 1.0};
        }
    }
    job->first[job->layers] = job->n;
    return NWC_OK;
}

/* ---- the fit ---- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Robust standard deviation of residuals from first to before end, each over the root of its noise. */
static double spread_of(const struct job *job, int64_t first, int64_t end)
{
    const int64_t n = end - first;
    for (int64_t i = 0; i < n; i++) job->sorted[i] = fabs(job->residual[first + i]) / sqrt(job->noise[first + i]);
    qsort(job->sorted, (size_t)n, sizeof *job->sorted, by_size);
    const double median = n % 2 ? job->sorted[n / 2] : 0.5 * (job->sorted[n / 2 - 1] + job->sorted[n / 2]);
    return fmax(MAD * median, LEAST_SPREAD);
}

static void find_spreads(struct job *job)
{
    const double all = spread_of(job, 0, job->n);
    const int64_t reach = (int64_t)ceil(NEAR_M / job->walk.step_m);
    for (int64_t layer = 0; layer < job->layers; layer++) {
        const int64_t from = layer - reach > 0 ? layer - reach : 0;
        const int64_t to = layer + reach + 1 < job->layers ? layer + reach + 1 : job->layers;
        const int64_t first = job->first[from], end = job->first[to];
        job->spread[layer] = end - first >= LEAST_NEAR ? spread_of(job, first, end) : all;
    }
}

static void find_residuals(struct job *job)
{
    for (int64_t i = 0; i < job->n; i++) {
        const nwc__walk_datum *const d = &job->datum[i];
        double part[NWC__WALK_PARTS];
        nwc__walk_at(&job->walk, d->height_m, part);
        job->residual[i] = d->y - d->a[0] * part[0] - d->a[1] * part[1] - d->a[2] * part[2];
    }
}

/* How many boxes count as one: residuals of boxes side by side are alike. */
static double alike(const struct job *job)
{
    double worth = 1.0;
    const int64_t side = job->side, boxes = job->layers * job->n_sites * side * side;
    for (int along = 0; along < 2; along++) {
        double together = 0.0, alone = 0.0;
        for (int64_t b = 0; b < boxes; b++) {
            const bool last = along ? b / side % side == side - 1 : b % side == side - 1;
            const int64_t i = job->index[b], next = last ? -1 : job->index[b + (along ? side : 1)];
            if (i < 0 || next < 0) continue;
            const double w = job->datum[i].weight * job->datum[next].weight;
            together += w * job->residual[i] * job->residual[next];
            alone += 0.5 * w * (job->residual[i] * job->residual[i] + job->residual[next] * job->residual[next]);
        }
        const double r = alone > 0.0 ? fmin(fmax(together / alone, 0.0), MOST_ALIKE) : 0.0;
        worth *= (1.0 + r) / (1.0 - r);
    }
    return worth;
}

/* What the variance of a fit by Huber's weights is worse by than the spread says, where tails are long (Huber 1981, equation 6.5). */
static double tails(const struct job *job)
{
    double squares = 0.0, inside = 0.0;
    for (int64_t layer = 0; layer < job->layers; layer++)
        for (int64_t i = job->first[layer]; i < job->first[layer + 1]; i++) {
            const double off = fabs(job->residual[i]) / (job->spread[layer] * sqrt(job->noise[i]));
            squares += off > HUBER ? HUBER * HUBER : off * off;
            inside += off <= HUBER;
        }
    const double n = (double)job->n, share = fmax(inside / n, 0.25);
    return fmax(squares / n / (share * share), 1.0);
}

/* Variances by the spreads at hand, and Huber's weights. */
static void weigh(struct job *job, double shared)
{
    for (int64_t layer = 0; layer < job->layers; layer++)
        for (int64_t i = job->first[layer]; i < job->first[layer + 1]; i++) {
            const double own = job->spread[layer] * sqrt(job->noise[i]), off = fabs(job->residual[i]) / own;
            job->datum[i].variance = own * own * shared;
            job->datum[i].weight = off > HUBER ? HUBER / off : 1.0;
        }
}

/*
 * Root mean squares of residuals by layer, those near it together. Unlike the spread that weighs, which is that of the quiet most, it has
 * the storms in it: it is what the wind of a place may be off by.
 */
static void find_squares(struct job *job)
{
    const int64_t reach = (int64_t)ceil(NEAR_M / job->walk.step_m);
    double all = 0.0;
    for (int64_t i = 0; i < job->n; i++) all += job->residual[i] * job->residual[i] / job->noise[i];
    for (int64_t layer = 0; layer < job->layers; layer++) {
        const int64_t from = layer - reach > 0 ? layer - reach : 0;
        const int64_t to = layer + reach + 1 < job->layers ? layer + reach + 1 : job->layers;
        const int64_t first = job->first[from], end = job->first[to];
        double near = 0.0;
        for (int64_t i = first; i < end; i++) near += job->residual[i] * job->residual[i] / job->noise[i];
        const bool enough = end - first >= LEAST_NEAR;
        job->square[layer] = fmax(sqrt(enough ? near / (double)(end - first) : all / (double)job->n), LEAST_SPREAD);
    }
}

/*
 * Spreads, and what boxes share, from a walk that may follow every layer; with these the walk that is wanted. Found from the latter
 * they would feed themselves: too smooth a fit leaves shear in the residuals, wide and alike, which asks for an even smoother one.
 */
static void fit(struct job *job)
{
    for (int64_t i = 0; i < job->n; i++) job->datum[i].variance = 9.0 * job->noise[i];
    job->walk.rate = FREE_RATE;
    for (int round = 0; round < ROUNDS; round++) {
        nwc__walk_fit(&job->walk, job->datum, job->n, NULL);
        find_residuals(job);
        find_spreads(job);
        weigh(job, 1.0);
    }
    const double shared = alike(job) * tails(job), given = job->options->walk;
    job->walk.rate = given > 0.0 ? given : NWC__WALK_USUAL;
    for (int round = 0; round < ROUNDS; round++) {
        weigh(job, shared);
        if (!(given > 0.0) && round % 4 == 0)
            nwc__walk_find_rate(&job->walk, job->datum, job->n);
        else
            nwc__walk_fit(&job->walk, job->datum, job->n, NULL);
        find_residuals(job);
    }
    find_squares(job);
}

/* ---- levels ---- */

static int64_t layer_of(const struct job *job, double height)
{
    const double at = floor((height - job->walk.bottom_m) / job->walk.step_m);
    return at < 0.0 ? 0 : at >= (double)job->layers ? job->layers - 1 : (int64_t)at;
}

/* Whether boxes lie within a layer of this one; and none above or below it at all. */
static int32_t flags_of(const struct job *job, double height)
{
    const int64_t layer = layer_of(job, height), above = layer + 2 < job->layers ? layer + 2 : job->layers;
    const int64_t below = layer > 0 ? layer - 1 : 0;
    if (height >= job->walk.bottom_m && job->first[above] > job->first[below]) return 0;
    const bool outside = job->first[layer] == 0 || job->first[layer] == job->n || height < job->walk.bottom_m;
    return outside ? NWC_BACKGROUND_BEYOND : NWC_BACKGROUND_GAP;
}

static void fill(const struct job *job, const double *height_m, int64_t n_heights, nwc_background_level *levels)
{
    for (int64_t h = 0; h < n_heights; h++) {
        const int64_t layer = layer_of(job, height_m[h]);
        const double given = job->options->spread_m_s;
        const bool there = height_m[h] >= job->walk.bottom_m && height_m[h] < job->walk.bottom_m + TOP_M;
        levels[h] = (nwc_background_level){.height_m = height_m[h],
                                           .spread_m_s = isnan(given) ? job->square[layer] : given,
                                           .density_kg_m3 = nwc__standard_density(height_m[h]),
                                           .n = there ? job->gates[layer] : 0,
                                           .flags = flags_of(job, height_m[h]) | NWC_BACKGROUND_STANDARD_AIR};
        nwc__background_level_of(&job->walk, job->options->most_error_m_s, &levels[h]);
    }
}

/* ---- volumes ---- */

static bool has_moment(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *moment)
{
    if (name) return nwc_volume_find(volume, sweep, name, moment) == NWC_OK;
    return nwc_volume_find(volume, sweep, "VRADDH", moment) == NWC_OK ||
           nwc_volume_find(volume, sweep, "VRADH", moment) == NWC_OK;
}

/* The first volume at the same place: volumes of one radar share its boxes. */
static int32_t site_of(const nwc_volume *const *volumes, int32_t v)
{
    nwc_volume_facts here, there;
    nwc_volume_describe(volumes[v], &here);
    for (int32_t k = 0; k < v; k++) {
        nwc_volume_describe(volumes[k], &there);
        if (fabs(there.latitude_deg - here.latitude_deg) < SAME_SITE_DEG &&
            fabs(remainder(there.longitude_deg - here.longitude_deg, 360.0)) < SAME_SITE_DEG)
            return k;
    }
    return v;
}

/* Fill rings with the sweeps that have velocities, and return how many; rings NULL counts. */
static int64_t take_rings(const nwc_volume *const *volumes, int32_t n_volumes, const char *name, const int32_t *site,
                          struct ring *rings)
{
    int64_t n = 0;
    for (int32_t v = 0; v < n_volumes; v++) {
        nwc_volume_facts facts;
        nwc_volume_describe(volumes[v], &facts);
        for (int32_t s = 0; s < facts.n_sweeps; s++) {
            struct ring ring = {.altitude = facts.altitude_m};
            nwc_volume_sweep(volumes[v], s, &ring.sweep);
            if (!has_moment(volumes[v], s, name, &ring.moment)) continue;
            if (rings) ring.site = site[v], rings[n] = ring;
            n++;
        }
    }
    return n;
}

/* Heights of antennas into lowest, and the number of each volume's site among sites. */
static nwc_status take_sites(const nwc_volume *const *volumes, int32_t n_volumes, int32_t *site, int32_t *n_sites,
                             double *lowest)
{
    *n_sites = 0;
    *lowest = INFINITY;
    for (int32_t v = 0; v < n_volumes; v++) {
        nwc_volume_facts facts;
        if (!volumes[v]) return nwc__fail(NWC_ERR_ARG, "volumes[%d]: a volume expected, NULL given", (int)v);
        NWC__TRY(nwc_volume_describe(volumes[v], &facts));
        if (!isfinite(facts.latitude_deg + facts.longitude_deg + facts.altitude_m))
            return nwc__fail(NWC_ERR_ARG, "volumes[%d]: latitude, longitude and altitude expected, one is not known",
                             (int)v);
        const int32_t first = site_of(volumes, v);
        site[v] = first < v ? site[first] : (*n_sites)++;
        if (facts.altitude_m < *lowest) *lowest = facts.altitude_m;
    }
    return NWC_OK;
}

static nwc_status allocate(struct job *job)
{
    nwc_status status = NWC_OK;
    const int64_t boxes = job->layers * job->n_sites * job->side * job->side;
    if (boxes > MOST_BOXES)
        return nwc__fail(NWC_ERR_ARG, "volumes, options: at most %d boxes expected, %lld needed", (int)MOST_BOXES,
                         (long long)boxes);
    NWC__ALLOC(job->ctx, job->spread, job->layers);
    NWC__ALLOC(job->ctx, job->square, job->layers);
    NWC__ALLOC(job->ctx, job->gates, job->layers);
    NWC__ALLOC(job->ctx, job->first, job->layers + 1);
    NWC__ALLOC(job->ctx, job->boxes, boxes);
    NWC__ALLOC(job->ctx, job->index, boxes);
done:
    return status;
}

static void release(struct job *job)
{
    nwc__free(job->ctx, job->sorted);
    nwc__free(job->ctx, job->residual);
    nwc__free(job->ctx, job->noise);
    nwc__free(job->ctx, job->datum);
    nwc__free(job->ctx, job->index);
    nwc__free(job->ctx, job->boxes);
    nwc__free(job->ctx, job->first);
    nwc__free(job->ctx, job->gates);
    nwc__free(job->ctx, job->square);
    nwc__free(job->ctx, job->spread);
    nwc__walk_release(job->ctx, &job->walk);
    nwc__free(job->ctx, job->rings);
}

nwc_status nwc_background_radars(nwc_ctx *ctx, const nwc_volume *const *volumes, int32_t n_volumes,
                                 const double *height_m, int64_t n_heights, const nwc_background_options *given,
                                 nwc_background_level *levels)
{
    ctx = nwc__ctx(ctx);
    nwc_background_options options;
    NWC__TRY(nwc__background_take(given, &options));
    NWC__TRY(nwc__background_check_heights(height_m, n_heights, levels));
    if (!volumes || n_volumes < 1)
        return nwc__fail(NWC_ERR_ARG, "volumes: at least one expected, %d given", (int)n_volumes);
    nwc_status status = NWC_OK;
    struct job job = {.ctx = ctx, .options = &options};
    double lowest;
    int32_t *site = NULL;
    for (int64_t h = 0; h < n_heights; h++) levels[h] = nwc__background_nothing(height_m[h], options.most_error_m_s);
    NWC__ALLOC(ctx, site, n_volumes);
    if ((status = take_sites(volumes, n_volumes, site, &job.n_sites, &lowest)) != NWC_OK) goto done;
    job.n_rings = take_rings(volumes, n_volumes, options.moment, site, NULL);
    NWC__ALLOC(ctx, job.rings, job.n_rings);
    take_rings(volumes, n_volumes, options.moment, site, job.rings);
    if ((status = nwc__walk_create(ctx, lowest, lowest + TOP_M, options.depth_m, &job.walk)) != NWC_OK) goto done;
    job.layers = job.walk.n - 1;
    job.side = 2 * (int64_t)ceil(options.max_range_m / options.box_m);
    if ((status = allocate(&job)) != NWC_OK) goto done;
    for (int pass = 0; pass < PASSES; pass++) {
        job.clip = pass > 0;
        if ((status = gather(&job)) != NWC_OK) goto done;
        if (job.n == 0) {
            status = nwc__fail(NWC_ERR_NODATA, "volumes: no velocity between %g and %g m from a radar",
                               options.min_range_m, options.max_range_m);
            goto done;
        }
        fit(&job);
    }
    fill(&job, height_m, n_heights, levels);
done:
    release(&job);
    nwc__free(ctx, site);
    return status;
}
