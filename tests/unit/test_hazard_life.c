/* The lives of warnings: raised, held, lowered, ended, approved, saved; and what they are told as. */
#include "support/support.h"

enum { NY = 40, NX = 60, CELLS = NY * NX };

#define MINUTE INT64_C(60000000000)
#define NOW (INT64_C(1700000000) * INT64_C(1000000000))

static const nwc_grid plane = {.projection = "+proj=tmerc +lon_0=121 +lat_0=32 +ellps=WGS84",
                               .nx = NX,
                               .ny = NY,
                               .x_first = -30000.0,
                               .y_first = -20000.0,
                               .dx = 1000.0,
                               .dy = 1000.0};

static nwc_hazard_rule rule_of(int32_t level, double threshold, int32_t target)
{
    nwc_hazard_rule rule;
    nwc_hazard_rule_init(&rule);
    rule.hazard = "gale", rule.quantity = "gust", rule.units = "m s-1", rule.target = target;
    rule.level = level, rule.threshold = threshold, rule.keep_threshold = threshold - 2.0;
    return rule;
}

struct disc {
    double x, y, radius, value;
};

static nwc_status step(nwc_ctx *ctx, nwc_hazard *hazard, int64_t minute, const struct disc *disc, int n)
{
    static float cells[CELLS];
    for (int c = 0; c < CELLS; c++) {
        cells[c] = 0.0F;
        for (int d = 0; d < n; d++)
            if (hypot((double)(c % NX) - disc[d].x, (double)(c / NX) - disc[d].y) <= disc[d].radius)
                cells[c] = fmaxf(cells[c], (float)disc[d].value);
    }
    const nwc_field field = field_2d(cells, NY, NX, "m s-1", &plane);
    const nwc_hazard_frame frame = {"gust", NOW + minute * MINUTE, &field, (double)NAN};
    static nwc_ctx *alone; /* small fields are not worth threads */
    if (!alone) alone = context_with_threads(1);
    return nwc_hazard_evaluate(ctx ? ctx : alone, hazard, &frame, n < 0 ? 0 : 1, NOW + minute * MINUTE, NULL, 0);
}

/* Go on by one field of so many discs, -1: no frame at all; the events that came of it. */
static nwc_hazard_table go(nwc_hazard *hazard, int64_t minute, const struct disc *disc, int n)
{
    nwc_hazard_table table;
    assert_ok(step(NULL, hazard, minute, disc, n));
    assert_ok(nwc_hazard_lend(hazard, &table));
    return table;
}

static nwc_hazard *new_hazard(int32_t target, const nwc_hazard_options *options)
{
    const nwc_hazard_rule rules[3] = {rule_of(1, 17.2, target), rule_of(2, 20.8, target), rule_of(3, 24.5, target)};
    static const double lon = 121.0, lat = 32.0;
    static const nwc_hazard_place place = {
        .id = "town", .name = "Town & <Port>", .radius_m = 3000.0, .longitude_deg = &lon, .latitude_deg = &lat};
    nwc_hazard *hazard;
    assert_ok(nwc_hazard_create(NULL, rules, 3, &place, 1, options, NULL, NULL, &hazard));
    return hazard;
}

static void expect(const nwc_hazard_table *table, int kind, int reason, int level)
{
    assert_int_equal(table->n_events, 1);
    assert_int_equal(table->events->kind, kind);
    assert_int_equal(table->events->reason, reason);
    assert_int_equal(table->events->level, level);
}

