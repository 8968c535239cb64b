/*
 * Attenuation by rain, from the differential phase: of the whole path from what the phase rises by, shared out among the
 * gates by reflectivity (ZPHI: Testud et al. 2000), or as a multiple of the phase gate by gate (Bringi et al. 1990, Radio Sci.
 * 25, 1137). The first uses only the rise between the ends of the rain, so that its noise and the phase of backscatter
 * between do not matter; the second needs no reflectivity.
 *
 * A phase that may not fall begins too low and ends too high where there is noise, by 1 to 2 degrees each. So the rise is
 * taken from 0, the phase of the system being off, to the mean over the last two kilometres; that halves the error of ZPHI
 * beside simulated storms at C band. Where the first gate that is known has a phase well above 0, rain before it that is not
 * known has raised it, and what that took is taken off as a multiple of the phase.
 *
 * Hail reflects more than it takes away. Each ray is therefore shared out by Z as it is, and by Z held at 55, 50, 45 and 40 dBZ,
 * and that one kept under which the phase that this attenuation means is closest to the measured one along the way: it halves
 * the error in simulated supercells and changes little in rain. With alpha free (Bringi et al. 2001) seventeen of them are
 * then tried likewise.
 */
#include "radar/attenuation_kernel.h"
#include "radar/rays.h"

NWC__DECLARE_KERNELS(nwc__attenuation_kernels);

enum { TILE_RAYS = 16, ALPHAS = 17 };

#define LEAST_PHASE_DEG 1.0     /* what rises by less has no attenuation that matters, and noise has as much */
#define ADAPTIVE_PHASE_DEG 20.0 /* and to choose alpha it must rise by this */
#define HIDDEN_PHASE_DEG 4.0    /* at the first known gate, beyond its noise */
#define END_M 2000.0
#define HAIL_DBZ 55.0
#define RAIN_DBZ 40.0
#define BLIND_DB 10.0F /* lost on the way: to see nothing behind is not to know that nothing is there */

const nwc__attenuation nwc__attenuation_of[] = {{0.0, 0.0, 0.0},
                                                {0.017, 0.003, 0.62},
                                                {0.08, 0.02, 0.76},
                                                {0.28, 0.04, 0.78}};

struct job {
    const nwc__attenuation_kernels *kernels;
    nwc_attenuation_options options; /* alpha, beta, exponent and band known */
    nwc_moment dbz, phase, zdr;      /* zdr.name NULL: there is none */
    nwc__gates gates, zdr_gates;
    int64_t *below; /* n_rays: gates up to the freezing level */
    int64_t n_rays;
    double *power;                 /* one row of gates for each tile */
    float *rows;                   /* two of them */
    float *pia, *ah, *dbzc, *zdrc; /* dbzc, zdrc NULL: the file has its own */
};

/* The first and the last gate whose phase is known; false where these are not two. */
static bool known_range(const float *phase, int64_t n, int64_t *first, int64_t *last)
{
    *first = 0, *last = n - 1;
    while (*first <= *last && isnan(phase[*first])) (*first)++;
    while (*last > *first && isnan(phase[*last])) (*last)--;
    return *first < *last;
}

/* The mean over the last gates, of which there are two at least. */
static double end_of(const struct job *job, int64_t n, const float *phase)
{
    const int64_t half = n / 2, many = (int64_t)fmin(fmax(END_M / job->gates.spacing_m, 1.0), (double)half);
    double sum = 0.0;
    for (int64_t g = n - many; g < n; g++) sum += (double)phase[g];
    return sum / (double)many;
}

/* What a ray is shared out by: a factor, and the reflectivity beyond which an echo is not that of rain. */
struct shares {
    double alpha, most_dbz;
};

struct stretch {
    int64_t n;
    const float *dbz, *phase;
    double hidden, rise, *power; /* phase at its begin; from there to its end; scratch */
    float *ah, *pia;
};

/* Share the stretch out; what the last gate's far end has lost, 0 where there is nothing to share by. */
static double share_out(const struct job *job, const struct stretch *of, struct shares by)
{
    const double exponent = job->options.exponent;
    const double sum = job->kernels->powers(of->n, of->dbz, of->phase, exponent, by.alpha, by.most_dbz, of->power);
    return sum > 0.0 ? job->kernels->share(of->n, of->power, sum, exponent, by.alpha, of->rise,
                                           1e-3 * job->gates.spacing_m, of->ah, of->pia)
                     : 0.0;
}

/* Keep what is tried where its attenuation goes along the stretch more like the phase does. */
static void try_shares(const struct job *job, const struct stretch *of, struct shares tried, struct shares *best,
                       double *least)
{
    share_out(job, of, tried);
    const double misfit = job->kernels->misfit(of->n, of->pia, of->phase, of->hidden, tried.alpha);
    if (misfit < *least) *least = misfit, *best = tried;
}

