/* GRIB written by nwc_writer, as ecCodes itself and our reader see it. */
#include "support/scratch.h"

#include <eccodes.h>

enum { NY = 3, NX = 4 };
static const int64_t noon = INT64_C(1559736000000000000), minute = INT64_C(60000000000); /* 2019-06-05 12:00 UTC */

static float cells[NY * NX];

static const nwc_grid conical = {.projection =
                                     "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=35 +lon_0=105 +x_0=1000 +R=6371229",
                                 .nx = NX,
                                 .ny = NY,
                                 .x_first = 300e3,
                                 .y_first = -100e3,
                                 .dx = 1000.0,
                                 .dy = 2000.0};

static int make_path(void **state)
{
    (void)state;
    for (int c = 0; c < NY * NX; c++) cells[c] = 3.6F * (float)c;
    cells[5] = NAN;
    return make_scratch_named("a.grib2");
}

static nwc_layer rate_on(const nwc_grid *grid)
{
    return (nwc_layer){.field = field_2d(cells, NY, NX, "mm h-1", grid),
                       .quantity = "RATE",
                       .time_ns = noon + 36 * minute,
                       .reference_ns = noon};
}

static nwc_status write_layers(nwc_ctx *ctx, const nwc_layer *layers, int n)
{
    nwc_writer *writer;
    nwc_status status = nwc_writer_create(ctx, scratch_path, &writer);
    if (status == NWC_OK) status = nwc_writer_number(writer, NULL, "centre", 38.0);
    for (int k = 0; k < n && status == NWC_OK; k++) status = nwc_writer_add(writer, &layers[k]);
    if (status == NWC_OK) status = nwc_writer_close(writer);
    nwc_writer_destroy(writer);
    return status;
}

static codes_handle *first_message(FILE **file)
{
    int error = 0;
    *file = fopen(scratch_path, "rb");
    assert_non_null(*file);
    codes_handle *const handle = codes_handle_new_from_file(NULL, *file, PRODUCT_GRIB, &error);
    assert_non_null(handle);
    return handle;
}

static void assert_key(codes_handle *handle, const char *key, long expected)
{
    long value = -999;
    assert_int_equal(codes_get_long(handle, key, &value), CODES_SUCCESS);
    if (value != expected) fail_msg("%s: %ld expected, %ld found", key, expected, value);
}

static void a_forecast_of_minutes_is_a_message_of_template_0(void **state)
{
    (void)state;
    FILE *file;
    const nwc_layer layer = rate_on(&conical);
    assert_ok(write_layers(NULL, &layer, 1));
    codes_handle *const handle = first_message(&file);
    const struct {
        const char *key;
        long value;
    } keys[] = {{"edition", 2},
                {"discipline", 0},
                {"centre", 38},
                {"significanceOfReferenceTime", 1},
                {"dataDate", 20190605},
                {"dataTime", 1200},
                {"productDefinitionTemplateNumber", 0},
                {"parameterCategory", 1},
                {"parameterNumber", 7},
                {"typeOfGeneratingProcess", 14},
                {"indicatorOfUnitOfTimeRange", 0},
                {"forecastTime", 36},
                {"typeOfFirstFixedSurface", 1},
                {"gridDefinitionTemplateNumber", 30},
                {"shapeOfTheEarth", 6},
                {"Latin1", 30000000},
                {"Latin2", 60000000},
                {"LoV", 105000000},
                {"Dx", 1000000},
                {"Dy", 2000000},
                {"jScansPositively", 1},
                {"uvRelativeToGrid", 0},
                {"bitsPerValue", 16},
                {"numberOfMissing", 1},
                {"validityTime", 1236}};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) assert_key(handle, keys[k].key, keys[k].value);
    double values[NY * NX];
    size_t n = NY * NX;
    codes_set_double(handle, "missingValue", -1.0);
    assert_int_equal(codes_get_double_array(handle, "values", values, &n), CODES_SUCCESS);
    for (int c = 0; c < NY * NX; c++) assert_near(values[c], c == 5 ? -1.0 : 0.001 * c, 2e-7);
    codes_handle_delete(handle);
    fclose(file);
}

