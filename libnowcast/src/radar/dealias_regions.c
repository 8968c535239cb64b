/*
 * Regions of a sweep: gates joined by edges that leave no doubt, in the order of their doubt.
 *
 * An edge joins two gates that lie beside each other, and says by how many folds they differ. The edges are joined from the
 * cheapest to the dearest that is still sure (Kruskal's tree, as in Herraez et al. 2002), so that where the edges
 * around a place contradict each other, the contradiction is left at the dearest of them: along the shear line, not across smooth wind.
 */
#include "radar/dealias_regions.h"

enum {
    MOST = 18,    /* cost up to which an edge may join: that of a jump of 0.45 Nyquist velocities in smooth wind */
    SURE = 9,     /* up to it, of 0.22, it joins any two regions; above, only one that is */
    SMALL = 20,   /* of no more gates: which fold parts two larger ones is for all that lies between them to say */
    SMALLEST = 5, /* gates of a region; what is less is noise */
};

/* The root of a gate; fold becomes the gate's fold relative to it. Halves paths on the way. */
static int32_t root_of(int32_t *parent, int16_t *fold, int32_t gate, int32_t *relative)
{
    int32_t sum = 0;
    while (parent[gate] != gate) {
        const int32_t up = parent[gate];
        if (parent[up] != up) {
            fold[gate] = (int16_t)(fold[gate] + fold[up]);
            parent[gate] = parent[up];
        }
        sum += fold[gate];
        gate = parent[gate];
    }
    *relative = sum;
    return gate;
}

/* Join gates a and b, b's fold being a's plus step. */
static void join(int32_t *parent, int16_t *fold, int32_t *size, int32_t a, int32_t b, int32_t step, int32_t small)
{
    int32_t fold_a, fold_b;
    int32_t root_a = root_of(parent, fold, a, &fold_a), root_b = root_of(parent, fold, b, &fold_b);
    if (root_a == root_b) return;
    if (size[root_a] > small && size[root_b] > small) return;
    /* root_b's fold relative to root_a */
    int32_t turn = fold_a + step - fold_b;
    if (size[root_a] < size[root_b]) {
        const int32_t other = root_a;
        root_a = root_b;
        root_b = other;
        turn = -turn;
    }
    parent[root_b] = root_a;
    fold[root_b] = (int16_t)turn;
    size[root_a] += size[root_b];
}

static int32_t step_between(int16_t a, int16_t b)
{
    const int32_t whole = (int32_t)b - (int32_t)a;
    const int32_t wrapped = (int16_t)(uint16_t)(uint32_t)whole;
    return (wrapped - whole) / NWC__TURN; /* what must be added to b's fold so that b - a is the wrapped difference */
}

/* Edges up to a cost in the order of their costs: gate times two, plus one where the edge is to the next ray. */
static int64_t sort_edges(const nwc__fold_sweep *s, const uint8_t *along, const uint8_t *across, int32_t *edges)
{
    const int64_t n = s->n_gates;
    int64_t at[NWC__LEVELS + 1] = {0};
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int64_t i = r * n + s->from[r]; i < r * n + s->to[r]; i++) {
            if (along[i] <= MOST) at[along[i] + 1]++;
            if (across[i] <= MOST) at[across[i] + 1]++;
        }
    for (int k = 0; k < NWC__LEVELS; k++) at[k + 1] += at[k];
    const int64_t all = at[NWC__LEVELS];
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int64_t i = r * n + s->from[r]; i < r * n + s->to[r]; i++) {
            if (along[i] <= MOST) edges[at[along[i]]++] = (int32_t)(2 * i);
            if (across[i] <= MOST) edges[at[across[i]]++] = (int32_t)(2 * i + 1);
        }
    return all;
}

