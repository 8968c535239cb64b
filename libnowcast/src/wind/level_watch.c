/* Where a field passes limits in areas: how many cells, how large, where the greatest value is, and how likely it passes there. */
#include "wind/level.h"

#include <nowcast/wind_forecast.h>

struct job {
    const nwc_field *value, *error;
    const double *limits, *cell_m2; /* cell_m2: (ny, nx) */
    double likely;
    const nwc_flags *areas;
    int64_t n_areas;
    nwc_wind_exceedance *out;
};

/* Of being at or above the limit. */
static double probability(double value, double error, double limit)
{
    if (!(error > 0.0)) return value >= limit ? 1.0 : 0.0;
    return 0.5 * erfc((limit - value) / (error * sqrt(2.0)));
}

static nwc_status watch(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t k = tile / job->n_areas, a = tile % job->n_areas, ny = job->value->dim[1], nx = job->value->dim[2];
    const nwc_flags *const area = &job->areas[a];
    nwc_wind_exceedance *const out = &job->out[tile];
    *out = (nwc_wind_exceedance){
        .most = NAN, .j = -1, .i = -1, .longitude_deg = NAN, .latitude_deg = NAN, .probability = NAN};
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const double value = (double)*nwc__level_cell(job->value, k, j, i);
            if (!area->data[j * area->stride[0] + i * area->stride[1]] || isnan(value)) continue;
            const double error = job->error ? (double)*nwc__level_cell(job->error, k, j, i) : 0.0;
            const double p = probability(value, error, job->limits[k]);
            out->known++;
            if (p >= job->likely) out->cells++, out->area_m2 += job->cell_m2[j * nx + i];
            if (isnan(out->most) || value > out->most) out->most = value, out->j = j, out->i = i, out->probability = p;
        }
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const nwc_field *value, const nwc_field *error, const double *limits,
                        double likely, const nwc_flags *areas, int64_t n_areas)
{
    NWC__TRY(nwc__check_field(value, "value", 3));
    NWC__TRY(nwc__check_on_grid(ctx, value, "value"));
    if (error) {
        NWC__TRY(nwc__check_field(error, "error", 3));
        NWC__TRY(nwc__check_same_shape(error, "error", value, "value"));
        if (error->dim[0] != value->dim[0])
            return nwc__fail(NWC_ERR_ARG, "error: the %lld levels of value expected, %lld given",
                             (long long)value->dim[0], (long long)error->dim[0]);
    }
    if (!limits) return nwc__fail(NWC_ERR_ARG, "limits: one for each level expected, NULL given");
    for (int64_t k = 0; k < value->dim[0]; k++)
        if (!isfinite(limits[k])) return nwc__fail(NWC_ERR_ARG, "limits: finite ones expected, %g given", limits[k]);
    if (!(likely > 0.0 && likely < 1.0))
        return nwc__fail(NWC_ERR_ARG, "likely: above 0 and below 1 expected, %g given", likely);
    if (n_areas < 1 || !areas) return nwc__fail(NWC_ERR_ARG, "areas, n_areas: at least one area expected");
    for (int64_t a = 0; a < n_areas; a++) {
        NWC__TRY(nwc__check_flags(&areas[a], "areas", 2));
        if (areas[a].dim[0] != value->dim[1] || areas[a].dim[1] != value->dim[2])
            return nwc__fail(NWC_ERR_ARG, "areas: the %lld x %lld cells of value expected, %lld x %lld given",
                             (long long)value->dim[1], (long long)value->dim[2], (long long)areas[a].dim[0],
                             (long long)areas[a].dim[1]);
    }
    return NWC_OK;
}

/* Where the greatest values are, all at once. */
static nwc_status find_places(nwc_ctx *ctx, const nwc_grid *grid, nwc_wind_exceedance *out, int64_t n)
{
    nwc_status status = NWC_OK;
    double *places = NULL;
    NWC__ALLOC(ctx, places, 2 * n);
    for (int64_t e = 0; e < n; e++) {
        places[e] = out[e].i < 0 ? (double)NAN : grid->x_first + grid->dx * (double)out[e].i;
        places[n + e] = out[e].j < 0 ? (double)NAN : grid->y_first + grid->dy * (double)out[e].j;
    }
    if ((status = nwc_grid_to_lonlat(ctx, grid, n, places, places + n, places, places + n)) != NWC_OK) goto done;
    for (int64_t e = 0; e < n; e++)
        if (out[e].i >= 0) out[e].longitude_deg = places[e], out[e].latitude_deg = places[n + e];
done:
    nwc__free(ctx, places);
    return status;
}

nwc_status nwc_wind_watch(nwc_ctx *ctx, const nwc_field *value, const nwc_field *error, const double *limits,
                          double likely, const nwc_flags *areas, int64_t n_areas, nwc_wind_exceedance *exceedances)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(ctx, value, error, limits, likely, areas, n_areas));
    if (!exceedances) return nwc__fail(NWC_ERR_ARG, "exceedances: room for them expected, NULL given");
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    double *cell_m2 = NULL;
    const int64_t ny = value->dim[1], nx = value->dim[2], n = value->dim[0] * n_areas;
    if ((status = nwc__metric_create(ctx, value->grid, &metric)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, cell_m2, ny * nx);
    for (int64_t c = 0; c < ny * nx; c++) {
        double dx, dy;
        nwc__metric_at(&metric, (double)(c / nx), (double)(c % nx), &dx, &dy);
        cell_m2[c] = dx * dy;
    }
    struct job job = {value, error, limits, cell_m2, likely, areas, n_areas, exceedances};
    if ((status = nwc__for_each_tile(ctx, "watch", n, watch, &job)) != NWC_OK) goto done;
    status = find_places(ctx, value->grid, exceedances, n);
done:
    nwc__free(ctx, cell_m2);
    nwc__metric_destroy(ctx, &metric);
    return status;
}
