/* grid/projection: coordinates against published values, cell lengths against geometry. */
#include "support/support.h"

#include "grid/internal.h"

#define FMI_PROJECTION "+proj=stere +lat_0=90 +lon_0=25 +lat_ts=60 +a=6371288 +b=6371288 +units=m"

static nwc_grid unit_grid(const char *projection)
{
    return (nwc_grid){.projection = projection, .nx = 10, .ny = 10, .dx = 1000.0, .dy = 1000.0};
}

static void a_polar_stereographic_point_matches_its_formula(void **state)
{
    (void)state;
    /* sphere, true at 60 N: rho = R (1 + sin 60) tan(45 - lat/2) (Snyder 1987, eq. 21-33 scaled) */
    const nwc_grid grid = unit_grid(FMI_PROJECTION);
    const double lon = 30.0, lat = 62.0, degree = acos(-1.0) / 180.0;
    const double rho = 6371288.0 * (1.0 + sin(60.0 * degree)) * tan((45.0 - lat / 2.0) * degree);
    double x, y, lon_back, lat_back;
    assert_ok(nwc_grid_from_lonlat(NULL, &grid, 1, &lon, &lat, &x, &y));
    assert_near(x, rho * sin(5.0 * degree), 1e-3);
    assert_near(y, -rho * cos(5.0 * degree), 1e-3);
    assert_ok(nwc_grid_to_lonlat(NULL, &grid, 1, &x, &y, &lon_back, &lat_back));
    assert_near(lon_back, lon, 1e-9);
    assert_near(lat_back, lat, 1e-9);
}

static void a_longlat_grid_is_its_own_coordinates(void **state)
{
    (void)state;
    const nwc_grid grid = {.projection = "+proj=longlat +datum=WGS84", .nx = 4, .ny = 4, .dx = 0.01, .dy = 0.01};
    const double x = -130.0, y = 55.0;
    double lon, lat;
    assert_true(nwc_grid_is_latlon(&grid));
    assert_ok(nwc_grid_to_lonlat(NULL, &grid, 1, &x, &y, &lon, &lat));
    assert_near(lon, x, 0.0);
    assert_near(lat, y, 0.0);
    const nwc_grid plane = unit_grid(FMI_PROJECTION);
    assert_false(nwc_grid_is_latlon(&plane));
    assert_false(nwc_grid_is_latlon(NULL));
}

static void a_bad_grid_is_refused_with_the_reason(void **state)
{
    (void)state;
    nwc_grid grid = unit_grid("+proj=nosuchthing");
    assert_fails(NWC_ERR_ARG, "nosuchthing", nwc_grid_check(NULL, &grid));
    grid = unit_grid(NULL);
    assert_fails(NWC_ERR_ARG, "PROJ string expected", nwc_grid_check(NULL, &grid));
    grid = unit_grid(FMI_PROJECTION), grid.dx = 0.0;
    assert_fails(NWC_ERR_ARG, "dx 0", nwc_grid_check(NULL, &grid));
    grid = unit_grid(FMI_PROJECTION), grid.nx = 0;
    assert_fails(NWC_ERR_ARG, "nx 0", nwc_grid_check(NULL, &grid));
    grid = unit_grid(FMI_PROJECTION), grid.x_first = (double)NAN;
    assert_fails(NWC_ERR_ARG, "origin", nwc_grid_check(NULL, &grid));
    grid = (nwc_grid){.projection = "+proj=longlat", .nx = 2, .ny = 2, .dx = 1.0, .dy = 1.0, .y_first = 90.0};
    assert_fails(NWC_ERR_ARG, "latitudes", nwc_grid_check(NULL, &grid));
    const double levels[] = {500.0, 500.0};
    grid = unit_grid(FMI_PROJECTION), grid.nz = 2, grid.z_m = levels;
    assert_fails(NWC_ERR_ARG, "increasing heights", nwc_grid_check(NULL, &grid));
    assert_fails(NWC_ERR_ARG, "NULL", nwc_grid_check(NULL, NULL));
}

static void cells_of_a_stereographic_grid_are_as_long_as_the_scale_factor_says(void **state)
{
    (void)state;
    /* scale of the polar stereographic sphere: k = (1 + sin 60) / (1 + sin lat) (Snyder 1987, eq. 21-7) */
    nwc_grid grid = {.projection = FMI_PROJECTION, .nx = 760, .ny = 1226, .dx = 1000.0, .dy = 1000.0};
    grid.x_first = -300e3, grid.y_first = -3500e3;
    nwc__metric metric;
    assert_ok(nwc__metric_create(nwc__ctx(NULL), &grid, &metric));
    const double degree = acos(-1.0) / 180.0;
    for (int64_t j = 0; j < grid.ny; j += 205) {
        for (int64_t i = 0; i < grid.nx; i += 151) {
            const double x = grid.x_first + (double)i * grid.dx, y = grid.y_first + (double)j * grid.dy;
            double lon, lat, dx_m, dy_m;
            assert_ok(nwc_grid_to_lonlat(NULL, &grid, 1, &x, &y, &lon, &lat));
            nwc__metric_at(&metric, (double)j, (double)i, &dx_m, &dy_m);
            const double k = (1.0 + sin(60.0 * degree)) / (1.0 + sin(lat * degree));
            assert_near(dx_m, 1000.0 / k, 0.1);
            assert_near(dy_m, 1000.0 / k, 0.1);
        }
    }
    nwc__metric_destroy(nwc__ctx(NULL), &metric);
}

