/* Observations in text: what each format gives, on text made by hand. */
#include "obs/format/obs_format.h"
#include "support/made_text.h"

#define SECOND INT64_C(1000000000)

/* The n-th row of a quantity. */
static nwc_obs_row row_of(const nwc_obs *obs, int32_t quantity, int64_t n)
{
    nwc_obs_columns columns;
    assert_ok(nwc_obs_lend(obs, &columns));
    for (int64_t r = 0; r < columns.n; r++)
        if (columns.quantity[r] == quantity && n-- == 0) return nwc__obs_row_at(&columns, r);
    fail_msg("%s: too few rows", nwc_quantity_name(quantity));
    return (nwc_obs_row){0};
}

static int64_t count_of(const nwc_obs *obs, int32_t quantity)
{
    nwc_obs_columns columns;
    int64_t count = 0;
    assert_ok(nwc_obs_lend(obs, &columns));
    for (int64_t r = 0; r < columns.n; r++) count += columns.quantity[r] == quantity;
    return count;
}

static void a_sounding_of_wyoming_gives_its_levels_and_station(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_station station;
    nwc_obs_facts facts;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    options.near_ns = utc(2010, 1, 1, 12, 0, 0);
    assert_string_equal(nwc_obs_sniff(made_wyoming, strlen(made_wyoming)), "Wyoming");
    assert_ok(nwc_obs_decode(NULL, made_wyoming, strlen(made_wyoming), &options, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_rows, 3 + 2 * 4 + 1 + 1 + 3);
    assert_int_equal(facts.n_reports, 2);
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.id, "72357");
    assert_string_equal(station.name, "OUN Norman");
    assert_near(station.longitude_deg, -97.44, 0.0);
    assert_near(station.height_m, 345.0, 0.0);
    assert_int_equal(station.kind, NWC_OBS_SOUNDING);
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_GEOPOTENTIAL_HEIGHT, 0);
    assert_near(row.value, -7.0, 0.0);
    assert_near(row.pressure_pa, 1e5, 0.0);
    row = row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 0);
    assert_near(row.value, 295.35, 1e-9);
    assert_near(row.height_m, 345.0, 0.0);
    assert_near(row.latitude_deg, 35.18, 0.0);
    assert_true(row.time_ns == utc(1999, 5, 4, 0, 0, 0));
    assert_near(row_of(obs, NWC_QUANTITY_DEW_POINT, 1).value, 290.65, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_RELATIVE_HUMIDITY, 0).value, 0.82, 1e-12);
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 0).value, 9.26, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 1).value, 0.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_WIND_FROM_DIRECTION, 1).value, 270.0, 0.0); /* a calm has none */
    row = row_of(obs, NWC_QUANTITY_WIND_SPEED, 2);
    assert_near(row.value, 20.5, 1e-12);
    assert_true(row.time_ns == options.near_ns);
    assert_true(isnan(row.latitude_deg));
    nwc_obs_destroy(obs);
}

static void a_profile_of_bufkit_gives_its_levels_hour_by_hour(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station station;
    assert_string_equal(nwc_obs_sniff(made_bufkit, strlen(made_bufkit)), "BUFKIT");
    assert_ok(nwc_obs_decode(NULL, made_bufkit, strlen(made_bufkit), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_stations, 1);
    assert_int_equal(facts.n_reports, 4);
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.id, "OUN");
    assert_near(station.height_m, 350.0, 0.0);
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 1);
    assert_near(row.value, 282.39, 1e-9);
    assert_near(row.pressure_pa, 96870.0, 1e-6);
    assert_near(row.height_m, 383.16, 0.0);
    row = row_of(obs, NWC_QUANTITY_DEW_POINT, 1); /* the second level has none */
    assert_near(row.value, 277.15, 1e-9);
    assert_near(row.lead_s, 3600.0, 0.0);
    assert_true(row.time_ns == utc(2018, 12, 19, 5, 0, 0));
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 1).value, 5.144444, 1e-6);
    assert_near(row_of(obs, NWC_QUANTITY_PRESSURE_VELOCITY, 1).value, 0.2, 0.0);
    assert_int_equal(count_of(obs, NWC_QUANTITY_RAIN_AMOUNT), 1);
    row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 0);
    assert_near(row.value, 0.25, 0.0);
    assert_near(row.duration_s, 3600.0, 0.0);
    assert_near(row.lead_s, 3600.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_AIR_PRESSURE, 0).value, 97260.0, 1e-6);
    assert_near(row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 3).value, 279.59, 1e-9);
    nwc_obs_destroy(obs);
}

