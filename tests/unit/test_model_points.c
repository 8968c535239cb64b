/* Model fields on Gaussian grids, which are points to this library: samples of ecCodes, whose values are made here. */
#include "support/scratch.h"

#include <eccodes.h>

enum { SAMPLES = 2 };
static const char *const samples[SAMPLES] = {"reduced_gg_pl_32_grib2", "regular_gg_pl_grib2"};
static const double radians = 0.017453292519943295;

struct points {
    size_t n;
    double *lon, *lat; /* as the file has them */
};

/* A smooth field on Gaussian points: linear in latitude, a wave of longitude that fades towards the poles. */
static double smooth_at(double lon, double lat)
{
    return 300.0 + 0.5 * lat + 8.0 * cos(lat * radians) * cos(lat * radians) * sin((lon - 40.0) * radians);
}

static nwc_model *open_sample(const char *name, struct points *points)
{
    const char *const path = scratch_path;
    codes_handle *const handle = codes_grib_handle_new_from_samples(NULL, name);
    const void *message;
    size_t size, n = 0;
    nwc_model *model;
    assert_non_null(handle);
    assert_int_equal(codes_get_size(handle, "values", &n), CODES_SUCCESS);
    double *const values = malloc(n * sizeof *values);
    *points = (struct points){n, malloc(n * sizeof *points->lon), malloc(n * sizeof *points->lat)};
    size_t n_lon = n, n_lat = n;
    assert_int_equal(codes_get_double_array(handle, "longitudes", points->lon, &n_lon), CODES_SUCCESS);
    assert_int_equal(codes_get_double_array(handle, "latitudes", points->lat, &n_lat), CODES_SUCCESS);
    for (size_t p = 0; p < n; p++) values[p] = smooth_at(points->lon[p], points->lat[p]);
    assert_int_equal(codes_set_long(handle, "bitsPerValue", 24), CODES_SUCCESS);
    assert_int_equal(codes_set_double_array(handle, "values", values, n), CODES_SUCCESS);
    assert_int_equal(codes_get_message(handle, &message, &size), CODES_SUCCESS);
    put_scratch(message, (int64_t)size);
    codes_handle_delete(handle);
    free(values);
    assert_ok(nwc_model_open(NULL, &path, 1, NULL, &model));
    return model;
}

static void close_sample(nwc_model *model, struct points *points)
{
    nwc_model_destroy(model);
    free(points->lon), free(points->lat);
}

static void grids_that_are_not_regular_are_points(void **state)
{
    (void)state;
    for (int s = 0; s < SAMPLES; s++) {
        struct points points;
        nwc_model_entry entry;
        nwc_model *const model = open_sample(samples[s], &points);
        const size_t n = points.n;
        assert_ok(nwc_model_entry_at(model, 0, &entry));
        assert_null(entry.grid);
        assert_int_equal(entry.points, n);
        float *const cells = malloc(n * sizeof *cells);
        double *const lon = malloc(n * sizeof *lon), *const lat = malloc(n * sizeof *lat);
        nwc_field field = {.data = cells, .ndim = 1, .dim = {(int64_t)n}, .stride = {1}, .missing = NAN};
        assert_ok(nwc_model_read(NULL, model, 0, &field));
        assert_ok(nwc_model_lonlat(NULL, model, 0, lon, lat));
        for (size_t p = 0; p < n; p++) {
            assert_near(cells[p], smooth_at(points.lon[p], points.lat[p]), 1e-4);
            assert_near(remainder(lon[p] - points.lon[p], 360.0), 0.0, 1e-9);
            assert_true(lon[p] >= -180.0 && lon[p] < 180.0);
        }
        /* Gaussian latitudes of 64 rows: the first is 87.8638 N, and rows follow each other southwards. */
        assert_near(lat[0], 87.8638, 1e-3);
        assert_near(lon[0], 0.0, 1e-9);
        assert_near(lat[n - 1], -87.8638, 1e-3);
        free(lat), free(lon), free(cells);
        close_sample(model, &points);
    }
}

static void points_of_gaussian_grids_come_to_any_grid(void **state)
{
    (void)state;
    for (int s = 0; s < SAMPLES; s++) {
        struct points points;
        nwc_model_entry entry;
        nwc_model *const model = open_sample(samples[s], &points);
        assert_ok(nwc_model_entry_at(model, 0, &entry));
        nwc_model_interpolate_options options;
        nwc_model_interpolate_options_init(&options);
        options.vertical = entry.vertical;
        /* Across Greenwich and the date line, to the poles; and a plane around the North Pole. */
        enum { NY = 37, NX = 73 };
        static float cells[NY * NX];
        const nwc_grid grids[] = {{.projection = "+proj=longlat +R=6371229",
                                   .nx = NX,
                                   .ny = NY,
                                   .x_first = -179.0,
                                   .y_first = -90.0,
                                   .dx = 5.0,
                                   .dy = 5.0},
                                  {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6371229",
                                   .nx = NX,
                                   .ny = NY,
                                   .x_first = -5.4e6,
                                   .y_first = -2.7e6,
                                   .dx = 1.5e5,
                                   .dy = 1.5e5}};
        double worst = 0.0;
        for (int g = 0; g < 2; g++) {
            const nwc_grid flat = grids[g];
            nwc_field field = field_2d(cells, NY, NX, NULL, &flat);
            assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){entry.name}, 1, entry.time_ns, &options,
                                            &field));
            for (int c = 0; c < NY * NX; c++) {
                double x = flat.x_first + flat.dx * (c % NX), y = flat.y_first + flat.dy * (c / NX);
                assert_ok(nwc_grid_to_lonlat(NULL, &flat, 1, &x, &y, &x, &y));
                if (fabs(y) > 87.8) {
                    assert_near(cells[c], smooth_at(x, y), 1.5); /* the row next to the pole holds up to it */
                    continue;
                }
                worst = fmax(worst, fabs((double)cells[c] - smooth_at(x, y)));
            }
        }
        /* A straight line over a step h misses h^2 / 8 of the second derivative: at most 16 northward, 8 eastward. */
        const double most = (16.0 + 8.0) * pow(2.9 * radians, 2.0) / 8.0 + 1e-3; /* rows are 2.8 degrees apart */
        if (!(worst > 0.0 && worst < most)) fail_msg("%s: %g, at most %g expected", samples[s], worst, most);
        close_sample(model, &points);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_that_are_not_regular_are_points),
        cmocka_unit_test(points_of_gaussian_grids_come_to_any_grid),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
