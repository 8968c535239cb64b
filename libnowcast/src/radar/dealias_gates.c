/*
 * From regions to gates. A gate of a region has the region's fold; one of no region, which is noise, or an isolated gate of
 * a dual-PRF sweep, takes the fold that brings it nearest to the wind around it, from ever wider windows, and at last to the expected one.
 */
#include "radar/dealias_gates.h"

#include <stdlib.h>

#define MARGIN 18.0f /* that of a region of confidence one half in smooth wind */
#define DOUBT 0.4f   /* what the square of a cluster's doubt takes from it */
#define UNSURE 0.45f /* the most confidence of a gate that belongs to no region */
#define JUMP 0.75f   /* Nyquist velocities between neighbours, of which either fold is about as likely */
#define TORN 0.25f   /* what each jump about a gate takes from its confidence */

enum { WINDOWS = 4, SETTLING = 4, PASSES = 3, REACH = 4 /* gates */ };

static const int64_t half_rays[WINDOWS] = {1, 2, 3, 5}, half_gates[WINDOWS] = {2, 4, 8, 16};
static const float least[WINDOWS] = {3.0f, 3.0f, 3.0f, 1.0f};

static float clip(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

/* Mean of known velocities in a window about a gate, without the gate; NaN for fewer than least. */
static float around(const nwc__fold_sweep *s, const float *velocity, int64_t ray, int64_t gate, int window)
{
    const int64_t n = s->n_gates;
    const int64_t first = gate > half_gates[window] ? gate - half_gates[window] : 0;
    const int64_t last = gate + half_gates[window] < n ? gate + half_gates[window] : n - 1;
    float sum = 0.0f, count = 0.0f;
    for (int64_t k = -half_rays[window]; k <= half_rays[window]; k++) {
        int64_t r = ray + k;
        bool reached = true;
        for (int64_t q = k < 0 ? r : ray; q < (k < 0 ? ray : r); q++)
            reached &= s->near[((q % s->n_rays) + s->n_rays) % s->n_rays] != 0;
        if (!reached || llabs(k) * 2 >= s->n_rays) continue;
        r = (r + s->n_rays) % s->n_rays;
        for (int64_t g = first; g <= last; g++) {
            const float v = velocity[r * n + g];
            const bool there = v == v && !(k == 0 && g == gate);
            sum += there ? v : 0.0f;
            count += there ? 1.0f : 0.0f;
        }
    }
    return count >= least[window] ? sum / count : NAN;
}

/* The eight gates about a gate that are known; returns how many. */
static int neighbours(const nwc__fold_sweep *s, const float *velocity, int64_t ray, int64_t gate, float *value)
{
    const int64_t n = s->n_gates, last = s->n_rays - 1;
    const int64_t before = ray ? ray - 1 : last, after = ray < last ? ray + 1 : 0;
    const int64_t rays[3] = {s->near[before] && before != ray ? before : -1, ray,
                             s->near[ray] && after != ray ? after : -1};
    int count = 0;
    for (int k = 0; k < 3; k++) {
        if (rays[k] < 0) continue;
        for (int64_t g = gate - 1; g <= gate + 1; g++) {
            if (g < 0 || g >= n || (k == 1 && g == gate)) continue;
            const float v = velocity[rays[k] * n + g];
            if (v == v) value[count++] = v;
        }
    }
    return count;
}

static float disagreement(const float *value, int count, float velocity, float nyquist)
{
    float sum = 0.0f;
    for (int k = 0; k < count; k++) {
        const float d = fabsf(velocity - value[k]) / nyquist;
        sum += d < 0.5f ? d * d : d - 0.25f;
    }
    return sum;
}

/* A gate has changed: those about it are to be looked at again. */
static void mark_about(const nwc__fold_sweep *s, int64_t ray, int64_t gate, uint8_t *open)
{
    const int64_t n = s->n_gates, last = s->n_rays - 1;
    const int64_t rays[3] = {ray ? ray - 1 : last, ray, ray < last ? ray + 1 : 0};
    for (int k = 0; k < 3; k++)
        for (int64_t g = gate ? gate - 1 : 0; g <= gate + 1 && g < n; g++) open[rays[k] * n + g] = 1;
}

/*
 * Single gates that their neighbours would rather have on another fold: as the energy of the regions, gate by gate. A
 * couplet has gates enough on either side of it to stand. open: gates to be looked at.
 */
static void settle(nwc__fold_sweep *s, float *velocity, uint8_t *open)
{
    const int64_t n = s->n_gates;
    for (int pass = 0; pass < SETTLING; pass++) {
        int64_t changed = 0;
        for (int64_t r = 0; r < s->n_rays; r++)
            for (int64_t g = s->from[r]; g < s->to[r]; g++) {
                const int64_t i = r * n + g;
                if (!open[i]) continue;
                open[i] = 0;
                if (s->rough[i] < NWC__HALF_TURN / 3 || !(velocity[i] == velocity[i])) continue;
                float value[8];
                const int count = neighbours(s, velocity, r, g, value);
                if (count < 3) continue;
                const float nyquist = s->nyquist_m_s[r], here = disagreement(value, count, velocity[i], nyquist);
                const float up = disagreement(value, count, velocity[i] + 2.0f * nyquist, nyquist);
                const float down = disagreement(value, count, velocity[i] - 2.0f * nyquist, nyquist);
                const float best = up < down ? up : down;
                s->confidence[i] = fminf(s->confidence[i], clip((best - here) / (1.0f * (float)count), 0.0f, 1.0f));
                if (!(best < here - 0.1f * (float)count)) continue;
                const int step = up < down ? 1 : -1;
                s->fold[i] = (int16_t)(s->fold[i] + step);
                velocity[i] += 2.0f * nyquist * (float)step;
                s->confidence[i] = fminf(clip((here - best) / (float)count, 0.0f, 1.0f), 0.4f);
                mark_about(s, r, g, open);
                changed++;
            }
        if (!changed) break;
    }
}

/*
 * Where neighbours jump by about the Nyquist velocity, as beside the core of a vortex, a strip of gates may hang on the wrong side:
 * jumps about a gate, in five rays and nine gates, take from its confidence. jump and row have room for the gates.
 */
static void doubt_jumps(nwc__fold_sweep *s, const float *velocity, uint8_t *jump, int32_t *row)
{
    const int64_t n = s->n_gates;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t next = r + 1 < s->n_rays ? r + 1 : 0;
        const float most = JUMP * s->nyquist_m_s[r];
        const float *const v = velocity + r * n, *const w = velocity + (s->near[r] ? next : r) * n;
        memset(jump + r * n, 0, (size_t)n);
        for (int64_t g = s->from[r]; g < s->to[r]; g++) {
            const float along = fabsf(v[g + 1 < n ? g + 1 : g] - v[g]), across = fabsf(w[g] - v[g]);
            jump[r * n + g] = (uint8_t)((along > most) + (across > most)); /* false beside NaN */
        }
    }
    for (int64_t r = 0; r < s->n_rays; r++) {
        int32_t sum = 0;
        for (int64_t g = 0; g < REACH && g < n; g++) sum += jump[r * n + g];
        for (int64_t g = 0; g < n; g++) {
            sum += g + REACH < n ? jump[r * n + g + REACH] : 0;
            row[r * n + g] = sum;
            sum -= g >= REACH ? jump[r * n + g - REACH] : 0;
        }
    }
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int64_t g = s->from[r]; g < s->to[r]; g++) {
            int32_t sum = 0;
            for (int64_t k = -2; k <= 2; k++) sum += row[(r + k + 2 * s->n_rays) % s->n_rays * n + g];
            s->confidence[r * n + g] /= 1.0f + TORN * (float)sum;
        }
}