static double by_sharing(const struct job *job, int64_t n, const float *dbz, const float *phase, double *power,
                         float *ah, float *pia)
{
    const double hidden = (double)phase[0] > HIDDEN_PHASE_DEG ? (double)phase[0] : 0.0;
    const double rise = end_of(job, n, phase) - hidden, usual = job->options.alpha;
    const struct stretch of = {n, dbz, phase, hidden, rise, power, ah, pia};
    struct shares best = {usual, (double)INFINITY};
    double lost = 0.0, least = (double)INFINITY;
    if (rise > LEAST_PHASE_DEG) {
        try_shares(job, &of, best, &best, &least);
        for (double most = HAIL_DBZ; most >= RAIN_DBZ; most -= 5.0)
            try_shares(job, &of, (struct shares){usual, most}, &best, &least);
        for (int k = 0; job->options.adaptive && rise > ADAPTIVE_PHASE_DEG && k < ALPHAS; k++)
            try_shares(job, &of, (struct shares){usual * pow(2.0, 2.0 * k / (ALPHAS - 1) - 1.0), best.most_dbz}, &best,
                       &least);
        lost = share_out(job, &of, best);
    }
    for (int64_t g = 0; hidden > 0.0 && g < n; g++) pia[g] += (float)(best.alpha * hidden);
    return lost + best.alpha * hidden;
}

static double by_phase(const struct job *job, int64_t n, const float *phase, float *ah, float *pia)
{
    const double alpha = job->options.alpha, per_km = 0.5e3 / job->gates.spacing_m;
    double most = 0.0, before = 0.0;
    for (int64_t g = 0; g < n; g++) { /* what has been lost is not won again */
        if ((double)phase[g] > most) most = (double)phase[g];
        pia[g] = (float)(alpha * most);
        ah[g] = (float)(alpha * (most - before) * per_km);
        before = most;
    }
    return alpha * most;
}

static void correct_ray(const struct job *job, int64_t r, int64_t below, float *dbz, float *phase, double *power)
{
    const int64_t n = job->gates.n;
    float *const pia = job->pia + r * n, *const ah = job->ah + r * n;
    nwc__ray_on_gates(&job->dbz, r, &job->gates, dbz);
    nwc__ray_on_gates(&job->phase, r, &job->gates, phase);
    for (int64_t g = 0; g < n; g++) pia[g] = 0.0F, ah[g] = isnan(phase[g]) ? NAN : 0.0F;
    int64_t first, last;
    double lost = 0.0;
    if (known_range(phase, below, &first, &last)) {
        const int64_t of = last - first + 1;
        for (int64_t g = first + 1; g <= last; g++) phase[g] = isnan(phase[g]) ? phase[g - 1] : phase[g];
        lost = job->options.method == NWC_ATTENUATION_LINEAR
                   ? by_phase(job, of, phase + first, ah + first, pia + first)
                   : by_sharing(job, of, dbz + first, phase + first, power, ah + first, pia + first);
        for (int64_t g = last + 1; g < n; g++) pia[g] = (float)lost;
    }
    for (int64_t g = 0; g < n; g++) ah[g] = dbz[g] > (float)NWC_NOTHING_DBZ ? ah[g] : NAN;
    if (!job->dbzc) return;
    for (int64_t g = 0; g < n; g++) {
        const float nothing = pia[g] < BLIND_DB ? dbz[g] : NAN;
        job->dbzc[r * n + g] = dbz[g] == (float)NWC_NOTHING_DBZ ? nothing : dbz[g] + pia[g];
    }
}

static nwc_status correct_rays(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->gates.n;
    double *const power = job->power + tile * n;
    float *const dbz = job->rows + tile * 2 * n, *const phase = dbz + n;
    const float ratio = (float)(job->options.beta / job->options.alpha);
    for (int64_t r = tile * TILE_RAYS; r < job->n_rays && r < (tile + 1) * TILE_RAYS; r++) {
        correct_ray(job, r, job->below[r], dbz, phase, power);
        if (!job->zdrc) continue;
        nwc_moment pia = job->dbz;
        pia.field.data = job->pia;
        pia.field.stride[0] = n;
        const int64_t m = job->zdr_gates.n;
        float *const zdrc = job->zdrc + r * m;
        nwc__ray_on_gates(&pia, r, &job->zdr_gates, zdrc);
        const float *const zdr = job->zdr.field.data + r * job->zdr.field.stride[0];
        for (int64_t g = 0; g < m; g++) zdrc[g] = zdr[g] + ratio * (isnan(zdrc[g]) ? 0.0F : zdrc[g]);
    }
    return NWC_OK;
}

/* Where a moment stands among those of a sweep; -1 where it has none of the name. */
static int32_t place_of(const nwc_volume *volume, int32_t s, const char *name)
{
    nwc_moment moment;
    for (int32_t k = 0; nwc_volume_moment(volume, s, k, &moment) == NWC_OK; k++)
        if (strcmp(moment.name, name) == 0) return k;
    return -1;
}

