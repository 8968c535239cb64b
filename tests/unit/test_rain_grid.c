/* Rain on grids: convective and stratiform, gauges, and accumulation along the motion. */
#include "core/blas.h"
#include "support/support.h"

enum { NY = 60, NX = 80, CELLS = NY * NX };

static const nwc_grid grid = {.projection = "+proj=aeqd +lat_0=30 +lon_0=110 +R=6371000",
                              .nx = NX,
                              .ny = NY,
                              .x_first = -40000.0,
                              .y_first = -30000.0,
                              .dx = 1000.0,
                              .dy = 1000.0};

static float field[CELLS];
static uint8_t classes[CELLS];

static nwc_flags flags_of(uint8_t *cells)
{
    return (nwc_flags){.data = cells, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
}

static uint32_t seed;

static double uniform(void)
{
    seed = seed * 1664525U + 1013904223U;
    return (double)seed / 4294967296.0;
}

/* Smooth hills of echo and some unknown cells. */
static void make_echo(void)
{
    seed = 7;
    for (int64_t k = 0; k < CELLS; k++) field[k] = 12.0F;
    for (int hill = 0; hill < 14; hill++) {
        const double y = uniform() * NY, x = uniform() * NX, size = 2.0 + 6.0 * uniform(),
                     high = 15.0 + 30.0 * uniform();
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++) {
                const double r2 = ((j - y) * (j - y) + (i - x) * (i - x)) / (size * size);
                field[j * NX + i] = fmaxf(field[j * NX + i], (float)(high * exp(-r2) + 12.0 * (1.0 - exp(-r2))));
            }
    }
    for (int64_t k = 0; k < CELLS; k++)
        if (uniform() < 0.05) field[k] = uniform() < 0.5 ? NAN : NWC_NOTHING_DBZ;
}

/* The text of the paper, cell by cell: distances from centre to centre. */
static void by_the_paper(int cosine, uint8_t *expected)
{
    for (int64_t k = 0; k < CELLS; k++) expected[k] = isnan(field[k]) ? 255 : field[k] >= 5.0F ? 1 : 0;
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            const double z = (double)field[j * NX + i];
            double sum = 0.0, n = 0.0;
            if (!(z >= 5.0)) continue;
            for (int b = 0; b < NY; b++)
                for (int a = 0; a < NX; a++)
                    if ((b - j) * (b - j) + (a - i) * (a - i) <= 121 && field[b * NX + a] >= 5.0F)
                        sum += pow(10.0, 0.1 * (double)field[b * NX + a]), n += 1.0;
            const double mean = 10.0 * log10(sum / n);
            double peak = mean < 0.0 ? 10.0 : mean < 42.43 ? 10.0 - mean * mean / 180.0 : 0.0;
            if (cosine) peak = fmax(0.0, 8.0 * cos(3.14159265358979 * fmax(mean, 0.0) / 128.0));
            if (z < 40.0 && z - mean < peak) continue;
            const int radius = mean < 25.0 ? 1 : mean < 30.0 ? 2 : mean < 35.0 ? 3 : mean < 40.0 ? 4 : 5;
            for (int b = 0; b < NY; b++)
                for (int a = 0; a < NX; a++)
                    if ((b - j) * (b - j) + (a - i) * (a - i) <= radius * radius && expected[b * NX + a] == 1)
                        expected[b * NX + a] = 2;
        }
}

static void convective_rain_is_told_as_the_paper_says(void **state)
{
    (void)state;
    uint8_t expected[CELLS];
    make_echo();
    nwc_field dbz = field_2d(field, NY, NX, "dBZ", &grid);
    nwc_flags out = flags_of(classes);
    nwc_convective_options options;
    for (int cosine = 0; cosine < 2; cosine++) {
        nwc_convective_options_init(&options);
        options.cosine = cosine;
        /* The plane's cells are not quite 1000 m wide on the ground: discs reach a little farther, to no other cell. */
        options.background_m = 11010.0;
        by_the_paper(cosine, expected);
        for (int32_t threads = 1; threads <= 3; threads++) {
            nwc_ctx *const ctx = context_with_threads(threads);
            assert_ok(nwc_rain_convective(ctx, &dbz, &options, &out));
            nwc_ctx_destroy(ctx);
            int wrong = 0, convective = 0;
            for (int64_t k = 0; k < CELLS; k++) wrong += classes[k] != expected[k], convective += expected[k] == 2;
            if (wrong) fail_msg("cosine %d: %d cells of another class (%d are convective)", cosine, wrong, convective);
            assert_in_range(convective, 100, CELLS / 2);
        }
    }
}

