/* cells: storms and cells beside thresholding at every level, and hills whose saddles and sizes are known. */
#include "support/support.h"

enum { NY = 24, NX = 32, NZ = 5, MOST = NZ * NY * NX };

static const double heights[NZ] = {1000.0, 2000.0, 3000.0, 4500.0, 6000.0};
static const nwc_grid plane = {
    .projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0, .nz = NZ, .z_m = heights};

/* The same numbers on every machine. */
static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static nwc_labels labels_2d(int32_t *cells, int64_t ny, int64_t nx)
{
    return (nwc_labels){.data = cells, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}};
}

static nwc_cells_options options_of(int32_t method, double threshold, double least_peak, double saliency)
{
    nwc_cells_options options;
    nwc_cells_options_init(&options);
    options.method = method, options.threshold = threshold, options.least_peak = least_peak;
    options.saliency = saliency, options.least_size = options.least_core = 0.0;
    return options;
}

/* ---- cells by their definition: one threshold after the other, each part filled anew ---- */

struct brute {
    const float *value;
    int64_t nz, ny, nx;
    nwc_cells_options options;
    double size; /* of a grid cell */
    int32_t part[MOST], cell[MOST], storm[MOST], n_cells, n_storms;
    int8_t near; /* 1 with corners */
};

/* Mark the part at or above a threshold that holds grid cell c, in part, and give its number of cells. */
static int fill(const struct brute *b, int64_t c, float threshold, int32_t mark, int32_t *part)
{
    static int64_t stack[MOST];
    int n = 0, found = 0;
    stack[n++] = c, part[c] = mark;
    while (n) {
        const int64_t at = stack[--n], k = at / (b->ny * b->nx), j = at / b->nx % b->ny, i = at % b->nx;
        found++;
        for (int64_t z = k - 1; z <= k + 1; z++)
            for (int64_t y = j - 1; y <= j + 1; y++)
                for (int64_t x = i - 1; x <= i + 1; x++) {
                    if (z < 0 || y < 0 || x < 0 || z >= b->nz || y >= b->ny || x >= b->nx) continue;
                    if (!b->near && llabs(z - k) + llabs(y - j) + llabs(x - i) > 1) continue;
                    const int64_t to = (z * b->ny + y) * b->nx + x;
                    if (part[to] != mark && b->value[to] >= threshold) part[to] = mark, stack[n++] = to;
                }
    }
    return found;
}

/* A part marked in region is worth a cell where it meets others at a value below it. */
static bool worth(const struct brute *b, const int32_t *region, int32_t mark, int n, double at)
{
    double peak = -INFINITY;
    for (int64_t c = 0; c < b->nz * b->ny * b->nx; c++)
        if (region[c] == mark) peak = fmax(peak, (double)b->value[c]);
    return peak >= b->options.least_peak && peak - at >= b->options.saliency && n * b->size >= b->options.least_core;
}

/*
 * Number the cells in the part at or above the value at of which c is one; true where it holds any, told apart. The least value above
 * at is where it falls into parts; those are looked into first.
 */
static bool look_into(struct brute *b, int64_t c, float at)
{
    const int64_t n = b->nz * b->ny * b->nx;
    int32_t *const whole = calloc((size_t)n, sizeof *whole), *const parts = calloc((size_t)n, sizeof *parts);
    int64_t first[MOST / 2];
    bool shut[MOST / 2], stands[MOST / 2];
    int count = 0, standing = 0;
    float next = INFINITY;
    fill(b, c, at, 1, whole);
    for (int64_t p = 0; p < n; p++)
        if (whole[p] && b->value[p] > at) next = fminf(next, b->value[p]);
    bool told = false;
    for (int64_t p = 0; p < n && next < INFINITY; p++) {
        if (!whole[p] || b->value[p] < next || parts[p]) continue;
        first[count] = p;
        const int cells = fill(b, p, next, count + 1, parts);
        stands[count] = worth(b, parts, count + 1, cells, (double)at);
        shut[count] = look_into(b, p, next);
        stands[count] = stands[count] || shut[count];
        standing += stands[count], told = told || shut[count];
        count++;
    }
    if (standing >= 2) {
        told = true;
        for (int s = 0; s < count; s++)
            if (stands[s] && !shut[s]) fill(b, first[s], next, ++b->n_cells, b->cell);
    }
    free(parts), free(whole);
    return told;
}

