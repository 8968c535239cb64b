/* DORADE sweep files, made by hand in both orders of bytes, and a real one. */
#define _POSIX_C_SOURCE 200809L
#include "radar/format/volume_format.h"
#include "support/read_volume.h"

enum { ROOM = 1 << 16, RAYS = 5, GATES = 12, BAD = -32768 };

struct made {
    uint8_t bytes[ROOM];
    int64_t size, last_ray;
    bool big;
};

static struct made made;

static void put(int64_t at, uint32_t value, int width)
{
    for (int k = 0; k < width; k++) made.bytes[at + (made.big ? width - 1 - k : k)] = (uint8_t)(value >> (8 * k));
}

static void put_real(int64_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(at, bits, 4);
}

/* A block of zeros with its name and length; where it begins. */
static int64_t block(const char *name, int64_t size)
{
    const int64_t at = made.size;
    memset(made.bytes + at, 0, (size_t)size);
    memcpy(made.bytes + at, name, 4);
    put(at + 4, (uint32_t)size, 4);
    made.size += size;
    return at;
}

static void parameter(const char *name, int format, float scale, float bias)
{
    const int64_t at = block("PARM", 104);
    memset(made.bytes + at + 8, ' ', 8);
    memcpy(made.bytes + at + 8, name, strlen(name));
    memcpy(made.bytes + at + 56, "unit", 4);
    put(at + 78, (uint32_t)format, 2), put_real(at + 92, scale), put_real(at + 96, bias),
        put(at + 100, (uint32_t)BAD, 4);
}

/* Gates 4 to 8 are bad. */
static int stored(int r, int g)
{
    return g >= 4 && g < 9 ? BAD : 100 * r - 7 * g;
}

static void data(const char *name, int r, bool packed)
{
    const int64_t at = block("RDAT", packed ? 16 + 2 * (1 + 4 + 1 + 1 + 3 + 1) : 16 + 2 * GATES);
    memset(made.bytes + at + 8, ' ', 8);
    memcpy(made.bytes + at + 8, name, strlen(name));
    int64_t to = at + 16;
    for (int g = 0; g < GATES; g++) {
        if (packed && g == 0) put(to, 0x8000 | 4, 2), to += 2;
        if (packed && g == 4) put(to, 5, 2), to += 2;
        if (packed && g == 9) put(to, 0x8000 | 3, 2), to += 2;
        if (packed && g >= 4 && g < 9) continue;
        put(to, (uint32_t)stored(r, g), 2), to += 2;
    }
    if (packed) put(to, 1, 2);
}

static void make(bool big, bool packed)
{
    memset(&made, 0, sizeof made);
    made.big = big;
    block("SSWB", 196);
    int64_t at = block("VOLD", 72);
    put(at + 36, 2008, 2);
    at = block("RADD", 144);
    memcpy(made.bytes + at + 8, "ARMOR   ", 8);
    put_real(at + 40, 1.05F), put_real(at + 44, 1.1F), put(at + 50, 8, 2), put(at + 68, packed, 2);
    put_real(at + 80, -86.75F), put_real(at + 84, 34.5F), put_real(at + 88, 0.25F), put_real(at + 92, 16.0F);
    put_real(at + 96, 125.0F), put_real(at + 104, 5.6F);
    parameter("VEL", 2, 100.0F, 50.0F);
    parameter("PID", 2, 1.0F, 0.0F);
    at = block("CELV", 12 + 4 * GATES);
    put(at + 8, GATES, 4);
    for (int g = 0; g < GATES; g++) put_real(at + 12 + 4 * g, 1000.0F + 125.0F * (float)g);
    at = block("SWIB", 40);
    put(at + 20, RAYS, 4), put_real(at + 32, 2.5F);
    for (int r = 0; r < RAYS; r++) {
        made.last_ray = at = block("RYIB", 44);
        put(at + 12, 102, 4), put(at + 16, 18, 2), put(at + 18, 22, 2), put(at + 20, (uint32_t)(30 + r), 2),
            put(at + 22, 250, 2);
        put_real(at + 24, r ? 72.0F * (float)r : -1.0F), put_real(at + 28, 2.4F);
        data("VEL", r, packed);
        if (r != 2) data("PID", r, packed);
    }
    block("NULL", 8);
}

