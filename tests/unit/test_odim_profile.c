/* Profiles of ODIM_H5, on trees made by hand and in a file made by the HDF5 library. */
#include "obs/format/netcdf_obs.h"
#include "support/made_hdf5.h"
#include "support/made_tree.h"
#include "support/scratch.h"

#include <stdio.h>

enum { LEVELS = 4 };

/* What a tree is to be. */
struct made {
    const char *object, *time, *end;
    double step;    /* of listed heights; 0 for none listed */
    int directions; /* levels of them */
    const char *task;
};

static const struct made usual = {"VP", "001401", NULL, 200.0, LEVELS, NULL};

/* A quantity stored as (value + 10) / 0.5, -1 and -2 for nodata and undetect. */
static nwc_status add_quantity(nwc__tree *tree, nwc__node *dataset, int n, const char *quantity, int levels,
                               const double *stored)
{
    char name[16];
    nwc__node *data, *what, *array;
    snprintf(name, sizeof name, "data%d", n);
    NWC__TRY(nwc__tree_add(tree, dataset, name, &data));
    NWC__TRY(nwc__tree_add(tree, data, "what", &what));
    NWC__TRY(tree_text(tree, what, "quantity", quantity));
    NWC__TRY(tree_number(tree, what, "gain", 0.5));
    NWC__TRY(tree_number(tree, what, "offset", -10.0));
    NWC__TRY(tree_number(tree, what, "nodata", -1.0));
    NWC__TRY(tree_number(tree, what, "undetect", -2.0));
    NWC__TRY(nwc__tree_add(tree, data, "data", &array));
    array->ndim = 2, array->dim[0] = levels, array->dim[1] = 1;
    NWC__TRY(nwc__tree_values(tree, array));
    memcpy(array->values, stored, (size_t)levels * sizeof *stored);
    return NWC_OK;
}

static nwc_status fill(nwc__tree *tree, const struct made *made)
{
    nwc__node *what, *where, *dataset;
    double heights[LEVELS];
    NWC__TRY(nwc__tree_add(tree, tree->root, "what", &what));
    NWC__TRY(tree_text(tree, what, "object", made->object));
    NWC__TRY(tree_text(tree, what, "source", "WMO:07658,NOD:frnim,RAD:FR49,PLC:Nimes"));
    NWC__TRY(tree_text(tree, what, "date", "20151010"));
    NWC__TRY(tree_text(tree, what, "time", made->time));
    NWC__TRY(nwc__tree_add(tree, tree->root, "where", &where));
    NWC__TRY(tree_number(tree, where, "lat", 43.75));
    NWC__TRY(tree_number(tree, where, "lon", 4.5));
    NWC__TRY(tree_number(tree, where, "height", 70.0));
    NWC__TRY(tree_number(tree, where, "minheight", 100.0));
    NWC__TRY(tree_number(tree, where, "interval", 200.0));
    if (made->task) {
        NWC__TRY(nwc__tree_add(tree, tree->root, "how", &what));
        NWC__TRY(tree_text(tree, what, "task", made->task));
    }
    NWC__TRY(nwc__tree_add(tree, tree->root, "dataset1", &dataset));
    if (made->end) {
        NWC__TRY(nwc__tree_add(tree, dataset, "what", &what));
        NWC__TRY(tree_text(tree, what, "startdate", "20151009"));
        NWC__TRY(tree_text(tree, what, "starttime", "235800"));
        NWC__TRY(tree_text(tree, what, "enddate", "20151010"));
        NWC__TRY(tree_text(tree, what, "endtime", made->end));
    }
    for (int i = 0; i < LEVELS; i++) heights[i] = (made->step * i + 10.0) / 0.5;
    NWC__TRY(add_quantity(tree, dataset, 1, "ff", LEVELS, (const double[]){-1, 60, 20, NAN}));
    NWC__TRY(add_quantity(tree, dataset, 2, "dd", made->directions, (const double[]){-1, 428, 200, -2}));
    NWC__TRY(add_quantity(tree, dataset, 3, "w", LEVELS, (const double[]){-1, 21, -1, -1}));
    NWC__TRY(add_quantity(tree, dataset, 4, "sd_vvp", LEVELS, (const double[]){-1, 26, 24, -1}));
    NWC__TRY(add_quantity(tree, dataset, 5, "DBZH", LEVELS, (const double[]){40, 50, -2, -INFINITY}));
    NWC__TRY(add_quantity(tree, dataset, 6, "n", LEVELS, (const double[]){40, 50, 60, 70}));
    return made->step > 0.0 ? add_quantity(tree, dataset, 7, "HGHT", LEVELS, heights) : NWC_OK;
}

