/* wind_level: winds that are known by formula, read at heights above flat and stepped ground; gusts worked out by hand. */
#include "support/support.h"

enum { NZ = 8, NY = 3, NX = 5, COLUMNS = NY * NX, CELLS = NZ * COLUMNS };

static const double z_m[NZ] = {20.0, 60.0, 100.0, 300.0, 700.0, 1200.0, 2000.0, 3200.0};
static const nwc_grid grid = {.projection = "+proj=tmerc +lat_0=32 +lon_0=120 +ellps=WGS84 +units=m",
                              .ny = NY,
                              .nx = NX,
                              .dx = 1000.0,
                              .dy = 1000.0,
                              .nz = NZ,
                              .z_m = z_m};

static nwc_field cube_of(float *cells)
{
    return (nwc_field){.data = cells,
                       .ndim = 3,
                       .dim = {NZ, NY, NX},
                       .stride = {COLUMNS, NX, 1},
                       .missing = NAN,
                       .units = "m s-1",
                       .grid = &grid};
}

static nwc_field levels_of(float *cells, int64_t n)
{
    nwc_field field = cube_of(cells);
    field.dim[0] = n;
    return field;
}

static nwc_field flat(float *cells, const char *units)
{
    return field_2d(cells, NY, NX, units, &grid);
}

/* A cube whose columns are all the same; u and v by a function of height above sea level. */
struct made {
    float u[CELLS], v[CELLS], w[CELLS], error[CELLS], quality[CELLS], ground[COLUMNS];
    nwc_field fields[5], below;
    nwc_wind_cube cube;
};

static void make(struct made *made, double (*u)(double z), double (*v)(double z))
{
    for (int c = 0; c < CELLS; c++) {
        const double z = z_m[c / COLUMNS];
        made->u[c] = (float)u(z), made->v[c] = (float)v(z);
        made->w[c] = (float)(1e-3 * z), made->error[c] = 1.0F, made->quality[c] = 0.8F;
    }
    for (int c = 0; c < COLUMNS; c++) made->ground[c] = 0.0F;
    float *const cells[5] = {made->u, made->v, made->w, made->error, made->quality};
    for (int f = 0; f < 5; f++) made->fields[f] = cube_of(cells[f]);
    made->below = flat(made->ground, "m");
    made->cube = (nwc_wind_cube){.u = &made->fields[0],
                                 .v = &made->fields[1],
                                 .w = &made->fields[2],
                                 .error = &made->fields[3],
                                 .quality = &made->fields[4],
                                 .ground_m = &made->below};
}

enum { MOST = 12 };

struct read {
    float u[MOST * COLUMNS], v[MOST * COLUMNS], w[MOST * COLUMNS], error[MOST * COLUMNS], quality[MOST * COLUMNS];
};

static nwc_status read_levels(nwc_ctx *ctx, const nwc_wind_cube *cube, const double *height, int64_t n,
                              const nwc_wind_level_options *options, struct read *read)
{
    nwc_field fields[5] = {levels_of(read->u, n), levels_of(read->v, n), levels_of(read->w, n),
                           levels_of(read->error, n), levels_of(read->quality, n)};
    const nwc_wind_levels_out out = {&fields[0], &fields[1], &fields[2], &fields[3], &fields[4]};
    return nwc_wind_levels(ctx, cube, height, n, options, &out);
}

/* u* = 0.4 m s-1 over z0 = 0.1 m, and the straight line above 100 m. */
static double log_wind(double z)
{
    return z < 100.0 ? log(z / 0.1) : log(1000.0) + (z - 100.0) / 100.0;
}

static double minus_half(double z)
{
    return -0.5 * log_wind(z);
}

static double linear(double z)
{
    return 5.0 + 4e-3 * z;
}

static double zero(double z)
{
    return 0.0 * z;
}

static void a_logarithmic_wind_is_read_exactly_between_levels_and_below_them(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {2.0, 10.0, 20.0, 50.0, 80.0, 100.0, 200.0, 500.0, 1000.0, 3000.0};
    make(&made, log_wind, minus_half);
    assert_ok(read_levels(NULL, &made.cube, height, 10, NULL, &read));
    for (int k = 0; k < 10; k++)
        for (int c = 0; c < COLUMNS; c++) {
            assert_near(read.u[k * COLUMNS + c], log_wind(height[k]), 1e-5);
            assert_near(read.v[k * COLUMNS + c], minus_half(height[k]), 1e-5);
        }
    /* On a level all is as it is there. */
    assert_near(read.error[2 * COLUMNS], 1.0, 1e-6);
    assert_near(read.quality[2 * COLUMNS], 0.8, 1e-6);
    assert_near(read.w[2 * COLUMNS], 0.02, 1e-7);
}

