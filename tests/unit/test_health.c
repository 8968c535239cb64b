/* Health of radars, on sweeps made by hand whose faults are known. */
#include "support/support.h"

enum { RAYS = 120, GATES = 300 };
static const double SPACING = 250.0;
static float cells[RAYS * GATES];

static float spread(int64_t gate)
{
    return 20.0f * log10f((float)(((double)gate + 0.5) * SPACING * 1e-3));
}

static nwc_status add(nwc_volume *volume, const char *name, float (*value)(int64_t ray, int64_t gate))
{
    fill_gates(cells, RAYS, GATES, value);
    return add_moment(volume, name, field_2d(cells, RAYS, GATES, NULL, NULL), 0.5 * SPACING, SPACING);
}

/* Rays every 3 degrees from 1.5 on, but for the last few, which are elsewhere when squeezed. */
static nwc_status sweep_at(nwc_volume *volume, double fixed, double elevation, int64_t time_ns, bool squeezed)
{
    int64_t times[RAYS];
    float azimuth[RAYS], elevations[RAYS];
    for (int64_t r = 0; r < RAYS; r++) {
        times[r] = time_ns + r * INT64_C(100000000);
        azimuth[r] = squeezed && r >= 100 ? 60.0f * (float)r / RAYS : (float)r * 3.0f + 1.5f;
        elevations[r] = (float)elevation + (r == 7 ? 0.1f : 0.0f);
    }
    const nwc_sweep sweep = {.mode = NWC_SWEEP_SURVEILLANCE,
                             .fixed_angle_deg = fixed,
                             .n_rays = RAYS,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevations};
    return nwc_volume_add_sweep(volume, &sweep);
}

static nwc_status new_at(nwc_ctx *ctx, double latitude, double longitude, nwc_volume **volume)
{
    const nwc_volume_facts facts = {.latitude_deg = latitude, .longitude_deg = longitude, .altitude_m = 100.0};
    return nwc_volume_create(ctx, &facts, volume);
}

static float light_rain(int64_t ray, int64_t gate)
{
    return (ray + gate) % 3 ? 21.0f : 30.0f;
}

static float round_drops(int64_t ray, int64_t gate)
{
    return (ray + gate) % 3 ? 0.65f + (gate % 2 ? 0.1f : -0.1f) : 2.0f;
}

static float alike(int64_t ray, int64_t gate)
{
    (void)ray, (void)gate;
    return 0.99f;
}

static float ratio(int64_t ray, int64_t gate)
{
    return light_rain(ray, gate) - spread(gate) + 35.0f;
}

static void a_sweep_tells_its_noise_its_pointing_and_its_zdr(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_health_sweep found;
    assert_ok(new_at(NULL, 30.0, 110.0, &volume));
    assert_ok(sweep_at(volume, 0.5, 0.6, 0, false));
    assert_ok(add(volume, "DBZH", light_rain));
    assert_ok(add(volume, "ZDR", round_drops));
    assert_ok(add(volume, "RHOHV", alike));
    assert_ok(add(volume, "SNRH", ratio));
    assert_ok(nwc_health_look(NULL, volume, 0, NULL, &found));
    assert_near(found.noise_dbz, -35.0, 0.3);
    assert_int_equal(found.noise_source, NWC_NOISE_RATIO);
    assert_near(found.elevation_offset_deg, 0.1, 1e-6);
    assert_near(found.elevation_spread_deg, 0.1, 1e-6);
    assert_near(found.duration_s, 11.9, 1e-9);
    assert_int_equal(found.missing_rays, 0);
    assert_near(found.zdr_light_rain_db, 0.65, 0.101);
    /* two thirds of the gates beyond 5 km: 280 of 300 */
    assert_int_equal(found.n_zdr, RAYS * 280 * 2 / 3);
    assert_true(isnan(found.zdr_vertical_db));
    assert_true(isnan(found.clutter_offset_db));
    nwc_volume_destroy(volume);
}

