/* CfRadial 2 and FM 301: our own files read back, and files made by netCDF-C in other writers' ways. */
#include "support/read_volume.h"
#include "support/scratch.h"

#include <netcdf.h>

enum { RAYS = 5, GATES = 6, SWEEPS = 3 };

#define START_NS INT64_C(1780000000500000000)

#define assert_nc(call) assert_int_equal((call), NC_NOERR)

/* ---- our own files ---- */

/* A value that no packing keeps; NaN and nothing among them. */
static float value_of(int s, int m, int c)
{
    if (c % 7 == 3) return NAN;
    if (m == 0 && c % 7 == 5) return (float)NWC_NOTHING_DBZ;
    return (float)(s + 1) * 0.1F + (float)m * 17.3F + (float)c / 3.0F;
}

static const struct {
    const char *name, *units;
} moments[] = {{"DBZH", NULL}, {"VRADH", NULL}, {"own thing", "K"}};

static void add_sweep(nwc_volume *volume, int s)
{
    static const int32_t modes[SWEEPS] = {NWC_SWEEP_SURVEILLANCE, NWC_SWEEP_RHI, NWC_SWEEP_MANUAL};
    int64_t times[RAYS];
    float azimuth[RAYS], elevation[RAYS], nyquist[RAYS], cells[RAYS * GATES];
    for (int r = 0; r < RAYS; r++) {
        times[r] = START_NS + s * INT64_C(20000000001) + r * INT64_C(49999999);
        azimuth[r] = 359.9F - 71.3F * (float)r, elevation[r] = 0.1F * (float)(s + r), nyquist[r] = 7.9F + (float)s;
    }
    const nwc_sweep sweep = {.mode = modes[s],
                             .fixed_angle_deg = 0.1 + s,
                             .n_rays = RAYS,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation,
                             .nyquist_m_s = nyquist,
                             .incomplete = s == 1 ? "two rays are missing" : NULL};
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    for (int m = 0; m < 3; m++) {
        for (int c = 0; c < RAYS * GATES; c++) cells[c] = value_of(s, m, c);
        nwc_moment moment = {.name = moments[m].name, .first_gate_m = 62.456510961055756, .gate_spacing_m = 124.9};
        moment.field = (nwc_field){.data = cells,
                                   .ndim = 2,
                                   .dim = {RAYS, GATES},
                                   .stride = {GATES, 1},
                                   .missing = NAN,
                                   .units = moments[m].units};
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
}

static nwc_volume *make_volume(void)
{
    const nwc_volume_facts facts = {.site = "TEST",
                                    .site_name = "somewhere",
                                    .scan_name = "three sweeps",
                                    .latitude_deg = 31.123456789,
                                    .longitude_deg = 121.25,
                                    .altitude_m = 77.5,
                                    .frequency_hz = 2.8e9,
                                    .beam_width_h_deg = 0.95,
                                    .beam_width_v_deg = 1.05,
                                    .time_ns = START_NS};
    nwc_volume *volume;
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    for (int s = 0; s < SWEEPS; s++) add_sweep(volume, s);
    return volume;
}

static void check_sweep(const nwc_volume *one, const nwc_volume *other, int s)
{
    nwc_sweep a, b;
    nwc_moment moment;
    assert_ok(nwc_volume_sweep(one, s, &a));
    assert_ok(nwc_volume_sweep(other, s, &b));
    assert_int_equal(b.n_rays, RAYS);
    assert_int_equal(b.mode, a.mode);
    assert_true(b.fixed_angle_deg == a.fixed_angle_deg);
    assert_string_equal(b.incomplete, a.incomplete);
    assert_memory_equal(b.time_ns, a.time_ns, sizeof(int64_t) * RAYS);
    assert_memory_equal(b.azimuth_deg, a.azimuth_deg, sizeof(float) * RAYS);
    assert_memory_equal(b.elevation_deg, a.elevation_deg, sizeof(float) * RAYS);
    assert_memory_equal(b.nyquist_m_s, a.nyquist_m_s, sizeof(float) * RAYS);
    assert_true(isnan(b.unambiguous_range_m[0]));
    assert_int_equal(b.n_moments, 3);
    for (int m = 0; m < 3; m++) {
        assert_ok(nwc_volume_moment(other, s, m, &moment));
        assert_string_equal(moment.name, moments[m].name);
        if (moments[m].units) assert_string_equal(moment.field.units, moments[m].units);
        assert_true(moment.first_gate_m == 62.456510961055756 && moment.gate_spacing_m == 124.9);
        for (int c = 0; c < RAYS * GATES; c++) {
            const float expected = value_of(s, m, c);
            assert_true(isnan(expected) ? isnan(moment.field.data[c]) : moment.field.data[c] == expected);
        }
    }
}

static void what_was_written_is_read_to_the_bit(void **state)
{
    (void)state;
    nwc_volume *const volume = make_volume();
    nwc_volume *back;
    nwc_volume_facts facts;
    const char *const name = scratch_path;
    assert_ok(nwc_volume_write(NULL, volume, scratch_path, NULL));
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &back));
    assert_ok(nwc_volume_describe(back, &facts));
    assert_string_equal(facts.format, "FM 301");
    assert_string_equal(facts.site, "TEST");
    assert_string_equal(facts.site_name, "somewhere");
    assert_string_equal(facts.scan_name, "three sweeps");
    assert_string_equal(facts.incomplete, "sweep 1: two rays are missing");
    assert_true(facts.latitude_deg == 31.123456789 && facts.longitude_deg == 121.25 && facts.altitude_m == 77.5);
    assert_true(facts.frequency_hz == 2.8e9 && facts.beam_width_h_deg == 0.95 && facts.beam_width_v_deg == 1.05);
    assert_int_equal(facts.time_ns, START_NS);
    assert_int_equal(facts.n_sweeps, SWEEPS);
    assert_int_equal(facts.experimental, 1);
    for (int s = 0; s < SWEEPS; s++) check_sweep(volume, back, s);
    nwc_volume_destroy(back);
    nwc_volume_destroy(volume);
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    nwc_volume *const volume = make_volume();
    assert_ok(nwc_volume_write(NULL, volume, scratch_path, NULL));
    nwc_volume_destroy(volume);
    assert_true(check_every_failing_open(scratch_path) > 100);
}

