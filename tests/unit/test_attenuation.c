/* Attenuation and calibration, on rays made from the equations themselves. */
#include "support/read_volume.h"

enum { RAYS = 20, GATES = 300, MOST = RAYS * GATES };

#define GATE_M 250.0
#define GATE_KM 0.25

/* By band, as nowcast/phase.h states them; the factor only makes attenuation of an ordinary size. */
static const struct {
    double alpha, beta, exponent, factor, hertz;
} bands[] = {{0, 0, 0, 0, 0},
             {0.017, 0.003, 0.62, 2e-5, 2.8e9},
             {0.08, 0.02, 0.76, 5e-5, 5.6e9},
             {0.28, 0.04, 0.78, 5e-5, 9.4e9}};

struct made {
    float true_dbz[MOST], dbz[MOST], zdr[MOST], phase[MOST], ah[MOST], pia[MOST];
};

static struct made made;

/* Rain of two cells along each ray whose specific attenuation is factor Z^exponent, and what a radar would see of it. */
static void make_rays(int band, double alpha)
{
    for (int r = 0; r < RAYS; r++) {
        double lost = 0.0;
        for (int g = 0; g < GATES; g++) {
            const int64_t i = r * GATES + g;
            const double near = (g - 90.0) / 18.0, far = (g - 190.0 - r) / 25.0;
            const double dbz = 15.0 + 33.0 * exp(-near * near) + 28.0 * exp(-far * far);
            const double ah = bands[band].factor * pow(10.0, 0.1 * bands[band].exponent * dbz);
            lost += ah * GATE_KM; /* to the middle of the gate, both ways */
            made.true_dbz[i] = (float)dbz, made.ah[i] = (float)ah, made.pia[i] = (float)lost;
            made.dbz[i] = (float)(dbz - lost);
            made.zdr[i] = (float)(1.0 - lost * bands[band].beta / bands[band].alpha);
            made.phase[i] = (float)(lost / alpha);
            lost += ah * GATE_KM;
        }
    }
}

static nwc_status add(nwc_volume *volume, const char *name, const char *units, float *cells)
{
    return add_moment(volume, name, field_2d(cells, RAYS, GATES, units, NULL), 1000.0, GATE_M);
}

static nwc_status volume_of(nwc_ctx *ctx, double hertz, double elevation_deg, nwc_volume **volume)
{
    int64_t time[RAYS] = {0};
    float azimuth[RAYS], elevation[RAYS];
    for (int r = 0; r < RAYS; r++) azimuth[r] = (float)(18 * r), elevation[r] = (float)elevation_deg;
    const nwc_volume_facts facts = {.frequency_hz = hertz, .latitude_deg = 45.0, .altitude_m = 100.0};
    const nwc_sweep sweep = {.n_rays = RAYS, .time_ns = time, .azimuth_deg = azimuth, .elevation_deg = elevation};
    nwc_status status = nwc_volume_create(ctx, &facts, volume);
    if (status != NWC_OK) return status;
    status = nwc_volume_add_sweep(*volume, &sweep);
    if (status == NWC_OK) status = add(*volume, "DBZH", NULL, made.dbz);
    if (status == NWC_OK) status = add(*volume, "ZDR", NULL, made.zdr);
    if (status == NWC_OK) status = add(*volume, "PHIDPC", "degrees", made.phase);
    if (status != NWC_OK) nwc_volume_destroy(*volume);
    return status;
}

static nwc_attenuation_options options_of(int32_t method)
{
    nwc_attenuation_options options;
    nwc_attenuation_options_init(&options);
    options.method = method;
    return options;
}

static double worst(const float *found, const float *truth)
{
    double most = 0.0;
    for (int64_t i = 0; i < MOST; i++) most = fmax(most, fabs((double)(found[i] - truth[i])));
    return most;
}