static nwc_status read_made(nwc_ctx *ctx, const struct made *made, nwc_obs **obs)
{
    const struct nwc__obs_hints hints = {.near_ns = NWC_TIME_UNKNOWN};
    nwc__tree tree = {.ctx = ctx};
    *obs = NULL;
    nwc_status status = nwc__tree_create(ctx, 1 << 20, &tree);
    if (status == NWC_OK) status = fill(&tree, made);
    if (status == NWC_OK) status = nwc__obs_create(ctx, "", 1 << 20, obs);
    if (status == NWC_OK) status = nwc__odim_profile_read(&tree, &hints, *obs);
    nwc__tree_destroy(&tree);
    if (status == NWC_OK) return NWC_OK;
    nwc_obs_destroy(*obs);
    *obs = NULL;
    return status;
}

static void a_profile_has_its_winds_by_height(void **state)
{
    static const struct {
        double height_m, value;
        int32_t quantity;
    } wanted[] = {
        {0, 10, NWC_QUANTITY_REFLECTIVITY},
        {200, 20, NWC_QUANTITY_WIND_SPEED},
        {200, 204, NWC_QUANTITY_WIND_FROM_DIRECTION},
        {200, 0.5, NWC_QUANTITY_UPWARD_AIR_VELOCITY},
        {200, 3, NWC_QUANTITY_SPREAD},
        {200, 15, NWC_QUANTITY_REFLECTIVITY},
        {400, 0, NWC_QUANTITY_WIND_SPEED}, /* a calm has no direction */
        {400, 2, NWC_QUANTITY_SPREAD},
    };
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_facts facts;
    nwc_obs_station station;
    assert_ok(read_made(nwc__ctx(NULL), &usual, &obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, sizeof wanted / sizeof *wanted);
    for (int64_t r = 0; r < c.n; r++) {
        assert_int_equal(c.quantity[r], wanted[r].quantity);
        assert_near(c.value[r], wanted[r].value, 0.0);
        assert_near(c.height_m[r], wanted[r].height_m, 0.0);
        assert_true(c.time_ns[r] == INT64_C(1444436041000000000)); /* 2015-10-10 00:14:01 */
        assert_near(c.duration_s[r], 0.0, 0.0);
        assert_int_equal(c.report[r], 0);
    }
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.format, "ODIM_H5");
    assert_string_equal(facts.incomplete, "");
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_int_equal(station.kind, NWC_OBS_VAD);
    assert_string_equal(station.id, "frnim");
    assert_string_equal(station.name, "Nimes");
    assert_near(station.latitude_deg, 43.75, 0.0);
    assert_near(station.longitude_deg, 4.5, 0.0);
    assert_near(station.height_m, 70.0, 0.0);
    nwc_obs_destroy(obs);
}

static void heights_are_listed_in_m_or_km_or_counted(void **state)
{
    static const struct {
        double step, second_m;
    } cases[] = {{0.2, 200.0}, {200.0, 200.0}, {250.0, 250.0}, {0.0, 300.0}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct made made = usual;
        nwc_obs *obs;
        nwc_obs_columns c;
        made.step = cases[k].step;
        assert_ok(read_made(nwc__ctx(NULL), &made, &obs));
        assert_ok(nwc_obs_lend(obs, &c));
        assert_near(c.height_m[1], cases[k].second_m, 1e-9);
        nwc_obs_destroy(obs);
    }
}

static void vol2bird_says_where_things_go_and_where_layers_begin(void **state)
{
    static const struct {
        const char *task;
        double height_m, from_deg;
    } cases[] = {{"vol2bird", 300.0, 24.0}, {"vol2bird 0.5", 300.0, 24.0}, {"se.smhi.wrwp", 200.0, 204.0}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct made made = usual;
        nwc_obs *obs;
        nwc_obs_columns c;
        made.task = cases[k].task;
        assert_ok(read_made(nwc__ctx(NULL), &made, &obs));
        assert_ok(nwc_obs_lend(obs, &c));
        assert_int_equal(c.quantity[2], NWC_QUANTITY_WIND_FROM_DIRECTION);
        assert_near(c.height_m[2], cases[k].height_m, 1e-9);
        assert_near(c.value[2], cases[k].from_deg, 1e-9);
        nwc_obs_destroy(obs);
    }
}

