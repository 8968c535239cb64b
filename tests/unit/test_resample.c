/* grid: resampling, smoothing, units and the direction of winds; against analytic answers and double loops. */
#include "grid/rows.h"
#include "support/support.h"

enum { NY = 24, NX = 30, MOST = 64 * 64 };

static const char laea[] = "+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84";

static nwc_grid grid_of(const char *projection, int64_t ny, int64_t nx, double y, double x, double dy, double dx)
{
    return (nwc_grid){.projection = projection, .ny = ny, .nx = nx, .y_first = y, .x_first = x, .dy = dy, .dx = dx};
}

static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Numbers, some of them unknown. */
static void fill(float *cells, int64_t n, unsigned one_unknown_in)
{
    uint32_t seed = 7;
    for (int64_t c = 0; c < n; c++)
        cells[c] = one_unknown_in && dice(&seed) % one_unknown_in == 0 ? NAN : (float)(dice(&seed) % 1000) * 0.01F;
}

static void resample(nwc_ctx *ctx, const nwc_field *from, int method, double min_known, nwc_field *to)
{
    nwc_resample_options options;
    nwc_resample_options_init(&options);
    options.method = method, options.min_known = min_known;
    assert_ok(nwc_grid_resample(ctx, from, &options, to));
}

static void the_same_grid_gives_the_same_field(void **state)
{
    (void)state;
    float cells[MOST], out[MOST];
    const nwc_grid grid = grid_of(laea, NY, NX, -5e4, 2e4, 1000.0, 2000.0);
    const nwc_field from = field_2d(cells, NY, NX, "mm h-1", &grid);
    nwc_field to = field_2d(out, NY, NX, "mm h-1", &grid);
    fill(cells, NY * NX, 5);
    for (int method = 0; method < 3; method++) {
        resample(NULL, &from, method, 0.5, &to);
        for (int c = 0; c < NY * NX; c++)
            assert_true(isnan(cells[c]) ? isnan(out[c]) : fabsf(cells[c] - out[c]) < 1e-5F);
    }
}

/* Between centres a plane stays a plane; half a cell beyond the outermost centres it is held; farther out is NaN. */
static void a_plane_is_read_exactly_between_centres(void **state)
{
    (void)state;
    float cells[MOST], out[MOST];
    const nwc_grid grid = grid_of(laea, NY, NX, 0.0, 0.0, 1000.0, 1000.0);
    const nwc_grid fine = grid_of(laea, 40, 50, -900.0, 310.0, 313.0, 629.0);
    const nwc_field from = field_2d(cells, NY, NX, "mm h-1", &grid);
    nwc_field to = field_2d(out, 40, 50, "mm h-1", &fine);
    for (int c = 0; c < NY * NX; c++) cells[c] = (float)(2.0 * (c % NX) + 5.0 * (c / NX));
    resample(NULL, &from, NWC_RESAMPLE_BILINEAR, 0.5, &to);
    for (int j = 0; j < 40; j++)
        for (int i = 0; i < 50; i++) {
            const double y = (-900.0 + 313.0 * j) / 1000.0, x = (310.0 + 629.0 * i) / 1000.0;
            if (y < -0.5 || x >= NX - 0.5)
                assert_true(isnan(out[j * 50 + i]));
            else
                assert_near(out[j * 50 + i], 2.0 * fmin(x, NX - 1) + 5.0 * fmax(y, 0.0), 1e-4);
        }
}

