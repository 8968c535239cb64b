/*
 * What precipitation is in each gate: the wet-bulb temperature says it, since a falling flake melts by it (Sims and Liu 2015,
 * J. Hydrometeor. 16, 1466), and around the melting layer the correlation of H and V does, which melting flakes lower
 * (Giangrande, Krause and Ryzhkov 2008, J. Appl. Meteor. Climatol. 47, 1354); hail, what reflects more than rain of its shape.
 */
#include "core/atmosphere.h"
#include "radar/rain_kernel.h"
#include "radar/rays.h"

#include <nowcast/beam.h>
#include <nowcast/rain.h>

NWC__DECLARE_KERNELS(nwc__rain_kernels);

enum { TILE_RAYS = 32 };

#define SNOW_BELOW_C 0.0
#define RAIN_FROM_C 2.0
#define EVEN_C 1.0 /* as often the one as the other */
#define LAYER_FROM_C (-1.0)
#define LAYER_TO_C 4.0 /* within which RHOHV may say that something melts, or that nothing does */
#define MELTING_RHOHV 0.96F
#define PURE_RHOHV 0.98F
#define MELTING_DBZ 15.0F /* weaker echo has a low RHOHV for its noise */
#define ECHO_DBZ 0.0F

struct job {
    const nwc__rain_kernels *kernels;
    const nwc_beam *beam;
    const float *elevation;
    int32_t n;
    const double *height_m, *wet_bulb_c;
    nwc_moment dbz, zdr, rhohv;
    nwc__gates gates;
    int64_t n_rays;
    double *heights; /* two rows of gates for each tile: ranges, heights */
    float *rows;     /* three */
    uint8_t *hail;   /* one */
    float *kind;
};

static double wet_bulb_at(const struct job *job, double height)
{
    int32_t low = 0, high = job->n - 1;
    if (height <= job->height_m[0]) return job->wet_bulb_c[0];
    if (height >= job->height_m[high]) return job->wet_bulb_c[high];
    while (high - low > 1) {
        const int32_t middle = (low + high) / 2;
        if (job->height_m[middle] <= height)
            low = middle;
        else
            high = middle;
    }
    const double share = (height - job->height_m[low]) / (job->height_m[high] - job->height_m[low]);
    return (1.0 - share) * job->wet_bulb_c[low] + share * job->wet_bulb_c[high];
}

static nwc_precipitation kind_of(double wet_bulb_c, float dbz, float rhohv, bool hail)
{
    if (hail && wet_bulb_c > SNOW_BELOW_C) return NWC_PRECIPITATION_HAIL;
    const bool near = wet_bulb_c >= LAYER_FROM_C && wet_bulb_c <= LAYER_TO_C;
    if (near && dbz >= MELTING_DBZ && rhohv < MELTING_RHOHV) return NWC_PRECIPITATION_MIXED;
    if (wet_bulb_c < SNOW_BELOW_C) return NWC_PRECIPITATION_SNOW;
    if (wet_bulb_c >= RAIN_FROM_C) return NWC_PRECIPITATION_RAIN;
    if (rhohv > PURE_RHOHV) return wet_bulb_c < EVEN_C ? NWC_PRECIPITATION_SNOW : NWC_PRECIPITATION_RAIN;
    return NWC_PRECIPITATION_MIXED;
}

static nwc_status type_rays(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->gates.n;
    double *const range = job->heights + tile * 2 * n, *const height = range + n;
    float *const dbz = job->rows + tile * 3 * n, *const zdr = dbz + n, *const rhohv = zdr + n;
    uint8_t *const hail = job->hail + tile * n;
    for (int64_t g = 0; g < n; g++) range[g] = fmax(0.0, job->gates.first_m + job->gates.spacing_m * (double)g);
    for (int64_t r = tile * TILE_RAYS; r < job->n_rays && r < (tile + 1) * TILE_RAYS; r++) {
        const double up = (double)job->elevation[r];
        NWC__TRY(nwc_beam_path(job->beam, up > 90.0 ? 180.0 - up : up, n, range, height, NULL, NULL));
        nwc__ray_on_gates(&job->dbz, r, &job->gates, dbz);
        nwc__ray_on_gates(&job->zdr, r, &job->gates, zdr);
        nwc__ray_on_gates(&job->rhohv, r, &job->gates, rhohv);
        job->kernels->hail(n, dbz, zdr, hail);
        for (int64_t g = 0; g < n; g++) {
            const bool echo = dbz[g] >= ECHO_DBZ;
            const nwc_precipitation kind =
                echo ? kind_of(wet_bulb_at(job, height[g]), dbz[g], rhohv[g], hail[g]) : NWC_PRECIPITATION_NONE;
            job->kind[r * n + g] = isnan(dbz[g]) ? NAN : (float)kind;
        }
    }
    return NWC_OK;
}

