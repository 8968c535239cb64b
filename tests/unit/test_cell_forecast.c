/* Forecasts of cells: places, errors and areas worked out another way; swaths beside random draws. */
#include "support/support.h"

enum { NY = 70, NX = 90, CELLS = NY * NX, LEADS = 3 };

#define STEP_NS INT64_C(300000000000)

static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0};
static const double leads[LEADS] = {0.0, 600.0, 1800.0};

/* A tracker that has seen a hill s times, 3 grid cells a step eastward from (y, x); each time beside its way by jump. */
static nwc_tracker *tracker_of(double y, double x, int seen, double jump)
{
    static float value[CELLS];
    nwc_tracker *tracker;
    nwc_tracker_options options;
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_tracker_options_init(&options);
    options.position_error_m = 1000.0; /* not found from so few places */
    assert_ok(nwc_tracker_create(NULL, &options, &tracker));
    for (int s = 0; s < seen; s++) {
        const double at = x + 3.0 * s + (s % 2 ? jump : -jump);
        nwc_cells *cells;
        for (int c = 0; c < CELLS; c++) {
            const double up = (double)(c / NX) - y, right = (double)(c % NX) - at;
            value[c] = (float)fmax(-32.0, 50.0 - (up * up + right * right) / 2.0);
        }
        assert_ok(nwc_cells_identify(NULL, &field, NULL, &cells));
        assert_ok(nwc_tracker_add(NULL, tracker, cells, STEP_NS * s, NULL, NULL));
        nwc_cells_destroy(cells);
    }
    return tracker;
}

static void cells_go_on_with_the_error_of_their_filter(void **state)
{
    (void)state;
    nwc_cell_forecast rows[LEADS];
    nwc_track_table table;
    nwc_tracker *const tracker = tracker_of(30.0, 10.0, 10, 0.0);
    assert_ok(nwc_tracker_lend(tracker, &table));
    assert_int_equal(table.n_points, 1);
    assert_ok(nwc_cells_forecast(NULL, tracker, NULL, NULL, leads, LEADS, NULL, rows));
    const nwc_track_point *const now = table.points;
    for (int l = 0; l < LEADS; l++) {
        assert_int_equal(rows[l].track, 1);
        assert_int_equal(rows[l].cell, 1);
        assert_int_equal(rows[l].lead, l);
        assert_int_equal(rows[l].time_ns, 9 * STEP_NS + (int64_t)(1e9 * leads[l]));
        assert_near(rows[l].x, 37e3 + 10.0 * leads[l], 400.0); /* 3 km in 5 minutes */
        assert_near(rows[l].y, 30e3, 50.0);
        assert_near(rows[l].alive, pow(0.5, leads[l] / 1600.0), 1e-12);
        assert_true(isnan(rows[l].probability[NWC_CELL_HAIL]));
        assert_near(rows[l].area_m2, now->area_m2, 1e-6);
        /* The variance of the place by small steps of dP/dt = F P + P F' + Q. */
        double pp = now->position_sd_m * now->position_sd_m, pv = now->position_velocity_m2_s;
        double vv = now->velocity_sd_m_s * now->velocity_sd_m_s;
        for (double t = 0.0; t < leads[l]; t += 0.1) pp += 0.1 * 2.0 * pv, pv += 0.1 * vv, vv += 0.1 * 0.05 * 0.05;
        assert_near(rows[l].xx_m2, pp * now->error_xx, 1e-3 * pp);
        assert_near(rows[l].yy_m2, pp * now->error_yy, 1e-3 * pp);
        assert_near(rows[l].longitude_deg, rows[l].x / 6371000.0 * 180.0 / 3.14159265358979, 1e-6);
    }
    /* It went where it was expected, so its own errors make the cone narrower than the filter's. */
    assert_true(now->error_xx < 0.6 && now->error_yy < 0.6);
    nwc_tracker_destroy(tracker);
}

static void a_storm_that_jumps_along_its_way_has_a_long_cone(void **state)
{
    (void)state;
    nwc_cell_forecast row;
    const double lead_s = 1800.0;
    nwc_tracker *const tracker = tracker_of(30.0, 10.0, 16, 1.4);
    assert_ok(nwc_cells_forecast(NULL, tracker, NULL, NULL, &lead_s, 1, NULL, &row));
    assert_true(row.xx_m2 > 4.0 * row.yy_m2);
    assert_true(row.xy_m2 * row.xy_m2 <= row.xx_m2 * row.yy_m2);
    nwc_tracker_destroy(tracker);
}

