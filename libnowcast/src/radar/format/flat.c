/*
 * Cells of float32 one behind the other, without a header: what they are is said by a text beside them, a keyword and its value
 * on each line. The keywords of ESRI's header of floating-point grids are taken as they are (ncols, nrows, xllcorner or
 * xllcenter, yllcorner or yllcenter, cellsize or xdim and ydim, nodata_value, byteorder); others say what that leaves open:
 *   projection +proj=longlat +datum=WGS84     units dBZ     quantity DBZH     source INPE
 *   rows north | south (which comes first; north as ESRI has it)     undetect_value -98     duration 600
 *   time 2017-09-30T15:00 (else the digits of the file's name)
 */
#include "core/text.h"
#include "radar/format/format.h"

/* What the text says; texts are spans of it. */
struct said {
    double nx, ny, x, y, dx, dy, missing, nothing, duration_s;
    bool x_corner, y_corner, south_first, big_endian;
    struct nwc__span projection, units, quantity, source;
    int64_t time_ns;
};

static void take_line(struct nwc__span line, struct said *said)
{
    struct nwc__span key;
    if (!nwc__next_word(&line, &key) || key.at[0] == '#') return;
    const struct nwc__span value = nwc__span_trim(line);
    const struct {
        const char *name;
        double *number;
    } numbers[] = {{"ncols", &said->nx},
                   {"nrows", &said->ny},
                   {"xllcorner", &said->x},
                   {"xllcenter", &said->x},
                   {"yllcorner", &said->y},
                   {"yllcenter", &said->y},
                   {"xdim", &said->dx},
                   {"ydim", &said->dy},
                   {"nodata_value", &said->missing},
                   {"undetect_value", &said->nothing},
                   {"duration", &said->duration_s}};
    const struct {
        const char *name;
        struct nwc__span *text;
    } texts[] = {{"projection", &said->projection},
                 {"units", &said->units},
                 {"quantity", &said->quantity},
                 {"source", &said->source}};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        if (nwc__span_matches(key, numbers[k].name)) *numbers[k].number = nwc__span_number(value);
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
        if (nwc__span_matches(key, texts[k].name)) *texts[k].text = value;
    if (nwc__span_matches(key, "cellsize")) said->dx = said->dy = nwc__span_number(value);
    if (nwc__span_matches(key, "xllcorner")) said->x_corner = true;
    if (nwc__span_matches(key, "yllcorner")) said->y_corner = true;
    if (nwc__span_matches(key, "rows")) said->south_first = nwc__span_matches(value, "south");
    if (nwc__span_matches(key, "byteorder"))
        said->big_endian = nwc__span_matches(value, "MSBFIRST") || nwc__span_matches(value, "M");
    if (nwc__span_matches(key, "time")) (void)nwc__span_time(value, &said->time_ns);
}

/* "cappi_CZ_03000_20170930_1500.dat.gz": a day of eight digits and a clock of four or six, something between them or not. */
static bool time_in_name(const char *path, int64_t *time_ns)
{
    const char *const slash = strrchr(path, '/');
    const struct nwc__span name = {slash ? slash + 1 : path, (int64_t)strlen(slash ? slash + 1 : path)};
    for (int64_t k = 0; k + 12 <= name.n; k++) {
        char digits[16] = "";
        if ((k > 0 && nwc__span_digits(name, k - 1, 1) >= 0) || nwc__span_digits(name, k, 8) < 0) continue;
        const int64_t clock = k + 8 + (nwc__span_digits(name, k + 8, 1) < 0);
        const int n = nwc__span_digits(name, clock, 6) >= 0 ? 6 : 4;
        if (nwc__span_digits(name, clock, n) < 0) continue;
        nwc__span_copy(nwc__span_part(name, k, k + 8), digits, 9);
        nwc__span_copy(nwc__span_part(name, clock, clock + n), digits + 8, n + 1);
        if (nwc__time_from_digits(digits, time_ns)) return true;
    }
    return false;
}

