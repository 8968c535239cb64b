/*
 * Level III products of rows of cells: one layer, azimuthal equidistant about the radar.
 *
 * Cells are runs of 4-bit codes (packets BA0F and BA07), the northernmost row first. The rows are as wide as the product reaches,
 * and cells in their corners that lie beyond that were not looked at, whatever their code.
 */
#include "radar/format/format.h"
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <stdio.h>

enum { RUNS = 0xba0f, RUNS_TOO = 0xba07, PACKET = 22, ROW = 2, MOST_SIDE = 1024 };

#define HALF_DIAGONAL 0.7071 /* of a cell: one that the reach touches was looked at */

struct packet {
    const uint8_t *rows;
    int64_t n_rows, n_columns;
};

/* The rows of a packet, all of which must be there, and how long the longest is. */
static nwc_status read_packet(const nwc__level3 *level3, struct packet *packet)
{
    nwc__level3_block block;
    NWC__TRY(nwc__level3_packet(level3, RUNS, RUNS_TOO, &block));
    const int64_t n_rows = block.size < PACKET ? 0 : nwc__u16_be(block.at + 18);
    if (n_rows < 1 || n_rows > MOST_SIDE)
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rows: 1 to %d rows expected, %lld found", MOST_SIDE,
                         (long long)n_rows);
    *packet = (struct packet){.rows = block.at + PACKET, .n_rows = n_rows};
    int64_t at = PACKET;
    for (int64_t j = 0; j < n_rows; j++) {
        const int64_t bytes = block.size - at < ROW ? -1 : nwc__u16_be(block.at + at);
        if (bytes < 0 || bytes > block.size - at - ROW)
            return nwc__fail(NWC_ERR_FORMAT, "the file ends in row %lld of %lld", (long long)j, (long long)n_rows);
        int64_t columns = 0;
        for (int64_t b = 0; b < bytes; b++) columns += block.at[at + ROW + b] >> 4;
        packet->n_columns = columns > packet->n_columns ? columns : packet->n_columns;
        at += ROW + bytes;
    }
    if (packet->n_columns < 1 || packet->n_columns > MOST_SIDE)
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rows: 1 to %d columns expected, %lld found", MOST_SIDE,
                         (long long)packet->n_columns);
    return NWC_OK;
}

static void fill(const struct packet *packet, const nwc__level3_product *product, const nwc__level3_codes *codes,
                 float *cells)
{
    const double middle_x = 0.5 * (double)(packet->n_columns - 1), middle_y = 0.5 * (double)(packet->n_rows - 1);
    const double reach = product->reach_m / product->spacing_m + HALF_DIAGONAL;
    const uint8_t *row = packet->rows;
    uint8_t code[MOST_SIDE];
    for (int64_t j = 0; j < packet->n_rows; j++) {
        const int64_t bytes = nwc__u16_be(row), n = nwc__level3_runs(row + ROW, bytes, code, packet->n_columns);
        for (int64_t i = 0; i < packet->n_columns; i++) {
            const bool seen = i < n && hypot((double)i - middle_x, (double)j - middle_y) <= reach;
            *cells++ = seen ? codes->value[code[i]] : NAN;
        }
        row += ROW + bytes;
    }
}

static nwc_status read_all(const nwc__level3 *level3, nwc_raster *raster)
{
    const nwc__level3_product *const product = level3->product;
    struct packet packet = {0};
    nwc__level3_codes codes;
    char projection[NWC__TEXT], source[32];
    float *cells;
    NWC__TRY(read_packet(level3, &packet));
    nwc__level3_read_codes(level3, nwc__level3_nothing(product, NWC__NO_ECHO_DBZ), &codes);
    snprintf(projection, sizeof projection, "+proj=aeqd +lat_0=%.3f +lon_0=%.3f +ellps=WGS84 +units=m",
             level3->latitude_deg, level3->longitude_deg);
    snprintf(source, sizeof source, "%s %s", level3->chinese ? "CINRAD" : "NEXRAD", level3->site);
    NWC__TRY(nwc__raster_add(
        raster,
        &(struct nwc__layer_facts){.grid = {.projection = projection,
                                            .nx = packet.n_columns,
                                            .ny = packet.n_rows,
                                            .x_first = -0.5 * (double)(packet.n_columns - 1) * product->spacing_m,
                                            .y_first = -0.5 * (double)(packet.n_rows - 1) * product->spacing_m,
                                            .dx = product->spacing_m,
                                            .dy = product->spacing_m},
                                   .name = product->mnemonic,
                                   .quantity = product->quantity,
                                   .units = product->units,
                                   .source = source,
                                   .time_ns = level3->time_ns,
                                   .reference_ns = level3->time_ns,
                                   .north_first = true},
        &cells));
    fill(&packet, product, &codes, cells);
    nwc__raster_set_format(raster, nwc__level3_format(level3));
    return NWC_OK;
}

bool nwc__is_level3_grid(const uint8_t *bytes, int64_t size)
{
    return nwc__level3_form_of(bytes, size) == NWC__LEVEL3_GRID;
}

nwc_status nwc__level3_grid_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc__level3 level3;
    nwc_status status = nwc__level3_open(ctx, bytes, size, nwc__raster_limit(raster), &level3);
    if (status == NWC_OK) status = read_all(&level3, raster);
    nwc__level3_close(ctx, &level3);
    return status;
}
