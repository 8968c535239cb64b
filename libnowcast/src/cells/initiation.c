/* Hints of storms to come, cell of the grid by cell: how far the next line is, and how fast the cloud above has cooled. */
#include "grid/internal.h"

#include <nowcast/initiation.h>

#define QUARTER_S 900.0

struct job {
    const nwc_field *dbz, *now, *before;
    const nwc_initiation_options *options;
    nwc_field distance; /* to the next line, m; NaN where there is none */
    double dt_s, dy, dx;
    nwc_flags *hints;
};

static double at(const nwc_field *field, int64_t j, int64_t i)
{
    return (double)field->data[j * field->stride[0] + i * field->stride[1]];
}

/* The coldest known that the cloud of a cell may have been; INFINITY where nothing is. */
static double coldest_before(const struct job *job, int64_t j, int64_t i)
{
    const int64_t ny = job->before->dim[0], nx = job->before->dim[1];
    const double drift = job->options->drift_m;
    const int64_t high = (int64_t)fmin(drift / job->dy, (double)ny);
    double coldest = INFINITY;
    for (int64_t up = -high; up <= high; up++) {
        const double left = drift * drift - job->dy * job->dy * (double)(up * up);
        const int64_t wide = (int64_t)fmin(sqrt(fmax(left, 0.0)) / job->dx, (double)nx);
        for (int64_t right = -wide; right <= wide; right++)
            if (j + up >= 0 && j + up < ny && i + right >= 0 && i + right < nx)
                coldest = fmin(coldest, at(job->before, j + up, i + right)); /* fmin drops what is not known */
    }
    return coldest;
}

static int cloud(const struct job *job, int64_t j, int64_t i)
{
    const double now = job->now ? at(job->now, j, i) : (double)NAN;
    if (isnan(now) || isnan(at(job->before, j, i))) return NWC_INITIATION_NO_CLOUD;
    if (now > job->options->freezing_k) return 0;
    const double rate = (coldest_before(job, j, i) - now) * QUARTER_S / job->dt_s;
    return (rate >= job->options->cooling_k ? NWC_INITIATION_COOLING : 0) |
           (rate >= job->options->fast_k ? NWC_INITIATION_FAST_COOLING : 0);
}

static nwc_status hint_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->dbz->dim[1]; i++) {
        int hint = cloud(job, j, i);
        if (job->distance.data && at(&job->distance, j, i) <= job->options->reach_m) hint |= NWC_INITIATION_LINE;
        if (at(job->dbz, j, i) >= job->options->storm_dbz) hint = NWC_INITIATION_STORM;
        job->hints->data[j * job->hints->stride[0] + i * job->hints->stride[1]] = (uint8_t)hint;
    }
    return NWC_OK;
}

/* ---- the call ---- */

void nwc_initiation_options_init(nwc_initiation_options *options)
{
    if (options)
        *options = (nwc_initiation_options){.struct_size = sizeof *options,
                                            .reach_m = 10e3,
                                            .storm_dbz = 35.0,
                                            .cooling_k = 4.0,
                                            .fast_k = 8.0,
                                            .freezing_k = 273.15,
                                            .drift_m = 5e3};
}

static nwc_status check_options(const nwc_initiation_options *options)
{
    if (!(options->reach_m >= 0.0 && options->reach_m <= 100e3))
        return nwc__fail(NWC_ERR_ARG, "reach_m: 0 to 100000 expected, %g given", options->reach_m);
    if (!isfinite(options->storm_dbz) || !isfinite(options->freezing_k))
        return nwc__fail(NWC_ERR_ARG, "storm_dbz, freezing_k: finite numbers expected, %g and %g given",
                         options->storm_dbz, options->freezing_k);
    if (!(options->cooling_k > 0.0 && options->fast_k >= options->cooling_k))
        return nwc__fail(NWC_ERR_ARG, "cooling_k, fast_k: above 0, and no less, expected, %g and %g given",
                         options->cooling_k, options->fast_k);
    if (!(options->drift_m >= 0.0 && options->drift_m <= 50e3))
        return nwc__fail(NWC_ERR_ARG, "drift_m: 0 to 50000 expected, %g given", options->drift_m);
    return NWC_OK;
}

