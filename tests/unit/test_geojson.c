/* Features as GeoJSON: numbers, texts, rings, and what crosses 180 degrees. Expected texts are written by hand from RFC 7946. */
#include "core/json.h"
#include "support/comma.h"
#include "support/support.h"

static const char opening[] = "{\"type\":\"FeatureCollection\",\"features\":[";

static const char *json_of(struct nwc__buffer *buffer, nwc_status status)
{
    uint8_t *at;
    assert_ok(status);
    assert_ok(nwc__buffer_extend(buffer, 1, &at));
    return (const char *)buffer->data;
}

static nwc_ctx *memory(void)
{
    static nwc_ctx *ctx;
    if (!ctx) ctx = context_with_threads(1);
    return ctx;
}

#define assert_json(expected, call)                                                                                    \
    do {                                                                                                               \
        struct nwc__buffer buffer = {.ctx = memory()};                                                                 \
        assert_string_equal(json_of(&buffer, (call)), (expected));                                                     \
        nwc__free(buffer.ctx, buffer.data);                                                                            \
    } while (0)

static void numbers_have_the_fewest_digits_that_give_them_back(void **state)
{
    (void)state;
    assert_json("0", nwc__json_number(&buffer, -0.0, 0));
    assert_json("0.1", nwc__json_number(&buffer, 0.1, 0));
    assert_json("0.30000000000000004", nwc__json_number(&buffer, 0.1 + 0.2, 0));
    assert_json("-273.15", nwc__json_number(&buffer, -273.15, 0));
    assert_json("100000", nwc__json_number(&buffer, 1e5, 0));
    assert_json("12345678901234568", nwc__json_number(&buffer, 12345678901234568.0, 0));
    assert_json("1e21", nwc__json_number(&buffer, 1e21, 0));
    assert_json("1.7976931348623157e308", nwc__json_number(&buffer, 1.7976931348623157e308, 0));
    assert_json("4.94065645841247e-324", nwc__json_number(&buffer, 5e-324, 0)); /* 15 digits are tried first */
    assert_json("0.0000012", nwc__json_number(&buffer, 1.2e-6, 0));
    assert_json("1.2e-7", nwc__json_number(&buffer, 1.2e-7, 0));
    assert_json("null", nwc__json_number(&buffer, NAN, 0));
    assert_json("null", nwc__json_number(&buffer, -INFINITY, 0));
    assert_json("3.14", nwc__json_number(&buffer, 3.14159, 3));
    assert_json("1000", nwc__json_number(&buffer, 999.99, 3));
    assert_json("0.1", nwc__json_float(&buffer, 0.1f));
    assert_json("16777216", nwc__json_float(&buffer, 16777216.0f));
    assert_json("-9223372036854775808", nwc__json_integer(&buffer, INT64_MIN));
}

static void every_double_is_given_back(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252;
    for (int k = 0; k < 20000; k++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17; /* Marsaglia (2003) */
        double number;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number)) continue;
        struct nwc__buffer buffer = {.ctx = memory()};
        const char *const text = json_of(&buffer, nwc__json_number(&buffer, number, 0));
        if (strtod(text, NULL) != number) fail_msg("%.17g expected, \"%s\" came", number, text);
        nwc__free(buffer.ctx, buffer.data);
        const float single = (float)fmod(number, 1e30);
        struct nwc__buffer other = {.ctx = memory()};
        if (strtof(json_of(&other, nwc__json_float(&other, single)), NULL) != single)
            fail_msg("%.9g expected, \"%s\" came", (double)single, (const char *)other.data);
        nwc__free(other.ctx, other.data);
    }
}

static void degrees_are_rounded_and_lose_zeros_at_their_end(void **state)
{
    (void)state;
    assert_json("116.4", nwc__json_fixed(&buffer, 116.40000000001, 6));
    assert_json("-0.000001", nwc__json_fixed(&buffer, -0.0000011, 6));
    assert_json("0", nwc__json_fixed(&buffer, -0.0000001, 6));
    assert_json("-180", nwc__json_fixed(&buffer, -179.99999999, 6));
    assert_json("10.02", nwc__json_fixed(&buffer, 10.02, 6));
    assert_json("7", nwc__json_fixed(&buffer, 7.4, 0));
    assert_json("179.123456789", nwc__json_fixed(&buffer, 179.123456789, 9));
}

