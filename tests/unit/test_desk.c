/* desk: weights against distances from many points of every edge, changes against what their words say, moves against sums. */
#include "core/internal.h"
#include "support/support.h"

enum { NY = 40, NX = 52, CELLS = NY * NX };

static const nwc_grid metres = {.projection = "+proj=laea +lat_0=48 +lon_0=11",
                                .nx = NX,
                                .ny = NY,
                                .x_first = -26000.0,
                                .y_first = -19000.0,
                                .dx = 1000.0,
                                .dy = 1000.0};
static const nwc_grid degrees = {
    .projection = "+proj=longlat", .nx = 30, .ny = 20, .x_first = 175.0, .y_first = 40.0, .dx = 0.5, .dy = 0.5};

/* A star with a hole, and a triangle apart from it that leaves the grid. */
static double star_lon[19], star_lat[19];
static const int64_t star_points[] = {12, 4, 3};
static const uint8_t star_hole[] = {0, 1, 0};

static nwc_desk_area star(double feather_m)
{
    int n = 0;
    for (int k = 0; k < 12; k++, n++) {
        const double angle = k * NWC__PI / 6.0, far = k % 2 ? 0.05 : 0.11;
        star_lon[n] = 11.0 + 1.45 * far * cos(angle), star_lat[n] = 48.0 + far * sin(angle);
    }
    for (int k = 0; k < 4; k++, n++) {
        star_lon[n] = 11.003 + 0.03 * cos(k * NWC__PI / 2.0), star_lat[n] = 48.002 + 0.02 * sin(k * NWC__PI / 2.0);
    }
    const double lon[] = {11.25, 11.6, 11.3}, lat[] = {47.9, 47.92, 48.1};
    for (int k = 0; k < 3; k++, n++) star_lon[n] = lon[k], star_lat[n] = lat[k];
    return (nwc_desk_area){.shape = NWC_SHAPE_POLYGON,
                           .n_parts = 3,
                           .part_points = star_points,
                           .hole = star_hole,
                           .longitude_deg = star_lon,
                           .latitude_deg = star_lat,
                           .feather_m = feather_m};
}

static double great_circle(double lon_a, double lat_a, double lon_b, double lat_b)
{
    const double up = sin(0.5 * (lat_b - lat_a) * NWC__RADIANS), over = sin(0.5 * (lon_b - lon_a) * NWC__RADIANS);
    const double h = up * up + cos(lat_a * NWC__RADIANS) * cos(lat_b * NWC__RADIANS) * over * over;
    return 2.0 * 6371000.0 * asin(sqrt(h));
}

/* Least great-circle distance from points close together on all edges. */
static double distance_from(const nwc_desk_area *area, double lon, double lat)
{
    double least = INFINITY;
    int64_t first = 0;
    for (int32_t p = 0; p < area->n_parts; first += area->part_points[p++])
        for (int64_t k = 0; k < area->part_points[p]; k++) {
            const int64_t a = first + k, b = first + (k + 1) % area->part_points[p];
            for (int s = 0; s <= 400; s++)
                least = fmin(least, great_circle(area->longitude_deg[a] +
                                                     (area->longitude_deg[b] - area->longitude_deg[a]) * s / 400.0,
                                                 area->latitude_deg[a] +
                                                     (area->latitude_deg[b] - area->latitude_deg[a]) * s / 400.0,
                                                 lon, lat));
        }
    return least;
}

static float weight[CELLS];

static nwc_status weigh(nwc_ctx *ctx, const nwc_grid *grid, const nwc_desk_area *area)
{
    nwc_field out = field_2d(weight, grid->ny, grid->nx, NULL, NULL);
    return nwc_desk_weight(ctx, grid, area, &out);
}

