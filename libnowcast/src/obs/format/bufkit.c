/*
 * Profiles of a model at one station in the text that BUFKIT reads: SNPARM names what each level has, then for each hour
 * STID, TIME and place, values for the whole profile, the names again, and the numbers level by level, wrapped anywhere.
 * Behind the profiles come hourly values at the surface, named in the same way and one for each profile: where the hours
 * end before the profiles do, so did the text. -9999 is missing.
 */
#include "obs/format/obs_format.h"

enum { MOST_NAMES = 64, MOST_TEXT = 16 };

#define MISSING (-9999.0)
#define MOST_LEAD_S 1e8

/* Words of the whole text, across lines, one of them looked at before it is taken. */
struct words {
    struct nwc__span rest, word;
    bool there;
};

static void advance(struct words *words)
{
    words->there = nwc__next_word(&words->rest, &words->word);
}

struct names {
    int32_t n;
    char name[MOST_NAMES][8];
};

/* How far the text has come. */
struct reach {
    double first_lead_s; /* NAN before the first profile */
    int64_t profile_ns;  /* the last profile whose hour at the surface is still to come, or NWC_TIME_UNKNOWN */
    bool heading;        /* of a profile, whose levels are still to come */
};

struct place {
    char id[MOST_TEXT], number[MOST_TEXT];
    double longitude_deg, latitude_deg, height_m, lead_s;
    int64_t time_ns;
};

/* "PRES;TMPC;TMWC" */
static void take_names(struct nwc__span list, struct names *names)
{
    struct nwc__span name;
    names->n = 0;
    while (names->n < MOST_NAMES && nwc__next_field(&list, ';', &name))
        if (name.n > 0) nwc__span_copy(name, names->name[names->n++], sizeof names->name[0]);
}

/* "181219/0400" */
static int64_t take_time(struct nwc__span word)
{
    int64_t time_ns;
    const int32_t year = nwc__span_digits(word, 0, 2);
    const int32_t civil[6] = {year + (year < 70 ? 2000 : 1900), nwc__span_digits(word, 2, 2),
                              nwc__span_digits(word, 4, 2), nwc__span_digits(word, 7, 2), nwc__span_digits(word, 9, 2)};
    return year >= 0 && nwc__time_from_civil(civil, &time_ns) ? time_ns : NWC_TIME_UNKNOWN;
}

static bool looking_at(const struct words *words, const char *text)
{
    return words->there && nwc__span_is(words->word, text);
}

/* The word behind "NAME =". */
static bool take_after(struct words *words, const char *name, struct nwc__span *value)
{
    if (!looking_at(words, name)) return false;
    advance(words);
    if (!looking_at(words, "=")) return false;
    advance(words);
    *value = words->word;
    if (!words->there) return false;
    advance(words);
    return true;
}

/* Values of one level or hour, in the order of names; false where a word is no number, *cut where the text ends among them. */
static bool take_values(struct words *words, const struct names *names, double values[MOST_NAMES], bool *cut)
{
    for (int32_t v = 0; v < names->n; v++) {
        /* no blank behind it: a number may go on */
        *cut = words->there ? words->rest.n == 0 : v > 0;
        values[v] = words->there && !*cut ? nwc__span_number(words->word) : (double)NAN;
        if (isnan(values[v])) return false;
        if (values[v] <= MISSING) values[v] = NAN;
        advance(words);
    }
    return names->n > 0;
}

static double named(const struct names *names, const double *values, const char *name, const char *units,
                    const char *wanted)
{
    for (int32_t v = 0; v < names->n; v++)
        if (strcmp(names->name[v], name) == 0) return nwc__to_si(values[v], units, wanted);
    return NAN;
}

/* The names of levels again, as they stand before the numbers. */
static bool take_echo(struct words *words, const struct names *names)
{
    for (int32_t v = 0; v < names->n; v++) {
        if (!looking_at(words, names->name[v])) return false;
        advance(words);
    }
    return names->n > 0;
}

static nwc_status begin(const struct place *place, const struct nwc__obs_hints *hints, nwc_obs *obs, nwc_obs_row *row)
{
    nwc_obs_station station = nwc__obs_station(NWC_OBS_MODEL, place->id);
    if (fabs(place->longitude_deg) <= 360.0) station.longitude_deg = place->longitude_deg;
    if (fabs(place->latitude_deg) <= 90.0) station.latitude_deg = place->latitude_deg;
    station.height_m = place->height_m;
    nwc__obs_take_hint(&station, hints);
    NWC__TRY(nwc__obs_begin(obs, &station, place->time_ns, row));
    row->lead_s = place->lead_s;
    return NWC_OK;
}

static nwc_status read_profile(struct words *words, const struct names *names, const struct place *place,
                               const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    nwc_obs_row row;
    double values[MOST_NAMES];
    bool cut = false;
    NWC__TRY(begin(place, hints, obs, &row));
    while (take_values(words, names, values, &cut)) {
        struct nwc__level level = nwc__level_unknown();
        level.pressure_pa = named(names, values, "PRES", "hPa", "Pa");
        level.height_m = named(names, values, "HGHT", "m", "m");
        level.temperature_k = named(names, values, "TMPC", "C", "K");
        level.dew_point_k = named(names, values, "DWPC", "C", "K");
        level.direction_deg = named(names, values, "DRCT", "deg", "degree");
        level.speed_m_s = named(names, values, "SKNT", "kt", "m s-1");
        level.omega_pa_s = named(names, values, "OMEG", "Pa s-1", "Pa s-1");
        NWC__TRY(nwc__obs_put_level(obs, &row, &level));
    }
    return cut ? nwc__obs_incomplete(obs, "the text ends in a level of a profile") : NWC_OK;
}

