/* forecast: a motion that changes with lead time, against displacements that are integrals of it. */
#include "support/made_rain.h"

enum { N = 90 };

struct run {
    nwc_grid grid;
    float field[N * N], u[N * N], v[N * N], later_u[N * N], later_v[N * N], forecast[3 * N * N];
    nwc_field later[2];
    nwc_extrapolate_options options;
    double leads_s[3];
    int32_t n_leads;
};

/* From (10, -5) m/s to (-2, 7) m/s at half an hour, cells of a kilometre. */
static struct run *make_run(void)
{
    struct run *const run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->grid = rain_grid(N, N);
    for (int c = 0; c < N * N; c++) {
        run->field[c] = 10.0F * noise((uint32_t)c);
        run->u[c] = 10.0F, run->v[c] = -5.0F, run->later_u[c] = -2.0F, run->later_v[c] = 7.0F;
    }
    run->later[0] = field_2d(run->later_u, N, N, "m s-1", &run->grid);
    run->later[1] = field_2d(run->later_v, N, N, "m s-1", &run->grid);
    nwc_extrapolate_options_init(&run->options);
    run->options.sampling = NWC_SAMPLE_NEAREST;
    run->options.later = run->later, run->options.later_s = 1800.0;
    run->leads_s[0] = 1800.0, run->leads_s[1] = 2500.0, run->leads_s[2] = 5000.0, run->n_leads = 3;
    return run;
}

static nwc_status call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    const nwc_field field = field_2d(run->field, N, N, "mm h-1", &run->grid);
    const nwc_field u = field_2d(run->u, N, N, "m s-1", &run->grid), v = field_2d(run->v, N, N, "m s-1", &run->grid);
    nwc_field forecast = {.data = run->forecast,
                          .ndim = 3,
                          .dim = {run->n_leads, N, N},
                          .stride = {N * N, N, 1},
                          .missing = NAN,
                          .units = "mm h-1",
                          .grid = &run->grid};
    return nwc_forecast_extrapolate(ctx, &field, 1, &u, &v, run->leads_s, run->n_leads, &run->options, &forecast);
}

/* Half an hour at 4 and 1 m/s in the mean is 7.2 and 1.8 km; what follows goes at (-2, 7) m/s. */
static void what_is_carried_goes_as_far_as_the_changing_motion_does(void **state)
{
    (void)state;
    struct run *const run = make_run();
    assert_ok(call(NULL, run));
    for (int n = 0; n < 3; n++) {
        const double rest_s = run->leads_s[n] - 1800.0;
        const int dx = (int)lround(7.2 - 2e-3 * rest_s), dy = (int)lround(1.8 + 7e-3 * rest_s);
        for (int j = 30; j < N - 10; j++)
            for (int i = 15; i < N - 15; i++)
                assert_true(run->forecast[(n * N + j) * N + i] == run->field[(j - dy) * N + i - dx]);
    }
    free(run);
}

static void the_same_motion_later_changes_no_bit(void **state)
{
    (void)state;
    struct run *const run = make_run();
    for (int c = 0; c < N * N; c++) run->u[c] = run->later_u[c] = 9.0F + 0.02F * (float)(c % N);
    memcpy(run->later_v, run->v, sizeof run->v);
    assert_ok(call(NULL, run));
    float *const first = malloc(sizeof run->forecast);
    assert_non_null(first);
    memcpy(first, run->forecast, sizeof run->forecast);
    run->options.later = NULL;
    assert_ok(call(NULL, run));
    assert_memory_equal(first, run->forecast, sizeof run->forecast);
    free(first);
    free(run);
}

static void threads_and_leads_change_no_bit_and_failures_leave_no_memory(void **state)
{
    (void)state;
    struct run *const run = make_run();
    for (int c = 0; c < N * N; c++)
        run->u[c] += 3.0F * sinf(0.1F * (float)(c % N)), run->later_v[c] -= 0.1F * (float)(c / N);
    run->later_u[7] = NAN; /* its neighbour's */
    float *const first = malloc(sizeof run->forecast);
    assert_non_null(first);
    for (int32_t threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(call(ctx, run));
        if (threads == 1) memcpy(first, run->forecast, sizeof run->forecast);
        assert_memory_equal(first, run->forecast, sizeof run->forecast);
        nwc_ctx_destroy(ctx);
    }
    run->leads_s[0] = 5000.0, run->n_leads = 1;
    assert_ok(call(NULL, run));
    assert_memory_equal(first + 2 * N * N, run->forecast, N * N * sizeof *first);
    assert_true(check_every_allocation_failure(call, run) > 3);
    free(first);
    free(run);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    struct run *const run = make_run();
    run->options.later_s = 0.0;
    assert_fails(NWC_ERR_ARG, "later_s", call(NULL, run));
    run->options.later_s = NAN;
    assert_fails(NWC_ERR_ARG, "later_s", call(NULL, run));
    run->options.later_s = 600.0;
    run->later[1].dim[0] = N - 1;
    assert_fails(NWC_ERR_ARG, "later[1]", call(NULL, run));
    run->later[1].dim[0] = N;
    nwc_grid elsewhere = run->grid;
    elsewhere.x_first += 5e3;
    run->later[0].grid = &elsewhere;
    assert_fails(NWC_ERR_ARG, "later[0]: the grid", call(NULL, run));
    run->later[0].grid = &run->grid;
    for (int c = 0; c < N * N; c++) run->later_u[c] = NAN;
    assert_fails(NWC_ERR_NODATA, "no motion is known", call(NULL, run));
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_carried_goes_as_far_as_the_changing_motion_does),
        cmocka_unit_test(the_same_motion_later_changes_no_bit),
        cmocka_unit_test(threads_and_leads_change_no_bit_and_failures_leave_no_memory),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests_name("extrapolate_later", tests, NULL, NULL);
}
