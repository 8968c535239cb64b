/* The vertical profile of reflectivity, on a volume whose profile is known. */
#include "support/support.h"

enum { RAYS = 90, GATES = 300, SWEEPS = 12, MOST = RAYS * GATES };

#define GATE_M 500.0
#define EARTH_M (4.0 / 3.0 * 6371000.0)
#define ALTITUDE_M 200.0

static const float angles[SWEEPS] = {0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 5.5F, 7.0F, 9.0F, 12.0F, 16.0F, 20.0F};

/* dB above the ground: rain to 2700 m, a bright band of 6 dB at 3000 m, and snow falling off by 5 dB a kilometre. */
static double profile(double height_m)
{
    const double off = (height_m - 3000.0) / 250.0;
    return 6.0 * exp(-off * off) - (height_m > 3000.0 ? 5.0 * (height_m - 3000.0) / 1000.0 : 0.0);
}

/* Rain of 22 to 30 dBZ at the ground, by azimuth. */
static double at_ground(int r)
{
    return 26.0 + 4.0 * sin(6.283185 * r / RAYS);
}

static double height_of(double elevation_deg, double range)
{
    const double up = elevation_deg * 3.14159265358979 / 180.0;
    return sqrt(range * range + EARTH_M * EARTH_M + 2.0 * range * EARTH_M * sin(up)) - EARTH_M + ALTITUDE_M;
}

static nwc_status volume_of(nwc_ctx *ctx, int sweeps, double beam_deg, nwc_volume **volume)
{
    static float cells[MOST];
    int64_t time[RAYS] = {0};
    float azimuth[RAYS], elevation[RAYS];
    const nwc_volume_facts facts = {.latitude_deg = 45.0, .altitude_m = ALTITUDE_M, .beam_width_v_deg = beam_deg};
    nwc_status status = nwc_volume_create(ctx, &facts, volume);
    for (int s = 0; s < sweeps && status == NWC_OK; s++) {
        for (int r = 0; r < RAYS; r++) {
            azimuth[r] = (float)(4 * r), elevation[r] = angles[s];
            for (int g = 0; g < GATES; g++) {
                const double height = height_of((double)angles[s], 2000.0 + GATE_M * g);
                const double dbz = at_ground(r) + profile(height);
                cells[r * GATES + g] = height > 9000.0 ? (float)NWC_NOTHING_DBZ : (float)dbz;
            }
            cells[r * GATES] = NAN;
        }
        const nwc_sweep sweep = {.n_rays = RAYS, .time_ns = time, .azimuth_deg = azimuth, .elevation_deg = elevation};
        nwc_moment moment = {.name = "DBZH", .first_gate_m = 2000.0, .gate_spacing_m = GATE_M};
        moment.field = field_2d(cells, RAYS, GATES, NULL, NULL);
        status = nwc_volume_add_sweep(*volume, &sweep);
        if (status == NWC_OK) status = nwc_volume_add_moment(*volume, &moment);
        if (status != NWC_OK) nwc_volume_destroy(*volume);
    }
    return status;
}

static void the_profile_and_its_bright_band_are_found(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_vpr vpr;
    assert_ok(volume_of(NULL, SWEEPS, 0.5, &volume));
    assert_ok(nwc_rain_vpr(NULL, volume, NULL, &vpr));
    assert_int_equal(vpr.columns, RAYS * 40);
    double worst = 0.0;
    for (int k = 0; k < NWC_VPR_LEVELS; k++) {
        const double height = vpr.first_m + vpr.step_m * k;
        if (height < 8500.0 && height > 400.0) worst = fmax(worst, fabs(vpr.db[k] - profile(height)));
    }
    if (!(worst < 0.8)) fail_msg("the profile is off by up to %.2f dB", worst);
    assert_near(vpr.bright_peak_m, 3000.0, 200.0);
    assert_near(vpr.bright_db, 5.4, 0.6); /* of 6 dB at 3000 m, 5.1 in the middle of the level */
    assert_true(vpr.bright_bottom_m > 2500.0 && vpr.bright_bottom_m < vpr.bright_peak_m);
    assert_true(vpr.bright_top_m > vpr.bright_peak_m && vpr.bright_top_m < 3700.0);
    nwc_volume_destroy(volume);
}

