/*
 * A table of observations in memory, and how it is filled. Its columns lie one behind the other in one block, which doubles
 * when it is full. It outlives the context it was made with.
 */
#include "obs/table.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_ROOM = 64, FIRST_SLOTS = 64, MOST_TEXT = 512, COLUMNS = 13, ROW_BYTES = 9 * 8 + 4 * 4 };

#define SAME_PLACE_DEG 0.01 /* files say the same place, but for rounding */

struct station {
    nwc_obs_station facts;
    char *id, *name; /* what the facts point to */
};

struct nwc_obs {
    struct nwc_ctx memory; /* allocator only */
    const char *format;
    char *incomplete;
    int64_t bytes, max_bytes;
    int64_t n, room, reports;
    char *block;
    struct station *stations;
    int32_t n_stations, station_room;
    int32_t *slots; /* station numbers by the hash of kind and id, -1 free; n_slots is a power of 2 */
    int32_t n_slots;
    const nwc_obs_station *const *known; /* by id */
    int32_t n_known;
};

/* Column c of a block of so many rows: nine columns of eight bytes, then four of four. */
static void *column(char *block, int64_t room, int c)
{
    return block ? block + room * (c < 9 ? 8 * c : 72 + 4 * (c - 9)) : NULL;
}

struct nwc__obs_cells nwc__obs_cells(nwc_obs *obs)
{
    char *const block = obs->block;
    const int64_t room = obs->room;
    return (struct nwc__obs_cells){.time_ns = column(block, room, 0),
                                   .report = column(block, room, 1),
                                   .longitude_deg = column(block, room, 2),
                                   .latitude_deg = column(block, room, 3),
                                   .height_m = column(block, room, 4),
                                   .pressure_pa = column(block, room, 5),
                                   .duration_s = column(block, room, 6),
                                   .lead_s = column(block, room, 7),
                                   .value = column(block, room, 8),
                                   .station = column(block, room, 9),
                                   .quantity = column(block, room, 10),
                                   .quality = column(block, room, 11),
                                   .flags = column(block, room, 12)};
}

/* ---- making and releasing ---- */

nwc_status nwc__obs_create(nwc_ctx *ctx, const char *format, int64_t max_bytes, nwc_obs **made)
{
    nwc_obs *const obs = nwc__alloc(ctx, 1, sizeof *obs);
    if (!obs) return NWC_ERR_NOMEM;
    *obs = (nwc_obs){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                     .format = format,
                     .max_bytes = max_bytes};
    *made = obs;
    return NWC_OK;
}

nwc_status nwc_obs_create(nwc_ctx *ctx, nwc_obs **obs)
{
    if (!obs) return nwc__fail(NWC_ERR_ARG, "obs: a place for the table expected, NULL given");
    *obs = NULL;
    return nwc__obs_create(nwc__ctx(ctx), "memory", INT64_MAX / 2, obs);
}

void nwc_obs_destroy(nwc_obs *obs)
{
    if (!obs) return;
    struct nwc_ctx memory = obs->memory;
    nwc__free(&memory, obs->slots);
    for (int32_t s = 0; s < obs->n_stations; s++) {
        nwc__free(&memory, obs->stations[s].name);
        nwc__free(&memory, obs->stations[s].id);
    }
    nwc__free(&memory, obs->stations);
    nwc__free(&memory, obs->block);
    nwc__free(&memory, obs->incomplete);
    nwc__free(&memory, obs);
}

int64_t nwc__obs_limit(const nwc_obs *obs)
{
    return obs->max_bytes;
}

void nwc__obs_set_format(nwc_obs *obs, const char *format)
{
    obs->format = format;
}

nwc_status nwc__obs_incomplete(nwc_obs *obs, const char *format, ...)
{
    if (obs->incomplete) return NWC_OK;
    char reason[MOST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    obs->incomplete = nwc__copy_text(&obs->memory, reason);
    return obs->incomplete ? NWC_OK : NWC_ERR_NOMEM;
}

static nwc_status take(nwc_obs *obs, int64_t count, size_t size, void **memory)
{
    if (count > (obs->max_bytes - obs->bytes) / (int64_t)size)
        return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)obs->max_bytes);
    if (!(*memory = nwc__alloc(&obs->memory, count, size))) return NWC_ERR_NOMEM;
    obs->bytes += count * (int64_t)size;
    return NWC_OK;
}

/* ---- stations ---- */

static uint64_t hash_of(int32_t kind, const char *id)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)kind; /* Fowler, Noll and Vo (1991), variant 1a */
    for (; *id; id++) hash = (hash ^ (uint8_t)*id) * UINT64_C(1099511628211);
    return hash ^ hash >> 32;
}

