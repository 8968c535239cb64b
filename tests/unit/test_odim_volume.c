/* ODIM_H5 volumes and sweeps: on trees made by hand, and on real files. */
#define _POSIX_C_SOURCE 200809L
#include "support/made_tree.h"
#include "support/support.h"

enum { RAYS = 4, GATES = 3 };

/* What a tree is to be: the defaults are a volume of model 2.2 with two sweeps. */
struct made {
    const char *conventions, *object;
    double rstart;
    bool arrays; /* azimuths and times of each ray */
    bool nyquist;
    int sweeps;
    int rays; /* of the second moment of the first sweep */
    /* texts of model 2.0: a name and pairs of it, azimuths, elevations and times */
    const char *angles_name, *angles, *elevations, *times;
    bool no_stop; /* startazA alone */
    double rpm;
    double from, to;     /* azimuths of a sector */
    const char *azimuth; /* of a sweep upwards: the name it goes by */
    int listed;          /* of such a sweep, how many of its elevations are listed */
    bool reach;          /* a greatest range for the length of a gate */
    double first;        /* a1gate */
};

static const struct made usual = {.conventions = "ODIM_H5/V2_2",
                                  .object = "PVOL",
                                  .rstart = 0.5,
                                  .nyquist = true,
                                  .sweeps = 2,
                                  .rays = RAYS,
                                  .first = 1.0};

static const uint8_t codes[RAYS * GATES] = {255, 0, 64, 1, 2, 3, 100, 101, 254, 0, 255, 66};
static const uint16_t wide[RAYS * GATES] = {0, 1, 32768, 40000, 5, 6, 7, 8, 9, 10, 11, 65535};

static nwc_status add_data(nwc__tree *tree, nwc__node *dataset, int m, const char *quantity, double gain, double offset,
                           double nodata, bool two_bytes, int rays)
{
    nwc__node *data, *what, *array;
    char name[32];
    snprintf(name, sizeof name, "data%d", m);
    NWC__TRY(nwc__tree_add(tree, dataset, name, &data));
    NWC__TRY(nwc__tree_add(tree, data, "what", &what));
    NWC__TRY(tree_text(tree, what, "quantity", quantity));
    NWC__TRY(tree_number(tree, what, "gain", gain));
    NWC__TRY(tree_number(tree, what, "offset", offset));
    NWC__TRY(tree_number(tree, what, "nodata", nodata));
    NWC__TRY(tree_number(tree, what, "undetect", 0.0));
    NWC__TRY(nwc__tree_add(tree, data, "data", &array));
    array->ndim = 2, array->dim[0] = rays, array->dim[1] = GATES,
    array->type = two_bytes ? NWC__CELL_U16 : NWC__CELL_U8;
    NWC__TRY(nwc__tree_cells(tree, array));
    for (int c = 0; c < rays * GATES; c++) {
        if (two_bytes)
            memcpy(array->cells + 2 * c, &wide[c % (RAYS * GATES)], 2);
        else
            array->cells[c] = codes[c % (RAYS * GATES)];
    }
    return NWC_OK;
}

