/* NEXRAD Level II, on files made byte by byte from the interface control documents. */
#include "io/internal.h"
#include "radar/format/nexrad.h"
#include "support/made_files.h"
#include "support/scratch.h"

#include <bzlib.h>
#include <zlib.h>

enum { ROOM = 1 << 20, RAYS = 6, GATES = 40, FRAME = 2432 };

/* A file that grows. */
struct made {
    uint8_t bytes[ROOM];
    int64_t size;
};

static void put_real(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_word(at, bits);
}

static void put_header(uint8_t *message, int type, int64_t body)
{
    put_short(message + 12, (int)((16 + body) / 2));
    message[15] = (uint8_t)type;
    put_short(message + 18, 17000);
    put_short(message + 24, 1), put_short(message + 26, 1);
}

static void volume_header(struct made *made)
{
    memcpy(made->bytes, "AR2V0006.001", 12);
    put_word(made->bytes + 12, 17000), put_word(made->bytes + 16, 1000);
    memcpy(made->bytes + 20, "KTST", 4);
    made->size = 24;
}

/* The code of gate g of ray r: all kinds of codes come. */
static int code_of(int r, int g)
{
    return (7 * r + 3 * g) % 101;
}

/* One moment block of message 31. */
static int64_t put_moment(uint8_t *at, const char *name, int bits, float scale, float offset, int r)
{
    at[0] = 'D';
    memcpy(at + 1, name, 3);
    put_short(at + 8, GATES), put_short(at + 10, 2125), put_short(at + 12, 250);
    at[19] = (uint8_t)bits;
    put_real(at + 20, scale), put_real(at + 24, offset);
    for (int g = 0; g < GATES; g++) {
        if (bits == 8)
            at[28 + g] = (uint8_t)code_of(r, g);
        else
            put_short(at + 28 + 2 * g, 4 * code_of(r, g));
    }
    return 28 + GATES * bits / 8;
}

static void message_31(struct made *made, int r, int state, int cut, bool doppler)
{
    uint8_t *const message = made->bytes + made->size, *const body = message + 28;
    memset(message, 0, 4000);
    memcpy(body, "KTST", 4);
    put_word(body + 4, (uint32_t)(5000 + 100 * r)), put_short(body + 8, 17001), put_short(body + 10, r + 1);
    put_real(body + 12, 10.0F + 60.0F * (float)r), put_real(body + 24, 0.5F + (float)cut);
    body[21] = (uint8_t)state, body[22] = (uint8_t)cut;
    put_short(body + 30, doppler ? 3 : 4);
    int64_t at = 32 + 4 * 4;
    put_word(body + 32, (uint32_t)at);
    memcpy(body + at, "RVOL", 4), put_short(body + at + 4, 44);
    put_real(body + at + 8, 35.25F), put_real(body + at + 12, -97.5F);
    put_short(body + at + 16, 370), put_short(body + at + 18, 20), put_short(body + at + 40, 212);
    at += 44;
    put_word(body + 36, (uint32_t)at);
    memcpy(body + at, "RRAD", 4), put_short(body + at + 4, 28);
    put_short(body + at + 6, 1170), put_short(body + at + 16, 2625);
    at += 28;
    put_word(body + 40, (uint32_t)at);
    at += put_moment(body + at, doppler ? "VEL" : "REF", 8, 2.0F, doppler ? 129.0F : 66.0F, r);
    if (!doppler) {
        put_word(body + 44, (uint32_t)at);
        at += put_moment(body + at, "PHI", 16, 2.8361F, 2.0F, r);
    }
    put_header(message, 31, at);
    made->size += 28 + at;
}

