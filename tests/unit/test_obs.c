/* The table of observations: filling, sorting, picking, putting together. */
#include "core/atmosphere.h"
#include "obs/table.h"
#include "support/support.h"

#define SECOND INT64_C(1000000000)

static nwc_obs_station station_at(const char *id, double longitude, double latitude)
{
    return (nwc_obs_station){.id = id,
                             .name = "somewhere",
                             .kind = NWC_OBS_SURFACE,
                             .longitude_deg = longitude,
                             .latitude_deg = latitude,
                             .height_m = 12.0,
                             .trust = NAN};
}

static nwc_obs_row row_of(const nwc_obs_station *station, int32_t number, int64_t report, int64_t second, double value)
{
    nwc_obs_row row;
    nwc_obs_row_init(&row);
    row.station = number, row.report = report;
    row.longitude_deg = station->longitude_deg, row.latitude_deg = station->latitude_deg;
    row.height_m = station->height_m;
    row.time_ns = second == -1 ? NWC_TIME_UNKNOWN : second * SECOND;
    row.quantity = NWC_QUANTITY_AIR_TEMPERATURE;
    row.value = value;
    return row;
}

static void quantities_have_one_name_and_one_unit(void **state)
{
    (void)state;
    int known = 0;
    for (int32_t q = -1; q < 100; q++) {
        const char *const name = nwc_quantity_name(q);
        assert_int_equal(name == NULL, nwc_quantity_units(q) == NULL);
        if (!name) continue;
        assert_int_equal(nwc_quantity_named(name), q); /* so no two have one name */
        known++;
    }
    assert_int_equal(known, 51);
    assert_string_equal(nwc_quantity_name(NWC_QUANTITY_POSITION_ERROR), "position_error");
    assert_string_equal(nwc_quantity_units(NWC_QUANTITY_RAIN_AMOUNT), "mm");
    assert_int_equal(nwc_quantity_named("air temperature"), 0);
    assert_int_equal(nwc_quantity_named(NULL), 0);
    assert_int_equal(NWC_OBS_SUSPECT, NWC_OBS_DOUBTED | NWC_OBS_OUT_OF_RANGE | NWC_OBS_STEP | NWC_OBS_STUCK |
                                          NWC_OBS_UNLIKE_NEIGHBOURS | NWC_OBS_UNLIKE_TWIN | NWC_OBS_UNLIKE_RADAR |
                                          NWC_OBS_INCONSISTENT);
}

static void stations_are_known_again_by_kind_identifier_and_place(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station there;
    int32_t first, index;
    assert_ok(nwc_obs_create(NULL, &obs));
    nwc_obs_station given = station_at("58259", 120.98, 32.08);
    assert_ok(nwc_obs_add_station(obs, &given, &first));
    given.longitude_deg += 0.004 - 360.0;
    assert_ok(nwc_obs_add_station(obs, &given, &index));
    assert_int_equal(index, first);
    given.longitude_deg = given.latitude_deg = NAN;
    assert_ok(nwc_obs_add_station(obs, &given, &index));
    assert_int_equal(index, first);
    given = station_at("58259", 121.05, 32.08); /* moved */
    assert_ok(nwc_obs_add_station(obs, &given, &index));
    assert_int_equal(index, 1);
    given.kind = NWC_OBS_SOUNDING;
    assert_ok(nwc_obs_add_station(obs, &given, &index));
    assert_int_equal(index, 2);
    /* Enough of them that the list of them grows several times. */
    for (int k = 0; k < 1000; k++) {
        char id[16];
        snprintf(id, sizeof id, "%d", k);
        given = station_at(id, NAN, NAN);
        assert_ok(nwc_obs_add_station(obs, &given, &index));
        assert_int_equal(index, 3 + k);
        given = station_at(id, -180.0, -90.0); /* what was not known is then */
        assert_ok(nwc_obs_add_station(obs, &given, &index));
        assert_int_equal(index, 3 + k);
    }
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_stations, 1003);
    assert_ok(nwc_obs_get_station(obs, 900, &there));
    assert_string_equal(there.id, "897");
    assert_string_equal(there.name, "somewhere");
    assert_near(there.longitude_deg, -180.0, 0.0);
    assert_ok(nwc_obs_get_station(obs, 0, &there));
    assert_near(there.longitude_deg, 120.98, 1e-12);
    nwc_obs_destroy(obs);
    nwc_obs_destroy(NULL);
}

