/* shear: slopes of radial velocity; against planes, a vortex, and a fit by elimination at every gate. */
#include "support/support.h"

enum { RAYS = 180, GATES = 60 };

static const double radian = 0.017453292519943295;

static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

struct scan {
    float azimuth[RAYS], elevation[RAYS], velocity[RAYS * GATES];
    int64_t time_ns[RAYS];
    int64_t rays;
    double first_m, spacing_m;
};

static void even(struct scan *scan)
{
    scan->rays = RAYS, scan->first_m = 4000.0, scan->spacing_m = 300.0;
    for (int r = 0; r < RAYS; r++)
        scan->azimuth[r] = 2.0F * (float)r + 0.5F, scan->elevation[r] = 0.5F, scan->time_ns[r] = r;
}

static nwc_volume *volume_of(const struct scan *scan, const char *name)
{
    nwc_volume *volume;
    const nwc_volume_facts facts = {.site = "TEST"};
    const nwc_sweep sweep = {.n_rays = scan->rays,
                             .time_ns = scan->time_ns,
                             .azimuth_deg = scan->azimuth,
                             .elevation_deg = scan->elevation};
    nwc_moment moment = {.name = name, .first_gate_m = scan->first_m, .gate_spacing_m = scan->spacing_m};
    moment.field = field_2d((float *)(uintptr_t)scan->velocity, scan->rays, GATES, "m s-1", NULL);
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    assert_ok(nwc_volume_add_moment(volume, &moment));
    return volume;
}

static const float *made(const nwc_volume *volume, const char *name)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, 0, name, &moment));
    assert_string_equal(moment.field.units, "s-1");
    return moment.field.data;
}

/* 30 m/s more per radian and 2 m/s more per km: at range r the shear is 30 / r, everywhere but at north, where it jumps. */
static void a_plane_has_its_slopes_everywhere(void **state)
{
    (void)state;
    static struct scan s;
    even(&s);
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++)
            s.velocity[r * GATES + g] = (float)(30.0 * radian * s.azimuth[r] + 2e-3 * (4000.0 + 300.0 * g) - 100.0);
    nwc_volume *const volume = volume_of(&s, "VRADH");
    assert_ok(nwc_shear_compute(NULL, volume, NULL));
    const float *const shear = made(volume, "AZSHR"), *const divergence = made(volume, "DIVR");
    for (int r = 12; r < RAYS - 12; r++)
        for (int g = 0; g < GATES; g++) {
            const double expected = 30.0 / (4000.0 + 300.0 * g);
            assert_near(shear[r * GATES + g], expected, 2e-5 * expected + 1e-7);
            assert_near(divergence[r * GATES + g], 2e-3, 1e-6);
        }
    nwc_volume_destroy(volume);
}

/* Fit v = a + b t + c x to the gates of the window by elimination; false where it is not to be made. */
static bool fit(const struct scan *s, int r, int g, double width_m, int half, double least, double *shear,
                double *divergence)
{
    double m[3][4] = {{0}};
    int known = 0, all = 0;
    for (int q = 0; q < s->rays; q++) {
        const double degrees = remainder((double)s->azimuth[q] - (double)s->azimuth[r], 360.0);
        int between = 0; /* rays nearer on that side */
        for (int p = 0; p < s->rays; p++) {
            const double other = remainder((double)s->azimuth[p] - (double)s->azimuth[r], 360.0);
            between += p != r && other * degrees > 0.0 && fabs(other) < fabs(degrees);
        }
        const double range = s->first_m + s->spacing_m * g;
        const bool next = q != r && between == 0 && fabs(degrees) < 3.0;
        const bool within = fabs(degrees) * radian * range <= 0.5 * width_m && fabs(degrees) <= 20.0;
        if (q != r && !next && !within) continue;
        for (int d = -half; d <= half; d++) {
            all++;
            if (g + d < 0 || g + d >= GATES || isnan(s->velocity[q * GATES + g + d])) continue;
            const double row[4] = {1.0, degrees * radian, d, (double)s->velocity[q * GATES + g + d]};
            for (int a = 0; a < 3; a++)
                for (int b = 0; b < 4; b++) m[a][b] += row[a] * row[b];
            known++;
        }
    }
    if (isnan(s->velocity[r * GATES + g]) || known < least * all) return false;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            if (b != a && m[a][a] != 0.0) {
                const double factor = m[b][a] / m[a][a];
                for (int c = 0; c < 4; c++) m[b][c] -= factor * m[a][c];
            }
    *shear = m[1][3] / m[1][1] / (s->first_m + s->spacing_m * g), *divergence = m[2][3] / m[2][2] / s->spacing_m;
    return true;
}

/* Rays in no order and unevenly far apart, a gap of 30 degrees, a third of the gates unknown. */
static void slopes_are_those_of_a_fit_by_elimination(void **state)
{
    (void)state;
    static struct scan s;
    uint32_t seed = 5;
    s.rays = 150, s.first_m = 1500.0, s.spacing_m = 250.0;
    for (int r = 0; r < 150; r++) {
        const int place = (r * 77 + 3) % 150;
        s.azimuth[r] = 2.2F * (float)place + 0.01F * (float)(dice(&seed) % 150);
        s.elevation[r] = 0.5F, s.time_ns[r] = r;
        for (int g = 0; g < GATES; g++)
            s.velocity[r * GATES + g] = dice(&seed) % 3 == 0 ? NAN : (float)(dice(&seed) % 2000) * 0.02F - 20.0F;
    }
    nwc_shear_options options;
    nwc_shear_options_init(&options);
    options.azimuthal_m = 3100.0, options.radial_m = 1300.0; /* two gates to either side */
    nwc_volume *const volume = volume_of(&s, "VRADDH");
    assert_ok(nwc_shear_compute(NULL, volume, &options));
    const float *const shear = made(volume, "AZSHR"), *const divergence = made(volume, "DIVR");
    int compared = 0;
    for (int r = 0; r < 150; r++)
        for (int g = 0; g < GATES; g++) {
            double s_here = 0.0, d_here = 0.0;
            const bool fits = fit(&s, r, g, 3100.0, 2, 0.5, &s_here, &d_here);
            const float *const ours = &shear[r * GATES + g];
            if (!fits) {
                assert_true(isnan(*ours) && isnan(divergence[r * GATES + g]));
                continue;
            }
            if (isnan(*ours)) continue; /* no plane to speak of */
            assert_near(*ours, s_here, 1e-4 * fabs(s_here) + 1e-6);
            assert_near(divergence[r * GATES + g], d_here, 1e-4 * fabs(d_here) + 1e-6);
            compared++;
        }
    assert_true(compared > 4000);
    nwc_volume_destroy(volume);
}

