/*
 * Integer folds of regions by minimum cuts.
 *
 * The energy is a sum of convex functions of differences of the unknown velocities, so that the jump moves of Bioucas-Dias and
 * Valadao (2007) reach its least value: in each step every region may go up by one fold or stay, and the best of all
 * those choices is a minimum cut; when no step up helps, steps down are tried, until neither does. Nyquist
 * velocities may differ from region to region: a step up of both then changes their difference, but stays between the two differences
 * that a step of one gives, which is what a move needs (it is submodular); the last step to the least value is then not certain.
 */
#include "radar/dealias_solve.h"
#include "radar/dealias_cut.h"

#include <stdlib.h>

#define STRONG 2.0 /* margin of a group that holds its regions together as one */
#define ALONE 6.0  /* pairs of a group that count as many as they are */

enum { MOST_MOVES = 64 };

struct group {
    int64_t first, end; /* pairs */
    int32_t a, b;
    double weight; /* of each */
};

/* Folds of the ends of a group, or what counts of them. */
struct place {
    int32_t a, b, step;
};

struct job {
    nwc__fold_node *nodes;
    int32_t n_nodes;
    const nwc__fold_pair *pairs;
    struct group *groups;
    int64_t n_groups;
    double (*energy)[4]; /* of each group, for neither, b, a and both moved */
    struct place *place; /* of each group: the folds that its energy is of; step 0 for none yet */
    bool *moved;
    double *margin; /* of each node, up and down */
    nwc__cut cut;
};

static double node_cost(const nwc__fold_node *node, int32_t fold)
{
    if (!(node->weight > 0.0f)) return 0.0;
    return node->weight * nwc__fold_cost(node->residual / node->nyquist + 2.0 * fold);
}

static double group_cost(const struct job *job, const struct group *group, int32_t fold_a, int32_t fold_b)
{
    const double va = job->nodes[group->a].nyquist, vb = job->nodes[group->b].nyquist;
    const double unit = 1.0 / sqrt(va * vb), turn = 2.0 * (vb * fold_b - va * fold_a);
    double sum = 0.0;
    for (int64_t p = group->first; p < group->end; p++)
        sum += job->pairs[p].weight * nwc__fold_cost((job->pairs[p].difference + turn) * unit);
    return group->weight * sum;
}

/* Whether the difference of their folds alone counts. */
static bool alike(const struct job *job, const struct group *group)
{
    return job->nodes[group->a].nyquist == job->nodes[group->b].nyquist;
}

/* What a group of one Nyquist velocity costs with this fold of b less that of a, and with one less and one more. */
static void group_costs(const struct job *job, const struct group *group, int32_t fold, double *less, double *here,
                        double *more)
{
    const double turn = 2.0 * job->nodes[group->b].nyquist, one = 1.0 / job->nodes[group->b].nyquist;
    double sum[3] = {0.0, 0.0, 0.0};
    for (int64_t p = group->first; p < group->end; p++) {
        const double d = (job->pairs[p].difference + turn * fold) * one;
        for (int k = 0; k < 3; k++) sum[k] += job->pairs[p].weight * nwc__fold_cost(d + 2.0 * (k - 1));
    }
    *less = group->weight * sum[0], *here = group->weight * sum[1], *more = group->weight * sum[2];
}

/* Energies of a group for a move by step. Most groups stay as they were from move to move, and keep theirs. */
static const double *group_energy(struct job *job, int64_t g, int32_t step)
{
    const struct group *const group = &job->groups[g];
    const bool same = alike(job, group);
    const int32_t a = same ? 0 : job->nodes[group->a].fold;
    const int32_t b = job->nodes[group->b].fold - (same ? job->nodes[group->a].fold : 0);
    double *const e = job->energy[g];
    struct place *const had = &job->place[g];
    const bool there = had->step != 0 && had->a == a && had->b == b;
    if (there && had->step == step) return e;
    if (there && same) {
        const double up = e[1];
        e[1] = e[2], e[2] = up;
    } else if (same) {
        group_costs(job, group, b, &e[step > 0 ? 2 : 1], &e[0], &e[step > 0 ? 1 : 2]);
        e[3] = e[0];
    } else {
        e[0] = there ? e[0] : group_cost(job, group, a, b);
        e[1] = group_cost(job, group, a, b + step);
        e[2] = group_cost(job, group, a + step, b);
        e[3] = group_cost(job, group, a + step, b + step);
    }
    *had = (struct place){a, b, step};
    return e;
}

