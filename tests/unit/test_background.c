/* background: winds over height that are known beforehand, seen by radars or measured at points. */
#include "core/atmosphere.h"
#include "core/blas.h"
#include "core/random.h"
#include "support/support.h"

#define EARTH (4.0 / 3.0 * 6371000.0)
#define RAD (3.14159265358979323846 / 180.0)

enum { RAYS = 90, GATES = 100, SWEEPS = 6, MOST_HEIGHTS = 64 };

/* ---- radars ---- */

/* A wind over height, a radar, and what is wrong with its velocities. */
struct scene {
    double u, v, u_km, v_km; /* at sea level, and their increase in a km */
    double w;                /* of the echo */
    double noise, outliers;  /* part of the gates that are anything */
    double from_deg, to_deg; /* azimuths without echo */
    double bottom_m, top_m;  /* of the echo */
    double longitude;        /* of the radar */
    uint64_t seed;
};

static const struct scene usual = {.u = 5.0, .v = -3.0, .u_km = 2.0, .v_km = 1.0, .bottom_m = -1e4, .top_m = 8000.0};
static const double elevations[SWEEPS] = {0.5, 2.0, 4.0, 7.0, 12.0, 20.0};
static float normal[RAYS * GATES], uniform[RAYS * GATES];

static double seen(const struct scene *scene, double azimuth, double elevation, double range, double *height)
{
    const double up = EARTH + 100.0 + range * sin(elevation), along = range * cos(elevation);
    const double radius = sqrt(up * up + along * along);
    const double sine = (cos(elevation) * along + sin(elevation) * up) / radius, cosine = sqrt(1.0 - sine * sine);
    *height = radius - EARTH;
    const double u = scene->u + 1e-3 * scene->u_km * *height, v = scene->v + 1e-3 * scene->v_km * *height;
    return (u * sin(azimuth) + v * cos(azimuth)) * cosine + scene->w * sine;
}

static nwc_status make(nwc_ctx *ctx, const struct scene *scene, nwc_volume **volume)
{
    const nwc_volume_facts facts = {.latitude_deg = 45.0,
                                    .longitude_deg = scene->longitude,
                                    .altitude_m = 100.0,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = NAN,
                                    .beam_width_v_deg = NAN};
    NWC__TRY(nwc_volume_create(ctx, &facts, volume));
    static float azimuth[RAYS], elevation[RAYS], nyquist[RAYS], cells[RAYS * GATES];
    static int64_t time[RAYS];
    for (int s = 0; s < SWEEPS; s++) {
        nwc__random_normal(nwc__ctx(NULL), scene->seed, 1, (int64_t)s * RAYS * GATES, RAYS * GATES, normal);
        nwc__random_uniform(nwc__ctx(NULL), scene->seed, 2, (int64_t)s * RAYS * GATES, RAYS * GATES, uniform);
        for (int c = 0; c < RAYS * GATES; c++) {
            const int r = c / GATES;
            double height;
            azimuth[r] = 4.0F * (float)r, elevation[r] = (float)elevations[s], nyquist[r] = NAN;
            double value = seen(scene, azimuth[r] * RAD, elevations[s] * RAD, 1000.0 * (c % GATES + 1), &height);
            value += scene->noise * normal[c];
            if (uniform[c] < scene->outliers) value = 60.0 * uniform[c] / scene->outliers;
            const bool hidden = azimuth[r] >= scene->from_deg && azimuth[r] < scene->to_deg;
            cells[c] = hidden || height < scene->bottom_m || height > scene->top_m ? NAN : (float)value;
        }
        const nwc_sweep sweep = {.fixed_angle_deg = elevations[s],
                                 .n_rays = RAYS,
                                 .time_ns = time,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation,
                                 .nyquist_m_s = nyquist};
        const nwc_moment moment = {.name = "VRADH",
                                   .field = field_2d(cells, RAYS, GATES, "m s-1", NULL),
                                   .first_gate_m = 1000.0,
                                   .gate_spacing_m = 1000.0};
        nwc_status status = nwc_volume_add_sweep(*volume, &sweep);
        if (status == NWC_OK) status = nwc_volume_add_moment(*volume, &moment);
        if (status == NWC_OK) continue;
        nwc_volume_destroy(*volume);
        *volume = NULL;
        return status;
    }
    return NWC_OK;
}

