/*
 * Azimuthal shear and radial divergence by a linear least-squares fit in a window of fixed size in metres (Smith and Elmore
 * 2004; Mahalik et al. 2019). Sums along each ray are made once and shared by all rays whose windows it lies in.
 */
#include "radar/shear_kernel.h"
#include "radar/volume.h"

#include <nowcast/shear.h>

#include <stdlib.h>

NWC__DECLARE_KERNELS(nwc__shear_kernels);

#define AZIMUTHAL_M 2500.0 /* Mahalik et al. (2019) */
#define RADIAL_M 750.0
#define LEAST_KNOWN 0.5
#define MOST_ANGLE_DEG 20.0    /* to either side, where the window is wider than the circle is long */
#define MOST_NEIGHBOUR_DEG 3.0 /* the next ray belongs to the window at all ranges, unless it is this far */

struct ray {
    double azimuth;
    int64_t row;
};

struct job {
    const nwc__shear_kernels *kernels;
    nwc_moment velocity;
    int64_t n_rays, n_gates, half;
    const struct ray *rays; /* by azimuth */
    double half_m, first_gate, spacing_m;
    float least_known;
    float *sums, *fit; /* (n_rays, SUMS, n_gates) and (n_rays, FIT, n_gates), rows as the volume has them */
    nwc__moment *shear, *divergence;
};

static int by_azimuth(const void *a, const void *b)
{
    const struct ray *const one = a, *const other = b;
    if (one->azimuth != other->azimuth) return one->azimuth < other->azimuth ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

static const float *velocities(const struct job *job, int64_t row)
{
    return job->velocity.field.data + row * job->velocity.field.stride[0];
}

static nwc_status sum_ray(int64_t row, void *user)
{
    const struct job *const job = user;
    job->kernels->along_ray(velocities(job, row), job->n_gates, job->half,
                            job->sums + row * NWC__SHEAR_SUMS * job->n_gates);
    return NWC_OK;
}

/* Gates of the window of a ray t rad away: those nearer than where its half width subtends t. */
static int64_t gates_within(const struct job *job, double t)
{
    if (t == 0.0) return job->n_gates;
    const double reach = job->half_m / fabs(t) / job->spacing_m - job->first_gate;
    return reach < 0.0 ? 0 : reach >= (double)(job->n_gates - 1) ? job->n_gates : (int64_t)reach + 1;
}

/* Add the rays to one side of ray number r by azimuth until they lie outside the window everywhere. */
static void add_side(const struct job *job, int64_t r, int64_t side, float *fit)
{
    const double centre = job->rays[r].azimuth;
    for (int64_t k = 1; k < job->n_rays; k++) {
        const struct ray *const ray = &job->rays[((r + side * k) % job->n_rays + job->n_rays) % job->n_rays];
        const double degrees = remainder(ray->azimuth - centre, 360.0);
        const bool next = k == 1 && fabs(degrees) < MOST_NEIGHBOUR_DEG;
        if (degrees * (double)side < 0.0 || (fabs(degrees) > MOST_ANGLE_DEG && !next)) return;
        const int64_t n = next ? job->n_gates : gates_within(job, degrees * NWC__RADIANS);
        if (n == 0) return;
        job->kernels->add_ray(job->sums + ray->row * NWC__SHEAR_SUMS * job->n_gates, (float)(degrees * NWC__RADIANS),
                              job->half, n, job->n_gates, fit);
    }
}

static nwc_status fit_ray(int64_t r, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->n_gates, row = job->rays[r].row;
    float *const fit = job->fit + row * NWC__SHEAR_FIT * n;
    memset(fit, 0, (size_t)(NWC__SHEAR_FIT * n) * sizeof *fit);
    job->kernels->add_ray(job->sums + row * NWC__SHEAR_SUMS * n, 0.0F, job->half, n, n, fit);
    add_side(job, r, 1, fit);
    add_side(job, r, -1, fit);
    job->kernels->slopes(fit, velocities(job, row), n, job->first_gate, job->spacing_m, job->least_known,
                         job->shear->cells + row * n, job->divergence->cells + row * n);
    return NWC_OK;
}

static nwc_status shear_of_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t index, const nwc_moment *velocity,
                                 const nwc_shear_options *options)
{
    nwc_status status = NWC_OK;
    nwc_sweep sweep;
    struct ray *rays = NULL;
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__shear_kernels), .velocity = *velocity};
    NWC__TRY(nwc_volume_sweep(volume, index, &sweep));
    job.n_rays = sweep.n_rays, job.n_gates = velocity->field.dim[1];
    job.spacing_m = velocity->gate_spacing_m, job.first_gate = velocity->first_gate_m / job.spacing_m;
    job.half_m = 0.5 * options->azimuthal_m, job.least_known = (float)options->least_known;
    job.half = (int64_t)fmax(1.0, 0.5 * options->radial_m / job.spacing_m);
    NWC__ALLOC(ctx, rays, job.n_rays);
    for (int64_t r = 0; r < job.n_rays; r++) rays[r] = (struct ray){(double)sweep.azimuth_deg[r], r};
    qsort(rays, (size_t)job.n_rays, sizeof *rays, by_azimuth);
    job.rays = rays;
    NWC__ALLOC(ctx, job.sums, job.n_rays * NWC__SHEAR_SUMS * job.n_gates);
    NWC__ALLOC(ctx, job.fit, job.n_rays * NWC__SHEAR_FIT * job.n_gates);
    status =
        nwc__volume_put(volume, index, "AZSHR", "s-1", job.n_gates, velocity->first_gate_m, job.spacing_m, &job.shear);
    if (status != NWC_OK) goto done;
    status = nwc__volume_put(volume, index, "DIVR", "s-1", job.n_gates, velocity->first_gate_m, job.spacing_m,
                             &job.divergence);
    if (status != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "shear", job.n_rays, sum_ray, &job)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "shear", job.n_rays, fit_ray, &job);
