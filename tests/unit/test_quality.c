/* Quality control on sweeps made by hand, where it is known what each gate is. */
#include "support/made_gates.h"

enum { SHORT = 80 }; /* gates of pulses close together */

/* ---- what gates are ---- */

static float ground_or_wind(int64_t ray, int64_t gate)
{
    return on_ground(ray, gate) ? 0.4f * (chance(gate) - 0.5f) : ray > 45 ? wind(ray, gate) : NAN;
}

static float narrow_or_wide(int64_t ray, int64_t gate)
{
    return on_ground(ray, gate) ? 0.3f : 2.0f;
}

static float only_rain(int64_t ray, int64_t gate)
{
    return ray > 45 ? rain(ray, gate) : (float)NWC_NOTHING_DBZ;
}

/* Insects: weak, moving, phases at random. */
static float insects(int64_t ray, int64_t gate)
{
    return 12.0f + 2.0f * sinf(0.3f * (float)(ray + gate));
}

static float scattered_phase(int64_t ray, int64_t gate)
{
    return 360.0f * chance(ray * 999 + gate);
}

static float steady_phase(int64_t ray, int64_t gate)
{
    return fmodf(350.0f + 0.2f * (float)gate + 0.0f * (float)ray, 360.0f); /* passes through north */
}

static float poor(int64_t ray, int64_t gate)
{
    (void)ray, (void)gate;
    return 0.5f;
}

static float good(int64_t ray, int64_t gate)
{
    (void)ray, (void)gate;
    return 0.99f;
}

static float round_and_wide(int64_t ray, int64_t gate)
{
    return 4.0f * chance(ray * 77 + gate * 3);
}

static float nothing(int64_t ray, int64_t gate)
{
    (void)ray, (void)gate;
    return (float)NWC_NOTHING_DBZ;
}

static float unknown(int64_t ray, int64_t gate)
{
    (void)ray, (void)gate;
    return NAN;
}

/* ---- tests ---- */

static void rain_keeps_its_reflectivity(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, rain));
    assert_ok(add_gates(volume, "VRADH", GATES, wind));
    filter(volume, NULL, &report);
    assert_int_equal(report.gates, RAYS * GATES);
    assert_int_equal(report.echoes, RAYS * GATES);
    assert_true(report.filtered < RAYS * GATES / 500);
    assert_near(value_of(volume, 0, "DBZHQ", 40, 60), rain(40, 60), 0.0);
    /* exp(-(30.25 / 300)^2) */
    assert_near(value_of(volume, 0, "QIND", 40, 60), 0.98988, 1e-4);
    nwc_volume_destroy(volume);
}

static void ground_is_not_known_and_rain_beside_it_is(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, ground_or_rain));
    assert_ok(add_gates(volume, "VRADH", GATES, ground_or_wind));
    assert_ok(add_gates(volume, "WRADH", GATES, narrow_or_wide));
    assert_ok(add_sweep(volume, 1.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, only_rain));
    filter(volume, NULL, &report);
    int64_t ground = 0, found = 0, left = 0, lost = 0, gone = 0;
    for (int64_t r = 0; r < RAYS; r++)
        for (int64_t g = 0; g < GATES; g++) {
            const bool flagged = flags_of(volume, r, g) & NWC_QUALITY_FILTERED;
            ground += on_ground(r, g);
            found += on_ground(r, g) && flags_of(volume, r, g) == NWC_QUALITY_CLUTTER;
            left += on_ground(r, g) && !flagged;
            lost += r > 45 && flagged;
            gone += flagged && isnan(value_of(volume, 0, "DBZHQ", r, g)) && value_of(volume, 0, "QIND", r, g) == 0.0f;
        }
    assert_true(found > ground * 80 / 100);
    assert_true(left < ground * 12 / 100); /* gates that chance has made weak, near the noise */
    assert_true(lost < 40);
    assert_true(gone > found * 95 / 100);
    assert_int_equal(report.flagged[2], found);
    assert_near(value_of(volume, 0, "DBZHQ", 5, 5), NWC_NOTHING_DBZ, 0.0);
    nwc_volume_destroy(volume);
}

