/* nwc_motion_estimate as its callers see it: the variational method, the choice of frames, units, grids, errors. */
#include "support/made_motion.h"

/* 31 m/s: further in five minutes than half of a wave of the rain. */
static void gale(double y, double x, double *u, double *v)
{
    (void)y, (void)x;
    *u = 8.0 / 300.0, *v = -4.5 / 300.0;
}

static void check_motion(motion_fn motion, const double *times_s, int n, double within_m_s)
{
    struct scene *const scene = make_scene(motion, times_s, n, &square);
    assert_ok(estimate(NULL, scene, n, NULL));
    check_scene(scene, motion, within_m_s);
    free(scene);
}

static void a_known_motion_is_found(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0}, uneven[3] = {0.0, 240.0, 640.0}, fast[6] = {0, 60, 120, 180, 240, 300};
    check_motion(straight, even, 2, 0.5);
    check_motion(straight, even, 3, 0.5);
    check_motion(straight, uneven, 3, 0.5);
    check_motion(straight, fast, 6, 0.5);
    check_motion(turning, even, 3, 1.0);
    check_motion(still, even, 3, 0.01);
}

/* On a grid so small that no lower resolution brings the motion below a cell; frames are corners of larger ones. */
static void fast_motion_is_found_on_small_grids(void **state)
{
    (void)state;
    const double times_s[3] = {0.0, 300.0, 600.0};
    const nwc_grid parts[3] = {{.nx = 120, .ny = 120}, {.nx = 64, .ny = 48}, {.nx = 32, .ny = 40}};
    for (int p = 0; p < 3; p++) {
        nwc_grid part = square;
        part.nx = parts[p].nx, part.ny = parts[p].ny;
        struct scene *const scene = make_scene(gale, times_s, 3, &part);
        for (int f = 0; f < 6; f++) {
            nwc_field *const field = f < 3 ? &scene->frames[f] : &scene->out[f - 3];
            field->dim[0] = part.ny, field->dim[1] = part.nx;
        }
        assert_ok(estimate(NULL, scene, 3, NULL));
        double u = 0.0, v = 0.0;
        const int64_t rows = part.ny / 2, columns = part.nx / 2;
        for (int64_t j = rows / 2; j < rows / 2 + rows; j++)
            for (int64_t i = columns / 2; i < columns / 2 + columns; i++)
                u += scene->u[j * NX + i], v += scene->v[j * NX + i];
        assert_near(u / (double)(rows * columns), 8000.0 / 300.0, 2.0);
        assert_near(v / (double)(rows * columns), -4500.0 / 300.0, 2.0);
        free(scene);
    }
}

/* Where one method finds the straight motion of a scene, to within 1 m/s. */
static void check_uniform_by(int method, struct scene *scene)
{
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.method = method;
    assert_ok(estimate(NULL, scene, 3, &options));
    check_scene(scene, straight, 1.0);
}

/* A part of the newest frame is still that of the frame before, as in a composite whose radar has not scanned again. */
static void what_was_carried_over_does_not_stand_still(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(straight, even, 3, &square);
    for (int j = 0; j < NY; j++)
        for (int i = NX / 3; i < NX * 2 / 3; i++) scene->cells[2][j * NX + i] = scene->cells[1][j * NX + i];
    check_uniform_by(NWC_MOTION_VARIATIONAL, scene);
    check_uniform_by(NWC_MOTION_LUCAS_KANADE, scene);
    free(scene);
}

/* In steps as coarse as half a mm/h a cell in five is what it was; these are not taken for an area carried over. */
static void cells_alike_by_chance_are_followed(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(straight, even, 3, &square);
    int alike = 0;
    for (int c = 0; c < NY * NX; c++) {
        for (int k = 0; k < 3; k++) scene->cells[k][c] = 0.5F * floorf(2.0F * scene->cells[k][c]);
        alike += scene->cells[2][c] == scene->cells[1][c];
    }
    assert_true(alike > NY * NX / 6);
    check_uniform_by(NWC_MOTION_VARIATIONAL, scene);
    check_uniform_by(NWC_MOTION_LUCAS_KANADE, scene);
    free(scene);
}

