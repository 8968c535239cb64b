/* turbulence: spectra of known width, against limits in closed form, a spectrum summed over waves, and known broadening. */
#include "support/support.h"

enum { RAYS = 72, GATES = 100 };

#define PI 3.14159265358979323846
#define SPACING_M 500.0
#define SIGMA_BEAM (PI / 180.0 / (4.0 * sqrt(log(2.0)))) /* of a beam of a degree, radians */

struct moments {
    const char *name, *units;
    float value;
};

/* Sweeps at 0.5 and 1.5 degrees, 10 s each, all gates of a moment alike; a name of NULL ends them. */
static nwc_volume *volume_of(double frequency_hz, const struct moments *moments, int sweeps)
{
    static float azimuth[RAYS], elevation[RAYS], cells[RAYS * GATES];
    static int64_t time_ns[RAYS];
    nwc_volume *volume;
    const nwc_volume_facts facts = {.frequency_hz = frequency_hz, .beam_width_h_deg = 1.0, .beam_width_v_deg = 1.0};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    for (int s = 0; s < sweeps; s++) {
        for (int r = 0; r < RAYS; r++) {
            azimuth[r] = 5.0F * (float)r, elevation[r] = 0.5F + (float)s;
            time_ns[r] = INT64_C(1000000000) * r * 10 / (RAYS - 1);
        }
        const nwc_sweep sweep = {.n_rays = RAYS,
                                 .fixed_angle_deg = 0.5 + s,
                                 .time_ns = time_ns,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation};
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        for (int m = 0; moments[m].name; m++) {
            nwc_moment moment = {.name = moments[m].name, .first_gate_m = SPACING_M, .gate_spacing_m = SPACING_M};
            for (int c = 0; c < RAYS * GATES; c++) cells[c] = moments[m].value;
            moment.field = field_2d(cells, RAYS, GATES, moments[m].units, NULL);
            assert_ok(nwc_volume_add_moment(volume, &moment));
        }
    }
    return volume;
}

static const float *edr_of(const nwc_volume *volume, int32_t sweep)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, sweep, "EDR", &moment));
    assert_string_equal(moment.field.units, "m^(2/3) s-1");
    return moment.field.data;
}

/* Only turbulence widens spectra. */
static nwc_turbulence_options plain(void)
{
    nwc_turbulence_options options;
    nwc_turbulence_options_init(&options);
    options.fall_m_s = 0.0;
    return options;
}

static void flat_deep_and_round_volumes_have_their_closed_forms(void **state)
{
    (void)state;
    static const struct moments two[] = {{"WRADH", "m s-1", 2.0F}, {NULL, NULL, 0.0F}};
    nwc_volume *const volume = volume_of(NAN, two, 1);
    nwc_turbulence_options options = plain();
    /* Flat: Doviak and Zrnic (1993), eq. 10.68: eps = 0.72 sigma^3 / (r sigma_theta A^1.5). */
    options.depth_m = 1.0;
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int g = 20; g < GATES; g++) {
        const double wide = SPACING_M * (g + 1) * SIGMA_BEAM;
        assert_near(edr_of(volume, 0)[g], cbrt(0.72 * 8.0 / (wide * pow(1.6, 1.5))), 2e-3);
    }
    /* Deep: the integral is s_r^(2/3) (3/5 - 3/11). */
    options.depth_m = 1e5;
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    const double deep = cbrt(35000.0 * 35000.0) * (3.0 / 5.0 - 3.0 / 11.0) * 1.5 * tgamma(2.0 / 3.0) * 1.6;
    assert_near(edr_of(volume, 0)[0], 2.0 / sqrt(deep), 1e-3 * 2.0 / sqrt(deep));
    /* Round at the 40th gate: sigma^2 = A Gamma(2/3) (eps q)^(2/3). */
    const double q = SPACING_M * 40 * SIGMA_BEAM;
    options.depth_m = q / 0.35, options.kolmogorov = 1.53;
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    assert_near(edr_of(volume, 0)[39], 2.0 / sqrt(1.53 * tgamma(2.0 / 3.0) * cbrt(q * q)), 1e-5);
    nwc_volume_destroy(volume);
}

