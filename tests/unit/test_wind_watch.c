/* nwc_grid_within and nwc_wind_watch: areas whose cells are counted by hand, and limits passed in them. */
#include "support/support.h"

enum { NY = 20, NX = 30, CELLS = NY * NX, LEVELS = 2 };

static const nwc_grid degrees = {.projection = "+proj=longlat +R=6371000",
                                 .ny = NY,
                                 .nx = NX,
                                 .x_first = 120.05,
                                 .y_first = 30.05,
                                 .dx = 0.1,
                                 .dy = 0.1};

static nwc_flags flags_of(uint8_t *cells)
{
    return (nwc_flags){.data = cells, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
}

static int count(const uint8_t *cells)
{
    int sum = 0;
    for (int c = 0; c < CELLS; c++) sum += cells[c];
    return sum;
}

/* A square of 1 x 1 degree with a hole of .4 x .4, a triangle, both on cells of .1 degrees. */
static const int64_t part_points[3] = {5, 4, 4};
static const uint8_t hole[3] = {0, 1, 0};
static const double lon[13] = {120.5, 121.5, 121.5, 120.5, 120.5, 120.8, 120.8,
                               121.2, 121.2, 122.0, 122.8, 122.0, 122.0};
static const double lat[13] = {30.5, 30.5, 31.5, 31.5, 30.5, 30.8, 31.2, 31.2, 30.8, 30.0, 30.0, 30.8, 30.0};

static void cells_within_rings_are_told(void **state)
{
    (void)state;
    uint8_t cells[CELLS];
    nwc_flags within = flags_of(cells);
    assert_ok(nwc_grid_within(NULL, &degrees, 3, part_points, hole, lon, lat, &within));
    for (int c = 0; c < CELLS; c++) {
        const double x = 120.05 + 0.1 * (c % NX), y = 30.05 + 0.1 * (c / NX);
        const bool square = x > 120.5 && x < 121.5 && y > 30.5 && y < 31.5;
        const bool gap = x > 120.8 && x < 121.2 && y > 30.8 && y < 31.2;
        const bool triangle = x > 122.0 && x - 122.0 + y - 30.0 < 0.8 - 1e-9;
        if (fabs(x - 122.0 + y - 30.0 - 0.8) < 1e-6) continue; /* on the edge: either */
        assert_int_equal(cells[c], (square && !gap) || triangle);
    }
    assert_ok(nwc_grid_within(NULL, &degrees, 2, part_points, NULL, lon, lat, &within));
    assert_int_equal(count(cells), 100); /* without the hole, which lies in the square */
}

static void areas_cross_the_date_line(void **state)
{
    (void)state;
    uint8_t cells[CELLS];
    nwc_flags within = flags_of(cells);
    nwc_grid at_180 = degrees;
    const int64_t points = 4;
    const double over_lon[4] = {179.0, -179.5, -179.5, 179.0}, over_lat[4] = {30.0, 30.0, 31.0, 31.0};
    const double pole_lon[4] = {0.0, 90.0, 180.0, -90.0}, pole_lat[4] = {80.0, 80.0, 80.0, 80.0};
    at_180.x_first = 178.55;
    assert_ok(nwc_grid_within(NULL, &at_180, 1, &points, NULL, over_lon, over_lat, &within));
    assert_int_equal(count(cells), 150);
    assert_true(cells[5] && cells[19] && !cells[4] && !cells[20]);
    at_180.x_first -= 360.0;
    assert_ok(nwc_grid_within(NULL, &at_180, 1, &points, NULL, over_lon, over_lat, &within));
    assert_int_equal(count(cells), 150);
    assert_fails(NWC_ERR_ARG, "not around a pole",
                 nwc_grid_within(NULL, &degrees, 1, &points, NULL, pole_lon, pole_lat, &within));
}

struct made {
    float value[LEVELS * CELLS], error[LEVELS * CELLS];
    uint8_t cells[2][CELLS];
    nwc_field fields[2];
    nwc_flags areas[2];
};

/* 12 m/s and 20 m/s; of the first level one cell of the square with 18, one outside of it with 30. */
static void make(struct made *made)
{
    for (int c = 0; c < LEVELS * CELLS; c++) made->value[c] = c < CELLS ? 12.0F : 20.0F, made->error[c] = 2.0F;
    made->value[8 * NX + 7] = 18.0F, made->value[NX + 1] = 30.0F;
    for (int f = 0; f < 2; f++)
        made->fields[f] = (nwc_field){.data = f ? made->error : made->value,
                                      .ndim = 3,
                                      .dim = {LEVELS, NY, NX},
                                      .stride = {CELLS, NX, 1},
                                      .missing = NAN,
                                      .units = "m s-1",
                                      .grid = &degrees};
    for (int a = 0; a < 2; a++) made->areas[a] = flags_of(made->cells[a]);
    assert_ok(nwc_grid_within(NULL, &degrees, 2, part_points, hole, lon, lat, &made->areas[0]));
    assert_ok(nwc_grid_within(NULL, &degrees, 1, part_points + 2, NULL, lon + 9, lat + 9, &made->areas[1]));
}

static void limits_are_watched_in_areas(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_exceedance out[LEVELS * 2];
    const double limits[LEVELS] = {15.0, 17.0}, radian = acos(-1.0) / 180.0;
    make(&made);
    assert_ok(nwc_wind_watch(NULL, &made.fields[0], NULL, limits, 0.5, made.areas, 2, out));
    assert_int_equal(out[0].cells, 1);
    assert_int_equal(out[0].known, 84);
    assert_near(out[0].most, 18.0, 0.0);
    assert_int_equal(out[0].j, 8);
    assert_int_equal(out[0].i, 7);
    assert_near(out[0].longitude_deg, 120.75, 1e-9);
    assert_near(out[0].latitude_deg, 30.85, 1e-9);
    assert_near(out[0].probability, 1.0, 0.0);
    const double side = 0.1 * radian * 6371000.0;
    assert_near(out[0].area_m2, side * side * cos(radian * 30.85), 0.01 * side * side);
    assert_int_equal(out[1].cells, 0);
    assert_near(out[1].most, 12.0, 0.0);
    assert_near(out[1].probability, 0.0, 0.0);
    assert_int_equal(out[2].cells, 84);
    assert_int_equal(out[3].cells, out[3].known);
    /* One standard error below the limit is passed once in 0.159. */
    for (int c = 0; c < CELLS; c++) made.value[c] = 13.0F;
    assert_ok(nwc_wind_watch(NULL, &made.fields[0], &made.fields[1], limits, 0.15, made.areas, 2, out));
    assert_int_equal(out[0].cells, 84);
    assert_near(out[0].probability, 0.158655, 1e-5);
    assert_ok(nwc_wind_watch(NULL, &made.fields[0], &made.fields[1], limits, 0.16, made.areas, 2, out));
    assert_int_equal(out[0].cells, 0);
    for (int c = 0; c < CELLS; c++) made.value[c] = NAN;
    assert_ok(nwc_wind_watch(NULL, &made.fields[0], NULL, limits, 0.5, made.areas, 2, out));
    assert_true(out[0].known == 0 && out[0].cells == 0 && out[0].j == -1 && isnan(out[0].most));
    assert_true(isnan(out[0].longitude_deg) && isnan(out[0].probability));
    assert_int_equal(out[2].cells, 84);
}

struct all {
    struct made *made;
    nwc_wind_exceedance out[LEVELS * 2];
};

static nwc_status everything(nwc_ctx *ctx, void *user)
{
    struct all *const all = user;
    static const double limits[LEVELS] = {15.0, 17.0};
    const nwc_status status = nwc_grid_within(ctx, &degrees, 2, part_points, hole, lon, lat, &all->made->areas[0]);
    if (status != NWC_OK) return status;
    return nwc_wind_watch(ctx, &all->made->fields[0], &all->made->fields[1], limits, 0.3, all->made->areas, 2,
                          all->out);
}

static void what_is_watched_is_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    static struct made made;
    static struct all one, other;
    make(&made);
    one.made = other.made = &made;
    assert_ok(everything(NULL, &one));
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(everything(ctx, &other));
        assert_memory_equal(one.out, other.out, sizeof one.out);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(everything, &other) >= 6);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_exceedance out[4];
    const double limits[LEVELS] = {15.0, 17.0}, unknown[LEVELS] = {15.0, (double)NAN};
    const int64_t two = 2;
    const uint8_t first = 1;
    const double bad_lat[5] = {30.0, 95.0, 31.0, 31.0, 30.0};
    make(&made);
    nwc_field *const f = made.fields;
    assert_fails(NWC_ERR_ARG, "likely", nwc_wind_watch(NULL, &f[0], NULL, limits, 1.0, made.areas, 2, out));
    assert_fails(NWC_ERR_ARG, "limits: finite", nwc_wind_watch(NULL, &f[0], NULL, unknown, 0.5, made.areas, 2, out));
    assert_fails(NWC_ERR_ARG, "limits: one", nwc_wind_watch(NULL, &f[0], NULL, NULL, 0.5, made.areas, 2, out));
    assert_fails(NWC_ERR_ARG, "at least one area", nwc_wind_watch(NULL, &f[0], NULL, limits, 0.5, NULL, 0, out));
    assert_fails(NWC_ERR_ARG, "exceedances", nwc_wind_watch(NULL, &f[0], NULL, limits, 0.5, made.areas, 2, NULL));
    f[1].dim[0] = 1;
    assert_fails(NWC_ERR_ARG, "error: the 2 levels",
                 nwc_wind_watch(NULL, &f[0], &f[1], limits, 0.5, made.areas, 2, out));
    made.areas[1].dim[0] = 3;
    assert_fails(NWC_ERR_ARG, "areas: the 20 x 30", nwc_wind_watch(NULL, &f[0], NULL, limits, 0.5, made.areas, 2, out));
    nwc_flags within = flags_of(made.cells[0]);
    assert_fails(NWC_ERR_ARG, "at least 3 points", nwc_grid_within(NULL, &degrees, 1, &two, NULL, lon, lat, &within));
    assert_fails(NWC_ERR_ARG, "before the first hole",
                 nwc_grid_within(NULL, &degrees, 1, part_points, &first, lon, lat, &within));
    assert_fails(NWC_ERR_ARG, "points on the earth",
                 nwc_grid_within(NULL, &degrees, 1, part_points, NULL, lon, bad_lat, &within));
    assert_fails(NWC_ERR_ARG, "at least one ring", nwc_grid_within(NULL, &degrees, 0, NULL, NULL, lon, lat, &within));
    assert_fails(NWC_ERR_ARG, "grid: a grid", nwc_grid_within(NULL, NULL, 1, part_points, NULL, lon, lat, &within));
    within.dim[0] = 3;
    assert_fails(NWC_ERR_ARG, "within: the 20 x 30",
                 nwc_grid_within(NULL, &degrees, 1, part_points, NULL, lon, lat, &within));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_within_rings_are_told),
        cmocka_unit_test(areas_cross_the_date_line),
        cmocka_unit_test(limits_are_watched_in_areas),
        cmocka_unit_test(what_is_watched_is_the_same_bits_on_any_threads),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