static void message_1(struct made *made, int r, int state, int cut)
{
    uint8_t *const message = made->bytes + made->size, *const body = message + 28;
    memset(message, 0, FRAME);
    put_word(body, (uint32_t)(7000 + 100 * r)), put_short(body + 4, 10000), put_short(body + 6, 1480);
    put_short(body + 8, (int)(8 * 4096 * (30.0 * r) / 180.0)), put_short(body + 12, state);
    put_short(body + 14, 8 * 40), put_short(body + 16, cut);
    put_short(body + 18, 0), put_short(body + 20, -375), put_short(body + 22, 1000), put_short(body + 24, 250);
    put_short(body + 26, GATES), put_short(body + 28, GATES);
    put_short(body + 36, 100), put_short(body + 38, 100 + GATES);
    put_short(body + 42, cut == 1 ? 2 : 4), put_short(body + 44, 11), put_short(body + 60, 2610);
    for (int g = 0; g < GATES; g++)
        body[100 + g] = (uint8_t)code_of(r, g), body[100 + GATES + g] = (uint8_t)code_of(r, g);
    put_header(message, 1, 2400);
    made->size += FRAME;
}

/* Messages from byte from on become one packed record. */
static void pack(struct made *made, int64_t from, bool last)
{
    static char packed[ROOM];
    unsigned n = sizeof packed;
    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &n, (char *)made->bytes + from, (unsigned)(made->size - from), 9,
                                              0, 0),
                     BZ_OK);
    put_word(made->bytes + from, last ? (uint32_t)(-(int32_t)n) : (uint32_t)n);
    memcpy(made->bytes + from + 4, packed, n);
    made->size = from + 4 + (int64_t)n;
}

/* Two cuts, reflectivity and phase, then velocity; packed as two records. */
static void make_31(struct made *made)
{
    volume_header(made);
    int64_t from = made->size;
    for (int r = 0; r < RAYS; r++) message_31(made, r, r == 0 ? 3 : r == RAYS - 1 ? 2 : 1, 1, false);
    pack(made, from, false);
    from = made->size;
    for (int r = 0; r < RAYS; r++) message_31(made, r, r == 0 ? 0 : r == RAYS - 1 ? 4 : 1, 2, true);
    pack(made, from, true);
}

static nwc_status read_made(nwc_ctx *ctx, const struct made *made, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "NEXRAD Level II", INT64_C(1) << 30, volume));
    const nwc_status status = nwc__nexrad_read(ctx, made->bytes, made->size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static struct made made;

static void a_packed_file_gives_every_gate(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    make_31(&made);
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "KTST");
    assert_string_equal(facts.version, "AR2V0006");
    assert_string_equal(facts.scan_name, "VCP 212");
    assert_string_equal(facts.incomplete, "");
    assert_near(facts.latitude_deg, 35.25, 0.0);
    assert_near(facts.altitude_m, 390.0, 0.0);
    assert_int_equal(facts.n_sweeps, 2);
    assert_int_equal(facts.time_ns, (INT64_C(17000) * 86400 + 5) * INT64_C(1000000000));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, RAYS);
    assert_int_equal(sweep.n_moments, 2);
    assert_near(sweep.fixed_angle_deg, 1.5, 0.0);
    assert_near(sweep.azimuth_deg[2], 130.0, 0.0);
    assert_near(sweep.nyquist_m_s[0], 26.25, 1e-5);
    assert_near(sweep.unambiguous_range_m[0], 117000.0, 0.0);
    assert_int_equal(sweep.time_ns[3] - sweep.time_ns[0], 300000000);
    for (int s = 0; s < 2; s++) {
        assert_ok(nwc_volume_find(volume, s, s ? "VRADH" : "DBZH", &moment));
        assert_near(moment.first_gate_m, 2125.0, 0.0);
        assert_near(moment.gate_spacing_m, 250.0, 0.0);
        assert_non_null(moment.flags.data);
        for (int c = 0; c < RAYS * GATES; c++) {
            const int code = code_of(c / GATES, c % GATES);
            const float value = moment.field.data[c], expected = ((float)code - (s ? 129.0F : 66.0F)) / 2.0F;
            if (code > 1)
                assert_true(value == expected);
            else if (code == 0 && s == 0)
                assert_true(value == -128.0F);
            else
                assert_true(isnan(value));
            assert_int_equal(moment.flags.data[c], code == 1 ? NWC_GATE_RANGE_FOLDED : 0);
        }
    }
    assert_ok(nwc_volume_find(volume, 0, "PHIDP", &moment));
    assert_null(moment.flags.data); /* no code is 1 */
    assert_true(moment.field.data[5] == (60.0F - 2.0F) / 2.8361F);
    assert_fails(NWC_ERR_NODATA, "no moment ZDR", nwc_volume_find(volume, 0, "ZDR", &moment));
    assert_fails(NWC_ERR_ARG, "0 to 1 expected, 2 given", nwc_volume_sweep(volume, 2, &sweep));
    nwc_volume_destroy(volume);
}

