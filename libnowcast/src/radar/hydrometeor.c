/*
 * Hydrometeor classes by fuzzy logic: memberships of Dolan and Rutledge (2009, X band), Dolan et al. (2013, C band) and what
 * the same authors use for summer at S band, from scattering calculations; combined as they do, temperature and reflectivity
 * being factors, for what is rain by its phases at -20 degrees is not. In table order: drizzle, rain, ice crystals,
 * aggregates, wet snow, vertical ice, light graupel, dense graupel, hail, big drops.
 */
#include "radar/beam.h"
#include "radar/hydrometeor_kernel.h"
#include "radar/rays.h"

#include <nowcast/hydrometeor.h>

NWC__DECLARE_KERNELS(nwc__hydrometeor_kernels);

enum { BLOCKS = 32, ROWS = 7, INPUTS = 4 };
static const double LAPSE_K_M = 6.5e-3;

void nwc_hydrometeor_options_init(nwc_hydrometeor_options *options)
{
    if (options) *options = (nwc_hydrometeor_options){.struct_size = sizeof *options, .band = NWC_BAND_OF_VOLUME};
}

static nwc_status check(const nwc_hydrometeor_options *o)
{
    if (o->n_levels < 0 || o->n_levels == 1)
        return nwc__fail(NWC_ERR_ARG, "n_levels: 0, or 2 at least, expected, %d given", (int)o->n_levels);
    if (o->n_levels > 0 && (!o->height_m || !o->temperature_degc))
        return nwc__fail(NWC_ERR_ARG, "height_m, temperature_degc: n_levels numbers expected, NULL given");
    for (int32_t k = 0; k < o->n_levels; k++) {
        if (!isfinite(o->height_m[k]) || (k > 0 && !(o->height_m[k] > o->height_m[k - 1])))
            return nwc__fail(NWC_ERR_ARG, "height_m: increasing heights expected, level %d is at %g m", (int)k,
                             o->height_m[k]);
        if (!isfinite(o->temperature_degc[k]))
            return nwc__fail(NWC_ERR_ARG, "temperature_degc: numbers expected, level %d has none", (int)k);
    }
    return NWC_OK;
}

static float temperature_at(const nwc_hydrometeor_options *o, double height_m)
{
    if (o->n_levels == 0) return NAN;
    const int32_t last = o->n_levels - 1;
    if (height_m < o->height_m[0]) return (float)(o->temperature_degc[0] + LAPSE_K_M * (o->height_m[0] - height_m));
    if (height_m >= o->height_m[last])
        return (float)(o->temperature_degc[last] + LAPSE_K_M * (o->height_m[last] - height_m));
    int32_t low = 0, high = last;
    while (high - low > 1) {
        const int32_t middle = (low + high) / 2;
        if (height_m < o->height_m[middle])
            high = middle;
        else
            low = middle;
    }
    const double part = (height_m - o->height_m[low]) / (o->height_m[high] - o->height_m[low]);
    return (float)(o->temperature_degc[low] + part * (o->temperature_degc[high] - o->temperature_degc[low]));
}

/* ---- a sweep ---- */

struct job {
    const struct nwc__hydrometeor_kernels *kernels;
    const nwc__class_table *table;
    const nwc_hydrometeor_options *options;
    const nwc_sweep *sweep;
    nwc__gates at;
    nwc__sample input[INPUTS]; /* reflectivity, ZDR, KDP, RHOHV */
    nwc__sample weather;       /* DBZHQ */
    double altitude_m;
    float *rows;  /* (block, ROWS, gate) */
    float *class; /* (ray, gate) */
};

static nwc_status classify_rays(int64_t block, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->at.n, rays = job->sweep->n_rays;
    float *row[ROWS];
    for (int32_t k = 0; k < ROWS; k++) row[k] = job->rows + (block * ROWS + k) * n;
    for (int64_t r = block * rays / BLOCKS; r < (block + 1) * rays / BLOCKS; r++) {
        const float *x[INPUTS];
        for (int32_t k = 0; k < INPUTS; k++) x[k] = nwc__sample_row(&job->input[k], r, n, row[k]);
        const float *const weather = nwc__sample_row(&job->weather, r, n, row[4]);
        float *const dbz = row[5], *const temperature = row[6];
        for (int64_t g = 0; g < n; g++) {
            const bool there = x[0][g] > NWC_NOTHING_DBZ && (!job->weather.cells || weather[g] > NWC_NOTHING_DBZ);
            const double range_m = job->at.first_m + (double)g * job->at.spacing_m;
            const double up = nwc__beam_height(fmax(range_m, 0.0), (double)job->sweep->elevation_deg[r]);
            dbz[g] = there ? x[0][g] : NAN;
            temperature[g] = there ? temperature_at(job->options, job->altitude_m + up) : NAN;
        }
        job->kernels->classify(n, job->table, dbz, x[1], x[2], x[3], temperature, job->class + r * n);
    }
    return NWC_OK;
}