/* The variance of waves of all lengths and directions that a Gaussian volume does not average out, for eps of 1. */
static double summed(double deep, double wide)
{
    const int angles = 400, lengths = 4000;
    double sum = 0.0;
    for (int a = 0; a < angles; a++) {
        const double phi = PI * (a + 0.5) / angles, c = cos(phi), s = sin(phi);
        const double q_2 = deep * deep * c * c + wide * wide * s * s;
        double along = 0.0;
        for (int l = 0; l < lengths; l++) { /* from wavelengths of 1 cm to 1e9 m, in the logarithm of k */
            const double step = log(1e11) / lengths, k = 2.0 * PI * 1e-9 * exp((l + 0.5) * step);
            along += 1.6 * pow(k, -2.0 / 3.0) * (1.0 - exp(-k * k * q_2)) * step;
        }
        sum += 0.5 * s * s * s * along * PI / angles;
    }
    return sum;
}

static void any_volume_holds_the_variance_of_the_waves_within_it(void **state)
{
    (void)state;
    static const struct moments two[] = {{"WRADH", "m s-1", 2.0F}, {NULL, NULL, 0.0F}};
    nwc_volume *const volume = volume_of(NAN, two, 1);
    const nwc_turbulence_options options = plain();
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int g = 1; g < GATES; g += 24) {
        const double expected = 2.0 / sqrt(summed(0.35 * SPACING_M, SPACING_M * (g + 1) * SIGMA_BEAM));
        assert_near(edr_of(volume, 0)[g], expected, 2e-3 * expected);
    }
    nwc_volume_destroy(volume);
}

static void what_else_widens_spectra_is_taken_off(void **state)
{
    (void)state;
    /* Shear of 0.01 across and 0.004 s-1 along, antenna at 35.5 degrees per second at 10 cm, fall speeds of 2 m/s. */
    static const struct moments given[] = {{"WRADH", "m s-1", 4.0F},
                                           {"AZSHR", "s-1", 0.01F},
                                           {"DIVR", "s-1", 0.004F},
                                           {NULL, NULL, 0.0F}};
    nwc_volume *const volume = volume_of(2997924580.0, given, 1);
    nwc_turbulence_options options = plain();
    options.fall_m_s = 2.0;
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    static float full[RAYS * GATES];
    memcpy(full, edr_of(volume, 0), sizeof full);
    options = plain(), options.shear = 0;
    nwc_volume *const still = volume_of(NAN, given, 1);
    assert_ok(nwc_turbulence_compute(NULL, still, &options));
    const double turn =
        355.0 / 10.0 * PI / 180.0 * 0.1 * cos(0.5 * PI / 180.0) * sqrt(log(2.0)) / (2.0 * PI * PI / 180.0);
    const double fall = 2.0 * sin(0.5 * PI / 180.0);
    int nothing = 0;
    for (int g = 0; g < GATES; g++) {
        const double across = 0.01 * SPACING_M * (g + 1) * SIGMA_BEAM, along = 0.004 * 0.35 * SPACING_M;
        const double left = 16.0 - across * across - along * along - turn * turn - fall * fall;
        nothing += left <= 0.0;
        assert_near(full[g], edr_of(still, 0)[g] * sqrt(fmax(0.0, left)) / 4.0, 1e-4);
    }
    assert_true(turn > 0.4 && nothing == 0);
    nwc_volume_destroy(still);
    nwc_volume_destroy(volume);
}

static void the_sweep_above_tells_the_shear_upward(void **state)
{
    (void)state;
    static const struct moments given[] = {{"WRADH", "m s-1", 3.0F}, {"VRADDH", "m s-1", 0.0F}, {NULL, NULL, 0.0F}};
    static float cells[RAYS * GATES];
    nwc_volume *const volume = volume_of(NAN, given, 2);
    nwc_moment moment;
    for (int c = 0; c < RAYS * GATES; c++) cells[c] = (float)(0.006 * SPACING_M * (c % GATES + 1) * PI / 180.0);
    assert_ok(nwc_volume_find(volume, 1, "VRADDH", &moment));
    moment.field.data = cells;
    assert_ok(nwc_volume_put_moment(volume, 1, &moment));
    nwc_turbulence_options options = plain();
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    static float with[2][GATES];
    for (int s = 0; s < 2; s++) memcpy(with[s], edr_of(volume, s), sizeof with[s]);
    options.shear = 0;
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int g = 0; g < GATES; g++) {
        const double upward = 0.006 * SPACING_M * (g + 1) * SIGMA_BEAM;
        const double expected = edr_of(volume, 0)[g] * sqrt(fmax(0.0, 9.0 - upward * upward)) / 3.0;
        assert_near(with[0][g], expected, 1e-4);
        assert_near(with[1][g], expected, 1e-4); /* the highest has the one below */
    }
    nwc_volume_destroy(volume);
}