/* Two cuts of message 1, not packed. */
static void make_1(void)
{
    volume_header(&made);
    for (int r = 0; r < 2 * RAYS; r++)
        message_1(&made, r % RAYS,
                  r == 0              ? 3
                  : r == RAYS         ? 0
                  : r == 2 * RAYS - 1 ? 4
                  : r == RAYS - 1     ? 2
                                      : 1,
                  1 + r / RAYS);
}

static void old_messages_have_their_own_scales(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_sweep sweep;
    nwc_moment moment;
    make_1();
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_sweep(volume, 1, &sweep));
    assert_near(sweep.azimuth_deg[3], 90.0, 0.0);
    assert_near(sweep.fixed_angle_deg, 320 * 180.0 / 32768.0, 1e-6);
    for (int s = 0; s < 2; s++) {
        assert_ok(nwc_volume_find(volume, s, "VRADH", &moment));
        assert_near(moment.first_gate_m, -375.0, 0.0);
        assert_near(moment.field.data[9], s ? 27 - 129 : (27 - 129) / 2.0, 0.0);
        assert_ok(nwc_volume_find(volume, s, "DBZH", &moment));
        assert_near(moment.gate_spacing_m, 1000.0, 0.0);
        assert_near(moment.field.data[9], 27 / 2.0 - 33.0, 0.0);
    }
    nwc_volume_destroy(volume);
}

static void cut_off_anywhere_what_is_whole_remains(void **state)
{
    (void)state;
    make_31(&made);
    const int64_t whole = made.size;
    int64_t most = 0;
    for (int64_t size = 0; size < whole; size++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        made.size = size;
        const nwc_status status = read_made(nwc__ctx(NULL), &made, &volume);
        if (status != NWC_OK) {
            assert_int_equal(status, NWC_ERR_NODATA);
            continue;
        }
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_not_equal(facts.incomplete, "");
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.n_rays, RAYS); /* a bzip2 block is whole or not at all */
        most = size;
        nwc_volume_destroy(volume);
    }
    assert_int_equal(most, whole - 1);
}

static void sweeps_follow_the_antenna_not_a_plan(void **state)
{
    (void)state;
    /* the lowest cut comes again in between, and then the volume breaks off */
    static const int cuts[3] = {1, 2, 1};
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    volume_header(&made);
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < RAYS - (c == 2); r++)
            message_31(&made, r, r ? (r == RAYS - 1 ? 2 : 1) : c ? 0 : 3, cuts[c], false);
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 3);
    assert_string_equal(facts.incomplete, "its last radials are missing");
    assert_ok(nwc_volume_sweep(volume, 2, &sweep));
    assert_int_equal(sweep.n_rays, RAYS - 1);
    assert_string_equal(sweep.incomplete, "its last rays are missing");
    nwc_volume_destroy(volume);
}