/* Every 500 m from 0. */
static nwc_status fit(nwc_ctx *ctx, const struct scene *scenes, int n, const nwc_background_options *options,
                      nwc_background_level *levels)
{
    double heights[MOST_HEIGHTS];
    nwc_volume *volumes[4] = {NULL};
    nwc_status status = NWC_OK;
    for (int k = 0; k < MOST_HEIGHTS; k++) heights[k] = 500.0 * k;
    for (int k = 0; k < n && status == NWC_OK; k++) status = make(ctx, &scenes[k], &volumes[k]);
    if (status == NWC_OK)
        status =
            nwc_background_radars(ctx, (const nwc_volume *const *)volumes, n, heights, MOST_HEIGHTS, options, levels);
    for (int k = 0; k < n; k++) nwc_volume_destroy(volumes[k]);
    return status;
}

static void assert_finite(const nwc_background_level *level)
{
    assert_true(isfinite(level->u_m_s + level->v_m_s + level->u_error_m_s + level->v_error_m_s));
    assert_true(isfinite(level->spread_m_s) && level->error_m_s > 0.0 && level->error_m_s <= 15.0);
    assert_true(level->density_kg_m3 > 0.0 && level->density_kg_m3 < 1.3);
}

static void a_wind_that_turns_with_height_is_found_and_goes_on_beyond_with_growing_errors(void **state)
{
    (void)state;
    nwc_background_level levels[MOST_HEIGHTS];
    assert_ok(fit(NULL, &usual, 1, NULL, levels));
    for (int k = 1; k < MOST_HEIGHTS; k++) {
        const nwc_background_level *const level = &levels[k];
        assert_finite(level);
        const double z = fmin(level->height_m, 8000.0);
        assert_near(level->u_m_s, 5.0 + 2e-3 * z, 0.25);
        assert_near(level->v_m_s, -3.0 + 1e-3 * z, 0.15);
        assert_int_equal(level->flags, NWC_BACKGROUND_STANDARD_AIR | (k > 16 ? NWC_BACKGROUND_BEYOND : 0));
        assert_true(k <= 16 ? level->n > 50 : level->n == 0);
        if (k > 17) assert_true(level->u_error_m_s > levels[k - 1].u_error_m_s - 1e-9);
    }
    assert_true(levels[4].u_error_m_s < 1.0 && levels[4].spread_m_s < 1.0);
    assert_true(levels[40].u_error_m_s > 1.5 * levels[16].u_error_m_s);
    assert_int_equal(levels[0].flags & NWC_BACKGROUND_BEYOND, NWC_BACKGROUND_BEYOND); /* below the antenna */
    assert_near(levels[0].height_m, 0.0, 0.0);
}

static void a_fifth_of_gates_that_are_anything_moves_little(void **state)
{
    (void)state;
    struct scene scene = usual;
    nwc_background_level levels[MOST_HEIGHTS];
    scene.noise = 1.0, scene.outliers = 0.2, scene.seed = 3;
    assert_ok(fit(NULL, &scene, 1, NULL, levels));
    for (int k = 1; k <= 16; k++) {
        assert_near(levels[k].u_m_s, 5.0 + k, 0.7);
        assert_near(levels[k].v_m_s, -3.0 + 0.5 * k, 0.7);
    }
}

static void echo_that_falls_on_one_side_only_is_no_wind(void **state)
{
    (void)state;
    struct scene scene = usual;
    nwc_background_level levels[MOST_HEIGHTS];
    scene.w = -7.0, scene.from_deg = 180.0, scene.to_deg = 360.0;
    assert_ok(fit(NULL, &scene, 1, NULL, levels));
    for (int k = 1; k <= 12; k++) {
        assert_near(levels[k].u_m_s, 5.0 + k, 0.8);
        assert_near(levels[k].v_m_s, -3.0 + 0.5 * k, 0.4);
    }
}

