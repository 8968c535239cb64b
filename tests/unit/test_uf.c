/* Universal Format: records made by hand between all kinds of marks and in both orders of bytes, and real files. */
#define _POSIX_C_SOURCE 200809L
#include "radar/format/volume_format.h"
#include "support/read_volume.h"

enum { ROOM = 1 << 16, RAYS = 4, SWEEPS = 2, GATES = 9, MISSING = -999, HEAD = 45, FIELD = 25 };

struct made {
    uint8_t bytes[ROOM];
    int64_t size, last_record, second_record;
    int mark; /* bytes before and behind a record */
    bool big;
};

static struct made made;

static void put(int64_t at, uint64_t value, int width)
{
    for (int k = 0; k < width; k++) made.bytes[at + (made.big ? width - 1 - k : k)] = (uint8_t)(value >> (8 * k));
}

/* Words of the record at at, counted from 1. */
static void put_words(int64_t at, int from, int n, const int *words)
{
    for (int k = 0; k < n; k++) put(at + 2 * (from - 1 + k), (uint32_t)words[k], 2);
}

/* Every fifth gate is missing. */
static int stored(int field, int ray, int gate)
{
    return (gate + ray) % 5 == 4 ? MISSING : 100 * ray + 30 * gate - 250 * field;
}

struct made_field {
    const char *name;
    int scale, gates, first_m;
};

/* One record of a ray with some fields; returns where it is. */
static int64_t record(int sweep, int ray, int part, int n_fields, const struct made_field *fields, int field_number)
{
    const int data_at = HEAD + 1 + 14 + 2; /* an optional header of 14 words, a local one of two */
    int words = data_at + 3 + 2 * n_fields - 1;
    for (int f = 0; f < n_fields; f++) words += FIELD + fields[f].gates;
    const int64_t at = made.size + made.mark;
    memset(made.bytes + made.size, 0, (size_t)(2 * words + 2 * made.mark));
    if (made.mark)
        put(made.size, (uint32_t)(2 * words), made.mark), put(at + 2 * words, (uint32_t)(2 * words), made.mark);
    made.size = at + 2 * words + made.mark;
    memcpy(made.bytes + at, "UF", 2);
    const int rhi = sweep == 1, azimuth = rhi ? 64 * 200 : 64 * (90 * ray - 1), elevation = rhi ? 64 * ray + 32 : 96;
    put_words(at, 2, 9, (const int[]){words, HEAD + 1, HEAD + 15, data_at, 7, 1, ray + 1, part, sweep + 1});
    memcpy(made.bytes + at + 20, "NPOL    SITE ONE", 16);
    put_words(at, 19, 13, (const int[]){36, 30, 16 * 64, -97, -15, -32 * 64, 321, 11, 5, 24, 23, 56, ray});
    memcpy(made.bytes + at + 62, "UT", 2);
    put_words(at, 33, 4, (const int[]){azimuth, elevation, rhi ? 3 : 1, rhi ? 64 * 200 : 96});
    put_words(at, 45, 1, (const int[]){MISSING});
    put_words(at, data_at, 3, (const int[]){3, 2, n_fields});
    int next = data_at + 3 + 2 * n_fields;
    for (int f = 0; f < n_fields; f++) {
        memcpy(made.bytes + at + 2 * (data_at + 2 + 2 * f), fields[f].name, 2);
        put_words(at, data_at + 4 + 2 * f, 1, &next);
        put_words(at, next, 12,
                  (const int[]){next + FIELD, fields[f].scale, 1, fields[f].first_m, 250, fields[f].gates, 0, 64, 80, 0,
                                0, 640});
        put_words(at, next + 17, 3, (const int[]){1000, 16, fields[f].name[0] == 'V' ? 20 * fields[f].scale : MISSING});
        for (int g = 0; g < fields[f].gates; g++) {
            const int code = stored(field_number + f, ray, g);
            put_words(at, next + FIELD + g, 1, &code);
        }
        next += FIELD + fields[f].gates;
    }
    return at;
}

/* Two sweeps of four rays, each in two records; the second record has a field of its own. */
static void make(int mark, bool big)
{
    static const struct made_field first[] = {{"DZ", 10, GATES, 125}, {"VR", 100, GATES - 2, 125}},
                                   rest = {"XY", 1, 3, 0};
    memset(&made, 0, sizeof made);
    made.mark = mark, made.big = big;
    for (int s = 0; s < SWEEPS; s++)
        for (int r = 0; r < RAYS; r++) {
            record(s, r, 1, 2, first, 0);
            made.last_record = record(s, r, 2, 1, &rest, 2);
            if (s == 0 && r == 0) made.second_record = made.last_record;
        }
}

