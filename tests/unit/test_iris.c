/* IRIS RAW products, on a file made by hand as the manual lays it out, and on real ones. */
#include "radar/format/volume_format.h"
#include "support/read_volume.h"

enum { RECORD = 6144, RAYS = 40, GATES = 90, SWEEPS = 2, MOST_RECORDS = 26, CODES = 65536, MOST_GATES = 4096 };

struct made {
    uint8_t bytes[MOST_RECORDS * RECORD];
    int64_t size;
};

static struct made made;

static void put2(int64_t at, int value)
{
    made.bytes[at] = (uint8_t)value, made.bytes[at + 1] = (uint8_t)(value >> 8);
}

static void put4(int64_t at, int64_t value)
{
    for (int k = 0; k < 4; k++) made.bytes[at + k] = (uint8_t)(value >> (8 * k));
}

static void put_time(int64_t at, int seconds)
{
    put4(at, seconds), put2(at + 4, 250 | 0x800), put2(at + 6, 2026), put2(at + 8, 6), put2(at + 10, 1);
}

/* Reflectivity (one byte, type 2), velocity (one byte, 3) and phase (two bytes, 24). */
static int code_of(int type, int r, int g)
{
    if (type == 24) return g < 50 ? 0 : 700 * (g - 50) + r;
    if (g >= 30 && g < 60) return 0;
    return (5 * r + 3 * g) % 256;
}

/* One word, into a new record of the sweep where the old one is full. */
static void put_word(int sweep, int value)
{
    if (made.size % RECORD == 0) {
        put2(made.size, (int)(made.size / RECORD)), put2(made.size + 2, sweep);
        made.size += 12;
    }
    put2(made.size, value);
    made.size += 2;
}

/* A ray run-length coded: runs of zeros from two words on, all else literally. */
static void put_ray(int sweep, int type, int r, bool missing)
{
    uint16_t words[6 + GATES] = {0};
    int n = 6 + (type == 24 ? GATES : GATES / 2);
    words[0] = (uint16_t)(65536 + 65536 / RAYS * r - 200), words[2] = (uint16_t)(65536 / RAYS * r + 200);
    words[1] = words[3] = (uint16_t)(182 * sweep), words[4] = GATES, words[5] = (uint16_t)r;
    for (int g = 0; g < GATES; g++) {
        if (type == 24)
            words[6 + g] = (uint16_t)code_of(type, r, g);
        else
            words[6 + g / 2] = (uint16_t)(words[6 + g / 2] | code_of(type, r, g) << (8 * (g % 2)));
    }
    for (int at = 0; at < n && !missing;) {
        int zeros = 0, literal = 0;
        while (at + zeros < n && words[at + zeros] == 0) zeros++;
        if (zeros > 1) {
            put_word(sweep, zeros);
            at += zeros;
            continue;
        }
        while (at + literal < n && !(words[at + literal] == 0 && at + literal + 1 < n && words[at + literal + 1] == 0))
            literal++;
        put_word(sweep, 0x8000 | literal);
        for (int k = 0; k < literal; k++) put_word(sweep, words[at + k]);
        at += literal;
    }
    put_word(sweep, 1);
}

static void make(void)
{
    static const int types[] = {2, 3, 24};
    memset(&made, 0, sizeof made);
    put2(0, 27), put2(12, 26), put2(24, 15);
    memcpy(made.bytes + 86, "VOLUME_A", 8);
    const int64_t head = RECORD;
    put2(head, 23);
    put_time(head + 100, 21600);
    memcpy(made.bytes + head + 162, "Testberg", 8);
    put4(head + 180, 536870912), put4(head + 184, 4294967296 - 268435456), put4(head + 200, 12345);
    put4(head + 628, 1 << 2 | 1 << 3 | 1 << 24);
    put4(head + 760, 1000), put2(head + 768, 1); /* 1000 Hz, 2 : 3 */
    put4(head + 1264, 50000), put4(head + 1280, 25000);
    put2(head + 1424, 4), put2(head + 1430, SWEEPS);
    put4(head + 1744, 532), put4(head + 1808, 11930465);
    made.size = 2 * RECORD;
    for (int s = 1; s <= SWEEPS; s++) {
        for (int t = 0; t < 3; t++) {
            int64_t at = made.size + (t == 0 ? 12 : 0);
            for (int w = 0; w < 38; w++) put_word(s, 0);
            put2(at, 24), put_time(at + 12, 21600 + 60 * s), put2(at + 24, s), put2(at + 30, RAYS),
                put2(at + 34, 182 * s);
            put2(at + 38, types[t]);
        }
        for (int r = 0; r < RAYS; r++)
            for (int t = 0; t < 3; t++) put_ray(s, types[t], r, s == 2 && r == 7);
        made.size = (made.size + RECORD - 1) / RECORD * RECORD;
    }
}