static nwc_status add_dataset(nwc__tree *tree, const struct made *made, int n)
{
    static const double from[RAYS] = {350.0, 80.0, 170.0, 260.0}, to[RAYS] = {20.0, 110.0, 200.0, 290.0};
    static const double upwards[RAYS] = {0.5, 1.5, 3.0, 5.0};
    static const double seconds[RAYS] = {1.78e9, 1.78e9 + 1.0, 1.78e9 + 2.0, 1.78e9 + 3.0};
    nwc__node *dataset, *what, *where, *how;
    char name[32];
    snprintf(name, sizeof name, "dataset%d", n);
    NWC__TRY(nwc__tree_add(tree, tree->root, name, &dataset));
    NWC__TRY(nwc__tree_add(tree, dataset, "what", &what));
    NWC__TRY(tree_text(tree, what, "startdate", "20260601"));
    NWC__TRY(tree_text(tree, what, "starttime", n == 1 ? "060000" : "060030"));
    NWC__TRY(tree_text(tree, what, "enddate", "20260601"));
    NWC__TRY(tree_text(tree, what, "endtime", n == 1 ? "060020" : "060050"));
    NWC__TRY(nwc__tree_add(tree, dataset, "where", &where));
    if (!made->azimuth) NWC__TRY(tree_number(tree, where, "elangle", 0.5 * n));
    if (!made->azimuth) NWC__TRY(tree_number(tree, where, "a1gate", made->first));
    if (made->azimuth) NWC__TRY(tree_number(tree, where, made->azimuth, 200.0 + n));
    if (made->listed) NWC__TRY(nwc__tree_attribute(tree, where, "angles", NULL, upwards, made->listed));
    if (made->to != 0.0) NWC__TRY(tree_number(tree, where, "startaz", made->from));
    if (made->to != 0.0) NWC__TRY(tree_number(tree, where, "stopaz", made->to));
    NWC__TRY(tree_number(tree, where, "rstart", made->rstart));
    NWC__TRY(tree_number(tree, where, made->reach ? "range" : "rscale", made->reach ? 0.9 : 250.0));
    NWC__TRY(nwc__tree_add(tree, dataset, "how", &how));
    if (made->nyquist) NWC__TRY(tree_number(tree, how, "NI", 32.5));
    if (made->arrays) {
        NWC__TRY(nwc__tree_attribute(tree, how, "startazA", NULL, from, RAYS));
        if (!made->no_stop) NWC__TRY(nwc__tree_attribute(tree, how, "stopazA", NULL, to, RAYS));
        NWC__TRY(nwc__tree_attribute(tree, how, "startazT", NULL, seconds, RAYS));
    }
    if (made->angles) NWC__TRY(tree_text(tree, how, made->angles_name, made->angles));
    if (made->elevations) NWC__TRY(tree_text(tree, how, "elangles", made->elevations));
    if (made->times) NWC__TRY(tree_text(tree, how, "aztimes", made->times));
    if (made->rpm != 0.0) NWC__TRY(tree_number(tree, how, "rpm", made->rpm));
    NWC__TRY(add_data(tree, dataset, 1, "TH", 0.5, -32.0, 255.0, false, RAYS));
    NWC__TRY(add_data(tree, dataset, 2, "VRAD", 0.01, -327.68, 65535.0, true, n == 1 ? made->rays : RAYS));
    return add_data(tree, dataset, 3, "QCFLAGS", 1.0, 0.0, 255.0, false, RAYS);
}

static nwc_status make(nwc_ctx *ctx, const struct made *made, nwc__tree *tree)
{
    nwc__node *what, *where, *how;
    NWC__TRY(nwc__tree_create(ctx, INT64_C(1) << 24, tree));
    NWC__TRY(tree_text(tree, tree->root, "Conventions", made->conventions));
    NWC__TRY(nwc__tree_add(tree, tree->root, "what", &what));
    NWC__TRY(tree_text(tree, what, "object", made->object));
    NWC__TRY(tree_text(tree, what, "source", "WMO:06477,NOD:betst,PLC:Test town"));
    NWC__TRY(nwc__tree_add(tree, tree->root, "where", &where));
    NWC__TRY(tree_number(tree, where, "lat", 50.5));
    NWC__TRY(tree_number(tree, where, "lon", 4.25));
    NWC__TRY(tree_number(tree, where, "height", 139.0));
    NWC__TRY(nwc__tree_add(tree, tree->root, "how", &how));
    NWC__TRY(tree_number(tree, how, "wavelength", 5.3));
    NWC__TRY(tree_number(tree, how, "beamwidth", 1.0));
    NWC__TRY(tree_number(tree, how, "highprf", 1200.0));
    NWC__TRY(tree_number(tree, how, "lowprf", 900.0));
    for (int n = made->sweeps; n >= 1; n--)
        NWC__TRY(add_dataset(tree, made, n)); /* a tree lists the last added first */
    return NWC_OK;
}

