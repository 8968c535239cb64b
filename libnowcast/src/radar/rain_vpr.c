/*
 * The vertical profile of reflectivity: found near the radar, where beams are narrow and many, and taken off farther away, where
 * the lowest beam is wide and high (Vignal and Krajewski 2001). Levels compare by ratios over the same columns: a mean over
 * whatever rain a level was seen in would show where the rain was, not how it changes upward.
 */
#include "radar/rays.h"

#include <nowcast/beam.h>
#include <nowcast/rain.h>

enum { COLUMNS_AROUND = 360, COLUMNS_OUT = 100, LEAST_COLUMNS = 50, LEAST_GATES = 50, TILE_RAYS = 32, NODES = 4 };

#define LOW_M 1500.0 /* above the antenna: near the ground */
#define COLUMN_M 1000.0
#define LEAST_BRIGHT_DB 1.5 /* above the rain below, */
#define LEAST_FALL_DB 3.0   /* and above what is BRIGHT_DEPTH_M higher, for a bright band */
#define BRIGHT_DEPTH_M 800.0
#define BRIGHT_SHARE 0.25 /* of its height, where it begins and ends */
#define FAINT_DB (-20.0)  /* a profile weaker than this says that the beam looks over the rain */
#define TWO_WAY 4.70964   /* width between half powers by standard deviation of the two-way pattern: 4 sqrt(ln 4) */
#define DEFAULT_BEAM_DEG 1.0

struct column {
    double sum; /* of Z near the ground */
    int64_t n;
};

struct level {
    double sum, of_columns;
    int64_t n;
};

struct job {
    const nwc_volume *volume;
    const nwc_beam *beam;
    nwc_vpr_options options;
    nwc_volume_facts facts;
    nwc_moment dbz;
    nwc_sweep sweep;
    nwc__gates gates;
    int64_t reach; /* gates looked at */
    double *range, *height, *ground;
    struct column *columns;
    struct level levels[NWC_VPR_LEVELS];
    const nwc_vpr *vpr;
    double linear[NWC_VPR_LEVELS];
    float *out;
};

static bool take_sweep(const nwc_volume *volume, int32_t s, struct job *job)
{
    if (!nwc__find_dbz(volume, s, &job->dbz)) return false;
    job->gates = nwc__gates_of(&job->dbz);
    return nwc_volume_sweep(volume, s, &job->sweep) == NWC_OK;
}

static nwc_status trace(const struct job *job, double elevation_deg, int64_t n, double *range, double *height,
                        double *ground)
{
    const double up = elevation_deg > 90.0 ? 180.0 - elevation_deg : elevation_deg;
    for (int64_t g = 0; g < n; g++) range[g] = fmax(0.0, job->gates.first_m + job->gates.spacing_m * (double)g);
    return nwc_beam_path(job->beam, up, n, range, height, ground, NULL);
}

/* The column a gate stands in; NULL outside those looked at. */
static struct column *column_of(const struct job *job, int64_t r, double ground_m)
{
    if (!(ground_m >= job->options.near_m && ground_m < job->options.far_m)) return NULL;
    const int around = (int)job->sweep.azimuth_deg[r] % COLUMNS_AROUND, out = (int)(ground_m / COLUMN_M);
    return &job->columns[around * COLUMNS_OUT + (out < COLUMNS_OUT ? out : COLUMNS_OUT - 1)];
}

/* Add the gates of a ray to the columns near the ground, or, when these are known, to the levels. */
static void add_ray(struct job *job, int64_t r, bool to_levels)
{
    const float *const dbz = job->dbz.field.data + r * job->dbz.field.stride[0];
    for (int64_t g = 0; g < job->reach; g++) {
        struct column *const column = isnan(dbz[g]) ? NULL : column_of(job, r, job->ground[g]);
        if (!column) continue;
        const double z = dbz[g] <= (float)NWC_NOTHING_DBZ ? 0.0 : pow(10.0, 0.1 * (double)dbz[g]);
        if (!to_levels) {
            if (job->height[g] <= job->facts.altitude_m + LOW_M) column->sum += z, column->n++;
            continue;
        }
        const double at = (job->height[g] - job->facts.altitude_m) / job->options.step_m;
        if (column->n == 0 || !(at >= 0.0 && at < NWC_VPR_LEVELS)) continue;
        struct level *const level = &job->levels[(int)at];
        level->sum += z, level->of_columns += column->sum / (double)column->n, level->n++;
    }
}

