/* Quality control of a volume: its sweeps one after another, each by the parts of radar/quality.h, and what comes of it. */
#include "radar/quality.h"
#include "radar/volume.h"

#include <stdlib.h>

void nwc_quality_options_init(nwc_quality_options *options)
{
    if (!options) return;
    *options = (nwc_quality_options){.struct_size = sizeof *options,
                                     .least_snr_db = 1.5,
                                     .speckle_gates = 8,
                                     .clutter_score = 0.6,
                                     .non_meteo_score = 0.6,
                                     .blocked = 0.7,
                                     .nothing_dbz = 10.0,
                                     .range_scale_m = 300e3};
}

static bool within(double x, double least, double most)
{
    return x >= least && x <= most;
}

static nwc_status check(const nwc_quality_options *o)
{
    if (!within(o->least_snr_db, -20.0, 20.0))
        return nwc__fail(NWC_ERR_ARG, "least_snr_db: -20 to 20 expected, %g given", o->least_snr_db);
    if (o->speckle_gates < 0 || o->speckle_gates > 1000)
        return nwc__fail(NWC_ERR_ARG, "speckle_gates: 0 to 1000 expected, %d given", (int)o->speckle_gates);
    if (!within(o->clutter_score, 0.0, 1.0))
        return nwc__fail(NWC_ERR_ARG, "clutter_score: 0 to 1 expected, %g given", o->clutter_score);
    if (!within(o->non_meteo_score, 0.0, 1.0))
        return nwc__fail(NWC_ERR_ARG, "non_meteo_score: 0 to 1 expected, %g given", o->non_meteo_score);
    if (!within(o->blocked, 0.0, 1.0)) return nwc__fail(NWC_ERR_ARG, "blocked: 0 to 1 expected, %g given", o->blocked);
    if (isnan(o->nothing_dbz)) return nwc__fail(NWC_ERR_ARG, "nothing_dbz: a number expected, NaN given");
    if (!(o->range_scale_m > 0.0))
        return nwc__fail(NWC_ERR_ARG, "range_scale_m: above 0 expected, %g given", o->range_scale_m);
    return NWC_OK;
}

/* ---- a sweep ---- */

nwc_status nwc__quality_begin(nwc_ctx *ctx, const nwc_volume *volume, int32_t index, nwc__quality_sweep *sweep)
{
    nwc_moment snr;
    *sweep = (nwc__quality_sweep){.index = index, .above_noise = (double)NAN};
    NWC__TRY(nwc_volume_sweep(volume, index, &sweep->facts));
    if (nwc_volume_find(volume, index, "DBZH", &sweep->dbz) != NWC_OK &&
        nwc_volume_find(volume, index, "DBTH", &sweep->dbz) != NWC_OK)
        return NWC_OK;
    const nwc__gates at = nwc__gates_of(&sweep->dbz);
    if (!(sweep->spread = nwc__alloc(ctx, at.n, sizeof *sweep->spread))) return NWC_ERR_NOMEM;
    sweep->at = at;
    sweep->round = nwc__goes_round(&sweep->facts);
    for (int64_t g = 0; g < at.n; g++) {
        const double range_m = at.first_m + (double)g * at.spacing_m;
        sweep->spread[g] = (float)(20.0 * log10(1e-3 * fmax(range_m, 100.0)));
    }
    if (nwc_volume_find(volume, index, "SNRH", &snr) != NWC_OK) snr = (nwc_moment){.name = NULL};
    sweep->noise = nwc__noise_estimate(sweep, &snr);
    return NWC_OK;
}

/* Where so little echo is that it does not tell the noise, it is that of the quietest sweep. */
static double share_noise(nwc__quality_sweep *sweeps, int32_t n)
{
    double known[NWC__MOST_SWEEPS] = {0.0};
    int32_t count = 0;
    nwc__noise least = {NWC__NOISE_UNKNOWN, NAN};
    for (int32_t s = 0; s < n; s++) {
        const nwc__noise noise = sweeps[s].noise;
        if (sweeps[s].at.n == 0 || noise.kind == NWC__NOISE_UNKNOWN) continue;
        if (!(noise.dbz >= least.dbz)) least = (nwc__noise){NWC__NOISE_EDGE, noise.dbz};
        int32_t at = count++;
        for (; at > 0 && known[at - 1] > noise.dbz; at--) known[at] = known[at - 1];
        known[at] = noise.dbz;
    }
    for (int32_t s = 0; s < n; s++)
        if (sweeps[s].noise.kind == NWC__NOISE_UNKNOWN) sweeps[s].noise = least;
    return count ? known[count / 2] : (double)NAN;
}

