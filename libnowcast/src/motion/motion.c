/*
 * Motion fields: the door to the methods.
 *
 * What every method needs is done once, here: arguments are checked, the latest frames are brought into contiguous
 * arrays of sqrt(rain rate) with their masks, and the motion that comes back in cells per second is turned into metres
 * per second over the ground with the length of each cell, on projected and longlat grids alike.
 */
#include "motion/internal.h"
#include "motion/prior.h"

#include "grid/internal.h"

#include <stdio.h>
#include <stdlib.h>

NWC__DECLARE_KERNELS(nwc__motion_kernels);

enum {
    MAX_FRAMES = 24,
    SQUARE = 8,        /* cells along a side of what is carried over or not */
    LEAST_TELLING = 4, /* of its cells, or nothing is said of it */
    CHUNK = 512        /* cells of a row of squares treated in one go */
};
static const nwc__motion_fn methods[] = {[NWC_MOTION_VARIATIONAL] = nwc__motion_variational,
                                         [NWC_MOTION_LUCAS_KANADE] = nwc__motion_lucas_kanade,
                                         [NWC_MOTION_TREC] = nwc__motion_trec,
                                         [NWC_MOTION_COTREC] = nwc__motion_cotrec,
                                         [NWC_MOTION_PHASE] = nwc__motion_phase,
                                         [NWC_MOTION_CONSTANT] = nwc__motion_constant,
                                         [NWC_MOTION_VET] = nwc__motion_vet,
                                         [NWC_MOTION_PROESMANS] = nwc__motion_proesmans,
                                         [NWC_MOTION_FARNEBACK] = nwc__motion_farneback,
                                         [NWC_MOTION_DARTS] = nwc__motion_darts};
enum { N_METHODS = sizeof methods / sizeof *methods };

#define BACKGROUND_REACH_M 100e3         /* as far from echo a background has as much of a say as smoothness */
#define LONGEST_NS INT64_C(600000000000) /* frames older than this are not looked at, but for the latest three */

/* One call, as the tiles see it; a tile is a row of one frame, or of the result. */
struct job {
    nwc_ctx *ctx;
    const nwc__motion_kernels *kernels;
    nwc_field frames[MAX_FRAMES]; /* those used, in order of time */
    int64_t times_ns[MAX_FRAMES];
    int32_t n_frames;
    int64_t ny, nx;
    float *x[MAX_FRAMES];
    uint8_t *known[MAX_FRAMES];
    int64_t *echo; /* (n_frames, ny): cells with echo in each row */
    nwc__metric metric;
    float *background[2], *before[2]; /* cells per second; NULL: none */
    float *u, *v, *quality;           /* contiguous: the caller's own cells where these are */
    nwc_field *out[3];                /* u, v, quality; the last may be NULL */
    float max_m_s;
};

void nwc_motion_options_init(nwc_motion_options *options)
{
    if (options)
        *options = (nwc_motion_options){.struct_size = sizeof *options,
                                        .method = NWC_MOTION_VARIATIONAL,
                                        .max_speed_m_s = 60.0};
}

static bool is_rate(const char *units)
{
    return strcmp(units, "mm h-1") == 0 || strcmp(units, "mm/h") == 0;
}

static nwc_status check_frame(nwc_ctx *ctx, const nwc_field *frame, const nwc_field *newest, int32_t number)
{
    char name[32];
    snprintf(name, sizeof name, "frames[%d]", (int)number);
    NWC__TRY(nwc__check_field(frame, name, 2));
    if (!frame->units || (!is_rate(frame->units) && strcmp(frame->units, "dBZ") != 0))
        return nwc__fail(NWC_ERR_ARG, "%s: units \"mm h-1\", \"mm/h\" or \"dBZ\" expected, %s given", name,
                         frame->units ? frame->units : "none");
    NWC__TRY(nwc__check_same_shape(frame, name, newest, "the newest frame"));
    if (frame->grid != newest->grid) {
        NWC__TRY(nwc__check_on_grid(ctx, frame, name));
        if (!nwc__same_grid(frame->grid, newest->grid))
            return nwc__fail(NWC_ERR_ARG, "%s: the grid of the newest frame expected, another given", name);
    }
    return NWC_OK;
}

