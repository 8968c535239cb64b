/* Reading gridded files: facts of a composite, damage of every kind, limits, allocation. */
#include "core/internal.h"
#include "support/read_raster.h"

#include <bzlib.h>
#include <zlib.h>

enum { NY = 3, NX = 4, HEAD = 512 };

static const char head[] = "P5\n# obstime 201609281600\n# metersperpixel_x 999.674053\n# metersperpixel_y 999.62859\n"
                           "# projection radar {\n# type stereographic\n# centrallongitude 25\n# centrallatitude 90\n"
                           "# truelatitude 60\n# bottomleft 18.600000 57.930000\n# }\n4 3\n255\n";
static const uint8_t codes[NY * NX] = {0, 64, 255, 84, 1, 2, 3, 4, 100, 120, 140, 254};

static size_t composite(uint8_t *bytes)
{
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + sizeof head - 1, codes, sizeof codes);
    return sizeof head - 1 + sizeof codes;
}

static void check_composite(void)
{
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_string_equal(nwc_raster_format(raster), "PGM");
    assert_int_equal(nwc_raster_count(raster), 1);
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "DBZH");
    assert_string_equal(layer.field.units, "dBZ");
    assert_true(layer.time_ns == INT64_C(1475078400000000000)); /* 2016-09-28 16:00 UTC */
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            const uint8_t code = codes[(NY - 1 - j) * NX + i]; /* the file is north first */
            const double value = (double)layer.field.data[j * layer.field.stride[0] + i * layer.field.stride[1]];
            if (code == 255)
                assert_true(isnan(value));
            else
                assert_near(value, code == 0 ? -32.0 : 0.5 * (code - 64), 0.0);
        }
    double lon, lat;
    const nwc_grid *const grid = layer.field.grid;
    const double west = grid->x_first - 0.5 * grid->dx, south = grid->y_first - 0.5 * grid->dy;
    assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &west, &south, &lon, &lat));
    assert_near(lon, 18.6, 1e-9);
    assert_near(lat, 57.93, 1e-9);
    assert_fails(NWC_ERR_ARG, "index", nwc_raster_layer(raster, 1, &layer));
    nwc_raster_destroy(raster);
}

static void a_composite_has_its_values_time_and_place(void **state)
{
    (void)state;
    uint8_t bytes[HEAD];
    put_scratch(bytes, composite(bytes));
    check_composite();
}

static void compression_is_looked_through(void **state)
{
    (void)state;
    uint8_t bytes[HEAD];
    const size_t size = composite(bytes);
    gzFile gz = gzopen(scratch_path, "wb"); /* two members */
    assert_int_equal(gzwrite(gz, bytes, 100), 100);
    gzclose(gz);
    gz = gzopen(scratch_path, "ab");
    assert_int_equal(gzwrite(gz, bytes + 100, (unsigned)(size - 100)), size - 100);
    gzclose(gz);
    check_composite();

    char packed[2 * HEAD];
    unsigned length = sizeof packed;
    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &length, (char *)bytes, (unsigned)size, 9, 0, 0), BZ_OK);
    put_scratch(packed, length);
    check_composite();
}

static void every_truncation_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    uint8_t bytes[HEAD], packed[2 * HEAD];
    const size_t size = composite(bytes);
    nwc_raster *raster;
    for (size_t n = 0; n < size; n++) {
        put_scratch(bytes, (int64_t)n);
        assert_fails(n < 2 ? (n ? NWC_ERR_UNSUPPORTED : NWC_ERR_FORMAT) : NWC_ERR_FORMAT, scratch_path,
                     nwc_raster_open(NULL, scratch_path, NULL, &raster));
        assert_null(raster);
    }
    gzFile gz = gzopen(scratch_path, "wb");
    gzwrite(gz, bytes, (unsigned)size);
    gzclose(gz);
    const int64_t length = get_scratch(packed, sizeof packed);
    for (int64_t n = 2; n < length; n++) {
        put_scratch(packed, n);
        assert_fails(NWC_ERR_FORMAT, scratch_path, nwc_raster_open(NULL, scratch_path, NULL, &raster));
    }
    unsigned most = sizeof packed;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed, &most, (char *)bytes, (unsigned)size, 9, 0, 0), BZ_OK);
    for (size_t n = 3; n < most; n++) {
        put_scratch(packed, n);
        assert_fails(NWC_ERR_FORMAT, scratch_path, nwc_raster_open(NULL, scratch_path, NULL, &raster));
    }
}

