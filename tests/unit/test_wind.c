/* wind: small cases, and what every call promises; test_wind_storm.c shows how good the wind is. */
#include "support/wind_result.h"

#define RADIANS (3.14159265358979323846 / 180.0)

enum { RAYS = 72, GATES = 60, TURNS = 3 };

/* A volume at a place near the storm's origin, in a wind that changes with height alone; no reflectivity, so weak rain falls. */
static nwc_volume *plain_volume(double x, double y, double u, double v, double shear)
{
    static const double elevations[TURNS] = {1.0, 4.0, 9.0};
    const nwc_grid plane = {.projection = STORM_PROJECTION, .nx = 1, .ny = 1, .dx = 1.0, .dy = 1.0};
    double lon = x, lat = y;
    nwc_volume *volume;
    assert_ok(nwc_grid_to_lonlat(NULL, &plane, 1, &lon, &lat, &lon, &lat));
    const nwc_volume_facts facts = {.site = "PLAIN",
                                    .latitude_deg = lat,
                                    .longitude_deg = lon,
                                    .altitude_m = 50.0,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = NAN,
                                    .beam_width_v_deg = NAN};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, lat, lon, 50.0, NULL, &beam));
    for (int t = 0; t < TURNS; t++) {
        static float azimuth[RAYS], elevation[RAYS], cells[RAYS * GATES];
        static int64_t time[RAYS];
        for (int r = 0; r < RAYS; r++) {
            azimuth[r] = (float)(5 * ((r + 20) % RAYS)), elevation[r] = (float)elevations[t];
            for (int g = 0; g < GATES; g++) {
                const double range = 500.0 * (g + 1);
                double height, angle;
                assert_ok(nwc_beam_path(beam, elevations[t], 1, &range, &height, NULL, &angle));
                const double a = (double)azimuth[r] * RADIANS, e = angle * RADIANS;
                const double fall = exp(0.4 * height / 10e3) * 2.6 * pow(10.0, 0.0107 * 20.0);
                cells[r * GATES + g] = (float)(cos(e) * ((u + shear * height) * sin(a) + v * cos(a)) - fall * sin(e));
            }
        }
        const nwc_sweep sweep = {.fixed_angle_deg = elevations[t],
                                 .n_rays = RAYS,
                                 .time_ns = time,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation};
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        const nwc_moment moment = {.name = "VRADDH",
                                   .field = field_2d(cells, RAYS, GATES, "m s-1", NULL),
                                   .first_gate_m = 500.0,
                                   .gate_spacing_m = 500.0};
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
    nwc_beam_destroy(beam);
    return volume;
}

static void a_uniform_wind_is_found_by_one_radar(void **state)
{
    (void)state;
    nwc_volume *const volume = plain_volume(-8e3, 3e3, 11.0, -6.0, 0.0);
    struct result *const r = room_for(20, 2000.0, 6, 500.0);
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.freezing_m = 9e3;
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)&volume, .n_volumes = 1};
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    assert_int_equal(r->report.flags, NWC_WIND_OWN_PROFILE | NWC_WIND_ONE_SOURCE);
    for (int64_t c = 0; c < r->cells; c++) {
        assert_near((double)r->cell[0][c], 11.0, 0.15);
        assert_near((double)r->cell[1][c], -6.0, 0.15);
        assert_near((double)r->cell[2][c], 0.0, 0.1);
    }
    let_go(r);
    nwc_volume_destroy(volume);
}

