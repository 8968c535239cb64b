/*
 * National mosaics of the meteorological observation centre of the China Meteorological Administration (ACHN, "MOC"): a header of
 * 256 bytes, then a grid of longitudes and latitudes in two-byte numbers, rows from the north, packed or not.
 *
 * Known from implementations alone. The edges of the grid are those of its cells or the centres of the outermost ones: the
 * step, which is in the header too, decides. Numbers below 0 are not known.
 */
#include "radar/format/format.h"
#include "radar/format/volume_format.h"

#include <bzlib.h>
#include <stdio.h>
#include <zlib.h>

enum { HEADER = 256, MOST_ALONG = 16384, NOT_PACKED = 0, BZIP2 = 1, GZIP = 2, LATLON = 3, ANY_WRAP = 32 + MAX_WBITS };

#define EIGHT_HOURS_S 28800

struct mosaic {
    nwc_grid grid;
    char name[9], units[9], description[65];
    int64_t time_ns;
    double scale;
    int32_t packing;
};

static const struct {
    const char *name, *quantity, *units;
    double duration_s;
} kinds[] = {
    {"CREF", "DBZH", "dBZ", 0.0}, {"CRF", "DBZH", "dBZ", 0.0},   {"CR", "DBZH", "dBZ", 0.0},
    {"QREF", "DBZH", "dBZ", 0.0}, {"CAP", "DBZH", "dBZ", 0.0},   {"UCR", "DBZH", "dBZ", 0.0},
    {"ET", "HGHT", "km", 0.0},    {"VIL", "VIL", "kg m-2", 0.0}, {"OHP", "ACRR", "mm", 3600.0},
};

static int32_t i32(const uint8_t *at)
{
    return (int32_t)nwc__u32_le(at);
}

static void take_text(const uint8_t *from, size_t n, char *to)
{
    memcpy(to, from, n);
    to[n] = '\0';
    for (size_t end = strlen(to); end > 0 && to[end - 1] == ' '; end--) to[end - 1] = '\0';
}

/* The step between n places and the first of them, by the edges there are and by the step that is said. */
static double step_of(double low, double high, int64_t n, double said, double *first)
{
    const double by_cells = (high - low) / (double)n, by_centres = n > 1 ? (high - low) / (double)(n - 1) : by_cells;
    const bool centres = n > 1 && fabs(by_centres - said) < fabs(by_cells - said);
    *first = centres ? low : low + 0.5 * by_cells;
    return centres ? by_centres : by_cells;
}

static nwc_status read_grid(const uint8_t *b, struct mosaic *mosaic)
{
    const double south = 0.001 * i32(b + 124), west = 0.001 * i32(b + 128), north = 0.001 * i32(b + 132),
                 east = 0.001 * i32(b + 136);
    nwc_grid *const grid = &mosaic->grid;
    *grid = (nwc_grid){.projection = "+proj=longlat +datum=WGS84 +no_defs", .nx = i32(b + 148), .ny = i32(b + 152)};
    if (grid->nx < 1 || grid->ny < 1 || grid->nx > MOST_ALONG || grid->ny > MOST_ALONG)
        return nwc__fail(NWC_ERR_FORMAT, "byte 148: 1 to %d cells along each axis expected, %lld x %lld found",
                         MOST_ALONG, (long long)grid->ny, (long long)grid->nx);
    if (!(west < east && south < north && fabs(west) <= 360.0 && fabs(east) <= 360.0 && fabs(south) <= 90.0 &&
          fabs(north) <= 90.0))
        return nwc__fail(NWC_ERR_FORMAT, "byte 124: edges south, west, north, east expected, %g, %g, %g, %g found",
                         south, west, north, east);
    grid->dx = step_of(west, east, grid->nx, 0.0001 * i32(b + 156), &grid->x_first);
    grid->dy = step_of(south, north, grid->ny, 0.0001 * i32(b + 160), &grid->y_first);
    return NWC_OK;
}

