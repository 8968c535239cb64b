/*
 * Located lightning in text: sources of Lightning Mapping Arrays (the output of lma_analysis), strokes of USPLN and of NLDN's
 * raw format. Each stroke or source is a report of its own.
 */
#include "obs/format/obs_format.h"

enum { MOST_TEXT = 64, MOST_WORDS = 16 };

#define SECOND 1e9

static nwc_status begin_network(const struct nwc__obs_hints *hints, const char *id, nwc_obs *obs, nwc_obs_row *row)
{
    nwc_obs_station network = nwc__obs_station(NWC_OBS_LIGHTNING, id);
    nwc__obs_take_hint(&network, hints);
    nwc_obs_row_init(row);
    return nwc_obs_add_station(obs, &network, &row->station);
}

/* A row of a new report at a place, or false where that is none. */
static bool place(nwc_obs *obs, nwc_obs_row *row, int64_t time_ns, double latitude_deg, double longitude_deg)
{
    if (!(fabs(latitude_deg) <= 90.0 && fabs(longitude_deg) <= 360.0)) return false;
    row->time_ns = time_ns;
    row->latitude_deg = latitude_deg;
    row->longitude_deg = nwc__longitude(longitude_deg);
    row->report = nwc_obs_new_report(obs);
    return true;
}

/* A stroke is there whether its current is known or not. */
static nwc_status put_stroke(nwc_obs *obs, const nwc_obs_row *like, int32_t quantity, double current_a)
{
    nwc_obs_row row = *like;
    row.quantity = quantity, row.value = current_a;
    return nwc__obs_put(obs, &row);
}

/* "12/24/23" as the start of that day. */
static bool take_date(struct nwc__span word, int64_t *day_ns)
{
    const int32_t year = nwc__span_digits(word, 6, 2);
    const int32_t civil[6] = {year + (year < 70 ? 2000 : 1900), nwc__span_digits(word, 0, 2),
                              nwc__span_digits(word, 3, 2)};
    return word.n == 8 && year >= 0 && word.at[2] == '/' && word.at[5] == '/' && nwc__time_from_civil(civil, day_ns);
}

/* ---- Lightning Mapping Arrays ---- */

struct array {
    char location[MOST_TEXT];
    double latitude_deg, longitude_deg, height_m, events;
    int64_t day_ns;
};

static void take_heading(struct nwc__span line, struct array *array)
{
    const int64_t colon = nwc__span_find(line, ":");
    struct nwc__span value = nwc__span_trim(nwc__span_part(line, colon + 1, line.n)), word[3];
    if (nwc__span_starts(line, "Location:")) nwc__span_copy(value, array->location, sizeof array->location);
    if (nwc__span_starts(line, "Number of events:")) array->events = nwc__span_number(value);
    if (nwc__span_starts(line, "Data start time:") && nwc__next_word(&value, &word[0]))
        (void)take_date(word[0], &array->day_ns);
    if (nwc__span_starts(line, "Coordinate center") && nwc__next_word(&value, &word[0]) &&
        nwc__next_word(&value, &word[1]) && nwc__next_word(&value, &word[2])) {
        array->latitude_deg = nwc__span_number(word[0]);
        array->longitude_deg = nwc__span_number(word[1]);
        array->height_m = nwc__span_number(word[2]);
    }
}

/* The stations of "0x7d4"; NaN where it is no such number. */
static double count_bits(struct nwc__span mask)
{
    int count = 0;
    if (mask.n < 3 || mask.n > 18 || !nwc__span_starts(mask, "0x")) return NAN;
    for (int64_t k = 2; k < mask.n; k++) {
        const char c = mask.at[k];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return NAN;
        for (; digit; digit &= digit - 1) count++;
    }
    return count;
}

/* Seconds of the day, latitude, longitude, height, reduced chi squared, power, mask. */
static nwc_status read_source(struct nwc__span line, const struct array *array, nwc_obs_row *row, nwc_obs *obs)
{
    double value[6];
    struct nwc__span word = {NULL, 0};
    for (int v = 0; v < 6; v++) {
        if (!nwc__next_word(&line, &word)) return nwc__fail(NWC_ERR_FORMAT, "7 columns expected, %d found", v);
        value[v] = nwc__span_number(word);
    }
    if (!(value[0] >= 0.0 && value[0] < 2.0 * 86400.0) ||
        !place(obs, row, array->day_ns + (int64_t)llround(SECOND * value[0]), value[1], value[2]))
        return nwc__fail(NWC_ERR_FORMAT, "a time and a place expected");
    row->height_m = value[3];
    NWC__TRY(put_stroke(obs, row, NWC_QUANTITY_VHF_SOURCE, value[5]));
    NWC__TRY(nwc__obs_value(obs, row, NWC_QUANTITY_CHI_SQUARED, value[4]));
    return nwc__next_word(&line, &word) ? nwc__obs_value(obs, row, NWC_QUANTITY_SENSOR_COUNT, count_bits(word))
                                        : NWC_OK;
}

