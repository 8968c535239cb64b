/* Chinese mosaics, made by hand. No real file of these is at hand. */
#include "radar/format/format.h"
#include "support/support.h"

#include <bzlib.h>
#include <zlib.h>

enum { ROOM = 1 << 14, NX = 12, NY = 7, LEVELS = 3 };

struct made {
    uint8_t bytes[ROOM];
    int64_t size;
    nwc_status (*read)(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);
};

static struct made made;

static void put(int64_t at, int64_t value, int width)
{
    for (int k = 0; k < width; k++) made.bytes[at + k] = (uint8_t)((uint64_t)value >> (8 * k));
}

static void put_real(int64_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(at, bits, 4);
}

/* The code in row j from the north. */
static int code_of(int level, int j, int i)
{
    return (50 * level + 20 * j + i) % 200;
}

/* A grid whose north-western corner, or the middle of whose first cell, is 110 E, 35 N. */
static void make_swan(const char *name, int levels, int type, bool corner)
{
    memset(&made, 0, sizeof made);
    made.read = nwc__swan_read;
    memcpy(made.bytes, "diamond 131", 11), memcpy(made.bytes + 12, name, strlen(name));
    memcpy(made.bytes + 50, "swan", 4), memcpy(made.bytes + 58, type > 1 ? "2.0" : "1.0", 3);
    put(66, 2023, 2), put(68, 3, 2), put(70, 16, 2), put(72, 11, 2), put(74, 30, 2);
    put(78, NX, 2), put(80, NY, 2), put(82, levels, 2);
    put_real(88, 110.0F), put_real(92, 35.0F), put_real(104, 0.25F), put_real(108, 0.5F);
    put_real(96, 110.0F + 0.125F * (float)(corner ? NX : NX - 1));
    put_real(100, 35.0F - 0.25F * (float)(corner ? NY : NY - 1));
    for (int l = 0; l < levels; l++) put_real(112 + 4 * l, 0.5F + (float)l);
    put(852, type, 2), put_real(856, -5.0F), put_real(860, 0.25F);
    made.size = 1024;
    for (int l = 0; l < levels; l++)
        for (int c = 0; c<NX * NY; c++, made.size += type> 1 ? 2 : 1)
            put(made.size, code_of(l, c / NX, c % NX) - (type == 3 ? 60 : 0), type > 1 ? 2 : 1);
}

/* Edges 110 to 113 E, 31.5 to 35 N; cells in tenths, every seventh not known; 08:06 of Beijing. */
static void make_moc(const char *name, int packing, bool centres)
{
    uint8_t cells[2 * NX * NY], packed[4096];
    memset(&made, 0, sizeof made);
    made.read = nwc__moc_read;
    memcpy(made.bytes, "MOC", 3), memcpy(made.bytes + 4, "3.0", 3), memcpy(made.bytes + 16, name, strlen(name));
    put(14, 3, 2), put(88, 256, 4), put(96, 28800, 4);
    static const int civil[6] = {2023, 3, 16, 8, 6, 0};
    for (int k = 0; k < 6; k++) put(100 + 2 * k, civil[k], 2);
    put(124, 31500, 4), put(128, 110000, 4), put(132, 35000, 4), put(136, 113000, 4);
    put(148, NX, 4), put(152, NY, 4);
    put(156, centres ? 30000 / (NX - 1) : 2500, 4), put(160, centres ? 35000 / (NY - 1) : 5000, 4);
    put(166, packing, 2), put(176, 10, 2), memcpy(made.bytes + 188, "dBZ", 3);
    for (int c = 0; c < NX * NY; c++) {
        const int code = c % 7 ? 3 * c : -1280;
        cells[2 * c] = (uint8_t)code, cells[2 * c + 1] = (uint8_t)(code >> 8);
    }
    unsigned n = sizeof cells;
    memcpy(packed, cells, sizeof cells);
    if (packing == 1) {
        n = sizeof packed;
        assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed, &n, (char *)cells, sizeof cells, 9, 0, 0), BZ_OK);
    } else if (packing == 2) {
        z_stream stream = {.next_in = cells, .avail_in = sizeof cells, .next_out = packed, .avail_out = sizeof packed};
        assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        n = (unsigned)stream.total_out;
        deflateEnd(&stream);
    }
    memcpy(made.bytes + 256, packed, n);
    made.size = 256 + n;
}

