/* Observations in netCDF: files of the lightning mapper and of radiosondes made by netCDF-C. */
#include "support/scratch.h"

#include <netcdf.h>

#define assert_nc(call) assert_int_equal((call), NC_NOERR)

static void text(int file, int id, const char *name, const char *value)
{
    assert_nc(nc_put_att_text(file, id, name, strlen(value), value));
}

static int put_filled(int file, const char *name, nc_type type, int dimension, const char *units, const short *fill,
                      const double *numbers)
{
    int id;
    assert_nc(nc_def_var(file, name, type, dimension >= 0, &dimension, &id));
    if (units) text(file, id, "units", units);
    if (fill) assert_nc(nc_put_att_short(file, id, "_FillValue", NC_SHORT, 1, fill)); /* before any value */
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_var_double(file, id, numbers));
    assert_nc(nc_redef(file));
    return id;
}

static int put(int file, const char *name, nc_type type, int dimension, const char *units, const double *numbers)
{
    return put_filled(file, name, type, dimension, units, NULL, numbers);
}

/* Packed as the mapper packs: signed numbers that mean unsigned ones. */
static void put_packed(int file, const char *name, int dimension, const char *units, double scale, double offset,
                       const double *stored)
{
    const short fill = -1;
    const int id = put_filled(file, name, NC_SHORT, dimension, units, &fill, stored);
    text(file, id, "_Unsigned", "true");
    assert_nc(nc_put_att_double(file, id, "scale_factor", NC_FLOAT, 1, &scale));
    assert_nc(nc_put_att_double(file, id, "add_offset", NC_FLOAT, 1, &offset));
}

static const char since[] = "milliseconds since 2018-07-02 04:33:00.000";

/* Two flashes, a group and an event; with or without the places of flashes. */
static void make_glm(bool places)
{
    int file, flashes, groups, events;
    const double two = 2.0;
    assert_nc(nc_create(scratch_path, NC_NETCDF4, &file));
    text(file, NC_GLOBAL, "platform_ID", "G16");
    assert_nc(nc_def_dim(file, "number_of_flashes", 2, &flashes));
    assert_nc(nc_def_dim(file, "number_of_groups", 1, &groups));
    assert_nc(nc_def_dim(file, "number_of_events", 1, &events));
    (void)put(file, "flash_id", NC_SHORT, flashes, NULL, (const double[]){7, 8});
    int id = put(file, "flash_time_offset_of_first_event", NC_SHORT, flashes, since, (const double[]){-100, 500});
    assert_nc(nc_put_att_double(file, id, "scale_factor", NC_DOUBLE, 1, &two));
    id = put(file, "flash_time_offset_of_last_event", NC_SHORT, flashes, since, (const double[]){50, 500});
    assert_nc(nc_put_att_double(file, id, "scale_factor", NC_DOUBLE, 1, &two));
    if (places) {
        (void)put(file, "flash_lat", NC_FLOAT, flashes, "degrees_north", (const double[]){31.5, -12.25});
        (void)put(file, "flash_lon", NC_FLOAT, flashes, "degrees_east", (const double[]){-90.5, 179.5});
    }
    put_packed(file, "flash_area", flashes, "km2", 0.5, 63.0, (const double[]){-2, 10});
    put_packed(file, "flash_energy", flashes, "J", 1e-15, 0.0, (const double[]){300, -1});
    (void)put(file, "flash_quality_flag", NC_SHORT, flashes, NULL, (const double[]){0, 3});
    (void)put(file, "group_id", NC_INT, groups, NULL, (const double[]){1});
    (void)put(file, "group_time_offset", NC_SHORT, groups, since, (const double[]){20});
    (void)put(file, "group_lat", NC_FLOAT, groups, NULL, (const double[]){1});
    (void)put(file, "group_lon", NC_FLOAT, groups, NULL, (const double[]){2});
    put_packed(file, "group_energy", groups, "J", 1e-15, 0.0, (const double[]){5});
    (void)put(file, "event_id", NC_INT, events, NULL, (const double[]){1});
    (void)put(file, "event_time_offset", NC_SHORT, events, since, (const double[]){30});
    put_packed(file, "event_lat", events, NULL, 0.00203128, -66.56, (const double[]){-16384});
    put_packed(file, "event_lon", events, NULL, 0.00203128, -141.56, (const double[]){16384});
    put_packed(file, "event_energy", events, "J", 1e-15, 0.0, (const double[]){5});
    assert_nc(nc_close(file));
}

static nwc_status read_made(nwc_ctx *ctx, nwc_obs **obs)
{
    return nwc_obs_open(ctx, scratch_path, NULL, obs);
}

