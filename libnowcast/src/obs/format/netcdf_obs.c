/*
 * Observations in netCDF, as a neutral tree: lightning of the Geostationary Lightning Mapper (GOES-R, level 2 LCFA) and
 * of Lightning Mapping Arrays (as xlma writes it), and radiosondes of the ARM programme (sondewnpn).
 */
#include "obs/format/netcdf_obs.h"

enum { MOST_TEXT = 64 };

/* A variable of one dimension and what its numbers mean. */
struct variable {
    const double *raw; /* NULL where the file has none of that length */
    double scale, offset, fill, missing, wrap;
    const char *units;
};

static struct variable find(const nwc__tree *tree, const char *name, int64_t n)
{
    const nwc__node *const node = nwc__node_find(tree->root, name);
    if (!node || !node->values || node->ndim != 1 || node->dim[0] != n) return (struct variable){.raw = NULL};
    return (struct variable){.raw = node->values,
                             .scale = nwc__node_number(node, "scale_factor", 1.0),
                             .offset = nwc__node_number(node, "add_offset", 0.0),
                             .fill = nwc__node_number(node, "_FillValue", NAN),
                             .missing = nwc__node_number(node, "missing_value", NAN),
                             .wrap = nwc__node_wrap(node),
                             .units = nwc__node_text(node, "units")};
}

/* Item i in the file's units; NaN where it is not known. Stored as signed, numbers may mean unsigned ones. */
static double item(const struct variable *variable, int64_t i)
{
    if (!variable->raw) return NAN;
    const double raw = variable->raw[i];
    if (raw == variable->fill || raw == variable->missing) return NAN;
    return nwc__unwrapped(raw, variable->wrap) * variable->scale + variable->offset;
}

static double in_si(const struct variable *variable, int64_t i, const char *wanted)
{
    return variable->raw ? nwc__to_si(item(variable, i), variable->units, wanted) : (double)NAN;
}

static int64_t length_of(const nwc__tree *tree, const char *name)
{
    const nwc__node *const node = nwc__node_find(tree->root, name);
    return node && node->values && node->ndim == 1 ? node->dim[0] : 0;
}

/* ---- lightning ---- */

/* Sources, events, groups and flashes, each by names of its own, "" for what they do not have. */
struct level {
    const char *id, *time, *last, *latitude, *longitude, *energy, *area, *quality;
    int32_t quantity;
    const char *height, *chi_squared, *sensors;
};

/* "milliseconds since 2018-07-02 04:33:00.000", and in other units */
static bool take_epoch(const char *units, double *unit_ns, int64_t *epoch_ns)
{
    static const struct {
        const char *prefix;
        double ns;
    } known[] = {{"nanoseconds since ", 1.0},
                 {"microseconds since ", 1e3},
                 {"milliseconds since ", 1e6},
                 {"seconds since ", 1e9}};
    const struct nwc__span text = {units, (int64_t)strlen(units)};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        *unit_ns = known[k].ns;
        if (nwc__span_starts(text, known[k].prefix))
            return nwc__span_time(nwc__span_part(text, (int64_t)strlen(known[k].prefix), text.n), epoch_ns);
    }
    return false;
}

static nwc_status read_level(const nwc__tree *tree, const struct level *level, const nwc_obs_row *like, nwc_obs *obs)
{
    const int64_t n = length_of(tree, level->id);
    const struct variable time = find(tree, level->time, n), latitude = find(tree, level->latitude, n);
    const struct variable longitude = find(tree, level->longitude, n), energy = find(tree, level->energy, n);
    const struct variable last = find(tree, level->last, n), area = find(tree, level->area, n);
    const struct variable quality = find(tree, level->quality, n);
    const struct variable height = find(tree, level->height, n), sensors = find(tree, level->sensors, n);
    const struct variable chi_squared = find(tree, level->chi_squared, n);
    double unit_ns;
    int64_t epoch_ns;
    if (n == 0) return NWC_OK;
    if (!time.raw || !latitude.raw || !longitude.raw || !take_epoch(time.units, &unit_ns, &epoch_ns))
        return nwc__obs_incomplete(obs, "%s: no times or places of its length", level->id);
    for (int64_t i = 0; i < n; i++) {
        nwc_obs_row row = *like;
        const double from_ns = unit_ns * item(&time, i), to_ns = last.raw ? unit_ns * item(&last, i) : from_ns;
        row.latitude_deg = item(&latitude, i);
        row.longitude_deg = nwc__longitude(item(&longitude, i));
        if (!(fabs(from_ns) < 1e15 && fabs(to_ns) < 1e15 && fabs(row.latitude_deg) <= 90.0)) continue;
        row.height_m = item(&height, i);
        row.time_ns = epoch_ns + (int64_t)llround(to_ns);
        row.duration_s = fmax(1e-9 * (to_ns - from_ns), 0.0);
        row.report = nwc_obs_new_report(obs);
        row.flags = quality.raw && item(&quality, i) != 0.0 ? NWC_OBS_DOUBTED : 0;
        row.quantity = level->quantity;
        row.value = item(&energy, i); /* there is lightning whether its energy is known or not */
        NWC__TRY(nwc__obs_put(obs, &row));
        NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_FLASH_AREA, in_si(&area, i, "m2")));
        NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_CHI_SQUARED, item(&chi_squared, i)));
        NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_SENSOR_COUNT, item(&sensors, i)));
    }
    return NWC_OK;
}

