/* From a model's levels to heights on a grid: a model made of formulas, whose values anywhere are known. */
#include "core/atmosphere.h"
#include "support/made_model.h"

enum { LEVELS = MADE_HALVES - 1, NZ = 5, NY = 4, NX = 5 };
static const int64_t hour = INT64_C(3600000000000);
static const double radian = 3.14159265358979323846 / 180.0;

/* ---- entries ---- */

static const nwc_grid latlon = {.projection = "+proj=longlat +R=6371229",
                                .nx = 8,
                                .ny = 7,
                                .x_first = 110.0,
                                .y_first = 30.0,
                                .dx = 0.5,
                                .dy = 0.5};
static const nwc_grid conical = {.projection = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=35 +lon_0=105 +R=6371229",
                                 .nx = 30,
                                 .ny = 30,
                                 .x_first = 300e3,
                                 .y_first = -700e3,
                                 .dx = 30e3,
                                 .dy = 30e3};

static nwc_status add_levels(nwc_model *model, const char *name, int32_t vertical, int64_t lead, const nwc_grid *grid,
                             formula_fn formula)
{
    static const double pressures[LEVELS] = {1e5, 92500.0, 85e3, 7e4, 5e4, 3e4};
    for (int k = 0; k < LEVELS; k++) {
        const double level = vertical == NWC_VERTICAL_PRESSURE ? pressures[k] : k + 1;
        const nwc_model_entry entry = made_entry(name, vertical, level, lead, grid);
        NWC__TRY(made_model_add(model, &entry, formula));
    }
    return NWC_OK;
}

/* ---- formulas ---- */

/* Geopotential height of a pressure level: heights that slope. */
static double gh(const nwc_model_entry *entry, double lon, double lat)
{
    return 8000.0 * log(101325.0 / entry->level) + 10.0 * (lon - 110.0) + 20.0 * (lat - 30.0);
}

/* Linear in the height of the level, the place and the hour: interpolation of any order finds it. */
static double linear_at(double height_m, double lon, double lat, double hours)
{
    return 300.0 - 0.0065 * height_m + 2.0 * (lon - 110.0) - (lat - 30.0) + 3.0 * hours;
}

static double linear(const nwc_model_entry *entry, double lon, double lat)
{
    const double height = 6371229.0 * gh(entry, lon, lat) / (6371229.0 - gh(entry, lon, lat));
    return linear_at(height, lon, lat, (double)entry->time_ns / (double)hour);
}

static double level_itself(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return entry->level;
}

static double ground(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lat;
    return 400.0 * (lon - 110.0);
}

static double missing_above(const nwc_model_entry *entry, double lon, double lat)
{
    return entry->level < 6e4 ? (double)NAN : linear(entry, lon, lat);
}

static double own_number(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return entry->number;
}

/* ---- targets ---- */

static const double heights[NZ] = {-500.0, 800.0, 1500.0, 4000.0, 12000.0};
static const nwc_grid target = {.projection = "+proj=longlat +R=6371229",
                                .nx = NX,
                                .ny = NY,
                                .x_first = 110.3,
                                .y_first = 30.2,
                                .dx = 0.7,
                                .dy = 0.6,
                                .nz = NZ,
                                .z_m = heights};

static nwc_field field_3d(float *cells, const nwc_grid *grid)
{
    const int64_t ny = grid->ny, nx = grid->nx;
    return (nwc_field){
        .data = cells, .ndim = 3, .dim = {grid->nz, ny, nx}, .stride = {ny * nx, nx, 1}, .missing = NAN, .grid = grid};
}

static nwc_status usual_model(nwc_ctx *ctx, nwc_model **model)
{
    *model = made_model(ctx, NULL);
    nwc_status status = *model ? NWC_OK : NWC_ERR_NOMEM;
    for (int64_t lead = 0; lead <= 6 && status == NWC_OK; lead += 3) {
        status = add_levels(*model, "gh", NWC_VERTICAL_PRESSURE, lead, &latlon, gh);
        if (status == NWC_OK) status = add_levels(*model, "t", NWC_VERTICAL_PRESSURE, lead, &latlon, linear);
    }
    return status;
}

