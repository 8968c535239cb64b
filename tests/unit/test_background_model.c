/* background: a model's wind on a grid, of formulas whose values anywhere are known. */
#include "core/atmosphere.h"
#include "support/made_model.h"

enum { NZ = 4, NY = 15, NX = 17, LEVELS = 8 };
static const int64_t hour = INT64_C(3600000000000);
static const double radian = 3.14159265358979323846 / 180.0;
static const double pressures[LEVELS] = {1e5, 92500.0, 85e3, 7e4, 6e4, 5e4, 4e4, 3e4};

/* Levels of 2 to 20 km; the model ends near 9 km. */
static const double heights[NZ] = {1500.0, 3000.0, 5000.0, 12000.0};
static const nwc_grid target = {.projection = "+proj=aeqd +lat_0=35 +lon_0=112 +R=6371229",
                                .nx = NX,
                                .ny = NY,
                                .x_first = -80e3,
                                .y_first = -70e3,
                                .dx = 10e3,
                                .dy = 10e3,
                                .nz = NZ,
                                .z_m = heights};
static const nwc_grid wide = {.projection = "+proj=longlat +R=6371229",
                              .nx = 141,
                              .ny = 71,
                              .x_first = 105.0,
                              .y_first = 31.5,
                              .dx = 0.1,
                              .dy = 0.1};
static const nwc_grid coarse = {.projection = "+proj=longlat +R=6371229",
                                .nx = 29,
                                .ny = 15,
                                .x_first = 105.0,
                                .y_first = 31.5,
                                .dx = 0.5,
                                .dy = 0.5};
static const nwc_grid west = {.projection = "+proj=longlat +R=6371229",
                              .nx = 70,
                              .ny = 71,
                              .x_first = 105.0,
                              .y_first = 31.5,
                              .dx = 0.1,
                              .dy = 0.1};

/* ---- formulas ---- */

static double height_of(double level)
{
    const double h = nwc__standard_height(level);
    return 6371229.0 * h / (6371229.0 - h);
}

static double gh(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return nwc__standard_height(entry->level);
}

static double isothermal(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lon, (void)lat;
    return 280.0;
}

/* Uniform, growing with height and hour. */
static double u_steady(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return 4.0 + 2e-3 * height_of(entry->level) + (double)entry->time_ns / (double)hour;
}

static double v_steady(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return -3.0 + 1e-3 * height_of(entry->level);
}

/* Waves along the meridian, 40 km and 400 km long, each of 10 m/s. */
static double u_waves(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lon;
    const double y = (lat - 35.0) * radian * 6371229.0;
    return 10.0 * sin(2.0 * 180.0 * radian * y / 40e3) + 10.0 * cos(2.0 * 180.0 * radian * y / 400e3);
}

static double zero(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lon, (void)lat;
    return 0.0;
}

/* ---- models ---- */

/* Winds of hours 0, 3 and 6 on a grid; v lacks the level so numbered, -1 for none. */
static nwc_status add_winds(nwc_model *model, const nwc_grid *grid, formula_fn u, formula_fn v, int lacks)
{
    for (int64_t lead = 0; lead <= 6; lead += 3)
        for (int k = 0; k < LEVELS; k++) {
            const nwc_model_entry east = made_entry("u", NWC_VERTICAL_PRESSURE, pressures[k], lead, grid);
            const nwc_model_entry north = made_entry("v", NWC_VERTICAL_PRESSURE, pressures[k], lead, grid);
            const nwc_model_entry height = made_entry("gh", NWC_VERTICAL_PRESSURE, pressures[k], lead, grid);
            NWC__TRY(made_model_add(model, &east, u));
            if (k != lacks) NWC__TRY(made_model_add(model, &north, v));
            NWC__TRY(made_model_add(model, &height, gh));
        }
    return NWC_OK;
}

static nwc_model *model_of(const nwc_grid *grid, formula_fn u, formula_fn v, int lacks)
{
    nwc_model *const model = made_model(NULL, NULL);
    assert_non_null(model);
    assert_ok(add_winds(model, grid, u, v, lacks));
    return model;
}

static float u_cells[NZ * NY * NX], v_cells[NZ * NY * NX];