/* ---- other writers' files ---- */

/* How a file is laid out. */
struct layout {
    const char *groups[2]; /* names of its sweeps, in the order in which they are made */
    bool listed;           /* sweep_group_name says which comes first: the last made */
    const char *ray;       /* the dimension of rays */
    const char *angle;     /* the variable of the fixed angle, "" for a list at the root */
    const char *time_units;
    double time_scale; /* those units in a second */
};

static void put_list(int group, const char *name, nc_type type, int ndim, int dimension, const char *units,
                     const double *numbers)
{
    int id;
    assert_nc(nc_def_var(group, name, type, ndim, &dimension, &id));
    if (units) assert_nc(nc_put_att_text(group, id, "units", strlen(units), units));
    assert_nc(nc_put_var_double(group, id, numbers));
}

/* Reflectivity in two-byte codes of half a dBZ, 0 for nothing there and 65535 for not observed; gates in flags. */
static void put_sweep(int file, const struct layout *layout, int s)
{
    static const double range[GATES] = {250, 750, 1250, 1750, 2250, 2750};
    static const char mode[] = "rhi", flags_name[] = "VRADH_flags", *const modes[] = {mode};
    const float scale = 0.5F, offset = -32.0F;
    const unsigned short fill = 65535, nothing = 0, mask = 1;
    double times[RAYS], azimuth[RAYS], elevation[RAYS], transition[RAYS];
    unsigned short codes[RAYS * GATES];
    unsigned char flags[RAYS * GATES];
    float velocity[RAYS * GATES];
    const double nyquist = 12.5, period = 1e-3, angle = 2.0 + s;
    int group, inner, ray, gate, id;
    for (int r = 0; r < RAYS; r++)
        times[r] = layout->time_scale * (2.0 * s + 0.25 * r), azimuth[r] = -30.0 + 20.0 * r, elevation[r] = 2.0 + s,
        transition[r] = r == 2;
    for (int c = 0; c < RAYS * GATES; c++)
        codes[c] = c % 5 == 1   ? fill
                   : c % 5 == 2 ? nothing
                                : (unsigned short)(64 + 2 * c + s),
        flags[c] = (unsigned char)(c % 2 ? 3 : 2), velocity[c] = (float)c;
    assert_nc(nc_def_grp(file, layout->groups[s], &group));
    assert_nc(nc_def_dim(group, layout->ray, RAYS, &ray));
    assert_nc(nc_def_dim(group, "range", GATES, &gate));
    put_list(group, "time", NC_DOUBLE, 1, ray, layout->time_units, times);
    put_list(group, "azimuth", NC_FLOAT, 1, ray, "degrees", azimuth);
    put_list(group, "elevation", NC_FLOAT, 1, ray, "degrees", elevation);
    put_list(group, "range", NC_FLOAT, 1, gate, "m", range);
    put_list(group, "antenna_transition", NC_BYTE, 1, ray, NULL, transition);
    put_list(group, "nyquist_velocity", NC_FLOAT, 0, 0, "m s-1", &nyquist); /* one for all rays */
    put_list(group, "prt", NC_FLOAT, 0, 0, "s", &period);
    if (layout->angle[0]) put_list(group, layout->angle, NC_FLOAT, 0, 0, "degrees", &angle);
    if (s == 1) {
        assert_nc(nc_def_var(group, "sweep_mode", NC_STRING, 0, NULL, &id));
        assert_nc(nc_put_var_string(group, id, (const char **)modes));
    }
    assert_nc(nc_def_grp(group, "monitoring", &inner));
    put_list(inner, "radar_measured_transmit_power_h", NC_FLOAT, 1, ray, "dBm", times);
    const int shape[2] = {ray, gate};
    assert_nc(nc_def_var(group, "TH", NC_USHORT, 2, shape, &id));
    assert_nc(nc_def_var_deflate(group, id, 1, 1, 1));
    assert_nc(nc_put_att_float(group, id, "scale_factor", NC_FLOAT, 1, &scale));
    assert_nc(nc_put_att_float(group, id, "add_offset", NC_FLOAT, 1, &offset));
    assert_nc(nc_put_att_ushort(group, id, "_FillValue", NC_USHORT, 1, &fill));
    assert_nc(nc_put_att_ushort(group, id, "_Undetect", NC_USHORT, 1, &nothing));
    assert_nc(nc_put_att_text(group, id, "units", 3, "dBZ"));
    assert_nc(nc_put_var_ushort(group, id, codes));
    assert_nc(nc_def_var(group, "ZH", NC_FLOAT, 2, shape, &id)); /* linear: no reflectivity in dBZ */
    assert_nc(nc_put_att_text(group, id, "units", 6, "mm6 m-"));
    assert_nc(nc_put_var_float(group, id, velocity));
    assert_nc(nc_def_var(group, "VRADH", NC_FLOAT, 2, shape, &id));
    assert_nc(nc_put_att_text(group, id, "ancillary_variables", strlen(flags_name), flags_name));
    assert_nc(nc_put_var_float(group, id, velocity));
    assert_nc(nc_def_var(group, flags_name, NC_UBYTE, 2, shape, &id));
    assert_nc(nc_put_att_ushort(group, id, "flag_masks", NC_UBYTE, 1, &mask));
    assert_nc(nc_put_att_text(group, id, "flag_meanings", 12, "range_folded"));
    assert_nc(nc_put_var_uchar(group, id, flags));
}

