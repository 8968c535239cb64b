/* Quality control on sweeps made by hand, where it is known what each gate is. */
#include "support/support.h"

enum { RAYS = 90, GATES = 200, SHORT = 80 };
static const double SPACING = 500.0;

static float cells[RAYS * GATES];

/* ---- volumes ---- */

static float range_km(int64_t gate)
{
    return (float)(((double)gate + 0.5) * SPACING * 1e-3);
}

static float spread(int64_t gate)
{
    return 20.0f * log10f(range_km(gate));
}

/* Numbers that look random, 0 to 1 (the mixing of MurmurHash3). */
static float chance(int64_t k)
{
    uint32_t x = (uint32_t)k * 0x9e3779b9u + 1u;
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    x ^= x >> 16;
    return (float)(x & 0xffffff) / (float)0x1000000;
}

static nwc_volume *new_volume(nwc_ctx *ctx)
{
    nwc_volume *volume = NULL;
    const nwc_volume_facts facts = {.latitude_deg = 39.742476,
                                    .longitude_deg = -105.1786,
                                    .altitude_m = 1830.0,
                                    .frequency_hz = 2.8e9,
                                    .beam_width_h_deg = 1.0,
                                    .beam_width_v_deg = 1.0};
    if (nwc_volume_create(ctx, &facts, &volume) != NWC_OK) return NULL;
    return volume;
}

static nwc_status add_sweep(nwc_volume *volume, double angle, int64_t time_ns, float folds_at_m)
{
    int64_t times[RAYS];
    float azimuth[RAYS], elevation[RAYS], nyquist[RAYS], unambiguous[RAYS];
    for (int64_t r = 0; r < RAYS; r++) {
        times[r] = time_ns;
        azimuth[r] = (float)r * 360.0f / RAYS + 0.5f;
        elevation[r] = (float)angle;
        nyquist[r] = 25.0f;
        unambiguous[r] = folds_at_m;
    }
    const nwc_sweep sweep = {.mode = NWC_SWEEP_SURVEILLANCE,
                             .fixed_angle_deg = angle,
                             .n_rays = RAYS,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation,
                             .nyquist_m_s = nyquist,
                             .unambiguous_range_m = unambiguous};
    return nwc_volume_add_sweep(volume, &sweep);
}

static nwc_status add(nwc_volume *volume, const char *name, int64_t n_gates, float (*value)(int64_t ray, int64_t gate))
{
    for (int64_t r = 0; r < RAYS; r++)
        for (int64_t g = 0; g < n_gates; g++) cells[r * n_gates + g] = value(r, g);
    const nwc_moment moment = {.name = name,
                               .field = field_2d(cells, RAYS, n_gates, NULL, NULL),
                               .first_gate_m = 0.5 * SPACING,
                               .gate_spacing_m = SPACING};
    return nwc_volume_add_moment(volume, &moment);
}

static float value_of(const nwc_volume *volume, int32_t sweep, const char *name, int64_t ray, int64_t gate)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, sweep, name, &moment));
    return moment.field.data[ray * moment.field.stride[0] + gate];
}

static int flags_of(const nwc_volume *volume, int64_t ray, int64_t gate)
{
    return (int)value_of(volume, 0, "QFLAG", ray, gate);
}

static void filter(nwc_volume *volume, const nwc_quality_options *options, nwc_quality_report *report)
{
    assert_ok(nwc_quality_filter(NULL, volume, options, report));
}

/* ---- what gates are ---- */

/* Rain everywhere, smooth and moving. */
static float rain(int64_t ray, int64_t gate)
{
    return 30.0f + 4.0f * sinf(0.1f * (float)gate) + 3.0f * cosf(0.14f * (float)ray);
}

static float wind(int64_t ray, int64_t gate)
{
    (void)gate;
    return 12.0f * sinf((float)ray * 6.2831853f / RAYS);
}

/* A ground of exponential strength within 30 km in the east, rain in the west. */
static bool on_ground(int64_t ray, int64_t gate)
{
    return ray >= 10 && ray < 35 && gate >= 10 && gate < 60;
}

