/* wind_kinematics: columns and planes whose shear, helicity, jets, divergence and outflow are known in closed form. */
#include "support/support.h"

enum { NZ = 40, NY = 3, NX = 4, COLUMNS = NY * NX, CELLS = NZ * COLUMNS };

static double z_m[NZ]; /* 200, 400 ... 8000 m */
static nwc_grid grid = {.projection = "+proj=tmerc +lat_0=32 +lon_0=120 +ellps=WGS84 +units=m",
                        .ny = NY,
                        .nx = NX,
                        .dx = 1000.0,
                        .dy = 1000.0,
                        .nz = NZ,
                        .z_m = z_m};

static nwc_field flat(float *cells)
{
    return field_2d(cells, NY, NX, "m s-1", &grid);
}

struct made {
    float u[CELLS], v[CELLS], u_10[COLUMNS], v_10[COLUMNS];
    nwc_field fields[4];
    nwc_wind_cube cube;
};

/* The same column everywhere, with the wind at 10 m. */
static void make(struct made *made, double (*u)(double z), double (*v)(double z))
{
    for (int k = 0; k < NZ; k++) z_m[k] = 200.0 * (k + 1);
    for (int c = 0; c < CELLS; c++) made->u[c] = (float)u(z_m[c / COLUMNS]), made->v[c] = (float)v(z_m[c / COLUMNS]);
    for (int c = 0; c < COLUMNS; c++) made->u_10[c] = (float)u(10.0), made->v_10[c] = (float)v(10.0);
    for (int f = 0; f < 2; f++) {
        made->fields[f] = (nwc_field){.data = f ? made->v : made->u,
                                      .ndim = 3,
                                      .dim = {NZ, NY, NX},
                                      .stride = {COLUMNS, NX, 1},
                                      .missing = NAN,
                                      .units = "m s-1",
                                      .grid = &grid};
        made->fields[2 + f] = flat(f ? made->v_10 : made->u_10);
    }
    made->cube = (nwc_wind_cube){.u = &made->fields[0],
                                 .v = &made->fields[1],
                                 .u_10 = &made->fields[2],
                                 .v_10 = &made->fields[3]};
}

static double grows(double z)
{
    return 2.0 + 4e-3 * z;
}

static double still(double z)
{
    return 0.0 * z;
}

/* ---- shear and helicity ---- */

static void shear_of_even_growth_is_its_rate_times_the_depth(void **state)
{
    (void)state;
    static struct made made;
    float cells[2][COLUMNS];
    nwc_field du = flat(cells[0]), dv = flat(cells[1]);
    make(&made, grows, still);
    static const double tops[] = {500.0, 1000.0, 3000.0, 6000.0};
    for (int t = 0; t < 4; t++) {
        assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, tops[t], NULL, &du, &dv));
        for (int c = 0; c < COLUMNS; c++) {
            assert_near(cells[0][c], 4e-3 * (tops[t] - 10.0), 1e-4);
            assert_near(cells[1][c], 0.0, 1e-6);
        }
    }
    assert_ok(nwc_wind_shear(NULL, &made.cube, 1000.0, 2500.0, NULL, &du, &dv));
    assert_near(cells[0][0], 6.0, 1e-4);
}

/* A storm 5 m/s to the right of a straight hodograph: helicity is shear times depth times that, whatever else it does. */
static void helicity_of_a_straight_hodograph_is_its_length_times_the_distance(void **state)
{
    (void)state;
    static struct made made;
    float cells[3][COLUMNS];
    nwc_field storm_u = flat(cells[0]), storm_v = flat(cells[1]), helicity = flat(cells[2]);
    make(&made, grows, still);
    for (int c = 0; c < COLUMNS; c++) cells[0][c] = (float)c, cells[1][c] = c == 3 ? NAN : c % 2 ? -5.0F : 5.0F;
    static const double tops[] = {1000.0, 3000.0};
    for (int t = 0; t < 2; t++) {
        assert_ok(nwc_wind_helicity(NULL, &made.cube, &storm_u, &storm_v, 0.0, tops[t], NULL, &helicity));
        for (int c = 0; c < COLUMNS; c++)
            if (c == 3)
                assert_true(isnan(cells[2][c]));
            else
                assert_near(cells[2][c], (c % 2 ? 5.0 : -5.0) * 4e-3 * (tops[t] - 10.0), 1e-3);
    }
}