static void echoes_where_the_beam_is_high_are_anomalous_propagation(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 3.0, 0, 300e3f)); /* its lower edge passes 500 m at 14 km, gate 28 */
    assert_ok(add_gates(volume, "DBZH", GATES, ground_or_rain));
    assert_ok(add_gates(volume, "VRADH", GATES, ground_or_wind));
    assert_ok(add_gates(volume, "WRADH", GATES, narrow_or_wide));
    filter(volume, NULL, NULL);
    assert_int_equal(flags_of(volume, 20, 20), NWC_QUALITY_CLUTTER);
    assert_int_equal(flags_of(volume, 20, 45), NWC_QUALITY_ANAPROP);
    nwc_volume_destroy(volume);
}

static void insects_are_told_by_their_phases(void **state)
{
    (void)state;
    for (int weather = 0; weather < 2; weather++) {
        nwc_volume *volume = new_volume(NULL);
        nwc_quality_report report;
        assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
        assert_ok(add_gates(volume, "DBZH", GATES, insects));
        assert_ok(add_gates(volume, "VRADH", GATES, wind));
        assert_ok(add_gates(volume, "PHIDP", GATES, weather ? steady_phase : scattered_phase));
        assert_ok(add_gates(volume, "RHOHV", GATES, weather ? good : poor));
        assert_ok(add_gates(volume, "ZDR", GATES, weather ? good : round_and_wide));
        filter(volume, NULL, &report);
        const int64_t found = report.flagged[7];
        if (weather)
            assert_int_equal(found, 0);
        else
            assert_true(found > RAYS * GATES / 2); /* and the rest is too near the noise to tell */
        nwc_volume_destroy(volume);
    }
}

static float half_poor(int64_t ray, int64_t gate)
{
    return gate < 30 ? poor(ray, gate) : good(ray, gate);
}

static float half_scattered(int64_t ray, int64_t gate)
{
    return gate < 30 ? scattered_phase(ray, gate) : steady_phase(ray, gate);
}

static float half_round(int64_t ray, int64_t gate)
{
    return gate < 30 ? round_and_wide(ray, gate) : good(ray, gate);
}

static float strong_insects(int64_t ray, int64_t gate)
{
    return 15.0f + insects(ray, gate);
}

static void rain_beside_insects_is_kept_to_its_edge(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, strong_insects));
    assert_ok(add_gates(volume, "VRADH", GATES, wind));
    assert_ok(add_gates(volume, "PHIDP", GATES, half_scattered));
    assert_ok(add_gates(volume, "RHOHV", GATES, half_poor));
    assert_ok(add_gates(volume, "ZDR", GATES, half_round));
    filter(volume, NULL, NULL);
    for (int64_t ray = 0; ray < RAYS; ray++) {
        for (int64_t gate = 5; gate < 29; gate++) assert_true(flags_of(volume, ray, gate) & NWC_QUALITY_NON_METEO);
        for (int64_t gate = 30; gate < GATES; gate++)
            assert_int_equal(flags_of(volume, ray, gate) & NWC_QUALITY_NON_METEO, 0);
    }
    nwc_volume_destroy(volume);
}

static float constant_power(int64_t ray, int64_t gate)
{
    return -40.0f + spread(gate) + (float)(ray % 7); /* 0 to 6 dB above the noise */
}

static float its_ratio(int64_t ray, int64_t gate)
{
    (void)gate;
    return (float)(ray % 7);
}

