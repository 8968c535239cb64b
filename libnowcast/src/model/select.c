/* Which entries a query asks for; options of reading; and the names of variables in CF, for those files that have none. */
#include "model/model.h"

#include <stdio.h>

void nwc_model_options_init(nwc_model_options *options)
{
    if (options)
        *options = (nwc_model_options){.struct_size = sizeof *options, .max_bytes = INT64_C(4) << 30, .winds = -1};
}

void nwc_model_query_init(nwc_model_query *query)
{
    if (query)
        *query = (nwc_model_query){.struct_size = sizeof *query,
                                   .vertical = NWC_MODEL_ANY,
                                   .member = NWC_MODEL_ANY,
                                   .level = NAN,
                                   .reference_ns = INT64_MIN,
                                   .time_ns = INT64_MIN};
}

/* Names as ecCodes gives them; standard names of CF's table. */
static const nwc__model_term terms[] = {
    {"u", "eastward_wind", "eastward wind", "m s-1"},
    {"v", "northward_wind", "northward wind", "m s-1"},
    {"10u", "eastward_wind", "eastward wind at 10 m", "m s-1"},
    {"10v", "northward_wind", "northward wind at 10 m", "m s-1"},
    {"wz", "upward_air_velocity", "upward wind", "m s-1"},
    {"w", "lagrangian_tendency_of_air_pressure", "vertical velocity in pressure", "Pa s-1"},
    {"gust", "wind_speed_of_gust", "gust", "m s-1"},
    {"t", "air_temperature", "temperature", "K"},
    {"2t", "air_temperature", "temperature at 2 m", "K"},
    {"2d", "dew_point_temperature", "dew point at 2 m", "K"},
    {"pt", "air_potential_temperature", "potential temperature", "K"},
    {"q", "specific_humidity", "specific humidity", "kg kg-1"},
    {"2q", "specific_humidity", "specific humidity at 2 m", "kg kg-1"},
    {"r", "relative_humidity", "relative humidity", "%"},
    {"2r", "relative_humidity", "relative humidity at 2 m", "%"},
    {"mixr", "humidity_mixing_ratio", "humidity mixing ratio", "kg kg-1"},
    {"pres", "air_pressure", "pressure", "Pa"},
    {"sp", "surface_air_pressure", "pressure at the ground", "Pa"},
    {"lnsp", "", "logarithm of pressure at the ground", "1"},
    {"prmsl", "air_pressure_at_mean_sea_level", "pressure at mean sea level", "Pa"},
    {"gh", "geopotential_height", "geopotential height", "m"},
    {"z", "geopotential", "geopotential", "m2 s-2"},
    {"orog", "surface_altitude", "height of the ground", "m"},
    {"tp", "precipitation_amount", "precipitation", "kg m-2"},
    {"prate", "precipitation_flux", "precipitation rate", "kg m-2 s-1"},
    {"cape", "atmosphere_convective_available_potential_energy", "convective available potential energy", "J kg-1"},
    {"cin", "atmosphere_convective_inhibition", "convective inhibition", "J kg-1"},
    {"refd", "equivalent_reflectivity_factor", "reflectivity", "dBZ"},
    {"refc", "equivalent_reflectivity_factor", "greatest reflectivity of the column", "dBZ"},
    {"clwmr", "cloud_liquid_water_mixing_ratio", "cloud water mixing ratio", "kg kg-1"},
    {"rwmr", "", "rain mixing ratio", "kg kg-1"},
    {"snmr", "", "snow mixing ratio", "kg kg-1"},
    {"grle", "", "graupel mixing ratio", "kg kg-1"},
    {"icmr", "cloud_ice_mixing_ratio", "cloud ice mixing ratio", "kg kg-1"},
    {"mxuphl", "", "greatest updraught helicity", "m2 s-2"},
};

const nwc__model_term *nwc__model_term_of(const char *name)
{
    for (size_t t = 0; t < sizeof terms / sizeof terms[0]; t++)
        if (strcmp(terms[t].name, name) == 0) return &terms[t];
    return NULL;
}