static void metar_says_what_it_says(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station station;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    options.near_ns = utc(2008, 4, 10, 12, 0, 0);
    assert_string_equal(nwc_obs_sniff(made_metar, strlen(made_metar)), "METAR");
    assert_ok(nwc_obs_decode(NULL, made_metar, strlen(made_metar), &options, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_stations, 4); /* a forecast is none */
    assert_string_equal(facts.incomplete, "");
    assert_ok(nwc_obs_get_station(obs, 1, &station));
    assert_string_equal(station.id, "EDDF");
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_WIND_SPEED, 0);
    assert_near(row.value, 14 * 1852.0 / 3600.0, 1e-9);
    assert_true(row.time_ns == utc(2008, 4, 11, 0, 53, 0));
    assert_near(row_of(obs, NWC_QUANTITY_WIND_FROM_DIRECTION, 0).value, 170.0, 0.0);
    row = row_of(obs, NWC_QUANTITY_GUST_SPEED, 0);
    assert_near(row.value, 22 * 1852.0 / 3600.0, 1e-9);
    assert_near(row.duration_s, 600.0, 0.0);
    row = row_of(obs, NWC_QUANTITY_GUST_SPEED, 1);
    assert_near(row.value, 28 * 1852.0 / 3600.0, 1e-9);
    assert_near(row.duration_s, 3600.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_VISIBILITY, 0).value, 1.5 * 1609.344, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_PRESENT_WEATHER, 0).value, 97.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_CLOUD_BASE, 1).value, 4000 * 0.3048, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_CLOUD_COVER, 2).value, 1.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 0).value, 273.15 + 24.4, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_DEW_POINT, 0).value, 273.15 - 1.1, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_ALTIMETER_SETTING, 0).value, 101117.6, 0.1);
    assert_near(row_of(obs, NWC_QUANTITY_SEA_LEVEL_PRESSURE, 0).value, 101060.0, 1e-6);
    assert_near(row_of(obs, NWC_QUANTITY_SEA_LEVEL_PRESSURE, 1).value, 99950.0, 1e-6);
    row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 0);
    assert_near(row.value, 0.34 * 25.4, 1e-9);
    assert_near(row.duration_s, 3600.0, 0.0);
    row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 1);
    assert_near(row.value, 0.85 * 25.4, 1e-9);
    assert_near(row.duration_s, 3.0 * 3600.0, 0.0); /* at 1 h: a group of three hours */
    row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 2);
    assert_near(row.duration_s, 86400.0, 0.0);
    assert_int_equal(row.flags, NWC_OBS_TRACE);
    /* the second: variable wind, no dew point, no word of the trend */
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 1).value, 2.0, 0.0);
    assert_int_equal(count_of(obs, NWC_QUANTITY_WIND_FROM_DIRECTION), 2);
    assert_true(row_of(obs, NWC_QUANTITY_WIND_SPEED, 1).time_ns == utc(2008, 3, 31, 23, 50, 0));
    row = row_of(obs, NWC_QUANTITY_VISIBILITY, 1);
    assert_near(row.value, 10000.0, 0.0);
    assert_int_equal(row.flags, NWC_OBS_LIMIT);
    assert_near(row_of(obs, NWC_QUANTITY_ALTIMETER_SETTING, 1).value, 101300.0, 0.0);
    assert_int_equal(count_of(obs, NWC_QUANTITY_DEW_POINT), 2);
    /* the third: a calm in freezing fog */
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 2).value, 0.0, 0.0);
    row = row_of(obs, NWC_QUANTITY_VISIBILITY, 2);
    assert_near(row.value, 0.25 * 1609.344, 1e-9);
    assert_int_equal(row.flags, NWC_OBS_LIMIT);
    assert_near(row_of(obs, NWC_QUANTITY_PRESENT_WEATHER, 1).value, 49.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 2).value, 268.15, 1e-9);
    /* the fourth: beyond what is told */
    row = row_of(obs, NWC_QUANTITY_WIND_SPEED, 3);
    assert_near(row.value, 49.0, 0.0);
    assert_int_equal(row.flags, NWC_OBS_LIMIT);
    assert_near(row_of(obs, NWC_QUANTITY_PRESENT_WEATHER, 2).value, 80.0, 0.0);
    assert_int_equal(count_of(obs, NWC_QUANTITY_AIR_TEMPERATURE), 3);
    nwc_obs_destroy(obs);
    assert_ok(nwc_obs_decode(NULL, made_metar, strlen(made_metar), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "reports say the day of the month only: a time near them is needed");
    assert_true(row_of(obs, NWC_QUANTITY_WIND_SPEED, 0).time_ns == NWC_TIME_UNKNOWN);
    nwc_obs_destroy(obs);
}

