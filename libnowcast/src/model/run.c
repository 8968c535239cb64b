/* Entries on the target's horizontal grid, and the heights of levels there: what one call finds once for all its variables. */
#include "model/model.h"

#include "core/atmosphere.h"

void nwc__run_release(nwc__run *run)
{
    nwc__places_destroy(run->ctx, &run->places);
    nwc__rows_destroy(run->ctx, &run->rows);
    nwc__free(run->ctx, run->lat_deg);
    nwc__free(run->ctx, run->lon_deg);
    nwc__free(run->ctx, run->turn_from);
    nwc__free(run->ctx, run->turn_to);
    nwc__free(run->ctx, run->level);
    nwc__free(run->ctx, run->height_m);
    nwc__free(run->ctx, run->pressure_pa);
    nwc__free(run->ctx, run->ground_m);
    *run = (nwc__run){.ctx = run->ctx};
}

/* ---- horizontally ---- */

/* Points on rows of latitude, as of Gaussian grids: looked for again only where they are not those of the entry before. */
static nwc_status place_points(nwc__run *run, const nwc__model_item *item)
{
    const int64_t n = item->entry.points, index = item - nwc__model_item_at(run->model, 0);
    double *lon = NULL, *lat = NULL;
    nwc_status status = NWC_OK;
    NWC__ALLOC(run->ctx, lon, n);
    NWC__ALLOC(run->ctx, lat, n);
    if ((status = nwc_model_lonlat(run->ctx, run->model, index, lon, lat)) != NWC_OK) goto done;
    const size_t bytes = (size_t)n * sizeof *lon;
    if (run->rows.to && run->rows.n == n && memcmp(lon, run->lon_deg, bytes) == 0 &&
        memcmp(lat, run->lat_deg, bytes) == 0)
        goto done;
    nwc__rows_destroy(run->ctx, &run->rows);
    status = nwc__rows_create(run->ctx, n, lon, lat, run->target, &run->rows);
    if (status == NWC_ERR_UNSUPPORTED)
        status = nwc__fail(status, "%s: a regular grid or rows of latitude expected, this field is of type \"%s\"",
                           item->entry.name, item->entry.grid_type);
    if (status != NWC_OK) goto done;
    double *const lon_before = run->lon_deg, *const lat_before = run->lat_deg;
    run->lon_deg = lon, run->lat_deg = lat;
    lon = lon_before, lat = lat_before;
done:
    nwc__free(run->ctx, lat);
    nwc__free(run->ctx, lon);
    return status;
}

static nwc_status place(nwc__run *run, const nwc__model_item *item)
{
    const nwc_grid *const grid = item->entry.grid;
    if (!grid) return place_points(run, item);
    if (run->source == grid) return NWC_OK;
    nwc__places_destroy(run->ctx, &run->places);
    nwc__free(run->ctx, run->turn_from);
    run->turn_from = NULL;
    run->source = NULL;
    NWC__TRY(nwc__places_create(run->ctx, grid, run->target, &run->places));
    run->source = grid;
    return NWC_OK;
}

static nwc_field plane_of(float *cells, const nwc_grid *grid, const char *units)
{
    return (nwc_field){.data = cells,
                       .ndim = 2,
                       .dim = {grid->ny, grid->nx},
                       .stride = {grid->nx, 1},
                       .missing = NAN,
                       .units = units,
                       .grid = grid};
}

/* Values of an entry, which has been placed, onto the target's grid. */
static nwc_status bring(nwc__run *run, const nwc__model_item *item, float *values, float *out)
{
    const nwc_grid *const grid = item->entry.grid;
    if (!grid) return nwc__rows_read(run->ctx, &run->rows, values, item->entry.units, out);
    const nwc_field field = plane_of(values, grid, item->entry.units);
    nwc_field onto = plane_of(out, run->target, item->entry.units);
    return nwc__places_read(run->ctx, &run->places, &field, &onto);
}

nwc_status nwc__run_field(nwc__run *run, const nwc__model_item *item, float *out)
{
    nwc_status status = NWC_OK;
    float *values = NULL;
    NWC__TRY(place(run, item));
    NWC__ALLOC(run->ctx, values, item->entry.points);
    if ((status = nwc__model_values(run->model, run->ctx, item, values)) != NWC_OK) goto done;
    status = bring(run, item, values, out);
done:
    nwc__free(run->ctx, values);
    return status;
}

static nwc_status find_turn(nwc__run *run, const nwc_grid *grid, double **turn)
{
    if (*turn) return NWC_OK;
    const int64_t n = grid->ny * grid->nx;
    *turn = nwc__alloc(run->ctx, 2 * n, sizeof **turn);
    return *turn ? nwc__grid_turn(run->ctx, grid, *turn, *turn + n) : NWC_ERR_NOMEM;
}

