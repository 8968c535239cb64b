/* Chinese radars: the CMA standard format, its variant for phased arrays, and the legacy records; on files made by hand. */
#include "radar/format/volume_format.h"
#include "support/made_cinrad.h"
#include "support/read_volume.h"

static void make_standard(void)
{
    begin_cma(1, 2);
    for (int r = 0; r < 2 * CINRAD_RAYS; r++)
        put_cma_radial(false, r % CINRAD_RAYS, r == 0 ? 3 : r == CINRAD_RAYS ? 0 : 1, 1 + r / CINRAD_RAYS);
}

static nwc_status read_made(nwc_ctx *ctx, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "", INT64_C(1) << 30, volume));
    const bool standard = memcmp(made.bytes, "RSTM", 4) == 0;
    const nwc_status status = (standard ? nwc__cma_read : nwc__cinrad_legacy_read)(ctx, made.bytes, made.size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static void standard_gates_are_decoded_by_their_headers(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment got;
    make_standard();
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "Z9513");
    assert_string_equal(facts.site_name, "Nantong");
    assert_string_equal(facts.instrument, "SAD");
    assert_string_equal(facts.version, "2.1");
    assert_string_equal(facts.scan_name, "VCP21D");
    assert_string_equal(facts.incomplete, "");
    assert_near(facts.latitude_deg, 32.07, 1e-5);
    assert_near(facts.altitude_m, 120.0, 0.0);
    assert_near(facts.frequency_hz, 2.8e9, 1.0);
    assert_near(facts.beam_width_v_deg, 0.96, 1e-6);
    assert_int_equal(facts.experimental, 0);
    assert_int_equal(facts.n_sweeps, 2);
    assert_ok(nwc_volume_sweep(volume, 1, &sweep));
    assert_int_equal(sweep.n_rays, CINRAD_RAYS);
    assert_near(sweep.fixed_angle_deg, 1.5, 0.0);
    assert_near(sweep.elevation_deg[0], -0.5, 0.0);
    assert_near(sweep.azimuth_deg[0], 359.75, 0.0);
    assert_near(sweep.nyquist_m_s[3], 26.5, 0.0);
    assert_near(sweep.unambiguous_range_m[3], 149896.229, 0.02);
    assert_int_equal(sweep.time_ns[2], INT64_C(1780000002250000000));
    assert_int_equal(sweep.n_moments, 3);
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &got));
    assert_near(got.first_gate_m, 125.0, 0.0);
    assert_near(got.gate_spacing_m, 250.0, 0.0);
    assert_near(got.resolution, 0.5, 0.0);
    for (int c = 0; c < CINRAD_RAYS * CINRAD_GATES; c++) {
        const int code = cinrad_code(c / CINRAD_GATES, c % CINRAD_GATES);
        if (code >= 5)
            assert_true(got.field.data[c] == (float)(code - 66) / 2.0F);
        else if (code == 0)
            assert_true(got.field.data[c] == -128.0F);
        else
            assert_true(isnan(got.field.data[c]));
        assert_int_equal(got.flags.data[c], code == 1);
    }
    assert_ok(nwc_volume_find(volume, 0, "VRADH", &got));
    assert_near(got.gate_spacing_m, 62.5, 0.0);
    assert_int_equal(got.field.dim[1], CINRAD_GATES);
    assert_true(got.field.data[3 * CINRAD_GATES + 2] == (float)(cinrad_code(3, 2) - 129) / 2.0F);
    assert_true(isnan(got.field.data[3 * CINRAD_GATES + CINRAD_GATES - 2])); /* its ray has fewer gates */
    assert_ok(nwc_volume_find(volume, 1, "PHIDP", &got));
    assert_true(got.field.data[4] == (float)(1200 - 50) / 100.0F);
    nwc_volume_destroy(volume);
}

