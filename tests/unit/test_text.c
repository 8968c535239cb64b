/* Pieces of text whose end is a size: numbers, times, units, fields. */
#include "obs/format/obs_format.h"
#include "support/made_text.h"

#define SECOND INT64_C(1000000000)

static struct nwc__span span_of(const char *text)
{
    return (struct nwc__span){text, (int64_t)strlen(text)};
}

static void numbers_are_read_as_the_c_library_reads_them(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",     "-0.5",    "+12",    "1.",       ".25",      "3432.011722667", "1e3",
        "1E-15", "-2.5e+4", "000120", "0.000001", "99999999", "1.52597e-15",    "123456789012345678"};
    static const char *const bad[] = {"",    "-",   ".",    "1.2.3", "1e",    "1e+", "12a",
                                      "nan", "1 2", "0x10", "e5",    "1e5.0", "--1"};
    for (size_t k = 0; k < sizeof good / sizeof good[0]; k++) {
        const double expected = strtod(good[k], NULL);
        assert_near(nwc__span_number(span_of(good[k])), expected, 1e-15 * fabs(expected));
    }
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_true(isnan(nwc__span_number(span_of(bad[k]))));
}

static void times_are_read_in_every_common_form(void **state)
{
    (void)state;
    int64_t time_ns;
    static const char *const same[] = {
        "2006-10-23T18:00:05",       "2006/10/23 18:00:05",    "20061023180005",
        "2006-10-23T18:00:05Z",      "2006-10-24 02:00:05+08", "2006-10-24T02:00:05+0800",
        "2006-10-23T12:30:05-05:30", "2006-10-23 18:00:05 UTC"};
    for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
        assert_true(nwc__span_time(span_of(same[k]), &time_ns));
        assert_true(time_ns == utc(2006, 10, 23, 18, 0, 5));
    }
    assert_true(nwc__span_time(span_of("2023-12-24T00:57:04.123456789"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 57, 4) + 123456789);
    assert_true(nwc__span_time(span_of("2023-12-24T00:57:04.5Z"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 57, 4) + SECOND / 2);
    assert_true(nwc__span_time(span_of("2023-12-24 00:57"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 57, 0));
    assert_true(nwc__span_time(span_of("2023-12-24"), &time_ns));
    assert_true(time_ns == utc(2023, 12, 24, 0, 0, 0));
    static const char *const bad[] = {
        "",          "2023-13-01",       "2023-02-29T00:00",    "2023-1-1",      "2023-01-01X00:00",
        "202301011", "2023-01-01T24:00", "2023-01-01T00:00+15", "2023-01-01T00", "2023-01-01T00:00:00.1.2"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_false(nwc__span_time(span_of(bad[k]), &time_ns));
}

static void days_are_completed_by_the_nearest_month(void **state)
{
    (void)state;
    int64_t time_ns;
    assert_true(nwc__time_near(utc(2008, 4, 11, 12, 0, 0), 11, 0, 20, &time_ns));
    assert_true(time_ns == utc(2008, 4, 11, 0, 20, 0));
    assert_true(nwc__time_near(utc(2008, 3, 1, 0, 0, 0), 29, 23, 53, &time_ns)); /* a leap year */
    assert_true(time_ns == utc(2008, 2, 29, 23, 53, 0));
    assert_true(nwc__time_near(utc(2009, 12, 31, 23, 0, 0), 1, 1, 0, &time_ns));
    assert_true(time_ns == utc(2010, 1, 1, 1, 0, 0));
    assert_true(nwc__time_near(utc(1960, 1, 2, 0, 0, 0), 31, 6, 0, &time_ns));
    assert_true(time_ns == utc(1959, 12, 31, 6, 0, 0));
    assert_false(nwc__time_near(utc(2009, 2, 15, 0, 0, 0), 32, 0, 0, &time_ns));
    assert_false(nwc__time_near(utc(2009, 2, 15, 0, 0, 0), 1, 25, 0, &time_ns));
}

static void units_are_converted_within_their_kind(void **state)
{
    (void)state;
    assert_near(nwc__to_si(20.0, "degC", "K"), 293.15, 1e-12);
    assert_near(nwc__to_si(212.0, "F", "K"), 373.15, 1e-12);
    assert_near(nwc__to_si(29.92, "inHg", "Pa"), 101320.76, 0.01);
    assert_near(nwc__to_si(10.0, "kt", "m s-1"), 5.14444444, 1e-8);
    assert_near(nwc__to_si(80.0, "%", "1"), 0.8, 1e-15);
    assert_near(nwc__to_si(5.0, "Pa", "Pa"), 5.0, 0.0);
    assert_true(isnan(nwc__to_si(5.0, "kt", "K")));
    assert_true(isnan(nwc__to_si(5.0, "furlong", "m")));
}

static void fields_lie_between_separators(void **state)
{
    (void)state;
    struct nwc__span rest = span_of(" a ,\"b c\",,d,"), field;
    static const char *const expected[] = {"a", "b c", "", "d", ""};
    for (int k = 0; k < 5; k++) {
        assert_true(nwc__next_field(&rest, ',', &field));
        assert_true(nwc__span_is(field, expected[k]));
    }
    assert_false(nwc__next_field(&rest, ',', &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_the_c_library_reads_them),
        cmocka_unit_test(times_are_read_in_every_common_form),
        cmocka_unit_test(days_are_completed_by_the_nearest_month),
        cmocka_unit_test(units_are_converted_within_their_kind),
        cmocka_unit_test(fields_lie_between_separators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
