/* Model fields in GRIB made by hand: what entries say, where values lie, what damage leaves. */
#include "support/opened_grib.h"

#include <eccodes.h>
#include <lzma.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif
#include <zlib.h>

enum { MINUTE = 60, HOUR = 3600 };
static const int64_t second = INT64_C(1000000000);
static const int64_t noon = INT64_C(1559736000) * INT64_C(1000000000); /* 2019-06-05 12:00 UTC */

static const char *const paths[] = {scratch_path};
static uint8_t bytes[8 * MADE_GRIB_MOST];

static void an_entry_says_what_its_message_says(void **state)
{
    (void)state;
    nwc_model *const model = open_fields(&made_grib_usual, 1);
    const nwc_model_entry entry = entry_of(model, 0);
    assert_string_equal(entry.name, "t");
    assert_string_equal(entry.standard_name, "air_temperature");
    assert_string_equal(entry.units, "K");
    assert_string_equal(entry.level_type, "isobaricInhPa");
    assert_string_equal(entry.statistic, "instant");
    assert_string_equal(entry.grid_type, "lambert");
    assert_int_equal(entry.edition, 2);
    assert_int_equal(entry.centre, 7);
    assert_true(entry.discipline == 0 && entry.category == 0 && entry.number == 0);
    assert_int_equal(entry.vertical, NWC_VERTICAL_PRESSURE);
    assert_near(entry.level, 50000.0, 0.0);
    assert_true(isnan(entry.level_2));
    assert_true(entry.reference_ns == noon);
    assert_true(entry.time_ns == noon + 60 * MINUTE * second && entry.start_ns == entry.time_ns);
    assert_int_equal(entry.member, NWC_MODEL_NO_MEMBER);
    assert_int_equal(entry.along_grid, 1);
    assert_true(entry.points == 12 && entry.file == 0 && entry.offset == 0);
    assert_true(entry.grid->nx == 4 && entry.grid->ny == 3);
    assert_near(entry.grid->dx, 100000.0, 1e-9);
    assert_first_point(entry.grid, -105.0, 30.0);
    assert_string_equal(nwc_model_incomplete(model), "");
    float cells[MADE_GRIB_POINTS];
    read_cells(model, 0, cells);
    for (int p = 0; p < 12; p++) assert_near(cells[p], 0.1 * made_grib_usual.code[p], 1e-6);
    nwc_model_destroy(model);
}

static void fields_of_one_message_are_told_apart_and_share_its_bitmap(void **state)
{
    (void)state;
    struct made_grib fields[3] = {made_grib_usual, made_grib_usual, made_grib_usual};
    for (int f = 0; f < 3; f++) {
        fields[f].category = 2, fields[f].number = 2 + f % 2, fields[f].bitmap = f;
        fields[f].level = 50000 - 5000 * f;
        for (int p = 0; p < 12; p++) fields[f].code[p] = 100 * f + p;
    }
    nwc_model *const model = open_fields(fields, 3);
    for (int f = 0; f < 3; f++) {
        float cells[MADE_GRIB_POINTS];
        assert_string_equal(entry_of(model, f).name, f % 2 ? "v" : "u");
        assert_near(entry_of(model, f).level, 50000.0 - 5000.0 * f, 0.0);
        read_cells(model, f, cells);
        for (int p = 0; p < 12; p++) {
            if (f && p == 5)
                assert_true(isnan(cells[p]));
            else
                assert_near(cells[p], 0.1 * (100 * f + p), 1e-5);
        }
    }
    nwc_model_destroy(model);
}

