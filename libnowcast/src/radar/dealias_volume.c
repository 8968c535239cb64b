/*
 * The steps of dealiasing in their order.
 *
 * Regions of each sweep; pairs of gates between regions, in and between sweeps; the folds that make pairs agree best, which
 * leaves what hangs together unknown by a common number of folds; the wind that tells that number; the folds again, now
 * with what that wind expects of each region, for the small ones that hang on little; and from regions to gates. All but the
 * solution is work on one sweep, which is a tile.
 */
#include "radar/dealias_volume.h"
#include "radar/dealias_gates.h"
#include "radar/dealias_pairs.h"
#include "radar/dealias_regions.h"
#include "radar/dealias_rows.h"
#include "radar/dealias_solve.h"
#include "radar/dealias_tears.h"

#include <stdatomic.h>

#define PREVIOUS_DOUBT 8.0f /* m s-1: what a storm moves and changes from volume to volume */
#define EXPECTED 0.1f /* what a region's expected velocity counts, times the root of its gates: as its rim would */

NWC__DECLARE_KERNELS(nwc__dealias_kernels);

enum { CLUSTER_GATES = 100 /* what is smaller tells nothing of the wind */ };

struct job {
    nwc__fold_sweep *sweeps;
    int32_t n_sweeps, n_nodes;
    double altitude_m;
    const struct nwc__dealias_kernels *kernels;
    nwc__fold_scratch *scratch; /* of each thread: room for any sweep */
    _Atomic bool *taken;        /* whether a tile works in it */
    int32_t n_scratch;
    nwc__fold_node *nodes;
    nwc__fold_pair *pairs, *spare;
    int64_t *count; /* for sorting */
    int64_t *first,
        *found; /* where pairs of a part begin, and how many: within each sweep, then between each and the next */
    int64_t n_pairs;
    int32_t *cluster; /* of each node */
    int32_t n_clusters;
    nwc__wind_patch *patches; /* of each sweep */
    int64_t *n_patches;
    int32_t *n_torn; /* gates near tears, of each sweep */
    nwc__tears *tears;
    nwc__fold_wind wind;
    bool placed; /* whether the wind is that of the volume */
};

/* Room that no other tile works in; there is as much as there are threads. */
static nwc__fold_scratch *take_scratch(const struct job *job)
{
    int32_t k = 0;
    while (atomic_exchange(&job->taken[k], true)) k = (k + 1) % job->n_scratch;
    return &job->scratch[k];
}

static void leave_scratch(const struct job *job, const nwc__fold_scratch *scratch)
{
    atomic_store(&job->taken[scratch - job->scratch], false);
}

static nwc_status regions_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    nwc__fold_scratch *const scratch = take_scratch(job);
    nwc__fold_regions(&job->sweeps[tile], job->kernels, scratch);
    leave_scratch(job, scratch);
    return NWC_OK;
}

/* Pairs of a part, ordered by their nodes; or, as long as there is no room for them, the most there can be. */
static nwc_status pairs_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    const bool within = tile < job->n_sweeps;
    const nwc__fold_sweep *const low = &job->sweeps[within ? tile : tile - job->n_sweeps], *const high = low + !within;
    nwc__fold_pair *const to = job->pairs ? job->pairs + job->first[tile] : NULL;
    nwc__fold_scratch *const scratch = take_scratch(job);
    const int64_t n = within ? nwc__fold_pairs_within(low, scratch->last, to)
                             : nwc__fold_pairs_between(low, high, scratch->beside, to);
    leave_scratch(job, scratch);
    if (!to) {
        job->first[tile + 1] = n;
        return NWC_OK;
    }
    job->found[tile] = n;
    const int64_t before = within ? low->first_node : job->n_nodes + low->first_node + high->first_node; /* nodes */
    nwc__fold_sort_pairs(to, n, low->first_node, high->first_node + high->n_labels, job->spare + job->first[tile],
                         job->count + before + tile); /* nodes of each part, and one more */
    return NWC_OK;
}

/*
 * What speaks for a region's fold by itself: its size, and how far it is from what is expected of it, by the volume before or by wind, where
 * that is known already. lines has room for two of the gates.
 */