/* Half a turn to the right from 0 to 3 km, radius 10 m/s. */
static double circle_u(double z)
{
    return -10.0 * cos(acos(-1.0) * fmin(z, 3000.0) / 3000.0);
}

static double circle_v(double z)
{
    return 10.0 * sin(acos(-1.0) * fmin(z, 3000.0) / 3000.0);
}

static void helicity_about_the_middle_of_a_circle_is_that_of_its_chords(void **state)
{
    (void)state;
    static struct made made;
    float cells[3][COLUMNS];
    nwc_field storm_u = flat(cells[0]), storm_v = flat(cells[1]), helicity = flat(cells[2]);
    make(&made, circle_u, circle_v);
    for (int c = 0; c < COLUMNS; c++) cells[0][c] = cells[1][c] = 0.0F;
    assert_ok(nwc_wind_helicity(NULL, &made.cube, &storm_u, &storm_v, 0.0, 3000.0, NULL, &helicity));
    const double turn = acos(-1.0) / 3000.0;
    const double chords = 100.0 * (sin(190.0 * turn) + 14.0 * sin(200.0 * turn));
    assert_near(cells[2][5], chords, 1e-3);
    assert_near(cells[2][5], 100.0 * acos(-1.0), 4.0); /* the circle's: pi r^2 */
}

/* ---- storms ---- */

/* Bunkers et al., eq. 1, with the layers' means summed metre by metre. */
static void storms_move_as_bunkers_says(void **state)
{
    (void)state;
    static struct made made;
    float cells[6][COLUMNS];
    nwc_field out[6];
    for (int f = 0; f < 6; f++) out[f] = flat(cells[f]);
    const nwc_wind_storm storm = {&out[0], &out[1], &out[2], &out[3], &out[4], &out[5]};
    make(&made, circle_u, circle_v);
    assert_ok(nwc_wind_storm_motion(NULL, &made.cube, NULL, &storm));
    double sum[3][2] = {{0.0}}, depth[3] = {0.0};
    for (int m = 10; m < 6000; m++) {
        const double z = m + 0.5, below = z < 200.0 ? 10.0 : 200.0 * floor(z / 200.0),
                     above = 200.0 * floor(z / 200.0) + 200.0;
        const double share = (z - below) / (above - below);
        const double wind[2] = {circle_u(below) + share * (circle_u(above) - circle_u(below)),
                                circle_v(below) + share * (circle_v(above) - circle_v(below))};
        const bool in[3] = {true, z<500.0, z> 5500.0};
        for (int l = 0; l < 3; l++)
            for (int c = 0; c < 2; c++) sum[l][c] += in[l] ? wind[c] : 0.0, depth[l] += in[l] ? 0.5 : 0.0;
    }
    double mean[3][2];
    for (int l = 0; l < 3; l++)
        for (int c = 0; c < 2; c++) mean[l][c] = sum[l][c] / depth[l];
    const double su = mean[2][0] - mean[1][0], sv = mean[2][1] - mean[1][1], s = hypot(su, sv);
    assert_near(cells[0][1], mean[0][0], 1e-4);
    assert_near(cells[1][1], mean[0][1], 1e-4);
    assert_near(cells[2][1], mean[0][0] + 7.5 * sv / s, 1e-4);
    assert_near(cells[3][1], mean[0][1] - 7.5 * su / s, 1e-4);
    assert_near(cells[4][1], mean[0][0] - 7.5 * sv / s, 1e-4);
    assert_near(cells[5][1], mean[0][1] + 7.5 * su / s, 1e-4);
    /* Shear to the east: the right mover goes south of the mean wind. */
    make(&made, grows, still);
    assert_ok(nwc_wind_storm_motion(NULL, &made.cube, NULL, &storm));
    assert_near(cells[0][0], 2.0 + 4e-3 * 3005.0, 1e-4);
    assert_near(cells[3][0], -7.5, 1e-5);
    assert_near(cells[5][0], 7.5, 1e-5);
    make(&made, still, still); /* without shear */
    assert_ok(nwc_wind_storm_motion(NULL, &made.cube, NULL, &storm));
    for (int f = 0; f < 6; f++) assert_near(cells[f][0], 0.0, 0.0);
}

