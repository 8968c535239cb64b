/*
 * Motion by phase correlation (Kuglin and Hines 1975, Proc. IEEE Conf. Cybernetics and Society, 163): of the grid as a whole, then of
 * windows about it.
 *
 * The phase of the cross spectrum of two images that are shifted against one another is that of the shift, whatever the
 * spectrum of the images is. Each wave number counts by exp(-(k / 0.15)^2), k in waves per cell, since short waves are noise: the
 * inverse transform is then a Gaussian about the shift, and the logarithms of its values beside the highest place it
 * between cells. Images are tapered by sin^2, so that their edges, which do not move, tell nothing. Windows are 64 x 64, around
 * nodes every 32 cells, the earlier one cut out where the motion of the grid has it come from; one whose peak has less than
 * a tenth of what a mere shift gives tells nothing.
 */
#include "motion/phase.h"
#include "core/fft.h"
#include "motion/frames.h"
#include "motion/lucas_kanade.h"

NWC__DECLARE_KERNELS(nwc__cross_phase_kernels);

enum { SPACING = 32, SIDE = 64 };
#define NARROW 0.15    /* waves per cell */
#define LEAST_PEAK 0.1 /* of the highest there can be, in a window */
#define LEAST_OF_ALL 0.02
#define LEAST_KNOWN 0.5 /* of a window's cells */
#define LEAST_ECHO 0.02 /* likewise, with echo in either frame */
#define LEAST_STEP 0.1  /* cells between two frames: smaller differences between neighbours are not outliers */

/* What transforms of one size share: the taper of images (ny, nx) cells large, and how wave numbers fade. */
struct size {
    int64_t ny, nx, padded_ny, padded_nx;
    nwc__fft *fft;
    float *taper_y, *taper_x, *fade_y, *fade_x;
    double sum; /* of all weights: the peak of a mere shift */
};

/* Two images, which are overwritten, and their spectra. */
struct images {
    float *a, *b, *spectrum_a, *spectrum_b, *work;
};

struct peak {
    double x, y, height; /* height: 1 for a mere shift */
};

/* A tile is a row of windows. */
struct job {
    const nwc__cross_phase_kernels *kernels;
    const struct nwc__motion_problem *problem;
    struct nwc__frame_pair pair;
    const struct size *size;
    int64_t node_ny, node_nx, dx,
        dy; /* dx, dy: where windows of the earlier frame lie, the motion of the grid taken off */
    double reach;
    float *room; /* for each row: a, b, two spectra, work */
    struct peak *peak;
};

static void fill_taper(float *taper, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double s = sin(NWC__PI * ((double)i + 0.5) / (double)n);
        taper[i] = (float)(s * s);
    }
}

static void fill_fade(float *fade, int64_t n, int64_t waves)
{
    for (int64_t i = 0; i < n; i++) {
        const double k = (double)(i <= waves / 2 ? i : i - waves) / (double)waves;
        fade[i] = (float)exp(-k * k / (NARROW * NARROW));
    }
}

