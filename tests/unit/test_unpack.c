/* Bytes freed of their packing. Streams are made by the libraries' own packers, zip byte by byte, compress by an LZW of our own. */
#include "io/unpack.h"
#include "support/made_files.h"
#include "support/scratch.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

enum { ROOM = 1 << 20, TEXT = 60000 };

static uint8_t text[TEXT], packed[ROOM], twice[ROOM];
static void put_le(uint8_t *at, uint64_t value, int n)
{
    for (int k = 0; k < n; k++) at[k] = (uint8_t)(value >> (8 * k));
}

static int64_t pack_gzip(const uint8_t *bytes, int64_t n, uint8_t *to)
{
    z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)n, .next_out = to, .avail_out = ROOM};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return (int64_t)stream.total_out;
}

static int64_t pack_bzip2(const uint8_t *bytes, int64_t n, uint8_t *to)
{
    unsigned size = ROOM;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &size, (char *)bytes, (unsigned)n, 1, 0, 0), BZ_OK);
    return size;
}

static int64_t pack_xz(const uint8_t *bytes, int64_t n, uint8_t *to)
{
    size_t size = 0;
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, bytes, (size_t)n, to, &size, ROOM), LZMA_OK);
    return (int64_t)size;
}

/* A zip archive of one member; described: its sizes and checksum come behind it. Returns where the directory begins. */
static int64_t pack_zip(const uint8_t *bytes, int64_t n, uint8_t *to, bool stored, bool described)
{
    uint8_t *const data = to + 30 + 5;
    int64_t size = n;
    memset(to, 0, 30);
    memcpy(to, "PK\3\4\24", 5), memcpy(to + 30, "a.bin", 5);
    put_le(to + 6, described ? 8 : 0, 2), put_le(to + 8, stored ? 0 : 8, 2), put_le(to + 26, 5, 2);
    if (stored) {
        memcpy(data, bytes, (size_t)n);
    } else {
        z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)n, .next_out = data, .avail_out = ROOM - 100};
        assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        deflateEnd(&stream);
        size = (int64_t)stream.total_out;
    }
    uint8_t *const sums = described ? data + size + 4 : to + 14;
    if (described) memcpy(data + size, "PK\7\10", 4);
    put_le(sums, crc32(0, bytes, (uInt)n), 4), put_le(sums + 4, (uint64_t)size, 4), put_le(sums + 8, (uint64_t)n, 4);
    uint8_t *const end = described ? sums + 12 : data + size;
    memcpy(end, "PK\1\2", 4); /* a directory begins */
    return end - to;
}

/* Something to pack: words that come again, and noise. */
static void make_text(void)
{
    uint32_t seed = 1;
    for (int64_t i = 0; i < TEXT; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = i % 7 < 5 ? (uint8_t) "radar"[i % 7] : (uint8_t)(seed >> 28);
    }
}

static struct nwc__bytes unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t n, int64_t max_bytes,
                                enum nwc__extent extent, nwc_status *status, bool *cut)
{
    struct nwc__bytes out = {.data = nwc__alloc(ctx, n + 1, 1), .size = n};
    if (!out.data) {
        *status = NWC_ERR_NOMEM;
        return out;
    }
    memcpy(out.data, bytes, (size_t)n);
    *cut = false;
    *status = nwc__unpack(ctx, max_bytes, extent, &out, cut);
    return out;
}

static void gives_text(const uint8_t *bytes, int64_t n)
{
    nwc_status status;
    bool cut;
    struct nwc__bytes out = unpack(nwc__ctx(NULL), bytes, n, ROOM, NWC__WHOLE, &status, &cut);
    if (status != NWC_OK) fail_msg("%s", nwc_error_text());
    assert_int_equal(out.size, TEXT);
    assert_memory_equal(out.data, text, TEXT);
    assert_int_equal(out.data[TEXT], 0);
    assert_false(cut);
    nwc__free(nwc__ctx(NULL), out.data);
}

static void fails(nwc_status expected, const char *contains, const uint8_t *bytes, int64_t n, int64_t max_bytes)
{
    nwc_status status;
    bool cut;
    const struct nwc__bytes out = unpack(nwc__ctx(NULL), bytes, n, max_bytes, NWC__WHOLE, &status, &cut);
    assert_fails(expected, contains, status);
    assert_null(out.data);
}

