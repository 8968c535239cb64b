/*
 * Convective and stratiform rain on a horizontal field: Steiner, Houze and Yuter (1995). The mean over a disc around every
 * cell is a sum of differences of running sums along the rows of the disc, so that its cost is that of its height and not of
 * its area. Cores are few, and each paints its own disc.
 */
#include "grid/internal.h"

#include <nowcast/rain.h>

#define STRONG_BACKGROUND 42.43 /* where 10 - background^2 / 180 is 0 */
#define COSINE_HEIGHT 8.0
#define COSINE_WIDTH 128.0

enum { RADII = 5, MOST_RADIUS = 2000 /* cells */ };

/* A disc of cells: half the width of each of its rows, from the lowest; rows outside have none. */
struct disc {
    int64_t reach; /* rows above and below the middle */
    int64_t *half;
};

struct job {
    const nwc_field *dbz;
    nwc_convective_options options;
    int64_t ny, nx;
    struct disc background;
    double *sum; /* (ny, nx + 1): running sums of Z along rows, of echo */
    int32_t *count;
    uint8_t *core; /* (ny, nx): 1 + the number of its radius; 0 for none */
};

static double cell(const nwc_field *field, int64_t j, int64_t i)
{
    return (double)field->data[j * field->stride[0] + i * field->stride[1]];
}

static nwc_status make_disc(nwc_ctx *ctx, double radius_m, double dy_m, double dx_m, struct disc *disc)
{
    nwc_status status = NWC_OK;
    disc->reach = (int64_t)(radius_m / dy_m);
    if (disc->reach > MOST_RADIUS || radius_m / dx_m > MOST_RADIUS)
        return nwc__fail(NWC_ERR_ARG, "dbz: a disc of %g m within %d cells expected, cells of %g m given", radius_m,
                         MOST_RADIUS, fmin(dx_m, dy_m));
    NWC__ALLOC(ctx, disc->half, 2 * disc->reach + 1);
    for (int64_t d = -disc->reach; d <= disc->reach; d++) {
        const double off = (double)d * dy_m;
        disc->half[d + disc->reach] = (int64_t)(sqrt(radius_m * radius_m - off * off) / dx_m);
    }
done:
    return status;
}

static nwc_status run_row(int64_t j, void *user)
{
    const struct job *const job = user;
    double *const sum = job->sum + j * (job->nx + 1);
    int32_t *const count = job->count + j * (job->nx + 1);
    sum[0] = 0.0, count[0] = 0;
    for (int64_t i = 0; i < job->nx; i++) {
        const double dbz = cell(job->dbz, j, i);
        const bool echo = dbz >= job->options.echo_dbz;
        sum[i + 1] = sum[i] + (echo ? pow(10.0, 0.1 * dbz) : 0.0);
        count[i + 1] = count[i] + echo;
    }
    return NWC_OK;
}

/* The mean of Z around a cell of echo, which takes part, dBZ. */
static double background_of(const struct job *job, int64_t j, int64_t i)
{
    const int64_t reach = job->background.reach, pitch = job->nx + 1;
    double sum = 0.0;
    int64_t count = 0;
    for (int64_t d = -reach; d <= reach; d++) {
        if (j + d < 0 || j + d >= job->ny) continue;
        const int64_t half = job->background.half[d + reach], row = (j + d) * pitch;
        const int64_t low = i > half ? i - half : 0, high = i + half < job->nx ? i + half + 1 : job->nx;
        sum += job->sum[row + high] - job->sum[row + low];
        count += job->count[row + high] - job->count[row + low];
    }
    return 10.0 * log10(sum / (double)count);
}

static bool is_core(const nwc_convective_options *o, double dbz, double background)
{
    if (dbz >= o->intensity_dbz) return true;
    double above = background < 0.0 ? 10.0 : 10.0 - background * background / 180.0;
    if (o->cosine) above = COSINE_HEIGHT * cos(NWC__PI * fmax(background, 0.0) / COSINE_WIDTH);
    if (!o->cosine && background >= STRONG_BACKGROUND) above = 0.0;
    return dbz - background >= fmax(above, 0.0);
}

static nwc_status find_cores(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->nx; i++) {
        const double dbz = cell(job->dbz, j, i);
        uint8_t *const core = job->core + j * job->nx + i;
        *core = 0;
        if (!(dbz >= job->options.echo_dbz)) continue;
        const double background = background_of(job, j, i);
        if (!is_core(&job->options, dbz, background)) continue;
        *core = (uint8_t)(background < 25.0   ? 1
                          : background < 30.0 ? 2
                          : background < 35.0 ? 3
                          : background < 40.0 ? 4
                                              : 5);
    }
    return NWC_OK;
}