struct outcome {
    const nwc__quality_sweep *sweep;
    const nwc_quality_options *options;
    const nwc__verdict *verdict;
    float *flags, *index, *dbz; /* cells of the three moments */
    const float *by_range;      /* (gate) */
    float *gathered;            /* (block, 2, gate) */
};

/* 1 for so little, 0 for so much. */
static float falling(float x, float from, float to)
{
    return isnan(x) ? 1.0f : fmaxf(0.0f, fminf(1.0f, (to - x) / (to - from)));
}

static void settle_ray(const struct outcome *o, int64_t r, float *gathered)
{
    const nwc__quality_sweep *const s = o->sweep;
    const int64_t n = s->at.n;
    const float *const pia = nwc__sample_row(&s->pia, r, n, gathered);
    const float *const blockage = nwc__sample_row(&s->blockage, r, n, gathered + n);
    for (int64_t g = 0; g < n; g++) {
        const int64_t cell = r * n + g;
        const float given = s->dbz.field.data[cell];
        const uint16_t flags = o->verdict->flags[cell];
        const bool filtered = flags & NWC_QUALITY_FILTERED, hidden = flags & NWC_QUALITY_BLOCKED;
        const bool chance = flags & (NWC_QUALITY_NOISE | NWC_QUALITY_SPECKLE);
        const bool nothing = !hidden && (chance || given < (float)o->options->nothing_dbz);
        const float seen = o->by_range[g] * falling(blockage[g], 0.0f, (float)o->options->blocked);
        float quality = seen * falling(pia[g], 1.0f, 10.0f) * falling(o->verdict->doubt[cell], 0.3f, 1.0f);
        if (flags & NWC_QUALITY_UNDER_SPOKE) quality *= 0.5f;
        if (filtered) quality = nothing ? 0.5f * seen : 0.0f;
        o->flags[cell] = (float)flags;
        o->dbz[cell] = !filtered ? given : nothing ? (float)NWC_NOTHING_DBZ : NAN;
        o->index[cell] = isnan(given) ? 0.0f : quality;
    }
}

static nwc_status settle(int64_t block, void *user)
{
    const struct outcome *const o = user;
    int64_t from, to;
    for (nwc__quality_rays(o->sweep, block, &from, &to); from < to; from++)
        settle_ray(o, from, o->gathered + 2 * block * o->sweep->at.n);
    return NWC_OK;
}

void nwc__quality_rays(const nwc__quality_sweep *sweep, int64_t block, int64_t *from, int64_t *to)
{
    const int64_t n = sweep->facts.n_rays;
    *from = block * n / NWC__QUALITY_BLOCKS, *to = (block + 1) * n / NWC__QUALITY_BLOCKS;
}

static void count(const nwc__quality_sweep *s, const nwc__verdict *verdict, nwc_quality_report *report)
{
    const int64_t cells = s->facts.n_rays * s->at.n;
    for (int64_t k = 0; k < cells; k++) {
        const float dbz = s->dbz.field.data[k];
        const uint16_t flags = verdict->flags[k];
        const bool echo = dbz > NWC_NOTHING_DBZ;
        report->gates += !isnan(dbz);
        report->echoes += echo;
        report->filtered += echo && (flags & NWC_QUALITY_FILTERED);
        for (int32_t bit = 0; flags >> bit != 0; bit++) report->flagged[bit] += (flags >> bit) & 1;
    }
}

static nwc_status put(nwc_volume *volume, const nwc__quality_sweep *s, const char *name, const char *units,
                      nwc__moment **moment)
{
    return nwc__volume_put(volume, s->index, name, units, s->at.n, s->at.first_m, s->at.spacing_m, moment);
}

