/* Rates and kinds of precipitation, gate by gate, beside values worked out by hand from the published equations. */
#include "support/read_volume.h"

enum { CASES = 10, RAYS = 2 };

static double hertz[] = {0.0, 2.8e9, 5.6e9, 9.4e9};

static nwc_status add(nwc_volume *volume, const char *name, const char *units, const float *cells)
{
    float rows[RAYS * CASES];
    for (int r = 0; r < RAYS; r++) memcpy(rows + r * CASES, cells, CASES * sizeof *cells);
    return add_moment(volume, name, field_2d(rows, RAYS, CASES, units, NULL), 10000.0, 500.0);
}

/* Moments that are NULL are left out. */
static nwc_status volume_of(nwc_ctx *ctx, int band, const float *dbz, const float *zdr, const float *kdp,
                            const float *ah, nwc_volume **volume)
{
    const int64_t time[RAYS] = {0};
    const float azimuth[RAYS] = {0.0F, 90.0F}, elevation[RAYS] = {1.0F, 91.0F};
    const nwc_volume_facts facts = {.frequency_hz = band ? hertz[band] : (double)NAN, .latitude_deg = 45.0};
    const nwc_sweep sweep = {.n_rays = RAYS, .time_ns = time, .azimuth_deg = azimuth, .elevation_deg = elevation};
    nwc_status status = nwc_volume_create(ctx, &facts, volume);
    if (status != NWC_OK) return status;
    status = nwc_volume_add_sweep(*volume, &sweep);
    if (status == NWC_OK && dbz) status = add(*volume, "DBZH", NULL, dbz);
    if (status == NWC_OK && zdr) status = add(*volume, "ZDR", NULL, zdr);
    if (status == NWC_OK && kdp) status = add(*volume, "KDP", NULL, kdp);
    if (status == NWC_OK && ah) status = add(*volume, "AH", "dB km-1", ah);
    if (status != NWC_OK) nwc_volume_destroy(*volume);
    return status;
}

static const float dbz[CASES] = {10, 20, 30, 40, 45, 50, 53, 60, NWC_NOTHING_DBZ, NAN};
static const float zdr[CASES] = {0.2F, 0.2F, 0.4F, 1.0F, 1.5F, 2.0F, 2.5F, 0.3F, NAN, NAN};
static const float kdp[CASES] = {0.0F, 0.1F, 0.2F, 0.5F, 1.0F, 2.0F, 4.0F, 1.5F, NAN, NAN};
static const float ah[CASES] = {0.0F, 0.001F, 0.002F, 0.005F, 0.01F, 0.02F, 0.04F, 0.03F, NAN, NAN};

static void rates_of(int32_t band, int32_t method, const float expected[8])
{
    nwc_volume *volume;
    nwc_rain_options options;
    nwc_rain_options_init(&options);
    options.method = method, options.zdr_window_m = 0.0;
    assert_ok(volume_of(NULL, band, dbz, zdr, kdp, ah, &volume));
    assert_ok(nwc_rain_rate(NULL, volume, &options));
    const float *const rate = cells_of(volume, "RATE");
    for (int r = 0; r < RAYS; r++) {
        for (int g = 0; g < 8; g++)
            if (!(fabsf(rate[r * CASES + g] - expected[g]) <= 0.005F + 0.003F * expected[g]))
                fail_msg("band %d, method %d, gate %d: %.3f mm/h expected, %.3f found", (int)band, (int)method, g,
                         (double)expected[g], (double)rate[r * CASES + g]);
        assert_true(rate[r * CASES + 8] == 0.0F && isnan(rate[r * CASES + 9]));
    }
    nwc_volume_destroy(volume);
}

