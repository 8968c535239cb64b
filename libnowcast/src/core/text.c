/* Reading text whose end is a size. */
#include "core/text.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

struct nwc__lines nwc__lines_of(const uint8_t *bytes, int64_t size)
{
    const char *const text = (const char *)bytes;
    return (struct nwc__lines){.at = text, .end = text + size};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0' || c == '\f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool nwc__next_line(struct nwc__lines *lines, struct nwc__span *line)
{
    if (lines->at >= lines->end) return false;
    const char *const start = lines->at;
    const char *end = memchr(start, '\n', (size_t)(lines->end - start));
    if (!end) end = lines->end;
    lines->at = end < lines->end ? end + 1 : end;
    lines->number++;
    *line = (struct nwc__span){start, end - start};
    while (line->n > 0 && is_blank(line->at[line->n - 1])) line->n--;
    return true;
}

bool nwc__line_is_open(const struct nwc__lines *lines)
{
    return lines->number > 0 && lines->at == lines->end && lines->end[-1] != '\n';
}

bool nwc__next_word(struct nwc__span *rest, struct nwc__span *word)
{
    while (rest->n > 0 && is_blank(*rest->at)) rest->at++, rest->n--;
    *word = (struct nwc__span){rest->at, 0};
    while (rest->n > 0 && !is_blank(*rest->at)) rest->at++, rest->n--, word->n++;
    return word->n > 0;
}

bool nwc__next_field(struct nwc__span *rest, char separator, struct nwc__span *field)
{
    if (rest->n < 0) return false;
    const char *const found = rest->n ? memchr(rest->at, separator, (size_t)rest->n) : NULL;
    const int64_t n = found ? found - rest->at : rest->n;
    *field = nwc__span_trim((struct nwc__span){rest->at, n});
    if (field->n >= 2 && field->at[0] == '"' && field->at[field->n - 1] == '"')
        *field = nwc__span_trim((struct nwc__span){field->at + 1, field->n - 2});
    rest->at += found ? n + 1 : n;
    rest->n = found ? rest->n - n - 1 : -1; /* nothing remains, not even an empty field */
    return true;
}

struct nwc__span nwc__span_part(struct nwc__span span, int64_t first, int64_t end)
{
    if (end > span.n) end = span.n;
    if (first > end) first = end;
    return (struct nwc__span){span.at + first, end - first};
}

struct nwc__span nwc__span_trim(struct nwc__span span)
{
    while (span.n > 0 && is_blank(span.at[0])) span.at++, span.n--;
    while (span.n > 0 && is_blank(span.at[span.n - 1])) span.n--;
    return span;
}

bool nwc__span_is(struct nwc__span span, const char *text)
{
    return (size_t)span.n == strlen(text) && memcmp(span.at, text, (size_t)span.n) == 0;
}

bool nwc__span_matches(struct nwc__span span, const char *text)
{
    if ((size_t)span.n != strlen(text)) return false;
    for (int64_t k = 0; k < span.n; k++)
        if (lower(span.at[k]) != lower(text[k])) return false;
    return true;
}

bool nwc__span_starts(struct nwc__span span, const char *text)
{
    const size_t n = strlen(text);
    return (size_t)span.n >= n && memcmp(span.at, text, n) == 0;
}

int64_t nwc__span_find(struct nwc__span span, const char *text)
{
    const int64_t n = (int64_t)strlen(text);
    for (int64_t k = 0; k + n <= span.n; k++)
        if (memcmp(span.at + k, text, (size_t)n) == 0) return k;
    return -1;
}

void nwc__span_copy(struct nwc__span span, char *text, int64_t size)
{
    const int64_t n = span.n < size - 1 ? span.n : size - 1;
    memcpy(text, span.at, (size_t)n);
    text[n] = '\0';
}

/* Exact while the digits are fewer than 16 and the power of ten is at most 22, which any file keeps. */
static double scaled(double digits, int64_t power)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (power >= 0 && power <= 22) return digits * exact[power];
    if (power < 0 && power >= -22) return digits / exact[-power];
    return digits * pow(10.0, (double)power);
}

