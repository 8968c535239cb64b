/*
 * What products of storm cells draw: symbols at places, and pages of attributes, where a line of names, six or fewer, stands above
 * lines of what is known of each.
 */
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <ctype.h>
#include <stdlib.h>

enum {
    STORM_IDS = 15,
    SYMBOL = 6, /* bytes of a place and a name */
    TEXT = 8,
    TEXT_HEAD = 10, /* bytes before the letters */
    BLOCK = 10,
    GRAPHIC_BLOCK = 2,
    PAGE = 4,
    MOST_PAGES = 256,
    MOST_COLUMNS = 8
};

/* Packet 15 has names at places in quarters of a kilometre, east and north of the radar. */
void nwc__level3_find_place(const nwc__level3 *level3, nwc__level3_cell *cell)
{
    nwc__level3_walk walk;
    nwc__level3_block packet;
    if (nwc__level3_walk_begin(level3, &walk) != NWC_OK) return;
    while (nwc__level3_walk_next(&walk, &packet)) {
        if (nwc__u16_be(packet.at) != STORM_IDS) continue;
        for (int64_t at = 4; packet.size - at >= SYMBOL; at += SYMBOL) {
            const uint8_t *const symbol = packet.at + at;
            if (memcmp(symbol + 4, cell->id, 2) != 0) continue;
            const double x = 250.0 * (int16_t)nwc__u16_be(symbol), y = 250.0 * (int16_t)nwc__u16_be(symbol + 2);
            cell->range_m = hypot(x, y);
            cell->azimuth_deg = atan2(x, y) * (180.0 / NWC__PI);
            if (cell->azimuth_deg < 0.0) cell->azimuth_deg += 360.0;
            return;
        }
    }
}

/* The names of " STORM ID      V5        R0 ...": how many. */
static int32_t read_names(const char *line, char names[MOST_COLUMNS][3])
{
    int32_t n = 0;
    for (; *line && n < MOST_COLUMNS; line++) {
        const bool name = isupper((unsigned char)line[0]) && isdigit((unsigned char)line[1]) && line[-1] == ' ';
        if (!name || (line[2] && line[2] != ' ')) continue;
        memcpy(names[n], line, 2);
        names[n++][2] = '\0';
    }
    return n;
}

/* A pair of " DBZM HGT   55  5.5   52  2.4 ..." for each name. */
static void take_echoes(const nwc__level3 *level3, const char *line, char names[MOST_COLUMNS][3], int32_t n_names,
                        double height_m, nwc__level3_cell *cells, int64_t n)
{
    for (int32_t k = 0; k < n_names; k++) {
        char *end;
        const double dbz = strtod(line, &end);
        if (end == line) return;
        line = end;
        const double height = strtod(line, &end);
        if (end == line) return;
        line = end;
        for (int64_t c = 0; c < n; c++) {
            if (strcmp(cells[c].id, names[k]) != 0 || !isfinite(dbz) || !isfinite(height)) continue;
            cells[c].max_dbz = dbz;
            cells[c].max_height_m = level3->altitude_m + height_m * height;
        }
    }
}

void nwc__level3_find_echoes(const nwc__level3 *level3, double height_m, nwc__level3_cell *cells, int64_t n)
{
    const uint8_t *const block = level3->graphic.at;
    const int64_t size = level3->graphic.size;
    char names[MOST_COLUMNS][3];
    int32_t n_names = 0;
    if (!block || size < BLOCK || nwc__u16_be(block) != 0xffff || nwc__u16_be(block + 2) != GRAPHIC_BLOCK) return;
    int32_t pages = nwc__u16_be(block + 8);
    for (int64_t at = BLOCK; pages > 0 && pages < MOST_PAGES && size - at >= PAGE; pages--) {
        const int64_t length = nwc__u16_be(block + at + 2), left = size - at - PAGE;
        at += PAGE;
        const int64_t end = at + (length < left ? length : left);
        while (end - at >= TEXT_HEAD) {
            const int64_t bytes = 4 + (int64_t)nwc__u16_be(block + at + 2), letters = bytes - TEXT_HEAD;
            if (bytes > end - at) break;
            if (nwc__u16_be(block + at) == TEXT && letters > 0 && letters < NWC__LEVEL3_LINE) {
                char line[NWC__LEVEL3_LINE];
                memcpy(line, block + at + TEXT_HEAD, (size_t)letters);
                line[letters] = '\0';
                if (strncmp(line, " STORM ID", 9) == 0) n_names = read_names(line + 9, names);
                if (strncmp(line, " DBZM HGT", 9) == 0)
                    take_echoes(level3, line + 9, names, n_names, height_m, cells, n);
            }
            at += bytes;
        }
        at = end;
    }
}
