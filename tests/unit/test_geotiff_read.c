/* GeoTIFF read: files made byte by byte, what is refused, damage. */
#include "radar/format/format.h"
#include "support/made_tiff.h"
#include "support/support.h"

static uint8_t file[TIFF_MOST];

static nwc_status read_bytes(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster **raster)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__raster_create(ctx, "GEOTIFF", 1 << 20, raster));
    const nwc_status status = nwc__geotiff_read(ctx, bytes, size, *raster);
    if (status == NWC_OK) return NWC_OK;
    nwc_raster_destroy(*raster);
    *raster = NULL;
    return status;
}

static nwc_raster *opened(const struct made_tiff *how)
{
    nwc_raster *raster;
    assert_ok(read_bytes(NULL, file, make_tiff(how, file), &raster));
    return raster;
}

/* Row 0 of the field is the southernmost. */
static float cell(const nwc_layer *layer, int row, int column)
{
    return layer->field.data[(TIFF_NY - 1 - row) * layer->field.stride[0] + column * layer->field.stride[1]];
}

static void check_cells(const struct made_tiff *how)
{
    nwc_raster *const raster = opened(how);
    nwc_layer layer;
    const int bands = how->bands ? how->bands : 1;
    assert_int_equal(nwc_raster_count(raster), bands);
    for (int b = 0; b < bands; b++) {
        assert_ok(nwc_raster_layer(raster, b, &layer));
        assert_true(layer.field.dim[0] == TIFF_NY && layer.field.dim[1] == TIFF_NX);
        assert_true(layer.time_ns == NWC_TIME_UNKNOWN);
        for (int r = 0; r < TIFF_NY; r++)
            for (int c = 0; c < TIFF_NX; c++) {
                const int row = how->matrix ? TIFF_NY - 1 - r : r;
                const double expected = tiff_value(b, row, c);
                if (expected == -9999.0)
                    assert_true(isnan(cell(&layer, r, c)));
                else
                    assert_near(cell(&layer, r, c), expected, 0.0);
            }
    }
    nwc_raster_destroy(raster);
}