static void missing_rays_are_counted_and_a_sweep_that_looks_up_tells_zdr(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_health_sweep found;
    assert_ok(new_at(NULL, 30.0, 110.0, &volume));
    assert_ok(sweep_at(volume, 90.0, 90.0, 0, true));
    assert_ok(add(volume, "DBZH", light_rain));
    assert_ok(add(volume, "ZDR", round_drops));
    assert_ok(add(volume, "RHOHV", alike));
    assert_ok(nwc_health_look(NULL, volume, 0, NULL, &found));
    assert_int_equal(found.missing_rays, 20); /* from 298.5 to 1.5 degrees */
    assert_true(isnan(found.zdr_light_rain_db));
    assert_near(found.zdr_vertical_db, 0.75, 1e-6);
    assert_fails(NWC_ERR_ARG, "0 to 0 expected", nwc_health_look(NULL, volume, 1, NULL, &found));
    nwc_volume_destroy(volume);
}

static float hills(int64_t ray, int64_t gate)
{
    return ray < 20 && gate >= 40 && gate < 80 ? 45.0f : (float)NWC_NOTHING_DBZ;
}

static float weaker_hills(int64_t ray, int64_t gate)
{
    return hills(ray, gate) > 0.0f && ray >= 5 ? 42.0f : (float)NWC_NOTHING_DBZ;
}

static void the_ground_shows_that_a_radar_has_become_weak(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_clutter_map *map;
    nwc_health_sweep found;
    assert_ok(nwc_clutter_map_create(NULL, 5.0, &map));
    assert_ok(new_at(NULL, 30.0, 110.0, &volume));
    assert_ok(sweep_at(volume, 0.5, 0.5, 0, false));
    assert_ok(add(volume, "DBZH", hills));
    for (int day = 0; day < 4; day++) assert_ok(nwc_clutter_map_add(map, volume));
    nwc_volume_destroy(volume);
    assert_ok(new_at(NULL, 30.0, 110.0, &volume));
    assert_ok(sweep_at(volume, 0.5, 0.5, 0, false));
    assert_ok(add(volume, "DBZH", weaker_hills));
    assert_ok(nwc_health_look(NULL, volume, 0, map, &found));
    assert_near(found.clutter_offset_db, -3.0, 1e-6);
    assert_int_equal(found.n_clutter, 20 * 40);
    assert_near(found.clutter_found, 0.75, 1e-9);
    nwc_volume_destroy(volume);
    nwc_clutter_map_destroy(map);
}

/* 2003-10-17 19:30:30 UTC at Golden: the sun is at 194.34 and 39.89 degrees (Reda and Andreas 2004). */
static const int64_t GOLDEN = INT64_C(1066419030000000000);

static float sunny(int64_t ray, int64_t gate)
{
    if (ray == 64) return -30.0f + spread(gate); /* 193.5 degrees */
    if (ray == 20) return -30.0f + spread(gate); /* elsewhere */
    return (float)NWC_NOTHING_DBZ;
}

static float skewed(int64_t ray, int64_t gate)
{
    (void)ray;
    return gate % 2 ? 0.3f : 0.5f;
}

static void rays_that_see_the_sun_are_found(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sun_hit hits[4];
    int32_t n;
    assert_ok(new_at(NULL, 39.742476, -105.1786, &volume));
    assert_ok(sweep_at(volume, 10.0, 10.0, GOLDEN, false));
    assert_ok(add(volume, "DBZH", sunny)); /* too low */
    assert_ok(sweep_at(volume, 40.0, 40.0, GOLDEN, false));
    assert_ok(add(volume, "DBZH", sunny));
    assert_ok(add(volume, "ZDR", skewed));
    assert_ok(nwc_health_sun(NULL, volume, hits, 4, &n));
    assert_int_equal(n, 1);
    assert_int_equal(hits[0].sweep, 1);
    assert_int_equal(hits[0].ray, 64);
    assert_near(hits[0].azimuth_deg, 193.5, 1e-5);
    assert_near(hits[0].sun_azimuth_deg, 194.34 + 6.4 * 0.0056, 0.02); /* it moves on while the antenna turns */
    assert_near(hits[0].sun_elevation_deg, 39.888, 0.02);
    assert_near(hits[0].power_dbz, -30.0, 0.3);
    assert_near(hits[0].zdr_db, 0.4, 0.11);
    assert_near(hits[0].share, 1.0, 0.0);
    assert_ok(nwc_health_sun(NULL, volume, NULL, 0, &n));
    assert_int_equal(n, 1);
    nwc_volume_destroy(volume);
    assert_ok(new_at(NULL, (double)NAN, (double)NAN, &volume));
    assert_fails(NWC_ERR_NODATA, "where the radar is", nwc_health_sun(NULL, volume, hits, 4, &n));
    assert_fails(NWC_ERR_ARG, "n: a place", nwc_health_sun(NULL, volume, hits, 4, NULL));
    nwc_volume_destroy(volume);
}

