/*
 * Where beams go. Over an effective earth a beam is a straight line beside a sphere: with R its radius, h the height of the
 * antenna and r, e range and elevation, the place lies at r cos e and R + h + r sin e along and across the radius through the
 * antenna. Doviak and Zrnic (1993), eq. 2.28b and c, are its polar coordinates, and the inverse is closed as well.
 */
#include "radar/beam.h"

#include <proj.h>

#define WGS84_RADIUS 6378137.0
#define WGS84_FLATTENING (1.0 / 298.257223563)

enum { MOST_LEVELS = 65536, POINTS = 1024 /* in a tile */ };

void nwc_beam_options_init(nwc_beam_options *options)
{
    if (options) *options = (nwc_beam_options){.struct_size = sizeof *options, .earth_factor = 4.0 / 3.0};
}

static nwc_status check_levels(const nwc_beam_options *options)
{
    if (options->n_levels < 0 || options->n_levels > MOST_LEVELS)
        return nwc__fail(NWC_ERR_ARG, "n_levels: 0 to %d expected, %d given", MOST_LEVELS, (int)options->n_levels);
    if (options->n_levels && (!options->height_m || !options->refractivity))
        return nwc__fail(NWC_ERR_ARG, "height_m, refractivity: arrays expected, NULL given");
    for (int32_t l = 0; l < options->n_levels; l++) {
        if (!isfinite(options->height_m[l]) || (l && !(options->height_m[l] > options->height_m[l - 1])))
            return nwc__fail(NWC_ERR_ARG, "height_m: increasing heights expected, %g given as number %d",
                             options->height_m[l], (int)l);
        if (!(options->refractivity[l] > 0.0 && options->refractivity[l] < 1000.0))
            return nwc__fail(NWC_ERR_ARG, "refractivity: above 0 and below 1000 expected, %g given at %g m",
                             options->refractivity[l], options->height_m[l]);
    }
    return NWC_OK;
}

/* From the centre of the earth to the ellipsoid. */
static nwc_status find_radius(double latitude_deg, double *radius_m)
{
    nwc_status status = NWC_OK;
    PJ *cartesian = NULL;
    PJ_CONTEXT *const context = proj_context_create();
    if (!context) return nwc__fail(NWC_ERR_NOMEM, "no memory for a PROJ context");
    proj_context_set_enable_network(context, 0);
    cartesian = proj_create(context, "+proj=cart +ellps=WGS84");
    if (!cartesian) {
        status = nwc__fail(NWC_ERR_INTERNAL, "PROJ makes no geocentric coordinates");
        goto done;
    }
    const PJ_COORD at = proj_trans(cartesian, PJ_FWD, proj_coord(0.0, latitude_deg * NWC__RADIANS, 0.0, 0.0));
    *radius_m = sqrt(at.xyz.x * at.xyz.x + at.xyz.y * at.xyz.y + at.xyz.z * at.xyz.z);
done:
    proj_destroy(cartesian);
    proj_context_destroy(context);
    return status;
}

