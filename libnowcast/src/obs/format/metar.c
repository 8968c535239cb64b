/*
 * METAR and SPECI (WMO-No. 306, FM 15 and FM 16, with the remarks of the United States): wind, visibility, weather, clouds,
 * temperatures, pressure; from the remarks tenths of degrees, pressure at sea level, amounts of rain and the strongest gust.
 * A report begins at a place and a time, wherever that stands, and ends where the next begins.
 */
#include "obs/format/obs_format.h"

enum { MOST_ID = 8 };

#define KNOT (1852.0 / 3600.0)
#define FOOT 0.3048
#define MILE 1609.344
#define HUNDREDTH_INCH 0.254

/* A report being read. */
struct report {
    nwc_obs *obs;
    nwc_obs_row row;
    double ground_m;
    double temperature_k, dew_point_k; /* whole degrees, until the remarks say tenths */
    double miles;                      /* whole ones, before a fraction */
    double weather;
    int32_t hour, minute;
    bool remarks, over;
};

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "110053Z" */
static bool is_time(struct nwc__span word)
{
    return word.n == 7 && word.at[6] == 'Z' && nwc__span_digits(word, 0, 6) >= 0;
}

static bool is_place(struct nwc__span word)
{
    return word.n == 4 && is_capital(word.at[0]) && is_capital(word.at[1]) &&
           (is_capital(word.at[2]) || nwc__span_digits(word, 2, 1) >= 0) &&
           (is_capital(word.at[3]) || nwc__span_digits(word, 3, 1) >= 0);
}

bool nwc__is_metar(const uint8_t *bytes, int64_t size)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size < 4096 ? size : 4096);
    struct nwc__span line, word, next;
    for (int n = 0; n < 20 && nwc__next_line(&lines, &line); n++) {
        if (!nwc__next_word(&line, &word)) continue;
        if ((nwc__span_is(word, "METAR") || nwc__span_is(word, "SPECI")) && !nwc__next_word(&line, &word)) continue;
        if (nwc__span_is(word, "COR") && !nwc__next_word(&line, &word)) continue;
        if (is_place(word) && nwc__next_word(&line, &next) && is_time(next)) return true;
    }
    return false;
}

static nwc_status put(struct report *report, int32_t quantity, double value, double duration_s, uint32_t flags)
{
    nwc_obs_row row = report->row;
    row.duration_s = duration_s;
    row.flags = flags;
    return nwc__obs_value(report->obs, &row, quantity, value);
}

/* "16013G19KT", "VRB03KT", "00000KT", "/////KT", "240P49MPS" */
static bool take_wind(struct report *report, struct nwc__span word, nwc_status *status)
{
    double unit = KNOT;
    int64_t n = word.n - 2;
    if (n >= 6 && nwc__span_is(nwc__span_part(word, word.n - 3, word.n), "MPS"))
        unit = 1.0, n = word.n - 3;
    else if (n >= 6 && nwc__span_is(nwc__span_part(word, word.n - 3, word.n), "KMH"))
        unit = 1.0 / 3.6, n = word.n - 3;
    else if (n < 5 || !nwc__span_is(nwc__span_part(word, n, word.n), "KT"))
        return false;
    const struct nwc__span wind = nwc__span_part(word, 0, n);
    const int64_t gust_at = nwc__span_find(wind, "G");
    struct nwc__span mean = nwc__span_part(wind, 3, gust_at >= 0 ? gust_at : n);
    struct nwc__span gust = gust_at >= 0 ? nwc__span_part(wind, gust_at + 1, n) : (struct nwc__span){wind.at, 0};
    const bool beyond = mean.n > 0 && mean.at[0] == 'P', gust_beyond = gust.n > 0 && gust.at[0] == 'P';
    if (beyond) mean = nwc__span_part(mean, 1, mean.n);
    if (gust_beyond) gust = nwc__span_part(gust, 1, gust.n);
    const double speed = unit * nwc__span_number(mean), direction = nwc__span_digits(wind, 0, 3);
    *status = put(report, NWC_QUANTITY_WIND_SPEED, speed, 0.0, beyond ? NWC_OBS_LIMIT : 0);
    if (*status == NWC_OK)
        *status = put(report, NWC_QUANTITY_WIND_FROM_DIRECTION,
                      speed > 0.0 && direction >= 0.0 ? direction : (double)NAN, 0.0, 0);
    if (*status == NWC_OK)
        *status =
            put(report, NWC_QUANTITY_GUST_SPEED, unit * nwc__span_number(gust), 600.0, gust_beyond ? NWC_OBS_LIMIT : 0);
    return true;
}

