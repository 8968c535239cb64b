/* mosaic: sweep by sweep, beside the mosaic of whole volumes. */
#include "support/made_mosaic.h"

#define BEGAN (480000 * HOUR)
#define SECOND INT64_C(1000000000)

static float forty_now(double azimuth, double elevation, double range, double after_s)
{
    return after_s < 250.0 ? weather(azimuth, elevation, range, after_s) : 40.0F;
}

static nwc_mosaic_live *begin(nwc_ctx *ctx, const nwc_mosaic_options *options)
{
    static const char *const names[] = {"DBZH", "VRADH"};
    nwc_mosaic_live *live = NULL;
    assert_ok(nwc_mosaic_live_create(ctx, &made_grid, 2, names, options, &live));
    return live;
}

static void add(nwc_mosaic_live *live, const nwc_volume *volume, int32_t sweep, double began_s, int32_t last)
{
    const nwc_mosaic_sweep given = {volume, sweep, BEGAN + (int64_t)(1e9 * began_s), last};
    assert_ok(nwc_mosaic_live_add(NULL, live, &given));
}

static nwc_status look(nwc_ctx *ctx, const nwc_mosaic_live *live, double after_s, struct made *made)
{
    struct made_output output;
    point_output(&output, made, "VRADH", "m s-1");
    return nwc_mosaic_live_build(ctx, live, -1, BEGAN + (int64_t)(1e9 * after_s), NULL, NULL, &output.c);
}

static struct made *batch(const nwc_volume *const *volumes, int32_t n, double after_s)
{
    struct made *const made = malloc(sizeof *made);
    nwc_mosaic_input inputs[2];
    for (int32_t r = 0; r < n; r++) inputs[r] = (nwc_mosaic_input){volumes[r], NULL};
    assert_ok(build_with(NULL, inputs, n, after_s, NULL, NULL, NULL, "VRADH", "m s-1", made));
    return made;
}

static void whole_volumes_come_to_the_same_bits(void **state)
{
    (void)state;
    nwc_volume *const old = volume_after(32.5, 119.6, 0.0, 0.0, forty_now), *const west =
                                                                                volume_after(32.5, 119.6, 0.0, 300.0,
                                                                                             forty_now);
    nwc_volume *const east = volume_after(32.5, 120.5, 0.0, 280.0, forty_now);
    struct made *const made = malloc(sizeof *made);
    nwc_mosaic_live *const live = begin(NULL, NULL);
    for (int32_t t = 0; t < TURNS; t++) add(live, old, t, 0.0, t == TURNS - 1);
    for (int32_t t = 0; t < TURNS; t++) {
        add(live, west, t, 300.0, t == TURNS - 1);
        add(live, east, TURNS - 1 - t, 280.0, t == TURNS - 1); /* in another order */
        add(live, east, TURNS - 1 - t, 280.0, 0);              /* and twice */
    }
    add(live, old, 2, 0.0, 0); /* too late */
    assert_int_equal(nwc_mosaic_live_radars(live), 2);
    assert_ok(look(NULL, live, 420.0, made));
    const nwc_volume *const volumes[] = {west, east};
    struct made *const expected = batch(volumes, 2, 420.0);
    assert_memory_equal(made, expected, sizeof *made);
    nwc_mosaic_radar radar;
    assert_ok(nwc_mosaic_live_radar(live, 1, &radar));
    assert_string_equal(radar.site, "TEST");
    assert_near(radar.longitude_deg, 120.5, 0.0);
    assert_int_equal(radar.n_sweeps, TURNS);
    assert_int_equal((int)((radar.newest_ns - BEGAN) / SECOND), 280 + 90 + 23);
    free(expected);
    free(made);
    nwc_mosaic_live_destroy(live);
    nwc_volume_destroy(old);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
}

static void until_a_volume_is_whole_the_one_before_fills_it(void **state)
{
    (void)state;
    nwc_volume *const old = volume_after(32.5, 119.6, 0.0, 0.0, forty_now), *const new = volume_after(32.5, 119.6, 0.0,
                                                                                                      300.0, forty_now);
    nwc_volume *const mixed = empty_volume(32.5, 119.6); /* what is there after two sweeps of the second */
    for (int t = 0; t < TURNS; t++) {
        struct turn turn = made_turns[t];
        turn.begin_s += t < 2 ? 300.0 : 0.0;
        add_turn(mixed, &turn);
        put(mixed, t, "DBZH", NULL, 600.0, forty_now);
        if (t) put(mixed, t, "VRADH", NULL, 500.0, radial);
    }
    struct made *const made = malloc(sizeof *made);
    nwc_mosaic_live *const live = begin(NULL, NULL);
    assert_fails(NWC_ERR_NODATA, "no sweep has come yet", look(NULL, live, 360.0, made));
    for (int32_t t = 0; t < TURNS; t++) add(live, old, t, 0.0, t == TURNS - 1);
    for (int32_t t = 0; t < 2; t++) add(live, new, t, 300.0, 0);
    assert_ok(look(NULL, live, 360.0, made));
    const nwc_volume *const volumes[] = {mixed};
    struct made *const expected = batch(volumes, 1, 360.0);
    assert_memory_equal(made, expected, sizeof *made);
    free(expected);
    free(made);
    nwc_mosaic_live_destroy(live);
    nwc_volume_destroy(mixed);
    nwc_volume_destroy(old);
    nwc_volume_destroy(new);
}

