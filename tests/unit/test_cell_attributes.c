/* Attributes of cells: samples beside a double loop, lightning counted by hand, trends and totals of known series, state. */
#include "support/support.h"

enum { NY = 60, NX = 80, CELLS = NY * NX, FIELDS = 2, KINDS = 7 };

#define STEP_NS INT64_C(300000000000)

static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0};
static float reflectivity[CELLS], other[CELLS];

/* Two cells of one storm, and one alone. */
static nwc_cells *make_cells(void)
{
    static const double hill[3][3] = {{20.0, 20.0, 52.0}, {20.0, 30.0, 50.0}, {45.0, 60.0, 48.0}};
    nwc_cells *cells;
    nwc_cells_table table;
    const nwc_field field = field_2d(reflectivity, NY, NX, "dBZ", &plane);
    for (int c = 0; c < CELLS; c++) {
        double most = -32.0;
        for (int h = 0; h < 3; h++) {
            const double up = (double)(c / NX) - hill[h][0], right = (double)(c % NX) - hill[h][1];
            most = fmax(most, hill[h][2] - (up * up + right * right) / 3.0);
        }
        reflectivity[c] = (float)most;
        other[c] = c % 7 == 3 ? NAN : (float)((c * 37) % 101);
    }
    assert_ok(nwc_cells_identify(NULL, &field, NULL, &cells));
    assert_ok(nwc_cells_lend(cells, &table));
    assert_int_equal(table.n_cells, 3);
    return cells;
}

static int ascending(const void *a, const void *b)
{
    const float one = *(const float *)a, two = *(const float *)b;
    return (one > two) - (one < two);
}

/* All kinds of samples of the other field over what lies within reach of a label, by looking at every pair of grid cells. */
static void brute_force(const int32_t *label, int32_t wanted, double reach, const nwc_cell *cell, double made[KINDS])
{
    static float known[CELLS];
    int n = 0, best = -1;
    double area = 0.0, sum = 0.0;
    for (int c = 0; c < CELLS; c++) {
        bool near = false;
        for (int d = 0; d < CELLS && !near; d++)
            near = label[d] == wanted && 1e3 * hypot(c / NX - d / NX, c % NX - d % NX) <= reach;
        if (!near) continue;
        if (best < 0 || reflectivity[c] > reflectivity[best]) best = c;
        if (isnan(other[c])) continue;
        known[n++] = other[c], sum += (double)other[c];
        area += other[c] >= 60.0F ? 1e6 : 0.0;
    }
    qsort(known, (size_t)n, sizeof *known, ascending);
    const double at = 0.8 * (n - 1);
    const int below = (int)at;
    made[NWC_SAMPLE_MAX] = (double)known[n - 1], made[NWC_SAMPLE_MIN] = (double)known[0];
    made[NWC_SAMPLE_MEAN] = sum / n, made[NWC_SAMPLE_AREA] = area;
    made[NWC_SAMPLE_PERCENTILE] = (double)known[below] + (at - below) * (double)(known[below + 1] - known[below]);
    made[NWC_SAMPLE_AT_PEAK] = (double)other[(int)(cell->y_peak / 1e3) * NX + (int)(cell->x_peak / 1e3)];
    made[NWC_SAMPLE_AT_MAX] = (double)other[best];
}

