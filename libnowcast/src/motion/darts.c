/*
 * Motion as a short series of waves over the grid, fitted to the equation of advection: DARTS (Ruzanski, Chandrasekar and Wang 2011,
 * J. Atmos. Oceanic Technol. 28, 1296).
 *
 * Published is a least-squares fit of the spectra of many frames: 50 wave numbers of rain, motion of 5 x 5 terms. Here the
 * same sum of squares is taken over cells of frames reduced to that resolution, which by Parseval's theorem is the same, and
 * leaves out what is not known; time needs no period, so two frames do and steps may be uneven. The terms are the
 * products of cosines of no to two waves, half a wave apart: like the published ones 25 for either component, but what leaves
 * the grid in the east need not come in from the west. After each fit frames are carried along and the rest is fitted anew, since
 * the equation holds for small steps only. A residual counts by its size, as in the variational method.
 */
#include "core/blas.h"
#include "motion/frames.h"
#include "motion/variational.h"

NWC__DECLARE_KERNELS(nwc__flow_kernels);

enum {
    WAVES = 5,               /* cosines along an axis: 0 to 4 half waves */
    TERMS = WAVES * WAVES,   /* of a component */
    MOMENTS = 2 * WAVES - 1, /* cosines of which products of two are sums */
    LONGEST = 200,           /* cells along the longer side, about twice the wave numbers of rain */
    FITS = 4
};
#define FAR 4.0          /* cells: at the first resolution motion is no longer */
#define SMOOTH 1e-3      /* of the mean of the diagonal, times the number of half waves to the fourth */
#define LEAST_ECHO 1e-12 /* of the diagonal, or there is nothing to fit */

/* A tile is a row of cells. */
struct job {
    const nwc__flow_kernels *kernels;
    const struct nwc__frame_pyramid *pyramid;
    const struct nwc__frame_pair *pairs;
    int32_t n_pairs, l;
    float *u, *v, *warped; /* displacement over the first pair's time at this level; the latter for each pair */
    float *term;           /* for each row NWC__FLOW_TERMS rows */
    double *sum;           /* (ny, NWC__FLOW_TERMS, MOMENTS) */
    double *cos_y, *cos_x; /* (MOMENTS, ny) and (MOMENTS, nx) */
    double c[2 * TERMS];   /* of u and v, in cells of the frames over the first pair's time */
    float *out_u, *out_v;
};

static double share_of(const struct job *job, int32_t p)
{
    return job->pairs[p].dt_s / job->pairs[0].dt_s;
}

static void fill_cosines(double *cosine, int64_t n)
{
    for (int64_t m = 0; m < MOMENTS; m++)
        for (int64_t i = 0; i < n; i++) cosine[m * n + i] = cos(NWC__PI * (double)m * ((double)i + 0.5) / (double)n);
}

/* One row of one component of the motion, times factor. */
static void series_row(const double *c, const double *cos_y, int64_t ny, const double *cos_x, int64_t nx, int64_t j,
                       double factor, float *to)
{
    double along[WAVES];
    for (int64_t p = 0; p < WAVES; p++) {
        along[p] = 0.0;
        for (int64_t q = 0; q < WAVES; q++) along[p] += factor * c[q * WAVES + p] * cos_y[q * ny + j];
    }
    for (int64_t i = 0; i < nx; i++) {
        double value = 0.0;
        for (int64_t p = 0; p < WAVES; p++) value += along[p] * cos_x[p * nx + i];
        to[i] = (float)value;
    }
}

static nwc_status motion_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const double factor = ldexp(1.0, -job->l);
    for (int f = 0; f < 2; f++)
        series_row(job->c + f * TERMS, job->cos_y, level->ny, job->cos_x, level->nx, j, factor,
                   (f == 0 ? job->u : job->v) + j * level->nx);
    return NWC_OK;
}

static nwc_status warp_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t at = j * level->nx, cells = level->ny * level->nx;
    for (int32_t p = 0; p < job->n_pairs; p++)
        job->kernels->warp(level->frame[job->pairs[p].earlier], level->ny, level->nx, j, job->u + at, job->v + at,
                           (float)share_of(job, p), job->warped + p * cells + at);
    return NWC_OK;
}

