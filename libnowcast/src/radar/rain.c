/*
 * The rate of rain in the gates of a volume, from reflectivity, differential phase, differential reflectivity or attenuation,
 * and the kind of precipitation there.
 *
 * Laws of all three bands are of one source each, so that they differ by the wavelength and not by whose drops were measured:
 * Bringi and Chandrasekar (2001), equation 8.30 and tables 8.1 and 8.2, and for attenuation Ryzhkov et al. (2014), table 1.
 *
 * ZDR stands in an exponent: errors of s dB make the mean rate too large by exp((b ln 10 / 10 s)^2 / 2), by 5 % at S and 16 %
 * at X band for 0.4 dB, so that its mean over a kilometre is taken. Rain has none below 0. The power of Z in R(Z, ZDR) is
 * near 1, where that of Z-R is 0.6: it would make more of the noise of Z. So the law is taken of the mean of dBZ over the
 * same gates, and a gate's departure from that by the power of Z-R, as if drops were of one kind within a kilometre.
 */
#include "radar/rain_kernel.h"
#include "radar/rays.h"

#include <nowcast/rain.h>

NWC__DECLARE_KERNELS(nwc__rain_kernels);

enum { TILE_RAYS = 32, TEMPERATURES = 4, ROWS = 8 };

#define KDP_LAW 129.0
#define KDP_POWER 0.85

static const double gigahertz[] = {0.0, 2.8, 5.6, 9.4};
static const struct nwc__rain_law z_zdr[] = {{0, 0, 0},
                                             {6.7e-3F, 0.927F, -3.43F},
                                             {5.8e-3F, 0.91F, -2.09F},
                                             {3.9e-3F, 1.07F, -5.97F}};
static const struct nwc__rain_law kdp_zdr[] = {{0, 0, 0},
                                               {90.8F, 0.93F, -1.69F},
                                               {37.9F, 0.89F, -0.72F},
                                               {28.6F, 0.95F, -1.37F}};

/* c and a of R = c A^a at 0, 10, 20 and 30 degrees. */
static const double by_attenuation[][TEMPERATURES][2] = {{{0, 0}, {0, 0}, {0, 0}, {0, 0}},
                                                         {{2230, 1.03}, {3100, 1.03}, {4120, 1.03}, {5330, 1.03}},
                                                         {{221, 0.92}, {250, 0.91}, {294, 0.89}, {352, 0.89}},
                                                         {{49.1, 0.87}, {45.5, 0.83}, {43.5, 0.79}, {43.0, 0.76}}};

static const double zr[][2] = {{200.0, 1.6}, {300.0, 1.4}, {250.0, 1.2}, {130.0, 2.0}, {75.0, 2.0}};

struct job {
    const nwc__rain_kernels *kernels;
    nwc_rain_options options;
    struct nwc__rain_laws laws;
    nwc_moment dbz, kdp, zdr, ah;
    nwc__gates gates;
    int64_t n_rays;
    int32_t half; /* of the gates over which Z and ZDR are averaged */
    float *rows;  /* ROWS rows of gates for each tile */
    float *rate;
};

nwc_status nwc_rain_zr(int32_t which, double *a, double *b)
{
    if (which < NWC_ZR_MARSHALL_PALMER || which > NWC_ZR_COOL_WEST)
        return nwc__fail(NWC_ERR_ARG, "zr: an nwc_zr expected, %d given", (int)which);
    if (!a || !b) return nwc__fail(NWC_ERR_ARG, "a, b: places for two numbers expected, NULL given");
    *a = zr[which][0], *b = zr[which][1];
    return NWC_OK;
}

static struct nwc__rain_law law(double c, double a)
{
    return (struct nwc__rain_law){(float)c, (float)a, 0.0F};
}

static struct nwc__rain_law attenuation_law(int32_t band, double temperature_c)
{
    const double at = temperature_c / 10.0;
    const int low = at < 2.0 ? (int)at : 2;
    const double share = at - low, *const cold = by_attenuation[band][low], *const warm = by_attenuation[band][low + 1];
    return law(exp((1.0 - share) * log(cold[0]) + share * log(warm[0])), (1.0 - share) * cold[1] + share * warm[1]);
}