static void paint(const struct job *job, const struct disc *disc, int64_t j, int64_t i, nwc_flags *classes)
{
    for (int64_t d = -disc->reach; d <= disc->reach; d++) {
        if (j + d < 0 || j + d >= job->ny) continue;
        const int64_t half = disc->half[d + disc->reach];
        for (int64_t k = i > half ? i - half : 0; k <= i + half && k < job->nx; k++) {
            uint8_t *const class = classes->data + (j + d) * classes->stride[0] + k * classes->stride[1];
            if (*class == NWC_RAIN_STRATIFORM) *class = NWC_RAIN_CONVECTIVE;
        }
    }
}

static void paint_all(const struct job *job, const struct disc *discs, nwc_flags *classes)
{
    for (int64_t j = 0; j < job->ny; j++)
        for (int64_t i = 0; i < job->nx; i++) {
            const double dbz = cell(job->dbz, j, i);
            classes->data[j * classes->stride[0] + i * classes->stride[1]] = isnan(dbz) ? NWC_RAIN_UNKNOWN
                                                                             : dbz >= job->options.echo_dbz
                                                                                 ? NWC_RAIN_STRATIFORM
                                                                                 : NWC_RAIN_NONE;
        }
    for (int64_t j = 0; j < job->ny; j++)
        for (int64_t i = 0; i < job->nx; i++)
            if (job->core[j * job->nx + i]) paint(job, &discs[job->core[j * job->nx + i] - 1], j, i, classes);
}

void nwc_convective_options_init(nwc_convective_options *options)
{
    if (!options) return;
    *options = (nwc_convective_options){.struct_size = sizeof *options,
                                        .echo_dbz = 5.0,
                                        .intensity_dbz = 40.0,
                                        .background_m = 11000.0};
}

static nwc_status check_options(const nwc_convective_options *o)
{
    if (!isfinite(o->echo_dbz)) return nwc__fail(NWC_ERR_ARG, "echo_dbz: a number expected, %g given", o->echo_dbz);
    if (isnan(o->intensity_dbz)) return nwc__fail(NWC_ERR_ARG, "intensity_dbz: a number expected, NaN given");
    if (!(o->background_m >= 1000.0 && o->background_m <= 100000.0))
        return nwc__fail(NWC_ERR_ARG, "background_m: 1000 to 100000 expected, %g given", o->background_m);
    if (o->cosine != 0 && o->cosine != 1)
        return nwc__fail(NWC_ERR_ARG, "cosine: 0 or 1 expected, %d given", (int)o->cosine);
    return NWC_OK;
}

nwc_status nwc_rain_convective(nwc_ctx *ctx, const nwc_field *dbz, const nwc_convective_options *options,
                               nwc_flags *classes)
{
    ctx = nwc__ctx(ctx);
    struct job job = {.dbz = dbz};
    struct disc discs[RADII] = {{0, NULL}};
    nwc__metric metric = {0};
    nwc_convective_options_init(&job.options);
    NWC__TRY(nwc__take_options(&job.options, sizeof job.options, options, "nwc_convective_options"));
    NWC__TRY(check_options(&job.options));
    NWC__TRY(nwc__check_field(dbz, "dbz", 2));
    NWC__TRY(nwc__check_on_grid(ctx, dbz, "dbz"));
    NWC__TRY(nwc__check_flags(classes, "classes", 2));
    job.ny = dbz->dim[0], job.nx = dbz->dim[1];
    if (!dbz->units || strcmp(dbz->units, "dBZ") != 0)
        return nwc__fail(NWC_ERR_ARG, "dbz: units of dBZ expected, %s given", dbz->units ? dbz->units : "none");
    if (classes->dim[0] != job.ny || classes->dim[1] != job.nx)
        return nwc__fail(NWC_ERR_ARG, "classes: the shape of dbz expected, (%lld, %lld) given",
                         (long long)classes->dim[0], (long long)classes->dim[1]);
    nwc_status status = nwc__metric_create(ctx, dbz->grid, &metric);
    if (status != NWC_OK) return status;
    const double dy_m = metric.mean_dy_m, dx_m = metric.mean_dx_m;
    nwc__metric_destroy(ctx, &metric);
    if ((status = make_disc(ctx, job.options.background_m, dy_m, dx_m, &job.background)) != NWC_OK) goto done;
    for (int k = 0; k < RADII; k++)
        if ((status = make_disc(ctx, 1000.0 * (k + 1), dy_m, dx_m, &discs[k])) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.sum, job.ny * (job.nx + 1));
    NWC__ALLOC(ctx, job.count, job.ny * (job.nx + 1));
    NWC__ALLOC(ctx, job.core, job.ny * job.nx);
    if ((status = nwc__for_each_tile(ctx, "convective", job.ny, run_row, &job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "convective", job.ny, find_cores, &job)) != NWC_OK) goto done;
    paint_all(&job, discs, classes);
done:
    nwc__free(ctx, job.core);
    nwc__free(ctx, job.count);
    nwc__free(ctx, job.sum);
    for (int k = RADII - 1; k >= 0; k--) nwc__free(ctx, discs[k].half);
    nwc__free(ctx, job.background.half);
    return status;
}