static void intervals_members_and_levels_of_any_kind_are_told(void **state)
{
    (void)state;
    struct made_grib fields[5] = {made_grib_usual, made_grib_usual, made_grib_usual, made_grib_usual, made_grib_usual};
    fields[0].product = 8, fields[0].category = 1, fields[0].number = 8, fields[0].unit = 1, fields[0].lead = 3;
    fields[0].length = 3, fields[0].level_type = 1, fields[0].level = 0;
    fields[1].product = 1, fields[1].member = 4, fields[1].members = 21, fields[1].lead = 36;
    fields[2].level_type = 103, fields[2].level_scale = 1, fields[2].level = 15;
    fields[3].level_type = 102, fields[3].level = 1829;
    fields[4].level_type = 105, fields[4].level = 2, fields[4].levels = 3, fields[4].unit = 13, fields[4].lead = 90;
    nwc_model *const model = open_fields(fields, 5);
    nwc_model_entry entry = entry_of(model, 0);
    assert_string_equal(entry.statistic, "accum");
    assert_string_equal(entry.name, "tp");
    assert_int_equal(entry.vertical, NWC_VERTICAL_SURFACE);
    assert_true(isnan(entry.level));
    assert_true(entry.start_ns == noon + 3 * HOUR * second && entry.time_ns == noon + 6 * HOUR * second);
    entry = entry_of(model, 1);
    assert_int_equal(entry.member, 4);
    assert_true(entry.time_ns == noon + 36 * MINUTE * second);
    entry = entry_of(model, 2);
    assert_int_equal(entry.vertical, NWC_VERTICAL_HEIGHT_GROUND);
    assert_near(entry.level, 1.5, 1e-12);
    entry = entry_of(model, 3);
    assert_int_equal(entry.vertical, NWC_VERTICAL_HEIGHT_SEA);
    assert_near(entry.level, 1829.0, 0.0);
    entry = entry_of(model, 4);
    assert_int_equal(entry.vertical, NWC_VERTICAL_HYBRID);
    assert_true(entry.time_ns == noon + 90 * second);
    int64_t halves;
    double a[4], b[4];
    assert_ok(nwc_model_hybrid(model, 4, 4, a, b, &halves));
    assert_int_equal(halves, 4);
    for (int k = 0; k < 4; k++) {
        assert_near(a[k], 20000.0 * (1.0 - k / 3.0), 0.01);
        assert_near(b[k], k / 3.0, 1e-7);
    }
    assert_ok(nwc_model_hybrid(model, 3, 0, NULL, NULL, &halves));
    assert_int_equal(halves, 0);
    nwc_model_destroy(model);
}

static void what_is_derived_from_values_is_told_from_them(void **state)
{
    (void)state;
    static const struct {
        int product, what;
        const char *derived, *long_name, *standard_name, *units;
    } kinds[] = {
        {0, 0, "", "Temperature", "air_temperature", "K"},
        {2, 0, "mean", "Temperature, mean", "air_temperature", "K"},
        {2, 3, "normalized standard deviation", "Temperature, normalized standard deviation", "", "1"},
        {2, 4, "spread", "Temperature, spread", "", "K"},
        {2, 9, "maximum", "Temperature, maximum", "air_temperature", "K"},
        {2, 200, "derived 200", "Temperature, derived 200", "", "K"},
        {5, 0, "probability below -1.5", "Temperature, probability below -1.5 K", "", "%"},
        {5, 1, "probability above 30", "Temperature, probability above 30 K", "", "%"},
        {5, 2, "probability between -1.5 and 30", "Temperature, probability between -1.5 and 30 K", "", "%"},
        {5, 3, "probability above -1.5", "Temperature, probability above -1.5 K", "", "%"},
        {5, 4, "probability below 30", "Temperature, probability below 30 K", "", "%"},
        {5, 5, "probability of -1.5", "Temperature, probability of -1.5 K", "", "%"},
        {5, 7, "probability near normal", "Temperature, probability near normal", "", "%"},
        {5, 9, "probability of type 9", "Temperature, probability of type 9", "", "%"},
        {6, 90, "percentile 90", "Temperature, percentile 90", "air_temperature", "K"},
    };
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    static uint8_t many[KINDS * MADE_GRIB_MOST];
    int64_t size = 0;
    for (size_t k = 0; k < KINDS; k++) {
        struct made_grib field = made_grib_usual;
        field.product = kinds[k].product, field.what = kinds[k].what, field.members = 20;
        field.lower = -15, field.upper = 300;
        size += make_grib2(many + size, &field, 1);
    }
    put_scratch(many, size);
    /* A system's scale is meant for values, its offset not for differences of them. */
    const nwc_model_name name = {.file_name = "t", .name = "t", .units = "degF", .scale = 1.8, .offset = -459.67};
    for (int given = 0; given < 2; given++) {
        nwc_model *model;
        nwc_model_options options;
        nwc_model_options_init(&options);
        if (given) options.names = &name, options.n_names = 1;
        assert_ok(nwc_model_open(NULL, paths, 1, &options, &model));
        assert_int_equal(nwc_model_count(model), KINDS);
        for (int k = 0; k < KINDS; k++) {
            const nwc_model_entry entry = entry_of(model, k);
            float cells[MADE_GRIB_POINTS];
            assert_string_equal(entry.name, "t");
            assert_string_equal(entry.derived, kinds[k].derived);
            assert_string_equal(entry.standard_name, kinds[k].standard_name);
            assert_int_equal(entry.member, NWC_MODEL_NO_MEMBER);
            read_cells(model, k, cells);
            const bool same = strcmp(kinds[k].units, "K") != 0, difference = !same && !*kinds[k].standard_name;
            if (!given) {
                assert_string_equal(entry.units, kinds[k].units);
                assert_string_equal(entry.long_name, kinds[k].long_name);
                assert_near(cells[11], 2.3, 1e-6);
            } else {
                assert_string_equal(entry.units, same ? kinds[k].units : "degF");
                assert_near(cells[11], same ? 2.3 : 1.8 * 2.3 - (difference ? 0.0 : 459.67), 1e-4);
            }
        }
        nwc_model_query query;
        int64_t index, count;
        nwc_model_query_init(&query);
        query.name = "t", query.derived = "";
        assert_ok(nwc_model_select(model, &query, 1, &index, &count));
        assert_true(count == 1 && index == 0);
        query.derived = "percentile 90";
        assert_ok(nwc_model_select(model, &query, 1, &index, &count));
        assert_true(count == 1 && index == KINDS - 1);
        nwc_model_destroy(model);
    }
}

