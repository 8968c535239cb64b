/* What else a volume knows on the gates of a sweep: its other moments, its Doppler twin, the sweep above, one that reaches further. */
#include "radar/quality.h"

#include <stdlib.h>

/* Sweeps so close are of one elevation; the ground shows within so many degrees; nothing close above it is so high. */
static const double SAME_DEG = 0.3, ABOVE_DEG = 1.7, LOW_DEG = 5.0, WITHIN_DEG = 1.0;

static bool scans_like(const nwc_sweep *a, const nwc_sweep *b)
{
    return (a->mode == NWC_SWEEP_RHI) == (b->mode == NWC_SWEEP_RHI) && a->mode != NWC_SWEEP_VERTICAL_POINTING &&
           b->mode != NWC_SWEEP_VERTICAL_POINTING;
}

/* A moment of a sweep of the volume on the gates of sweep, or of gates elsewhere; none is no error. */
static nwc_status look(nwc_ctx *ctx, const nwc_volume *volume, int32_t index, const char *name,
                       const nwc__quality_sweep *sweep, const nwc__gates *at, nwc__sample *sample)
{
    nwc_sweep from;
    nwc_moment moment;
    if (nwc_volume_find(volume, index, name, &moment) != NWC_OK) return NWC_OK;
    NWC__TRY(nwc_volume_sweep(volume, index, &from));
    return nwc__sample_moment(ctx, &from, &moment, &sweep->facts, at, index == sweep->index, WITHIN_DEG, sample);
}

/* The sweep of the same elevation with a moment that is nearest in time; -1 where there is none. */
static int32_t twin(const nwc_volume *volume, const nwc__quality_sweep *sweeps, int32_t n_sweeps,
                    const nwc__quality_sweep *sweep, const char *name)
{
    int32_t best = -1;
    int64_t least = INT64_MAX;
    for (int32_t s = 0; s < n_sweeps; s++) {
        nwc_moment moment;
        const nwc_sweep *const facts = &sweeps[s].facts;
        if (!scans_like(facts, &sweep->facts) ||
            !(fabs(facts->fixed_angle_deg - sweep->facts.fixed_angle_deg) <= SAME_DEG) ||
            nwc_volume_find(volume, s, name, &moment) != NWC_OK)
            continue;
        const int64_t apart = s == sweep->index ? -1 : llabs(facts->time_ns[0] - sweep->facts.time_ns[0]);
        if (apart < least) least = apart, best = s;
    }
    return best;
}

static nwc_status attach_doppler(nwc_ctx *ctx, const nwc_volume *volume, const nwc__quality_sweep *sweeps,
                                 int32_t n_sweeps, nwc__quality_sweep *sweep)
{
    sweep->nyquist_m_s = (double)NAN;
    const int32_t at = twin(volume, sweeps, n_sweeps, sweep, "VRADH");
    if (at < 0) return NWC_OK;
    for (int64_t r = 0; r < sweeps[at].facts.n_rays && isnan(sweep->nyquist_m_s); r++)
        sweep->nyquist_m_s = (double)sweeps[at].facts.nyquist_m_s[r];
    NWC__TRY(look(ctx, volume, at, "VRADH", sweep, &sweep->at, &sweep->velocity));
    NWC__TRY(look(ctx, volume, at, "WRADH", sweep, &sweep->at, &sweep->width));
    return at == sweep->index ? look(ctx, volume, at, "SQIH", sweep, &sweep->at, &sweep->sqi) : NWC_OK;
}

static nwc_status attach_above(nwc_ctx *ctx, const nwc_volume *volume, const nwc__quality_sweep *sweeps,
                               int32_t n_sweeps, nwc__quality_sweep *sweep)
{
    const nwc__quality_sweep *above = NULL;
    if (sweep->facts.mode == NWC_SWEEP_RHI || !(sweep->facts.fixed_angle_deg <= LOW_DEG)) return NWC_OK;
    for (int32_t s = 0; s < n_sweeps; s++) {
        const double up = sweeps[s].facts.fixed_angle_deg - sweep->facts.fixed_angle_deg;
        if (sweeps[s].at.n > 0 && scans_like(&sweeps[s].facts, &sweep->facts) && up > SAME_DEG && up < ABOVE_DEG &&
            (!above || sweeps[s].facts.fixed_angle_deg < above->facts.fixed_angle_deg))
            above = &sweeps[s];
    }
    if (!above) return NWC_OK;
    sweep->above_noise = above->noise.kind == NWC__NOISE_UNKNOWN ? sweep->noise.dbz : above->noise.dbz;
    return look(ctx, volume, above->index, above->dbz.name, sweep, &sweep->at, &sweep->above);
}

