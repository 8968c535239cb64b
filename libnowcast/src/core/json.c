/*
 * Values as JSON. A double is written with the fewest of 15 to 17 significant digits that read back as the same number, which
 * is enough for every one (IEEE 754-2019, 5.12.2); digits come from printf, whose decimal point may be another sign, so only
 * they and the exponent are taken from it.
 */
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_DIGITS = 17, NUMBER_ROOM = 64, PLAIN_BEHIND = 6, PLAIN_BEFORE = 17 };

static nwc_status put(struct nwc__buffer *to, const char *text, size_t n)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(to, (int64_t)n, &at));
    memcpy(at, text, n);
    return NWC_OK;
}

nwc_status nwc__json_raw(struct nwc__buffer *to, const char *text)
{
    return put(to, text, strlen(text));
}

/* ---- texts ---- */

/* How many bytes the character at text takes; 0 where it is not one of UTF-8 (RFC 3629: no surrogates, nothing too long). */
static size_t utf8_length(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, and of the second */
        size_t length;
    } kinds[] = {{0x01, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        if (text[0] < kinds[k].first || text[0] > kinds[k].last) continue;
        if (kinds[k].length > 1 && (text[1] < kinds[k].low || text[1] > kinds[k].high)) return 0;
        for (size_t byte = 2; byte < kinds[k].length; byte++)
            if (text[byte] < 0x80 || text[byte] > 0xbf) return 0; /* a zero ends the text, and this */
        return kinds[k].length;
    }
    return 0;
}

static nwc_status put_character(struct nwc__buffer *to, const char *at, size_t length)
{
    static const char special[] = "\"\\\b\f\n\r\t", escaped[] = "\"\\bfnrt";
    char text[8];
    if (length == 0) return nwc__json_raw(to, "\xef\xbf\xbd");
    const char *const found = strchr(special, *at);
    if (found)
        snprintf(text, sizeof text, "\\%c", escaped[found - special]);
    else if ((unsigned char)*at < 0x20)
        snprintf(text, sizeof text, "\\u%04x", (unsigned)(unsigned char)*at);
    else
        return put(to, at, length);
    return nwc__json_raw(to, text);
}

nwc_status nwc__json_text(struct nwc__buffer *to, const char *text)
{
    if (!text) return nwc__json_raw(to, "null");
    NWC__TRY(nwc__json_raw(to, "\""));
    while (*text) {
        const size_t length = utf8_length((const unsigned char *)text);
        NWC__TRY(put_character(to, text, length));
        text += length ? length : 1;
    }
    return nwc__json_raw(to, "\"");
}

/* ---- numbers ---- */

/* Significant digits of a number above 0, and its power of ten: 0.d1d2d3... * 10^power. */
struct decimal {
    char digits[MOST_DIGITS + 1];
    int n, power;
};

/* From what printf("%.*e") wrote: a digit, perhaps a sign of any bytes and more digits, "e" and the exponent. */
static struct decimal decimal_of(const char *text)
{
    struct decimal decimal = {.n = 0};
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && decimal.n < MOST_DIGITS) decimal.digits[decimal.n++] = *text;
    decimal.power = (*text ? (int)strtol(text + 1, NULL, 10) : 0) + 1;
    while (decimal.n > 1 && decimal.digits[decimal.n - 1] == '0') decimal.n--;
    return decimal;
}

/* Digits with zeros before or behind them where those are few, else with an exponent. */
static nwc_status put_decimal(struct nwc__buffer *to, bool negative, const struct decimal *decimal)
{
    static const char zeros[PLAIN_BEFORE + 1] = "00000000000000000";
    char text[NUMBER_ROOM];
    const char *const sign = negative ? "-" : "", *const digits = decimal->digits;
    const int n = decimal->n, power = decimal->power;
    if (power <= -PLAIN_BEHIND || power > PLAIN_BEFORE)
        snprintf(text, sizeof text, "%s%.1s%s%.*se%d", sign, digits, n > 1 ? "." : "", n - 1, digits + 1, power - 1);
    else if (power <= 0)
        snprintf(text, sizeof text, "%s0.%.*s%.*s", sign, -power, zeros, n, digits);
    else if (power >= n)
        snprintf(text, sizeof text, "%s%.*s%.*s", sign, n, digits, power - n, zeros);
    else
        snprintf(text, sizeof text, "%s%.*s.%.*s", sign, power, digits, n - power, digits + power);
    return nwc__json_raw(to, text);
}

static nwc_status put_number(struct nwc__buffer *to, double number, int fewest, int most, bool single)
{
    char text[NUMBER_ROOM];
    if (!isfinite(number)) return nwc__json_raw(to, "null");
    if (number == 0.0) return nwc__json_raw(to, "0");
    const double size = fabs(number);
    for (int digits = fewest;; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, size);
        if (digits >= most) break;
        if (single ? strtof(text, NULL) == (float)size : strtod(text, NULL) == size) break;
    }
    const struct decimal decimal = decimal_of(text);
    return put_decimal(to, number < 0.0, &decimal);
}

nwc_status nwc__json_number(struct nwc__buffer *to, double number, int digits)
{
    const bool limited = digits > 0 && digits < MOST_DIGITS;
    return limited ? put_number(to, number, digits, digits, false) : put_number(to, number, 15, MOST_DIGITS, false);
}

nwc_status nwc__json_float(struct nwc__buffer *to, float number)
{
    return put_number(to, (double)number, 6, 9, true);
}

nwc_status nwc__json_fixed(struct nwc__buffer *to, double number, int decimals)
{
    char text[NUMBER_ROOM];
    int64_t unit = 1;
    for (int k = 0; k < decimals; k++) unit *= 10;
    const int64_t whole = llround(fabs(number) * (double)unit);
    int n = snprintf(text, sizeof text, "%s%lld", number < 0.0 && whole ? "-" : "", (long long)(whole / unit));
    if (whole % unit) {
        n += snprintf(text + n, sizeof text - (size_t)n, ".%0*lld", decimals, (long long)(whole % unit));
        while (text[n - 1] == '0') text[--n] = '\0';
    }
    return nwc__json_raw(to, text);
}

nwc_status nwc__json_integer(struct nwc__buffer *to, int64_t number)
{
    char text[NUMBER_ROOM];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return nwc__json_raw(to, text);
}

nwc_status nwc__json_time(struct nwc__buffer *to, int64_t time_ns)
{
    char text[NUMBER_ROOM];
    int32_t civil[6];
    const int64_t fraction = nwc__time_to_civil(time_ns, civil);
    int n = snprintf(text, sizeof text, "\"%04d-%02d-%02dT%02d:%02d:%02d", (int)civil[0], (int)civil[1], (int)civil[2],
                     (int)civil[3], (int)civil[4], (int)civil[5]);
    if (fraction) {
        n += snprintf(text + n, sizeof text - (size_t)n, ".%09lld", (long long)fraction);
        while (text[n - 1] == '0') n--;
    }
    snprintf(text + n, sizeof text - (size_t)n, "Z\"");
    return nwc__json_raw(to, text);
}
