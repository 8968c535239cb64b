/* NIMROD, RADOLAN in tar, and KNMI composites: made here byte by byte, damaged, and real ones. */
#include "support/made_files.h"
#include "support/scratch.h"

#include "io/internal.h"
#include "radar/format/tree.h"

static nwc_status decode(nwc_ctx *ctx, const void *bytes, int64_t size, nwc_raster **raster)
{
    *raster = NULL;
    const nwc_status made = nwc__raster_create(ctx, "", INT64_C(1) << 28, raster);
    if (made != NWC_OK) return made;
    const bool archive = size > 262 && memcmp((const char *)bytes + 257, "ustar", 5) == 0;
    const nwc_status status = (archive ? nwc__tar_read : nwc__raster_decode)(ctx, bytes, size, *raster);
    if (status == NWC_OK) return NWC_OK;
    nwc_raster_destroy(*raster);
    *raster = NULL;
    return status;
}

static void nimrod_cells_times_and_places_come_out(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    uint8_t bytes[NIMROD_SIZE];
    nwc_raster *raster;
    nwc_layer layer;
    make_nimrod(bytes);
    assert_ok(decode(ctx, bytes, NIMROD_SIZE, &raster));
    assert_string_equal(nwc_raster_format(raster), "NIMROD");
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.field.units, "mm h-1");
    assert_string_equal(layer.quantity, "RATE");
    assert_string_equal(layer.source, "a radar");
    assert_true(layer.time_ns == INT64_C(1588349100) * 1000000000);
    assert_true(layer.reference_ns == INT64_C(1588348200) * 1000000000);
    const nwc_grid *const grid = layer.field.grid;
    assert_true(grid->x_first == 301000.0 && grid->dx == 2000.0 && grid->dy == 1000.0 && grid->y_first == 500000.0);
    const int64_t up = layer.field.stride[0];
    assert_near(layer.field.data[0], 1.0, 0.0);
    assert_true(isnan(layer.field.data[1]));
    assert_near(layer.field.data[up + 2], 2.0 / 32.0, 0.0);
    nwc_raster_destroy(raster);
    nwc_ctx_destroy(ctx);
}