/* Costs of the edges from each gate between the first known of its ray and the last. */
static void all_costs(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, const uint8_t *known,
                      uint8_t *along, uint8_t *across)
{
    const int64_t n = s->n_gates;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t from = s->from[r], to = s->to[r], o = r * n;
        if (from == to) continue;
        const int64_t next = r + 1 < s->n_rays ? r + 1 : 0, p = next * n;
        kernels->costs(to - from - 1, s->phase + o + from, known + o + from, s->rough + o + from,
                       s->phase + o + from + 1, known + o + from + 1, s->rough + o + from + 1, along + o + from);
        along[o + to - 1] = 255;
        memset(across + o + from, 255, (size_t)(to - from));
        const int64_t low = from > s->from[next] ? from : s->from[next], high = to < s->to[next] ? to : s->to[next];
        if (s->linked[r] && low < high)
            kernels->costs(high - low, s->phase + o + low, known + o + low, s->rough + o + low, s->phase + p + low,
                           known + p + low, s->rough + p + low, across + o + low);
    }
}

/* Phases of all gates, 0 where not known. */
static void phases(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, uint8_t *known)
{
    const int64_t n = s->n_gates;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t first = r * n + s->from[r];
        memset(s->phase + r * n, 0, (size_t)n * sizeof *s->phase);
        memset(known + r * n, 0, (size_t)n);
        kernels->phases(s->to[r] - s->from[r], s->velocity + first, s->nyquist_m_s[r], s->phase + first, known + first);
    }
}

static void roughness(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, const uint8_t *known)
{
    const int64_t n = s->n_gates, last = s->n_rays - 1;
    for (int64_t r = 0; r <= last; r++) {
        const int64_t before = r ? r - 1 : last, after = r < last ? r + 1 : 0;
        const bool has_before = s->linked[before] && before != r, has_after = s->linked[r] && after != r;
        const int64_t g = s->from[r], b = before * n + g, a = after * n + g;
        kernels->roughness(s->to[r] - g, s->phase + r * n + g, known + r * n + g, has_before ? s->phase + b : NULL,
                           has_before ? known + b : NULL, has_after ? s->phase + a : NULL, has_after ? known + a : NULL,
                           s->rough + r * n + g);
    }
}

/* Roots of regions large enough get numbers; the fold of every gate is then that within its region. */
static void number_regions(nwc__fold_sweep *s, const uint8_t *known, struct nwc__region_scratch *scratch)
{
    const int64_t n = s->n_gates;
    int32_t *const parent = s->label, *const number = scratch->edges;
    s->n_labels = 0;
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int64_t i = r * n + s->from[r]; i < r * n + s->to[r]; i++) {
            int32_t relative;
            const int32_t root = root_of(parent, s->fold, (int32_t)i, &relative);
            if (root == i) number[i] = known[i] && scratch->size[i] >= SMALLEST ? s->n_labels++ : -1;
        }
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int64_t i = r * n + s->from[r]; i < r * n + s->to[r]; i++) { /* before any label is written over a path */
            int32_t relative;
            const int32_t root = root_of(parent, s->fold, (int32_t)i, &relative);
            scratch->size[i] = number[root];
            scratch->relative[i] = (int16_t)relative;
        }
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int64_t first = r * n + s->from[r], gates = s->to[r] - s->from[r];
        memcpy(s->label + first, scratch->size + first, (size_t)gates * sizeof *s->label);
        memcpy(s->fold + first, scratch->relative + first, (size_t)gates * sizeof *s->fold);
    }
}

void nwc__fold_regions(nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels,
                       struct nwc__region_scratch *scratch)
{
    const int64_t n = s->n_gates, gates = s->n_rays * n;
    uint8_t *const known = scratch->known;
    phases(s, kernels, known);
    roughness(s, kernels, known);
    all_costs(s, kernels, known, scratch->along, scratch->across);
    int32_t *const parent = s->label, *const size = scratch->size;
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int64_t i = r * n + s->from[r]; i < r * n + s->to[r]; i++) {
            parent[i] = (int32_t)i;
            size[i] = 1;
            s->fold[i] = 0;
        }
    const int64_t edges = sort_edges(s, scratch->along, scratch->across, scratch->edges);
    for (int64_t e = 0; e < edges; e++) {
        const int32_t a = scratch->edges[e] / 2;
        const int32_t b = scratch->edges[e] % 2 == 0 ? a + 1 : (int32_t)((a + n) % gates);
        join(parent, s->fold, size, a, b, step_between(s->phase[a], s->phase[b]),
             (scratch->edges[e] % 2 ? scratch->across : scratch->along)[a] < SURE ? INT32_MAX : SMALL);
    }
    number_regions(s, known, scratch);
}
