/* Trackers: hills whose ways are known, that move, cross, split, merge, are missed and end; time that goes wrong; state. */
#include "support/support.h"

enum { NY = 80, NX = 120, CELLS = NY * NX };

#define STEP_NS INT64_C(300000000000)

static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0};

struct hill {
    double y, x, height, wide; /* grid cells, dBZ */
};

/* Cells of a field of hills, at or above 35 dBZ; NULL hills: nothing is known. */
static nwc_cells *cells_of(const struct hill *hill, int n, const nwc_grid *grid)
{
    static float value[CELLS];
    nwc_cells *cells;
    nwc_cells_options options;
    nwc_cells_options_init(&options);
    for (int c = 0; c < CELLS; c++) {
        double most = hill ? -32.0 : (double)NAN;
        for (int h = 0; h < n; h++) {
            const double y = (double)(c / NX) - hill[h].y, x = (double)(c % NX) - hill[h].x;
            most = fmax(most, hill[h].height - (y * y + x * x) / (hill[h].wide * hill[h].wide));
        }
        value[c] = (float)most;
    }
    const nwc_field field = field_2d(value, NY, NX, "dBZ", grid);
    assert_ok(nwc_cells_identify(NULL, &field, &options, &cells));
    return cells;
}

static nwc_track_table add(nwc_tracker *tracker, int64_t time_ns, const struct hill *hill, int n,
                           const nwc_field *motion)
{
    nwc_track_table table;
    nwc_cells *const cells = cells_of(hill, n, &plane);
    assert_ok(nwc_tracker_add(NULL, tracker, cells, time_ns, motion, motion ? motion + 1 : NULL));
    nwc_cells_destroy(cells);
    assert_ok(nwc_tracker_lend(tracker, &table));
    return table;
}

static nwc_tracker *new_tracker(void)
{
    nwc_tracker *tracker;
    assert_ok(nwc_tracker_create(NULL, NULL, &tracker));
    return tracker;
}

/* The point nearest to a place, which must have a cell. */
static const nwc_track_point *point_at(const nwc_track_table *table, double y, double x)
{
    const nwc_track_point *best = NULL;
    double least = INFINITY;
    for (int64_t p = 0; p < table->n_points; p++) {
        const double away = hypot(table->points[p].y - 1e3 * y, table->points[p].x - 1e3 * x);
        if (table->points[p].cell && away < least) least = away, best = &table->points[p];
    }
    assert_non_null(best);
    return best;
}

static void hills_keep_their_tracks_and_show_their_velocity(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    for (int s = 0; s < 12; s++) {
        /* 3 and -1, and 0 and 4 grid cells a step: 10 and -3.3, 0 and 13.3 m/s. */
        const struct hill hill[2] = {{50.0 - s, 15.0 + 3.0 * s, 50.0, 2.0}, {10.0 + 4.0 * s, 95.0, 46.0, 2.0}};
        const nwc_track_table table = add(tracker, STEP_NS * s, hill, 2, NULL);
        assert_int_equal(table.n_points, 2);
        assert_int_equal(table.n_events, s ? 0 : 2);
        assert_int_equal(table.n_ended, 0);
        assert_int_equal(table.time_ns, STEP_NS * s);
        const nwc_track_point *const one = point_at(&table, hill[0].y, hill[0].x);
        const nwc_track_point *const other = point_at(&table, hill[1].y, hill[1].x);
        assert_int_equal(one->track, 2); /* numbers go by the first row */
        assert_int_equal(other->track, 1);
        assert_int_equal(one->n_seen, s + 1);
        assert_int_equal(one->first_ns, 0);
        assert_true(isnan(one->u) == (s == 0));
        if (s < 6) continue;
        assert_near(one->u, 10.0, 0.2);
        assert_near(one->v, -10.0 / 3.0, 0.2);
        assert_near(other->u, 0.0, 0.2);
        assert_near(other->v, 40.0 / 3.0, 0.2);
        assert_near(one->x, 1e3 * hill[0].x, 200.0);
        assert_near(one->peak, 50.0, 0.5);
        assert_true(one->position_sd_m < 1000.0 && one->velocity_sd_m_s < 3.0);
    }
    nwc_tracker_destroy(tracker);
}

