/* nwc_wind_find_lines: lines of convergence at places that are known. */
#include "support/support.h"

enum { NY = 81, NX = 101, CELLS = NY * NX };

static const nwc_grid grid = {.projection = "+proj=tmerc +lat_0=32 +lon_0=120 +k=1 +ellps=WGS84 +units=m",
                              .ny = NY,
                              .nx = NX,
                              .x_first = -50e3,
                              .y_first = -40e3,
                              .dx = 1000.0,
                              .dy = 1000.0};

struct made {
    float cells[CELLS];
    int32_t labels[CELLS];
    nwc_field field;
    nwc_labels ridges;
};

static void make(struct made *made, double (*convergence)(double x, double y))
{
    for (int c = 0; c < CELLS; c++)
        made->cells[c] = (float)convergence(grid.x_first + 1e3 * (c % NX), grid.y_first + 1e3 * (c / NX));
    made->field = field_2d(made->cells, NY, NX, "s-1", &grid);
    made->ridges = (nwc_labels){.data = made->labels, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
}

/* Wind that turns by 10 m/s over a few kilometres across a line through (3.3, -2.2) km, 25 degrees off north. */
static double front(double x, double y)
{
    const double angle = 25.0 * acos(-1.0) / 180.0, across = (x - 3300.0) * cos(angle) + (y + 2200.0) * sin(angle);
    return 10.0 / 4000.0 / pow(cosh(across / 2000.0), 2.0);
}

static void a_straight_line_is_found_at_its_place(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_lines *lines;
    nwc_wind_line line;
    const double angle = 25.0 * acos(-1.0) / 180.0;
    make(&made, front);
    assert_ok(nwc_wind_find_lines(NULL, &made.field, NULL, &lines, &made.ridges));
    assert_int_equal(nwc_wind_lines_count(lines), 1);
    assert_ok(nwc_wind_lines_get(lines, 0, &line));
    int labelled = 0;
    for (int64_t k = 0; k < line.n; k++) {
        /* by the edges of the grid, smoothing sees one side only */
        const bool inside = fabs(line.x[k]) < 42e3 && fabs(line.y[k]) < 32e3;
        const double across = (line.x[k] - 3300.0) * cos(angle) + (line.y[k] + 2200.0) * sin(angle);
        assert_true(fabs(across) < (inside ? 30.0 : 700.0));
        assert_true(line.convergence[k] <= line.most_convergence && line.convergence[k] > 1e-3F);
        if (k > 0) assert_true(hypot(line.x[k] - line.x[k - 1], line.y[k] - line.y[k - 1]) < 2300.0); /* no gap */
    }
    for (int c = 0; c < CELLS; c++) labelled += made.labels[c] == 1;
    assert_int_equal(labelled, line.n);
    assert_near(line.length_m, 78e3 / cos(angle), 6e3);
    assert_true(line.mean_convergence <= line.most_convergence);
    nwc_wind_lines_destroy(lines);
}

/* Two lines that run along x, 40 km apart, the southern one strong in its middle only; and a short one. */
static double two(double x, double y)
{
    const double north = 1e-3 * exp(-pow((y - 20e3) / 2000.0, 2.0));
    const double south = 3e-3 * exp(-pow((y + 20.4e3) / 2000.0, 2.0)) * exp(-pow(x / 25e3, 2.0));
    return north + south + 4e-3 * exp(-(pow((x - 30e3) / 2500.0, 2.0) + pow(y / 2500.0, 2.0)));
}

static void lines_go_on_while_they_are_strong_enough(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_lines *lines;
    nwc_wind_line first, second;
    nwc_wind_line_options options;
    nwc_wind_line_options_init(&options);
    options.scale_m = 1500.0, options.strong = 8e-4, options.weak = 4e-4, options.least_m = 8e3;
    make(&made, two);
    assert_ok(nwc_wind_find_lines(NULL, &made.field, &options, &lines, NULL));
    /* Smoothing takes 1 / sqrt(1 + 2 (1500 / 2000)^2) = 0.686 off: the northern one is too weak, the round one too short. */
    assert_int_equal(nwc_wind_lines_count(lines), 1);
    assert_ok(nwc_wind_lines_get(lines, 0, &first));
    const double share = 1.0 / sqrt(1.0 + 2.0 * 0.5625), reach = 25e3 * sqrt(log(3e-3 * share / 4e-4));
    assert_near(first.most_convergence, 3e-3 * share, 5e-5);
    assert_near(first.length_m, 2.0 * reach, 3e3);
    for (int64_t k = 0; k < first.n; k++) assert_near(first.y[k], -20.4e3, 40.0);
    nwc_wind_lines_destroy(lines);
    options.strong = 5e-4, options.least_m = 0.0;
    assert_ok(nwc_wind_find_lines(NULL, &made.field, &options, &lines, NULL));
    assert_true(nwc_wind_lines_count(lines) >= 2);
    assert_ok(nwc_wind_lines_get(lines, 0, &first));
    assert_ok(nwc_wind_lines_get(lines, 1, &second));
    assert_true(first.most_convergence >= second.most_convergence);
    nwc_wind_lines_destroy(lines);
}

static double ring(double x, double y)
{
    return 3e-3 * exp(-pow((hypot(x - 200.0, y + 300.0) - 22e3) / 2000.0, 2.0));
}

/* Smoothing draws what is curved inward, by some hundreds of metres. */
static void an_outflow_ring_is_followed_around(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_lines *lines;
    nwc_wind_line line;
    make(&made, ring);
    assert_ok(nwc_wind_find_lines(NULL, &made.field, NULL, &lines, NULL));
    double length = 0.0;
    for (int64_t n = 0; n < nwc_wind_lines_count(lines); n++) {
        assert_ok(nwc_wind_lines_get(lines, n, &line));
        length += line.length_m;
        for (int64_t k = 0; k < line.n; k++) assert_near(hypot(line.x[k] - 200.0, line.y[k] + 300.0), 21.8e3, 200.0);
    }
    assert_true(nwc_wind_lines_count(lines) <= 2);
    assert_near(length, 2.0 * acos(-1.0) * 22e3, 8e3);
    nwc_wind_lines_destroy(lines);
}

static double still(double x, double y)
{
    return 0.0 * (x + y);
}

static void nothing_known_and_nothing_there_have_no_lines(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_lines *lines;
    make(&made, still);
    assert_ok(nwc_wind_find_lines(NULL, &made.field, NULL, &lines, &made.ridges));
    assert_int_equal(nwc_wind_lines_count(lines), 0);
    nwc_wind_lines_destroy(lines);
    for (int c = 0; c < CELLS; c++) made.cells[c] = NAN;
    assert_ok(nwc_wind_find_lines(NULL, &made.field, NULL, &lines, &made.ridges));
    assert_int_equal(nwc_wind_lines_count(lines), 0);
    for (int c = 0; c < CELLS; c++) assert_int_equal(made.labels[c], 0);
    nwc_wind_lines_destroy(lines);
    for (int64_t nx = 1; nx <= 5; nx += 4) {
        nwc_grid row = grid;
        row.ny = 1, row.nx = nx;
        nwc_field field = field_2d(made.cells, 1, nx, "s-1", &row);
        for (int i = 0; i < 5; i++) made.cells[i] = 1.0F;
        assert_ok(nwc_wind_find_lines(NULL, &field, NULL, &lines, NULL));
        assert_int_equal(nwc_wind_lines_count(lines), 0);
        nwc_wind_lines_destroy(lines);
    }
    assert_int_equal(nwc_wind_lines_count(NULL), 0);
    nwc_wind_lines_destroy(NULL);
}

static void where_nothing_is_known_a_line_ends(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_lines *lines;
    nwc_wind_line line;
    make(&made, front);
    for (int c = 0; c < CELLS; c++)
        if (c / NX > 50) made.cells[c] = NAN;
    assert_ok(nwc_wind_find_lines(NULL, &made.field, NULL, &lines, NULL));
    assert_int_equal(nwc_wind_lines_count(lines), 1);
    assert_ok(nwc_wind_lines_get(lines, 0, &line));
    for (int64_t k = 0; k < line.n; k++) assert_true(line.y[k] < 11e3);
    nwc_wind_lines_destroy(lines);
}

/* Points of all lines, one behind the other, as numbers. */
struct all {
    const struct made *made;
    double numbers[4000];
};

static nwc_status find_all(nwc_ctx *ctx, void *user)
{
    struct all *const all = user;
    nwc_wind_lines *lines;
    const nwc_status status = nwc_wind_find_lines(ctx, &all->made->field, NULL, &lines, NULL);
    if (status != NWC_OK) return status;
    int64_t n = 0;
    for (int64_t l = 0; l < nwc_wind_lines_count(lines); l++) {
        nwc_wind_line line;
        assert_ok(nwc_wind_lines_get(lines, l, &line));
        for (int64_t k = 0; k < line.n && n < 3990; k++) all->numbers[n++] = line.x[k], all->numbers[n++] = line.y[k];
        all->numbers[n++] = line.length_m;
    }
    nwc_wind_lines_destroy(lines);
    return NWC_OK;
}

static void lines_are_the_same_bits_on_any_threads_and_strides(void **state)
{
    (void)state;
    static struct made made, turned;
    static struct all one, other;
    make(&made, two), make(&turned, two);
    for (int c = 0; c < CELLS; c++) made.cells[c] += (float)(c * 37 % 101) * 2e-5F;
    one.made = other.made = &made;
    assert_ok(find_all(NULL, &one));
    assert_true(one.numbers[0] != 0.0);
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(find_all(ctx, &other));
        assert_memory_equal(one.numbers, other.numbers, sizeof one.numbers);
        nwc_ctx_destroy(ctx);
    }
    for (int c = 0; c < CELLS; c++) turned.cells[(c % NX) * NY + NY - 1 - c / NX] = made.cells[c];
    turned.field.data += NY - 1, turned.field.stride[0] = -1, turned.field.stride[1] = NY;
    other.made = &turned;
    assert_ok(find_all(NULL, &other));
    assert_memory_equal(one.numbers, other.numbers, sizeof one.numbers);
}