static void what_is_added_can_be_looked_at(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns columns;
    nwc_obs_facts facts;
    int32_t number;
    assert_ok(nwc_obs_create(NULL, &obs));
    assert_ok(nwc_obs_lend(obs, &columns));
    assert_int_equal(columns.n, 0);
    assert_null(columns.value);
    const nwc_obs_station station = station_at("A", 350.0, 10.0);
    assert_ok(nwc_obs_add_station(obs, &station, &number));
    for (int64_t k = 0; k < 300; k++) {
        nwc_obs_row row = row_of(&station, number, nwc_obs_new_report(obs), k, (double)k);
        row.pressure_pa = 2.0 * (double)k, row.duration_s = 3.0 * (double)k, row.lead_s = 4.0 * (double)k;
        row.quality = 0.25f, row.flags = (uint32_t)k;
        assert_ok(nwc_obs_add(obs, &row, 1));
    }
    assert_ok(nwc_obs_lend(obs, &columns));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(columns.n, 300);
    assert_int_equal(facts.n_rows, 300);
    assert_int_equal(facts.n_reports, 300);
    assert_string_equal(facts.format, "memory");
    assert_string_equal(facts.incomplete, "");
    for (int64_t k = 0; k < 300; k++) {
        assert_int_equal(columns.time_ns[k], k * SECOND);
        assert_int_equal(columns.report[k], k);
        assert_true(columns.longitude_deg[k] == -10.0 && columns.latitude_deg[k] == 10.0 &&
                    columns.height_m[k] == 12.0);
        assert_true(columns.value[k] == (double)k && columns.pressure_pa[k] == 2.0 * (double)k);
        assert_true(columns.duration_s[k] == 3.0 * (double)k && columns.lead_s[k] == 4.0 * (double)k);
        assert_int_equal(columns.station[k], number);
        assert_int_equal(columns.quantity[k], NWC_QUANTITY_AIR_TEMPERATURE);
        assert_true(columns.quality[k] == 0.25f && columns.flags[k] == (uint32_t)k);
    }
    nwc_obs_destroy(obs);
}

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    nwc_obs *obs, *selected;
    nwc_obs_station station = station_at("A", 0.0, 0.0);
    nwc_obs_columns columns;
    nwc_obs_choice choice;
    int32_t number;
    assert_fails(NWC_ERR_ARG, "obs: a place", nwc_obs_create(NULL, NULL));
    assert_ok(nwc_obs_create(NULL, &obs));
    station.kind = 99;
    assert_fails(NWC_ERR_ARG, "station.kind: an nwc_obs_kind expected, 99 given",
                 nwc_obs_add_station(obs, &station, &number));
    station = station_at("A", 0.0, 91.0);
    assert_fails(NWC_ERR_ARG, "a place on the earth expected, 91, 0 given",
                 nwc_obs_add_station(obs, &station, &number));
    station = station_at("A", 0.0, 0.0);
    assert_ok(nwc_obs_add_station(obs, &station, &number));
    const int64_t report = nwc_obs_new_report(obs);
    nwc_obs_row rows[2] = {row_of(&station, number, report, 1, 1.0), row_of(&station, number, report, 1, 1.0)};
    rows[1].station = 1;
    assert_fails(NWC_ERR_ARG, "rows[1].station: 0 to 0 expected, 1 given", nwc_obs_add(obs, rows, 2));
    rows[1] = rows[0], rows[1].report = 1;
    assert_fails(NWC_ERR_ARG, "rows[1].report", nwc_obs_add(obs, rows, 2));
    rows[1] = rows[0], rows[1].quantity = 0;
    assert_fails(NWC_ERR_ARG, "rows[1].quantity: an nwc_quantity expected, 0 given", nwc_obs_add(obs, rows, 2));
    rows[1] = rows[0], rows[1].quality = 2.0f;
    assert_fails(NWC_ERR_ARG, "rows[1].quality: 0 to 1 expected, 2 given", nwc_obs_add(obs, rows, 2));
    rows[1] = rows[0], rows[1].duration_s = NAN;
    assert_fails(NWC_ERR_ARG, "rows[1].duration_s", nwc_obs_add(obs, rows, 2));
    rows[1] = rows[0], rows[1].latitude_deg = -91.0;
    assert_fails(NWC_ERR_ARG, "rows[1]: a place on the earth", nwc_obs_add(obs, rows, 2));
    assert_fails(NWC_ERR_ARG, "0 or more rows expected, -1 given", nwc_obs_add(obs, rows, -1));
    assert_ok(nwc_obs_lend(obs, &columns));
    assert_int_equal(columns.n, 0); /* none of them was added */
    assert_fails(NWC_ERR_ARG, "index: 0 to 0 expected, 1 given", nwc_obs_get_station(obs, 1, &station));
    assert_fails(NWC_ERR_ARG, "order: an nwc_obs_order expected, 7 given", nwc_obs_sort(obs, 7));
    assert_fails(NWC_ERR_ARG, "two tables", nwc_obs_append(obs, obs));
    nwc_obs_choice_init(&choice);
    choice.struct_size = 1;
    assert_fails(NWC_ERR_ARG, "choice", nwc_obs_select(NULL, obs, &choice, &selected));
    assert_null(selected);
    nwc_obs_destroy(obs);
}