static nwc_status read_made(nwc_ctx *ctx, const struct made *made, nwc_volume **volume)
{
    nwc__tree tree = {.ctx = ctx};
    return tree_volume(make(ctx, made, &tree), &tree, nwc__odim_volume_read, volume);
}

static void sweeps_moments_and_gates_are_those_of_the_tree(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(read_made(nwc__ctx(NULL), &usual, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "betst");
    assert_string_equal(facts.site_name, "Test town");
    assert_string_equal(facts.version, "2.2");
    assert_near(facts.altitude_m, 139.0, 0.0);
    assert_near(facts.frequency_hz, 299792458.0 / 0.053, 1.0);
    assert_near(facts.beam_width_v_deg, 1.0, 0.0);
    assert_int_equal(facts.n_sweeps, 2);
    assert_ok(nwc_volume_sweep(volume, 1, &sweep));
    assert_int_equal(sweep.n_moments, 3);
    assert_ok(nwc_volume_find(volume, 1, "QCFLAGS", &moment)); /* by its own name, since FM 301 has none */
    assert_string_equal(moment.field.units, "1");
    assert_near(sweep.fixed_angle_deg, 1.0, 0.0);
    assert_near(sweep.elevation_deg[3], 1.0, 0.0);
    assert_near(sweep.nyquist_m_s[0], 32.5, 0.0);
    assert_near(sweep.unambiguous_range_m[0], 299792458.0 / 2400.0, 0.01);
    /* row 1 was radiated first: rows 1, 2, 3, 0 at 2.5, 7.5, 12.5 and 17.5 s of 20 */
    for (int r = 0; r < RAYS; r++) {
        assert_near(sweep.azimuth_deg[r], 45.0 + 90.0 * ((r + 1) % RAYS), 0.0);
        assert_int_equal(sweep.time_ns[r] % INT64_C(60000000000), INT64_C(32500000000) + r * INT64_C(5000000000));
    }
    assert_ok(nwc_volume_find(volume, 0, "DBTH", &moment));
    assert_string_equal(moment.own_name, "TH");
    assert_near(moment.first_gate_m, 625.0, 0.0);
    assert_near(moment.resolution, 0.5, 0.0);
    for (int c = 0; c < RAYS * GATES; c++) {
        const int code = codes[(c + GATES) % (RAYS * GATES)];
        if (code == 255)
            assert_true(isnan(moment.field.data[c]));
        else
            assert_true(moment.field.data[c] == (code ? 0.5F * (float)code - 32.0F : -128.0F));
    }
    assert_ok(nwc_volume_find(volume, 0, "VRADH", &moment));
    assert_true(isnan(moment.field.data[9]) && isnan(moment.field.data[8])); /* no echo has no velocity */
    assert_near(moment.field.data[11], 0.0, 1e-6);
    assert_near(moment.field.data[0], 72.32, 1e-4);
    nwc_volume_destroy(volume);
}

static void rays_may_say_their_own_angles_and_times(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    nwc_sweep sweep;
    made.arrays = true, made.nyquist = false;
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_near(sweep.azimuth_deg[0], 5.0, 1e-5); /* from 350 to 20 */
    assert_near(sweep.azimuth_deg[3], 275.0, 1e-5);
    assert_int_equal(sweep.time_ns[2], INT64_C(1780000002000000000));
    assert_near(sweep.nyquist_m_s[0], 0.25 * 0.053 * 1200.0 * 900.0 / 300.0, 1e-5); /* 4 : 3 */
    nwc_volume_destroy(volume);
}

static void an_antenna_that_turns_backwards_is_followed(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment moment;
    made.rpm = -3.0;
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_ok(nwc_volume_find(volume, 0, "DBTH", &moment));
    for (int r = 0; r < RAYS; r++) { /* rows 1, 0, 3, 2 */
        const int row = (1 - r + RAYS) % RAYS;
        assert_near(sweep.azimuth_deg[r], 45.0 + 90.0 * row, 0.0);
        assert_true(r == 0 || sweep.time_ns[r] > sweep.time_ns[r - 1]);
        const int code = codes[GATES * row + 2];
        assert_true(code == 255 ? isnan(moment.field.data[GATES * r + 2])
                                : moment.field.data[GATES * r + 2] == 0.5F * (float)code - 32.0F);
    }
    nwc_volume_destroy(volume);
}

static void rays_of_model_2_0_say_their_angles_and_times_in_words(void **state)
{
    (void)state;
    static const char *const names[] = {"azangles", "azangels"};
    struct made made = usual;
    nwc_volume *volume;
    nwc_sweep sweep;
    made.angles = "350.5:20.5,80:110,170:200,260:290", made.elevations = "0.5:0.7,0.5:0.5,0.5:0.5,0.5:0.9";
    made.times = "060002.000:060003.000,060003.500:060004.500,060000.000:060000.500,060001:060002";
    for (int k = 0; k < 2; k++) {
        made.angles_name = names[k];
        assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        static const float azimuths[RAYS] = {185.0F, 275.0F, 5.5F, 95.0F}, elevations[RAYS] = {0.5F, 0.7F, 0.6F, 0.5F};
        static const int64_t after[RAYS] = {250000000, 1500000000, 2500000000, 4000000000};
        for (int r = 0; r < RAYS; r++) { /* in the order of their times: rows 2, 3, 0, 1 */
            assert_near(sweep.azimuth_deg[r], azimuths[r], 1e-4);
            assert_near(sweep.elevation_deg[r], elevations[r], 1e-6);
            assert_near((double)(sweep.time_ns[r] % INT64_C(60000000000)), (double)after[r], 1000.0);
        }
        nwc_volume_destroy(volume);
    }
    made.angles = "350.5:20.5,80:110,170:200"; /* not as many as rays: of no use */
    made.times = "060002.000:060003.000,x";
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_near(sweep.azimuth_deg[0], 135.0, 0.0);
    nwc_volume_destroy(volume);
}

static void rays_without_a_stop_reach_to_the_next(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    nwc_sweep sweep;
    made.arrays = made.no_stop = true;
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_near(sweep.azimuth_deg[0], 35.0, 1e-4); /* from 350 to 80 */
    assert_near(sweep.azimuth_deg[3], 305.0, 1e-4);
    nwc_volume_destroy(volume);
}

static void the_first_gate_follows_the_model_s_version(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    nwc_moment moment;
    made.conventions = "ODIM_H5/V2_4", made.rstart = 500.0;
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_find(volume, 0, "DBTH", &moment));
    assert_near(moment.first_gate_m, 625.0, 0.0);
    nwc_volume_destroy(volume);
    made.conventions = "ODIM_H5/V2_0"; /* metres in a file that should have kilometres */
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_find(volume, 0, "DBTH", &moment));
    assert_near(moment.first_gate_m, 625.0, 0.0);
    nwc_volume_destroy(volume);
}