static void stations_known_beside_the_reports_have_their_places(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_station station;
    nwc_obs_options options;
    const nwc_obs_station known[] = {
        {.id = "ZSNJ", .longitude_deg = -241.138, .latitude_deg = 31.742, .height_m = NAN, .trust = NAN},
        {.id = "KHSV",
         .name = "Huntsville",
         .longitude_deg = -86.775,
         .latitude_deg = 34.637,
         .height_m = 191.7,
         .trust = NAN},
        {.id = "KHSV", .longitude_deg = 1.0, .latitude_deg = 1.0, .height_m = 1.0, .trust = NAN},
        {.id = "AAAA", .longitude_deg = 2.0, .latitude_deg = 2.0, .height_m = 2.0, .trust = NAN}};
    nwc_obs_options_init(&options);
    options.stations = known, options.n_stations = 3;
    assert_ok(nwc_obs_decode(NULL, made_metar, strlen(made_metar), &options, &obs));
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.name, "Huntsville");
    assert_near(station.height_m, 191.7, 0.0);
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 0);
    assert_true(row.longitude_deg == -86.775 && row.latitude_deg == 34.637 && row.height_m == 191.7);
    row = row_of(obs, NWC_QUANTITY_CLOUD_COVER, 0); /* at its base, 1000 ft above the ground */
    assert_near(row.height_m, 191.7 + 304.8, 1e-9);
    assert_ok(nwc_obs_get_station(obs, 1, &station)); /* EDDF, which is not among them */
    assert_true(isnan(station.longitude_deg) && isnan(station.height_m));
    row = row_of(obs, NWC_QUANTITY_WIND_SPEED, 3);
    assert_near(row.longitude_deg, 118.862, 1e-9);
    assert_true(isnan(row.height_m));
    nwc_obs_destroy(obs);
    /* What a file says is not changed. */
    static const char table[] =
        "station,longitude,latitude,time,tmpc\nKHSV,10,50,2008-04-11T00:00,3\nZSNJ,,,2008-04-11T00:00,4\n";
    assert_ok(nwc_obs_decode(NULL, table, sizeof table - 1, &options, &obs));
    row = row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 0);
    assert_true(row.longitude_deg == 10.0 && row.latitude_deg == 50.0 && row.height_m == 191.7);
    assert_near(row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 1).latitude_deg, 31.742, 0.0);
    nwc_obs_destroy(obs);
    const nwc_obs_station nobody = {.longitude_deg = 1.0}, nowhere = {.id = "X", .latitude_deg = 91.0};
    options.stations = &nobody, options.n_stations = 1;
    assert_fails(NWC_ERR_ARG, "stations[0].id: an identifier expected, none given",
                 nwc_obs_decode(NULL, made_metar, strlen(made_metar), &options, &obs));
    options.stations = &nowhere;
    assert_fails(NWC_ERR_ARG, "stations[0]: a place on the earth expected, 91, 0 given",
                 nwc_obs_decode(NULL, made_metar, strlen(made_metar), &options, &obs));
    options.stations = NULL;
    assert_fails(NWC_ERR_ARG, "stations: as many as n_stations says expected, 1 given",
                 nwc_obs_decode(NULL, made_metar, strlen(made_metar), &options, &obs));
}

static nwc_status decode_with_stations(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_obs *obs;
    const nwc_obs_station known = {.id = "KHSV", .longitude_deg = 1.0, .latitude_deg = 1.0, .height_m = 1.0};
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    options.stations = &known, options.n_stations = 1;
    const nwc_status status = nwc_obs_decode(ctx, made_metar, strlen(made_metar), &options, &obs);
    nwc_obs_destroy(obs);
    return status;
}

static void refused_memory_beside_stations_is_an_error(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(decode_with_stations, NULL) > 3);
}