/* ---- what is not known ---- */

static void layers_that_are_not_known_throughout_have_no_answer(void **state)
{
    (void)state;
    static struct made made;
    float cells[2][COLUMNS];
    nwc_field du = flat(cells[0]), dv = flat(cells[1]);
    make(&made, grows, still);
    for (int k = 5; k < 15; k++) /* from 1200 to 3000 m: a gap of 2200 m */
        for (int c = 0; c < COLUMNS; c += 2) made.u[k * COLUMNS + c] = NAN;
    assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, 1000.0, NULL, &du, &dv));
    assert_near(cells[0][0], 4e-3 * 990.0, 1e-4);
    assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, 3000.0, NULL, &du, &dv));
    assert_true(isnan(cells[0][0]) && isnan(cells[1][0]) && !isnan(cells[0][1]));
    assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, 9000.0, NULL, &du, &dv));
    assert_true(isnan(cells[0][1]));
    nwc_wind_level_options options;
    nwc_wind_level_options_init(&options);
    options.gap_m = 2500.0;
    assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, 3000.0, &options, &du, &dv));
    assert_near(cells[0][0], 4e-3 * 2990.0, 1e-4);
    for (int c = 0; c < CELLS; c++) made.u[c] = NAN; /* the wind at 10 m is no layer */
    assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, 1000.0, NULL, &du, &dv));
    assert_true(isnan(cells[0][0]));
}

static void a_column_without_wind_at_ten_metres_is_read_down_to_there(void **state)
{
    (void)state;
    static struct made made;
    float cells[2][COLUMNS], level[2][COLUMNS];
    nwc_field du = flat(cells[0]), dv = flat(cells[1]);
    make(&made, grows, still);
    for (int c = 0; c < COLUMNS; c++) made.u_10[c] = c % 2 ? 1.5F : NAN;
    assert_ok(nwc_wind_shear(NULL, &made.cube, 0.0, 200.0, NULL, &du, &dv));
    const double read = grows(200.0) * log(100.0) / (log(1000.0) + 1.0);
    assert_near(cells[0][0], grows(200.0) - read, 1e-5);
    assert_near(cells[0][1], grows(200.0) - 1.5, 1e-5);
    /* and what is told at 10 m is where levels are read from: at 50 m, by s between 10 and 200 m */
    const double height = 50.0;
    nwc_field u = made.fields[0], v = made.fields[1];
    u.data = level[0], v.data = level[1], u.dim[0] = v.dim[0] = 1;
    const nwc_wind_levels_out out = {.u = &u, .v = &v};
    assert_ok(nwc_wind_levels(NULL, &made.cube, &height, 1, NULL, &out));
    const double share = log(5.0) / (log(1000.0) + 1.0 - log(100.0));
    assert_near(level[0][1], 1.5 + share * (grows(200.0) - 1.5), 1e-5);
}

/* ---- jets ---- */

static double nose(double z)
{
    return z < 600.0    ? 4.0 + 15.0 * z / 600.0
           : z < 2000.0 ? 19.0 - 10.0 * (z - 600.0) / 1400.0
                        : 9.0 + 5e-3 * (z - 2000.0);
}

static double weak_nose(double z)
{
    return z < 1000.0 ? 2.0 + 8.5 * z / 1000.0 : z < 3000.0 ? 10.5 - 5.5 * (z - 1000.0) / 2000.0 : 5.0;
}

/* A weak jet at 400 m under a stronger wind at 3 km that does not fall. */
static double under_shear(double z)
{
    return z < 400.0 ? 13.0 * z / 400.0 : z < 1200.0 ? 13.0 - 7.0 * (z - 400.0) / 800.0 : 6.0 + 10e-3 * (z - 1200.0);
}

