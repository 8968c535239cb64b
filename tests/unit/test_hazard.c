/* Rules, areas, places and warnings of discs that move, so that what is met where and when is known. */
#include "support/support.h"

enum { NY = 60, NX = 100, CELLS = NY * NX, MOST_FRAMES = 32 };

#define MINUTE INT64_C(60000000000)
#define NOW (INT64_C(1700000000) * INT64_C(1000000000))

static const nwc_grid plane = {.projection = "+proj=tmerc +lon_0=121 +lat_0=32 +ellps=WGS84",
                               .nx = NX,
                               .ny = NY,
                               .x_first = -50000.0,
                               .y_first = -30000.0,
                               .dx = 1000.0,
                               .dy = 1000.0};

/* Frames of one or more discs: cell (j, i) is peak within radius of the middle, 0 elsewhere. */
struct frames {
    float cells[MOST_FRAMES][CELLS];
    nwc_field field[MOST_FRAMES];
    nwc_hazard_frame frame[MOST_FRAMES];
    int32_t n;
};

static struct frames *new_frames(void)
{
    struct frames *const frames = calloc(1, sizeof *frames);
    assert_non_null(frames);
    return frames;
}

static void add_frame(struct frames *frames, int64_t time_ns, const char *units)
{
    const int32_t f = frames->n++;
    frames->field[f] = field_2d(frames->cells[f], NY, NX, units, &plane);
    frames->frame[f] = (nwc_hazard_frame){"gust", time_ns, &frames->field[f], (double)NAN};
}

static void put_disc(struct frames *frames, int32_t f, double x, double y, double radius, double peak)
{
    for (int c = 0; c < CELLS; c++)
        if (hypot((double)(c % NX) - x, (double)(c / NX) - y) <= radius) frames->cells[f][c] = (float)peak;
}

/* A disc at (x, 30) now, that goes east by 1 cell a minute (16.7 m/s), every 5 minutes for so many. */
static struct frames *moving(int64_t now_ns, double x, double radius, double peak, int minutes)
{
    struct frames *const frames = new_frames();
    for (int m = 0; m <= minutes; m += 5) {
        add_frame(frames, now_ns + m * MINUTE, "m s-1");
        put_disc(frames, frames->n - 1, x + m, 30.0, radius, peak);
    }
    return frames;
}

static nwc_hazard_rule rule_of(int32_t level, double threshold, int32_t target)
{
    nwc_hazard_rule rule;
    nwc_hazard_rule_init(&rule);
    rule.hazard = "gale", rule.quantity = "gust", rule.units = "m s-1";
    rule.level = level, rule.threshold = threshold, rule.target = target;
    return rule;
}

/* Longitude and latitude of a cell. */
static void place_at(double x, double y, double *lon, double *lat)
{
    const double gx = plane.x_first + plane.dx * x, gy = plane.y_first + plane.dy * y;
    assert_ok(nwc_grid_to_lonlat(NULL, &plane, 1, &gx, &gy, lon, lat));
}

static nwc_hazard *hazard_of(const nwc_hazard_rule *rules, int32_t n, const nwc_hazard_place *places, int32_t n_places)
{
    nwc_hazard *hazard;
    assert_ok(nwc_hazard_create(NULL, rules, n, places, n_places, NULL, NULL, NULL, &hazard));
    return hazard;
}

static nwc_hazard_table evaluate(nwc_hazard *hazard, struct frames *frames, int64_t now_ns)
{
    nwc_hazard_table table;
    nwc_ctx *const ctx = context_with_threads(1); /* small fields are not worth threads */
    assert_ok(nwc_hazard_evaluate(ctx, hazard, frames ? frames->frame : NULL, frames ? frames->n : 0, now_ns, NULL, 0));
    assert_ok(nwc_hazard_lend(hazard, &table));
    nwc_ctx_destroy(ctx);
    free(frames);
    return table;
}

/* ---- rules ---- */

