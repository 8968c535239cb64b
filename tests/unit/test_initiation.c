/* Hints of storms to come: a line whose distance is known, tops that cool as fast as is said, clouds that drift. */
#include "support/support.h"

enum { NY = 30, NX = 50, CELLS = NY * NX, LINE = 20 };

static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0};
static float dbz[CELLS], now[CELLS], before[CELLS];
static int32_t ridge[CELLS];
static uint8_t hint[CELLS];

static nwc_status find(nwc_ctx *ctx, const nwc_initiation_options *options, bool lines, bool clouds)
{
    const nwc_field field = field_2d(dbz, NY, NX, "dBZ", &plane);
    const nwc_field late = field_2d(now, NY, NX, "K", &plane), early = field_2d(before, NY, NX, "K", &plane);
    const nwc_labels ridges = {.data = ridge, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    nwc_flags hints = {.data = hint, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    return nwc_initiation_find(ctx, &field, lines ? &ridges : NULL, clouds ? &late : NULL, clouds ? &early : NULL,
                               600.0, options, &hints);
}

/* A line along a column, clear sky at 290 K, no echo. */
static void begin(void)
{
    for (int c = 0; c < CELLS; c++) {
        dbz[c] = -32.0F, now[c] = before[c] = 290.0F;
        ridge[c] = c % NX == LINE;
    }
}

static void lines_are_near_within_their_reach(void **state)
{
    (void)state;
    begin();
    dbz[5 * NX + LINE] = 35.0F;
    dbz[6 * NX + LINE] = NAN; /* not known is no storm */
    assert_ok(find(NULL, NULL, true, false));
    for (int c = 0; c < CELLS; c++) {
        const int near = abs(c % NX - LINE) <= 10 ? NWC_INITIATION_LINE : 0;
        assert_int_equal(hint[c], c == 5 * NX + LINE ? NWC_INITIATION_STORM : near | NWC_INITIATION_NO_CLOUD);
    }
    memset(ridge, 0, sizeof ridge);
    assert_ok(find(NULL, NULL, true, false));
    assert_int_equal(hint[0], NWC_INITIATION_NO_CLOUD);
}

/* In 10 minutes 4 K in 15 are 2.67 K. */
static void tops_below_freezing_that_cool_are_told_by_their_speed(void **state)
{
    (void)state;
    static const float later[6] = {270.0F, 267.4F, 267.2F, 264.8F, 264.6F, 240.0F};
    nwc_initiation_options options;
    nwc_initiation_options_init(&options);
    options.drift_m = 0.0;
    begin();
    for (int k = 0; k < 6; k++) before[NX + 5 * k] = 270.0F, now[NX + 5 * k] = later[k];
    before[3 * NX] = 285.0F, now[3 * NX] = 275.0F; /* cools, but is warm */
    now[4 * NX] = NAN, before[5 * NX] = NAN;
    assert_ok(find(NULL, &options, false, true));
    const int slow = NWC_INITIATION_COOLING, fast = slow | NWC_INITIATION_FAST_COOLING;
    const int expected[6] = {0, 0, slow, slow, fast, fast};
    for (int k = 0; k < 6; k++) assert_int_equal(hint[NX + 5 * k], expected[k]);
    assert_int_equal(hint[3 * NX], 0);
    assert_int_equal(hint[4 * NX], NWC_INITIATION_NO_CLOUD);
    assert_int_equal(hint[5 * NX], NWC_INITIATION_NO_CLOUD);
}

/* A cold cloud that only moves by 4 km cools no place; one that also grows colder does. */
static void clouds_that_drift_do_not_cool(void **state)
{
    (void)state;
    begin();
    before[10 * NX + 10] = 250.0F, now[10 * NX + 14] = 250.0F;
    before[20 * NX + 10] = 250.0F, now[20 * NX + 14] = 244.0F;
    before[15 * NX + 40] = 250.0F, now[15 * NX + 46] = 250.0F; /* farther than is reckoned with */
    assert_ok(find(NULL, NULL, false, true));
    assert_int_equal(hint[10 * NX + 14], 0);
    assert_int_equal(hint[20 * NX + 14], NWC_INITIATION_COOLING | NWC_INITIATION_FAST_COOLING);
    assert_int_equal(hint[15 * NX + 46], NWC_INITIATION_COOLING | NWC_INITIATION_FAST_COOLING);
}

static nwc_status find_all(nwc_ctx *ctx, void *user)
{
    const nwc_status status = find(ctx, NULL, true, true);
    memcpy(user, hint, sizeof hint);
    return status;
}

static void threads_change_no_bit_and_no_memory_leaves_none(void **state)
{
    (void)state;
    static uint8_t one[CELLS], many[CELLS];
    begin();
    for (int c = 0; c < CELLS; c++) now[c] = 260.0F + (float)(c % 29), before[c] = 262.0F + (float)(c % 31);
    check_threads_change_no_bit(find_all, one, many, sizeof one);
    assert_true(check_every_allocation_failure(find_all, one) > 2);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    nwc_initiation_options options;
    const nwc_field field = field_2d(dbz, NY, NX, "dBZ", &plane), late = field_2d(now, NY, NX, "K", &plane);
    const nwc_field celsius = field_2d(now, NY, NX, "degC", &plane);
    nwc_flags hints = {.data = hint, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    assert_fails(NWC_ERR_ARG, "both or neither",
                 nwc_initiation_find(NULL, &field, NULL, &late, NULL, 600.0, NULL, &hints));
    assert_fails(NWC_ERR_ARG, "dt_s", nwc_initiation_find(NULL, &field, NULL, &late, &late, 0.0, NULL, &hints));
    assert_fails(NWC_ERR_ARG, "units of K",
                 nwc_initiation_find(NULL, &field, NULL, &celsius, &late, 600.0, NULL, &hints));
    nwc_initiation_options_init(&options);
    options.fast_k = 1.0;
    assert_fails(NWC_ERR_ARG, "fast_k", find(NULL, &options, true, true));
    nwc_initiation_options_init(&options);
    options.reach_m = -1.0;
    assert_fails(NWC_ERR_ARG, "reach_m", find(NULL, &options, true, true));
    hints.dim[1] = NX - 1;
    assert_fails(NWC_ERR_ARG, "hints", nwc_initiation_find(NULL, &field, NULL, NULL, NULL, 0.0, NULL, &hints));
}

/* One cell; nothing known at all. */
static void one_cell_and_nothing_known_have_an_answer(void **state)
{
    (void)state;
    float none = NAN;
    uint8_t made = 99;
    const nwc_grid dot = {.projection = plane.projection, .nx = 1, .ny = 1, .dx = 1000.0, .dy = 1000.0};
    const nwc_field echo = field_2d(&none, 1, 1, "dBZ", &dot), sky = field_2d(&none, 1, 1, "K", &dot);
    nwc_flags hints = {.data = &made, .ndim = 2, .dim = {1, 1}, .stride = {1, 1}};
    assert_ok(nwc_initiation_find(NULL, &echo, NULL, &sky, &sky, 900.0, NULL, &hints));
    assert_int_equal(made, NWC_INITIATION_NO_CLOUD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_near_within_their_reach),
        cmocka_unit_test(tops_below_freezing_that_cool_are_told_by_their_speed),
        cmocka_unit_test(clouds_that_drift_do_not_cool),
        cmocka_unit_test(threads_change_no_bit_and_no_memory_leaves_none),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(one_cell_and_nothing_known_have_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
