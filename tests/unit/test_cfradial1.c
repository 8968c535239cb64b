/* CfRadial 1: files made by netCDF-C in both layouts, and real ones. */
#include "support/read_volume.h"
#include "support/scratch.h"

#include <netcdf.h>

enum { RAYS = 7, GATES = 4, SWEEPS = 3 };

#define assert_nc(call) assert_int_equal((call), NC_NOERR)

static void put_numbers(int file, const char *name, int dimension, nc_type type, const char *units,
                        const double *numbers)
{
    int id;
    assert_nc(nc_def_var(file, name, type, dimension >= 0, &dimension, &id));
    if (units) assert_nc(nc_put_att_text(file, id, "units", strlen(units), units));
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_var_double(file, id, numbers));
}

/* The stored number of gate g of ray r: -32768 is the fill value. */
static int16_t stored(int r, int g)
{
    return g == 3 && r % 2 ? -32768 : (int16_t)(100 * r + 10 * g - 150);
}

/* Seven rays: two sweeps of three, the ray between them in transition, and a sweep without rays. */
static void make(bool points, const char *range_units)
{
    static const double times[RAYS] = {0.5, 1.5, 2.5, 3.0, 3.5, 4.5, 5.5};
    static const double azimuths[RAYS] = {350.0, -5.0, 10.0, 50.0, 0.0, 120.0, 240.0};
    static const double elevations[RAYS] = {0.5, 0.5, 0.5, 0.9, 1.5, 1.5, 1.5},
                        transition[RAYS] = {0, 0, 0, 1, 0, 0, 0};
    static const double nyquist[RAYS] = {26.5, 26.5, 26.5, 26.5, 30.0, 30.0, 30.0};
    static const double starts[SWEEPS] = {0, 3, 0}, ends[SWEEPS] = {2, 6, -1}, angles[SWEEPS] = {0.5, 1.5, 2.5};
    static const double latitude = 34.93, longitude = -86.08, altitude = 537.0;
    static const char modes[SWEEPS][8] = {"sector ", "RHI    ", "ppi    "};
    double range[GATES], ray_gates[RAYS], ray_start[RAYS];
    int file, rays, gates, sweeps, text, n_points, id[3];
    int64_t n = 0;
    const bool km = strcmp(range_units, "km") == 0;
    for (int g = 0; g < GATES; g++) range[g] = (km ? 0.001 : 1.0) * (125.0 + 250.0 * g);
    for (int r = 0; r < RAYS; r++) ray_start[r] = (double)n, ray_gates[r] = r == 5 ? 2 : GATES, n += r == 5 ? 2 : GATES;
    assert_nc(nc_create(scratch_path, points ? NC_NETCDF4 : NC_CLOBBER, &file));
    assert_nc(nc_put_att_text(file, NC_GLOBAL, "Conventions", 9, "CF/Radial"));
    assert_nc(nc_put_att_text(file, NC_GLOBAL, "version", 3, "1.4"));
    assert_nc(nc_put_att_text(file, NC_GLOBAL, "instrument_name", 4, "KTST"));
    assert_nc(nc_def_dim(file, "time", RAYS, &rays));
    assert_nc(nc_def_dim(file, "range", GATES, &gates));
    assert_nc(nc_def_dim(file, "sweep", SWEEPS, &sweeps));
    assert_nc(nc_def_dim(file, "string_length", 8, &text));
    assert_nc(nc_def_dim(file, "n_points", (size_t)n, &n_points));
    assert_nc(nc_def_var(file, "sweep_mode", NC_CHAR, 2, (const int[]){sweeps, text}, &id[0]));
    const int shape[2] = {points ? n_points : rays, gates};
    static const char *const names[3] = {"VEL", "REF", "DBZ"};
    const float scale = 0.01F, offset = 1.0F;
    const short fill = -32768;
    for (int k = 0; k < 3; k++) {
        int field;
        assert_nc(nc_def_var(file, names[k], NC_SHORT, points ? 1 : 2, shape, &field));
        assert_nc(nc_put_att_float(file, field, "scale_factor", NC_FLOAT, 1, &scale));
        assert_nc(nc_put_att_float(file, field, "add_offset", NC_FLOAT, 1, &offset));
        assert_nc(nc_put_att_short(file, field, "_FillValue", NC_SHORT, 1, &fill));
        assert_nc(nc_put_att_text(file, field, "units", 3, k ? "dBZ" : "m/s"));
        if (k == 0)
            assert_nc(nc_put_att_text(file, field, "standard_name", 50,
                                      "radial_velocity_of_scatterers_away_from_instrument"));
    }
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_var_text(file, id[0], modes[0]));
    for (int k = 0; k < 3; k++) {
        int field;
        short cells[RAYS * GATES];
        int64_t at = 0;
        for (int r = 0; r < RAYS; r++)
            for (int g = 0; g < (points ? (int)ray_gates[r] : GATES); g++) cells[at++] = stored(r, g);
        assert_nc(nc_inq_varid(file, names[k], &field));
        assert_nc(nc_put_var_short(file, field, cells));
    }
    const struct {
        const char *name;
        int dimension;
        nc_type type;
        const char *units;
        const double *numbers;
    } others[] = {
        {"time", rays, NC_DOUBLE, "seconds since 2008-04-11T18:21:40Z", times},
        {"range", gates, NC_FLOAT, range_units, range},
        {"azimuth", rays, NC_FLOAT, "degrees", azimuths},
        {"elevation", rays, NC_FLOAT, "degrees", elevations},
        {"antenna_transition", rays, NC_BYTE, NULL, transition},
        {"nyquist_velocity", rays, NC_FLOAT, "m/s", nyquist},
        {"sweep_start_ray_index", sweeps, NC_INT, NULL, starts},
        {"sweep_end_ray_index", sweeps, NC_INT, NULL, ends},
        {"fixed_angle", sweeps, NC_FLOAT, "degrees", angles},
        {"latitude", -1, NC_DOUBLE, "degrees_north", &latitude},
        {"longitude", -1, NC_DOUBLE, "degrees_east", &longitude},
        {"altitude", -1, NC_DOUBLE, "meters", &altitude},
        {"ray_n_gates", rays, NC_INT, NULL, ray_gates},
        {"ray_start_index", rays, NC_INT, NULL, ray_start},
    };
    for (size_t k = 0; k < sizeof others / sizeof others[0] - (points ? 0 : 2); k++) {
        assert_nc(nc_redef(file));
        put_numbers(file, others[k].name, others[k].dimension, others[k].type, others[k].units, others[k].numbers);
    }
    assert_nc(nc_close(file));
}

