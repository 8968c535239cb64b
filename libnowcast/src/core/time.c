/* Times: UTC as nanoseconds since 1970, in the proleptic Gregorian calendar, without leap seconds. */
#include "core/internal.h"

#include <stdio.h>

/* Days from 1970-01-01 to a date: years are counted from March, so that the leap day ends one. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool nwc__time_from_civil(const int32_t civil[6], int64_t *time_ns)
{
    static const int32_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int32_t year = civil[0], month = civil[1], day = civil[2];
    if (year < 1700 || year > 2250 || month < 1 || month > 12) return false;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day < 1 || day > days[month - 1] + (leap && month == 2)) return false;
    if (civil[3] < 0 || civil[3] > 23 || civil[4] < 0 || civil[4] > 59 || civil[5] < 0 || civil[5] > 59) return false;
    const int64_t seconds = days_since_1970(year, month, day) * 86400 + civil[3] * 3600 + civil[4] * 60 + civil[5];
    *time_ns = seconds * INT64_C(1000000000);
    return true;
}

int64_t nwc__time_to_civil(int64_t time_ns, int32_t civil[6])
{
    const int64_t day_ns = INT64_C(86400) * 1000000000;
    const int64_t left = time_ns % day_ns, before = left < 0; /* part of the day before */
    const int64_t days = time_ns / day_ns - before, of_day = left + before * day_ns;
    /* By Hinnant's inverse (2013) of the count of days from March. */
    const int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    const int64_t second = of_day / 1000000000;
    civil[1] = (int32_t)(month < 10 ? month + 3 : month - 9);
    civil[0] = (int32_t)(year + era * 400 + (civil[1] <= 2));
    civil[2] = (int32_t)(of_year - (153 * month + 2) / 5 + 1);
    civil[3] = (int32_t)(second / 3600), civil[4] = (int32_t)(second / 60 % 60), civil[5] = (int32_t)(second % 60);
    return of_day - second * 1000000000;
}

void nwc__time_text(int64_t time_ns, char text[NWC__TIME_TEXT])
{
    int32_t civil[6]; /* of years 1677 to 2262, which is what 64 bits of nanoseconds reach */
    nwc__time_to_civil(time_ns, civil);
    snprintf(text, NWC__TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)civil[0], (int)civil[1], (int)civil[2],
             (int)civil[3], (int)civil[4], (int)civil[5]);
}

bool nwc__time_from_digits(const char *digits, int64_t *time_ns)
{
    static const int width[6] = {4, 2, 2, 2, 2, 2};
    int32_t civil[6] = {0, 1, 1, 0, 0, 0};
    for (int part = 0; part < 6 && *digits; part++) {
        int32_t value = 0;
        for (int n = 0; n < width[part]; n++, digits++) {
            if (*digits < '0' || *digits > '9') return false;
            value = value * 10 + (*digits - '0');
        }
        civil[part] = value;
    }
    return *digits == '\0' && nwc__time_from_civil(civil, time_ns);
}