static void wrong_fields_are_refused(void **state)
{
    (void)state;
    nwc_field dbz = field_2d(field, NY, NX, "mm h-1", &grid), mm = dbz, out = dbz;
    nwc_flags flags = flags_of(classes);
    nwc_convective_options options;
    assert_fails(NWC_ERR_ARG, "units of dBZ", nwc_rain_convective(NULL, &dbz, NULL, &flags));
    dbz.units = "dBZ";
    flags.dim[0]--;
    assert_fails(NWC_ERR_ARG, "classes:", nwc_rain_convective(NULL, &dbz, NULL, &flags));
    nwc_convective_options_init(&options);
    options.background_m = 10.0;
    assert_fails(NWC_ERR_ARG, "background_m:", nwc_rain_convective(NULL, &dbz, &options, &flags));
    nwc_merge_options merge;
    const double place[] = {0.0, 0.0};
    nwc_merge_options_init(&merge);
    merge.length_m = 0.0;
    assert_fails(NWC_ERR_ARG, "length_m:", nwc_rain_merge(NULL, &mm, 1, place, place, place, &merge, &out, NULL));
    nwc_merge_options_init(&merge);
    merge.nugget = 1.0;
    assert_fails(NWC_ERR_ARG, "nugget:", nwc_rain_merge(NULL, &mm, 1, place, place, place, &merge, &out, NULL));
    merge.nugget = 0.0;
    float other[CELLS];
    out.data = other;
    for (int64_t k = 0; k < CELLS; k++) field[k] = 1.0F;
    assert_fails(NWC_ERR_ARG, "different places",
                 nwc_rain_merge(NULL, &mm, 2, place, place, place, &merge, &out, NULL));
    assert_fails(NWC_ERR_ARG, "n, x, y, gauge:", nwc_rain_merge(NULL, &mm, 1, NULL, place, place, NULL, &out, NULL));
    assert_fails(NWC_ERR_ARG, "dt_s:", nwc_forecast_accumulate(NULL, &mm, &mm, &mm, &mm, 0.0, NULL, &out));
    assert_fails(NWC_ERR_ARG, "earlier:", nwc_forecast_accumulate(NULL, &dbz, &mm, &mm, &mm, 60.0, NULL, &out));
}

/* ---- gauges ---- */