static void flashes_groups_and_events_are_unpacked(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_facts facts;
    nwc_obs_station station;
    make_glm(true);
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_string_equal(facts.format, "GLM");
    assert_int_equal(facts.n_reports, 4);
    assert_int_equal(c.n, 6);
    assert_int_equal(c.quantity[0], NWC_QUANTITY_OPTICAL_FLASH);
    assert_near(c.value[0], 300e-15, 1e-19);
    assert_near(c.duration_s[0], 0.3, 1e-9);
    const int64_t minute = INT64_C(1530505980000000000); /* 2018-07-02 04:33 */
    assert_true(c.time_ns[0] == minute + 100000000);
    assert_int_equal(c.flags[0], 0);
    assert_int_equal(c.quantity[1], NWC_QUANTITY_FLASH_AREA);
    assert_near(c.value[1], (65534 * 0.5 + 63.0) * 1e6, 1.0);
    assert_true(isnan(c.value[2])); /* a flash of unknown energy */
    assert_int_equal(c.flags[2], NWC_OBS_DOUBTED);
    assert_near(c.longitude_deg[2], 179.5, 0.0);
    assert_int_equal(c.quantity[4], NWC_QUANTITY_OPTICAL_GROUP);
    assert_int_equal(c.quantity[5], NWC_QUANTITY_OPTICAL_EVENT);
    assert_near(c.latitude_deg[5], 49152 * 0.00203128 - 66.56, 1e-4);
    assert_near(c.longitude_deg[5], 16384 * 0.00203128 - 141.56, 1e-4);
    assert_true(c.time_ns[5] == minute + 30000000);
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.id, "G16");
    nwc_obs_destroy(obs);
    make_glm(false);
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "flash_id: no times or places of its length");
    assert_int_equal(facts.n_rows, 2);
    nwc_obs_destroy(obs);
}

/* Two sources and a flash, as xlma names them. */
static void make_lma(void)
{
    int file, events, flashes;
    assert_nc(nc_create(scratch_path, NC_NETCDF4, &file));
    assert_nc(nc_def_dim(file, "number_of_events", 2, &events));
    assert_nc(nc_def_dim(file, "number_of_flashes", 1, &flashes));
    (void)put(file, "network_center_latitude", NC_DOUBLE, -1, NULL, (const double[]){33.5});
    (void)put(file, "network_center_longitude", NC_DOUBLE, -1, NULL, (const double[]){-101.75});
    (void)put(file, "network_center_altitude", NC_DOUBLE, -1, NULL, (const double[]){984});
    (void)put(file, "event_id", NC_UINT64, events, NULL, (const double[]){12256, 12257});
    (void)put(file, "event_time", NC_INT64, events, "nanoseconds since 2023-12-24T00:57:01.747284125",
              (const double[]){0, 815215});
    (void)put(file, "event_latitude", NC_FLOAT, events, "degrees_north", (const double[]){31.875, 31.75});
    (void)put(file, "event_longitude", NC_FLOAT, events, "degrees_east", (const double[]){-102.5, -102.25});
    (void)put(file, "event_altitude", NC_FLOAT, events, "meters", (const double[]){10665, 16016});
    (void)put(file, "event_power", NC_FLOAT, events, "lg(re 1 W)", (const double[]){3.5, 11});
    (void)put(file, "event_chi2", NC_FLOAT, events, NULL, (const double[]){0.75, NAN});
    (void)put(file, "event_stations", NC_FLOAT, events, NULL, (const double[]){6, 7});
    (void)put(file, "flash_id", NC_UINT64, flashes, NULL, (const double[]){0});
    assert_nc(nc_close(file));
}

static void sources_of_an_array_have_their_heights(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_facts facts;
    nwc_obs_station station;
    make_lma();
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_string_equal(facts.format, "LMA");
    assert_string_equal(facts.incomplete, "");
    assert_int_equal(facts.n_reports, 2);
    assert_int_equal(c.n, 5);
    assert_int_equal(c.quantity[0], NWC_QUANTITY_VHF_SOURCE);
    assert_int_equal(c.quantity[1], NWC_QUANTITY_CHI_SQUARED);
    assert_int_equal(c.quantity[2], NWC_QUANTITY_SENSOR_COUNT);
    assert_int_equal(c.quantity[3], NWC_QUANTITY_VHF_SOURCE);
    assert_int_equal(c.quantity[4], NWC_QUANTITY_SENSOR_COUNT);
    assert_near(c.value[0], 3.5, 0.0);
    assert_near(c.value[1], 0.75, 0.0);
    assert_near(c.value[4], 7.0, 0.0);
    assert_near(c.height_m[3], 16016.0, 0.0);
    assert_near(c.longitude_deg[3], -102.25, 0.0);
    assert_true(c.time_ns[0] == INT64_C(1703379421747284125)); /* 2023-12-24 00:57:01.747284125 */
    assert_true(c.time_ns[3] == INT64_C(1703379421748099340));
    assert_near(c.duration_s[3], 0.0, 0.0);
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_near(station.latitude_deg, 33.5, 0.0);
    assert_near(station.height_m, 984.0, 0.0);
    nwc_obs_destroy(obs);
}