static nwc_status read_made(nwc_ctx *ctx, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "DORADE", INT64_C(1) << 30, volume));
    const nwc_status status = nwc__dorade_read(ctx, made.bytes, made.size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static void all_ways_of_storing_give_the_same(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        nwc_moment moment;
        make(way & 1, way & 2);
        assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "DORADE");
        assert_ok(read_made(nwc__ctx(NULL), &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.site, "ARMOR");
        assert_string_equal(facts.incomplete, "");
        assert_near(facts.latitude_deg, 34.5, 0.0);
        assert_near(facts.altitude_m, 250.0, 0.0);
        assert_near(facts.frequency_hz, 5.6e9, 1e3);
        assert_int_equal(facts.time_ns / 1000000, INT64_C(1207938150250)); /* day 102 of 2008 is 11 April */
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.n_rays, RAYS);
        assert_near(sweep.fixed_angle_deg, 2.5, 0.0);
        assert_near(sweep.azimuth_deg[0], 359.0, 0.0);
        assert_near(sweep.nyquist_m_s[1], 16.0, 0.0);
        assert_near(sweep.unambiguous_range_m[1], 125000.0, 0.0);
        assert_ok(nwc_volume_find(volume, 0, "VRADH", &moment));
        assert_near(moment.first_gate_m, 1000.0, 1e-3);
        assert_near(moment.gate_spacing_m, 125.0, 1e-3);
        for (int c = 0; c < RAYS * GATES; c++) {
            const int code = stored(c / GATES, c % GATES);
            if (code == BAD)
                assert_true(isnan(moment.field.data[c]));
            else
                assert_near(moment.field.data[c], (code - 50.0) / 100.0, 1e-6);
        }
        assert_ok(nwc_volume_find(volume, 0, "PID", &moment));
        assert_string_equal(moment.field.units, "unit");
        for (int g = 0; g < GATES; g++) assert_true(isnan(moment.field.data[2 * GATES + g])); /* not in that ray */
        nwc_volume_destroy(volume);
    }
}

static void cut_off_anywhere_whole_rays_remain(void **state)
{
    (void)state;
    make(true, true);
    for (int64_t size = made.size - 9; size >= 0; size--) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        made.size = size;
        const nwc_status status = read_made(nwc__ctx(NULL), &volume);
        if (status != NWC_OK) {
            assert_true(status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA);
            continue;
        }
        assert_ok(nwc_volume_describe(volume, &facts));
        if (size < made.last_ray + 44) assert_string_not_equal(facts.incomplete, ""); /* after that no ray is missing */
        nwc_volume_destroy(volume);
    }
    make(false, false);
    memcpy(made.bytes + 196 + 72, "XXXX", 4); /* no description of the radar */
    nwc_volume *volume;
    assert_fails(NWC_ERR_FORMAT, "blocks VOLD, RADD, PARM, CELV and SWIB expected", read_made(nwc__ctx(NULL), &volume));
}

static void damage_and_failures_leave_no_memory(void **state)
{
    (void)state;
    make(true, true);
    assert_true(check_every_failing_read(read_made) > 10);
    for (unsigned seed = 1; seed <= 3000; seed++) {
        uint32_t dice = seed * 2654435761U;
        make(seed & 1, seed & 2);
        for (int k = 0; k < 1 + (int)(seed % 4); k++) {
            dice = dice * 1664525U + 1013904223U;
            made.bytes[(dice >> 8) % (uint32_t)made.size] ^= (uint8_t)(dice >> 3);
        }
        nwc_volume *volume;
        if (read_made(nwc__ctx(NULL), &volume) == NWC_OK) nwc_volume_destroy(volume);
    }
}

static void a_real_sweep_holds_what_is_known_of_it(void **state)
{
    (void)state;
    const char *const path = real_data("radar/dorade/armor-20080411/swp.1080411182230.ARMOR.747.0.5_SUR_v001.gz");
    if (!path) skip();
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    int64_t known = 0;
    assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_near(facts.latitude_deg, 34.6462, 5e-5);
    assert_near(facts.longitude_deg, -86.7715, 5e-5);
    assert_near(facts.altitude_m, 200.0, 0.5);
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, 360);
    assert_int_equal(sweep.n_moments, 8);
    assert_near(sweep.nyquist_m_s[0], 16.08, 0.005);
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    for (int64_t g = 0; g < 360 * 992; g++) known += !isnan(moment.field.data[g]);
    assert_int_equal(known, 360 * 992 - 280079); /* as in the CfRadial file made of these sweeps */
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_of_storing_give_the_same),
        cmocka_unit_test(cut_off_anywhere_whole_rays_remain),
        cmocka_unit_test(damage_and_failures_leave_no_memory),
        cmocka_unit_test(a_real_sweep_holds_what_is_known_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