static void profiles_of_the_cma_have_confidence_and_choices(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    assert_string_equal(nwc_obs_sniff(made_profiler, strlen(made_profiler)), "CMA profiler");
    assert_ok(nwc_obs_decode(NULL, made_profiler, strlen(made_profiler), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "");
    assert_int_equal(facts.n_rows, 4 + 1 + 2);
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_WIND_SPEED, 0);
    assert_near(row.value, 5.2, 1e-12);
    assert_near(row.height_m, 155.3, 1e-9);
    assert_near(row.quality, 1.0, 0.0);
    assert_true(row.time_ns == utc(2026, 6, 1, 6, 12, 0));
    row = row_of(obs, NWC_QUANTITY_UPWARD_AIR_VELOCITY, 0);
    assert_near(row.value, 0.3, 1e-12);
    assert_near(row.quality, 0.8, 1e-6);
    assert_near(row_of(obs, NWC_QUANTITY_REFRACTIVE_STRUCTURE, 0).value, 1.25e-15, 1e-30);
    assert_near(row_of(obs, NWC_QUANTITY_UPWARD_AIR_VELOCITY, 1).value, -1.5, 1e-12);
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 1).duration_s, 3600.0, 0.0);
    nwc_obs_destroy(obs);
    options.heights_above_sea = options.upward_positive = 1;
    assert_ok(nwc_obs_decode(NULL, made_profiler, strlen(made_profiler), &options, &obs));
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 0).height_m, 150.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_UPWARD_AIR_VELOCITY, 0).value, -0.3, 1e-12);
    nwc_obs_destroy(obs);
    assert_ok(nwc_obs_decode(NULL, made_profiler, 140, NULL, &obs)); /* in the second gate */
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "line 5: 7 columns expected, 4 found");
    nwc_obs_destroy(obs);
    static const char wrong[] = "WNDROBS 01.20\nnobody\n";
    assert_fails(NWC_ERR_FORMAT, "line 2: station, place", nwc_obs_decode(NULL, wrong, sizeof wrong - 1, NULL, &obs));
}

static void lightning_is_a_report_for_each_stroke_or_source(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station station;
    assert_string_equal(nwc_obs_sniff(made_lma, strlen(made_lma)), "LMA");
    assert_ok(nwc_obs_decode(NULL, made_lma, strlen(made_lma), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_rows, 6);
    assert_string_equal(facts.incomplete, "line 8: 7 columns expected, 1 found");
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_VHF_SOURCE, 1);
    assert_near(row.value, -4.1, 0.0);
    assert_near(row.height_m, 16636.85, 0.0);
    assert_near(row.longitude_deg, -102.30764224, 1e-12);
    assert_true(row.time_ns == utc(2023, 12, 24, 0, 57, 12) + 506501661);
    assert_near(row_of(obs, NWC_QUANTITY_SENSOR_COUNT, 0).value, 6.0, 0.0); /* of 110 1101 0100 */
    assert_near(row_of(obs, NWC_QUANTITY_SENSOR_COUNT, 1).value, 11.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_CHI_SQUARED, 1).value, 1.23, 0.0);
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.id, "WestTexas");
    assert_near(station.height_m, 984.0, 0.0);
    nwc_obs_destroy(obs);
    assert_fails(NWC_ERR_FORMAT, "no *** data ***", nwc_obs_decode(NULL, made_lma, 100, NULL, &obs));
    static const char quiet[] = "Lightning Mapping Array\nData start time: 12/24/23 00:57:12\n*** data ***\n";
    assert_ok(nwc_obs_decode(NULL, quiet, sizeof quiet - 1, NULL, &obs)); /* no lightning is an answer */
    nwc_obs_destroy(obs);

    assert_ok(nwc_obs_decode(NULL, made_uspln, strlen(made_uspln), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.format, "USPLN");
    assert_string_equal(facts.incomplete, "line 3: a time, a place and a current expected");
    assert_int_equal(facts.n_rows, 2);
    assert_near(row_of(obs, NWC_QUANTITY_STROKE, 0).value, -26800.0, 1e-9);
    assert_true(isnan(row_of(obs, NWC_QUANTITY_STROKE, 1).value)); /* a stroke of unknown current */
    nwc_obs_destroy(obs);

    assert_ok(nwc_obs_decode(NULL, made_nldn, strlen(made_nldn), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.format, "NLDN");
    assert_string_equal(facts.incomplete, "line 3: a date, a time, a place and a current expected");
    assert_near(row_of(obs, NWC_QUANTITY_CLOUD_STROKE, 0).value, 12000.0, 1e-9);
    assert_true(row_of(obs, NWC_QUANTITY_CLOUD_STROKE, 0).time_ns == utc(2023, 12, 24, 0, 57, 1) + 123456789);
    assert_near(row_of(obs, NWC_QUANTITY_GROUND_STROKE, 0).value, -9000.0, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_STROKE, 0).value, -7000.0, 1e-9);
    assert_near(row_of(obs, NWC_QUANTITY_LOCATION_ERROR, 1).value, 200.0, 1e-9);
    nwc_obs_destroy(obs);
}

