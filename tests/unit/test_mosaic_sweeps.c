/* mosaic: which sweeps and rays a cell is made of, how radars are joined and brought to one time. */
#include "support/made_mosaic.h"

#include <proj.h>

static void one_missing_ray_is_bridged_and_a_missing_sector_is_not(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn east = {0.5, 60, 0.0, 3.0, 0.0, 0.0, 0.1}; /* 0 to 177 degrees */
    add_turn(volume, &east);
    put(volume, 0, "DBZH", NULL, 600.0, forty);
    struct made *made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (fabs(at.elevation - 0.5) > 0.49 || at.range > 95e3) continue;
        if (at.azimuth < 178.4) assert_near(made->z[c], 40.0, 1e-4);
        if (at.azimuth > 178.6 && at.azimuth < 358.4) assert_true(isnan(made->z[c]));
    }
    free(made);
    nwc_volume_destroy(volume);

    nwc_volume *const gaps = empty_volume(32.6, 120.2);
    int64_t times[MOST_RAYS] = {0};
    float azimuth[MOST_RAYS], elevation[MOST_RAYS];
    int n = 0;
    for (int r = 0; r < 120; r++) {
        if (r == 40) continue;
        times[n] = 480000 * HOUR, azimuth[n] = 3.0F * (float)r, elevation[n] = 0.5F, n++;
    }
    const nwc_sweep sweep = {.n_rays = n, .time_ns = times, .azimuth_deg = azimuth, .elevation_deg = elevation};
    assert_ok(nwc_volume_add_sweep(gaps, &sweep));
    put(gaps, 0, "DBZH", NULL, 600.0, forty);
    made = build(gaps, NULL);
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(gaps, c / (NY * NX), c / NX % NY, c % NX);
        if (fabs(at.elevation - 0.5) < 0.49 && at.range < 95e3) assert_near(made->z[c], 40.0, 1e-4);
    }
    free(made);
    nwc_volume_destroy(gaps);
}

static void sectors_of_one_elevation_are_joined(void **state)
{
    (void)state;
    nwc_volume *const whole = empty_volume(32.6, 120.2), *const split = empty_volume(32.6, 120.2);
    int32_t number = 0;
    for (int t = 0; t < 2; t++) {
        struct turn turn = {0.5 + t, 120, 1.5, 3.0, 0.0, 20.0 * t, 0.125};
        add_turn(whole, &turn);
        put(whole, t, "DBZH", NULL, 600.0, weather);
        turn.rays = 30;
        for (int sector = 0; sector < 4; sector++, number++) { /* in another order, and with no azimuth twice */
            const int at = (sector + 3 * t) % 4;
            turn.first_azimuth = 1.5 + 90.0 * at, turn.begin_s = 20.0 * t + 3.75 * at;
            add_turn(split, &turn);
            put(split, number, "DBZH", NULL, 600.0, weather);
        }
    }
    struct made *const one = build(whole, NULL), *const joined = build(split, NULL);
    int found = 0;
    for (int c = 0; c < CELLS; c++) found += !isnan(one->z[c]);
    assert_true(found > 200);
    assert_memory_equal(one->z, joined->z, sizeof one->z);
    assert_memory_equal(one->radars, joined->radars, sizeof one->radars);
    assert_memory_equal(one->lowest, joined->lowest, sizeof one->lowest);
    for (int c = 0; c < CELLS; c++) assert_true(isnan(one->age[c]) || fabsf(one->age[c] - joined->age[c]) < 1e-3F);
    free(one);
    free(joined);
    nwc_volume_destroy(whole);
    nwc_volume_destroy(split);
}

static float by_time(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)range;
    return after_s < 100.0 ? 20.0F : after_s < 200.0 ? 30.0F : 50.0F;
}

static void of_sweeps_at_one_elevation_the_one_nearest_in_time_is_taken(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn low[] = {{0.5, 120, 0.0, 3.0, 0.0, 0.0, 0.1},
                               {0.55, 120, 1.0, 3.0, 0.0, 150.0, 0.1},
                               {0.48, 120, 2.0, 3.0, 0.0, 300.0, 0.1}};
    for (int t = 0; t < 3; t++) {
        add_turn(volume, &low[t]);
        put(volume, t, "DBZH", NULL, 600.0, by_time);
    }
    static const double asked[] = {0.0, 160.0, 320.0};
    static const float expected[] = {20.0F, 30.0F, 50.0F};
    for (int t = 0; t < 3; t++) {
        struct made *const made = malloc(sizeof *made);
        const nwc_mosaic_input input = {volume, NULL};
        assert_ok(build_with(NULL, &input, 1, asked[t], NULL, NULL, NULL, "VRADH", "m s-1", made));
        int found = 0;
        for (int c = 0; c < CELLS; c++)
            if (!isnan(made->z[c])) {
                assert_near(made->z[c], expected[t], 1e-4);
                assert_near(made->age[c], asked[t] - 150.0 * t - 6.0, 6.1);
                found++;
            }
        assert_true(found > 50);
        free(made);
    }
    nwc_volume_destroy(volume);
}

