/*
 * Gridded precipitation and reflectivity in GRIB 1 and 2, by ecCodes, one call at a time under a lock. Message lengths are
 * checked before ecCodes sees the bytes. Grids: regular_ll and polar_stereographic.
 *
 * MRMS (discipline 209) marks "no coverage" by -3 in rates and -999 in reflectivity, and "no echo" by -99.
 */
#include "io/internal.h"

#ifdef NWC__HAVE_ECCODES
#include <eccodes.h>
#include <stdio.h>

static uint64_t big_endian(const uint8_t *bytes, int n)
{
    uint64_t value = 0;
    for (int k = 0; k < n; k++) value = value << 8 | bytes[k];
    return value;
}

/* The length of the message at bytes + at, whose end must be there and be marked. */
static nwc_status check_message(const uint8_t *bytes, int64_t size, int64_t at, int64_t *length)
{
    const int64_t left = size - at;
    if (left < 16 || memcmp(bytes + at, "GRIB", 4) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a GRIB message expected", (long long)at);
    const int edition = bytes[at + 7];
    if (edition != 1 && edition != 2)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %lld: GRIB edition %d", (long long)at + 7, edition);
    const uint64_t stated = edition == 1 ? big_endian(bytes + at + 4, 3) : big_endian(bytes + at + 8, 8);
    if (stated < 20 || stated > (uint64_t)left)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the message ends early, %llu bytes expected", (long long)at,
                         (unsigned long long)stated);
    if (memcmp(bytes + at + stated - 4, "7777", 4) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the message does not end in 7777", (long long)at);
    *length = (int64_t)stated;
    return NWC_OK;
}

static double real_of(codes_handle *handle, const char *key)
{
    double value = NAN;
    return codes_get_double(handle, key, &value) == CODES_SUCCESS ? value : (double)NAN;
}

static long whole_of(codes_handle *handle, const char *key)
{
    long value = -1;
    return codes_get_long(handle, key, &value) == CODES_SUCCESS ? value : -1;
}

static nwc_status find_grid(nwc_ctx *ctx, codes_handle *handle, char projection[NWC__TEXT], nwc_grid *grid)
{
    char type[64] = "";
    size_t length = sizeof type;
    codes_get_string(handle, "gridType", type, &length);
    double a = real_of(handle, "earthMajorAxisInMetres"), b = real_of(handle, "earthMinorAxisInMetres");
    if (!(a > 6e6 && b > 6e6)) a = b = real_of(handle, "radius");
    if (!(a > 6e6 && a < 7e6)) a = b = whole_of(handle, "editionNumber") == 1 ? 6367470.0 : 6371229.0;
    *grid = (nwc_grid){.projection = projection, .nx = whole_of(handle, "Ni"), .ny = whole_of(handle, "Nj")};
    double lon = real_of(handle, "longitudeOfFirstGridPointInDegrees");
    const double lat = real_of(handle, "latitudeOfFirstGridPointInDegrees");
    const bool up = whole_of(handle, "jScansPositively") == 1;
    if (whole_of(handle, "iScansNegatively") == 1 || whole_of(handle, "jPointsAreConsecutive") == 1)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "rows that run from east to west, or columns first");
    if (lon > 180.0) lon -= 360.0;
    if (strcmp(type, "regular_ll") == 0) {
        snprintf(projection, NWC__TEXT, "+proj=longlat +a=%.9g +b=%.9g", a, b);
        grid->dx = real_of(handle, "iDirectionIncrementInDegrees");
        grid->dy = real_of(handle, "jDirectionIncrementInDegrees");
        grid->x_first = lon, grid->y_first = lat;
    } else if (strcmp(type, "polar_stereographic") == 0) {
        grid->nx = whole_of(handle, "Nx"), grid->ny = whole_of(handle, "Ny");
        const bool south = whole_of(handle, "projectionCentreFlag") >= 128;
        snprintf(projection, NWC__TEXT, "+proj=stere +lat_0=%d +lat_ts=%.9g +lon_0=%.9g +a=%.9g +b=%.9g",
                 south ? -90 : 90, real_of(handle, "LaDInDegrees"), real_of(handle, "orientationOfTheGridInDegrees"), a,
                 b);
        grid->dx = real_of(handle, "DxInMetres"), grid->dy = real_of(handle, "DyInMetres");
        const nwc_status status = nwc_grid_from_lonlat(ctx, grid, 1, &lon, &lat, &grid->x_first, &grid->y_first);
        if (status == NWC_ERR_ARG) return nwc__fail(NWC_ERR_FORMAT, "%s", nwc_error_text());
        if (status != NWC_OK) return status;
    } else
        return nwc__fail(NWC_ERR_UNSUPPORTED, "grid of type \"%s\"", type);
    if (!up) grid->y_first -= (double)(grid->ny - 1) * grid->dy;
    return NWC_OK;
}