static void describe_nodes(const nwc__fold_sweep *s, const nwc__fold_wind *wind, double altitude_m, float *lines,
                           nwc__fold_node *nodes)
{
    float *const expected = lines, *const doubt = lines + s->n_gates;
    for (int32_t k = 0; k < s->n_labels; k++) nodes[k] = (nwc__fold_node){.fold = nodes[k].fold};
    for (int64_t r = 0; r < s->n_rays; r++) {
        const float nyquist = s->nyquist_m_s[r], one = 1.0f / nyquist;
        const int32_t end = s->row[r] + s->to[r];
        if (wind) nwc__wind_along(s, wind, altitude_m, r, expected, doubt);
        for (int32_t i = s->row[r] + s->from[r], next; i < end; i = next) {
            next = nwc__fold_run_end(s, i, end);
            if (s->label[i] < 0) continue;
            nwc__fold_node *const node = &nodes[s->label[i]];
            node->size += next - i;
            node->nyquist = nyquist;
            if (!wind && !s->before) continue;
            float residual = node->residual, weight = node->weight;
            for (int32_t k = i; k < next; k++) {
                const float before = s->before ? s->before[k] : NAN;
                if (!wind && isnan(before)) continue;
                const int32_t g = k - s->row[r];
                const float is = isnan(before) ? expected[g] : before, e = isnan(before) ? doubt[g] : PREVIOUS_DOUBT;
                const float d = e * one, w = 1.0f / ((1.0f + d * d) * (1.0f + d * d));
                residual += w * (s->velocity[k] + 2.0f * nyquist * s->fold[k] - is);
                weight += w;
            }
            node->residual = residual, node->weight = weight;
        }
    }
    for (int32_t k = 0; k < s->n_labels; k++) {
        if (!(nodes[k].weight > 0.0f)) continue;
        nodes[k].residual /= nodes[k].weight;
        nodes[k].weight *= EXPECTED / sqrtf((float)nodes[k].size);
    }
}

static nwc_status nodes_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    const nwc__fold_sweep *const sweep = &job->sweeps[tile];
    nwc__fold_scratch *const scratch = take_scratch(job);
    describe_nodes(sweep, job->placed ? &job->wind : NULL, job->altitude_m, scratch->lines,
                   job->nodes + sweep->first_node);
    leave_scratch(job, scratch);
    return NWC_OK;
}

static nwc_status patches_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    nwc__wind_patch *const to = job->patches + tile * NWC__PATCHES * job->n_clusters;
    nwc__fold_scratch *const scratch = take_scratch(job);
    job->n_patches[tile] = nwc__wind_patches(&job->sweeps[tile], job->nodes, job->cluster, job->n_clusters, &job->wind,
                                             job->altitude_m, scratch->patch, to);
    leave_scratch(job, scratch);
    return NWC_OK;
}

static nwc_status gates_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    nwc__fold_scratch *const scratch = take_scratch(job);
    nwc__fold_gates(&job->sweeps[tile], job->nodes, &job->wind, job->altitude_m, job->kernels, scratch);
    job->n_torn[tile] = nwc__tears_mark(&job->sweeps[tile], job->kernels, scratch);
    leave_scratch(job, scratch);
    return NWC_OK;
}

static nwc_status mend_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    const nwc__fold_sweep *const sweep = &job->sweeps[tile];
    nwc__fold_scratch *const scratch = take_scratch(job);
    nwc__tears_mend(sweep, tile > 0 ? sweep - 1 : NULL, tile + 1 < job->n_sweeps ? sweep + 1 : NULL, scratch,
                    &job->tears[tile]);
    leave_scratch(job, scratch);
    return NWC_OK;
}

static nwc_status finish_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    nwc__tears_apply(&job->tears[tile], &job->sweeps[tile]);
    nwc__fold_scratch *const scratch = take_scratch(job);
    nwc__fold_finish(&job->sweeps[tile], job->kernels, scratch);
    leave_scratch(job, scratch);
    return NWC_OK;
}

/* Number the largest clusters by size from 0; the rest is -1. Returns how many; size is scratch. */
static int32_t number_clusters(const struct job *job, int32_t *size)
{
    for (int32_t i = 0; i < job->n_nodes; i++) size[i] = 0, job->cluster[i] = -1;
    for (int32_t i = 0; i < job->n_nodes; i++) size[job->nodes[i].cluster] += job->nodes[i].size;
    int32_t found = 0;
    for (; found < NWC__WIND_CLUSTERS; found++) {
        int32_t best = -1;
        for (int32_t i = 0; i < job->n_nodes; i++)
            if (size[i] > CLUSTER_GATES && (best < 0 || size[i] > size[best])) best = i;
        if (best < 0) break;
        for (int32_t i = 0; i < job->n_nodes; i++)
            if (job->nodes[i].cluster == best) job->cluster[i] = found;
        size[best] = 0;
    }
    return found;
}

