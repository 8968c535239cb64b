/*
 * Grids and times of GRIB messages, from ecCodes' keys (WMO Manual on Codes: templates 3.0, 3.1, 3.10, 3.20, 3.30, 3.90, tables
 * 3.2, 3.4, 4.4). A projected grid begins at its first point and goes on in equal steps of the projection's plane.
 */
#include "io/grib.h"

#ifdef NWC__HAVE_ECCODES
#include <stdio.h>

#define NANOSECONDS INT64_C(1000000000)
#define MISSING 1e30
#define MOST_LEAD_S (100 * INT64_C(366) * 86400)

double nwc__grib_real(codes_handle *handle, const char *key)
{
    double value = NAN;
    int error = CODES_SUCCESS;
    const bool missing = codes_is_missing(handle, key, &error) && error == CODES_SUCCESS;
    return !missing && codes_get_double(handle, key, &value) == CODES_SUCCESS ? value : (double)NAN;
}

long nwc__grib_whole(codes_handle *handle, const char *key)
{
    long value = -1;
    int error = CODES_SUCCESS;
    const bool missing = codes_is_missing(handle, key, &error) && error == CODES_SUCCESS;
    return !missing && codes_get_long(handle, key, &value) == CODES_SUCCESS ? value : -1;
}

void nwc__grib_text(codes_handle *handle, const char *key, char text[NWC__TEXT])
{
    size_t length = NWC__TEXT;
    text[0] = '\0';
    if (codes_get_string(handle, key, text, &length) != CODES_SUCCESS) text[0] = '\0';
    text[NWC__TEXT - 1] = '\0';
}

/* ---- grids ---- */

int64_t nwc__grib_place(const struct nwc__grib_order *order, int64_t p)
{
    const int64_t fast = order->columns_first ? order->nj : order->ni;
    const int64_t line = p / fast;
    int64_t within = p % fast;
    if (order->turning && line % 2) within = fast - 1 - within;
    const int64_t i = order->columns_first ? line : within, j = order->columns_first ? within : line;
    return (order->from_south ? j : order->nj - 1 - j) * order->ni + (order->from_east ? order->ni - 1 - i : i);
}

/* Axes of the Earth, m. */
static void find_earth(codes_handle *handle, double *a, double *b)
{
    *a = nwc__grib_real(handle, "earthMajorAxisInMetres"), *b = nwc__grib_real(handle, "earthMinorAxisInMetres");
    if (!(*a > 6e6 && *b > 6e6)) *a = *b = nwc__grib_real(handle, "radius");
    if (!(*a > 6e6 && *a < 7e6)) *a = *b = nwc__grib_whole(handle, "editionNumber") == 1 ? 6367470.0 : 6371229.0;
}

/* An increment of degrees: as given, else from the end points. */
static double increment(codes_handle *handle, const char *given, const char *key, double reach, int64_t n)
{
    const double stated = nwc__grib_whole(handle, given) == 0 ? (double)NAN : nwc__grib_real(handle, key);
    if (stated > 0.0) return stated;
    return n > 1 ? reach / (double)(n - 1) : 1.0;
}

/* Degrees of latitude and longitude, of the Earth or of a turned one. */
static void find_degrees(codes_handle *handle, const struct nwc__grib_order *order, nwc_grid *grid)
{
    const double west = nwc__grib_real(handle, order->from_east ? "longitudeOfLastGridPointInDegrees"
                                                                : "longitudeOfFirstGridPointInDegrees");
    const double east = nwc__grib_real(handle, order->from_east ? "longitudeOfFirstGridPointInDegrees"
                                                                : "longitudeOfLastGridPointInDegrees");
    const double first = nwc__grib_real(handle, "latitudeOfFirstGridPointInDegrees");
    const double last = nwc__grib_real(handle, "latitudeOfLastGridPointInDegrees");
    double reach = east - west;
    if (reach < 0.0) reach += 360.0;
    grid->dx = increment(handle, "iDirectionIncrementGiven", "iDirectionIncrementInDegrees", reach, order->ni);
    grid->dy =
        increment(handle, "jDirectionIncrementGiven", "jDirectionIncrementInDegrees", fabs(last - first), order->nj);
    const double x = order->from_east ? east - grid->dx * (double)(order->ni - 1) : west;
    grid->x_first = x >= 180.0 ? x - 360.0 : x;
    grid->y_first = order->from_south ? first : first - grid->dy * (double)(order->nj - 1);
}

