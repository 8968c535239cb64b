/*
 * Motion by polynomial expansion (Farneback 2003, Image Analysis, Lect. Notes Comput. Sci. 2749, 363).
 *
 * Around every cell a frame is taken for a polynomial of second degree, fitted under a Gaussian of 1.5 cells; a shift by d changes its
 * linear part by twice its quadratic part times d. These equations, of all pairs, are summed over a neighbourhood and solved,
 * from coarse to fine, each time about the motion known so far. At the end the equations themselves are averaged
 * over squares of 8 x 8 cells and under a Gaussian of 30 cells, and solved once more at nodes: where echo tells little, that of
 * its surroundings decides, which a smoothing of the motion would not give. Where there is none at all motion is that of the grid
 * as a whole.
 */
#include "motion/farneback.h"
#include "grid/internal.h"
#include "motion/frames.h"
#include "motion/variational.h"

NWC__DECLARE_KERNELS(nwc__poly_kernels);
NWC__DECLARE_KERNELS(nwc__flow_kernels);

enum {
    REACH = NWC__POLY_REACH,
    TERMS = NWC__POLY_TERMS,
    SUMS = NWC__FLOW_TERMS, /* g11, g12, g22, h1, h2 */
    BLUR = NWC__FLOW_REACH,
    SMALLEST = 16, /* cells along the shorter side of a level */
    ROUNDS = 3,    /* at each level */
    SPACING = 8    /* cells between nodes of the result */
};
#define SIGMA 1.5         /* cells, of the polynomials */
#define WIDE 30.0         /* cells, of the result */
#define FAR 3.0           /* cells of the coarsest level */
#define LEAST 1e-4F       /* (mm h-1) per cell^4: what a cell must tell, or its surroundings decide */
#define LEAST_OF_ALL 1e-9 /* likewise for the grid: below, it is rounding */
#define LEAST_WIDE 1e-6F  /* likewise for nodes, or the grid as a whole decides */

struct job {
    const nwc__poly_kernels *kernels;
    const nwc__flow_kernels *blur;
    const struct nwc__frame_pyramid *pyramid;
    const struct nwc__frame_pair *pairs;
    int32_t n_pairs, l;
    float taps[REACH + 1];
    float *poly[NWC__MOST_FRAMES]; /* for each frame (TERMS, ny, nx) */
    float *sums, *other;           /* (SUMS, ny, nx) */
    float *row;                    /* for each row of the finest level: SUMS rows with margins, and one of zeros */
    float *u, *v, *next_u, *next_v, *quality;
    float *node[SUMS]; /* of the result */
    int64_t node_nx;
};

static int64_t row_size(int64_t nx)
{
    return SUMS * (nx + 2 * REACH) + nx;
}

static double share_of(const struct job *job, int32_t p)
{
    return job->pairs[p].dt_s / job->pairs[0].dt_s;
}

/* A row of all frames. What lies beyond the grid is not known, and so are polynomials that reach there. */
static nwc_status expand_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t nx = level->nx, pitch = nx + 2 * REACH;
    float *const moments = job->row + j * row_size(nx), *const unknown = moments + SUMS * pitch;
    for (int64_t i = 0; i < nx; i++) unknown[i] = NAN;
    for (int64_t i = 0; i < NWC__POLY_MOMENTS * pitch; i++) moments[i] = NAN;
    for (int32_t f = 0; f < job->pyramid->n_frames; f++) {
        const float *row[2 * REACH + 1];
        for (int64_t d = -REACH; d <= REACH; d++)
            row[d + REACH] = j + d < 0 || j + d >= level->ny ? unknown : level->frame[f] + (j + d) * nx;
        job->kernels->along_y(row, job->taps, nx, moments + REACH, pitch);
        job->kernels->along_x(moments, pitch, job->taps, nx, job->poly[f] + j * nx, level->ny * nx);
    }
    return NWC_OK;
}

/* The equations of a row, blurred along x. */
static nwc_status compare_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t nx = level->nx, plane = level->ny * nx, pitch = nx + 2 * REACH;
    float *const raw = job->row + j * row_size(nx);
    memset(raw, 0, (size_t)(SUMS * pitch) * sizeof *raw);
    for (int32_t p = 0; p < job->n_pairs; p++)
        job->kernels->compare(job->poly[job->pairs[p].later] + j * nx, job->poly[job->pairs[p].earlier], plane,
                              level->ny, nx, j, job->u + j * nx, job->v + j * nx, (float)share_of(job, p), raw + BLUR,
                              pitch);
    for (int64_t k = 0; k < SUMS; k++) job->blur->blur_x(raw + k * pitch, nx, job->sums + k * plane + j * nx);
    return NWC_OK;
}