static void a_phased_array_is_sorted_into_its_elevations(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment got;
    begin_cma(16, 2);
    for (int r = 0; r < 2 * CINRAD_RAYS; r++)
        put_cma_radial(true, r / 2, 1, 1 + r % 2); /* both elevations of an azimuth together */
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 2);
    assert_int_equal(facts.experimental, 1);
    assert_string_equal(facts.instrument, "XPAR");
    for (int s = 0; s < 2; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_int_equal(sweep.n_rays, CINRAD_RAYS);
        assert_near(sweep.fixed_angle_deg, 0.9 + s, 1e-6);
        assert_near(sweep.azimuth_deg[5], 225.0, 0.0);
        assert_int_equal(sweep.time_ns[2], INT64_C(1780000002250000000));
        assert_ok(nwc_volume_find(volume, s, "DBZH", &got));
        assert_near(got.gate_spacing_m, 30.0, 0.0);
        assert_true(got.field.data[6 * CINRAD_GATES + 1] == (float)(cinrad_code(6, 1) - 66) / 2.0F);
    }
    nwc_volume_destroy(volume);
}

static void a_number_of_one_begins_a_sweep_of_a_phased_array(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    begin_cma(16, 1);
    put_cinrad_real(CINRAD_HEADERS + 640 + 12, 1.6F),
        put_cinrad_real(CINRAD_HEADERS + 640 + 16, 1.4F); /* of the first cut */
    for (int r = 0; r < 2 * CINRAD_RAYS; r++) put_cma_radial(true, r % CINRAD_RAYS, 1, 1);
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 2);
    assert_near(facts.beam_width_h_deg, 1.6, 1e-6);
    assert_near(facts.beam_width_v_deg, 1.4, 1e-6);
    nwc_volume_destroy(volume);
}

static void moments_without_a_name_of_fm_301_keep_their_own(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_moment got;
    begin_cma(1, 1);
    const int64_t at = made.size;
    for (int r = 0; r < CINRAD_RAYS; r++) put_cma_radial(false, r, r == 0 ? 3 : 1, 1);
    const int64_t one = (made.size - at + CINRAD_RAYS * (CINRAD_RAYS - 1) / 2) /
                        CINRAD_RAYS; /* a later radial is a gate shorter each time */
    for (int64_t r = 0, to = at; r < CINRAD_RAYS; to += one - r, r++) put_cinrad4(to + 64, 34);
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_find(volume, 0, "Wc", &got));
    assert_string_equal(got.field.units, "m s-1");
    assert_true(got.field.data[9] == (float)(cinrad_code(0, 9) - 66) / 2.0F);
    nwc_volume_destroy(volume);
}

static void seconds_that_no_calendar_has_are_those_of_their_lower_half(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sweep sweep;
    begin_cma(16, 1);
    for (int r = 0; r < CINRAD_RAYS; r++) {
        const int64_t at = made.size;
        put_cma_radial(true, r, r ? 1 : 3, 1);
        put_cinrad4(at + 32, r == 1 ? -1 : r == 2 ? 1 : 0); /* what is above 32 bits */
    }
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.time_ns[1], INT64_C(1780000001250000000));
    assert_int_equal(sweep.time_ns[2], INT64_C(1780000002250000000) + (INT64_C(1) << 32) * 1000000000);
    nwc_volume_destroy(volume);
}

static void a_file_cut_off_anywhere_keeps_its_whole_radials(void **state)
{
    (void)state;
    make_standard();
    const int64_t whole = made.size,
                  one = (whole - CINRAD_HEADERS - 512) / (2 * CINRAD_RAYS) - 8; /* a little less than one radial */
    for (int64_t size = 0; size < whole; size++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        int64_t rays = 0;
        made.size = size;
        const nwc_status status = read_made(nwc__ctx(NULL), &volume);
        if (status != NWC_OK) {
            assert_int_equal(status, size < CINRAD_HEADERS + 512 ? NWC_ERR_FORMAT : NWC_ERR_NODATA);
            assert_true(size < CINRAD_HEADERS + 512 + one + 16);
            continue;
        }
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_not_equal(facts.incomplete, "");
        for (int32_t s = 0; s < facts.n_sweeps; s++) {
            assert_ok(nwc_volume_sweep(volume, s, &sweep));
            rays += sweep.n_rays;
        }
        assert_true(rays >= (size - CINRAD_HEADERS - 512) / (one + 24) &&
                    rays <= (size - CINRAD_HEADERS - 512) / (one - 16));
        nwc_volume_destroy(volume);
    }
}