static void a_repeated_low_sweep_takes_the_place_of_the_first(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn turns[] = {{0.5, 120, 1.0, 3.0, 0.0, 200.0, 0.1},
                                 {1.5, 120, 2.0, 3.0, 0.0, 215.0, 0.1},
                                 {0.5, 120, 0.3, 3.0, 0.0, 260.0, 0.1}};
    struct made *const before = malloc(sizeof *before), *const after = malloc(sizeof *after);
    for (int t = 0; t < 3; t++) {
        add_turn(volume, &turns[t]);
        put(volume, t, "DBZH", NULL, 600.0, forty_now);
    }
    nwc_mosaic_live *const live = begin(NULL, NULL);
    add(live, volume, 0, 200.0, 0);
    add(live, volume, 1, 200.0, 0);
    assert_ok(look(NULL, live, 275.0, before));
    add(live, volume, 2, 200.0, 0);
    assert_ok(look(NULL, live, 275.0, after));
    int newer = 0;
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (at.elevation > 0.02 && at.elevation < 0.5 && at.range < 95e3) {
            assert_near(after->z[c], 40.0, 1e-4);
            newer += isnan(before->z[c]) || before->z[c] < 39.0F;
        }
        if (at.elevation > 1.5) assert_memory_equal(&after->z[c], &before->z[c], sizeof(float));
    }
    assert_true(newer > 20);
    free(before);
    free(after);
    nwc_mosaic_live_destroy(live);
    nwc_volume_destroy(volume);
}

static void a_late_radar_is_left_out_and_comes_back(void **state)
{
    (void)state;
    nwc_volume *const west = volume_after(32.5, 119.6, 0.0, 0.0, forty_now), *const east =
                                                                                 volume_after(32.5, 120.5, 0.0, 1000.0,
                                                                                              forty_now);
    nwc_volume *const again = volume_after(32.5, 119.6, 0.0, 1050.0, forty_now);
    struct made *const made = malloc(sizeof *made);
    nwc_mosaic_live *const live = begin(NULL, NULL);
    int32_t bits = 0;
    for (int32_t t = 0; t < TURNS; t++) add(live, west, t, 0.0, t == TURNS - 1);
    for (int32_t t = 0; t < TURNS; t++) add(live, east, t, 1000.0, t == TURNS - 1);
    assert_ok(look(NULL, live, 1110.0, made));
    for (int c = 0; c < CELLS; c++) bits |= made->radars[c];
    assert_int_equal(bits, 2); /* bit 1 alone */
    add(live, again, 0, 1050.0, 0);
    assert_ok(look(NULL, live, 1110.0, made));
    for (int c = 0; c < CELLS; c++) bits |= made->radars[c];
    assert_int_equal(bits, 3);
    free(made);
    nwc_mosaic_live_destroy(live);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
    nwc_volume_destroy(again);
}

