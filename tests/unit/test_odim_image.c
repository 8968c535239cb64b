/* ODIM_H5 composites: one written here by the HDF5 library, damaged in every way, and real ones. */
#include "support/made_hdf5.h"
#include "support/read_raster.h"

enum { NY = 3, NX = 4 };

static const uint8_t codes[NY][NX] = {{0, 255, 64, 65}, {66, 67, 68, 69}, {100, 120, 140, 160}};
static const char projection[] = "+proj=laea +lat_0=55 +lon_0=10 +x_0=1950000 +y_0=-2100000 +ellps=WGS84";

/* A composite whose south-western corner is at x, y = 1000000, 500000 m, cells of 2 by 1 km; object is its kind. */
static void put_composite(const char *object)
{
    const hid_t file = H5Fcreate(scratch_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t what = put_group(file, "what"), where = put_group(file, "where");
    put_text(file, "Conventions", "ODIM_H5/V2_2", false);
    put_text(what, "object", object, true);
    put_text(what, "date", "20210704", false);
    put_text(what, "time", "155000", true);
    put_text(what, "source", "NOD:behel", false);
    const nwc_grid plane = {.projection = projection};
    const double x[2] = {1e6, 1e6 + NX * 2000.0}, y[2] = {5e5, 5e5 + NY * 1000.0};
    double lon[2], lat[2];
    assert_ok(nwc_grid_to_lonlat(NULL, &plane, 2, x, y, lon, lat));
    put_text(where, "projdef", projection, false);
    put_number(where, "xsize", NX), put_number(where, "ysize", NY);
    put_number(where, "xscale", 2000.0), put_number(where, "yscale", 1000.0);
    put_number(where, "LL_lon", lon[0]), put_number(where, "LL_lat", lat[0]);
    put_number(where, "UR_lon", lon[1]), put_number(where, "UR_lat", lat[1]);
    const hid_t dataset = put_group(file, "dataset1"), data = put_group(dataset, "data1"),
                inner = put_group(data, "what");
    const hid_t outer = put_group(dataset, "what");
    put_text(outer, "quantity", "TH", false); /* the nearer one wins */
    put_text(inner, "quantity", "DBZH", false);
    put_number(outer, "gain", 0.5), put_number(outer, "offset", -32.0);
    put_number(inner, "nodata", 255.0), put_number(inner, "undetect", 0.0);
    const hid_t space = H5Screate_simple(2, (hsize_t[]){NY, NX}, NULL);
    const hid_t cells = H5Dcreate2(data, "data", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(cells, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes) >= 0);
    H5Dclose(cells), H5Sclose(space), H5Gclose(outer), H5Gclose(inner), H5Gclose(data), H5Gclose(dataset);
    H5Gclose(where), H5Gclose(what), H5Fclose(file);
}

static void a_composite_has_its_values_time_and_place(void **state)
{
    (void)state;
    put_composite("COMP");
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 1);
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "DBZH");
    assert_string_equal(layer.field.units, "dBZ");
    assert_string_equal(layer.source, "NOD:behel");
    assert_true(layer.time_ns == INT64_C(1625413800000000000));
    assert_near(layer.field.grid->x_first, 1001000.0, 1e-3);
    assert_near(layer.field.grid->y_first, 500500.0, 1e-3);
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            const uint8_t code = codes[NY - 1 - j][i];
            const double value = (double)layer.field.data[j * layer.field.stride[0] + i];
            if (code == 255)
                assert_true(isnan(value));
            else
                assert_near(value, code == 0 ? -32.0 : 0.5 * code - 32.0, 0.0);
        }
    nwc_raster_destroy(raster);
}

static void what_is_no_composite_says_what_it_is(void **state)
{
    (void)state;
    nwc_raster *raster;
    put_composite("PVOL");
    assert_fails(NWC_ERR_NODATA, "PVOL", nwc_raster_open(NULL, scratch_path, NULL, &raster));
    const hid_t file = H5Fcreate(scratch_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    assert_fails(NWC_ERR_UNSUPPORTED, "not ODIM_H5", nwc_raster_open(NULL, scratch_path, NULL, &raster));
}

static void every_truncation_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    put_composite("COMP");
    check_every_cut(7);
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    put_composite("COMP");
    assert_true(check_every_failing_raster() > 50);
}

static void open_real(const char *relative, nwc_raster **raster, nwc_layer *layer)
{
    *raster = NULL;
    const char *const real = real_data(relative);
    if (!real) skip();
    assert_ok(nwc_raster_open(NULL, real, NULL, raster));
    assert_ok(nwc_raster_layer(*raster, 0, layer));
}

static void a_real_composite_of_europe_has_its_shape_and_corners(void **state)
{
    (void)state;
    nwc_raster *raster;
    nwc_layer layer;
    open_real("composite/opera-20180824/T_PAAH21_C_EUOC_20180824180000.hdf", &raster, &layer);
    assert_int_equal(nwc_raster_count(raster), 2);
    assert_string_equal(layer.quantity, "RATE");
    assert_int_equal(layer.field.dim[0], 2200);
    assert_int_equal(layer.field.dim[1], 1900);
    assert_near(layer.field.grid->dx, 2000.0, 0.0);
    const nwc_grid *const grid = layer.field.grid;
    const double west = grid->x_first - 1000.0, north = grid->y_first + 2000.0 * 2199.0 + 1000.0;
    double lon, lat;
    assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &west, &north, &lon, &lat));
    assert_near(lon, -39.5358, 1e-3); /* UL of the file, which is not used to place the cells */
    assert_near(lat, 67.0228, 1e-3);
    nwc_raster_destroy(raster);
}

static void a_real_hourly_amount_has_its_interval(void **state)
{
    (void)state;
    nwc_raster *raster;
    nwc_layer layer;
    open_real("radar/odim/wradlib/belgium.comp.hdf", &raster, &layer);
    assert_string_equal(layer.quantity, "ACRR");
    assert_string_equal(layer.field.units, "mm");
    assert_near(layer.duration_s, 3600.0, 0.0);
    const nwc_grid *const grid = layer.field.grid;
    assert_near(grid->x_first, 300500.0, 1.0); /* UL_x, UL_y of the file are 300000, 1000000 m */
    assert_near(grid->y_first + 699.0 * grid->dy, 999500.0, 1.0);
    nwc_raster_destroy(raster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_composite_has_its_values_time_and_place),
        cmocka_unit_test(what_is_no_composite_says_what_it_is),
        cmocka_unit_test(every_truncation_is_an_error_that_names_the_file),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(a_real_composite_of_europe_has_its_shape_and_corners),
        cmocka_unit_test(a_real_hourly_amount_has_its_interval),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