/* Shortened, the file is an error that says where; with one byte changed it is anything but a crash. */
static void damaged_nimrod_is_refused(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    uint8_t bytes[NIMROD_SIZE];
    nwc_raster *raster;
    make_nimrod(bytes);
    for (int64_t size = 4; size < NIMROD_SIZE; size++)
        assert_fails(NWC_ERR_FORMAT, "byte", decode(ctx, bytes, size, &raster));
    for (int at = 4; at < 4 + 512; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            if (decode(ctx, bytes, NIMROD_SIZE, &raster) == NWC_OK) nwc_raster_destroy(raster);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    put_short(bytes + 4 + 2 * 14, 3);
    assert_fails(NWC_ERR_UNSUPPORTED, "National Grid", decode(ctx, bytes, NIMROD_SIZE, &raster));
    make_nimrod(bytes);
    memcpy(bytes + 66 + 292, "K       ", 8);
    assert_fails(NWC_ERR_UNSUPPORTED, "\"K", decode(ctx, bytes, NIMROD_SIZE, &raster));
    nwc_ctx_destroy(ctx);
}

static void radolan_in_an_archive_is_read_whole(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    uint8_t *const bytes = malloc(RV_MOST), *const archive = calloc(2 * RV_MOST + 4096, 1);
    assert_true(bytes && archive);
    int64_t at = 0;
    for (int lead = 0; lead <= 5; lead += 5) put_member(archive, &at, "field", bytes, make_radolan(bytes, lead));
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(decode(ctx, archive, at + 1024, &raster));
    assert_string_equal(nwc_raster_format(raster), "RADOLAN");
    assert_int_equal(nwc_raster_count(raster), 2);
    assert_ok(nwc_raster_layer(raster, 1, &layer));
    const float *const cells = layer.field.data;
    assert_near(cells[123], 1.23, 1e-6);
    assert_true(isnan(cells[7]) && isnan(cells[9]));
    assert_near(cells[8], -1.0, 1e-6);
    assert_near(cells[10], 0.04, 1e-6);
    assert_string_equal(layer.field.units, "mm");
    assert_true(layer.duration_s == 300.0 && layer.time_ns - layer.reference_ns == INT64_C(300000000000));
    assert_true(layer.reference_ns == INT64_C(1609429800) * 1000000000); /* 2020-12-31 15:50 */
    /* The middle of the national composite is 9 degrees east, 51 degrees north. */
    double x = 9.0, y = 51.0;
    assert_ok(nwc_grid_from_lonlat(ctx, layer.field.grid, 1, &x, &y, &x, &y));
    assert_near((x - layer.field.grid->x_first) / 1000.0, 449.5, 0.01);
    assert_near((y - layer.field.grid->y_first) / 1000.0, 449.5, 0.01);
    nwc_raster_destroy(raster);

    assert_fails(NWC_ERR_FORMAT, "ends early", decode(ctx, archive, at / 2, &raster));
    assert_fails(NWC_ERR_FORMAT, "beyond the end", decode(ctx, archive, at / 2 + 1000, &raster));
    archive[3] ^= 1;
    assert_fails(NWC_ERR_FORMAT, "member is damaged", decode(ctx, archive, at + 1024, &raster));
    archive[3] ^= 1;
    archive[512 + 40] = 'x'; /* PR becomes something else */
    archive[512 + 43] = 'x';
    assert_true(decode(ctx, archive, at + 1024, &raster) != NWC_OK);
    const int64_t size = make_radolan(bytes, 0);
    assert_fails(NWC_ERR_FORMAT, "bytes of cells expected", decode(ctx, bytes, size - 1, &raster));
    for (int64_t keep = 20; keep < 200; keep++) assert_true(decode(ctx, bytes, keep, &raster) != NWC_OK);
    free(archive);
    free(bytes);
    nwc_ctx_destroy(ctx);
}

/* What a member is called has no part in what an archive is taken for. */
static void an_archive_is_known_whatever_its_members_are_called(void **state)
{
    (void)state;
    static const char *const names[] = {"P5.field", "GRIB.field", "CDF.field", "seventeen.lettersBY"};
    uint8_t archive[4096], bytes[NIMROD_SIZE];
    make_nimrod(bytes);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        int64_t at = 0;
        memset(archive, 0, sizeof archive);
        put_member(archive, &at, names[n], bytes, NIMROD_SIZE);
        assert_string_equal(nwc_io_sniff(archive, sizeof archive), "TAR");
        put_scratch(archive, at + 1024);
        nwc_raster *raster;
        assert_ok(nwc_raster_open(NULL, scratch_path, NULL, &raster));
        assert_string_equal(nwc_raster_format(raster), "NIMROD");
        nwc_raster_destroy(raster);
    }
}

/* Reflectivity, classes and differences come in the same cells: they are refused, not taken for rain. */
static void only_amounts_of_rain_are_read_from_radolan(void **state)
{
    (void)state;
    static const char *const others[] = {"WN", "HG", "RD", "RX"};
    nwc_ctx *const ctx = context_with_threads(1);
    uint8_t *const bytes = malloc(RV_MOST);
    assert_non_null(bytes);
    const int64_t size = make_radolan(bytes, 0);
    nwc_raster *raster;
    for (size_t p = 0; p < sizeof others / sizeof others[0]; p++) {
        memcpy(bytes, others[p], 2);
        assert_fails(NWC_ERR_UNSUPPORTED, others[p], decode(ctx, bytes, size, &raster));
    }
    memcpy(bytes, "RV", 2);
    char *const interval = strstr((char *)bytes, "INT   5");
    assert_non_null(interval);
    memcpy(interval, "INT inf", 7);
    assert_fails(NWC_ERR_UNSUPPORTED, "INT", decode(ctx, bytes, size, &raster));
    free(bytes);
    nwc_ctx_destroy(ctx);
}

