/*
 * Two radars at one place: gates of one with an echo, evenly picked, are placed on the earth and looked for in the other,
 * in the sweep whose beam passes nearest. What beams of different widths see of the same air differs, but not on average where
 * neither radar has lost power and the echo is wider than the wider beam.
 */
#include "radar/rays.h"

#include <nowcast/beam.h>
#include <nowcast/health.h>

#include <stdlib.h>

static const double DEGREES = 57.29577951308232;
static const double CURVED_M = 4.0 / 3.0 * 6371e3;

void nwc_health_compare_options_init(nwc_health_compare_options *options)
{
    if (!options) return;
    *options = (nwc_health_compare_options){
        .struct_size = sizeof *options, .least_dbz = 10.0, .within_m = 750.0, .within_s = 180.0, .n_sought = 200000};
}

static nwc_status check(const nwc_health_compare_options *o)
{
    if (!(o->least_dbz > NWC_NOTHING_DBZ))
        return nwc__fail(NWC_ERR_ARG, "least_dbz: a reflectivity expected, %g given", o->least_dbz);
    if (!(o->within_m > 0.0)) return nwc__fail(NWC_ERR_ARG, "within_m: above 0 expected, %g given", o->within_m);
    if (!(o->within_s > 0.0)) return nwc__fail(NWC_ERR_ARG, "within_s: above 0 expected, %g given", o->within_s);
    if (o->n_sought < 1 || o->n_sought > 10000000)
        return nwc__fail(NWC_ERR_ARG, "n_sought: 1 to 10000000 expected, %d given", (int)o->n_sought);
    if (!(fabs(o->turn_deg) <= 180.0))
        return nwc__fail(NWC_ERR_ARG, "turn_deg: -180 to 180 expected, %g given", o->turn_deg);
    if (!(fabs(o->east_m_s) <= 100.0))
        return nwc__fail(NWC_ERR_ARG, "east_m_s: -100 to 100 expected, %g given", o->east_m_s);
    if (!(fabs(o->north_m_s) <= 100.0))
        return nwc__fail(NWC_ERR_ARG, "north_m_s: -100 to 100 expected, %g given", o->north_m_s);
    return NWC_OK;
}

/* The reflectivity of a sweep that turns; false where it has none. */
static bool reflectivity(const nwc_volume *volume, int32_t index, nwc_sweep *sweep, nwc_moment *dbz)
{
    return nwc_volume_sweep(volume, index, sweep) == NWC_OK && sweep->mode != NWC_SWEEP_RHI &&
           sweep->fixed_angle_deg < 60.0 &&
           (nwc_volume_find(volume, index, "DBZHQ", dbz) == NWC_OK ||
            nwc_volume_find(volume, index, "DBZH", dbz) == NWC_OK);
}

/* What is sought: places of gates of a, and, as they are found, of beams of b. */
struct sought {
    int64_t n;
    double *azimuth, *elevation, *range, *lon, *lat, *height; /* one block */
    int64_t *time_ns;
    float *dbz;
};

static int64_t count_echoes(const nwc_volume *a, int32_t n_sweeps, float least)
{
    int64_t count = 0;
    for (int32_t s = 0; s < n_sweeps; s++) {
        nwc_sweep sweep;
        nwc_moment dbz;
        if (!reflectivity(a, s, &sweep, &dbz)) continue;
        const int64_t cells = dbz.field.dim[0] * dbz.field.dim[1];
        for (int64_t c = 0; c < cells; c++) count += dbz.field.data[c] >= least;
    }
    return count;
}

/* Every so many-th echo, so that n at most are picked. */
static void pick(const nwc_volume *a, int32_t n_sweeps, const nwc_health_compare_options *o, int64_t all, int64_t most,
                 struct sought *sought)
{
    const float least = (float)o->least_dbz;
    int64_t seen = 0;
    for (int32_t s = 0; s < n_sweeps; s++) {
        nwc_sweep sweep;
        nwc_moment dbz;
        if (!reflectivity(a, s, &sweep, &dbz)) continue;
        const int64_t gates = dbz.field.dim[1];
        for (int64_t c = 0; c < sweep.n_rays * gates; c++) {
            if (!(dbz.field.data[c] >= least)) continue;
            /* Number seen is picked where the line from (0, 0) to (all, most) passes a whole number. */
            const int64_t number = seen++;
            if (all > most && (number + 1) * most / all == number * most / all) continue;
            const int64_t k = sought->n++, ray = c / gates;
            sought->azimuth[k] = (double)sweep.azimuth_deg[ray] - o->turn_deg;
            sought->elevation[k] = (double)sweep.elevation_deg[ray];
            sought->range[k] = fmax(dbz.first_gate_m + (double)(c % gates) * dbz.gate_spacing_m, 0.0);
            sought->time_ns[k] = sweep.time_ns[ray];
            sought->dbz[k] = dbz.field.data[c];
        }
    }
}

