/* radar: where beams go, beside the published formulae, PROJ, and Bouguer's law by quadrature. */
#include "support/support.h"

#include <proj.h>

#define RADIANS (3.14159265358979323846 / 180.0)

enum { LEVELS = 5 };

static const double level_m[LEVELS] = {0.0, 150.0, 1000.0, 4000.0, 12000.0};
static const double level_n[LEVELS] = {330.0, 310.0, 280.0, 190.0, 70.0}; /* a superrefractive layer at the ground */

static nwc_beam *beam_at(double lat, double lon, double altitude, const nwc_beam_options *options)
{
    nwc_beam *beam = NULL;
    assert_ok(nwc_beam_create(NULL, lat, lon, altitude, options, &beam));
    return beam;
}

static nwc_beam_options with_profile(void)
{
    nwc_beam_options options;
    nwc_beam_options_init(&options);
    options.n_levels = LEVELS, options.height_m = level_m, options.refractivity = level_n;
    return options;
}

static void the_radius_is_that_of_the_ellipsoid_at_the_radar(void **state)
{
    (void)state;
    nwc_beam *const equator = beam_at(0.0, 120.0, 0.0, NULL), *const pole = beam_at(-90.0, 0.0, 0.0, NULL);
    assert_near(nwc_beam_earth_radius(equator), 6378137.0, 1e-6);
    assert_near(nwc_beam_earth_radius(pole), 6356752.314245, 1e-6);
    assert_true(isnan(nwc_beam_earth_radius(NULL)));
    nwc_beam_destroy(equator);
    nwc_beam_destroy(pole);
}

static void heights_and_distances_are_those_of_doviak_and_zrnic(void **state)
{
    (void)state;
    static const double elevations[] = {-0.5, 0.0, 0.5, 2.4, 19.5, 60.0, 90.0};
    static const double ranges[] = {0.0, 125.0, 1e3, 30e3, 230e3, 460e3};
    const double altitude = 320.0;
    nwc_beam *const beam = beam_at(32.5, 119.8, altitude, NULL);
    const long double sphere = 4.0L / 3.0L * (long double)nwc_beam_earth_radius(beam);
    for (size_t e = 0; e < sizeof elevations / sizeof elevations[0]; e++) {
        double height[6], ground[6], angle[6];
        assert_ok(nwc_beam_path(beam, elevations[e], 6, ranges, height, ground, angle));
        for (int r = 0; r < 6; r++) {
            const long double sine = sinl(elevations[e] * RADIANS), base = sphere + altitude, l = ranges[r];
            const long double h = sqrtl(l * l + base * base + 2.0L * l * base * sine) - sphere;     /* 2.28b */
            const long double s = sphere * asinl(l * cosl(elevations[e] * RADIANS) / (sphere + h)); /* 2.28c */
            assert_near(height[r], (double)h, 1e-6);
            assert_near(ground[r], (double)s, 1e-6);
            assert_near(angle[r], elevations[e] + (double)(s / sphere) / RADIANS, 1e-9);
        }
    }
    nwc_beam_destroy(beam);
}

static void places_are_those_of_proj(void **state)
{
    (void)state;
    enum { N = 48 };
    double azimuth[N], elevation[N], range[N], lon[N], lat[N], height[N];
    nwc_beam *const beam = beam_at(32.5, 119.8, 15.0, NULL);
    PJ *const plane = proj_create(NULL, "+proj=aeqd +lat_0=32.5 +lon_0=119.8 +ellps=WGS84");
    for (int i = 0; i < N; i++) azimuth[i] = 7.5 * i, elevation[i] = 0.2 * (i % 7), range[i] = 1e4 * i;
    assert_ok(nwc_beam_locate(NULL, beam, N, azimuth, elevation, range, lon, lat, height));
    for (int i = 0; i < N; i++) {
        double ground;
        assert_ok(nwc_beam_path(beam, elevation[i], 1, &range[i], NULL, &ground, NULL));
        const PJ_COORD at = proj_trans(plane, PJ_FWD, proj_coord(lon[i] * RADIANS, lat[i] * RADIANS, 0.0, 0.0));
        assert_near(at.xy.x, ground * sin(azimuth[i] * RADIANS), 1e-4);
        assert_near(at.xy.y, ground * cos(azimuth[i] * RADIANS), 1e-4);
    }
    proj_destroy(plane);
    nwc_beam_destroy(beam);
}

