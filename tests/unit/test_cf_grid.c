/* CF netCDF read: files made by netCDF-C with the forms that services write, damaged files, real ones. */
#include "support/read_raster.h"

#include <fcntl.h>
#include <netcdf.h>
#include <radar/format/cf_projection.h>

enum { NY = 3, NX = 4 };

#define NC(call)                                                                                                       \
    do {                                                                                                               \
        const int nc_error = (call);                                                                                   \
        if (nc_error) fail_msg("%s: %s", #call, nc_strerror(nc_error));                                                \
    } while (0)

static void text(int file, int id, const char *name, const char *value)
{
    NC(nc_put_att_text(file, id, name, strlen(value), value));
}

static int coordinate(int file, const char *name, size_t n, const double *values, const char *units, int *dimension)
{
    int id;
    NC(nc_def_dim(file, name, n, dimension));
    NC(nc_def_var(file, name, NC_DOUBLE, 1, dimension, &id));
    text(file, id, "units", units);
    NC(nc_enddef(file));
    NC(nc_put_var_double(file, id, values));
    NC(nc_redef(file));
    return id;
}

/* Packed amounts on Albers kilometres, north first, of one scalar time: the form of the Bureau of Meteorology. */
static void put_packed(int kind)
{
    static const short packed[NY][NX] = {{0, 1, 2, 3}, {4, -32768, 6, 7}, {8, 9, 10, 1000}};
    const double x[NX] = {-1.0, 0.0, 1.0, 2.0}, y[NY] = {1.0, 0.5, 0.0}, parallels[2] = {-18.0, -36.0};
    const double number[4] = {144.75, -37.85, 6378137.0, 298.257222101};
    const short fill = -32768;
    const double scale = 0.05, times[2] = {1529143200.0, 1529142840.0};
    int file, dimension[2], id[6];
    NC(nc_create(scratch_path, kind | NC_CLOBBER, &file));
    int axis = coordinate(file, "x", NX, x, "km", &dimension[1]);
    text(file, axis, "standard_name", "projection_x_coordinate");
    axis = coordinate(file, "y", NY, y, "km", &dimension[0]);
    text(file, axis, "standard_name", "projection_y_coordinate");
    NC(nc_def_var(file, "proj", NC_BYTE, 0, NULL, &id[0]));
    text(file, id[0], "grid_mapping_name", "albers_conical_equal_area");
    NC(nc_put_att_double(file, id[0], "standard_parallel", NC_DOUBLE, 2, parallels));
    NC(nc_put_att_double(file, id[0], "longitude_of_central_meridian", NC_DOUBLE, 1, &number[0]));
    NC(nc_put_att_double(file, id[0], "latitude_of_projection_origin", NC_DOUBLE, 1, &number[1]));
    NC(nc_put_att_double(file, id[0], "semi_major_axis", NC_DOUBLE, 1, &number[2]));
    NC(nc_put_att_double(file, id[0], "inverse_flattening", NC_DOUBLE, 1, &number[3]));
    NC(nc_def_var(file, "valid_time", NC_DOUBLE, 0, NULL, &id[1]));
    text(file, id[1], "standard_name", "time");
    text(file, id[1], "units", "seconds since 1970-01-01 00:00:00 UTC");
    NC(nc_def_var(file, "start_time", NC_DOUBLE, 0, NULL, &id[2]));
    text(file, id[2], "units", "seconds since 1970-01-01 00:00:00 UTC");
    NC(nc_def_var(file, "precipitation", NC_SHORT, 2, dimension, &id[3]));
    text(file, id[3], "units", "kg m-2");
    text(file, id[3], "standard_name", "precipitation_amount");
    text(file, id[3], "grid_mapping", "proj");
    NC(nc_put_att_short(file, id[3], "_FillValue", NC_SHORT, 1, &fill));
    NC(nc_put_att_double(file, id[3], "scale_factor", NC_DOUBLE, 1, &scale));
    text(file, NC_GLOBAL, "source", "a radar");
    NC(nc_enddef(file));
    NC(nc_put_var_double(file, id[1], &times[0]));
    NC(nc_put_var_double(file, id[2], &times[1]));
    NC(nc_put_var_short(file, id[3], &packed[0][0]));
    NC(nc_close(file));
}

static void packed_amounts_are_unpacked(void **state)
{
    (void)state;
    static const int kinds[] = {0, NC_64BIT_OFFSET, NC_64BIT_DATA, NC_NETCDF4};
    for (int k = 0; k < 4; k++) {
        put_packed(kinds[k]);
        nwc_raster *raster;
        nwc_layer layer;
        assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
        assert_int_equal(nwc_raster_count(raster), 1);
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_string_equal(layer.field.units, "mm");
        assert_string_equal(layer.quantity, "ACRR");
        assert_string_equal(layer.source, "a radar");
        assert_true(layer.time_ns == INT64_C(1529143200) * 1000000000 && layer.duration_s == 360.0);
        const nwc_grid *const grid = layer.field.grid;
        assert_true(grid->x_first == -1000.0 && grid->y_first == 0.0 && grid->dx == 1000.0 && grid->dy == 500.0);
        const int64_t up = layer.field.stride[0];
        assert_near(layer.field.data[3], 50.0, 1e-6);          /* south row, east */
        assert_near(layer.field.data[2 * up + 1], 0.05, 1e-9); /* north row */
        assert_true(isnan(layer.field.data[up + 1]));
        double x = 144.75, y = -37.85;
        assert_ok(nwc_grid_from_lonlat(NULL, grid, 1, &x, &y, &x, &y));
        assert_near(x, 0.0, 1e-6);
        assert_near(y, 0.0, 1e-6);
        nwc_raster_destroy(raster);
    }
}

/* Members, levels and 2-D latitudes beside a rate in m s-1 on longitudes that run west, in hours. */
/* Brightness temperatures as the imager of GOES-R has them: packed angles, north first, numbers that mean unsigned ones. */
static void put_geostationary(const char *units, bool height, const char *axis, const char *sweeps)
{
    static const short packed[2][3] = {{100, -1, -536}, {0, 200, 300}}, columns[3] = {0, 1, 2}, rows[2] = {0, 1},
                       fill = -1;
    const double step = 0.000056, x_first = -0.024052, y_first = 0.095340, back = -0.000056, scale = 0.01,
                 offset = 100.0;
    const double lon = -75.0, h = 35786023.0, a = 6378137.0, b = 6356752.31414, time = 583977600.0;
    int file, dimension[2], x, y, mapping, t, id;
    NC(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    NC(nc_def_dim(file, "y", 2, &dimension[0]));
    NC(nc_def_dim(file, "x", 3, &dimension[1]));
    NC(nc_def_var(file, "x", NC_SHORT, 1, &dimension[1], &x));
    NC(nc_def_var(file, "y", NC_SHORT, 1, &dimension[0], &y));
    text(file, x, "standard_name", "projection_x_coordinate"), text(file, x, "units", units);
    text(file, y, "standard_name", "projection_y_angular_coordinate"), text(file, y, "units", units);
    NC(nc_put_att_double(file, x, "scale_factor", NC_DOUBLE, 1, &step));
    NC(nc_put_att_double(file, x, "add_offset", NC_DOUBLE, 1, &x_first));
    NC(nc_put_att_double(file, y, "scale_factor", NC_DOUBLE, 1, &back));
    NC(nc_put_att_double(file, y, "add_offset", NC_DOUBLE, 1, &y_first));
    NC(nc_def_var(file, "projection", NC_INT, 0, NULL, &mapping));
    text(file, mapping, "grid_mapping_name", "geostationary");
    text(file, mapping, axis, sweeps);
    if (height) NC(nc_put_att_double(file, mapping, "perspective_point_height", NC_DOUBLE, 1, &h));
    NC(nc_put_att_double(file, mapping, "semi_major_axis", NC_DOUBLE, 1, &a));
    NC(nc_put_att_double(file, mapping, "semi_minor_axis", NC_DOUBLE, 1, &b));
    NC(nc_put_att_double(file, mapping, "longitude_of_projection_origin", NC_DOUBLE, 1, &lon));
    NC(nc_def_var(file, "t", NC_DOUBLE, 0, NULL, &t));
    text(file, t, "standard_name", "time"), text(file, t, "units", "seconds since 2000-01-01 12:00:00");
    NC(nc_def_var(file, "CMI", NC_SHORT, 2, dimension, &id));
    text(file, id, "standard_name", "toa_brightness_temperature"), text(file, id, "units", "K");
    text(file, id, "grid_mapping", "projection"), text(file, id, "_Unsigned", "true");
    NC(nc_put_att_short(file, id, "_FillValue", NC_SHORT, 1, &fill));
    NC(nc_put_att_double(file, id, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_double(file, id, "add_offset", NC_DOUBLE, 1, &offset));
    NC(nc_enddef(file));
    NC(nc_put_var_short(file, x, columns));
    NC(nc_put_var_short(file, y, rows));
    NC(nc_put_var_double(file, t, &time));
    NC(nc_put_var_short(file, id, &packed[0][0]));
    NC(nc_close(file));
}

static void a_view_of_a_geostationary_satellite_lies_where_it_should(void **state)
{
    (void)state;
    nwc_raster *raster;
    nwc_layer layer;
    for (int kind = 0; kind < 2; kind++) {
        put_geostationary("rad", true, kind ? "fixed_angle_axis" : "sweep_angle_axis", kind ? "y" : "x");
        assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
        assert_int_equal(nwc_raster_count(raster), 1);
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_string_equal(layer.quantity, "CMI");
        assert_string_equal(layer.field.units, "K");
        assert_true(layer.time_ns == (INT64_C(946728000) + 583977600) * 1000000000);
        const nwc_grid *const grid = layer.field.grid;
        const int64_t up = layer.field.stride[0];
        assert_near(grid->dx, 0.000056 * 35786023.0, 1e-6);
        /* The north-western cell, by the worked example of the GOES-R Product User's Guide (volume 3, section 5.1.2.8.1). */
        double lon = grid->x_first, lat = grid->y_first + grid->dy;
        assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &lon, &lat, &lon, &lat));
        assert_near(lon, -84.690932, 1e-5);
        assert_near(lat, 33.846162, 1e-5);
        assert_near(layer.field.data[up], 101.0, 1e-4);
        assert_true(isnan(layer.field.data[up + 1]));
        assert_near(layer.field.data[up + 2], 750.0, 1e-3); /* 65000 */
        assert_near(layer.field.data[2], 103.0, 1e-4);
        nwc_raster_destroy(raster);
    }
    put_geostationary("microradian", true, "sweep_angle_axis", "y");
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_near(layer.field.grid->dx, 1e-6 * 0.000056 * 35786023.0, 1e-12);
    assert_non_null(strstr(layer.field.grid->projection, "+sweep=y"));
    nwc_raster_destroy(raster);
    put_geostationary("rad", false, "sweep_angle_axis", "x");
    assert_fails(NWC_ERR_FORMAT, "y: angles in a geostationary grid mapping with perspective_point_height expected",
                 nwc_raster_open(NULL, scratch_path, NULL, &raster));
}

static void a_file_of_many_things_gives_its_fields_and_members(void **state)
{
    (void)state;
    const double lon[NX] = {13.0, 12.0, 11.0, 10.0}, lat[NY] = {50.0, 51.0, 52.0}, hours[2] = {1.0, 1.5};
    const double member[2] = {0.0, 1.0};
    float cells[2 * 2 * NY * NX];
    for (int c = 0; c < 2 * 2 * NY * NX; c++) cells[c] = (float)c / 3.6e6F;
    cells[1] = 9.9692099683868690e+36F; /* never written */
    int file, dimension[4], id[4], flat[3];
    NC(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    const int time = coordinate(file, "time", 2, hours, "hours since 2020-02-29T23:00:00Z", &dimension[0]);
    text(file, time, "standard_name", "time");
    coordinate(file, "member", 2, member, "1", &dimension[1]);
    coordinate(file, "lat", NY, lat, "degrees_north", &dimension[2]);
    coordinate(file, "lon", NX, lon, "degrees_east", &dimension[3]);
    flat[0] = dimension[0], flat[1] = dimension[2], flat[2] = dimension[3];
    NC(nc_def_var(file, "rate", NC_FLOAT, 3, flat, &id[0]));
    text(file, id[0], "units", "m s-1");
    text(file, id[0], "standard_name", "lwe_precipitation_rate");
    NC(nc_def_var(file, "ensemble", NC_FLOAT, 4, dimension, &id[1]));
    NC(nc_def_var(file, "latitude", NC_FLOAT, 2, &dimension[2], &id[2]));
    text(file, id[2], "units", "degrees_north");
    NC(nc_def_var(file, "forecast_reference_time", NC_INT64, 0, NULL, &id[3]));
    text(file, id[3], "standard_name", "forecast_reference_time");
    text(file, id[3], "units", "minutes since 2020-03-01");
    NC(nc_enddef(file));
    NC(nc_put_var_float(file, id[0], cells));
    NC(nc_put_var_float(file, id[1], cells));
    NC(nc_put_var_float(file, id[2], cells));
    NC(nc_close(file));
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 2 + 4);
    assert_ok(nwc_raster_layer(raster, 4, &layer)); /* (time, member, lat, lon), members first */
    assert_true(layer.members == 2 && layer.member == 1 && layer.time_ns == INT64_C(1583020800) * 1000000000);
    assert_near(layer.field.data[0], (NY * NX + 3) / 3.6e6, 1e-12);
    assert_ok(nwc_raster_layer(raster, 1, &layer));
    assert_true(layer.members == 0 && layer.member == 0);
    assert_string_equal(layer.field.units, "mm h-1");
    assert_true(layer.time_ns == INT64_C(1583022600) * 1000000000); /* 2020-03-01 00:30 */
    assert_true(nwc_grid_is_latlon(layer.field.grid) && layer.field.grid->x_first == 10.0);
    assert_near(layer.field.data[0], NY * NX + 3, 1e-5); /* the west is last in the file */
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_true(isnan(layer.field.data[2]));
    nwc_raster_destroy(raster);
}

/* (time, z, y, x), cells numbered as they lie; z from above in kilometres. */
static void put_heights(const char *standard_name, const double heights[2])
{
    const double x[NX] = {10.0, 11.0, 12.0, 13.0}, y[NY] = {50.0, 51.0, 52.0}, hours[2] = {1.0, 1.5};
    float cells[2 * 2 * NY * NX];
    for (int c = 0; c < 2 * 2 * NY * NX; c++) cells[c] = (float)c;
    int file, dimension[4], id;
    NC(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    coordinate(file, "time", 2, hours, "hours since 2020-03-01", &dimension[0]);
    text(file, coordinate(file, "z", 2, heights, "km", &dimension[1]), "standard_name", standard_name);
    coordinate(file, "lat", NY, y, "degrees_north", &dimension[2]);
    coordinate(file, "lon", NX, x, "degrees_east", &dimension[3]);
    NC(nc_def_var(file, "echo", NC_FLOAT, 4, dimension, &id));
    text(file, id, "units", "dBZ");
    NC(nc_enddef(file));
    NC(nc_put_var_float(file, id, cells));
    NC(nc_close(file));
}

static void heights_above_sea_level_are_layers_of_their_own(void **state)
{
    (void)state;
    const double heights[2] = {3.0, 0.5}, unknown[2] = {1.0, NAN};
    nwc_raster *raster;
    nwc_layer layer;
    put_heights("altitude", heights);
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 4);
    for (int n = 0; n < 4; n++) {
        assert_ok(nwc_raster_layer(raster, n, &layer));
        assert_near(layer.height_m, n % 2 ? 500.0 : 3000.0, 1e-9);
        assert_true(layer.time_ns == (INT64_C(1583020800) + 3600 + 1800 * (n / 2)) * 1000000000);
        assert_near(layer.field.data[5], NY * NX * n + 5, 0.0);
        assert_string_equal(layer.quantity, "DBZH");
    }
    nwc_raster_destroy(raster);
    put_heights("altitude", unknown);
    assert_fails(NWC_ERR_FORMAT, "z: a height expected, nan found", nwc_raster_open(NULL, scratch_path, NULL, &raster));
    put_heights("height", heights); /* above the ground */
    assert_fails(NWC_ERR_UNSUPPORTED, "CF grid", nwc_raster_open(NULL, scratch_path, NULL, &raster));
}

static void what_is_no_grid_says_so(void **state)
{
    (void)state;
    const double bent[NX] = {0.0, 1.0, 2.5, 3.0}, good[NY] = {0.0, 1.0, 2.0};
    int file, dimension[2], id;
    nwc_raster *raster;
    NC(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    coordinate(file, "x", NX, bent, "m", &dimension[1]);
    coordinate(file, "y", NY, good, "m", &dimension[0]);
    NC(nc_close(file));
    assert_fails(NWC_ERR_UNSUPPORTED, "CF grid", nwc_raster_open(NULL, scratch_path, NULL, &raster));
    NC(nc_open(scratch_path, NC_WRITE, &file));
    NC(nc_redef(file));
    NC(nc_def_var(file, "rain", NC_FLOAT, 2, dimension, &id));
    NC(nc_close(file));
    assert_fails(NWC_ERR_UNSUPPORTED, "x: equal steps", nwc_raster_open(NULL, scratch_path, NULL, &raster));
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    static const int kinds[] = {0, NC_64BIT_DATA, NC_NETCDF4};
    for (int k = 0; k < 3; k++) {
        put_packed(kinds[k]);
        static char bytes[1 << 16];
        const int64_t size = get_scratch(bytes, sizeof bytes);
        for (int64_t keep = 1; keep < size; keep += 1 + keep / 97) {
            nwc_raster *raster;
            put_scratch(bytes, keep);
            const nwc_status status = nwc_raster_open(NULL, scratch_path, NULL, &raster);
            /* Padding at the end of a classic file may be missing without harm. */
            if (status == NWC_OK && keep + 4 < size) fail_msg("kind %d: %d of %d bytes read", k, (int)keep, (int)size);
            nwc_raster_destroy(raster);
        }
    }
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    put_packed(NC_NETCDF4);
    assert_true(check_every_failing_raster() > 20);
}

/* What is written from a PROJ string and read back puts points where the string does. */
static void grid_mappings_go_both_ways(void **state)
{
    (void)state;
    static const char *const projections[] = {
        "+proj=laea +lat_0=54.9 +lon_0=-2.5 +a=6378137 +b=6356752.314",
        "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6370040 +x_0=5 +y_0=7",
        "+proj=stere +lat_0=52 +lon_0=5 +k=0.9999 +ellps=bessel",
        "+proj=aea +lat_1=-18 +lat_2=-36 +lat_0=-37.8 +lon_0=144.7 +ellps=GRS80",
        "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=38.5 +lon_0=-97.5 +R=6370000",
        "+proj=lcc +lat_1=38.5 +lat_0=38.5 +lon_0=-97.5 +R=6371229",
        "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy +units=m",
        "+proj=merc +lat_ts=20 +lon_0=114 +datum=WGS84",
        "+proj=aeqd +lat_0=22.5 +lon_0=114.1",
        "+proj=cea +lat_ts=30 +lon_0=10 +ellps=intl",
    };
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(NULL, &ctx));
    for (size_t p = 0; p < sizeof projections / sizeof projections[0]; p++) {
        struct nwc__cf_mapping mapping;
        nwc__cf_from_proj(projections[p], &mapping);
        if (!mapping.name) fail_msg("%s: no CF name", projections[p]);
        nwc__tree tree;
        assert_ok(nwc__tree_create(ctx, 1 << 20, &tree));
        assert_ok(nwc__tree_attribute(&tree, tree.root, "grid_mapping_name", mapping.name, NULL, 0));
        for (int n = 0; n < mapping.n; n++)
            assert_ok(nwc__tree_attribute(&tree, tree.root, mapping.number[n].name, NULL, mapping.number[n].value,
                                          mapping.number[n].n));
        char text_back[NWC__TEXT];
        assert_ok(nwc__cf_to_proj(tree.root, text_back));
        nwc__tree_destroy(&tree);
        const nwc_grid there = {.projection = projections[p], .nx = 1, .ny = 1, .dx = 1.0, .dy = 1.0};
        nwc_grid back = there;
        back.projection = text_back;
        double x[2] = {-123456.0, 400123.0}, y[2] = {98765.0, 654321.0}, lon[2], lat[2];
        assert_ok(nwc_grid_to_lonlat(ctx, &there, 2, x, y, lon, lat));
        assert_ok(nwc_grid_from_lonlat(ctx, &back, 2, lon, lat, lon, lat));
        for (int n = 0; n < 2; n++)
            if (!(hypot(lon[n] - x[n], lat[n] - y[n]) < 0.01))
                fail_msg("%s\n%s: %g m apart", projections[p], text_back, hypot(lon[n] - x[n], lat[n] - y[n]));
    }
    struct nwc__cf_mapping mapping;
    nwc__cf_from_proj("+proj=omerc +lat_0=1", &mapping);
    assert_null(mapping.name);
    nwc__cf_from_proj("+proj=laea +lat_0=1 +ellps=clrk66", &mapping);
    assert_null(mapping.name);
    nwc__cf_from_proj("+proj=laea +lat_0=1 +units=km", &mapping);
    assert_null(mapping.name);
    nwc_ctx_destroy(ctx);
}

/* Melbourne at 10:00 (maximum 3.2 mm) and the Met Office's known nowcast (maximum 5.029e-6 m s-1, 255894 cells known). */
static void real_files_have_the_known_facts(void **state)
{
    (void)state;
    const char *const bom = real_data("composite/bom-20180616/2_20180616_100000.prcp-cscn.nc");
    if (!bom) skip();
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, bom, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    const nwc_grid *const grid = layer.field.grid;
    assert_true(grid->nx == 512 && grid->ny == 512 && grid->dx == 500.0 && grid->dy == 500.0);
    assert_true(grid->x_first == -128000.0 && grid->y_first == -127500.0 && layer.duration_s == 360.0);
    float most = 0.0F;
    for (int64_t j = 0; j < 512; j++)
        for (int64_t i = 0; i < 512; i++) most = fmaxf(most, layer.field.data[j * layer.field.stride[0] + i]);
    assert_near(most, 3.2, 1e-6);
    nwc_raster_destroy(raster);
    assert_ok(
        nwc_raster_open(NULL, real_data("composite/improver/nowcast-extrapolate/extrapolate/kgo.nc"), NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 7);
    int known = 0;
    most = 0.0F;
    for (int t = 0; t < 7; t++) {
        assert_ok(nwc_raster_layer(raster, t, &layer));
        assert_true(layer.time_ns - layer.reference_ns == t * INT64_C(900000000000));
        for (int64_t j = 0; j < 200; j++)
            for (int64_t i = 0; i < 200; i++) {
                const float cell = layer.field.data[j * layer.field.stride[0] + i];
                known += !isnan(cell);
                most = fmaxf(most, cell);
            }
    }
    assert_near(most, 5.029e-6 * 3.6e6, 0.0018);
    assert_int_equal(known, 255894);
    nwc_raster_destroy(raster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_amounts_are_unpacked),
        cmocka_unit_test(a_view_of_a_geostationary_satellite_lies_where_it_should),
        cmocka_unit_test(a_file_of_many_things_gives_its_fields_and_members),
        cmocka_unit_test(heights_above_sea_level_are_layers_of_their_own),
        cmocka_unit_test(what_is_no_grid_says_so),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(grid_mappings_go_both_ways),
        cmocka_unit_test(real_files_have_the_known_facts),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
