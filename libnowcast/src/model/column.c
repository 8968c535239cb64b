/* One column of a model at given heights: its levels in order of height, and linear interpolation between the two beside. */
#include "model/model.h"

/* Levels that are known, from the lowest up: insertion, since they come in order or nearly so. Returns how many. */
static int64_t sort_levels(const nwc__column_rule *rule, const float *height_m, const float *value, int64_t step,
                           double *height, double *known)
{
    int64_t n = 0;
    for (int64_t level = 0; level < rule->levels; level++) {
        const double h = (double)height_m[level * step], v = (double)value[level * step];
        if (isnan(h) || isnan(v) || (rule->logarithmic && v <= 0.0)) continue;
        int64_t at = n;
        while (at > 0 && height[at - 1] > h) {
            height[at] = height[at - 1], known[at] = known[at - 1];
            at--;
        }
        if (at > 0 && height[at - 1] == h) { /* two of one height: the first stays */
            for (; at < n; at++) height[at] = height[at + 1], known[at] = known[at + 1];
            continue;
        }
        height[at] = h, known[at] = rule->logarithmic ? log(v) : v;
        n++;
    }
    return n;
}

void nwc__column_at(const nwc__column_rule *rule, const float *height_m, const float *value, int64_t step, float *out,
                    int64_t out_step, double *work)
{
    double *const height = work, *const known = work + rule->levels;
    const int64_t n = sort_levels(rule, height_m, value, step, height, known);
    int64_t above = 0; /* the first level above the height wanted; heights ascend */
    for (int64_t k = 0; k < rule->nz; k++) {
        const double z = rule->z_m[k];
        double found = NAN;
        while (above < n && height[above] <= z) above++;
        if (n > 0 && above == 0)
            found = height[0] - z <= rule->below_m ? known[0] : (double)NAN;
        else if (n > 0 && above == n)
            found = z - height[n - 1] <= rule->above_m ? known[n - 1] : (double)NAN;
        else if (n > 0) {
            const double part = (z - height[above - 1]) / (height[above] - height[above - 1]);
            found = known[above - 1] + part * (known[above] - known[above - 1]);
        }
        out[k * out_step] = (float)(rule->logarithmic ? exp(found) : found);
    }
}