static void two_radars_see_what_one_of_them_does_not(void **state)
{
    (void)state;
    /* both look north only, and one sees the lower half */
    struct scene scenes[2] = {usual, usual};
    nwc_background_level one[MOST_HEIGHTS], both[MOST_HEIGHTS];
    scenes[0].from_deg = 20.0, scenes[0].to_deg = 340.0, scenes[0].top_m = 4000.0, scenes[0].noise = 1.0;
    scenes[1].from_deg = 110.0, scenes[1].to_deg = 430.0, scenes[1].noise = 1.0;
    scenes[1].bottom_m = -1e4, scenes[1].longitude = 0.8, scenes[1].seed = 7;
    for (int k = 0; k < 2; k++) scenes[k].seed = (uint64_t)k;
    assert_ok(fit(NULL, scenes, 1, NULL, one));
    assert_ok(fit(NULL, scenes, 2, NULL, both));
    assert_true(one[4].u_error_m_s > 1.3 * one[4].v_error_m_s); /* it looks along v */
    assert_true(both[4].u_error_m_s < 0.75 * one[4].u_error_m_s);
    for (int k = 2; k <= 8; k++) {
        assert_near(both[k].u_m_s, 5.0 + k, 0.5);
        assert_near(both[k].v_m_s, -3.0 + 0.5 * k, 0.5);
    }
}

static void a_layer_without_echo_is_bridged_and_flagged(void **state)
{
    (void)state;
    struct scene scenes[2] = {usual, usual};
    nwc_background_level levels[MOST_HEIGHTS];
    scenes[0].top_m = 2000.0, scenes[1].bottom_m = 5000.0;
    assert_ok(fit(NULL, scenes, 2, NULL, levels));
    for (int k = 1; k <= 16; k++) {
        const bool gap = k >= 6 && k <= 8;
        assert_near(levels[k].u_m_s, 5.0 + k, 0.3);
        if (gap) assert_true(levels[k].flags & NWC_BACKGROUND_GAP);
        if (k < 4 || k > 10) assert_false(levels[k].flags & NWC_BACKGROUND_GAP);
    }
    assert_true(levels[7].u_error_m_s > 1.5 * levels[3].u_error_m_s);
}

static void a_series_of_volumes_counts_as_its_area_does(void **state)
{
    (void)state;
    struct scene scenes[4] = {usual, usual, usual, usual};
    nwc_background_level one[MOST_HEIGHTS], four[MOST_HEIGHTS];
    for (int k = 0; k < 4; k++) scenes[k].noise = 2.0, scenes[k].seed = (uint64_t)k;
    assert_ok(fit(NULL, scenes, 1, NULL, one));
    assert_ok(fit(NULL, scenes, 4, NULL, four));
    assert_true(four[6].n == 4 * one[6].n);
    assert_true(four[6].u_error_m_s > 0.4 * one[6].u_error_m_s);
}

static void no_velocity_is_no_data_and_still_finite(void **state)
{
    (void)state;
    struct scene scene = usual;
    nwc_background_level levels[MOST_HEIGHTS];
    scene.to_deg = 400.0;
    assert_fails(NWC_ERR_NODATA, "no velocity", fit(NULL, &scene, 1, NULL, levels));
    for (int k = 0; k < MOST_HEIGHTS; k++) {
        assert_finite(&levels[k]);
        assert_near(levels[k].u_m_s, 0.0, 0.0);
        assert_near(levels[k].error_m_s, 15.0, 0.0);
        assert_true(levels[k].flags & NWC_BACKGROUND_NO_DATA);
    }
}

static nwc_status fit_two(nwc_ctx *ctx, void *levels)
{
    struct scene scenes[2] = {usual, usual};
    scenes[0].noise = scenes[1].noise = 1.0;
    scenes[1].longitude = 0.5, scenes[1].outliers = 0.1;
    return fit(ctx, scenes, 2, NULL, levels);
}

static void threads_change_no_bit_and_failures_leave_nothing(void **state)
{
    (void)state;
    static nwc_background_level one[MOST_HEIGHTS], many[MOST_HEIGHTS];
    check_threads_change_no_bit(fit_two, one, many, sizeof one);
    assert_true(check_every_allocation_failure(fit_two, one) > 20);
}

