/* Checks of stations, on good days into which faults are planted. */
#include "support/support.h"

#define MINUTE INT64_C(60000000000)

enum { STATIONS = 12, STEPS = 48, TEN = 10 };

struct network {
    nwc_obs *obs;
    int32_t station[STATIONS];
};

/* Stations on a grid of 12 km, 40 m higher from one to the next. */
static struct network make_network(nwc_ctx *ctx)
{
    struct network network;
    assert_ok(nwc_obs_create(ctx, &network.obs));
    for (int s = 0; s < STATIONS; s++) {
        char id[16];
        snprintf(id, sizeof id, "S%02d", s);
        const nwc_obs_station station = {.id = id,
                                         .kind = NWC_OBS_SURFACE,
                                         .longitude_deg = 120.0 + 0.125 * (s % 4),
                                         .latitude_deg = 32.0 + 0.1 * (s / 4),
                                         .height_m = 40.0 * s,
                                         .trust = NAN};
        assert_ok(nwc_obs_add_station(network.obs, &station, &network.station[s]));
    }
    return network;
}

static nwc_obs_row row_at(const struct network *network, int s, int step, int32_t quantity, double value)
{
    nwc_obs_station station;
    nwc_obs_row row;
    assert_ok(nwc_obs_get_station(network->obs, network->station[s], &station));
    nwc_obs_row_init(&row);
    row.station = network->station[s];
    row.report = nwc_obs_new_report(network->obs);
    row.longitude_deg = station.longitude_deg, row.latitude_deg = station.latitude_deg, row.height_m = station.height_m;
    row.time_ns = step * TEN * MINUTE;
    row.quantity = quantity, row.value = value;
    return row;
}

/* A sea breeze day: every station the same curve, less its height, and a little noise of its own. */
static double temperature(int s, int step)
{
    const int noise = (s * 7919 + step * 104729) % 13;
    return 295.0 + 4.0 * sin(0.13 * step) - 0.0065 * 40.0 * s + 0.05 * (noise - 6);
}

static void fill_temperatures(struct network *network, double (*of)(int s, int step))
{
    for (int step = 0; step < STEPS; step++)
        for (int s = 0; s < STATIONS; s++) {
            const nwc_obs_row row = row_at(network, s, step, NWC_QUANTITY_AIR_TEMPERATURE, of(s, step));
            assert_ok(nwc_obs_add(network->obs, &row, 1));
        }
}

static uint32_t flags_of(const struct network *network, int s, int step)
{
    nwc_obs_columns c;
    assert_ok(nwc_obs_lend(network->obs, &c));
    return c.flags[step * STATIONS + s];
}

static int64_t count_flags(const struct network *network, uint32_t flag)
{
    nwc_obs_columns c;
    int64_t count = 0;
    assert_ok(nwc_obs_lend(network->obs, &c));
    for (int64_t r = 0; r < c.n; r++) count += (c.flags[r] & flag) != 0;
    return count;
}

static void a_good_day_gets_no_flag(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    nwc_obs_station station;
    fill_temperatures(&network, temperature);
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_int_equal(count_flags(&network, UINT32_MAX), 0);
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int64_t r = 0; r < c.n; r++) assert_near(c.quality[r], 1.0, 0.0);
    assert_ok(nwc_obs_get_station(network.obs, 3, &station));
    assert_near(station.trust, (STEPS + 9.0) / (STEPS + 10.0), 1e-12);
    nwc_obs_destroy(network.obs);
}

/* Station 1 impossible once, 2 a spike, 3 stuck for four hours, 4 five degrees too warm all day, 5 a front that stays. */
static double faulty(int s, int step)
{
    if (s == 1 && step == 10) return 999.0;
    if (s == 2 && step == 20) return temperature(s, step) + 12.0;
    if (s == 3 && step >= 12 && step <= 36) return temperature(s, 12) + 0.4;
    if (s == 4) return temperature(s, step) + 5.5;
    if (s == 5 && step >= 30) return temperature(s, step) - 3.5;
    return temperature(s, step);
}