/* Components of wind lie along the grid's axes, on levels to a part of a metre. */
static void wind_lies_along_the_grid_at_its_height(void **state)
{
    (void)state;
    const struct {
        const char *quantity;
        double above_ground, above_sea;
        long surface, factor, value, along;
    } cases[] = {{"0-2-2", 100.0, 0.0, 103, 0, 100, 1},
                 {"0-2-3", 62.5, 0.0, 103, 1, 625, 1},
                 {"0-2-22", 10.0, 2000.0, 103, 0, 10, 0},
                 {"0-2-9", 0.0, 1250.5, 102, 1, 12505, 0}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        FILE *file;
        nwc_layer layer = rate_on(&conical);
        layer.quantity = cases[n].quantity, layer.field.units = "m s-1";
        layer.above_ground_m = cases[n].above_ground, layer.height_m = cases[n].above_sea;
        assert_ok(write_layers(NULL, &layer, 1));
        codes_handle *const handle = first_message(&file);
        assert_key(handle, "typeOfFirstFixedSurface", cases[n].surface);
        assert_key(handle, "scaleFactorOfFirstFixedSurface", cases[n].factor);
        assert_key(handle, "scaledValueOfFirstFixedSurface", cases[n].value);
        assert_key(handle, "uvRelativeToGrid", cases[n].along);
        codes_handle_delete(handle);
        fclose(file);
    }
    nwc_layer layer = rate_on(&conical);
    layer.above_ground_m = NAN;
    assert_fails(NWC_ERR_ARG, "above_ground_m", write_layers(NULL, &layer, 1));
    layer.above_ground_m = 0.0, layer.height_m = -10.0;
    assert_fails(NWC_ERR_ARG, "height_m", write_layers(NULL, &layer, 1));
}

static void amounts_members_and_probabilities_have_their_templates(void **state)
{
    (void)state;
    nwc_layer layers[6];
    for (int k = 0; k < 6; k++) layers[k] = rate_on(&conical);
    layers[0].quantity = "ACRR", layers[0].field.units = "mm", layers[0].duration_s = 600.0;
    layers[1].members = 20, layers[1].member = 7;
    layers[2].event = NWC_EVENT_AT_LEAST, layers[2].limit = 20.0, layers[2].field.units = "%";
    layers[3] = layers[0], layers[3].event = NWC_EVENT_BELOW, layers[3].limit = 2.5, layers[3].field.units = "1";
    layers[4] = layers[0], layers[4].members = 2, layers[4].member = 1;
    layers[5].quantity = "0-2-22", layers[5].field.units = "m s-1", layers[5].time_ns = noon + minute / 2;
    const long templates[6] = {8, 1, 5, 9, 11, 0};
    assert_ok(write_layers(NULL, layers, 6));
    FILE *file;
    codes_handle *handle = first_message(&file);
    for (int k = 0; k < 6; k++) {
        int error = 0;
        if (k) handle = codes_handle_new_from_file(NULL, file, PRODUCT_GRIB, &error);
        assert_non_null(handle);
        assert_key(handle, "productDefinitionTemplateNumber", templates[k]);
        if (k == 0 || k == 3 || k == 4) {
            assert_key(handle, "forecastTime", 26);
            assert_key(handle, "hourOfEndOfOverallTimeInterval", 12);
            assert_key(handle, "minuteOfEndOfOverallTimeInterval", 36);
            assert_key(handle, "lengthOfTimeRange", 10);
            assert_key(handle, "typeOfStatisticalProcessing", 1);
        }
        if (k == 1) assert_key(handle, "perturbationNumber", 7), assert_key(handle, "numberOfForecastsInEnsemble", 20);
        if (k == 2 || k == 3) {
            long scale = 0, value = 0;
            assert_key(handle, "probabilityType", k == 2 ? 3 : 0);
            codes_get_long(handle, "scaleFactorOfLowerLimit", &scale);
            codes_get_long(handle, "scaledValueOfLowerLimit", &value);
            assert_near((double)value * pow(10.0, (double)-scale), k == 2 ? 20.0 / 3600.0 : 2.5, 1e-9);
            double most = 0.0;
            codes_get_double(handle, "max", &most);
            assert_near(most, k == 2 ? 3.6 * 11 : 360.0 * 11, 0.01); /* of 1 come those of 100 % */
        }
        if (k == 5) {
            assert_key(handle, "indicatorOfUnitOfTimeRange", 13);
            assert_key(handle, "forecastTime", 30);
            assert_key(handle, "parameterNumber", 22);
        }
        codes_handle_delete(handle);
    }
    fclose(file);
}