/* "10SM", "1/2SM", "M1/4SM", "P6SM", "1" before "1/2SM"; "9999", "0800", "CAVOK" */
static bool take_visibility(struct report *report, struct nwc__span word, nwc_status *status)
{
    uint32_t flags = 0;
    double value = NAN;
    const double whole = report->miles;
    if (word.n == 4 && nwc__span_digits(word, 0, 4) >= 0) {
        value = nwc__span_number(word);
        if (value == 9999.0) value = 10000.0, flags = NWC_OBS_LIMIT;
    } else if (nwc__span_is(word, "CAVOK")) {
        value = 10000.0, flags = NWC_OBS_LIMIT;
    } else if (word.n == 1 && nwc__span_digits(word, 0, 1) > 0) {
        report->miles = nwc__span_number(word);
        return true;
    } else if (word.n > 2 && nwc__span_is(nwc__span_part(word, word.n - 2, word.n), "SM")) {
        struct nwc__span miles = nwc__span_part(word, 0, word.n - 2), above;
        if (miles.at[0] == 'M' || miles.at[0] == 'P') flags = NWC_OBS_LIMIT, miles = nwc__span_part(miles, 1, miles.n);
        struct nwc__span below = miles;
        (void)nwc__next_field(&below, '/', &above);
        const double divisor = below.n >= 0 ? nwc__span_number(below) : 1.0;
        value = MILE * (whole + nwc__span_number(above) / divisor);
        if (nwc__span_is(miles, "10")) flags = NWC_OBS_LIMIT;
        if (!isfinite(value)) return false;
    } else {
        return false;
    }
    report->miles = 0.0;
    *status = put(report, NWC_QUANTITY_VISIBILITY, value, 0.0, flags);
    return true;
}

/* "BKN040CB", "VV002", "CLR" */
static bool take_cloud(struct report *report, struct nwc__span word, nwc_status *status)
{
    static const struct {
        const char *name;
        double cover;
    } covers[] = {{"FEW", 1.5 / 8.0}, {"SCT", 3.5 / 8.0}, {"BKN", 6.0 / 8.0}, {"OVC", 1.0}, {"VV", 1.0}};
    if (nwc__span_is(word, "CLR") || nwc__span_is(word, "SKC") || nwc__span_is(word, "NSC") ||
        nwc__span_is(word, "NCD")) {
        *status = put(report, NWC_QUANTITY_CLOUD_COVER, 0.0, 0.0, 0);
        return true;
    }
    for (size_t c = 0; c < sizeof covers / sizeof covers[0]; c++) {
        if (!nwc__span_starts(word, covers[c].name)) continue;
        const int32_t hundreds = nwc__span_digits(word, (int64_t)strlen(covers[c].name), 3);
        const double base = hundreds < 0 ? (double)NAN : 100.0 * FOOT * hundreds;
        nwc_obs_row row = report->row;
        row.height_m = report->ground_m + base;
        *status = nwc__obs_value(report->obs, &row, NWC_QUANTITY_CLOUD_COVER, covers[c].cover);
        if (*status == NWC_OK) *status = nwc__obs_value(report->obs, &row, NWC_QUANTITY_CLOUD_BASE, base);
        return true;
    }
    return false;
}