/* Nothing new was seen: no calm is made of it. */
static void frames_that_are_the_same_tell_no_motion(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(still, even, 3, &square);
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    assert_ok(estimate(NULL, scene, 3, &options));
    for (int c = 0; c < NY * NX; c++) {
        assert_near(scene->u[c], 0.0, 0.01);
        assert_near(scene->v[c], 0.0, 0.01);
        assert_true(scene->quality[c] < 0.05F);
    }
    options.method = NWC_MOTION_LUCAS_KANADE;
    assert_fails(NWC_ERR_NODATA, "no feature could be followed", estimate(NULL, scene, 3, &options));
    free(scene);
}

/* On longitudes and latitudes at 60 degrees a cell is half as wide as it is high. */
static void metres_are_over_the_ground(void **state)
{
    (void)state;
    const nwc_grid grid = {.projection = "+proj=longlat +R=6371000",
                           .nx = NX,
                           .ny = NY,
                           .x_first = 10.0,
                           .y_first = 60.0 - 0.005 * NY,
                           .dx = 0.01,
                           .dy = 0.01};
    const double even[3] = {0.0, 300.0, 600.0}, cell_m = 0.01 * 6371000.0 * acos(-1.0) / 180.0;
    struct scene *const scene = make_scene(straight, even, 3, &grid);
    assert_ok(estimate(NULL, scene, 3, NULL));
    const int middle = NY / 2 * NX + NX / 2;
    assert_near(scene->u[middle], 0.5 * cell_m * 3.4 / 300.0, 0.3);
    assert_near(scene->v[middle], -cell_m * 1.7 / 300.0, 0.5);
    free(scene);
}

/* What is scaled up to reflectivity and back moves the same way. */
static void reflectivity_moves_as_rain_does(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(straight, even, 3, &square);
    for (int k = 0; k < 3; k++) {
        scene->frames[k].units = "dBZ";
        for (int c = 0; c < NY * NX; c++) {
            float *const cell = &scene->cells[k][c];
            *cell = *cell > 0.01F ? (float)(10.0 * log10(200.0 * pow(*cell, 1.6))) : -32.0F;
        }
    }
    assert_ok(estimate(NULL, scene, 3, NULL));
    check_scene(scene, straight, 0.5);
    free(scene);
}

/* The default choice gives the bits of asking for the frames it is documented to choose. */
static void check_choice(int method, const double *times_s, int n, const int *chosen, int n_chosen)
{
    struct scene *const scene = make_scene(turning, times_s, n, &square);
    float *const u = malloc(sizeof scene->u);
    assert_non_null(u);
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    assert_int_equal(options.max_frames, 0);
    options.method = method;
    assert_ok(estimate(NULL, scene, n, &options));
    memcpy(u, scene->u, sizeof scene->u);
    for (int k = 0; k < n_chosen; k++) {
        scene->frames[k] = scene->frames[chosen[k]];
        scene->times_ns[k] = scene->times_ns[chosen[k]];
    }
    options.max_frames = n_chosen;
    assert_ok(estimate(NULL, scene, n_chosen, &options));
    assert_memory_equal(u, scene->u, sizeof scene->u);
    free(u);
    free(scene);
}