/* The mean over each new cell, by 60 x 60 points in it. */
static void overlapping_cells_are_weighted_by_area(void **state)
{
    (void)state;
    enum { SY = 9, SX = 11, POINTS = 60 };
    float cells[MOST], out[MOST];
    const nwc_grid grid = grid_of(laea, NY, NX, 0.0, 0.0, 1000.0, 1000.0);
    const nwc_grid coarse = grid_of(laea, SY, SX, -700.0, 1300.0, 2600.0, 2250.0);
    const nwc_field from = field_2d(cells, NY, NX, "mm h-1", &grid);
    nwc_field to = field_2d(out, SY, SX, "mm h-1", &coarse);
    fill(cells, NY * NX, 4);
    resample(NULL, &from, NWC_RESAMPLE_CONSERVATIVE, 0.7, &to);
    for (int j = 0; j < SY; j++)
        for (int i = 0; i < SX; i++) {
            double sum = 0.0;
            int known = 0;
            for (int p = 0; p < POINTS * POINTS; p++) {
                const double up = (p / POINTS + 0.5) / POINTS - 0.5, right = (p % POINTS + 0.5) / POINTS - 0.5;
                const double y = floor((-700.0 + 2600.0 * (j + up)) / 1000.0 + 0.5);
                const double x = floor((1300.0 + 2250.0 * (i + right)) / 1000.0 + 0.5);
                if (y < 0 || x < 0 || y >= NY || x >= NX || isnan(cells[(int)y * NX + (int)x])) continue;
                sum += (double)cells[(int)y * NX + (int)x], known++;
            }
            const double share = (double)known / (POINTS * POINTS);
            if (fabs(share - 0.7) < 0.03) continue; /* the points do not decide */
            if (share < 0.7)
                assert_true(isnan(out[j * SX + i]));
            else
                assert_near(out[j * SX + i], sum / known, 0.12);
        }
}

static void the_total_is_conserved(void **state)
{
    (void)state;
    float cells[MOST], out[MOST];
    const nwc_grid grid = grid_of(laea, NY, NX, 0.0, 0.0, 1000.0, 1000.0);
    const nwc_grid other = grid_of(laea, 11, 13, -2000.0, -2000.0, 2700.0, 2800.0);
    const nwc_field from = field_2d(cells, NY, NX, "mm h-1", &grid);
    nwc_field to = field_2d(out, 11, 13, "mm h-1", &other);
    fill(cells, NY * NX, 0);
    for (int c = 0; c < NY * NX; c++)
        if (c % NX == 0 || c % NX == NX - 1 || c < NX || c >= (NY - 1) * NX) cells[c] = 0.0F;
    resample(NULL, &from, NWC_RESAMPLE_CONSERVATIVE, 0.0, &to);
    double before = 0.0, after = 0.0;
    for (int c = 0; c < NY * NX; c++) before += (double)cells[c];
    for (int j = 0; j < 11; j++)
        for (int i = 0; i < 13; i++) {
            /* A cell over the rim of the source is the mean of the part inside. */
            const double y = -2.0 + 2.7 * j, x = -2.0 + 2.8 * i;
            const double h = fmin(y + 1.35, NY - 0.5) - fmax(y - 1.35, -0.5);
            const double w = fmin(x + 1.4, NX - 0.5) - fmax(x - 1.4, -0.5);
            if (!isnan(out[j * 13 + i])) after += h * w * (double)out[j * 13 + i];
        }
    assert_near(after, before, 1e-4 * before);
}

/* A smooth function of the place, read on another projection, is the function there. */
static void projections_meet_at_the_same_places(void **state)
{
    (void)state;
    float cells[64 * 64], out[20 * 24];
    const nwc_grid grid = grid_of("+proj=longlat +ellps=WGS84", 64, 64, 48.0, 8.0, 0.05, 0.06);
    const nwc_grid other = grid_of(laea, 20, 24, -6e4, -7e4, 6000.0, 6000.0);
    const nwc_field from = field_2d(cells, 64, 64, "mm h-1", &grid);
    nwc_field to = field_2d(out, 20, 24, "mm h-1", &other);
    for (int c = 0; c < 64 * 64; c++)
        cells[c] = (float)(sin(3.0 * (48.0 + 0.05 * (c / 64))) + cos(2.0 * (8.0 + 0.06 * (c % 64))));
    static const double within[3] = {0.13, 0.005, 0.05}; /* half a cell, curvature, probes */
    for (int method = 0; method < 3; method++) {
        resample(NULL, &from, method, 0.5, &to);
        int known = 0;
        for (int j = 0; j < 20; j++)
            for (int i = 0; i < 24; i++) {
                double x = -7e4 + 6000.0 * i, y = -6e4 + 6000.0 * j;
                assert_ok(nwc_grid_to_lonlat(NULL, &other, 1, &x, &y, &x, &y));
                const float value = out[j * 24 + i];
                if (isnan(value)) continue;
                known++;
                assert_near(value, sin(3.0 * y) + cos(2.0 * x), within[method]);
            }
        assert_int_equal(known, 20 * 24);
    }
}