static void rates_are_those_of_the_published_equations(void **state)
{
    (void)state;
    /* By hand from the equations that rain.h names; the last Z is taken as 53 dBZ. */
    rates_of(0, NWC_RAIN_Z, (const float[]){0.1538F, 0.6484F, 2.734F, 11.53F, 23.68F, 48.62F, 74.88F, 74.88F});
    rates_of(NWC_BAND_S, NWC_RAIN_KDP, (const float[]){0.0F, 7.595F, 13.69F, 29.83F, 53.77F, 96.91F, 174.7F, 75.89F});
    rates_of(NWC_BAND_S, NWC_RAIN_Z_ZDR,
             (const float[]){0.04836F, 0.4088F, 2.95F, 15.53F, 30.41F, 59.58F, 76.15F, 432.8F});
    rates_of(NWC_BAND_S, NWC_RAIN_KDP_ZDR,
             (const float[]){0.0F, 9.869F, 17.4F, 32.29F, 50.65F, 79.44F, 124.6F, 117.8F});
    rates_of(NWC_BAND_S, NWC_RAIN_A, (const float[]){0.0F, 3.349F, 6.838F, 17.57F, 35.88F, 73.28F, 149.6F, 111.3F});
    rates_of(NWC_BAND_S, NWC_RAIN_BLEND,
             (const float[]){0.1538F, 0.6484F, 2.734F, 32.29F, 50.65F, 79.44F, 124.6F, 75.89F});
    rates_of(NWC_BAND_C, NWC_RAIN_KDP, (const float[]){0.0F, 4.213F, 7.595F, 16.55F, 29.83F, 53.77F, 96.91F, 42.1F});
    rates_of(NWC_BAND_C, NWC_RAIN_Z_ZDR,
             (const float[]){0.04282F, 0.348F, 2.569F, 15.65F, 35.07F, 78.6F, 115.9F, 334.0F});
    rates_of(NWC_BAND_C, NWC_RAIN_KDP_ZDR,
             (const float[]){0.0F, 4.723F, 8.468F, 17.33F, 29.56F, 50.41F, 85.99F, 51.73F});
    rates_of(NWC_BAND_C, NWC_RAIN_A, (const float[]){0.0F, 0.6286F, 1.165F, 2.633F, 4.879F, 9.042F, 16.76F, 12.97F});
    rates_of(NWC_BAND_C, NWC_RAIN_BLEND,
             (const float[]){0.1538F, 0.6484F, 2.734F, 17.33F, 29.56F, 50.41F, 85.99F, 42.1F});
    rates_of(NWC_BAND_X, NWC_RAIN_KDP, (const float[]){0.0F, 2.713F, 4.89F, 10.66F, 19.21F, 34.62F, 62.4F, 27.11F});
    rates_of(NWC_BAND_X, NWC_RAIN_Z_ZDR,
             (const float[]){0.03481F, 0.4089F, 3.65F, 18.8F, 32.4F, 55.86F, 58.83F, 1210.0F});
    rates_of(NWC_BAND_X, NWC_RAIN_KDP_ZDR, (const float[]){0.0F, 3.013F, 5.464F, 10.8F, 17.82F, 29.4F, 48.51F, 38.24F});
    rates_of(NWC_BAND_X, NWC_RAIN_A, (const float[]){0.0F, 0.1856F, 0.3209F, 0.6617F, 1.144F, 1.978F, 3.421F, 2.725F});
    rates_of(NWC_BAND_X, NWC_RAIN_BLEND,
             (const float[]){0.1538F, 0.6484F, 2.734F, 10.8F, 17.82F, 29.4F, 48.51F, 27.11F});
}

static void pairs_of_z_and_r_are_those_of_their_authors(void **state)
{
    (void)state;
    const double known[][2] = {{200, 1.6}, {300, 1.4}, {250, 1.2}, {130, 2.0}, {75, 2.0}};
    double a, b;
    for (int32_t k = 0; k < 5; k++) {
        assert_ok(nwc_rain_zr(k, &a, &b));
        assert_near(a, known[k][0], 0.0);
        assert_near(b, known[k][1], 0.0);
    }
    assert_fails(NWC_ERR_ARG, "zr:", nwc_rain_zr(5, &a, &b));
    assert_fails(NWC_ERR_ARG, "a, b:", nwc_rain_zr(0, NULL, &b));
}

/* A of 1 and 0.1 dB/km at 0, 10, 20 and 30 degrees: the pairs of Ryzhkov et al. (2014), table 1, and Diederich et al. (2015). */
static void rates_by_attenuation_are_those_of_the_published_table(void **state)
{
    (void)state;
    static const double table[][4][2] = {{{2230, 1.03}, {3100, 1.03}, {4120, 1.03}, {5330, 1.03}},
                                         {{221, 0.92}, {250, 0.91}, {294, 0.89}, {352, 0.89}},
                                         {{49.1, 0.87}, {45.5, 0.83}, {43.5, 0.79}, {43.0, 0.76}}};
    const float strong[CASES] = {1.0F, 0.1F, 1.0F, 1.0F, 1.0F, 1.0F, 1.0F, 1.0F, NAN, NAN};
    for (int band = NWC_BAND_S; band <= NWC_BAND_X; band++)
        for (int t = 0; t < 4; t++) {
            const double *const pair = table[band - NWC_BAND_S][t];
            nwc_volume *volume;
            nwc_rain_options options;
            nwc_rain_options_init(&options);
            options.method = NWC_RAIN_A, options.temperature_c = 10.0 * t;
            assert_ok(volume_of(NULL, band, dbz, NULL, NULL, strong, &volume));
            assert_ok(nwc_rain_rate(NULL, volume, &options));
            const float *const rate = cells_of(volume, "RATE");
            assert_near((double)rate[0], pair[0], 1e-3 * pair[0]);
            assert_near((double)rate[1], pair[0] * pow(0.1, pair[1]), 1e-3 * pair[0]);
            nwc_volume_destroy(volume);
        }
}