static void wrong_options_and_heights_are_refused(void **state)
{
    (void)state;
    nwc_background_options options;
    nwc_background_level levels[MOST_HEIGHTS];
    static const struct {
        const char *text;
        nwc_background_options wrong;
    } cases[] = {{"min_range_m, max_range_m: a stretch", {.max_range_m = 1000.0}},
                 {"min_elevation_deg, max_elevation_deg", {.max_elevation_deg = 91.0}},
                 {"box_m: 1000 to 50000 expected, 10 given", {.box_m = 10.0}},
                 {"depth_m: 50 to 1000", {.depth_m = 2000.0}},
                 {"walk: 0 to 1 expected, 2 given", {.walk = 2.0}},
                 {"spread_m_s: 0 or more", {.spread_m_s = -1.0}},
                 {"most_error_m_s: above 0", {.most_error_m_s = -1.0}}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const nwc_background_options *const wrong = &cases[k].wrong;
        nwc_background_options_init(&options);
        if (wrong->max_range_m != 0.0) options.max_range_m = wrong->max_range_m;
        if (wrong->max_elevation_deg != 0.0) options.max_elevation_deg = wrong->max_elevation_deg;
        if (wrong->box_m != 0.0) options.box_m = wrong->box_m;
        if (wrong->depth_m != 0.0) options.depth_m = wrong->depth_m;
        if (wrong->walk != 0.0) options.walk = wrong->walk;
        if (wrong->spread_m_s != 0.0) options.spread_m_s = wrong->spread_m_s;
        if (wrong->most_error_m_s != 0.0) options.most_error_m_s = wrong->most_error_m_s;
        assert_fails(NWC_ERR_ARG, cases[k].text, fit(NULL, &usual, 1, &options, levels));
    }
    const double falling[2] = {500.0, 100.0};
    nwc_volume *volume;
    assert_ok(make(NULL, &usual, &volume));
    const nwc_volume *const volumes[1] = {volume};
    assert_fails(NWC_ERR_ARG, "increasing heights", nwc_background_radars(NULL, volumes, 1, falling, 2, NULL, levels));
    assert_fails(NWC_ERR_ARG, "volumes: at least one", nwc_background_radars(NULL, NULL, 1, falling, 1, NULL, levels));
    assert_fails(NWC_ERR_ARG, "1 to 10000 heights", nwc_background_radars(NULL, volumes, 1, falling, 0, NULL, levels));
    const nwc_volume *const none[1] = {NULL};
    assert_fails(NWC_ERR_ARG, "volumes[0]: a volume", nwc_background_radars(NULL, none, 1, falling, 1, NULL, levels));
    nwc_volume_destroy(volume);
}

/* ---- points ---- */

enum { POINTS = 9, MOST_POINTS = 200 };

/* Heights at nodes of the walk, which begin at the lowest and are 100 m apart. */
static const double at_m[POINTS] = {300.0, 400.0, 700.0, 1000.0, 1100.0, 1900.0, 2500.0, 2600.0, 4000.0};

static nwc_background_point point_at(double height, double u, double v, double error)
{
    return (nwc_background_point){height, u, v, error, NAN, NAN};
}

/* A walk of known rate seen with known errors: mean and variance at a height by the covariances of all points. */
static void krige(const double *value, double error, double rate, double height, double *mean, double *variance)
{
    double a[POINTS * POINTS], b[2][POINTS], cover[POINTS];
    const double first = 1e4, low = at_m[0];
    for (int i = 0; i < POINTS; i++) {
        for (int j = 0; j < POINTS; j++)
            a[i * POINTS + j] = first + rate * (fmin(at_m[i], at_m[j]) - low) + (i == j ? error * error : 0.0);
        cover[i] = first + rate * fmax(0.0, fmin(at_m[i], height) - low);
        b[0][i] = value[i], b[1][i] = cover[i];
    }
    *mean = 0.0, *variance = first + rate * fmax(0.0, height - low);
    for (int k = 0; k < 2; k++) {
        double factor[POINTS * POINTS];
        memcpy(factor, a, sizeof factor);
        assert_true(nwc__solve_spd(POINTS, factor, b[k]));
    }
    for (int i = 0; i < POINTS; i++) *mean += cover[i] * b[0][i], *variance -= cover[i] * b[1][i];
}

