/* terrain: what the ground hides, against the closed form over level ground and rays traced one by one over hills. */
#include "core/internal.h"
#include "support/support.h"

enum { N = 801, GATES = 80 };

#define LAT 47.0
#define LON 8.0
#define ANTENNA_M 600.0
#define CELL_M 125.0
#define GATE_M 500.0

static const double radian = 0.017453292519943295;
static float cells[N * N];

static const nwc_grid plane = {.projection = "+proj=aeqd +lat_0=47 +lon_0=8 +ellps=WGS84",
                               .nx = N,
                               .ny = N,
                               .x_first = -(N / 2) * CELL_M,
                               .y_first = -(N / 2) * CELL_M,
                               .dx = CELL_M,
                               .dy = CELL_M};

/* Three hills, and a plain at 400 m. */
static double hills(double east, double north)
{
    static const struct {
        double east, north, height, size;
    } hill[] = {{0.0, 12000.0, 450.0, 900.0}, {3000.0, 25000.0, 900.0, 1500.0}, {-15000.0, 4000.0, 500.0, 1200.0}};
    double height = 400.0;
    for (int k = 0; k < 3; k++) {
        const double x = (east - hill[k].east) / hill[k].size, y = (north - hill[k].north) / hill[k].size;
        height += hill[k].height * exp(-0.5 * (x * x + y * y));
    }
    return height;
}

static nwc_field ground_of(double (*height)(double east, double north))
{
    for (int j = 0; j < N; j++)
        for (int i = 0; i < N; i++)
            cells[j * N + i] = (float)height(plane.x_first + i * CELL_M, plane.y_first + j * CELL_M);
    return field_2d(cells, N, N, "m", &plane);
}

static nwc_beam *beam_here(void)
{
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, LAT, LON, ANTENNA_M, NULL, &beam));
    return beam;
}

static double level(double east, double north)
{
    (void)east, (void)north;
    return 900.0;
}

/* Eq. 1 of Bech et al. (2003), as it stands there. */
static double bech(double y, double a)
{
    if (y <= -a) return 0.0;
    if (y >= a) return 1.0;
    const double pi = acos(-1.0);
    return (y * sqrt(a * a - y * y) + a * a * asin(y / a) + pi * a * a / 2.0) / (pi * a * a);
}

static void level_ground_hides_what_the_closed_form_says(void **state)
{
    (void)state;
    nwc_beam *const beam = beam_here();
    const nwc_field ground = ground_of(level);
    static float azimuth[8], elevation[8], partial[8 * GATES], cumulative[8 * GATES], height[8 * GATES];
    for (int r = 0; r < 8; r++) azimuth[r] = 45.0F * (float)r + 3.0F, elevation[r] = 0.3F * (float)r - 0.2F;
    nwc_terrain_options options;
    nwc_terrain_options_init(&options);
    options.parts = 7;
    int between = 0;
    assert_ok(nwc_terrain_table(NULL, beam, &ground, 1.2, 0.9, 8, azimuth, elevation, GATES, 1250.0, GATE_M, &options,
                                partial, cumulative, height));
    for (int r = 0; r < 8; r++) {
        double most = 0.0;
        for (int g = 0; g < GATES; g++) {
            /* Over ground of one height the highest of five samples in a gate is the first where beams rise. */
            double expected = 0.0;
            for (int s = 0; s < 5; s++) {
                const double range = 1250.0 + GATE_M * g + (s - 2) * 100.0;
                double beam_m;
                assert_ok(nwc_beam_path(beam, (double)elevation[r], 1, &range, &beam_m, NULL, NULL));
                expected = fmax(expected, bech(900.0 - beam_m, range * tan(0.45 * radian)));
            }
            most = fmax(most, expected);
            between += expected > 0.05 && expected < 0.95;
            assert_near(partial[r * GATES + g], expected, 2e-4);
            assert_near(cumulative[r * GATES + g], most, 2e-4);
            assert_near(height[r * GATES + g], 900.0, 1e-3);
        }
    }
    assert_true(between > 40);
    nwc_beam_destroy(beam);
}