static nwc_status size_create(nwc_ctx *ctx, int64_t ny, int64_t nx, struct size *size)
{
    nwc_status status = NWC_OK;
    *size = (struct size){.ny = ny, .nx = nx, .padded_ny = nwc__fft_good_size(ny), .padded_nx = nwc__fft_good_size(nx)};
    const int64_t columns = size->padded_nx / 2 + 1;
    if ((status = nwc__fft_create(ctx, size->padded_ny, size->padded_nx, &size->fft)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, size->taper_y, ny);
    NWC__ALLOC(ctx, size->taper_x, nx);
    NWC__ALLOC(ctx, size->fade_y, size->padded_ny);
    NWC__ALLOC(ctx, size->fade_x, columns);
    fill_taper(size->taper_y, ny);
    fill_taper(size->taper_x, nx);
    fill_fade(size->fade_y, size->padded_ny, size->padded_ny);
    fill_fade(size->fade_x, columns, size->padded_nx);
    double sum_y = 0.0, sum_x = 0.0;
    for (int64_t j = 0; j < size->padded_ny; j++) sum_y += (double)size->fade_y[j];
    for (int64_t i = 0; i < columns; i++)
        sum_x += (i == 0 || 2 * i == size->padded_nx ? 1.0 : 2.0) * (double)size->fade_x[i];
    size->sum = sum_y * sum_x;
done:
    return status; /* what was allocated is the caller's to destroy */
}

static void size_destroy(nwc_ctx *ctx, struct size *size)
{
    nwc__free(ctx, size->fade_x);
    nwc__free(ctx, size->fade_y);
    nwc__free(ctx, size->taper_x);
    nwc__free(ctx, size->taper_y);
    nwc__fft_destroy(ctx, size->fft);
}

static double log_peak(double before, double at, double after)
{
    if (!(before > 0.0 && after > 0.0)) return 0.0;
    const double l = log(before), m = log(at), r = log(after), bend = l - 2.0 * m + r;
    return bend < 0.0 ? fmax(-0.5, fmin(0.5, 0.5 * (l - r) / bend)) : 0.0;
}

/* The shift of a against b no longer than reach along either axis. */
static struct peak find(const nwc__cross_phase_kernels *kernels, const struct size *size, const struct images *im,
                        double reach)
{
    const int64_t ny = size->padded_ny, nx = size->padded_nx, columns = nx / 2 + 1;
    nwc__fft_forward(size->fft, im->a, im->spectrum_a, im->work);
    nwc__fft_forward(size->fft, im->b, im->spectrum_b, im->work);
    for (int64_t j = 0; j < ny; j++)
        kernels->cross(im->spectrum_a + 2 * j * columns, im->spectrum_b + 2 * j * columns, size->fade_x, columns,
                       size->fade_y[j]);
    nwc__fft_inverse(size->fft, im->spectrum_a, im->a, im->work);
    const int64_t reach_y = reach < (double)(ny / 2) ? (int64_t)ceil(reach) : ny / 2;
    const int64_t reach_x = reach < (double)(nx / 2) ? (int64_t)ceil(reach) : nx / 2;
    int64_t by = 0, bx = 0;
    float best = 0.0f;
    for (int64_t dy = -reach_y; dy <= reach_y; dy++)
        for (int64_t dx = -reach_x; dx <= reach_x; dx++) {
            const float at = im->a[(dy + ny) % ny * nx + (dx + nx) % nx];
            if (at > best) best = at, by = dy, bx = dx;
        }
    const float *const row = im->a + (by + ny) % ny * nx;
    const int64_t x = (bx + nx) % nx;
    const double at = (double)best;
    return (struct peak){.x = (double)bx + log_peak((double)row[(x + nx - 1) % nx], at, (double)row[(x + 1) % nx]),
                         .y = (double)by + log_peak((double)im->a[(by + ny - 1 + ny) % ny * nx + x], at,
                                                    (double)im->a[(by + 1 + ny) % ny * nx + x]),
                         .height = at / size->sum};
}

/* The part of a frame that begins at row y, column x, tapered and without its mean; how many cells are known, have echo. */
static void cut(const nwc__cross_phase_kernels *kernels, const struct size *size,
                const struct nwc__motion_problem *problem, int32_t frame, int64_t y, int64_t x, float *to,
                double *known, double *echo)
{
    const int64_t west = x < 0 ? -x : 0, east = x + size->nx > problem->nx ? problem->nx - x : size->nx;
    const int64_t south = y < 0 ? -y : 0, north = y + size->ny > problem->ny ? problem->ny - y : size->ny;
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (int64_t j = south; j < north && west < east; j++) {
        float row[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        const int64_t at = (y + j) * problem->nx + x + west;
        kernels->sum(problem->x[frame] + at, problem->known[frame] + at, size->taper_x + west, east - west, row);
        sums[0] += (double)(size->taper_y[j] * row[0]), sums[1] += (double)(size->taper_y[j] * row[1]);
        sums[2] += (double)row[2], sums[3] += (double)row[3];
    }
    const float mean = sums[0] > 0.0 ? (float)(sums[1] / sums[0]) : 0.0f;
    memset(to, 0, (size_t)(size->padded_ny * size->padded_nx) * sizeof *to);
    for (int64_t j = south; j < north && west < east; j++) {
        const int64_t at = (y + j) * problem->nx + x + west;
        kernels->taper(problem->x[frame] + at, problem->known[frame] + at, size->taper_x + west, east - west,
                       size->taper_y[j], mean, to + j * size->padded_nx + west);
    }
    *known = sums[2], *echo = sums[3];
}

static int64_t aligned(int64_t floats)
{
    return (floats + 15) / 16 * 16;
}

/* Floats of one pair of images, each aligned as the transforms ask. */
static int64_t room_size(const struct size *size)
{
    return 2 * (aligned(size->padded_ny * size->padded_nx) + aligned(nwc__fft_spectrum_size(size->fft))) +
           aligned(nwc__fft_work_size(size->fft));
}

static struct images lay_out(const struct size *size, float *room)
{
    const int64_t cells = aligned(size->padded_ny * size->padded_nx);
    const int64_t spectrum = aligned(nwc__fft_spectrum_size(size->fft));
    float *const spectra = room + 2 * cells;
    return (struct images){room, room + cells, spectra, spectra + spectrum, spectra + 2 * spectrum};
}

/* The shift of the grid as a whole; 0 where it shows none. */
static nwc_status shift_of_all(nwc_ctx *ctx, const struct job *job, struct peak *peak)
{
    nwc_status status = NWC_OK;
    const struct nwc__motion_problem *const problem = job->problem;
    struct size size;
    float *room = NULL;
    if ((status = size_create(ctx, problem->ny, problem->nx, &size)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, room, room_size(&size));
    const struct images im = lay_out(&size, room);
    double known, echo;
    cut(job->kernels, &size, problem, job->pair.later, 0, 0, im.a, &known, &echo);
    cut(job->kernels, &size, problem, job->pair.earlier, 0, 0, im.b, &known, &echo);
    *peak = find(job->kernels, &size, &im, problem->max_cells_s * job->pair.dt_s);
    if (peak->height < LEAST_OF_ALL) *peak = (struct peak){.height = peak->height};
done:
    nwc__free(ctx, room);
    size_destroy(ctx, &size);
    return status;
}

static nwc_status find_row(int64_t row, void *user)
{
    const struct job *const job = user;
    const double of = (double)(SIDE * SIDE);
    const struct images im = lay_out(job->size, job->room + row * room_size(job->size));
    for (int64_t m = 0; m < job->node_nx; m++) {
        const int64_t y = row * SPACING - SIDE / 2, x = m * SPACING - SIDE / 2;
        double known[2], echo[2];
        cut(job->kernels, job->size, job->problem, job->pair.later, y, x, im.a, &known[0], &echo[0]);
        cut(job->kernels, job->size, job->problem, job->pair.earlier, y - job->dy, x - job->dx, im.b, &known[1],
            &echo[1]);
        struct peak *const peak = &job->peak[row * job->node_nx + m];
        *peak = (struct peak){.height = 0.0};
        if (fmin(known[0], known[1]) >= LEAST_KNOWN * of && fmin(echo[0], echo[1]) >= LEAST_ECHO * of)
            *peak = find(job->kernels, job->size, &im, job->reach);
    }
    return NWC_OK;
}

static nwc_status follow_pair(nwc_ctx *ctx, struct job *job, struct nwc__lk_vector *vectors, int64_t *n)
{
    const struct nwc__motion_problem *const problem = job->problem;
    struct peak all;
    NWC__TRY(shift_of_all(ctx, job, &all));
    job->dx = (int64_t)floor(all.x + 0.5), job->dy = (int64_t)floor(all.y + 0.5);
    job->reach = fmin(SIDE / 4, problem->max_cells_s * job->pair.dt_s);
    NWC__TRY(nwc__for_each_tile(ctx, "motion: phase", job->node_ny, find_row, job));
    const double age_s = -problem->time_s[job->pair.later], dt_s = job->pair.dt_s;
    for (int64_t c = 0; c < job->node_ny * job->node_nx; c++) {
        const struct peak *const peak = &job->peak[c];
        const double u = ((double)job->dx + peak->x) / dt_s, v = ((double)job->dy + peak->y) / dt_s;
        if (peak->height < LEAST_PEAK || fabs(u) > problem->max_cells_s || fabs(v) > problem->max_cells_s) continue;
        vectors[(*n)++] = (struct nwc__lk_vector){.x = (double)(c % job->node_nx * SPACING) + u * age_s,
                                                  .y = (double)(c / job->node_nx * SPACING) + v * age_s,
                                                  .u = u,
                                                  .v = v};
    }
    return NWC_OK;
}

nwc_status nwc__motion_phase(nwc_ctx *ctx, const struct nwc__motion_problem *problem, const nwc_motion_options *options,
                             float *u, float *v, float *quality)
{
    (void)options;
    nwc_status status = NWC_OK;
    struct nwc__frame_pair pairs[NWC__MOST_FRAMES];
    const int32_t n_pairs = nwc__frame_pairs(problem, pairs);
    struct size size;
    struct nwc__lk_vector *vectors = NULL;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__cross_phase_kernels),
                      .problem = problem,
                      .size = &size,
                      .node_ny = nwc__nodes(problem->ny, SPACING),
                      .node_nx = nwc__nodes(problem->nx, SPACING)};
    int64_t n = 0;
    if ((status = size_create(ctx, SIDE, SIDE, &size)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.room, job.node_ny * room_size(&size));
    NWC__ALLOC(ctx, job.peak, job.node_ny * job.node_nx);
    NWC__ALLOC(ctx, vectors, job.node_ny * job.node_nx * n_pairs);
    for (int32_t p = 0; p < n_pairs; p++) {
        job.pair = pairs[p];
        if ((status = follow_pair(ctx, &job, vectors, &n)) != NWC_OK) goto done;
    }
    if ((status = nwc__lk_drop_outliers(ctx, LEAST_STEP / pairs[0].dt_s, vectors, &n)) != NWC_OK) goto done;
    if (n == 0)
        status = nwc__fail(NWC_ERR_NODATA, "frames: no window of the latest %d shows a shift", (int)problem->n_frames);
    else
        status = nwc__lk_spread(ctx, vectors, n, problem->ny, problem->nx, u, v, quality);
done:
    nwc__free(ctx, vectors);
    nwc__free(ctx, job.peak);
    nwc__free(ctx, job.room);
    size_destroy(ctx, &size);
    return status;
}