/* Steps in the plane of a projection from the first point, the projection being known. */
static nwc_status find_plane(nwc_ctx *ctx, codes_handle *handle, const struct nwc__grib_order *order,
                             const char *const step[2], nwc_grid *grid)
{
    const double lon = nwc__grib_real(handle, "longitudeOfFirstGridPointInDegrees");
    const double lat = nwc__grib_real(handle, "latitudeOfFirstGridPointInDegrees");
    grid->dx = fabs(nwc__grib_real(handle, step[0])), grid->dy = fabs(nwc__grib_real(handle, step[1]));
    const nwc_status status = nwc_grid_from_lonlat(ctx, grid, 1, &lon, &lat, &grid->x_first, &grid->y_first);
    if (status == NWC_ERR_ARG) return nwc__fail(NWC_ERR_FORMAT, "%s", nwc_error_text());
    if (status != NWC_OK) return status;
    if (order->from_east) grid->x_first -= (double)(order->ni - 1) * grid->dx;
    if (!order->from_south) grid->y_first -= (double)(order->nj - 1) * grid->dy;
    return NWC_OK;
}

/*
 * What a geostationary satellite sees, in steps of the angles it scans by. Where its point below lies is counted from the first point
 * of the image. The Earth is so many steps wide and, being flattened, so many steps high, as ecCodes takes them. A view
 * that is turned, which readers take to mean different things, or is not from above the equator is no grid.
 */
static nwc_status find_view(codes_handle *handle, const struct nwc__grib_order *order, double a, double b,
                            char projection[NWC__TEXT], nwc_grid *grid)
{
    const double lat = nwc__grib_real(handle, "latitudeOfSubSatellitePointInDegrees");
    const double lon = nwc__grib_real(handle, "longitudeOfSubSatellitePointInDegrees");
    const double turn = nwc__grib_real(handle, "orientationOfTheGridInDegrees");
    const double radii = 1e-6 * nwc__grib_real(handle, "Nr"), height = (radii - 1.0) * a;
    const double angle = 2.0 * asin(1.0 / radii);
    const double x = nwc__grib_real(handle, "XpInGridLengths") - nwc__grib_real(handle, "Xo");
    const double y = nwc__grib_real(handle, "YpInGridLengths") - nwc__grib_real(handle, "Yo");
    grid->dx = height * angle / nwc__grib_real(handle, "dx");
    grid->dy = height * angle * b / a / nwc__grib_real(handle, "dy");
    if (lat != 0.0 || turn != 0.0 || !(radii > 1.0))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "a view from %g radii above latitude %g, turned by %g degrees", radii,
                         lat, turn);
    if (!(isfinite(lon + x + y) && grid->dx > 0.0 && grid->dy > 0.0 && isfinite(grid->dx + grid->dy)))
        return nwc__fail(NWC_ERR_FORMAT, "a view of steps of %g and %g m", grid->dx, grid->dy);
    grid->x_first = (order->from_east ? x - (double)(order->ni - 1) : -x) * grid->dx;
    grid->y_first = (order->from_south ? -y : y - (double)(order->nj - 1)) * grid->dy;
    snprintf(projection, NWC__TEXT, "+proj=geos +sweep=y +h=%.10g +lon_0=%.9g +a=%.9g +b=%.9g", height, lon, a, b);
    return NWC_OK;
}

