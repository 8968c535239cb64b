/*
 * Motion by anisotropic diffusion (Proesmans, Van Gool, Pauwels and Oosterlinck 1994, ECCV, Lect. Notes Comput. Sci. 801, 294).
 *
 * Motion is sought forward and backward at once. Each is moved from the mean of its neighbours by what frames differ along it, and
 * a neighbour has the less say the less both motions lead back to it: at the borders between motions they do not, and nothing
 * is smoothed across. Levels go from coarse to fine. The published iteration renews cells one after another; here all are renewed
 * from what was before, which gives the same on any number of threads, and weights are renewed every fourth step.
 * Frames are the latest two that are compared. The result is the motion from the newer one back, turned about, since a
 * forecast starts there.
 */
#include "motion/proesmans.h"
#include "motion/frames.h"
#include "motion/variational.h"

NWC__DECLARE_KERNELS(nwc__diffuse_kernels);
NWC__DECLARE_KERNELS(nwc__flow_kernels);

enum {
    SMALLEST = 8, /* cells along the shorter side of a level */
    STEPS = 100,  /* at each level */
    STEPS_FULL = 40,
    RENEW = 4 /* steps between new weights */
};
#define LAMBDA                                                                                                         \
    200.0F /* four times that of the published method, whose frames are in dB: roots differ half as much where it rains little */
#define BRIGHTEST 7.75F /* x of the highest rate */
#define DOUBT 0.9       /* of the mean length: at this one a weight is 1 / 2 */

/* One direction; fields are (ny, nx). */
struct way {
    float *u, *v, *next_u, *next_v, *weight, *gx, *gy;
    float over; /* of the lengths, where they become weights */
};

struct job {
    const nwc__diffuse_kernels *kernels;
    const nwc__flow_kernels *refine;
    const struct nwc__frame_pyramid *pyramid;
    int32_t l, frame[2]; /* from, to */
    struct way way[2];
    float *row; /* for each row three rows of u, v, weight with margins */
    float *sum; /* (2, ny, 2) */
    float *u, *v, *quality;
    float factor;
};

static int64_t pitch_of(int64_t nx)
{
    return nx + 2;
}

/* Central differences, one-sided at the edge, of frames from 0 to 1; NaN where one is not known. A tile is a row. */
static nwc_status gradient_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t nx = level->nx, south = j > 0 ? j - 1 : j, north = j + 1 < level->ny ? j + 1 : j;
    for (int d = 0; d < 2; d++) {
        const float *const x = level->frame[job->frame[d]];
        for (int64_t i = 0; i < nx; i++) {
            const int64_t west = i > 0 ? i - 1 : i, east = i + 1 < nx ? i + 1 : i;
            job->way[d].gx[j * nx + i] =
                east > west ? (x[j * nx + east] - x[j * nx + west]) / (float)(east - west) : 0.0f;
            job->way[d].gy[j * nx + i] =
                north > south ? (x[north * nx + i] - x[south * nx + i]) / (float)(north - south) : 0.0f;
        }
    }
    return NWC_OK;
}

/* Tiles are rows of the one way and then of the other. */
static nwc_status apart_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t d = tile / level->ny, j = tile % level->ny, at = j * level->nx;
    const struct way *const way = &job->way[d], *const back = &job->way[1 - d];
    job->sum[2 * tile] = job->sum[2 * tile + 1] = 0.0f;
    job->kernels->apart(way->u + at, way->v + at, back->u, back->v, level->ny, level->nx, j, way->weight + at,
                        job->sum + 2 * tile);
    return NWC_OK;
}

static nwc_status weigh_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const struct way *const way = &job->way[tile / level->ny];
    job->kernels->weigh(way->weight + tile % level->ny * level->nx, level->nx, way->over);
    return NWC_OK;
}

/* A row with a cell of margin to either side, which repeats the edge. */
static void copy_row(const float *from, int64_t nx, float *to)
{
    memcpy(to + 1, from, (size_t)nx * sizeof *to);
    to[0] = from[0], to[nx + 1] = from[nx - 1];
}

static nwc_status step_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t d = tile / level->ny, j = tile % level->ny, nx = level->nx, pitch = pitch_of(nx);
    const struct way *const way = &job->way[d];
    float *const room = job->row + tile * 9 * pitch;
    const float *row[3];
    for (int64_t k = 0; k < 3; k++) {
        const int64_t y = j + k - 1 < 0 ? 0 : j + k - 1 < level->ny ? j + k - 1 : level->ny - 1;
        float *const to = room + k * 3 * pitch;
        copy_row(way->u + y * nx, nx, to);
        copy_row(way->v + y * nx, nx, to + pitch);
        copy_row(way->weight + y * nx, nx, to + 2 * pitch);
        row[k] = to;
    }
    job->kernels->step(row, pitch, level->frame[job->frame[d]] + j * nx, way->gx + j * nx, way->gy + j * nx,
                       level->frame[job->frame[1 - d]], level->ny, nx, j, LAMBDA / (BRIGHTEST * BRIGHTEST),
                       way->next_u + j * nx, way->next_v + j * nx);
    return NWC_OK;
}

