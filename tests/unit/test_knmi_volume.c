/* Volumes of the KNMI, on trees made by hand as its format has them. */
#include "support/made_tree.h"
#include "support/support.h"

#include <stdio.h>

enum { RAYS = 4, GATES = 3, SCANS = 2 };

/* What a tree is to be. */
struct made {
    const char *formula; /* of Z */
    const char *time;
    double elevation, velocity;
    int rays; /* of the second array */
};

static const struct made usual = {"GEO=0.500000*PV+-32.000000", "10-JUN-2011;11:40:02.000", 0.5, 18.0, RAYS};

static const uint8_t codes[RAYS * GATES] = {0, 1, 64, 3, 2, 0, 100, 101, 254, 7, 255, 66};

static nwc_status add_array(nwc__tree *tree, nwc__node *scan, const char *name, int width, int rays)
{
    nwc__node *array;
    NWC__TRY(nwc__tree_add(tree, scan, name, &array));
    array->ndim = 2, array->dim[0] = rays, array->dim[1] = GATES;
    if (width == 8) {
        NWC__TRY(nwc__tree_values(tree, array));
        for (int c = 0; c < rays * GATES; c++) array->values[c] = codes[c];
        return NWC_OK;
    }
    array->type = width == 2 ? NWC__CELL_U16 : NWC__CELL_U8;
    NWC__TRY(nwc__tree_cells(tree, array));
    for (int c = 0; c < rays * GATES; c++) {
        const uint16_t wide = (uint16_t)(200 * codes[c]);
        if (width == 2)
            memcpy(array->cells + 2 * c, &wide, sizeof wide);
        else
            array->cells[c] = codes[c];
    }
    return NWC_OK;
}

static nwc_status add_scan(nwc__tree *tree, const struct made *made, int n)
{
    nwc__node *scan, *calibration;
    char name[16];
    snprintf(name, sizeof name, "scan%d", n);
    NWC__TRY(nwc__tree_add(tree, tree->root, name, &scan));
    NWC__TRY(tree_number(tree, scan, "scan_elevation", n == 1 ? made->elevation : 90.0));
    NWC__TRY(tree_number(tree, scan, "scan_range_bin", 0.25));
    NWC__TRY(tree_number(tree, scan, "scan_start_azim", 1.0));
    NWC__TRY(tree_number(tree, scan, "scan_antenna_velocity", made->velocity));
    NWC__TRY(tree_number(tree, scan, "scan_high_PRF", 1000.0));
    NWC__TRY(tree_text(tree, scan, "scan_datetime", made->time));
    NWC__TRY(nwc__tree_add(tree, scan, "calibration", &calibration));
    NWC__TRY(tree_text(tree, calibration, "calibration_Z_formulas", made->formula));
    NWC__TRY(tree_text(tree, calibration, "calibration_V_formulas", "GEO = 0.01 * PV + -31.99"));
    NWC__TRY(tree_text(tree, calibration, "calibration_uPhiDP_formulas", "GEO=1*PV+0"));
    NWC__TRY(tree_number(tree, calibration, "calibration_missing_data", 0.0));
    NWC__TRY(add_array(tree, scan, "scan_uPhiDP_data", 8, RAYS));
    NWC__TRY(add_array(tree, scan, "scan_V_data", 2, n == 1 ? made->rays : RAYS));
    NWC__TRY(add_array(tree, scan, "scan_Z_data", 1, RAYS));     /* a tree lists the last added first */
    return nwc__tree_add(tree, scan, "scan_data", &calibration); /* no name of a quantity */
}

static nwc_status make(nwc_ctx *ctx, const struct made *made, nwc__tree *tree)
{
    static const double place[2] = {4.789997, 52.953339};
    nwc__node *radar;
    NWC__TRY(nwc__tree_create(ctx, 1 << 20, tree));
    NWC__TRY(nwc__tree_add(tree, tree->root, "radar1", &radar));
    NWC__TRY(nwc__tree_attribute(tree, radar, "radar_location", NULL, place, 2));
    NWC__TRY(tree_text(tree, radar, "radar_name", "DenHelder"));
    for (int n = 1; n <= SCANS; n++) NWC__TRY(add_scan(tree, made, n));
    return NWC_OK;
}

