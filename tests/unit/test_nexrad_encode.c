/* NEXRAD Level II as it is written: its bytes by the interface control documents, and what our decoder makes of them. */
#include "radar/format/encode.h"
#include "radar/format/volume_format.h"
#include "support/encoded.h"

#include <bzlib.h>

enum { ROOM = 1 << 20, FRAME = 2432, METADATA = 134 * FRAME };

static uint8_t plain[ROOM];

static const struct coding coding = {"NEXRAD Level II", nwc__nexrad_encode, nwc__nexrad_read};

/* The bzip2 stream behind the length at byte *at; its bytes in plain. */
static unsigned unpack_record(const struct nwc__buffer *buffer, int64_t *at, bool *last)
{
    const int32_t word = (int32_t)number_be(buffer->data + *at, 4);
    const unsigned length = (unsigned)(word < 0 ? -word : word);
    unsigned size = ROOM;
    *last = word < 0;
    assert_int_equal(BZ2_bzBuffToBuffDecompress((char *)plain, &size, (char *)buffer->data + *at + 4, length, 0, 0),
                     BZ_OK);
    *at += 4 + length;
    return size;
}

static void the_file_is_laid_out_as_the_archive_has_it(void **state)
{
    (void)state;
    nwc_volume *volume;
    bool last;
    assert_ok(make_volume(NULL, &volume));
    struct nwc__buffer buffer = encoded(&coding, volume);
    assert_memory_equal(buffer.data, "AR2V0006.001", 12);
    assert_int_equal(number_be(buffer.data + 12, 4), 1780000000 / 86400 + 1);
    assert_int_equal(number_be(buffer.data + 16, 4), 1780000000 % 86400 * INT64_C(1000) + 250);
    assert_memory_equal(buffer.data + 20, "KTST", 4);

    int64_t at = 24;
    assert_int_equal(unpack_record(&buffer, &at, &last), METADATA);
    assert_false(last);
    const uint8_t *const pattern = plain + 132 * FRAME;
    assert_int_equal(pattern[15], 5);
    assert_int_equal(number_be(pattern + 28 + 4, 2),
                     21); /* the pattern, its cuts, and the first angle: -0.25 degrees */
    assert_int_equal(number_be(pattern + 28 + 6, 2), 2);
    assert_int_equal((int16_t)number_be(pattern + 28 + 22, 2), -46);
    assert_int_equal(plain[133 * FRAME + 15], 2);

    const unsigned size = unpack_record(&buffer, &at, &last); /* 24 radials: one record */
    assert_true(last);
    assert_int_equal(at, buffer.size);
    const unsigned length = 12 + 2 * number_be(plain + 12, 2);
    const uint8_t *const body = plain + length + 28; /* of the second radial */
    assert_int_equal(plain[length + 15], 31);
    assert_memory_equal(body, "KTST", 4);
    assert_int_equal(number_be(body + 10, 2), 2);
    assert_near(real_be(body + 12), 255.25, 0.0);
    assert_int_equal(plain[28 + 21], 3); /* the volume begins, and goes on */
    assert_int_equal(body[21], 1);
    assert_int_equal(number_be(body + 30, 2), 4);
    const uint8_t *const vol = body + number_be(body + 32, 4), *const ref = body + number_be(body + 44, 4);
    assert_memory_equal(vol, "RVOL", 4);
    assert_near(real_be(vol + 8), 35.25, 0.0);
    assert_int_equal(number_be(vol + 16, 2), 390);
    assert_int_equal(number_be(vol + 40, 2), 21);
    assert_memory_equal(ref, "DREF", 4);
    assert_int_equal(number_be(ref + 8, 2), MADE_GATES - 2);
    assert_int_equal(number_be(ref + 10, 2), 2125);
    assert_int_equal(number_be(ref + 12, 2), 250);
    assert_int_equal(ref[19], 8);
    for (int g = 0; g < MADE_GATES - 2; g++) {
        const float value = made_value("DBZH", 1, g);
        assert_int_equal(ref[28 + g], value < -100.0F ? 0 : (int)(2.0F * value) + 66);
    }
    /* The last radial: it ends the volume, and a folded velocity is code 1. */
    const unsigned last_length = (size - MADE_RAYS * length) / MADE_RAYS;
    const uint8_t *const end = plain + size - last_length + 28;
    assert_int_equal(end[21], 4);
    const uint8_t *const rad = end + number_be(end + 40, 4), *const vel = end + number_be(end + 48, 4);
    assert_int_equal(number_be(rad + 6, 2), 1372);
    assert_int_equal(number_be(rad + 16, 2), 2625);
    assert_memory_equal(vel, "DVEL", 4);
    assert_int_equal(vel[28 + 5], 1);
    assert_int_equal(vel[28 + 11], 0);
    assert_int_equal(vel[28 + 1], (int)(2.0F * made_value("VRADH", 11, 1)) + 129);
    free_encoded(&buffer);
    nwc_volume_destroy(volume);
}

