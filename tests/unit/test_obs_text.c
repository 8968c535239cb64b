/* Observations in text: each format on text made by hand, cut off anywhere, with any byte changed, with memory refused. */
#include "obs/format/obs_format.h"
#include "support/support.h"

#define SECOND INT64_C(1000000000)

static struct nwc__span span_of(const char *text)
{
    return (struct nwc__span){text, (int64_t)strlen(text)};
}

static int64_t utc(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, int32_t second)
{
    const int32_t civil[6] = {year, month, day, hour, minute, second};
    int64_t time_ns;
    assert_true(nwc__time_from_civil(civil, &time_ns));
    return time_ns;
}

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

/* ---- pieces of text ---- */

static void numbers_are_read_as_the_c_library_reads_them(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",     "-0.5",    "+12",    "1.",       ".25",      "3432.011722667", "1e3",
        "1E-15", "-2.5e+4", "000120", "0.000001", "99999999", "1.52597e-15",    "123456789012345678"};
    static const char *const bad[] = {"",    "-",   ".",    "1.2.3", "1e",    "1e+", "12a",
                                      "nan", "1 2", "0x10", "e5",    "1e5.0", "--1"};
    for (size_t k = 0; k < sizeof good / sizeof good[0]; k++) {
        const double expected = strtod(good[k], NULL);
        assert_near(nwc__span_number(span_of(good[k])), expected, 1e-15 * fabs(expected));
    }
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_true(isnan(nwc__span_number(span_of(bad[k]))));
}