static void memory_that_runs_out_is_answered(void **state)
{
    (void)state;
    static struct made made;
    static struct all all;
    make(&made, two);
    all.made = &made;
    assert_true(check_every_allocation_failure(find_all, &all) >= 10);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static struct made made;
    nwc_wind_lines *lines;
    nwc_wind_line line;
    nwc_wind_line_options options;
    make(&made, front);
    assert_fails(NWC_ERR_ARG, "lines: a place", nwc_wind_find_lines(NULL, &made.field, NULL, NULL, NULL));
    nwc_wind_line_options_init(&options);
    options.scale_m = 500.0;
    assert_fails(NWC_ERR_ARG, "scale_m: 1.5 to 500 cells",
                 nwc_wind_find_lines(NULL, &made.field, &options, &lines, NULL));
    nwc_wind_line_options_init(&options);
    options.weak = 1.0;
    assert_fails(NWC_ERR_ARG, "strong, weak", nwc_wind_find_lines(NULL, &made.field, &options, &lines, NULL));
    nwc_wind_line_options_init(&options);
    options.least_m = -1.0;
    assert_fails(NWC_ERR_ARG, "least_m", nwc_wind_find_lines(NULL, &made.field, &options, &lines, NULL));
    made.ridges.dim[0] = 3;
    assert_fails(NWC_ERR_ARG, "ridges: the 81 x 101",
                 nwc_wind_find_lines(NULL, &made.field, NULL, &lines, &made.ridges));
    assert_ok(nwc_wind_find_lines(NULL, &made.field, NULL, &lines, NULL));
    assert_fails(NWC_ERR_ARG, "index: 0 to 0", nwc_wind_lines_get(lines, 1, &line));
    assert_fails(NWC_ERR_ARG, "lines, line", nwc_wind_lines_get(NULL, 0, &line));
    nwc_wind_lines_destroy(lines);
    made.field.grid = NULL;
    assert_fails(NWC_ERR_ARG, "convergence: a grid", nwc_wind_find_lines(NULL, &made.field, NULL, &lines, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_straight_line_is_found_at_its_place),
        cmocka_unit_test(lines_go_on_while_they_are_strong_enough),
        cmocka_unit_test(an_outflow_ring_is_followed_around),
        cmocka_unit_test(nothing_known_and_nothing_there_have_no_lines),
        cmocka_unit_test(where_nothing_is_known_a_line_ends),
        cmocka_unit_test(lines_are_the_same_bits_on_any_threads_and_strides),
        cmocka_unit_test(memory_that_runs_out_is_answered),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