static void rules_out_of_range_name_rule_and_key(void **state)
{
    (void)state;
    nwc_hazard_rule rules[2] = {rule_of(1, 17.2, NWC_HAZARD_AREA), rule_of(2, 20.8, NWC_HAZARD_AREA)};
    assert_ok(nwc_hazard_rules_check(rules, 2));
    assert_fails(NWC_ERR_ARG, "rules", nwc_hazard_rules_check(rules, 0));
    rules[1].threshold = NAN;
    assert_fails(NWC_ERR_ARG, "rule 1: threshold", nwc_hazard_rules_check(rules, 2));
    rules[1].threshold = 20.8, rules[1].keep_threshold = 21.0;
    assert_fails(NWC_ERR_ARG, "rule 1: keep_threshold", nwc_hazard_rules_check(rules, 2));
    rules[1].keep_threshold = 19.0, rules[1].probability = 0.0;
    assert_fails(NWC_ERR_ARG, "rule 1: probability", nwc_hazard_rules_check(rules, 2));
    rules[1].probability = 0.5, rules[1].from_s = 60.0;
    assert_fails(NWC_ERR_ARG, "rule 1: from_s", nwc_hazard_rules_check(rules, 2));
    rules[1].from_s = 0.0, rules[1].window_s = 3600.0;
    assert_fails(NWC_ERR_ARG, "rule 1: units: mm expected with a window", nwc_hazard_rules_check(rules, 2));
    rules[1].window_s = 0.0, rules[1].hazard = "ga le";
    assert_fails(NWC_ERR_ARG, "rule 1: hazard", nwc_hazard_rules_check(rules, 2));
    rules[1].hazard = "gale", rules[1].level = 9;
    assert_fails(NWC_ERR_ARG, "rule 1: level", nwc_hazard_rules_check(rules, 2));
    rules[1].level = 2, rules[1].group = "sea";
    assert_fails(NWC_ERR_ARG, "rule 1: group", nwc_hazard_rules_check(rules, 2));
}

static void rules_that_can_never_show_are_told(void **state)
{
    (void)state;
    nwc_hazard_rule rules[2] = {rule_of(1, 20.8, NWC_HAZARD_AREA), rule_of(2, 17.2, NWC_HAZARD_AREA)};
    assert_fails(NWC_ERR_ARG, "rule 0, rule 1: level 1 can never show", nwc_hazard_rules_check(rules, 2));
    rules[1].level = 1, rules[1].threshold = 20.8;
    assert_fails(NWC_ERR_ARG, "both ask for the same", nwc_hazard_rules_check(rules, 2));
    rules[1].to_s = 3600.0, rules[1].level = 2, rules[1].threshold = 17.2; /* sooner, so no contradiction */
    assert_ok(nwc_hazard_rules_check(rules, 2));
    rules[1].to_s = 7200.0, rules[1].quantity = "wind";
    assert_ok(nwc_hazard_rules_check(rules, 2));
}

/* ---- areas ---- */

static double cross(const double *lon, const double *lat, int a, int b, int c)
{
    return (lon[b] - lon[a]) * (lat[c] - lat[a]) - (lat[b] - lat[a]) * (lon[c] - lon[a]);
}

/* No two edges that are not neighbours meet, and it turns left. */
static void check_ring(const nwc_hazard_area *area, int32_t most)
{
    const double *const x = area->ring_longitude_deg, *const y = area->ring_latitude_deg;
    const int n = area->n_points;
    double twice = 0.0;
    assert_in_range(n, 3, most);
    for (int a = 0; a < n; a++) {
        const int b = (a + 1) % n;
        twice += (x[a] - x[0]) * (y[b] - y[0]) - (x[b] - x[0]) * (y[a] - y[0]);
        for (int c = a + 2; c < n; c++) {
            const int d = (c + 1) % n;
            if (d == a) continue;
            assert_false(cross(x, y, a, b, c) * cross(x, y, a, b, d) <= 0.0 &&
                         cross(x, y, c, d, a) * cross(x, y, c, d, b) <= 0.0);
        }
    }
    assert_true(twice > 0.0);
}

static bool lies_in(const nwc_hazard_area *area, double lon, double lat)
{
    const double *const x = area->ring_longitude_deg, *const y = area->ring_latitude_deg;
    bool in = false;
    for (int a = 0, b = area->n_points - 1; a < area->n_points; b = a++)
        if ((y[a] > lat) != (y[b] > lat) && lon < x[a] + (x[b] - x[a]) * (lat - y[a]) / (y[b] - y[a])) in = !in;
    return in;
}

