/*
 * What the echo itself says of a radar's calibration.
 *
 * Reflectivity: Gourley, Illingworth and Tabary (2009) give KDP / Z of rain as a cubic in ZDR for each band, nearly free of the
 * distribution of drops. Along a stretch of rain its sum says how much the phase should rise; if Z is too high by some
 * decibels, it says so much more than the phase does rise. ZDR: means over light rain, dry snow, and rain seen from below,
 * where each has a value that hardly depends on the weather. Medians everywhere.
 */
#include "radar/rays.h"

enum { LEAST_GATES = 100, LEAST_STRETCHES = 5, MOST_GATES = 200000, SMOOTH = 2 };

/* KDP / Z, 1e-5 degrees km-1 per mm6 m-3, as a cubic in ZDR (dB): Gourley et al. (2009), table 4. */
static const double consistency[][4] = {{0.0, 0.0, 0.0, 0.0},
                                        {3.696, -1.963, 0.504, -0.051},
                                        {6.746, -2.970, 0.711, -0.079},
                                        {11.74, -4.020, -0.140, 0.130}};

#define RAIN_LEAST_DBZ 20.0F /* below, ZDR says nothing of KDP / Z */
#define RAIN_MOST_DBZ 50.0F  /* above, hail may be in it */
#define RAIN_LEAST_ZDR 0.2
#define RAIN_MOST_ZDR 3.0
#define PURE_RHOHV 0.97F
#define MELTING_BELOW_M 800.0 /* of the freezing level nothing is rain alone */
#define SNOW_FROM_M 1000.0    /* above the freezing level to SNOW_TO_M is dry snow */
#define SNOW_TO_M 3000.0
#define SNOW_ZDR 0.2 /* dB */
#define SNOW_LEAST_DBZ 5.0
#define SNOW_MOST_DBZ 30.0
#define LEAST_SNR 20.0F     /* errors of ZDR that noise adds stay below a tenth of a decibel */
#define ZENITH_DEG 89.0     /* beams from here up see drops from below */
#define ZENITH_NEAR_M 500.0 /* within which the receiver may not have recovered */
#define ZENITH_LEAST_DBZ 5.0
#define LIGHT_DBZ 19.0 /* light rain is from here to 12 dB above */

/* Mean ZDR of rain of 20, 22 ... 30 dBZ: Cunningham et al. (2013). */
static const double light_rain[] = {0.23, 0.27, 0.32, 0.38, 0.46, 0.55};

/* A list of values of which the median is wanted; full ones take no more. */
struct sample {
    double *values;
    int64_t n;
};

struct job {
    nwc_moment dbz, zdr, phase, rhohv, snr;
    nwc__gates gates;
    nwc_calibration_options options;
    float *row; /* five rows of gates */
    struct sample dbz_bias, rain, snow, zenith;
};

static void put(struct sample *sample, double value)
{
    if (sample->n < MOST_GATES) sample->values[sample->n++] = value;
}

static void conclude(struct sample *sample, int64_t least, double *bias, double *spread, int64_t *n)
{
    *n = sample->n;
    *bias = *spread = NAN;
    if (sample->n < least) return;
    *bias = nwc__middle(sample->values, sample->n);
    *spread = nwc__spread_about(sample->values, sample->n, *bias);
}

/* The mean of ZDR over SMOOTH gates to either side: the cubic is not linear, and noise would bias it. */
static double smooth_zdr(const float *zdr, int64_t n, int64_t g)
{
    double sum = 0.0, count = 0.0;
    for (int64_t k = g - SMOOTH; k <= g + SMOOTH; k++) {
        if (k < 0 || k >= n || isnan(zdr[k])) continue;
        sum += (double)zdr[k], count += 1.0;
    }
    return sum / count;
}

