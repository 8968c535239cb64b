/* GRIB as bytes: messages among others, fields of a message, damage of every kind. */
#include "io/grib_message.h"
#include "support/made_grib.h"
#include "support/support.h"

static struct made_grib three[3];

/* A message of three fields: no bitmap, one, and the same again. */
static int64_t make_three(uint8_t *bytes)
{
    for (int f = 0; f < 3; f++) {
        three[f] = made_grib_usual;
        three[f].number = f;
        three[f].bitmap = f;
        for (int p = 0; p < MADE_GRIB_POINTS; p++) three[f].code[p] = 100 * f + p;
    }
    return make_grib2(bytes, three, 3);
}

static int count_messages(const uint8_t *bytes, int64_t size, char reason[NWC__GRIB_REASON])
{
    struct nwc__grib_message message;
    int count = 0;
    reason[0] = '\0';
    for (int64_t from = 0; nwc__grib_next(bytes, size, &from, &message, reason);) count++;
    return count;
}

static void messages_are_found_between_other_bytes(void **state)
{
    (void)state;
    static uint8_t bytes[3 * MADE_GRIB_MOST];
    char reason[NWC__GRIB_REASON];
    struct nwc__grib_message message;
    const char heading[] = "\1\r\r\n123\r\r\nHTXX50 KWBC 051200\r\r\nGRIBble GRI";
    int64_t at = 0, from = 0, starts[2];
    memcpy(bytes, heading, sizeof heading - 1), at = sizeof heading - 1;
    starts[0] = at, at += make_grib2(bytes + at, &made_grib_usual, 1);
    memcpy(bytes + at, "\r\r\n\3", 4), at += 4;
    starts[1] = at, at += make_grib1(bytes + at, 11, 100, 500, 0, 6, 0, made_grib_usual.code);
    memcpy(bytes + at, "trailing", 8), at += 8;
    reason[0] = '\0';
    for (int m = 0; m < 2; m++) {
        assert_true(nwc__grib_next(bytes, at, &from, &message, reason));
        assert_int_equal(message.at, starts[m]);
        assert_int_equal(message.edition, 2 - m);
    }
    assert_false(nwc__grib_next(bytes, at, &from, &message, reason));
    assert_int_equal(from, at);
    assert_non_null(strstr(reason, "byte 38: GRIB edition 32")); /* of "GRIBble" */
}

static void a_file_cut_anywhere_gives_what_was_whole_and_a_reason(void **state)
{
    (void)state;
    static uint8_t bytes[2 * MADE_GRIB_MOST];
    char reason[NWC__GRIB_REASON];
    const int64_t first = make_three(bytes), size = first + make_grib2(bytes + first, &made_grib_usual, 1);
    for (int64_t n = 0; n <= size; n++) {
        uint8_t *const cut = malloc((size_t)n + 1); /* its end is the end of the memory */
        memcpy(cut, bytes, (size_t)n);
        assert_int_equal(count_messages(cut, n, reason), n == size ? 2 : n >= first ? 1 : 0);
        const bool begun = n < size && (n >= first ? n - first : n) >= 4;
        if (begun != (reason[0] != '\0')) fail_msg("cut at %d: \"%s\"", (int)n, reason);
        free(cut);
    }
}

static void each_field_becomes_a_message_of_its_own(void **state)
{
    (void)state;
    static uint8_t bytes[MADE_GRIB_MOST], alone[MADE_GRIB_MOST];
    const int64_t size = make_three(bytes);
    const struct nwc__grib_message message = {0, size, 2};
    struct nwc__grib_field field;
    int64_t next = 0;
    for (int f = 0; f < 3; f++) {
        const uint8_t *got;
        uint8_t *copy;
        int64_t length;
        assert_ok(nwc__grib_field_next(bytes, &message, &next, &field));
        assert_false(field.alone);
        assert_ok(nwc__grib_alone(nwc__ctx(NULL), bytes, &field, &got, &length, &copy));
        struct made_grib expected = three[f];
        if (expected.bitmap == 2) expected.bitmap = 1; /* that of the field before is given along */
        assert_int_equal(length, make_grib2(alone, &expected, 1));
        assert_memory_equal(got, alone, (size_t)length);
        nwc__free(nwc__ctx(NULL), copy);
        assert_true((next != 0) == (f < 2));
    }
    /* One that is alone is lent as it is. */
    const struct nwc__grib_message single = {0, make_grib2(alone, &made_grib_usual, 1), 2};
    assert_ok(nwc__grib_field_next(alone, &single, &next, &field));
    assert_true(field.alone && next == 0);
}