static float ground_or_rain(int64_t ray, int64_t gate)
{
    if (on_ground(ray, gate)) return 45.0f + 10.0f * log10f(-logf(chance(ray * 1000 + gate) + 1e-6f));
    return ray > 45 ? rain(ray, gate) : (float)NWC_NOTHING_DBZ;
}

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
    assert_ok(add(volume, "DBZH", GATES, rain));
    assert_ok(add(volume, "VRADH", GATES, wind));
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
    assert_ok(add(volume, "DBZH", GATES, ground_or_rain));
    assert_ok(add(volume, "VRADH", GATES, ground_or_wind));
    assert_ok(add(volume, "WRADH", GATES, narrow_or_wide));
    assert_ok(add_sweep(volume, 1.5, 0, 300e3f));
    assert_ok(add(volume, "DBZH", GATES, only_rain));
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
    assert_ok(add(volume, "DBZH", GATES, ground_or_rain));
    assert_ok(add(volume, "VRADH", GATES, ground_or_wind));
    assert_ok(add(volume, "WRADH", GATES, narrow_or_wide));
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
        assert_ok(add(volume, "DBZH", GATES, insects));
        assert_ok(add(volume, "VRADH", GATES, wind));
        assert_ok(add(volume, "PHIDP", GATES, weather ? steady_phase : scattered_phase));
        assert_ok(add(volume, "RHOHV", GATES, weather ? good : poor));
        assert_ok(add(volume, "ZDR", GATES, weather ? good : round_and_wide));
        filter(volume, NULL, &report);
        const int64_t found = report.flagged[7];
        if (weather)
            assert_int_equal(found, 0);
        else
            assert_true(found > RAYS * GATES / 2); /* and the rest is too near the noise to tell */
        nwc_volume_destroy(volume);
    }
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
    assert_ok(add(volume, "DBZH", GATES, constant_power));
    assert_ok(add(volume, "SNRH", GATES, its_ratio));
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
    assert_ok(add(volume, "DBZH", GATES, specks));
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
    assert_ok(add(volume, "DBZH", GATES, spoke));
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
        assert_ok(add(volume, "DBZH", GATES, sunny));
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
    assert_ok(add(volume, "DBZH", SHORT, folded));
    assert_ok(add_sweep(volume, 0.5, 0, 460e3f));
    assert_ok(add(volume, "DBZH", GATES, far_cell));
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
    assert_ok(add(volume, "DBZH", GATES, rain));
    assert_ok(add(volume, "VRADH", GATES, random_velocity));
    assert_ok(add(volume, "SQIH", GATES, coherence));
    assert_ok(add(volume, "SNRH", GATES, clear_signal));
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
    assert_ok(add(volume, "DBZH", GATES, rain));
    assert_ok(add(volume, "VRADH", GATES, wind));
    for (int64_t k = 0; k < 2; k++) {
        for (int64_t r = 0; r < RAYS; r++)
            for (int64_t g = 0; g < GATES; g++) cells[r * GATES + g] = k ? path(r, g) : half_hidden(r, g);
        const nwc_moment moment = {.name = k ? "PIA" : "CBB",
                                   .field = field_2d(cells, RAYS, GATES, k ? "dB" : "1", NULL),
                                   .first_gate_m = 0.5 * SPACING,
                                   .gate_spacing_m = SPACING};
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
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
    assert_ok(add(volume, "VRADH", GATES, ground_or_wind));
    assert_ok(add(volume, "WRADH", GATES, narrow_or_wide));
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add(volume, "DBZH", GATES, ground_or_rain));
    filter(volume, NULL, NULL);
    nwc_moment moment;
    assert_int_equal(flags_of(volume, 20, 30), NWC_QUALITY_CLUTTER);
    assert_near(value_of(volume, 0, "QIND", 20, 30), 0.0, 0.0);
    assert_true(value_of(volume, 0, "QIND", 70, 30) > 0.9f);
    assert_fails(NWC_ERR_NODATA, "no moment", nwc_volume_find(volume, 0, "DBZHQ", &moment));
    nwc_volume_destroy(volume);
}

/* ---- clutter map ---- */

static nwc_volume *dry_day(double angle)
{
    nwc_volume *const volume = new_volume(NULL);
    assert_ok(add_sweep(volume, angle, 0, 300e3f));
    for (int64_t r = 0; r < RAYS; r++)
        for (int64_t g = 0; g < GATES; g++)
            cells[r * GATES + g] = on_ground(r, g) ? 40.0f : g == GATES - 1 ? NAN : (float)NWC_NOTHING_DBZ;
    const nwc_moment moment = {.name = "DBZH",
                               .field = field_2d(cells, RAYS, GATES, NULL, NULL),
                               .first_gate_m = 0.5 * SPACING,
                               .gate_spacing_m = SPACING};
    assert_ok(nwc_volume_add_moment(volume, &moment));
    return volume;
}