/* On a polar stereographic plane the grid's +y is turned by the longitude from the central one. */
static void storms_of_tracks_move_by_true_north(void **state)
{
    (void)state;
    const nwc_grid pole = {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +R=6371000",
                           .nx = 2,
                           .ny = 2,
                           .x_first = -1e6,
                           .y_first = -3e6,
                           .dx = 1e3,
                           .dy = 1e3};
    const nwc_track_point points[2] = {{.track = 7, .x = 0.0, .y = -2e6, .u = 3.0, .v = 4.0},
                                       {.track = 9, .x = 2e6, .y = -2e6, .u = 0.0, .v = 10.0}};
    nwc_hazard_storm storms[2];
    assert_ok(nwc_hazard_storms_of(NULL, &pole, points, 2, storms));
    assert_int_equal(storms[1].id, 9);
    assert_near(storms[0].longitude_deg, 10.0, 1e-9);
    assert_near(storms[1].longitude_deg, 55.0, 1e-9);
    assert_near(storms[0].u_m_s, 3.0, 1e-4);
    assert_near(storms[0].v_m_s, 4.0, 1e-4);
    assert_near(storms[1].u_m_s, 10.0 * sqrt(0.5), 1e-4);
    assert_near(storms[1].v_m_s, 10.0 * sqrt(0.5), 1e-4);
    const nwc_track_point unknown = {.x = 0.0, .y = -2e6, .u = (double)NAN, .v = (double)NAN};
    assert_ok(nwc_hazard_storms_of(NULL, &pole, &unknown, 1, storms));
    assert_true(isnan(storms->u_m_s) && isnan(storms->v_m_s) && isfinite(storms->latitude_deg));
    assert_ok(nwc_hazard_storms_of(NULL, &pole, NULL, 0, NULL));
    assert_fails(NWC_ERR_ARG, "points", nwc_hazard_storms_of(NULL, &pole, NULL, 1, storms));
    assert_fails(NWC_ERR_ARG, "grid", nwc_hazard_storms_of(NULL, NULL, points, 1, storms));
}

static void warnings_rise_at_once_and_fall_after_their_hold(void **state)
{
    (void)state;
    for (int32_t target = NWC_HAZARD_AREA; target <= NWC_HAZARD_PLACE; target++) {
        nwc_hazard *const hazard = new_hazard(target, NULL);
        struct disc disc = {30.0, 20.0, 4.0, 18.0};
        nwc_hazard_table table = go(hazard, 0, &disc, 1);
        expect(&table, NWC_HAZARD_ISSUE, NWC_HAZARD_MET, 1);
        disc.value = 26.0;
        table = go(hazard, 5, &disc, 1);
        expect(&table, NWC_HAZARD_UPGRADE, NWC_HAZARD_MET, 3);
        assert_int_equal(table.events->level_before, 1);
        disc.value = 23.0; /* above what keeps level 3 */
        for (int m = 10; m <= 30; m += 5) {
            table = go(hazard, m, &disc, 1);
            for (int64_t e = 0; e < table.n_events; e++) assert_int_equal(table.events[e].kind, NWC_HAZARD_UPDATE);
        }
        disc.value = 19.0; /* level 2 is kept, 3 is not */
        for (int m = 35; m <= 50; m += 5) {
            table = go(hazard, m, &disc, 1);
            assert_int_equal(table.warnings->level, 3);
        }
        table = go(hazard, 55, &disc, 1);
        expect(&table, NWC_HAZARD_DOWNGRADE, NWC_HAZARD_CLEARED, 2);
        for (int m = 60; m <= 75; m += 5) {
            table = go(hazard, m, NULL, 0);
            assert_int_equal(table.n_events, 0);
        }
        table = go(hazard, 80, NULL, 0);
        expect(&table, NWC_HAZARD_CANCEL, NWC_HAZARD_CLEARED, 2);
        assert_int_equal(table.warnings->active, 0);
        table = go(hazard, 85, NULL, 0);
        assert_int_equal(table.n_warnings, 0);
        table = go(hazard, 90, &disc, 1);
        assert_int_equal(table.events->warning, 2); /* numbers are not used again */
        nwc_hazard_destroy(hazard);
    }
}

static void a_value_that_wavers_at_the_threshold_tells_once(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    int messages = 0;
    for (int m = 0; m < 15; m += 1) {
        const struct disc disc = {30.0, 20.0, 4.0, m % 2 ? 17.0 : 17.4};
        messages += (int)go(hazard, m, m % 5 == 4 ? NULL : &disc, m % 5 == 4 ? 0 : 1).n_events;
    }
    assert_int_equal(messages, 1);
    nwc_hazard_destroy(hazard);
}