static nwc_status read_made(nwc_ctx *ctx, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "IRIS RAW", INT64_C(1) << 30, volume));
    const nwc_status status = nwc__iris_read(ctx, made.bytes, made.size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static void rays_come_out_of_their_runs(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    make();
    assert_true(made.size > 5 * RECORD); /* runs go on over the end of a record */
    assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "IRIS RAW");
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site_name, "Testberg");
    assert_string_equal(facts.scan_name, "VOLUME_A");
    assert_near(facts.latitude_deg, 45.0, 1e-9);
    assert_near(facts.longitude_deg, -22.5, 1e-9);
    assert_near(facts.altitude_m, 123.45, 1e-9);
    assert_near(facts.frequency_hz, 299792458.0 / 0.0532, 1.0);
    assert_near(facts.beam_width_h_deg, 1.0, 1e-6);
    assert_string_equal(facts.incomplete, "sweep 1: 39 of 40 rays are in it");
    assert_int_equal(facts.n_sweeps, SWEEPS);
    const double nyquist = 0.25 * 0.0532 * 1000.0 * 2.0;
    for (int s = 0; s < SWEEPS; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_int_equal(sweep.n_rays, RAYS - s);
        assert_int_equal(sweep.n_moments, 3);
        assert_near(sweep.fixed_angle_deg, 182.0 * (s + 1) * 360.0 / 65536.0, 1e-6);
        assert_near(sweep.nyquist_m_s[5], nyquist, 1e-5);
        for (int k = 0; k < sweep.n_rays; k++) {
            const int r = s == 1 && k >= 7 ? k + 1 : k;
            assert_near(sweep.azimuth_deg[k], 65536 / RAYS * r * 360.0 / 65536.0, 1e-4);
            assert_int_equal(sweep.time_ns[k] % INT64_C(86400000000000),
                             (INT64_C(21600) + 60 * (s + 1) + r) * 1000000000 + 250000000);
            assert_ok(nwc_volume_find(volume, s, "DBZH", &moment));
            assert_near(moment.first_gate_m, 500.0, 0.0);
            assert_near(moment.gate_spacing_m, 250.0, 0.0);
            for (int g = 0; g < GATES; g++) {
                const int code = code_of(2, r, g);
                const float value = moment.field.data[k * GATES + g];
                assert_true(code == 255 ? isnan(value) : value == (code ? (float)(code - 64) / 2.0F : -128.0F));
            }
            assert_ok(nwc_volume_find(volume, s, "VRADH", &moment));
            for (int g = 0; g < GATES; g++) {
                const int code = code_of(3, r, g);
                const float value = moment.field.data[k * GATES + g];
                if (code == 0)
                    assert_true(isnan(value));
                else
                    assert_near(value, (code - 128) / 127.0 * nyquist, 1e-5);
            }
            assert_ok(nwc_volume_find(volume, s, "PHIDP", &moment));
            for (int g = 0; g < GATES; g++) {
                const int code = code_of(24, r, g);
                const float value = moment.field.data[k * GATES + g];
                assert_true(code ? fabs(value - 360.0 * (code - 1) / 65534.0) < 1e-4 : isnan(value));
            }
        }
    }
    nwc_volume_destroy(volume);
}

/* A sweep of four rays that turn either way across north, each with an extended header that has its time. */
static const int turns[4][2] = {{100, 95}, {65530, 5}, {3, 65534}, {200, 203}};

static void make_turning(void)
{
    make();
    put4(RECORD + 628, 1 << 0 | 1 << 2);
    put2(RECORD + 1430, 1), put4(RECORD + 1264, 0);
    memset(made.bytes + 2 * RECORD, 0, sizeof made.bytes - 2 * RECORD);
    made.size = 2 * RECORD;
    for (int w = 0; w < 2 * 38; w++) put_word(1, 0);
    put_time(2 * RECORD + 12 + 12, 21600), put2(2 * RECORD + 12 + 30, 4);
    for (int r = 0; r < 4; r++) {
        const int ms = 1250 * r;
        const int extended[8] = {turns[r][0], 65531, turns[r][1], 65528, 1, r, ms, 0};
        const int gates[7] = {turns[r][0], 65531, turns[r][1], 65528, 2, r, 80 + r};
        put_word(1, 0x8000 | 8);
        for (int w = 0; w < 8; w++) put_word(1, extended[w]);
        put_word(1, 1), put_word(1, 0x8000 | 7);
        for (int w = 0; w < 7; w++) put_word(1, gates[w]);
        put_word(1, 1);
    }
    made.size = 3 * RECORD;
}