static void a_wind_that_grows_evenly_is_read_exactly_above_the_surface_layer(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {150.0, 450.0, 950.0, 1999.0, 3200.0};
    make(&made, linear, zero);
    assert_ok(read_levels(NULL, &made.cube, height, 5, NULL, &read));
    for (int k = 0; k < 5; k++) {
        assert_near(read.u[k * COLUMNS + 7], linear(height[k]), 1e-4);
        assert_near(read.w[k * COLUMNS + 7], 1e-3 * height[k], 1e-6);
    }
}

/* Ekman (1905): geostrophic 12 m/s, depth pi / g = 800 m. Off a level a straight line errs by at most h^2 |V''| / 8. */
static double ekman_u(double z)
{
    const double g = acos(-1.0) / 800.0;
    return 12.0 * (1.0 - exp(-g * z) * cos(g * z));
}

static double ekman_v(double z)
{
    const double g = acos(-1.0) / 800.0;
    return 12.0 * exp(-g * z) * sin(g * z);
}

static void an_ekman_spiral_is_read_within_the_error_that_is_told(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {150.0, 200.0, 500.0, 1000.0, 1500.0}, g = acos(-1.0) / 800.0;
    make(&made, ekman_u, ekman_v);
    for (int c = 0; c < CELLS; c++) made.error[c] = 0.0F;
    assert_ok(read_levels(NULL, &made.cube, height, 5, NULL, &read));
    for (int k = 0; k < 5; k++) {
        int above = 0;
        while (z_m[above] < height[k]) above++;
        const double gap = z_m[above] - z_m[above - 1];
        const double bound = gap * gap / 8.0 * 2.0 * 12.0 * g * g * exp(-g * z_m[above - 1]);
        const double du = read.u[k * COLUMNS] - ekman_u(height[k]), dv = read.v[k * COLUMNS] - ekman_v(height[k]);
        assert_true(fabs(du) <= bound && fabs(dv) <= bound);
        assert_true(hypot(du, dv) <= 1.5 * (double)read.error[k * COLUMNS]);
    }
}

static void what_reading_adds_is_told(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {10.0, 400.0, 500.0};
    make(&made, linear, zero);
    for (int c = 0; c < 3 * COLUMNS; c++) made.u[c] = NAN; /* the lowest that is known is at 300 m */
    assert_ok(read_levels(NULL, &made.cube, height, 3, NULL, &read));
    const double share = log(100.0) / (log(1000.0) + 2.0), below = 0.025 * 290.0,
                 between = 0.01 * 100.0 * 300.0 / 400.0;
    assert_near(read.u[3], share * linear(300.0), 1e-5);
    assert_near(read.error[3], sqrt(share * share + below), 1e-5);
    assert_near(read.quality[3], 0.8 / (1.0 + below / 4.0), 1e-5);
    assert_near(read.error[COLUMNS], sqrt(1.0 + between), 1e-5);
    assert_near(read.quality[COLUMNS], 0.8 / (1.0 + between / 4.0), 1e-5);
    assert_true(read.quality[3] < read.quality[COLUMNS]);
}

static void what_is_too_far_from_all_levels_is_not_known(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {50.0, 200.0, 1000.0, 2000.0, 2500.0, 3200.5};
    make(&made, linear, zero);
    for (int c = 0; c < 5 * COLUMNS; c++) made.v[c] = NAN;                /* known from 1200 m */
    for (int c = 6 * COLUMNS; c < 7 * COLUMNS; c++) made.u[c] = INFINITY; /* and not at 2000 m */
    assert_ok(read_levels(NULL, &made.cube, height, 6, NULL, &read));
    for (int k = 0; k < 6; k++) {
        const bool known = k == 1 || k == 2; /* 1000 m below the lowest, no more; not within a gap of 2000 m */
        assert_int_equal(!isnan(read.u[k * COLUMNS]), known);
        assert_int_equal(!isnan(read.error[k * COLUMNS]), known);
        assert_int_equal(read.quality[k * COLUMNS] > 0.0F, known);
    }
    nwc_wind_level_options options;
    nwc_wind_level_options_init(&options);
    options.gap_m = 2500.0, options.reach_m = 2000.0;
    assert_ok(read_levels(NULL, &made.cube, height, 6, &options, &read));
    for (int k = 0; k < 5; k++) assert_false(isnan(read.u[k * COLUMNS]));
    assert_true(isnan(read.u[5 * COLUMNS]));
}