static void a_field_linear_in_space_and_time_comes_out_exactly(void **state)
{
    (void)state;
    nwc_model *model;
    float cells[NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    assert_ok(usual_model(NULL, &model));
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"t"}, 1, 4 * hour, NULL, &field));
    for (int c = 0; c < NZ * NY * NX; c++) {
        const int k = c / (NY * NX);
        const double lon = 110.3 + 0.7 * (c % NX), lat = 30.2 + 0.6 * (c / NX % NY);
        if (k == 0 || k == NZ - 1) /* below the lowest level, above the highest */
            assert_true(isnan(cells[c]));
        else
            assert_near(cells[c], linear_at(heights[k], lon, lat, 4.0), 0.002);
    }
    nwc_model_destroy(model);
}

static void beyond_the_levels_the_outermost_goes_on_as_far_as_is_asked(void **state)
{
    (void)state;
    nwc_model *model;
    float cells[NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    options.below_m = 700.0, options.above_m = 1e4;
    assert_ok(usual_model(NULL, &model));
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"t"}, 1, 0, &options, &field));
    const double lowest = 8000.0 * log(101325.0 / 1e5) + 10.0 * 0.3 + 20.0 * 0.2;
    assert_near(cells[0], linear_at(lowest, 110.3, 30.2, 0.0), 0.002); /* 609 m below it */
    assert_false(isnan(cells[(NZ - 1) * NY * NX]));
    options.below_m = 600.0;
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"t"}, 1, 0, &options, &field));
    assert_true(isnan(cells[0]));
    nwc_model_destroy(model);
}

static void pressure_is_interpolated_by_its_logarithm_and_known_without_a_field(void **state)
{
    (void)state;
    nwc_model *model;
    float cells[2][NZ * NY * NX];
    assert_ok(usual_model(NULL, &model));
    for (int held = 0; held < 2; held++) {
        nwc_field field = field_3d(cells[held], &target);
        if (held) assert_ok(add_levels(model, "pres", NWC_VERTICAL_PRESSURE, 3, &latlon, level_itself));
        assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"pres"}, 1, 3 * hour, NULL, &field));
        for (int c = NY * NX; c < 4 * NY * NX; c++) {
            /* ln p is linear in geopotential height, and that nearly so in height. */
            const double z = heights[c / (NY * NX)], geopotential = 6371229.0 * z / (6371229.0 + z);
            const double slope = 10.0 * (0.3 + 0.7 * (c % NX)) + 20.0 * (0.2 + 0.6 * (c / NX % NY));
            assert_near(cells[held][c], 101325.0 * exp(-(geopotential - slope) / 8000.0), 5.0);
        }
    }
    nwc_model_destroy(model);
}

static void without_geopotential_pressure_levels_are_those_of_the_standard_atmosphere(void **state)
{
    (void)state;
    /* ICAO Doc 7488: geopotential heights of pressures */
    static const double table[][2] = {{101325.0, 0.0},   {85000.0, 1457.3}, {50000.0, 5574.4}, {22632.0, 11000.0},
                                      {5474.9, 20000.0}, {868.02, 32000.0}, {110.91, 47000.0}};
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        assert_near(nwc__standard_height(table[k][0]), table[k][1], 1.0);
    assert_true(isnan(nwc__standard_height(0.0)) && isnan(nwc__standard_height(-1.0)));
    nwc_model *const model = made_model(NULL, NULL);
    assert_ok(add_levels(model, "level", NWC_VERTICAL_PRESSURE, 0, &latlon, level_itself));
    const double at[1] = {nwc__height_of_geopotential(nwc__standard_height(85000.0))};
    nwc_grid one = target;
    one.nz = 1, one.z_m = at;
    float cells[NY * NX];
    nwc_field field = field_3d(cells, &one);
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"level"}, 1, 0, NULL, &field));
    for (int c = 0; c < NY * NX; c++) assert_near(cells[c], 85000.0, 1.0);
    nwc_model_destroy(model);
}

/* ---- hybrid levels ---- */

static double halves[2 * (LEVELS + 1)];

static double isothermal(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lon, (void)lat;
    return 270.0;
}

static double surface_logarithm(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lon, (void)lat;
    return log(98000.0);
}

