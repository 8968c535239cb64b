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
 * where those of cost k begin. list has room for as many.
 */
static void sort_edges(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, const uint8_t *along,
                       const uint8_t *across, int32_t *list, int32_t *edges, int64_t *first)
{
    const uint8_t *const cost[2] = {along, across};
    const int64_t n = kernels->edges(s->n_cells, along, across, CHEAP + 1, MOST, list);
    int64_t count[MOST + 1] = {0}, at[MOST + 1];
    for (int64_t e = 0; e < n; e++) count[cost[list[e] & 1][list[e] >> 1]]++;
    first[CHEAP + 1] = 0;
    for (int k = CHEAP + 1; k <= MOST; k++) {
        at[k] = first[k];
        first[k + 1] = first[k] + count[k];
    }
    for (int64_t e = 0; e < n; e++) edges[at[cost[list[e] & 1][list[e] >> 1]]++] = list[e];
}

/* ---- trees ---- */

/* Gates of each ray that cheap edges join hang on the first of them. */
static void join_along(const nwc__fold_sweep *s, const struct trees *trees, const uint8_t *along)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int32_t end = s->row[r] + s->to[r];
        for (int32_t head = s->row[r] + s->from[r], i = head; i < end; head = i) {
            int32_t relative = 0;
            for (s->fold[i++] = 0; i < end && along[i - 1] <= CHEAP; i++) {
                relative += step_between(s->velocity[i - 1], s->velocity[i], s->nyquist_m_s[r]);
                trees->parent[i] = head;
                s->fold[i] = (int16_t)relative;
            }
            trees->parent[head] = head - i;
        }
    }
}

/* Across rays an edge beside one that has joined the same two rows of gates says nothing new. */
static void join_across(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, const struct trees *trees,
                        const uint8_t *along, const uint8_t *across, int32_t *list)
{
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t next = nwc__fold_ray_after(s, r);
        const int64_t from = s->from[r] > s->from[next] ? s->from[r] : s->from[next];
        const int64_t to = s->to[r] < s->to[next] ? s->to[r] : s->to[next];
        if (!s->linked[r] || from >= to) continue;
        const int32_t a = s->row[r] + (int32_t)from, b = s->row[next] + (int32_t)from;
        const int64_t n = kernels->fresh(to - from, across + a, along + a, along + b, CHEAP, list);
        for (int64_t k = 0; k < n; k++) {
            const int32_t i = a + list[k], j = b + list[k];
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

/* Roots of trees large enough get numbers, which become the labels of their gates; and the fold of every gate that within its region. */
static void number_regions(nwc__fold_sweep *s, const struct trees *trees)
{
    int32_t *const parent = trees->parent;
    s->n_labels = 0;
    for (int32_t i = 0; i < s->n_cells; i++)
        if (parent[i] < 0) s->label[i] = parent[i] <= -SMALLEST ? s->n_labels++ : -1;
    for (int32_t i = 0; i < s->n_cells;) {
        const int32_t up = parent[i], fold = s->fold[i];
        if (up < 0) {
            i++;
            continue;
        }
        int32_t turn;
        const int32_t root = root_of(trees, i, &turn), label = s->label[root];
        turn -= fold; /* that of the parent, on which gates beside each other mostly hang */
        s->fold[i] = (int16_t)fold;
        do {
            s->label[i] = label;
            s->fold[i] = (int16_t)(s->fold[i] + turn);
            parent[i++] = root;
        } while (i < s->n_cells && parent[i] == up);
    }
}

void nwc__fold_regions(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, nwc__fold_scratch *scratch)
{
    const struct trees trees = {scratch->list, s->fold};
    int64_t first[MOST + 2];
    roughness(s, kernels, scratch->lines);
    all_costs(s, kernels, scratch->along, scratch->across);
    sort_edges(s, kernels, scratch->along, scratch->across, scratch->list, scratch->edges, first);
    join_along(s, &trees, scratch->along);
    join_across(s, kernels, &trees, scratch->along, scratch->across, scratch->last);
    join_edges(s, &trees, scratch->edges, first);
    number_regions(s, &trees);
}