/* Stretches of rain that raise the phase far enough, among the gates below the melting layer. */
static void compare_phase(struct job *job, int64_t below)
{
    const int64_t n = job->gates.n;
    const float *const dbz = job->row, *const zdr = dbz + n, *const phase = zdr + n, *const rhohv = phase + n;
    const double *const c = consistency[job->options.band];
    const nwc__attenuation *const lost = &nwc__attenuation_of[job->options.band];
    const double gate_km = 1e-3 * job->gates.spacing_m;
    double expected = 0.0;
    int64_t start = -1;
    for (int64_t g = 0; g <= below; g++) {
        double z = 0.0, d = 0.0;
        bool rain = g < below && dbz[g] >= RAIN_LEAST_DBZ && !isnan(phase[g]) && !(rhohv[g] < PURE_RHOHV);
        if (rain) {
            const double so_far = fmax((double)phase[g], 0.0);
            z = (double)dbz[g] + lost->alpha * so_far;
            d = smooth_zdr(zdr, n, g) + lost->beta * so_far;
            rain = z <= (double)RAIN_MOST_DBZ && d >= RAIN_LEAST_ZDR && d <= RAIN_MOST_ZDR;
        }
        if (rain) {
            if (start < 0) start = g, expected = 0.0;
            const double kdp = 1e-5 * pow(10.0, 0.1 * z) * (c[0] + d * (c[1] + d * (c[2] + d * c[3])));
            expected += 2.0 * gate_km * kdp;
        } else if (start >= 0) {
            const double rise =
                (double)(phase[g - 1] - phase[start]) * (double)(g - start) / fmax(1.0, (double)(g - 1 - start));
            if (rise >= job->options.least_phase_deg && expected > 0.0)
                put(&job->dbz_bias, 10.0 * log10(expected / rise));
            start = -1;
        }
    }
}

static void compare_zdr(struct job *job, double elevation, int64_t rain_below, int64_t snow_from, int64_t snow_to)
{
    const int64_t n = job->gates.n;
    const float *const dbz = job->row, *const zdr = dbz + n, *const phase = zdr + n;
    const float *const rhohv = phase + n, *const snr = rhohv + n;
    const nwc__attenuation *const lost = &nwc__attenuation_of[job->options.band];
    for (int64_t g = 0; g < n; g++) {
        if (isnan(zdr[g]) || rhohv[g] < PURE_RHOHV || snr[g] < LEAST_SNR) continue;
        const double so_far = phase[g] > 0.0F ? (double)phase[g] : 0.0;
        const double z = (double)dbz[g] + lost->alpha * so_far, d = (double)zdr[g] + lost->beta * so_far;
        if (fabs(elevation - 90.0) <= 90.0 - ZENITH_DEG) {
            const double range = job->gates.first_m + job->gates.spacing_m * (double)g;
            if (g < rain_below && range >= ZENITH_NEAR_M && z > ZENITH_LEAST_DBZ) put(&job->zenith, d);
        } else if (g < rain_below && z >= LIGHT_DBZ && z < LIGHT_DBZ + 12.0) {
            put(&job->rain, d - light_rain[(int)((z - LIGHT_DBZ) / 2.0)]);
        } else if (g >= snow_from && g < snow_to && z >= SNOW_LEAST_DBZ && z < SNOW_MOST_DBZ) {
            put(&job->snow, d - SNOW_ZDR);
        }
    }
}