static nwc_clutter_map *learnt(int32_t days)
{
    nwc_clutter_map *map = NULL;
    assert_ok(nwc_clutter_map_create(NULL, 5.0, &map));
    nwc_volume *const volume = dry_day(3.0);
    for (int32_t day = 0; day < days; day++) assert_ok(nwc_clutter_map_add(map, volume));
    nwc_volume_destroy(volume);
    return map;
}

static void a_map_learns_where_the_ground_is(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(2);
    nwc_field often, mean;
    double angle;
    int32_t volumes, elevations;
    assert_ok(nwc_clutter_map_elevation(map, 0, &angle, &often, &mean));
    assert_true(isnan(often.data[80 * 600 + 30])); /* two do not tell */
    nwc_volume *volume = dry_day(3.1);
    assert_ok(nwc_clutter_map_add(map, volume));
    nwc_volume_destroy(volume);
    assert_ok(nwc_clutter_map_describe(map, &volumes, &elevations));
    assert_int_equal(volumes, 3);
    assert_int_equal(elevations, 1);
    assert_ok(nwc_clutter_map_elevation(map, 0, &angle, &often, &mean));
    assert_near(angle, 3.0, 1e-6);
    /* Rays every 4 degrees see what is within 1 degree: azimuth 80.5 is ray 20. */
    assert_near(often.data[80 * 600 + 30], 1.0, 0.0);
    assert_near(mean.data[80 * 600 + 30], 40.0, 0.0);
    assert_near(often.data[80 * 600 + 80], 0.0, 0.0);
    assert_true(isnan(mean.data[80 * 600 + 80]));
    assert_true(isnan(often.data[80 * 600 + 199]));
    assert_true(isnan(often.data[82 * 600 + 30]));
    assert_fails(NWC_ERR_ARG, "0 to 0 expected", nwc_clutter_map_elevation(map, 1, &angle, &often, &mean));
    nwc_clutter_map_destroy(map);
}

static void a_map_tells_ground_from_anomalous_propagation(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(3);
    nwc_quality_options options;
    nwc_quality_options_init(&options);
    options.map = map;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 3.0, 0, 300e3f));
    assert_ok(add(volume, "DBZH", GATES, ground_or_rain));
    filter(volume, &options, NULL);
    assert_int_equal(flags_of(volume, 20, 45), NWC_QUALITY_CLUTTER); /* high, but known */
    assert_int_equal(flags_of(volume, 70, 45), 0);
    nwc_volume_destroy(volume);
    nwc_clutter_map_destroy(map);
}

static void a_map_is_the_same_after_saving_and_damage_is_told(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(3), *copy = NULL;
    int64_t size = 0, again = 0;
    assert_ok(nwc_clutter_map_save(map, NULL, &size));
    uint8_t *const bytes = malloc((size_t)size), *const second = malloc((size_t)size);
    assert_ok(nwc_clutter_map_save(map, bytes, &size));
    again = 5;
    assert_fails(NWC_ERR_ARG, "5 given", nwc_clutter_map_save(map, second, &again));
    assert_ok(nwc_clutter_map_load(NULL, bytes, size, &copy));
    assert_ok(nwc_clutter_map_save(copy, second, &again));
    assert_int_equal(again, size);
    assert_memory_equal(bytes, second, (size_t)size);
    nwc_clutter_map_destroy(copy);
    for (int64_t cut = 0; cut < 64; cut++)
        assert_int_equal(nwc_clutter_map_load(NULL, bytes, cut, &copy), NWC_ERR_FORMAT);
    assert_fails(NWC_ERR_FORMAT, "a whole map", nwc_clutter_map_load(NULL, bytes, size - 1, &copy));
    for (int64_t bit = 0; bit < 24 * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const nwc_status status = nwc_clutter_map_load(NULL, bytes, size, &copy);
        assert_true(status == NWC_OK || status == NWC_ERR_FORMAT);
        assert_true((status == NWC_OK) == (copy != NULL));
        nwc_clutter_map_destroy(copy);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes[24 + 3] = 0xff; /* looked by less than nothing, or no number */
    bytes[24 + 2] = 0xff;
    assert_fails(NWC_ERR_FORMAT, "counts expected", nwc_clutter_map_load(NULL, bytes, size, &copy));
    bytes[0] = 'X';
    assert_fails(NWC_ERR_FORMAT, "NWCLUT01", nwc_clutter_map_load(NULL, bytes, size, &copy));
    free(second);
    free(bytes);
    nwc_clutter_map_destroy(map);
}

/* ---- the rest ---- */

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_options options;
    nwc_clutter_map *map = NULL;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add(volume, "VRADH", GATES, wind));
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
    assert_fails(NWC_ERR_ARG, "a reflectivity", nwc_clutter_map_create(NULL, 200.0, &map));
    assert_ok(nwc_clutter_map_create(NULL, 5.0, &map));
    assert_fails(NWC_ERR_NODATA, "no DBZH at an elevation up to 5", nwc_clutter_map_add(map, volume));
    nwc_clutter_map_destroy(map);
    nwc_clutter_map_destroy(NULL);
    nwc_volume_destroy(volume);
}