/* Each bit of the header turned over gives a layer or an error. */
static void damaged_radolan_headers_are_survived(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    uint8_t *const bytes = malloc(RV_MOST);
    assert_non_null(bytes);
    const int64_t size = make_radolan(bytes, 0);
    nwc_raster *raster;
    for (int64_t at = 0; at < size - 2 * RV_CELLS; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            if (decode(ctx, bytes, size, &raster) == NWC_OK) nwc_raster_destroy(raster);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    free(bytes);
    nwc_ctx_destroy(ctx);
}

/* The tree of a KNMI file of 2 x 3 cells. */
static nwc_status make_knmi(nwc_ctx *ctx, nwc__tree *tree, const char *formula)
{
    static const struct {
        const char *group, *name;
        double value;
    } numbers[] = {{"geographic", "geo_number_columns", 3.0}, {"geographic", "geo_number_rows", 2.0},
                   {"geographic", "geo_pixel_size_x", 1.0},   {"geographic", "geo_pixel_size_y", -1.0},
                   {"geographic", "geo_column_offset", 0.0},  {"geographic", "geo_row_offset", 3650.0}};
    nwc__node *geographic, *mapping, *image, *calibration, *data, *overview;
    NWC__TRY(nwc__tree_create(ctx, 1 << 20, tree));
    NWC__TRY(nwc__tree_add(tree, tree->root, "geographic", &geographic));
    NWC__TRY(nwc__tree_add(tree, geographic, "map_projection", &mapping));
    NWC__TRY(nwc__tree_add(tree, tree->root, "overview", &overview));
    NWC__TRY(nwc__tree_add(tree, tree->root, "image1", &image));
    NWC__TRY(nwc__tree_add(tree, image, "calibration", &calibration));
    NWC__TRY(nwc__tree_add(tree, image, "image_data", &data));
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        NWC__TRY(nwc__tree_attribute(tree, geographic, numbers[k].name, NULL, &numbers[k].value, 1));
    NWC__TRY(nwc__tree_attribute(tree, mapping, "projection_proj4_params",
                                 "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.14 +b=6356.75 +x_0=0 y_0=0", NULL,
                                 0));
    NWC__TRY(nwc__tree_attribute(tree, overview, "product_datetime_start", "10-JUN-2011;11:40:00.000", NULL, 0));
    NWC__TRY(nwc__tree_attribute(tree, overview, "product_datetime_end", "10-JUN-2011;11:45:00.000", NULL, 0));
    NWC__TRY(nwc__tree_attribute(tree, image, "image_geo_parameter", "REFLECTIVITY_[DBZ]", NULL, 0));
    NWC__TRY(nwc__tree_attribute(tree, calibration, "calibration_formulas", formula, NULL, 0));
    NWC__TRY(nwc__tree_attribute(tree, calibration, "calibration_missing_data", NULL, (const double[]){255.0}, 1));
    data->ndim = 2, data->dim[0] = 2, data->dim[1] = 3;
    NWC__TRY(nwc__tree_values(tree, data));
    const double values[6] = {0.0, 1.0, 2.0, 100.0, 255.0, 3.0};
    memcpy(data->values, values, sizeof values);
    return NWC_OK;
}

static nwc_status read_knmi(nwc_ctx *ctx, void *user)
{
    nwc__tree tree;
    nwc_raster *raster = NULL;
    nwc_status status = make_knmi(ctx, &tree, user);
    if (status == NWC_OK) status = nwc__raster_create(ctx, "HDF5", 1 << 20, &raster);
    if (status == NWC_OK) status = nwc__knmi_read(ctx, &tree, raster);
    if (status == NWC_OK) {
        nwc_layer layer;
        assert_ok(nwc_raster_layer(raster, 0, &layer));
        const nwc_grid *const grid = layer.field.grid;
        assert_true(grid->dx == 1000.0 && grid->x_first == 500.0);
        assert_near(grid->y_first, -3651500.0, 1e-6);
        assert_true(layer.time_ns == INT64_C(1307706300) * 1000000000); /* 2011-06-10 11:45 */
        const int64_t up = layer.field.stride[0];
        assert_near(layer.field.data[0], 18.5, 1e-6);
        assert_true(isnan(layer.field.data[1]));
        assert_near(layer.field.data[up], -32.0, 0.0);
        assert_near(layer.field.data[up + 2], -30.5, 1e-6);
        /* The western edge of the product is at 0 degrees east, its northern one at 55.97 degrees north. */
        double lon = 0.0, lat = grid->y_first + 1.5 * grid->dy;
        assert_ok(nwc_grid_to_lonlat(ctx, grid, 1, &lon, &lat, &lon, &lat));
        assert_near(lat, 55.974, 0.001);
    }
    nwc_raster_destroy(raster);
    nwc__tree_destroy(&tree);
    return status;
}

static void knmi_trees_give_images(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    assert_ok(read_knmi(ctx, "GEO = 0.5 * PV + -31.5"));
    assert_ok(read_knmi(ctx, "GEO=0.5*PV-31.5"));
    assert_fails(NWC_ERR_FORMAT, "calibration", read_knmi(ctx, "GEO = PV"));
    nwc_ctx_destroy(ctx);
}

static nwc_status decode_nimrod(nwc_ctx *ctx, void *user)
{
    nwc_raster *raster;
    const nwc_status status = decode(ctx, user, NIMROD_SIZE, &raster);
    nwc_raster_destroy(raster);
    return status;
}

struct archive {
    const uint8_t *bytes;
    int64_t size;
};

static nwc_status decode_archive(nwc_ctx *ctx, void *user)
{
    const struct archive *const archive = user;
    nwc_raster *raster;
    const nwc_status status = decode(ctx, archive->bytes, archive->size, &raster);
    nwc_raster_destroy(raster);
    return status;
}

static void no_failure_leaves_memory(void **state)
{
    (void)state;
    uint8_t bytes[NIMROD_SIZE];
    make_nimrod(bytes);
    assert_true(check_every_allocation_failure(decode_nimrod, bytes) >= 4);
    assert_true(check_every_allocation_failure(read_knmi, (void *)"GEO = 0.5 * PV + -31.5") > 20);
    uint8_t *const field = malloc(RV_MOST), *const packed = calloc(2 * RV_MOST + 4096, 1);
    assert_true(field && packed);
    int64_t at = 0;
    for (int lead = 0; lead <= 5; lead += 5) put_member(packed, &at, "field", field, make_radolan(field, lead));
    struct archive archive = {packed, at + 1024};
    assert_true(check_every_allocation_failure(decode_archive, &archive) >= 8);
    free(packed);
    free(field);
}

/* The Met Office's own reading of its file (39.34375 mm/h at most, 112171 cells missing), and the DWD's 25 fields. */
static void real_files_have_the_known_facts(void **state)
{
    (void)state;
    const char *const nimrod = real_data("composite/improver/standardise/radarnet/input_preciprate.nimrod");
    if (!nimrod) skip();
    nwc_raster *raster;
    nwc_layer layer;
    assert_ok(nwc_raster_open(NULL, nimrod, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_true(layer.field.grid->x_first == -238000.0 && layer.field.grid->y_first == -184000.0);
    int missing = 0;
    float most = 0.0F;
    for (int64_t c = 0; c < 704 * 548; c++) {
        const float cell = layer.field.data[c / 548 * layer.field.stride[0] + c % 548];
        missing += isnan(cell);
        most = fmaxf(most, cell);
    }
    assert_int_equal(missing, 112171);
    assert_near(most, 39.34375, 0.0);
    nwc_raster_destroy(raster);
    assert_ok(nwc_raster_open(NULL, real_data("composite/dwd-rv-20221018/DE1200_RV2210180700.tar.bz2"), NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 25);
    assert_ok(nwc_raster_layer(raster, 24, &layer));
    assert_true(layer.time_ns - layer.reference_ns == INT64_C(7200) * 1000000000);
    double lon[2] = {-500.0, 1099500.0}, lat[2] = {-1199500.0, 500.0};
    assert_ok(nwc_grid_to_lonlat(NULL, layer.field.grid, 2, lon, lat, lon, lat));
    assert_near(lon[0], 3.566994635, 1e-6); /* the DWD's corners of DE1200 */
    assert_near(lat[0], 45.69642538, 1e-6);
    nwc_raster_destroy(raster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nimrod_cells_times_and_places_come_out),
        cmocka_unit_test(damaged_nimrod_is_refused),
        cmocka_unit_test(radolan_in_an_archive_is_read_whole),
        cmocka_unit_test(an_archive_is_known_whatever_its_members_are_called),
        cmocka_unit_test(only_amounts_of_rain_are_read_from_radolan),
        cmocka_unit_test(damaged_radolan_headers_are_survived),
        cmocka_unit_test(knmi_trees_give_images),
        cmocka_unit_test(no_failure_leaves_memory),
        cmocka_unit_test(real_files_have_the_known_facts),
    };
    return cmocka_run_group_tests_name("composites", tests, make_scratch, remove_scratch);
}