static void statistics_and_percentiles_have_their_numbers(void **state)
{
    (void)state;
    nwc_layer layers[5];
    for (int k = 0; k < 5; k++) layers[k] = rate_on(&conical), layers[k].duration_s = 600.0;
    layers[0].statistic = NWC_STATISTIC_MEAN, layers[1].statistic = NWC_STATISTIC_MAX;
    layers[2].statistic = NWC_STATISTIC_MIN, layers[3].percentile = 90, layers[4].percentile = 10;
    layers[4].duration_s = 0.0;
    const long templates[] = {8, 8, 8, 10, 6}, processing[] = {0, 2, 3, 1, -1};
    assert_ok(write_layers(NULL, layers, 5));
    FILE *file;
    codes_handle *handle = first_message(&file);
    for (int k = 0; k < 5; k++) {
        int error = 0;
        if (k) handle = codes_handle_new_from_file(NULL, file, PRODUCT_GRIB, &error);
        assert_non_null(handle);
        assert_key(handle, "productDefinitionTemplateNumber", templates[k]);
        if (processing[k] >= 0) assert_key(handle, "typeOfStatisticalProcessing", processing[k]);
        if (k == 3) assert_key(handle, "percentileValue", 90), assert_key(handle, "lengthOfTimeRange", 10);
        if (k == 4) assert_key(handle, "percentileValue", 10), assert_key(handle, "forecastTime", 36);
        codes_handle_delete(handle);
    }
    fclose(file);
    layers[0].statistic = 4;
    assert_fails(NWC_ERR_ARG, "statistic", write_layers(NULL, layers, 1));
    layers[3].percentile = 100;
    assert_fails(NWC_ERR_ARG, "percentile: 0 to 99", write_layers(NULL, &layers[3], 1));
    layers[3].percentile = 50, layers[3].members = 2;
    assert_fails(NWC_ERR_ARG, "percentile", write_layers(NULL, &layers[3], 1));
}

static void every_grid_comes_back_where_it_was(void **state)
{
    (void)state;
    static const nwc_grid grids[] = {{.projection = "+proj=longlat +ellps=WGS84",
                                      .nx = NX,
                                      .ny = NY,
                                      .x_first = -1.25,
                                      .y_first = 50.0,
                                      .dx = 0.5,
                                      .dy = 0.25},
                                     {.projection = "+proj=longlat +a=6378000 +b=6356000",
                                      .nx = NX,
                                      .ny = NY,
                                      .x_first = 10.0,
                                      .y_first = -5.0,
                                      .dx = 1.0 / 120,
                                      .dy = 1.0 / 60},
                                     {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=25 +ellps=GRS80",
                                      .nx = NX,
                                      .ny = NY,
                                      .x_first = 1e5,
                                      .y_first = -3.2e6,
                                      .dx = 999.674,
                                      .dy = 999.628},
                                     {.projection = "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +R=6367470",
                                      .nx = NX,
                                      .ny = NY,
                                      .x_first = 1e5,
                                      .y_first = 1.2e6,
                                      .dx = 5000.0,
                                      .dy = 5000.0},
                                     {.projection = "+proj=merc +lat_ts=20 +lon_0=100 +R=6371200",
                                      .nx = NX,
                                      .ny = NY,
                                      .x_first = 1e6,
                                      .y_first = 2e6,
                                      .dx = 5000.0,
                                      .dy = 5000.0},
                                     {.projection = "+proj=lcc +lat_1=-30 +lat_0=-30 +lon_0=150 +R=6370000",
                                      .nx = NX,
                                      .ny = NY,
                                      .x_first = 1e5,
                                      .y_first = 2e5,
                                      .dx = 5000.0,
                                      .dy = 5000.0}};
    for (size_t g = 0; g < sizeof grids / sizeof grids[0]; g++) {
        const nwc_layer layer = rate_on(&grids[g]);
        nwc_model *model;
        nwc_model_entry entry;
        double lon[NY * NX], lat[NY * NX];
        float back[NY * NX];
        nwc_field field = field_2d(back, NY, NX, NULL, NULL);
        assert_ok(write_layers(NULL, &layer, 1));
        assert_ok(nwc_model_open(NULL, (const char *const[]){scratch_path}, 1, NULL, &model));
        assert_ok(nwc_model_entry_at(model, 0, &entry));
        assert_true(entry.time_ns == layer.time_ns && entry.reference_ns == layer.reference_ns);
        assert_ok(nwc_model_lonlat(NULL, model, 0, lon, lat));
        assert_ok(nwc_model_read(NULL, model, 0, &field));
        for (int c = 0; c < NY * NX; c++) {
            double x = grids[g].x_first + grids[g].dx * (c % NX), y = grids[g].y_first + grids[g].dy * (c / NX);
            assert_ok(nwc_grid_to_lonlat(NULL, &grids[g], 1, &x, &y, &x, &y));
            assert_near(lon[c], x, 2e-5);
            assert_near(lat[c], y, 2e-5);
            if (c == 5)
                assert_true(isnan(back[c]));
            else
                assert_near(back[c], cells[c] / 3600.0, 2e-7);
        }
        nwc_model_destroy(model);
    }
}

