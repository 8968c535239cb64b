/*
 * Differential phase of a volume: where it is precipitation, the phase of the system, unfolding, KDP.
 *
 * Two passes over the rays. The first finds the phase each ray begins with, over the first kilometres of rain: that of the
 * system, but for the noise and what the rain has added. The second unfolds each ray from the median of these on, so that
 * a ray whose first echo lies behind a fold is put right too. Rays are independent; a tile is sixteen of them.
 */
#include "radar/kdp_variational.h"
#include "radar/phase_kernel.h"
#include "radar/rays.h"

NWC__DECLARE_KERNELS(nwc__phase_kernels);

enum { TILE_RAYS = 16, LEAST_STARTS = 5, MOST_DBZ = 80 };

#define TEXTURE_M 1500.0 /* window of the texture, to either side */
#define RUN_M 1000.0     /* what is shorter is no precipitation */
#define START_M 2000.0   /* of rain, over which the phase at the beginning is found */
#define START_LEAST_DBZ 5.0F
#define START_MOST_DBZ 38.0F /* over that length the phase of such rain hardly rises */
#define START_RAYS 0.05      /* of the rays have to begin like that; else any rain will do */
#define OWN_WITHIN_DEG 15.0  /* of the system's phase a ray may begin */
#define NEAR_M 1000.0        /* gates whose phase goes on */
#define APART_M 5000.0       /* stretches farther apart are smoothed each by itself */
#define FIRM_M 3000.0        /* of precipitation that tells where the phase behind it is */
/* By nwc_band: the longer the wave, the less the phase rises beside its scatter, and the more of it is to be averaged. */
static const struct {
    double short_m, long_m;
} windows[] = {{3000.0, 10000.0}, {6000.0, 15000.0}, {4500.0, 12500.0}, {3000.0, 10000.0}};

#define END_DEG 2.0 /* a phase that folds at 180 comes as near as this to both its ends */

/* One sweep on its way. */
struct job {
    const nwc__phase_kernels *kernels;
    const nwc_phase_options *options;
    nwc_moment phase, rhohv, snr, dbz; /* name NULL: the sweep has none */
    nwc__gates gates;
    struct nwc__phase_limits limits;
    double window_m[MOST_DBZ + 1]; /* over which KDP is found in echo of 0, 1 ... dBZ */
    int64_t n_rays, tile_bytes;
    char *scratch;
    float start_most_dbz;
    double alpha;  /* dB that rain takes for each degree; 0 where the band is not known */
    double offset; /* the system's */
    double *start; /* per ray: the phase it begins with, or NaN */
    float *phidp, *kdp;
};

/* Arrays of a ray, all of n or n + 1 gates: the parts of a tile's scratch. */
struct ray {
    double *sums, *monotone;
    float *phase, *rhohv, *snr, *dbz, *unfolded, *scale;
    int32_t *count, *half;
    uint8_t *good;
};

/* Lays the arrays out from memory on (NULL to find the size) and returns the bytes they take. */
static int64_t lay_out(int64_t n, char *memory, struct ray *ray)
{
    int64_t at = 0;
#define PART(pointer, items)                                                                                           \
    do {                                                                                                               \
        if (memory) (pointer) = (void *)(memory + at);                                                                 \
        at += ((items) * (int64_t)sizeof *(pointer) + 63) / 64 * 64;                                                   \
    } while (0)
    PART(ray->sums, 5 * (n + 1));
    PART(ray->monotone, NWC__MONOTONE_SCRATCH * n);
    PART(ray->phase, n);
    PART(ray->rhohv, n);
    PART(ray->snr, n);
    PART(ray->dbz, n);
    PART(ray->unfolded, n);
    PART(ray->scale, n);
    PART(ray->count, n + 1);
    PART(ray->half, n);
    PART(ray->good, n);
#undef PART
    return at;
}

