/* bzip2 streams whose blocks are unpacked side by side, made by libbz2. */
#include "radar/format/bzip2.h"
#include "support/support.h"

#include <bzlib.h>

enum { SIZE = 700000, ROOM = SIZE + SIZE / 50 + 1000 };

static uint8_t plain[SIZE], packed[ROOM];

/* Noise, text and a long run of one byte, in blocks of 100000 bytes; the number of bytes they pack to. */
static int64_t make(int64_t size)
{
    uint32_t dice = 1;
    for (int64_t k = 0; k < SIZE; k++) {
        dice = dice * 1664525U + 1013904223U;
        plain[k] = k < SIZE / 3 ? (uint8_t)(dice >> 24) : k < SIZE / 2 ? (uint8_t)("radar volume "[k % 13]) : 0;
    }
    unsigned room = ROOM;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed, &room, (char *)plain, (unsigned)size, 1, 0, 0), BZ_OK);
    return room;
}

static void blocks_make_up_the_whole(void **state)
{
    (void)state;
    const int64_t size = make(SIZE);
    for (int32_t threads = 1; threads <= 7; threads += 2) {
        nwc_ctx *const ctx = context_with_threads(threads);
        uint8_t *out;
        int64_t n;
        assert_ok(nwc__bzip2_unpack(ctx, packed, size, INT64_C(1) << 30, &out, &n));
        assert_non_null(out);
        assert_int_equal(n, SIZE);
        assert_memory_equal(out, plain, SIZE);
        nwc__free(ctx, out);
        nwc_ctx_destroy(ctx);
    }
}

static void what_is_not_good_is_left_to_libbz2(void **state)
{
    (void)state;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    uint8_t *out;
    int64_t n, size = make(50000);
    assert_ok(nwc__bzip2_unpack(ctx, packed, size, INT64_C(1) << 30, &out, &n));
    assert_null(out); /* one block */
    size = make(SIZE);
    assert_ok(nwc__bzip2_unpack(ctx, packed, size, SIZE / 2, &out, &n));
    assert_null(out); /* does not fit */
    for (int64_t cut = 0; cut < size; cut += 997) {
        assert_ok(nwc__bzip2_unpack(ctx, packed, cut, INT64_C(1) << 30, &out, &n));
        assert_null(out);
    }
    uint32_t dice = 5;
    for (int k = 0; k < 60; k++) { /* a bit that is wrong is found by a checksum */
        dice = dice * 1664525U + 1013904223U;
        uint8_t *const byte = &packed[(dice >> 8) % (uint32_t)(size - 1)];
        const uint8_t bit = (uint8_t)(1U << (dice & 7));
        *byte ^= bit;
        assert_ok(nwc__bzip2_unpack(ctx, packed, size, INT64_C(1) << 30, &out, &n));
        if (out) assert_memory_equal(out, plain, SIZE); /* a bit that means nothing */
        nwc__free(ctx, out);
        *byte ^= bit;
    }
}

static nwc_status unpack_only(nwc_ctx *ctx, void *user)
{
    uint8_t *out;
    int64_t n;
    const nwc_status status = nwc__bzip2_unpack(ctx, packed, *(const int64_t *)user, INT64_C(1) << 30, &out, &n);
    nwc__free(ctx, out);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    int64_t size = make(SIZE);
    assert_true(check_every_allocation_failure(unpack_only, &size) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_make_up_the_whole),
        cmocka_unit_test(what_is_not_good_is_left_to_libbz2),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