static nwc_status check_clouds(const nwc_field *dbz, const nwc_field *now, const nwc_field *before, double dt_s)
{
    const nwc_field *const both[2] = {now, before};
    static const char *const names[2] = {"now", "before"};
    if (!now != !before) return nwc__fail(NWC_ERR_ARG, "now, before: both or neither expected, one given");
    for (int f = 0; now && f < 2; f++) {
        NWC__TRY(nwc__check_field(both[f], names[f], 2));
        NWC__TRY(nwc__check_same_shape(both[f], names[f], dbz, "dbz"));
        if (!both[f]->units || strcmp(both[f]->units, "K") != 0)
            return nwc__fail(NWC_ERR_ARG, "%s: units of K expected, %s given", names[f],
                             both[f]->units ? both[f]->units : "none");
    }
    if (now && !(dt_s >= 60.0 && dt_s <= 3600.0))
        return nwc__fail(NWC_ERR_ARG, "dt_s: 60 to 3600 expected, %g given", dt_s);
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const nwc_field *dbz, const nwc_labels *ridges, const nwc_flags *hints)
{
    NWC__TRY(nwc__check_field(dbz, "dbz", 2));
    NWC__TRY(nwc__check_on_grid(ctx, dbz, "dbz"));
    NWC__TRY(nwc__check_flags(hints, "hints", 2));
    if (ridges) NWC__TRY(nwc__check_labels(ridges, "ridges", 2));
    for (int k = 0; k < 2; k++)
        if (hints->dim[k] != dbz->dim[k] || (ridges && ridges->dim[k] != dbz->dim[k]))
            return nwc__fail(NWC_ERR_ARG, "ridges, hints: %lld x %lld cells expected, as dbz has",
                             (long long)dbz->dim[0], (long long)dbz->dim[1]);
    return NWC_OK;
}

/* Lengths of a cell in the middle of the grid, and the distance to the next line; hints holds the lines meanwhile. */
static nwc_status measure(nwc_ctx *ctx, struct job *job, const nwc_labels *ridges)
{
    const int64_t ny = job->dbz->dim[0], nx = job->dbz->dim[1];
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(ctx, job->dbz->grid, &metric));
    nwc__metric_at(&metric, 0.5 * (double)(ny - 1), 0.5 * (double)(nx - 1), &job->dx, &job->dy);
    nwc__metric_destroy(ctx, &metric);
    if (!ridges) return NWC_OK;
    NWC__TRY(nwc_field_create(ctx, job->dbz->grid, 0, "m", &job->distance));
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            job->hints->data[j * job->hints->stride[0] + i * job->hints->stride[1]] =
                ridges->data[j * ridges->stride[0] + i * ridges->stride[1]] > 0;
    return nwc_grid_distance(ctx, job->hints, job->dy, job->dx, &job->distance);
}

nwc_status nwc_initiation_find(nwc_ctx *ctx, const nwc_field *dbz, const nwc_labels *ridges, const nwc_field *now,
                               const nwc_field *before, double dt_s, const nwc_initiation_options *given,
                               nwc_flags *hints)
{
    ctx = nwc__ctx(ctx);
    nwc_initiation_options options;
    nwc_initiation_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    NWC__TRY(check(ctx, dbz, ridges, hints));
    NWC__TRY(check_clouds(dbz, now, before, dt_s));
    struct job job = {.dbz = dbz, .now = now, .before = before, .options = &options, .dt_s = dt_s, .hints = hints};
    nwc_status status = measure(ctx, &job, ridges);
    if (status == NWC_OK) status = nwc__for_each_tile(ctx, "initiation", dbz->dim[0], hint_row, &job);
    nwc_field_release(ctx, &job.distance);
    return status;
}
