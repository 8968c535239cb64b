/*
 * What each gate of a sweep is like: textures along rays first, in one pass over all rays, then scores from their means over
 * three rays, and the reasons that follow from them.
 *
 * Second trips are told in two ways. Where another sweep reaches further, it shows what is here and what lies one
 * unambiguous range beyond, which here would be weaker by the ratio of ranges squared: a gate that is as strong as that, and
 * not as strong as what is here, is a second trip. Where phases are random from pulse to pulse (magnetrons), a strong echo
 * whose velocities are as rough as chance and whose signal quality is low is one.
 */
#include "radar/beam.h"
#include "radar/quality.h"
#include "radar/quality_kernel.h"

NWC__DECLARE_KERNELS(nwc__quality_kernels);

enum { TEXTURE, SPIN, RHOHV, PHASE, ZDR, ROUGHNESS, FEATURES }; /* found along rays */
enum { ROWS = 24, SIDE = 4 };
static const float TURN_DB = 6.5f; /* Hubbert et al. (2009) */
static const double WINDOW_M = 1000.0, UPPERMOST_M = 4000.0, NORMAL_M = 500.0;

struct job {
    const struct nwc__quality_kernels *kernels;
    const nwc__quality_sweep *sweep;
    const nwc_quality_options *options;
    const nwc__verdict *verdict;
    int32_t half;
    float *feature[FEATURES]; /* (ray, gate) */
    float *rows;              /* (block, ROWS, gate and padding) */
    float *height;            /* (gate) of the lower edge of the beam above the antenna, m */
    bool *low;                /* (gate) the sweep above is still low here */
};

static int64_t row_length(const nwc__quality_sweep *sweep)
{
    return sweep->at.n + 2 * (int64_t)NWC__PAD;
}

static float *row_of(const struct job *job, int64_t block, int32_t row)
{
    return job->rows + (block * ROWS + row) * row_length(job->sweep) + NWC__PAD;
}

static const float *echoes(const nwc__quality_sweep *sweep, int64_t ray, float *row)
{
    const int64_t n = sweep->at.n;
    const float *const dbz = sweep->dbz.field.data + ray * n;
    for (int64_t g = 0; g < n; g++) row[g] = dbz[g] > NWC_NOTHING_DBZ ? dbz[g] : NAN;
    return row;
}

static nwc_status measure(int64_t block, void *user)
{
    const struct job *const job = user;
    const nwc__quality_sweep *const s = job->sweep;
    const struct nwc__quality_kernels *const k = job->kernels;
    const int64_t n = s->at.n;
    float *const square = row_of(job, block, 0), *const known = row_of(job, block, 1);
    float *const gathered = row_of(job, block, 2);
    int64_t from, to;
    for (nwc__quality_rays(s, block, &from, &to); from < to; from++) {
        const float *row = echoes(s, from, gathered);
        k->differences(n, 0.0f, row, square, known);
        k->window(n, job->half, 0, 1.0f, square, known, job->feature[TEXTURE] + from * n);
        k->turns(n, TURN_DB, row, square, known);
        k->window(n, job->half, 0, 100.0f, square, known, job->feature[SPIN] + from * n);
        row = nwc__sample_row(&s->rhohv, from, n, gathered);
        k->values(n, row, square, known);
        k->window(n, job->half, 0, 1.0f, square, known, job->feature[RHOHV] + from * n);
        row = nwc__sample_row(&s->phidp, from, n, gathered);
        k->differences(n, 360.0f, row, square, known);
        k->window(n, job->half, 1, 0.5f, square, known, job->feature[PHASE] + from * n);
        row = nwc__sample_row(&s->zdr, from, n, gathered);
        k->differences(n, 0.0f, row, square, known);
        k->window(n, job->half, 1, 0.5f, square, known, job->feature[ZDR] + from * n);
        row = nwc__sample_row(&s->velocity, from, n, gathered);
        const float period = isnan(s->nyquist_m_s) ? 0.0f : 2.0f * (float)s->nyquist_m_s;
        k->differences(n, period, row, square, known);
        k->window(n, job->half, 1, 1.0f, square, known, job->feature[ROUGHNESS] + from * n);
    }
    return NWC_OK;
}

