/*
 * The Met Office's NIMROD files: one record of header, one of 16-bit cells, big-endian, each between its lengths in bytes
 * as Fortran writes them. Read are rates and amounts of rain on the National Grid (Met Office, NIMROD file format,
 * version 1.7: header entries below are numbered from 1 as there).
 */
#include "radar/format/format.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    HEADER = 512,
    REALS_AT = 31 * 2, /* 31 whole numbers, 28 and 45 reals, 56 characters, 51 whole numbers */
    TEXTS_AT = REALS_AT + 4 * (28 + 45),
    UNITS = 8,
    SOURCE = 24,
    NOT_SAID = -32767,
    NATIONAL_GRID = 0,
    WHOLE_NUMBERS = 1,
    NORTH_WEST = 0
};

static const char national_grid[] =
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy +units=m";

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int32_t short_at(const uint8_t *bytes)
{
    return (int16_t)(bytes[0] << 8 | bytes[1]);
}

/* Whole number n of the header, and real n, from 1. */
static int32_t whole(const uint8_t *header, int n)
{
    return short_at(header + 2 * (n - 1));
}

static double real(const uint8_t *header, int n)
{
    const uint32_t bits = word_at(header + REALS_AT + 4 * (n - 1));
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* n whole numbers from number first: year, month, day, hour, minute and perhaps second. */
static bool time_at(const uint8_t *header, int first, int n, int64_t *time_ns)
{
    int32_t civil[6] = {0};
    for (int k = 0; k < n; k++) civil[k] = whole(header, first + k);
    if (civil[5] == NOT_SAID) civil[5] = 0;
    return nwc__time_from_civil(civil, time_ns);
}

/* "mm/h*32" is 32 times the rate; false for units that are not of rain. */
static bool read_units(const char *text, const char **units, const char **quantity, double *scale)
{
    const char *const star = strchr(text, '*');
    const size_t length = star ? (size_t)(star - text) : strcspn(text, " ");
    *scale = star ? 1.0 / strtod(star + 1, NULL) : 1.0;
    if (!isfinite(*scale) || *scale <= 0.0) return false;
    if (length == 4 && strncmp(text, "mm/h", 4) == 0)
        *units = "mm h-1", *quantity = "RATE";
    else if (length == 2 && strncmp(text, "mm", 2) == 0)
        *units = "mm", *quantity = "ACRR";
    else
        return false;
    return true;
}

static nwc_status check_records(const uint8_t *bytes, int64_t size, int64_t *cells_at, int64_t *cells_size)
{
    if (size < 4 + HEADER + 8 || word_at(bytes) != HEADER)
        return nwc__fail(NWC_ERR_FORMAT, "byte 0: a header of %d bytes expected", HEADER);
    if (word_at(bytes + 4 + HEADER) != HEADER)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: the end of a header of %d bytes expected", 4 + HEADER, HEADER);
    *cells_at = 4 + HEADER + 8;
    *cells_size = word_at(bytes + *cells_at - 4);
    if (*cells_size > size - *cells_at - 4)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: %lld bytes of cells and their length expected, %lld found",
                         (long long)*cells_at, (long long)*cells_size, (long long)(size - *cells_at));
    if (word_at(bytes + *cells_at + *cells_size) != *cells_size)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the length of the cells, %lld, expected",
                         (long long)(*cells_at + *cells_size), (long long)*cells_size);
    return NWC_OK;
}

static nwc_status read_grid(const uint8_t *header, nwc_grid *grid)
{
    if (whole(header, 15) != NATIONAL_GRID)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "header 15: the National Grid (0) expected, %d found", whole(header, 15));
    if (whole(header, 12) != WHOLE_NUMBERS || whole(header, 13) != 2)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "header 12, 13: whole numbers of 2 bytes expected, type %d of %d found",
                         whole(header, 12), whole(header, 13));
    if (whole(header, 24) != NORTH_WEST)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "header 24: cells from the north-west (0) expected, %d found",
                         whole(header, 24));
    *grid = (nwc_grid){.projection = national_grid,
                       .ny = whole(header, 16),
                       .nx = whole(header, 17),
                       .dx = real(header, 6),
                       .dy = real(header, 4),
                       .x_first = real(header, 5)};
    grid->y_first = real(header, 3) - grid->dy * (double)(grid->ny - 1);
    return NWC_OK;
}

nwc_status nwc__nimrod_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    (void)ctx;
    int64_t cells_at = 0, cells_size = 0, valid_ns, data_ns;
    nwc_grid grid;
    NWC__TRY(check_records(bytes, size, &cells_at, &cells_size));
    const uint8_t *const header = bytes + 4;
    NWC__TRY(read_grid(header, &grid));
    if (grid.nx < 1 || grid.ny < 1 || cells_size != 2 * grid.nx * grid.ny)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: %lld x %lld cells of 2 bytes expected, %lld bytes found",
                         (long long)cells_at, (long long)grid.ny, (long long)grid.nx, (long long)cells_size);
    if (!time_at(header, 1, 6, &valid_ns)) return nwc__fail(NWC_ERR_FORMAT, "header 1 to 6: a time expected");
    if (!time_at(header, 7, 5, &data_ns)) data_ns = valid_ns;
    char units_text[UNITS + 1] = "", source[SOURCE + 1] = "";
    memcpy(units_text, header + TEXTS_AT, UNITS);
    memcpy(source, header + TEXTS_AT + UNITS, SOURCE);
    const char *units, *quantity;
    double scale;
    if (!read_units(units_text, &units, &quantity, &scale))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "units mm/h or mm, times a number, expected, \"%s\" found", units_text);
    float *cells;
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = grid,
                                                        .name = quantity,
                                                        .quantity = quantity,
                                                        .units = units,
                                                        .source = source,
                                                        .time_ns = valid_ns,
                                                        .reference_ns = data_ns,
                                                        .north_first = true},
                             &cells));
    const int32_t missing = whole(header, 25);
    for (int64_t c = 0; c < grid.nx * grid.ny; c++) {
        const int32_t raw = short_at(bytes + cells_at + 2 * c);
        cells[c] = raw == missing || raw < 0 ? NAN : (float)(scale * raw);
    }
    return NWC_OK;
}
