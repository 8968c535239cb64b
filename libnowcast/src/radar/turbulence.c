/*
 * Turbulence from spectrum width. Of turbulence with the spectrum A eps^(2/3) k^(-5/3) a volume of Gaussian weight, s_r deep and
 * s wide, holds the variance along the beam
 *     3/2 Gamma(2/3) A eps^(2/3) times the integral over x from 0 to 1 of (1 - x^2) (s^2 + (s_r^2 - s^2) x^2)^(1/3),
 * the mean over all directions of waves, x being the cosine to the beam, of what the volume does not average out. The integral has
 * a form in hypergeometric functions (Labitt 1981); summed it is as exact, and holds for shallow and deep volumes alike.
 */
#include "radar/rays.h"

#include <nowcast/turbulence.h>

#include <stdlib.h>

#define LIGHT_M_S 299792458.0
#define GAMMA_2_3 1.3541179394264004
#define PULSE_SIGMA 0.35   /* of the depth of a gate: Doviak and Zrnic (1993), eq. 5.76 */
#define MOST_APART_DEG 2.5 /* of sweeps that tell the shear between them */
#define LEAST_APART_DEG 0.25
#define WITHIN_DEG 1.0

enum { PIECES = 64 /* of the integral, even */, ROWS = 6 };

struct job {
    nwc_moment width, across, along, snr, velocity, quality;
    nwc__sample other; /* velocity of another sweep */
    nwc__gates gates;
    double apart; /* of that sweep, radians, positive upward */
    const float *elevation_deg;
    double sigma_h, sigma_v, sigma_r; /* of the weight of a gate: radians, radians, m */
    double turn_2;                    /* variance that the turn adds */
    double fall_m_s, least_snr_db;
    bool shear;
    const float *per_width; /* (gate): EDR of a spectrum of 1 m/s */
    float *rows;            /* (ray, ROWS, gate) */
    float *edr;             /* (ray, gate) */
};

/* The integral, by Simpson's rule in t with x = t^3: near 0 it goes as x^(2/3) where the volume has no width. */
static double filtered(double deep_2, double wide_2)
{
    double sum = 0.0;
    for (int k = 0; k <= PIECES; k++) {
        const double t = (double)k / PIECES, x = t * t * t, weight = k == 0 || k == PIECES ? 1.0 : k % 2 ? 4.0 : 2.0;
        sum += weight * 3.0 * t * t * (1.0 - x * x) * cbrt(wide_2 + (deep_2 - wide_2) * x * x);
    }
    return sum / (3.0 * PIECES);
}

static void fill_table(const struct job *job, double kolmogorov, float *per_width)
{
    for (int64_t g = 0; g < job->gates.n; g++) {
        const double range = fmax(0.0, job->gates.first_m + job->gates.spacing_m * (double)g);
        const double wide_2 = range * range * job->sigma_h * job->sigma_v;
        const double held = 1.5 * GAMMA_2_3 * kolmogorov * filtered(job->sigma_r * job->sigma_r, wide_2);
        per_width[g] = (float)(1.0 / sqrt(held));
    }
}

static double squared_or_0(float x)
{
    return isnan(x) ? 0.0 : (double)x * (double)x;
}

static nwc_status work_ray(int64_t ray, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->gates.n;
    float *const width = job->rows + ROWS * ray * n, *const across = width + n, *const along = across + n;
    float *const snr = along + n, *const velocity = snr + n, *const quality = velocity + n;
    float *const edr = job->edr + ray * n;
    const double fall = job->fall_m_s * sin((double)job->elevation_deg[ray] * NWC__RADIANS);
    nwc__ray_on_gates(&job->width, ray, &job->gates, width);
    nwc__ray_on_gates(&job->across, ray, &job->gates, across);
    nwc__ray_on_gates(&job->along, ray, &job->gates, along);
    nwc__ray_on_gates(&job->snr, ray, &job->gates, snr);
    nwc__ray_on_gates(&job->velocity, ray, &job->gates, velocity);
    nwc__ray_on_gates(&job->quality, ray, &job->gates, quality);
    const float *const other = nwc__sample_row(&job->other, ray, n, edr); /* edr is room until it is written */
    for (int64_t g = 0; g < n; g++) {
        const double range = fmax(1.0, job->gates.first_m + job->gates.spacing_m * (double)g);
        const double h = range * job->sigma_h, v = range * job->sigma_v, r = job->sigma_r;
        const float upward = (float)((double)(other[g] - velocity[g]) / (range * job->apart));
        const double shear_2 =
            h * h * squared_or_0(across[g]) + r * r * squared_or_0(along[g]) + v * v * squared_or_0(upward);
        const double left_2 = squared_or_0(width[g]) - job->turn_2 - fall * fall - (job->shear ? shear_2 : 0.0);
        const bool known = !isnan(width[g]) && !((double)snr[g] < job->least_snr_db) && quality[g] != 0.0F;
        edr[g] = known ? (float)sqrt(fmax(0.0, left_2)) * job->per_width[g] : NAN;
    }
    return NWC_OK;
}

