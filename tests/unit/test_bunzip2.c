/* Our own decoder of bzip2, beside what libbz2 packed. */
#include "core/bunzip2.h"
#include "support/support.h"

#include <bzlib.h>

enum { SIZE = 1200000, ROOM = SIZE + SIZE / 50 + 1000 };

static struct nwc__bunzip2 room;
static uint8_t plain[SIZE], packed[ROOM + 1], out[SIZE];

static uint32_t roll(uint32_t *dice)
{
    *dice = *dice * 1664525U + 1013904223U;
    return *dice >> 8;
}

enum { NOISE, TEXT, ONE_BYTE, PERIOD, RUNS, SKEWED, KINDS };

static uint8_t byte_of(int kind, int64_t k, uint32_t *dice)
{
    static int64_t run;
    static uint8_t byte;
    uint32_t bits;
    switch (kind) {
    case TEXT:
        return (uint8_t)("reflectivity, velocity and width; "[k % 34] + (roll(dice) % 19 == 0));
    case ONE_BYTE:
        return 7;
    case PERIOD:
        return (uint8_t)("abcabd"[k % 6]);
    case RUNS: /* of 1 to 600 bytes: those of 4, 255 and 259 are where the coding changes */
        if (k == 0 || --run < 1) run = 1 + roll(dice) % 600, byte = (uint8_t)roll(dice);
        return byte;
    case SKEWED: /* each half as frequent as the one before it: codes as long as they get */
        for (bits = roll(dice), byte = 0; byte < 23 && bits & 1; bits >>= 1) byte++;
        return byte;
    default:
        return (uint8_t)roll(dice);
    }
}

/* The number of bytes that size bytes of a kind pack to. */
static int64_t make(int kind, int64_t size, int level)
{
    uint32_t dice = (uint32_t)(size + kind);
    for (int64_t k = 0; k < size; k++) plain[k] = byte_of(kind, k, &dice);
    unsigned n = ROOM;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed, &n, (char *)plain, (unsigned)size, level, 0, 0), BZ_OK);
    return n;
}

static void what_libbz2_packs_comes_back(void **state)
{
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 5, 17, 259, 260, 4095, 4096, 4097, 99999, 100001, SIZE};
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (int level = 1; level < 10; level += 8) {
                const int64_t n = make(kind, sizes[s], level);
                int64_t used = -1, made = -1;
                packed[n] = 'x'; /* what follows is another thing */
                assert_int_equal(nwc__bunzip2_stream(&room, packed, n + 1, out, SIZE, &used, &made),
                                 NWC__BUNZIP2_WHOLE);
                assert_int_equal(used, n);
                assert_int_equal(made, sizes[s]);
                assert_memory_equal(out, plain, (size_t)made);
            }
}

static void an_empty_stream_is_nothing(void **state)
{
    static const uint8_t nothing[] = {'B', 'Z', 'h', '9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0};
    (void)state;
    int64_t used, made;
    assert_int_equal(nwc__bunzip2_stream(&room, nothing, sizeof nothing, out, 0, &used, &made), NWC__BUNZIP2_WHOLE);
    assert_int_equal(used, 14);
    assert_int_equal(made, 0);
}

static void too_little_room_is_told_from_damage(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const int64_t n = make(kind, 3000, 9);
        int64_t used, made;
        for (int64_t few = 0; few < 3000; few += 7)
            assert_int_equal(nwc__bunzip2_stream(&room, packed, n, out, few, &used, &made), NWC__BUNZIP2_FULL);
        assert_int_equal(nwc__bunzip2_stream(&room, packed, n, out, 3000, &used, &made), NWC__BUNZIP2_WHOLE);
    }
}

