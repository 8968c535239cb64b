/* Moments of a sweep brought together, whatever gates each has. */
#include "radar/rays.h"

nwc_status nwc__band_of(const nwc_volume *volume, nwc__band *band)
{
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    double hertz = facts.frequency_hz;
    if (!isfinite(hertz) && strncmp(facts.format, "NEXRAD", 6) == 0) hertz = 2.8e9; /* the format is of one network */
    if (!isfinite(hertz))
        return nwc__fail(NWC_ERR_ARG, "volume: its frequency expected, which the file does not say; give the band");
    if (!(hertz >= 2e9 && hertz <= 12e9))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "volume: S, C or X band (2 to 12 GHz) expected, %g GHz found",
                         1e-9 * hertz);
    *band = hertz < 4e9 ? NWC__BAND_S : hertz < 8e9 ? NWC__BAND_C : NWC__BAND_X;
    return NWC_OK;
}

nwc__gates nwc__gates_of(const nwc_moment *moment)
{
    return (nwc__gates){moment->field.dim[1], moment->first_gate_m, moment->gate_spacing_m};
}

bool nwc__find_first(const nwc_volume *volume, int32_t sweep, const char *const *names, nwc_moment *moment)
{
    for (; *names; names++)
        if (nwc_volume_find(volume, sweep, *names, moment) == NWC_OK) return true;
    return false;
}

bool nwc__find_kdp(const nwc_volume *volume, int32_t sweep, nwc_moment *moment)
{
    static const char *const names[] = {"KDPC", "KDP", NULL};
    return nwc__find_first(volume, sweep, names, moment);
}

void nwc__ray_on_gates(const nwc_moment *moment, int64_t ray, const nwc__gates *gates, float *to)
{
    const int64_t n = moment ? moment->field.dim[1] : 0;
    if (n == 0) {
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
