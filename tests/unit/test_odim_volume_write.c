/* ODIM_H5 volumes as they are written: what the HDF5 library finds in them, and what our decoder makes of them. */
#include "support/made_volume.h"
#include "support/scratch.h"

#include <hdf5.h>

static void text_is(hid_t file, const char *group, const char *name, const char *expected)
{
    char text[256] = "";
    const hid_t attribute = H5Aopen_by_name(file, group, name, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    if (type < 0 || H5Tget_size(type) >= sizeof text || H5Aread(attribute, type, text) < 0)
        fail_msg("%s/%s: a text expected", group, name);
    assert_string_equal(text, expected);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void numbers_of(hid_t file, const char *group, const char *name, double *numbers)
{
    const hid_t attribute = H5Aopen_by_name(file, group, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers) < 0)
        fail_msg("%s/%s: numbers expected", group, name);
    H5Aclose(attribute);
}

static void number_is(hid_t file, const char *group, const char *name, double expected)
{
    double number;
    numbers_of(file, group, name, &number);
    assert_near(number, expected, 1e-9 * fabs(expected));
}

static void the_file_is_laid_out_as_the_model_says(void **state)
{
    (void)state;
    nwc_volume *volume;
    double start[MADE_RAYS], stop[MADE_RAYS], from[MADE_RAYS], to[MADE_RAYS];
    assert_ok(make_volume(NULL, &volume));
    assert_ok(nwc_volume_write(NULL, volume, scratch_path, NULL));
    nwc_volume_destroy(volume);
    const hid_t file = H5Fopen(scratch_path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    text_is(file, "/", "Conventions", "ODIM_H5/V2_4");
    text_is(file, "what", "object", "PVOL");
    text_is(file, "what", "version", "H5rad 2.4");
    text_is(file, "what", "source", "RAD:KTST,PLC:Test Hill");
    text_is(file, "what", "date", "20260528");
    text_is(file, "what", "time", "202640");
    number_is(file, "where", "lat", 35.25);
    number_is(file, "where", "lon", -97.5);
    number_is(file, "where", "height", 390.0);
    number_is(file, "how", "frequency", 2.875e9);
    number_is(file, "how", "wavelength", 29979.2458 / 2875.0);
    number_is(file, "how", "beamwH", 0.9375);
    text_is(file, "dataset1/what", "product", "SCAN");
    text_is(file, "dataset2/what", "starttime", "202700");
    text_is(file, "dataset2/what", "endtime", "202701");
    number_is(file, "dataset2/where", "elangle", 1.5);
    number_is(file, "dataset2/where", "nrays", MADE_RAYS);
    number_is(file, "dataset2/where", "nbins", MADE_GATES / 2.0);
    number_is(file, "dataset2/where", "rstart", 2000.0); /* metres, from model 2.4 on */
    number_is(file, "dataset2/where", "rscale", 500.0);
    number_is(file, "dataset2/where", "a1gate", 7.0);
    number_is(file, "dataset2/data2/where", "rscale", 250.0);
    number_is(file, "dataset2/how", "NI", 26.25);
    number_is(file, "dataset2/how", "highprf", 0.5 * 299792458.0 / 137200.0);

    /* Rows from north on; the ray radiated first is the eighth. */
    numbers_of(file, "dataset2/how", "startazA", start), numbers_of(file, "dataset2/how", "stopazA", stop);
    numbers_of(file, "dataset2/how", "startazT", from), numbers_of(file, "dataset2/how", "stopazT", to);
    for (int r = 0; r < MADE_RAYS; r++) {
        assert_near(start[r], 0.25 + 30.0 * r, 1e-4);
        assert_near(stop[r], fmod(30.25 + 30.0 * r, 360.0), 1e-4);
        assert_near(0.5 * (from[r] + to[r]), 1780000020.25 + 0.05 * ((r + 5) % MADE_RAYS), 1e-6);
    }
    text_is(file, "dataset1/data1/what", "quantity", "DBZH");
    text_is(file, "dataset2/data2/what", "quantity", "VRADH");
    uint8_t codes[MADE_RAYS * MADE_GATES];
    double gain, offset, undetect, nodata;
    numbers_of(file, "dataset1/data1/what", "gain", &gain), numbers_of(file, "dataset1/data1/what", "offset", &offset);
    numbers_of(file, "dataset1/data1/what", "undetect", &undetect);
    numbers_of(file, "dataset1/data1/what", "nodata", &nodata);
    const hid_t data = H5Dopen2(file, "dataset1/data1/data", H5P_DEFAULT);
    const hid_t type = H5Dget_type(data);
    assert_int_equal(H5Tget_size(type), 1);
    assert_true(H5Dread(data, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes) >= 0);
    for (int row = 0; row < MADE_RAYS; row++)
        for (int g = 0; g < MADE_GATES; g++) {
            const float value = made_value("DBZH", (row + 5) % MADE_RAYS, g);
            const double code = codes[row * MADE_GATES + g];
            if (isnan(value))
                assert_near(code, nodata, 0.0);
            else if (value == (float)NWC_NOTHING_DBZ)
                assert_near(code, undetect, 0.0);
            else
                assert_near(code * gain + offset, value, 1e-9);
        }
    H5Tclose(type), H5Dclose(data), H5Fclose(file);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const struct closeness close = {
        .range_m = 0.1, .time_ns = 1000, .steps = 1e-3, .by_time = true, .folded_is_lost = true};
    const char *const name = scratch_path;
    nwc_volume *volume, *read;
    nwc_volume_facts facts;
    assert_ok(make_volume(NULL, &volume));
    assert_ok(nwc_volume_write(NULL, volume, scratch_path, "ODIM_H5"));
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &read));
    assert_same_volume(volume, read, &close);
    assert_ok(nwc_volume_describe(read, &facts));
    assert_string_equal(facts.site_name, "Test Hill");
    assert_string_equal(facts.instrument, "SAD");
    assert_string_equal(facts.incomplete, "");
    assert_near(facts.frequency_hz, 2.875e9, 0.0);
    assert_near(facts.beam_width_v_deg, 1.0, 0.0);
    nwc_volume_destroy(read);
    nwc_volume_destroy(volume);
}