static void jets_are_found_at_their_height(void **state)
{
    (void)state;
    static struct made made;
    float cells[4][COLUMNS];
    nwc_field out[4];
    for (int f = 0; f < 4; f++) out[f] = flat(cells[f]);
    const nwc_wind_jet_out jet = {&out[0], &out[1], &out[2], &out[3]};
    static const struct {
        double (*wind)(double);
        double category, height, speed;
    } cases[] = {{nose, 2.0, 600.0, 19.0},
                 {weak_nose, 0.0, 1000.0, 10.5},
                 {under_shear, 1.0, 400.0, 13.0},
                 {grows, -1.0, 0.0, 0.0}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        make(&made, still, cases[n].wind);
        assert_ok(nwc_wind_jet(NULL, &made.cube, NULL, &jet));
        assert_near(cells[0][2], cases[n].category, 0.0);
        if (cases[n].category < 0.0) {
            assert_true(isnan(cells[1][2]) && isnan(cells[2][2]));
            continue;
        }
        assert_near(cells[1][2], cases[n].height, 1e-3);
        assert_near(cells[3][2], cases[n].speed, 1e-4);
    }
    /* Known up to 1600 m: the nose has fallen by 7 there, of category 1. Known up to 1000 m: by less, which decides nothing. */
    make(&made, still, nose);
    for (int k = 8; k < NZ; k++)
        for (int c = 0; c < COLUMNS; c++) made.v[k * COLUMNS + c] = NAN;
    for (int k = 5; k < NZ; k++) made.v[k * COLUMNS + 1] = NAN;
    assert_ok(nwc_wind_jet(NULL, &made.cube, NULL, &jet));
    assert_near(cells[0][0], 1.0, 0.0);
    assert_true(isnan(cells[0][1]) && isnan(cells[1][1]));
}

/* ---- planes ---- */

enum { PY = 41, PX = 61 };

struct plane {
    float u[PY * PX], v[PY * PX], made[2][PY * PX];
    nwc_field fields[4];
};

static void make_plane(struct plane *plane, const nwc_grid *on, double (*u)(double x, double y),
                       double (*v)(double x, double y))
{
    for (int c = 0; c < PY * PX; c++) {
        const double x = on->x_first + on->dx * (c % PX), y = on->y_first + on->dy * (c / PX);
        plane->u[c] = (float)u(x, y), plane->v[c] = (float)v(x, y);
    }
    float *const cells[4] = {plane->u, plane->v, plane->made[0], plane->made[1]};
    for (int f = 0; f < 4; f++) plane->fields[f] = field_2d(cells[f], PY, PX, f < 2 ? "m s-1" : "s-1", on);
}

static const nwc_grid kilometres = {.projection = "+proj=tmerc +lat_0=32 +lon_0=120 +k=1 +ellps=WGS84 +units=m",
                                    .ny = PY,
                                    .nx = PX,
                                    .x_first = -30e3,
                                    .y_first = -20e3,
                                    .dx = 1000.0,
                                    .dy = 1000.0};
static const nwc_grid degrees = {.projection = "+proj=longlat +R=6371000",
                                 .ny = PY,
                                 .nx = PX,
                                 .x_first = 110.0,
                                 .y_first = 40.0,
                                 .dx = 0.1,
                                 .dy = 0.1};

static double spreads_x(double x, double y)
{
    return 3.0 + 2e-4 * x - 1e-4 * y;
}

static double spreads_y(double x, double y)
{
    return -1.0 + 3e-4 * x + 1e-4 * y;
}

static void a_linear_wind_has_the_divergence_and_vorticity_of_its_slopes(void **state)
{
    (void)state;
    static struct plane plane;
    make_plane(&plane, &kilometres, spreads_x, spreads_y);
    plane.u[20 * PX + 30] = NAN;
    assert_ok(nwc_wind_derivatives(NULL, &plane.fields[0], &plane.fields[1], &plane.fields[2], &plane.fields[3]));
    for (int c = 0; c < PY * PX; c++) {
        if (c == 20 * PX + 30) continue;
        assert_near(plane.made[0][c], 3e-4, 1e-6); /* at the edges and beside what is not known, too */
        assert_near(plane.made[1][c], 4e-4, 1e-6);
    }
    assert_true(isnan(plane.made[0][20 * PX + 30]) && isnan(plane.made[1][20 * PX + 30]));
}

