/*
 * Motion by windows that correlate: Tracking Radar Echoes by Correlation (Rinehart and Garvey 1978, Nature 273, 287), and with a
 * correction for continuity (COTREC: Li, Schmid and Joss 1995, J. Appl. Meteor. 34, 1286).
 *
 * Around nodes every 16 cells a window of 48 x 48 of the later frame is sought in the earlier one. At a resolution where motion is
 * a few cells long all shifts are tried; there the sums over strips of 16 columns are taken once and serve the three
 * windows that share them. At each finer resolution the best shift is climbed to from where it was, and at the last placed between
 * cells by a parabola. A window tells a motion where the coefficient of correlation, over cells known in both frames, is
 * 0.5 or more. Vectors of all pairs, placed where their echo is at the newest time, lose their outliers, and are
 * spread over the nodes as those of Lucas-Kanade are; continuity.c then takes their divergence away.
 */
#include "motion/correlate.h"
#include "motion/lucas_kanade.h"

#include "motion/continuity.h"

NWC__DECLARE_KERNELS(nwc__correlate_kernels);

enum {
    SPACING = 16, /* cells between nodes: a third of a window's side */
    FAR =
        16, /* at the first resolution motion is no longer than this many cells: at lower ones small echoes are lost */
    MOST_LEVELS = 4, /* SPACING >> 3 is 2 */
    CLIMB = 3        /* steps at each finer resolution */
};
#define LEAST_CORRELATION 0.5
#define LEAST_KNOWN 0.45 /* of a window's cells, in the later frame: half of it may lie beyond the grid */
#define LEAST_BOTH 0.5   /* of these, at a shift */
#define LEAST_STEP 0.1   /* cells between two frames: smaller differences between neighbours are not outliers */

/* A tile is a row of nodes. */
struct job {
    const nwc__correlate_kernels *kernels;
    const struct nwc__frame_pyramid *pyramid;
    struct nwc__frame_pair pair;
    int64_t node_ny, node_nx, reach; /* reach: cells of the coarsest level */
    float *columns;                  /* (node_ny, SUMS, nx of the coarsest level) */
    double *strips;                  /* (node_ny, node_nx, SUMS) */
    double *least;                   /* (node_ny, node_nx) */
    struct nwc__shift *shift;        /* likewise */
};

static struct nwc__window window_at(int64_t row, int64_t column, int32_t l)
{
    const int64_t size = SPACING >> l, y = row * size, x = column * size, half = 3 * size / 2;
    return (struct nwc__window){y - half, y + half, x - half, x + half};
}

/* How many cells must be known in both frames at a shift; INFINITY where the window itself is too little known. */
static double least_cells(const struct job *job, int64_t row, int64_t column, int32_t l)
{
    const struct nwc__window window = window_at(row, column, l);
    const double side = 3.0 * (double)(SPACING >> l);
    const double known = nwc__window_known(&job->pyramid->level[l], job->pair.later, &window);
    return known < LEAST_KNOWN * side * side ? (double)INFINITY : LEAST_BOTH * known;
}