static void check(bool points)
{
    const char *const file = scratch_path;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(nwc_volume_open(NULL, &file, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.format, "CfRadial 1");
    assert_string_equal(facts.version, "1.4");
    assert_string_equal(facts.site, "KTST");
    assert_near(facts.latitude_deg, 34.93, 1e-12);
    assert_near(facts.altitude_m, 537.0, 0.0);
    assert_int_equal(facts.n_sweeps, 2);
    for (int s = 0; s < 2; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_int_equal(sweep.n_rays, 3);
        assert_int_equal(sweep.mode, s ? NWC_SWEEP_RHI : NWC_SWEEP_SECTOR);
        assert_near(sweep.fixed_angle_deg, s ? 1.5 : 0.5, 1e-6);
        assert_near(sweep.azimuth_deg[1], s ? 120.0 : 355.0, 0.0);
        assert_near(sweep.nyquist_m_s[2], s ? 30.0 : 26.5, 1e-6);
        assert_int_equal(sweep.time_ns[2],
                         INT64_C(1207938100000000000) + (s ? INT64_C(5500000000) : INT64_C(2500000000)));
        assert_int_equal(sweep.n_moments, 3);
        static const char *const names[3] = {"VRADH", "DBZH", "DBZ"}; /* a second reflectivity keeps its own name */
        for (int k = 0; k < 3; k++) {
            assert_ok(nwc_volume_find(volume, s, names[k], &moment));
            assert_string_equal(moment.field.units, k == 0 ? "m s-1" : "dBZ");
            assert_near(moment.first_gate_m, 125.0, 1e-3);
            assert_near(moment.gate_spacing_m, 250.0, 1e-3);
            for (int r = 0; r < 3; r++)
                for (int g = 0; g < GATES; g++) {
                    const int row = s ? 4 + r : r;
                    const float value = moment.field.data[r * GATES + g];
                    if (stored(row, g) == -32768 || (points && row == 5 && g >= 2))
                        assert_true(isnan(value));
                    else
                        assert_near(value, 0.01 * stored(row, g) + 1.0, 1e-5);
                }
        }
    }
    nwc_volume_destroy(volume);
}

static void both_layouts_give_the_same_rays(void **state)
{
    (void)state;
    make(false, "meters");
    check(false);
    make(true, "km");
    check(true);
}

/* Two sweeps of two rays on gates of their own, of floats that were never written, are fill or are missing. */
static void make_ranges(double last)
{
    const double times[4] = {0, 1, 2, 3}, angles[4] = {10, 20, 30, 40}, up[4] = {0.5, 0.5, 4.0, 4.0};
    const double starts[2] = {0, 2}, ends[2] = {1, 3}, ranges[2][3] = {{500, 1500, 2500}, {125, 375, last}};
    const float missing = -999.0F, cells[6] = {1.0F, -999.0F, 3.0F, 4.0F, 5.0F, 6.0F};
    const size_t first[2] = {0, 0}, count[2] = {2, 3};
    int file, rays, gates, sweeps, id;
    assert_nc(nc_create(scratch_path, NC_CLOBBER, &file));
    assert_nc(nc_def_dim(file, "time", 4, &rays));
    assert_nc(nc_def_dim(file, "range", 3, &gates));
    assert_nc(nc_def_dim(file, "sweep", 2, &sweeps));
    assert_nc(nc_def_var(file, "V", NC_FLOAT, 2, (const int[]){rays, gates}, &id));
    assert_nc(nc_put_att_float(file, id, "missing_value", NC_FLOAT, 1, &missing));
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_vara_float(file, id, first, count, cells)); /* the second sweep is left to netCDF's own fill */
    assert_nc(nc_redef(file));
    assert_nc(nc_def_var(file, "range", NC_DOUBLE, 2, (const int[]){sweeps, gates}, &id));
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_var_double(file, id, ranges[0]));
    const struct {
        const char *name;
        int dimension;
        const double *numbers;
    } lists[] = {{"azimuth", rays, angles},
                 {"elevation", rays, up},
                 {"sweep_start_ray_index", sweeps, starts},
                 {"sweep_end_ray_index", sweeps, ends}};
    assert_nc(nc_redef(file));
    put_numbers(file, "time", rays, NC_DOUBLE, "seconds since 2008-04-11T18:21:40Z", times);
    for (int k = 0; k < 4; k++) {
        assert_nc(nc_redef(file));
        put_numbers(file, lists[k].name, lists[k].dimension, NC_DOUBLE, "degrees", lists[k].numbers);
    }
    assert_nc(nc_close(file));
}

