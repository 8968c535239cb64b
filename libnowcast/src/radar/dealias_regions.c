/*
 * Regions of a sweep: gates joined by edges that leave no doubt, in the order of their doubt.
 *
 * An edge joins two gates that lie beside each other, and says by how many folds they differ. The edges are joined from the
 * cheapest to the dearest that is still sure (Kruskal's tree, as in Herraez et al. 2002), so that where the edges
 * around a place contradict each other, the contradiction is left at the dearest of them: along the shear line, not across smooth wind.
 * Edges that four of a kind cannot contradict each other about are joined first and ray by ray, whatever their order.
 */
#include "radar/dealias_regions.h"
#include "radar/dealias_rows.h"

enum {
    CHEAP = 4,    /* cost up to which order does not matter: that of a jump of 0.15 Nyquist velocities */
    MOST = 18,    /* cost up to which an edge may join: that of a jump of 0.45 Nyquist velocities in smooth wind */
    SURE = 9,     /* below it, of 0.22, it joins any two regions; from it on, only one that is */
    SMALL = 20,   /* of no more gates: which fold parts two larger ones is for all that lies between them to say */
    SMALLEST = 5, /* gates of a region; what is less is noise */
};

/*
 * Trees of gates: parent[i], or for a root less than 0, which is how many gates hang on it; fold[i] is relative to the parent.
 */
struct trees {
    int32_t *parent;
    int16_t *fold;
};

/* The root of a gate; relative becomes the gate's fold relative to it. Halves paths on the way. */
static inline int32_t root_of(const struct trees *trees, int32_t gate, int32_t *relative)
{
    int32_t sum = 0, up;
    while ((up = trees->parent[gate]) >= 0) {
        const int32_t next = trees->parent[up];
        if (next >= 0) {
            trees->fold[gate] = (int16_t)(trees->fold[gate] + trees->fold[up]);
            trees->parent[gate] = next;
            up = next;
        }
        sum += trees->fold[gate];
        gate = up;
    }
    *relative = sum;
    return gate;
}

/* Join gates a and b, b's fold being a's plus step, unless both hang on trees of more than small gates. */
static inline void join(const struct trees *trees, int32_t a, int32_t b, int32_t step, int32_t small)
{
    int32_t fold_a, fold_b;
    int32_t root_a = root_of(trees, a, &fold_a), root_b = root_of(trees, b, &fold_b);
    if (root_a == root_b) return;
    const int32_t size_a = -trees->parent[root_a], size_b = -trees->parent[root_b];
    if (size_a > small && size_b > small) return;
    int32_t turn = fold_a + step - fold_b; /* root_b's fold relative to root_a */
    if (size_a < size_b) {
        const int32_t other = root_a;
        root_a = root_b;
        root_b = other;
        turn = -turn;
    }
    trees->parent[root_b] = root_a;
    trees->fold[root_b] = (int16_t)turn;
    trees->parent[root_a] = -(size_a + size_b);
}

/* What must be added to b's fold so that b - a is within the Nyquist interval. */
static inline int32_t step_between(float a, float b, float nyquist)
{
    return b - a > nyquist ? -1 : b - a < -nyquist ? 1 : 0;
}

/* ---- edges ---- */

static void roughness(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, float *lines)
{
    const int64_t room = s->n_gates + 2;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t before = nwc__fold_ray_before(s, r), after = nwc__fold_ray_after(s, r);
        const int64_t from = s->from[r], to = s->to[r];
        if (from == to) continue;
        const float *const own = nwc__fold_line(s, s->velocity, r, true, from - 1, to + 1, lines);
        const float *const low =
            nwc__fold_line(s, s->velocity, before, s->linked[before] && before != r, from, to, lines + room);
        const float *const high =
            nwc__fold_line(s, s->velocity, after, s->linked[r] && after != r, from, to, lines + 2 * room);
        kernels->roughness(to - from, own + 1, low, high, s->nyquist_m_s[r], s->rough + s->row[r] + from);
    }
}

/* Costs of the edges from each gate to the next of its ray, and to that of the next ray. */
static void all_costs(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, uint8_t *along,
                      uint8_t *across)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t from = s->from[r], to = s->to[r], next = nwc__fold_ray_after(s, r);
        const int64_t o = s->row[r], p = s->row[next];
        if (from == to) continue;
        kernels->costs(to - from - 1, s->velocity + o + from, s->rough + o + from, s->velocity + o + from + 1,
                       s->rough + o + from + 1, s->nyquist_m_s[r], along + o + from);
        along[o + to - 1] = 255;
        memset(across + o + from, 255, (size_t)(to - from));
        const int64_t low = from > s->from[next] ? from : s->from[next], high = to < s->to[next] ? to : s->to[next];
        if (s->linked[r] && low < high)
            kernels->costs(high - low, s->velocity + o + low, s->rough + o + low, s->velocity + p + low,
                           s->rough + p + low, s->nyquist_m_s[r], across + o + low);
    }
}