static void constant_and_unknown_fields_come_back(void **state)
{
    (void)state;
    for (int unknown = 0; unknown < 2; unknown++) {
        float same[NY * NX], back[NY * NX];
        for (int c = 0; c < NY * NX; c++) same[c] = unknown ? NAN : 7.2F;
        nwc_layer layer = rate_on(&conical);
        layer.field = field_2d(same, NY, NX, "mm h-1", &conical);
        nwc_model *model;
        nwc_field field = field_2d(back, NY, NX, NULL, NULL);
        assert_ok(write_layers(NULL, &layer, 1));
        assert_ok(nwc_model_open(NULL, (const char *const[]){scratch_path}, 1, NULL, &model));
        assert_ok(nwc_model_read(NULL, model, 0, &field));
        for (int c = 0; c < NY * NX; c++)
            if (unknown)
                assert_true(isnan(back[c]));
            else
                assert_near(back[c], 0.002, 1e-9);
        nwc_model_destroy(model);
    }
}

static void an_observed_amount_starts_where_its_interval_does(void **state)
{
    (void)state;
    nwc_layer layer = rate_on(&conical);
    layer.quantity = "ACRR", layer.field.units = "mm", layer.duration_s = 3600.0;
    layer.reference_ns = layer.time_ns = noon;
    nwc_model *model;
    nwc_model_entry entry;
    assert_ok(write_layers(NULL, &layer, 1));
    assert_ok(nwc_model_open(NULL, (const char *const[]){scratch_path}, 1, NULL, &model));
    assert_ok(nwc_model_entry_at(model, 0, &entry));
    assert_true(entry.time_ns == noon && entry.start_ns == noon - 60 * minute && entry.reference_ns == entry.start_ns);
    assert_string_equal(entry.statistic, "accum");
    nwc_model_destroy(model);
}

static void what_grib_has_no_place_for_is_refused(void **state)
{
    (void)state;
    nwc_layer layer = rate_on(&conical);
    layer.quantity = "QIND";
    assert_fails(NWC_ERR_UNSUPPORTED, "\"QIND\" given", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.field.units = "m s-1";
    assert_fails(NWC_ERR_ARG, "mm h-1 expected for RATE", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.quantity = "ACRR", layer.field.units = "mm";
    assert_fails(NWC_ERR_ARG, "layer.duration_s", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.members = 3, layer.member = 3;
    assert_fails(NWC_ERR_ARG, "layer.member: 0 to 2", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.event = NWC_EVENT_BELOW, layer.limit = 1.0;
    assert_fails(NWC_ERR_ARG, "1 or % expected for a probability", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.event = NWC_EVENT_BELOW, layer.limit = NAN;
    assert_fails(NWC_ERR_ARG, "layer.event", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.time_ns += 1;
    assert_fails(NWC_ERR_UNSUPPORTED, "whole seconds", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.duration_s = 3600.0, layer.quantity = "0-1-8";
    assert_fails(NWC_ERR_UNSUPPORTED, "begins -1440 s after", write_layers(NULL, &layer, 1));
    nwc_grid other = conical;
    other.projection = "+proj=tmerc +lat_0=35 +lon_0=105 +R=6371229";
    layer = rate_on(&other);
    assert_fails(NWC_ERR_UNSUPPORTED, "+proj=tmerc", write_layers(NULL, &layer, 1));
    layer = rate_on(&conical), layer.members = 2;
    nwc_writer *writer;
    assert_ok(nwc_writer_create(NULL, "/tmp/nowcast_member.tif", &writer));
    assert_fails(NWC_ERR_UNSUPPORTED, "no place in this format for members", nwc_writer_add(writer, &layer));
    layer.members = 0, layer.event = NWC_EVENT_BELOW, layer.limit = 1.0;
    assert_fails(NWC_ERR_UNSUPPORTED, "no place in this format for probabilities", nwc_writer_add(writer, &layer));
    nwc_writer_destroy(writer);
}

static nwc_status write_one(nwc_ctx *ctx, void *user)
{
    return write_layers(ctx, user, 1);
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    nwc_layer layer = rate_on(&conical);
    assert_true(check_every_allocation_failure(write_one, &layer) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forecast_of_minutes_is_a_message_of_template_0),
        cmocka_unit_test(wind_lies_along_the_grid_at_its_height),
        cmocka_unit_test(amounts_members_and_probabilities_have_their_templates),
        cmocka_unit_test(statistics_and_percentiles_have_their_numbers),
        cmocka_unit_test(every_grid_comes_back_where_it_was),
        cmocka_unit_test(constant_and_unknown_fields_come_back),
        cmocka_unit_test(an_observed_amount_starts_where_its_interval_does),
        cmocka_unit_test(what_grib_has_no_place_for_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}