static bool same_place(const nwc_obs_station *a, const nwc_obs_station *b)
{
    const double east = fabs(nwc__longitude(a->longitude_deg - b->longitude_deg));
    return !(east > SAME_PLACE_DEG) && !(fabs(a->latitude_deg - b->latitude_deg) > SAME_PLACE_DEG);
}

/* Whether a station is there already; *slot is where it is, or where it would go. */
static bool find_station(const nwc_obs *obs, const nwc_obs_station *wanted, int32_t *slot)
{
    for (uint64_t hash = hash_of(wanted->kind, wanted->id);; hash++) {
        *slot = (int32_t)(hash & (uint64_t)(obs->n_slots - 1));
        const int32_t number = obs->slots[*slot];
        if (number < 0) return false;
        const nwc_obs_station *const known = &obs->stations[number].facts;
        if (known->kind == wanted->kind && strcmp(known->id, wanted->id) == 0 && same_place(known, wanted)) return true;
    }
}

static nwc_status grow_slots(nwc_obs *obs)
{
    if (2 * obs->n_stations < obs->n_slots) return NWC_OK;
    const int32_t wanted = obs->n_slots ? 2 * obs->n_slots : FIRST_SLOTS;
    void *slots;
    NWC__TRY(take(obs, wanted, sizeof *obs->slots, &slots));
    obs->bytes -= obs->n_slots * (int64_t)sizeof *obs->slots;
    nwc__free(&obs->memory, obs->slots);
    obs->slots = slots;
    obs->n_slots = wanted;
    for (int32_t s = 0; s < wanted; s++) obs->slots[s] = -1;
    for (int32_t number = 0; number < obs->n_stations; number++) {
        const nwc_obs_station *const station = &obs->stations[number].facts;
        uint64_t hash = hash_of(station->kind, station->id);
        while (obs->slots[hash & (uint64_t)(wanted - 1)] >= 0) hash++;
        obs->slots[hash & (uint64_t)(wanted - 1)] = number;
    }
    return NWC_OK;
}

static nwc_status grow_stations(nwc_obs *obs)
{
    if (obs->n_stations < obs->station_room) return NWC_OK;
    if (obs->n_stations >= NWC__OBS_MOST_STATIONS)
        return nwc__fail(NWC_ERR_NOMEM, "at most %d stations expected, more found", NWC__OBS_MOST_STATIONS);
    const int32_t wanted = obs->station_room ? 2 * obs->station_room : FIRST_ROOM;
    void *stations;
    NWC__TRY(take(obs, wanted, sizeof *obs->stations, &stations));
    if (obs->n_stations) memcpy(stations, obs->stations, (size_t)obs->n_stations * sizeof *obs->stations);
    obs->bytes -= obs->station_room * (int64_t)sizeof *obs->stations;
    nwc__free(&obs->memory, obs->stations);
    obs->stations = stations;
    obs->station_room = wanted;
    return NWC_OK;
}

/* What one report says of a station and an earlier one did not. */
static void complete_station(nwc_obs_station *known, const nwc_obs_station *given)
{
    if (isnan(known->longitude_deg) || isnan(known->latitude_deg)) {
        known->longitude_deg = given->longitude_deg;
        known->latitude_deg = given->latitude_deg;
    }
    if (isnan(known->height_m)) known->height_m = given->height_m;
    if (isnan(known->trust)) known->trust = given->trust;
}

void nwc__obs_know(nwc_obs *obs, const nwc_obs_station *const *known, int32_t n)
{
    obs->known = known, obs->n_known = n;
}