static void find_by_definition(struct brute *b)
{
    const int64_t n = b->nz * b->ny * b->nx;
    const float threshold = (float)b->options.threshold;
    memset(b->part, 0, sizeof b->part), memset(b->cell, 0, sizeof b->cell), memset(b->storm, 0, sizeof b->storm);
    b->n_cells = b->n_storms = 0;
    for (int64_t c = 0, mark = 1; c < n; c++) {
        if (!(b->value[c] >= threshold) || b->part[c]) continue;
        const int size = fill(b, c, threshold, (int32_t)mark, b->part);
        double peak = -INFINITY;
        for (int64_t p = 0; p < n; p++)
            if (b->part[p] == mark) peak = fmax(peak, (double)b->value[p]);
        mark++;
        if (size * b->size < b->options.least_size || peak < b->options.least_peak) continue;
        fill(b, c, threshold, ++b->n_storms, b->storm);
        float least = INFINITY; /* the lowest node of the storm */
        for (int64_t p = 0; p < n; p++)
            if (b->storm[p] == b->n_storms) least = fminf(least, b->value[p]);
        if (!look_into(b, c, least)) fill(b, c, threshold, ++b->n_cells, b->cell);
    }
}

/* The labels are the same but for their numbers. */
static void assert_same_parts(const int32_t *a, const int32_t *b, int64_t n, int32_t n_labels)
{
    int32_t *const other = calloc((size_t)n_labels + 1, sizeof *other);
    for (int64_t c = 0; c < n; c++) {
        assert_int_equal(a[c] == 0, b[c] == 0);
        assert_in_range(a[c], 0, n_labels);
        if (!other[a[c]]) other[a[c]] = b[c];
        assert_int_equal(other[a[c]], b[c]);
    }
    free(other);
}

static void make_noise(float *value, int64_t n, int64_t nx, uint32_t *seed, unsigned levels)
{
    for (int64_t c = 0; c < n; c++) value[c] = 30.0F + 30.0F * (float)(dice(seed) % levels) / (float)levels;
    for (int turn = 0; turn < 2; turn++) /* so that hills are some grid cells wide; plateaus stay */
        for (int64_t c = 0; c + nx + 1 < n; c++) value[c] = fmaxf(value[c], fminf(value[c + 1], value[c + nx]));
    for (int64_t c = 0; c < n; c++)
        if (dice(seed) % 40 == 0) value[c] = NAN;
}

static void compare_with_definition(uint32_t seed, bool deep, unsigned levels, bool corners, double least_core)
{
    static float value[MOST];
    static int32_t cell[MOST], storm[MOST];
    static struct brute b;
    const int64_t nz = deep ? 3 : 1, ny = deep ? 9 : NY, nx = deep ? 11 : NX, n = nz * ny * nx;
    const double z[3] = {0.0, 1000.0, 2000.0};
    nwc_grid grid = plane;
    grid.ny = ny, grid.nx = nx, grid.nz = nz, grid.z_m = z;
    make_noise(value, n, nx, &seed, levels);
    b = (struct brute){.value = value, .nz = nz, .ny = ny, .nx = nx, .size = deep ? 1e9 : 1e6, .near = corners};
    b.options = options_of(NWC_CELLS_TREE, 36.0, 42.0, 6.5);
    b.options.corners = corners;
    b.options.least_size = 3.5 * b.size, b.options.least_core = least_core * b.size;
    find_by_definition(&b);
    nwc_field field = field_2d(value, ny, nx, "dBZ", &grid);
    if (deep)
        field = (nwc_field){.data = value,
                            .ndim = 3,
                            .dim = {nz, ny, nx},
                            .stride = {ny * nx, nx, 1},
                            .missing = NAN,
                            .units = "dBZ",
                            .grid = &grid};
    nwc_labels out[2];
    for (int l = 0; l < 2; l++) {
        out[l] = (nwc_labels){.data = l ? storm : cell, .ndim = field.ndim};
        memcpy(out[l].dim, field.dim, sizeof field.dim), memcpy(out[l].stride, field.stride, sizeof field.stride);
    }
    nwc_cells *cells;
    nwc_cells_table table;
    assert_ok(nwc_cells_identify(NULL, &field, &b.options, &cells));
    assert_ok(nwc_cells_lend(cells, &table));
    assert_ok(nwc_cells_labels(cells, 0, &out[0]));
    assert_ok(nwc_cells_labels(cells, 1, &out[1]));
    assert_int_equal(table.n_storms, b.n_storms);
    assert_int_equal(table.n_cells, b.n_cells);
    assert_same_parts(storm, b.storm, n, table.n_storms);
    assert_same_parts(cell, b.cell, n, table.n_cells);
    for (int32_t c = 0; c < table.n_cells; c++) {
        int64_t found = 0;
        for (int64_t p = 0; p < n; p++) found += cell[p] == c + 1;
        assert_int_equal(table.cells[c].n, found);
    }
    nwc_cells_destroy(cells);
}

