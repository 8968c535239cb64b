/* radar: volumes made by callers, and written to files. */
#include "radar/volume.h"
#include "support/scratch.h"

#include <netcdf.h>

enum { RAYS = 5, GATES = 7, COARSE = 3 };

static int64_t times_ns[RAYS];
static float azimuth[RAYS], elevation[RAYS], nyquist[RAYS], cells[RAYS * GATES], coarse[COARSE * RAYS];
static uint8_t flags[RAYS * GATES];

static nwc_volume_facts facts_of_test(void)
{
    return (nwc_volume_facts){.site = "TEST",
                              .scan_name = "two moments",
                              .latitude_deg = 31.5,
                              .longitude_deg = 121.25,
                              .altitude_m = 77.0,
                              .frequency_hz = 2.8e9,
                              .beam_width_h_deg = 1.0,
                              .beam_width_v_deg = NAN,
                              .time_ns = INT64_C(1780000000500000000)};
}

static nwc_sweep sweep_of_test(void)
{
    for (int r = 0; r < RAYS; r++) {
        times_ns[r] = INT64_C(1780000000500000000) + r * INT64_C(50000000);
        azimuth[r] = 72.0F * (float)((r + 3) % RAYS), elevation[r] = 0.5F, nyquist[r] = 26.5F;
    }
    return (nwc_sweep){.fixed_angle_deg = 0.5,
                       .n_rays = RAYS,
                       .time_ns = times_ns,
                       .azimuth_deg = azimuth,
                       .elevation_deg = elevation,
                       .nyquist_m_s = nyquist};
}

/* Velocity in gates of 250 m from 375 m, with flags; stored gate by gate, so that strides are met. */
static nwc_moment velocity_of_test(void)
{
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            cells[g * RAYS + r] = g == 6 ? NAN : (float)(r - g);
            flags[g * RAYS + r] = g == 6;
        }
    nwc_moment moment = {.name = "VRADH", .first_gate_m = 375.0, .gate_spacing_m = 250.0};
    moment.field = (nwc_field){.data = cells, .ndim = 2, .dim = {RAYS, GATES}, .stride = {1, RAYS}, .missing = NAN};
    moment.flags = (nwc_flags){.data = flags, .ndim = 2, .dim = {RAYS, GATES}, .stride = {1, RAYS}};
    return moment;
}

/* Reflectivity in gates of 1000 m from 1000 m. */
static nwc_moment reflectivity_of_test(void)
{
    for (int c = 0; c < RAYS * COARSE; c++) coarse[c] = c % 4 ? 10.0F * (float)c : (float)NWC_NOTHING_DBZ;
    nwc_moment moment = {.name = "DBZH", .own_name = "Z", .first_gate_m = 1000.0, .gate_spacing_m = 1000.0};
    moment.field = (nwc_field){.data = coarse, .ndim = 2, .dim = {RAYS, COARSE}, .stride = {COARSE, 1}, .missing = NAN};
    return moment;
}