static nwc_status read_surface(struct words *words, const struct place *place, const struct nwc__obs_hints *hints,
                               struct reach *reach, nwc_obs *obs)
{
    static const struct {
        const char *name, *units;
        int32_t quantity;
        double duration_s;
    } fields[] = {
        {"PMSL", "hPa", NWC_QUANTITY_SEA_LEVEL_PRESSURE, 0.0}, {"PRES", "hPa", NWC_QUANTITY_AIR_PRESSURE, 0.0},
        {"T2MS", "C", NWC_QUANTITY_AIR_TEMPERATURE, 0.0},      {"TD2M", "C", NWC_QUANTITY_DEW_POINT, 0.0},
        {"UWND", "m/s", NWC_QUANTITY_EASTWARD_WIND, 0.0},      {"VWND", "m/s", NWC_QUANTITY_NORTHWARD_WIND, 0.0},
        {"VSBK", "km", NWC_QUANTITY_VISIBILITY, 0.0},          {"P01M", "mm", NWC_QUANTITY_RAIN_AMOUNT, 3600.0},
    };
    struct names names = {.n = 0};
    double values[MOST_NAMES];
    struct place here = *place;
    int64_t first_ns = NWC_TIME_UNKNOWN;
    bool cut = false;
    advance(words), advance(words); /* STN YYMMDD/HHMM */
    while (words->there && names.n < MOST_NAMES && words->word.at[0] >= 'A' && words->word.at[0] <= 'Z') {
        nwc__span_copy(words->word, names.name[names.n++], sizeof names.name[0]);
        advance(words);
    }
    while (looking_at(words, place->number)) {
        nwc_obs_row row;
        advance(words);
        here.time_ns = words->there ? take_time(words->word) : NWC_TIME_UNKNOWN;
        advance(words);
        if (here.time_ns == NWC_TIME_UNKNOWN || !take_values(words, &names, values, &cut)) break;
        if (first_ns == NWC_TIME_UNKNOWN) first_ns = here.time_ns - (int64_t)(1e9 * place->lead_s);
        here.lead_s = 1e-9 * (double)(here.time_ns - first_ns);
        if (here.time_ns >= reach->profile_ns) reach->profile_ns = NWC_TIME_UNKNOWN;
        NWC__TRY(begin(&here, hints, obs, &row));
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
            row.duration_s = fields[f].duration_s;
            const char *const wanted = nwc_quantity_units(fields[f].quantity);
            NWC__TRY(nwc__obs_value(obs, &row, fields[f].quantity,
                                    named(&names, values, fields[f].name, fields[f].units, wanted)));
        }
    }
    return cut ? nwc__obs_incomplete(obs, "the text ends in an hour at the surface") : NWC_OK;
}

/* What is said of a profile, word by word; *place is as before where a word says nothing of it. */
static bool take_fact(struct words *words, struct names *names, struct place *place)
{
    struct nwc__span value;
    if (take_after(words, "SNPARM", &value))
        take_names(value, names);
    else if (take_after(words, "STID", &value))
        nwc__span_copy(value, place->id, sizeof place->id);
    else if (take_after(words, "STNM", &value))
        nwc__span_copy(value, place->number, sizeof place->number);
    else if (take_after(words, "TIME", &value))
        place->time_ns = take_time(value);
    else if (take_after(words, "SLAT", &value))
        place->latitude_deg = nwc__span_number(value);
    else if (take_after(words, "SLON", &value))
        place->longitude_deg = nwc__span_number(value);
    else if (take_after(words, "SELV", &value))
        place->height_m = nwc__span_number(value);
    else if (take_after(words, "STIM", &value))
        place->lead_s = 3600.0 * nwc__span_number(value);
    else
        return false;
    return true;
}

nwc_status nwc__bufkit_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                            nwc_obs *obs)
{
    struct words words = {.rest = {(const char *)bytes, size}};
    struct names names = {.n = 0};
    struct place place = {.longitude_deg = NAN, .latitude_deg = NAN, .height_m = NAN, .time_ns = NWC_TIME_UNKNOWN};
    struct reach reach = {.first_lead_s = NAN, .profile_ns = NWC_TIME_UNKNOWN};
    (void)ctx;
    advance(&words);
    while (words.there) {
        if (take_fact(&words, &names, &place)) {
            reach.heading = true;
            continue;
        }
        if (!(fabs(place.lead_s) < MOST_LEAD_S)) place.lead_s = 0.0;
        if (names.n > 0 && take_echo(&words, &names)) {
            if (isnan(reach.first_lead_s)) reach.first_lead_s = place.lead_s;
            if (place.time_ns > reach.profile_ns) reach.profile_ns = place.time_ns;
            reach.heading = false;
            NWC__TRY(read_profile(&words, &names, &place, hints, obs));
        } else if (looking_at(&words, "STN")) {
            place.lead_s = isnan(reach.first_lead_s) ? 0.0 : reach.first_lead_s; /* the hours begin again */
            NWC__TRY(read_surface(&words, &place, hints, &reach, obs));
        } else {
            advance(&words);
        }
    }
    if (isnan(reach.first_lead_s)) return nwc__fail(NWC_ERR_FORMAT, "no profile behind the names of SNPARM");
    if (reach.heading) return nwc__obs_incomplete(obs, "the text ends in the heading of a profile");
    if (reach.profile_ns != NWC_TIME_UNKNOWN)
        return nwc__obs_incomplete(obs, "the text ends before the hour at the surface of its last profile");
    return NWC_OK;
}