/* Standard error of the place of a hill that was followed for 20 times; each is off its way by so many grid cells, now here, now there. */
static double place_error_of(double off, double given_m)
{
    nwc_tracker_options options;
    nwc_tracker *tracker;
    double error_m = (double)NAN;
    nwc_tracker_options_init(&options);
    options.position_error_m = given_m;
    assert_ok(nwc_tracker_create(NULL, &options, &tracker));
    for (int s = 0; s < 20; s++) {
        struct hill hill[4];
        for (int h = 0; h < 4; h++) {
            const double turn = 2.4 * (double)(s * (h + 2)); /* all around, no two times after one another alike */
            hill[h] = (struct hill){10.0 + 20.0 * h + off * cos(turn), 10.0 + 4.0 * s + off * sin(turn), 50.0, 1.5};
        }
        const nwc_track_table table = add(tracker, STEP_NS * s, hill, 4, NULL);
        assert_int_equal(table.n_points, 4);
        error_m = table.points[0].position_sd_m;
    }
    nwc_tracker_destroy(tracker);
    return error_m;
}

static void how_well_places_are_known_is_found_from_the_ways_of_tracks(void **state)
{
    (void)state;
    const double straight = place_error_of(0.0, 0.0), off = place_error_of(1.5, 0.0);
    assert_true(straight < 300.0);
    assert_true(off > 600.0 && off < 1500.0);
    /* One that is given counts, whatever the ways are. */
    assert_true(place_error_of(0.0, 1000.0) > 2.0 * straight);
    assert_near(place_error_of(1.5, 1000.0), place_error_of(0.0, 1000.0), 1e-6);
}

/* They meet at step 8 in one place, where they cannot be told apart; the one that was waited for goes on as itself. */
static void crossing_tracks_stay_what_they_are(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    int64_t north = 0, south = 0;
    for (int s = 0; s < 16; s++) {
        const struct hill hill[2] = {{20.0 + 2.5 * s, 20.0 + 4.0 * s, 50.0, 1.2},
                                     {62.0 - 2.5 * s, 20.0 + 4.0 * s, 44.0, 1.2}};
        const nwc_track_table table = add(tracker, STEP_NS * s, hill, 2, NULL);
        if (s == 4)
            south = point_at(&table, hill[0].y, hill[0].x)->track,
            north = point_at(&table, hill[1].y, hill[1].x)->track;
        if (s < 4 || (s > 6 && s < 11)) continue;
        assert_int_equal(point_at(&table, hill[0].y, hill[0].x)->track, south);
        if (s < 7) assert_int_equal(point_at(&table, hill[1].y, hill[1].x)->track, north);
    }
    nwc_tracker_destroy(tracker);
}

static void fast_hills_on_each_others_heels_are_told_apart_by_motion(void **state)
{
    (void)state;
    static float u[CELLS], v[CELLS];
    const nwc_field motion[2] = {field_2d(u, NY, NX, "m s-1", &plane), field_2d(v, NY, NX, "m s-1", &plane)};
    for (int c = 0; c < CELLS; c++) u[c] = 40.0F, v[c] = 0.0F;
    nwc_tracker *const tracker = new_tracker();
    for (int s = 0; s < 5; s++) { /* in one step each goes to where the next was */
        const struct hill hill[3] = {{40.0, 12.0 + 12.0 * s, 48.0, 1.2},
                                     {40.0, 24.0 + 12.0 * s, 48.0, 1.2},
                                     {40.0, 36.0 + 12.0 * s, 48.0, 1.2}};
        const nwc_track_table table = add(tracker, STEP_NS * s, hill, 3, motion);
        assert_int_equal(table.n_points, 3);
        for (int h = 0; h < 3; h++) assert_int_equal(point_at(&table, hill[h].y, hill[h].x)->track, h + 1);
        assert_near(table.points[0].u, 40.0, 0.5);
    }
    nwc_tracker_destroy(tracker);
}

/* Without a field, where it was before and both places between are taken by others as like it as can be. */
static void a_track_goes_on_by_its_own_velocity(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    struct hill hill[4] = {{10.0, 80.0, 42.0, 1.0}};
    nwc_track_table table;
    for (int s = 0; s < 8; s++) {
        hill[0].y = 10.0 + 6.0 * s, hill[0].x = 80.0 - 6.0 * s;
        table = add(tracker, 2 * STEP_NS * s, hill, 1, NULL);
        assert_int_equal(table.points[0].track, 1);
    }
    hill[1] = hill[2] = hill[3] = hill[0];
    hill[0].y += 6.0, hill[0].x -= 6.0, hill[1].y += 6.0, hill[2].x -= 6.0;
    table = add(tracker, 2 * STEP_NS * 8, hill, 4, NULL);
    assert_int_equal(table.n_points, 4);
    assert_int_equal(point_at(&table, hill[0].y, hill[0].x)->track, 1);
    nwc_tracker_destroy(tracker);
}

