/* Tables put together, sorted, and picked from. Sorting is a merge sort of row numbers: stable, and the same everywhere. */
#include "obs/table.h"

nwc_obs_row nwc__obs_row_at(const nwc_obs_columns *columns, int64_t r)
{
    return (nwc_obs_row){.time_ns = columns->time_ns[r],
                         .report = columns->report[r],
                         .longitude_deg = columns->longitude_deg[r],
                         .latitude_deg = columns->latitude_deg[r],
                         .height_m = columns->height_m[r],
                         .pressure_pa = columns->pressure_pa[r],
                         .duration_s = columns->duration_s[r],
                         .lead_s = columns->lead_s[r],
                         .value = columns->value[r],
                         .station = columns->station[r],
                         .quantity = columns->quantity[r],
                         .quality = columns->quality[r],
                         .flags = columns->flags[r]};
}

/* ---- appending ---- */

nwc_status nwc_obs_append(nwc_obs *obs, const nwc_obs *other)
{
    nwc_obs_facts facts;
    nwc_obs_columns columns;
    int32_t *station = NULL;
    nwc_status status = NWC_OK;
    if (!obs || !other || obs == other)
        return nwc__fail(NWC_ERR_ARG, "obs, other: two tables expected, %s given", obs ? "one" : "NULL");
    NWC__TRY(nwc_obs_describe(other, &facts));
    NWC__TRY(nwc_obs_lend(other, &columns));
    nwc_ctx *const memory = nwc__obs_memory(obs);
    NWC__ALLOC(memory, station, facts.n_stations);
    for (int32_t s = 0; s < facts.n_stations; s++) {
        nwc_obs_station of;
        if ((status = nwc_obs_get_station(other, s, &of)) != NWC_OK) goto done;
        if ((status = nwc_obs_add_station(obs, &of, &station[s])) != NWC_OK) goto done;
    }
    const int64_t first = nwc__obs_take_reports(obs, facts.n_reports);
    for (int64_t r = 0; r < columns.n; r++) {
        nwc_obs_row row = nwc__obs_row_at(&columns, r);
        row.station = station[row.station];
        row.report += first;
        if ((status = nwc__obs_put(obs, &row)) != NWC_OK) goto done;
    }
    if (facts.incomplete[0]) status = nwc__obs_incomplete(obs, "%s", facts.incomplete);
done:
    nwc__free(memory, station);
    return status;
}

/* ---- sorting ---- */

/* -1, 0 or 1; NaN after all numbers. */
static int compare(double a, double b)
{
    if (isnan(a) || isnan(b)) return (int)isnan(a) - (int)isnan(b);
    return (a > b) - (a < b);
}

