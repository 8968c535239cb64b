/* The CMA standard format as it is written: its bytes by the text of the format, and what our decoder makes of them. */
#include "radar/format/encode.h"
#include "radar/format/volume_format.h"
#include "support/encoded.h"

enum { SITE = 32, TASK = 160, CUTS = 416, CUT = 256, RADIALS = CUTS + MADE_SWEEPS * CUT };

static const struct coding coding = {"CMA standard", nwc__cma_encode, nwc__cma_read};

static void the_file_is_laid_out_as_the_text_says(void **state)
{
    (void)state;
    nwc_volume *volume;
    assert_ok(make_volume(NULL, &volume));
    struct nwc__buffer buffer = encoded(&coding, volume);
    const uint8_t *const file = buffer.data, *const second = file + CUTS + CUT;
    assert_memory_equal(file, "RSTM\1\0\0\0\1\0\0\0", 12);
    assert_string_equal((const char *)file + SITE, "KTST");
    assert_string_equal((const char *)file + SITE + 8, "Test Hill");
    assert_near(real_le(file + SITE + 40), 35.25, 0.0);
    assert_int_equal(number_le(file + SITE + 48, 4), 390);
    assert_near(real_le(file + SITE + 56), 2875.0, 0.0);
    assert_near(real_le(file + SITE + 60), 0.9375, 0.0);
    assert_int_equal(number_le(file + SITE + 72, 2), 4);
    assert_string_equal((const char *)file + TASK, "VCP 21");
    assert_int_equal(number_le(file + TASK + 172, 4), 1780000000);
    assert_int_equal(number_le(file + TASK + 176, 4), 2);
    assert_near(real_le(second + 8), 0.5 * 299792458.0 / 137200.0, 1e-3);
    assert_near(real_le(second + 24), 1.5, 0.0);
    assert_near(real_le(second + 36), 30.0, 0.0);
    assert_int_equal(number_le(second + 44, 4), 500);
    assert_int_equal(number_le(second + 48, 4), 250);
    assert_int_equal(number_le(second + 60, 4), 2000);
    assert_near(real_le(second + 80), 26.25, 0.0);
    assert_int_equal(number_le(second + 84, 4), 1U << 2 | 1U << 3 | 1U << 7 | 1U << 9 | 1U << 10);

    const uint8_t *const radial = file + RADIALS, *const moment = radial + 64;
    assert_int_equal(number_le(radial, 4), 3);
    assert_int_equal(number_le(radial + 8, 4), 1);
    assert_int_equal(number_le(radial + 16, 4), 1);
    assert_near(real_le(radial + 20), 225.25, 0.0);
    assert_int_equal(number_le(radial + 28, 4), 1780000000);
    assert_int_equal(number_le(radial + 32, 4), 250000);
    assert_int_equal(number_le(radial + 36, 4), 32 + MADE_GATES - 2);
    assert_int_equal(number_le(radial + 40, 4), 1);
    assert_int_equal(number_le(moment, 4), 2);
    assert_int_equal(number_le(moment + 4, 4), 2);
    assert_int_equal(number_le(moment + 8, 4), 66);
    assert_int_equal(number_le(moment + 12, 2), 1);
    for (int g = 0; g < MADE_GATES - 2; g++) {
        const float value = made_value("DBZH", 0, g);
        assert_int_equal(moment[32 + g], value < -100.0F ? 0 : (int)(2.0F * value) + 66);
    }
    /* Ray 3 has a gate that was not observed. */
    assert_int_equal(radial[3 * (64 + 32 + MADE_GATES - 2) + 64 + 32 + 4], 3);
    free_encoded(&buffer);
    nwc_volume_destroy(volume);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const struct closeness close = {.range_m = 0.1, .steps = 1e-3, .ratio = 0.5 / 200.0 + 1e-6};
    nwc_volume *volume;
    nwc_volume_facts facts;
    assert_ok(make_volume(NULL, &volume));
    nwc_volume *const read = read_again(&coding, volume);
    assert_same_volume(volume, read, &close);
    assert_ok(nwc_volume_describe(read, &facts));
    assert_string_equal(facts.incomplete, "");
    assert_string_equal(facts.site_name, "Test Hill");
    assert_string_equal(facts.instrument, "SAD");
    assert_near(facts.frequency_hz, 2.875e9, 0.0);
    assert_near(facts.beam_width_h_deg, 0.9375, 0.0);
    nwc_volume_destroy(read);
    nwc_volume_destroy(volume);
}