static void a_decimal_comma_of_the_locale_changes_nothing(void **state)
{
    (void)state;
    if (!begin_comma()) skip();
    assert_json("-273.15", nwc__json_number(&buffer, -273.15, 0));
    assert_json("1.25e-9", nwc__json_number(&buffer, 1.25e-9, 0));
    end_comma();
}

static void texts_are_escaped_and_always_utf8(void **state)
{
    (void)state;
    assert_json("\"\"", nwc__json_text(&buffer, ""));
    assert_json("null", nwc__json_text(&buffer, NULL));
    assert_json("\"a\\\"b\\\\c/\"", nwc__json_text(&buffer, "a\"b\\c/"));
    assert_json("\"\\n\\t\\r\\b\\f\\u0001\\u001f\x7f\"", nwc__json_text(&buffer, "\n\t\r\b\f\x01\x1f\x7f"));
    assert_json("\"北京 Zürich 🌩\"", nwc__json_text(&buffer, "北京 Zürich 🌩"));
    /* A lone byte, an overlong slash, a surrogate, beyond U+10FFFF, a character cut off: each byte is replaced. */
    assert_json("\"\xef\xbf\xbdx\"", nwc__json_text(&buffer, "\xffx"));
    assert_json("\"\xef\xbf\xbd\xef\xbf\xbd\"", nwc__json_text(&buffer, "\xc0\xaf"));
    assert_json("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", nwc__json_text(&buffer, "\xed\xa0\x80"));
    assert_json("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", nwc__json_text(&buffer, "\xf4\x90\x80\x80"));
    assert_json("\"\xef\xbf\xbd\xef\xbf\xbd\"", nwc__json_text(&buffer, "\xe5\x8c"));
}

static void times_are_utc_with_the_digits_they_have(void **state)
{
    (void)state;
    assert_json("\"1970-01-01T00:00:00Z\"", nwc__json_time(&buffer, 0));
    assert_json("\"2008-04-11T18:22:30.25Z\"", nwc__json_time(&buffer, INT64_C(1207938150250000000)));
    assert_json("\"2000-02-29T23:59:59.999999999Z\"", nwc__json_time(&buffer, INT64_C(951868799999999999)));
    assert_json("\"1969-12-31T23:59:59.999999999Z\"", nwc__json_time(&buffer, -1));
    assert_json("\"1677-09-21T00:12:43.145224193Z\"", nwc__json_time(&buffer, INT64_MIN + 1));
}

/* What the collection of one feature is, without what is around all collections. */
static void assert_feature(const char *expected, int32_t decimals, const nwc_feature *feature)
{
    nwc_geojson *geojson;
    const char *text;
    size_t size;
    assert_ok(nwc_geojson_create(NULL, decimals, &geojson));
    assert_ok(nwc_geojson_add(geojson, feature, 1));
    assert_ok(nwc_geojson_text(geojson, &text, &size));
    assert_int_equal(size, strlen(text));
    char whole[2048];
    snprintf(whole, sizeof whole, "%s\n{\"type\":\"Feature\",%s}\n]}\n", opening, expected);
    assert_string_equal(text, whole);
    nwc_geojson_destroy(geojson);
}

