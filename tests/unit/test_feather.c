/* forecast: a nowcast brought to a model towards its edge, against distances counted by hand and steps across the edge. */
#include "support/made_rain.h"

enum { NY = 48, NX = 64, CELLS = NY * NX, EDGE = 20 };

static const nwc_grid grid = {.projection = "+proj=aeqd +lat_0=22 +lon_0=114 +ellps=WGS84",
                              .nx = NX,
                              .ny = NY,
                              .x_first = -32e3,
                              .y_first = -24e3,
                              .dx = 1000.0,
                              .dy = 1000.0};

static float seen[CELLS], model[CELLS], made[CELLS], other[CELLS];

/* Known from column EDGE on, but for one cell and one row. */
static void fill(void)
{
    for (int c = 0; c < CELLS; c++) {
        seen[c] = c % NX < EDGE || c == 30 * NX + 50 || (c / NX == 8 && c % NX > 40) ? NAN : 1.0F + noise((uint32_t)c);
        model[c] = c % NX == 40 ? NAN : 5.0F + noise((uint32_t)(c + CELLS));
    }
}

static nwc_status feather(nwc_ctx *ctx, void *user)
{
    const nwc_field a = field_2d(seen, NY, NX, "mm h-1", &grid), b = field_2d(model, NY, NX, "mm h-1", NULL);
    nwc_field out = field_2d(user, NY, NX, NULL, NULL);
    return nwc_forecast_feather(ctx, &a, &b, 10e3, &out);
}

static void the_weight_rises_with_the_distance_from_the_edge_alone(void **state)
{
    (void)state;
    fill();
    assert_ok(feather(NULL, made));
    for (int c = 0; c < CELLS; c++) {
        const int column = c % NX, far = column - (EDGE - 1);
        if (isnan(seen[c]))
            assert_true(isnan(made[c]));
        else if (far > 10 || isnan(model[c]))
            assert_true(made[c] == seen[c]); /* about the hole and the beam too */
        else
            assert_near((double)made[c], 0.1 * far * (double)seen[c] + (1.0 - 0.1 * far) * (double)model[c], 2e-4);
    }
}

static void a_strip_along_the_side_of_the_grid_is_an_edge(void **state)
{
    (void)state;
    fill();
    for (int c = 0; c < CELLS; c++) seen[c] = c % NX < 2 ? NAN : 1.0F, model[c] = 3.0F;
    assert_ok(feather(NULL, made));
    for (int c = 0; c < CELLS; c++)
        if (c % NX >= 2) assert_near((double)made[c], 3.0 - 0.2 * fmin(c % NX - 1, 10.0), 2e-3);
}

static void without_a_width_or_an_edge_nothing_changes(void **state)
{
    (void)state;
    fill();
    const nwc_field a = field_2d(seen, NY, NX, NULL, &grid), b = field_2d(model, NY, NX, NULL, NULL);
    nwc_field out = field_2d(made, NY, NX, NULL, NULL);
    assert_ok(nwc_forecast_feather(NULL, &a, &b, 0.0, &out));
    assert_memory_equal(made, seen, sizeof made);
    for (int c = 0; c < CELLS; c++) seen[c] = 2.0F;
    assert_ok(nwc_forecast_feather(NULL, &a, &b, 20e3, &out));
    assert_memory_equal(made, seen, sizeof made);
    for (int c = 0; c < CELLS; c++) seen[c] = NAN;
    assert_ok(nwc_forecast_feather(NULL, &a, &b, 20e3, &out));
    for (int c = 0; c < CELLS; c++) assert_true(isnan(made[c]));
}

static void one_cell_and_a_row_have_no_edge(void **state)
{
    (void)state;
    nwc_grid flat = grid;
    flat.ny = 1;
    for (int c = 0; c < NX; c++) seen[c] = c == 3 ? NAN : 1.0F, model[c] = 2.0F;
    const nwc_field a = field_2d(seen, 1, NX, NULL, &flat), b = field_2d(model, 1, NX, NULL, NULL);
    nwc_field out = field_2d(made, 1, NX, NULL, NULL);
    assert_ok(nwc_forecast_feather(NULL, &a, &b, 9e3, &out));
    for (int c = 0; c < NX; c++) assert_true(c == 3 ? isnan(made[c]) : made[c] == 1.0F);
    flat.nx = 1;
    const nwc_field one = field_2d(seen, 1, 1, NULL, &flat), beside = field_2d(model, 1, 1, NULL, NULL);
    out = field_2d(made, 1, 1, NULL, NULL);
    assert_ok(nwc_forecast_feather(NULL, &one, &beside, 9e3, &out));
    assert_true(made[0] == 1.0F);
}

