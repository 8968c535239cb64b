/* Products of NEXRAD Level III and of CINRAD's PUP, made by hand from the interface control document. */
#include "radar/format/format.h"
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"
#include "support/made_files.h"
#include "support/support.h"

#include <bzlib.h>

enum { ROOM = 1 << 16, HEADERS = 120, RAYS = 4, GATES = 40, SIDE = 24 };

#define KNOT 0.514444F

struct made {
    uint8_t bytes[ROOM];
    int64_t size, message; /* where the message begins */
};

static struct made made;

static const char heading[] = "SDUS54 KOUN 202016\r\r\nN0QTLX\r\r\n";

static void put_level(int level, int value)
{
    put_short(made.bytes + made.message + 60 + 2 * level, value);
}

static void put_real_levels(int level, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_word(made.bytes + made.message + 60 + 2 * level, bits);
}

/* Headers of a product, a symbology block of one layer, and in it a packet of text that nobody wants. */
static void begin(int code, bool american)
{
    memset(&made, 0, sizeof made);
    if (american) {
        memcpy(made.bytes, heading, sizeof heading - 1);
        made.message = sizeof heading - 1;
    }
    uint8_t *const m = made.bytes + made.message, *const packet = m + LEVEL3_BEGIN;
    begin_level3(m, code, LEVEL3_BEGIN);
    if (american) put_short(m + 12, 1), put_word(m + 20, 35333), put_word(m + 24, (uint32_t)-97278);
    put_short(packet, 1), put_short(packet + 2, 6), memcpy(packet + 8, "hi", 2);
    made.size = made.message + HEADERS + 26;
}

static void add_short(int value)
{
    put_short(made.bytes + made.size, value);
    made.size += 2;
}

static void add_byte(int value)
{
    made.bytes[made.size++] = (uint8_t)value;
}

/* The code of a gate of a digital product. */
static int code_of(int r, int g)
{
    return g < 3 ? g : (7 * r + 11 * g) % 256;
}

static void add_digital(void)
{
    add_short(16), add_short(2), add_short(GATES), add_short(0), add_short(0), add_short(999), add_short(RAYS);
    for (int r = 0; r < RAYS; r++) {
        add_short(GATES - 2 * r), add_short(3400 + 100 * r), add_short(100);
        for (int g = 0; g < GATES - 2 * r; g++) add_byte(code_of(r, g));
    }
}

/* Runs of r + 1 gates of the codes 0 to 15 in turn, the rays a hair above one degree wide. */
static void add_runs(void)
{
    add_short(0xaf1f), add_short(0), add_short(GATES), add_short(0), add_short(0), add_short(999), add_short(RAYS);
    for (int r = 0; r < RAYS; r++) {
        add_short(8), add_short(900 * r), add_short(11);
        for (int c = 0; c < 16; c++) add_byte((r + 1) << 4 | c);
    }
}

/* The code in row j of cells i and i + 1. */
static int cell_code(int j, int i)
{
    return (3 * j + i / 2) % 16;
}

static void add_rows(void)
{
    add_short(0xba07), add_short(0x8000), add_short(0xc0), add_short(0), add_short(0), add_short(1), add_short(0),
        add_short(1), add_short(0), add_short(SIDE), add_short(2);
    for (int j = 0; j < SIDE; j++) {
        add_short(SIDE / 2);
        for (int i = 0; i < SIDE; i += 2) add_byte(2 << 4 | cell_code(j, i));
    }
}

/* The levels of a reflectivity: "ND", 5, 10 ... 75, with the sign CINRAD puts before them. */
static void put_reflectivity_levels(int sign)
{
    put_level(0, 0x8002);
    for (int l = 1; l < 16; l++) put_level(l, sign | 5 * l);
}

/* The levels of a velocity: "ND", seven towards, zero, six away, "RF". */
static void put_velocity_levels(void)
{
    static const int knots[13] = {64, 50, 36, 26, 20, 10, 1, 0, 10, 20, 26, 36, 50};
    put_level(0, 0x8002), put_level(15, 0x8003), put_level(14, 0x0200 | 64);
    for (int l = 0; l < 13; l++) put_level(l + 1, (l < 7 ? 0x0100 : 0x0200) | knots[l]);
}