static double zonal(double lon, double lat)
{
    return 30.0 * cos(lat * acos(-1.0) / 180.0) + 0.0 * lon;
}

static double none(double x, double y)
{
    return 0.0 * (x + y);
}

static double one(double x, double y)
{
    return 1.0 + 0.0 * (x + y);
}

/*
 * Air that turns with the Earth at 30 m/s at the equator; and air that goes north at 1 m/s, into ever narrower cells. Lengths of cells are
 * linear over 32 of them, 3.2 degrees here, their slopes so within 4 %.
 */
static void on_the_sphere_cells_grow_narrower_to_the_pole(void **state)
{
    (void)state;
    static struct plane plane;
    const double earth = 6371e3, radian = acos(-1.0) / 180.0;
    make_plane(&plane, &degrees, zonal, none);
    assert_ok(nwc_wind_derivatives(NULL, &plane.fields[0], &plane.fields[1], &plane.fields[2], &plane.fields[3]));
    for (int j = 1; j < PY - 1; j += 13) {
        const double lat = radian * (40.0 + 0.1 * j);
        assert_near(plane.made[0][j * PX + 7], 0.0, 1e-10);
        assert_near(plane.made[1][j * PX + 7], 2.0 * 30.0 * sin(lat) / earth, 1.2e-7);
    }
    make_plane(&plane, &degrees, none, one);
    assert_ok(nwc_wind_derivatives(NULL, &plane.fields[0], &plane.fields[1], &plane.fields[2], NULL));
    for (int j = 1; j < PY - 1; j += 13)
        assert_near(plane.made[0][j * PX + 7], -tan(radian * (40.0 + 0.1 * j)) / earth, 6e-9);
}

static void single_rows_and_cells_have_no_divergence(void **state)
{
    (void)state;
    float u[5] = {1, 2, 3, 4, 5}, v[5] = {0}, made[5], outflow[5];
    for (int64_t nx = 1; nx <= 5; nx += 4) {
        nwc_grid row = kilometres;
        row.ny = 1, row.nx = nx;
        nwc_field fields[4] = {field_2d(u, 1, nx, "m s-1", &row), field_2d(v, 1, nx, "m s-1", &row),
                               field_2d(made, 1, nx, "s-1", &row), field_2d(outflow, 1, nx, "m s-1", &row)};
        assert_ok(nwc_wind_derivatives(NULL, &fields[0], &fields[1], &fields[2], NULL));
        assert_ok(nwc_wind_outflow(NULL, &fields[0], &fields[1], 4000.0, &fields[3], NULL));
        for (int i = 0; i < nx; i++) assert_true(isnan(made[i]) && isnan(outflow[i]));
    }
}

static double from_middle_x(double x, double y)
{
    return 5.0 + 2e-3 * x + 0.0 * y;
}

static double from_middle_y(double x, double y)
{
    return 2e-3 * y + 0.0 * x;
}

static double stretched_y(double x, double y)
{
    return -2e-3 * y + 0.0 * x;
}

/* A burst of 12 m/s at 1 km from its middle, weaker on: its ends 2 km apart differ by 24 m/s along any line. */
static double burst(double along, double x, double y)
{
    const double r = hypot(x, y);
    return r == 0.0 ? 0.0 : 12.0 * along / r * (r / 1000.0) * exp(0.5 * (1.0 - r * r / 1e6));
}

static double burst_x(double x, double y)
{
    return burst(x, x, y);
}

static double burst_y(double x, double y)
{
    return burst(y, x, y);
}