static void planted_faults_are_found_each_by_its_own_test(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    nwc_obs_station station;
    fill_temperatures(&network, faulty);
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_check(NULL, network.obs, NULL)); /* again: flags are those of the last check */
    assert_int_equal(flags_of(&network, 1, 10), NWC_OBS_OUT_OF_RANGE);
    assert_int_equal(count_flags(&network, NWC_OBS_OUT_OF_RANGE), 1);
    assert_int_equal(flags_of(&network, 2, 20), NWC_OBS_STEP | NWC_OBS_UNLIKE_NEIGHBOURS);
    assert_int_equal(count_flags(&network, NWC_OBS_STEP), 1);
    for (int step = 12; step <= 36; step++) assert_true(flags_of(&network, 3, step) & NWC_OBS_STUCK);
    assert_int_equal(count_flags(&network, NWC_OBS_STUCK), 25);
    for (int step = 0; step < STEPS; step++) {
        assert_int_equal(flags_of(&network, 4, step), NWC_OBS_UNLIKE_NEIGHBOURS);
        assert_int_equal(flags_of(&network, 5, step), 0);
        assert_int_equal(flags_of(&network, 8, step), 0); /* whom the liars are beside */
    }
    assert_ok(nwc_obs_lend(network.obs, &c));
    assert_near(c.quality[20 * STATIONS + 2], 0.25, 0.0);
    assert_near(c.quality[20 * STATIONS + 4], 0.5, 0.0);
    assert_ok(nwc_obs_get_station(network.obs, 4, &station));
    assert_near(station.trust, 9.0 / (STEPS + 10.0), 1e-12);
    assert_ok(nwc_obs_get_station(network.obs, 8, &station));
    assert_true(station.trust > 0.98);
    nwc_obs_destroy(network.obs);
}

static void one_test_alone_can_be_asked_for(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_check_options options;
    fill_temperatures(&network, faulty);
    nwc_obs_check_options_init(&options);
    options.tests = NWC_OBS_STEP;
    assert_ok(nwc_obs_check(NULL, network.obs, &options));
    assert_int_equal(count_flags(&network, ~(uint32_t)NWC_OBS_STEP), 0);
    options.tests = NWC_OBS_UNLIKE_NEIGHBOURS;
    options.least_neighbours = STATIONS; /* more than there are */
    assert_ok(nwc_obs_check(NULL, network.obs, &options));
    assert_int_equal(count_flags(&network, UINT32_MAX), 0);
    nwc_obs_destroy(network.obs);
}

static void lasting_jumps_are_steps_only_when_they_are_enormous(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    const double outflow[] = {300.0, 300.1, 292.0, 291.5, 291.0}, fault[] = {300.0, 300.1, 330.0, 330.1, 330.2};
    for (int k = 0; k < 5; k++) {
        const nwc_obs_row rows[2] = {row_at(&network, 0, k, NWC_QUANTITY_AIR_TEMPERATURE, outflow[k]),
                                     row_at(&network, 1, k, NWC_QUANTITY_AIR_TEMPERATURE, fault[k])};
        assert_ok(nwc_obs_add(network.obs, rows, 2));
    }
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int r = 0; r < 10; r++) assert_int_equal(c.flags[r], r == 5 ? NWC_OBS_STEP : 0);
    nwc_obs_destroy(network.obs);
}

static void what_may_be_still_is_not_stuck(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    static const struct {
        int32_t quantity;
        double value;
        uint32_t flags;
    } series[] = {{NWC_QUANTITY_RAIN_AMOUNT, 0.0, 0},       {NWC_QUANTITY_RAIN_AMOUNT, 0.2, NWC_OBS_STUCK},
                  {NWC_QUANTITY_WIND_SPEED, 0.3, 0},        {NWC_QUANTITY_WIND_SPEED, 4.0, NWC_OBS_STUCK},
                  {NWC_QUANTITY_RELATIVE_HUMIDITY, 1.0, 0}, {NWC_QUANTITY_RELATIVE_HUMIDITY, 0.7, NWC_OBS_STUCK}};
    for (int step = 0; step < 30; step++)
        for (int s = 0; s < 6; s++) {
            nwc_obs_row row = row_at(&network, s, step, series[s].quantity, series[s].value);
            row.duration_s = s < 2 ? 600.0 : 0.0;
            assert_ok(nwc_obs_add(network.obs, &row, 1));
        }
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int r = 0; r < 180; r++) assert_int_equal(c.flags[r], series[r % 6].flags);
    nwc_obs_destroy(network.obs);
}

static void reports_that_contradict_themselves_are_flagged(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    nwc_obs_row rows[5] = {row_at(&network, 0, 0, NWC_QUANTITY_AIR_TEMPERATURE, 290.0),
                           row_at(&network, 0, 0, NWC_QUANTITY_DEW_POINT, 291.0),
                           row_at(&network, 0, 0, NWC_QUANTITY_WIND_SPEED, 10.0),
                           row_at(&network, 0, 0, NWC_QUANTITY_GUST_SPEED, 6.0),
                           row_at(&network, 0, 0, NWC_QUANTITY_GUST_SPEED, 12.0)};
    for (int r = 1; r < 5; r++) rows[r].report = rows[0].report;
    assert_ok(nwc_obs_add(network.obs, rows, 5));
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int r = 0; r < 5; r++) assert_int_equal(c.flags[r], r == 4 ? 0 : NWC_OBS_INCONSISTENT);
    nwc_obs_destroy(network.obs);
}

