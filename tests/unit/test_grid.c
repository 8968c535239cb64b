/* grid: distances, filling, discs, labels, order statistics; against double loops over all cells. */
#include "support/support.h"

enum { NY = 23, NX = 31, MOST = NY * NX };

/* The same numbers on every machine. */
static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static nwc_flags flags_2d(uint8_t *cells, int64_t ny, int64_t nx)
{
    return (nwc_flags){.data = cells, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}};
}

static nwc_labels labels_2d(int32_t *cells, int64_t ny, int64_t nx)
{
    return (nwc_labels){.data = cells, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}};
}

/* The least squared distance from a cell to those of a set, by looking at all; INFINITY for an empty set. */
static double nearest2(const uint8_t *set, int64_t ny, int64_t nx, int64_t j, int64_t i, double dy, double dx)
{
    double least = INFINITY;
    for (int64_t y = 0; y < ny; y++)
        for (int64_t x = 0; x < nx; x++) {
            const double up = dy * (double)(y - j), right = dx * (double)(x - i);
            if (set[y * nx + x] && up * up + right * right < least) least = up * up + right * right;
        }
    return least;
}

static void check_distances(int64_t ny, int64_t nx, unsigned one_in, double dy, double dx)
{
    uint8_t set[MOST], dilated[MOST], eroded[MOST], unset[MOST];
    float distance[MOST];
    uint32_t seed = (uint32_t)(ny * 100 + nx) + one_in;
    for (int64_t c = 0; c < ny * nx; c++) {
        set[c] = one_in && dice(&seed) % one_in == 0 ? (uint8_t)(1 + c % 7) : 0;
        unset[c] = !set[c];
    }
    nwc_flags in = flags_2d(set, ny, nx), grown = flags_2d(dilated, ny, nx), shrunk = flags_2d(eroded, ny, nx);
    nwc_field out = field_2d(distance, ny, nx, NULL, NULL);
    assert_ok(nwc_grid_distance(NULL, &in, dy, dx, &out));
    assert_ok(nwc_grid_dilate(NULL, &in, 2.3, &grown));
    assert_ok(nwc_grid_erode(NULL, &in, 2.3, &shrunk));
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const double expected = sqrt(nearest2(set, ny, nx, j, i, dy, dx));
            if (isinf(expected))
                assert_true(isnan(distance[j * nx + i]));
            else
                assert_near(distance[j * nx + i], expected, 1e-6 * expected);
            assert_int_equal(dilated[j * nx + i], nearest2(set, ny, nx, j, i, 1.0, 1.0) <= 2.3 * 2.3);
            assert_int_equal(eroded[j * nx + i], nearest2(unset, ny, nx, j, i, 1.0, 1.0) > 2.3 * 2.3);
        }
}

static void distances_are_those_of_a_search_of_all(void **state)
{
    (void)state;
    check_distances(NY, NX, 40, 1.0, 1.0);
    check_distances(NY, NX, 3, 2.0, 0.7);
    check_distances(NY, NX, 200, 0.5, 1.5);
    check_distances(NY, NX, 0, 1.0, 1.0);
    check_distances(NY, NX, 1, 1.0, 1.0);
    check_distances(1, 1, 1, 1.0, 1.0);
    check_distances(1, NX, 9, 1.0, 1.0);
    check_distances(NY, 1, 9, 1.0, 3.0);
}