static void points_are_interpolated_as_their_covariances_have_it(void **state)
{
    (void)state;
    static const double u[POINTS] = {3.0, 2.0, 5.0, 6.5, 7.0, 4.0, 9.0, 8.0, 12.0};
    static const double v[POINTS] = {-1.0, 0.0, 1.0, -2.0, -1.5, 0.0, 2.0, 3.0, 1.0};
    static const double heights[6] = {300.0, 900.0, 1500.0, 2540.0, 4000.0, 4500.0};
    nwc_background_point points[POINTS];
    nwc_background_level levels[6];
    nwc_background_options options;
    nwc_background_options_init(&options);
    options.walk = 0.03;
    for (int k = 0; k < POINTS; k++) points[k] = point_at(at_m[k], u[k], v[k], 2.0);
    assert_ok(nwc_background_points(NULL, points, POINTS, heights, 6, &options, levels));
    for (int h = 0; h < 6; h++) {
        double mean, variance;
        krige(u, 2.0, 0.03, heights[h], &mean, &variance);
        assert_near(levels[h].u_m_s, mean, 1e-3);
        assert_near(levels[h].u_error_m_s, sqrt(variance), 1e-3);
        assert_near(levels[h].spread_m_s, 3.0, 0.0);
        assert_near(levels[h].error_m_s, sqrt(variance + 9.0), 1e-3);
        krige(v, 2.0, 0.03, heights[h], &mean, &variance);
        assert_near(levels[h].v_m_s, mean, 1e-3);
        assert_near(levels[h].v_error_m_s, sqrt(variance), 1e-3);
    }
    assert_int_equal(levels[4].flags, NWC_BACKGROUND_STANDARD_AIR);
    assert_int_equal(levels[5].flags, NWC_BACKGROUND_BEYOND | NWC_BACKGROUND_STANDARD_AIR);
    assert_int_equal(levels[2].flags, NWC_BACKGROUND_GAP | NWC_BACKGROUND_STANDARD_AIR);
    assert_int_equal(levels[1].n, 3); /* within 250 m */
}

static void the_rate_of_a_walk_is_found_from_the_data(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        const double rate = (const double[]){0.005, 0.02, 0.08}[k];
        nwc_background_point points[MOST_POINTS];
        float step[4 * MOST_POINTS];
        nwc__random_normal(nwc__ctx(NULL), 5 + (uint64_t)k, 1, 0, 4 * MOST_POINTS, step);
        double u = 0.0, v = 0.0;
        for (int i = 0; i < MOST_POINTS; i++) {
            u += sqrt(100.0 * rate) * step[4 * i], v += sqrt(100.0 * rate) * step[4 * i + 1];
            points[i] = point_at(100.0 * i, u + 0.5 * step[4 * i + 2], v + 0.5 * step[4 * i + 3], 0.5);
        }
        nwc_background_options options;
        nwc_background_options_init(&options);
        options.most_error_m_s = 1000.0, options.spread_m_s = 0.0;
        const double far[1] = {100.0 * (MOST_POINTS - 1) + 10e3};
        nwc_background_level level;
        assert_ok(nwc_background_points(NULL, points, MOST_POINTS, far, 1, &options, &level));
        const double found = level.u_error_m_s * level.u_error_m_s / 10e3; /* grown over 10 km */
        assert_true(found > rate / 1.5 && found < rate * 1.5);
    }
}

static void one_point_that_is_wrong_is_let_go_of(void **state)
{
    (void)state;
    nwc_background_point points[40];
    nwc_background_level level;
    for (int k = 0; k < 40; k++) points[k] = point_at(100.0 * k, 5.0 + 0.1 * k, 2.0, 0.5);
    points[20].u_m_s = -60.0;
    const double height = 2000.0;
    nwc_background_options options;
    nwc_background_options_init(&options);
    options.walk = 0.01;
    assert_ok(nwc_background_points(NULL, points, 40, &height, 1, &options, &level));
    assert_near(level.u_m_s, 7.0, 1.0);
}

