/*
 * From regions to gates. A gate of a region has the region's fold; one of no region, which is noise, or an isolated gate of
 * a dual-PRF sweep, takes the fold that brings it nearest to the wind around it, from ever wider windows, and at last to the expected one.
 */
#include "radar/dealias_gates.h"
#include "radar/dealias_rows.h"

#include <stdlib.h>

#define MARGIN 15.0f /* that of a region of confidence one half in smooth wind, where the Nyquist velocity is NYQUIST */
#define NYQUIST 8.0f /* m s-1 */
#define DOUBT 0.4f   /* what the square of a cluster's doubt takes from it */
#define UNSURE 0.45f /* the most confidence of a gate that belongs to no region */
#define JUMP 0.75f   /* Nyquist velocities between neighbours, of which either fold is about as likely */
#define TORN 0.25f   /* what each jump about a gate takes from its confidence */

enum {
    WINDOWS = 4,
    PASSES = 3,
    REACH = 4 /* gates */,
    ROUGH = NWC__ROUGHEST / 6 /* a third of the Nyquist velocity */
};

static const int64_t half_rays[WINDOWS] = {1, 2, 3, 5}, half_gates[WINDOWS] = {2, 4, 8, 16};
static const float least[WINDOWS] = {3.0f, 3.0f, 3.0f, 1.0f};

static float clip(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

struct mean {
    float sum, count;
};

static void add_gates(const nwc__fold_sweep *s, int64_t ray, int64_t first, int64_t end, struct mean *mean)
{
    const int64_t from = s->from[ray] > first ? s->from[ray] : first, to = s->to[ray] < end ? s->to[ray] : end;
    const float *const v = s->unfolded + s->row[ray];
    for (int64_t g = from; g < to; g++) {
        const bool there = v[g] == v[g];
        mean->sum += there ? v[g] : 0.0f;
        mean->count += there ? 1.0f : 0.0f;
    }
}

/* Mean of known velocities in a window about a gate that is not; NaN for fewer than least. */
static float around(const nwc__fold_sweep *s, int64_t ray, int64_t gate, int window)
{
    const int64_t first = gate - half_gates[window], end = gate + half_gates[window] + 1;
    struct mean mean = {0.0f, 0.0f};
    add_gates(s, ray, first, end, &mean);
    int64_t down = ray, up = ray;
    bool below = true, above = true; /* whether neighbours reach so far */
    for (int64_t k = 1; k <= half_rays[window] && 2 * k < s->n_rays; k++) {
        down = nwc__fold_ray_before(s, down);
        below &= s->near[down] != 0;
        if (below) add_gates(s, down, first, end, &mean);
        above &= s->near[up] != 0;
        up = nwc__fold_ray_after(s, up);
        if (above) add_gates(s, up, first, end, &mean);
    }
    return mean.count >= least[window] ? mean.sum / mean.count : NAN;
}

/* The eight gates about a gate that are known; returns how many. */
static int neighbours(const nwc__fold_sweep *s, int64_t ray, int64_t gate, float *value)
{
    const int64_t before = nwc__fold_ray_before(s, ray), after = nwc__fold_ray_after(s, ray);
    const int64_t rays[3] = {s->near[before] && before != ray ? before : -1, ray,
                             s->near[ray] && after != ray ? after : -1};
    int count = 0;
    for (int k = 0; k < 3; k++) {
        if (rays[k] < 0) continue;
        const int64_t from = s->from[rays[k]] > gate - 1 ? s->from[rays[k]] : gate - 1;
        const int64_t to = s->to[rays[k]] < gate + 2 ? s->to[rays[k]] : gate + 2;
        for (int64_t g = from; g < to; g++) {
            const float v = s->unfolded[s->row[rays[k]] + g];
            if (v == v && !(k == 1 && g == gate)) value[count++] = v;
        }
    }
    return count;
}

/* Of rough velocities: confidence falls where their neighbours would about as well have them on another fold. */
static void compare(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, float *lines)
{
    const int64_t room = s->n_gates + 2;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t from = s->from[r], to = s->to[r];
        const int64_t before = nwc__fold_ray_before(s, r), after = nwc__fold_ray_after(s, r);
        if (from == to) continue;
        const float *const own = nwc__fold_line(s, s->unfolded, r, true, from - 1, to + 1, lines);
        const float *const low =
            nwc__fold_line(s, s->unfolded, before, s->near[before] && before != r, from - 1, to + 1, lines + room);
        const float *const high =
            nwc__fold_line(s, s->unfolded, after, s->near[r] && after != r, from - 1, to + 1, lines + 2 * room);
        kernels->compare(to - from, low + 1, own + 1, high + 1, s->rough + s->row[r] + from, ROUGH, s->nyquist_m_s[r],
                         s->confidence + s->row[r] + from);
    }
}