static void make_sonde(bool times)
{
    int file, time, id;
    const double missing = -9999.0;
    assert_nc(nc_create(scratch_path, NC_CLOBBER, &file));
    text(file, NC_GLOBAL, "site_id", "twp");
    text(file, NC_GLOBAL, "facility_id", "C3: Darwin, Australia");
    assert_nc(nc_def_dim(file, "time", 2, &time));
    (void)put(file, "base_time", NC_INT, -1, "seconds since 1970-1-1 0:00:00 0:00", (const double[]){1137712560});
    if (times) (void)put(file, "time_offset", NC_DOUBLE, time, NULL, (const double[]){0.0, 1.25});
    (void)put(file, "pres", NC_FLOAT, time, "hPa", (const double[]){1000.0, 999.5});
    id = put(file, "tdry", NC_FLOAT, time, "C", (const double[]){25.0, -9999.0});
    assert_nc(nc_put_att_double(file, id, "missing_value", NC_FLOAT, 1, &missing));
    (void)put(file, "rh", NC_FLOAT, time, "%", (const double[]){80.0, 81.0});
    (void)put(file, "qc_rh", NC_INT, time, NULL, (const double[]){0.0, 2.0});
    (void)put(file, "wspd", NC_FLOAT, time, "m/s", (const double[]){0.0, 3.0});
    (void)put(file, "deg", NC_FLOAT, time, "deg", (const double[]){0.0, 270.0});
    (void)put(file, "lat", NC_FLOAT, time, NULL, (const double[]){-12.5, -12.25});
    (void)put(file, "lon", NC_FLOAT, time, NULL, (const double[]){130.5, 130.75});
    (void)put(file, "alt", NC_FLOAT, time, "meters above Mean Sea Level", (const double[]){30.0, 35.0});
    assert_nc(nc_close(file));
}

static void radiosondes_are_read_with_their_checks(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_station station;
    make_sonde(true);
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_sort(obs, NWC_OBS_BY_REPORT));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 4 + 4);
    assert_int_equal(c.quantity[0], NWC_QUANTITY_AIR_TEMPERATURE);
    assert_near(c.value[0], 298.15, 1e-6);
    assert_near(c.pressure_pa[0], 1e5, 1e-3);
    assert_near(c.height_m[0], 30.0, 0.0);
    assert_true(c.time_ns[0] == INT64_C(1137712560000000000));
    assert_int_equal(c.quantity[2], NWC_QUANTITY_WIND_SPEED); /* a calm has no direction */
    assert_int_equal(c.quantity[3], NWC_QUANTITY_GEOPOTENTIAL_HEIGHT);
    assert_int_equal(c.quantity[4], NWC_QUANTITY_RELATIVE_HUMIDITY); /* the second temperature is missing */
    assert_near(c.value[4], 0.81, 1e-6);
    assert_int_equal(c.flags[4], NWC_OBS_DOUBTED);
    assert_near(c.latitude_deg[4], -12.25, 0.0);
    assert_true(c.time_ns[4] == INT64_C(1137712561250000000));
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.id, "twpC3");
    assert_near(station.latitude_deg, -12.5, 0.0);
    nwc_obs_destroy(obs);
    make_sonde(false);
    assert_fails(NWC_ERR_FORMAT, "base_time and time_offset expected", read_made(NULL, &obs));
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_obs *obs;
    const nwc_status status = read_made(ctx, &obs);
    if (status != NWC_OK) return status;
    nwc_obs_destroy(obs);
    return NWC_OK;
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    make_glm(true);
    assert_true(check_every_allocation_failure(read_only, NULL) > 20);
    make_lma();
    assert_true(check_every_allocation_failure(read_only, NULL) > 20);
    make_sonde(true);
    assert_true(check_every_allocation_failure(read_only, NULL) > 20);
}

static void other_netcdf_is_refused(void **state)
{
    (void)state;
    int file;
    nwc_obs *obs;
    assert_nc(nc_create(scratch_path, NC_CLOBBER, &file));
    assert_nc(nc_close(file));
    assert_fails(NWC_ERR_UNSUPPORTED, "netCDF without lightning of GLM or an LMA or a sounding of ARM",
                 read_made(NULL, &obs));
    assert_null(nwc_obs_sniff("CDF\1", 4)); /* which may hold anything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flashes_groups_and_events_are_unpacked),
        cmocka_unit_test(sources_of_an_array_have_their_heights),
        cmocka_unit_test(radiosondes_are_read_with_their_checks),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
        cmocka_unit_test(other_netcdf_is_refused),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