static void the_mean_bias_follows_the_gauges(void **state)
{
    (void)state;
    const double gauge[] = {2.0, 4.0, 8.0, 6.0, 0.1, NAN}, radar[] = {1.0, 2.0, 4.0, 3.0, 5.0, 1.0};
    nwc_gauge_bias bias = {0.0, 0.16};
    int64_t used;
    /* The variance stays 0.81 0.16 + 0.19 0.16; the error of four pairs is 0.64 / 4, so the gain is one half. */
    assert_ok(nwc_rain_gauge_bias(&bias, 6, gauge, radar, NULL, &used));
    assert_int_equal(used, 4);
    assert_near(bias.log_bias, 0.5 * log(2.0), 1e-12);
    assert_near(bias.variance, 0.08, 1e-12);
    assert_ok(nwc_rain_gauge_bias(&bias, 0, NULL, NULL, NULL, &used)); /* an hour without rain */
    assert_near(bias.log_bias, 0.45 * log(2.0), 1e-12);
    assert_near(bias.variance, 0.81 * 0.08 + 0.19 * 0.16, 1e-12);
    for (int hour = 0; hour < 200; hour++) assert_ok(nwc_rain_gauge_bias(&bias, 0, NULL, NULL, NULL, NULL));
    assert_near(bias.log_bias, 0.0, 1e-8);
    assert_near(bias.variance, 0.16, 1e-8);
    assert_fails(NWC_ERR_ARG, "bias:", nwc_rain_gauge_bias(NULL, 0, NULL, NULL, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "pairs expected", nwc_rain_gauge_bias(&bias, 1, NULL, radar, NULL, NULL));
    nwc_gauge_bias_options options;
    nwc_gauge_bias_options_init(&options);
    options.persistence = 1.5;
    assert_fails(NWC_ERR_ARG, "persistence:", nwc_rain_gauge_bias(&bias, 0, NULL, NULL, &options, NULL));
    options.persistence = 1.0;
    options.spread = 0.0;
    assert_fails(NWC_ERR_ARG, "spread", nwc_rain_gauge_bias(&bias, 0, NULL, NULL, &options, NULL));
}

enum { GAUGES = 5 };

static void merged_rain_is_that_of_the_kriging_system(void **state)
{
    (void)state;
    const double x[GAUGES + 2] = {-30000, -10000, 5000, 20000, 33000, 90000, 0},
                            y[GAUGES + 2] = {-20000, 10000, 0, 15000, -25000, 0, 29000};
    double gauge[GAUGES + 2] = {12, 4, 9, 3, 7, 5, NAN};
    float merged[CELLS];
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) field[j * NX + i] = (float)(5.0 + 4.0 * sin(0.1 * i) * cos(0.15 * j));
    field[7] = NAN;
    nwc_field radar = field_2d(field, NY, NX, "mm", &grid), out = field_2d(merged, NY, NX, "mm", &grid);
    for (int k = 0; k < 2; k++) {
        const double nugget = k ? 0.2 : 0.0;
        nwc_merge_options options;
        nwc_merge_options_init(&options);
        options.nugget = nugget;
        int64_t used;
        assert_ok(nwc_rain_merge(NULL, &radar, GAUGES + 2, x, y, gauge, &options, &out, &used));
        assert_int_equal(used, GAUGES);
        assert_true(isnan(merged[7]));
        double worst = 0.0;
        for (int j = 0; j < NY; j += 7)
            for (int i = 0; i < NX; i += 9) { /* weights that add up to 1, by least squares on the whole system */
                double a[(GAUGES + 1) * (GAUGES + 1)] = {0}, b[GAUGES + 1], w[GAUGES + 1], difference = 0.0;
                for (int p = 0; p < GAUGES; p++) {
                    for (int q = 0; q < GAUGES; q++)
                        a[p * (GAUGES + 1) + q] =
                            p == q ? 1.0 : (1.0 - nugget) * exp(-hypot(x[p] - x[q], y[p] - y[q]) / 30000.0);
                    a[p * (GAUGES + 1) + GAUGES] = a[GAUGES * (GAUGES + 1) + p] = 1.0;
                    const double dx = x[p] - (grid.x_first + 1000.0 * i), dy = y[p] - (grid.y_first + 1000.0 * j);
                    b[p] = (1.0 - nugget) * exp(-hypot(dx, dy) / 30000.0);
                }
                b[GAUGES] = 1.0;
                assert_true(nwc__least_squares(GAUGES + 1, GAUGES + 1, a, b, w, NULL));
                for (int p = 0; p < GAUGES; p++) {
                    const int64_t cell =
                        (int64_t)((y[p] - grid.y_first) / 1000.0) * NX + (int64_t)((x[p] - grid.x_first) / 1000.0);
                    difference += w[p] * (gauge[p] - (double)field[cell]);
                }
                worst =
                    fmax(worst, fabs((double)merged[j * NX + i] - fmax(0.0, (double)field[j * NX + i] + difference)));
            }
        if (!(worst < 1e-3)) fail_msg("nugget %g: merged rain off by up to %g mm", nugget, worst);
        for (int p = 0; p < GAUGES && k == 0; p++) {
            const int64_t cell =
                (int64_t)((y[p] - grid.y_first) / 1000.0) * NX + (int64_t)((x[p] - grid.x_first) / 1000.0);
            assert_near((double)merged[cell], gauge[p], 1e-4);
        }
    }
    assert_ok(nwc_rain_merge(NULL, &radar, 0, NULL, NULL, NULL, NULL, &out, NULL)); /* no gauge */
    for (int64_t c = 0; c < CELLS; c++) assert_true(merged[c] == field[c] || isnan(field[c]));
}

/* ---- accumulation ---- */

static float u[CELLS], v[CELLS], later[CELLS], amount[CELLS];

