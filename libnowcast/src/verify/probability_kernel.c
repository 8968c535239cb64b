/* Loops over probabilities. Most cells are of class 0 and see no event, so that their sums stay in registers. */
#include "verify/probability_kernel.h"
#include "core/kernel.h"

#include <float.h>

static bool classify(int64_t n, const float *restrict probability, int64_t step, const float *restrict observed,
                     int64_t observed_step, const uint8_t *restrict use, int64_t use_step, float threshold,
                     int32_t n_classes, double *restrict sums)
{
    const float scale = (float)(n_classes - 1);
    bool all_within = true;
    int64_t nothing = 0; /* cells of probability 0 without an event */
    for (int64_t i = 0; i < n; i++) {
        const float p = probability[i * step], o = observed[i * observed_step];
        const bool known = fabsf(p) <= FLT_MAX && fabsf(o) <= FLT_MAX && (!use || use[i * use_step]);
        if (!known) continue;
        const bool event = o >= threshold, within = p >= 0.0F && p <= 1.0F;
        if (p == 0.0F && !event) {
            nothing++;
            continue;
        }
        all_within = all_within && within;
        double *const class_sums = sums + (within ? (int64_t)rintf(p * scale) : 0) * NWC__CLASS_SUMS;
        class_sums[NWC__CLASS_N] += 1.0;
        class_sums[NWC__CLASS_EVENTS] += event;
        class_sums[NWC__CLASS_P] += (double)p;
        class_sums[NWC__CLASS_P_SQ] += (double)p * (double)p;
        class_sums[NWC__CLASS_P_EVENTS] += event ? (double)p : 0.0;
    }
    sums[NWC__CLASS_N] += (double)nothing;
    return all_within;
}

static void calibrate(int64_t n, const float *p, int64_t step, int32_t n_knots, const double *restrict knot,
                      const double *restrict calibrated, float *result, int64_t result_step)
{
    for (int64_t i = 0; i < n; i++) {
        const double at = p[i * step];
        int32_t above = 0;
        while (above < n_knots && knot[above] <= at) above++;
        double value = calibrated[above ? above - 1 : 0];
        if (above > 0 && above < n_knots) {
            const double share = (at - knot[above - 1]) / (knot[above] - knot[above - 1]);
            value += share * (calibrated[above] - calibrated[above - 1]);
        }
        result[i * result_step] = isnan(at) ? NAN : (float)value;
    }
}

const struct nwc__probability_kernels NWC__NAME(nwc__probability_kernels) = {classify, calibrate};