/* A step of 400 m between columns 1 and 2: heights count from the ground of each. */
static void heights_count_from_the_ground(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {300.0, 800.0};
    make(&made, linear, zero);
    for (int c = 0; c < COLUMNS; c++) made.ground[c] = c % NX < 2 ? 0.0F : 400.0F;
    made.ground[4] = NAN;
    assert_ok(read_levels(NULL, &made.cube, height, 2, NULL, &read));
    assert_near(read.u[0], linear(300.0), 1e-4);
    assert_near(read.u[3], linear(700.0), 1e-4);
    assert_near(read.u[COLUMNS], linear(800.0), 1e-4);
    assert_near(read.u[COLUMNS + 3], linear(1200.0), 1e-4);
    assert_true(isnan(read.u[4]) && isnan(read.w[COLUMNS + 4]) && read.quality[4] == 0.0F);
}

/* Ground that rises 50 m in a kilometre along x, and 20 along y: near it air moves along it. */
static void near_the_ground_air_follows_its_slope(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {1e-3, 5.0};
    make(&made, log_wind, minus_half);
    for (int c = 0; c < COLUMNS; c++) made.ground[c] = (float)(50 * (c % NX) + 20 * (c / NX)) - 900.0F;
    for (int c = 0; c < CELLS; c++) made.w[c] = 0.0F;
    assert_ok(read_levels(NULL, &made.cube, height, 2, NULL, &read));
    const int c = COLUMNS + NX + 2;
    const double lowest = 20.0 + 900.0 - 120.0, part = 5.0 / lowest;
    assert_near(read.w[c], (1.0 - part) * ((double)read.u[c] * 0.05 + (double)read.v[c] * 0.02), 1e-5);
    assert_near(read.w[COLUMNS],
                (1.0 - 5.0 / 920.0) * ((double)read.u[COLUMNS] * 0.05 + (double)read.v[COLUMNS] * 0.02), 1e-5);
    assert_near(read.u[0], 0.0, 1e-6); /* below the roughness length */
}

static void roughness_is_that_of_the_cell_where_it_is_told(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    float rough[COLUMNS];
    nwc_field roughness = flat(rough, "m");
    const double height[] = {10.0};
    make(&made, log_wind, zero);
    for (int c = 0; c < COLUMNS; c++) rough[c] = c % 2 ? 1.0F : NAN;
    made.cube.roughness_m = &roughness;
    assert_ok(read_levels(NULL, &made.cube, height, 1, NULL, &read));
    assert_near(read.u[0], log(100.0), 1e-5);
    assert_near(read.u[1], log_wind(20.0) * log(10.0) / log(20.0), 1e-5);
}

static void nothing_known_and_single_columns_are_answered(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    const double height[] = {50.0, 1000.0};
    make(&made, zero, zero);
    for (int c = 0; c < CELLS; c++) made.u[c] = made.w[c] = NAN;
    assert_ok(read_levels(NULL, &made.cube, height, 2, NULL, &read));
    for (int c = 0; c < 2 * COLUMNS; c++) assert_true(isnan(read.u[c]) && isnan(read.w[c]) && read.quality[c] == 0.0F);
    /* 1 x 1 and 1 x 5, of a single level */
    for (int64_t nx = 1; nx <= 5; nx += 4) {
        const double z = 100.0;
        nwc_grid small = grid;
        small.ny = 1, small.nx = nx, small.nz = 1, small.z_m = &z;
        float u[5] = {9, 9, 9, 9, 9}, v[5] = {0}, ground[5] = {0}, made_u[10], made_v[10];
        nwc_field fields[4] = {field_2d(u, 1, nx, "m s-1", &small), field_2d(v, 1, nx, "m s-1", &small)};
        nwc_field below = field_2d(ground, 1, nx, "m", &small);
        fields[2] = fields[0], fields[3] = fields[1], fields[2].data = made_u, fields[3].data = made_v;
        for (int f = 0; f < 4; f++) {
            fields[f].ndim = 3, fields[f].dim[0] = f < 2 ? 1 : 2, fields[f].dim[1] = 1, fields[f].dim[2] = nx;
            fields[f].stride[0] = nx, fields[f].stride[1] = nx, fields[f].stride[2] = 1;
        }
        const nwc_wind_cube cube = {.u = &fields[0], .v = &fields[1], .ground_m = &below};
        const nwc_wind_levels_out out = {.u = &fields[2], .v = &fields[3]};
        assert_ok(nwc_wind_levels(NULL, &cube, height, 2, NULL, &out));
        assert_near(made_u[nx - 1], 9.0 * log(500.0) / log(1000.0), 1e-5);
        assert_true(isnan(made_u[nx]));
    }
}