/* Of the radar's own frequency, where it is known and the band was not given; else of the middle of the band. */
static void make_laws(const nwc_rain_options *o, double hertz, struct nwc__rain_laws *laws)
{
    laws->most_dbz = (float)o->most_dbz;
    laws->z = law(pow(o->a, -1.0 / o->b), 1.0 / o->b);
    if (o->band == NWC_BAND_OF_VOLUME) return; /* not known, nor needed */
    const double f = isfinite(hertz) ? 1e-9 * hertz : gigahertz[o->band];
    laws->kdp = law(KDP_LAW * pow(f, -KDP_POWER), KDP_POWER);
    laws->z_zdr = z_zdr[o->band];
    laws->kdp_zdr = kdp_zdr[o->band];
    laws->ah = attenuation_law(o->band, o->temperature_c);
}

/* Means over the window of ZDR, which rain has none of below 0, and what of dBZ goes with them in R(Z, ZDR). */
static void average_ray(const struct job *job, const float *dbz, const float *noisy, float *restrict scratch,
                        float *restrict zdr, float *restrict even)
{
    const int64_t n = job->gates.n;
    const float power = job->laws.z_zdr.a, share = power > 0.0F ? job->laws.z.a / power : 1.0F; /* 0: of no band */
    float *const counts = scratch, *const shown = scratch + n;
    for (int64_t g = 0; g < n; g++) shown[g] = noisy[g] == noisy[g] && dbz[g] > (float)NWC_NOTHING_DBZ ? dbz[g] : NAN;
    job->kernels->average(n, job->half, shown, counts, even);
    for (int64_t g = 0; g < n; g++) even[g] = isnan(even[g]) ? dbz[g] : even[g] + share * (dbz[g] - even[g]);
    job->kernels->average(n, job->half, noisy, counts, zdr);
    for (int64_t g = 0; g < n; g++) zdr[g] = zdr[g] < 0.0F ? 0.0F : zdr[g];
}

static nwc_status rate_rays(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->gates.n;
    float *const dbz = job->rows + tile * ROWS * n, *const kdp = dbz + n, *const zdr = kdp + n, *const ah = zdr + n;
    float *const even = ah + n, *const noisy = even + n, *const scratch = noisy + n; /* of the last, two rows */
    const struct nwc__rain_laws *const laws = &job->laws;
    for (int64_t r = tile * TILE_RAYS; r < job->n_rays && r < (tile + 1) * TILE_RAYS; r++) {
        float *const rate = job->rate + r * n;
        nwc__ray_on_gates(&job->dbz, r, &job->gates, dbz);
        nwc__ray_on_gates(&job->kdp, r, &job->gates, kdp);
        nwc__ray_on_gates(&job->zdr, r, &job->gates, noisy);
        average_ray(job, dbz, noisy, scratch, zdr, even);
        nwc__ray_on_gates(&job->ah, r, &job->gates, ah);
        switch (job->options.method) {
        case NWC_RAIN_Z:
            job->kernels->by_law(n, dbz, dbz, NULL, &laws->z, true, laws->most_dbz, rate);
            break;
        case NWC_RAIN_KDP:
            job->kernels->by_law(n, dbz, kdp, NULL, &laws->kdp, false, laws->most_dbz, rate);
            break;
        case NWC_RAIN_Z_ZDR:
            job->kernels->by_law(n, dbz, even, zdr, &laws->z_zdr, true, laws->most_dbz, rate);
            break;
        case NWC_RAIN_KDP_ZDR:
            job->kernels->by_law(n, dbz, kdp, zdr, &laws->kdp_zdr, false, laws->most_dbz, rate);
            break;
        case NWC_RAIN_A:
            job->kernels->by_law(n, dbz, ah, NULL, &laws->ah, false, laws->most_dbz, rate);
            break;
        default:
            job->kernels->blend(n, dbz, even, kdp, zdr, laws, rate);
        }
    }
    return NWC_OK;
}