/* 50.7 KDP^0.85 is quoted for S band: equation 8.30 at 3 GHz. A band that is given is taken at its middle. */
static void the_law_of_the_phase_is_that_of_the_frequency(void **state)
{
    (void)state;
    const double expected[] = {50.70, 53.77};
    for (int given = 0; given < 2; given++) {
        nwc_volume *volume;
        nwc_rain_options options;
        nwc_rain_options_init(&options);
        options.method = NWC_RAIN_KDP, options.band = given ? NWC_BAND_S : NWC_BAND_OF_VOLUME;
        hertz[NWC_BAND_S] = 3.0e9;
        const nwc_status status = volume_of(NULL, NWC_BAND_S, dbz, NULL, kdp, NULL, &volume);
        hertz[NWC_BAND_S] = 2.8e9;
        assert_ok(status);
        assert_ok(nwc_rain_rate(NULL, volume, &options));
        assert_near((double)cells_of(volume, "RATE")[4], expected[given], 0.02);
        nwc_volume_destroy(volume);
    }
}

/* The National Weather Service lists 4.09 inches an hour as what 300, 1.4 gives at most, with Z held at 53 dBZ. */
static void the_greatest_rate_of_the_wsr_88d_is_the_published_one(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_rain_options options;
    nwc_rain_options_init(&options);
    options.method = NWC_RAIN_Z;
    assert_ok(nwc_rain_zr(NWC_ZR_CONVECTIVE, &options.a, &options.b));
    assert_ok(volume_of(NULL, NWC_BAND_S, dbz, NULL, NULL, NULL, &volume));
    assert_ok(nwc_rain_rate(NULL, volume, &options));
    assert_near((double)cells_of(volume, "RATE")[7] / 25.4, 4.09, 0.005);
    nwc_volume_destroy(volume);
}

/* An error of 0.9 dB up and down changes little once averaged over five gates; a ZDR below 0 is taken as 0. */
static void noise_of_differential_reflectivity_is_averaged(void **state)
{
    (void)state;
    float forty[CASES], noisy[CASES], negative[CASES];
    for (int g = 0; g < CASES; g++) { forty[g] = 40.0F, noisy[g] = g % 2 ? 1.9F : 0.1F, negative[g] = -0.5F; }
    const double level = 6.7e-3 * pow(1e4, 0.927);
    const float *const shapes[] = {noisy, negative};
    for (int k = 0; k < 2; k++) {
        nwc_volume *volume;
        nwc_rain_options options;
        nwc_rain_options_init(&options);
        options.method = NWC_RAIN_Z_ZDR, options.zdr_window_m = 2000.0;
        assert_ok(volume_of(NULL, NWC_BAND_S, forty, shapes[k], NULL, NULL, &volume));
        assert_ok(nwc_rain_rate(NULL, volume, &options));
        const float *const rate = cells_of(volume, "RATE");
        for (int g = 2; g + 2 < CASES; g++) { /* three of one sign and two of the other */
            const double zdr_db = k ? 0.0 : g % 2 ? (3.0 * 1.9 + 2.0 * 0.1) / 5.0 : (3.0 * 0.1 + 2.0 * 1.9) / 5.0;
            assert_near((double)rate[g], level * pow(10.0, -0.343 * zdr_db), 0.02);
        }
        nwc_volume_destroy(volume);
    }
}

static void warmer_rain_of_an_attenuation_is_heavier_at_s_band(void **state)
{
    (void)state;
    /* 0.01 dB/km: 2230 and 3100 times 0.01^1.03, and halfway their geometric mean. */
    const double temperatures[] = {0.0, 5.0, 10.0}, expected[] = {19.42, 22.90, 27.00};
    for (int k = 0; k < 3; k++) {
        nwc_volume *volume;
        nwc_rain_options options;
        nwc_rain_options_init(&options);
        options.method = NWC_RAIN_A;
        options.temperature_c = temperatures[k];
        assert_ok(volume_of(NULL, NWC_BAND_S, dbz, NULL, NULL, ah, &volume));
        assert_ok(nwc_rain_rate(NULL, volume, &options));
        assert_near((double)cells_of(volume, "RATE")[4], expected[k], 0.05);
        nwc_volume_destroy(volume);
    }
}