static void weights_follow_the_distance_from_the_edge(void **state)
{
    (void)state;
    static uint8_t within[CELLS];
    const double feather = 6000.0;
    const nwc_desk_area area = star(feather);
    nwc_flags flags = {.data = within, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    assert_ok(nwc_grid_within(NULL, &metres, 3, star_points, star_hole, star_lon, star_lat, &flags));
    assert_ok(weigh(NULL, &metres, &area));
    int part = 0, none = 0;
    for (int64_t c = 0; c < CELLS; c++) {
        double lon = metres.x_first + metres.dx * (double)(c % NX), lat = metres.y_first + metres.dy * (double)(c / NX);
        assert_ok(nwc_grid_to_lonlat(NULL, &metres, 1, &lon, &lat, &lon, &lat));
        const double s = fmin(distance_from(&area, lon, lat) / feather, 1.0);
        const double expected = within[c] ? 1.0 : 1.0 - s * s * (3.0 - 2.0 * s);
        assert_near(weight[c], expected, 2e-3);
        part += weight[c] > 0.0F && weight[c] < 1.0F, none += weight[c] == 0.0F;
    }
    assert_true(part > 200 && none > 200);

    const nwc_desk_area sharp = star(0.0);
    assert_ok(weigh(NULL, &metres, &sharp));
    for (int64_t c = 0; c < CELLS; c++) assert_true(weight[c] == (float)within[c]);
}

static void a_line_has_a_width_on_either_side_of_180_degrees(void **state)
{
    (void)state;
    const int64_t two = 2;
    const double lon[] = {-179.0, -179.0}, lat[] = {30.0, 60.0}; /* a meridian: distances are known */
    const nwc_desk_area area = {.shape = NWC_SHAPE_LINE,
                                .n_parts = 1,
                                .part_points = &two,
                                .longitude_deg = lon,
                                .latitude_deg = lat,
                                .width_m = 100e3,
                                .feather_m = 80e3};
    assert_ok(weigh(NULL, &degrees, &area));
    for (int64_t j = 0; j < degrees.ny; j++)
        for (int64_t i = 0; i < degrees.nx; i++) {
            const double phi = (40.0 + 0.5 * (double)j) * NWC__RADIANS;
            const double far = fabs(175.0 + 0.5 * (double)i - 181.0) * cos(phi) * 6371000.0 * NWC__RADIANS;
            const double s = fmin(fmax((far - 50e3) / 80e3, 0.0), 1.0);
            assert_near(weight[j * degrees.nx + i], 1.0 - s * s * (3.0 - 2.0 * s), 1e-6);
        }
}

static void areas_that_are_none_are_refused(void **state)
{
    (void)state;
    const int64_t four = 4, two = 2, three = 3, many = NWC_DESK_MAX_POINTS + 1;
    const double square_lon[] = {1.0, 2.0, 2.0, 1.0}, square_lat[] = {1.0, 1.0, 2.0, 2.0};
    const double bow_lat[] = {1.0, 2.0, 1.0, 2.0}, flat_lat[] = {1.0, 1.0, 1.0, 1.0};
    const double round_lon[] = {0.0, 90.0, 180.0, -90.0}, bad_lat[] = {1.0, NAN, 2.0, 2.0};
    nwc_desk_area area = {.shape = NWC_SHAPE_POLYGON,
                          .n_parts = 1,
                          .part_points = &four,
                          .longitude_deg = square_lon,
                          .latitude_deg = square_lat};
    assert_ok(nwc_desk_check_area(NULL, &area));
    area.latitude_deg = bow_lat;
    assert_fails(NWC_ERR_ARG, "part 0: edges that do not cross expected, 0 and 2 do", nwc_desk_check_area(NULL, &area));
    area.latitude_deg = flat_lat;
    assert_fails(NWC_ERR_ARG, "a ring around an area", nwc_desk_check_area(NULL, &area));
    area.longitude_deg = round_lon;
    assert_fails(NWC_ERR_ARG, "not around a pole", nwc_desk_check_area(NULL, &area));
    area.longitude_deg = flat_lat;
    assert_fails(NWC_ERR_ARG, "more than one place", nwc_desk_check_area(NULL, &area));
    area.latitude_deg = bad_lat;
    assert_fails(NWC_ERR_ARG, "point 1: a place on the earth", nwc_desk_check_area(NULL, &area));
    area.part_points = &two;
    assert_fails(NWC_ERR_ARG, "at least 3 points", nwc_desk_check_area(NULL, &area));
    area.part_points = &many;
    assert_fails(NWC_ERR_ARG, "at most 10000", nwc_desk_check_area(NULL, &area));
    area.part_points = &three, area.feather_m = -1.0;
    assert_fails(NWC_ERR_ARG, "feather_m", nwc_desk_check_area(NULL, &area));
    area.feather_m = 0.0, area.shape = NWC_SHAPE_POINT;
    assert_fails(NWC_ERR_ARG, "shape", nwc_desk_check_area(NULL, &area));
    area.shape = NWC_SHAPE_LINE, area.width_m = NAN;
    assert_fails(NWC_ERR_ARG, "width_m", nwc_desk_check_area(NULL, &area));
    assert_fails(NWC_ERR_ARG, "area", nwc_desk_check_area(NULL, NULL));
    const uint8_t hole = 1;
    area.width_m = 0.0, area.hole = &hole;
    assert_fails(NWC_ERR_ARG, "hole", nwc_desk_check_area(NULL, &area));
    const nwc_desk_area good = star(0.0);
    assert_fails(NWC_ERR_ARG, "grid", nwc_desk_weight(NULL, NULL, &good, &(nwc_field){0}));
    nwc_field small = field_2d(weight, NY, NX - 1, NULL, NULL);
    assert_fails(NWC_ERR_ARG, "weight", nwc_desk_weight(NULL, &metres, &good, &small));
}

/* ---- changes ---- */

enum { N = 6 };
static const float shares[N] = {0.0F, 0.5F, 1.0F, 1.0F, 1.0F, 1.0F};

static void change_to(const float *from, const char *units, int32_t operation, double amount, double nothing,
                      const float *other, float *to)
{
    nwc_desk_change_options change;
    nwc_desk_change_options_init(&change);
    change.operation = operation, change.amount = amount, change.nothing = nothing;
    if (isfinite(nothing)) change.least = nothing;
    float cells[N], with[N];
    memcpy(cells, from, sizeof cells);
    if (other) memcpy(with, other, sizeof with);
    nwc_field field = field_2d(cells, 1, N, units, NULL), second = field_2d(with, 1, N, units, NULL);
    nwc_field share = field_2d((float[N]){0}, 1, N, NULL, NULL);
    memcpy(share.data, shares, sizeof shares);
    assert_ok(nwc_desk_change(NULL, &field, &share, &change, other ? &second : NULL, &field)); /* in place */
    memcpy(to, cells, sizeof cells);
}

static void assert_cells(const float *found, const float *expected)
{
    for (int k = 0; k < N; k++)
        if (isnan(expected[k]))
            assert_true(isnan(found[k]));
        else
            assert_near(found[k], expected[k], 1e-5);
}

static void changes_do_what_they_say(void **state)
{
    (void)state;
    const float rain[N] = {3.0F, 3.0F, 4.0F, 0.0F, NAN, 1.0F};
    float made[N];
    change_to(rain, "mm h-1", NWC_DESK_ADD, 2.0, 0.0, NULL, made);
    assert_cells(made, (float[N]){3.0F, 4.0F, 6.0F, 0.0F, NAN, 3.0F});
    change_to(rain, "mm h-1", NWC_DESK_ADD, -2.0, 0.0, NULL, made);
    assert_cells(made, (float[N]){3.0F, 2.0F, 2.0F, 0.0F, NAN, 0.0F});
    change_to(rain, "mm h-1", NWC_DESK_SCALE, 1.5, 0.0, NULL, made);
    assert_cells(made, (float[N]){3.0F, 3.75F, 6.0F, 0.0F, NAN, 1.5F});
    change_to(rain, "mm h-1", NWC_DESK_SCALE, 0.0, 0.0, NULL, made);
    assert_cells(made, (float[N]){3.0F, 1.5F, 0.0F, 0.0F, NAN, 0.0F});
    change_to(rain, "mm h-1", NWC_DESK_SET, 9.0, 0.0, NULL, made);
    assert_cells(made, (float[N]){3.0F, 6.0F, 9.0F, 9.0F, NAN, 9.0F});
    const float other[N] = {7.0F, 7.0F, NAN, 2.0F, 5.0F, 3.0F};
    change_to(rain, "mm h-1", NWC_DESK_BLEND, 0.5, 0.0, other, made);
    assert_cells(made, (float[N]){3.0F, 4.0F, 4.0F, 1.0F, 5.0F, 2.0F});

    const float dbz[N] = {30.0F, 30.0F, 30.0F, -32.0F, NAN, -31.0F};
    change_to(dbz, "dBZ", NWC_DESK_SCALE, 10.0, -32.0, NULL, made);
    assert_cells(made, (float[N]){30.0F, (float)(30.0 + 10.0 * log10(5.5)), 40.0F, -32.0F, NAN, -21.0F});
    change_to(dbz, "dBZ", NWC_DESK_SCALE, 0.0, -32.0, NULL, made);
    assert_cells(made, (float[N]){30.0F, (float)(30.0 + 10.0 * log10(0.5)), -32.0F, -32.0F, NAN, -32.0F});
    change_to(dbz, "dBZ", NWC_DESK_ADD, -5.0, -32.0, NULL, made);
    assert_cells(made, (float[N]){30.0F, 27.5F, 25.0F, -32.0F, NAN, -32.0F});
}

static void changes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    float cells[N] = {0}, share[N] = {0};
    nwc_field field = field_2d(cells, 1, N, NULL, NULL), w = field_2d(share, 1, N, NULL, NULL);
    nwc_field narrow = field_2d(share, 1, N - 1, NULL, NULL);
    nwc_desk_change_options change;
    nwc_desk_change_options_init(&change);
    change.amount = NAN;
    assert_fails(NWC_ERR_ARG, "amount", nwc_desk_change(NULL, &field, &w, &change, NULL, &field));
    change.amount = -1.0, change.operation = NWC_DESK_SCALE;
    assert_fails(NWC_ERR_ARG, "amount: at least 0", nwc_desk_change(NULL, &field, &w, &change, NULL, &field));
    change.amount = 1.5, change.operation = NWC_DESK_BLEND;
    assert_fails(NWC_ERR_ARG, "amount: 0 to 1", nwc_desk_change(NULL, &field, &w, &change, &field, &field));
    change.amount = 1.0;
    assert_fails(NWC_ERR_ARG, "other", nwc_desk_change(NULL, &field, &w, &change, NULL, &field));
    assert_fails(NWC_ERR_ARG, "other", nwc_desk_change(NULL, &field, &w, &change, &narrow, &field));
    change.operation = 9;
    assert_fails(NWC_ERR_ARG, "operation", nwc_desk_change(NULL, &field, &w, &change, NULL, &field));
    change.operation = NWC_DESK_SET, change.least = 2.0, change.most = 1.0;
    assert_fails(NWC_ERR_ARG, "limits", nwc_desk_change(NULL, &field, &w, &change, NULL, &field));
    assert_fails(NWC_ERR_ARG, "weight", nwc_desk_change(NULL, &field, &narrow, NULL, NULL, &field));
    assert_fails(NWC_ERR_ARG, "moved", nwc_desk_move(NULL, &field, &w, 1.0, 1.0, 0.0, &field));
    float out[N];
    nwc_field moved = field_2d(out, 1, N, NULL, NULL);
    assert_fails(NWC_ERR_ARG, "cells_y", nwc_desk_move(NULL, &field, &w, NAN, 1.0, 0.0, &moved));
    assert_fails(NWC_ERR_ARG, "nothing", nwc_desk_move(NULL, &field, &w, 0.0, 1.0, -INFINITY, &moved));
    nwc_desk_change_options_init(NULL);
}