static nwc_status read_glm(const nwc__tree *tree, nwc_obs *obs)
{
    static const struct level levels[] = {
        {"flash_id", "flash_time_offset_of_first_event", "flash_time_offset_of_last_event", "flash_lat", "flash_lon",
         "flash_energy", "flash_area", "flash_quality_flag", NWC_QUANTITY_OPTICAL_FLASH, "", "", ""},
        {"group_id", "group_time_offset", "", "group_lat", "group_lon", "group_energy", "group_area",
         "group_quality_flag", NWC_QUANTITY_OPTICAL_GROUP, "", "", ""},
        {"event_id", "event_time_offset", "", "event_lat", "event_lon", "event_energy", "", "",
         NWC_QUANTITY_OPTICAL_EVENT, "", "", ""},
    };
    char id[MOST_TEXT];
    nwc_obs_row row;
    nwc_obs_row_init(&row);
    const char *const platform = nwc__node_text(tree->root, "platform_ID");
    nwc__span_copy((struct nwc__span){platform, (int64_t)strlen(platform)}, id, sizeof id);
    nwc_obs_station imager = nwc__obs_station(NWC_OBS_LIGHTNING, id);
    imager.name = nwc__node_text(tree->root, "instrument_type");
    NWC__TRY(nwc_obs_add_station(obs, &imager, &row.station));
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) NWC__TRY(read_level(tree, &levels[l], &row, obs));
    return NWC_OK;
}

/* A single number; NaN where there is none. */
static double single(const nwc__tree *tree, const char *name)
{
    const nwc__node *const node = nwc__node_find(tree->root, name);
    return node && node->values && node->ndim == 0 ? node->values[0] : (double)NAN;
}

/* Sources an array located. Which of them are of one flash is left out: reports are of what was observed. */
static nwc_status read_lma(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    static const struct level sources = {"event_latitude",        "event_time",     "",           "event_latitude",
                                         "event_longitude",       "event_power",    "",           "",
                                         NWC_QUANTITY_VHF_SOURCE, "event_altitude", "event_chi2", "event_stations"};
    nwc_obs_row row;
    nwc_obs_row_init(&row);
    nwc_obs_station array = nwc__obs_station(NWC_OBS_LIGHTNING, "");
    const double latitude = single(tree, "network_center_latitude");
    const double longitude = single(tree, "network_center_longitude");
    if (fabs(latitude) <= 90.0 && fabs(longitude) <= 360.0)
        array.latitude_deg = latitude, array.longitude_deg = longitude;
    array.height_m = single(tree, "network_center_altitude");
    nwc__obs_take_hint(&array, hints);
    NWC__TRY(nwc_obs_add_station(obs, &array, &row.station));
    return read_level(tree, &sources, &row, obs);
}

/* ---- radiosondes of ARM ---- */

struct sonde {
    struct variable time, pressure, height, speed, latitude, longitude;
};

