/* Quantities: names and units by number. Names are CF standard names (table 85) where CF has one. */
#include "core/internal.h"

#include <nowcast/obs.h>

static const struct quantity {
    int32_t number;
    const char *name, *units;
} quantities[] = {
    {NWC_QUANTITY_AIR_TEMPERATURE, "air_temperature", "K"},
    {NWC_QUANTITY_DEW_POINT, "dew_point_temperature", "K"},
    {NWC_QUANTITY_RELATIVE_HUMIDITY, "relative_humidity", "1"},
    {NWC_QUANTITY_AIR_PRESSURE, "air_pressure", "Pa"},
    {NWC_QUANTITY_SEA_LEVEL_PRESSURE, "air_pressure_at_mean_sea_level", "Pa"},
    {NWC_QUANTITY_ALTIMETER_SETTING, "altimeter_setting", "Pa"},
    {NWC_QUANTITY_WIND_SPEED, "wind_speed", "m s-1"},
    {NWC_QUANTITY_WIND_FROM_DIRECTION, "wind_from_direction", "degree"},
    {NWC_QUANTITY_EASTWARD_WIND, "eastward_wind", "m s-1"},
    {NWC_QUANTITY_NORTHWARD_WIND, "northward_wind", "m s-1"},
    {NWC_QUANTITY_UPWARD_AIR_VELOCITY, "upward_air_velocity", "m s-1"},
    {NWC_QUANTITY_PRESSURE_VELOCITY, "lagrangian_tendency_of_air_pressure", "Pa s-1"},
    {NWC_QUANTITY_GUST_SPEED, "wind_speed_of_gust", "m s-1"},
    {NWC_QUANTITY_GUST_FROM_DIRECTION, "wind_gust_from_direction", "degree"},
    {NWC_QUANTITY_GEOPOTENTIAL_HEIGHT, "geopotential_height", "m"},
    {NWC_QUANTITY_RAIN_AMOUNT, "lwe_thickness_of_precipitation_amount", "mm"},
    {NWC_QUANTITY_RAIN_RATE, "lwe_precipitation_rate", "mm h-1"},
    {NWC_QUANTITY_VISIBILITY, "visibility_in_air", "m"},
    {NWC_QUANTITY_PRESENT_WEATHER, "present_weather", "1"},
    {NWC_QUANTITY_CLOUD_COVER, "cloud_area_fraction", "1"},
    {NWC_QUANTITY_CLOUD_BASE, "cloud_base_height_above_ground", "m"},
    {NWC_QUANTITY_VIRTUAL_TEMPERATURE, "virtual_temperature", "K"},
    {NWC_QUANTITY_ELECTRIC_FIELD, "electric_field", "V m-1"},
    {NWC_QUANTITY_RADIAL_VELOCITY, "radial_velocity_of_scatterers_away_from_instrument", "m s-1"},
    {NWC_QUANTITY_REFLECTIVITY, "equivalent_reflectivity_factor", "dBZ"},
    {NWC_QUANTITY_SIGNAL_TO_NOISE, "signal_to_noise_ratio", "dB"},
    {NWC_QUANTITY_REFRACTIVE_STRUCTURE, "refractive_index_structure_constant", "m-2/3"},
    {NWC_QUANTITY_SPREAD, "wind_fit_residual", "m s-1"},
    {NWC_QUANTITY_STROKE, "lightning_stroke", "A"},
    {NWC_QUANTITY_GROUND_STROKE, "lightning_ground_stroke", "A"},
    {NWC_QUANTITY_CLOUD_STROKE, "lightning_cloud_stroke", "A"},
    {NWC_QUANTITY_VHF_SOURCE, "lightning_vhf_source", "dBW"},
    {NWC_QUANTITY_OPTICAL_EVENT, "lightning_optical_event", "J"},
    {NWC_QUANTITY_OPTICAL_GROUP, "lightning_optical_group", "J"},
    {NWC_QUANTITY_OPTICAL_FLASH, "lightning_optical_flash", "J"},
    {NWC_QUANTITY_FLASH_AREA, "lightning_area", "m2"},
    {NWC_QUANTITY_SENSOR_COUNT, "sensor_count", "1"},
    {NWC_QUANTITY_LOCATION_ERROR, "location_error", "m"},
    {NWC_QUANTITY_CHI_SQUARED, "location_chi_squared", "1"},
    {NWC_QUANTITY_CLOUD_HEIGHT, "lightning_cloud_height", "m"},
    {NWC_QUANTITY_CELL_SPEED, "cell_speed", "m s-1"},
    {NWC_QUANTITY_CELL_FROM_DIRECTION, "cell_from_direction", "degree"},
    {NWC_QUANTITY_CELL_TOP, "cell_top_height", "m"},
    {NWC_QUANTITY_CELL_BASE, "cell_base_height", "m"},
    {NWC_QUANTITY_CELL_VIL, "cell_vertically_integrated_liquid", "kg m-2"},
    {NWC_QUANTITY_HAIL_PROBABILITY, "hail_probability", "1"},
    {NWC_QUANTITY_SEVERE_HAIL_PROBABILITY, "severe_hail_probability", "1"},
    {NWC_QUANTITY_HAIL_SIZE, "hail_size", "mm"},
    {NWC_QUANTITY_ROTATIONAL_VELOCITY, "rotational_velocity", "m s-1"},
    {NWC_QUANTITY_VELOCITY_DIFFERENCE, "gate_to_gate_velocity_difference", "m s-1"},
    {NWC_QUANTITY_POSITION_ERROR, "position_error", "m"},
};

enum { COUNT = sizeof quantities / sizeof quantities[0] };

static const struct quantity *find(int32_t number)
{
    for (int q = 0; q < COUNT; q++)
        if (quantities[q].number == number) return &quantities[q];
    return NULL;
}

const char *nwc_quantity_name(int32_t quantity)
{
    const struct quantity *const found = find(quantity);
    return found ? found->name : NULL;
}

const char *nwc_quantity_units(int32_t quantity)
{
    const struct quantity *const found = find(quantity);
    return found ? found->units : NULL;
}

int32_t nwc_quantity_named(const char *name)
{
    for (int q = 0; name && q < COUNT; q++)
        if (strcmp(quantities[q].name, name) == 0) return quantities[q].number;
    return 0;
}