static nwc_field field_3d(float *cells, const nwc_grid *grid)
{
    return (nwc_field){.data = cells,
                       .ndim = 3,
                       .dim = {grid->nz, grid->ny, grid->nx},
                       .stride = {grid->ny * grid->nx, grid->nx, 1},
                       .missing = NAN,
                       .units = "m s-1",
                       .grid = grid};
}

static nwc_status background(nwc_ctx *ctx, nwc_model *model, const nwc_grid *grid, double hours,
                             const nwc_background_model_options *options, nwc_background_level *levels)
{
    nwc_field u = field_3d(u_cells, grid), v = field_3d(v_cells, grid);
    return nwc_background_model(ctx, model, (int64_t)(hours * (double)hour), options, &u, &v, levels);
}

static void assert_all_finite(void)
{
    for (int c = 0; c < NZ * NY * NX; c++) assert_true(isfinite(u_cells[c]) && isfinite(v_cells[c]));
}

/* ---- tests ---- */

static void a_steady_wind_comes_through_at_its_time_and_height(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&coarse, u_steady, v_steady, -1);
    nwc_background_level levels[NZ];
    assert_ok(background(NULL, model, &target, 4.5, NULL, levels));
    for (int c = 0; c < NZ * NY * NX; c++) {
        const int k = c / (NY * NX), j = c / NX % NY, i = c % NX;
        const double z = fmin(heights[k], height_of(3e4));
        const double east = 4.0 + 2e-3 * z + 4.5, north = -3.0 + 1e-3 * z;
        double lon, lat;
        const double x = target.x_first + target.dx * i, y = target.y_first + target.dy * j;
        assert_ok(nwc_grid_to_lonlat(NULL, &target, 1, &x, &y, &lon, &lat));
        const double turn = sin(35.0 * radian) * (lon - 112.0) * radian; /* of the plane, to a ten thousandth */
        assert_near(u_cells[c], east * cos(turn) - north * sin(turn), 0.02);
        assert_near(v_cells[c], north * cos(turn) + east * sin(turn), 0.02);
    }
    for (int k = 0; k < NZ; k++) {
        const bool beyond = k == NZ - 1;
        assert_near(levels[k].height_m, heights[k], 0.0);
        assert_near(levels[k].v_m_s, -3.0 + 1e-3 * fmin(heights[k], height_of(3e4)), 0.05);
        assert_int_equal(levels[k].flags, NWC_BACKGROUND_STANDARD_AIR | (beyond ? NWC_BACKGROUND_BEYOND : 0));
        assert_int_equal(levels[k].n, NY * NX);
        if (!beyond) assert_near(levels[k].error_m_s, 3.0, 1e-9);
    }
    assert_true(levels[NZ - 1].error_m_s > 6.0); /* 3 km above the last level it has at a height of the grid */
    nwc_model_destroy(model);
}

static void the_low_pass_takes_short_waves_and_leaves_long_ones(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&wide, u_waves, zero, -1);
    nwc_background_model_options options;
    nwc_background_model_options_init(&options);
    for (int pass = 0; pass < 2; pass++) {
        options.smooth_m = pass ? 0.0 : 15e3;
        assert_ok(background(NULL, model, &target, 3.0, &options, NULL));
        const double k[2] = {2.0 * 180.0 * radian / 40e3, 2.0 * 180.0 * radian / 400e3};
        for (int j = 0; j < NY; j++) { /* on the meridian of the middle, where the plane is true */
            const double y = target.y_first + target.dy * j, s = options.smooth_m;
            const double left = exp(-0.5 * k[0] * k[0] * s * s), kept = exp(-0.5 * k[1] * k[1] * s * s);
            const double expected = 10.0 * left * sin(k[0] * y) + 10.0 * kept * cos(k[1] * y);
            assert_near(u_cells[NY * NX + j * NX + NX / 2], expected,
                        pass ? 4.5 : 0.3); /* the model's cells are 10 km */
        }
    }
    nwc_model_destroy(model);
}