static nwc_status find_pairs(nwc_ctx *ctx, struct job *job)
{
    nwc_status status;
    const int64_t parts = 2 * (int64_t)job->n_sweeps - 1;
    NWC__ALLOC(ctx, job->first, parts + 1);
    NWC__ALLOC(ctx, job->found, parts);
    if ((status = nwc__for_each_tile(ctx, "dealias", parts, pairs_tile, job)) != NWC_OK) goto done;
    job->first[0] = 0;
    for (int64_t k = 0; k < parts; k++) job->first[k + 1] += job->first[k];
    NWC__ALLOC(ctx, job->pairs, job->first[parts]);
    NWC__ALLOC(ctx, job->spare, job->first[parts]);
    NWC__ALLOC(ctx, job->count, 3 * (int64_t)job->n_nodes + parts);
    if ((status = nwc__for_each_tile(ctx, "dealias", parts, pairs_tile, job)) != NWC_OK) goto done;
    for (int64_t k = 0; k < parts; k++) { /* one part behind the other */
        memmove(job->pairs + job->n_pairs, job->pairs + job->first[k], (size_t)job->found[k] * sizeof *job->pairs);
        job->n_pairs += job->found[k];
    }
done:
    nwc__free(ctx, job->count);
    nwc__free(ctx, job->spare);
    return status;
}

/* The wind, the folds of clusters by it, and what it expects. */
static nwc_status find_wind(nwc_ctx *ctx, struct job *job)
{
    nwc_status status;
    int32_t *size = NULL, fold[NWC__WIND_CLUSTERS] = {0};
    double doubt[NWC__WIND_CLUSTERS] = {0.0};
    NWC__ALLOC(ctx, job->cluster, job->n_nodes);
    NWC__ALLOC(ctx, size, job->n_nodes);
    job->n_clusters = number_clusters(job, size);
    const int64_t most = (int64_t)NWC__PATCHES * job->n_clusters; /* of a sweep */
    NWC__ALLOC(ctx, job->patches, job->n_sweeps * most);
    NWC__ALLOC(ctx, job->n_patches, job->n_sweeps);
    if ((status = nwc__for_each_tile(ctx, "dealias", job->n_sweeps, patches_tile, job)) != NWC_OK) goto done;
    int64_t patches = 0;
    for (int64_t k = 0; k < job->n_sweeps; k++) { /* one sweep behind the other */
        memmove(job->patches + patches, job->patches + k * most, (size_t)job->n_patches[k] * sizeof *job->patches);
        patches += job->n_patches[k];
    }
    nwc__wind_fit(job->patches, patches, job->n_clusters, &job->wind, fold, doubt);
    for (int32_t i = 0; i < job->n_nodes; i++) job->nodes[i].fold -= fold[job->cluster[i] >= 0 ? job->cluster[i] : 0];
    job->placed = true;
    if ((status = nwc__for_each_tile(ctx, "dealias", job->n_sweeps, nodes_tile, job)) != NWC_OK) goto done;
    for (int32_t i = 0; i < job->n_nodes; i++)
        job->nodes[i].doubt = job->cluster[i] >= 0 ? (float)doubt[job->cluster[i]] : 0.0f;
done:
    nwc__free(ctx, job->n_patches);
    nwc__free(ctx, job->patches);
    nwc__free(ctx, size);
    nwc__free(ctx, job->cluster);
    return status;
}

/* From regions to gates, those near tears once more. */
static nwc_status find_gates(nwc_ctx *ctx, struct job *job)
{
    nwc_status status;
    NWC__ALLOC(ctx, job->n_torn, job->n_sweeps);
    NWC__ALLOC(ctx, job->tears, job->n_sweeps);
    memset(job->tears, 0, (size_t)job->n_sweeps * sizeof *job->tears);
    if ((status = nwc__for_each_tile(ctx, "dealias", job->n_sweeps, gates_tile, job)) != NWC_OK) goto done;
    for (int32_t k = 0; k < job->n_sweeps; k++)
        if ((status = nwc__tears_create(ctx, job->n_torn[k], &job->tears[k])) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "dealias", job->n_sweeps, mend_tile, job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "dealias", job->n_sweeps, finish_tile, job);
done:
    for (int32_t k = job->n_sweeps - 1; job->tears && k >= 0; k--) nwc__tears_release(ctx, &job->tears[k]);
    nwc__free(ctx, job->tears);
    nwc__free(ctx, job->n_torn);
    return status;
}