static void outflow_is_what_radars_around_it_would_see(void **state)
{
    (void)state;
    static struct plane plane;
    const int middle = 20 * PX + 30;
    make_plane(&plane, &kilometres, from_middle_x, from_middle_y);
    assert_ok(nwc_wind_outflow(NULL, &plane.fields[0], &plane.fields[1], 4000.0, &plane.fields[2], &plane.fields[3]));
    assert_near(plane.made[0][middle + 3 * PX], 8.0, 1e-3); /* 2e-3 s-1 over 4 km */
    assert_near(plane.made[1][middle + 3 * PX], 4000.0, 1.0);
    assert_true(isnan(plane.made[0][0])); /* six of eight lines at least */
    make_plane(&plane, &kilometres, from_middle_x, stretched_y);
    assert_ok(nwc_wind_outflow(NULL, &plane.fields[0], &plane.fields[1], 4000.0, &plane.fields[2], NULL));
    assert_near(plane.made[0][middle], 0.0, 1e-3);
    make_plane(&plane, &kilometres, burst_x, burst_y);
    assert_ok(nwc_wind_outflow(NULL, &plane.fields[0], &plane.fields[1], 4000.0, &plane.fields[2], &plane.fields[3]));
    assert_true(plane.made[0][middle] > 19.0F && plane.made[0][middle] <= 24.0F); /* between cells a part is lost */
    assert_near(plane.made[1][middle], 2000.0, 1.0);
    for (int c = 0; c < PY * PX; c++) assert_true(!(plane.made[0][c] > plane.made[0][middle]));
    for (int c = 0; c < PY * PX; c++) plane.u[c] = -plane.u[c], plane.v[c] = -plane.v[c];
    assert_ok(nwc_wind_outflow(NULL, &plane.fields[0], &plane.fields[1], 4000.0, &plane.fields[2], NULL));
    assert_true(plane.made[0][middle] < -5.0F); /* the least inflow of all lengths */
}

/* ---- bursts ---- */

/* 30 degC at 200 m, 8 K/km up to the melting level; 14 g/kg of mixing ratio up to 2 km, 4 above. */
static void windex_and_gustex_are_those_of_their_formulas(void **state)
{
    (void)state;
    static struct made made;
    static float temperature[CELLS], humidity[CELLS];
    float cells[2][COLUMNS];
    nwc_field windex = flat(cells[0]), gustex = flat(cells[1]);
    make(&made, grows, still);
    for (int c = 0; c < CELLS; c++) {
        const double z = z_m[c / COLUMNS], ratio = z <= 2000.0 ? 14e-3 : 4e-3;
        temperature[c] = (float)(303.15 - 8e-3 * (z - 200.0)), humidity[c] = (float)(ratio / (1.0 + ratio));
    }
    nwc_field t = made.fields[0], q = made.fields[0];
    t.data = temperature, q.data = humidity;
    assert_ok(nwc_wind_burst(NULL, &made.cube, &t, &q, NULL, &windex, &gustex));
    const double melting = 0.2 + 30.0 / 8.0;
    const double expected = 0.514444 * 5.0 * sqrt(melting * 1.0 * (64.0 - 30.0 + 14.0 - 8.0));
    assert_near(cells[0][0], expected, 0.01);
    assert_near(cells[1][0], 0.5 * expected + 0.5 * (2.0 + 4e-3 * 3005.0), 0.01);
    for (int c = 0; c < CELLS; c++) temperature[c] -= 40.0F; /* all frozen */
    assert_ok(nwc_wind_burst(NULL, &made.cube, &t, &q, NULL, &windex, NULL));
    assert_near(cells[0][0], 0.0, 0.0);
    for (int c = 0; c < CELLS; c++) temperature[c] = 300.0F; /* no melting level */
    assert_ok(nwc_wind_burst(NULL, &made.cube, &t, &q, NULL, &windex, NULL));
    assert_true(isnan(cells[0][0]));
    for (int c = 0; c < CELLS; c++) temperature[c] = (float)(300.0 - 5e-3 * z_m[c / COLUMNS]); /* too stable: no root */
    for (int c = 0; c < CELLS; c++) humidity[c] = 1e-3F;
    assert_ok(nwc_wind_burst(NULL, &made.cube, &t, &q, NULL, &windex, NULL));
    assert_near(cells[0][0], 0.0, 0.0);
}

/* ---- all of it ---- */

struct all {
    struct made *made;
    struct plane *plane;
    float columns[16][COLUMNS], planes[4][PY * PX];
};

