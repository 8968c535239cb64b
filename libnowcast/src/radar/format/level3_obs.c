/*
 * Storm cells and winds of Level III as observations: a report for each cell, whose forecasts are rows of a later time, and one
 * for each time of the winds.
 */
#include "radar/format/level3.h"

#include <nowcast/grid.h>
#include <nowcast/obs.h>

#include <stdio.h>

enum { STEPS = 1 + NWC__LEVEL3_STEPS, MOST_VALUES = 16 + NWC__LEVEL3_STEPS };

#define STEP_S 900.0

/* Rows of one report. */
struct report {
    nwc_obs_row like;
    nwc_obs_row row[MOST_VALUES];
    int64_t n;
};

static nwc_obs_row *add_value(struct report *report, int32_t quantity, double value)
{
    assert(report->n < MOST_VALUES);
    nwc_obs_row *const row = &report->row[report->n++];
    *row = report->like;
    row->quantity = quantity, row->value = value;
    return row;
}

/* The same, where there is a value. */
static void add_known(struct report *report, int32_t quantity, double value, bool limit)
{
    if (isnan(value)) return;
    nwc_obs_row *const row = add_value(report, quantity, value);
    if (limit) row->flags |= NWC_OBS_LIMIT;
}

static nwc_status begin_report(nwc_obs *obs, const nwc_obs_station *station, int64_t time_ns, struct report *report)
{
    report->n = 0;
    nwc_obs_row_init(&report->like);
    NWC__TRY(nwc_obs_add_station(obs, station, &report->like.station));
    report->like.report = nwc_obs_new_report(obs);
    report->like.time_ns = time_ns;
    report->like.longitude_deg = station->longitude_deg, report->like.latitude_deg = station->latitude_deg;
    return NWC_OK;
}

/* ---- cells ---- */

/* Places of a cell and of its forecasts, as longitude and latitude; NaN where they are not known. */
struct places {
    double longitude_deg[STEPS], latitude_deg[STEPS];
};

static nwc_status find_places(nwc_ctx *ctx, const nwc__level3 *level3, const nwc__level3_cell *cells, int64_t n,
                              struct places *places)
{
    nwc_status status = NWC_OK;
    char projection[128];
    double *x = NULL, *y = NULL, *longitude = NULL, *latitude = NULL;
    snprintf(projection, sizeof projection, "+proj=aeqd +lat_0=%.3f +lon_0=%.3f +ellps=WGS84 +units=m",
             level3->latitude_deg, level3->longitude_deg);
    const nwc_grid grid = {.projection = projection, .nx = 1, .ny = 1, .dx = 1.0, .dy = 1.0};
    NWC__ALLOC(ctx, x, n * STEPS);
    NWC__ALLOC(ctx, y, n * STEPS);
    NWC__ALLOC(ctx, longitude, n * STEPS);
    NWC__ALLOC(ctx, latitude, n * STEPS);
    for (int64_t p = 0; p < n * STEPS; p++) {
        const nwc__level3_cell *const cell = &cells[p / STEPS];
        const int64_t step = p % STEPS;
        const double azimuth = (step ? cell->ahead_deg[step - 1] : cell->azimuth_deg) * NWC__RADIANS;
        const double range = step ? cell->ahead_m[step - 1] : cell->range_m;
        x[p] = range * sin(azimuth), y[p] = range * cos(azimuth);
    }
    if ((status = nwc_grid_to_lonlat(ctx, &grid, n * STEPS, x, y, longitude, latitude)) != NWC_OK) goto done;
    for (int64_t p = 0; p < n * STEPS; p++) {
        const bool known = isfinite(x[p]) && isfinite(y[p]);
        places[p / STEPS].longitude_deg[p % STEPS] = known ? longitude[p] : NAN;
        places[p / STEPS].latitude_deg[p % STEPS] = known ? latitude[p] : NAN;
    }
done:
    nwc__free(ctx, latitude);
    nwc__free(ctx, longitude);
    nwc__free(ctx, y);
    nwc__free(ctx, x);
    return status;
}