static nwc_status solve(nwc_ctx *ctx, struct job *job)
{
    for (int32_t k = 0; k < job->n_sweeps; k++) {
        job->sweeps[k].first_node = job->n_nodes;
        job->n_nodes += job->sweeps[k].n_labels;
    }
    nwc_status status;
    NWC__ALLOC(ctx, job->nodes, job->n_nodes);
    for (int32_t i = 0; i < job->n_nodes; i++) job->nodes[i].fold = 0;
    if ((status = find_pairs(ctx, job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "dealias", job->n_sweeps, nodes_tile, job)) != NWC_OK) goto done;
    if ((status = nwc__fold_solve(ctx, job->nodes, job->n_nodes, job->pairs, job->n_pairs, true)) != NWC_OK) goto done;
    if ((status = find_wind(ctx, job)) != NWC_OK) goto done;
    if ((status = nwc__fold_solve(ctx, job->nodes, job->n_nodes, job->pairs, job->n_pairs, false)) != NWC_OK) goto done;
    status = find_gates(ctx, job);
done:
    nwc__free(ctx, job->pairs);
    nwc__free(ctx, job->found);
    nwc__free(ctx, job->first);
    nwc__free(ctx, job->nodes);
    return status;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Room for work, of each thread and any sweep. */
static nwc_status make_scratch(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    int64_t cells = 1, gates = 1, rays = 1;
    for (int32_t k = 0; k < job->n_sweeps; k++) {
        cells = larger(cells, job->sweeps[k].n_cells);
        gates = larger(gates, job->sweeps[k].n_gates);
        rays = larger(rays, job->sweeps[k].n_rays);
    }
    const int32_t n = ctx->threads < job->n_sweeps ? ctx->threads : job->n_sweeps;
    NWC__ALLOC(ctx, job->taken, n);
    NWC__ALLOC(ctx, job->scratch, n);
    memset(job->scratch, 0, (size_t)n * sizeof *job->scratch);
    for (job->n_scratch = 0; job->n_scratch < n;) {
        atomic_init(&job->taken[job->n_scratch], false);
        nwc__fold_scratch *const scratch = &job->scratch[job->n_scratch++];
        NWC__ALLOC(ctx, scratch->along, cells);
        NWC__ALLOC(ctx, scratch->across, cells);
        NWC__ALLOC(ctx, scratch->edges, 2 * cells);
        NWC__ALLOC(ctx, scratch->list, 2 * cells);
        NWC__ALLOC(ctx, scratch->mean, cells);
        NWC__ALLOC(ctx, scratch->lines, NWC__LINES * (gates + 2));
        NWC__ALLOC(ctx, scratch->last, 2 * gates);
        NWC__ALLOC(ctx, scratch->rays, rays);
        NWC__ALLOC(ctx, scratch->patch, NWC__PATCHES * NWC__WIND_CLUSTERS);
        NWC__ALLOC(ctx, scratch->beside, rays);
    }
done:
    return status;
}

static void release_scratch(nwc_ctx *ctx, struct job *job)
{
    for (int32_t k = job->n_scratch - 1; k >= 0; k--) {
        nwc__fold_scratch *const scratch = &job->scratch[k];
        nwc__free(ctx, scratch->beside);
        nwc__free(ctx, scratch->patch);
        nwc__free(ctx, scratch->rays);
        nwc__free(ctx, scratch->last);
        nwc__free(ctx, scratch->lines);
        nwc__free(ctx, scratch->mean);
        nwc__free(ctx, scratch->list);
        nwc__free(ctx, scratch->edges);
        nwc__free(ctx, scratch->across);
        nwc__free(ctx, scratch->along);
    }
    nwc__free(ctx, job->scratch);
    nwc__free(ctx, job->taken);
}

nwc_status nwc__fold_volume(nwc_ctx *ctx, nwc__fold_sweep *sweeps, int32_t n_sweeps, double altitude_m,
                            const nwc__fold_wind *wind)
{
    nwc_status status;
    struct job job = {.sweeps = sweeps,
                      .n_sweeps = n_sweeps,
                      .altitude_m = altitude_m,
                      .kernels = NWC__KERNELS(ctx, nwc__dealias_kernels),
                      .wind = *wind};
    if ((status = make_scratch(ctx, &job)) == NWC_OK &&
        (status = nwc__for_each_tile(ctx, "dealias", n_sweeps, regions_tile, &job)) == NWC_OK)
        status = solve(ctx, &job);
    release_scratch(ctx, &job);
    return status;
}