static void sweeps_may_have_gates_of_their_own(void **state)
{
    (void)state;
    const char *const name = scratch_path;
    nwc_volume *volume;
    nwc_moment moment;
    make_ranges(625.0);
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
    for (int s = 0; s < 2; s++) {
        assert_ok(nwc_volume_find(volume, s, "VRADH", &moment));
        assert_near(moment.first_gate_m, s ? 125.0 : 500.0, 0.0);
        assert_near(moment.gate_spacing_m, s ? 250.0 : 1000.0, 0.0);
        for (int c = 0; c < 6; c++)
            assert_true(s == 1 || c == 1 ? isnan(moment.field.data[c]) : moment.field.data[c] == (float)(c + 1));
    }
    nwc_volume_destroy(volume);
    make_ranges(700.0);
    assert_fails(NWC_ERR_UNSUPPORTED, "range: equal steps expected", nwc_volume_open(NULL, &name, 1, NULL, &volume));
}

/* Bytes, shorts and ints of the classic model, which has no others, that mean numbers without a sign. */
static void fields_marked_unsigned_have_no_numbers_below_zero(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        nc_type type;
        double wrap;
    } fields[] = {{"SNRH", NC_BYTE, 256.0}, {"WRADH", NC_SHORT, 65536.0}, {"ZDR", NC_INT, 4294967296.0}};
    static const int numbers[4] = {0, 100, -2, -1}, fill = -1;
    const float scale = 0.5F, offset = -10.0F;
    const char *const name = scratch_path;
    int file, rays, gates, id;
    make_ranges(625.0);
    assert_nc(nc_open(scratch_path, NC_WRITE, &file));
    assert_nc(nc_redef(file));
    assert_nc(nc_inq_dimid(file, "time", &rays));
    assert_nc(nc_inq_dimid(file, "range", &gates));
    for (int k = 0; k < 3; k++) {
        assert_nc(nc_def_var(file, fields[k].name, fields[k].type, 2, (const int[]){rays, gates}, &id));
        assert_nc(nc_put_att_text(file, id, "_Unsigned", 4, "true"));
        assert_nc(nc_put_att_int(file, id, "_FillValue", fields[k].type, 1, &fill));
        assert_nc(nc_put_att_float(file, id, "scale_factor", NC_FLOAT, 1, &scale));
        assert_nc(nc_put_att_float(file, id, "add_offset", NC_FLOAT, 1, &offset));
    }
    assert_nc(nc_enddef(file));
    for (int k = 0; k < 3; k++) {
        assert_nc(nc_inq_varid(file, fields[k].name, &id));
        for (size_t c = 0; c < 12; c++)
            assert_nc(nc_put_var1_int(file, id, (const size_t[]){c / 3, c % 3}, &numbers[c % 4]));
    }
    assert_nc(nc_close(file));
    nwc_volume *volume;
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
    for (int k = 0; k < 3; k++) {
        const double expected[3] = {-10.0, 40.0, 0.5 * (fields[k].wrap - 2.0) - 10.0};
        nwc_moment moment;
        assert_ok(nwc_volume_find(volume, 0, fields[k].name, &moment));
        for (int c = 0; c < 6; c++)
            assert_true(c % 4 == 3 ? isnan(moment.field.data[c]) : moment.field.data[c] == (float)expected[c % 4]);
    }
    nwc_volume_destroy(volume);
}

