/*
 * What the elements of a BUFR subset mean (WMO-No. 306, volume I.2, part B): coordinates and periods hold for all that follows
 * until they are set again, so a subset is read from front to back with what holds now in a state.
 *
 * One descriptor may come in several templates; only what differs between kinds of reports asks for the kind. Periods before a
 * value end at the time of the report when they are negative; positive ones are taken for a length alone, since stations
 * use them so. The period of an amount must be stated.
 */
#include "obs/format/bufr_elements.h"

#include <stdio.h>

enum { MOST_ID = 64, FIRST_VERSION = 6, LAST_VERSION = 39 };

#define GRAVITY 9.80665
#define SECOND 1e9
#define TRACE_MM (-0.05) /* -0.1 is a trace */

static const struct nwc__bufr_name names[] = {
    {"blockNumber", 1001, false},
    {"stationNumber", 1002, false},
    {"shipOrMobileLandStationIdentifier", 1011, true},
    {"stationOrSiteName", 1015, true},
    {"shortStationName", 1018, true},
    {"longStationName", 1019, true},
    {"wigosIdentifierSeries", 1125, false},
    {"wigosIssuerOfIdentifier", 1126, false},
    {"wigosIssueNumber", 1127, false},
    {"wigosLocalIdentifierCharacter", 1128, true},
    {"measuringEquipmentType", 2003, false},
    {"year", 4001, false},
    {"month", 4002, false},
    {"day", 4003, false},
    {"hour", 4004, false},
    {"minute", 4005, false},
    {"second", 4006, false},
    {"timePeriod", 0, false},
    {"timeIncrement", 0, false},
    {"latitude", 5001, false},
    {"latitudeDisplacement", 5015, false},
    {"longitude", 6001, false},
    {"longitudeDisplacement", 6015, false},
    {"heightOfStation", 7001, false},
    {"height", 0, false},
    {"geopotential", 7003, false},
    {"pressure", 7004, false},
    {"heightAboveStation", 7006, false},
    {"geopotentialHeight", 7009, false},
    {"heightOfStationGroundAboveMeanSeaLevel", 7030, false},
    {"heightOfBarometerAboveMeanSeaLevel", 7031, false},
    {"heightOfSensorAboveLocalGroundOrDeckOfMarinePlatform", 7032, false},
    {"nonCoordinateGeopotential", 10003, false},
    {"nonCoordinatePressure", 10004, false},
    {"nonCoordinateGeopotentialHeight", 10009, false},
    {"pressureReducedToMeanSeaLevel", 10051, false},
    {"windDirection", 11001, false},
    {"windSpeed", 11002, false},
    {"u", 11003, false},
    {"v", 11004, false},
    {"w", 0, false},
    {"maximumWindGustSpeed", 11041, false},
    {"maximumWindGustDirection", 11043, false},
    {"standardDeviationOfHorizontalWindSpeed", 11050, false},
    {"airTemperature", 12101, false},
    {"virtualTemperature", 12007, false},
    {"dewpointTemperature", 12103, false},
    {"relativeHumidity", 13003, false},
    {"totalPrecipitationOrTotalWaterEquivalent", 13011, false},
    {"totalPrecipitationPast1Hour", 13019, false},
    {"totalPrecipitationPast3Hours", 13020, false},
    {"totalPrecipitationPast6Hours", 13021, false},
    {"totalPrecipitationPast12Hours", 13022, false},
    {"totalPrecipitationPast24Hours", 13023, false},
    {"intensityOfPrecipitation", 13055, false},
    {"precipitationIntensityHighAccuracy", 13155, false},
    {"horizontalVisibility", 20001, false},
    {"presentWeather", 20003, false},
    {"cloudCoverTotal", 20010, false},
    {"heightOfBaseOfCloud", 20013, false},
    {"signalToNoiseRatio", 21030, false},
    {"shortDelayedDescriptorReplicationFactor", 31000, false},
    {"delayedDescriptorReplicationFactor", 31001, false},
    {"extendedDelayedDescriptorReplicationFactor", 31002, false},
    {"qualityInformation", 33002, false},
};