static void a_ray_is_in_the_middle_of_its_turn_at_the_time_of_its_extended_header(void **state)
{
    (void)state;
    static const double middle[4] = {97.5, 65535.5, 0.5, 201.5};
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment moment;
    make_turning();
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, 4);
    assert_int_equal(sweep.n_moments, 1);
    for (int r = 0; r < 4; r++) {
        assert_near(sweep.azimuth_deg[r], middle[r] * 360.0 / 65536.0, 1e-5);
        assert_near(sweep.elevation_deg[r], -6.5 * 360.0 / 65536.0, 1e-5);
        assert_int_equal(sweep.time_ns[r] % INT64_C(86400000000000), INT64_C(21600250000000) + r * INT64_C(1250000000));
    }
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    assert_near(moment.field.data[2 * 3], (83 - 64) / 2.0, 0.0);
    assert_near(moment.first_gate_m, 125.0, 0.0); /* said to be 0, which is where it begins */
    nwc_volume_destroy(volume);
}

/* One quantity in two bytes, whose words come in runs of any length, the last of which ends the file. */
static void runs_of_any_length_are_put_together(void **state)
{
    (void)state;
    enum { MANY = 30, LONG = 1000 };
    static float expected[MANY][LONG];
    nwc_volume *volume;
    nwc_moment moment;
    uint32_t dice = 1;
    make();
    put4(RECORD + 628, 1 << 9), put2(RECORD + 1430, 1);
    memset(made.bytes + 2 * RECORD, 0, sizeof made.bytes - 2 * RECORD);
    made.size = 2 * RECORD;
    for (int w = 0; w < 38; w++) put_word(1, 0);
    put_time(2 * RECORD + 12 + 12, 21600), put2(2 * RECORD + 12 + 30, MANY);
    for (int r = 0; r < MANY; r++) {
        put_word(1, 0x8000 | 6);
        const int head[6] = {100 * r, 0, 100 * r + 100, 0, LONG, r};
        for (int w = 0; w < 6; w++) put_word(1, head[w]);
        for (int g = 0, run; g < LONG; g += run) {
            dice = dice * 1664525U + 1013904223U;
            run = 1 + (int)(dice >> 16) % (dice >> 30 ? 40 : 150);
            if (run > LONG - g) run = LONG - g;
            const bool zeros = run > 1 && dice >> 8 & 1; /* one alone would be the end of a ray */
            put_word(1, (zeros ? 0 : 0x8000) | run);
            for (int k = 0; k < run; k++) {
                if (!zeros) put_word(1, 32768 + 10 * g + k);
                expected[r][g + k] = zeros ? -128.0F : (float)((10 * g + k) / 100.0);
            }
        }
        put_word(1, 1);
    }
    const int64_t whole = (made.size + RECORD - 1) / RECORD * RECORD;
    uint8_t *const exact = malloc((size_t)whole); /* so that reading over its end is seen */
    memcpy(exact, made.bytes, (size_t)whole);
    assert_ok(nwc__volume_create(nwc__ctx(NULL), "IRIS RAW", INT64_C(1) << 30, &volume));
    assert_ok(nwc__iris_read(nwc__ctx(NULL), exact, whole, volume));
    free(exact);
    assert_ok(nwc_volume_moment(volume, 0, 0, &moment));
    assert_int_equal(moment.field.dim[0], MANY);
    assert_int_equal(moment.field.dim[1], LONG);
    for (int r = 0; r < MANY; r++)
        for (int g = 0; g < LONG; g++) assert_near(moment.field.data[r * LONG + g], expected[r][g], 0.0);
    nwc_volume_destroy(volume);
}