/* A place in the beams of b. */
struct beam_place {
    double azimuth_deg, elevation_deg, range_m;
};

/* Where an echo is after a time, at its height over an earth that beams bend over. */
static struct beam_place moved(struct beam_place at, const nwc_health_compare_options *o, double seconds)
{
    const double azimuth = at.azimuth_deg / DEGREES, away = at.range_m * cos(at.elevation_deg / DEGREES);
    const double along = seconds * (o->east_m_s * sin(azimuth) + o->north_m_s * cos(azimuth));
    const double aside = seconds * (o->east_m_s * cos(azimuth) - o->north_m_s * sin(azimuth));
    const double then = hypot(away + along, aside);
    const double rise = at.range_m * sin(at.elevation_deg / DEGREES) + (away * away - then * then) / (2.0 * CURVED_M);
    const double turned = at.azimuth_deg + DEGREES * atan2(aside, away + along);
    return (struct beam_place){.azimuth_deg = turned - 360.0 * floor(turned / 360.0),
                               .elevation_deg = DEGREES * atan2(rise, then),
                               .range_m = hypot(rise, then)};
}

static int32_t ray_of(const int32_t *ray_at, double azimuth_deg)
{
    return ray_at[(int32_t)(azimuth_deg * 4.0) % 1440];
}

/* The gate of a sweep of b nearest to a place in its beams; false where none is within reach. */
static bool nearest(const nwc_sweep *sweep, const nwc_moment *dbz, const int32_t *ray_at, const struct sought *sought,
                    int64_t k, const nwc_health_compare_options *o, nwc_health_pair *pair)
{
    struct beam_place at = {sought->azimuth[k], sought->elevation[k], sought->range[k]};
    int32_t ray = ray_of(ray_at, at.azimuth_deg);
    if (ray < 0) return false;
    if (o->east_m_s != 0.0 || o->north_m_s != 0.0) {
        at = moved(at, o, (double)(sweep->time_ns[ray] - sought->time_ns[k]) * 1e-9);
        if ((ray = ray_of(ray_at, at.azimuth_deg)) < 0) return false;
    }
    const double gate = floor((at.range_m - dbz->first_gate_m) / dbz->gate_spacing_m + 0.5);
    if (!(gate >= 0.0 && gate < (double)dbz->field.dim[1])) return false;
    const double apart_s = (double)(sweep->time_ns[ray] - sought->time_ns[k]) * 1e-9;
    const double turn = remainder((double)sweep->azimuth_deg[ray] - at.azimuth_deg, 360.0) / DEGREES;
    const double aside = at.range_m * turn * cos(at.elevation_deg / DEGREES);
    const double up = at.range_m * ((double)sweep->elevation_deg[ray] - at.elevation_deg) / DEGREES;
    const double along = dbz->first_gate_m + gate * dbz->gate_spacing_m - at.range_m;
    const double apart_m = sqrt(aside * aside + up * up + along * along);
    const float value = dbz->field.data[ray * dbz->field.dim[1] + (int64_t)gate];
    if (!(fabs(apart_s) <= o->within_s && apart_m <= o->within_m && apart_m < (double)pair->apart_m)) return false;
    pair->dbz_b = value;
    pair->range_b_m = (float)at.range_m;
    pair->apart_m = (float)apart_m;
    pair->apart_s = (float)apart_s;
    return true;
}

/* Look into every sweep of b for every place, and keep for each the nearest gate. */
static nwc_status match(nwc_ctx *ctx, const nwc_volume *b, int32_t n_sweeps, const struct sought *sought,
                        const nwc_health_compare_options *o, nwc_health_pair *best)
{
    enum { BINS = 1440 };
    float middle[BINS];
    int32_t ray_at[BINS];
    for (int32_t k = 0; k < BINS; k++) middle[k] = ((float)k + 0.5f) / 4.0f;
    for (int32_t s = 0; s < n_sweeps; s++) {
        nwc_sweep sweep;
        nwc_moment dbz;
        NWC__TRY(nwc__progress(ctx, "compare", (double)s / (double)n_sweeps));
        if (!reflectivity(b, s, &sweep, &dbz)) continue;
        const nwc_sweep bins = {.mode = sweep.mode, .n_rays = BINS, .azimuth_deg = middle};
        nwc__nearest_rays(&sweep, &bins, 2.0, ray_at);
        for (int64_t k = 0; k < sought->n; k++)
            if (!isnan(sought->range[k])) nearest(&sweep, &dbz, ray_at, sought, k, o, &best[k]);
    }
    return NWC_OK;
}

