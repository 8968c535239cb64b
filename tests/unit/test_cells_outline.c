/* Outlines of cells: rings of drawn shapes, and rings of noise that are simple, filled again and the same as what was outlined. */
#include "support/support.h"

enum { NY = 24, NX = 30, CELLS = NY * NX };

static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1.0, .dy = 1.0};

/* Outline the storms of a field that is 50 where set and 0 elsewhere, corners connecting or not. */
static nwc_cells *outline(const uint8_t *set, int32_t corners, int32_t holes, int32_t *label, nwc_outlines *outlines)
{
    static float value[CELLS];
    nwc_cells *cells;
    nwc_cells_options options;
    nwc_labels labels = {.data = label, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    for (int c = 0; c < CELLS; c++) value[c] = set[c] ? 50.0F : 0.0F;
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_cells_options_init(&options);
    options.least_size = options.least_core = 0.0, options.corners = corners;
    assert_ok(nwc_cells_identify(NULL, &field, &options, &cells));
    assert_ok(nwc_cells_labels(cells, 1, &labels));
    assert_ok(nwc_cells_outline(NULL, cells, 1, holes, outlines));
    return cells;
}

static void draw(uint8_t *set, const char *const *rows, int n)
{
    memset(set, 0, CELLS);
    for (int j = 0; j < n; j++)
        for (int i = 0; rows[j][i]; i++)
            set[(n - 1 - j) * NX + i] = rows[j][i] == '#'; /* the first row is the northernmost */
}

static double area_of(const nwc_outlines *outlines, int64_t first, int64_t n)
{
    double twice = 0.0;
    for (int64_t a = 0; a < n; a++) {
        const int64_t p = first + a, q = first + (a + 1) % n;
        twice += outlines->x[p] * outlines->y[q] - outlines->x[q] * outlines->y[p];
    }
    return 0.5 * twice;
}

static void check_rings(const char *const *rows, int n, int64_t n_rings, const int64_t *points, const double *area)
{
    uint8_t set[CELLS];
    int32_t label[CELLS];
    nwc_outlines outlines;
    draw(set, rows, n);
    nwc_cells *const cells = outline(set, 1, 1, label, &outlines);
    assert_int_equal(outlines.n_rings, n_rings);
    for (int64_t r = 0, first = 0; r < n_rings; first += outlines.points[r++]) {
        assert_int_equal(outlines.points[r], points[r]);
        assert_int_equal(outlines.id[r], 1);
        assert_int_equal(outlines.hole[r], area[r] < 0.0);
        assert_near(area_of(&outlines, first, points[r]), area[r], 1e-9);
    }
    nwc_cells_destroy(cells);
}

static void drawn_shapes_have_their_rings(void **state)
{
    (void)state;
    const char *const one[] = {"#"}, *const bar[] = {"  ###"}, *const corner[] = {"# ", " #"};
    const char *const frame[] = {"####", "#  #", "####"}, *const two_holes[] = {"####", "# ##", "## #", "####"};
    const char *const pinched[] = {"###", "# #", "## "}, *const island[] = {"#####", "## ##", "# # #", "## ##",
                                                                            "#####"};
    check_rings(one, 1, 1, (const int64_t[]){4}, (const double[]){1.0});
    check_rings(bar, 1, 1, (const int64_t[]){4}, (const double[]){3.0});
    check_rings(corner, 2, 2, (const int64_t[]){4, 4}, (const double[]){1.0, 1.0});
    check_rings(frame, 3, 2, (const int64_t[]){4, 4}, (const double[]){12.0, -2.0});
    check_rings(two_holes, 4, 3, (const int64_t[]){4, 4, 4}, (const double[]){16.0, -1.0, -1.0});
    /* The hole touches the ring around it at a corner. */
    check_rings(pinched, 3, 2, (const int64_t[]){6, 4}, (const double[]){8.0, -1.0});
    /* An area of its own in a hole, whose corners touch the hole's. */
    check_rings(island, 5, 3, (const int64_t[]){4, 12, 4}, (const double[]){25.0, -5.0, 1.0});
}

static void holes_are_left_out_where_they_are_not_wanted(void **state)
{
    (void)state;
    uint8_t set[CELLS];
    int32_t label[CELLS];
    nwc_outlines outlines;
    const char *const frame[] = {"####", "#  #", "####"};
    draw(set, frame, 3);
    nwc_cells *const cells = outline(set, 1, 0, label, &outlines);
    assert_int_equal(outlines.n_rings, 1);
    assert_near(outlines.x[0], -0.5, 0.0);
    assert_near(outlines.y[0], -0.5, 0.0);
    assert_near(outlines.x[2], 3.5, 0.0);
    assert_near(outlines.y[2], 2.5, 0.0);
    nwc_cells_destroy(cells);
}

/* Number of rings of a label, holes counted off, around a point: 1 within, 0 elsewhere. */
static int around(const nwc_outlines *outlines, int32_t id, double x, double y)
{
    int sum = 0;
    for (int64_t r = 0, first = 0; r < outlines->n_rings; first += outlines->points[r++]) {
        if (outlines->id[r] != id) continue;
        bool within = false;
        for (int64_t a = 0; a < outlines->points[r]; a++) {
            const int64_t p = first + a, q = first + (a + 1) % outlines->points[r];
            if ((outlines->y[p] > y) != (outlines->y[q] > y) && outlines->x[p] > x) within = !within;
        }
        sum += within ? (outlines->hole[r] ? -1 : 1) : 0;
    }
    return sum;
}

static void rings_of_noise_are_simple_and_hold_what_they_outline(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int turn = 0; turn < 30; turn++) {
        uint8_t set[CELLS];
        int32_t label[CELLS];
        nwc_outlines outlines;
        for (int c = 0; c < CELLS; c++) set[c] = (seed = seed * 1664525U + 1013904223U) >> 24 < (turn % 3 ? 140 : 200);
        nwc_cells *const cells = outline(set, turn % 2, 1, label, &outlines);
        for (int c = 0; c < CELLS; c++) {
            if (!label[c]) continue;
            for (int d = -1; d <= 1; d++) { /* it, and the one beside it */
                const int i = c % NX + d;
                if (i < 0 || i >= NX) continue;
                const bool same = label[c + d] == label[c];
                assert_int_equal(around(&outlines, label[c], (double)i, (double)(c / NX)), same);
            }
        }
        bool any_outer = false;
        for (int64_t r = 0, first = 0; r < outlines.n_rings; first += outlines.points[r++]) {
            assert_true(r == 0 || outlines.id[r] >= outlines.id[r - 1]);
            any_outer = !outlines.hole[r] || (any_outer && outlines.id[r] == outlines.id[r - 1]);
            assert_true(any_outer);
            assert_true((area_of(&outlines, first, outlines.points[r]) < 0.0) == outlines.hole[r]);
            for (int64_t a = 0; a < outlines.points[r]; a++)
                for (int64_t b = 0; b < a; b++)
                    assert_true(outlines.x[first + a] != outlines.x[first + b] ||
                                outlines.y[first + a] != outlines.y[first + b]);
        }
        nwc_cells_destroy(cells);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_shapes_have_their_rings),
        cmocka_unit_test(holes_are_left_out_where_they_are_not_wanted),
        cmocka_unit_test(rings_of_noise_are_simple_and_hold_what_they_outline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