static void areas_hold_all_cells_of_the_swath_in_few_points(void **state)
{
    (void)state;
    nwc_hazard_rule rules[2] = {rule_of(1, 17.2, NWC_HAZARD_AREA), rule_of(3, 24.5, NWC_HAZARD_AREA)};
    for (int32_t most = 4; most <= 64; most *= 4) {
        struct frames *const frames = moving(NOW, 20.0, 4.0, 20.0, 60);
        for (int f = 0; f < frames->n; f += 3) put_disc(frames, f, 60.0, 8.0, 3.0, 30.0);
        nwc_hazard_options options;
        nwc_hazard_options_init(&options);
        options.most_points = most;
        nwc_hazard_areas *areas;
        const nwc_hazard_area *list;
        int64_t n;
        assert_ok(nwc_hazard_areas_find(NULL, rules, 2, frames->frame, frames->n, NOW, &options, &areas));
        assert_ok(nwc_hazard_areas_lend(areas, &list, &n));
        assert_int_equal(n, 3); /* two of level 1, one of level 3 */
        for (int64_t a = 0; a < n; a++) check_ring(&list[a], most);
        assert_int_equal(list[2].level, 3);
        assert_int_equal(list[2].rule, 1);
        for (int f = 0; f < frames->n; f++)
            for (int c = 0; c < CELLS; c++) {
                double lon, lat;
                if (frames->cells[f][c] < 17.2F) continue;
                place_at((double)(c % NX), (double)(c / NX), &lon, &lat);
                assert_true(lies_in(&list[0], lon, lat) || lies_in(&list[1], lon, lat));
            }
        nwc_hazard_areas_destroy(areas);
        free(frames);
    }
}

static void nothing_and_nothing_known_give_no_area(void **state)
{
    (void)state;
    const nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_AREA);
    nwc_hazard_areas *areas;
    const nwc_hazard_area *list;
    int64_t n;
    struct frames *const frames = moving(NOW, 20.0, 0.0, 0.0, 10);
    for (int c = 0; c < CELLS; c++) frames->cells[1][c] = NAN;
    assert_ok(nwc_hazard_areas_find(NULL, &rule, 1, frames->frame, frames->n, NOW, NULL, &areas));
    assert_ok(nwc_hazard_areas_lend(areas, &list, &n));
    assert_int_equal(n, 0);
    nwc_hazard_areas_destroy(areas);
    frames->frame[0].quantity = frames->frame[1].quantity = frames->frame[2].quantity = "rain";
    assert_fails(NWC_ERR_NODATA, "frames", nwc_hazard_areas_find(NULL, &rule, 1, frames->frame, 3, NOW, NULL, &areas));
    assert_fails(NWC_ERR_NODATA, "frames", nwc_hazard_areas_find(NULL, &rule, 1, NULL, 0, NOW, NULL, &areas));
    frames->frame[1].quantity = "gust", frames->field[1].units = "dBZ";
    assert_fails(NWC_ERR_ARG, "units m s-1",
                 nwc_hazard_areas_find(NULL, &rule, 1, frames->frame, 3, NOW, NULL, &areas));
    frames->field[1].dim[1]--;
    assert_fails(NWC_ERR_ARG, "frame 1 (gust)",
                 nwc_hazard_areas_find(NULL, &rule, 1, frames->frame, 3, NOW, NULL, &areas));
    free(frames);
}

/* ---- places ---- */