/* The share of rays within the beam that have met the ground before a range; heights of hills as they are, not of cells. */
static double traced(const nwc_beam *beam, double azimuth, double elevation, double width, double range_m)
{
    enum { SIDE = 25, STEP_M = 100 };
    const int steps = (int)(range_m / STEP_M);
    double range[1024], height[1024], along[1024];
    int all = 0, hidden = 0;
    for (int k = 0; k <= steps; k++) range[k] = STEP_M * (double)k;
    for (int v = 0; v < SIDE; v++)
        for (int h = 0; h < SIDE; h++) {
            const double x = (2.0 * h + 1.0) / SIDE - 1.0, y = (2.0 * v + 1.0) / SIDE - 1.0;
            if (x * x + y * y > 1.0) continue;
            const double a = radian * (azimuth + 0.5 * width * x / cos(radian * elevation));
            assert_ok(nwc_beam_path(beam, elevation + 0.5 * width * y, steps + 1, range, height, along, NULL));
            bool met = false;
            for (int k = 1000 / STEP_M; k <= steps && !met; k++)
                met = height[k] < hills(along[k] * sin(a), along[k] * cos(a));
            hidden += met, all++;
        }
    return (double)hidden / all;
}

static void hills_hide_the_rays_that_meet_them(void **state)
{
    (void)state;
    nwc_beam *const beam = beam_here();
    const nwc_field ground = ground_of(hills);
    static const float azimuth[] = {0.0F,   1.0F,   3.5F,   4.5F,   5.0F,   5.5F,   9.5F, 10.5F,
                                    282.0F, 284.0F, 287.0F, 288.0F, 289.0F, 290.0F, 90.0F};
    enum { RAYS = sizeof azimuth / sizeof azimuth[0] };
    static const int gates[] = {40, 60, 79};
    static float elevation[RAYS], cumulative[RAYS * GATES];
    int partly = 0;
    for (int r = 0; r < RAYS; r++) elevation[r] = r == 1 ? 1.0F : 0.4F;
    assert_ok(nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, RAYS, azimuth, elevation, GATES, 250.0, GATE_M, NULL,
                                NULL, cumulative, NULL));
    for (int r = 0; r < RAYS; r++)
        for (int k = 0; k < 3; k++) {
            const int g = gates[k];
            const double expected = traced(beam, (double)azimuth[r], (double)elevation[r], 1.0, GATE_M * (g + 1));
            partly += expected > 0.1 && expected < 0.9;
            assert_near(cumulative[r * GATES + g], expected, 0.02);
        }
    assert_true(partly > 12);
    nwc_beam_destroy(beam);
}

/* Walls of 3 km: at 10 km east of due north, at 20 km west of it. */
static double walls(double east, double north)
{
    if (north > 10000.0 && north < 10600.0 && east > -1.0) return 3000.0;
    return north > 20000.0 && north < 20600.0 && east < 1.0 ? 3000.0 : 0.0;
}

static void what_hides_one_side_and_then_the_other_hides_all(void **state)
{
    (void)state;
    nwc_beam *const beam = beam_here();
    const nwc_field ground = ground_of(walls);
    const float north = 0.0F, up = 0.5F;
    float partial[GATES], cumulative[GATES];
    nwc_terrain_options options;
    nwc_terrain_options_init(&options);
    options.parts = 64;
    assert_ok(nwc_terrain_table(NULL, beam, &ground, 4.0, 1.0, 1, &north, &up, GATES, 250.0, GATE_M, &options, partial,
                                cumulative, NULL));
    assert_near(partial[20], 0.7, 0.15); /* the edge of a wall is as wide as a cell */
    assert_near(partial[40], 0.6, 0.15);
    assert_near(cumulative[19], 0.0, 1e-6);
    assert_near(cumulative[30], 0.7, 0.15);
    assert_near(cumulative[60], 1.0, 1e-6);
    nwc_beam_destroy(beam);
}

static void unknown_ground_hides_nothing(void **state)
{
    (void)state;
    nwc_beam *const beam = beam_here();
    nwc_field ground = ground_of(level);
    for (int j = 0; j < N; j++)
        for (int i = N / 2; i < N; i++) cells[j * N + i] = NAN; /* the east */
    const float azimuth[] = {90.0F, 270.0F}, elevation[] = {0.0F, 0.0F};
    float partial[2 * GATES], cumulative[2 * GATES], height[2 * GATES];
    assert_ok(nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, 2, azimuth, elevation, GATES, 250.0, GATE_M, NULL,
                                partial, cumulative, height));
    assert_true(isnan(partial[40]) && isnan(height[40]) && cumulative[40] == 0.0F);
    assert_true(partial[GATES + 40] == 1.0F && height[GATES + 40] == 900.0F && cumulative[GATES + 40] == 1.0F);
    assert_true(partial[GATES] == 0.0F); /* too near to be looked at */
    for (int c = 0; c < N * N; c++) cells[c] = NAN;
    assert_fails(NWC_ERR_NODATA, "heights within",
                 nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, 2, azimuth, elevation, GATES, 250.0, GATE_M, NULL,
                                   partial, NULL, NULL));
    nwc_beam_destroy(beam);
}