static void a_plan_may_look_below_the_horizon_and_have_cuts_that_were_left_out(void **state)
{
    (void)state;
    static const int codes[3] = {65527, 91, 182}; /* in parts of the circle: -0.05, 0.5 and 1.0 degrees */
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    volume_header(&made);
    uint8_t *const message = made.bytes + made.size;
    memset(message, 0, FRAME);
    put_header(message, 5, 22 + 2 * 23 * 3);
    put_short(message + 28 + 6, 3);
    for (int c = 0; c < 3; c++) put_short(message + 28 + 22 + 2 * 23 * c, codes[c]);
    made.size += FRAME;
    for (int c = 1; c <= 2; c++) /* the third was not scanned, and the last of the second is the end */
        for (int r = 0; r < RAYS; r++)
            message_31(&made, r, r ? (r < RAYS - 1 ? 1 : c == 2 ? 4 : 2) : c == 2 ? 5 : 3, c, false);
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 2);
    assert_string_equal(facts.incomplete, "");
    for (int s = 0; s < 2; s++) {
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_near(sweep.fixed_angle_deg, (s ? 91.0 : -9.0) * 360.0 / 65536.0, 1e-9);
    }
    nwc_volume_destroy(volume);
}

static void a_volume_without_its_beginning_still_knows_where_it_is(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    volume_header(&made);
    for (int r = 2; r < RAYS; r++) message_31(&made, r, r == RAYS - 1 ? 2 : 1, 1, false);
    for (int r = 0; r < RAYS; r++) message_31(&made, r, r ? (r == RAYS - 1 ? 4 : 1) : 0, 2, true);
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.incomplete, "its first radials are missing");
    assert_near(facts.latitude_deg, 35.25, 0.0);
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, RAYS - 2);
    assert_string_equal(sweep.incomplete, "its first rays are missing");
    assert_near(sweep.fixed_angle_deg, 1.5, 0.0); /* the middle of its rays, since no plan is there */
    assert_ok(nwc_volume_sweep(volume, 1, &sweep));
    assert_string_equal(sweep.incomplete, "");
    nwc_volume_destroy(volume);
}

static void a_chunk_without_header_is_read(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    made.size = 0;
    for (int r = 2; r < 5; r++) message_31(&made, r, 1, 4, true);
    pack(&made, 0, false);
    assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "NEXRAD Level II");
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.site, "KTST");
    assert_string_equal(facts.incomplete, "its first radials are missing");
    nwc_volume_destroy(volume);
}

static void a_wrong_length_before_a_record_does_not_lose_the_next(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    make_31(&made);
    put_word(made.bytes + 24, 12345);
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 2);
    assert_string_equal(facts.incomplete, "");
    nwc_volume_destroy(volume);
}

static void old_archives_are_read_inside_compress_and_gzip(void **state)
{
    (void)state;
    static uint8_t packed[ROOM];
    const char *const name = scratch_path;
    make_1();
    for (int kind = 0; kind < 2; kind++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_moment moment;
        if (kind == 0) {
            put_scratch(packed, pack_compress(made.bytes, made.size, packed, 16, 0));
        } else {
            const gzFile file = gzopen(scratch_path, "wb");
            assert_int_equal(gzwrite(file, made.bytes, (unsigned)made.size), made.size);
            gzclose(file);
        }
        assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.format, "NEXRAD Level II");
        assert_string_equal(facts.incomplete, "");
        assert_int_equal(facts.n_sweeps, 2);
        assert_ok(nwc_volume_find(volume, 1, "DBZH", &moment));
        assert_near(moment.field.data[9], 27 / 2.0 - 33.0, 0.0);
        nwc_volume_destroy(volume);
    }
}

