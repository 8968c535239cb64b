/*
 * Minimum cuts: of all ways in which nodes may move or stay the cheapest, where no pair is dearer for moving together than for moving
 * apart (Kolmogorov and Zabih 2004). Nodes that move are on the sink's side of the cut, which is found by Dinic's algorithm (1970).
 *
 * The costs of a pair are those of an arc from a to b that is cut when b alone moves, of one from b to a, and of either node
 * moving whatever the other does. Those last are kept as near to 0 as arcs that must not be negative allow: where neither end gains by moving
 * alone, which is nearly everywhere, nothing flows; and levels are counted from the few nodes that gain.
 */
#include "radar/dealias_cut.h"

#define LEAST 1e-9 /* flow that rounding leaves */

nwc_status nwc__cut_create(nwc_ctx *ctx, int32_t n, int64_t n_pairs, nwc__cut *cut)
{
    nwc_status status = NWC_OK;
    *cut = (nwc__cut){.n = n, .n_pairs = n_pairs};
    NWC__ALLOC(ctx, cut->first, 2 * (int64_t)n + 1); /* one more for each part */
    NWC__ALLOC(ctx, cut->out, 2 * n_pairs);
    NWC__ALLOC(ctx, cut->to, 2 * n_pairs);
    NWC__ALLOC(ctx, cut->left, 2 * n_pairs);
    NWC__ALLOC(ctx, cut->excess, n);
    NWC__ALLOC(ctx, cut->level, n);
    NWC__ALLOC(ctx, cut->taker, n);
    NWC__ALLOC(ctx, cut->queue, n);
    NWC__ALLOC(ctx, cut->path, n);
    NWC__ALLOC(ctx, cut->at, n);
done:
    return status;
}

void nwc__cut_release(nwc_ctx *ctx, nwc__cut *cut)
{
    nwc__free(ctx, cut->at);
    nwc__free(ctx, cut->path);
    nwc__free(ctx, cut->queue);
    nwc__free(ctx, cut->taker);
    nwc__free(ctx, cut->level);
    nwc__free(ctx, cut->excess);
    nwc__free(ctx, cut->left);
    nwc__free(ctx, cut->to);
    nwc__free(ctx, cut->out);
    nwc__free(ctx, cut->first);
    *cut = (nwc__cut){.n = 0};
}

nwc__cut nwc__cut_part(const nwc__cut *cut, int32_t which, int32_t n_before, int32_t n, int64_t pairs_before,
                       int64_t n_pairs)
{
    return (nwc__cut){.n = n,
                      .n_pairs = n_pairs,
                      .first = cut->first + n_before + which,
                      .out = cut->out + 2 * pairs_before,
                      .to = cut->to + 2 * pairs_before,
                      .left = cut->left + 2 * pairs_before,
                      .excess = cut->excess + n_before,
                      .level = cut->level + n_before,
                      .taker = cut->taker + n_before,
                      .queue = cut->queue + n_before,
                      .path = cut->path + n_before,
                      .at = cut->at + n_before};
}

void nwc__cut_join(nwc__cut *cut, int64_t k, int32_t a, int32_t b)
{
    cut->to[2 * k] = b, cut->to[2 * k + 1] = a;
}

void nwc__cut_arrange(nwc__cut *cut)
{
    for (int32_t i = 0; i <= cut->n; i++) cut->first[i] = 0;
    for (int64_t k = 0; k < 2 * cut->n_pairs; k++) cut->first[cut->to[k] + 1]++;
    for (int32_t i = 0; i < cut->n; i++) cut->first[i + 1] += cut->first[i];
    for (int32_t i = 0; i < cut->n; i++) cut->at[i] = cut->first[i];
    for (int64_t k = 0; k < 2 * cut->n_pairs; k++) cut->out[cut->at[cut->to[k ^ 1]]++] = (int32_t)k;
}