static void areas_and_peaks_follow_trends_that_fade(void **state)
{
    (void)state;
    static const char *const names[] = {"area", "peak", "rain_passing"};
    nwc_cell_forecast rows[LEADS];
    nwc_track_table table;
    nwc_tracker *const tracker = tracker_of(30.0, 10.0, 4, 0.0);
    assert_ok(nwc_tracker_lend(tracker, &table));
    const double area = table.points[0].area_m2, values[3] = {area, 50.0, 20.0};
    double trends[3] = {area / 3600.0, -0.005, (double)NAN};
    const nwc_cell_values cells = {.n_cells = 1, .n_names = 3, .names = names, .values = values, .trends = trends};
    const char *const text = nwc_hazard_baseline();
    nwc_hazard_model *model;
    assert_ok(nwc_hazard_model_read(NULL, text, (int64_t)strlen(text), &model));
    assert_ok(nwc_cells_forecast(NULL, tracker, &cells, model, leads, LEADS, NULL, rows));
    for (int l = 0; l < LEADS; l++) {
        const double carried = 1200.0 * (1.0 - exp(-leads[l] / 1200.0));
        assert_near(rows[l].area_m2, area * exp(carried / 3600.0), 1e-6 * area);
        assert_near(rows[l].major_m * rows[l].minor_m / (rows[0].major_m * rows[0].minor_m), rows[l].area_m2 / area,
                    1e-9);
        assert_near(rows[l].peak, table.points[0].peak - 0.005 * carried, 1e-9);
        assert_near(rows[l].probability[NWC_CELL_RAIN_20], 0.5 * exp2(-leads[l] / 1600.0), 1e-9);
        assert_true(isnan(rows[l].probability[NWC_CELL_TORNADO]));
    }
    trends[0] = -1.0 * area; /* out of all bounds */
    assert_ok(nwc_cells_forecast(NULL, tracker, &cells, model, leads, LEADS, NULL, rows));
    assert_near(rows[2].area_m2, area / 3.0, 1e-6 * area);
    nwc_hazard_model_destroy(model);
    nwc_tracker_destroy(tracker);
}

/* ---- swaths ---- */

static nwc_cell_forecast row_at(double x, double y, double sd_x, double sd_y, double chance)
{
    nwc_cell_forecast row = {.x = x,
                             .y = y,
                             .xx_m2 = sd_x * sd_x,
                             .yy_m2 = sd_y * sd_y,
                             .major_m = 6000.0,
                             .minor_m = 3000.0,
                             .orientation_deg = 30.0,
                             .alive = chance};
    for (int h = 0; h < NWC_CELL_HAZARDS; h++) row.probability[h] = (double)NAN;
    return row;
}

static bool inside(const nwc_cell_forecast *row, double x, double y)
{
    const double turn = row->orientation_deg * 3.14159265358979 / 180.0;
    const double along = x * sin(turn) + y * cos(turn), across = x * cos(turn) - y * sin(turn);
    return along * along / (row->major_m * row->major_m) + across * across / (row->minor_m * row->minor_m) <= 1.0;
}

static void a_cell_that_is_known_passes_over_its_ellipse(void **state)
{
    (void)state;
    static float made[CELLS];
    nwc_cell_forecast rows[2] = {row_at(40.3e3, 30.2e3, 0.0, 0.0, 0.7), row_at(40.3e3, 30.2e3, 0.0, 0.0, 0.7)};
    nwc_field field = field_2d(made, NY, NX, "1", &plane);
    assert_ok(nwc_cells_swath(NULL, rows, 1, 1, -1, 0, 0, &field));
    for (int c = 0; c < CELLS; c++)
        assert_near(made[c], inside(rows, 1e3 * (c % NX) - rows[0].x, 1e3 * (c / NX) - rows[0].y) ? 0.7 : 0.0, 1e-5);
    assert_ok(nwc_cells_swath(NULL, rows, 2, 1, -1, 0, 0, &field)); /* two that know nothing of each other */
    for (int c = 0; c < CELLS; c++)
        assert_near(made[c], inside(rows, 1e3 * (c % NX) - rows[0].x, 1e3 * (c / NX) - rows[0].y) ? 0.91 : 0.0, 1e-5);
    assert_ok(nwc_cells_swath(NULL, rows, 2, 1, NWC_CELL_HAIL, 0, 0, &field)); /* not known */
    for (int c = 0; c < CELLS; c++) assert_true(made[c] == 0.0F);
    rows[0].x = rows[1].x = 1e9;
    assert_ok(nwc_cells_swath(NULL, rows, 1, 2, -1, 0, 1, &field));
    for (int c = 0; c < CELLS; c++) assert_true(made[c] == 0.0F);
    assert_ok(nwc_cells_swath(NULL, NULL, 0, 1, -1, 0, 0, &field));
    for (int c = 0; c < CELLS; c++) assert_true(made[c] == 0.0F);
}

