/*
 * Where the variational motion begins, and what it leans on where there is no echo: the motion of the last cycle and a
 * background, both brought to the resolutions that need them.
 */
#include "motion/flow.h"

static const double least_gain = 0.15; /* of their differences a shift takes away so much, or frames are not shifted */

enum {
    WARM_LEVEL = 2 /* above the finest one, where a motion that is known already is taken up */
};

double nwc__flow_most_cells(const struct nwc__flow *flow, int32_t l)
{
    return ldexp(flow->problem->max_cells_s * NWC__FLOW_UNIT_S, -l);
}

static void fill(const struct nwc__flow *flow, const struct nwc__flow_level *level, int32_t u, int32_t v)
{
    for (int64_t i = 0; i < level->ny * level->nx; i++) flow->u[i] = (float)u, flow->v[i] = (float)v;
}

/* The sum of absolute differences of one pair, where both are known, when its earlier frame is moved by u, v. */
static double differences(const struct nwc__flow *flow, const struct nwc__flow_level *level,
                          const struct nwc__flow_pair *pair, float *shifted, int64_t *cells)
{
    const float *const later = level->frame[pair->later];
    double sum = 0.0;
    *cells = 0;
    for (int64_t j = 0; j < level->ny; j++) {
        const int64_t at = j * level->nx;
        flow->kernels->warp(level->frame[pair->earlier], level->ny, level->nx, j, flow->u + at, flow->v + at,
                            pair->share, shifted + at);
        for (int64_t i = at; i < at + level->nx; i++) {
            const float difference = fabsf(later[i] - shifted[i]);
            if (difference >= 0.0f) sum += (double)difference, ++*cells; /* false for NaN */
        }
    }
    return sum;
}

/*
 * Begin at the coarsest level with the shift that makes the frames agree best: it takes most of the differences between
 * them away, where what leaves the grid counts as differing as much as frames do that are not shifted. On large grids no
 * motion is as long as a cell of that level, and it begins at 0. Says whether there is a shift.
 */
static bool begin_cold(const struct nwc__flow *flow)
{
    const int32_t coarsest = flow->n_levels - 1, reach = (int32_t)nwc__flow_most_cells(flow, coarsest);
    const struct nwc__flow_level *const level = &flow->level[coarsest];
    const int32_t reach_x = reach < level->nx ? reach : (int32_t)level->nx - 1;
    const int32_t reach_y = reach < level->ny ? reach : (int32_t)level->ny - 1;
    int32_t best_u = 0, best_v = 0;
    double best = 0.0;
    fill(flow, level, 0, 0);
    for (int32_t p = 0; p < flow->n_pairs; p++) {
        struct nwc__flow_pair *const pair = &flow->pair[p];
        int64_t cells;
        const double sum = differences(flow, level, pair, flow->warped[p], &cells);
        pair->unmoved = cells > 0 ? sum / (double)cells : 0.0;
        best += least_gain * (double)pair->weight * sum;
    }
    for (int32_t v = -reach_y; v <= reach_y; v++)
        for (int32_t u = -reach_x; u <= reach_x; u++) {
            double gain = 0.0;
            fill(flow, level, u, v);
            for (int32_t p = 0; p < flow->n_pairs; p++) {
                const struct nwc__flow_pair *const pair = &flow->pair[p];
                int64_t cells;
                const double sum = differences(flow, level, pair, flow->warped[p], &cells);
                gain += (double)pair->weight * (pair->unmoved * (double)cells - sum);
            }
            if (gain > best) best = gain, best_u = u, best_v = v;
        }
    fill(flow, level, best_u, best_v);
    return best > 0.0 && (best_u || best_v);
}

/* ---- fields of motion at lower resolutions ---- */

struct halving {
    const struct nwc__flow *flow;
    const float *from;
    float *to;
    int32_t l; /* the level of to */
};

static nwc_status halve_row(int64_t j, void *user)
{
    const struct halving *const job = user;
    const struct nwc__flow_level *const level = &job->flow->level[job->l], *const fine = level - 1;
    const int64_t south = 2 * j, north = 2 * j + 1 < fine->ny ? 2 * j + 1 : 2 * j;
    job->flow->kernels->halve(job->from + south * fine->nx, job->from + north * fine->nx, fine->nx,
                              job->to + j * level->nx);
    return NWC_OK;
}