static void other_netcdf_is_refused(void **state)
{
    (void)state;
    const char *const name = scratch_path;
    int file, dimension;
    nwc_volume *volume;
    assert_nc(nc_create(scratch_path, NC_NETCDF4, &file));
    assert_nc(nc_def_dim(file, "x", 3, &dimension));
    assert_nc(nc_close(file));
    assert_fails(NWC_ERR_UNSUPPORTED, "but no ODIM_H5", nwc_volume_open(NULL, &name, 1, NULL, &volume));
    make(false, "meters");
    assert_nc(nc_open(scratch_path, NC_WRITE, &file));
    const int last = 90;
    const size_t at = 1;
    int id;
    assert_nc(nc_inq_varid(file, "sweep_end_ray_index", &id));
    assert_nc(nc_put_var1_int(file, id, &at, &last));
    assert_nc(nc_close(file));
    assert_fails(NWC_ERR_FORMAT, "sweep 1: rays 3 to 90 of 7", nwc_volume_open(NULL, &name, 1, NULL, &volume));
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    make(true, "meters");
    assert_true(check_every_failing_open(scratch_path) > 50);
}

static void real_files_hold_what_is_known_of_them(void **state)
{
    (void)state;
    const char *name = real_data("radar/cfradial/cfrad.20080411_182140.206_to_20080411_182632.190_KHTX_SUR.nc");
    if (!name) skip();
    static const char *const names[] = {"DBZH", "VRADH", "VRADDH", "DBZ"};
    static const int64_t known[] = {965812, 827105, 392320, 452426};
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_moment moment;
    float least = INFINITY, most = -INFINITY;
    int64_t count[4] = {0};
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 14);
    for (int32_t s = 0; s < 14; s++)
        for (int k = 0; k < 4; k++) {
            assert_ok(nwc_volume_find(volume, s, names[k], &moment));
            for (int64_t g = 0; g < moment.field.dim[0] * moment.field.dim[1]; g++) {
                const float value = moment.field.data[g];
                count[k] += !isnan(value);
                if (k == 2 && value < least) least = value;
                if (k == 2 && value > most) most = value;
            }
        }
    nwc_volume_destroy(volume);
    for (int k = 0; k < 4; k++) assert_int_equal(count[k], known[k]);
    assert_near(least, -82.49, 0.011);
    assert_near(most, 68.50, 0.011);
    name = real_data("retrieval/armor-khtx-20080411/armor_20080411_182230_from_dorade.nc");
    int64_t velocities = 0;
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 12);
    for (int32_t s = 0; s < 12; s++) {
        assert_ok(nwc_volume_find(volume, s, "VRADH", &moment));
        for (int64_t g = 0; g < moment.field.dim[0] * moment.field.dim[1]; g++)
            velocities += !isnan(moment.field.data[g]);
    }
    assert_int_equal(velocities, 1083051);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_layouts_give_the_same_rays),
        cmocka_unit_test(sweeps_may_have_gates_of_their_own),
        cmocka_unit_test(fields_marked_unsigned_have_no_numbers_below_zero),
        cmocka_unit_test(other_netcdf_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(real_files_hold_what_is_known_of_them),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