static float median_of(float *value, int count)
{
    for (int k = 1; k < count; k++) { /* eight at most */
        const float v = value[k];
        int at = k;
        for (; at > 0 && value[at - 1] > v; at--) value[at] = value[at - 1];
        value[at] = v;
    }
    return count % 2 ? value[count / 2] : 0.5f * (value[count / 2 - 1] + value[count / 2]);
}

/*
 * Of velocities measured at two pulse rates, single gates are out by folds of one of them or of both (Joe and May 2003). A gate is put
 * right where most around it say so; a couplet has gates enough on either side to be most around each.
 */
static void repair(nwc__fold_sweep *s, float *velocity)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const float first = 2.0f * s->nyquist_m_s[r] * (float)s->first_prf,
                    second = 2.0f * s->nyquist_m_s[r] * (float)s->second_prf;
        for (int64_t g = s->from[r]; g < s->to[r]; g++) {
            const int64_t i = r * s->n_gates + g;
            float value[8];
            if (isnan(velocity[i]) || s->rough[i] < NWC__HALF_TURN / 16) continue;
            const int count = neighbours(s, velocity, r, g, value);
            if (count < 4) continue;
            const float middle = median_of(value, count);
            float best = velocity[i];
            for (int j = -2; j <= 2; j++)
                for (int k = -2; k <= 2; k++) {
                    const float v = velocity[i] + (float)j * first + (float)k * second;
                    if (abs(j) + abs(k) <= 2 && fabsf(v - middle) < fabsf(best - middle)) best = v;
                }
            if (fabsf(velocity[i] - middle) < 0.4f * second || fabsf(best - middle) > 0.25f * second) continue;
            velocity[i] = best;
            s->confidence[i] = fminf(s->confidence[i], UNSURE);
        }
    }
}

