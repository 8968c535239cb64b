/*
 * Variational echo tracking (Laroche and Zawadzki 1995, J. Atmos. Oceanic Technol. 12, 721; Germann and Zawadzki 2002, Mon. Wea.
 * Rev. 130, 2859): the displacement at the corners of sectors, bilinear between them, that makes frames agree in the mean
 * square and bends least. Sectors become more, from 2 x 2 to 32 x 32, each stage beginning where the one before ended.
 *
 * The published method looks at the frames as they are at every stage. Here few sectors see them at a low resolution, where no motion is
 * longer than two cells, and the resolution rises with the sectors: that is cheaper, and large motion is not lost. Both
 * pairs of three frames count alike. Steps are those of L-BFGS with the exact gradient.
 */
#include "motion/vet.h"
#include "motion/descend.h"

NWC__DECLARE_KERNELS(nwc__vet_kernels);

enum {
    MOST_SECTORS = 32,
    LEAST_SECTOR = 8, /* cells of the frames along a side */
    COARSE = 8,       /* cells along the shorter side of the lowest resolution, at least */
    STEPS = 40,       /* at each stage */
    STEPS_FULL = 8    /* at full resolution, which refines what is known already */
};
#define FAR 2.0     /* cells of the lowest resolution */
#define ENOUGH 1e-4 /* of the cost; a step that gains less is the last of its stage */
#define SMOOTH 0.05 /* times the mean over sectors of squared second differences of displacements in cells; mm h-1 */

struct job {
    const struct nwc__vet_cost *cost;
    const double *m; /* at nodes of the finest level */
    float *u, *v;
};

/* Sectors twice as many: m (2, n, n) to (2, 2 n - 1, 2 n - 1), in place of more. */
static void split(const double *m, int64_t n, double *more)
{
    const int64_t nn = 2 * n - 1;
    for (int64_t f = 0; f < 2; f++)
        for (int64_t j = 0; j < nn; j++)
            for (int64_t i = 0; i < nn; i++) {
                const double *const sw = m + (f * n + j / 2) * n + i / 2;
                const int64_t north = j % 2 * n, east = i % 2;
                more[(f * nn + j) * nn + i] = 0.25 * (sw[0] + sw[north] + sw[east] + sw[north + east]);
            }
}

static nwc_status fill_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__vet_axis *const y = &job->cost->y, *const x = &job->cost->x;
    int64_t k = 0;
    while (k + 2 < y->nodes && y->first[k + 1] <= j) k++;
    for (int f = 0; f < 2; f++) {
        const double *const south = job->m + (f * y->nodes + k) * x->nodes, *const north = south + x->nodes;
        float *const cells = (f == 0 ? job->u : job->v) + j * x->cells;
        for (int64_t node = 0; node + 1 < x->nodes; node++) {
            const double b = y->weight[j], west = south[node] + b * (north[node] - south[node]);
            const double east = south[node + 1] + b * (north[node + 1] - south[node + 1]);
            for (int64_t i = x->first[node]; i < x->first[node + 1]; i++)
                cells[i] = (float)((west + x->weight[i] * (east - west)) / NWC__VET_UNIT_S);
        }
    }
    return NWC_OK;
}

/* The lowest resolution worth looking at, as a level. */
static int32_t coarsest(const struct nwc__motion_problem *problem, double longest)
{
    return nwc__levels_for(problem, longest, FAR, COARSE, NWC__PYRAMID_LEVELS) - 1;
}

/* From stage to stage; m has room for most nodes and holds those of the last stage, at full resolution. */
static nwc_status track(nwc_ctx *ctx, const struct nwc__frame_pyramid *pyramid, struct nwc__vet_cost *cost, double *m,
                        double *room)
{
    const struct nwc__frame_level *const full = &pyramid->level[0];
    const int64_t longer = full->ny > full->nx ? full->ny : full->nx;
    int32_t l = pyramid->n_levels - 1;
    int64_t sectors = 2;
    memset(m, 0, 2 * 9 * sizeof *m);
    for (;;) {
        const bool last = l == 0;
        nwc__vet_lay_out(cost, &pyramid->level[l], sectors + 1);
        const double cells = ldexp((double)longer, -l) / (double)sectors; /* of this level, along a sector */
        cost->gamma = SMOOTH / ((double)(sectors * sectors) * cells * cells);
        NWC__TRY(nwc__descend(ctx, nwc__vet_cost_at, cost, 2 * (sectors + 1) * (sectors + 1),
                              last && pyramid->n_levels > 1 ? STEPS_FULL : STEPS, ENOUGH, m, NULL));
        const bool more = sectors < MOST_SECTORS && 2 * sectors * LEAST_SECTOR <= longer;
        if (last && !more) return NWC_OK;
        if (more) {
            split(m, sectors + 1, room);
            sectors *= 2;
            memcpy(m, room, (size_t)(2 * (sectors + 1) * (sectors + 1)) * sizeof *m);
        }
        if (l > 1 || (l == 1 && !more)) {
            l--;
            for (int64_t i = 0; i < 2 * (sectors + 1) * (sectors + 1); i++) m[i] *= 2.0;
        }
    }
}

nwc_status nwc__motion_vet(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                           float *u, float *v, float *quality)
{
    (void)options;
    enum { MOST_NODES = MOST_SECTORS + 1 };
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    const int32_t n_pairs = nwc__frame_pairs(problem, pairs);
    const double longest = nwc__longest_shift(problem, pairs, n_pairs);
    struct nwc__frame_pyramid pyramid = {.n_levels = 0};
    struct nwc__vet_cost cost = {.kernels = NWC__KERNELS(ctx, nwc__vet_kernels), .pairs = pairs, .n_pairs = n_pairs};
    double *m = NULL, *room = NULL;
    if ((status = nwc__quality_near_echo(ctx, problem, quality)) != NWC_OK) goto done;
    if ((status = nwc__frame_pyramid_create(ctx, problem, 1 + coarsest(problem, longest), &pyramid)) != NWC_OK)
        goto done;
    if ((status = nwc__vet_create(ctx, &pyramid.level[0], MOST_NODES, &cost)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, m, 2 * MOST_NODES * MOST_NODES);
    NWC__ALLOC(ctx, room, 2 * MOST_NODES * MOST_NODES);
    if ((status = track(ctx, &pyramid, &cost, m, room)) != NWC_OK) goto done;
    struct job job = {.cost = &cost, .m = m, .u = u, .v = v};
    status = nwc__for_each_tile(ctx, NULL, problem->ny, fill_row, &job);
done:
    nwc__free(ctx, room);
    nwc__free(ctx, m);
    nwc__vet_destroy(ctx, &cost);
    nwc__frame_pyramid_destroy(ctx, &pyramid);
    return status;
}
