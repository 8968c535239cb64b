/*
 * Fields as GRIB 2 messages, by ecCodes: templates 4.0 and 4.8 (a time, an interval), 4.1 and 4.11 (members), 4.5 and 4.9
 * (probabilities), 4.6 and 4.10 (percentiles), 3.0, 3.10, 3.20 and 3.30 (grids).
 *
 * Values are packed simply: with ecCodes 2.28 other packings lose values in some order of keys. Every message is decoded again
 * and compared before it is written. NaN, which ecCodes would store as the least value, becomes a point of the bitmap.
 */
#include "io/writer.h"

#ifdef NWC__HAVE_ECCODES
#include "io/grib.h"
#include "radar/format/cf_projection.h"

#include <errno.h>
#include <stdio.h>

enum {
    BITS = 16,
    MOST_SETTINGS = 64,
    NOWCAST = 14,
    OBSERVATION = 8,
    WHOLE = 255,
    ABOVE_SEA = 102,
    ABOVE_GROUND = 103,
    ALONG_GRID = 0x08
};

#define MISSING (-1e34)

struct state {
    nwc_ctx *memory;
    FILE *file;
    long centre, sub_centre;
};

/* What quantities are in GRIB: cells are multiplied by factor. */
static const struct parameter {
    const char *quantity, *units;
    int discipline, category, number;
    double factor;
    int level_type;
    bool interval; /* an amount, accumulated */
} parameters[] = {
    {"RATE", "mm h-1", 0, 1, 7, 1.0 / 3600.0, 1, false},
    {"ACRR", "mm", 0, 1, 8, 1.0, 1, true},
    {"DBZH", "dBZ", 0, 16, 5, 1.0, 10, false},
    {"VIL", "kg m-2", 0, 15, 3, 1.0, 10, false},
};

/* Keys and numbers, in the order they are to be set. */
struct settings {
    struct {
        const char *key;
        long value;
    } each[MOST_SETTINGS];
    int n;
};

static void set(struct settings *settings, const char *key, double value)
{
    if (settings->n < MOST_SETTINGS) {
        settings->each[settings->n].key = key;
        settings->each[settings->n++].value = lround(value);
    }
}

/* ---- parameter ---- */

static nwc_status find_parameter(const nwc_layer *layer, struct parameter *found)
{
    const char *const quantity = layer->quantity ? layer->quantity : "";
    int d, c, n, length = 0;
    for (size_t p = 0; p < sizeof parameters / sizeof parameters[0]; p++)
        if (strcmp(parameters[p].quantity, quantity) == 0) {
            *found = parameters[p];
            if (!layer->event && strcmp(layer->field.units, found->units) != 0)
                return nwc__fail(NWC_ERR_ARG, "layer.field.units: %s expected for %s, %s given", found->units, quantity,
                                 layer->field.units);
            if (found->interval && layer->duration_s <= 0.0)
                return nwc__fail(NWC_ERR_ARG, "layer.duration_s: the time %s fell in expected", quantity);
            return NWC_OK;
        }
    if (sscanf(quantity, "%3d-%3d-%3d%n", &d, &c, &n, &length) == 3 && !quantity[length] && d >= 0 && c >= 0 &&
        n >= 0 && d < WHOLE && c < WHOLE && n < WHOLE) {
        *found = (struct parameter){quantity, "", d, c, n, 1.0, 1, layer->duration_s > 0.0};
        return NWC_OK;
    }
    return nwc__fail(
        NWC_ERR_UNSUPPORTED,
        "layer.quantity: RATE, ACRR, DBZH, VIL or \"discipline-category-number\" expected for GRIB, \"%s\" given",
        quantity);
}

/* ---- grid ---- */

static double number_of(const struct nwc__cf_mapping *mapping, const char *name, int which)
{
    for (int n = 0; n < mapping->n; n++)
        if (strcmp(mapping->number[n].name, name) == 0)
            return which < mapping->number[n].n ? mapping->number[n].value[which] : (double)NAN;
    return (double)NAN;
}