/* ---- gusts ---- */

static void a_gust_is_the_wind_and_its_turbulence(void **state)
{
    (void)state;
    static struct made made;
    float gust[COLUMNS], u[COLUMNS], v[COLUMNS], convection[COLUMNS];
    nwc_field out = flat(gust, "m s-1"), u10 = flat(u, "m s-1"), v10 = flat(v, "m s-1"), deep = flat(convection, "1");
    make(&made, log_wind, zero);
    assert_ok(nwc_wind_gust(NULL, &made.cube, NULL, NULL, NULL, &out));
    const double mean = log(100.0), friction = 0.4 * mean / log(100.0);
    assert_near(gust[0], mean + 7.2 * friction, 1e-5);
    for (int c = 0; c < COLUMNS; c++) u[c] = 6.0F, v[c] = 8.0F, convection[c] = c % 2 ? 0.5F : NAN;
    u[4] = NAN;
    nwc_wind_gust_input input = {.u = &u10, .v = &v10, .convection = &deep};
    assert_ok(nwc_wind_gust(NULL, &made.cube, &input, NULL, NULL, &out));
    assert_near(gust[0], 10.0 + 7.2 * 0.4 * 10.0 / log(100.0), 1e-5);
    assert_near(gust[1], 10.0 + 7.2 * 0.4 * 10.0 / log(100.0) + 0.6 * 0.5 * 10.0, 1e-4); /* 1 m/s in 100 m */
    assert_true(isnan(gust[4]));
}

/*
 * A neutral layer up to 1200 m under an inversion: turbulence reaches wind in all of it. From 2000 m the air is 8 K warmer: more than
 * a friction velocity of 0.4 m/s can bring down; 5.5 x 0.16 = 0.88 m2 s-2 against about g 8 / 300 x 1600 m.
 */
static void wind_is_brought_down_as_far_as_buoyancy_lets_it(void **state)
{
    (void)state;
    static struct made made;
    float gust[COLUMNS], theta[CELLS], tke[CELLS];
    nwc_field out = flat(gust, "m s-1"), warm = cube_of(theta), energy = cube_of(tke);
    make(&made, log_wind, zero);
    for (int c = 0; c < CELLS; c++) theta[c] = z_m[c / COLUMNS] > 1500.0 ? 308.0F : 300.0F, tke[c] = 1e4F;
    nwc_wind_gust_input input = {.theta_v = &warm};
    assert_ok(nwc_wind_gust(NULL, &made.cube, &input, NULL, NULL, &out));
    assert_near(gust[2], log_wind(1200.0), 1e-4);
    /* With energy enough, up to the top of mixing. */
    input.tke = &energy;
    assert_ok(nwc_wind_gust(NULL, &made.cube, &input, NULL, NULL, &out));
    assert_near(gust[2], log_wind(2000.0), 1e-4);
    nwc_wind_gust_options options;
    nwc_wind_gust_options_init(&options);
    options.mixing_top_m = 1000.0;
    assert_ok(nwc_wind_gust(NULL, &made.cube, &input, NULL, &options, &out));
    assert_near(gust[2], log_wind(700.0), 1e-4);
    /* A stable layer: 1 K in 100 m keeps all but the lowest wind where it is. */
    input.tke = NULL;
    for (int c = 0; c < CELLS; c++) theta[c] = 300.0F + (float)(z_m[c / COLUMNS] / 100.0);
    assert_ok(nwc_wind_gust(NULL, &made.cube, &input, NULL, NULL, &out));
    assert_near(gust[2], log(100.0) + 7.2 * 0.4, 1e-4);
}