const struct nwc__bufr_name *nwc__bufr_named(const char *name)
{
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (strcmp(names[k].name, name) == 0) return &names[k];
    return NULL;
}

/* What holds at the place reached. */
struct state {
    nwc_obs *obs;
    int32_t category;
    bool begun; /* the station is named and row is of it */
    nwc_obs_row row;
    /* the station */
    char ship[MOST_ID], local[MOST_ID], brief[MOST_ID], name[MOST_ID];
    double block, number, series, issuer, issue, equipment;
    double latitude_deg, longitude_deg, ground_m, barometer_m;
    /* coordinates */
    int32_t civil[6];
    double displaced_s, period_s;
    double increment_s, step_s; /* of the time: to be made now, or at each repetition of what follows */
    int64_t repetitions;        /* still to come */
    int32_t first_code;         /* of a repetition, 0 before the first */
    double direction, speed;
    bool has_direction, has_speed; /* which of the two came and waits for the other */
    double latitude_shift_deg, longitude_shift_deg;
    double pressure_pa, height_m, sensor_m;
    bool level; /* pressure or height is that of a level */
    bool above_station, heights_seen;
    int64_t judged;   /* rows before this one have had their quality */
    int64_t of_level; /* rows from this one on are of the level reached */
};

static int32_t kind_of(const struct state *state)
{
    const bool profiler = state->equipment == 6.0 || state->equipment == 8.0 || state->equipment == 9.0;
    if (state->category == 6) return NWC_OBS_VAD;
    if (state->category == 2) return profiler ? NWC_OBS_PROFILER : NWC_OBS_SOUNDING;
    return NWC_OBS_SURFACE;
}

static int whole(double value)
{
    return value >= 0.0 && value <= 65535.0 ? (int)value : 0;
}

static void identify(const struct state *state, char id[2 * MOST_ID])
{
    id[0] = '\0';
    if (state->block >= 0.0 && state->block < 100.0 && state->number >= 0.0 && state->number < 1000.0)
        snprintf(id, 2 * MOST_ID, "%02d%03d", (int)state->block, (int)state->number);
    else if (state->ship[0] || state->brief[0])
        snprintf(id, 2 * MOST_ID, "%s", state->ship[0] ? state->ship : state->brief);
    else if (state->local[0])
        snprintf(id, 2 * MOST_ID, "%d-%d-%d-%s", whole(state->series), whole(state->issuer), whole(state->issue),
                 state->local);
}

static nwc_status begin(struct state *state)
{
    char id[2 * MOST_ID];
    if (state->begun) return NWC_OK;
    identify(state, id);
    nwc_obs_station station = nwc__obs_station(kind_of(state), id);
    station.name = state->name;
    station.latitude_deg = state->latitude_deg;
    station.longitude_deg = state->longitude_deg;
    station.height_m = state->ground_m;
    NWC__TRY(nwc__obs_begin(state->obs, &station, NWC_TIME_UNKNOWN, &state->row));
    state->begun = true;
    if (isnan(state->latitude_deg) || isnan(state->longitude_deg))
        state->latitude_deg = state->row.latitude_deg, state->longitude_deg = state->row.longitude_deg;
    if (isnan(state->ground_m)) state->ground_m = state->row.height_m;
    return NWC_OK;
}

static int64_t time_of(const struct state *state)
{
    int64_t time_ns;
    if (!nwc__time_from_civil(state->civil, &time_ns)) return NWC_TIME_UNKNOWN;
    return time_ns + (int64_t)(SECOND * state->displaced_s);
}

static double latitude_of(const struct state *state)
{
    const double latitude = state->latitude_deg + state->latitude_shift_deg;
    return fabs(latitude) <= 90.0 ? latitude : (double)NAN;
}

static double longitude_of(const struct state *state)
{
    return nwc__longitude(state->longitude_deg + state->longitude_shift_deg);
}

/* A value of what holds now, over an interval where duration_s is above 0. */
static nwc_status put(struct state *state, int32_t quantity, double value, double duration_s)
{
    if (isnan(value)) return NWC_OK;
    NWC__TRY(begin(state));
    nwc_obs_row *const row = &state->row;
    row->time_ns = time_of(state);
    row->latitude_deg = latitude_of(state);
    row->longitude_deg = longitude_of(state);
    row->pressure_pa = state->level ? state->pressure_pa : NAN;
    row->height_m = state->level ? state->height_m : state->ground_m + state->sensor_m;
    row->duration_s = duration_s;
    return nwc__obs_value(state->obs, row, quantity, value);
}