static void samples_are_those_of_a_double_loop(void **state)
{
    (void)state;
    static int32_t label[CELLS];
    const double reach[3] = {0.0, 3000.0, 5000.0};
    nwc_cells *const cells = make_cells();
    nwc_cells_table table;
    nwc_labels labels = {.data = label, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    const nwc_field fields[FIELDS] = {field_2d(reflectivity, NY, NX, "dBZ", &plane),
                                      field_2d(other, NY, NX, "1", &plane)};
    nwc_cell_sample samples[3 * KINDS];
    double values[3][3 * KINDS], expected[KINDS];
    for (int s = 0; s < 3 * KINDS; s++)
        samples[s] = (nwc_cell_sample){.kind = s % KINDS,
                                       .field = 1,
                                       .other = 0,
                                       .reach_m = reach[s / KINDS],
                                       .parameter = s % KINDS == NWC_SAMPLE_PERCENTILE ? 80.0 : 60.0};
    assert_ok(nwc_cells_labels(cells, 0, &labels));
    assert_ok(nwc_cells_lend(cells, &table));
    assert_ok(nwc_cells_sample(NULL, cells, fields, FIELDS, samples, 3 * KINDS, values[0]));
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < 3; r++) {
            brute_force(label, c + 1, reach[r], &table.cells[c], expected);
            for (int k = 0; k < KINDS; k++) {
                const double value = values[c][r * KINDS + k];
                if (isnan(expected[k]))
                    assert_true(isnan(value));
                else
                    assert_near(value, expected[k], k == NWC_SAMPLE_AREA ? 1e-2 * expected[k] : 1e-5); /* geodesics */
            }
        }
    /* Reflectivity is averaged as Z, which is what cells are measured with. */
    const nwc_cell_sample mean = {.kind = NWC_SAMPLE_MEAN, .field = 0};
    assert_ok(nwc_cells_sample(NULL, cells, fields, FIELDS, &mean, 1, values[0]));
    for (int c = 0; c < 3; c++) assert_near(values[0][c], table.cells[c].mean, 1e-6);
    nwc_cells_destroy(cells);
}

enum { ATTRIBUTES = 9 };
static const char *const attributes[ATTRIBUTES] = {"vil",    "top",     "rain_max", "rain_mean", "wind_u",
                                                   "wind_v", "shear_u", "shear_v",  "shear_mid"};

/* Values by hand: 30 kg m-2 under 10 km, a round cell that goes east, winds from which it turns away. */
static void what_follows_from_attributes_is_that_by_hand(void **state)
{
    (void)state;
    static const double value[3][ATTRIBUTES] = {{30.0, 10e3, 60.0, 20.0, 10.0, 0.0, 0.0, 8.0, 0.0049},
                                                {5.0, 12e3, 60.0, 20.0, 10.0, 0.0, (double)NAN, 3.0, 0.0050},
                                                {30.0, 0.0, 60.0, 20.0, 0.0, 0.0, (double)NAN, (double)NAN, 0.0}};
    static const double u[3] = {14.0, 10.0, 0.0}, v[3] = {0.0, 5.0, 0.0};
    nwc_cells *const cells = make_cells();
    nwc_cells_table table;
    nwc_cell_derived made[3];
    nwc_cell_values values = {.n_cells = 3, .n_names = ATTRIBUTES, .names = attributes, .values = value[0]};
    assert_ok(nwc_cells_lend(cells, &table));
    assert_ok(nwc_cells_derive(cells, &values, u, v, made));
    assert_near(made[0].vil_density, 3.0, 1e-12);
    assert_near(made[0].gust_potential, sqrt(20.628571 * 30.0 - 312.5), 1e-12);
    assert_near(made[1].gust_potential, 0.0, 0.0); /* more height than water */
    assert_true(isnan(made[2].vil_density));
    /* Across an ellipse along a line at angle t from its major axis lie 2 / sqrt(cos(t)^2 / a^2 + sin(t)^2 / b^2). */
    const nwc_cell *const first = &table.cells[0];
    const double t = acos(-1.0) / 180.0 * (90.0 - first->orientation_deg);
    const double across = 2.0 / sqrt(pow(cos(t) / first->major_m, 2.0) + pow(sin(t) / first->minor_m, 2.0));
    assert_near(made[0].rain_passing, 40.0 * across / 14.0 / 3600.0, 1e-9);
    assert_near(made[2].rain_passing, 40.0, 1e-12);    /* an hour where it stands */
    assert_near(made[0].deviation_right, 4.0, 1e-12);  /* to the east of a shear to the north */
    assert_near(made[1].deviation_right, -5.0, 1e-12); /* shear half known is not known: left of the wind */
    assert_true(isnan(made[2].deviation_right));
    assert_int_equal(made[0].mover, NWC_STORM_RIGHT);
    assert_int_equal(made[1].mover, NWC_STORM_LEFT);
    assert_int_equal(made[2].mover, NWC_STORM_STRAIGHT);
    assert_int_equal(made[0].mode, NWC_STORM_CLUSTER);
    assert_int_equal(made[1].mode, NWC_STORM_SUPERCELL);
    assert_int_equal(made[2].mode, NWC_STORM_ISOLATED);
    values.n_names = 0; /* nothing known: no number, but a mode */
    assert_ok(nwc_cells_derive(cells, &values, u, v, made));
    assert_true(isnan(made[0].vil_density) && isnan(made[0].gust_potential) && isnan(made[0].rain_passing));
    assert_int_equal(made[1].mode, NWC_STORM_CLUSTER);
    values.n_cells = 2;
    assert_fails(NWC_ERR_ARG, "3 cells", nwc_cells_derive(cells, &values, u, v, made));
    values.n_cells = 3;
    assert_fails(NWC_ERR_ARG, "u, v", nwc_cells_derive(cells, &values, NULL, v, made));
    assert_fails(NWC_ERR_ARG, "cells", nwc_cells_derive(NULL, &values, u, v, made));
    nwc_cells_destroy(cells);
}