/* A sounding of three levels, out of order, by pressure and then by height; two stations; one time not known. */
static nwc_status make_mixed(nwc_ctx *ctx, nwc_obs **made)
{
    static const double heights[] = {500.0, NAN, 100.0, 1500.0}, pressures[] = {95000.0, 90000.0, 100000.0, 85000.0};
    nwc_obs *obs = NULL;
    int32_t a, b;
    const nwc_obs_station near_here = station_at("near", 121.0, 32.0), far = station_at("far", -179.5, -10.0);
    nwc_status status = nwc_obs_create(ctx, &obs);
    if (status == NWC_OK) status = nwc_obs_add_station(obs, &near_here, &a);
    if (status == NWC_OK) status = nwc_obs_add_station(obs, &far, &b);
    const int64_t first = nwc_obs_new_report(obs), second = nwc_obs_new_report(obs);
    for (int k = 0; k < 4 && status == NWC_OK; k++) {
        nwc_obs_row row = row_of(&near_here, a, first, 100, k);
        row.height_m = heights[k], row.pressure_pa = pressures[k];
        status = nwc_obs_add(obs, &row, 1);
    }
    nwc_obs_row rows[3] = {row_of(&far, b, second, 50, 10.0), row_of(&far, b, second, -1, 11.0),
                           row_of(&far, b, second, 60, 12.0)};
    rows[2].quantity = NWC_QUANTITY_RAIN_AMOUNT, rows[2].flags = NWC_OBS_DOUBTED;
    if (status == NWC_OK) status = nwc_obs_add(obs, rows, 3);
    if (status == NWC_OK)
        *made = obs;
    else
        nwc_obs_destroy(obs);
    return status;
}

static void assert_values(const nwc_obs *obs, const double *values, int64_t n)
{
    nwc_obs_columns columns;
    assert_ok(nwc_obs_lend(obs, &columns));
    assert_int_equal(columns.n, n);
    for (int64_t k = 0; k < n; k++) assert_near(columns.value[k], values[k], 0.0);
}

static void rows_are_sorted_by_time_series_or_report(void **state)
{
    (void)state;
    nwc_obs *obs;
    assert_ok(make_mixed(NULL, &obs));
    assert_ok(nwc_obs_sort(obs, NWC_OBS_BY_TIME));
    assert_values(obs, (const double[]){10, 12, 2, 0, 1, 3, 11}, 7);
    assert_ok(nwc_obs_sort(obs, NWC_OBS_BY_SERIES));
    assert_values(obs, (const double[]){2, 0, 3, 1, 10, 11, 12}, 7);
    assert_ok(nwc_obs_sort(obs, NWC_OBS_BY_REPORT));
    assert_values(obs, (const double[]){2, 0, 1, 3, 10, 11, 12}, 7);
    nwc_obs_destroy(obs);
}

