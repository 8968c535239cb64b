/* nwc_wind_merge: against formulas for one station, a system solved here for several, and stations left out for real. */
#include "support/support.h"

enum { NY = 41, NX = 51, CELLS = NY * NX };

static const double radian = 3.14159265358979323846 / 180.0;
/* The grid's +y points far from north: its standard longitude is 40 degrees away. */
static const nwc_grid turned = {.projection = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=80 +ellps=WGS84 +units=m",
                                .ny = NY,
                                .nx = NX,
                                .x_first = 3.2e6,
                                .y_first = -1.0e5,
                                .dx = 2000.0,
                                .dy = 2000.0};

struct made {
    float u[CELLS], v[CELLS], error[CELLS], gust[CELLS], ground[CELLS];
    nwc_field fields[5];
    nwc_wind_surface surface;
};

static void make(struct made *made)
{
    float *const cells[5] = {made->u, made->v, made->error, made->gust, made->ground};
    for (int f = 0; f < 5; f++) made->fields[f] = field_2d(cells[f], NY, NX, f < 4 ? "m s-1" : "m", &turned);
    for (int c = 0; c < CELLS; c++) {
        made->u[c] = 3.0F, made->v[c] = -2.0F, made->error[c] = 2.0F, made->gust[c] = 8.0F, made->ground[c] = 0.0F;
    }
    made->surface =
        (nwc_wind_surface){&made->fields[0], &made->fields[1], &made->fields[2], &made->fields[3], &made->fields[4]};
}

/* A station at the centre of a cell, whose wind is given along the grid's axes. */
static nwc_wind_station station_at(int j, int i, double u, double v)
{
    nwc_wind_station station = {.height_m = NAN, .sensor_m = NAN, .gust_m_s = NAN, .error_m_s = NAN};
    const double x = turned.x_first + turned.dx * i, y = turned.y_first + turned.dy * j;
    double lon[2], lat[2], xs[2] = {x, x}, ys[2] = {y - 10.0, y + 10.0};
    assert_ok(nwc_grid_to_lonlat(NULL, &turned, 1, &x, &y, &station.longitude_deg, &station.latitude_deg));
    assert_ok(nwc_grid_to_lonlat(NULL, &turned, 2, xs, ys, lon, lat));
    const double angle = atan2((lon[1] - lon[0]) * cos(radian * lat[0]), lat[1] - lat[0]);
    station.u_m_s = u * cos(angle) + v * sin(angle), station.v_m_s = v * cos(angle) - u * sin(angle);
    return station;
}

static double chord_m(const nwc_wind_station *a, const nwc_wind_station *b)
{
    const double pa[3] = {cos(radian * a->latitude_deg) * cos(radian * a->longitude_deg),
                          cos(radian * a->latitude_deg) * sin(radian * a->longitude_deg),
                          sin(radian * a->latitude_deg)};
    const double pb[3] = {cos(radian * b->latitude_deg) * cos(radian * b->longitude_deg),
                          cos(radian * b->latitude_deg) * sin(radian * b->longitude_deg),
                          sin(radian * b->latitude_deg)};
    return 6371229.0 * sqrt((pa[0] - pb[0]) * (pa[0] - pb[0]) + (pa[1] - pb[1]) * (pa[1] - pb[1]) +
                            (pa[2] - pb[2]) * (pa[2] - pb[2]));
}

/* Gaspari and Cohn (1999), eq. 4.10, term by term. */
static double rho(double r_m)
{
    const double z = r_m / 35e3;
    if (z >= 2.0) return 0.0;
    if (z <= 1.0) return -pow(z, 5) / 4.0 + pow(z, 4) / 2.0 + 5.0 * pow(z, 3) / 8.0 - 5.0 * z * z / 3.0 + 1.0;
    return pow(z, 5) / 12.0 - pow(z, 4) / 2.0 + 5.0 * pow(z, 3) / 8.0 + 5.0 * z * z / 3.0 - 5.0 * z + 4.0 -
           2.0 / (3.0 * z);
}