static void every_kind_of_file_gives_the_same_cells(void **state)
{
    (void)state;
    static const struct {
        int format, bytes;
    } kinds[] = {{2, 2}, {2, 4}, {3, 4}, {3, 8}};
    for (int way = 0; way < 32; way++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            for (int predictor = 1; predictor <= 3; predictor++) {
                const struct made_tiff how = {.big_endian = way & 1,
                                              .big = way & 2,
                                              .deflate = way & 4,
                                              .tiled = way & 8,
                                              .separate = way & 16,
                                              .bands = way % 3 + 1,
                                              .predictor = predictor,
                                              .format = kinds[k].format,
                                              .bytes = kinds[k].bytes};
                const bool can =
                    predictor == 1 || (predictor == 2 && how.bytes < 8) || (predictor == 3 && how.format == 3);
                if (can) check_cells(&how);
            }
}

static void small_samples_have_their_sign_or_none(void **state)
{
    (void)state;
    nwc_layer layer;
    for (int format = 1; format <= 2; format++) {
        nwc_raster *const raster = opened(&(struct made_tiff){.format = format, .bytes = 1});
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        assert_near(cell(&layer, 0, 1), format == 1 ? 250.0 : -6.0, 0.0);
        assert_near(cell(&layer, 3, 4), 27.0, 0.0);
        nwc_raster_destroy(raster);
    }
}

static void cells_lie_where_the_file_says(void **state)
{
    (void)state;
    static const struct made_tiff ways[] = {{.bands = 1}, {.point = true}, {.matrix = true}};
    for (int w = 0; w < 3; w++) {
        nwc_raster *const raster = opened(&ways[w]);
        nwc_layer layer;
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        const nwc_grid *const grid = layer.field.grid;
        assert_true(nwc_grid_is_latlon(grid));
        assert_near(grid->x_first, 10.05, 1e-9);
        assert_near(grid->y_first, 49.3, 1e-9);
        assert_near(grid->dx, 0.1, 1e-12);
        assert_near(grid->dy, 0.2, 1e-12);
        nwc_raster_destroy(raster);
        if (ways[w].matrix) check_cells(&ways[w]);
    }
}

static void numbers_of_epsg_are_projections(void **state)
{
    (void)state;
    nwc_layer layer;
    nwc_raster *const raster = opened(&(struct made_tiff){.projected = 32633});
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    const double lon = 15.0, lat = 0.0;
    double x, y;
    assert_ok(nwc_grid_from_lonlat(NULL, layer.field.grid, 1, &lon, &lat, &x, &y));
    assert_near(x, 500000.0, 1e-3);
    assert_near(y, 0.0, 1e-3);
    nwc_raster_destroy(raster);
}

static void notes_name_bands_and_scale_them(void **state)
{
    (void)state;
    const struct made_tiff how = {
        .bands = 2,
        .notes = "<GDALMetadata>\n<Item name=\"SCALE\" sample=\"1\" role=\"scale\">0.5</Item>"
                 "<Item name=\"OFFSET\" sample=\"1\" role=\"offset\">-2</Item><Item name=\"AREA\">x</Item>"
                 "<Item name=\"DESCRIPTION\" sample=\"1\" role=\"description\">height</Item>"
                 "<Item name=\"UNITTYPE\" sample=\"1\" role=\"unittype\">metre</Item>"
                 "<Item name=\"UNITTYPE\" sample=\"0\" role=\"unittype\">dBZ</Item>"
                 "<Item name=\"time\" sample=\"0\">1970-01-02T00:00:01Z</Item>"
                 "<Item name=\"lead_time_s\" sample=\"0\">60</Item><Item name=\"SCALE\" sample=\"99999\">7</Item>"};
    nwc_raster *const raster = opened(&how);
    nwc_layer layer;
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.name, "band_1");
    assert_string_equal(layer.quantity, "DBZH");
    assert_true(layer.time_ns == INT64_C(86401000000000) && layer.reference_ns == INT64_C(86341000000000));
    assert_near(cell(&layer, 0, 0), -7.0, 0.0);
    assert_ok(nwc_raster_layer(raster, 1, &layer));
    assert_string_equal(layer.name, "height");
    assert_string_equal(layer.field.units, "m");
    assert_near(cell(&layer, 0, 0), 93.0 * 0.5 - 2.0, 0.0);
    nwc_raster_destroy(raster);
}

/* Change a tag's only value in a little-endian file. */
static void set_tag(uint8_t *bytes, int tag, int value)
{
    const int directory = bytes[4] | bytes[5] << 8, n = bytes[directory];
    for (int e = 0; e < n; e++) {
        uint8_t *const entry = bytes + directory + 2 + 12 * e;
        if ((entry[0] | entry[1] << 8) == tag) entry[8] = (uint8_t)value, entry[9] = (uint8_t)(value >> 8);
    }
}

