/* What the variational motion is told beforehand, the motion of the last cycle and a background, and how far it may be off. */
#include "support/made_motion.h"

static const double even[3] = {0.0, 300.0, 600.0};

/* A motion of one value everywhere, as the options have it. */
struct wind {
    float u[NY * NX], v[NY * NX];
    nwc_field pair[2];
};

static struct wind *make_wind(float u, float v, const nwc_grid *grid)
{
    struct wind *const wind = malloc(sizeof *wind);
    assert_non_null(wind);
    for (int c = 0; c < NY * NX; c++) wind->u[c] = u, wind->v[c] = v;
    wind->pair[0] = field_2d(wind->u, NY, NX, "m s-1", grid);
    wind->pair[1] = field_2d(wind->v, NY, NX, "m s-1", grid);
    return wind;
}

static nwc_motion_options options_of(const nwc_field *before, const nwc_field *background)
{
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.max_speed_m_s = 200.0;
    options.before = before, options.background = background;
    return options;
}

static void dry(struct scene *scene, int from)
{
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < NY; j++)
            for (int i = from; i < NX; i++) scene->cells[k][j * NX + i] = 0.0F;
}

/*
 * Beside a front of echo the least of alpha |grad m|^2 + alpha / L^2 (m - wind)^2 is, from the edge at 0 to the end of the grid
 * at X, wind + (m(0) - wind) cosh((X - x) / L) / cosh(X / L). Within a tenth of the difference: relaxation stops before all is level.
 */
static void an_empty_half_moves_with_the_background(void **state)
{
    (void)state;
    enum { EDGE = 60, FIRST = EDGE + 12 };
    nwc_grid wide = square;
    wide.dx = wide.dy = 4000.0;
    struct scene *const scene = make_scene(straight, even, 3, &wide);
    struct wind *const wind = make_wind(12.0F, 9.0F, &wide);
    dry(scene, EDGE);
    const nwc_motion_options without = options_of(NULL, NULL), with = options_of(NULL, wind->pair);
    assert_ok(estimate(NULL, scene, 3, &without));
    const int row = NY / 2 * NX;
    assert_near(scene->u[row + NX - 1], 4000.0 * 3.4 / 300.0, 8.0);
    assert_ok(estimate(NULL, scene, 3, &with));
    const double reach = 100e3 / 4000.0, all = NX - 1 - FIRST;
    for (int i = FIRST; i < NX; i += 4) {
        const double share = cosh((NX - 1 - i) / reach) / cosh(all / reach);
        assert_near(scene->u[row + i], 12.0 + share * ((double)scene->u[row + FIRST] - 12.0), 3.0);
        assert_near(scene->v[row + i], 9.0 + share * ((double)scene->v[row + FIRST] - 9.0), 3.0);
    }
    for (int i = 15; i < EDGE - 15; i++) { /* the echo has its say */
        assert_near(scene->u[row + i], 4000.0 * 3.4 / 300.0, 2.0);
        assert_near(scene->v[row + i], -4000.0 * 1.7 / 300.0, 2.0);
    }
    assert_true(scene->quality[row + NX - 1] < 1e-6F);
    free(wind);
    free(scene);
}

static void without_any_echo_the_background_is_the_motion(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(straight, even, 3, &square);
    struct wind *const wind = make_wind(-21.0F, 4.0F, &square);
    const nwc_motion_options options = options_of(NULL, wind->pair);
    memset(scene->cells[0], 0, sizeof scene->cells[0]);
    memset(scene->cells[2], 0, sizeof scene->cells[2]); /* echo in one frame alone cannot be followed */
    assert_ok(estimate(NULL, scene, 3, &options));
    for (int c = 0; c < NY * NX; c++) {
        assert_near(scene->u[c], -21.0, 0.2);
        assert_near(scene->v[c], 4.0, 0.2);
        assert_true(scene->quality[c] == 0.0F);
    }
    for (int c = 0; c < NY * NX; c++) wind->u[c] = NAN;
    assert_fails(NWC_ERR_NODATA, "no two successive", estimate(NULL, scene, 3, &options));
    free(wind);
    free(scene);
}