static double ground_geopotential(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lon, (void)lat;
    return 250.0 * 9.80665;
}

/* In an isothermal atmosphere the height of a pressure is R T / g ln(p0 / p) above the ground. */
static void hybrid_levels_are_integrated_from_the_ground(void **state)
{
    (void)state;
    for (int k = 0; k <= LEVELS; k++) halves[k] = k ? 0.0 : 1.0, halves[LEVELS + 1 + k] = pow(k / (double)LEVELS, 1.5);
    nwc_model *const model = made_model(NULL, halves);
    assert_ok(add_levels(model, "t", NWC_VERTICAL_HYBRID, 0, &latlon, isothermal));
    nwc_model_entry entry = made_entry("lnsp", NWC_VERTICAL_HYBRID, 1.0, 0, &latlon);
    assert_ok(made_model_add(model, &entry, surface_logarithm));
    entry.name = "z";
    assert_ok(made_model_add(model, &entry, ground_geopotential));
    const double above[3] = {400.0, 1600.0, 3000.0};
    nwc_grid grid = target;
    grid.nz = 3, grid.z_m = above;
    float cells[3 * NY * NX];
    nwc_field field = field_3d(cells, &grid);
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"pres"}, 1, 0, NULL, &field));
    for (int c = 0; c < 3 * NY * NX; c++) {
        const double z = above[c / (NY * NX)], geopotential = 6371229.0 * z / (6371229.0 + z);
        if (z < 700.0) /* the lowest full level is half a layer up */
            assert_true(isnan(cells[c]));
        else
            assert_near(cells[c], 98000.0 * exp(-(geopotential - 250.0) * 9.80665 / (287.05 * 270.0)), 600.0);
    }
    /* One column beside the exact half levels: a full level lies between them. */
    float t[LEVELS], height[LEVELS], pressure[LEVELS];
    for (int k = 0; k < LEVELS; k++) t[k] = 270.0F;
    nwc__hybrid_heights(LEVELS, LEVELS, halves, halves + LEVELS + 1, 98000.0, 250.0, t, NULL, height, pressure);
    for (int up = 0; up < LEVELS; up++) {
        const double lower = halves[LEVELS - up] + halves[2 * LEVELS + 1 - up] * 98000.0;
        const double upper = halves[LEVELS - 1 - up] + halves[2 * LEVELS - up] * 98000.0;
        const double scale = 287.05 * 270.0 / 9.80665;
        assert_true(height[up] > 250.0 + scale * log(98000.0 / lower) &&
                    height[up] < 250.0 + scale * log(98000.0 / upper));
        assert_near(pressure[up], 0.5 * (lower + upper), 0.01);
    }
    /* Moist air is thicker: by 0.609 q of its depth above the ground. */
    float q[LEVELS], moist[LEVELS];
    for (int k = 0; k < LEVELS; k++) q[k] = 0.01F;
    nwc__hybrid_heights(LEVELS, LEVELS, halves, halves + LEVELS + 1, 98000.0, 250.0, t, q, moist, pressure);
    for (int up = 0; up < LEVELS; up++)
        assert_near(moist[up] - 250.0F, (height[up] - 250.0F) * (1.0 + 0.609 * 0.01), 0.05);
    nwc_model_destroy(model);
}

static void heights_above_ground_and_the_ground_itself_are_minded(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    for (int k = 0; k < 3; k++) {
        const nwc_model_entry entry = made_entry("level", NWC_VERTICAL_HEIGHT_GROUND, 100.0 + 900.0 * k, 0, &latlon);
        assert_ok(made_model_add(model, &entry, level_itself));
    }
    nwc_grid grid = target;
    const double one[1] = {800.0};
    grid.nz = 1, grid.z_m = one;
    float cells[NY * NX];
    nwc_field field = field_3d(cells, &grid);
    const char *const names[] = {"level"};
    assert_fails(NWC_ERR_NODATA, "no height of the ground",
                 nwc_model_interpolate(NULL, model, names, 1, 0, NULL, &field));
    nwc_model_entry entry = made_entry("orog", NWC_VERTICAL_SURFACE, NAN, -3, &latlon); /* of another time */
    assert_ok(made_model_add(model, &entry, ground));
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    for (int keep = 0; keep < 2; keep++) {
        options.under_ground = keep;
        options.below_m = keep ? 2000.0 : 0.0;
        assert_ok(nwc_model_interpolate(NULL, model, names, 1, 0, &options, &field));
        for (int c = 0; c < NY * NX; c++) {
            const double above = 800.0 - 400.0 * (0.3 + 0.7 * (c % NX));
            if (above >= 100.0)
                assert_near(cells[c], above, 0.5);
            else if (keep)
                assert_near(cells[c], 100.0, 1e-3);
            else
                assert_true(isnan(cells[c]));
        }
    }
    nwc_model_destroy(model);
}