static void the_blend_falls_back_to_what_is_known(void **state)
{
    (void)state;
    const float weak[CASES] = {10, 20, 30, 40, 45, 50, 53, 60, NWC_NOTHING_DBZ, NAN};
    nwc_volume *volume;
    assert_ok(volume_of(NULL, NWC_BAND_S, weak, NULL, NULL, NULL, &volume));
    assert_ok(nwc_rain_rate(NULL, volume, NULL));
    const float *const rate = cells_of(volume, "RATE");
    for (int g = 0; g < 8; g++) { /* R(Z) of Marshall and Palmer, up to 53 dBZ */
        const double z = pow(10.0, 0.1 * fmin((double)weak[g], 53.0));
        assert_near((double)rate[g], pow(z / 200.0, 1.0 / 1.6), 1e-3 * pow(z / 200.0, 1.0 / 1.6));
    }
    nwc_volume_destroy(volume);
}

static void kinds_follow_the_wet_bulb_and_what_the_radar_sees(void **state)
{
    (void)state;
    /* Gates from 10 km on 500 m apart at 1 degree stand 180.4 to 262.0 m above the antenna: 9.07 m apart. */
    const double height[] = {150.0, 180.4, 262.0};
    const float z[CASES] = {30, 30, 30, 30, 30, 30, 60, 60, NWC_NOTHING_DBZ, NAN};
    const float shape[CASES] = {0.2F, 0.2F, 0.2F, 0.2F, 0.2F, 0.2F, 0.2F, NAN, NAN, NAN};
    const float pure[CASES] = {0.99F, 0.99F, 0.99F, 0.97F, 0.9F, 0.99F, 0.99F, 0.99F, NAN, NAN};
    const struct {
        double first_c, last_c;
        float kind[8];
    } cases[] = {{8.0, 6.0, {1, 1, 1, 1, 1, 1, 4, 4}},
                 {-3.0, -5.0, {3, 3, 3, 3, 3, 3, 3, 3}},
                 {1.5, 1.5, {1, 1, 1, 2, 2, 1, 4, 4}},
                 {0.5, 0.5, {3, 3, 3, 2, 2, 3, 4, 4}},
                 {3.0, 3.0, {1, 1, 1, 1, 2, 1, 4, 4}},
                 {4.5, -4.5, {1, 1, 1, 2, 2, 3, 3, 3}}}; /* 4.5, 3.5, 2.5, 1.5, 0.5, -0.5, ... degrees */
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const double wet_bulb[] = {cases[k].first_c, cases[k].first_c, cases[k].last_c};
        nwc_volume *volume;
        assert_ok(volume_of(NULL, 0, z, shape, NULL, NULL, &volume));
        assert_ok(add(volume, "RHOHV", NULL, pure));
        assert_ok(nwc_rain_type(NULL, volume, 3, height, wet_bulb));
        const float *const kind = cells_of(volume, "PTYPE");
        for (int g = 0; g < 8; g++)
            if (kind[g] != cases[k].kind[g])
                fail_msg("case %d, gate %d: kind %g expected, %g found", (int)k, g, (double)cases[k].kind[g],
                         (double)kind[g]);
        assert_true(kind[8] == 0.0F && isnan(kind[9]));
        nwc_volume_destroy(volume);
    }
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_rain_options options;
    assert_ok(volume_of(NULL, 0, dbz, zdr, NULL, NULL, &volume));
    assert_fails(NWC_ERR_ARG, "band:", nwc_rain_rate(NULL, volume, NULL));