static nwc_status read_made(nwc_ctx *ctx, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "UF", INT64_C(1) << 30, volume));
    const nwc_status status = nwc__uf_read(ctx, made.bytes, made.size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static void check_cells(const nwc_volume *volume, int s, const char *name, int field, int gates, double scale)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, s, name, &moment));
    assert_int_equal(moment.field.dim[1], gates);
    for (int c = 0; c < RAYS * gates; c++) {
        const int code = stored(field, c / gates, c % gates);
        if (code == MISSING)
            assert_true(isnan(moment.field.data[c]));
        else
            assert_near(moment.field.data[c], code / scale, 1e-6 * fabs(code / scale));
    }
}

static void all_ways_of_framing_give_the_same(void **state)
{
    (void)state;
    for (int way = 0; way < 8; way++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        nwc_moment moment;
        make((const int[]){0, 2, 4, 8}[way / 2], way % 2);
        assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "UF");
        assert_ok(read_made(nwc__ctx(NULL), &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.site, "NPOL");
        assert_string_equal(facts.site_name, "SITE ONE");
        assert_string_equal(facts.incomplete, "");
        assert_near(facts.latitude_deg, 36.0 + 30.0 / 60.0 + 16.0 / 3600.0, 1e-12);
        assert_near(facts.longitude_deg, -97.0 - 15.0 / 60.0 - 32.0 / 3600.0, 1e-12);
        assert_near(facts.altitude_m, 321.0, 0.0);
        assert_near(facts.frequency_hz, 2.99792458e9, 1.0); /* 10 cm */
        assert_near(facts.beam_width_h_deg, 1.0, 0.0);
        assert_near(facts.beam_width_v_deg, 1.25, 0.0);
        assert_int_equal(facts.time_ns, INT64_C(1306281360000000000)); /* 2011-05-24 23:56:00 */
        assert_int_equal(facts.n_sweeps, SWEEPS);
        for (int s = 0; s < SWEEPS; s++) {
            assert_ok(nwc_volume_sweep(volume, s, &sweep));
            assert_int_equal(sweep.n_rays, RAYS);
            assert_int_equal(sweep.mode, s ? NWC_SWEEP_RHI : NWC_SWEEP_SURVEILLANCE);
            assert_near(sweep.fixed_angle_deg, s ? 200.0 : 1.5, 0.0);
            assert_near(sweep.azimuth_deg[0], s ? 200.0 : 359.0, 0.0);
            assert_near(sweep.elevation_deg[3], s ? 3.5 : 1.5, 0.0);
            assert_int_equal(sweep.time_ns[3] - facts.time_ns, INT64_C(3000000000));
            assert_near(sweep.nyquist_m_s[2], 20.0, 0.0);
            assert_near(sweep.unambiguous_range_m[2], 149896.229, 0.01);
            check_cells(volume, s, "DBZH", 0, GATES, 10.0);
            check_cells(volume, s, "VRADH", 1, GATES - 2, 100.0);
            check_cells(volume, s, "XY", 2, 3, 1.0);
            assert_ok(nwc_volume_find(volume, s, "DBZH", &moment));
            assert_string_equal(moment.own_name, "DZ");
            assert_near(moment.first_gate_m, 1125.0, 0.0);
            assert_near(moment.gate_spacing_m, 250.0, 0.0);
            assert_near(moment.resolution, 0.1, 0.0);
            assert_ok(nwc_volume_find(volume, s, "XY", &moment));
            assert_near(moment.first_gate_m, 1125.0, 0.0); /* nothing added: where the gate begins */
        }
        nwc_volume_destroy(volume);
    }
}

static void of_fields_with_one_name_the_usual_one_has_it(void **state)
{
    (void)state;
    static const struct made_field fields[] = {{"VE", 10, 3, 0}, {"ZD", 10, 3, 0}, {"CZ", 10, 3, 0}, {"VR", 10, 3, 0},
                                               {"DR", 10, 3, 0}, {"DM", 10, 3, 0}, {"HC", 1, 3, 0},  {"FH", 1, 3, 0}};
    static const char *const names[] = {"VRADDH", "ZD", "DBZHC", "VRADH", "ZDR", "DM", "CLASS", "FH"};
    nwc_volume *volume;
    nwc_moment moment;
    memset(&made, 0, sizeof made);
    made.mark = 4, made.big = true;
    record(0, 0, 1, 8, fields, 0);
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    for (int m = 0; m < 8; m++) {
        assert_ok(nwc_volume_moment(volume, 0, m, &moment));
        assert_string_equal(moment.name, names[m]);
        assert_string_equal(moment.own_name, fields[m].name);
    }
    assert_ok(nwc_volume_find(volume, 0, "DM", &moment));
    assert_string_equal(moment.field.units, "dBm");
    nwc_volume_destroy(volume);
    made.size = 0;
    record(0, 0, 1, 1, fields, 0); /* VE alone is the velocity */
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_find(volume, 0, "VRADH", &moment));
    nwc_volume_destroy(volume);
}