static const struct closeness close = {.degrees = 0.5 * 360.0 / 65536.0,
                                       .altitude_m = 0.5,
                                       .speed = 0.005,
                                       .range_m = 50.0,
                                       .steps = 1e-3,
                                       .ratio = 0.5 / 300.0 + 1e-6,
                                       .unknown_is_folded = true};

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    assert_ok(make_volume(NULL, &volume));
    nwc_volume *const read = read_again(&coding, volume);
    assert_same_volume(volume, read, &close);
    assert_ok(nwc_volume_describe(read, &facts));
    assert_string_equal(facts.incomplete, "");
    nwc_volume_destroy(read);
    nwc_volume_destroy(volume);
}

/* A volume of one sweep and one moment; values is rays * gates. */
static double fixed_angle = 0.5;

static nwc_volume *one_sweep(const char *name, float *values, int64_t rays, int64_t gates, double spacing_m,
                             double resolution, int mode, const char *incomplete)
{
    static int64_t times[4096];
    static float angles[4096];
    nwc_volume *volume;
    const nwc_volume_facts facts = {
        .site = "KTST", .latitude_deg = 1.0, .longitude_deg = 2.0, .altitude_m = 3.0, .time_ns = 1000000000};
    for (int64_t r = 0; r < rays; r++) times[r] = 1000000000 * (r + 1), angles[r] = 360.0F * (float)r / (float)rays;
    const nwc_sweep sweep = {.mode = mode,
                             .fixed_angle_deg = fixed_angle,
                             .n_rays = rays,
                             .time_ns = times,
                             .azimuth_deg = angles,
                             .elevation_deg = angles,
                             .incomplete = incomplete};
    nwc_moment moment = {.name = name,
                         .field = field_2d(values, rays, gates, "m", NULL),
                         .first_gate_m = 0.5 * spacing_m,
                         .gate_spacing_m = spacing_m,
                         .resolution = resolution};
    for (int64_t r = 0; r < rays; r++) angles[r] = fmodf(angles[r], 90.0F);
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    assert_ok(nwc_volume_add_moment(volume, &moment));
    return volume;
}

static void values_keep_their_own_steps_where_codes_suffice(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double least, step, resolution, within;
    } cases[] = {
        {"DBZH", -31.7, 0.3, 0.3, 1e-5},   /* not the usual step */
        {"DBZH", -40.0, 0.01, 0.01, 1e-5}, /* more than 8 bits have room for */
        {"DBZH", 200.0, 0.5, 0.5, 0.0},    /* beyond the usual codes */
        {"DBZH", -10.0, 0.3, 0.0, 0.25},   /* no step: the usual one */
        {"DBZH", -10.0, 0.3, 0.5, 0.25},   /* not on the step it is said to have */
        {"VRADH", -60.0, 0.1, 0.1, 1e-5},
        {"ZDR", -7.0, 1.0 / 32.0, 1.0 / 32.0, 0.0},
        {"PHIDP", 0.0, 0.35, 0.0, 0.5 / 2.8361 + 1e-5},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        float values[400];
        nwc_moment moment;
        for (int c = 0; c < 400; c++) values[c] = (float)(cases[k].least + cases[k].step * (double)((c * 37) % 400));
        nwc_volume *const volume = one_sweep(cases[k].name, values, 4, 100, 250.0, cases[k].resolution, 0, NULL);
        nwc_volume *const read = read_again(&coding, volume);
        assert_ok(nwc_volume_find(read, 0, cases[k].name, &moment));
        for (int c = 0; c < 400; c++) assert_near(moment.field.data[c], values[c], cases[k].within);
        nwc_volume_destroy(read);
        nwc_volume_destroy(volume);
    }
}

