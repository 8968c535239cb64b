/*
 * What a sweep tells of its radar. The ground is a reference that does not change (Silberstein et al. 2008), the sun one whose
 * place is known and which is not polarised (Huuskonen and Holleman 2007), light rain one whose drops are nearly round
 * (Ryzhkov et al. 2005).
 */
#include "core/median.h"
#include "radar/beam.h"
#include "radar/quality.h"

#include <nowcast/health.h>

#include <stdlib.h>

static const double SUN_WITHIN_DEG = 5.0;
static const float SUN_SHARE = 0.5f, ALWAYS = 0.8f;

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double times_apart(const nwc_sweep *sweep)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        first = sweep->time_ns[r] < first ? sweep->time_ns[r] : first;
        last = sweep->time_ns[r] > last ? sweep->time_ns[r] : last;
    }
    return (double)(last - first) * 1e-9;
}

/* Elevations against the fixed angle, and rays that are missing; work holds n_rays + 1 floats. */
static void look_at_rays(const nwc_sweep *sweep, float *work, nwc_health_sweep *found)
{
    const int64_t n = sweep->n_rays;
    found->duration_s = times_apart(sweep);
    found->elevation_offset_deg = found->elevation_spread_deg = (double)NAN;
    if (sweep->mode == NWC_SWEEP_RHI) return;
    for (int64_t r = 0; r < n; r++) work[r] = sweep->elevation_deg[r];
    const double middle = nwc__median(work, n);
    found->elevation_offset_deg = middle - sweep->fixed_angle_deg;
    for (int64_t r = 0; r < n; r++)
        found->elevation_spread_deg = fmax(found->elevation_spread_deg, fabs((double)sweep->elevation_deg[r] - middle));
    if (sweep->mode != NWC_SWEEP_SURVEILLANCE || n < 8) return;
    for (int64_t r = 0; r < n; r++) work[r] = sweep->azimuth_deg[r];
    qsort(work, (size_t)n, sizeof *work, ascending);
    work[n] = work[0] + 360.0f;
    for (int64_t r = 0; r < n; r++) work[r] = work[r + 1] - work[r];
    qsort(work, (size_t)n, sizeof *work, ascending);
    const float step = work[n / 2];
    float missing = 0.0f;
    for (int64_t r = 0; r < n && step > 0.0f; r++)
        if (work[r] > 1.5f * step) missing += work[r] / step - 1.0f;
    found->missing_rays = (int32_t)lrintf(missing);
}

/* Round drops: light rain near the ground, or whatever rain from below. */
static void look_at_zdr(const nwc__quality_sweep *s, float *values, nwc_health_sweep *found)
{
    const int64_t n = s->at.n;
    const bool up = s->facts.mode == NWC_SWEEP_VERTICAL_POINTING || s->facts.fixed_angle_deg > 85.0;
    int64_t count = 0;
    if (!s->zdr.cells || !s->rhohv.cells) return;
    float *const rho_row = values + s->facts.n_rays * n, *const zdr_row = rho_row + n;
    for (int64_t r = 0; r < s->facts.n_rays; r++) {
        const float *const rho = nwc__sample_row(&s->rhohv, r, n, rho_row);
        const float *const zdr = nwc__sample_row(&s->zdr, r, n, zdr_row);
        const double elevation = (double)s->facts.elevation_deg[r];
        for (int64_t g = 0; g < n; g++) {
            const double range_m = s->at.first_m + (double)g * s->at.spacing_m;
            const float dbz = s->dbz.field.data[r * n + g];
            const bool light = dbz >= 20.0f && dbz <= 22.0f && range_m >= 5e3 && range_m <= 80e3 &&
                               nwc__beam_height(range_m, elevation) <= 2000.0;
            const bool above = dbz >= 10.0f && range_m >= 1e3;
            if ((up ? above : light) && rho[g] >= 0.98f && !isnan(zdr[g])) values[count++] = zdr[g];
        }
    }
    *(up ? &found->zdr_vertical_db : &found->zdr_light_rain_db) = nwc__median(values, count);
    found->n_zdr = count;
}

static void look_at_ground(const nwc__quality_sweep *s, const nwc__sample *mean, float *values, nwc_health_sweep *found)
{
    const int64_t n = s->at.n;
    int64_t count = 0;
    if (!s->map.cells) return;
    float *const often_row = values + s->facts.n_rays * n, *const mean_row = often_row + n;
    for (int64_t r = 0; r < s->facts.n_rays; r++) {
        const float *const often = nwc__sample_row(&s->map, r, n, often_row);
        const float *const usual = nwc__sample_row(mean, r, n, mean_row);
        for (int64_t g = 0; g < n; g++) {
            const float dbz = s->dbz.field.data[r * n + g];
            if (!(often[g] >= ALWAYS) || isnan(dbz)) continue;
            found->n_clutter++;
            if (dbz > NWC_NOTHING_DBZ) values[count++] = dbz - usual[g];
        }
    }
    found->clutter_offset_db = nwc__median(values, count);
    found->clutter_found = found->n_clutter > 0 ? (double)count / (double)found->n_clutter : (double)NAN;
}