/* Normal numbers by Box and Muller. */
static void normal_pair(uint64_t *seed, double z[2])
{
    double uniform[2];
    for (int n = 0; n < 2; n++) {
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uniform[n] = ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
    }
    const double r = sqrt(-2.0 * log(uniform[0]));
    z[0] = r * cos(6.283185307179586 * uniform[1]), z[1] = r * sin(6.283185307179586 * uniform[1]);
}

/* One draw of the whole way, in small steps, marked on the places it passes over. */
static void mark_draw(const nwc_cell_forecast *rows, const double z[2], float *most)
{
    for (int step = 0; step <= 120; step++) {
        const int l = step < 60 ? 0 : 1;
        const double share = (step - 60.0 * l) / 60.0;
        nwc_cell_forecast at = rows[l];
        const double xx = rows[l].xx_m2 + share * (rows[l + 1].xx_m2 - rows[l].xx_m2);
        const double xy = rows[l].xy_m2 + share * (rows[l + 1].xy_m2 - rows[l].xy_m2);
        const double yy = rows[l].yy_m2 + share * (rows[l + 1].yy_m2 - rows[l].yy_m2);
        const double chance = rows[l].alive + share * (rows[l + 1].alive - rows[l].alive);
        /* The symmetric root of the covariance by its axes. */
        const double turn = 0.5 * atan2(2.0 * xy, xx - yy), half = hypot(0.5 * (xx - yy), xy);
        const double longer = sqrt(0.5 * (xx + yy) + half), shorter = sqrt(0.5 * (xx + yy) - half);
        const double along = longer * (cos(turn) * z[0] + sin(turn) * z[1]);
        const double across = shorter * (cos(turn) * z[1] - sin(turn) * z[0]);
        const double right = along * cos(turn) - across * sin(turn), up = along * sin(turn) + across * cos(turn);
        at.x += share * (rows[l + 1].x - rows[l].x) + right, at.y += share * (rows[l + 1].y - rows[l].y) + up;
        for (int j = (int)fmax(0.0, at.y / 1e3 - 7.0); j <= (int)fmin(NY - 1.0, at.y / 1e3 + 7.0); j++)
            for (int i = (int)fmax(0.0, at.x / 1e3 - 7.0); i <= (int)fmin(NX - 1.0, at.x / 1e3 + 7.0); i++)
                if (inside(&at, 1e3 * i - at.x, 1e3 * j - at.y) && (float)chance > most[j * NX + i])
                    most[j * NX + i] = (float)chance;
    }
}

static void swaths_are_those_of_random_draws(void **state)
{
    (void)state;
    enum { DRAWS = 3000 };
    static float made[CELLS], most[CELLS];
    static double mean[CELLS];
    uint64_t seed = 3;
    double worst = 0.0, sum = 0.0;
    nwc_cell_forecast rows[3] = {row_at(20e3, 20e3, 1000.0, 1000.0, 1.0), row_at(32e3, 26e3, 3000.0, 2000.0, 0.8),
                                 row_at(50e3, 38e3, 9000.0, 5000.0, 0.5)};
    rows[1].xy_m2 = 2e6, rows[2].xy_m2 = 20e6;
    nwc_field field = field_2d(made, NY, NX, "1", &plane);
    assert_ok(nwc_cells_swath(NULL, rows, 1, 3, -1, 0, 2, &field));
    memset(mean, 0, sizeof mean);
    for (int d = 0; d < DRAWS; d++) {
        double z[2];
        normal_pair(&seed, z);
        memset(most, 0, sizeof most);
        mark_draw(rows, z, most);
        for (int c = 0; c < CELLS; c++) mean[c] += most[c] / (double)DRAWS;
    }
    for (int c = 0; c < CELLS; c++) {
        worst = fmax(worst, fabs(mean[c] - (double)made[c]));
        sum += fabs(mean[c] - (double)made[c]);
    }
    /* Of 3000 draws a share of a half has a standard error of 0.009; of 240 even ones, fewer than 0.03 is what is left. */
    print_message("swath: worst %.4f, mean %.5f off\n", worst, sum / CELLS);
    assert_true(worst < 0.06);
    assert_true(sum / CELLS < 0.005);
}

static nwc_status swath(nwc_ctx *ctx, void *user)
{
    const nwc_cell_forecast rows[2] = {row_at(20e3, 20e3, 1000.0, 1000.0, 1.0),
                                       row_at(50e3, 38e3, 9000.0, 5000.0, 0.5)};
    nwc_field field = field_2d(user, NY, NX, "1", &plane);
    return nwc_cells_swath(ctx, rows, 1, 2, -1, 0, 1, &field);
}

static void threads_change_no_bit_and_no_memory_leaves_none(void **state)
{
    (void)state;
    static float one[CELLS], many[CELLS];
    check_threads_change_no_bit(swath, one, many, sizeof one);
    assert_true(check_every_allocation_failure(swath, one) > 2);
}