static void noise_is_nothing_and_its_level_is_found(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    nwc_quality_options options;
    nwc_quality_options_init(&options);
    options.least_snr_db = 2.5;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, constant_power));
    assert_ok(add_gates(volume, "SNRH", GATES, its_ratio));
    filter(volume, &options, &report);
    assert_near(report.noise_dbz, -40.0, 0.3);
    assert_true(flags_of(volume, 9, 100) & NWC_QUALITY_NOISE); /* 2 dB */
    assert_false(flags_of(volume, 10, 100) & NWC_QUALITY_NOISE);
    assert_near(value_of(volume, 0, "DBZHQ", 9, 100), NWC_NOTHING_DBZ, 0.0);
    assert_true(value_of(volume, 0, "QIND", 9, 100) > 0.4f);
    nwc_volume_destroy(volume);
}

static float specks(int64_t ray, int64_t gate)
{
    const bool three = (ray == 20 && gate >= 50 && gate < 53) || (ray == 21 && gate == 53);
    const bool nine = ray >= 40 && ray < 43 && gate >= 50 && gate < 53;
    const bool across = (ray == RAYS - 1 || ray == 0) && gate >= 100 && gate < 104;
    return three || nine || across ? 25.0f : (float)NWC_NOTHING_DBZ;
}

static void small_areas_alone_are_speckle(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, specks));
    filter(volume, NULL, NULL);
    assert_int_equal(flags_of(volume, 20, 51), NWC_QUALITY_SPECKLE);
    assert_int_equal(flags_of(volume, 21, 53), NWC_QUALITY_SPECKLE); /* joined at a corner: four */
    assert_int_equal(flags_of(volume, 41, 51), 0);
    assert_int_equal(flags_of(volume, 0, 101), 0); /* eight, across north */
    assert_near(value_of(volume, 0, "DBZHQ", 20, 51), NWC_NOTHING_DBZ, 0.0);
    nwc_volume_destroy(volume);
}

static float spoke(int64_t ray, int64_t gate)
{
    if (ray == 60 && gate >= 80 && gate < 100) return 35.0f;              /* a shower behind it */
    if (ray == 60) return -30.0f + spread(gate) + 0.01f * range_km(gate); /* with gases corrected for */
    if (ray == 61) return gate % 4 == 0 ? -38.0f + spread(gate) : (float)NWC_NOTHING_DBZ;
    return ray > 70 ? rain(ray, gate) : (float)NWC_NOTHING_DBZ;
}

static void power_that_does_not_fall_with_range_is_a_spoke(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    assert_ok(add_sweep(volume, 5.0, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, spoke));
    filter(volume, NULL, &report);
    assert_int_equal(flags_of(volume, 60, 50), NWC_QUALITY_SPOKE);
    assert_int_equal(flags_of(volume, 60, 190), NWC_QUALITY_SPOKE);
    assert_int_equal(flags_of(volume, 60, 90), NWC_QUALITY_UNDER_SPOKE);
    assert_near(value_of(volume, 0, "DBZHQ", 60, 90), 35.0, 0.0);
    assert_true(flags_of(volume, 61, 100) & NWC_QUALITY_SPOKE);
    assert_int_equal(flags_of(volume, 80, 90), 0);
    assert_int_equal(report.flagged[5], 0);
    assert_true(report.flagged[10] == 20);
    nwc_volume_destroy(volume);
}

static float sunny(int64_t ray, int64_t gate)
{
    return ray == 48 ? -33.0f + spread(gate) : (float)NWC_NOTHING_DBZ; /* at 192.5 degrees */
}

static void a_spoke_at_the_sun_is_the_sun(void **state)
{
    (void)state;
    for (int low = 0; low < 2; low++) {
        nwc_volume *volume = new_volume(NULL);
        assert_ok(add_sweep(volume, low ? 30.0 : 40.0, 1066419030 * INT64_C(1000000000), 300e3f));
        assert_ok(add_gates(volume, "DBZH", GATES, sunny));
        filter(volume, NULL, NULL);
        assert_int_equal(flags_of(volume, 48, 100), low ? NWC_QUALITY_SPOKE : NWC_QUALITY_SUN);
        nwc_volume_destroy(volume);
    }
}

