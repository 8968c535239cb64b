/*
 * FMI's composites: a portable graymap (P5) of one byte per cell, north row first, whose comments give the time, the
 * projection and the cells' size. Reflectivity is (code - 64) / 2 dBZ; 0 is no echo, 255 not observed.
 *
 * The comments do not name the earth: a sphere of 6371288 m is the one on which both corners and the cells' size agree.
 */
#include "radar/format/format.h"

#include <stdio.h>
#include <stdlib.h>

#define EARTH_M 6371288.0

enum { NOT_OBSERVED = 255, MOST_VALUE = 255 };

/* What the header says. */
struct header {
    int64_t nx, ny, most, cells_at;
    char obstime[NWC__TEXT], type[NWC__TEXT];
    double dx_m, dy_m, lon_0, lat_0, lat_ts, left, bottom;
};

/* A line of the header without its end, as text; false at the end of the bytes or past NWC__TEXT characters. */
static bool next_line(const uint8_t *bytes, int64_t size, int64_t *at, char *line)
{
    int64_t n = 0;
    for (; *at < size && bytes[*at] != '\n'; (*at)++) {
        if (n >= NWC__TEXT - 1 || bytes[*at] == '\0') return false;
        line[n++] = (char)bytes[*at];
    }
    line[n] = '\0';
    return (*at)++ < size;
}

static void take_comment(const char *comment, struct header *header)
{
    sscanf(comment, " metersperpixel_x %lf", &header->dx_m);
    sscanf(comment, " metersperpixel_y %lf", &header->dy_m);
    sscanf(comment, " centrallongitude %lf", &header->lon_0);
    sscanf(comment, " centrallatitude %lf", &header->lat_0);
    sscanf(comment, " truelatitude %lf", &header->lat_ts);
    sscanf(comment, " bottomleft %lf %lf", &header->left, &header->bottom);
    sscanf(comment, " obstime %14s", header->obstime);
    sscanf(comment, " type %63s", header->type);
}

static nwc_status read_header(const uint8_t *bytes, int64_t size, struct header *header)
{
    *header = (struct header){.dx_m = NAN, .dy_m = NAN, .lon_0 = NAN, .lat_0 = NAN, .lat_ts = NAN, .left = NAN};
    int64_t number[3], n = 0, at = 0;
    char line[NWC__TEXT];
    if (!next_line(bytes, size, &at, line) || strncmp(line, "P5", 2) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "byte 0: a line P5 expected");
    while (n < 3) {
        const int64_t began = at;
        if (!next_line(bytes, size, &at, line))
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header ends early", (long long)began);
        if (line[0] == '#') {
            take_comment(line + 1, header);
            continue;
        }
        char *word = line, *end;
        for (; n < 3; n++, word = end) {
            number[n] = strtoll(word, &end, 10);
            if (end == word) break;
        }
        if (*end && *end != '\r') return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a number expected", (long long)began);
    }
    header->nx = number[0], header->ny = number[1], header->most = number[2], header->cells_at = at;
    return NWC_OK;
}

static nwc_status check_header(const struct header *header, int64_t size, int64_t *time_ns)
{
    const int64_t nx = header->nx, ny = header->ny, held = size - header->cells_at;
    if (header->most != MOST_VALUE)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "values to %d expected, to %lld found", MOST_VALUE,
                         (long long)header->most);
    if (nx < 1 || ny < 1 || nx > NWC__MOST_CELLS_ALONG || ny > NWC__MOST_CELLS_ALONG)
        return nwc__fail(NWC_ERR_FORMAT, "1 to %d cells along each axis expected, %lld x %lld found",
                         NWC__MOST_CELLS_ALONG, (long long)ny, (long long)nx);
    if (held < nx * ny)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: %lld x %lld cells expected, %lld bytes found",
                         (long long)header->cells_at, (long long)ny, (long long)nx, (long long)held);
    if (strcmp(header->type, "stereographic") != 0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "comment \"type stereographic\" expected, \"%s\" found", header->type);
    const double place[] = {header->dx_m, header->dy_m, header->lon_0, header->lat_0, header->lat_ts, header->left};
    for (size_t k = 0; k < sizeof place / sizeof place[0]; k++)
        if (!isfinite(place[k])) return nwc__fail(NWC_ERR_FORMAT, "comments that place the cells expected");
    if (!nwc__time_from_digits(header->obstime, time_ns))
        return nwc__fail(NWC_ERR_FORMAT, "comment obstime YYYYMMDDhhmm expected, \"%s\" found", header->obstime);
    return NWC_OK;
}

nwc_status nwc__pgm_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    struct header header;
    int64_t time_ns;
    NWC__TRY(read_header(bytes, size, &header));
    NWC__TRY(check_header(&header, size, &time_ns));
    char projection[NWC__TEXT];
    snprintf(projection, sizeof projection, "+proj=stere +lat_0=%.9g +lat_ts=%.9g +lon_0=%.9g +R=%.0f +units=m",
             header.lat_0, header.lat_ts, header.lon_0, EARTH_M);
    nwc_grid grid = {.projection = projection, .nx = header.nx, .ny = header.ny, .dx = header.dx_m, .dy = header.dy_m};
    double x, y;
    nwc_status status = nwc_grid_from_lonlat(ctx, &grid, 1, &header.left, &header.bottom, &x, &y);
    if (status == NWC_ERR_ARG) status = nwc__fail(NWC_ERR_FORMAT, "%s", nwc_error_text());
    if (status != NWC_OK) return status;
    grid.x_first = x + 0.5 * grid.dx, grid.y_first = y + 0.5 * grid.dy;
    float *cells;
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = grid,
                                                        .name = "image",
                                                        .quantity = "DBZH",
                                                        .units = "dBZ",
                                                        .source = "FMI",
                                                        .time_ns = time_ns,
                                                        .reference_ns = time_ns,
                                                        .north_first = true},
                             &cells));
    float value[MOST_VALUE + 1];
    for (int code = 0; code < MOST_VALUE; code++) value[code] = 0.5F * (float)(code - 64);
    value[0] = NWC__NO_ECHO_DBZ;
    value[NOT_OBSERVED] = NAN;
    const uint8_t *const code = bytes + header.cells_at;
    for (int64_t c = 0; c < grid.nx * grid.ny; c++) cells[c] = value[code[c]];
    return NWC_OK;
}