static void two_profiles_that_do_not_agree_leave_their_mean_and_a_larger_error(void **state)
{
    (void)state;
    nwc_background_point points[80];
    nwc_background_level one, both;
    for (int k = 0; k < 40; k++) {
        points[k] = point_at(100.0 * k, 5.0, 2.0, 0.5);
        points[40 + k] = point_at(100.0 * k + 50.0, 17.0, 2.0, 0.5);
    }
    const double height = 2000.0;
    nwc_background_options options;
    nwc_background_options_init(&options);
    options.walk = 0.001;
    assert_ok(nwc_background_points(NULL, points, 40, &height, 1, &options, &one));
    assert_ok(nwc_background_points(NULL, points, 80, &height, 1, &options, &both));
    assert_near(both.u_m_s, 11.0, 1.0);
    assert_true(both.u_error_m_s > 2.0 * one.u_error_m_s);
}

static void air_is_as_dense_as_pressure_and_temperature_say(void **state)
{
    (void)state;
    static const double heights[4] = {0.0, 1000.0, 5000.0, 10000.0};
    nwc_background_point points[2] = {{1000.0, NAN, NAN, NAN, 90000.0, 290.0}, {6000.0, 3.0, 4.0, 1.0, 47000.0, 255.0}};
    nwc_background_level levels[4];
    assert_ok(nwc_background_points(NULL, points, 2, heights, 4, NULL, levels));
    assert_near(levels[1].density_kg_m3, 90000.0 / (287.05287 * 290.0), 1e-6);
    assert_int_equal(levels[1].flags & NWC_BACKGROUND_STANDARD_AIR, 0);
    assert_near(levels[1].u_m_s, 3.0, 1e-3); /* the wind of the other point goes on */
    assert_true(levels[1].flags & NWC_BACKGROUND_BEYOND);
    const nwc_background_point calm = point_at(0.0, 0.0, 0.0, 1.0);
    nwc_background_level standard[4];
    assert_ok(nwc_background_points(NULL, &calm, 1, heights, 4, NULL, standard));
    assert_near(standard[0].density_kg_m3, 1.225, 2e-4); /* tables of the US standard atmosphere of 1976 */
    assert_near(standard[2].density_kg_m3, 0.73643, 2e-4);
    assert_near(standard[3].density_kg_m3, 0.41351, 2e-4);
    const double above = 47000.0 / (287.05287 * 255.0);
    assert_true(levels[2].density_kg_m3 < levels[1].density_kg_m3 && levels[2].density_kg_m3 > above);
    /* beyond the points in the same proportion to the standard */
    assert_near(levels[0].density_kg_m3 / standard[0].density_kg_m3,
                levels[1].density_kg_m3 / standard[1].density_kg_m3, 1e-9);
}

static void points_without_wind_or_height_are_no_data(void **state)
{
    (void)state;
    const double height = 1000.0;
    const nwc_background_point points[2] = {point_at(NAN, 1.0, 1.0, 1.0), point_at(500.0, 1.0, NAN, 1.0)};
    nwc_background_level level;
    assert_fails(NWC_ERR_NODATA, "points: no wind", nwc_background_points(NULL, points, 2, &height, 1, NULL, &level));
    assert_near(level.error_m_s, 15.0, 0.0);
    assert_true(level.flags & NWC_BACKGROUND_NO_DATA);
    assert_fails(NWC_ERR_NODATA, "points", nwc_background_points(NULL, NULL, 0, &height, 1, NULL, &level));
    assert_fails(NWC_ERR_ARG, "points: 3 of them", nwc_background_points(NULL, NULL, 3, &height, 1, NULL, &level));
}

static nwc_status fit_points(nwc_ctx *ctx, void *user)
{
    const double heights[2] = {100.0, 5000.0};
    const nwc_background_point points[2] = {point_at(0.0, 1.0, 2.0, 1.0), point_at(2000.0, 5.0, 2.0, 1.0)};
    return nwc_background_points(ctx, points, 2, heights, 2, NULL, user);
}

static void failures_of_memory_leave_nothing_of_points(void **state)
{
    (void)state;
    nwc_background_level levels[2];
    assert_true(check_every_allocation_failure(fit_points, levels) >= 8);
}

/* ---- on a grid ---- */

