/*
 * Whole bzip2 files of many blocks and streams, good, cut off and damaged: what comes out, and what is said of what does not,
 * is that of libbz2 going through them from first to last.
 */
#include "io/unpack.h"
#include "support/support.h"

#include <bzlib.h>

enum { SIZE = 500000, ROOM = 2 * SIZE, KINDS = 5, MOST = 1 << 30 };

static uint8_t plain[SIZE], packed[ROOM], changed[ROOM], expected[ROOM];

struct outcome {
    int64_t size, at;
    bool damaged, early;
};

/* One byte after the other of all streams, as libbz2 has them. */
static struct outcome by_libbz2(const uint8_t *bytes, int64_t n)
{
    struct outcome outcome = {0};
    do {
        bz_stream stream = {.next_in = (char *)bytes + outcome.at, .avail_in = (unsigned)(n - outcome.at)};
        stream.next_out = (char *)expected + outcome.size, stream.avail_out = (unsigned)(ROOM - outcome.size);
        assert_int_equal(BZ2_bzDecompressInit(&stream, 0, 0), BZ_OK);
        const int result = BZ2_bzDecompress(&stream);
        outcome.at = n - stream.avail_in, outcome.size = ROOM - stream.avail_out;
        BZ2_bzDecompressEnd(&stream);
        outcome.early = result == BZ_OK, outcome.damaged = !outcome.early && result != BZ_STREAM_END;
    } while (!outcome.early && !outcome.damaged && n - outcome.at >= 3 && memcmp(bytes + outcome.at, "BZh", 3) == 0);
    return outcome;
}

static nwc_status unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t n, int64_t max_bytes, enum nwc__extent extent,
                         struct nwc__bytes *out, bool *cut)
{
    *out = (struct nwc__bytes){.data = nwc__alloc(ctx, n + 1, 1), .size = n};
    *cut = false;
    if (!out->data) return NWC_ERR_NOMEM;
    memcpy(out->data, bytes, (size_t)n);
    return nwc__unpack(ctx, max_bytes, extent, out, cut);
}

static void check(nwc_ctx *ctx, const uint8_t *bytes, int64_t n)
{
    const struct outcome outcome = by_libbz2(bytes, n);
    const bool good = !outcome.early && !outcome.damaged;
    struct nwc__bytes out;
    bool cut;
    nwc_status status = unpack(ctx, bytes, n, MOST, NWC__PARTLY, &out, &cut);
    if (good || outcome.size > 0) {
        assert_ok(status);
        assert_int_equal(cut, !good);
        assert_int_equal(out.size, outcome.size);
        if (out.size) assert_memory_equal(out.data, expected, (size_t)out.size);
        assert_int_equal(out.data[out.size], 0);
    } else {
        assert_int_equal(status, NWC_ERR_FORMAT);
    }
    nwc__free(ctx, out.data);
    if (good) return;
    char text[80];
    snprintf(text, sizeof text,
             outcome.early ? "byte %lld: the bzip2 stream ends early" : "byte %lld: damaged bzip2 stream",
             (long long)outcome.at);
    status = unpack(ctx, bytes, n, MOST, NWC__WHOLE, &out, &cut);
    assert_fails(NWC_ERR_FORMAT, text, status);
    assert_null(out.data);
}

static int64_t add_stream(int64_t at, int64_t first, int64_t n)
{
    unsigned size = (unsigned)(ROOM - at);
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed + at, &size, (char *)plain + first, (unsigned)n, 1, 0, 0),
                     BZ_OK);
    return at + size;
}

/* Noise, text and zeros as one stream; two; many of one block; with an empty one in between; with other bytes behind. */
static int64_t make(int kind)
{
    uint32_t dice = 3;
    for (int64_t k = 0; k < SIZE; k++) {
        dice = dice * 1664525U + 1013904223U;
        plain[k] = k < SIZE / 4 ? (uint8_t)(dice >> 28) : k < SIZE / 2 ? (uint8_t)("sweep of rays "[k % 14]) : 0;
    }
    int64_t n = 0;
    switch (kind) {
    case 0:
        return add_stream(0, 0, SIZE);
    case 1:
        return add_stream(add_stream(0, 0, SIZE / 2), SIZE / 2, SIZE / 2);
    case 2:
        for (int64_t k = 0; k < SIZE; k += SIZE / 10) n = add_stream(n, k, SIZE / 10);
        return n;
    case 3:
        return add_stream(add_stream(add_stream(0, 0, SIZE / 2), 0, 0), 0, SIZE / 2);
    default:
        n = add_stream(0, 0, SIZE);
        memcpy(packed + n, "BZh0 nothing", 12);
        return n + 12;
    }
}

static void good_files_come_out_whole(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 4; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        for (int kind = 0; kind < KINDS; kind++) check(ctx, packed, make(kind));
        nwc_ctx_destroy(ctx);
    }
}

static void files_that_are_cut_off_come_out_as_far_as_libbz2_goes(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const int64_t n = make(kind);
        for (int64_t cut = n - 1; cut > 3; cut -= cut > n - 12 ? 1 : n / 7) check(nwc__ctx(NULL), packed, cut);
    }
}

static void files_with_a_wrong_bit_come_out_as_far_as_libbz2_goes(void **state)
{
    (void)state;
    uint32_t dice = 11;
    for (int kind = 0; kind < KINDS; kind++) {
        const int64_t n = make(kind);
        for (int k = 0; k < 24; k++) {
            dice = dice * 1664525U + 1013904223U;
            const int64_t byte = k < 8 ? 3 + k : k < 16 ? n - 1 - (k - 8) : 3 + (dice >> 8) % (n - 3);
            memcpy(changed, packed, (size_t)n);
            changed[byte] ^= (uint8_t)(1U << (dice >> 5 & 7));
            check(nwc__ctx(NULL), changed, n);
        }
    }
}

static void the_limit_of_size_holds_to_the_byte(void **state)
{
    (void)state;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    struct nwc__bytes out;
    bool cut;
    for (int kind = 0; kind < 3; kind++) {
        const int64_t n = make(kind);
        assert_ok(unpack(ctx, packed, n, SIZE + 1, NWC__WHOLE, &out, &cut));
        assert_int_equal(out.size, SIZE);
        nwc__free(ctx, out.data);
        assert_fails(NWC_ERR_NOMEM, "more than the limit of 499999 bytes",
                     unpack(ctx, packed, n, SIZE - 1, NWC__WHOLE, &out, &cut));
        assert_ok(unpack(ctx, packed, n, SIZE - 1, NWC__HEAD, &out, &cut));
        assert_int_equal(out.size, SIZE - 1);
        assert_memory_equal(out.data, plain, SIZE - 1);
        nwc__free(ctx, out.data);
    }
}

static nwc_status unpack_and_free(nwc_ctx *ctx, void *user)
{
    struct nwc__bytes out;
    bool cut;
    const nwc_status status = unpack(ctx, packed, *(const int64_t *)user, MOST, NWC__WHOLE, &out, &cut);
    nwc__free(ctx, out.data);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    int64_t n = make(1);
    assert_true(check_every_allocation_failure(unpack_and_free, &n) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_come_out_whole),
        cmocka_unit_test(files_that_are_cut_off_come_out_as_far_as_libbz2_goes),
        cmocka_unit_test(files_with_a_wrong_bit_come_out_as_far_as_libbz2_goes),
        cmocka_unit_test(the_limit_of_size_holds_to_the_byte),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