static nwc_status look(nwc_ctx *ctx, struct job *job, bool to_levels)
{
    nwc_status status = NWC_OK;
    for (int32_t s = 0; s < job->facts.n_sweeps; s++) {
        if (!take_sweep(job->volume, s, job)) continue;
        const double gates =
            1.5 * job->options.far_m / job->gates.spacing_m; /* enough up to elevations of 48 degrees */
        job->reach = gates < (double)job->gates.n ? (int64_t)gates : job->gates.n;
        NWC__ALLOC(ctx, job->range, 3 * job->reach);
        job->height = job->range + job->reach, job->ground = job->height + job->reach;
        for (int64_t r = 0; r < job->sweep.n_rays && status == NWC_OK; r++) {
            status = trace(job, (double)job->sweep.elevation_deg[r], job->reach, job->range, job->height, job->ground);
            if (status == NWC_OK) add_ray(job, r, to_levels);
        }
        nwc__free(ctx, job->range);
        job->range = NULL;
        if (status == NWC_OK) status = nwc__progress(ctx, "profile of reflectivity", 1.0);
        if (status != NWC_OK) return status;
    }
done:
    return status;
}

/* Columns whose rain near the ground is not stratiform have n = 0 from here on; returns how many are left. */
static int64_t choose_columns(struct job *job)
{
    int64_t left = 0;
    for (int64_t c = 0; c < (int64_t)COLUMNS_AROUND * COLUMNS_OUT; c++) {
        struct column *const column = &job->columns[c];
        const double dbz = column->n ? 10.0 * log10(column->sum / (double)column->n) : (double)NAN;
        if (!(dbz >= job->options.least_dbz && dbz <= job->options.most_dbz)) column->n = 0;
        left += column->n > 0;
    }
    return left;
}

static double level_m(const nwc_vpr *vpr, int k)
{
    return vpr->first_m + vpr->step_m * k;
}

/* The height at which the profile, going from level k on by way, first falls to a value; NaN when it does not. */
static double crossing(const nwc_vpr *vpr, int k, int way, double value)
{
    for (int next = k + way; next >= 0 && next < NWC_VPR_LEVELS && !isnan(vpr->db[next]); k = next, next += way)
        if (vpr->db[next] <= value)
            return level_m(vpr, k) + way * vpr->step_m * (vpr->db[k] - value) / (vpr->db[k] - vpr->db[next]);
    return (double)NAN;
}

static void find_bright_band(nwc_vpr *vpr)
{
    const int depth = (int)ceil(BRIGHT_DEPTH_M / vpr->step_m);
    vpr->bright_bottom_m = vpr->bright_peak_m = vpr->bright_top_m = vpr->bright_db = (double)NAN;
    for (int k = depth; k + depth < NWC_VPR_LEVELS; k++) {
        const double peak = vpr->db[k], rain = vpr->db[k - depth];
        if (!(peak - rain >= LEAST_BRIGHT_DB && peak - vpr->db[k + depth] >= LEAST_FALL_DB)) continue;
        if (peak < vpr->db[k - 1] || peak < vpr->db[k + 1] || (vpr->bright_db >= peak - rain)) continue;
        vpr->bright_db = peak - rain;
        vpr->bright_peak_m = level_m(vpr, k);
        vpr->bright_bottom_m = crossing(vpr, k, -1, rain + BRIGHT_SHARE * vpr->bright_db);
        vpr->bright_top_m = crossing(vpr, k, 1, rain);
    }
}

void nwc_vpr_options_init(nwc_vpr_options *options)
{
    if (!options) return;
    *options = (nwc_vpr_options){.struct_size = sizeof *options,
                                 .near_m = 10000.0,
                                 .far_m = 50000.0,
                                 .step_m = 200.0,
                                 .least_dbz = 15.0,
                                 .most_dbz = 40.0,
                                 .most_db = 10.0};
}