static void points_draw_the_wind_towards_them(void **state)
{
    (void)state;
    struct result *const r = room_for(24, 1000.0, 8, 500.0);
    struct profile background;
    for (int k = 0; k < 8; k++) background.u[k] = 5.0F, background.v[k] = 2.0F;
    lend_profile(&background, r);
    const nwc_wind_point points[2] = {{10.0, 0.0, 1750.0, 9.0, -1.0, 0.5}, {10.05, 0.05, 750.0, NAN, 3.0, 1.0}};
    const nwc_wind_input input = {.points = points,
                                  .n_points = 2,
                                  .background_u = &background.field[0],
                                  .background_v = &background.field[1]};
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, &r->report));
    assert_int_equal(r->report.n, 2); /* of the first; the other does not know u */
    assert_int_equal(r->report.n_sources, 1);
    assert_true(at(r, 0, 3, 12, 12) > 7.5 && at(r, 0, 3, 12, 12) < 9.0);
    assert_true(at(r, 1, 3, 12, 12) < 0.0);
    assert_near(at(r, 0, 3, 12, 12), at(r, 0, 3, 12, 11), 0.3); /* the point lies between them */
    assert_near(at(r, 0, 7, 0, 0), 5.0, 1.0);
    assert_near(r->report.sources[0].before, 3.54, 0.05); /* 4 and 3 away */
    assert_true(r->report.sources[0].after < 1.0);
    let_go(r);
}

/* The bottom of the box goes down to the antenna; levels below the ground and above a lid that are asked for are not known. */
static void ground_and_lid_are_where_they_are_asked_for(void **state)
{
    (void)state;
    struct result *const r = room_for(20, 2000.0, 8, 500.0);
    nwc_volume *const volume = plain_volume(0.0, 0.0, 8.0, 1.0, 2e-3);
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)&volume, .n_volumes = 1};
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    assert_near(r->report.bottom_m, 0.0, 1e-9);
    assert_true(r->report.lid_m >= 5600.0); /* a kilometre above what is seen 30 km away at 9 degrees */
    options.ground_m = 900.0, options.lid_m = 3000.0;
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    assert_near(r->report.bottom_m, 1000.0, 1e-9);
    assert_near(r->report.lid_m, 3000.0, 1e-9);
    assert_true(r->report.flags & NWC_WIND_LOW_LID);
    for (int k = 0; k < 8; k++) assert_int_equal(isnan(at(r, 0, k, 5, 5)) != 0, k < 2 || k >= 6);
    options.ground_m = 5e3, options.lid_m = NAN;
    assert_fails(NWC_ERR_ARG, "ground_m", nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    let_go(r);
    nwc_volume_destroy(volume);
}

static void what_is_not_known_of_a_background_is_filled(void **state)
{
    (void)state;
    struct result *const r = room_for(20, 2000.0, 8, 500.0);
    struct profile background;
    const float u[8] = {NAN, 4.0F, NAN, NAN, 10.0F, 11.0F, NAN, NAN};
    for (int k = 0; k < 8; k++) background.u[k] = u[k], background.v[k] = 1.0F;
    lend_profile(&background, r);
    const nwc_wind_input input = {.background_u = &background.field[0], .background_v = &background.field[1]};
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, &r->report));
    static const double expected[8] = {4, 4, 6, 8, 10, 11, 11, 11};
    for (int k = 0; k < 8; k++) assert_near(at(r, 0, k, 9, 9), expected[k], 1e-4);
    let_go(r);
}

/* Whichever of three radars are there, and some one is, the wind is found. */
static void any_radar_may_be_away(void **state)
{
    (void)state;
    nwc_volume *const all[3] = {plain_volume(-9e3, 4e3, 8.0, 1.0, 2e-3), plain_volume(11e3, -5e3, 8.0, 1.0, 2e-3),
                                plain_volume(2e3, 12e3, 8.0, 1.0, 2e-3)};
    struct result *const r = room_for(20, 2000.0, 6, 500.0);
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.freezing_m = 9e3;
    for (int there = 1; there < 8; there++) {
        const nwc_volume *volumes[3];
        int32_t n = 0;
        for (int v = 0; v < 3; v++)
            if (there >> v & 1) volumes[n++] = all[v];
        const nwc_wind_input input = {.volumes = volumes, .n_volumes = n};
        assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
        const double limit = n == 1 ? 1.0 : 0.4;
        assert_int_equal(r->report.flags & NWC_WIND_ONE_SOURCE, n == 1 ? NWC_WIND_ONE_SOURCE : 0);
        for (int64_t c = 0; c < r->cells; c++) {
            assert_near((double)r->cell[0][c], 8.0 + 2e-3 * r->z[c / 400], limit);
            assert_near((double)r->cell[1][c], 1.0, limit);
            assert_near((double)r->cell[2][c], 0.0, 0.3);
        }
    }
    let_go(r);
    for (int v = 0; v < 3; v++) nwc_volume_destroy(all[v]);
}