static nwc_status look_at_gates(nwc_ctx *ctx, const nwc_volume *volume, const nwc_clutter_map *map,
                                nwc__quality_sweep *s, nwc_health_sweep *found)
{
    nwc_status status = NWC_OK;
    nwc_moment moment;
    nwc__sample mean = {.cells = NULL};
    float *values = NULL;
    NWC__ALLOC(ctx, values, (s->facts.n_rays + 2) * s->at.n);
    if (nwc_volume_find(volume, s->index, "ZDR", &moment) == NWC_OK &&
        (status = nwc__sample_moment(ctx, &s->facts, &moment, &s->facts, &s->at, true, 0.0, &s->zdr)) != NWC_OK)
        goto done;
    if (nwc_volume_find(volume, s->index, "RHOHV", &moment) == NWC_OK &&
        (status = nwc__sample_moment(ctx, &s->facts, &moment, &s->facts, &s->at, true, 0.0, &s->rhohv)) != NWC_OK)
        goto done;
    if (map && (status = nwc__clutter_map_sample(ctx, map, s, &s->map, &mean)) != NWC_OK) goto done;
    look_at_zdr(s, values, found);
    look_at_ground(s, &mean, values, found);
done:
    nwc__free(ctx, values);
    nwc__quality_detach(ctx, s);
    return status;
}

nwc_status nwc_health_look(nwc_ctx *ctx, const nwc_volume *volume, int32_t sweep, const nwc_clutter_map *map,
                           nwc_health_sweep *found)
{
    ctx = nwc__ctx(ctx);
    if (!found) return nwc__fail(NWC_ERR_ARG, "found: a place for what is found expected, NULL given");
    nwc_status status = NWC_OK;
    nwc__quality_sweep s;
    float *work = NULL;
    NWC__TRY(nwc__quality_begin(ctx, volume, sweep, &s));
    *found = (nwc_health_sweep){.noise_dbz = s.noise.dbz,
                                .noise_source = (int32_t)s.noise.kind,
                                .zdr_light_rain_db = (double)NAN,
                                .zdr_vertical_db = (double)NAN,
                                .clutter_offset_db = (double)NAN,
                                .clutter_found = (double)NAN};
    NWC__ALLOC(ctx, work, s.facts.n_rays + 1);
    look_at_rays(&s.facts, work, found);
    if (s.at.n > 0)
        status = look_at_gates(ctx, volume, map, &s, found);
    else
        found->noise_dbz = (double)NAN;
done:
    nwc__free(ctx, work);
    nwc__free(ctx, s.spread);
    return status;
}

/* ---- the sun ---- */

static double ray_zdr(const nwc__quality_sweep *s, const nwc__spoke *spoke, const nwc_moment *zdr, int64_t ray,
                      float *values)
{
    const int64_t n = s->at.n;
    int64_t count = 0;
    if (!zdr->field.data || zdr->field.dim[1] != n) return (double)NAN;
    for (int64_t g = spoke->first; g < n; g++)
        if (nwc__on_spoke(s, spoke, ray, g) && !isnan(zdr->field.data[ray * n + g]))
            values[count++] = zdr->field.data[ray * n + g];
    return nwc__median(values, count);
}

static nwc_status look_for_sun(nwc_ctx *ctx, const nwc_volume *volume, const nwc_volume_facts *facts, int32_t index,
                               nwc_sun_hit *hits, int32_t room, int32_t *n)
{
    nwc_status status = NWC_OK;
    nwc__quality_sweep s;
    nwc_moment zdr;
    float *values = NULL;
    NWC__TRY(nwc__quality_begin(ctx, volume, index, &s));
    if (s.at.n == 0) goto done;
    NWC__ALLOC(ctx, values, s.at.n);
    if (nwc_volume_find(volume, index, "ZDR", &zdr) != NWC_OK) zdr = (nwc_moment){.name = NULL};
    for (int64_t r = 0; r < s.facts.n_rays; r++) {
        double azimuth, elevation;
        status = nwc_sun_position(s.facts.time_ns[r], facts->latitude_deg, facts->longitude_deg, &azimuth, &elevation);
        if (status != NWC_OK) goto done;
        const double aside = remainder((double)s.facts.azimuth_deg[r] - azimuth, 360.0);
        if (fabs(aside * cos(elevation / 57.29577951308232)) > SUN_WITHIN_DEG ||
            fabs((double)s.facts.elevation_deg[r] - elevation) > SUN_WITHIN_DEG)
            continue;
        const nwc__spoke spoke = nwc__spoke_measure(&s, r);
        if (spoke.share < SUN_SHARE) continue;
        if (hits && *n < room)
            hits[*n] = (nwc_sun_hit){.sweep = index,
                                     .ray = (int32_t)r,
                                     .time_ns = s.facts.time_ns[r],
                                     .azimuth_deg = (double)s.facts.azimuth_deg[r],
                                     .elevation_deg = (double)s.facts.elevation_deg[r],
                                     .sun_azimuth_deg = azimuth,
                                     .sun_elevation_deg = elevation,
                                     .power_dbz = (double)spoke.level,
                                     .above_noise_db = (double)spoke.level - s.noise.dbz,
                                     .zdr_db = ray_zdr(&s, &spoke, &zdr, r, values),
                                     .share = (double)spoke.share};
        (*n)++;
    }
done:
    nwc__free(ctx, values);
    nwc__free(ctx, s.spread);
    return status;
}

nwc_status nwc_health_sun(nwc_ctx *ctx, const nwc_volume *volume, nwc_sun_hit *hits, int32_t room, int32_t *n)
{
    ctx = nwc__ctx(ctx);
    nwc_volume_facts facts;
    if (!n) return nwc__fail(NWC_ERR_ARG, "n: a place for the number expected, NULL given");
    *n = 0;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (isnan(facts.latitude_deg) || isnan(facts.longitude_deg))
        return nwc__fail(NWC_ERR_NODATA, "volume: it does not say where the radar is");
    for (int32_t s = 0; s < facts.n_sweeps; s++) NWC__TRY(look_for_sun(ctx, volume, &facts, s, hits, room, n));
    return NWC_OK;
}
