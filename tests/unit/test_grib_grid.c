/* Grids of GRIB messages made by hand: where their points lie, and in which order they come out. */
#include "support/opened_grib.h"

/* The cell (j, i), counted from the south and the west, holds 10 j + i, whatever the order of the message. */
static void every_scanning_mode_comes_out_west_to_east_and_south_to_north(void **state)
{
    (void)state;
    for (int scan = 0; scan < 256; scan += 16) {
        const bool west = scan & 0x80, north = scan & 0x40, columns = scan & 0x20, turning = scan & 0x10;
        struct made_grib field = made_grib_usual;
        field.grid = 0, field.scan = scan, field.step = 1000000;
        field.lat = north ? 30000000 : 32000000, field.lat_last = north ? 32000000 : 30000000;
        field.lon = west ? 13000000 : 10000000, field.lon_last = west ? 10000000 : 13000000;
        int p = 0;
        for (int line = 0; line < (columns ? 4 : 3); line++)
            for (int k = 0; k < (columns ? 3 : 4); k++, p++) {
                const int n = columns ? 3 : 4, along = turning && line % 2 ? n - 1 - k : k;
                const int i = columns ? line : along, j = columns ? along : line;
                field.code[p] = 10 * (10 * (north ? j : 2 - j) + (west ? 3 - i : i));
            }
        nwc_model *const model = open_fields(&field, 1);
        const nwc_model_entry entry = entry_of(model, 0);
        assert_near(entry.grid->x_first, 10.0, 1e-9);
        assert_near(entry.grid->y_first, 30.0, 1e-9);
        float cells[MADE_GRIB_POINTS];
        read_cells(model, 0, cells);
        for (int c = 0; c < 12; c++)
            if (fabsf(cells[c] - (float)(10 * (c / 4) + c % 4)) > 1e-5F)
                fail_msg("scan %d, cell %d: %g", scan, c, cells[c]);
        nwc_model_destroy(model);
    }
}

static void grids_of_every_kind_begin_at_their_first_point_and_go_on_by_their_steps(void **state)
{
    (void)state;
    static const struct {
        int grid, lat, lon, step;
        double dx, true_lat;
    } kinds[] = {{10, 20000000, 120000000, 5000000, 5000.0, 38.5},
                 {20, 40000000, 240000000, 5000000, 5000.0, 60.0},
                 {30, 30000000, 255000000, 5000000, 5000.0, 38.5}};
    for (size_t k = 0; k < 3; k++) {
        struct made_grib field = made_grib_usual;
        field.grid = kinds[k].grid, field.lat = kinds[k].lat, field.lon = kinds[k].lon, field.step = kinds[k].step;
        field.lat_d = (int)(1e6 * kinds[k].true_lat), field.lat_last = 25000000, field.lon_last = 121000000;
        nwc_model *const model = open_fields(&field, 1);
        const nwc_grid *const grid = entry_of(model, 0).grid;
        assert_first_point(grid, 1e-6 * kinds[k].lon, 1e-6 * kinds[k].lat);
        assert_near(grid->dx, kinds[k].dx, 1e-9);
        /* A step along x, at the latitude where the projection is true, is as long on the sphere. */
        const double lon = 1e-6 * kinds[k].lon, lat = kinds[k].true_lat;
        double x, y, ends[2][2];
        assert_ok(nwc_grid_from_lonlat(NULL, grid, 1, &lon, &lat, &x, &y));
        for (int e = 0; e < 2; e++) {
            const double at = x + (e ? 0.5 : -0.5) * grid->dx;
            assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &at, &y, &ends[e][0], &ends[e][1]));
        }
        const double radian = acos(-1.0) / 180.0;
        const double east = remainder(ends[1][0] - ends[0][0], 360.0) * radian * cos(lat * radian);
        assert_near(6371229.0 * hypot(east, (ends[1][1] - ends[0][1]) * radian), kinds[k].dx, 1.0);
        nwc_model_destroy(model);
    }
}

/* By the formulas of spherical trigonometry, the south pole of the turned grid at 30 S, 10 E. */
static void a_turned_grid_lies_where_its_pole_puts_it(void **state)
{
    (void)state;
    struct made_grib field = made_grib_usual;
    field.grid = 1, field.lat = -5000000, field.lon = 355000000, field.step = 1000000;
    field.lat_last = -3000000, field.lon_last = 358000000, field.pole_lat = -30000000, field.pole_lon = 10000000;
    nwc_model *const model = open_fields(&field, 1);
    const nwc_grid *const grid = entry_of(model, 0).grid;
    assert_near(grid->x_first, -5.0, 1e-9);
    assert_near(grid->y_first, -5.0, 1e-9);
    const double radian = acos(-1.0) / 180.0, theta = (90.0 - 30.0) * radian;
    for (int c = 0; c < 12; c++) {
        const double x = grid->x_first + c % 4, y = grid->y_first + c / 4;
        const double rlon = x * radian, rlat = y * radian;
        const double sine = cos(theta) * sin(rlat) + cos(rlon) * sin(theta) * cos(rlat);
        const double east = cos(rlat) * sin(rlon);
        const double ahead = cos(theta) * cos(rlon) * cos(rlat) - sin(theta) * sin(rlat);
        double lon, lat;
        assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &x, &y, &lon, &lat));
        assert_near(lat, asin(sine) / radian, 1e-6);
        assert_near(lon, 10.0 + atan2(east, ahead) / radian, 1e-6);
    }
    nwc_model_destroy(model);
}