/*
 * Without data errors are those of the background among winds free of divergence, which in the middle, with lengths and errors the same
 * in all directions, is two thirds of the variance; cells hide some of it. Of w they vanish at the ground.
 */
static void without_data_errors_are_those_of_the_background(void **state)
{
    (void)state;
    struct result *const r = room_for(24, 500.0, 24, 500.0);
    struct profile background = {.u = {0}};
    lend_profile(&background, r);
    const nwc_wind_input input = {.background_u = &background.field[0], .background_v = &background.field[1]};
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.error_m_s = options.error_w_m_s = 2.0;
    options.length_h_m = options.length_v_m = 3000.0;
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    const double whole = 2.0 * sqrt(2.0 / 3.0);
    for (int f = 5; f < 8; f++) {
        const double there = at(r, f, 12, 12, 12);
        assert_true(there > 0.88 * whole && there < whole);
    }
    assert_true(at(r, 7, 0, 12, 12) < 0.5 * at(r, 7, 12, 12, 12));
    assert_near(at(r, 5, 0, 12, 12), at(r, 5, 12, 12, 12), 0.01);
    let_go(r);
}

static void falling(double x, double y, double z, double wind[3])
{
    (void)x, (void)y, (void)z;
    wind[0] = wind[1] = 0.0, wind[2] = -1.0;
}

static void windy(double x, double y, double z, double wind[3])
{
    (void)x, (void)y, (void)z;
    wind[0] = 6.0, wind[1] = wind[2] = 0.0;
}

/* In a calm background, from what two radars see of a flow some seconds before: u, v and their stated errors in the middle. */
static void find_middle(void (*flow)(double x, double y, double z, double wind[3]), double age_s, double fall_error,
                        double found[4])
{
    static const double radars[2][3] = {{-30e3, -25e3, 0.0}, {30e3, -25e3, 0.0}};
    struct result *const r = room_for(24, 1000.0, 12, 500.0);
    struct profile calm = {.u = {0}};
    lend_profile(&calm, r);
    struct seen seen[2];
    nwc_wind_gridded gridded[2];
    for (int k = 0; k < 2; k++) {
        seen[k] = see_flow(r, radars[k], flow);
        gridded[k] = (nwc_wind_gridded){&seen[k].field[0], &seen[k].field[1], &seen[k].field[2], NULL, 0.5, age_s};
    }
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.fall_error_m_s = fall_error, options.motion_u_m_s = options.motion_v_m_s = 0.0;
    const nwc_wind_input input = {.gridded = gridded,
                                  .n_gridded = 2,
                                  .background_u = &calm.field[0],
                                  .background_v = &calm.field[1]};
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    for (int f = 0; f < 4; f++) found[f] = at(r, f < 2 ? f : f + 3, 8, 12, 12);
    for (int k = 0; k < 2; k++) drop_seen(&seen[k]);
    let_go(r);
}

/* However many data see it: the error that is stated is the wind that echo which falls so much faster is taken for. */
static void an_error_of_the_fall_of_echo_is_stated_as_the_wind_it_is_taken_for(void **state)
{
    (void)state;
    double taken[4], without[4], with[4];
    find_middle(falling, 0.0, 0.0, taken);
    find_middle(windy, 0.0, 0.0, without);
    find_middle(windy, 0.0, 3.0, with);
    assert_true(fabs(taken[1]) > 0.1); /* along y, towards which both look */
    assert_near(sqrt(with[3] * with[3] - without[3] * without[3]), 3.0 * fabs(taken[1]), 0.6 * fabs(taken[1]));
    assert_near(with[2], without[2], 0.1 * without[2]); /* nothing across */
}

/* What was seen two minutes before, in a wind 6 m/s off the background. */
static void what_a_storm_changes_until_it_is_seen_is_stated(void **state)
{
    (void)state;
    double now[4], late[4];
    find_middle(windy, 0.0, 0.0, now);
    find_middle(windy, 120.0, 0.0, late);
    const double change = 2.0 * (1.0 - exp(-2.5 * 120.0 / 6000.0)) * 0.5 * 36.0;
    for (int c = 2; c < 4; c++) assert_near(late[c] * late[c] - now[c] * now[c], change, 0.15 * change);
}