static nwc_status make(nwc_ctx *ctx, nwc_volume **volume)
{
    const nwc_volume_facts facts = facts_of_test();
    const nwc_sweep sweep = sweep_of_test();
    const nwc_moment velocity = velocity_of_test(), reflectivity = reflectivity_of_test();
    nwc_status status = nwc_volume_create(ctx, &facts, volume);
    if (status != NWC_OK) return status;
    status = nwc_volume_add_sweep(*volume, &sweep);
    if (status == NWC_OK) status = nwc_volume_add_moment(*volume, &velocity);
    if (status == NWC_OK) status = nwc_volume_add_moment(*volume, &reflectivity);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static void what_is_added_is_lent_again(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(make(NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "TEST");
    assert_string_equal(facts.version, "");
    assert_int_equal(facts.n_sweeps, 1);
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 2);
    assert_memory_equal(sweep.azimuth_deg, azimuth, sizeof azimuth);
    assert_true(isnan(sweep.unambiguous_range_m[2]));
    assert_ok(nwc_volume_moment(volume, 0, 0, &moment));
    assert_string_equal(moment.field.units, "m s-1");
    assert_string_equal(moment.own_name, "VRADH");
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            const float value = moment.field.data[r * GATES + g];
            assert_true(g == 6 ? isnan(value) : value == (float)(r - g));
            assert_int_equal(moment.flags.data[r * GATES + g], g == 6);
        }
    nwc_volume_destroy(volume);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    nwc_volume *volume, *other;
    nwc_volume_facts facts = facts_of_test();
    nwc_sweep sweep = sweep_of_test();
    nwc_moment moment = velocity_of_test();
    facts.latitude_deg = 91.0;
    assert_fails(NWC_ERR_ARG, "a place on the earth expected, 91", nwc_volume_create(NULL, &facts, &volume));
    facts.latitude_deg = NAN;
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    assert_fails(NWC_ERR_ARG, "a sweep expected before", nwc_volume_add_moment(volume, &moment));
    assert_fails(NWC_ERR_ARG, "at least one sweep", nwc_volume_write(NULL, volume, "volume.nc", NULL));
    azimuth[3] = 360.0F;
    assert_fails(NWC_ERR_ARG, "ray 3: an azimuth of 0 to below 360", nwc_volume_add_sweep(volume, &sweep));
    sweep = sweep_of_test();
    sweep.mode = 9;
    assert_fails(NWC_ERR_ARG, "an nwc_sweep_mode expected, 9", nwc_volume_add_sweep(volume, &sweep));
    sweep.mode = NWC_SWEEP_SECTOR;
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    assert_fails(NWC_ERR_ARG, "sweep 0: at least one moment", nwc_volume_write(NULL, volume, "volume.nc", NULL));
    moment.name = "WIND";
    assert_fails(NWC_ERR_ARG, "a name of FM 301, or another and its units, expected, WIND",
                 nwc_volume_add_moment(volume, &moment));
    moment.name = "VRADH", moment.field.dim[0] = 4;
    assert_fails(NWC_ERR_ARG, "(5, 1 to 32768) cells expected, (4, 7)", nwc_volume_add_moment(volume, &moment));
    moment = velocity_of_test();
    moment.gate_spacing_m = 0.0;
    assert_fails(NWC_ERR_ARG, "gates some metres apart", nwc_volume_add_moment(volume, &moment));
    moment = velocity_of_test();
    assert_ok(nwc_volume_add_moment(volume, &moment));
    assert_fails(NWC_ERR_ARG, "has a moment VRADH already", nwc_volume_add_moment(volume, &moment));
    assert_fails(NWC_ERR_UNSUPPORTED, "a name ending in .nc", nwc_volume_write(NULL, volume, "volume.txt", NULL));
    assert_fails(NWC_ERR_IO, "no/where", nwc_volume_write(NULL, volume, "/tmp/no/where/volume.nc", NULL));
    nwc_volume_destroy(volume);
    assert_ok(make(NULL, &other));
    nwc_volume_destroy(other);
}

static nwc_status make_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_volume *volume = NULL;
    const nwc_status status = make(ctx, &volume);
    nwc_volume_destroy(volume);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(make_only, NULL) > 10);
}

/* Two sweeps: velocity and reflectivity, and velocity alone. */
static nwc_status make_two(nwc_ctx *ctx, nwc_volume **volume)
{
    nwc_status status = make(ctx, volume);
    if (status != NWC_OK) return status;
    const nwc_sweep sweep = sweep_of_test();
    const nwc_moment velocity = velocity_of_test();
    status = nwc_volume_add_sweep(*volume, &sweep);
    if (status == NWC_OK) status = nwc_volume_add_moment(*volume, &velocity);
    return status;
}

static void a_moment_is_put_into_any_sweep(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment got, velocity = velocity_of_test(), reflectivity = reflectivity_of_test();
    assert_ok(make_two(NULL, &volume));
    velocity.name = "VFOLD", velocity.field.units = "1";
    assert_ok(nwc_volume_put_moment(volume, 0, &velocity));
    reflectivity.name = "DBZHC";
    assert_ok(nwc_volume_put_moment(volume, 1, &reflectivity));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 3);
    assert_ok(nwc_volume_moment(volume, 0, 2, &got));
    assert_string_equal(got.name, "VFOLD");
    assert_string_equal(got.field.units, "1");
    assert_near(got.first_gate_m, 375.0, 0.0);
    assert_near(got.field.data[2 * GATES + 1], 1.0, 0.0);
    assert_int_equal(got.flags.data[2 * GATES + 6], 1);
    assert_ok(nwc_volume_find(volume, 1, "DBZHC", &got));
    assert_string_equal(got.own_name, "Z");
    assert_string_equal(got.field.units, "dBZ");
    assert_null(got.flags.data);
    assert_near(got.field.data[1], 10.0, 0.0);
    nwc_volume_destroy(volume);
}