static void the_sun_stands_where_almanacs_say(void **state)
{
    (void)state;
    double azimuth, elevation;
    /* Reda and Andreas (2004), table A5.1: 2003-10-17 19:30:30 UTC; azimuth 194.34024, elevation 90 - 50.11162 */
    assert_ok(nwc_sun_position(1066419030 * INT64_C(1000000000), 39.742476, -105.1786, &azimuth, &elevation));
    assert_near(azimuth, 194.34024, 0.01);
    assert_near(elevation, 39.88838, 0.01);
    /* Meeus (1998), example 25.a: declination -7.78507 on 1992-10-13 0 h; from the south pole, refraction 6.76' */
    assert_ok(nwc_sun_position(718934400 * INT64_C(1000000000), -90.0, 0.0, &azimuth, &elevation));
    assert_near(elevation, 7.78507 + 0.1126, 0.01);
    assert_fails(NWC_ERR_ARG, "a place on the earth", nwc_sun_position(0, 91.0, 0.0, &azimuth, &elevation));
    assert_fails(NWC_ERR_ARG, "places for angles", nwc_sun_position(0, 0.0, 0.0, NULL, &elevation));
}

/* Seen with pulses far apart: a cell at 70 to 80 km. With pulses 50 km apart it comes back at 20 to 30 km. */
static float far_cell(int64_t ray, int64_t gate)
{
    return ray >= 30 && ray < 50 && gate >= 140 && gate < 160 ? 50.0f : (float)NWC_NOTHING_DBZ;
}

static float folded(int64_t ray, int64_t gate)
{
    if (ray >= 30 && ray < 50 && gate >= 40 && gate < 60) return 50.0f + spread(gate) - spread(gate + 100);
    return ray > 60 ? rain(ray, gate) : (float)NWC_NOTHING_DBZ;
}

static void what_a_longer_look_sees_further_out_is_a_second_trip(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 0.5, 60, 50e3f));
    assert_ok(add_gates(volume, "DBZH", SHORT, folded));
    assert_ok(add_sweep(volume, 0.5, 0, 460e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, far_cell));
    filter(volume, NULL, NULL);
    assert_int_equal(flags_of(volume, 40, 50), NWC_QUALITY_SECOND_TRIP);
    assert_true(isnan(value_of(volume, 0, "DBZHQ", 40, 50)));
    assert_int_equal(flags_of(volume, 70, 50), 0);
    assert_int_equal((int)value_of(volume, 1, "QFLAG", 40, 150), 0);
    nwc_volume_destroy(volume);
}

static float random_velocity(int64_t ray, int64_t gate)
{
    return ray >= 30 && ray < 50 ? 50.0f * chance(ray * 311 + gate) - 25.0f : wind(ray, gate);
}

static float clear_signal(int64_t ray, int64_t gate)
{
    return rain(ray, gate) - spread(gate) + 40.0f;
}

static float coherence(int64_t ray, int64_t gate)
{
    (void)gate;
    return ray >= 30 && ray < 50 ? 0.1f : 0.9f;
}

static void strong_echoes_without_coherence_are_second_trips(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, rain));
    assert_ok(add_gates(volume, "VRADH", GATES, random_velocity));
    assert_ok(add_gates(volume, "SQIH", GATES, coherence));
    assert_ok(add_gates(volume, "SNRH", GATES, clear_signal));
    filter(volume, NULL, &report);
    assert_true(report.flagged[6] > 18 * GATES * 3 / 4);
    assert_true(report.flagged[6] <= 22 * GATES);
    assert_int_equal(flags_of(volume, 70, 100) & NWC_QUALITY_SECOND_TRIP, 0);
    nwc_volume_destroy(volume);
}

static float half_hidden(int64_t ray, int64_t gate)
{
    (void)gate;
    return ray < 20 ? 0.8f : ray < 40 ? 0.35f : 0.0f;
}

static float path(int64_t ray, int64_t gate)
{
    return 0.1f * (float)gate + 0.0f * (float)ray;
}