/* From a grid's axes to true east and north (sign 1), or from there to its axes (-1). */
static void turn_wind(const double *turn, double sign, int64_t n, float *u, float *v)
{
    for (int64_t p = 0; p < n; p++) {
        const double a = (double)u[p], b = (double)v[p], s = sign * turn[p], c = turn[n + p];
        u[p] = (float)(a * c + b * s);
        v[p] = (float)(b * c - a * s);
    }
}

nwc_status nwc__run_wind(nwc__run *run, const nwc__model_item *u, const nwc__model_item *v, float *u_out, float *v_out)
{
    nwc_status status = NWC_OK;
    float *values = NULL;
    NWC__TRY(place(run, u));
    const nwc_grid *const grid = u->entry.grid;
    const int64_t n = u->entry.points;
    if (v->entry.grid != grid || v->entry.along_grid != u->entry.along_grid || v->entry.points != n)
        return nwc__fail(NWC_ERR_FORMAT, "components of wind on two grids");
    NWC__ALLOC(run->ctx, values, 2 * n);
    if ((status = nwc__model_values(run->model, run->ctx, u, values)) != NWC_OK) goto done;
    if ((status = nwc__model_values(run->model, run->ctx, v, values + n)) != NWC_OK) goto done;
    if (u->entry.along_grid && grid) { /* the axes of rows of latitude are east and north */
        if ((status = find_turn(run, grid, &run->turn_from)) != NWC_OK) goto done;
        turn_wind(run->turn_from, 1.0, n, values, values + n);
    }
    if ((status = bring(run, u, values, u_out)) != NWC_OK) goto done;
    if ((status = place(run, v)) != NWC_OK) goto done;
    if ((status = bring(run, v, values + n, v_out)) != NWC_OK) goto done;
    if ((status = find_turn(run, run->target, &run->turn_to)) != NWC_OK) goto done;
    turn_wind(run->turn_to, -1.0, run->target->ny * run->target->nx, u_out, v_out);
done:
    nwc__free(run->ctx, values);
    return status;
}

/* ---- heights ---- */

/* The only entry of a name at a kind of level, at the time and of the run and member of the query. */
static nwc_status one_field(nwc__run *run, const nwc_model_query *query, const char *name, int32_t vertical, float *out,
                            bool *found)
{
    nwc_model_query wanted = *query;
    nwc__levels levels;
    wanted.name = name, wanted.vertical = vertical, wanted.derived = nwc__model_values_of(run->model, name);
    NWC__TRY(nwc__levels_find(run->ctx, run->model, &wanted, &levels));
    *found = levels.n == 1;
    const nwc_status status = *found ? nwc__run_field(run, levels.item[0], out) : NWC_OK;
    nwc__levels_release(run->ctx, &levels);
    return status;
}

static void scale(float *values, int64_t n, double factor)
{
    for (int64_t p = 0; p < n; p++) values[p] = (float)((double)values[p] * factor);
}

/* Geopotential height of the ground into run->ground_m, which stays NULL where no entry tells it. */
static nwc_status find_ground(nwc__run *run, const nwc_model_query *query)
{
    static const struct {
        const char *name;
        int32_t vertical;
        double factor;
    } kinds[] = {{"orog", NWC_VERTICAL_SURFACE, 1.0},
                 {"gh", NWC_VERTICAL_SURFACE, 1.0},
                 {"z", NWC_VERTICAL_SURFACE, 1.0 / NWC__GRAVITY},
                 {"z", NWC_VERTICAL_HYBRID, 1.0 / NWC__GRAVITY}};
    const int64_t n = run->target->ny * run->target->nx;
    nwc__free(run->ctx, run->ground_m);
    run->ground_m = nwc__alloc(run->ctx, n, sizeof *run->ground_m);
    if (!run->ground_m) return NWC_ERR_NOMEM;
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    for (int k = 0; k < 2 * KINDS; k++) { /* of the time and member, then of any: it is often given once */
        nwc_model_query wanted = *query;
        bool found;
        if (k >= KINDS) wanted.time_ns = wanted.reference_ns = INT64_MIN, wanted.member = NWC_MODEL_ANY;
        NWC__TRY(one_field(run, &wanted, kinds[k % KINDS].name, kinds[k % KINDS].vertical, run->ground_m, &found));
        if (!found) continue;
        scale(run->ground_m, n, kinds[k % KINDS].factor);
        return NWC_OK;
    }
    nwc__free(run->ctx, run->ground_m);
    run->ground_m = NULL;
    return NWC_OK;
}

static void to_heights(float *geopotential_m, int64_t n)
{
    for (int64_t p = 0; p < n; p++) geopotential_m[p] = (float)nwc__height_of_geopotential((double)geopotential_m[p]);
}

