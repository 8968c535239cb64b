/*
 * Soundings as the University of Wyoming writes them: a table of right-aligned columns under a line of names and a line of
 * units, HTML or not around it, a title before it and the station behind it, each of which may be missing.
 */
#include "obs/format/obs_format.h"

enum { MOST_COLUMNS = 24, MOST_TEXT = 64 };

/* A column ends where its name ends. */
struct columns {
    int32_t n;
    int64_t end[MOST_COLUMNS];
    char name[MOST_COLUMNS][8], units[MOST_COLUMNS][8];
};

/* What is said of a sounding around its table. */
struct about {
    char id[MOST_TEXT], name[MOST_TEXT];
    double longitude_deg, latitude_deg, height_m;
    int64_t time_ns;
};

static bool is_header(struct nwc__span line)
{
    struct nwc__span word;
    return nwc__next_word(&line, &word) && nwc__span_is(word, "PRES") && nwc__span_find(line, "HGHT") >= 0 &&
           nwc__span_find(line, "TEMP") >= 0;
}

static void take_columns(struct nwc__span names, struct nwc__span units, struct columns *columns)
{
    struct nwc__span rest = names, word;
    *columns = (struct columns){.n = 0};
    while (columns->n < MOST_COLUMNS && nwc__next_word(&rest, &word)) {
        const int32_t c = columns->n++;
        const int64_t first = c ? columns->end[c - 1] : 0;
        columns->end[c] = word.at + word.n - names.at;
        nwc__span_copy(word, columns->name[c], sizeof columns->name[c]);
        nwc__span_copy(nwc__span_trim(nwc__span_part(units, first, columns->end[c])), columns->units[c],
                       sizeof columns->units[c]);
    }
}

static double take(const struct columns *columns, struct nwc__span line, const char *name, const char *wanted)
{
    for (int32_t c = 0; c < columns->n; c++)
        if (strcmp(columns->name[c], name) == 0) {
            const int64_t first = c ? columns->end[c - 1] : 0;
            const double value = nwc__span_number(nwc__span_trim(nwc__span_part(line, first, columns->end[c])));
            return nwc__to_si(value, columns->units[c], wanted);
        }
    return NAN;
}

/* "72357 OUN Norman Observations at 00Z 04 May 1999" */
static void take_title(struct nwc__span line, struct about *about)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t at = nwc__span_find(line, " Observations at ");
    struct nwc__span who = nwc__span_part(line, 0, at), when = nwc__span_part(line, at + 17, line.n), word[4];
    int64_t time_ns;
    int32_t civil[6] = {0};
    while (who.n > 0 && nwc__span_find(who, ">") >= 0) who = nwc__span_part(who, nwc__span_find(who, ">") + 1, who.n);
    if (nwc__next_word(&who, &word[0])) nwc__span_copy(word[0], about->id, sizeof about->id);
    nwc__span_copy(nwc__span_trim(who), about->name, sizeof about->name);
    for (int w = 0; w < 4; w++)
        if (!nwc__next_word(&when, &word[w])) return;
    civil[0] = nwc__span_digits(word[3], 0, 4), civil[2] = nwc__span_digits(word[1], 0, 2);
    civil[3] = nwc__span_digits(word[0], 0, 2);
    for (int32_t m = 0; m < 12; m++)
        if (nwc__span_is(word[2], months[m])) civil[1] = m + 1;
    if (nwc__time_from_civil(civil, &time_ns)) about->time_ns = time_ns;
}

/* "Station latitude: 35.18" and the like. */
static void take_fact(struct nwc__span line, struct about *about)
{
    const int64_t colon = nwc__span_find(line, ":");
    if (colon < 0) return;
    const struct nwc__span key = nwc__span_trim(nwc__span_part(line, 0, colon));
    const struct nwc__span value = nwc__span_trim(nwc__span_part(line, colon + 1, line.n));
    if (nwc__span_is(key, "Station number") || (nwc__span_is(key, "Station identifier") && !about->id[0]))
        nwc__span_copy(value, about->id, sizeof about->id);
    if (nwc__span_is(key, "Station latitude")) about->latitude_deg = nwc__span_number(value);
    if (nwc__span_is(key, "Station longitude")) about->longitude_deg = nwc__span_number(value);
    if (nwc__span_is(key, "Station elevation")) about->height_m = nwc__span_number(value);
    if (nwc__span_is(key, "Observation time")) { /* yymmdd/hhmm */
        const int32_t year = nwc__span_digits(value, 0, 2);
        const int32_t civil[6] = {year + (year < 50 ? 2000 : 1900), nwc__span_digits(value, 2, 2),
                                  nwc__span_digits(value, 4, 2), nwc__span_digits(value, 7, 2),
                                  nwc__span_digits(value, 9, 2)};
        int64_t time_ns;
        if (year >= 0 && nwc__time_from_civil(civil, &time_ns)) about->time_ns = time_ns;
    }
}