/* ---- all of it ---- */

struct all {
    struct made *made;
    struct read read;
    float gust[COLUMNS];
};

static nwc_status everything(nwc_ctx *ctx, struct all *all)
{
    static const double height[] = {30.0, 100.0, 250.0, 1700.0};
    nwc_field gust = flat(all->gust, "m s-1");
    const nwc_wind_gust_input input = {.theta_v = all->made->cube.error}; /* any numbers */
    const nwc_status status = read_levels(ctx, &all->made->cube, height, 4, NULL, &all->read);
    return status == NWC_OK ? nwc_wind_gust(ctx, &all->made->cube, &input, NULL, NULL, &gust) : status;
}

static void fill_unevenly(struct made *made)
{
    make(made, ekman_u, ekman_v);
    for (int c = 0; c < CELLS; c++) {
        made->u[c] = c * 7 % 11 == 0 ? NAN : made->u[c] + (float)(c % 5);
        made->error[c] = 300.0F + (float)(c % 3);
    }
    for (int c = 0; c < COLUMNS; c++) made->ground[c] = (float)(c * 37 % 150);
}

static void levels_are_the_same_bits_on_any_threads_and_strides(void **state)
{
    (void)state;
    static struct made made, turned;
    static struct all one, other;
    fill_unevenly(&made), fill_unevenly(&turned);
    one.made = &made, other.made = &made;
    assert_ok(everything(NULL, &one));
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(everything(ctx, &other));
        assert_memory_equal(&one.read, &other.read, sizeof one.read);
        assert_memory_equal(one.gust, other.gust, sizeof one.gust);
        nwc_ctx_destroy(ctx);
    }
    for (int f = 0; f < 5; f++) { /* levels innermost, rows from the north */
        const float *const from = made.fields[f].data;
        for (int k = 0; k < NZ; k++)
            for (int j = 0; j < NY; j++)
                for (int i = 0; i < NX; i++)
                    turned.fields[f].data[((NY - 1 - j) * NX + i) * NZ + k] = from[(k * NY + j) * NX + i];
        turned.fields[f].data += (NY - 1) * NX * NZ;
        turned.fields[f].stride[0] = 1, turned.fields[f].stride[1] = -NX * NZ, turned.fields[f].stride[2] = NZ;
    }
    other.made = &turned;
    assert_ok(everything(NULL, &other));
    assert_memory_equal(&one.read, &other.read, sizeof one.read);
    assert_memory_equal(one.gust, other.gust, sizeof one.gust);
}

static nwc_status with_context(nwc_ctx *ctx, void *user)
{
    return everything(ctx, user);
}

