/* Moments of a sweep brought together, whatever gates each has. */
#include "radar/rays.h"

#include <nowcast/beam.h>

#include <stdlib.h>

nwc_status nwc__find_band(const nwc_volume *volume, int32_t *band)
{
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (*band < NWC_BAND_OF_VOLUME || *band > NWC_BAND_X)
        return nwc__fail(NWC_ERR_ARG, "band: an nwc_band expected, %d given", (int)*band);
    if (*band != NWC_BAND_OF_VOLUME) return NWC_OK;
    double hertz = facts.frequency_hz;
    if (!isfinite(hertz) && strncmp(facts.format, "NEXRAD", 6) == 0) hertz = 2.8e9; /* the format is of one network */
    if (!isfinite(hertz))
        return nwc__fail(NWC_ERR_ARG, "band: to be given expected where the volume does not say its frequency");
    if (!(hertz >= 2e9 && hertz <= 12e9))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "volume: S, C or X band (2 to 12 GHz) expected, %g GHz found",
                         1e-9 * hertz);
    *band = hertz < 4e9 ? NWC_BAND_S : hertz < 8e9 ? NWC_BAND_C : NWC_BAND_X;
    return NWC_OK;
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

bool nwc__find_kdp(const nwc_volume *volume, int32_t sweep, nwc_moment *moment)
{
    return nwc__find(volume, sweep, "KDPC", moment) || nwc__find(volume, sweep, "KDP", moment);
}

void nwc__ray_on_gates(const nwc_moment *moment, int64_t ray, const nwc__gates *gates, float *to)
{
    const int64_t n = moment->field.dim[1];
    if (!moment->name) {
        for (int64_t g = 0; g < gates->n; g++) to[g] = NAN;
        return;
    }
    const float *const from = moment->field.data + ray * moment->field.stride[0];
    const double ratio = gates->spacing_m / moment->gate_spacing_m;
    const double start = (gates->first_m - moment->first_gate_m) / moment->gate_spacing_m + 0.5;
    for (int64_t g = 0; g < gates->n; g++) {
        const double at = start + ratio * (double)g + 1e-6; /* centres that rounding puts just before an edge */
        to[g] = at >= 0.0 && at < (double)n ? from[(int64_t)at] : NAN;
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
