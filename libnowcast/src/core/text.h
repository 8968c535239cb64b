/* Reading text whose end is a size: lines, words, numbers, times. Nothing here depends on the locale. */
#ifndef NWC_CORE_TEXT_H
#define NWC_CORE_TEXT_H

#include "core/internal.h"

/* A piece of text, which no zero ends. */
struct nwc__span {
    const char *at;
    int64_t n;
};

struct nwc__lines {
    const char *at, *end;
    int64_t number; /* of the line given last, from 1 */
};

struct nwc__lines nwc__lines_of(const uint8_t *bytes, int64_t size);

/* The next line, without its end and the blanks before it; false where there is none. */
bool nwc__next_line(struct nwc__lines *lines, struct nwc__span *line);

/* Whether the line given last is the last one and has no end, as where a file was cut. */
bool nwc__line_is_open(const struct nwc__lines *lines);

/* The next word between blanks, taken off what remains. */
bool nwc__next_word(struct nwc__span *rest, struct nwc__span *word);

/* The next field up to a separator, trimmed and out of its quotes, taken off what remains; false behind the last. */
bool nwc__next_field(struct nwc__span *rest, char separator, struct nwc__span *field);

/* The part from first to below end, as far as it is there. */
struct nwc__span nwc__span_part(struct nwc__span span, int64_t first, int64_t end);
struct nwc__span nwc__span_trim(struct nwc__span span);

bool nwc__span_is(struct nwc__span span, const char *text);
/* The same, capitals or not. */
bool nwc__span_matches(struct nwc__span span, const char *text);
bool nwc__span_starts(struct nwc__span span, const char *text);
/* Where text is in it; -1 where it is not. */
int64_t nwc__span_find(struct nwc__span span, const char *text);

/* The text, cut to size. */
void nwc__span_copy(struct nwc__span span, char *text, int64_t size);

/* A decimal number that is all of the span; NaN for anything else. */
double nwc__span_number(struct nwc__span span);

/* n digits from first on as a whole number; -1 where they are none. */
int32_t nwc__span_digits(struct nwc__span span, int64_t first, int n);

/*
 * UTC from a time as in ISO 8601, "2006-10-23T18:00:00.25+08:00" and shorter, with "/" for "-" and a blank for "T", or from
 * 8, 10, 12 or 14 digits; false for anything else.
 */
bool nwc__span_time(struct nwc__span span, int64_t *time_ns);

/* The value in SI of one in the units named, which must be of the kind of the unit wanted; NaN where they are not. */
double nwc__to_si(double value, const char *units, const char *wanted);

/* The time of this day, hour and minute that is nearest to another, within half a month; false for a day that is none. */
bool nwc__time_near(int64_t near_ns, int32_t day, int32_t hour, int32_t minute, int64_t *time_ns);

#endif