static void dataset_10_comes_after_dataset_9(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    nwc_sweep sweep;
    made.sweeps = 11;
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    for (int s = 0; s < 11; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_near(sweep.fixed_angle_deg, 0.5 * (s + 1), 0.0);
    }
    nwc_volume_destroy(volume);
}

static void what_is_no_volume_is_refused(void **state)
{
    (void)state;
    struct made made = usual;
    nwc_volume *volume;
    made.object = "COMP";
    assert_fails(NWC_ERR_UNSUPPORTED, "PVOL, SCAN, AZIM or ELEV expected, \"COMP\" found",
                 read_made(nwc__ctx(NULL), &made, &volume));
    made = usual, made.rays = 3;
    assert_fails(NWC_ERR_FORMAT, "dataset1/data2: 4 rays of gates expected", read_made(nwc__ctx(NULL), &made, &volume));
    made = usual, made.sweeps = 0;
    assert_fails(NWC_ERR_NODATA, "no ray", read_made(nwc__ctx(NULL), &made, &volume));
}

static void a_sector_has_rays_between_its_azimuths(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        double to, first, azimuth[RAYS];
    } cases[] = {{"AZIM", 350.0, 0.0, {332.5, 337.5, 342.5, 347.5}},
                 {"SCAN", 10.0, 3.0, {5.0, 355.0, 345.0, 335.0}}}; /* backwards, and across north */
    for (int k = 0; k < 2; k++) {
        struct made made = usual;
        nwc_volume *volume;
        nwc_sweep sweep;
        nwc_moment moment;
        made.object = cases[k].object, made.from = 330.0, made.to = cases[k].to, made.first = cases[k].first;
        assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.mode, NWC_SWEEP_SECTOR);
        assert_near(sweep.fixed_angle_deg, 0.5, 0.0);
        for (int r = 0; r < RAYS; r++) assert_near(sweep.azimuth_deg[r], cases[k].azimuth[r], 0.0);
        assert_ok(nwc_volume_find(volume, 0, "DBTH", &moment));
        assert_near(moment.field.data[(k ? 0 : RAYS - 1) * GATES + 2], 0.5 * 66 - 32.0, 0.0); /* of the last row */
        nwc_volume_destroy(volume);
    }
}