static nwc_status check_frames(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames)
{
    if (!frames) return nwc__fail(NWC_ERR_ARG, "frames: an array of fields expected, NULL given");
    if (!times_ns) return nwc__fail(NWC_ERR_ARG, "times_ns: an array of times expected, NULL given");
    if (n_frames < 2)
        return nwc__fail(NWC_ERR_ARG,
                         "n_frames: at least 2 frames expected, since motion is what changed between them; %d given",
                         (int)n_frames);
    char name[32];
    snprintf(name, sizeof name, "frames[%d]", (int)n_frames - 1);
    const nwc_field *const newest = &frames[n_frames - 1];
    NWC__TRY(nwc__check_field(newest, name, 2));
    NWC__TRY(nwc__check_on_grid(ctx, newest, name));
    for (int32_t k = 0; k < n_frames; k++) {
        NWC__TRY(check_frame(ctx, &frames[k], newest, k));
        if (k > 0 && times_ns[k] <= times_ns[k - 1])
            return nwc__fail(NWC_ERR_ARG, "times_ns[%d]: a time after times_ns[%d] expected, %lld ns and %lld ns given",
                             (int)k, (int)k - 1, (long long)times_ns[k], (long long)times_ns[k - 1]);
    }
    return NWC_OK;
}

static nwc_status check_options(const nwc_motion_options *options)
{
    if (options->method < 0 || options->method >= N_METHODS)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_motion_method expected, %d given", (int)options->method);
    if (!(options->max_speed_m_s > 0.0 && options->max_speed_m_s <= 200.0))
        return nwc__fail(NWC_ERR_ARG, "max_speed_m_s: above 0 and at most 200 expected, %g given",
                         options->max_speed_m_s);
    if (options->max_frames != 0 && (options->max_frames < 2 || options->max_frames > MAX_FRAMES))
        return nwc__fail(NWC_ERR_ARG, "max_frames: 2 to %d, or 0, expected, %d given", MAX_FRAMES,
                         (int)options->max_frames);
    return NWC_OK;
}

static nwc_status check_output(const nwc_field *out, const char *name, const nwc_field *newest)
{
    NWC__TRY(nwc__check_field(out, name, 2));
    return nwc__check_same_shape(out, name, newest, "the newest frame");
}

static bool is_contiguous(const nwc_field *field)
{
    return field->stride[1] == 1 && field->stride[0] == field->dim[1];
}

static nwc_status read_row(int64_t tile, void *user)
{
    struct job *const job = user;
    const int64_t k = tile / job->ny, j = tile % job->ny;
    const nwc_field *const frame = &job->frames[k];
    const float *const cells = frame->data + j * frame->stride[0];
    const int64_t at = j * job->nx;
    job->echo[tile] =
        (is_rate(frame->units) ? job->kernels->read_rate : job->kernels->read_dbz)(cells, frame->stride[1], job->nx,
                                                                                   job->x[k] + at, job->known[k] + at);
    return NWC_OK;
}

static int64_t square_rows(const struct job *job)
{
    return (job->ny + SQUARE - 1) / SQUARE;
}

/*
 * Composites made more often than their radars scan carry areas over, which then stand still in them whatever the echo did;
 * nothing was observed there. An area is a square of cells, carried over when more than half of those that tell are what
 * they were: in coarse steps single ones are so by chance. Squares of 16 cells, or a share of .7, are as good; squares of
 * 4 cells, and single cells that are with their four neighbours what they were, cost Lucas-Kanade up to 1 % of CSI with
 * radars that carry nothing over, since it gives up tracks beside what it drops.
 */