static void many_radials_fill_several_records(void **state)
{
    (void)state;
    static float values[300];
    nwc_volume_facts facts;
    for (int c = 0; c < 300; c++) values[c] = 0.5F * (float)c;
    nwc_volume *const volume = one_sweep("DBZH", values, 300, 1, 1000.0, 0.5, 0, NULL);
    struct nwc__buffer buffer = encoded(&coding, volume);
    int64_t at = 24, records = 0;
    for (bool last = false; !last; records++) (void)unpack_record(&buffer, &at, &last);
    assert_int_equal(records, 1 + 3); /* of 120 radials and less */
    free_encoded(&buffer);
    nwc_volume *const read = read_again(&coding, volume);
    nwc_moment moment;
    assert_ok(nwc_volume_find(read, 0, "DBZH", &moment));
    assert_int_equal(moment.field.dim[0], 300);
    for (int c = 0; c < 300; c++) assert_near(moment.field.data[c], values[c], 0.0);
    assert_ok(nwc_volume_describe(read, &facts));
    assert_string_equal(facts.incomplete, "");
    nwc_volume_destroy(read);
    nwc_volume_destroy(volume);
}

static void an_incomplete_sweep_stays_one(void **state)
{
    (void)state;
    float values[8] = {0};
    nwc_sweep sweep;
    nwc_volume *const volume = one_sweep("DBZH", values, 4, 2, 250.0, 0.5, 0, "rays are missing");
    nwc_volume *const read = read_again(&coding, volume);
    assert_ok(nwc_volume_sweep(read, 0, &sweep));
    assert_string_equal(sweep.incomplete, "its last rays are missing");
    nwc_volume_destroy(read);
    nwc_volume_destroy(volume);
}

static void what_has_no_place_is_refused(void **state)
{
    (void)state;
    static float values[4 * 32768];
    assert_not_encoded(&coding, "turns all around only",
                       one_sweep("DBZH", values, 4, 2, 250.0, 0.5, NWC_SWEEP_RHI, NULL));
    assert_not_encoded(&coding, "at least 2 rays", one_sweep("DBZH", values, 1, 2, 250.0, 0.5, 0, NULL));
    assert_not_encoded(&coding, "a moment that NEXRAD Level II has a place for",
                       one_sweep("KDP", values, 4, 2, 250.0, 0.5, 0, NULL));
    assert_not_encoded(&coding, "gates whole metres apart", one_sweep("DBZH", values, 4, 20, 62.5, 0.5, 0, NULL));
    values[4 * 32768 - 1] = 1e10F;
    assert_not_encoded(&coding, "values that codes can hold expected, 0 to 1e+10",
                       one_sweep("DBZH", values, 4, 32768, 1.0, 0.5, 0, NULL));
    values[4 * 32768 - 1] = 1000.0F; /* in 16 bits */
    assert_not_encoded(&coding, "radials of at most 65535 bytes",
                       one_sweep("DBZH", values, 4, 32768, 1.0, 0.5, 0, NULL));
    nwc_volume *volume;
    const nwc_volume_facts facts = {.latitude_deg = NAN, .longitude_deg = NAN, .altitude_m = NAN};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    assert_not_encoded(&coding, "the place of the antenna", volume);
    fixed_angle = 1e300;
    assert_not_encoded(&coding, "a fixed angle of -180 to 180 degrees expected, 1e+300",
                       one_sweep("DBZH", values, 4, 2, 250.0, 0.5, 0, NULL));
    fixed_angle = 0.5;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_failing_encode(&coding) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_laid_out_as_the_archive_has_it),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(values_keep_their_own_steps_where_codes_suffice),
        cmocka_unit_test(many_radials_fill_several_records),
        cmocka_unit_test(an_incomplete_sweep_stays_one),
        cmocka_unit_test(what_has_no_place_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