/* One sweep of four rays and two gates. */
static nwc_volume *one_sweep(const char *site, int mode, double angle, const char *name, const char *units,
                             const char *incomplete)
{
    static float cells[8] = {0.1F, 0.2F, NAN, 1e4F, -5.0F, 0.0F, 7.25F, 3e-3F};
    static const int64_t times[4] = {INT64_C(1780000000000000000), INT64_C(1780000000100000000),
                                     INT64_C(1780000000200000000), INT64_C(1780000000300000000)};
    static const float azimuth[4] = {350.0F, 351.0F, 352.0F, 1.0F}, elevation[4] = {1.0F, 2.0F, 3.0F, 4.0F};
    nwc_volume *volume;
    const nwc_volume_facts facts = {.site = site,
                                    .site_name = "A, B",
                                    .latitude_deg = NAN,
                                    .longitude_deg = NAN,
                                    .altitude_m = NAN,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = NAN,
                                    .beam_width_v_deg = NAN,
                                    .time_ns = times[0]};
    const nwc_sweep sweep = {.mode = mode,
                             .fixed_angle_deg = angle,
                             .n_rays = 4,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation,
                             .incomplete = incomplete};
    const nwc_moment moment = {.name = name,
                               .field = field_2d(cells, 4, 2, units, NULL),
                               .first_gate_m = 125.0,
                               .gate_spacing_m = 250.0};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    assert_ok(nwc_volume_add_moment(volume, &moment));
    return volume;
}