static nwc_status read_made(nwc_ctx *ctx, const struct made *made, nwc_volume **volume)
{
    nwc__tree tree = {.ctx = ctx};
    return tree_volume(make(ctx, made, &tree), &tree, nwc__knmi_volume_read, volume);
}

static void scans_are_sweeps_and_formulas_give_their_values(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(read_made(nwc__ctx(NULL), &usual, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.format, "KNMI HDF5");
    assert_string_equal(facts.site_name, "DenHelder");
    assert_near(facts.latitude_deg, 52.953339, 0.0);
    assert_near(facts.longitude_deg, 4.789997, 0.0);
    assert_true(isnan(facts.altitude_m));
    assert_int_equal(facts.experimental, 1);
    assert_int_equal(facts.n_sweeps, SCANS);
    assert_ok(nwc_volume_sweep(volume, 1, &sweep));
    assert_int_equal(sweep.mode, NWC_SWEEP_VERTICAL_POINTING);
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 3);
    assert_near(sweep.fixed_angle_deg, 0.5, 0.0);
    assert_near(sweep.nyquist_m_s[3], 31.99, 1e-5);
    assert_near(sweep.unambiguous_range_m[0], 149896.2, 0.1);
    for (int r = 0; r < RAYS; r++) { /* from row 1 on, 20 s around */
        assert_near(sweep.azimuth_deg[r], 45.0 + 90.0 * ((r + 1) % RAYS), 0.0);
        assert_int_equal(sweep.time_ns[r], INT64_C(1307706002000000000) + (2 * r + 1) * INT64_C(2500000000));
    }
    static const char *const names[3] = {"DBZH", "VRADH", "uPhiDP"};
    static const double gains[3] = {0.5, 2.0, 1.0}, offsets[3] = {-32.0, -31.99, 0.0};
    for (int m = 0; m < 3; m++) {
        assert_ok(nwc_volume_find(volume, 0, names[m], &moment));
        assert_near(moment.first_gate_m, 125.0, 1e-9);
        assert_near(moment.gate_spacing_m, 250.0, 1e-9);
        for (int c = 0; c < RAYS * GATES; c++) {
            const int code = codes[(c + GATES) % (RAYS * GATES)];
            if (code == 0)
                assert_true(isnan(moment.field.data[c])); /* no echo and not observed are one code */
            else
                assert_near(moment.field.data[c], gains[m] * code + offsets[m], 1e-4);
        }
    }
    nwc_volume_destroy(volume);
}

static void what_is_not_as_the_format_has_it_is_named(void **state)
{
    (void)state;
    nwc_volume *volume;
    struct made made = usual;
    made.formula = "GEO=PV";
    assert_fails(NWC_ERR_FORMAT, "scan1/calibration: calibration_Z_formulas GEO = gain * PV + offset expected",
                 read_made(nwc__ctx(NULL), &made, &volume));
    made = usual, made.time = "yesterday";
    assert_fails(NWC_ERR_FORMAT, "scan1: scan_datetime DD-MON-YYYY;hh:mm:ss expected",
                 read_made(nwc__ctx(NULL), &made, &volume));
    made = usual, made.elevation = NAN;
    assert_fails(NWC_ERR_FORMAT, "scan1: scan_elevation in degrees expected",
                 read_made(nwc__ctx(NULL), &made, &volume));
    made = usual, made.rays = 3;
    assert_fails(NWC_ERR_FORMAT, "scan1/scan_V_data: 4 rays expected, 3 found",
                 read_made(nwc__ctx(NULL), &made, &volume));
}

static void an_antenna_that_turns_backwards_is_followed(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    nwc_sweep sweep;
    made.velocity = -18.0;
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    for (int r = 0; r < RAYS; r++) assert_near(sweep.azimuth_deg[r], 45.0 + 90.0 * ((RAYS + 1 - r) % RAYS), 0.0);
    nwc_volume_destroy(volume);
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    nwc_volume *volume;
    const nwc_status status = read_made(ctx, user, &volume);
    nwc_volume_destroy(volume);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    struct made made = usual;
    assert_true(check_every_allocation_failure(read_only, &made) > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_are_sweeps_and_formulas_give_their_values),
        cmocka_unit_test(what_is_not_as_the_format_has_it_is_named),
        cmocka_unit_test(an_antenna_that_turns_backwards_is_followed),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