static void missing_frames_let_warnings_stand_until_they_expire(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    nwc_hazard_table table = go(hazard, 0, &disc, 1);
    assert_int_equal(table.warnings->expires_ns, NOW + 30 * MINUTE);
    for (int m = 5; m < 30; m += 5) assert_int_equal(go(hazard, m, NULL, -1).n_events, 0);
    table = go(hazard, 30, NULL, -1);
    expect(&table, NWC_HAZARD_EXPIRE, NWC_HAZARD_ENDED, 1);
    nwc_hazard_destroy(hazard);
}

static void a_quantity_that_is_missing_ends_nothing_that_it_gave(void **state)
{
    (void)state;
    for (int32_t target = NWC_HAZARD_AREA; target <= NWC_HAZARD_PLACE; target++) {
        nwc_hazard_rule rules[2] = {rule_of(1, 17.2, target), rule_of(1, 20.0, target)};
        static const double lon = 121.0, lat = 32.0;
        const nwc_hazard_place place = {.id = "town", .longitude_deg = &lon, .latitude_deg = &lat};
        static float cells[CELLS];
        nwc_hazard *hazard;
        nwc_hazard_table table;
        const nwc_field field = field_2d(cells, NY, NX, "mm", &plane);
        nwc_hazard_frame frame = {"hail", NOW, &field, (double)NAN};
        rules[1].quantity = "hail", rules[1].units = "mm", rules[1].hold_s = 0.0;
        for (int c = 0; c < CELLS; c++) cells[c] = 30.0F;
        assert_ok(nwc_hazard_create(NULL, rules, 2, &place, 1, NULL, NULL, NULL, &hazard));
        assert_ok(nwc_hazard_evaluate(NULL, hazard, &frame, 1, NOW, NULL, 0));
        table = go(hazard, 5, NULL, 0); /* gusts alone are known, and none is there */
        assert_int_equal(table.n_events, 0);
        assert_int_equal(table.n_warnings, 1);
        for (int c = 0; c < CELLS; c++) cells[c] = 0.0F;
        frame.time_ns = NOW + 10 * MINUTE;
        assert_ok(nwc_hazard_evaluate(NULL, hazard, &frame, 1, frame.time_ns, NULL, 0));
        assert_ok(nwc_hazard_lend(hazard, &table));
        expect(&table, NWC_HAZARD_CANCEL, NWC_HAZARD_CLEARED, 1);
        nwc_hazard_destroy(hazard);
    }
}

static void messages_follow_before_the_last_expires(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    int updates = 0;
    for (int m = 0; m <= 120; m += 5) {
        const nwc_hazard_table table = go(hazard, m, &disc, 1);
        assert_int_equal(table.n_warnings, 1);
        assert_true(table.warnings->expires_ns > table.time_ns);
        updates += (int)table.n_events;
    }
    assert_in_range(updates, 5, 9); /* each quarter of an hour */
    nwc_hazard_destroy(hazard);
}

static void areas_that_part_and_join_say_so(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    const struct disc one = {30.0, 20.0, 6.0, 18.0}, two[2] = {{18.0, 20.0, 5.0, 18.0}, {40.0, 20.0, 6.0, 18.0}};
    const struct disc wide[2] = {{25.0, 20.0, 12.0, 18.0}, {36.0, 20.0, 10.0, 18.0}};
    go(hazard, 0, &one, 1);
    nwc_hazard_table table = go(hazard, 5, two, 2);
    assert_int_equal(table.n_warnings, 2);
    const nwc_hazard_event *const last = &table.events[table.n_events - 1];
    assert_int_equal(last->kind, NWC_HAZARD_ISSUE);
    assert_int_equal(last->warning, 2);
    int merged = 0;
    for (int m = 10; m <= 40; m += 5) {
        table = go(hazard, m, wide, 2);
        for (int64_t e = 0; e < table.n_events; e++)
            if (table.events[e].kind == NWC_HAZARD_CANCEL) {
                assert_int_equal(table.events[e].reason, NWC_HAZARD_MERGED);
                assert_int_equal(table.events[e].other, 3 - table.events[e].warning);
                assert_int_equal(m, 30); /* the hold of 20 minutes */
                merged++;
            }
    }
    assert_int_equal(merged, 1);
    nwc_hazard_destroy(hazard);
}