/*
 * Edges dearer than CHEAP in the order of their costs, ray by ray: cell times two, plus one where the edge is to the next ray. first[k] is
 * where those of cost k begin.
 */
static void sort_edges(const nwc__fold_sweep *s, const uint8_t *along, const uint8_t *across, int32_t *edges,
                       int64_t *first)
{
    int64_t count[MOST + 1] = {0}, at[MOST + 1];
    for (int64_t i = 0; i < s->n_cells; i++) {
        if (along[i] > CHEAP && along[i] <= MOST) count[along[i]]++;
        if (across[i] > CHEAP && across[i] <= MOST) count[across[i]]++;
    }
    first[CHEAP + 1] = 0;
    for (int k = CHEAP + 1; k <= MOST; k++) {
        at[k] = first[k];
        first[k + 1] = first[k] + count[k];
    }
    for (int64_t i = 0; i < s->n_cells; i++) {
        const int a = along[i], b = across[i];
        if (a > CHEAP && a <= MOST) edges[at[a]++] = (int32_t)(2 * i);
        if (b > CHEAP && b <= MOST) edges[at[b]++] = (int32_t)(2 * i + 1);
    }
}

/* ---- trees ---- */

/* Gates of each ray that cheap edges join hang on the first of them. */
static void join_along(const nwc__fold_sweep *s, const struct trees *trees, const uint8_t *along)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int32_t end = s->row[r] + s->to[r];
        int32_t head = s->row[r] + s->from[r], relative = 0;
        for (int32_t i = head; i < end; i++) {
            if (i > head && along[i - 1] <= CHEAP) {
                relative += step_between(s->velocity[i - 1], s->velocity[i], s->nyquist_m_s[r]);
                trees->parent[i] = head;
                trees->parent[head]--;
            } else {
                head = i, relative = 0;
                trees->parent[i] = -1;
            }
            trees->fold[i] = (int16_t)relative;
        }
    }
}

/* Across rays an edge beside one that has joined the same two rows of gates says nothing new. */
static void join_across(const nwc__fold_sweep *s, const struct trees *trees, const uint8_t *along,
                        const uint8_t *across)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t next = nwc__fold_ray_after(s, r);
        const int32_t over = s->row[next] - s->row[r], first = s->row[r] + s->from[r], end = s->row[r] + s->to[r];
        for (int32_t i = first; i < end; i++) {
            if (across[i] > CHEAP) continue;
            const int32_t j = i + over;
            if (i > first && across[i - 1] <= CHEAP && along[i - 1] <= CHEAP && along[j - 1] <= CHEAP) continue;
            join(trees, i, j, step_between(s->velocity[i], s->velocity[j], s->nyquist_m_s[r]), INT32_MAX);
        }
    }
}

static void join_edges(const nwc__fold_sweep *s, const struct trees *trees, const int32_t *edges, const int64_t *first)
{
    for (int k = CHEAP + 1; k <= MOST; k++) {
        int64_t r = 0;
        for (int64_t e = first[k]; e < first[k + 1]; e++) {
            const int32_t a = edges[e] / 2;
            while (a >= s->row[r] + s->to[r]) r++;
            const int32_t b = edges[e] % 2 ? a + s->row[nwc__fold_ray_after(s, r)] - s->row[r] : a + 1;
            join(trees, a, b, step_between(s->velocity[a], s->velocity[b], s->nyquist_m_s[r]),
                 k < SURE ? INT32_MAX : SMALL);
        }
    }
}

/* Roots of trees large enough get numbers; parents become labels, and the fold of every gate that within its region. */
static void number_regions(nwc__fold_sweep *s)
{
    const struct trees trees = {s->label, s->fold};
    int32_t *const label = s->label;
    s->n_labels = 0;
    for (int32_t i = 0; i < s->n_cells; i++) {
        if (label[i] < 0) continue;
        int32_t relative;
        const int32_t root = root_of(&trees, i, &relative);
        label[i] = root;
        s->fold[i] = (int16_t)relative;
    }
    for (int32_t i = 0; i < s->n_cells; i++) /* -1: no region; less: -2 less its number */
        if (label[i] < 0) label[i] = label[i] <= -SMALLEST ? -2 - s->n_labels++ : -1;
    for (int32_t i = 0; i < s->n_cells; i++)
        if (label[i] >= 0) label[i] = label[label[i]] == -1 ? -1 : -2 - label[label[i]];
    for (int32_t i = 0; i < s->n_cells; i++)
        if (label[i] < -1) label[i] = -2 - label[i];
}

void nwc__fold_regions(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch)
{
    const struct trees trees = {s->label, s->fold};
    int64_t first[MOST + 2];
    roughness(s, kernels, scratch->lines);
    all_costs(s, kernels, scratch->along, scratch->across);
    join_along(s, &trees, scratch->along);
    join_across(s, &trees, scratch->along, scratch->across);
    sort_edges(s, scratch->along, scratch->across, scratch->edges, first);
    join_edges(s, &trees, scratch->edges, first);
    number_regions(s);
}