/*
 * Where neighbours jump by about the Nyquist velocity, as beside the core of a vortex, a strip of gates may hang on the wrong side:
 * jumps about a gate, in five rays and nine gates, take from its confidence. count has room for the rays.
 */
static void doubt_jumps(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch)
{
    const int64_t n = s->n_gates;
    uint8_t *const jump = scratch->across;
    int32_t *const count = scratch->rays, *const column = scratch->last;
    for (int64_t r = 0; r < s->n_rays; r++) count[r] = nwc__fold_jumps(s, kernels, r, JUMP, scratch->lines, jump);
    for (int64_t r = 0; r < s->n_rays; r++) {
        int64_t rays[5], any = 0;
        for (int64_t k = 0; k < 5; k++) {
            rays[k] = (r + k - 2 + 2 * s->n_rays) % s->n_rays;
            any += count[rays[k]];
        }
        if (any == 0) continue;
        memset(column, 0, (size_t)n * sizeof *column);
        for (int64_t k = 0; k < 5; k++) {
            const uint8_t *const at = jump + s->row[rays[k]];
            for (int64_t g = s->from[rays[k]]; count[rays[k]] && g < s->to[rays[k]]; g++)
                column[g] += (at[g] & NWC__JUMP_ALONG) + at[g] / NWC__JUMP_ACROSS;
        }
        int32_t sum = 0;
        const int64_t from = s->from[r], to = s->to[r];
        for (int64_t g = from > REACH ? from - REACH : 0; g < from + REACH && g < n; g++) sum += column[g];
        for (int64_t g = from; g < to; g++) {
            sum += g + REACH < n ? column[g + REACH] : 0;
            if (sum) s->confidence[s->row[r] + g] /= 1.0f + TORN * (float)sum;
            sum -= g >= REACH ? column[g - REACH] : 0;
        }
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
static void repair(nwc__fold_sweep *s)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const float first = 2.0f * s->nyquist_m_s[r] * (float)s->first_prf,
                    second = 2.0f * s->nyquist_m_s[r] * (float)s->second_prf;
        for (int64_t g = s->from[r]; g < s->to[r]; g++) {
            const int64_t i = s->row[r] + g;
            const float v = s->unfolded[i];
            float value[8];
            if (isnan(v) || s->rough[i] < NWC__ROUGHEST / 32) continue;
            const int count = neighbours(s, r, g, value);
            if (count < 4) continue;
            const float middle = median_of(value, count);
            float best = v;
            for (int j = -2; j <= 2; j++)
                for (int k = -2; k <= 2; k++) {
                    const float other = v + (float)j * first + (float)k * second;
                    if (abs(j) + abs(k) <= 2 && fabsf(other - middle) < fabsf(best - middle)) best = other;
                }
            if (fabsf(v - middle) < 0.4f * second || fabsf(best - middle) > 0.25f * second) continue;
            s->unfolded[i] = best;
            s->confidence[i] = fminf(s->confidence[i], UNSURE);
        }
    }
}