/* Unknown everywhere, it changes no bit; known in one half, it does nothing wrong in the other. */
static void an_unknown_background_has_no_say(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(straight, even, 3, &square);
    struct wind *const wind = make_wind(NAN, 3.0F, &square);
    const nwc_motion_options without = options_of(NULL, NULL), with = options_of(NULL, wind->pair);
    assert_ok(estimate(NULL, scene, 3, &without));
    float *const first = malloc(3 * sizeof scene->u);
    assert_non_null(first);
    memcpy(first, scene->u, 3 * sizeof scene->u);
    assert_ok(estimate(NULL, scene, 3, &with));
    assert_memory_equal(first, scene->u, 3 * sizeof scene->u);
    for (int c = 0; c < NY * NX; c++) wind->u[c] = c % NX < NX / 2 ? INFINITY : 30.0F;
    assert_ok(estimate(NULL, scene, 3, &with));
    check_scene(scene, straight, 0.5);
    free(first);
    free(wind);
    free(scene);
}

/* Begun from a motion that is off by as much as storms change in a cycle, what is found is what is found without. */
static void a_warm_start_finds_the_same(void **state)
{
    (void)state;
    const motion_fn motions[] = {straight, turning, still};
    const double within[] = {0.5, 1.0, 0.1};
    struct wind *const wind = make_wind(3400.0F / 300.0F + 4.0F, -1700.0F / 300.0F - 4.0F, &square);
    wind->u[NX + 3] = NAN; /* taken for calm */
    for (int m = 0; m < 3; m++) {
        struct scene *const scene = make_scene(motions[m], even, 3, &square);
        const nwc_motion_options options = options_of(m == 0 ? wind->pair : scene->out, NULL);
        memset(scene->u, 0, sizeof scene->u), memset(scene->v, 0, sizeof scene->v);
        assert_ok(estimate(NULL, scene, 3, &options)); /* in place, from the second on */
        check_scene(scene, motions[m], within[m]);
        free(scene);
    }
    free(wind);
}

static nwc_status call_with_both(nwc_ctx *ctx, void *user)
{
    struct scene *const scene = user;
    struct wind *const wind = make_wind(8.0F, 2.0F, &square);
    const nwc_motion_options options = options_of(wind->pair, wind->pair);
    const nwc_status status = estimate(ctx, scene, 3, &options);
    free(wind);
    return status;
}

static void threads_change_no_bit_and_failures_leave_no_memory(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(turning, even, 3, &square);
    dry(scene, NX / 2);
    check_motion_threads(call_with_both, scene);
    check_motion_levels(call_with_both, scene, 0.05);
    assert_true(check_every_allocation_failure(call_with_both, scene) > 30);
    free(scene);
}

static void the_smallest_grids_are_taken(void **state)
{
    (void)state;
    const int sides[3][2] = {{1, 1}, {1, 40}, {40, 1}};
    for (int s = 0; s < 3; s++) {
        nwc_grid part = square;
        part.ny = sides[s][0], part.nx = sides[s][1];
        struct scene *const scene = make_scene(straight, even, 3, &part);
        struct wind *const wind = make_wind(5.0F, 5.0F, &part);
        nwc_field *const fields[] = {&scene->frames[0], &scene->frames[1], &scene->frames[2], &scene->out[0],
                                     &scene->out[1],    &scene->out[2],    &wind->pair[0],    &wind->pair[1]};
        for (int f = 0; f < 8; f++) fields[f]->dim[0] = part.ny, fields[f]->dim[1] = part.nx;
        const nwc_motion_options options = options_of(wind->pair, wind->pair);
        assert_ok(estimate(NULL, scene, 3, &options));
        assert_true(isfinite(scene->u[0]) && isfinite(scene->v[0]));
        free(wind);
        free(scene);
    }
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(straight, even, 3, &square);
    struct wind *const wind = make_wind(5.0F, 5.0F, &square);
    nwc_motion_options options = options_of(NULL, wind->pair);
    options.method = NWC_MOTION_TREC;
    assert_fails(NWC_ERR_ARG, "background: none expected", estimate(NULL, scene, 3, &options));
    options = options_of(wind->pair, NULL);
    options.method = NWC_MOTION_LUCAS_KANADE;
    assert_fails(NWC_ERR_ARG, "before: none expected", estimate(NULL, scene, 3, &options));
    options = options_of(wind->pair, NULL);
    wind->pair[1].dim[0] = NY - 1;
    assert_fails(NWC_ERR_ARG, "before[1]:", estimate(NULL, scene, 3, &options));
    wind->pair[1].dim[0] = NY;
    nwc_grid elsewhere = square;
    elsewhere.x_first = 5e4;
    wind->pair[0].grid = &elsewhere;
    assert_fails(NWC_ERR_ARG, "before[0]: the grid", estimate(NULL, scene, 3, &options));
    assert_fails(NWC_ERR_ARG, "before: u and v",
                 nwc_motion_error(NULL, &scene->out[0], &scene->out[1], &scene->out[2], NULL, &scene->out[2]));
    assert_fails(NWC_ERR_ARG, "before[0]: the grid",
                 nwc_motion_error(NULL, &scene->out[0], &scene->out[1], &scene->out[2], wind->pair, &scene->out[2]));
    free(wind);
    free(scene);
}