static nwc_status take_options(const nwc_vpr_options *given, nwc_vpr_options *o)
{
    nwc_vpr_options_init(o);
    NWC__TRY(nwc__take_options(o, sizeof *o, given, "nwc_vpr_options"));
    if (!(o->near_m >= 1000.0 && o->far_m > o->near_m && o->far_m <= 100000.0))
        return nwc__fail(NWC_ERR_ARG, "near_m, far_m: 1000 to 100000 expected, %g and %g given", o->near_m, o->far_m);
    if (!(o->step_m >= 100.0 && o->step_m <= 500.0))
        return nwc__fail(NWC_ERR_ARG, "step_m: 100 to 500 expected, %g given", o->step_m);
    if (!(o->most_dbz > o->least_dbz))
        return nwc__fail(NWC_ERR_ARG, "least_dbz, most_dbz: one below the other expected, %g and %g given",
                         o->least_dbz, o->most_dbz);
    if (!(o->most_db >= 0.0 && o->most_db <= 30.0))
        return nwc__fail(NWC_ERR_ARG, "most_db: 0 to 30 expected, %g given", o->most_db);
    return NWC_OK;
}

static nwc_status begin(nwc_ctx *ctx, const nwc_volume *volume, const nwc_vpr_options *options, struct job *job,
                        nwc_beam **beam)
{
    job->volume = volume;
    NWC__TRY(nwc_volume_describe(volume, &job->facts));
    NWC__TRY(take_options(options, &job->options));
    return nwc_beam_create(ctx, job->facts.latitude_deg, job->facts.longitude_deg, job->facts.altitude_m, NULL, beam);
}

nwc_status nwc_rain_vpr(nwc_ctx *ctx, const nwc_volume *volume, const nwc_vpr_options *options, nwc_vpr *vpr)
{
    ctx = nwc__ctx(ctx);
    nwc_status status = NWC_OK;
    nwc_beam *beam = NULL;
    struct job job = {.volume = NULL};
    if (!vpr) return nwc__fail(NWC_ERR_ARG, "vpr: a place for the profile expected, NULL given");
    NWC__TRY(begin(ctx, volume, options, &job, &beam));
    job.beam = beam;
    NWC__ALLOC(ctx, job.columns, (int64_t)COLUMNS_AROUND * COLUMNS_OUT);
    memset(job.columns, 0, (size_t)(COLUMNS_AROUND * COLUMNS_OUT) * sizeof *job.columns);
    if ((status = look(ctx, &job, false)) != NWC_OK) goto done;
    vpr->columns = choose_columns(&job);
    if (vpr->columns < LEAST_COLUMNS) {
        status = nwc__fail(NWC_ERR_NODATA,
                           "volume: at least %d columns of stratiform rain from %g to %g km expected, %lld found",
                           LEAST_COLUMNS, 1e-3 * job.options.near_m, 1e-3 * job.options.far_m, (long long)vpr->columns);
        goto done;
    }
    if ((status = look(ctx, &job, true)) != NWC_OK) goto done;
    vpr->step_m = job.options.step_m;
    vpr->first_m = job.facts.altitude_m + 0.5 * vpr->step_m;
    double lowest = (double)NAN;
    for (int k = 0; k < NWC_VPR_LEVELS; k++) {
        const struct level *const level = &job.levels[k];
        vpr->db[k] =
            level->n >= LEAST_GATES && level->sum > 0.0 ? 10.0 * log10(level->sum / level->of_columns) : (double)NAN;
        if (isnan(lowest)) lowest = vpr->db[k];
        vpr->db[k] -= lowest;
    }
    find_bright_band(vpr);
done:
    nwc__free(ctx, job.columns);
    nwc_beam_destroy(beam);
    return status;
}

/* ---- taking it off ---- */