static void tables_are_known_by_their_headings(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    assert_string_equal(nwc_obs_sniff(made_csv, strlen(made_csv)), "CSV");
    assert_ok(nwc_obs_decode(NULL, made_csv, strlen(made_csv), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "line 5: a time expected");
    assert_int_equal(facts.n_rows, 4 + 3);
    assert_int_equal(facts.n_stations, 1);
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_AIR_TEMPERATURE, 0);
    assert_near(row.value, 273.15 + 24.4, 1e-9);
    assert_near(row.longitude_deg, -86.7751, 1e-12);
    assert_true(row.time_ns == utc(2008, 4, 11, 0, 53, 0));
    row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 0);
    assert_near(row.value, 0.0, 0.0);
    assert_int_equal(row.flags, NWC_OBS_TRACE);
    row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 1);
    assert_near(row.value, 2.54, 1e-12);
    assert_near(row.duration_s, 3600.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_GUST_SPEED, 0).value, 22 * 1852.0 / 3600.0, 1e-9);
    nwc_obs_destroy(obs);
    static const char pulses[] = "type,timestamp,latitude,longitude,peakcurrent,icheight\n"
                                 " 1, 2023-12-24T00:57:04.123456789,  33.581914, -101.880986,   12345, 3014\n"
                                 " 0, 2023-12-24T00:57:26.987654321,  33.590077, -102.032033,   -9876, 0\n";
    assert_ok(nwc_obs_decode(NULL, pulses, sizeof pulses - 1, NULL, &obs));
    assert_near(row_of(obs, NWC_QUANTITY_CLOUD_STROKE, 0).value, 12345.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_GROUND_STROKE, 0).value, -9876.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_CLOUD_HEIGHT, 0).value, 3014.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_GROUND_STROKE, 0).latitude_deg, 33.590077, 1e-12);
    nwc_obs_destroy(obs);
}