static void one_station_pulls_as_far_as_the_correlation(void **state)
{
    (void)state;
    static struct made made;
    make(&made);
    const nwc_wind_station station = station_at(20, 25, 8.0, 3.0);
    nwc_wind_station_fit fit;
    assert_ok(nwc_wind_merge(NULL, &made.surface, &station, 1, NULL, &fit));
    const double gain = 4.0 / (4.0 + 1.0);
    for (int i = 25; i < NX; i += 5) {
        const nwc_wind_station there = station_at(20, i, 0.0, 0.0);
        const double share = gain * rho(chord_m(&station, &there));
        assert_near(made.u[20 * NX + i], 3.0 + share * 5.0, 1e-4);
        assert_near(made.v[20 * NX + i], -2.0 + share * 5.0, 1e-4);
        assert_near(made.gust[20 * NX + i], fmax(8.0, hypot(3.0 + share * 5.0, -2.0 + share * 5.0)), 1e-4);
    }
    assert_near(made.error[20 * NX + 25], 2.0 * sqrt(1.0 - gain), 0.03); /* linear between nodes */
    assert_near(made.error[20 * NX + 41], 2.0 * sqrt(1.0 - gain * pow(rho(32e3), 2.0)), 0.02);
    assert_near(rho(35e3), 0.2083, 1e-3);
    assert_int_equal(fit.use, NWC_WIND_STATION_USED);
    assert_near(fit.u_m_s, station.u_m_s, 1e-9);
    assert_near(hypot(fit.before_u, fit.before_v), hypot(3.0, -2.0), 1e-6);
    assert_near(fit.left_out_u, fit.before_u, 1e-9); /* there is no other */
    assert_near(fit.left_out_error_m_s, sqrt(5.0), 1e-9);
    assert_true(isnan(fit.gust_m_s) && isnan(fit.left_out_gust));
}

enum { N = 12 };

static void several(nwc_wind_station *stations, bool gusts)
{
    for (int s = 0; s < N; s++) {
        stations[s] = station_at(4 + 7 * s % 33, 5 + 11 * s % 41, 3.0 + cos(2.0 * s), -2.0 + 1.5 * sin(3.0 * s));
        stations[s].height_m = 20.0 * s;
        if (gusts) stations[s].gust_m_s = 9.0 + cos(5.0 * s);
        if (s == 3) stations[s].error_m_s = 0.3;
    }
}

/* (B + R) x = observed less field, by Gauss, and B x at every station. */
static void fields_are_those_of_the_system_solved_outright(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_station stations[N];
    make(&made);
    several(stations, false);
    double a[N][N + 1], covariance[N][N], grounds[N];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            const double dh = (stations[i].height_m - stations[j].height_m) / 200.0;
            covariance[i][j] = 4.0 * rho(chord_m(&stations[i], &stations[j])) * exp(-0.5 * dh * dh);
            a[i][j] = covariance[i][j] + (i == j ? (i == 3 ? 0.09 : 1.0) : 0.0);
        }
        a[i][N] = cos(2.0 * i), grounds[i] = 20.0 * i;
    }
    for (int k = 0; k < N; k++)
        for (int i = 0; i < N; i++) {
            const double factor = i == k ? 0.0 : a[i][k] / a[k][k];
            for (int j = k; j <= N && i != k; j++) a[i][j] -= factor * a[k][j];
        }
    for (int s = 0; s < N; s++) made.ground[(4 + 7 * s % 33) * NX + 5 + 11 * s % 41] = (float)grounds[s];
    assert_ok(nwc_wind_merge(NULL, &made.surface, stations, N, NULL, NULL));
    for (int s = 0; s < N; s++) {
        double sum = 3.0;
        for (int j = 0; j < N; j++) sum += covariance[s][j] * a[j][N] / a[j][j];
        assert_near(made.u[(4 + 7 * s % 33) * NX + 5 + 11 * s % 41], sum, 1e-4);
    }
}

static void what_others_make_of_a_station_is_what_is_made_without_it(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_station stations[N], others[N];
    nwc_wind_station_fit fits[N];
    make(&made);
    several(stations, true);
    for (int s = 0; s < N; s++) stations[s].height_m = NAN;
    assert_ok(nwc_wind_merge(NULL, &made.surface, stations, N, NULL, fits));
    for (int s = 0; s < N; s++) {
        const int cell = (4 + 7 * s % 33) * NX + 5 + 11 * s % 41;
        make(&made);
        int count = 0;
        for (int o = 0; o < N; o++)
            if (o != s) others[count++] = stations[o];
        assert_ok(nwc_wind_merge(NULL, &made.surface, others, count, NULL, NULL));
        const nwc_wind_station here = station_at(4 + 7 * s % 33, 5 + 11 * s % 41, made.u[cell], made.v[cell]);
        assert_near(fits[s].left_out_u, here.u_m_s, 1e-4);
        assert_near(fits[s].left_out_v, here.v_m_s, 1e-4);
        assert_near(fits[s].left_out_gust, made.gust[cell], 1e-4);
        const double error = s == 3 ? 0.3 : 1.0, left = made.error[cell];
        assert_near(fits[s].left_out_error_m_s, hypot(left, error), 0.03);
        assert_near(fits[s].before_gust, 8.0, 1e-6);
    }
}