/* Speed and direction come in either order; the direction of a calm is none. */
static nwc_status take_wind(struct state *state, bool is_speed, double value, double duration_s)
{
    if (is_speed) NWC__TRY(put(state, NWC_QUANTITY_WIND_SPEED, value, duration_s));
    *(is_speed ? &state->speed : &state->direction) = value;
    *(is_speed ? &state->has_speed : &state->has_direction) = true;
    if (!state->has_speed || !state->has_direction) return NWC_OK;
    state->has_speed = state->has_direction = false;
    const double direction = state->speed == 0.0 ? (double)NAN : state->direction;
    return put(state, NWC_QUANTITY_WIND_FROM_DIRECTION, direction, duration_s);
}

static nwc_status put_amount(struct state *state, double value, double duration_s)
{
    if (isnan(value) || !(duration_s > 0.0)) return NWC_OK;
    const uint32_t flags = state->row.flags;
    NWC__TRY(begin(state));
    if (value < 0.0) state->row.flags |= value < TRACE_MM ? NWC_OBS_TRACE : 0;
    const nwc_status status = put(state, NWC_QUANTITY_RAIN_AMOUNT, fmax(value, 0.0), duration_s);
    state->row.flags = flags;
    return status;
}

/* Table 033002 (0 not suspect, 1 slightly, 2 highly, 3 unfit) for the values since the last such element. */
static void judge(struct state *state, double code)
{
    nwc_obs_facts facts;
    const struct nwc__obs_cells cells = nwc__obs_cells(state->obs);
    if (nwc_obs_describe(state->obs, &facts) != NWC_OK) return;
    for (int64_t r = state->judged; r < facts.n_rows && code >= 0.0 && code <= 3.0; r++) {
        cells.quality[r] = (float)(1.0 - code / 3.0);
        if (code > 0.0) cells.flags[r] |= NWC_OBS_DOUBTED;
    }
    state->judged = facts.n_rows;
}

static void new_level(struct state *state, double pressure_pa, double height_m)
{
    nwc_obs_facts facts;
    state->pressure_pa = pressure_pa;
    state->height_m = height_m;
    state->has_speed = state->has_direction = false;
    state->level = !isnan(pressure_pa) || !isnan(height_m) || state->category == 2 || state->category == 6;
    if (nwc_obs_describe(state->obs, &facts) == NWC_OK) state->judged = state->of_level = facts.n_rows;
}

/* A level at a height that is said to be above the sea. That of some radars is not: none is below its station. */
static void new_height(struct state *state, double height_m)
{
    if (!state->heights_seen && !isnan(height_m)) {
        state->above_station = kind_of(state) != NWC_OBS_SOUNDING && height_m < state->ground_m;
        state->heights_seen = true;
    }
    new_level(state, NAN, state->above_station ? height_m + state->ground_m : height_m);
}

static void take_time(struct state *state, int32_t part, double value)
{
    if (part == 0) { /* another time begins */
        const int32_t none[6] = {0, 1, 1, 0, 0, 0};
        memcpy(state->civil, none, sizeof none);
        state->displaced_s = 0.0, state->period_s = NAN;
    }
    if (value >= 0.0 && value < 10000.0) state->civil[part] = (int32_t)value;
}

/* The balloon's drift, which may stand behind the first values of its level. */
static void shift(struct state *state, double *place, double degrees)
{
    nwc_obs_facts facts;
    const struct nwc__obs_cells cells = nwc__obs_cells(state->obs);
    *place = isnan(degrees) ? 0.0 : degrees;
    if (nwc_obs_describe(state->obs, &facts) != NWC_OK) return;
    for (int64_t r = state->of_level; r < facts.n_rows; r++) {
        cells.latitude_deg[r] = latitude_of(state);
        cells.longitude_deg[r] = longitude_of(state);
    }
}