static void callers_say_what_columns_hold(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_options options;
    nwc_obs_station mill = {.id = "mill", .longitude_deg = 121.0, .latitude_deg = 32.0, .height_m = 4.0};
    static const char gauge[] = "Datum;Uhrzeit;Ort;R10\n2026-06-01;14:10;A1;0.4\n2026-06-01;14:20;A1;-9999\n";
    static const char series[] = "20260601140000\t-2.5\n20260601140001\t-2.75\n";
    const nwc_obs_column columns[] = {{"Datum", NWC_COLUMN_TIME, 0, NULL, 0.0},
                                      {"Uhrzeit", NWC_COLUMN_TIME, 0, NULL, 0.0},
                                      {"Ort", NWC_COLUMN_STATION, 0, NULL, 0.0},
                                      {"R10", NWC_COLUMN_VALUE, NWC_QUANTITY_RAIN_AMOUNT, "mm", 600.0}};
    nwc_obs_options_init(&options);
    options.columns = columns, options.n_columns = 4;
    options.offset_ns = 8 * 3600 * SECOND;
    assert_ok(nwc_obs_decode(NULL, gauge, sizeof gauge - 1, &options, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_rows, 1);
    nwc_obs_row row = row_of(obs, NWC_QUANTITY_RAIN_AMOUNT, 0);
    assert_true(row.time_ns == utc(2026, 6, 1, 6, 10, 0)); /* Beijing's time */
    assert_near(row.duration_s, 600.0, 0.0);
    nwc_obs_destroy(obs);
    const nwc_obs_column numbers[] = {{"1", NWC_COLUMN_TIME, 0, NULL, 0.0},
                                      {"2", NWC_COLUMN_VALUE, NWC_QUANTITY_ELECTRIC_FIELD, "kV/m", 0.0}};
    options.columns = numbers, options.n_columns = 2, options.station = &mill;
    assert_ok(nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
    row = row_of(obs, NWC_QUANTITY_ELECTRIC_FIELD, 1);
    assert_near(row.value, -2750.0, 1e-9);
    assert_near(row.height_m, 4.0, 0.0);
    assert_near(row.longitude_deg, 121.0, 0.0);
    nwc_obs_destroy(obs);
    nwc_obs_column wrong[] = {{"3", NWC_COLUMN_TIME, 0, NULL, 0.0}};
    options.columns = wrong, options.n_columns = 1;
    assert_fails(NWC_ERR_ARG, "columns: 3 is not one of the table's 2",
                 nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
    wrong[0] = (nwc_obs_column){"1", NWC_COLUMN_VALUE, NWC_QUANTITY_AIR_TEMPERATURE, "kt", 0.0};
    assert_fails(NWC_ERR_ARG, "column 1: a unit of K expected, kt given",
                 nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
    wrong[0] = (nwc_obs_column){"1", NWC_COLUMN_VALUE, 0, NULL, 0.0};
    assert_fails(NWC_ERR_ARG, "column 1: an nwc_quantity expected, 0 given",
                 nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
    wrong[0] = (nwc_obs_column){"1", 77, 0, NULL, 0.0};
    assert_fails(NWC_ERR_ARG, "column 1: an nwc_column_role expected, 77 given",
                 nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
    wrong[0] = (nwc_obs_column){"1", NWC_COLUMN_VALUE, NWC_QUANTITY_RAIN_AMOUNT, NULL, -1.0};
    assert_fails(NWC_ERR_ARG, "column 1: a duration of 0 or more expected, -1 given",
                 nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
    wrong[0].name = NULL;
    assert_fails(NWC_ERR_ARG, "columns: a name or a number expected",
                 nwc_obs_decode(NULL, series, sizeof series - 1, &options, &obs));
}

static void what_is_none_of_these_is_refused(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    assert_fails(NWC_ERR_UNSUPPORTED, "not the beginning of observations", nwc_obs_decode(NULL, "what", 4, NULL, &obs));
    assert_null(obs);
    assert_fails(NWC_ERR_FORMAT, "the file is empty", nwc_obs_decode(NULL, "", 0, NULL, &obs));
    assert_fails(NWC_ERR_IO, "/nowhere", nwc_obs_open(NULL, "/nowhere", NULL, &obs));
    assert_fails(NWC_ERR_ARG, "a path", nwc_obs_open(NULL, NULL, NULL, &obs));
    options.max_bytes = 0;
    assert_fails(NWC_ERR_ARG, "max_bytes: at least 1 expected, 0 given", nwc_obs_decode(NULL, "a", 1, &options, &obs));
    options.max_bytes = 2000;
    assert_fails(NWC_ERR_NOMEM, "more than the limit of 2000 bytes",
                 nwc_obs_decode(NULL, made_wyoming, strlen(made_wyoming), &options, &obs));
    nwc_obs_options_init(&options);
    options.kind = 0;
    assert_fails(NWC_ERR_ARG, "kind: an nwc_obs_kind expected, 0 given", nwc_obs_decode(NULL, "a", 1, &options, &obs));
    nwc_obs_options_init(&options);
    options.n_columns = 1;
    assert_fails(NWC_ERR_ARG, "columns: as many as n_columns says", nwc_obs_decode(NULL, "a", 1, &options, &obs));
    static const char none[] = "   PRES   HGHT   TEMP\n    hPa     m      C\n----\n";
    assert_fails(NWC_ERR_NODATA, "no value in it", nwc_obs_decode(NULL, none, sizeof none - 1, NULL, &obs));
    assert_null(nwc_obs_sniff(NULL, 0));
    assert_fails(NWC_ERR_FORMAT, "no profile behind the names", nwc_obs_decode(NULL, "SNPARM = PRES", 13, NULL, &obs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sounding_of_wyoming_gives_its_levels_and_station),
        cmocka_unit_test(a_profile_of_bufkit_gives_its_levels_hour_by_hour),
        cmocka_unit_test(metar_says_what_it_says),
        cmocka_unit_test(stations_known_beside_the_reports_have_their_places),
        cmocka_unit_test(refused_memory_beside_stations_is_an_error),
        cmocka_unit_test(profiles_of_the_cma_have_confidence_and_choices),
        cmocka_unit_test(lightning_is_a_report_for_each_stroke_or_source),
        cmocka_unit_test(tables_are_known_by_their_headings),
        cmocka_unit_test(callers_say_what_columns_hold),
        cmocka_unit_test(what_is_none_of_these_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