static void twins_that_differ_are_both_flagged(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    nwc_obs_station first;
    assert_ok(nwc_obs_get_station(network.obs, 0, &first));
    first.id = "S00B";
    int32_t second;
    assert_ok(nwc_obs_add_station(network.obs, &first, &second));
    for (int step = 0; step < 2; step++) {
        nwc_obs_row rows[2] = {row_at(&network, 0, step, NWC_QUANTITY_AIR_TEMPERATURE, 290.0),
                               row_at(&network, 0, step, NWC_QUANTITY_AIR_TEMPERATURE, step ? 291.0 : 290.3)};
        rows[1].station = second;
        assert_ok(nwc_obs_add(network.obs, rows, 2));
    }
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int r = 0; r < 4; r++) assert_int_equal(c.flags[r], r >= 2 ? NWC_OBS_UNLIKE_TWIN : 0);
    nwc_obs_destroy(network.obs);
}

static void air_at_the_grass_is_compared_with_its_like(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    for (int s = 0; s < STATIONS; s++)
        for (int low = 0; low < 2; low++) { /* one grass thermometer among all that stand at 2 m */
            nwc_obs_row row =
                row_at(&network, s, 6, NWC_QUANTITY_AIR_TEMPERATURE, temperature(s, 6) + (low ? 9.0 : 0.0));
            row.height_m += low ? 0.05 : 2.0;
            if (!low || s == 5) assert_ok(nwc_obs_add(network.obs, &row, 1));
        }
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int64_t r = 0; r < c.n; r++) assert_int_equal(c.flags[r], 0);
    nwc_obs_destroy(network.obs);
}

static void a_dry_gauge_in_heavy_rain_is_unlike_its_neighbours(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    for (int s = 0; s < STATIONS; s++) {
        nwc_obs_row row = row_at(&network, s, 6, NWC_QUANTITY_RAIN_AMOUNT, s == 6 ? 0.0 : 25.0 + s);
        row.duration_s = 3600.0;
        assert_ok(nwc_obs_add(network.obs, &row, 1));
    }
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int s = 0; s < STATIONS; s++) assert_int_equal(c.flags[s], s == 6 ? NWC_OBS_UNLIKE_NEIGHBOURS : 0);
    nwc_obs_destroy(network.obs);
}

static void other_kinds_and_forecasts_are_left_alone(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    nwc_obs_station sonde = {
        .id = "58259", .kind = NWC_OBS_SOUNDING, .longitude_deg = NAN, .latitude_deg = NAN, .trust = NAN};
    int32_t number;
    assert_ok(nwc_obs_add_station(network.obs, &sonde, &number));
    nwc_obs_row rows[3] = {row_at(&network, 0, 0, NWC_QUANTITY_AIR_TEMPERATURE, 999.0),
                           row_at(&network, 0, 0, NWC_QUANTITY_AIR_TEMPERATURE, 999.0),
                           row_at(&network, 0, 0, NWC_QUANTITY_STROKE, 999.0)};
    rows[0].station = number, rows[1].lead_s = 3600.0;
    assert_ok(nwc_obs_add(network.obs, rows, 3));
    assert_ok(nwc_obs_check(NULL, network.obs, NULL));
    assert_ok(nwc_obs_lend(network.obs, &c));
    for (int r = 0; r < 3; r++) assert_true(c.flags[r] == 0 && isnan(c.quality[r]));
    nwc_obs_destroy(network.obs);
}

/* ---- beside a radar ---- */

enum { NX = 9, NY = 7, FRAMES = 7 };