static void unknown_cells_take_the_nearest_value(void **state)
{
    (void)state;
    float cells[MOST], filled[MOST];
    uint8_t known[MOST];
    uint32_t seed = 5;
    for (int c = 0; c < MOST; c++) {
        known[c] = dice(&seed) % 30 == 0;
        cells[c] = known[c] ? (float)c : NAN;
    }
    nwc_field in = field_2d(cells, NY, NX, NULL, NULL), out = field_2d(filled, NY, NX, NULL, NULL);
    for (double reach = 3.0; reach > 0.0; reach = reach == 3.0 ? INFINITY : 0.0) {
        assert_ok(nwc_grid_fill(NULL, &in, reach, &out));
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++) {
                const double least = nearest2(known, NY, NX, j, i, 1.0, 1.0);
                const float value = filled[j * NX + i];
                if (least > reach * reach) {
                    assert_true(isnan(value));
                    continue;
                }
                const double y = (double)((int)value / NX - j), x = (double)((int)value % NX - i);
                assert_near(y * y + x * x, least, 0.0);
            }
    }
    for (int c = 0; c < MOST; c++) cells[c] = NAN;
    assert_ok(nwc_grid_fill(NULL, &in, INFINITY, &in));
    for (int c = 0; c < MOST; c++) assert_true(isnan(cells[c]));
    assert_fails(NWC_ERR_ARG, "reach", nwc_grid_fill(NULL, &in, -1.0, &out));
    assert_fails(NWC_ERR_ARG, "reach", nwc_grid_fill(NULL, &in, NAN, &out));
}

/* Number areas by spreading from each first cell until nothing changes. */
static int32_t flood(const float *cells, int64_t ny, int64_t nx, float threshold, int neighbours, int32_t *labels)
{
    int32_t count = 0;
    memset(labels, 0, (size_t)(ny * nx) * sizeof *labels);
    for (int64_t first = 0; first < ny * nx; first++) {
        if (!(cells[first] >= threshold) || labels[first]) continue;
        labels[first] = ++count;
        for (bool changed = true; changed;) {
            changed = false;
            for (int64_t j = 0; j < ny; j++)
                for (int64_t i = 0; i < nx; i++)
                    for (int64_t y = j - 1; y <= j + 1 && cells[j * nx + i] >= threshold; y++)
                        for (int64_t x = i - 1; x <= i + 1; x++)
                            if (y >= 0 && y < ny && x >= 0 && x < nx && (neighbours == 8 || y == j || x == i) &&
                                labels[y * nx + x] == count && !labels[j * nx + i])
                                labels[j * nx + i] = count, changed = true;
        }
    }
    return count;
}

static void check_labels(int64_t ny, int64_t nx, unsigned one_in)
{
    float cells[MOST];
    int32_t found[MOST], expected[MOST], count;
    uint32_t seed = one_in * 77U + (uint32_t)ny;
    for (int64_t c = 0; c < ny * nx; c++)
        cells[c] = dice(&seed) % 11 == 0 ? NAN : dice(&seed) % 10 < one_in ? 2.0F : 0.5F;
    const nwc_field field = field_2d(cells, ny, nx, NULL, NULL);
    nwc_labels labels = labels_2d(found, ny, nx);
    for (int neighbours = 4; neighbours <= 8; neighbours += 4) {
        assert_ok(nwc_grid_label(NULL, &field, 2.0, neighbours, &labels, &count));
        assert_int_equal(count, flood(cells, ny, nx, 2.0F, neighbours, expected));
        assert_memory_equal(found, expected, (size_t)(ny * nx) * sizeof *found);
    }
}

static void areas_are_those_of_flooding(void **state)
{
    (void)state;
    for (unsigned one_in = 0; one_in <= 10; one_in++) {
        check_labels(NY, NX, one_in);
        check_labels(1, NX, one_in);
        check_labels(NY, 1, one_in);
        check_labels(1, 1, one_in);
    }
    float cell = 1.0F;
    int32_t label, count;
    const nwc_field field = field_2d(&cell, 1, 1, NULL, NULL);
    nwc_labels labels = labels_2d(&label, 1, 1);
    assert_fails(NWC_ERR_ARG, "neighbours", nwc_grid_label(NULL, &field, 1.0, 6, &labels, &count));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_grid_label(NULL, &field, NAN, 4, &labels, &count));
}

static int ascending(const void *a, const void *b)
{
    const float p = *(const float *)a, q = *(const float *)b;
    return (p > q) - (p < q);
}