static void cells_are_those_of_thresholding_at_every_level(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        compare_with_definition(seed, false, seed % 3 ? 5000 : 12, seed % 2, 0.0);
        compare_with_definition(seed + 100, false, seed % 3 ? 12 : 5000, seed % 2, 2.5);
        compare_with_definition(seed + 200, true, seed % 2 ? 40 : 12, seed % 4 < 2, 0.0);
    }
}

/* ---- hills ---- */

struct hill {
    double y, x, height, wide; /* in grid cells */
};

static void make_hills(float *value, int64_t ny, int64_t nx, const struct hill *hill, int n)
{
    for (int64_t c = 0; c < ny * nx; c++) {
        double sum = -32.0;
        for (int h = 0; h < n; h++) {
            const double y = (double)(c / nx) - hill[h].y, x = (double)(c % nx) - hill[h].x;
            sum = fmax(sum, hill[h].height - (y * y + x * x) / (hill[h].wide * hill[h].wide));
        }
        value[c] = (float)sum;
    }
}

static nwc_cells *cells_of(const nwc_field *field, const nwc_cells_options *options, nwc_cells_table *table)
{
    nwc_cells *cells;
    assert_ok(nwc_cells_identify(NULL, field, options, &cells));
    assert_ok(nwc_cells_lend(cells, table));
    return cells;
}

/* Two paraboloids of 50 and 46, 12 apart, of width 2: they meet at 50 - (dx / 2)^2, dx = 6 + 16 / 24. */
static const struct hill two[2] = {{12.0, 8.0, 50.0, 2.0}, {12.0, 20.0, 46.0, 2.0}};

static void two_hills_are_two_cells_where_they_stand_above_the_saddle(void **state)
{
    (void)state;
    float value[NY * NX];
    nwc_cells_table table;
    make_hills(value, NY, NX, two, 2);
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_cells_options options = options_of(NWC_CELLS_TREE, 35.0, 40.0, 5.0);
    /* At column 14 the second is 46 - 9 = 37, the first 41; at 15 39.75 and 37.75: the saddle lies between at 38.75 or so. */
    nwc_cells *cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_storms, 1);
    assert_int_equal(table.n_cells, 2);
    assert_int_equal(table.storms[0].n_cells, 2);
    double saddle = -INFINITY; /* of all ways from hill to hill, along row 12 is the highest */
    for (int i = 8; i <= 20; i++) saddle = i == 8 || value[12 * NX + i] < saddle ? (double)value[12 * NX + i] : saddle;
    for (int c = 0; c < 2; c++) {
        const nwc_cell *const cell = &table.cells[c];
        const struct hill *const hill = &two[cell->x_peak > 14e3];
        assert_near(cell->peak, hill->height, 0.0);
        assert_near(cell->x_peak, 1e3 * hill->x, 0.0);
        assert_near(cell->y_peak, 1e3 * hill->y, 0.0);
        assert_near(cell->saddle, saddle, 0.0);
        int64_t above = 0;
        for (int p = 0; p < NY * NX; p++) {
            const bool nearer = (p % NX > 14) == (hill->x > 14.0);
            above += nearer && (double)value[p] > saddle;
        }
        assert_int_equal(cell->n, above);
        assert_true(isnan(cell->volume_m3) && isnan(cell->z_m) && isnan(cell->base_m) && isnan(cell->top_m));
    }
    nwc_cells_destroy(cells);
    options.saliency = 46.0 - saddle;
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_cells, 2);
    nwc_cells_destroy(cells);
    options.saliency = nextafter(options.saliency, 100.0);
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_cells, 1);
    assert_int_equal(table.cells[0].n, table.storms[0].n);
    assert_true(isnan(table.cells[0].saddle));
    nwc_cells_destroy(cells);
    options.saliency = 5.0, options.least_peak = 47.0; /* the lower hill is no cell */
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_cells, 1);
    nwc_cells_destroy(cells);
}