/* From geopotential on the same levels, where at least half of them have it. */
static nwc_status by_geopotential(nwc__run *run, const nwc_model_query *query, const nwc__levels *levels, bool *found)
{
    static const struct {
        const char *name;
        double factor;
    } kinds[] = {{"gh", 1.0}, {"z", 1.0 / NWC__GRAVITY}};
    const int64_t n = run->target->ny * run->target->nx;
    *found = false;
    for (int k = 0; k < 2 && !*found; k++) {
        nwc_model_query wanted = *query;
        nwc__levels of;
        wanted.name = kinds[k].name, wanted.derived = nwc__model_values_of(run->model, wanted.name);
        NWC__TRY(nwc__levels_find(run->ctx, run->model, &wanted, &of));
        nwc_status status = NWC_OK;
        int64_t there = 0;
        for (int64_t l = 0; l < levels->n; l++) there += nwc__levels_at(&of, levels->item[l]->entry.level) != NULL;
        *found = there > 0 && 2 * there >= levels->n;
        for (int64_t l = 0; *found && l < levels->n && status == NWC_OK; l++) {
            float *const height = run->height_m + l * n;
            const nwc__model_item *const item = nwc__levels_at(&of, levels->item[l]->entry.level);
            for (int64_t p = 0; !item && p < n; p++) height[p] = NAN;
            if (!item) continue;
            status = nwc__run_field(run, item, height);
            scale(height, n, kinds[k].factor);
            to_heights(height, n);
        }
        nwc__levels_release(run->ctx, &of);
        if (status != NWC_OK) return status;
    }
    return NWC_OK;
}

/* Pressure at the ground, from itself or its logarithm. */
static nwc_status surface_pressure(nwc__run *run, const nwc_model_query *query, float *out, bool *found)
{
    const int64_t n = run->target->ny * run->target->nx;
    NWC__TRY(one_field(run, query, "lnsp", NWC_VERTICAL_HYBRID, out, found));
    if (!*found) NWC__TRY(one_field(run, query, "lnsp", NWC_VERTICAL_SURFACE, out, found));
    for (int64_t p = 0; *found && p < n; p++) out[p] = expf(out[p]);
    if (!*found) NWC__TRY(one_field(run, query, "sp", NWC_VERTICAL_SURFACE, out, found));
    return NWC_OK;
}

/* Temperature or humidity on the target's grid from the lowest level up; how many levels follow each other without a gap. */
static nwc_status read_upwards(nwc__run *run, const nwc_model_query *query, const char *name, int64_t levels,
                               float **values, int64_t *there)
{
    nwc_model_query wanted = *query;
    nwc__levels of;
    const int64_t n = run->target->ny * run->target->nx;
    wanted.name = name, wanted.derived = nwc__model_values_of(run->model, name);
    *there = 0;
    NWC__TRY(nwc__levels_find(run->ctx, run->model, &wanted, &of));
    while (*there < levels && nwc__levels_at(&of, (double)(levels - *there))) ++*there;
    nwc_status status = NWC_OK;
    if (*there > 0) NWC__ALLOC(run->ctx, *values, *there * n);
    for (int64_t up = 0; up < *there && status == NWC_OK; up++)
        status = nwc__run_field(run, nwc__levels_at(&of, (double)(levels - up)), *values + up * n);
done:
    nwc__levels_release(run->ctx, &of);
    return status;
}