static nwc_status check(const struct said *said, int64_t size)
{
    if (!(said->nx >= 1.0 && said->nx <= NWC__MOST_CELLS_ALONG && said->ny >= 1.0 && said->ny <= NWC__MOST_CELLS_ALONG))
        return nwc__fail(NWC_ERR_FORMAT, "sidecar: ncols and nrows of 1 to %d expected, %g and %g found",
                         NWC__MOST_CELLS_ALONG, said->nx, said->ny);
    if (!(said->dx > 0.0 && said->dy > 0.0 && isfinite(said->x) && isfinite(said->y)))
        return nwc__fail(NWC_ERR_FORMAT, "sidecar: a corner or centre and a cellsize expected, %g, %g and %g, %g found",
                         said->x, said->y, said->dx, said->dy);
    if (said->projection.n == 0 || said->units.n == 0 || said->quantity.n == 0)
        return nwc__fail(NWC_ERR_FORMAT, "sidecar: projection, units and quantity expected");
    if (said->time_ns == INT64_MIN)
        return nwc__fail(NWC_ERR_FORMAT, "sidecar: a time expected, there or in the name of the file");
    const int64_t bytes = 4 * (int64_t)said->nx * (int64_t)said->ny;
    if (size != bytes)
        return nwc__fail(NWC_ERR_FORMAT, "%lld bytes expected for %g x %g cells, %lld found", (long long)bytes,
                         said->ny, said->nx, (long long)size);
    return NWC_OK;
}

static float cell(const uint8_t *at, bool big_endian)
{
    uint32_t bits = 0;
    float value;
    for (int k = 0; k < 4; k++) bits |= (uint32_t)at[k] << 8 * (big_endian ? 3 - k : k);
    memcpy(&value, &bits, sizeof value);
    return value;
}

nwc_status nwc__flat_read(const uint8_t *bytes, int64_t size, const uint8_t *sidecar, int64_t sidecar_size,
                          const char *path, nwc_raster *raster)
{
    struct nwc__lines lines = nwc__lines_of(sidecar, sidecar_size);
    const struct nwc__span none = {"", 0};
    struct nwc__span line;
    struct said said = {.nx = NAN,
                        .ny = NAN,
                        .x = NAN,
                        .y = NAN,
                        .dx = NAN,
                        .dy = NAN,
                        .missing = NAN,
                        .nothing = NAN,
                        .projection = none,
                        .units = none,
                        .quantity = none,
                        .source = none,
                        .time_ns = INT64_MIN};
    char text[4][NWC__TEXT];
    float *cells, nothing;
    while (nwc__next_line(&lines, &line)) take_line(line, &said);
    if (said.time_ns == INT64_MIN) (void)time_in_name(path, &said.time_ns);
    NWC__TRY(check(&said, size));
    const struct nwc__span spans[4] = {said.projection, said.units, said.quantity, said.source};
    for (int t = 0; t < 4; t++) nwc__span_copy(spans[t], text[t], NWC__TEXT);
    const int64_t nx = (int64_t)said.nx, ny = (int64_t)said.ny;
    NWC__TRY(
        nwc__raster_add(raster,
                        &(struct nwc__layer_facts){.grid = {.projection = text[0],
                                                            .nx = nx,
                                                            .ny = ny,
                                                            .x_first = said.x + (said.x_corner ? 0.5 * said.dx : 0.0),
                                                            .y_first = said.y + (said.y_corner ? 0.5 * said.dy : 0.0),
                                                            .dx = said.dx,
                                                            .dy = said.dy},
                                                   .name = text[2],
                                                   .quantity = text[2],
                                                   .units = text[1],
                                                   .source = text[3],
                                                   .time_ns = said.time_ns,
                                                   .reference_ns = said.time_ns,
                                                   .duration_s = said.duration_s > 0.0 ? said.duration_s : 0.0,
                                                   .north_first = !said.south_first},
                        &cells));
    (void)nwc__odim_unit(text[2], &nothing);
    for (int64_t c = 0; c < nx * ny; c++) {
        const float value = cell(bytes + 4 * c, said.big_endian);
        cells[c] = !isfinite(value) || (double)value == said.missing ? NAN
                   : (double)value == said.nothing                   ? nothing
                                                                     : value;
    }
    return NWC_OK;
}