static nwc_status find_times(codes_handle *handle, int64_t *valid_ns, int64_t *reference_ns)
{
    const long date = whole_of(handle, "dataDate"), time = whole_of(handle, "dataTime");
    const long ends = whole_of(handle, "validityDate"), ends_at = whole_of(handle, "validityTime");
    const long second = whole_of(handle, "second");
    const int32_t reference[6] = {(int32_t)(date / 10000), (int32_t)(date / 100 % 100),
                                  (int32_t)(date % 100),   (int32_t)(time / 100),
                                  (int32_t)(time % 100),   second > 0 ? (int32_t)second : 0};
    const int32_t valid[6] = {(int32_t)(ends / 10000),  (int32_t)(ends / 100 % 100), (int32_t)(ends % 100),
                              (int32_t)(ends_at / 100), (int32_t)(ends_at % 100),    reference[5]};
    if (!nwc__time_from_civil(reference, reference_ns) || !nwc__time_from_civil(valid, valid_ns))
        return nwc__fail(NWC_ERR_FORMAT, "dates %ld %04ld and %ld %04ld: not a time", date, time, ends, ends_at);
    return NWC_OK;
}

/* What is measured, and which values stand for "not known" (at or below) and "nothing there". */
struct kind {
    const char *quantity, *units;
    double unknown, nothing;
};

static nwc_status find_kind(codes_handle *handle, struct kind *kind)
{
    const long discipline = whole_of(handle, "discipline"), category = whole_of(handle, "parameterCategory");
    const long number = whole_of(handle, "parameterNumber");
    if (whole_of(handle, "editionNumber") == 1 && whole_of(handle, "indicatorOfParameter") == 61)
        *kind = (struct kind){"ACRR", "mm", -INFINITY, NAN}; /* total precipitation of table 2 */
    else if (discipline == 209 && category == 6 && number == 1)
        *kind = (struct kind){"RATE", "mm h-1", -0.5, NAN};
    else if (discipline == 209 && (category == 9 || category == 10 || category == 11))
        *kind = (struct kind){"DBZH", "dBZ", -500.0, -99.0};
    else
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "discipline %ld, category %ld, number %ld: not a field this library reads", discipline,
                         category, number);
    return NWC_OK;
}

static nwc_status read_message(nwc_ctx *ctx, codes_handle *handle, nwc_raster *raster)
{
    char projection[NWC__TEXT];
    nwc_grid grid;
    struct kind kind = {.units = NULL};
    int64_t valid_ns = 0, reference_ns = 0;
    NWC__TRY(find_kind(handle, &kind));
    NWC__TRY(find_grid(ctx, handle, projection, &grid));
    NWC__TRY(find_times(handle, &valid_ns, &reference_ns));
    const bool amount = strcmp(kind.quantity, "ACRR") == 0;
    size_t count = 0;
    if (codes_get_size(handle, "values", &count) != CODES_SUCCESS || grid.nx < 1 || grid.ny < 1 ||
        count != (size_t)grid.nx * (size_t)grid.ny)
        return nwc__fail(NWC_ERR_FORMAT, "%lld x %lld values expected, %zu found", (long long)grid.ny,
                         (long long)grid.nx, count);
    float *cells;
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = grid,
                                                        .name = kind.quantity,
                                                        .quantity = kind.quantity,
                                                        .units = kind.units,
                                                        .source = amount ? "NCEP" : "MRMS",
                                                        .time_ns = valid_ns,
                                                        .reference_ns = valid_ns,
                                                        .duration_s = 1e-9 * (double)(valid_ns - reference_ns),
                                                        .north_first = whole_of(handle, "jScansPositively") != 1},
                             &cells));
    double *const values = nwc__alloc(ctx, (int64_t)count, sizeof *values);
    if (!values) return NWC_ERR_NOMEM;
    nwc_status status = NWC_OK;
    codes_set_double(handle, "missingValue", 1e30);
    const int result = codes_get_double_array(handle, "values", values, &count);
    if (result != CODES_SUCCESS)
        status = nwc__fail(NWC_ERR_FORMAT, "ecCodes cannot unpack it: %s", codes_get_error_message(result));
    else
        for (size_t c = 0; c < count; c++) {
            const double v = values[c];
            cells[c] = v >= 1e29 || v <= kind.unknown ? NAN : v == kind.nothing ? NWC__NO_ECHO_DBZ : (float)v;
        }
    nwc__free(ctx, values);
    return status;
}

nwc_status nwc__grib_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc_status status = NWC_OK;
    for (int64_t at = 0, length = 0; at < size; at += length) {
        NWC__TRY(check_message(bytes, size, at, &length));
        nwc__io_lock();
        codes_handle *const handle = codes_handle_new_from_message(NULL, bytes + at, (size_t)length);
        if (handle) {
            status = read_message(ctx, handle, raster);
            codes_handle_delete(handle);
        } else
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: ecCodes cannot open the message", (long long)at);
        nwc__io_unlock();
        if (status != NWC_OK) return status;
    }
    return NWC_OK;
}
#else
nwc_status nwc__grib_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    (void)ctx, (void)bytes, (void)size, (void)raster;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read GRIB");
}
#endif