/* A storm of 120 km by 9 km is a line, on cells of 2 km. */
static void long_and_narrow_storms_are_lines(void **state)
{
    (void)state;
    static float cells_dbz[CELLS];
    const nwc_grid wide = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 2000.0, .dy = 2000.0};
    const nwc_field field = field_2d(cells_dbz, NY, NX, "dBZ", &wide);
    for (int c = 0; c < CELLS; c++) cells_dbz[c] = abs(c / NX - 30) < 3 && abs(c % NX - 40) < 31 ? 45.0F : 0.0F;
    nwc_cells *cells;
    nwc_cell_derived made;
    const nwc_cell_values values = {.n_cells = 1};
    const double still = 0.0;
    assert_ok(nwc_cells_identify(NULL, &field, NULL, &cells));
    assert_ok(nwc_cells_derive(cells, &values, &still, &still, &made));
    assert_int_equal(made.mode, NWC_STORM_LINE);
    nwc_cells_destroy(cells);
}

static void samples_that_are_wrong_are_named(void **state)
{
    (void)state;
    static float unknown[CELLS];
    nwc_cells *const cells = make_cells();
    nwc_grid elsewhere = plane;
    nwc_field field = field_2d(other, NY, NX, "1", &plane);
    nwc_cell_sample sample = {.kind = NWC_SAMPLE_MAX};
    double values[3];
    elsewhere.x_first = 5e3;
    sample.field = 1;
    assert_fails(NWC_ERR_ARG, "one of 1 fields", nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    sample = (nwc_cell_sample){.kind = NWC_SAMPLE_AT_MAX, .other = -1};
    assert_fails(NWC_ERR_ARG, "one of 1 fields", nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    sample = (nwc_cell_sample){.kind = 7};
    assert_fails(NWC_ERR_ARG, "nwc_sample_kind", nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    sample = (nwc_cell_sample){.reach_m = (double)NAN};
    assert_fails(NWC_ERR_ARG, "reach_m", nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    sample = (nwc_cell_sample){.kind = NWC_SAMPLE_PERCENTILE, .parameter = 101.0};
    assert_fails(NWC_ERR_ARG, "0 to 100", nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    sample = (nwc_cell_sample){.kind = NWC_SAMPLE_MAX};
    field.grid = &elsewhere;
    assert_fails(NWC_ERR_ARG, "grid of the cells", nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    assert_fails(NWC_ERR_ARG, "cells", nwc_cells_sample(NULL, NULL, &field, 1, &sample, 1, values));
    for (int c = 0; c < CELLS; c++) unknown[c] = NAN;
    field = field_2d(unknown, NY, NX, "1", &plane);
    assert_ok(nwc_cells_sample(NULL, cells, &field, 1, &sample, 1, values));
    for (int c = 0; c < 3; c++) assert_true(isnan(values[c]));
    nwc_cells_destroy(cells);
}

/* ---- lightning ---- */

enum { STROKES = 4096 };

struct strokes {
    int64_t n, time_ns[STROKES];
    double lon[STROKES], lat[STROKES];
};

static void strike(struct strokes *strokes, double seconds_ago, double y_km, double x_km)
{
    const double degree = 3.14159265358979 / 180.0 * 6371.0;
    strokes->time_ns[strokes->n] = 100 * STEP_NS - (int64_t)(1e9 * seconds_ago);
    strokes->lon[strokes->n] = x_km / degree, strokes->lat[strokes->n++] = y_km / degree;
}

static void flashes(const nwc_cells *cells, const double *u, const double *v, const struct strokes *strokes,
                    const nwc_flash_options *options, nwc_cell_flashes *made)
{
    assert_ok(nwc_cells_flashes(NULL, cells, u, v, 100 * STEP_NS, strokes->n, strokes->time_ns, strokes->lon,
                                strokes->lat, options, made));
}

static void flashes_are_counted_where_the_cell_was(void **state)
{
    (void)state;
    static struct strokes strokes;
    nwc_cells *const cells = make_cells();
    nwc_cell_flashes made[3];
    const double u[3] = {0.0, 0.0, 10.0}, v[3] = {0.0, 0.0, 20.0};
    strokes.n = 0;
    strike(&strokes, 600.0, 45.0 - 12.0, 60.0 - 6.0); /* the lone cell, ten minutes ago */
    strike(&strokes, 10.0, 20.0, 20.0);               /* two strokes of a flash, and one farther on */
    strike(&strokes, 9.7, 21.0, 20.5);
    strike(&strokes, 9.6, 20.0, 32.0);
    strike(&strokes, 10.0, 3.0, 70.0);   /* of no cell */
    strike(&strokes, -1.0, 20.0, 20.0);  /* not yet */
    strike(&strokes, 841.0, 20.0, 20.0); /* long ago */
    strike(&strokes, 5.0, (double)NAN, 20.0);
    flashes(cells, u, v, &strokes, NULL, made);
    assert_int_equal(made[0].n, 1);
    assert_int_equal(made[1].n, 1);
    assert_int_equal(made[2].n, 1);
    assert_near(made[0].rate, 0.5, 1e-12);
    assert_true(made[2].rate == 0.0 && !made[2].jump);
    flashes(cells, NULL, NULL, &strokes, NULL, made); /* 13 km from the cell that stays */
    assert_int_equal(made[2].n, 0);
    nwc_flash_options options;
    nwc_flash_options_init(&options);
    options.group_s = 0.0;
    flashes(cells, u, v, &strokes, &options, made);
    assert_int_equal(made[0].n, 2);
    nwc_cells_destroy(cells);
}

static void a_jump_is_growth_of_two_sigma(void **state)
{
    (void)state;
    static struct strokes strokes;
    static const int count[2][7] = {{20, 24, 22, 26, 24, 28, 60},
                                    {20, 24, 22, 26, 24, 28, 30}}; /* the earliest first */
    nwc_cells *const cells = make_cells();
    nwc_cell_flashes made[3];
    for (int series = 0; series < 2; series++) {
        double growth[6], mean = 0.0, square = 0.0;
        strokes.n = 0;
        for (int bin = 0; bin < 7; bin++)
            for (int f = 0; f < count[series][bin]; f++)
                strike(&strokes, 120.0 * (6 - bin) + 1.0 + 1.5 * f, 45.0, 60.0);
        for (int bin = 0; bin < 6; bin++) growth[bin] = (count[series][bin + 1] - count[series][bin]) / 4.0;
        for (int bin = 0; bin < 5; bin++) mean += growth[bin] / 5.0;
        for (int bin = 0; bin < 5; bin++) square += (growth[bin] - mean) * (growth[bin] - mean);
        flashes(cells, NULL, NULL, &strokes, NULL, made);
        assert_near(made[2].rate, count[series][6] / 2.0, 1e-12);
        assert_near(made[2].sigmas, growth[5] / sqrt(square / 4.0), 1e-9);
        assert_int_equal(made[2].jump, series == 0);
        assert_int_equal(made[0].n, 0);
        assert_true(made[0].sigmas == 0.0 && !made[0].jump);
    }
    assert_fails(NWC_ERR_ARG, "u, v",
                 nwc_cells_flashes(NULL, cells, &strokes.lon[0], NULL, 0, 0, NULL, NULL, NULL, NULL, made));
    assert_fails(NWC_ERR_ARG, "strokes expected",
                 nwc_cells_flashes(NULL, cells, NULL, NULL, 0, 1, NULL, NULL, NULL, NULL, made));
    nwc_flash_options options;
    nwc_flash_options_init(&options);
    options.bin_s = 0.0;
    assert_fails(NWC_ERR_ARG, "bin_s",
                 nwc_cells_flashes(NULL, cells, NULL, NULL, 0, 0, NULL, NULL, NULL, &options, made));
    nwc_cells_destroy(cells);
}

/* ---- history ---- */

static const char *const names[2] = {"a", "b"};

static nwc_status add(nwc_cell_history *history, int step, int64_t first, int64_t n)
{
    nwc_track_point points[4] = {0};
    double values[8];
    for (int64_t p = 0; p < n; p++) {
        points[p].track = first + p;
        values[2 * p] = 2.0 * (double)points[p].track + 0.01 * 300.0 * step; /* a line */
        values[2 * p + 1] = step % 3 == 1 ? (double)NAN : 6.0;
    }
    const nwc_track_table table = {.time_ns = STEP_NS * step, .n_points = n, .points = points};
    return nwc_cell_history_add(history, &table, values);
}

static void trends_and_totals_are_those_of_lines(void **state)
{
    (void)state;
    nwc_cell_history *history;
    nwc_cell_values values;
    const double *totals;
    assert_ok(nwc_cell_history_create(NULL, 2, names, 1500.0, &history));
    for (int s = 0; s < 9; s++) assert_ok(add(history, s, s < 6 ? 3 : 4, 2));
    assert_ok(nwc_cell_history_lend(history, &values, &totals));
    assert_int_equal(values.n_cells, 2); /* 4, from the first on, and 5, three times */
    assert_int_equal(values.n_names, 2);
    assert_string_equal(values.names[1], "b");
    assert_near(values.values[0], 8.0 + 24.0, 1e-9);
    assert_near(values.trends[0], 0.01, 1e-9);
    assert_near(values.trends[1], 0.0, 1e-9);
    assert_near(totals[0], 2400.0 * (8.0 + 12.0), 1e-6);
    assert_near(totals[1], 2400.0 * 6.0, 1e-6); /* a gap counts as its neighbours */
    assert_near(values.trends[2], 0.01, 1e-9);
    assert_true(isnan(values.trends[3])); /* two values alone */
    assert_near(totals[2], 600.0 * (10.0 + 0.5 * (18.0 + 24.0)), 1e-6);
    assert_ok(add(history, 2, 4, 1)); /* back in time */
    assert_ok(nwc_cell_history_lend(history, &values, &totals));
    assert_true(isnan(values.trends[0]) && totals[0] == 0.0);
    nwc_cell_history_destroy(history);
    nwc_cell_history_destroy(NULL);
}

static void a_history_restored_goes_on_bit_for_bit(void **state)
{
    (void)state;
    nwc_cell_history *history, *restored = NULL;
    nwc_cell_values one, two;
    const double *total_one, *total_two;
    const uint8_t *bytes;
    int64_t size;
    assert_ok(nwc_cell_history_create(NULL, 2, names, 1500.0, &history));
    for (int s = 0; s < 5; s++) assert_ok(add(history, s, 1 + s / 3, 3));
    assert_ok(nwc_cell_history_save(history, &bytes, &size));
    uint8_t *const copy = malloc((size_t)size);
    for (int64_t at = 0; at < size; at += at < 64 ? 1 : 61) {
        memcpy(copy, bytes, (size_t)size);
        copy[at] ^= 0x10;
        const nwc_status status = nwc_cell_history_restore(NULL, copy, size, &restored);
        assert_true(status == NWC_ERR_FORMAT || status == NWC_ERR_UNSUPPORTED);
        assert_true(nwc_cell_history_restore(NULL, bytes, at, &restored) == NWC_ERR_FORMAT);
    }
    for (int64_t at = 16; at + 16 <= size; at += 8) { /* wrong numbers under a sum that is right */
        memcpy(copy, bytes, (size_t)size);
        memset(copy + at, 0xFF, 8);
        uint64_t sum = UINT64_C(14695981039346656037);
        for (int64_t b = 0; b < size - 8; b++) sum = (sum ^ copy[b]) * UINT64_C(1099511628211);
        for (int b = 0; b < 8; b++) copy[size - 8 + b] = (uint8_t)(sum >> 8 * b);
        const nwc_status status = nwc_cell_history_restore(NULL, copy, size, &restored);
        assert_true(status == NWC_ERR_FORMAT || status == NWC_OK);
        nwc_cell_history_destroy(restored);
    }
    free(copy);
    assert_ok(nwc_cell_history_restore(NULL, bytes, size, &restored));
    for (int s = 5; s < 9; s++) {
        assert_ok(add(history, s, 2, 3));
        assert_ok(add(restored, s, 2, 3));
        assert_ok(nwc_cell_history_lend(history, &one, &total_one));
        assert_ok(nwc_cell_history_lend(restored, &two, &total_two));
        assert_memory_equal(one.values, two.values, 6 * sizeof(double));
        assert_memory_equal(one.trends, two.trends, 6 * sizeof(double));
        assert_memory_equal(total_one, total_two, 6 * sizeof(double));
    }
    nwc_cell_history_destroy(history);
    nwc_cell_history_destroy(restored);
    static const char *const twice[2] = {"a", "a"};
    assert_fails(NWC_ERR_ARG, "given twice", nwc_cell_history_create(NULL, 2, twice, 1500.0, &history));
    assert_fails(NWC_ERR_ARG, "window_s", nwc_cell_history_create(NULL, 2, names, 0.0, &history));
    assert_fails(NWC_ERR_ARG, "bytes", nwc_cell_history_restore(NULL, NULL, 0, &history));
}

static nwc_status all_of_it(nwc_ctx *ctx, void *user)
{
    nwc_cells *const cells = user;
    nwc_cell_history *history = NULL, *restored = NULL;
    const uint8_t *bytes;
    int64_t size;
    double values[3];
    nwc_cell_flashes made[3];
    const int64_t time_ns = 0;
    const double place = 0.2;
    const nwc_field field = field_2d(other, NY, NX, "1", &plane);
    const nwc_cell_sample sample = {.kind = NWC_SAMPLE_PERCENTILE, .parameter = 50.0};
    nwc_status status = nwc_cells_sample(ctx, cells, &field, 1, &sample, 1, values);
    if (status == NWC_OK)
        status = nwc_cells_flashes(ctx, cells, NULL, NULL, 0, 1, &time_ns, &place, &place, NULL, made);
    if (status == NWC_OK) status = nwc_cell_history_create(ctx, 2, names, 900.0, &history);
    for (int s = 0; s < 2 && status == NWC_OK; s++) status = add(history, s, 1, 2);
    if (status == NWC_OK) status = nwc_cell_history_save(history, &bytes, &size);
    if (status == NWC_OK) status = nwc_cell_history_restore(ctx, bytes, size, &restored);
    nwc_cell_history_destroy(restored);
    nwc_cell_history_destroy(history);
    return status;
}

static void no_memory_leaves_none(void **state)
{
    (void)state;
    nwc_cells *const cells = make_cells();
    assert_true(check_every_allocation_failure(all_of_it, cells) > 20);
    nwc_cells_destroy(cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_those_of_a_double_loop),
        cmocka_unit_test(what_follows_from_attributes_is_that_by_hand),
        cmocka_unit_test(long_and_narrow_storms_are_lines),
        cmocka_unit_test(samples_that_are_wrong_are_named),
        cmocka_unit_test(flashes_are_counted_where_the_cell_was),
        cmocka_unit_test(a_jump_is_growth_of_two_sigma),
        cmocka_unit_test(trends_and_totals_are_those_of_lines),
        cmocka_unit_test(a_history_restored_goes_on_bit_for_bit),
        cmocka_unit_test(no_memory_leaves_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