static double given_or(double given, double otherwise)
{
    return isnan(given) ? otherwise : given;
}

static nwc_status set_earth(const struct nwc__cf_mapping *mapping, struct settings *settings)
{
    static const struct {
        long shape;
        double radius;
    } spheres[] = {{0, 6367470.0}, {6, 6371229.0}, {8, 6371200.0}};
    const double radius = number_of(mapping, "earth_radius", 0), a = number_of(mapping, "semi_major_axis", 0);
    const double rf = number_of(mapping, "inverse_flattening", 0), minor = number_of(mapping, "semi_minor_axis", 0);
    const double b = !isnan(minor) ? minor : rf > 0.0 ? a * (1.0 - 1.0 / rf) : a;
    const double sphere = isnan(radius) && a == b ? a : radius;
    if (a == 6378137.0 && fabs(rf - 298.257223563) < 1e-9) {
        set(settings, "shapeOfTheEarth", 5);
    } else if (a == 6378137.0 && fabs(rf - 298.257222101) < 1e-9) {
        set(settings, "shapeOfTheEarth", 4);
    } else if (!isnan(sphere)) {
        for (size_t s = 0; s < sizeof spheres / sizeof spheres[0]; s++)
            if (sphere == spheres[s].radius) {
                set(settings, "shapeOfTheEarth", (double)spheres[s].shape);
                return NWC_OK;
            }
        set(settings, "shapeOfTheEarth", 1);
        set(settings, "scaleFactorOfRadiusOfSphericalEarth", 1);
        set(settings, "scaledValueOfRadiusOfSphericalEarth", 10.0 * sphere);
    } else if (!isnan(a)) {
        set(settings, "shapeOfTheEarth", 7);
        set(settings, "scaleFactorOfEarthMajorAxis", 2);
        set(settings, "scaledValueOfEarthMajorAxis", 100.0 * a);
        set(settings, "scaleFactorOfEarthMinorAxis", 2);
        set(settings, "scaledValueOfEarthMinorAxis", 100.0 * b);
    } else
        return nwc__fail(NWC_ERR_UNSUPPORTED, "grid: the figure of the Earth is not known");
    return NWC_OK;
}

static double around(double longitude)
{
    return longitude - 360.0 * floor(longitude / 360.0);
}

static nwc_status set_latlon(const nwc_grid *grid, struct settings *settings)
{
    const double x_last = grid->x_first + (double)(grid->nx - 1) * grid->dx;
    const double y_last = grid->y_first + (double)(grid->ny - 1) * grid->dy;
    const bool exact = fabs(remainder(1e6 * grid->dx, 1.0)) < 1e-3 && fabs(remainder(1e6 * grid->dy, 1.0)) < 1e-3;
    set(settings, "latitudeOfFirstGridPoint", 1e6 * grid->y_first);
    set(settings, "longitudeOfFirstGridPoint", 1e6 * around(grid->x_first));
    set(settings, "latitudeOfLastGridPoint", 1e6 * y_last);
    set(settings, "longitudeOfLastGridPoint", 1e6 * around(x_last));
    /* Steps that are no whole number of millionths are those between the end points. */
    set(settings, "resolutionAndComponentFlags", exact ? 0x30 : 0);
    set(settings, "iDirectionIncrement", exact ? 1e6 * grid->dx : (double)CODES_MISSING_LONG);
    set(settings, "jDirectionIncrement", exact ? 1e6 * grid->dy : (double)CODES_MISSING_LONG);
    return NWC_OK;
}