static void moments_of_fewer_gates_are_padded_where_that_is_wanted(void **state)
{
    enum { FEWER = GATES - 5 };
    (void)state;
    volume_header(&made);
    for (int r = 0; r < RAYS; r++) {
        uint8_t *const body = made.bytes + made.size + 28;
        message_31(&made, r, r == 0 ? 3 : r == RAYS - 1 ? 4 : 1, 1, false);
        put_short(body + nwc__u32_be(body + 44) + 8, FEWER);
    }
    for (int pad = 0; pad < 2; pad++) {
        nwc_volume *volume;
        nwc_moment long_one, short_one;
        assert_ok(nwc__volume_create(nwc__ctx(NULL), "NEXRAD Level II", 1 << 20, &volume));
        if (pad) nwc__volume_pad(volume);
        assert_ok(nwc__nexrad_read(nwc__ctx(NULL), made.bytes, made.size, volume));
        assert_ok(nwc_volume_find(volume, 0, "DBZH", &long_one));
        assert_ok(nwc_volume_find(volume, 0, "PHIDP", &short_one));
        assert_int_equal(long_one.field.dim[1], GATES);
        assert_int_equal(short_one.field.dim[1], pad ? GATES : FEWER);
        assert_null(short_one.flags.data); /* no code of it is 1 */
        for (int64_t r = 0; r < RAYS; r++)
            for (int64_t g = 0; g < short_one.field.dim[1]; g++) {
                const int code = 4 * code_of((int)r, (int)g);
                const float value = short_one.field.data[r * short_one.field.stride[0] + g];
                if (g >= FEWER || code < 2)
                    assert_true(isnan(value));
                else
                    assert_true(value == ((float)code - 2.0F) / 2.8361F);
            }
        nwc_volume_destroy(volume);
    }
}

/* One cut whose rays have reflectivity in numbers of 32 bits. */
static void make_values(float scale)
{
    volume_header(&made);
    for (int r = 0; r < RAYS; r++) {
        uint8_t *const message = made.bytes + made.size, *const body = message + 28;
        message_31(&made, r, r == 0 ? 3 : r == RAYS - 1 ? 4 : 1, 1, false);
        uint8_t *const block = body + nwc__u32_be(body + 40);
        memset(body + 44, 0, 4); /* no second block */
        block[19] = 32;
        put_real(block + 20, scale), put_real(block + 24, 0.0F);
        for (int g = 0; g < GATES; g++) put_real(block + 28 + 4 * g, g == 7 ? NAN : 0.37F * (float)(g - 10 * r));
        const int64_t end = block + 28 + 4 * GATES - body;
        put_header(message, 31, end);
        made.size = message + 28 + end - made.bytes;
    }
}

static void values_that_are_no_codes_are_taken_as_they_are(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    make_values(0.0F);
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.incomplete, "");
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    assert_near(moment.resolution, 0.0, 0.0);
    assert_null(moment.flags.data);
    for (int c = 0; c < RAYS * GATES; c++) {
        const int r = c / GATES, g = c % GATES;
        if (g == 7)
            assert_true(isnan(moment.field.data[c]));
        else
            assert_true(moment.field.data[c] == 0.37F * (float)(g - 10 * r));
    }
    nwc_volume_destroy(volume);
    make_values(2.0F); /* codes of so many bits are not known */
    assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.incomplete, "sweep 0: some gates of REF are in no form that is read");
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_moments, 0);
    nwc_volume_destroy(volume);
}

static void what_is_left_out_of_a_sweep_is_said(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_moment moment;
    for (int kind = 0; kind < 3; kind++) {
        volume_header(&made);
        for (int r = 0; r < RAYS; r++) {
            uint8_t *const body = made.bytes + made.size + 28;
            message_31(&made, r, r == 0 ? 3 : r == RAYS - 1 ? 4 : 1, 1, false);
            uint8_t *const block = body + nwc__u32_be(body + 40);
            if (r != 2) continue;
            if (kind == 0) put_short(block + 8, 2000); /* more gates than bytes */
            if (kind == 1) put_real(block + 20, 0.0F); /* values, but in 8 bits */
            if (kind == 2) put_short(block + 10, 1125);
        }
        assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.incomplete, kind == 2 ? "sweep 0: rays whose gates of REF lie elsewhere are left out"
                                                        : "sweep 0: some gates of REF are in no form that is read");
        assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
        assert_int_equal(moment.field.dim[1], GATES);
        for (int g = 0; g < GATES; g++) assert_true(isnan(moment.field.data[2 * GATES + g]));
        assert_true(moment.field.data[3 * GATES] == (21.0F - 66.0F) / 2.0F);
        nwc_volume_destroy(volume);
    }
}