static void what_is_no_base_data_is_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    make_standard();
    put_cinrad4(8, 2);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 8: file type 1 or 16 (base data) expected, 2 found",
                 read_made(nwc__ctx(NULL), &volume));
    make_standard();
    put_cinrad4(160 + 176, 257);
    assert_fails(NWC_ERR_FORMAT, "byte 336: 1 to 256 cuts", read_made(nwc__ctx(NULL), &volume));
    begin_cma(1, 1);
    put_cinrad4(CINRAD_HEADERS + 44, 0), put_cinrad4(CINRAD_HEADERS + 48, 0);
    put_cma_radial(false, 0, 3, 1);
    assert_fails(NWC_ERR_FORMAT, "cut 1: a gate length expected, 0 found", read_made(nwc__ctx(NULL), &volume));
    begin_cma(1, 1);
    made.bytes[made.size + 50] = 1;
    put_cma_radial(false, 0, 3, 1);
    assert_fails(NWC_ERR_UNSUPPORTED, "one that is not packed expected, method 1", read_made(nwc__ctx(NULL), &volume));
}

static void moments_of_every_kind_are_kept_and_empty_ones_passed_over(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment got;
    begin_cma(1, 1);
    for (int r = 0; r < CINRAD_RAYS; r++) {
        const int64_t at = made.size;
        put_cma_radial(false, r, r ? 1 : 3, 1);
        put_cinrad4(at + 40, 9);
        put_cma_moment(5, 0, 0, 1, r, 3); /* without a scale its codes mean nothing */
        put_cma_moment(9, 200, 5, 1, r, 0);
        put_cma_moment(34, 2, 129, 1, r, CINRAD_GATES); /* FM 301 has no name for these three */
        put_cma_moment(12, 1, 0, 1, r, CINRAD_GATES);
        put_cma_moment(32, 2, 66, 1, r, CINRAD_GATES);
    }
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 6);
    assert_fails(NWC_ERR_NODATA, "no moment SQIH", nwc_volume_find(volume, 0, "SQIH", &got));
    assert_ok(nwc_volume_find(volume, 0, "Wc", &got));
    assert_string_equal(got.field.units, "m s-1");
    assert_near(got.gate_spacing_m, 62.5, 0.0); /* as the other Doppler moments */
    assert_true(isnan(got.field.data[0]) && got.field.data[2] == (float)(6 - 129) / 2.0F);
    assert_ok(nwc_volume_find(volume, 0, "CP", &got));
    assert_true(isnan(got.field.data[0]) && got.field.data[2] == 6.0F);
    assert_ok(nwc_volume_find(volume, 0, "DBZHC", &got));
    assert_true(got.field.data[0] == -128.0F);
    nwc_volume_destroy(volume);
    put_cinrad4(CINRAD_HEADERS + 256 + 50, 1);
    assert_fails(NWC_ERR_UNSUPPORTED, "radial 0: one that is not packed expected, method 1 found",
                 read_made(nwc__ctx(NULL), &volume));
}

