/*
 * Level III products of rows of cells: one layer, azimuthal equidistant about the radar or, of the hourly array of rain, of the boxes
 * of a polar stereographic grid that all radars share.
 *
 * Cells are runs of 4-bit codes (packets BA0F and BA07) or of one-byte codes (packet 17), the northernmost row first. Rows about
 * the radar are as wide as the product reaches, and cells in their corners that lie beyond that were not looked at, whatever their
 * code. The rates of rain that the hourly array has too (packet 18) are left out: they do not say their times. Sources: interface
 * control document 2620001; for the boxes Fulton (1998), WSR-88D polar-to-HRAP mapping, appendix C.
 */
#include "radar/format/format.h"
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <stdio.h>

enum {
    RUNS = 0xba0f,
    RUNS_TOO = 0xba07,
    PAIRS = 17,
    ROW = 2,
    MOST_SIDE = 1024,
    BOXES = 131, /* of the hourly array, the radar in the middle one */
    MIDDLE = 65
};

#define HALF_DIAGONAL 0.7071 /* of a cell: one that the reach touches was looked at */
#define HOUR_S 3600.0
#define DAY_NS INT64_C(86400000000000)
#define EARTH_M 6371200.0
#define BOXES_TO_EQUATOR 2496.348607 /* boxes from the pole to where the latitude is 0 */

struct packet {
    const uint8_t *rows;
    int64_t n_rows, n_columns;
    bool pairs; /* of a length and a code, each a byte */
};

/* Codes of the n bytes of a row, at most room of them. */
static int64_t take_row(const struct packet *packet, const uint8_t *row, int64_t n, uint8_t *codes, int64_t room)
{
    int64_t count = 0;
    if (!packet->pairs) return nwc__level3_runs(row, n, codes, room);
    for (int64_t b = 0; b + 1 < n; b += 2)
        for (int run = row[b]; run > 0 && count < room; run--) codes[count++] = row[b + 1];
    return count;
}

static int64_t count_columns(const struct packet *packet, const uint8_t *row, int64_t n)
{
    int64_t columns = 0;
    for (int64_t b = 0; b < n; b += packet->pairs ? 2 : 1) columns += packet->pairs ? row[b] : row[b] >> 4;
    return columns;
}

/* The rows of a packet, all of which must be there, and how long the longest is. */
static nwc_status read_packet(const nwc__level3 *level3, struct packet *packet)
{
    static const int32_t rows[] = {RUNS, RUNS_TOO, 0}, boxes[] = {PAIRS, 0};
    const bool pairs = level3->product->form == NWC__LEVEL3_BOXES;
    const int64_t head = pairs ? 10 : 22;
    nwc__level3_block block;
    NWC__TRY(nwc__level3_packet(level3, pairs ? boxes : rows, &block));
    const int64_t n_rows = block.size < head ? 0 : nwc__u16_be(block.at + head - (pairs ? 2 : 4));
    if (n_rows < 1 || n_rows > MOST_SIDE)
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rows: 1 to %d rows expected, %lld found", MOST_SIDE,
                         (long long)n_rows);
    *packet = (struct packet){.rows = block.at + head, .n_rows = n_rows, .pairs = pairs};
    int64_t at = head;
    for (int64_t j = 0; j < n_rows; j++) {
        const int64_t bytes = block.size - at < ROW ? -1 : nwc__u16_be(block.at + at);
        if (bytes < 0 || bytes > block.size - at - ROW)
            return nwc__fail(NWC_ERR_FORMAT, "the file ends in row %lld of %lld", (long long)j, (long long)n_rows);
        const int64_t columns = count_columns(packet, block.at + at + ROW, bytes);
        packet->n_columns = columns > packet->n_columns ? columns : packet->n_columns;
        at += ROW + bytes;
    }
    if (packet->n_columns < 1 || packet->n_columns > MOST_SIDE)
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rows: 1 to %d columns expected, %lld found", MOST_SIDE,
                         (long long)packet->n_columns);
    if (pairs && (n_rows != BOXES || packet->n_columns != BOXES))
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rows: %d rows and columns expected, %lld and %lld found", BOXES,
                         (long long)n_rows, (long long)packet->n_columns);
    return NWC_OK;
}

static void fill(const struct packet *packet, const nwc__level3_product *product, const nwc__level3_codes *codes,
                 float *cells)
{
    const double middle_x = 0.5 * (double)(packet->n_columns - 1), middle_y = 0.5 * (double)(packet->n_rows - 1);
    const double reach = packet->pairs ? INFINITY : product->reach_m / product->spacing_m + HALF_DIAGONAL;
    const uint8_t *row = packet->rows;
    uint8_t code[MOST_SIDE];
    for (int64_t j = 0; j < packet->n_rows; j++) {
        const int64_t bytes = nwc__u16_be(row), n = take_row(packet, row + ROW, bytes, code, packet->n_columns);
        for (int64_t i = 0; i < packet->n_columns; i++) {
            const bool seen = i < n && hypot((double)i - middle_x, (double)j - middle_y) <= reach;
            *cells++ = seen ? codes->value[code[i]] : NAN;
        }
        row += ROW + bytes;
    }
}

