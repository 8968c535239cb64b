/* What holds for every method of nwc_motion_estimate: known motions are found, hard input has its answer. */
#include "support/made_motion.h"

/* A method, and how near it comes to known motions, m/s; a negative number where it cannot. */
struct method {
    int32_t number;
    double straight, turning;
    bool follows_features; /* and finds none in rain that is everywhere the same */
};

static const struct method methods[] = {
    {NWC_MOTION_VARIATIONAL, 0.5, 1.0, false}, {NWC_MOTION_LUCAS_KANADE, 1.0, 3.0, true},
    {NWC_MOTION_TREC, 0.5, 1.5, true},         {NWC_MOTION_COTREC, 0.5, 1.5, true},
    {NWC_MOTION_PHASE, 1.4, 3.0, true},        {NWC_MOTION_CONSTANT, 0.3, -1.0, true},
    {NWC_MOTION_VET, 0.3, 0.5, false},         {NWC_MOTION_PROESMANS, 0.8, 1.0, false},
    {NWC_MOTION_FARNEBACK, 0.5, 2.5, true},    {NWC_MOTION_DARTS, 0.5, 1.0, true}};
enum { METHODS = sizeof methods / sizeof *methods };

static nwc_motion_options by(const struct method *method)
{
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.method = method->number;
    return options;
}

static nwc_status find(nwc_ctx *ctx, const struct method *method, struct scene *scene, int n)
{
    const nwc_motion_options options = by(method);
    return estimate(ctx, scene, n, &options);
}

static void check(const struct method *method, motion_fn motion, const double *times_s, int n, double within_m_s)
{
    if (within_m_s < 0.0) return;
    struct scene *const scene = make_scene(motion, times_s, n, &square);
    assert_ok(find(NULL, method, scene, n));
    check_scene(scene, motion, within_m_s);
    free(scene);
}

static const double even[3] = {0.0, 300.0, 600.0}, uneven[3] = {0.0, 240.0, 640.0};

static void every_method_finds_a_known_motion(void **state)
{
    (void)state;
    const double fast[6] = {0, 60, 120, 180, 240, 300},
                 many[10] = {0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700};
    for (int m = 0; m < METHODS; m++) {
        check(&methods[m], straight, even, 2, methods[m].straight);
        check(&methods[m], straight, even, 3, methods[m].straight);
        check(&methods[m], straight, uneven, 3, methods[m].straight);
        check(&methods[m], straight, fast, 6, methods[m].straight);
        check(&methods[m], straight, many, 10, methods[m].straight);
        check(&methods[m], turning, even, 3, methods[m].turning);
    }
}

/* A rim and a corner that no radar sees change the motion within by no more than the method errs by. */
static void what_is_not_known_is_not_followed(void **state)
{
    (void)state;
    for (int m = 0; m < METHODS; m++) {
        struct scene *const scene = make_scene(straight, even, 3, &square);
        for (int k = 0; k < 3; k++)
            for (int j = 0; j < NY; j++)
                for (int i = 0; i < NX; i++)
                    if (j < 12 || i < 9 || j + i < 50 || i > NX - 15) scene->cells[k][j * NX + i] = NAN;
        assert_ok(find(NULL, &methods[m], scene, 3));
        for (int j = 50; j < NY - 25; j++)
            for (int i = 50; i < NX - 40; i++) {
                assert_near(scene->u[j * NX + i], 1000.0 * 3.4 / 300.0, 1.5 * methods[m].straight);
                assert_near(scene->v[j * NX + i], -1000.0 * 1.7 / 300.0, 1.5 * methods[m].straight);
            }
        for (int c = 0; c < NY * NX; c++) assert_true(isfinite(scene->u[c]) && isfinite(scene->v[c]));
        free(scene);
    }
}

static nwc_status call_find(nwc_ctx *ctx, void *user)
{
    struct scene *const scene = user;
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.method = (int32_t)scene->times_ns[MOST - 1]; /* it goes along there */
    return estimate(ctx, scene, 3, &options);
}

static void threads_change_no_bit_and_instruction_levels_agree_for_all(void **state)
{
    (void)state;
    for (int m = 0; m < METHODS; m++) {
        struct scene *const scene = make_scene(turning, even, 3, &square);
        scene->times_ns[MOST - 1] = methods[m].number;
        check_motion_threads(call_find, scene);
        check_motion_levels(call_find, scene, 0.05);
        free(scene);
    }
}