static void make_file(const struct layout *layout)
{
    int file, dimension, id;
    const double angles[2] = {layout->listed ? 3.0 : 2.0, layout->listed ? 2.0 : 3.0}, latitude = 50.0;
    assert_nc(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    assert_nc(nc_def_dim(file, "sweep", 2, &dimension));
    if (layout->listed) {
        const char *names[2] = {layout->groups[1], layout->groups[0]};
        assert_nc(nc_def_var(file, "sweep_group_name", NC_STRING, 1, &dimension, &id));
        assert_nc(nc_put_var_string(file, id, names));
    }
    put_list(file, "sweep_fixed_angle", NC_FLOAT, 1, dimension, "degrees", angles);
    put_list(file, "latitude", NC_DOUBLE, 0, 0, "degrees_north", &latitude);
    for (int s = 0; s < 2; s++) put_sweep(file, layout, s);
    assert_nc(nc_close(file));
}

/* s: which of the two was made. */
static void check_read_sweep(const nwc_volume *volume, int index, int s)
{
    static const int rows[] = {0, 1, 3, 4}; /* the third ray was in transition */
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(nwc_volume_sweep(volume, index, &sweep));
    assert_int_equal(sweep.n_rays, 4);
    assert_int_equal(sweep.mode, s == 1 ? NWC_SWEEP_RHI : NWC_SWEEP_SURVEILLANCE);
    assert_near(sweep.fixed_angle_deg, 2.0 + s, 0.0);
    assert_near(sweep.azimuth_deg[0], 330.0, 0.0);
    assert_near(sweep.azimuth_deg[2], 30.0, 0.0);
    assert_near(sweep.nyquist_m_s[3], 12.5, 0.0);
    assert_near(sweep.unambiguous_range_m[3], 149896.229, 0.01);
    assert_int_equal(sweep.time_ns[3], START_NS + INT64_C(1000000000) * (2 * s + 1));
    assert_int_equal(sweep.n_moments, 3);
    assert_ok(nwc_volume_find(volume, index, "DBTH", &moment));
    assert_string_equal(moment.own_name, "TH");
    assert_near(moment.resolution, 0.5, 0.0);
    assert_near(moment.first_gate_m, 250.0, 0.0);
    assert_near(moment.gate_spacing_m, 500.0, 0.0);
    for (int k = 0; k < 4 * GATES; k++) {
        const int c = rows[k / GATES] * GATES + k % GATES;
        if (c % 5 == 1)
            assert_true(isnan(moment.field.data[k]));
        else
            assert_near(moment.field.data[k], c % 5 == 2 ? NWC_NOTHING_DBZ : 0.5 * (64 + 2 * c + s) - 32.0, 0.0);
    }
    assert_ok(nwc_volume_find(volume, index, "ZH", &moment));
    assert_ok(nwc_volume_find(volume, index, "VRADH", &moment));
    for (int k = 0; k < 4 * GATES; k++) {
        const int c = rows[k / GATES] * GATES + k % GATES;
        assert_near(moment.field.data[k], c, 0.0);
        assert_int_equal(moment.flags.data[k], c % 2 ? NWC_GATE_RANGE_FOLDED : 0);
    }
}

static void sweeps_are_found_in_all_ways_of_naming_them(void **state)
{
    (void)state;
    static const struct layout layouts[] = {
        {{"sweep_0001", "sweep_0002"}, true, "time", "sweep_fixed_angle", "seconds since 2026-05-28T20:26:40.5Z", 1.0},
        {{"sweep_2", "sweep_10"}, false, "azimuth", "fixed_angle", "milliseconds since 2026-05-28 20:26:40.500", 1e3},
        {{"first", "second"}, true, "time", "", "microseconds since 2026-05-28T22:26:40.5+02:00", 1e6},
        {{"sweep_9", "sweep_10"}, false, "time", "", "seconds since 2026-05-28T20:26:40.5+00:00", 1.0},
    };
    for (size_t k = 0; k < sizeof layouts / sizeof layouts[0]; k++) {
        const char *const name = scratch_path;
        nwc_volume *volume;
        nwc_volume_facts facts;
        make_file(&layouts[k]);
        assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.format, "CfRadial 2");
        assert_int_equal(facts.n_sweeps, 2);
        assert_near(facts.latitude_deg, 50.0, 0.0);
        assert_true(isnan(facts.altitude_m));
        for (int s = 0; s < 2; s++) check_read_sweep(volume, layouts[k].listed ? 1 - s : s, s);
        nwc_volume_destroy(volume);
    }
}