static void what_is_left_of_a_storm_is_shared_by_growing(void **state)
{
    (void)state;
    float value[NY * NX];
    int32_t cell[NY * NX], storm[NY * NX];
    nwc_labels cell_labels = labels_2d(cell, NY, NX), storm_labels = labels_2d(storm, NY, NX);
    nwc_cells_table table;
    make_hills(value, NY, NX, two, 2);
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    for (int method = NWC_CELLS_WATERSHED; method <= NWC_CELLS_DUAL; method++) {
        const nwc_cells_options options = options_of(method, 35.0, 40.0, 5.0);
        nwc_cells *const cells = cells_of(&field, &options, &table);
        assert_int_equal(table.n_cells, method == NWC_CELLS_SINGLE ? 1 : 2);
        assert_ok(nwc_cells_labels(cells, 0, &cell_labels));
        assert_ok(nwc_cells_labels(cells, 1, &storm_labels));
        for (int p = 0; p < NY * NX; p++) {
            assert_int_equal(cell[p] != 0, storm[p] != 0);
            if (!cell[p] || method == NWC_CELLS_SINGLE) continue;
            /* A grid cell goes up to the hill it lies on; the one at the saddle to either. */
            const double x = p % NX, y = p / NX - 12.0;
            const double first = 50.0 - (y * y + (x - 8.0) * (x - 8.0)) / 4.0;
            const double second = 46.0 - (y * y + (x - 20.0) * (x - 20.0)) / 4.0;
            if (fabs(first - second) > 3.5)
                assert_near(table.cells[cell[p] - 1].peak, first > second ? 50.0 : 46.0, 0.0);
        }
        nwc_cells_destroy(cells);
    }
    nwc_cells_options options = options_of(NWC_CELLS_DUAL, 35.0, 40.0, 5.0);
    options.core_threshold = 48.0; /* the lower hill has no part above it */
    nwc_cells *const cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_cells, 1);
    nwc_cells_destroy(cells);
}

/* A rectangle of 3 x 6 grid cells, one of which is stronger. */
static void a_cell_is_measured_in_metres(void **state)
{
    (void)state;
    float value[NY * NX];
    nwc_cells_table table;
    for (int c = 0; c < NY * NX; c++) value[c] = 0.0F;
    for (int j = 5; j < 8; j++)
        for (int i = 10; i < 16; i++) value[j * NX + i] = 40.0F;
    value[6 * NX + 15] = 50.0F;
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_cells *cells = cells_of(&field, NULL, &table);
    assert_int_equal(table.n_cells, 1);
    const nwc_cell *const cell = &table.cells[0];
    assert_int_equal(cell->n, 18);
    assert_near(cell->area_m2, 18e6, 18e6 * 1e-4);
    assert_near(cell->x, 12.5e3, 1e-2);
    assert_near(cell->y, 6e3, 1e-2);
    assert_near(cell->x_mean, 1e3 * (17.0 * 1e4 * (12.5 * 18.0 - 15.0) / 17.0 + 1e5 * 15.0) / (17e4 + 1e5), 1.0);
    assert_near(cell->mean, 10.0 * log10((17e4 + 1e5) / 18.0), 1e-4);
    assert_near(cell->major_m, 2.0 * 6e3 / sqrt(12.0), 2.0);
    assert_near(cell->minor_m, 2.0 * 3e3 / sqrt(12.0), 2.0);
    assert_near(cell->orientation_deg, 90.0, 1e-3);
    assert_near(cell->longitude_deg, 12.5e3 / 6371000.0 * 57.29577951308232, 1e-6);
    assert_int_equal(cell->j_first, 5);
    assert_int_equal(cell->j_last, 7);
    assert_int_equal(cell->i_first, 10);
    assert_int_equal(cell->i_last, 15);
    assert_int_equal(cell->at_edge, 0);
    nwc_cells_destroy(cells);
    value[4 * NX + 10] = NAN; /* south of a corner of it */
    cells = cells_of(&field, NULL, &table);
    assert_int_equal(table.cells[0].at_edge, 1);
    nwc_cells_destroy(cells);
    /* A line to the north-east. */
    for (int c = 0; c < NY * NX; c++) value[c] = c / NX == c % NX ? 41.0F : 0.0F;
    cells = cells_of(&field, NULL, &table);
    assert_int_equal(table.n_cells, 1);
    assert_near(table.cells[0].orientation_deg, 45.0, 0.1);
    nwc_cells_destroy(cells);
}

