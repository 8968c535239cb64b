/* wind over ground that is not flat, and with vorticity's tendency: what is found of flows that are known. */
#include "support/wind_result.h"

enum { N = 40, LEVELS = 20 };

#define SPEED 10.0
#define LID_M 5000.0
#define HILL_M 1200.0
#define HALF_M 6000.0

/* A bell, and its slope along x. */
static double hill(double x, double y, double *slope)
{
    const double part = 1.0 + (x * x + y * y) / (HALF_M * HALF_M);
    if (slope) *slope = -3.0 * HILL_M * pow(part, -2.5) * x / (HALF_M * HALF_M);
    return HILL_M * pow(part, -1.5);
}

/*
 * In every plane along x the stream function SPEED LID (z - h) / (LID - h): its lines are those of the hill at the bottom and of
 * the lid at the top, and no mass comes together anywhere, density being constant.
 */
static void over_hill(double x, double y, double z, double wind[3])
{
    double slope;
    const double room = LID_M - hill(x, y, &slope);
    wind[0] = SPEED * LID_M / room, wind[1] = 0.0, wind[2] = SPEED * LID_M * slope * (LID_M - z) / (room * room);
}

struct scene {
    struct result *result;
    struct profile background;
    float height[N * N];
    nwc_field ground;
    struct seen seen[2];
    nwc_wind_gridded gridded[2];
    nwc_wind_input input;
    nwc_wind_options options;
};

/* Two radars see the flow from so much above the ground on: what lies lower is hidden. */
static void open_scene(struct scene *s, double hidden_m)
{
    static const double radars[2][3] = {{-40e3, -30e3, 0.0}, {40e3, -30e3, 0.0}};
    *s = (struct scene){.result = room_for(N, 1000.0, LEVELS, LID_M / LEVELS)};
    struct result *const r = s->result;
    for (int64_t k = 0; k < LEVELS; k++) s->background.u[k] = (float)SPEED;
    lend_profile(&s->background, r);
    for (int64_t c = 0; c < N * N; c++)
        s->height[c] =
            (float)hill(r->grid.x_first + (double)(c % N) * 1e3, r->grid.y_first + (double)(c / N) * 1e3, NULL);
    s->ground = field_2d(s->height, N, N, "m", NULL);
    for (int k = 0; k < 2; k++) {
        s->seen[k] = see_flow(r, radars[k], over_hill);
        for (int64_t c = 0; c < r->cells; c++)
            if (r->z[c / (N * N)] < (double)s->height[c % (N * N)] + hidden_m) s->seen[k].velocity[c] = NAN;
        s->gridded[k] =
            (nwc_wind_gridded){&s->seen[k].field[0], &s->seen[k].field[1], &s->seen[k].field[2], NULL, 0.5, 0.0};
    }
    s->input = (nwc_wind_input){.gridded = s->gridded,
                                .n_gridded = 2,
                                .background_u = &s->background.field[0],
                                .background_v = &s->background.field[1]};
    nwc_wind_options_init(&s->options);
    s->options.density_scale_m = INFINITY, s->options.lid_m = LID_M;
}

static void close_scene(struct scene *s)
{
    for (int k = 0; k < 2; k++) drop_seen(&s->seen[k]);
    let_go(s->result);
}

/* Root mean square error of w, away from the sides, from and to so much above the ground; *whole: of w itself. */
static double error_of_w(const struct scene *s, double from_m, double to_m, double *whole)
{
    const struct result *const r = s->result;
    double off = 0.0, n = 0.0;
    *whole = 0.0;
    for (int64_t k = 0; k < LEVELS; k++)
        for (int64_t j = 4; j < N - 4; j++)
            for (int64_t i = 4; i < N - 4; i++) {
                const double above = r->z[k] - (double)s->height[j * N + i];
                double wind[3];
                if (above < from_m || above >= to_m) continue;
                over_hill(r->grid.x_first + (double)i * 1e3, r->grid.y_first + (double)j * 1e3, r->z[k], wind);
                off += pow(at(r, 2, k, j, i) - wind[2], 2.0), *whole += wind[2] * wind[2], n += 1.0;
            }
    *whole = sqrt(*whole / n);
    return sqrt(off / n);
}

