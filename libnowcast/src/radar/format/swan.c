/*
 * Grids of SWAN, the nowcasting system of the China Meteorological Administration ("diamond 131"): a header of 1024 bytes, then
 * levels from the lowest up, rows from the north.
 *
 * Known from descriptions and implementations, which agree but for half a cell: the first place is the grid's corner by its
 * description and the first cell's centre by some readers. The centre of the grid, which is in the header too, decides. From
 * version 2 on an offset and a scale say what codes mean; before, bytes hold 2 dBZ + 66. Code 0 of a reflectivity is no
 * echo, and often not observed as well: the format does not tell them apart. Times are taken as UTC.
 */
#include "radar/format/format.h"
#include "radar/format/volume_format.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEADER = 1024, MOST_LEVELS = 40, NAME = 38 };

/* What a grid is of, by a part of its name. */
static const struct kind {
    const char *part, *quantity, *units;
} kinds[] = {
    {"CR", "DBZH", "dBZ"},          {"REF", "DBZH", "dBZ"}, {"CAP", "DBZH", "dBZ"}, {"VIL", "VIL", "kg m-2"},
    {"KDP", "KDP", "degrees km-1"}, {"ZDR", "ZDR", "dB"},   {"ET", "HGHT", "km"},   {"TOP", "HGHT", "km"},
};

struct grid {
    nwc_grid grid;
    int32_t levels, type, width; /* bytes of a cell */
    double scale, offset;        /* value = code x scale + offset */
    const char *quantity, *units;
    char name[NAME + 1];
    int64_t time_ns;
};

/* The kind of a name; one without a Latin letter is a mosaic of reflectivity. NULL for another. */
static const struct kind *kind_of(const char *name)
{
    bool letters = false;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strstr(name, kinds[k].part)) return &kinds[k];
    for (const char *c = name; *c; c++) letters = letters || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');
    return letters ? NULL : &kinds[0];
}

/* The first of n places of an axis in degrees, by where it begins and where its middle is said to be. */
static double first_of(double start, double middle, double step, int64_t n)
{
    const double by_middle = middle - 0.5 * (double)(n - 1) * step;
    return fabs(by_middle - start) < fabs(step) ? by_middle : start + 0.5 * step;
}

static nwc_status read_grid(const uint8_t *b, struct grid *grid)
{
    const int64_t nx = nwc__u16_le(b + 78), ny = nwc__u16_le(b + 80);
    const double dx = (double)nwc__f32_le(b + 104), dy = (double)nwc__f32_le(b + 108);
    const double west = first_of((double)nwc__f32_le(b + 88), (double)nwc__f32_le(b + 96), dx, nx);
    const double north = first_of((double)nwc__f32_le(b + 92), (double)nwc__f32_le(b + 100), -dy, ny);
    grid->levels = nwc__u16_le(b + 82);
    if (!(dx > 0.0 && dy > 0.0 && dx < 10.0 && dy < 10.0 && fabs(west) <= 360.0 && fabs(north) <= 90.0))
        return nwc__fail(NWC_ERR_FORMAT,
                         "byte 88: the corner of a grid and its steps expected, %g, %g, %g and %g found", west, north,
                         dx, dy);
    if (grid->levels < 1 || grid->levels > MOST_LEVELS)
        return nwc__fail(NWC_ERR_FORMAT, "byte 82: 1 to %d levels expected, %d found", MOST_LEVELS, (int)grid->levels);
    grid->grid = (nwc_grid){.projection = "+proj=longlat +datum=WGS84 +no_defs",
                            .nx = nx,
                            .ny = ny,
                            .x_first = west,
                            .y_first = north - dy * (double)(ny - 1),
                            .dx = dx,
                            .dy = dy};
    return NWC_OK;
}