/* Phenomena by their two letters, and codes of table 4677: slight, moderate, heavy; then the same as showers. */
static const struct phenomenon {
    const char *name;
    int8_t code[2][3];
} phenomena[] = {
    {"DZ", {{51, 53, 55}, {51, 53, 55}}}, {"RA", {{61, 63, 65}, {80, 81, 82}}}, {"SN", {{71, 73, 75}, {85, 86, 86}}},
    {"SG", {{77, 77, 77}, {77, 77, 77}}}, {"IC", {{76, 76, 76}, {76, 76, 76}}}, {"PL", {{79, 79, 79}, {87, 88, 88}}},
    {"GS", {{87, 88, 88}, {87, 88, 88}}}, {"GR", {{89, 90, 90}, {89, 90, 90}}}, {"UP", {{61, 63, 65}, {80, 81, 82}}},
    {"FG", {{45, 45, 45}, {45, 45, 45}}}, {"BR", {{10, 10, 10}, {10, 10, 10}}}, {"HZ", {{5, 5, 5}, {5, 5, 5}}},
    {"FU", {{4, 4, 4}, {4, 4, 4}}},       {"DU", {{6, 6, 6}, {6, 6, 6}}},       {"SA", {{7, 7, 7}, {7, 7, 7}}},
    {"PO", {{8, 8, 8}, {8, 8, 8}}},       {"SQ", {{18, 18, 18}, {18, 18, 18}}}, {"FC", {{19, 19, 19}, {19, 19, 19}}},
    {"DS", {{31, 31, 34}, {31, 31, 34}}}, {"SS", {{31, 31, 34}, {31, 31, 34}}},
};

static const struct phenomenon *find_phenomenon(struct nwc__span two)
{
    for (size_t k = 0; k < sizeof phenomena / sizeof phenomena[0]; k++)
        if (nwc__span_is(two, phenomena[k].name)) return &phenomena[k];
    return NULL;
}

static bool is_descriptor(struct nwc__span two)
{
    static const char *const descriptors[] = {"TS", "SH", "FZ", "MI", "BC", "PR", "DR", "BL"};
    for (size_t d = 0; d < sizeof descriptors / sizeof descriptors[0]; d++)
        if (nwc__span_is(two, descriptors[d])) return true;
    return false;
}

/* The code of table 4677 for "-RA", "+TSRAGR", "FZFG"; NaN for what is no weather, or only near. */
static double weather_of(struct nwc__span word)
{
    int strength = 1;
    const struct phenomenon *first = NULL; /* the dominant one */
    if (word.n > 0 && (word.at[0] == '-' || word.at[0] == '+')) {
        strength = word.at[0] == '-' ? 0 : 2;
        word = nwc__span_part(word, 1, word.n);
    }
    if (nwc__span_starts(word, "VC") || word.n < 2 || word.n % 2 || word.n > 8) return NAN;
    bool thunder = false, shower = false, freezing = false, hail = false;
    for (int64_t k = 0; k < word.n; k += 2) {
        const struct nwc__span two = nwc__span_part(word, k, k + 2);
        const struct phenomenon *const found = find_phenomenon(two);
        if (!found && !is_descriptor(two)) return NAN;
        if (!first) first = found;
        thunder = thunder || nwc__span_is(two, "TS");
        shower = shower || nwc__span_is(two, "SH");
        freezing = freezing || nwc__span_is(two, "FZ");
        hail = hail || nwc__span_is(two, "GR");
    }
    const double code = first ? first->code[shower][strength] : (double)NAN;
    if (thunder) return !first ? 17.0 : hail ? (strength == 2 ? 99.0 : 96.0) : strength == 2 ? 97.0 : 95.0;
    if (freezing && code >= 61.0 && code <= 65.0) return strength ? 67.0 : 66.0;
    if (freezing && code >= 51.0 && code <= 55.0) return strength ? 57.0 : 56.0;
    if (freezing && code == 45.0) return 49.0;
    return code;
}