static void spot(float *cells, double x, double y)
{
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++)
            cells[j * NX + i] = (float)(60.0 * exp(-((i - x) * (i - x) + (j - y) * (j - y)) / 8.0));
}

static void a_fast_shower_leaves_a_swath_and_no_spots(void **state)
{
    (void)state;
    /* 20 cells in ten minutes, a shower of 4 cells: two frames alone would leave two spots. */
    spot(field, 30.0, 30.0);
    spot(later, 50.0, 30.0);
    for (int64_t k = 0; k < CELLS; k++) u[k] = 20000.0F / 600.0F, v[k] = 0.0F;
    nwc_field first = field_2d(field, NY, NX, "mm h-1", &grid), second = field_2d(later, NY, NX, "mm h-1", &grid);
    nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid), fv = field_2d(v, NY, NX, "m s-1", &grid);
    nwc_field out = field_2d(amount, NY, NX, "mm", &grid);
    float before[CELLS];
    for (int32_t threads = 1; threads <= 3; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(nwc_forecast_accumulate(ctx, &first, &second, &fu, &fv, 600.0, NULL, &out));
        nwc_ctx_destroy(ctx);
        if (threads > 1) assert_memory_equal(amount, before, sizeof before);
        memcpy(before, amount, sizeof before);
    }
    /* In the middle of the way: the integral along the shower, 60 sqrt(8 pi) mm h-1 cells, at 120 cells an hour. */
    const double expected = 60.0 * sqrt(8.0 * 3.14159265) / 120.0;
    double sum = 0.0, rain = 0.0, least = (double)INFINITY, most = 0.0;
    for (int i = 35; i <= 45; i++) {
        least = fmin(least, (double)amount[30 * NX + i]);
        most = fmax(most, (double)amount[30 * NX + i]);
    }
    for (int64_t k = 0; k < CELLS; k++) sum += (double)amount[k], rain += (double)field[k] / 6.0;
    if (!(least > 0.97 * expected && most < 1.03 * expected))
        fail_msg("a swath of %.3f mm expected, %.3f to %.3f found", expected, least, most);
    assert_near(sum / rain, 1.0, 0.01);
}

static void steady_rain_adds_up_and_unknown_cells_stay_unknown(void **state)
{
    (void)state;
    for (int64_t k = 0; k < CELLS; k++) field[k] = 12.0F, later[k] = 24.0F, u[k] = 10.0F, v[k] = -5.0F;
    for (int j = 0; j < NY; j++) field[j * NX + 70] = later[j * NX + 70] = NAN;
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < 30; i++) field[j * NX + i] = later[j * NX + i] = j < 20 ? NAN : field[j * NX + i];
    nwc_field first = field_2d(field, NY, NX, "mm h-1", &grid), second = field_2d(later, NY, NX, "mm h-1", &grid);
    nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid), fv = field_2d(v, NY, NX, "m s-1", &grid);
    nwc_field out = field_2d(amount, NY, NX, "mm", &grid);
    assert_ok(nwc_forecast_accumulate(NULL, &first, &second, &fu, &fv, 300.0, NULL, &out));
    assert_near((double)amount[40 * NX + 40], 1.5, 0.01); /* 18 mm/h for five minutes */
    assert_true(isnan(amount[5 * NX + 10]));
}

/* ---- the greatest value ---- */