nwc_status nwc__grib_grid(nwc_ctx *ctx, codes_handle *handle, char projection[NWC__TEXT], nwc_grid *grid,
                          struct nwc__grib_order *order)
{
    static const char *const metres[] = {"DxInMetres", "DyInMetres"}, *const mercator[] = {"DiInMetres", "DjInMetres"};
    char type[NWC__TEXT];
    double a, b;
    nwc__grib_text(handle, "gridType", type);
    find_earth(handle, &a, &b);
    *order = (struct nwc__grib_order){.ni = nwc__grib_whole(handle, "Ni"),
                                      .nj = nwc__grib_whole(handle, "Nj"),
                                      .from_east = nwc__grib_whole(handle, "iScansNegatively") == 1,
                                      .from_south = nwc__grib_whole(handle, "jScansPositively") == 1,
                                      .columns_first = nwc__grib_whole(handle, "jPointsAreConsecutive") == 1,
                                      .turning = nwc__grib_whole(handle, "alternativeRowScanning") == 1};
    *grid = (nwc_grid){.projection = projection, .nx = order->ni, .ny = order->nj};
    if (order->ni < 1 || order->nj < 1 || order->ni > NWC__MOST_CELLS_ALONG || order->nj > NWC__MOST_CELLS_ALONG)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "grid of type \"%s\", %lld x %lld points", type, (long long)order->nj,
                         (long long)order->ni);
    if (strcmp(type, "regular_ll") == 0) {
        snprintf(projection, NWC__TEXT, "+proj=longlat +a=%.9g +b=%.9g", a, b);
        find_degrees(handle, order, grid);
        return NWC_OK;
    }
    if (strcmp(type, "rotated_ll") == 0) {
        const double turn = nwc__grib_real(handle, "angleOfRotationInDegrees");
        snprintf(projection, NWC__TEXT,
                 "+proj=ob_tran +o_proj=longlat +o_lat_p=%.9g +o_lon_p=%.9g +lon_0=%.9g +a=%.9g +b=%.9g",
                 -nwc__grib_real(handle, "latitudeOfSouthernPoleInDegrees"), isnan(turn) ? 0.0 : turn,
                 nwc__grib_real(handle, "longitudeOfSouthernPoleInDegrees"), a, b);
        find_degrees(handle, order, grid);
        return NWC_OK;
    }
    if (strcmp(type, "polar_stereographic") == 0) {
        const bool south = nwc__grib_whole(handle, "projectionCentreFlag") >= 128;
        snprintf(projection, NWC__TEXT, "+proj=stere +lat_0=%d +lat_ts=%.9g +lon_0=%.9g +a=%.9g +b=%.9g",
                 south ? -90 : 90, nwc__grib_real(handle, "LaDInDegrees"),
                 nwc__grib_real(handle, "orientationOfTheGridInDegrees"), a, b);
        return find_plane(ctx, handle, order, metres, grid);
    }
    if (strcmp(type, "lambert") == 0) {
        snprintf(projection, NWC__TEXT, "+proj=lcc +lat_1=%.9g +lat_2=%.9g +lat_0=%.9g +lon_0=%.9g +a=%.9g +b=%.9g",
                 nwc__grib_real(handle, "Latin1InDegrees"), nwc__grib_real(handle, "Latin2InDegrees"),
                 nwc__grib_real(handle, "Latin1InDegrees"), nwc__grib_real(handle, "LoVInDegrees"), a, b);
        return find_plane(ctx, handle, order, metres, grid);
    }
    if (strcmp(type, "mercator") == 0) {
        const double turn = nwc__grib_real(handle, "orientationOfTheGridInDegrees");
        if (fabs(turn) > 1e-6) return nwc__fail(NWC_ERR_UNSUPPORTED, "a Mercator grid turned by %g degrees", turn);
        /* The first column lies on lon_0, so that no grid is cut at the date line. */
        const double lon = nwc__grib_real(handle, "longitudeOfFirstGridPointInDegrees");
        snprintf(projection, NWC__TEXT, "+proj=merc +lat_ts=%.9g +lon_0=%.9g +a=%.9g +b=%.9g",
                 nwc__grib_real(handle, "LaDInDegrees"), lon, a, b);
        return find_plane(ctx, handle, order, mercator, grid);
    }
    if (strcmp(type, "space_view") == 0) return find_view(handle, order, a, b, projection, grid);
    return nwc__fail(NWC_ERR_UNSUPPORTED, "grid of type \"%s\"", type);
}

/* ---- times ---- */

static nwc_status civil(const long parts[6], const char *what, int64_t *time_ns)
{
    int32_t given[6];
    for (int k = 0; k < 6; k++) given[k] = (int32_t)(parts[k] < -1 || parts[k] > 9999 ? -1 : parts[k]);
    if (given[5] < 0) given[5] = 0; /* seconds are missing in edition 1 */
    if (nwc__time_from_civil(given, time_ns)) return NWC_OK;
    return nwc__fail(NWC_ERR_FORMAT, "%s %ld-%ld-%ld %ld:%ld:%ld: not a time", what, parts[0], parts[1], parts[2],
                     parts[3], parts[4], parts[5]);
}

static nwc_status date_and_time(codes_handle *handle, const char *date_key, const char *time_key, int64_t *time_ns)
{
    const long date = nwc__grib_whole(handle, date_key), time = nwc__grib_whole(handle, time_key);
    const long parts[6] = {date / 10000, date / 100 % 100, date % 100, time / 100, time % 100, 0};
    return civil(parts, date_key, time_ns);
}

/* Seconds of a unit of table 4.4 (and 4 of edition 1); 0 for those that are no number of seconds. */
static int64_t unit_s(long unit)
{
    switch (unit) {
    case 0:
        return 60;
    case 1:
        return 3600;
    case 2:
        return 86400;
    case 10:
        return 3 * 3600;
    case 11:
        return 6 * 3600;
    case 12:
        return 12 * 3600;
    case 13:
        return 1;
    default:
        return 0;
    }
}

