/*
 * The tree of components of a field at all thresholds, by union-find from the greatest value down (Najman and Couprie 2006, IEEE
 * Trans. Image Process. 15, 3531; here without their rank, since a component's node has to be its latest grid cell, which path
 * compression alone bears). A node is what joins at one value: all grid cells of it are put in before its parts are judged, so that
 * neither the order of equal cells nor that of parts that meet in one place decides what a cell is.
 */
#include "cells/cells.h"

enum { MOST_NEIGHBOURS = 26 };

/* Of nodes. While a node is made, child is the first of the parts that meet in it, and last the last; next links parts. */
struct nodes {
    struct nwc__tree *tree;
    int32_t *joined; /* -1 before a grid cell is put in, and of what is no pixel, number -1 */
    int32_t *child, *last, *next;
    int32_t *peak;
    double *size, *core_size; /* core_size: of the largest part at or above the second threshold */
    uint8_t *shut;            /* cells have been told apart in it */
};

/* Which of two peaks counts: the greater, of equal ones the first. */
static int32_t better(const float *value, int32_t p, int32_t q)
{
    return value[p] > value[q] || (p < q && value[p] == value[q]) ? p : q;
}

/* Put parts first to last before those of node p. */
static void adopt(struct nodes *nodes, int32_t p, int32_t first, int32_t last)
{
    if (first < 0) return;
    nodes->next[last] = nodes->child[p];
    if (nodes->child[p] < 0) nodes->last[p] = last;
    nodes->child[p] = first;
}

/* Component r becomes part of node p, or one with it where both have the same value. */
static void join(struct nodes *nodes, int32_t p, int32_t r)
{
    const float *const value = nodes->tree->pixels->value;
    nodes->joined[r] = nodes->tree->parent[r] = p;
    nodes->size[p] += nodes->size[r];
    if (value[r] > value[p]) {
        adopt(nodes, p, r, r);
    } else {
        adopt(nodes, p, nodes->child[r], nodes->last[r]);
        nodes->peak[p] = better(value, nodes->peak[p], nodes->peak[r]);
    }
}

/* Part c is, or holds, a cell of its own where it meets others at a value. */
static bool stands_out(const struct nodes *nodes, int32_t c, double at)
{
    const nwc_cells_options *const options = nodes->tree->options;
    if (nodes->shut[c]) return true;
    const double peak = (double)nodes->tree->pixels->value[nodes->peak[c]];
    if (options->method == NWC_CELLS_SINGLE || peak < options->least_peak) return false;
    if (options->method == NWC_CELLS_DUAL)
        return at < options->core_threshold && nodes->core_size[c] > 0.0 && nodes->core_size[c] >= options->least_core;
    return peak - at >= options->saliency && nodes->size[c] >= options->least_core;
}

/* Parts meet at a value; true where cells have been told apart in what they make. */
static bool meet(struct nodes *nodes, int32_t first, double at)
{
    int32_t standing = 0;
    bool shut = false;
    for (int32_t c = first; c >= 0; c = nodes->next[c])
        if (stands_out(nodes, c, at)) standing++, shut = shut || nodes->shut[c];
    if (standing < 2) return shut;
    for (int32_t c = first; c >= 0; c = nodes->next[c])
        if (stands_out(nodes, c, at) && !nodes->shut[c]) nodes->tree->core[c] = c, nodes->tree->saddle[c] = (float)at;
    return true;
}

/* All grid cells of node p are in it. */
static void finish(struct nodes *nodes, int32_t p)
{
    const float *const value = nodes->tree->pixels->value;
    const double at = (double)value[p];
    const int32_t first = nodes->child[p];
    double core_size = 0.0;
    nodes->shut[p] = meet(nodes, first, at);
    for (int32_t c = first; c >= 0; c = nodes->next[c]) {
        nodes->peak[p] = better(value, nodes->peak[p], nodes->peak[c]);
        core_size = fmax(core_size, nodes->core_size[c]);
    }
    nodes->core_size[p] = at >= nodes->tree->options->core_threshold ? nodes->size[p] : core_size;
}

/* The numbers joined of the neighbours of p that are in: all are written, and those kept that count, without a branch for each. */
static int32_t neighbours(const struct nodes *nodes, int32_t p, int32_t *joined)
{
    const struct nwc__pixels *const pixels = nodes->tree->pixels;
    const int32_t *const around = pixels->map + pixels->place[p];
    int32_t n = 0;
    for (int32_t o = 0; o < pixels->n_offsets; o++) {
        joined[n] = nodes->joined[around[pixels->offset[o]]];
        n += joined[n] >= 0;
    }
    return n;
}