static nwc_status set_grid(const nwc_grid *grid, struct settings *settings)
{
    struct nwc__cf_mapping mapping;
    double lon, lat;
    nwc__cf_from_proj(grid->projection, &mapping);
    const char *const name = mapping.name ? mapping.name : "";
    const double parallel = number_of(&mapping, "standard_parallel", 0);
    const double other = given_or(number_of(&mapping, "standard_parallel", 1), parallel);
    const double scale = given_or(number_of(&mapping, "scale_factor_at_projection_origin", 0), 1.0);
    const bool degrees = strcmp(name, "latitude_longitude") == 0, cone = strcmp(name, "lambert_conformal_conic") == 0;
    const bool polar = strcmp(name, "polar_stereographic") == 0, mercator = strcmp(name, "mercator") == 0;
    if (!(degrees || cone || polar || mercator) || scale != 1.0 || (cone && isnan(parallel)))
        return nwc__fail(
            NWC_ERR_UNSUPPORTED,
            "grid: latitude and longitude, Lambert, polar stereographic or Mercator expected for GRIB, \"%s\" given",
            grid->projection);
    set(settings, "gridDefinitionTemplateNumber", degrees ? 0 : mercator ? 10 : polar ? 20 : 30);
    NWC__TRY(set_earth(&mapping, settings));
    set(settings, degrees || mercator ? "Ni" : "Nx", (double)grid->nx);
    set(settings, degrees || mercator ? "Nj" : "Ny", (double)grid->ny);
    set(settings, "scanningMode", 0x40); /* rows from the south */
    if (degrees) return set_latlon(grid, settings);
    NWC__TRY(nwc_grid_to_lonlat(NULL, grid, 1, &grid->x_first, &grid->y_first, &lon, &lat));
    set(settings, "latitudeOfFirstGridPoint", 1e6 * lat);
    set(settings, "longitudeOfFirstGridPoint", 1e6 * around(lon));
    if (mercator) {
        const double x = grid->x_first + (double)(grid->nx - 1) * grid->dx;
        const double y = grid->y_first + (double)(grid->ny - 1) * grid->dy;
        NWC__TRY(nwc_grid_to_lonlat(NULL, grid, 1, &x, &y, &lon, &lat));
        set(settings, "LaD", 1e6 * given_or(parallel, 0.0));
        set(settings, "latitudeOfLastGridPoint", 1e6 * lat);
        set(settings, "longitudeOfLastGridPoint", 1e6 * around(lon));
        set(settings, "Di", 1e3 * grid->dx), set(settings, "Dj", 1e3 * grid->dy);
        return NWC_OK;
    }
    const double south = number_of(&mapping, "latitude_of_projection_origin", 0) < 0.0;
    set(settings, "LaD", 1e6 * (cone ? parallel : given_or(parallel, south != 0.0 ? -90.0 : 90.0)));
    if (cone) {
        set(settings, "LoV", 1e6 * around(given_or(number_of(&mapping, "longitude_of_central_meridian", 0), 0.0)));
        set(settings, "Latin1", 1e6 * parallel), set(settings, "Latin2", 1e6 * other);
    } else
        set(settings, "orientationOfTheGrid",
            1e6 * around(given_or(number_of(&mapping, "straight_vertical_longitude_from_pole", 0), 0.0)));
    set(settings, "projectionCentreFlag", (cone ? parallel < 0.0 : south != 0.0) ? 0x80 : 0);
    set(settings, "Dx", 1e3 * grid->dx), set(settings, "Dy", 1e3 * grid->dy);
    return NWC_OK;
}

/* ---- times, members, probabilities ---- */

/* Year to second. */
static void set_time(struct settings *settings, const char *const keys[6], int64_t time_ns)
{
    int32_t civil[6];
    nwc__time_to_civil(time_ns, civil);
    for (int k = 0; k < 6; k++) set(settings, keys[k], civil[k]);
}

/* A number as a whole one of a power of ten: exact where it can be, else of as many digits as fit. */
static void set_scaled(struct settings *settings, const char *scale_key, const char *value_key, double number)
{
    int power = 0;
    double scaled = number;
    while (power < 9 && fabs(scaled * 10.0) < 2e9 && fabs(scaled - rint(scaled)) > 1e-9 * fabs(scaled)) {
        power++;
        scaled = number * pow(10.0, power);
    }
    set(settings, scale_key, power), set(settings, value_key, scaled);
}