static nwc_status type_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t s, struct job *job)
{
    nwc_status status = NWC_OK;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
    job->elevation = sweep.elevation_deg;
    job->n_rays = sweep.n_rays;
    job->gates = nwc__gates_of(&job->dbz);
    if (!nwc__find(volume, s, "ZDRC", &job->zdr)) nwc__find(volume, s, "ZDR", &job->zdr);
    nwc__find(volume, s, "RHOHV", &job->rhohv);
    const int64_t tiles = (job->n_rays + TILE_RAYS - 1) / TILE_RAYS;
    NWC__TRY(nwc__put_on_gates(volume, s, "PTYPE", "1", &job->gates, &job->kind));
    NWC__ALLOC(ctx, job->heights, tiles * 2 * job->gates.n);
    NWC__ALLOC(ctx, job->rows, tiles * 3 * job->gates.n);
    NWC__ALLOC(ctx, job->hail, tiles * job->gates.n);
    status = nwc__for_each_tile(ctx, "precipitation type", tiles, type_rays, job);
done:
    nwc__free(ctx, job->hail);
    nwc__free(ctx, job->rows);
    nwc__free(ctx, job->heights);
    job->hail = NULL, job->rows = NULL, job->heights = NULL;
    return status;
}

nwc_status nwc_rain_type(nwc_ctx *ctx, nwc_volume *volume, int32_t n, const double *height_m, const double *wet_bulb_c)
{
    ctx = nwc__ctx(ctx);
    nwc_volume_facts facts;
    nwc_beam *beam = NULL;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (n < 1 || !height_m || !wet_bulb_c)
        return nwc__fail(NWC_ERR_ARG, "n, height_m, wet_bulb_c: a profile of 1 level or more expected, %d given",
                         (int)n);
    for (int32_t k = 0; k < n; k++)
        if (!isfinite(height_m[k]) || !isfinite(wet_bulb_c[k]) || (k && height_m[k] <= height_m[k - 1]))
            return nwc__fail(NWC_ERR_ARG,
                             "height_m, wet_bulb_c: finite numbers and increasing heights expected, "
                             "%g m and %g degrees given at level %d",
                             height_m[k], wet_bulb_c[k], (int)k);
    NWC__TRY(nwc_beam_create(ctx, facts.latitude_deg, facts.longitude_deg, facts.altitude_m, NULL, &beam));
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__rain_kernels),
                      .beam = beam,
                      .n = n,
                      .height_m = height_m,
                      .wet_bulb_c = wet_bulb_c};
    nwc_status status = NWC_OK;
    int32_t sweeps = 0;
    for (int32_t s = 0; s < facts.n_sweeps && status == NWC_OK; s++) {
        if (!nwc__find_dbz(volume, s, &job.dbz)) continue;
        status = type_sweep(ctx, volume, s, &job);
        sweeps++;
    }
    nwc_beam_destroy(beam);
    if (status == NWC_OK && !sweeps)
        status = nwc__fail(NWC_ERR_NODATA, "volume: a sweep with reflectivity expected, none found");
    return status;
}

/* ---- wet-bulb temperature ---- */

/* By halving: what the wet thermometer takes from the air less what it evaporates rises with its temperature. */
static double wet_bulb(double pressure_pa, double temperature_k, double vapour_pa)
{
    double low = temperature_k - 80.0, high = temperature_k;
    for (int step = 0; step < 50; step++) {
        const double middle = 0.5 * (low + high), celsius = middle - 273.15;
        const double psychrometer = 6.53e-4 * (1.0 + 0.000944 * celsius) * pressure_pa * (temperature_k - middle);
        if (nwc__saturation(middle) - psychrometer > vapour_pa)
            high = middle;
        else
            low = middle;
    }
    return 0.5 * (low + high) - 273.15;
}

nwc_status nwc_rain_wet_bulb(int64_t n, const double *pressure_pa, const double *temperature_k, const double *humidity,
                             double *wet_bulb_c)
{
    if (n < 0 || (n && (!pressure_pa || !temperature_k || !humidity || !wet_bulb_c)))
        return nwc__fail(NWC_ERR_ARG, "pressure, temperature, humidity: arrays expected, NULL given");
    for (int64_t k = 0; k < n; k++) {
        const double p = pressure_pa[k], t = temperature_k[k], h = fmin(humidity[k], 1.0);
        const bool known = p > 0.0 && isfinite(p) && t > 150.0 && t < 350.0 && h >= 0.0 && !isnan(humidity[k]);
        wet_bulb_c[k] = known ? wet_bulb(p, t, h * nwc__saturation(t)) : (double)NAN;
    }
    return NWC_OK;
}