static void the_frames_chosen_are_those_promised(void **state)
{
    (void)state;
    const double two_min[8] = {0, 120, 240, 360, 480, 600, 720, 840}, six_min[5] = {0, 360, 720, 1080, 1440};
    const double half_hour[3] = {0, 1800, 3600}, one_min[4] = {0, 60, 120, 180};
    const double uneven[6] = {0, 115, 235, 250, 391, 448}; /* 115 to 391 and 235 to 448 are the latest long pairs */
    check_choice(NWC_MOTION_VARIATIONAL, two_min, 8, (const int[]){2, 3, 6, 7}, 4);
    check_choice(NWC_MOTION_VARIATIONAL, six_min, 5, (const int[]){2, 3, 4}, 3);
    check_choice(NWC_MOTION_VARIATIONAL, half_hour, 3, (const int[]){0, 1, 2}, 3);
    check_choice(NWC_MOTION_LUCAS_KANADE, two_min, 8, (const int[]){4, 5, 6, 7}, 4);
    check_choice(NWC_MOTION_LUCAS_KANADE, uneven, 6, (const int[]){1, 2, 4, 5}, 4);
    check_choice(NWC_MOTION_LUCAS_KANADE, six_min, 5, (const int[]){2, 3, 4}, 3);
    check_choice(NWC_MOTION_LUCAS_KANADE, one_min, 4, (const int[]){0, 3}, 2);
}

static nwc_status call_estimate(nwc_ctx *ctx, void *user)
{
    return estimate(ctx, user, 3, NULL);
}

static void threads_change_no_bit_and_instruction_levels_agree(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(turning, even, 3, &square);
    check_motion_threads(call_estimate, scene);
    check_motion_levels(call_estimate, scene, 0.02);
    free(scene);
}

/* Rows from the north and only every second cell of a wider array: the same bits; and the frames are not written to. */
static void strides_change_no_bit_and_frames_stay(void **state)
{
    (void)state;
    const double even[2] = {0.0, 300.0};
    struct scene *const scene = make_scene(turning, even, 2, &square);
    float *const before = malloc(sizeof scene->cells), *const wide = calloc(2 * 2 * NY * NX, sizeof *wide);
    float *const u = malloc(sizeof scene->u);
    assert_true(before && wide && u);
    memcpy(before, scene->cells, 2 * sizeof scene->cells[0]);
    assert_ok(estimate(NULL, scene, 2, NULL));
    assert_memory_equal(before, scene->cells, 2 * sizeof scene->cells[0]);
    memcpy(u, scene->u, sizeof scene->u);
    for (int k = 0; k < 2; k++) {
        float *const to = wide + k * 2 * NY * NX;
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++) to[2 * ((NY - 1 - j) * NX + i)] = scene->cells[k][j * NX + i];
        scene->frames[k].data = to + 2 * (NY - 1) * NX;
        scene->frames[k].stride[0] = -2 * NX, scene->frames[k].stride[1] = 2;
    }
    scene->out[0].data = scene->u + (NY - 1) * NX;
    scene->out[0].stride[0] = -NX;
    assert_ok(estimate(NULL, scene, 2, NULL));
    for (int j = 0; j < NY; j++) assert_memory_equal(u + j * NX, scene->u + (NY - 1 - j) * NX, NX * sizeof *u);
    free(u);
    free(wide);
    free(before);
    free(scene);
}

static void no_failure_or_cancel_leaves_memory(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(straight, even, 3, &square);
    assert_true(check_every_allocation_failure(call_estimate, scene) > 20);
    struct counting_allocator allocator = {.refuse = -1};
    nwc_ctx *const ctx = context_with_allocator(&allocator);
    nwc_ctx_cancel(ctx);
    assert_int_equal(estimate(ctx, scene, 3, NULL), NWC_ERR_CANCELED);
    nwc_ctx_destroy(ctx);
    assert_int_equal(allocator.live, 0);
    free(scene);
}