static void every_packing_is_undone(void **state)
{
    (void)state;
    gives_text(text, TEXT);
    gives_text(packed, pack_gzip(text, TEXT, packed));
    gives_text(packed, pack_bzip2(text, TEXT, packed));
    gives_text(packed, pack_xz(text, TEXT, packed));
    for (int kind = 0; kind < 3; kind++) gives_text(packed, 4 + pack_zip(text, TEXT, packed, kind == 2, kind == 1));
}

static void streams_one_behind_the_other_are_joined(void **state)
{
    (void)state;
    int64_t (*const pack[])(const uint8_t *, int64_t, uint8_t *) = {pack_gzip, pack_bzip2, pack_xz};
    for (int k = 0; k < 3; k++) {
        int64_t n = pack[k](text, 1000, packed);
        if (k == 2) memset(packed + n, 0, 8), n += 8; /* xz may be padded */
        gives_text(packed, n + pack[k](text + 1000, TEXT - 1000, packed + n));
    }
}

/* The last bytes of a file are the size of what is in its last stream, which tells nothing of the others. */
static void gzip_streams_of_any_promise_are_unpacked(void **state)
{
    (void)state;
    const int64_t parts[][2] = {{1000, TEXT - 1000}, {TEXT - 1000, 1000}, {TEXT, 0}, {0, TEXT}};
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        int64_t n = pack_gzip(text, parts[k][0], packed);
        gives_text(packed, n += pack_gzip(text + parts[k][0], parts[k][1], packed + n));
        for (uint32_t promise = 0; promise < 3; promise++) { /* what follows the last stream is no part of it */
            put_le(packed + n, promise == 0 ? 0 : promise == 1 ? TEXT / 2 : UINT32_MAX, 4);
            gives_text(packed, n + 4);
        }
    }
    const int64_t n = pack_gzip(text, TEXT, packed);
    for (int byte = 1; byte <= 8; byte++) { /* the size and the checksum */
        packed[n - byte] ^= 1;
        fails(NWC_ERR_FORMAT, "damaged gzip stream (incorrect", packed, n, ROOM);
        packed[n - byte] ^= 1;
    }
    fails(NWC_ERR_NOMEM, "limit of 59999 bytes", packed, n, TEXT - 1);
    gives_text(packed, n);
}

static void packings_inside_one_another_are_undone(void **state)
{
    (void)state;
    const int64_t inner = pack_bzip2(text, TEXT, packed);
    gives_text(twice, pack_gzip(packed, inner, twice));
    gives_text(twice, 4 + pack_zip(packed, inner, twice, false, false));
    gives_text(twice, pack_compress(packed, inner, twice, 16, 0));
}

static void compress_is_read_at_every_width_and_after_clearing(void **state)
{
    (void)state;
    for (int width = 10; width <= 16; width++) {
        gives_text(packed, pack_compress(text, TEXT, packed, width, 0));
        gives_text(packed, pack_compress(text, TEXT, packed, width, 7001));
    }
    /* One byte repeated: strings that are used before they are made. */
    static uint8_t same[1000];
    nwc_status status;
    bool cut;
    const int64_t n = pack_compress(same, sizeof same, packed, 16, 0);
    struct nwc__bytes out = unpack(nwc__ctx(NULL), packed, n, ROOM, NWC__WHOLE, &status, &cut);
    assert_ok(status);
    assert_int_equal(out.size, sizeof same);
    assert_memory_equal(out.data, same, sizeof same);
    nwc__free(nwc__ctx(NULL), out.data);
}

static void a_file_of_the_program_compress_is_read(void **state)
{
    (void)state;
    /* printf 'nownownownow %s' "$(seq -s ' ' 1 12)" | compress -f, ncompress 4.2.4.6 */
    static const uint8_t file[] = {0x1f, 0x9d, 0x90, 0x6e, 0xde, 0xdc, 0x09, 0x38, 0x50, 0x20, 0x41, 0x10, 0x31,
                                   0x40, 0xc8, 0x00, 0x31, 0x03, 0x04, 0x0d, 0x10, 0x35, 0x40, 0xd8, 0x00, 0x71,
                                   0x03, 0x04, 0x0e, 0x10, 0x39, 0x10, 0xc2, 0x40, 0x98, 0x30, 0x86, 0x0c};
    static const char expected[] = "nownownownow 1 2 3 4 5 6 7 8 9 10 11 12";
    nwc_status status;
    bool cut;
    struct nwc__bytes out = unpack(nwc__ctx(NULL), file, sizeof file, ROOM, NWC__WHOLE, &status, &cut);
    assert_ok(status);
    assert_string_equal((char *)out.data, expected);
    nwc__free(nwc__ctx(NULL), out.data);
}