static void edition_1_has_its_times_levels_and_numbers(void **state)
{
    (void)state;
    static const struct {
        int range, p1, p2, start_h, end_h;
    } ranges[] = {{0, 6, 0, 6, 6}, {1, 6, 0, 0, 0}, {2, 3, 6, 3, 6}, {4, 3, 6, 3, 6}, {10, 1, 44, 300, 300}};
    int64_t size = 0;
    for (size_t r = 0; r < 5; r++)
        size +=
            make_grib1(bytes + size, 11, 100, 500, ranges[r].range, ranges[r].p1, ranges[r].p2, made_grib_usual.code);
    put_scratch(bytes, size);
    nwc_model *model;
    assert_ok(nwc_model_open(NULL, paths, 1, NULL, &model));
    assert_int_equal(nwc_model_count(model), 5);
    for (int r = 0; r < 5; r++) {
        const nwc_model_entry entry = entry_of(model, r);
        assert_string_equal(entry.name, "t");
        assert_int_equal(entry.edition, 1);
        assert_string_equal(entry.derived, "");
        assert_true(entry.discipline == -1 && entry.category == 2 && entry.number == 11);
        assert_near(entry.level, 50000.0, 0.0);
        assert_true(entry.start_ns == noon + ranges[r].start_h * INT64_C(3600) * second);
        assert_true(entry.time_ns == noon + ranges[r].end_h * INT64_C(3600) * second);
    }
    const nwc_grid *const grid = entry_of(model, 0).grid;
    assert_near(grid->x_first, 10.0, 1e-9);
    assert_near(grid->y_first, 38.0, 1e-9);
    float cells[MADE_GRIB_POINTS];
    read_cells(model, 0, cells);
    for (int c = 0; c < 12; c++) assert_near(cells[c], 0.1 * made_grib_usual.code[(2 - c / 4) * 4 + c % 4], 1e-6);
    nwc_model_destroy(model);
}

static void a_constant_field_of_complex_packing_is_constant(void **state)
{
    (void)state;
    struct made_grib field = made_grib_usual;
    field.constant = 1, field.code[0] = 7;
    nwc_model *const model = open_fields(&field, 1);
    float cells[MADE_GRIB_POINTS];
    read_cells(model, 0, cells);
    for (int p = 0; p < 12; p++) assert_near(cells[p], 0.7, 1e-6);
    nwc_model_destroy(model);
}