static void what_lasts_escalates_as_the_rule_says(void **state)
{
    (void)state;
    nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_AREA);
    rule.escalate_s = 1800.0;
    nwc_hazard *hazard;
    assert_ok(nwc_hazard_create(NULL, &rule, 1, NULL, 0, NULL, NULL, NULL, &hazard));
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    for (int m = 0; m < 30; m += 5) assert_int_equal(go(hazard, m, &disc, 1).warnings->level, 1);
    const nwc_hazard_table table = go(hazard, 30, &disc, 1);
    expect(&table, NWC_HAZARD_UPGRADE, NWC_HAZARD_ESCALATED, 2);
    assert_int_equal(go(hazard, 35, &disc, 1).warnings->level, 2);
    nwc_hazard_destroy(hazard);
}

static void time_that_goes_back_is_refused_or_begins_anew(void **state)
{
    (void)state;
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    nwc_hazard_options options;
    nwc_hazard *hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    go(hazard, 10, &disc, 1);
    assert_fails(NWC_ERR_ARG, "a time after 2023-11-14T22:23:20Z expected", step(NULL, hazard, 5, &disc, 1));
    assert_int_equal(go(hazard, 15, &disc, 1).n_warnings, 1);
    nwc_hazard_destroy(hazard);
    nwc_hazard_options_init(&options);
    options.clock_back = 1;
    hazard = new_hazard(NWC_HAZARD_AREA, &options);
    go(hazard, 10, &disc, 1);
    const nwc_hazard_table table = go(hazard, 5, &disc, 1);
    assert_int_equal(table.n_events, 2);
    assert_int_equal(table.events[0].kind, NWC_HAZARD_CANCEL);
    assert_int_equal(table.events[0].reason, NWC_HAZARD_CLOCK);
    assert_int_equal(table.events[1].kind, NWC_HAZARD_ISSUE);
    assert_int_equal(table.events[1].warning, 2);
    nwc_hazard_destroy(hazard);
}

/* ---- kept between runs ---- */

/* What is seen at minute m of an event of many turns. */
static int discs_at(int m, struct disc disc[2])
{
    disc[0] = (struct disc){10.0 + 0.5 * m, 20.0, 4.0 + 2.0 * (m % 3), 16.0 + 2.0 * (m % 7)};
    disc[1] = (struct disc){50.0 - 0.3 * m, 12.0 + 0.2 * m, 3.0, 22.0};
    return m % 4 == 3 ? -1 : m % 5 == 0 ? 1 : 2;
}

static void a_run_that_is_resumed_goes_on_bit_for_bit(void **state)
{
    (void)state;
    struct disc disc[2];
    nwc_hazard *const whole = new_hazard(NWC_HAZARD_AREA, NULL);
    nwc_hazard *parts = new_hazard(NWC_HAZARD_AREA, NULL);
    for (int m = 0; m < 60; m += 3) {
        const uint8_t *bytes, *others;
        int64_t size, other_size;
        const int n = discs_at(m, disc);
        const nwc_hazard_table one = go(whole, m, disc, n), other = go(parts, m, disc, n);
        assert_string_equal(one.journal, other.journal);
        assert_ok(nwc_hazard_save(whole, &bytes, &size));
        assert_ok(nwc_hazard_save(parts, &others, &other_size));
        assert_int_equal(size, other_size);
        assert_memory_equal(bytes, others, (size_t)size);
        nwc_hazard *const resumed = new_hazard(NWC_HAZARD_AREA, NULL);
        assert_ok(nwc_hazard_restore(resumed, others, other_size));
        nwc_hazard_destroy(parts);
        parts = resumed;
    }
    nwc_hazard_destroy(parts);
    nwc_hazard_destroy(whole);
}

