/* Hydrometeor classes at values that the literature gives as typical, and where little is known. */
#include "support/support.h"

enum { RAYS = 4, GATES = 40 };

struct gate {
    float dbz, zdr, kdp, rhohv;
};

static struct gate here;
static float quantity[RAYS * GATES];

/* A sweep of one kind of gate, at an elevation; the gate's range 1 km apart from 500 m. */
static nwc_status make(nwc_ctx *ctx, double frequency_hz, const char *const *names, nwc_volume **made)
{
    const nwc_volume_facts facts = {.latitude_deg = 30.0,
                                    .longitude_deg = 110.0,
                                    .altitude_m = 100.0,
                                    .frequency_hz = frequency_hz};
    int64_t times[RAYS] = {0};
    float azimuth[RAYS], elevation[RAYS];
    for (int32_t r = 0; r < RAYS; r++) azimuth[r] = (float)r, elevation[r] = 30.0f;
    const nwc_sweep sweep = {.mode = NWC_SWEEP_SURVEILLANCE,
                             .fixed_angle_deg = 30.0,
                             .n_rays = RAYS,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation};
    nwc_status status = nwc_volume_create(ctx, &facts, made);
    if (status == NWC_OK) status = nwc_volume_add_sweep(*made, &sweep);
    for (; *names && status == NWC_OK; names++) {
        const float value = strncmp(*names, "DBZ", 3) == 0   ? here.dbz
                            : strncmp(*names, "ZDR", 3) == 0 ? here.zdr
                            : strcmp(*names, "KDP") == 0     ? here.kdp
                                                             : here.rhohv;
        for (int32_t c = 0; c < RAYS * GATES; c++) quantity[c] = value;
        const nwc_moment moment = {.name = *names,
                                   .field = field_2d(quantity, RAYS, GATES, NULL, NULL),
                                   .first_gate_m = 500.0,
                                   .gate_spacing_m = 1000.0};
        status = nwc_volume_add_moment(*made, &moment);
    }
    return status;
}

static const char *const all[] = {"DBZH", "ZDR", "KDP", "RHOHV", NULL};
static const double FREQUENCY[] = {0.0, 2.8e9, 5.6e9, 9.4e9};

static nwc_hydrometeor_options at_temperature(const double *heights, const double *temperatures)
{
    nwc_hydrometeor_options options;
    nwc_hydrometeor_options_init(&options);
    options.n_levels = 2;
    options.height_m = heights;
    options.temperature_degc = temperatures;
    return options;
}

static int class_of(const nwc_volume *volume, int32_t gate)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, 0, "CLASS", &moment));
    assert_string_equal(moment.field.units, "1");
    return (int)moment.field.data[gate];
}

static int classify(int band, struct gate gate, double temperature)
{
    const double heights[] = {0.0, 20000.0}, temperatures[] = {temperature, temperature};
    const nwc_hydrometeor_options options = at_temperature(heights, temperatures);
    int64_t counts[NWC_HYDROMETEORS];
    nwc_volume *volume;
    here = gate;
    assert_ok(make(NULL, FREQUENCY[band], all, &volume));
    assert_ok(nwc_hydrometeor_classify(NULL, volume, &options, counts));
    const int found = class_of(volume, 0);
    assert_int_equal(counts[found], RAYS * GATES);
    nwc_volume_destroy(volume);
    return found;
}

static void typical_values_are_their_classes(void **state)
{
    (void)state;
    static const struct {
        struct gate gate;
        double temperature;
        int class;
    } cases[] = {
        {{8.0f, 0.3f, 0.01f, 0.997f}, 15.0, NWC_HYDROMETEOR_DRIZZLE},
        {{42.0f, 1.8f, 1.0f, 0.99f}, 18.0, NWC_HYDROMETEOR_RAIN},
        {{0.0f, 2.5f, 0.08f, 0.985f}, -30.0, NWC_HYDROMETEOR_ICE_CRYSTALS},
        {{20.0f, 0.5f, 0.05f, 0.995f}, -12.0, NWC_HYDROMETEOR_AGGREGATES},
        {{30.0f, 1.4f, 0.2f, 0.85f}, 1.0, NWC_HYDROMETEOR_WET_SNOW},
        {{5.0f, -1.0f, -0.3f, 0.98f}, -35.0, NWC_HYDROMETEOR_VERTICAL_ICE},
        {{37.0f, 0.3f, 0.1f, 0.996f}, -18.0, NWC_HYDROMETEOR_LIGHT_GRAUPEL},
        {{61.0f, 0.1f, 0.3f, 0.95f}, 8.0, NWC_HYDROMETEOR_HAIL},
        {{56.0f, 4.2f, 2.0f, 0.975f}, 18.0, NWC_HYDROMETEOR_BIG_DROPS},
    };
    for (int band = NWC_BAND_S; band <= NWC_BAND_X; band++)
        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
            if (classify(band, cases[k].gate, cases[k].temperature) != cases[k].class)
                fail_msg("band %d, case %d: class %d expected, %d came", band, (int)k, cases[k].class,
                         classify(band, cases[k].gate, cases[k].temperature));
    assert_int_equal(classify(NWC_BAND_S, (struct gate){50.0f, 1.0f, 0.8f, 0.985f}, -5.0),
                     NWC_HYDROMETEOR_DENSE_GRAUPEL);
}