static nwc_status conclude(nwc_ctx *ctx, nwc_volume *volume, const nwc__quality_sweep *sweep,
                           const nwc_quality_options *options, const nwc__verdict *verdict)
{
    nwc_status status = NWC_OK;
    const nwc__gates *const at = &sweep->at;
    nwc__moment *flags, *index, *dbz;
    float *by_range = NULL, *gathered = NULL;
    NWC__ALLOC(ctx, by_range, at->n);
    NWC__ALLOC(ctx, gathered, 2 * (int64_t)NWC__QUALITY_BLOCKS * at->n);
    for (int64_t g = 0; g < at->n; g++) {
        const double part = (at->first_m + (double)g * at->spacing_m) / options->range_scale_m;
        by_range[g] = (float)exp(-part * part);
    }
    if ((status = put(volume, sweep, "QFLAG", "1", &flags)) != NWC_OK ||
        (status = put(volume, sweep, "QIND", "1", &index)) != NWC_OK ||
        (status = put(volume, sweep, "DBZHQ", "dBZ", &dbz)) != NWC_OK)
        goto done;
    flags->resolution = 1.0;
    dbz->resolution = sweep->dbz.resolution;
    struct outcome outcome = {sweep, options, verdict, flags->cells, index->cells, dbz->cells, by_range, gathered};
    status = nwc__for_each_tile(ctx, NULL, NWC__QUALITY_BLOCKS, settle, &outcome);
done:
    nwc__free(ctx, gathered);
    nwc__free(ctx, by_range);
    return status;
}

/* Memory for the largest sweep, used for all. */
struct work {
    nwc__verdict verdict;
    float *scratch;
};

static nwc_status filter_sweep(nwc_ctx *ctx, nwc_volume *volume, const nwc_volume_facts *facts,
                               nwc__quality_sweep *sweeps, nwc__quality_sweep *sweep,
                               const nwc_quality_options *options, const struct work *work, nwc_quality_report *report)
{
    nwc_status status = NWC_OK;
    const double beam = facts->beam_width_v_deg > 0.0 ? facts->beam_width_v_deg : 1.0;
    const nwc__verdict *const verdict = &work->verdict;
    if ((status = nwc__quality_attach(ctx, volume, sweeps, facts->n_sweeps, options, sweep)) != NWC_OK) goto done;
    if ((status = nwc__quality_judge(ctx, sweep, options, beam, work->scratch, verdict)) != NWC_OK) goto done;
    if ((status = nwc__quality_spokes(ctx, sweep, facts, verdict)) != NWC_OK) goto done;
    if ((status = nwc__quality_speckle(ctx, sweep, options->speckle_gates, verdict)) != NWC_OK) goto done;
    count(sweep, verdict, report);
    status = conclude(ctx, volume, sweep, options, verdict);
done:
    nwc__quality_detach(ctx, sweep);
    return status;
}

