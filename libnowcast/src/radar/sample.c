/* Moments of one sweep looked at on the gates of another: the nearest gate of the nearest ray. */
#include "radar/sample.h"

double nwc__beam_height(double range_m, double elevation_deg)
{
    const double radius = 4.0 / 3.0 * 6371000.0, sine = sin(elevation_deg / 57.29577951308232);
    return sqrt(range_m * range_m + radius * radius + 2.0 * range_m * radius * sine) - radius;
}

nwc__gate_grid nwc__moment_gates(const nwc_moment *moment)
{
    return (nwc__gate_grid){moment->field.dim[0], moment->field.dim[1], moment->first_gate_m, moment->gate_spacing_m};
}

static float apart(const nwc_sweep *sweep, float a, float b)
{
    const float d = fabsf(a - b);
    return sweep->mode != NWC_SWEEP_RHI && d > 180.0f ? 360.0f - d : d;
}

void nwc__nearest_rays(const nwc_sweep *from, const nwc_sweep *to, double within_deg, int32_t *ray)
{
    const bool rhi = from->mode == NWC_SWEEP_RHI;
    const float *const theirs = rhi ? from->elevation_deg : from->azimuth_deg;
    const float *const ours = rhi ? to->elevation_deg : to->azimuth_deg;
    for (int64_t r = 0; r < to->n_rays; r++) {
        float least = (float)within_deg;
        ray[r] = -1;
        for (int64_t k = 0; k < from->n_rays; k++) {
            const float d = apart(from, theirs[k], ours[r]);
            if (d <= least) ray[r] = (int32_t)k, least = d * 0.999f; /* the first of equals */
        }
    }
}

bool nwc__goes_round(const nwc_sweep *sweep)
{
    if (sweep->mode == NWC_SWEEP_RHI || sweep->n_rays < 8) return false;
    const float last = apart(sweep, sweep->azimuth_deg[0], sweep->azimuth_deg[sweep->n_rays - 1]);
    return (double)last <= 2.5 * 360.0 / (double)sweep->n_rays;
}

nwc_status nwc__sample_moment(nwc_ctx *ctx, const nwc_sweep *from, const nwc_moment *moment, const nwc_sweep *to,
                              const nwc__gate_grid *at, bool same_sweep, double within_deg, nwc__sample *sample)
{
    nwc_status status = NWC_OK;
    *sample = (nwc__sample){.cells = moment->field.data, .n_gates = moment->field.dim[1]};
    const bool same_gates = sample->n_gates == at->n_gates && moment->gate_spacing_m == at->gate_spacing_m &&
                            fabs(moment->first_gate_m - at->first_gate_m) < 0.01 * at->gate_spacing_m;
    if (!same_gates) {
        NWC__ALLOC(ctx, sample->gate, at->n_gates);
        for (int64_t g = 0; g < at->n_gates; g++) {
            const double range_m = at->first_gate_m + (double)g * at->gate_spacing_m;
            const double there = floor((range_m - moment->first_gate_m) / moment->gate_spacing_m + 0.5);
            sample->gate[g] = there >= 0.0 && there < (double)sample->n_gates ? (int32_t)there : -1;
        }
    }
    if (!same_sweep) {
        NWC__ALLOC(ctx, sample->ray, at->n_rays);
        nwc__nearest_rays(from, to, within_deg, sample->ray);
    }
done:
    if (status != NWC_OK) nwc__sample_release(ctx, sample);
    return status;
}

void nwc__sample_release(nwc_ctx *ctx, nwc__sample *sample)
{
    nwc__free(ctx, sample->ray);
    nwc__free(ctx, sample->gate);
    *sample = (nwc__sample){.cells = NULL};
}

const float *nwc__sample_row(const nwc__sample *sample, int64_t ray, int64_t n_gates, float *row)
{
    const int64_t there = sample->ray ? sample->ray[ray] : ray;
    if (!sample->cells || there < 0) {
        for (int64_t g = 0; g < n_gates; g++) row[g] = NAN;
        return row;
    }
    const float *const cells = sample->cells + there * sample->n_gates;
    if (!sample->gate) return cells;
    for (int64_t g = 0; g < n_gates; g++) row[g] = sample->gate[g] >= 0 ? cells[sample->gate[g]] : NAN;
    return row;
}