nwc_status nwc_beam_create(nwc_ctx *ctx, double latitude_deg, double longitude_deg, double altitude_m,
                           const nwc_beam_options *given, nwc_beam **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "beam: a place for the beam expected, NULL given");
    *made = NULL;
    nwc_beam_options options;
    nwc_beam_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "nwc_beam_options"));
    if (!(latitude_deg >= -90.0 && latitude_deg <= 90.0 && fabs(longitude_deg) <= 360.0 && fabs(altitude_m) <= 2e4))
        return nwc__fail(NWC_ERR_ARG, "latitude, longitude, altitude: a place on the earth expected, %g, %g, %g given",
                         latitude_deg, longitude_deg, altitude_m);
    if (!(options.earth_factor >= 0.5 && options.earth_factor <= 10.0))
        return nwc__fail(NWC_ERR_ARG, "earth_factor: 0.5 to 10 expected, %g given", options.earth_factor);
    NWC__TRY(check_levels(&options));
    double earth_m = NAN;
    NWC__TRY(find_radius(latitude_deg, &earth_m));
    nwc_beam *const beam = nwc__alloc(ctx, 1, sizeof *beam);
    if (!beam) return NWC_ERR_NOMEM;
    *beam = (nwc_beam){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                       .latitude_deg = latitude_deg,
                       .longitude_deg = longitude_deg,
                       .altitude_m = altitude_m,
                       .earth_m = earth_m,
                       .sphere_m = options.earth_factor * earth_m,
                       .levels = options.n_levels};
    geod_init(&beam->ellipsoid, WGS84_RADIUS, WGS84_FLATTENING);
    nwc_status status = NWC_OK;
    if (beam->levels) {
        NWC__ALLOC(ctx, beam->level_m, beam->levels);
        NWC__ALLOC(ctx, beam->level_n, beam->levels);
        for (int32_t l = 0; l < beam->levels; l++)
            beam->level_m[l] = options.height_m[l], beam->level_n[l] = 1e-6 * options.refractivity[l];
    }
    *made = beam;
done:
    if (status != NWC_OK) nwc_beam_destroy(beam);
    return status;
}

void nwc_beam_destroy(nwc_beam *beam)
{
    if (!beam) return;
    struct nwc_ctx memory = beam->memory;
    nwc__free(&memory, beam->level_n);
    nwc__free(&memory, beam->level_m);
    nwc__free(&memory, beam);
}

double nwc_beam_earth_radius(const nwc_beam *beam)
{
    return beam ? beam->earth_m : (double)NAN;
}

/* ---- one beam ---- */

void nwc__beam_follow(const nwc_beam *beam, double elevation, int64_t n, const double *range_m, nwc__along *along)
{
    if (beam->levels) {
        nwc__trace_follow(beam, elevation, n, range_m, along);
        return;
    }
    const double antenna = beam->sphere_m + beam->altitude_m;
    const double sine = sin(elevation), cosine = cos(elevation);
    for (int64_t i = 0; i < n; i++) {
        const double out = range_m[i] * cosine, up = range_m[i] * sine;
        /* hypot(out, antenna + up) - sphere without the difference of two large numbers */
        const double rise = (out * out + up * (2.0 * antenna + up)) / (hypot(out, antenna + up) + antenna);
        const double around = atan2(out, antenna + up);
        along[i] = (nwc__along){beam->altitude_m + rise, beam->sphere_m * around, elevation + around};
    }
}

nwc__sight nwc__beam_sight(const nwc_beam *beam, double ground_m, double height_m)
{
    const double around = ground_m / beam->sphere_m, half = sin(0.5 * around);
    const double place = beam->sphere_m + height_m;
    const double out = place * sin(around), up = height_m - beam->altitude_m - 2.0 * place * half * half;
    const nwc__sight sight = {atan2(up, out), hypot(out, up)};
    return beam->levels ? nwc__trace_sight(beam, ground_m, height_m, sight) : sight;
}

void nwc__beam_bearing(const nwc_beam *beam, double lon_deg, double lat_deg, double *ground_m, double *azimuth)
{
    double degrees = NAN;
    *ground_m = NAN;
    if (isfinite(lon_deg) && fabs(lat_deg) <= 90.0)
        geod_inverse(&beam->ellipsoid, beam->latitude_deg, beam->longitude_deg, lat_deg, lon_deg, ground_m, &degrees,
                     NULL);
    *azimuth = degrees * NWC__RADIANS;
}

