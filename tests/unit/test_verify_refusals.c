/* verify: what is refused, and leaves the sums as they were. */
#include "core/internal.h"
#include "support/made_pair.h"

enum { NY = 83, NX = 97 };

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    nwc_verify *verify;
    nwc_verify_options options;
    const double wrong = NAN;
    const int32_t zero = 0, huge = 5000;
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_create(NULL, NULL, NULL));
    nwc_verify_options_init(NULL);
    nwc_verify_options_init(&options);
    options.n_thresholds = 65;
    assert_fails(NWC_ERR_ARG, "n_thresholds: 0 to 64", nwc_verify_create(NULL, &options, &verify));
    options.n_thresholds = 1;
    assert_fails(NWC_ERR_ARG, "thresholds: 1 values", nwc_verify_create(NULL, &options, &verify));
    options.thresholds = &wrong;
    assert_fails(NWC_ERR_ARG, "thresholds: a finite", nwc_verify_create(NULL, &options, &verify));
    nwc_verify_options_init(&options);
    options.n_windows = -1;
    assert_fails(NWC_ERR_ARG, "n_windows: 0 to 64", nwc_verify_create(NULL, &options, &verify));
    options.n_windows = 1;
    assert_fails(NWC_ERR_ARG, "windows: 1 values", nwc_verify_create(NULL, &options, &verify));
    options.windows = &zero;
    assert_fails(NWC_ERR_ARG, "windows: 1 to 4096", nwc_verify_create(NULL, &options, &verify));
    options.windows = &huge;
    assert_fails(NWC_ERR_ARG, "5000", nwc_verify_create(NULL, &options, &verify));
    nwc_verify_options_init(&options);
    options.wet_threshold = INFINITY;
    assert_fails(NWC_ERR_ARG, "wet_threshold", nwc_verify_create(NULL, &options, &verify));
    options.struct_size = 1;
    assert_fails(NWC_ERR_ARG, "struct_size", nwc_verify_create(NULL, &options, &verify));
    assert_null(verify);
    nwc_verify_destroy(NULL);
}

static void pairs_that_do_not_match_are_refused_and_change_nothing(void **state)
{
    (void)state;
    float f[12] = {0}, o[12] = {0};
    uint8_t mask[12] = {0};
    nwc_verify *const verify = sums_of(NULL, 1, 1, NAN), *const untouched = sums_of(NULL, 1, 1, NAN);
    const nwc_field forecast = field_2d(f, 3, 4, "mm h-1", NULL);
    nwc_field observed = field_2d(o, 4, 3, "mm h-1", NULL);
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_add(NULL, NULL, &forecast, &observed, NULL));
    assert_fails(NWC_ERR_ARG, "forecast", nwc_verify_add(NULL, verify, NULL, &observed, NULL));
    assert_fails(NWC_ERR_ARG, "observed", nwc_verify_add(NULL, verify, &forecast, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "3 x 4 cells of forecast", nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    observed = field_2d(o, 3, 4, "dBZ", NULL);
    assert_fails(NWC_ERR_ARG, "units mm h-1", nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    observed.units = NULL;
    assert_fails(NWC_ERR_ARG, "(none)", nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    observed.units = "mm h-1", observed.missing = -1.0F;
    assert_fails(NWC_ERR_ARG, "NaN", nwc_verify_add(NULL, verify, &forecast, &observed, NULL));
    observed.missing = NAN;
    nwc_flags use = {.data = mask, .ndim = 2, .dim = {4, 3}, .stride = {3, 1}};
    assert_fails(NWC_ERR_ARG, "use: the 3 x 4", nwc_verify_add(NULL, verify, &forecast, &observed, &use));
    use.data = NULL;
    assert_fails(NWC_ERR_ARG, "use", nwc_verify_add(NULL, verify, &forecast, &observed, &use));
    const nwc_grid here = {.projection = "+proj=longlat", .nx = 4, .ny = 3, .dx = 1.0, .dy = 1.0};
    nwc_grid there = here;
    there.x_first = 1.0;
    nwc_field on_grid = forecast;
    on_grid.grid = &here, observed.grid = &there;
    assert_fails(NWC_ERR_ARG, "grid of forecast", nwc_verify_add(NULL, verify, &on_grid, &observed, NULL));
    assert_same_state(verify, untouched, 0.0);
    nwc_verify_destroy(verify);
    nwc_verify_destroy(untouched);
}

static void sums_of_other_options_do_not_merge(void **state)
{
    (void)state;
    nwc_verify *const a = sums_of(NULL, 2, 2, 0.1);
    const struct {
        int32_t thresholds, windows;
        double wet;
        const char *text;
    } other[] = {{3, 2, 0.1, "thresholds"}, {2, 1, 0.1, "windows"}, {2, 2, 0.2, "wet_threshold"}, {2, 2, NAN, "wet"}};
    for (size_t k = 0; k < sizeof other / sizeof other[0]; k++) {
        nwc_verify *const b = sums_of(NULL, other[k].thresholds, other[k].windows, other[k].wet);
        assert_fails(NWC_ERR_ARG, other[k].text, nwc_verify_merge(a, b));
        nwc_verify_destroy(b);
    }
    assert_fails(NWC_ERR_ARG, "into", nwc_verify_merge(NULL, a));
    assert_fails(NWC_ERR_ARG, "from", nwc_verify_merge(a, NULL));

    int64_t n;
    double *const sums = state_of(a, &n);
    assert_int_equal(n, 4 + 2 + 2 + 2 * 8 + 2 * 3 + 2 * 2 * 2);
    assert_int_equal(nwc_verify_state_size(NULL), 0);
    assert_ok(nwc_verify_add_state(a, sums, n));
    assert_fails(NWC_ERR_ARG, "state: 38 values", nwc_verify_add_state(a, sums, n - 1));
    assert_fails(NWC_ERR_ARG, "state", nwc_verify_add_state(a, NULL, n));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_add_state(NULL, sums, n));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_get_state(NULL, sums));
    assert_fails(NWC_ERR_ARG, "state", nwc_verify_get_state(a, NULL));
    sums[n - 1] = NAN;
    assert_fails(NWC_ERR_ARG, "finite sums", nwc_verify_add_state(a, sums, n));
    sums[n - 1] = 0.0, sums[4] = 2.0;
    assert_fails(NWC_ERR_ARG, "thresholds", nwc_verify_add_state(a, sums, n));
    sums[4] = 1.0, sums[6] = 3.0;
    assert_fails(NWC_ERR_ARG, "windows", nwc_verify_add_state(a, sums, n));
    sums[6] = 1.0, sums[0] = 9.0;
    assert_fails(NWC_ERR_ARG, "layout", nwc_verify_add_state(a, sums, n));
    free(sums);
    nwc_verify_destroy(a);
}

static void scores_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    nwc_verify *const verify = sums_of(NULL, 2, 1, NAN);
    nwc_continuous continuous;
    nwc_contingency contingency;
    double fss;
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_get_continuous(NULL, 0, &continuous));
    assert_fails(NWC_ERR_ARG, "scores", nwc_verify_get_continuous(verify, 0, NULL));
    assert_fails(NWC_ERR_ARG, "wet", nwc_verify_get_continuous(verify, 2, &continuous));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_get_contingency(NULL, 0, &contingency));
    assert_fails(NWC_ERR_ARG, "scores", nwc_verify_get_contingency(verify, 0, NULL));
    assert_fails(NWC_ERR_ARG, "threshold: an index below 2", nwc_verify_get_contingency(verify, 2, &contingency));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_get_contingency(verify, -1, &contingency));
    assert_fails(NWC_ERR_ARG, "verify", nwc_verify_get_fss(NULL, 0, 0, &fss));
    assert_fails(NWC_ERR_ARG, "fss", nwc_verify_get_fss(verify, 0, 0, NULL));
    assert_fails(NWC_ERR_ARG, "threshold", nwc_verify_get_fss(verify, 2, 0, &fss));
    assert_fails(NWC_ERR_ARG, "window: an index below 1", nwc_verify_get_fss(verify, 0, 1, &fss));
    nwc_verify_destroy(verify);
}

