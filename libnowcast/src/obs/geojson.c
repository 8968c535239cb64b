/* Observations as GeoJSON: a feature for each value. */
#include "obs/table.h"

enum { PROPERTIES = 14, FLOAT_DIGITS = 6 };

static const char *kind_name(int32_t kind)
{
    static const char *const names[] = {"", "surface", "sounding", "profiler", "vad", "lightning", "cell", "model"};
    return names[kind];
}

static nwc_property text_of(const char *name, const char *text)
{
    return (nwc_property){.name = name, .kind = NWC_PROPERTY_TEXT, .text = text};
}

static nwc_property number_of(const char *name, double number)
{
    return (nwc_property){.name = name, .number = number};
}

static nwc_property integer_of(const char *name, int64_t integer)
{
    return (nwc_property){.name = name, .kind = NWC_PROPERTY_INTEGER, .integer = integer};
}

/* The properties of a row; those that say nothing are left out. */
static int32_t describe(const nwc_obs_row *row, const nwc_obs_station *station, nwc_property *properties)
{
    int32_t n = 0;
    properties[n++] = text_of("station", station->id);
    if (station->name[0]) properties[n++] = text_of("name", station->name);
    properties[n++] = text_of("kind", kind_name(station->kind));
    properties[n++] = (nwc_property){.name = "time", .kind = NWC_PROPERTY_TIME, .integer = row->time_ns};
    properties[n++] = text_of("quantity", nwc_quantity_name(row->quantity));
    properties[n++] = number_of("value", row->value);
    properties[n++] = text_of("units", nwc_quantity_units(row->quantity));
    properties[n++] = number_of("quality", (double)row->quality);
    properties[n - 1].digits = FLOAT_DIGITS;
    if (!isnan(row->height_m)) properties[n++] = number_of("height", row->height_m);
    if (!isnan(row->pressure_pa)) properties[n++] = number_of("pressure", row->pressure_pa);
    if (row->duration_s != 0.0) properties[n++] = number_of("duration", row->duration_s);
    if (row->lead_s != 0.0) properties[n++] = number_of("lead", row->lead_s);
    properties[n++] = integer_of("flags", row->flags);
    properties[n++] = integer_of("report", row->report);
    return n;
}

nwc_status nwc_obs_to_geojson(const nwc_obs *obs, nwc_geojson *geojson)
{
    nwc_obs_columns columns;
    nwc_obs_station station;
    NWC__TRY(nwc_obs_lend(obs, &columns));
    for (int64_t r = 0; r < columns.n; r++) {
        nwc_property properties[PROPERTIES];
        const nwc_obs_row row = nwc__obs_row_at(&columns, r);
        NWC__TRY(nwc_obs_get_station(obs, row.station, &station));
        const bool placed = !isnan(row.longitude_deg) && !isnan(row.latitude_deg);
        const nwc_feature feature = {.shape = placed ? NWC_SHAPE_POINT : NWC_SHAPE_NONE,
                                     .n_points = 1,
                                     .longitude_deg = &row.longitude_deg,
                                     .latitude_deg = &row.latitude_deg,
                                     .n_properties = describe(&row, &station, properties),
                                     .properties = properties};
        NWC__TRY(nwc_geojson_add(geojson, &feature, 1));
    }
    return NWC_OK;
}