static nwc_status drop_carried(int64_t tile, void *user)
{
    struct job *const job = user;
    const int64_t ny = job->ny, nx = job->nx, k = 1 + tile / square_rows(job), south = tile % square_rows(job) * SQUARE;
    const int64_t rows = ny - south < SQUARE ? ny - south : SQUARE;
    for (int64_t west = 0; west < nx; west += CHUNK) {
        int32_t telling[CHUNK] = {0}, same[CHUNK] = {0};
        const int64_t n = nx - west < CHUNK ? nx - west : CHUNK;
        const int64_t first = west > 0 ? 0 : 1, end = west + n < nx ? n : n - 1;
        for (int64_t j = south > 0 ? south : 1; j < south + rows && j < ny - 1; j++) {
            const int64_t at = j * nx + west + first;
            job->kernels->tell(job->x[k] + at, nx, job->x[k - 1] + at, end - first, telling + first, same + first);
        }
        for (int64_t i = 0; i < n; i += SQUARE) {
            int32_t sum[2] = {0, 0};
            for (int64_t c = i; c < i + SQUARE; c++) sum[0] += telling[c], sum[1] += same[c];
            if (sum[0] < LEAST_TELLING || 2 * sum[1] <= sum[0]) continue;
            for (int64_t j = south; j < south + rows; j++)
                memset(job->known[k] + j * nx + west + i, 0, (size_t)(n - i < SQUARE ? n - i : SQUARE));
        }
    }
    return NWC_OK;
}

/* Some pair of successive frames has echo in both, so that there is something to follow. */
static bool can_be_followed(const struct job *job)
{
    bool before = false;
    for (int32_t k = 0; k < job->n_frames; k++) {
        bool here = false;
        for (int64_t j = 0; j < job->ny; j++) here = here || job->echo[k * job->ny + j] > 0;
        if (before && here) return true;
        before = here;
    }
    return false;
}

/* From node to node of the metric, between which the length of a cell changes linearly. */
static nwc_status finish_row(int64_t j, void *user)
{
    struct job *const job = user;
    float *const row[3] = {job->u + j * job->nx, job->v + j * job->nx, job->quality + j * job->nx};
    for (int64_t i = 0; i < job->nx; i += NWC__METRIC_STEP) {
        const int64_t n = job->nx - i < NWC__METRIC_STEP ? job->nx - i : NWC__METRIC_STEP;
        double dx_m[2], dy_m[2];
        nwc__metric_at(&job->metric, (double)j, (double)i, &dx_m[0], &dy_m[0]);
        nwc__metric_at(&job->metric, (double)j, (double)(i + NWC__METRIC_STEP), &dx_m[1], &dy_m[1]);
        job->kernels->to_ground(row[0] + i, row[1] + i, row[2] + i, n, (float)dx_m[0],
                                (float)((dx_m[1] - dx_m[0]) / NWC__METRIC_STEP), (float)dy_m[0],
                                (float)((dy_m[1] - dy_m[0]) / NWC__METRIC_STEP), job->max_m_s);
    }
    for (int f = 0; f < 3; f++) {
        if (!job->out[f] || is_contiguous(job->out[f])) continue;
        float *const cells = job->out[f]->data + j * job->out[f]->stride[0];
        for (int64_t i = 0; i < job->nx; i++) cells[i * job->out[f]->stride[1]] = row[f][i];
    }
    return NWC_OK;
}

static void fill(nwc_field *field, float value)
{
    if (!field) return;
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) field->data[j * field->stride[0] + i * field->stride[1]] = value;
}

static void take_frame(struct job *job, const nwc_field *frames, const int64_t *times_ns, int32_t k)
{
    job->frames[job->n_frames] = frames[k];
    job->times_ns[job->n_frames++] = times_ns[k];
}

/* Of frames first to newest the one whose age is nearest to age_ns. */
static int32_t nearest_in_age(const int64_t *times_ns, int32_t first, int32_t newest, int64_t age_ns)
{
    int32_t best = first;
    for (int32_t k = first; k <= newest; k++)
        if (llabs(times_ns[newest] - times_ns[k] - age_ns) <= llabs(times_ns[newest] - times_ns[best] - age_ns))
            best = k;
    return best;
}

/*
 * The variational method compares all pairs. Of many frames four do: the newest, the oldest, and those at a quarter and at
 * three quarters of the time between, whose six lags are all different.
 */