nwc_status nwc_beam_path(const nwc_beam *beam, double elevation_deg, int64_t n, const double *range_m, double *height_m,
                         double *ground_m, double *angle_deg)
{
    if (!beam || n < 0 || (n && !range_m)) return nwc__fail(NWC_ERR_ARG, "beam, range_m: a beam and ranges expected");
    if (!(fabs(elevation_deg) <= 90.0))
        return nwc__fail(NWC_ERR_ARG, "elevation_deg: -90 to 90 expected, %g given", elevation_deg);
    for (int64_t i = 0; i < n; i++)
        if (!(range_m[i] >= (i ? range_m[i - 1] : 0.0) && isfinite(range_m[i])))
            return nwc__fail(NWC_ERR_ARG, "range_m: ranges from 0 on that do not decrease expected, %g given",
                             range_m[i]);
    nwc__along along[POINTS];
    for (int64_t first = 0; first < n; first += POINTS) {
        const int64_t part = n - first < POINTS ? n - first : POINTS;
        nwc__beam_follow(beam, elevation_deg * NWC__RADIANS, part, range_m + first, along);
        for (int64_t i = 0; i < part; i++) {
            if (height_m) height_m[first + i] = along[i].height_m;
            if (ground_m) ground_m[first + i] = along[i].ground_m;
            if (angle_deg) angle_deg[first + i] = along[i].angle / NWC__RADIANS;
        }
    }
    return NWC_OK;
}

/* ---- over a sphere of the mean radius ---- */

nwc__gate_place nwc__gate_place_of(double altitude_m, double sine, double cosine, double range_m)
{
    const double antenna = NWC__EFFECTIVE_EARTH_M + altitude_m;
    const double up = antenna + range_m * sine, along = range_m * cosine, radius = sqrt(up * up + along * along);
    return (nwc__gate_place){.height_m = radius - NWC__EFFECTIVE_EARTH_M,
                             .sin_el = (sine * up + cosine * along) / radius,
                             .cos_el = (cosine * up - sine * along) / radius};
}

double nwc__gate_ground(double altitude_m, double sine, double cosine, double range_m)
{
    return NWC__EFFECTIVE_EARTH_M * atan2(range_m * cosine, NWC__EFFECTIVE_EARTH_M + altitude_m + range_m * sine);
}

double nwc__beam_height(double range_m, double elevation_deg)
{
    const double elevation = elevation_deg * NWC__RADIANS;
    return nwc__gate_place_of(0.0, sin(elevation), cos(elevation), range_m).height_m;
}

/* ---- many points ---- */

struct points {
    const nwc_beam *beam;
    int64_t n;
    const double *from[3];
    double *to[3];
};

static nwc_status locate_tile(int64_t tile, void *user)
{
    const struct points *const job = user;
    const int64_t last = (tile + 1) * POINTS < job->n ? (tile + 1) * POINTS : job->n;
    for (int64_t i = tile * POINTS; i < last; i++) {
        const double azimuth = job->from[0][i], elevation = job->from[1][i], range = job->from[2][i];
        nwc__along at = {NAN, NAN, NAN};
        double lon = NAN, lat = NAN;
        if (isfinite(azimuth) && fabs(elevation) <= 90.0 && range >= 0.0 && isfinite(range)) {
            nwc__beam_follow(job->beam, elevation * NWC__RADIANS, 1, &range, &at);
            geod_direct(&job->beam->ellipsoid, job->beam->latitude_deg, job->beam->longitude_deg, azimuth, at.ground_m,
                        &lat, &lon, NULL);
        }
        job->to[0][i] = lon, job->to[1][i] = lat, job->to[2][i] = at.height_m;
    }
    return NWC_OK;
}

static nwc_status find_tile(int64_t tile, void *user)
{
    const struct points *const job = user;
    const int64_t last = (tile + 1) * POINTS < job->n ? (tile + 1) * POINTS : job->n;
    for (int64_t i = tile * POINTS; i < last; i++) {
        double ground, azimuth;
        nwc__sight sight = {NAN, NAN};
        nwc__beam_bearing(job->beam, job->from[0][i], job->from[1][i], &ground, &azimuth);
        if (isfinite(ground) && isfinite(job->from[2][i])) sight = nwc__beam_sight(job->beam, ground, job->from[2][i]);
        const double turned = fmod(azimuth / NWC__RADIANS + 360.0, 360.0);
        job->to[0][i] = isnan(sight.range_m) ? (double)NAN : turned;
        job->to[1][i] = sight.elevation / NWC__RADIANS, job->to[2][i] = sight.range_m;
    }
    return NWC_OK;
}