static void a_look_gives_the_first_bytes_of_a_block(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int64_t size = 1; size <= 60000; size = 3 * size + 1) {
            const int64_t n = make(kind, size, 9);
            for (int64_t few = 1; few <= size + 7; few += few < 300 ? 1 : size / 5) {
                const int64_t expected = few < size ? few : size;
                assert_int_equal(nwc__bunzip2_look(&room, packed, n, out, few), expected);
                assert_memory_equal(out, plain, (size_t)expected);
            }
            /* The block does not come whole. */
            assert_int_equal(nwc__bunzip2_look(&room, packed, n - 11, out, size), 0);
            packed[0] = 'b';
            assert_int_equal(nwc__bunzip2_look(&room, packed, n, out, size), 0);
        }
}

static void what_ends_early_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const int64_t n = make(kind, 3000, 9);
        int64_t used, made;
        for (int64_t cut = 0; cut < n; cut++)
            assert_int_equal(nwc__bunzip2_stream(&room, packed, cut, out, SIZE, &used, &made), NWC__BUNZIP2_REFUSED);
    }
}

static void a_wrong_bit_never_gives_other_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const int64_t size = 3000, n = make(kind, size, 9);
        for (int64_t bit = 0; bit < 8 * n; bit += 1 + bit / 1000) {
            int64_t used, made;
            packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (nwc__bunzip2_stream(&room, packed, n, out, SIZE, &used, &made) == NWC__BUNZIP2_WHOLE) {
                assert_int_equal(made, size); /* a bit that means nothing */
                assert_memory_equal(out, plain, (size_t)size);
            }
            packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

static void blocks_may_begin_at_any_bit(void **state)
{
    (void)state;
    const int64_t n = make(TEXT, 50000, 9);
    static uint8_t moved[ROOM];
    for (int shift = 0; shift < 8; shift++) {
        memset(moved, 0, sizeof moved);
        for (int64_t k = 0; k < n; k++) {
            moved[k] |= (uint8_t)(packed[k] >> shift);
            moved[k + 1] = (uint8_t)(packed[k] << (8 - shift) & 0xff);
        }
        int64_t bit = 32 + shift, made = 0;
        uint32_t check = 0;
        assert_int_equal(nwc__bunzip2_block(&room, moved, n + 1, 900000, &bit, out, SIZE, &made, &check),
                         NWC__BUNZIP2_WHOLE);
        assert_int_equal(made, 50000);
        assert_memory_equal(out, plain, 50000);
        assert_int_equal((bit - shift + 48 + 32 + 7) / 8, n); /* the mark and the checksum of the end */
    }
    int64_t bit = 32, made;
    uint32_t check;
    assert_int_equal(nwc__bunzip2_block(&room, packed, n, 49999, &bit, out, SIZE, &made, &check), NWC__BUNZIP2_REFUSED);
}

/* Tiles that each hold a room for a while. */
static nwc_status use_room(int64_t tile, void *user)
{
    struct nwc__bunzip2 *const taken = nwc__bunzip2_enter(user);
    for (int64_t k = 0; k < 1000; k++) taken->cell[k] = (uint32_t)tile;
    for (int64_t k = 0; k < 1000; k++)
        if (taken->cell[k] != (uint32_t)tile) return NWC_ERR_INTERNAL;
    nwc__bunzip2_leave(taken);
    return NWC_OK;
}

static void no_two_tiles_share_a_room(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(3);
    struct nwc__bunzip2_rooms rooms;
    assert_ok(nwc__bunzip2_make_rooms(ctx, 100, &rooms));
    assert_int_equal(rooms.n, 3);
    assert_ok(nwc__for_each_tile(ctx, NULL, 100, use_room, &rooms));
    nwc__free(ctx, rooms.room);
    nwc_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libbz2_packs_comes_back),
        cmocka_unit_test(an_empty_stream_is_nothing),
        cmocka_unit_test(too_little_room_is_told_from_damage),
        cmocka_unit_test(what_ends_early_is_refused),
        cmocka_unit_test(a_look_gives_the_first_bytes_of_a_block),
        cmocka_unit_test(a_wrong_bit_never_gives_other_bytes),
        cmocka_unit_test(blocks_may_begin_at_any_bit),
        cmocka_unit_test(no_two_tiles_share_a_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