static void nothing_and_not_known_stay_apart(void **state)
{
    (void)state;
    nwc_volume *volume = new_volume(NULL);
    nwc_quality_report report;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add(volume, "DBZH", 1, unknown));
    assert_ok(add_sweep(volume, 1.5, 0, 300e3f));
    assert_ok(add(volume, "DBZH", GATES, nothing));
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
    if (*status == NWC_OK) *status = add(volume, "DBZH", GATES, ground_or_rain);
    if (*status == NWC_OK) *status = add(volume, "PHIDP", GATES, scattered_phase);
    if (*status == NWC_OK) *status = add(volume, "RHOHV", GATES, good);
    if (*status == NWC_OK) *status = add_sweep(volume, 0.5, 60, 50e3f);
    if (*status == NWC_OK) *status = add(volume, "DBZH", SHORT, folded);
    if (*status == NWC_OK) *status = add(volume, "VRADH", SHORT, ground_or_wind);
    if (*status == NWC_OK) *status = add_sweep(volume, 1.5, 120, 300e3f);
    if (*status == NWC_OK) *status = add(volume, "DBZH", GATES, spoke);
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

static nwc_status learn_and_copy(nwc_ctx *ctx, void *user)
{
    nwc_clutter_map *map = NULL, *copy = NULL;
    const nwc_volume *const volume = user;
    int64_t size = 0;
    nwc_status status = nwc_clutter_map_create(ctx, 5.0, &map);
    if (status == NWC_OK) status = nwc_clutter_map_add(map, volume);
    if (status == NWC_OK) status = nwc_clutter_map_save(map, NULL, &size);
    uint8_t *const bytes = malloc((size_t)size + 1);
    if (status == NWC_OK) status = nwc_clutter_map_save(map, bytes, &size);
    if (status == NWC_OK) status = nwc_clutter_map_load(ctx, bytes, size, &copy);
    free(bytes);
    nwc_clutter_map_destroy(copy);
    nwc_clutter_map_destroy(map);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(3);
    nwc_quality_options options;
    nwc_quality_options_init(&options);
    options.map = map;
    assert_true(check_every_allocation_failure(filter_mixed, &options) > 30);
    nwc_volume *const volume = dry_day(0.5);
    assert_true(check_every_allocation_failure(learn_and_copy, volume) >= 4);
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
        cmocka_unit_test(noise_is_nothing_and_its_level_is_found),
        cmocka_unit_test(small_areas_alone_are_speckle),
        cmocka_unit_test(power_that_does_not_fall_with_range_is_a_spoke),
        cmocka_unit_test(a_spoke_at_the_sun_is_the_sun),
        cmocka_unit_test(the_sun_stands_where_almanacs_say),
        cmocka_unit_test(what_a_longer_look_sees_further_out_is_a_second_trip),
        cmocka_unit_test(strong_echoes_without_coherence_are_second_trips),
        cmocka_unit_test(blockage_and_attenuation_lower_quality),
        cmocka_unit_test(a_sweep_of_velocities_alone_has_the_flags_of_its_twin),
        cmocka_unit_test(a_map_learns_where_the_ground_is),
        cmocka_unit_test(a_map_tells_ground_from_anomalous_propagation),
        cmocka_unit_test(a_map_is_the_same_after_saving_and_damage_is_told),
        cmocka_unit_test(wrong_arguments_are_told),
        cmocka_unit_test(nothing_and_not_known_stay_apart),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
