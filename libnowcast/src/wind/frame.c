/*
 * The box of the variational wind about a grid: some cells wider, since waves are transformed fastest in numbers that are products of 2, 3 and
 * 5, and since walls are better kept away from what is asked for; from the ground up to a lid above all echo.
 */
#include "wind/frame.h"

#include "core/fft.h"

#define ABOVE_ECHO_M 1000.0
#define HIGHEST_LID_M 30e3
#define STEP_DEG 0.01 /* to find what is north in the plane */

enum { MARGIN = 2, LEAST_LEVELS = 4, MOST_LEVELS = 256 };

nwc_status nwc__wind_frame_create(nwc_ctx *ctx, const nwc_grid *grid, const nwc_wind_options *options, double lowest_m,
                                  nwc__wind_frame *frame)
{
    NWC__TRY(nwc_grid_check(ctx, grid));
    if (nwc_grid_is_latlon(grid))
        return nwc__fail(NWC_ERR_ARG, "grid: cells in metres expected, degrees of longitude and latitude given");
    if (grid->nz < 2 || grid->nz > MOST_LEVELS / 2 || grid->nx < 2 || grid->ny < 2)
        return nwc__fail(NWC_ERR_ARG,
                         "grid: 2 to %d levels of at least 2 x 2 cells expected, %lld of %lld x %lld given",
                         MOST_LEVELS / 2, (long long)grid->nz, (long long)grid->ny, (long long)grid->nx);
    const double dz = (grid->z_m[grid->nz - 1] - grid->z_m[0]) / (double)(grid->nz - 1);
    for (int64_t k = 0; k < grid->nz; k++)
        if (fabs(grid->z_m[k] - grid->z_m[0] - (double)k * dz) > 0.01 * dz)
            return nwc__fail(NWC_ERR_ARG, "grid: equally spaced levels expected, %g m given as number %lld",
                             grid->z_m[k], (long long)k);
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(ctx, grid, &metric));
    *frame = (nwc__wind_frame){.grid = grid, .dx = metric.mean_dx_m, .dy = metric.mean_dy_m, .dz = dz};
    nwc__metric_destroy(ctx, &metric);
    frame->per_x = frame->dx / grid->dx, frame->per_y = frame->dy / grid->dy;
    frame->nx = nwc__fft_fast_size(grid->nx + 2 * MARGIN + 1) - 1;
    frame->ny = nwc__fft_fast_size(grid->ny + 2 * MARGIN + 1) - 1;
    frame->first_i = (frame->nx - grid->nx) / 2, frame->first_j = (frame->ny - grid->ny) / 2;
    frame->west = grid->x_first - ((double)frame->first_i + 0.5) * grid->dx;
    frame->south = grid->y_first - ((double)frame->first_j + 0.5) * grid->dy;
    const double own = grid->z_m[0] - 0.5 * dz;
    const double ground = isnan(options->ground_m) ? fmin(own, lowest_m) : options->ground_m;
    frame->first_k = (int64_t)round((own - ground) / dz);
    frame->bottom_m = own - (double)frame->first_k * dz;
    if (frame->first_k + grid->nz < 1)
        return nwc__fail(NWC_ERR_ARG, "ground_m: below the highest level, %g m, expected, %g given",
                         grid->z_m[grid->nz - 1], ground);
    if (frame->first_k > MOST_LEVELS / 2)
        return nwc__fail(NWC_ERR_ARG, "ground_m: at most %d levels below the grid expected, %g m given",
                         MOST_LEVELS / 2, ground);
    return NWC_OK;
}

void nwc__wind_frame_close(nwc__wind_frame *frame, double lid_m, double top_m)
{
    const nwc_grid *const grid = frame->grid;
    const double own = grid->z_m[grid->nz - 1] + 0.5 * frame->dz;
    const double lid = isnan(lid_m) ? fmax(own, fmin(top_m + ABOVE_ECHO_M, HIGHEST_LID_M)) : lid_m;
    const double levels = fmin(ceil((lid - frame->bottom_m) / frame->dz - 0.01), (double)MOST_LEVELS);
    frame->nz = levels > LEAST_LEVELS ? (int64_t)levels : LEAST_LEVELS;
    frame->nz += frame->nz % 2; /* for the coarser box */
}

/* ---- places ---- */

static void to_box(const nwc__wind_frame *frame, int64_t n, double *x, double *y)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] = (x[i] - frame->west) * frame->per_x;
        y[i] = (y[i] - frame->south) * frame->per_y;
    }
}

static void direction(double from_x, double from_y, double to_x, double to_y, double unit[2])
{
    const double x = to_x - from_x, y = to_y - from_y, length = hypot(x, y);
    unit[0] = x / length, unit[1] = y / length;
}

enum { PART = 256 };

nwc_status nwc__wind_places(nwc_ctx *ctx, const nwc__wind_frame *frame, int64_t n, const double *lon_deg,
                            const double *lat_deg, nwc__wind_place *places)
{
    double x[3 * PART], y[3 * PART];
    for (int64_t first = 0; first < n; first += PART) {
        const int64_t m = n - first < PART ? n - first : PART;
        for (int64_t i = 0; i < m; i++) { /* each, one east and one north of it */
            const double lon = lon_deg[first + i], lat = lat_deg[first + i];
            const double north = lat > 0.0 ? -STEP_DEG : STEP_DEG; /* away from the pole */
            x[i] = x[2 * m + i] = lon, x[m + i] = lon + STEP_DEG / cos(lat * NWC__RADIANS);
            y[i] = y[m + i] = lat, y[2 * m + i] = lat + north;
        }
        NWC__TRY(nwc_grid_from_lonlat(ctx, frame->grid, 3 * m, x, y, x, y));
        to_box(frame, 3 * m, x, y);
        for (int64_t i = 0; i < m; i++) {
            nwc__wind_place *const place = &places[first + i];
            const double back = lat_deg[first + i] > 0.0 ? -1.0 : 1.0;
            *place = (nwc__wind_place){.x = x[i], .y = y[i]};
            direction(x[i], y[i], x[m + i], y[m + i], place->east);
            direction(x[i], y[i], x[2 * m + i], y[2 * m + i], place->north);
            place->north[0] *= back, place->north[1] *= back;
        }
    }
    return NWC_OK;
}

nwc_status nwc__wind_list_extend(nwc_ctx *ctx, nwc__wind_list *list, int64_t more)
{
    if (list->n + more <= list->room) return NWC_OK;
    const int64_t room = list->n + more;
    nwc__wind_datum *const larger = nwc__alloc(ctx, room, sizeof *larger);
    if (!larger) return NWC_ERR_NOMEM;
    if (list->n) memcpy(larger, list->data, (size_t)list->n * sizeof *larger);
    nwc__free(ctx, list->data);
    list->data = larger, list->room = room;
    return NWC_OK;
}

bool nwc__wind_inside(const nwc__wind_frame *frame, const nwc__wind_datum *datum, double metres)
{
    const double x = (double)datum->x, y = (double)datum->y;
    return x >= -metres && x <= (double)frame->nx * frame->dx + metres && y >= -metres &&
           y <= (double)frame->ny * frame->dy + metres && datum->z >= 0.0F;
}