static void what_the_newest_sweep_leaves_out_comes_from_the_one_before(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn old = {0.5, 120, 1.0, 3.0, 0.0, 0.0, 0.1}, half = {0.55, 60, 0.5, 3.0, 0.0, 300.0, 0.1};
    add_turn(volume, &old);
    add_turn(volume, &half); /* 0.5 to 177.5 degrees */
    put(volume, 0, "DBZH", NULL, 600.0, by_time);
    put(volume, 1, "DBZH", NULL, 600.0, by_time);
    struct made *made = malloc(sizeof *made);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 310.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    int newer = 0, older = 0;
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (isnan(made->z[c]) || at.range > 95e3) continue;
        if (at.azimuth > 1.0 && at.azimuth < 177.0) {
            assert_near(made->z[c], 50.0, 1e-4);
            newer++;
        }
        if (at.azimuth > 182.0 && at.azimuth < 356.0) {
            assert_near(made->z[c], 20.0, 1e-4);
            assert_true(made->age[c] > 290.0F);
            older++;
        }
    }
    assert_true(newer > 20 && older > 20);
    free(made);
    put(volume, 1, "DBZH", NULL, 500.0, by_time); /* gates elsewhere: rays of the two do not join */
    made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) assert_true(isnan(made->z[c]) || fabsf(made->z[c] - 20.0F) < 1e-4F);
    free(made);
    nwc_volume_destroy(volume);
}

static void radars_are_averaged_by_quality_and_velocities_are_of_the_best(void **state)
{
    (void)state;
    nwc_volume *const west = volume_of(32.5, 119.6, 0.0, forty), *const east = volume_of(32.5, 120.5, 0.0, nothing);
    const nwc_mosaic_input both[] = {{west, NULL}, {east, NULL}};
    struct made *const made = malloc(sizeof *made), *const of_west = build(west, NULL),
                       *const of_east = build(east, NULL);
    assert_ok(build_with(NULL, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    int shared = 0;
    for (int c = 0; c < CELLS; c++) {
        assert_int_equal(made->radars[c], of_west->radars[c] | of_east->radars[c] << 1);
        assert_near(made->quality[c], fmaxf(of_west->quality[c], of_east->quality[c]), 1e-6);
        const double qw = of_west->quality[c], qe = of_east->quality[c];
        if (!isnan(of_west->z[c]) && !isnan(of_east->z[c])) {
            if (qw < 1e-6 || qe < 1e-6) continue;
            assert_near(made->z[c], fmax(-32.0, 10.0 * log10(qw * 1e4 / (qw + qe))), 0.01);
            shared++;
        }
        const float v = isnan(of_east->v[c]) || (!isnan(of_west->v[c]) && qw > qe) ? of_west->v[c] : of_east->v[c];
        assert_true(isnan(v) ? isnan(made->v[c]) : fabsf(v - made->v[c]) < 1e-4F);
        const float lowest = fminf(of_west->lowest[c % (NY * NX)], of_east->lowest[c % (NY * NX)]);
        assert_true(isnan(lowest) ? isnan(made->lowest[c % (NY * NX)]) : lowest == made->lowest[c % (NY * NX)]);
    }
    assert_true(shared > 300);
    free(made);
    free(of_west);
    free(of_east);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
}

static void quality_is_what_the_header_says(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn turn = {2.0, 120, 0.0, 3.0, 0.0, 0.0, 0.0};
    add_turn(volume, &turn);
    put(volume, 0, "DBZH", NULL, 600.0, forty);
    struct made *made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        if (isnan(made->z[c])) continue;
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        const double off = at.elevation - 2.0;
        assert_near(made->quality[c],
                    exp(-pow(at.range / 150e3, 2.0)) * exp(-pow(120.0 / 600.0, 2.0)) * pow(2.0, -off * off), 1e-5);
    }
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    float *const half = malloc(120 * GATES * sizeof *half);
    for (int g = 0; g < 120 * GATES; g++) half[g] = 0.5F;
    moment.field.data = half, moment.name = "CBB", moment.field.units = "1";
    assert_ok(nwc_volume_put_moment(volume, 0, &moment));
    struct made *const blocked = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) assert_near(blocked->quality[c], 0.5 * made->quality[c], 1e-6);
    for (int g = 0; g < 120 * GATES; g++) half[g] = 0.25F; /* which knows of the blockage */
    moment.name = "QIND";
    assert_ok(nwc_volume_put_moment(volume, 0, &moment));
    struct made *const worse = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) assert_near(worse->quality[c], 0.25 * made->quality[c], 1e-6);
    free(blocked);
    free(half);
    free(made);
    free(worse);
    nwc_volume_destroy(volume);
}