/* Of a line its end is left, and a new cell as large as that lies nearer to the line's middle. */
static void a_cell_goes_on_as_what_it_overlaps_before_what_is_near(void **state)
{
    (void)state;
    static float value[CELLS];
    nwc_tracker *const tracker = new_tracker();
    nwc_track_table table;
    for (int s = 0; s < 2; s++) {
        nwc_cells *cells;
        for (int c = 0; c < CELLS; c++) {
            const int j = c / NX, i = c % NX;
            const bool line = j >= 30 && j < 33 && i >= 10 && i < (s ? 22 : 51);
            const bool fresh = s && j >= 35 && j < 38 && i >= 25 && i < 37;
            value[c] = line || fresh ? 45.0F : 0.0F;
        }
        const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
        assert_ok(nwc_cells_identify(NULL, &field, NULL, &cells));
        assert_ok(nwc_tracker_add(NULL, tracker, cells, STEP_NS * s, NULL, NULL));
        nwc_cells_destroy(cells);
    }
    assert_ok(nwc_tracker_lend(tracker, &table));
    assert_int_equal(table.n_points, 2);
    assert_int_equal(point_at(&table, 31.0, 15.5)->track, 1);
    nwc_tracker_destroy(tracker);
}

static void a_split_begins_a_track_and_a_merge_ends_one(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    int splits = 0, merges = 0;
    for (int s = 0; s < 16; s++) {
        const double apart = s < 4    ? 0.0
                             : s < 8  ? 2.0 * (s - 3)
                             : s < 12 ? 2.0 * (11 - s)
                                      : 0.0; /* half the distance */
        const struct hill hill[2] = {{40.0 + apart, 20.0 + 2.0 * s, 50.0, 1.6},
                                     {40.0 - apart, 20.0 + 2.0 * s, 47.0, 1.6}};
        const nwc_track_table table = add(tracker, STEP_NS * s, hill, 2, NULL);
        for (int64_t e = 0; e < table.n_events; e++) {
            const nwc_track_event *const event = &table.events[e];
            if (s == 0) {
                assert_int_equal(event->kind, NWC_TRACK_BIRTH);
                continue;
            }
            assert_int_equal(event->time_ns, STEP_NS * s);
            assert_int_equal(event->track, 2);
            assert_int_equal(event->other, 1);
            splits += event->kind == NWC_TRACK_SPLIT;
            merges += event->kind == NWC_TRACK_MERGE;
            if (event->kind == NWC_TRACK_MERGE) {
                assert_int_equal(table.n_ended, 1);
                assert_int_equal(table.ended[0].track, 2);
                assert_int_equal(table.ended[0].parent, 1);
            }
        }
        assert_int_equal(point_at(&table, hill[0].y, hill[0].x)->track, 1);
    }
    assert_int_equal(splits, 1);
    assert_int_equal(merges, 1);
    nwc_tracker_destroy(tracker);
}

/* A small cell is where a large one comes up at once: too unlike it to go on as it. */
static void a_cell_that_begins_a_track_takes_others_in(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    const struct hill small = {40.0, 40.0, 50.0, 1.0}, large = {40.0, 55.0, 50.0, 6.0};
    add(tracker, 0, &small, 1, NULL);
    const nwc_track_table table = add(tracker, STEP_NS, &large, 1, NULL);
    assert_int_equal(table.n_points, 1);
    assert_int_equal(table.points[0].track, 2);
    assert_int_equal(table.n_events, 2);
    assert_int_equal(table.events[0].kind, NWC_TRACK_MERGE);
    assert_int_equal(table.events[0].track, 1);
    assert_int_equal(table.events[0].other, 2);
    assert_int_equal(table.events[1].kind, NWC_TRACK_BIRTH);
    assert_int_equal(table.n_ended, 1);
    nwc_tracker_destroy(tracker);
}