static double increment(double seconds)
{
    return fabs(seconds) < 1e6 ? seconds : 0.0;
}

static void new_period(struct state *state, double seconds)
{
    state->period_s = fabs(seconds);
    state->has_speed = state->has_direction = false;
}

/*
 * An increment of the time is made at once, but before a replication at each of its repetitions (regulation 94.5.4.3). Where one
 * begins is told by the element that the first begins with.
 */
static void move_time(struct state *state, const struct nwc__bufr_element *element)
{
    const bool replication = element->code >= 31000 && element->code <= 31002;
    if (replication && state->increment_s != 0.0) {
        state->step_s = state->increment_s;
        state->repetitions = element->value > 0.0 ? (int64_t)fmin(element->value, 65535.0) : 0;
        state->first_code = 0;
    } else if (state->repetitions > 0 && !replication) {
        if (!state->first_code) state->first_code = element->code;
        if (element->code == state->first_code) {
            state->displaced_s += state->step_s;
            state->repetitions--;
        }
    } else {
        state->displaced_s += state->increment_s;
    }
    state->increment_s = 0.0;
}

static void take_text(struct state *state, const struct nwc__bufr_element *element)
{
    char *const to = element->code == 1011   ? state->ship
                     : element->code == 1018 ? state->brief
                     : element->code == 1128 ? state->local
                                             : state->name;
    const struct nwc__span text = nwc__span_trim((struct nwc__span){element->text, (int64_t)strlen(element->text)});
    for (int64_t k = 0; k < text.n; k++)
        if ((uint8_t)text.at[k] == 0xff) return; /* all bits 1: missing */
    if (text.n > 0) nwc__span_copy(text, to, MOST_ID);
}

/* Elements that say who, where and when. */
static bool take_coordinate(struct state *state, int32_t code, double value)
{
    switch (code) {
    case 1001:
        state->block = value;
        break;
    case 1002:
        state->number = value;
        break;
    case 1125:
        state->series = value;
        break;
    case 1126:
        state->issuer = value;
        break;
    case 1127:
        state->issue = value;
        break;
    case 2003:
        state->equipment = value;
        break;
    case 4001:
    case 4002:
    case 4003:
    case 4004:
    case 4005:
    case 4006:
        take_time(state, code - 4001, value);
        break;
    case 4014:
        state->increment_s = increment(3600.0 * value);
        break;
    case 4015:
    case 4065:
        state->increment_s = increment(60.0 * value);
        break;
    case 4016:
        state->increment_s = increment(value);
        break;
    case 4024:
        new_period(state, 3600.0 * value);
        break;
    case 4025:
        new_period(state, 60.0 * value);
        break;
    case 4026: /* seconds, as 4086 */
    case 4086:
        state->displaced_s = fabs(value) < 1e6 ? value : 0.0;
        break;
    case 5001:
    case 5002:
        if (fabs(value) <= 90.0) state->latitude_deg = value;
        break;
    case 6001:
    case 6002:
        if (fabs(value) <= 360.0) state->longitude_deg = value;
        break;
    case 5015:
        shift(state, &state->latitude_shift_deg, value);
        break;
    case 6015:
        shift(state, &state->longitude_shift_deg, value);
        break;
    case 7001:
    case 7030:
        if (!state->begun && !isnan(value)) state->ground_m = value;
        break;
    case 7031:
        state->barometer_m = value;
        break;
    case 7032:
        state->sensor_m = isnan(value) ? 0.0 : value;
        state->level = false;
        break;
    case 7002:
    case 7007:
    case 7009:
        new_height(state, value);
        break;
    case 7003:
        new_height(state, value / GRAVITY);
        break;
    case 7006:
        new_level(state, NAN, value + state->ground_m);
        break;
    case 7004:
        new_level(state, value, NAN);
        break;
    default:
        return false;
    }
    return true;
}

static nwc_status take_height_of_level(struct state *state, double height_m)
{
    if (isnan(height_m)) return NWC_OK;
    state->height_m = height_m;
    state->level = true;
    return put(state, NWC_QUANTITY_GEOPOTENTIAL_HEIGHT, isnan(state->pressure_pa) ? NAN : height_m, 0.0);
}