static void a_dataset_may_have_its_own_times(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_obs *obs;
    nwc_obs_columns c;
    made.end = "000300";
    assert_ok(read_made(nwc__ctx(NULL), &made, &obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_true(c.time_ns[0] == INT64_C(1444435380000000000));
    assert_near(c.duration_s[0], 300.0, 0.0);
    nwc_obs_destroy(obs);
}

static void what_does_not_fit_is_left_out_or_refused(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_obs *obs;
    nwc_obs_facts facts;
    made.directions = LEVELS - 1;
    assert_ok(read_made(nwc__ctx(NULL), &made, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "dataset1: data2: dd: a column of as many levels as the others expected");
    assert_int_equal(facts.n_rows, 7);
    nwc_obs_destroy(obs);
    made = usual, made.time = "noon";
    assert_fails(NWC_ERR_FORMAT, "dataset1: what: date YYYYMMDD and time HHmmss expected",
                 read_made(nwc__ctx(NULL), &made, &obs));
    made = usual, made.object = "PVOL";
    assert_fails(NWC_ERR_UNSUPPORTED, "ODIM_H5 object VP expected, \"PVOL\" found",
                 read_made(nwc__ctx(NULL), &made, &obs));
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    nwc_obs *obs;
    const nwc_status status = read_made(ctx, user, &obs);
    nwc_obs_destroy(obs);
    return status;
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    struct made made = usual;
    assert_true(check_every_allocation_failure(read_only, &made) > 20);
}

/* ---- a file ---- */

static void put_file(const char *object, const double *speeds)
{
    const hid_t file = H5Fcreate(scratch_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t what = put_group(file, "what"), where = put_group(file, "where");
    put_text(what, "object", object, false);
    put_text(what, "date", "20151010", false);
    put_text(what, "time", "001401", false);
    put_number(where, "minheight", 500.0), put_number(where, "interval", 100.0);
    const hid_t dataset = put_group(file, "dataset1"), data = put_group(dataset, "data1"),
                inner = put_group(data, "what");
    put_text(inner, "quantity", "ff", false);
    const hid_t space = H5Screate_simple(2, (hsize_t[]){LEVELS, 1}, NULL);
    const hid_t cells = H5Dcreate2(data, "data", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(cells, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, speeds) >= 0);
    H5Dclose(cells), H5Sclose(space), H5Gclose(inner), H5Gclose(data), H5Gclose(dataset);
    H5Gclose(where), H5Gclose(what), H5Fclose(file);
}

static void a_file_is_told_by_its_object(void **state)
{
    static const double speeds[LEVELS] = {1.5, 2.5, 3.5, 4.5};
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    put_file("VP", speeds);
    assert_ok(nwc_obs_open(NULL, scratch_path, NULL, &obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, LEVELS);
    assert_near(c.value[3], 4.5, 0.0);
    assert_near(c.height_m[3], 800.0, 0.0);
    nwc_obs_destroy(obs);
    put_file("XSEC", speeds);
    assert_fails(NWC_ERR_UNSUPPORTED, "ODIM_H5 object VP expected, \"XSEC\" found",
                 nwc_obs_open(NULL, scratch_path, NULL, &obs));
}

static void a_radar_that_saw_no_wind_gives_an_empty_table(void **state)
{
    static const double speeds[LEVELS] = {NAN, NAN, NAN, NAN};
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    put_file("VP", speeds);
    assert_ok(nwc_obs_open(NULL, scratch_path, NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_rows, 0);
    assert_int_equal(facts.n_stations, 1);
    nwc_obs_destroy(obs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_has_its_winds_by_height),
        cmocka_unit_test(heights_are_listed_in_m_or_km_or_counted),
        cmocka_unit_test(vol2bird_says_where_things_go_and_where_layers_begin),
        cmocka_unit_test(a_dataset_may_have_its_own_times),
        cmocka_unit_test(what_does_not_fit_is_left_out_or_refused),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
        cmocka_unit_test(a_file_is_told_by_its_object),
        cmocka_unit_test(a_radar_that_saw_no_wind_gives_an_empty_table),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