/* By the hydrostatic equation, for hybrid levels that carry coefficients. */
static nwc_status by_integration(nwc__run *run, const nwc_model_query *query, const nwc__levels *levels, bool *found)
{
    const int64_t n = run->target->ny * run->target->nx;
    int64_t halves = 0, warm = 0, moist = 0;
    double *a = NULL, *b = NULL;
    float *surface_pa = NULL, *temperature = NULL, *humidity = NULL, *column = NULL;
    nwc_status status = NWC_OK;
    const int64_t index = levels->item[0] - nwc__model_item_at(run->model, 0);
    *found = false;
    if ((status = nwc_model_hybrid(run->model, index, 0, NULL, NULL, &halves)) != NWC_OK || halves < 2) goto done;
    const int64_t full = halves - 1;
    NWC__ALLOC(run->ctx, a, halves);
    NWC__ALLOC(run->ctx, b, halves);
    if ((status = nwc_model_hybrid(run->model, index, halves, a, b, &halves)) != NWC_OK) goto done;
    NWC__ALLOC(run->ctx, surface_pa, n);
    if ((status = surface_pressure(run, query, surface_pa, found)) != NWC_OK || !*found) goto done;
    if ((status = read_upwards(run, query, "t", full, &temperature, &warm)) != NWC_OK) goto done;
    if ((status = read_upwards(run, query, "q", full, &humidity, &moist)) != NWC_OK) goto done;
    *found = warm > 0 && run->ground_m;
    if (!*found) goto done;
    const bool damp = moist >= warm;
    NWC__ALLOC(run->ctx, column, 4 * warm);
    NWC__ALLOC(run->ctx, run->pressure_pa, levels->n * n);
    for (int64_t p = 0; p < n; p++) {
        float *const q = column + warm, *const height = column + 2 * warm, *const pressure = column + 3 * warm;
        for (int64_t up = 0; up < warm; up++) {
            column[up] = temperature[up * n + p];
            if (damp) q[up] = humidity[up * n + p];
        }
        nwc__hybrid_heights(full, warm, a, b, (double)surface_pa[p], (double)run->ground_m[p], column, damp ? q : NULL,
                            height, pressure);
        for (int64_t l = 0; l < levels->n; l++) {
            const int64_t up = full - (int64_t)levels->item[l]->entry.level;
            const bool there = up >= 0 && up < warm;
            run->height_m[l * n + p] = there ? (float)nwc__height_of_geopotential((double)height[up]) : NAN;
            run->pressure_pa[l * n + p] = there ? pressure[up] : NAN;
        }
    }
done:
    nwc__free(run->ctx, column);
    nwc__free(run->ctx, humidity);
    nwc__free(run->ctx, temperature);
    nwc__free(run->ctx, surface_pa);
    nwc__free(run->ctx, b);
    nwc__free(run->ctx, a);
    return status;
}

static bool same_levels(const nwc__run *run, const nwc_model_query *query, const nwc__levels *levels)
{
    if (run->n != levels->n || run->time_ns != query->time_ns) return false;
    for (int64_t l = 0; l < levels->n; l++)
        if (run->level[l] != levels->item[l]->entry.level) return false;
    return true;
}

static nwc_status find_heights(nwc__run *run, const nwc_model_query *query, const nwc__levels *levels)
{
    const int64_t n = run->target->ny * run->target->nx;
    const int32_t kind = query->vertical;
    bool found = true;
    NWC__TRY(find_ground(run, query));
    if (kind == NWC_VERTICAL_HEIGHT_SEA || kind == NWC_VERTICAL_HEIGHT_GROUND) {
        if (kind == NWC_VERTICAL_HEIGHT_GROUND && !run->ground_m)
            return nwc__fail(NWC_ERR_NODATA, "%s: heights above ground, and no height of the ground", query->name);
        for (int64_t l = 0; l < levels->n; l++)
            for (int64_t p = 0; p < n; p++)
                run->height_m[l * n + p] =
                    (float)(levels->item[l]->entry.level +
                            (kind == NWC_VERTICAL_HEIGHT_GROUND ? (double)run->ground_m[p] : 0.0));
        return NWC_OK;
    }
    NWC__TRY(by_geopotential(run, query, levels, &found));
    if (!found && kind == NWC_VERTICAL_HYBRID) NWC__TRY(by_integration(run, query, levels, &found));
    if (!found && kind != NWC_VERTICAL_PRESSURE)
        return nwc__fail(NWC_ERR_NODATA, "%s: nothing tells the height of its levels", query->name);
    for (int64_t l = 0; !found && l < levels->n; l++) {
        const float height = (float)nwc__height_of_geopotential(nwc__standard_height(levels->item[l]->entry.level));
        for (int64_t p = 0; p < n; p++) run->height_m[l * n + p] = height;
    }
    return NWC_OK;
}

nwc_status nwc__run_heights(nwc__run *run, const nwc_model_query *query, const nwc__levels *levels)
{
    if (same_levels(run, query, levels)) return NWC_OK;
    const int64_t n = run->target->ny * run->target->nx;
    nwc_status status = NWC_OK;
    nwc__free(run->ctx, run->level);
    nwc__free(run->ctx, run->height_m);
    nwc__free(run->ctx, run->pressure_pa);
    run->level = NULL, run->height_m = run->pressure_pa = NULL;
    run->n = 0;
    NWC__ALLOC(run->ctx, run->level, levels->n);
    NWC__ALLOC(run->ctx, run->height_m, levels->n * n);
    if ((status = find_heights(run, query, levels)) != NWC_OK) goto done;
    if (!run->pressure_pa && query->vertical == NWC_VERTICAL_PRESSURE) {
        NWC__ALLOC(run->ctx, run->pressure_pa, levels->n * n);
        for (int64_t l = 0; l < levels->n; l++)
            for (int64_t p = 0; p < n; p++) run->pressure_pa[l * n + p] = (float)levels->item[l]->entry.level;
    }
    for (int64_t l = 0; l < levels->n; l++) run->level[l] = levels->item[l]->entry.level;
    run->n = levels->n;
    run->time_ns = query->time_ns;
done:
    return status;
}