/* Sweeps of four rays and two gates, of these modes. */
static nwc_volume *sweeps_of(int n, const int *modes, double spacing_m, double step)
{
    static float cells[8];
    int64_t times[4];
    float angles[4], up[4];
    nwc_volume *volume;
    const nwc_volume_facts facts = {.latitude_deg = NAN, .longitude_deg = NAN, .altitude_m = NAN};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    for (int s = 0; s < n; s++) {
        for (int r = 0; r < 4; r++) {
            times[r] = INT64_C(1780000000000000000) + 1000 * (4 * s + r);
            angles[r] = modes[s] == NWC_SWEEP_RHI ? 47.0F : 10.0F * (float)r, up[r] = 3.0F * (float)r;
        }
        for (int c = 0; c < 8; c++) cells[c] = (float)(1.25 + step * c);
        const nwc_sweep sweep = {.mode = modes[s],
                                 .fixed_angle_deg = modes[s] == NWC_SWEEP_RHI ? 47.0 : 3.0,
                                 .n_rays = 4,
                                 .time_ns = times,
                                 .azimuth_deg = angles,
                                 .elevation_deg = up};
        const nwc_moment moment = {.name = "DBZH",
                                   .field = field_2d(cells, 4, 2, NULL, NULL),
                                   .first_gate_m = 0.5 * spacing_m,
                                   .gate_spacing_m = spacing_m,
                                   .resolution = step};
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
    return volume;
}

static void modes_gates_and_steps_are_kept(void **state)
{
    (void)state;
    static const struct {
        int n, modes[2];
        double spacing_m, step;
    } cases[] = {
        {2, {NWC_SWEEP_RHI, NWC_SWEEP_RHI}, 62.5, 0.5}, {1, {NWC_SWEEP_RHI}, 75.0, 0.3},
        {1, {NWC_SWEEP_SECTOR}, 250.0, 0.01},           {2, {NWC_SWEEP_SECTOR, NWC_SWEEP_SECTOR}, 1000.0, 0.25},
        {1, {NWC_SWEEP_MANUAL}, 150.0, 30.0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        nwc_volume *const volume = sweeps_of(cases[k].n, cases[k].modes, cases[k].spacing_m, cases[k].step);
        nwc_volume *const read = read_again(&coding, volume);
        for (int s = 0; s < cases[k].n; s++) {
            nwc_sweep a, b;
            nwc_moment x, y;
            assert_ok(nwc_volume_sweep(volume, s, &a));
            assert_ok(nwc_volume_sweep(read, s, &b));
            assert_int_equal(a.mode, b.mode);
            assert_near(a.fixed_angle_deg, b.fixed_angle_deg, 0.0);
            assert_memory_equal(a.time_ns, b.time_ns, 4 * sizeof *a.time_ns);
            assert_ok(nwc_volume_moment(volume, s, 0, &x));
            assert_ok(nwc_volume_moment(read, s, 0, &y));
            assert_near(x.first_gate_m, y.first_gate_m, 0.0);
            assert_near(x.gate_spacing_m, y.gate_spacing_m, 0.0);
            for (int c = 0; c < 8; c++) assert_near(x.field.data[c], y.field.data[c], 0.051 * cases[k].step);
        }
        nwc_volume_destroy(read);
        nwc_volume_destroy(volume);
    }
}

static void what_has_no_place_is_refused(void **state)
{
    (void)state;
    assert_not_encoded(&coding, "one kind of scan",
                       sweeps_of(2, (const int[]){NWC_SWEEP_SECTOR, NWC_SWEEP_RHI}, 250.0, 0.5));
    assert_not_encoded(&coding, "none that points up",
                       sweeps_of(1, (const int[]){NWC_SWEEP_VERTICAL_POINTING}, 250.0, 0.5));
    assert_not_encoded(&coding, "gates of whole centimetres", sweeps_of(1, (const int[]){0}, 33.333, 0.5));
    float cells[8] = {0};
    nwc_volume *volume = sweeps_of(1, (const int[]){0}, 250.0, 0.5);
    nwc_moment moment = {.name = "ZDR",
                         .field = field_2d(cells, 4, 2, NULL, NULL),
                         .first_gate_m = 250.0,
                         .gate_spacing_m = 500.0};
    assert_ok(nwc_volume_add_moment(volume, &moment));
    assert_not_encoded(&coding, "ZDR: gates from 0 m on, 250 m long, expected", volume);
    volume = sweeps_of(1, (const int[]){0}, 250.0, 0.5);
    moment.name = "VRADH", moment.first_gate_m = 300.0;
    assert_ok(nwc_volume_add_moment(volume, &moment));
    assert_not_encoded(&coding, "VRADH: gates from 0 m on", volume);
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_failing_encode(&coding) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_laid_out_as_the_text_says),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(modes_gates_and_steps_are_kept),
        cmocka_unit_test(what_has_no_place_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