static nwc_status everything(nwc_ctx *ctx, void *user)
{
    struct all *const all = user;
    nwc_field f[16], p[4];
    for (int n = 0; n < 16; n++) f[n] = flat(all->columns[n]);
    for (int n = 0; n < 4; n++) p[n] = field_2d(all->planes[n], PY, PX, NULL, &kilometres);
    const nwc_wind_cube *const cube = &all->made->cube;
    const nwc_wind_storm storm = {&f[2], &f[3], &f[4], &f[5], &f[6], &f[7]};
    const nwc_wind_jet_out jet = {&f[9], &f[10], &f[11], &f[12]};
    nwc_status status = nwc_wind_shear(ctx, cube, 0.0, 3000.0, NULL, &f[0], &f[1]);
    if (status == NWC_OK) status = nwc_wind_storm_motion(ctx, cube, NULL, &storm);
    if (status == NWC_OK) status = nwc_wind_helicity(ctx, cube, &f[4], &f[5], 0.0, 3000.0, NULL, &f[8]);
    if (status == NWC_OK) status = nwc_wind_jet(ctx, cube, NULL, &jet);
    if (status == NWC_OK) status = nwc_wind_burst(ctx, cube, cube->u, cube->v, NULL, &f[13], &f[14]);
    if (status == NWC_OK)
        status = nwc_wind_derivatives(ctx, &all->plane->fields[0], &all->plane->fields[1], &p[0], &p[1]);
    return status == NWC_OK
               ? nwc_wind_outflow(ctx, &all->plane->fields[0], &all->plane->fields[1], 6000.0, &p[2], &p[3])
               : status;
}

static void fill_unevenly(struct made *made, struct plane *plane)
{
    make(made, circle_u, nose);
    make_plane(plane, &kilometres, burst_x, spreads_y);
    for (int c = 0; c < CELLS; c++) made->u[c] = c * 7 % 31 == 0 ? NAN : made->u[c] + (float)(c % 5);
    for (int c = 0; c < PY * PX; c++) plane->u[c] = c * 7 % 97 == 0 ? NAN : plane->u[c];
}

static void results_are_the_same_bits_on_any_threads_and_strides(void **state)
{
    (void)state;
    static struct made made, turned;
    static struct plane plane;
    static struct all one, other;
    memset(&one, 0, sizeof one), memset(&other, 0, sizeof other);
    fill_unevenly(&made, &plane), fill_unevenly(&turned, &plane);
    one.made = other.made = &made, one.plane = other.plane = &plane;
    assert_ok(everything(NULL, &one));
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(everything(ctx, &other));
        assert_memory_equal(one.columns, other.columns, sizeof one.columns);
        assert_memory_equal(one.planes, other.planes, sizeof one.planes);
        nwc_ctx_destroy(ctx);
    }
    for (int f = 0; f < 2; f++) {
        const float *const from = made.fields[f].data;
        for (int c = 0; c < CELLS; c++) turned.fields[f].data[(c % COLUMNS) * NZ + c / COLUMNS] = from[c];
        turned.fields[f].stride[0] = 1, turned.fields[f].stride[1] = NX * NZ, turned.fields[f].stride[2] = NZ;
    }
    other.made = &turned;
    assert_ok(everything(NULL, &other));
    assert_memory_equal(one.columns, other.columns, sizeof one.columns);
}