/* ---- promises that every call makes ---- */

struct call {
    const nwc_wind_input *input;
    struct result *result;
};

static nwc_status retrieve(nwc_ctx *ctx, void *user)
{
    const struct call *const call = user;
    return nwc_wind_retrieve(ctx, call->input, 0, NULL, &call->result->output, &call->result->report);
}

struct bits {
    const nwc_wind_input *input;
    struct result *result;
    float cells[8][8 * 40 * 40];
};

static nwc_status retrieve_bits(nwc_ctx *ctx, void *user)
{
    struct bits *const b = user;
    const nwc_status status = nwc_wind_retrieve(ctx, b->input, 0, NULL, &b->result->output, &b->result->report);
    for (int f = 0; f < 8; f++) memcpy(b->cells[f], b->result->cell[f], sizeof b->cells[f]);
    return status;
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    nwc_volume *const volumes[2] = {plain_volume(-9e3, 4e3, 8.0, 1.0, 2e-3), plain_volume(11e3, -5e3, 9.0, 1.5, 2e-3)};
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)volumes, .n_volumes = 2};
    static struct bits one, many;
    one.input = many.input = &input;
    one.result = many.result = room_for(40, 1000.0, 8, 500.0);
    check_threads_change_no_bit(retrieve_bits, &one, &many, sizeof one);
    let_go(one.result);
    nwc_volume_destroy(volumes[0]);
    nwc_volume_destroy(volumes[1]);
}

static void uniform(double x, double y, double z, double wind[3])
{
    (void)x, (void)y, (void)z;
    wind[0] = 8.0, wind[1] = 1.0, wind[2] = 0.0;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    nwc_volume *const volume = plain_volume(0.0, 0.0, 8.0, 1.0, 2e-3);
    struct result *const r = room_for(14, 2000.0, 4, 1000.0);
    const nwc_wind_point point = {10.0, 0.0, 1750.0, 9.0, -1.0, 0.5};
    const double radar[3] = {4e3, -60e3, 0.0};
    struct seen seen = see_flow(r, radar, uniform);
    const nwc_wind_gridded gridded = {&seen.field[0], &seen.field[1], &seen.field[2], NULL, 1.0, 0.0};
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)&volume,
                                  .n_volumes = 1,
                                  .gridded = &gridded,
                                  .n_gridded = 1,
                                  .points = &point,
                                  .n_points = 1};
    struct call call = {&input, r};
    assert_true(check_every_allocation_failure(retrieve, &call) > 20);
    drop_seen(&seen);
    let_go(r);
    nwc_volume_destroy(volume);
}

static int32_t stop_at_once(const char *stage, double fraction, void *user)
{
    (void)stage, (void)fraction;
    return ++*(int *)user > 3;
}

static void it_can_be_stopped(void **state)
{
    (void)state;
    nwc_volume *const volume = plain_volume(0.0, 0.0, 8.0, 1.0, 2e-3);
    struct result *const r = room_for(20, 2000.0, 4, 1000.0);
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)&volume, .n_volumes = 1};
    int heard = 0;
    nwc_ctx_options options;
    nwc_ctx *ctx;
    nwc_ctx_options_init(&options);
    options.progress = stop_at_once, options.progress_user = &heard;
    assert_ok(nwc_ctx_create(&options, &ctx));
    assert_fails(NWC_ERR_CANCELED, "", nwc_wind_retrieve(ctx, &input, 0, NULL, &r->output, &r->report));
    nwc_ctx_destroy(ctx);
    let_go(r);
    nwc_volume_destroy(volume);
}