/* ---- how far it may be off ---- */

static nwc_status call_error(nwc_ctx *ctx, void *user)
{
    struct scene *const scene = user; /* cells[0], cells[1]: u and v of before; cells[2]: out */
    const nwc_field before[2] = {field_2d(scene->cells[0], NY, NX, "m s-1", NULL),
                                 field_2d(scene->cells[1], NY, NX, "m s-1", NULL)};
    nwc_field error = field_2d(scene->cells[2], NY, NX, "m s-1", NULL);
    return nwc_motion_error(ctx, &scene->out[0], &scene->out[1], &scene->out[2], before, &error);
}

/* Innovations of 1 m/s in the west and 3 in the east, quality .1 and in the north a thousandth of it. */
static struct scene *make_innovations(void)
{
    struct scene *const scene = make_scene(still, even, 3, &square);
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            const int c = j * NX + i;
            scene->u[c] = 10.0F, scene->v[c] = -3.0F, scene->quality[c] = j < NY / 2 ? 0.1F : 0.0001F;
            scene->cells[0][c] = i < NX / 2 ? 9.0F : 13.0F, scene->cells[1][c] = i < NX / 2 ? -2.0F : -6.0F;
        }
    return scene;
}

static void errors_are_those_of_what_changed_nearby_and_grow_where_less_was_seen(void **state)
{
    (void)state;
    struct scene *const scene = make_innovations();
    const float *const error = scene->cells[2];
    scene->u[0] = NAN;
    assert_ok(call_error(NULL, scene));
    const int south = 10 * NX, north = (NY - 10) * NX;
    const double west = (double)error[south + 5], east = (double)error[south + NX - 5];
    assert_true(west > 0.8 && west < 2.0 && east > 2.0 * west && east < 3.0 * west);
    assert_true(error[north + 5] > 1.5F * error[south + 5] && error[north + NX - 5] > 1.2F * error[south + NX - 5]);
    assert_true(isnan(error[0]) && isfinite(error[1]));
    for (int c = 0; c < NY * NX; c++) scene->cells[0][c] = 10.0F, scene->cells[1][c] = -3.0F;
    assert_ok(call_error(NULL, scene));
    assert_near(error[south + 5], 0.0, 1e-6);
    memset(scene->quality, 0, sizeof scene->quality);
    assert_fails(NWC_ERR_NODATA, "nothing was followed", call_error(NULL, scene));
    free(scene);
}

static void errors_are_the_same_with_any_threads(void **state)
{
    (void)state;
    struct scene *const scene = make_innovations();
    float *const first = malloc(sizeof scene->u);
    assert_non_null(first);
    for (int32_t threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(call_error(ctx, scene));
        if (threads == 1) memcpy(first, scene->cells[2], sizeof scene->u);
        assert_memory_equal(first, scene->cells[2], sizeof scene->u);
        nwc_ctx_destroy(ctx);
    }
    assert_true(check_every_allocation_failure(call_error, scene) > 5);
    free(first);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_half_moves_with_the_background),
        cmocka_unit_test(without_any_echo_the_background_is_the_motion),
        cmocka_unit_test(an_unknown_background_has_no_say),
        cmocka_unit_test(a_warm_start_finds_the_same),
        cmocka_unit_test(threads_change_no_bit_and_failures_leave_no_memory),
        cmocka_unit_test(the_smallest_grids_are_taken),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(errors_are_those_of_what_changed_nearby_and_grow_where_less_was_seen),
        cmocka_unit_test(errors_are_the_same_with_any_threads),
    };
    return cmocka_run_group_tests_name("motion_prior", tests, NULL, NULL);
}