/* Pack all behind the headers. */
static void pack(void)
{
    static char packed[ROOM];
    unsigned n = sizeof packed;
    const int64_t from = made.message + HEADERS;
    put_word(made.bytes + made.message + 102, (uint32_t)(made.size - from));
    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &n, (char *)made.bytes + from, (unsigned)(made.size - from), 9, 0,
                                              0),
                     BZ_OK);
    memcpy(made.bytes + from, packed, n);
    made.size = from + n;
}

static nwc_status read_volume(nwc_ctx *ctx, nwc_volume **volume)
{
    NWC__TRY(nwc__volume_create(ctx, "", INT64_C(1) << 30, volume));
    const nwc_status status = nwc__level3_polar_read(ctx, made.bytes, made.size, *volume);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

static nwc_status read_raster(nwc_ctx *ctx, nwc_raster **raster)
{
    NWC__TRY(nwc__raster_create(ctx, "", INT64_C(1) << 30, raster));
    const nwc_status status = nwc__level3_grid_read(ctx, made.bytes, made.size, *raster);
    if (status == NWC_OK) return NWC_OK;
    nwc_raster_destroy(*raster);
    *raster = NULL;
    return status;
}

/* The only moment of the volume made. */
static nwc_moment moment_of(nwc_volume **volume)
{
    nwc_moment moment;
    assert_ok(read_volume(nwc__ctx(NULL), volume));
    assert_ok(nwc_volume_moment(*volume, 0, 0, &moment));
    return moment;
}

static void runs_are_the_levels_said_for_their_codes(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    begin(19, true);
    put_reflectivity_levels(0);
    add_runs();
    assert_string_equal(nwc_volume_sniff(made.bytes, (size_t)made.size), "NEXRAD Level III");
    assert_null(nwc_io_sniff(made.bytes, (size_t)made.size));
    const nwc_moment moment = moment_of(&volume);
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_string_equal(facts.format, "NEXRAD Level III");
    assert_string_equal(facts.site, "KTLX");
    assert_string_equal(facts.scan_name, "VCP 21");
    assert_string_equal(facts.incomplete, "");
    assert_near(facts.latitude_deg, 35.333, 1e-9);
    assert_near(facts.longitude_deg, -97.278, 1e-9);
    assert_near(facts.altitude_m, 304.8, 1e-9);
    assert_int_equal(facts.time_ns, INT64_C(15000) * 86400000000000 + INT64_C(3600000000000));
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_int_equal(sweep.n_rays, RAYS);
    assert_near(sweep.fixed_angle_deg, 2.4, 1e-9);
    assert_near(sweep.elevation_deg[3], 2.4, 1e-6);
    assert_near(sweep.azimuth_deg[2], 180.55, 1e-4);
    assert_int_equal(sweep.time_ns[1], facts.time_ns);
    assert_string_equal(moment.name, "DBZH");
    assert_string_equal(moment.own_name, "R");
    assert_near(moment.first_gate_m, 500.0, 0.0);
    assert_near(moment.gate_spacing_m, 1000.0, 0.0);
    assert_near(moment.resolution, 5.0, 1e-9);
    assert_null(moment.flags.data);
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            const float cell = moment.field.data[r * GATES + g];
            const int code = g / (r + 1);
            if (code > 15)
                assert_true(isnan(cell)); /* behind the last run */
            else
                assert_true(cell == (code ? (float)(5 * code) : -128.0F));
        }
    nwc_volume_destroy(volume);
}

static void velocities_are_knots_and_know_what_is_folded(void **state)
{
    (void)state;
    nwc_volume *volume;
    begin(27, true);
    put_velocity_levels();
    add_runs();
    nwc_moment moment = moment_of(&volume);
    assert_string_equal(moment.name, "VRADH");
    assert_string_equal(moment.field.units, "m s-1");
    assert_true(isnan(moment.field.data[0])); /* "ND" */
    assert_near(moment.field.data[1], -64.0F * KNOT, 1e-4);
    assert_near(moment.field.data[7], -1.0F * KNOT, 1e-4);
    assert_near(moment.field.data[8], 0.0, 0.0);
    assert_near(moment.field.data[14], 64.0F * KNOT, 1e-4);
    assert_true(isnan(moment.field.data[15]));
    assert_int_equal(moment.flags.data[15], NWC_GATE_RANGE_FOLDED);
    assert_int_equal(moment.flags.data[14], 0);
    assert_near(moment.resolution, 14.0F * KNOT, 1e-3);
    nwc_volume_destroy(volume);
    begin(56, true); /* relative to the storms: no radial velocity of FM 301 */
    put_velocity_levels();
    add_runs();
    moment = moment_of(&volume);
    assert_string_equal(moment.name, "SRM");
    assert_near(moment.field.data[14], 64.0F * KNOT, 1e-4);
    nwc_volume_destroy(volume);
}