static nwc_status put_cell(nwc_obs *obs, const nwc__level3 *level3, const nwc__level3_cell *cell,
                           const struct places *places)
{
    struct report report;
    char name[32] = "";
    if (cell->storm[0]) snprintf(name, sizeof name, "in storm %s", cell->storm);
    const nwc_obs_station station = {.id = cell->id,
                                     .name = name,
                                     .kind = NWC_OBS_CELL,
                                     .longitude_deg = places->longitude_deg[0],
                                     .latitude_deg = places->latitude_deg[0],
                                     .height_m = NAN,
                                     .trust = NAN};
    NWC__TRY(begin_report(obs, &station, level3->time_ns, &report));
    add_value(&report, NWC_QUANTITY_CELL_SPEED, cell->speed_m_s); /* NaN of a new one: that it is there is known */
    add_known(&report, NWC_QUANTITY_CELL_FROM_DIRECTION, cell->from_deg, false);
    add_known(&report, NWC_QUANTITY_CELL_TOP, cell->top_m, cell->top_above);
    add_known(&report, NWC_QUANTITY_CELL_BASE, cell->base_m, cell->base_below);
    add_known(&report, NWC_QUANTITY_CELL_VIL, cell->vil_kg_m2, false);
    if (!isnan(cell->max_dbz))
        add_value(&report, NWC_QUANTITY_REFLECTIVITY, cell->max_dbz)->height_m = cell->max_height_m;
    add_known(&report, NWC_QUANTITY_HAIL_PROBABILITY, cell->hail, false);
    add_known(&report, NWC_QUANTITY_SEVERE_HAIL_PROBABILITY, cell->severe_hail, false);
    add_known(&report, NWC_QUANTITY_HAIL_SIZE, cell->hail_mm, false);
    add_known(&report, NWC_QUANTITY_ROTATIONAL_VELOCITY, cell->rotation_m_s, false);
    add_known(&report, NWC_QUANTITY_VELOCITY_DIFFERENCE, cell->low_difference_m_s, false);
    for (int s = 0; s < NWC__LEVEL3_STEPS; s++) {
        if (isnan(places->longitude_deg[1 + s])) continue;
        nwc_obs_row *const row = add_value(&report, NWC_QUANTITY_POSITION_ERROR, cell->error_m);
        row->longitude_deg = places->longitude_deg[1 + s], row->latitude_deg = places->latitude_deg[1 + s];
        row->lead_s = STEP_S * (1 + s);
        row->time_ns += (int64_t)(1e9 * row->lead_s);
    }
    return nwc_obs_add(obs, report.row, report.n);
}

static nwc_status put_cells(nwc_ctx *ctx, const nwc__level3 *level3, nwc_obs *obs)
{
    nwc_status status = NWC_OK;
    nwc__level3_cell *cells;
    struct places *places = NULL;
    int64_t n;
    NWC__TRY(nwc__level3_read_cells(ctx, level3, &cells, &n));
    NWC__ALLOC(ctx, places, n);
    if ((status = find_places(ctx, level3, cells, n, places)) != NWC_OK) goto done;
    for (int64_t c = 0; c < n && status == NWC_OK; c++) status = put_cell(obs, level3, &cells[c], &places[c]);
done:
    nwc__free(ctx, places);
    nwc__free(ctx, cells);
    return status;
}

/* ---- winds ---- */

static nwc_status put_winds(nwc_ctx *ctx, const nwc__level3 *level3, nwc_obs *obs)
{
    nwc_status status = NWC_OK;
    nwc__level3_wind *winds;
    int64_t n;
    struct report report = {0};
    const nwc_obs_station station = {.id = level3->site,
                                     .kind = NWC_OBS_VAD,
                                     .longitude_deg = level3->longitude_deg,
                                     .latitude_deg = level3->latitude_deg,
                                     .height_m = level3->altitude_m,
                                     .trust = NAN};
    NWC__TRY(nwc__level3_read_winds(ctx, level3, &winds, &n));
    for (int64_t w = 0; w < n && status == NWC_OK; w++) {
        const nwc__level3_wind *const wind = &winds[w];
        if (w == 0 || wind->time_ns != wind[-1].time_ns) status = begin_report(obs, &station, wind->time_ns, &report);
        if (status != NWC_OK) break;
        report.n = 0, report.like.height_m = wind->height_m;
        add_known(&report, NWC_QUANTITY_WIND_SPEED, wind->speed_m_s, false);
        if (wind->speed_m_s > 0.0) add_known(&report, NWC_QUANTITY_WIND_FROM_DIRECTION, wind->from_deg, false);
        add_known(&report, NWC_QUANTITY_SPREAD, wind->spread_m_s, false);
        add_known(&report, NWC_QUANTITY_UPWARD_AIR_VELOCITY, wind->up_m_s, false);
        status = nwc_obs_add(obs, report.row, report.n);
    }
    nwc__free(ctx, winds);
    return status;
}

bool nwc__is_level3_table(const uint8_t *bytes, int64_t size)
{
    const nwc__level3_form form = nwc__level3_form_of(bytes, size);
    return form == NWC__LEVEL3_CELLS || form == NWC__LEVEL3_WINDS;
}

nwc_status nwc__level3_obs_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                                nwc_obs *obs)
{
    (void)hints;
    nwc__level3 level3;
    nwc_status status = nwc__level3_open(ctx, bytes, size, INT64_MAX, &level3);
    if (status == NWC_OK)
        status = (level3.product->form == NWC__LEVEL3_WINDS ? put_winds : put_cells)(ctx, &level3, obs);
    nwc__level3_close(ctx, &level3);
    return status;
}
