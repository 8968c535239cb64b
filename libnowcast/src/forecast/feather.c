/*
 * A forecast along the motion brought to a model's towards the edge of what it knows, by the distance from there (Felzenszwalb and
 * Huttenlocher 2012). What counts as unknown is opened by a disc before, so that a blocked beam or a cell that was rejected
 * leaves what the radar sees around it. Beyond the grid all goes on, or what flows in over its edge would be such a beam.
 */
#include "forecast/feather.h"

#include <nowcast/forecast_blend.h>

#define HOLE_M 5e3

nwc_status nwc__feather_create(nwc_ctx *ctx, const nwc_grid *grid, double width_m, struct nwc__feather *f)
{
    nwc_status status = NWC_OK;
    *f = (struct nwc__feather){.ny = grid->ny, .nx = grid->nx, .width_m = width_m};
    if (width_m <= 0.0) return NWC_OK;
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(ctx, grid, &metric));
    f->dy_m = metric.mean_dy_m, f->dx_m = metric.mean_dx_m;
    nwc__metric_destroy(ctx, &metric);
    f->rim = (int64_t)ceil(HOLE_M / fmin(f->dy_m, f->dx_m));
    NWC__ALLOC(ctx, f->unknown, (f->ny + 2 * f->rim) * (f->nx + 2 * f->rim));
    NWC__ALLOC(ctx, f->distance, (f->ny + 2 * f->rim) * (f->nx + 2 * f->rim));
    NWC__ALLOC(ctx, f->weight, f->ny * f->nx);
done:
    if (status != NWC_OK) nwc__feather_destroy(ctx, f);
    return status;
}

void nwc__feather_destroy(nwc_ctx *ctx, struct nwc__feather *f)
{
    nwc__free(ctx, f->weight);
    nwc__free(ctx, f->distance);
    nwc__free(ctx, f->unknown);
    *f = (struct nwc__feather){0};
}

static bool is_unknown(const struct nwc__feather *f, const nwc_field *cells, int64_t j, int64_t i)
{
    const int64_t y = j < f->rim ? 0 : j - f->rim < f->ny ? j - f->rim : f->ny - 1;
    const int64_t x = i < f->rim ? 0 : i - f->rim < f->nx ? i - f->rim : f->nx - 1;
    return isnan(cells->data[y * cells->stride[0] + x * cells->stride[1]]);
}

nwc_status nwc__feather_take(nwc_ctx *ctx, struct nwc__feather *f, const nwc_field *cells)
{
    if (f->width_m <= 0.0) return NWC_OK;
    const double radius = HOLE_M / fmin(f->dy_m, f->dx_m);
    const int64_t rows = f->ny + 2 * f->rim, columns = f->nx + 2 * f->rim;
    nwc_flags unknown = {.data = f->unknown, .ndim = 2, .dim = {rows, columns}, .stride = {columns, 1}};
    nwc_field distance = {
        .data = f->distance, .ndim = 2, .dim = {rows, columns}, .stride = {columns, 1}, .missing = NAN};
    for (int64_t j = 0; j < rows; j++)
        for (int64_t i = 0; i < columns; i++) f->unknown[j * columns + i] = is_unknown(f, cells, j, i);
    NWC__TRY(nwc_grid_erode(ctx, &unknown, radius, &unknown));
    NWC__TRY(nwc_grid_dilate(ctx, &unknown, 2.0 * radius, &unknown)); /* and the fringe that no disc reaches into */
    for (int64_t j = 0; j < rows; j++)
        for (int64_t i = 0; i < columns; i++) f->unknown[j * columns + i] &= is_unknown(f, cells, j, i);
    NWC__TRY(nwc_grid_distance(ctx, &unknown, f->dy_m, f->dx_m, &distance));
    for (int64_t j = 0; j < f->ny; j++)
        for (int64_t i = 0; i < f->nx; i++) { /* NaN, no such cell, is far */
            const double far = (double)f->distance[(j + f->rim) * columns + i + f->rim] / f->width_m;
            f->weight[j * f->nx + i] = far < 1.0 ? (float)far : 1.0F;
        }
    return NWC_OK;
}

nwc_status nwc_forecast_feather(nwc_ctx *ctx, const nwc_field *nowcast, const nwc_field *model, double feather_m,
                                nwc_field *feathered)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(nowcast, "nowcast", 2));
    NWC__TRY(nwc__check_field(model, "model", 2));
    NWC__TRY(nwc__check_field(feathered, "feathered", 2));
    NWC__TRY(nwc__check_same_shape(model, "model", nowcast, "nowcast"));
    NWC__TRY(nwc__check_same_shape(feathered, "feathered", nowcast, "nowcast"));
    if (!nowcast->grid) return nwc__fail(NWC_ERR_ARG, "nowcast.grid: a grid expected, NULL given");
    if (nowcast->units && model->units && strcmp(nowcast->units, model->units) != 0)
        return nwc__fail(NWC_ERR_ARG, "model: units %s of nowcast expected, %s given", nowcast->units, model->units);
    if (!(feather_m >= 0.0 && isfinite(feather_m)))
        return nwc__fail(NWC_ERR_ARG, "feather_m: 0 or more expected, %g given", feather_m);
    struct nwc__feather f;
    NWC__TRY(nwc__feather_create(ctx, nowcast->grid, feather_m, &f));
    const nwc_status status = nwc__feather_take(ctx, &f, nowcast);
    for (int64_t j = 0; j < f.ny && status == NWC_OK; j++)
        for (int64_t i = 0; i < f.nx; i++) {
            const float own = nowcast->data[j * nowcast->stride[0] + i * nowcast->stride[1]];
            const float other = model->data[j * model->stride[0] + i * model->stride[1]];
            feathered->data[j * feathered->stride[0] + i * feathered->stride[1]] =
                nwc__feathered(own, other, f.weight ? f.weight[j * f.nx + i] : 1.0F);
        }
    nwc__feather_destroy(ctx, &f);
    return status;
}