/* What a longer pulse repetition time sees. */
static nwc_status attach_beyond(nwc_ctx *ctx, const nwc_volume *volume, const nwc__quality_sweep *sweeps,
                                int32_t n_sweeps, nwc__quality_sweep *sweep)
{
    const double folds_at_m = (double)sweep->facts.unambiguous_range_m[0];
    const double last_m = sweep->at.first_m + (double)(sweep->at.n - 1) * sweep->at.spacing_m;
    /* Reflectivity from beyond it comes from pulses further apart. */
    if (!(folds_at_m >= 0.98 * last_m)) return NWC_OK;
    const nwc__quality_sweep *best = NULL;
    for (int32_t s = 0; s < n_sweeps; s++) {
        const nwc__quality_sweep *const other = &sweeps[s];
        const double reach_m = other->at.first_m + (double)other->at.n * other->at.spacing_m;
        const double apart = fabs(other->facts.fixed_angle_deg - sweep->facts.fixed_angle_deg);
        if (other->at.n > 0 && s != sweep->index && scans_like(&other->facts, &sweep->facts) &&
            apart <= 2.0 * SAME_DEG && reach_m > 1.2 * folds_at_m &&
            (!best || apart < fabs(best->facts.fixed_angle_deg - sweep->facts.fixed_angle_deg)))
            best = other;
    }
    if (!best) return NWC_OK;
    nwc__gates beyond = sweep->at;
    beyond.first_m += folds_at_m;
    sweep->folds_at_m = folds_at_m;
    NWC__TRY(look(ctx, volume, best->index, best->dbz.name, sweep, &sweep->at, &sweep->here));
    return look(ctx, volume, best->index, best->dbz.name, sweep, &beyond, &sweep->beyond);
}

nwc_status nwc__quality_attach(nwc_ctx *ctx, const nwc_volume *volume, const nwc__quality_sweep *sweeps,
                               int32_t n_sweeps, const nwc_quality_options *options, nwc__quality_sweep *sweep)
{
    const nwc__gates *const at = &sweep->at;
    const int32_t own = sweep->index, dual = twin(volume, sweeps, n_sweeps, sweep, "RHOHV");
    if (dual >= 0) {
        NWC__TRY(look(ctx, volume, dual, "RHOHV", sweep, at, &sweep->rhohv));
        NWC__TRY(look(ctx, volume, dual, "PHIDP", sweep, at, &sweep->phidp));
        NWC__TRY(look(ctx, volume, dual, "ZDR", sweep, at, &sweep->zdr));
    }
    NWC__TRY(look(ctx, volume, own, "PIA", sweep, at, &sweep->pia));
    NWC__TRY(look(ctx, volume, own, "CBB", sweep, at, &sweep->blockage));
    NWC__TRY(attach_doppler(ctx, volume, sweeps, n_sweeps, sweep));
    NWC__TRY(attach_above(ctx, volume, sweeps, n_sweeps, sweep));
    NWC__TRY(attach_beyond(ctx, volume, sweeps, n_sweeps, sweep));
    return options->map ? nwc__clutter_map_sample(ctx, options->map, sweep, &sweep->map, NULL) : NWC_OK;
}

void nwc__quality_detach(nwc_ctx *ctx, nwc__quality_sweep *sweep)
{
    nwc__sample *const all[] = {&sweep->velocity, &sweep->width, &sweep->zdr,   &sweep->phidp,
                                &sweep->rhohv,    &sweep->sqi,   &sweep->above, &sweep->here,
                                &sweep->beyond,   &sweep->map,   &sweep->pia,   &sweep->blockage};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) nwc__sample_release(ctx, all[k]);
}