static void memory_that_runs_out_is_answered(void **state)
{
    (void)state;
    static struct made made;
    static struct all all;
    fill_unevenly(&made);
    all.made = &made;
    assert_true(check_every_allocation_failure(with_context, &all) >= 4);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct made made;
    static struct read read;
    float cells[COLUMNS];
    const double height[] = {50.0, 40.0, 40000.0, 0.0};
    nwc_field out = flat(cells, "m s-1"), small = field_2d(cells, NY, NX - 1, "m s-1", NULL);
    nwc_field three = levels_of(read.u, 3);
    nwc_wind_level_options options;
    make(&made, linear, zero);
    nwc_wind_cube cube = made.cube;
    const nwc_wind_levels_out half = {.u = &three}, wrong = {.w = &three};
    assert_fails(NWC_ERR_ARG, "cube: a wind", nwc_wind_levels(NULL, NULL, height, 1, NULL, &wrong));
    assert_fails(NWC_ERR_ARG, "increasing heights", read_levels(NULL, &cube, height, 2, NULL, &read));
    assert_fails(NWC_ERR_ARG, "at most 30000", read_levels(NULL, &cube, height + 2, 1, NULL, &read));
    assert_fails(NWC_ERR_ARG, "above 0 and", read_levels(NULL, &cube, height + 3, 1, NULL, &read));
    assert_fails(NWC_ERR_ARG, "at least one height", read_levels(NULL, &cube, NULL, 1, NULL, &read));
    assert_fails(NWC_ERR_ARG, "u and v, or neither", nwc_wind_levels(NULL, &cube, height, 1, NULL, &half));
    assert_fails(NWC_ERR_ARG, "out.w: 1 levels", nwc_wind_levels(NULL, &cube, height, 1, NULL, &wrong));
    static const struct {
        size_t offset;
        double value;
        const char *text;
    } bad[] = {{offsetof(nwc_wind_level_options, roughness_m), 0.0, "roughness_m"},
               {offsetof(nwc_wind_level_options, surface_layer_m), 1.0, "surface_layer_m"},
               {offsetof(nwc_wind_level_options, least_m), -1.0, "least_m"},
               {offsetof(nwc_wind_level_options, reach_m), (double)NAN, "reach_m"},
               {offsetof(nwc_wind_level_options, gap_m), 0.0, "gap_m"},
               {offsetof(nwc_wind_level_options, between_m_s2), -1.0, "between_m_s2"},
               {offsetof(nwc_wind_level_options, below_m_s2), (double)INFINITY, "below_m_s2"}};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        nwc_wind_level_options_init(&options);
        memcpy((char *)&options + bad[n].offset, &bad[n].value, sizeof bad[n].value);
        assert_fails(NWC_ERR_ARG, bad[n].text, read_levels(NULL, &cube, height, 1, &options, &read));
    }
    nwc_wind_gust_options gusts;
    nwc_wind_gust_options_init(&gusts);
    gusts.convective = 2.0;
    assert_fails(NWC_ERR_ARG, "convective: 0 to 1", nwc_wind_gust(NULL, &cube, NULL, NULL, &gusts, &out));
    gusts.convective = 0.0, gusts.turbulent = -1.0;
    assert_fails(NWC_ERR_ARG, "turbulent", nwc_wind_gust(NULL, &cube, NULL, NULL, &gusts, &out));
    gusts.turbulent = 0.0, gusts.mixing_top_m = 0.0;
    assert_fails(NWC_ERR_ARG, "mixing_top_m", nwc_wind_gust(NULL, &cube, NULL, NULL, &gusts, &out));
    const nwc_wind_gust_input one = {.u = &out}, few = {.theta_v = &three};
    assert_fails(NWC_ERR_ARG, "u and v, or neither", nwc_wind_gust(NULL, &cube, &one, NULL, NULL, &out));
    assert_fails(NWC_ERR_ARG, "theta_v: 8 levels", nwc_wind_gust(NULL, &cube, &few, NULL, NULL, &out));
    assert_fails(NWC_ERR_ARG, "gust: the 3 x 5 cells", nwc_wind_gust(NULL, &cube, NULL, NULL, NULL, &small));
    cube.ground_m = &small;
    assert_fails(NWC_ERR_ARG, "ground_m: the 3 x 5 cells", read_levels(NULL, &cube, height, 1, NULL, &read));
    cube = made.cube, cube.quality = &three;
    assert_fails(NWC_ERR_ARG, "quality: the 8 levels", read_levels(NULL, &cube, height, 1, NULL, &read));
    made.fields[1].units = "kt";
    cube = made.cube;
    assert_fails(NWC_ERR_ARG, "v: units \"m s-1\"", read_levels(NULL, &cube, height, 1, NULL, &read));
    nwc_grid no_levels = grid;
    no_levels.nz = 0, no_levels.z_m = NULL, made.fields[0].grid = &no_levels;
    assert_fails(NWC_ERR_ARG, "levels of its grid", read_levels(NULL, &cube, height, 1, NULL, &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_logarithmic_wind_is_read_exactly_between_levels_and_below_them),
        cmocka_unit_test(a_wind_that_grows_evenly_is_read_exactly_above_the_surface_layer),
        cmocka_unit_test(an_ekman_spiral_is_read_within_the_error_that_is_told),
        cmocka_unit_test(what_reading_adds_is_told),
        cmocka_unit_test(what_is_too_far_from_all_levels_is_not_known),
        cmocka_unit_test(heights_count_from_the_ground),
        cmocka_unit_test(near_the_ground_air_follows_its_slope),
        cmocka_unit_test(roughness_is_that_of_the_cell_where_it_is_told),
        cmocka_unit_test(nothing_known_and_single_columns_are_answered),
        cmocka_unit_test(a_gust_is_the_wind_and_its_turbulence),
        cmocka_unit_test(wind_is_brought_down_as_far_as_buoyancy_lets_it),
        cmocka_unit_test(levels_are_the_same_bits_on_any_threads_and_strides),
        cmocka_unit_test(memory_that_runs_out_is_answered),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