nwc_status nwc__lma_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                         nwc_obs *obs)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line = {NULL, 0};
    struct array array = {
        .latitude_deg = NAN, .longitude_deg = NAN, .height_m = NAN, .events = NAN, .day_ns = NWC_TIME_UNKNOWN};
    nwc_obs_row row;
    bool data = false;
    int64_t found = 0;
    (void)ctx;
    while (!data && nwc__next_line(&lines, &line)) {
        take_heading(line, &array);
        data = nwc__span_is(line, "*** data ***");
    }
    if (!data) return nwc__fail(NWC_ERR_FORMAT, "line %lld: no *** data *** in it", (long long)lines.number);
    if (array.day_ns == NWC_TIME_UNKNOWN) return nwc__fail(NWC_ERR_FORMAT, "no data start time before the data");
    nwc_obs_station station = nwc__obs_station(NWC_OBS_LIGHTNING, array.location);
    if (fabs(array.latitude_deg) <= 90.0 && fabs(array.longitude_deg) <= 360.0) {
        station.latitude_deg = array.latitude_deg;
        station.longitude_deg = array.longitude_deg;
        station.height_m = array.height_m;
    }
    nwc__obs_take_hint(&station, hints);
    nwc_obs_row_init(&row);
    NWC__TRY(nwc_obs_add_station(obs, &station, &row.station));
    while (nwc__next_line(&lines, &line)) {
        if (line.n == 0) continue;
        const nwc_status status = read_source(line, &array, &row, obs);
        if (status == NWC_ERR_NOMEM) return status;
        if (status == NWC_OK)
            found++;
        else
            NWC__TRY(nwc__obs_incomplete(obs, "line %lld: %s", (long long)lines.number, nwc_error_text()));
    }
    if ((double)found < array.events)
        NWC__TRY(nwc__obs_incomplete(obs, "%lld of %.0f events are in it", (long long)found, array.events));
    return NWC_OK;
}

/* ---- USPLN ---- */

/* Time, latitude, longitude, kA, number of strokes; lines that begin with the network's name only say that it is there. */
nwc_status nwc__uspln_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                           nwc_obs *obs)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line;
    nwc_obs_row row;
    (void)ctx;
    NWC__TRY(begin_network(hints, "USPLN", obs, &row));
    while (nwc__next_line(&lines, &line)) {
        struct nwc__span field[5];
        int64_t time_ns;
        int n = 0;
        if (line.n == 0 || nwc__span_starts(line, "USPLN-")) continue;
        while (n < 5 && nwc__next_field(&line, ',', &field[n])) n++;
        const int least = nwc__line_is_open(&lines) ? 5 : 4; /* what the last number begins with is another number */
        if (n >= least && nwc__span_time(field[0], &time_ns) &&
            place(obs, &row, time_ns, nwc__span_number(field[1]), nwc__span_number(field[2])))
            NWC__TRY(put_stroke(obs, &row, NWC_QUANTITY_STROKE, 1000.0 * nwc__span_number(field[3])));
        else
            NWC__TRY(
                nwc__obs_incomplete(obs, "line %lld: a time, a place and a current expected", (long long)lines.number));
    }
    return NWC_OK;
}

/* ---- NLDN ---- */

bool nwc__is_nldn(const uint8_t *bytes, int64_t size)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line, word;
    int64_t day_ns;
    return nwc__next_line(&lines, &line) && nwc__next_word(&line, &word) && take_date(word, &day_ns) &&
           nwc__span_find(line, " kA ") > 0;
}

/* "00:57:01.123456789" behind the start of its day. */
static bool add_clock(struct nwc__span word, int64_t *time_ns)
{
    const int32_t hour = nwc__span_digits(word, 0, 2), minute = nwc__span_digits(word, 3, 2);
    const double second = nwc__span_number(nwc__span_part(word, 6, word.n));
    if (word.n < 8 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0.0 && second < 61.0))
        return false;
    *time_ns += (int64_t)(hour * 60 + minute) * 60 * (int64_t)SECOND + (int64_t)llround(SECOND * second);
    return true;
}

/* Date, time, latitude, longitude, current, "kA", multiplicity, half axes of the ellipse in km, their ratio, its angle,
 * chi squared, sensors, G for ground or C for cloud. */
static nwc_status read_stroke(struct nwc__span line, bool open, nwc_obs_row *row, nwc_obs *obs)
{
    struct nwc__span word[MOST_WORDS];
    int64_t time_ns;
    int n = 0;
    while (n < MOST_WORDS && nwc__next_word(&line, &word[n])) n++;
    if (n < 6 || !take_date(word[0], &time_ns) || !add_clock(word[1], &time_ns) ||
        !place(obs, row, time_ns, nwc__span_number(word[2]), nwc__span_number(word[3])))
        return nwc__fail(NWC_ERR_FORMAT, "a date, a time, a place and a current expected");
    const bool whole = n >= 14;
    const int32_t quantity = whole && nwc__span_is(word[13], "G")   ? NWC_QUANTITY_GROUND_STROKE
                             : whole && nwc__span_is(word[13], "C") ? NWC_QUANTITY_CLOUD_STROKE
                                                                    : NWC_QUANTITY_STROKE;
    NWC__TRY(put_stroke(obs, row, quantity, 1000.0 * nwc__span_number(word[4])));
    if (!whole) return open ? nwc__fail(NWC_ERR_FORMAT, "14 words expected, the text ends behind %d", n) : NWC_OK;
    NWC__TRY(nwc__obs_value(obs, row, NWC_QUANTITY_LOCATION_ERROR, 1000.0 * nwc__span_number(word[7])));
    NWC__TRY(nwc__obs_value(obs, row, NWC_QUANTITY_CHI_SQUARED, nwc__span_number(word[11])));
    return nwc__obs_value(obs, row, NWC_QUANTITY_SENSOR_COUNT, nwc__span_number(word[12]));
}

nwc_status nwc__nldn_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                          nwc_obs *obs)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line;
    nwc_obs_row row;
    (void)ctx;
    NWC__TRY(begin_network(hints, "NLDN", obs, &row));
    while (nwc__next_line(&lines, &line)) {
        if (line.n == 0) continue;
        const nwc_status status = read_stroke(line, nwc__line_is_open(&lines), &row, obs);
        if (status == NWC_ERR_NOMEM) return status;
        if (status != NWC_OK)
            NWC__TRY(nwc__obs_incomplete(obs, "line %lld: %s", (long long)lines.number, nwc_error_text()));
    }
    return NWC_OK;
}