static void dates_of_all_kinds_are_understood(void **state)
{
    (void)state;
    static const struct {
        int year;
        const char *zone;
        int second;
        int64_t time_s;
    } cases[] = {
        {80, "UT", 0, 328060560},
        {111, "  ", 0, 1306281360},
        {2011, "CS", 0, 1306281360 + 6 * 3600},
        {11, "CD", 0, 1306281360 + 5 * 3600},
        {11, "UT", 60, 1306281420},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        make(4, true);
        for (int64_t at = 0; at + 90 < made.size; at++) {
            if (memcmp(made.bytes + at, "UF", 2) != 0) continue;
            put_words(at, 26, 1, &cases[c].year);
            put_words(at, 31, 1, &cases[c].second);
            memcpy(made.bytes + at + 62, cases[c].zone, 2);
        }
        assert_ok(read_made(nwc__ctx(NULL), &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_int_equal(facts.time_ns, cases[c].time_s * 1000000000);
        nwc_volume_destroy(volume);
    }
}

static void what_is_damaged_is_named_and_the_rest_is_read(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    make(4, false);
    assert_int_equal(made.bytes[made.second_record], 'U');
    made.bytes[made.second_record] = 'X'; /* one record is lost, with its field */
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.incomplete, "the file is damaged or ends early");
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, RAYS);
    nwc_volume_destroy(volume);
    make(4, false);
    put_words(made.last_record, 64, 1, (const int[]){5});     /* two fields too many */
    put_words(made.last_record, 66, 1, (const int[]){10000}); /* and the header of the first far away */
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_non_null(strstr(facts.incomplete, "field 0 of a ray is damaged"));
    nwc_volume_destroy(volume);
    make(0, true);
    put_words(made.second_record, 67 + 4, 1, (const int[]){500}); /* another spacing in one ray */
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_non_null(strstr(facts.incomplete, "field XY of a ray has other gates"));
    nwc_volume_destroy(volume);
}

static void cut_off_anywhere_whole_rays_remain(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    make(4, true);
    for (int64_t size = made.size - 5; size >= 0; size--) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        made.size = size;
        const nwc_status status = read_made(ctx, &volume);
        if (status != NWC_OK) {
            assert_int_equal(status, NWC_ERR_NODATA);
            assert_non_null(strstr(nwc_error_text(), "no whole ray"));
            continue;
        }
        assert_ok(nwc_volume_describe(volume, &facts));
        if (size > made.last_record) assert_string_not_equal(facts.incomplete, "");
        nwc_volume_destroy(volume);
    }
    nwc_ctx_destroy(ctx);
}

static void damage_and_failures_leave_no_memory(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    make(4, true);
    assert_true(check_every_failing_read(read_made) > 20);
    for (unsigned seed = 1; seed <= 3000; seed++) {
        uint32_t dice = seed * 2654435761U;
        make(4 * (seed & 1), seed & 2);
        for (int k = 0; k < 1 + (int)(seed % 4); k++) {
            dice = dice * 1664525U + 1013904223U;
            made.bytes[(dice >> 8) % (uint32_t)made.size] ^= (uint8_t)(dice >> 3);
        }
        nwc_volume *volume;
        if (read_made(ctx, &volume) == NWC_OK) nwc_volume_destroy(volume);
    }
    nwc_ctx_destroy(ctx);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    const char *const path = real_data("radar/uf/MC3E_NPOL_2011_0524_2356_hid.uf.gz");
    if (!path) skip();
    nwc_volume *volume[2];
    nwc_moment one, other;
    for (int k = 0; k < 2; k++) {
        nwc_ctx *const ctx = context_with_threads(1 + 2 * k);
        assert_ok(nwc_volume_open(ctx, &path, 1, NULL, &volume[k]));
        nwc_ctx_destroy(ctx);
    }
    for (int32_t s = 0; s < 3; s++)
        for (int32_t m = 0; m < 12; m++) {
            assert_ok(nwc_volume_moment(volume[0], s, m, &one));
            assert_ok(nwc_volume_moment(volume[1], s, m, &other));
            assert_memory_equal(one.field.data, other.field.data,
                                (size_t)(one.field.dim[0] * one.field.dim[1]) * sizeof(float));
        }
    nwc_volume_destroy(volume[1]);
    nwc_volume_destroy(volume[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_of_framing_give_the_same),
        cmocka_unit_test(of_fields_with_one_name_the_usual_one_has_it),
        cmocka_unit_test(dates_of_all_kinds_are_understood),
        cmocka_unit_test(what_is_damaged_is_named_and_the_rest_is_read),
        cmocka_unit_test(cut_off_anywhere_whole_rays_remain),
        cmocka_unit_test(damage_and_failures_leave_no_memory),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