static void choose_for_all_pairs(struct job *job, const nwc_field *frames, const int64_t *times_ns, int32_t n)
{
    int32_t first = n > 3 ? n - 3 : 0;
    while (first > 0 && times_ns[n - 1] - times_ns[first - 1] <= LONGEST_NS) first--;
    const int64_t oldest_ns = times_ns[n - 1] - times_ns[first];
    const int32_t inner[2] = {nearest_in_age(times_ns, first, n - 1, oldest_ns / 4 * 3),
                              nearest_in_age(times_ns, first, n - 1, oldest_ns / 4)};
    for (int32_t k = first; k < n; k++)
        if (n - first <= 4 || k == first || k == inner[0] || k == inner[1] || k == n - 1)
            take_frame(job, frames, times_ns, k);
}

/*
 * The others follow echo through pairs of frames: the two latest pairs that are far enough apart for it to move.
 * They overlap where frames come more often. In scans two minutes apart that gained 1 % of CSI at 6 minutes over
 * three frames four minutes apart, whose older pair is older.
 */
static void choose_for_two_pairs(struct job *job, const nwc_field *frames, const int64_t *times_ns, int32_t n)
{
    const int64_t shortest_ns = (int64_t)(1e9 * NWC__MOTION_SHORTEST_S);
    int32_t of_pairs[4] = {n - 1, 0}, count = 0; /* when no pair is, oldest and newest have to do */
    for (int32_t later = n - 1, earlier; later > 0 && count < 4; later--) {
        for (earlier = later - 1; earlier >= 0 && times_ns[later] - times_ns[earlier] < shortest_ns;) earlier--;
        if (earlier < 0) break;
        of_pairs[count++] = later;
        of_pairs[count++] = earlier;
    }
    if (count == 0) count = 2;
    for (int32_t k = of_pairs[count - 1]; k < n; k++)
        if (k == of_pairs[0] || k == of_pairs[1] || (count == 4 && (k == of_pairs[2] || k == of_pairs[3])))
            take_frame(job, frames, times_ns, k);
}

static void choose_frames(struct job *job, const nwc_field *frames, const int64_t *times_ns, int32_t n,
                          const nwc_motion_options *options)
{
    if (options->max_frames > 0)
        for (int32_t k = n > options->max_frames ? n - options->max_frames : 0; k < n; k++)
            take_frame(job, frames, times_ns, k);
    else if (options->method == NWC_MOTION_VARIATIONAL)
        choose_for_all_pairs(job, frames, times_ns, n);
    else
        choose_for_two_pairs(job, frames, times_ns, n);
}

static nwc_status allocate(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    const int64_t cells = job->ny * job->nx;
    NWC__ALLOC(ctx, job->echo, job->n_frames * job->ny);
    for (int32_t k = 0; k < job->n_frames; k++) {
        NWC__ALLOC(ctx, job->x[k], cells);
        NWC__ALLOC(ctx, job->known[k], cells);
    }
    float **const result[3] = {&job->u, &job->v, &job->quality};
    for (int f = 0; f < 3; f++) {
        if (job->out[f] && is_contiguous(job->out[f]))
            *result[f] = job->out[f]->data;
        else
            NWC__ALLOC(ctx, *result[f], cells);
    }
done:
    return status;
}

/* The frames as arrays, when the method has made of them what it needs. */
static void forget(void *user)
{
    struct job *const job = user;
    for (int32_t k = 0; k < job->n_frames; k++) {
        nwc__free(job->ctx, job->known[k]);
        nwc__free(job->ctx, job->x[k]);
        job->known[k] = NULL, job->x[k] = NULL;
    }
}

static void release(nwc_ctx *ctx, struct job *job)
{
    float *const result[3] = {job->u, job->v, job->quality};
    for (int f = 0; f < 3; f++)
        if (!job->out[f] || !is_contiguous(job->out[f])) nwc__free(ctx, result[f]);
    forget(job);
    for (int c = 1; c >= 0; c--) {
        nwc__free(ctx, job->before[c]);
        nwc__free(ctx, job->background[c]);
    }
    nwc__free(ctx, job->echo);
    nwc__metric_destroy(ctx, &job->metric);
}