static void a_system_gives_its_own_names(void **state)
{
    (void)state;
    const nwc_model_name names[] = {{.file_name = "0-2-200", .name = "u", .scale = 2.0, .offset = 1.0},
                                    {.file_name = "t", .name = "tc", .units = "degC", .scale = 1.0, .offset = -273.15}};
    nwc_model_options options;
    nwc_model_options_init(&options);
    options.names = names, options.n_names = 2, options.winds = 0;
    struct made_grib fields[2] = {made_grib_usual, made_grib_usual};
    fields[0].category = 2, fields[0].number = 200;
    put_scratch(bytes, make_grib2(bytes, fields, 2));
    nwc_model *model;
    float cells[MADE_GRIB_POINTS];
    assert_ok(nwc_model_open(NULL, paths, 1, &options, &model));
    assert_string_equal(entry_of(model, 0).name, "u");
    assert_string_equal(entry_of(model, 0).standard_name, "eastward_wind");
    assert_string_equal(entry_of(model, 0).units, "m s-1");
    assert_int_equal(entry_of(model, 0).along_grid, 0);
    read_cells(model, 0, cells);
    assert_near(cells[11], 2.0 * 2.3 + 1.0, 1e-6);
    assert_string_equal(entry_of(model, 1).name, "tc");
    assert_string_equal(entry_of(model, 1).units, "degC");
    read_cells(model, 1, cells);
    assert_near(cells[11], 2.3 - 273.15, 1e-4);
    nwc_model_destroy(model);
}

static void queries_find_what_they_ask_for(void **state)
{
    (void)state;
    struct made_grib fields[6];
    for (int f = 0; f < 6; f++) {
        fields[f] = made_grib_usual;
        fields[f].category = f % 3 == 2 ? 0 : 2, fields[f].number = f % 3 == 2 ? 0 : 2 + f % 3;
        fields[f].level = f < 3 ? 50000 : 85000;
    }
    nwc_model *const model = open_fields(fields, 6);
    nwc_model_query query;
    int64_t found[6], count;
    const struct {
        const char *name;
        double level;
        int64_t count, first;
    } cases[] = {{"u", NAN, 2, 0},      {"0-2-3", NAN, 2, 1}, {"air_temperature", NAN, 2, 2},
                 {NULL, 85000.0, 3, 3}, {"t", 85000.0, 1, 5}, {"q", NAN, 0, -1}};
    for (size_t c = 0; c < 6; c++) {
        nwc_model_query_init(&query);
        query.name = cases[c].name, query.level = cases[c].level;
        found[0] = -1;
        assert_ok(nwc_model_select(model, &query, 6, found, &count));
        assert_int_equal(count, cases[c].count);
        assert_int_equal(found[0], cases[c].first);
    }
    assert_ok(nwc_model_select(model, NULL, 0, NULL, &count));
    assert_int_equal(count, 6);
    nwc_model_query_init(&query);
    query.time_ns = noon;
    assert_ok(nwc_model_select(model, &query, 0, NULL, &count));
    assert_int_equal(count, 0);
    assert_fails(NWC_ERR_ARG, "count", nwc_model_select(model, NULL, 0, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "indices: room for 2", nwc_model_select(model, NULL, 2, NULL, &count));
    nwc_model_destroy(model);
}

static void wrong_calls_say_why(void **state)
{
    (void)state;
    nwc_model *model;
    nwc_model_options options;
    float cells[MADE_GRIB_POINTS];
    nwc_field field = field_2d(cells, 4, 3, NULL, NULL), right = field_2d(cells, 3, 4, NULL, NULL);
    nwc_model_entry entry;
    put_scratch("a text", 6);
    assert_fails(NWC_ERR_UNSUPPORTED, "no GRIB message in it", nwc_model_open(NULL, paths, 1, NULL, &model));
    assert_null(model);
    assert_fails(NWC_ERR_ARG, "paths: at least one", nwc_model_open(NULL, paths, 0, NULL, &model));
    assert_fails(NWC_ERR_ARG, "model", nwc_model_open(NULL, paths, 1, NULL, NULL));
    assert_fails(NWC_ERR_IO, "/nowhere: ", nwc_model_open(NULL, (const char *const[]){"/nowhere"}, 1, NULL, &model));
    nwc_model_options_init(&options);
    options.winds = 2;
    assert_fails(NWC_ERR_ARG, "winds: -1, 0 or 1", nwc_model_open(NULL, paths, 1, &options, &model));
    nwc_model_options_init(&options);
    options.max_bytes = 3;
    assert_fails(NWC_ERR_NOMEM, "limit of 3 bytes", nwc_model_open(NULL, paths, 1, &options, &model));
    nwc_model_options_init(&options);
    options.names = &(nwc_model_name){.file_name = "t", .name = "t"}, options.n_names = 1;
    assert_fails(NWC_ERR_ARG, "names[0]: a scale that is not 0", nwc_model_open(NULL, paths, 1, &options, &model));
    model = open_fields(&made_grib_usual, 1);
    assert_fails(NWC_ERR_ARG, "index: 0 to 0 expected, 1 given", nwc_model_entry_at(model, 1, &entry));
    assert_fails(NWC_ERR_ARG, "field: 3 x 4 cells expected, 4 x 3 given", nwc_model_read(NULL, model, 0, &field));
    assert_fails(NWC_ERR_ARG, "v_index", nwc_model_read_wind(NULL, model, 0, 3, &right, &right));
    nwc_model_destroy(model);
}

static void packed_files_and_cut_ones_are_read(void **state)
{
    (void)state;
    const int64_t first = make_grib2(bytes, &made_grib_usual, 1);
    const int64_t size = first + make_grib2(bytes + first, &made_grib_usual, 1);
    nwc_model *model;
    put_scratch(bytes, size - 1);
    assert_ok(nwc_model_open(NULL, paths, 1, NULL, &model));
    assert_int_equal(nwc_model_count(model), 1);
    assert_non_null(strstr(nwc_model_incomplete(model), "the message ends early"));
    nwc_model_destroy(model);
    put_scratch(bytes, first - 1);
    assert_fails(NWC_ERR_FORMAT, "ends early", nwc_model_open(NULL, paths, 1, NULL, &model));

    uint8_t packed[4096];
    size_t length = 0;
    assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, bytes, (size_t)size, packed, &length,
                                             sizeof packed),
                     LZMA_OK);
    for (size_t n = 6; n <= length; n++) {
        put_scratch(packed, (int64_t)n);
        const nwc_status status = nwc_model_open(NULL, paths, 1, NULL, &model);
        if (n == length) assert_ok(status);
        if (status == NWC_OK) assert_true(n == length || nwc_model_incomplete(model)[0]);
        if (n == length) assert_int_equal(nwc_model_count(model), 2);
        nwc_model_destroy(model);
    }
    gzFile gz = gzopen(scratch_path, "wb");
    gzwrite(gz, bytes, (unsigned)size);
    gzclose(gz);
    assert_ok(nwc_model_open(NULL, paths, 1, NULL, &model));
    assert_int_equal(nwc_model_count(model), 2);
    nwc_model_destroy(model);
}

