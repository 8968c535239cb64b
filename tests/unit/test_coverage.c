/* grid: how much of every cell an area covers, against many points in each and areas known by geometry. */
#include "core/internal.h"
#include "support/support.h"

enum { NY = 12, NX = 15, FINE = 24 };

static const nwc_grid metres = {.projection = "+proj=laea +lat_0=48 +lon_0=11",
                                .nx = NX,
                                .ny = NY,
                                .x_first = -7000.0,
                                .y_first = -5000.0,
                                .dx = 1000.0,
                                .dy = 1000.0};
static const nwc_grid degrees = {
    .projection = "+proj=longlat", .nx = NX, .ny = NY, .x_first = 0.5, .y_first = 0.5, .dx = 1.0, .dy = 1.0};

static float cover[NY * NX];

static nwc_status find(nwc_ctx *ctx, const nwc_grid *grid, int32_t parts, const int64_t *points, const uint8_t *hole,
                       const double *lon, const double *lat)
{
    nwc_field out = field_2d(cover, NY, NX, NULL, NULL);
    return nwc_grid_coverage(ctx, grid, parts, points, hole, lon, lat, &out);
}

static double total(void)
{
    double sum = 0.0;
    for (int64_t c = 0; c < NY * NX; c++) sum += (double)cover[c];
    return sum;
}

static void triangles_and_squares_cover_what_geometry_says(void **state)
{
    (void)state;
    const int64_t three = 3, four = 4;
    const double lon[] = {2.0, 6.0, 2.0}, lat[] = {3.0, 3.0, 7.0};
    assert_ok(find(NULL, &degrees, 1, &three, NULL, lon, lat));
    for (int64_t j = 0; j < NY; j++)
        for (int64_t i = 0; i < NX; i++) {
            const int64_t away = (i - 2) + (j - 3);
            const double expected = i < 2 || j < 3 || away > 3 ? 0.0 : away == 3 ? 0.5 : 1.0;
            assert_near(cover[j * NX + i], expected, 1e-6);
        }
    const double right[] = {2.0, 2.0, 6.0}, up[] = {3.0, 7.0, 3.0}; /* the other way around */
    assert_ok(find(NULL, &degrees, 1, &three, NULL, right, up));
    assert_near(total(), 8.0, 1e-5);

    const double west[] = {4.25, 4.75, 4.75, 4.25}, south[] = {2.1, 2.1, 2.6, 2.6}; /* within one cell */
    assert_ok(find(NULL, &degrees, 1, &four, NULL, west, south));
    assert_near(cover[2 * NX + 4], 0.25, 1e-6);
    assert_near(total(), 0.25, 1e-6);

    const double wide[] = {-50.0, 60.0, 60.0, -50.0}, tall[] = {-50.0, -50.0, 60.0, 60.0}; /* all of the grid */
    assert_ok(find(NULL, &degrees, 1, &four, NULL, wide, tall));
    for (int64_t c = 0; c < NY * NX; c++) assert_near(cover[c], 1.0, 1e-6);
    const double past[] = {372.0, 376.0, 372.0}; /* a turn further east, which is the same place, out of it in part */
    const double high[] = {8.0, 8.0, 14.0};
    assert_ok(find(NULL, &degrees, 1, &three, NULL, past, high));
    assert_near(total(), 0.5 * 4.0 * 6.0 - 0.5 * 2.0 * (4.0 / 3.0) - 0.5 * 1.0 * 1.5, 1e-5); /* less what is beyond */
}

static void shares_equal_those_of_many_points(void **state)
{
    (void)state;
    /* A star with a hole in it, and a triangle beside it that leaves the grid. */
    double lon[24], lat[24];
    int64_t n = 0;
    for (int k = 0; k < 12; k++, n++) {
        const double angle = k * 0.5235987755982988, far = k % 2 ? 0.018 : 0.042;
        lon[n] = 11.0 + 1.45 * far * cos(angle), lat[n] = 48.0 + far * sin(angle);
    }
    for (int k = 0; k < 4; k++, n++)
        lon[n] = 11.003 + 0.009 * cos(k * 1.5708), lat[n] = 48.002 + 0.006 * sin(k * 1.5708);
    const double more_lon[] = {11.06, 11.2, 11.08}, more_lat[] = {47.95, 47.96, 48.02};
    memcpy(lon + n, more_lon, sizeof more_lon), memcpy(lat + n, more_lat, sizeof more_lat);
    const int64_t points[] = {12, 4, 3};
    const uint8_t hole[] = {0, 1, 0};
    assert_ok(find(NULL, &metres, 3, points, hole, lon, lat));

    static uint8_t in[NY * FINE][NX * FINE];
    nwc_grid fine = metres;
    fine.nx = NX * FINE, fine.ny = NY * FINE, fine.dx = fine.dy = metres.dx / FINE;
    fine.x_first -= 0.5 * (metres.dx - fine.dx), fine.y_first -= 0.5 * (metres.dy - fine.dy);
    nwc_flags within = {.data = in[0], .ndim = 2, .dim = {NY * FINE, NX * FINE}, .stride = {NX * FINE, 1}};
    assert_ok(nwc_grid_within(NULL, &fine, 3, points, hole, lon, lat, &within));
    double expected_total = 0.0;
    for (int64_t j = 0; j < NY; j++)
        for (int64_t i = 0; i < NX; i++) {
            double count = 0.0;
            for (int64_t b = 0; b < FINE; b++)
                for (int64_t a = 0; a < FINE; a++) count += in[j * FINE + b][i * FINE + a];
            if (i < 2) assert_true(cover[j * NX + i] == 0.0F); /* nothing is left over where nothing is */
            assert_near(cover[j * NX + i], count / FINE / FINE,
                        0.04); /* points along one or two edges may be off by half */
            expected_total += count / FINE / FINE;
        }
    assert_true(expected_total > 20.0);
    assert_near(total(), expected_total, 0.004 * expected_total);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    const int64_t three = 3, two = 2;
    const double lon[] = {2.0, 6.0, NAN}, lat[] = {3.0, 3.0, 7.0};
    assert_fails(NWC_ERR_ARG, "points on the earth", find(NULL, &degrees, 1, &three, NULL, lon, lat));
    assert_fails(NWC_ERR_ARG, "at least 3 points", find(NULL, &degrees, 1, &two, NULL, lon, lat));
    assert_fails(NWC_ERR_ARG, "at least one ring", find(NULL, &degrees, 0, &three, NULL, lon, lat));
    const double pole[] = {0.0, 120.0, 240.0}, north[] = {80.0, 80.0, 80.0};
    assert_fails(NWC_ERR_ARG, "around a pole", find(NULL, &degrees, 1, &three, NULL, pole, north));
    nwc_field small = field_2d(cover, NY, NX - 1, NULL, NULL);
    assert_fails(NWC_ERR_ARG, "coverage", nwc_grid_coverage(NULL, &degrees, 1, &three, NULL, lat, lat, &small));
    assert_ok(find(NULL, &degrees, 1, &three, NULL, lat, lat)); /* without an area */
    assert_near(total(), 0.0, 1e-6);
}

static nwc_status cover_once(nwc_ctx *ctx, void *user)
{
    (void)user;
    const int64_t three = 3;
    const double lon[] = {11.0, 11.05, 11.0}, lat[] = {47.97, 47.97, 48.03};
    return find(ctx, &metres, 1, &three, NULL, lon, lat);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(cover_once, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triangles_and_squares_cover_what_geometry_says),
        cmocka_unit_test(shares_equal_those_of_many_points),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