static nwc_status times_1(codes_handle *handle, int64_t reference, int64_t *start_ns, int64_t *time_ns)
{
    const long unit = nwc__grib_whole(handle, "unitOfTimeRange");
    const int64_t second = unit == 254 ? 1 : unit == 13 ? 900 : unit == 14 ? 1800 : unit_s(unit);
    const long range = nwc__grib_whole(handle, "timeRangeIndicator");
    const int64_t p1 = nwc__grib_whole(handle, "P1"), p2 = nwc__grib_whole(handle, "P2");
    if (!second || p1 < 0 || p2 < 0 || range < 0) return nwc__fail(NWC_ERR_UNSUPPORTED, "time unit %ld", unit);
    int64_t from = p1, to = p1;
    if (range == 1) from = to = 0;
    if (range >= 2 && range <= 5) to = p2;
    if (range == 10) from = to = p1 * 256 + p2;
    if (from * second > MOST_LEAD_S || to * second > MOST_LEAD_S)
        return nwc__fail(NWC_ERR_FORMAT, "a forecast of more than 100 years");
    *start_ns = reference + from * second * NANOSECONDS;
    *time_ns = reference + to * second * NANOSECONDS;
    return NWC_OK;
}

nwc_status nwc__grib_times(codes_handle *handle, int64_t *reference_ns, int64_t *start_ns, int64_t *time_ns)
{
    if (nwc__grib_whole(handle, "editionNumber") == 1) {
        NWC__TRY(date_and_time(handle, "dataDate", "dataTime", reference_ns));
        return times_1(handle, *reference_ns, start_ns, time_ns);
    }
    static const char *const reference[6] = {"year", "month", "day", "hour", "minute", "second"};
    static const char *const end[6] = {"yearOfEndOfOverallTimeInterval",   "monthOfEndOfOverallTimeInterval",
                                       "dayOfEndOfOverallTimeInterval",    "hourOfEndOfOverallTimeInterval",
                                       "minuteOfEndOfOverallTimeInterval", "secondOfEndOfOverallTimeInterval"};
    long parts[6];
    for (int k = 0; k < 6; k++) parts[k] = nwc__grib_whole(handle, reference[k]);
    NWC__TRY(civil(parts, "reference time", reference_ns));
    /* Not stepRange, which some versions of ecCodes take for hours whatever its unit is. */
    const long unit = nwc__grib_whole(handle, "indicatorOfUnitOfTimeRange"),
               lead = nwc__grib_whole(handle, "forecastTime");
    const int64_t second = unit_s(unit);
    if (!second || lead < -INT32_MAX || lead > INT32_MAX)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "forecast time %ld in unit %ld", lead, unit);
    if (lead * second > MOST_LEAD_S || lead * second < -MOST_LEAD_S)
        return nwc__fail(NWC_ERR_FORMAT, "a forecast of more than 100 years");
    *start_ns = *time_ns = *reference_ns + lead * second * NANOSECONDS;
    for (int k = 0; k < 6; k++) parts[k] = nwc__grib_whole(handle, end[k]);
    if (parts[0] > 0) NWC__TRY(civil(parts, "end of the interval", time_ns));
    return NWC_OK;
}

/* ---- values ---- */

/*
 * Complex packing without a group of values is a constant field, and section 7 is empty: ecCodes 2.28 reads what follows it as
 * its first value and differences, and returns a ramp.
 */
static nwc_status constant(codes_handle *handle, int64_t count, double *values)
{
    if (nwc__grib_whole(handle, "bitmapPresent") == 1)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "complex packing with a bitmap and no group of values");
    const double scale = nwc__grib_real(handle, "decimalScaleFactor");
    const double value = nwc__grib_real(handle, "referenceValue") * pow(10.0, isnan(scale) ? 0.0 : -scale);
    for (int64_t p = 0; p < count; p++) values[p] = value;
    return NWC_OK;
}

nwc_status nwc__grib_values(codes_handle *handle, int64_t count, double *values)
{
    size_t found = 0;
    if (codes_get_size(handle, "values", &found) != CODES_SUCCESS || found != (size_t)count)
        return nwc__fail(NWC_ERR_FORMAT, "%lld values expected, %zu found", (long long)count, found);
    if (nwc__grib_whole(handle, "numberOfGroupsOfDataValues") == 0) return constant(handle, count, values);
    codes_set_double(handle, "missingValue", MISSING);
    const int error = codes_get_double_array(handle, "values", values, &found);
    if (error == CODES_FUNCTIONALITY_NOT_ENABLED || error == CODES_NOT_IMPLEMENTED) {
        char packing[NWC__TEXT];
        nwc__grib_text(handle, "packingType", packing);
        return nwc__fail(NWC_ERR_UNSUPPORTED, "packing \"%s\", which this ecCodes was built without", packing);
    }
    if (error != CODES_SUCCESS)
        return nwc__fail(NWC_ERR_FORMAT, "ecCodes cannot unpack it: %s", codes_get_error_message(error));
    for (int64_t p = 0; p < count; p++)
        if (!(values[p] < MISSING)) values[p] = NAN;
    return NWC_OK;
}
#endif