/* The sums of the strips of one row of windows at one shift. */
static void sum_strips(const struct job *job, int64_t row, int64_t dx, int64_t dy)
{
    const int32_t l = job->pyramid->n_levels - 1;
    const struct nwc__frame_level *const level = &job->pyramid->level[l];
    const int64_t nx = level->nx, size = SPACING >> l;
    const struct nwc__window window = window_at(row, 0, l);
    const int64_t x0 = dx > 0 ? dx : 0, x1 = dx < 0 ? nx + dx : nx;
    float *const columns = job->columns + row * NWC__CORRELATE_SUMS * nx;
    double *const strips = job->strips + row * job->node_nx * NWC__CORRELATE_SUMS;
    memset(columns, 0, (size_t)(NWC__CORRELATE_SUMS * nx) * sizeof *columns);
    for (int64_t j = window.y0; j < window.y1; j++)
        if (j >= 0 && j < level->ny && j - dy >= 0 && j - dy < level->ny)
            job->kernels->add(level->frame[job->pair.later] + j * nx + x0,
                              level->frame[job->pair.earlier] + (j - dy) * nx + x0 - dx, x1 - x0, columns + x0, nx);
    for (int64_t m = 0; m < job->node_nx; m++) {
        const int64_t first = m * size - size / 2 > 0 ? m * size - size / 2 : 0;
        const int64_t end = m * size + size / 2 < nx ? m * size + size / 2 : nx;
        for (int s = 0; s < NWC__CORRELATE_SUMS; s++) {
            double sum = 0.0;
            for (int64_t i = first; i < end; i++) sum += (double)columns[s * nx + i];
            strips[m * NWC__CORRELATE_SUMS + s] = sum;
        }
    }
}

/* All shifts of a row of windows at the coarsest level, then the best one of each window climbed to at finer ones. */
static nwc_status follow_row(int64_t row, void *user)
{
    const struct job *const job = user;
    const int32_t coarsest = job->pyramid->n_levels - 1;
    const struct nwc__frame_level *const level = &job->pyramid->level[coarsest];
    const int64_t reach_x = job->reach < level->nx ? job->reach : level->nx - 1;
    const int64_t reach_y = job->reach < level->ny ? job->reach : level->ny - 1;
    const double *const strips = job->strips + row * job->node_nx * NWC__CORRELATE_SUMS;
    struct nwc__shift *const shift = job->shift + row * job->node_nx;
    double *const least = job->least + row * job->node_nx;
    for (int64_t m = 0; m < job->node_nx; m++) {
        shift[m] = (struct nwc__shift){.r = -2.0};
        least[m] = least_cells(job, row, m, coarsest);
    }
    for (int64_t dy = -reach_y; dy <= reach_y; dy++)
        for (int64_t dx = -reach_x; dx <= reach_x; dx++) {
            sum_strips(job, row, dx, dy);
            for (int64_t m = 0; m < job->node_nx; m++) {
                double sums[NWC__CORRELATE_SUMS] = {0.0};
                for (int64_t k = m > 0 ? m - 1 : 0; k <= m + 1 && k < job->node_nx; k++)
                    for (int s = 0; s < NWC__CORRELATE_SUMS; s++) sums[s] += strips[k * NWC__CORRELATE_SUMS + s];
                const double r = nwc__correlation(sums, least[m]);
                if (r > shift[m].r) shift[m] = (struct nwc__shift){.dx = dx, .dy = dy, .r = r};
            }
        }
    for (int64_t m = 0; m < job->node_nx; m++) {
        bool found = shift[m].r > -1.5;
        for (int32_t l = coarsest; found && l >= 0; l--) {
            const struct nwc__window window = window_at(row, m, l);
            if (l < coarsest) shift[m].dx *= 2, shift[m].dy *= 2;
            found = nwc__climb(job->kernels, &job->pyramid->level[l], &job->pair, &window, least_cells(job, row, m, l),
                               CLIMB, &shift[m]);
        }
        if (!found) shift[m].r = -2.0;
    }
    return NWC_OK;
}

/* The vectors of one pair of frames. */
static nwc_status follow_pair(nwc_ctx *ctx, const struct nwc__motion_problem *problem, struct job *job,
                              struct nwc__lk_vector *vectors, int64_t *n)
{
    NWC__TRY(nwc__for_each_tile(ctx, "motion: correlate", job->node_ny, follow_row, job));
    const double age_s = -problem->time_s[job->pair.later], dt_s = job->pair.dt_s;
    for (int64_t c = 0; c < job->node_ny * job->node_nx; c++) {
        const struct nwc__shift *const shift = &job->shift[c];
        const double u = shift->x / dt_s, v = shift->y / dt_s;
        if (shift->r < LEAST_CORRELATION || fabs(u) > problem->max_cells_s || fabs(v) > problem->max_cells_s) continue;
        vectors[(*n)++] = (struct nwc__lk_vector){.x = (double)(c % job->node_nx * SPACING) + u * age_s,
                                                  .y = (double)(c / job->node_nx * SPACING) + v * age_s,
                                                  .u = u,
                                                  .v = v};
    }
    return NWC_OK;
}