/* Take what the sweep has; false where the method needs what it lacks. */
static bool take_sweep(const nwc_volume *volume, int32_t s, struct job *job)
{
    const int32_t method = job->options.method;
    if (!nwc__find(volume, s, "DBZHG", &job->dbz) && !nwc__find_dbz(volume, s, &job->dbz)) return false;
    const bool kdp = nwc__find_kdp(volume, s, &job->kdp), ah = nwc__find(volume, s, "AH", &job->ah);
    const bool zdr = nwc__find(volume, s, "ZDRC", &job->zdr) || nwc__find(volume, s, "ZDR", &job->zdr);
    job->gates = nwc__gates_of(&job->dbz);
    job->n_rays = job->dbz.field.dim[0];
    const double gates = fmin(rint(0.5 * job->options.zdr_window_m / job->gates.spacing_m), (double)job->gates.n);
    job->half = (int32_t)gates;
    const bool phase = method == NWC_RAIN_KDP || method == NWC_RAIN_KDP_ZDR;
    const bool shape = method == NWC_RAIN_Z_ZDR || method == NWC_RAIN_KDP_ZDR;
    return (kdp || !phase) && (zdr || !shape) && (ah || method != NWC_RAIN_A);
}

static nwc_status rate_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t s, struct job *job)
{
    nwc_status status = NWC_OK;
    const int64_t tiles = (job->n_rays + TILE_RAYS - 1) / TILE_RAYS;
    NWC__TRY(nwc__put_on_gates(volume, s, "RATE", "mm h-1", &job->gates, &job->rate));
    NWC__ALLOC(ctx, job->rows, tiles * ROWS * job->gates.n);
    status = nwc__for_each_tile(ctx, "rain rate", tiles, rate_rays, job);
done:
    nwc__free(ctx, job->rows);
    job->rows = NULL;
    return status;
}

void nwc_rain_options_init(nwc_rain_options *options)
{
    if (!options) return;
    *options = (nwc_rain_options){.struct_size = sizeof *options,
                                  .a = 200.0,
                                  .b = 1.6,
                                  .most_dbz = 53.0,
                                  .temperature_c = 20.0,
                                  .zdr_window_m = 1000.0};
}

static nwc_status check_options(const nwc_rain_options *o)
{
    if (o->method < NWC_RAIN_BLEND || o->method > NWC_RAIN_A)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_rain_method expected, %d given", (int)o->method);
    if (!(o->a > 0.0 && isfinite(o->a) && o->b > 0.0 && isfinite(o->b)))
        return nwc__fail(NWC_ERR_ARG, "a, b: two numbers above 0 expected, %g and %g given", o->a, o->b);
    if (isnan(o->most_dbz)) return nwc__fail(NWC_ERR_ARG, "most_dbz: a number expected, NaN given");
    if (!(o->temperature_c >= 0.0 && o->temperature_c <= 30.0))
        return nwc__fail(NWC_ERR_ARG, "temperature_c: 0 to 30 expected, %g given", o->temperature_c);
    if (!(o->zdr_window_m >= 0.0 && o->zdr_window_m <= 10000.0))
        return nwc__fail(NWC_ERR_ARG, "zdr_window_m: 0 to 10000 expected, %g given", o->zdr_window_m);
    return NWC_OK;
}

nwc_status nwc_rain_rate(nwc_ctx *ctx, nwc_volume *volume, const nwc_rain_options *options)
{
    ctx = nwc__ctx(ctx);
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__rain_kernels)};
    nwc_rain_options_init(&job.options);
    NWC__TRY(nwc__take_options(&job.options, sizeof job.options, options, "nwc_rain_options"));
    NWC__TRY(check_options(&job.options));
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    const double hertz = job.options.band == NWC_BAND_OF_VOLUME ? facts.frequency_hz : (double)NAN;
    if (job.options.method != NWC_RAIN_Z) NWC__TRY(nwc__find_band(volume, &job.options.band));
    make_laws(&job.options, hertz, &job.laws);
    int32_t sweeps = 0;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        if (!take_sweep(volume, s, &job)) continue;
        NWC__TRY(rate_sweep(ctx, volume, s, &job));
        sweeps++;
    }
    return sweeps ? NWC_OK
                  : nwc__fail(NWC_ERR_NODATA, "volume: a sweep with what the method needs expected, none found");
}