/* Put a gate on the fold nearest to a velocity; returns how far it is from that, in Nyquist velocities. */
static float put_near(nwc__fold_sweep *s, int64_t ray, int64_t i, float velocity)
{
    const float nyquist = s->nyquist_m_s[ray];
    s->fold[i] = (int16_t)rintf((velocity - s->velocity[i]) / (2.0f * nyquist));
    s->unfolded[i] = s->velocity[i] + 2.0f * nyquist * s->fold[i];
    return fabsf(s->unfolded[i] - velocity) / nyquist;
}

/* Give gates of a list (n, ascending) the fold nearest to those around them as they are now; returns how many are left in it. */
static int64_t fill(nwc__fold_sweep *s, int window, int32_t *list, int64_t n, float *mean)
{
    int64_t r = 0, left = 0;
    for (int64_t k = 0; k < n; k++) {
        while (list[k] >= s->row[r] + s->to[r]) r++;
        mean[k] = around(s, r, list[k] - s->row[r], window);
    }
    r = 0;
    for (int64_t k = 0; k < n; k++) {
        const int32_t i = list[k];
        while (i >= s->row[r] + s->to[r]) r++;
        if (isnan(mean[k])) {
            list[left++] = i;
            continue;
        }
        s->confidence[i] = clip(UNSURE - 0.1f * (float)window - 0.4f * put_near(s, r, i, mean[k]), 0.0f, 1.0f);
    }
    return left;
}

/* Gates of regions as their nodes have it; those of none are listed, and their number returned. */
static int64_t place_regions(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels,
                             const nwc__fold_node *nodes, int32_t *list)
{
    int64_t open = 0;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const float turn = 2.0f * s->nyquist_m_s[r];
        const int32_t end = s->row[r] + s->to[r];
        for (int32_t i = s->row[r] + s->from[r], next; i < end; i = next) {
            next = nwc__fold_run_end(s, i, end);
            if (s->label[i] >= 0) {
                const nwc__fold_node *const node = &nodes[s->first_node + s->label[i]];
                /* Margins are of differences in Nyquist velocities, but it is by m/s that wind changes: higher ones tell more. */
                const float margin = clip(node->margin * sqrtf(node->nyquist / NYQUIST), 0.0f, 1000.0f);
                for (int32_t k = i; k < next; k++) {
                    s->fold[k] = (int16_t)(s->fold[k] + node->fold);
                    s->unfolded[k] = s->velocity[k] + turn * s->fold[k];
                }
                kernels->trust(next - i, margin / ((margin + MARGIN) * (1.0f + DOUBT * node->doubt * node->doubt)),
                               s->rough + i, s->confidence + i);
                continue;
            }
            for (int32_t k = i; k < next; k++) {
                s->unfolded[k] = s->confidence[k] = NAN;
                list[open] = k;
                open += s->velocity[k] == s->velocity[k];
            }
        }
    }
    return open;
}

void nwc__fold_gates(nwc__fold_sweep *s, const nwc__fold_node *nodes, const nwc__fold_wind *wind, double altitude_m,
                     const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch)
{
    int32_t *const list = scratch->edges;
    int64_t open = place_regions(s, kernels, nodes, list);
    for (int window = 0; window < WINDOWS && open; window++)
        for (int pass = 0; pass < PASSES && open; pass++) {
            const int64_t left = fill(s, window, list, open, scratch->mean);
            if (left == open) break;
            open = left;
        }
    float *const expected = scratch->lines, *const doubt = expected + s->n_gates;
    int64_t r = -1;
    for (int64_t k = 0; k < open; k++) { /* nothing is near */
        const int32_t i = list[k];
        const bool another = r < 0 || i >= s->row[r] + s->to[r];
        while (r < 0 || i >= s->row[r] + s->to[r]) r++;
        if (another) nwc__wind_along(s, wind, altitude_m, r, expected, doubt);
        const float before = s->before ? s->before[i] : NAN;
        put_near(s, r, i, isnan(before) ? expected[i - s->row[r]] : before);
        s->confidence[i] = 0.0f;
    }
}

void nwc__fold_finish(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch)
{
    compare(s, kernels, scratch->lines);
    doubt_jumps(s, kernels, scratch);
    if (s->first_prf > 0.0) repair(s);
}