static void arrival_bearing_and_end_are_those_of_the_disc(void **state)
{
    (void)state;
    double lon[2], lat[2];
    const nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_AREA);
    place_at(60.0, 30.0, &lon[0], &lat[0]); /* 40 km east of the middle: met from 36 to 44 minutes */
    place_at(60.0, 50.0, &lon[1], &lat[1]); /* off the way */
    const nwc_hazard_place places[2] = {{.id = "a", .longitude_deg = &lon[0], .latitude_deg = &lat[0]},
                                        {.id = "b", .longitude_deg = &lon[1], .latitude_deg = &lat[1]}};
    nwc_hazard *const hazard = hazard_of(&rule, 1, places, 2);
    const nwc_hazard_table table = evaluate(hazard, moving(NOW, 20.0, 4.0, 20.0, 60), NOW);
    assert_int_equal(table.n_effects, 1);
    const nwc_hazard_effect *const effect = table.effects;
    assert_int_equal(effect->place, 0);
    assert_int_equal(effect->warning, 1);
    assert_near(effect->probability, 1.0, 0.0);
    assert_int_equal(effect->earliest_ns, NOW + 40 * MINUTE); /* the first frame at or after 36 */
    assert_int_equal(effect->likeliest_ns, NOW + 40 * MINUTE);
    assert_int_equal(effect->end_ns, NOW + 40 * MINUTE);
    assert_near(effect->distance_m, 36000.0, 60.0);
    assert_near(effect->bearing_deg, 270.0, 0.5);
    nwc_hazard_destroy(hazard);
}

static void members_and_given_probabilities_count_alike(void **state)
{
    (void)state;
    enum { MEMBERS = 4 };
    float *const cells = calloc((size_t)MEMBERS * CELLS, sizeof *cells);
    float *const told = calloc(CELLS, sizeof *told);
    double lon, lat;
    place_at(50.0, 30.0, &lon, &lat);
    const nwc_hazard_place place = {.id = "a", .longitude_deg = &lon, .latitude_deg = &lat};
    const int64_t cell = 30 * NX + 50;
    for (int m = 0; m < 3; m++) cells[m * CELLS + cell] = 20.0F;
    told[cell] = 0.75F;
    const nwc_field members = {.data = cells,
                               .ndim = 3,
                               .dim = {MEMBERS, NY, NX},
                               .stride = {CELLS, NX, 1},
                               .missing = NAN,
                               .units = "m s-1",
                               .grid = &plane};
    const nwc_field probability = field_2d(told, NY, NX, "1", &plane);
    const nwc_hazard_frame frames[2] = {{"gust", NOW + 10 * MINUTE, &members, (double)NAN},
                                        {"gust", NOW + 10 * MINUTE, &probability, 17.2}};
    for (int f = 0; f < 2; f++)
        for (int wanted = 0; wanted < 2; wanted++) {
            nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_PLACE);
            rule.probability = wanted ? 0.8 : 0.75;
            nwc_hazard_table table;
            nwc_hazard *const hazard = hazard_of(&rule, 1, &place, 1);
            assert_ok(nwc_hazard_evaluate(NULL, hazard, &frames[f], 1, NOW, NULL, 0));
            assert_ok(nwc_hazard_lend(hazard, &table));
            assert_int_equal(table.n_effects, 1);
            assert_near(table.effects->probability, 0.75, 1e-6);
            assert_int_equal(table.n_warnings, wanted ? 0 : 1);
            nwc_hazard_destroy(hazard);
        }
    free(told);
    free(cells);
}

static void a_window_joins_rain_of_before_and_to_come(void **state)
{
    (void)state;
    nwc_hazard_rule rule = rule_of(1, 50.0, NWC_HAZARD_AREA);
    rule.quantity = "rain", rule.units = "mm", rule.window_s = 10800.0, rule.from_s = 0.0, rule.to_s = 3600.0;
    for (int rate = 16; rate <= 17; rate++) { /* three hours at 17 mm/h are 51 mm, at 16 they are 48 */
        struct frames *const frames = new_frames();
        nwc_hazard *const hazard = hazard_of(&rule, 1, NULL, 0);
        for (int m = -120; m <= 60; m += 30) {
            add_frame(frames, NOW + m * MINUTE, "mm h-1");
            frames->frame[frames->n - 1].quantity = "rain";
            put_disc(frames, frames->n - 1, 50.0, 30.0, 5.0, rate);
        }
        const nwc_hazard_table table = evaluate(hazard, frames, NOW);
        assert_int_equal(table.n_warnings, rate == 17);
        if (rate == 17) assert_int_equal(table.warnings->onset_ns, NOW + 60 * MINUTE); /* 50 mm after 2 h 56 */
        nwc_hazard_destroy(hazard);
    }
}