static void air_flows_along_the_ground(void **state)
{
    (void)state;
    struct scene s;
    double whole;
    for (int hidden = 0; hidden < 2; hidden++) {
        open_scene(&s, hidden ? 700.0 : 0.0);
        assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
        const double flat = error_of_w(&s, 0.0, 1000.0, &whole), flat_aloft = error_of_w(&s, 1e3, 3e3, &whole);
        s.input.ground = &s.ground;
        assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
        const double aloft = error_of_w(&s, 1000.0, 3000.0, &whole), low = error_of_w(&s, 0.0, 1000.0, &whole);
        const nwc_wind_source *const ground = &s.result->report.sources[2];
        print_message(
            "    w %.2f, off by %.3f below 1 km, on flat ground %.3f; above %.3f, %.3f; at the ground %.3f, before "
            "%.3f; %d iterations\n",
            whole, low, flat, aloft, flat_aloft, ground->after, ground->before, (int)s.result->report.iterations);
        assert_int_equal(s.result->report.n_sources, 3);
        assert_int_equal(ground->n, N * N);
        assert_true(ground->before > 0.3); /* the background blows into the hill */
        assert_true(ground->after < 0.02); /* w at the ground is what the wind along it makes of it */
        assert_true(low < 0.1 * whole && low < 0.3 * flat);
        assert_true(aloft < 0.03);
        close_scene(&s);
    }
}

/* The wind itself at the surface: u dh/dx there, by the lowest cells whose bottoms lie on it. */
static void w_next_to_the_ground_is_that_of_its_slope(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 0.0);
    s.input.ground = &s.ground;
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    const struct result *const r = s.result;
    int n = 0;
    double steepest = 0.0;
    for (int64_t k = 0; k < LEVELS; k++)
        for (int64_t j = 4; j < N - 4; j++)
            for (int64_t i = 4; i < N - 4; i++) {
                double slope;
                hill(r->grid.x_first + (double)i * 1e3, r->grid.y_first + (double)j * 1e3, &slope);
                if (fabs(r->z[k] - (double)s.height[j * N + i]) > 30.0 || r->z[k] < (double)s.height[j * N + i])
                    continue;
                assert_near(at(r, 2, k, j, i), at(r, 0, k, j, i) * slope, 0.1);
                steepest = fmax(steepest, fabs(at(r, 0, k, j, i) * slope)), n++;
            }
    assert_true(n > 40 && steepest > 1.5);
    close_scene(&s);
}

static void there_is_no_wind_in_the_ground(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, -1e4); /* data lie in it, too */
    s.input.ground = &s.ground;
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    int64_t inside = 0;
    for (int64_t c = 0; c < s.result->cells; c++) {
        const bool below = s.result->z[c / (N * N)] < (double)s.height[c % (N * N)];
        assert_int_equal(isnan(s.result->cell[2][c]) != 0, below);
        if (below) assert_int_equal(s.result->bits[c], 0);
        inside += below;
    }
    assert_true(inside > 100);
    assert_int_equal(s.result->report.n, 2 * (s.result->cells - inside)); /* but are not used */
    close_scene(&s);
}

/* Without data it is the background that flows over the hill. */
static void a_background_alone_is_led_over_the_hill(void **state)
{
    (void)state;
    struct scene s;
    double whole;
    open_scene(&s, 0.0);
    s.input.n_gridded = 0, s.input.ground = &s.ground;
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    assert_true(s.result->report.flags & NWC_WIND_NO_DATA);
    assert_true(s.result->report.sources[0].after < 0.1);
    const double off = error_of_w(&s, 0.0, 500.0, &whole);
    assert_true(off < 0.25 * whole);
    close_scene(&s);
}

/* NaN, and ground as flat as the bottom of the box, ask for nothing. */
static void ground_that_is_not_known_asks_for_nothing(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 0.0);
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    float *const flat = malloc((size_t)s.result->cells * sizeof *flat);
    memcpy(flat, s.result->cell[2], (size_t)s.result->cells * sizeof *flat);
    for (int64_t c = 0; c < N * N; c++) s.height[c] = NAN;
    s.input.ground = &s.ground;
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    assert_int_equal(s.result->report.sources[2].n, 0);
    assert_memory_equal(flat, s.result->cell[2], (size_t)s.result->cells * sizeof *flat);
    free(flat);
    close_scene(&s);
}

