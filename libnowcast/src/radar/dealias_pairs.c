/*
 * What speaks for folds of regions: pairs of gates of different ones, beside each other, across a gap, or one above the other.
 *
 * Wind changes with distance, so a pair counts the less the farther apart its gates are; and the less the rougher the
 * velocities are there, since noise says nothing of folds.
 */
#include "radar/dealias_pairs.h"
#include "radar/beam.h"
#include "radar/dealias_rows.h"

#define GAP_ALONG_M 6000.0 /* farthest two gates along a ray are compared */
#define GAP_ACROSS_DEG 6.0 /* and across rays */
#define GAP_SCALE_M 1500.0 /* at which distance a pair counts half */

enum {
    ABOVE_STEP = 3, /* gates from one that is compared with those above to the next */
    AT_ONCE = 16,   /* gates that are looked at for whether the regions of the ray before go on */
};

static float velocity_of(const nwc__fold_sweep *s, int64_t ray, int64_t i)
{
    return s->velocity[i] + 2.0f * s->nyquist_m_s[ray] * s->fold[i];
}

/* Weight by roughness: about 1 for smooth wind, a fifth where velocities bend by a Nyquist velocity. */
static float smooth(const nwc__fold_sweep *s, int64_t i)
{
    const float rough = s->rough[i] * (1.0f / 32768.0f);
    return 1.0f / (1.0f + 4.0f * rough * rough);
}

static inline nwc__fold_pair pair_of(const nwc__fold_sweep *s, int64_t ray_a, int64_t a, const nwc__fold_sweep *t,
                                     int64_t ray_b, int64_t b, float weight)
{
    const int32_t node_a = s->first_node + s->label[a], node_b = t->first_node + t->label[b];
    const float difference = velocity_of(t, ray_b, b) - velocity_of(s, ray_a, a);
    const float all = weight * smooth(s, a) * smooth(t, b);
    if (node_a < node_b) return (nwc__fold_pair){node_a, node_b, difference, all};
    return (nwc__fold_pair){node_b, node_a, -difference, all};
}

/* Pairs along each ray: where one region ends and the next begins. */
static int64_t pairs_along(const nwc__fold_sweep *s, nwc__fold_pair *pairs)
{
    int64_t found = 0;
    for (int64_t r = 0; r < s->n_rays; r++) {
        int32_t before = -1;
        const int32_t end = s->row[r] + s->to[r];
        for (int32_t i = s->row[r] + s->from[r], next; i < end; i = next) {
            next = nwc__fold_run_end(s, i, end);
            if (s->label[i] < 0) continue;
            const double apart = (double)(i - before - 1) * s->gate_spacing_m;
            if (before >= 0 && s->label[i] != s->label[before] && apart <= GAP_ALONG_M) {
                const double far = apart / GAP_SCALE_M;
                if (pairs) pairs[found] = pair_of(s, r, before, s, r, i, (float)(1.0 / (1.0 + far * far)));
                found++;
            }
            before = next - 1;
        }
    }
    return found;
}

/*
 * Whether all gates (n) that have a label have that of the last ray that has one there; turn then becomes theirs. Mostly it is so, since
 * regions are large.
 */
static bool go_on(int64_t n, const int32_t *restrict label, const int32_t *restrict last, int32_t now,
                  int32_t *restrict turn)
{
    int32_t differ = 0;
    for (int64_t k = 0; k < n; k++) differ |= (label[k] >= 0) & (label[k] != last[k]);
    if (differ) return false;
    for (int64_t k = 0; k < n; k++) turn[k] = label[k] >= 0 ? now : turn[k];
    return true;
}