/* ---- where the cells are ---- */

static void place_about_radar(const nwc__level3 *level3, const struct packet *packet, char *projection, nwc_grid *grid)
{
    const double spacing_m = level3->product->spacing_m;
    snprintf(projection, NWC__TEXT, "+proj=aeqd +lat_0=%.3f +lon_0=%.3f +ellps=WGS84 +units=m", level3->latitude_deg,
             level3->longitude_deg);
    *grid = (nwc_grid){.projection = projection,
                       .nx = packet->n_columns,
                       .ny = packet->n_rows,
                       .x_first = -0.5 * (double)(packet->n_columns - 1) * spacing_m,
                       .y_first = -0.5 * (double)(packet->n_rows - 1) * spacing_m,
                       .dx = spacing_m,
                       .dy = spacing_m};
}

/* Boxes are counted from the pole, along 105 W and across; that with the radar in it is the middle one. */
static void place_boxes(const nwc__level3 *level3, char *projection, nwc_grid *grid)
{
    const double latitude = level3->latitude_deg * NWC__RADIANS;
    const double turned = (level3->longitude_deg + 105.0) * NWC__RADIANS;
    const double from_pole = BOXES_TO_EQUATOR * cos(latitude) / (1.0 + sin(latitude));
    const double step_m = EARTH_M * (1.0 + sin(60.0 * NWC__RADIANS)) / BOXES_TO_EQUATOR;
    snprintf(projection, NWC__TEXT, "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=-105 +R=%.0f +units=m", EARTH_M);
    *grid = (nwc_grid){.projection = projection,
                       .nx = BOXES,
                       .ny = BOXES,
                       .x_first = (floor(from_pole * sin(turned)) + 0.5 - MIDDLE) * step_m,
                       .y_first = -(floor(from_pole * cos(turned)) + 0.5 + MIDDLE) * step_m,
                       .dx = step_m,
                       .dy = step_m};
}

/* The end of the hour: halfwords 50 and 51, a day and minutes. Of a product that does not say it, the volume's time. */
static int64_t hour_of(const nwc__level3 *level3)
{
    const int64_t day = nwc__u16_be(level3->headers + 98), minutes = nwc__u16_be(level3->headers + 100);
    return day < 1 || minutes > 1440 ? level3->time_ns : (day - 1) * DAY_NS + minutes * INT64_C(60000000000);
}

static nwc_status read_all(const nwc__level3 *level3, nwc_raster *raster)
{
    const nwc__level3_product *const product = level3->product;
    struct packet packet = {0};
    nwc__level3_codes codes;
    char projection[NWC__TEXT], source[32];
    struct nwc__layer_facts facts = {.name = product->mnemonic,
                                     .quantity = product->quantity,
                                     .units = product->units,
                                     .source = source,
                                     .time_ns = level3->time_ns,
                                     .north_first = true};
    float *cells;
    NWC__TRY(read_packet(level3, &packet));
    nwc__level3_read_codes(level3, nwc__level3_nothing(product, NWC__NO_ECHO_DBZ), &codes);
    snprintf(source, sizeof source, "%s %s", level3->chinese ? "CINRAD" : "NEXRAD", level3->site);
    if (packet.pairs)
        place_boxes(level3, projection, &facts.grid), facts.time_ns = hour_of(level3), facts.duration_s = HOUR_S;
    else
        place_about_radar(level3, &packet, projection, &facts.grid);
    facts.reference_ns = facts.time_ns;
    NWC__TRY(nwc__raster_add(raster, &facts, &cells));
    fill(&packet, product, &codes, cells);
    nwc__raster_set_format(raster, nwc__level3_format(level3));
    return NWC_OK;
}

bool nwc__is_level3_grid(const uint8_t *bytes, int64_t size)
{
    const nwc__level3_form form = nwc__level3_form_of(bytes, size);
    return form == NWC__LEVEL3_GRID || form == NWC__LEVEL3_BOXES;
}

nwc_status nwc__level3_grid_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc__level3 level3;
    nwc_status status = nwc__level3_open(ctx, bytes, size, nwc__raster_limit(raster), &level3);
    if (status == NWC_OK) status = read_all(&level3, raster);
    nwc__level3_close(ctx, &level3);
    return status;
}