static void radials_compressed_by_themselves_are_named(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    for (int many = 0; many < 2; many++) {
        volume_header(&made);
        for (int r = 0; r < RAYS; r++) {
            uint8_t *const body = made.bytes + made.size + 28;
            message_31(&made, r, r == 0 ? 3 : r == RAYS - 1 ? 4 : 1, 1, false);
            if (many || r == 3) body[16] = 2;
        }
        if (many) {
            assert_fails(NWC_ERR_UNSUPPORTED, "not compressed by themselves expected, method 2 found",
                         read_made(nwc__ctx(NULL), &made, &volume));
            continue;
        }
        assert_ok(read_made(nwc__ctx(NULL), &made, &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.incomplete, "radials that are compressed by themselves are left out");
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.n_rays, RAYS - 1);
        nwc_volume_destroy(volume);
    }
}

static nwc_status read_whole(nwc_ctx *ctx, void *user)
{
    nwc_volume *volume = NULL;
    const nwc_status status = read_made(ctx, user, &volume);
    nwc_volume_destroy(volume);
    return status;
}

static void threads_change_no_bit_and_failures_leave_no_memory(void **state)
{
    (void)state;
    static const int32_t threads[] = {1, 2, 3, 7};
    float first[RAYS * GATES];
    make_31(&made);
    for (int t = 0; t < 4; t++) {
        nwc_ctx *const ctx = context_with_threads(threads[t]);
        nwc_volume *volume;
        nwc_moment moment;
        assert_ok(read_made(ctx, &made, &volume));
        assert_ok(nwc_volume_find(volume, 1, "VRADH", &moment));
        if (t == 0) memcpy(first, moment.field.data, sizeof first);
        assert_memory_equal(first, moment.field.data, sizeof first);
        nwc_volume_destroy(volume);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(read_whole, &made) > 10);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 2000; seed++) {
        if (seed % 2) {
            make_31(&made);
        } else {
            volume_header(&made);
            for (int r = 0; r < RAYS; r++) message_31(&made, r, 1, 1, false);
        }
        uint32_t dice = seed * 2654435761U;
        for (int k = 0; k < 1 + (int)(seed % 4); k++) {
            dice = dice * 1664525U + 1013904223U;
            made.bytes[dice % (uint32_t)made.size] ^= (uint8_t)(dice >> 24);
        }
        nwc_volume *volume;
        if (read_made(nwc__ctx(NULL), &made, &volume) == NWC_OK) nwc_volume_destroy(volume);
    }
}