static void wind_along_the_grid_is_turned_towards_east_and_north(void **state)
{
    (void)state;
    /* Lambert, one standard parallel: the angle is sin(38.5) (lon - LoV). */
    struct made_grib fields[2] = {made_grib_usual, made_grib_usual};
    for (int f = 0; f < 2; f++) {
        fields[f].category = 2, fields[f].number = 2 + f;
        for (int p = 0; p < 12; p++) fields[f].code[p] = f ? 50 : 100;
    }
    nwc_model *const model = open_fields(fields, 2);
    float u[MADE_GRIB_POINTS], v[MADE_GRIB_POINTS];
    double lon[MADE_GRIB_POINTS], lat[MADE_GRIB_POINTS];
    nwc_field u_field = field_2d(u, 3, 4, NULL, NULL), v_field = field_2d(v, 3, 4, NULL, NULL);
    assert_ok(nwc_model_read_wind(NULL, model, 0, 1, &u_field, &v_field));
    assert_ok(nwc_model_lonlat(NULL, model, 0, lon, lat));
    const double radian = acos(-1.0) / 180.0;
    for (int c = 0; c < 12; c++) {
        const double angle = sin(38.5 * radian) * remainder(lon[c] - 262.5, 360.0) * radian;
        assert_near(u[c], 10.0 * cos(angle) + 5.0 * sin(angle), 1e-4);
        assert_near(v[c], -10.0 * sin(angle) + 5.0 * cos(angle), 1e-4);
    }
    nwc_model_destroy(model);
}

/*
 * Packed by ecCodes, in the order of keys that keeps values; those its build lacks are passed over. Not png, in which ecCodes
 * 2.28 aborts here; complex packing and png are those of real files.
 */