static void reflectivity_is_averaged_as_z(void **state)
{
    (void)state;
    float cells[2] = {0.0F, 30.0F}, out[1];
    const nwc_grid grid = grid_of(laea, 1, 2, 0.0, 0.0, 1000.0, 1000.0);
    const nwc_grid one = grid_of(laea, 1, 1, 0.0, 500.0, 1000.0, 2000.0);
    const nwc_field from = field_2d(cells, 1, 2, "dBZ", &grid);
    nwc_field to = field_2d(out, 1, 1, "dBZ", &one);
    for (int method = NWC_RESAMPLE_BILINEAR; method <= NWC_RESAMPLE_CONSERVATIVE; method++) {
        resample(NULL, &from, method, 0.5, &to);
        assert_near(out[0], 10.0 * log10(0.5 * (1.0 + 1000.0)), 1e-4);
    }
    cells[0] = cells[1] = -32.0F;
    resample(NULL, &from, NWC_RESAMPLE_CONSERVATIVE, 0.5, &to);
    assert_near(out[0], -32.0, 0.0);
}

static double weight_of(int shape, double size, int64_t k)
{
    const double distance = fabs((double)k);
    if (shape == NWC_SMOOTH_BOX) return k ? fmax(0.0, fmin(1.0, 0.5 * size + 0.5 - distance)) : 1.0;
    if (size == 0.0) return k == 0;
    return distance > ceil(4.0 * size) ? 0.0 : exp(-0.5 * distance * distance / (size * size));
}

static void check_smooth(int64_t ny, int64_t nx, int shape, double size_y, double size_x, double min_known)
{
    float cells[MOST], out[MOST];
    nwc_field from = field_2d(cells, ny, nx, "mm h-1", NULL), to = field_2d(out, ny, nx, "mm h-1", NULL);
    fill(cells, ny * nx, 3);
    assert_ok(nwc_grid_smooth(NULL, &from, shape, size_y, size_x, min_known, &to));
    double whole_y = 0.0, whole_x = 0.0;
    for (int64_t k = -200; k <= 200; k++)
        whole_y += weight_of(shape, size_y, k), whole_x += weight_of(shape, size_x, k);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            double sum = 0.0, weight = 0.0;
            for (int64_t y = 0; y < ny; y++)
                for (int64_t x = 0; x < nx; x++) {
                    const double w = weight_of(shape, size_y, y - j) * weight_of(shape, size_x, x - i);
                    if (!isnan(cells[y * nx + x])) sum += w * (double)cells[y * nx + x], weight += w;
                }
            const double share = weight / (whole_y * whole_x);
            if (fabs(share - min_known) < 1e-4 && min_known > 0.0) continue;
            if (weight == 0.0 || share < min_known)
                assert_true(isnan(out[j * nx + i]));
            else if (isnan(out[j * nx + i]))
                fail_msg("shape %d, sizes %g %g: NaN where %g is known", shape, size_y, size_x, share);
            else
                assert_near(out[j * nx + i], sum / weight, 1e-4);
        }
}