static void real_files_hold_what_is_known_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int32_t sweeps;
        int64_t rays;
        double nyquist; /* of the second sweep, the Doppler cut */
        float most_dbz; /* in the lowest cut */
    } known[] = {
        {"radar/nexrad/khtx-20080411/KHTX20080411_181144.gz", 16, 5760, 35.0, 65.0F},
        {"radar/nexrad/khtx-20080411/KHTX20080411_183137.gz", 16, 5760, 35.0, 68.0F},
        {"radar/nexrad/ktlx-19990503/KTLX19990503_235621.gz", 16, 5855, 26.1, 62.5F},
        {"radar/nexrad/single/KLBB20160601_150025_V06", 11, 5400, 22.56, 59.5F},
        {"radar/nexrad/single/KLIX20050828_180149.gz", 16, 5855, 25.37, 54.0F},
        {"radar/nexrad/single/KTLX20100501_000444.bin", 7, 3960, 33.04, 63.0F},
        {"radar/nexrad/single/KTLX20190525_222419.bin", 3, 2160, 33.04, 62.5F},
        {"radar/nexrad/single/KTLX19910720_160529.gz", 2, 620, 26.1, 47.0F},
        {"radar/nexrad/pyart-small/example_nexrad_archive_msg1.bz2", 7, 2567, 28.34, 57.5F},
    };
    /* two whose new files say where they are agree with the list */
    static const struct {
        const char *name;
        double latitude, longitude;
    } places[] = {{"KLBB", 33.6541, -101.8142}, {"KLOT", 41.6044, -88.0844}};
    for (int k = 0; k < 2; k++) {
        double latitude, longitude, ground;
        assert_true(nwc__nexrad_site(places[k].name, &latitude, &longitude, &ground));
        assert_near(latitude, places[k].latitude, 1e-3);
        assert_near(longitude, places[k].longitude, 1e-3);
    }
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        const char *const path = real_data(known[k].path);
        if (!path) skip();
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        nwc_moment moment;
        int64_t rays = 0;
        assert_ok(nwc_volume_open(NULL, &path, 1, NULL, &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_int_equal(facts.n_sweeps, known[k].sweeps);
        if (k == 0) assert_near(facts.longitude_deg, -86.0836, 1e-4);
        for (int32_t s = 0; s < facts.n_sweeps; s++) {
            assert_ok(nwc_volume_sweep(volume, s, &sweep));
            rays += sweep.n_rays;
            if (s == 1) assert_near(sweep.nyquist_m_s[0], known[k].nyquist, 0.005);
        }
        assert_int_equal(rays, known[k].rays);
        assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
        float most = -128.0F;
        for (int64_t g = 0; g < moment.field.dim[0] * moment.field.dim[1]; g++)
            most = moment.field.data[g] > most ? moment.field.data[g] : most;
        assert_near(most, known[k].most_dbz, 0.0);
        nwc_volume_destroy(volume);
    }
}

static void radars_of_the_network_are_found_by_name(void **state)
{
    (void)state;
    double lat, lon, ground_m;
    assert_ok(nwc_radar_site("KTLX", &lat, &lon, &ground_m));
    assert_near(lat, 35.333, 0.01);
    assert_near(lon, -97.278, 0.01);
    assert_near(ground_m, 370.0, 10.0);
    assert_fails(NWC_ERR_NODATA, "\"ktlx\" given", nwc_radar_site("ktlx", &lat, &lon, &ground_m));
    assert_fails(NWC_ERR_ARG, "NULL given", nwc_radar_site(NULL, &lat, &lon, &ground_m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(radars_of_the_network_are_found_by_name),
        cmocka_unit_test(a_packed_file_gives_every_gate),
        cmocka_unit_test(old_messages_have_their_own_scales),
        cmocka_unit_test(cut_off_anywhere_what_is_whole_remains),
        cmocka_unit_test(sweeps_follow_the_antenna_not_a_plan),
        cmocka_unit_test(a_plan_may_look_below_the_horizon_and_have_cuts_that_were_left_out),
        cmocka_unit_test(a_volume_without_its_beginning_still_knows_where_it_is),
        cmocka_unit_test(a_chunk_without_header_is_read),
        cmocka_unit_test(a_wrong_length_before_a_record_does_not_lose_the_next),
        cmocka_unit_test(old_archives_are_read_inside_compress_and_gzip),
        cmocka_unit_test(moments_of_fewer_gates_are_padded_where_that_is_wanted),
        cmocka_unit_test(values_that_are_no_codes_are_taken_as_they_are),
        cmocka_unit_test(what_is_left_out_of_a_sweep_is_said),
        cmocka_unit_test(radials_compressed_by_themselves_are_named),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
        cmocka_unit_test(real_files_hold_what_is_known_of_them),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
