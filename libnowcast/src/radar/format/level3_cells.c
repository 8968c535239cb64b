/*
 * Storm cells of Level III: the lines of text of products 58 (tracks), 59 (hail), 61 (tornadic vortices), 62 (structure) and 141
 * (mesocyclones).
 *
 * The text is read rather than the symbols: it alone has motion, forecasts and heights. Its headings say the units, which are
 * nautical miles, knots and kilofeet in NEXRAD's products, kilometres and metres per second in CINRAD's. Heights are counted
 * from the radar: a base that the lowest beam cuts off is that beam's height over it. Hail comes without places there; they
 * are those of the symbols of the same storms. The strongest echo of a track stands on pages of its own.
 */
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <ctype.h>
#include <stdlib.h>

enum { TRACKS = 58, HAIL = 59, VORTICES = 61, STRUCTURE = 62, MESOCYCLONES = 141, MOST_CELLS = 4096 };

#define MILE_M 1852.0
#define KNOT_M_S (1852.0 / 3600.0)
#define KILOFOOT_M 304.8
#define INCH_MM 25.4

/* What the numbers of a line are in. */
struct units {
    double range_m, speed_m_s, height_m, size_mm;
    double ground_m; /* of the radar, from which heights are counted */
};

static void begin_cell(nwc__level3_cell *cell)
{
    *cell = (nwc__level3_cell){.azimuth_deg = NAN,
                               .range_m = NAN,
                               .from_deg = NAN,
                               .speed_m_s = NAN,
                               .error_m = NAN,
                               .base_m = NAN,
                               .top_m = NAN,
                               .vil_kg_m2 = NAN,
                               .max_dbz = NAN,
                               .max_height_m = NAN,
                               .hail = NAN,
                               .severe_hail = NAN,
                               .hail_mm = NAN,
                               .rotation_m_s = NAN,
                               .low_difference_m_s = NAN,
                               .difference_m_s = NAN};
    for (int s = 0; s < NWC__LEVEL3_STEPS; s++) cell->ahead_deg[s] = cell->ahead_m[s] = NAN;
}

/* ---- fields of a line ---- */

static void skip_blanks(const char **at)
{
    while (**at == ' ') (*at)++;
}

/* A number, with "<" or ">" before it or not; NaN and false for what is none. */
static bool take_number(const char **at, double *number, bool *limit)
{
    char *end;
    skip_blanks(at);
    const bool marked = **at == '<' || **at == '>';
    if (limit) *limit = marked;
    if (marked) ++*at;
    skip_blanks(at);
    *number = isdigit((unsigned char)**at) || **at == '-' || **at == '.' ? strtod(*at, &end) : NAN;
    if (isnan(*number)) return false;
    *at = end;
    return true;
}

/* A number or "UNKNOWN", which is NaN. */
static bool take_known(const char **at, double *number)
{
    if (take_number(at, number, NULL)) return true;
    const bool word = strncmp(*at, "UNKNOWN", 7) == 0;
    *at += word ? 7 : 0;
    return word;
}

/* Two numbers with a stroke between them, or "NEW" or "NO DATA", which are NaN. */
static bool take_pair(const char **at, double *first, double *second)
{
    static const char *const words[] = {"NEW", "NO DATA"};
    *first = *second = NAN;
    skip_blanks(at);
    for (int w = 0; w < 2; w++)
        if (strncmp(*at, words[w], strlen(words[w])) == 0) {
            *at += strlen(words[w]);
            return true;
        }
    if (!take_number(at, first, NULL)) return false;
    skip_blanks(at);
    if (**at != '/') return false;
    ++*at;
    return take_number(at, second, NULL);
}

/* The name of a storm: a letter and a digit. */
static bool take_storm(const char **at, char storm[4])
{
    skip_blanks(at);
    if (!isupper((unsigned char)(*at)[0]) || !isdigit((unsigned char)(*at)[1]) || (*at)[2] != ' ') return false;
    memcpy(storm, *at, 2);
    storm[2] = '\0';
    *at += 2;
    return true;
}

static bool take_place(const char **at, const struct units *units, nwc__level3_cell *cell)
{
    if (!take_pair(at, &cell->azimuth_deg, &cell->range_m) || isnan(cell->range_m)) return false;
    cell->range_m *= units->range_m;
    return true;
}

static bool take_motion(const char **at, const struct units *units, nwc__level3_cell *cell)
{
    const bool taken = take_pair(at, &cell->from_deg, &cell->speed_m_s);
    cell->speed_m_s *= units->speed_m_s;
    return taken;
}