static void smoothing_is_the_weighted_mean_of_what_is_known(void **state)
{
    (void)state;
    check_smooth(NY, NX, NWC_SMOOTH_GAUSSIAN, 1.5, 2.5, 0.0);
    check_smooth(NY, NX, NWC_SMOOTH_GAUSSIAN, 3.0, 0.0, 0.6);
    check_smooth(NY, NX, NWC_SMOOTH_GAUSSIAN, 0.0, 0.0, 0.5);
    check_smooth(NY, NX, NWC_SMOOTH_BOX, 3.0, 5.0, 0.5);
    check_smooth(NY, NX, NWC_SMOOTH_BOX, 2.0, 1.3, 0.0);
    check_smooth(NY, NX, NWC_SMOOTH_BOX, 0.0, 40.0, 0.0);
    check_smooth(1, NX, NWC_SMOOTH_GAUSSIAN, 2.0, 2.0, 0.0);
    check_smooth(1, 1, NWC_SMOOTH_BOX, 3.0, 3.0, 0.0);
    float cells[9];
    nwc_field field = field_2d(cells, 3, 3, "dBZ", NULL);
    for (int c = 0; c < 9; c++) cells[c] = NAN;
    assert_ok(nwc_grid_smooth(NULL, &field, NWC_SMOOTH_BOX, 3.0, 3.0, 0.0, &field));
    for (int c = 0; c < 9; c++) assert_true(isnan(cells[c]));
    for (int c = 0; c < 9; c++) cells[c] = c == 4 ? 30.0F : -32.0F;
    assert_ok(nwc_grid_smooth(NULL, &field, NWC_SMOOTH_BOX, 3.0, 3.0, 0.0, &field));
    assert_near(cells[4], 10.0 * log10(1000.0 / 9.0), 1e-4);
    assert_fails(NWC_ERR_ARG, "shape", nwc_grid_smooth(NULL, &field, 5, 1.0, 1.0, 0.0, &field));
    assert_fails(NWC_ERR_ARG, "size_y", nwc_grid_smooth(NULL, &field, 0, -1.0, 1.0, 0.0, &field));
    assert_fails(NWC_ERR_ARG, "min_known", nwc_grid_smooth(NULL, &field, 0, 1.0, 1.0, 2.0, &field));
}

static void rain_and_reflectivity_follow_their_relation(void **state)
{
    (void)state;
    float cells[6] = {NAN, -32.0F, -10.5F, 0.0F, 40.0F, 55.5F}, rate[6], back[6];
    const nwc_field dbz = field_2d(cells, 2, 3, "dBZ", NULL);
    nwc_field rain = field_2d(rate, 2, 3, "mm h-1", NULL), again = field_2d(back, 2, 3, "dBZ", NULL);
    assert_ok(nwc_grid_rate_from_dbz(NULL, &dbz, 200.0, 1.6, &rain));
    assert_ok(nwc_grid_dbz_from_rate(NULL, &rain, 200.0, 1.6, &again));
    assert_true(isnan(rate[0]) && isnan(back[0]) && rate[1] == 0.0F && rate[2] == 0.0F);
    assert_near(back[1], -32.0, 0.0);
    assert_near(rate[4], pow(1e4 / 200.0, 1.0 / 1.6), 1e-4); /* 11.53 mm h-1 */
    for (int c = 3; c < 6; c++) assert_near(back[c], cells[c], 1e-4);
    assert_fails(NWC_ERR_ARG, "units", nwc_grid_rate_from_dbz(NULL, &rain, 200.0, 1.6, &again));
    assert_fails(NWC_ERR_ARG, "a, b", nwc_grid_rate_from_dbz(NULL, &dbz, 0.0, 1.6, &rain));
}

/* On a polar stereographic plane the grid's +y is turned by the longitude from the central one. */
static void winds_turn_by_the_convergence_of_meridians(void **state)
{
    (void)state;
    enum { SY = 40, SX = 50 };
    static float u[SY * SX], v[SY * SX], east[SY * SX], north[SY * SX];
    const nwc_grid grid =
        grid_of("+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6371000", SY, SX, -3.5e6, -1e6, 4e4, 4e4);
    nwc_field x = field_2d(u, SY, SX, "m s-1", &grid), y = field_2d(v, SY, SX, "m s-1", &grid);
    nwc_field e = field_2d(east, SY, SX, "m s-1", &grid), n = field_2d(north, SY, SX, "m s-1", &grid);
    for (int c = 0; c < SY * SX; c++) u[c] = 0.0F, v[c] = 10.0F;
    assert_ok(nwc_grid_rotate_wind(NULL, &x, &y, 1, &e, &n));
    for (int j = 0; j < SY; j++)
        for (int i = 0; i < SX; i++) {
            const double angle = atan2(-1e6 + 4e4 * i, 3.5e6 - 4e4 * j); /* longitude less 10 degrees */
            assert_near(east[j * SX + i], 10.0 * sin(angle), 1e-3);
            assert_near(north[j * SX + i], 10.0 * cos(angle), 1e-3);
        }
    assert_ok(nwc_grid_rotate_wind(NULL, &e, &n, 0, &e, &n));
    for (int c = 0; c < SY * SX; c++) {
        assert_near(east[c], 0.0, 1e-4);
        assert_near(north[c], 10.0, 1e-4);
    }
    const nwc_grid flat = grid_of("+proj=longlat +ellps=WGS84", SY, SX, 40.0, 170.0, 0.5, 0.5);
    x.grid = y.grid = e.grid = n.grid = &flat;
    assert_ok(nwc_grid_rotate_wind(NULL, &x, &y, 1, &e, &n));
    for (int c = 0; c < SY * SX; c++) assert_near(north[c], 10.0, 1e-5);
}