static void what_is_not_read_says_why(void **state)
{
    (void)state;
    static const struct {
        int tag, value;
        nwc_status status;
        const char *says;
    } wrong[] = {
        {259, 5, NWC_ERR_UNSUPPORTED, "compression 5"},   {258, 12, NWC_ERR_UNSUPPORTED, "samples of 12 bits"},
        {317, 3, NWC_ERR_UNSUPPORTED, "predictor 3"},     {256, 0, NWC_ERR_FORMAT, "tag 256: a number from 1"},
        {256, 9, NWC_ERR_FORMAT, "damaged or too short"}, {277, 2, NWC_ERR_FORMAT, "damaged or too short"},
        {278, 1, NWC_ERR_FORMAT, "4 places and lengths"},
    };
    nwc_raster *raster;
    const struct made_tiff usual = {.bands = 1};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        const int64_t size = make_tiff(&usual, file);
        set_tag(file, wrong[k].tag, wrong[k].value);
        assert_fails(wrong[k].status, wrong[k].says, read_bytes(NULL, file, size, &raster));
    }
    int64_t size = make_tiff(&(struct made_tiff){.without = 33550}, file);
    assert_fails(NWC_ERR_NODATA, "no place on the earth", read_bytes(NULL, file, size, &raster));
    size = make_tiff(&(struct made_tiff){.without = 34735}, file);
    assert_fails(NWC_ERR_UNSUPPORTED, "key 1024", read_bytes(NULL, file, size, &raster));
    size = make_tiff(&(struct made_tiff){.projected = 9}, file);
    assert_fails(NWC_ERR_UNSUPPORTED, "EPSG:9", read_bytes(NULL, file, size, &raster));
    size = make_tiff(&(struct made_tiff){.projected = 2225}, file);
    assert_fails(NWC_ERR_UNSUPPORTED, "metres or degrees", read_bytes(NULL, file, size, &raster));
    assert_fails(NWC_ERR_FORMAT, "byte 0", read_bytes(NULL, (const uint8_t *)"IM*\0    ", 8, &raster));
    assert_fails(NWC_ERR_FORMAT, "byte 2: 42 or 43", read_bytes(NULL, (const uint8_t *)"II)\0    ", 8, &raster));
    assert_fails(NWC_ERR_FORMAT, "byte 4: a directory",
                 read_bytes(NULL, (const uint8_t *)"II*\0\xff\0\0\0", 8, &raster));
}

static void a_file_cut_short_anywhere_is_an_error(void **state)
{
    (void)state;
    nwc_raster *raster;
    const struct made_tiff ways[] = {{.bands = 2, .deflate = true}, {.big = true, .tiled = true, .big_endian = true}};
    for (int w = 0; w < 2; w++) {
        const int64_t size = make_tiff(&ways[w], file);
        for (int64_t n = 0; n < size - 8; n++) { /* the last bytes are the place of the next directory */
            uint8_t *const part = malloc((size_t)n + 1);
            memcpy(part, file, (size_t)n);
            assert_true(read_bytes(NULL, part, n, &raster) != NWC_OK);
            free(part);
        }
    }
}

static void flipped_bytes_do_no_harm(void **state)
{
    (void)state;
    uint32_t seed = 3;
    nwc_raster *raster;
    for (int turn = 0; turn < 4000; turn++) {
        const struct made_tiff how = {
            .big = turn & 1, .tiled = turn & 2, .deflate = turn & 4, .bands = 2, .predictor = 1 + turn % 2, .bytes = 4};
        const int64_t size = make_tiff(&how, file);
        for (int k = 0; k < 3; k++) {
            seed = seed * 1664525U + 1013904223U;
            const int64_t at = (int64_t)(seed >> 8) % size;
            seed = seed * 1664525U + 1013904223U;
            file[at] = (uint8_t)(seed >> 16);
        }
        if (read_bytes(NULL, file, size, &raster) == NWC_OK) nwc_raster_destroy(raster);
    }
}

static nwc_status read_one(nwc_ctx *ctx, void *user)
{
    nwc_raster *raster;
    NWC__TRY(read_bytes(ctx, file, *(const int64_t *)user, &raster));
    nwc_raster_destroy(raster);
    return NWC_OK;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    int64_t size = make_tiff(&(struct made_tiff){.bands = 2, .deflate = true}, file);
    assert_true(check_every_allocation_failure(read_one, &size) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_file_gives_the_same_cells),
        cmocka_unit_test(small_samples_have_their_sign_or_none),
        cmocka_unit_test(cells_lie_where_the_file_says),
        cmocka_unit_test(numbers_of_epsg_are_projections),
        cmocka_unit_test(notes_name_bands_and_scale_them),
        cmocka_unit_test(what_is_not_read_says_why),
        cmocka_unit_test(a_file_cut_short_anywhere_is_an_error),
        cmocka_unit_test(flipped_bytes_do_no_harm),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