/* The normal equations of the cells of a row, summed with each cosine along x. */
static nwc_status sum_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    const int64_t nx = level->nx, cells = level->ny * nx;
    const int64_t south = j > 0 ? j - 1 : j, north = j + 1 < level->ny ? j + 1 : j;
    const float over_y = north > south ? 1.0f / (float)(north - south) : 0.0f;
    float *const term = job->term + j * NWC__FLOW_TERMS * nx;
    memset(term, 0, (size_t)(NWC__FLOW_TERMS * nx) * sizeof *term);
    for (int32_t p = 0; p < job->n_pairs; p++) {
        const float *const e = job->warped + p * cells, *const later = level->frame[job->pairs[p].later];
        job->kernels->add_terms((const float *const[3]){e + south * nx, e + j * nx, e + north * nx},
                                (const float *const[3]){later + south * nx, later + j * nx, later + north * nx}, nx, 0,
                                nx, over_y, (float)share_of(job, p), 1.0f, term, nx);
    }
    for (int64_t k = 0; k < NWC__FLOW_TERMS; k++)
        for (int64_t m = 0; m < MOMENTS; m++) {
            double sum = 0.0;
            for (int64_t i = 0; i < nx; i++) sum += (double)term[k * nx + i] * job->cos_x[m * nx + i];
            job->sum[(j * NWC__FLOW_TERMS + k) * MOMENTS + m] = sum;
        }
    return NWC_OK;
}

/* The sum over all cells of a term times the cosines of wave numbers q along y and p along x. */
static double moment(const double *moments, int64_t k, int64_t q, int64_t p)
{
    return moments[(k * MOMENTS + (q < 0 ? -q : q)) * MOMENTS + (p < 0 ? -p : p)];
}

/* The same times two terms of the series: cos a cos b is half of cos (a + b) and cos (a - b). */
static double product(const double *moments, int64_t k, int64_t a, int64_t b)
{
    const int64_t qa = a / WAVES, pa = a % WAVES, qb = b / WAVES, pb = b % WAVES;
    return 0.25 * (moment(moments, k, qa + qb, pa + pb) + moment(moments, k, qa + qb, pa - pb) +
                   moment(moments, k, qa - qb, pa + pb) + moment(moments, k, qa - qb, pa - pb));
}

/* Fit the series; false where nothing is there to fit. */
static bool fit(struct job *job, double *moments)
{
    const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
    double a[2 * TERMS * 2 * TERMS], b[2 * TERMS], trace = 0.0;
    const double unit = ldexp(1.0, -job->l); /* cells of the level in one of the frames */
    memset(moments, 0, NWC__FLOW_TERMS * MOMENTS * MOMENTS * sizeof *moments);
    for (int64_t j = 0; j < level->ny; j++)
        for (int64_t k = 0; k < NWC__FLOW_TERMS; k++)
            for (int64_t q = 0; q < MOMENTS; q++)
                for (int64_t p = 0; p < MOMENTS; p++)
                    moments[(k * MOMENTS + q) * MOMENTS + p] +=
                        job->cos_y[q * level->ny + j] * job->sum[(j * NWC__FLOW_TERMS + k) * MOMENTS + p];
    for (int64_t r = 0; r < 2 * TERMS; r++) {
        const int64_t fr = r / TERMS, tr = r % TERMS;
        for (int64_t c = 0; c <= r; c++)
            a[r * 2 * TERMS + c] = unit * unit * product(moments, fr + c / TERMS, tr, c % TERMS);
        b[r] = -unit * moment(moments, 3 + fr, tr / WAVES, tr % WAVES);
        trace += a[r * 2 * TERMS + r];
    }
    if (!(trace > LEAST_ECHO)) return false;
    for (int64_t r = 0; r < 2 * TERMS; r++) { /* what is fitted is smooth as a whole, not only the last step to it */
        const double q = (double)(r % TERMS / WAVES), p = (double)(r % WAVES), k2 = q * q + p * p;
        const double weight = SMOOTH * trace / (2 * TERMS) * (k2 * k2 + 1e-6);
        a[r * 2 * TERMS + r] += weight;
        b[r] -= weight * job->c[r];
    }
    if (!nwc__solve_spd(2 * TERMS, a, b)) return false;
    for (int64_t r = 0; r < 2 * TERMS; r++) job->c[r] += b[r];
    return true;
}

