/* Rays and gates of sweeps, whatever gates each moment has. */
#include "radar/rays.h"

#include <nowcast/beam.h>

#include <stdlib.h>

int32_t nwc__band_of(const nwc_volume_facts *facts)
{
    double hertz = facts->frequency_hz;
    if (!isfinite(hertz) && strncmp(facts->format, "NEXRAD", 6) == 0) hertz = 2.8e9; /* the format is of one network */
    if (!(hertz >= 2e9 && hertz <= 12e9)) return NWC_BAND_OF_VOLUME;
    return hertz < 4e9 ? NWC_BAND_S : hertz < 8e9 ? NWC_BAND_C : NWC_BAND_X;
}

nwc_status nwc__find_band(const nwc_volume *volume, int32_t *band)
{
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (*band < NWC_BAND_OF_VOLUME || *band > NWC_BAND_X)
        return nwc__fail(NWC_ERR_ARG, "band: an nwc_band expected, %d given", (int)*band);
    if (*band != NWC_BAND_OF_VOLUME) return NWC_OK;
    *band = nwc__band_of(&facts);
    if (*band != NWC_BAND_OF_VOLUME) return NWC_OK;
    if (!isfinite(facts.frequency_hz))
        return nwc__fail(NWC_ERR_ARG, "band: to be given expected where the volume does not say its frequency");
    return nwc__fail(NWC_ERR_UNSUPPORTED, "volume: S, C or X band (2 to 12 GHz) expected, %g GHz found",
                     1e-9 * facts.frequency_hz);
}

bool nwc__find(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *moment)
{
    *moment = (nwc_moment){.name = NULL};
    return nwc_volume_find(volume, sweep, name, moment) == NWC_OK;
}

/* The same along one beam: gates rise along it, or above the height they do. */
static nwc_status below_along(const nwc_beam *beam, const nwc__gates *gates, double elevation_deg, double height_m,
                              int64_t *below)
{
    const double up = elevation_deg > 90.0 ? 180.0 - elevation_deg : elevation_deg; /* over the top */
    int64_t low = 0, high = gates->n; /* the first gate above lies from low to high */
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        const double range_m = fmax(0.0, gates->first_m + gates->spacing_m * (double)middle);
        double height;
        NWC__TRY(nwc_beam_path(beam, up, 1, &range_m, &height, NULL, NULL));
        if (height <= height_m)
            low = middle + 1;
        else
            high = middle;
    }
    *below = low;
    return NWC_OK;
}

nwc_status nwc__gates_below(nwc_ctx *ctx, const nwc_volume *volume, const nwc_sweep *sweep, const nwc__gates *gates,
                            double height_m, int64_t *below)
{
    for (int64_t r = 0; r < sweep->n_rays; r++) below[r] = gates->n;
    if (isnan(height_m)) return NWC_OK;
    nwc_volume_facts facts;
    nwc_beam *beam;
    nwc_status status = NWC_OK;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY(nwc_beam_create(ctx, facts.latitude_deg, facts.longitude_deg, facts.altitude_m, NULL, &beam));
    for (int64_t r = 0; r < sweep->n_rays && status == NWC_OK; r++)
        status = below_along(beam, gates, (double)sweep->elevation_deg[r], height_m, &below[r]);
    nwc_beam_destroy(beam);
    return status;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double nwc__middle(double *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

double nwc__spread_about(double *values, int64_t n, double middle)
{
    for (int64_t i = 0; i < n; i++) values[i] = fabs(values[i] - middle);
    return 1.4826 * nwc__middle(values, n);
}

nwc__gates nwc__gates_of(const nwc_moment *moment)
{
    return (nwc__gates){moment->field.dim[1], moment->first_gate_m, moment->gate_spacing_m};
}

bool nwc__find_dbz(const nwc_volume *volume, int32_t sweep, nwc_moment *moment)
{
    return nwc__find(volume, sweep, "DBZHB", moment) || nwc__find(volume, sweep, "DBZHC", moment) ||
           nwc__find(volume, sweep, "DBZH", moment);
}

bool nwc__find_kdp(const nwc_volume *volume, int32_t sweep, nwc_moment *moment)
{
    return nwc__find(volume, sweep, "KDPC", moment) || nwc__find(volume, sweep, "KDP", moment);
}

/* The gate of a moment that a range lies in; -1 where that is none. */
static int32_t gate_at(const nwc_moment *moment, double range_m)
{
    /* and a little: centres that rounding puts just before an edge */
    const double at = (range_m - moment->first_gate_m) / moment->gate_spacing_m + 0.5 + 1e-6;
    return at >= 0.0 && at < (double)moment->field.dim[1] ? (int32_t)at : -1;
}

void nwc__ray_on_gates(const nwc_moment *moment, int64_t ray, const nwc__gates *gates, float *to)
{
    const float *const from = moment->name ? moment->field.data + ray * moment->field.stride[0] : NULL;
    for (int64_t g = 0; g < gates->n; g++) {
        const int32_t at = from ? gate_at(moment, gates->first_m + gates->spacing_m * (double)g) : -1;
        to[g] = at >= 0 ? from[at] : NAN;
    }
}

nwc_status nwc__put_on_gates(nwc_volume *volume, int32_t sweep, const char *name, const char *units,
                             const nwc__gates *gates, float **cells)
{
    nwc__moment *moment;
    NWC__TRY(nwc__volume_put(volume, sweep, name, units, gates->n, gates->first_m, gates->spacing_m, &moment));
    *cells = moment->cells;
    return NWC_OK;
}

/* ---- the order of rays ---- */

static int by_angle(const void *a, const void *b)
{
    const nwc__ray_angle *const p = a, *const q = b;
    return p->angle != q->angle ? (p->angle > q->angle) - (p->angle < q->angle) : (p->ray > q->ray) - (p->ray < q->ray);
}

void nwc__rays_sort(const float *angle_deg, int64_t n, nwc__ray_angle *scratch, int32_t *order)
{
    for (int64_t i = 0; i < n; i++) scratch[i] = (nwc__ray_angle){angle_deg[i], (int32_t)i};
    qsort(scratch, (size_t)n, sizeof *scratch, by_angle);
    for (int64_t i = 0; i < n; i++) order[i] = scratch[i].ray;
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

/* ---- moments on the gates of others ---- */

nwc_status nwc__sample_moment(nwc_ctx *ctx, const nwc_sweep *from, const nwc_moment *moment, const nwc_sweep *to,
                              const nwc__gates *at, bool same_sweep, double within_deg, nwc__sample *sample)
{
    nwc_status status = NWC_OK;
    *sample = (nwc__sample){.cells = moment->field.data, .n_gates = moment->field.dim[1]};
    const bool same_gates = sample->n_gates == at->n && moment->gate_spacing_m == at->spacing_m &&
                            fabs(moment->first_gate_m - at->first_m) < 0.01 * at->spacing_m;
    if (!same_gates) {
        NWC__ALLOC(ctx, sample->gate, at->n);
        for (int64_t g = 0; g < at->n; g++) {
            sample->gate[g] = gate_at(moment, at->first_m + (double)g * at->spacing_m);
        }
    }
    if (!same_sweep) {
        NWC__ALLOC(ctx, sample->ray, to->n_rays);
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