/* The sweep whose velocities tell the shear upward: the nearest above, else below; -1 for none. */
static int32_t sweep_beside(const nwc_volume *volume, int32_t n_sweeps, int32_t index, double *apart_deg)
{
    nwc_sweep own, sweep;
    nwc_moment moment;
    int32_t best = -1;
    if (nwc_volume_sweep(volume, index, &own) != NWC_OK || !nwc__find(volume, index, "VRADDH", &moment)) return -1;
    for (int32_t s = 0; s < n_sweeps; s++) {
        if (nwc_volume_sweep(volume, s, &sweep) != NWC_OK || sweep.mode == NWC_SWEEP_RHI || own.mode == NWC_SWEEP_RHI)
            continue;
        const double up = sweep.fixed_angle_deg - own.fixed_angle_deg, away = fabs(up);
        if (!(away >= LEAST_APART_DEG && away <= MOST_APART_DEG) || !nwc__find(volume, s, "VRADDH", &moment)) continue;
        const bool better = best < 0 || (up > 0.0) > (*apart_deg > 0.0) ||
                            ((up > 0.0) == (*apart_deg > 0.0) && away < fabs(*apart_deg));
        if (better) best = s, *apart_deg = up;
    }
    return best;
}

/* The variance that the turn of the antenna adds (Doviak and Zrnic 1993, eq. 5.77). */
static double turn_variance(const nwc_sweep *sweep, double frequency_hz, double width_deg)
{
    const int64_t n = sweep->n_rays;
    const double seconds = 1e-9 * (double)llabs(sweep->time_ns[n - 1] - sweep->time_ns[0]);
    double turned = 0.0, level = 0.0;
    for (int64_t r = 1; r < n; r++)
        turned +=
            fabs(remainder((double)sweep->azimuth_deg[r] - (double)sweep->azimuth_deg[r - 1], 360.0)) * NWC__RADIANS;
    for (int64_t r = 0; r < n; r++) level += cos((double)sweep->elevation_deg[r] * NWC__RADIANS) / (double)n;
    if (!(seconds > 0.0) || !(frequency_hz > 0.0) || !isfinite(turned)) return 0.0;
    const double sigma = turned / seconds * (LIGHT_M_S / frequency_hz) * level * sqrt(log(2.0)) /
                         (2.0 * NWC__PI * width_deg * NWC__RADIANS);
    return sigma * sigma;
}