static void bytes_that_are_cut_or_changed_are_refused(void **state)
{
    (void)state;
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    const uint8_t *bytes;
    int64_t size;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    go(hazard, 0, &disc, 1);
    assert_ok(nwc_hazard_save(hazard, &bytes, &size));
    uint8_t *const copy = malloc((size_t)size);
    memcpy(copy, bytes, (size_t)size);
    nwc_hazard *const other = new_hazard(NWC_HAZARD_AREA, NULL);
    for (int64_t n = 0; n < size; n += 7) assert_true(nwc_hazard_restore(other, copy, n) == NWC_ERR_FORMAT);
    for (int64_t b = 16; b < size; b += 5) {
        copy[b] ^= 0x10;
        assert_true(nwc_hazard_restore(other, copy, size) == NWC_ERR_FORMAT);
        copy[b] ^= 0x10;
    }
    copy[8]++;
    assert_fails(NWC_ERR_UNSUPPORTED, "version 1 expected, 2 found", nwc_hazard_restore(other, copy, size));
    free(copy);
    nwc_hazard_destroy(other);
    nwc_hazard_destroy(hazard);
}

static void rules_and_places_that_are_gone_end_their_warnings(void **state)
{
    (void)state;
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    const uint8_t *bytes;
    int64_t size;
    nwc_hazard *const before = new_hazard(NWC_HAZARD_PLACE, NULL), *after;
    go(before, 0, &disc, 1);
    assert_ok(nwc_hazard_save(before, &bytes, &size));
    const nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_PLACE);
    assert_ok(nwc_hazard_create(NULL, &rule, 1, NULL, 0, NULL, NULL, NULL, &after));
    assert_ok(nwc_hazard_restore(after, bytes, size));
    const nwc_hazard_table table = go(after, 5, &disc, 1);
    expect(&table, NWC_HAZARD_CANCEL, NWC_HAZARD_REMOVED, 1);
    nwc_hazard_destroy(after);
    nwc_hazard_destroy(before);
}

static void many_warnings_leave_nothing_behind(void **state)
{
    (void)state;
    struct counting_allocator counting = {.refuse = -1};
    nwc_ctx *const ctx = context_with_allocator(&counting);
    const nwc_hazard_rule rule = rule_of(1, 17.2, NWC_HAZARD_AREA);
    nwc_hazard *hazard;
    assert_ok(nwc_hazard_create(ctx, &rule, 1, NULL, 0, NULL, NULL, NULL, &hazard));
    int64_t early = 0;
    for (int m = 0; m < 100; m++) {
        const struct disc disc = {5.0 + m * 37 % 50, 5.0 + m * 17 % 30, 2.0, 18.0};
        assert_ok(step(ctx, hazard, m * 40, &disc, m % 2));
        if (m == 21) early = counting.live;
    }
    assert_int_equal(counting.live, early);
    nwc_hazard_destroy(hazard);
    nwc_ctx_destroy(ctx);
    assert_int_equal(counting.live, 0);
}

/* ---- messages ---- */