/* Z of the profile at a height over that at the ground; NaN where it is not known. Below its lowest level it is as there. */
static double profile_at(const struct job *job, double height_m)
{
    const double at = (height_m - job->vpr->first_m) / job->vpr->step_m;
    if (at >= NWC_VPR_LEVELS - 1) return (double)NAN;
    const int k = at > 0.0 ? (int)at : 0;
    const double share = at > 0.0 ? at - k : 0.0;
    return (1.0 - share) * job->linear[k] + (share > 0.0 ? share * job->linear[k + 1] : 0.0);
}

/* What a beam sees of the profile, dB: the mean over its pattern, two ways. */
static double seen_db(const struct job *job, double height_m, double spread_m)
{
    double sum = 0.0, weights = 0.0;
    for (int node = -NODES; node <= NODES; node++) {
        const double off = 2.5 * node / NODES, weight = exp(-0.5 * off * off);
        const double z = profile_at(job, height_m + off * spread_m);
        if (isnan(z)) return (double)NAN;
        sum += weight * z, weights += weight;
    }
    return 10.0 * log10(sum / weights);
}

static nwc_status correct_rays(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->gates.n;
    double *const range = job->range + tile * 2 * n, *const height = range + n;
    const double width = isfinite(job->facts.beam_width_v_deg) ? job->facts.beam_width_v_deg : DEFAULT_BEAM_DEG;
    const double spread = width * NWC__PI / 180.0 / TWO_WAY;
    for (int64_t r = tile * TILE_RAYS; r < job->sweep.n_rays && r < (tile + 1) * TILE_RAYS; r++) {
        NWC__TRY(trace(job, (double)job->sweep.elevation_deg[r], n, range, height, NULL));
        const float *const dbz = job->dbz.field.data + r * job->dbz.field.stride[0];
        for (int64_t g = 0; g < n; g++) {
            float *const out = &job->out[r * n + g];
            *out = dbz[g];
            if (!(dbz[g] > (float)NWC_NOTHING_DBZ && dbz[g] <= (float)job->options.most_dbz)) continue;
            const double db = seen_db(job, height[g], spread * range[g]);
            if (db >= FAINT_DB) *out -= (float)fmin(fmax(db, -job->options.most_db), job->options.most_db);
        }
    }
    return NWC_OK;
}

nwc_status nwc_rain_correct_vpr(nwc_ctx *ctx, nwc_volume *volume, const nwc_vpr *vpr, const nwc_vpr_options *options)
{
    ctx = nwc__ctx(ctx);
    nwc_status status = NWC_OK;
    nwc_beam *beam = NULL;
    struct job job = {.vpr = vpr};
    int32_t sweeps = 0;
    if (!vpr || !(vpr->step_m > 0.0) || !isfinite(vpr->first_m))
        return nwc__fail(NWC_ERR_ARG, "vpr: a profile expected, as nwc_rain_vpr gives it");
    NWC__TRY(begin(ctx, volume, options, &job, &beam));
    job.beam = beam;
    bool known = false; /* levels under the lowest known one are as it is */
    for (int k = 0; k < NWC_VPR_LEVELS; k++) {
        known = known || !isnan(vpr->db[k]);
        job.linear[k] = known ? pow(10.0, 0.1 * vpr->db[k]) : 1.0;
    }
    for (int32_t s = 0; s < job.facts.n_sweeps && status == NWC_OK; s++) {
        if (!take_sweep(volume, s, &job)) continue;
        const int64_t tiles = (job.sweep.n_rays + TILE_RAYS - 1) / TILE_RAYS;
        status = nwc__put_on_gates(volume, s, "DBZHG", "dBZ", &job.gates, &job.out);
        if (status != NWC_OK) break;
        NWC__ALLOC(ctx, job.range, tiles * 2 * job.gates.n);
        status = nwc__for_each_tile(ctx, "profile of reflectivity", tiles, correct_rays, &job);
        nwc__free(ctx, job.range);
        job.range = NULL;
        sweeps++;
    }
    if (status == NWC_OK && !sweeps)
        status = nwc__fail(NWC_ERR_NODATA, "volume: a sweep with reflectivity expected, none found");
done:
    nwc_beam_destroy(beam);
    return status;
}