static void what_is_damaged_or_cut_off_is_an_error_that_says_where(void **state)
{
    (void)state;
    fails(NWC_ERR_FORMAT, "the gzip stream ends early", packed, pack_gzip(text, TEXT, packed) - 1, ROOM);
    fails(NWC_ERR_FORMAT, "the bzip2 stream ends early", packed, pack_bzip2(text, TEXT, packed) - 1, ROOM);
    fails(NWC_ERR_FORMAT, "the xz stream ends early", packed, pack_xz(text, TEXT, packed) - 1, ROOM);
    const int64_t xz = pack_xz(text, TEXT, packed);
    packed[xz / 2] ^= 0x55;
    fails(NWC_ERR_FORMAT, "damaged xz stream", packed, xz, ROOM);
    const int64_t zip = pack_zip(text, TEXT, packed, false, false);
    fails(NWC_ERR_FORMAT, "the deflate stream ends early", packed, zip - 10, ROOM);
    fails(NWC_ERR_FORMAT, "the header of a zip member expected", packed, 20, ROOM);
    packed[14] ^= 1;
    fails(NWC_ERR_FORMAT, "checksum of the zip member", packed, zip, ROOM);
    const int64_t stored = pack_zip(text, TEXT, packed, true, false);
    fails(NWC_ERR_FORMAT, "the zip member ends early", packed, stored - 10, ROOM);
    const int64_t described = pack_zip(text, TEXT, packed, false, true);
    fails(NWC_ERR_FORMAT, "the zip archive ends early", packed, described - 10, ROOM);
    fails(NWC_ERR_FORMAT, "9 to 16 bits expected, 17 found", (const uint8_t *)"\x1f\x9d\x91", 3, ROOM);
    fails(NWC_ERR_FORMAT, "byte 3: damaged compress stream", (const uint8_t *)"\x1f\x9d\x90\xff\xff", 5, ROOM);
}

static void other_zip_archives_are_refused(void **state)
{
    (void)state;
    int64_t n = pack_zip(text, 100, packed, false, false);
    n += pack_zip(text, 100, packed + n, false, false);
    fails(NWC_ERR_UNSUPPORTED, "a zip archive of one member expected, a second found", packed, n, ROOM);
    n = pack_zip(text, 100, packed, false, false);
    put_le(packed + 8, 12, 2);
    fails(NWC_ERR_UNSUPPORTED, "method 12 found", packed, n, ROOM);
    packed[6] = 1;
    fails(NWC_ERR_UNSUPPORTED, "encrypted", packed, n, ROOM);
    n = pack_zip(text, 0, packed, true, false);
    packed[34] = '/';
    fails(NWC_ERR_NODATA, "holds no file", packed, n + 4, ROOM);
    /* A folder before the file is passed over. */
    n += pack_zip(text, TEXT, packed + n, false, false);
    gives_text(packed, n + 4);
}

static void what_is_good_of_a_damaged_stream_is_kept(void **state)
{
    (void)state;
    int64_t (*const pack[])(const uint8_t *, int64_t, uint8_t *) = {pack_gzip, pack_xz};
    for (int k = 0; k < 2; k++) {
        nwc_status status;
        bool cut;
        const int64_t n = pack[k](text, TEXT, packed);
        struct nwc__bytes out = unpack(nwc__ctx(NULL), packed, n / 2, ROOM, NWC__PARTLY, &status, &cut);
        assert_ok(status);
        assert_true(cut && out.size > TEXT / 4 && out.size < TEXT);
        assert_memory_equal(out.data, text, (size_t)out.size);
        nwc__free(nwc__ctx(NULL), out.data);
    }
}