static void take_ray(const struct job *job, int64_t tile, int64_t r, struct ray *ray)
{
    const nwc__gates *const gates = &job->gates;
    lay_out(gates->n, job->scratch + tile * job->tile_bytes, ray);
    nwc__ray_on_gates(&job->phase, r, gates, ray->phase);
    nwc__ray_on_gates(&job->rhohv, r, gates, ray->rhohv);
    nwc__ray_on_gates(&job->snr, r, gates, ray->snr);
    nwc__ray_on_gates(&job->dbz, r, gates, ray->dbz);
    job->kernels->mark(gates->n, ray->phase, ray->rhohv, ray->snr, ray->dbz, &job->limits, ray->sums, ray->count,
                       ray->good);
}

static double wrapped(double angle, double period)
{
    return angle - period * rint(angle / period);
}

/* The phase a ray begins with, from -period / 2 to period / 2: median over the first gates of rain; NaN without. */
static double ray_start(const struct job *job, const struct ray *ray)
{
    const double period = (double)job->limits.period;
    const int64_t wanted = (int64_t)(START_M / job->gates.spacing_m) + 1;
    double *const found = ray->sums;
    int64_t n = 0;
    for (int64_t g = 0; g < job->gates.n && n < wanted; g++) {
        if (!ray->good[g] || ray->dbz[g] < START_LEAST_DBZ) continue;
        if (ray->dbz[g] > job->start_most_dbz) return (double)NAN; /* and what is behind it has been raised */
        const double phase = (double)ray->phase[g];
        found[n] = n ? found[0] + wrapped(phase - found[0], period) : phase;
        n++;
    }
    return n < LEAST_STARTS || n < wanted / 2 ? (double)NAN : wrapped(nwc__middle(found, n), period);
}

static nwc_status find_starts(int64_t tile, void *user)
{
    const struct job *const job = user;
    struct ray ray;
    for (int64_t r = tile * TILE_RAYS; r < job->n_rays && r < (tile + 1) * TILE_RAYS; r++) {
        take_ray(job, tile, r, &ray);
        job->start[r] = ray_start(job, &ray);
    }
    return NWC_OK;
}

/* From the first good gate to the last; false where there is none. */
static bool span(const struct job *job, const struct ray *ray, int64_t *first, int64_t *last)
{
    *first = 0, *last = job->gates.n - 1;
    while (*first <= *last && !ray->good[*first]) (*first)++;
    while (*last > *first && !ray->good[*last]) (*last)--;
    return *first <= *last;
}

/* Between known values on a line: the phase of a gap is somewhere between those of its ends. */
static void bridge(float *values, int64_t first, int64_t last)
{
    int64_t before = -1;
    for (int64_t g = first; g <= last; g++) {
        if (isnan(values[g])) continue;
        for (int64_t k = before + 1; before >= 0 && k < g; k++)
            values[k] = values[before] + (values[g] - values[before]) * (float)(k - before) / (float)(g - before);
        before = g;
    }
}

/* The stronger the echo, the faster the phase rises beside its scatter, and the shorter a window will do. */
static void make_windows(struct job *job)
{
    const nwc_phase_options *const o = job->options;
    for (int dbz = 0; dbz <= MOST_DBZ; dbz++) {
        const double share = fmin(fmax((dbz - o->weak_dbz) / (o->strong_dbz - o->weak_dbz), 0.0), 1.0);
        job->window_m[dbz] = o->long_window_m * pow(o->short_window_m / o->long_window_m, share);
    }
}

static double window(const struct job *job, float dbz)
{
    return job->window_m[dbz > 0.0F ? dbz < (float)MOST_DBZ ? (int)dbz : MOST_DBZ : 0]; /* NaN is weak */
}

/*
 * What rain on the way has taken, by the mean phase of a kilometre: echo behind it is as strong as it was. Without, windows
 * are too long where a storm has weakened itself: KDP of simulated cells at X band is then wrong by twice as much. (To narrow
 * them further where a first answer is steep gained a fifth there, but made steps of real phases into KDP.)
 */