static void what_nobody_approved_is_a_draft(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_PLACE, NULL);
    struct disc disc = {30.0, 20.0, 4.0, 18.0};
    nwc_hazard_cap_options options;
    const char *xml;
    nwc_hazard_table table = go(hazard, 0, &disc, 1);
    nwc_hazard_cap_options_init(&options);
    assert_fails(NWC_ERR_ARG, "sender", nwc_hazard_cap(hazard, 0, &options, &xml));
    options.sender = "warnings@example.org";
    assert_fails(NWC_ERR_ARG, "event: 0 to below 1", nwc_hazard_cap(hazard, 1, &options, &xml));
    assert_ok(nwc_hazard_cap(hazard, 0, &options, &xml));
    assert_non_null(strstr(xml, "<status>Draft</status>\n<msgType>Alert</msgType>"));
    assert_non_null(strstr(xml, "<scope>Restricted</scope>"));
    assert_non_null(strstr(xml, "Town &amp; &lt;Port&gt;"));
    assert_non_null(strstr(xml, "<circle>32,121 3</circle>"));
    assert_non_null(strstr(xml, "大风"));
    assert_ok(nwc_hazard_approve(hazard, 1, "A. Forecaster", NOW + MINUTE));
    assert_ok(nwc_hazard_lend(hazard, &table));
    expect(&table, NWC_HAZARD_APPROVE, NWC_HAZARD_PERSON, 1);
    assert_int_equal(table.warnings->approved, 1);
    assert_ok(nwc_hazard_cap(hazard, 0, &options, &xml));
    assert_non_null(strstr(xml, "<identifier>nwc-1-2</identifier>"));
    assert_non_null(strstr(xml, "<status>Actual</status>\n<msgType>Alert</msgType>"));
    assert_null(strstr(xml, "utomatic guidance"));
    assert_fails(NWC_ERR_ARG, "nobody has approved", nwc_hazard_approve(hazard, 1, "B", NOW + MINUTE));
    disc.value = 22.0;
    table = go(hazard, 5, &disc, 1);
    assert_int_equal(table.warnings->approved, 0);
    assert_ok(nwc_hazard_cap(hazard, 0, &options, &xml));
    assert_non_null(strstr(xml, "<status>Draft</status>\n<msgType>Update</msgType>"));
    assert_non_null(strstr(xml, "<references>warnings@example.org,nwc-1-1,2023-11-14T22:13:20-00:00</references>"));
    assert_ok(nwc_hazard_approve(hazard, 1, "A. Forecaster", NOW + 6 * MINUTE));
    assert_ok(nwc_hazard_cap(hazard, 0, &options, &xml));
    assert_non_null(strstr(xml, "<references>warnings@example.org,nwc-1-2,2023-11-14T22:14:20-00:00</references>"));
    assert_ok(nwc_hazard_cancel(hazard, 1, "A. Forecaster", NOW + 7 * MINUTE));
    assert_ok(nwc_hazard_cap(hazard, 0, &options, &xml));
    assert_non_null(strstr(xml, "<status>Actual</status>\n<msgType>Cancel</msgType>"));
    assert_fails(NWC_ERR_ARG, "has ended", nwc_hazard_cancel(hazard, 1, "A", NOW + 8 * MINUTE));
    nwc_hazard_destroy(hazard);
}

static void the_chinese_profile_has_its_codes_and_times(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    const struct disc disc = {30.0, 20.0, 4.0, 22.0};
    const char *const chinese[] = {"zh"}, *xml;
    nwc_hazard_cap_options options;
    go(hazard, 0, &disc, 1);
    nwc_hazard_cap_options_init(&options);
    options.sender = "32061441600000", options.prefix = "32061441600000", options.sender_name = "海门区气象台";
    options.chinese = 1, options.languages = chinese, options.n_languages = 1, options.event_code = "11B06";
    assert_ok(nwc_hazard_cap(hazard, 0, &options, &xml));
    assert_non_null(strstr(xml, "<identifier>32061441600000_20231115061320_1001</identifier>"));
    assert_non_null(strstr(xml, "<sent>2023-11-15T06:13:20+08:00</sent>"));
    assert_non_null(strstr(xml, "<severity>Yellow</severity>")); /* level 2 of 4 */
    assert_non_null(strstr(xml, "<value>11B06</value>"));
    assert_non_null(strstr(xml, "海门区气象台发布大风黄色预警信号[III级/较重]"));
    nwc_hazard_destroy(hazard);
}

/* ---- threads and memory ---- */

struct bits {
    char journal[4096];
    double ring[32];
};