static void what_grows_without_end_is_refused(void **state)
{
    (void)state;
    static uint8_t zeros[ROOM];
    fails(NWC_ERR_NOMEM, "limit of 1000 bytes", packed, pack_gzip(zeros, ROOM / 2, packed), 1000);
    fails(NWC_ERR_NOMEM, "limit of 1000 bytes", packed, pack_compress(zeros, 4000, packed, 16, 0), 1000);
    /* 256 MiB of zeros are a few hundred bytes of bzip2. */
    bz_stream stream = {.next_out = (char *)packed, .avail_out = ROOM};
    assert_int_equal(BZ2_bzCompressInit(&stream, 9, 0, 0), BZ_OK);
    for (int k = 0; k < 256; k++) {
        stream.next_in = (char *)zeros, stream.avail_in = ROOM;
        assert_int_equal(BZ2_bzCompress(&stream, BZ_RUN), BZ_RUN_OK);
    }
    assert_int_equal(BZ2_bzCompress(&stream, BZ_FINISH), BZ_STREAM_END);
    BZ2_bzCompressEnd(&stream);
    fails(NWC_ERR_NOMEM, "more than 1100 bytes out of each", packed, stream.total_out_lo32, INT64_C(1) << 30);
}

static void the_head_of_a_file_is_given_unpacked(void **state)
{
    (void)state;
    uint8_t head[100];
    size_t size;
    put_scratch(twice, pack_gzip(packed, pack_bzip2(text, TEXT, packed), twice));
    assert_ok(nwc_io_head(NULL, scratch_path, head, sizeof head, &size));
    assert_int_equal(size, sizeof head);
    assert_memory_equal(head, text, sizeof head);
    put_scratch(text, 10);
    assert_ok(nwc_io_head(NULL, scratch_path, head, sizeof head, &size));
    assert_int_equal(size, 10);
    put_scratch(text, 0);
    assert_ok(nwc_io_head(NULL, scratch_path, head, sizeof head, &size));
    assert_int_equal(size, 0);
    /* More than is ever unpacked for a look. */
    static uint8_t zeros[4 * ROOM];
    put_scratch(packed, pack_gzip(zeros, sizeof zeros, packed));
    assert_ok(nwc_io_head(NULL, scratch_path, head, sizeof head, &size));
    assert_int_equal(size, sizeof head);
    /* Nor does a glance always do: much is asked for, or what is inside is a block that has to come whole. */
    static uint8_t noise[200000], much[100000];
    uint32_t dice = 3;
    for (size_t k = 0; k < sizeof noise; k++) noise[k] = (uint8_t)((dice = dice * 1664525U + 1013904223U) >> 24);
    put_scratch(packed, pack_gzip(noise, sizeof noise, packed));
    assert_ok(nwc_io_head(NULL, scratch_path, much, sizeof much, &size));
    assert_int_equal(size, sizeof much);
    assert_memory_equal(much, noise, sizeof much);
    put_scratch(packed, pack_gzip(twice, pack_bzip2(noise, sizeof noise, twice), packed));
    assert_ok(nwc_io_head(NULL, scratch_path, head, sizeof head, &size));
    assert_int_equal(size, sizeof head);
    assert_memory_equal(head, noise, sizeof head);
    assert_fails(NWC_ERR_IO, "/nowhere", nwc_io_head(NULL, "/nowhere/at/all", head, sizeof head, &size));
    assert_fails(NWC_ERR_ARG, "path", nwc_io_head(NULL, NULL, head, sizeof head, &size));
    assert_fails(NWC_ERR_ARG, "head, size", nwc_io_head(NULL, scratch_path, NULL, 0, &size));
}

static void any_truncation_and_any_changed_byte_end_well(void **state)
{
    (void)state;
    static const int64_t most = 2000; /* of the text, so that every byte has its turn */
    for (int kind = 0; kind < 5; kind++) {
        const int64_t n = kind == 0   ? pack_gzip(text, most, packed)
                          : kind == 1 ? pack_bzip2(text, most, packed)
                          : kind == 2 ? pack_xz(text, most, packed)
                          : kind == 3 ? pack_zip(text, most, packed, false, true)
                                      : pack_compress(text, most, packed, 12, 500);
        for (int64_t k = 0; k < 2 * n; k++) {
            nwc_status status;
            bool cut;
            memcpy(twice, packed, (size_t)n);
            if (k >= n) twice[k - n] ^= (uint8_t)(1 + k * 37 % 255);
            const int64_t size = k < n ? k : n;
            const struct nwc__bytes out = unpack(nwc__ctx(NULL), twice, size, ROOM, NWC__PARTLY, &status, &cut);
            assert_true(status == NWC_OK ? out.data != NULL : out.data == NULL);
            nwc__free(nwc__ctx(NULL), out.data);
        }
    }
}