/* A feature averaged over a ray and its neighbours. */
static const float *averaged(const struct job *job, int32_t feature, int64_t ray, float *row)
{
    const int64_t n = job->sweep->at.n, rays = job->sweep->facts.n_rays;
    const bool round = job->sweep->round;
    const int64_t before = ray > 0 ? ray - 1 : round ? rays - 1 : ray;
    const int64_t after = ray + 1 < rays ? ray + 1 : round ? 0 : ray;
    const float *const cells = job->feature[feature];
    job->kernels->mean3(n, cells + before * n, cells + ray * n, cells + after * n, row);
    return row;
}

/* RHOHV without what lies on the other side of an edge: of the gate itself and up to SIDE more. */
static const float *purest(const struct job *job, int64_t ray, float *gathered, float *value, float *known, float *row)
{
    const int64_t n = job->sweep->at.n;
    job->kernels->values(n, nwc__sample_row(&job->sweep->rhohv, ray, n, gathered), value, known);
    job->kernels->better_side(n, job->half < SIDE ? job->half : SIDE, value, known, row);
    return row;
}

static const float *decrease(const struct job *job, int64_t ray, const float *dbz, float *gathered, float *row)
{
    const nwc__quality_sweep *const s = job->sweep;
    const int64_t n = s->at.n;
    const float *const above = nwc__sample_row(&s->above, ray, n, gathered);
    for (int64_t g = 0; g < n; g++) {
        const float least = (float)s->above_noise + s->spread[g];
        row[g] = job->low[g] && s->above.cells ? dbz[g] - fmaxf(above[g], isnan(above[g]) ? NAN : least) : NAN;
    }
    return row;
}

/* An echo of the pulse before. */
static bool second_trip(const nwc__quality_sweep *s, int64_t g, float dbz, float snr, float here, float beyond,
                        float roughness, float quality, float width)
{
    if (beyond > NWC_NOTHING_DBZ && !(here > dbz - 5.0f)) {
        const double range_m = s->at.first_m + (double)g * s->at.spacing_m;
        const double weaker_db = 20.0 * log10((range_m + s->folds_at_m) / fmax(range_m, 1000.0));
        if (fabs((double)(beyond - dbz) - weaker_db) < 5.0) return true;
    }
    /* Velocities by chance differ by the Nyquist velocity over sqrt(3) when wrapped; the signal's quality is that of noise. */
    const float chance = 0.57735f * (float)s->nyquist_m_s;
    if (!(snr >= 5.0f && roughness >= 0.75f * chance)) return false;
    return isnan(quality) ? width >= 0.4f * (float)s->nyquist_m_s : quality < 0.35f;
}