static void moments_on_the_range_axis_are_padded_where_that_is_wanted(void **state)
{
    enum { FEWER = CINRAD_GATES - 4 };
    (void)state;
    begin_cma(1, 1);
    for (int r = 0; r < CINRAD_RAYS; r++) {
        const int64_t at = made.size;
        put_cma_radial(false, r, r ? 1 : 3, 1);
        put_cinrad4(at + 40, 6);
        put_cma_moment(16, 2, 20, 1, r, FEWER);
        put_cma_moment(33, 2, 129, 1, r, FEWER); /* of the finest gates */
    }
    for (int pad = 0; pad < 2; pad++) {
        nwc_volume *volume;
        nwc_moment got;
        assert_ok(nwc__volume_create(nwc__ctx(NULL), "", 1 << 20, &volume));
        if (pad) nwc__volume_pad(volume);
        assert_ok(nwc__cma_read(nwc__ctx(NULL), made.bytes, made.size, volume));
        for (int m = 0; m < 2; m++) {
            assert_ok(nwc_volume_find(volume, 0, m ? "VRADDH" : "SNRH", &got));
            const int64_t n = got.field.dim[1];
            /* Reflectivity, of gates four times as long, reaches four times as far. */
            assert_int_equal(n, m && pad ? 4 * CINRAD_GATES : FEWER);
            assert_near(got.gate_spacing_m, m ? 62.5 : 250.0, 0.0);
            for (int64_t g = 0; g < n; g++) {
                const int code = cinrad_code(3, (int)g);
                assert_int_equal(isnan(got.field.data[3 * n + g]), g >= FEWER || code < 5);
            }
        }
        nwc_volume_destroy(volume);
    }
}

static void one_cut_of_a_volume_says_that_others_are_missing(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    begin_cma(1, 3);
    put_cinrad4(CINRAD_HEADERS + 512 + 44, 0); /* gates as long as those of the other family */
    for (int r = 0; r < CINRAD_RAYS; r++) put_cma_radial(false, r, r ? 1 : 0, 3);
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.incomplete, "1 of 3 cuts are in it");
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_near(sweep.fixed_angle_deg, 2.5, 0.0);
    nwc_moment got;
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &got));
    assert_near(got.gate_spacing_m, 62.5, 0.0);
    nwc_volume_destroy(volume);
}

/* ---- legacy records ---- */

