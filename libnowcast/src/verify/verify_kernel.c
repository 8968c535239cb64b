/* Loops of verify: counts, moments and neighbourhood sums of one row at a time, which stays in the first-level cache. */
#include "verify/verify_kernel.h"
#include "core/kernel.h"

#include <float.h>

static inline void gather_steps(int64_t n, const float *restrict forecast, int64_t forecast_step,
                                const float *restrict observed, int64_t observed_step, float *restrict f,
                                float *restrict o)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float vf = forecast[i * forecast_step], vo = observed[i * observed_step];
        const bool known = (fabsf(vf) <= FLT_MAX) & (fabsf(vo) <= FLT_MAX);
        f[i] = known ? vf : NAN;
        o[i] = known ? vo : NAN;
    }
}

static void gather(int64_t n, const float *forecast, int64_t forecast_step, const float *observed,
                   int64_t observed_step, const uint8_t *use, int64_t use_step, float *f, float *o)
{
    if (forecast_step == 1 && observed_step == 1)
        gather_steps(n, forecast, 1, observed, 1, f, o);
    else
        gather_steps(n, forecast, forecast_step, observed, observed_step, f, o);
    if (!use) return;
    for (int64_t i = 0; i < n; i++) {
        const bool used = use[i * use_step] != 0;
        f[i] = used ? f[i] : NAN;
        o[i] = used ? o[i] : NAN;
    }
}

static void count(int64_t n, const float *restrict f, const float *restrict o, float threshold, double *restrict counts)
{
    int32_t hits = 0, events_f = 0, events_o = 0;
#pragma omp simd reduction(+ : hits, events_f, events_o)
    for (int64_t i = 0; i < n; i++) {
        const int32_t event_f = f[i] >= threshold, event_o = o[i] >= threshold;
        hits += event_f & event_o;
        events_f += event_f;
        events_o += event_o;
    }
    counts[NWC__HITS] += hits;
    counts[NWC__EVENTS_F] += events_f;
    counts[NWC__EVENTS_O] += events_o;
}

static void rank(int64_t n, const float *restrict v, const float *restrict threshold, int32_t n_thresholds,
                 uint8_t *restrict rank)
{
    for (int64_t i = 0; i < n; i++) rank[i] = 0;
    for (int32_t t = 0; t < n_thresholds; t++) {
        const float least = threshold[t];
#pragma omp simd
        for (int64_t i = 0; i < n; i++) rank[i] = (uint8_t)(rank[i] + (v[i] >= least));
    }
}

static void moments(int64_t n, const float *restrict f, const float *restrict o, float wet, double *restrict moments)
{
    int32_t cells = 0;
    double sum_f = 0.0, sum_o = 0.0, sum_abs = 0.0, sum_sq = 0.0;
#pragma omp simd reduction(+ : cells, sum_f, sum_o, sum_abs, sum_sq)
    for (int64_t i = 0; i < n; i++) {
        const bool in = (f[i] >= wet) | (o[i] >= wet);
        const double vf = in ? f[i] : 0.0F, vo = in ? o[i] : 0.0F;
        cells += in;
        sum_f += vf;
        sum_o += vo;
        sum_abs += fabs(vf - vo);
        sum_sq += (vf - vo) * (vf - vo);
    }
    for (int m = 0; m < NWC__MOMENTS; m++) moments[m] = 0.0;
    if (!cells) return;

    /* About the row's own mean, so that nothing large cancels. */
    const double mean_f = sum_f / cells, mean_o = sum_o / cells;
    double m2_f = 0.0, m2_o = 0.0, c_fo = 0.0;
#pragma omp simd reduction(+ : m2_f, m2_o, c_fo)
    for (int64_t i = 0; i < n; i++) {
        const bool in = (f[i] >= wet) | (o[i] >= wet);
        const double df = in ? (double)f[i] - mean_f : 0.0, d_o = in ? (double)o[i] - mean_o : 0.0;
        m2_f += df * df;
        m2_o += d_o * d_o;
        c_fo += df * d_o;
    }
    moments[NWC__N] = cells;
    moments[NWC__MEAN_F] = mean_f, moments[NWC__MEAN_O] = mean_o;
    moments[NWC__M2_F] = m2_f, moments[NWC__M2_O] = m2_o, moments[NWC__C_FO] = c_fo;
    moments[NWC__ABS] = sum_abs, moments[NWC__SQ] = sum_sq;
}

static void slide(int64_t n, const uint8_t *restrict rank, uint8_t level, int32_t sign, uint16_t *restrict column)
{
    if (sign > 0) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) column[i] = (uint16_t)(column[i] + (rank[i] >= level));
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) column[i] = (uint16_t)(column[i] - (rank[i] >= level));
    }
}

static void windows(int64_t n, const uint16_t *restrict column_f, const uint16_t *restrict column_o, int64_t first,
                    int64_t last, uint32_t *restrict running_f, uint32_t *restrict running_o, double *restrict sums)
{
    /* running[k]: events in columns before k - first; beyond the edges there are none. A wrap cancels in the difference. */
    uint32_t so_far_f = 0, so_far_o = 0;
    for (int64_t k = 0; k <= first; k++) running_f[k] = running_o[k] = 0;
    for (int64_t i = 0; i < n; i++) {
        running_f[first + i + 1] = so_far_f += column_f[i];
        running_o[first + i + 1] = so_far_o += column_o[i];
    }
    for (int64_t k = first + n + 1; k <= first + n + last; k++) running_f[k] = so_far_f, running_o[k] = so_far_o;

    const int64_t width = first + last + 1;
    double difference = 0.0, squares = 0.0;
#pragma omp simd reduction(+ : difference, squares)
    for (int64_t i = 0; i < n; i++) {
        const int32_t cells_f = (int32_t)(running_f[i + width] - running_f[i]);
        const int32_t cells_o = (int32_t)(running_o[i + width] - running_o[i]);
        const double d = cells_f - cells_o, vf = cells_f, vo = cells_o;
        difference += d * d;
        squares += vf * vf + vo * vo;
    }
    sums[NWC__FSS_DIFFERENCE] += difference;
    sums[NWC__FSS_SQUARES] += squares;
}

const struct nwc__verify_kernels NWC__NAME(nwc__verify_kernels) = {gather, count, rank, moments, slide, windows};