static void a_track_survives_times_that_miss_it(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    for (int s = 0; s < 14; s++) {
        const struct hill hill = {40.0, 10.0 + 3.0 * s, 50.0, 1.5};
        if (s == 5) continue;                /* no cells of this time at all */
        const bool empty = s == 8 || s == 9; /* fields without it, of which one is not known */
        const nwc_track_table table = add(tracker, STEP_NS * s, s == 9 ? NULL : &hill, empty ? 0 : 1, NULL);
        assert_int_equal(table.n_points, 1);
        assert_int_equal(table.points[0].track, 1);
        assert_int_equal(table.points[0].cell, empty ? 0 : 1);
        if (s > 5) assert_near(table.points[0].x, 1e3 * hill.x, empty ? 1000.0 : 500.0);
        assert_int_equal(table.n_events, s == 0);
    }
    /* Then it stays away: after 15 minutes it is given up. */
    for (int s = 14; s < 18; s++) {
        const nwc_track_table table = add(tracker, STEP_NS * s, NULL, 0, NULL);
        assert_int_equal(table.n_points, s < 17);
        assert_int_equal(table.n_events, s == 17);
        assert_int_equal(table.n_ended, s == 17);
        if (s == 17) assert_int_equal(table.events[0].kind, NWC_TRACK_DEATH);
    }
    nwc_tracker_destroy(tracker);
}

static void a_track_leaves_at_the_end_of_the_grid(void **state)
{
    (void)state;
    nwc_tracker *const tracker = new_tracker();
    int left = 0;
    for (int s = 0; s < 10; s++) {
        const struct hill hill = {40.0, 95.0 + 4.0 * s, 50.0, 1.5};
        const nwc_track_table table = add(tracker, STEP_NS * s, &hill, 1, NULL);
        for (int64_t e = 0; e < table.n_events; e++) left += table.events[e].kind == NWC_TRACK_LEAVE;
        assert_true(table.n_points <= 1);
        if (s == 9) assert_int_equal(table.n_points, 0);
    }
    assert_int_equal(left, 1);
    nwc_tracker_destroy(tracker);
}