static void times_are_read_in_every_common_form(void **state)
{
    (void)state;
    int64_t time_ns;
    static const char *const same[] = {
        "2006-10-23T18:00:05",       "2006/10/23 18:00:05",    "20061023180005",
        "2006-10-23T18:00:05Z",      "2006-10-24 02:00:05+08", "2006-10-24T02:00:05+0800",
        "2006-10-23T12:30:05-05:30", "2006-10-23 18:00:05 UTC"};
    for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
        assert_true(nwc__span_time(span_of(same[k]), &time_ns));
        assert_true(time_ns == utc(2006, 10, 23, 18, 0, 5));
    }
    assert_true(nwc__span_time(span_of("2023-12-24T00:57:04.123456789"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 57, 4) + 123456789);
    assert_true(nwc__span_time(span_of("2023-12-24T00:57:04.5Z"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 57, 4) + SECOND / 2);
    assert_true(nwc__span_time(span_of("2023-12-24 00:57"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 57, 0));
    assert_true(nwc__span_time(span_of("2023-12-24"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 0, 0));
    static const char *const bad[] = {
        "",          "2023-13-01",       "2023-02-29T00:00",    "2023-1-1",      "2023-01-01X00:00",
        "202301011", "2023-01-01T24:00", "2023-01-01T00:00+15", "2023-01-01T00", "2023-01-01T00:00:00.1.2"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_false(nwc__span_time(span_of(bad[k]), &time_ns));
}

static void days_are_completed_by_the_nearest_month(void **state)
{
    (void)state;
    int64_t time_ns;
    assert_true(nwc__time_near(utc(2008, 4, 11, 12, 0, 0), 11, 0, 20, &time_ns));
    assert_true(time_ns == utc(2008, 4, 11, 0, 20, 0));
    assert_true(nwc__time_near(utc(2008, 3, 1, 0, 0, 0), 29, 23, 53, &time_ns)); /* a leap year */
    assert_true(time_ns == utc(2008, 2, 29, 23, 53, 0));
    assert_true(nwc__time_near(utc(2009, 12, 31, 23, 0, 0), 1, 1, 0, &time_ns));
    assert_true(time_ns == utc(2010, 1, 1, 1, 0, 0));
    assert_true(nwc__time_near(utc(1960, 1, 2, 0, 0, 0), 31, 6, 0, &time_ns));
    assert_true(time_ns == utc(1959, 12, 31, 6, 0, 0));
    assert_false(nwc__time_near(utc(2009, 2, 15, 0, 0, 0), 32, 0, 0, &time_ns));
    assert_false(nwc__time_near(utc(2009, 2, 15, 0, 0, 0), 1, 25, 0, &time_ns));
}

static void units_are_converted_within_their_kind(void **state)
{
    (void)state;
    assert_near(nwc__to_si(20.0, "degC", "K"), 293.15, 1e-12);
    assert_near(nwc__to_si(212.0, "F", "K"), 373.15, 1e-12);
    assert_near(nwc__to_si(29.92, "inHg", "Pa"), 101320.76, 0.01);
    assert_near(nwc__to_si(10.0, "kt", "m s-1"), 5.14444444, 1e-8);
    assert_near(nwc__to_si(80.0, "%", "1"), 0.8, 1e-15);
    assert_near(nwc__to_si(5.0, "Pa", "Pa"), 5.0, 0.0);
    assert_true(isnan(nwc__to_si(5.0, "kt", "K")));
    assert_true(isnan(nwc__to_si(5.0, "furlong", "m")));
}

static void fields_lie_between_separators(void **state)
{
    (void)state;
    struct nwc__span rest = span_of(" a ,\"b c\",,d,"), field;
    static const char *const expected[] = {"a", "b c", "", "d", ""};
    for (int k = 0; k < 5; k++) {
        assert_true(nwc__next_field(&rest, ',', &field));
        assert_true(nwc__span_is(field, expected[k]));
    }
    assert_false(nwc__next_field(&rest, ',', &field));
}

/* ---- formats ---- */

static const char wyoming[] = "<HTML>\n<H2>72357 OUN Norman Observations at 00Z 04 May 1999</H2>\n<PRE>\n"
                              "-----------------------------------------------------------------------------\n"
                              "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT   THTA   THTE   THTV\n"
                              "    hPa     m      C      C      %    g/kg    deg   knot     K      K      K \n"
                              "-----------------------------------------------------------------------------\n"
                              " 1000.0     -7                                                               \n"
                              "  959.0    345   22.2   19.0     82  14.64    160     18  298.9  341.8  301.5\r\n"
                              "  931.3    610   20.2   17.5     84  13.66      0      0  299.4  339.5  301.9\n"
                              "</PRE><H3>Station information and sounding indices</H3><PRE>\n"
                              "                         Station identifier: OUN\n"
                              "                             Station number: 72357\n"
                              "                           Observation time: 990504/0000\n"
                              "                           Station latitude: 35.18\n"
                              "                          Station longitude: -97.44\n"
                              "                          Station elevation: 345.0\n"
                              "</PRE>\n"
                              "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SPED\n"
                              "    hPa     m      C      C      %    g/kg    deg   m/s\n"
                              "----------------------------------------------------------\n"
                              "  850.0   1457  -10.1                         270   20.5\n";

static void a_sounding_of_wyoming_gives_its_levels_and_station(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_station station;
    nwc_obs_facts facts;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    options.near_ns = utc(2010, 1, 1, 12, 0, 0);
    assert_string_equal(nwc_obs_sniff(wyoming, sizeof wyoming - 1), "Wyoming");
    assert_ok(nwc_obs_decode(NULL, wyoming, sizeof wyoming - 1, &options, &obs));
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

static const char bufkit[] =
    "\r\nSNPARM = PRES;TMPC;DWPC;DRCT;SKNT;OMEG;HGHT\r\nSTNPRM = SHOW;LIFT\r\n\r\n"
    "STID = OUN STNM = 723570 TIME = 181219/0400\r\nSLAT = 35.23 SLON = -97.47 SELV = 350\r\nSTIM = 0\r\n\r\n"
    "SHOW = 11.69 LIFT = 10.38\r\n\r\nPRES TMPC DWPC DRCT SKNT\r\nOMEG HGHT\r\n"
    "971.60 7.14 4.78 147.26 6.47\r\n-0.10 358.46\r\n968.70 9.24 -9999.00 154.31 10.00 0.20\r\n383.16\r\n\r\n"
    "STID = OUN STNM = 723570 TIME = 181219/0500\r\nSLAT = 35.23 SLON = -97.47 SELV = 350\r\nSTIM = 1\r\n\r\n"
    "SHOW = 1.0 LIFT = 2.0\r\n\r\nPRES TMPC DWPC DRCT SKNT\r\nOMEG HGHT\r\n"
    "970.00 7.00 4.00 90.00 5.00\r\n-0.10 360.00\r\n\r\n"
    "STN YYMMDD/HHMM PMSL PRES P01M\r\nUWND T2MS\r\n"
    "723570 181219/0400 1014.50 972.60 -9999.00\r\n-1.40 6.44\r\n723570 181219/0500 1014.30 972.20 0.25\r\n-1.40 "
    "5.44\r\n";

static void a_profile_of_bufkit_gives_its_levels_hour_by_hour(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station station;
    assert_string_equal(nwc_obs_sniff(bufkit, sizeof bufkit - 1), "BUFKIT");
    assert_ok(nwc_obs_decode(NULL, bufkit, sizeof bufkit - 1, NULL, &obs));
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

static const char metar[] = "SAUS44 KWBC 110000\r\n"
                            "METAR KHSV 110053Z 17014G22KT 140V200 1 1/2SM R36/2400FT +TSRA BR FEW010 BKN040CB OVC100 "
                            "24/M01 A2986 RMK AO2 PK WND 17028/0031\n"
                            "     SLP106 P0034 60085 70000 T02441011 $=\n"
                            "SPECI EDDF 312350Z AUTO VRB02MPS CAVOK 05/// Q1013 TEMPO 24010KT 0800 FG\n"
                            "TAF KHSV 110000Z 1100/1206 18010KT P6SM BKN030\n"
                            "KMDQ 110100Z COR 00000KT M1/4SM FZFG VV002 M05/M05 A3010 RMK SLP995\n"
                            "ZSNJ 110200Z 090P49MPS 9999 -SHRA NSC //// Q0998=\n";

static void metar_says_what_it_says(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station station;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    options.near_ns = utc(2008, 4, 10, 12, 0, 0);
    assert_string_equal(nwc_obs_sniff(metar, sizeof metar - 1), "METAR");
    assert_ok(nwc_obs_decode(NULL, metar, sizeof metar - 1, &options, &obs));
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
    assert_ok(nwc_obs_decode(NULL, metar, sizeof metar - 1, NULL, &obs));
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
    assert_ok(nwc_obs_decode(NULL, metar, sizeof metar - 1, &options, &obs));
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
                 nwc_obs_decode(NULL, metar, sizeof metar - 1, &options, &obs));
    options.stations = &nowhere;
    assert_fails(NWC_ERR_ARG, "stations[0]: a place on the earth expected, 91, 0 given",
                 nwc_obs_decode(NULL, metar, sizeof metar - 1, &options, &obs));
    options.stations = NULL;
    assert_fails(NWC_ERR_ARG, "stations: as many as n_stations says expected, 1 given",
                 nwc_obs_decode(NULL, metar, sizeof metar - 1, &options, &obs));
}

static nwc_status decode_with_stations(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_obs *obs;
    const nwc_obs_station known = {.id = "KHSV", .longitude_deg = 1.0, .latitude_deg = 1.0, .height_m = 1.0};
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    options.stations = &known, options.n_stations = 1;
    const nwc_status status = nwc_obs_decode(ctx, metar, sizeof metar - 1, &options, &obs);
    nwc_obs_destroy(obs);
    return status;
}

static void refused_memory_beside_stations_is_an_error(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(decode_with_stations, NULL) > 3);
}

static const char profiler[] =
    "WNDROBS 01.20\r\n58259 120.98000 32.08000 0005.30 LC 20260601061200\r\nROBS\r\n"
    "00150 225.0 005.2 -000.3 100 080 1.25e-15\r\n00270 ///// ///// 0001.5 /// 060 ////////\r\nNNNN\r\n"
    "WNDOOBS 01.20\r\n58259 120.98000 32.08000 0005.30 LC 20260601060000\r\nOOBS\r\n"
    "00150 000.0 000.0 000000 090 090 ////////\r\nNNNN\r\n";

static void profiles_of_the_cma_have_confidence_and_choices(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_options options;
    nwc_obs_options_init(&options);
    assert_string_equal(nwc_obs_sniff(profiler, sizeof profiler - 1), "CMA profiler");
    assert_ok(nwc_obs_decode(NULL, profiler, sizeof profiler - 1, NULL, &obs));
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
    assert_ok(nwc_obs_decode(NULL, profiler, sizeof profiler - 1, &options, &obs));
    assert_near(row_of(obs, NWC_QUANTITY_WIND_SPEED, 0).height_m, 150.0, 0.0);
    assert_near(row_of(obs, NWC_QUANTITY_UPWARD_AIR_VELOCITY, 0).value, -0.3, 1e-12);
    nwc_obs_destroy(obs);
    assert_ok(nwc_obs_decode(NULL, profiler, 140, NULL, &obs)); /* in the second gate */
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "line 5: 7 columns expected, 4 found");
    nwc_obs_destroy(obs);
    static const char wrong[] = "WNDROBS 01.20\nnobody\n";
    assert_fails(NWC_ERR_FORMAT, "line 2: station, place", nwc_obs_decode(NULL, wrong, sizeof wrong - 1, NULL, &obs));
}

static const char lma[] =
    "Lightning Mapping Array analyzed data\nData start time: 12/24/23 00:57:12\nLocation: WestTexas\n"
    "Coordinate center (lat,lon,alt): 33.6069680 -101.8226250 984.00\nNumber of events: 3\n*** data ***\n"
    " 3432.011722667  32.00713175 -102.22428503   5424.65   1.57   2.0 0x6d4\n"
    "garbage\n"
    " 3432.506501661  31.76975416 -102.30764224  16636.85   1.23  -4.1 0x7ff\n";

static const char uspln[] = "USPLN-LIGHTNING,2006-10-23T18:00:00,2006-10-23T18:00:00\n"
                            "2006-10-23T17:59:39,18.415434,-93.480526,-26.8,1\n2006-10-23T17:59:40,95.0,-71.2,-31.7,1\n"
                            "2006-10-23T17:59:44,9.3568365,-76.8001513,,1\n";

static const char nldn[] =
    "12/24/23 00:57:01.123456789  33.582 -101.881  +12.0 kA  0 0.4  0.2  1.8   75  0.8  4 C\n"
    "12/24/23 00:57:31.5  33.590 -102.032  -9.0 kA  0 0.2  0.2  1.0    3  1.0  5 G\n12/24/23 00:57 x\n"
    "12/24/23 00:58:00.0  33.590 -102.032  -7.0 kA\n";

static void lightning_is_a_report_for_each_stroke_or_source(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_station station;
    assert_string_equal(nwc_obs_sniff(lma, sizeof lma - 1), "LMA");
    assert_ok(nwc_obs_decode(NULL, lma, sizeof lma - 1, NULL, &obs));
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
    assert_fails(NWC_ERR_FORMAT, "no *** data ***", nwc_obs_decode(NULL, lma, 100, NULL, &obs));
    static const char quiet[] = "Lightning Mapping Array\nData start time: 12/24/23 00:57:12\n*** data ***\n";
    assert_ok(nwc_obs_decode(NULL, quiet, sizeof quiet - 1, NULL, &obs)); /* no lightning is an answer */
    nwc_obs_destroy(obs);

    assert_ok(nwc_obs_decode(NULL, uspln, sizeof uspln - 1, NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.format, "USPLN");
    assert_string_equal(facts.incomplete, "line 3: a time, a place and a current expected");
    assert_int_equal(facts.n_rows, 2);
    assert_near(row_of(obs, NWC_QUANTITY_STROKE, 0).value, -26800.0, 1e-9);
    assert_true(isnan(row_of(obs, NWC_QUANTITY_STROKE, 1).value)); /* a stroke of unknown current */
    nwc_obs_destroy(obs);

    assert_ok(nwc_obs_decode(NULL, nldn, sizeof nldn - 1, NULL, &obs));
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

static const char csv[] = "#DEBUG: a comment\nstation,valid,lon,lat,tmpf,sknt,gust,p01i,mslp,wxcodes\n"
                          "HSV,2008-04-11 00:53,-86.7751,34.6371,75.92,14.00,M,T,1010.60,RA\n"
                          "HSV,2008-04-11 01:53,-86.7751,34.6371,M,16.00,22.00,0.10,null,M\nHSV,yesterday,,,,,,,,\n";

static void tables_are_known_by_their_headings(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    assert_string_equal(nwc_obs_sniff(csv, sizeof csv - 1), "CSV");
    assert_ok(nwc_obs_decode(NULL, csv, sizeof csv - 1, NULL, &obs));
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

/* ---- whatever the bytes ---- */

static const struct sample {
    const char *text;
    size_t size;
    nwc__obs_read_fn *read;
    int64_t least_requests; /* of memory */
} samples[] = {
    {wyoming, sizeof wyoming - 1, nwc__wyoming_read, 4},
    {bufkit, sizeof bufkit - 1, nwc__bufkit_read, 4},
    {metar, sizeof metar - 1, nwc__metar_read, 4},
    {profiler, sizeof profiler - 1, nwc__cma_profiler_read, 4},
    {lma, sizeof lma - 1, nwc__lma_read, 4},
    {uspln, sizeof uspln - 1, nwc__uspln_read, 4},
    {nldn, sizeof nldn - 1, nwc__nldn_read, 4},
    {csv, sizeof csv - 1, nwc__csv_read, 4},
};

enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

static nwc_status read_text(nwc_ctx *ctx, const struct sample *sample, const char *text, size_t size)
{
    const struct nwc__obs_hints hints = {.near_ns = 0, .kind = NWC_OBS_SURFACE};
    nwc_obs *obs;
    char *const copy = malloc(size ? size : 1); /* of this size, so that reading over its end is seen */
    memcpy(copy, text, size);
    nwc_status status = nwc__obs_create(ctx, "", INT64_C(1) << 24, &obs);
    if (status == NWC_OK) {
        status = sample->read(ctx, (const uint8_t *)copy, (int64_t)size, &hints, obs);
        nwc_obs_destroy(obs);
    }
    free(copy);
    return status;
}

static nwc_status read_sample(nwc_ctx *ctx, void *user)
{
    const struct sample *const sample = user;
    return read_text(ctx, sample, sample->text, sample->size);
}

static void text_cut_off_anywhere_gives_an_answer(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLES; s++)
        for (size_t size = 0; size <= samples[s].size; size++) {
            const nwc_status status = read_text(nwc__ctx(NULL), &samples[s], samples[s].text, size);
            assert_true(status == NWC_OK || status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA ||
                        status == NWC_ERR_UNSUPPORTED);
        }
}

/* The rows of the first size bytes of a sample; NULL for an error or where something is said to be missing. */
static nwc_obs *whole_rows(const struct sample *sample, size_t size)
{
    nwc_obs *obs = NULL;
    nwc_obs_facts facts;
    if (nwc_obs_decode(NULL, sample->text, size, NULL, &obs) != NWC_OK) return NULL;
    assert_ok(nwc_obs_describe(obs, &facts));
    if (!facts.incomplete[0]) return obs;
    nwc_obs_destroy(obs);
    return NULL;
}

static bool same_rows(const nwc_obs *one, const nwc_obs *other)
{
    nwc_obs_columns a, b;
    if (!one || !other) return false;
    assert_ok(nwc_obs_lend(one, &a));
    assert_ok(nwc_obs_lend(other, &b));
    return a.n == b.n && (a.n == 0 || (memcmp(a.value, b.value, (size_t)a.n * sizeof *a.value) == 0 &&
                                       memcmp(a.quantity, b.quantity, (size_t)a.n * sizeof *a.quantity) == 0));
}

/* Of the formats whose lines say how long they are to be. */
static void a_line_that_is_cut_is_taken_whole_or_not_at_all_or_said_to_be_cut(void **state)
{
    (void)state;
    static const char *const formats[] = {"Wyoming", "BUFKIT", "USPLN", "NLDN"};
    for (int s = 0; s < N_SAMPLES; s++) {
        const char *const name = nwc_obs_sniff(samples[s].text, samples[s].size);
        bool strict = false;
        for (int f = 0; f < 4; f++) strict = strict || strcmp(name, formats[f]) == 0;
        for (size_t begin = 0, end; strict && begin < samples[s].size; begin = end) {
            const char *const found = memchr(samples[s].text + begin, '\n', samples[s].size - begin);
            end = found ? (size_t)(found + 1 - samples[s].text) : samples[s].size;
            nwc_obs *const without = whole_rows(&samples[s], begin), *const with = whole_rows(&samples[s], end);
            for (size_t size = begin + 1; size < end; size++) {
                nwc_obs *const cut = whole_rows(&samples[s], size);
                if (cut && !same_rows(cut, without) && !same_rows(cut, with))
                    fail_msg("%s cut at byte %d is taken in part, and nothing is said of it", name, (int)size);
                nwc_obs_destroy(cut);
            }
            nwc_obs_destroy(without);
            nwc_obs_destroy(with);
        }
    }
}

static void text_with_any_bytes_changed_gives_an_answer(void **state)
{
    (void)state;
    static const char likely[] = "\n\r ,;=-+./:0123456789/\0\xff"
                                 "AZMKT";
    char text[8192];
    for (int s = 0; s < N_SAMPLES; s++)
        for (unsigned seed = 1; seed <= 3000; seed++) {
            uint32_t dice = seed * 2654435761U;
            assert_true(samples[s].size <= sizeof text);
            memcpy(text, samples[s].text, samples[s].size);
            for (unsigned k = 0; k <= seed % 5; k++) {
                dice = dice * 1664525U + 1013904223U;
                const size_t at = (dice >> 8) % samples[s].size;
                dice = dice * 1664525U + 1013904223U;
                text[at] = dice >> 31 ? (char)(dice >> 8) : likely[(dice >> 8) % (sizeof likely - 1)];
            }
            const nwc_status status = read_text(nwc__ctx(NULL), &samples[s], text, samples[s].size);
            assert_true(status != NWC_ERR_INTERNAL && status != NWC_ERR_ARG);
        }
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLES; s++)
        assert_true(check_every_allocation_failure(read_sample, (void *)&samples[s]) >= samples[s].least_requests);
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
                 nwc_obs_decode(NULL, wyoming, sizeof wyoming - 1, &options, &obs));
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
        cmocka_unit_test(numbers_are_read_as_the_c_library_reads_them),
        cmocka_unit_test(times_are_read_in_every_common_form),
        cmocka_unit_test(days_are_completed_by_the_nearest_month),
        cmocka_unit_test(units_are_converted_within_their_kind),
        cmocka_unit_test(fields_lie_between_separators),
        cmocka_unit_test(a_sounding_of_wyoming_gives_its_levels_and_station),
        cmocka_unit_test(a_profile_of_bufkit_gives_its_levels_hour_by_hour),
        cmocka_unit_test(metar_says_what_it_says),
        cmocka_unit_test(stations_known_beside_the_reports_have_their_places),
        cmocka_unit_test(refused_memory_beside_stations_is_an_error),
        cmocka_unit_test(profiles_of_the_cma_have_confidence_and_choices),
        cmocka_unit_test(lightning_is_a_report_for_each_stroke_or_source),
        cmocka_unit_test(tables_are_known_by_their_headings),
        cmocka_unit_test(callers_say_what_columns_hold),
        cmocka_unit_test(text_cut_off_anywhere_gives_an_answer),
        cmocka_unit_test(a_line_that_is_cut_is_taken_whole_or_not_at_all_or_said_to_be_cut),
        cmocka_unit_test(text_with_any_bytes_changed_gives_an_answer),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
        cmocka_unit_test(what_is_none_of_these_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