static void memory_that_runs_out_is_answered(void **state)
{
    (void)state;
    static struct made made;
    static struct plane plane;
    static struct all all;
    fill_unevenly(&made, &plane);
    all.made = &made, all.plane = &plane;
    assert_true(check_every_allocation_failure(everything, &all) >= 12);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct made made;
    static struct plane plane;
    float cells[COLUMNS];
    nwc_field out = flat(cells), small = field_2d(cells, NY, NX - 1, "m s-1", NULL);
    make(&made, grows, still), make_plane(&plane, &kilometres, none, one);
    nwc_wind_cube cube = made.cube;
    const nwc_wind_storm storm = {.left_v = &small};
    const nwc_wind_jet_out jet = {.height_m = &small};
    nwc_field *const p = plane.fields;
    assert_fails(NWC_ERR_ARG, "low_m, high_m: a layer", nwc_wind_shear(NULL, &cube, 10.0, 5.0, NULL, &out, &out));
    assert_fails(NWC_ERR_ARG, "low_m, high_m: a layer",
                 nwc_wind_shear(NULL, &cube, 0.0, (double)NAN, NULL, &out, &out));
    assert_fails(NWC_ERR_ARG, "dv: the 3 x 4", nwc_wind_shear(NULL, &cube, 0.0, 500.0, NULL, &out, &small));
    assert_fails(NWC_ERR_ARG, "storm: what", nwc_wind_storm_motion(NULL, &cube, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "left_v: the 3 x 4", nwc_wind_storm_motion(NULL, &cube, NULL, &storm));
    assert_fails(NWC_ERR_ARG, "storm_v: a field", nwc_wind_helicity(NULL, &cube, &out, NULL, 0.0, 1e3, NULL, &out));
    assert_fails(NWC_ERR_ARG, "jet: what", nwc_wind_jet(NULL, &cube, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "height_m: the 3 x 4", nwc_wind_jet(NULL, &cube, NULL, &jet));
    assert_fails(NWC_ERR_ARG, "humidity: a field", nwc_wind_burst(NULL, &cube, cube.u, NULL, NULL, &out, NULL));
    assert_fails(NWC_ERR_ARG, "gustex: the 3 x 4", nwc_wind_burst(NULL, &cube, cube.u, cube.v, NULL, NULL, &small));
    assert_fails(NWC_ERR_ARG, "within_m: 2 to 128 times", nwc_wind_outflow(NULL, &p[0], &p[1], 500.0, &p[2], NULL));
    assert_fails(NWC_ERR_ARG, "within_m: 2 to 128 times", nwc_wind_outflow(NULL, &p[0], &p[1], NAN, &p[2], NULL));
    assert_fails(NWC_ERR_ARG, "outflow: a field", nwc_wind_outflow(NULL, &p[0], &p[1], 4000.0, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "v: the 41 x 61", nwc_wind_derivatives(NULL, &p[0], &out, &p[2], NULL));
    assert_fails(NWC_ERR_ARG, "vorticity: the 41", nwc_wind_derivatives(NULL, &p[0], &p[1], NULL, &out));
    p[1].units = "kt";
    assert_fails(NWC_ERR_ARG, "v: units", nwc_wind_derivatives(NULL, &p[0], &p[1], &p[2], NULL));
    cube.v_10 = NULL;
    assert_fails(NWC_ERR_ARG, "u_10, v_10: both", nwc_wind_jet(NULL, &cube, NULL, &jet));
    cube.v_10 = &small;
    assert_fails(NWC_ERR_ARG, "v_10: the 3 x 4", nwc_wind_shear(NULL, &cube, 0.0, 500.0, NULL, &out, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shear_of_even_growth_is_its_rate_times_the_depth),
        cmocka_unit_test(helicity_of_a_straight_hodograph_is_its_length_times_the_distance),
        cmocka_unit_test(helicity_about_the_middle_of_a_circle_is_that_of_its_chords),
        cmocka_unit_test(storms_move_as_bunkers_says),
        cmocka_unit_test(layers_that_are_not_known_throughout_have_no_answer),
        cmocka_unit_test(a_column_without_wind_at_ten_metres_is_read_down_to_there),
        cmocka_unit_test(jets_are_found_at_their_height),
        cmocka_unit_test(a_linear_wind_has_the_divergence_and_vorticity_of_its_slopes),
        cmocka_unit_test(on_the_sphere_cells_grow_narrower_to_the_pole),
        cmocka_unit_test(single_rows_and_cells_have_no_divergence),
        cmocka_unit_test(outflow_is_what_radars_around_it_would_see),
        cmocka_unit_test(windex_and_gustex_are_those_of_their_formulas),
        cmocka_unit_test(results_are_the_same_bits_on_any_threads_and_strides),
        cmocka_unit_test(memory_that_runs_out_is_answered),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