/* ---- winds ---- */

/* A wind of 10 m/s from the west and 4 from the south, along the axes of the conical grid: n is that of 30 and 60 degrees. */
static double cone_angle(double lon)
{
    const double a = 30.0 * radian, b = 60.0 * radian, quarter = 45.0 * radian;
    const double n = log(cos(a) / cos(b)) / log(tan(quarter + 0.5 * b) / tan(quarter + 0.5 * a));
    return n * (lon - 105.0) * radian;
}

static double u_along(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lat;
    return 10.0 * cos(cone_angle(lon)) - 4.0 * sin(cone_angle(lon));
}

static double v_along(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lat;
    return 10.0 * sin(cone_angle(lon)) + 4.0 * cos(cone_angle(lon));
}

static void winds_are_turned_to_the_axes_of_the_target(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    for (int k = 0; k < 2; k++)
        for (int c = 0; c < 2; c++) {
            nwc_model_entry entry =
                made_entry(c ? "v" : "u", NWC_VERTICAL_HEIGHT_SEA, 1000.0 + 1000.0 * k, 0, &conical);
            entry.along_grid = 1;
            assert_ok(made_model_add(model, &entry, c ? v_along : u_along));
        }
    const double one[1] = {1500.0};
    nwc_grid grid = target;
    grid.nz = 1, grid.z_m = one;
    float u[NY * NX], v[NY * NX];
    nwc_field fields[2] = {field_3d(u, &grid), field_3d(v, &grid)};
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"u", "v"}, 2, 0, NULL, fields));
    for (int c = 0; c < NY * NX; c++) {
        assert_near(u[c], 10.0, 0.002);
        assert_near(v[c], 4.0, 0.002);
    }
    /* One of them alone, the other given first, and another projection whose angle is sin 50 (lon - 100). */
    nwc_grid other = {.projection = "+proj=lcc +lat_1=50 +lat_0=35 +lon_0=100 +R=6371229",
                      .nx = NX,
                      .ny = NY,
                      .x_first = 900e3,
                      .y_first = -300e3,
                      .dx = 40e3,
                      .dy = 40e3,
                      .nz = 1,
                      .z_m = one};
    float alone[NY * NX];
    fields[0] = field_3d(v, &other), fields[1] = field_3d(u, &other);
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"v", "u"}, 2, 0, NULL, fields));
    nwc_field only = field_3d(alone, &other);
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"v"}, 1, 0, NULL, &only));
    assert_memory_equal(alone, v, sizeof alone);
    for (int c = 0; c < NY * NX; c++) {
        const double x = other.x_first + other.dx * (c % NX), y = other.y_first + other.dy * (c / NX);
        double lon, lat;
        assert_ok(nwc_grid_to_lonlat(NULL, &other, 1, &x, &y, &lon, &lat));
        const double angle = sin(50.0 * radian) * (lon - 100.0) * radian;
        assert_near(u[c], 10.0 * cos(angle) - 4.0 * sin(angle), 0.002);
        assert_near(v[c], 10.0 * sin(angle) + 4.0 * cos(angle), 0.002);
    }
    nwc_model_destroy(model);
}

/* The level of a wind whose components are its height: u, and v half as much. */
static double height_of_level(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return 0.01 * entry->level * (strcmp(entry->name, "v") == 0 ? 0.5 : 1.0);
}