static void blockage_and_attenuation_lower_quality(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, rain));
    assert_ok(add_gates(volume, "VRADH", GATES, wind));
    assert_ok(add_gates_in(volume, "CBB", "1", GATES, half_hidden));
    assert_ok(add_gates_in(volume, "PIA", "dB", GATES, path));
    filter(volume, NULL, NULL);
    assert_int_equal(flags_of(volume, 10, 60), NWC_QUALITY_BLOCKED);
    assert_true(isnan(value_of(volume, 0, "DBZHQ", 10, 60)));
    assert_near(value_of(volume, 0, "QIND", 10, 60), 0.0, 0.0);
    /* half of 0.7 hidden, 5.5 dB of 1 to 10 on the way */
    const double range = exp(-27.75 * 27.75 / 9e4);
    assert_near(value_of(volume, 0, "QIND", 30, 55), range * 0.5 * 0.5, 1e-3);
    assert_int_equal(flags_of(volume, 60, 150), NWC_QUALITY_ATTENUATED);
    assert_near(value_of(volume, 0, "DBZHQ", 60, 150), rain(60, 150), 0.0);
    nwc_volume_destroy(volume);
}

static void a_sweep_of_velocities_alone_has_the_flags_of_its_twin(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 0.5, 60, 300e3f));
    assert_ok(add_gates(volume, "VRADH", GATES, ground_or_wind));
    assert_ok(add_gates(volume, "WRADH", GATES, narrow_or_wide));
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, ground_or_rain));
    filter(volume, NULL, NULL);
    nwc_moment moment;
    assert_int_equal(flags_of(volume, 20, 30), NWC_QUALITY_CLUTTER);
    assert_near(value_of(volume, 0, "QIND", 20, 30), 0.0, 0.0);
    assert_true(value_of(volume, 0, "QIND", 70, 30) > 0.9f);
    assert_fails(NWC_ERR_NODATA, "no moment", nwc_volume_find(volume, 0, "DBZHQ", &moment));
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_options options;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "VRADH", GATES, wind));
    assert_fails(NWC_ERR_NODATA, "no sweep has DBZH", nwc_quality_filter(NULL, volume, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "a volume", nwc_quality_filter(NULL, NULL, NULL, NULL));
#define REFUSED(field, value)                                                                                          \
    nwc_quality_options_init(&options);                                                                                \
    options.field = value;                                                                                             \
    assert_fails(NWC_ERR_ARG, #field, nwc_quality_filter(NULL, volume, &options, NULL))
    REFUSED(least_snr_db, 30.0);
    REFUSED(speckle_gates, -1);
    REFUSED(clutter_score, 1.5);
    REFUSED(non_meteo_score, (double)NAN);
    REFUSED(blocked, -0.1);
    REFUSED(nothing_dbz, (double)NAN);
    REFUSED(range_scale_m, 0.0);
#undef REFUSED
    nwc_volume_destroy(volume);
}

static void nothing_and_not_known_stay_apart(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", 1, unknown));
    assert_ok(add_sweep(volume, 1.5, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, nothing));
    filter(volume, NULL, &report);
    assert_true(isnan(report.noise_dbz));
    assert_int_equal(report.echoes, 0);
    assert_int_equal(report.gates, RAYS * GATES);
    assert_true(isnan(value_of(volume, 0, "DBZHQ", 3, 0)));
    assert_near(value_of(volume, 0, "QIND", 3, 0), 0.0, 0.0);
    assert_near(value_of(volume, 1, "DBZHQ", 3, 9), NWC_NOTHING_DBZ, 0.0);
    assert_true(value_of(volume, 1, "QIND", 3, 9) > 0.99f);
    nwc_volume_destroy(volume);
}

static nwc_volume *mixed(nwc_ctx *ctx, nwc_status *status)
{
    nwc_volume *const volume = new_volume(ctx);
    *status = volume ? NWC_OK : NWC_ERR_NOMEM;
    if (*status == NWC_OK) *status = add_sweep(volume, 0.5, 0, 300e3f);
    if (*status == NWC_OK) *status = add_gates(volume, "DBZH", GATES, ground_or_rain);
    if (*status == NWC_OK) *status = add_gates(volume, "PHIDP", GATES, scattered_phase);
    if (*status == NWC_OK) *status = add_gates(volume, "RHOHV", GATES, good);
    if (*status == NWC_OK) *status = add_sweep(volume, 0.5, 60, 50e3f);
    if (*status == NWC_OK) *status = add_gates(volume, "DBZH", SHORT, folded);
    if (*status == NWC_OK) *status = add_gates(volume, "VRADH", SHORT, ground_or_wind);
    if (*status == NWC_OK) *status = add_sweep(volume, 1.5, 120, 300e3f);
    if (*status == NWC_OK) *status = add_gates(volume, "DBZH", GATES, spoke);
    return volume;
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"QFLAG", "QIND", "DBZHQ"};
    nwc_volume *volumes[4];
    for (int k = 0; k < 4; k++) {
        nwc_ctx *const ctx = context_with_threads((const int32_t[]){1, 2, 3, 7}[k]);
        nwc_status status;
        volumes[k] = mixed(ctx, &status);
        assert_ok(status);
        assert_ok(nwc_quality_filter(ctx, volumes[k], NULL, NULL));
        nwc_ctx_destroy(ctx);
    }
    for (int32_t s = 0; s < 3; s++)
        for (int n = 0; n < 3; n++) {
            nwc_moment first, other;
            assert_ok(nwc_volume_find(volumes[0], s, names[n], &first));
            for (int k = 1; k < 4; k++) {
                assert_ok(nwc_volume_find(volumes[k], s, names[n], &other));
                assert_memory_equal(first.field.data, other.field.data,
                                    (size_t)(first.field.dim[0] * first.field.dim[1]) * sizeof(float));
            }
        }
    for (int k = 0; k < 4; k++) nwc_volume_destroy(volumes[k]);
}