static nwc_status fit_all(nwc_ctx *ctx, struct job *job, int32_t last, double *moments, bool *found)
{
    *found = false;
    for (job->l = job->pyramid->n_levels - 1; job->l >= last; job->l--) {
        const struct nwc__frame_level *const level = &job->pyramid->level[job->l];
        fill_cosines(job->cos_y, level->ny);
        fill_cosines(job->cos_x, level->nx);
        for (int32_t n = 0; n < FITS; n++) {
            NWC__TRY(nwc__for_each_tile(ctx, "motion: series", level->ny, motion_row, job));
            NWC__TRY(nwc__for_each_tile(ctx, "motion: series", level->ny, warp_row, job));
            NWC__TRY(nwc__for_each_tile(ctx, "motion: series", level->ny, sum_row, job));
            if (!fit(job, moments)) break;
            *found = true;
        }
    }
    return NWC_OK;
}

static nwc_status result_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__frame_level *const full = &job->pyramid->level[0];
    const double factor = 1.0 / job->pairs[0].dt_s;
    for (int f = 0; f < 2; f++)
        series_row(job->c + f * TERMS, job->cos_y, full->ny, job->cos_x, full->nx, j, factor,
                   (f == 0 ? job->out_u : job->out_v) + j * full->nx);
    return NWC_OK;
}

nwc_status nwc__motion_darts(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                             float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    const int32_t n_pairs = nwc__frame_pairs(problem, pairs);
    const double longest = nwc__longest_shift(problem, pairs, n_pairs);
    const int64_t side = problem->ny > problem->nx ? problem->ny : problem->nx;
    int32_t last = 0, n_levels = 1;
    while (last + 1 < NWC__PYRAMID_LEVELS && side >> last > LONGEST) last++;
    while (n_levels < NWC__PYRAMID_LEVELS && (n_levels <= last || ldexp(longest, 1 - n_levels) > FAR)) n_levels++;
    struct nwc__frame_pyramid pyramid = {.n_levels = 0};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__flow_kernels),
                      .pyramid = &pyramid,
                      .pairs = pairs,
                      .n_pairs = n_pairs,
                      .out_u = u,
                      .out_v = v};
    double *moments = NULL;
    bool found;
    if ((status = nwc__quality_near_echo(ctx, problem, quality)) != NWC_OK) goto done;
    if ((status = nwc__frame_pyramid_create(ctx, problem, n_levels, &pyramid)) != NWC_OK) goto done;
    if (last >= pyramid.n_levels) last = pyramid.n_levels - 1;
    const struct nwc__frame_level *const finest = &pyramid.level[last];
    NWC__ALLOC(ctx, job.u, finest->ny * finest->nx);
    NWC__ALLOC(ctx, job.v, finest->ny * finest->nx);
    NWC__ALLOC(ctx, job.warped, n_pairs * finest->ny * finest->nx);
    NWC__ALLOC(ctx, job.term, NWC__FLOW_TERMS * finest->ny * finest->nx);
    NWC__ALLOC(ctx, job.sum, finest->ny * NWC__FLOW_TERMS * MOMENTS);
    NWC__ALLOC(ctx, job.cos_y, MOMENTS * problem->ny);
    NWC__ALLOC(ctx, job.cos_x, MOMENTS * problem->nx);
    NWC__ALLOC(ctx, moments, NWC__FLOW_TERMS * MOMENTS * MOMENTS);
    if ((status = fit_all(ctx, &job, last, moments, &found)) != NWC_OK) goto done;
    if (!found) {
        status = nwc__fail(NWC_ERR_NODATA, "frames: nothing varies in the latest %d where two are known",
                           (int)problem->n_frames);
        goto done;
    }
    fill_cosines(job.cos_y, problem->ny);
    fill_cosines(job.cos_x, problem->nx);
    status = nwc__for_each_tile(ctx, NULL, problem->ny, result_row, &job);
done:
    nwc__free(ctx, moments);
    nwc__free(ctx, job.cos_x);
    nwc__free(ctx, job.cos_y);
    nwc__free(ctx, job.sum);
    nwc__free(ctx, job.term);
    nwc__free(ctx, job.warped);
    nwc__free(ctx, job.v);
    nwc__free(ctx, job.u);
    nwc__frame_pyramid_destroy(ctx, &pyramid);
    return status;
}
