/* Observations in text, whatever the bytes: cut off anywhere, with any of them changed, with memory refused. */
#include "obs/format/obs_format.h"
#include "support/made_text.h"

#include <ctype.h>

static const struct sample {
    const char *text;
    nwc__obs_read_fn *read;
} samples[] = {
    {made_wyoming, nwc__wyoming_read}, {made_bufkit, nwc__bufkit_read},
    {made_metar, nwc__metar_read},     {made_profiler, nwc__cma_profiler_read},
    {made_lma, nwc__lma_read},         {made_uspln, nwc__uspln_read},
    {made_nldn, nwc__nldn_read},       {made_csv, nwc__csv_read},
};

enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

static nwc_status read_text(nwc_ctx *ctx, const struct sample *sample, const char *text, size_t size)
{
    const struct nwc__obs_hints hints = {.near_ns = 0, .kind = NWC_OBS_SURFACE};
    nwc_obs *obs;
    char *const copy = malloc(size ? size : 1); /* of this size, so that reading over its end is seen */
    memcpy(copy, text, size);
    nwc_status status = nwc__obs_create(ctx, "", INT64_C(1) << 24, &obs);
    if (status == NWC_OK) {
        status = sample->read(ctx, (const uint8_t *)copy, (int64_t)size, &hints, obs);
        nwc_obs_destroy(obs);
    }
    free(copy);
    return status;
}

static nwc_status read_sample(nwc_ctx *ctx, void *user)
{
    const struct sample *const sample = user;
    return read_text(ctx, sample, sample->text, strlen(sample->text));
}

static void text_cut_off_anywhere_gives_an_answer(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLES; s++) {
        const size_t whole = strlen(samples[s].text);
        for (size_t size = 0; size <= whole; size++) {
            const nwc_status status = read_text(nwc__ctx(NULL), &samples[s], samples[s].text, size);
            assert_true(status == NWC_OK || status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA ||
                        status == NWC_ERR_UNSUPPORTED);
        }
    }
}

/* The rows of the first size bytes of a sample; NULL for an error or where something is said to be missing. */
static nwc_obs *whole_rows(const struct sample *sample, size_t size)
{
    nwc_obs *obs = NULL;
    nwc_obs_facts facts;
    if (nwc_obs_decode(NULL, sample->text, size, NULL, &obs) != NWC_OK) return NULL;
    assert_ok(nwc_obs_describe(obs, &facts));
    if (!facts.incomplete[0]) return obs;
    nwc_obs_destroy(obs);
    return NULL;
}

static bool same_rows(const nwc_obs *one, const nwc_obs *other)
{
    nwc_obs_columns a, b;
    if (!one || !other) return false;
    assert_ok(nwc_obs_lend(one, &a));
    assert_ok(nwc_obs_lend(other, &b));
    return a.n == b.n && (a.n == 0 || (memcmp(a.value, b.value, (size_t)a.n * sizeof *a.value) == 0 &&
                                       memcmp(a.quantity, b.quantity, (size_t)a.n * sizeof *a.quantity) == 0));
}

/* Of the formats whose lines say how long they are to be. */
static void a_line_that_is_cut_is_taken_whole_or_not_at_all_or_said_to_be_cut(void **state)
{
    (void)state;
    static const char *const formats[] = {"Wyoming", "BUFKIT", "USPLN", "NLDN"};
    for (int s = 0; s < N_SAMPLES; s++) {
        const size_t whole = strlen(samples[s].text);
        const char *const name = nwc_obs_sniff(samples[s].text, whole);
        bool strict = false;
        for (int f = 0; f < 4; f++) strict = strict || strcmp(name, formats[f]) == 0;
        for (size_t begin = 0, end; strict && begin < whole; begin = end) {
            const char *const found = memchr(samples[s].text + begin, '\n', whole - begin);
            end = found ? (size_t)(found + 1 - samples[s].text) : whole;
            nwc_obs *const without = whole_rows(&samples[s], begin), *const with = whole_rows(&samples[s], end);
            for (size_t size = begin + 1; size < end; size++) {
                nwc_obs *const cut = whole_rows(&samples[s], size);
                if (cut && !same_rows(cut, without) && !same_rows(cut, with))
                    fail_msg("%s cut at byte %d is taken in part, and nothing is said of it", name, (int)size);
                nwc_obs_destroy(cut);
            }
            nwc_obs_destroy(without);
            nwc_obs_destroy(with);
        }
    }
}