static void gauges_are_compared_with_the_rain_around_them(void **state)
{
    (void)state;
    static const nwc_grid grid = {"+proj=longlat +datum=WGS84", NX, NY, 119.9, 31.9, 0.1, 0.1, 0, NULL};
    float cells[FRAMES][NY * NX];
    nwc_field rates[FRAMES];
    int64_t times[FRAMES];
    struct network network = make_network(NULL);
    nwc_obs_columns c;
    /* 12 mm/h west of 120.3 degrees, none east of it; the radar does not see the southern row. */
    for (int f = 0; f < FRAMES; f++) {
        for (int k = 0; k < NY * NX; k++) cells[f][k] = k < NX ? NAN : k % NX <= 3 ? 12.0f : 0.0f;
        rates[f] = field_2d(cells[f], NY, NX, "mm h-1", &grid);
        times[f] = f * TEN * MINUTE;
    }
    static const struct {
        double longitude, latitude, mm;
        uint32_t flags;
    } gauges[] = {{120.0, 32.1, 11.0, 0},
                  {120.0, 32.2, 0.0, NWC_OBS_UNLIKE_RADAR},   /* a false zero */
                  {120.0, 32.2, 200.0, NWC_OBS_UNLIKE_RADAR}, /* ten times too much */
                  {120.6, 32.2, 5.0, NWC_OBS_UNLIKE_RADAR},   /* false rain */
                  {120.6, 32.2, 0.0, 0},
                  {120.25, 32.2, 0.0, 0}, /* at the edge of the rain */
                  {120.0, 31.95, 0.0, 0}, /* not seen */
                  {125.0, 32.2, 9.0, 0}}; /* outside */
    const int n = sizeof gauges / sizeof gauges[0];
    for (int g = 0; g < n; g++) {
        nwc_obs_row row = row_at(&network, 0, 6, NWC_QUANTITY_RAIN_AMOUNT, gauges[g].mm);
        row.longitude_deg = gauges[g].longitude, row.latitude_deg = gauges[g].latitude;
        row.duration_s = 3600.0;
        assert_ok(nwc_obs_add(network.obs, &row, 1));
    }
    for (int twice = 0; twice < 2; twice++) {
        assert_ok(nwc_obs_check_radar(NULL, network.obs, rates, times, FRAMES, 1));
        assert_ok(nwc_obs_lend(network.obs, &c));
        for (int g = 0; g < n; g++) {
            assert_int_equal(c.flags[g], gauges[g].flags);
            if (gauges[g].flags) assert_near(c.quality[g], 0.5, 0.0);
        }
        assert_true(isnan(c.quality[6]) && isnan(c.quality[7]));
    }
    assert_ok(nwc_obs_check_radar(NULL, network.obs, rates, times, 3, 1)); /* half of the hour */
    for (int g = 0; g < n; g++) assert_int_equal(c.flags[g], 0);
    assert_fails(NWC_ERR_ARG, "1 frame or more expected, 0 given",
                 nwc_obs_check_radar(NULL, network.obs, rates, times, 0, 1));
    assert_fails(NWC_ERR_ARG, "reach: 0 or more", nwc_obs_check_radar(NULL, network.obs, rates, times, 1, -1));
    times[1] = 0;
    assert_fails(NWC_ERR_ARG, "times_ns[1]", nwc_obs_check_radar(NULL, network.obs, rates, times, FRAMES, 1));
    rates[0].units = "mm";
    assert_fails(NWC_ERR_ARG, "rates[0]: units mm h-1 expected, mm given",
                 nwc_obs_check_radar(NULL, network.obs, rates, times, FRAMES, 1));
    nwc_obs_destroy(network.obs);
}

static void wrong_options_are_told(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    nwc_obs_check_options options;
    nwc_obs_check_options_init(&options);
    options.radius_m = 0.0;
    assert_fails(NWC_ERR_ARG, "radius_m: a number above 0 expected, 0 given",
                 nwc_obs_check(NULL, network.obs, &options));
    nwc_obs_check_options_init(&options);
    options.window_s = -1.0;
    assert_fails(NWC_ERR_ARG, "window_s: a number not below 0 expected, -1 given",
                 nwc_obs_check(NULL, network.obs, &options));
    nwc_obs_check_options_init(&options);
    options.least_neighbours = 2;
    assert_fails(NWC_ERR_ARG, "least_neighbours: at least 3 expected, 2 given",
                 nwc_obs_check(NULL, network.obs, &options));
    nwc_obs_check_options_init(&options);
    options.tests = NWC_OBS_TRACE;
    assert_fails(NWC_ERR_ARG, "tests: flags of nwc_obs_check expected, 4 given",
                 nwc_obs_check(NULL, network.obs, &options));
    assert_ok(nwc_obs_check(NULL, network.obs, NULL)); /* an empty table */
    assert_fails(NWC_ERR_ARG, "obs: a table expected", nwc_obs_check(NULL, NULL, NULL));
    nwc_obs_destroy(network.obs);
}

static nwc_status check_only(nwc_ctx *ctx, void *user)
{
    return nwc_obs_check(ctx, user, NULL);
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    struct network network = make_network(NULL);
    fill_temperatures(&network, faulty);
    assert_true(check_every_allocation_failure(check_only, network.obs) >= 5);
    nwc_obs_destroy(network.obs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_day_gets_no_flag),
        cmocka_unit_test(planted_faults_are_found_each_by_its_own_test),
        cmocka_unit_test(one_test_alone_can_be_asked_for),
        cmocka_unit_test(lasting_jumps_are_steps_only_when_they_are_enormous),
        cmocka_unit_test(what_may_be_still_is_not_stuck),
        cmocka_unit_test(reports_that_contradict_themselves_are_flagged),
        cmocka_unit_test(twins_that_differ_are_both_flagged),
        cmocka_unit_test(air_at_the_grass_is_compared_with_its_like),
        cmocka_unit_test(a_dry_gauge_in_heavy_rain_is_unlike_its_neighbours),
        cmocka_unit_test(other_kinds_and_forecasts_are_left_alone),
        cmocka_unit_test(gauges_are_compared_with_the_rain_around_them),
        cmocka_unit_test(wrong_options_are_told),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