/* The values of one quantity with the doubts of its own check. */
static nwc_status put_checked(const nwc__tree *tree, const char *name, int64_t n, int32_t quantity,
                              const struct sonde *sonde, int64_t base_ns, const nwc_obs_row *like, nwc_obs *obs)
{
    char check_name[MOST_TEXT] = "qc_";
    nwc__span_copy((struct nwc__span){name, (int64_t)strlen(name)}, check_name + 3, sizeof check_name - 3);
    const struct variable variable = find(tree, name, n), check = find(tree, check_name, n);
    const char *const wanted = nwc_quantity_units(quantity);
    for (int64_t i = 0; i < n; i++) {
        nwc_obs_row row = *like;
        const double second = item(&sonde->time, i);
        row.pressure_pa = in_si(&sonde->pressure, i, "Pa");
        row.height_m = in_si(&sonde->height, i, "m");
        row.latitude_deg = item(&sonde->latitude, i);
        row.longitude_deg = nwc__longitude(item(&sonde->longitude, i));
        row.time_ns = fabs(second) < 1e6 ? base_ns + (int64_t)llround(1e9 * second) : NWC_TIME_UNKNOWN;
        row.flags = check.raw && item(&check, i) != 0.0 ? NWC_OBS_DOUBTED : 0;
        const bool calm = quantity == NWC_QUANTITY_WIND_FROM_DIRECTION && item(&sonde->speed, i) == 0.0;
        NWC__TRY(nwc__obs_value(obs, &row, quantity, calm ? NAN : in_si(&variable, i, wanted)));
    }
    return NWC_OK;
}

static nwc_status read_arm(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    static const struct {
        const char *name;
        int32_t quantity;
    } fields[] = {
        {"alt", NWC_QUANTITY_GEOPOTENTIAL_HEIGHT},
        {"tdry", NWC_QUANTITY_AIR_TEMPERATURE},
        {"dp", NWC_QUANTITY_DEW_POINT},
        {"rh", NWC_QUANTITY_RELATIVE_HUMIDITY},
        {"wspd", NWC_QUANTITY_WIND_SPEED},
        {"deg", NWC_QUANTITY_WIND_FROM_DIRECTION},
        {"u_wind", NWC_QUANTITY_EASTWARD_WIND},
        {"v_wind", NWC_QUANTITY_NORTHWARD_WIND},
    };
    const int64_t n = length_of(tree, "pres");
    const nwc__node *const base = nwc__node_find(tree->root, "base_time");
    const struct sonde sonde = {.time = find(tree, "time_offset", n),
                                .pressure = find(tree, "pres", n),
                                .height = find(tree, "alt", n),
                                .speed = find(tree, "wspd", n),
                                .latitude = find(tree, "lat", n),
                                .longitude = find(tree, "lon", n)};
    char id[MOST_TEXT];
    nwc_obs_row row;
    if (!sonde.time.raw || !base || !base->values || !(fabs(base->values[0]) < 8e9))
        return nwc__fail(NWC_ERR_FORMAT, "base_time and time_offset expected, not found");
    const char *const site = nwc__node_text(tree->root, "site_id");
    const char *const facility = nwc__node_text(tree->root, "facility_id");
    nwc__span_copy((struct nwc__span){site, (int64_t)strlen(site)}, id, sizeof id);
    const int64_t colon = nwc__span_find((struct nwc__span){facility, (int64_t)strlen(facility)}, ":");
    if (colon > 0 && strlen(id) + (size_t)colon < sizeof id)
        nwc__span_copy((struct nwc__span){facility, colon}, id + strlen(id), (int64_t)(sizeof id - strlen(id)));
    nwc_obs_station station = nwc__obs_station(NWC_OBS_SOUNDING, id);
    station.name = facility;
    if (fabs(item(&sonde.latitude, 0)) <= 90.0) station.latitude_deg = item(&sonde.latitude, 0);
    if (fabs(item(&sonde.longitude, 0)) <= 360.0) station.longitude_deg = item(&sonde.longitude, 0);
    station.height_m = in_si(&sonde.height, 0, "m");
    nwc__obs_take_hint(&station, hints);
    const int64_t base_ns = (int64_t)base->values[0] * INT64_C(1000000000);
    NWC__TRY(nwc__obs_begin(obs, &station, base_ns, &row));
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
        NWC__TRY(put_checked(tree, fields[f].name, n, fields[f].quantity, &sonde, base_ns, &row, obs));
    return NWC_OK;
}

nwc_status nwc__netcdf_obs_decode(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    if (length_of(tree, "event_power") && length_of(tree, "event_altitude")) {
        nwc__obs_set_format(obs, "LMA");
        return read_lma(tree, hints, obs);
    }
    if (nwc__node_find(tree->root, "flash_id") && nwc__node_find(tree->root, "event_id")) {
        nwc__obs_set_format(obs, "GLM");
        return read_glm(tree, obs);
    }
    if (length_of(tree, "pres") && length_of(tree, "tdry") && length_of(tree, "alt")) {
        nwc__obs_set_format(obs, "ARM sonde");
        return read_arm(tree, hints, obs);
    }
    return nwc__fail(NWC_ERR_UNSUPPORTED, "netCDF without lightning of GLM or an LMA or a sounding of ARM");
}