double nwc__span_number(struct nwc__span span)
{
    int64_t k = 0, power = 0, known = 0;
    bool any = false, negative = false, behind = false;
    double digits = 0.0;
    if (span.n > 0 && (span.at[0] == '+' || span.at[0] == '-')) negative = span.at[k++] == '-';
    for (; k < span.n && (is_digit(span.at[k]) || (span.at[k] == '.' && !behind)); k++) {
        if (span.at[k] == '.') {
            behind = true;
            continue;
        }
        any = true;
        const bool taken = known < 18; /* more than a double holds */
        if (taken) digits = 10.0 * digits + (span.at[k] - '0');
        known += known > 0 || span.at[k] != '0';
        power += (taken ? 0 : 1) - (behind ? 1 : 0);
    }
    if (!any) return NAN;
    if (k < span.n && lower(span.at[k]) == 'e') {
        bool down = false;
        int64_t exponent = 0;
        const int64_t first = ++k;
        if (k < span.n && (span.at[k] == '+' || span.at[k] == '-')) down = span.at[k++] == '-';
        if (k >= span.n || k - first > 1) return NAN;
        for (; k < span.n && is_digit(span.at[k]); k++)
            exponent = exponent < 9999 ? 10 * exponent + (span.at[k] - '0') : exponent;
        if (!is_digit(span.at[k - 1])) return NAN;
        power += down ? -exponent : exponent;
    }
    if (k != span.n) return NAN;
    const double value = scaled(digits, power);
    return negative ? -value : value;
}

int32_t nwc__span_digits(struct nwc__span span, int64_t first, int n)
{
    int32_t value = 0;
    if (first < 0 || first + n > span.n) return -1;
    for (int64_t k = first; k < first + n; k++) {
        if (!is_digit(span.at[k])) return -1;
        value = 10 * value + (span.at[k] - '0');
    }
    return value;
}

/* A fraction of a second, behind its point, as nanoseconds; *used is how many digits it has. */
static int64_t fraction_of(struct nwc__span span, int64_t *used)
{
    int64_t value = 0, weight = SECOND / 10;
    for (*used = 0; *used < span.n && is_digit(span.at[*used]); ++*used, weight /= 10)
        value += weight * (span.at[*used] - '0');
    return value;
}