void nwc__obs_complete(const nwc_obs *obs, nwc_obs_station *station)
{
    int32_t first = 0, end = obs->n_known;
    if (!station->id[0]) return;
    while (first < end) {
        const int32_t middle = first + (end - first) / 2;
        if (strcmp(obs->known[middle]->id, station->id) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    if (first == obs->n_known || strcmp(obs->known[first]->id, station->id) != 0) return;
    const nwc_obs_station *const known = obs->known[first];
    complete_station(station, known);
    if (!station->name[0] && known->name) station->name = known->name;
}

static nwc_status add_station(nwc_obs *obs, const nwc_obs_station *facts, int32_t slot, int32_t *index)
{
    NWC__TRY(grow_stations(obs));
    struct station added = {.facts = *facts, .id = nwc__copy_text(&obs->memory, facts->id)};
    if (!added.id) return NWC_ERR_NOMEM;
    if (!(added.name = nwc__copy_text(&obs->memory, facts->name ? facts->name : ""))) {
        nwc__free(&obs->memory, added.id);
        return NWC_ERR_NOMEM;
    }
    added.facts.id = added.id, added.facts.name = added.name;
    *index = obs->slots[slot] = obs->n_stations;
    obs->stations[obs->n_stations++] = added;
    return NWC_OK;
}

nwc_status nwc_obs_add_station(nwc_obs *obs, const nwc_obs_station *given, int32_t *index)
{
    if (!obs || !given || !index)
        return nwc__fail(NWC_ERR_ARG, "obs, station, index: a table, a station and a place for its number expected");
    if (given->kind < NWC_OBS_SURFACE || given->kind > NWC_OBS_MODEL)
        return nwc__fail(NWC_ERR_ARG, "station.kind: an nwc_obs_kind expected, %d given", (int)given->kind);
    if (fabs(given->latitude_deg) > 90.0 || fabs(given->longitude_deg) > 360.0)
        return nwc__fail(NWC_ERR_ARG, "station: a place on the earth expected, %g, %g given", given->latitude_deg,
                         given->longitude_deg);
    nwc_obs_station own = *given;
    int32_t slot;
    own.id = given->id ? given->id : "";
    own.longitude_deg = nwc__longitude(given->longitude_deg);
    NWC__TRY(grow_slots(obs));
    if (find_station(obs, &own, &slot)) {
        *index = obs->slots[slot];
        complete_station(&obs->stations[*index].facts, &own);
        return NWC_OK;
    }
    return add_station(obs, &own, slot, index);
}

nwc_status nwc__obs_copy_station(nwc_obs *obs, const nwc_obs *from, int32_t number)
{
    int32_t slot, index;
    NWC__TRY(grow_slots(obs));
    (void)find_station(obs, &from->stations[number].facts, &slot);
    while (obs->slots[slot] >= 0) slot = (slot + 1) & (obs->n_slots - 1);
    return add_station(obs, &from->stations[number].facts, slot, &index);
}

nwc_status nwc_obs_get_station(const nwc_obs *obs, int32_t index, nwc_obs_station *station)
{
    if (!obs || !station) return nwc__fail(NWC_ERR_ARG, "obs, station: a table and a place for the station expected");
    if (index < 0 || index >= obs->n_stations)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %d expected, %d given", (int)obs->n_stations - 1, (int)index);
    *station = obs->stations[index].facts;
    return NWC_OK;
}

void nwc__obs_set_trust(nwc_obs *obs, int32_t station, double trust)
{
    obs->stations[station].facts.trust = trust;
}

/* ---- rows ---- */

double nwc__longitude(double degrees)
{
    const double turned = degrees - 360.0 * floor((degrees + 180.0) / 360.0);
    return turned >= 180.0 ? -180.0 : turned; /* by rounding; NaN stays */
}

void nwc_obs_row_init(nwc_obs_row *row)
{
    if (row)
        *row = (nwc_obs_row){.time_ns = NWC_TIME_UNKNOWN,
                             .longitude_deg = NAN,
                             .latitude_deg = NAN,
                             .height_m = NAN,
                             .pressure_pa = NAN,
                             .value = NAN,
                             .quality = NAN};
}

int64_t nwc_obs_new_report(nwc_obs *obs)
{
    return obs ? nwc__obs_take_reports(obs, 1) : 0;
}

int64_t nwc__obs_take_reports(nwc_obs *obs, int64_t n)
{
    const int64_t first = obs->reports;
    obs->reports += n;
    return first;
}

void nwc__obs_clear(nwc_obs *obs)
{
    obs->n = 0;
}

nwc_ctx *nwc__obs_memory(nwc_obs *obs)
{
    return &obs->memory;
}

/* Room for n rows more. */
static nwc_status grow_rows(nwc_obs *obs, int64_t n)
{
    if (n <= obs->room - obs->n) return NWC_OK;
    if (n > INT64_MAX / (4 * ROW_BYTES) - obs->n)
        return nwc__fail(NWC_ERR_NOMEM, "%lld rows: more than can be addressed", (long long)n);
    int64_t wanted = obs->room ? 2 * obs->room : FIRST_ROOM; /* even, so that all columns are aligned */
    while (wanted < obs->n + n) wanted *= 2;
    void *block;
    NWC__TRY(take(obs, wanted, ROW_BYTES, &block));
    for (int c = 0; c < COLUMNS && obs->n; c++)
        memcpy(column(block, wanted, c), column(obs->block, obs->room, c), (size_t)obs->n * (c < 9 ? 8 : 4));
    obs->bytes -= obs->room * ROW_BYTES;
    nwc__free(&obs->memory, obs->block);
    obs->block = block, obs->room = wanted;
    return NWC_OK;
}

nwc_status nwc__obs_put(nwc_obs *obs, const nwc_obs_row *row)
{
    NWC__TRY(grow_rows(obs, 1));
    const struct nwc__obs_cells cells = nwc__obs_cells(obs);
    const int64_t r = obs->n++;
    cells.time_ns[r] = row->time_ns;
    cells.report[r] = row->report;
    cells.longitude_deg[r] = row->longitude_deg;
    cells.latitude_deg[r] = row->latitude_deg;
    cells.height_m[r] = row->height_m;
    cells.pressure_pa[r] = row->pressure_pa;
    cells.duration_s[r] = row->duration_s;
    cells.lead_s[r] = row->lead_s;
    cells.value[r] = row->value;
    cells.station[r] = row->station;
    cells.quantity[r] = row->quantity;
    cells.quality[r] = row->quality;
    cells.flags[r] = row->flags;
    return NWC_OK;
}

nwc_status nwc__obs_value(nwc_obs *obs, const nwc_obs_row *like, int32_t quantity, double value)
{
    if (isnan(value)) return NWC_OK;
    nwc_obs_row row = *like;
    row.quantity = quantity, row.value = value;
    return nwc__obs_put(obs, &row);
}

static nwc_status check_row(const nwc_obs *obs, const nwc_obs_row *row, int64_t number)
{
    const long long r = (long long)number;
    if (row->station < 0 || row->station >= obs->n_stations)
        return nwc__fail(NWC_ERR_ARG, "rows[%lld].station: 0 to %d expected, %d given", r, (int)obs->n_stations - 1,
                         (int)row->station);
    if (row->report < 0 || row->report >= obs->reports)
        return nwc__fail(NWC_ERR_ARG, "rows[%lld].report: one of nwc_obs_new_report expected, %lld given", r,
                         (long long)row->report);
    if (!nwc_quantity_name(row->quantity))
        return nwc__fail(NWC_ERR_ARG, "rows[%lld].quantity: an nwc_quantity expected, %d given", r, (int)row->quantity);
    if (row->quality < 0.0f || row->quality > 1.0f)
        return nwc__fail(NWC_ERR_ARG, "rows[%lld].quality: 0 to 1 expected, %g given", r, (double)row->quality);
    if (!(row->duration_s >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "rows[%lld].duration_s: 0 or more expected, %g given", r, row->duration_s);
    if (fabs(row->latitude_deg) > 90.0 || fabs(row->longitude_deg) > 360.0)
        return nwc__fail(NWC_ERR_ARG, "rows[%lld]: a place on the earth expected, %g, %g given", r, row->latitude_deg,
                         row->longitude_deg);
    return NWC_OK;
}

nwc_status nwc_obs_add(nwc_obs *obs, const nwc_obs_row *rows, int64_t n)
{
    if (!obs || (!rows && n != 0) || n < 0)
        return nwc__fail(NWC_ERR_ARG, "obs, rows: a table and 0 or more rows expected, %lld given", (long long)n);
    for (int64_t r = 0; r < n; r++) NWC__TRY(check_row(obs, &rows[r], r));
    NWC__TRY(grow_rows(obs, n));
    for (int64_t r = 0; r < n; r++) {
        nwc_obs_row row = rows[r];
        row.longitude_deg = nwc__longitude(row.longitude_deg);
        NWC__TRY(nwc__obs_put(obs, &row));
    }
    return NWC_OK;
}

nwc_status nwc_obs_lend(const nwc_obs *obs, nwc_obs_columns *columns)
{
    if (!obs || !columns) return nwc__fail(NWC_ERR_ARG, "obs, columns: a table and a place for its columns expected");
    nwc_obs view = *obs;
    const struct nwc__obs_cells cells = nwc__obs_cells(&view);
    *columns = (nwc_obs_columns){.n = obs->n,
                                 .time_ns = cells.time_ns,
                                 .report = cells.report,
                                 .longitude_deg = cells.longitude_deg,
                                 .latitude_deg = cells.latitude_deg,
                                 .height_m = cells.height_m,
                                 .pressure_pa = cells.pressure_pa,
                                 .duration_s = cells.duration_s,
                                 .lead_s = cells.lead_s,
                                 .value = cells.value,
                                 .station = cells.station,
                                 .quantity = cells.quantity,
                                 .quality = cells.quality,
                                 .flags = cells.flags};
    return NWC_OK;
}

nwc_status nwc_obs_describe(const nwc_obs *obs, nwc_obs_facts *facts)
{
    if (!obs || !facts) return nwc__fail(NWC_ERR_ARG, "obs, facts: a table and a place for facts expected");
    *facts = (nwc_obs_facts){.format = obs->format,
                             .n_rows = obs->n,
                             .n_reports = obs->reports,
                             .n_stations = obs->n_stations,
                             .incomplete = obs->incomplete ? obs->incomplete : ""};
    return NWC_OK;
}
