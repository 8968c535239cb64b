/*
 * Winds above the radar of Level III (product 48): barbs of up to eleven volumes, and of the last one a table.
 *
 * A barb stands (packet 4) in the column of a time and the row of a height, which are written beside them (packet 8), and
 * has whole knots and degrees, in CINRAD's products too. The table, which CINRAD leaves out, has tenths of metres per second
 * and more levels: where it is, it stands for the barbs of its time. CINRAD writes heights in tenths of a kilometre but means
 * whole thousands of feet, as its list of heights shows.
 */
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <ctype.h>
#include <stdlib.h>

enum {
    BARBS = 4,
    TEXT = 8,
    BARB = 10,      /* bytes of a barb */
    TEXT_HEAD = 10, /* bytes before the letters */
    MOST_LABELS = 64,
    BARB_RIGHT = 14, /* of its time's label, in pixels, and */
    BARB_BELOW = 4,  /* of its height's */
    FAR = 7,         /* pixels: another row, or no label at all */
    HEIGHTS_LEFT_OF = 60
};

#define KNOT_M_S (1852.0 / 3600.0)
#define HALF_DAY_NS INT64_C(43200000000000)
#define FOOT_M 0.3048

struct label {
    int32_t at; /* pixels, right or down */
    double value;
};

struct chart {
    struct label time[MOST_LABELS], height[MOST_LABELS];
    int32_t n_times, n_heights;
    bool metric;
    int64_t last_ns; /* the latest time of a column */
};

static int32_t i16(const uint8_t *at)
{
    return (int16_t)nwc__u16_be(at);
}

/* Time of day in ns of "HHMM"; the day is the one that makes it no later than the volume, but for a little. */
static int64_t time_of(const nwc__level3 *level3, double hhmm)
{
    const int64_t day = 2 * HALF_DAY_NS, minutes = (int64_t)hhmm / 100 * 60 + (int64_t)hhmm % 100;
    const int64_t time = level3->time_ns / day * day + minutes * INT64_C(60000000000);
    return time > level3->time_ns + HALF_DAY_NS ? time - day : time;
}

static double height_of(const struct chart *chart, double written)
{
    if (!chart->metric) return 1000.0 * FOOT_M * written;
    const double feet = 1000.0 * round(written / FOOT_M);
    return fabs(0.001 * FOOT_M * feet - written) <= 0.051 ? FOOT_M * feet : 1000.0 * written;
}

static void add_label(const uint8_t *packet, int64_t size, struct chart *chart)
{
    char text[16] = "";
    const int32_t i = i16(packet + 6), j = i16(packet + 8);
    const size_t n = size - TEXT_HEAD < 15 ? (size_t)(size - TEXT_HEAD) : 15;
    memcpy(text, packet + TEXT_HEAD, n);
    if (strstr(text, "ALT KM")) chart->metric = true;
    char *end;
    const double value = strtod(text, &end);
    while (*end == ' ') end++;
    if (end == text || *end) return;
    if (i < HEIGHTS_LEFT_OF && chart->n_heights < MOST_LABELS)
        chart->height[chart->n_heights++] = (struct label){.at = j, .value = value};
    else if (i >= HEIGHTS_LEFT_OF && n == 4 && value >= 0.0 && value < 2400.0 && chart->n_times < MOST_LABELS)
        chart->time[chart->n_times++] = (struct label){.at = i, .value = value};
}

static nwc_status read_chart(const nwc__level3 *level3, struct chart *chart)
{
    nwc__level3_walk walk = {0};
    nwc__level3_block packet;
    NWC__TRY(nwc__level3_walk_begin(level3, &walk));
    *chart = (struct chart){.last_ns = INT64_MIN};
    while (nwc__level3_walk_next(&walk, &packet))
        if (nwc__u16_be(packet.at) == TEXT && packet.size > TEXT_HEAD) add_label(packet.at, packet.size, chart);
    for (int32_t t = 0; t < chart->n_times; t++) {
        const int64_t time = time_of(level3, chart->time[t].value);
        chart->last_ns = time > chart->last_ns ? time : chart->last_ns;
    }
    return NWC_OK;
}

/* The label nearest to a place; NULL where none is near. */
static const struct label *nearest(const struct label *labels, int32_t n, int32_t at)
{
    const struct label *best = NULL;
    for (int32_t k = 0; k < n; k++)
        if (abs(labels[k].at - at) <= FAR && (!best || abs(labels[k].at - at) < abs(best->at - at))) best = &labels[k];
    return best;
}