static nwc_status score_once(nwc_ctx *ctx, void *user)
{
    const nwc_field *const pair = user;
    nwc_verify_options options;
    nwc_verify_options_init(&options);
    options.thresholds = pair_thresholds, options.n_thresholds = 3;
    options.windows = pair_windows, options.n_windows = 4;
    nwc_verify *verify;
    NWC__TRY(nwc_verify_create(ctx, &options, &verify));
    const nwc_status status = nwc_verify_add(ctx, verify, &pair[0], &pair[1], NULL);
    nwc_verify_destroy(verify);
    return status;
}

static void memory_that_runs_out_leaks_nothing(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 1);
    nwc_field pair[] = {field_2d(f, NY, NX, NULL, NULL), field_2d(o, NY, NX, NULL, NULL)};
    assert_int_equal(check_every_allocation_failure(score_once, pair), 11);
}

static int32_t stop_at_end(const char *stage, double fraction, void *user)
{
    (void)user;
    assert_string_equal(stage, "verify");
    return fraction == 1.0;
}

static void a_cancel_leaves_the_sums_as_they_were(void **state)
{
    (void)state;
    static float f[NY * NX], o[NY * NX];
    fill_pair(f, o, NY * NX, 1);
    const nwc_field forecast = field_2d(f, NY, NX, NULL, NULL), observed = field_2d(o, NY, NX, NULL, NULL);
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.progress = stop_at_end;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    nwc_verify *const verify = sums_of(ctx, 3, 4, 0.1), *const untouched = sums_of(ctx, 3, 4, 0.1);
    assert_fails(NWC_ERR_CANCELED, "verify", nwc_verify_add(ctx, verify, &forecast, &observed, NULL));
    assert_same_state(verify, untouched, 0.0);
    nwc_ctx_destroy(ctx);
    nwc_verify_destroy(verify); /* which outlives the context, not the allocator */
    nwc_verify_destroy(untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(pairs_that_do_not_match_are_refused_and_change_nothing),
        cmocka_unit_test(sums_of_other_options_do_not_merge),
        cmocka_unit_test(scores_that_do_not_exist_are_refused),
        cmocka_unit_test(memory_that_runs_out_leaks_nothing),
        cmocka_unit_test(a_cancel_leaves_the_sums_as_they_were),
    };
    return cmocka_run_group_tests_name("verify refusals", tests, NULL, NULL);
}