static void give_back(const struct job *job, const struct ray *ray, int64_t first, int64_t last, double offset)
{
    const int64_t half = (int64_t)fmax(1.0, rint(0.5 * NEAR_M / job->gates.spacing_m));
    double mean = 0.0;
    ray->sums[first] = 0.0, ray->count[first] = 0;
    for (int64_t g = first; g <= last; g++) {
        ray->sums[g + 1] = ray->sums[g] + (ray->good[g] ? (double)ray->unfolded[g] - offset : 0.0);
        ray->count[g + 1] = ray->count[g] + ray->good[g];
    }
    for (int64_t g = first; g <= last; g++) {
        const int64_t from = g - half > first ? g - half : first, to = g + half < last ? g + half + 1 : last + 1;
        const int32_t known = ray->count[to] - ray->count[from]; /* none in a gap: as much as before it */
        if (known > 0) mean = fmax((ray->sums[to] - ray->sums[from]) / known, 0.0);
        ray->dbz[g] += (float)(job->alpha * mean);
    }
}

static void by_lines(const struct job *job, const struct ray *ray, float *kdp, float *phidp)
{
    const double gate_m = job->gates.spacing_m;
    const int32_t near = (int32_t)fmax(1.0, rint(0.5 * job->options->short_window_m / gate_m));
    for (int64_t g = 0; g < job->gates.n; g++)
        ray->half[g] = (int32_t)fmax(1.0, rint(0.5 * window(job, ray->dbz[g]) / gate_m));
    job->kernels->fit(job->gates.n, ray->unfolded, ray->half, near, (float)(1e-3 * gate_m), ray->sums, kdp, phidp);
}

static void by_variation(const struct job *job, const struct ray *ray, int64_t first, int64_t last, float *kdp,
                         float *phidp)
{
    const int64_t n = last - first + 1;
    const double gate_m = job->gates.spacing_m;
    for (int64_t g = first; g <= last; g++) ray->scale[g] = (float)(window(job, ray->dbz[g]) / gate_m);
    nwc__monotone_phase(n, ray->unfolded + first, ray->scale + first, ray->monotone, phidp + first);
    ray->count[first] = 0; /* of good gates before each */
    for (int64_t g = first; g <= last; g++) ray->count[g + 1] = ray->count[g] + ray->good[g];
    for (int64_t g = first; g <= last; g++) {
        const int64_t low = g > first ? g - 1 : g, high = g < last ? g + 1 : g;
        const int64_t half = (int64_t)(0.5F * ray->scale[g]);
        const int64_t from = g - half > first ? g - half : first, to = g + half < last ? g + half : last;
        if (ray->good[g] && high > low &&
            ray->count[to + 1] - ray->count[from] > half) /* half of the window, or more */
            kdp[g] = (float)(500.0 * (double)(phidp[high] - phidp[low]) / ((double)(high - low) * gate_m));
    }
}

/* The last good gate of the stretch that begins at a good gate g: the next good one lies more than apart gates beyond. */
static int64_t end_of_stretch(const struct ray *ray, int64_t g, int64_t last, int64_t apart)
{
    int64_t end = g;
    for (int64_t k = g + 1; k <= last && k - end <= apart; k++)
        if (ray->good[k]) end = k;
    return end;
}

static int64_t next_stretch(const struct ray *ray, int64_t end, int64_t last)
{
    int64_t g = end + 1;
    while (g <= last && !ray->good[g]) g++;
    return g;
}