static void any_changed_byte_gives_a_raster_or_an_error(void **state)
{
    (void)state;
    uint8_t bytes[HEAD];
    const size_t size = composite(bytes);
    for (size_t n = 0; n < sizeof head - 1; n++)
        for (int bit = 0; bit < 8; bit++) {
            nwc_raster *raster;
            bytes[n] ^= (uint8_t)(1 << bit);
            put_scratch(bytes, size);
            const nwc_status status = nwc_raster_open(NULL, scratch_path, NULL, &raster);
            assert_true((status == NWC_OK) == (raster != NULL));
            nwc_raster_destroy(raster);
            bytes[n] ^= (uint8_t)(1 << bit);
        }
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    nwc_raster *raster;
    assert_fails(NWC_ERR_IO, "/nowhere/at/all: ", nwc_raster_open(NULL, "/nowhere/at/all", NULL, &raster));
    assert_fails(NWC_ERR_IO, "directory", nwc_raster_open(NULL, "/tmp", NULL, &raster));
    assert_fails(NWC_ERR_ARG, "path", nwc_raster_open(NULL, NULL, NULL, &raster));
    assert_fails(NWC_ERR_ARG, "raster", nwc_raster_open(NULL, scratch_path, NULL, NULL));
    put_scratch("a text", 6);
    assert_fails(NWC_ERR_UNSUPPORTED, "not the beginning", nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_null(nwc_io_sniff("a text", 6));
    assert_string_equal(nwc_io_sniff("GRIB", 4), "GRIB");
    const char wide[] = "P5\n4000000000 4000000000\n255\n";
    put_scratch(wide, sizeof wide - 1);
    assert_fails(NWC_ERR_FORMAT, "cells along each axis", nwc_raster_open(NULL, scratch_path, NULL, &raster));
}

static void the_limit_holds(void **state)
{
    (void)state;
    uint8_t bytes[HEAD];
    const size_t size = composite(bytes);
    nwc_read_options options;
    nwc_raster *raster;
    nwc_read_options_init(&options);
    options.max_bytes = (int64_t)size - 1;
    put_scratch(bytes, size);
    assert_fails(NWC_ERR_NOMEM, "limit", nwc_raster_open(NULL, scratch_path, &options, &raster));
    gzFile gz = gzopen(scratch_path, "wb");
    const uint8_t zeros[HEAD] = {0};
    for (int n = 0; n < 1000; n++) gzwrite(gz, zeros, sizeof zeros);
    gzclose(gz);
    options.max_bytes = 100000;
    assert_fails(NWC_ERR_NOMEM, "limit", nwc_raster_open(NULL, scratch_path, &options, &raster));
    options.max_bytes = 0;
    assert_fails(NWC_ERR_ARG, "max_bytes", nwc_raster_open(NULL, scratch_path, &options, &raster));
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    uint8_t bytes[HEAD];
    put_scratch(bytes, composite(bytes));
    assert_true(check_every_failing_raster() > 5);
}

static void times_are_those_of_the_calendar(void **state)
{
    (void)state;
    int64_t ns;
    const int64_t s = INT64_C(1000000000);
    assert_true(nwc__time_from_digits("19700101", &ns) && ns == 0);
    assert_true(nwc__time_from_digits("20000229235959", &ns) && ns == INT64_C(951868799) * s);
    assert_true(nwc__time_from_digits("19691231235959", &ns) && ns == -s);
    char text[NWC__TIME_TEXT];
    nwc__time_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    nwc__time_text(INT64_C(951868799) * s + 999999999, text);
    assert_string_equal(text, "2000-02-29T23:59:59Z");
    nwc__time_text(INT64_MAX, text);
    assert_string_equal(text, "2262-04-11T23:47:16Z");
    const char *const wrong[] = {"20010229", "201613", "2016092824", "20160928160", "20160928160061", "x", ""};
    for (size_t k = 0; k + 1 < sizeof wrong / sizeof wrong[0]; k++)
        if (nwc__time_from_digits(wrong[k], &ns)) fail_msg("%s taken for a time", wrong[k]);
}

/* The composite of 16:00 in the facts of the data's README: 290490 cells with echo, maximum 50 dBZ. */
static void a_real_composite_has_the_known_facts(void **state)
{
    (void)state;
    const char *const real =
        real_data("composite/fmi-20160928/201609281600_fmi.radar.composite.lowest_FIN_SUOMI1.pgm.gz");
    if (!real) skip();
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, real, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_int_equal(layer.field.dim[0], 1226);
    assert_int_equal(layer.field.dim[1], 760);
    int64_t echo = 0, valid = 0, wet = 0;
    float most = -100.0F;
    for (int64_t j = 0; j < 1226; j++)
        for (int64_t i = 0; i < 760; i++) {
            const float value = layer.field.data[j * layer.field.stride[0] + i];
            echo += value > -32.0F, valid += !isnan(value), wet += value >= 10.0F;
            most = value > most ? value : most;
        }
    assert_int_equal(echo, 290490);
    assert_near(most, 50.0, 0.0);
    assert_near((double)wet / (double)valid, 0.285, 0.0005);
    const nwc_grid *const grid = layer.field.grid;
    const double east = grid->x_first + ((double)grid->nx - 0.5) * grid->dx;
    const double north = grid->y_first + ((double)grid->ny - 0.5) * grid->dy;
    double lon, lat;
    assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &east, &north, &lon, &lat));
    assert_near(lon, 34.903, 1e-3); /* topright of the file's own header */
    assert_near(lat, 69.005, 1e-3);
    nwc_raster_destroy(raster);
}