/* A core of 3 km radius that turns like a solid body, 20 m/s at its edge, 15 km north of the radar: half its vorticity. */
static void a_vortex_shows_half_its_vorticity(void **state)
{
    (void)state;
    static struct scan s;
    even(&s);
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            const double range = 4000.0 + 300.0 * g, azimuth = radian * s.azimuth[r];
            const double x = range * sin(azimuth) - 0.0, y = range * cos(azimuth) - 15000.0, away = hypot(x, y);
            const double speed = away < 3000.0 ? 20.0 * away / 3000.0 : 20.0 * 3000.0 / away;
            const double u = away > 0.0 ? -speed * y / away : 0.0, v = away > 0.0 ? speed * x / away : 0.0;
            s.velocity[r * GATES + g] = (float)(u * sin(azimuth) + v * cos(azimuth));
        }
    nwc_volume *const volume = volume_of(&s, "VRADH");
    assert_ok(nwc_shear_compute(NULL, volume, NULL));
    const float *const shear = made(volume, "AZSHR"), *const divergence = made(volume, "DIVR");
    const int at = 0 * GATES + 37; /* 15.1 km, .5 degrees */
    assert_near(shear[at], 20.0 / 3000.0, 0.02 * 20.0 / 3000.0);
    assert_near(divergence[at], 0.0, 3e-4);
    nwc_volume_destroy(volume);
}

static nwc_status call(nwc_ctx *ctx, void *user)
{
    return nwc_shear_compute(ctx, user, NULL);
}

static void threads_do_not_change_a_bit_and_failures_leave_nothing(void **state)
{
    (void)state;
    static struct scan s;
    static float first[RAYS * GATES];
    uint32_t seed = 9;
    even(&s);
    for (int c = 0; c < RAYS * GATES; c++)
        s.velocity[c] = dice(&seed) % 4 == 0 ? NAN : (float)(dice(&seed) % 300) * 0.1F - 15.0F;
    nwc_volume *const volume = volume_of(&s, "VRADH");
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(nwc_shear_compute(ctx, volume, NULL));
        if (threads == 1) memcpy(first, made(volume, "AZSHR"), sizeof first);
        assert_memory_equal(first, made(volume, "AZSHR"), sizeof first);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(call, volume) == 3);
    assert_memory_equal(first, made(volume, "AZSHR"), sizeof first);
    nwc_volume_destroy(volume);
}

static void one_gate_and_one_ray_have_no_slopes(void **state)
{
    (void)state;
    static struct scan s;
    even(&s);
    for (int c = 0; c < RAYS * GATES; c++) s.velocity[c] = NAN;
    s.velocity[40] = 3.0F;
    nwc_volume *volume = volume_of(&s, "VRADH");
    assert_ok(nwc_shear_compute(NULL, volume, NULL));
    for (int c = 0; c < RAYS * GATES; c++)
        assert_true(isnan(made(volume, "AZSHR")[c]) && isnan(made(volume, "DIVR")[c]));
    nwc_volume_destroy(volume);
    for (int c = 0; c < GATES; c++) s.velocity[c] = 1.0F;
    s.rays = 1;
    volume = volume_of(&s, "VRADH");
    assert_ok(nwc_shear_compute(NULL, volume, NULL));
    for (int c = 0; c < GATES; c++) assert_true(isnan(made(volume, "AZSHR")[c]));
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct scan s;
    even(&s);
    nwc_volume *const volume = volume_of(&s, "WRADH");
    nwc_shear_options options;
    nwc_shear_options_init(&options);
    assert_fails(NWC_ERR_NODATA, "no sweep has a velocity", nwc_shear_compute(NULL, volume, NULL));
    options.moment = "VRADV";
    assert_fails(NWC_ERR_NODATA, "no sweep has VRADV", nwc_shear_compute(NULL, volume, &options));
    options.moment = "DIVR";
    assert_fails(NWC_ERR_ARG, "moment: a velocity", nwc_shear_compute(NULL, volume, &options));
    options.moment = NULL, options.radial_m = 0.0;
    assert_fails(NWC_ERR_ARG, "azimuthal_m, radial_m", nwc_shear_compute(NULL, volume, &options));
    options.radial_m = 750.0, options.least_known = 1.5;
    assert_fails(NWC_ERR_ARG, "least_known", nwc_shear_compute(NULL, volume, &options));
    assert_fails(NWC_ERR_ARG, "volume", nwc_shear_compute(NULL, NULL, NULL));
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plane_has_its_slopes_everywhere),
        cmocka_unit_test(slopes_are_those_of_a_fit_by_elimination),
        cmocka_unit_test(a_vortex_shows_half_its_vorticity),
        cmocka_unit_test(threads_do_not_change_a_bit_and_failures_leave_nothing),
        cmocka_unit_test(one_gate_and_one_ray_have_no_slopes),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