static void a_large_file_is_read_whole_by_any_number_of_threads(void **state)
{
    (void)state;
    enum { LARGE = (3 << 20) + 12345 };
    uint8_t *const given = malloc(LARGE);
    uint32_t dice = 7;
    for (size_t k = 0; k < LARGE; k++) given[k] = (uint8_t)((dice = dice * 1664525U + 1013904223U) >> 24);
    put_scratch(given, LARGE);
    for (int32_t threads = 1; threads <= 7; threads += 2) {
        struct nwc__bytes bytes;
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(nwc__bytes_read(ctx, scratch_path, LARGE + 1, &bytes));
        assert_int_equal(bytes.size, LARGE);
        assert_memory_equal(bytes.data, given, LARGE);
        nwc__free(ctx, bytes.data);
        assert_fails(NWC_ERR_NOMEM, "more than the limit of 3158072 bytes",
                     nwc__bytes_read(ctx, scratch_path, LARGE - 1, &bytes));
        nwc_ctx_destroy(ctx);
    }
    free(given);
}

static void a_real_model_file_inside_xz_comes_out_whole(void **state)
{
    (void)state;
    const char *const file = real_data("nwp/Z__C_RJTD_20190605000000_MEPS_GPV_Rjp_L-pall_FH00-15_grib2.bin.0-20.xz");
    if (!file) skip();
    struct nwc__bytes bytes;
    assert_ok(nwc__bytes_read(nwc__ctx(NULL), file, INT64_C(1) << 30, &bytes));
    assert_memory_equal(bytes.data, "GRIB", 4); /* GRIB messages begin and end so */
    assert_memory_equal(bytes.data + bytes.size - 4, "7777", 4);
    nwc__free(nwc__ctx(NULL), bytes.data);
}

struct given {
    const uint8_t *bytes;
    int64_t n;
};

static nwc_status unpack_and_free(nwc_ctx *ctx, void *user)
{
    const struct given *const given = user;
    nwc_status status;
    bool cut;
    const struct nwc__bytes out = unpack(ctx, given->bytes, given->n, ROOM, NWC__WHOLE, &status, &cut);
    if (status == NWC_OK || out.data) nwc__free(ctx, out.data);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    struct given given = {.bytes = twice};
    given.n = pack_compress(packed, pack_zip(text, TEXT, packed, false, false) + 4, twice, 16, 0);
    assert_true(check_every_allocation_failure(unpack_and_free, &given) >= 4);
    given.n = pack_gzip(packed, pack_gzip(text, TEXT, packed), twice);
    assert_true(check_every_allocation_failure(unpack_and_free, &given) >= 3);
}

int main(void)
{
    make_text();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packing_is_undone),
        cmocka_unit_test(streams_one_behind_the_other_are_joined),
        cmocka_unit_test(gzip_streams_of_any_promise_are_unpacked),
        cmocka_unit_test(packings_inside_one_another_are_undone),
        cmocka_unit_test(compress_is_read_at_every_width_and_after_clearing),
        cmocka_unit_test(a_file_of_the_program_compress_is_read),
        cmocka_unit_test(what_is_damaged_or_cut_off_is_an_error_that_says_where),
        cmocka_unit_test(other_zip_archives_are_refused),
        cmocka_unit_test(what_is_good_of_a_damaged_stream_is_kept),
        cmocka_unit_test(what_grows_without_end_is_refused),
        cmocka_unit_test(the_head_of_a_file_is_given_unpacked),
        cmocka_unit_test(any_truncation_and_any_changed_byte_end_well),
        cmocka_unit_test(a_large_file_is_read_whole_by_any_number_of_threads),
        cmocka_unit_test(a_real_model_file_inside_xz_comes_out_whole),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