static nwc_status read_header(const uint8_t *b, int64_t size, struct mosaic *mosaic)
{
    if (size < HEADER) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header ends early", (long long)size);
    int32_t civil[6];
    for (int k = 0; k < 6; k++) civil[k] = nwc__u16_le(b + 100 + 2 * k);
    if (!nwc__time_from_civil(civil, &mosaic->time_ns))
        return nwc__fail(NWC_ERR_FORMAT, "byte 100: a time expected, %d-%d-%d %d:%d:%d found", (int)civil[0],
                         (int)civil[1], (int)civil[2], (int)civil[3], (int)civil[4], (int)civil[5]);
    if (i32(b + 96) == EIGHT_HOURS_S) mosaic->time_ns -= INT64_C(1000000000) * EIGHT_HOURS_S;
    take_text(b + 16, 8, mosaic->name);
    take_text(b + 24, 64, mosaic->description);
    take_text(b + 188, 8, mosaic->units);
    mosaic->scale = (double)nwc__u16_le(b + 176);
    mosaic->packing = nwc__u16_le(b + 166);
    if (nwc__u16_le(b + 14) != LATLON)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "byte 14: coordinates of kind %d (longitude and latitude) expected, %d found", LATLON,
                         (int)nwc__u16_le(b + 14));
    if (!(mosaic->scale > 0.0)) return nwc__fail(NWC_ERR_FORMAT, "byte 176: a scale above 0 expected, 0 found");
    return read_grid(b, mosaic);
}

/* Unpack what must be n bytes. */
static nwc_status unpack(int32_t packing, const uint8_t *packed, int64_t size, uint8_t *bytes, int64_t n)
{
    const unsigned in = (unsigned)(size < INT32_MAX ? size : INT32_MAX);
    unsigned room = (unsigned)n;
    if (packing == BZIP2) {
        if (BZ2_bzBuffToBuffDecompress((char *)bytes, &room, (char *)packed, in, 0, 0) == BZ_OK && room == (unsigned)n)
            return NWC_OK;
    } else {
        z_stream stream = {.next_in = (z_const Bytef *)packed, .avail_in = in, .next_out = bytes, .avail_out = room};
        if (inflateInit2(&stream, ANY_WRAP) != Z_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for zlib");
        const int result = inflate(&stream, Z_FINISH);
        inflateEnd(&stream);
        if (result == Z_STREAM_END && stream.avail_out == 0) return NWC_OK;
    }
    return nwc__fail(NWC_ERR_FORMAT, "byte %d: a packed grid of %lld bytes expected, the stream is damaged or another",
                     HEADER, (long long)n);
}

static nwc_status add_layer(const struct mosaic *mosaic, nwc_raster *raster, float **cells)
{
    struct nwc__layer_facts facts = {.grid = mosaic->grid,
                                     .name = mosaic->name,
                                     .quantity = mosaic->name,
                                     .units = mosaic->units,
                                     .source = "CMA",
                                     .time_ns = mosaic->time_ns,
                                     .reference_ns = mosaic->time_ns,
                                     .north_first = true};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(kinds[k].name, mosaic->name) == 0) {
            facts.quantity = kinds[k].quantity, facts.units = kinds[k].units;
            facts.duration_s = kinds[k].duration_s;
        }
    return nwc__raster_add(raster, &facts, cells);
}

nwc_status nwc__moc_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    struct mosaic mosaic = {0};
    NWC__TRY(read_header(bytes, size, &mosaic));
    const int64_t n = mosaic.grid.nx * mosaic.grid.ny;
    const uint8_t *codes = bytes + HEADER;
    uint8_t *room = NULL;
    float *cells;
    nwc_status status = NWC_OK;
    nwc__log(ctx, NWC_LOG_WARNING, "%s: national mosaics are known from implementations alone", mosaic.name);
    if (mosaic.packing > GZIP)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 166: packing 0, 1 (bzip2) or 2 (gzip) expected, %d found",
                         (int)mosaic.packing);
    if (mosaic.packing == NOT_PACKED && size - HEADER < 2 * n)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: %lld bytes of cells expected, %lld found", HEADER,
                         (long long)(2 * n), (long long)(size - HEADER));
    if ((status = add_layer(&mosaic, raster, &cells)) != NWC_OK) goto done;
    if (mosaic.packing != NOT_PACKED) {
        NWC__ALLOC(ctx, room, 2 * n);
        if ((status = unpack(mosaic.packing, codes, size - HEADER, room, 2 * n)) != NWC_OK) goto done;
        codes = room;
    }
    for (int64_t c = 0; c < n; c++) {
        const int16_t code = (int16_t)nwc__u16_le(codes + 2 * c);
        cells[c] = code < 0 ? NAN : (float)((double)code / mosaic.scale);
    }
done:
    nwc__free(ctx, room);
    return status;
}