static void reflectivity_comes_down_to_the_ground(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_vpr vpr;
    nwc_vpr_options options;
    nwc_vpr_options_init(&options);
    options.most_db = 20.0;
    assert_ok(volume_of(NULL, SWEEPS, 0.05, &volume)); /* beams as narrow as those the cells were made with */
    assert_ok(nwc_rain_vpr(NULL, volume, &options, &vpr));
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        nwc_ctx *const ctx = context_with_threads(threads);
        nwc_moment before, after;
        double rms[2] = {0.0, 0.0}, n = 0.0;
        assert_ok(nwc_rain_correct_vpr(ctx, volume, &vpr, &options));
        assert_ok(nwc_volume_find(volume, 1, "DBZH", &before));
        assert_ok(nwc_volume_find(volume, 1, "DBZHG", &after));
        for (int r = 0; r < RAYS; r++)
            for (int g = 1; g < GATES; g++) {
                const double was = (double)before.field.data[r * GATES + g] - at_ground(r);
                const double is = (double)after.field.data[r * GATES + g] - at_ground(r);
                rms[0] += was * was, rms[1] += is * is, n += 1.0;
            }
        rms[0] = sqrt(rms[0] / n), rms[1] = sqrt(rms[1] / n);
        if (!(rms[1] < 0.35 && rms[1] < 0.2 * rms[0]))
            fail_msg("off from the ground by %.2f dB before and %.2f dB after (root mean square)", rms[0], rms[1]);
        assert_true(isnan(after.field.data[0]));
        nwc_ctx_destroy(ctx);
    }
    nwc_volume_destroy(volume);
}

static void convective_and_unknown_gates_stay(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_moment before, after;
    nwc_vpr vpr;
    nwc_vpr_options options;
    nwc_vpr_options_init(&options);
    assert_ok(volume_of(NULL, SWEEPS, 1.0, &volume));
    assert_ok(nwc_rain_vpr(NULL, volume, NULL, &vpr));
    options.most_dbz = 25.0;
    for (int k = 20; k < NWC_VPR_LEVELS; k++) vpr.db[k] = NAN;
    assert_ok(nwc_rain_correct_vpr(NULL, volume, &vpr, &options));
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &before));
    assert_ok(nwc_volume_find(volume, 0, "DBZHG", &after));
    int64_t changed = 0;
    for (int64_t i = 0; i < MOST; i++) {
        const float was = before.field.data[i], is = after.field.data[i];
        const double height = height_of(0.5, 2000.0 + GATE_M * (double)(i % GATES));
        if (was > 25.0F || height > 4300.0) assert_true(was == is);
        changed += was != is && !isnan(was);
    }
    assert_true(changed > 1000);
    nwc_volume_destroy(volume);
}

static void too_little_rain_and_wrong_options_are_said(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_vpr vpr;
    nwc_vpr_options options;
    assert_ok(volume_of(NULL, 1, 1.0, &volume));
    nwc_vpr_options_init(&options);
    options.least_dbz = 60.0, options.most_dbz = 70.0;
    assert_fails(NWC_ERR_NODATA, "0 found", nwc_rain_vpr(NULL, volume, &options, &vpr));
    assert_fails(NWC_ERR_ARG, "vpr:", nwc_rain_vpr(NULL, volume, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "vpr:", nwc_rain_correct_vpr(NULL, volume, NULL, NULL));
#define REFUSED(member, value)                                                                                         \
    do {                                                                                                               \
        nwc_vpr_options_init(&options);                                                                                \
        options.member = (value);                                                                                      \
        assert_fails(NWC_ERR_ARG, #member, nwc_rain_vpr(NULL, volume, &options, &vpr));                                \
    } while (0)
    REFUSED(near_m, 10.0);
    REFUSED(far_m, 1000.0);
    REFUSED(step_m, 10.0);
    REFUSED(most_dbz, 0.0);
    REFUSED(most_db, 40.0);
    nwc_volume_destroy(volume);
}

static nwc_status run(nwc_ctx *ctx, void *user)
{
    nwc_volume *volume;
    nwc_vpr vpr;
    (void)user;
    nwc_status status = volume_of(ctx, 3, 1.0, &volume);
    if (status != NWC_OK) return status;
    status = nwc_rain_vpr(ctx, volume, NULL, &vpr);
    if (status == NWC_OK) status = nwc_rain_correct_vpr(ctx, volume, &vpr, NULL);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(run, NULL) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_profile_and_its_bright_band_are_found),
        cmocka_unit_test(reflectivity_comes_down_to_the_ground),
        cmocka_unit_test(convective_and_unknown_gates_stay),
        cmocka_unit_test(too_little_rain_and_wrong_options_are_said),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