static nwc_status read_made(nwc_ctx *ctx, nwc_raster **raster)
{
    NWC__TRY(nwc__raster_create(ctx, "", INT64_C(1) << 30, raster));
    const nwc_status status = made.read(ctx, made.bytes, made.size, *raster);
    if (status == NWC_OK) return NWC_OK;
    nwc_raster_destroy(*raster);
    *raster = NULL;
    return status;
}

static float at(const nwc_layer *layer, int from_north, int i)
{
    return layer->field.data[(layer->field.dim[0] - 1 - from_north) * layer->field.stride[0] + i];
}

static void swan_has_levels_from_the_lowest_up(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        nwc_raster *raster;
        nwc_layer layer;
        make_swan(way ? "3DREF" : "\xc0\xd7\xb4\xef", LEVELS, way, way);
        assert_string_equal(nwc_io_sniff(made.bytes, (size_t)made.size), "SWAN");
        assert_ok(read_made(nwc__ctx(NULL), &raster));
        assert_int_equal(nwc_raster_count(raster), LEVELS);
        for (int l = 0; l < LEVELS; l++) {
            assert_ok(nwc_raster_layer(raster, l, &layer));
            assert_string_equal(layer.quantity, "DBZH");
            assert_string_equal(layer.field.units, "dBZ");
            assert_near(layer.height_m, 500.0 + 1000.0 * l, 1e-9);
            assert_int_equal(layer.time_ns, INT64_C(1678966200000000000)); /* 2023-03-16 11:30 */
            assert_near(layer.field.grid->x_first, way ? 110.125 : 110.0, 1e-6);
            assert_near(layer.field.grid->y_first, 35.0 - 0.5 * (NY - 1) - (way ? 0.25 : 0.0), 1e-6);
            assert_near(layer.field.grid->dy, 0.5, 1e-9);
            for (int c = 0; c < NX * NY; c++) {
                const int code = code_of(l, c / NX, c % NX);
                assert_near(at(&layer, c / NX, c % NX), code ? (code - 66) / 2.0 : -32.0, 1e-5);
            }
        }
        nwc_raster_destroy(raster);
    }
}

