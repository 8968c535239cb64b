/* core: statuses and texts, contexts, memory, tiles. */
#include "support/support.h"

#include "core/internal.h"
#include "core/median.h"

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (int32_t status = NWC_OK; status <= NWC_ERR_INTERNAL; status++)
        assert_string_not_equal(nwc_status_name(status), "UNKNOWN");
    assert_string_equal(nwc_status_name(NWC_ERR_INTERNAL + 1), "UNKNOWN");
    assert_string_equal(nwc_status_name(-1), "UNKNOWN");
}

static void a_failure_may_quote_the_text_before_it(void **state)
{
    (void)state;
    nwc__fail(NWC_ERR_FORMAT, "byte %d: wrong", 12);
    assert_int_equal(nwc__fail_within(NWC_ERR_FORMAT, "file.h5"), NWC_ERR_FORMAT);
    assert_string_equal(nwc_error_text(), "file.h5: byte 12: wrong");
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void the_median_is_that_of_what_is_known_in_order(void **state)
{
    (void)state;
    enum { MOST = 40, KINDS = 7 };
    uint32_t seed = 1;
    for (int64_t n = 0; n <= MOST; n++)
        for (int kind = 2; kind <= KINDS; kind++) { /* few kinds: many that are equal */
            float numbers[MOST], sorted[MOST];
            int64_t known = 0;
            for (int64_t k = 0; k < n; k++) {
                seed = seed * 1664525U + 1013904223U;
                const int32_t drawn = (int32_t)(seed >> 16) % kind;
                numbers[k] = drawn == 1 ? NAN : drawn == 2 ? -INFINITY : 0.7F * (float)drawn - 1.0F;
                if (drawn != 1) sorted[known++] = numbers[k];
            }
            qsort(sorted, (size_t)known, sizeof *sorted, ascending);
            const double found = nwc__median(numbers, n);
            if (known == 0)
                assert_true(isnan(found));
            else if (sorted[known / 2] == -INFINITY)
                assert_true(found == (double)-INFINITY);
            else
                assert_true(found == 0.5 * ((double)sorted[(known - 1) / 2] + (double)sorted[known / 2]));
        }
}

static void a_context_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    nwc_ctx *ctx = NULL;
    nwc_ctx_options options;
    assert_fails(NWC_ERR_ARG, "ctx", nwc_ctx_create(NULL, NULL));
    nwc_ctx_options_init(&options);
    options.threads = -1;
    assert_fails(NWC_ERR_ARG, "threads", nwc_ctx_create(&options, &ctx));
    nwc_ctx_options_init(&options);
    options.simd = 9;
    assert_fails(NWC_ERR_ARG, "simd", nwc_ctx_create(&options, &ctx));
    nwc_ctx_options_init(&options);
    options.alloc = (nwc_alloc_fn)(void (*)(void))abort;
    assert_fails(NWC_ERR_ARG, "alloc, free", nwc_ctx_create(&options, &ctx));
    nwc_ctx_options_init(&options);
    options.struct_size = sizeof options + 8;
    assert_fails(NWC_ERR_ARG, "struct_size", nwc_ctx_create(&options, &ctx));
    assert_null(ctx);
    nwc_ctx_destroy(NULL);
}

static void a_shorter_options_struct_keeps_the_newer_defaults(void **state)
{
    (void)state;
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = 3;
    options.struct_size = offsetof(nwc_ctx_options, simd);
    options.simd = 99; /* beyond what the caller says it knows */
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    assert_int_equal(nwc_ctx_threads(ctx), 3);
    assert_int_equal(nwc_ctx_simd(ctx), nwc_ctx_simd(NULL));
    nwc_ctx_destroy(ctx);
}

static void memory_is_aligned_and_its_size_checked(void **state)
{
    (void)state;
    struct counting_allocator allocator = {.refuse = -1};
    nwc_ctx *const ctx = context_with_allocator(&allocator);
    for (int64_t n = 0; n < 200; n += 7) {
        char *const memory = nwc__alloc(ctx, n, 1);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        memset(memory, 1, (size_t)n);
        nwc__free(ctx, memory);
    }
    assert_null(nwc__alloc(ctx, INT64_MAX / 2, 8));
    assert_non_null(strstr(nwc_error_text(), "more than can be addressed"));
    nwc__free(ctx, NULL);
    nwc_ctx_destroy(ctx);
    assert_int_equal(allocator.live, 0);
}

struct squares {
    double value[1000];
    int64_t fail_from;
};

static nwc_status square(int64_t tile, void *job)
{
    struct squares *const squares = job;
    if (squares->fail_from >= 0 && tile >= squares->fail_from)
        return nwc__fail(NWC_ERR_FORMAT, "tile %lld", (long long)tile);
    squares->value[tile] = (double)(tile * tile);
    return NWC_OK;
}

static void every_tile_runs_once_on_any_number_of_threads(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 7; threads += 2) {
        nwc_ctx *const ctx = context_with_threads(threads);
        struct squares squares = {.fail_from = -1};
        assert_ok(nwc__for_each_tile(ctx, "squares", 1000, square, &squares));
        for (int64_t tile = 0; tile < 1000; tile++) assert_near(squares.value[tile], (double)(tile * tile), 0.0);
        assert_ok(nwc__for_each_tile(ctx, "nothing", 0, square, &squares));
        nwc_ctx_destroy(ctx);
    }
}

static void the_lowest_failing_tile_decides(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(3);
    struct squares squares = {.fail_from = 500};
    assert_fails(NWC_ERR_FORMAT, "tile 500", nwc__for_each_tile(ctx, "squares", 1000, square, &squares));
    nwc_ctx_destroy(ctx);
}

static int32_t stop_half_way(const char *stage, double fraction, void *user)
{
    assert_string_equal(stage, "squares");
    *(double *)user = fraction;
    return fraction >= 0.5;
}

static void progress_can_cancel_a_call(void **state)
{
    (void)state;
    double reached = -1.0;
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = 1, /* with more, the others may be done before the calling thread looks */
        options.progress = stop_half_way, options.progress_user = &reached;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    struct squares squares = {.fail_from = -1};
    assert_fails(NWC_ERR_CANCELED, "squares", nwc__for_each_tile(ctx, "squares", 1000, square, &squares));
    assert_true(reached >= 0.5 && reached < 1.0);
    nwc_ctx_destroy(ctx);
}

static void a_cancel_is_used_up_by_one_call(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct squares squares = {.fail_from = -1};
    nwc_ctx_cancel(ctx);
    assert_fails(NWC_ERR_CANCELED, "canceled", nwc__for_each_tile(ctx, NULL, 10, square, &squares));
    assert_ok(nwc__for_each_tile(ctx, NULL, 10, square, &squares));
    nwc_ctx_destroy(ctx);
    nwc_ctx_cancel(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(a_failure_may_quote_the_text_before_it),
        cmocka_unit_test(a_context_refuses_what_it_cannot_do),
        cmocka_unit_test(a_shorter_options_struct_keeps_the_newer_defaults),
        cmocka_unit_test(memory_is_aligned_and_its_size_checked),
        cmocka_unit_test(every_tile_runs_once_on_any_number_of_threads),
        cmocka_unit_test(the_median_is_that_of_what_is_known_in_order),
        cmocka_unit_test(the_lowest_failing_tile_decides),
        cmocka_unit_test(progress_can_cancel_a_call),
        cmocka_unit_test(a_cancel_is_used_up_by_one_call),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
