/*
 * The cost of variational echo tracking and its gradient, exact to rounding: the image of a displacement is read bilinearly, and
 * the gradient is that of what is read.
 */
#include "motion/vet.h"

enum { PARTS = 4 }; /* tiles of the rows between two rows of nodes */

static void axis_lay_out(struct nwc__vet_axis *axis, int64_t cells, int64_t nodes)
{
    const double spacing = cells > 1 ? (double)(cells - 1) / (double)(nodes - 1) : 1.0;
    axis->cells = cells, axis->nodes = nodes;
    int64_t node = 0;
    axis->first[0] = 0;
    for (int64_t i = 0; i < cells; i++) {
        int64_t at = (int64_t)((double)i / spacing);
        if (at > nodes - 2) at = nodes - 2;
        while (node < at) axis->first[++node] = (int32_t)i;
        axis->weight[i] = (double)i / spacing - (double)at;
    }
    while (node < nodes - 1) axis->first[++node] = (int32_t)cells;
}

/* Doubles of a tile: gradient of two rows of nodes, u, v and their gradient in one row, and the cost. */
static int64_t part_size(int64_t nodes)
{
    return 8 * nodes + 1;
}

nwc_status nwc__vet_create(nwc_ctx *ctx, const struct nwc__frame_level *finest, int64_t most_nodes,
                           struct nwc__vet_cost *cost)
{
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, cost->y.first, most_nodes);
    NWC__ALLOC(ctx, cost->x.first, most_nodes);
    NWC__ALLOC(ctx, cost->y.weight, finest->ny);
    NWC__ALLOC(ctx, cost->x.weight, finest->nx);
    NWC__ALLOC(ctx, cost->m, 2 * most_nodes * most_nodes);
    NWC__ALLOC(ctx, cost->part, PARTS * (most_nodes - 1) * part_size(most_nodes));
done:
    return status; /* what was allocated is the caller's to destroy */
}

void nwc__vet_destroy(nwc_ctx *ctx, struct nwc__vet_cost *cost)
{
    nwc__free(ctx, cost->part);
    nwc__free(ctx, cost->m);
    nwc__free(ctx, cost->x.weight);
    nwc__free(ctx, cost->y.weight);
    nwc__free(ctx, cost->x.first);
    nwc__free(ctx, cost->y.first);
}

void nwc__vet_lay_out(struct nwc__vet_cost *cost, const struct nwc__frame_level *level, int64_t nodes)
{
    cost->level = level;
    axis_lay_out(&cost->y, level->ny, nodes);
    axis_lay_out(&cost->x, level->nx, nodes);
    double sum = 0.0, count = 0.0;
    for (int32_t p = 0; p < cost->n_pairs; p++) {
        const float *const later = level->frame[cost->pairs[p].later];
        const float *const earlier = level->frame[cost->pairs[p].earlier];
        for (int64_t i = 0; i < level->ny * level->nx; i++) {
            const double d = (double)(later[i] - earlier[i]);
            if (d == d) sum += d * d, count += 1.0;
        }
    }
    cost->unmoved = count > 0.0 ? sqrt(sum / count) : 0.0;
}

