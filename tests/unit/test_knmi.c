/* KNMI HDF5 composites made by the HDF5 library as the KNMI makes them: attributes are arrays of one, images are packed. */
#include "support/made_hdf5.h"
#include "support/read_raster.h"

enum { FULL_NY = 765, FULL_NX = 700, NY = 3, NX = 4 };

/* What a file lacks: one object or attribute, or NULL for none. */
static const char *lacking;

static bool has(const char *name)
{
    return !lacking || strcmp(lacking, name) != 0;
}

static void text(hid_t object, const char *name, const char *value)
{
    if (has(name)) put_text(object, name, value, false);
}

static void number(hid_t object, const char *name, float value)
{
    if (has(name)) put_float(object, name, value);
}

/* The code of a cell, row 0 in the north: all 256 of them, again and again. */
static int code_at(int64_t row, int64_t column)
{
    return (int)((row * 7 + column) % 256);
}

static void put_image(hid_t file, const char *name, const char *parameter, const char *formula, int ny, int nx)
{
    if (!has(name)) return;
    const hid_t image = put_group(file, name), calibration = put_group(image, "calibration");
    text(image, "image_geo_parameter", parameter);
    text(calibration, "calibration_formulas", formula);
    number(calibration, "calibration_missing_data", 0.0F);
    number(calibration, "calibration_out_of_image", 255.0F);
    if (has("image_data")) {
        uint8_t *const codes = malloc((size_t)ny * (size_t)nx);
        assert_non_null(codes);
        for (int64_t c = 0; c < (int64_t)ny * nx; c++) codes[c] = (uint8_t)code_at(c / nx, c % nx);
        const hsize_t dim[2] = {(hsize_t)ny, (hsize_t)nx};
        const hid_t space = H5Screate_simple(2, dim, NULL), packing = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(packing, 2, dim), H5Pset_deflate(packing, 6);
        const hid_t cells = H5Dcreate2(image, "image_data", H5T_STD_U8LE, space, H5P_DEFAULT, packing, H5P_DEFAULT);
        assert_true(H5Dwrite(cells, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes) >= 0);
        H5Dclose(cells), H5Pclose(packing), H5Sclose(space);
        free(codes);
    }
    H5Gclose(calibration), H5Gclose(image);
}

/* A file of images of reflectivity, of quality and of rain, the grid said to have said_ny rows. */
static void put_file(int ny, int nx, int said_ny)
{
    const hid_t file = H5Fcreate(scratch_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t overview = put_group(file, "overview"), geographic = put_group(file, "geographic");
    const hid_t mapping = put_group(geographic, "map_projection");
    text(overview, "product_datetime_start", "29-FEB-2020;23:55:00.000");
    text(overview, "product_datetime_end", "01-MAR-2020;00:00:00.000");
    text(mapping, "projection_proj4_params",
         "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.14 +b=6356.75 +x_0=0 y_0=0");
    number(geographic, "geo_number_columns", (float)nx), number(geographic, "geo_number_rows", (float)said_ny);
    number(geographic, "geo_pixel_size_x", 1.0000035F), number(geographic, "geo_pixel_size_y", -1.0000048F);
    number(geographic, "geo_column_offset", 0.0F), number(geographic, "geo_row_offset", 3649.982F);
    put_image(file, "image1", "REFLECTIVITY_[DBZ]", "GEO = 0.500000 * PV + -32.000000", ny, nx);
    put_image(file, "image2", "QUALITY_[-]", "GEO = 0.003937 * PV + 0.000000", ny, nx);
    put_image(file, "image3", "PRECIP_[MM]", "GEO=0.010000*PV+0.000000", ny, nx);
    H5Gclose(mapping), H5Gclose(geographic), H5Gclose(overview), H5Fclose(file);
}

static void each_image_of_weather_is_a_field(void **state)
{
    (void)state;
    put_file(FULL_NY, FULL_NX, FULL_NY);
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 2);
    for (int n = 0; n < 2; n++) {
        assert_ok(nwc_raster_layer(raster, n, &layer));
        assert_string_equal(layer.name, n ? "image3" : "image1");
        assert_string_equal(layer.quantity, n ? "ACRR" : "DBZH");
        assert_string_equal(layer.field.units, n ? "mm" : "dBZ");
        assert_string_equal(layer.source, "KNMI");
        assert_true(layer.time_ns == INT64_C(1583020800) * 1000000000 && layer.reference_ns == layer.time_ns);
        assert_near(layer.duration_s, n ? 300.0 : 0.0, 0.0);
        assert_true(layer.field.dim[0] == FULL_NY && layer.field.dim[1] == FULL_NX);
        for (int64_t j = 0; j < FULL_NY; j++)
            for (int64_t i = 0; i < FULL_NX; i++) {
                const int code = code_at(FULL_NY - 1 - j, i);
                const double cell = (double)layer.field.data[j * layer.field.stride[0] + i];
                if (code == 0 || code == 255)
                    assert_true(isnan(cell));
                else
                    assert_near(cell, n ? 0.01 * code : 0.5 * code - 32.0, 1e-6);
            }
    }
    nwc_raster_destroy(raster);
}