static nwc_status look_at_sweep(nwc_ctx *ctx, const nwc_volume *volume, int32_t s, struct job *job)
{
    nwc_status status = NWC_OK;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
    job->gates = nwc__gates_of(&job->dbz);
    const int64_t n = job->gates.n;
    const int64_t rays = sweep.n_rays;
    const double freezing = job->options.freezing_level_m;
    int64_t *below = NULL; /* three for each ray: up to the melting layer, and from where to where snow is dry */
    NWC__ALLOC(ctx, below, 3 * rays);
    NWC__ALLOC(ctx, job->row, 5 * n);
    const double heights[] = {freezing - MELTING_BELOW_M, freezing + SNOW_FROM_M, freezing + SNOW_TO_M};
    for (int k = 0; k < 3; k++) {
        status = nwc__gates_below(ctx, volume, &sweep, &job->gates, heights[k], below + k * rays);
        if (status != NWC_OK) goto done;
    }
    for (int64_t r = 0; r < rays; r++) {
        const nwc_moment *const moments[] = {&job->dbz, &job->zdr, &job->phase, &job->rhohv, &job->snr};
        for (int k = 0; k < 5; k++) nwc__ray_on_gates(moments[k], r, &job->gates, job->row + k * n);
        if (job->phase.name) compare_phase(job, below[r]);
        compare_zdr(job, (double)sweep.elevation_deg[r], below[r], below[rays + r], below[2 * rays + r]);
    }
    status = nwc__progress(ctx, "calibration", 1.0);
done:
    nwc__free(ctx, job->row);
    nwc__free(ctx, below);
    job->row = NULL;
    return status;
}

void nwc_calibration_options_init(nwc_calibration_options *options)
{
    if (!options) return;
    *options =
        (nwc_calibration_options){.struct_size = sizeof *options, .freezing_level_m = NAN, .least_phase_deg = 6.0};
}

nwc_status nwc_calibration_estimate(nwc_ctx *ctx, const nwc_volume *volume, const nwc_calibration_options *options,
                                    nwc_calibration *found)
{
    ctx = nwc__ctx(ctx);
    nwc_status status = NWC_OK;
    struct job job = {.row = NULL};
    nwc_volume_facts facts;
    int32_t sweeps = 0;
    nwc_calibration_options_init(&job.options);
    NWC__TRY(nwc__take_options(&job.options, sizeof job.options, options, "nwc_calibration_options"));
    if (!found) return nwc__fail(NWC_ERR_ARG, "found: a place for what is found expected, NULL given");
    if (!(job.options.least_phase_deg >= 1.0 && job.options.least_phase_deg <= 100.0))
        return nwc__fail(NWC_ERR_ARG, "least_phase_deg: 1 to 100 expected, %g given", job.options.least_phase_deg);
    if (isinf(job.options.freezing_level_m))
        return nwc__fail(NWC_ERR_ARG, "freezing_level_m: a finite height, or NaN, expected");
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY(nwc__find_band(volume, &job.options.band));
    struct sample *const samples[] = {&job.dbz_bias, &job.rain, &job.snow, &job.zenith};
    for (int k = 0; k < 4; k++) NWC__ALLOC(ctx, samples[k]->values, MOST_GATES);
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        if (!nwc__find(volume, s, "DBZH", &job.dbz) || !nwc__find(volume, s, "ZDR", &job.zdr)) continue;
        nwc__find(volume, s, "PHIDPC", &job.phase);
        nwc__find(volume, s, "RHOHV", &job.rhohv);
        nwc__find(volume, s, "SNRH", &job.snr);
        if ((status = look_at_sweep(ctx, volume, s, &job)) != NWC_OK) goto done;
        sweeps++;
    }
    if (!sweeps) {
        status = nwc__fail(NWC_ERR_NODATA, "volume: a sweep with DBZH and ZDR expected, none found");
        goto done;
    }
    conclude(&job.dbz_bias, LEAST_STRETCHES, &found->dbz_bias, &found->dbz_spread, &found->stretches);
    conclude(&job.rain, LEAST_GATES, &found->zdr_rain_bias, &found->zdr_rain_spread, &found->rain_gates);
    conclude(&job.snow, LEAST_GATES, &found->zdr_snow_bias, &found->zdr_snow_spread, &found->snow_gates);
    conclude(&job.zenith, LEAST_GATES, &found->zdr_zenith_bias, &found->zdr_zenith_spread, &found->zenith_gates);
done:
    for (int k = 3; k >= 0; k--) nwc__free(ctx, samples[k]->values);
    return status;
}