static void no_failure_or_cancel_of_any_leaves_memory(void **state)
{
    (void)state;
    nwc_grid part = square; /* a corner, since everything is done as often as there are allocations */
    part.nx = 84, part.ny = 76;
    for (int m = 0; m < METHODS; m++) {
        struct scene *const scene = make_scene(straight, even, 3, &part);
        for (int f = 0; f < 6; f++) {
            nwc_field *const field = f < 3 ? &scene->frames[f] : &scene->out[f - 3];
            field->dim[0] = part.ny, field->dim[1] = part.nx;
        }
        scene->times_ns[MOST - 1] = methods[m].number;
        assert_true(check_every_allocation_failure(call_find, scene) > 10);
        struct counting_allocator allocator = {.refuse = -1};
        nwc_ctx *const ctx = context_with_allocator(&allocator);
        nwc_ctx_cancel(ctx);
        assert_int_equal(call_find(ctx, scene), NWC_ERR_CANCELED);
        nwc_ctx_destroy(ctx);
        assert_int_equal(allocator.live, 0);
        free(scene);
    }
}

/* Small grids, and rain that is nowhere or everywhere the same; then one wet cell, which may or may not be followed. */
static void check_flat(const struct method *method, int64_t ny, int64_t nx, float value, bool one)
{
    const nwc_grid grid = {
        .projection = "+proj=aeqd +lat_0=50 +lon_0=8", .nx = nx, .ny = ny, .dx = 1000.0, .dy = 1000.0};
    float cells[5][400];
    nwc_field field[5];
    for (int f = 0; f < 5; f++) {
        field[f] = field_2d(cells[f], ny, nx, f < 3 ? "mm h-1" : "m s-1", &grid);
        for (int64_t c = 0; c < ny * nx; c++) cells[f][c] = value;
        if (one && f < 3) cells[f][ny * nx / 2] = 5.0F;
    }
    const int64_t times[3] = {0, INT64_C(300000000000), INT64_C(600000000000)};
    const nwc_motion_options options = by(method);
    const nwc_status status = nwc_motion_estimate(NULL, field, times, 3, &options, &field[3], &field[4], NULL);
    const bool echo = value > 0.0F || one;
    if (!echo || (method->follows_features && !one)) assert_int_equal(status, NWC_ERR_NODATA);
    if (status != NWC_ERR_NODATA) assert_int_equal(status, NWC_OK);
    for (int64_t c = 0; c < ny * nx; c++)
        for (int f = 3; f < 5; f++)
            assert_true(status == NWC_OK ? fabsf(cells[f][c]) < 0.5F : isnan(cells[f][c])); /* what stands still */
}

static void hard_input_has_its_answer_by_every_method(void **state)
{
    (void)state;
    const int64_t sizes[6][2] = {{1, 1}, {1, 90}, {90, 1}, {2, 3}, {8, 9}, {20, 20}};
    for (int m = 0; m < METHODS; m++)
        for (int s = 0; s < 6; s++) {
            check_flat(&methods[m], sizes[s][0], sizes[s][1], NAN, false);
            check_flat(&methods[m], sizes[s][0], sizes[s][1], 0.0F, false);
            check_flat(&methods[m], sizes[s][0], sizes[s][1], 3.0F, false);
            check_flat(&methods[m], sizes[s][0], sizes[s][1], 0.0F, true);
        }
}

/* Rain in one frame of three only, the newest: there is no pair to compare. */
static void rain_in_one_frame_is_no_data(void **state)
{
    (void)state;
    for (int m = 0; m < METHODS; m++) {
        struct scene *const scene = make_scene(straight, even, 3, &square);
        for (int c = 0; c < NY * NX; c++) scene->cells[0][c] = scene->cells[1][c] = 0.0F;
        assert_fails(NWC_ERR_NODATA, "frames:", find(NULL, &methods[m], scene, 3));
        assert_true(isnan(scene->u[0]) && isnan(scene->v[NY * NX - 1]) && scene->quality[7] == 0.0F);
        free(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_finds_a_known_motion),
        cmocka_unit_test(what_is_not_known_is_not_followed),
        cmocka_unit_test(threads_change_no_bit_and_instruction_levels_agree_for_all),
        cmocka_unit_test(no_failure_or_cancel_of_any_leaves_memory),
        cmocka_unit_test(hard_input_has_its_answer_by_every_method),
        cmocka_unit_test(rain_in_one_frame_is_no_data),
    };
    return cmocka_run_group_tests_name("motion methods", tests, NULL, NULL);
}