static void time_has_to_go_on(void **state)
{
    (void)state;
    const struct hill hill = {40.0, 40.0, 50.0, 2.0};
    nwc_track_table table;
    nwc_tracker_options options;
    nwc_tracker *tracker = new_tracker();
    nwc_cells *const cells = cells_of(&hill, 1, &plane);
    add(tracker, STEP_NS, &hill, 1, NULL);
    assert_fails(NWC_ERR_ARG, "a time after 1970-01-01T00:05:00Z expected, 1970-01-01T00:00:00Z given",
                 nwc_tracker_add(NULL, tracker, cells, 0, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "a time after", nwc_tracker_add(NULL, tracker, cells, STEP_NS, NULL, NULL));
    table = add(tracker, 2 * STEP_NS, &hill, 1, NULL); /* the tracker is as it was */
    assert_int_equal(table.points[0].n_seen, 2);
    nwc_tracker_destroy(tracker);
    nwc_tracker_options_init(&options);
    options.restart = 1;
    assert_ok(nwc_tracker_create(NULL, &options, &tracker));
    add(tracker, STEP_NS, &hill, 1, NULL);
    table = add(tracker, 0, &hill, 1, NULL);
    assert_int_equal(table.n_points, 1);
    assert_int_equal(table.points[0].track, 2);
    assert_int_equal(table.n_ended, 1);
    assert_int_equal(table.n_events, 2);
    assert_int_equal(table.events[0].kind, NWC_TRACK_DEATH);
    assert_int_equal(table.events[1].kind, NWC_TRACK_BIRTH);
    assert_ok(nwc_tracker_finish(tracker));
    assert_ok(nwc_tracker_lend(tracker, &table));
    assert_int_equal(table.n_points, 0);
    assert_int_equal(table.n_ended, 1);
    assert_int_equal(table.ended[0].track, 2);
    table = add(tracker, STEP_NS, &hill, 1, NULL);
    assert_int_equal(table.points[0].track, 3);
    nwc_tracker_destroy(tracker);
    nwc_cells_destroy(cells);
}

/* ---- many, and state ---- */

static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

enum { MANY = 12 };

/* Hills that wander, some not there at times. */
static void wander(struct hill *hill, uint32_t *seed)
{
    for (int h = 0; h < MANY; h++) {
        hill[h].y += (int)(dice(seed) % 5) - 2, hill[h].x += dice(seed) % 4;
        if (hill[h].x > NX) hill[h].x -= NX;
        hill[h].height = 38.0 + dice(seed) % 16;
    }
}

/* Two states, and all that is told on the way, as one sum. */
static void run_on(nwc_tracker *tracker, struct hill *hill, uint32_t *seed, int from, int to, nwc_track_point *points,
                   int64_t *n)
{
    for (int s = from; s < to; s++) {
        wander(hill, seed);
        const nwc_track_table table = add(tracker, STEP_NS * s, hill, MANY, NULL);
        for (int64_t p = 0; p < table.n_points; p++) points[(*n)++] = table.points[p];
    }
}

static void begin_hills(struct hill *hill, uint32_t *seed)
{
    for (int h = 0; h < MANY; h++)
        hill[h] = (struct hill){10.0 + dice(seed) % 60, dice(seed) % NX, 45.0, 1.0 + 0.1 * (dice(seed) % 10)};
}

static void a_tracker_restored_goes_on_bit_for_bit(void **state)
{
    (void)state;
    static nwc_track_point whole[4096], parted[4096];
    struct hill hill[MANY];
    const uint8_t *bytes, *again;
    int64_t n_whole = 0, n_parted = 0, size, size_again;
    uint32_t seed = 5;
    nwc_tracker *tracker = new_tracker(), *restored;
    begin_hills(hill, &seed);
    run_on(tracker, hill, &seed, 0, 40, whole, &n_whole);
    nwc_tracker_destroy(tracker);
    seed = 5, tracker = new_tracker();
    begin_hills(hill, &seed);
    for (int s = 0; s < 40; s += 8) { /* before the first, and each eight on */
        assert_ok(nwc_tracker_save(tracker, &bytes, &size));
        assert_ok(nwc_tracker_restore(NULL, bytes, size, &restored));
        assert_ok(nwc_tracker_save(restored, &again, &size_again));
        assert_int_equal(size, size_again);
        assert_memory_equal(bytes, again, (size_t)size);
        nwc_tracker_destroy(tracker);
        tracker = restored;
        run_on(tracker, hill, &seed, s, s + 8, parted, &n_parted);
    }
    assert_int_equal(n_whole, n_parted);
    assert_true(n_whole > 300);
    for (int64_t p = 0; p < n_whole; p++) assert_int_equal(whole[p].track, parted[p].track);
    for (int64_t p = 0; p < n_whole; p++) {
        assert_memory_equal(&whole[p].x, &parted[p].x, 2 * sizeof(double));
        assert_true(whole[p].u == parted[p].u || (isnan(whole[p].u) && isnan(parted[p].u)));
        assert_true(whole[p].area_m2 == parted[p].area_m2 && whole[p].velocity_sd_m_s == parted[p].velocity_sd_m_s);
    }
    nwc_tracker_destroy(tracker);
}

static void damaged_state_is_refused(void **state)
{
    (void)state;
    struct hill hill[MANY];
    static nwc_track_point points[1024];
    const uint8_t *bytes;
    int64_t n = 0, size;
    uint32_t seed = 9;
    nwc_tracker *tracker = new_tracker(), *restored = NULL;
    begin_hills(hill, &seed);
    run_on(tracker, hill, &seed, 0, 3, points, &n);
    assert_ok(nwc_tracker_save(tracker, &bytes, &size));
    uint8_t *const copy = malloc((size_t)size);
    for (int64_t cut = 0; cut < size; cut += cut < 64 ? 1 : 97) {
        memcpy(copy, bytes, (size_t)cut);
        const nwc_status status = nwc_tracker_restore(NULL, copy, cut, &restored);
        assert_true(status == NWC_ERR_FORMAT);
        assert_null(restored);
    }
    for (int64_t at = 0; at < size; at += at < 64 ? 1 : 61) {
        memcpy(copy, bytes, (size_t)size);
        copy[at] ^= 0x10;
        const nwc_status status = nwc_tracker_restore(NULL, copy, size, &restored);
        assert_true(status == NWC_ERR_FORMAT || (at >= 8 && at < 16 && status == NWC_ERR_UNSUPPORTED));
        assert_null(restored);
    }
    /* Numbers that are wrong under a sum that is right. */
    for (int64_t at = 16; at + 16 <= size; at += 8) {
        memcpy(copy, bytes, (size_t)size);
        memset(copy + at, 0xFF, 8);
        uint64_t sum = UINT64_C(14695981039346656037);
        for (int64_t b = 0; b < size - 8; b++) sum = (sum ^ copy[b]) * UINT64_C(1099511628211);
        for (int b = 0; b < 8; b++) copy[size - 8 + b] = (uint8_t)(sum >> 8 * b);
        const nwc_status status = nwc_tracker_restore(NULL, copy, size, &restored);
        assert_true(status == NWC_ERR_FORMAT || status == NWC_OK);
        if (status == NWC_OK) nwc_tracker_destroy(restored); /* such as a label, which has no bounds here */
        restored = NULL;
    }
    free(copy);
    assert_fails(NWC_ERR_ARG, "bytes", nwc_tracker_restore(NULL, NULL, 8, &restored));
    assert_fails(NWC_ERR_ARG, "tracker", nwc_tracker_restore(NULL, bytes, size, NULL));
    assert_fails(NWC_ERR_ARG, "bytes", nwc_tracker_save(tracker, NULL, &size));
    nwc_tracker_destroy(tracker);
    nwc_tracker_destroy(NULL);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static float u[CELLS];
    const struct hill hill = {40.0, 40.0, 50.0, 2.0};
    nwc_grid other = plane;
    nwc_tracker *tracker = new_tracker();
    nwc_cells *const cells = cells_of(&hill, 1, &plane);
    nwc_tracker_options options;
    nwc_track_table table;
    nwc_field motion = field_2d(u, NY, NX, "m s-1", &plane);
    other.x_first = 1e4;
    nwc_cells *const elsewhere = cells_of(&hill, 1, &other);
    assert_fails(NWC_ERR_ARG, "tracker, cells", nwc_tracker_add(NULL, tracker, NULL, 0, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "u, v: both or none", nwc_tracker_add(NULL, tracker, cells, 0, &motion, NULL));
    motion.units = "km h-1";
    assert_fails(NWC_ERR_ARG, "u: units of m s-1", nwc_tracker_add(NULL, tracker, cells, 0, &motion, &motion));
    motion = field_2d(u, NY, NX - 1, "m s-1", &plane);
    assert_fails(NWC_ERR_ARG, "u: the 80 x 120 cells", nwc_tracker_add(NULL, tracker, cells, 0, &motion, &motion));
    assert_fails(NWC_ERR_ARG, "a time expected, none", nwc_tracker_add(NULL, tracker, cells, INT64_MIN, NULL, NULL));
    assert_ok(nwc_tracker_add(NULL, tracker, cells, 0, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "another given", nwc_tracker_add(NULL, tracker, elsewhere, STEP_NS, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "table", nwc_tracker_lend(tracker, NULL));
    assert_int_equal(nwc_tracker_lend(tracker, &table), NWC_OK);
    assert_fails(NWC_ERR_ARG, "tracker", nwc_tracker_finish(NULL));
    nwc_tracker_destroy(tracker);
    double *const bounded[] = {&options.patience_s,        &options.max_speed_m_s,   &options.max_deviation_m_s,
                               &options.least_share,       &options.weight_distance, &options.weight_overlap,
                               &options.weight_size,       &options.weight_peak,     &options.position_error_m,
                               &options.acceleration_m_s2, &options.smoothing_s};
    for (size_t b = 0; b < sizeof bounded / sizeof *bounded; b++)
        for (int bad = 0; bad < 2; bad++) {
            nwc_tracker_options_init(&options);
            *bounded[b] = bad ? (double)NAN : -1.0;
            assert_fails(NWC_ERR_ARG, "expected", nwc_tracker_create(NULL, &options, &tracker));
        }
    nwc_tracker_options_init(&options);
    options.weight_distance = options.weight_overlap = 0.0;
    assert_fails(NWC_ERR_ARG, "one of them above 0", nwc_tracker_create(NULL, &options, &tracker));
    nwc_tracker_options_init(&options);
    options.restart = 2;
    assert_fails(NWC_ERR_ARG, "restart", nwc_tracker_create(NULL, &options, &tracker));
    assert_fails(NWC_ERR_ARG, "tracker", nwc_tracker_create(NULL, NULL, NULL));
    nwc_cells_destroy(elsewhere);
    nwc_cells_destroy(cells);
}

static nwc_status run_three(nwc_ctx *ctx, void *user)
{
    const struct hill hill[2] = {{30.0, 20.0, 50.0, 2.0}, {50.0, 20.0, 50.0, 2.0}};
    nwc_tracker *tracker = NULL, *restored = NULL;
    nwc_cells *const cells = cells_of(hill, 2, &plane);
    const uint8_t *bytes;
    int64_t size;
    nwc_status status = nwc_tracker_create(ctx, NULL, &tracker);
    for (int s = 0; s < 2 && status == NWC_OK; s++)
        status = nwc_tracker_add(ctx, tracker, cells, STEP_NS * s, NULL, NULL);
    if (status == NWC_OK) status = nwc_tracker_save(tracker, &bytes, &size);
    if (status == NWC_OK) status = nwc_tracker_restore(ctx, bytes, size, &restored);
    if (status == NWC_OK) status = nwc_tracker_finish(restored);
    if (status == NWC_OK) {
        nwc_track_table table;
        assert_ok(nwc_tracker_lend(restored, &table));
        *(nwc_track_point *)user = table.ended[1];
    }
    nwc_tracker_destroy(restored);
    nwc_tracker_destroy(tracker);
    nwc_cells_destroy(cells);
    return status;
}

/* Cells of a field with levels keep their tracks, and take samples of flat fields and of flat grids alike. */
static void cells_of_levels_are_followed_as_seen_from_above(void **state)
{
    (void)state;
    enum { LEVELS = 3 };
    static float value[LEVELS * CELLS];
    static const double heights[LEVELS] = {1000.0, 3000.0, 5000.0};
    nwc_grid deep = plane;
    deep.nz = LEVELS, deep.z_m = heights;
    const nwc_field field = {.data = value,
                             .ndim = 3,
                             .dim = {LEVELS, NY, NX},
                             .stride = {CELLS, NX, 1},
                             .missing = NAN,
                             .units = "dBZ",
                             .grid = &deep};
    nwc_tracker *const tracker = new_tracker();
    nwc_track_table table;
    for (int s = 0; s < 3; s++) {
        for (int c = 0; c < LEVELS * CELLS; c++) {
            const double y = (double)(c % CELLS / NX) - 40.0, x = (double)(c % NX) - 20.0 - 3.0 * s;
            value[c] = (float)(50.0 - (y * y + x * x) / 4.0);
        }
        nwc_cells *cells;
        double sampled;
        const nwc_field flat = field_2d(value, NY, NX, "dBZ", &plane);
        const nwc_cell_sample greatest = {.kind = NWC_SAMPLE_MAX};
        assert_ok(nwc_cells_identify(NULL, &field, NULL, &cells));
        assert_ok(nwc_tracker_add(NULL, tracker, cells, STEP_NS * s, NULL, NULL));
        assert_ok(nwc_cells_sample(NULL, cells, &flat, 1, &greatest, 1, &sampled));
        assert_near(sampled, 50.0, 1e-6);
        nwc_cells_destroy(cells);
    }
    assert_ok(nwc_tracker_lend(tracker, &table));
    assert_int_equal(table.n_points, 1);
    assert_int_equal(table.points->n_seen, 3);
    assert_near(table.points->u, 10.0, 0.5);
    nwc_tracker_destroy(tracker);
}

static void memory_may_run_out_anywhere_and_threads_change_nothing(void **state)
{
    (void)state;
    static nwc_track_point one, many;
    assert_true(check_every_allocation_failure(run_three, &one) > 30);
    check_threads_change_no_bit(run_three, &one, &many, sizeof one);
    assert_int_equal(one.n_seen, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hills_keep_their_tracks_and_show_their_velocity),
        cmocka_unit_test(how_well_places_are_known_is_found_from_the_ways_of_tracks),
        cmocka_unit_test(crossing_tracks_stay_what_they_are),
        cmocka_unit_test(fast_hills_on_each_others_heels_are_told_apart_by_motion),
        cmocka_unit_test(a_track_goes_on_by_its_own_velocity),
        cmocka_unit_test(a_cell_goes_on_as_what_it_overlaps_before_what_is_near),
        cmocka_unit_test(a_split_begins_a_track_and_a_merge_ends_one),
        cmocka_unit_test(a_cell_that_begins_a_track_takes_others_in),
        cmocka_unit_test(a_track_survives_times_that_miss_it),
        cmocka_unit_test(a_track_leaves_at_the_end_of_the_grid),
        cmocka_unit_test(cells_of_levels_are_followed_as_seen_from_above),
        cmocka_unit_test(time_has_to_go_on),
        cmocka_unit_test(a_tracker_restored_goes_on_bit_for_bit),
        cmocka_unit_test(damaged_state_is_refused),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(memory_may_run_out_anywhere_and_threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