/* The station's pressure is that of its barometer. */
static nwc_status put_pressure(struct state *state, double value)
{
    const struct state before = *state;
    if (isnan(value)) return NWC_OK;
    NWC__TRY(begin(state));
    if (!isnan(state->barometer_m)) state->level = true, state->pressure_pa = NAN, state->height_m = state->barometer_m;
    const nwc_status status = put(state, NWC_QUANTITY_AIR_PRESSURE, value, 0.0);
    state->level = before.level, state->pressure_pa = before.pressure_pa, state->height_m = before.height_m;
    return status;
}

/* Values that are as they are, but for a factor. */
static const struct plain {
    int32_t code, quantity;
    double factor;
    bool timed; /* the period that holds is theirs */
} plain[] = {
    {10051, NWC_QUANTITY_SEA_LEVEL_PRESSURE, 1.0, false},  {11003, NWC_QUANTITY_EASTWARD_WIND, 1.0, true},
    {11004, NWC_QUANTITY_NORTHWARD_WIND, 1.0, true},       {11005, NWC_QUANTITY_PRESSURE_VELOCITY, 1.0, true},
    {11006, NWC_QUANTITY_UPWARD_AIR_VELOCITY, 1.0, true},  {11041, NWC_QUANTITY_GUST_SPEED, 1.0, true},
    {11043, NWC_QUANTITY_GUST_FROM_DIRECTION, 1.0, true},  {11050, NWC_QUANTITY_SPREAD, 1.0, true},
    {12007, NWC_QUANTITY_VIRTUAL_TEMPERATURE, 1.0, false}, {12101, NWC_QUANTITY_AIR_TEMPERATURE, 1.0, false},
    {12103, NWC_QUANTITY_DEW_POINT, 1.0, false},           {13003, NWC_QUANTITY_RELATIVE_HUMIDITY, 0.01, false},
    {13055, NWC_QUANTITY_RAIN_RATE, 3600.0, false},        {13155, NWC_QUANTITY_RAIN_RATE, 3600.0, false},
    {20001, NWC_QUANTITY_VISIBILITY, 1.0, false},          {20013, NWC_QUANTITY_CLOUD_BASE, 1.0, false},
    {21030, NWC_QUANTITY_SIGNAL_TO_NOISE, 1.0, true},
};

static nwc_status take_value(struct state *state, int32_t code, double value)
{
    const double interval_s = state->period_s > 0.0 ? state->period_s : 0.0;
    for (size_t p = 0; p < sizeof plain / sizeof plain[0]; p++)
        if (plain[p].code == code)
            return put(state, plain[p].quantity, plain[p].factor * value, plain[p].timed ? interval_s : 0.0);
    switch (code) {
    case 10003:
        return take_height_of_level(state, value / GRAVITY);
    case 10009:
        return take_height_of_level(state, value);
    case 10004:
        return put_pressure(state, value);
    case 11001:
    case 11002:
        return take_wind(state, code == 11002, value, interval_s);
    case 13011:
        return put_amount(state, value, interval_s);
    case 13019:
        return put_amount(state, value, 3600.0);
    case 13020:
        return put_amount(state, value, 3.0 * 3600.0);
    case 13021:
        return put_amount(state, value, 6.0 * 3600.0);
    case 13022:
        return put_amount(state, value, 12.0 * 3600.0);
    case 13023:
        return put_amount(state, value, 24.0 * 3600.0);
    case 20003: /* from 200 on they say that nothing is reported */
        return put(state, NWC_QUANTITY_PRESENT_WEATHER, value < 200.0 ? value : (double)NAN, 0.0);
    case 20010: /* 113 is a sky that cannot be seen */
        return put(state, NWC_QUANTITY_CLOUD_COVER, value <= 100.0 ? 0.01 * value : (double)NAN, 0.0);
    case 33002:
        judge(state, value);
        return NWC_OK;
    default:
        return NWC_OK;
    }
}