static void weak_and_unknown_gates_are_not_known(void **state)
{
    (void)state;
    static const struct moments weak[] = {{"WRADH", "m s-1", 2.0F}, {"SNRH", "dB", 4.9F}, {NULL, NULL, 0.0F}};
    static const struct moments none[] = {{"WRADH", "m s-1", NAN}, {"SNRH", "dB", 40.0F}, {NULL, NULL, 0.0F}};
    nwc_volume *volume = volume_of(NAN, weak, 1);
    nwc_turbulence_options options = plain();
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int c = 0; c < RAYS * GATES; c++) assert_true(isnan(edr_of(volume, 0)[c]));
    options.least_snr_db = 4.0;
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int c = 0; c < RAYS * GATES; c++) assert_true(edr_of(volume, 0)[c] > 0.0F);
    nwc_volume_destroy(volume);
    static const struct moments bad[] = {{"WRADH", "m s-1", 2.0F}, {"QIND", "1", 0.0F}, {NULL, NULL, 0.0F}};
    volume = volume_of(NAN, bad, 1);
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int c = 0; c < RAYS * GATES; c++) assert_true(isnan(edr_of(volume, 0)[c]));
    nwc_volume_destroy(volume);
    volume = volume_of(NAN, none, 1);
    assert_ok(nwc_turbulence_compute(NULL, volume, &options));
    for (int c = 0; c < RAYS * GATES; c++) assert_true(isnan(edr_of(volume, 0)[c]));
    nwc_volume_destroy(volume);
}

static nwc_status call(nwc_ctx *ctx, void *user)
{
    return nwc_turbulence_compute(ctx, user, NULL);
}

static void threads_do_not_change_a_bit_and_failures_leave_nothing(void **state)
{
    (void)state;
    static const struct moments given[] = {{"WRADH", "m s-1", 3.0F}, {"VRADDH", "m s-1", 0.0F}, {NULL, NULL, 0.0F}};
    static float first[RAYS * GATES];
    nwc_volume *const volume = volume_of(5.6e9, given, 2);
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(nwc_turbulence_compute(ctx, volume, NULL));
        if (threads == 1) memcpy(first, edr_of(volume, 1), sizeof first);
        assert_memory_equal(first, edr_of(volume, 1), sizeof first);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(call, volume) > 4);
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static const struct moments speed[] = {{"VRADH", "m s-1", 2.0F}, {NULL, NULL, 0.0F}};
    nwc_volume *const volume = volume_of(NAN, speed, 1);
    nwc_turbulence_options options;
    nwc_turbulence_options_init(&options);
    assert_fails(NWC_ERR_NODATA, "no sweep has WRADH", nwc_turbulence_compute(NULL, volume, NULL));
    assert_fails(NWC_ERR_ARG, "volume", nwc_turbulence_compute(NULL, NULL, NULL));
    options.kolmogorov = 0.5;
    assert_fails(NWC_ERR_ARG, "kolmogorov: 1 to 2", nwc_turbulence_compute(NULL, volume, &options));
    options.kolmogorov = 1.6, options.depth_m = NAN;
    assert_fails(NWC_ERR_ARG, "depth_m", nwc_turbulence_compute(NULL, volume, &options));
    options.depth_m = 0.0, options.beam_width_deg = 0.0;
    assert_fails(NWC_ERR_ARG, "beam_width_deg", nwc_turbulence_compute(NULL, volume, &options));
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_deep_and_round_volumes_have_their_closed_forms),
        cmocka_unit_test(any_volume_holds_the_variance_of_the_waves_within_it),
        cmocka_unit_test(what_else_widens_spectra_is_taken_off),
        cmocka_unit_test(the_sweep_above_tells_the_shear_upward),
        cmocka_unit_test(weak_and_unknown_gates_are_not_known),
        cmocka_unit_test(threads_do_not_change_a_bit_and_failures_leave_nothing),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