/* Its headings say how many fields a line has; where in the last one a file was cut nothing tells. */
static void csv_cut_before_the_last_field_of_a_line_has_a_reason(void **state)
{
    (void)state;
    static const char text[] = "station,valid,lon,lat,tmpf,mslp\n"
                               "HSV,2008-04-11 00:53,-86.7751,34.6371,75.92,1010.60\n"
                               "HSV,2008-04-11 01:53,-86.7751,34.6371,74.84,1011.20\n";
    const struct sample csv = {text, nwc__csv_read};
    const size_t first = (size_t)(strchr(strchr(text, '\n') + 1, '\n') + 1 - text);
    const size_t last = (size_t)(strrchr(text, ',') - text);
    for (size_t size = first + 1; size <= last; size++) assert_null(whole_rows(&csv, size));
    nwc_obs *const without = whole_rows(&csv, first), *const with = whole_rows(&csv, sizeof text - 1),
                   *const open = whole_rows(&csv, sizeof text - 2);
    nwc_obs_columns columns;
    assert_ok(nwc_obs_lend(without, &columns));
    assert_int_equal(columns.n, 2);
    assert_ok(nwc_obs_lend(with, &columns));
    assert_int_equal(columns.n, 4);
    assert_true(same_rows(open, with)); /* a file may lack its last end of line */
    nwc_obs_destroy(open);
    nwc_obs_destroy(with);
    nwc_obs_destroy(without);
}

/* Its hours at the surface say how many profiles there are to be. */
static void bufkit_cut_anywhere_has_a_reason_or_loses_only_blanks(void **state)
{
    (void)state;
    const struct sample bufkit = {made_bufkit, nwc__bufkit_read};
    const size_t whole = strlen(made_bufkit);
    nwc_obs *const all = whole_rows(&bufkit, whole);
    assert_non_null(all);
    for (size_t size = 0; size < whole; size++) {
        nwc_obs *const cut = whole_rows(&bufkit, size);
        if (cut && !(isspace((unsigned char)made_bufkit[size]) && same_rows(cut, all)))
            fail_msg("BUFKIT cut at byte %d is taken for whole", (int)size);
        nwc_obs_destroy(cut);
    }
    nwc_obs_destroy(all);
}

/* Cut the text in front of this, once it stands for the last time. */
static void assert_reason_before(const char *text, const char *reason)
{
    nwc_obs *obs;
    nwc_obs_facts facts;
    const char *last = strstr(made_bufkit, text);
    for (const char *next = last; next; next = strstr(next + 1, text)) last = next;
    assert_non_null(last);
    assert_ok(nwc_obs_decode(NULL, made_bufkit, (size_t)(last - made_bufkit), NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, reason);
    nwc_obs_destroy(obs);
}

static void bufkit_says_where_it_ends(void **state)
{
    (void)state;
    assert_reason_before("STIM = 1", "the text ends in the heading of a profile");
    assert_reason_before("OMEG HGHT", "the text ends in the heading of a profile");
    assert_reason_before("-0.10 360.00", "the text ends in a level of a profile");
    assert_reason_before("STID", "the text ends before the hour at the surface of its last profile");
    assert_reason_before("STN YY", "the text ends before the hour at the surface of its last profile");
    assert_reason_before("723570 181219/0500 1014.30",
                         "the text ends before the hour at the surface of its last profile");
    assert_reason_before("-1.40", "the text ends in an hour at the surface");
}

static void text_with_any_bytes_changed_gives_an_answer(void **state)
{
    (void)state;
    static const char likely[] = "\n\r ,;=-+./:0123456789/\0\xff"
                                 "AZMKT";
    char text[8192];
    for (int s = 0; s < N_SAMPLES; s++) {
        const size_t whole = strlen(samples[s].text);
        assert_true(whole <= sizeof text);
        for (unsigned seed = 1; seed <= 3000; seed++) {
            uint32_t dice = seed * 2654435761U;
            memcpy(text, samples[s].text, whole);
            for (unsigned k = 0; k <= seed % 5; k++) {
                dice = dice * 1664525U + 1013904223U;
                const size_t at = (dice >> 8) % whole;
                dice = dice * 1664525U + 1013904223U;
                text[at] = dice >> 31 ? (char)(dice >> 8) : likely[(dice >> 8) % (sizeof likely - 1)];
            }
            const nwc_status status = read_text(nwc__ctx(NULL), &samples[s], text, whole);
            assert_true(status != NWC_ERR_INTERNAL && status != NWC_ERR_ARG);
        }
    }
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLES; s++)
        assert_true(check_every_allocation_failure(read_sample, (void *)&samples[s]) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_cut_off_anywhere_gives_an_answer),
        cmocka_unit_test(a_line_that_is_cut_is_taken_whole_or_not_at_all_or_said_to_be_cut),
        cmocka_unit_test(csv_cut_before_the_last_field_of_a_line_has_a_reason),
        cmocka_unit_test(bufkit_cut_anywhere_has_a_reason_or_loses_only_blanks),
        cmocka_unit_test(bufkit_says_where_it_ends),
        cmocka_unit_test(text_with_any_bytes_changed_gives_an_answer),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