nwc_status nwc__bufr_subset(nwc_obs *obs, int32_t category, const struct nwc__bufr_element *elements, int64_t n)
{
    struct state state = {.obs = obs,
                          .category = category,
                          .block = NAN,
                          .number = NAN,
                          .series = NAN,
                          .issuer = NAN,
                          .issue = NAN,
                          .equipment = NAN,
                          .latitude_deg = NAN,
                          .longitude_deg = NAN,
                          .ground_m = NAN,
                          .barometer_m = NAN,
                          .period_s = NAN,
                          .pressure_pa = NAN,
                          .height_m = NAN};
    nwc_obs_facts facts;
    NWC__TRY(nwc_obs_describe(obs, &facts));
    state.judged = state.of_level = facts.n_rows;
    nwc_obs_row_init(&state.row);
    for (int64_t e = 0; e < n; e++) {
        const struct nwc__bufr_element *const element = &elements[e];
        move_time(&state, element);
        if (element->text)
            take_text(&state, element);
        else if (!take_coordinate(&state, element->code, element->value))
            NWC__TRY(take_value(&state, element->code, element->value));
    }
    return NWC_OK;
}

/* ---- messages ---- */

static int64_t big_endian(const uint8_t *bytes, int n)
{
    int64_t value = 0;
    for (int k = 0; k < n; k++) value = value << 8 | bytes[k];
    return value;
}

/* Whether sections 1 to 4 fill a message between section 0 and the mark at its end. */
static bool sections_fill(const uint8_t *message, int64_t length)
{
    const int edition = message[7];
    int64_t at = 8;
    const int64_t end = length - 4;
    if (end - at < 18) return false;
    const bool optional = message[at + (edition == 4 ? 9 : 7)] & 0x80;
    for (int section = 1; section <= 4; section++) {
        if (section == 2 && !optional) continue;
        if (end - at < 4) return false;
        const int64_t size = big_endian(message + at, 3);
        if (size < 4 || size > end - at) return false;
        at += size;
    }
    return at == end;
}

/*
 * Whether the tables a message asks for can be looked for without harm: beside a centre's local tables ecCodes (seen in 2.28) aborts
 * for a version of the master table that it does not have. Without them it takes its latest.
 */
static bool tables_known(const uint8_t *message)
{
    const int64_t at = 8 + (message[7] == 4 ? 13 : 10);
    return message[at + 1] == 0 || (message[at] >= FIRST_VERSION && message[at] <= LAST_VERSION);
}

int64_t nwc__bufr_without_local(uint8_t *message, int64_t length)
{
    const int64_t flag_at = 8 + (message[7] == 4 ? 9 : 7);
    if (!(message[flag_at] & 0x80)) return length;
    const int64_t two = 8 + big_endian(message + 8, 3), size = big_endian(message + two, 3), left = length - size;
    memmove(message + two, message + two + size, (size_t)(length - two - size));
    message[flag_at] &= 0x7f;
    for (int k = 0; k < 3; k++) message[4 + k] = (uint8_t)(left >> 8 * (2 - k));
    return left;
}

bool nwc__bufr_next(const uint8_t *bytes, int64_t size, int64_t *at, int64_t *length, const char **reason)
{
    const char *faulty = NULL;
    *length = 0;
    *reason = NULL;
    while (size - *at >= 8 && memcmp(bytes + *at, "BUFR", 4) != 0) ++*at;
    if (size - *at < 8) {
        const bool begun = size - *at >= 4 && memcmp(bytes + *at, "BUFR", 4) == 0;
        *at = begun ? *at + 4 : size;
        if (begun) *reason = "the message ends early";
        return false;
    }
    const int64_t stated = big_endian(bytes + *at + 4, 3);
    const int edition = bytes[*at + 7];
    if (edition < 2 || edition > 4)
        faulty = "an edition other than 2 to 4";
    else if (stated > size - *at)
        faulty = "the message ends early";
    else if (stated < 30 || memcmp(bytes + *at + stated - 4, "7777", 4) != 0)
        faulty = "the message does not end in 7777";
    else if (!sections_fill(bytes + *at, stated))
        faulty = "sections that do not fill the message";
    else if (!tables_known(bytes + *at))
        faulty = "local tables beside a version of the master table other than 6 to 39";
    if (faulty) {
        *at += 4;
        *reason = faulty;
        return false;
    }
    *length = stated;
    return true;
}