/* The mean of what differs from column EDGE - 1 to EDGE, over a forecast at lead 0 of which the model has four times as much. */
static double step_of(double feather_m)
{
    static float frames[2][CELLS], still[CELLS], forecasts[CELLS], now[CELLS];
    for (int c = 0; c < CELLS; c++) {
        for (int k = 0; k < 2; k++) frames[k][c] = c % NX < EDGE ? NAN : 2.0F;
        now[c] = 8.0F;
    }
    const nwc_field both[] = {field_2d(frames[0], NY, NX, "mm h-1", &grid),
                              field_2d(frames[1], NY, NX, "mm h-1", &grid)};
    const nwc_field u = field_2d(still, NY, NX, "m s-1", &grid);
    const int64_t times_ns[] = {0, INT64_C(300000000000)};
    const double lead_s = 60.0;
    nwc_field given = {.data = now, .ndim = 3, .dim = {1, NY, NX}, .stride = {CELLS, NX, 1}, .missing = NAN};
    nwc_field coming = {.data = now, .ndim = 4, .dim = {1, 1, NY, NX}, .stride = {CELLS, CELLS, NX, 1}, .missing = NAN};
    nwc_field out = coming;
    out.data = forecasts;
    nwc_blend_options options;
    nwc_blend_options_init(&options);
    options.noise = 0, options.feather_m = feather_m;
    assert_ok(nwc_forecast_blend(NULL, both, times_ns, 2, &u, &u, &lead_s, 1, &given, &coming, &options, NULL, NULL,
                                 NULL, &out));
    double sum = 0.0;
    for (int j = 0; j < NY; j++) sum += (double)forecasts[j * NX + EDGE - 1] - (double)forecasts[j * NX + EDGE];
    return sum / NY;
}

static void a_blend_has_no_step_at_the_edge(void **state)
{
    (void)state;
    const double plain = step_of(0.0), feathered = step_of(15e3);
    if (!(plain > 3.0 && feathered < 0.2 * plain)) fail_msg("steps of %g and, feathered, %g mm h-1", plain, feathered);
}

static void threads_change_no_bit_and_memory_may_run_out(void **state)
{
    (void)state;
    fill();
    check_threads_change_no_bit(feather, made, other, sizeof made);
    assert_true(check_every_allocation_failure(feather, made) > 2);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    fill();
    const nwc_field a = field_2d(seen, NY, NX, "mm h-1", &grid), b = field_2d(model, NY, NX, "mm h-1", NULL);
    const nwc_field dbz = field_2d(model, NY, NX, "dBZ", NULL), small = field_2d(model, NY - 1, NX, "mm h-1", NULL);
    nwc_field out = field_2d(made, NY, NX, NULL, NULL), less = field_2d(made, NY, NX - 1, NULL, NULL);
    assert_fails(NWC_ERR_ARG, "nowcast.grid", nwc_forecast_feather(NULL, &b, &b, 1e3, &out));
    assert_fails(NWC_ERR_ARG, "model: units", nwc_forecast_feather(NULL, &a, &dbz, 1e3, &out));
    assert_fails(NWC_ERR_ARG, "model: ", nwc_forecast_feather(NULL, &a, &small, 1e3, &out));
    assert_fails(NWC_ERR_ARG, "feathered: ", nwc_forecast_feather(NULL, &a, &b, 1e3, &less));
    assert_fails(NWC_ERR_ARG, "feather_m: 0 or more", nwc_forecast_feather(NULL, &a, &b, -1.0, &out));
    assert_fails(NWC_ERR_ARG, "feather_m: 0 or more", nwc_forecast_feather(NULL, &a, &b, (double)NAN, &out));
    assert_fails(NWC_ERR_ARG, "nowcast", nwc_forecast_feather(NULL, NULL, &b, 1e3, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_weight_rises_with_the_distance_from_the_edge_alone),
        cmocka_unit_test(a_strip_along_the_side_of_the_grid_is_an_edge),
        cmocka_unit_test(without_a_width_or_an_edge_nothing_changes),
        cmocka_unit_test(one_cell_and_a_row_have_no_edge),
        cmocka_unit_test(a_blend_has_no_step_at_the_edge),
        cmocka_unit_test(threads_change_no_bit_and_memory_may_run_out),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("feather", tests, NULL, NULL);
}