static void levels_may_be_fractions(void **state)
{
    (void)state;
    static const struct {
        int level;
        float value;
    } levels[] = {
        {0x4000 | 75, 0.75F}, {0x2100 | 30, -1.5F}, {0x1000 | 25, 2.5F}, {0x1200 | 25, 2.5F}, {0x0400 | 4, 4.0F}};
    nwc_volume *volume;
    begin(158, true);
    put_level(0, 0x8001), put_level(6, 0x8000), put_level(7, 0x8009);
    for (int l = 0; l < 5; l++) put_level(l + 1, levels[l].level);
    add_runs();
    const nwc_moment moment = moment_of(&volume);
    assert_string_equal(moment.name, "ZDR");
    for (int l = 0; l < 5; l++) assert_near(moment.field.data[l + 1], levels[l].value, 1e-6);
    assert_true(isnan(moment.field.data[0]) && isnan(moment.field.data[6]) && isnan(moment.field.data[7]));
    nwc_volume_destroy(volume);
}

static void gates_of_rain_share_its_reach(void **state)
{
    (void)state;
    nwc_volume *volume;
    begin(80, true);
    put_level(0, 0x8002), put_level(1, 0), put_level(2, 0x1000 | 3), put_level(3, 0x1000 | 6);
    add_runs();
    const nwc_moment moment = moment_of(&volume);
    assert_string_equal(moment.name, "ACRR");
    assert_string_equal(moment.field.units, "mm");
    assert_near(moment.gate_spacing_m, 230e3 / GATES, 1e-6);
    assert_near(moment.field.data[0], 0.0, 0.0);
    assert_near(moment.field.data[3], 0.6 * 25.4, 1e-4);
    nwc_volume_destroy(volume);
}

static void digital_codes_run_from_a_least_value_in_steps(void **state)
{
    (void)state;
    nwc_volume *volume;
    for (int packed = 0; packed < 2; packed++) {
        begin(94, true);
        put_level(0, -320), put_level(1, 5), put_level(2, 254);
        add_digital();
        if (packed) pack();
        const nwc_moment moment = moment_of(&volume);
        assert_string_equal(moment.name, "DBZH");
        assert_near(moment.first_gate_m, 2500.0, 0.0); /* the first gate of the packet is number 2 */
        assert_near(moment.resolution, 0.5, 1e-9);
        assert_null(moment.flags.data);
        for (int r = 0; r < RAYS; r++)
            for (int g = 0; g < GATES; g++) {
                const float cell = moment.field.data[r * GATES + g];
                const int code = code_of(r, g);
                if (g >= GATES - 2 * r || code == 1)
                    assert_true(isnan(cell));
                else
                    assert_near(cell, code ? -32.0 + 0.5 * (code - 2) : -128.0, 1e-4);
            }
        nwc_sweep sweep;
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_near(sweep.azimuth_deg[0], 345.0, 1e-4);
        assert_near(sweep.azimuth_deg[2], 5.0, 1e-4); /* 365 */
        nwc_volume_destroy(volume);
    }
    begin(99, true);
    put_level(0, -635), put_level(1, 5), put_level(2, 254);
    add_digital();
    const nwc_moment moment = moment_of(&volume);
    assert_string_equal(moment.name, "VRADH");
    assert_near(moment.gate_spacing_m, 250.0, 0.0);
    assert_true(isnan(moment.field.data[0]) && isnan(moment.field.data[1]));
    assert_int_equal(moment.flags.data[0], 0);
    assert_int_equal(moment.flags.data[1], NWC_GATE_RANGE_FOLDED);
    assert_near(moment.field.data[2], -63.5, 1e-4);
    nwc_volume_destroy(volume);
}

