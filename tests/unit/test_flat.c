/* Float32 cells without a header, and the text that describes them. */
#define _POSIX_C_SOURCE 200809L
#include "radar/format/format.h"
#include "support/support.h"

#include <unistd.h>

static const char sidecar[] =
    "NCOLS 3\nnrows 2\nxllcorner -50.5\nyllcenter -18\nxdim 0.5\nydim 0.25\nNODATA_value -99\n"
    "undetect_value -32\nbyteorder LSBFIRST\n# a comment\nprojection +proj=longlat +datum=WGS84\n"
    "units dBZ\nquantity DBZH\nsource INPE\n";
static const float values[6] = {1.5F, -99.0F, -32.0F, 4.0F, INFINITY, 6.0F};

static void put_cells(uint8_t bytes[24], bool big_endian)
{
    for (int c = 0; c < 6; c++) {
        uint32_t bits;
        memcpy(&bits, &values[c], sizeof bits);
        for (int k = 0; k < 4; k++) bytes[4 * c + k] = (uint8_t)(bits >> 8 * (big_endian ? 3 - k : k));
    }
}

static nwc_status read_cells(nwc_ctx *ctx, const char *text, int64_t text_size, int64_t size, bool big_endian,
                             const char *path, nwc_raster **raster)
{
    uint8_t bytes[24];
    put_cells(bytes, big_endian);
    NWC__TRY(nwc__raster_create(ctx, "FLAT", INT64_C(1) << 20, raster));
    const nwc_status status = nwc__flat_read(bytes, size, (const uint8_t *)text, text_size, path, *raster);
    if (status == NWC_OK) return NWC_OK;
    nwc_raster_destroy(*raster);
    *raster = NULL;
    return status;
}

static void cells_are_what_the_sidecar_says(void **state)
{
    (void)state;
    char text[1024];
    for (int kind = 0; kind < 2; kind++) { /* north first; then south first, and the other order of bytes */
        nwc_raster *raster;
        nwc_layer layer;
        snprintf(text, sizeof text, "%s%s", sidecar,
                 kind ? "byteorder MSBFIRST\nrows south\ntime 2017-09-30T15:10Z\n" : "");
        assert_ok(read_cells(nwc__ctx(NULL), text, (int64_t)strlen(text), 24, kind,
                             "/a/2016/cappi_CZ_03000_20170930_1500.dat.gz", &raster));
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_string_equal(layer.quantity, "DBZH");
        assert_string_equal(layer.source, "INPE");
        assert_string_equal(layer.field.units, "dBZ");
        assert_int_equal(layer.time_ns / INT64_C(1000000000), 1506783600 + (kind ? 600 : 0));
        assert_near(layer.field.grid->x_first, -50.25, 0.0);
        assert_near(layer.field.grid->y_first, -18.0, 0.0);
        assert_near(layer.field.grid->dy, 0.25, 0.0);
        const float *const first =
            layer.field.data + (kind ? 0 : layer.field.stride[0]); /* the row that is first in the file */
        const float *const second = layer.field.data + (kind ? layer.field.stride[0] : 0);
        assert_near(first[0], 1.5, 0.0);
        assert_true(isnan(first[1]));
        assert_near(first[2], NWC__NO_ECHO_DBZ, 0.0);
        assert_near(second[0], 4.0, 0.0);
        assert_true(isnan(second[1]));
        nwc_raster_destroy(raster);
    }
}

static void times_are_found_in_names(void **state)
{
    (void)state;
    static const char *const good[] = {"20170930150000.bin", "x_201709301500", "a-20170930T1500Z.flt",
                                       "20170930-150000"};
    static const char *const bad[] = {"20170930", "x_20171330_1500", "120170930_1500", "cappi.dat", ""};
    nwc_raster *raster;
    nwc_layer layer;
    for (size_t k = 0; k < sizeof good / sizeof good[0]; k++) {
        assert_ok(read_cells(nwc__ctx(NULL), sidecar, sizeof sidecar - 1, 24, false, good[k], &raster));
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_int_equal(layer.time_ns / INT64_C(1000000000), 1506783600);
        nwc_raster_destroy(raster);
    }
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        assert_fails(NWC_ERR_FORMAT, "sidecar: a time expected",
                     read_cells(nwc__ctx(NULL), sidecar, sizeof sidecar - 1, 24, false, bad[k], &raster));
}

static void what_is_missing_or_wrong_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *more, *text;
    } cases[] = {{"ncols 0\n", "ncols and nrows of 1 to 100000 expected, 0 and 2 found"},
                 {"nrows x\n", "3 and nan found"},
                 {"xdim 0\n", "a corner or centre and a cellsize expected"},
                 {"units \n", "projection, units and quantity expected"},
                 {"ncols 4\n", "32 bytes expected for 2 x 4 cells, 24 found"},
                 {"projection +proj=nothing\n", "nothing"}};
    char text[1024];
    nwc_raster *raster;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        snprintf(text, sizeof text, "%s%s", sidecar, cases[k].more);
        assert_fails(NWC_ERR_FORMAT, cases[k].text,
                     read_cells(nwc__ctx(NULL), text, (int64_t)strlen(text), 24, false, "201709301500", &raster));
    }
    for (int64_t size = 0; size < 24; size++)
        assert_fails(NWC_ERR_FORMAT, "24 bytes expected",
                     read_cells(nwc__ctx(NULL), sidecar, sizeof sidecar - 1, size, false, "201709301500", &raster));
    for (int64_t n = 0; n < (int64_t)sizeof sidecar - 1; n++) { /* any beginning of the text gives an answer */
        char *const part = malloc((size_t)n + 1);
        memcpy(part, sidecar, (size_t)n);
        if (read_cells(nwc__ctx(NULL), part, n, 24, false, "201709301500", &raster) == NWC_OK)
            nwc_raster_destroy(raster);
        free(part);
    }
}

static void a_file_is_read_with_its_sidecar(void **state)
{
    (void)state;
    char cells_path[] = "/tmp/nowcast_201709301500_XXXXXX", text_path[] = "/tmp/nowcast_hdr_XXXXXX";
    uint8_t bytes[24];
    const int cells = mkstemp(cells_path), text = mkstemp(text_path);
    put_cells(bytes, false);
    assert_int_equal(write(cells, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(write(text, sidecar, sizeof sidecar - 1), sizeof sidecar - 1);
    close(cells), close(text);
    nwc_read_options options;
    nwc_raster *raster;
    nwc_read_options_init(&options);
    options.sidecar = text_path;
    assert_ok(nwc_raster_open(NULL, cells_path, &options, &raster));
    assert_string_equal(nwc_raster_format(raster), "FLAT");
    nwc_raster_destroy(raster);
    options.sidecar = "/nowhere";
    assert_fails(NWC_ERR_IO, "/nowhere", nwc_raster_open(NULL, cells_path, &options, &raster));
    assert_fails(NWC_ERR_UNSUPPORTED, "not the beginning", nwc_raster_open(NULL, cells_path, NULL, &raster));
    unlink(cells_path), unlink(text_path);
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_raster *raster;
    NWC__TRY(read_cells(ctx, sidecar, sizeof sidecar - 1, 24, false, "201709301500", &raster));
    nwc_raster_destroy(raster);
    return NWC_OK;
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(read_only, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_what_the_sidecar_says),  cmocka_unit_test(times_are_found_in_names),
        cmocka_unit_test(what_is_missing_or_wrong_is_told), cmocka_unit_test(a_file_is_read_with_its_sidecar),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
