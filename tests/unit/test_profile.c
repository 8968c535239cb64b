/* profile: winds known beforehand, seen along beams of which this file works out the geometry by vectors. */
#include "support/support.h"

#include "core/random.h"

#define EARTH (4.0 / 3.0 * 6371000.0)
#define RAD (3.14159265358979323846 / 180.0)

enum { RAYS = 360, GATES = 80, LEVELS = 8 };

/* A wind linear in space, a radar, and what is wrong with its velocities. */
struct scene {
    double u, v, w, u_x, u_y, v_x, v_y, u_z, v_z;
    double noise, nyquist;   /* nyquist 0: not aliased */
    double outliers;         /* part of the gates that are anything */
    double from_deg, to_deg; /* azimuths without echo */
    double longitude;        /* of the radar */
    uint64_t seed;
    double elevation[4];
    int sweeps;
    int still; /* number of the sweep whose echo does not move; 0 for none */
};

static float normal[RAYS * GATES], uniform_0_1[RAYS * GATES];

static void draw(uint64_t seed, int64_t first)
{
    nwc__random_normal(nwc__ctx(NULL), seed, 1, first, RAYS * GATES, normal);
    nwc__random_uniform(nwc__ctx(NULL), seed, 2, first, RAYS * GATES, uniform_0_1);
}

static double seen(const struct scene *scene, double azimuth, double elevation, double range)
{
    /* In the plane of the beam: place of the gate from the middle of the earth, direction of the beam, the local vertical. */
    const double up = EARTH + 100.0 + range * sin(elevation), along = range * cos(elevation);
    const double radius = sqrt(up * up + along * along);
    const double sin_local = (cos(elevation) * along + sin(elevation) * up) / radius;
    const double cos_local = sqrt(1.0 - sin_local * sin_local);
    const double s = EARTH * acos(up / radius), z = radius - EARTH - 1000.0;
    const double x = s * sin(azimuth) + 6371000.0 * RAD * cos(45.0 * RAD) * scene->longitude, y = s * cos(azimuth);
    const double u = scene->u + scene->u_x * x + scene->u_y * y + scene->u_z * z;
    const double v = scene->v + scene->v_x * x + scene->v_y * y + scene->v_z * z;
    return (u * sin(azimuth) + v * cos(azimuth)) * cos_local + scene->w * sin_local;
}