static void scales_may_be_floating_point_of_four_and_of_two_bytes(void **state)
{
    (void)state;
    nwc_volume *volume;
    begin(159, true);
    put_real_levels(0, 16.0F), put_real_levels(2, 128.0F), put_level(5, 255), put_level(6, 2), put_level(7, 0);
    add_digital();
    nwc_moment moment = moment_of(&volume);
    assert_string_equal(moment.name, "ZDR");
    assert_int_equal(moment.flags.data[1], NWC_GATE_RANGE_FOLDED);
    assert_near(moment.field.data[2], -126.0 / 16.0, 1e-6);
    assert_near(moment.field.data[5], (55.0 - 128.0) / 16.0, 1e-6);
    nwc_volume_destroy(volume);

    /* 90.6875 and 2 to code 20, then 38.875 and 83.875: as real files have them. */
    begin(134, true);
    put_level(0, 0x59ab), put_level(1, 0x4400), put_level(2, 20), put_level(3, 0x54dc), put_level(4, 0x593e);
    add_digital();
    moment = moment_of(&volume);
    assert_string_equal(moment.name, "VIL");
    assert_string_equal(moment.field.units, "kg m-2");
    assert_near(moment.field.data[0], 0.0, 0.0);
    assert_true(isnan(moment.field.data[1]));
    assert_near(moment.field.data[2], 0.0, 1e-6);
    assert_near(moment.field.data[22], exp((code_of(0, 22) - 83.875) / 38.875), 1e-3);
    nwc_sweep sweep;
    assert_ok(nwc_volume_sweep(volume, 0, &sweep));
    assert_near(sweep.fixed_angle_deg, 0.0, 0.0); /* of all elevations */
    nwc_volume_destroy(volume);
}

static void tops_leave_out_the_bit_that_marks_them(void **state)
{
    (void)state;
    nwc_volume *volume;
    begin(135, true);
    put_level(0, 0x7f), put_level(1, 1), put_level(2, 2), put_level(3, 0x80);
    add_digital();
    nwc_moment moment = moment_of(&volume);
    assert_string_equal(moment.name, "HGHT");
    assert_string_equal(moment.field.units, "km");
    assert_near(moment.field.data[0], 0.0, 0.0);
    assert_true(isnan(moment.field.data[1]));
    for (int g = 2; g < GATES; g++) assert_near(moment.field.data[g], 0.3048 * (code_of(0, g) % 128 - 2), 1e-4);
    nwc_volume_destroy(volume);
    begin(165, true);
    add_short(16), add_short(0), add_short(3), add_short(0), add_short(0), add_short(999), add_short(1);
    add_short(4), add_short(0), add_short(10), add_byte(0), add_byte(60), add_byte(150), add_byte(0);
    moment = moment_of(&volume);
    assert_string_equal(moment.name, "CLASS");
    assert_true(isnan(moment.field.data[0]) && isnan(moment.field.data[2]));
    assert_near(moment.field.data[1], 60.0, 0.0);
    assert_int_equal(moment.flags.data[2], NWC_GATE_RANGE_FOLDED);
    nwc_volume_destroy(volume);
}

static void rows_lie_about_the_radar_from_the_north(void **state)
{
    (void)state;
    nwc_raster *raster;
    nwc_layer layer;
    begin(38, false);
    put_reflectivity_levels(0x0200);
    add_rows();
    assert_string_equal(nwc_io_sniff(made.bytes, (size_t)made.size), "NEXRAD Level III");
    assert_null(nwc_volume_sniff(made.bytes, (size_t)made.size));
    assert_ok(read_raster(nwc__ctx(NULL), &raster));
    assert_string_equal(nwc_raster_format(raster), "CINRAD PUP");
    assert_int_equal(nwc_raster_count(raster), 1);
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "DBZH");
    assert_string_equal(layer.name, "CR");
    assert_string_equal(layer.source, "CINRAD Z9200");
    assert_string_equal(layer.field.units, "dBZ");
    assert_int_equal(layer.time_ns, INT64_C(15000) * 86400000000000 + INT64_C(3600000000000));
    const nwc_grid *const grid = layer.field.grid;
    assert_int_equal(grid->nx, SIDE);
    assert_near(grid->x_first, -46000.0, 0.0);
    assert_near(grid->dy, 4000.0, 0.0);
    double x = 0.0, y = 0.0, lon, lat;
    assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &x, &y, &lon, &lat));
    assert_near(lon, 113.355, 1e-9);
    assert_near(lat, 23.004, 1e-9);
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++) {
            const float cell = layer.field.data[j * layer.field.stride[0] + i * layer.field.stride[1]];
            const int code = cell_code(SIDE - 1 - j, i);
            assert_near(cell, code ? 5.0 * code : -32.0, 0.0);
        }
    nwc_raster_destroy(raster);
}