static void bodies_have_a_volume_a_base_and_a_top(void **state)
{
    (void)state;
    static float value[MOST];
    int32_t above[NY * NX];
    nwc_labels seen = labels_2d(above, NY, NX);
    nwc_cells_table table;
    for (int c = 0; c < MOST; c++) value[c] = -32.0F;
    for (int k = 1; k < 4; k++)
        for (int j = 5; j < 9; j++)
            for (int i = 10; i < 14 + (k == 3); i++) value[(k * NY + j) * NX + i] = 42.0F; /* it leans out aloft */
    const nwc_field field = {.data = value,
                             .ndim = 3,
                             .dim = {NZ, NY, NX},
                             .stride = {NY * NX, NX, 1},
                             .missing = NAN,
                             .units = "dBZ",
                             .grid = &plane};
    nwc_cells *const cells = cells_of(&field, NULL, &table);
    assert_int_equal(table.n_cells, 1);
    const nwc_cell *const cell = &table.cells[0];
    /* Levels at 2000, 3000 and 4500 m are 1000, 1250 and 1500 m deep. */
    assert_near(cell->volume_m3, 16e6 * 2250.0 + 20e6 * 1500.0, 1e7);
    assert_near(cell->area_m2, 20e6, 20e6 * 1e-4);
    assert_near(cell->base_m, 2000.0, 0.0);
    assert_near(cell->top_m, 4500.0, 0.0);
    assert_near(cell->z_m, (16.0 * (1000.0 * 2000.0 + 1250.0 * 3000.0) + 20.0 * 1500.0 * 4500.0) / 66000.0, 1e-6);
    assert_near(cell->z_peak_m, 2000.0, 0.0);
    assert_ok(nwc_cells_labels(cells, 1, &seen));
    int count = 0;
    for (int c = 0; c < NY * NX; c++) count += above[c];
    assert_int_equal(count, 20);
    nwc_cells_destroy(cells);
}

static void fragments_near_each_other_are_one_storm(void **state)
{
    (void)state;
    float value[NY * NX];
    nwc_cells_table table;
    for (int c = 0; c < NY * NX; c++) value[c] = 0.0F;
    for (int j = 5; j < 9; j++)
        for (int i = 4; i < 8; i++)
            value[j * NX + i] = 50.0F, value[j * NX + i + 7] = 38.0F, value[j * NX + i + 14] = 48.0F;
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_cells_options options = options_of(NWC_CELLS_TREE, 35.0, 40.0, 5.0);
    nwc_cells *cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_storms, 2);
    nwc_cells_destroy(cells);
    options.closing_m = 3990.0; /* 4 km from middle to middle of the grid cells at their sides */
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_storms, 2);
    nwc_cells_destroy(cells);
    options.closing_m = 4010.0;
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_storms, 1);
    assert_int_equal(table.n_cells, 2);
    assert_int_equal(table.storms[0].n, 48);
    assert_near(table.cells[0].saddle, 35.0, 0.0);
    assert_int_equal(table.cells[0].n + table.cells[1].n, 32);
    nwc_cells_destroy(cells);
    options.saliency = 14.0;
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_cells, 1);
    assert_int_equal(table.cells[0].n, 48);
    nwc_cells_destroy(cells);
}