static void a_level_that_lacks_a_component_is_left_out(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    for (int k = 1; k <= 4; k++)
        for (int c = 0; c < 2; c++) {
            if ((k == 2 && c == 1) || (k == 4 && c == 0)) continue;
            const nwc_model_entry entry = made_entry(c ? "v" : "u", NWC_VERTICAL_HEIGHT_SEA, 1000.0 * k, 0, &latlon);
            assert_ok(made_model_add(model, &entry, height_of_level));
        }
    const double three[3] = {1500.0, 2000.0, 3500.0};
    nwc_grid grid = target;
    grid.nz = 3, grid.z_m = three;
    float u[3 * NY * NX], v[3 * NY * NX];
    nwc_field fields[2] = {field_3d(u, &grid), field_3d(v, &grid)};
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"u", "v"}, 2, 0, NULL, fields));
    for (int c = 0; c < NY * NX; c++) {
        assert_near(u[c], 15.0, 1e-4);
        assert_near(v[c], 7.5, 1e-4);
        assert_near(v[NY * NX + c], 10.0, 1e-4);
        assert_true(isnan(u[2 * NY * NX + c]) && isnan(v[2 * NY * NX + c]));
    }
    nwc_model_destroy(model);
    nwc_model *const apart = made_model(NULL, NULL);
    for (int c = 0; c < 2; c++) {
        const nwc_model_entry entry = made_entry(c ? "v" : "u", NWC_VERTICAL_HEIGHT_SEA, 1000.0 * c + 1.0, 0, &latlon);
        assert_ok(made_model_add(apart, &entry, height_of_level));
    }
    assert_fails(NWC_ERR_NODATA, "u, v: a level that both have",
                 nwc_model_interpolate(NULL, apart, (const char *const[]){"u", "v"}, 2, 0, NULL, fields));
    nwc_model_destroy(apart);
}

/* The turn of wind is that of PROJ's own derivatives, on every projection that a grid may have. */
static void the_turn_of_the_grid_is_that_of_the_projections_derivatives(void **state)
{
    (void)state;
    static const char *const projections[] = {
        "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=35 +lon_0=105 +R=6371229",
        "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=100 +R=6371229", "+proj=merc +lat_ts=20 +lon_0=100 +R=6371229",
        "+proj=ob_tran +o_proj=longlat +o_lat_p=40 +o_lon_p=0 +lon_0=100 +R=6371229"};
    for (size_t n = 0; n < 4; n++) {
        const double place[2] = {112.0, 33.0}, step = 1e-4;
        nwc_grid grid = {.projection = projections[n], .nx = 1, .ny = 1};
        grid.dx = grid.dy = n == 3 ? 0.01 : 1000.0;
        double x[3], y[3], sine, cosine;
        const double lon[3] = {place[0], place[0] + step, place[0]}, lat[3] = {place[1], place[1], place[1] + step};
        assert_ok(nwc_grid_from_lonlat(NULL, &grid, 3, lon, lat, x, y));
        grid.x_first = x[0], grid.y_first = y[0];
        assert_ok(nwc__grid_turn(nwc__ctx(NULL), &grid, &sine, &cosine));
        /* North by the derivative of (x, y) with latitude; a turned Earth's x shrinks with its latitude. */
        const double shrink = n == 3 ? cos(y[0] * radian) : 1.0;
        const double east = (x[2] - x[0]) * shrink, north = y[2] - y[0], length = hypot(east, north);
        assert_near(sine, -east / length, 2e-5);
        assert_near(cosine, north / length, 2e-5);
    }
}

/* ---- choosing ---- */