static int template_of(const nwc_layer *layer, bool interval)
{
    if (layer->event) return interval ? 9 : 5;
    if (layer->percentile) return interval ? 10 : 6;
    if (layer->members) return interval ? 11 : 1;
    return interval ? 8 : 0;
}

static nwc_status set_product(const nwc_layer *layer, const struct parameter *parameter, struct settings *settings)
{
    static const char *const reference_keys[6] = {"year", "month", "day", "hour", "minute", "second"};
    static const char *const end_keys[6] = {"yearOfEndOfOverallTimeInterval",   "monthOfEndOfOverallTimeInterval",
                                            "dayOfEndOfOverallTimeInterval",    "hourOfEndOfOverallTimeInterval",
                                            "minuteOfEndOfOverallTimeInterval", "secondOfEndOfOverallTimeInterval"};
    static const int processing[] = {
        [NWC_STATISTIC_SUM] = 1, [NWC_STATISTIC_MEAN] = 0, [NWC_STATISTIC_MAX] = 2, [NWC_STATISTIC_MIN] = 3};
    const bool interval = layer->duration_s > 0.0, forecast = layer->reference_ns != layer->time_ns;
    const int64_t second = 1000000000, length = (int64_t)llround(layer->duration_s) * second;
    const int64_t start = layer->time_ns - length, reference = forecast ? layer->reference_ns : start;
    const int64_t lead = start - reference;
    if (lead % second || reference % second || layer->time_ns % second || layer->time_ns < 0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "layer: GRIB holds whole seconds of times after 1970");
    if (lead < 0 || lead / second > INT32_MAX)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "layer: an interval that begins %lld s after the forecast does",
                         (long long)(lead / second));
    const bool minutes = lead % (60 * second) == 0 && length % (60 * second) == 0;
    const int64_t unit = minutes ? 60 * second : second;
    const int template = template_of(layer, interval);
    set(settings, "significanceOfReferenceTime", forecast ? 1 : 3);
    set_time(settings, reference_keys, reference);
    set(settings, "productionStatusOfProcessedData", 0);
    set(settings, "typeOfProcessedData", forecast ? layer->members ? 4 : 1 : 0);
    set(settings, "productDefinitionTemplateNumber", template);
    set(settings, "parameterCategory", parameter->category), set(settings, "parameterNumber", parameter->number);
    set(settings, "typeOfGeneratingProcess", forecast ? NOWCAST : OBSERVATION);
    set(settings, "indicatorOfUnitOfTimeRange", minutes ? 0 : 13);
    set(settings, "forecastTime", (double)(lead / unit));
    const bool above_ground = layer->above_ground_m > 0.0, above_sea = !above_ground && layer->height_m > 0.0;
    set(settings, "typeOfFirstFixedSurface",
        above_ground ? ABOVE_GROUND
        : above_sea  ? ABOVE_SEA
                     : parameter->level_type);
    if (above_ground || above_sea)
        set_scaled(settings, "scaleFactorOfFirstFixedSurface", "scaledValueOfFirstFixedSurface",
                   above_ground ? layer->above_ground_m : layer->height_m);
    set(settings, "typeOfSecondFixedSurface", WHOLE);
    if (layer->members) {
        set(settings, "typeOfEnsembleForecast", 3);
        set(settings, "perturbationNumber", layer->member);
        set(settings, "numberOfForecastsInEnsemble", layer->members);
    }
    if (layer->percentile) set(settings, "percentileValue", layer->percentile);
    if (layer->event) {
        const bool below = layer->event == NWC_EVENT_BELOW;
        set(settings, "forecastProbabilityNumber", 0), set(settings, "totalNumberOfForecastProbabilities", 1);
        set(settings, "probabilityType", below ? 0 : 3); /* both of the lower limit */
        set_scaled(settings, "scaleFactorOfLowerLimit", "scaledValueOfLowerLimit", layer->limit * parameter->factor);
    }
    if (!interval) return NWC_OK;
    set_time(settings, end_keys, layer->time_ns);
    set(settings, "numberOfTimeRange", 1);
    set(settings, "typeOfStatisticalProcessing", processing[layer->statistic]);
    set(settings, "typeOfTimeIncrement", 2);
    set(settings, "indicatorOfUnitForTimeRange", minutes ? 0 : 13);
    set(settings, "lengthOfTimeRange", (double)(length / unit));
    return NWC_OK;
}

