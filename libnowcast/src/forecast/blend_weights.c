/*
 * Weights of blending. With correlations r and m of a carried frame and of a model with what comes, and errors that are
 * independent, the two correlate by r m, and least squares give the weights r (1 - m^2) / (1 - r^2 m^2) and
 * m (1 - r^2) / (1 - r^2 m^2), and noise the variance (1 - r^2) (1 - m^2) / (1 - r^2 m^2) (Seed, Pierce and Norman 2013,
 * equation 8, with that covariance in place of a measured one, which need not go together with the two and then fails).
 */
#include "forecast/blend_weights.h"

enum { KNOWN_LEVELS = 8 };

/* Bowler, Pierce and Seed (2004), Met Office Forecasting Research Technical Report 433, from long waves to short. */
static const double past_skill[KNOWN_LEVELS] = {0.848, 0.537, 0.237, 0.065, 0.020, 0.0044, 0.0052, 0.0040};
/* Minutes in which a model's skill of now is forgotten: exp(-t / slow) (2 - exp(-t / late)). */
static const double slow_min[KNOWN_LEVELS] = {130.0, 165.0, 120.0, 55.0, 50.0, 15.0, 15.0, 10.0};
static const double late_min[KNOWN_LEVELS] = {155.0, 220.0, 200.0, 75.0, 1e5, 1e5, 1e5, 1e5};
/* Correlations of levels over ten minutes. */
static const double usual[KNOWN_LEVELS] = {0.998, 0.9925, 0.9776, 0.9297, 0.796, 0.482, 0.079, 0.0006};

#define BEGIN_CYCLES 20.0
#define MEMORY_NS 2.592e15 /* 30 days */
#define MOST 0.999         /* no source is without error */
#define FASTER_S 3600.0 /* so long after a step levels fade twice as fast as their past says: rain grows and decays */

static int32_t like(int32_t level)
{
    return level < KNOWN_LEVELS ? level : KNOWN_LEVELS - 1;
}

void nwc_blend_skill_init(nwc_blend_skill *skill, int32_t n_levels)
{
    if (!skill) return;
    *skill = (nwc_blend_skill){.n_levels = n_levels, .weight = BEGIN_CYCLES};
    for (int32_t k = 0; k < NWC_BLEND_LEVELS && k < n_levels; k++) skill->correlation[k] = past_skill[like(k)];
}

double nwc__blend_persistence(const struct nwc__process *p, int32_t level, double steps, double step_s)
{
    if (!(p->variance > 0.0)) return pow(usual[like(level)], steps * step_s / 600.0);
    double before = 1.0, now = p->phi[0] / (1.0 - p->phi[1]);
    if (steps <= 1.0) return fmin(before + steps * (now - before), MOST);
    int64_t n = 1;
    for (; (double)n < steps; n++) {
        const double next = p->phi[0] * now + p->phi[1] * before;
        before = now;
        now = next;
    }
    const double found = fmin(fmax(now + ((double)n - steps) * (before - now), 0.0), MOST);
    return pow(found, 1.0 + (steps - 1.0) * step_s / FASTER_S);
}

double nwc__blend_skill_at(int32_t level, double now, double past, double lead_s)
{
    const double minutes = lead_s / 60.0;
    const double kept = exp(-minutes / slow_min[like(level)]) * (2.0 - exp(-minutes / late_min[like(level)]));
    const double share = fmin(fmax(kept, 0.0), 1.0);
    return fmin(fmax(share * now + (1.0 - share) * past, 0.0), MOST);
}

struct nwc__blend_weights nwc__blend_weigh(double nowcast, double model)
{
    const double r = nowcast * nowcast, m = model * model, all = 1.0 - r * m;
    return (struct nwc__blend_weights){.nowcast = nowcast * (1.0 - m) / all,
                                       .model = model * (1.0 - r) / all,
                                       .noise = sqrt((1.0 - r) * (1.0 - m) / all)};
}

void nwc__blend_learn(nwc_blend_skill *skill, const double *correlation, const bool *known, int64_t time_ns)
{
    bool any = false;
    for (int32_t k = 0; k < skill->n_levels; k++) any = any || known[k];
    if (!any || (skill->time_ns != 0 && time_ns <= skill->time_ns)) return;
    if (skill->time_ns != 0) skill->weight *= exp(-(double)(time_ns - skill->time_ns) / MEMORY_NS);
    for (int32_t k = 0; k < skill->n_levels; k++)
        if (known[k]) skill->correlation[k] += (correlation[k] - skill->correlation[k]) / (skill->weight + 1.0);
    skill->weight += 1.0;
    skill->time_ns = time_ns;
}