static bool take_temperatures(struct report *report, struct nwc__span word)
{
    double value[2];
    struct nwc__span field;
    if (nwc__span_find(word, "/") < 1) return false;
    for (int v = 0; v < 2; v++) {
        if (!nwc__next_field(&word, '/', &field)) return false;
        const bool below = field.n == 3 && field.at[0] == 'M';
        const int32_t degrees = nwc__span_digits(field, below ? 1 : 0, 2);
        if (field.n != (below ? 3 : 2) && !(v == 1 && field.n == 0)) return false;
        value[v] = degrees < 0 ? (double)NAN : 273.15 + (below ? -degrees : degrees);
    }
    report->temperature_k = value[0], report->dew_point_k = value[1];
    return true;
}

static bool take_pressure(struct report *report, struct nwc__span word, nwc_status *status)
{
    const int32_t digits = nwc__span_digits(word, 1, 4);
    if (word.n != 5 || (word.at[0] != 'A' && word.at[0] != 'Q') || digits < 0) return false;
    const double pressure = word.at[0] == 'Q' ? 100.0 * digits : nwc__to_si(0.01 * digits, "inHg", "Pa");
    *status = put(report, NWC_QUANTITY_ALTIMETER_SETTING, pressure, 0.0, 0);
    return true;
}

/* Tenths of degrees behind their sign, "1" for below. */
static double tenths(struct nwc__span word, int64_t at)
{
    const int32_t sign = nwc__span_digits(word, at, 1), value = nwc__span_digits(word, at + 1, 3);
    return sign < 0 || sign > 1 || value < 0 ? (double)NAN : 273.15 + 0.1 * (sign ? -value : value);
}

static nwc_status put_rain(struct report *report, int32_t hundredths, double hours)
{
    if (hundredths < 0 || hundredths > 9998) return NWC_OK;
    return put(report, NWC_QUANTITY_RAIN_AMOUNT, HUNDREDTH_INCH * hundredths, 3600.0 * hours,
               hundredths ? 0 : NWC_OBS_TRACE);
}

/* "T02440167", "SLP106", "P0009", "60012", "70123" of the remarks */
static nwc_status take_remark(struct report *report, struct nwc__span word)
{
    const int32_t four = nwc__span_digits(word, 1, 4);
    if (word.n == 6 && nwc__span_starts(word, "SLP") && nwc__span_digits(word, 3, 3) >= 0) {
        const double tens = nwc__span_digits(word, 3, 3);
        return put(report, NWC_QUANTITY_SEA_LEVEL_PRESSURE, 10.0 * tens + (tens < 500.0 ? 1e5 : 9e4), 0.0, 0);
    }
    if ((word.n == 9 || word.n == 5) && word.at[0] == 'T' && !isnan(tenths(word, 1))) {
        report->temperature_k = tenths(word, 1);
        if (word.n == 9) report->dew_point_k = tenths(word, 5);
        return NWC_OK;
    }
    if (word.n != 5 || four < 0) return NWC_OK;
    const int32_t hour = (report->hour + (report->minute >= 45)) % 24;
    if (word.at[0] == 'P') return put_rain(report, four, 1.0);
    if (word.at[0] == '6') return put_rain(report, four, hour % 6 == 0 ? 6.0 : 3.0);
    if (word.at[0] == '7') return put_rain(report, four, 24.0);
    return NWC_OK;
}

/* "17028/0156" behind PK WND: the strongest gust since the last hourly report. */
static nwc_status take_peak(struct report *report, struct nwc__span word)
{
    const int64_t slash = nwc__span_find(word, "/");
    if (slash < 5) return NWC_OK;
    const double speed = KNOT * nwc__span_number(nwc__span_part(word, 3, slash));
    const int32_t direction = nwc__span_digits(word, 0, 3);
    NWC__TRY(put(report, NWC_QUANTITY_GUST_SPEED, speed, 3600.0, 0));
    return put(report, NWC_QUANTITY_GUST_FROM_DIRECTION, direction < 0 ? (double)NAN : direction, 3600.0, 0);
}