static void behind_damage_in_a_ray_nothing_is_looked_for(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment moment;
    make();
    put2(RECORD + 1430, 1);
    memset(made.bytes + 2 * RECORD, 0, sizeof made.bytes - 2 * RECORD);
    made.size = 2 * RECORD;
    for (int w = 0; w < 3 * 38; w++) put_word(1, 0);
    put_time(2 * RECORD + 12 + 12, 21600), put2(2 * RECORD + 12 + 30, 3);
    const int ray[7] = {0, 0, 100, 0, 2, 0, 90 | 91 << 8};
    for (int r = 0; r < 2; r++) {
        for (int t = 0; t < (r ? 1 : 3); t++) {
            put_word(1, 0x8000 | 7);
            for (int w = 0; w < 7; w++) put_word(1, ray[w]);
            put_word(1, 1);
        }
    }
    put_word(1, 0); /* no code; and then what looks like a ray of many gates */
    put_word(1, 0x8000 | 6);
    for (int w = 0; w < 6; w++) put_word(1, w == 4 ? 2000 : 0);
    put_word(1, 2000), put_word(1, 1);
    made.size = 3 * RECORD;
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, 2);
    assert_string_equal(sweep.incomplete, "the file is damaged or ends early");
    assert_ok(nwc_volume_find(volume, 0, "PHIDP", &moment));
    assert_int_equal(moment.field.dim[1], 2);
    assert_true(isnan(moment.field.data[2]) && isnan(moment.field.data[3]));
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    assert_near(moment.field.data[3], (91 - 64) / 2.0, 0.0);
    nwc_volume_destroy(volume);
}

static void one_quantity_in_two_widths_is_two_moments(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_moment moment;
    make();
    put4(RECORD + 628, 1 << 2), put4(RECORD + 640, 1 << (73 - 64)); /* dBZ, and enhanced dBZ as words 2 and 3 say it */
    put2(RECORD + 1430, 1);
    memset(made.bytes + 2 * RECORD, 0, sizeof made.bytes - 2 * RECORD);
    made.size = 2 * RECORD;
    for (int w = 0; w < 2 * 38; w++) put_word(1, 0);
    put_time(2 * RECORD + 12 + 12, 21600), put2(2 * RECORD + 12 + 30, 2);
    for (int r = 0; r < 2; r++)
        for (int t = 0; t < 2; t++) {
            put_word(1, 0x8000 | 7);
            const int words[7] = {100 * r, 0, 100 * r + 100, 0, 2, 0, 0xff00 | (90 + 20 * t + r)};
            for (int w = 0; w < 7; w++) put_word(1, words[w]);
            put_word(1, 1);
        }
    made.size = 3 * RECORD;
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    static const char *const names[2] = {"DBZH", "dBZE"};
    for (int t = 0; t < 2; t++) {
        assert_ok(nwc_volume_find(volume, 0, names[t], &moment));
        assert_string_equal(moment.field.units, "dBZ");
        assert_near(moment.field.data[2], (91 + 20 * t - 64) / 2.0, 0.0);
        assert_true(isnan(moment.field.data[3])); /* not scanned */
    }
    nwc_volume_destroy(volume);
}

/* A sweep of one type of two bytes, whose gates are all codes in their order. */
static void make_codes(int type)
{
    make();
    put4(RECORD + 628, type < 32 ? 1 << type : 0), put4(RECORD + 636, type < 32 ? 0 : 1 << (type - 32));
    put2(RECORD + 1430, 1);
    memset(made.bytes + 2 * RECORD, 0, sizeof made.bytes - 2 * RECORD);
    made.size = 2 * RECORD;
    for (int w = 0; w < 38; w++) put_word(1, 0);
    put_time(2 * RECORD + 12 + 12, 21600), put2(2 * RECORD + 12 + 30, CODES / MOST_GATES);
    for (int r = 0; r < CODES / MOST_GATES; r++) {
        const int head[6] = {100 * r, 0, 100 * r + 100, 0, MOST_GATES, 0};
        put_word(1, 0x8000 | (6 + MOST_GATES));
        for (int w = 0; w < 6; w++) put_word(1, head[w]);
        for (int g = 0; g < MOST_GATES; g++) put_word(1, MOST_GATES * r + g);
        put_word(1, 1);
    }
    made.size = (made.size + RECORD - 1) / RECORD * RECORD;
}

static void every_code_of_two_bytes_is_its_quotient_to_the_bit(void **state)
{
    (void)state;
    static const struct {
        int type;
        double offset, scale;
    } kinds[] = {{9, 32768.0, 100.0}, {11, 0.0, 100.0}, {20, 1.0, 65533.0}, {24, 1.0, 65534.0 / 360.0}, {56, 0.0, 1.0}};
    nwc_volume *volume;
    nwc_moment moment;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        make_codes(kinds[k].type);
        for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
            nwc_ctx *const ctx = context_with_simd(simd);
            assert_ok(read_made(ctx, &volume));
            nwc_ctx_destroy(ctx);
            assert_ok(nwc_volume_moment(volume, 0, 0, &moment));
            assert_int_equal(moment.field.dim[0] * moment.field.dim[1], CODES);
            for (int code = 1; code < CODES - 1; code++)
                assert_true(moment.field.data[code] == (float)((code - kinds[k].offset) / kinds[k].scale));
            assert_true(kinds[k].type == 9 ? moment.field.data[0] == -128.0F : isnan(moment.field.data[0]));
            assert_true(isnan(moment.field.data[CODES - 1]));
            nwc_volume_destroy(volume);
        }
    }
}