static void runs_members_and_times_that_are_not_there_are_told(void **state)
{
    (void)state;
    nwc_model *model;
    float cells[NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    nwc_model_interpolate_options options;
    const char *const names[] = {"t"};
    assert_ok(usual_model(NULL, &model));
    assert_fails(NWC_ERR_NODATA, "t: no run", nwc_model_interpolate(NULL, model, names, 1, 7 * hour, NULL, &field));
    assert_fails(NWC_ERR_NODATA, "q: no such variable",
                 nwc_model_interpolate(NULL, model, (const char *const[]){"q"}, 1, 0, NULL, &field));
    nwc_model_interpolate_options_init(&options);
    options.reference_ns = hour;
    assert_fails(NWC_ERR_NODATA, "t: no such variable",
                 nwc_model_interpolate(NULL, model, names, 1, 0, &options, &field));
    options.below_m = -1.0;
    assert_fails(NWC_ERR_ARG, "below_m", nwc_model_interpolate(NULL, model, names, 1, 0, &options, &field));
    assert_fails(NWC_ERR_ARG, "given twice",
                 nwc_model_interpolate(NULL, model, (const char *const[]){"t", "t"}, 2, 0, NULL,
                                       (nwc_field[]){field, field}));
    field.dim[0] = NZ - 1;
    assert_fails(NWC_ERR_ARG, "5 heights expected, 4 given",
                 nwc_model_interpolate(NULL, model, names, 1, 0, NULL, &field));
    field.dim[0] = NZ;
    nwc_model_entry entry = made_entry("t", NWC_VERTICAL_PRESSURE, 1e5, 0, &latlon);
    entry.member = 3;
    assert_ok(made_model_add(model, &entry, linear));
    assert_fails(NWC_ERR_ARG, "member: one of several", nwc_model_interpolate(NULL, model, names, 1, 0, NULL, &field));
    nwc_model_destroy(model);
}

static double of_run(const nwc_model_entry *entry, double lon, double lat)
{
    (void)lon, (void)lat;
    return (double)(entry->reference_ns / hour);
}

static void the_latest_run_that_covers_a_time_is_taken(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    for (int run = 0; run <= 6; run += 6)
        for (int lead = 0; lead <= 12; lead += 12)
            for (int k = 0; k < 2; k++) {
                nwc_model_entry entry = made_entry("x", NWC_VERTICAL_HEIGHT_SEA, 1000.0 * (k + 1), run + lead, &latlon);
                entry.reference_ns = run * hour;
                assert_ok(made_model_add(model, &entry, of_run));
            }
    const double one[1] = {1500.0};
    nwc_grid grid = target;
    grid.nz = 1, grid.z_m = one;
    float cells[NY * NX];
    nwc_field field = field_3d(cells, &grid);
    const char *const names[] = {"x"};
    nwc_model_interpolate_options options;
    nwc_model_interpolate_options_init(&options);
    for (int at = 0; at <= 18; at += 3) {
        assert_ok(nwc_model_interpolate(NULL, model, names, 1, at * hour, NULL, &field));
        assert_near(cells[0], at < 6 ? 0.0 : 6.0, 0.0);
    }
    options.reference_ns = 0;
    assert_ok(nwc_model_interpolate(NULL, model, names, 1, 9 * hour, &options, &field));
    assert_near(cells[0], 0.0, 0.0);
    nwc_model_destroy(model);
}

static void a_flat_grid_takes_a_single_level(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    nwc_model_entry entry = made_entry("2t", NWC_VERTICAL_HEIGHT_GROUND, 2.0, 0, &latlon);
    assert_ok(made_model_add(model, &entry, ground));
    entry = made_entry("tp", NWC_VERTICAL_SURFACE, NAN, 3, &latlon);
    entry.start_ns = 0, entry.statistic = "accum";
    assert_ok(made_model_add(model, &entry, ground));
    nwc_grid grid = target;
    grid.nz = 0, grid.z_m = NULL;
    float cells[NY * NX];
    nwc_field field = field_2d(cells, NY, NX, NULL, &grid);
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"2t"}, 1, 0, NULL, &field));
    for (int c = 0; c < NY * NX; c++) assert_near(cells[c], 400.0 * (0.3 + 0.7 * (c % NX)), 0.01);
    /* An amount belongs to the end of its interval, and to no other time. */
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"tp"}, 1, 3 * hour, NULL, &field));
    assert_fails(NWC_ERR_NODATA, "tp: no",
                 nwc_model_interpolate(NULL, model, (const char *const[]){"tp"}, 1, 2 * hour, NULL, &field));
    entry = made_entry("2t", NWC_VERTICAL_HEIGHT_GROUND, 10.0, 0, &latlon);
    assert_ok(made_model_add(model, &entry, ground));
    assert_fails(NWC_ERR_ARG, "one level expected for a flat grid, there are 2",
                 nwc_model_interpolate(NULL, model, (const char *const[]){"2t"}, 1, 0, NULL, &field));
    nwc_model_destroy(model);
}