static nwc_status read_codes(const uint8_t *b, struct grid *grid)
{
    const double offset = (double)nwc__f32_le(b + 856), scale = (double)nwc__f32_le(b + 860);
    const struct kind *const kind = kind_of(grid->name);
    char version[9] = "";
    memcpy(version, b + 58, 8);
    grid->type = (int16_t)nwc__u16_le(b + 852);
    if (grid->type < 0 || grid->type > 3)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 852: cells of type 0 to 3 expected, %d found", (int)grid->type);
    grid->width = grid->type < 2 ? 1 : 2;
    grid->quantity = kind ? kind->quantity : grid->name, grid->units = kind ? kind->units : "1";
    if (strtod(version, NULL) >= 2.0 && isfinite(offset) && isfinite(scale) && scale != 0.0) {
        grid->scale = scale, grid->offset = offset;
    } else if (grid->width == 1 && kind && strcmp(kind->units, "dBZ") == 0) {
        grid->scale = 0.5, grid->offset = -33.0;
    } else {
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "byte 12: \"%s\" of version \"%s\": bytes of reflectivity, or a scale, expected", grid->name,
                         version);
    }
    return NWC_OK;
}

static nwc_status read_header(const uint8_t *b, int64_t size, struct grid *grid)
{
    if (size < HEADER) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header ends early", (long long)size);
    const int32_t civil[6] = {nwc__u16_le(b + 66), nwc__u16_le(b + 68), nwc__u16_le(b + 70),
                              nwc__u16_le(b + 72), nwc__u16_le(b + 74), 0};
    memcpy(grid->name, b + 12, NAME);
    if (!nwc__time_from_civil(civil, &grid->time_ns))
        return nwc__fail(NWC_ERR_FORMAT, "byte 66: a time expected, %d-%d-%d %d:%d found", (int)civil[0], (int)civil[1],
                         (int)civil[2], (int)civil[3], (int)civil[4]);
    NWC__TRY(read_grid(b, grid));
    NWC__TRY(read_codes(b, grid));
    const int64_t cells = grid->grid.nx * grid->grid.ny * grid->levels * grid->width;
    if (size - HEADER < cells)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: %lld bytes of cells expected, %lld found", HEADER, (long long)cells,
                         (long long)(size - HEADER));
    return NWC_OK;
}

static int32_t code_at(const struct grid *grid, const uint8_t *at)
{
    return grid->width == 1 ? at[0] : grid->type == 2 ? nwc__u16_le(at) : (int16_t)nwc__u16_le(at);
}

static void fill(const struct grid *grid, const uint8_t *codes, float *cells)
{
    const float nothing = strcmp(grid->units, "dBZ") == 0 ? NWC__NO_ECHO_DBZ : NAN;
    for (int64_t c = 0; c < grid->grid.nx * grid->grid.ny; c++) {
        const int32_t code = code_at(grid, codes + c * grid->width);
        cells[c] = code ? (float)((double)code * grid->scale + grid->offset) : nothing;
    }
}

nwc_status nwc__swan_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    struct grid grid = {0};
    NWC__TRY(read_header(bytes, size, &grid));
    nwc__log(ctx, NWC_LOG_WARNING, "%s: grids of SWAN are known from descriptions alone, and times taken as UTC",
             grid.name);
    for (int32_t l = 0; l < grid.levels; l++) {
        const double height_km = (double)nwc__f32_le(bytes + 112 + (ptrdiff_t)4 * l);
        const bool level = grid.levels > 1 && height_km > 0.0 && height_km < 100.0;
        float *cells;
        if (grid.levels > 1 && !level)
            return nwc__fail(NWC_ERR_FORMAT, "byte %d: a height of above 0 to 100 km expected, %g found",
                             112 + 4 * (int)l, height_km);
        NWC__TRY(nwc__raster_add(raster,
                                 &(struct nwc__layer_facts){.grid = grid.grid,
                                                            .name = grid.name,
                                                            .quantity = grid.quantity,
                                                            .units = grid.units,
                                                            .source = "SWAN",
                                                            .time_ns = grid.time_ns,
                                                            .reference_ns = grid.time_ns,
                                                            .height_m = level ? 1000.0 * height_km : 0.0,
                                                            .north_first = true},
                                 &cells));
        fill(&grid, bytes + HEADER + grid.grid.nx * grid.grid.ny * grid.width * l, cells);
    }
    return NWC_OK;
}