static nwc_status process_rays(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->gates.n;
    const int64_t near = (int64_t)fmax(1.0, rint(NEAR_M / job->gates.spacing_m));
    const int64_t firm = (int64_t)fmax(1.0, rint(FIRM_M / job->gates.spacing_m));
    const int64_t apart = (int64_t)fmax(1.0, rint(APART_M / job->gates.spacing_m));
    struct ray ray;
    for (int64_t r = tile * TILE_RAYS; r < job->n_rays && r < (tile + 1) * TILE_RAYS; r++) {
        float *const kdp = job->kdp + r * n, *const phidp = job->phidp + r * n;
        for (int64_t g = 0; g < n; g++) kdp[g] = phidp[g] = NAN;
        take_ray(job, tile, r, &ray);
        int64_t first, last;
        if (!span(job, &ray, &first, &last)) continue;
        double offset = job->offset;
        if (job->options->offset_per_ray) {
            const double own = wrapped(ray_start(job, &ray) - offset, (double)job->limits.period);
            if (fabs(own) <= OWN_WITHIN_DEG) offset += own;
        }
        job->kernels->unfold(n, ray.phase, ray.good, (float)offset, job->limits.period, near, firm, ray.unfolded);
        give_back(job, &ray, first, last, offset);
        if (job->options->method == NWC_KDP_LEAST_SQUARES)
            by_lines(job, &ray, kdp, phidp);
        else
            for (int64_t g = first; g <= last; g = next_stretch(&ray, end_of_stretch(&ray, g, last, apart), last))
                by_variation(job, &ray, g, end_of_stretch(&ray, g, last, apart), kdp, phidp);
        bridge(phidp, first, last);
        for (int64_t g = first; g <= last; g++) phidp[g] -= (float)offset;
    }
    return NWC_OK;
}

/* ---- over the volume ---- */

/*
 * 360 unless every phase lies within 180 degrees that start at 0 or -90, and some come close to both ends: then it folds
 * there. Gates of noise have any phase, and show it.
 */
static double find_period(const nwc_volume *volume, int32_t n_sweeps)
{
    float low = INFINITY, high = -INFINITY;
    nwc_moment phase;
    for (int32_t s = 0; s < n_sweeps; s++) {
        if (nwc_volume_find(volume, s, "PHIDP", &phase) != NWC_OK) continue;
        const int64_t n = phase.field.dim[0] * phase.field.dim[1];
        for (int64_t i = 0; i < n; i++) {
            low = phase.field.data[i] < low ? phase.field.data[i] : low;
            high = phase.field.data[i] > high ? phase.field.data[i] : high;
        }
    }
    const double width = (double)high - (double)low, from = low > -END_DEG ? 0.0 : -90.0;
    const bool half =
        width <= 180.0 + END_DEG && fabs((double)low - from) <= END_DEG && fabs((double)high - from - 180.0) <= END_DEG;
    return half ? 180.0 : 360.0;
}