/* One wind at x, y of a projection, turned to true east and north or back. */
static void turn_one(const char *projection, double x, double y, int32_t to_true, float wind[2])
{
    const nwc_grid grid = grid_of(projection, 1, 1, y, x, 0.01, 0.01);
    nwc_field u = field_2d(&wind[0], 1, 1, "m s-1", &grid), v = field_2d(&wind[1], 1, 1, "m s-1", &grid);
    assert_ok(nwc_grid_rotate_wind(NULL, &u, &v, to_true, &u, &v));
}

/*
 * Expected values published by the Met Office: those that the tests of Iris 1.9 to 3 hold the function rotate_winds to
 * (iris.analysis.cartography, TestRotatedToOSGB.test_data_values), for winds of a rotated pole brought to the National Grid
 * of Great Britain. They come from finite steps, which change speeds by 4e-5 of themselves.
 */
static void winds_of_a_rotated_pole_come_to_the_national_grid_as_published(void **state)
{
    (void)state;
    static const char *const rotated = "+proj=ob_tran +o_proj=longlat +o_lat_p=37.5 +o_lon_p=0 +lon_0=357.5 +R=6371229";
    static const char *const national =
        "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy";
    static const struct {
        double longitude, latitude, u, v; /* turned degrees, m s-1 */
    } published[] = {{1.0, 0.0, 0.16285514, 19.88979966},
                     {3.0, 0.0, 0.35323639, 19.01921346},
                     {1.0, 5.0, 1.82650698, 19.88018847},
                     {3.0, 5.0, 2.62455840, 19.01424281}};
    const double degree = acos(-1.0) / 180.0;
    for (int k = 0; k < 4; k++) {
        const double x = published[k].longitude, y = published[k].latitude;
        float wind[2] = {(float)(20.0 * pow(cos((2.0 * x + 3.0 * (y + 30.0)) * degree), 2.0)),
                         (float)(20.0 * cos(6.0 * x * degree))};
        const nwc_grid from = grid_of(rotated, 1, 1, y, x, 0.01, 0.01),
                       to = grid_of(national, 1, 1, 0.0, 0.0, 1.0, 1.0);
        double east, north;
        turn_one(rotated, x, y, 1, wind);
        assert_ok(nwc_grid_to_lonlat(NULL, &from, 1, &x, &y, &east, &north));
        assert_ok(nwc_grid_from_lonlat(NULL, &to, 1, &east, &north, &east, &north));
        turn_one(national, east, north, 0, wind);
        assert_near(wind[0], published[k].u, 1e-5);
        assert_near(wind[1], published[k].v, 8e-4);
    }
}

/* Published in the tests of Basemap (mpl_toolkits.basemap, TestRotateVector.test_npstere): a wind of 1, 1 to true east and north. */
static void a_wind_comes_to_a_polar_plane_as_published(void **state)
{
    (void)state;
    static const char *const polar = "+proj=stere +lat_0=90 +lat_ts=90 +lon_0=0 +R=6370997";
    static const float u[] = {1, -1, -1, 1}, v[] = {1, 1, -1, -1};
    const nwc_grid grid = grid_of(polar, 1, 1, 0.0, 0.0, 1.0, 1.0);
    for (int k = 0; k < 4; k++) {
        double x = 90.0 * k, y = 75.0;
        float wind[2] = {1.0F, 1.0F};
        assert_ok(nwc_grid_from_lonlat(NULL, &grid, 1, &x, &y, &x, &y));
        turn_one(polar, x, y, 0, wind);
        assert_near(wind[0], u[k], 1e-6);
        assert_near(wind[1], v[k], 1e-6);
    }
}

