/* GeoTIFF written by nwc_writer: its bytes, what is refused, allocation. GDAL reads it in tests/python/test_write_model.py. */
#include "support/scratch.h"

#include <zlib.h>

enum { NY = 70, NX = 3 };

static float cells[NY * NX];
static const nwc_grid grid = {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=25 +R=6371229",
                              .nx = NX,
                              .ny = NY,
                              .x_first = 1000.0,
                              .y_first = -3e6,
                              .dx = 1000.0,
                              .dy = 500.0};

static int make_path(void **state)
{
    (void)state;
    for (int c = 0; c < NY * NX; c++) cells[c] = 0.25F * (float)c;
    return make_scratch_named("a.tif");
}

static nwc_layer layer_on(const nwc_grid *on)
{
    return (nwc_layer){.field = field_2d(cells, NY, NX, "dBZ", on), .quantity = "DBZH"};
}

static nwc_status write_two(nwc_ctx *ctx, void *user)
{
    (void)user;
    const nwc_layer layer = layer_on(&grid);
    nwc_writer *writer;
    nwc_status status = nwc_writer_create(ctx, scratch_path, &writer);
    for (int k = 0; k < 2 && status == NWC_OK; k++) status = nwc_writer_add(writer, &layer);
    if (status == NWC_OK) status = nwc_writer_close(writer);
    nwc_writer_destroy(writer);
    return status;
}

static uint32_t number_at(const uint8_t *bytes, int n)
{
    uint32_t value = 0;
    for (int k = n - 1; k >= 0; k--) value = value << 8 | bytes[k];
    return value;
}

/* The directory entry of a tag: where its first value is, and how many there are. */
static const uint8_t *value_of(const uint8_t *file, int tag, uint32_t *count)
{
    const uint8_t *const directory = file + number_at(file + 4, 4);
    for (uint32_t e = 0; e < number_at(directory, 2); e++) {
        const uint8_t *const entry = directory + 2 + 12 * e;
        if ((int)number_at(entry, 2) != tag) continue;
        const uint32_t type = number_at(entry + 2, 2), size = type == 3 ? 2 : type == 4 ? 4 : type == 12 ? 8 : 1;
        *count = number_at(entry + 4, 4);
        return *count * size <= 4 ? entry + 8 : file + number_at(entry + 8, 4);
    }
    fail_msg("no tag %d", tag);
    return NULL;
}

static void strips_hold_the_rows_from_the_north(void **state)
{
    (void)state;
    static uint8_t file[65536];
    assert_ok(write_two(NULL, NULL));
    assert_true(get_scratch(file, sizeof file) > 100);
    assert_memory_equal(file, "II*\0", 4);
    uint32_t count, n;
    assert_int_equal(number_at(value_of(file, 256, &n), 4), NX);
    assert_int_equal(number_at(value_of(file, 257, &n), 4), NY);
    assert_int_equal(number_at(value_of(file, 277, &n), 2), 2);
    const uint8_t *const offsets = value_of(file, 273, &count), *const lengths = value_of(file, 279, &n);
    assert_true(count == 4 && n == 4); /* two strips of two bands */
    for (int strip = 0; strip < 4; strip++) {
        uint8_t plain[4 * 64 * NX];
        uLongf length = sizeof plain;
        const int first = strip % 2 * 64, rows = strip % 2 ? NY - 64 : 64;
        assert_int_equal(uncompress(plain, &length, file + number_at(offsets + 4 * strip, 4),
                                    number_at(lengths + 4 * strip, 4)),
                         Z_OK);
        assert_int_equal(length, 4 * rows * NX);
        for (int c = 0; c < rows * NX; c++) {
            const uint32_t bits = number_at(plain + 4 * c, 4);
            float cell;
            memcpy(&cell, &bits, sizeof cell);
            assert_near(cell, cells[(NY - 1 - first - c / NX) * NX + c % NX], 0.0);
        }
    }
}

static void what_geotiff_has_no_place_for_is_refused(void **state)
{
    (void)state;
    nwc_writer *writer;
    nwc_grid other = grid;
    nwc_layer layer = layer_on(&grid);
    assert_ok(nwc_writer_create(NULL, scratch_path, &writer));
    assert_ok(nwc_writer_add(writer, &layer));
    other.x_first += 500.0;
    layer = layer_on(&other);
    assert_fails(NWC_ERR_ARG, "the grid of the first layer", nwc_writer_add(writer, &layer));
    layer = layer_on(&grid), layer.event = NWC_EVENT_AT_LEAST;
    assert_fails(NWC_ERR_UNSUPPORTED, "no place in this format for probabilities", nwc_writer_add(writer, &layer));
    layer = layer_on(&grid), layer.members = 2, layer.member = 1;
    assert_fails(NWC_ERR_UNSUPPORTED, "no place in this format for members", nwc_writer_add(writer, &layer));
    nwc_writer_destroy(writer);
    other.projection = "+proj=ob_tran +o_proj=longlat +o_lat_p=30 +lon_0=10";
    layer = layer_on(&other);
    assert_ok(nwc_writer_create(NULL, scratch_path, &writer));
    assert_fails(NWC_ERR_UNSUPPORTED, "ob_tran", nwc_writer_add(writer, &layer));
    nwc_writer_destroy(writer);
    assert_fails(NWC_ERR_IO, "No such file", nwc_writer_create(NULL, "/nowhere/a.tif", &writer));
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(write_two, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_hold_the_rows_from_the_north),
        cmocka_unit_test(what_geotiff_has_no_place_for_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}