/* The best of all moves by step; true when it makes the energy less. */
static bool move(struct job *job, int32_t step)
{
    nwc__cut *const cut = &job->cut;
    for (int32_t i = 0; i < job->n_nodes; i++)
        cut->excess[i] =
            node_cost(&job->nodes[i], job->nodes[i].fold + step) - node_cost(&job->nodes[i], job->nodes[i].fold);
    for (int64_t g = 0; g < job->n_groups; g++) {
        const double *const e = group_energy(job, g, step);
        nwc__cut_weigh(cut, g, e[2] - e[0], e[1] - e[0], e[3] - e[0]);
    }
    nwc__cut_solve(cut);
    double gain = 0.0;
    for (int32_t i = 0; i < job->n_nodes; i++) job->moved[i] = cut->level[i] > 0;
    for (int64_t g = 0; g < job->n_groups; g++) {
        const struct group *const group = &job->groups[g];
        gain += job->energy[g][2 * job->moved[group->a] + job->moved[group->b]] - job->energy[g][0];
    }
    for (int32_t i = 0; i < job->n_nodes; i++)
        if (job->moved[i])
            gain +=
                node_cost(&job->nodes[i], job->nodes[i].fold + step) - node_cost(&job->nodes[i], job->nodes[i].fold);
    if (!(gain < -1e-4)) return false; /* what rounding gains does not count */
    for (int32_t i = 0; i < job->n_nodes; i++) job->nodes[i].fold += job->moved[i] ? step : 0;
    return true;
}

/* ---- margins ---- */

static int32_t find(int32_t *parent, int32_t i)
{
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
}

/* What it costs to move b up by a fold, or down, against a. */
struct link {
    int32_t a, b;
    double up, down;
};

/* Equal ends by what they cost, so that sums do not depend on how qsort goes about it. */
static int by_ends(const void *p, const void *q)
{
    const struct link *const x = p, *const y = q;
    if (x->a != y->a) return x->a > y->a ? 1 : -1;
    if (x->b != y->b) return x->b > y->b ? 1 : -1;
    if (x->up != y->up) return x->up > y->up ? 1 : -1;
    return (x->down > y->down) - (x->down < y->down);
}

static double weaker(double up, double down)
{
    return up < down ? up : down;
}

/* Links between the clusters of now, one for each two of them; returns their number. */
static int64_t gather_links(int32_t *parent, struct link *links, int64_t n)
{
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k++) {
        struct link link = links[k];
        link.a = find(parent, link.a), link.b = find(parent, link.b);
        if (link.a == link.b) continue;
        if (link.a > link.b) link = (struct link){link.b, link.a, link.down, link.up};
        links[kept++] = link;
    }
    qsort(links, (size_t)kept, sizeof *links, by_ends);
    int64_t last = -1;
    for (int64_t k = 0; k < kept; k++) {
        if (last >= 0 && links[last].a == links[k].a && links[last].b == links[k].b) {
            links[last].up += links[k].up;
            links[last].down += links[k].down;
        } else {
            links[++last] = links[k];
        }
    }
    return last + 1;
}

/*
 * Margins: what moving each node by one fold costs; then lowered to what moving its cluster costs, but where the wind has placed that, of which
 * its doubt tells.
 */
static void set_margins(struct job *job, const struct link *links, int64_t n, bool whole)
{
    double *const up = job->margin, *const down = up + job->n_nodes;
    for (int32_t i = 0; i < job->n_nodes; i++) up[i] = down[i] = 0.0;
    for (int32_t i = 0; i < job->n_nodes; i++) {
        const nwc__fold_node *const node = &job->nodes[i];
        const int32_t of = whole ? node->cluster : i;
        up[of] += node_cost(node, node->fold + 1) - node_cost(node, node->fold);
        down[of] += node_cost(node, node->fold - 1) - node_cost(node, node->fold);
    }
    for (int64_t k = 0; k < n; k++) {
        up[links[k].b] += links[k].up, down[links[k].b] += links[k].down;
        up[links[k].a] += links[k].down, down[links[k].a] += links[k].up;
    }
    for (int32_t i = 0; i < job->n_nodes; i++) {
        const int32_t of = whole ? job->nodes[i].cluster : i;
        const float margin = (float)weaker(up[of], down[of]);
        if (!whole || (margin < job->nodes[i].margin && !(job->nodes[i].doubt > 0.0f))) job->nodes[i].margin = margin;
    }
}