done:
    if (status != NWC_OK) { /* what was put is not filled */
        for (int64_t c = 0; job.shear && c < job.n_rays * job.n_gates; c++) job.shear->cells[c] = NAN;
        for (int64_t c = 0; job.divergence && c < job.n_rays * job.n_gates; c++) job.divergence->cells[c] = NAN;
    }
    nwc__free(ctx, job.fit);
    nwc__free(ctx, job.sums);
    nwc__free(ctx, rays);
    return status;
}

/* The velocity asked for, or else the unfolded one where there is one. */
static nwc_status find_velocity(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *velocity)
{
    if (name) return nwc_volume_find(volume, sweep, name, velocity);
    const nwc_status status = nwc_volume_find(volume, sweep, "VRADDH", velocity);
    return status == NWC_ERR_NODATA ? nwc_volume_find(volume, sweep, "VRADH", velocity) : status;
}

void nwc_shear_options_init(nwc_shear_options *options)
{
    if (options)
        *options = (nwc_shear_options){.struct_size = sizeof *options,
                                       .azimuthal_m = AZIMUTHAL_M,
                                       .radial_m = RADIAL_M,
                                       .least_known = LEAST_KNOWN};
}

nwc_status nwc_shear_compute(nwc_ctx *ctx, nwc_volume *volume, const nwc_shear_options *options)
{
    ctx = nwc__ctx(ctx);
    nwc_shear_options taken;
    nwc_shear_options_init(&taken);
    NWC__TRY(nwc__take_options(&taken, sizeof taken, options, "options"));
    if (!(taken.azimuthal_m > 0.0 && taken.radial_m > 0.0 && taken.azimuthal_m <= 1e5 && taken.radial_m <= 1e5))
        return nwc__fail(NWC_ERR_ARG, "azimuthal_m, radial_m: above 0 and at most 100000 expected, %g and %g given",
                         taken.azimuthal_m, taken.radial_m);
    if (!(taken.least_known >= 0.0 && taken.least_known <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "least_known: 0 to 1 expected, %g given", taken.least_known);
    if (taken.moment && (strcmp(taken.moment, "AZSHR") == 0 || strcmp(taken.moment, "DIVR") == 0))
        return nwc__fail(NWC_ERR_ARG, "moment: a velocity expected, %s given", taken.moment);
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    int32_t found = 0;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc_moment velocity;
        const nwc_status status = find_velocity(volume, s, taken.moment, &velocity);
        if (status == NWC_ERR_NODATA) continue;
        NWC__TRY(status);
        NWC__TRY(shear_of_sweep(ctx, volume, s, &velocity, &taken));
        found++;
    }
    if (!found) return nwc__fail(NWC_ERR_NODATA, "volume: no sweep has %s", taken.moment ? taken.moment : "a velocity");
    return NWC_OK;
}
