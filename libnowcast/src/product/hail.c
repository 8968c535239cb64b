/*
 * Hail from reflectivity above the freezing level: the severe hail index and what follows from it (Witt et al. 1998, eq. 1 to
 * 8), and the probability of any hail from the height of the 45 dBZ top (Waldvogel et al. 1979; Foote et al. 2005).
 */
#include "product/column.h"

#define HAIL_DBZ 45.0F
#define LEAST_THRESHOLD 20.0 /* J m-1 s-1 */

struct job {
    const nwc_field *dbz, *freezing, *cold, *ground;
    nwc_hail out;
};

/* Flux of kinetic energy of hail, J m-2 s-1: all rain at 40 dBZ, all hail at 50. */
static double energy_flux(double dbz)
{
    const double weight = fmin(fmax((dbz - 40.0) / 10.0, 0.0), 1.0);
    return weight > 0.0 ? 5e-6 * pow(10.0, 0.084 * dbz) * weight : 0.0;
}

/*
 * 0.1 times the integral of the flux, weighted 0 at the freezing level to 1 at -20 degC. The flux goes on a line from level to
 * level, as the levels of a storm's own echo integrate best: it is nearly that of Z, and dBZ on a line would fall short of it,
 * by 0.3 mm of MESH where levels are 500 m apart. Simpson's rule is exact between the heights where the weight bends.
 */
static double layer(double z_low, double flux_low, double z_high, double flux_high, double freezing, double cold)
{
    if (z_high <= freezing || fmax(flux_low, flux_high) <= 0.0) return 0.0;
    const double bends[] = {fmax(freezing, z_low), fmin(fmax(cold, z_low), z_high), z_high};
    double sum = 0.0;
    for (int p = 0; p < 2; p++) {
        const double from = bends[p], deep = bends[p + 1] - from;
        for (int k = 0; k < 3; k++) {
            const double z = from + 0.5 * k * deep, share = (z - z_low) / (z_high - z_low);
            const double thermal = fmin(fmax((z - freezing) / (cold - freezing), 0.0), 1.0);
            sum += (k == 1 ? 4.0 : 1.0) / 6.0 * deep * thermal * (flux_low + share * (flux_high - flux_low));
        }
    }
    return 0.1 * sum;
}

/* NaN where nothing is known above the freezing level, or where it lies is not known. */
static double severe_hail_index(const nwc_field *dbz, const float *column, double freezing, double cold)
{
    const double *const z = dbz->grid->z_m;
    double sum = NAN, z_below = NAN, flux_below = NAN;
    for (int64_t k = 0; k < dbz->dim[0]; k++) {
        const double here = (double)column[k * dbz->stride[0]];
        if (isnan(here)) continue;
        if (isnan(sum) && z[k] >= freezing) sum = 0.0;
        const double flux = energy_flux(here);
        if (!isnan(flux_below) && !isnan(sum)) sum += layer(z_below, flux_below, z[k], flux, freezing, cold);
        z_below = z[k], flux_below = flux;
    }
    return cold > freezing ? sum : NAN;
}

static double severe_probability(double shi, double freezing_above_ground_m)
{
    const double threshold = fmax(57.5e-3 * freezing_above_ground_m - 121.0, LEAST_THRESHOLD);
    return shi > 0.0 ? fmin(fmax(0.29 * log(shi / threshold) + 0.5, 0.0), 1.0) : 0.0 * shi;
}

static double any_probability(double top_m, double freezing_m)
{
    const double km = 1e-3 * (top_m - freezing_m);
    if (isnan(km)) return NAN;
    if (km < 1.65 || top_m == 0.0) return 0.0;
    return km > 5.8 ? 1.0 : fmin(1.0, -1.20231 + km * (1.00184 + km * (-0.17018 + km * 0.01086)));
}

static void put(nwc_field *field, int64_t j, int64_t i, double value)
{
    if (field) nwc__flat_row(field, j)[i * field->stride[1]] = (float)value;
}

static nwc_status hail_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_field *const dbz = job->dbz;
    for (int64_t i = 0; i < dbz->dim[2]; i++) {
        const float *const column = dbz->data + j * dbz->stride[1] + i * dbz->stride[2];
        const double freezing = nwc__ground_at(job->freezing, j, i), cold = nwc__ground_at(job->cold, j, i);
        const double shi = severe_hail_index(dbz, column, freezing, cold);
        put(job->out.shi, j, i, shi);
        put(job->out.posh, j, i, severe_probability(shi, freezing - nwc__ground_at(job->ground, j, i)));
        put(job->out.mesh, j, i, 2.54 * sqrt(shi));
        put(job->out.mesh75, j, i, shi > 0.0 ? 15.096 * pow(shi, 0.206) : shi);
        put(job->out.mesh95, j, i, shi > 0.0 ? 22.157 * pow(shi, 0.212) : shi);
        if (!job->out.poh) continue;
        const nwc__span span = nwc__span_of(column, dbz->stride[0], dbz->dim[0], dbz->grid->z_m, HAIL_DBZ);
        put(job->out.poh, j, i, any_probability((double)span.top, freezing));
    }
    return NWC_OK;
}

nwc_status nwc_product_hail(nwc_ctx *ctx, const nwc_field *dbz, const nwc_field *freezing_m, const nwc_field *cold_m,
                            const nwc_field *ground_m, const nwc_hail *hail)
{
    ctx = nwc__ctx(ctx);
    if (!hail) return nwc__fail(NWC_ERR_ARG, "hail: what is to be made expected, NULL given");
    NWC__TRY(nwc__check_levels(ctx, dbz, "dbz", "dBZ"));
    NWC__TRY(nwc__check_flat(freezing_m, "freezing_m", dbz, false));
    NWC__TRY(nwc__check_flat(cold_m, "cold_m", dbz, false));
    NWC__TRY(nwc__check_flat(ground_m, "ground_m", dbz, true));
    NWC__TRY(nwc__check_flat(hail->shi, "shi", dbz, true));
    NWC__TRY(nwc__check_flat(hail->posh, "posh", dbz, true));
    NWC__TRY(nwc__check_flat(hail->mesh, "mesh", dbz, true));
    NWC__TRY(nwc__check_flat(hail->mesh75, "mesh75", dbz, true));
    NWC__TRY(nwc__check_flat(hail->mesh95, "mesh95", dbz, true));
    NWC__TRY(nwc__check_flat(hail->poh, "poh", dbz, true));
    struct job job = {.dbz = dbz, .freezing = freezing_m, .cold = cold_m, .ground = ground_m, .out = *hail};
    return nwc__for_each_tile(ctx, "hail", dbz->dim[1], hail_row, &job);
}