static void running_out_of_iterations_is_told_with_the_best_found(void **state)
{
    (void)state;
    nwc_volume *const volumes[2] = {plain_volume(-9e3, 4e3, 8.0, 1.0, 2e-3), plain_volume(11e3, -5e3, 9.0, 1.5, 2e-3)};
    struct result *const r = room_for(20, 2000.0, 4, 1000.0);
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)volumes, .n_volumes = 2};
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.iterations = 1, options.tolerance = 1e-5;
    assert_fails(NWC_ERR_CONVERGENCE, "after 1 iterations",
                 nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
    assert_true(r->report.flags & NWC_WIND_NOT_CONVERGED);
    assert_true(r->report.gradient > 1e-5 && r->report.gradient < 1.0);
    assert_near(at(r, 0, 1, 10, 10), 8.5 + 2e-3 * 1500.0, 1.0);
    let_go(r);
    nwc_volume_destroy(volumes[0]);
    nwc_volume_destroy(volumes[1]);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    struct result *const r = room_for(20, 2000.0, 4, 1000.0);
    struct profile background = {.u = {0}};
    lend_profile(&background, r);
    nwc_wind_input input = {.background_u = &background.field[0], .background_v = &background.field[1]};
    nwc_wind_options options;
#define REFUSED(text, call) assert_fails(NWC_ERR_ARG, text, call)
#define WITH(change, text)                                                                                             \
    do {                                                                                                               \
        nwc_wind_options_init(&options);                                                                               \
        options.change;                                                                                                \
        REFUSED(text, nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, NULL));                                 \
    } while (0)
    WITH(error_m_s = 0.0, "error_m_s: above 0");
    WITH(length_w_m = 0.0, "length_w_m: above 0");
    WITH(fall_error_m_s = -1.0, "fall_error_m_s");
    WITH(order = 3, "order: 2 or 4");
    WITH(tolerance = NAN, "tolerance");
    WITH(max_range_m = 100.0, "max_range_m");
    WITH(iterations = -1, "iterations");
    WITH(motion_u_m_s = 5.0, "motion_v_m_s"); /* both or neither */
    WITH(motion_v_m_s = 500.0, "motion_u_m_s");
    REFUSED("input", nwc_wind_retrieve(NULL, NULL, 0, NULL, &r->output, NULL));
    REFUSED("output", nwc_wind_retrieve(NULL, &input, 0, NULL, NULL, NULL));
    input.background_v = NULL;
    REFUSED("background: u and v", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    input.background_v = &background.field[1];
    background.field[1].dim[1] = 19;
    REFUSED("background_v: the grid's 4 x 20 x 20", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    background.field[1].dim[1] = 20;
    const nwc_wind_point point = {10.0, 0.0, 1750.0, 9.0, -1.0, 0.0};
    input.points = &point, input.n_points = 1;
    REFUSED("points[0]: an error above 0", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    input.n_points = 0;
    const nwc_volume *none = NULL;
    input.volumes = &none, input.n_volumes = 1;
    REFUSED("volumes[0]", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    input.n_volumes = 31;
    REFUSED("0 to 30 radars", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    input.n_volumes = 0, input.points = NULL, input.n_points = 1;
    REFUSED("NULL given for one of them", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    input.n_points = 0;
    r->z[2] += 200.0;
    REFUSED("equally spaced levels", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    r->z[2] -= 200.0;
    r->grid.projection = "+proj=longlat +ellps=WGS84", r->grid.dx = r->grid.dy = 0.01,
    r->grid.x_first = r->grid.y_first = 0;
    REFUSED("cells in metres", nwc_wind_retrieve(NULL, &input, 0, NULL, &r->output, NULL));
    let_go(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uniform_wind_is_found_by_one_radar),
        cmocka_unit_test(points_draw_the_wind_towards_them),
        cmocka_unit_test(ground_and_lid_are_where_they_are_asked_for),
        cmocka_unit_test(what_is_not_known_of_a_background_is_filled),
        cmocka_unit_test(any_radar_may_be_away),
        cmocka_unit_test(without_data_errors_are_those_of_the_background),
        cmocka_unit_test(an_error_of_the_fall_of_echo_is_stated_as_the_wind_it_is_taken_for),
        cmocka_unit_test(what_a_storm_changes_until_it_is_seen_is_stated),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(it_can_be_stopped),
        cmocka_unit_test(running_out_of_iterations_is_told_with_the_best_found),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests_name("wind", tests, NULL, NULL);
}