/* Give gates of a list (n) the fold nearest to those around them as they are now; returns how many are left in it. */
static int64_t fill(nwc__fold_sweep *s, float *velocity, int window, int32_t *list, int64_t n, float *mean)
{
    for (int64_t k = 0; k < n; k++) mean[k] = around(s, velocity, list[k] / s->n_gates, list[k] % s->n_gates, window);
    int64_t left = 0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = list[k];
        if (isnan(mean[k])) {
            list[left++] = list[k];
            continue;
        }
        const float nyquist = s->nyquist_m_s[i / s->n_gates];
        s->fold[i] = (int16_t)rintf((mean[k] - s->velocity[i]) / (2.0f * nyquist));
        velocity[i] = s->velocity[i] + 2.0f * nyquist * s->fold[i];
        s->confidence[i] =
            clip(UNSURE - 0.1f * (float)window - 0.4f * fabsf(velocity[i] - mean[k]) / nyquist, 0.0f, 1.0f);
    }
    return left;
}

void nwc__fold_gates(nwc__fold_sweep *s, const nwc__fold_node *nodes, float *velocity, int32_t *list, float *next,
                     uint8_t *known)
{
    const int64_t n = s->n_gates;
    int64_t open = 0;
    for (int64_t r = 0; r < s->n_rays; r++) {
        for (int64_t i = r * n; i < (r + 1) * n; i++) velocity[i] = NAN;
        for (int64_t i = r * n + s->from[r]; i < r * n + s->to[r]; i++) {
            s->confidence[i] = NAN;
            if (s->label[i] >= 0) {
                const nwc__fold_node *const node = &nodes[s->first_node + s->label[i]];
                s->fold[i] = (int16_t)(s->fold[i] + node->fold);
                velocity[i] = s->velocity[i] + 2.0f * s->nyquist_m_s[r] * s->fold[i];
                const float margin = clip(node->margin, 0.0f, 1000.0f), rough = s->rough[i] * (1.0f / NWC__HALF_TURN);
                s->confidence[i] = margin / (margin + MARGIN) * clip(1.25f - rough, 0.0f, 1.0f) /
                                   (1.0f + DOUBT * node->doubt * node->doubt);
            } else if (isfinite(s->velocity[i])) {
                list[open++] = (int32_t)i;
            }
        }
    }
    for (int window = 0; window < WINDOWS && open; window++)
        for (int pass = 0; pass < PASSES && open; pass++) {
            const int64_t left = fill(s, velocity, window, list, open, next);
            if (left == open) break;
            open = left;
        }
    for (int64_t k = 0; k < open; k++) { /* nothing is near */
        const int64_t i = list[k];
        const float turn = 2.0f * s->nyquist_m_s[i / n], expected = isnan(s->reference[i]) ? 0.0f : s->reference[i];
        s->fold[i] = (int16_t)rintf((expected - s->velocity[i]) / turn);
        velocity[i] = s->velocity[i] + turn * s->fold[i];
        s->confidence[i] = 0.0f;
    }
    settle(s, velocity, known);
    doubt_jumps(s, velocity, known, list);
    if (s->first_prf > 0.0) repair(s, velocity);
}