/* By hand: weights of 1, 1/2 and 1/4, and what is known of one alone. */
static void cells_and_grids_share_by_how_many_cells_are_left(void **state)
{
    (void)state;
    float cells[4] = {0.8F, 0.0F, NAN, 0.4F}, grids[4] = {0.2F, 0.6F, 0.3F, NAN}, both[4];
    const nwc_grid grid = {.projection = plane.projection, .nx = 4, .ny = 1, .dx = 1000.0, .dy = 1000.0};
    const nwc_field swath = field_2d(cells, 1, 4, "1", &grid), other = field_2d(grids, 1, 4, "1", &grid);
    nwc_field made = field_2d(both, 1, 4, "1", &grid);
    static const double expected[3][2] = {{0.8, 0.0}, {0.5, 0.3}, {0.35, 0.45}};
    for (int k = 0; k < 3; k++) {
        assert_ok(nwc_cells_swath_blend(NULL, &swath, &other, 1600.0 * k, 1600.0, &made));
        for (int c = 0; c < 2; c++) assert_near(both[c], expected[k][c], 1e-6);
        assert_near(both[2], 0.3, 1e-6); /* the other holds alone */
        assert_near(both[3], 0.4, 1e-6);
    }
    nwc_field in_place = swath;
    assert_ok(nwc_cells_swath_blend(NULL, &swath, &other, 1600.0, 1600.0, &in_place));
    assert_near(cells[0], 0.5, 1e-6);
    assert_fails(NWC_ERR_ARG, "lead_s", nwc_cells_swath_blend(NULL, &swath, &other, -1.0, 1600.0, &made));
    assert_fails(NWC_ERR_ARG, "half_life_s", nwc_cells_swath_blend(NULL, &swath, &other, 0.0, 0.0, &made));
    const nwc_field narrow = field_2d(grids, 1, 2, "1", &grid);
    assert_fails(NWC_ERR_ARG, "grid", nwc_cells_swath_blend(NULL, &swath, &narrow, 0.0, 1600.0, &made));
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static float made[CELLS];
    nwc_cell_forecast rows[LEADS];
    const double back[2] = {600.0, 0.0};
    nwc_cell_forecast_options options;
    nwc_tracker *const tracker = tracker_of(30.0, 10.0, 2, 0.0);
    const nwc_cell_values cells = {.n_cells = 2};
    nwc_field field = field_2d(made, NY, NX, "1", &plane);
    assert_fails(NWC_ERR_ARG, "tracker", nwc_cells_forecast(NULL, NULL, NULL, NULL, leads, LEADS, NULL, rows));
    assert_fails(NWC_ERR_ARG, "increasing", nwc_cells_forecast(NULL, tracker, NULL, NULL, back, 2, NULL, rows));
    assert_fails(NWC_ERR_ARG, "rows", nwc_cells_forecast(NULL, tracker, NULL, NULL, leads, LEADS, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "of the 1 points",
                 nwc_cells_forecast(NULL, tracker, &cells, NULL, leads, LEADS, NULL, rows));
    nwc_cell_forecast_options_init(&options);
    options.most_change = 0.5;
    assert_fails(NWC_ERR_ARG, "most_change",
                 nwc_cells_forecast(NULL, tracker, NULL, NULL, leads, LEADS, &options, rows));
    nwc_cell_forecast_options_init(&options);
    options.damping_s = (double)NAN;
    assert_fails(NWC_ERR_ARG, "damping_s", nwc_cells_forecast(NULL, tracker, NULL, NULL, leads, LEADS, &options, rows));
    assert_ok(nwc_cells_forecast(NULL, tracker, NULL, NULL, leads, LEADS, NULL, rows));
    assert_fails(NWC_ERR_ARG, "hazard", nwc_cells_swath(NULL, rows, 1, LEADS, NWC_CELL_HAZARDS, 0, 1, &field));
    assert_fails(NWC_ERR_ARG, "first, last", nwc_cells_swath(NULL, rows, 1, LEADS, -1, 0, LEADS, &field));
    rows[1].minor_m = (double)NAN;
    assert_fails(NWC_ERR_ARG, "row 1", nwc_cells_swath(NULL, rows, 1, LEADS, -1, 0, 1, &field));
    nwc_tracker_destroy(tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_go_on_with_the_error_of_their_filter),
        cmocka_unit_test(a_storm_that_jumps_along_its_way_has_a_long_cone),
        cmocka_unit_test(areas_and_peaks_follow_trends_that_fade),
        cmocka_unit_test(a_cell_that_is_known_passes_over_its_ellipse),
        cmocka_unit_test(swaths_are_those_of_random_draws),
        cmocka_unit_test(threads_change_no_bit_and_no_memory_leaves_none),
        cmocka_unit_test(cells_and_grids_share_by_how_many_cells_are_left),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