static void a_collection_is_whole_at_any_time(void **state)
{
    (void)state;
    nwc_geojson *geojson;
    const char *text;
    const nwc_feature nowhere = {.id = "a"};
    const nwc_feature wrong[2] = {{.id = "b"}, {.shape = 9}};
    assert_ok(nwc_geojson_create(NULL, 6, &geojson));
    assert_ok(nwc_geojson_text(geojson, &text, NULL));
    assert_string_equal(text, "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
    assert_ok(nwc_geojson_add(geojson, NULL, 0));
    assert_ok(nwc_geojson_add(geojson, &nowhere, 1));
    assert_fails(NWC_ERR_ARG, "feature 1: shape: an nwc_shape expected, 9 given", nwc_geojson_add(geojson, wrong, 2));
    assert_ok(nwc_geojson_add(geojson, &nowhere, 1));
    assert_ok(nwc_geojson_text(geojson, &text, NULL));
    assert_string_equal(text, "{\"type\":\"FeatureCollection\",\"features\":["
                              "\n{\"type\":\"Feature\",\"id\":\"a\",\"geometry\":null,\"properties\":{}},"
                              "\n{\"type\":\"Feature\",\"id\":\"a\",\"geometry\":null,\"properties\":{}}\n]}\n");
    nwc_geojson_destroy(geojson);
    nwc_geojson_destroy(NULL);
}

static void points_have_properties_of_every_kind(void **state)
{
    (void)state;
    const double longitude[] = {116.46667, 190.0}, latitude[] = {39.8, -10.0}, height[] = {31.333, 0.0};
    const nwc_property properties[] = {
        {.name = "value", .number = 0.25},
        {.name = "n\"", .kind = NWC_PROPERTY_INTEGER, .integer = -7},
        {.name = "station", .kind = NWC_PROPERTY_TEXT, .text = "54511"},
        {.name = "of", .kind = NWC_PROPERTY_TEXT},
        {.name = "time", .kind = NWC_PROPERTY_TIME, .integer = INT64_C(1207938150000000000)},
        {.name = "end", .kind = NWC_PROPERTY_TIME, .integer = INT64_MIN},
        {.name = "good", .kind = NWC_PROPERTY_FLAG, .integer = 2},
    };
    nwc_feature feature = {.shape = NWC_SHAPE_POINT,
                           .n_points = 1,
                           .longitude_deg = longitude,
                           .latitude_deg = latitude,
                           .height_m = height,
                           .n_properties = 7,
                           .properties = properties};
    assert_feature(
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[116.467,39.8,31.33]},\"properties\":{\"value\":0.25,"
        "\"n\\\"\":-7,\"station\":\"54511\",\"of\":null,\"time\":\"2008-04-11T18:22:30Z\",\"end\":null,"
        "\"good\":true}",
        3, &feature);
    feature.n_points = 2, feature.height_m = NULL, feature.n_properties = 0;
    assert_feature("\"geometry\":{\"type\":\"MultiPoint\",\"coordinates\":[[116.46667,39.8],[-170,-10]]},"
                   "\"properties\":{}",
                   6, &feature);
}

static void a_line_is_cut_at_180_degrees(void **state)
{
    (void)state;
    /* The example of RFC 7946, 3.1.9. */
    const double longitude[] = {170.0, -170.0, 160.0, 180.0}, latitude[] = {45.0, 45.0, 50.0, 10.0};
    const double height[] = {0.0, 100.0, 0.0, 0.0};
    nwc_feature feature = {.shape = NWC_SHAPE_LINE,
                           .n_points = 2,
                           .longitude_deg = longitude,
                           .latitude_deg = latitude};
    assert_feature(
        "\"geometry\":{\"type\":\"MultiLineString\",\"coordinates\":[[[170,45],[180,45]],[[-180,45],[-170,45]]]},"
        "\"properties\":{}",
        6, &feature);
    feature.height_m = height;
    assert_feature("\"geometry\":{\"type\":\"MultiLineString\",\"coordinates\":[[[170,45,0],[180,45,50]],[[-180,45,50],"
                   "[-170,45,100]]]},\"properties\":{}",
                   6, &feature);
    /* One that only touches it is not. */
    feature.longitude_deg = longitude + 2, feature.latitude_deg = latitude + 2, feature.height_m = NULL;
    assert_feature("\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[160,50],[180,10]]},\"properties\":{}", 6,
                   &feature);
    /* One that begins there is on the side it goes to; two parts stay two. */
    const double from_edge[] = {180.0, -170.0, 10.0, 20.0}, along[] = {0.0, 0.0, 1.0, 1.0};
    const int64_t parts[] = {2, 2};
    feature = (nwc_feature){.shape = NWC_SHAPE_LINE,
                            .n_points = 4,
                            .n_parts = 2,
                            .part_points = parts,
                            .longitude_deg = from_edge,
                            .latitude_deg = along};
    assert_feature("\"geometry\":{\"type\":\"MultiLineString\",\"coordinates\":[[[-180,0],[-170,0]],[[10,1],[20,1]]]},"
                   "\"properties\":{}",
                   6, &feature);
}

