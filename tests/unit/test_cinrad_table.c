/* CINRAD SC, CD and CC, and the older phased arrays, made by hand. No real file of these is at hand. */
#include "radar/format/volume_format.h"
#include "support/read_volume.h"

enum { ROOM = 1 << 19, HEADER = 1024, RAYS = 6, GATES = 20, DXK_RECORD = 16104, AZIMUTHS = 5, ELEVATIONS = 3 };

typedef nwc_status read_fn(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

struct made {
    uint8_t bytes[ROOM];
    int64_t size;
    read_fn *read;
};

static struct made made;

static void put(int64_t at, int64_t value, int width)
{
    for (int k = 0; k < width; k++) made.bytes[at + k] = (uint8_t)((uint64_t)value >> (8 * k));
}

static void put_text(int64_t at, const char *text)
{
    memcpy(made.bytes + at, text, strlen(text));
}

/* Site of a header: Nantong, by its texts or by its numbers in units of which there are per_degree in a degree. */
static void put_site(int64_t site, const char *type, int per_degree)
{
    put_text(site + 50, "Nantong"), put_text(site + 90, "Z9513"), put_text(site + 100, type);
    if (!per_degree) put_text(site + 120, "E121 04'30.0\""), put_text(site + 136, "N32:06:00");
    put(site + 152, per_degree ? (int64_t)(121.075 * per_degree) : 0, 4);
    put(site + 156, per_degree ? (int64_t)(32.1 * per_degree) : 0, 4), put(site + 160, 95500, 4);
}

/* The code of a gate in sweep s, ray r: 0 comes. */
static int code_of(int s, int r, int g)
{
    return (40 * s + 13 * r + 11 * g) % 256;
}

/* Two sweeps at 0.5 and 1.5 degrees, from 08:00 to 08:06 of Beijing; elevations in unit of a circle's 65536th part. */
static void make_sc(int per_degree, double elevation_circle)
{
    memset(&made, 0, sizeof made);
    made.read = nwc__cinrad_sc_read;
    put_site(0, "CINRAD/SC", per_degree);
    made.bytes[201] = 102;
    put(202, 2012, 2), put(853, 2012, 2);
    static const uint8_t begin[5] = {7, 16, 8, 0, 0}, end[5] = {7, 16, 8, 6, 0};
    memcpy(made.bytes + 204, begin, 5), memcpy(made.bytes + 855, end, 5);
    made.size = HEADER;
    for (int s = 0; s < 2; s++) {
        const int64_t entry = 217 + 21 * s;
        put(entry + 9, 2560, 2), put(entry + 11, 15000, 2), put(entry + 13, 300, 2), put(entry + 15, GATES, 2);
        put(entry + 17, RAYS, 2), put(entry + 19, 50 + 100 * s, 2);
        for (int r = 0; r < RAYS; r++, made.size += 4000) {
            const int elevation = (int)((0.5 + s) / elevation_circle * 65536.0);
            put(made.size, (60 * r + 357) % 360 * 65536 / 360, 2), put(made.size + 4, (60 * r + 3) * 65536 / 360, 2);
            put(made.size + 2, elevation, 2), put(made.size + 6, elevation, 2);
            for (int g = 0; g < 998; g++)
                for (int m = 0; m < 4; m++) made.bytes[made.size + 8 + 4 * g + m] = (uint8_t)code_of(s + m, r, g);
        }
    }
}

static int tenths_of(int s, int r, int g)
{
    return (s + r + g) % 7 ? 10 * g - 30 * r - s : -32768;
}

static void make_cc(void)
{
    memset(&made, 0, sizeof made);
    made.read = nwc__cinrad_cc_read;
    put_site(16, "CINRAD/CC", 3600000);
    static const uint8_t times[16] = {20, 12, 7, 16, 8, 0, 0, 0, 20, 12, 7, 16, 8, 6, 0, 102};
    memcpy(made.bytes + 184, times, 16);
    put(210, 0x408a, 2), put(212, 0x8003, 2);
    made.size = HEADER;
    for (int s = 0; s < 2; s++) {
        const int64_t entry = 218 + 22 * s;
        put(entry, 1550, 2), put(entry + 2, 15000, 2), put(entry + 4, 300, 2), put(entry + 6, 500, 2);
        put(entry + 8, RAYS, 2), put(entry + 18, 50 + 100 * s, 2);
        for (int r = 0; r < RAYS; r++, made.size += 3000)
            for (int g = 0; g < 500; g++)
                for (int m = 0; m < 3; m++) put(made.size + 1000 * m + 2 * g, tenths_of(s + m, r, g), 2);
    }
}

/* All elevations of an azimuth together. */
static void make_dxk(void)
{
    memset(&made, 0, sizeof made);
    made.read = nwc__cinrad_dxk_read;
    for (int a = 0; a < AZIMUTHS; a++)
        for (int e = 0; e < ELEVATIONS; e++, made.size += DXK_RECORD) {
            const int64_t at = made.size, body = at + 32;
            put(at + 2, (int64_t)(121.075 * 65535 / 360), 2), put(at + 4, (int64_t)(32.1 * 65535 / 360), 2);
            put(at + 8, 65535 / 20, 2), put(body, 1600000000 + 10 * a, 4), put(body + 8, 30000, 2);
            put(body + 10, 72 * a * 65535 / 360, 2), put(body + 12, AZIMUTHS, 2);
            put(body + 14, (int64_t)((0.9 + e) * 65535 / 360), 2), put(body + 16, ELEVATIONS, 2);
            put(body + 22, 1966, 2), put(body + 24, GATES, 2);
            for (int b = 0; b < 8; b++)
                for (int g = 0; g < 2000; g++)
                    made.bytes[at + 100 + 2000 * b + g] = (uint8_t)(g % 9 == 8 ? 255 : code_of(a, e + b, g));
        }
}

static nwc_status read_made(nwc_ctx *ctx, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "", INT64_C(1) << 30, volume));
    const nwc_status status = made.read(ctx, made.bytes, made.size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static const float *cells_with(const nwc_volume *volume, int32_t sweep, const char *name, int64_t gates)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, sweep, name, &moment));
    assert_int_equal(moment.field.dim[1], gates);
    return moment.field.data;
}