static void cut_off_anywhere_whole_records_remain(void **state)
{
    (void)state;
    make();
    const int64_t whole = made.size;
    for (int64_t size = 0; size < whole; size += 97) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        made.size = size;
        const nwc_status status = read_made(nwc__ctx(NULL), &volume);
        if (status != NWC_OK) {
            assert_true(status == NWC_ERR_FORMAT ? size < 2 * RECORD : status == NWC_ERR_NODATA && size < 3 * RECORD);
            continue;
        }
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_not_equal(facts.incomplete, "");
        nwc_volume_destroy(volume);
    }
}

static void other_products_are_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    make();
    put2(24, 6);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 24: IRIS product 15 (RAW) expected, 6 found",
                 read_made(nwc__ctx(NULL), &volume));
    make();
    put2(RECORD, 22);
    assert_fails(NWC_ERR_FORMAT, "byte 6144: an ingest header", read_made(nwc__ctx(NULL), &volume));
    make();
    put4(RECORD + 1280, 0);
    assert_fails(NWC_ERR_FORMAT, "gates some metres apart", read_made(nwc__ctx(NULL), &volume));
}

static void threads_change_no_bit_and_failures_leave_no_memory(void **state)
{
    (void)state;
    make();
    assert_threads_change_no_bit(read_made, 0, "PHIDP");
    assert_true(check_every_failing_read(read_made) > 20);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 2000; seed++) {
        uint32_t dice = seed * 2654435761U;
        make();
        for (int k = 0; k < 1 + (int)(seed % 5); k++) {
            dice = dice * 1664525U + 1013904223U;
            const uint32_t first = k % 2 ? 0 : RECORD, reach = k % 2 ? (uint32_t)made.size : 3 * RECORD;
            made.bytes[(first + (dice >> 8) % reach) % (uint32_t)made.size] ^= (uint8_t)(dice >> 3);
        }
        nwc_volume *volume;
        if (read_made(nwc__ctx(NULL), &volume) == NWC_OK) nwc_volume_destroy(volume);
    }
}

static void real_files_hold_what_is_known_of_them(void **state)
{
    (void)state;
    const char *path = real_data("radar/sigmet/cor-main131125105503.RAW2049");
    if (!path) skip();
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.scan_name, "SURV_HV_300");
    assert_string_equal(facts.incomplete, "");
    assert_int_equal(facts.n_sweeps, 10);
    for (int32_t s = 0; s < 10; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_int_equal(sweep.n_rays, 360);
        assert_ok(nwc_volume_find(volume, s, "DBZH", &moment));
        assert_true(moment.field.dim[1] == 664 || s > 0); /* higher sweeps reach less far */
    }
    nwc_volume_destroy(volume);
    path = real_data("radar/sigmet/example_sigmet_ppi.sigmet");
    assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, 20);
    assert_near(sweep.fixed_angle_deg, 0.5, 0.005);
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    assert_int_equal(moment.field.dim[1], 25);
    assert_near(moment.field.data[19 * 25 + 14], 0.0, 0.0);
    for (int g = 15; g < 25; g++) assert_true(isnan(moment.field.data[19 * 25 + g]));
    nwc_volume_destroy(volume);
    path = real_data("radar/sigmet/example_sigmet_rhi.sigmet");
    assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.mode, NWC_SWEEP_RHI);
    assert_near(sweep.fixed_angle_deg, 37.3, 0.005);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rays_come_out_of_their_runs),
        cmocka_unit_test(a_ray_is_in_the_middle_of_its_turn_at_the_time_of_its_extended_header),
        cmocka_unit_test(runs_of_any_length_are_put_together),
        cmocka_unit_test(behind_damage_in_a_ray_nothing_is_looked_for),
        cmocka_unit_test(one_quantity_in_two_widths_is_two_moments),
        cmocka_unit_test(every_code_of_two_bytes_is_its_quotient_to_the_bit),
        cmocka_unit_test(cut_off_anywhere_whole_records_remain),
        cmocka_unit_test(other_products_are_refused),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
        cmocka_unit_test(real_files_hold_what_is_known_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