static nwc_status judge(int64_t block, void *user)
{
    const struct job *const job = user;
    const nwc__quality_sweep *const s = job->sweep;
    const nwc_quality_options *const options = job->options;
    const int64_t n = s->at.n;
    /* What a signal processor lets through from its threshold on is an echo to it, and the threshold is all that is known. */
    const bool shown_noise = s->noise.kind != NWC__NOISE_EDGE;
    float *row[ROWS];
    for (int32_t k = 0; k < ROWS; k++) row[k] = row_of(job, block, k);
    int64_t from, to;
    for (nwc__quality_rays(s, block, &from, &to); from < to; from++) {
        const float *const cells = s->dbz.field.data + from * n;
        const float *const dbz = echoes(s, from, row[0]);
        float *const snr = row[1], *const ground = row[2], *const other = row[3];
        for (int64_t g = 0; g < n; g++) snr[g] = nwc__noise_snr(&s->noise, dbz[g], s->spread[g]);
        const nwc__evidence evidence = {
            .dbz = dbz,
            .texture = averaged(job, TEXTURE, from, row[4]),
            .spin = averaged(job, SPIN, from, row[5]),
            .velocity = nwc__sample_row(&s->velocity, from, n, row[6]),
            .width = nwc__sample_row(&s->width, from, n, row[7]),
            .drop = decrease(job, from, dbz, row[8], row[9]),
            .rhohv = averaged(job, RHOHV, from, row[10]),
            .purest = purest(job, from, row[20], row[21], row[22], row[23]),
            .phase = averaged(job, PHASE, from, row[11]),
            .zdr = averaged(job, ZDR, from, row[12]),
            .snr = snr,
            .map = nwc__sample_row(&s->map, from, n, row[13]),
        };
        job->kernels->score(n, &evidence, ground, other);
        const float *const roughness = averaged(job, ROUGHNESS, from, row[14]);
        const float *const quality = nwc__sample_row(&s->sqi, from, n, row[15]);
        const float *const here = nwc__sample_row(&s->here, from, n, row[16]);
        const float *const beyond = nwc__sample_row(&s->beyond, from, n, row[17]);
        const float *const pia = nwc__sample_row(&s->pia, from, n, row[18]);
        const float *const blockage = nwc__sample_row(&s->blockage, from, n, row[19]);
        uint16_t *const flags = job->verdict->flags + from * n;
        float *const doubt = job->verdict->doubt + from * n;
        for (int64_t g = 0; g < n; g++) {
            flags[g] = 0, doubt[g] = 0.0f;
            if (isnan(cells[g])) continue;
            if (blockage[g] >= (float)options->blocked) flags[g] |= NWC_QUALITY_BLOCKED;
            if (isnan(dbz[g])) continue;
            doubt[g] = fmaxf(ground[g], other[g]);
            if (pia[g] >= 10.0f) flags[g] |= NWC_QUALITY_ATTENUATED;
            if (shown_noise && snr[g] < (float)options->least_snr_db) {
                flags[g] |= NWC_QUALITY_NOISE;
                continue;
            }
            if (second_trip(s, g, dbz[g], snr[g], here[g], beyond[g], roughness[g], quality[g], evidence.width[g]))
                flags[g] |= NWC_QUALITY_SECOND_TRIP;
            else if (ground[g] >= (float)options->clutter_score) {
                const bool known = evidence.map[g] == evidence.map[g];
                const bool normal = known ? evidence.map[g] >= 0.3f : job->height[g] < (float)NORMAL_M;
                flags[g] |= normal ? NWC_QUALITY_CLUTTER : NWC_QUALITY_ANAPROP;
            } else if (other[g] >= (float)options->non_meteo_score)
                flags[g] |= NWC_QUALITY_NON_METEO;
        }
    }
    return NWC_OK;
}

int64_t nwc__quality_scratch(const nwc__quality_sweep *sweep)
{
    return FEATURES * sweep->facts.n_rays * sweep->at.n + NWC__QUALITY_BLOCKS * ROWS * row_length(sweep);
}

nwc_status nwc__quality_judge(nwc_ctx *ctx, const nwc__quality_sweep *sweep, const nwc_quality_options *options,
                              double beam_width_deg, float *scratch, const nwc__verdict *verdict)
{
    nwc_status status = NWC_OK;
    const nwc__gates *const at = &sweep->at;
    const double gates = floor(WINDOW_M / at->spacing_m + 0.5);
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__quality_kernels),
                      .sweep = sweep,
                      .options = options,
                      .verdict = verdict,
                      .half = (int32_t)fmax(2.0, fmin(gates, (double)NWC__PAD))};
    for (int32_t k = 0; k < FEATURES; k++) job.feature[k] = scratch + k * sweep->facts.n_rays * at->n;
    job.rows = scratch + FEATURES * sweep->facts.n_rays * at->n;
    NWC__ALLOC(ctx, job.height, at->n);
    NWC__ALLOC(ctx, job.low, at->n);
    for (int64_t g = 0; g < at->n; g++) {
        const double range_m = fmax(at->first_m + (double)g * at->spacing_m, 0.0);
        const double angle = sweep->facts.fixed_angle_deg;
        job.height[g] = (float)nwc__beam_height(range_m, angle - beam_width_deg);
        job.low[g] = nwc__beam_height(range_m, angle + 1.0) < UPPERMOST_M;
    }
    if ((status = nwc__for_each_tile(ctx, NULL, NWC__QUALITY_BLOCKS, measure, &job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, NULL, NWC__QUALITY_BLOCKS, judge, &job);
done:
    nwc__free(ctx, job.low);
    nwc__free(ctx, job.height);
    return status;
}