static void temperature_follows_the_beam(void **state)
{
    (void)state;
    /* 20 degrees at the antenna, 0 at 4100 m: at 30 degrees the beam is there after 8 km. */
    const double heights[] = {100.0, 4100.0}, temperatures[] = {20.0, 0.0};
    const nwc_hydrometeor_options options = at_temperature(heights, temperatures);
    nwc_volume *volume;
    here = (struct gate){28.0f, 0.7f, 0.05f, 0.996f};
    assert_ok(make(NULL, 2.8e9, all, &volume));
    assert_ok(nwc_hydrometeor_classify(NULL, volume, &options, NULL));
    assert_int_equal(class_of(volume, 2), NWC_HYDROMETEOR_RAIN);
    assert_int_equal(class_of(volume, 10), NWC_HYDROMETEOR_AGGREGATES);
    /* Beyond the profile it goes on by 6.5 K/km: -33 at 9.1 km. */
    assert_int_equal(class_of(volume, 18), NWC_HYDROMETEOR_AGGREGATES);
    nwc_volume_destroy(volume);
}

static void corrected_moments_are_preferred_and_what_is_no_weather_is_none(void **state)
{
    (void)state;
    static const char *const with_nothing[] = {"DBZH", "ZDR", NULL};
    const double heights[] = {0.0, 20000.0}, temperatures[] = {10.0, 10.0};
    const nwc_hydrometeor_options options = at_temperature(heights, temperatures);
    nwc_volume *volume;
    int64_t counts[NWC_HYDROMETEORS];
    here = (struct gate){20.0f, 0.1f, 0.3f, 0.95f};
    assert_ok(make(NULL, 5.6e9, all, &volume));
    for (int32_t k = 0; k < 2; k++) {
        for (int32_t c = 0; c < RAYS * GATES; c++)
            quantity[c] = k == 0 ? 62.0f : c % GATES == 3 ? NAN : c % GATES == 4 ? (float)NWC_NOTHING_DBZ : 20.0f;
        const nwc_moment moment = {.name = k == 0 ? "DBZHC" : "DBZHQ",
                                   .field = field_2d(quantity, RAYS, GATES, "dBZ", NULL),
                                   .first_gate_m = 500.0,
                                   .gate_spacing_m = 1000.0};
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
    assert_ok(nwc_hydrometeor_classify(NULL, volume, &options, counts));
    assert_int_equal(class_of(volume, 2), NWC_HYDROMETEOR_HAIL);
    assert_int_equal(class_of(volume, 3), NWC_HYDROMETEOR_NONE);
    assert_int_equal(class_of(volume, 4), NWC_HYDROMETEOR_NONE);
    assert_int_equal(counts[NWC_HYDROMETEOR_NONE], 2 * RAYS);
    assert_ok(nwc_hydrometeor_classify(NULL, volume, &options, counts)); /* again, over its own */
    assert_int_equal(counts[NWC_HYDROMETEOR_NONE], 2 * RAYS);
    nwc_volume_destroy(volume);
    here.dbz = (float)NWC_NOTHING_DBZ;
    assert_ok(make(NULL, 5.6e9, with_nothing, &volume));
    assert_ok(nwc_hydrometeor_classify(NULL, volume, &options, counts));
    assert_int_equal(counts[NWC_HYDROMETEOR_NONE], RAYS * GATES);
    nwc_volume_destroy(volume);
    here = (struct gate){30.0f, NAN, NAN, NAN};
    assert_ok(make(NULL, 5.6e9, all, &volume));
    assert_ok(nwc_hydrometeor_classify(NULL, volume, &options, counts));
    assert_int_equal(counts[NWC_HYDROMETEOR_NONE], RAYS * GATES);
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    static const char *const single[] = {"DBZH", NULL};
    const double heights[] = {1000.0, 500.0}, temperatures[] = {0.0, (double)NAN}, rising[] = {0.0, 500.0};
    nwc_hydrometeor_options options = at_temperature(heights, temperatures);
    nwc_volume *volume;
    assert_ok(make(NULL, 35e9, all, &volume));
    assert_fails(NWC_ERR_UNSUPPORTED, "35 GHz found", nwc_hydrometeor_classify(NULL, volume, NULL, NULL));
    options.band = NWC_BAND_X;
    assert_fails(NWC_ERR_ARG, "level 1 is at 500 m", nwc_hydrometeor_classify(NULL, volume, &options, NULL));
    options.height_m = rising;
    assert_fails(NWC_ERR_ARG, "level 1 has none", nwc_hydrometeor_classify(NULL, volume, &options, NULL));
    options.height_m = NULL;
    assert_fails(NWC_ERR_ARG, "NULL given", nwc_hydrometeor_classify(NULL, volume, &options, NULL));
    options.n_levels = 1;
    assert_fails(NWC_ERR_ARG, "0, or 2 at least", nwc_hydrometeor_classify(NULL, volume, &options, NULL));
    options.band = 4;
    assert_fails(NWC_ERR_ARG, "an nwc_band", nwc_hydrometeor_classify(NULL, volume, &options, NULL));
    nwc_volume_destroy(volume);
    assert_ok(make(NULL, 2.8e9, single, &volume));
    assert_fails(NWC_ERR_NODATA, "ZDR or RHOHV", nwc_hydrometeor_classify(NULL, volume, NULL, NULL));
    nwc_volume_destroy(volume);
}

static nwc_status make_and_classify(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_volume *volume = NULL;
    nwc_status status = make(ctx, 2.8e9, all, &volume);
    if (status == NWC_OK) status = nwc_hydrometeor_classify(ctx, volume, NULL, NULL);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    here = (struct gate){30.0f, 1.0f, 0.5f, 0.99f};
    assert_true(check_every_allocation_failure(make_and_classify, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typical_values_are_their_classes),
        cmocka_unit_test(temperature_follows_the_beam),
        cmocka_unit_test(corrected_moments_are_preferred_and_what_is_no_weather_is_none),
        cmocka_unit_test(wrong_arguments_are_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
