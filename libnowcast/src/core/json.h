/* Putting JSON (RFC 8259) together: brackets and commas are the caller's. Nothing here depends on the locale. */
#ifndef NWC_CORE_JSON_H
#define NWC_CORE_JSON_H

#include "core/internal.h"

/* Text as it is. */
nwc_status nwc__json_raw(struct nwc__buffer *to, const char *text);

/* A string in quotes; null for NULL. What is not UTF-8 becomes U+FFFD. */
nwc_status nwc__json_text(struct nwc__buffer *to, const char *text);

/* A number of the fewest digits that give it back, or of at most so many where digits is above 0; null for NaN and infinities. */
nwc_status nwc__json_number(struct nwc__buffer *to, double number, int digits);

/* The same for a float, whose own digits are fewer. */
nwc_status nwc__json_float(struct nwc__buffer *to, float number);

/* A number rounded to decimals, 0 to 9, zeros at the end left out; it must be below 1e9 either way. */
nwc_status nwc__json_fixed(struct nwc__buffer *to, double number, int decimals);

nwc_status nwc__json_integer(struct nwc__buffer *to, int64_t number);

/* A time as "2008-04-11T18:22:30Z", with as many digits of the second as it has. */
nwc_status nwc__json_time(struct nwc__buffer *to, int64_t time_ns);

#endif