/* ---- moves ---- */

static float before[3 * CELLS], after[3 * CELLS];

/* Members, time or levels of showers, the weight of a disc with a soft edge about a cell. */
static void fill(double j0, double i0, double soft)
{
    for (int64_t c = 0; c < 3 * CELLS; c++) {
        const double y = (double)(c % CELLS / NX), x = (double)(c % NX);
        before[c] = (float)fmax(0.0, 5.0 * sin(0.31 * x + (double)(c / CELLS)) * cos(0.23 * y));
    }
    for (int64_t c = 0; c < CELLS; c++) {
        const double far = hypot((double)(c / NX) - j0, (double)(c % NX) - i0);
        weight[c] = (float)fmin(fmax((8.0 + soft - far) / fmax(soft, 1e-9), 0.0), 1.0);
    }
}

static nwc_field three(float *cells, const char *units)
{
    return (nwc_field){
        .data = cells, .ndim = 3, .dim = {3, NY, NX}, .stride = {CELLS, NX, 1}, .missing = NAN, .units = units};
}

static double sum_of(const float *cells, bool reflectivity)
{
    double sum = 0.0;
    for (int64_t c = 0; c < CELLS; c++)
        sum += !reflectivity ? (double)cells[c] : cells[c] > -32.0F ? pow(10.0, 0.1 * (double)cells[c]) : 0.0;
    return sum;
}