static nwc_status each_point(nwc_ctx *ctx, struct points *job, nwc__tile_fn fn)
{
    if (!job->beam) return nwc__fail(NWC_ERR_ARG, "beam: a beam expected, NULL given");
    if (job->n < 0) return nwc__fail(NWC_ERR_ARG, "n: 0 or more expected, %lld given", (long long)job->n);
    for (int a = 0; a < 3; a++)
        if (job->n && (!job->from[a] || !job->to[a]))
            return nwc__fail(NWC_ERR_ARG, "coordinates: arrays expected, NULL given");
    return nwc__for_each_tile(nwc__ctx(ctx), NULL, (job->n + POINTS - 1) / POINTS, fn, job);
}

nwc_status nwc_beam_locate(nwc_ctx *ctx, const nwc_beam *beam, int64_t n, const double *azimuth_deg,
                           const double *elevation_deg, const double *range_m, double *lon_deg, double *lat_deg,
                           double *height_m)
{
    struct points job = {beam, n, {azimuth_deg, elevation_deg, range_m}, {lon_deg, lat_deg, height_m}};
    return each_point(ctx, &job, locate_tile);
}

nwc_status nwc_beam_find(nwc_ctx *ctx, const nwc_beam *beam, int64_t n, const double *lon_deg, const double *lat_deg,
                         const double *height_m, double *azimuth_deg, double *elevation_deg, double *range_m)
{
    struct points job = {beam, n, {lon_deg, lat_deg, height_m}, {azimuth_deg, elevation_deg, range_m}};
    return each_point(ctx, &job, find_tile);
}

/* ---- the gates of a sweep ---- */

struct gates {
    const nwc_beam *beam;
    const float *azimuth_deg, *elevation_deg;
    int64_t n;
    const double *range_m;
    nwc__along *along; /* (ray, gate) */
    double *east_m, *north_m, *height_m, *lon_deg, *lat_deg;
};

static nwc_status place_ray(int64_t ray, void *user)
{
    const struct gates *const job = user;
    const int64_t first = ray * job->n;
    const double azimuth = job->azimuth_deg[ray];
    const double sine = sin(azimuth * NWC__RADIANS), cosine = cos(azimuth * NWC__RADIANS);
    nwc__along *const along = job->along + first;
    nwc__beam_follow(job->beam, job->elevation_deg[ray] * NWC__RADIANS, job->n, job->range_m, along);
    for (int64_t g = 0; g < job->n; g++) {
        if (job->east_m) job->east_m[first + g] = along[g].ground_m * sine;
        if (job->north_m) job->north_m[first + g] = along[g].ground_m * cosine;
        if (job->height_m) job->height_m[first + g] = along[g].height_m;
    }
    if (!job->lon_deg) return NWC_OK;
    struct geod_geodesicline line;
    geod_lineinit(&line, &job->beam->ellipsoid, job->beam->latitude_deg, job->beam->longitude_deg, azimuth,
                  GEOD_LATITUDE | GEOD_LONGITUDE | GEOD_DISTANCE_IN);
    for (int64_t g = 0; g < job->n; g++)
        geod_position(&line, along[g].ground_m, &job->lat_deg[first + g], &job->lon_deg[first + g], NULL);
    return NWC_OK;
}

