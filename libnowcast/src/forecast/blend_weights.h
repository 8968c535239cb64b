/* How well a carried frame and a model foresee a level of wavelength, and what each is weighted by. */
#ifndef NWC_FORECAST_BLEND_WEIGHTS_H
#define NWC_FORECAST_BLEND_WEIGHTS_H

#include "forecast/echoes.h"

#include <nowcast/forecast_blend.h>

struct nwc__blend_weights {
    double nowcast, model, noise; /* of unit variance each */
};

/* The correlation of a level with what it will be after steps of step_s; without variance that of an ordinary one. */
double nwc__blend_persistence(const struct nwc__process *process, int32_t level, double steps, double step_s);

/* The correlation of a model's level with what will be, from what it is now and has been in past cycles. */
double nwc__blend_skill_at(int32_t level, double now, double past, double lead_s);

/* Weights of least squared error for two sources of these correlations whose errors are independent. */
struct nwc__blend_weights nwc__blend_weigh(double nowcast, double model);

/* Learn from a cycle at time_ns what correlation[level] is where known[level]. */
void nwc__blend_learn(nwc_blend_skill *skill, const double *correlation, const bool *known, int64_t time_ns);

#endif
