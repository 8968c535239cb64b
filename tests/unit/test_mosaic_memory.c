/* mosaic: cells are the same wherever they lie, however many there are. */
#include "support/made_mosaic.h"

enum { LEVELS = 60 /* more than are built at once */ };

/* How a field lies in memory: cells from its begin to the first, and strides. */
struct layout {
    int64_t begin, z, y, x;
};

/* What a mosaic is written to. */
struct memory {
    float *cells[5];
    int32_t *radars;
};

static nwc_grid grid_of(int64_t nx, int64_t ny, int64_t nz, double *z_m)
{
    nwc_grid grid = made_grid;
    for (int64_t k = 0; k < nz; k++) z_m[k] = 200.0 + 200.0 * (double)k;
    grid.nx = nx, grid.ny = ny, grid.nz = nz, grid.z_m = z_m;
    grid.dx = 190e3 / (double)nx, grid.dy = 160e3 / (double)ny;
    return grid;
}

/* Build into room cells of each, all of them one number before. */
static struct memory build_into(const nwc_volume *volume, const nwc_grid *grid, const struct layout *at, int64_t room)
{
    static const char *const names[2] = {"DBZH", "VRADH"}, *const units[4] = {"dBZ", "m s-1", "1", "s"};
    struct memory memory;
    nwc_field fields[5];
    for (int f = 0; f < 5; f++) {
        memory.cells[f] = malloc((size_t)room * sizeof(float));
        for (int64_t c = 0; c < room; c++) memory.cells[f][c] = -7777.0F;
        fields[f] = (nwc_field){.data = memory.cells[f] + at->begin,
                                .ndim = 3,
                                .dim = {grid->nz, grid->ny, grid->nx},
                                .stride = {at->z, at->y, at->x},
                                .missing = NAN,
                                .units = f < 4 ? units[f] : "m",
                                .grid = grid};
    }
    fields[4].data = memory.cells[4], fields[4].ndim = 2;
    fields[4].dim[0] = grid->ny, fields[4].dim[1] = grid->nx, fields[4].stride[0] = grid->nx, fields[4].stride[1] = 1;
    memory.radars = malloc((size_t)room * sizeof(int32_t));
    for (int64_t c = 0; c < room; c++) memory.radars[c] = -7777;
    nwc_labels radars = {.data = memory.radars + at->begin,
                         .ndim = 3,
                         .dim = {grid->nz, grid->ny, grid->nx},
                         .stride = {at->z, at->y, at->x}};
    const nwc_mosaic_input input = {volume, NULL};
    const nwc_mosaic_output output = {2, names, fields, &fields[2], &fields[3], &radars, &fields[4]};
    assert_ok(nwc_mosaic_build(NULL, &input, 1, 480000 * HOUR + INT64_C(120000000000), NULL, NULL, NULL, &output));
    return memory;
}

static void let_go(struct memory *memory)
{
    for (int f = 0; f < 5; f++) free(memory->cells[f]);
    free(memory->radars);
}

/* The cells of two are the same bits, and around them nothing was written. */
static void compare(const nwc_grid *grid, const struct memory *one, const struct layout *a, const struct memory *other,
                    const struct layout *b, int64_t room)
{
    int64_t written = 0;
    for (int64_t k = 0; k < grid->nz; k++)
        for (int64_t j = 0; j < grid->ny; j++)
            for (int64_t i = 0; i < grid->nx; i++) {
                const int64_t p = a->begin + k * a->z + j * a->y + i * a->x;
                const int64_t q = b->begin + k * b->z + j * b->y + i * b->x;
                for (int f = 0; f < 4; f++) assert_memory_equal(&one->cells[f][p], &other->cells[f][q], sizeof(float));
                assert_int_equal(one->radars[p], other->radars[q]);
            }
    for (int64_t c = 0; c < room; c++) written += other->radars[c] != -7777;
    assert_int_equal(written, grid->nz * grid->ny * grid->nx);
    for (int f = 0; f < 4; f++) {
        written = 0;
        for (int64_t c = 0; c < room; c++) written += other->cells[f][c] != -7777.0F;
        assert_int_equal(written, grid->nz * grid->ny * grid->nx);
    }
    assert_memory_equal(one->cells[4], other->cells[4], (size_t)(grid->ny * grid->nx) * sizeof(float));
}

static void cells_are_the_same_wherever_they_lie(void **state)
{
    (void)state;
    static const int64_t widths[] = {1, 5, 16, 17, 47};
    double z_m[LEVELS];
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        const int64_t nx = widths[w], ny = 7, nz = LEVELS;
        const nwc_grid grid = grid_of(nx, ny, nz, z_m);
        const struct layout plain = {0, ny * nx, nx, 1};
        const struct layout others[] = {{3, (ny + 1) * (nx + 5), nx + 5, 1}, /* rows that begin anywhere in a line */
                                        {(ny - 1) * (nx + 16), ny * (nx + 16), -(nx + 16), 1}, /* north first */
                                        {0, 1, nz, nz * ny},                                   /* columns of levels */
                                        {(nz * ny * nx - 1) * 2, -2 * ny * nx, -2 * nx,
                                         -2}}; /* backwards, every other cell */
        const int64_t room = 2 * nz * (ny + 1) * (nx + 16) + 16;
        struct memory one = build_into(volume, &grid, &plain, room);
        for (size_t o = 0; o < sizeof others / sizeof others[0]; o++) {
            struct memory other = build_into(volume, &grid, &others[o], room);
            compare(&grid, &one, &plain, &other, &others[o], room);
            let_go(&other);
        }
        let_go(&one);
    }
    nwc_volume_destroy(volume);
}

/* So many that they are written past the caches; and the southernmost rows of them alone, which are few. */
static void cells_are_the_same_however_many_there_are(void **state)
{
    (void)state;
    enum { MANY = 90, FEW = 5, WIDE = 75 };
    double z_m[LEVELS];
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    nwc_grid grid = grid_of(WIDE, MANY, LEVELS, z_m);
    const struct layout plain = {0, MANY * WIDE, WIDE, 1}, rows = {0, FEW * WIDE, WIDE, 1};
    struct memory many = build_into(volume, &grid, &plain, LEVELS * MANY * WIDE);
    grid.ny = FEW;
    struct memory few = build_into(volume, &grid, &rows, LEVELS * FEW * WIDE);
    compare(&grid, &many, &plain, &few, &rows, LEVELS * FEW * WIDE);
    let_go(&few);
    let_go(&many);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_the_same_wherever_they_lie),
        cmocka_unit_test(cells_are_the_same_however_many_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