/* Of the file's numbers of one variable those are taken that are values, or what is asked for. */
static void values_are_told_from_what_is_derived_of_them(void **state)
{
    (void)state;
    static const char *const kinds[] = {"spread", "mean", "", "probability above 3"};
    nwc_grid grid = target;
    grid.nz = 0, grid.z_m = NULL;
    float cells[NY * NX];
    nwc_field field = field_2d(cells, NY, NX, NULL, &grid);
    const char *const names[] = {"2t"};
    for (int n = 1; n <= 4; n++) {
        nwc_model *const model = made_model(NULL, NULL);
        for (int k = 0; k < n; k++) {
            nwc_model_entry entry = made_entry("2t", NWC_VERTICAL_HEIGHT_GROUND, 2.0, 0, &latlon);
            entry.derived = kinds[k], entry.number = k;
            assert_ok(made_model_add(model, &entry, own_number));
        }
        if (n == 1)
            assert_fails(NWC_ERR_NODATA, "2t: no", nwc_model_interpolate(NULL, model, names, 1, 0, NULL, &field));
        else {
            assert_ok(nwc_model_interpolate(NULL, model, names, 1, 0, NULL, &field));
            assert_near(cells[0], n == 2 ? 1.0 : 2.0, 0.0);
        }
        nwc_model_interpolate_options options;
        nwc_model_interpolate_options_init(&options);
        options.derived = "spread";
        assert_ok(nwc_model_interpolate(NULL, model, names, 1, 0, &options, &field));
        assert_near(cells[0], 0.0, 0.0);
        options.derived = "percentile 90";
        assert_fails(NWC_ERR_NODATA, "2t: no", nwc_model_interpolate(NULL, model, names, 1, 0, &options, &field));
        nwc_model_destroy(model);
    }
}

/* Heights of mean levels are those of the mean where there are no others, and the ground is one for all. */
static void levels_of_a_mean_have_its_heights(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    float cells[NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    for (int derived = 0; derived < 2; derived++) /* the spread first */
        for (int v = 0; v < 2; v++)
            for (int k = 0; k < LEVELS; k++) {
                static const double pressures[LEVELS] = {1e5, 92500.0, 85e3, 7e4, 5e4, 3e4};
                nwc_model_entry entry = made_entry(v ? "t" : "gh", NWC_VERTICAL_PRESSURE, pressures[k], 0, &latlon);
                entry.derived = derived ? "mean" : "spread";
                assert_ok(made_model_add(model, &entry, !derived ? level_itself : v ? linear : gh));
            }
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"t"}, 1, 0, NULL, &field));
    assert_near(cells[2 * NY * NX], linear_at(1500.0, 110.3, 30.2, 0.0), 0.002);
    nwc_model_destroy(model);
}

static void unknown_levels_are_left_out_of_a_column(void **state)
{
    (void)state;
    nwc_model *const model = made_model(NULL, NULL);
    float cells[NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    assert_ok(add_levels(model, "gh", NWC_VERTICAL_PRESSURE, 0, &latlon, gh));
    assert_ok(add_levels(model, "t", NWC_VERTICAL_PRESSURE, 0, &latlon, missing_above));
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"t"}, 1, 0, NULL, &field));
    assert_near(cells[2 * NY * NX], linear_at(1500.0, 110.3, 30.2, 0.0), 0.002);
    assert_true(isnan(cells[3 * NY * NX])); /* 4000 m: above the highest level that is known */
    nwc_model_destroy(model);
}

static double sine_of_longitude(const nwc_model_entry *entry, double lon, double lat)
{
    (void)entry, (void)lat;
    return sin(lon * radian);
}