static void sorting_many_rows_keeps_ties_as_they_were(void **state)
{
    (void)state;
    enum { N = 5000 };
    nwc_obs *obs;
    nwc_obs_columns columns;
    int32_t number;
    const nwc_obs_station station = station_at("A", 0.0, 0.0);
    assert_ok(nwc_obs_create(NULL, &obs));
    assert_ok(nwc_obs_add_station(obs, &station, &number));
    const int64_t report = nwc_obs_new_report(obs);
    uint32_t dice = 1;
    for (int k = 0; k < N; k++) {
        dice = dice * 1664525U + 1013904223U;
        const nwc_obs_row row = row_of(&station, number, report, dice >> 25, k);
        assert_ok(nwc_obs_add(obs, &row, 1));
    }
    assert_ok(nwc_obs_sort(obs, NWC_OBS_BY_TIME));
    assert_ok(nwc_obs_lend(obs, &columns));
    for (int k = 1; k < N; k++) {
        assert_true(columns.time_ns[k] >= columns.time_ns[k - 1]);
        if (columns.time_ns[k] == columns.time_ns[k - 1]) assert_true(columns.value[k] > columns.value[k - 1]);
    }
    nwc_obs_destroy(obs);
}

static void rows_are_picked_by_what_they_are_when_and_where(void **state)
{
    (void)state;
    nwc_obs *obs, *selected;
    nwc_obs_choice choice;
    assert_ok(make_mixed(NULL, &obs));
    assert_ok(nwc_obs_select(NULL, obs, NULL, &selected));
    assert_values(selected, (const double[]){0, 1, 2, 3, 10, 11, 12}, 7);
    nwc_obs_destroy(selected);
#define PICK(what, n, ...)                                                                                             \
    do {                                                                                                               \
        nwc_obs_choice_init(&choice);                                                                                  \
        what;                                                                                                          \
        assert_ok(nwc_obs_select(NULL, obs, &choice, &selected));                                                      \
        assert_values(selected, (const double[]){__VA_ARGS__}, n);                                                     \
        nwc_obs_destroy(selected);                                                                                     \
    } while (0)
    PICK(choice.quantity = NWC_QUANTITY_RAIN_AMOUNT, 1, 12);
    PICK(choice.station = 0, 4, 0, 1, 2, 3);
    PICK(choice.kind = NWC_OBS_SOUNDING, 0, 0);
    PICK(choice.first_ns = 60 * SECOND, 5, 0, 1, 2, 3, 12);
    PICK(choice.last_ns = 60 * SECOND, 2, 10, 12);
    PICK((choice.west = 179.0, choice.east = -179.0), 3, 10, 11, 12);
    PICK((choice.west = -179.0, choice.east = 179.0), 4, 0, 1, 2, 3);
    PICK((choice.west = 0.0, choice.east = 360.0), 7, 0, 1, 2, 3, 10, 11, 12);
    PICK(choice.south = 0.0, 4, 0, 1, 2, 3);
    PICK(choice.north = -10.0, 3, 10, 11, 12);
    PICK((choice.lowest_m = 100.0, choice.highest_m = 500.0), 2, 0, 2);
    PICK(choice.without_flags = NWC_OBS_SUSPECT, 6, 0, 1, 2, 3, 10, 11);
    nwc_obs_destroy(obs);
}

static void tables_are_put_together(void **state)
{
    (void)state;
    nwc_obs *one, *other;
    nwc_obs_facts facts;
    nwc_obs_columns columns;
    nwc_obs_station station;
    int32_t number;
    assert_ok(nwc_obs_create(NULL, &one));
    const nwc_obs_station far = station_at("far", -179.5, -10.0);
    assert_ok(nwc_obs_add_station(one, &far, &number));
    const nwc_obs_row row = row_of(&far, number, nwc_obs_new_report(one), 1, 99.0);
    assert_ok(nwc_obs_add(one, &row, 1));
    assert_ok(make_mixed(NULL, &other));
    assert_ok(nwc_obs_append(one, other));
    nwc_obs_destroy(other);
    assert_values(one, (const double[]){99, 0, 1, 2, 3, 10, 11, 12}, 8);
    assert_ok(nwc_obs_describe(one, &facts));
    assert_int_equal(facts.n_stations, 2);
    assert_int_equal(facts.n_reports, 3);
    assert_ok(nwc_obs_lend(one, &columns));
    assert_int_equal(columns.station[5], 0);
    assert_int_equal(columns.report[5], 2);
    assert_ok(nwc_obs_get_station(one, columns.station[1], &station));
    assert_string_equal(station.id, "near");
    nwc_obs_destroy(one);
}

/* ---- what rows imply ---- */