/* "Z", "+08", "+0800", "+08:00" or nothing as the time to be taken off. */
static bool zone_of(struct nwc__span span, int64_t *offset_ns)
{
    *offset_ns = 0;
    if (span.n == 0 || nwc__span_is(span, "Z") || nwc__span_is(span, "UTC") || nwc__span_is(span, " UTC")) return true;
    if (span.at[0] != '+' && span.at[0] != '-') return false;
    const bool colon = span.n == 6 && span.at[3] == ':';
    const int32_t hours = nwc__span_digits(span, 1, 2);
    const int32_t minutes = span.n == 3 ? 0 : nwc__span_digits(span, colon ? 4 : 3, 2);
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59 || !(span.n == 3 || span.n == 5 || colon)) return false;
    *offset_ns = (span.at[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60 * SECOND;
    return true;
}

static bool time_of_digits(struct nwc__span span, int64_t *time_ns)
{
    char digits[16];
    if (span.n != 8 && span.n != 10 && span.n != 12 && span.n != 14) return false;
    nwc__span_copy(span, digits, sizeof digits);
    return nwc__time_from_digits(digits, time_ns);
}

bool nwc__span_time(struct nwc__span span, int64_t *time_ns)
{
    span = nwc__span_trim(span);
    if (span.n < 5 || (span.at[4] != '-' && span.at[4] != '/')) return time_of_digits(span, time_ns);
    int32_t civil[6] = {nwc__span_digits(span, 0, 4), nwc__span_digits(span, 5, 2), nwc__span_digits(span, 8, 2)};
    int64_t fraction = 0, offset = 0, k = 10;
    if (span.n < 10 || span.at[7] != span.at[4]) return false;
    if (span.n > 10) {
        if ((span.at[10] != 'T' && span.at[10] != ' ') || span.n < 16 || span.at[13] != ':') return false;
        civil[3] = nwc__span_digits(span, 11, 2), civil[4] = nwc__span_digits(span, 14, 2);
        k = 16;
        if (k < span.n && span.at[k] == ':') {
            civil[5] = nwc__span_digits(span, 17, 2);
            k = 19;
            if (k < span.n && span.at[k] == '.') {
                int64_t used;
                fraction = fraction_of(nwc__span_part(span, k + 1, span.n), &used);
                k += 1 + used;
            }
        }
    }
    if (!zone_of(nwc__span_part(span, k, span.n), &offset) || !nwc__time_from_civil(civil, time_ns)) return false;
    *time_ns += fraction - offset;
    return true;
}

double nwc__to_si(double value, const char *units, const char *wanted)
{
    static const struct {
        const char *name, *si;
        double scale, offset;
    } known[] = {
        {"C", "K", 1.0, 273.15},
        {"degC", "K", 1.0, 273.15},
        {"celsius", "K", 1.0, 273.15},
        {"F", "K", 5.0 / 9.0, 273.15 - 160.0 / 9.0},
        {"degF", "K", 5.0 / 9.0, 273.15 - 160.0 / 9.0},
        {"hPa", "Pa", 100.0, 0.0},
        {"mb", "Pa", 100.0, 0.0},
        {"mbar", "Pa", 100.0, 0.0},
        {"kPa", "Pa", 1000.0, 0.0},
        {"inHg", "Pa", 3386.389, 0.0}, /* at 0 degrees Celsius */
        {"kt", "m s-1", 1852.0 / 3600.0, 0.0},
        {"kn", "m s-1", 1852.0 / 3600.0, 0.0},
        {"knot", "m s-1", 1852.0 / 3600.0, 0.0},
        {"knots", "m s-1", 1852.0 / 3600.0, 0.0},
        {"km/h", "m s-1", 1.0 / 3.6, 0.0},
        {"mph", "m s-1", 1609.344 / 3600.0, 0.0},
        {"m/s", "m s-1", 1.0, 0.0},
        {"%", "1", 0.01, 0.0},
        {"percent", "1", 0.01, 0.0},
        {"deg", "degree", 1.0, 0.0},
        {"degrees", "degree", 1.0, 0.0},
        {"in", "mm", 25.4, 0.0},
        {"inch", "mm", 25.4, 0.0},
        {"cm", "mm", 10.0, 0.0},
        {"kg m-2", "mm", 1.0, 0.0},
        {"mm/h", "mm h-1", 1.0, 0.0},
        {"ft", "m", 0.3048, 0.0},
        {"feet", "m", 0.3048, 0.0},
        {"meter", "m", 1.0, 0.0},
        {"meters", "m", 1.0, 0.0},
        {"meters above Mean Sea Level", "m", 1.0, 0.0},
        {"km", "m", 1000.0, 0.0},
        {"mile", "m", 1609.344, 0.0},
        {"kA", "A", 1000.0, 0.0},
        {"kV/m", "V m-1", 1000.0, 0.0},
        {"kV m-1", "V m-1", 1000.0, 0.0},
        {"V/m", "V m-1", 1.0, 0.0},
        {"km2", "m2", 1e6, 0.0},
        {"fJ", "J", 1e-15, 0.0},
    };
    if (strcmp(units, wanted) == 0) return value;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (strcmp(known[k].name, units) == 0 && strcmp(known[k].si, wanted) == 0)
            return value * known[k].scale + known[k].offset;
    return NAN;
}

bool nwc__time_near(int64_t near_ns, int32_t day, int32_t hour, int32_t minute, int64_t *time_ns)
{
    if (day < 1 || day > 31 || hour < 0 || hour > 24 || minute < 0 || minute > 59) return false;
    /* Step by days from the one there to those around it, until one has that number. */
    int64_t midnight = near_ns - ((near_ns % DAY) + DAY) % DAY;
    for (int32_t step = 0; step <= 16; step++)
        for (int32_t sign = step ? -1 : 1; sign <= 1; sign += 2) {
            const int64_t there = midnight + sign * step * DAY;
            int32_t civil[6];
            nwc__time_to_civil(there, civil);
            if (civil[2] != day) continue;
            *time_ns = there + (hour * INT64_C(60) + minute) * 60 * SECOND;
            return true;
        }
    return false;
}