static nwc_status work_sweep(nwc_ctx *ctx, nwc_volume *volume, const nwc_volume_facts *facts, int32_t index,
                             const nwc_turbulence_options *o)
{
    nwc_status status = NWC_OK;
    nwc_sweep sweep;
    nwc_moment velocity;
    struct job job = {.fall_m_s = o->fall_m_s, .least_snr_db = o->least_snr_db, .shear = o->shear, .apart = 1.0};
    float *per_width = NULL;
    double apart_deg = 0.0;
    NWC__TRY(nwc_volume_sweep(volume, index, &sweep));
    NWC__TRY(nwc_volume_find(volume, index, "WRADH", &job.width));
    job.gates = nwc__gates_of(&job.width), job.elevation_deg = sweep.elevation_deg;
    (void)nwc__find(volume, index, "AZSHR", &job.across), (void)nwc__find(volume, index, "DIVR", &job.along);
    (void)nwc__find(volume, index, "SNRH", &job.snr), (void)nwc__find(volume, index, "QIND", &job.quality);
    const double wide = facts->beam_width_h_deg > 0.0 ? facts->beam_width_h_deg : o->beam_width_deg;
    const double tall = facts->beam_width_v_deg > 0.0 ? facts->beam_width_v_deg : o->beam_width_deg;
    const double sigma = NWC__RADIANS / (4.0 * sqrt(log(2.0))); /* of the power of both ways: eq. 5.75 */
    job.sigma_h = wide * sigma, job.sigma_v = tall * sigma;
    job.sigma_r = PULSE_SIGMA * (o->depth_m > 0.0 ? o->depth_m : job.gates.spacing_m);
    const bool nexrad = !isfinite(facts->frequency_hz) && strncmp(facts->format, "NEXRAD", 6) == 0;
    job.turn_2 = turn_variance(&sweep, nexrad ? 2.8e9 : facts->frequency_hz, wide);
    const int32_t beside = o->shear ? sweep_beside(volume, facts->n_sweeps, index, &apart_deg) : -1;
    if (beside >= 0) {
        nwc_sweep other;
        NWC__TRY(nwc_volume_sweep(volume, beside, &other));
        NWC__TRY(nwc_volume_find(volume, beside, "VRADDH", &velocity));
        NWC__TRY(nwc__sample_moment(ctx, &other, &velocity, &sweep, &job.gates, false, WITHIN_DEG, &job.other));
        (void)nwc__find(volume, index, "VRADDH", &job.velocity);
        job.apart = apart_deg * NWC__RADIANS;
    }
    NWC__ALLOC(ctx, per_width, job.gates.n);
    NWC__ALLOC(ctx, job.rows, ROWS * sweep.n_rays * job.gates.n);
    fill_table(&job, o->kolmogorov, per_width);
    job.per_width = per_width;
    if ((status = nwc__put_on_gates(volume, index, "EDR", "m^(2/3) s-1", &job.gates, &job.edr)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "turbulence", sweep.n_rays, work_ray, &job);
    for (int64_t c = 0; status != NWC_OK && c < sweep.n_rays * job.gates.n; c++) job.edr[c] = NAN;
done:
    nwc__free(ctx, job.rows);
    nwc__free(ctx, per_width);
    nwc__sample_release(ctx, &job.other);
    return status;
}

void nwc_turbulence_options_init(nwc_turbulence_options *options)
{
    if (options)
        *options = (nwc_turbulence_options){.struct_size = sizeof *options,
                                            .kolmogorov = 1.6,
                                            .beam_width_deg = 1.0,
                                            .fall_m_s = 1.0,
                                            .least_snr_db = 5.0,
                                            .shear = 1};
}

static nwc_status check(const nwc_turbulence_options *o)
{
    const struct {
        const char *name;
        double value, least, most;
    } numbers[] = {{"kolmogorov", o->kolmogorov, 1.0, 2.0},
                   {"depth_m", o->depth_m, 0.0, 1e5},
                   {"fall_m_s", o->fall_m_s, 0.0, 10.0},
                   {"least_snr_db", o->least_snr_db, -20.0, 60.0},
                   {"shear", o->shear, 0.0, 1.0}};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        if (!(numbers[k].value >= numbers[k].least && numbers[k].value <= numbers[k].most))
            return nwc__fail(NWC_ERR_ARG, "%s: %g to %g expected, %g given", numbers[k].name, numbers[k].least,
                             numbers[k].most, numbers[k].value);
    if (!(o->beam_width_deg > 0.0 && o->beam_width_deg < 90.0))
        return nwc__fail(NWC_ERR_ARG, "beam_width_deg: above 0 and below 90 expected, %g given", o->beam_width_deg);
    return NWC_OK;
}

nwc_status nwc_turbulence_compute(nwc_ctx *ctx, nwc_volume *volume, const nwc_turbulence_options *options)
{
    ctx = nwc__ctx(ctx);
    nwc_turbulence_options taken;
    nwc_volume_facts facts;
    nwc_turbulence_options_init(&taken);
    NWC__TRY(nwc__take_options(&taken, sizeof taken, options, "nwc_turbulence_options"));
    NWC__TRY(check(&taken));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    int32_t found = 0;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc_moment width;
        if (!nwc__find(volume, s, "WRADH", &width)) continue;
        NWC__TRY(work_sweep(ctx, volume, &facts, s, &taken));
        found++;
    }
    if (!found) return nwc__fail(NWC_ERR_NODATA, "volume: no sweep has WRADH");
    return NWC_OK;
}