static void sweeps_up_one_azimuth_have_the_elevations_that_are_said(void **state)
{
    (void)state;
    static const double said[RAYS] = {0.5, 1.5, 3.0, 5.0};
    for (int way = 0; way < 2; way++) {
        struct made made = usual;
        nwc_volume *volume;
        nwc_sweep sweep;
        nwc_moment moment;
        nwc_volume_facts facts;
        made.object = "ELEV", made.azimuth = way ? "azangle" : "az_angle", made.listed = RAYS, made.reach = way;
        assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
        assert_ok(nwc_volume_sweep(volume, 1, &sweep));
        assert_int_equal(sweep.mode, NWC_SWEEP_RHI);
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_int_equal(facts.experimental, 1);
        assert_near(sweep.fixed_angle_deg, 202.0, 0.0);
        for (int r = 0; r < RAYS; r++) {
            assert_near(sweep.azimuth_deg[r], 202.0, 0.0);
            assert_near(sweep.elevation_deg[r], said[r], 0.0);
            assert_true(r == 0 || sweep.time_ns[r] > sweep.time_ns[r - 1]);
        }
        assert_ok(nwc_volume_find(volume, 1, "DBTH", &moment));
        assert_near(moment.gate_spacing_m, way ? 300.0 : 250.0, 1e-9); /* 0.9 km in three gates */
        assert_near(moment.first_gate_m, 500.0 + (way ? 150.0 : 125.0), 1e-9);
        for (int g = 0; g < GATES; g++)
            assert_near(moment.field.data[2 * GATES + g], 0.5 * codes[2 * GATES + g] - 32.0, 0.0);
        nwc_volume_destroy(volume);
    }
    struct made made = usual;
    nwc_volume *volume;
    made.object = "ELEV", made.azimuth = "az_angle", made.listed = 3;
    assert_fails(NWC_ERR_FORMAT, "dataset1/where: angles of 4 rays expected",
                 read_made(nwc__ctx(NULL), &made, &volume));
    made.azimuth = NULL, made.listed = RAYS;
    assert_fails(NWC_ERR_FORMAT, "dataset1/where: az_angle in degrees expected",
                 read_made(nwc__ctx(NULL), &made, &volume));
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
    made.arrays = true;
    assert_true(check_every_allocation_failure(read_only, &made) > 100);
}