/* Look for the station behind a table, before the next one or its title. */
static void look_behind(struct nwc__lines lines, struct about *about)
{
    struct nwc__span line;
    while (nwc__next_line(&lines, &line)) {
        if (is_header(line) || nwc__span_find(line, " Observations at ") >= 0) return;
        if (nwc__line_is_open(&lines)) return; /* it may be cut; all facts stand before the indices */
        take_fact(line, about);
    }
}

static nwc_status read_level(const struct columns *columns, struct nwc__span line, const nwc_obs_row *row, nwc_obs *obs)
{
    struct nwc__level level = nwc__level_unknown();
    level.pressure_pa = take(columns, line, "PRES", "Pa");
    level.height_m = take(columns, line, "HGHT", "m");
    level.temperature_k = take(columns, line, "TEMP", "K");
    level.dew_point_k = take(columns, line, "DWPT", "K");
    level.humidity = take(columns, line, "RELH", "1");
    level.direction_deg = take(columns, line, "DRCT", "degree");
    level.speed_m_s = take(columns, line, "SKNT", "m s-1");
    if (isnan(level.speed_m_s)) level.speed_m_s = take(columns, line, "SPED", "m s-1");
    return nwc__obs_put_level(obs, row, &level);
}

static bool is_rule(struct nwc__span line)
{
    return nwc__span_starts(line, "-----");
}

static nwc_status read_table(struct nwc__lines *lines, struct nwc__span names, const struct about *before,
                             const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    struct nwc__span line = {NULL, 0};
    struct columns columns;
    struct about about = *before;
    nwc_obs_row row;
    if (!nwc__next_line(lines, &line)) return NWC_OK;
    take_columns(names, line, &columns);
    look_behind(*lines, &about);
    nwc_obs_station station = nwc__obs_station(NWC_OBS_SOUNDING, about.id);
    station.name = about.name;
    station.longitude_deg = fabs(about.longitude_deg) <= 360.0 ? about.longitude_deg : NAN;
    station.latitude_deg = fabs(about.latitude_deg) <= 90.0 ? about.latitude_deg : NAN;
    station.height_m = about.height_m;
    nwc__obs_take_hint(&station, hints);
    const int64_t time_ns = about.time_ns == NWC_TIME_UNKNOWN ? hints->near_ns : about.time_ns;
    NWC__TRY(nwc__obs_begin(obs, &station, time_ns, &row));
    while (nwc__next_line(lines, &line)) {
        if (is_rule(line)) continue;
        struct nwc__span rest = line, first;
        if (!nwc__next_word(&rest, &first) || isnan(nwc__span_number(first))) break;
        if (nwc__line_is_open(lines) && line.n < names.n) /* numbers stand on the right of their columns */
            return nwc__obs_incomplete(obs, "line %lld: the text ends in it", (long long)lines->number);
        NWC__TRY(read_level(&columns, line, &row, obs));
    }
    return NWC_OK;
}

nwc_status nwc__wyoming_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                             nwc_obs *obs)
{
    const struct about unknown = {.longitude_deg = NAN,
                                  .latitude_deg = NAN,
                                  .height_m = NAN,
                                  .time_ns = NWC_TIME_UNKNOWN};
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line;
    struct about about = unknown;
    bool any = false;
    (void)ctx;
    while (nwc__next_line(&lines, &line)) {
        if (nwc__span_find(line, " Observations at ") >= 0) {
            about = unknown;
            take_title(line, &about);
        } else if (is_header(line)) {
            NWC__TRY(read_table(&lines, line, &about, hints, obs));
            about = unknown;
            any = true;
        }
    }
    if (!any)
        return nwc__fail(NWC_ERR_FORMAT, "line %lld: no table of PRES, HGHT, TEMP in it", (long long)lines.number);
    return NWC_OK;
}