static nwc_status evaluate_into(nwc_ctx *ctx, void *user)
{
    struct bits *const bits = user;
    const nwc_hazard_rule rules[2] = {rule_of(1, 17.2, NWC_HAZARD_AREA), rule_of(2, 20.8, NWC_HAZARD_PLACE)};
    static const double lon = 121.0, lat = 32.0;
    const nwc_hazard_place place = {.id = "town", .longitude_deg = &lon, .latitude_deg = &lat};
    const struct disc disc = {30.0, 20.0, 6.0, 22.0};
    nwc_hazard *hazard = NULL;
    nwc_hazard_table table;
    nwc_status status = nwc_hazard_create(ctx, rules, 2, &place, 1, NULL, NULL, NULL, &hazard);
    if (status == NWC_OK) status = step(ctx, hazard, 0, &disc, 1);
    if (status == NWC_OK) status = nwc_hazard_lend(hazard, &table);
    if (status == NWC_OK && bits) {
        memset(bits, 0, sizeof *bits);
        snprintf(bits->journal, sizeof bits->journal, "%s", table.journal);
        for (int k = 0; k < table.warnings->n_points && k < 16; k++)
            bits->ring[k] = table.warnings->ring_longitude_deg[k],
            bits->ring[16 + k] = table.warnings->ring_latitude_deg[k];
    }
    nwc_hazard_destroy(hazard);
    return status;
}

static void threads_change_no_bit_and_memory_may_fail_anywhere(void **state)
{
    (void)state;
    struct bits one, many;
    check_threads_change_no_bit(evaluate_into, &one, &many, sizeof one);
    assert_true(check_every_allocation_failure(evaluate_into, NULL) > 20);
}

static void a_call_without_memory_leaves_warnings_as_they_were(void **state)
{
    (void)state;
    nwc_hazard *const hazard = new_hazard(NWC_HAZARD_AREA, NULL);
    const struct disc disc = {30.0, 20.0, 4.0, 18.0};
    struct counting_allocator counting = {.refuse = 12};
    const uint8_t *bytes;
    int64_t size, after;
    go(hazard, 0, &disc, 1);
    assert_ok(nwc_hazard_save(hazard, &bytes, &size));
    uint8_t *const before = malloc((size_t)size);
    memcpy(before, bytes, (size_t)size);
    nwc_ctx *const ctx = context_with_allocator(&counting);
    assert_int_equal(step(ctx, hazard, 5, &disc, 1), NWC_ERR_NOMEM);
    assert_ok(nwc_hazard_save(hazard, &bytes, &after));
    assert_int_equal(size, after);
    assert_memory_equal(before, bytes, (size_t)size);
    nwc_ctx_destroy(ctx);
    free(before);
    nwc_hazard_destroy(hazard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storms_of_tracks_move_by_true_north),
        cmocka_unit_test(warnings_rise_at_once_and_fall_after_their_hold),
        cmocka_unit_test(a_value_that_wavers_at_the_threshold_tells_once),
        cmocka_unit_test(missing_frames_let_warnings_stand_until_they_expire),
        cmocka_unit_test(a_quantity_that_is_missing_ends_nothing_that_it_gave),
        cmocka_unit_test(messages_follow_before_the_last_expires),
        cmocka_unit_test(areas_that_part_and_join_say_so),
        cmocka_unit_test(what_lasts_escalates_as_the_rule_says),
        cmocka_unit_test(time_that_goes_back_is_refused_or_begins_anew),
        cmocka_unit_test(a_run_that_is_resumed_goes_on_bit_for_bit),
        cmocka_unit_test(bytes_that_are_cut_or_changed_are_refused),
        cmocka_unit_test(rules_and_places_that_are_gone_end_their_warnings),
        cmocka_unit_test(many_warnings_leave_nothing_behind),
        cmocka_unit_test(what_nobody_approved_is_a_draft),
        cmocka_unit_test(the_chinese_profile_has_its_codes_and_times),
        cmocka_unit_test(threads_change_no_bit_and_memory_may_fail_anywhere),
        cmocka_unit_test(a_call_without_memory_leaves_warnings_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