/* ---- values ---- */

static nwc_status failed(const char *what, int error)
{
    return nwc__fail(error == CODES_OUT_OF_MEMORY ? NWC_ERR_NOMEM : NWC_ERR_INTERNAL, "ecCodes cannot set %s: %s", what,
                     codes_get_error_message(error));
}

/* The cells, contiguous from the south, in the unit of GRIB; how many are not known, and their reach. */
static int64_t gather(const nwc_layer *layer, double factor, double *values, double *least, double *most)
{
    const nwc_field *const field = &layer->field;
    const int64_t nx = field->dim[1];
    int64_t unknown = 0;
    *least = INFINITY, *most = -INFINITY;
    for (int64_t p = 0; p < field->dim[0] * nx; p++) {
        const double cell = (double)field->data[p / nx * field->stride[0] + p % nx * field->stride[1]];
        values[p] = isfinite(cell) ? cell * factor : MISSING;
        unknown += !isfinite(cell);
        if (isfinite(cell)) *least = fmin(*least, values[p]), *most = fmax(*most, values[p]);
    }
    return unknown;
}

/* What a reader will find differs by no more than the packing allows. */
static nwc_status verify(codes_handle *handle, const double *values, double *back, int64_t n, double least, double most)
{
    size_t count = (size_t)n;
    const int error = codes_get_double_array(handle, "values", back, &count);
    if (error != CODES_SUCCESS || count != (size_t)n) return failed("values: they do not come back", error);
    const double allowed = (most - least) / 65535.0 + 1e-6 * fmax(fabs(least), fabs(most));
    for (int64_t p = 0; p < n; p++) {
        const bool unknown = values[p] == MISSING;
        if (unknown ? back[p] != MISSING : !(fabs(back[p] - values[p]) <= allowed))
            return nwc__fail(NWC_ERR_INTERNAL, "ecCodes packed value %lld, %g, as %g", (long long)p, values[p],
                             back[p]);
    }
    return NWC_OK;
}

static nwc_status pack(const struct state *state, codes_handle *handle, const nwc_layer *layer, double factor)
{
    const int64_t n = layer->field.dim[0] * layer->field.dim[1];
    nwc_status status = NWC_OK;
    double *values = NULL, *back = NULL, least, most;
    int error;
    NWC__ALLOC(state->memory, values, n);
    NWC__ALLOC(state->memory, back, n);
    const int64_t unknown = gather(layer, factor, values, &least, &most);
    if ((error = codes_set_long(handle, "bitsPerValue", BITS)) != CODES_SUCCESS ||
        (error = codes_set_long(handle, "decimalScaleFactor", 0)) != CODES_SUCCESS ||
        (error = codes_set_double(handle, "missingValue", MISSING)) != CODES_SUCCESS ||
        (error = codes_set_long(handle, "bitmapPresent", unknown > 0)) != CODES_SUCCESS ||
        (error = codes_set_double_array(handle, "values", values, (size_t)n)) != CODES_SUCCESS)
        status = failed("values", error);
    else if (unknown < n)
        status = verify(handle, values, back, n, least, most);
done:
    nwc__free(state->memory, back);
    nwc__free(state->memory, values);
    return status;
}

/* ---- file ---- */

static nwc_status create(nwc_ctx *memory, const char *path, void **made)
{
    struct state *const state = nwc__alloc(memory, 1, sizeof *state);
    if (!state) return NWC_ERR_NOMEM;
    *state = (struct state){.memory = memory, .file = fopen(path, "wb"), .centre = WHOLE, .sub_centre = WHOLE};
    if (!state->file) {
        nwc__free(memory, state);
        return nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
    }
    *made = state;
    return NWC_OK;
}