nwc_status nwc_beam_place_gates(nwc_ctx *ctx, const nwc_beam *beam, int64_t n_rays, const float *azimuth_deg,
                                const float *elevation_deg, int64_t n_gates, double first_gate_m, double gate_spacing_m,
                                double *east_m, double *north_m, double *height_m, double *lon_deg, double *lat_deg)
{
    ctx = nwc__ctx(ctx);
    if (!beam || !azimuth_deg || !elevation_deg || n_rays < 1 || n_gates < 1)
        return nwc__fail(NWC_ERR_ARG, "beam, rays, gates: a beam, at least one ray and one gate expected");
    if (!(gate_spacing_m > 0.0 && isfinite(gate_spacing_m) && isfinite(first_gate_m)))
        return nwc__fail(NWC_ERR_ARG, "gates: some metres apart expected, first at %g m and %g m apart given",
                         first_gate_m, gate_spacing_m);
    if (!lon_deg != !lat_deg) return nwc__fail(NWC_ERR_ARG, "lon_deg, lat_deg: both or neither expected");
    for (int64_t r = 0; r < n_rays; r++)
        if (!isfinite(azimuth_deg[r]) || !isfinite(elevation_deg[r]))
            return nwc__fail(NWC_ERR_ARG, "ray %lld: an azimuth and an elevation expected, %g and %g given",
                             (long long)r, (double)azimuth_deg[r], (double)elevation_deg[r]);
    nwc_status status = NWC_OK;
    double *range_m = NULL;
    nwc__along *along = NULL;
    NWC__ALLOC(ctx, range_m, n_gates);
    NWC__ALLOC(ctx, along, n_gates > INT64_MAX / n_rays ? -1 : n_rays * n_gates);
    for (int64_t g = 0; g < n_gates; g++) range_m[g] = first_gate_m + (double)g * gate_spacing_m;
    struct gates job = {.beam = beam,
                        .azimuth_deg = azimuth_deg,
                        .elevation_deg = elevation_deg,
                        .n = n_gates,
                        .range_m = range_m,
                        .along = along,
                        .east_m = east_m,
                        .north_m = north_m,
                        .height_m = height_m,
                        .lon_deg = lon_deg,
                        .lat_deg = lat_deg};
    status = nwc__for_each_tile(ctx, "place gates", n_rays, place_ray, &job);
done:
    nwc__free(ctx, along);
    nwc__free(ctx, range_m);
    return status;
}

/* ---- beam volume and refractivity ---- */

nwc_status nwc_beam_size(double width_h_deg, double width_v_deg, int64_t n, const double *range_m, double depth_m,
                         double *across_m, double *up_m, double *volume_m3)
{
    if (!(width_h_deg > 0.0 && width_v_deg > 0.0 && width_h_deg < 90.0 && width_v_deg < 90.0 && depth_m > 0.0))
        return nwc__fail(NWC_ERR_ARG, "widths, depth: above 0 expected, %g and %g degrees and %g m given", width_h_deg,
                         width_v_deg, depth_m);
    if (n < 0 || (n && !range_m)) return nwc__fail(NWC_ERR_ARG, "range_m: ranges expected, NULL given");
    const double h = width_h_deg * NWC__RADIANS, v = width_v_deg * NWC__RADIANS;
    for (int64_t i = 0; i < n; i++) {
        const double range = range_m[i] >= 0.0 ? range_m[i] : (double)NAN;
        if (across_m) across_m[i] = 2.0 * range * tan(0.5 * h);
        if (up_m) up_m[i] = 2.0 * range * tan(0.5 * v);
        if (volume_m3) volume_m3[i] = NWC__PI * range * range * h * v * depth_m / (8.0 * log(2.0));
    }
    return NWC_OK;
}

nwc_status nwc_beam_refractivity(int64_t n, const double *pressure_pa, const double *temperature_k,
                                 const double *vapour_pa, double *refractivity)
{
    if (n < 0 || (n && (!pressure_pa || !temperature_k || !vapour_pa || !refractivity)))
        return nwc__fail(NWC_ERR_ARG, "pressure, temperature, vapour: arrays expected, NULL given");
    for (int64_t i = 0; i < n; i++) {
        const double t = temperature_k[i];
        const double found = 0.776 * pressure_pa[i] / t + 3.73e3 * vapour_pa[i] / (t * t);
        refractivity[i] = t > 0.0 && isfinite(found) ? found : (double)NAN;
    }
    return NWC_OK;
}