enum { NZ = 2, NY = 5, NX = 6 };

static nwc_field field_3d(float *cells, const nwc_grid *grid)
{
    return (nwc_field){.data = cells,
                       .ndim = 3,
                       .dim = {NZ, NY, NX},
                       .stride = {NY * NX, NX, 1},
                       .missing = NAN,
                       .units = "m s-1",
                       .grid = grid};
}

static void on_a_grid_winds_lie_along_its_axes(void **state)
{
    (void)state;
    static const double heights[NZ] = {500.0, 2000.0};
    const nwc_grid grid = {.projection = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=0 +R=6371229",
                           .nx = NX,
                           .ny = NY,
                           .x_first = 400e3,
                           .y_first = -200e3,
                           .dx = 100e3,
                           .dy = 100e3,
                           .nz = NZ,
                           .z_m = heights};
    const nwc_background_level levels[NZ] = {{.height_m = 500.0, .u_m_s = 10.0, .v_m_s = -4.0},
                                             {.height_m = 2000.0, .u_m_s = 0.0, .v_m_s = 20.0}};
    float u[NZ * NY * NX], v[NZ * NY * NX], east[NY * NX], north[NY * NX];
    nwc_field fields[2] = {field_3d(u, &grid), field_3d(v, &grid)};
    assert_ok(nwc_background_on_grid(NULL, levels, NZ, &fields[0], &fields[1]));
    nwc_grid flat = grid;
    flat.nz = 0, flat.z_m = NULL;
    for (int k = 0; k < NZ; k++) {
        nwc_field part[2] = {field_2d(u + k * NY * NX, NY, NX, "m s-1", &flat),
                             field_2d(v + k * NY * NX, NY, NX, "m s-1", &flat)};
        nwc_field to[2] = {field_2d(east, NY, NX, "m s-1", &flat), field_2d(north, NY, NX, "m s-1", &flat)};
        assert_ok(nwc_grid_rotate_wind(NULL, &part[0], &part[1], 1, &to[0], &to[1]));
        for (int c = 0; c < NY * NX; c++) {
            assert_near(east[c], levels[k].u_m_s, 1e-4);
            assert_near(north[c], levels[k].v_m_s, 1e-4);
        }
    }
    assert_true(fabs(u[NX - 1] - 10.0F) > 0.2F); /* 10 degrees east of its middle it is turned */
    const nwc_background_level elsewhere[NZ] = {{.height_m = 500.0}, {.height_m = 2001.0}};
    assert_fails(NWC_ERR_ARG, "levels[1]: the height of the grid, 2000 m, expected, 2001 given",
                 nwc_background_on_grid(NULL, elsewhere, NZ, &fields[0], &fields[1]));
    assert_fails(NWC_ERR_ARG, "2 heights expected", nwc_background_on_grid(NULL, levels, 1, &fields[0], &fields[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wind_that_turns_with_height_is_found_and_goes_on_beyond_with_growing_errors),
        cmocka_unit_test(a_fifth_of_gates_that_are_anything_moves_little),
        cmocka_unit_test(echo_that_falls_on_one_side_only_is_no_wind),
        cmocka_unit_test(two_radars_see_what_one_of_them_does_not),
        cmocka_unit_test(a_layer_without_echo_is_bridged_and_flagged),
        cmocka_unit_test(a_series_of_volumes_counts_as_its_area_does),
        cmocka_unit_test(no_velocity_is_no_data_and_still_finite),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_nothing),
        cmocka_unit_test(wrong_options_and_heights_are_refused),
        cmocka_unit_test(points_are_interpolated_as_their_covariances_have_it),
        cmocka_unit_test(the_rate_of_a_walk_is_found_from_the_data),
        cmocka_unit_test(one_point_that_is_wrong_is_let_go_of),
        cmocka_unit_test(two_profiles_that_do_not_agree_leave_their_mean_and_a_larger_error),
        cmocka_unit_test(air_is_as_dense_as_pressure_and_temperature_say),
        cmocka_unit_test(points_without_wind_or_height_are_no_data),
        cmocka_unit_test(failures_of_memory_leave_nothing_of_points),
        cmocka_unit_test(on_a_grid_winds_lie_along_its_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