static void a_moment_put_again_takes_the_place_of_the_first(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment got, velocity = velocity_of_test(), reflectivity = reflectivity_of_test();
    nwc__moment *made;
    assert_ok(make_two(NULL, &volume));
    velocity.field.data[0] = 99.0F, velocity.flags.data = NULL;
    assert_ok(nwc_volume_put_moment(volume, 0, &velocity)); /* the first of two */
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 2);
    assert_ok(nwc_volume_moment(volume, 0, 0, &got));
    assert_string_equal(got.name, "VRADH");
    assert_near(got.field.data[0], 99.0, 0.0);
    assert_null(got.flags.data);
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &got)); /* the last, put in again from its own cells */
    assert_ok(nwc_volume_put_moment(volume, 0, &got));
    assert_ok(nwc__volume_put(volume, 0, "KDP", NULL, 2, 500.0, 125.0, &made)); /* and what comes behind it */
    for (int c = 0; c < 2 * RAYS; c++) made->cells[c] = (float)c;
    assert_ok(nwc__volume_put(volume, 0, "KDP", NULL, 3, 500.0, 125.0, &made));
    for (int c = 0; c < 3 * RAYS; c++) made->cells[c] = (float)-c;
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 3);
    assert_ok(nwc_volume_moment(volume, 0, 1, &got));
    assert_string_equal(got.name, "DBZH");
    assert_memory_equal(got.field.data, reflectivity.field.data, sizeof coarse);
    assert_ok(nwc_volume_moment(volume, 0, 2, &got));
    assert_string_equal(got.field.units, "degrees km-1");
    assert_int_equal(got.field.dim[1], 3);
    assert_near(got.field.data[4], -4.0, 0.0);
    nwc_volume_destroy(volume);
}

static void lent_cells_are_looked_at_where_they_are(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_moment got, velocity = velocity_of_test();
    const nwc_sweep sweep = sweep_of_test();
    assert_ok(make(NULL, &volume));
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    assert_fails(NWC_ERR_ARG, "cells of rays one behind the other expected, strides of 1 and ",
                 nwc_volume_lend_moment(volume, &velocity));
    float own[RAYS * GATES] = {0.0F};
    own[GATES + 2] = 3.0F;
    velocity.field.data = own, velocity.field.stride[0] = velocity.field.dim[1], velocity.field.stride[1] = 1;
    assert_ok(nwc_volume_lend_moment(volume, &velocity));
    assert_fails(NWC_ERR_ARG, "has a moment VRADH already", nwc_volume_lend_moment(volume, &velocity));
    assert_ok(nwc_volume_find(volume, 1, "VRADH", &got));
    assert_ptr_equal(got.field.data, own);
    assert_near(got.field.data[GATES + 2], 3.0, 0.0);
    assert_int_equal(got.flags.data[2 * GATES + 6], 1); /* these are copied */
    velocity.flags.data = NULL;
    assert_ok(nwc_volume_put_moment(volume, 1, &got)); /* and in its place come cells of its own */
    assert_ok(nwc_volume_find(volume, 1, "VRADH", &got));
    assert_ptr_not_equal(got.field.data, own);
    assert_near(got.field.data[GATES + 2], 3.0, 0.0);
    nwc_volume_destroy(volume);
}

static void what_cannot_be_put_is_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_moment moment = velocity_of_test();
    char name[16];
    assert_ok(make_two(NULL, &volume));
    assert_fails(NWC_ERR_ARG, "sweep: 0 to 1 expected, 2 given", nwc_volume_put_moment(volume, 2, &moment));
    assert_fails(NWC_ERR_ARG, "sweep: 0 to 1 expected, -1 given", nwc_volume_put_moment(volume, -1, &moment));
    assert_fails(NWC_ERR_ARG, "a volume expected", nwc_volume_put_moment(NULL, 0, &moment));
    assert_fails(NWC_ERR_ARG, "a moment expected", nwc_volume_put_moment(volume, 0, NULL));
    moment.name = "WIND";
    assert_fails(NWC_ERR_ARG, "a name of FM 301, or another and its units, expected, WIND",
                 nwc_volume_put_moment(volume, 0, &moment));
    moment.name = name, moment.field.units = "1";
    for (int n = 1; n < NWC__MOST_MOMENTS; n++) {
        snprintf(name, sizeof name, "M%d", n);
        assert_ok(nwc_volume_put_moment(volume, 1, &moment));
    }
    assert_ok(nwc_volume_put_moment(volume, 1, &moment)); /* one of the same name has its place */
    moment.name = "ONEMORE";
    assert_fails(NWC_ERR_ARG, "ONEMORE: at most 64 moments", nwc_volume_put_moment(volume, 1, &moment));
    nwc_volume_destroy(volume);
}

