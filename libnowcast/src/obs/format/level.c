/* Stations and levels: what decoders of profiles have in common. */
#include "obs/format/obs_format.h"

struct nwc__level nwc__level_unknown(void)
{
    return (struct nwc__level){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

nwc_status nwc__obs_put_level(nwc_obs *obs, const nwc_obs_row *like, const struct nwc__level *level)
{
    nwc_obs_row row = *like;
    row.pressure_pa = level->pressure_pa;
    row.height_m = level->height_m;
    const bool both = !isnan(level->pressure_pa);
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_GEOPOTENTIAL_HEIGHT, both ? level->height_m : NAN));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_AIR_TEMPERATURE, level->temperature_k));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_DEW_POINT, level->dew_point_k));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_RELATIVE_HUMIDITY, level->humidity));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_WIND_SPEED, level->speed_m_s));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_WIND_FROM_DIRECTION,
                            level->speed_m_s == 0.0 ? NAN : level->direction_deg));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_EASTWARD_WIND, level->u_m_s));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_NORTHWARD_WIND, level->v_m_s));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_UPWARD_AIR_VELOCITY, level->w_m_s));
    return nwc__obs_value(obs, &row, NWC_QUANTITY_PRESSURE_VELOCITY, level->omega_pa_s);
}

nwc_obs_station nwc__obs_station(int32_t kind, const char *id)
{
    return (nwc_obs_station){
        .id = id, .name = "", .kind = kind, .longitude_deg = NAN, .latitude_deg = NAN, .height_m = NAN, .trust = NAN};
}

void nwc__obs_take_hint(nwc_obs_station *station, const struct nwc__obs_hints *hints)
{
    const nwc_obs_station *const hint = hints->station;
    if (!hint) return;
    if (!station->id[0] && hint->id) station->id = hint->id;
    if (!station->name[0] && hint->name) station->name = hint->name;
    if (isnan(station->longitude_deg)) station->longitude_deg = hint->longitude_deg;
    if (isnan(station->latitude_deg)) station->latitude_deg = hint->latitude_deg;
    if (isnan(station->height_m)) station->height_m = hint->height_m;
}

nwc_status nwc__obs_begin(nwc_obs *obs, const nwc_obs_station *given, int64_t time_ns, nwc_obs_row *row)
{
    nwc_obs_station station = *given;
    nwc_obs_row_init(row);
    nwc__obs_complete(obs, &station);
    NWC__TRY(nwc_obs_add_station(obs, &station, &row->station));
    row->longitude_deg = nwc__longitude(station.longitude_deg);
    row->latitude_deg = station.latitude_deg;
    row->height_m = station.height_m;
    row->time_ns = time_ns;
    row->report = nwc_obs_new_report(obs);
    return NWC_OK;
}