static void check_facts(const nwc_volume *volume, const char *type)
{
    nwc_volume_facts facts;
    nwc_sweep sweep;
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "Z9513");
    assert_string_equal(facts.site_name, "Nantong");
    assert_string_equal(facts.instrument, type);
    assert_string_equal(facts.incomplete, "");
    assert_int_equal(facts.experimental, 1);
    assert_near(facts.longitude_deg, 121.075, 1e-2);
    assert_near(facts.latitude_deg, 32.1, 1e-2);
    assert_near(facts.altitude_m, 95.5, 1e-9);
    assert_int_equal(facts.time_ns, INT64_C(1342396800000000000)); /* 2012-07-16 00:00 UTC */
    assert_int_equal(facts.n_sweeps, 2);
    assert_ok(nwc_volume_sweep(volume, 1, &sweep));
    assert_int_equal(sweep.n_rays, RAYS);
    assert_near(sweep.fixed_angle_deg, 1.5, 1e-9);
    assert_near(sweep.elevation_deg[2], 1.5, 0.01);
    assert_near(sweep.azimuth_deg[2], 120.0, 0.01);
    assert_near(sweep.unambiguous_range_m[0], 150000.0, 0.1);
    assert_near((double)(sweep.time_ns[RAYS - 1] - facts.time_ns) * 1e-9, 345.0, 1e-3); /* 11.5 of 12 parts */
}

static void sc_has_four_bytes_for_each_gate(void **state)
{
    (void)state;
    static const int per_degree[] = {0, 3600000, 100, 1000};
    for (int way = 0; way < 8; way++) {
        nwc_volume *volume;
        make_sc(per_degree[way / 2], way % 2 ? 120.0 : 360.0);
        assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "CINRAD SC");
        assert_ok(read_made(nwc__ctx(NULL), &volume));
        check_facts(volume, "CINRAD/SC");
        nwc_sweep sweep;
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_near(remainder(sweep.azimuth_deg[0], 360.0), 0.0, 0.01); /* from 357 to 3 */
        assert_near(sweep.nyquist_m_s[0], 25.6, 1e-5);
        for (int s = 0; s < 2; s++) {
            const float *const z = cells_with(volume, s, "DBZH", GATES), *const t =
                                                                             cells_with(volume, s, "DBTH", GATES);
            const float *const v = cells_with(volume, s, "VRADH", GATES), *const w =
                                                                              cells_with(volume, s, "WRADH", GATES);
            for (int c = 0; c < RAYS * GATES; c++) {
                const int r = c / GATES, g = c % GATES, code = code_of(s, r, g), speed = code_of(s + 1, r, g);
                assert_near(z[c], code ? (code - 64) / 2.0 : -128.0, 1e-4);
                const int total = code_of(s + 2, r, g), width = code_of(s + 3, r, g);
                assert_near(t[c], total ? (total - 64) / 2.0 : -128.0, 1e-4);
                if (speed)
                    assert_near(v[c], 25.6 * (speed - 128) / 128.0, 1e-4);
                else
                    assert_true(isnan(v[c]));
                if (width)
                    assert_near(w[c], 25.6 * width / 256.0, 1e-4);
                else
                    assert_true(isnan(w[c]));
            }
        }
        nwc_volume_destroy(volume);
    }
}