/* The trees of a part of the order. */
static nwc_status build(int64_t part, void *user)
{
    struct nodes *const nodes = user;
    const struct nwc__pixels *const pixels = nodes->tree->pixels;
    const int32_t *const order = nodes->tree->order;
    const int32_t last = nodes->tree->parts->begin[part + 1];
    for (int32_t begin = nodes->tree->parts->begin[part], end; begin < last; begin = end) {
        const float at = pixels->value[order[begin]];
        for (end = begin; end < last && pixels->value[order[end]] == at; end++) {
            const int32_t p = order[end];
            nodes->joined[p] = nodes->tree->parent[p] = nodes->peak[p] = p;
            nodes->child[p] = nodes->last[p] = nodes->next[p] = -1;
            nodes->size[p] = nodes->tree->size[p];
            int32_t joined[MOST_NEIGHBOURS + 1];
            const int32_t n = neighbours(nodes, p, joined);
            for (int32_t o = 0; o < n; o++) {
                const int32_t r = nwc__root_of(nodes->joined, joined[o]);
                if (r != p) join(nodes, p, r);
            }
        }
        for (int32_t e = begin; e < end; e++)
            if (nodes->joined[order[e]] == order[e]) finish(nodes, order[e]);
    }
    return NWC_OK;
}

/* The storm of the lowest nodes in a list, all of one group: none where it is small or low. */
static void make_storm(struct nodes *nodes, int32_t first)
{
    struct nwc__tree *const tree = nodes->tree;
    double size = 0.0;
    int32_t peak = nodes->peak[first];
    for (int32_t c = first; c >= 0; c = nodes->next[c]) {
        size += nodes->size[c];
        peak = better(tree->pixels->value, peak, nodes->peak[c]);
    }
    if (size < tree->options->least_size || (double)tree->pixels->value[peak] < tree->options->least_peak) return;
    const bool shut = meet(nodes, first, tree->options->threshold);
    for (int32_t c = first; c >= 0; c = nodes->next[c]) {
        tree->storm[c] = first;
        if (!shut) tree->core[c] = first;
    }
}

/* Lists of the lowest nodes of each group, in the order of their numbers; group is used up. */
static void make_storms(struct nodes *nodes, int32_t *group)
{
    const int32_t n = nodes->tree->pixels->n;
    for (int32_t p = n - 1; p >= 0; p--) nodes->child[p] = -1;
    for (int32_t p = n - 1; p >= 0; p--) {
        if (nodes->tree->parent[p] != p) continue;
        nodes->next[p] = nodes->child[group[p]];
        nodes->child[group[p]] = p;
    }
    for (int32_t p = 0; p < n; p++)
        if (nodes->tree->parent[p] == p && nodes->child[p] >= 0) make_storm(nodes, nodes->child[p]);
}

nwc_status nwc__cells_tree(nwc_ctx *ctx, const nwc__metric *metric, struct nwc__tree *tree)
{
    nwc_status status = NWC_OK;
    const int32_t n = tree->pixels->n;
    int32_t *numbers = NULL, *group = NULL;
    double *sizes = NULL;
    struct nodes nodes = {.tree = tree};
    NWC__ALLOC(ctx, numbers, 5 * (int64_t)n + 1);
    NWC__ALLOC(ctx, sizes, 2 * (int64_t)n);
    NWC__ALLOC(ctx, nodes.shut, n);
    nodes.joined = numbers + 1, nodes.joined[-1] = -1;
    nodes.child = nodes.joined + n, nodes.last = nodes.child + n, nodes.next = nodes.last + n;
    nodes.peak = nodes.next + n;
    nodes.size = sizes, nodes.core_size = sizes + n;
    for (int32_t p = 0; p < n; p++) tree->storm[p] = tree->core[p] = -1, tree->saddle[p] = NAN, nodes.joined[p] = -1;
    if ((status = nwc__for_each_tile(ctx, NULL, tree->parts->n, build, &nodes)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, group, n);
    if ((status = nwc__cells_close(ctx, tree, metric, group)) != NWC_OK) goto done;
    make_storms(&nodes, group);
done:
    nwc__free(ctx, group);
    nwc__free(ctx, nodes.shut);
    nwc__free(ctx, sizes);
    nwc__free(ctx, numbers);
    return status;
}