static void every_packing_of_this_build_is_read(void **state)
{
    (void)state;
    static const char *const packings[] = {"grid_simple", "grid_ieee", "grid_jpeg", "grid_ccsds"};
    int read = 0;
    for (int k = 0; k < 4; k++) {
        double values[12];
        codes_handle *const handle = codes_grib_handle_new_from_samples(NULL, "regular_ll_pl_grib2");
        assert_non_null(handle);
        for (int p = 0; p < 12; p++) values[p] = 250.0 + 3.0 * p + (p % 3);
        codes_set_long(handle, "Ni", 4), codes_set_long(handle, "Nj", 3);
        codes_set_double_array(handle, "values", values, 12);
        codes_set_long(handle, "bitsPerValue", 16);
        size_t length = strlen(packings[k]);
        const void *message = NULL;
        size_t size = 0;
        if (codes_set_string(handle, "packingType", packings[k], &length) == CODES_SUCCESS &&
            codes_set_double_array(handle, "values", values, 12) == CODES_SUCCESS &&
            codes_get_message(handle, &message, &size) == CODES_SUCCESS) {
            put_scratch(message, (int64_t)size);
            nwc_model *model;
            float cells[MADE_GRIB_POINTS];
            assert_ok(nwc_model_open(NULL, paths, 1, NULL, &model));
            read_cells(model, 0, cells);
            for (int c = 0; c < 12; c++) /* from the north in the sample */
                assert_near(cells[c], values[(2 - c / 4) * 4 + c % 4], 0.002);
            nwc_model_destroy(model);
            read++;
        }
        codes_handle_delete(handle);
    }
    assert_true(read >= 2);
}

static nwc_status open_and_read(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_model *model;
    float cells[MADE_GRIB_POINTS];
    nwc_field field = field_2d(cells, 3, 4, NULL, NULL);
    nwc_status status = nwc_model_open(ctx, paths, 1, NULL, &model);
    for (int64_t i = 0; status == NWC_OK && i < nwc_model_count(model); i++)
        status = nwc_model_read(ctx, model, i, &field);
    nwc_model_destroy(model);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    struct made_grib fields[2] = {made_grib_usual, made_grib_usual};
    put_scratch(bytes, make_grib2(bytes, fields, 2));
    assert_true(check_every_allocation_failure(open_and_read, NULL) > 10);
}

/* ecCodes 2.28 leaks handles of damaged messages, which this program cannot help. */
static void mind_leaks(bool mind)
{
#ifdef __SANITIZE_ADDRESS__
    (mind ? __lsan_enable : __lsan_disable)();
#else
    (void)mind;
#endif
}

static void any_changed_byte_gives_fields_or_an_error(void **state)
{
    (void)state;
    struct made_grib fields[2] = {made_grib_usual, made_grib_usual};
    fields[1].bitmap = 1;
    const int64_t size = make_grib2(bytes, fields, 2);
    mind_leaks(false);
    for (int64_t n = 0; n < size; n++)
        for (int bit = 0; bit < 8; bit += 3) {
            bytes[n] ^= (uint8_t)(1 << bit);
            put_scratch(bytes, size);
            bytes[n] ^= (uint8_t)(1 << bit);
            nwc_model *model;
            const nwc_status status = nwc_model_open(NULL, paths, 1, NULL, &model);
            assert_true((status == NWC_OK) == (model != NULL));
            for (int64_t i = 0; i < nwc_model_count(model); i++) {
                const nwc_model_entry entry = entry_of(model, i);
                float cells[MADE_GRIB_POINTS];
                if (entry.points != MADE_GRIB_POINTS) continue;
                nwc_field field =
                    field_2d(cells, entry.grid ? entry.grid->ny : 1, entry.grid ? entry.grid->nx : 12, NULL, NULL);
                (void)nwc_model_read(NULL, model, i, &field);
            }
            nwc_model_destroy(model);
        }
    mind_leaks(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_says_what_its_message_says),
        cmocka_unit_test(fields_of_one_message_are_told_apart_and_share_its_bitmap),
        cmocka_unit_test(intervals_members_and_levels_of_any_kind_are_told),
        cmocka_unit_test(what_is_derived_from_values_is_told_from_them),
        cmocka_unit_test(edition_1_has_its_times_levels_and_numbers),
        cmocka_unit_test(a_constant_field_of_complex_packing_is_constant),
        cmocka_unit_test(a_system_gives_its_own_names),
        cmocka_unit_test(queries_find_what_they_ask_for),
        cmocka_unit_test(wrong_calls_say_why),
        cmocka_unit_test(packed_files_and_cut_ones_are_read),
        cmocka_unit_test(wind_along_the_grid_is_turned_towards_east_and_north),
        cmocka_unit_test(every_packing_of_this_build_is_read),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(any_changed_byte_gives_fields_or_an_error),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