static nwc_status track(nwc_ctx *ctx, const struct nwc__motion_problem *problem, bool continuity, float *u, float *v,
                        float *quality)
{
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    const int32_t n_pairs = nwc__frame_pairs(problem, pairs);
    const double longest = nwc__longest_shift(problem, pairs, n_pairs);
    const int32_t n_levels = nwc__levels_for(problem, longest, FAR, 0, MOST_LEVELS);
    struct nwc__frame_pyramid pyramid = {.n_levels = 0};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__correlate_kernels),
                      .pyramid = &pyramid,
                      .node_ny = nwc__nodes(problem->ny, SPACING),
                      .node_nx = nwc__nodes(problem->nx, SPACING)};
    const int64_t nodes = job.node_ny * job.node_nx;
    struct nwc__lk_vector *vectors = NULL;
    float *node[3] = {NULL, NULL, NULL};
    int64_t n = 0;
    if ((status = nwc__frame_pyramid_create(ctx, problem, n_levels, &pyramid)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.columns, job.node_ny * NWC__CORRELATE_SUMS * pyramid.level[pyramid.n_levels - 1].nx);
    NWC__ALLOC(ctx, job.strips, nodes * NWC__CORRELATE_SUMS);
    NWC__ALLOC(ctx, job.least, nodes);
    NWC__ALLOC(ctx, job.shift, nodes);
    NWC__ALLOC(ctx, vectors, nodes * n_pairs);
    for (int f = 0; f < 3; f++) NWC__ALLOC(ctx, node[f], nodes);
    for (int32_t p = 0; p < n_pairs; p++) {
        job.pair = pairs[p];
        job.reach = (int64_t)ceil(ldexp(problem->max_cells_s * pairs[p].dt_s, 1 - pyramid.n_levels));
        if ((status = follow_pair(ctx, problem, &job, vectors, &n)) != NWC_OK) goto done;
    }
    if ((status = nwc__lk_drop_outliers(ctx, LEAST_STEP / pairs[0].dt_s, vectors, &n)) != NWC_OK) goto done;
    if (n == 0) {
        status = nwc__fail(NWC_ERR_NODATA, "frames: no window of the latest %d is found again", (int)problem->n_frames);
        goto done;
    }
    if ((status = nwc__lk_spread_nodes(ctx, vectors, n, problem->ny, problem->nx, SPACING, node)) != NWC_OK) goto done;
    if (continuity && (status = nwc__take_divergence(ctx, job.node_ny, job.node_nx, node[0], node[1])) != NWC_OK)
        goto done;
    status = nwc__nodes_to_cells(ctx, problem->ny, problem->nx, SPACING,
                                 (const float *const[3]){node[0], node[1], node[2]}, (float *const[3]){u, v, quality});
done:
    for (int f = 2; f >= 0; f--) nwc__free(ctx, node[f]);
    nwc__free(ctx, vectors);
    nwc__free(ctx, job.shift);
    nwc__free(ctx, job.least);
    nwc__free(ctx, job.strips);
    nwc__free(ctx, job.columns);
    nwc__frame_pyramid_destroy(ctx, &pyramid);
    return status;
}

nwc_status nwc__motion_trec(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                            float *u, float *v, float *quality)
{
    (void)options;
    return track(ctx, problem, false, u, v, quality);
}

nwc_status nwc__motion_cotrec(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                              const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)options;
    return track(ctx, problem, true, u, v, quality);
}