/* Above mean sea level. */
static double height_of(double number, const struct units *units)
{
    return units->ground_m + number * units->height_m;
}

/* ---- lines; false for one that is not of a cell ---- */

static bool read_track(const char *line, const struct units *units, nwc__level3_cell *cell)
{
    double mean;
    if (!take_storm(&line, cell->id) || !take_place(&line, units, cell) || !take_motion(&line, units, cell))
        return false;
    for (int s = 0; s < NWC__LEVEL3_STEPS; s++) {
        if (!take_pair(&line, &cell->ahead_deg[s], &cell->ahead_m[s])) return false;
        cell->ahead_m[s] *= units->range_m;
    }
    if (!take_pair(&line, &cell->error_m, &mean)) return false;
    cell->error_m = isnan(cell->from_deg) ? NAN : cell->error_m * units->range_m; /* a new cell had no forecast */
    return true;
}

static bool read_hail(const char *line, const struct units *units, nwc__level3_cell *cell)
{
    if (!take_storm(&line, cell->id) || !take_known(&line, &cell->severe_hail) || !take_known(&line, &cell->hail) ||
        !take_known(&line, &cell->hail_mm))
        return false;
    cell->severe_hail *= 0.01, cell->hail *= 0.01, cell->hail_mm *= units->size_mm;
    return true;
}

static bool read_vortex(const char *line, const struct units *units, nwc__level3_cell *cell)
{
    double mean, height, depth;
    skip_blanks(&line);
    if (strncmp(line, "TVS", 3) != 0 && strncmp(line, "ETVS", 4) != 0) return false;
    line += *line == 'E' ? 4 : 3;
    if (!take_storm(&line, cell->storm) || !take_place(&line, units, cell) || !take_number(&line, &mean, NULL) ||
        !take_number(&line, &cell->low_difference_m_s, NULL) || !take_pair(&line, &cell->difference_m_s, &height) ||
        !take_number(&line, &depth, NULL) || !take_number(&line, &cell->base_m, &cell->base_below))
        return false;
    skip_blanks(&line);
    if (*line++ != '/' || !take_number(&line, &cell->top_m, &cell->top_above)) return false;
    memcpy(cell->id, cell->storm, sizeof cell->storm);
    cell->low_difference_m_s *= units->speed_m_s, cell->difference_m_s *= units->speed_m_s;
    cell->base_m = height_of(cell->base_m, units), cell->top_m = height_of(cell->top_m, units);
    return true;
}

static bool read_structure(const char *line, const struct units *units, nwc__level3_cell *cell)
{
    if (!take_storm(&line, cell->id) || !take_place(&line, units, cell) ||
        !take_number(&line, &cell->base_m, &cell->base_below) || !take_number(&line, &cell->top_m, &cell->top_above) ||
        !take_number(&line, &cell->vil_kg_m2, NULL) || !take_number(&line, &cell->max_dbz, NULL) ||
        !take_number(&line, &cell->max_height_m, NULL))
        return false;
    cell->base_m = height_of(cell->base_m, units), cell->top_m = height_of(cell->top_m, units);
    cell->max_height_m = height_of(cell->max_height_m, units);
    return true;
}

static bool read_mesocyclone(const char *line, const struct units *units, nwc__level3_cell *cell)
{
    double number, rank, low, depth, relative, height, index;
    if (!take_number(&line, &number, NULL) || !(number >= 0.0 && number < 10000.0) || !take_place(&line, units, cell) ||
        !take_number(&line, &rank, NULL))
        return false;
    while (isupper((unsigned char)*line))
        line++; /* "L" of a circulation that is topped low, "S" of one that is shallow */
    if (!take_storm(&line, cell->storm) || !take_number(&line, &low, NULL) ||
        !take_number(&line, &cell->low_difference_m_s, NULL) || !take_number(&line, &cell->base_m, &cell->base_below) ||
        !take_number(&line, &depth, &cell->top_above) || !take_number(&line, &relative, NULL) ||
        !take_number(&line, &height, NULL) || !take_number(&line, &cell->rotation_m_s, NULL))
        return false;
    skip_blanks(&line);
    while (isalpha((unsigned char)*line)) line++; /* whether a vortex signature is in it */
    const char *motion = line;
    if (take_motion(&motion, units, cell))
        line = motion;
    else
        cell->from_deg = cell->speed_m_s = NAN;
    if (!take_number(&line, &index, NULL)) return false;
    for (int k = (int)number, c = number >= 1000.0  ? 3
                                  : number >= 100.0 ? 2
                                  : number >= 10.0  ? 1
                                                    : 0;
         c >= 0; c--, k /= 10)
        cell->id[c] = (char)('0' + k % 10);
    cell->rotation_m_s *= units->speed_m_s, cell->low_difference_m_s *= units->speed_m_s;
    cell->base_m = height_of(cell->base_m, units);
    cell->top_m = cell->base_m + depth * units->height_m;
    return true;
}