static void a_global_grid_has_no_seam(void **state)
{
    (void)state;
    const nwc_grid globe = {.projection = "+proj=longlat +R=6371229",
                            .nx = 144,
                            .ny = 73,
                            .x_first = 0.0,
                            .y_first = -90.0,
                            .dx = 2.5,
                            .dy = 2.5};
    const double one[1] = {1500.0};
    const nwc_grid across = {.projection = "+proj=longlat +R=6371229",
                             .nx = 21,
                             .ny = 2,
                             .x_first = -5.0,
                             .y_first = 10.0,
                             .dx = 0.5,
                             .dy = 0.5,
                             .nz = 1,
                             .z_m = one};
    nwc_model *const model = made_model(NULL, NULL);
    for (int k = 0; k < 2; k++) {
        const nwc_model_entry entry = made_entry("x", NWC_VERTICAL_HEIGHT_SEA, 1000.0 * (k + 1), 0, &globe);
        assert_ok(made_model_add(model, &entry, sine_of_longitude));
    }
    float cells[42];
    nwc_field field = field_3d(cells, &across);
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"x"}, 1, 0, NULL, &field));
    for (int c = 0; c < 42; c++) assert_near(cells[c], sin((-5.0 + 0.5 * (c % 21)) * radian), 1e-3);
    nwc_model_destroy(model);
}

static void any_strides_and_threads_give_the_same_bits(void **state)
{
    (void)state;
    nwc_model *model;
    static float cells[NZ * NY * NX], strided[2 * NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    const char *const names[] = {"t"};
    assert_ok(usual_model(NULL, &model));
    assert_ok(nwc_model_interpolate(NULL, model, names, 1, 2 * hour, NULL, &field));
    for (int threads = 1; threads <= 7; threads += 2) {
        nwc_ctx *const ctx = context_with_threads(threads);
        nwc_field turned = field_3d(strided + 2 * (NY - 1) * NX, &target);
        turned.stride[0] = 2 * NY * NX, turned.stride[1] = -2 * NX, turned.stride[2] = 2;
        assert_ok(nwc_model_interpolate(ctx, model, names, 1, 2 * hour, NULL, &turned));
        for (int k = 0; k < NZ; k++)
            for (int j = 0; j < NY; j++)
                for (int i = 0; i < NX; i++) {
                    const float *const a = &cells[(k * NY + j) * NX + i];
                    const float *const b = &turned.data[k * turned.stride[0] + j * turned.stride[1] + i * 2];
                    assert_true(*a == *b || (isnan(*a) && isnan(*b)));
                }
        nwc_ctx_destroy(ctx);
    }
    nwc_model_destroy(model);
}

static nwc_status make_and_interpolate(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_model *model;
    static float cells[NZ * NY * NX];
    nwc_field field = field_3d(cells, &target);
    nwc_status status = usual_model(ctx, &model);
    if (status == NWC_OK)
        status = nwc_model_interpolate(ctx, model, (const char *const[]){"t"}, 1, 2 * hour, NULL, &field);
    nwc_model_destroy(model);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(make_and_interpolate, NULL) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_linear_in_space_and_time_comes_out_exactly),
        cmocka_unit_test(beyond_the_levels_the_outermost_goes_on_as_far_as_is_asked),
        cmocka_unit_test(pressure_is_interpolated_by_its_logarithm_and_known_without_a_field),
        cmocka_unit_test(without_geopotential_pressure_levels_are_those_of_the_standard_atmosphere),
        cmocka_unit_test(hybrid_levels_are_integrated_from_the_ground),
        cmocka_unit_test(heights_above_ground_and_the_ground_itself_are_minded),
        cmocka_unit_test(winds_are_turned_to_the_axes_of_the_target),
        cmocka_unit_test(a_level_that_lacks_a_component_is_left_out),
        cmocka_unit_test(the_turn_of_the_grid_is_that_of_the_projections_derivatives),
        cmocka_unit_test(runs_members_and_times_that_are_not_there_are_told),
        cmocka_unit_test(the_latest_run_that_covers_a_time_is_taken),
        cmocka_unit_test(a_flat_grid_takes_a_single_level),
        cmocka_unit_test(values_are_told_from_what_is_derived_of_them),
        cmocka_unit_test(levels_of_a_mean_have_its_heights),
        cmocka_unit_test(unknown_levels_are_left_out_of_a_column),
        cmocka_unit_test(a_global_grid_has_no_seam),
        cmocka_unit_test(any_strides_and_threads_give_the_same_bits),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
