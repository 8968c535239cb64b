/* Radial velocities on a grid, and winds at points, as data of the variational wind. */
#include "wind/frame.h"

#define ERROR_M_S 1.0 /* of gridded velocities that do not say */

/* ---- points ---- */

/* The part of a wind along one direction of true east and north. */
static void add_part(const nwc__wind_frame *frame, const nwc__wind_place *place, const nwc_wind_point *point,
                     const double unit[2], double value, int32_t source, nwc__wind_list *list)
{
    const nwc__wind_datum datum = {.x = (float)place->x,
                                   .y = (float)place->y,
                                   .z = (float)(point->height_m - frame->bottom_m),
                                   .u = (float)unit[0],
                                   .v = (float)unit[1],
                                   .value = (float)value,
                                   .weight = (float)(1.0 / (point->error_m_s * point->error_m_s)),
                                   .source = source};
    if (nwc__wind_inside(frame, &datum, 0.0)) list->data[list->n++] = datum;
}

nwc_status nwc__wind_add_points(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_wind_point *points, int64_t n,
                                int32_t source, nwc__wind_list *list)
{
    NWC__TRY(nwc__wind_list_extend(ctx, list, 2 * n));
    for (int64_t p = 0; p < n; p++) {
        const nwc_wind_point *const point = &points[p];
        nwc__wind_place place;
        if (!isfinite(point->u_m_s + point->v_m_s + point->height_m + point->lon_deg + point->lat_deg)) continue;
        NWC__TRY(nwc__wind_places(ctx, frame, 1, &point->lon_deg, &point->lat_deg, &place));
        add_part(frame, &place, point, place.east, point->u_m_s, source, list);
        add_part(frame, &place, point, place.north, point->v_m_s, source, list);
    }
    return NWC_OK;
}

/* ---- gridded velocities ---- */

static float at(const nwc_field *field, int64_t k, int64_t j, int64_t i)
{
    return field->data[k * field->stride[0] + j * field->stride[1] + i * field->stride[2]];
}

static void add_column(const nwc__wind_frame *frame, const nwc_wind_gridded *g, const nwc__wind_place *place, int64_t j,
                       int64_t i, int32_t source, const nwc_wind_options *options, nwc__wind_list *list)
{
    const nwc_field *const velocity = g->velocity;
    const double error = g->error_m_s > 0.0 ? g->error_m_s : ERROR_M_S;
    for (int64_t k = 0; k < velocity->dim[0]; k++) {
        const double v = (double)at(velocity, k, j, i), height = velocity->grid->z_m[k];
        const double azimuth = (double)at(g->azimuth_deg, k, j, i) * NWC__RADIANS;
        const double elevation = (double)at(g->elevation_deg, k, j, i) * NWC__RADIANS;
        if (!isfinite(v + azimuth + elevation)) continue;
        const double level = cos(elevation), up = sin(elevation), sine = sin(azimuth), cosine = cos(azimuth);
        const double fall = g->dbz ? nwc__wind_fall((double)at(g->dbz, k, j, i), height, options->freezing_m) : 0.0;
        const double falls = g->dbz ? options->fall_error_m_s * up : 0.0;
        const nwc__wind_datum datum = {.x = (float)place->x,
                                       .y = (float)place->y,
                                       .z = (float)(height - frame->bottom_m),
                                       .u = (float)(level * (sine * place->east[0] + cosine * place->north[0])),
                                       .v = (float)(level * (sine * place->east[1] + cosine * place->north[1])),
                                       .w = (float)up,
                                       .value = (float)(v + fall * up),
                                       .weight = (float)(1.0 / (error * error + falls * falls)),
                                       .after_s = (float)-g->age_s,
                                       .source = source};
        if (nwc__wind_inside(frame, &datum, fabs(100.0 * g->age_s))) list->data[list->n++] = datum;
    }
}

nwc_status nwc__wind_add_gridded(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_wind_gridded *gridded,
                                 int32_t source, const nwc_wind_options *options, nwc__wind_list *list)
{
    nwc_status status = NWC_OK;
    double *lon = NULL, *lat = NULL;
    nwc__wind_place *places = NULL;
    const nwc_grid *const grid = gridded->velocity->grid;
    NWC__ALLOC(ctx, lon, grid->nx);
    NWC__ALLOC(ctx, lat, grid->nx);
    NWC__ALLOC(ctx, places, grid->nx);
    for (int64_t j = 0; j < grid->ny; j++) {
        for (int64_t i = 0; i < grid->nx; i++) {
            lon[i] = grid->x_first + (double)i * grid->dx;
            lat[i] = grid->y_first + (double)j * grid->dy;
        }
        if ((status = nwc_grid_to_lonlat(ctx, grid, grid->nx, lon, lat, lon, lat)) != NWC_OK) goto done;
        if ((status = nwc__wind_places(ctx, frame, grid->nx, lon, lat, places)) != NWC_OK) goto done;
        if (list->room - list->n < grid->nx * grid->nz && /* doubled, so that rows do not copy all before them */
            (status = nwc__wind_list_extend(ctx, list, list->n + grid->nx * grid->nz)) != NWC_OK)
            goto done;
        for (int64_t i = 0; i < grid->nx; i++) add_column(frame, gridded, &places[i], j, i, source, options, list);
    }
done:
    nwc__free(ctx, places);
    nwc__free(ctx, lat);
    nwc__free(ctx, lon);
    return status;
}