static void rings_are_closed_and_run_counter_clockwise_around_areas(void **state)
{
    (void)state;
    /* A square given clockwise and closed, with a hole given counter-clockwise and open, and a second square. */
    const double longitude[] = {0, 0, 4, 4, 0, 1, 3, 3, 1, 10, 11, 11, 10},
                 latitude[] = {0, 4, 4, 0, 0, 1, 1, 3, 3, 0, 0, 1, 1};
    const int64_t parts[] = {5, 4, 4};
    const uint8_t hole[] = {0, 1, 0};
    nwc_feature feature = {.shape = NWC_SHAPE_POLYGON,
                           .n_parts = 2,
                           .part_points = parts,
                           .hole = hole,
                           .n_points = 9,
                           .longitude_deg = longitude,
                           .latitude_deg = latitude};
    assert_feature("\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[4,0],[4,4],[0,4],[0,0],[4,0]],"
                   "[[1,3],[3,3],[3,1],[1,1],[1,3]]]},\"properties\":{}",
                   6, &feature);
    feature.n_parts = 3, feature.n_points = 13;
    assert_feature("\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":[[[[4,0],[4,4],[0,4],[0,0],[4,0]],"
                   "[[1,3],[3,3],[3,1],[1,1],[1,3]]],[[[10,0],[11,0],[11,1],[10,1],[10,0]]]]},\"properties\":{}",
                   6, &feature);
}

static void an_area_is_cut_at_180_degrees(void **state)
{
    (void)state;
    /* The example of RFC 7946, 3.1.9. */
    const double longitude[] = {170.0, 190.0, 190.0, 170.0}, latitude[] = {40.0, 40.0, 50.0, 50.0};
    nwc_feature feature = {.shape = NWC_SHAPE_POLYGON,
                           .n_points = 4,
                           .longitude_deg = longitude,
                           .latitude_deg = latitude};
    assert_feature("\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":["
                   "[[[180,50],[170,50],[170,40],[180,40],[180,50]]],"
                   "[[[-180,40],[-170,40],[-170,50],[-180,50],[-180,40]]]]},\"properties\":{}",
                   6, &feature);
    /* A hole across the edge opens to it in both parts; a hole on one side stays there. */
    const double holed[] = {170, -170, -170, 170, 179, -179, -179, 179, 172, 173, 173},
                 of[] = {40, 40, 50, 50, 44, 44, 46, 46, 42, 42, 43};
    const int64_t parts[] = {4, 4, 3};
    const uint8_t hole[] = {0, 1, 1};
    feature = (nwc_feature){.shape = NWC_SHAPE_POLYGON,
                            .n_parts = 3,
                            .part_points = parts,
                            .hole = hole,
                            .n_points = 11,
                            .longitude_deg = holed,
                            .latitude_deg = of};
    assert_feature("\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":["
                   "[[[180,50],[170,50],[170,40],[180,40],[180,44],[179,44],[179,46],[180,46],[180,50]],"
                   "[[173,43],[173,42],[172,42],[173,43]]],"
                   "[[[-180,40],[-170,40],[-170,50],[-180,50],[-180,46],[-179,46],[-179,44],[-180,44],[-180,40]]]]},"
                   "\"properties\":{}",
                   6, &feature);
}

static void an_area_around_a_pole_reaches_it(void **state)
{
    (void)state;
    const double longitude[] = {0.0, 90.0, 180.0, -90.0}, north[] = {60, 60, 60, 60}, south[] = {-60, -70, -60, -70};
    nwc_feature feature = {.shape = NWC_SHAPE_POLYGON,
                           .n_points = 4,
                           .longitude_deg = longitude,
                           .latitude_deg = north};
    assert_feature("\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[-180,60],[-90,60],[0,60],[90,60],"
                   "[180,60],[180,90],[-180,90],[-180,60]]]},\"properties\":{}",
                   6, &feature);
    feature.latitude_deg = south;
    assert_feature(
        "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[-180,-90],[180,-90],[180,-60],[90,-70],[0,-60],"
        "[-90,-70],[-180,-60],[-180,-90]]]},\"properties\":{}",
        6, &feature);
}

static void what_is_no_feature_is_told(void **state)
{
    (void)state;
    nwc_geojson *geojson;
    const char *text;
    const double x[] = {0, 1, 2, 0.5, 0.6, 0.6}, y[] = {0, 1, 2, 0.1, 0.1, 0.2}, far[] = {0, 0, 91};
    const double round_twice[] = {0, 120, -120, 0, 120, -120}, polar[] = {80, 80, 80, 85, 85, 85};
    const int64_t parts[] = {3, 3};
    const uint8_t holes[] = {0, 1}, first_hole[] = {1, 0};
    const nwc_property unnamed = {.number = 1.0}, strange = {.name = "p", .kind = 7},
                       long_one = {.name = "p", .digits = 18};
    const struct {
        nwc_feature feature;
        const char *told;
    } wrong[] = {
        {{.shape = NWC_SHAPE_POINT}, "at least one point expected, 0 given"},
        {{.shape = NWC_SHAPE_POINT, .n_points = 3, .longitude_deg = x, .latitude_deg = far},
         "point 2: a place on the earth expected, 91, 2, 0 m given"},
        {{.shape = NWC_SHAPE_LINE, .n_points = 1, .longitude_deg = x, .latitude_deg = y},
         "part 0: 2 to 1 points expected, 1 given"},
        {{.shape = NWC_SHAPE_POLYGON, .n_points = 2, .longitude_deg = x, .latitude_deg = y}, "part 0: 3 to 2 points"},
        {{.shape = NWC_SHAPE_POLYGON, .n_points = 3, .longitude_deg = x, .latitude_deg = y},
         "part 0: a ring around an area expected"},
        {{.shape = NWC_SHAPE_POLYGON, .n_points = 6, .longitude_deg = round_twice, .latitude_deg = polar},
         "part 0: a ring at most once round the earth expected"},
        {{.shape = NWC_SHAPE_POLYGON,
          .n_parts = 2,
          .part_points = parts,
          .hole = holes,
          .n_points = 6,
          .longitude_deg = round_twice,
          .latitude_deg = polar},
         "part 1: a hole that goes round no pole expected"},
        {{.shape = NWC_SHAPE_POLYGON,
          .n_parts = 2,
          .part_points = parts,
          .hole = first_hole,
          .n_points = 6,
          .longitude_deg = x,
          .latitude_deg = y},
         "part 0: a ring around an area expected, a hole given"},
        {{.shape = NWC_SHAPE_POLYGON, .n_parts = 2, .n_points = 6, .longitude_deg = x, .latitude_deg = y},
         "part_points: points of 2 parts expected"},
        {{.shape = NWC_SHAPE_POLYGON,
          .n_parts = 1,
          .part_points = parts,
          .n_points = 6,
          .longitude_deg = x,
          .latitude_deg = y},
         "part_points: 6 points in all expected, 3 given"},
        {{.n_properties = 1}, "properties: 0 or more expected, 1 given"},
        {{.n_properties = 1, .properties = &unnamed}, "property 0: a name expected"},
        {{.n_properties = 1, .properties = &strange}, "p: an nwc_property_kind expected, 7 given"},
        {{.n_properties = 1, .properties = &long_one}, "p: 0 to 17 digits expected, 18 given"},
    };
    assert_fails(NWC_ERR_ARG, "geojson: a place", nwc_geojson_create(NULL, 6, NULL));
    assert_fails(NWC_ERR_ARG, "decimals: 0 to 9 expected, 10 given", nwc_geojson_create(NULL, 10, &geojson));
    assert_ok(nwc_geojson_create(NULL, 6, &geojson));
    assert_fails(NWC_ERR_ARG, "0 or more features expected, -1 given", nwc_geojson_add(geojson, NULL, -1));
    assert_fails(NWC_ERR_ARG, "a place for its text", nwc_geojson_text(geojson, NULL, NULL));
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_fails(NWC_ERR_ARG, wrong[k].told, nwc_geojson_add(geojson, &wrong[k].feature, 1));
    assert_ok(nwc_geojson_text(geojson, &text, NULL));
    assert_string_equal(text, "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
    nwc_geojson_destroy(geojson);
}

static void observations_are_points_with_their_columns(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_geojson *geojson;
    const char *text;
    nwc_obs_row rows[2];
    const nwc_obs_station station = {.id = "54511",
                                     .name = "Beijing",
                                     .kind = NWC_OBS_SURFACE,
                                     .longitude_deg = 116.4667,
                                     .latitude_deg = 39.8,
                                     .height_m = 31.3,
                                     .trust = NAN};
    assert_ok(nwc_obs_create(NULL, &obs));
    nwc_obs_row_init(&rows[0]);
    assert_ok(nwc_obs_add_station(obs, &station, &rows[0].station));
    rows[0].report = nwc_obs_new_report(obs);
    rows[0].quantity = NWC_QUANTITY_RAIN_AMOUNT, rows[0].value = 2.6;
    rows[1] = rows[0];
    rows[0].longitude_deg = 116.4667, rows[0].latitude_deg = 39.8, rows[0].height_m = 31.3;
    rows[0].time_ns = INT64_C(1207938150000000000), rows[0].duration_s = 600.0, rows[0].quality = 0.7f;
    rows[0].flags = NWC_OBS_STEP;
    rows[1].quantity = NWC_QUANTITY_AIR_TEMPERATURE, rows[1].value = NAN, rows[1].pressure_pa = 85000.0,
    rows[1].lead_s = 60.0;
    assert_ok(nwc_obs_add(obs, rows, 2));
    assert_ok(nwc_geojson_create(NULL, 6, &geojson));
    assert_ok(nwc_obs_to_geojson(obs, geojson));
    assert_ok(nwc_geojson_text(geojson, &text, NULL));
    assert_string_equal(
        text,
        "{\"type\":\"FeatureCollection\",\"features\":["
        "\n{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[116.4667,39.8]},\"properties\":{"
        "\"station\":\"54511\",\"name\":\"Beijing\",\"kind\":\"surface\",\"time\":\"2008-04-11T18:22:30Z\","
        "\"quantity\":\"lwe_thickness_of_precipitation_amount\",\"value\":2.6,\"units\":\"mm\",\"quality\":0.7,"
        "\"height\":31.3,\"duration\":600,\"flags\":32,\"report\":0}},"
        "\n{\"type\":\"Feature\",\"geometry\":null,\"properties\":{"
        "\"station\":\"54511\",\"name\":\"Beijing\",\"kind\":\"surface\",\"time\":null,"
        "\"quantity\":\"air_temperature\",\"value\":null,\"units\":\"K\",\"quality\":null,"
        "\"pressure\":85000,\"lead\":60,\"flags\":0,\"report\":0}}\n]}\n");
    assert_fails(NWC_ERR_ARG, "obs", nwc_obs_to_geojson(NULL, geojson));
    assert_fails(NWC_ERR_ARG, "geojson", nwc_obs_to_geojson(obs, NULL));
    nwc_geojson_destroy(geojson);
    nwc_obs_destroy(obs);
}

static nwc_status cut_with(nwc_ctx *ctx, void *user)
{
    (void)user;
    const double x[] = {170, -170, -170, 170, 179, -179, -179, 179}, y[] = {40, 40, 50, 50, 44, 44, 46, 46};
    const int64_t parts[] = {4, 4};
    const uint8_t hole[] = {0, 1};
    const nwc_property property = {.name = "level", .kind = NWC_PROPERTY_TEXT, .text = "orange"};
    const nwc_feature features[] = {{.shape = NWC_SHAPE_POLYGON,
                                     .n_parts = 2,
                                     .part_points = parts,
                                     .hole = hole,
                                     .n_points = 8,
                                     .longitude_deg = x,
                                     .latitude_deg = y,
                                     .n_properties = 1,
                                     .properties = &property},
                                    {.shape = NWC_SHAPE_LINE, .n_points = 8, .longitude_deg = x, .latitude_deg = y}};
    nwc_geojson *geojson;
    const char *text;
    const nwc_status made = nwc_geojson_create(ctx, 6, &geojson);
    if (made != NWC_OK) return made;
    const nwc_status status = nwc_geojson_add(geojson, features, 2);
    assert_ok(nwc_geojson_text(geojson, &text, NULL)); /* whole, whatever happened */
    assert_string_equal(text + strlen(text) - 4, "\n]}\n");
    if (status != NWC_OK) assert_null(strstr(text, "Feature\""));
    nwc_geojson_destroy(geojson);
    return status;
}

static void refused_memory_is_an_error_and_leaves_the_collection_whole(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(cut_with, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_fewest_digits_that_give_them_back),
        cmocka_unit_test(every_double_is_given_back),
        cmocka_unit_test(degrees_are_rounded_and_lose_zeros_at_their_end),
        cmocka_unit_test(a_decimal_comma_of_the_locale_changes_nothing),
        cmocka_unit_test(texts_are_escaped_and_always_utf8),
        cmocka_unit_test(times_are_utc_with_the_digits_they_have),
        cmocka_unit_test(a_collection_is_whole_at_any_time),
        cmocka_unit_test(points_have_properties_of_every_kind),
        cmocka_unit_test(a_line_is_cut_at_180_degrees),
        cmocka_unit_test(rings_are_closed_and_run_counter_clockwise_around_areas),
        cmocka_unit_test(an_area_is_cut_at_180_degrees),
        cmocka_unit_test(an_area_around_a_pole_reaches_it),
        cmocka_unit_test(what_is_no_feature_is_told),
        cmocka_unit_test(observations_are_points_with_their_columns),
        cmocka_unit_test(refused_memory_is_an_error_and_leaves_the_collection_whole),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nwc_ctx_destroy(memory());
    return failed;
}