static void what_is_moved_is_neither_lost_nor_made(void **state)
{
    (void)state;
    nwc_field field = three(before, "mm h-1"), moved = three(after, "mm h-1"), w = field_2d(weight, NY, NX, NULL, NULL);
    fill(14.0, 20.0, 3.0);
    assert_ok(nwc_desk_move(NULL, &field, &w, 6.35, 11.8, 0.0, &moved));
    for (int m = 0; m < 3; m++)
        assert_near(sum_of(after + m * CELLS, false) / sum_of(before + m * CELLS, false), 1.0, 1e-6);

    fill(14.0, 20.0, 0.0); /* whole cells, a sharp edge: cut out and put in */
    assert_ok(nwc_desk_move(NULL, &field, &w, 3.0, -4.0, 0.0, &moved));
    for (int64_t c = 0; c < 3 * CELLS; c++) {
        const int64_t j = c % CELLS / NX - 3, i = c % NX + 4;
        const bool comes = j >= 0 && i < NX && weight[j * NX + i] == 1.0F, goes = weight[c % CELLS] == 1.0F;
        const double expected = (goes ? 0.0 : (double)before[c]) + (comes ? (double)before[c - 3 * NX + 4] : 0.0);
        assert_near(after[c], expected, 1e-6);
    }

    field = three(before, "dBZ"), moved = three(after, "dBZ");
    fill(20.0, 25.0, 4.0);
    for (int64_t c = 0; c < 3 * CELLS; c++) before[c] = before[c] > 0.0F ? 8.0F * before[c] : -32.0F;
    assert_ok(nwc_desk_move(NULL, &field, &w, -2.5, 3.25, -32.0, &moved));
    assert_near(sum_of(after, true) / sum_of(before, true), 1.0, 1e-5);
    for (int64_t c = 0; c < CELLS; c++) assert_true(after[c] >= -32.0F);
}