static void real_files_hold_what_is_known_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int32_t sweeps;
        const char *moment;
        int32_t sweep;
        float above;
        int64_t count; /* gates above, in all sweeps */
        double latitude;
    } known[] = {
        {"radar/odim/europe-20151010/pvol/frnim_pvol_20151010T0000Z.h5", 8, "DBZH", 0, 10.0F, 52643, 43.806},
        {"radar/odim/europe-20151010/pvol/frbol_pvol_20151010T0000Z.h5", 5, "DBZH", 0, 10.0F, 48204, 44.323},
        {"radar/odim/europe-20151010/pvol/frale_pvol_20151010T0000Z.h5", 5, "DBZH", 0, 10.0F, 136282, 42.130},
        {"radar/odim/wradlib/behel.pvol.hdf", 12, "DBZH", 0, 35.0F, 134148, 51.069},
        {"radar/odim/wradlib/bewid.pvol.hdf", 11, "DBZH", 0, 35.0F, 26453, 49.914},
        {"radar/odim/wradlib/40_20181220_060630.pvol.h5", 14, "DBZH", 0, 35.0F, 22687, -35.661},
        {"radar/odim/wradlib/knmi_polar_volume.h5", 14, "DBZH", 0, 1000.0F, 0, 52.953},
    };
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        const char *const path = real_data(known[k].path);
        if (!path) skip();
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_moment moment;
        int64_t above = 0;
        assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_int_equal(facts.n_sweeps, known[k].sweeps);
        assert_near(facts.latitude_deg, known[k].latitude, 6e-4);
        for (int32_t s = 0; s < facts.n_sweeps; s++) {
            assert_ok(nwc_volume_find(volume, s, known[k].moment, &moment));
            for (int64_t g = 0; g < moment.field.dim[0] * moment.field.dim[1]; g++)
                above += moment.field.data[g] > known[k].above;
        }
        if (above != known[k].count) fail_msg("%s: %lld gates", known[k].path, (long long)above);
        nwc_volume_destroy(volume);
    }
}

static void single_sweeps_of_several_files_are_one_volume(void **state)
{
    (void)state;
    static const char letters[] = "EDCBA", *const times[] = {"5446", "5331", "5228", "5125", "5041"};
    static const double angles[] = {8.0, 3.6, 1.6, 1.0, 0.4};
    char relative[5][96], *kept[6];
    const char *paths[6];
    for (int f = 0; f < 5; f++) {
        snprintf(relative[f], sizeof relative[f], "radar/odim/lfpw-20230420/T_PA%c%c63_C_LFPW_2023042006%s.h5", 'Z',
                 letters[f], times[f]);
        const char *const path = real_data(relative[f]);
        if (!path) skip();
        paths[f] = kept[f] = strdup(path);
    }
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    assert_ok(nwc_volume_open(NULL, paths, 5, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 5);
    for (int s = 0; s < 5; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_near(sweep.fixed_angle_deg, angles[s], 1e-6); /* by time, whatever the order of the files */
    }
    nwc_volume_destroy(volume);
    paths[5] = real_data("radar/odim/wradlib/behel.pvol.hdf");
    assert_fails(NWC_ERR_ARG, "a part of one volume expected", nwc_volume_open(NULL, paths, 6, NULL, &volume));
    for (int f = 0; f < 5; f++) free(kept[f]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sweeps_moments_and_gates_are_those_of_the_tree),
        cmocka_unit_test(rays_may_say_their_own_angles_and_times),
        cmocka_unit_test(an_antenna_that_turns_backwards_is_followed),
        cmocka_unit_test(rays_of_model_2_0_say_their_angles_and_times_in_words),
        cmocka_unit_test(rays_without_a_stop_reach_to_the_next),
        cmocka_unit_test(a_sector_has_rays_between_its_azimuths),
        cmocka_unit_test(sweeps_up_one_azimuth_have_the_elevations_that_are_said),
        cmocka_unit_test(the_first_gate_follows_the_model_s_version),
        cmocka_unit_test(dataset_10_comes_after_dataset_9),
        cmocka_unit_test(what_is_no_volume_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(real_files_hold_what_is_known_of_them),
        cmocka_unit_test(single_sweeps_of_several_files_are_one_volume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