/* To a place and back, by any way of bending. */
static void go_and_return(const nwc_beam_options *options)
{
    static const double elevations[] = {-0.3, 0.0, 0.5, 1.5, 6.0, 19.5, 45.0, 88.0};
    static const double ranges[] = {500.0, 10e3, 100e3, 230e3, 460e3};
    nwc_beam *const beam = beam_at(-33.7, 151.2, 195.0, options);
    for (int e = 0; e < 8; e++)
        for (int r = 0; r < 5; r++) {
            double azimuth = 359.0 - 45.0 * r, elevation = elevations[e], range = ranges[r];
            const double from = azimuth;
            if (elevation < 0.0 && range > 100e3) continue; /* below the earth */
            assert_ok(nwc_beam_locate(NULL, beam, 1, &azimuth, &elevation, &range, &azimuth, &elevation, &range));
            assert_ok(nwc_beam_find(NULL, beam, 1, &azimuth, &elevation, &range, &azimuth, &elevation, &range));
            assert_near(azimuth, from, 1e-5);
            assert_near(elevation, elevations[e], 1e-5);
            assert_near(range, ranges[r], 0.05);
        }
    nwc_beam_destroy(beam);
}

static void a_place_is_found_again(void **state)
{
    (void)state;
    const nwc_beam_options options = with_profile();
    go_and_return(NULL);
    go_and_return(&options);
}

/* n - 1 of the profile, written out once more. */
static long double index_at(long double height)
{
    if (height >= level_m[LEVELS - 1])
        return 1e-6L * level_n[LEVELS - 1] * expl(-(height - level_m[LEVELS - 1]) / 7350.0L);
    int l = 0;
    while (l < LEVELS - 2 && height >= level_m[l + 1]) l++;
    const long double part = (height - level_m[l]) / (level_m[l + 1] - level_m[l]);
    return 1e-6L * (level_n[l] + part * (level_n[l + 1] - level_n[l]));
}

static void traced_beams_obey_bouguers_law(void **state)
{
    (void)state;
    static const double elevations[] = {0.5, 1.5, 10.0};
    const nwc_beam_options options = with_profile();
    nwc_beam *const beam = beam_at(45.0, 0.0, 20.0, &options);
    const long double earth = nwc_beam_earth_radius(beam);
    for (int e = 0; e < 3; e++) {
        const double range = e == 2 ? 100e3 : 250e3;
        double height, ground, angle;
        assert_ok(nwc_beam_path(beam, elevations[e], 1, &range, &height, &ground, &angle));
        /* n r cos e is constant; path and angle by the middle rule over equal steps of height */
        const long double law = (1.0L + index_at(20.0L)) * (earth + 20.0L) * cosl(elevations[e] * RADIANS);
        const int steps = 400000;
        const long double dh = ((long double)height - 20.0L) / steps;
        long double path = 0.0L, around = 0.0L;
        for (int i = 0; i < steps; i++) {
            const long double h = 20.0L + (i + 0.5L) * dh, nr = (1.0L + index_at(h)) * (earth + h);
            const long double root = sqrtl(nr * nr - law * law);
            path += nr / root * dh;
            around += law / ((earth + h) * root) * dh;
        }
        /* what is amiss with the height, seen as path and distance to that height */
        assert_near((range - (double)path) * sin(angle * RADIANS), 0.0, 0.1);
        assert_near((ground - (double)(earth * around)) * sin(angle * RADIANS), 0.0, 0.1);
        assert_near(cos(angle * RADIANS), (double)(law / ((1.0L + index_at(height)) * (earth + height))), 1e-7);
    }
    nwc_beam_destroy(beam);
}