static nwc_volume *volume_of(const struct scene *scene)
{
    nwc_volume *volume;
    const nwc_volume_facts facts = {.latitude_deg = 45.0,
                                    .longitude_deg = scene->longitude,
                                    .altitude_m = 100.0,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = NAN,
                                    .beam_width_v_deg = NAN};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    static float azimuth[RAYS], elevation[RAYS], nyquist[RAYS], cells[RAYS * GATES];
    static int64_t time[RAYS];
    for (int s = 0; s < scene->sweeps; s++) {
        draw(scene->seed, (int64_t)s * RAYS * GATES);
        for (int r = 0; r < RAYS; r++) {
            azimuth[r] = (float)((r + 100) % RAYS); /* a turn need not begin in the north */
            elevation[r] = (float)scene->elevation[s];
            nyquist[r] = scene->nyquist > 0.0 ? (float)scene->nyquist : NAN;
            for (int g = 0; g < GATES; g++) {
                const int cell = r * GATES + g;
                double value = seen(scene, azimuth[r] * RAD, scene->elevation[s] * RAD, 500.0 * (g + 1));
                if (s > 0 && s == scene->still) value = 0.0;
                if (scene->noise > 0.0) value += scene->noise * normal[cell];
                if (uniform_0_1[cell] < scene->outliers) value = 60.0 * uniform_0_1[cell] / scene->outliers;
                if (scene->nyquist > 0.0) value = remainder(value, 2.0 * scene->nyquist);
                const bool hidden = azimuth[r] >= scene->from_deg && azimuth[r] < scene->to_deg;
                cells[r * GATES + g] = hidden ? NAN : (float)value;
            }
        }
        const nwc_sweep sweep = {.fixed_angle_deg = scene->elevation[s],
                                 .n_rays = RAYS,
                                 .time_ns = time,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation,
                                 .nyquist_m_s = nyquist};
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        const nwc_moment moment = {.name = "VRADH",
                                   .field = field_2d(cells, RAYS, GATES, "m s-1", NULL),
                                   .first_gate_m = 500.0,
                                   .gate_spacing_m = 500.0};
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
    return volume;
}

static nwc_profile_options method(int32_t which)
{
    nwc_profile_options options;
    nwc_profile_options_init(&options);
    options.method = which;
    return options;
}

static nwc_profile_level at_1000_m(const struct scene *scene, const nwc_profile_options *options)
{
    nwc_volume *const volume = volume_of(scene);
    const double height = 1000.0;
    nwc_profile_level level;
    const nwc_volume *const volumes[1] = {volume};
    assert_ok(nwc_profile_estimate(NULL, volumes, 1, &height, 1, options, &level));
    nwc_volume_destroy(volume);
    return level;
}

static const struct scene uniform = {.u = 12.0, .v = -7.0, .sweeps = 3, .elevation = {1.5, 3.0, 6.0}};

static void every_method_finds_a_uniform_wind(void **state)
{
    (void)state;
    for (int32_t m = NWC_PROFILE_VAD; m <= NWC_PROFILE_VVP; m++) {
        const nwc_profile_options options = method(m);
        const nwc_profile_level level = at_1000_m(&uniform, &options);
        assert_near(level.u_m_s, 12.0, 1e-3);
        assert_near(level.v_m_s, -7.0, 1e-3);
        assert_near(level.gap_deg, 0.0, 1.0);
        assert_true(level.n_points > 1000 && level.quality > 0.9);
        assert_near(level.height_m, 1000.0, 0.0);
    }
}

static void a_linear_wind_gives_divergence_and_deformation(void **state)
{
    (void)state;
    const struct scene linear = {.u = 5.0,
                                 .v = 9.0,
                                 .u_x = 2e-4,
                                 .v_y = -0.5e-4,
                                 .u_y = 1e-4,
                                 .v_x = 0.6e-4,
                                 .sweeps = 3,
                                 .elevation = {1.5, 3.0, 6.0}};
    nwc_profile_options options = method(NWC_PROFILE_VVP);
    for (int32_t m = NWC_PROFILE_VAD; m <= NWC_PROFILE_VVP; m++) {
        options.method = m;
        options.parameters = 5;
        const nwc_profile_level level = at_1000_m(&linear, &options);
        assert_near(level.u_m_s, 5.0, 0.01);
        assert_near(level.v_m_s, 9.0, 0.01);
        assert_near(level.divergence, 1.5e-4, 2e-6);
        assert_near(level.stretching, 2.5e-4, 2e-6);
        assert_near(level.shearing, 1.6e-4, 2e-6);
    }
}

static void falling_echo_is_told_from_divergence_by_several_elevations(void **state)
{
    (void)state;
    struct scene falling = uniform;
    falling.w = -6.0;
    falling.u_x = 1e-4;
    falling.elevation[2] = 8.0;
    const nwc_profile_options options = method(NWC_PROFILE_VAD);
    const nwc_profile_level level = at_1000_m(&falling, &options);
    assert_near(level.w_m_s, -6.0, 0.05);
    assert_near(level.divergence, 1e-4, 2e-6);
    falling.sweeps = 1;
    const nwc_profile_level alone = at_1000_m(&falling, &options);
    assert_true(isnan(alone.w_m_s) && isnan(alone.divergence));
    assert_near(alone.u_m_s, 12.0, 0.05);
}

static void vvp_finds_vertical_shear_and_leaves_out_what_cannot_be_told(void **state)
{
    (void)state;
    struct scene sheared = uniform;
    sheared.u_z = 8e-3;
    sheared.v_z = -5e-3;
    nwc_profile_options options = method(NWC_PROFILE_VVP);
    options.parameters = 7;
    options.depth_m = 600.0;
    nwc_profile_level level = at_1000_m(&sheared, &options);
    assert_near(level.u_m_s, 12.0, 0.01);
    assert_near(level.v_m_s, -7.0, 0.01);
    assert_near(level.divergence, 0.0, 1e-6);
    options.parameters = 3; /* one low sweep: w follows from u and v alone */
    sheared = uniform;
    sheared.sweeps = 1;
    sheared.from_deg = 0.0;
    sheared.to_deg = 300.0;
    options.max_gap_deg = 360.0;
    level = at_1000_m(&sheared, &options);
    assert_true(isnan(level.w_m_s));
    assert_near(level.u_m_s, 12.0, 0.01);
}

static void gaps_are_measured_and_too_large_ones_refused(void **state)
{
    (void)state;
    struct scene gap = uniform;
    gap.from_deg = 300.0;
    gap.to_deg = 360.0;
    for (int32_t m = NWC_PROFILE_VAD; m <= NWC_PROFILE_VVP; m++) {
        nwc_profile_options options = method(m);
        const nwc_profile_level level = at_1000_m(&gap, &options);
        assert_near(level.gap_deg, 60.0, 1.0);
        assert_near(level.u_m_s, 12.0, 0.01);
        options.max_gap_deg = 50.0;
        nwc_volume *const volume = volume_of(&gap);
        const nwc_volume *const volumes[1] = {volume};
        const double height = 1000.0;
        nwc_profile_level none;
        assert_fails(NWC_ERR_NODATA, "no height has gates enough",
                     nwc_profile_estimate(NULL, volumes, 1, &height, 1, &options, &none));
        assert_true(isnan(none.u_m_s) && isnan(none.u_error_m_s) && none.quality == 0.0);
        assert_near(none.gap_deg, 60.0, 1.0);
        nwc_volume_destroy(volume);
    }
}

static void outliers_do_not_move_the_fit(void **state)
{
    (void)state;
    struct scene bad = uniform;
    bad.noise = 1.0;
    bad.outliers = 0.25;
    for (int32_t m = NWC_PROFILE_VAD; m <= NWC_PROFILE_VVP; m++) {
        const nwc_profile_options options = method(m);
        const nwc_profile_level level = at_1000_m(&bad, &options);
        assert_near(level.u_m_s, 12.0, 0.2);
        assert_near(level.v_m_s, -7.0, 0.2);
        assert_near(level.residual_m_s, 1.2, 0.3); /* a quarter of outliers widens the median by 1.43 */
    }
}

static void a_ring_of_echo_that_stands_still_is_left_out_of_vad(void **state)
{
    (void)state;
    struct scene scene = uniform;
    scene.noise = 0.5, scene.still = 2;
    const nwc_profile_options options = method(NWC_PROFILE_VAD);
    const nwc_profile_level level = at_1000_m(&scene, &options);
    assert_near(level.u_m_s, 12.0, 0.2);
    assert_near(level.v_m_s, -7.0, 0.2);
    scene.still = 0;
    assert_true(level.n_points < at_1000_m(&scene, &options).n_points);
}

static void gvad_finds_strong_winds_in_aliased_velocities(void **state)
{
    (void)state;
    const double speeds[3] = {15.0, 35.0, 60.0}, nyquists[3] = {8.0, 12.0, 26.0};
    for (int k = 0; k < 9; k++) {
        struct scene aliased = uniform;
        aliased.u = speeds[k / 3] * 0.8;
        aliased.v = -speeds[k / 3] * 0.6;
        aliased.nyquist = nyquists[k % 3];
        aliased.noise = 1.0;
        aliased.to_deg = 90.0;
        const nwc_profile_options options = method(NWC_PROFILE_GVAD);
        const nwc_profile_level level = at_1000_m(&aliased, &options);
        assert_near(level.u_m_s, aliased.u, 0.2);
        assert_near(level.v_m_s, aliased.v, 0.2);
    }
}

/* Of 200 profiles of independent noise, those within one standard error: 68 % expected, 3 standard deviations either way. */
static void errors_cover_the_truth_at_the_rate_of_one_standard_deviation(void **state)
{
    (void)state;
    for (int32_t m = NWC_PROFILE_VAD; m <= NWC_PROFILE_VVP; m++) {
        nwc_profile_options options = method(m);
        options.depth_m = 100.0;
        int within = 0;
        for (uint64_t seed = 0; seed < 100; seed++) {
            struct scene noisy = uniform;
            noisy.noise = 2.0;
            noisy.seed = seed;
            noisy.sweeps = 1;
            noisy.elevation[0] = 3.0;
            if (m == NWC_PROFILE_GVAD) noisy.nyquist = 10.0;
            const nwc_profile_level level = at_1000_m(&noisy, &options);
            within += fabs(level.u_m_s - 12.0) < level.u_error_m_s;
            within += fabs(level.v_m_s + 7.0) < level.v_error_m_s;
        }
        assert_in_range(within, 137 - 20, 137 + 20);
    }
}

static void two_radars_are_fitted_as_one(void **state)
{
    (void)state;
    struct scene west = uniform, east = uniform;
    west.longitude = -0.3;
    east.longitude = 0.3;
    west.u_x = east.u_x = 2e-4;
    nwc_volume *const volumes[2] = {volume_of(&west), volume_of(&east)};
    nwc_profile_options options = method(NWC_PROFILE_VVP);
    options.parameters = 5;
    const double height = 1000.0;
    nwc_profile_level level;
    assert_ok(nwc_profile_estimate(NULL, (const nwc_volume *const *)volumes, 2, &height, 1, &options, &level));
    assert_near(level.u_m_s, 12.0, 0.02);
    assert_near(level.divergence, 2e-4, 3e-6);
    nwc_volume_destroy(volumes[0]);
    nwc_volume_destroy(volumes[1]);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    struct scene noisy = uniform;
    noisy.noise = 2.0;
    noisy.nyquist = 9.0;
    nwc_volume *const volume = volume_of(&noisy);
    const nwc_volume *const volumes[1] = {volume};
    double height[LEVELS];
    for (int h = 0; h < LEVELS; h++) height[h] = 400.0 + 300.0 * h;
    const nwc_profile_options options = method(NWC_PROFILE_GVAD);
    nwc_profile_level first[LEVELS], other[LEVELS];
    const int32_t threads[4] = {1, 2, 3, 7};
    for (int t = 0; t < 4; t++) {
        nwc_ctx *const ctx = context_with_threads(threads[t]);
        assert_ok(nwc_profile_estimate(ctx, volumes, 1, height, LEVELS, &options, t ? other : first));
        if (t) assert_memory_equal(first, other, sizeof first);
        nwc_ctx_destroy(ctx);
    }
    nwc_volume_destroy(volume);
}

static nwc_status estimate_call(nwc_ctx *ctx, void *user)
{
    const nwc_volume *const volumes[1] = {user};
    const double height = 1000.0;
    nwc_profile_level level;
    return nwc_profile_estimate(ctx, volumes, 1, &height, 1, NULL, &level);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(&uniform);
    assert_true(check_every_allocation_failure(estimate_call, volume) > 3);
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(&uniform);
    const nwc_volume *const volumes[1] = {volume};
    const double falling[2] = {1000.0, 900.0}, height = 1000.0;
    nwc_profile_level levels[2];
    nwc_profile_options o = method(7);
    assert_fails(NWC_ERR_ARG, "method", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VAD);
    o.order = 3;
    assert_fails(NWC_ERR_ARG, "order", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VVP);
    o.parameters = 4;
    assert_fails(NWC_ERR_ARG, "parameters", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VVP);
    o.depth_m = 1.0;
    assert_fails(NWC_ERR_ARG, "depth_m", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VVP);
    o.max_range_m = o.min_range_m;
    assert_fails(NWC_ERR_ARG, "max_range_m", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VVP);
    o.max_elevation_deg = 100.0;
    assert_fails(NWC_ERR_ARG, "max_elevation_deg", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VVP);
    o.max_gap_deg = 0.0;
    assert_fails(NWC_ERR_ARG, "max_gap_deg", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    o = method(NWC_PROFILE_VVP);
    o.min_points = 7;
    assert_fails(NWC_ERR_ARG, "min_points", nwc_profile_estimate(NULL, volumes, 1, &height, 1, &o, levels));
    assert_fails(NWC_ERR_ARG, "height_m", nwc_profile_estimate(NULL, volumes, 1, falling, 2, NULL, levels));
    assert_fails(NWC_ERR_ARG, "volumes", nwc_profile_estimate(NULL, volumes, 0, &height, 1, NULL, levels));
    const nwc_volume *const none[1] = {NULL};
    assert_fails(NWC_ERR_ARG, "volumes[0]", nwc_profile_estimate(NULL, none, 1, &height, 1, NULL, levels));
    nwc_volume *nowhere;
    const nwc_volume_facts facts = {.latitude_deg = NAN, .longitude_deg = NAN, .altitude_m = NAN};
    assert_ok(nwc_volume_create(NULL, &facts, &nowhere));
    const nwc_volume *const lost[1] = {nowhere};
    assert_fails(NWC_ERR_ARG, "latitude", nwc_profile_estimate(NULL, lost, 1, &height, 1, NULL, levels));
    nwc_volume_destroy(nowhere);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_finds_a_uniform_wind),
        cmocka_unit_test(a_linear_wind_gives_divergence_and_deformation),
        cmocka_unit_test(falling_echo_is_told_from_divergence_by_several_elevations),
        cmocka_unit_test(vvp_finds_vertical_shear_and_leaves_out_what_cannot_be_told),
        cmocka_unit_test(gaps_are_measured_and_too_large_ones_refused),
        cmocka_unit_test(outliers_do_not_move_the_fit),
        cmocka_unit_test(a_ring_of_echo_that_stands_still_is_left_out_of_vad),
        cmocka_unit_test(gvad_finds_strong_winds_in_aliased_velocities),
        cmocka_unit_test(errors_cover_the_truth_at_the_rate_of_one_standard_deviation),
        cmocka_unit_test(two_radars_are_fitted_as_one),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