static void what_is_no_sweep_is_refused(void **state)
{
    (void)state;
    const char *const name = scratch_path;
    nwc_volume *volume;
    int file, group, dimension;
    const double numbers[2] = {0.0, 1.0};
    assert_nc(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    assert_nc(nc_def_grp(file, "sweep_0", &group));
    assert_nc(nc_close(file));
    assert_fails(NWC_ERR_UNSUPPORTED, "groups sweep_<number> expected", nwc_volume_open(NULL, &name, 1, NULL, &volume));
    assert_nc(nc_create(scratch_path, NC_NETCDF4 | NC_CLOBBER, &file));
    assert_nc(nc_def_grp(file, "sweep_0", &group));
    assert_nc(nc_def_dim(group, "time", 2, &dimension));
    put_list(group, "azimuth", NC_FLOAT, 1, dimension, "degrees", numbers);
    assert_nc(nc_close(file));
    assert_fails(NWC_ERR_FORMAT, "sweep_0: azimuth and range expected", nwc_volume_open(NULL, &name, 1, NULL, &volume));
    assert_nc(nc_open(scratch_path, NC_WRITE, &file));
    assert_nc(nc_inq_ncid(file, "sweep_0", &group));
    put_list(group, "range", NC_FLOAT, 1, dimension, "m", numbers);
    assert_nc(nc_close(file));
    assert_fails(NWC_ERR_FORMAT, "time, elevation: one for each of 2 rays",
                 nwc_volume_open(NULL, &name, 1, NULL, &volume));
}

static int make_path(void **state)
{
    (void)state;
    return make_scratch_named("volume.nc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_to_the_bit),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(sweeps_are_found_in_all_ways_of_naming_them),
        cmocka_unit_test(what_is_no_sweep_is_refused),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}