/* ---- vorticity's tendency ---- */

static void a_tendency_that_is_asked_for_becomes_less(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 0.0);
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    assert_true(s.result->report.tendency_before == 0.0 && s.result->report.tendency_after == 0.0);
    s.options.tendency_error_s2 = 1e-6;
    assert_ok(nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, &s.result->report));
    print_message("    tendency %.2e before, %.2e after\n", s.result->report.tendency_before,
                  s.result->report.tendency_after);
    assert_true(s.result->report.tendency_before > 0.0);
    assert_true(s.result->report.tendency_after < 0.7 * s.result->report.tendency_before);
    assert_true(s.result->report.divergence < 1e-7);
    close_scene(&s);
}

/* ---- promises that every call makes, with all of it ---- */

struct call {
    struct scene *scene;
    float cells[3][LEVELS * N * N];
};

static nwc_status retrieve(nwc_ctx *ctx, void *user)
{
    struct call *const call = user;
    struct scene *const s = call->scene;
    const nwc_status status = nwc_wind_retrieve(ctx, &s->input, 0, &s->options, &s->result->output, &s->result->report);
    for (int f = 0; f < 3; f++) memcpy(call->cells[f], s->result->cell[f], sizeof call->cells[f]);
    return status;
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    static struct call one, many;
    struct scene s;
    open_scene(&s, 700.0);
    s.input.ground = &s.ground, s.options.tendency_error_s2 = 1e-6;
    s.result->output.error_u = s.result->output.error_v = s.result->output.error_w = NULL; /* test_wind.c has them */
    one.scene = many.scene = &s;
    check_threads_change_no_bit(retrieve, &one, &many, sizeof one);
    close_scene(&s);
}

static nwc_status retrieve_only(nwc_ctx *ctx, void *user)
{
    const struct scene *const s = user;
    return nwc_wind_retrieve(ctx, &s->input, 0, &s->options, &s->result->output, NULL);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static struct scene s;
    s.result = room_for(14, 2000.0, 4, 1000.0);
    for (int c = 0; c < 14 * 14; c++) s.height[c] = (float)(100 * (c % 14));
    s.ground = field_2d(s.height, 14, 14, "m", NULL);
    lend_profile(&s.background, s.result); /* calm */
    s.input = (nwc_wind_input){.background_u = &s.background.field[0],
                               .background_v = &s.background.field[1],
                               .ground = &s.ground};
    nwc_wind_options_init(&s.options);
    s.options.tendency_error_s2 = 1e-6;
    assert_true(check_every_allocation_failure(retrieve_only, &s) > 20);
    let_go(s.result);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 0.0);
    const nwc_wind_options usual = s.options;
    s.input.ground = &s.result->field[0];
    assert_fails(NWC_ERR_ARG, "ground", nwc_wind_retrieve(NULL, &s.input, 0, NULL, &s.result->output, NULL));
    s.ground.dim[0] = N - 1, s.input.ground = &s.ground;
    assert_fails(NWC_ERR_ARG, "40 x 40 columns expected",
                 nwc_wind_retrieve(NULL, &s.input, 0, NULL, &s.result->output, NULL));
    s.ground.dim[0] = N, s.options.ground_error_m_s = 0.0;
    assert_fails(NWC_ERR_ARG, "ground_error_m_s",
                 nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, NULL));
    s.options = usual, s.options.tendency_error_s2 = -1.0;
    assert_fails(NWC_ERR_ARG, "tendency_error_s2",
                 nwc_wind_retrieve(NULL, &s.input, 0, &s.options, &s.result->output, NULL));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(air_flows_along_the_ground),
        cmocka_unit_test(w_next_to_the_ground_is_that_of_its_slope),
        cmocka_unit_test(there_is_no_wind_in_the_ground),
        cmocka_unit_test(a_background_alone_is_led_over_the_hill),
        cmocka_unit_test(ground_that_is_not_known_asks_for_nothing),
        cmocka_unit_test(a_tendency_that_is_asked_for_becomes_less),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests_name("wind_ground", tests, NULL, NULL);
}