/* The middle of n phases, of which the fullest twentieth of the period around shows where to cut the circle. */
static double circular_median(double *values, int64_t n, double period, double *spread)
{
    enum { BINS = 72, WIDE = 3 };
    int64_t filled[BINS] = {0}, most = -1;
    int best = 0;
    for (int64_t i = 0; i < n; i++) {
        const int bin = (int)floor((values[i] / period + 0.5) * BINS);
        filled[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
    }
    for (int b = 0; b < BINS; b++) {
        int64_t around = 0;
        for (int k = -WIDE; k <= WIDE; k++) around += filled[(b + k + BINS) % BINS];
        if (around > most) most = around, best = b;
    }
    const double cut = ((best + 0.5) / BINS - 0.5) * period;
    for (int64_t i = 0; i < n; i++) values[i] = wrapped(values[i] - cut, period);
    const double middle = nwc__middle(values, n);
    *spread = nwc__spread_about(values, n, middle);
    return wrapped(cut + middle, period);
}

/* Take what the sweep has; false where that is no phase. */
static bool take_sweep(const nwc_volume *volume, int32_t s, struct job *job)
{
    if (!nwc__find(volume, s, "PHIDP", &job->phase)) return false;
    nwc__find(volume, s, "RHOHV", &job->rhohv);
    nwc__find(volume, s, "SNRH", &job->snr);
    if (!nwc__find(volume, s, "DBZH", &job->dbz)) nwc__find(volume, s, "DBTH", &job->dbz);
    job->gates = nwc__gates_of(&job->phase);
    job->n_rays = job->phase.field.dim[0];
    job->limits.half_window = (int64_t)fmax(2.0, rint(TEXTURE_M / job->gates.spacing_m));
    job->limits.least_run = (int64_t)fmax(1.0, rint(RUN_M / job->gates.spacing_m));
    return true;
}

static nwc_status over_rays(nwc_ctx *ctx, struct job *job, const char *stage, nwc__tile_fn fn)
{
    nwc_status status = NWC_OK;
    const int64_t tiles = (job->n_rays + TILE_RAYS - 1) / TILE_RAYS;
    struct ray none;
    job->tile_bytes = lay_out(job->gates.n, NULL, &none);
    NWC__ALLOC(ctx, job->scratch, tiles * job->tile_bytes);
    status = nwc__for_each_tile(ctx, stage, tiles, fn, job);
done:
    nwc__free(ctx, job->scratch);
    job->scratch = NULL;
    return status;
}

/* The phases that rays begin with, of all sweeps one behind the other; those that have none left out. */
static nwc_status collect_starts(nwc_ctx *ctx, const nwc_volume *volume, int32_t n_sweeps, struct job *job,
                                 double *starts, int64_t *found)
{
    *found = 0;
    for (int32_t s = 0; s < n_sweeps; s++) {
        if (!take_sweep(volume, s, job)) continue;
        job->start = starts + *found;
        NWC__TRY(over_rays(ctx, job, "system phase", find_starts));
        for (int64_t r = 0; r < job->n_rays; r++)
            if (!isnan(job->start[r])) starts[(*found)++] = job->start[r];
    }
    return NWC_OK;
}

static nwc_status find_offset(nwc_ctx *ctx, const nwc_volume *volume, int32_t n_sweeps, struct job *job,
                              nwc_phase_facts *facts)
{
    nwc_status status = NWC_OK;
    double *starts = NULL;
    int64_t rays = 0, found = 0;
    for (int32_t s = 0; s < n_sweeps; s++)
        if (take_sweep(volume, s, job)) rays += job->n_rays;
    NWC__ALLOC(ctx, starts, rays);
    status = collect_starts(ctx, volume, n_sweeps, job, starts, &found);
    if (status == NWC_OK && (double)found < START_RAYS * (double)rays) {
        job->start_most_dbz = INFINITY;
        status = collect_starts(ctx, volume, n_sweeps, job, starts, &found);
        job->start_most_dbz = START_MOST_DBZ;
    }
    if (status != NWC_OK) goto done;
    facts->rays = found;
    if (found) facts->offset_deg = circular_median(starts, found, facts->period_deg, &facts->spread_deg);
done:
    nwc__free(ctx, starts);
    return status;
}

static nwc_status process_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t s, struct job *job)
{
    nwc_moment moment;
    /* Where PHIDPC is there without KDPC, the KDP beside it is one this step has made. */
    const bool own = nwc_volume_find(volume, s, "PHIDPC", &moment) == NWC_OK &&
                     nwc_volume_find(volume, s, "KDPC", &moment) != NWC_OK;
    const bool kept = !own && nwc_volume_find(volume, s, "KDP", &moment) == NWC_OK;
    NWC__TRY(nwc__put_on_gates(volume, s, "PHIDPC", "degrees", &job->gates, &job->phidp));
    NWC__TRY(nwc__put_on_gates(volume, s, kept ? "KDPC" : "KDP", "degrees km-1", &job->gates, &job->kdp));
    return over_rays(ctx, job, "differential phase", process_rays);
}

/* ---- checks ---- */

void nwc_phase_options_init(nwc_phase_options *options)
{
    if (!options) return;
    *options = (nwc_phase_options){.struct_size = sizeof *options,
                                   .method = NWC_KDP_VARIATIONAL,
                                   .offset_deg = NAN,
                                   .least_rhohv = 0.85,
                                   .least_snr_db = 2.0,
                                   .most_texture_deg = 15.0,
                                   .short_window_m = NAN,
                                   .long_window_m = NAN,
                                   .strong_dbz = 55.0,
                                   .weak_dbz = 30.0};
}