/* A vortex passes by: three frames of it, ten cells apart, over ten minutes; the first is too old for the window. */
static void what_moves_fast_leaves_a_track(void **state)
{
    (void)state;
    static float cells[4][CELLS], swath[CELLS], first[CELLS];
    const int64_t times_ns[4] = {0, INT64_C(1200000000000), INT64_C(1500000000000), INT64_C(1800000000000)};
    nwc_field frames[4];
    for (int k = 0; k < 4; k++) {
        spot(cells[k], 10.0 + 10.0 * k, 30.0);
        frames[k] = field_2d(cells[k], NY, NX, "s-1", &grid);
        for (int j = 0; j < NY; j++) cells[k][j * NX + 70] = k == 2 && j > 40 ? -3.0F : NAN;
    }
    for (int64_t k = 0; k < CELLS; k++) u[k] = 10000.0F / 300.0F, v[k] = 0.0F;
    nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid), fv = field_2d(v, NY, NX, "m s-1", &grid);
    nwc_field out = field_2d(swath, NY, NX, "s-1", &grid);
    for (int32_t threads = 1; threads <= 3; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(nwc_forecast_swath(ctx, frames, times_ns, 4, &fu, &fv, 600.0, NULL, &out));
        nwc_ctx_destroy(ctx);
        if (threads > 1) assert_memory_equal(swath, first, sizeof first);
        memcpy(first, swath, sizeof first);
    }
    for (int i = 20; i <= 40; i++) assert_near(swath[30 * NX + i], 60.0, 4.0); /* between cells peaks are lower */
    assert_true(swath[30 * NX + 12] < 1.0F);                                   /* of the first frame */
    assert_ok(nwc_forecast_swath(NULL, frames, times_ns, 4, NULL, NULL, 600.0, NULL, &out));
    assert_near(swath[30 * NX + 30], 60.0, 0.0);
    assert_true(swath[30 * NX + 25] < 10.0F); /* a row of spots */
    assert_true(isnan(swath[10 * NX + 70]) && swath[50 * NX + 70] == -3.0F);
    assert_ok(nwc_forecast_swath(NULL, frames, times_ns, 4, NULL, NULL, 1800.0, NULL, &out));
    assert_near(swath[30 * NX + 10], 60.0, 0.0);
    assert_fails(NWC_ERR_ARG, "window_s", nwc_forecast_swath(NULL, frames, times_ns, 4, NULL, NULL, -1.0, NULL, &out));
    assert_fails(NWC_ERR_ARG, "u, v: both", nwc_forecast_swath(NULL, frames, times_ns, 4, &fu, NULL, 1.0, NULL, &out));
    assert_fails(NWC_ERR_ARG, "one frame or more",
                 nwc_forecast_swath(NULL, frames, times_ns, 0, NULL, NULL, 1.0, NULL, &out));
    const int64_t same[2] = {5, 5};
    assert_fails(NWC_ERR_ARG, "increasing times",
                 nwc_forecast_swath(NULL, frames, same, 2, NULL, NULL, 1.0, NULL, &out));
}

struct everything {
    nwc_field first, second, fu, fv, out;
};

static nwc_status run(nwc_ctx *ctx, void *user)
{
    struct everything *const e = user;
    const double place[] = {0.0, 5000.0}, gauge[] = {3.0, 4.0};
    nwc_flags flags = flags_of(classes);
    nwc_field dbz = e->first;
    dbz.units = "dBZ";
    nwc_status status = nwc_rain_convective(ctx, &dbz, NULL, &flags);
    if (status == NWC_OK) status = nwc_rain_merge(ctx, &e->first, 2, place, place, gauge, NULL, &e->out, NULL);
    if (status == NWC_OK)
        status = nwc_forecast_accumulate(ctx, &e->first, &e->second, &e->fu, &e->fv, 5.0, NULL, &e->out);
    const nwc_field frames[2] = {e->first, e->second};
    const int64_t times_ns[2] = {0, INT64_C(5000000000)};
    if (status == NWC_OK) status = nwc_forecast_swath(ctx, frames, times_ns, 2, &e->fu, &e->fv, 60.0, NULL, &e->out);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    make_echo();
    for (int64_t k = 0; k < CELLS; k++) u[k] = v[k] = 5.0F, later[k] = field[k];
    struct everything e = {field_2d(field, NY, NX, "mm h-1", &grid), field_2d(later, NY, NX, "mm h-1", &grid),
                           field_2d(u, NY, NX, "m s-1", &grid), field_2d(v, NY, NX, "m s-1", &grid),
                           field_2d(amount, NY, NX, "mm", &grid)};
    assert_true(check_every_allocation_failure(run, &e) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convective_rain_is_told_as_the_paper_says),
        cmocka_unit_test(wrong_fields_are_refused),
        cmocka_unit_test(the_mean_bias_follows_the_gauges),
        cmocka_unit_test(merged_rain_is_that_of_the_kriging_system),
        cmocka_unit_test(a_fast_shower_leaves_a_swath_and_no_spots),
        cmocka_unit_test(steady_rain_adds_up_and_unknown_cells_stay_unknown),
        cmocka_unit_test(what_moves_fast_leaves_a_track),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