/* The levels 1 to last of a motion field of the input's resolution; coarse[l] is allocated here. */
static nwc_status halve_motion(nwc_ctx *ctx, const struct nwc__flow *flow, const float *const given[2], int32_t last,
                               float *coarse[NWC__FLOW_LEVELS][2])
{
    nwc_status status = NWC_OK;
    for (int32_t l = 1; l <= last; l++)
        for (int c = 0; c < 2; c++) {
            const struct nwc__flow_level *const level = &flow->level[l];
            NWC__ALLOC(ctx, coarse[l][c], level->ny * level->nx);
            struct halving job = {flow, l > 1 ? coarse[l - 1][c] : given[c], coarse[l][c], l};
            if ((status = nwc__for_each_tile(ctx, NULL, level->ny, halve_row, &job)) != NWC_OK) goto done;
        }
done:
    return status;
}

static void free_coarse(nwc_ctx *ctx, float *coarse[NWC__FLOW_LEVELS][2])
{
    for (int32_t l = NWC__FLOW_LEVELS - 1; l >= 0; l--)
        for (int c = 1; c >= 0; c--) nwc__free(ctx, coarse[l][c]);
}

nwc_status nwc__flow_background(nwc_ctx *ctx, struct nwc__flow *flow)
{
    const float *const *const given = flow->problem->background;
    if (!given[0]) return NWC_OK;
    NWC__TRY(halve_motion(ctx, flow, given, flow->n_levels - 1, flow->coarse));
    for (int32_t l = 0; l < flow->n_levels; l++)
        for (int c = 0; c < 2; c++) flow->level[l].background[c] = l > 0 ? flow->coarse[l][c] : given[c];
    return NWC_OK;
}

void nwc__flow_forget_background(nwc_ctx *ctx, struct nwc__flow *flow)
{
    free_coarse(ctx, flow->coarse);
}

/* ---- where to begin ---- */

/* Relaxation takes long to bring a wind that is uniform: where no shift was found, begin with the background itself. */
static void begin_with_background(const struct nwc__flow *flow)
{
    const struct nwc__flow_level *const level = &flow->level[flow->n_levels - 1];
    const float scale = (float)ldexp(NWC__FLOW_UNIT_S, 1 - flow->n_levels);
    for (int64_t i = 0; level->background[0] && i < level->ny * level->nx; i++) {
        const float u = scale * level->background[0][i], v = scale * level->background[1][i];
        if (isnan(u + v)) continue;
        flow->u[i] = u, flow->v[i] = v;
    }
}

/*
 * The motion of before at a level from which what it has changed by is within reach of a linearisation, and above which
 * all of the work is saved. What it does not know is calm.
 */
static nwc_status begin_warm(nwc_ctx *ctx, const struct nwc__flow *flow, int32_t first)
{
    float *coarse[NWC__FLOW_LEVELS][2] = {{NULL}};
    const float *const *const given = flow->problem->before;
    const struct nwc__flow_level *const level = &flow->level[first];
    const float scale = (float)ldexp(NWC__FLOW_UNIT_S, -first);
    const nwc_status status = halve_motion(ctx, flow, given, first, coarse);
    const float *last[2] = {given[0], given[1]};
    for (int32_t l = 1; l <= first && l < NWC__FLOW_LEVELS; l++) last[0] = coarse[l][0], last[1] = coarse[l][1];
    for (int c = 0; c < 2 && status == NWC_OK; c++) {
        const float *const from = last[c];
        float *const to = c == 0 ? flow->u : flow->v;
        for (int64_t i = 0; i < level->ny * level->nx; i++) to[i] = isnan(from[i]) ? 0.0f : scale * from[i];
    }
    free_coarse(ctx, coarse);
    return status;
}

nwc_status nwc__flow_begin(nwc_ctx *ctx, struct nwc__flow *flow, int32_t *first)
{
    const int32_t coarsest = flow->n_levels - 1, warm = flow->finest + WARM_LEVEL;
    *first = flow->problem->before[0] && warm < coarsest ? warm : coarsest;
    if (flow->problem->before[0]) return begin_warm(ctx, flow, *first);
    if (!begin_cold(flow)) begin_with_background(flow);
    return NWC_OK;
}