static void floats_and_other_moments_are_kept_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *site, *source, *name, *units;
    } cases[] = {
        {"behel", "NOD:behel,PLC:A  B", "ZDR", "dB"},
        {"06477", "WMO:06477,PLC:A  B", "SNOW", "kg m-2"},
        {"0-20000-0-06477", "WIGOS:0-20000-0-06477,PLC:A  B", "DBTH", "dBZ"},
    };
    const char *const name = scratch_path;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        nwc_volume *const volume = one_sweep(cases[k].site, 0, 0.5, cases[k].name, cases[k].units, "one ray only");
        nwc_volume *read;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        nwc_moment x, y;
        assert_ok(nwc_volume_write(NULL, volume, scratch_path, NULL));
        const hid_t file = H5Fopen(scratch_path, H5F_ACC_RDONLY, H5P_DEFAULT);
        text_is(file, "what", "object", "SCAN");
        text_is(file, "what", "source", cases[k].source);
        H5Fclose(file);
        assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &read));
        assert_ok(nwc_volume_describe(read, &facts));
        assert_string_equal(facts.site, cases[k].site);
        assert_true(isnan(facts.latitude_deg) && isnan(facts.frequency_hz) && isnan(facts.beam_width_h_deg));
        assert_string_equal(facts.incomplete, "sweep 0: one ray only");
        assert_ok(nwc_volume_sweep(read, 0, &sweep));
        assert_near(sweep.azimuth_deg[0], 350.0, 1e-5); /* rows are from north on, rays as they were radiated */
        assert_ok(nwc_volume_find(volume, 0, cases[k].name, &x));
        assert_ok(nwc_volume_find(read, 0, cases[k].name, &y));
        assert_string_equal(y.field.units, cases[k].units);
        for (int r = 0; r < 4; r++)
            for (int g = 0; g < 2; g++) {
                const float a = x.field.data[2 * r + g], b = y.field.data[2 * r + g];
                assert_true(a == b || (isnan(a) && isnan(b)));
            }
        nwc_volume_destroy(read);
        nwc_volume_destroy(volume);
    }
}

static void as_few_as_one_ray_keep_their_angles(void **state)
{
    (void)state;
    const char *const name = scratch_path;
    float azimuth[2] = {200.0F, 20.0F}, elevation[2] = {0.25F, 0.75F}, cells[2] = {1.0F, 2.0F};
    const int64_t times[2] = {INT64_C(1780000000000000000), INT64_C(1780000000500000000)};
    for (int64_t n = 1; n <= 2; n++) {
        nwc_volume *volume, *read;
        nwc_sweep got;
        const nwc_volume_facts facts = {.site = "x", .frequency_hz = NAN, .time_ns = times[0]};
        const nwc_sweep sweep = {
            .fixed_angle_deg = 0.5, .n_rays = n, .time_ns = times, .azimuth_deg = azimuth, .elevation_deg = elevation};
        const nwc_moment moment = {.name = "ZDR",
                                   .field = field_2d(cells, n, 1, NULL, NULL),
                                   .first_gate_m = 125.0,
                                   .gate_spacing_m = 250.0};
        assert_ok(nwc_volume_create(NULL, &facts, &volume));
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        assert_ok(nwc_volume_add_moment(volume, &moment));
        assert_ok(nwc_volume_write(NULL, volume, scratch_path, NULL));
        assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &read));
        assert_ok(nwc_volume_sweep(read, 0, &got));
        for (int64_t r = 0; r < n; r++) {
            assert_near(got.azimuth_deg[r], azimuth[r], 1e-5);
            assert_near(got.elevation_deg[r], elevation[r], 0.0);
            assert_near((double)(got.time_ns[r] - times[r]), 0.0, 1000.0);
        }
        nwc_volume_destroy(read);
        nwc_volume_destroy(volume);
    }
}

static void refused(const char *contains, nwc_volume *volume)
{
    assert_fails(NWC_ERR_UNSUPPORTED, contains, nwc_volume_write(NULL, volume, scratch_path, NULL));
    nwc_volume_destroy(volume);
}

static void what_has_no_place_is_refused(void **state)
{
    (void)state;
    refused("sweep 0: ODIM_H5 volumes have turns all around only",
            one_sweep("x", NWC_SWEEP_RHI, 0.5, "ZDR", NULL, NULL));
    refused("sweep 0: a fixed angle expected", one_sweep("x", 0, (double)NAN, "ZDR", NULL, NULL));
    nwc_volume *const volume = one_sweep("x", 0, 0.5, "ZDR", NULL, NULL);
    assert_fails(NWC_ERR_IO, "/nowhere/x.h5", nwc_volume_write(NULL, volume, "/nowhere/x.h5", NULL));
    nwc_volume_destroy(volume);
}

static nwc_status make_and_write(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_volume *volume;
    nwc_status status = make_volume(ctx, &volume);
    if (status == NWC_OK) status = nwc_volume_write(ctx, volume, scratch_path, NULL);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(make_and_write, NULL) > 10);
}

static int make_path(void **state)
{
    (void)state;
    return make_scratch_named("volume.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_laid_out_as_the_model_says),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(floats_and_other_moments_are_kept_as_they_are),
        cmocka_unit_test(as_few_as_one_ray_keep_their_angles),
        cmocka_unit_test(what_has_no_place_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}