/* A background tells of motion where no echo does. */
static bool is_known(const struct job *job)
{
    for (int64_t i = 0; job->background[0] && i < job->ny * job->nx; i++)
        if (!isnan(job->background[0][i] + job->background[1][i])) return true;
    return false;
}

static nwc_status estimate(nwc_ctx *ctx, struct job *job, const nwc_motion_options *options)
{
    NWC__TRY(nwc__metric_create(ctx, job->frames[job->n_frames - 1].grid, &job->metric));
    NWC__TRY(allocate(ctx, job));
    if (options->background) NWC__TRY(nwc__take_prior(ctx, options->background, &job->metric, job->background));
    if (options->before) NWC__TRY(nwc__take_prior(ctx, options->before, &job->metric, job->before));
    NWC__TRY(nwc__for_each_tile(ctx, "motion: read", job->n_frames * job->ny, read_row, job));
    const bool followed = can_be_followed(job);
    for (int32_t k = 0; k < job->n_frames && !followed; k++) memset(job->known[k], 0, (size_t)(job->ny * job->nx));
    if (!followed && !is_known(job))
        return nwc__fail(NWC_ERR_NODATA, "frames: no two successive ones of the latest %d both have echo",
                         (int)job->n_frames);
    NWC__TRY(
        nwc__for_each_tile(ctx, "motion: carried over", (job->n_frames - 1) * square_rows(job), drop_carried, job));
    double time_s[MAX_FRAMES];
    for (int32_t k = 0; k < job->n_frames; k++)
        time_s[k] = 1e-9 * (double)(job->times_ns[k] - job->times_ns[job->n_frames - 1]);
    const struct nwc__motion_problem problem = {.ny = job->ny,
                                                .nx = job->nx,
                                                .n_frames = job->n_frames,
                                                .x = (const float *const *)job->x,
                                                .known = (const uint8_t *const *)job->known,
                                                .time_s = time_s,
                                                .forget = forget,
                                                .user = job,
                                                .background = {job->background[0], job->background[1]},
                                                .background_reach = BACKGROUND_REACH_M /
                                                                    fmin(job->metric.mean_dx_m, job->metric.mean_dy_m),
                                                .before = {job->before[0], job->before[1]},
                                                .max_cells_s = options->max_speed_m_s /
                                                               fmin(job->metric.mean_dx_m, job->metric.mean_dy_m)};
    NWC__TRY(methods[options->method](ctx, &problem, options, job->u, job->v, job->quality));
    return nwc__for_each_tile(ctx, "motion: finish", job->ny, finish_row, job);
}

nwc_status nwc_motion_estimate(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                               const nwc_motion_options *given, nwc_field *u, nwc_field *v, nwc_field *quality)
{
    ctx = nwc__ctx(ctx);
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    NWC__TRY(check_frames(ctx, frames, times_ns, n_frames));
    const nwc_field *const newest = &frames[n_frames - 1];
    NWC__TRY(nwc__check_prior(options.background, "background", newest, options.method));
    NWC__TRY(nwc__check_prior(options.before, "before", newest, options.method));
    NWC__TRY(check_output(u, "u", newest));
    NWC__TRY(check_output(v, "v", newest));
    if (quality) NWC__TRY(check_output(quality, "quality", newest));

    struct job job = {.ctx = ctx,
                      .kernels = NWC__KERNELS(ctx, nwc__motion_kernels),
                      .ny = newest->dim[0],
                      .nx = newest->dim[1],
                      .out = {u, v, quality},
                      .max_m_s = (float)options.max_speed_m_s};
    choose_frames(&job, frames, times_ns, n_frames, &options);
    const nwc_status status = estimate(ctx, &job, &options);
    if (status == NWC_ERR_NODATA) {
        fill(u, NAN);
        fill(v, NAN);
        fill(quality, 0.0f);
    }
    release(ctx, &job);
    return status;
}