/* Pairs across rays: once around, and on over the first rays where the turn closes. turn, label: of each gate, the last ray that has one. */
static int64_t pairs_across(const nwc__fold_sweep *s, int32_t *turn, int32_t *label, nwc__fold_pair *pairs)
{
    int64_t found = 0;
    for (int64_t g = 0; g < s->n_gates; g++) turn[g] = label[g] = -1;
    const bool closed = s->near[s->n_rays - 1] && s->n_rays > 2;
    const int64_t rays = closed ? 2 * s->n_rays : s->n_rays;
    for (int64_t t = 0; t < rays; t++) {
        const int64_t r = t % s->n_rays;
        if (t >= s->n_rays && (double)s->angle_deg[r] + 360.0 - (double)s->angle_deg[s->n_rays - 1] > GAP_ACROSS_DEG)
            break;
        for (int64_t g = s->from[r]; g < s->to[r]; g++) {
            const int64_t i = s->row[r] + g, n = s->to[r] - g < AT_ONCE ? s->to[r] - g : AT_ONCE;
            if ((g - s->from[r]) % AT_ONCE == 0 && go_on(n, s->label + i, label + g, (int32_t)t, turn + g)) {
                g += n - 1;
                continue;
            }
            if (s->label[i] < 0) continue;
            const int64_t before = turn[g];
            const bool another = label[g] != s->label[i];
            turn[g] = (int32_t)t, label[g] = s->label[i];
            if (!another || before < 0 || (t >= s->n_rays && before >= s->n_rays)) continue;
            const int64_t q = before % s->n_rays;
            double degrees = (double)s->angle_deg[r] - (double)s->angle_deg[q];
            if (degrees < 0.0) degrees += 360.0;
            if (degrees > GAP_ACROSS_DEG) continue;
            const double range = s->first_gate_m + (double)g * s->gate_spacing_m;
            const double between = t - before > 1 ? degrees * NWC__RADIANS * range : 0.0, far = between / GAP_SCALE_M;
            if (pairs) pairs[found] = pair_of(s, q, s->row[q] + g, s, r, i, (float)(1.0 / (1.0 + far * far)));
            found++;
        }
    }
    return found;
}

int64_t nwc__fold_pairs_within(const nwc__fold_sweep *s, int32_t *last, nwc__fold_pair *pairs)
{
    const int64_t found = pairs_along(s, pairs);
    return found + pairs_across(s, last, last + s->n_gates, pairs ? pairs + found : NULL);
}

int64_t nwc__fold_pairs_between(const nwc__fold_sweep *s, const nwc__fold_sweep *above, nwc__fold_beside *beside,
                                nwc__fold_pair *pairs)
{
    int64_t found = 0;
    nwc__fold_look_beside(s, above, beside);
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t q = beside[r].ray;
        if (q < 0) continue;
        const int64_t first = (s->from[r] + ABOVE_STEP - 1) / ABOVE_STEP * ABOVE_STEP;
        if (!pairs) {
            found += s->to[r] > first ? (s->to[r] - first + ABOVE_STEP - 1) / ABOVE_STEP : 0;
            continue;
        }
        for (int64_t g = first; g < s->to[r]; g += ABOVE_STEP) {
            const double range = s->first_gate_m + (double)g * s->gate_spacing_m;
            const double weight = nwc__fold_weight_beside(range * fabs(beside[r].rise));
            if (weight <= 0.0) break;
            const int64_t i = s->row[r] + g, h = nwc__fold_gate_beside(&beside[r], above, range);
            if (s->label[i] < 0 || h < above->from[q] || h >= above->to[q]) continue;
            const int64_t j = above->row[q] + h;
            if (above->label[j] >= 0) pairs[found++] = pair_of(s, r, i, above, q, j, (float)weight);
        }
    }
    return found;
}

void nwc__fold_sort_pairs(nwc__fold_pair *pairs, int64_t n, int32_t first, int32_t end, nwc__fold_pair *spare,
                          int64_t *count)
{
    for (int pass = 0; pass < 2; pass++) { /* by b, then by a, each keeping the order of the one before */
        const nwc__fold_pair *const from = pass ? spare : pairs;
        nwc__fold_pair *const to = pass ? pairs : spare;
        for (int32_t k = 0; k <= end - first; k++) count[k] = 0;
        for (int64_t p = 0; p < n; p++) count[(pass ? from[p].a : from[p].b) - first + 1]++;
        for (int32_t k = 0; k < end - first; k++) count[k + 1] += count[k];
        for (int64_t p = 0; p < n; p++) to[count[(pass ? from[p].a : from[p].b) - first]++] = from[p];
    }
}