static void cc_has_tenths_moment_by_moment(void **state)
{
    (void)state;
    nwc_volume *volume;
    make_cc();
    assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "CINRAD CC");
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    check_facts(volume, "CINRAD/CC");
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < 3; m++) {
            static const char *const names[] = {"DBZH", "VRADH", "WRADH"};
            const float *const cells = cells_with(volume, s, names[m], 500);
            for (int c = 0; c < RAYS * 500; c++) {
                const int tenths = tenths_of(s + m, c / 500, c % 500);
                if (tenths != -32768)
                    assert_near(cells[c], 0.1 * tenths, 1e-3);
                else if (m == 0)
                    assert_near(cells[c], -128.0, 0.0);
                else
                    assert_true(isnan(cells[c]));
            }
        }
    nwc_volume_destroy(volume);
}

static void records_of_a_phased_array_are_dealt_out_to_its_elevations(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    make_dxk();
    assert_string_equal(nwc_volume_sniff(made.bytes, 4096), "CINRAD DXK");
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, ELEVATIONS);
    assert_int_equal(facts.experimental, 1);
    assert_string_equal(facts.incomplete, "");
    assert_near(facts.longitude_deg, 121.075, 0.006);
    assert_near(facts.altitude_m, 50.0, 0.05);
    assert_int_equal(facts.time_ns, INT64_C(1600000000000000000));
    for (int e = 0; e < ELEVATIONS; e++) {
        nwc_sweep sweep;
        nwc_moment moment;
        assert_ok(nwc_volume_sweep(volume, e, &sweep));
        assert_int_equal(sweep.n_rays, AZIMUTHS);
        assert_near(sweep.fixed_angle_deg, 0.9 + e, 0.006);
        assert_near(sweep.azimuth_deg[3], 216.0, 0.006);
        assert_int_equal(sweep.time_ns[2], INT64_C(1600000020000000000));
        assert_int_equal(sweep.n_moments, 7);
        assert_ok(nwc_volume_find(volume, e, "DBZH", &moment));
        assert_near(moment.gate_spacing_m, 30.0, 0.01);
        const float *const z = moment.field.data, *const v = cells_with(volume, e, "VRADH", GATES);
        const float *const rho = cells_with(volume, e, "RHOHV", GATES);
        for (int c = 0; c < AZIMUTHS * GATES; c++) {
            const int a = c / GATES, g = c % GATES;
            if (g % 9 == 8) {
                assert_true(isnan(z[c]) && isnan(v[c]) && isnan(rho[c]));
                continue;
            }
            if (code_of(a, e + 1, g) != 255) assert_near(z[c], code_of(a, e + 1, g) * 106.0 / 255.0 - 20.0, 1e-4);
            if (code_of(a, e + 2, g) != 255) assert_near(v[c], code_of(a, e + 2, g) * 101.0 / 255.0 - 50.0, 1e-4);
            if (code_of(a, e + 7, g) != 255) assert_near(rho[c], code_of(a, e + 7, g) * 1.1 / 255.0, 1e-5);
        }
    }
    nwc_volume_destroy(volume);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    make_sc(100, 360.0);
    made.bytes[201] = 131;
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 201: a scan of kind 10, 101 to 130 or 1",
                 read_made(nwc__ctx(NULL), &volume));
    make_sc(100, 360.0);
    put(217 + 21 + 13, 5, 2);
    assert_fails(NWC_ERR_FORMAT, "byte 238: gates of 25 to 2000 m", read_made(nwc__ctx(NULL), &volume));
    make_sc(100, 360.0);
    made.bytes[204] = 13;
    assert_fails(NWC_ERR_FORMAT, "byte 202: a time expected, 2012-13-16", read_made(nwc__ctx(NULL), &volume));
    make_cc();
    put(210, 0x405a, 2);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 210: echoes of type 0x408a", read_made(nwc__ctx(NULL), &volume));
    make_cc();
    made.bytes[199] = 1;
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 199: a scan of kind 10, 101 to 130 expected",
                 read_made(nwc__ctx(NULL), &volume));
    make_dxk();
    put(4, 0, 2);
    assert_null(nwc_volume_sniff(made.bytes, 4096));
    assert_fails(NWC_ERR_FORMAT, "byte 0: a record of a phased array", read_made(nwc__ctx(NULL), &volume));
}