/* Small grids, and rain that is nowhere or everywhere the same. */
static void check_flat(int64_t ny, int64_t nx, float value, nwc_status expected)
{
    const nwc_grid grid = {
        .projection = "+proj=aeqd +lat_0=50 +lon_0=8", .nx = nx, .ny = ny, .dx = 1000.0, .dy = 1000.0};
    float cells[4][100];
    nwc_field field[4];
    for (int f = 0; f < 4; f++) {
        field[f] = field_2d(cells[f], ny, nx, f < 2 ? "mm h-1" : "m s-1", &grid);
        for (int64_t c = 0; c < ny * nx; c++) cells[f][c] = value;
    }
    const int64_t times[2] = {0, INT64_C(300000000000)};
    const nwc_status status = nwc_motion_estimate(NULL, field, times, 2, NULL, &field[2], &field[3], NULL);
    assert_int_equal(status, expected);
    for (int64_t c = 0; c < ny * nx; c++) {
        assert_true(status == NWC_OK ? cells[2][c] == 0.0F : isnan(cells[2][c]));
        assert_true(status == NWC_OK ? cells[3][c] == 0.0F : isnan(cells[3][c]));
    }
}

static void nothing_to_follow_is_no_data(void **state)
{
    (void)state;
    check_flat(8, 9, NAN, NWC_ERR_NODATA);
    check_flat(8, 9, 0.0F, NWC_ERR_NODATA);
    check_flat(1, 1, NAN, NWC_ERR_NODATA);
    check_flat(1, 1, 3.0F, NWC_OK);
    check_flat(1, 90, 3.0F, NWC_OK);
    check_flat(90, 1, 3.0F, NWC_OK);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    const double even[3] = {0.0, 300.0, 600.0};
    struct scene *const scene = make_scene(straight, even, 3, &square);
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.max_frames = 1;
    assert_fails(NWC_ERR_ARG, "max_frames", estimate(NULL, scene, 3, &options));
    options.max_frames = 25;
    assert_fails(NWC_ERR_ARG, "max_frames", estimate(NULL, scene, 3, &options));
    nwc_motion_options_init(&options);
    options.max_speed_m_s = 0.0;
    assert_fails(NWC_ERR_ARG, "max_speed_m_s", estimate(NULL, scene, 3, &options));
    nwc_motion_options_init(&options);
    options.method = 99;
    assert_fails(NWC_ERR_ARG, "method", estimate(NULL, scene, 3, &options));
    assert_fails(NWC_ERR_ARG, "at least 2 frames", estimate(NULL, scene, 1, NULL));
    scene->times_ns[1] = scene->times_ns[0];
    assert_fails(NWC_ERR_ARG, "times_ns[1]", estimate(NULL, scene, 3, NULL));
    scene->times_ns[1] += 1;
    scene->frames[1].units = "K";
    assert_fails(NWC_ERR_ARG, "frames[1]: units", estimate(NULL, scene, 3, NULL));
    scene->frames[1].units = "mm h-1";
    nwc_grid elsewhere = square;
    elsewhere.x_first = 5e4;
    scene->frames[0].grid = &elsewhere;
    assert_fails(NWC_ERR_ARG, "frames[0]: the grid", estimate(NULL, scene, 3, NULL));
    scene->frames[0].grid = &square;
    scene->out[0].dim[1] = NX - 1;
    assert_fails(NWC_ERR_ARG, "u:", estimate(NULL, scene, 3, NULL));
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_motion_is_found),
        cmocka_unit_test(fast_motion_is_found_on_small_grids),
        cmocka_unit_test(what_was_carried_over_does_not_stand_still),
        cmocka_unit_test(cells_alike_by_chance_are_followed),
        cmocka_unit_test(frames_that_are_the_same_tell_no_motion),
        cmocka_unit_test(metres_are_over_the_ground),
        cmocka_unit_test(reflectivity_moves_as_rain_does),
        cmocka_unit_test(the_frames_chosen_are_those_promised),
        cmocka_unit_test(threads_change_no_bit_and_instruction_levels_agree),
        cmocka_unit_test(strides_change_no_bit_and_frames_stay),
        cmocka_unit_test(no_failure_or_cancel_leaves_memory),
        cmocka_unit_test(nothing_to_follow_is_no_data),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests_name("motion", tests, NULL, NULL);
}