static void a_standard_gradient_is_nearly_four_thirds_of_the_earth(void **state)
{
    (void)state;
    /* 1 / (1 - a 39.2e-9) = 4/3 */
    static const double heights[] = {0.0, 7000.0}, values[] = {300.0, 300.0 - 7.0 * 39.23};
    nwc_beam_options options;
    nwc_beam_options_init(&options);
    options.n_levels = 2, options.height_m = heights, options.refractivity = values;
    nwc_beam *const traced = beam_at(32.5, 119.8, 10.0, &options), *const straight = beam_at(32.5, 119.8, 10.0, NULL);
    const double range = 200e3;
    double a, b;
    assert_ok(nwc_beam_path(traced, 0.5, 1, &range, &a, NULL, NULL));
    assert_ok(nwc_beam_path(straight, 0.5, 1, &range, &b, NULL, NULL));
    assert_near(a, b, 5.0);
    nwc_beam_destroy(traced);
    nwc_beam_destroy(straight);
}

static void a_duct_keeps_low_beams_down(void **state)
{
    (void)state;
    static const double heights[] = {0.0, 200.0, 2000.0}, values[] = {360.0, 300.0, 250.0}; /* -300 N per km */
    nwc_beam_options options;
    nwc_beam_options_init(&options);
    options.n_levels = 3, options.height_m = heights, options.refractivity = values;
    nwc_beam *const beam = beam_at(32.5, 119.8, 50.0, &options);
    const double range = 150e3;
    double height;
    assert_ok(nwc_beam_path(beam, 0.1, 1, &range, &height, NULL, NULL));
    assert_true(height < 200.0);
    assert_ok(nwc_beam_path(beam, 1.0, 1, &range, &height, NULL, NULL));
    assert_true(height > 2500.0);
    nwc_beam_destroy(beam);
}

static void what_is_nowhere_is_not_known(void **state)
{
    (void)state;
    nwc_beam *const beam = beam_at(32.5, 119.8, 10.0, NULL);
    double azimuth[] = {NAN, 10.0, 10.0, 10.0}, elevation[] = {0.5, 91.0, 0.5, 0.5}, range[] = {1e3, 1e3, -1.0, 1e3};
    double lon[4], lat[4], height[4];
    assert_ok(nwc_beam_locate(NULL, beam, 4, azimuth, elevation, range, lon, lat, height));
    for (int i = 0; i < 3; i++) assert_true(isnan(lon[i]) && isnan(lat[i]) && isnan(height[i]));
    assert_true(isfinite(lon[3]) && isfinite(lat[3]) && isfinite(height[3]));
    lon[3] = NAN;
    assert_ok(nwc_beam_find(NULL, beam, 4, lon, lat, height, azimuth, elevation, range));
    for (int i = 0; i < 4; i++) assert_true(isnan(azimuth[i]) && isnan(elevation[i]) && isnan(range[i]));
    nwc_beam_destroy(beam);
}

static void gates_lie_where_their_rays_go(void **state)
{
    (void)state;
    enum { RAYS = 3, GATES = 40 };
    static const float azimuth[RAYS] = {0.0F, 123.5F, 359.0F}, elevation[RAYS] = {0.5F, 0.55F, 3.0F};
    double east[RAYS * GATES], north[RAYS * GATES], height[RAYS * GATES], lon[RAYS * GATES], lat[RAYS * GATES];
    const nwc_beam_options options = with_profile();
    for (int way = 0; way < 2; way++) {
        nwc_beam *const beam = beam_at(32.5, 119.8, 10.0, way ? &options : NULL);
        assert_ok(nwc_beam_place_gates(NULL, beam, RAYS, azimuth, elevation, GATES, -375.0, 5000.0, east, north, height,
                                       lon, lat));
        for (int r = 0; r < RAYS; r++)
            for (int g = 1; g < GATES; g++) { /* the first is behind the antenna */
                double a = azimuth[r], e = elevation[r], range = -375.0 + 5000.0 * g, ground;
                assert_ok(nwc_beam_path(beam, e, 1, &range, NULL, &ground, NULL));
                assert_near(hypot(east[r * GATES + g], north[r * GATES + g]), ground, 1e-6);
                assert_near(east[r * GATES + g], ground * sin(a * RADIANS), 1e-6);
                assert_ok(nwc_beam_locate(NULL, beam, 1, &a, &e, &range, &a, &e, &range));
                assert_near(lon[r * GATES + g], a, 1e-10);
                assert_near(lat[r * GATES + g], e, 1e-10);
                assert_near(height[r * GATES + g], range, 1e-6);
            }
        nwc_beam_destroy(beam);
    }
}