/* A real file whose first layer must have these facts of the data's README. */
static void check_real(const char *relative, const char *quantity, int64_t ny, int64_t nx, double most, int64_t unknown)
{
    const char *const real = real_data(relative);
    if (!real) skip();
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, real, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, quantity);
    assert_int_equal(layer.field.dim[0], ny);
    assert_int_equal(layer.field.dim[1], nx);
    double found = -1000.0;
    int64_t nans = 0;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const double value = (double)layer.field.data[j * layer.field.stride[0] + i];
            nans += isnan(value);
            found = fmax(found, value);
        }
    assert_near(found, most, 0.05);
    if (unknown >= 0) assert_int_equal(nans, unknown);
    if (nx == 7000) {
        assert_near(layer.field.grid->x_first, -129.995, 1e-6);
        assert_near(layer.field.grid->y_first, 20.005, 1e-6);
    }
    nwc_raster_destroy(raster);
}

static void a_real_grib2_rate_has_the_known_facts(void **state)
{
    (void)state;
    check_real("composite/mrms-20190610/PrecipRate_00.00_20190610-000000.grib2", "RATE", 3500, 7000, 148.8, -1);
}

static void a_real_grib1_amount_has_the_known_facts(void **state)
{
    (void)state;
    check_real("composite/stage4-20130522/ST4.2013052210.01h", "ACRR", 881, 1121, 165.13, 324909);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_composite_has_its_values_time_and_place),
        cmocka_unit_test(compression_is_looked_through),
        cmocka_unit_test(every_truncation_is_an_error_that_names_the_file),
        cmocka_unit_test(any_changed_byte_gives_a_raster_or_an_error),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(times_are_those_of_the_calendar),
        cmocka_unit_test(a_real_composite_has_the_known_facts),
        cmocka_unit_test(a_real_grib2_rate_has_the_known_facts),
        cmocka_unit_test(a_real_grib1_amount_has_the_known_facts),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