static void the_standard_atmosphere_is_that_of_icao(void **state)
{
    (void)state;
    /* Doc 7488, table 1 */
    static const double known[][2] = {{0, 101325},      {1000, 89874.6},  {5000, 54019.9}, {11000, 22632.1},
                                      {15000, 12044.6}, {20000, 5474.89}, {30000, 1171.87}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        assert_near(nwc__standard_pressure(known[k][0]) / known[k][1], 1.0, 2e-5);
        assert_near(nwc__standard_height(known[k][1]), known[k][0], 0.5);
    }
    assert_true(isnan(nwc__standard_height(0.0)));
    assert_true(isnan(nwc__standard_height(NAN)));
}

static void add_level(nwc_obs *obs, int32_t station, int64_t report, double pressure, double height, int32_t quantity,
                      double value)
{
    nwc_obs_row row;
    nwc_obs_row_init(&row);
    row.station = station, row.report = report, row.time_ns = 0;
    row.pressure_pa = pressure, row.height_m = height, row.quantity = quantity, row.value = value;
    assert_ok(nwc_obs_add(obs, &row, 1));
}

static double derived(const nwc_obs *obs, int32_t quantity, double pressure)
{
    nwc_obs_columns c;
    assert_ok(nwc_obs_lend(obs, &c));
    for (int64_t r = 0; r < c.n; r++)
        if (c.quantity[r] == quantity && c.pressure_pa[r] == pressure && c.flags[r] & NWC_OBS_DERIVED)
            return c.value[r];
    return NAN;
}

static void wind_and_humidity_follow_from_each_other(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    int32_t number;
    const nwc_obs_station station = {.id = "sonde",
                                     .kind = NWC_OBS_SOUNDING,
                                     .longitude_deg = NAN,
                                     .latitude_deg = NAN,
                                     .height_m = NAN,
                                     .trust = NAN};
    assert_ok(nwc_obs_create(NULL, &obs));
    assert_ok(nwc_obs_add_station(obs, &station, &number));
    const int64_t report = nwc_obs_new_report(obs);
    add_level(obs, number, report, 90000, 1000, NWC_QUANTITY_WIND_SPEED, 10.0);
    add_level(obs, number, report, 90000, 1000, NWC_QUANTITY_WIND_FROM_DIRECTION, 240.0);
    add_level(obs, number, report, 90000, 1000, NWC_QUANTITY_AIR_TEMPERATURE, 293.15);
    add_level(obs, number, report, 90000, 1000, NWC_QUANTITY_RELATIVE_HUMIDITY, 0.5);
    add_level(obs, number, report, 80000, 2000, NWC_QUANTITY_EASTWARD_WIND, -3.0);
    add_level(obs, number, report, 80000, 2000, NWC_QUANTITY_NORTHWARD_WIND, 4.0);
    add_level(obs, number, report, 80000, 2000, NWC_QUANTITY_AIR_TEMPERATURE, 293.15);
    add_level(obs, number, report, 80000, 2000, NWC_QUANTITY_DEW_POINT, 282.42);
    add_level(obs, number, report, 70000, 3000, NWC_QUANTITY_WIND_SPEED, 0.0);
    add_level(obs, number, report, 60000, 4000, NWC_QUANTITY_WIND_SPEED, 5.0); /* from where it is not said */
    assert_ok(nwc_obs_derive(NULL, obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 10 + 3 + 3 + 2);
    assert_near(derived(obs, NWC_QUANTITY_EASTWARD_WIND, 90000), 10.0 * sqrt(0.75), 1e-12);
    assert_near(derived(obs, NWC_QUANTITY_NORTHWARD_WIND, 90000), 5.0, 1e-12);
    assert_near(derived(obs, NWC_QUANTITY_DEW_POINT, 90000), 282.45, 0.05); /* WMO-No. 8: 9.3 degrees at 20 and 50 % */
    assert_near(derived(obs, NWC_QUANTITY_WIND_SPEED, 80000), 5.0, 1e-12);
    assert_near(derived(obs, NWC_QUANTITY_WIND_FROM_DIRECTION, 80000), 180.0 - atan(0.75) / 3.14159265358979 * 180.0,
                1e-9);
    assert_near(derived(obs, NWC_QUANTITY_RELATIVE_HUMIDITY, 80000), 0.5, 1e-3);
    assert_near(derived(obs, NWC_QUANTITY_EASTWARD_WIND, 70000), 0.0, 0.0);
    assert_ok(nwc_obs_derive(NULL, obs)); /* again: all is there */
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 18);
    nwc_obs_destroy(obs);
}