static bool read_barb(const nwc__level3 *level3, const struct chart *chart, const uint8_t *barb, nwc__level3_wind *wind)
{
    const struct label *const time = nearest(chart->time, chart->n_times, i16(barb + 2) - BARB_RIGHT);
    const struct label *const height = nearest(chart->height, chart->n_heights, i16(barb + 4) - BARB_BELOW);
    const int32_t from = i16(barb + 6), speed = i16(barb + 8);
    if (!time || !height || from < 0 || from > 360 || speed < 0) return false;
    *wind = (nwc__level3_wind){.time_ns = time_of(level3, time->value),
                               .height_m = height_of(chart, height->value),
                               .from_deg = (double)from,
                               .speed_m_s = KNOT_M_S * (double)speed,
                               .spread_m_s = NAN,
                               .up_m_s = NAN};
    return true;
}

/* A line of the table: height in 100 ft, u, v in m s-1, w in cm s-1, direction, speed and spread in knots ... */
static bool read_line(const char *line, int64_t time_ns, nwc__level3_wind *wind)
{
    double field[7];
    for (int f = 0; f < 7; f++) {
        char *end;
        while (*line == ' ') line++;
        field[f] = strtod(line, &end);
        if (end == line) {
            if (strncmp(line, "NA", 2) != 0 || f == 0) return false;
            field[f] = NAN, end += 2;
        }
        line = end;
    }
    if (!isfinite(field[0]) || !isfinite(field[1]) || !isfinite(field[2])) return false;
    const double from = atan2(-field[1], -field[2]) * (180.0 / NWC__PI);
    *wind = (nwc__level3_wind){.time_ns = time_ns,
                               .height_m = 100.0 * FOOT_M * field[0],
                               .from_deg = from < 0.0 ? from + 360.0 : from,
                               .speed_m_s = hypot(field[1], field[2]),
                               .spread_m_s = KNOT_M_S * field[6],
                               .up_m_s = 0.01 * field[3]};
    return true;
}

/* Winds of the table; with winds NULL they are counted. */
static int64_t read_table(const nwc__level3 *level3, int64_t time_ns, nwc__level3_wind *winds)
{
    char line[NWC__LEVEL3_LINE];
    nwc__level3_lines lines;
    bool inside = false;
    int64_t n = 0;
    nwc__level3_lines_begin(level3, &lines);
    while (nwc__level3_lines_next(&lines, line)) {
        nwc__level3_wind wind;
        if (strstr(line, "VAD Algorithm Output")) inside = true;
        if (strstr(line, "ADAPTABLE PARAMETERS")) inside = false;
        if (!inside || !read_line(line, time_ns, &wind)) continue;
        if (winds) winds[n] = wind;
        n++;
    }
    return n;
}

/* Winds of barbs, of all times but one; with winds NULL they are counted. */
static int64_t read_barbs(const nwc__level3 *level3, const struct chart *chart, int64_t but_ns, nwc__level3_wind *winds)
{
    nwc__level3_walk walk;
    nwc__level3_block packet;
    int64_t n = 0;
    if (nwc__level3_walk_begin(level3, &walk) != NWC_OK) return 0;
    while (nwc__level3_walk_next(&walk, &packet)) {
        if (nwc__u16_be(packet.at) != BARBS) continue;
        for (int64_t at = 4; packet.size - at >= BARB; at += BARB) {
            nwc__level3_wind wind;
            if (!read_barb(level3, chart, packet.at + at, &wind) || wind.time_ns == but_ns) continue;
            if (winds) winds[n] = wind;
            n++;
        }
    }
    return n;
}

nwc_status nwc__level3_read_winds(nwc_ctx *ctx, const nwc__level3 *level3, nwc__level3_wind **winds, int64_t *n)
{
    nwc_status status = NWC_OK;
    struct chart chart;
    *winds = NULL, *n = 0;
    NWC__TRY(read_chart(level3, &chart));
    const int64_t last_ns = chart.n_times ? chart.last_ns : level3->time_ns;
    const int64_t in_table = read_table(level3, last_ns, NULL), but_ns = in_table ? last_ns : INT64_MIN;
    *n = in_table + read_barbs(level3, &chart, but_ns, NULL);
    if (*n == 0) return nwc__fail(NWC_ERR_NODATA, "no wind in it");
    NWC__ALLOC(ctx, *winds, *n);
    read_table(level3, last_ns, *winds);
    read_barbs(level3, &chart, but_ns, *winds + in_table);
done:
    return status;
}