static void districts_of_any_shape_have_defined_cells(void **state)
{
    (void)state;
    const nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_PLACE);
    const double x[4] = {20.0, 60.0, 60.0, 20.0},
                 y[4] = {20.0, 40.0, 20.0, 40.0}; /* a bow-tie; its halves meet at (40, 30) */
    const int64_t four = 4;
    double lon[4], lat[4], edge_lon, edge_lat;
    for (int k = 0; k < 4; k++) place_at(x[k], y[k], &lon[k], &lat[k]);
    place_at(70.5, 30.0, &edge_lon, &edge_lat); /* between two cells: the western one's */
    const nwc_hazard_place places[2] = {
        {.id = "tie", .n_parts = 1, .part_points = &four, .longitude_deg = lon, .latitude_deg = lat},
        {.id = "edge", .longitude_deg = &edge_lon, .latitude_deg = &edge_lat}};
    const struct {
        double x, y;
        int tie, edge;
    } cases[] = {{25.0, 30.0, 1, 0}, {40.0, 22.0, 0, 0}, {55.0, 30.0, 1, 0}, {70.0, 30.0, 0, 1}, {71.0, 30.0, 0, 0}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct frames *const frames = new_frames();
        nwc_hazard *const hazard = hazard_of(&rule, 1, places, 2);
        add_frame(frames, NOW, "m s-1");
        put_disc(frames, 0, cases[c].x, cases[c].y, 0.4, 20.0);
        const nwc_hazard_table table = evaluate(hazard, frames, NOW);
        assert_int_equal(table.n_warnings, cases[c].tie + cases[c].edge);
        if (table.n_warnings) assert_string_equal(table.warnings->place, cases[c].tie ? "tie" : "edge");
        nwc_hazard_destroy(hazard);
    }
}

static void a_district_across_180_degrees_is_one(void **state)
{
    (void)state;
    enum { SIDE = 40 };
    static const nwc_grid around = {.projection = "+proj=longlat +datum=WGS84",
                                    .nx = SIDE,
                                    .ny = SIDE,
                                    .x_first = 178.0,
                                    .y_first = 10.0,
                                    .dx = 0.1,
                                    .dy = 0.1};
    const nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_PLACE);
    const double lon[4] = {179.0, -179.0, -179.0, 179.0}, lat[4] = {11.0, 11.0, 13.0, 13.0};
    const int64_t four = 4;
    const nwc_hazard_place place = {
        .id = "d", .n_parts = 1, .part_points = &four, .longitude_deg = lon, .latitude_deg = lat};
    for (int i = 5; i < SIDE; i += 10) { /* 178.5, 179.5, 180.5, 181.5 */
        float cells[SIDE * SIDE] = {0};
        nwc_hazard_table table;
        const char *xml;
        nwc_hazard_cap_options cap;
        nwc_hazard *const hazard = hazard_of(&rule, 1, &place, 1);
        cells[20 * SIDE + i] = 20.0F;
        const nwc_field field = field_2d(cells, SIDE, SIDE, "m s-1", &around);
        const nwc_hazard_frame frame = {"gust", NOW, &field, (double)NAN};
        assert_ok(nwc_hazard_evaluate(NULL, hazard, &frame, 1, NOW, NULL, 0));
        assert_ok(nwc_hazard_lend(hazard, &table));
        assert_int_equal(table.n_warnings, i == 15 || i == 25);
        nwc_hazard_cap_options_init(&cap);
        cap.sender = "a@b", cap.n_languages = 1;
        if (table.n_warnings) {
            assert_ok(nwc_hazard_cap(hazard, 0, &cap, &xml));
            assert_non_null(strstr(strstr(xml, "<polygon>") + 1, "<polygon>")); /* one on each side */
        }
        nwc_hazard_destroy(hazard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_out_of_range_name_rule_and_key),
        cmocka_unit_test(rules_that_can_never_show_are_told),
        cmocka_unit_test(areas_hold_all_cells_of_the_swath_in_few_points),
        cmocka_unit_test(nothing_and_nothing_known_give_no_area),
        cmocka_unit_test(arrival_bearing_and_end_are_those_of_the_disc),
        cmocka_unit_test(members_and_given_probabilities_count_alike),
        cmocka_unit_test(a_window_joins_rain_of_before_and_to_come),
        cmocka_unit_test(districts_of_any_shape_have_defined_cells),
        cmocka_unit_test(a_district_across_180_degrees_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