static nwc_status take_word(struct report *report, struct nwc__span word)
{
    static const char *const trends[] = {"TEMPO", "BECMG", "NOSIG", "FCST"};
    nwc_status status = NWC_OK;
    for (size_t t = 0; t < sizeof trends / sizeof trends[0]; t++)
        report->over = report->over || nwc__span_is(word, trends[t]);
    if (nwc__span_is(word, "RMK")) report->remarks = true, report->over = false;
    if (report->over) return NWC_OK;
    if (report->remarks) return take_remark(report, word);
    if (take_wind(report, word, &status) || take_visibility(report, word, &status) ||
        take_cloud(report, word, &status) || take_temperatures(report, word) || take_pressure(report, word, &status))
        return status;
    const double weather = weather_of(word);
    if (!isnan(weather) && !(report->weather >= weather)) report->weather = weather; /* the gravest */
    return NWC_OK;
}

static nwc_status begin(struct report *report, struct nwc__span place, struct nwc__span time,
                        const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    char id[MOST_ID];
    int64_t time_ns = NWC_TIME_UNKNOWN;
    *report = (struct report){.obs = obs,
                              .temperature_k = NAN,
                              .dew_point_k = NAN,
                              .weather = NAN,
                              .hour = nwc__span_digits(time, 2, 2),
                              .minute = nwc__span_digits(time, 4, 2)};
    nwc__span_copy(place, id, sizeof id);
    nwc_obs_station station = nwc__obs_station(NWC_OBS_SURFACE, id);
    const char *const hint = hints->station ? hints->station->id : NULL;
    if (!hint || !*hint || strcmp(hint, id) == 0) nwc__obs_take_hint(&station, hints);
    if (hints->near_ns == NWC_TIME_UNKNOWN)
        NWC__TRY(nwc__obs_incomplete(obs, "reports say the day of the month only: a time near them is needed"));
    else if (!nwc__time_near(hints->near_ns, nwc__span_digits(time, 0, 2), report->hour, report->minute, &time_ns))
        NWC__TRY(nwc__obs_incomplete(obs, "%s: a day, an hour and a minute expected", id));
    NWC__TRY(nwc__obs_begin(obs, &station, time_ns, &report->row));
    report->ground_m = report->row.height_m;
    return NWC_OK;
}

/* What is known only when all of a report has been read. */
static nwc_status finish(struct report *report)
{
    if (!report->obs) return NWC_OK;
    NWC__TRY(put(report, NWC_QUANTITY_AIR_TEMPERATURE, report->temperature_k, 0.0, 0));
    NWC__TRY(put(report, NWC_QUANTITY_DEW_POINT, report->dew_point_k, 0.0, 0));
    return put(report, NWC_QUANTITY_PRESENT_WEATHER, report->weather, 0.0, 0);
}

nwc_status nwc__metar_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                           nwc_obs *obs)
{
    struct nwc__span rest = {(const char *)bytes, size}, word, before = {"", 0};
    struct report report = {.obs = NULL};
    bool peak = false;
    (void)ctx;
    while (nwc__next_word(&rest, &word)) {
        struct nwc__span look = rest, next;
        const bool ends = word.at[word.n - 1] == '=';
        if (ends) word = nwc__span_part(word, 0, word.n - 1);
        if (is_place(word) && nwc__next_word(&look, &next) && is_time(next)) {
            NWC__TRY(finish(&report));
            report.obs = NULL;
            peak = false;
            rest = look;
            if (!nwc__span_is(before, "TAF")) NWC__TRY(begin(&report, word, next, hints, obs));
        } else if (report.obs) {
            NWC__TRY(peak ? take_peak(&report, word) : take_word(&report, word));
            peak = report.remarks && nwc__span_is(word, "WND") && nwc__span_is(before, "PK");
            if (ends) report.over = true;
        }
        before = word;
    }
    return finish(&report);
}