/* Where a ray from a satellite meets the ellipsoid: x eastwards and y northwards are the angles it is turned by. */
static void seen_at(double x, double y, double radii, const double axes[2], double *lon, double *lat)
{
    const double far = radii * axes[0], ratio = axes[0] / axes[1], radian = acos(-1.0) / 180.0;
    const double ray[3] = {-cos(x) * cos(y), sin(x) * cos(y), sin(y)}; /* towards the Earth, the east, the north */
    const double a = ray[0] * ray[0] + ray[1] * ray[1] + ratio * ratio * ray[2] * ray[2];
    const double b = far * ray[0], c = far * far - axes[0] * axes[0];
    const double way = (-b - sqrt(b * b - a * c)) / a;
    const double at[3] = {far + way * ray[0], way * ray[1], way * ray[2]};
    *lon = atan2(at[1], at[0]) / radian;
    *lat = atan2(ratio * ratio * at[2], hypot(at[0], at[1])) / radian;
}

static void a_view_of_a_satellite_lies_where_its_rays_meet_the_earth(void **state)
{
    (void)state;
    static const double wgs84[2] = {6378137.0, 6356752.314245};
    for (int scan = 0; scan < 256; scan += 64) {
        const bool west = scan & 0x80, north = scan & 0x40;
        struct made_grib field = made_grib_usual;
        field.grid = 90, field.shape = 5, field.scan = scan;
        field.lat = 0, field.lon = 105000000, field.wide = 40, field.high = 36, field.radii = 6610700;
        field.below_x = 102500, field.below_y = 200250; /* points 2.5 along rows, a quarter across */
        nwc_model *const model = open_fields(&field, 1);
        const nwc_model_entry entry = entry_of(model, 0);
        assert_string_equal(entry.grid_type, "space_view");
        assert_non_null(entry.grid);
        float cells[MADE_GRIB_POINTS];
        read_cells(model, 0, cells);
        const double angle = 2.0 * asin(1e6 / field.radii);
        for (int p = 0; p < 12; p++) {
            const double across = p % 4 - 2.5, down = p / 4 - 0.25;
            const double x = (west ? -across : across) * angle / field.wide;
            const double y = (north ? down : -down) * angle * wgs84[1] / wgs84[0] / field.high;
            const int i = west ? 3 - p % 4 : p % 4, j = north ? p / 4 : 2 - p / 4;
            double at_x = entry.grid->x_first + i * entry.grid->dx, at_y = entry.grid->y_first + j * entry.grid->dy;
            double lon, lat, expected_lon, expected_lat;
            seen_at(x, y, 1e-6 * field.radii, wgs84, &expected_lon, &expected_lat);
            assert_ok(nwc_grid_to_lonlat(NULL, entry.grid, 1, &at_x, &at_y, &lon, &lat));
            assert_near(lon, 105.0 + expected_lon, 1e-6);
            assert_near(lat, expected_lat, 1e-6);
            assert_near(cells[4 * j + i], 0.1 * field.code[p], 1e-5);
        }
        nwc_model_destroy(model);
    }
}

/* One that is turned, or from infinity, has no grid; one without a size is damaged. */
static void a_view_that_is_turned_is_no_grid(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        static uint8_t bytes[MADE_GRIB_MOST];
        const char *const path = scratch_path;
        nwc_model *model;
        struct made_grib field = made_grib_usual;
        field.grid = 90, field.shape = 5, field.scan = 0, field.lat = kind == 0, field.lon = 0;
        field.wide = kind == 3 ? 0 : 40, field.high = 36, field.turn = kind == 1 ? 180000000 : 0;
        field.radii = kind == 2 ? -1 : 6610700;
        put_scratch(bytes, make_grib2(bytes, &field, 1));
        if (kind == 3) {
            assert_fails(NWC_ERR_FORMAT, "a view of steps of inf", nwc_model_open(NULL, &path, 1, NULL, &model));
            continue;
        }
        assert_ok(nwc_model_open(NULL, &path, 1, NULL, &model));
        assert_null(entry_of(model, 0).grid);
        nwc_model_destroy(model);
    }
}

static void increments_that_are_not_given_are_those_of_the_end_points(void **state)
{
    (void)state;
    struct made_grib field = made_grib_usual;
    field.grid = 0, field.scan = 0, field.step = 0, field.lat = 32000000, field.lat_last = 31000000;
    field.lon = 359500000, field.lon_last = 1000000;
    nwc_model *const model = open_fields(&field, 1);
    const nwc_grid *const grid = entry_of(model, 0).grid;
    assert_near(grid->x_first, -0.5, 1e-9);
    assert_near(grid->dx, 0.5, 1e-9);
    assert_near(grid->dy, 0.5, 1e-9);
    assert_near(grid->y_first, 31.0, 1e-9);
    nwc_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scanning_mode_comes_out_west_to_east_and_south_to_north),
        cmocka_unit_test(grids_of_every_kind_begin_at_their_first_point_and_go_on_by_their_steps),
        cmocka_unit_test(a_turned_grid_lies_where_its_pole_puts_it),
        cmocka_unit_test(a_view_of_a_satellite_lies_where_its_rays_meet_the_earth),
        cmocka_unit_test(a_view_that_is_turned_is_no_grid),
        cmocka_unit_test(increments_that_are_not_given_are_those_of_the_end_points),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