static nwc_status put_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_volume *volume = NULL;
    nwc_sweep sweep;
    nwc_moment velocity = velocity_of_test();
    nwc_status status = make_two(ctx, &volume);
    if (status == NWC_OK) {
        status = nwc_volume_put_moment(volume, 0, &velocity);
        velocity.name = "VRADDH";
        if (status == NWC_OK) status = nwc_volume_put_moment(volume, 0, &velocity);
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.n_moments, status == NWC_OK ? 3 : 2);
    }
    nwc_volume_destroy(volume);
    return status;
}

static void a_moment_that_cannot_be_put_leaves_the_sweep_as_it_was(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(put_only, NULL) > 20);
}

static void netcdf_holds_what_fm_301_says(void **state)
{
    (void)state;
    nwc_volume *volume;
    int file, sweep, id;
    double number, seconds[RAYS];
    float ranges[12], values[RAYS * 13], nothing;
    size_t n;
    assert_ok(make(NULL, &volume));
    assert_ok(nwc_volume_write(NULL, volume, scratch_path, NULL));
    nwc_volume_destroy(volume);
    assert_int_equal(nc_open(scratch_path, NC_NOWRITE, &file), NC_NOERR);
    assert_int_equal(nc_inq_varid(file, "altitude", &id), NC_NOERR);
    assert_int_equal(nc_get_var_double(file, id, &number), NC_NOERR);
    assert_near(number, 77.0, 0.0);
    assert_int_equal(nc_inq_grp_ncid(file, "sweep_0", &sweep), NC_NOERR);
    assert_int_equal(nc_inq_varid(sweep, "time", &id), NC_NOERR);
    assert_int_equal(nc_get_var_double(sweep, id, seconds), NC_NOERR);
    assert_near(seconds[3], 0.65, 1e-9); /* since the whole second */
    assert_int_equal(nc_inq_dimid(sweep, "range", &id), NC_NOERR);
    assert_int_equal(nc_inq_dimlen(sweep, id, &n), NC_NOERR);
    assert_int_equal(n, 13); /* 250 to 3500 m: the reach of the coarse gates, from the first fine one */
    assert_int_equal(nc_inq_varid(sweep, "range", &id), NC_NOERR);
    const size_t start = 0, count = 12;
    assert_int_equal(nc_get_vara_float(sweep, id, &start, &count, ranges), NC_NOERR);
    assert_near(ranges[0], 375.0, 0.0);
    assert_near(ranges[5], 1625.0, 0.0);
    assert_int_equal(nc_inq_varid(sweep, "VRADH", &id), NC_NOERR);
    assert_int_equal(nc_get_var_float(sweep, id, values), NC_NOERR);
    for (int g = 0; g < 13; g++) assert_true(g < 6 ? values[2 * 13 + g] == (float)(2 - g) : isnan(values[2 * 13 + g]));
    assert_int_equal(nc_inq_varid(sweep, "DBZH", &id), NC_NOERR);
    assert_int_equal(nc_get_var_float(sweep, id, values), NC_NOERR);
    assert_int_equal(nc_get_att_float(sweep, id, "_Undetect", &nothing), NC_NOERR);
    assert_near(nothing, -128.0, 0.0);
    for (int g = 0; g < 13; g++) { /* gate 0 reaches from 500 to 1500 m */
        const double range_m = 375.0 + 250.0 * g;
        const int from = range_m < 500.0 ? -1 : (int)((range_m - 500.0) / 1000.0);
        assert_true(from < 0 ? isnan(values[13 + g]) : values[13 + g] == coarse[COARSE + from]);
    }
    assert_int_equal(nc_close(file), NC_NOERR);
}

static int make_path(void **state)
{
    (void)state;
    return make_scratch_named("volume.nc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_lent_again),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(a_moment_is_put_into_any_sweep),
        cmocka_unit_test(a_moment_put_again_takes_the_place_of_the_first),
        cmocka_unit_test(lent_cells_are_looked_at_where_they_are),
        cmocka_unit_test(what_cannot_be_put_is_refused),
        cmocka_unit_test(a_moment_that_cannot_be_put_leaves_the_sweep_as_it_was),
        cmocka_unit_test(netcdf_holds_what_fm_301_says),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}