static nwc_status filter_mixed(nwc_ctx *ctx, void *user)
{
    nwc_status status;
    nwc_volume *const volume = mixed(ctx, &status);
    const nwc_quality_options *const options = user;
    if (status == NWC_OK) status = nwc_quality_filter(ctx, volume, options, NULL);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    nwc_clutter_map *map;
    nwc_status status;
    nwc_quality_options options;
    nwc_quality_options_init(&options);
    nwc_volume *const volume = mixed(NULL, &status);
    assert_ok(status);
    assert_ok(nwc_clutter_map_create(NULL, 5.0, &map));
    for (int day = 0; day < 3; day++) assert_ok(nwc_clutter_map_add(map, volume));
    options.map = map;
    assert_true(check_every_allocation_failure(filter_mixed, &options) > 30);
    nwc_volume_destroy(volume);
    nwc_clutter_map_destroy(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rain_keeps_its_reflectivity),
        cmocka_unit_test(ground_is_not_known_and_rain_beside_it_is),
        cmocka_unit_test(echoes_where_the_beam_is_high_are_anomalous_propagation),
        cmocka_unit_test(insects_are_told_by_their_phases),
        cmocka_unit_test(rain_beside_insects_is_kept_to_its_edge),
        cmocka_unit_test(noise_is_nothing_and_its_level_is_found),
        cmocka_unit_test(small_areas_alone_are_speckle),
        cmocka_unit_test(power_that_does_not_fall_with_range_is_a_spoke),
        cmocka_unit_test(a_spoke_at_the_sun_is_the_sun),
        cmocka_unit_test(the_sun_stands_where_almanacs_say),
        cmocka_unit_test(what_a_longer_look_sees_further_out_is_a_second_trip),
        cmocka_unit_test(strong_echoes_without_coherence_are_second_trips),
        cmocka_unit_test(blockage_and_attenuation_lower_quality),
        cmocka_unit_test(a_sweep_of_velocities_alone_has_the_flags_of_its_twin),
        cmocka_unit_test(wrong_arguments_are_told),
        cmocka_unit_test(nothing_and_not_known_stay_apart),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