static float thirty(int64_t ray, int64_t gate)
{
    (void)ray, (void)gate;
    return 30.0f;
}

static float strong_in_the_west(int64_t ray, int64_t gate)
{
    (void)gate;
    return ray >= 60 ? 27.0f : 5.0f;
}

static nwc_status two_radars(nwc_ctx *ctx, nwc_volume **a, nwc_volume **b)
{
    *a = *b = NULL;
    nwc_status status = new_at(ctx, 30.0, 110.0, a);
    if (status == NWC_OK) status = sweep_at(*a, 1.0, 1.0, 0, false);
    if (status == NWC_OK) status = add(*a, "DBZH", thirty);
    if (status == NWC_OK) status = new_at(ctx, 30.0, 110.4, b); /* 38.6 km east */
    if (status == NWC_OK) status = sweep_at(*b, 1.0, 1.0, 0, false);
    if (status == NWC_OK) status = add(*b, "DBZH", strong_in_the_west);
    return status;
}

/* Of a beam at 1 degree, above mean sea level. */
static double height_at(float range_m)
{
    const double r = (double)range_m;
    return 100.0 + r * sin(0.0174533) + r * r * 0.9997 / (2.0 * 4.0 / 3.0 * 6.372e6);
}

static void two_radars_are_compared_where_beams_meet(void **state)
{
    (void)state;
    nwc_volume *a, *b;
    nwc_health_compare_options options;
    static nwc_health_pair pairs[RAYS * GATES];
    int64_t n, fewer;
    nwc_health_compare_options_init(&options);
    options.within_m = 400.0;
    assert_ok(two_radars(NULL, &a, &b));
    assert_ok(nwc_health_compare(NULL, a, b, &options, pairs, RAYS * GATES, &n));
    assert_true(n > 100);
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        assert_near(pairs[k].dbz_a - pairs[k].dbz_b, 3.0, 0.0);
        assert_true(pairs[k].apart_m <= 400.0f);
        assert_true(fabsf(pairs[k].apart_s) <= 12.0f);
        assert_near(pairs[k].height_m, height_at(pairs[k].range_a_m), 0.0018 * pairs[k].range_a_m + 5.0);
        assert_near(pairs[k].height_m, height_at(pairs[k].range_b_m), 415.0);
        /* Never nearer than the way from one to the other. */
        assert_true(pairs[k].range_a_m + pairs[k].range_b_m > 38.4e3f);
        sum += (double)(pairs[k].range_a_m - pairs[k].range_b_m);
    }
    assert_near(sum / (double)n, 0.0, 2500.0);
    options.n_sought = RAYS * GATES / 4;
    assert_ok(nwc_health_compare(NULL, a, b, &options, pairs, RAYS * GATES, &fewer));
    assert_near((double)fewer, (double)n / 4.0, (double)n / 10.0);
    assert_ok(nwc_health_compare(NULL, a, b, NULL, NULL, 0, &n));
    options.least_dbz = 28.0;
    assert_ok(nwc_health_compare(NULL, a, b, &options, pairs, RAYS * GATES, &n));
    assert_int_equal(n, 0);
    nwc_volume_destroy(b);
    nwc_volume_destroy(a);
}

/* A core of 3 km in 20 dBZ, at each ray where it is when the ray looks there. */
static struct {
    double east_m, north_m;                           /* at time 0, of the radar */
    double east_m_s, north_m_s, later_s, azimuth_deg; /* too many degrees that the radar tells */
} core;

static float about_a_core(int64_t ray, int64_t gate)
{
    const double azimuth = ((double)ray * 3.0 + 1.5 - core.azimuth_deg) / 57.29577951,
                 range = SPACING * ((double)gate + 0.5), time = core.later_s + 0.1 * (double)ray,
                 away = range * cos(1.0 / 57.29577951);
    const double east = away * sin(azimuth) - core.east_m - time * core.east_m_s,
                 north = away * cos(azimuth) - core.north_m - time * core.north_m_s;
    return (float)(20.0 + 30.0 * exp(-(east * east + north * north) / (2.0 * 9e6)));
}