#define REFUSED(member, value)                                                                                         \
    do {                                                                                                               \
        nwc_rain_options_init(&options);                                                                               \
        options.band = NWC_BAND_C;                                                                                     \
        options.member = (value);                                                                                      \
        assert_fails(NWC_ERR_ARG, #member, nwc_rain_rate(NULL, volume, &options));                                     \
    } while (0)
    REFUSED(method, 6);
    REFUSED(a, 0.0);
    REFUSED(b, NAN);
    REFUSED(most_dbz, NAN);
    REFUSED(temperature_c, 35.0);
    REFUSED(zdr_window_m, -1.0);
    const int32_t lacking[] = {NWC_RAIN_KDP, NWC_RAIN_KDP_ZDR, NWC_RAIN_A};
    for (int k = 0; k < 3; k++) {
        nwc_rain_options_init(&options);
        options.band = NWC_BAND_S;
        options.method = lacking[k];
        assert_fails(NWC_ERR_NODATA, "what the method needs", nwc_rain_rate(NULL, volume, &options));
    }
    nwc_rain_options_init(&options);
    options.method = NWC_RAIN_Z; /* for which no band is needed */
    assert_ok(nwc_rain_rate(NULL, volume, &options));
    const double height[] = {0.0, 0.0}, wet_bulb[] = {1.0, NAN};
    assert_fails(NWC_ERR_ARG, "1 level", nwc_rain_type(NULL, volume, 0, height, wet_bulb));
    assert_fails(NWC_ERR_ARG, "level 1", nwc_rain_type(NULL, volume, 2, height, wet_bulb));
    nwc_volume_destroy(volume);
    assert_ok(volume_of(NULL, 0, NULL, zdr, NULL, NULL, &volume));
    assert_fails(NWC_ERR_NODATA, "reflectivity", nwc_rain_type(NULL, volume, 1, height, wet_bulb));
    nwc_volume_destroy(volume);
}

static nwc_status run(nwc_ctx *ctx, void *user)
{
    const double height = 0.0, wet_bulb = 10.0;
    nwc_volume *volume;
    (void)user;
    nwc_status status = volume_of(ctx, NWC_BAND_C, dbz, zdr, kdp, NULL, &volume);
    if (status != NWC_OK) return status;
    status = nwc_rain_rate(ctx, volume, NULL);
    if (status == NWC_OK) status = nwc_rain_type(ctx, volume, 1, &height, &wet_bulb);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(run, NULL) > 8);
}

/* What evaporates cools the thermometer until e = e'w - 6.53e-4 (1 + 0.000944 t') p (t - t'), WMO-No. 8, annex 4.B. */
static void a_wet_thermometer_balances_what_it_takes_and_gives(void **state)
{
    (void)state;
    double bulb;
    for (int k = 0; k < 200; k++) {
        const double t = -30.0 + 0.35 * k, p = 100000.0 - 300.0 * k, h = 0.02 + 0.0049 * k, kelvin = t + 273.15;
        assert_ok(nwc_rain_wet_bulb(1, &p, &kelvin, &h, &bulb));
        const double vapour = h * 611.2 * exp(17.62 * t / (243.12 + t));
        const double wet = 611.2 * exp(17.62 * bulb / (243.12 + bulb));
        assert_near(wet - 6.53e-4 * (1.0 + 0.000944 * bulb) * p * (t - bulb), vapour, 1e-3);
        assert_true(bulb <= t + 1e-9);
    }
    /* Wet air as it is; of a table of the psychrometer, 20 and 13.8 degrees mean half of saturation at 1000 hPa. */
    const double pressure[] = {90000.0, 100000.0, 100000.0, 100000.0, 0.0}, humidity[] = {1.02, 0.5, NAN, -0.1, 0.5};
    const double kelvin[] = {278.15, 293.15, 293.15, 293.15, 293.15};
    double out[5];
    assert_ok(nwc_rain_wet_bulb(5, pressure, kelvin, humidity, out));
    assert_near(out[0], 5.0, 1e-6);
    assert_near(out[1], 13.8, 0.1);
    assert_true(isnan(out[2]) && isnan(out[3]) && isnan(out[4]));
    assert_fails(NWC_ERR_ARG, "arrays expected", nwc_rain_wet_bulb(1, NULL, kelvin, humidity, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wet_thermometer_balances_what_it_takes_and_gives),
        cmocka_unit_test(rates_are_those_of_the_published_equations),
        cmocka_unit_test(pairs_of_z_and_r_are_those_of_their_authors),
        cmocka_unit_test(rates_by_attenuation_are_those_of_the_published_table),
        cmocka_unit_test(the_law_of_the_phase_is_that_of_the_frequency),
        cmocka_unit_test(the_greatest_rate_of_the_wsr_88d_is_the_published_one),
        cmocka_unit_test(noise_of_differential_reflectivity_is_averaged),
        cmocka_unit_test(warmer_rain_of_an_attenuation_is_heavier_at_s_band),
        cmocka_unit_test(the_blend_falls_back_to_what_is_known),
        cmocka_unit_test(kinds_follow_the_wet_bulb_and_what_the_radar_sees),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