static void beyond_its_reach_a_grid_knows_nothing(void **state)
{
    (void)state;
    enum { WIDE = 464, REACH = 230 };
    nwc_raster *raster;
    nwc_layer layer;
    begin(37, true);
    put_reflectivity_levels(0);
    add_short(0xba0f), add_short(0x8000), add_short(0xc0);
    for (int k = 0; k < 6; k++) add_short(1);
    add_short(WIDE), add_short(2);
    for (int j = 0; j < WIDE; j++) {
        add_short(30);
        for (int i = 0; i < WIDE / 16; i++) add_byte(15 << 4 | 3);
        add_byte((WIDE - WIDE / 16 * 15) << 4 | 3);
    }
    assert_ok(read_raster(nwc__ctx(NULL), &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_int_equal(layer.field.dim[0], WIDE);
    for (int j = 0; j < WIDE; j += 7)
        for (int i = 0; i < layer.field.dim[1]; i += 5) {
            const float cell = layer.field.data[j * layer.field.stride[0] + i];
            const double x = layer.field.grid->x_first + 1000.0 * i, y = layer.field.grid->y_first + 1000.0 * j;
            assert_int_equal(isnan(cell), sqrt(x * x + y * y) > 1e3 * (REACH + sqrt(0.5)));
        }
    nwc_raster_destroy(raster);
    for (int code = 41; code <= 57; code += 16) {
        begin(code, true);
        put_level(0, 0x8002);
        for (int l = 1; l < 16; l++) put_level(l, 5 * l);
        add_rows();
        assert_ok(read_raster(nwc__ctx(NULL), &raster));
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_string_equal(layer.field.units, code == 41 ? "km" : "kg m-2");
        const float *const north = layer.field.data + (SIDE - 1) * layer.field.stride[0];
        assert_near(north[0], 0.0, 0.0);
        assert_near(north[4], code == 41 ? 3.048 : 10.0, 1e-5);
        nwc_raster_destroy(raster);
    }
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    nwc_volume *volume;
    nwc_raster *raster;
    begin(94, true);
    add_digital();
    uint8_t *const m = made.bytes + made.message;
    made.size = HEADERS;
    assert_fails(NWC_ERR_FORMAT, "byte 0: the headers of a Level III product expected",
                 read_volume(nwc__ctx(NULL), &volume));
    begin(74, true);
    assert_null(nwc_volume_sniff(made.bytes, (size_t)made.size));
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 30: Level III product 74 is none", read_volume(nwc__ctx(NULL), &volume));
    begin(94, true);
    put_word(m + 108, 1000000);
    assert_fails(NWC_ERR_NODATA, "byte 108 of the message", read_volume(nwc__ctx(NULL), &volume));
    begin(94, true);
    assert_fails(NWC_ERR_NODATA, "a packet of code 44831 or 16", read_volume(nwc__ctx(NULL), &volume));
    put_short(m + HEADERS + 2, 2);
    assert_fails(NWC_ERR_FORMAT, "byte 0 of the symbology", read_volume(nwc__ctx(NULL), &volume));
    begin(94, true);
    add_digital();
    put_short(m + HEADERS + 26 + 12, 721);
    assert_fails(NWC_ERR_FORMAT, "1 to 32768 gates and 1 to 720 rays", read_volume(nwc__ctx(NULL), &volume));
    begin(94, true);
    add_digital();
    pack();
    put_word(m + 102, 0x7fffffff);
    assert_fails(NWC_ERR_FORMAT, "an unpacked size", read_volume(nwc__ctx(NULL), &volume));
    begin(37, true);
    add_rows();
    made.size -= 1;
    assert_fails(NWC_ERR_FORMAT, "the file ends in row 23 of 24", read_raster(nwc__ctx(NULL), &raster));
    put_short(m + HEADERS + 26 + 18, 2000);
    assert_fails(NWC_ERR_FORMAT, "1 to 1024 rows", read_raster(nwc__ctx(NULL), &raster));
}

static void a_file_cut_off_anywhere_keeps_its_whole_rays(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        begin(94, true);
        put_level(0, -320), put_level(1, 5), put_level(2, 254);
        add_digital();
        if (packed) pack();
        const int64_t whole = made.size, rays = made.message + HEADERS + 26 + 14;
        for (int64_t size = 0; size < whole; size++) {
            nwc_volume *volume;
            nwc_volume_facts facts;
            nwc_sweep sweep;
            made.size = size;
            const nwc_status status = read_volume(nwc__ctx(NULL), &volume);
            if (status != NWC_OK) {
                assert_true(status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA);
                assert_true(packed || size < rays + 6 + GATES);
                continue;
            }
            assert_ok(nwc_volume_describe(volume, &facts));
            assert_ok(nwc_volume_sweep(volume, 0, &sweep));
            assert_true(packed || sweep.n_rays < RAYS);
            assert_int_equal(facts.incomplete[0] == '\0',
                             sweep.n_rays == RAYS); /* of the packing only its end is gone */
            nwc_volume_destroy(volume);
        }
    }
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    const bool *const grid = user;
    nwc_volume *volume = NULL;
    nwc_raster *raster = NULL;
    const nwc_status status = *grid ? read_raster(ctx, &raster) : read_volume(ctx, &volume);
    nwc_volume_destroy(volume);
    nwc_raster_destroy(raster);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    bool grid = false;
    begin(99, true);
    put_level(0, -635), put_level(1, 5), put_level(2, 254);
    add_digital();
    pack();
    assert_true(check_every_allocation_failure(read_only, &grid) > 8);
    begin(37, true);
    put_reflectivity_levels(0);
    add_rows();
    grid = true;
    assert_true(check_every_allocation_failure(read_only, &grid) > 6);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    static const int codes[] = {19, 27, 94, 99, 134, 135, 159, 37, 41};
    for (unsigned seed = 1; seed <= 4500; seed++) {
        uint32_t dice = seed * 2654435761U;
        const int code = codes[seed % 9];
        begin(code, seed % 2 == 0);
        for (int l = 0; l < 16; l++) put_level(l, (int)(dice >> l));
        if (code < 30)
            add_runs();
        else if (code < 60)
            add_rows();
        else
            add_digital();
        if (seed % 5 == 0) pack();
        for (int k = 0; k < 1 + (int)(seed % 5); k++) {
            dice = dice * 1664525U + 1013904223U;
            const uint32_t reach = k % 2 ? (uint32_t)made.size : 200;
            made.bytes[(dice >> 8) % reach] ^= (uint8_t)(dice >> 3);
        }
        nwc_volume *volume;
        nwc_raster *raster;
        if (read_volume(nwc__ctx(NULL), &volume) == NWC_OK) nwc_volume_destroy(volume);
        if (read_raster(nwc__ctx(NULL), &raster) == NWC_OK) nwc_raster_destroy(raster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_the_levels_said_for_their_codes),
        cmocka_unit_test(velocities_are_knots_and_know_what_is_folded),
        cmocka_unit_test(levels_may_be_fractions),
        cmocka_unit_test(gates_of_rain_share_its_reach),
        cmocka_unit_test(digital_codes_run_from_a_least_value_in_steps),
        cmocka_unit_test(scales_may_be_floating_point_of_four_and_of_two_bytes),
        cmocka_unit_test(tops_leave_out_the_bit_that_marks_them),
        cmocka_unit_test(rows_lie_about_the_radar_from_the_north),
        cmocka_unit_test(beyond_its_reach_a_grid_knows_nothing),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_file_cut_off_anywhere_keeps_its_whole_rays),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