static nwc_status solve_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t nx = level->nx, plane = level->ny * nx, pitch = nx + 2 * REACH;
    float *const blurred = job->row + j * row_size(nx), *const zeros = blurred + SUMS * pitch;
    memset(zeros, 0, (size_t)nx * sizeof *zeros);
    for (int64_t k = 0; k < SUMS; k++) {
        const float *row[2 * BLUR + 1];
        for (int64_t d = -BLUR; d <= BLUR; d++)
            row[d + BLUR] = j + d < 0 || j + d >= level->ny ? zeros : job->sums + k * plane + (j + d) * nx;
        job->blur->blur_y(row, nx, blurred + k * pitch);
        memcpy(job->other + k * plane + j * nx, blurred + k * pitch, (size_t)nx * sizeof *blurred);
    }
    job->kernels->solve(blurred, pitch, nx, LEAST, job->u + j * nx, job->v + j * nx, job->quality + j * nx);
    return NWC_OK;
}

static nwc_status refine_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l], *const coarse = level + 1;
    const int64_t near = j / 2, beyond = j % 2 ? near + 1 : near - 1;
    const int64_t far = beyond < 0 ? 0 : beyond < coarse->ny ? beyond : near;
    job->blur->refine(job->u + near * coarse->nx, job->u + far * coarse->nx, level->nx, 2.0f,
                      job->next_u + j * level->nx);
    job->blur->refine(job->v + near * coarse->nx, job->v + far * coarse->nx, level->nx, 2.0f,
                      job->next_v + j * level->nx);
    return NWC_OK;
}

static nwc_status go_through_levels(nwc_ctx *ctx, struct job *job)
{
    for (job->l = job->pyramid->n_levels - 1; job->l >= 0; job->l--) {
        const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
        if (job->l < job->pyramid->n_levels - 1) {
            NWC__TRY(nwc__for_each_tile(ctx, NULL, level->ny, refine_row, job));
            float *const u = job->u, *const v = job->v;
            job->u = job->next_u, job->v = job->next_v, job->next_u = u, job->next_v = v;
        } else {
            memset(job->u, 0, (size_t)(level->ny * level->nx) * sizeof *job->u);
            memset(job->v, 0, (size_t)(level->ny * level->nx) * sizeof *job->v);
        }
        NWC__TRY(nwc__for_each_tile(ctx, "motion: polynomials", level->ny, expand_row, job));
        for (int round = 0; round < ROUNDS; round++) {
            NWC__TRY(nwc__for_each_tile(ctx, "motion: polynomials", level->ny, compare_row, job));
            NWC__TRY(nwc__for_each_tile(ctx, "motion: polynomials", level->ny, solve_row, job));
        }
    }
    return NWC_OK;
}

/* The equations of the squares around a row of nodes. */
static nwc_status average_row(int64_t row, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const full = &job->pyramid->level[0];
    const int64_t plane = full->ny * full->nx;
    for (int64_t column = 0; column < job->node_nx; column++)
        for (int64_t k = 0; k < SUMS; k++) {
            double sum = 0.0;
            for (int64_t j = row * SPACING - SPACING / 2; j < row * SPACING + SPACING / 2; j++)
                for (int64_t i = column * SPACING - SPACING / 2; i < column * SPACING + SPACING / 2; i++)
                    if (j >= 0 && i >= 0 && j < full->ny && i < full->nx)
                        sum += (double)job->other[k * plane + j * full->nx + i];
            job->node[k][row * job->node_nx + column] = (float)(sum / (SPACING * SPACING));
        }
    return NWC_OK;
}