/* The first of two moments a sweep has. */
static bool find(const nwc_volume *volume, int32_t sweep, const char *first, const char *second, nwc_moment *moment)
{
    return nwc_volume_find(volume, sweep, first, moment) == NWC_OK ||
           (second && nwc_volume_find(volume, sweep, second, moment) == NWC_OK);
}

static nwc_status sample(nwc_ctx *ctx, const nwc_volume *volume, int32_t index, const char *first, const char *second,
                         const struct job *job, nwc__sample *sample)
{
    nwc_moment moment;
    if (!find(volume, index, first, second, &moment)) return NWC_OK;
    return nwc__sample_moment(ctx, job->sweep, &moment, job->sweep, &job->at, true, 0.0, sample);
}

static nwc_status classify_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t index, struct job *job, int64_t *counts)
{
    nwc_status status = NWC_OK;
    nwc__moment *made;
    if ((status = sample(ctx, volume, index, "DBZHC", "DBZH", job, &job->input[0])) != NWC_OK ||
        (status = sample(ctx, volume, index, "ZDRC", "ZDR", job, &job->input[1])) != NWC_OK ||
        (status = sample(ctx, volume, index, "KDP", NULL, job, &job->input[2])) != NWC_OK ||
        (status = sample(ctx, volume, index, "RHOHV", NULL, job, &job->input[3])) != NWC_OK ||
        (status = sample(ctx, volume, index, "DBZHQ", NULL, job, &job->weather)) != NWC_OK)
        goto done;
    NWC__ALLOC(ctx, job->rows, BLOCKS * ROWS * job->at.n);
    NWC__ALLOC(ctx, job->class, job->sweep->n_rays * job->at.n);
    if ((status = nwc__for_each_tile(ctx, NULL, BLOCKS, classify_rays, job)) != NWC_OK) goto done;
    /* Put last, since what it replaces may be what was looked at. */
    status = nwc__volume_put(volume, index, "CLASS", "1", job->at.n, job->at.first_m, job->at.spacing_m, &made);
    if (status != NWC_OK) goto done;
    made->resolution = 1.0;
    for (int64_t c = 0; c < job->sweep->n_rays * job->at.n; c++) {
        made->cells[c] = job->class[c];
        counts[(int32_t)job->class[c]]++;
    }
done:
    nwc__free(ctx, job->class);
    nwc__free(ctx, job->rows);
    nwc__sample_release(ctx, &job->weather);
    for (int32_t k = INPUTS - 1; k >= 0; k--) nwc__sample_release(ctx, &job->input[k]);
    return status;
}

nwc_status nwc_hydrometeor_classify(nwc_ctx *ctx, nwc_volume *volume, const nwc_hydrometeor_options *given,
                                    int64_t *counts)
{
    ctx = nwc__ctx(ctx);
    nwc_hydrometeor_options options;
    nwc_volume_facts facts;
    int32_t done = 0;
    int64_t found[NWC_HYDROMETEORS] = {0};
    nwc_hydrometeor_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "nwc_hydrometeor_options"));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY(nwc__find_band(volume, &options.band));
    NWC__TRY(check(&options));
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc_sweep sweep;
        nwc_moment dbz, dual;
        NWC__TRY(nwc__progress(ctx, "hydrometeors", (double)s / (double)facts.n_sweeps));
        NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
        if (!find(volume, s, "DBZHC", "DBZH", &dbz) || !find(volume, s, "ZDR", "RHOHV", &dual)) continue;
        struct job job = {.kernels = NWC__KERNELS(ctx, nwc__hydrometeor_kernels),
                          .table = &nwc__class_tables[options.band],
                          .options = &options,
                          .sweep = &sweep,
                          .at = nwc__gates_of(&dbz),
                          .altitude_m = isnan(facts.altitude_m) ? 0.0 : facts.altitude_m};
        NWC__TRY(classify_sweep(ctx, volume, s, &job, found));
        done++;
    }
    if (done == 0) return nwc__fail(NWC_ERR_NODATA, "volume: no sweep has DBZH with ZDR or RHOHV");
    if (counts) memcpy(counts, found, sizeof found);
    return NWC_OK;
}