static void sections_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static uint8_t bytes[MADE_GRIB_MOST];
    struct nwc__grib_field field;
    int64_t next = 0, size = make_grib2(bytes, &made_grib_usual, 1);
    struct nwc__grib_message message = {0, size, 2};
    bytes[16 + 4] = 5;
    assert_fails(NWC_ERR_FORMAT, "byte 16: section 5 of GRIB after section 0",
                 nwc__grib_field_next(bytes, &message, &next, &field));
    bytes[16 + 4] = 1, bytes[16] = 1;
    assert_fails(NWC_ERR_FORMAT, "byte 16: a section of GRIB goes beyond its message",
                 nwc__grib_field_next(bytes, &message, &next, &field));
    bytes[16] = 0, bytes[16 + 3] = 4;
    assert_fails(NWC_ERR_FORMAT, "byte 16: a section", nwc__grib_field_next(bytes, &message, &next, &field));
    struct made_grib again = made_grib_usual;
    again.bitmap = 2;
    message.length = make_grib2(bytes, &again, 1);
    assert_fails(NWC_ERR_FORMAT, "the bitmap of a field before", nwc__grib_field_next(bytes, &message, &next, &field));
    message.length = 16 + 21 + 4;
    assert_fails(NWC_ERR_FORMAT, "byte 37: the message ends before its data",
                 nwc__grib_field_next(bytes, &message, &next, &field));
    int64_t length;
    bytes[7] = 3;
    assert_fails(NWC_ERR_UNSUPPORTED, "byte 7: GRIB edition 3", nwc__grib_check(bytes, size, 0, &length));
    bytes[7] = 2, bytes[15] = 10;
    assert_fails(NWC_ERR_FORMAT, "byte 0: the message", nwc__grib_check(bytes, size, 0, &length));
}

static void behind_a_field_only_sections_2_to_4_begin_another(void **state)
{
    (void)state;
    static uint8_t bytes[MADE_GRIB_MOST];
    struct nwc__grib_field field;
    const struct nwc__grib_message message = {0, make_three(bytes), 2};
    int64_t next = 0, again;
    assert_ok(nwc__grib_field_next(bytes, &message, &next, &field));
    for (int number = 0; number < 256; number++) {
        char text[80];
        again = next;
        bytes[next + 4] = (uint8_t)number;
        if (number >= 2 && number <= 4) continue;
        snprintf(text, sizeof text, "section %d of GRIB after section 7", number);
        assert_fails(NWC_ERR_FORMAT, text, nwc__grib_field_next(bytes, &message, &again, &field));
    }
}

/* ECMWF's large messages of edition 1: the top bit, blocks of 120, and what the last has too many in place of section 4's length. */
static void the_length_of_a_large_message_of_edition_1_is_understood(void **state)
{
    (void)state;
    enum { BLOCKS = 70000, OVER = 57 };
    const int64_t length = BLOCKS * INT64_C(120) - OVER + 4;
    uint8_t *const bytes = calloc((size_t)length, 1);
    make_grib1(bytes, 11, 100, 500, 0, 6, 0, made_grib_usual.code);
    const uint32_t stated = 0x800000U | BLOCKS;
    bytes[4] = (uint8_t)(stated >> 16), bytes[5] = (uint8_t)(stated >> 8), bytes[6] = (uint8_t)stated;
    bytes[68] = bytes[69] = 0, bytes[70] = OVER;
    memcpy(bytes + length - 4, "7777", 4);
    int64_t found;
    assert_ok(nwc__grib_check(bytes, length, 0, &found));
    assert_int_equal(found, length);
    free(bytes);
}

static void any_changed_byte_leaves_every_field_within_its_message(void **state)
{
    (void)state;
    static uint8_t bytes[MADE_GRIB_MOST];
    const int64_t size = make_three(bytes);
    for (int64_t n = 0; n < size; n++)
        for (int bit = 0; bit < 8; bit++) {
            struct nwc__grib_message message;
            struct nwc__grib_field field;
            char reason[NWC__GRIB_REASON] = "";
            bytes[n] ^= (uint8_t)(1 << bit);
            for (int64_t from = 0; nwc__grib_next(bytes, size, &from, &message, reason);) {
                int64_t next = 0;
                while (nwc__grib_field_next(bytes, &message, &next, &field) == NWC_OK) {
                    for (int s = 1; s < 8; s++)
                        assert_true(field.section[s].at >= 0 &&
                                    field.section[s].at + field.section[s].length <= message.at + message.length);
                    if (!next) break;
                }
            }
            bytes[n] ^= (uint8_t)(1 << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_found_between_other_bytes),
        cmocka_unit_test(a_file_cut_anywhere_gives_what_was_whole_and_a_reason),
        cmocka_unit_test(each_field_becomes_a_message_of_its_own),
        cmocka_unit_test(sections_that_do_not_fit_are_refused),
        cmocka_unit_test(behind_a_field_only_sections_2_to_4_begin_another),
        cmocka_unit_test(the_length_of_a_large_message_of_edition_1_is_understood),
        cmocka_unit_test(any_changed_byte_leaves_every_field_within_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