static nwc_status compare(nwc_ctx *ctx, const nwc_volume *a, const nwc_volume_facts *facts_a, const nwc_volume *b,
                          const nwc_volume_facts *facts_b, const nwc_health_compare_options *o, nwc_health_pair *pairs,
                          int64_t room, int64_t *n)
{
    nwc_status status = NWC_OK;
    nwc_beam *beam_a = NULL, *beam_b = NULL;
    nwc_health_pair *best = NULL;
    struct sought sought = {.n = 0};
    const int64_t all = count_echoes(a, facts_a->n_sweeps, (float)o->least_dbz);
    const int64_t most = all < o->n_sought ? all : o->n_sought;
    if (most == 0) return NWC_OK;
    NWC__ALLOC(ctx, sought.azimuth, 6 * most);
    sought.elevation = sought.azimuth + most, sought.range = sought.azimuth + 2 * most;
    sought.lon = sought.azimuth + 3 * most, sought.lat = sought.azimuth + 4 * most;
    sought.height = sought.azimuth + 5 * most;
    NWC__ALLOC(ctx, sought.time_ns, most);
    NWC__ALLOC(ctx, sought.dbz, most);
    NWC__ALLOC(ctx, best, most);
    pick(a, facts_a->n_sweeps, o, all, most, &sought);
    const double up_a = isnan(facts_a->altitude_m) ? 0.0 : facts_a->altitude_m;
    const double up_b = isnan(facts_b->altitude_m) ? 0.0 : facts_b->altitude_m;
    status = nwc_beam_create(ctx, facts_a->latitude_deg, facts_a->longitude_deg, up_a, NULL, &beam_a);
    if (status != NWC_OK) goto done;
    status = nwc_beam_create(ctx, facts_b->latitude_deg, facts_b->longitude_deg, up_b, NULL, &beam_b);
    if (status != NWC_OK) goto done;
    status = nwc_beam_locate(ctx, beam_a, sought.n, sought.azimuth, sought.elevation, sought.range, sought.lon,
                             sought.lat, sought.height);
    if (status != NWC_OK) goto done;
    for (int64_t k = 0; k < sought.n; k++)
        best[k] = (nwc_health_pair){.dbz_a = sought.dbz[k],
                                    .dbz_b = NAN,
                                    .range_a_m = (float)sought.range[k],
                                    .height_m = (float)sought.height[k],
                                    .apart_m = INFINITY};
    status = nwc_beam_find(ctx, beam_b, sought.n, sought.lon, sought.lat, sought.height, sought.azimuth,
                           sought.elevation, sought.range);
    if (status != NWC_OK) goto done;
    if ((status = match(ctx, b, facts_b->n_sweeps, &sought, o, best)) != NWC_OK) goto done;
    for (int64_t k = 0; k < sought.n; k++) {
        if (!((double)best[k].dbz_b >= o->least_dbz)) continue;
        if (pairs && *n < room) pairs[*n] = best[k];
        (*n)++;
    }
done:
    nwc_beam_destroy(beam_b);
    nwc_beam_destroy(beam_a);
    nwc__free(ctx, best);
    nwc__free(ctx, sought.dbz);
    nwc__free(ctx, sought.time_ns);
    nwc__free(ctx, sought.azimuth);
    return status;
}

nwc_status nwc_health_compare(nwc_ctx *ctx, const nwc_volume *a, const nwc_volume *b,
                              const nwc_health_compare_options *given, nwc_health_pair *pairs, int64_t room, int64_t *n)
{
    ctx = nwc__ctx(ctx);
    nwc_health_compare_options options;
    nwc_volume_facts facts_a, facts_b;
    if (!n) return nwc__fail(NWC_ERR_ARG, "n: a place for the number expected, NULL given");
    *n = 0;
    nwc_health_compare_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "nwc_health_compare_options"));
    NWC__TRY(check(&options));
    NWC__TRY(nwc_volume_describe(a, &facts_a));
    NWC__TRY(nwc_volume_describe(b, &facts_b));
    if (isnan(facts_a.latitude_deg + facts_a.longitude_deg + facts_b.latitude_deg + facts_b.longitude_deg))
        return nwc__fail(NWC_ERR_NODATA, "a, b: volumes that say where their radars are expected");
    return compare(ctx, a, &facts_a, b, &facts_b, &options, pairs, room, n);
}