/* Root mean square difference of two radars that see a core, with a turned back and the core followed. */
static double apart_db(double turn_deg, double east_m_s)
{
    static nwc_health_pair pairs[RAYS * GATES];
    nwc_volume *a, *b;
    nwc_health_compare_options options;
    int64_t n;
    assert_ok(new_at(NULL, 30.0, 110.0, &a));
    core.east_m = 19.3e3, core.north_m = 10e3, core.later_s = 0.0, core.azimuth_deg = 6.0;
    assert_ok(sweep_at(a, 1.0, 1.0, 0, false));
    assert_ok(add(a, "DBZH", about_a_core));
    assert_ok(new_at(NULL, 30.0, 110.4, &b)); /* 38.6 km east */
    core.east_m = 19.3e3 - 38.6e3, core.later_s = 150.0, core.azimuth_deg = 0.0;
    assert_ok(sweep_at(b, 1.0, 1.0, INT64_C(150000000000), false));
    assert_ok(add(b, "DBZH", about_a_core));
    nwc_health_compare_options_init(&options);
    options.turn_deg = turn_deg, options.east_m_s = east_m_s, options.north_m_s = 0.5 * east_m_s;
    assert_ok(nwc_health_compare(NULL, a, b, &options, pairs, RAYS * GATES, &n));
    assert_true(n > 500);
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) sum += pow((double)(pairs[k].dbz_a - pairs[k].dbz_b), 2.0);
    nwc_volume_destroy(b);
    nwc_volume_destroy(a);
    return sqrt(sum / (double)n);
}

static void a_radar_is_turned_and_echoes_are_followed(void **state)
{
    (void)state;
    core.east_m_s = 20.0, core.north_m_s = 10.0;
    const double right = apart_db(6.0, 20.0);
    assert_true(right < 2.0);
    assert_true(apart_db(0.0, 20.0) > 2.0 * right);
    assert_true(apart_db(6.0, 0.0) > 2.0 * right);
}

static void wrong_options_are_told(void **state)
{
    (void)state;
    nwc_volume *a, *b;
    nwc_health_compare_options options;
    int64_t n;
    assert_ok(two_radars(NULL, &a, &b));
#define REFUSED(field, value)                                                                                          \
    nwc_health_compare_options_init(&options);                                                                         \
    options.field = value;                                                                                             \
    assert_fails(NWC_ERR_ARG, #field, nwc_health_compare(NULL, a, b, &options, NULL, 0, &n))
    REFUSED(least_dbz, -200.0);
    REFUSED(within_m, 0.0);
    REFUSED(within_s, (double)NAN);
    REFUSED(n_sought, 0);
    REFUSED(turn_deg, 181.0);
    REFUSED(east_m_s, (double)NAN);
    REFUSED(north_m_s, -101.0);
#undef REFUSED
    assert_fails(NWC_ERR_ARG, "n: a place", nwc_health_compare(NULL, a, b, NULL, NULL, 0, NULL));
    nwc_volume_destroy(b);
    assert_ok(new_at(NULL, (double)NAN, 0.0, &b));
    assert_fails(NWC_ERR_NODATA, "where their radars are", nwc_health_compare(NULL, a, b, NULL, NULL, 0, &n));
    nwc_volume_destroy(b);
    nwc_volume_destroy(a);
}

static nwc_status look_and_compare(nwc_ctx *ctx, void *user)
{
    nwc_volume *a, *b;
    nwc_health_sweep found;
    int32_t hits;
    int64_t n;
    (void)user;
    nwc_status status = two_radars(ctx, &a, &b);
    if (status == NWC_OK) status = nwc_health_look(ctx, a, 0, NULL, &found);
    if (status == NWC_OK) status = nwc_health_sun(ctx, a, NULL, 0, &hits);
    if (status == NWC_OK) status = nwc_health_compare(ctx, a, b, NULL, NULL, 0, &n);
    nwc_volume_destroy(b);
    nwc_volume_destroy(a);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(look_and_compare, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_tells_its_noise_its_pointing_and_its_zdr),
        cmocka_unit_test(missing_rays_are_counted_and_a_sweep_that_looks_up_tells_zdr),
        cmocka_unit_test(the_ground_shows_that_a_radar_has_become_weak),
        cmocka_unit_test(rays_that_see_the_sun_are_found),
        cmocka_unit_test(two_radars_are_compared_where_beams_meet),
        cmocka_unit_test(a_radar_is_turned_and_echoes_are_followed),
        cmocka_unit_test(wrong_options_are_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