static void a_place_that_cannot_be_is_not_known(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    make_sc(7, 360.0);
    assert_ok(read_made(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_true(isnan(facts.latitude_deg) && isnan(facts.longitude_deg) && isnan(facts.altitude_m));
    nwc_volume_destroy(volume);
}

static void a_file_cut_off_anywhere_keeps_its_whole_radials(void **state)
{
    (void)state;
    static const int64_t records[] = {4000, 3000, DXK_RECORD};
    for (int kind = 0; kind < 3; kind++) {
        const int64_t first = kind == 2 ? 0 : HEADER;
        if (kind == 0) make_sc(0, 360.0);
        if (kind == 1) make_cc();
        if (kind == 2) make_dxk();
        const int64_t whole = made.size;
        for (int64_t size = 0; size < whole; size += size < 1500 ? 1 : 467) {
            nwc_volume *volume;
            nwc_volume_facts facts;
            nwc_sweep sweep;
            int64_t rays = 0;
            made.size = size;
            const nwc_status status = read_made(nwc__ctx(NULL), &volume);
            if (size < first + records[kind]) {
                assert_true(status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA);
                continue;
            }
            assert_ok(status);
            assert_ok(nwc_volume_describe(volume, &facts));
            assert_string_not_equal(facts.incomplete, "");
            for (int32_t s = 0; s < facts.n_sweeps; s++) {
                assert_ok(nwc_volume_sweep(volume, s, &sweep));
                rays += sweep.n_rays;
            }
            assert_int_equal(rays, (size - first) / records[kind]);
            nwc_volume_destroy(volume);
        }
    }
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    make_sc(0, 360.0);
    assert_true(check_every_failing_read(read_made) > 20);
    make_cc();
    assert_true(check_every_failing_read(read_made) > 20);
    make_dxk();
    assert_true(check_every_failing_read(read_made) > 20);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    static uint8_t good[3][ROOM];
    static int64_t size[3];
    static read_fn *const read[3] = {nwc__cinrad_sc_read, nwc__cinrad_cc_read, nwc__cinrad_dxk_read};
    make_sc(0, 360.0), memcpy(good[0], made.bytes, ROOM), size[0] = made.size;
    make_cc(), memcpy(good[1], made.bytes, ROOM), size[1] = made.size;
    make_dxk(), memcpy(good[2], made.bytes, ROOM), size[2] = made.size;
    for (unsigned seed = 1; seed <= 3000; seed++) {
        uint32_t dice = seed * 2654435761U;
        const unsigned kind = seed % 3;
        memcpy(made.bytes, good[kind], (size_t)size[kind]);
        made.size = size[kind], made.read = read[kind];
        for (int k = 0; k < 1 + (int)(seed % 5); k++) {
            dice = dice * 1664525U + 1013904223U;
            made.bytes[(dice >> 8) % (k % 2 ? (uint32_t)made.size : 900)] ^= (uint8_t)(dice >> 3);
        }
        nwc_volume *volume;
        if (read_made(nwc__ctx(NULL), &volume) == NWC_OK) nwc_volume_destroy(volume);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sc_has_four_bytes_for_each_gate),
        cmocka_unit_test(cc_has_tenths_moment_by_moment),
        cmocka_unit_test(records_of_a_phased_array_are_dealt_out_to_its_elevations),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_place_that_cannot_be_is_not_known),
        cmocka_unit_test(a_file_cut_off_anywhere_keeps_its_whole_radials),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