/*
 * Regions that no fold can part cheaply hang together as a cluster: two are joined where all that lies between them makes it STRONG,
 * then what lies between those is added up again, until nothing changes. The margin of a region is what it costs to move its cluster by
 * one fold, whichever way is cheaper.
 */
static void clusters(struct job *job, int32_t *parent, struct link *links)
{
    for (int32_t i = 0; i < job->n_nodes; i++) parent[i] = i;
    for (int64_t g = 0; g < job->n_groups; g++) {
        const struct group *const group = &job->groups[g];
        const int32_t a = job->nodes[group->a].fold, b = job->nodes[group->b].fold;
        const double *const e = group_energy(job, g, 1);
        const double down = alike(job, group) ? e[2] : group_cost(job, group, a, b - 1);
        const double one = 1.0 / group->weight; /* all of it: here the sum says more than what it says of the best */
        links[g] = (struct link){group->a, group->b, one * (e[1] - e[0]), one * (down - e[0])};
    }
    set_margins(job, links, job->n_groups, false);
    int64_t n = gather_links(parent, links, job->n_groups);
    for (bool joined = true; joined;) {
        joined = false;
        for (int64_t k = 0; k < n; k++) {
            if (weaker(links[k].up, links[k].down) < STRONG) continue;
            const int32_t a = find(parent, links[k].a), b = find(parent, links[k].b);
            joined |= a != b;
            if (a < b)
                parent[b] = a;
            else
                parent[a] = b;
        }
        if (joined) n = gather_links(parent, links, n);
    }
    for (int32_t i = 0; i < job->n_nodes; i++) job->nodes[i].cluster = find(parent, i);
    set_margins(job, links, n, true);
}

struct evidence {
    double margin;
    int64_t group;
    int32_t step; /* fold of b less that of a */
};

static int by_margin(const void *p, const void *q)
{
    const struct evidence *const x = p, *const y = q;
    return x->margin != y->margin ? (x->margin < y->margin) - (x->margin > y->margin)
                                  : (x->group > y->group) - (x->group < y->group);
}

/* The step between two regions that all between them speaks for most, and by how much. */
static struct evidence evidence_of(struct job *job, int64_t g)
{
    const struct group *const group = &job->groups[g];
    const double turn = 2.0 * job->nodes[group->b].nyquist;
    double sum = 0.0, weight = 0.0;
    for (int64_t p = group->first; p < group->end; p++) {
        sum += job->pairs[p].weight * job->pairs[p].difference;
        weight += job->pairs[p].weight;
    }
    const int32_t middle = weight > 0.0 ? (int32_t)-rint(sum / weight / turn) : 0;
    double cost[3];
    if (alike(job, group)) {
        group_costs(job, group, middle, &cost[0], &cost[1], &cost[2]);
        memcpy(job->energy[g], (const double[4]){cost[1], cost[2], cost[0], cost[1]}, sizeof job->energy[g]);
        job->place[g] = (struct place){0, middle, 1}; /* where most are to stay */
    } else {
        for (int32_t k = 0; k < 3; k++) cost[k] = group_cost(job, group, 0, middle + k - 1);
    }
    const int best = cost[0] < cost[1] ? (cost[2] < cost[0] ? 2 : 0) : (cost[2] < cost[1] ? 2 : 1);
    double second = INFINITY;
    for (int k = 0; k < 3; k++)
        if (k != best && cost[k] < second) second = cost[k];
    return (struct evidence){second - cost[best], g, middle + best - 1};
}

/*
 * Where the moves begin: regions joined by the strongest evidence first, as a tree. Few moves are then left.
 */