static void what_rain_took_is_given_back_at_every_band(void **state)
{
    (void)state;
    for (int band = NWC_BAND_S; band <= NWC_BAND_X; band++)
        for (int32_t method = NWC_ATTENUATION_ZPHI; method <= NWC_ATTENUATION_LINEAR; method++) {
            make_rays(band, bands[band].alpha);
            nwc_volume *volume;
            const nwc_attenuation_options options = options_of(method);
            assert_ok(volume_of(NULL, bands[band].hertz, 0.5, &volume));
            assert_ok(nwc_attenuation_correct(NULL, volume, &options));
            const double dbz = worst(cells_of(volume, "DBZHC"), made.true_dbz);
            const double pia = worst(cells_of(volume, "PIA"), made.pia), total = (double)made.pia[MOST - 1];
            /* A tenth of a gate's own attenuation: the sum over gates stands for an integral. */
            if (!(dbz < 0.02 + 0.01 * total) || !(pia < 0.02 + 0.01 * total))
                fail_msg("band %d, method %d: DBZHC wrong by up to %.3f dB, PIA by %.3f of %.1f", band, (int)method,
                         dbz, pia, total);
            const float *const ah = cells_of(volume, "AH"), *const zdr = cells_of(volume, "ZDRC");
            for (int64_t i = 0; i < MOST; i++) {
                assert_near((double)zdr[i], 1.0, 0.01 + 0.005 * total);
                if (i % GATES > 0) assert_near((double)ah[i], (double)made.ah[i], 0.004 + 0.12 * (double)made.ah[i]);
            }
            nwc_volume_destroy(volume);
        }
}

/* As a phase that may not fall has them in noise: the first values too low, the last too high. */
static void the_ends_of_the_phase_alone_do_not_tell_how_much_it_rises(void **state)
{
    (void)state;
    make_rays(NWC_BAND_C, bands[NWC_BAND_C].alpha);
    for (int64_t i = 0; i < MOST; i++) made.phase[i] += i % GATES < 4 ? -2.0F : i % GATES == GATES - 1 ? 2.0F : 0.0F;
    nwc_volume *volume;
    assert_ok(volume_of(NULL, 5.6e9, 0.5, &volume));
    assert_ok(nwc_attenuation_correct(NULL, volume, NULL));
    assert_true(worst(cells_of(volume, "PIA"), made.pia) < 0.05); /* and not 0.32 dB */
    nwc_volume_destroy(volume);
}

static void rain_before_the_first_known_gate_has_taken_its_part(void **state)
{
    (void)state;
    for (int32_t method = NWC_ATTENUATION_ZPHI; method <= NWC_ATTENUATION_LINEAR; method++) {
        make_rays(NWC_BAND_X, bands[NWC_BAND_X].alpha);
        for (int64_t i = 0; i < MOST; i++)
            if (i % GATES < 130) made.phase[i] = made.dbz[i] = NAN;
        assert_true(made.phase[130] > 4.0F);
        nwc_volume *volume;
        const nwc_attenuation_options options = options_of(method);
        assert_ok(volume_of(NULL, 9.4e9, 0.5, &volume));
        assert_ok(nwc_attenuation_correct(NULL, volume, &options));
        const float *const dbz = cells_of(volume, "DBZHC");
        for (int64_t i = 0; i < MOST; i++)
            if (i % GATES >= 130)
                assert_near((double)dbz[i], (double)made.true_dbz[i], 0.02 + 0.01 * (double)made.pia[i]);
        nwc_volume_destroy(volume);
    }
}

static void an_alpha_that_is_off_is_found_along_the_ray(void **state)
{
    (void)state;
    const double factors[] = {0.6, 1.0, 1.6};
    for (int k = 0; k < 3; k++) {
        make_rays(NWC_BAND_C, factors[k] * bands[NWC_BAND_C].alpha);
        nwc_volume *volume;
        nwc_attenuation_options options = options_of(NWC_ATTENUATION_ZPHI);
        options.adaptive = 1;
        assert_ok(volume_of(NULL, 5.6e9, 0.5, &volume));
        assert_ok(nwc_attenuation_correct(NULL, volume, &options));
        const double found = (double)cells_of(volume, "PIA")[MOST - 1] / (double)made.phase[MOST - 1];
        if (!(fabs(found / (factors[k] * bands[NWC_BAND_C].alpha) - 1.0) < 0.1))
            fail_msg("alpha of %g expected, %g found", factors[k] * bands[NWC_BAND_C].alpha, found);
        nwc_volume_destroy(volume);
    }
}