static int compare_whole(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_time(int64_t a, int64_t b)
{
    if (a == NWC_TIME_UNKNOWN || b == NWC_TIME_UNKNOWN) return (a == NWC_TIME_UNKNOWN) - (b == NWC_TIME_UNKNOWN);
    return compare_whole(a, b);
}

/* Upward: by height, or where that does not decide by falling pressure. */
static int compare_level(const nwc_obs_columns *c, int64_t a, int64_t b)
{
    const int by_height = compare(c->height_m[a], c->height_m[b]);
    if (by_height && !isnan(c->height_m[a]) && !isnan(c->height_m[b])) return by_height;
    const int by_pressure = compare(-c->pressure_pa[a], -c->pressure_pa[b]);
    return by_pressure ? by_pressure : by_height;
}

static int compare_rows(const nwc_obs_columns *c, int32_t order, int64_t a, int64_t b)
{
    int d = 0;
    if (order == NWC_OBS_BY_TIME) {
        d = compare_time(c->time_ns[a], c->time_ns[b]);
        if (!d) d = compare_whole(c->station[a], c->station[b]);
        if (!d) d = compare_whole(c->report[a], c->report[b]);
        if (!d) d = compare_level(c, a, b);
        return d ? d : compare_whole(c->quantity[a], c->quantity[b]);
    }
    if (order == NWC_OBS_BY_SERIES) {
        d = compare_whole(c->station[a], c->station[b]);
        if (!d) d = compare_whole(c->quantity[a], c->quantity[b]);
        if (!d) d = compare(c->height_m[a], c->height_m[b]);
        return d ? d : compare_time(c->time_ns[a], c->time_ns[b]);
    }
    d = compare_whole(c->report[a], c->report[b]);
    if (!d && order == NWC__OBS_BY_LEVEL) d = compare_time(c->time_ns[a], c->time_ns[b]);
    if (!d) d = compare_level(c, a, b);
    if (!d && order == NWC__OBS_BY_LEVEL) d = compare(c->duration_s[a], c->duration_s[b]);
    return d ? d : compare_whole(c->quantity[a], c->quantity[b]);
}

/* Merge ever longer sorted runs, from one array of row numbers to the other and back; the sorted one is returned. */
static int64_t *merge_sort(const nwc_obs_columns *columns, int32_t order, int64_t *from, int64_t *to)
{
    for (int64_t run = 1; run < columns->n; run *= 2) {
        for (int64_t start = 0; start < columns->n; start += 2 * run) {
            const int64_t middle = start + run < columns->n ? start + run : columns->n;
            const int64_t end = middle + run < columns->n ? middle + run : columns->n;
            int64_t a = start, b = middle;
            for (int64_t k = start; k < end; k++) {
                const bool left = b >= end || (a < middle && compare_rows(columns, order, from[a], from[b]) <= 0);
                to[k] = left ? from[a++] : from[b++];
            }
        }
        int64_t *const sorted = to;
        to = from, from = sorted;
    }
    return from;
}

nwc_status nwc__obs_order(nwc_ctx *ctx, const nwc_obs *obs, int32_t order, int64_t **rows)
{
    nwc_obs_columns columns;
    int64_t *one = NULL, *other = NULL;
    nwc_status status = nwc_obs_lend(obs, &columns);
    if (status != NWC_OK) return status;
    NWC__ALLOC(ctx, one, columns.n);
    NWC__ALLOC(ctx, other, columns.n);
    for (int64_t r = 0; r < columns.n; r++) one[r] = r;
    *rows = merge_sort(&columns, order, one, other);
    if (*rows == one) one = NULL;
    if (*rows == other) other = NULL;
done:
    nwc__free(ctx, other);
    nwc__free(ctx, one);
    return status;
}

nwc_status nwc_obs_sort(nwc_obs *obs, int32_t order)
{
    if (!obs) return nwc__fail(NWC_ERR_ARG, "obs: a table expected, NULL given");
    if (order < NWC_OBS_BY_TIME || order > NWC_OBS_BY_REPORT)
        return nwc__fail(NWC_ERR_ARG, "order: an nwc_obs_order expected, %d given", (int)order);
    nwc_ctx *const memory = nwc__obs_memory(obs);
    nwc_obs_columns columns;
    int64_t *rows = NULL;
    nwc_obs_row *sorted = NULL;
    nwc_status status = NWC_OK;
    NWC__TRY(nwc_obs_lend(obs, &columns));
    if ((status = nwc__obs_order(memory, obs, order, &rows)) != NWC_OK) goto done;
    NWC__ALLOC(memory, sorted, columns.n);
    for (int64_t r = 0; r < columns.n; r++) sorted[r] = nwc__obs_row_at(&columns, rows[r]);
    nwc__obs_clear(obs); /* room stays: putting them back cannot fail */
    for (int64_t r = 0; r < columns.n && status == NWC_OK; r++) status = nwc__obs_put(obs, &sorted[r]);
done:
    nwc__free(memory, sorted);
    nwc__free(memory, rows);
    return status;
}

/* ---- picking ---- */

void nwc_obs_choice_init(nwc_obs_choice *choice)
{
    if (choice)
        *choice = (nwc_obs_choice){.struct_size = sizeof *choice,
                                   .station = -1,
                                   .first_ns = NWC_TIME_UNKNOWN,
                                   .last_ns = NWC_TIME_UNKNOWN,
                                   .west = NAN,
                                   .east = NAN,
                                   .south = NAN,
                                   .north = NAN,
                                   .lowest_m = NAN,
                                   .highest_m = NAN};
}

static bool between(double value, double low, double high)
{
    return (isnan(low) || value >= low) && (isnan(high) || value <= high);
}

static bool is_inside(double longitude, double west, double east)
{
    const double w = nwc__longitude(west), e = nwc__longitude(east);
    if (isnan(w) || isnan(e)) return between(longitude, w, e);
    if (east - west >= 360.0) return !isnan(longitude);
    return w <= e ? between(longitude, w, e) : longitude >= w || longitude <= e;
}

static bool is_wanted(const nwc_obs *obs, const nwc_obs_choice *choice, const nwc_obs_columns *c, int64_t r)
{
    nwc_obs_station station;
    const int64_t time = c->time_ns[r];
    if (choice->quantity && c->quantity[r] != choice->quantity) return false;
    if (choice->station >= 0 && c->station[r] != choice->station) return false;
    if (choice->first_ns != NWC_TIME_UNKNOWN && time < choice->first_ns) return false;
    if (choice->last_ns != NWC_TIME_UNKNOWN && (time > choice->last_ns || time == NWC_TIME_UNKNOWN)) return false;
    if (c->flags[r] & choice->without_flags) return false;
    if (choice->kind && (nwc_obs_get_station(obs, c->station[r], &station) != NWC_OK || station.kind != choice->kind))
        return false;
    return is_inside(c->longitude_deg[r], choice->west, choice->east) &&
           between(c->latitude_deg[r], choice->south, choice->north) &&
           between(c->height_m[r], choice->lowest_m, choice->highest_m);
}

nwc_status nwc_obs_select(nwc_ctx *ctx, const nwc_obs *obs, const nwc_obs_choice *given, nwc_obs **selected)
{
    nwc_obs_choice choice;
    nwc_obs_columns columns;
    nwc_obs_facts facts;
    nwc_obs *made;
    nwc_status status = NWC_OK;
    ctx = nwc__ctx(ctx);
    if (!obs || !selected) return nwc__fail(NWC_ERR_ARG, "obs, selected: a table and a place for another expected");
    *selected = NULL;
    nwc_obs_choice_init(&choice);
    NWC__TRY(nwc__take_options(&choice, sizeof choice, given, "choice"));
    NWC__TRY(nwc_obs_lend(obs, &columns));
    NWC__TRY(nwc_obs_describe(obs, &facts));
    NWC__TRY(nwc__obs_create(ctx, facts.format, INT64_MAX / 2, &made));
    for (int32_t s = 0; s < facts.n_stations && status == NWC_OK; s++) status = nwc__obs_copy_station(made, obs, s);
    (void)nwc__obs_take_reports(made, facts.n_reports);
    for (int64_t r = 0; r < columns.n && status == NWC_OK; r++) {
        if (!is_wanted(obs, &choice, &columns, r)) continue;
        const nwc_obs_row row = nwc__obs_row_at(&columns, r);
        status = nwc__obs_put(made, &row);
    }
    if (status == NWC_OK && facts.incomplete[0]) status = nwc__obs_incomplete(made, "%s", facts.incomplete);
    if (status == NWC_OK)
        *selected = made;
    else
        nwc_obs_destroy(made);
    return status;
}