static nwc_status refine_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l], *const coarse = level + 1;
    const struct way *const way = &job->way[tile / level->ny];
    const int64_t j = tile % level->ny, near = j / 2, beyond = j % 2 ? near + 1 : near - 1;
    const int64_t far = beyond < 0 ? 0 : beyond < coarse->ny ? beyond : near;
    job->refine->refine(way->u + near * coarse->nx, way->u + far * coarse->nx, level->nx, 2.0f,
                        way->next_u + j * level->nx);
    job->refine->refine(way->v + near * coarse->nx, way->v + far * coarse->nx, level->nx, 2.0f,
                        way->next_v + j * level->nx);
    return NWC_OK;
}

static void swap(struct job *job)
{
    for (int d = 0; d < 2; d++) {
        struct way *const way = &job->way[d];
        float *const u = way->u, *const v = way->v;
        way->u = way->next_u, way->v = way->next_v, way->next_u = u, way->next_v = v;
    }
}

static nwc_status renew_weights(nwc_ctx *ctx, struct job *job)
{
    const int64_t ny = job->pyramid->level[job->l].ny;
    NWC__TRY(nwc__for_each_tile(ctx, NULL, 2 * ny, apart_row, job));
    for (int64_t d = 0; d < 2; d++) {
        double sum = 0.0, count = 0.0;
        for (int64_t j = d * ny; j < (d + 1) * ny; j++)
            sum += (double)job->sum[2 * j], count += (double)job->sum[2 * j + 1];
        job->way[d].over = sum > 0.0 ? (float)(count / (DOUBT * sum)) : 0.0f;
    }
    return nwc__for_each_tile(ctx, NULL, 2 * ny, weigh_row, job);
}

static nwc_status diffuse(nwc_ctx *ctx, struct job *job)
{
    for (job->l = job->pyramid->n_levels - 1; job->l >= 0; job->l--) {
        const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
        if (job->l < job->pyramid->n_levels - 1) {
            NWC__TRY(nwc__for_each_tile(ctx, NULL, 2 * level->ny, refine_row, job));
            swap(job);
        } else {
            for (int d = 0; d < 2; d++) {
                memset(job->way[d].u, 0, (size_t)(level->ny * level->nx) * sizeof *job->way[d].u);
                memset(job->way[d].v, 0, (size_t)(level->ny * level->nx) * sizeof *job->way[d].v);
            }
        }
        NWC__TRY(nwc__for_each_tile(ctx, NULL, level->ny, gradient_row, job));
        const int steps = job->l == 0 && job->pyramid->n_levels > 1 ? STEPS_FULL : STEPS;
        for (int n = 0; n < steps; n++) {
            if (n % RENEW == 0) NWC__TRY(renew_weights(ctx, job));
            NWC__TRY(nwc__for_each_tile(ctx, "motion: diffusion", 2 * level->ny, step_row, job));
            swap(job);
        }
    }
    return NWC_OK;
}

static nwc_status result_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->pyramid->level[0].nx;
    const struct way *const back = &job->way[1];
    for (int64_t i = j * nx; i < (j + 1) * nx; i++)
        job->u[i] = -job->factor * back->u[i], job->v[i] = -job->factor * back->v[i];
    return NWC_OK;
}

nwc_status nwc__motion_proesmans(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                 const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    (void)nwc__frame_pairs(problem, pairs);
    const double longest = nwc__longest_shift(problem, pairs, 1);
    const int64_t ny = problem->ny, nx = problem->nx, cells = ny * nx;
    const int32_t n_levels = nwc__levels_for(problem, longest, 1.0, SMALLEST, NWC__PYRAMID_LEVELS);
    struct nwc__frame_pyramid pyramid = {.n_levels = 0};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__diffuse_kernels),
                      .refine = NWC__KERNELS(ctx, nwc__flow_kernels),
                      .pyramid = &pyramid,
                      .frame = {pairs[0].earlier, pairs[0].later},
                      .u = u,
                      .v = v,
                      .factor = (float)(1.0 / pairs[0].dt_s)};
    if ((status = nwc__quality_near_echo(ctx, problem, quality)) != NWC_OK) goto done;
    if ((status = nwc__frame_pyramid_create(ctx, problem, n_levels, &pyramid)) != NWC_OK) goto done;
    for (int d = 0; d < 2; d++) {
        float **const fields[] = {&job.way[d].u,      &job.way[d].v,  &job.way[d].next_u, &job.way[d].next_v,
                                  &job.way[d].weight, &job.way[d].gx, &job.way[d].gy};
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) NWC__ALLOC(ctx, *fields[k], cells);
    }
    NWC__ALLOC(ctx, job.row, 2 * ny * 9 * pitch_of(nx));
    NWC__ALLOC(ctx, job.sum, 2 * ny * 2);
    if ((status = diffuse(ctx, &job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, NULL, ny, result_row, &job);
done:
    nwc__free(ctx, job.sum);
    nwc__free(ctx, job.row);
    for (int d = 1; d >= 0; d--) {
        float *const fields[] = {job.way[d].gy,     job.way[d].gx, job.way[d].weight, job.way[d].next_v,
                                 job.way[d].next_u, job.way[d].v,  job.way[d].u};
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) nwc__free(ctx, fields[k]);
    }
    nwc__frame_pyramid_destroy(ctx, &pyramid);
    return status;
}