static void one_of_the_radars_gives_what_it_would_alone(void **state)
{
    (void)state;
    nwc_volume *const west = volume_after(32.5, 119.6, 0.0, 0.0, forty_now), *const east =
                                                                                 volume_after(32.5, 120.5, 0.0, 40.0,
                                                                                              forty_now);
    const nwc_volume *const volumes[] = {west, east};
    struct made *const made = malloc(sizeof *made);
    struct made_output output;
    point_output(&output, made, "VRADH", "m s-1");
    nwc_mosaic_live *const live = begin(NULL, NULL);
    for (int32_t r = 0; r < 2; r++)
        for (int32_t t = 0; t < TURNS; t++) add(live, volumes[r], t, 40.0 * r, t == TURNS - 1);
    for (int32_t r = 0; r < 2; r++) {
        assert_ok(nwc_mosaic_live_build(NULL, live, r, BEGAN + 150 * SECOND, NULL, NULL, &output.c));
        struct made *const alone = batch(&volumes[r], 1, 150.0);
        assert_memory_equal(made->z, alone->z, sizeof made->z);
        assert_memory_equal(made->quality, alone->quality, sizeof made->quality);
        for (int c = 0; c < CELLS; c++) assert_int_equal(made->radars[c], alone->radars[c] << r);
        free(alone);
    }
    assert_fails(NWC_ERR_ARG, "radar: -1 to 1 expected, 2",
                 nwc_mosaic_live_build(NULL, live, 2, BEGAN, NULL, NULL, &output.c));
    free(made);
    nwc_mosaic_live_destroy(live);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_after(32.5, 119.6, 0.0, 0.0, forty_now);
    struct made *const one = malloc(sizeof *one), *const other = malloc(sizeof *other);
    nwc_mosaic_live *const live = begin(NULL, NULL);
    static const int32_t threads[] = {1, 2, 3, 7};
    for (int32_t t = 0; t < TURNS; t++) add(live, volume, t, 0.0, 0);
    for (int t = 0; t < 4; t++) {
        nwc_ctx *const ctx = context_with_threads(threads[t]);
        assert_ok(look(ctx, live, 120.0, t ? other : one));
        if (t) assert_memory_equal(one, other, sizeof *one);
        nwc_ctx_destroy(ctx);
    }
    free(one);
    free(other);
    nwc_mosaic_live_destroy(live);
    nwc_volume_destroy(volume);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"DBZH", ""};
    nwc_volume *const volume = volume_after(32.5, 119.6, 0.0, 0.0, forty_now), *const nowhere =
                                                                                   volume_after(NAN, 119.6, 0.0, 0.0,
                                                                                                forty_now);
    struct made *const made = malloc(sizeof *made);
    struct made_output output;
    nwc_mosaic_live *live = NULL;
    nwc_mosaic_radar radar;
    nwc_grid flat = made_grid;
    flat.nz = 0;
    assert_fails(NWC_ERR_ARG, "a place for the mosaic", nwc_mosaic_live_create(NULL, &made_grid, 1, names, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "levels expected", nwc_mosaic_live_create(NULL, &flat, 1, names, NULL, &live));
    assert_fails(NWC_ERR_ARG, "1 to 8 expected, 0", nwc_mosaic_live_create(NULL, &made_grid, 0, names, NULL, &live));
    assert_fails(NWC_ERR_ARG, "names[1]: a name", nwc_mosaic_live_create(NULL, &made_grid, 2, names, NULL, &live));
    live = begin(NULL, NULL);
    nwc_mosaic_sweep sweep = {volume, 4, BEGAN, 0};
    assert_fails(NWC_ERR_ARG, "sweep: 0 to 3 expected, 4", nwc_mosaic_live_add(NULL, live, &sweep));
    assert_fails(NWC_ERR_ARG, "a mosaic and a sweep", nwc_mosaic_live_add(NULL, live, NULL));
    sweep.volume = nowhere, sweep.sweep = 0;
    assert_fails(NWC_ERR_ARG, "a place on the earth expected", nwc_mosaic_live_add(NULL, live, &sweep));
    assert_int_equal(nwc_mosaic_live_radars(live), 0);
    add(live, volume, 0, 0.0, 0);
    point_output(&output, made, "KDP", "degrees km-1");
    assert_fails(NWC_ERR_ARG, "names[1]: one that the mosaic was begun with expected, KDP",
                 nwc_mosaic_live_build(NULL, live, -1, BEGAN, NULL, NULL, &output.c));
    nwc_grid other = made_grid;
    other.dx *= 2.0;
    point_output(&output, made, "VRADH", "m s-1");
    output.fields[0].grid = output.fields[1].grid = output.quality.grid = output.age.grid = output.lowest.grid = &other;
    assert_fails(NWC_ERR_ARG, "fields on the grid of the mosaic",
                 nwc_mosaic_live_build(NULL, live, -1, BEGAN, NULL, NULL, &output.c));
    assert_fails(NWC_ERR_ARG, "a mosaic expected", nwc_mosaic_live_build(NULL, NULL, -1, BEGAN, NULL, NULL, &output.c));
    assert_fails(NWC_ERR_ARG, "index: 0 to 0 expected, 1", nwc_mosaic_live_radar(live, 1, &radar));
    assert_int_equal(nwc_mosaic_live_radars(NULL), 0);
    nwc_mosaic_live_destroy(live);
    nwc_mosaic_live_destroy(NULL);
    free(made);
    nwc_volume_destroy(volume);
    nwc_volume_destroy(nowhere);
}

static nwc_status take_two(nwc_ctx *ctx, void *user)
{
    static const char *const names[] = {"DBZH", "VRADH"};
    static struct made made;
    nwc_mosaic_live *live = NULL;
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    static const double height_m[] = {0.0, 5000.0}, refractivity[] = {320.0, 200.0};
    options.n_levels = 2, options.height_m = height_m, options.refractivity = refractivity, options.max_range_m = 3e4;
    nwc_status status = nwc_mosaic_live_create(ctx, &made_grid, 2, names, &options, &live);
    for (int32_t t = 1; t < 3 && status == NWC_OK; t++) {
        const nwc_mosaic_sweep sweep = {user, t, BEGAN, 0};
        status = nwc_mosaic_live_add(ctx, live, &sweep);
    }
    if (status == NWC_OK) status = look(ctx, live, 120.0, &made);
    nwc_mosaic_live_destroy(live);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_after(32.6, 120.2, 0.0, 0.0, forty_now);
    assert_true(check_every_allocation_failure(take_two, volume) > 30);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_volumes_come_to_the_same_bits),
        cmocka_unit_test(until_a_volume_is_whole_the_one_before_fills_it),
        cmocka_unit_test(a_repeated_low_sweep_takes_the_place_of_the_first),
        cmocka_unit_test(a_late_radar_is_left_out_and_comes_back),
        cmocka_unit_test(one_of_the_radars_gives_what_it_would_alone),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