static void above_the_freezing_level_nothing_is_taken(void **state)
{
    (void)state;
    make_rays(NWC_BAND_X, bands[NWC_BAND_X].alpha);
    nwc_volume *volume;
    nwc_attenuation_options options = options_of(NWC_ATTENUATION_LINEAR);
    /* At 3 degrees the beam is at 2100 m above the sea 37.0 km away: 37000 sin(3) + 37000^2 cos^2(3) / (2 * 8.49e6) = 2017. */
    options.freezing_level_m = 2117.0;
    assert_ok(volume_of(NULL, 9.4e9, 3.0, &volume));
    assert_ok(nwc_attenuation_correct(NULL, volume, &options));
    const float *const pia = cells_of(volume, "PIA");
    int64_t last = 0;
    for (int64_t g = 1; g < GATES; g++)
        if (pia[g] > pia[g - 1]) last = g;
    assert_near(1000.0 + GATE_M * (double)last, 37000.0, 300.0);
    nwc_volume_destroy(volume);
}

static void no_echo_stays_no_echo_and_unknown_unknown(void **state)
{
    (void)state;
    make_rays(NWC_BAND_X, bands[NWC_BAND_X].alpha);
    for (int g = 120; g < 150; g++) made.dbz[g] = NWC_NOTHING_DBZ, made.phase[g] = NAN;
    for (int g = 280; g < 300; g++) made.dbz[g] = NAN, made.phase[g] = NAN;
    for (int g = 0; g < GATES; g++) made.phase[GATES + g] = NAN;
    nwc_volume *volume;
    assert_ok(volume_of(NULL, 9.4e9, 0.5, &volume));
    assert_ok(nwc_attenuation_correct(NULL, volume, NULL));
    const float *const dbz = cells_of(volume, "DBZHC"), *const pia = cells_of(volume, "PIA");
    const float *const ah = cells_of(volume, "AH");
    for (int g = 120; g < 150; g++) assert_true(dbz[g] == (float)NWC_NOTHING_DBZ && isnan(ah[g]));
    for (int g = 280; g < 300; g++) assert_true(isnan(dbz[g]) && pia[g] == pia[279 + 1]);
    for (int g = 0; g < GATES; g++)
        assert_true(pia[GATES + g] == 0.0F && dbz[GATES + g] == made.dbz[GATES + g] && isnan(ah[GATES + g]));
    nwc_volume_destroy(volume);
}

static void no_echo_behind_ten_decibels_of_loss_is_not_known(void **state)
{
    (void)state;
    make_rays(NWC_BAND_X, bands[NWC_BAND_X].alpha);
    for (int g = 95; g < 150; g++) made.dbz[g] = NWC_NOTHING_DBZ, made.phase[g] = NAN;
    nwc_volume *volume;
    nwc_attenuation_options options = options_of(NWC_ATTENUATION_LINEAR);
    options.alpha = 2.0; /* so that it is lost halfway */
    assert_ok(volume_of(NULL, 9.4e9, 0.5, &volume));
    assert_ok(nwc_attenuation_correct(NULL, volume, &options));
    const float *const dbz = cells_of(volume, "DBZHC"), *const pia = cells_of(volume, "PIA");
    assert_true(pia[95] > 10.0F);
    for (int g = 95; g < 150; g++) assert_true(isnan(dbz[g]));
    nwc_volume_destroy(volume);
}

static void reflectivity_a_file_corrected_itself_stays(void **state)
{
    (void)state;
    make_rays(NWC_BAND_C, bands[NWC_BAND_C].alpha);
    static float own[MOST], before[MOST];
    for (int64_t i = 0; i < MOST; i++) own[i] = 12.5F;
    nwc_volume *volume;
    assert_ok(volume_of(NULL, 5.6e9, 0.5, &volume));
    assert_ok(add(volume, "DBZHC", NULL, own));
    for (int run = 0; run < 2; run++) {
        assert_ok(nwc_attenuation_correct(NULL, volume, NULL));
        assert_memory_equal(cells_of(volume, "DBZHC"), own, sizeof own);
        if (run) assert_memory_equal(cells_of(volume, "ZDRC"), before, sizeof before);
        memcpy(before, cells_of(volume, "ZDRC"), sizeof before);
    }
    nwc_volume_destroy(volume);
}