static void levels_are_placed_between_and_beyond_those_with_both(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    int32_t number, ground;
    nwc_obs_station station = {.id = "sonde",
                               .kind = NWC_OBS_SOUNDING,
                               .longitude_deg = NAN,
                               .latitude_deg = NAN,
                               .height_m = NAN,
                               .trust = NAN};
    assert_ok(nwc_obs_create(NULL, &obs));
    assert_ok(nwc_obs_add_station(obs, &station, &number));
    station.kind = NWC_OBS_SURFACE;
    assert_ok(nwc_obs_add_station(obs, &station, &ground));
    const int64_t first = nwc_obs_new_report(obs), second = nwc_obs_new_report(obs), third = nwc_obs_new_report(obs);
    const int32_t t = NWC_QUANTITY_AIR_TEMPERATURE;
    add_level(obs, number, first, 100000, 100, t, 290);
    add_level(obs, number, first, sqrt(100000.0 * 80000.0), NAN, t, 285); /* half way in the logarithm */
    add_level(obs, number, first, 80000, 1900, t, 280);
    add_level(obs, number, first, NAN, 1000, t, 286);
    add_level(obs, number, first, 50000, NAN, t, 260);
    add_level(obs, number, first, NAN, 0, t, 291);
    add_level(obs, number, second, 50000, NAN, t, 260);
    add_level(obs, number, second, NAN, 1000, t, 280);
    add_level(obs, ground, third, NAN, 20, t, 290);
    assert_ok(nwc_obs_derive(NULL, obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 9);
    assert_near(c.height_m[1], 1000.0, 1e-6);
    assert_int_equal(c.flags[1], NWC_OBS_PLACED);
    assert_int_equal(c.flags[2], 0);
    assert_near(c.pressure_pa[3], sqrt(100000.0 * 80000.0), 1e-6);
    assert_near(c.height_m[4], 1900.0 + nwc__standard_height(50000) - nwc__standard_height(80000), 1e-6);
    assert_near(c.pressure_pa[5], 100000.0 * 101325.0 / nwc__standard_pressure(100.0), 1e-6);
    assert_near(c.height_m[6], 5574.4, 1.0); /* 500 hPa of the standard atmosphere */
    assert_near(c.pressure_pa[7], 89874.6, 2.0);
    assert_true(isnan(c.pressure_pa[8]));
    nwc_obs_destroy(obs);
}

static nwc_status work(nwc_ctx *ctx, void *user)
{
    nwc_obs *obs = NULL, *other = NULL, *selected = NULL;
    (void)user;
    nwc_status status = make_mixed(ctx, &obs);
    if (status == NWC_OK) status = make_mixed(ctx, &other);
    for (int k = 0; k < 20 && status == NWC_OK; k++) status = nwc_obs_append(obs, other);
    if (status == NWC_OK) status = nwc_obs_derive(ctx, obs);
    if (status == NWC_OK) status = nwc_obs_sort(obs, NWC_OBS_BY_TIME);
    if (status == NWC_OK) status = nwc_obs_select(ctx, obs, NULL, &selected);
    nwc_obs_destroy(selected);
    nwc_obs_destroy(other);
    nwc_obs_destroy(obs);
    return status;
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(work, NULL) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_have_one_name_and_one_unit),
        cmocka_unit_test(stations_are_known_again_by_kind_identifier_and_place),
        cmocka_unit_test(what_is_added_can_be_looked_at),
        cmocka_unit_test(wrong_arguments_are_told),
        cmocka_unit_test(rows_are_sorted_by_time_series_or_report),
        cmocka_unit_test(sorting_many_rows_keeps_ties_as_they_were),
        cmocka_unit_test(rows_are_picked_by_what_they_are_when_and_where),
        cmocka_unit_test(tables_are_put_together),
        cmocka_unit_test(the_standard_atmosphere_is_that_of_icao),
        cmocka_unit_test(wind_and_humidity_follow_from_each_other),
        cmocka_unit_test(levels_are_placed_between_and_beyond_those_with_both),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