/* The world in cells of half a degree, beginning anywhere; a ridge along the meridian of 1 degree west. */
static void a_map_of_the_world_has_no_seam(void **state)
{
    (void)state;
    static float world[360 * 720], found[3][2 * GATES];
    static const double first[] = {-179.75, 0.25, -0.25};
    const float azimuth[] = {270.0F, 90.0F}, elevation[] = {0.2F, 0.2F};
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, 0.0, 0.3, 100.0, NULL, &beam));
    for (int k = 0; k < 3; k++) {
        nwc_grid grid = {.projection = "+proj=longlat +ellps=WGS84",
                         .nx = 720,
                         .ny = 360,
                         .x_first = first[k],
                         .y_first = -89.75,
                         .dx = 0.5,
                         .dy = 0.5};
        for (int j = 0; j < 360; j++)
            for (int i = 0; i < 720; i++)
                world[j * 720 + i] =
                    fabs(remainder(first[k] + 0.5 * i + 0.75, 360.0)) < 0.3 ? 4000.0F : 0.0F; /* 0.75 W */
        const nwc_field ground = field_2d(world, 360, 720, "m", &grid);
        assert_ok(nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, 2, azimuth, elevation, GATES, 1000.0, 3000.0, NULL,
                                    NULL, found[k], NULL));
    }
    assert_true(found[0][GATES - 1] == 1.0F && found[0][0] < 0.9F);
    for (int g = 0; g < 2 * GATES; g++) {
        assert_near(found[1][g], found[0][g], 1e-4);
        assert_near(found[2][g], found[0][g], 1e-4);
    }
    nwc_beam_destroy(beam);
}

/* ---- volumes ---- */

static nwc_volume *volume_here(void)
{
    static float azimuth[36], elevation[36], dbz[36 * GATES];
    static int64_t time_ns[36];
    nwc_volume *volume;
    const nwc_volume_facts facts = {.latitude_deg = LAT,
                                    .longitude_deg = LON,
                                    .altitude_m = ANTENNA_M,
                                    .beam_width_h_deg = 1.0,
                                    .beam_width_v_deg = 1.0};
    for (int r = 0; r < 36; r++) azimuth[r] = 10.0F * (float)r, elevation[r] = 0.4F;
    for (int c = 0; c < 36 * GATES; c++) dbz[c] = c % 7 == 0 ? (float)NWC_NOTHING_DBZ : c % 7 == 1 ? NAN : 30.0F;
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    for (int s = 0; s < 2; s++) {
        const nwc_sweep sweep = {.n_rays = 36,
                                 .fixed_angle_deg = 0.4,
                                 .time_ns = time_ns,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation};
        nwc_moment moment = {.name = s ? "VRADH" : "DBZH", .first_gate_m = 250.0, .gate_spacing_m = GATE_M};
        moment.field = field_2d(dbz, 36, GATES, s ? "m s-1" : "dBZ", NULL);
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
    return volume;
}

static void volumes_get_blockage_and_what_it_took(void **state)
{
    (void)state;
    const nwc_field ground = ground_of(hills);
    nwc_volume *const volume = volume_here();
    nwc_moment blocked, dbz, more;
    nwc_terrain_options options;
    nwc_terrain_options_init(&options);
    assert_fails(NWC_ERR_NODATA, "a reflectivity and CBB", nwc_terrain_correct(NULL, volume, NULL));
    assert_ok(nwc_terrain_block(NULL, volume, &ground, NULL));
    assert_ok(nwc_volume_find(volume, 1, "CBB", &blocked));
    assert_ok(nwc_volume_find(volume, 0, "CBB", &blocked));
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &dbz));
    assert_string_equal(blocked.field.units, "1");
    assert_true(blocked.field.data[70] > 0.5F); /* beyond the first hill */
    options.most = 0.9;
    assert_ok(nwc_terrain_correct(NULL, volume, &options));
    assert_ok(nwc_volume_find(volume, 0, "DBZHB", &more));
    int partly = 0;
    for (int c = 0; c < 36 * GATES; c++) {
        const float part = blocked.field.data[c], from = dbz.field.data[c], to = more.field.data[c];
        if (isnan(from) || part > 0.9F)
            assert_true(isnan(to));
        else if (from == (float)NWC_NOTHING_DBZ)
            assert_true(to == (float)NWC_NOTHING_DBZ);
        else
            assert_near(to, 30.0 + 10.0 * log10(1.0 / (1.0 - (double)part)), 1e-4);
        partly += part > 0.1F && part < 0.9F;
    }
    assert_true(partly > 20);
    nwc_moment rate;
    nwc_rain_options rain;
    nwc_rain_options_init(&rain);
    rain.method = NWC_RAIN_Z;
    assert_ok(nwc_rain_rate(NULL, volume, &rain)); /* takes what was made up for */
    assert_ok(nwc_volume_find(volume, 0, "RATE", &rate));
    for (int c = 0; c < 36 * GATES; c++)
        if (more.field.data[c] > 0.0F)
            assert_near(rate.field.data[c], pow(pow(10.0, 0.1 * (double)more.field.data[c]) / 200.0, 1.0 / 1.6), 1e-3);
    assert_true(nwc_volume_find(volume, 1, "DBZHB", &more) == NWC_ERR_NODATA);
    options.moment = "CBB";
    assert_fails(NWC_ERR_ARG, "moment: a reflectivity", nwc_terrain_correct(NULL, volume, &options));
    nwc_volume_destroy(volume);
}