static void a_radar_that_is_late_gives_nothing(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    struct made *const made = malloc(sizeof *made);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 2000.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    for (int c = 0; c < CELLS; c++) assert_true(isnan(made->z[c]) && !made->radars[c] && made->quality[c] == 0.0F);
    for (int c = 0; c < NY * NX; c++) assert_true(isnan(made->lowest[c]));
    free(made);
    nwc_volume_destroy(volume);
}

/* A quantity that is linear over the ground and moves at (18, -11) m s-1 along the grid's x and y. */
static nwc_beam *moving_beam;
static PJ *moving_plane;

static float moving(double azimuth, double elevation, double range, double after_s)
{
    double lon, lat, height;
    assert_ok(nwc_beam_locate(NULL, moving_beam, 1, &azimuth, &elevation, &range, &lon, &lat, &height));
    const PJ_COORD at = proj_trans(moving_plane, PJ_FWD, proj_coord(lon * RADIANS, lat * RADIANS, 0.0, 0.0));
    const double x = at.xy.x, y = at.xy.y;
    return (float)(1e-3 * (x - 18.0 * after_s) - 2e-3 * (y + 11.0 * after_s) + 1e-4 * height);
}

static void sweeps_are_brought_to_one_time_along_the_motion(void **state)
{
    (void)state;
    static float u[NY * NX], v[NY * NX];
    for (int c = 0; c < NY * NX; c++) u[c] = 18.0F, v[c] = -11.0F;
    const nwc_field u_field = field_2d(u, NY, NX, "m s-1", &made_grid),
                    v_field = field_2d(v, NY, NX, "m s-1", &made_grid);
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, NULL, &moving_beam));
    moving_plane = proj_create(NULL, made_grid.projection);
    for (int t = 0; t < TURNS; t++) {
        struct turn turn = made_turns[t];
        turn.begin_s = 100.0 * t;
        add_turn(volume, &turn);
        put(volume, t, "DBZH", NULL, 600.0, forty);
        put(volume, t, "LINE", "1", 600.0, moving);
    }
    struct made *const made = malloc(sizeof *made), *const still = malloc(sizeof *still);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 400.0, &u_field, &v_field, NULL, "LINE", "1", made));
    assert_ok(build_with(NULL, &input, 1, 400.0, NULL, NULL, NULL, "LINE", "1", still));
    double moved_error = 0.0, still_error = 0.0;
    int n = 0;
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (isnan(made->v[c]) || isnan(still->v[c]) || at.elevation < 0.5 || at.elevation > 9.9 || at.range < 20e3)
            continue;
        const double x = made_grid.x_first + c % NX * made_grid.dx, y = made_grid.y_first + c / NX % NY * made_grid.dy;
        const double truth = 1e-3 * (x - 18.0 * 400.0) - 2e-3 * (y + 11.0 * 400.0) + 1e-4 * made_z_m[c / (NY * NX)];
        moved_error += pow(made->v[c] - truth, 2.0), still_error += pow(still->v[c] - truth, 2.0);
        n++;
    }
    assert_true(n > 500);
    assert_true(sqrt(moved_error / n) < 0.15);
    assert_true(sqrt(still_error / n) > 5.0);
    proj_destroy(moving_plane);
    nwc_beam_destroy(moving_beam);
    free(made);
    free(still);
    nwc_volume_destroy(volume);
}

static void calm_is_no_motion(void **state)
{
    (void)state;
    static float u[NY * NX];
    for (int c = 0; c < NY * NX; c++) u[c] = c % 2 ? NAN : 0.0F;
    const nwc_field calm = field_2d(u, NY, NX, "m s-1", &made_grid);
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    struct made *const made = malloc(sizeof *made), *const still = build(volume, NULL);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 120.0, &calm, &calm, NULL, "VRADH", "m s-1", made));
    assert_memory_equal(made->z, still->z, sizeof made->z);
    for (int c = 0; c < NY * NX; c++) u[c] = 1e-9F; /* the way for what moves, without moving */
    assert_ok(build_with(NULL, &input, 1, 120.0, &calm, &calm, NULL, "VRADH", "m s-1", made));
    for (int c = 0; c < CELLS; c++)
        assert_true(isnan(still->z[c]) ? isnan(made->z[c]) : fabsf(made->z[c] - still->z[c]) < 0.01F);
    free(made);
    free(still);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_missing_ray_is_bridged_and_a_missing_sector_is_not),
        cmocka_unit_test(sectors_of_one_elevation_are_joined),
        cmocka_unit_test(what_the_newest_sweep_leaves_out_comes_from_the_one_before),
        cmocka_unit_test(of_sweeps_at_one_elevation_the_one_nearest_in_time_is_taken),
        cmocka_unit_test(radars_are_averaged_by_quality_and_velocities_are_of_the_best),
        cmocka_unit_test(quality_is_what_the_header_says),
        cmocka_unit_test(a_radar_that_is_late_gives_nothing),
        cmocka_unit_test(sweeps_are_brought_to_one_time_along_the_motion),
        cmocka_unit_test(calm_is_no_motion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