static void a_liar_is_left_out_and_nothing_else(void **state)
{
    (void)state;
    static struct made made, plain;
    nwc_wind_station stations[N + 1];
    nwc_wind_station_fit fits[N + 1];
    make(&made), make(&plain);
    several(stations, true);
    stations[N] = station_at(20, 25, -30.0, 20.0);
    stations[N].gust_m_s = 90.0, stations[N].height_m = 100.0;
    assert_ok(nwc_wind_merge(NULL, &plain.surface, stations, N, NULL, NULL));
    assert_ok(nwc_wind_merge(NULL, &made.surface, stations, N + 1, NULL, fits));
    for (int s = 0; s <= N; s++)
        assert_int_equal(fits[s].use, s == N ? NWC_WIND_STATION_UNLIKE : NWC_WIND_STATION_USED);
    for (int c = 0; c < CELLS; c++) {
        assert_near(made.u[c], plain.u[c], 1e-5);
        assert_near(made.gust[c], plain.gust[c], 1e-5);
        assert_near(made.error[c], plain.error[c], 1e-4);
    }
    assert_near(fits[N].u_m_s, stations[N].u_m_s, 1e-9);
    assert_true(hypot(fits[N].left_out_u - stations[N].u_m_s, fits[N].left_out_v - stations[N].v_m_s) > 30.0);
    assert_true(fits[N].left_out_error_m_s < sqrt(5.0) && fits[N].left_out_error_m_s > 1.0);
    assert_true(isnan(fits[N].left_out_gust));
}

static void a_station_high_above_does_not_speak_for_the_valley(void **state)
{
    (void)state;
    static struct made made;
    make(&made);
    for (int c = 0; c < CELLS; c++) made.ground[c] = c % NX < 25 ? 0.0F : 1000.0F;
    made.ground[20 * NX + 30] = NAN;
    nwc_wind_station station = station_at(20, 26, 9.0, -2.0);
    assert_ok(nwc_wind_merge(NULL, &made.surface, &station, 1, NULL, NULL));
    assert_true(made.u[20 * NX + 27] > 7.0F);
    assert_near(made.u[20 * NX + 24], 3.0, 0.01);
    assert_near(made.u[20 * NX + 30], 3.0, 0.0);
}

static void an_anemometer_at_two_metres_counts_for_ten(void **state)
{
    (void)state;
    static struct made made;
    make(&made);
    nwc_wind_station station = station_at(10, 10, 2.0, 0.0);
    nwc_wind_station_fit fit;
    station.sensor_m = 2.0;
    assert_ok(nwc_wind_merge(NULL, &made.surface, &station, 1, NULL, &fit));
    assert_near(hypot(fit.u_m_s, fit.v_m_s), 2.0 * log(100.0) / log(20.0), 1e-9);
}

static void stations_that_cannot_be_used_are_told(void **state)
{
    (void)state;
    static struct made made, same;
    make(&made), make(&same);
    nwc_wind_station stations[5];
    nwc_wind_station_fit fits[5];
    for (int s = 0; s < 5; s++) stations[s] = station_at(10, 10, 1.0, 1.0);
    stations[0].u_m_s = NAN;
    stations[1].longitude_deg += 20.0;
    stations[2].sensor_m = 5000.0;
    stations[3].latitude_deg = NAN;
    for (int c = 0; c < CELLS; c++) made.v[c] = same.v[c] = c % NX < 20 ? NAN : -2.0F; /* none known at the last */
    assert_ok(nwc_wind_merge(NULL, &made.surface, stations, 5, NULL, fits));
    static const int expected[] = {NWC_WIND_STATION_UNKNOWN, NWC_WIND_STATION_OUTSIDE, NWC_WIND_STATION_UNKNOWN,
                                   NWC_WIND_STATION_UNKNOWN, NWC_WIND_STATION_OUTSIDE};
    for (int s = 0; s < 5; s++) {
        assert_int_equal(fits[s].use, expected[s]);
        assert_true(isnan(fits[s].left_out_u));
    }
    assert_memory_equal(made.u, same.u, sizeof made.u);
    assert_ok(nwc_wind_merge(NULL, &made.surface, NULL, 0, NULL, NULL));
    assert_memory_equal(made.u, same.u, sizeof made.u);
}

