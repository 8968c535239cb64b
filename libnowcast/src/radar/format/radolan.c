/*
 * Composites of the German weather service (RADOLAN, RADVOR): a header of text that ends in ETX, then 16-bit cells,
 * little-endian, south row first: twelve bits of value and four flags (DWD, RADOLAN/RADVOR, high-resolution precipitation
 * analysis and forecast, format description, version 2.6). Amounts of rain, and forecasts of them (VV is the lead time).
 */
#include "radar/format/format.h"

#include <stdio.h>
#include <stdlib.h>

enum { ETX = 3, VALUE = 0x0fff, NO_DATA = 0x2000, NEGATIVE = 0x4000, CLUTTER = 0x8000, MOST_HEADER = 2048 };

enum { MOST_LEAD_MIN = 7 * 24 * 60, MOST_INTERVAL_MIN = 366 * 24 * 60 };

/* Products that are amounts of rain. The others hold reflectivity, classes or differences in the same cells. */
static const char amounts[][3] = {"RV", "RS", "RQ", "RY", "YW", "RH", "RB", "RW", "RL", "RU", "SH", "SQ", "SF"};

/* The composites there are: cells, projection, and where the centre of the south-western cell lies. */
static const struct composite {
    int64_t ny, nx;
    const char *projection;
    double x_first, y_first;
} composites[] = {
    {1200, 1100,
     "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +a=6378137 +b=6356752.3142451802 +x_0=543196.83521776402 "
     "+y_0=3622588.8619310018",
     0.0, -1199000.0},
    {900, 900, "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6370040", -522962.2, -4658145.0},
    {1100, 900, "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6370040", -442962.2, -4758145.0},
};

struct header {
    char text[MOST_HEADER + 1];
    int64_t size; /* with its ETX */
};

static nwc_status read_header(const uint8_t *bytes, int64_t size, struct header *header)
{
    int64_t n = 0;
    while (n < size && n < MOST_HEADER && bytes[n] >= ' ' && bytes[n] < 127) header->text[n] = (char)bytes[n], n++;
    if (n == size || n == MOST_HEADER || bytes[n] != ETX)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header's text or its end expected", (long long)n);
    header->text[n] = '\0';
    header->size = n + 1;
    return n < 22 ? nwc__fail(NWC_ERR_FORMAT, "byte 0: product, time and fields expected") : NWC_OK;
}

/* The number after a field's two letters, searched behind the time; false when there is none. */
static bool field_of(const struct header *header, const char *name, double *value)
{
    /* Names of radars stand in <>, and could hold the letters. */
    const size_t length = strlen(name);
    for (const char *at = header->text + 17; *at && *at != '<'; at++)
        if (strncmp(at, name, length) == 0) {
            char *end;
            *value = strtod(at + length, &end);
            if (end != at + length) return true;
        }
    return false;
}

/* "RV180700100001022": product, day, hour, minute, 10000, month, year of the century. */
static bool time_of(const struct header *header, int64_t *time_ns)
{
    int day, hour, minute, month, year;
    if (sscanf(header->text + 2, "%2d%2d%2d%*5d%2d%2d", &day, &hour, &minute, &month, &year) != 5) return false;
    return nwc__time_from_civil((const int32_t[6]){2000 + year, month, day, hour, minute, 0}, time_ns);
}

static bool is_amount(const struct header *header)
{
    for (size_t p = 0; p < sizeof amounts / sizeof amounts[0]; p++)
        if (strncmp(header->text, amounts[p], 2) == 0) return true;
    return false;
}

static nwc_status find_composite(const struct header *header, const struct composite **composite)
{
    const char *const size = strstr(header->text, "GP");
    long long ny = 0, nx = 0;
    if (!size || sscanf(size + 2, "%lldx%lld", &ny, &nx) != 2)
        return nwc__fail(NWC_ERR_FORMAT, "header: a field GP with the number of cells expected");
    for (size_t c = 0; c < sizeof composites / sizeof composites[0]; c++)
        if (composites[c].ny == ny && composites[c].nx == nx) {
            *composite = &composites[c];
            return NWC_OK;
        }
    return nwc__fail(NWC_ERR_UNSUPPORTED, "header: GP of 1200x1100, 900x900 or 1100x900 expected, %lldx%lld found", ny,
                     nx);
}

nwc_status nwc__radolan_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    (void)ctx;
    struct header header;
    const struct composite *composite = NULL;
    int64_t start_ns;
    double exponent, interval_min, lead_min = 0.0;
    NWC__TRY(read_header(bytes, size, &header));
    if (!is_amount(&header))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 0: a product that is an amount of rain expected, \"%.2s\" found",
                         header.text);
    NWC__TRY(find_composite(&header, &composite));
    if (!time_of(&header, &start_ns)) return nwc__fail(NWC_ERR_FORMAT, "byte 2: a time expected");
    if (!field_of(&header, "PR E", &exponent) || !field_of(&header, "INT", &interval_min) || !(interval_min > 0.0) ||
        interval_min > MOST_INTERVAL_MIN || fabs(exponent) > 9.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "header: amounts expected, with fields PR (precision) and INT (minutes)");
    (void)field_of(&header, "VV", &lead_min);
    if (!(lead_min >= 0.0 && lead_min <= MOST_LEAD_MIN))
        return nwc__fail(NWC_ERR_FORMAT, "header: VV of %g min", lead_min);
    const int64_t cells_here = composite->ny * composite->nx;
    if (size - header.size != 2 * cells_here)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: %lld bytes of cells expected, %lld found", (long long)header.size,
                         (long long)(2 * cells_here), (long long)(size - header.size));
    const char product[3] = {header.text[0], header.text[1], '\0'};
    float *cells;
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = {.projection = composite->projection,
                                                                 .nx = composite->nx,
                                                                 .ny = composite->ny,
                                                                 .x_first = composite->x_first,
                                                                 .y_first = composite->y_first,
                                                                 .dx = 1000.0,
                                                                 .dy = 1000.0},
                                                        .name = product,
                                                        .quantity = "ACRR",
                                                        .units = "mm",
                                                        .source = "DWD",
                                                        .time_ns = start_ns + (int64_t)(6e10 * lead_min),
                                                        .reference_ns = start_ns,
                                                        .duration_s = 60.0 * interval_min},
                             &cells));
    const float step = (float)pow(10.0, exponent);
    const uint8_t *const raw = bytes + header.size;
    for (int64_t c = 0; c < cells_here; c++) {
        const int code = raw[2 * c] | raw[2 * c + 1] << 8;
        const float value = step * (float)(code & VALUE);
        cells[c] = code & (NO_DATA | CLUTTER) ? NAN : code & NEGATIVE ? -value : value;
    }
    return NWC_OK;
}