/* Two rows of a region: 10 N with 3 points from 359 to 3 E, 20 N with 2 points from 0 to 3 E, north first. */
static const double row_lon[] = {0.0, 3.0, 359.0, 1.0, 3.0}, row_lat[] = {20.0, 20.0, 10.0, 10.0, 10.0};

static void cells_among_rows_of_points_are_between_their_rows(void **state)
{
    (void)state;
    float values[] = {10.0F, 40.0F, 1.0F, 3.0F, 5.0F}, out[7 * 4];
    /* 5, 10, 15 and 20 N, 2 W to 4 E */
    const nwc_grid to = grid_of("+proj=longlat +R=6371229", 4, 7, 5.0, -2.0, 5.0, 1.0);
    struct nwc__rows rows;
    nwc_ctx *const ctx = context_with_threads(1);
    assert_ok(nwc__rows_create(ctx, 5, row_lon, row_lat, &to, &rows));
    assert_ok(nwc__rows_read(ctx, &rows, values, "K", out));
    /* 10 N: from half a spacing (1 degree) before the first point to as much behind the last */
    const float at_10[] = {1.0F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 5.0F};
    for (int i = 0; i < 7; i++) assert_near(out[7 + i], at_10[i], 1e-5);
    /* 20 N: spacing 3 degrees */
    const float at_20[] = {NAN, 10.0F, 10.0F, 20.0F, 30.0F, 40.0F, 40.0F};
    assert_true(isnan(out[21]));
    for (int i = 1; i < 7; i++) assert_near(out[21 + i], at_20[i], 1e-5);
    /* between them, and half a spacing of rows below the lower one */
    for (int i = 1; i < 7; i++) assert_near(out[14 + i], 0.5F * (at_10[i] + at_20[i]), 1e-5);
    for (int i = 0; i < 7; i++) assert_near(out[i], at_10[i], 1e-5);
    /* of what is not known, half may be missing */
    values[0] = NAN;
    assert_ok(nwc__rows_read(ctx, &rows, values, "K", out));
    assert_true(isnan(out[21 + 2]) && isnan(out[21 + 3]));
    assert_near(out[21 + 4], 40.0, 1e-5);
    assert_near(out[14 + 2], 2.0, 1e-5);
    /* reflectivity as Z */
    float dbz[] = {10.0F, 20.0F, 10.0F, 20.0F, 20.0F};
    assert_ok(nwc__rows_read(ctx, &rows, dbz, "dBZ", out));
    assert_near(out[7 + 2], 10.0 * log10(0.5 * (10.0 + 100.0)), 1e-4);
    nwc__rows_destroy(ctx, &rows);
    /* Points that lie in no rows, westward rows, and rows in no order. */
    const double scattered[] = {1.0, 5.0, 3.0, 2.0, 9.0}, westward[] = {0.0, 3.0, 3.0, 1.0, 359.0};
    assert_fails(NWC_ERR_UNSUPPORTED, "points on rows of latitude",
                 nwc__rows_create(ctx, 5, row_lon, scattered, &to, &rows));
    assert_fails(NWC_ERR_UNSUPPORTED, "from west to east", nwc__rows_create(ctx, 5, westward, row_lat, &to, &rows));
    assert_null(rows.point);
    nwc_ctx_destroy(ctx);
}

static nwc_status call_rows(nwc_ctx *ctx, void *user)
{
    float values[] = {1.0F, 2.0F, 3.0F, 4.0F, 5.0F};
    const nwc_grid to = grid_of("+proj=longlat +R=6371229", 2, 2, 10.0, 0.0, 1.0, 1.0);
    struct nwc__rows rows;
    nwc_status status = nwc__rows_create(ctx, 5, row_lon, row_lat, &to, &rows);
    if (status == NWC_OK) status = nwc__rows_read(ctx, &rows, values, "K", user);
    nwc__rows_destroy(ctx, &rows);
    return status;
}