static void places_are_found_through_layers_that_bend_beams_much(void **state)
{
    (void)state;
    static const double level[] = {0.0, 400.0, 600.0, 3000.0, 12000.0}, value[] = {345.0, 325.0, 299.0, 230.0, 90.0};
    nwc_beam_options options;
    nwc_beam_options_init(&options);
    options.n_levels = 5, options.height_m = level, options.refractivity = value;
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, &options, &beam));
    for (int place = 0; place < 120; place++) { /* 20 to 106 km away, 300 to 1300 m high */
        double lon = 120.2 + 0.2125 + 0.0077 * place, lat = 32.6, height = 300.0 + 250.0 * (place % 5);
        double azimuth, elevation, range, there;
        assert_ok(nwc_beam_find(NULL, beam, 1, &lon, &lat, &height, &azimuth, &elevation, &range));
        assert_true(isfinite(elevation) && isfinite(range));
        assert_ok(nwc_beam_path(beam, elevation, 1, &range, &there, NULL, NULL));
        assert_near(there, height, 0.5);
    }
    nwc_beam_destroy(beam);
}

static void sizes_and_refractivities_are_the_published_ones(void **state)
{
    (void)state;
    const double range = 100e3;
    double across, up, volume;
    assert_ok(nwc_beam_size(1.0, 0.5, 1, &range, 150.0, &across, &up, &volume));
    assert_near(across, 1745.4, 0.1);
    assert_near(up, 872.7, 0.1);
    /* the mean of a Gaussian two-way pattern: a cylinder of half the product of the widths, over 2 ln 2 */
    assert_near(volume / 1e6, 3.14159265 * 1745.33 * 872.66 * 150.0 / (8.0 * 0.693147) / 1e6, 0.05);
    /* 1000 hPa, 20 C, 10 hPa: 77.6 x 1000 / 293.15 = 264.7, 3.73e5 x 10 / 293.15^2 = 43.4 */
    const double pressure = 1e5, temperature = 293.15, vapour = 1e3, nowhere = -1.0;
    double n;
    assert_ok(nwc_beam_refractivity(1, &pressure, &temperature, &vapour, &n));
    assert_near(n, 308.11, 0.02);
    assert_ok(nwc_beam_refractivity(1, &pressure, &nowhere, &vapour, &n));
    assert_true(isnan(n));
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    nwc_beam *beam;
    nwc_beam_options options;
    double down[] = {5.0, 4.0}, heights[] = {100.0, 100.0}, values[] = {300.0, 2000.0}, out[2];
    float ray = 0.0F, none = NAN;
    nwc_beam_options_init(&options);
    assert_fails(NWC_ERR_ARG, "a place on the earth expected, 91", nwc_beam_create(NULL, 91, 0, 0, NULL, &beam));
    assert_fails(NWC_ERR_ARG, "a place for the beam", nwc_beam_create(NULL, 0, 0, 0, NULL, NULL));
    options.earth_factor = 0.0;
    assert_fails(NWC_ERR_ARG, "earth_factor: 0.5 to 10 expected, 0", nwc_beam_create(NULL, 0, 0, 0, &options, &beam));
    nwc_beam_options_init(&options);
    options.n_levels = 2;
    assert_fails(NWC_ERR_ARG, "height_m, refractivity: arrays", nwc_beam_create(NULL, 0, 0, 0, &options, &beam));
    options.height_m = heights, options.refractivity = values;
    assert_fails(NWC_ERR_ARG, "increasing heights expected, 100 given as number 1",
                 nwc_beam_create(NULL, 0, 0, 0, &options, &beam));
    heights[1] = 200.0;
    assert_fails(NWC_ERR_ARG, "above 0 and below 1000 expected, 2000 given at 200 m",
                 nwc_beam_create(NULL, 0, 0, 0, &options, &beam));
    options.n_levels = -1;
    assert_fails(NWC_ERR_ARG, "n_levels: 0 to 65536", nwc_beam_create(NULL, 0, 0, 0, &options, &beam));
    beam = beam_at(32.5, 119.8, 10.0, NULL);
    assert_fails(NWC_ERR_ARG, "-90 to 90 expected, 95", nwc_beam_path(beam, 95.0, 2, down, out, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "do not decrease expected, 4", nwc_beam_path(beam, 5.0, 2, down, out, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "a beam and ranges", nwc_beam_path(NULL, 5.0, 2, down, out, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "arrays expected", nwc_beam_locate(NULL, beam, 1, down, down, NULL, out, out, out));
    assert_fails(NWC_ERR_ARG, "0 or more expected, -1", nwc_beam_find(NULL, beam, -1, down, down, down, out, out, out));
    assert_fails(NWC_ERR_ARG, "both or neither",
                 nwc_beam_place_gates(NULL, beam, 1, &ray, &ray, 1, 0.0, 250.0, out, out, out, out, NULL));
    assert_fails(NWC_ERR_ARG, "ray 0: an azimuth",
                 nwc_beam_place_gates(NULL, beam, 1, &none, &ray, 1, 0.0, 250.0, out, out, out, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "some metres apart expected, first at 0 m and -1 m",
                 nwc_beam_place_gates(NULL, beam, 1, &ray, &ray, 1, 0.0, -1.0, out, out, out, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "widths, depth: above 0", nwc_beam_size(0.0, 1.0, 1, down, 150.0, out, out, out));
    assert_fails(NWC_ERR_ARG, "arrays expected", nwc_beam_refractivity(1, NULL, down, down, out));
    nwc_beam_destroy(beam);
    nwc_beam_destroy(NULL);
}

static nwc_status place_some(nwc_ctx *ctx, void *user)
{
    (void)user;
    static const float ray[2] = {1.0F, 2.0F};
    double out[8];
    nwc_beam *beam = NULL;
    const nwc_beam_options options = with_profile();
    nwc_status status = nwc_beam_create(ctx, 32.5, 119.8, 10.0, &options, &beam);
    if (status == NWC_OK)
        status = nwc_beam_place_gates(ctx, beam, 2, ray, ray, 4, 0.0, 250.0, out, NULL, NULL, NULL, NULL);
    nwc_beam_destroy(beam);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(place_some, NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_radius_is_that_of_the_ellipsoid_at_the_radar),
        cmocka_unit_test(heights_and_distances_are_those_of_doviak_and_zrnic),
        cmocka_unit_test(places_are_those_of_proj),
        cmocka_unit_test(a_place_is_found_again),
        cmocka_unit_test(traced_beams_obey_bouguers_law),
        cmocka_unit_test(a_standard_gradient_is_nearly_four_thirds_of_the_earth),
        cmocka_unit_test(a_duct_keeps_low_beams_down),
        cmocka_unit_test(what_is_nowhere_is_not_known),
        cmocka_unit_test(gates_lie_where_their_rays_go),
        cmocka_unit_test(places_are_found_through_layers_that_bend_beams_much),
        cmocka_unit_test(sizes_and_refractivities_are_the_published_ones),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