/* Where no code stands for missing data, code 0 is no echo. */
static void code_0_is_no_echo_unless_it_is_missing(void **state)
{
    (void)state;
    lacking = "calibration_missing_data";
    put_file(NY, NX, NY);
    lacking = NULL;
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_near(layer.field.data[(NY - 1) * layer.field.stride[0]], -32.0, 0.0);
    nwc_raster_destroy(raster);
}

/* The corners that the KNMI's files of the Netherlands give beside their projection (geo_product_corners). */
static void the_corners_are_those_of_the_product(void **state)
{
    (void)state;
    static const double corner[4][4] = {{0.0, 0.0, 0.0, 49.362064},
                                        {0.0, FULL_NY, 0.0, 55.973602},
                                        {FULL_NX, FULL_NY, 10.856453, 55.388973},
                                        {FULL_NX, 0.0, 9.009300, 48.895302}};
    put_file(FULL_NY, FULL_NX, FULL_NY);
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    const nwc_grid *const grid = layer.field.grid;
    for (int k = 0; k < 4; k++) {
        double x = grid->x_first + (corner[k][0] - 0.5) * grid->dx, y = grid->y_first + (corner[k][1] - 0.5) * grid->dy;
        assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &x, &y, &x, &y));
        assert_near(x, corner[k][2], 2e-5);
        assert_near(y, corner[k][3], 2e-5);
    }
    nwc_raster_destroy(raster);
}

static void what_is_lacking_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        nwc_status status;
        const char *words;
    } cases[] = {{"projection_proj4_params", NWC_ERR_FORMAT, "projection_proj4_params expected"},
                 {"geo_number_rows", NWC_ERR_FORMAT, "geographic: numbers"},
                 {"geo_pixel_size_x", NWC_ERR_FORMAT, "geographic: numbers"},
                 {"geo_row_offset", NWC_ERR_FORMAT, "geographic: numbers"},
                 {"calibration_formulas", NWC_ERR_FORMAT, "image1/calibration: GEO"},
                 {"product_datetime_end", NWC_ERR_FORMAT, "product_datetime_end"},
                 {"image_data", NWC_ERR_FORMAT, "image1/image_data: 3 x 4 cells"},
                 {"image_geo_parameter", NWC_ERR_NODATA, "no image of rain"},
                 {"image1", NWC_ERR_NODATA, "without a group image1"}};
    nwc_raster *raster;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lacking = cases[k].name;
        put_file(NY, NX, NY);
        lacking = NULL;
        assert_fails(cases[k].status, cases[k].words, nwc_raster_open(NULL, scratch_path, NULL, &raster));
        assert_null(raster);
    }
    put_file(NY, NX, NY + 1);
    assert_fails(NWC_ERR_FORMAT, "4 x 4 cells expected", nwc_raster_open(NULL, scratch_path, NULL, &raster));
}

static void every_truncation_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    put_file(NY, NX, NY);
    check_every_cut(61);
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    put_file(NY, NX, NY);
    assert_true(check_every_failing_raster() > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_image_of_weather_is_a_field),
        cmocka_unit_test(code_0_is_no_echo_unless_it_is_missing),
        cmocka_unit_test(the_corners_are_those_of_the_product),
        cmocka_unit_test(what_is_lacking_is_named),
        cmocka_unit_test(every_truncation_is_an_error_that_names_the_file),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests_name("knmi", tests, make_scratch, remove_scratch);
}
