/*
 * Wind profiles in the text of the China Meteorological Administration: WNDROBS (as measured), WNDHOBS (means of half hours),
 * WNDOOBS (of hours). No document says whether heights are above the ground or the sea, and which vertical speed is positive;
 * the usual reading, above the ground and downward, can be changed by options.
 */
#include "obs/format/obs_format.h"

enum { COLUMNS = 7, MOST_ID = 16 };

/* "58259 120.98000 32.08000 0005.3 LC 20260601061200" */
static bool take_station(struct nwc__span line, char id[MOST_ID], nwc_obs_station *station, int64_t *time_ns)
{
    struct nwc__span word[6];
    for (int w = 0; w < 6; w++)
        if (!nwc__next_word(&line, &word[w])) return false;
    const double longitude = nwc__span_number(word[1]), latitude = nwc__span_number(word[2]);
    if (!(fabs(longitude) <= 360.0 && fabs(latitude) <= 90.0) || word[5].n != 14 || !nwc__span_time(word[5], time_ns))
        return false;
    nwc__span_copy(word[0], id, MOST_ID);
    *station = nwc__obs_station(NWC_OBS_PROFILER, id);
    station->longitude_deg = longitude, station->latitude_deg = latitude;
    station->height_m = nwc__span_number(word[3]);
    return true;
}

/* Confidence in percent as quality. */
static float quality_of(double percent)
{
    return percent >= 0.0 && percent <= 100.0 ? (float)(0.01 * percent) : (float)NAN;
}

/* Height, direction, speed, vertical speed, confidence in both, structure constant; of slashes where they are missing. */
static nwc_status read_gate(struct nwc__span line, const struct nwc__obs_hints *hints, const nwc_obs_row *like,
                            double ground_m, nwc_obs *obs)
{
    double value[COLUMNS];
    struct nwc__span word;
    nwc_obs_row row = *like;
    for (int c = 0; c < COLUMNS; c++) {
        if (!nwc__next_word(&line, &word))
            return nwc__fail(NWC_ERR_FORMAT, "%d columns expected, %d found", COLUMNS, c);
        value[c] = nwc__span_number(word);
    }
    row.height_m = value[0] + (hints->heights_above_sea ? 0.0 : ground_m);
    row.quality = quality_of(value[4]);
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_WIND_SPEED, value[2]));
    NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_WIND_FROM_DIRECTION, value[2] == 0.0 ? NAN : value[1]));
    row.quality = quality_of(value[5]);
    NWC__TRY(
        nwc__obs_value(obs, &row, NWC_QUANTITY_UPWARD_AIR_VELOCITY, hints->upward_positive ? value[3] : -value[3]));
    row.quality = NAN;
    return nwc__obs_value(obs, &row, NWC_QUANTITY_REFRACTIVE_STRUCTURE, value[6]);
}

static nwc_status read_block(struct nwc__lines *lines, double duration_s, const struct nwc__obs_hints *hints,
                             nwc_obs *obs)
{
    struct nwc__span line = {NULL, 0};
    char id[MOST_ID] = "";
    nwc_obs_station station;
    nwc_obs_row row;
    int64_t time_ns;
    if (!nwc__next_line(lines, &line) || !take_station(line, id, &station, &time_ns))
        return nwc__fail(NWC_ERR_FORMAT, "line %lld: station, place, height, type and time expected",
                         (long long)lines->number);
    NWC__TRY(nwc__obs_begin(obs, &station, time_ns, &row));
    row.duration_s = duration_s;
    (void)nwc__next_line(lines, &line); /* ROBS, HOBS or OOBS again */
    while (nwc__next_line(lines, &line)) {
        if (nwc__span_is(line, "NNNN")) return NWC_OK;
        const nwc_status status = read_gate(line, hints, &row, station.height_m, obs);
        if (status == NWC_ERR_NOMEM) return status;
        if (status != NWC_OK)
            NWC__TRY(nwc__obs_incomplete(obs, "line %lld: %s", (long long)lines->number, nwc_error_text()));
    }
    return nwc__obs_incomplete(obs, "line %lld: NNNN expected, the text ends", (long long)lines->number);
}

nwc_status nwc__cma_profiler_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                                  nwc_obs *obs)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line;
    (void)ctx;
    while (nwc__next_line(&lines, &line)) {
        if (!nwc__span_starts(line, "WND")) continue;
        const bool half = nwc__span_starts(line, "WNDHOBS"), hour = nwc__span_starts(line, "WNDOOBS");
        NWC__TRY(read_block(&lines, half ? 1800.0 : hour ? 3600.0 : 0.0, hints, obs));
    }
    return NWC_OK;
}