/* Some of the rows between two rows of nodes. */
static nwc_status rows_of_part(int64_t tile, void *user)
{
    const struct nwc__vet_cost *const c = user;
    const struct nwc__frame_level *const level = c->level;
    const int64_t k = tile / PARTS, nodes = c->x.nodes, all = c->y.nodes * nodes;
    const int64_t south = c->y.first[k], rows = c->y.first[k + 1] - south, part = tile % PARTS;
    double *const gradient = c->part + tile * part_size(nodes); /* (2: u, v; 2: south, north; nodes) */
    double *const u = gradient + 4 * nodes, *const v = u + nodes, *const gu = v + nodes, *const gv = gu + nodes;
    double *const cost = gv + nodes;
    memset(gradient, 0, (size_t)part_size(nodes) * sizeof *gradient);
    for (int64_t j = south + rows * part / PARTS; j < south + rows * (part + 1) / PARTS; j++) {
        const double b = c->y.weight[j];
        for (int64_t i = 0; i < nodes; i++) {
            const double *const mu = c->m + k * nodes + i, *const mv = mu + all;
            u[i] = mu[0] + b * (mu[nodes] - mu[0]), v[i] = mv[0] + b * (mv[nodes] - mv[0]);
            gu[i] = gv[i] = 0.0;
        }
        for (int32_t p = 0; p < c->n_pairs; p++)
            *cost += c->kernels->row(level->frame[c->pairs[p].later] + j * level->nx, level->frame[c->pairs[p].earlier],
                                     level->ny, level->nx, j, &c->x, u, v, c->pairs[p].dt_s / NWC__VET_UNIT_S,
                                     c->unmoved, gu, gv);
        for (int64_t i = 0; i < nodes; i++) {
            gradient[i] += (1.0 - b) * gu[i], gradient[nodes + i] += b * gu[i];
            gradient[2 * nodes + i] += (1.0 - b) * gv[i], gradient[3 * nodes + i] += b * gv[i];
        }
    }
    return NWC_OK;
}

/* Half of gamma times one squared second difference, of weights w at four places of m, and its gradient. */
static double bend(double gamma, const double *m, double *gradient, const int64_t at[4], const double w[4])
{
    double d = 0.0;
    for (int k = 0; k < 4; k++) d += w[k] * m[at[k]];
    for (int k = 0; k < 4; k++) gradient[at[k]] += gamma * d * w[k];
    return 0.5 * gamma * d * d;
}

static double bends(const struct nwc__vet_cost *c, const double *m, double *gradient)
{
    static const double along[4] = {1.0, -2.0, 1.0, 0.0}, across[4] = {1.0, -1.0, -1.0, 1.0};
    const int64_t ny = c->y.nodes, nx = c->x.nodes;
    double sum = 0.0;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const int64_t at = j * nx + i;
            if (i + 2 < nx) sum += bend(c->gamma, m, gradient, (const int64_t[4]){at, at + 1, at + 2, at}, along);
            if (j + 2 < ny) sum += bend(c->gamma, m, gradient, (const int64_t[4]){at, at + nx, at + 2 * nx, at}, along);
            if (i + 1 < nx && j + 1 < ny) /* twice, as in the integral of all second derivatives */
                sum += bend(2.0 * c->gamma, m, gradient, (const int64_t[4]){at, at + 1, at + nx, at + nx + 1}, across);
        }
    return sum;
}

nwc_status nwc__vet_cost_at(nwc_ctx *ctx, void *user, const double *m, double *cost, double *gradient)
{
    struct nwc__vet_cost *const c = user;
    const int64_t nodes = c->x.nodes, all = c->y.nodes * nodes, tiles = PARTS * (c->y.nodes - 1);
    memcpy(c->m, m, (size_t)(2 * all) * sizeof *m);
    NWC__TRY(nwc__for_each_tile(ctx, "motion: echo tracking", tiles, rows_of_part, c));
    const double mean = 1.0 / ((double)(c->level->ny * c->level->nx) * (double)c->n_pairs);
    memset(gradient, 0, (size_t)(2 * all) * sizeof *gradient);
    *cost = 0.0;
    for (int64_t tile = 0; tile < tiles; tile++) {
        const double *const part = c->part + tile * part_size(nodes);
        double *const gu = gradient + tile / PARTS * nodes, *const gv = gu + all;
        for (int64_t i = 0; i < 2 * nodes; i++) gu[i] += mean * part[i], gv[i] += mean * part[2 * nodes + i];
        *cost += 0.5 * mean * part[8 * nodes];
    }
    *cost += bends(c, m, gradient) + bends(c, m + all, gradient + all);
    return NWC_OK;
}