static void a_single_cell_takes_a_station(void **state)
{
    (void)state;
    nwc_grid one = turned;
    one.nx = one.ny = 1;
    float u = 1.0F, v = 1.0F, error = 1.0F;
    nwc_field fields[3] = {field_2d(&u, 1, 1, "m s-1", &one), field_2d(&v, 1, 1, "m s-1", &one),
                           field_2d(&error, 1, 1, "m s-1", &one)};
    const nwc_wind_surface surface = {&fields[0], &fields[1], &fields[2], NULL, NULL};
    const nwc_wind_station station = station_at(0, 0, 3.0, 1.0);
    assert_ok(nwc_wind_merge(NULL, &surface, &station, 1, NULL, NULL));
    assert_near(u, 2.0, 1e-5);
    assert_near(v, 1.0, 1e-5);
    assert_near(error, sqrt(0.5), 1e-5);
}

static nwc_status merge_several(nwc_ctx *ctx, void *user)
{
    static nwc_wind_station stations[N + 1];
    if (stations[0].longitude_deg == 0.0) {
        several(stations, true);
        stations[N] = station_at(20, 25, -30.0, 20.0);
    }
    struct made *const made = user;
    make(made);
    return nwc_wind_merge(ctx, &made->surface, stations, N + 1, NULL, NULL);
}

static void merging_is_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    static struct made one, other;
    assert_ok(merge_several(NULL, &one));
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(merge_several(ctx, &other));
        assert_memory_equal(&one, &other, offsetof(struct made, fields));
        nwc_ctx_destroy(ctx);
    }
}

static void memory_that_runs_out_is_answered(void **state)
{
    (void)state;
    static struct made made;
    assert_ok(merge_several(NULL, &made));
    assert_true(check_every_allocation_failure(merge_several, &made) >= 12);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct made made;
    make(&made);
    const nwc_wind_station station = station_at(1, 1, 0.0, 0.0);
    nwc_wind_merge_options options;
    assert_fails(NWC_ERR_ARG, "surface: fields", nwc_wind_merge(NULL, NULL, &station, 1, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "stations, n", nwc_wind_merge(NULL, &made.surface, NULL, 1, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "0 to 4096", nwc_wind_merge(NULL, &made.surface, &station, 5000, NULL, NULL));
    static const struct {
        size_t offset;
        double value;
        const char *text;
    } bad[] = {{offsetof(nwc_wind_merge_options, length_m), 0.0, "length_m"},
               {offsetof(nwc_wind_merge_options, height_m), (double)NAN, "height_m"},
               {offsetof(nwc_wind_merge_options, field_error_m_s), 0.0, "field_error_m_s"},
               {offsetof(nwc_wind_merge_options, station_error_m_s), -1.0, "station_error_m_s"},
               {offsetof(nwc_wind_merge_options, reject), 0.0, "reject"},
               {offsetof(nwc_wind_merge_options, roughness_m), 2.0, "roughness_m"}};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        nwc_wind_merge_options_init(&options);
        memcpy((char *)&options + bad[n].offset, &bad[n].value, sizeof bad[n].value);
        assert_fails(NWC_ERR_ARG, bad[n].text, nwc_wind_merge(NULL, &made.surface, &station, 1, &options, NULL));
    }
    made.fields[3].dim[1] = 3;
    assert_fails(NWC_ERR_ARG, "gust: the 41 x 51", nwc_wind_merge(NULL, &made.surface, &station, 1, NULL, NULL));
    made.fields[0].units = NULL;
    assert_fails(NWC_ERR_ARG, "u: units", nwc_wind_merge(NULL, &made.surface, &station, 1, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_station_pulls_as_far_as_the_correlation),
        cmocka_unit_test(fields_are_those_of_the_system_solved_outright),
        cmocka_unit_test(what_others_make_of_a_station_is_what_is_made_without_it),
        cmocka_unit_test(a_liar_is_left_out_and_nothing_else),
        cmocka_unit_test(a_station_high_above_does_not_speak_for_the_valley),
        cmocka_unit_test(an_anemometer_at_two_metres_counts_for_ten),
        cmocka_unit_test(stations_that_cannot_be_used_are_told),
        cmocka_unit_test(a_single_cell_takes_a_station),
        cmocka_unit_test(merging_is_the_same_bits_on_any_threads),
        cmocka_unit_test(memory_that_runs_out_is_answered),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