static nwc_status call_all(nwc_ctx *ctx, void *user)
{
    float *const out = user;
    static float cells[NY * NX];
    static const nwc_grid grid = {.projection = "+proj=longlat +R=6371000",
                                  .ny = NY,
                                  .nx = NX,
                                  .y_first = 49.0,
                                  .x_first = 9.0,
                                  .dy = 0.1,
                                  .dx = 0.1};
    static const nwc_grid other = {
        .projection = laea, .ny = 20, .nx = 20, .y_first = -5e4, .x_first = -5e4, .dy = 7e3, .dx = 7e3};
    const nwc_field field = field_2d(cells, NY, NX, "dBZ", &grid);
    fill(cells, NY * NX, 6);
    nwc_resample_options options;
    nwc_resample_options_init(&options);
    options.method = NWC_RESAMPLE_CONSERVATIVE;
    nwc_field first = field_2d(out, 20, 20, "dBZ", &other), second = field_2d(out + 400, NY, NX, "dBZ", &grid);
    nwc_status status = nwc_grid_resample(ctx, &field, &options, &first);
    if (status == NWC_OK) status = nwc_grid_smooth(ctx, &field, NWC_SMOOTH_GAUSSIAN, 2.0, 3.0, 0.3, &second);
    return status;
}

static void threads_change_no_bit_levels_little_and_failures_leave_no_memory(void **state)
{
    (void)state;
    static float one[400 + NY * NX], many[400 + NY * NX];
    check_threads_change_no_bit(call_all, one, many, sizeof one);
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_ctx *const ctx = context_with_simd(simd);
        assert_ok(call_all(ctx, many));
        for (size_t c = 0; c < sizeof one / sizeof one[0]; c++)
            assert_true(isnan(one[c]) ? isnan(many[c]) : fabsf(one[c] - many[c]) < 1e-4F);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(call_all, one) >= 8);
    assert_true(check_every_allocation_failure(call_rows, one) >= 6);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    float cells[4] = {0}, out[4];
    const nwc_grid grid = grid_of(laea, 2, 2, 0.0, 0.0, 1e3, 1e3);
    nwc_field field = field_2d(cells, 2, 2, "dBZ", NULL), to = field_2d(out, 2, 2, "dBZ", &grid);
    assert_fails(NWC_ERR_ARG, "field: a grid", nwc_grid_resample(NULL, &field, NULL, &to));
    field.grid = &grid;
    assert_fails(NWC_ERR_ARG, "other than", nwc_grid_resample(NULL, &field, NULL, &field));
    nwc_resample_options options;
    nwc_resample_options_init(&options);
    options.method = 3;
    assert_fails(NWC_ERR_ARG, "method", nwc_grid_resample(NULL, &field, &options, &to));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_grid_gives_the_same_field),
        cmocka_unit_test(a_plane_is_read_exactly_between_centres),
        cmocka_unit_test(overlapping_cells_are_weighted_by_area),
        cmocka_unit_test(the_total_is_conserved),
        cmocka_unit_test(projections_meet_at_the_same_places),
        cmocka_unit_test(reflectivity_is_averaged_as_z),
        cmocka_unit_test(smoothing_is_the_weighted_mean_of_what_is_known),
        cmocka_unit_test(rain_and_reflectivity_follow_their_relation),
        cmocka_unit_test(winds_turn_by_the_convergence_of_meridians),
        cmocka_unit_test(winds_of_a_rotated_pole_come_to_the_national_grid_as_published),
        cmocka_unit_test(a_wind_comes_to_a_polar_plane_as_published),
        cmocka_unit_test(cells_among_rows_of_points_are_between_their_rows),
        cmocka_unit_test(threads_change_no_bit_levels_little_and_failures_leave_no_memory),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests_name("resample", tests, NULL, NULL);
}