/* Definition 7: linear between sorted values. */
static double quantile_of(float *values, int64_t n, double fraction)
{
    if (n == 0) return NAN;
    qsort(values, (size_t)n, sizeof *values, ascending);
    const double rank = fraction * (double)(n - 1);
    const int64_t low = (int64_t)rank, high = low + 1 < n ? low + 1 : low;
    return (double)values[low] + (rank - (double)low) * ((double)values[high] - (double)values[low]);
}

static void quantiles_are_those_of_a_sorted_field(void **state)
{
    (void)state;
    float cells[MOST], sorted[MOST];
    const double fractions[5] = {0.0, 0.1, 0.5, 0.999, 1.0};
    double values[5];
    int64_t known, n = 0;
    uint32_t seed = 9;
    for (int c = 0; c < MOST; c++) {
        cells[c] = dice(&seed) % 5 == 0 ? NAN : (float)((double)dice(&seed) * 1e-3 - 5000.0);
        if (!isnan(cells[c])) sorted[n++] = cells[c];
    }
    nwc_field field = field_2d(cells, NY, NX, NULL, NULL);
    assert_ok(nwc_grid_quantiles(NULL, &field, fractions, 5, values, &known));
    assert_int_equal(known, n);
    for (int k = 0; k < 5; k++) assert_near(values[k], quantile_of(sorted, n, fractions[k]), 1e-9);
    for (int c = 0; c < MOST; c++) cells[c] = NAN;
    assert_ok(nwc_grid_quantiles(NULL, &field, fractions, 5, values, &known));
    assert_true(known == 0 && isnan(values[2]));
    assert_fails(NWC_ERR_ARG, "fractions", nwc_grid_quantiles(NULL, &field, (const double[]){1.1}, 1, values, NULL));
}

static void check_rank_filter(int64_t ny, int64_t nx, int side, double fraction)
{
    float cells[MOST], filtered[MOST], window[MOST];
    uint32_t seed = (uint32_t)side;
    for (int64_t c = 0; c < ny * nx; c++) cells[c] = dice(&seed) % 3 == 0 ? NAN : (float)(dice(&seed) % 50) - 25.0F;
    const nwc_field field = field_2d(cells, ny, nx, NULL, NULL);
    nwc_field out = field_2d(filtered, ny, nx, NULL, NULL);
    assert_ok(nwc_grid_rank_filter(NULL, &field, side, fraction, &out));
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            int64_t n = 0;
            for (int64_t y = j - side / 2; y <= j + side / 2; y++)
                for (int64_t x = i - side / 2; x <= i + side / 2; x++)
                    if (y >= 0 && y < ny && x >= 0 && x < nx && !isnan(cells[y * nx + x]))
                        window[n++] = cells[y * nx + x];
            const double expected = quantile_of(window, n, fraction);
            if (isnan(expected))
                assert_true(isnan(filtered[j * nx + i]));
            else
                assert_near(filtered[j * nx + i], expected, 1e-5);
        }
}

static void windows_are_ranked_as_when_sorted(void **state)
{
    (void)state;
    check_rank_filter(NY, NX, 5, 0.5);
    check_rank_filter(NY, NX, 3, 0.9);
    check_rank_filter(NY, NX, 1, 0.5);
    check_rank_filter(NY, NX, 51, 0.25);
    check_rank_filter(1, 1, 3, 0.5);
    check_rank_filter(1, NX, 5, 1.0);
    float cells[4] = {0};
    nwc_field field = field_2d(cells, 2, 2, NULL, NULL);
    assert_fails(NWC_ERR_ARG, "side", nwc_grid_rank_filter(NULL, &field, 2, 0.5, &field));
    assert_fails(NWC_ERR_ARG, "other than", nwc_grid_rank_filter(NULL, &field, 3, 0.5, &field));
}