static void a_mirrored_field_has_mirrored_cells(void **state)
{
    (void)state;
    static float value[NY * NX], turned[NY * NX];
    int32_t cell[NY * NX], other[NY * NX];
    for (uint32_t seed = 1; seed < 20; seed++) {
        uint32_t dices = seed;
        make_noise(value, NY * NX, NX, &dices, 8);
        for (int c = 0; c < NY * NX; c++) turned[NY * NX - 1 - c] = value[c];
        const nwc_cells_options options = options_of(NWC_CELLS_TREE, 36.0, 40.0, 6.0);
        const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
        nwc_field back = field_2d(turned, NY, NX, "dBZ", &plane);
        back.data = turned + NY * NX - 1, back.stride[0] = -NX, back.stride[1] = -1; /* the same field, other strides */
        nwc_cells_table a, b;
        nwc_labels of_a = labels_2d(cell, NY, NX), of_b = labels_2d(other, NY, NX);
        nwc_cells *cells = cells_of(&field, &options, &a);
        assert_ok(nwc_cells_labels(cells, 0, &of_a));
        const int32_t n = a.n_cells;
        nwc_cells_destroy(cells);
        cells = cells_of(&back, &options, &b);
        assert_ok(nwc_cells_labels(cells, 0, &of_b));
        assert_memory_equal(cell, other, sizeof cell);
        nwc_cells_destroy(cells);
        back = field_2d(turned, NY, NX, "dBZ", &plane);
        cells = cells_of(&back, &options, &b);
        assert_ok(nwc_cells_labels(cells, 0, &of_b));
        assert_int_equal(b.n_cells, n);
        for (int c = 0; c < NY * NX / 2; c++) {
            const int32_t swap = other[c];
            other[c] = other[NY * NX - 1 - c], other[NY * NX - 1 - c] = swap;
        }
        assert_same_parts(cell, other, NY * NX, n);
        nwc_cells_destroy(cells);
    }
}

/* ---- hard input ---- */

static void fields_without_storms_have_none(void **state)
{
    (void)state;
    float value[NY * NX];
    nwc_cells_table table;
    static const int64_t shapes[4][2] = {{1, 1}, {1, NX}, {NY, 1}, {NY, NX}};
    for (int s = 0; s < 4; s++) {
        const float all[3] = {NAN, -32.0F, INFINITY};
        for (int v = 0; v < 3; v++) {
            nwc_grid grid = plane;
            grid.ny = shapes[s][0], grid.nx = shapes[s][1];
            for (int c = 0; c < NY * NX; c++) value[c] = all[v];
            const nwc_field field = field_2d(value, grid.ny, grid.nx, "dBZ", &grid);
            nwc_outlines outlines;
            nwc_cells *const cells = cells_of(&field, NULL, &table);
            assert_int_equal(table.n_cells, 0);
            assert_int_equal(table.n_storms, 0);
            assert_ok(nwc_cells_outline(NULL, cells, 0, 1, &outlines));
            assert_int_equal(outlines.n_rings, 0);
            nwc_cells_destroy(cells);
        }
    }
    nwc_cells_destroy(NULL);
}

static void one_row_and_one_grid_cell_may_be_a_storm(void **state)
{
    (void)state;
    float value[NX];
    nwc_cells_table table;
    for (int i = 0; i < NX; i++) value[i] = i % 8 == 3 ? 50.0F : 41.0F; /* a plateau between four hills */
    nwc_grid grid = plane;
    grid.ny = 1;
    nwc_cells_options options = options_of(NWC_CELLS_TREE, 35.0, 40.0, 5.0);
    nwc_field field = field_2d(value, 1, NX, "mm h-1", &grid);
    nwc_cells *cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_storms, 1);
    assert_int_equal(table.n_cells, 4);
    for (int c = 0; c < 4; c++) {
        assert_int_equal(table.cells[c].n, 1);
        assert_near(table.cells[c].x, 1e3 * (8 * c + 3), 1e-6);
        assert_near(table.cells[c].saddle, 41.0, 0.0);
        assert_int_equal(table.cells[c].at_edge, 1);
    }
    nwc_cells_destroy(cells);
    grid.nx = 1;
    field = field_2d(value, 1, 1, NULL, &grid);
    cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_cells, 1);
    assert_near(table.cells[0].major_m, 1e3 / sqrt(3.0), 1.0);
    nwc_cells_destroy(cells);
}

