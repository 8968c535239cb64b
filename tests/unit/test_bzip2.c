/* bzip2 streams whose blocks are unpacked side by side, made by libbz2. */
#include "core/bzip2.h"
#include "support/support.h"

#include <bzlib.h>

enum { SIZE = 700000, ROOM = SIZE + SIZE / 50 + 1000 };

static const struct nwc__bzip2_limits wide = {1 << 30, 1 << 30, 1};
static uint8_t plain[SIZE], packed[2 * ROOM];

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
        struct nwc__bzip2_streams out;
        assert_ok(nwc__bzip2_unpack(ctx, packed, size, false, &wide, &out));
        assert_non_null(out.bytes);
        assert_int_equal(out.size, SIZE);
        assert_int_equal(out.used, size);
        assert_memory_equal(out.bytes, plain, SIZE);
        nwc__free(ctx, out.bytes);
        nwc_ctx_destroy(ctx);
    }
}

static void streams_are_joined_up_to_one_that_is_cut_off(void **state)
{
    (void)state;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    struct nwc__bzip2_streams out;
    const int64_t size = make(SIZE);
    memcpy(packed + size, packed, (size_t)size);
    for (int kind = 0; kind < 3; kind++) {
        const int64_t streams = kind == 0 ? 2 : 1;
        assert_ok(nwc__bzip2_unpack(ctx, packed, 2 * size - (kind == 1), kind == 2, &wide, &out));
        assert_non_null(out.bytes);
        assert_int_equal(out.used, streams * size);
        assert_int_equal(out.size, streams * SIZE);
        for (int64_t s = 0; s < streams; s++) assert_memory_equal(out.bytes + s * SIZE, plain, SIZE);
        nwc__free(ctx, out.bytes);
    }
}

static void what_is_not_good_is_left_to_libbz2(void **state)
{
    (void)state;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    struct nwc__bzip2_streams out;
    int64_t size = make(50000);
    assert_ok(nwc__bzip2_unpack(ctx, packed, size, false, &wide, &out));
    assert_null(out.bytes); /* one block */
    size = make(SIZE);
    assert_ok(nwc__bzip2_unpack(ctx, packed, size, false, &(struct nwc__bzip2_limits){SIZE, SIZE, 1}, &out));
    assert_null(out.bytes); /* does not fit */
    assert_ok(nwc__bzip2_unpack(ctx, packed, size, false, &(struct nwc__bzip2_limits){1 << 30, SIZE / 2, 2}, &out));
    assert_null(out.bytes); /* grows too much */
    for (int64_t cut = 0; cut < size; cut += 997) {
        assert_ok(nwc__bzip2_unpack(ctx, packed, cut, false, &wide, &out));
        assert_null(out.bytes);
    }
    memmove(packed + 5, packed + 4, (size_t)size - 4);
    assert_ok(nwc__bzip2_unpack(ctx, packed, size + 1, false, &wide, &out));
    assert_null(out.bytes); /* a byte before the first block */
    memmove(packed + 4, packed + 5, (size_t)size - 4);
    uint32_t dice = 5;
    for (int k = 0; k < 60; k++) { /* a bit that is wrong is found by a checksum */
        dice = dice * 1664525U + 1013904223U;
        uint8_t *const byte = &packed[(dice >> 8) % (uint32_t)(size - 1)];
        const uint8_t bit = (uint8_t)(1U << (dice & 7));
        *byte ^= bit;
        assert_ok(nwc__bzip2_unpack(ctx, packed, size, false, &wide, &out));
        if (out.bytes) assert_memory_equal(out.bytes, plain, SIZE); /* a bit that means nothing */
        nwc__free(ctx, out.bytes);
        *byte ^= bit;
    }
}

static nwc_status unpack_only(nwc_ctx *ctx, void *user)
{
    struct nwc__bzip2_streams out;
    const nwc_status status = nwc__bzip2_unpack(ctx, packed, *(const int64_t *)user, false, &wide, &out);
    nwc__free(ctx, out.bytes);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    int64_t size = make(SIZE);
    assert_true(check_every_allocation_failure(unpack_only, &size) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_make_up_the_whole),
        cmocka_unit_test(streams_are_joined_up_to_one_that_is_cut_off),
        cmocka_unit_test(what_is_not_good_is_left_to_libbz2),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