static nwc_status block(nwc_ctx *ctx, void *user)
{
    const nwc_field ground = field_2d(cells, N, N, "m", &plane);
    NWC__TRY(nwc_terrain_block(ctx, user, &ground, NULL));
    return nwc_terrain_correct(ctx, user, NULL);
}

static void threads_do_not_change_a_bit_and_failures_leave_nothing(void **state)
{
    (void)state;
    (void)ground_of(hills);
    static float first[36 * GATES];
    nwc_volume *const volume = volume_here();
    nwc_moment blocked;
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(block(ctx, volume));
        assert_ok(nwc_volume_find(volume, 0, "CBB", &blocked));
        if (threads == 1) memcpy(first, blocked.field.data, sizeof first);
        assert_memory_equal(first, blocked.field.data, sizeof first);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(block, volume) > 10);
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    nwc_field ground = ground_of(hills);
    nwc_beam *const beam = beam_here();
    nwc_volume *const volume = volume_here();
    nwc_terrain_options options;
    const float here = 0.0F, odd = NAN;
    nwc_terrain_options_init(&options);
    ground.units = "km";
    assert_fails(NWC_ERR_ARG, "units of m expected, km given", nwc_terrain_block(NULL, volume, &ground, NULL));
    ground.units = "m", ground.grid = NULL;
    assert_fails(NWC_ERR_ARG, "ground_m", nwc_terrain_block(NULL, volume, &ground, NULL));
    ground.grid = &plane;
    assert_fails(NWC_ERR_ARG, "volume", nwc_terrain_block(NULL, NULL, &ground, NULL));
    options.parts = 65;
    assert_fails(NWC_ERR_ARG, "parts: 1 to 64", nwc_terrain_block(NULL, volume, &ground, &options));
    options.parts = 9, options.most = 1.0;
    assert_fails(NWC_ERR_ARG, "most:", nwc_terrain_correct(NULL, volume, &options));
    options.most = 0.5, options.nearest_m = -1.0;
    assert_fails(NWC_ERR_ARG, "nearest_m", nwc_terrain_block(NULL, volume, &ground, &options));
    options.nearest_m = 0.0, options.beam_width_deg = 0.0;
    assert_fails(NWC_ERR_ARG, "beam_width_deg", nwc_terrain_block(NULL, volume, &ground, &options));
    assert_fails(NWC_ERR_ARG, "1 to 8192 rays",
                 nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, 0, &here, &here, 1, 0.0, 1.0, NULL, NULL, NULL,
                                   NULL));
    assert_fails(NWC_ERR_ARG, "gates: some metres apart",
                 nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, 1, &here, &here, 1, 0.0, 0.0, NULL, NULL, NULL,
                                   NULL));
    assert_fails(NWC_ERR_ARG, "widths",
                 nwc_terrain_table(NULL, beam, &ground, 0.0, 1.0, 1, &here, &here, 1, 0.0, 1.0, NULL, NULL, NULL,
                                   NULL));
    assert_fails(NWC_ERR_ARG, "ray 0",
                 nwc_terrain_table(NULL, beam, &ground, 1.0, 1.0, 1, &here, &odd, 1, 0.0, 1.0, NULL, NULL, NULL, NULL));
    nwc_volume_destroy(volume);
    nwc_beam_destroy(beam);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_ground_hides_what_the_closed_form_says),
        cmocka_unit_test(hills_hide_the_rays_that_meet_them),
        cmocka_unit_test(what_hides_one_side_and_then_the_other_hides_all),
        cmocka_unit_test(unknown_ground_hides_nothing),
        cmocka_unit_test(a_map_of_the_world_has_no_seam),
        cmocka_unit_test(volumes_get_blockage_and_what_it_took),
        cmocka_unit_test(threads_do_not_change_a_bit_and_failures_leave_nothing),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