static void cells_of_a_lat_lon_grid_have_true_areas(void **state)
{
    (void)state;
    float value[NY * NX];
    nwc_cells_table table;
    const nwc_grid degrees = {.projection = "+proj=longlat +R=6371000",
                              .nx = NX,
                              .ny = NY,
                              .x_first = 10.0,
                              .y_first = 59.0,
                              .dx = 0.1,
                              .dy = 0.1};
    for (int c = 0; c < NY * NX; c++) value[c] = 45.0F;
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &degrees);
    nwc_cells *const cells = cells_of(&field, NULL, &table);
    assert_int_equal(table.n_cells, 1);
    const double radian = acos(-1.0) / 180.0, wide = radian * 6371000.0 * 0.1 * NX;
    const double high = 6371000.0 * (sin(radian * (58.95 + 0.1 * NY)) - sin(radian * 58.95));
    assert_near(table.cells[0].area_m2, wide * high, 1e-3 * wide * high);
    assert_int_equal(table.cells[0].at_edge, 2 * NX + 2 * NY - 4);
    nwc_cells_destroy(cells);
}

static void five_thousand_cells_are_told_apart(void **state)
{
    (void)state;
    const int64_t ny = 500, nx = 1000;
    float *const value = malloc((size_t)(ny * nx) * sizeof *value);
    nwc_grid grid = plane;
    nwc_cells_table table;
    grid.ny = ny, grid.nx = nx;
    for (int64_t c = 0; c < ny * nx; c++) { /* on a plateau of 36: one storm of 5,000 cells, all alike */
        const int64_t y = c / nx % 10 - 4, x = c % nx % 10 - 4;
        value[c] = fmaxf(36.0F, 50.0F - (float)(y * y + x * x));
    }
    nwc_cells_options options = options_of(NWC_CELLS_TREE, 35.0, 40.0, 5.0);
    nwc_field field = field_2d(value, ny, nx, "dBZ", &grid);
    nwc_cells *cells = cells_of(&field, &options, &table);
    assert_int_equal(table.n_storms, 1);
    assert_int_equal(table.n_cells, 5000);
    for (int c = 1; c < 5000; c++) {
        assert_int_equal(table.cells[c].n, table.cells[0].n);
        assert_near(table.cells[c].x, 1e3 * (10 * (c % 100) + 4), 1.0);
        assert_near(table.cells[c].y, 1e3 * (10 * (int)(c / 100) + 4), 1.0);
    }
    nwc_cells_destroy(cells);
    free(value);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static float value[MOST];
    int32_t label[NY * NX];
    nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_cells *cells = NULL;
    nwc_cells_table table;
    nwc_outlines outlines;
    nwc_labels labels = labels_2d(label, NY, NX - 1);
    nwc_cells_options options = options_of(9, 35.0, 40.0, 5.0);
    assert_fails(NWC_ERR_ARG, "method", nwc_cells_identify(NULL, &field, &options, &cells));
    options.method = NWC_CELLS_DUAL, options.core_threshold = 35.0;
    assert_fails(NWC_ERR_ARG, "core_threshold", nwc_cells_identify(NULL, &field, &options, &cells));
    options = options_of(NWC_CELLS_TREE, 35.0, 34.0, 5.0);
    assert_fails(NWC_ERR_ARG, "least_peak", nwc_cells_identify(NULL, &field, &options, &cells));
    options = options_of(NWC_CELLS_TREE, 35.0, 40.0, 0.0);
    assert_fails(NWC_ERR_ARG, "saliency", nwc_cells_identify(NULL, &field, &options, &cells));
    options = options_of(NWC_CELLS_TREE, (double)NAN, 40.0, 1.0);
    assert_fails(NWC_ERR_ARG, "threshold", nwc_cells_identify(NULL, &field, &options, &cells));
    options = options_of(NWC_CELLS_TREE, 35.0, 40.0, 1.0);
    options.corners = 4;
    assert_fails(NWC_ERR_ARG, "corners", nwc_cells_identify(NULL, &field, &options, &cells));
    options.corners = 1, options.least_size = -1.0;
    assert_fails(NWC_ERR_ARG, "least_size", nwc_cells_identify(NULL, &field, &options, &cells));
    options.least_size = 0.0, options.least_core = -1.0;
    assert_fails(NWC_ERR_ARG, "least_core", nwc_cells_identify(NULL, &field, &options, &cells));
    options.least_core = 0.0, options.closing_m = 6e4;
    assert_fails(NWC_ERR_ARG, "closing_m", nwc_cells_identify(NULL, &field, &options, &cells));
    assert_fails(NWC_ERR_ARG, "field", nwc_cells_identify(NULL, NULL, NULL, &cells));
    assert_fails(NWC_ERR_ARG, "cells", nwc_cells_identify(NULL, &field, NULL, NULL));
    field.grid = NULL;
    assert_fails(NWC_ERR_ARG, "a grid expected", nwc_cells_identify(NULL, &field, NULL, &cells));
    field = (nwc_field){
        .data = value, .ndim = 3, .dim = {NZ - 1, NY, NX}, .stride = {NY * NX, NX, 1}, .missing = NAN, .grid = &plane};
    assert_fails(NWC_ERR_ARG, "levels of its grid", nwc_cells_identify(NULL, &field, NULL, &cells));
    field.ndim = 1;
    assert_fails(NWC_ERR_ARG, "(y, x) or (z, y, x)", nwc_cells_identify(NULL, &field, NULL, &cells));
    assert_null(cells);
    field = field_2d(value, NY, NX, "dBZ", &plane);
    assert_ok(nwc_cells_identify(NULL, &field, NULL, &cells));
    assert_fails(NWC_ERR_ARG, "shape of the field", nwc_cells_labels(cells, 0, &labels));
    assert_fails(NWC_ERR_ARG, "cells", nwc_cells_labels(NULL, 0, &labels));
    assert_fails(NWC_ERR_ARG, "table", nwc_cells_lend(cells, NULL));
    assert_fails(NWC_ERR_ARG, "outlines", nwc_cells_outline(NULL, cells, 0, 0, NULL));
    assert_fails(NWC_ERR_ARG, "outlines", nwc_cells_outline(NULL, NULL, 0, 0, &outlines));
    assert_int_equal(nwc_cells_lend(cells, &table), NWC_OK);
    nwc_cells_destroy(cells);
}