static void late_is_the_nearest_time_with_a_larger_error_and_too_late_none(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&coarse, u_steady, v_steady, -1);
    nwc_background_level levels[NZ];
    assert_ok(background(NULL, model, &target, 10.0, NULL, levels));
    assert_all_finite();
    assert_near(u_cells[NY / 2 * NX + NX / 2], 4.0 + 3.0 + 6.0, 0.05);
    assert_near(levels[0].error_m_s, sqrt(9.0 + 16.0), 1e-6); /* four hours late */
    for (int k = 0; k < NZ; k++) assert_true(levels[k].flags & NWC_BACKGROUND_LATE);
    assert_ok(background(NULL, model, &target, -2.0, NULL, levels));
    assert_near(u_cells[NY / 2 * NX + NX / 2], 4.0 + 3.0, 0.05);
    assert_true(levels[0].flags & NWC_BACKGROUND_LATE);
    assert_fails(NWC_ERR_NODATA, "within 21600 s", background(NULL, model, &target, 13.0, NULL, levels));
    assert_true(levels[0].flags & NWC_BACKGROUND_NO_DATA);
    nwc_model_destroy(model);
}

static void a_missing_level_is_bridged_and_flagged(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&coarse, u_steady, v_steady, 3); /* v lacks 700 hPa, 3012 m */
    nwc_background_level levels[NZ];
    assert_ok(background(NULL, model, &target, 3.0, NULL, levels));
    assert_all_finite();
    for (int k = 0; k < NZ; k++) assert_true(levels[k].flags & NWC_BACKGROUND_MISSING_LEVELS);
    assert_true(levels[1].flags & NWC_BACKGROUND_GAP);
    assert_true(levels[1].error_m_s > 3.4 && levels[0].error_m_s < 3.1);
    assert_near(levels[1].v_m_s, 0.0, 0.1); /* linear in height: interpolated over the gap all the same */
    nwc_model_destroy(model);
}

static void a_model_of_half_the_grid_is_filled_by_its_mean_and_flagged(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&west, u_steady, v_steady, -1); /* to 111.9 east */
    nwc_background_level levels[NZ];
    assert_ok(background(NULL, model, &target, 3.0, NULL, levels));
    assert_all_finite();
    for (int k = 0; k < NZ; k++) assert_true(levels[k].flags & NWC_BACKGROUND_PARTIAL);
    assert_near(u_cells[NX - 1], 4.0 + 3.0 + 3.0, 0.2);
    nwc_grid far = target;
    far.x_first = 900e3;
    assert_fails(NWC_ERR_NODATA, "a wind over the grid", background(NULL, model, &far, 3.0, NULL, levels));
    nwc_model_destroy(model);
}

static void errors_may_be_given_and_density_follows_from_the_air(void **state)
{
    (void)state;
    static const double errors[NZ] = {1.0, 2.0, 2.5, 4.0};
    nwc_model *const model = model_of(&coarse, u_steady, v_steady, -1);
    nwc_background_model_options options;
    nwc_background_level levels[NZ];
    nwc_background_model_options_init(&options);
    options.error_m_s = errors;
    for (int k = 0; k < LEVELS; k++) {
        const nwc_model_entry entry = made_entry("t", NWC_VERTICAL_PRESSURE, pressures[k], 3, &coarse);
        assert_ok(made_model_add(model, &entry, isothermal));
    }
    assert_ok(background(NULL, model, &target, 3.0, &options, levels));
    assert_near(levels[0].error_m_s, 1.0, 1e-9);
    assert_near(levels[1].error_m_s, 2.0, 1e-9);
    const double geopotential = 6371229.0 * 3000.0 / (6371229.0 + 3000.0);
    const double density = nwc__standard_pressure(geopotential) / (287.05287 * 280.0);
    assert_near(levels[1].density_kg_m3, density, 0.002 * density);
    assert_int_equal(levels[1].flags & NWC_BACKGROUND_STANDARD_AIR, 0);
    assert_int_equal(levels[3].flags & NWC_BACKGROUND_STANDARD_AIR, NWC_BACKGROUND_STANDARD_AIR); /* above the model */
    nwc_model_destroy(model);
}