static nwc_status add(void *of, const nwc_layer *layer, const char *name)
{
    (void)name; /* GRIB knows fields by numbers */
    struct state *const state = of;
    struct settings settings = {.n = 0};
    struct parameter parameter = {.units = NULL};
    NWC__TRY(find_parameter(layer, &parameter));
    if (!(layer->above_ground_m >= 0.0 && layer->above_ground_m < 1e5))
        return nwc__fail(NWC_ERR_ARG, "layer.above_ground_m: 0 to 100000 expected, %g given", layer->above_ground_m);
    if (!(layer->height_m >= 0.0 && layer->height_m < 1e5))
        return nwc__fail(NWC_ERR_ARG, "layer.height_m: 0 to 100000 expected, %g given", layer->height_m);
    if (layer->event && strcmp(layer->field.units, "1") != 0 && strcmp(layer->field.units, "%") != 0)
        return nwc__fail(NWC_ERR_ARG, "layer.field.units: 1 or %% expected for a probability, %s given",
                         layer->field.units);
    set(&settings, "discipline", parameter.discipline);
    set(&settings, "centre", (double)state->centre), set(&settings, "subCentre", (double)state->sub_centre);
    set(&settings, "tablesVersion", 15);
    NWC__TRY(set_product(layer, &parameter, &settings));
    NWC__TRY(set_grid(layer->field.grid, &settings));
    const bool component =
        parameter.discipline == 0 && parameter.category == 2 && (parameter.number == 2 || parameter.number == 3);
    if (component && !nwc_grid_is_latlon(layer->field.grid)) set(&settings, "resolutionAndComponentFlags", ALONG_GRID);
    codes_handle *const handle = codes_grib_handle_new_from_samples(NULL, "GRIB2");
    if (!handle) return nwc__fail(NWC_ERR_UNSUPPORTED, "ecCodes has no sample GRIB2");
    nwc_status status = NWC_OK;
    for (int s = 0; status == NWC_OK && s < settings.n; s++) {
        const long value = settings.each[s].value;
        const char *const key = settings.each[s].key;
        const int error =
            value == CODES_MISSING_LONG ? codes_set_missing(handle, key) : codes_set_long(handle, key, value);
        if (error != CODES_SUCCESS) status = failed(key, error);
    }
    const double factor = layer->event ? strcmp(layer->field.units, "1") == 0 ? 100.0 : 1.0 : parameter.factor;
    if (status == NWC_OK) status = pack(state, handle, layer, factor);
    const void *message = NULL;
    size_t length = 0;
    if (status == NWC_OK && codes_get_message(handle, &message, &length) != CODES_SUCCESS)
        status = nwc__fail(NWC_ERR_INTERNAL, "ecCodes does not give the message");
    if (status == NWC_OK && fwrite(message, 1, length, state->file) != length)
        status = nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
    codes_handle_delete(handle);
    return status;
}

static nwc_status attribute(void *of, const char *variable, const char *name, const char *text, double number)
{
    struct state *const state = of;
    if (variable || text) return NWC_OK;
    if (strcmp(name, "centre") == 0) state->centre = lround(number);
    if (strcmp(name, "subCentre") == 0) state->sub_centre = lround(number);
    return NWC_OK;
}

static nwc_status close_file(void *of)
{
    struct state *const state = of;
    const bool closed = fclose(state->file) == 0;
    nwc__free(state->memory, state);
    return closed ? NWC_OK : nwc__fail(NWC_ERR_IO, "%s", strerror(errno));
}

const struct nwc__write_format nwc__grib_format = {.ending = {".grib2", ".grb2"},
                                                   .members = true,
                                                   .events = true,
                                                   .create = create,
                                                   .add = add,
                                                   .attribute = attribute,
                                                   .close = close_file};
#endif
