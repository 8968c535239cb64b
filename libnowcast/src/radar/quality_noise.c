/*
 * Where the noise lies. An echo's reflectivity less 20 log10 of its range is its received power, and the noise is the same
 * power at all ranges. It is told, in this order: by SNRH; where most gates show something, by a peak of their powers that
 * holds a quarter of them within 1 dB, close to the weakest; by the weakest hundredth of what is shown, which signal
 * processors begin 2 dB above the noise.
 */
#include "radar/quality.h"

enum { BINS = 1024, PEAK = 4, FEWEST = 200 };
static const double BIN_DB = 0.25, LOWEST = -160.0, SHOWN_FROM = 2.0, CLOSE_DB = 4.0, NEAREST_KM = 2.0;

struct histogram {
    int64_t count[BINS], all;
};

static void put(struct histogram *histogram, double power)
{
    const double bin = (power - LOWEST) / BIN_DB;
    if (!(bin >= 0.0 && bin < (double)BINS)) return;
    histogram->count[(int32_t)bin]++;
    histogram->all++;
}

/* The power below which so many of those put in lie. */
static double quantile(const struct histogram *histogram, double part)
{
    int64_t left = (int64_t)(part * (double)histogram->all);
    int32_t bin = 0;
    while (bin < BINS - 1 && left >= histogram->count[bin]) left -= histogram->count[bin++];
    return LOWEST + ((double)bin + 0.5) * BIN_DB;
}

static nwc__noise from_powers(const struct histogram *powers, int64_t cells)
{
    const double weakest = quantile(powers, 0.01);
    int64_t most = 0, sum = 0;
    int32_t peak = 0;
    for (int32_t k = 0; k < BINS; k++) {
        sum += powers->count[k] - (k > 2 * PEAK ? powers->count[k - 2 * PEAK - 1] : 0);
        if (sum > most) most = sum, peak = k - PEAK;
    }
    const double level = LOWEST + ((double)peak + 0.5) * BIN_DB;
    if (2 * powers->all >= cells && 4 * most >= powers->all && level < weakest + CLOSE_DB)
        return (nwc__noise){NWC__NOISE_THROUGHOUT, level};
    return (nwc__noise){NWC__NOISE_EDGE, weakest - SHOWN_FROM};
}

nwc__noise nwc__noise_estimate(const nwc__quality_sweep *sweep, const nwc_moment *snr)
{
    struct histogram powers = {.all = 0}, differences = {.all = 0};
    const int64_t n = sweep->at.n;
    const bool ratio = snr->field.data && snr->field.dim[1] == n && snr->first_gate_m == sweep->at.first_m;
    const float near = (float)(20.0 * log10(NEAREST_KM));
    for (int64_t r = 0; r < sweep->facts.n_rays; r++)
        for (int64_t g = 0; g < n; g++) {
            const float dbz = sweep->dbz.field.data[r * n + g];
            if (!(dbz > NWC_NOTHING_DBZ) || !(sweep->spread[g] >= near)) continue;
            const double power = (double)(dbz - sweep->spread[g]);
            put(&powers, power);
            if (ratio && !isnan(snr->field.data[r * n + g]))
                put(&differences, power - (double)snr->field.data[r * n + g]);
        }
    if (differences.all >= FEWEST) return (nwc__noise){NWC__NOISE_RATIO, quantile(&differences, 0.5)};
    if (powers.all < FEWEST) return (nwc__noise){NWC__NOISE_UNKNOWN, NAN};
    return from_powers(&powers, sweep->facts.n_rays * n);
}

float nwc__noise_snr(const nwc__noise *noise, float dbz, float spread)
{
    if (noise->kind == NWC__NOISE_UNKNOWN) return NAN;
    const float above = dbz - spread - (float)noise->dbz;
    if (noise->kind != NWC__NOISE_THROUGHOUT || above > 20.0f) return above;
    const float signal = powf(10.0f, 0.1f * above) - 1.0f;
    return signal > 1e-3f ? 10.0f * log10f(signal) : -30.0f;
}