static nwc_status filter_sweeps(nwc_ctx *ctx, nwc_volume *volume, const nwc_volume_facts *facts,
                                nwc__quality_sweep *sweeps, const nwc_quality_options *options,
                                nwc_quality_report *report)
{
    nwc_status status = NWC_OK;
    struct work work = {.scratch = NULL};
    int64_t cells = 0, scratch = 0;
    for (int32_t s = 0; s < facts->n_sweeps; s++) {
        const int64_t own = sweeps[s].facts.n_rays * sweeps[s].at.n, needed = nwc__quality_scratch(&sweeps[s]);
        cells = own > cells ? own : cells;
        scratch = needed > scratch ? needed : scratch;
    }
    NWC__ALLOC(ctx, work.verdict.flags, cells);
    NWC__ALLOC(ctx, work.verdict.doubt, cells);
    NWC__ALLOC(ctx, work.scratch, scratch);
    for (int32_t s = 0; s < facts->n_sweeps; s++) {
        if ((status = nwc__progress(ctx, "quality", (double)s / (double)facts->n_sweeps)) != NWC_OK) goto done;
        if (sweeps[s].at.n == 0) continue;
        status = filter_sweep(ctx, volume, facts, sweeps, &sweeps[s], options, &work, report);
        if (status != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, work.scratch);
    nwc__free(ctx, work.verdict.doubt);
    nwc__free(ctx, work.verdict.flags);
    return status;
}

/* ---- sweeps of velocities alone ---- */

/* What is known of the gates of the sweep of the same elevation, nearest in time. */
static nwc_status copy_verdict(nwc_ctx *ctx, nwc_volume *volume, const nwc__quality_sweep *sweeps, int32_t n_sweeps,
                               const nwc__quality_sweep *alone, const char *name)
{
    nwc_status status = NWC_OK;
    nwc_moment velocity, from;
    const nwc__quality_sweep *best = NULL;
    nwc__moment *made;
    nwc__sample sample = {.cells = NULL};
    if (nwc_volume_find(volume, alone->index, "VRADH", &velocity) != NWC_OK) return NWC_OK;
    for (int32_t s = 0; s < n_sweeps; s++) {
        const nwc__quality_sweep *const other = &sweeps[s];
        if (other->at.n == 0 || !(fabs(other->facts.fixed_angle_deg - alone->facts.fixed_angle_deg) <= 0.3)) continue;
        if (!best || llabs(other->facts.time_ns[0] - alone->facts.time_ns[0]) <
                         llabs(best->facts.time_ns[0] - alone->facts.time_ns[0]))
            best = other;
    }
    if (!best || nwc_volume_find(volume, best->index, name, &from) != NWC_OK) return NWC_OK;
    nwc__quality_sweep target = *alone;
    target.at = nwc__gates_of(&velocity);
    NWC__TRY(nwc__sample_moment(ctx, &best->facts, &from, &alone->facts, &target.at, false, 1.0, &sample));
    if ((status = put(volume, &target, name, "1", &made)) != NWC_OK) goto done;
    for (int64_t r = 0; r < target.facts.n_rays; r++) {
        float *const cells = made->cells + r * target.at.n;
        const float *const row = nwc__sample_row(&sample, r, target.at.n, cells);
        for (int64_t g = 0; g < target.at.n; g++) cells[g] = isnan(row[g]) ? 0.0f : row[g];
    }
    made->resolution = from.resolution;
done:
    nwc__sample_release(ctx, &sample);
    return status;
}

nwc_status nwc_quality_filter(nwc_ctx *ctx, nwc_volume *volume, const nwc_quality_options *given,
                              nwc_quality_report *report)
{
    ctx = nwc__ctx(ctx);
    nwc_quality_options options;
    nwc_volume_facts facts;
    nwc_quality_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "nwc_quality_options"));
    NWC__TRY(check(&options));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    nwc_status status = NWC_OK;
    nwc_quality_report found = {.gates = 0};
    nwc__quality_sweep *sweeps = NULL;
    int32_t n = 0, judged = 0;
    NWC__ALLOC(ctx, sweeps, facts.n_sweeps);
    for (; n < facts.n_sweeps; n++) {
        if ((status = nwc__quality_begin(ctx, volume, n, &sweeps[n])) != NWC_OK) goto done;
        judged += sweeps[n].at.n > 0;
    }
    if (judged == 0) {
        status = nwc__fail(NWC_ERR_NODATA, "volume: no sweep has DBZH or DBTH");
        goto done;
    }
    found.noise_dbz = share_noise(sweeps, n);
    if ((status = filter_sweeps(ctx, volume, &facts, sweeps, &options, &found)) != NWC_OK) goto done;
    for (int32_t s = 0; s < n; s++) {
        if (sweeps[s].at.n > 0) continue;
        if ((status = copy_verdict(ctx, volume, sweeps, n, &sweeps[s], "QFLAG")) != NWC_OK) goto done;
        if ((status = copy_verdict(ctx, volume, sweeps, n, &sweeps[s], "QIND")) != NWC_OK) goto done;
    }
    if (report) *report = found;
done:
    for (int32_t s = n - 1; s >= 0; s--) nwc__free(ctx, sweeps[s].spread);
    nwc__free(ctx, sweeps);
    return status;
}