/* All of them, on the same field. */
static nwc_status call_all(nwc_ctx *ctx, void *user)
{
    float *const out = user;
    static float cells[MOST], scratch[MOST];
    static uint8_t set[MOST], grown[MOST];
    int32_t count;
    static int32_t numbers[MOST];
    uint32_t seed = 3;
    for (int c = 0; c < MOST; c++) {
        set[c] = dice(&seed) % 20 == 0;
        cells[c] = set[c] ? (float)c : NAN;
    }
    const nwc_field field = field_2d(cells, NY, NX, NULL, NULL);
    const nwc_flags flags = flags_2d(set, NY, NX);
    nwc_field first = field_2d(out, NY, NX, NULL, NULL), second = field_2d(out + MOST, NY, NX, NULL, NULL);
    nwc_field third = field_2d(scratch, NY, NX, NULL, NULL);
    nwc_flags discs = flags_2d(grown, NY, NX);
    nwc_labels labels = labels_2d(numbers, NY, NX);
    double median;
    const double half = 0.5;
    nwc_status status = nwc_grid_distance(ctx, &flags, 1.0, 1.0, &first);
    if (status == NWC_OK) status = nwc_grid_fill(ctx, &field, 9.0, &third);
    if (status == NWC_OK) status = nwc_grid_rank_filter(ctx, &field, 7, 0.5, &second);
    if (status == NWC_OK) status = nwc_grid_dilate(ctx, &flags, 2.0, &discs);
    if (status == NWC_OK) status = nwc_grid_label(ctx, &field, 5.0, 8, &labels, &count);
    if (status == NWC_OK) status = nwc_grid_quantiles(ctx, &field, &half, 1, &median, NULL);
    return status;
}

static void threads_change_no_bit_and_failures_leave_no_memory(void **state)
{
    (void)state;
    static float one[2 * MOST], many[2 * MOST];
    check_threads_change_no_bit(call_all, one, many, sizeof one);
    assert_true(check_every_allocation_failure(call_all, one) >= 15);
}

static void fields_are_made_taken_apart_and_released(void **state)
{
    (void)state;
    const nwc_grid grid = {.projection = "+proj=laea +lat_0=30 +lon_0=120", .nx = 3, .ny = 2, .dx = 1e3, .dy = 1e3};
    nwc_field field, flat;
    assert_ok(nwc_field_create(NULL, &grid, 4, "mm h-1", &field));
    assert_int_equal(field.ndim, 3);
    for (int64_t c = 0; c < 24; c++) {
        assert_true(isnan(field.data[c]));
        field.data[c] = (float)c;
    }
    const nwc_field part = nwc_field_part(&field, 2), row = nwc_field_part(&part, 1);
    assert_int_equal(part.ndim, 2);
    assert_int_equal(part.dim[0] * 10 + part.dim[1], 23);
    assert_true(part.data[part.stride[0] + 2 * part.stride[1]] == 17.0f && row.data[2 * row.stride[0]] == 17.0f);
    assert_true(part.grid == &grid && isnan(part.missing) && strcmp(part.units, "mm h-1") == 0);
    assert_null(nwc_field_part(&field, 4).data);
    assert_null(nwc_field_part(&field, -1).data);
    assert_null(nwc_field_part(&row, 0).data);
    assert_ok(nwc_field_create(NULL, &grid, 0, NULL, &flat));
    assert_int_equal(flat.ndim, 2);
    nwc_field_release(NULL, &flat);
    nwc_field_release(NULL, &flat);
    nwc_field_release(NULL, &field);
    assert_null(field.data);
    assert_fails(NWC_ERR_ARG, "n: at least 0 expected, -1 given", nwc_field_create(NULL, &grid, -1, NULL, &field));
    assert_fails(NWC_ERR_ARG, "n: more cells", nwc_field_create(NULL, &grid, INT64_MAX / 8, NULL, &field));
    assert_fails(NWC_ERR_ARG, "grid", nwc_field_create(NULL, NULL, 1, NULL, &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_made_taken_apart_and_released),
        cmocka_unit_test(distances_are_those_of_a_search_of_all),
        cmocka_unit_test(unknown_cells_take_the_nearest_value),
        cmocka_unit_test(areas_are_those_of_flooding),
        cmocka_unit_test(quantiles_are_those_of_a_sorted_field),
        cmocka_unit_test(windows_are_ranked_as_when_sorted),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_no_memory),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