/* What a heading says of the units below it. */
static void read_heading(const char *line, struct units *units)
{
    static const struct {
        const char *text;
        size_t field;
        double value;
    } said[] = {
        {"DEG/NM", offsetof(struct units, range_m), MILE_M},      {"DEG/KM", offsetof(struct units, range_m), 1000.0},
        {"deg/nm", offsetof(struct units, range_m), MILE_M},      {"deg/km", offsetof(struct units, range_m), 1000.0},
        {"deg,nm", offsetof(struct units, range_m), MILE_M},      {"deg,km", offsetof(struct units, range_m), 1000.0},
        {"DEG/KTS", offsetof(struct units, speed_m_s), KNOT_M_S}, {"DEG/MS", offsetof(struct units, speed_m_s), 1.0},
        {"deg/kts", offsetof(struct units, speed_m_s), KNOT_M_S}, {"deg/ms", offsetof(struct units, speed_m_s), 1.0},
        {"(kt)", offsetof(struct units, speed_m_s), KNOT_M_S},    {"(m/s)", offsetof(struct units, speed_m_s), 1.0},
        {"KFT", offsetof(struct units, height_m), KILOFOOT_M},    {" KM ", offsetof(struct units, height_m), 1000.0},
        {"kft", offsetof(struct units, height_m), KILOFOOT_M},    {"(km)", offsetof(struct units, height_m), 1000.0},
        {"SIZE (IN)", offsetof(struct units, size_mm), INCH_MM},  {"SIZE (CM)", offsetof(struct units, size_mm), 10.0},
    };
    for (size_t s = 0; s < sizeof said / sizeof said[0]; s++)
        if (strstr(line, said[s].text)) memcpy((char *)units + said[s].field, &said[s].value, sizeof said[s].value);
}

/* ---- all ---- */

static bool read_line(const nwc__level3 *level3, const char *line, const struct units *units, nwc__level3_cell *cell)
{
    begin_cell(cell);
    switch (level3->product->code) {
    case TRACKS:
        return read_track(line, units, cell);
    case HAIL:
        return read_hail(line, units, cell);
    case VORTICES:
        return read_vortex(line, units, cell);
    case STRUCTURE:
        return read_structure(line, units, cell);
    case MESOCYCLONES:
        return read_mesocyclone(line, units, cell);
    default:
        return false;
    }
}

nwc_status nwc__level3_read_cells(nwc_ctx *ctx, const nwc__level3 *level3, nwc__level3_cell **cells, int64_t *n)
{
    nwc_status status = NWC_OK;
    struct units units;
    *cells = NULL, *n = 0;
    for (int round = 0; round < 2; round++) {
        units = (struct units){MILE_M, KNOT_M_S, KILOFOOT_M, INCH_MM, level3->altitude_m};
        char line[NWC__LEVEL3_LINE];
        nwc__level3_cell cell;
        nwc__level3_lines lines;
        nwc__level3_lines_begin(level3, &lines);
        *n = 0;
        while (*n < MOST_CELLS && nwc__level3_lines_next(&lines, line)) {
            if (!read_line(level3, line, &units, &cell)) {
                read_heading(line, &units);
                continue;
            }
            if (*cells) {
                if (level3->product->code == HAIL) nwc__level3_find_place(level3, &cell);
                (*cells)[*n] = cell;
            }
            ++*n;
        }
        if (*n == 0) return nwc__fail(NWC_ERR_NODATA, "no storm cell in it");
        if (round == 0) NWC__ALLOC(ctx, *cells, *n);
    }
    /* Of tracks only lengths have their unit said; kilometres go with kilometres. */
    if (level3->product->code == TRACKS)
        nwc__level3_find_echoes(level3, units.range_m == MILE_M ? KILOFOOT_M : 1000.0, *cells, *n);
done:
    return status;
}