void nwc__cut_weigh(nwc__cut *cut, int64_t k, double a_moves, double b_moves, double both)
{
    double of_b = both - a_moves > 0.0 ? both - a_moves : 0.0;
    if (of_b > b_moves) of_b = b_moves;
    const double back = a_moves - (both - of_b);
    cut->left[2 * k] = b_moves - of_b;
    cut->left[2 * k + 1] = back > 0.0 ? back : 0.0; /* below 0 by rounding alone */
    cut->excess[cut->to[2 * k + 1]] += both - of_b;
    cut->excess[cut->to[2 * k]] += of_b;
}

/* What a problem is at: nodes that can still take something, nodes that are reached from them, and steps to the nearest that gives. */
struct search {
    int32_t n_takers, n_reached, nearest;
};

/* Steps from nodes to the nearest that can take something, as far as to the nearest that has something to give; false for none. */
static bool levels(nwc__cut *cut, struct search *search)
{
    int32_t takers = 0, tail = 0;
    for (int32_t k = 0; k < search->n_reached; k++) cut->level[cut->queue[k]] = 0;
    for (int32_t k = 0; k < search->n_takers; k++) {
        const int32_t i = cut->taker[k];
        if (!(cut->excess[i] < -LEAST)) continue;
        cut->taker[takers++] = cut->queue[tail++] = i;
        cut->level[i] = 1;
        cut->at[i] = cut->first[i];
    }
    search->n_takers = takers;
    search->nearest = INT32_MAX;
    for (int32_t head = 0; head < tail && cut->level[cut->queue[head]] < search->nearest; head++) {
        const int32_t i = cut->queue[head];
        for (int64_t p = cut->first[i]; p < cut->first[i + 1]; p++) {
            const int32_t k = cut->out[p], from = cut->to[k];
            if (cut->level[from] || cut->left[k ^ 1] <= LEAST) continue;
            cut->level[from] = cut->level[i] + 1;
            cut->at[from] = cut->first[from];
            cut->queue[tail++] = from;
            if (cut->excess[from] > LEAST) search->nearest = cut->level[from];
        }
    }
    search->n_reached = tail;
    return search->nearest < INT32_MAX;
}

/* Send what a node has along shortest ways until it has nothing or they are used up; the path is kept, not recursed. */
static void send_from(nwc__cut *cut, int32_t source)
{
    int32_t depth = 0, node = source;
    while (cut->excess[source] > LEAST) {
        if (cut->level[node] == 1 && cut->excess[node] < -LEAST) {
            double flow = fmin(cut->excess[source], -cut->excess[node]);
            for (int32_t d = 0; d < depth; d++) flow = fmin(flow, cut->left[cut->path[d]]);
            cut->excess[source] -= flow;
            cut->excess[node] += flow;
            int32_t back = depth; /* go on from the first arc that is used up */
            for (int32_t d = depth - 1; d >= 0; d--) {
                cut->left[cut->path[d]] -= flow;
                cut->left[cut->path[d] ^ 1] += flow;
                if (cut->left[cut->path[d]] <= LEAST) back = d;
            }
            if (back < depth) node = cut->to[cut->path[back] ^ 1];
            depth = back;
            continue;
        }
        int64_t p = cut->at[node];
        for (; p < cut->first[node + 1]; p++) {
            const int32_t k = cut->out[p], to = cut->to[k];
            if (cut->left[k] > LEAST && cut->level[to] && cut->level[to] == cut->level[node] - 1) break;
        }
        cut->at[node] = p;
        if (p < cut->first[node + 1]) {
            cut->path[depth++] = cut->out[p];
            node = cut->to[cut->out[p]];
        } else if (depth == 0) {
            return;
        } else {
            node = cut->to[cut->path[--depth] ^ 1];
            cut->at[node]++; /* leads nowhere */
        }
    }
}

void nwc__cut_solve(nwc__cut *cut)
{
    struct search search = {0, 0, 0};
    for (int32_t i = 0; i < cut->n; i++) {
        cut->level[i] = 0;
        if (cut->excess[i] < -LEAST) cut->taker[search.n_takers++] = i;
    }
    while (levels(cut, &search))
        for (int32_t k = 0; k < search.n_reached; k++) {
            const int32_t i = cut->queue[k];
            if (cut->level[i] == search.nearest && cut->excess[i] > LEAST) send_from(cut, i);
        }
}