static void a_scale_says_what_later_codes_mean(void **state)
{
    (void)state;
    nwc_raster *raster;
    nwc_layer layer;
    make_swan("MVIL", 1, 3, true);
    assert_ok(read_made(nwc__ctx(NULL), &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "VIL");
    assert_near(layer.height_m, 0.0, 0.0); /* of one level only */
    for (int c = 0; c < NX * NY; c++) {
        const int code = code_of(0, c / NX, c % NX) - 60;
        if (code)
            assert_near(at(&layer, c / NX, c % NX), 0.25 * code - 5.0, 1e-4);
        else
            assert_true(isnan(at(&layer, c / NX, c % NX)));
    }
    nwc_raster_destroy(raster);
    make_swan("HCA", 1, 2, true);
    assert_ok(read_made(nwc__ctx(NULL), &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "HCA");
    assert_string_equal(layer.field.units, "1");
    nwc_raster_destroy(raster);
}

static void national_mosaics_may_be_packed(void **state)
{
    (void)state;
    for (int way = 0; way < 6; way++) {
        const bool centres = way >= 3;
        nwc_raster *raster;
        nwc_layer layer;
        make_moc("CREF", way % 3, centres);
        assert_string_equal(nwc_io_sniff(made.bytes, (size_t)made.size), "MOC");
        assert_ok(read_made(nwc__ctx(NULL), &raster));
        assert_int_equal(nwc_raster_count(raster), 1);
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_string_equal(layer.name, "CREF");
        assert_string_equal(layer.quantity, "DBZH");
        assert_int_equal(layer.time_ns, INT64_C(1678925160000000000)); /* 2023-03-16 00:06 */
        assert_near(layer.field.grid->x_first, centres ? 110.0 : 110.125, 1e-9);
        assert_near(layer.field.grid->dx, centres ? 3.0 / (NX - 1) : 0.25, 1e-9);
        assert_near(layer.field.grid->y_first, centres ? 31.5 : 31.75, 1e-9);
        for (int c = 0; c < NX * NY; c++) {
            if (c % 7)
                assert_near(at(&layer, c / NX, c % NX), 0.3 * c, 1e-4);
            else
                assert_true(isnan(at(&layer, c / NX, c % NX)));
        }
        nwc_raster_destroy(raster);
    }
    nwc_raster *raster;
    nwc_layer layer;
    make_moc("OHP", 0, false);
    assert_ok(read_made(nwc__ctx(NULL), &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.field.units, "mm");
    assert_near(layer.duration_s, 3600.0, 0.0);
    nwc_raster_destroy(raster);
    make_moc("NEW", 0, false);
    assert_ok(read_made(nwc__ctx(NULL), &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "NEW");
    assert_string_equal(layer.field.units, "dBZ");
    nwc_raster_destroy(raster);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    nwc_raster *raster;
    make_swan("MVIL", 1, 0, true);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 12: \"MVIL\" of version \"1.0\"", read_made(nwc__ctx(NULL), &raster));
    make_swan("CR", 1, 4, true);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 852: cells of type 0 to 3", read_made(nwc__ctx(NULL), &raster));
    make_swan("CR", 1, 0, true);
    put_real(104, 0.0F);
    assert_fails(NWC_ERR_FORMAT, "byte 88: the corner of a grid", read_made(nwc__ctx(NULL), &raster));
    make_swan("CR", 1, 0, true);
    put(82, 41, 2);
    assert_fails(NWC_ERR_FORMAT, "byte 82: 1 to 40 levels", read_made(nwc__ctx(NULL), &raster));
    make_swan("CR", 2, 0, true);
    put_real(116, 0.0F);
    assert_fails(NWC_ERR_FORMAT, "byte 116: a height", read_made(nwc__ctx(NULL), &raster));
    make_swan("CR", 1, 0, true);
    put(68, 13, 2);
    assert_fails(NWC_ERR_FORMAT, "byte 66: a time expected, 2023-13-16", read_made(nwc__ctx(NULL), &raster));
    make_moc("CREF", 3, false);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 166: packing 0, 1 (bzip2) or 2 (gzip)", read_made(nwc__ctx(NULL), &raster));
    make_moc("CREF", 1, false);
    put(152, NY + 1, 4);
    assert_fails(NWC_ERR_FORMAT, "byte 256: a packed grid of 192 bytes", read_made(nwc__ctx(NULL), &raster));
    make_moc("CREF", 0, false);
    put(14, 2, 2);
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 14: coordinates of kind 3", read_made(nwc__ctx(NULL), &raster));
    put(14, 3, 2), put(176, 0, 2);
    assert_fails(NWC_ERR_FORMAT, "byte 176: a scale", read_made(nwc__ctx(NULL), &raster));
    put(176, 10, 2), put(128, 114000, 4);
    assert_fails(NWC_ERR_FORMAT, "byte 124: edges", read_made(nwc__ctx(NULL), &raster));
    put(148, 0, 4);
    assert_fails(NWC_ERR_FORMAT, "byte 148: 1 to 16384 cells", read_made(nwc__ctx(NULL), &raster));
    put(100, 1, 2);
    assert_fails(NWC_ERR_FORMAT, "byte 100: a time", read_made(nwc__ctx(NULL), &raster));
}

static void a_file_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        if (kind)
            make_moc("CREF", kind - 1, false);
        else
            make_swan("CR", 2, 0, true);
        const int64_t whole = made.size;
        for (int64_t size = 0; size < whole; size++) {
            nwc_raster *raster;
            made.size = size;
            assert_int_equal(read_made(nwc__ctx(NULL), &raster), NWC_ERR_FORMAT);
        }
    }
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_raster *raster = NULL;
    const nwc_status status = read_made(ctx, &raster);
    nwc_raster_destroy(raster);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    make_swan("CR", 2, 0, true);
    assert_true(check_every_allocation_failure(read_only, NULL) > 10);
    make_moc("CREF", 1, false);
    assert_true(check_every_allocation_failure(read_only, NULL) > 6);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3000; seed++) {
        uint32_t dice = seed * 2654435761U;
        if (seed % 4)
            make_moc("CREF", (int)(seed % 4) - 1, false);
        else
            make_swan("CR", 2, seed % 8 ? 0 : 2, true);
        for (int k = 0; k < 1 + (int)(seed % 5); k++) {
            dice = dice * 1664525U + 1013904223U;
            made.bytes[(dice >> 8) % (k % 2 ? (uint32_t)made.size : 200)] ^= (uint8_t)(dice >> 3);
        }
        nwc_raster *raster;
        if (read_made(nwc__ctx(NULL), &raster) == NWC_OK) nwc_raster_destroy(raster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swan_has_levels_from_the_lowest_up), cmocka_unit_test(a_scale_says_what_later_codes_mean),
        cmocka_unit_test(national_mosaics_may_be_packed),     cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_file_cut_off_anywhere_is_refused), cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
