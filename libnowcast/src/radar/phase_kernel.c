/* Differential phase along a ray; phase.c says what these are parts of. Sums over windows are differences of running sums. */
#include "core/kernel.h"

#include "radar/phase_kernel.h"

static void mark(int64_t n, const float *restrict phase, const float *restrict rhohv, const float *restrict snr,
                 const float *restrict dbz, const struct nwc__phase_limits *limits, double *restrict sum,
                 int32_t *restrict count, uint8_t *restrict good)
{
    const float period = limits->period, per = 1.0F / period;
    const float most = 2.0F * limits->most_texture * limits->most_texture;
    sum[0] = 0.0, count[0] = 0;
    for (int64_t g = 0; g < n; g++)
        good[g] = !isnan(phase[g]) && !(rhohv[g] < limits->least_rhohv) && !(snr[g] < limits->least_snr) &&
                  !(dbz[g] < -100.0F);
    for (int64_t g = 0; g < n; g++) { /* the step to gate g from the one before */
        float step = g > 0 && good[g] && good[g - 1] ? phase[g] - phase[g - 1] : NAN;
        step -= period * rintf(step * per);
        const bool known = !isnan(step);
        sum[g + 1] = sum[g] + (known ? (double)(step * step) : 0.0);
        count[g + 1] = count[g] + known;
    }
    for (int64_t g = 0; g < n; g++) {
        const int64_t low = g > limits->half_window ? g - limits->half_window : 0;
        const int64_t high = g + limits->half_window < n ? g + limits->half_window + 1 : n;
        const int32_t steps = count[high] - count[low];
        good[g] = good[g] && steps > 0 && sum[high] - sum[low] <= (double)(most * (float)steps);
    }
    for (int64_t g = 0; g < n;) {
        int64_t end = g;
        while (end < n && good[end] == good[g]) end++;
        if (good[g] && end - g < limits->least_run)
            for (int64_t k = g; k < end; k++) good[k] = 0;
        g = end;
    }
}

static void unfold(int64_t n, const float *restrict phase, const uint8_t *restrict good, float start, float period,
                   int64_t near, int64_t firm, float *restrict unfolded)
{
    /* What comes first may lie as far above the start as it likes, but hardly below it. */
    float reference = start, ahead = period / 4.0F;
    for (int64_t g = 0; g < n; g++) unfolded[g] = NAN;
    for (int64_t g = 0; g < n; g++) {
        if (!good[g]) continue;
        float mean = reference + ahead; /* of the last gates: exponential, over the number of those that are near */
        int64_t seen = 0, last = g, total = 0;
        for (; g < n && g - last <= near; g++) {
            if (!good[g]) continue;
            unfolded[g] = phase[g] + period * rintf((mean - phase[g]) / period);
            if (seen < near) seen++;
            mean += (unfolded[g] - mean) / (float)seen;
            last = g;
            total++;
        }
        if (total >= firm) reference = mean, ahead = period / 6.0F; /* behind a gap the phase will rather have risen */
    }
}

struct sums {
    const double *restrict s0, *restrict sx, *restrict sxx, *restrict sy, *restrict sxy;
};

/* The line over gates low to high - 1: its value at gate g, and its slope for each gate; false for less than two. */
static inline bool line(const struct sums *s, int64_t low, int64_t high, int64_t g, double *value, double *slope)
{
    const double m = s->s0[high] - s->s0[low], at = (double)g;
    const double x = s->sx[high] - s->sx[low] - at * m, y = s->sy[high] - s->sy[low];
    const double xx = s->sxx[high] - s->sxx[low] - at * (2.0 * x + at * m), xy = s->sxy[high] - s->sxy[low] - at * y;
    *slope = (m * xy - x * y) / (m * xx - x * x);
    *value = (y - *slope * x) / m;
    return m >= 2.0;
}

static void fit(int64_t n, const float *restrict unfolded, const int32_t *restrict half, int32_t near, float spacing_km,
                double *restrict memory, float *restrict kdp, float *restrict filtered)
{
    double *restrict const s0 = memory, *restrict const sx = s0 + n + 1, *restrict const sxx = sx + n + 1;
    double *restrict const sy = sxx + n + 1, *restrict const sxy = sy + n + 1;
    s0[0] = sx[0] = sxx[0] = sy[0] = sxy[0] = 0.0;
    for (int64_t g = 0; g < n; g++) {
        const bool known = !isnan(unfolded[g]);
        const double w = known ? 1.0 : 0.0, x = w * (double)g, y = known ? (double)unfolded[g] : 0.0;
        s0[g + 1] = s0[g] + w, sx[g + 1] = sx[g] + x, sxx[g + 1] = sxx[g] + x * (double)g;
        sy[g + 1] = sy[g] + y, sxy[g + 1] = sxy[g] + x * y;
    }
    const struct sums sums = {s0, sx, sxx, sy, sxy};
    const double per_km = 0.5 / (double)spacing_km;
    for (int64_t g = 0; g < n; g++) {
        kdp[g] = filtered[g] = NAN;
        if (isnan(unfolded[g])) continue;
        double value, slope;
        int64_t low = g > half[g] ? g - half[g] : 0, high = g + half[g] < n ? g + half[g] + 1 : n;
        const double m = s0[high] - s0[low];
        if (line(&sums, low, high, g, &value, &slope) && m > (double)half[g]) kdp[g] = (float)(slope * per_km);
        low = g > near ? g - near : 0, high = g + near < n ? g + near + 1 : n;
        if (line(&sums, low, high, g, &value, &slope)) filtered[g] = (float)value;
    }
}

const struct nwc__phase_kernels NWC__NAME(nwc__phase_kernels) = {.mark = mark, .unfold = unfold, .fit = fit};