static void what_a_move_does_not_reach_keeps_its_bits_and_what_is_not_known_stays_so(void **state)
{
    (void)state;
    nwc_field field = three(before, "mm h-1"), moved = three(after, "mm h-1"), w = field_2d(weight, NY, NX, NULL, NULL);
    fill(14.0, 20.0, 3.0);
    for (int64_t c = 0; c < 3 * CELLS; c += 7) before[c] = NAN;
    assert_ok(nwc_desk_move(NULL, &field, &w, 5.0, 6.0, 0.0, &moved));
    int64_t kept = 0;
    for (int64_t c = 0; c < 3 * CELLS; c++) {
        assert_int_equal(isnan(after[c]), isnan(before[c]));
        const double j = (double)(c % CELLS / NX), i = (double)(c % NX);
        if (hypot(j - 14.0, i - 20.0) <= 11.0 || hypot(j - 19.0, i - 26.0) <= 11.0) continue;
        assert_memory_equal(&after[c], &before[c], sizeof(float));
        kept++;
    }
    assert_true(kept > 3 * CELLS / 2);
    assert_ok(nwc_desk_move(NULL, &field, &w, 0.0, 0.0, 0.0, &moved)); /* nowhere */
    for (int64_t c = 0; c < 3 * CELLS; c++) assert_true(isnan(before[c]) || fabsf(after[c] - before[c]) <= 1e-6F);
    assert_ok(nwc_desk_move(NULL, &field, &w, 1e6, -1e6, 0.0, &moved)); /* off the grid */
    assert_true(after[14 * NX + 20] == 0.0F || isnan(after[14 * NX + 20]));
}