static void legacy_records_are_read_by_their_size(void **state)
{
    (void)state;
    static const int lengths[] = {2432, 4132};
    for (int k = 0; k < 2; k++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        nwc_moment got;
        memset(&made, 0, sizeof made);
        for (int r = 0; r < CINRAD_RAYS; r++)
            put_cinrad_record(lengths[k], r, r == 0 ? 3 : r == CINRAD_RAYS - 1 ? 4 : 1, 1);
        assert_true(nwc__is_cinrad_legacy(made.bytes, made.size));
        assert_ok(read_made(nwc__ctx(NULL), &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_int_equal(facts.experimental, k);
        assert_string_equal(facts.scan_name, "VCP 21");
        assert_true(isnan(facts.latitude_deg));
        assert_int_equal(facts.time_ns, INT64_C(15999) * 86400 * 1000000000);
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.n_rays, CINRAD_RAYS);
        assert_near(sweep.azimuth_deg[3], 135.0, 0.0);
        assert_near(sweep.elevation_deg[3], 256 * 180.0 / 32768.0, 1e-6);
        assert_near(sweep.nyquist_m_s[3], 28.0, 1e-5);
        assert_ok(nwc_volume_find(volume, 0, "DBZH", &got));
        assert_true(got.field.data[2 * CINRAD_GATES + 5] == (float)(cinrad_code(2, 5) - 2) / 2.0F - 32.0F);
        assert_ok(nwc_volume_find(volume, 0, "VRADH", &got));
        assert_near(got.first_gate_m, -375.0, 0.0);
        assert_true(got.field.data[2 * CINRAD_GATES + 5] == (float)(cinrad_code(2, 5) - 129));
        nwc_volume_destroy(volume);
        made.size -= 100;
        assert_ok(read_made(nwc__ctx(NULL), &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_not_equal(facts.incomplete, "");
        nwc_volume_destroy(volume);
    }
    memset(&made, 0, sizeof made);
    put_cinrad_record(2432, 0, 3, 1);
    made.size = 1000;
    nwc_volume *volume;
    assert_fails(NWC_ERR_FORMAT, "records of 2432, 4132 or 3132 bytes", read_made(nwc__ctx(NULL), &volume));
}

static void threads_change_no_bit_and_failures_leave_no_memory(void **state)
{
    (void)state;
    make_standard();
    assert_threads_change_no_bit(read_made, 1, "VRADH");
    assert_true(check_every_failing_read(read_made) > 10);
    memset(&made, 0, sizeof made);
    for (int r = 0; r < 2; r++) put_cinrad_record(2432, r, 1, 1);
    assert_true(check_every_failing_read(read_made) > 10);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3000; seed++) {
        uint32_t dice = seed * 2654435761U;
        if (seed % 3 == 0) {
            begin_cma(16, 2);
            for (int r = 0; r < CINRAD_RAYS; r++) put_cma_radial(true, r, 1, 1 + r % 2);
        } else if (seed % 3 == 1) {
            make_standard();
        } else {
            memset(&made, 0, sizeof made);
            for (int r = 0; r < CINRAD_RAYS; r++) put_cinrad_record(2432, r, 1, 1);
        }
        for (int k = 0; k < 1 + (int)(seed % 5); k++) {
            dice = dice * 1664525U + 1013904223U;
            const uint32_t reach = k % 2 ? (uint32_t)made.size : (uint32_t)(made.size < 1500 ? made.size : 1500);
            made.bytes[(dice >> 8) % reach] ^= (uint8_t)(dice >> 3);
        }
        nwc_volume *volume;
        if (read_made(nwc__ctx(NULL), &volume) == NWC_OK) nwc_volume_destroy(volume);
    }
}

static void real_files_hold_what_is_known_of_them(void **state)
{
    (void)state;
    const char *path = real_data("radar/cinrad/Z_RADR_I_ZG170_20260329064800_O_DOR_YTD2_CAP_FMT.bin.bz2");
    if (!path) skip();
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment got;
    int64_t values = 0;
    assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.format, "CMA standard");
    assert_near(facts.latitude_deg, 23.1447, 5e-5);
    assert_near(facts.frequency_hz, 9464e6, 1e3);
    assert_int_equal(facts.n_sweeps, 5);
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &got));
    for (int64_t g = 0; g < 363 * 973; g++) values += got.field.data[g] > -100.0F;
    assert_int_equal(values, 77932);
    assert_ok(nwc_volume_find(volume, 0, "VRADH", &got));
    values = 0;
    for (int64_t g = 0; g < 363 * 973; g++) values += !isnan(got.field.data[g]);
    assert_int_equal(values, 76581);
    nwc_volume_destroy(volume);

    static const int64_t rays[] = {366, 372, 366, 372, 371, 371, 371, 368, 364, 363, 360};
    path = real_data("radar/cinrad/Z_RADR_I_Z9398_20140704080600_O_DOR_SB_CAP.bin.bz2");
    assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "Z9398");
    assert_int_equal(facts.time_ns / 1000000, INT64_C(1404461175972));
    assert_int_equal(facts.n_sweeps, 11);
    for (int32_t s = 0; s < 11; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_int_equal(sweep.n_rays, rays[s]);
    }
    assert_near(sweep.fixed_angle_deg, 19.42, 0.01);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_gates_are_decoded_by_their_headers),
        cmocka_unit_test(a_phased_array_is_sorted_into_its_elevations),
        cmocka_unit_test(a_number_of_one_begins_a_sweep_of_a_phased_array),
        cmocka_unit_test(moments_without_a_name_of_fm_301_keep_their_own),
        cmocka_unit_test(seconds_that_no_calendar_has_are_those_of_their_lower_half),
        cmocka_unit_test(a_file_cut_off_anywhere_keeps_its_whole_radials),
        cmocka_unit_test(what_is_no_base_data_is_refused),
        cmocka_unit_test(moments_of_every_kind_are_kept_and_empty_ones_passed_over),
        cmocka_unit_test(moments_on_the_range_axis_are_padded_where_that_is_wanted),
        cmocka_unit_test(one_cut_of_a_volume_says_that_others_are_missing),
        cmocka_unit_test(legacy_records_are_read_by_their_size),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
        cmocka_unit_test(real_files_hold_what_is_known_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
