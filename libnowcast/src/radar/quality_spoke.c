/*
 * Spokes: rays of a power that does not change with range, since it comes from a transmitter or from the sun, so that
 * reflectivity rises by 20 log10 of range (and a little more where gases are corrected for). No weather does that over half
 * a ray. A ray is a spoke when most of its gates beyond 10 km lie within 3 dB of such a line; a neighbour of one, when a
 * part of its gates does, for the antenna sees the source there too, near the noise.
 */
#include "radar/quality.h"

enum { POWERS = 800, WIDEST = 20, FEWEST = 40 };
static const float POWER_DB = 0.25f, LEAST = -120.0f, NEAR_DB = 3.0f;
static const float SURE = 0.6f, LIKELY = 0.1f; /* parts of a ray */
static const double FIRST_M = 10e3, ABOVE_NOISE_DB = 1.0;

/* The median power of gates from to to; NaN where fewer than 5 have an echo. */
static float median(const float *dbz, const float *spread, int64_t from, int64_t to)
{
    int32_t count[POWERS] = {0}, all = 0;
    for (int64_t g = from; g < to; g++) {
        const float bin = (dbz[g] - spread[g] - LEAST) / POWER_DB;
        if (!(dbz[g] > NWC_NOTHING_DBZ && bin >= 0.0f && bin < (float)POWERS)) continue;
        count[(int32_t)bin]++;
        all++;
    }
    if (all < 5) return NAN;
    int32_t left = all / 2, k = 0;
    while (left >= count[k]) left -= count[k++];
    return LEAST + ((float)k + 0.5f) * POWER_DB;
}

static float line(const nwc__spoke *of, int64_t n, int64_t gate)
{
    return of->level + of->slope * (float)(gate - (of->first + n) / 2);
}

bool nwc__on_spoke(const nwc__quality_sweep *s, const nwc__spoke *spoke, int64_t ray, int64_t gate)
{
    const float dbz = s->dbz.field.data[ray * s->at.n + gate];
    return dbz > NWC_NOTHING_DBZ && fabsf(dbz - s->spread[gate] - line(spoke, s->at.n, gate)) < NEAR_DB;
}

nwc__spoke nwc__spoke_measure(const nwc__quality_sweep *s, int64_t r)
{
    const int64_t n = s->at.n;
    const double start = ceil((FIRST_M - s->at.first_m) / s->at.spacing_m);
    const int64_t first = start < 0.0 ? 0 : start < (double)n ? (int64_t)start : n, middle = (first + n) / 2;
    nwc__spoke found = {.first = first, .share = 0.0f};
    if (n - first < FEWEST) return found;
    const float *const dbz = s->dbz.field.data + r * n;
    const float near = median(dbz, s->spread, first, middle), far = median(dbz, s->spread, middle, n);
    const float slope_km = (far - near) / (float)((double)(n - first) / 2.0 * s->at.spacing_m * 1e-3);
    if (!(slope_km > -0.01f && slope_km < 0.03f)) return found;
    found.level = 0.5f * (near + far);
    found.slope = slope_km * (float)(s->at.spacing_m * 1e-3);
    int64_t on = 0;
    for (int64_t g = first; g < n; g++) on += nwc__on_spoke(s, &found, r, g);
    found.share = (float)on / (float)(n - first);
    return found;
}

static bool at_sun(const nwc__quality_sweep *s, int64_t r, const nwc_volume_facts *facts)
{
    double azimuth, elevation;
    if (nwc_sun_position(s->facts.time_ns[r], facts->latitude_deg, facts->longitude_deg, &azimuth, &elevation) !=
        NWC_OK)
        return false;
    const double width = facts->beam_width_h_deg > 0.0 ? facts->beam_width_h_deg : 1.0;
    const double aside = remainder((double)s->facts.azimuth_deg[r] - azimuth, 360.0) * cos(elevation / 57.2957795);
    return hypot(aside, (double)s->facts.elevation_deg[r] - elevation) < 1.0 + 2.0 * width;
}

static void mark(const nwc__quality_sweep *s, int64_t r, const nwc__spoke *spoke, const nwc_volume_facts *facts,
                 const nwc__verdict *verdict)
{
    const int64_t n = s->at.n;
    const uint16_t reason = at_sun(s, r, facts) ? NWC_QUALITY_SUN : NWC_QUALITY_SPOKE;
    for (int64_t g = 0; g < n; g++) {
        if (!(s->dbz.field.data[r * n + g] > NWC_NOTHING_DBZ)) continue;
        const float above = s->dbz.field.data[r * n + g] - s->spread[g] - line(spoke, n, g);
        verdict->flags[r * n + g] |= above < NEAR_DB ? reason : NWC_QUALITY_UNDER_SPOKE;
    }
}

nwc_status nwc__quality_spokes(nwc_ctx *ctx, const nwc__quality_sweep *s, const nwc_volume_facts *facts,
                               const nwc__verdict *verdict)
{
    nwc_status status = NWC_OK;
    const int64_t rays = s->facts.n_rays;
    if (s->facts.mode == NWC_SWEEP_RHI) return NWC_OK;
    nwc__spoke *found = NULL;
    bool *spoke = NULL;
    NWC__ALLOC(ctx, found, rays);
    NWC__ALLOC(ctx, spoke, rays);
    int64_t sure = 0;
    for (int64_t r = 0; r < rays; r++) {
        found[r] = nwc__spoke_measure(s, r);
        spoke[r] = found[r].share >= SURE && !((double)found[r].level < s->noise.dbz + ABOVE_NOISE_DB);
        sure += spoke[r];
    }
    /* Where a third of all rays are so, the receiver is, and no ray is told from the rest. */
    if (3 * sure >= rays) goto done;
    for (int64_t r = 0; r < rays; r++) {
        if (!spoke[r]) continue;
        mark(s, r, &found[r], facts, verdict);
        for (int32_t side = -1; side <= 1; side += 2) {
            for (int32_t k = 1; k <= WIDEST; k++) {
                const int64_t there = s->round ? (r + side * k + rays) % rays : r + side * k;
                if (there < 0 || there >= rays || spoke[there] || found[there].share < LIKELY ||
                    found[there].level > found[r].level + NEAR_DB)
                    break;
                mark(s, there, &found[there], facts, verdict);
            }
        }
    }
done:
    nwc__free(ctx, spoke);
    nwc__free(ctx, found);
    return status;
}