/* Whether the step may write a moment: there is none, or it stands behind AH, where an earlier run has put it. */
static bool is_free(const nwc_volume *volume, int32_t s, const char *name)
{
    const int32_t at = place_of(volume, s, name), mark = place_of(volume, s, "AH");
    return at < 0 || (mark >= 0 && at > mark);
}

static nwc_status correct_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t s, struct job *job)
{
    nwc_sweep sweep;
    nwc_status status = NWC_OK;
    NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
    job->n_rays = sweep.n_rays;
    job->gates = nwc__gates_of(&job->dbz);
    job->dbzc = job->zdrc = NULL;
    const bool dbz_free = is_free(volume, s, "DBZHC"), zdr_free = is_free(volume, s, "ZDRC");
    NWC__TRY(nwc__put_on_gates(volume, s, "AH", "dB km-1", &job->gates, &job->ah));
    NWC__TRY(nwc__put_on_gates(volume, s, "PIA", "dB", &job->gates, &job->pia));
    if (dbz_free) NWC__TRY(nwc__put_on_gates(volume, s, "DBZHC", "dBZ", &job->gates, &job->dbzc));
    if (zdr_free && nwc__find(volume, s, "ZDR", &job->zdr)) {
        job->zdr_gates = nwc__gates_of(&job->zdr);
        NWC__TRY(nwc__put_on_gates(volume, s, "ZDRC", "dB", &job->zdr_gates, &job->zdrc));
    }
    const int64_t tiles = (job->n_rays + TILE_RAYS - 1) / TILE_RAYS;
    NWC__ALLOC(ctx, job->below, job->n_rays);
    NWC__ALLOC(ctx, job->power, tiles * job->gates.n);
    NWC__ALLOC(ctx, job->rows, tiles * 2 * job->gates.n);
    status = nwc__gates_below(ctx, volume, &sweep, &job->gates, job->options.freezing_level_m, job->below);
    if (status != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "attenuation", tiles, correct_rays, job);
done:
    nwc__free(ctx, job->rows);
    nwc__free(ctx, job->power);
    nwc__free(ctx, job->below);
    job->below = NULL;
    job->power = NULL;
    job->rows = NULL;
    return status;
}

void nwc_attenuation_options_init(nwc_attenuation_options *options)
{
    if (!options) return;
    *options = (nwc_attenuation_options){
        .struct_size = sizeof *options, .alpha = NAN, .beta = NAN, .exponent = NAN, .freezing_level_m = NAN};
}

static nwc_status complete_options(const nwc_volume *volume, nwc_attenuation_options *o)
{
    if (o->method != NWC_ATTENUATION_ZPHI && o->method != NWC_ATTENUATION_LINEAR)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_attenuation_method expected, %d given", (int)o->method);
    if (o->adaptive != 0 && o->adaptive != 1)
        return nwc__fail(NWC_ERR_ARG, "adaptive: 0 or 1 expected, %d given", (int)o->adaptive);
    if (isnan(o->alpha) || isnan(o->beta) || isnan(o->exponent)) {
        NWC__TRY(nwc__find_band(volume, &o->band));
        if (isnan(o->alpha)) o->alpha = nwc__attenuation_of[o->band].alpha;
        if (isnan(o->beta)) o->beta = fmin(nwc__attenuation_of[o->band].beta, o->alpha);
        if (isnan(o->exponent)) o->exponent = nwc__attenuation_of[o->band].exponent;
    }
    if (!(o->alpha > 0.0 && o->alpha <= 2.0))
        return nwc__fail(NWC_ERR_ARG, "alpha: above 0 to 2 dB a degree expected, %g given", o->alpha);
    if (!(o->beta >= 0.0 && o->beta <= o->alpha))
        return nwc__fail(NWC_ERR_ARG, "beta: 0 to alpha expected, %g given", o->beta);
    if (!(o->exponent >= 0.3 && o->exponent <= 1.5))
        return nwc__fail(NWC_ERR_ARG, "exponent: 0.3 to 1.5 expected, %g given", o->exponent);
    if (isinf(o->freezing_level_m))
        return nwc__fail(NWC_ERR_ARG, "freezing_level_m: a finite height, or NaN, expected");
    return NWC_OK;
}

nwc_status nwc_attenuation_correct(nwc_ctx *ctx, nwc_volume *volume, const nwc_attenuation_options *options)
{
    ctx = nwc__ctx(ctx);
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__attenuation_kernels)};
    nwc_attenuation_options_init(&job.options);
    NWC__TRY(nwc__take_options(&job.options, sizeof job.options, options, "nwc_attenuation_options"));
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY(complete_options(volume, &job.options));
    int32_t sweeps = 0;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        if (!nwc__find(volume, s, "PHIDPC", &job.phase) || !nwc__find(volume, s, "DBZH", &job.dbz)) continue;
        NWC__TRY(correct_sweep(ctx, volume, s, &job));
        sweeps++;
    }
    return sweeps ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "volume: a sweep with DBZH and PHIDPC expected, none found");
}
