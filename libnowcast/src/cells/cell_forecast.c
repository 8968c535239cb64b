/* Where cells will be: tracks carried on by their velocity, with the error of the filter that follows them. */
#include "cells/hazard.h"
#include "cells/track.h"

#include <nowcast/cell_forecast.h>

void nwc_cell_forecast_options_init(nwc_cell_forecast_options *options)
{
    if (options)
        *options = (nwc_cell_forecast_options){.struct_size = sizeof *options,
                                               .acceleration_m_s2 = 0.05,
                                               .damping_s = 1200.0,
                                               .most_change = 3.0,
                                               .half_life_s = 1600.0};
}

static nwc_status check_options(const nwc_cell_forecast_options *options)
{
    const double numbers[] = {options->acceleration_m_s2, options->damping_s, options->half_life_s};
    const char *const names[] = {"acceleration_m_s2", "damping_s", "half_life_s"};
    for (int n = 0; n < 3; n++)
        if (!(numbers[n] > 0.0)) return nwc__fail(NWC_ERR_ARG, "%s: above 0 expected, %g given", names[n], numbers[n]);
    if (!(options->most_change >= 1.0 && isfinite(options->most_change)))
        return nwc__fail(NWC_ERR_ARG, "most_change: 1 or more expected, %g given", options->most_change);
    return NWC_OK;
}

static nwc_status check(const nwc_tracker *tracker, const nwc_cell_values *cells, const double *leads_s,
                        int32_t n_leads, const nwc_cell_forecast_options *options, const nwc_cell_forecast *rows)
{
    if (!tracker) return nwc__fail(NWC_ERR_ARG, "tracker: a tracker expected, NULL given");
    NWC__TRY(check_options(options));
    NWC__TRY(nwc__cells_check_leads(leads_s, n_leads, options->damping_s));
    for (int32_t l = 1; l < n_leads; l++)
        if (!(leads_s[l] > leads_s[l - 1])) return nwc__fail(NWC_ERR_ARG, "leads_s: increasing leads expected");
    if (tracker->frame.n_points && n_leads && !rows)
        return nwc__fail(NWC_ERR_ARG, "rows: a place for the forecast expected, NULL given");
    if (!cells) return NWC_OK;
    NWC__TRY(nwc__cells_check_values(cells));
    if (cells->n_cells != tracker->frame.n_points)
        return nwc__fail(NWC_ERR_ARG, "cells: values of the %lld points of the tracker expected, of %lld given",
                         (long long)tracker->frame.n_points, (long long)cells->n_cells);
    return NWC_OK;
}

/* The trend of an attribute of a point; 0 where it is not known. */
static double trend_of(const nwc_cell_values *cells, int64_t point, const char *name)
{
    const int32_t column = cells && cells->trends ? nwc__cells_column_of(cells, name) : NWC__COLUMN_NONE;
    if (column < 0) return 0.0;
    const double trend = cells->trends[point * cells->n_names + column];
    return isnan(trend) ? 0.0 : trend;
}

static void carry(const nwc_tracker *tracker, int64_t point, const nwc_cell_values *cells,
                  const nwc_cell_forecast_options *options, nwc_cell_forecast *row)
{
    const nwc_track_point *const now = &tracker->frame.points[point];
    const nwc_grid *const grid = &tracker->grid;
    const bool moves = !isnan(now->u) && !isnan(now->v);
    const double t = row->lead_s, q = options->acceleration_m_s2 * options->acceleration_m_s2;
    const double carried = -options->damping_s * expm1(-t / options->damping_s);
    const double variance = now->position_sd_m * now->position_sd_m + 2.0 * t * now->position_velocity_m2_s +
                            t * t * now->velocity_sd_m_s * now->velocity_sd_m_s + q * t * t * t / 3.0;
    const double most = log(options->most_change);
    const double growth = fmax(-most, fmin(most, trend_of(cells, point, "area") / fmax(now->area_m2, 1.0) * carried));
    double dx, dy;
    nwc__metric_at(&tracker->metric, (now->y - grid->y_first) / grid->dy, (now->x - grid->x_first) / grid->dx, &dx,
                   &dy);
    row->track = now->track, row->cell = now->cell;
    row->time_ns = tracker->frame.time_ns + (int64_t)llround(1e9 * t);
    row->x = now->x + (moves ? now->u * t / dx * grid->dx : 0.0);
    row->y = now->y + (moves ? now->v * t / dy * grid->dy : 0.0);
    row->u = now->u, row->v = now->v;
    row->xx_m2 = variance * now->error_xx, row->xy_m2 = variance * now->error_xy, row->yy_m2 = variance * now->error_yy;
    row->area_m2 = now->area_m2 * exp(growth);
    row->major_m = now->major_m * exp(0.5 * growth), row->minor_m = now->minor_m * exp(0.5 * growth);
    row->orientation_deg = now->orientation_deg;
    row->peak = now->peak + trend_of(cells, point, "peak") * carried;
    row->alive = exp2(-t / options->half_life_s);
}

static nwc_status find_places(nwc_ctx *ctx, const nwc_tracker *tracker, nwc_cell_forecast *rows, int64_t n)
{
    nwc_status status = NWC_OK;
    double *places = NULL;
    NWC__ALLOC(ctx, places, 2 * n);
    for (int64_t r = 0; r < n; r++) places[r] = rows[r].x, places[n + r] = rows[r].y;
    if (n) status = nwc_grid_to_lonlat(ctx, &tracker->grid, n, places, places + n, places, places + n);
    for (int64_t r = 0; r < n; r++) rows[r].longitude_deg = places[r], rows[r].latitude_deg = places[n + r];
done:
    nwc__free(ctx, places);
    return status;
}

nwc_status nwc_cells_forecast(nwc_ctx *ctx, const nwc_tracker *tracker, const nwc_cell_values *cells,
                              const nwc_hazard_model *model, const double *leads_s, int32_t n_leads,
                              const nwc_cell_forecast_options *given, nwc_cell_forecast *rows)
{
    ctx = nwc__ctx(ctx);
    nwc_cell_forecast_options options;
    nwc_cell_forecast_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check(tracker, cells, leads_s, n_leads, &options, rows));
    nwc_status status = NWC_OK;
    double *probability = NULL;
    const int64_t n_points = tracker->frame.n_points, n = n_points * n_leads;
    NWC__ALLOC(ctx, probability, n * NWC_CELL_HAZARDS);
    for (int64_t p = 0; p < n * NWC_CELL_HAZARDS; p++) probability[p] = (double)NAN;
    if (cells && model &&
        (status = nwc_hazard_model_evaluate(ctx, model, cells, leads_s, n_leads, options.damping_s, probability,
                                            NULL)) != NWC_OK)
        goto done;
    for (int64_t r = 0; r < n; r++) {
        rows[r] = (nwc_cell_forecast){.lead = (int32_t)(r % n_leads), .lead_s = leads_s[r % n_leads]};
        carry(tracker, r / n_leads, cells, &options, &rows[r]);
        memcpy(rows[r].probability, probability + r * NWC_CELL_HAZARDS, sizeof rows[r].probability);
    }
    status = find_places(ctx, tracker, rows, n);
done:
    nwc__free(ctx, probability);
    return status;
}