static void one_cell_and_nothing_known_are_no_special_case(void **state)
{
    (void)state;
    const nwc_grid one = {.projection = "+proj=laea +lat_0=48 +lon_0=11", .nx = 1, .ny = 1, .dx = 1e3, .dy = 1e3};
    const nwc_desk_area area = star(5e3);
    assert_ok(weigh(NULL, &one, &area));
    assert_true(weight[0] < 1.0F && weight[0] > 0.0F); /* in the hole, near its edge */
    float cell = NAN, out = 1.0F, share = 1.0F;
    nwc_field field = field_2d(&cell, 1, 1, NULL, NULL), made = field_2d(&out, 1, 1, NULL, NULL);
    nwc_field w = field_2d(&share, 1, 1, NULL, NULL);
    assert_ok(nwc_desk_change(NULL, &field, &w, NULL, NULL, &made));
    assert_true(isnan(out));
    out = 1.0F;
    assert_ok(nwc_desk_move(NULL, &field, &w, 0.5, 0.5, 0.0, &made));
    assert_true(isnan(out));
}

/* Everything in one call, into cells the caller compares. */
static nwc_status all_of_it(nwc_ctx *ctx, void *user)
{
    float *const made = user;
    const nwc_desk_area area = star(4000.0);
    const nwc_status status = weigh(ctx, &metres, &area);
    if (status != NWC_OK) return status;
    for (int64_t c = 0; c < 3 * CELLS; c++) before[c] = (float)fmax(0.0, sin(0.37 * (double)c));
    nwc_field field = three(before, "mm h-1"), moved = three(after, "mm h-1"), out = three(made, "mm h-1");
    nwc_field w = field_2d(weight, NY, NX, NULL, NULL);
    nwc_desk_change_options change;
    nwc_desk_change_options_init(&change);
    change.operation = NWC_DESK_SCALE, change.amount = 1.7;
    NWC__TRY(nwc_desk_move(ctx, &field, &w, 2.2, -3.7, 0.0, &moved));
    return nwc_desk_change(ctx, &moved, &w, &change, NULL, &out);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    static float one[3 * CELLS], many[3 * CELLS];
    check_threads_change_no_bit(all_of_it, one, many, sizeof one);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static float made[3 * CELLS];
    assert_true(check_every_allocation_failure(all_of_it, made) >= 4);
}

static void strides_do_not_matter(void **state)
{
    (void)state;
    static float turned[CELLS], made[CELLS];
    nwc_field w = field_2d(weight, NY, NX, NULL, NULL), field, plain = field_2d(before, NY, NX, NULL, NULL);
    nwc_field moved = field_2d(after, NY, NX, NULL, NULL), out;
    fill(14.0, 20.0, 3.0);
    for (int64_t c = 0; c < CELLS; c++) turned[(c % NX) * NY + (NY - 1 - c / NX)] = before[c]; /* (x, -y) */
    out = field = field_2d(turned, NY, NX, NULL, NULL);
    field.data = turned + NY - 1, field.stride[0] = -1, field.stride[1] = NY;
    out.data = made + NY - 1, out.stride[0] = -1, out.stride[1] = NY;
    assert_ok(nwc_desk_move(NULL, &plain, &w, 2.3, 1.1, 0.0, &moved));
    assert_ok(nwc_desk_move(NULL, &field, &w, 2.3, 1.1, 0.0, &out));
    for (int64_t c = 0; c < CELLS; c++) assert_true(after[c] == made[(c % NX) * NY + (NY - 1 - c / NX)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_follow_the_distance_from_the_edge),
        cmocka_unit_test(a_line_has_a_width_on_either_side_of_180_degrees),
        cmocka_unit_test(areas_that_are_none_are_refused),
        cmocka_unit_test(changes_do_what_they_say),
        cmocka_unit_test(changes_that_make_no_sense_are_refused),
        cmocka_unit_test(what_is_moved_is_neither_lost_nor_made),
        cmocka_unit_test(what_a_move_does_not_reach_keeps_its_bits_and_what_is_not_known_stays_so),
        cmocka_unit_test(one_cell_and_nothing_known_are_no_special_case),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(strides_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