/* "0-2-3" of GRIB 2, "table-number" of GRIB 1. */
static bool is_number(const nwc_model_entry *entry, const char *text)
{
    char numbers[64];
    if (entry->number < 0) return false;
    if (entry->discipline >= 0)
        snprintf(numbers, sizeof numbers, "%d-%d-%d", (int)entry->discipline, (int)entry->category, (int)entry->number);
    else
        snprintf(numbers, sizeof numbers, "%d-%d", (int)entry->category, (int)entry->number);
    return strcmp(numbers, text) == 0;
}

const nwc_model_name *nwc__model_name_of(const nwc_model_options *options, const char *file_name)
{
    for (int32_t n = 0; n < options->n_names; n++)
        if (strcmp(options->names[n].file_name, file_name) == 0) return &options->names[n];
    return NULL;
}

void nwc__model_call(const nwc_model_name *given, nwc__model_item *item)
{
    const nwc__model_term *const term = nwc__model_term_of(given->name);
    item->entry.name = given->name;
    if (term) {
        item->entry.standard_name = term->standard_name;
        item->entry.long_name = term->long_name;
        item->entry.units = term->units;
    }
    if (given->units) item->entry.units = given->units;
    item->scale = given->scale, item->offset = given->offset;
}

void nwc__model_rename(const nwc_model_options *options, nwc__model_item *item)
{
    item->scale = 1.0, item->offset = 0.0;
    const nwc_model_name *given = nwc__model_name_of(options, item->entry.name);
    for (int32_t n = 0; !given && n < options->n_names; n++)
        if (is_number(&item->entry, options->names[n].file_name)) given = &options->names[n];
    if (given) nwc__model_call(given, item);
}

const char *nwc__model_values_of(const nwc_model *model, const char *name)
{
    bool mean = false;
    for (int64_t e = 0; e < nwc_model_count(model); e++) {
        const nwc_model_entry *const entry = &nwc__model_item_at(model, e)->entry;
        if (strcmp(entry->name, name) != 0) continue;
        if (!*entry->derived) return "";
        mean = mean || strcmp(entry->derived, "mean") == 0;
    }
    return mean ? "mean" : "";
}

bool nwc__model_matches(const nwc_model_entry *entry, const nwc_model_query *query)
{
    const char *const name = query->name;
    if (name && strcmp(name, entry->name) != 0 && strcmp(name, entry->standard_name) != 0 && !is_number(entry, name))
        return false;
    if (query->level_type && strcmp(query->level_type, entry->level_type) != 0) return false;
    if (query->statistic && strcmp(query->statistic, entry->statistic) != 0) return false;
    if (query->derived && strcmp(query->derived, entry->derived) != 0) return false;
    if (query->vertical != NWC_MODEL_ANY && query->vertical != entry->vertical) return false;
    if (query->member != NWC_MODEL_ANY && query->member != entry->member) return false;
    if (!isnan(query->level) && !(fabs(query->level - entry->level) <= 1e-6 * fabs(query->level))) return false;
    if (query->reference_ns != INT64_MIN && query->reference_ns != entry->reference_ns) return false;
    return query->time_ns == INT64_MIN || query->time_ns == entry->time_ns;
}

nwc_status nwc_model_select(const nwc_model *model, const nwc_model_query *given, int64_t most, int64_t *indices,
                            int64_t *count)
{
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a model expected, NULL given");
    if (!count) return nwc__fail(NWC_ERR_ARG, "count: a place for the count expected, NULL given");
    if (most < 0 || (most > 0 && !indices))
        return nwc__fail(NWC_ERR_ARG, "indices: room for %lld expected, NULL given", (long long)most);
    nwc_model_query query;
    nwc_model_query_init(&query);
    NWC__TRY(nwc__take_options(&query, sizeof query, given, "query"));
    *count = 0;
    for (int64_t i = 0; i < nwc_model_count(model); i++) {
        if (!nwc__model_matches(&nwc__model_item_at(model, i)->entry, &query)) continue;
        if (*count < most) indices[*count] = i;
        ++*count;
    }
    return NWC_OK;
}