static void threads_do_not_change_the_answer(void **state)
{
    (void)state;
    make_rays(NWC_BAND_C, bands[NWC_BAND_C].alpha);
    static float first[MOST];
    nwc_attenuation_options options = options_of(NWC_ATTENUATION_ZPHI);
    options.adaptive = 1;
    for (int32_t threads = 1; threads <= 7; threads += 2) {
        nwc_ctx *const ctx = context_with_threads(threads);
        nwc_volume *volume;
        assert_ok(volume_of(ctx, 5.6e9, 0.5, &volume));
        assert_ok(nwc_attenuation_correct(ctx, volume, &options));
        if (threads == 1) memcpy(first, cells_of(volume, "PIA"), sizeof first);
        assert_memory_equal(cells_of(volume, "PIA"), first, sizeof first);
        nwc_volume_destroy(volume);
        nwc_ctx_destroy(ctx);
    }
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    make_rays(NWC_BAND_C, bands[NWC_BAND_C].alpha);
    nwc_volume *volume;
    assert_ok(volume_of(NULL, NAN, 0.5, &volume));
    assert_fails(NWC_ERR_ARG, "band: to be given", nwc_attenuation_correct(NULL, volume, NULL));
    nwc_attenuation_options options = options_of(0);
    options.band = NWC_BAND_C;
    assert_ok(nwc_attenuation_correct(NULL, volume, &options));
#define REFUSED(member, value)                                                                                         \
    do {                                                                                                               \
        options = options_of(0);                                                                                       \
        options.band = NWC_BAND_C;                                                                                     \
        options.member = (value);                                                                                      \
        assert_fails(NWC_ERR_ARG, #member ":", nwc_attenuation_correct(NULL, volume, &options));                       \
    } while (0)
    REFUSED(band, 4);
    REFUSED(method, -1);
    REFUSED(adaptive, 2);
    REFUSED(alpha, 0.0);
    REFUSED(beta, 1.0);
    REFUSED(exponent, 2.0);
    REFUSED(freezing_level_m, INFINITY);
    nwc_volume_destroy(volume);
    assert_ok(volume_of(NULL, 35e9, 0.5, &volume));
    assert_fails(NWC_ERR_UNSUPPORTED, "35 GHz", nwc_attenuation_correct(NULL, volume, NULL));
    nwc_volume_destroy(volume);
    const nwc_volume_facts facts = {.frequency_hz = 5.6e9};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    assert_fails(NWC_ERR_NODATA, "PHIDPC", nwc_attenuation_correct(NULL, volume, NULL));
    nwc_volume_destroy(volume);
}

static nwc_status run(nwc_ctx *ctx, void *user)
{
    nwc_volume *volume;
    nwc_calibration found;
    (void)user;
    nwc_status status = volume_of(ctx, 5.6e9, 0.5, &volume);
    if (status != NWC_OK) return status;
    nwc_attenuation_options options = options_of(NWC_ATTENUATION_ZPHI);
    nwc_calibration_options judge;
    nwc_calibration_options_init(&judge);
    options.freezing_level_m = judge.freezing_level_m = 3000.0;
    status = nwc_attenuation_correct(ctx, volume, &options);
    if (status == NWC_OK) status = nwc_calibration_estimate(ctx, volume, &judge, &found);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    make_rays(NWC_BAND_C, bands[NWC_BAND_C].alpha);
    assert_true(check_every_allocation_failure(run, NULL) > 8);
}

/* ---- calibration ---- */

static void reflectivity_that_does_not_go_with_the_phase_is_off(void **state)
{
    (void)state;
    /* KDP of 40 dBZ and a ZDR of 1 dB, degrees km-1: 0.1 times the sum of the row of the table. */
    const double kdp[] = {0.0, 0.1 * (3.696 - 1.963 + 0.504 - 0.051), 0.1 * (6.746 - 2.970 + 0.711 - 0.079),
                          0.1 * (11.74 - 4.020 - 0.140 + 0.130)};
    for (int band = NWC_BAND_S; band <= NWC_BAND_X; band++)
        for (double bias = -2.0; bias <= 2.0; bias += 2.0) {
            for (int64_t i = 0; i < MOST; i++) {
                const int64_t g = i % GATES;
                const bool rain = g >= 20 && g < 180;
                const double phase = 2.0 * GATE_KM * kdp[band] * (double)(rain ? g - 20 : 0);
                made.dbz[i] = rain ? (float)(40.0 + bias - bands[band].alpha * phase) : 10.0F;
                made.zdr[i] = rain ? (float)(1.0 - bands[band].beta * phase) : 0.1F;
                made.phase[i] = (float)phase;
            }
            nwc_volume *volume;
            nwc_calibration found;
            assert_ok(volume_of(NULL, bands[band].hertz, 0.5, &volume));
            assert_ok(nwc_calibration_estimate(NULL, volume, NULL, &found));
            assert_int_equal(found.stretches, RAYS);
            assert_near(found.dbz_bias, bias, 0.02);
            assert_near(found.dbz_spread, 0.0, 1e-6);
            assert_true(isnan(found.zdr_rain_bias) && isnan(found.zdr_snow_bias) && found.zenith_gates == 0);
            nwc_volume_destroy(volume);
        }
}

static void differential_reflectivity_is_judged_by_rain_snow_and_zenith(void **state)
{
    (void)state;
    /* Light rain to 2 km, snow from 4 to 6 km, seen at 10 degrees; and rain seen from below. Half a decibel too much. */
    static const float dbz[] = {20.0F, 25.0F, 29.5F};
    static const double light[] = {0.23, 0.32, 0.55}; /* 19-21, 25-27 and 29-31 dBZ */
    for (int64_t i = 0; i < MOST; i++) {
        const double height = 100.0 + (1000.0 + GATE_M * (double)(i % GATES)) * 0.17365;
        made.dbz[i] = dbz[i % 3];
        made.zdr[i] = (float)(0.5 + (height < 2400.0 ? light[i % 3] : height > 3900.0 ? 0.2 : 1.5));
        made.phase[i] = 0.0F;
    }
    nwc_volume *volume;
    nwc_calibration found;
    nwc_calibration_options options;
    nwc_calibration_options_init(&options);
    options.freezing_level_m = 3000.0;
    assert_ok(volume_of(NULL, 2.8e9, 10.0, &volume));
    assert_ok(nwc_calibration_estimate(NULL, volume, &options, &found));
    assert_near(found.zdr_rain_bias, 0.5, 1e-3);
    assert_near(found.zdr_snow_bias, 0.5, 1e-3);
    assert_true(found.rain_gates > 500 && found.snow_gates > 500 && isnan(found.zdr_zenith_bias));
    nwc_volume_destroy(volume);
    for (int64_t i = 0; i < MOST; i++) made.zdr[i] = 0.5F;
    assert_ok(volume_of(NULL, 2.8e9, 90.0, &volume));
    assert_ok(nwc_calibration_estimate(NULL, volume, &options, &found));
    assert_near(found.zdr_zenith_bias, 0.5, 1e-6);
    assert_true(isnan(found.zdr_rain_bias) && isnan(found.dbz_bias));
    assert_fails(NWC_ERR_ARG, "found:", nwc_calibration_estimate(NULL, volume, NULL, NULL));
    options.least_phase_deg = 0.0;
    assert_fails(NWC_ERR_ARG, "least_phase_deg:", nwc_calibration_estimate(NULL, volume, &options, &found));
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_rain_took_is_given_back_at_every_band),
        cmocka_unit_test(the_ends_of_the_phase_alone_do_not_tell_how_much_it_rises),
        cmocka_unit_test(rain_before_the_first_known_gate_has_taken_its_part),
        cmocka_unit_test(an_alpha_that_is_off_is_found_along_the_ray),
        cmocka_unit_test(above_the_freezing_level_nothing_is_taken),
        cmocka_unit_test(no_echo_stays_no_echo_and_unknown_unknown),
        cmocka_unit_test(no_echo_behind_ten_decibels_of_loss_is_not_known),
        cmocka_unit_test(reflectivity_a_file_corrected_itself_stays),
        cmocka_unit_test(threads_do_not_change_the_answer),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(reflectivity_that_does_not_go_with_the_phase_is_off),
        cmocka_unit_test(differential_reflectivity_is_judged_by_rain_snow_and_zenith),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