static nwc_status check_options(const nwc_phase_options *o)
{
    if (o->method != NWC_KDP_LEAST_SQUARES && o->method != NWC_KDP_VARIATIONAL)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_kdp_method expected, %d given", (int)o->method);
    if (o->period_deg != 0.0 && o->period_deg != 180.0 && o->period_deg != 360.0)
        return nwc__fail(NWC_ERR_ARG, "period_deg: 0, 180 or 360 expected, %g given", o->period_deg);
    if (!isnan(o->offset_deg) && !(fabs(o->offset_deg) <= 360.0))
        return nwc__fail(NWC_ERR_ARG, "offset_deg: -360 to 360, or NaN, expected, %g given", o->offset_deg);
    if (o->offset_per_ray != 0 && o->offset_per_ray != 1)
        return nwc__fail(NWC_ERR_ARG, "offset_per_ray: 0 or 1 expected, %d given", (int)o->offset_per_ray);
    if (!(o->least_rhohv >= 0.0 && o->least_rhohv <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "least_rhohv: 0 to 1 expected, %g given", o->least_rhohv);
    if (!(fabs(o->least_snr_db) <= 100.0))
        return nwc__fail(NWC_ERR_ARG, "least_snr_db: -100 to 100 expected, %g given", o->least_snr_db);
    if (!(o->most_texture_deg > 0.0 && o->most_texture_deg <= 180.0))
        return nwc__fail(NWC_ERR_ARG, "most_texture_deg: above 0 to 180 expected, %g given", o->most_texture_deg);
    if (!(o->short_window_m >= 100.0 && o->short_window_m <= 20000.0))
        return nwc__fail(NWC_ERR_ARG, "short_window_m: 100 to 20000 expected, %g given", o->short_window_m);
    if (!(o->long_window_m >= o->short_window_m && o->long_window_m <= 50000.0))
        return nwc__fail(NWC_ERR_ARG, "long_window_m: short_window_m to 50000 expected, %g given", o->long_window_m);
    if (!isfinite(o->strong_dbz))
        return nwc__fail(NWC_ERR_ARG, "strong_dbz: a finite number expected, %g given", o->strong_dbz);
    if (!(isfinite(o->weak_dbz) && o->weak_dbz < o->strong_dbz))
        return nwc__fail(NWC_ERR_ARG, "weak_dbz: below strong_dbz expected, %g given", o->weak_dbz);
    return NWC_OK;
}

nwc_status nwc_phase_process(nwc_ctx *ctx, nwc_volume *volume, const nwc_phase_options *options, nwc_phase_facts *facts)
{
    ctx = nwc__ctx(ctx);
    nwc_phase_options o;
    nwc_phase_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_phase_options"));
    nwc_volume_facts of;
    NWC__TRY(nwc_volume_describe(volume, &of));
    const int32_t band = nwc__band_of(&of);
    if (isnan(o.short_window_m)) o.short_window_m = windows[band].short_m;
    if (isnan(o.long_window_m)) o.long_window_m = windows[band].long_m;
    NWC__TRY(check_options(&o));
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__phase_kernels),
                      .options = &o,
                      .start_most_dbz = START_MOST_DBZ,
                      .alpha = nwc__attenuation_of[band].alpha};
    make_windows(&job);
    nwc_phase_facts found = {.offset_deg = o.offset_deg, .spread_deg = NAN};
    for (int32_t s = 0; s < of.n_sweeps; s++) found.sweeps += take_sweep(volume, s, &job);
    if (found.sweeps == 0) return nwc__fail(NWC_ERR_NODATA, "volume: a sweep with PHIDP expected, none found");
    found.period_deg = o.period_deg > 0.0 ? o.period_deg : find_period(volume, of.n_sweeps);
    job.limits = (struct nwc__phase_limits){.least_rhohv = (float)o.least_rhohv,
                                            .least_snr = (float)o.least_snr_db,
                                            .most_texture = (float)o.most_texture_deg,
                                            .period = (float)found.period_deg};
    if (isnan(o.offset_deg)) NWC__TRY(find_offset(ctx, volume, of.n_sweeps, &job, &found));
    job.offset = isnan(found.offset_deg) ? 0.0 : found.offset_deg;
    for (int32_t s = 0; s < of.n_sweeps; s++)
        if (take_sweep(volume, s, &job)) NWC__TRY(process_sweep(ctx, volume, s, &job));
    if (facts) *facts = found;
    return NWC_OK;
}