static void degrees_and_strides_give_the_same_wind(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&wide, u_waves, v_steady, -1);
    const nwc_grid degrees = {.projection = "+proj=longlat +R=6371229",
                              .nx = NX,
                              .ny = NY,
                              .x_first = 111.2,
                              .y_first = 34.3,
                              .dx = 0.1,
                              .dy = 0.1,
                              .nz = NZ,
                              .z_m = heights};
    assert_ok(background(NULL, model, &degrees, 3.0, NULL, NULL));
    const double k = 2.0 * 180.0 * radian / 400e3, kept = exp(-0.5 * k * k * 225e6);
    for (int j = 0; j < NY; j++) {
        const double y = (degrees.y_first + degrees.dy * j - 35.0) * radian * 6371229.0;
        assert_near(u_cells[j * NX + 3], 10.0 * kept * cos(k * y), 0.9); /* 0.6 m/s of the short wave are left */
        assert_near(v_cells[j * NX + 3], -1.5, 0.01);
    }
    static float turned[2][NX][NY][NZ];
    static float straight[NZ * NY * NX];
    memcpy(straight, u_cells, sizeof straight);
    nwc_field u = field_3d(&turned[0][0][0][0], &degrees), v = field_3d(&turned[1][0][0][0], &degrees);
    u.stride[0] = v.stride[0] = 1, u.stride[1] = v.stride[1] = NZ, u.stride[2] = v.stride[2] = NZ * NY;
    assert_ok(nwc_background_model(NULL, model, 3 * hour, NULL, &u, &v, NULL));
    for (int c = 0; c < NZ * NY * NX; c++) assert_true(turned[0][c % NX][c / NX % NY][c / (NX * NY)] == straight[c]);
    nwc_model_destroy(model);
}

struct run {
    nwc_model *model;
    float u[NZ * NY * NX];
};

static nwc_status run_once(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    const nwc_status status = background(ctx, run->model, &target, 3.0, NULL, NULL);
    memcpy(run->u, u_cells, sizeof run->u);
    return status;
}

static void threads_change_no_bit_and_failures_leave_nothing(void **state)
{
    (void)state;
    static struct run one, many;
    one.model = many.model = made_model(NULL, NULL);
    for (int k = 0; k < 2; k++)
        for (int c = 0; c < 2; c++) {
            const nwc_model_entry entry =
                made_entry(c ? "v" : "u", NWC_VERTICAL_PRESSURE, pressures[3 * k], 3, &coarse);
            assert_ok(made_model_add(one.model, &entry, c ? v_steady : u_steady));
        }
    check_threads_change_no_bit(run_once, &one, &many, sizeof one);
    assert_true(check_every_allocation_failure(run_once, &one) > 20);
    nwc_model_destroy(one.model);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    nwc_model *const model = model_of(&wide, u_steady, v_steady, -1);
    nwc_model *const empty = made_model(NULL, NULL);
    nwc_background_model_options options;
    static const double none[NZ] = {1.0, 0.0, 1.0, 1.0};
    assert_fails(NWC_ERR_NODATA, "u", background(NULL, empty, &target, 0.0, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "model: a model", background(NULL, NULL, &target, 0.0, NULL, NULL));
    nwc_background_model_options_init(&options);
    options.smooth_m = -1.0;
    assert_fails(NWC_ERR_ARG, "smooth_m: 0 to 1000 km", background(NULL, model, &target, 0.0, &options, NULL));
    nwc_background_model_options_init(&options);
    options.walk = -1.0;
    assert_fails(NWC_ERR_ARG, "walk: 0 or more", background(NULL, model, &target, 0.0, &options, NULL));
    nwc_background_model_options_init(&options);
    options.most_error_m_s = 0.0;
    assert_fails(NWC_ERR_ARG, "most_error_m_s", background(NULL, model, &target, 0.0, &options, NULL));
    nwc_background_model_options_init(&options);
    options.error_m_s = none;
    assert_fails(NWC_ERR_ARG, "error_m_s[1]: above 0", background(NULL, model, &target, 0.0, &options, NULL));
    nwc_field u = field_3d(u_cells, &target), v = field_3d(v_cells, &target);
    v.dim[0] = 2;
    assert_fails(NWC_ERR_ARG, "as many levels as the grid has",
                 nwc_background_model(NULL, model, 0, NULL, &u, &v, NULL));
    nwc_model_destroy(empty);
    nwc_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_wind_comes_through_at_its_time_and_height),
        cmocka_unit_test(the_low_pass_takes_short_waves_and_leaves_long_ones),
        cmocka_unit_test(late_is_the_nearest_time_with_a_larger_error_and_too_late_none),
        cmocka_unit_test(a_missing_level_is_bridged_and_flagged),
        cmocka_unit_test(a_model_of_half_the_grid_is_filled_by_its_mean_and_flagged),
        cmocka_unit_test(errors_may_be_given_and_density_follows_from_the_air),
        cmocka_unit_test(degrees_and_strides_give_the_same_wind),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_nothing),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