struct run {
    nwc_cell cells[8];
    int32_t label[NY * NX];
};

static nwc_status run_watershed(nwc_ctx *ctx, void *user)
{
    static float value[NY * NX];
    struct run *const run = user;
    nwc_cells *cells;
    nwc_cells_table table;
    nwc_outlines outlines;
    nwc_labels labels = labels_2d(run->label, NY, NX);
    make_hills(value, NY, NX, two, 2);
    const nwc_field field = field_2d(value, NY, NX, "dBZ", &plane);
    nwc_cells_options options = options_of(NWC_CELLS_WATERSHED, 35.0, 40.0, 5.0);
    options.closing_m = 2e3;
    nwc_status status = nwc_cells_identify(ctx, &field, &options, &cells);
    if (status != NWC_OK) return status;
    assert_ok(nwc_cells_lend(cells, &table));
    assert_ok(nwc_cells_labels(cells, 0, &labels));
    memset(run->cells, 0, sizeof run->cells);
    memcpy(run->cells, table.cells, (size_t)table.n_cells * sizeof *table.cells);
    status = nwc_cells_outline(ctx, cells, 1, 1, &outlines);
    nwc_cells_destroy(cells);
    return status;
}

static void memory_may_run_out_anywhere_and_threads_change_nothing(void **state)
{
    (void)state;
    static struct run one, many;
    assert_true(check_every_allocation_failure(run_watershed, &one) > 15);
    check_threads_change_no_bit(run_watershed, &one, &many, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_those_of_thresholding_at_every_level),
        cmocka_unit_test(two_hills_are_two_cells_where_they_stand_above_the_saddle),
        cmocka_unit_test(what_is_left_of_a_storm_is_shared_by_growing),
        cmocka_unit_test(a_cell_is_measured_in_metres),
        cmocka_unit_test(bodies_have_a_volume_a_base_and_a_top),
        cmocka_unit_test(fragments_near_each_other_are_one_storm),
        cmocka_unit_test(a_mirrored_field_has_mirrored_cells),
        cmocka_unit_test(fields_without_storms_have_none),
        cmocka_unit_test(one_row_and_one_grid_cell_may_be_a_storm),
        cmocka_unit_test(cells_of_a_lat_lon_grid_have_true_areas),
        cmocka_unit_test(five_thousand_cells_are_told_apart),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(memory_may_run_out_anywhere_and_threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