/* Nodes from the equations smoothed, in which the whole grid has a small say. */
static nwc_status smooth(nwc_ctx *ctx, struct job *job, int64_t node_ny)
{
    const int64_t nodes = node_ny * job->node_nx;
    NWC__TRY(nwc__for_each_tile(ctx, NULL, node_ny, average_row, job));
    double total[SUMS];
    for (int k = 0; k < SUMS; k++) {
        nwc_field field = {.data = job->node[k],
                           .ndim = 2,
                           .dim = {node_ny, job->node_nx},
                           .stride = {job->node_nx, 1},
                           .missing = NAN,
                           .units = "1"};
        total[k] = 0.0;
        for (int64_t i = 0; i < nodes; i++) total[k] += (double)job->node[k][i];
        NWC__TRY(nwc_grid_smooth(ctx, &field, NWC_SMOOTH_GAUSSIAN, WIDE / SPACING, WIDE / SPACING, 0.0, &field));
    }
    const double over = total[0] * total[2] - total[1] * total[1];
    if (!(total[0] + total[2] > LEAST_OF_ALL * (double)nodes) ||
        !(over > 1e-10 * (total[0] + total[2]) * (total[0] + total[2])))
        return nwc__fail(NWC_ERR_NODATA, "frames: nothing is curved in the latest %d where two are known",
                         (int)job->pyramid->n_frames);
    const double u = (total[2] * total[3] - total[1] * total[4]) / over;
    const double v = (total[0] * total[4] - total[1] * total[3]) / over;
    const float factor = (float)(1.0 / job->pairs[0].dt_s);
    for (int64_t i = 0; i < nodes; i++) {
        float sums[SUMS], quality, at[2] = {(float)u, (float)v};
        for (int k = 0; k < SUMS; k++) sums[k] = job->node[k][i];
        job->kernels->solve(sums, 1, 1, LEAST_WIDE, &at[0], &at[1], &quality);
        job->node[0][i] = factor * at[0], job->node[1][i] = factor * at[1];
    }
    return NWC_OK;
}

static void fill_taps(float taps[REACH + 1])
{
    double sum = 0.0;
    for (int k = -REACH; k <= REACH; k++) sum += exp(-0.5 * k * k / (SIGMA * SIGMA));
    for (int k = 0; k <= REACH; k++) taps[k] = (float)(exp(-0.5 * k * k / (SIGMA * SIGMA)) / sum);
}

nwc_status nwc__motion_farneback(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                 const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    const int32_t n_pairs = nwc__frame_pairs(problem, pairs);
    const double longest = nwc__longest_shift(problem, pairs, n_pairs);
    const int64_t ny = problem->ny, nx = problem->nx, cells = ny * nx;
    const int32_t n_levels = nwc__levels_for(problem, longest, FAR, SMALLEST, NWC__PYRAMID_LEVELS);
    struct nwc__frame_pyramid pyramid = {.n_levels = 0};
    const int64_t node_ny = nwc__nodes(ny, SPACING);
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__poly_kernels),
                      .blur = NWC__KERNELS(ctx, nwc__flow_kernels),
                      .pyramid = &pyramid,
                      .pairs = pairs,
                      .n_pairs = n_pairs,
                      .node_nx = nwc__nodes(nx, SPACING)};
    fill_taps(job.taps);
    if ((status = nwc__frame_pyramid_create(ctx, problem, n_levels, &pyramid)) != NWC_OK) goto done;
    for (int32_t f = 0; f < pyramid.n_frames; f++) NWC__ALLOC(ctx, job.poly[f], TERMS * cells);
    NWC__ALLOC(ctx, job.sums, SUMS * cells);
    NWC__ALLOC(ctx, job.other, SUMS * cells);
    NWC__ALLOC(ctx, job.row, ny * row_size(nx));
    NWC__ALLOC(ctx, job.u, cells);
    NWC__ALLOC(ctx, job.v, cells);
    NWC__ALLOC(ctx, job.next_u, cells);
    NWC__ALLOC(ctx, job.next_v, cells);
    for (int k = 0; k < SUMS; k++) NWC__ALLOC(ctx, job.node[k], node_ny * job.node_nx);
    job.quality = quality;
    if ((status = go_through_levels(ctx, &job)) != NWC_OK) goto done;
    if ((status = smooth(ctx, &job, node_ny)) != NWC_OK) goto done;
    status = nwc__nodes_to_cells(ctx, ny, nx, SPACING, (const float *const[3]){job.node[0], job.node[1], NULL},
                                 (float *const[3]){u, v, NULL});
done:
    for (int k = SUMS - 1; k >= 0; k--) nwc__free(ctx, job.node[k]);
    nwc__free(ctx, job.next_v);
    nwc__free(ctx, job.next_u);
    nwc__free(ctx, job.v);
    nwc__free(ctx, job.u);
    nwc__free(ctx, job.row);
    nwc__free(ctx, job.other);
    nwc__free(ctx, job.sums);
    for (int32_t f = NWC__MOST_FRAMES - 1; f >= 0; f--) nwc__free(ctx, job.poly[f]);
    nwc__frame_pyramid_destroy(ctx, &pyramid);
    return status;
}