static void begin(struct job *job, struct evidence *evidence, int32_t *parent, int32_t *turn)
{
    for (int64_t g = 0; g < job->n_groups; g++) evidence[g] = evidence_of(job, g);
    qsort(evidence, (size_t)job->n_groups, sizeof *evidence, by_margin);
    for (int32_t i = 0; i < job->n_nodes; i++) parent[i] = i, turn[i] = 0;
    for (int64_t k = 0; k < job->n_groups; k++) {
        const struct group *const group = &job->groups[evidence[k].group];
        int32_t ends[2] = {group->a, group->b}, fold[2] = {0, 0};
        for (int e = 0; e < 2; e++)
            while (parent[ends[e]] != ends[e]) {
                const int32_t up = parent[ends[e]];
                if (parent[up] != up) turn[ends[e]] += turn[up], parent[ends[e]] = parent[up];
                fold[e] += turn[ends[e]];
                ends[e] = parent[ends[e]];
            }
        if (ends[0] == ends[1]) continue;
        parent[ends[1]] = ends[0];
        turn[ends[1]] = fold[0] + evidence[k].step - fold[1];
    }
    for (int32_t i = 0; i < job->n_nodes; i++) {
        int32_t fold = 0;
        for (int32_t at = i; parent[at] != at; at = parent[at]) fold += turn[at];
        job->nodes[i].fold = fold;
    }
}

nwc_status nwc__fold_solve(nwc_ctx *ctx, nwc__fold_node *nodes, int32_t n_nodes, const nwc__fold_pair *pairs,
                           int64_t n_pairs, bool anew)
{
    nwc_status status;
    struct job job = {.nodes = nodes, .n_nodes = n_nodes, .pairs = pairs};
    struct link *links = NULL;
    struct evidence *evidence = NULL;
    for (int64_t p = 0; p < n_pairs; p++)
        job.n_groups += p == 0 || pairs[p].a != pairs[p - 1].a || pairs[p].b != pairs[p - 1].b;
    NWC__ALLOC(ctx, job.groups, job.n_groups);
    NWC__ALLOC(ctx, job.energy, job.n_groups);
    NWC__ALLOC(ctx, job.place, job.n_groups);
    NWC__ALLOC(ctx, job.margin, 2 * (int64_t)n_nodes);
    NWC__ALLOC(ctx, job.moved, n_nodes);
    NWC__ALLOC(ctx, evidence, job.n_groups);
    NWC__ALLOC(ctx, links, job.n_groups);
    if ((status = nwc__cut_create(ctx, n_nodes, job.n_groups, &job.cut)) != NWC_OK) goto done;
    int64_t g = -1;
    for (int64_t p = 0; p < n_pairs; p++) {
        if (p == 0 || pairs[p].a != pairs[p - 1].a || pairs[p].b != pairs[p - 1].b)
            job.groups[++g] = (struct group){p, p, pairs[p].a, pairs[p].b, 1.0};
        job.groups[g].end = p + 1;
    }
    for (g = 0; g < job.n_groups; g++) {
        job.place[g] = (struct place){0, 0, 0};
        job.groups[g].weight = sqrt(ALONE / (double)(job.groups[g].end - job.groups[g].first));
    }
    if (anew) begin(&job, evidence, job.cut.level, job.cut.queue);
    for (g = 0; g < job.n_groups; g++) nwc__cut_join(&job.cut, g, job.groups[g].a, job.groups[g].b);
    nwc__cut_arrange(&job.cut);
    int32_t moves = 0;
    for (int32_t step = 1, idle = 0; idle < 2 && moves < MOST_MOVES; moves++) {
        idle = move(&job, step) ? 0 : idle + 1;
        if (idle) step = -step;
        if ((status = nwc__progress(ctx, "dealias", 0.5)) != NWC_OK) goto done;
    }
    clusters(&job, job.cut.level, links);
    status = NWC_OK;
done:
    nwc__cut_release(ctx, &job.cut);
    nwc__free(ctx, links);
    nwc__free(ctx, evidence);
    nwc__free(ctx, job.moved);
    nwc__free(ctx, job.margin);
    nwc__free(ctx, job.place);
    nwc__free(ctx, job.energy);
    nwc__free(ctx, job.groups);
    return status;
}
