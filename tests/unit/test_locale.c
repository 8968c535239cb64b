/* Files read and written by a program whose locale has a decimal comma: numbers in them have a point all the same. */
#include "support/comma.h"
#include "support/scratch.h"

enum { NY = 3, NX = 4 };

static const char pgm[] = "P5\n# obstime 201609281600\n# metersperpixel_x 999.674053\n# metersperpixel_y 999.62859\n"
                          "# projection radar {\n# type stereographic\n# centrallongitude 25.5\n# centrallatitude 90\n"
                          "# truelatitude 60.25\n# bottomleft 18.600000 57.930000\n# }\n4 3\n255\n0123456789ab";

static nwc_raster *opened(void)
{
    nwc_raster *raster;
    assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
    return raster;
}

static void assert_same_place(const nwc_grid *a, const nwc_grid *b)
{
    assert_string_equal(a->projection, b->projection);
    assert_near(a->x_first, b->x_first, 0.0);
    assert_near(a->y_first, b->y_first, 0.0);
    assert_near(a->dx, b->dx, 0.0);
    assert_near(a->dy, b->dy, 0.0);
}

static void a_comma_moves_no_grid_that_is_read(void **state)
{
    (void)state;
    nwc_layer with_point, with_comma;
    put_scratch(pgm, sizeof pgm - 1);
    nwc_raster *const point = opened();
    assert_ok(nwc_raster_layer(point, 0, &with_point));
    assert_near(with_point.field.grid->dx, 999.674053, 0.0);
    if (!begin_comma()) {
        nwc_raster_destroy(point);
        skip();
    }
    nwc_raster *const comma = opened();
    end_comma();
    assert_ok(nwc_raster_layer(comma, 0, &with_comma));
    assert_same_place(with_comma.field.grid, with_point.field.grid);
    nwc_raster_destroy(comma);
    nwc_raster_destroy(point);
}

static void a_comma_changes_no_file_that_is_written(void **state)
{
    (void)state;
    float cells[NY * NX] = {0.5F, 1.25F};
    const nwc_grid grid = {.projection = "+proj=stere +lat_0=90 +lat_ts=60.5 +lon_0=10.25 +R=6371229",
                           .nx = NX,
                           .ny = NY,
                           .x_first = -1000.5,
                           .y_first = -3e6,
                           .dx = 1000.0,
                           .dy = 1000.0};
    const nwc_layer layer = {.field = field_2d(cells, NY, NX, "dBZ", &grid), .quantity = "DBZH", .height_m = 1500.5};
    uint8_t bytes[2][8192];
    int64_t sizes[2];
    for (int comma = 0; comma < 2; comma++) {
        nwc_writer *writer;
        if (comma && !begin_comma()) skip();
        assert_ok(nwc_writer_create(NULL, scratch_path, &writer));
        assert_ok(nwc_writer_number(writer, NULL, "least", 0.125));
        assert_ok(nwc_writer_add(writer, &layer));
        assert_ok(nwc_writer_close(writer));
        nwc_writer_destroy(writer);
        end_comma();
        sizes[comma] = get_scratch(bytes[comma], sizeof bytes[comma]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], (size_t)sizes[0]);
}

static void the_program_has_its_own_locale_again(void **state)
{
    (void)state;
    char text[16];
    nwc_raster *raster;
    if (!begin_comma()) skip();
    put_scratch(pgm, sizeof pgm - 1);
    nwc_raster_destroy(opened());
    put_scratch(pgm, 20);
    assert_fails(NWC_ERR_FORMAT, scratch_path, nwc_raster_open(NULL, scratch_path, NULL, &raster));
    snprintf(text, sizeof text, "%g", 0.5);
    end_comma();
    assert_string_equal(text, "0,5");
}

static int make_path(void **state)
{
    (void)state;
    return make_scratch_named("field.tif");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comma_moves_no_grid_that_is_read),
        cmocka_unit_test(a_comma_changes_no_file_that_is_written),
        cmocka_unit_test(the_program_has_its_own_locale_again),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}