static void cells_of_a_longlat_grid_shrink_with_the_cosine_of_latitude(void **state)
{
    (void)state;
    const nwc_grid grid = {.projection = "+proj=longlat +R=6371000",
                           .nx = 7000,
                           .ny = 3500,
                           .x_first = -129.995,
                           .y_first = 20.005,
                           .dx = 0.01,
                           .dy = 0.01};
    nwc__metric metric;
    assert_ok(nwc__metric_create(nwc__ctx(NULL), &grid, &metric));
    const double degree = acos(-1.0) / 180.0;
    for (int64_t j = 0; j < grid.ny; j += 499) {
        double dx_m, dy_m;
        nwc__metric_at(&metric, (double)j, 3000.0, &dx_m, &dy_m);
        const double lat = grid.y_first + (double)j * grid.dy;
        assert_near(dx_m, 6371000.0 * cos(lat * degree) * 0.01 * degree, 0.05);
        assert_near(dy_m, 6371000.0 * 0.01 * degree, 0.05);
    }
    nwc__metric_destroy(nwc__ctx(NULL), &metric);
}

/* The flattened Earth: along a parallel N cos(lat), along a meridian M, both of them radii of curvature (Snyder 1987, eq. 4-18, 4-20). */
static void cells_of_a_flattened_earth_follow_its_radii_of_curvature(void **state)
{
    (void)state;
    const double degree = acos(-1.0) / 180.0, axis_m = 6378137.0, e2 = (2.0 - 1.0 / 298.257223563) / 298.257223563;
    for (int wide = 0; wide < 2; wide++) { /* of 100 m and of 28 km */
        nwc_grid grid = {.projection = "+proj=longlat +datum=WGS84", .nx = 97, .ny = 97, .x_first = 100.0};
        grid.dx = grid.dy = wide ? 0.25 : 0.001;
        grid.y_first = wide ? -12.0 : 40.0;
        nwc__metric metric;
        assert_ok(nwc__metric_create(nwc__ctx(NULL), &grid, &metric));
        for (int64_t j = 0; j < grid.ny; j += NWC__METRIC_STEP) {
            double dx_m, dy_m;
            nwc__metric_at(&metric, (double)j, 32.0, &dx_m, &dy_m);
            const double lat = (grid.y_first + (double)j * grid.dy) * degree, s = sin(lat), step = grid.dx * degree;
            const double across_m = axis_m / sqrt(1.0 - e2 * s * s) * cos(lat) * step;
            const double along_m = axis_m * (1.0 - e2) / pow(1.0 - e2 * s * s, 1.5) * step;
            assert_near(dx_m / across_m, 1.0, wide ? 1e-6 : 1e-9);
            assert_near(dy_m / along_m, 1.0, wide ? 1e-6 : 1e-9);
        }
        nwc__metric_destroy(nwc__ctx(NULL), &metric);
    }
}

static void a_grid_of_one_cell_has_a_metric(void **state)
{
    (void)state;
    nwc_grid grid = unit_grid(FMI_PROJECTION);
    grid.nx = grid.ny = 1, grid.y_first = -3000e3;
    nwc__metric metric;
    assert_ok(nwc__metric_create(nwc__ctx(NULL), &grid, &metric));
    double dx_m, dy_m;
    nwc__metric_at(&metric, 0.0, 0.0, &dx_m, &dy_m);
    assert_true(dx_m > 900.0 && dx_m < 1100.0 && dy_m > 900.0 && dy_m < 1100.0);
    nwc__metric_destroy(nwc__ctx(NULL), &metric);
}

static void grids_are_the_same_when_their_cells_are(void **state)
{
    (void)state;
    nwc_grid a = unit_grid(FMI_PROJECTION), b = a;
    a.y_first = b.y_first = -3000e3;
    assert_true(nwc__same_grid(&a, &b));
    b.projection = "+a=6371288 +b=6371288 +units=m +proj=stere +lat_0=90.0 +lon_0=25 +lat_ts=60";
    assert_true(nwc__same_grid(&a, &b));
    b.projection = "+proj=stere +lat_0=90 +lon_0=20 +lat_ts=60 +R=6371288";
    assert_false(nwc__same_grid(&a, &b));
    b = a, b.x_first += 10.0;
    assert_false(nwc__same_grid(&a, &b));
    b = a, b.nx++;
    assert_false(nwc__same_grid(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_polar_stereographic_point_matches_its_formula),
        cmocka_unit_test(a_longlat_grid_is_its_own_coordinates),
        cmocka_unit_test(a_bad_grid_is_refused_with_the_reason),
        cmocka_unit_test(cells_of_a_stereographic_grid_are_as_long_as_the_scale_factor_says),
        cmocka_unit_test(cells_of_a_longlat_grid_shrink_with_the_cosine_of_latitude),
        cmocka_unit_test(cells_of_a_flattened_earth_follow_its_radii_of_curvature),
        cmocka_unit_test(a_grid_of_one_cell_has_a_metric),
        cmocka_unit_test(grids_are_the_same_when_their_cells_are),
    };
    return cmocka_run_group_tests_name("projection", tests, NULL, NULL);
}
